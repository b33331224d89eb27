//! Settings that several keys of a service have a say in.

use super::Fact;
use crate::model::compose::Service;
use crate::source::{Span, Spanned};

/// The first that is set, knowing or not.
pub(super) fn either<T: Clone>(first: &Fact<T>, second: &Fact<T>) -> Fact<T> {
    if first.is_absent() { second.clone() } else { first.clone() }
}

/// The first, unless it counts as unset and the second does not.
pub(super) fn unless<T: Clone>(first: &Fact<T>, second: &Fact<T>, unset: impl Fn(&T) -> bool) -> Fact<T> {
    match first.value() {
        Some(value) if unset(value) && !second.is_absent() => second.clone(),
        _ => either(first, second),
    }
}

/// `cpu_quota` microseconds of every `cpu_period`, which is 100 ms when nothing is said.
pub(super) fn cpu_quota(service: &Service) -> Fact<f64> {
    let period = service.cpu_period.value().copied().filter(|period| *period > 0).unwrap_or(100_000);
    service.cpu_quota.clone().map(|quota| quota as f64 / period as f64)
}

/// `restart`, where a policy below `deploy` says otherwise.
pub(super) fn shadowed_restart(service: &Service) -> Option<(Spanned<String>, Span)> {
    let (block, _) = service.deploy.restart_policy.as_ref()?;
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
    // `on-failure` with attempts in the block is the same, said more exactly.
    let same = name == effective.split(':').next().unwrap_or(effective)
        && (name != "on-failure" || attempts.is_none() || bound.is_none() || attempts == bound);
    (!same).then(|| (written.clone(), *block))
}

/// Any `deploy.restart_policy` takes the place of `restart`; one without a condition means no restart
/// (docker/compose `pkg/compose/create.go`, `getRestartPolicy`).
pub(super) fn restart(service: &Service) -> Fact<String> {
    let Some((span, condition)) = &service.deploy.restart_policy else { return service.restart.clone() };
    match condition {
        Fact::Absent { .. } => Fact::Known(Spanned::new("no".to_owned(), *span)),
        condition => condition.clone().map(|condition| match condition.as_str() {
            "none" => "no".to_owned(),
            "any" => "always".to_owned(),
            _ => condition,
        }),
    }
}
