//! Several files in one input that stays readable: each begins behind a line that names it.

use std::path::{Path, PathBuf};

use oomlint::discover::{Discovered, FileKind, kind_of};
use oomlint::check::Options;
use oomlint::source::Overlay;
use oomlint::syntax::size::ByteSize;
use oomlint::rules::{Policy, Preset, Target};
use oomlint::source::Sources;

/// The names that an input can use, as in `=== .env`. What comes before the first such line is `compose.yaml`.
const NAMES: [&str; 8] = [
    "compose.yaml",
    "compose.override.yaml",
    ".env",
    "part.yaml",
    "base.yaml",
    "app.env",
    "Dockerfile",
    "api/Dockerfile",
];

/// Files that belong to each other, and how they are looked at.
pub struct FileSet {
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// A line `=== swarm`.
    pub swarm: bool,
    /// A line `=== safe`.
    pub safe: bool,
}

impl FileSet {
    /// None where the input names a place that says something else each time.
    pub fn of(data: &[u8]) -> Option<Self> {
        for volatile in [&b"/proc"[..], b"/sys", b"/dev", b"/tmp", b"/var", b"/run"] {
            if data.windows(volatile.len()).any(|window| window == volatile) {
                return None;
            }
        }
        let mut set = Self { files: vec![(NAMES[0], Vec::new())], swarm: false, safe: false };
        for line in data.split_inclusive(|byte| *byte == b'\n') {
            let name = line.strip_prefix(b"=== ").map(<[u8]>::trim_ascii_end);
            match name {
                Some(b"swarm") => set.swarm = true,
                Some(b"safe") => set.safe = true,
                Some(name) if NAMES.iter().any(|known| known.as_bytes() == name) => {
                    let known = NAMES.iter().find(|known| known.as_bytes() == name);
                    set.files.extend(known.map(|known| (*known, Vec::new())));
                }
                _ => {
                    if let Some((_, text)) = set.files.last_mut() {
                        text.extend(line);
                    }
                }
            }
        }
        // A name that comes again is the same file: the last one counts, as in `Sources`.
        let mut seen = Vec::new();
        set.files.reverse();
        set.files.retain(|(name, _)| {
            let new = !seen.contains(name);
            seen.push(*name);
            new
        });
        set.files.reverse();
        if set.files.len() > 1 {
            set.files.retain(|(name, text)| *name != NAMES[0] || !text.is_empty());
        }
        Some(set)
    }

    /// The files without a disk.
    pub fn sources(&self) -> Sources {
        let sources = Sources::with_current_dir(Path::new("/repo"));
        for (name, text) in &self.files {
            sources.add(Path::new(name), text.clone());
        }
        sources
    }

    /// The files as texts; none where one is no text.
    pub fn overlay(&self) -> Option<Overlay> {
        let text = |(name, text): &(&str, Vec<u8>)| {
            Some((PathBuf::from(name), String::from_utf8(text.clone()).ok()?))
        };
        self.files.iter().map(text).collect()
    }

    /// What a walk over the directory would find.
    pub fn discovered(&self) -> Discovered {
        let mut discovered = Discovered::default();
        for (name, _) in &self.files {
            let kind = kind_of(Path::new(name));
            if let Some(kind @ (FileKind::Compose | FileKind::Dockerfile)) = kind {
                discovered.add(PathBuf::from(name), kind);
            }
        }
        discovered
    }

    /// Every rule, and a host small enough to be too small.
    pub fn options(&self) -> Options {
        let mut options = Options { preset: Some(Preset::Strict), ..Options::default() };
        options.policy = Policy { host_memory: Some(ByteSize(2 << 30)), ..Policy::default() };
        options.target = self.swarm.then_some(Target::Swarm);
        options
    }
}
