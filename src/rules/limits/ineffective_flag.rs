//! The rule `ineffective-flag`.

use crate::diagnostic::Severity;
use crate::rules::RuleContext;
use crate::secret;
use crate::syntax::command_line::Mistake;
use crate::workload::{FlagMistake, FlagMistakeKind, Workload};

rule! {
    name: "ineffective-flag",
    summary: "a flag of `docker run` that does not do what it seems to, or that the client rejects",
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
                let flag = secret::command(flag);
                cx.report(
                    mistake.span,
                    format!("`{flag}` has no effect on `{name}`: it comes after the image"),
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
                let value = secret::command(value);
                let mut words = value.split_whitespace();
                let program = words.next().unwrap_or_default();
                let rest = words.collect::<Vec<_>>().join(" ");
                cx.report(
                    mistake.span,
                    format!(
                        "`--entrypoint` of `{name}` is one word: Docker looks for a program called `{value}`"
                    ),
                )
                .label("not split into words")
                .note(format!("exec: \"{value}\": executable file not found in $PATH"))
                .help(format!("write `--entrypoint {program}`, and `{rest}` behind the image"));
            }
            FlagMistakeKind::OneDash { word, read, meant } => {
                let read = match read {
                    Some(read) => format!("`{word}` is `{read}`"),
                    None => format!("`{command}` has no flag `{word}`"),
                };
                cx.report(mistake.span, read)
                    .label("letters, one after the other")
                    .note("a long name has two hyphens")
                    .help(format!("write `{meant}`"));
            }
            FlagMistakeKind::OtherDash { word, meant } => {
                let word = secret::command(word);
                cx.report(mistake.span, format!("`{command}` takes `{word}` for the image"))
                    .label("not a hyphen")
                    .note("what follows becomes the command of the container")
                    .help(format!(
                        "write `{meant}`, with {}",
                        match meant.starts_with("--") {
                            true => "two hyphens",
                            false => "a hyphen",
                        }
                    ));
            }
            FlagMistakeKind::Refused { what, message, kind, sample } => {
                if is_told_elsewhere(workload, mistake) {
                    continue;
                }
                let what = secret::command(what);
                let (severity, label, help) = of_refusal(&what, kind, *sample);
                let mut finding =
                    cx.report(mistake.span, format!("`{command}` rejects `{what}` of `{name}`"));
                finding.severity(severity).label(label).note(secret::command(message));
                if let Some(help) = help {
                    finding.help(help);
                }
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

/// Returns the severity of a refusal, its label, and what to write.
fn of_refusal(what: &str, kind: &Mistake, sample: Option<&str>) -> (Severity, &'static str, Option<String>) {
    match kind {
        // Another version of the client may have it.
        Mistake::UnknownFlag(_) => (Severity::Warning, "unknown flag", None),
        Mistake::Image => {
            let lower = what.to_lowercase();
            // A variable without its `--env` is no name in lower case either.
            let differs = lower != what && !what.contains('=');
            (Severity::Error, "not the name of an image", differs.then(|| format!("write `{lower}`")))
        }
        Mistake::Conflict("network") => {
            let help = "name a network of your own: `--network <name>`";
            (Severity::Error, "needs a network", Some(help.to_owned()))
        }
        Mistake::Conflict(other) => {
            let help = format!("remove `--{other}`, or `{what}`");
            (Severity::Error, "these exclude each other", Some(help))
        }
        _ => {
            let flag = what.split([' ', '=']).next().unwrap_or_default();
            let sign = if sample == Some("true") { "=" } else { " " };
            let help = sample.map(|sample| format!("for example `{flag}{sign}{sample}`"));
            (Severity::Error, "not a value of this flag", help)
        }
    }
}

/// True for a value that a rule about its setting reports.
fn is_told_elsewhere(workload: &Workload, mistake: &FlagMistake) -> bool {
    let service = &workload.service;
    let sizes = service.size_keys.iter().filter(|key| key.problem.is_some()).map(|key| key.size.span());
    let probes = service.healthcheck.iter().flat_map(|section| &section.refusals).map(|refusal| refusal.span);
    sizes.chain(probes).any(|span| span.contains(mistake.span) || mistake.span.contains(span))
}
