//! The rule `swarm-rejects-key`.

use crate::diagnostic::{Applicability, Edit};
use crate::rules::probe::json;
use crate::rules::swarm::{self, Replacement, Row};
use crate::rules::{RuleContext, Target};
use crate::workload::{Project, StackMistake, StackRefusal};

rule! {
    name: "swarm-rejects-key",
    summary: "a key that `docker stack deploy` rejects",
    severity: Error,
    group: Host,
    preset: Recommended,
    check: Project(check),
}

/// The consequence of a refusal.
const NOT_DEPLOYED: &str = "the stack is not deployed";

fn check(_: &Project, cx: &mut RuleContext<'_>) {
    let project = cx.project();
    if cx.policy().target != Target::Swarm {
        return;
    }
    for refusal in &project.stack_refusals {
        refused(refusal, cx);
    }
    for workload in &project.workloads {
        cx.set_workload(workload);
        swarm::report(workload, cx, REFUSED, "refuses", NOT_DEPLOYED);
    }
}

/// Reports what is refused in the files as they are written.
fn refused(refusal: &StackRefusal, cx: &mut RuleContext<'_>) {
    let StackRefusal { key, service, why } = refusal;
    let name = &key.value;
    let what = match (why, service) {
        (StackMistake::Version(text), _) => format!("`version: {text}`"),
        (StackMistake::Conditions(_) | StackMistake::Mappings(_), Some(service)) => {
            format!("the long form of `{name}` of `{service}`")
        }
        (StackMistake::SizeWithUnit(..), Some(service)) => format!("the size of a tmpfs of `{service}`"),
        (_, Some(service)) => format!("`{name}` of `{service}`"),
        (_, None) => format!("`{name}`"),
    };
    let place = match why {
        StackMistake::SizeWithUnit(span, _) => *span,
        _ => key.span,
    };
    let mut finding = cx.report(place, format!("`docker stack deploy` refuses {what}"));
    finding.label(NOT_DEPLOYED);
    if let Some(service) = service {
        finding.service(service);
    }
    let list = |names: &[String]| names.iter().map(|name| json(name)).collect::<Vec<_>>().join(", ");
    match why {
        StackMistake::Unknown => {
            finding.help(match name.as_str() {
                "name" => {
                    "remove it: the name of the stack is an argument, `docker stack deploy -c <file> <name>`"
                }
                "include" => {
                    "name the included files as well: `docker stack deploy -c <file> -c <other file> <name>`"
                }
                "extends" => {
                    "copy what it extends into the service, or share it with a YAML anchor: `<<: *name`"
                }
                _ => "remove it",
            });
        }
        StackMistake::Version(_) => {
            finding.help("remove it, or write `version: \"3.8\"`: it reads versions 3 to 3.13");
        }
        StackMistake::Conditions(names) => {
            finding.help(format!(
                "write it as a list, `{name}: [{}]`; Swarm starts all services at once either way",
                list(names)
            ));
        }
        StackMistake::Mappings(Some(paths)) => {
            finding.help(format!("write the paths alone: `{name}: [{}]`", list(paths)));
        }
        StackMistake::Mappings(None) => {
            finding.help("write the paths alone");
        }
        StackMistake::SizeWithUnit(span, Some(bytes)) => {
            let edit = Edit { span: *span, replacement: bytes.to_string() };
            finding.fix(format!("write the size in bytes: `{bytes}`"), Applicability::Safe, &[], vec![edit]);
        }
        StackMistake::SizeWithUnit(_, None) => {
            finding.help("write the size in bytes, as a number");
        }
    }
}

/// The rejected keys and their replacements.
const REFUSED: &[Row] = &[
    ("mem_limit", Replacement::Below(&["deploy", "resources", "limits", "memory"])),
    ("mem_reservation", Replacement::Below(&["deploy", "resources", "reservations", "memory"])),
    ("memswap_limit", Replacement::Nothing),
    ("mem_swappiness", Replacement::Nothing),
    ("oom_kill_disable", Replacement::Nothing),
    ("pids_limit", Replacement::Below(&["deploy", "resources", "limits", "pids"])),
    ("cpus", Replacement::Below(&["deploy", "resources", "limits", "cpus"])),
    ("cpu_quota", Replacement::Say("write it as `deploy.resources.limits.cpus: <number>`")),
    ("cpu_shares", Replacement::Nothing),
    ("cpuset", Replacement::Nothing),
    ("scale", Replacement::Below(&["deploy", "replicas"])),
    ("volumes_from", Replacement::Nothing),
    ("profiles", Replacement::Nothing),
    ("develop", Replacement::Nothing),
    ("gpus", Replacement::Nothing),
    ("runtime", Replacement::Nothing),
    ("storage_opt", Replacement::Nothing),
    ("platform", Replacement::Nothing),
    ("deploy.resources.reservations.devices", Replacement::Nothing),
    ("provider", Replacement::Nothing),
    ("annotations", Replacement::Nothing),
    ("attach", Replacement::Nothing),
    ("blkio_config", Replacement::Nothing),
    ("cgroup", Replacement::Nothing),
    ("cpu_count", Replacement::Nothing),
    ("cpu_percent", Replacement::Nothing),
    ("cpu_period", Replacement::Nothing),
    ("cpu_rt_period", Replacement::Nothing),
    ("cpu_rt_runtime", Replacement::Nothing),
    ("device_cgroup_rules", Replacement::Nothing),
    ("dns_opt", Replacement::Nothing),
    ("group_add", Replacement::Nothing),
    ("label_file", Replacement::Nothing),
    ("models", Replacement::Nothing),
    ("post_start", Replacement::Nothing),
    ("pre_start", Replacement::Nothing),
    ("pre_stop", Replacement::Nothing),
    ("pull_policy", Replacement::Nothing),
    ("use_api_socket", Replacement::Nothing),
    ("uts", Replacement::Nothing),
];
