//! Command lines that start a container: `docker run`, `docker create`, `docker service create` and those of Podman.
//!
//! [`find`] finds them in a text: a script, a Makefile, a systemd unit, the code blocks of a Markdown file. A command is read
//! as its client reads it (spf13/pflag, flags before the image only), and what the client rejects is kept with it.
//! Values that depend on a variable are unknown, and an unquoted variable may be none or several words.

mod find;
mod flags;
mod lines;
mod makefile;
mod markdown;
mod parse;
mod refusal;
mod unit;

pub use find::{Notation, find};
pub use flags::{Row, Takes, rows};
pub use parse::flags_of_run;

use crate::source::{Span, TracedText};

/// The client of a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `docker`
    Docker,
    /// `podman`
    Podman,
    /// `nerdctl`, which has the flags of Docker and some more.
    Nerdctl,
}

/// The subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `run`
    Run,
    /// `create`
    Create,
    /// `service create`, which starts the tasks of a Swarm service.
    ServiceCreate,
}

/// A command line that starts or creates a container.
#[derive(Clone, Debug)]
pub struct Command {
    /// The client.
    pub program: Program,
    /// The subcommand.
    pub verb: Verb,
    /// Span from the client's name to the last word.
    pub span: Span,
    /// Span of the client's name and the subcommand: `docker run`.
    pub head: Span,
    /// The flags before the image, in order.
    pub flags: Vec<Flag>,
    /// The image. None if it is missing, or if it is not clear which word it is.
    pub image: Option<Argument>,
    /// The words behind the image: the command of the container.
    pub arguments: Vec<Argument>,
    /// The word at which reading ended, because it may be several words or an unknown flag. Everything the command sets is then
    /// unknown.
    pub uncertain: Option<Span>,
    /// A long name behind one dash.
    pub one_dash: Option<OneDash>,
    /// The flags that the client rejects.
    pub refusals: Vec<Refusal>,
}

/// A long name behind one dash, which the client takes for letters: `-memory 512m`.
#[derive(Clone, Debug)]
pub struct OneDash {
    /// The word as written.
    pub word: TracedText,
    /// The long name, without dashes.
    pub meant: &'static str,
    /// The flag as the client reads it: `-m emory`. None if it does not know a letter.
    pub read: Option<String>,
}

/// A flag as given.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Its row in the table of flags.
    pub row: &'static Row,
    /// Its name as written: `--memory`, or `-m` of `-itm512m`.
    pub name: TracedText,
    /// Its value. None for a flag that takes none.
    pub value: Option<Argument>,
}

/// One word of a command line, or the part of a word behind a flag's name.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The text without quotes; variables as written.
    pub text: TracedText,
    /// True if it contains a variable, a substitution or a placeholder, so that its value is unknown.
    pub expands: bool,
}

/// Something for which the client rejects the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of the mistake.
    pub kind: Mistake,
    /// The client's message, without its name.
    pub message: String,
    /// The bytes at fault.
    pub span: Span,
}

/// A kind of mistake in a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A flag that the client does not know: its name with dashes.
    UnknownFlag(String),
    /// A flag without its value at the end of the line: its name.
    NoValue(&'static str),
    /// A value that the flag does not take: its name.
    Value(&'static str),
    /// Flags that exclude each other: the name of the other one.
    Conflict(&'static str),
    /// No image.
    NoImage,
    /// Text in the place of the image that is no reference of an image.
    Image,
}

impl Command {
    /// Returns the last flag of this name, which is the one that counts.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().rev().find(|flag| flag.row.name == name)
    }

    /// Returns all flags of this name, in order.
    pub fn all<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Flag> {
        self.flags.iter().filter(move |flag| flag.row.name == name)
    }

    /// True if a flag without a value is set.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|flag| flag.truth() == Some(true))
    }

    /// True if a flag without a value is set, or is given as `=$X`.
    #[must_use]
    pub fn may_be_set(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|flag| flag.truth() != Some(false))
    }

    /// Returns the flag that a word would be before the image.
    #[must_use]
    pub fn row_of(&self, word: &str) -> Option<&'static Row> {
        match word.strip_prefix("--") {
            Some(rest) => flags::by_name(self.program, self.verb, rest.split('=').next().unwrap_or_default()),
            None => {
                let mut letters = word.strip_prefix('-')?.chars();
                flags::by_letter(self.program, self.verb, letters.next()?)
            }
        }
    }
}

impl Flag {
    /// Returns its value if nothing in it is unknown.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        self.value.as_ref().and_then(Argument::literal)
    }

    /// For a flag that takes no value: true unless it is given as `=false`. None if it is given as `=$X`, or as what is no boolean.
    #[must_use]
    pub fn truth(&self) -> Option<bool> {
        match &self.value {
            None => Some(true),
            Some(value) => refusal::boolean(value.literal()?),
        }
    }

    /// Returns the span of its name and value.
    #[must_use]
    pub fn span(&self) -> Span {
        self.value.as_ref().map_or(self.name.span(), |value| self.name.span().cover(value.text.span()))
    }
}

impl Argument {
    /// Returns the text if nothing in it is unknown.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        (!self.expands).then(|| self.text.as_str())
    }
}

#[cfg(test)]
mod tests;
