//! The rule `unknown-memory-key`.

use crate::diagnostic::{Applicability, Edit};
use crate::rules::offer::{Offer, takes};
use crate::rules::{RuleContext, Target};
use crate::source::Span;
use crate::syntax::size::SMALLEST_LIMIT;
use crate::workload::{Element, FactName, Kind, Launch, UnknownKey, Workload};

rule! {
    name: "unknown-memory-key",
    summary: "an unknown key that was meant to be a memory key",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

/// The facts that such a key may set.
const SIZES: &[FactName] = &[
    FactName::MemoryLimit,
    FactName::MemoryReservation,
    FactName::SwapLimit,
    FactName::ShmSize,
    FactName::Cpus,
    FactName::PidsLimit,
];

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    if let Some(launch) = workload.launch() {
        flags(workload, launch, cx);
        return;
    }
    let offer = Offer::of(workload, cx);
    for unknown in &workload.service.unknown_keys {
        let (key, meant) = (unknown.key.value.as_str(), unknown.meant);
        let dot = if unknown.place.is_empty() { "" } else { "." };
        // Only a service has `deploy`: for others it is no key to point to.
        if workload.kind != Kind::Service && meant.starts_with("deploy") {
            continue;
        }
        let place = format!("services.{}{dot}{}", workload.name, unknown.place);
        // Docker Compose 5.6.1 was asked for each.
        let refusal = match &workload.service.element {
            Element::Service if unknown.place.is_empty() => format!("{place}.{key} false schema"),
            Element::Service | Element::Described(_) => {
                format!("{place} additional properties '{key}' not allowed")
            }
            Element::Job => format!("jobs.{}.{key} false schema", workload.name),
            Element::PreStart(step) => {
                format!("services.{}.pre_start.{}.{key} false schema", step.service, step.index)
            }
        };
        let target = cx.policy().target;
        let mut finding =
            cx.report(unknown.key.span, format!("Compose rejects the key `{key}` of `{}`", workload.name));
        finding
            .label(format!("did you mean `{meant}`?"))
            .via(&unknown.key.via)
            .note(format!("Docker Compose says: {refusal}"));
        // It can only be renamed to a key of the same mapping.
        let there = meant.strip_prefix(&format!("{}{dot}", unknown.place)).filter(|rest| !rest.contains('.'));
        // For Swarm, the right key of a service would be a mistake, too.
        let taken = target == Target::Compose || !unknown.place.is_empty();
        let Some(there) = there.filter(|_| taken) else { continue };
        // A step has keys of its service, too: those are no second ones.
        let is_own = |key: Span| workload.step().is_none_or(|step| step.mapping.contains(key));
        let twice = workload.service.unknown_keys.iter().filter(|other| other.meant == meant).count() > 1;
        if workload.key(meant).is_some_and(is_own) {
            finding.help(format!("remove it, or the `{meant}` that is there"));
        } else if twice {
            finding.help(format!("write `{there}`, in one place"));
        } else if has_other_spelling(workload, meant) {
            finding.help(format!("write `{there}`, and use either `deploy.resources` or the short keys"));
        } else if is_free(&offer, unknown) {
            let edit = Edit { span: unknown.key.span, replacement: there.to_owned() };
            finding.fix(format!("write `{there}`"), Applicability::Safe, SIZES, vec![edit]);
        } else {
            finding.help(format!("write `{there}`, and check that heaps, swap and reservation fit it"));
        }
    }
}

/// True if limits are set with the other spelling: two of one setting have to agree.
fn has_other_spelling(workload: &Workload, key: &str) -> bool {
    match key.starts_with("deploy.") {
        true => workload.has_short_limits(),
        false => workload.key("deploy.resources").is_some(),
    }
}

/// True if a key can have the name that was meant: all that is known fits its sizes, and no other service has the line.
fn is_free(offer: &Offer<'_>, unknown: &UnknownKey) -> bool {
    let Workload { memory, pools, service, .. } = offer.workload;
    let Some(sizes) = &unknown.sizes else { return false };
    // A limit that the program does not see, or that endless swap follows, is the next finding.
    let counts = memory.ignores_cgroup_limit.is_none()
        && pools.heaps.iter().all(|heap| heap.limit_unseen.is_none())
        && service.memswap_limit.value().is_none_or(|swap| swap.0 > 0);
    let fits = sizes.iter().all(|(key, size)| {
        let is_limit = key.ends_with("memory") || key.starts_with("mem_");
        let is_enough = *size >= SMALLEST_LIMIT && counts && offer.fits_host(*size);
        (is_enough || !is_limit) && takes(offer.workload, key, *size)
    });
    let of = |name: &str| sizes.iter().find(|(key, _)| key.contains(name)).map(|(_, size)| *size);
    let in_order = of("limits").zip(of("reservations")).is_none_or(|(limit, reserved)| reserved <= limit);
    fits && in_order
        && offer.workload.key("pre_start").is_none()
        && !offer.project.is_shared_key(unknown.key.span)
        && offer.changed_elsewhere().is_none()
}

/// Reports flags that the client does not know, and for which it refuses the command.
fn flags(workload: &Workload, launch: &Launch, cx: &mut RuleContext<'_>) {
    for unknown in &workload.service.unknown_keys {
        let (flag, meant) = (unknown.key.value.as_str(), unknown.meant);
        let kind = if flag.starts_with("--") { "flag" } else { "shorthand flag" };
        let note = match kind {
            "flag" => format!("unknown flag: {flag}"),
            _ => format!("unknown shorthand flag: '{}'", flag.trim_start_matches('-')),
        };
        cx.report(unknown.key.span, format!("`{}` has no {kind} `{flag}`", launch.command))
            .label(format!("did you mean `--{meant}`?"))
            .note(note)
            .help(format!("write `--{meant}`"));
    }
}
