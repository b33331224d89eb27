//! `malformed-heap-setting`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Applicability, Edit, Severity};
use crate::model::size::ByteSize;
use crate::workload::{HeapProblemKind, Workload};

/// A flag that stops the runtime.
pub(super) struct MalformedHeapSetting;

static META: Meta = Meta {
    name: "malformed-heap-setting",
    summary: "a heap setting that the runtime refuses: it does not start",
    severity: Severity::Error,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/malformed-heap-setting.md"),
};

impl Rule for MalformedHeapSetting {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for heap in &workload.heaps {
            let runtime = heap.runtime.display_name();
            for problem in heap.problems.iter().filter(|problem| problem.kind == HeapProblemKind::Malformed) {
                let (flag, name) = (problem.flag.as_str(), &workload.name);
                let finding = sink
                    .report(
                        problem.flag.span(),
                        format!("{runtime} does not start with it"),
                        format!("{runtime} refuses `{flag}` of `{name}`"),
                    )
                    .of(workload)
                    .related(heap.program.span, format!("starts {runtime}"));
                if let Some(written) = suggestion(flag) {
                    let edit = Edit { span: problem.flag.span(), replacement: written.clone() };
                    finding.fix(format!("write `{written}`"), Applicability::Unsafe, vec![edit]);
                }
            }
        }
    }
}

/// The same setting in the runtime's own grammar; none when nobody can tell what was meant.
fn suggestion(flag: &str) -> Option<String> {
    if let Some(share) = flag.strip_prefix("-XX:MaxRAMPercentage=").map(|share| share.trim_end_matches('%')) {
        let whole = share.parse::<u32>().ok().filter(|share| *share <= 100)?;
        return Some(format!("-XX:MaxRAMPercentage={whole}.0"));
    }
    let digits = flag.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (front, unit) = flag.split_at(digits);
    let unit = unit.to_ascii_lowercase();
    let start = front.rfind(|c: char| !c.is_ascii_digit())? + 1;
    let (name, number) = front.split_at(start);
    let letter = unit
        .strip_suffix("ib")
        .or_else(|| unit.strip_suffix('b'))
        .or_else(|| unit.strip_suffix('i'))
        .unwrap_or(&unit);
    if flag.starts_with("--") {
        // Node counts MiB and takes no unit.
        let size = ByteSize::parse_jvm(&format!("{number}{letter}"))?;
        return name.ends_with('=').then(|| format!("{name}{}", size.0 >> 20));
    }
    let written = format!("{number}{letter}");
    let fits =
        ByteSize::parse_jvm(&written).is_some_and(|size| size.0 > 0) && !name.ends_with(['.', '=', ':']);
    (fits && !letter.is_empty()).then(|| format!("{name}{written}"))
}
