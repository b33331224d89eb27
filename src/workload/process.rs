//! The program that a container starts and its restart policy, variables in its start line that are replaced or left
//! unexpanded, and signs of several processes.

use crate::catalog::{Catalog, Programs, Shutdown};
use crate::hash::IndexMap;
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::template::HOLE;

use super::keys::{restart, shadowed_restart};
use super::start::ExecEntrypoint;
use super::{Fact, ImageFacts, Service, ShellAsPid1, Start, Starts, Variable, Why, Workload};
use crate::syntax::shell::{self, Command, Join, Wrapped, base_name, is_shell};

/// The program that a container starts, and its restart policy.
#[derive(Clone, Debug)]
pub struct Process {
    /// The command line that the container starts.
    pub start: Fact<Start>,
    /// The program that it starts: the image's server, or another.
    pub starts: Starts,
    /// True if the image's entrypoint script is the last word of the effective entrypoint.
    pub hands_over: bool,
    /// A shell that stays PID 1 and does not pass signals on to the program.
    pub shell_as_pid1: Option<ShellAsPid1>,
    /// The span that shows that the container runs several processes.
    pub several_processes: Option<Span>,
    /// Variables of its command or healthcheck that Compose replaces by an empty string, though its own environment sets them.
    pub replaced_by_compose: Vec<ReplacedByCompose>,
    /// Arguments like `$NAME` that no shell expands before a runtime gets them, though the environment sets them.
    pub unexpanded: Vec<Unexpanded>,
    /// The effective restart policy, from `restart` or `deploy.restart_policy`: `no`, `always`, `on-failure`, `unless-stopped`.
    pub restart: Fact<String>,
    /// A `restart` that `deploy.restart_policy` overrides: the value as written, and the span of that block.
    pub shadowed_restart: Option<(Spanned<String>, Span)>,
    /// The time that the image's server needs to stop, as documented by its vendor. `None` if another program may start.
    pub shutdown: Option<Shutdown>,
}

impl Process {
    /// Returns the name of the restart policy, and the number of attempts behind it: `on-failure` and `3` of `on-failure:3`. `None` if it
    /// is not known.
    #[must_use]
    pub fn policy(&self) -> Option<(&str, Option<&str>)> {
        let policy = self.restart.value()?;
        Some(policy.split_once(':').map_or((policy.as_str(), None), |(name, count)| (name, Some(count))))
    }

    /// Returns the program of a service, or of an image that no service runs.
    pub(super) fn of(service: &Service, facts: &ImageFacts, start: Fact<Start>, starts: Starts) -> Self {
        let entrypoint = match &service.entrypoint {
            Fact::Absent { .. } => &facts.entrypoint,
            own => own,
        };
        Self {
            hands_over: facts.hands_over(entrypoint),
            several_processes: start.value().and_then(|start| starts_several(start, facts.handover.as_ref())),
            start,
            starts,
            shell_as_pid1: None,
            replaced_by_compose: Vec::new(),
            unexpanded: Vec::new(),
            restart: restart(service),
            shadowed_restart: shadowed_restart(service),
            shutdown: None,
        }
    }
}

/// A variable in a command or healthcheck that Compose replaces by an empty string.
#[derive(Clone, Debug)]
pub struct ReplacedByCompose {
    /// Its name, with the place of the `$NAME`.
    pub name: Spanned<String>,
    /// True if a shell in the container reads the text.
    pub shell: bool,
    /// The key that contains it: `command`, `entrypoint` or `healthcheck`.
    pub key: &'static str,
    /// The words of that key, with `$NAME` as the container is to receive it. `None` if other variables have no value either.
    pub words: Option<Vec<String>>,
    /// True if the key is a `command` after an entrypoint like `[sh, -c]`, which takes its script as one word.
    pub behind_shell: bool,
    /// The program of a healthcheck that passes without the login that the variable is a part of.
    pub passes_anyway: Option<&'static str>,
}

/// Finds variables that Compose has no value for and replaces, though the container's environment has one.
pub(super) fn replaced_by_compose(
    service: &Service,
    env: &IndexMap<String, Variable>,
) -> Vec<ReplacedByCompose> {
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
            let passes_anyway = words.filter(|_| key == "healthcheck").and_then(without_login);
            let words = words.and_then(|words| filled(words, name));
            let behind_shell = key == "command" && wants_script(service.entrypoint.value());
            let name = Spanned::new(name.clone(), *at);
            Some(ReplacedByCompose { name, shell, key, words, behind_shell, passes_anyway })
        }
        _ => None,
    });
    let has_value = |name: &str| env.get(name).is_some_and(|variable| variable.value.known().is_some());
    // Compose rejects the file if these are empty, so whoever runs it sets them.
    let is_given = |name: &str| {
        let of_image =
            matches!(&service.image, Fact::Unknown { why: Why::Variable(image), .. } if image == name);
        of_image || service.ports.hidden_by.iter().any(|port| port == name)
    };
    unknown.filter(|eaten| has_value(&eaten.name.value) && !is_given(&eaten.name.value)).collect()
}

