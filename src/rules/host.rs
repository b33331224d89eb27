//! Sums over a project, held against the host.

use crate::model::size::ByteSize;
use crate::source::Spanned;
use crate::workload::{Project, Workload};

/// What one service adds.
pub(super) struct Term<'w> {
    pub(super) workload: &'w Workload,
    /// For one container.
    pub(super) size: &'w Spanned<ByteSize>,
    replicas: i64,
    /// For all of them.
    pub(super) total: ByteSize,
}

impl Term<'_> {
    /// Related labels that a finding takes; the note has all terms.
    pub(super) const SHOWN: usize = 9;

    /// The place's own part of the sum.
    pub(super) fn label(&self) -> String {
        match self.replicas {
            1 => format!("{} of `{}`", self.total, self.workload.name),
            count => format!("{count} x {} of `{}` = {}", self.size.value, self.workload.name, self.total),
        }
    }
}

/// The services that `docker compose up` starts, each with what `size` says of it. What is not known counts as nothing, a
/// number of replicas that is not known as one.
pub(super) fn terms<'w>(
    project: &'w Project,
    size: impl Fn(&'w Workload) -> Option<&'w Spanned<ByteSize>>,
) -> Vec<Term<'w>> {
    let started =
        project.workloads.iter().filter(|workload| workload.role.runs() && workload.profiles.is_empty());
    let terms = started.filter_map(|workload| {
        let size = size(workload).filter(|size| size.value.0 > 0)?;
        let replicas = workload.replicas.value().copied().unwrap_or(1).max(1);
        Some(Term { workload, size, replicas, total: ByteSize(size.value.0.saturating_mul(replicas)) })
    });
    terms.collect()
}

/// How many containers of how many services.
pub(super) fn services(terms: &[Term<'_>]) -> String {
    match terms {
        [term] => format!("{} containers of `{}`", term.replicas, term.workload.name),
        terms => format!("{} services", terms.len()),
    }
}

/// Their sum.
pub(super) fn sum(terms: &[Term<'_>]) -> ByteSize {
    ByteSize(terms.iter().fold(0_i64, |sum, term| sum.saturating_add(term.total.0)))
}

/// The sum, term by term; the largest first.
pub(super) fn arithmetic(terms: &[Term<'_>], total: ByteSize) -> String {
    let mut sorted: Vec<&Term<'_>> = terms.iter().collect();
    sorted.sort_by_key(|term| std::cmp::Reverse(term.total));
    let shown: Vec<String> =
        sorted.iter().take(12).map(|term| format!("{} ({})", term.total, term.workload.name)).collect();
    let more = sorted.len().saturating_sub(12);
    let rest = if more > 0 { format!(" + {more} more") } else { String::new() };
    format!("{}{rest} = {total}", shown.join(" + "))
}
