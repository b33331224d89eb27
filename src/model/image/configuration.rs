//! Applies instructions to the image's configuration.

use std::sync::OnceLock;

use super::resolve::BuildOptions;
use super::target::{Command, CopyInstruction, Form, HealthTest, HealthcheckInstruction, Resolved, Run};
use super::variables::{Args, Env, Scope};
use crate::hash::IndexMap;
use crate::source::{Span, TracedText};
use crate::syntax::dockerfile::{Arguments, Instruction, Keyword, Lookup};

/// Longest path that is kept, in bytes: `PATH_MAX` of Linux.
const MAX_PATH: usize = 4096;

/// `ENTRYPOINT`, `CMD` or `HEALTHCHECK` as written. It is copied at the end, since only the last of each counts.
#[derive(Clone, Copy)]
struct Written<'d> {
    instruction: &'d Instruction,
    shell: Option<&'d [TracedText]>,
}

impl Written<'_> {
    fn command(self, arguments: &Arguments) -> Option<Command> {
        let shell = self.shell.map(<[TracedText]>::to_vec);
        form(arguments).map(|form| Command { span: self.instruction.span, form, shell })
    }

    fn health(self) -> Option<HealthcheckInstruction> {
        let Arguments::Healthcheck { kind, command } = &self.instruction.arguments else { return None };
        let test = match is_none(kind) {
            true => HealthTest::Disabled,
            false => HealthTest::Command(self.command(command)?),
        };
        let flag = |name| flag(self.instruction, name);
        Some(HealthcheckInstruction {
            span: self.instruction.span,
            test,
            interval: flag("interval"),
            timeout: flag("timeout"),
            start_period: flag("start-period"),
            start_interval: flag("start-interval"),
            retries: flag("retries"),
        })
    }
}

/// The image's configuration so far.
pub(super) struct Configuration<'d> {
    options: &'d BuildOptions,
    globals: &'d Args,
    escape: char,
    from_scratch: bool,
    args: Args,
    /// The current stage has a `CMD`.
    has_own_cmd: bool,
    /// `ONBUILD` instructions and their triggers, for the next stage.
    triggers: Vec<(Span, &'d Instruction)>,
    pub(super) env: Env,
    shell: Option<&'d [TracedText]>,
    pub(super) user: Option<Resolved>,
    pub(super) workdir: Option<Resolved>,
    pub(super) stop_signal: Option<Resolved>,
    pub(super) exposes: Vec<Resolved>,
    pub(super) expose_words: Vec<TracedText>,
    healthcheck: Option<Written<'d>>,
    entrypoint: Option<Written<'d>>,
    cmd: Option<Written<'d>>,
    pub(super) cmd_reset_by: Option<Span>,
    pub(super) runs: Vec<Run>,
    pub(super) copies: Vec<CopyInstruction>,
    pub(super) arguments: Vec<TracedText>,
    pub(super) argument_values: IndexMap<String, String>,
}

impl<'d> Configuration<'d> {
    pub(super) fn new(
        options: &'d BuildOptions,
        globals: &'d Args,
        escape: char,
        from_scratch: bool,
    ) -> Self {
        Self {
            options,
            globals,
            escape,
            from_scratch,
            args: Args::default(),
            has_own_cmd: false,
            triggers: Vec::new(),
            env: Env::default(),
            shell: None,
            user: None,
            workdir: None,
            stop_signal: None,
            exposes: Vec::new(),
            expose_words: Vec::new(),
            healthcheck: None,
            entrypoint: None,
            cmd: None,
            cmd_reset_by: None,
            runs: Vec::new(),
            copies: Vec::new(),
            arguments: Vec::new(),
            argument_values: IndexMap::default(),
        }
    }

    /// Applies a stage that is built on what was applied so far.
    pub(super) fn run_stage(&mut self, instructions: &'d [Instruction]) {
        self.args.clear();
        self.has_own_cmd = false;
        for (_, trigger) in std::mem::take(&mut self.triggers) {
            self.run(trigger);
        }
        for instruction in instructions {
            self.run(instruction);
        }
    }

    /// Returns the `ONBUILD` instructions that no stage has triggered.
    pub(super) fn onbuild(&self) -> Vec<Span> {
        self.triggers.iter().map(|(span, _)| *span).collect()
    }

