//! The rule `missing-healthcheck`.

use crate::diagnostic::Severity;
use crate::hash::HashSet;
use crate::rules::RuleContext;
use crate::rules::probe::{self, Form, assumption, command, healthcheck, json, test_key};
use crate::source::path_text;
use crate::workload::{Kind, NoProbe, Project, Workload, shell_quoted};

rule! {
    name: "missing-healthcheck",
    summary: "neither the service nor its image has a healthcheck",
    severity: Warning,
    group: Health,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let project = cx.project();
    let role = workload.role;
    // An entrypoint that is not known may start what serves nothing.
    if !workload.health.check.is_absent() || !role.serves() || workload.service.entrypoint.is_unknown() {
        return;
    }
    let name = &workload.name;
    if workload.kind == Kind::Service && project.has_healthcheck_elsewhere(name) {
        return;
    }
    let is_asked = workload.health.names_port || role.needed;
    // A client that nobody connects to and nobody waits for: its end is all there is to see.
    let severity = if is_asked { RULE.meta().severity } else { Severity::Note };
    match workload.kind {
        Kind::Service | Kind::Job | Kind::PreStart | Kind::Container => {
            let mut finding = cx.report(workload.anchor, format!("`{name}` has no healthcheck"));
            finding
                .label("no healthcheck")
                .via(&workload.service.via)
                .severity(role.soften(severity))
                .group_message(match workload.described() {
                    None => "have no healthcheck, in Compose or in the image",
                    Some(_) => "have no healthcheck of their own or of their image",
                })
                .note("without one, Docker still shows a hung container as running")
                .help(inherited(project, workload).unwrap_or_else(|| help(workload)));
            if let Some(stage) = workload.build.as_ref().and_then(|build| build.from.as_ref()) {
                finding.related(stage.from, "nor does the Dockerfile that builds it");
            }
        }
        // An image that exposes no port is mostly a base of others. One that adds nothing to its base only pins a version.
        Kind::Image
            if workload.health.exposed.is_empty()
                || !workload.build.as_ref().is_some_and(|build| build.starts) => {}
        Kind::Image => {
            cx.report(workload.anchor, format!("`{name}` has no healthcheck"))
                .label("no HEALTHCHECK in the final stage")
                .severity(Severity::Note)
                .group_message_of("images", "have no healthcheck")
                .help(help(workload));
        }
    }
}

/// Returns the reason to offer nothing where other services are based on this one: they would inherit its healthcheck, and
/// start something else.
fn inherited(project: &Project, workload: &Workload) -> Option<String> {
    let name = &workload.name;
    let based = project.changed_elsewhere(name).filter(|change| !change.healthcheck);
    let mut based = based.filter_map(|change| Some((change, change.by.as_ref()?))).peekable();
    based.peek()?;
    // One that the same probe is right for may inherit it.
    let own = suggested(workload);
    let same = project.workloads.iter().filter(|other| own.is_some() && suggested(other) == own);
    let same: HashSet<&str> = same.map(|other| other.name.as_str()).collect();
    let (change, other) = based.find(|(_, other)| !same.contains(other.as_str()))?;
    let file = path_text(change.file.strip_prefix(&project.directory).unwrap_or(&change.file));
    let own = match &workload.health.probe {
        Ok(probe) => format!("; that of `{name}`{}: `{}`", assumption(probe), test_key(&probe.test)),
        Err(_) => String::new(),
    };
    Some(format!(
        "`{other}` in `{file}` {} and would inherit this healthcheck: give each its own{own}",
        change.takes()
    ))
}

/// Returns the command of the probe that is suggested for a workload.
fn suggested(workload: &Workload) -> Option<&[String]> {
    workload.health.probe.as_ref().ok().map(|probe| probe.test.as_slice())
}

/// Returns why there is nothing to paste, and what leads to a probe.
fn without(form: Form, no: &NoProbe) -> String {
    let NoProbe { why, test, set, flag } = no;
    if test.is_empty() {
        return why.clone();
    }
    let (first, then) = match form {
        Form::Compose => {
            let set =
                set.as_ref().map(|(name, value)| format!("add `{name}: {}` to `environment`", json(value)));
            (set.or(flag.as_ref().map(|flag| format!("add `{flag}` to `command`"))), test_key(test))
        }
        Form::Flags => {
            let variable = |(name, value): &(String, String)| {
                format!("add `--env {}`", shell_quoted(&format!("{name}={value}")))
            };
            let flag = flag.as_ref().map(|flag| format!("add `{flag}` to the command"));
            (set.as_ref().map(variable).or(flag), probe::flag(test))
        }
        Form::Dockerfile => {
            let set = set.as_ref().map(|(name, value)| format!("add `ENV {name}={value}`"));
            let flag = flag.as_ref().map(|flag| format!("add `{flag}` to CMD"));
            (set.or(flag), format!("HEALTHCHECK {}", command(test)))
        }
    };
    match first {
        Some(first) => format!("{why}; {first}, then `{then}`"),
        None => format!("{why}: `{then}`"),
    }
}

/// Returns a probe that the image can run, else why there is none to paste.
fn help(workload: &Workload) -> String {
    let labels = workload.described().and_then(|described| described.compose.as_ref());
    let name = labels.and_then(|labels| labels.service.as_ref()).unwrap_or(&workload.name);
    let probe = match &workload.health.probe {
        Ok(probe) => probe,
        Err(no) => return format!("no probe to suggest for `{name}`: {}", without(Form::of(workload), no)),
    };
    let with = if probe.assumed_http.is_some() { "" } else { ", using what is in its image" };
    let place = match (Form::of(workload), workload.key("healthcheck")) {
        (Form::Dockerfile, _) => "at the end of the last stage".to_owned(),
        (Form::Flags, _) if workload.launch().is_some() => format!("before the image{with}"),
        (Form::Flags, _) => format!("in a new container of `{name}`{with}"),
        (Form::Compose, Some(_)) => format!("in the healthcheck of `{name}`{with}"),
        (Form::Compose, None) => format!("in `{name}`{with}"),
    };
    format!("{place}{}:\n{}", assumption(probe), healthcheck(workload, probe))
}
