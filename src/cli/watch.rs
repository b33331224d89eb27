//! `--watch`: lints again when something that was read has changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use super::output::Console;

/// The time between two looks at the files.
const EVERY: Duration = Duration::from_millis(400);

/// The state of a path on the disk: its size and the time of its last change. `None` if there is nothing.
type Stamp = Option<(u64, Option<SystemTime>)>;

/// Files that were read or looked for, with their directories, in the state that they had.
#[derive(Debug, Default)]
pub(super) struct Watched(BTreeMap<PathBuf, Stamp>);

impl Watched {
    /// Notes the state of files and of the directories around them, in which others may appear.
    pub(super) fn new(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut watched = BTreeMap::new();
        for path in paths {
            let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
            let directory = directory.unwrap_or(Path::new(".")).to_path_buf();
            watched.entry(directory).or_insert_with_key(|path| stamp(path));
            watched.entry(path).or_insert_with_key(|path| stamp(path));
        }
        Self(watched)
    }

    /// Waits until one of them changes.
    pub(super) fn wait(&self) {
        while self.0.iter().all(|(path, before)| stamp(path) == *before) {
            sleep(EVERY);
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let found = std::fs::metadata(path).ok()?;
    // The size of a directory says nothing.
    let size = if found.is_dir() { 0 } else { found.len() };
    Some((size, found.modified().ok()))
}

/// Clears the terminal before the next report.
pub(super) fn clear(console: &Console) {
    if console.is_terminal {
        // Where the terminal is gone, the next report says so.
        let _ = console.write(|out| write!(out, "\x1b[2J\x1b[3J\x1b[H"));
    }
}
