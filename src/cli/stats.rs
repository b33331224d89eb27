//! Measurements of containers, from files and standard input.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::error::Error;
use crate::source::{FileSystem, LoadError};
use crate::stats::{MAX_INPUT, Stats};

/// The argument that names measurements, for the commands that run all rules.
#[derive(Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct Measured {
    /// Measurements to compare limits with, from `docker stats --no-stream --format json`
    #[arg(hide_short_help = true, long, value_name = "FILE")]
    stats: Vec<PathBuf>,
}

impl Measured {
    /// Reads the measurements. `None` if no file is named.
    pub(super) fn read(&self) -> Result<Option<Arc<Stats>>, Error> {
        if self.stats.is_empty() { Ok(None) } else { read(&self.stats).map(|stats| Some(Arc::new(stats))) }
    }
}

/// Reads all files; `-` is standard input.
///
/// # Errors
/// When one cannot be read, or is not in a known format.
pub(super) fn read(paths: &[PathBuf]) -> Result<Stats, Error> {
    let mut stats = Stats::default();
    for path in paths {
        let text = text(path)?;
        stats.read(&text).map_err(|problem| {
            let at = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            Error::Stats {
                path: path.clone(),
                problem: format!("{at}{}", problem.message),
                help: problem.help,
            }
        })?;
    }
    Ok(stats)
}

/// The end of a file.
pub(super) struct Tail {
    /// The bytes, from the beginning of a line.
    pub(super) bytes: Vec<u8>,
    /// The bytes before them.
    pub(super) skipped: u64,
    /// The lines before them.
    pub(super) lines: u32,
}

/// Reads the last bytes of a file, at most `most`; `-` is standard input. What comes before is only counted.
pub(super) fn tail(path: &Path, most: u64, disk: &FileSystem) -> Result<Tail, Error> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_path_buf(), reason };
    let mut input: Box<dyn Read> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        if !disk.may_read(path) {
            return Err(Error::of_named_file(path, &LoadError::Outside(path.to_path_buf())));
        }
        Box::new(open(path)?)
    };
    let mut tail = Tail { bytes: Vec::new(), skipped: 0, lines: 0 };
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    loop {
        let read = input.by_ref().take(most as u64).read_to_end(&mut tail.bytes);
        let read = read.map_err(|error| unreadable(error.to_string()))?;
        let excess = tail.bytes.len().saturating_sub(most);
        if excess > 0 {
            // The rest begins with a whole line, unless all of it is one.
            let rest = tail.bytes.get(excess..).unwrap_or_default();
            let line = memchr::memchr(b'\n', rest).map_or(0, |end| end + 1);
            let dropped = tail.bytes.get(..excess + line).unwrap_or_default();
            let lines = memchr::memchr_iter(b'\n', dropped).count();
            tail.lines = tail.lines.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
            tail.skipped += dropped.len() as u64;
            tail.bytes.drain(..excess + line);
        }
        if read == 0 {
            return Ok(tail);
        }
    }
}

fn open(path: &Path) -> Result<std::fs::File, Error> {
    std::fs::File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::NotFound { path: path.to_path_buf(), help: None },
        _ => Error::Unreadable { path: path.to_path_buf(), reason: error.to_string() },
    })
}

/// Reads a file; `-` is standard input.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_path_buf(), reason };
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes)
    } else {
        open(path)?.take(MAX_INPUT + 1).read_to_end(&mut bytes)
    };
    read.map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(unreadable(format!("it is larger than {} MiB", MAX_INPUT >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))
}
