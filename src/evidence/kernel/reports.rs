//! Joins the lines of one kill. They come in a fixed order, but any of them may be missing, and those of two kills may follow each
//! other without a mark between them.

use super::fields::{self, OomKill};
use super::table::Table;
use super::{Full, KernelKill};
use crate::evidence::cgroup::{container_of, is_below};
use crate::source::Span;
use crate::syntax::size::ByteSize;

/// The most kills that are kept. A fork bomb has thousands, of which the first ones tell the same.
const MAX_KILLS: usize = 20_000;

/// The most lines of one kill that are kept.
const LINES: usize = 8;

/// How many kills back the other line of one is looked for.
const BACK: usize = 8;

/// The most lines that a wrapped message continues on.
const WRAPPED: usize = 6;

/// The most bytes of a wrapped message.
const JOINED: usize = 4096;

/// The words before a size or path on the second line of a wrapped message.
const CONTINUES: [&str; 9] = [
    "total-vm:",
    "anon-rss:",
    "UID:",
    "oom_memcg=",
    "task_memcg=",
    "task=",
    "nodemask=",
    "cpuset=",
    "global_oom",
];

/// Functions in a call trace that only run for the limit of a cgroup.
const OF_CGROUP: [&str; 5] = [
    "mem_cgroup_out_of_memory",
    "mem_cgroup_oom",
    "mem_cgroup_try_charge",
    "mem_cgroup_do_charge",
    "mem_cgroup_margin",
];

/// Functions in a call trace that run for the host: the page allocator found nothing.
const OF_HOST: [&str; 3] = ["__alloc_pages_slowpath", "__alloc_pages_may_oom", "__alloc_pages_nodemask"];

/// Reads lines one after another, and collects the kills.
#[derive(Debug, Default)]
pub(in crate::evidence) struct OomReports {
    kills: Vec<KernelKill>,
    /// The kill whose lines are being read.
    open: Option<KernelKill>,
    /// The memory and processes that the kernel lists with it.
    table: Table,
    /// A message that may go on on the next line, where it began, and how many lines it has.
    wrapped: Option<(String, Span, usize)>,
    /// True if the lines of the open kill come in reverse.
    backwards: bool,
    /// The kills that are not kept, and those that the kernel says it did not log.
    pub(in crate::evidence) missing: usize,
}

impl OomReports {
    /// Reads one message. Returns true if it is part of a kill.
    pub(in crate::evidence) fn line(&mut self, text: &str, span: Span) -> bool {
        if let Some((mut joined, begun, count)) = self.wrapped.take() {
            let goes_on = CONTINUES.iter().any(|part| text.starts_with(part));
            if goes_on && joined.len() + text.len() < JOINED {
                joined.push(if joined.ends_with(',') { ' ' } else { ',' });
                joined.push_str(text);
                let whole = begun.cover(span);
                if count < WRAPPED {
                    self.wrapped = Some((joined, whole, count + 1));
                } else {
                    self.message(&joined, whole);
                }
                return true;
            }
            self.message(&joined, begun);
        }
        if may_wrap(text) {
            self.wrapped = Some((text.to_owned(), span, 1));
            return true;
        }
        self.message(text, span)
    }

    /// Ends the reading of a file, and returns its kills.
    pub(in crate::evidence) fn finish(&mut self) -> Vec<KernelKill> {
        if let Some((joined, span, _)) = self.wrapped.take() {
            self.message(&joined, span);
        }
        self.close();
        std::mem::take(&mut self.kills)
    }

