//! Reads single values out of lines of the OOM killer.

use crate::evidence::cgroup::container_of;
use crate::syntax::size::ByteSize;

/// A limit from this size on is none: page counters end at the largest number of pages.
const UNLIMITED: i64 = 1 << 60;

/// The fields of an `oom-kill:` line.
#[derive(Debug, Default, PartialEq)]
pub(super) struct OomKill<'l> {
    pub(super) constraint: &'l str,
    pub(super) limit_path: Option<String>,
    pub(super) task_path: Option<String>,
    pub(super) task: Option<&'l str>,
    pub(super) pid: Option<u32>,
    /// The text after the last field: Linux 5.0 and 5.1 write the next message on the same line.
    pub(super) rest: &'l str,
}

/// Parses what follows `oom-kill:`. The name of a process may have blanks and commas, so it is read from the right.
pub(super) fn oom_kill(text: &str) -> OomKill<'_> {
    let between = |name: &str| {
        let at = text.match_indices(name).map(|(at, _)| at);
        // `task=` is no part of another word, and `task_memcg=` another key.
        let mut at = at
            .filter(|at| *at == 0 || text.as_bytes().get(at - 1).is_some_and(|byte| b", \n".contains(byte)));
        let at = if name == "task=" { at.last() } else { at.next() }?;
        text.get(at + name.len()..)
    };
    let until = |rest: Option<&str>| {
        let rest = rest?;
        let end = [",task_memcg=", ",task=", ",pid=", ",uid=", ", "].iter().filter_map(|key| rest.find(key));
        let end = end.chain(rest.find(" task")).min().unwrap_or(rest.len());
        // Machine translations put blanks into paths.
        let path: String = rest.get(..end)?.split_whitespace().collect();
        let path = path.trim_end_matches(',');
        // The line ends within the path: what follows may be the rest of its name.
        let cut = end == rest.len() && !path.contains("..") && container_of(path).is_none();
        (!path.is_empty()).then(|| if cut { format!("{path}...") } else { path.to_owned() })
    };
    let pid = between("pid=").map(str::trim_start);
    let uid = between("uid=").map(str::trim_start);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let task = between("task=").map(|rest| {
        let end = rest.find(",pid=").or_else(|| rest.find(", pid=")).unwrap_or(rest.len());
        rest.get(..end).unwrap_or(rest).trim().trim_end_matches("...").trim_end_matches(',')
    });
    let constraint = between("constraint=").unwrap_or_default();
    OomKill {
        constraint: constraint.split([',', ' ']).next().unwrap_or_default(),
        limit_path: until(between("oom_memcg=")),
        task_path: until(between("task_memcg=")),
        task: task.filter(|task| !task.is_empty()),
        pid: pid.and_then(|pid| pid.get(..digits(pid))?.parse().ok()),
        rest: uid.and_then(|uid| uid.get(digits(uid)..)).unwrap_or_default(),
    }
}

/// Splits `1234 (name) …` or `1234 (name), UID 0, …`: the ID, the name, and the rest.
pub(super) fn process(text: &str) -> Option<(u32, &str, &str)> {
    let text = text.trim_start();
    let (pid, rest) = text.split_once(' ')?;
    let rest = rest.trim_start().strip_prefix('(')?;
    // A name may have parentheses: it ends before the sizes.
    let end = ["), UID", ") total-vm", ") score", "),"].iter().find_map(|end| rest.find(end));
    let end = end.or_else(|| rest.find(')'))?;
    Some((pid.parse().ok()?, rest.get(..end)?, rest.get(end + 1..)?))
}

/// Returns a size in kB: that of `anon-rss:506kB`, `usage 512kB`, `cache:32KB`.
pub(super) fn kilobytes(text: &str, name: &str) -> Option<ByteSize> {
    let rest = text.split_once(name)?.1.trim_start_matches([':', ' ']);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let number: i64 = rest.get(..digits)?.parse().ok()?;
    let unit = rest.get(digits..)?;
    (unit.starts_with("kB") || unit.starts_with("KB")).then(|| ByteSize(number.saturating_mul(1024)))
}

