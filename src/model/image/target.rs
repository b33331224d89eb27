//! The image of the stage that a build targets.

use std::sync::OnceLock;

use crate::hash::IndexMap;
use crate::source::{Span, TracedText};
use crate::syntax::shell::Script;

/// An expanded value. The error is the unknown variable in it, or a text that cannot be expanded.
pub type Resolved = Result<TracedText, String>;

/// The image of one stage, with what it inherits from the stages that it is built on. A field that is `None` is left to the
/// external base image (for [`Base::Scratch`]: there is none).
#[derive(Clone, Debug)]
pub struct TargetImage {
    /// The `FROM` instruction of the target stage.
    pub from: Span,
    /// Span of the name in that `FROM`.
    pub reference: Span,
    /// The stage's name as written.
    pub stage_name: Option<String>,
    /// The external base image of the stages.
    pub base: Base,
    /// True if the Dockerfile is written for Windows: by its platform, its escape character or its shell.
    pub windows: bool,
    /// The `FROM` instruction that names the base.
    pub base_from: Span,
    /// Numbers of the stages that this image is built of, outermost first, itself last.
    pub chain: Vec<usize>,
    /// The Dockerfile has stages that are not part of this image.
    pub multi_stage: bool,
    /// The environment, by name.
    pub env: IndexMap<String, EnvEntry>,
    /// `SHELL` after the last instruction. Commands hold the one in effect where they are written.
    pub shell: Option<Vec<TracedText>>,
    /// `USER`.
    pub user: Option<Resolved>,
    /// `WORKDIR`. Relative to the base image's if none here is absolute.
    pub workdir: Option<Resolved>,
    /// `STOPSIGNAL`.
    pub stop_signal: Option<Resolved>,
    /// The ports of its `EXPOSE`s, as `80/tcp`, in order.
    pub exposes: Vec<Resolved>,
    /// Their words, as written.
    pub expose_words: Vec<TracedText>,
    /// `HEALTHCHECK`.
    pub healthcheck: Option<HealthcheckInstruction>,
    /// `ENTRYPOINT`.
    pub entrypoint: Option<Command>,
    /// `CMD`.
    pub cmd: Option<Command>,
    /// The `ENTRYPOINT` that reset the `CMD` of an earlier stage or of the base image: without [`TargetImage::cmd`], the image
    /// has no `CMD`.
    pub cmd_reset_by: Option<Span>,
    /// `RUN` instructions, in order: what is installed.
    pub runs: Vec<Run>,
    /// `COPY` and `ADD` instructions, in order: what is brought in.
    pub copies: Vec<CopyInstruction>,
    /// `ONBUILD` instructions that apply to images built on this one.
    pub onbuild: Vec<Span>,
    /// Names of its stages' build arguments, which `RUN`s see as variables.
    pub arguments: Vec<TracedText>,
    /// Their known values, the last of each name.
    pub argument_values: IndexMap<String, String>,
    /// Variables that are set by the build only and absent when the image runs.
    pub build_only: Vec<BuildVariable>,
    /// Instructions of its stages that a later one of the same stage replaces.
    pub overridden: Vec<OverriddenInstruction>,
}

/// A `CMD`, `ENTRYPOINT` or `HEALTHCHECK` without effect, because its stage has another one after it.
#[derive(Clone, Copy, Debug)]
pub struct OverriddenInstruction {
    /// Its keyword in upper case.
    pub keyword: &'static str,
    /// The instruction.
    pub span: Span,
    /// The instruction that counts.
    pub by: Span,
    /// True if comments are between its lines.
    pub has_comments: bool,
}

/// A variable that is absent at run time.
#[derive(Clone, Debug)]
pub struct BuildVariable {
    /// Its name.
    pub name: TracedText,
    /// Its value as written.
    pub value: TracedText,
    /// The stage that sets it, if not part of the image. None for a `RUN export`, which ends with its shell.
    pub stage: Option<String>,
}

