//! The rules: one file each, one line each in [`RULES`].
//!
//! A rule sees workloads and their facts, never YAML nodes or files. Its page in `rules/` is joined at compile time, and
//! the page's examples are its tests.

mod conflicting_limits;
mod disabled_healthcheck;
mod disabled_oom_killer;
mod dropped_memory_value;
mod estimate;
mod healthcheck_missing_tool;
mod heap_exceeds_limit;
mod heavy_base_image;
mod ineffective_swappiness;
mod invalid_healthcheck;
mod invalid_memory_value;
mod invalid_restart_policy;
mod malformed_heap_setting;
mod memory_limit_below_minimum;
mod meta;
mod misplaced_heap_flag;
mod missing_healthcheck;
mod missing_memory_limit;
mod missing_memory_reservation;
mod missing_swap_limit;
mod percent_heap_without_limit;
mod policy;
mod reservation_exceeds_limit;
mod shadowed_restart_policy;
mod shm_exceeds_limit;
mod sink;
mod swap_below_limit;
mod swap_without_limit;
mod syntax_error;
mod tight_heap;
mod unbounded_heap;
mod unhealthy_dependency;
mod unknown_memory_key;
mod unlimited_swap;
mod unread_heap_variable;
mod unresolved_reference;
mod unsized_tmpfs;
mod zero_memory_limit;

pub use meta::{Group, Meta, Preset};
pub use policy::{Policy, Target, Thresholds};
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
    &malformed_heap_setting::MalformedHeapSetting,
    &misplaced_heap_flag::MisplacedHeapFlag,
    &unread_heap_variable::UnreadHeapVariable,
    &disabled_oom_killer::DisabledOomKiller,
    &invalid_healthcheck::InvalidHealthcheck,
    &invalid_restart_policy::InvalidRestartPolicy,
    &unhealthy_dependency::UnhealthyDependency,
    &missing_memory_limit::MissingMemoryLimit,
    &unbounded_heap::UnboundedHeap,
    &tight_heap::TightHeap,
    &percent_heap_without_limit::PercentHeapWithoutLimit,
    &zero_memory_limit::ZeroMemoryLimit,
    &unlimited_swap::UnlimitedSwap,
    &ineffective_swappiness::IneffectiveSwappiness,
    &healthcheck_missing_tool::HealthcheckMissingTool,
    &shadowed_restart_policy::ShadowedRestartPolicy,
    &shm_exceeds_limit::ShmExceedsLimit,
    &missing_swap_limit::MissingSwapLimit,
    &missing_memory_reservation::MissingMemoryReservation,
    &missing_healthcheck::MissingHealthcheck,
    &disabled_healthcheck::DisabledHealthcheck,
    &unsized_tmpfs::UnsizedTmpfs,
    &heavy_base_image::HeavyBaseImage,
    &syntax_error::SyntaxErrors,
    &unresolved_reference::UnresolvedReference,
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
