//! The rule `short-stop-grace-period`.

use crate::diagnostic::{Applicability, Confidence, FixOp};
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::workload::{Certainty, Fact, FactName, Kind, SettingName, Workload, duration};

rule! {
    name: "short-stop-grace-period",
    summary: "a server is killed before it has stopped: exit code 137, although memory was not short",
    severity: Note,
    group: Process,
    preset: Recommended,
    check: Workload(check),
}

/// The time that Docker gives a container to stop if nothing is written, in seconds.
const DEFAULT: i64 = 10;

const SECOND: i64 = 1_000_000_000;

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(needs) = &workload.process.shutdown else { return };
    let role = workload.role;
    if workload.kind != Kind::Service || !role.runs() || role.is_job() || role.idle {
        return;
    }
    let asked = i64::from(needs.seconds).saturating_mul(SECOND);
    let period = &workload.service.stop_grace_period;
    let (has, place, via) = match period {
        Fact::Known(written) => (written.value, written.span, &written.via),
        Fact::Absent { .. } => (DEFAULT * SECOND, workload.anchor, &workload.service.via),
        Fact::Unknown { .. } => return,
    };
    if has >= asked {
        return;
    }
    // What tests write may be lost.
    if period.is_absent() && role.development {
        return;
    }
    let (offer, form) = (Offer::of(workload, cx), Form::of(workload));
    let (name, sure) = (&workload.name, needs.confidence == Certainty::High);
    let written = !period.is_absent();
    let (has, asked) = (duration::display(has), compose(needs.seconds));
    let mut finding = cx
        .report(place, format!("`docker stop` kills `{name}` after {has}; it may need {asked} to shut down"));
    finding
        .label(match written {
            true => format!("killed {has} after the stop signal"),
            false => {
                format!(
                    "no `{}`: killed {has} after the stop signal",
                    form.name(SettingName::STOP_GRACE_PERIOD)
                )
            }
        })
        .via(via)
        .confidence(if sure { Confidence::Medium } else { Confidence::Low })
        .related(workload.image.base.span(), needs.why.as_str())
        .note("its exit code is then 137, as after an OOM kill, but memory was not the reason")
        .group_message_of("servers", "may be killed before they have shut down");
    let from_variable = period.known().is_some_and(|known| known.default_for.is_some());
    match offer.changed_elsewhere().filter(|_| !from_variable) {
        None if !from_variable => {
            let set = FixOp::Set {
                owner: workload.owner(),
                path: &["stop_grace_period"],
                value: asked.clone(),
                after: "image",
            };
            let title = format!("give `{name}` {asked} to stop");
            finding.fix_ops(title, Applicability::Unsafe, &[FactName::StopGracePeriod], vec![set]);
        }
        _ => {
            finding.help(format!("`{}` or more", form.setting(SettingName::STOP_GRACE_PERIOD, &asked)));
        }
    }
}

/// Formats seconds as a duration of Compose: `90s`, `2m`, `1h`.
fn compose(seconds: u32) -> String {
    match seconds {
        _ if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        _ if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}
