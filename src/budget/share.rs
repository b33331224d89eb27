//! One size of each service, times its containers.

use crate::model::size::ByteSize;
use crate::source::Spanned;
use crate::workload::{Project, Workload};

/// What one service adds to a sum.
#[derive(Clone, Copy, Debug)]
pub struct Share<'w> {
    /// Whose it is.
    pub workload: &'w Workload,
    /// For one container, in bytes.
    pub size: &'w Spanned<ByteSize>,
    /// How many containers.
    pub replicas: i64,
    /// For all of them, in bytes.
    pub total: ByteSize,
}

/// The services that `docker compose up` starts with these profiles; `*` is all of them.
pub fn started<'w>(project: &'w Project, profiles: &'w [String]) -> impl Iterator<Item = &'w Workload> {
    project.workloads.iter().filter(|workload| workload.role.runs()).filter(move |workload| {
        is_started(workload.profiles.iter().map(|profile| profile.value.as_str()), profiles)
    })
}

/// Without profiles of its own a service is always started (compose-go `types/project.go`, `HasProfile`).
pub(super) fn is_started<'p>(own: impl IntoIterator<Item = &'p str>, active: &[String]) -> bool {
    let mut own = own.into_iter().peekable();
    own.peek().is_none() || own.any(|profile| active.iter().any(|name| name == "*" || name == profile))
}

/// How many containers it has; one where that is not known.
pub(super) fn replicas(workload: &Workload) -> i64 {
    workload.replicas.value().copied().unwrap_or(1).max(0)
}

/// What `size` says of each started service. What is not known counts as nothing.
pub fn shares<'w>(
    project: &'w Project,
    profiles: &'w [String],
    size: impl Fn(&'w Workload) -> Option<&'w Spanned<ByteSize>>,
) -> Vec<Share<'w>> {
    let shares = started(project, profiles).filter_map(|workload| {
        let size = size(workload).filter(|size| size.value.0 > 0)?;
        let replicas = replicas(workload);
        Some(Share { workload, size, replicas, total: ByteSize(size.value.0.saturating_mul(replicas)) })
    });
    shares.collect()
}

/// Their sum, in bytes.
#[must_use]
pub fn sum(sizes: impl IntoIterator<Item = ByteSize>) -> ByteSize {
    ByteSize(sizes.into_iter().fold(0_i64, |sum, size| sum.saturating_add(size.0)))
}
