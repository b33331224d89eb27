//! Running a Dockerfile's instructions as far as they shape the image's configuration
//! (BuildKit `frontend/dockerfile/dockerfile2llb/convert.go`).

use std::collections::HashMap;

use indexmap::IndexMap;

use super::stages::{Stage, stages};
use super::target::{Base, Command, EnvEntry, Form, Health, HealthTest, Run, TargetImage};
use crate::source::Text;
use crate::syntax::dockerfile::{
    Arguments, Dockerfile, Expansion, Instruction, Keyword, Lookup, Pair, expand,
};

/// What BuildKit sets itself, depending on where it builds (`platforms.go`, `defaultArgs`).
const PLATFORM_ARGS: [&str; 8] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
];

/// What a build is asked for.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// The stage to build; the last one when none is named.
    pub target: Option<Text>,
    /// Build arguments by name.
    pub args: IndexMap<String, BuildArg>,
}

/// The value of a build argument.
#[derive(Clone, Debug)]
pub enum BuildArg {
    /// Given.
    Known(Text),
    /// Given, but nobody here knows its value.
    Unknown,
}

/// Why there is no image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// The Dockerfile has no `FROM`.
    #[error("there is no stage in the Dockerfile")]
    NoStage,
    /// The target is none of its stages.
    #[error("no such stage in the Dockerfile")]
    NoSuchStage,
}

/// Follows the stages to the target and gives its image.
///
/// # Errors
/// When there is no stage, or none of the target's name.
pub fn resolve(dockerfile: &Dockerfile, options: &BuildOptions) -> Result<TargetImage, ImageError> {
    let stages = stages(dockerfile);
    let target = match &options.target {
        None => stages.len().checked_sub(1).ok_or(ImageError::NoStage)?,
        Some(name) => find(&stages, name.as_str(), stages.len()).ok_or(ImageError::NoSuchStage)?,
    };
    let globals = global_args(dockerfile, options);
    let escape = dockerfile.escape;
    let chain = chain(&stages, target, &globals, escape);
    let outermost = chain.first().copied().unwrap_or(target);
    let base = base(&stages[outermost].reference, &globals, escape);
    let mut state = State::new(escape, &globals, options);
    for index in &chain {
        state.begin_stage();
        for instruction in &stages[*index].instructions {
            state.apply(instruction);
        }
    }
    let stage = &stages[target];
    Ok(TargetImage {
        from: stage.from,
        stage_name: stage.name.clone(),
        base,
        base_from: stages[outermost].from,
        multi_stage: chain.len() < stages.len(),
        env: state.env,
        shell: state.shell,
        user: state.user,
        workdir: state.workdir,
        healthcheck: state.healthcheck,
        entrypoint: state.entrypoint,
        cmd: state.cmd,
        runs: state.runs,
    })
}

