//! The image that runs.

use indexmap::IndexMap;

use crate::source::{Span, Text};

/// The image of one stage, with what it inherits from the stages below it. Where something is `None`, the external base
/// image decides.
#[derive(Clone, Debug)]
pub struct TargetImage {
    /// The `FROM` instruction of the stage that runs.
    pub from: Span,
    /// The stage's name.
    pub stage_name: Option<String>,
    /// The image that the stages stand on.
    pub base: Base,
    /// The `FROM` instruction that names it.
    pub base_from: Span,
    /// The Dockerfile has stages that are no part of this image.
    pub multi_stage: bool,
    /// The environment, by name.
    pub env: IndexMap<String, EnvEntry>,
    /// `SHELL`.
    pub shell: Option<Vec<Text>>,
    /// `USER`.
    pub user: Option<Text>,
    /// `WORKDIR`.
    pub workdir: Option<Text>,
    /// `HEALTHCHECK`.
    pub healthcheck: Option<Health>,
    /// `ENTRYPOINT`.
    pub entrypoint: Option<Command>,
    /// `CMD`; none after an `ENTRYPOINT` in a later stage than it.
    pub cmd: Option<Command>,
    /// `RUN` instructions, in order: what is installed.
    pub runs: Vec<Run>,
}

/// What the outermost `FROM` names.
#[derive(Clone, Debug)]
pub enum Base {
    /// An image.
    Reference(Text),
    /// A variable without a value is in it.
    Unknown {
        /// The reference.
        at: Span,
        /// The variable.
        variable: String,
    },
    /// Nothing.
    Scratch,
}

/// A variable of the image.
#[derive(Clone, Debug)]
pub struct EnvEntry {
    /// Its value, or the variable in it that has none.
    pub value: Result<Text, String>,
    /// The pair in its `ENV`.
    pub span: Span,
}

/// A command of `ENTRYPOINT`, `CMD` or `HEALTHCHECK`.
#[derive(Clone, Debug)]
pub struct Command {
    /// The instruction.
    pub span: Span,
    /// Exec or shell form.
    pub form: Form,
}

/// How a command is written.
#[derive(Clone, Debug)]
pub enum Form {
    /// A JSON array: executed as it is.
    Exec(Vec<Text>),
    /// Text for the shell.
    Shell(Text),
}

/// `HEALTHCHECK`.
#[derive(Clone, Debug)]
pub struct Health {
    /// The instruction.
    pub span: Span,
    /// What it runs.
    pub test: HealthTest,
    /// `--interval`.
    pub interval: Option<Text>,
    /// `--timeout`.
    pub timeout: Option<Text>,
    /// `--start-period`.
    pub start_period: Option<Text>,
    /// `--start-interval`.
    pub start_interval: Option<Text>,
    /// `--retries`.
    pub retries: Option<Text>,
}

/// What a `HEALTHCHECK` runs.
#[derive(Clone, Debug)]
pub enum HealthTest {
    /// `NONE`.
    Disabled,
    /// `CMD`.
    Command(Command),
}

/// A `RUN`.
#[derive(Clone, Debug)]
pub struct Run {
    /// The instruction.
    pub span: Span,
    /// What it runs; heredocs are not part of it.
    pub form: Form,
}