    fn message(&mut self, text: &str, span: Span) -> bool {
        if let Some((invoked_by, _)) = text.split_once(" invoked oom-killer") {
            // Read backwards, a kill ends with this line.
            if self.backwards {
                self.add(span).invoked_by = Some(invoked_by.trim().to_owned());
                self.close();
                return true;
            }
            self.close();
            let kill = self.add(span);
            kill.invoked_by = Some(invoked_by.trim().to_owned());
        } else if let Some((_, rest)) = text.split_once("oom-kill:") {
            if rest.contains("constraint=") {
                self.oom_kill(&fields::oom_kill(rest), span);
            }
        } else if let Some((before, rest)) = text.split_once("Killed process ").or_else(|| stopped(text)) {
            self.killed(before, rest, span);
        } else if let Some((before, rest)) = text.split_once("Kill process ") {
            // The process that was chosen: a line later its child or the process of this thread is killed.
            let Some((pid, name, _)) = fields::process(rest) else { return false };
            if self.open.as_ref().is_some_and(|kill| kill.victim.is_some() && kill.pid != Some(pid)) {
                self.close();
            }
            let kill = self.add(span);
            kill.full = kill.full.or(full_of(before));
            kill.victim.get_or_insert_with(|| name.to_owned());
        } else if let Some(paths) = text.split_once(" killed as a result of limit of ") {
            self.limit_of(paths, span);
        } else {
            return self.detail(text, span);
        }
        true
    }

    /// Takes back the kill of this process whose line with the sizes was read before the one with the paths, as `sort` and
    /// `journalctl -r` print them.
    fn reopen(&mut self, read: &OomKill<'_>) {
        let same = |kill: &KernelKill| {
            kill.pid.is_some()
                && kill.pid == read.pid
                && kill.victim.as_deref() == read.task
                && kill.task_path.is_none()
                && kill.limit_path.is_none()
        };
        let Some(at) = self.kills.iter().rposition(same).filter(|at| at + BACK >= self.kills.len()) else {
            return;
        };
        let mut kill = self.kills.remove(at);
        if let Some(open) = self.open.take() {
            if open.victim.is_some() {
                self.open = Some(open);
                self.close();
            } else {
                kill.take(open);
            }
        }
        self.open = Some(kill);
        self.backwards = true;
    }

    fn oom_kill(&mut self, read: &OomKill<'_>, span: Span) {
        self.reopen(read);
        if !self.backwards && self.open.as_ref().is_some_and(|kill| kill.victim.is_some()) {
            self.close();
        }
        let kill = self.add(span);
        kill.full = match read.constraint {
            "CONSTRAINT_MEMCG" => Some(Full::Cgroup),
            "CONSTRAINT_NONE" => Some(Full::Host),
            "CONSTRAINT_CPUSET" | "CONSTRAINT_MEMORY_POLICY" => Some(Full::Node),
            _ => kill.full,
        };
        kill.limit_path = read.limit_path.clone().or(kill.limit_path.take());
        kill.task_path = read.task_path.clone().or(kill.task_path.take());
        kill.victim = read.task.map(str::to_owned).or(kill.victim.take());
        kill.pid = read.pid.or(kill.pid);
        promote(kill, span);
        if read.rest.contains("Kill") {
            let rest = super::super::prefix::strip(read.rest).text;
            self.message(rest, span);
        }
    }

    fn killed(&mut self, before: &str, rest: &str, span: Span) {
        let Some((pid, name, sizes)) = fields::process(rest) else { return };
        let other = |kill: &KernelKill| {
            kill.anon.is_some()
                || kill.victim.as_deref().is_some_and(|victim| victim != name && kill.pid.is_some())
        };
        if self.backwards || self.open.as_ref().is_some_and(other) {
            self.close();
        }
        let kill = self.add(span);
        kill.full = kill.full.or(full_of(before));
        kill.victim = Some(name.to_owned());
        kill.pid = Some(pid);
        kill.total_vm = fields::kilobytes(sizes, "total-vm");
        kill.anon = fields::kilobytes(sizes, "anon-rss");
        kill.shmem = fields::kilobytes(sizes, "shmem-rss");
        kill.score_adj = fields::number(sizes, "oom_score_adj");
        if sizes.contains("oom_memcg=") {
            let paths = fields::oom_kill(sizes);
            kill.limit_path = paths.limit_path.or(kill.limit_path.take());
            kill.task_path = paths.task_path.or(kill.task_path.take());
        }
        promote(kill, span);
        self.close();
    }