/// A stage before `before` by its name or number; of several with one name the last.
fn find(stages: &[Stage<'_>], name: &str, before: usize) -> Option<usize> {
    let lower = name.to_ascii_lowercase();
    let named = stages.iter().take(before).rposition(|stage| stage.name.as_deref() == Some(lower.as_str()));
    named.or_else(|| name.parse().ok().filter(|index| *index < before))
}

/// The stages that `target` stands on, outermost first, itself last.
fn chain(stages: &[Stage<'_>], target: usize, globals: &Variables, escape: char) -> Vec<usize> {
    let mut chain = vec![target];
    let mut at = target;
    // Each step leads to an earlier stage, so this ends.
    while let Expansion::Known(reference) = globals.expand(&stages[at].reference, escape) {
        // A number is no stage in FROM: only names are.
        let lower = reference.as_str().to_ascii_lowercase();
        let below = stages.iter().take(at).rposition(|stage| stage.name.as_deref() == Some(lower.as_str()));
        let Some(below) = below else { break };
        chain.push(below);
        at = below;
    }
    chain.reverse();
    chain
}

fn base(reference: &Text, globals: &Variables, escape: char) -> Base {
    match globals.expand(reference, escape) {
        Expansion::Known(text) if text.as_str() == "scratch" => Base::Scratch,
        Expansion::Known(text) => Base::Reference(text.at(reference.span())),
        Expansion::Unknown { variable } => Base::Unknown { at: reference.span(), variable },
    }
}

/// Names with what is known of their values.
#[derive(Clone, Debug, Default)]
struct Variables {
    values: HashMap<String, Option<Text>>,
}

impl Variables {
    fn lookup(&self, name: &str) -> Lookup {
        match self.values.get(name) {
            Some(Some(text)) => Lookup::Value(text.clone()),
            Some(None) => Lookup::Unknown,
            None => Lookup::Unset,
        }
    }

    fn expand(&self, text: &Text, escape: char) -> Expansion {
        expand(text, escape, &|name| self.lookup(name))
    }

    fn set(&mut self, name: &str, value: Option<Text>) {
        self.values.insert(name.to_owned(), value);
    }
}

/// `ARG`s before the first `FROM`, with the values that the build gives them.
fn global_args(dockerfile: &Dockerfile, options: &BuildOptions) -> Variables {
    let mut globals = Variables::default();
    for name in PLATFORM_ARGS {
        globals.set(name, None);
    }
    let before =
        dockerfile.instructions.iter().take_while(|instruction| instruction.keyword != Keyword::From);
    for instruction in before.filter(|instruction| instruction.keyword == Keyword::Arg) {
        for (name, default) in arg_words(instruction) {
            let value = match (options.args.get(name.as_str()), default) {
                (Some(BuildArg::Known(text)), _) => Some(text.clone()),
                (Some(BuildArg::Unknown), _) => None,
                (None, Some(default)) => match globals.expand(&default, dockerfile.escape) {
                    Expansion::Known(text) => Some(text),
                    Expansion::Unknown { .. } => None,
                },
                // Declared without a value: whoever builds gives it, and FROM with nothing in it fails.
                (None, None) => None,
            };
            globals.set(name.as_str(), value);
        }
    }
    globals
}

/// The names that an `ARG` declares, and their defaults.
fn arg_words(instruction: &Instruction) -> Vec<(Text, Option<Text>)> {
    let Arguments::Words(words) = &instruction.arguments else { return Vec::new() };
    let split = |word: &Text| match word.as_str().find('=') {
        Some(at) => (word.slice(0..at), Some(word.slice(at + 1..word.as_str().len()))),
        None => (word.clone(), None),
    };
    words.iter().map(split).collect()
}

/// The image's configuration so far.
struct State<'a> {
    escape: char,
    globals: &'a Variables,
    options: &'a BuildOptions,
    /// ARGs of the stage; ENV wins over them.
    args: Variables,
    env: IndexMap<String, EnvEntry>,
    shell: Option<Vec<Text>>,
    user: Option<Text>,
    workdir: Option<Text>,
    healthcheck: Option<Health>,
    entrypoint: Option<Command>,
    cmd: Option<Command>,
    /// The CMD was written in the stage at hand.
    cmd_is_own: bool,
    runs: Vec<Run>,
}

impl<'a> State<'a> {
    fn new(escape: char, globals: &'a Variables, options: &'a BuildOptions) -> Self {
        Self {
            escape,
            globals,
            options,
            args: Variables::default(),
            env: IndexMap::new(),
            shell: None,
            user: None,
            workdir: None,
            healthcheck: None,
            entrypoint: None,
            cmd: None,
            cmd_is_own: false,
            runs: Vec::new(),
        }
    }

    fn begin_stage(&mut self) {
        self.args = Variables::default();
        self.cmd_is_own = false;
    }

    fn apply(&mut self, instruction: &Instruction) {
        match (instruction.keyword, &instruction.arguments) {
            (Keyword::Arg, _) => self.declare(instruction),
            (Keyword::Env, Arguments::Pairs(pairs)) => self.set_env(pairs),
            (Keyword::Shell, Arguments::Exec(words)) => self.shell = Some(words.clone()),
            (Keyword::User, Arguments::Shell(text)) => self.user = self.value(text),
            (Keyword::Workdir, Arguments::Shell(text)) => self.workdir = self.value(text),
            (Keyword::Healthcheck, Arguments::Healthcheck { kind, command }) => {
                self.healthcheck = health(instruction, kind, command).or(self.healthcheck.take());
            }
            (Keyword::Entrypoint, arguments) => {
                let Some(form) = form(arguments) else { return };
                self.entrypoint = Some(Command { span: instruction.span, form });
                // What an earlier stage or the base says of CMD was meant for another entrypoint.
                if !self.cmd_is_own {
                    self.cmd = None;
                }
            }
            (Keyword::Cmd, arguments) => {
                let Some(form) = form(arguments) else { return };
                self.cmd = Some(Command { span: instruction.span, form });
                self.cmd_is_own = true;
            }
            (Keyword::Run, arguments) => {
                let form = form(arguments);
                self.runs.extend(form.map(|form| Run { span: instruction.span, form }));
            }
            _ => {}
        }
    }

    fn lookup(&self, name: &str) -> Lookup {
        match self.env.get(name).map(|entry| &entry.value) {
            Some(Ok(text)) => Lookup::Value(text.clone()),
            Some(Err(_)) => Lookup::Unknown,
            // The base image may set it: what is not declared here is not known.
            None => match self.args.lookup(name) {
                Lookup::Unset => Lookup::Unknown,
                found => found,
            },
        }
    }

    fn expand(&self, text: &Text) -> Expansion {
        expand(text, self.escape, &|name| self.lookup(name))
    }

    fn value(&self, text: &Text) -> Option<Text> {
        match self.expand(text) {
            Expansion::Known(text) => Some(text),
            Expansion::Unknown { .. } => None,
        }
    }

    /// All pairs of one `ENV` see the values from before it.
    fn set_env(&mut self, pairs: &[Pair]) {
        let values: Vec<_> = pairs
            .iter()
            .map(|pair| {
                let value = match self.expand(&pair.value) {
                    Expansion::Known(text) => Ok(text.at(pair.value.span())),
                    Expansion::Unknown { variable } => Err(variable),
                };
                let name = match self.expand(&pair.key) {
                    Expansion::Known(name) => name.as_str().to_owned(),
                    Expansion::Unknown { .. } => pair.key.as_str().to_owned(),
                };
                (name, EnvEntry { value, span: pair.key.span().cover(pair.value.span()) })
            })
            .collect();
        self.env.extend(values);
    }

    fn declare(&mut self, instruction: &Instruction) {
        for (name, default) in arg_words(instruction) {
            let name = name.as_str();
            let value = match (self.options.args.get(name), default) {
                (Some(BuildArg::Known(text)), _) => Some(text.clone()),
                (Some(BuildArg::Unknown), _) => None,
                (None, Some(default)) => self.value(&default),
                (None, None) => match self.globals.lookup(name) {
                    Lookup::Value(text) => Some(text),
                    Lookup::Unknown => None,
                    // Declared and not given: empty in what is built from here, unknown elsewhere.
                    Lookup::Unset => None,
                },
            };
            self.args.set(name, value);
        }
    }
}

fn form(arguments: &Arguments) -> Option<Form> {
    match arguments {
        Arguments::Exec(words) => Some(Form::Exec(words.clone())),
        Arguments::Shell(text) => Some(Form::Shell(text.clone())),
        _ => None,
    }
}

fn health(instruction: &Instruction, kind: &Text, command: &Arguments) -> Option<Health> {
    let test = if kind.as_str().eq_ignore_ascii_case("none") {
        HealthTest::Disabled
    } else {
        HealthTest::Command(Command { span: instruction.span, form: form(command)? })
    };
    let flag = |name: &str| {
        let flag = instruction.flags.iter().find(|flag| flag.name.as_str().eq_ignore_ascii_case(name))?;
        flag.value.clone()
    };
    Some(Health {
        span: instruction.span,
        test,
        interval: flag("interval"),
        timeout: flag("timeout"),
        start_period: flag("start-period"),
        start_interval: flag("start-interval"),
        retries: flag("retries"),
    })
}
