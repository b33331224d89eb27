//! Settings of the client, which hold for all files: the same as the options of the command line.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::check::Options;
use crate::config::{Config, Configs, Size};
use crate::rules::{Policy, Preset, Target};
use crate::source::FileSystem;
use crate::syntax::size::ByteSize;

/// Settings of the client. What is not set is left to the configuration of each file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    preset: Option<Preset>,
    target: Option<Target>,
    host_memory: Option<ByteSize>,
    /// The configuration for all files.
    configuration: Option<PathBuf>,
}

impl Settings {
    /// Reads `{preset, target, hostMemory, configuration}`, or an object that has it as `oomlint`. Returns a message for each value
    /// that cannot be used.
    pub(super) fn read(value: &Value) -> (Self, Vec<String>) {
        let value = value.get("oomlint").unwrap_or(value);
        let mut problems = Vec::new();
        let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let mut word = |name: &str, known: bool| {
            if let Some(text) = text(name).filter(|_| !known) {
                problems.push(format!("the setting `oomlint.{name}` is not known: `{text}`"));
            }
        };
        let preset = value.get("preset").and_then(|value| serde_json::from_value(value.clone()).ok());
        word("preset", preset.is_some());
        let target = value.get("target").and_then(|value| serde_json::from_value(value.clone()).ok());
        word("target", target.is_some());
        let host_memory = text("hostMemory").map(Size::parse);
        if let Some(Err(error)) = &host_memory {
            problems.push(format!("the setting `oomlint.hostMemory`: {}", error.replace('\n', ": ")));
        }
        let settings = Self {
            preset,
            target,
            host_memory: host_memory.and_then(Result::ok).map(|size| size.0),
            configuration: text("configuration").map(PathBuf::from),
        };
        (settings, problems)
    }

    /// Returns the configurations: the one that is set, else those that are found. One that cannot be read is ignored here, since
    /// [`Self::problem`] reports it.
    pub(super) fn configs(&self, disk: &FileSystem) -> Configs {
        let named = self.configuration.as_ref().and_then(|path| Config::read(path, disk).ok());
        named.map_or_else(|| Configs::on_disk(disk.clone()), Configs::named)
    }

    /// Returns why the configuration that is set cannot be used.
    pub(super) fn problem(&self, disk: &FileSystem) -> Option<String> {
        let error = Config::read(self.configuration.as_ref()?, disk).err()?;
        Some(format!("the setting `oomlint.configuration`: {error}"))
    }

    /// Returns options with the settings.
    pub(super) fn options(&self, disk: &FileSystem) -> Options {
        Options {
            configs: Some(Arc::new(self.configs(disk))),
            preset: self.preset,
            target: self.target,
            policy: Policy { host_memory: self.host_memory, ..Policy::default() },
            ..Options::default()
        }
    }
}
