//! The rule `syntax-error`.

use crate::diagnostic::Severity;
use crate::hash::HashMap;
use crate::rules::RuleContext;
use crate::source::SourceId;
use crate::workload::Project;

/// The largest number of errors shown per file: a template may have one per line.
const SHOWN: usize = 12;

rule! {
    name: "syntax-error",
    summary: "a file does not parse; the rest of it is still checked",
    severity: Error,
    group: Lint,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, cx: &mut RuleContext<'_>) {
    let mut totals: HashMap<SourceId, usize> = HashMap::default();
    for error in &project.syntax_errors {
        *totals.entry(error.span.file).or_default() += 1;
    }
    let mut seen: HashMap<SourceId, usize> = HashMap::default();
    for error in &project.syntax_errors {
        let count = seen.entry(error.span.file).or_default();
        *count += 1;
        // The error that ended reading is always shown.
        if *count > SHOWN && !error.truncates_file {
            continue;
        }
        let severity = if error.fatal { RULE.meta().severity } else { Severity::Warning };
        let mut finding = cx.report(error.span, error.message.clone());
        finding.severity(severity);
        if let Some(first) = error.duplicate_of {
            finding.related(first, "first written here");
        }
        let total = totals.get(&error.span.file).copied().unwrap_or_default();
        if *count == SHOWN && total > SHOWN {
            finding.note(format!("and {} more in this file; is it a template?", total - SHOWN));
        }
    }
}
