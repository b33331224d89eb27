//! The rule `ineffective-flag`.

use crate::diagnostic::Severity;
use crate::rules::RuleContext;
use crate::workload::{FlagMistakeKind, Workload};

rule! {
    name: "ineffective-flag",
    summary: "a flag of `docker run` that does not do what it seems to, such as one behind the image",
    severity: Error,
    group: Limits,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let Some(launch) = workload.launch() else { return };
    let (name, command) = (&workload.name, &launch.command);
    for mistake in &launch.mistakes {
        match &mistake.kind {
            FlagMistakeKind::BehindImage { flag, image, certain } => {
                let severity = if *certain { Severity::Error } else { Severity::Warning };
                cx.report(
                    mistake.span,
                    format!("`{flag}` has no effect on `{name}`: it stands behind the image"),
                )
                .label("an argument of the container's program")
                .severity(severity)
                .related(mistake.because, "the image ends the flags")
                .note(format!("`{command}` gives everything behind the image to the container"))
                .help(format!("write it before the image: `{flag} {image}`"));
            }
            FlagMistakeKind::ValueIsImage { flag, value } => {
                cx.report(mistake.span, format!("`{command}` takes `{value}` for the image"))
                    .label("the image")
                    .related(mistake.because, "takes no value as a word of its own")
                    .note("what follows becomes the command of the container")
                    .help(match value.as_str() {
                        "true" => format!("write `{flag}` alone, or `{flag}=true`"),
                        _ => format!("write `{flag}={value}`"),
                    });
            }
            FlagMistakeKind::EntrypointWithBlanks { value } => {
                let mut words = value.split_whitespace();
                let program = words.next().unwrap_or_default();
                let rest = words.collect::<Vec<_>>().join(" ");
                cx.report(
                    mistake.span,
                    format!("the entrypoint of `{name}` is a file with blanks in its name"),
                )
                .label(format!("not split: a program called `{value}`"))
                .note(format!("exec: \"{value}\": executable file not found in $PATH"))
                .help(format!("write `--entrypoint {program}`, and `{rest}` behind the image"));
            }
            FlagMistakeKind::Ignored { flag } => {
                cx.report(mistake.span, format!("`{flag}` of `{name}` is ignored"))
                    .label("accepted, without effect")
                    .severity(Severity::Warning)
                    .note("the kernel no longer has this limit: Docker and Podman drop the flag")
                    .help("remove it; `--memory` counts kernel memory too");
            }
        }
    }
}
