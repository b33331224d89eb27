//! Decides what ended a container, the strongest ground first: a line of the kernel with its ID, the engine's `oom` event,
//! `OOMKilled`, the words of its own program, and last an exit code with what is next to it.
//!
//! `OOMKilled: false` with exit code 137 is no ground for anything: the flag is cleared by a restart, and a full host does not set it
//! on cgroup v1. Neither is `OOMKilled: true` proof of the container's own limit: on cgroup v2 a full host sets it, too.

mod engine;
mod kernel;
mod open;
mod program;
mod request;

use self::engine::is_oom;
use super::shown::{self, line, stated};
use super::subject::{Subject, TooLarge, dropped_limit};
use super::{Missing, Quote, Verdict};
use crate::diagnostic::{Confidence, plural};
use crate::evidence::{Action, Killer, Sign, Usage, UserspaceKill};
use crate::source::Sources;
use crate::syntax::size::ByteSize;

/// The verdict on a container, with its grounds.
#[derive(Debug)]
pub(super) struct Ruling {
    pub(super) verdict: Verdict,
    pub(super) confidence: Confidence,
    /// The parts of the answer.
    pub(super) answer: Vec<String>,
    pub(super) evidence: Vec<Quote>,
    pub(super) against: Vec<String>,
    pub(super) missing: Vec<Missing>,
}

impl Ruling {
    fn new(verdict: Verdict, confidence: Confidence, answer: impl Into<String>) -> Self {
        let answer = vec![answer.into()];
        Self { verdict, confidence, answer, evidence: Vec::new(), against: Vec::new(), missing: Vec::new() }
    }

    fn also(mut self, part: impl Into<String>) -> Self {
        self.answer.push(part.into());
        self
    }

    fn shows(mut self, quotes: impl IntoIterator<Item = Quote>) -> Self {
        for quote in quotes {
            if !self.evidence.iter().any(|own| own.span == quote.span) {
                self.evidence.push(quote);
            }
        }
        self
    }

    fn but(mut self, against: impl Into<String>) -> Self {
        self.against.push(against.into());
        self
    }

    fn lacks(mut self, what: impl Into<String>, command: impl Into<String>) -> Self {
        self.missing.push(Missing { what: what.into(), command: command.into() });
        self
    }
}

/// A death within this time of the start came before the program could do anything.
const AT_START: f64 = 0.1;

/// The share of a limit from which memory is said to be near it.
const NEAR: f64 = 0.95;

/// The least seconds between a request to stop and the kill that make it a timeout.
const GRACE: f64 = 0.9;

/// The smallest limit that Docker takes.
const SMALLEST: ByteSize = ByteSize(6 << 20);

/// A container in the case that is being decided.
pub(super) struct Case<'c, 'e> {
    pub(super) subject: &'c Subject<'e>,
    pub(super) sources: &'c Sources,
    /// The name of the container, in backticks.
    pub(super) name: String,
}

impl Case<'_, '_> {
    /// Decides.
    pub(super) fn decide(&self) -> Ruling {
        let grounds = [
            Self::kernel,
            Self::killer,
            Self::watcher,
            Self::forced,
            Self::hung,
            Self::oom_event,
            Self::stop_sequence,
            Self::oom_killed,
            Self::stopped,
            Self::unhealthy,
            Self::too_small,
            Self::engine_died,
            Self::dropped,
            Self::shared_memory,
            Self::runtime,
            Self::near_limit,
            Self::virtual_machine,
        ];
        let ruling = grounds.iter().find_map(|ground| ground(self)).unwrap_or_else(|| self.undecided());
        self.identity(self.context(ruling))
    }

