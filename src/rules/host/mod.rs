//! Rules on the memory of the host, on what runs there, and on keys that Swarm does not take.

pub(super) mod budget_exceeded;
pub(super) mod differs_from_compose;
pub(super) mod limit_exceeds_host;
pub(super) mod reservations_exceed_host;
pub(super) mod swarm_ignores_key;
pub(super) mod swarm_rejects_key;
