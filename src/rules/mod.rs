//! The rules: one file each, one line each in [`RULES`].
//!
//! A rule sees workloads and their facts, never YAML nodes or files. Its page in `rules/` is joined at compile time, and
//! the page's examples are its tests.

mod budget_exceeded;
mod cache_exceeds_limit;
mod compose_expands_variable;
mod conflicting_limits;
mod costly_healthcheck;
mod debug_allocator;
mod default_heap_exceeds_limit;
mod disabled_gc;
mod disabled_healthcheck;
mod disabled_oom_killer;
mod dropped_memory_value;
mod estimate;
mod healthcheck_missing_tool;
mod heap_exceeds_limit;
mod heap_set_in_build_stage;
mod heavy_base_image;
mod host;
mod ignored_heap_percentage;
mod ineffective_swappiness;
mod invalid_healthcheck;
mod invalid_memory_value;
mod invalid_restart_policy;
mod limit_below_peak;
mod limit_exceeds_host;
mod limit_oversized;
mod limit_without_headroom;
mod malformed_heap_setting;
mod measured;
mod memory_limit_below_minimum;
mod memory_lock_without_ulimit;
mod meta;
mod misplaced_heap_flag;
mod missing_cpu_limit;
mod missing_dockerignore;
mod missing_healthcheck;
mod missing_memory_limit;
mod missing_memory_reservation;
mod missing_pids_limit;
mod missing_swap_limit;
mod offer;
mod percent_heap_without_limit;
mod policy;
mod probe;
mod quoted_env_value;
mod redundant_swap_limit;
mod removed_jvm_flag;
mod reservation_exceeds_limit;
mod reservations_exceed_host;
mod runtime_ignores_limit;
mod several_processes;
mod shadowed_restart_policy;
mod shell_form_start;
mod shm_exceeds_limit;
mod sink;
mod small_shm;
mod swap_below_limit;
mod swap_without_limit;
mod swarm;
mod swarm_ignores_key;
mod swarm_rejects_key;
mod syntax_error;
mod tight_heap;
mod ulimit_in_build;
mod unbounded_cache;
mod unbounded_heap;
mod unbounded_logs;
mod uncleaned_package_cache;
mod unhealthy_dependency;
mod unknown_memory_key;
pub(crate) mod unknown_rule;
mod unlimited_swap;
mod unread_heap_variable;
mod unresolved_reference;
mod unsized_tmpfs;
mod unsupported_base_image;
pub(crate) mod unused_suppression;
mod zero_memory_limit;

pub use meta::{Group, Meta, Preset};
pub use policy::{Policy, Target, Thresholds};
pub(crate) use sink::MAX_RELATED;
pub use sink::{Builder, Sink};

use crate::workload::{Project, Workload};

/// One check.
pub trait Rule: Sync {
    /// Its name, severity and page.
    fn meta(&self) -> &'static Meta;

    /// Looks at one container that will run.
    fn check(&self, _workload: &Workload, _sink: &mut Sink<'_>) {}

    /// Looks at a whole project: for rules that compare workloads or speak of a file.
    fn project(&self, _project: &Project, _sink: &mut Sink<'_>) {}
}

/// Every rule: what bites hardest first. Reports name findings of one severity in this order.
pub static RULES: &[&dyn Rule] = &[
    &invalid_memory_value::InvalidMemoryValue,
    &dropped_memory_value::DroppedMemoryValue,
    &unknown_memory_key::UnknownMemoryKey,
    &conflicting_limits::ConflictingLimits,
    &memory_limit_below_minimum::MemoryLimitBelowMinimum,
    &reservation_exceeds_limit::ReservationExceedsLimit,
    &swap_below_limit::SwapBelowLimit,
    &swap_without_limit::SwapWithoutLimit,
    &heap_exceeds_limit::HeapExceedsLimit,
    &cache_exceeds_limit::CacheExceedsLimit,
    &malformed_heap_setting::MalformedHeapSetting,
    &removed_jvm_flag::RemovedJvmFlag,
    &misplaced_heap_flag::MisplacedHeapFlag,
    &unread_heap_variable::UnreadHeapVariable,
    &compose_expands_variable::ComposeExpandsVariable,
    &disabled_gc::DisabledGc,
    &memory_lock_without_ulimit::MemoryLockWithoutUlimit,
    &swarm_rejects_key::SwarmRejectsKey,
    &disabled_oom_killer::DisabledOomKiller,
    &invalid_healthcheck::InvalidHealthcheck,
    &invalid_restart_policy::InvalidRestartPolicy,
    &unhealthy_dependency::UnhealthyDependency,
    &limit_exceeds_host::LimitExceedsHost,
    &reservations_exceed_host::ReservationsExceedHost,
    &limit_below_peak::LimitBelowPeak,
    &missing_memory_limit::MissingMemoryLimit,
    &budget_exceeded::BudgetExceeded,
    &limit_without_headroom::LimitWithoutHeadroom,
    &unbounded_heap::UnboundedHeap,
    &default_heap_exceeds_limit::DefaultHeapExceedsLimit,
    &runtime_ignores_limit::RuntimeIgnoresLimit,
    &tight_heap::TightHeap,
    &percent_heap_without_limit::PercentHeapWithoutLimit,
    &ignored_heap_percentage::IgnoredHeapPercentage,
    &quoted_env_value::QuotedEnvValue,
    &debug_allocator::DebugAllocator,
    &zero_memory_limit::ZeroMemoryLimit,
    &unlimited_swap::UnlimitedSwap,
    &ineffective_swappiness::IneffectiveSwappiness,
    &healthcheck_missing_tool::HealthcheckMissingTool,
    &costly_healthcheck::CostlyHealthcheck,
    &shadowed_restart_policy::ShadowedRestartPolicy,
    &swarm_ignores_key::SwarmIgnoresKey,
    &ulimit_in_build::UlimitInBuild,
    &shm_exceeds_limit::ShmExceedsLimit,
    &small_shm::SmallShm,
    &missing_swap_limit::MissingSwapLimit,
    &missing_memory_reservation::MissingMemoryReservation,
    &missing_healthcheck::MissingHealthcheck,
    &limit_oversized::LimitOversized,
    &heap_set_in_build_stage::HeapSetInBuildStage,
    &unbounded_cache::UnboundedCache,
    &redundant_swap_limit::RedundantSwapLimit,
    &missing_cpu_limit::MissingCpuLimit,
    &missing_pids_limit::MissingPidsLimit,
    &several_processes::SeveralProcesses,
    &unbounded_logs::UnboundedLogs,
    &disabled_healthcheck::DisabledHealthcheck,
    &unsized_tmpfs::UnsizedTmpfs,
    &shell_form_start::ShellFormStart,
    &heavy_base_image::HeavyBaseImage,
    &unsupported_base_image::UnsupportedBaseImage,
    &uncleaned_package_cache::UncleanedPackageCache,
    &missing_dockerignore::MissingDockerignore,
    &syntax_error::SyntaxErrors,
    &unresolved_reference::UnresolvedReference,
    &unused_suppression::UnusedSuppression,
    &unknown_rule::UnknownRule,
];

/// The rule of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static dyn Rule> {
    RULES.iter().copied().find(|rule| rule.meta().name == name)
}

/// Where a rule stands in [`RULES`]; behind all of them when it is none.
#[must_use]
pub fn position(name: &str) -> usize {
    RULES.iter().position(|rule| rule.meta().name == name).unwrap_or(RULES.len())
}
