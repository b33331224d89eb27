//! `unbounded-cache`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::catalog::RuntimeName;
use crate::finding::Severity;
use crate::workload::Workload;

/// A server that keeps everything.
pub(super) struct UnboundedCache;

static META: Meta = Meta {
    name: "unbounded-cache",
    summary: "a cache without a bound of its own: it grows until the kernel stops it",
    severity: Severity::Note,
    group: Group::Heap,
    preset: Preset::Strict,
    page: include_str!("../../rules/unbounded-cache.md"),
};

impl Rule for UnboundedCache {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        if !workload.role.runs() {
            return;
        }
        let unbounded = workload
            .caches
            .iter()
            .filter(|cache| cache.runtime == RuntimeName::Redis && cache.bound.is_absent());
        for cache in unbounded {
            let name = &workload.name;
            let bound = workload
                .memory
                .limit
                .value()
                .filter(|limit| limit.0 > 0)
                .map(|limit| limit.percent_in_mebibytes(75));
            sink.report(
                cache.program.span,
                "without --maxmemory it keeps every key",
                format!("nothing bounds the data of `{name}`"),
            )
            .of(workload)
            .note("Redis takes no notice of the container's limit: it is killed with all of its data")
            .help(match bound {
                Some(mebibytes) => format!(
                    "bound it with `--maxmemory {mebibytes}mb`, three quarters of the limit: writes fail there, or with `--maxmemory-policy allkeys-lru` old keys go"
                ),
                None => "bound it with `--maxmemory <size>`, and with a memory limit a third above that".to_owned(),
            });
        }
    }
}