    /// Says how far it is known which container this is.
    fn identity(&self, mut ruling: Ruling) -> Ruling {
        let subject = self.subject;
        if let Some(limit) = subject.limit() {
            for TooLarge { name, largest, count } in &subject.too_large {
                ruling = ruling.but(match count {
                    1 => format!("the `{name}` that was killed had {largest}, more than the limit of {limit}: it was another one"),
                    _ => format!("{count} times a `{name}` was killed that had more than the limit of {limit}, at most {largest}: it was another one"),
                });
            }
        }
        if subject.guessed {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling.but(format!(
                "nothing names the container: maybe it is of {}, the only service of the files, whose limit or program fits",
                self.name
            ));
        }
        if !subject.may_be.is_empty() {
            ruling =
                ruling.but(format!("it may be of {}: nothing tells them apart", subject.may_be.join(" or ")));
            // Where it is inspected its labels are known.
            if subject.inspected.is_none() {
                let labels = format!("{} --format '{{{{json .Config.Labels}}}}'", self.inspect());
                ruling = ruling.lacks("which of them it is", labels);
            }
        }
        let unnamed = subject.name.shown().is_none() && subject.name.service.is_none();
        if let Some(id) = subject.name.id.as_ref().filter(|_| unnamed) {
            if !subject.guessed {
                ruling = ruling.also(format!("the evidence does not name the container {}", id.short()));
            }
            ruling = ruling.lacks("which container it is, and its limit", self.inspect());
        }
        ruling
    }

    fn exit_code(&self) -> Option<i64> {
        let inspected = self.subject.inspected.and_then(|own| own.exit_code.as_ref()).map(|code| code.value);
        let event = || self.subject.events.iter().rev().find(|event| event.action == Action::Die)?.exit_code;
        let listed = || self.subject.listed.iter().find_map(|row| row.exit_code);
        inspected.filter(|code| *code != 0).or_else(event).or_else(listed).or(inspected)
    }

    /// The exit code, as a quote of where it is written.
    fn exit_quote(&self) -> Option<Quote> {
        let inspected = self.subject.inspected.and_then(|own| own.exit_code.as_ref());
        let inspected = inspected.filter(|code| code.value != 0).map(|code| stated("ExitCode", code));
        let die = || self.subject.events.iter().rev().find(|event| event.action == Action::Die);
        let rows = || self.subject.listed.iter();
        let event = || die().filter(|die| die.exit_code.is_some()).map(|die| shown::event(die));
        let listed = || rows().find(|row| row.exit_code.is_some()).map(|row| shown::listed(row));
        // What says that it ended, but not with which code, is better than nothing.
        let ended = || {
            let row = || rows().next().map(|row| shown::listed(row));
            die().map(|die| shown::event(die)).or_else(row)
        };
        inspected.or_else(event).or_else(listed).or_else(ended)
    }

    /// The command that shows the state and the limit of the container.
    fn inspect(&self) -> String {
        format!("docker inspect {}", self.target())
    }

    /// systemd-oomd, earlyoom, or a kill by the kernel that only systemd reports.
    fn killer(&self) -> Option<Ruling> {
        let other = self.subject.others.first()?;
        let quotes = self.subject.others.iter().take(3).map(|other| line(other.span, self.sources));
        let who = other.victim.as_deref().map_or_else(|| self.name.clone(), |name| format!("`{name}`"));
        let ruling = match other.by {
            Killer::Kernel if other.container().is_none() && self.subject.name.is_empty() => {
                unit_killed(other)
            }
            Killer::Kernel => self.by_limit(&format!(
                "systemd says that the kernel's OOM killer killed a process of {}",
                self.name
            )),
            by if self.subject.name.is_empty() && other.victim.is_none() => Ruling::new(
                Verdict::NotAContainer,
                Confidence::Medium,
                format!(
                    "{} killed `{}`, which is no container",
                    by.name(),
                    other.path.as_deref().unwrap_or_default()
                ),
            ),
            by => {
                let known = other.container().is_some();
                let confidence = if known { Confidence::High } else { Confidence::Medium };
                let used = other.used.map(|used| format!(", which had {used}")).unwrap_or_default();
                Ruling::new(
                    Verdict::HostMemory,
                    confidence,
                    format!("{} killed {who}{used}, because the host was short of memory", by.name()),
                )
                .also("the kernel counts no OOM kill then, so that OOMKilled stays false")
            }
        };
        let ruling = match &other.victim {
            Some(victim) if other.container().is_none() && !self.subject.name.is_empty() => {
                ruling.but(format!(
                    "the line of {} names no container: only the name of the process, `{victim}`, ties it to {}",
                    other.by.name(),
                    self.name
                ))
            }
            _ => ruling,
        };
        Some(ruling.shows(quotes))
    }

