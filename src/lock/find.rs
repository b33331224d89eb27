//! Finds the lock file for a project: the nearest `.oomlint-images.json` upward, up to a `.git`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::read::{ImageLock, Lock};
use crate::discover;
use crate::error::Error;
use crate::hash::HashMap;
use crate::order;
use crate::source::{EntryKind, FileSystem, LoadError, SourceId, Sources, normalize, path_text, relative_to};

/// The name of the file.
pub const FILE_NAME: &str = discover::IMAGE_LOCK;

/// The lock files of a run. Each is read once.
#[derive(Debug, Default)]
pub struct Locks {
    /// File-system access: the search ends where reading is not allowed.
    disk: FileSystem,
    /// The current directory, which paths are relative to.
    here: PathBuf,
    /// The file for each directory, as asked for.
    found: Mutex<HashMap<OsString, Option<PathBuf>>>,
    /// The content of each file, with the text that it was read from.
    read: Mutex<HashMap<OsString, Read>>,
}

/// A lock file's text, and its content or what is wrong with it.
type Read = (String, Result<Arc<ImageLock>, Error>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Locks {
    /// Finds lock files as far as `disk` allows reading.
    #[must_use]
    pub fn on_disk(disk: FileSystem) -> Self {
        Self { here: disk.current_dir(), disk, ..Self::default() }
    }

    /// Returns the path of the lock file for the files in a directory, as it is shown to users.
    #[must_use]
    pub fn path_for(&self, directory: &Path) -> Option<PathBuf> {
        if let Some(known) = lock(&self.found).get(directory.as_os_str()) {
            return known.clone();
        }
        let path = self.look_for(directory);
        lock(&self.found).insert(directory.into(), path.clone());
        path
    }

    fn look_for(&self, directory: &Path) -> Option<PathBuf> {
        let absolute = normalize(&self.here.join(directory));
        for (ups, place) in absolute.ancestors().enumerate() {
            if !self.disk.may_read(place) {
                return None;
            }
            let file = place.join(FILE_NAME);
            // One that cannot be read, such as a link that leads out, was meant to be.
            if matches!(
                self.disk.entry_kind(&file),
                Ok(EntryKind::File | EntryKind::Other) | Err(LoadError::Outside(_))
            ) {
                return Some(self.shown(directory, &file, ups));
            }
            if self.disk.exists(&place.join(".git")) {
                return None;
            }
        }
        None
    }

    /// Returns the path relative to the current directory, unless the directory was given as an absolute one outside of it.
    fn shown(&self, directory: &Path, file: &Path, ups: usize) -> PathBuf {
        if let Ok(inside) = file.strip_prefix(&self.here) {
            return inside.to_path_buf();
        }
        if directory.is_absolute() {
            return file.to_path_buf();
        }
        let way: PathBuf = directory.join((0..ups).map(|_| "..").collect::<PathBuf>()).join(FILE_NAME);
        relative_to(&normalize(&way), &self.here)
    }

    /// Returns the lock file of the projects in a directory, if there is one.
    ///
    /// # Errors
    /// If it cannot be read or is not valid.
    pub fn at(&self, directory: &Path, sources: &Sources) -> Result<Option<Lock>, Error> {
        let Some(path) = self.path_for(directory) else { return Ok(None) };
        let file = match sources.load(&path) {
            Ok(file) => file,
            // It was removed meanwhile.
            Err(LoadError::NotFound) => return Ok(None),
            Err(error) => {
                let error = Error::Unreadable { path, reason: error.to_string() };
                lock(&self.read).insert(directory.into(), (String::new(), Err(error.clone())));
                return Err(error);
            }
        };
        let images = self.images(&path, file, sources)?;
        Ok(Some(Lock { file, images }))
    }

    fn images(&self, path: &Path, file: SourceId, sources: &Sources) -> Result<Arc<ImageLock>, Error> {
        let source = sources.get(file);
        if let Some((text, known)) = lock(&self.read).get(path.as_os_str())
            && text == source.text()
        {
            return known.clone();
        }
        tracing::info!("images of `{}`", path_text(path));
        let images = ImageLock::parse(&source).map(Arc::new);
        lock(&self.read).insert(path.into(), (source.text().to_owned(), images.clone()));
        images
    }

    /// Reads the lock files of many directories.
    ///
    /// # Errors
    /// If one cannot be read or is not valid: the first, in the order of the directories.
    pub fn preload<'p>(&self, directories: impl Iterator<Item = &'p Path>) -> Result<(), Error> {
        let mut asked = crate::hash::HashSet::default();
        let mut sources = None;
        for directory in directories.filter(|directory| asked.insert(*directory)) {
            if self.path_for(directory).is_some() {
                let sources = sources.get_or_insert_with(|| Sources::with_file_system(self.disk.clone()));
                self.at(directory, sources)?;
            }
        }
        Ok(())
    }

    /// Returns the errors of the files found so far that cannot be used.
    #[must_use]
    pub fn failures(&self) -> Vec<Error> {
        let mut failures: Vec<Error> = Vec::new();
        for error in lock(&self.read).values().filter_map(|(_, read)| read.as_ref().err()) {
            if !failures.contains(error) {
                failures.push(error.clone());
            }
        }
        order::by_key(&mut failures, ToString::to_string);
        failures
    }
}
