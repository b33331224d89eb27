//! Parser for the shell commands of `RUN`, `CMD`, health checks and scripts: POSIX sh, and the bash extensions in
//! common use.
//!
//! Nothing is executed or expanded. Commands are in the order in which a shell reaches them: those of a `$(…)` before
//! the command that uses it, those of `sh -c '…'`, of `eval` and of a here-document for a shell after it.

mod constructs;
mod reader;
mod redirections;
mod words;
mod wrapper;

pub use wrapper::{Wrapped, base_name, is_shell, unwrap_once};

use crate::source::{Span, TracedText};

/// Maximum length of a chain of wrappers that is followed, as in `sudo env nice java`.
const MAX_WRAPPERS: usize = 12;

/// A parsed script.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// The simple commands, in the order in which a shell reaches them.
    pub commands: Vec<Command>,
    /// The compound commands around them: groups, branches, loops.
    pub frames: Vec<Frame>,
    /// Contents of the here-documents.
    pub heredocs: Vec<TracedText>,
    /// False if a limit, an open quote or an unpaired keyword left part of the script unread.
    pub complete: bool,
}

/// A simple command.
#[derive(Clone, Debug)]
pub struct Command {
    /// `NAME=value` words before the command, or without one.
    pub assignments: Vec<Assignment>,
    /// The words, quotes removed, variables as written.
    pub words: Vec<Word>,
    /// The number of words before the program that runs in the end: wrappers with their options.
    wrapped: usize,
    /// Redirections: `> file`, `<<EOF` and the like.
    pub redirections: Vec<Redirection>,
    /// Operator before it in its list.
    pub joined: Join,
    /// Operator after it.
    pub end: Join,
    /// Span of the operator after it.
    pub end_span: Span,
    /// The innermost construct around it: an index into [`Script::frames`].
    pub frame: Option<usize>,
    /// Span of the command, redirections and assignments included.
    pub span: Span,
}

/// One word of a command.
#[derive(Clone, Debug)]
pub struct Word {
    /// The text without quotes; variables and substitutions as written.
    pub text: TracedText,
    /// True if it contains a variable or a substitution, so that its value is unknown.
    pub expands: bool,
    /// True if any part is quoted or escaped, so that it cannot be a keyword.
    pub quoted: bool,
    /// True if it may become no word or several: a variable or substitution outside of quotes, or `"$@"`.
    pub splits: bool,
}

/// An assignment, `NAME=value`.
#[derive(Clone, Debug)]
pub struct Assignment {
    /// The name.
    pub name: TracedText,
    /// The value.
    pub value: Word,
}

/// A redirection.
#[derive(Clone, Debug)]
pub struct Redirection {
    /// The operator as written, without the descriptor: `>`, `>>`, `<`, `<<`, `<<<`, `>&`.
    pub operator: TracedText,
    /// The file, the descriptor, or the terminator of a here-document.
    pub target: Word,
    /// Content of the here-document: an index into [`Script::heredocs`].
    pub heredoc: Option<usize>,
}

/// An operator between commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Join {
    /// No operator: at the start or end of a list.
    #[default]
    Nothing,
    /// `;` or a newline
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

/// A construct around commands: a compound command, substitution or nested script.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The kind of construct.
    pub kind: FrameKind,
    /// The construct around it: an index into [`Script::frames`].
    pub parent: Option<usize>,
    /// Operator before it.
    pub joined: Join,
    /// Operator after it.
    pub end: Join,
    /// Span of the operator after it.
    pub end_span: Option<Span>,
    /// Name, if it is a function.
    pub name: Option<TracedText>,
}

/// The kind of a construct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// `{ … }`
    Group,
    /// `( … )`
    Subshell,
    /// A nested script: `sh -c '…'`, `eval '…'`, a here-document or here-string for a shell.
    Script,
    /// The condition of `if`, `while` or `until`, or the head of a `for` or `select`: always runs.
    Condition,
    /// `then`, `elif`, `else`, or an arm of a `case`.
    Branch,
    /// The body of a loop.
    Loop,
    /// `case … esac` around its arms.
    Case,
    /// A function's body, which runs when the function is called.
    Function,
    /// `$( … )` or backticks.
    Substitution,
}

/// Parses a script.
#[must_use]
pub fn read(text: &TracedText) -> Script {
    reader::script(text, &[])
}

/// Parses the command line of a `RUN`. `heredocs` are the contents of its here-documents; one without a command is
/// parsed as a script.
#[must_use]
pub fn read_run(line: &TracedText, heredocs: &[TracedText]) -> Script {
    reader::script(line, heredocs)
}

/// Parses the words of an exec form. Only a shell among them reads its argument as a script.
#[must_use]
pub fn read_words(words: &[TracedText]) -> Script {
    reader::words(words)
}

impl Word {
    /// Returns the word if it has nothing to expand.
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
    /// Returns the words of the program that runs in the end, after `sudo`, `env A=b`, `exec` and other wrappers.
    #[must_use]
    pub fn runs(&self) -> &[Word] {
        self.words.get(self.wrapped..).unwrap_or_default()
    }

    /// Returns the base name of the program that runs; `None` if the name contains variables, or if nothing runs.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        Some(base_name(self.runs().first()?.literal()?))
    }

    /// Returns the words after the program's name.
    #[must_use]
    pub fn arguments(&self) -> &[Word] {
        self.runs().get(1..).unwrap_or_default()
    }

    /// True if it runs a script whose commands are parsed and come after it: `sh -c '…'`, `eval '…'`, `bash <<EOF`.
    #[must_use]
    pub fn runs_parsed_script(&self) -> bool {
        match unwrap_once(self.runs()) {
            Wrapped::Script(at) => at < self.runs().len(),
            Wrapped::Input => {
                self.redirections.iter().any(|redirection| redirection.operator.as_str().starts_with("<<"))
            }
            Wrapped::From(_) | Wrapped::Itself => false,
        }
    }

    /// Returns names and values of the leading assignments, and of all words with a `=` that are not options, as in
    /// `export A=b`.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.assignments.iter().map(|set| (set.name.as_str(), set.value.as_ref()));
        let words = self.words.iter().filter(|word| !word.as_ref().starts_with('-'));
        own.chain(words.filter_map(|word| word.as_ref().split_once('=')))
    }
}

/// Returns the number of words before the one behind all wrappers; after [`MAX_WRAPPERS`] the next wrapper counts as the program.
fn count_wrapped(words: &[Word]) -> usize {
    let mut count = 0;
    for _ in 0..MAX_WRAPPERS {
        let Wrapped::From(at) = unwrap_once(words.get(count..).unwrap_or_default()) else { break };
        count += at;
    }
    count
}

impl Script {
    /// Returns the constructs around a command, innermost first, as indices into [`Script::frames`].
    pub fn enclosing(&self, command: &Command) -> impl Iterator<Item = usize> {
        std::iter::successors(command.frame, |at| self.frames.get(*at)?.parent)
    }

    /// True if `later` always runs after `earlier`, as long as nothing fails: no branch, loop, function or `||` is
    /// around `later` that is not around `earlier`.
    #[must_use]
    pub fn always_follows(&self, earlier: &Command, later: &Command) -> bool {
        let before: Vec<usize> = self.enclosing(earlier).collect();
        let mut frames = self.enclosing(later).filter(|frame| !before.contains(frame));
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
