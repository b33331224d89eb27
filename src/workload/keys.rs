//! Settings that several keys of a service determine.

use super::Fact;
use crate::model::compose::Service;
use crate::source::{Span, Spanned};

/// Returns the first value unless it is absent, then the second.
pub(super) fn first_present<T: Clone>(first: &Fact<T>, second: &Fact<T>) -> Fact<T> {
    if first.is_absent() { second.clone() } else { first.clone() }
}

/// Like [`first_present`], but a first value that counts as unset also yields to the second.
pub(super) fn first_effective<T: Clone>(
    first: &Fact<T>,
    second: &Fact<T>,
    unset: impl Fn(&T) -> bool,
) -> Fact<T> {
    match first.value() {
        Some(value) if unset(value) && !second.is_absent() => second.clone(),
        _ => first_present(first, second),
    }
}

/// Returns `cpu_quota` divided by `cpu_period`, which defaults to 100 ms: the number of CPUs.
pub(super) fn cpu_quota(service: &Service) -> Fact<f64> {
    if let (Fact::Known(_), Fact::Unknown { at, why }) = (&service.cpu_quota, &service.cpu_period) {
        return Fact::Unknown { at: *at, why: why.clone() };
    }
    let period = service.cpu_period.value().copied().filter(|period| *period > 0).unwrap_or(100_000);
    service.cpu_quota.clone().map(|quota| quota as f64 / period as f64)
}

/// Returns a `restart` that `deploy.restart_policy` overrides with another policy, and the span of that block.
pub(super) fn shadowed_restart(service: &Service) -> Option<(Spanned<String>, Span)> {
    let block = service.deploy.restart_policy?;
    let (written, effective) = (service.restart.known()?, restart(service));
    let effective = effective.value()?;
    let (name, attempts) = match written.value.split_once(':') {
        Some((name, attempts)) => (name, attempts.parse::<i64>().ok()),
        None => (written.value.as_str(), None),
    };
    let bound = match &service.deploy.max_attempts {
        Fact::Known(attempts) => Some(attempts.value),
        Fact::Absent { .. } => Some(0),
        Fact::Unknown { .. } => None,
    };
    // `on-failure` plus attempts in the block is the same policy.
    let same = name == effective.split(':').next().unwrap_or(effective)
        && (name != "on-failure" || attempts.is_none() || bound.is_none() || attempts == bound);
    (!same).then(|| (written.clone(), block))
}

/// Returns the effective restart policy. Any `deploy.restart_policy` replaces `restart`, and one without a condition means no
/// restart (docker/compose `pkg/compose/create.go`, `getRestartPolicy`).
pub(super) fn restart(service: &Service) -> Fact<String> {
    let Some(span) = service.deploy.restart_policy else {
        return match &service.deploy.condition {
            // What it extends cannot be read, and may have a policy.
            Fact::Unknown { at, why } => Fact::Unknown { at: *at, why: why.clone() },
            _ => service.restart.clone(),
        };
    };
    match &service.deploy.condition {
        Fact::Absent { .. } => Fact::Known(Spanned::new("no".to_owned(), span)),
        condition => condition.clone().map(|condition| match condition.as_str() {
            "none" | "" => "no".to_owned(),
            "any" => "always".to_owned(),
            _ => condition,
        }),
    }
}
