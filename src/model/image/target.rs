//! The image that runs.

use crate::hash::IndexMap;
use crate::source::{Span, TracedText};

/// A value after expansion, or the name of the variable in it that is not known.
pub type Resolved = Result<TracedText, String>;

/// The image of one stage, with what it inherits from the stages below it. Where something is `None`, the external base
/// image decides (for [`Base::Scratch`]: there is none).
#[derive(Clone, Debug)]
pub struct TargetImage {
    /// The `FROM` instruction of the stage that runs.
    pub from: Span,
    /// What that `FROM` names, as written.
    pub reference: Span,
    /// The stage's name as written.
    pub stage_name: Option<String>,
    /// The image that the stages stand on.
    pub base: Base,
    /// The `FROM` instruction that names it.
    pub base_from: Span,
    /// The numbers of the stages that this image is made of, outermost first, itself last.
    pub chain: Vec<usize>,
    /// The Dockerfile has stages that are no part of this image.
    pub multi_stage: bool,
    /// The environment, by name.
    pub env: IndexMap<String, EnvEntry>,
    /// `SHELL`, as the last instruction leaves it; commands hold the one of their own time.
    pub shell: Option<Vec<TracedText>>,
    /// `USER`.
    pub user: Option<Resolved>,
    /// `WORKDIR`; relative to that of the base image where none here is absolute.
    pub workdir: Option<Resolved>,
    /// `STOPSIGNAL`.
    pub stop_signal: Option<Resolved>,
    /// The ports of its `EXPOSE`s, as `80/tcp`, in order.
    pub exposes: Vec<Resolved>,
    /// The words of those, as written.
    pub expose_words: Vec<TracedText>,
    /// `HEALTHCHECK`.
    pub healthcheck: Option<HealthcheckInstruction>,
    /// `ENTRYPOINT`.
    pub entrypoint: Option<Command>,
    /// `CMD`.
    pub cmd: Option<Command>,
    /// The `ENTRYPOINT` that took away the `CMD` of an earlier stage or of the base image: with no [`TargetImage::cmd`],
    /// the image has none.
    pub cmd_reset_by: Option<Span>,
    /// `RUN` instructions, in order: what is installed.
    pub runs: Vec<Run>,
    /// `COPY` and `ADD` instructions, in order: what is brought in.
    pub copies: Vec<CopyInstruction>,
    /// `ONBUILD` instructions that wait for images made from this one.
    pub onbuild: Vec<Span>,
    /// The names of its stages' build arguments: what runs while building sees them as variables.
    pub arguments: Vec<TracedText>,
    /// The values of those that are known, the last of each name.
    pub argument_values: IndexMap<String, String>,
    /// Variables that are set while building and are not there when the image runs.
    pub build_only: Vec<BuildVariable>,
}

/// A variable that does not reach what runs.
#[derive(Clone, Debug)]
pub struct BuildVariable {
    /// Its name.
    pub name: TracedText,
    /// Its value as written.
    pub value: TracedText,
    /// The stage that sets it, where that is another one; none for a `RUN export`, which ends with its shell.
    pub stage: Option<String>,
}

/// What the outermost `FROM` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// An image.
    Reference(TracedText),
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
    /// Its name where it is written.
    pub key: TracedText,
    /// Its value.
    pub value: Resolved,
    /// The pair in its `ENV`.
    pub span: Span,
}

/// A command of `ENTRYPOINT`, `CMD` or `HEALTHCHECK`.
#[derive(Clone, Debug)]
pub struct Command {
    /// The instruction.
    pub span: Span,
    /// Exec or shell form. `ENTRYPOINT []` is an exec form of no words: there is no entrypoint.
    pub form: Form,
    /// The `SHELL` before this instruction, which shell form runs in; the base image's when `None`.
    pub shell: Option<Vec<TracedText>>,
}

/// How a command is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// A JSON array: executed as it is.
    Exec(Vec<TracedText>),
    /// Text for the shell.
    Shell(TracedText),
}

