//! Built-in facts about images and the runtimes in them.
//!
//! The tables are `rules/catalog/*.yaml`. The head of each says how to add a row.

mod claims;
mod classes;
mod defaults;
mod heap;
mod image;
mod image_runtime;
mod lighter;
mod memory;
mod packages;
mod pattern;
mod probes;
mod programs;
mod refused;
mod rows;
mod runtimes;
mod tags;

use std::sync::OnceLock;

pub use claims::{Deprecated, IgnoresLimit, Minimum, SharedMemory, SizesItself, Upgrade};
pub use classes::{Class, Classes};
pub use defaults::{DefaultHeap, HotspotFlags};
pub use heap::{HeapWhenUnset, NoHeapIn, OffHeap};
pub use image::{Healthcheck, ImageEntry, Start};
pub use image_runtime::RuntimeName;
pub use lighter::{Lighter, LighterKind};
pub use memory::{Certainty, LeastSize, MemoryPart, PartDefault, PartKind, SetBy, Shutdown};
pub use packages::{Effect, Manager, Packages, Toolchain};
pub use probes::{
    ClosedRole, ConfigurationFiles, HttpPort, PortBy, ProbeEntry, ProbeRow, SettingFiles, in_versions,
    version_text,
};
pub use programs::Programs;
pub use refused::RefusedFlag;
pub use runtimes::{
    CommandLine, Flag, Grammar, Misspelled, Pool, Quotes, ReadBy, Runtime, Sets, Setting, Starter, Variable,
};

use crate::hash::HashMap;
use crate::model::ImageReference;
use crate::order;
use image::ImageTable;
use packages::PackageTable;
use probes::ProbeTable;
use rows::{Rows, Table};
use runtimes::RuntimeTable;
use tags::{TagTable, Tags};

// `build.rs` converts the YAML: parsing that would take longer than checking a small file.
const IMAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/images.json"));
static IMAGE_ROWS: Table = include!(concat!(env!("OUT_DIR"), "/images.rs"));
const PROBES: &str = include_str!(concat!(env!("OUT_DIR"), "/probes.json"));
static PROBE_ROWS: Table = include!(concat!(env!("OUT_DIR"), "/probes.rs"));
const TAGS: &str = include_str!(concat!(env!("OUT_DIR"), "/tags.json"));
const RUNTIMES: &str = include_str!(concat!(env!("OUT_DIR"), "/runtimes.json"));
const PROGRAMS: &str = include_str!(concat!(env!("OUT_DIR"), "/programs.json"));
const CLASSES: &str = include_str!(concat!(env!("OUT_DIR"), "/classes.json"));
const PACKAGES: &str = include_str!(concat!(env!("OUT_DIR"), "/packages.json"));

/// The tables, indexed for lookup.
#[derive(Debug)]
pub struct Catalog {
    images: Rows<ImageEntry>,
    /// Rows of the user.
    own_images: Vec<ImageEntry>,
    /// Indexes into `own_images`, by name.
    own_by_name: HashMap<String, usize>,
    /// The text before a trailing `*`, longest first, with its index into `own_images`.
    own_by_prefix: Vec<(String, usize)>,
    mirrors: Vec<String>,
    probes: Rows<ProbeRow>,
    closed_roles: Vec<ClosedRole>,
    tags: Tags,
    runtimes: Vec<Runtime>,
    quotes: Vec<Quotes>,
}

