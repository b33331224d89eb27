//! The start line of a container, and the programs that it runs through shells, inits and wrappers.

use super::{Fact, ImageFacts, Service};
use crate::model::image::{Command, Form, TargetImage};
use crate::source::{Spanned, TracedText};
use crate::syntax::shell::{self, FrameKind, base_name};

/// The entrypoint and command that the engine executes.
#[derive(Clone, Debug)]
pub struct Start {
    /// The effective `ENTRYPOINT`, after the service's `entrypoint` is applied.
    pub entrypoint: Vec<TracedText>,
    /// The effective `CMD`, after the service's `command` is applied.
    pub command: Vec<TracedText>,
    /// True if one of the words is `-c`, `-lc` or `-ec`, as in shell form and `sh -c`.
    pub shell: bool,
}

/// Maximum number of times that an entrypoint script may execute itself.
const MAX_HANDOVERS: usize = 4;

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The word that names the program, as written: `java`, `/usr/bin/node`.
    pub name: TracedText,
    /// The words that follow, without quotes. Variables are unexpanded.
    pub arguments: Vec<TracedText>,
    /// True if a shell expands variables in the arguments.
    pub expanded: bool,
}

impl Program {
    /// Returns the last component of its path.
    #[must_use]
    pub fn base_name(&self) -> &str {
        base_name(self.name.as_str())
    }
}

/// An entrypoint script that executes its arguments in the end, like those of the official images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecEntrypoint {
    /// The script's file name.
    pub entrypoint: String,
    /// The program that it puts in front if the first argument is an option.
    pub options_to: Option<String>,
}

impl Start {
    /// Returns every program that the start line runs, in order. Scripts count as programs and are not opened.
    #[must_use]
    pub fn programs(&self, handover: Option<&ExecEntrypoint>) -> Vec<Program> {
        let words: Vec<TracedText> = self.entrypoint.iter().chain(&self.command).cloned().collect();
        let mut found = Vec::new();
        programs(&words, handover, (false, 0), &mut found);
        found
    }
}

fn programs(
    words: &[TracedText],
    handover: Option<&ExecEntrypoint>,
    (expanded, depth): (bool, usize),
    found: &mut Vec<Program>,
) {
    let script = shell::read_words(words);
    for (at, command) in script.commands.iter().enumerate() {
        // The engine starts the first command itself. A shell reads the others and expands their variables.
        let expanded = expanded || at > 0;
        let in_substitution = script
            .enclosing(command)
            .any(|frame| script.frames.get(frame).is_some_and(|frame| frame.kind == FrameKind::Substitution));
        if command.runs_parsed_script() || in_substitution {
            continue;
        }
        let Some((first, rest)) = command.runs().split_first() else { continue };
        let rest: Vec<TracedText> = rest.iter().map(|word| word.text.clone()).collect();
        let program = Program { name: first.text.clone(), arguments: rest, expanded };
        match handed_to(&program, handover).filter(|_| depth < MAX_HANDOVERS) {
            Some(inner) => programs(&inner, handover, (expanded, depth + 1), found),
            None => found.push(program),
        }
    }
}

/// Returns the words that the image's entrypoint script executes. It puts its server before options and before a configuration
/// file.
pub(super) fn handed_to(program: &Program, handover: Option<&ExecEntrypoint>) -> Option<Vec<TracedText>> {
    let script = handover.filter(|script| script.entrypoint == program.base_name())?;
    let first = program.arguments.first()?;
    let before = first.as_str().starts_with('-') || first.as_str().ends_with(".conf");
    let server =
        script.options_to.as_deref().filter(|_| before).map(|name| TracedText::derived(name, first.span()));
    Some(server.into_iter().chain(program.arguments.iter().cloned()).collect())
}

/// Returns the start of a service: its `entrypoint` clears the image's `CMD`, its `command` replaces it.
pub(super) fn service_start(service: &Service, image: &ImageFacts) -> Fact<Start> {
    if service.entrypoint.is_absent() {
        let command = if service.command.is_absent() { &image.command } else { &service.command };
        return join(&image.entrypoint, command);
    }
    join(&service.entrypoint, &service.command)
}

/// Returns the start of a service with holes for variables without a value; `None` if neither key has holes.
pub(super) fn partial_start(service: &Service, image: &ImageFacts) -> Option<Start> {
    let [entrypoint, command] = &service.partial;
    if entrypoint.is_none() && command.is_none() {
        return None;
    }
    let either = |partial: &Option<Vec<TracedText>>, whole: &Fact<Vec<TracedText>>| match partial {
        Some(words) => Fact::Known(Spanned::new(words.clone(), whole.span())),
        None => whole.clone(),
    };
    let filled = (either(entrypoint, &service.entrypoint), either(command, &service.command));
    let start = match filled {
        (Fact::Absent { .. }, command) => join(&image.entrypoint, &command),
        (entrypoint, command) => join(&entrypoint, &command),
    };
    start.value().cloned()
}

