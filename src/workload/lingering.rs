//! A shell that stays process 1 while its last command runs: `SIGTERM` goes to the shell, which hands nothing on.
//!
//! Of `-c` that is true of dash alone: bash and BusyBox put the last command in their own place (measured on dash 0.5.12,
//! bash 5.2, BusyBox 1.35). Of a script's file it is true of every shell.

use super::process::words;
use super::scripts::Scripts;
use super::start::Handover;
use super::{Lingering, Outer, Start};
use crate::catalog::Packages;
use crate::source::Text;
use crate::syntax::shell::{self, Command, FrameKind, Inner, Join, Script, Word, base_name, inner, is_shell};

/// Scripts that start scripts that are followed.
const MAX_SCRIPTS: usize = 4;

/// Wrappers that put what they run in their own place.
const REPLACE_THEMSELVES: [&str; 9] =
    ["env", "exec", "gosu", "su-exec", "setuidgid", "chpst", "nice", "setpriv", "nohup"];

/// Commands after which a script has done its work: nothing waits for a signal there.
const ENDS: [&str; 12] =
    ["exec", "exit", "return", "wait", "sleep", "tail", "true", "false", ":", "echo", "printf", "trap"];

struct Look<'l> {
    scripts: &'l Scripts<'l>,
    packages: &'l Packages,
    /// The words that `"$@"` stands for in an entrypoint.
    command: &'l [Text],
}

