//! Evidence of a container's death, read from text: kernel logs, `docker events`, lists and statistics of containers, logs of
//! programs, `docker inspect`.
//!
//! [`Evidence::read`] takes any text and keeps what it knows, each with the lines it came from. Files mix all forms: an issue with
//! prompts, parts of JSON and kernel lines between prose. What contradicts what is decided later, in `postmortem`.

mod cgroup;
mod events;
mod inspected;
mod json;
mod kernel;
mod killers;
mod listed;
mod logs;
mod name;
mod prefix;
mod signs;
mod spoken;
mod template;
mod usage;
mod wrapped;

pub use cgroup::{ContainerId, container_of, is_below, outer_container};
pub use events::{Action, Event};
pub use inspected::Inspected;
pub use kernel::{Full, KernelKill, Stats};
pub use killers::{Killer, UserspaceKill};
pub use listed::Listed;
pub use logs::LogLine;
pub use name::{Name, before_service, is_of_service};
pub use signs::Sign;
pub use usage::Usage;

use std::borrow::Cow;
use std::ops::Range;

use serde_json::Value;

use crate::model::container;
use crate::source::{Source, Span, head};
use crate::syntax::size::ByteSize;

/// The most pieces of each kind that are kept.
pub const MAX_PIECES: usize = 50_000;

/// The most bytes of a line that are looked at: longer ones are data, not messages.
const MAX_LINE: usize = 32 * 1024;

/// Keys that only `docker inspect` prints.
const INSPECTED: [&str; 8] = [
    "OOMKilled",
    "HostConfig",
    "MemorySwap",
    "RestartCount",
    "FailingStreak",
    "RestartPolicy",
    "OomKillDisable",
    "ExitCode",
];

/// The forms that are understood, for help texts.
pub const FORMS: &str = "docker inspect, docker events, docker ps -a, docker compose ps -a, docker stats, docker logs, dmesg, \
                         journalctl (also -o json)";

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Evidence {
    /// Runs of the kernel's OOM killer.
    pub kernel: Vec<KernelKill>,
    /// Kills by programs, and those that only systemd reports.
    pub others: Vec<UserspaceKill>,
    /// Events of the engine.
    pub events: Vec<Event>,
    /// Rows of `docker ps`.
    pub listed: Vec<Listed>,
    /// Rows of `docker stats`.
    pub usages: Vec<Usage>,
    /// Telling lines of logs.
    pub logs: Vec<LogLine>,
    /// Output of `docker inspect`.
    pub inspected: Vec<Inspected>,
    /// Kills that are known to be missing, in the log or of those that are kept.
    pub missing_kills: usize,
    /// Events, rows, lines of logs and containers that were recognized and not kept.
    pub left_out: usize,
}

impl Evidence {
    /// True if nothing was recognized.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let lists =
            [self.kernel.len(), self.others.len(), self.events.len(), self.listed.len(), self.usages.len()];
        lists.iter().sum::<usize>() + self.logs.len() + self.inspected.len() == 0
    }

    /// The memory of the host, if the kernel has logged it.
    #[must_use]
    pub fn host_memory(&self) -> Option<ByteSize> {
        self.kernel.iter().rev().filter(|kill| kill.full == Some(Full::Host)).find_map(|kill| kill.host)
    }

    /// Adds what a file has.
    pub fn read(&mut self, source: &Source) {
        let text = source.text();
        let mut reader = Reader {
            evidence: self,
            source,
            reports: kernel::OomReports::default(),
            killers: killers::Killers::default(),
            tables: listed::Tables::default(),
            templates: template::Templates::default(),
            wrapped: wrapped::Wrapped::of(text),
        };
        json::pieces(text, |piece| match piece {
            json::Piece::Object(value, range) => {
                reader.held();
                reader.object(&value, range);
            }
            json::Piece::Line(range) => {
                let line = text.get(range.clone()).unwrap_or_default();
                reader.joined(line, Span::new(source.id(), range.start, range.end));
            }
        });
        reader.finish();
    }
}

/// Reads one file, with what its lines have in common.
struct Reader<'r> {
    evidence: &'r mut Evidence,
    source: &'r Source,
    reports: kernel::OomReports,
    killers: killers::Killers,
    tables: listed::Tables,
    templates: template::Templates,
    wrapped: wrapped::Wrapped,
}

