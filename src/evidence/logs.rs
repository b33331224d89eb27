//! Recognizes what runtimes, servers and watchers themselves write when memory is short or a process was killed.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::cgroup::ContainerId;
use super::json;
use super::name::Name;
use super::signs::{PATTERNS, RUNTIMES, SWARM, Sign};
use super::spoken;
use crate::catalog::RuntimeName;
use crate::source::{Span, head};
use crate::syntax::size::ByteSize;

/// A telling line of a container's log.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// Its meaning.
    pub sign: Sign,
    /// Who says it: `the JVM`, `Node`, `PostgreSQL`.
    pub who: &'static str,
    /// The runtime that says it.
    pub runtime: Option<RuntimeName>,
    /// Its meaning, in a few words.
    pub what: &'static str,
    /// A size in it.
    pub size: Option<ByteSize>,
    /// The container, as far as the line names it.
    pub name: Name,
    /// True if the program reports it; false if the line may only mention it.
    pub reported: bool,
    /// True for a row of the tasks of a Swarm service, which has the newest first.
    pub is_task: bool,
    /// Of a line with JSON the string that says it: the others may hold anything.
    pub said: Option<String>,
    /// The line.
    pub span: Span,
}

/// Searchers of the first part of each pattern: most lines of a long log have none of them.
static FIRST_PARTS: LazyLock<Vec<Finder<'static>>> = LazyLock::new(|| {
    PATTERNS.iter().map(|(parts, ..)| Finder::new(parts.first().copied().unwrap_or_default())).collect()
});

/// The most bytes of a line that are looked at.
const LONGEST: usize = 8192;

/// The most bytes of what Compose writes before a line: a name and a bar.
const PREFIX: usize = 80;

/// Reads one line. `None` if it tells nothing of memory.
pub(super) fn line(text: &str, span: Span) -> Option<LogLine> {
    let text = head(text, LONGEST);
    let bytes = text.as_bytes();
    let (sign, who, what, at, first) =
        FIRST_PARTS.iter().zip(PATTERNS).find_map(|(first, (parts, sign, who, what))| {
            let at = first.find(bytes)?;
            if !spoken::is_word(text, at, parts.first().copied().unwrap_or_default()) {
                return None;
            }
            let mut from = at + first.needle().len();
            for part in parts.iter().skip(1) {
                from += text.get(from..)?.find(part)? + part.len();
            }
            Some((*sign, *who, *what, at, parts.first().copied().unwrap_or_default()))
        })?;
    let (name, message) = compose_prefix(text);
    let reported = spoken::is_report(message, at.saturating_sub(text.len() - message.len()), first);
    let name = match sign {
        Sign::Unhealthy => named(message).unwrap_or_default(),
        Sign::StopTimeout => stopped(message).unwrap_or_default(),
        _ => name.unwrap_or_default(),
    };
    let runtime = RUNTIMES.iter().find(|(name, _)| *name == who).map(|(_, runtime)| *runtime);
    let is_task = who == SWARM && message.contains(" ago");
    let said = string_of(text, at);
    Some(LogLine { sign, who, runtime, what, size: size(message), name, reported, is_task, said, span })
}

/// Returns the string that the byte at `at` is in, of a line with JSON or a part of it.
fn string_of(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?.trim_start();
    let in_json = before.starts_with(['{', '"']) || before.contains("{\"") || before.contains("{ \"");
    let text = text.get(json::string_at(text, at).filter(|_| in_json)?)?;
    let whole = serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned());
    Some(whole)
}

/// Splits `web-1  | text` of `docker compose logs`.
fn compose_prefix(text: &str) -> (Option<Name>, &str) {
    let head = head(text, PREFIX);
    let Some(bar) = head.find(" | ").or_else(|| head.find("\t| ")) else { return (None, text) };
    let name = Name::of_output(head.get(..bar).unwrap_or_default().trim());
    let message = name.as_ref().and_then(|_| text.get(bar + 3..));
    (name, message.unwrap_or(text))
}

/// Returns the container that autoheal restarts: `Container /shop-web-1 (19934500d80e) found to be unhealthy`.
fn named(text: &str) -> Option<Name> {
    let rest = text.split_once("Container ")?.1;
    let (name, rest) = rest.split_once(" (")?;
    let id = rest.split_once(')')?.0;
    Some(Name { id: ContainerId::parse(id), name: Some(name.to_owned()), ..Name::default() }.tidy())
}

/// Returns the container that the engine stops: `msg="Container failed to exit …" container=43e21b8b51a9`, in older versions
/// `Container 43e21b8b51a9 failed to exit …`, in Podman `failed to stop container NAME in 10 seconds`.
fn stopped(text: &str) -> Option<Name> {
    let word = |before: &str| text.split_once(before)?.1.split([' ', '"']).find(|word| !word.is_empty());
    let id = word("container=").or_else(|| word("Container ")).and_then(ContainerId::parse);
    if id.is_some() {
        return Some(Name { id, ..Name::default() });
    }
    let name = word("failed to stop container ")?.to_owned();
    Some(Name { name: Some(name), ..Name::default() }.tidy())
}

