//! `budget-exceeded`

use super::host::{Term, arithmetic, sum, terms};
use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::model::size::ByteSize;
use crate::workload::Project;

/// More promised than there is.
pub(super) struct BudgetExceeded;

static META: Meta = Meta {
    name: "budget-exceeded",
    summary: "the sum of limits is more than the host has",
    severity: Severity::Warning,
    group: Group::Host,
    preset: Preset::Recommended,
    page: include_str!("../../rules/budget-exceeded.md"),
};

impl Rule for BudgetExceeded {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn project(&self, project: &Project, sink: &mut Sink<'_>) {
        let policy = sink.policy();
        let Some(host) = policy.host_memory else { return };
        let budget = ByteSize((host.0 as f64 * policy.overcommit) as i64);
        let terms = terms(project, |workload| workload.memory.limit.known());
        // One service alone is another rule's, unless it runs more than once.
        if terms.len() == 1 && terms.iter().all(|term| term.total == term.size.value) {
            return;
        }
        let total = sum(&terms);
        let Some(largest) = terms.iter().max_by_key(|term| term.total).filter(|_| total > budget) else {
            return;
        };
        let message =
            format!("{} may take {total} together, the host has {host}", super::host::services(&terms));
        let mut finding = sink.report(largest.size.span, largest.label(), message).of(largest.workload);
        for term in terms.iter().filter(|term| term.size.span != largest.size.span).take(Term::SHOWN) {
            finding = finding.related(term.size.span, term.label());
        }
        finding = finding.note(arithmetic(&terms, total));
        if policy.overcommit != 1.0 {
            finding = finding.note(format!("{host} x {} = {budget}", policy.overcommit));
        }
        drop(finding);
    }
}