    fn limit_of(&mut self, (task, limit): (&str, &str), span: Span) {
        if self.open.as_ref().is_some_and(|kill| kill.victim.is_some()) {
            self.close();
        }
        let path = |text: &str| {
            let path = text.rsplit(' ').find(|word| word.starts_with('/'));
            path.map(|path| path.trim().to_owned())
        };
        let task_path = path(task);
        // The line ends with the path of the limit: one that is neither a container's nor above the task may be cut there.
        let whole = |path: String| {
            let above = task_path.as_deref().is_some_and(|task| is_below(task, &path));
            let known = above || container_of(&path).is_some() || path.contains("..");
            if known { path } else { format!("{path}...") }
        };
        let limit_path = limit.split_whitespace().next().and_then(path).map(whole);
        let kill = self.add(span);
        kill.full = Some(Full::Cgroup);
        kill.task_path = task_path.or(kill.task_path.take());
        kill.limit_path = limit_path.or(kill.limit_path.take());
        promote(kill, span);
    }

    /// Reads a line that tells more of a kill, and is nothing by itself.
    fn detail(&mut self, text: &str, span: Span) -> bool {
        if let Some(count) = text.strip_prefix("oom_kill_process: ").and_then(|rest| fields::number(rest, ""))
        {
            self.missing = self.missing.saturating_add(usize::try_from(count).unwrap_or(0));
            return true;
        }
        if let Some((cpuset, _)) =
            text.split_once(" mems_allowed=").filter(|(head, _)| head.contains("cpuset="))
        {
            let kill = self.add(span);
            kill.invoker_cpuset = cpuset.split_once("cpuset=").map(|(_, path)| path.trim().to_owned());
            return true;
        }
        for (name, swap) in [("memory: usage", false), ("memory+swap: usage", true)] {
            if text.starts_with(name) {
                let usage = fields::usage(text);
                let kill = self.add(span);
                kill.full = kill.full.or(Some(Full::Cgroup));
                *(if swap { &mut kill.swap_usage } else { &mut kill.usage }) = usage;
                return true;
            }
        }
        if let Some(rest) = text.strip_prefix("Memory cgroup stats for ") {
            let path = rest.split_once(": ").map_or(rest, |(path, _)| path).trim_end_matches(':').trim();
            let kill = self.add(span);
            kill.full = kill.full.or(Some(Full::Cgroup));
            if path.starts_with('/') {
                kill.limit_path.get_or_insert_with(|| path.to_owned());
            }
            kill.stats.anon = fields::kilobytes(rest, " rss");
            kill.stats.swap = fields::kilobytes(rest, " swap");
            kill.stats.shmem = fields::kilobytes(rest, " shmem");
            return true;
        }
        let is_row = self.open.is_some() && self.table.line(text);
        is_row || self.trace(text, span) || self.stat(text)
    }

    /// Reads a line of the call trace, which tells whose memory was full where the line for that is cut off.
    fn trace(&mut self, text: &str, span: Span) -> bool {
        let names =
            |functions: &[&str]| functions.iter().any(|name| text.contains(name)) && text.contains("+0x");
        let full = match () {
            () if names(&OF_CGROUP) => Full::Cgroup,
            () if names(&OF_HOST) && self.open.is_some() => Full::Host,
            () => return false,
        };
        if self.open.as_ref().is_none_or(|kill| kill.full.is_none()) {
            self.add(span).full = Some(full);
        }
        true
    }

    /// Reads a line of the statistics of cgroup v2: a name and a number of bytes.
    fn stat(&mut self, text: &str) -> bool {
        let Some(kill) = &mut self.open else { return false };
        let Some((name, bytes)) = text.split_once(' ') else { return false };
        let Ok(bytes) = bytes.trim().parse::<i64>() else { return false };
        let stat = match name {
            "anon" => &mut kill.stats.anon,
            "shmem" => &mut kill.stats.shmem,
            _ => return false,
        };
        *stat = Some(ByteSize(bytes));
        true
    }

    /// Returns the kill that is being read, with one more line.
    fn add(&mut self, span: Span) -> &mut KernelKill {
        let kill = self.open.get_or_insert_default();
        if kill.lines.len() < LINES && kill.lines.last() != Some(&span) {
            kill.lines.push(span);
        }
        kill
    }

