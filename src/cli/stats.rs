//! Measurements of containers, from files and standard input.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::error::Error;
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

/// Reads a file; `-` is standard input.
pub(super) fn text(path: &Path) -> Result<String, Error> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_path_buf(), reason };
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(MAX_INPUT + 1).read_to_end(&mut bytes)
    } else {
        let file = std::fs::File::open(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::NotFound { path: path.to_path_buf(), help: None },
            _ => unreadable(error.to_string()),
        })?;
        file.take(MAX_INPUT + 1).read_to_end(&mut bytes)
    };
    read.map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(unreadable(format!("it is larger than {} MiB", MAX_INPUT >> 20)));
    }
    String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))
}
