//! The types that a configuration file is deserialized into, and that its JSON Schema is generated from.

#[cfg(feature = "schema")]
use std::borrow::Cow;

#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::glob::{NamePattern, Pattern};
use super::options::{
    CacheExceedsLimit, EffectiveOption, InvalidComposeFile, RuleOptions, SeverityOnly, TightHeap,
};
use super::place::{Located, OneOrMany, ScalarOr, Table};
use super::values::{Date, Factor, RuleName, RuleOrGroup, Size};
use crate::catalog::ImageEntry;
use crate::diagnostic::Severity;
#[cfg(feature = "schema")]
use crate::rules::RULES;
use crate::rules::{Preset, Target, Thresholds};

/// The configuration of oomlint: `.oomlint.yaml` or `oomlint.yaml`, the nearest one above each file.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct File {
    /// Set of rules.
    pub preset: Option<Located<Preset>>,
    /// The lowest severity that makes the exit code 1.
    pub fail_on: Option<Located<FailOn>>,
    /// Memory of the host.
    pub host_memory: Option<Located<Size>>,
    /// The factor by which the sum of limits, with what the host keeps, may exceed the host's memory; 1 if not set.
    pub overcommit: Option<Located<Factor>>,
    /// Memory that the host keeps for itself and other programs; by its size if not set, 1843 MiB of 8 GiB.
    pub reserve: Option<Located<Size>>,
    /// Deployment target.
    pub target: Option<Located<Target>>,
    /// Files that are not checked, unless they are named on the command line.
    pub exclude: OneOrMany<Located<Pattern>>,
    /// Files to read as Compose files, whatever their names: templates of other platforms, such as Coolify, `CasaOS`, Dokploy, Runtipi and
    /// Umbrel. Keys in them that Docker Compose does not know are the platform's.
    pub compose_files: OneOrMany<Located<Pattern>>,
    /// Variables that the platform sets, by name or glob (`SERVICE_*`): unless a file sets them, their values are unknown, even if they
    /// have a default.
    pub platform_variables: OneOrMany<Located<NamePattern>>,
    /// Severities and options of rules, by the rule's name.
    pub rules: Rules,
    /// Services and jobs, by name or glob, that some rules ignore. An entry also applies to the service's `pre_start`.
    pub services: Table<NamePattern, ServiceSetting>,
    /// Other rules for some files. The last match wins.
    pub overrides: OneOrMany<Override>,
    /// Rows for the catalogue of images, as in rules/catalog/images.yaml; they override the built-in ones.
    pub images: Vec<Located<ImageEntry>>,
    /// The baseline, relative to this file.
    pub baseline: Option<Located<String>>,
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Errors alone.
    Error,
    /// Warnings and errors.
    #[default]
    Warning,
    /// Anything.
    Note,
    /// Nothing.
    Never,
}

/// A rule's severity, or that it is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Its findings are dropped.
    Off,
    /// All of its findings are notes.
    Note,
    /// All of its findings are warnings.
    Warning,
    /// All of its findings are errors.
    Error,
}

/// Settings of rules: `off` or a severity, or a mapping with options.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The rules that get a level, and where it is written.
    pub levels: Vec<(RuleName, Located<Level>)>,
    /// Its options.
    pub tight_heap: TightHeap,
    /// Its options.
    pub cache_exceeds_limit: CacheExceedsLimit,
    /// Its options.
    pub invalid_compose_file: InvalidComposeFile,
}

/// Rules that ignore a service.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceSetting {
    /// Rules and groups.
    pub ignore: OneOrMany<Located<RuleOrGroup>>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The last day on which it applies: 2026-12-31. Afterwards the findings are reported, with a note about it.
    #[serde(default)]
    pub until: Option<Date>,
}

/// Other rules for some files.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Override {
    /// The files.
    pub files: OneOrMany<Located<Pattern>>,
    /// Severities of rules there.
    #[serde(default)]
    pub rules: Table<RuleName, Located<Level>>,
    /// Set of rules there.
    #[serde(default)]
    pub preset: Option<Located<Preset>>,
}

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Rules;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("rules and their settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Rules, A::Error> {
                let mut rules = Rules::default();
                while let Some(RuleName(name)) = map.next_key()? {
                    let level = match name {
                        TightHeap::RULE => setting(&mut map, &mut rules.tight_heap)?,
                        CacheExceedsLimit::RULE => setting(&mut map, &mut rules.cache_exceeds_limit)?,
                        InvalidComposeFile::RULE => setting(&mut map, &mut rules.invalid_compose_file)?,
                        _ => setting(&mut map, &mut SeverityOnly::default())?,
                    };
                    rules.levels.extend(level.map(|level| (RuleName(name), level)));
                }
                Ok(rules)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Reads a rule's level into the result, and its options into `options`.
fn setting<'de, O: RuleOptions + Deserialize<'de>, A: MapAccess<'de>>(
    map: &mut A,
    options: &mut O,
) -> Result<Option<Located<Level>>, A::Error> {
    Ok(match map.next_value::<ScalarOr<Level, O>>()? {
        ScalarOr::Scalar(level) => Some(level),
        ScalarOr::Mapping(more) => {
            *options = more;
            options.severity().cloned()
        }
    })
}

impl Rules {
    /// Copies the options into the thresholds that the rules read.
    pub(super) fn set(&self, thresholds: &mut Thresholds) {
        self.tight_heap.set(thresholds);
        self.cache_exceeds_limit.set(thresholds);
        self.invalid_compose_file.set(thresholds);
    }

    /// Returns every option with its effective value.
    #[must_use]
    pub fn options(&self) -> Vec<EffectiveOption> {
        [self.tight_heap.shown(), self.cache_exceeds_limit.shown(), self.invalid_compose_file.shown()]
            .concat()
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Rules {
    fn schema_name() -> Cow<'static, str> {
        "Rules".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = serde_json::Map::new();
        for meta in RULES.iter().map(|rule| rule.meta()) {
            let mut setting = match meta.name {
                TightHeap::RULE => ScalarOr::<Level, TightHeap>::json_schema(generator),
                CacheExceedsLimit::RULE => ScalarOr::<Level, CacheExceedsLimit>::json_schema(generator),
                InvalidComposeFile::RULE => ScalarOr::<Level, InvalidComposeFile>::json_schema(generator),
                _ => ScalarOr::<Level, SeverityOnly>::json_schema(generator),
            };
            setting.insert("description".to_owned(), meta.summary.into());
            properties.insert(meta.name.to_owned(), setting.to_value());
        }
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}

impl Level {
    /// Returns the severity; `None` if the rule is off.
    #[must_use]
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }

    /// Returns the word for it in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl FailOn {
    /// True if findings of this severity fail a run.
    #[must_use]
    pub fn includes(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Note => true,
            Self::Never => false,
        }
    }
}
