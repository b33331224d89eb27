//! Finds the programs that a start line leads to, through shells, entrypoint scripts and the project's scripts.

use super::scripts::Scripts;
use super::start::{ExecEntrypoint, Program};
use super::{idle, jobs};
use crate::catalog::Programs;
use crate::hash::{HashMap, HashSet};
use crate::source::TracedText;
use crate::syntax::shell::{self, Command, FrameKind, Join, Script, Word, base_name, is_shell};
use crate::syntax::template::HOLE;

/// Greatest nesting of scripts that is followed.
const MAX_DEPTH: usize = 5;

/// Maximum number of later commands that are checked for following a command.
const MAX_LATER: usize = 64;

/// Maximum number of scripts and command lists that are opened for one start.
const MAX_SCRIPTS: usize = 64;

/// Maximum number of arguments of a command.
const MAX_WORDS: usize = 512;

/// Maximum number of programs that are kept for one start.
const MAX_PROGRAMS: usize = 512;

/// The programs that a container's start line leads to.
#[derive(Clone, Debug, Default)]
pub(super) struct StartedPrograms {
    /// Every program, in order.
    pub(super) programs: Vec<Program>,
    /// The programs that no other follows: those before them have ended.
    pub(super) last: Vec<Program>,
    /// True if unseen programs may start: through a script that is not available, a variable or a supervisor.
    pub(super) may_start_others: bool,
    /// True if a script ends with an unconditional `exit`, and nothing goes on in the background.
    pub(super) exits: bool,
    /// True if an endless loop is among the commands.
    pub(super) endless: bool,
    /// The shell variables that scripts assign.
    pub(super) assigned: Assigned,
}

/// Shell variables that the scripts of a start assign before they start programs.
#[derive(Clone, Debug, Default)]
pub(super) struct Assigned {
    /// The value of each, as written; `None` if it depends on more than one assignment.
    values: HashMap<String, Option<TracedText>>,
    /// True if others may be assigned: by a sourced file, `eval` or `read`.
    unseen: bool,
    /// True if a script ends at a variable that is not set: `set -u`.
    pub(super) refuses_unset: bool,
}

/// The value that scripts assign to a shell variable.
pub(super) enum Assignment<'a> {
    /// Nothing: it has the value of the environment.
    None,
    /// This text, once and unconditionally. Its variables are not expanded.
    Value(&'a TracedText),
    /// One of several values, or one that is not known.
    Unknown,
}

impl Assigned {
    /// Returns what scripts assign to `name`.
    pub(super) fn of(&self, name: &str) -> Assignment<'_> {
        match self.values.get(name) {
            Some(Some(value)) => Assignment::Value(value),
            Some(None) => Assignment::Unknown,
            None if self.unseen => Assignment::Unknown,
            None => Assignment::None,
        }
    }

    /// Adds the assignments of a script.
    fn read(&mut self, script: &Script) {
        let own = script.commands.iter().filter(|command| !command.runs_parsed_script()).count();
        for command in &script.commands {
            let always = script.enclosing(command).all(|frame| {
                matches!(kind(script, frame), FrameKind::Group | FrameKind::Script | FrameKind::Condition)
            }) && !matches!(command.joined, Join::And | Join::Or);
            let program = command.words.first().map(|word| base_name(word.as_ref()));
            self.unseen |=
                matches!(program, Some("." | "source" | "eval" | "read" | "mapfile" | "readarray"));
            self.refuses_unset |= program == Some("set") && refuses_unset(&command.words);
            let exports = matches!(program, Some("export" | "declare" | "typeset" | "local" | "readonly"));
            // Before a command it is for that command alone.
            let all = always && (command.words.is_empty() || own == 1);
            for set in &command.assignments {
                self.assign(set.name.as_str(), all.then(|| set.value.text.clone()));
            }
            // `env NAME=value program`
            let before = command.words.len() - command.runs().len();
            for word in command.words.iter().take(before) {
                if let Some((name, value)) = assignment(word) {
                    self.assign(name, all.then_some(value));
                }
            }
            for word in command.words.iter().skip(1).filter(|_| exports) {
                let text = word.as_ref();
                if let Some((name, value)) = text.split_once('=') {
                    let from = text.len() - value.len();
                    self.assign(name, always.then(|| word.text.slice(from..text.len())));
                }
            }
            for word in &command.words {
                // `${NAME:=value}` assigns where the variable has none.
                for part in word.as_ref().split("${").skip(1) {
                    if let Some((name, _)) = part.split_once([':', '=']).filter(|_| part.contains('=')) {
                        let in_braces = part.split('}').next().unwrap_or(part);
                        if in_braces.starts_with(&format!("{name}:="))
                            || in_braces.starts_with(&format!("{name}="))
                        {
                            self.assign(name, None);
                        }
                    }
                }
            }
        }
    }

    fn assign(&mut self, name: &str, value: Option<TracedText>) {
        let twice = self.values.contains_key(name);
        self.values.insert(name.to_owned(), value.filter(|_| !twice));
    }
}

