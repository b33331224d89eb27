//! The rules: one file each, one line each in [`RULES`].
//!
//! A rule sees workloads and their facts, never YAML nodes or files. Its page in `rules/` is joined at compile time, and
//! the page's examples are its tests.

mod heavy_base_image;
mod meta;
mod missing_healthcheck;
mod missing_memory_limit;
mod missing_memory_reservation;
mod missing_swap_limit;
mod sink;
mod syntax_error;
mod unbounded_heap;
mod unresolved_reference;

pub use meta::{Group, Meta, Preset};
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
    &missing_memory_limit::MissingMemoryLimit,
    &unbounded_heap::UnboundedHeap,
    &missing_swap_limit::MissingSwapLimit,
    &missing_memory_reservation::MissingMemoryReservation,
    &missing_healthcheck::MissingHealthcheck,
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
