//! Shell commands as `RUN`, `CMD`, healthchecks and scripts have them: POSIX sh, and what bash adds that people use.
//!
//! Nothing is executed and nothing expanded. Commands stand in the order in which a shell comes to them: those of a `$(…)`
//! before the command that uses it, those of `sh -c '…'`, of `eval` and of a here-document for a shell behind it.

mod constructs;
mod reader;
mod redirections;
mod words;
mod wrapper;

pub use wrapper::{Inner, base_name, inner, is_shell};

use crate::source::{Span, TracedText};

/// Programs that start each other, as `sudo env nice java`, that are followed.
const MAX_WRAPPERS: usize = 12;

/// A script, read and not run.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Its simple commands, in order.
    pub commands: Vec<Command>,
    /// The constructs around them: groups, branches, loops.
    pub frames: Vec<Frame>,
    /// The contents of here-documents.
    pub heredocs: Vec<TracedText>,
    /// False where a bound, an open quote or a keyword without its partner left something unread.
    pub complete: bool,
}

/// A simple command.
#[derive(Clone, Debug)]
pub struct Command {
    /// `NAME=value` before the command, or alone.
    pub assignments: Vec<Assignment>,
    /// The words, quotes removed, variables as written.
    pub words: Vec<Word>,
    /// `> file`, `<<EOF` and the like.
    pub redirections: Vec<Redirection>,
    /// The operator before it in its list.
    pub joined: Join,
    /// The operator behind it.
    pub end: Join,
    /// The place of that operator.
    pub end_span: Span,
    /// The innermost construct that it stands in: an index into [`Script::frames`].
    pub frame: Option<usize>,
    /// From its first to its last word.
    pub span: Span,
}

/// One word of a command.
#[derive(Clone, Debug)]
pub struct Word {
    /// Without quotes; variables and substitutions as written.
    pub text: TracedText,
    /// A variable or a substitution is in it: what it will be is not known.
    pub expands: bool,
    /// A part of it is quoted or escaped: it is no keyword.
    pub quoted: bool,
}

/// `NAME=value`.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The name.
    pub name: TracedText,
    /// The value.
    pub value: Word,
}

/// Input or output that goes elsewhere.
#[derive(Clone, Debug)]
pub struct Redirection {
    /// `>`, `>>`, `<`, `<<`, `<<<`, `>&`: as written, without the descriptor.
    pub operator: TracedText,
    /// The file, the descriptor, or the here-document's name.
    pub target: Word,
    /// The here-document's content: an index into [`Script::heredocs`].
    pub heredoc: Option<usize>,
}

/// The operator between commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// Not at all: the beginning or the end of a list.
    #[default]
    Nothing,
    /// `;` or a line's end.
    Sequence,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|`
    Pipe,
    /// `&`
    Background,
}

/// A construct around commands.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Which.
    pub kind: FrameKind,
    /// The construct around it.
    pub parent: Option<usize>,
    /// The operator before it.
    pub joined: Join,
    /// The operator behind it.
    pub end: Join,
    /// The place of that operator.
    pub end_span: Option<Span>,
    /// The name of a function.
    pub name: Option<TracedText>,
}

/// The kinds of constructs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// `{ … }`
    Group,
    /// `( … )`
    Subshell,
    /// A script inside the script: `sh -c '…'`, `eval '…'`, a here-document for a shell.
    Script,
    /// The question of the first `if`, or of a `while`: always run.
    Condition,
    /// `then`, `elif`, `else`, and each arm of a `case`.
    Branch,
    /// The body of a loop.
    Loop,
    /// `case … esac` around its arms.
    Case,
    /// A function's body: run when it is called.
    Function,
    /// `$( … )` or backticks.
    Substitution,
}

/// Reads a script.
#[must_use]
pub fn read(text: &TracedText) -> Script {
    reader::script(text, &[])
}

/// Reads the line of a `RUN`, whose here-documents stand elsewhere; one without a command of its own is a script.
#[must_use]
pub fn read_run(line: &TracedText, heredocs: &[TracedText]) -> Script {
    reader::script(line, heredocs)
}

/// Reads the words of an exec form: the first is the program, and nothing is expanded but what a shell among them reads.
#[must_use]
pub fn read_words(words: &[TracedText]) -> Script {
    reader::words(words)
}

impl Word {
    /// The word, when it stands as it will be.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        (!self.expands).then(|| self.text.as_str())
    }
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        self.text.as_str()
    }
}

impl Command {
    /// The words of what it runs in the end, behind `sudo`, `env A=b`, `exec` and the like.
    #[must_use]
    pub fn runs(&self) -> &[Word] {
        behind_wrappers(&self.words)
    }

    /// The last part of the name of the program that it runs; none where a variable names it, or nothing runs.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        Some(base_name(self.runs().first()?.literal()?))
    }

    /// The words behind the program's name.
    #[must_use]
    pub fn arguments(&self) -> &[Word] {
        self.runs().get(1..).unwrap_or_default()
    }

    /// True for one whose script stands behind it in the list, read: `sh -c '…'`, `bash <<EOF`.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        match inner(self.runs()) {
            Inner::Script(at) => at < self.runs().len(),
            Inner::Input => {
                self.redirections.iter().any(|redirection| redirection.operator.as_str().starts_with("<<"))
            }
            Inner::From(_) | Inner::Itself => false,
        }
    }

    /// Variables that it sets for what it runs, or, with `export` and alone, for what follows.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.assignments.iter().map(|set| (set.name.as_str(), set.value.as_ref()));
        let words = self.words.iter().filter(|word| !word.as_ref().starts_with('-'));
        own.chain(words.filter_map(|word| word.as_ref().split_once('=')))
    }
}

/// The words behind the wrappers; beyond the bound a wrapper is what runs.
fn behind_wrappers(words: &[Word]) -> &[Word] {
    let mut words = words;
    for _ in 0..MAX_WRAPPERS {
        let Inner::From(at) = inner(words) else { break };
        words = words.get(at..).unwrap_or_default();
    }
    words
}

impl Script {
    /// The constructs around a command, innermost first.
    pub fn around(&self, command: &Command) -> impl Iterator<Item = usize> {
        std::iter::successors(command.frame, |at| self.frames.get(*at)?.parent)
    }

    /// True when `later` runs wherever `earlier` has run, as far as nothing fails: no branch, loop, function or `||` is
    /// around it that is not around the other.
    #[must_use]
    pub fn always_follows(&self, earlier: &Command, later: &Command) -> bool {
        let before: Vec<usize> = self.around(earlier).collect();
        let mut frames = self.around(later).filter(|frame| !before.contains(frame));
        let certain = |at: usize| {
            self.frames.get(at).is_some_and(|frame| {
                let runs = matches!(
                    frame.kind,
                    FrameKind::Group
                        | FrameKind::Subshell
                        | FrameKind::Script
                        | FrameKind::Condition
                        | FrameKind::Case
                        | FrameKind::Substitution
                );
                runs && frame.joined != Join::Or
            })
        };
        later.joined != Join::Or && frames.all(certain)
    }
}

#[cfg(test)]
mod tests;