    /// The name or ID of the container for a command. Evidence may have any text as a name: one that a shell would read is left out.
    fn target(&self) -> String {
        let name = &self.subject.name;
        let own = name.name.clone().filter(|name| is_plain(name));
        // The engine takes the first digits of an ID.
        let id = name.id.as_ref().map(|id| id.short());
        let id = id.and_then(|id| Some(id.split("...").next()?.to_owned()));
        own.or_else(|| id.filter(|id| is_plain(id))).unwrap_or_else(|| "CONTAINER".to_owned())
    }

    /// The OOM killer is off, and the container is at its limit.
    fn hung(&self) -> Option<Ruling> {
        let off = self.subject.inspected?.oom_kill_disable.as_ref().filter(|off| off.value)?;
        let limit = self.subject.limit().filter(|limit| limit.0 > 0)?;
        let usage = self.full_usage();
        let oom = self.subject.events.iter().find(|event| event.action == Action::Oom);
        if usage.is_none() && oom.is_none() {
            return None;
        }
        let ruling = Ruling::new(
            Verdict::Hung,
            Confidence::High,
            format!(
                "the OOM killer is off for {}, and its memory is at the limit of {limit}: its processes wait until memory is free",
                self.name
            ),
        );
        let quotes =
            [usage.map(|usage| shown::usage(usage, self.sources)), oom.map(|event| shown::event(event))];
        Some(ruling.shows([stated("OomKillDisable", off)]).shows(quotes.into_iter().flatten()))
    }

    /// Returns the line of `docker stats` that shows the memory at the limit.
    fn full_usage(&self) -> Option<&Usage> {
        let limit = self.subject.limit().filter(|limit| limit.0 > 0)?;
        let full = |used: ByteSize| used.0 as f64 >= limit.0 as f64 * NEAR;
        self.subject.usages.iter().find(|usage| full(usage.used)).copied()
    }

    /// A kill by the kernel whose line is missing: with a limit it is probably that, without one it can only be the host.
    fn by_limit(&self, what: &str) -> Ruling {
        let log = "dmesg -T | grep -iE 'oom|killed process'";
        match self.subject.limit() {
            Some(limit) if limit.0 > 0 => Ruling::new(
                Verdict::MemoryLimit,
                Confidence::Medium,
                format!("{what}, probably at its own limit of {limit}"),
            )
            .but("on cgroup v2 a full host sets OOMKilled and the event, too: the kernel log names the limit")
            .lacks("whether it was this limit or the host", log),
            Some(_) => Ruling::new(
                Verdict::HostMemory,
                Confidence::Medium,
                format!(
                    "{what}, and it has no memory limit: the host, or a cgroup above the container, was full"
                ),
            )
            .lacks("which of them it was, and what else was large", log),
            None => Ruling::new(
                Verdict::Undecided,
                Confidence::Medium,
                format!("{what}; whether at its own limit or because the host was full is not known"),
            )
            .lacks(
                "its limit: 0 means that it was the host",
                format!("{} --format '{{{{.HostConfig.Memory}}}}'", self.inspect()),
            )
            .lacks("whose limit it was", log),
        }
    }

    /// A limit in which not even the runtime's own process starts.
    fn too_small(&self) -> Option<Ruling> {
        let inspected = self.subject.inspected?;
        let limit = inspected.memory.as_ref().filter(|limit| limit.value > 0 && limit.value < SMALLEST.0)?;
        let failed = self.exit_code().is_some_and(|code| matches!(code, 128 | 137));
        let ruling = || {
            Ruling::new(
                Verdict::MemoryLimit,
                Confidence::Medium,
                format!(
                    "the limit of {} is too small to start anything: the runtime's own process does not fit",
                    ByteSize(limit.value)
                ),
            )
        };
        failed.then(|| ruling().shows([stated("Memory", limit)]).shows(self.exit_quote()))
    }

    /// containerd itself went away.
    fn engine_died(&self) -> Option<Ruling> {
        let inspected = self.subject.inspected?;
        let error = inspected.error.as_ref().filter(|error| error.value.contains("transport is closing"))?;
        self.exit_code().filter(|code| *code == 137)?;
        let ruling = Ruling::new(
            Verdict::HostMemory,
            Confidence::Low,
            "containerd itself ended (`transport is closing`), and all its containers with it: most often the host was out of memory",
        );
        Some(
            ruling
                .shows([stated("Error", error)])
                .shows(self.exit_quote())
                .lacks(
                    "whether the kernel killed containerd",
                    "journalctl -k | grep -iE 'oom|killed process'",
                )
                .lacks("why containerd ended", "journalctl -u containerd -u docker"),
        )
    }

