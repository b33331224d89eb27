//! Turns on one mutant at a time: `tests/mutants/mutants.py` puts this module into a copy of the library, and a call of [`on`] at
//! every place that a mutant changes.

use std::fs::File;
use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// The number of mutants.
const MUTANTS: usize = 0;

static REACHED: [AtomicBool; MUTANTS] = [const { AtomicBool::new(false) }; MUTANTS];

struct Run {
    /// The mutant that is on, or `usize::MAX` for none.
    mutant: usize,
    /// Where the mutants that are reached are written to, in a run without one.
    record: Option<File>,
}

fn run() -> &'static Run {
    static RUN: OnceLock<Run> = OnceLock::new();
    RUN.get_or_init(|| Run {
        mutant: std::env::var("MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(usize::MAX),
        record: std::env::var_os("MUTANTS_REACHED")
            .and_then(|path| File::options().create(true).append(true).open(path).ok()),
    })
}

/// True if this mutant is on.
#[must_use]
pub fn on(mutant: usize) -> bool {
    let run = run();
    if let Some(mut record) = run.record.as_ref()
        && !REACHED[mutant].swap(true, Ordering::Relaxed)
    {
        let _ = record.write_all(format!("{mutant}\n").as_bytes());
    }
    run.mutant == mutant
}
