//! Hovers: the rule page over a finding, and the memory settings of a container over its name and memory keys.

use std::fmt::Write;
use std::path::Path;

use lsp_types::{Hover, HoverContents, MarkupContent, MarkupKind};

use super::session::{Analysis, Session, absolute};
use crate::report::escape::printable;
use crate::rules;
use crate::source::Span;
use crate::workload::{Bound, Fact, Workload};

/// Returns the hover at a byte offset of a file.
pub(super) fn hover(session: &Session, analysis: &Analysis, path: &Path, at: usize) -> Option<Hover> {
    let here = |span: Span| {
        let span = analysis.sources.to_outer_span(span);
        absolute(analysis.sources.get(span.file).path()) == path
            && span.start as usize <= at
            && at <= span.end as usize
    };
    let mut text = String::new();
    let mut place = None;
    for finding in analysis.outcome.findings.iter().filter(|finding| here(finding.primary.span)) {
        if let Some(rule) = rules::find(finding.rule) {
            place.get_or_insert(finding.primary.span);
            let _ = writeln!(text, "{}\n", rule.meta().page);
        }
    }
    let workloads = analysis.outcome.projects.iter().flat_map(|project| &project.workloads);
    let workload = workloads.into_iter().find_map(|workload| Some((workload, touched(workload, &here)?)));
    if let Some((workload, span)) = workload {
        place.get_or_insert(span);
        text = format!("{}\n{text}", memory(workload));
    }
    let range = session.encoding.range(&analysis.sources, place?);
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value: text });
    Some(Hover { contents, range: Some(range) })
}

/// Returns the memory key, memory value or name of a workload for which `here` is true.
fn touched(workload: &Workload, here: &dyn Fn(Span) -> bool) -> Option<Span> {
    let keys = workload.service.size_keys.iter().flat_map(|key| [key.key, key.size.span()]);
    keys.chain([workload.anchor]).find(|span| here(*span))
}

/// Formats the memory settings of a container as a Markdown table.
fn memory(workload: &Workload) -> String {
    fn shown<T>(fact: &Fact<T>, value: impl Fn(&T) -> String) -> String {
        match fact {
            Fact::Known(known) => value(&known.value),
            Fact::Unknown { why, .. } => format!("unknown: {why}"),
            Fact::Absent { .. } => "not set".to_owned(),
        }
    }
    let memory = &workload.memory;
    let mut out = format!("**{}**\n\n| | |\n|---|---|\n", escaped(&workload.name));
    let mut row = |what: &str, value: String| {
        let _ = writeln!(out, "| {what} | {} |", escaped(&value));
    };
    row("memory limit", shown(&memory.limit, ToString::to_string));
    row("reservation", shown(&memory.reservation, ToString::to_string));
    let swap = match (workload.service.memswap_limit.value(), memory.limit.value()) {
        (None, Some(limit)) if workload.service.memswap_limit.is_absent() => {
            format!("not set: {limit} on top of the limit")
        }
        _ => shown(&workload.service.memswap_limit, |swap| {
            if swap.0 == -1 { "unlimited".to_owned() } else { swap.to_string() }
        }),
    };
    row("memory and swap", swap);
    for heap in workload.pools.heaps.iter().chain(&workload.pools.caches) {
        let bound = shown(&heap.bound, |setting| match setting.bound {
            Bound::Bytes(size) => format!("{size} by {}", setting.written()),
            Bound::Percent(percent) => format!("{percent} % by {}", setting.written()),
        });
        let default = memory
            .limit
            .value()
            .filter(|_| heap.bound.is_absent())
            .and_then(|limit| heap.default_for(*limit));
        let bound = default.map_or(bound, |default| format!("about {default} by default"));
        row(heap.runtime.display_name(), bound);
    }
    out
}

/// Escapes text for Markdown.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in printable(text).chars() {
        if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ':' | '%' | '-' | '=' | '/' | '(' | ')') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
