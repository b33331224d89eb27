//! Reads what the kernel's OOM killer logs: the lines of one kill, from `invoked oom-killer` to `Killed process`, as one record.
//!
//! Formats of Linux 3 to 6, cgroup v1 and v2, from `dmesg`, `journalctl` and syslog. People shorten, wrap and cut them: every part of
//! a record may be missing.

mod fields;
mod reports;
mod table;

pub(super) use reports::OomReports;

use crate::source::Span;
use crate::syntax::size::ByteSize;

/// Whose memory was full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// A cgroup with a limit.
    Cgroup,
    /// The host, or the virtual machine.
    Host,
    /// A part of the host: memory nodes that the process is restricted to.
    Node,
}

/// One run of the kernel's OOM killer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KernelKill {
    /// Whose memory was full, if the lines tell.
    pub full: Option<Full>,
    /// The cgroup whose limit was reached.
    pub limit_path: Option<String>,
    /// The cgroup of the process that was killed.
    pub task_path: Option<String>,
    /// The name of the process that asked for memory. It is not always the one that is killed.
    pub invoked_by: Option<String>,
    /// The cpuset of the process that asked, in old formats without a path.
    pub invoker_cpuset: Option<String>,
    /// The name of the process that was killed, at most 15 bytes.
    pub victim: Option<String>,
    /// Its process ID on the host.
    pub pid: Option<u32>,
    /// The address space of the process that was killed.
    pub total_vm: Option<ByteSize>,
    /// Anonymous memory of the process that was killed.
    pub anon: Option<ByteSize>,
    /// Shared memory of the process that was killed.
    pub shmem: Option<ByteSize>,
    /// Its `oom_score_adj`.
    pub score_adj: Option<i64>,
    /// Memory used by the cgroup, and its limit.
    pub usage: Option<(ByteSize, ByteSize)>,
    /// Memory and swap used by the cgroup, and the limit of both together.
    pub swap_usage: Option<(ByteSize, ByteSize)>,
    /// The memory of the cgroup at the time of the kill.
    pub stats: Stats,
    /// Memory of the host, if the lines tell how large a page is.
    pub host: Option<ByteSize>,
    /// The process with the most memory in the table of processes, and how much it had, if the lines tell how large a page is.
    pub largest: Option<(String, Option<ByteSize>)>,
    /// The lines that tell it, the most telling first.
    pub lines: Vec<Span>,
}

/// The memory of a cgroup at the time of the kill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Memory of processes.
    pub anon: Option<ByteSize>,
    /// Files on tmpfs and shared memory.
    pub shmem: Option<ByteSize>,
    /// Memory in swap.
    pub swap: Option<ByteSize>,
}

impl KernelKill {
    /// The memory of the process that was killed, without its files.
    #[must_use]
    pub fn used(&self) -> Option<ByteSize> {
        let anon = self.anon?;
        Some(ByteSize(anon.0.saturating_add(self.shmem.map_or(0, |shmem| shmem.0))))
    }

    /// Adds what another part of the same report says.
    pub(super) fn take(&mut self, other: Self) {
        self.full = self.full.or(other.full);
        self.invoked_by = self.invoked_by.take().or(other.invoked_by);
        self.invoker_cpuset = self.invoker_cpuset.take().or(other.invoker_cpuset);
        self.usage = self.usage.or(other.usage);
        self.swap_usage = self.swap_usage.or(other.swap_usage);
        self.stats.anon = self.stats.anon.or(other.stats.anon);
        self.stats.shmem = self.stats.shmem.or(other.stats.shmem);
        self.stats.swap = self.stats.swap.or(other.stats.swap);
        self.host = self.host.or(other.host);
        self.largest = self.largest.take().or(other.largest);
        self.lines.extend(other.lines);
    }

    /// The path that names the container: that of the killed process, else that of the limit.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.task_path.as_deref().or(self.limit_path.as_deref())
    }
}
