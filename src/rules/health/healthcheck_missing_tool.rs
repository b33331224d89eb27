//! The rule `healthcheck-missing-tool`.

use crate::diagnostic::{Confidence, Severity};
use crate::rules::RuleContext;
use crate::rules::probe::{Form, replacement_text};
use crate::source::{Spanned, TracedText};
use crate::workload::{Healthcheck, HttpRequest, MissingKind, Workload, http, tcp};

rule! {
    name: "healthcheck-missing-tool",
    summary: "a healthcheck that runs a program which is not in the image",
    severity: Warning,
    group: Health,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(check) = workload.health.check.known() else { return };
    let Healthcheck::Probe { test: Some(test), .. } = &check.value else { return };
    let Some(lack) = &workload.health.probe_lack else { return unchecked(workload, cx) };
    let name = &workload.name;
    let tool = match &lack.what {
        MissingKind::Program(tool) => tool,
        MissingKind::DevTcp { shell, host, port } => {
            let message = format!(
                "the healthcheck of `{name}` can never pass: its `sh` is {shell}, and only bash has /dev/tcp"
            );
            let mut finding = cx.report(lack.at, message);
            finding.label(format!("{shell} has no /dev/tcp")).confidence(Confidence::Medium);
            if let Some(other) = tcp(&workload.health.tools, host, &port.to_string()) {
                let text = replacement_text(Form::at(lack.at, workload), &check.value, &other);
                finding.help(format!("the same probe with what is in the image:\n  {text}"));
            }
            return;
        }
    };
    let no_shell = workload.image.missing_tools.contains(&"sh");
    let message = match (*tool, no_shell) {
        ("sh", _) => format!("the healthcheck of `{name}` can never pass: its image has no shell"),
        (_, true) => {
            format!("the healthcheck of `{name}` can never pass: its image has no shell and no `{tool}`")
        }
        (_, false) => format!("the healthcheck of `{name}` runs `{tool}`, which is not in its image"),
    };
    let mut finding = cx.report(lack.at, message);
    finding.label(format!("no `{tool}` in the image")).confidence(Confidence::Medium);
    if let Some(base) = workload.image.base.known() {
        finding.related(
            base.span,
            format!("`{}` does not contain `{tool}`, and nothing here installs it", base.value),
        );
    }
    if let Some(label) = &workload.service.restarted_by {
        finding.related(label.span, RESTARTED);
    }
    if let Some(help) = help(workload, &check.value, test, tool) {
        finding.help(help);
    }
}

const RESTARTED: &str = "restarts the container while it is unhealthy";

/// Reports a program that the image may lack, where that has the container restarted for ever.
fn unchecked(workload: &Workload, cx: &mut RuleContext<'_>) {
    let (Some(label), None) = (&workload.service.restarted_by, &workload.build) else { return };
    let Some(Spanned { value: tool, span, .. }) = &workload.health.probe_unknown else { return };
    let Some(base) = workload.image.base.known() else { return };
    let name = &workload.name;
    let mut finding = cx.report(
        *span,
        format!("the healthcheck of `{name}` runs `{tool}`, which may be missing from its image"),
    );
    finding
        .label(format!("nothing is known of `{tool}` in `{}`", base.value))
        .severity(Severity::Note)
        .confidence(Confidence::Low)
        .related(label.span, RESTARTED)
        .help(format!("check it: docker run --rm --entrypoint {tool} {} --version", base.value));
}

/// Returns the same request with a tool that the image has, else how to install the tool.
fn help(workload: &Workload, check: &Healthcheck, test: &[TracedText], tool: &str) -> Option<String> {
    let place = test.get(1)?.span();
    let form = Form::at(place, workload);
    if let Some(other) = HttpRequest::of_test(test).and_then(|place| http(&workload.health.tools, &place)) {
        return Some(format!(
            "the same probe with what is in the image:\n  {}",
            replacement_text(form, check, &other)
        ));
    }
    if workload.image.missing_tools.contains(&"sh") {
        return Some(
            "without a shell, the probe has to be a program of the image, in the form `[\"CMD\", …]`"
                .to_owned(),
        );
    }
    let base = workload.image.base.value().map(TracedText::as_str).unwrap_or_default();
    let install = match workload.dockerfile() {
        None => {
            return Some(format!(
                "its image is not built here: use a program that it contains, or build an image with `{tool}`"
            ));
        }
        Some(_) if base.contains("busybox") => return None,
        Some(_) if base.contains("alpine") => format!("RUN apk add --no-cache {tool}"),
        Some(_) => format!(
            "RUN apt-get update && apt-get install -y --no-install-recommends {tool} && rm -rf \
             /var/lib/apt/lists/*"
        ),
    };
    Some(format!("install it in the Dockerfile's last stage, before any USER:\n  {install}"))
}