impl Catalog {
    /// Returns the compiled-in tables.
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Catalog> = OnceLock::new();
        BUILTIN.get_or_init(|| Self::with_rows(Vec::new()))
    }

    /// Returns the compiled-in tables with rows of the user, which win for the same name.
    #[must_use]
    pub fn with_rows(rows: Vec<ImageEntry>) -> Self {
        // A test parses the tables, so this does not fail. Empty ones would be safe.
        let ImageTable { mirrors } = serde_json::from_str(IMAGES).unwrap_or_default();
        let ProbeTable { closed_roles } = serde_json::from_str(PROBES).unwrap_or_default();
        let tags: TagTable = serde_json::from_str(TAGS).unwrap_or_default();
        let RuntimeTable { runtimes, quotes } = serde_json::from_str(RUNTIMES).unwrap_or_default();
        let (mut own_by_name, mut own_by_prefix) = (HashMap::default(), Vec::new());
        for (at, row) in rows.iter().enumerate() {
            for name in &row.repositories {
                match name.strip_suffix('*') {
                    Some(prefix) => own_by_prefix.insert(0, (prefix.to_owned(), at)),
                    None => {
                        // Users may write the full name, but images are looked up by the short one.
                        let short =
                            ImageReference::parse(name).map_or_else(|| name.clone(), |name| name.name());
                        own_by_name.insert(short, at);
                    }
                }
            }
        }
        order::by_key(&mut own_by_prefix, |(prefix, _): &(String, usize)| std::cmp::Reverse(prefix.len()));
        Self {
            images: Rows::new(&IMAGE_ROWS),
            own_images: rows,
            own_by_name,
            own_by_prefix,
            mirrors,
            probes: Rows::new(&PROBE_ROWS),
            closed_roles,
            tags: tags.into(),
            runtimes,
            quotes,
        }
    }

    /// Returns the roles of cluster members that open nothing on the loopback interface.
    #[must_use]
    pub fn closed_roles(&self) -> &[ClosedRole] {
        &self.closed_roles
    }

    /// Returns the most specific row of an image. None if there is none.
    #[must_use]
    pub fn image(&self, reference: &ImageReference) -> Option<&ImageEntry> {
        let name = reference.name();
        let name = self.without_mirror(&name);
        let own = |at: &usize| self.own_images.get(*at);
        if let Some(row) = self.own_by_name.get(name).and_then(own).or_else(|| self.images.named(name)) {
            return Some(row);
        }
        let own_prefix = self.own_by_prefix.iter().find(|(prefix, _)| name.starts_with(prefix.as_str()));
        match (own_prefix, self.images.with_prefix_of(name)) {
            (Some((own_prefix, at)), Some((prefix, _))) if own_prefix.len() >= prefix.len() => own(at),
            (Some((_, at)), None) => own(at),
            (_, built_in) => built_in.map(|(_, row)| row),
        }
    }

    /// True for a row of the user, and no built-in one.
    #[must_use]
    pub fn is_own(&self, row: &ImageEntry) -> bool {
        self.own_images.iter().any(|own| std::ptr::eq(own, row))
    }

    /// Returns the off-heap memory that the newest version of a product takes whose script reads `variable`.
    #[must_use]
    pub fn off_heap_of(&self, variable: &str) -> Option<&OffHeap> {
        let reads = |entry: &&ImageEntry| entry.expands.iter().any(|name| name == variable);
        let mut rows = self.images.containing(variable).chain(&self.own_images).filter(reads);
        rows.find_map(|entry| entry.off_heap.last())
    }

    /// Returns the need of `/dev/shm` of an image. For one whose row has none, that of the program that the last part of its name
    /// tells, at low confidence: `openmaptiles/postgis` is PostgreSQL.
    #[must_use]
    pub fn shared_memory(&self, reference: &ImageReference) -> Option<SharedMemory> {
        let tag = reference.effective_tag().unwrap_or_default();
        if let Some(own) = self.image(reference).and_then(|entry| entry.shared_memory.as_ref()) {
            return in_versions(tag, own.since.as_deref(), None).then(|| own.clone());
        }
        let name = reference.name();
        let last = name.rsplit('/').next()?;
        let mut needs =
            self.images.containing("\"shared-memory\"").filter_map(|entry| entry.shared_memory.as_ref());
        let need = needs.find(|need| need.also.iter().any(|name| name == last))?;
        // Only the first name is the product's own, with tags that are its versions.
        let is_own = need.also.first().is_some_and(|name| name == last);
        if is_own && !in_versions(tag, need.since.as_deref(), None) {
            return None;
        }
        Some(SharedMemory { confidence: Certainty::Low, ..need.clone() })
    }

    /// Returns the health probes for an image. None if there is no row for it.
    #[must_use]
    pub fn probes(&self, reference: &ImageReference) -> Option<&ProbeRow> {
        self.probes.named(self.without_mirror(&reference.name()))
    }

    /// True for Docker Official Images, under a mirror's name too. Their names are listed: any other short name may be an image
    /// that was built locally.
    #[must_use]
    pub fn is_official(&self, reference: &ImageReference) -> bool {
        self.tags.is_official(self.without_mirror(&reference.name()))
    }

    /// Returns whether an image has a healthcheck: its row decides, and official images have none by their library's policy.
    #[must_use]
    pub fn healthcheck(&self, reference: &ImageReference) -> Healthcheck {
        let known = self.image(reference).and_then(|entry| entry.healthcheck);
        match known.or_else(|| self.probes(reference)?.healthcheck(reference.effective_tag())) {
            Some(known) => known,
            None if self.is_official(reference) => Healthcheck::None,
            None => Healthcheck::Unknown,
        }
    }

    /// Returns the table of package managers and build commands.
    pub fn packages(&self) -> &Packages {
        static BUILTIN: OnceLock<Packages> = OnceLock::new();
        BUILTIN.get_or_init(|| serde_json::from_str::<PackageTable>(PACKAGES).unwrap_or_default().into())
    }

    /// Returns the tools of an image that its lighter variants lack.
    #[must_use]
    pub fn toolchain(&self, reference: &ImageReference) -> Option<&Toolchain> {
        self.packages().toolchain(self.without_mirror(&reference.name()))
    }

    /// Returns a lighter image for what runs. None if it is light already, if none is known, and for an image that only a
    /// digest names.
    #[must_use]
    pub fn lighter(&self, reference: &ImageReference) -> Option<Lighter<'_>> {
        let name = reference.name();
        let mirror = name.strip_suffix(self.without_mirror(&name)).unwrap_or_default();
        lighter::find(self.image(reference)?, &self.tags, reference, mirror)
    }

    /// True if an image's version is still rebuilt. None if the tables do not know it, or the tag moves.
    #[must_use]
    pub fn rebuilt(&self, reference: &ImageReference) -> Option<bool> {
        self.tags.rebuilt(self.without_mirror(&reference.name()), reference.effective_tag()?)
    }

    /// Returns the versions of an image that are rebuilt today. Empty if the tables do not know it.
    #[must_use]
    pub fn lines(&self, reference: &ImageReference) -> &[&'static str] {
        self.tags.lines(self.without_mirror(&reference.name()))
    }

    /// Returns the rows of all images.
    pub fn images(&self) -> impl Iterator<Item = &ImageEntry> {
        self.own_images.iter().chain(self.images.all())
    }

    /// Returns all known runtimes.
    #[must_use]
    pub fn runtimes(&self) -> &[Runtime] {
        &self.runtimes
    }

    /// Returns a runtime by name.
    #[must_use]
    pub fn runtime(&self, name: RuntimeName) -> Option<&Runtime> {
        self.runtimes.iter().find(|runtime| runtime.name == name)
    }

    /// Returns the runtime that reads a variable, and the variable.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<(&Runtime, &Variable)> {
        self.runtimes.iter().find_map(|runtime| Some((runtime, runtime.variable(name)?)))
    }

    /// Returns the effect of quotes that are part of a variable's value. None if they have none, or it is not known. `kept` if
    /// the script that reads it is known to pass them on.
    #[must_use]
    pub fn quotes(&self, name: &str, value: &str, kept: bool) -> Option<Quotes> {
        if let Some(row) = self.quotes.iter().find(|row| row.fits(name, value)) {
            return Some(row.clone());
        }
        let known = self.variable(name).filter(|(_, variable)| variable.read_by == ReadBy::Script);
        let by = match known {
            Some((runtime, _)) if runtime.name == RuntimeName::Php => "the php.ini that takes it in",
            _ => "the script that reads it",
        };
        // No reader of a size strips quotes.
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

/// True for a number within quotes, with at most a unit after it.
fn is_bare_size(quoted: &str) -> bool {
    let inner = quoted.trim_matches(['"', '\'']).trim();
    let unit = inner.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    unit.len() < inner.len()
        && matches!(unit.to_ascii_lowercase().as_str(), "" | "k" | "m" | "g" | "t" | "kb" | "mb" | "gb" | "%")
}

#[cfg(test)]
mod tests;