    fn scope(&self) -> Scope<'_> {
        Scope { env: &self.env, args: &self.args, from_scratch: self.from_scratch, escape: self.escape }
    }

    /// Expands a path. A path too long for a file system counts as unknown, since each instruction keeps its own copy.
    fn path(&self, text: &TracedText) -> Resolved {
        let path = self.scope().value(text)?;
        if path.as_str().len() > MAX_PATH { Err(text.as_str().to_owned()) } else { Ok(path) }
    }

    fn run(&mut self, instruction: &'d Instruction) {
        let span = instruction.span;
        match (instruction.keyword, &instruction.arguments) {
            (Keyword::Arg, _) => self.declare(instruction),
            (Keyword::Env, Arguments::Pairs(pairs)) => {
                let entries = self.scope().entries(pairs);
                self.env.extend(entries);
            }
            (Keyword::Shell, Arguments::Exec(words)) => self.shell = Some(words),
            (Keyword::User, Arguments::Shell(text)) => self.user = Some(self.scope().value(text)),
            (Keyword::Workdir, Arguments::Shell(text)) => {
                let next = self.path(text);
                self.workdir = Some(match (self.workdir.take(), next) {
                    (Some(before), Ok(next)) if !next.as_str().starts_with(['/', '\\']) => {
                        before.and_then(|before| {
                            let path = format!("{}/{}", before.as_str().trim_end_matches('/'), next.as_str());
                            if path.len() > MAX_PATH {
                                Err(path)
                            } else {
                                Ok(TracedText::derived(path, next.span()))
                            }
                        })
                    }
                    (_, next) => next,
                });
            }
            (Keyword::Stopsignal, Arguments::Shell(text)) => {
                self.stop_signal = Some(self.scope().value(text));
            }
            (Keyword::Expose, Arguments::Words(words)) => {
                let ports: Vec<Resolved> = words.iter().map(|word| self.scope().value(word)).collect();
                self.exposes.extend(ports);
                self.expose_words.extend(words.iter().cloned());
            }
            (Keyword::Healthcheck, Arguments::Healthcheck { kind, command }) => {
                let is_cmd = kind.as_str().eq_ignore_ascii_case("cmd") && is_command(command);
                if is_none(kind) || is_cmd {
                    self.healthcheck = Some(self.written(instruction));
                }
            }
            (Keyword::Entrypoint, arguments) if is_command(arguments) => {
                self.entrypoint = Some(self.written(instruction));
                if !self.has_own_cmd {
                    self.cmd = None;
                    self.cmd_reset_by = Some(span);
                }
            }
            (Keyword::Cmd, arguments) if is_command(arguments) => {
                self.cmd = Some(self.written(instruction));
                self.cmd_reset_by = None;
                self.has_own_cmd = true;
            }
            (Keyword::Run, arguments) => {
                let scripts = contents(instruction);
                let flags = instruction.flags.iter().filter(|flag| flag.name.as_str() == "mount");
                let mounts = flags.filter_map(|flag| flag.value.clone()).collect();
                let (shell, workdir) = (self.shell(), self.workdir.clone());
                let user = self.user.clone();
                let run = form(arguments).map(|form| Run {
                    span,
                    form,
                    mounts,
                    scripts,
                    shell,
                    workdir,
                    user,
                    script: OnceLock::new(),
                });
                self.runs.extend(run);
            }
            (Keyword::Copy | Keyword::Add, Arguments::Words(words) | Arguments::Exec(words)) => {
                self.copies.push(CopyInstruction {
                    span,
                    from: flag(instruction, "from"),
                    words: words
                        .iter()
                        .map(|word| self.path(word).unwrap_or_else(|_| word.clone()))
                        .collect(),
                    contents: contents(instruction),
                    workdir: self.workdir.clone(),
                });
            }
            (Keyword::Onbuild, Arguments::Onbuild(trigger)) => self.triggers.push((span, trigger)),
            _ => {}
        }
    }

    fn declare(&mut self, instruction: &Instruction) {
        if let Arguments::Words(words) = &instruction.arguments {
            let name =
                |word: &TracedText| word.slice(0..word.as_str().find('=').unwrap_or(word.as_str().len()));
            self.arguments.extend(words.iter().map(name));
        }
        let mut args = std::mem::take(&mut self.args);
        args.declare(instruction, self.options, self.globals, &|text, so_far| {
            Scope { args: so_far, ..self.scope() }.expand(text)
        });
        self.args = args;
        let Arguments::Words(words) = &instruction.arguments else { return };
        for word in words {
            let name = word.as_str().split('=').next().unwrap_or_default();
            match self.args.get(name) {
                Some(Lookup::Known(value)) => {
                    _ = self.argument_values.insert(name.to_owned(), value.to_owned());
                }
                _ => _ = self.argument_values.shift_remove(name),
            }
        }
    }

    fn written(&self, instruction: &'d Instruction) -> Written<'d> {
        Written { instruction, shell: self.shell }
    }

    pub(super) fn shell(&self) -> Option<Vec<TracedText>> {
        self.shell.map(<[TracedText]>::to_vec)
    }

    pub(super) fn healthcheck(&self) -> Option<HealthcheckInstruction> {
        self.healthcheck.and_then(Written::health)
    }

    pub(super) fn entrypoint(&self) -> Option<Command> {
        self.entrypoint.and_then(|written| written.command(&written.instruction.arguments))
    }

    pub(super) fn cmd(&self) -> Option<Command> {
        self.cmd.and_then(|written| written.command(&written.instruction.arguments))
    }
}

fn contents(instruction: &Instruction) -> Vec<TracedText> {
    let contents = instruction.heredocs.iter().map(|heredoc| match heredoc.chomp {
        true => TracedText::derived(heredoc.content.as_str(), heredoc.body),
        false => TracedText::verbatim(heredoc.content.as_str(), heredoc.body),
    });
    contents.collect()
}

/// True for arguments that can be run. An instruction without them changes nothing and is reported elsewhere.
fn is_command(arguments: &Arguments) -> bool {
    matches!(arguments, Arguments::Exec(_) | Arguments::Shell(_))
}

fn is_none(kind: &TracedText) -> bool {
    kind.as_str().eq_ignore_ascii_case("none")
}

fn form(arguments: &Arguments) -> Option<Form> {
    match arguments {
        Arguments::Exec(words) => Some(Form::Exec(words.clone())),
        Arguments::Shell(text) => Some(Form::Shell(text.clone())),
        _ => None,
    }
}

fn flag(instruction: &Instruction, name: &str) -> Option<TracedText> {
    instruction.flags.iter().find(|flag| flag.name.as_str() == name)?.value.clone()
}
