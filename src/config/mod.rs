//! The configuration: what a team says once for all of its files.
//!
//! The nearest `.oomlint.yaml` or `oomlint.yaml` upward from a file is the one for it; the search ends at a `.git`. What is
//! given on the command line wins.

mod file;
mod read;

pub use file::{FailOn, File, Level, Override, RuleOptions, RuleSetting, ServiceSetting};

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use globset::{GlobMatcher, GlobSet};

use crate::catalog::Catalog;
use crate::error::Error;
use crate::finding::Finding;
use crate::model::size::ByteSize;
use crate::rules::{Policy, Preset, Thresholds};
use crate::source::normalize;

/// The names that are looked for in each directory, in order.
pub const FILE_NAMES: [&str; 2] = [".oomlint.yaml", "oomlint.yaml"];

/// One configuration file, checked.
#[derive(Debug)]
pub struct Config {
    /// Where it stands.
    pub path: PathBuf,
    /// As it was read.
    pub file: File,
    /// Memory of the host, in bytes.
    pub host_memory: Option<ByteSize>,
    /// The baseline that it names.
    pub baseline: Option<PathBuf>,
    /// The catalogue with its rows; none without any.
    pub catalog: Option<Arc<Catalog>>,
    thresholds: Thresholds,
    directory: PathBuf,
    exclude: GlobSet,
    services: Vec<ServiceFor>,
    overrides: Vec<OverrideFor>,
    levels: Vec<(String, Level)>,
}

#[derive(Debug)]
struct ServiceFor {
    name: GlobMatcher,
    ignore: Vec<String>,
    reason: Option<String>,
    until: Option<time::Date>,
}

#[derive(Debug)]
struct OverrideFor {
    files: GlobSet,
    rules: BTreeMap<String, Level>,
    preset: Option<Preset>,
}

/// What a configuration says of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Nothing, or another level.
    Report(Option<Level>),
    /// It is known: why.
    Ignore(Option<String>),
    /// It was known until a day that is over.
    Expired(String),
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or says something that means nothing: every such place.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path: path.to_path_buf(), help: None },
            _ => Error::Unreadable { path: path.to_path_buf(), reason: error.to_string() },
        })?;
        read::read(path, &text)
    }

    /// The line of a top-level key, from 1; none when it is not there.
    #[must_use]
    pub fn line_of(&self, key: &str) -> Option<usize> {
        read::line_of(&std::fs::read_to_string(&self.path).ok()?, key)
    }

    /// True when its `exclude` has the file.
    #[must_use]
    pub fn excludes(&self, path: &Path) -> bool {
        self.exclude.is_match(self.relative(path))
    }

    /// The policy with what it says.
    #[must_use]
    pub fn policy(&self) -> Policy {
        let default = Policy::default();
        Policy {
            host_memory: self.host_memory,
            overcommit: self.file.overcommit.unwrap_or(default.overcommit),
            target: self.file.target.unwrap_or_default(),
            thresholds: self.thresholds.clone(),
        }
    }

    /// The preset for a file.
    #[must_use]
    pub fn preset_of(&self, path: &Path) -> Option<Preset> {
        let path = self.relative(path);
        let other = self.overrides.iter().rev().filter(|other| other.files.is_match(&path));
        other.filter_map(|other| other.preset).next().or(self.file.preset)
    }

    /// The widest preset that it names.
    #[must_use]
    pub fn widest_preset(&self) -> Option<Preset> {
        self.overrides.iter().filter_map(|other| other.preset).chain(self.file.preset).max()
    }

    /// The level that it sets for a rule in a file.
    #[must_use]
    pub fn level_of(&self, rule: &str, path: &Path) -> Option<Level> {
        let path = self.relative(path);
        let other = self.overrides.iter().rev().filter(|other| other.files.is_match(&path));
        let own = || self.levels.iter().find(|(name, _)| name == rule).map(|(_, level)| *level);
        other.filter_map(|other| other.rules.get(rule).copied()).next().or_else(own)
    }

    /// True when it gives the rule a severity somewhere.
    #[must_use]
    pub fn names(&self, rule: &str) -> bool {
        let own = self.levels.iter().any(|(name, level)| name == rule && *level != Level::Off);
        own || self
            .overrides
            .iter()
            .any(|other| other.rules.get(rule).is_some_and(|level| *level != Level::Off))
    }

    /// True when it turns the rule off everywhere.
    #[must_use]
    pub fn turns_off(&self, rule: &str) -> bool {
        self.levels.iter().any(|(name, level)| name == rule && *level == Level::Off)
            && self
                .overrides
                .iter()
                .all(|other| other.rules.get(rule).is_none_or(|level| *level == Level::Off))
    }

    /// What it says of a finding in the file at `path`.
    #[must_use]
    pub fn word_on(&self, finding: &Finding, path: &Path) -> Word {
        let group = crate::rules::find(finding.rule).map(|rule| rule.meta().group.name());
        let level = self.level_of(finding.rule, path);
        let Some(service) = &finding.service else { return Word::Report(level) };
        let mut word = Word::Report(level);
        for setting in self.services.iter().filter(|setting| setting.name.is_match(service)) {
            if !setting.ignore.iter().any(|name| name == finding.rule || Some(name.as_str()) == group) {
                continue;
            }
            match setting.until {
                Some(until) if until < today() => word = Word::Expired(until.to_string()),
                _ => return Word::Ignore(setting.reason.clone()),
            }
        }
        word
    }

    /// From the directory of the file, with forward slashes.
    fn relative(&self, path: &Path) -> PathBuf {
        let here = std::env::current_dir().unwrap_or_default();
        let absolute = normalize(&here.join(path));
        let directory = normalize(&here.join(&self.directory));
        absolute.strip_prefix(&directory).map(Path::to_path_buf).unwrap_or(absolute)
    }
}