pub(super) fn join(entrypoint: &Fact<Vec<TracedText>>, command: &Fact<Vec<TracedText>>) -> Fact<Start> {
    for fact in [entrypoint, command] {
        if let Fact::Unknown { at, why } = fact {
            return Fact::Unknown { at: *at, why: why.clone() };
        }
    }
    let words = |fact: &Fact<Vec<TracedText>>| fact.value().cloned().unwrap_or_default();
    let (first, second) = (words(entrypoint), words(command));
    let Some(known) = entrypoint.known().filter(|known| !known.value.is_empty()).or_else(|| command.known())
    else {
        return Fact::Absent { anchor: entrypoint.span() };
    };
    let place = if second.is_empty() { known } else { command.known().unwrap_or(known) };
    let shell = first.iter().chain(&second).any(|word| matches!(word.as_str(), "-c" | "-lc" | "-ec"));
    let start = Start { entrypoint: first, command: second, shell };
    Fact::Known(Spanned::with_provenance(start, place.span, place.via.clone()))
}

/// Returns the words of a start instruction as the engine executes them: shell form follows the stage's `SHELL`.
pub(super) fn words(command: &Command, target: &TargetImage) -> Vec<TracedText> {
    match &command.form {
        Form::Exec(words) => words.clone(),
        Form::Shell(text) => behind_shell(text, target),
    }
}

pub(super) fn behind_shell(text: &TracedText, target: &TargetImage) -> Vec<TracedText> {
    let default = || ["/bin/sh", "-c"].map(|word| TracedText::derived(word, text.span())).to_vec();
    let mut words = target.shell.clone().unwrap_or_else(default);
    words.push(text.clone());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn start(words: &[&str]) -> Start {
        let words =
            words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        Start { entrypoint: words.collect(), command: Vec::new(), shell: false }
    }

    fn names(words: &[&str]) -> Vec<String> {
        let script = ExecEntrypoint {
            entrypoint: "docker-entrypoint.sh".to_owned(),
            options_to: Some("redis-server".to_owned()),
        };
        let programs = start(words).programs(Some(&script));
        programs
            .iter()
            .map(|program| {
                let words = program.arguments.iter().map(TracedText::as_str);
                std::iter::once(program.base_name()).chain(words).collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    #[test]
    fn wrappers_are_peeled_off() {
        assert_eq!(names(&["java", "-jar", "a.jar"]), ["java -jar a.jar"]);
        assert_eq!(names(&["/sbin/tini", "-g", "--", "/usr/bin/java", "-jar", "a"]), ["java -jar a"]);
        assert_eq!(names(&["docker-entrypoint.sh", "node", "x.js"]), ["node x.js"]);
        assert_eq!(names(&["docker-entrypoint.sh", "--save", ""]), ["redis-server --save "]);
        assert_eq!(names(&["gosu", "app", "env", "A=b", "java", "Main"]), ["java Main"]);
        assert_eq!(
            names(&["./wait-for-it.sh", "db:1", "-t", "60", "--", "java", "-jar", "a"]),
            ["java -jar a"]
        );
        assert_eq!(names(&["./wait-for-it.sh", "db:1"]), ["wait-for-it.sh db:1"]);
        assert_eq!(names(&["./start.sh"]), ["start.sh"]);
        assert_eq!(names(&[]), [""; 0]);
    }

    #[test]
    fn scripts_are_split_into_commands() {
        let script = "cd /app && exec java $JAVA_OPTS -Dx=\"a b\" -jar app.jar; echo done # java no";
        assert_eq!(
            names(&["/bin/sh", "-c", script]),
            ["cd /app", "java $JAVA_OPTS -Dx=a b -jar app.jar", "echo done"]
        );
        assert_eq!(names(&["bash", "-lc", "java ${OPTS:- -x } A"]), ["java ${OPTS:- -x } A"]);
        assert_eq!(names(&["sh", "-e", "run.sh"]), ["sh -e run.sh"]);
    }

    #[test]
    fn words_of_scripts_keep_their_places() {
        let programs = start(&["sh", "-c", "exec 'node' --max-old-space-size=5"]).programs(None);
        assert_eq!(programs[0].arguments[0].span().range(), 12..34);
        assert!(programs[0].expanded);
    }
}
