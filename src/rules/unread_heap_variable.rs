//! `unread-heap-variable`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::{Applicability, Confidence, Edit, Severity};
use crate::workload::{HeapProblemKind, Workload};

/// A heap size that nobody hears.
pub(super) struct UnreadHeapVariable;

static META: Meta = Meta {
    name: "unread-heap-variable",
    summary: "a heap size in a variable that nothing reads",
    severity: Severity::Error,
    group: Group::Heap,
    preset: Preset::Recommended,
    page: include_str!("../../rules/unread-heap-variable.md"),
};

impl Rule for UnreadHeapVariable {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for heap in &workload.heaps {
            for problem in heap.problems.iter().filter(|problem| problem.kind == HeapProblemKind::Unread) {
                let (flag, variable, name) = (problem.flag.as_str(), &problem.carrier, &workload.name);
                // A script of the image stands between: what it does is known from its name alone.
                let script = !problem.effect.is_empty();
                let (label, other) = match script {
                    true => (problem.effect.clone(), "this image's script"),
                    false => (format!("the JVM does not look at `{variable}`"), "no shell here expands it"),
                };
                let mut finding = sink
                    .report(
                        problem.flag.span(),
                        label,
                        format!("nothing reads `{variable}` of `{name}`, so `{flag}` has no effect"),
                    )
                    .of(workload)
                    .related(heap.program.span, other);
                let place = workload.env.get(variable).and_then(|variable| variable.name);
                finding = match place.filter(|_| !workload.env.contains_key("JAVA_TOOL_OPTIONS") && !script) {
                    Some(span) => finding.fix(
                        "the variable that every JVM reads",
                        Applicability::Unsafe,
                        &["env", "heaps"],
                        vec![Edit { span, replacement: "JAVA_TOOL_OPTIONS".to_owned() }],
                    ),
                    None => finding
                        .help(format!("the variable that every JVM reads:\n  JAVA_TOOL_OPTIONS: {flag}")),
                };
                if script {
                    finding = finding.severity(Severity::Warning).confidence(Confidence::Medium);
                }
                if let Some(limit) = workload.memory.limit.known()
                    && let Some(default) = heap.default_for(limit.value).filter(|_| heap.bound.is_absent())
                {
                    finding = finding.note(format!(
                        "the heap is the default instead, about {default} of a limit of {}",
                        limit.value
                    ));
                }
                drop(finding);
            }
        }
    }
}
