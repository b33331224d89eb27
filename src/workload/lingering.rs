//! Finds shells that stay PID 1 while their last command runs. They receive `SIGTERM` and do not forward it.
//!
//! With `-c` this applies to dash only: bash and BusyBox replace themselves with the last command (measured on dash 0.5.12,
//! bash 5.2, BusyBox 1.35). With a script file it applies to every shell.

use super::Start;
use super::process::words;
use super::scripts::Scripts;
use super::start::ExecEntrypoint;
use crate::catalog::Packages;
use crate::source::{Span, TracedText};
use crate::syntax::shell::{
    self, Command, FrameKind, Join, Script, Word, Wrapped, base_name, is_shell, unwrap_once,
};

/// A shell that stays PID 1 and does not pass signals on to the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShellAsPid1 {
    /// The script after `-c`, or the word that names the script file.
    pub span: Span,
    /// The name of the shell or of the script file.
    pub shell: String,
    /// The command that it waits for.
    pub command: Waited,
    /// The place of that command in the script file.
    pub inside: Option<Span>,
    /// The shell whose `-c` line starts the script file without `exec`.
    pub outer: OuterShell,
    /// The key and its words with `exec` added to the script. Set only if the key is a string that Compose splits, since `exec`
    /// put before the script there would be a separate argument.
    pub list: Option<(&'static str, Vec<String>)>,
}

/// The command that a shell waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// Its first word after the variable assignments.
    pub first: String,
    /// The command with `exec` inserted. `None` if it is not one line, is too long, or differs from the file's text.
    pub with_exec: Option<String>,
    /// The interpreter that it runs, if that installs no SIGTERM handler: the kernel then drops the signal for PID 1.
    pub deaf: Option<String>,
}

/// A shell around a script that its `-c` line starts without `exec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OuterShell {
    /// There is no such shell.
    None,
    /// It stays PID 1.
    Stays,
    /// Depends on the shell: it stays PID 1, or replaces itself with the script.
    MayStay,
}

/// Greatest nesting of scripts and functions that is followed.
const MAX_SCRIPTS: usize = 4;

/// The longest command that a message quotes, in bytes.
const MAX_REPEATED: usize = 200;

/// Interpreters that install no SIGTERM handler (docker-node, "Best practices"; Python, "signal"), and launchers that start
/// them, such as npm. The default action would end their programs, but PID 1 has no default action.
const DEAF: [(&str, &[&str]); 2] = [
    ("Node", &["node", "nodejs", "npm", "npx", "yarn", "pnpm", "tsx", "ts-node", "nodemon"]),
    ("Python", &["python", "python3"]),
];

/// Shell builtins and keywords, which `exec` would look up as programs.
const NO_PROGRAMS: [&str; 4] = ["time", "command", "builtin", "eval"];

/// Wrappers that replace themselves with the command that they run.
const REPLACE_THEMSELVES: [&str; 9] =
    ["env", "exec", "gosu", "su-exec", "setuidgid", "chpst", "nice", "setpriv", "nohup"];

/// Commands that need no signal at the end of a script.
const ENDS: [&str; 12] =
    ["exec", "exit", "return", "wait", "sleep", "tail", "true", "false", ":", "echo", "printf", "trap"];

struct ScriptFollower<'l> {
    scripts: &'l Scripts<'l>,
    packages: &'l Packages,
    /// The words that `"$@"` expands to in an entrypoint script.
    command: &'l [TracedText],
}

/// A shell, by its handling of the last command in a `-c` script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shell {
    /// Stays PID 1.
    Dash,
    /// Replaces itself with a single simple command; with others, that depends on its version.
    Replaced,
    Unknown,
}