/// Returns a whole number behind a name.
pub(super) fn number(text: &str, name: &str) -> Option<i64> {
    let rest = text.split_once(name)?.1.trim_start_matches([':', ' ']);
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Parses `memory: usage 1kB, limit 2kB, failcnt 3`. A limit of the largest number is none.
pub(super) fn usage(text: &str) -> Option<(ByteSize, ByteSize)> {
    let limit = kilobytes(text, "limit ").filter(|limit| limit.0 < UNLIMITED)?;
    Some((kilobytes(text, "usage ")?, limit))
}

/// A row of the table of processes.
#[derive(Debug, PartialEq)]
pub(super) struct Row<'l> {
    pub(super) pid: u32,
    pub(super) name: &'l str,
    /// Pages of its address space.
    pub(super) total: i64,
    /// Pages in memory.
    pub(super) resident: i64,
}

/// Parses a row of the table of processes. Its columns differ between kernels; the two sizes are the third and fourth behind the ID in
/// all of them.
pub(super) fn row(text: &str) -> Option<Row<'_>> {
    let inner = text.strip_prefix('[')?;
    let (pid, rest) = inner.split_once(']')?;
    let pid = pid.trim().parse().ok()?;
    let numbers: Vec<i64> = rest.split_whitespace().take(4).map_while(|word| word.parse().ok()).collect();
    let [_, _, total, resident] = numbers.as_slice() else { return None };
    let name = rest.split_whitespace().skip(4).find(|word| word.parse::<i64>().is_err())?;
    let at = rest.rfind(name)?;
    Some(Row { pid, name: rest.get(at..)?.trim(), total: *total, resident: *resident })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_of_an_oom_kill_line() {
        let line = "constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/docker/a,task_memcg=/docker/a/b,\
                    task=native, owner,pid=77,uid=1000";
        let read = oom_kill(line);
        assert_eq!(
            (read.constraint, read.task, read.pid),
            ("CONSTRAINT_MEMCG", Some("native, owner"), Some(77))
        );
        assert_eq!(read.limit_path.as_deref(), Some("/docker/a"));
        assert_eq!(read.task_path.as_deref(), Some("/docker/a/b"));
        let read = oom_kill(
            "constraint=CONSTRAINT_NONE,global_oom,task_memcg=/docker/e9d9 5 a33d,task=python,pid= 2953 , liquid=999",
        );
        assert_eq!(read.task_path.as_deref(), Some("/docker/e9d95a33d"));
        assert_eq!((read.task, read.pid), (Some("python"), Some(2953)));
        let read = oom_kill(
            "constraint=CONSTRAINT_NONE,task=node,pid=4294,uid=1001[30104.280053] Out of memory: Kill process 1",
        );
        assert_eq!(read.rest, "[30104.280053] Out of memory: Kill process 1");
        let read = oom_kill(
            "constraint=CONSTRAINT_MEMCG,...,oom_memcg=/system.slice/docker-7bc00b0d3ac7...scope,task=node,pid=1",
        );
        assert_eq!(read.limit_path.as_deref(), Some("/system.slice/docker-7bc00b0d3ac7...scope"));
        assert_eq!(read.task_path, None);
        let read = oom_kill("constraint=CONSTRAINT_MEMCG,task=runc:[2:INIT],pid=9,uid=0");
        assert_eq!(read.task, Some("runc:[2:INIT]"));
    }

    #[test]
    fn sizes_and_rows() {
        assert_eq!(kilobytes("total-vm:1kB, anon-rss:506kB", "anon-rss"), Some(ByteSize(506 * 1024)));
        assert_eq!(kilobytes("anon-rss:506", "anon-rss"), None);
        let line = "memory+swap: usage 1048576kB, limit 1048576kB, failcnt 422";
        assert_eq!(usage(line), Some((ByteSize(1 << 30), ByteSize(1 << 30))));
        assert_eq!(usage("kmem: usage 0kB, limit 9007199254740988kB, failcnt 0"), None);
        assert_eq!(
            row("[ 39079]   107 39079  4457263  4201766 34439168        0           986 qemu-system-x86"),
            Some(Row { pid: 39079, name: "qemu-system-x86", total: 4_457_263, resident: 4_201_766 })
        );
        assert_eq!(
            row(
                "[  1365]   990  1365     4420      213      128       85         0    77824       96          -900 CPU 0/KVM"
            ),
            Some(Row { pid: 1365, name: "CPU 0/KVM", total: 4420, resident: 213 })
        );
        assert_eq!(row("[ pid ]   uid  tgid total_vm      rss nr_ptes swapents oom_score_adj name"), None);
        assert_eq!(
            process("18177 (palo_be), UID 0, total-vm:1kB"),
            Some((18177, "palo_be", ", UID 0, total-vm:1kB"))
        );
        assert_eq!(process("5 (a (b)) total-vm:1kB").map(|(_, name, _)| name), Some("a (b)"));
    }
}
