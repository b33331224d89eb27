//! Configuration files: settings that a team shares for all of its files.
//!
//! The configuration of a file is the nearest `.oomlint.yaml` or `oomlint.yaml` upward from it. The search ends at a `.git`.
//! The command line wins over the configuration.

mod file;
mod find;
mod glob;
mod options;
mod place;
mod read;
mod tree;
mod values;

pub use file::{FailOn, File, Level, Override, Rules, ServiceSetting};
pub use find::{Configs, FILE_NAMES};
pub use glob::{Base, NamePattern, Pattern, Patterns};
pub use options::{
    CacheExceedsLimit, EffectiveOption, InvalidComposeFile, RuleOptions, SeverityOnly, TightHeap,
};
pub use place::{Located, OneOrMany, ScalarOr, Table};
pub use values::{Date, Factor, Percent, RuleName, RuleOrGroup, Size};

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::GlobSet;

use crate::catalog::Catalog;
use crate::diagnostic::Finding;
use crate::error::Error;
use crate::model::compose::service_of;
use crate::rules::{Policy, Preset};
use crate::source::{FileSystem, LoadError, Source, Sources, path_text};

/// One configuration file, validated.
#[derive(Debug)]
pub struct Config {
    /// The path of the file.
    pub path: PathBuf,
    /// The content as read, without the `images` rows.
    pub file: File,
    /// Its settings for the rules.
    pub policy: Policy,
    /// The path of the baseline that it names.
    pub baseline: Option<PathBuf>,
    /// The image catalog with its rows; `None` without rows.
    pub catalog: Option<Arc<Catalog>>,
    /// The repositories of each of its `images` rows, and the place of the row.
    pub images: Vec<(String, Range<usize>)>,
    /// The day that `until` is compared with.
    today: Date,
    source: Arc<Source>,
    exclude: Patterns,
    compose_files: Patterns,
    platform_variables: Arc<GlobSet>,
    overrides: Vec<OverrideFor>,
}

#[derive(Debug)]
struct OverrideFor {
    files: Patterns,
    rules: Vec<(RuleName, Located<Level>)>,
    preset: Option<Located<Preset>>,
}