/// The shell that keeps signals from what a container starts.
pub(super) fn lingering(
    start: &Start,
    handover: Option<&Handover>,
    sh_is_dash: bool,
    (scripts, packages): (&Scripts<'_>, &Packages),
) -> Option<Lingering> {
    let words = words(start, handover);
    let look = Look { scripts, packages, command: &start.command };
    let mut words = words.as_slice();
    while let Inner::From(at) = shell::inner(words) {
        if !REPLACE_THEMSELVES.contains(&base_name(words.first()?.as_str())) {
            return None;
        }
        words = words.get(at..)?;
    }
    let first = words.first()?;
    let name = base_name(first.as_str());
    if !is_shell(name) {
        return look.script(first, 0).map(|inside| Lingering { span: first.span(), ..inside });
    }
    match shell::inner(words) {
        Inner::Script(at) => {
            look.line(words.get(at)?, if name == "sh" { sh_is_dash } else { name == "dash" })
        }
        // `sh start.sh`
        Inner::Itself => {
            let file = words.iter().skip(1).find(|word| !word.as_str().starts_with(['-', '+']))?;
            look.script(file, 0).map(|inside| Lingering { span: file.span(), ..inside })
        }
        Inner::From(_) | Inner::Input => None,
    }
}

impl Look<'_> {
    /// The script behind `-c`.
    fn line(&self, text: &Text, stays: bool) -> Option<Lingering> {
        let script = shell::read(text);
        let last = self.last(&script, None, 0)?;
        let program = last.runs().first()?;
        let behind = self.script(&program.text, 0);
        let exec = last.words.first().is_some_and(|word| word.as_ref() == "exec");
        if let (Some(inside), false) = (&behind, exec) {
            // Where this shell may be another one, `exec` in both places is right for either.
            let outer = if stays { Outer::Stays } else { Outer::MayStay };
            return Some(Lingering { span: text.span(), outer, ..inside.clone() });
        }
        if exec {
            return behind.map(|inside| Lingering { span: program.text.span(), ..inside });
        }
        if !stays || self.is_done(last) {
            return None;
        }
        // A script that is not here may start the program in its own place, or not.
        (!self.is_foreign_script(program)).then(|| Lingering {
            span: text.span(),
            shell: "sh".to_owned(),
            command: said(last),
            inside: None,
            outer: Outer::None,
        })
    }

    /// The command that keeps signals in the file that a word names.
    fn script(&self, word: &Text, depth: usize) -> Option<Lingering> {
        let text = self.scripts.find(word.as_str()).filter(|_| depth < MAX_SCRIPTS)?;
        let script = shell::read(&text);
        let last = self.last(&script, None, 0)?;
        let first = last.words.first()?;
        if first.as_ref() == "exec" {
            // The next script stands in the place of this one.
            let next = last.runs().first()?;
            return self.script(&next.text, depth + 1);
        }
        // `gosu app bash -c "$@"`: whether that shell stays depends on what it gets, and `exec` here does not change it.
        if self.is_done(last) || last.runs().first().is_some_and(|word| is_shell(base_name(word.as_ref()))) {
            return None;
        }
        let arguments = matches!(first.as_ref(), "$@" | "${@}" | "$*");
        if arguments && !self.starts_something() {
            return None;
        }
        // A variable may hold anything, `exec` too; one in quotes, or with a path behind it, is a program.
        let open = first.expands && !first.quoted && !first.as_ref().contains("/bin/");
        (arguments || !open).then(|| Lingering {
            span: word.span(),
            shell: base_name(word.as_str()).to_owned(),
            command: said(last),
            inside: Some(last.span),
            outer: Outer::None,
        })
    }

    /// The command that a script ends with, when it is one that every way through the script comes to.
    fn last<'s>(&self, script: &'s Script, function: Option<usize>, depth: usize) -> Option<&'s Command> {
        let traps = script
            .commands
            .iter()
            .any(|command| command.program() == Some("trap") || command.end == Join::Background);
        if !script.complete || traps {
            return None;
        }
        let kind = |frame: usize| script.frames.get(frame).map(|frame| frame.kind);
        let last = script.commands.iter().rev().find(|command| {
            let mut around = script.around(command);
            let outside = |kind| matches!(kind, Some(FrameKind::Substitution | FrameKind::Script));
            match function {
                Some(function) => {
                    let frames: Vec<usize> = around.collect();
                    frames.contains(&function) && !frames.iter().any(|frame| outside(kind(*frame)))
                }
                None => !around.any(|frame| outside(kind(frame)) || kind(frame) == Some(FrameKind::Function)),
            }
        })?;
        let mut between = script.around(last).take_while(|frame| Some(*frame) != function).map(kind);
        let plain = between.all(|kind| kind == Some(FrameKind::Group));
        if !plain || matches!(last.joined, Join::Or | Join::Pipe) {
            return None;
        }
        // `main "$@"`
        let called = script.frames.iter().position(|frame| {
            frame.name.as_ref().map(Text::as_str).is_some_and(|name| Some(name) == last.program())
        });
        match called {
            Some(function) if depth < MAX_SCRIPTS => self.last(script, Some(function), depth + 1),
            Some(_) => None,
            None => Some(last),
        }
    }

    /// True when `"$@"` stands for a program, as far as it is known.
    fn starts_something(&self) -> bool {
        let first = self.command.first().map(|word| base_name(word.as_str()));
        first.is_some_and(|first| !ENDS.contains(&first) && !is_shell(first))
    }

    fn is_done(&self, last: &Command) -> bool {
        let Some(name) = last.program() else { return last.runs().is_empty() };
        // `bash -c '…'` is a program like others.
        if is_shell(name) && matches!(inner(last.runs()), Inner::Script(_)) {
            return false;
        }
        ENDS.contains(&name) || is_shell(name) || self.packages.is_plain(name) || name == "source"
    }

    fn is_foreign_script(&self, program: &Word) -> bool {
        let name = program.as_ref();
        let scripts = [".sh", ".bash", "entrypoint", "run", "start"];
        name.contains('$') || scripts.iter().any(|ending| name.ends_with(ending)) || name.starts_with("./")
    }
}

/// The command as it is written in one line, shortened.
fn said(command: &Command) -> String {
    let words = command.words.iter().map(|word| match word.as_ref() {
        "$@" => "\"$@\"",
        other => other,
    });
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(60) {
        Some((at, _)) => {
            let cut = line.get(..at).unwrap_or_default();
            format!("{} …", cut.rsplit_once(' ').map_or(cut, |(words, _)| words))
        }
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::source::{SourceId, Span};

    fn lingers(words: &[&str], dash: bool) -> bool {
        let words = words.iter().map(|word| Text::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        let start = Start { entrypoint: words.collect(), command: Vec::new(), shell: false };
        let packages = Catalog::builtin().packages();
        lingering(&start, None, dash, (&Scripts::none(), packages)).is_some()
    }

    #[test]
    fn only_dash_lingers() {
        assert!(lingers(&["/bin/sh", "-c", "node server.js"], true));
        assert!(lingers(&["/bin/sh", "-c", "cd /app && node server.js"], true));
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
        ] {
            assert!(!lingers(words, true), "{words:?}");
        }
        assert!(!lingers(&["sh", "-c", "node x"], false));
    }
}
