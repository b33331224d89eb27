//! Kills of which the kernel's own lines are there.

use std::path::Path;

use super::{Case, Ruling, is_plain};
use crate::diagnostic::Confidence;
use crate::evidence::{Full, KernelKill, container_of, is_below, outer_container};
use crate::postmortem::shown;
use crate::postmortem::{Quote, Verdict};
use crate::source::path_text;
use crate::workload::shell_quoted;

impl Case<'_, '_> {
    pub(super) fn kernel(&self) -> Option<Ruling> {
        let kills = &self.subject.kills;
        // Of kills for different reasons, the one with the most lines of its reason, else the last.
        let last = kills.last()?;
        let of = |full| kills.iter().filter(|kill| kill.kill.full == full).count();
        let counts = [Full::Cgroup, Full::Host, Full::Node].map(|full| (Some(full), of(Some(full))));
        let count = |full| counts.iter().find(|(own, _)| *own == full).map_or(0, |(_, count)| *count);
        let best = kills.iter().max_by_key(|kill| count(kill.kill.full)).unwrap_or(last);
        let kill = best.kill;
        let who = &victim(kill);
        let sure = if best.by_process { Confidence::Medium } else { Confidence::High };
        let count = count(kill.full);
        let mut ruling = match kill.full {
            Some(Full::Cgroup) => self.at_limit(kill, who, sure),
            Some(Full::Host | Full::Node) => self.host(kill, who, sure),
            None => return None,
        };
        if count > 1 {
            ruling = ruling.also(format!("it happened {count} times in this log"));
        }
        if best.by_process {
            ruling = ruling.but(format!(
                "the kernel's lines name no container: only the name of the process, `{}`, ties them to {}",
                kill.victim.as_deref().unwrap_or_default(),
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
        // A path that is cut may go on to a container.
        let cut = |path: &str| path.contains("..") && container_of(path).is_none();
        let is_cut = cut(task) || cut(limit_path);
        let known = limit_path.starts_with('/') && !task.contains("..") && !limit_path.contains("..");
        let in_container = self.subject.name.id.is_some() || container_of(task).is_some();
        if known && !in_container {
            let place = format!(
                "the kernel killed {who} at the memory limit of the cgroup `{limit_path}`, which is no container"
            );
            return Ruling::new(Verdict::NotAContainer, sure, place).lacks(
                "whose limit it is",
                format!(
                    "systemctl status {}",
                    limit_path.rsplit('/').next().filter(|unit| is_plain(unit)).unwrap_or("UNIT")
                ),
            );
        }
        let above = kill.limit_path.is_some()
            && container_of(limit_path) != container_of(task)
            && (is_below(task, limit_path) || container_of(limit_path).is_none());
        if above && kill.task_path.is_some() && !is_cut {
            return Ruling::new(
                Verdict::ParentLimit,
                sure,
                format!(
                    "the kernel killed {who} in {} at the memory limit of `{}`, a cgroup above the container",
                    self.name,
                    short_path(limit_path)
                ),
            )
            .also("the container's own limit was not reached");
        }
        let stated = kill.usage.map(|(_, limit)| limit);
        let limit = stated.or_else(|| self.subject.limit()).filter(|limit| limit.0 > 0);
        // A process cannot have more than the limit that it was killed at: swap is not counted in what is resident.
        let impossible = kill.anon.zip(limit).filter(|(used, limit)| used > limit);
        let limit = limit.filter(|_| impossible.is_none());
        let of = limit.map(|limit| format!(" of {limit}")).unwrap_or_default();
        let mut ruling = Ruling::new(
            Verdict::MemoryLimit,
            sure,
            format!("the kernel killed {who} in {} at its own memory limit{of}", self.name),
        );
        if let Some((used, limit)) = impossible {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling
                .but(format!(
                    "{used} is more than the limit of {limit}: it was another container, or the limit has changed since"
                ))
                .lacks("the limit at that time", self.inspect());
        }
        let total = kill.stats;
        if let Some((swap, _)) = kill.swap_usage.filter(|(used, limit)| used.0 >= limit.0 && limit.0 > 0) {
            ruling = ruling.also(format!(
                "memory and swap together were at their limit of {swap}: it was slow before it was killed"
            ));
        }
        let shmem =
            total.shmem.or(kill.shmem).filter(|shmem| shmem.0 > limit.map_or(i64::MAX, |limit| limit.0 / 4));
        if let Some(shmem) = shmem {
            ruling = ruling.also(format!(
                "{shmem} of the container's memory were files on tmpfs and shared memory, which count, too"
            ));
        }
        if let Some((used, limit)) = kill.used().zip(limit).filter(|(used, limit)| used.0 < limit.0 / 4)
            && shmem.is_none()
            && !self.subject.many_small()
        {
            ruling = ruling.also(format!("the process had only {used} of {limit}: the rest was that of other processes, of files or of the kernel"));
        }
        if self.subject.many_small() {
            ruling = ruling.also("so many small processes are a fork bomb or a pool without a limit: a limit of processes ends it earlier");
        }
        if let Some(outer) = outer_container(task) {
            ruling = ruling.also(format!("it runs inside the container {}", outer.short()));
        }
        if is_cut || !in_container {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling.lacks("which container it was", self.with_inspected(kill));
        }
        if kill.victim.is_none() {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling.lacks(
                "which process was killed: the log ends before it",
                "journalctl -k | grep -A60 'invoked oom-killer'",
            );
        }
        ruling
    }

    /// Returns the command that reads what `docker inspect` prints together with the file that has a kill.
    fn with_inspected(&self, kill: &KernelKill) -> String {
        let line = kill.lines.first();
        let file = line.map(|line| self.sources.get(line.file)).filter(|file| file.path() != Path::new("-"));
        let inspect = "docker inspect $(docker ps -aq)";
        match file {
            Some(file) => format!("{inspect} | oomlint why - {}", shell_quoted(&path_text(file.path()))),
            // The kill itself came from standard input.
            None => format!("({inspect}; dmesg -T) | oomlint why -"),
        }
    }

    /// A kill because the host was full.
    fn host(&self, kill: &KernelKill, who: &str, sure: Confidence) -> Ruling {
        let path = kill.task_path.as_deref();
        // Where the kernel accounts no memory, the processes of containers are in the root, too.
        let outside = path
            .is_some_and(|path| path != "/" && container_of(path).is_none() && !path.contains(".."))
            && self.subject.name.is_empty();
        let what = if kill.full == Some(Full::Node) { "a memory node of the host" } else { "the host" };
        let size = kill.host.map(|size| format!(" ({size})")).unwrap_or_default();
        if outside {
            return Ruling::new(
                Verdict::NotAContainer,
                sure,
                format!(
                    "{what}{size} was out of memory, and the kernel killed {who} in `{}`, which is no container",
                    short_path(path.unwrap_or_default())
                ),
            );
        }
        let place = if self.subject.name.is_empty() { String::new() } else { format!(" of {}", self.name) };
        let mut ruling = Ruling::new(
            Verdict::HostMemory,
            sure,
            format!(
                "{what}{size} was out of memory, and the kernel killed {who}{place}: no limit of a container was reached"
            ),
        );
        if path.is_some_and(|path| path.contains("..") && container_of(path).is_none()) {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
        }
        if kill.victim.is_none() {
            ruling.confidence = ruling.confidence.min(Confidence::Medium);
            ruling = ruling.lacks(
                "which process was killed: the log ends before it",
                "journalctl -k | grep -A60 'invoked oom-killer'",
            );
        }
        match self.subject.limit() {
            Some(limit) if limit.0 > 0 => {
                ruling = ruling.also(format!("its own limit is {limit}"));
            }
            Some(_) => ruling = ruling.also("it has no memory limit"),
            None => {}
        }
        let used = kill.used();
        let other = kill.largest.as_ref().filter(|(name, size)| {
            let larger = size.zip(used).is_none_or(|(size, used)| used < size);
            kill.victim.as_deref() != Some(name) && larger
        });
        if let Some((name, size)) = other {
            let with = size.map(|size| format!(" with {size}")).unwrap_or_default();
            ruling = ruling.also(format!("the largest process of the table was `{name}`{with}"));
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
}

/// Returns the process that was killed, with its ID and its memory.
pub(super) fn victim(kill: &KernelKill) -> String {
    let pid = kill.pid.map(|pid| format!("pid {pid}"));
    let parts: Vec<String> = pid.into_iter().chain(kill.used().map(|used| used.to_string())).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    match (&kill.victim, &kill.invoked_by) {
        (Some(name), _) => format!("`{name}`{parts}"),
        (None, Some(invoked_by)) => format!("a process (`{invoked_by}` had asked for memory)"),
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
