//! Rules on processes, restarts, signals and logs.

pub(super) mod invalid_restart_policy;
pub(super) mod overridden_instruction;
pub(super) mod several_processes;
pub(super) mod shadowed_restart_policy;
pub(super) mod shell_form_start;
pub(super) mod short_stop_grace_period;
pub(super) mod ulimit_in_build;
pub(super) mod unbounded_logs;
pub(super) mod unstated_restart;
