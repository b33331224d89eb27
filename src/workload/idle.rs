//! Recognizes containers that only wait, or end at once.

use super::start::Program;
use super::{Start, Workload};
use crate::catalog::Programs;
use crate::source::TracedText;
use crate::syntax::shell::base_name;

/// Programs that only wait, or print something and end.
const NOTHINGS: [&str; 12] =
    ["true", "false", ":", "echo", "printf", "pause", "exit", "test", "[", "read", "top", "yes"];

/// Commands that prepare something and start no program.
const PREPARES: [&str; 13] =
    ["cd", "set", "export", "mkdir", "touch", "chmod", "chown", "ls", "pwd", "date", "wait", "trap", "umask"];

impl Workload {
    /// True if the start line is known and answers no probe: a bare shell or prompt, `sleep infinity`, `tail -f /dev/null`, a
    /// function's wrapper, or only an `echo`.
    #[must_use]
    pub fn idle(&self) -> bool {
        if let Some(start) = self.process.start.value() {
            return is_idle(&start.programs(self.image.handover.as_ref()), start);
        }
        // Whatever the image's entrypoint does, it is given a command that only waits.
        let command = self.service.command.value().filter(|_| self.service.entrypoint.is_absent());
        command.is_some_and(|words| {
            let start = Start { entrypoint: Vec::new(), command: words.clone(), shell: false };
            is_idle(&start.programs(None), &start)
        })
    }
}

/// True if there are programs and all of them are idle.
pub(super) fn is_idle(programs: &[Program], start: &Start) -> bool {
    let mut words = start.entrypoint.iter().chain(&start.command);
    if words.any(|word| Programs::builtin().function_runtimes.contains(base_name(word.as_str()))) {
        return true;
    }
    let works: Vec<&Program> =
        programs.iter().filter(|program| !PREPARES.contains(&program.base_name())).collect();
    // A start line of preparations alone leaves nothing to probe.
    !programs.is_empty() && works.iter().all(|program| is_idle_program(program))
}

/// True for a program that prepares something or is idle.
pub(super) fn is_idle_or_setup(program: &Program) -> bool {
    is_setup_name(program.base_name()) || is_idle_program(program)
}

/// True for a command that prepares something or is idle, by its name.
pub(super) fn is_setup_name(name: &str) -> bool {
    PREPARES.contains(&name) || NOTHINGS.contains(&name)
}

fn is_idle_program(program: &Program) -> bool {
    let words: Vec<&str> = program.arguments.iter().map(TracedText::as_str).collect();
    let bare = || words.iter().all(|word| matches!(*word, "-i" | "-l" | "-li" | "-il" | "--login" | "-"));
    match program.base_name() {
        "sleep" => true,
        // `tail` of a file may be of use, of `/dev/null` it only waits.
        "tail" => words.contains(&"/dev/null"),
        "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh" | "fish" | "pwsh" => bare(),
        "php" => words.iter().all(|word| *word == "-a"),
        name if Programs::builtin().stdin_programs.contains(name) => words.is_empty(),
        "busybox" => words.is_empty(),
        name => NOTHINGS.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn idle(words: &[&str]) -> bool {
        let words =
            words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len())));
        let start = Start { entrypoint: Vec::new(), command: words.collect(), shell: false };
        is_idle(&start.programs(None), &start)
    }

    #[test]
    fn what_answers_nobody_is_idle() {
        for words in [
            &["bash"][..],
            &["/bin/sh", "-l"],
            &["sleep", "infinity"],
            &["tail", "-f", "/dev/null"],
            &["sh", "-c", "sleep 3600"],
            &["sh", "-c", "while true; do sleep 1; done"],
            &["sh", "-c", "mkdir -p /x && tail -F /dev/null"],
            &["tini", "--", "sleep", "inf"],
            &["echo", "done"],
            &["true"],
            &["cat"],
            &["python3"],
            &["php", "-a"],
            &["/lambda-entrypoint.sh", "app.handler"],
        ] {
            assert!(idle(words), "{words:?}");
        }
        for words in [
            &["bash", "start.sh"][..],
            &["sh", "-c", "nginx && tail -f /dev/null"],
            &["tail", "-f", "/var/log/app"],
            &["python3", "app.py"],
            &["sh", "-c", "sleep 5 && exec node server.js"],
            &["node", "server.js"],
            &["sleeper"],
            &[],
        ] {
            assert!(!idle(words), "{words:?}");
        }
    }
}