    fn close(&mut self) {
        self.backwards = false;
        let table = std::mem::take(&mut self.table);
        let Some(mut kill) = self.open.take() else { return };
        table.settle(&mut kill);
        let tells = kill.victim.is_some() || kill.invoked_by.is_some() || kill.full.is_some();
        if !tells || (kill.lines.is_empty() && kill.full.is_none()) {
            return;
        }
        if self.kills.len() < MAX_KILLS {
            self.kills.push(kill);
        } else {
            self.missing += 1;
        }
    }
}

/// Moves a line to the front of those that tell the kill.
fn promote(kill: &mut KernelKill, span: Span) {
    if let Some(at) = kill.lines.iter().position(|line| *line == span) {
        let line = kill.lines.remove(at);
        // Of a kill first the line with the paths, then that with the sizes.
        let front = usize::from(kill.anon.is_some() && kill.task_path.is_some()).min(kill.lines.len());
        kill.lines.insert(front, line);
    }
}

/// True if the message is cut where the next line may go on.
fn may_wrap(text: &str) -> bool {
    let kill = text.contains("oom-kill:constraint=") && !text.contains("pid=");
    let killed =
        (text.contains("Killed process ") || text.contains(" oom_memcg=")) && !text.contains("anon-rss:");
    kill || killed || (text.contains("Killed process ") && text.trim_end().ends_with(','))
}

/// Splits `Out of memory: Process stopped 2953 (python) total-vm:…`, as a machine translated it.
fn stopped(text: &str) -> Option<(&str, &str)> {
    let end = text.find(") total-vm:").filter(|_| text.contains("ut of memory"))?;
    let open = text.get(..end)?.rfind('(')?;
    let before = text.get(..open)?.trim_end();
    let start = before.rfind(' ')? + 1;
    Some((text.get(..start)?, text.get(start..)?))
}