/// Returns the name and the value of a word such as `NAME=value`.
fn assignment(word: &Word) -> Option<(&str, TracedText)> {
    let text = word.as_ref();
    let (name, value) = text.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then(|| (name, word.text.slice(text.len() - value.len()..text.len())))
}

/// True for `set -u`, `set -eu` and `set -o nounset`.
fn refuses_unset(words: &[Word]) -> bool {
    let mut options = words.iter().skip(1).map(|word| word.as_ref()).take_while(|word| *word != "--");
    options.any(|word| is_short_nounset(word) || word == "nounset")
}

/// True for options of a shell in short form with `u` among them: `-u`, `-eu`.
fn is_short_nounset(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains('u'))
}

/// The circumstances in which a command runs.
#[derive(Clone, Copy)]
struct Context<'w> {
    /// A shell expands its words.
    expanded: bool,
    /// No command follows it.
    last: bool,
    depth: usize,
    /// The words that `"$@"` expands to, if they are known.
    arguments: Option<&'w [TracedText]>,
}

struct StartReader<'o> {
    handover: Option<&'o ExecEntrypoint>,
    scripts: &'o Scripts<'o>,
    /// The number of scripts and command lists opened so far.
    replaced: usize,
    out: StartedPrograms,
}

impl StartedPrograms {
    /// Collects the programs of a start line.
    pub(super) fn of(words: &[TracedText], handover: Option<&ExecEntrypoint>, scripts: &Scripts<'_>) -> Self {
        let mut opener = StartReader { handover, scripts, replaced: 0, out: Self::default() };
        let way = Context { expanded: false, last: true, depth: 0, arguments: None };
        opener.words(words, way);
        opener.out
    }
}

impl StartReader<'_> {
    fn words(&mut self, words: &[TracedText], way: Context<'_>) {
        self.replaced += 1;
        self.script(&shell::read_words(words), way, 1);
    }

    /// Reads the commands of a script. A shell expands the words of those from index `shell` on.
    fn script(&mut self, script: &Script, way: Context<'_>, shell: usize) {
        self.out.may_start_others |= !script.complete;
        self.out.assigned.unseen |= !script.complete;
        self.out.assigned.read(script);
        self.out.endless |= is_endless(script);
        self.out.exits |= way.depth <= 1 && way.last && always_exits(script);
        let named = script.frames.iter().filter_map(|frame| frame.name.as_ref());
        let functions: HashSet<&str> = named.map(TracedText::as_str).collect();
        for (at, command) in script.commands.iter().enumerate() {
            if self.out.programs.len() >= MAX_PROGRAMS {
                self.out.may_start_others = true;
                return;
            }
            let inside =
                script.enclosing(command).any(|frame| kind(script, frame) == FrameKind::Substitution);
            // The script lists a function's commands at its definition.
            let call = command.program().is_some_and(|name| functions.contains(name));
            if command.runs_parsed_script() || inside || call {
                continue;
            }
            let last = way.last && is_last(script, at);
            self.command(command, Context { last, expanded: way.expanded || at >= shell, ..way });
        }
    }

    fn command(&mut self, command: &Command, way: Context<'_>) {
        let Some((first, rest)) = command.runs().split_first() else { return };
        let is_all = |word: &str| matches!(word, "$@" | "${@}" | "$*");
        let rest: Vec<TracedText> = rest
            .iter()
            .flat_map(|word| match way.arguments {
                Some(arguments) if is_all(word.as_ref()) => arguments.to_vec(),
                _ => vec![word.text.clone()],
            })
            .take(MAX_WORDS + 1)
            .collect();
        if rest.len() > MAX_WORDS {
            self.out.may_start_others = true;
            return;
        }
        let deeper = Context { depth: way.depth + 1, ..way };
        if is_all(first.as_ref()) {
            let within = way.depth < MAX_DEPTH && self.replaced < MAX_SCRIPTS;
            match way.arguments.filter(|_| within) {
                Some([first, more @ ..]) => {
                    // These words come from outside the script, so a `"$@"` among them is not this one.
                    let inner: Vec<TracedText> =
                        std::iter::once(first).chain(more).cloned().chain(rest).collect();
                    self.words(&inner, Context { arguments: None, ..deeper });
                }
                Some([]) => {}
                None => self.out.may_start_others = true,
            }
            return;
        }
        self.program(Program { name: first.text.clone(), arguments: rest, expanded: way.expanded }, way);
    }

    fn program(&mut self, program: Program, way: Context<'_>) {
        let deeper = Context { depth: way.depth + 1, arguments: None, ..way };
        let within = way.depth < MAX_DEPTH && self.replaced < MAX_SCRIPTS;
        let name = program.base_name().to_owned();
        if let Some(inner) = super::start::handed_to(&program, self.handover).filter(|_| within) {
            return self.words(&inner, deeper);
        }
        let (file, arguments) = match is_shell(&name) {
            false => (Some(&program.name), program.arguments.as_slice()),
            true => {
                let at = program.arguments.iter().position(|word| !word.as_str().starts_with(['-', '+']));
                let words =
                    at.and_then(|at| program.arguments.get(at..)).and_then(<[TracedText]>::split_first);
                words.map_or((None, &[][..]), |(file, rest)| (Some(file), rest))
            }
        };
        let found = file.filter(|_| within);
        if let Some(text) = found.and_then(|file| self.scripts.find(file.as_str())) {
            let script = shell::read(&text);
            let first = text.as_str().lines().next().and_then(|line| line.strip_prefix("#!"));
            self.out.assigned.refuses_unset |=
                first.is_some_and(|line| line.split_whitespace().any(is_short_nounset));
            self.replaced += 1;
            return self.script(&script, Context { arguments: Some(arguments), expanded: true, ..deeper }, 0);
        }
        // An unknown image's script of this name executes its arguments by convention.
        let entrypoint = name == "docker-entrypoint.sh" && self.handover.is_none();
        if entrypoint && within && !program.arguments.is_empty() {
            return self.words(&program.arguments, deeper);
        }
        self.out.may_start_others |= may_start_others(program.name.as_str()) && !jobs::is_job(&program);
        if way.last && !idle::is_idle_or_setup(&program) {
            self.out.last.push(program.clone());
        }
        self.out.programs.push(program);
    }
}

