//! Reads what programs log that kill before the kernel does (systemd-oomd, earlyoom), and what systemd says about kills by the kernel.

use super::cgroup::{ContainerId, container_of};
use super::prefix::Message;
use crate::source::Span;
use crate::syntax::size::ByteSize;

/// A kill by a program, or one by the kernel that only systemd reports.
#[derive(Clone, Debug, PartialEq)]
pub struct UserspaceKill {
    /// Who killed.
    pub by: Killer,
    /// The cgroup or unit that was killed.
    pub path: Option<String>,
    /// The name of the process, where one is named.
    pub victim: Option<String>,
    /// The memory that it had.
    pub used: Option<ByteSize>,
    /// The line.
    pub span: Span,
}

/// Who killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Killer {
    /// systemd-oomd, for the memory pressure of a slice.
    SystemdOomd,
    /// earlyoom or nohang, for the free memory of the host.
    Earlyoom,
    /// The kernel: systemd says so of the unit, and not at whose limit.
    Kernel,
}

impl Killer {
    /// Returns the name for reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SystemdOomd => "systemd-oomd",
            Self::Earlyoom => "earlyoom",
            Self::Kernel => "the kernel",
        }
    }
}

impl UserspaceKill {
    /// Returns the container that was killed, if its path names one.
    #[must_use]
    pub fn container(&self) -> Option<ContainerId> {
        container_of(self.path.as_deref()?)
    }

    /// Returns the unit that was killed, if its path names no container: its last part.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        let path = self.path.as_deref().filter(|_| self.container().is_none())?;
        path.rsplit('/').find(|part| !part.is_empty())
    }
}

/// Reads lines one after another: systemd-oomd names the slice, and systemd a line later the scope that ended.
#[derive(Debug, Default)]
pub(super) struct Killers {
    pub(super) kills: Vec<UserspaceKill>,
    /// The place of the line of systemd-oomd in `kills`, until its victim is known.
    pending: Option<usize>,
    /// The lines since then.
    since: usize,
    /// The kills that are not kept.
    pub(super) missing: usize,
}

/// The most kills that are kept.
const MAX_KILLS: usize = 10_000;

/// How many lines after that of systemd-oomd the end of its victim is looked for.
const NEAR: usize = 12;

impl Killers {
    /// Reads one message. Returns true if it reports a kill.
    pub(super) fn line(&mut self, message: Message<'_>, span: Span) -> bool {
        let text = message.text;
        let by_oomd = message.program == Some("systemd-oomd") || text.contains("systemd-oomd");
        self.since += 1;
        if by_oomd && text.contains("Killed /") {
            let path = word_from(text, text.find("Killed /").map_or(0, |at| at + "Killed ".len()));
            return self.add(Killer::SystemdOomd, Some(path), span);
        }
        if by_oomd && text.contains("Memory pressure for ") && text.contains("greater than") {
            let at = text.find("Memory pressure for ").map_or(0, |at| at + "Memory pressure for ".len());
            let before = self.kills.len();
            self.add(Killer::SystemdOomd, Some(word_from(text, at)), span);
            self.pending = (self.kills.len() > before).then_some(before);
            self.since = 0;
            return true;
        }
        if text.contains("killed by the OOM killer") || text.contains("Failed with result 'oom-kill'") {
            let unit = text.split(": ").find(|part| is_unit(part)).map(str::trim);
            return unit.is_some_and(|unit| self.add(Killer::Kernel, Some(unit.to_owned()), span));
        }
        if let Some(at) = self.pending.filter(|_| self.since <= NEAR)
            && let Some(scope) = text.split(": ").next().filter(|unit| unit.ends_with(".scope"))
            && container_of(scope).is_some()
            && let Some(kill) = self.kills.get_mut(at)
        {
            // The scope ended right after systemd-oomd mentioned a slice above it.
            kill.path = Some(scope.to_owned());
            self.pending = None;
            return true;
        }
        self.earlyoom(message, span)
    }

    fn earlyoom(&mut self, message: Message<'_>, span: Span) -> bool {
        let text = message.text;
        let Some((_, rest)) = text.split_once("sending SIG") else { return false };
        if !rest.starts_with("KILL to process ") && !rest.starts_with("TERM to process ") {
            return false;
        }
        let victim = rest.split('"').nth(1).map(str::to_owned);
        let used = rest.split_once("VmRSS ").and_then(|(_, size)| {
            let number: i64 = size.split_whitespace().next()?.parse().ok()?;
            Some(ByteSize(number.checked_mul(1 << 20)?))
        });
        if victim.is_none() && message.program != Some("earlyoom") {
            return false;
        }
        let before = self.kills.len();
        self.add(Killer::Earlyoom, None, span);
        if let Some(kill) = self.kills.get_mut(before) {
            kill.victim = victim;
            kill.used = used;
        }
        true
    }

    fn add(&mut self, by: Killer, path: Option<String>, span: Span) -> bool {
        if self.kills.len() < MAX_KILLS {
            self.kills.push(UserspaceKill { by, path, victim: None, used: None, span });
        } else {
            self.missing += 1;
        }
        true
    }
}

fn is_unit(text: &str) -> bool {
    let text = text.trim();
    !text.contains(' ') && [".scope", ".service", ".slice"].iter().any(|ending| text.ends_with(ending))
}

fn word_from(text: &str, at: usize) -> String {
    text.get(at..).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default().to_owned()
}
