//! `-v` and `-vv`: what the program does, on standard error.

use std::io::{self, Write};

use tracing_subscriber::filter::LevelFilter;

use crate::report::escape;

/// Prints events from now on: none for 0, decisions for 1, also files and times for 2 and more.
pub(super) fn start(verbosity: u8) {
    let level = match verbosity {
        0 => return,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .without_time()
        .with_level(false)
        .with_target(false)
        .with_ansi(false)
        .with_writer(|| Escaped);
    // It fails only if a program that uses this library has a subscriber already, which then gets the events.
    let _ = lines.try_init();
}

/// Standard error, without control characters and runner commands that names of files may have.
struct Escaped;

impl Write for Escaped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let mut out = io::stderr().lock();
        for line in text.lines() {
            // There is nowhere left to report that standard error cannot be written.
            let _ = writeln!(out, "{}", escape::line(line));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