/// A program that asks whether a server answers and passes whatever login it is given.
struct Asking {
    /// Its names, the usual one first.
    names: &'static [&'static str],
    /// The word that makes it ask, if it does other things as well.
    word: Option<&'static str>,
    /// Options with a part of the login.
    login: &'static [&'static str],
    /// It passes even if the shell drops the empty word after such an option, so that the option takes the next one.
    takes_next: bool,
}

/// Programs that pass without a valid login.
const ASKING: [Asking; 3] = [
    // MySQL 8.4 Reference Manual, "mysqladmin": `ping` returns 0 even in case of an error such as "Access denied".
    Asking {
        names: &["mysqladmin", "mariadb-admin"],
        word: Some("ping"),
        login: &["-p", "-u", "--password", "--user"],
        takes_next: true,
    },
    // PostgreSQL 17 documentation, "pg_isready": user name, password and database need not be correct.
    Asking {
        names: &["pg_isready"],
        word: None,
        login: &["-U", "-d", "--username", "--dbname"],
        takes_next: false,
    },
    // Redis documentation, "redis-cli": only `-e` makes an error reply an exit code.
    Asking {
        names: &["redis-cli", "valkey-cli", "keydb-cli"],
        word: Some("ping"),
        login: &["-a", "--pass", "--user"],
        takes_next: true,
    },
];

/// Returns the program of a test that passes although parts of its login are missing. `test` has holes for variables without a value.
fn without_login(test: &[TracedText]) -> Option<&'static str> {
    let (kind, rest) = test.split_first()?;
    let listed = kind.as_str() == "CMD";
    let words: Vec<String> = match rest {
        _ if listed => rest.iter().map(|word| word.as_str().to_owned()).collect(),
        [script] => {
            let script = shell::read(script);
            let first = script.commands.first()?;
            // What runs after a failure does not matter.
            let alone = script.commands.len() == 1 || first.end == Join::Or;
            if !script.complete || !alone || !script.frames.is_empty() {
                return None;
            }
            first.words.iter().map(|word| word.as_ref().to_owned()).collect()
        }
        _ => return None,
    };
    let (program, arguments) = words.split_first()?;
    let asking = ASKING.iter().find(|asking| asking.names.contains(&base_name(program)))?;
    let asks = asking.word.is_none_or(|word| arguments.iter().any(|own| own.eq_ignore_ascii_case(word)));
    let is_login = |(at, word): (usize, &String)| {
        let before = word.find(HOLE).and_then(|hole| word.get(..hole)).unwrap_or_default();
        match before {
            "" => {
                let option = at.checked_sub(1).and_then(|at| arguments.get(at));
                option.is_some_and(|option| asking.login.contains(&option.as_str()))
                    && (listed || asking.takes_next)
            }
            _ => asking.login.iter().any(|option| before.trim_end_matches(['=', '"', '\'']) == *option),
        }
    };
    let mut holes = arguments.iter().enumerate().filter(|(_, word)| word.contains(HOLE));
    let harmless = asks && !arguments.iter().any(|word| word == "-e") && holes.all(is_login);
    harmless.then(|| asking.names.first().copied())?
}

/// Puts the one missing variable back into the words, as the container's own. `None` if several are missing.
fn filled(words: &[TracedText], name: &str) -> Option<Vec<String>> {
    let holes: usize = words.iter().map(|word| word.as_str().matches(HOLE).count()).sum();
    let fill = |word: &TracedText| {
        let text = word.as_str();
        let at = text.find(HOLE)? + HOLE.len_utf8();
        let joined = text.get(at..)?.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        Some(text.replace(HOLE, &if joined { format!("${{{name}}}") } else { format!("${name}") }))
    };
    let words = words.iter().map(|word| fill(word).unwrap_or_else(|| word.as_str().to_owned()));
    (holes == 1).then(|| words.collect())
}

/// True for a shell whose script is the next word: `[sh, -c]`.
fn wants_script(words: Option<&Vec<TracedText>>) -> bool {
    let Some([shell, .., option]) = words.map(Vec::as_slice) else { return false };
    let flags = option.as_str().strip_prefix('-').filter(|flags| !flags.starts_with('-'));
    is_shell(base_name(shell.as_str())) && flags.is_some_and(|flags| flags.ends_with('c'))
}

/// True for a shell and its script. Words after the script would be its arguments, which no shell expands.
fn has_script(words: Option<&[TracedText]>) -> bool {
    let Some(words) = words else { return false };
    let is_shell = words.first().is_some_and(|name| is_shell(base_name(name.as_str())));
    is_shell && matches!(shell::unwrap_once(words), Wrapped::Script(at) if at + 1 == words.len())
}