/// The base image: what the outermost `FROM` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Base {
    /// An image.
    Reference(TracedText),
    /// A reference with an unknown variable.
    Unknown {
        /// The reference.
        at: Span,
        /// The variable.
        variable: String,
    },
    /// `scratch`.
    Scratch,
}

/// An environment variable of the image.
#[derive(Clone, Debug)]
pub struct EnvEntry {
    /// Its name.
    pub key: TracedText,
    /// Its value.
    pub value: Resolved,
    /// Span of the pair in its `ENV`.
    pub span: Span,
    /// The variables that the build has put into its value, each with the text.
    pub uses: Vec<(String, String)>,
}

/// A command of `ENTRYPOINT`, `CMD` or `HEALTHCHECK`.
#[derive(Clone, Debug)]
pub struct Command {
    /// The instruction.
    pub span: Span,
    /// Exec or shell form. `ENTRYPOINT []` is an exec form of no words: there is no entrypoint.
    pub form: Form,
    /// The `SHELL` in effect, which runs the shell form. None for the base image's.
    pub shell: Option<Vec<TracedText>>,
}

/// The form of a command.
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
    /// Its test.
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

/// The test of a `HEALTHCHECK`.
#[derive(Clone, Debug)]
pub enum HealthTest {
    /// `NONE`.
    Disabled,
    /// `CMD`.
    Command(Command),
}

/// A `RUN` instruction.
#[derive(Clone, Debug)]
pub struct Run {
    /// The instruction.
    pub span: Span,
    /// Its command, without here-documents.
    pub form: Form,
    /// Values of `--mount=`, such as caches.
    pub mounts: Vec<TracedText>,
    /// Its here-documents. They are the commands if the line is only `<<EOF`.
    pub scripts: Vec<TracedText>,
    /// The `SHELL` in effect. None for the base image's.
    pub shell: Option<Vec<TracedText>>,
    /// The `WORKDIR` in effect, as far as the Dockerfile sets it.
    pub workdir: Option<Resolved>,
    /// The `USER` in effect, as far as the Dockerfile sets it.
    pub user: Option<Resolved>,
    /// Its commands, parsed on first use; `None` if its shell is not a POSIX one.
    pub(crate) script: OnceLock<Option<Script>>,
}

/// A `COPY` or `ADD` instruction.
#[derive(Clone, Debug)]
pub struct CopyInstruction {
    /// The instruction.
    pub span: Span,
    /// `--from=`: a stage or an image, as written.
    pub from: Option<TracedText>,
    /// Sources and, last, the destination, expanded. A word with an unknown variable is as written.
    pub words: Vec<TracedText>,
    /// Its here-documents: contents of files.
    pub contents: Vec<TracedText>,
    /// The `WORKDIR` that a relative destination starts at, as far as the Dockerfile sets it.
    pub workdir: Option<Resolved>,
}

impl CopyInstruction {
    /// Returns the absolute destination. `home` is the base image's own `WORKDIR`. None if an unknown variable is in it.
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

    /// True if it copies into a directory, as far as its words tell.
    #[must_use]
    pub fn into_directory(&self) -> bool {
        let to = self.words.last().map_or("", TracedText::as_str);
        to.ends_with('/') || to == "." || to.ends_with("/.") || to.ends_with("..") || self.words.len() > 2
    }
}

/// Normalizes an absolute path: removes `.`, `..` and repeated slashes.
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
    /// True if a `RUN`, `COPY` or `ADD` of the image names the program, or may bring it along.
    #[must_use]
    pub fn mentions(&self, word: &str) -> bool {
        let in_form = |form: &Form| match form {
            Form::Exec(words) => words.iter().any(|text| text.as_str().contains(word)),
            Form::Shell(text) => text.as_str().contains(word),
        };
        let in_run =
            |run: &Run| in_form(&run.form) || run.scripts.iter().any(|script| script.as_str().contains(word));
        // A copy from another stage may bring whole directories of programs.
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
