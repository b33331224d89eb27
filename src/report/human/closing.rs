//! The last lines of the report: errors, counts, and what to do next.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use super::super::fold::Fold;
use super::super::{escape, wrap};
use super::{Options, paint};
use crate::diagnostic::{Applicability, Finding, Severity, Summary, plural};
use crate::model::ImageReference;
use crate::rules;
use crate::source::Sources;

/// Rules whose warnings are counted.
const RULES: usize = 5;

/// Errors repeated at the end.
const ERRORS: usize = 10;

/// From more findings than this on, a first run tells how to begin with new ones only.
const MANY: usize = 50;

pub(super) fn write(
    out: &mut dyn Write,
    folds: &[Fold<'_>],
    findings: &[Finding],
    summary: &Summary,
    sources: &Sources,
    options: Options,
) -> io::Result<()> {
    // A single block is on the screen anyway.
    if folds.len() > 1 {
        errors(out, folds, sources, options)?;
    }
    writeln!(out, "{}", summary_line(summary, options.time))?;
    let lines = [
        warnings(findings),
        fixable(findings),
        filled_in(summary),
        unknown_images(summary),
        adopt(summary),
        next_step(folds),
    ];
    for line in lines.into_iter().flatten() {
        let width = options.width.map(|width| (width, 0));
        writeln!(out, "{}", wrap::hanging(&escape::line(&line), width, "  "))?;
    }
    Ok(())
}

/// Repeats each error as one line.
fn errors(out: &mut dyn Write, folds: &[Fold<'_>], sources: &Sources, options: Options) -> io::Result<()> {
    let errors: Vec<&Fold<'_>> = folds.iter().filter(|fold| fold.severity() == Severity::Error).collect();
    for fold in errors.iter().take(ERRORS) {
        let place = escape::line(&fold.at(sources));
        let message = escape::line(&fold.message());
        let width = options.width.map(|width| (width, place.len() + "error:  ".len()));
        let message = wrap::hanging(&message, width, "  ");
        writeln!(out, "{} {place} {message}", paint("error:", "1;91", options.color))?;
    }
    match errors.len().saturating_sub(ERRORS) {
        0 => Ok(()),
        more => writeln!(out, "and {}", plural(more, "more error")),
    }
}

/// Returns the summary line: `2 errors, 1 note · 5 services in 3 files · 3 ms`.
pub(in super::super) fn summary_line(summary: &Summary, time: bool) -> String {
    if summary.files == 0 {
        return "nothing to check: no Dockerfile and no Compose file here".to_owned();
    }
    let join = |counts: &[(usize, &str)], by: &str| {
        let some = counts.iter().filter(|(count, _)| *count > 0);
        some.map(|(count, name)| plural(*count, name)).collect::<Vec<_>>().join(by)
    };
    let found = [(summary.errors, "error"), (summary.warnings, "warning"), (summary.notes, "note")];
    let mut found = join(&found, ", ");
    if found.is_empty() {
        "nothing found".clone_into(&mut found);
    }
    let checked = join(
        &[(summary.services, "service"), (summary.containers, "container"), (summary.images, "Dockerfile")],
        " and ",
    );
    let files = plural(summary.files, "file");
    let mut line = match checked.as_str() {
        "" => format!("{found} · {files}"),
        _ => format!("{found} · {checked} in {files}"),
    };
    if summary.baseline > 0 {
        line.push_str(&format!(" · {} in the baseline", summary.baseline));
    }
    if summary.suppressed > 0 {
        line.push_str(&format!(" · {} suppressed", summary.suppressed));
    }
    if time {
        line.push_str(" · ");
        line.push_str(&duration(summary.elapsed));
    }
    line
}

/// Returns the line that counts warnings by rule, the most harmful first: `missing-memory-limit 24, missing-healthcheck 18`.
fn warnings(findings: &[Finding]) -> Option<String> {
    let mut counts: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Warning) {
        *counts.entry((rules::position(finding.rule), finding.rule)).or_default() += 1;
    }
    let shown: Vec<String> =
        counts.iter().take(RULES).map(|((_, rule), count)| format!("{rule} {count}")).collect();
    let more = counts.len().saturating_sub(RULES);
    let more = if more > 0 { format!(" and {}", plural(more, "more rule")) } else { String::new() };
    // With a single rule the line would repeat the one above.
    (shown.len() > 1).then(|| format!("warnings: {}{more}", shown.join(", ")))
}

/// Returns the line that counts findings with a fix: `3 fixable with --fix, 5 more with --fix --unsafe-fixes`.
fn fixable(findings: &[Finding]) -> Option<String> {
    let with = |applicability| {
        let best =
            findings.iter().filter_map(|finding| finding.fixes.iter().map(|fix| fix.applicability).max());
        best.filter(|best| *best == applicability).count()
    };
    match (with(Applicability::Safe), with(Applicability::Unsafe)) {
        (0, 0) => None,
        (safe, 0) => Some(format!("{safe} fixable with --fix")),
        (0, unsafe_) => {
            Some(format!("{unsafe_} fixable with --fix --unsafe-fixes; --diff shows the changes"))
        }
        (safe, unsafe_) => Some(format!(
            "{safe} fixable with --fix, {unsafe_} more with --unsafe-fixes; --diff shows the changes"
        )),
    }
}

/// Returns the line that counts errors at places which something fills in before Docker reads them.
pub(in super::super) fn filled_in(summary: &Summary) -> Option<String> {
    let errors = plural(summary.filled_in, "error");
    (summary.filled_in > 0).then(|| {
        format!("left out: {errors} where a template is filled in first, as at `{{{{ x }}}}` (-v lists them)")
    })
}

/// Returns the line about images that nobody knows: without findings for their services, silence would look like a pass.
pub(in super::super) fn unknown_images(summary: &Summary) -> Option<String> {
    const NAMED: usize = 5;
    let name = |reference: &String| {
        ImageReference::parse(reference).map_or_else(|| reference.clone(), |reference| reference.name())
    };
    let mut names: Vec<String> = summary.unknown_images.iter().map(name).collect();
    names.sort();
    names.dedup();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.truncate(NAMED);
    let names = names.join(", ");
    (!names.is_empty()).then(|| {
        format!("unknown images, not checked for heap and healthcheck: {names}{more} (see `oomlint images`)")
    })
}

/// Tells a first run with many findings how to get new ones only.
fn adopt(summary: &Summary) -> Option<String> {
    let found = summary.errors + summary.warnings + summary.notes;
    (found > MANY && summary.baseline == 0)
        .then(|| "to report only new findings from now on: `oomlint baseline` records these".to_owned())
}

fn duration(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        0 => "under 1 ms".to_owned(),
        millis @ 1..1000 => format!("{millis} ms"),
        _ => format!("{:.1} s", elapsed.as_secs_f64()),
    }
}

/// Returns a hint at the page of the most harmful rule that found something.
fn next_step(folds: &[Fold<'_>]) -> Option<String> {
    folds
        .first()
        .map(|fold| format!("next: `oomlint explain {}` has the reasons and what to do", fold.rule()))
}
