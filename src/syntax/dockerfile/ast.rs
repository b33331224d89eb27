//! Syntax tree of a Dockerfile, before any expansion.

use std::sync::Arc;

use crate::source::{Language, Source, SourceId, Span, TracedText};
use crate::syntax::SyntaxError;

/// A parsed Dockerfile.
#[derive(Clone, Debug)]
pub struct Dockerfile {
    /// The file it was parsed from.
    pub file: SourceId,
    /// The escape character: `\` or `` ` ``.
    pub escape: char,
    /// Parser directives (`# syntax=`, `# escape=`, `# check=`), in file order.
    pub directives: Vec<Directive>,
    /// Instructions, in file order.
    pub instructions: Vec<Instruction>,
    /// Every comment, including those inside continued instructions.
    pub comments: Vec<Span>,
    /// Syntax errors, in file order.
    pub errors: Vec<SyntaxError>,
}

impl Dockerfile {
    /// Parses `source`, or returns the tree of an earlier call while any `Arc` to it is alive.
    #[must_use]
    pub fn of(source: &Source) -> Arc<Self> {
        source.set_language(Language::Dockerfile);
        source.parsed(|source| super::parse(source.id(), source.text()))
    }

    /// True if `# syntax=` names a frontend other than Docker's own: its input need not be a Dockerfile, so no error
    /// is certain.
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
    /// The text after the `=`.
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
    /// An unknown word in place of an instruction.
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

    /// Returns the instruction that `word` names, case-insensitive; [`Keyword::Unknown`] if none.
    #[must_use]
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|k| k.as_str().eq_ignore_ascii_case(word)).unwrap_or(Self::Unknown)
    }

    /// Returns the keyword in upper case; empty for [`Keyword::Unknown`].
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
    /// The kind of instruction.
    pub keyword: Keyword,
    /// The keyword as written.
    pub name: TracedText,
    /// From the keyword to the end of the last argument (heredoc bodies included).
    pub span: Span,
    /// Number of the first line, from 1.
    pub first_line: u32,
    /// Number of the last line, heredoc terminators included, from 1.
    pub last_line: u32,
    /// The `--name=value` words before the arguments.
    pub flags: Vec<Flag>,
    /// The arguments after the flags.
    pub arguments: Arguments,
    /// Here-documents of RUN, COPY and ADD.
    pub heredocs: Vec<Heredoc>,
}

/// `--name=value` or `--name`.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The whole word, quotes removed.
    pub text: TracedText,
    /// The text between `--` and `=`.
    pub name: TracedText,
    /// The text after the `=`; `None` without one.
    pub value: Option<TracedText>,
}

/// An instruction's arguments.
#[derive(Clone, Debug)]
pub enum Arguments {
    /// No arguments.
    None,
    /// Words separated by white space; those of ARG keep their quotes.
    Words(Vec<TracedText>),
    /// Exec form: a JSON array of strings, unescaped.
    Exec(Vec<TracedText>),
    /// One text to the end of the instruction: shell form, or a single value (MAINTAINER, STOPSIGNAL, USER, WORKDIR).
    Shell(TracedText),
    /// The pairs of ENV and LABEL, with quotes and escapes as written.
    Pairs(Vec<Pair>),
    /// `CMD` or `NONE` of HEALTHCHECK, and the command.
    Healthcheck {
        /// `CMD` or `NONE`, as written.
        kind: TracedText,
        /// The command in shell or exec form.
        command: Box<Arguments>,
    },
    /// The trigger instruction of ONBUILD.
    Onbuild(Box<Instruction>),
    /// Text that could not be parsed.
    Malformed(TracedText),
}

/// `KEY=value` or the legacy `KEY value`.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The key, quotes as written.
    pub key: TracedText,
    /// The value, quotes and variables as written.
    pub value: TracedText,
    /// True for the legacy form, `ENV KEY the rest of the line`.
    pub legacy: bool,
}

/// A here-document.
#[derive(Clone, Debug)]
pub struct Heredoc {
    /// The terminator word, unquoted.
    pub name: String,
    /// False if the word was quoted: then variables in the body are not expanded.
    pub expand: bool,
    /// True for `<<-`: leading tabs are removed.
    pub chomp: bool,
    /// The file descriptor before `<<`; 0 without one.
    pub descriptor: u32,
    /// The bytes of the body, without the terminator line.
    pub body: Span,
    /// The content, with leading tabs removed if `chomp`.
    pub content: String,
    /// The bytes of the terminator; `None` if the file ends before it.
    pub terminator: Option<Span>,
}
