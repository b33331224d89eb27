//! The rule `limit-below-image-minimum`.

use crate::capacity::Need;
use crate::diagnostic::{Applicability, Confidence, Severity};
use crate::rules::RuleContext;
use crate::rules::offer::{CHANGES, Offer};
use crate::syntax::size::{ByteSize, MIB, SMALLEST_LIMIT};
use crate::workload::{Bound, Certainty, MemoryPool, Workload};

rule! {
    name: "limit-below-image-minimum",
    summary: "a limit below the minimum memory of the image",
    severity: Warning,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let (Some(minimum), Some(limit)) = (&workload.memory.minimum, workload.known_limit()) else { return };
    let least = ByteSize(minimum.mib.saturating_mul(MIB));
    if limit.value >= least
        || limit.value < SMALLEST_LIMIT
        || !workload.role.runs()
        || exceeds(workload, limit.value)
    {
        return;
    }
    let offer = Offer::of(workload, cx);
    let name = &workload.name;
    let image = workload.image.base.value().map_or("its image", |base| base.as_str());
    // With a smaller heap than the image's own it may well start.
    let lowered = heaps(workload).next().is_some() && Need::fits_limit(workload, limit.value);
    let sure = minimum.confidence == Certainty::High && !lowered;
    let severity = if sure { RULE.meta().severity } else { Severity::Note };
    let mut finding = cx.report(
        limit.span,
        format!("`{name}` has a limit of {}; `{image}` needs at least {least}", limit.value),
    );
    finding
        .label(format!("{} below the documented minimum", ByteSize(least.0 - limit.value.0)))
        .via(&limit.via)
        .severity(workload.role.soften(severity))
        .confidence(if minimum.confidence == Certainty::Low { Confidence::Low } else { Confidence::Medium })
        .related(workload.image.base.span(), "the image with this minimum");
    if let Some(usual) = minimum.usual {
        finding.note(format!(
            "its sizing guide recommends {} for normal use",
            ByteSize(usual.saturating_mul(MIB))
        ));
    }
    let need = Need::of(workload).ok().map(|need| need.limit).filter(|need| *need >= least);
    let enough = need.unwrap_or(least.rounded_up());
    if let Some(why) = offer.changed_elsewhere() {
        finding.help(format!("raise the limit to {} or more: {why}", enough.to_compose()));
        return;
    }
    if !offer.fits_host(enough) {
        finding.help(format!("it needs {}, more than the host has", enough.to_compose()));
        return;
    }
    let title = format!("raise the limit to {}", enough.to_compose());
    match offer.set_limit(enough, None) {
        Some(ops) => finding.fix_ops(title, Applicability::Unsafe, CHANGES, ops),
        None => finding.help(title),
    };
}

/// Returns the sizes in bytes of heaps and caches.
fn heaps(workload: &Workload) -> impl Iterator<Item = ByteSize> {
    let size = |pool: &MemoryPool| match pool.bound.value()?.bound {
        Bound::Bytes(size) => Some(size),
        Bound::Percent(_) => None,
    };
    workload.pools.heaps.iter().chain(&workload.pools.caches).filter_map(size)
}

/// True if a heap or cache takes the whole limit, which is a finding of its own.
fn exceeds(workload: &Workload, limit: ByteSize) -> bool {
    let own = workload.pools.image_default_heap.iter().map(|own| own.size());
    heaps(workload).chain(own).any(|size| size >= limit)
}
