//! The rule `unsized-tmpfs`.

use super::shm;
use crate::rules::RuleContext;
use crate::rules::form::Form;
use crate::rules::offer::Offer;
use crate::workload::{SettingName, Workload};

rule! {
    name: "unsized-tmpfs",
    summary: "a tmpfs without a size may take half of the host's memory",
    severity: Note,
    group: MemoryFs,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    if !workload.role.lasts() {
        return;
    }
    let offer = Offer::of(workload, cx);
    for mount in workload.service.mounts.iter().filter(|mount| mount.source == "/dev/shm") {
        let setting = Form::of(workload).setting(SettingName::SHM_SIZE, "<size>");
        let instead = || format!("use `{setting}` instead of the mount");
        cx.report(
            mount.span,
            format!("`{}` writes to the host's /dev/shm, which does not limit it", workload.name),
        )
        .label("half of the host's memory, shared with the host")
        .note("files stay there after the container stops")
        .help(shm::in_swarm(&offer, "<size>").unwrap_or_else(instead));
    }
    for mount in workload.service.tmpfs.iter().filter(|mount| mount.size.is_absent()) {
        let target = &mount.target;
        if holds_sockets(target.as_str()) {
            continue;
        }
        cx.report(target.span(), format!("the tmpfs at `{target}` of `{}` has no size limit", workload.name))
            .label("may grow to half of the host's memory")
            .note("files there count against the container's memory limit, if it has one")
            .help(match mount.long {
                true if workload.launch().is_some() => {
                    "give it a size: `tmpfs-size=<size>` in its `--mount`".to_owned()
                }
                false => {
                    let options: String = mount.options.iter().map(|option| format!("{option},")).collect();
                    format!("give it a size: `{target}:{options}size=<size>`")
                }
                true => "give it a size, as in `tmpfs: {size: <size>}` of this mount".to_owned(),
            });
    }
}

/// True for the directories of sockets, locks and process numbers, which take a few KiB.
fn holds_sockets(target: &str) -> bool {
    let target = target.trim_end_matches('/');
    let target = target.strip_prefix("/var").unwrap_or(target);
    // `/run/shm` is the old place of `/dev/shm`.
    target == "/run" || target == "/lock" || target.starts_with("/run/") && target != "/run/shm"
}
