//! The rule `small-shm`.

use super::shm;
use crate::diagnostic::{Confidence, Severity};
use crate::rules::offer::Offer;
use crate::rules::{Preset, RuleContext};
use crate::syntax::size::ByteSize;
use crate::workload::{Certainty, SharedMemory, Workload};

rule! {
    name: "small-shm",
    summary: "/dev/shm is 64 MiB for a program that needs more",
    severity: Warning,
    group: MemoryFs,
    preset: Recommended,
    check: Workload(check),
}

/// Reports a service whose program is known to need more of /dev/shm than Docker gives it.
fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let Some(needs) = &workload.memory.shared_memory else { return };
    // One with `shm_size` below `build` has a finding of its own.
    if !shm::is_default(workload) || shm::of_build(workload).is_some() {
        return;
    }
    let text = Settings::of(workload);
    // A need that only some flags bring is reported without them under the strict preset.
    let asked = needs.only_flags.is_empty() || text.has_any(&needs.only_flags);
    if text.may_have_any(&needs.unless_flags)
        || is_set_otherwise(workload, needs)
        || !(asked || cx.preset() == Preset::Strict)
    {
        return;
    }
    // Tests and a developer's own data have no large tables.
    if needs.at_times && workload.role.development {
        return;
    }
    let name = &workload.name;
    let sure = asked && !needs.at_times && needs.confidence == Certainty::High;
    let severity = if sure { RULE.meta().severity } else { Severity::Note };
    let mut finding = cx.report(workload.anchor, format!("`{name}` has only 64 MiB of /dev/shm"));
    finding
        .label("the default size")
        .via(&workload.service.via)
        .severity(workload.role.soften(severity))
        .confidence(if needs.confidence == Certainty::Low { Confidence::Low } else { Confidence::Medium })
        .related(workload.image.base.span(), needs.why.as_str())
        .note("files there count against the container's memory limit");
    let enough = ByteSize::parse_compose(&needs.enough).ok();
    shm::offer_size(&mut finding, &offer, &needs.enough, enough);
}

/// True if a variable that decides the need is there, whatever its value.
fn is_set_otherwise(workload: &Workload, needs: &SharedMemory) -> bool {
    needs.unless_set.iter().any(|name| !workload.variable(name).is_absent())
}

/// The settings of a program as one text: the words of its start and the values of its variables.
struct Settings {
    text: String,
    /// True if a part of it is not known.
    partial: bool,
}

impl Settings {
    fn of(workload: &Workload) -> Self {
        let service = &workload.service;
        let given = [&service.entrypoint, &service.command];
        let own = given.iter().filter_map(|words| words.value()).flatten();
        let values = workload.env.values().filter_map(|variable| variable.value.value());
        let mut text = String::from(" ");
        for word in workload.words().chain(own).chain(values) {
            // `--max-parallel-workers=0` and `-c max_parallel_workers=0` are one setting.
            text.push_str(&word.as_str().replace('-', "_"));
            text.push(' ');
        }
        Self { text, partial: given.iter().any(|words| words.is_unknown()) }
    }

    fn has_any(&self, flags: &[String]) -> bool {
        flags.iter().any(|flag| self.text.contains(&flag.replace('-', "_")))
    }

    fn may_have_any(&self, flags: &[String]) -> bool {
        !flags.is_empty() && self.partial || self.has_any(flags)
    }
}
