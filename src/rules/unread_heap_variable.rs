//! `unread-heap-variable`

use super::estimate::is_tight;
use super::sink::Builder;
use super::{Group, Meta, Preset, Rule, Sink, Thresholds};
use crate::finding::{Applicability, Confidence, Edit, Severity};
use crate::workload::{Bound, Heap, HeapProblem, HeapProblemKind, Way, Workload};

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
            for problem in &heap.problems {
                if matches!(problem.kind, HeapProblemKind::Unread | HeapProblemKind::WrongVariable) {
                    unread(workload, heap, problem, sink);
                }
            }
        }
        for problem in &workload.strangers {
            let finding = by_script(workload, problem, sink).related(workload.base.span(), "this image");
            if let Some(help) = &problem.help {
                finding.help(help.as_str());
            }
        }
    }
}

fn unread(workload: &Workload, heap: &Heap, problem: &HeapProblem, sink: &mut Sink<'_>) {
    let (flag, variable, name) = (problem.flag.as_str(), &problem.carrier, &workload.name);
    let thresholds = &sink.policy().thresholds;
    let way = problem.way.as_ref().map(|way| (way, held(workload, heap, way, thresholds)));
    // A script of the image stands between: what it does is known from its name alone.
    let mut finding = if problem.effect.is_empty() {
        let finding = sink
            .report(
                problem.flag.span(),
                format!("the JVM does not look at `{variable}`"),
                format!("nothing reads `{variable}` of `{name}`, so `{flag}` has no effect"),
            )
            .of(workload)
            .related(heap.program.span, "no shell here expands it");
        let place = workload.env.get(variable).and_then(|variable| variable.name);
        // Another name for what is written: where the text is whole, and its heap fits.
        let whole = matches!(&way, Some((way, Held::Fits)) if way.there.is_empty());
        match place.filter(|_| whole && !workload.env.contains_key("JAVA_TOOL_OPTIONS")) {
            Some(span) => finding.fix(
                "the variable that every JVM reads",
                Applicability::Unsafe,
                &["env", "heaps"],
                vec![Edit { span, replacement: "JAVA_TOOL_OPTIONS".to_owned() }],
            ),
            None => help(finding, "the variable that every JVM reads", way),
        }
    } else {
        let finding = by_script(workload, problem, sink).related(heap.program.span, "this image's script");
        let what = match problem.kind {
            HeapProblemKind::WrongVariable => "the variable for the heap",
            _ => "the variable that it reads",
        };
        help(finding, what, way)
    };
    if let Some(limit) = workload.memory.limit.known()
        && let Some(default) = heap.default_for(limit.value).filter(|_| heap.bound.is_absent())
    {
        finding = finding
            .note(format!("the heap is the default instead, about {default} of a limit of {}", limit.value));
    }
    drop(finding);
}

fn by_script<'s>(workload: &Workload, problem: &HeapProblem, sink: &'s mut Sink<'_>) -> Builder<'s> {
    let (flag, variable, name) = (problem.flag.as_str(), &problem.carrier, &workload.name);
    let message = match problem.kind {
        HeapProblemKind::WrongVariable => format!("`{variable}` of `{name}` is no place for `{flag}`"),
        _ => format!("nothing reads `{variable}` of `{name}`, so `{flag}` has no effect"),
    };
    sink.report(problem.flag.span(), problem.effect.as_str(), message)
        .of(workload)
        .severity(Severity::Warning)
        .confidence(Confidence::Medium)
}

/// How the heap would do under the limit, once its bound is read.
enum Held {
    /// With room beside it, or nobody knows.
    Fits,
    /// Not so; this flag does.
    Instead(String),
    /// No heap that is worth it does.
    Never,
}

fn held(workload: &Workload, heap: &Heap, way: &Way, thresholds: &Thresholds) -> Held {
    let Some(limit) = workload.memory.limit.known().filter(|limit| limit.value.0 > 0) else {
        return Held::Fits;
    };
    let flag = match (way.setting.bound, heap.fits_in(limit.value)) {
        (Bound::Percent(percent), _) if percent <= 75.0 => return Held::Fits,
        (Bound::Percent(_), _) => way.setting.with_percent(70.0),
        (Bound::Bytes(size), _) if size < limit.value && !is_tight(heap, size, limit.value, thresholds) => {
            return Held::Fits;
        }
        (Bound::Bytes(_), most) => most.and_then(|most| way.setting.with_size(most)),
    };
    flag.map_or(Held::Never, Held::Instead)
}

fn help<'s>(finding: Builder<'s>, what: &str, way: Option<(&Way, Held)>) -> Builder<'s> {
    match way {
        Some((way, Held::Fits)) => finding.help(format!("{what}:\n  {}", line(way, None))),
        Some((way, Held::Instead(flag))) => {
            finding.help(format!("{what}, with a heap that fits the limit:\n  {}", line(way, Some(&flag))))
        }
        Some((way, Held::Never)) => {
            finding.help(format!("{what} is `{}`, but no such heap fits the limit", way.variable))
        }
        None => finding.help("remove it: another place sets the heap, or may do so"),
    }
}

/// As a line of `environment`.
fn line(way: &Way, flag: Option<&str>) -> String {
    let text = way.text(flag);
    let plain = !text.contains(": ") && !text.contains(" #") && !text.contains(['"', '\'', '{', '}']);
    if plain {
        format!("{}: {text}", way.variable)
    } else {
        format!("{}: '{}'", way.variable, text.replace('\'', "''"))
    }
}
