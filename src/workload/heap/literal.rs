//! Finds variables in a start line that no shell expands: the program gets their names as text, or nothing reads them.

use super::reader::SettingsReader;
use crate::source::{Span, TracedText};
use crate::syntax::shell::{Wrapped, unwrap_once};
use crate::workload::Program;
use crate::workload::process::words;

/// A word like `$NAME` of a start line that nothing expands.
#[derive(Clone, Debug, PartialEq)]
pub struct LiteralWord {
    /// Its place.
    pub span: Span,
    /// Its text: `$JAVA_OPTS`.
    pub text: String,
    /// Its receiver.
    pub place: LiteralPlace,
    /// The words of a command line in which a shell would expand it before the program's name.
    pub line: Vec<String>,
    /// True if the entrypoint has the name of the program, false if the command has it.
    pub in_entrypoint: bool,
    /// True if the command has further words of the program, too.
    pub and_command: bool,
}

/// The receiver of a word that nothing expands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LiteralPlace {
    /// The runtime takes it for the program to run, and does not start.
    Main,
    /// The program gets it as an argument.
    Argument,
    /// It comes behind the script of a shell, which does not use it. The shell runs this script alone.
    BehindScript(String),
}

impl SettingsReader<'_> {
    /// Returns the names of the variables that the program, or the shell that starts it, gets as text.
    pub(super) fn literal_names(&self, program: &Program) -> Vec<String> {
        let names = program.arguments.iter().filter_map(|word| variable_of(word.as_str()));
        if program.expanded { Vec::new() } else { names.map(str::to_owned).collect() }
    }

    /// Returns the word of a variable that nothing expands.
    pub(super) fn literal(&self, program: &Program, name: &str) -> Option<LiteralWord> {
        let start = self.workload.process.start.value()?;
        let is_it = |word: &TracedText| variable_of(word.as_str()) == Some(name);
        let has = |words: &[TracedText], place: Span| words.iter().any(|word| word.span().contains(place));
        if !program.expanded {
            let at = program.arguments.iter().position(is_it)?;
            let word = program.arguments.get(at)?;
            let reads_all = self.runtime.command_line.joins_values;
            let is_main = !reads_all && at == self.main_word(program);
            let others = program.arguments.iter().enumerate().filter(|(other, _)| *other != at);
            let others = others.map(|(_, word)| word.as_str());
            let variable = format!("${name}");
            let line = [program.name.as_str(), &variable].into_iter().chain(others);
            return Some(LiteralWord {
                span: word.span(),
                text: word.as_str().to_owned(),
                place: if is_main { LiteralPlace::Main } else { LiteralPlace::Argument },
                line: line.map(str::to_owned).collect(),
                in_entrypoint: has(&start.entrypoint, program.name.span()),
                and_command: !start.command.is_empty(),
            });
        }
        // Without an entrypoint script that executes its arguments.
        let words = words(start, self.workload.image.handover.as_ref());
        let texts: Vec<&str> = words.iter().map(|word| word.as_str()).collect();
        let Wrapped::Script(at) = unwrap_once(&texts) else { return None };
        // A script with variables may use its arguments.
        let script = texts.get(at).filter(|script| !script.contains('$'))?;
        let behind = words.get(at + 1..)?;
        let word = behind.iter().find(|word| is_it(word))?;
        let bare = format!("${name}");
        let text = |word| if is_it(word) { bare.as_str() } else { word.as_str() };
        let line = std::iter::once(*script).chain(behind.iter().map(text));
        Some(LiteralWord {
            span: word.span(),
            text: word.as_str().to_owned(),
            place: LiteralPlace::BehindScript((*script).to_owned()),
            line: line.map(str::to_owned).collect(),
            in_entrypoint: words.first().is_some_and(|shell| has(&start.entrypoint, shell.span())),
            and_command: !start.command.is_empty(),
        })
    }
}

/// Returns the name in a word that is `$NAME` or `${NAME}`.
fn variable_of(word: &str) -> Option<&str> {
    let name = word.strip_prefix('$')?;
    let name = name.strip_prefix('{').map_or(Some(name), |inner| inner.strip_suffix('}'))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}