/// Returns whose memory was full, from the words before `Killed process`.
fn full_of(before: &str) -> Option<Full> {
    match () {
        () if before.contains("Memory cgroup out of memory") => Some(Full::Cgroup),
        () if before.contains("Out of memory") => Some(Full::Host),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Vec<KernelKill> {
        let sources = Sources::new();
        let span = sources.get(sources.add(Path::new("a"), text)).span();
        let mut reports = OomReports::default();
        for line in text.lines() {
            reports.line(super::super::super::prefix::strip(line).text, span);
        }
        reports.finish()
    }

    fn only(text: &str) -> KernelKill {
        let mut kills = read(text);
        assert_eq!(kills.len(), 1, "{text}");
        kills.remove(0)
    }

    #[test]
    fn the_lines_of_one_kill_are_one_record() {
        let kill = only(
            "[1.5] node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n\
             [1.5] memory: usage 1024kB, limit 1024kB, failcnt 9\n\
             [1.5] Memory cgroup stats for /docker/43e21b8b51a9:\n[1.5] anon 4096\n[1.5] shmem 8192\n\
             [1.5] [  827]   113   827   350358    56458     268     210        0             0 node\n\
             [1.5] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/docker/43e21b8b51a9,task_memcg=/docker/43e21b8b51a9,task=node,pid=827,uid=0\n\
             [1.5] Memory cgroup out of memory: Killed process 827 (node) total-vm:1401432kB, anon-rss:8kB, file-rss:0kB, shmem-rss:4kB, UID:0 pgtables:1kB oom_score_adj:7\n\
             [1.5] oom_reaper: reaped process 827 (node), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB\n",
        );
        assert_eq!(
            (kill.full, kill.victim.as_deref(), kill.pid),
            (Some(Full::Cgroup), Some("node"), Some(827))
        );
        assert_eq!((kill.used(), kill.score_adj), (Some(ByteSize(12 * 1024)), Some(7)));
        assert_eq!(kill.usage, Some((ByteSize(1 << 20), ByteSize(1 << 20))));
        assert_eq!((kill.stats.anon, kill.stats.shmem), (Some(ByteSize(4096)), Some(ByteSize(8192))));
        assert_eq!(kill.largest, Some(("node".to_owned(), Some(ByteSize(56458 * 4096)))));
    }

    #[test]
    fn lines_of_old_kernels_and_of_red_hat() {
        let kill = only(
            "Task in /docker/43e21b8b51a9/a killed as a result of limit of /docker/43e21b8b51a9\n\
             memory+swap: usage 8kB, limit 8kB, failcnt 1\nkmem: usage 0kB, limit 9007199254740988kB, failcnt 0\n\
             Memory cgroup out of memory: Kill process 9 (thread) score 1 or sacrifice child\n\
             Killed process 8 (main), UID 0, total-vm:9kB, anon-rss:8kB, file-rss:0kB\n",
        );
        assert_eq!(
            (kill.full, kill.victim.as_deref(), kill.pid),
            (Some(Full::Cgroup), Some("main"), Some(8))
        );
        assert_eq!(kill.task_path.as_deref(), Some("/docker/43e21b8b51a9/a"));
        assert_eq!(kill.limit_path.as_deref(), Some("/docker/43e21b8b51a9"));
        let kill = only(
            "Out of memory: Kill process 9 (a) score 1 or sacrifice child\nKilled process 9 (a) total-vm:9kB, anon-rss:8kB\n",
        );
        assert_eq!((kill.full, kill.path()), (Some(Full::Host), None));
    }

    #[test]
    fn wrapped_shortened_and_joined_lines() {
        let kill = only(
            "oom-kill:constraint=CONSTRAINT_MEMCG, ...,\n  oom_memcg=/docker/43e21b8b51a9,\n  task_memcg=/docker/43e21b8b51a9,\n  task=awk, pid=8, uid=0\n\
             Memory cgroup out of memory: Killed process 8 (awk)\n  total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB,\n  UID:0 pgtables:1kB\n",
        );
        assert_eq!(
            (kill.victim.as_deref(), kill.pid, kill.anon),
            (Some("awk"), Some(8), Some(ByteSize(8192)))
        );
        let kill = only(
            "[1.5] oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/system.slice/cron.service,task=node,pid=4,uid=1[1.6] Out of memory: Kill process 4 (node) score 4 or sacrifice child\n\
             [1.7] Killed process 4 (node) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB\n",
        );
        assert_eq!((kill.full, kill.anon), (Some(Full::Host), Some(ByteSize(8192))));
        let kills = read(
            "oom-kill:constraint=CONSTRAINT_NONE,task=a,pid=1,uid=0\noom-kill:constraint=CONSTRAINT_NONE,task=a,pid=2,uid=0\n",
        );
        assert_eq!(kills.len(), 2);
    }

    #[test]
    fn the_two_lines_of_a_kill_are_paired_by_process_in_both_orders() {
        let sizes = |pid| {
            format!("Out of memory: Killed process {pid} (a) total-vm:9kB, anon-rss:8kB, file-rss:0kB\n")
        };
        let paths = |pid| {
            format!(
                "oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/user.slice,task=a,pid={pid},uid=0\n"
            )
        };
        let asked = "b invoked oom-killer: order=0\n";
        for text in [
            format!("{asked}{}{}{asked}{}{}", paths(1), sizes(1), paths(2), sizes(2)),
            format!("{}{}{asked}{}{}{asked}", sizes(2), paths(2), sizes(1), paths(1)),
            format!("{}{}{}{}", sizes(1), sizes(2), paths(1), paths(2)),
        ] {
            let kills = read(&text);
            assert_eq!(kills.len(), 2, "{text}{kills:#?}");
            for kill in kills {
                assert_eq!(
                    (kill.task_path.as_deref(), kill.anon),
                    (Some("/user.slice"), Some(ByteSize(8192)))
                );
            }
        }
    }

    #[test]
    fn a_call_trace_tells_whose_memory_was_full() {
        let of = |function: &str| {
            only(&format!(
                "a invoked oom-killer: order=0\n out_of_memory+0x109/0x510\n {function}+0xbb/0xd0\n"
            ))
            .full
        };
        assert_eq!(of("mem_cgroup_out_of_memory"), Some(Full::Cgroup));
        assert_eq!(of("__alloc_pages_slowpath"), Some(Full::Host));
        assert_eq!(of("dump_stack"), None);
        let kill =
            only("java cpuset=43e21b8b51a9 mems_allowed=0\n ? mem_cgroup_oom_synchronize+0x4e8/0x550\n");
        assert_eq!((kill.full, kill.invoker_cpuset.as_deref()), (Some(Full::Cgroup), Some("43e21b8b51a9")));
    }
}