/// True for a script that is not available, a variable, a shell or a supervisor: it may start anything.
fn may_start_others(name: &str) -> bool {
    let base = base_name(name);
    name.contains(['/', '$', HOLE]) && !name.starts_with("/usr/") && !name.starts_with("/bin/")
        || name.ends_with(".sh")
        || is_shell(base)
        || Programs::builtin().supervisors.contains(base)
}

/// True for a script with an endless loop: `while true`, `while sleep 60`, `while [ 1 -eq 1 ]`, with nothing that leaves it.
fn is_endless(script: &Script) -> bool {
    let in_condition = |frame| kind(script, frame) == FrameKind::Condition;
    let asks = |command: &&Command| {
        let constant = || command.arguments().iter().all(|word| !word.expands);
        command.frame.is_some_and(in_condition)
            && match command.program() {
                Some("true" | ":" | "sleep" | "false") => true,
                Some("[" | "[[" | "test") => constant() && !command.arguments().iter().any(is_test),
                _ => false,
            }
    };
    let is_loop = |frame: &usize| kind(script, *frame) == FrameKind::Loop;
    let innermost = |command: &Command| script.enclosing(command).find(is_loop);
    // `break` leaves the innermost loop, the others all of them.
    let replaced = replaces_shell;
    let leaves = |command: &Command, wanted: usize| match command.program() {
        _ if replaced(command) => script.enclosing(command).any(|frame| frame == wanted),
        Some("break") if command.arguments().is_empty() => innermost(command) == Some(wanted),
        Some("break" | "exit" | "return") => script.enclosing(command).any(|frame| frame == wanted),
        _ => false,
    };
    let bodies = script.commands.iter().filter(asks).filter_map(|command| body(script, command.frame?));
    let mut endless = bodies.filter(|body| !script.commands.iter().any(|command| leaves(command, *body)));
    endless.next().is_some()
}

/// Returns the body of the loop that a condition belongs to: the frame after the condition with the same parent.
fn body(script: &Script, condition: usize) -> Option<usize> {
    let parent = script.frames.get(condition)?.parent;
    let mut later = script.frames.iter().enumerate().skip(condition + 1);
    let (at, frame) = later.find(|(_, frame)| frame.parent == parent)?;
    (frame.kind == FrameKind::Loop).then_some(at)
}

/// True for a test operator such as `-f` or `-S`, whose result may change.
fn is_test(word: &Word) -> bool {
    let letters = word.as_ref().strip_prefix('-').unwrap_or_default();
    letters.len() == 1
}

/// True for a script whose last command is an `exit` with a fixed code that no branch, loop or function is around, and that starts no
/// interpreter which may serve: `java -jar app.jar; exit $?` passes on the end of a server.
fn always_exits(script: &Script) -> bool {
    let outermost =
        |command: &Command| script.enclosing(command).all(|frame| kind(script, frame) == FrameKind::Script);
    let exit = script.commands.last().is_some_and(|last| {
        let code = last.arguments().first().is_none_or(|code| code.as_ref().parse::<u8>().is_ok());
        last.program() == Some("exit")
            && code
            && !matches!(last.joined, Join::Or | Join::And)
            && outermost(last)
    });
    let background = script.commands.iter().any(|command| command.end == Join::Background)
        || script.frames.iter().any(|frame| frame.end == Join::Background);
    let serves = script.commands.iter().any(|command| {
        replaces_shell(command) || command.program().is_some_and(|name| jobs::may_serve(base_name(name)))
    });
    exit && script.complete && !background && !serves
}

