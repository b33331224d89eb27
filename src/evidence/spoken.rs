//! Tells an error that a runtime reports from one that a text only mentions: a handler that is installed, a link to a manual.

use super::prefix;

/// Names of errors, which any text may have. The other patterns are whole messages of their program.
const NAMES: [&str; 12] = [
    "OutOfMemoryError",
    "java.lang.OutOfMemoryError",
    "OutOfDirectMemoryError",
    "JavaScript heap out of memory",
    "Reached heap limit Allocation failed",
    "ERR_WORKER_OUT_OF_MEMORY",
    "System.OutOfMemoryException",
    "NoMemoryError",
    "_ArrayMemoryError",
    "MemoryError",
    "std::bad_alloc",
    "CUDA out of memory",
];

/// The words of runtimes before the name of an error that has ended something.
const BEFORE: [&str; 14] = [
    "Exception in thread",
    "Exception: ",
    "Caused by:",
    "nested exception is",
    "FATAL ERROR:",
    "Fatal error:",
    "fatal error:",
    "Unhandled exception",
    "Unhandled Exception",
    "Uncaught",
    "terminate called",
    "what():",
    "Error [",
    "RuntimeError:",
];

/// Levels of a logger, under which the name of an error is one that occurred.
const LEVELS: [&str; 8] = ["ERROR", "FATAL", "SEVERE", "CRITICAL", "error", "fatal", "severe", "critical"];

/// True if the name of an error at `at` is a word of its own, and no part of a longer one such as the flag `ExitOnOutOfMemoryError`.
pub(super) fn is_word(text: &str, at: usize, name: &str) -> bool {
    let before = text.as_bytes().get(at.wrapping_sub(1));
    !NAMES.contains(&name) || !before.is_some_and(u8::is_ascii_alphanumeric)
}

/// True if the runtime itself reports the error whose name begins at `at`: at the start of its message, or behind the words with which
/// it ends something.
pub(super) fn is_report(text: &str, at: usize, name: &str) -> bool {
    if !NAMES.contains(&name) {
        return true;
    }
    let before = text.get(..at).unwrap_or_default();
    let before = prefix::strip(before).text;
    if BEFORE.iter().any(|words| before.contains(words)) {
        return true;
    }
    // The package of a class, and the quotes of a value in JSON.
    let own = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '$' | '/');
    let class = before.rfind(|c: char| !own(c)).map_or(0, |at| at + 1);
    let class_is_name =
        before.get(class..).is_none_or(|class| class.is_empty() || class.ends_with(['.', '_', '$', '/']));
    let before = if class_is_name { before.get(..class).unwrap_or_default() } else { before };
    let value = [":\"", ": \"", "[\""].iter().any(|quote| before.ends_with(quote));
    if value && before.contains('{') {
        return LEVELS.iter().any(|level| before.contains(level)) || !before.contains("level");
    }
    before.split_whitespace().all(is_decoration)
}

/// True for a word that loggers write before a message: a time, a level, a thread in brackets.
fn is_decoration(word: &str) -> bool {
    let inner = word.trim_matches(|c: char| "[]()<>:|-,#".contains(c));
    let bracketed = word.starts_with(['[', '(']) && word.ends_with([']', ')', ':']);
    let time = inner.starts_with(|c: char| c.is_ascii_digit());
    inner.is_empty() || time || LEVELS.contains(&inner) || bracketed && !QUIET.contains(&inner)
}

/// Levels under which nothing has failed.
const QUIET: [&str; 7] = ["INFO", "DEBUG", "TRACE", "WARN", "info", "debug", "trace"];

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str, name: &str) -> bool {
        is_report(text, text.find(name).unwrap(), name)
    }

    #[test]
    fn a_report_is_told_from_a_mention() {
        let java = "java.lang.OutOfMemoryError";
        for before in [
            "",
            "2026-11-20 03:12:44,120 ERROR ",
            "2026-11-20T03:12:44.120Z ERROR [main] ",
            "Exception in thread \"pool-1-thread-3\" ",
            "Caused by: ",
            "\tat a.b.C\nCaused by: ",
            "Nov 20 03:12:44 host app[7]: ",
            "{\"level\":\"ERROR\",\"message\":\"",
            "Handler dispatch failed; nested exception is ",
        ] {
            assert!(is(&format!("{before}{java}: Java heap space"), java), "{before}");
        }
        for before in [
            "2026-11-20 03:12:44 INFO configured handler for ",
            "INFO ",
            "[INFO] ",
            "docs: see \"",
            "retries on ",
            "{\"level\":\"info\",\"message\":\"",
            "-XX:OnOutOfMemoryError handles ",
        ] {
            assert!(!is(&format!("{before}{java}"), java), "{before}");
        }
        let node = "JavaScript heap out of memory";
        assert!(is(&format!("FATAL ERROR: Reached heap limit Allocation failed - {node}"), node));
        assert!(!is(&format!("INFO docs: see \"{node}\" FAQ"), node));
        assert!(is("numpy.core._exceptions._ArrayMemoryError: Unable", "_ArrayMemoryError"));
        assert!(is("io.netty.util.internal.OutOfDirectMemoryError: failed", "OutOfDirectMemoryError"));
        assert!(is("terminate called after throwing an instance of 'std::bad_alloc'", "std::bad_alloc"));
    }
}
