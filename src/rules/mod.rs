//! The rules: one file each in the folder of its group, one line each in [`RULES`].
//!
//! A rule sees workloads and their facts, never YAML nodes or files. Its page in `rules/` is included at compile time, and the
//! examples on the page are its tests.

/// Declares the `RULE` of a file: its metadata, and its check.
macro_rules! rule {
    (
        name: $name:literal,
        summary: $summary:literal,
        severity: $severity:ident,
        group: $group:ident,
        preset: $preset:ident,
        check: $kind:ident $(($check:expr))?,
    ) => {
        pub(crate) static RULE: $crate::rules::Rule = $crate::rules::Rule {
            meta: $crate::rules::Meta {
                name: $name,
                summary: $summary,
                severity: $crate::diagnostic::Severity::$severity,
                group: $crate::rules::Group::$group,
                preset: $crate::rules::Preset::$preset,
                page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/", $name, ".md")),
            },
            check: $crate::rules::Check::$kind $(($check))?,
        };
    };
}

mod context;
mod estimate;
mod form;
mod health;
mod heap;
mod host;
mod image;
mod limits;
pub(crate) mod lint;
mod measured;
mod memory_fs;
mod meta;
mod offer;
pub(crate) mod planned;
mod policy;
mod probe;
mod process;
mod shares;
mod swarm;

pub(crate) use context::MAX_RELATED;
pub use context::{FindingBuilder, RuleContext};
pub use meta::{Group, Meta, Preset};
pub use policy::{Policy, Target, Thresholds};

use crate::hash::HashSet;
use crate::workload::{Description, Project, Workload};

/// One rule.
pub struct Rule {
    meta: Meta,
    check: Check,
}

