//! Memory and other resources of a container: limits, and what its program needs.

use super::keys::{cpu_quota, first_effective, first_present};
use super::{Fact, Minimum, Service, SharedMemory};
use crate::source::Spanned;
use crate::syntax::size::ByteSize;

/// Memory limits of a container, in bytes, and the memory that its program needs.
#[derive(Clone, Debug)]
pub struct Memory {
    /// `mem_limit`, `deploy.resources.limits.memory`. 0 is kept as a value unless the other key is set.
    pub limit: Fact<ByteSize>,
    /// `mem_reservation`, `deploy.resources.reservations.memory`.
    pub reservation: Fact<ByteSize>,
    /// The program's needs of `/dev/shm`.
    pub shared_memory: Option<SharedMemory>,
    /// The minimum memory of the program, as documented by its vendor.
    pub minimum: Option<Minimum>,
    /// How the program sizes itself by the memory it sees, if nothing in the files overrides it.
    pub self_sizing: Option<String>,
    /// Set if the program sizes itself by the host's memory, whatever the limit.
    pub ignores_cgroup_limit: Option<HostSized>,
}

impl Memory {
    /// Reads the limits of a service: `deploy` wins where it is not 0 (docker/compose `pkg/compose/create.go`,
    /// `getDeployResources`). `shared_memory` are the needs of its image.
    pub(super) fn of(service: &Service, shared_memory: Option<SharedMemory>) -> Self {
        let effective = |deploy: &Fact<ByteSize>, plain: &Fact<ByteSize>| match deploy.value() {
            Some(ByteSize(0)) if !plain.is_absent() => plain.clone(),
            _ => first_present(deploy, plain),
        };
        Self {
            limit: effective(&service.deploy.limit, &service.mem_limit),
            reservation: effective(&service.deploy.reservation, &service.mem_reservation),
            shared_memory,
            minimum: None,
            self_sizing: None,
            ignores_cgroup_limit: None,
        }
    }
}

/// Effective limits of resources other than memory.
#[derive(Clone, Debug)]
pub struct Resources {
    /// `pids_limit`, `deploy.resources.limits.pids`.
    pub pids_limit: Fact<i64>,
    /// `cpus`, `deploy.resources.limits.cpus`.
    pub cpus: Fact<f64>,
    /// `cpu_quota` divided by `cpu_period`, in CPUs.
    pub cpu_quota: Fact<f64>,
    /// The number of containers: `scale` or `deploy.replicas`.
    pub replicas: Fact<i64>,
}

impl Resources {
    /// Reads the limits of a service.
    pub(super) fn of(service: &Service) -> Self {
        Self {
            pids_limit: first_effective(&service.deploy.pids, &service.pids_limit, |pids| *pids == 0),
            cpus: first_effective(&service.deploy.cpus, &service.cpus, |cpus| *cpus == 0.0),
            cpu_quota: cpu_quota(service),
            replicas: first_present(&service.scale, &service.deploy.replicas),
        }
    }
}

/// A program that sizes itself by the host's memory instead of the container's limit.
#[derive(Clone, Debug, PartialEq)]
pub struct HostSized {
    /// The reason: lower case, no full stop.
    pub why: String,
    /// Environment variables that set its size; empty if none is known.
    pub size_variables: Vec<String>,
    /// The command-line option that sets its size, filled in for the service's limit.
    pub option: Option<String>,
    /// The variables of `size_variables` with values for the service's limit; empty if no heap fits it.
    pub variables: Vec<(String, String)>,
    /// The setting in a file that gives it its share of the host's memory, as written.
    pub share: Option<Spanned<String>>,
    /// True if that program is known to start, false if another may.
    pub certain: bool,
}

impl HostSized {
    /// Returns the variable names as a list for a message.
    #[must_use]
    pub fn names(&self) -> Option<String> {
        let names: Vec<String> = self.size_variables.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| names.join(" and "))
    }
}
