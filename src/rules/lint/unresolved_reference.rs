//! The rule `unresolved-reference`.

use crate::hash::HashSet;
use crate::rules::RuleContext;
use crate::workload::Project;

rule! {
    name: "unresolved-reference",
    summary: "a reference to a missing file, service or stage: what depends on it is not checked",
    severity: Note,
    group: Lint,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, cx: &mut RuleContext<'_>) {
    let mut seen = HashSet::default();
    for reference in &project.unresolved {
        // Services that share a mapping name the same file in the same place.
        if !seen.insert((reference.span, &reference.name)) {
            continue;
        }
        let mut finding = cx.report(reference.span, reference.to_string());
        finding.label("cannot be resolved");
        finding.note("checks that need it were skipped: correct the name, or add what is missing");
        if let Some(service) = &reference.service {
            finding.service(service);
        }
    }
}