impl Reader<'_> {
    /// Reads a line as it is in the file: with those that a terminal wrapped it into.
    fn joined(&mut self, line: &str, span: Span) {
        if self.wrapped.is_off() {
            return self.line(line, span);
        }
        for (line, span) in self.wrapped.line(line, span).into_iter().flatten() {
            self.line(&line, span);
        }
    }

    /// Reads the line that might have gone on.
    fn held(&mut self) {
        if let Some((line, span)) = self.wrapped.finish() {
            self.line(&line, span);
        }
    }

    fn object(&mut self, value: &Value, range: Range<usize>) {
        let text = self.source.text();
        let span = Span::new(self.source.id(), range.start, range.end);
        if let Some(message) = value.get("MESSAGE").and_then(journal_message) {
            // `journalctl -o json`, or a program's own log in JSON.
            let name =
                ["SYSLOG_IDENTIFIER", "_COMM", "_TRANSPORT"].iter().find_map(|key| value.get(*key)?.as_str());
            for line in message.lines() {
                self.message(prefix::Message { program: name, text: prefix::strip(line).text }, line, span);
            }
        } else if let Some(log) =
            value.get("log").and_then(Value::as_str).filter(|_| value.get("stream").is_some())
        {
            // A file of the json-file log driver.
            log.lines().for_each(|line| self.line(line, span));
        } else if let Some(event) = events::of_json(value, span) {
            push(&mut self.evidence.events, event, &mut self.evidence.left_out);
        } else if let Some(listed) = listed::of_json(value, span) {
            push(&mut self.evidence.listed, listed, &mut self.evidence.left_out);
        } else if let Some(usage) = usage::of_json(value, span) {
            push(&mut self.evidence.usages, usage, &mut self.evidence.left_out);
        } else if !INSPECTED.iter().any(|key| value.get(*key).is_some()) {
            // What is inspected has variables and labels: only its own reader looks at it.
            self.unknown(text, range);
        }
    }

    /// Looks for telling lines in an object of another form: a program's log in JSON, a task of Swarm.
    fn unknown(&mut self, text: &str, range: Range<usize>) {
        let mut at = range.start;
        for line in text.get(range).unwrap_or_default().split('\n') {
            let span = Span::new(self.source.id(), at, at + line.trim_end().len());
            at += line.len() + 1;
            if let Some(log) = logs::line(line, span) {
                push(&mut self.evidence.logs, log, &mut self.evidence.left_out);
            }
        }
    }

    fn line(&mut self, line: &str, span: Span) {
        let clean = crate::stats::without_escapes(head(line, MAX_LINE));
        let line: &str = &clean;
        if line.trim().is_empty() {
            return;
        }
        if let Some(listed) = self.tables.line(line, span) {
            push(&mut self.evidence.listed, listed, &mut self.evidence.left_out);
        } else if let Some(usage) = usage::of_text(line, span) {
            push(&mut self.evidence.usages, usage, &mut self.evidence.left_out);
        } else if let Some(event) = events::of_text(line.trim(), span) {
            push(&mut self.evidence.events, event, &mut self.evidence.left_out);
        } else {
            self.message(prefix::strip(line), line, span);
        }
    }

    /// Reads a message of a log; `line` is all of it.
    fn message(&mut self, message: prefix::Message<'_>, line: &str, span: Span) {
        let by_kernel = self.reports.line(message.text, span);
        if self.killers.line(message, span) || by_kernel {
            return;
        }
        if let Some(event) = events::of_text(message.text, span) {
            push(&mut self.evidence.events, event, &mut self.evidence.left_out);
        } else if let Some(log) = logs::line(line, span) {
            push(&mut self.evidence.logs, log, &mut self.evidence.left_out);
        } else if let Some(listed) = listed::of_exit(message.text, span) {
            push(&mut self.evidence.listed, listed, &mut self.evidence.left_out);
        } else {
            self.templates.line(message.text, span);
        }
    }

    fn finish(mut self) {
        self.held();
        self.evidence.kernel.extend(self.reports.finish());
        self.evidence.missing_kills = self.evidence.missing_kills.saturating_add(self.reports.missing);
        self.evidence.missing_kills = self.evidence.missing_kills.saturating_add(self.killers.missing);
        self.evidence.others.append(&mut self.killers.kills);
        let text = self.source.text();
        // What a template prints is read as parts of an object, too: its own reader knows more of it.
        let (templates, left_out) = self.templates.finish();
        self.evidence.left_out = self.evidence.left_out.saturating_add(left_out);
        if INSPECTED.iter().any(|key| text.contains(key)) {
            for container in container::read(self.source.id(), text).containers {
                let inspected = Inspected::of(&container);
                if inspected.tells() && (templates.is_empty() || !inspected.name.is_empty()) {
                    push(&mut self.evidence.inspected, inspected, &mut self.evidence.left_out);
                }
            }
        }
        for inspected in templates {
            push(&mut self.evidence.inspected, inspected, &mut self.evidence.left_out);
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: T, left_out: &mut usize) {
    if list.len() < MAX_PIECES {
        list.push(item);
    } else {
        *left_out = left_out.saturating_add(1);
    }
}

/// Returns the message of a journal record: text, or bytes where it is not UTF-8.
pub(crate) fn journal_message(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Array(bytes) => {
            let bytes: Vec<u8> = bytes.iter().filter_map(|byte| u8::try_from(byte.as_u64()?).ok()).collect();
            Some(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
        }
        _ => None,
    }
}
