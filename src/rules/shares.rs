//! Formats sums over the services of a project.

use super::{FindingBuilder, RuleContext};
use crate::capacity::Share;
use crate::order;
use crate::syntax::size::ByteSize;

/// The largest number of related labels of a finding; the note has the sum.
const SHOWN: usize = 9;

/// Reports a sum at its largest term; the note has the terms.
pub(super) fn report_sum<'c>(
    terms: &[Share<'_>],
    total: ByteSize,
    message: String,
    cx: &'c mut RuleContext<'_>,
) -> Option<FindingBuilder<'c>> {
    let largest = terms.iter().max_by_key(|term| term.total)?;
    let mut finding = cx.report(largest.size.span, message);
    finding.label(label(largest)).workload(largest.workload);
    for term in terms.iter().filter(|term| term.size.span != largest.size.span).take(SHOWN) {
        finding.related(term.size.span, label(term));
    }
    // A single container is no sum.
    if terms.len() > 1 || largest.replicas > 1 {
        finding.note(arithmetic(terms, total));
    }
    Some(finding)
}

/// Formats one service's part of the sum.
fn label(share: &Share<'_>) -> String {
    match share.replicas {
        1 => format!("{} of `{}`", share.total, share.workload.name),
        count => format!("{count} x {} of `{}` = {}", share.size.value, share.workload.name, share.total),
    }
}

/// Formats the number of services, or of the containers of a single one.
pub(super) fn services(shares: &[Share<'_>]) -> String {
    match shares {
        [share] => format!("{} containers of `{}`", share.replicas, share.workload.name),
        shares => format!("{} services", shares.len()),
    }
}

/// Formats the sum, the twelve largest terms first, and counts the rest.
fn arithmetic(shares: &[Share<'_>], total: ByteSize) -> String {
    let mut sorted: Vec<&Share<'_>> = shares.iter().collect();
    order::by_key(&mut sorted, |share| std::cmp::Reverse(share.total));
    let shown: Vec<String> =
        sorted.iter().take(12).map(|share| format!("{} ({})", share.total, share.workload.name)).collect();
    let more = sorted.len().saturating_sub(12);
    let rest = if more > 0 { format!(" + {more} more") } else { String::new() };
    format!("{}{rest} = {total}", shown.join(" + "))
}