/// Finds the shell that keeps signals from the container's program. `split` tells if entrypoint and command are strings in the
/// Compose file, `sh` names the image's `/bin/sh`.
pub(super) fn shell_as_pid1(
    (start, split): (&Start, [bool; 2]),
    handover: Option<&ExecEntrypoint>,
    sh: Option<&str>,
    (scripts, packages): (&Scripts<'_>, &Packages),
) -> Option<ShellAsPid1> {
    let words = words(start, handover);
    let look = ScriptFollower { scripts, packages, command: &start.command };
    let mut words = words.as_slice();
    while let Wrapped::From(at) = shell::unwrap_once(words) {
        if !REPLACE_THEMSELVES.contains(&base_name(words.first()?.as_str())) {
            return None;
        }
        words = words.get(at..)?;
    }
    let first = words.first()?;
    let name = base_name(first.as_str());
    if !is_shell(name) {
        return look.script(first, 0).map(|inside| ShellAsPid1 { span: first.span(), ..inside });
    }
    match shell::unwrap_once(words) {
        Wrapped::Script(at) => {
            let text = words.get(at)?;
            // In `sh -c node server.js` the script is just `node`, and `server.js` is its `$0`.
            if at + 1 < words.len() && !text.as_str().contains([' ', '\t', '\n', '$']) {
                return None;
            }
            let shell = match (name, sh) {
                ("dash", _) | ("sh", Some("dash")) => Shell::Dash,
                ("bash", _) | ("sh" | "ash", Some("BusyBox")) => Shell::Replaced,
                _ => Shell::Unknown,
            };
            let list = listed(start, split, text);
            look.line(text, shell).map(|found| ShellAsPid1 { list, ..found })
        }
        // `sh start.sh`
        Wrapped::Itself => {
            let file = words.iter().skip(1).find(|word| !word.as_str().starts_with(['-', '+']))?;
            look.script(file, 0).map(|inside| ShellAsPid1 { span: file.span(), ..inside })
        }
        Wrapped::From(_) | Wrapped::Input => None,
    }
}

impl ScriptFollower<'_> {
    /// Checks the script after `-c`.
    fn line(&self, text: &TracedText, shell: Shell) -> Option<ShellAsPid1> {
        let script = shell::read(text);
        let last = Self::last(&script, None, 0)?;
        let program = last.runs().first()?;
        let behind = self.script(&program.text, 0);
        let exec = last.words.first().is_some_and(|word| word.as_ref() == "exec");
        if let (Some(inside), false) = (&behind, exec) {
            let single = matches!(script.commands.as_slice(), [command] if command.redirections.is_empty());
            // If this shell may be another one, `exec` in both places is right for either.
            let outer = match shell {
                Shell::Dash => OuterShell::Stays,
                Shell::Replaced if single => OuterShell::None,
                Shell::Replaced | Shell::Unknown => OuterShell::MayStay,
            };
            if outer != OuterShell::None && !can_exec(last) {
                return None;
            }
            return Some(ShellAsPid1 { span: text.span(), outer, ..inside.clone() });
        }
        if exec {
            return behind.map(|inside| ShellAsPid1 { span: program.text.span(), ..inside });
        }
        if shell != Shell::Dash || self.needs_no_signal(last) || !can_exec(last) {
            return None;
        }
        // A script that is not available may or may not use `exec`.
        (!self.is_foreign_script(program)).then(|| ShellAsPid1 {
            span: text.span(),
            shell: "sh".to_owned(),
            command: self.waited(last),
            inside: None,
            outer: OuterShell::None,
            list: None,
        })
    }

    /// Finds the command that keeps signals, in the script file that a word names.
    fn script(&self, word: &TracedText, depth: usize) -> Option<ShellAsPid1> {
        let text = self.scripts.find(word.as_str()).filter(|_| depth < MAX_SCRIPTS)?;
        let script = shell::read(&text);
        let last = Self::last(&script, None, 0)?;
        let first = last.words.first()?;
        if first.as_ref() == "exec" {
            // The next script replaces this one.
            let next = last.runs().first()?;
            return self.script(&next.text, depth + 1);
        }
        // `gosu app bash -c "$@"`: whether that shell stays depends on its arguments, not on an `exec` here.
        if self.needs_no_signal(last)
            || !can_exec(last)
            || last.runs().first().is_some_and(|word| is_shell(base_name(word.as_ref())))
        {
            return None;
        }
        let arguments = matches!(first.as_ref(), "$@" | "${@}" | "$*");
        if arguments && !self.starts_something() {
            return None;
        }
        // An unquoted variable may hold anything, even `exec`. A quoted one, or one with a path after it, is a program.
        let open = first.expands && !first.quoted && !first.as_ref().contains("/bin/");
        (arguments || !open).then(|| ShellAsPid1 {
            span: word.span(),
            shell: self.scripts.name_of(&text).unwrap_or_else(|| base_name(word.as_str()).to_owned()),
            command: self.waited(last),
            inside: Some(last.span),
            outer: OuterShell::None,
            list: None,
        })
    }

    fn waited(&self, command: &Command) -> Waited {
        let first = command.words.first().map_or("", AsRef::as_ref);
        let program = match first {
            "$@" | "${@}" | "$*" => self.command.first().map(|word| base_name(word.as_str())),
            _ => command.program(),
        };
        let deaf = DEAF.iter().find(|(_, programs)| program.is_some_and(|name| programs.contains(&name)));
        Waited {
            first: if first == "$@" { "\"$@\"".to_owned() } else { first.to_owned() },
            with_exec: self.with_exec(command),
            deaf: deaf.map(|(name, _)| (*name).to_owned()),
        }
    }

    /// Returns the command as written, with `exec` after its variables. `None` if it spans lines, or if YAML or JSON escapes or
    /// Compose variables make the file's text differ from what the shell reads.
    fn with_exec(&self, command: &Command) -> Option<String> {
        let span = command.span;
        let written = self.scripts.written(span).filter(|text| text.len() <= MAX_REPEATED)?;
        if written.contains(['\n', '\r']) || command.redirections.iter().any(|to| to.heredoc.is_some()) {
            return None;
        }
        let first = command.words.first()?.text.span();
        let at = first.start.checked_sub(span.start).filter(|_| first.file == span.file)? as usize;
        let again = shell::read(&TracedText::verbatim(written.as_str(), span));
        let mut outermost = again.commands.iter().filter(|command| command.frame.is_none());
        let (Some(read), None) = (outermost.next(), outermost.next()) else { return None };
        let (before, behind) = written.split_at_checked(at)?;
        (again.complete && same(read, command)).then(|| format!("{before}exec {behind}"))
    }

    /// Returns the last command of a script, if every path through the script reaches it.
    fn last(script: &Script, function: Option<usize>, depth: usize) -> Option<&Command> {
        let traps = script
            .commands
            .iter()
            .any(|command| command.program() == Some("trap") || command.end == Join::Background);
        // Daemons lose their parent with `exec`, and do not get the signal either.
        let daemons =
            script.commands.iter().any(|command| {
                let starts =
                    || command.arguments().iter().any(|word| matches!(word.as_ref(), "start" | "restart"));
                command.runs().first().and_then(Word::literal).is_some_and(|program| {
                    base_name(program) == "service" || program.starts_with("/etc/init.d/")
                }) && starts()
            });
        let background = script.frames.iter().any(|frame| frame.end == Join::Background);
        if !script.complete || traps || background || daemons {
            return None;
        }
        let kind = |frame: usize| script.frames.get(frame).map(|frame| frame.kind);
        let last = script.commands.iter().rev().find(|command| {
            let mut around = script.enclosing(command);
            let outside = |kind| matches!(kind, Some(FrameKind::Substitution | FrameKind::Script));
            match function {
                Some(function) => {
                    let frames: Vec<usize> = around.collect();
                    frames.contains(&function) && !frames.iter().any(|frame| outside(kind(*frame)))
                }
                None => !around.any(|frame| outside(kind(frame)) || kind(frame) == Some(FrameKind::Function)),
            }
        })?;
        let mut between = script.enclosing(last).take_while(|frame| Some(*frame) != function).map(kind);
        let plain = between.all(|kind| kind == Some(FrameKind::Group));
        if !plain || matches!(last.joined, Join::Or | Join::Pipe) {
            return None;
        }
        // `main "$@"`
        let called = script.frames.iter().position(|frame| {
            frame.name.as_ref().map(TracedText::as_str).is_some_and(|name| Some(name) == last.program())
        });
        match called {
            Some(function) if depth < MAX_SCRIPTS => Self::last(script, Some(function), depth + 1),
            Some(_) => None,
            None => Some(last),
        }
    }

    /// True if the first word of `"$@"` is known and is a program that stays.
    fn starts_something(&self) -> bool {
        let first = self.command.first().map(|word| base_name(word.as_str()));
        first.is_some_and(|first| !ENDS.contains(&first) && !is_shell(first))
    }

    fn needs_no_signal(&self, last: &Command) -> bool {
        let Some(name) = last.program() else { return last.runs().is_empty() };
        // `bash -c '…'` passes a signal on if its own last command replaces it.
        if is_shell(name)
            && let Wrapped::Script(at) = unwrap_once(last.runs())
        {
            let inner = last.runs().get(at).filter(|word| !word.expands);
            let script = inner.map(|word| shell::read(&word.text));
            return script.is_some_and(|script| {
                Self::last(&script, None, 0).is_none_or(|last| self.needs_no_signal(last))
            });
        }
        ENDS.contains(&name) || is_shell(name) || self.packages.is_plain(name) || name == "source"
    }

    fn is_foreign_script(&self, program: &Word) -> bool {
        let name = program.as_ref();
        let scripts = [".sh", ".bash", "entrypoint", "run", "start"];
        name.contains('$') || scripts.iter().any(|ending| name.ends_with(ending)) || name.starts_with("./")
    }
}

