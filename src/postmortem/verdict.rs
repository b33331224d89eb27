//! Decides what ended a container, the strongest ground first: a line of the kernel with its ID, the engine's `oom` event,
//! `OOMKilled`, the words of its own program, and last an exit code with what stands beside it.
//!
//! `OOMKilled: false` with exit code 137 is no ground for anything: the flag is cleared by a restart, and a full host does not set it
//! on cgroup v1. Neither is `OOMKilled: true` proof of the container's own limit: on cgroup v2 a full host sets it, too.

use super::shown::{self, line};
use super::subject::{Kill, Subject, dropped_limit};
use super::{Missing, Quote, Verdict};
use crate::diagnostic::Confidence;
use crate::evidence::{Action, Full, KernelKill, Killer, Sign, container_of, is_below, outer_container};
use crate::source::Sources;
use crate::syntax::size::ByteSize;

/// What was decided, and on what grounds.
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
    /// What the container is called, in backticks.
    pub(super) name: String,
}

impl Case<'_, '_> {
    /// Decides.
    pub(super) fn decide(&self) -> Ruling {
        let grounds = [
            Self::kernel,
            Self::killer,
            Self::watcher,
            Self::hung,
            Self::oom_event,
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
        self.context(ruling)
    }

    fn exit_code(&self) -> Option<i64> {
        let described = self.subject.described.and_then(|own| own.exit_code.as_ref()).map(|code| code.value);
        let event = || self.subject.events.iter().rev().find(|event| event.action == Action::Die)?.exit_code;
        let listed = || self.subject.listed.iter().find_map(|row| row.exit_code);
        described.filter(|code| *code != 0).or_else(event).or_else(listed).or(described)
    }

    /// The exit code, as a quote of where it is written.
    fn exit_quote(&self) -> Option<Quote> {
        let described = self.subject.described.and_then(|own| own.exit_code.as_ref());
        let described = described.filter(|code| code.value != 0).map(|code| line(code.span, self.sources));
        let event = || {
            let die = self.subject.events.iter().rev().find(|event| event.action == Action::Die)?;
            Some(shown::event(die))
        };
        let listed = || Some(line(self.subject.listed.first()?.span, self.sources));
        described.or_else(event).or_else(listed)
    }

    /// The command that shows the state and the limit of the container.
    fn inspect(&self) -> String {
        let name = self.subject.name.name.clone();
        let name = name
            .or_else(|| self.subject.name.id.as_ref().map(|id| id.text()))
            .unwrap_or_else(|| "CONTAINER".to_owned());
        format!("docker inspect {name}")
    }

    fn kernel(&self) -> Option<Ruling> {
        let kills = &self.subject.kills;
        // Of kills for different reasons, the one with the most lines of its reason, else the last.
        let last = kills.last()?;
        let of = |full| kills.iter().filter(|kill| kill.kill.full == full).count();
        let best =
            kills.iter().max_by_key(|kill| (kill.kill.full.is_some(), of(kill.kill.full))).unwrap_or(last);
        let kill = best.kill;
        let who = victim(kill);
        let sure = if best.by_process { Confidence::Medium } else { Confidence::High };
        let count = kills.iter().filter(|own| own.kill.full == kill.full).count();
        let mut ruling = match kill.full {
            Some(Full::Cgroup) => self.at_limit(kill, &who, sure),
            Some(Full::Host | Full::Node) => self.host(kill, &who, sure),
            None => return None,
        };
        if count > 1 {
            ruling = ruling.also(format!("it happened {count} times in this log"));
        }
        if best.by_process {
            ruling = ruling.but(format!(
                "the kernel's lines name no container: only the process {who} ties them to {}",
                self.name
            ));
        }
        let quotes: Vec<Quote> = kills
            .iter()
            .filter(|own| own.kill.full == kill.full)
            .take(3)
            .flat_map(|own| shown::kill(own.kill, self.sources))
            .collect();
        Some(ruling.shows(quotes))
    }

    /// A kill at the limit of a cgroup: the container's, one above it, or one outside of any container.
    fn at_limit(&self, kill: &KernelKill, who: &str, sure: Confidence) -> Ruling {
        let task = kill.path().unwrap_or_default();
        let limit_path = kill.limit_path.as_deref().unwrap_or(task);
        let known = kill.path().is_some_and(|path| !path.contains("..")) && limit_path.starts_with('/');
        let in_container = self.subject.name.id.is_some() || container_of(task).is_some();
        if known && !in_container {
            let place = format!(
                "the kernel killed {who} at the memory limit of the cgroup `{limit_path}`, which is no container"
            );
            return Ruling::new(Verdict::NotAContainer, sure, place).lacks(
                "whose limit it is",
                format!("systemctl status {}", limit_path.rsplit('/').next().unwrap_or_default()),
            );
        }
        let above = kill.limit_path.is_some()
            && container_of(limit_path) != container_of(task)
            && (is_below(task, limit_path) || container_of(limit_path).is_none());
        let used = kill.used().map(|used| format!(", which had {used}")).unwrap_or_default();
        if above && kill.task_path.is_some() {
            return Ruling::new(
                Verdict::ParentLimit,
                sure,
                format!("the kernel killed {who}{used} in {} at the memory limit of `{}`, a cgroup above the container", self.name, short_path(limit_path)),
            )
            .also("the container's own limit was not reached");
        }
        let limit =
            kill.usage.map(|(_, limit)| limit).or_else(|| self.subject.limit()).filter(|limit| limit.0 > 0);
        let of = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
        let mut ruling = Ruling::new(
            Verdict::MemoryLimit,
            sure,
            format!("the kernel killed {who}{used} in {} at its own memory limit{of}", self.name),
        );
        let total = kill.stats;
        if let Some((swap, _)) = kill.swap_usage.filter(|(used, limit)| used.0 >= limit.0 && limit.0 > 0) {
            ruling = ruling.also(format!(
                "memory and swap together were at their limit of {swap}: it was slow before it was killed"
            ));
        }
        let shmem =
            total.shmem.or(kill.shmem).filter(|shmem| shmem.0 > limit.map_or(i64::MAX, |limit| limit.0 / 4));
        if let Some(shmem) = shmem {
            ruling = ruling
                .also(format!("{shmem} of that were files on tmpfs and shared memory, which count, too"));
        }
        if let Some((used, limit)) = kill.used().zip(limit).filter(|(used, limit)| used.0 < limit.0 / 4) {
            if shmem.is_none() {
                ruling = ruling.also(format!("the process had only {used} of {limit}: the rest was that of other processes, of files or of the kernel"));
            }
        }
        if self.subject.kills.len() > 20 {
            ruling = ruling.also("so many small processes are a fork bomb or a pool without a limit: a limit of processes ends it earlier");
        }
        if let Some(outer) = outer_container(task) {
            ruling = ruling.also(format!("it runs inside the container {}", outer.short()));
        }
        if !in_container && kill.path().is_none() {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling
                .lacks("which container it was", "docker inspect $(docker ps -aq) | oomlint why - dmesg.txt");
        }
        if kill.victim.is_none() {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling.lacks(
                "which process was killed: the log ends before it",
                "journalctl -k | grep -A60 invoked",
            );
        }
        ruling
    }

    /// A kill because the host was full.
    fn host(&self, kill: &KernelKill, who: &str, sure: Confidence) -> Ruling {
        let used = kill.used().map(|used| format!(", which had {used}")).unwrap_or_default();
        let path = kill.task_path.as_deref();
        let outside = path.is_some_and(|path| container_of(path).is_none() && !path.contains(".."))
            && self.subject.name.is_empty();
        let what = if kill.full == Some(Full::Node) { "a memory node of the host" } else { "the host" };
        let size = kill.host.map(|size| format!(" ({size})")).unwrap_or_default();
        if outside {
            return Ruling::new(
                Verdict::NotAContainer,
                sure,
                format!(
                    "{what}{size} was out of memory, and the kernel killed {who}{used} in `{}`, which is no container",
                    short_path(path.unwrap_or_default())
                ),
            );
        }
        let place = if self.subject.name.is_empty() { String::new() } else { format!(" of {}", self.name) };
        let mut ruling = Ruling::new(
            Verdict::HostMemory,
            sure,
            format!(
                "{what}{size} was out of memory, and the kernel killed {who}{used}{place}: no limit of the container was reached"
            ),
        );
        if kill.victim.is_none() {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling.lacks(
                "which process was killed: the log ends before it",
                "journalctl -k | grep -A60 invoked",
            );
        }
        match self.subject.limit() {
            Some(limit) if limit.0 > 0 => {
                ruling = ruling.also(format!("its limit of {limit} is more than the host had left"));
            }
            Some(_) => ruling = ruling.also("it has no memory limit"),
            None => {}
        }
        let used = kill.used();
        let other = kill.largest.as_ref().filter(|(name, size)| {
            kill.victim.as_deref() != Some(name) && used.is_none_or(|used| used.0 < size.0)
        });
        if let Some((name, size)) = other {
            ruling = ruling.also(format!("the largest process of the table was `{name}` with {size}"));
        }
        if let Some(used) = used.filter(|used| used.0 < 100 << 20) {
            let score =
                kill.score_adj.filter(|score| *score > 0).map(|score| format!(" (oom_score_adj {score})"));
            ruling = ruling.also(format!(
                "the process had only {used}{}: it was chosen, but it is not what filled the host",
                score.unwrap_or_default()
            ));
        }
        ruling
    }

    /// systemd-oomd, earlyoom, or a kill by the kernel that only systemd reports.
    fn killer(&self) -> Option<Ruling> {
        let other = self.subject.others.first()?;
        let quotes = self.subject.others.iter().take(3).map(|other| line(other.span, self.sources));
        let who =
            other.victim.as_deref().map(|name| format!("`{name}`")).unwrap_or_else(|| self.name.clone());
        let ruling = match other.by {
            Killer::Kernel => self.by_limit(&format!(
                "systemd says that the kernel's OOM killer killed a process of {}",
                self.name
            )),
            by if self.subject.name.is_empty() && other.victim.is_none() => Ruling::new(
                Verdict::NotAContainer,
                Confidence::Medium,
                format!(
                    "{} acted on `{}`, which is no container",
                    by.name(),
                    other.path.as_deref().unwrap_or_default()
                ),
            ),
            by => {
                let confidence =
                    if self.subject.name.is_empty() { Confidence::Medium } else { Confidence::High };
                let used = other.used.map(|used| format!(", which had {used}")).unwrap_or_default();
                Ruling::new(
                    Verdict::HostMemory,
                    confidence,
                    format!("{} killed {who}{used}, because the host was short of memory", by.name()),
                )
                .also("the kernel counts no OOM kill then, so that OOMKilled stays false")
            }
        };
        Some(ruling.shows(quotes))
    }

    /// Autoheal and Swarm say themselves why they ended a container.
    fn watcher(&self) -> Option<Ruling> {
        let log = self.subject.logs.iter().find(|log| log.sign == Sign::Unhealthy)?;
        let ruling = Ruling::new(
            Verdict::Healthcheck,
            Confidence::High,
            format!("{} ended {}: {}", log.who, self.name, log.what),
        );
        let ruling = ruling.also("a slow probe may be the first sign of a container at its memory limit");
        Some(
            ruling
                .shows([line(log.span, self.sources)])
                .lacks("whether it was at its limit", format!("docker stats --no-stream {}", self.target())),
        )
    }

    fn target(&self) -> String {
        let name = &self.subject.name;
        name.name.clone().or_else(|| name.id.as_ref().map(|id| id.short())).unwrap_or_default()
    }

    /// The OOM killer is off, and the container is at its limit.
    fn hung(&self) -> Option<Ruling> {
        let off = self.subject.described?.oom_kill_disable.as_ref().filter(|off| off.value)?;
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
        let quotes = [usage.map(|usage| line(usage, self.sources)), oom.map(|event| shown::event(event))];
        Some(ruling.shows([line(off.span, self.sources)]).shows(quotes.into_iter().flatten()))
    }

    /// Returns the line of `docker stats` that shows the memory at the limit.
    fn full_usage(&self) -> Option<crate::source::Span> {
        let limit = self.subject.limit().filter(|limit| limit.0 > 0)?;
        let full = |used: ByteSize| used.0 as f64 >= limit.0 as f64 * NEAR;
        self.subject.usages.iter().find(|usage| full(usage.used)).map(|usage| usage.span)
    }

    /// The engine's event `oom`, or Podman's `died` with OOMKilled.
    fn oom_event(&self) -> Option<Ruling> {
        let events = &self.subject.events;
        let oom =
            events.iter().find(|event| event.action == Action::Oom || event.oom_killed == Some(true))?;
        let ruling =
            self.by_limit(&format!("the engine reports that the kernel's OOM killer ran in {}", self.name));
        let die = events.iter().find(|event| event.action == Action::Die);
        let kill = events.iter().find(|event| event.action == Action::Kill(Some(9)));
        let mut ruling = ruling.shows([shown::event(oom)]).shows(die.map(|event| shown::event(event)));
        if let Some(kill) = kill {
            ruling = ruling.but(format!("signal 9 was also sent on request: {}", shown::event(kill).text));
        }
        if die.is_none() && self.exit_code().is_none() {
            ruling = ruling.also("a process in it was killed; nothing says that the container ended");
        }
        Some(ruling)
    }

    /// `OOMKilled: true`.
    fn oom_killed(&self) -> Option<Ruling> {
        let killed = self.subject.described?.oom_killed.as_ref().filter(|killed| killed.value)?;
        let ruling = self.by_limit(&format!(
            "OOMKilled is true: the kernel's OOM killer ran in {} since its last start",
            self.name
        ));
        Some(ruling.shows([line(killed.span, self.sources)]).shows(self.exit_quote()))
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

    /// Signals that the engine sent on request: SIGTERM, and SIGKILL after the grace period.
    fn stopped(&self) -> Option<Ruling> {
        let events = &self.subject.events;
        let die = events.iter().rposition(|event| event.action == Action::Die)?;
        let before = events.get(..die)?;
        let since = before.iter().rposition(|event| event.action == Action::Start).map_or(0, |at| at + 1);
        let before = before.get(since..)?;
        let after = events.get(die + 1..).unwrap_or_default();
        let signal = |number| before.iter().find(|event| event.action == Action::Kill(Some(number)));
        let any = before.iter().find(|event| matches!(event.action, Action::Kill(_)));
        let asked =
            after.iter().chain(before).find(|event| matches!(event.action, Action::Stop | Action::Restart));
        let unhealthy = before.iter().find(|event| event.action == Action::Unhealthy);
        let end = events.get(die)?;
        let quotes = |ruling: Ruling, list: &[Option<&&crate::evidence::Event>]| {
            ruling.shows(list.iter().flatten().map(|event| shown::event(event)))
        };
        if let Some(unhealthy) = unhealthy.filter(|_| any.is_some()) {
            let ruling = Ruling::new(
                Verdict::Healthcheck,
                if asked.is_some() { Confidence::High } else { Confidence::Medium },
                format!("{} became unhealthy and was then stopped by whoever watches that: autoheal, Swarm, a script", self.name),
            )
            .also("the exit code is that of the stop, not of the kernel");
            return Some(quotes(ruling, &[Some(unhealthy), any, signal(9), Some(end), asked]));
        }
        let (term, kill) = (signal(15), signal(9));
        if let (Some(term), Some(kill)) = (term, kill) {
            let waited = term.at.zip(kill.at).map(|(term, kill)| kill - term);
            let seconds = waited
                .filter(|waited| *waited >= GRACE)
                .map(|waited| format!(" {waited:.0} seconds"))
                .unwrap_or_default();
            let ruling = Ruling::new(
                Verdict::StopTimeout,
                Confidence::High,
                format!(
                    "no memory is involved: {} was asked to stop, did not within{}, and was killed",
                    self.name,
                    if seconds.is_empty() { " its grace period".to_owned() } else { seconds }
                ),
            );
            return Some(quotes(ruling, &[Some(term), Some(kill), Some(end), asked]));
        }
        let by = any.or(asked)?;
        let words = match (kill, end.exit_code) {
            (Some(_), _) => "was killed on request, with `docker kill` or the like",
            _ => "was stopped on request",
        };
        let ruling = Ruling::new(
            Verdict::Stopped,
            Confidence::High,
            format!("no memory is involved: {} {words}", self.name),
        );
        Some(quotes(ruling, &[Some(by), kill, Some(end), asked]))
    }

    /// A failing healthcheck in `docker inspect`.
    fn unhealthy(&self) -> Option<Ruling> {
        let described = self.subject.described?;
        let health = described.health.as_ref().filter(|health| health.value == "unhealthy")?;
        let streak = described.streak.filter(|streak| *streak > 0)?;
        // The daemon sets unhealthy when it stops watching; a streak is only counted while it runs.
        let ended = self.exit_code().is_some_and(|code| matches!(code, 137 | 143));
        let alone = described.exit_code.is_none() && described.running.is_none();
        if !ended && !alone {
            return None;
        }
        let timeouts = match described.timeouts {
            0 => String::new(),
            count => format!(", {count} of the last ones for their timeout"),
        };
        let ruling = Ruling::new(
            Verdict::Healthcheck,
            Confidence::Medium,
            format!("{} was unhealthy: {streak} probes failed in a row{timeouts}; Swarm, autoheal and other watchers end such a container", self.name),
        )
        .also("Docker itself does not, and a slow probe may be the first sign of a container at its memory limit");
        Some(ruling.shows([line(health.span, self.sources)]).shows(self.exit_quote()).lacks(
            "who ended it",
            "docker events --since 24h --until 0s --filter event=kill --filter event=die --filter event=oom",
        ))
    }

    /// A limit in which not even the runtime's own process starts.
    fn too_small(&self) -> Option<Ruling> {
        let described = self.subject.described?;
        let limit = described.memory.as_ref().filter(|limit| limit.value > 0 && limit.value < SMALLEST.0)?;
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
        failed.then(|| ruling().shows([line(limit.span, self.sources)]).shows(self.exit_quote()))
    }

    /// containerd itself went away.
    fn engine_died(&self) -> Option<Ruling> {
        let described = self.subject.described?;
        let error = described.error.as_ref().filter(|error| error.value.contains("transport is closing"))?;
        self.exit_code().filter(|code| *code == 137)?;
        let ruling = Ruling::new(
            Verdict::HostMemory,
            Confidence::Low,
            "containerd itself ended (`transport is closing`), and all its containers with it: most often the host was out of memory",
        );
        Some(
            ruling
                .shows([line(error.span, self.sources)])
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
        let described = self.subject.described?;
        let memory = described.memory.as_ref().filter(|memory| memory.value == 0)?;
        let written = self.subject.written_limit().filter(|limit| limit.0 > 0);
        if dropped_limit(described) {
            let swap = described.memory_swap.as_ref()?;
            let of = written
                .map(|limit| format!("the limit of {limit}"))
                .unwrap_or_else(|| "the limit".to_owned());
            let ruling = Ruling::new(
                Verdict::LimitNotApplied,
                Confidence::High,
                format!(
                    "{of} never arrived: Memory 0 with MemorySwap -1 means that the engine discarded it, because the kernel has no memory cgroup"
                ),
            );
            return Some(
                ruling.shows([line(memory.span, self.sources), line(swap.span, self.sources)]).lacks(
                    "that the host does not account memory",
                    "docker info 2>&1 | grep -i 'memory limit'",
                ),
            );
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
        let ruling = ruling.shows([line(memory.span, self.sources)]).shows(self.exit_quote());
        Some(ruling.lacks("which limit Compose sees", "docker compose config | grep -B2 -A4 memory"))
    }

    fn shared_memory(&self) -> Option<Ruling> {
        let log = self.subject.logs.iter().find(|log| log.sign == Sign::SharedMemory)?;
        let size = self.subject.described.and_then(|own| own.shm_size).filter(|size| *size > 0).map(ByteSize);
        let size = size.map_or_else(
            || "Docker gives 64 MiB unless `shm_size` is set".to_owned(),
            |size| format!("it has {size}"),
        );
        let wanted = log.size.map(|size| format!(" for a segment of {size}")).unwrap_or_default();
        let ruling = Ruling::new(
            Verdict::SharedMemory,
            Confidence::High,
            format!("{} says that `/dev/shm` is full{wanted}: {size}", log.who),
        );
        Some(ruling.shows([line(log.span, self.sources)]).also("no limit of memory was reached"))
    }

    /// The program says itself that it ran out of memory.
    fn runtime(&self) -> Option<Ruling> {
        let logs = &self.subject.logs;
        let excuse = logs.iter().find(|log| log.sign == Sign::NotMemory);
        let own = logs.iter().find(|log| matches!(log.sign, Sign::OwnLimit | Sign::BadSetting));
        let own =
            own.or_else(|| logs.iter().find(|log| log.sign == Sign::Refused).filter(|_| excuse.is_none()));
        let code = self.exit_code();
        let Some(log) = own else {
            let exits = self.subject.described.is_some_and(|own| own.exits_on_oom) && code == Some(3);
            return exits.then(|| {
                Ruling::new(
                    Verdict::Runtime,
                    Confidence::Medium,
                    format!("exit code 3 with `-XX:+ExitOnOutOfMemoryError`: the JVM of {} ended itself, because its heap was full", self.name),
                )
                .shows(self.exit_quote())
                .lacks("that the heap was full", format!("docker logs {} 2>&1 | grep OutOfMemoryError", self.target()))
            });
        };
        let size = log.size.map(|size| format!(" ({size})")).unwrap_or_default();
        let lead = if log.sign == Sign::Refused { "no kill by the kernel" } else { "not the kernel" };
        let mut ruling = Ruling::new(
            Verdict::Runtime,
            if code == Some(137) { Confidence::Medium } else { Confidence::High },
            format!("{lead}: {} says that {}{size}", log.who, log.what),
        )
        .shows(logs.iter().filter(|own| own.sign == log.sign).take(3).map(|own| line(own.span, self.sources)))
        .shows(self.exit_quote());
        match code {
            Some(139) => ruling = ruling.also(
                "exit code 139 looks like a crash, but for process 1 an abort ends as a segmentation fault",
            ),
            Some(134) => ruling = ruling.also("exit code 134 is its abort"),
            Some(3) => ruling = ruling.also("exit code 3 is that of `-XX:+ExitOnOutOfMemoryError`"),
            Some(137) => {
                ruling = ruling.but("exit code 137 is a kill: something ended it after it had said so");
            }
            _ => {}
        }
        if let Some(limit) = self.subject.limit().filter(|limit| limit.0 > 0 && log.sign == Sign::OwnLimit) {
            ruling = ruling.also(format!("the container's limit of {limit} was not what stopped it"));
        }
        Some(ruling)
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
                .shows([line(usage, self.sources)])
                .shows(self.exit_quote())
                .but("nothing says that the kernel killed it")
                .lacks("that it was the kernel", "dmesg -T | grep -iE 'oom|killed process'"),
        )
    }

    /// 137 in a virtual machine of Docker Desktop, which tells itself by its clock: its times have microseconds.
    fn virtual_machine(&self) -> Option<Ruling> {
        let described = self.subject.described?;
        self.exit_code().filter(|code| *code == 137)?;
        described.oom_killed.as_ref().filter(|killed| !killed.value)?;
        let unlimited = described.memory.as_ref().is_some_and(|memory| memory.value == 0);
        let coarse = |time: &Option<String>| {
            let digits = time.as_deref()?.split_once('.')?.1.bytes().take_while(u8::is_ascii_digit).count();
            Some(matches!(digits, 6 | 7))
        };
        let desktop = coarse(&described.started) == Some(true) && coarse(&described.finished) == Some(true);
        if !unlimited || !desktop || !self.subject.events.is_empty() || !self.subject.logs.is_empty() {
            return None;
        }
        let ruling = Ruling::new(
            Verdict::HostMemory,
            Confidence::Low,
            format!(
                "{} ended with 137, it has no limit, and its times have the digits of Docker Desktop: most likely the virtual machine was out of memory",
                self.name
            ),
        );
        Some(
            ruling
                .shows(self.exit_quote())
                .shows(described.oom_killed.as_ref().map(|killed| line(killed.span, self.sources)))
                .but("OOMKilled is false; with cgroup v1, as in older versions of Docker Desktop, it is for a full machine, too")
                .but("`docker stop` and `docker kill` end with 137, too")
                .lacks("the kernel log of the virtual machine", "docker run --rm --privileged --pid=host alpine dmesg -T")
                .lacks("the memory of the virtual machine", "docker info --format '{{.MemTotal}}'"),
        )
    }

    fn undecided(&self) -> Ruling {
        let (code, name) = (self.exit_code(), &self.name);
        let logs = &self.subject.logs;
        let quotes: Vec<Quote> =
            logs.iter().take(3).map(|log| line(log.span, self.sources)).chain(self.exit_quote()).collect();
        let undecided = |answer: String| {
            Ruling::new(Verdict::Undecided, Confidence::Medium, answer).shows(quotes.clone())
        };
        let kernel = "dmesg -T | grep -iE 'oom|killed process'";
        let events =
            "docker events --since 24h --until 0s --filter event=oom --filter event=kill --filter event=die";
        if let Some(log) = logs.iter().find(|log| log.sign == Sign::NotMemory) {
            return undecided(format!(
                "{} speaks of memory, but {}; that is not memory: an old engine with a new image",
                log.who, log.what
            ))
            .lacks(
                "the version of the engine and of its seccomp profile",
                "docker version && docker info --format '{{.SecurityOptions}}'",
            );
        }
        if let Some(log) = logs.iter().find(|log| log.sign == Sign::Build) {
            return undecided(format!("{}; no container was killed, and limits of Compose do not hold in a build: most often the host or the builder's machine is out of memory", log.what))
                .lacks("whether the kernel killed it", kernel)
                .lacks("the memory of the machine", "docker info --format '{{.MemTotal}}'");
        }
        if let Some(log) = logs.iter().find(|log| log.sign == Sign::ChildKilled) {
            return undecided(format!(
                "{} says that {}; by whom is not known: the kernel at a limit, a full host, or a supervisor",
                log.who, log.what
            ))
            .lacks("whether it was the kernel, and at which limit", kernel)
            .lacks("OOMKilled and the limit of the container", self.inspect());
        }
        let described = self.subject.described;
        if let Some(lived) =
            described.and_then(lifetime).filter(|lived| code == Some(137) && *lived < AT_START)
        {
            return undecided(format!(
                "{name} was killed {:.0} ms after its start: before the program could use memory",
                lived * 1000.0
            ))
            .lacks("whether the kernel killed the runtime's own process", kernel)
            .lacks("who sent the signal", events);
        }
        let restarts = described.and_then(|own| own.restarts.as_ref()).filter(|count| count.value > 0);
        if let Some(count) = restarts.filter(|_| code.is_none_or(|code| code == 0)) {
            return undecided(format!("{name} was restarted {} times; the exit code and OOMKilled of its deaths are gone, because each start clears them", count.value))
                .shows([line(count.span, self.sources)])
                .lacks("what ended it", events)
                .lacks("whether it was the kernel", kernel);
        }
        match code {
            Some(137) => {
                let flag = described.and_then(|own| own.oom_killed.as_ref());
                let flag_says =
                    if flag.is_some() { ", and OOMKilled: false does not exclude the kernel" } else { "" };
                let mut ruling = undecided(format!(
                    "{name} ended with 137, which is signal 9: a kill by the kernel, or a stop that took too long, or `docker kill`{flag_says}"
                ));
                ruling = ruling.shows(flag.map(|flag| line(flag.span, self.sources)));
                if self.subject.limit().is_some_and(|limit| limit.0 == 0) {
                    ruling = ruling.also("it has no memory limit, so that it cannot have been its own limit");
                }
                ruling
                    .lacks("whether the kernel killed it", kernel)
                    .lacks("whether it was stopped on request", events)
            }
            Some(143) => Ruling {
                verdict: Verdict::Stopped,
                ..undecided(format!(
                    "no memory is involved: {name} ended with 143, it obeyed a request to stop"
                ))
            },
            Some(code @ (134 | 139 | 1 | 2 | 3 | 255)) => undecided(format!(
                "{name} ended with {code}, which a runtime without memory does, and other errors, too"
            ))
            .lacks("what it said last", format!("docker logs --tail 50 {}", self.target())),
            Some(0) | None => undecided(format!("nothing in the evidence says that {name} was killed"))
                .lacks("what ended it", events)
                .lacks("whether the kernel killed something", kernel),
            Some(code) => undecided(format!("{name} ended with {code}, which says nothing of memory"))
                .lacks("what it said last", format!("docker logs --tail 50 {}", self.target())),
        }
    }

    /// Adds what holds beside every verdict: that the container runs on, that it restarts, that OOMKilled says otherwise.
    fn context(&self, mut ruling: Ruling) -> Ruling {
        let described = self.subject.described;
        let killed =
            matches!(ruling.verdict, Verdict::MemoryLimit | Verdict::HostMemory | Verdict::ParentLimit);
        let by_kernel = killed && !self.subject.kills.is_empty();
        if let Some(own) = described {
            let running = own.running == Some(true)
                && own.status.as_ref().is_none_or(|status| status.value == "running");
            if killed && running {
                ruling = ruling.also("the container still runs: not its first process was killed");
            }
            let restarts = own.restarts.as_ref().map_or(0, |count| count.value);
            if killed && restarts > 0 {
                ruling = ruling.also(format!("its restart policy has restarted it {restarts} times"));
            }
            if let Some(flag) = own.oom_killed.as_ref().filter(|flag| by_kernel && !flag.value) {
                ruling = ruling.shows([line(flag.span, self.sources)]).but("OOMKilled is false; that is no proof: a restart clears it, and a full host does not set it on cgroup v1");
            }
            if by_kernel {
                let flag = own
                    .oom_killed
                    .as_ref()
                    .filter(|flag| flag.value)
                    .map(|flag| line(flag.span, self.sources));
                ruling = ruling.shows(flag).shows(self.exit_quote());
            }
        }
        if by_kernel {
            let oom = self.subject.events.iter().find(|event| event.action == Action::Oom);
            let die = self.subject.events.iter().find(|event| event.action == Action::Die);
            ruling = ruling.shows(oom.into_iter().chain(die).map(|event| shown::event(event)));
            let log = self
                .subject
                .logs
                .iter()
                .find(|log| matches!(log.sign, Sign::ChildKilled | Sign::OwnLimit | Sign::Refused));
            ruling = ruling.shows(log.map(|log| line(log.span, self.sources)));
        }
        ruling
    }
}

/// Returns the seconds between start and end.
fn lifetime(described: &crate::evidence::Described) -> Option<f64> {
    let time = |text: &Option<String>| crate::stats::time_of(text.as_deref()?);
    let lived = time(&described.finished)? - time(&described.started)?;
    (lived >= 0.0).then_some(lived)
}

fn victim(kill: &KernelKill) -> String {
    match (&kill.victim, kill.pid, &kill.asker) {
        (Some(name), Some(pid), _) => format!("`{name}` (pid {pid})"),
        (Some(name), None, _) => format!("`{name}`"),
        (None, _, Some(asker)) => format!("a process (`{asker}` had asked for memory)"),
        _ => "a process".to_owned(),
    }
}

/// Shortens the IDs of a path.
fn short_path(path: &str) -> String {
    let parts: Vec<String> = path
        .split('/')
        .map(|part| {
            let long = part.len() > 48;
            if long { format!("{}…", part.chars().take(40).collect::<String>()) } else { part.to_owned() }
        })
        .collect();
    parts.join("/")
}

/// The kills of a subject, for measurements.
pub(super) fn at_own_limit<'k, 'e>(
    kills: &'k [Kill<'e>],
) -> impl Iterator<Item = &'e KernelKill> + use<'k, 'e> {
    kills.iter().map(|kill| kill.kill).filter(|kill| kill.full == Some(Full::Cgroup))
}
