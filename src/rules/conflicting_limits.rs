//! `conflicting-limits`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// Two keys that say different things.
pub(super) struct ConflictingLimits;

static META: Meta = Meta {
    name: "conflicting-limits",
    summary: "one setting with two values: Compose refuses the project",
    severity: Severity::Error,
    group: Group::Limits,
    preset: Preset::Recommended,
    page: include_str!("../../rules/conflicting-limits.md"),
};

impl Rule for ConflictingLimits {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for conflict in &workload.memory.conflicts {
            let (short, long) = (conflict.short, conflict.long);
            let (span, label) = match &conflict.long_value {
                Ok(value) => (value.span, format!("... and {} here", value.value)),
                Err(block) => {
                    let member = long.rsplit('.').next().unwrap_or(long);
                    (*block, format!("... and no `{member}` in this block, which counts as 0"))
                }
            };
            let value = &conflict.short_value;
            sink.report(
                value.span,
                format!("{} here ...", value.value),
                format!("Compose refuses `{}`: `{short}` and `{long}` differ", workload.name),
            )
            .of(workload)
            .via(&value.via)
            .related(span, label)
            .note(format!(
                "services.{}: can't set distinct values on '{short}' and '{long}': invalid compose project",
                workload.name
            ))
            .help(format!(
                "keep one spelling, or write the same value in both; the block alone needs\n  {long}: {}",
                value.value
            ));
        }
    }
}