/// True if `exec` before the command runs the same program. Shell builtins are no programs.
fn can_exec(command: &Command) -> bool {
    let wrappers = command.words.len().saturating_sub(command.runs().len());
    let mut wrappers = command.words.iter().take(wrappers).map(AsRef::as_ref);
    !wrappers.any(|word| NO_PROGRAMS.contains(&word))
        && command.words.first().is_some_and(|first| !first.as_ref().contains('='))
}

/// Returns the key with this shell script and its words, with `exec` added. Only if the key is a string and the script a single
/// word of it, quoted or not.
fn listed(start: &Start, split: [bool; 2], script: &TracedText) -> Option<(&'static str, Vec<String>)> {
    let keys = [("entrypoint", &start.entrypoint), ("command", &start.command)];
    let (key, words) = keys.into_iter().zip(split).find_map(|(key, split)| {
        let here = key.1.last().is_some_and(|last| last.span() == script.span());
        (split && here).then_some(key)
    })?;
    let plain = !script.as_str().contains(char::is_whitespace) && !words.iter().any(TracedText::varies);
    let (_, before) = words.split_last().filter(|_| plain)?;
    let before = before.iter().map(|word| word.as_str().to_owned());
    Some((key, before.chain([format!("exec {script}")]).collect()))
}

/// True for the same words, variables and redirections. Compose escapes a dollar as `$$`.
fn same(one: &Command, other: &Command) -> bool {
    fn parts(command: &Command) -> Vec<String> {
        let set = command.assignments.iter().flat_map(|set| [set.name.as_str(), set.value.as_ref()]);
        let to = command.redirections.iter().flat_map(|to| [to.operator.as_str(), to.target.as_ref()]);
        let words = command.words.iter().map(AsRef::as_ref);
        set.chain(words).chain(to).map(|part| part.replace("$$", "$")).collect()
    }
    one.words.len() == other.words.len()
        && one.redirections.len() == other.redirections.len()
        && parts(one) == parts(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::source::{SourceId, Span};

    fn lingers(words: &[&str], dash: bool) -> bool {
        let words =
            words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        let start = Start { entrypoint: words.collect(), command: Vec::new(), shell: false };
        let packages = Catalog::builtin().packages();
        let sh = if dash { Some("dash") } else { None };
        shell_as_pid1((&start, [false; 2]), None, sh, (&Scripts::none(), packages)).is_some()
    }

    #[test]
    fn only_dash_lingers() {
        assert!(lingers(&["/bin/sh", "-c", "node server.js"], true));
        assert!(lingers(&["/bin/sh", "-c", "cd /app && node server.js"], true));
        assert!(lingers(&["/bin/sh", "-c", "bash -c 'cd /app && node server.js'"], true));
        assert!(lingers(&["gosu", "app", "sh", "-c", "A=b node server.js"], true));
        for words in [
            &["/bin/sh", "-c", "cd /app && exec node server.js"][..],
            &["/bin/bash", "-c", "node server.js"],
            &["node", "server.js"],
            &["sh", "-c", "trap stop TERM; node server.js"],
            &["sh", "-c", "./start.sh"],
            &["sh", "-c", "cp a b"],
            &["sh", "-c", "node x | tee log"],
            &["sh", "-c", "a & wait"],
            &["tini", "--", "sh", "-c", "node x"],
            &["sh", "start.sh"],
            &["sh", "-c", "time node x"],
            &["sh", "-c", "command node x"],
            &["sh", "-c", "node", "server.js"],
            &["sh", "-c", "{ node x; } & wait"],
            &["sh", "-c", "bash -c \"bash x.sh && sleep infinity\""],
            &["sh", "-c", "bash -c 'node x | tee log'"],
            &["sh", "-c", "bash -c 'bash -c \"node x; tail -f /dev/null\"'"],
        ] {
            assert!(!lingers(words, true), "{words:?}");
        }
        assert!(!lingers(&["sh", "-c", "node x"], false));
    }
}