/// The check of a rule.
enum Check {
    /// Runs for each workload, whether it is started or not.
    Workload(fn(&Workload, &mut RuleContext<'_>)),
    /// Runs once for a project: for rules that compare workloads, or report a file.
    Project(fn(&Project, &mut RuleContext<'_>)),
    /// Runs nothing: it is about suppressions, which `check` reports once all rules have run.
    AfterAll,
}

impl Rule {
    /// Returns its metadata.
    #[must_use]
    pub fn meta(&self) -> &Meta {
        &self.meta
    }

    /// False for a container that exists and a rule about its build, or about what an engine refuses: that was taken. Also for a
    /// Windows container and a rule about what only Linux has.
    fn concerns(&self, workload: &Workload) -> bool {
        let exists =
            workload.described().is_some_and(|described| matches!(described.by, Description::Inspect { .. }));
        let of_build = self.meta.group == Group::Image
            && self.meta.name != image::unsupported_base_image::RULE.meta.name;
        if workload.windows && LINUX.iter().any(|rule| rule.meta.name == self.meta.name) {
            return false;
        }
        !exists || !of_build && !REFUSALS.iter().any(|rule| rule.meta.name == self.meta.name)
    }

    /// Runs the check over the project of the context.
    pub(crate) fn check(&self, cx: &mut RuleContext<'_>) {
        let project = cx.project();
        match self.check {
            Check::Workload(check) => {
                let mut places = HashSet::default();
                let mut service = None;
                let has_steps = project.workloads.iter().any(|workload| workload.step().is_some());
                for workload in &project.workloads {
                    let before = cx.count();
                    cx.set_workload(workload);
                    if self.concerns(workload) {
                        check(workload, cx);
                    }
                    if has_steps {
                        cx.drop_repeated(before, (workload, service), &mut places);
                    }
                    if workload.step().is_none() {
                        service = Some(workload.anchor);
                    }
                }
            }
            Check::Project(check) => check(project, cx),
            Check::AfterAll => {}
        }
    }
}

/// The rules about what an engine refuses when a container is made.
static REFUSALS: [&Rule; 6] = [
    &limits::memory_limit_below_minimum::RULE,
    &limits::reservation_exceeds_limit::RULE,
    &limits::swap_below_limit::RULE,
    &limits::swap_without_limit::RULE,
    &health::invalid_healthcheck::RULE,
    &process::invalid_restart_policy::RULE,
];

/// The rules about cgroups, swap, `/dev/shm` and signals, which Windows containers do not have.
static LINUX: [&Rule; 17] = [
    &limits::memory_limit_below_minimum::RULE,
    &limits::swap_below_limit::RULE,
    &limits::swap_without_limit::RULE,
    &limits::unlimited_swap::RULE,
    &limits::redundant_swap_limit::RULE,
    &limits::missing_swap_limit::RULE,
    &limits::ineffective_swappiness::RULE,
    &limits::missing_memory_reservation::RULE,
    &limits::missing_pids_limit::RULE,
    &limits::disabled_oom_killer::RULE,
    &memory_fs::shm_exceeds_limit::RULE,
    &memory_fs::build_only_shm_size::RULE,
    &memory_fs::small_shm::RULE,
    &memory_fs::unsized_tmpfs::RULE,
    &process::short_stop_grace_period::RULE,
    &process::ulimit_in_build::RULE,
    &process::shell_form_start::RULE,
];

/// Every rule, the most harmful problem first. Reports list findings of one severity in this order.
pub static RULES: &[&Rule] = &[
    &limits::invalid_memory_value::RULE,
    &limits::dropped_memory_value::RULE,
    &limits::unknown_memory_key::RULE,
    &limits::ineffective_flag::RULE,
    &limits::conflicting_limits::RULE,
    &lint::invalid_compose_file::RULE,
    &limits::memory_limit_below_minimum::RULE,
    &limits::reservation_exceeds_limit::RULE,
    &limits::swap_below_limit::RULE,
    &limits::swap_without_limit::RULE,
    &heap::heap_exceeds_limit::RULE,
    &heap::cache_exceeds_limit::RULE,
    &heap::malformed_heap_setting::RULE,
    &heap::removed_jvm_flag::RULE,
    &heap::misplaced_heap_flag::RULE,
    &heap::unread_heap_variable::RULE,
    &heap::compose_expands_variable::RULE,
    &heap::disabled_gc::RULE,
    &heap::memory_lock_without_ulimit::RULE,
    &host::swarm_rejects_key::RULE,
    &limits::disabled_oom_killer::RULE,
    &health::invalid_healthcheck::RULE,
    &process::invalid_restart_policy::RULE,
    &health::unhealthy_dependency::RULE,
    &host::limit_exceeds_host::RULE,
    &host::reservations_exceed_host::RULE,
    &limits::limit_below_peak::RULE,
    &limits::limit_below_image_minimum::RULE,
    &limits::missing_memory_limit::RULE,
    &host::budget_exceeded::RULE,
    &host::differs_from_compose::RULE,
    &limits::limit_without_headroom::RULE,
    &heap::unbounded_heap::RULE,
    &heap::default_heap_exceeds_limit::RULE,
    &heap::runtime_ignores_limit::RULE,
    &heap::memory_variable_exceeds_limit::RULE,
    &heap::tight_heap::RULE,
    &heap::tight_cache::RULE,
    &heap::percent_heap_without_limit::RULE,
    &heap::min_ram_percentage::RULE,
    &heap::ignored_heap_percentage::RULE,
    &heap::quoted_env_value::RULE,
    &heap::debug_allocator::RULE,
    &limits::zero_memory_limit::RULE,
    &limits::unlimited_swap::RULE,
    &limits::ineffective_swappiness::RULE,
    &health::healthcheck_missing_tool::RULE,
    &health::costly_healthcheck::RULE,
    &process::shadowed_restart_policy::RULE,
    &host::swarm_ignores_key::RULE,
    &process::ulimit_in_build::RULE,
    &memory_fs::shm_exceeds_limit::RULE,
    &memory_fs::build_only_shm_size::RULE,
    &memory_fs::small_shm::RULE,
    &process::short_stop_grace_period::RULE,
    &process::overridden_instruction::RULE,
    &limits::missing_swap_limit::RULE,
    &limits::missing_memory_reservation::RULE,
    &health::missing_healthcheck::RULE,
    &limits::limit_oversized::RULE,
    &heap::heap_set_in_build_stage::RULE,
    &heap::unbounded_cache::RULE,
    &limits::redundant_swap_limit::RULE,
    &limits::missing_cpu_limit::RULE,
    &limits::missing_pids_limit::RULE,
    &process::several_processes::RULE,
    &process::unbounded_logs::RULE,
    &process::unstated_restart::RULE,
    &health::disabled_healthcheck::RULE,
    &memory_fs::unsized_tmpfs::RULE,
    &process::shell_form_start::RULE,
    &image::heavy_base_image::RULE,
    &image::unsupported_base_image::RULE,
    &image::uncleaned_package_cache::RULE,
    &image::missing_dockerignore::RULE,
    &lint::syntax_error::RULE,
    &lint::unresolved_reference::RULE,
    &lint::unused_suppression::RULE,
    &lint::unknown_rule::RULE,
];

/// Returns the rule of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.meta().name == name)
}

/// Returns the index of a rule in [`RULES`], or their number for an unknown name.
#[must_use]
pub fn position(name: &str) -> usize {
    RULES.iter().position(|rule| rule.meta().name == name).unwrap_or(RULES.len())
}