/// True for `exec program`. With redirections alone, `exec` runs nothing.
fn replaces_shell(command: &Command) -> bool {
    command.words.len() > 1 && command.words.first().is_some_and(|word| word.as_ref() == "exec")
}

fn kind(script: &Script, frame: usize) -> FrameKind {
    script.frames.get(frame).map_or(FrameKind::Substitution, |frame| frame.kind)
}

/// True for a command that keeps running: by `exec`, in the background, or because nothing follows.
fn is_last(script: &Script, at: usize) -> bool {
    let Some(command) = script.commands.get(at) else { return false };
    if replaces_shell(command) {
        return true;
    }
    let around: Vec<usize> = script.enclosing(command).collect();
    if around.iter().any(|frame| kind(script, *frame) == FrameKind::Condition) {
        return false;
    }
    let in_background =
        |frame: &usize| script.frames.get(*frame).is_some_and(|frame| frame.end == Join::Background);
    if command.end == Join::Background || around.iter().any(in_background) {
        return true;
    }
    let function = around.iter().find(|frame| kind(script, **frame) == FrameKind::Function);
    let follows = |later: &Command| {
        function.is_none_or(|function| script.enclosing(later).any(|frame| frame == *function))
            && !later.runs().is_empty()
            && !later.program().is_some_and(idle::is_setup_name)
            && !matches!(later.program(), Some("sleep" | "tail"))
            && script.always_follows(command, later)
    };
    // With more later commands, one of them is assumed to follow.
    let later = script.commands.get(at + 1..).unwrap_or_default();
    later.len() <= MAX_LATER && !later.iter().any(follows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn opened(line: &str) -> StartedPrograms {
        let words =
            ["sh", "-c", line].map(|word| TracedText::verbatim(word, Span::new(SourceId(0), 0, word.len())));
        StartedPrograms::of(&words, None, &Scripts::none())
    }

    #[test]
    fn what_nothing_follows_is_last() {
        for (line, last) in [
            ("a; b", "b"),
            ("a && b || exit 1", "b"),
            ("a || exit 1; b", "b"),
            ("a & b", "a b"),
            ("if x; then a; else b; fi", "a b"),
            ("if x; then exec a; fi; b", "a b"),
            ("if x; then a; fi; exec b", "b"),
            ("case $1 in x) a;; *) b;; esac", "a b"),
            ("until a; do sleep 1; done; b", "b"),
            ("main() { a; b; }; main \"$@\"", "b"),
            ("a; echo done; exit 0", "a"),
            ("(a; b) & wait", "a b"),
            ("x=$(a); b", "b"),
        ] {
            let found = opened(line);
            let names: Vec<&str> = found.last.iter().map(Program::base_name).collect();
            assert_eq!(names.join(" "), last, "{line}");
        }
        assert!(
            opened("exec $SERVER").may_start_others
                && opened("./start.sh").may_start_others
                && opened("exec \"$@\"").may_start_others
        );
        assert!(!opened("exec nginx").may_start_others && !opened("/usr/sbin/nginx").may_start_others);
        for (line, endless) in [
            ("while :; do a; done", true),
            ("while ! a; do sleep 1; done", false),
            ("while :; do a && break; done; b", false),
            ("while :; do a && break; done; while :; do b; sleep 1; done", true),
            ("while :; do for x in 1 2; do a && break; done; sleep 1; done", true),
            ("while :; do for x in 1 2; do a && exit 0; done; sleep 1; done", false),
            ("a || exit 1; while true; do b; sleep 5; done", true),
            ("while :; do for x in 1 2; do a && break 2; done; done; b", false),
            ("{ a || exit 1; }; while true; do b; sleep 5; done", true),
            ("if a; then exit 0; fi; while :; do b; done", true),
            ("while :; do if a; then exit 0; fi; done", false),
            ("while true; do a && exec b; sleep 1; done", false),
            ("while true; do exec 3<>x; a; sleep 1; done", true),
        ] {
            assert_eq!(opened(line).endless, endless, "{line}");
        }
        for (line, exits) in [
            ("a; exit 0", true),
            ("exec 2>&1; a; exit 0", true),
            ("exec a; exit 0", false),
            ("node server.js; exit 0", false),
            ("a || exit 1", false),
        ] {
            assert_eq!(opened(line).exits, exits, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(line in "[a-z$@\"'(){};&| \n./-]{0,80}") {
            opened(&line);
        }
    }
}
