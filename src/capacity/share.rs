//! Sizes of services, multiplied by their containers.

use crate::source::Spanned;
use crate::syntax::size::ByteSize;
use crate::workload::{Project, Workload, service_of};

/// The part of one service in a sum.
#[derive(Clone, Copy, Debug)]
pub struct Share<'w> {
    /// The service.
    pub workload: &'w Workload,
    /// The size of one container, in bytes.
    pub size: &'w Spanned<ByteSize>,
    /// The number of containers.
    pub replicas: i64,
    /// The size of all of them, in bytes.
    pub total: ByteSize,
}

/// Returns the profiles that are active: those that the command line names, else those of the project.
pub(super) fn active<'p>(project: &'p Project, named: &'p [String]) -> &'p [String] {
    if named.is_empty() { &project.profiles } else { named }
}

/// Returns the services that `docker compose up` starts with these profiles. `*` is all of them.
pub fn started<'w>(project: &'w Project, profiles: &'w [String]) -> impl Iterator<Item = &'w Workload> {
    let profiles = active(project, profiles);
    project.workloads.iter().filter(|workload| workload.role.runs()).filter(move |workload| {
        is_started(workload.service.profiles.iter().map(|profile| profile.value.as_str()), profiles)
    })
}

/// True if a service with the profiles `own` starts. Without profiles it always does (compose-go `types/project.go`,
/// `HasProfile`).
pub(super) fn is_started<'p>(own: impl IntoIterator<Item = &'p str>, active: &[String]) -> bool {
    let mut own = own.into_iter().peekable();
    own.peek().is_none() || own.any(|profile| active.iter().any(|name| name == "*" || name == profile))
}

/// Returns the number of containers, or 1 if unknown.
pub(super) fn replicas(workload: &Workload) -> i64 {
    workload.resources.replicas.value().copied().unwrap_or(1).max(0)
}

/// Returns the `size` of each started service, multiplied by its containers, and of each job. A step of `pre_start` runs before
/// its service: of the two, the one that may take more counts. Unknown sizes are left out.
pub fn shares<'w>(
    project: &'w Project,
    profiles: &'w [String],
    size: impl Fn(&'w Workload) -> Option<&'w Spanned<ByteSize>>,
) -> Vec<Share<'w>> {
    let mut shares: Vec<Share<'w>> = Vec::new();
    for workload in started(project, profiles) {
        let Some(size) = size(workload).filter(|size| size.value.0 > 0) else { continue };
        let replicas = replicas(workload);
        let total = ByteSize(size.value.0.saturating_mul(replicas));
        let share = Share { workload, size, replicas, total };
        let before = shares.last_mut().filter(|other| {
            workload.step().is_some() && service_of(&other.workload.name) == service_of(&workload.name)
        });
        match before {
            Some(other) if other.total >= total => {}
            Some(other) => *other = share,
            None => shares.push(share),
        }
    }
    shares
}

/// Returns the sum, in bytes.
#[must_use]
pub fn sum(sizes: impl IntoIterator<Item = ByteSize>) -> ByteSize {
    ByteSize(sizes.into_iter().fold(0_i64, |sum, size| sum.saturating_add(size.0)))
}
