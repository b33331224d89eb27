//! The rule `invalid-compose-file`.

use crate::diagnostic::{Applicability, Edit, Severity};
use crate::rules::{RuleContext, Target};
use crate::source::path_text;
use crate::workload::{COMPOSE, FactName, Project, Refusal};

rule! {
    name: "invalid-compose-file",
    summary: "a mistake for which Docker Compose rejects the whole project",
    severity: Error,
    group: Lint,
    preset: Recommended,
    check: Project(check),
}

fn check(project: &Project, cx: &mut RuleContext<'_>) {
    // `docker stack deploy` reads such a file with an older schema.
    let stack = cx.policy().target == Target::Swarm || project.for_swarm;
    // A file next to these may be meant to be merged over them, or to extend a service of theirs. One that extends it here does not
    // help: Compose rejects the project, unless a profile that nobody names keeps the service out.
    let is_added = |refusal: &Refusal| {
        let Some(name) = refusal.service.as_deref().filter(|_| refusal.may_be_added) else { return false };
        let find = |name: &str| project.workloads.iter().find(|workload| workload.name == name);
        let kept_out = find(name).is_some_and(|workload| !workload.service.profiles.is_empty());
        let is_here = |by: &Option<String>| by.as_deref().is_some_and(|by| find(by).is_some());
        project.changed_elsewhere(name).any(|change| kept_out || !is_here(&change.by))
    };
    let release = cx.policy().thresholds.compose_version;
    for refusal in &project.refusals {
        if (stack && !refusal.in_stack) || is_added(refusal) {
            continue;
        }
        if let Some(name) = refusal.may_be_newer.as_ref().filter(|_| release > COMPOSE && !stack) {
            let message =
                format!("{name} is unknown to Compose {COMPOSE}, and Compose {release} may take it");
            let mut finding = cx.report(refusal.span, message);
            finding.severity(Severity::Note).label("not checked").via(&refusal.via);
            if let Some(service) = &refusal.service {
                finding.service(service);
            }
            continue;
        }
        if let Some(file) = &refusal.defined_in {
            let file = path_text(file);
            let mut finding = cx.report(refusal.span, refusal.message.clone());
            finding.severity(Severity::Note).label(format!("defined in `{file}`")).via(&refusal.via);
            finding.help(format!("give Compose both files: `-f {file}`"));
            if let Some(service) = &refusal.service {
                finding.service(service);
            }
            continue;
        }
        let mut finding = cx.report(refusal.span, refusal.message.clone());
        finding
            .label(refusal.label.as_str())
            .via(&refusal.via)
            .note(format!("Docker Compose says: {}", refusal.upstream.trim()));
        for (span, text) in &refusal.related {
            finding.related(*span, text.as_str());
        }
        // Swarm takes other keys than Compose.
        if let Some(meant) = refusal.rename_to.filter(|_| !stack) {
            let edit = Edit { span: refusal.span, replacement: meant.to_owned() };
            finding.fix(format!("write `{meant}`"), Applicability::Unsafe, &FactName::ALL, vec![edit]);
        }
        if let Some(service) = &refusal.service {
            finding.service(service);
        }
    }
    for key in project.newer_keys.iter().filter(|key| key.since > release && !stack) {
        let mut finding = cx.report(key.span, format!("Compose {release} rejects {}", key.name));
        finding.label(format!("taken since Compose {}", key.since)).via(&key.via);
        if let Some(service) = &key.service {
            finding.service(service);
        }
    }
}