/// The `services` entry of a configuration that matches a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceIgnore {
    /// The finding is ignored; the reason, if one is given.
    Ignored(Option<String>),
    /// The finding was ignored until a day that is over.
    Expired {
        /// The last day.
        until: Date,
        /// The place of the service's entry.
        at: Range<usize>,
    },
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// If it cannot be read or is not valid: every mistake with its place.
    pub fn read(path: &Path, disk: &FileSystem) -> Result<Self, Error> {
        Self::read_on(path, Date::today(), disk)
    }

    /// Reads a configuration from a text that is loaded already or not on the disk.
    ///
    /// # Errors
    /// If it is not valid: every mistake with its place.
    pub fn of(source: Arc<Source>) -> Result<Self, Error> {
        read::read(source, Date::today())
    }

    /// Reads a configuration file, with `today` to compare `until` with.
    pub(crate) fn read_on(path: &Path, today: Date, disk: &FileSystem) -> Result<Self, Error> {
        let sources = Sources::with_file_system(disk.clone());
        let file = sources.load(path).map_err(|error| match error {
            LoadError::NotFound => Error::NotFound { path: path.to_path_buf(), help: None },
            error => Error::Unreadable { path: path.to_path_buf(), reason: error.to_string() },
        })?;
        read::read(sources.get(file), today)
    }

    /// Formats a place in the file, as in `.oomlint.yaml:3`.
    #[must_use]
    pub fn place(&self, at: &Range<usize>) -> String {
        let start = u32::try_from(at.start).unwrap_or(u32::MAX);
        format!("{}:{}", path_text(&self.path), self.source.position(start).line)
    }

    /// True if `path` is in the directory of this configuration or below it.
    #[must_use]
    pub fn is_above(&self, path: &Path) -> bool {
        !self.exclude.base().relative(path).starts_with("..")
    }

    /// True if its `exclude` matches the file.
    #[must_use]
    pub fn excludes(&self, path: &Path) -> bool {
        self.exclude.any_match(path)
    }

    /// True if its `compose-files` matches the file.
    #[must_use]
    pub fn names_compose_file(&self, path: &Path) -> bool {
        self.compose_files.any_match(path)
    }

    /// Returns the names of its `platform-variables`.
    #[must_use]
    pub fn platform_variables(&self) -> Arc<GlobSet> {
        Arc::clone(&self.platform_variables)
    }

    /// Returns the overrides that match a file, the winning one first.
    fn overrides_of<'c>(&'c self, path: &Path) -> impl Iterator<Item = &'c OverrideFor> {
        self.overrides.iter().rev().filter(|other| other.files.any_match(path))
    }

    /// Returns the preset for a file.
    #[must_use]
    pub fn preset_of(&self, path: &Path) -> Option<&Located<Preset>> {
        self.overrides_of(path).find_map(|other| other.preset.as_ref()).or(self.file.preset.as_ref())
    }

    /// Returns the widest preset that it names.
    #[must_use]
    pub fn widest_preset(&self) -> Option<Preset> {
        let others = self.overrides.iter().filter_map(|other| other.preset.as_ref());
        others.chain(&self.file.preset).map(|preset| preset.value).max()
    }

    /// Returns the level that it sets for a rule in a file.
    #[must_use]
    pub fn level_of(&self, rule: &str, path: &Path) -> Option<&Located<Level>> {
        let others = self.overrides_of(path).map(|other| &other.rules);
        let mut all = others.chain([&self.file.rules.levels]).flatten();
        all.find(|(name, _)| name.0 == rule).map(|(_, level)| level)
    }

    /// Returns every level that it sets for a rule, in any files.
    fn levels<'c>(&'c self, rule: &'c str) -> impl Iterator<Item = Level> + 'c {
        let lists = self.overrides.iter().map(|other| &other.rules);
        let all = std::iter::once(&self.file.rules.levels).chain(lists).flatten();
        all.filter(move |(name, _)| name.0 == rule).map(|(_, level)| level.value)
    }

    /// True if it gives the rule a severity for any file.
    #[must_use]
    pub fn sets_severity(&self, rule: &str) -> bool {
        self.levels(rule).any(|level| level != Level::Off)
    }

    /// True if it turns the rule off for all files.
    #[must_use]
    pub fn turns_off(&self, rule: &str) -> bool {
        self.file.rules.levels.iter().any(|(name, _)| name.0 == rule) && !self.sets_severity(rule)
    }

    /// Returns the entry of `services` that matches a finding. One that is not expired wins.
    #[must_use]
    pub fn suppresses(&self, finding: &Finding) -> Option<ServiceIgnore> {
        let service = finding.service.as_ref()?;
        let group = crate::rules::find(finding.rule).map(|rule| rule.meta().group.name());
        let named = |name: &str| name == finding.rule || Some(name) == group;
        let mut expired = None;
        let matches = |name: &NamePattern| name.matches(service) || name.matches(service_of(service));
        for (name, setting) in self.file.services.0.iter().filter(|(name, _)| matches(&name.value)) {
            if !setting.ignore.0.iter().any(|rule| named(rule.value.0)) {
                continue;
            }
            match setting.until {
                Some(until) if self.is_past(until) => {
                    expired = Some(ServiceIgnore::Expired { until, at: name.at.clone() });
                }
                _ => return Some(ServiceIgnore::Ignored(setting.reason.clone())),
            }
        }
        expired
    }

    /// True if the day is over: an exception still holds on its last day.
    #[must_use]
    pub fn is_past(&self, until: Date) -> bool {
        until < self.today
    }
}

/// Returns the JSON Schema of the configuration file.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(File).to_value();
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), "oomlint".into());
    }
    schema
}
