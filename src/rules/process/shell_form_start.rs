//! `shell-form-start`

use crate::rules::Sink;
use crate::workload::{Kind, Lingering, Outer, Workload};

rule! {
    name: "shell-form-start",
    summary: "a shell stays process 1: SIGTERM does not reach the program",
    severity: Note,
    group: Process,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, sink: &mut Sink<'_>) {
    let Some(found) = &workload.lingering_shell else { return };
    let init = match workload.kind {
        Kind::Service => !workload.init.is_absent() && workload.init.value() != Some(&false),
        Kind::Image => false,
    };
    if init || workload.role.one_shot || workload.role.listens_nowhere || !workload.role.runs() {
        return;
    }
    let name = &workload.name;
    let Lingering { span, shell, command, inside, outer } = found;
    let is_list = command.starts_with('[') && !command.starts_with("[ ");
    let label = match (inside, outer) {
        (None, _) if is_list => "not valid JSON, so a shell runs it as text".to_owned(),
        (None, _) => "runs below `sh`, which is process 1".to_owned(),
        (Some(_), Outer::None) => format!("`{shell}` is process 1, and waits for what it starts"),
        (Some(_), Outer::Stays) => format!("`sh` is process 1, and waits for `{shell}`"),
        (Some(_), Outer::MayStay) => format!("starts `{shell}` without `exec`"),
    };
    let finding = sink
        .report(*span, label, format!("`{name}` never gets SIGTERM: a shell is process 1"))
        .of(workload)
        .note("`docker stop` waits ten seconds and kills it: nothing is flushed, no connection is closed");
    match inside {
        Some(place) if *outer != Outer::None => finding
            .related(*place, format!("`{shell}` waits here"))
            .help(format!("`exec` in both places: in front of `{shell}`, and in it:\n  exec {command}")),
        Some(place) => finding
            .related(*place, "runs without `exec`")
            .help(format!("in `{shell}`, start it with `exec`:\n  exec {command}")),
        None if is_list => finding
            .help("a list is JSON: each word in double quotes, a comma between two, one pair of brackets"),
        None => finding.help(format!("start it with `exec`:\n  exec {command}")),
    };
}