/// `HEALTHCHECK`.
#[derive(Clone, Debug)]
pub struct HealthcheckInstruction {
    /// The instruction.
    pub span: Span,
    /// What it runs.
    pub test: HealthTest,
    /// `--interval`.
    pub interval: Option<TracedText>,
    /// `--timeout`.
    pub timeout: Option<TracedText>,
    /// `--start-period`.
    pub start_period: Option<TracedText>,
    /// `--start-interval`.
    pub start_interval: Option<TracedText>,
    /// `--retries`.
    pub retries: Option<TracedText>,
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
    /// What stands on its line.
    pub form: Form,
    /// `--mount=`: caches and the like.
    pub mounts: Vec<TracedText>,
    /// Its here-documents: the commands themselves where the line is no more than `<<EOF`.
    pub scripts: Vec<TracedText>,
    /// The `SHELL` before it; the base image's when `None`.
    pub shell: Option<Vec<TracedText>>,
    /// The `WORKDIR` that it runs in, as far as the Dockerfile says.
    pub workdir: Option<Resolved>,
    /// The `USER` that it runs as, as far as the Dockerfile says.
    pub user: Option<Resolved>,
}

/// A `COPY` or `ADD`.
#[derive(Clone, Debug)]
pub struct CopyInstruction {
    /// The instruction.
    pub span: Span,
    /// `--from=`: a stage or an image, as written.
    pub from: Option<TracedText>,
    /// Sources and, last, the destination, their variables expanded; as written where one of them has no value.
    pub words: Vec<TracedText>,
    /// Its here-documents: files that stand in the Dockerfile.
    pub contents: Vec<TracedText>,
    /// The `WORKDIR` of a relative destination, as far as the Dockerfile says.
    pub workdir: Option<Resolved>,
}

impl CopyInstruction {
    /// The absolute path that it copies to; `home` is the base image's own `WORKDIR`. None where a variable without a value is in it.
    #[must_use]
    pub fn to(&self, home: &str) -> Option<String> {
        let written = self.words.last()?.as_str();
        let path = if written.starts_with('/') {
            written.to_owned()
        } else {
            let workdir = match &self.workdir {
                None => "",
                Some(Ok(workdir)) => workdir.as_str(),
                Some(Err(_)) => return None,
            };
            let above = if workdir.starts_with('/') { "" } else { home };
            format!("{above}/{workdir}/{written}")
        };
        (!path.contains('$')).then(|| tidy(&path))
    }

    /// True when it copies into a directory, as far as its words say.
    #[must_use]
    pub fn into_directory(&self) -> bool {
        let to = self.words.last().map_or("", TracedText::as_str);
        to.ends_with('/') || to == "." || to.ends_with("/.") || to.ends_with("..") || self.words.len() > 2
    }
}

/// An absolute path without `.`, `..` and needless slashes.
#[must_use]
pub fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

impl TargetImage {
    /// True when a `RUN`, `COPY` or `ADD` of the image has the program's name in it, or may bring it along.
    #[must_use]
    pub fn mentions(&self, word: &str) -> bool {
        let in_form = |form: &Form| match form {
            Form::Exec(words) => words.iter().any(|text| text.as_str().contains(word)),
            Form::Shell(text) => text.as_str().contains(word),
        };
        let in_run =
            |run: &Run| in_form(&run.form) || run.scripts.iter().any(|script| script.as_str().contains(word));
        // From another stage whole directories of programs may come.
        let programs = ["/usr", "/bin", "/opt", "/sbin"];
        let in_copy = |copied: &CopyInstruction| {
            copied.words.iter().map(TracedText::as_str).any(|text| {
                let brings = copied.from.is_some()
                    && (text == "/" || programs.iter().any(|path| text.starts_with(path)));
                brings || text.contains(word)
            })
        };
        self.runs.iter().any(in_run) || self.copies.iter().any(in_copy)
    }
}
