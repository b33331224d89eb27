//! Sums over a project, in words.

use crate::budget::Share;
use crate::model::size::ByteSize;

/// Related labels that a finding takes; the note has all terms.
pub(super) const SHOWN: usize = 9;

/// A place's own part of the sum.
pub(super) fn label(share: &Share<'_>) -> String {
    match share.replicas {
        1 => format!("{} of `{}`", share.total, share.workload.name),
        count => format!("{count} x {} of `{}` = {}", share.size.value, share.workload.name, share.total),
    }
}

/// How many containers of how many services.
pub(super) fn services(shares: &[Share<'_>]) -> String {
    match shares {
        [share] => format!("{} containers of `{}`", share.replicas, share.workload.name),
        shares => format!("{} services", shares.len()),
    }
}

/// The sum, term by term; the largest first.
pub(super) fn arithmetic(shares: &[Share<'_>], total: ByteSize) -> String {
    let mut sorted: Vec<&Share<'_>> = shares.iter().collect();
    sorted.sort_by_key(|share| std::cmp::Reverse(share.total));
    let shown: Vec<String> =
        sorted.iter().take(12).map(|share| format!("{} ({})", share.total, share.workload.name)).collect();
    let more = sorted.len().saturating_sub(12);
    let rest = if more > 0 { format!(" + {more} more") } else { String::new() };
    format!("{}{rest} = {total}", shown.join(" + "))
}
