//! The rule `memory-limit-below-minimum`.

use crate::diagnostic::{Applicability, Edit};
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::syntax::size::{ByteSize, SMALLEST_LIMIT};
use crate::workload::{Described, FactName, SettingName, Workload};

rule! {
    name: "memory-limit-below-minimum",
    summary: "less than 6 MiB: the engine does not start the container",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    let memory = &workload.memory;
    if let Some(shm) = workload.service.shm_size.known().filter(|shm| shm.value.0 < 0) {
        let (name, key) = (&workload.name, Form::of(workload).name(SettingName::SHM_SIZE));
        let message = format!("the engine rejects the `{key}` of `{name}`: it is negative");
        cx.report(shm.span, message)
            .label("negative")
            .via(&shm.via)
            .daemon_says("SHM size can not be less than 0");
    }
    // That minimum is Docker's.
    if workload.described().is_some_and(Described::is_podman) {
        return;
    }
    for (what, fact) in [("memory limit", &memory.limit), ("memory reservation", &memory.reservation)] {
        let Some(size) = fact.known() else { continue };
        let bytes = size.value.0;
        if bytes == 0 || bytes >= SMALLEST_LIMIT.0 || (what == "memory reservation" && bytes < 0) {
            continue;
        }
        // The engine reports only the first of the two.
        let limit = memory.limit.value().filter(|limit| limit.0 != 0 && **limit < SMALLEST_LIMIT);
        if what == "memory reservation" && limit.is_some() {
            continue;
        }
        let message = format!(
            "the engine rejects the {what} of `{}`: {} is below {SMALLEST_LIMIT}",
            workload.name, size.value
        );
        let mut finding = cx.report(size.span, message);
        finding
            .label(size.value.to_string())
            .via(&size.via)
            .daemon_says(&format!("Minimum {what} allowed is 6MB"));
        let key = match what {
            "memory limit" => workload.limit_key(),
            _ => workload.reservation_key(),
        };
        // Without a unit, a number that is sensible in MiB was probably meant so.
        let meant = ByteSize(bytes.saturating_mul(1 << 20));
        let has_unit =
            key.is_none_or(|key| !key.text.as_str().trim_end().ends_with(|c: char| c.is_ascii_digit()));
        if has_unit || !(6..=65_536).contains(&bytes) {
            continue;
        }
        finding.note("a number without a unit counts bytes");
        // `None` if a variable outside of the file sets it.
        let place = key.filter(|key| offer.accepts(key, meant)).and_then(|key| match key.text.varies() {
            true => key.text.verbatim_span(),
            false => Some(size.span),
        });
        match place {
            Some(span) => finding.fix(
                format!("{bytes} MiB, if that is what you mean"),
                Applicability::Unsafe,
                &[FactName::MemoryLimit, FactName::MemoryReservation],
                vec![Edit { span, replacement: format!("{bytes}m") }],
            ),
            None => finding.help(format!("write `{bytes}m` if you mean MiB, and check that the rest fits")),
        };
    }
}
