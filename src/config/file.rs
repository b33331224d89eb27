//! What stands in a configuration file: the types that it is read into and that its JSON Schema is made of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::finding::Severity;
use crate::rules::{Preset, Target};

/// The configuration of oomlint: `.oomlint.yaml` or `oomlint.yaml`, nearest upward from the files that it is for.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct File {
    /// Which rules run.
    pub preset: Option<Preset>,
    /// The severity from which on the exit code is 1.
    pub fail_on: Option<FailOn>,
    /// Memory of the machine that runs it all, as Compose writes sizes: 16g.
    pub host_memory: Option<String>,
    /// How often the sum of limits may exceed the host's memory; 1 when not set.
    pub overcommit: Option<f64>,
    /// Who runs the files.
    pub target: Option<Target>,
    /// Files that are not looked at: globs, from the directory of this file.
    pub exclude: Vec<String>,
    /// Severities and options of rules, by the rule's name.
    pub rules: BTreeMap<String, RuleSetting>,
    /// Services, by name or glob, of which some rules say nothing.
    pub services: BTreeMap<String, ServiceSetting>,
    /// Other rules for some files. The last that fits wins.
    pub overrides: Vec<Override>,
    /// Rows for the catalogue of images, as in rules/catalog/images.yaml; they win over those that are there.
    #[schemars(with = "Vec<std::collections::BTreeMap<String, serde_json::Value>>")]
    pub images: Vec<serde_json::Value>,
    /// The baseline, from the directory of this file.
    pub baseline: Option<String>,
}

/// From which severity on the exit code is 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
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

/// `off`, or a mapping with more to say.
#[derive(Clone, Debug, PartialEq, JsonSchema)]
#[schemars(untagged)]
pub enum RuleSetting {
    /// The level alone.
    Level(Level),
    /// Level and options.
    Options(RuleOptions),
}

/// What can be set of a rule. Which options a rule has stands on its page.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RuleOptions {
    /// Its severity.
    pub severity: Option<Level>,
    /// tight-heap: the largest share of the limit that a Java heap may take, in percent.
    pub java_heap_percent: Option<f64>,
    /// tight-heap: what is to be left beside a Java heap, as Compose writes sizes.
    pub java_rest: Option<String>,
    /// tight-heap: the largest share that a Node heap may take, in percent.
    pub node_heap_percent: Option<f64>,
    /// tight-heap: the largest share that GOMEMLIMIT may take, in percent.
    pub go_limit_percent: Option<f64>,
    /// tight-heap: the largest share that another heap may take, in percent.
    pub heap_percent: Option<f64>,
    /// cache-exceeds-limit: the largest share that a server's cache may take, in percent.
    pub cache_percent: Option<f64>,
}

/// What is not to be said of a service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ServiceSetting {
    /// Rules and groups.
    pub ignore: Vec<String>,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
    /// The last day on which it holds: 2026-12-31.
    #[serde(default)]
    pub until: Option<String>,
}

/// Other rules for some files.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Override {
    /// Globs, from the directory of this file.
    pub files: OneOrMany,
    /// Severities of rules there.
    #[serde(default)]
    pub rules: BTreeMap<String, Level>,
    /// Which rules run there.
    #[serde(default)]
    pub preset: Option<Preset>,
}

/// One glob or several.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(from = "Globs")]
#[schemars(with = "Globs")]
pub struct OneOrMany(pub Vec<String>);

#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
enum Globs {
    One(String),
    Many(Vec<String>),
}

impl From<Globs> for OneOrMany {
    fn from(globs: Globs) -> Self {
        match globs {
            Globs::One(glob) => Self(vec![glob]),
            Globs::Many(globs) => Self(globs),
        }
    }
}

impl<'de> Deserialize<'de> for RuleSetting {
    /// A string is a level, a mapping has options: said so, that mistakes are named for what they are.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = RuleSetting;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("off, note, warning, error, or a mapping with options")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RuleSetting, E> {
                let level = Level::deserialize(serde::de::value::StrDeserializer::new(text))?;
                Ok(RuleSetting::Level(level))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<RuleSetting, A::Error> {
                let options = RuleOptions::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(RuleSetting::Options(options))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl RuleSetting {
    /// The level that it sets.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Level(level) => Some(*level),
            Self::Options(options) => options.severity,
        }
    }
}

impl Level {
    /// The severity; none when the rule is off.
    #[must_use]
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Note => Some(Severity::Note),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
}

impl FailOn {
    /// True when findings of this severity fail a run.
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
