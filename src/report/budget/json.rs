//! JSON report: every number in bytes, with its location.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::super::{escape, path_text};
use super::{Report, verdict};
use crate::capacity::{Entry, HostFit, Overrun, Stack, Sum, Swap};
use crate::source::Span;
use crate::syntax::size::ByteSize;
use crate::workload::Fact;

/// Version of the format.
const VERSION: u32 = 1;

pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let stacks: Vec<Value> = report.stacks.iter().map(|stack| report.stack(stack)).collect();
    let together = report.together().map(|sum| self::sum(&sum));
    escape::json(out, &json!({ "version": VERSION, "stacks": stacks, "together": together }))?;
    writeln!(out)
}

impl Report<'_> {
    fn stack(&self, stack: &Stack) -> Value {
        let files: Vec<String> =
            stack.files.iter().map(|file| path_text(self.sources.get(*file).path())).collect();
        let started = stack.sum();
        let profiles = stack.by_profile().into_iter().map(|(name, adds)| {
            let with = Value::from_iter(numbers(&started.numbers_with(&adds)));
            json!({ "profile": name, "adds": sum(&adds), "with": with })
        });
        let excesses = stack.excesses().into_iter().map(|excess| match excess {
            Overrun::Limit(entry, _) => json!({ "rule": "limit-exceeds-host", "service": entry.name }),
            Overrun::Reservations(_) => json!({ "rule": "reservations-exceed-host" }),
            Overrun::Limits(_) => json!({ "rule": "budget-exceeded" }),
            Overrun::Expected(..) => json!({ "rule": "missing-memory-limit" }),
        });
        json!({
            "files": files,
            "overlay": stack.is_override_file,
            "host": stack.host.as_ref().map(|host| {
                json!({ "bytes": host.size.0, "from": host.from, "overcommit": host.room.overcommit, "reserve": host.room.reserve.0 })
            }),
            "active_profiles": stack.active,
            "services": stack.services.iter().map(|entry| self.entry(entry, stack)).collect::<Vec<_>>(),
            "sum": sum(&started),
            "profiles": profiles.collect::<Vec<_>>(),
            "exceeds": excesses.collect::<Vec<_>>(),
            "verdict": verdict(stack).map(|(_, text)| text),
            "fits": match stack.host_fit() {
                HostFit::Fits => json!(true),
                HostFit::DoesNotFit(_) => json!(false),
                HostFit::Open(..) | HostFit::Unknown => Value::Null,
            },
            "gaps": stack.gaps.iter().map(|(span, why)| {
                let (file, line) = self.place(*span);
                json!({ "file": file, "line": line, "why": why })
            }).collect::<Vec<_>>(),
        })
    }

    fn entry(&self, entry: &Entry, stack: &Stack) -> Value {
        let managed = entry.managed.iter().map(|managed| {
            let (file, line) = self.place(managed.span);
            json!({ "what": managed.what, "bytes": managed.size.0, "by": managed.by, "file": file, "line": line })
        });
        let off_heap = entry.off_heap.map(|(least, most)| json!({ "least": least.0, "most": most.0 }));
        let parts = entry
            .parts()
            .map(|[heap, off_heap, rest]| json!({ "heap": heap.0, "off_heap": off_heap.0, "rest": rest.0 }));
        let (file, line) = self.place(entry.anchor);
        json!({
            "name": entry.name,
            "file": file,
            "line": line,
            "profiles": entry.profiles,
            "started": stack.starts(entry),
            "replicas": entry.replicas,
            "replicas_known": entry.replicas_known,
            "limit": self.size(&entry.limit),
            "reservation": self.size(&entry.reservation),
            "swap": match entry.swap {
                Swap::Bytes(size) => json!(size.0),
                Swap::Unlimited => json!("unlimited"),
                Swap::Unknown => Value::Null,
            },
            "managed": managed.collect::<Vec<_>>(),
            "off_heap": off_heap,
            "follows_host": entry.follows_host,
            "self_sizing": entry.self_sizing,
            "fit": entry.fit(),
            "total": {
                "limit": entry.total().map(|size| size.0),
                "reservation": entry.reserved().map(|size| size.0),
                "parts": parts,
            },
        })
    }

    fn size(&self, fact: &Fact<ByteSize>) -> Value {
        let at = |span: Span| {
            let (file, line) = self.place(span);
            json!({ "file": file, "line": line })
        };
        match fact {
            Fact::Known(size) => {
                json!({ "state": "known", "bytes": size.value.0, "from": at(size.span) })
            }
            Fact::Unknown { at: span, why } => {
                json!({ "state": "unknown", "why": why.to_string(), "from": at(*span) })
            }
            Fact::Absent { .. } => json!({ "state": "absent" }),
        }
    }
}

fn sum(sum: &Sum) -> Value {
    let beyond = [
        ("unlimited_swap", json!(sum.unlimited_swap)),
        ("without_limit", json!(sum.unlimited)),
        ("unknown_limit", json!(sum.unknown)),
    ];
    numbers(sum).into_iter().chain(beyond).collect()
}

fn numbers(sum: &Sum) -> [(&'static str, Value); 6] {
    [
        ("services", json!(sum.services)),
        ("containers", json!(sum.containers)),
        ("limits", json!(sum.limits.0)),
        ("reservations", json!(sum.reservations.0)),
        ("swap", json!(sum.swap.0)),
        ("expected_without_limit", json!(sum.expected.0)),
    ]
}