/// Returns the first number of bytes: `Allowed memory size of 134217728 bytes`, `failed to map 1073741824 bytes`.
fn size(text: &str) -> Option<ByteSize> {
    let at = text.find(" bytes")?;
    let number = text.get(..at)?.rsplit([' ', '(']).next()?;
    number.parse().ok().filter(|bytes| *bytes > 0).map(ByteSize)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::signs::{JVM, NODE};
    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Option<LogLine> {
        let sources = Sources::new();
        let id = sources.add(Path::new("log"), text);
        line(text, sources.get(id).span())
    }

    #[test]
    fn the_words_of_each_runtime() {
        for (text, sign, who) in [
            ("Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space", Sign::OwnLimit, JVM),
            ("java.lang.OutOfMemoryError: unable to create new native thread", Sign::NoThread, JVM),
            (
                "# There is insufficient memory for the Java Runtime Environment to continue.",
                Sign::Refused,
                JVM,
            ),
            (
                "FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory",
                Sign::OwnLimit,
                NODE,
            ),
            ("fatal error: runtime: out of memory", Sign::Refused, "Go"),
            (
                "Unhandled exception. System.OutOfMemoryException: Array dimensions exceeded",
                Sign::OwnLimit,
                ".NET",
            ),
            ("PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted", Sign::OwnLimit, "PHP"),
            ("MemoryError", Sign::Refused, "Python"),
            ("[FATAL] failed to allocate memory (NoMemoryError)", Sign::Refused, "Ruby"),
            ("memory allocation of 8589934592 bytes failed", Sign::Refused, "Rust"),
            ("terminate called after throwing an instance of 'std::bad_alloc'", Sign::Refused, "C++"),
            (
                "LOG:  server process (PID 315) was terminated by signal 9: Killed",
                Sign::ChildKilled,
                "PostgreSQL",
            ),
            (
                "WARNING: [pool www] child 12 exited on signal 9 (SIGKILL) after 3.1 seconds",
                Sign::ChildKilled,
                "PHP-FPM",
            ),
            (
                "failed to solve: process \"/bin/sh -c npm ci\" did not complete successfully: exit code: 137",
                Sign::Build,
                "the builder",
            ),
        ] {
            let read = read(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((read.sign, read.who), (sign, who), "{text}");
        }
        for text in [
            "",
            "memory: 12 bytes",
            "Picked up JAVA_TOOL_OPTIONS: -XX:+ExitOnOutOfMemoryError",
            "ready to accept connections",
            "Killed",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_name_before_the_output_changes_nothing_of_what_is_reported() {
        for (text, reported) in [
            ("java.lang.OutOfMemoryError: Java heap space", true),
            ("2026-05-01 ERROR java.lang.OutOfMemoryError: Java heap space", true),
            ("a handler for java.lang.OutOfMemoryError", false),
        ] {
            for name in ["", "web-1  | ", "shop-a-long-name-1                | "] {
                assert_eq!(read(&format!("{name}{text}")).unwrap().reported, reported, "{name}{text}");
            }
        }
    }

    #[test]
    fn of_json_the_string_that_says_it_is_kept() {
        for text in [
            r#"{"apiKey":"k","error":"java.lang.OutOfMemoryError: \"a\"","auth":"b"}"#,
            r#"web-1  | {"apiKey":"k","error":"java.lang.OutOfMemoryError: \"a\"","auth":"b"}"#,
            r#"2026-01-01T00:00:00Z ERROR {"apiKey": "k\\", "error": "java.lang.OutOfMemoryError: \"a\"", "auth": "b"}"#,
            r#"  "apiKey": "k", "error": "java.lang.OutOfMemoryError: \"a\"", "auth": "b""#,
        ] {
            assert_eq!(
                read(text).unwrap().said.as_deref(),
                Some("java.lang.OutOfMemoryError: \"a\""),
                "{text}"
            );
        }
        let cut = read(r#"{"apiKey":"k","error":"java.lang.OutOfMemoryError: Java"#).unwrap();
        assert_eq!(cut.said.as_deref(), Some("java.lang.OutOfMemoryError: Java"));
        assert_eq!(read("java.lang.OutOfMemoryError: Java heap space").unwrap().said, None);
    }

    #[test]
    fn names_and_sizes_are_read() {
        let found = read("web-1  | memory allocation of 1048576 bytes failed").unwrap();
        assert_eq!((found.name.output.as_deref(), found.size), (Some("web-1"), Some(ByteSize(1 << 20))));
        let found = read(
            "autoheal_1 | 19-12-2021 Container /shop-web-1 (19934500d80e) found to be unhealthy - Restarting container now with 10s timeout",
        );
        let name = found.unwrap().name;
        assert_eq!((name.name.as_deref(), name.service), (Some("shop-web-1"), None));
        assert_eq!(name.id.unwrap().text(), "19934500d80e");
        for text in [
            "msg=\"Container failed to exit within 10s of signal 15 - using the force\" container=43e21b8b51a9",
            "msg=\"Container 43e21b8b51a9 failed to exit within 10 seconds of signal 15 - using the force\"",
        ] {
            assert_eq!(read(text).unwrap().name.id.unwrap().text(), "43e21b8b51a9", "{text}");
        }
    }
}
