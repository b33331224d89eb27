//! Reads `docker stats --format json`: one object per container (docker/cli `cli/command/container/formatter_stats.go`). Also
//! reads Podman's: a list of objects with other names for the same.

use serde_json::Value;

use super::{HOW, Identity, Problem, Sample, Stats, time_of};
use crate::syntax::size::ByteSize;

/// Counts over the rows of one input.
#[derive(Debug, Default)]
pub(super) struct RowCounts {
    rows: usize,
    /// Rows with `0B / 0B` of containers that run.
    unaccounted: usize,
    /// The input has other values than rows.
    pub(super) other: bool,
}

impl RowCounts {
    /// Fails if the numbers mean nothing, or if there are none.
    pub(super) fn verdict(&self) -> Result<(), Problem> {
        if self.rows > 0 && self.unaccounted == self.rows {
            return Err(Problem::new("every container shows `0B / 0B`: the host does not account memory").help(
                "`docker info` warns of it: boot the host with cgroup_enable=memory (a Raspberry Pi takes it in cmdline.txt), \
                 then measure again",
            ));
        }
        if self.rows == 0 && !self.other {
            return Err(Problem::new("it has no container").help(HOW));
        }
        Ok(())
    }
}

/// The memory in a row, as it is written: `used / limit`. Windows shows no limit.
pub(crate) struct MemoryUse<'r> {
    text: &'r str,
    pub(crate) used: &'r str,
    pub(crate) limit: Option<&'r str>,
}

impl<'r> MemoryUse<'r> {
    /// Returns that of a row; `None` if it is another tool's.
    pub(crate) fn of(row: &'r Value) -> Option<Self> {
        let text = text_of(row, &["MemUsage", "mem_usage"])?;
        let mut parts = text.split('/').map(str::trim);
        Some(Self { text, used: parts.next().unwrap_or_default(), limit: parts.next() })
    }
}

/// Returns the first text of a row that has one of these names and is not empty.
pub(crate) fn text_of<'r>(row: &'r Value, names: &[&str]) -> Option<&'r str> {
    names.iter().find_map(|name| row.get(*name)?.as_str()).filter(|text| !text.is_empty())
}

/// Adds one row.
pub(super) fn read(stats: &mut Stats, row: &Value, seen: &mut RowCounts) -> Result<(), Problem> {
    let Some(MemoryUse { text: usage, used, limit }) = MemoryUse::of(row) else {
        return Err(Problem::new("`MemUsage` is missing: this is not the output of `docker stats`").help(HOW));
    };
    let Some(name) = text_of(row, &["Name", "name", "Container", "ID", "id"]) else {
        return Err(Problem::new("`Name` is missing: it is not known which container this is"));
    };
    seen.rows += 1;
    if used == "--" {
        stats.skip(name, "it was not running");
        return Ok(());
    }
    let Some(used) = ByteSize::parse_measured(used) else {
        return Err(Problem::new(format!("`{usage}` is not a memory use, of `{name}`"))
            .help("as `docker stats` prints it: 12.5MiB / 1.9GiB"));
    };
    if used.0 == 0 {
        let pids = row.get("PIDs").or(row.get("pids"));
        let stopped =
            pids.is_some_and(|pids| pids.as_str().map_or(pids.as_u64() == Some(0), |pids| pids == "0"));
        if limit == Some("0B") && !stopped {
            seen.unaccounted += 1;
            stats.skip(name, "the host does not account its memory: 0B / 0B");
        } else {
            stats.skip(name, "it was not running");
        }
        return Ok(());
    }
    let at = ["time", "timestamp", "ts"].iter().find_map(|name| row.get(*name));
    let at = at.and_then(|at| {
        at.as_f64().map_or_else(|| time_of(at.as_str()?), |number| time_of(&number.to_string()))
    });
    let identity = Identity {
        name: name.trim_start_matches('/').to_owned(),
        project: text_of(row, &["Project", "project"]).map(str::to_owned),
        service: text_of(row, &["Service", "service"]).map(str::to_owned),
    };
    stats.add(identity, Sample { at, used })
}