/// The day by UTC: the one thing beside the files that can change a verdict, for those who write `until`.
fn today() -> time::Date {
    time::OffsetDateTime::now_utc().date()
}

/// The thresholds with what the rules' options say.
fn thresholds(file: &File) -> Thresholds {
    let mut thresholds = Thresholds::default();
    for setting in file.rules.values() {
        let RuleSetting::Options(options) = setting else { continue };
        let percents = [
            (&mut thresholds.java_heap_percent, options.java_heap_percent),
            (&mut thresholds.node_heap_percent, options.node_heap_percent),
            (&mut thresholds.go_limit_percent, options.go_limit_percent),
            (&mut thresholds.heap_percent, options.heap_percent),
            (&mut thresholds.cache_percent, options.cache_percent),
        ];
        for (threshold, value) in percents {
            *threshold = value.unwrap_or(*threshold);
        }
        let rest = options.java_rest.as_ref().and_then(|text| ByteSize::parse_compose(text).ok());
        thresholds.java_rest = rest.unwrap_or(thresholds.java_rest);
    }
    thresholds
}

/// The configuration files, each read once.
#[derive(Debug, Default)]
pub struct Configs {
    /// The one that is named on the command line.
    named: Option<Arc<Config>>,
    /// None is looked for.
    off: bool,
    found: Mutex<HashMap<PathBuf, Option<Arc<Config>>>>,
}

impl Configs {
    /// Looks for none.
    #[must_use]
    pub fn off() -> Self {
        Self { off: true, ..Self::default() }
    }

    /// Takes one for every file.
    #[must_use]
    pub fn named(config: Config) -> Self {
        Self { named: Some(Arc::new(config)), ..Self::default() }
    }

    /// The one for a file or directory.
    ///
    /// # Errors
    /// When it is there and cannot be used.
    pub fn of(&self, path: &Path) -> Result<Option<Arc<Config>>, Error> {
        if self.off || self.named.is_some() {
            return Ok(self.named.clone());
        }
        let here = std::env::current_dir().unwrap_or_default();
        let absolute = normalize(&here.join(path));
        let directory =
            if absolute.is_dir() { absolute.as_path() } else { absolute.parent().unwrap_or(&absolute) };
        let mut passed = Vec::new();
        let mut found = None;
        for directory in directory.ancestors() {
            if let Some(known) = self.lock().get(directory) {
                found = known.clone();
                break;
            }
            passed.push(directory.to_path_buf());
            let file = FILE_NAMES.iter().map(|name| directory.join(name)).find(|path| path.is_file());
            if let Some(file) = file {
                // As people would name it.
                let shown = file.strip_prefix(&here).map(Path::to_path_buf).unwrap_or(file);
                found = Some(Arc::new(Config::read(&shown)?));
                break;
            }
            if directory.join(".git").exists() {
                break;
            }
        }
        let mut known = self.lock();
        for directory in passed {
            known.insert(directory, found.clone());
        }
        Ok(found)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Option<Arc<Config>>>> {
        self.found.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The JSON Schema of the file.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(File).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), "oomlint".into());
    }
    schema
}