    /// The limit that is written down does not hold.
    fn dropped(&self) -> Option<Ruling> {
        let inspected = self.subject.inspected?;
        let memory = inspected.memory.as_ref().filter(|memory| memory.value == 0)?;
        let written = self.subject.written_limit().filter(|limit| limit.0 > 0);
        if dropped_limit(inspected) {
            let swap = inspected.memory_swap.as_ref()?;
            let limit = written.map_or_else(|| "a limit".to_owned(), |limit| format!("the limit of {limit}"));
            let ruling = Ruling::new(
                Verdict::LimitNotApplied,
                Confidence::High,
                format!(
                    "the engine discarded {limit}, because the kernel has no memory cgroup: Memory is 0, and MemorySwap -1"
                ),
            );
            return Some(ruling.shows([stated("Memory", memory), stated("MemorySwap", swap)]).lacks(
                "that the host does not account memory",
                "docker info 2>&1 | grep -i 'memory limit'",
            ));
        }
        let written = written?;
        let ruling = Ruling::new(
            Verdict::LimitNotApplied,
            Confidence::Medium,
            format!(
                "the files set a limit of {written} for {}, and the container has none: it was created before the limit was written, or by another client",
                self.name
            ),
        );
        let ruling = ruling.shows([stated("Memory", memory)]).shows(self.exit_quote());
        let service = self.subject.workload.map(|own| own.name.as_str()).filter(|name| is_plain(name));
        let service = service.map(|name| format!(" {name}")).unwrap_or_default();
        let command = format!("docker compose config{service} | grep -E 'memory|mem_limit'");
        Some(ruling.lacks("which limit Compose sees", command))
    }

    /// Exit code 137 without a request to stop, and memory near the limit.
    fn near_limit(&self) -> Option<Ruling> {
        self.exit_code().filter(|code| *code == 137)?;
        let usage = self.full_usage()?;
        let limit = self.subject.limit()?;
        let ruling = Ruling::new(
            Verdict::MemoryLimit,
            Confidence::Low,
            format!(
                "{} ended with 137, and its memory was near its limit of {limit}: most likely the kernel killed it there",
                self.name
            ),
        );
        Some(
            ruling
                .shows([shown::usage(usage, self.sources)])
                .shows(self.exit_quote())
                .but("nothing says that the kernel killed it")
                .lacks("that it was the kernel", "dmesg -T | grep -iE 'oom|killed process'"),
        )
    }

    /// 137 in a virtual machine of Docker Desktop, which tells itself by its clock: its times have microseconds.
    fn virtual_machine(&self) -> Option<Ruling> {
        let inspected = self.subject.inspected?;
        self.exit_code().filter(|code| *code == 137)?;
        inspected.oom_killed.as_ref().filter(|killed| !killed.value)?;
        let unlimited = inspected.memory.as_ref().is_some_and(|memory| memory.value == 0);
        let coarse = |time: &Option<String>| {
            let digits = time.as_deref()?.split_once('.')?.1.bytes().take_while(u8::is_ascii_digit).count();
            Some(matches!(digits, 6 | 7))
        };
        let desktop = coarse(&inspected.started) == Some(true) && coarse(&inspected.finished) == Some(true);
        if !unlimited || !desktop || !self.subject.events.is_empty() || !self.subject.logs.is_empty() {
            return None;
        }
        let ruling = Ruling::new(
            Verdict::HostMemory,
            Confidence::Low,
            format!(
                "{} ended with 137, it has no limit, and StartedAt and FinishedAt have microseconds, as under Docker Desktop: most likely the virtual machine was out of memory",
                self.name
            ),
        );
        Some(
            ruling
                .shows(self.exit_quote())
                .shows(inspected.oom_killed.as_ref().map(|killed| stated("OOMKilled", killed)))
                .but("OOMKilled is false; with cgroup v1, as in older versions of Docker Desktop, it is for a full machine, too")
                .but("`docker stop` and `docker kill` end with 137, too")
                .lacks("the kernel log of the virtual machine", "docker run --rm --privileged --pid=host alpine dmesg -T")
                .lacks("the memory of the virtual machine", "docker info --format '{{.MemTotal}}'"),
        )
    }

