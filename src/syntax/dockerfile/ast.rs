//! What a Dockerfile says, before anything is expanded.

use std::sync::Arc;

use crate::source::{Source, SourceId, Span, TracedText};
use crate::syntax::SyntaxError;

/// A parsed Dockerfile.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    /// The file.
    pub file: SourceId,
    /// The escape character: `\` or `` ` ``.
    pub escape: char,
    /// Parser directives (`# syntax=`, `# escape=`, `# check=`), in order.
    pub directives: Vec<Directive>,
    /// Instructions, in order.
    pub instructions: Vec<Instruction>,
    /// Every comment, those inside continued instructions included.
    pub comments: Vec<Span>,
    /// What did not parse.
    pub errors: Vec<SyntaxError>,
}

impl Dockerfile {
    /// What `source` says, parsed once for all who hold it at the same time.
    #[must_use]
    pub fn of(source: &Source) -> Arc<Self> {
        source.parsed(|source| super::parse(source.id(), source.text()))
    }

    /// True when `# syntax=` names another frontend than Docker's own: what that one reads need be no Dockerfile, and
    /// nothing here is an error for sure.
    #[must_use]
    pub fn has_foreign_frontend(&self) -> bool {
        let syntax =
            self.directives.iter().find(|directive| directive.name.as_str().eq_ignore_ascii_case("syntax"));
        syntax.is_some_and(|syntax| {
            let image = syntax.value.as_str();
            let image = image.strip_prefix("docker.io/").unwrap_or(image);
            // Also `docker/dockerfile-upstream` and `docker/dockerfile:1-labs`.
            !image.starts_with("docker/dockerfile")
        })
    }
}

/// A parser directive at the top of the file.
#[derive(Clone, Debug)]
pub struct Directive {
    /// `syntax`, `escape` or `check`, as written.
    pub name: TracedText,
    /// What stands after the `=`.
    pub value: TracedText,
}

/// The instruction keywords of the Dockerfile reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
    /// A word that is no instruction.
    Unknown,
}

impl Keyword {
    /// Every instruction of the Dockerfile reference.
    pub const ALL: [Self; 18] = [
        Self::Add,
        Self::Arg,
        Self::Cmd,
        Self::Copy,
        Self::Entrypoint,
        Self::Env,
        Self::Expose,
        Self::From,
        Self::Healthcheck,
        Self::Label,
        Self::Maintainer,
        Self::Onbuild,
        Self::Run,
        Self::Shell,
        Self::Stopsignal,
        Self::User,
        Self::Volume,
        Self::Workdir,
    ];

    /// The instruction that `word` names, in whatever case; [`Keyword::Unknown`] when none.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|k| k.as_str().eq_ignore_ascii_case(word)).unwrap_or(Self::Unknown)
    }

    /// The keyword in capitals; empty for [`Keyword::Unknown`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "ADD",
            Self::Arg => "ARG",
            Self::Cmd => "CMD",
            Self::Copy => "COPY",
            Self::Entrypoint => "ENTRYPOINT",
            Self::Env => "ENV",
            Self::Expose => "EXPOSE",
            Self::From => "FROM",
            Self::Healthcheck => "HEALTHCHECK",
            Self::Label => "LABEL",
            Self::Maintainer => "MAINTAINER",
            Self::Onbuild => "ONBUILD",
            Self::Run => "RUN",
            Self::Shell => "SHELL",
            Self::Stopsignal => "STOPSIGNAL",
            Self::User => "USER",
            Self::Volume => "VOLUME",
            Self::Workdir => "WORKDIR",
            Self::Unknown => "",
        }
    }
}

/// One instruction.
#[derive(Clone, Debug)]
pub struct Instruction {
    /// Which instruction.
    pub keyword: Keyword,
    /// The keyword as written.
    pub name: TracedText,
    /// From the keyword to the end of the last argument (heredoc bodies included).
    pub span: Span,
    /// First line, from 1.
    pub first_line: u32,
    /// Last line, heredoc terminators included, from 1.
    pub last_line: u32,
    /// `--name=value` words of the instructions that take them.
    pub flags: Vec<Flag>,
    /// The rest.
    pub arguments: Arguments,
    /// Here-documents of RUN, COPY and ADD.
    pub heredocs: Vec<Heredoc>,
}

/// `--name=value` or `--name`.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The whole word, quotes removed.
    pub text: TracedText,
    /// What stands between `--` and `=`.
    pub name: TracedText,
    /// What stands after the `=`.
    pub value: Option<TracedText>,
}

/// An instruction's arguments.
#[derive(Clone, Debug)]
pub enum Arguments {
    /// None at all.
    None,
    /// Separated by white space; ARG's words keep their quotes.
    Words(Vec<TracedText>),
    /// A JSON array of strings, unescaped: exec form.
    Exec(Vec<TracedText>),
    /// One text to the end of the instruction: shell form, or a single value (USER, WORKDIR).
    Shell(TracedText),
    /// ENV and LABEL; quotes and escapes are still there.
    Pairs(Vec<Pair>),
    /// HEALTHCHECK: `CMD` or `NONE`, and its command.
    Healthcheck {
        /// `CMD` or `NONE`, as written.
        kind: TracedText,
        /// Shell or exec form.
        command: Box<Arguments>,
    },
    /// ONBUILD's instruction.
    Onbuild(Box<Instruction>),
    /// Text that could not be split.
    Malformed(TracedText),
}

/// `KEY=value` or the old `KEY value`.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The key, quotes not removed.
    pub key: TracedText,
    /// The value, quotes not removed, nothing expanded.
    pub value: TracedText,
    /// `ENV KEY the rest of the line`.
    pub legacy: bool,
}

/// A here-document.
#[derive(Clone, Debug)]
pub struct Heredoc {
    /// Its terminator word.
    pub name: String,
    /// False when the word was quoted: variables in the body are left alone.
    pub expand: bool,
    /// `<<-`: leading tabs are removed.
    pub chomp: bool,
    /// The file descriptor before `<<`, 0 when none is written.
    pub descriptor: u32,
    /// The body, terminator line not included.
    pub body: Span,
    /// The content, after removing tabs where `chomp` says so.
    pub content: String,
    /// The terminator; absent when the file ends before it.
    pub terminator: Option<Span>,
}
