//! The rule `invalid-compose-file`.

use crate::rules::{RuleContext, Target};
use crate::workload::{Project, Refusal};

rule! {
    name: "invalid-compose-file",
    summary: "something that Docker Compose refuses: it starts nothing of the project",
    severity: Error,
    group: Lint,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, cx: &mut RuleContext<'_>) {
    // `docker stack deploy` reads such a file with an older schema.
    let stack = cx.policy().target == Target::Swarm || project.for_swarm;
    // A file beside these may be meant to be merged over them.
    let is_added = |refusal: &Refusal| {
        let service = refusal.service.as_deref().filter(|_| refusal.may_be_added);
        service.is_some_and(|service| project.changed_elsewhere(service).next().is_some())
    };
    for refusal in &project.refusals {
        if (stack && !refusal.in_stack) || is_added(refusal) {
            continue;
        }
        let mut finding = cx.report(refusal.span, refusal.message.clone());
        finding.label(refusal.label.as_str()).via(&refusal.via).note(refusal.upstream.trim());
        for (span, text) in &refusal.related {
            finding.related(*span, text.as_str());
        }
        if let Some(service) = &refusal.service {
            finding.service(service);
        }
    }
}
