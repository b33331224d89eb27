//! What runs as process 1, and what runs beside it.

use crate::catalog::Catalog;
use crate::hash::IndexMap;
use crate::model::compose::Service;
use crate::model::compose::interpolate::HOLE;
use crate::source::{Span, Spanned, Text};

use super::start::{Handover, base_name, commands, script};
use super::{Fact, Start, Variable, Why, Workload};

/// Programs whose business is to start others.
const SUPERVISORS: [&str; 7] =
    ["supervisord", "s6-svscan", "runsvdir", "runsvdir-start", "monit", "circusd", "my_init"];

/// A variable in a command or healthcheck that Compose replaces by nothing.
#[derive(Clone, Debug)]
pub struct Eaten {
    /// Its name; the place is that of the `$NAME`.
    pub name: Spanned<String>,
    /// A shell in the container reads the text.
    pub shell: bool,
    /// The key that has it: `command`, `entrypoint` or `healthcheck`.
    pub key: &'static str,
    /// The words of that key with `$NAME` in them, as the container is to have them. None where other variables are missing,
    /// too.
    pub words: Option<Vec<String>>,
}

/// What Compose takes for variables of its own, and finds no value for, though the container has one.
pub(super) fn eaten(service: &Service, env: &IndexMap<String, Variable>) -> Vec<Eaten> {
    let [entrypoint, command] = &service.partial;
    let section = service.healthcheck.as_ref();
    let test = section.and_then(|section| section.partial.as_deref());
    let facts = [
        ("command", Some(&service.command), has_script(command.as_deref()), command.as_deref()),
        ("entrypoint", Some(&service.entrypoint), has_script(entrypoint.as_deref()), entrypoint.as_deref()),
        (
            "healthcheck",
            section.map(|section| &section.test),
            section.is_some_and(|section| section.shell),
            test,
        ),
    ];
    let unknown = facts.into_iter().filter_map(|(key, fact, shell, words)| match fact? {
        Fact::Unknown { at, why: Why::Variable(name) } => {
            let words = words.and_then(|words| filled(words, name));
            Some(Eaten { name: Spanned::new(name.clone(), *at), shell, key, words })
        }
        _ => None,
    });
    let has_value = |name: &str| env.get(name).is_some_and(|variable| variable.value.known().is_some());
    unknown.filter(|eaten| has_value(&eaten.name.value)).collect()
}

/// Words with the one variable that is missing put back, as the container's own. None where more than one is.
fn filled(words: &[Text], name: &str) -> Option<Vec<String>> {
    let holes: usize = words.iter().map(|word| word.as_str().matches(HOLE).count()).sum();
    let fill = |word: &Text| {
        let text = word.as_str();
        let at = text.find(HOLE)? + HOLE.len_utf8();
        let joined = text.get(at..)?.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        Some(text.replace(HOLE, &if joined { format!("${{{name}}}") } else { format!("${name}") }))
    };
    let words = words.iter().map(|word| fill(word).unwrap_or_else(|| word.as_str().to_owned()));
    (holes == 1).then(|| words.collect())
}

/// A shell with its script and nothing behind it: words there are arguments, which nobody expands.
fn has_script(words: Option<&[Text]>) -> bool {
    let Some((name, rest)) = words.and_then(<[Text]>::split_first) else { return false };
    let last = script(rest).zip(rest.last()).is_some_and(|(script, last)| std::ptr::eq(script, last));
    is_shell(base_name(name.as_str())) && last
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "ash" | "dash")
}

/// A word like `$NAME` that a program gets as it stands.
#[derive(Clone, Debug)]
pub struct Unexpanded {
    /// The word.
    pub word: Spanned<String>,
    /// The value that was meant.
    pub value: Span,
    /// The key that has it: `command` or `entrypoint`.
    pub key: &'static str,
    /// The words of that key.
    pub words: Vec<String>,
}

/// The words of a service's command that were to be variables. Those of a Dockerfile are not Compose's doing.
pub(super) fn unexpanded(workload: &Workload, catalog: &Catalog) -> Vec<Unexpanded> {
    let programs = workload.programs();
    let known = programs.iter().filter(|program| {
        let name = program.base_name();
        !program.expanded && catalog.runtimes().iter().any(|runtime| runtime.is_program(name))
    });
    let words = known.flat_map(|program| &program.arguments).filter_map(|word| {
        let text = word.as_str();
        let name = text.strip_prefix('$')?.trim_start_matches('{').trim_end_matches('}');
        let value = workload.env.get(name)?.value.known()?;
        let word = Spanned::new(text.to_owned(), word.span());
        let start = workload.start.value()?;
        let here = |words: &[Text]| words.iter().any(|other| other.span().contains(word.span));
        let (key, words) = match here(&start.command) {
            true => ("command", &start.command),
            false => ("entrypoint", &start.entrypoint),
        };
        let words = words.iter().map(|word| word.as_str().to_owned()).collect();
        let value = value.span;
        (workload.dockerfile() != Some(word.span.file)).then_some(Unexpanded { word, value, key, words })
    });
    words.collect()
}

