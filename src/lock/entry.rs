//! The content of `.oomlint-images.json`, and how new entries are merged into it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::ImageReference;
use crate::order;

/// The version of the format that this program writes and reads.
pub(super) const VERSION: u32 = 1;

/// The file `.oomlint-images.json`: what is known of images from the machine that has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LockFile {
    /// The version of this format.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    pub version: u32,
    /// The images, in order of their first name.
    pub images: Vec<Entry>,
}

/// One image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its names with tags, as short as Docker takes them: `acme/api:1.2`.
    #[serde(default)]
    pub names: Vec<String>,
    /// Its names with digests: `acme/api@sha256:…`.
    #[serde(default)]
    pub digests: Vec<String>,
    /// System and architecture: `linux/amd64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The day on which it was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")))]
    pub created: Option<String>,
    /// The day on which it was written down here.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$")))]
    pub locked: String,
    /// The user that it runs as, if that is not root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The words of its ENTRYPOINT; empty if it has none.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// The words of its CMD; empty if it has none.
    #[serde(default)]
    pub command: Vec<String>,
    /// Its HEALTHCHECK; `null` if it has none.
    #[serde(default)]
    pub healthcheck: Option<LockedHealthcheck>,
    /// The ports of its EXPOSE: `8080/tcp`.
    #[serde(default)]
    pub ports: Vec<String>,
    /// Its STOPSIGNAL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Variables of its ENV that size memory or name a runtime's version. Of flags only those about memory are kept; `null` is a
    /// value that is not kept. No other variable is here.
    #[serde(default)]
    pub environment: BTreeMap<String, Option<String>>,
}

/// The HEALTHCHECK of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", schemars(rename = "Healthcheck"))]
pub struct LockedHealthcheck {
    /// `CMD` or `CMD-SHELL` and the words; `["NONE"]` if it is switched off.
    pub test: Vec<String>,
    /// The time between two probes: `30s`. Docker's own if it is not there, like the other times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// How long a probe may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// How long failures do not count after the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<String>,
    /// The time between two probes in that period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_interval: Option<String>,
    /// Failures in a row until it is unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<i64>,
}

/// The numbers of images that merging added, changed and removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Images that were not there.
    pub added: usize,
    /// Images that are different now.
    pub changed: usize,
    /// Images that are as before.
    pub same: usize,
}

impl Default for LockFile {
    fn default() -> Self {
        Self { version: VERSION, images: Vec::new() }
    }
}

impl Entry {
    /// Returns the name that messages show: the first with a tag, else the first with a digest.
    #[must_use]
    pub fn name(&self) -> &str {
        self.names.first().or_else(|| self.digests.first()).map_or("", String::as_str)
    }

    /// Puts names, digests and ports into their only form and order.
    pub(super) fn normalize(&mut self) {
        for names in [&mut self.names, &mut self.digests] {
            let all: BTreeSet<String> =
                names.iter().filter_map(|name| Some(ImageReference::parse(name)?.to_string())).collect();
            *names = all.into_iter().collect();
        }
        let number = |port: &String| port.split('/').next().and_then(|port| port.parse::<u16>().ok());
        order::by(&mut self.ports, |a, b| (number(a), a).cmp(&(number(b), b)));
        self.ports.dedup();
    }

    /// True if both are the same image: they share a name with a tag or a digest.
    fn is(&self, other: &Self) -> bool {
        shares(&self.names, &other.names) || shares(&self.digests, &other.digests)
    }
}

fn shares(some: &[String], others: &[String]) -> bool {
    some.iter().any(|name| others.contains(name))
}

impl LockFile {
    /// Adds images. One that is there under the same name or digest is replaced, since a tag moves on.
    pub fn merge(&mut self, new: Vec<Entry>) -> Changes {
        let mut changes = Changes::default();
        let mut fresh: Vec<Entry> = Vec::new();
        for mut entry in new {
            entry.normalize();
            fresh.retain(|other| !other.is(&entry));
            fresh.push(entry);
        }
        for entry in &fresh {
            let known: Vec<&Entry> = self.images.iter().filter(|other| other.is(entry)).collect();
            let is_same =
                |other: &&Entry| Entry { locked: entry.locked.clone(), ..(**other).clone() } == *entry;
            match known.as_slice() {
                [] => changes.added += 1,
                known if known.iter().any(is_same) => changes.same += 1,
                _ => changes.changed += 1,
            }
        }
        for entry in fresh {
            self.take_names(&entry);
            self.images.push(entry);
        }
        order::by(&mut self.images, |a, b| (a.name(), &a.digests).cmp(&(b.name(), &b.digests)));
        changes
    }

    /// Takes the names of a new image away from the old ones, and removes those that nothing names any more.
    fn take_names(&mut self, entry: &Entry) {
        self.images.retain_mut(|other| {
            if shares(&other.digests, &entry.digests) {
                return false;
            }
            let had_names = !other.names.is_empty();
            other.names.retain(|name| !entry.names.contains(name));
            !had_names || !other.names.is_empty()
        });
    }

    /// Returns the text of the file.
    ///
    /// # Errors
    /// Never, as far as is known: all of it is text and numbers.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}

/// True for a day such as `2026-12-31`.
#[must_use]
pub fn is_day(text: &str) -> bool {
    let format = time::macros::format_description!("[year]-[month]-[day]");
    time::Date::parse(text, &format).is_ok()
}
