//! Tells on a terminal how far work has come that takes long.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Work that is done sooner is not talked about.
const SILENT: Duration = Duration::from_secs(1);

/// The time between two lines.
const EVERY: Duration = Duration::from_millis(200);

/// Runs `work`. If that takes long and standard error is a terminal, the line of `state` is shown there meanwhile.
pub(super) fn shown<T>(state: impl Fn() -> String + Send, work: impl FnOnce() -> T) -> T {
    if !io::stderr().is_terminal() {
        return work();
    }
    thread::scope(|scope| {
        let (done, waiting) = channel::<()>();
        scope.spawn(move || {
            let mut wait = SILENT;
            let mut drawn = false;
            while waiting.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                // There is nowhere left to report that standard error cannot be written.
                let _ = write!(io::stderr().lock(), "\r\x1b[K{}", state());
                (wait, drawn) = (EVERY, true);
            }
            if drawn {
                let _ = write!(io::stderr().lock(), "\r\x1b[K");
            }
        });
        let result = work();
        drop(done);
        result
    })
}
