//! What is known before any file is read: images, and the runtimes in them.
//!
//! The tables are `rules/catalog/*.yaml`; the head of each says how to add a row.

mod defaults;
mod heap;
mod image;
mod lighter;
mod packages;
mod pattern;
mod probes;
mod refused;
mod runtimes;
mod tags;

use std::sync::OnceLock;

pub use defaults::{DefaultHeap, HotspotFlags};
pub use heap::{BesideHeap, HeapWhenUnset, NoHeapIn};
pub use image::{
    Deprecated, Healthcheck, IgnoresLimit, ImageEntry, Minimum, RuntimeName, SharedMemory, SizesItself,
    Start, Upgrade,
};
pub use lighter::{Lighter, LighterKind};
pub use packages::{Effect, Manager, Packages, Toolchain};
pub use probes::{
    ClosedRole, ConfigurationFiles, HttpPort, PortBy, ProbeEntry, ProbeRow, SettingFiles, in_versions,
};
pub use refused::RefusedFlag;
pub use runtimes::{
    CommandLine, Flag, Grammar, Pool, Quotes, ReadBy, Runtime, Sets, Setting, Starter, Variable,
};

use crate::hash::HashMap;
use crate::model::ImageReference;
use image::Images;
use packages::PackageTable;
use probes::ProbeTable;
use runtimes::RuntimeTable;
use tags::{TagTable, Tags};

// `build.rs` makes them of the YAML: reading that would take longer than looking at a small file.
const IMAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/images.json"));
const PROBES: &str = include_str!(concat!(env!("OUT_DIR"), "/probes.json"));
const TAGS: &str = include_str!(concat!(env!("OUT_DIR"), "/tags.json"));
const RUNTIMES: &str = include_str!(concat!(env!("OUT_DIR"), "/runtimes.json"));
const PACKAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/packages.json"));

/// The tables, to ask.
#[derive(Debug, Default)]
pub struct Catalog {
    images: Vec<ImageEntry>,
    /// Names to places in `images`.
    by_name: HashMap<String, usize>,
    /// What stands before a trailing `*`, longest first.
    by_prefix: Vec<(String, usize)>,
    mirrors: Vec<String>,
    probes: Vec<ProbeRow>,
    closed_roles: Vec<ClosedRole>,
    /// Names to places in `probes`.
    probes_by_name: HashMap<String, usize>,
    tags: Tags,
    runtimes: Vec<Runtime>,
    quotes: Vec<Quotes>,
}

