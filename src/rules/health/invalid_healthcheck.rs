//! The rule `invalid-healthcheck`.

use crate::diagnostic::{Applicability, Edit, FixOp, Severity};
use crate::rules::RuleContext;
use crate::rules::probe::{Form, test_key};
use crate::source::{Span, TracedText};
use crate::workload::{FactName, Healthcheck, Suggestion, Workload};

rule! {
    name: "invalid-healthcheck",
    summary: "a healthcheck that Compose or the engine rejects, or that can never pass",
    severity: Error,
    group: Health,
    preset: Recommended,
    check: Workload(check),
}

/// Returns the tool that a test without `CMD` begins with, if the image lacks it.
fn missing_tool(workload: &Workload) -> Option<&'static str> {
    let Healthcheck::Probe { test: Some(test), .. } = workload.health.check.value()? else { return None };
    let name = test.first()?.as_str().rsplit('/').next()?;
    workload.image.missing_tools.iter().copied().find(|tool| *tool == name)
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let name = &workload.name;
    for refusal in workload.service.healthcheck.iter().flat_map(|section| &section.refusals) {
        let mut finding = cx.report(refusal.span, format!("Docker rejects the healthcheck of `{name}`"));
        finding.label(refusal.message.as_str());
        match &refusal.remedy {
            Some(Suggestion::Replace(span, text)) => {
                let edit = Edit { span: *span, replacement: text.clone() };
                finding.fix(
                    format!("write `{text}`"),
                    Applicability::Unsafe,
                    &[FactName::Healthcheck],
                    vec![edit],
                );
            }
            Some(Suggestion::Prepend(word)) => match missing_tool(workload) {
                Some(tool) => {
                    finding.help(format!("begin the list with `{word}`; its image has no `{tool}`"));
                }
                None => {
                    let lead = FixOp::PrependItem { item: refusal.span, word };
                    finding.fix_ops(
                        format!("begin the list with `{word}`"),
                        Applicability::Unsafe,
                        &[FactName::Healthcheck],
                        vec![lead],
                    );
                }
            },
            None => {
                finding.help(help(&refusal.message));
            }
        }
    }
    let Some(check) = workload.health.check.known() else { return };
    let Healthcheck::Probe { test: Some(test), .. } = &check.value else { return };
    match test.as_slice() {
        [_, command] if command.as_str() == "NONE" => called_none(workload, command, cx),
        [kind, script, rest @ ..] if kind.as_str() == "CMD-SHELL" && !rest.is_empty() => {
            several(workload, script, rest, cx);
        }
        _ => {}
    }
}

/// Returns the help for a rejection that no fix resolves.
fn help(message: &str) -> &'static str {
    if message.contains("start_period") {
        return "add:\n  start_period: 30s";
    }
    if message.contains("test must start") {
        return "the list begins with `CMD`, followed by a program and its arguments, or with `CMD-SHELL`, followed by one string for the shell";
    }
    "durations are strings with a unit: 30s, 1m30s, 500ms"
}

/// Reports a test that runs a command called `NONE`.
fn called_none(workload: &Workload, command: &TracedText, cx: &mut RuleContext<'_>) {
    let mut finding = cx
        .report(command.span(), format!("the healthcheck of `{}` runs a command called NONE", workload.name));
    finding.label("a command");
    let Some(place) = workload.health.test_span else { return };
    let replacement = match Form::at(place, workload) {
        Form::Compose if workload.service.has_block_test() => "\"NONE\"",
        Form::Compose | Form::Flags => "[\"NONE\"]",
        Form::Dockerfile => "HEALTHCHECK NONE",
    };
    finding.fix(
        "disable the healthcheck",
        Applicability::Unsafe,
        &[FactName::Healthcheck],
        vec![Edit { span: place, replacement: replacement.to_owned() }],
    );
}

/// Reports several strings after `CMD-SHELL`: the shell runs the first, the others are its arguments (moby `daemon/health.go`).
fn several(workload: &Workload, script: &TracedText, rest: &[TracedText], cx: &mut RuleContext<'_>) {
    // A script that reads its arguments has them on purpose.
    if ["$0", "$1", "$2", "$@", "$*", "$#", "${"].iter().any(|argument| script.as_str().contains(argument)) {
        return;
    }
    let name = &workload.name;
    // Without its arguments it still tells whether the server answers.
    let works_alone = matches!(script.as_str().rsplit('/').next(), Some("pg_isready"));
    let severity = if works_alone { Severity::Warning } else { RULE.meta().severity };
    let ignored = rest.iter().map(TracedText::span).reduce(Span::cover).unwrap_or(script.span());
    let mut finding = cx.report(
        ignored,
        format!("the healthcheck of `{name}` runs only `{}`: `CMD-SHELL` takes one string", script.as_str()),
    );
    finding.label("never run").severity(severity).note(
        "`CMD-SHELL` passes only the first string to `sh -c` as the command; the others become `$0`, `$1`, …",
    );
    if !is_plain(rest) {
        finding.help("write them as one string");
        return;
    }
    let words: Vec<&str> = std::iter::once(script).chain(rest).map(TracedText::as_str).collect();
    let joined = vec!["CMD-SHELL".to_owned(), words.join(" ")];
    let Some(place) = workload.health.test_span.filter(|place| Form::at(*place, workload) == Form::Compose)
    else {
        return;
    };
    let text = test_key(&joined);
    let value = text.strip_prefix("test: ").unwrap_or(&text).to_owned();
    if workload.service.has_block_test() {
        finding.help(format!("as one string:\n  {text}"));
        return;
    }
    finding.fix(
        "make it one string",
        Applicability::Unsafe,
        &[FactName::Healthcheck],
        vec![Edit { span: place, replacement: value }],
    );
}

/// True if words mean the same when they are joined by spaces. Spaces and quotes within one of them may be an argument's own,
/// unless they follow `||` or another operator, where they are part of a command.
fn is_plain(words: &[TracedText]) -> bool {
    let mut command = false;
    words.iter().map(TracedText::as_str).all(|word| {
        command |= ["||", "&&", ";", "|"].iter().any(|operator| word.starts_with(operator));
        command || !word.contains(|c: char| c.is_whitespace() || "\"'\\$`".contains(c))
    })
}