    /// Adds what holds in addition to every verdict: that the container runs on, that it restarts, that `OOMKilled` says otherwise.
    fn context(&self, mut ruling: Ruling) -> Ruling {
        let inspected = self.subject.inspected;
        let killed =
            matches!(ruling.verdict, Verdict::MemoryLimit | Verdict::HostMemory | Verdict::ParentLimit);
        let by_kernel = killed && !self.subject.kills.is_empty();
        if let Some(own) = inspected {
            let running = own.running == Some(true)
                && own.status.as_ref().is_none_or(|status| status.value == "running");
            let restarts = own.restarts.as_ref().map_or(0, |count| count.value);
            // A start clears the flag: where it is set, nothing has restarted since.
            let flagged = own.oom_killed.as_ref().is_some_and(|flag| flag.value);
            if killed && running && (flagged || restarts == 0) {
                ruling = ruling
                    .also("the container still runs: not its first process was killed, but another one");
            }
            if killed && restarts > 0 {
                ruling =
                    ruling.also(format!("its restart policy has restarted it {}", plural(restarts, "time")));
            }
            if let Some(flag) = own.oom_killed.as_ref().filter(|flag| by_kernel && !flag.value) {
                ruling = ruling.shows([stated("OOMKilled", flag)]).but("OOMKilled is false; that is no proof: a restart clears it, and a full host does not set it on cgroup v1");
            }
            if by_kernel {
                let flag =
                    own.oom_killed.as_ref().filter(|flag| flag.value).map(|flag| stated("OOMKilled", flag));
                ruling = ruling.shows(flag).shows(self.exit_quote());
            }
        }
        if by_kernel {
            let events = &self.subject.events;
            let at = events.iter().rposition(|event| is_oom(event)).unwrap_or(0);
            let after = events.get(at..).unwrap_or_default();
            let oom = after.first().filter(|event| is_oom(event));
            let die = after.iter().find(|event| event.action == Action::Die);
            ruling = ruling.shows(oom.into_iter().chain(die).map(|event| shown::event(event)));
        }
        if killed {
            // What the program says about it: which of its processes it was, or that its own memory was full before.
            let tells = |log: &&&crate::evidence::LogLine| {
                log.reported
                    && matches!(
                        log.sign,
                        Sign::ChildKilled
                            | Sign::OwnLimit
                            | Sign::Metaspace
                            | Sign::DirectMemory
                            | Sign::Refused
                            | Sign::NoThread
                    )
            };
            for log in self.subject.logs.iter().filter(tells).take(2) {
                ruling = ruling.shows([shown::log(log, self.sources)]);
                let said = format!("{} says that {}", log.who, log.what);
                if !by_kernel && !ruling.answer.contains(&said) {
                    ruling = ruling.also(said);
                }
            }
        }
        ruling
    }
}

/// A kill by the kernel in a unit of systemd that is no container. One that other units are below may have containers, too.
fn unit_killed(other: &UserspaceKill) -> Ruling {
    let unit = other.unit().unwrap_or_default();
    let holds = unit.ends_with(".slice") || unit.starts_with("user@");
    let said = format!("systemd says that the kernel's OOM killer killed a process of `{unit}`");
    let ruling = match holds {
        true => {
            Ruling::new(Verdict::Undecided, Confidence::Medium, format!("{said}, which may have containers"))
        }
        false => Ruling::new(
            Verdict::NotAContainer,
            Confidence::Medium,
            format!("{said}, which is not the name of a container"),
        )
        .but("a unit that Podman makes of a `.container` file runs a container"),
    };
    let shown = if is_plain(unit) { unit } else { "UNIT" };
    ruling
        .lacks("its limit, and what it runs", format!("systemctl status {shown}"))
        .lacks("which process it was, and whose limit", "dmesg -T | grep -iE 'oom|killed process'")
}

/// True if a shell reads it as one word and nothing else, as it does names of containers and units.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.chars().all(plain)
}