impl Catalog {
    /// The tables that are compiled in.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalog> = OnceLock::new();
        // A test parses them: that they do not parse cannot happen here, and knowing nothing is safe.
        BUILTIN.get_or_init(|| Self::from_tables(IMAGES, TAGS, RUNTIMES).unwrap_or_default())
    }

    /// Reads the three tables, which are JSON here.
    ///
    /// # Errors
    /// When one of them does not fit its schema.
    fn from_tables(images: &str, tags: &'static str, runtimes: &str) -> Result<Self, serde_json::Error> {
        let Images { mirrors, images } = serde_json::from_str(images)?;
        let ProbeTable { probes, closed_roles } = serde_json::from_str(PROBES)?;
        let tags: TagTable = serde_json::from_str(tags)?;
        let RuntimeTable { runtimes, quotes } = serde_json::from_str(runtimes)?;
        let mut catalog = Self {
            images,
            mirrors,
            probes,
            closed_roles,
            tags: tags.into(),
            runtimes,
            quotes,
            ..Self::default()
        };
        for (at, row) in catalog.probes.iter().enumerate() {
            for name in &row.repositories {
                catalog.probes_by_name.insert(name.clone(), at);
            }
        }
        for (at, entry) in catalog.images.iter().enumerate() {
            for name in &entry.repositories {
                match name.strip_suffix('*') {
                    Some(prefix) => catalog.by_prefix.push((prefix.to_owned(), at)),
                    None => _ = catalog.by_name.insert(name.clone(), at),
                }
            }
        }
        catalog.by_prefix.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        Ok(catalog)
    }

    /// The tables that are compiled in, and rows of people's own before them: of one name the own row counts.
    #[must_use]
    pub fn with_rows(rows: Vec<ImageEntry>) -> Self {
        let mut catalog = Self::from_tables(IMAGES, TAGS, RUNTIMES).unwrap_or_default();
        let first = catalog.images.len();
        for (offset, row) in rows.iter().enumerate() {
            for name in &row.repositories {
                match name.strip_suffix('*') {
                    Some(prefix) => catalog.by_prefix.insert(0, (prefix.to_owned(), first + offset)),
                    None => {
                        // People may write the name in full: images are looked up by the short one.
                        let short =
                            ImageReference::parse(name).map_or_else(|| name.clone(), |name| name.name());
                        catalog.by_name.insert(short, first + offset);
                    }
                }
            }
        }
        catalog.images.extend(rows);
        catalog.by_prefix.sort_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len()));
        catalog
    }

    /// Parts of a cluster's members that open nothing on the loopback.
    pub fn closed_roles(&self) -> &[ClosedRole] {
        &self.closed_roles
    }

    /// What is known of an image; the most specific row. None when there is no row for it.
    pub fn image(&self, reference: &ImageReference) -> Option<&ImageEntry> {
        let name = reference.name();
        let name = self.without_mirror(&name);
        let at = self.by_name.get(name).or_else(|| {
            self.by_prefix.iter().find(|(prefix, _)| name.starts_with(prefix.as_str())).map(|(_, at)| at)
        })?;
        self.images.get(*at)
    }

    /// The memory that the newest version of the product whose script reads a variable takes on top of its heap.
    pub fn beside_heap_of(&self, variable: &str) -> Option<&BesideHeap> {
        let reads = |entry: &&ImageEntry| entry.expands.iter().any(|name| name == variable);
        self.images.iter().filter(reads).find_map(|entry| entry.beside_heap.last())
    }

    /// How what an image runs can be asked. None when there is no row for it.
    pub fn probes(&self, reference: &ImageReference) -> Option<&ProbeRow> {
        let name = reference.name();
        self.probes.get(*self.probes_by_name.get(self.without_mirror(&name))?)
    }

    /// True for Docker Official Images, under a mirror's name too. Their names stand in a list: a short name that
    /// is not there may be anything that was built on the spot.
    pub fn is_official(&self, reference: &ImageReference) -> bool {
        self.tags.is_official(self.without_mirror(&reference.name()))
    }

    /// What an image brings for a health check: what its row says, or none by the library's policy.
    pub fn healthcheck(&self, reference: &ImageReference) -> Healthcheck {
        let known = self.image(reference).and_then(|entry| entry.healthcheck);
        match known.or_else(|| self.probes(reference)?.healthcheck) {
            Some(known) => known,
            None if self.is_official(reference) => Healthcheck::None,
            None => Healthcheck::Unknown,
        }
    }

    /// Package managers, and the commands of builds.
    pub fn packages(&self) -> &Packages {
        static BUILTIN: OnceLock<Packages> = OnceLock::new();
        BUILTIN.get_or_init(|| serde_json::from_str::<PackageTable>(PACKAGES).unwrap_or_default().into())
    }

    /// The tools of an image that its lighter variants lack.
    pub fn toolchain(&self, reference: &ImageReference) -> Option<&Toolchain> {
        self.packages().toolchain(self.without_mirror(&reference.name()))
    }

    /// A lighter image for what runs. None when it is light already, when nobody knows one, and for an image that
    /// only a digest names.
    pub fn lighter(&self, reference: &ImageReference) -> Option<Lighter<'_>> {
        let name = reference.name();
        let mirror = name.strip_suffix(self.without_mirror(&name)).unwrap_or_default();
        lighter::find(self.image(reference)?, &self.tags, reference, mirror)
    }

    /// Whether an image's version is still rebuilt. None when the tables do not know it, or the tag moves.
    pub fn rebuilt(&self, reference: &ImageReference) -> Option<bool> {
        self.tags.rebuilt(self.without_mirror(&reference.name()), reference.effective_tag()?)
    }

    /// The versions of an image that are rebuilt today; empty when the tables do not know it.
    pub fn lines(&self, reference: &ImageReference) -> &[&'static str] {
        self.tags.lines(self.without_mirror(&reference.name()))
    }

    /// Every runtime that is known.
    pub fn runtimes(&self) -> &[Runtime] {
        &self.runtimes
    }

    /// One of them.
    pub fn runtime(&self, name: RuntimeName) -> Option<&Runtime> {
        self.runtimes.iter().find(|runtime| runtime.name == name)
    }

    /// The runtime that reads a variable, and the variable.
    pub fn variable(&self, name: &str) -> Option<(&Runtime, &Variable)> {
        self.runtimes.iter().find_map(|runtime| Some((runtime, runtime.variable(name)?)))
    }

    /// What quotes that are part of a variable's value do; none when they do nothing, or nobody knows. `kept` when the script
    /// that reads it is known to hand them on.
    pub fn quotes(&self, name: &str, value: &str, kept: bool) -> Option<Quotes> {
        if let Some(row) = self.quotes.iter().find(|row| row.fits(name, value)) {
            return Some(row.clone());
        }
        let known = self.variable(name).filter(|(_, variable)| variable.read_by == ReadBy::Script);
        let by = match known {
            Some((runtime, _)) if runtime.name == RuntimeName::Php => "the php.ini that takes it in",
            _ => "the script that reads it",
        };
        // No reader of a size takes quotes away.
        let size = known.filter(|(_, variable)| variable.value.is_some() && is_bare_size(value));
        match (kept, size) {
            (true, _) => Some(Quotes::kept(name, by, "the image's row")),
            (false, Some((_, variable))) => Some(Quotes::kept(name, by, &variable.source)),
            (false, None) => None,
        }
    }

    fn without_mirror<'n>(&self, name: &'n str) -> &'n str {
        let official = self.mirrors.iter().find_map(|mirror| name.strip_prefix(mirror.as_str()));
        official.filter(|name| self.tags.is_official(name)).unwrap_or(name)
    }
}

/// A number within quotes, with at most a unit behind it.
fn is_bare_size(quoted: &str) -> bool {
    let inner = quoted.trim_matches(['"', '\'']).trim();
    let unit = inner.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    unit.len() < inner.len()
        && matches!(unit.to_ascii_lowercase().as_str(), "" | "k" | "m" | "g" | "t" | "kb" | "mb" | "gb" | "%")
}

#[cfg(test)]
mod tests;
