//! Finds the configuration for a file.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Config;
use super::glob::Base;
use super::values::Date;
use crate::error::Error;
use crate::hash::HashMap;
use crate::order;
use crate::parallel;
use crate::source::{EntryKind, FileSystem, LoadError, normalize, path_text};

/// The file names that are searched in each directory, in order.
pub const FILE_NAMES: [&str; 2] = [".oomlint.yaml", "oomlint.yaml"];

/// The configuration files, each read once.
#[derive(Debug)]
pub struct Configs {
    /// The current directory, which paths are relative to.
    here: PathBuf,
    /// The configuration named on the command line, for every file.
    named: Option<Arc<Config>>,
    /// True if no configuration is used.
    off: bool,
    /// The day that `until` is compared with; `None` for today.
    today: Option<Date>,
    /// File-system access: the search ends where reading is not allowed.
    disk: FileSystem,
    /// Results by absolute directory.
    found: Mutex<HashMap<OsString, Known>>,
    /// Results by directory as asked for, which is the same again and again.
    asked: Mutex<HashMap<OsString, Known>>,
}

/// The result for a directory: a configuration, none, or one that cannot be used.
type Found = Result<Option<Arc<Config>>, Error>;

/// The same as it is kept for each directory. The error is boxed: it is large and rare.
type Known = Result<Option<Arc<Config>>, Box<Error>>;

impl Default for Configs {
    /// Finds the nearest configuration of each file.
    fn default() -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        Self {
            here,
            named: None,
            off: false,
            today: None,
            disk: FileSystem::default(),
            found: Mutex::default(),
            asked: Mutex::default(),
        }
    }
}

impl Configs {
    /// Returns the configuration files that were used or looked for.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let searched =
            found.keys().flat_map(|directory| FILE_NAMES.map(|name| Path::new(directory).join(name)));
        self.named.iter().map(|config| config.path.clone()).chain(searched).collect()
    }

    /// Uses no configuration.
    #[must_use]
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// Uses one configuration for every file.
    #[must_use]
    pub fn named(config: Config) -> Self {
        Self { named: Some(Arc::new(config)), ..Self::default() }
    }

    /// Finds the nearest configuration of each file, as far as `disk` allows reading.
    #[must_use]
    pub fn on_disk(disk: FileSystem) -> Self {
        Self { here: disk.current_dir(), disk, ..Self::default() }
    }

    /// Compares `until` with this day and not with the system's, which not every target can tell.
    #[must_use]
    pub fn as_of(self, day: Date) -> Self {
        Self { today: Some(day), ..self }
    }

    /// Returns the configuration for a file.
    ///
    /// # Errors
    /// If it exists and cannot be used.
    pub fn of(&self, file: &Path) -> Found {
        self.at(file.parent().unwrap_or(file))
    }

    /// True if the configuration of a file names it as a Compose file. One that cannot be used names none.
    #[must_use]
    pub fn names_compose_file(&self, file: &Path) -> bool {
        self.of(file).ok().flatten().is_some_and(|config| config.names_compose_file(file))
    }

    /// Finds the configurations of many files at once, on all cores.
    ///
    /// # Errors
    /// If one exists and cannot be used: the first, in the order of the files.
    pub fn preload(&self, files: &[&Path]) -> Result<(), Error> {
        // Starting threads takes longer than finding a few.
        const FEW: usize = 32;
        if files.len() < FEW {
            return files.iter().try_for_each(|file| self.of(file).map(drop));
        }
        let found = parallel::map_light(files.to_vec(), |file| self.of(file));
        found.into_iter().try_for_each(|found| found.map(drop))
    }

    /// Returns the configuration for the files in a directory.
    ///
    /// # Errors
    /// If it exists and cannot be used.
    pub fn at(&self, directory: &Path) -> Found {
        if self.off || self.named.is_some() {
            return Ok(self.named.clone());
        }
        let asked = || self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = asked().get(directory.as_os_str()) {
            return known.clone().map_err(|error| *error);
        }
        let found = self.look_for(directory);
        asked().insert(directory.into(), found.clone());
        found.map_err(|error| *error)
    }

    fn look_for(&self, directory: &Path) -> Known {
        let absolute = normalize(&self.here.join(directory));
        let mut passed = Vec::new();
        let mut found = Ok(None);
        for place in absolute.ancestors() {
            if let Some(known) = self.lock().get(place.as_os_str()) {
                found = known.clone();
                break;
            }
            if !self.disk.may_read(place) {
                break;
            }
            passed.push(place);
            if let Some(file) =
                FILE_NAMES.iter().map(|name| place.join(name)).find(|path| self.is_there(path))
            {
                // Shown with an absolute path if the directory was given so and the file is outside of the current one, else
                // relative.
                let outside =
                    directory.is_absolute() && (self.disk.is_in_memory() || !file.starts_with(&self.here));
                let shown = if outside { file } else { Base::at(&self.here).relative(&file) };
                let today = self.today.unwrap_or_else(Date::today);
                // All threads get the same one: configurations are compared by pointer.
                let mut known = self.lock();
                let read = || {
                    tracing::info!("configuration `{}`", path_text(&shown));
                    let read = Config::read_on(&shown, today, &self.disk);
                    read.map(|config| Some(Arc::new(config))).map_err(Box::new)
                };
                found = known.entry(place.into()).or_insert_with(read).clone();
                break;
            }
            if self.disk.exists(&place.join(".git")) {
                break;
            }
        }
        let mut known = self.lock();
        for place in passed {
            known.entry(place.into()).or_insert_with(|| found.clone());
        }
        found
    }

    /// True if the file was meant to be read, even when it cannot be: a pipe, a link that leads out.
    fn is_there(&self, path: &Path) -> bool {
        matches!(
            self.disk.entry_kind(path),
            Ok(EntryKind::File | EntryKind::Other) | Err(LoadError::Outside(_))
        )
    }

    /// Returns the errors of the configurations found so far that cannot be used.
    #[must_use]
    pub fn failures(&self) -> Vec<Error> {
        let mut failures: Vec<Error> = Vec::new();
        for error in self.lock().values().filter_map(|found| found.as_ref().err()) {
            if !failures.contains(error) {
                failures.push(Error::clone(error));
            }
        }
        order::by_key(&mut failures, ToString::to_string);
        failures
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<OsString, Known>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
