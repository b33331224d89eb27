//! The rule `shell-form-start`.

use crate::rules::RuleContext;
use crate::rules::probe::json;
use crate::workload::{Kind, OuterShell, ShellAsPid1, Waited, Workload};

rule! {
    name: "shell-form-start",
    summary: "a shell stays process 1: SIGTERM does not reach the program",
    severity: Note,
    group: Process,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(found) = &workload.process.shell_as_pid1 else { return };
    let init = match workload.kind {
        Kind::Image => false,
        _ => !workload.service.init.is_absent() && workload.service.init.value() != Some(&false),
    };
    if init || workload.role.one_shot || workload.role.listens_nowhere || !workload.role.runs() {
        return;
    }
    let container = match workload.kind {
        Kind::Image => format!("a container of `{}`", workload.name),
        _ => format!("`{}`", workload.name),
    };
    let ShellAsPid1 { span, shell, command, inside, outer, list } = found;
    let is_list = inside.is_none() && command.first.starts_with('[');
    let label = match (inside, outer) {
        (None, _) if is_list => "not valid JSON, so it is run by a shell".to_owned(),
        (None, _) => "started by `sh`, which stays PID 1".to_owned(),
        (Some(_), OuterShell::None) => format!("`{shell}` stays PID 1 and does not pass SIGTERM on"),
        (Some(_), OuterShell::Stays) => {
            format!("`sh` stays PID 1 and does not pass SIGTERM on to `{shell}`")
        }
        (Some(_), OuterShell::MayStay) => format!("starts `{shell}` without `exec`"),
    };
    let mut finding =
        cx.report(*span, format!("{container} does not pass on the stop signal: a shell is PID 1"));
    finding.label(label).note("`docker stop` waits 10 s, then kills it without a clean shutdown");
    if let Some(place) = inside {
        let waits = if *outer == OuterShell::None {
            "runs without `exec`".to_owned()
        } else {
            format!("`{shell}` waits here")
        };
        finding.related(*place, waits);
    }
    if is_list {
        finding.help("JSON form: each word in double quotes, separated by commas, in one pair of brackets");
        return;
    }
    let list = list.as_ref().map(|(key, words)| pasted_list(key, words));
    let mut help = match (inside, list) {
        (None, Some(list)) => format!("start it with `exec`, in one string for the shell:\n  {list}"),
        (None, None) => started(command, "put `exec` before the last command"),
        (Some(_), _) if *outer == OuterShell::None => {
            started(command, &format!("in `{shell}`, put `exec` before the last command"))
        }
        (Some(_), Some(list)) => {
            let inside = started(command, &format!("and in `{shell}`, put `exec` before the last command"));
            format!(
                "`exec` in both places: before `{shell}`, in one string for the shell:\n  {list}\n{inside}"
            )
        }
        (Some(_), None) => {
            started(command, &format!("`exec` in both places: before `{shell}`, and inside it"))
        }
    };
    if let Some(runtime) = &command.deaf {
        help.push_str(&below_init(workload, runtime));
    }
    finding.help(help);
}

/// Returns the command to paste, or advice in words if it cannot be repeated.
fn started(command: &Waited, lead: &str) -> String {
    match &command.with_exec {
        Some(line) => format!("{lead}:\n  {line}"),
        None => format!("{lead}, right before `{}`", command.first),
    }
}

/// Returns advice to run an init as process 1, for an interpreter that does not handle SIGTERM by itself.
fn below_init(workload: &Workload, runtime: &str) -> String {
    let lead = format!("\n{runtime} ignores SIGTERM as PID 1, unless the program handles it: ");
    match workload.kind {
        Kind::Image | Kind::Container => {
            format!("{lead}start it with `docker run --init`, or below `tini --`")
        }
        _ => format!("{lead}run an init as PID 1\n  init: true"),
    }
}

/// Formats a key with its words as a list. A dollar is doubled for Compose.
fn pasted_list(key: &str, words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| json(&word.replace('$', "$$"))).collect();
    format!("{key}: [{}]", words.join(", "))
}
