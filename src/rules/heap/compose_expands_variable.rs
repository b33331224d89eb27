//! The rule `compose-expands-variable`.

use crate::diagnostic::{Applicability, Edit, Severity};
use crate::rules::RuleContext;
use crate::rules::probe::{json, test_key};
use crate::source::Span;
use crate::workload::{FactName, LiteralPlace, Workload, shell_quoted};

use super::unread_heap_variable::main_word;

rule! {
    name: "compose-expands-variable",
    summary: "Compose replaces a variable that was meant for the container",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for eaten in &workload.process.replaced_by_compose {
        let variable = &eaten.name;
        let (service, name) = (&workload.name, &variable.value);
        let mut finding = cx.report(
            variable.span,
            format!("Compose replaces `${name}` with an empty string before `{service}` starts"),
        );
        finding.label("empty: Compose reads it from its own environment and .env only").help(
            match &eaten.words {
                Some(words) => for_shell(workload, eaten.key, words, (eaten.shell, eaten.behind_shell)),
                None => {
                    format!("`$${name}` reaches the container as `${name}`; only a shell expands it there")
                }
            },
        );
        if let Some(value) = workload.env.get(name).and_then(|variable| variable.value.known()) {
            // With `NAME: ${NAME:-default}`, a value that is set for Compose reaches both sides.
            let shared = value.default_for.as_ref() == Some(name);
            let severity = if shared { Severity::Warning } else { RULE.meta().severity };
            finding
                .severity(severity)
                .related(value.span, "set for the container; Compose does not read this");
        }
        if let Some(program) = eaten.passes_anyway {
            finding.severity(Severity::Note).note(format!("`{program}` passes without a valid login, too"));
        }
        if eaten.shell {
            let at = variable.span.start;
            let edit = Edit { span: Span { end: at, ..variable.span }, replacement: "$".to_owned() };
            finding.fix(
                format!("escape `${name}`, so that the shell in the container expands it"),
                Applicability::Unsafe,
                &[FactName::Start, FactName::Healthcheck, FactName::Heaps, FactName::Caches],
                vec![edit],
            );
        }
    }
    for unexpanded in &workload.process.unexpanded {
        let text = &unexpanded.word.value;
        let pools = workload.pools.heaps.iter();
        let main = pools.filter_map(|heap| {
            let mut literal = heap.problems.iter().filter_map(|problem| problem.literal.as_ref());
            literal.find(|word| word.span == unexpanded.word.span && word.place == LiteralPlace::Main)?;
            Some(heap.runtime)
        });
        let label = match main.into_iter().next() {
            Some(runtime) => format!(
                "{} takes the literal text `{text}` for {}, and does not start",
                runtime.display_name(),
                main_word(runtime)
            ),
            None => format!("the program receives the literal text `{text}`"),
        };
        cx.report(
            unexpanded.word.span,
            format!(
                "nothing expands `{text}` in the command of `{}`: it runs without a shell",
                workload.name
            ),
        )
        .label(label)
        .related(unexpanded.value, "the intended value")
        .help(for_shell(workload, unexpanded.key, &unexpanded.words, (false, false)));
    }
}

/// Returns help that runs the words of a key in a shell of the container, which expands their variables. `is_script`: the words
/// are a shell with its script. `behind_shell`: the entrypoint is a shell that waits for its script.
fn for_shell(
    workload: &Workload,
    key: &str,
    words: &[String],
    (is_script, behind_shell): (bool, bool),
) -> String {
    let line = |words: &[String]| words.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" ");
    let no_shell = workload.image.missing_tools.contains(&"sh");
    if no_shell {
        return "its image has no shell: write the value instead".to_owned();
    }
    if key == "healthcheck" {
        let text = match words {
            [kind, script] if kind == "CMD-SHELL" => script.clone(),
            [_, words @ ..] => line(words),
            [] => String::new(),
        };
        return format!("run it through a shell:\n  {}", test_key(&["CMD-SHELL".to_owned(), text]));
    }
    let mut list: Vec<String> = match words {
        _ if is_script => words.to_vec(),
        // The entrypoint is the shell, which takes its script as one word.
        [script] if behind_shell => vec![script.clone()],
        _ if behind_shell => vec![format!("exec {}", line(words))],
        _ => vec!["sh".to_owned(), "-c".to_owned(), format!("exec {}", line(words))],
    };
    // After the entrypoint comes the command, which `sh -c` takes as arguments of its script.
    let own = &workload.service.command;
    let command = !own.is_absent() && own.value().is_none_or(|words| !words.is_empty());
    if key == "entrypoint" && command && list.len() == 3 {
        if let Some(script) = list.last_mut() {
            script.push_str(" \"$@\"");
        }
        list.push("--".to_owned());
    }
    let takes_words = key == "entrypoint"
        || behind_shell
        || workload.process.hands_over
        || workload.process.start.value().is_some_and(|start| start.entrypoint.is_empty());
    let when = if takes_words { "" } else { ", if the image's entrypoint runs its arguments" };
    let list: Vec<String> = list.iter().map(|word| json(&word.replace('$', "$$"))).collect();
    format!("run it through a shell{when}:\n  {key}: [{}]", list.join(", "))
}