/// A word like `$NAME` that a program receives unexpanded.
#[derive(Clone, Debug)]
pub struct Unexpanded {
    /// The word, with its place.
    pub word: Spanned<String>,
    /// The span of the intended value.
    pub value: Span,
    /// The key that contains it: `command` or `entrypoint`.
    pub key: &'static str,
    /// The words of that key.
    pub words: Vec<String>,
}

/// Finds unexpanded variables in a service's command, except those from a Dockerfile.
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
        let start = workload.process.start.value()?;
        let here = |words: &[TracedText]| words.iter().any(|other| other.span().contains(word.span));
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

/// Returns the words that PID 1 finally executes, without an entrypoint script that executes its arguments.
pub(super) fn words(start: &Start, handover: Option<&ExecEntrypoint>) -> Vec<TracedText> {
    let mut words: Vec<TracedText> = start.entrypoint.iter().chain(&start.command).cloned().collect();
    let first = words.first().map(|word| base_name(word.as_str()));
    if words.len() > 1 && handover.is_some_and(|script| Some(script.entrypoint.as_str()) == first) {
        words.remove(0);
    }
    words
}

/// Returns the span that shows a start of several processes: a supervisor, or a command in the background.
pub(super) fn starts_several(start: &Start, handover: Option<&ExecEntrypoint>) -> Option<Span> {
    let words = words(start, handover);
    let supervisor =
        words.iter().find(|word| Programs::builtin().supervisors.contains(base_name(word.as_str())));
    if let Some(supervisor) = supervisor {
        return Some(supervisor.span());
    }
    if !words.first().is_some_and(|name| is_shell(base_name(name.as_str()))) {
        return None;
    }
    background(&words)
}

/// Commands that do a piece of work and end, or only keep a container up. They take hardly any memory.
const PASSING: [&str; 21] = [
    "sleep", "tail", "wait", "true", "false", ":", "echo", "printf", "trap", "exit", "return", "test", "[",
    "curl", "wget", "cat", "grep", "kill", "cd", "export", "set",
];

/// Returns the first `&` that puts a command into the background, if at least two programs stay: those in the background, and the
/// command that the shell ends with. Those before it end.
fn background(words: &[TracedText]) -> Option<Span> {
    let script = &shell::read_words(words);
    let stays = |command: &Command| {
        let program = command.runs().first().map(|word| base_name(word.as_ref()));
        program.is_some_and(|program| !PASSING.contains(&program))
    };
    let is_behind =
        |frame: usize| script.frames.get(frame).is_some_and(|frame| frame.end == Join::Background);
    let in_frame = |index: usize| {
        script.commands.iter().filter(move |command| script.enclosing(command).any(|frame| frame == index))
    };
    let frames = script.frames.iter().enumerate().filter(|(index, _)| is_behind(*index));
    let frames = frames.filter(|(index, _)| in_frame(*index).any(stays));
    let outside = |command: &&Command| !script.enclosing(command).any(is_behind);
    let of_commands = script.commands.iter().filter(outside);
    let mut behind: Vec<Span> = of_commands
        .filter(|command| command.end == Join::Background && stays(command))
        .map(|own| own.end_span)
        .collect();
    behind.extend(frames.filter_map(|(_, frame)| frame.end_span));
    let last = script.commands.last().filter(outside).filter(|last| last.end != Join::Background);
    let staying = behind.len() + usize::from(last.is_some_and(stays));
    behind.into_iter().min_by_key(|place| place.start).filter(|_| staying > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn start(words: &[&str]) -> Start {
        let words =
            words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        Start { entrypoint: words.collect(), command: Vec::new(), shell: false }
    }

    #[test]
    fn commands_in_the_background_are_seen() {
        let several = |words: &[&str]| starts_several(&start(words), None).is_some();
        assert!(several(&["sh", "-c", "nginx & php-fpm"]));
        assert!(several(&["/usr/bin/supervisord", "-n"]));
        assert!(!several(&["sh", "-c", "a && b 2>&1 | tee 'x & y'"]));
        assert!(!several(&["sh", "-c", "a &"]));
        assert!(several(&["sh", "-c", "(a; b) & exec c"]));
        assert!(!several(&["sh", "-c", "a &>log; b"]));
        assert!(!several(&["nginx", "-c", "a & b"]));
        assert!(several(&["sh", "-c", "a & b & wait"]));
        assert!(several(&["sh", "-c", "a & sleep 5; exec b"]));
    }

    /// A program with what waits for it, asks it or keeps the container up is one program.
    #[test]
    fn one_program_in_the_background_is_one() {
        let several = |words: &[&str]| starts_several(&start(words), None).is_some();
        for script in [
            "run & sleep infinity",
            "run &\nwhile ! curl -s x; do sleep 5; done\ncurl -X POST x\ntail -f /dev/null",
            "(sleep 30; curl -X POST x) & exec run",
            "sleep 30 && curl -X POST x & run",
            "tail -f log & exec run",
            "run & ./load.sh; wait",
        ] {
            assert!(!several(&["bash", "-c", script]), "{script}");
        }
    }
}
