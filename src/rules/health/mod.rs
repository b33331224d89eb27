//! Rules on healthchecks.

pub(super) mod costly_healthcheck;
pub(super) mod disabled_healthcheck;
pub(super) mod healthcheck_missing_tool;
pub(super) mod invalid_healthcheck;
pub(super) mod missing_healthcheck;
pub(super) mod unhealthy_dependency;
