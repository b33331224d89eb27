//! `disabled-healthcheck`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::{Healthcheck, Workload};

/// A probe that is switched off.
pub(super) struct DisabledHealthcheck;

static META: Meta = Meta {
    name: "disabled-healthcheck",
    summary: "a healthcheck that is switched off",
    severity: Severity::Note,
    group: Group::Health,
    preset: Preset::Recommended,
    page: include_str!("../../rules/disabled-healthcheck.md"),
};

impl Rule for DisabledHealthcheck {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        let Some(check) = workload.healthcheck.known() else { return };
        if check.value != Healthcheck::Disabled || !workload.role.serves() {
            return;
        }
        sink.report(
            check.span,
            "switched off",
            format!("`{}` has its healthcheck switched off", workload.name),
        )
        .of(workload)
        .via(&check.via)
        .note("nothing tells when it hangs, and `depends_on` with `service_healthy` cannot wait for it");
    }
}