/// The script of a shell that stays process 1 while its last command runs: `SIGTERM` goes to the shell, which hands
/// nothing on.
///
/// True of dash alone: bash and BusyBox put the last command of `-c` in their own place (measured on dash 0.5.12, bash 5.2,
/// BusyBox 1.35).
pub(super) fn lingering_shell(start: &Start, handover: Option<&Handover>, sh_is_dash: bool) -> Option<Span> {
    let words = words(start, handover);
    let (shell, rest) = words.split_first()?;
    let dash = match base_name(shell.as_str()) {
        "sh" => sh_is_dash,
        name => name == "dash",
    };
    let text = script(rest).filter(|_| dash)?;
    let commands = commands(text);
    let first = |command: &Vec<Text>| command.first().map(|word| word.as_str().to_owned());
    let last = commands.last().and_then(first)?;
    let traps = commands.iter().filter_map(first).any(|word| word == "trap");
    // Nothing waits for a signal there, or the shell itself is the program.
    let idle = ["exec", "done", "fi", "esac", "wait", "sleep", "tail", "true", ":", "echo"];
    (!traps && !idle.contains(&last.as_str())).then(|| text.span())
}

/// The words that process 1 runs in the end: an entrypoint script that hands over puts them in its own place.
fn words(start: &Start, handover: Option<&Handover>) -> Vec<Text> {
    let mut words: Vec<Text> = start.entrypoint.iter().chain(&start.command).cloned().collect();
    let first = words.first().map(|word| base_name(word.as_str()));
    if words.len() > 1 && handover.is_some_and(|script| Some(script.entrypoint.as_str()) == first) {
        words.remove(0);
    }
    words
}

/// What shows that the start is made for several processes: a supervisor, or a command in the background.
pub(super) fn several(start: &Start, handover: Option<&Handover>) -> Option<Span> {
    let words = words(start, handover);
    let supervisor = words.iter().find(|word| SUPERVISORS.contains(&base_name(word.as_str())));
    if let Some(supervisor) = supervisor {
        return Some(supervisor.span());
    }
    let (shell, rest) = words.split_first()?;
    let text = script(rest).filter(|_| is_shell(base_name(shell.as_str())))?;
    background(text)
}

/// The `&` that puts a command into the background, with another command behind it.
fn background(script: &Text) -> Option<Span> {
    let text = script.as_str();
    let mut quote = None;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match (byte, quote) {
            (byte, Some(open)) => quote = (*byte != open).then_some(open),
            (b'\'' | b'"', None) => quote = Some(*byte),
            (b'&', None) => {
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                let after = bytes.get(at + 1);
                // `&&`, `2>&1`, `&>file` are something else.
                let joined = matches!(before, Some(b'&' | b'>' | b'<')) || matches!(after, Some(b'&' | b'>'));
                let more = text.get(at + 1..).is_some_and(|rest| !rest.trim().trim_matches(';').is_empty());
                if !joined && more {
                    return Some(script.span_of(at..at + 1));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn start(words: &[&str]) -> Start {
        let words = words.iter().map(|word| Text::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        Start { entrypoint: words.collect(), command: Vec::new(), shell: false }
    }

    #[test]
    fn only_dash_lingers() {
        let lingers = |words: &[&str]| lingering_shell(&start(words), None, true).is_some();
        assert!(lingers(&["/bin/sh", "-c", "node server.js"]));
        assert!(lingers(&["/bin/sh", "-c", "cd /app && node server.js"]));
        assert!(!lingers(&["/bin/sh", "-c", "cd /app && exec node server.js"]));
        assert!(!lingers(&["/bin/bash", "-c", "node server.js"]));
        assert!(!lingers(&["node", "server.js"]));
        assert!(!lingers(&["sh", "-c", "trap stop TERM; node server.js"]));
        assert!(lingering_shell(&start(&["sh", "-c", "node x"]), None, false).is_none());
    }

    #[test]
    fn commands_in_the_background_are_seen() {
        let several = |words: &[&str]| several(&start(words), None).is_some();
        assert!(several(&["sh", "-c", "nginx & php-fpm"]));
        assert!(several(&["/usr/bin/supervisord", "-n"]));
        assert!(!several(&["sh", "-c", "a && b 2>&1 | tee 'x & y'"]));
        assert!(!several(&["sh", "-c", "a &"]));
    }
}
