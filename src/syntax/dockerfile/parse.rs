//! The main loop of the parser, after BuildKit's `parser/parser.go`.

use crate::order;
use crate::source::{MAX_FILE_SIZE, SourceId, Span};
use crate::syntax::SyntaxError;

use super::ast::{Arguments, Dockerfile, Instruction, Keyword};
use super::directives::Directives;
use super::heredoc;
use super::instruction::Reader;
use super::lines::{Lines, LogicalLine, MAX_LINE};

/// Number of unterminated here-documents after which no more are searched for: each search runs to the end of the
/// file.
const MAX_UNTERMINATED: usize = 8;

/// Parses a Dockerfile. Never fails: errors are in [`Dockerfile::errors`], and the rest is parsed all the same.
#[must_use]
pub fn parse(file: SourceId, text: &str) -> Dockerfile {
    let mut dockerfile = Dockerfile {
        file,
        escape: '\\',
        directives: Vec::new(),
        instructions: Vec::new(),
        comments: Vec::new(),
        errors: Vec::new(),
    };
    if text.len() as u64 > MAX_FILE_SIZE {
        let message = format!("larger than {} MiB", MAX_FILE_SIZE / 1024 / 1024);
        dockerfile.errors.push(SyntaxError::fatal(message, Span::new(file, 0, 0)));
        return dockerfile;
    }
    let mut directives = Directives::new(file);
    let mut lines = Lines::new(text);
    let mut state = State::default();
    while let Some(line) = lines.next() {
        let (start, content) = line.trimmed();
        if directives.take(start, content, &mut dockerfile.errors) || content.is_empty() {
            continue;
        }
        if content.starts_with('#') {
            dockerfile.comments.push(Span::new(file, start, start + content.len()));
            continue;
        }
        let first_line = lines.number;
        let known_errors = dockerfile.errors.len();
        let logical = LogicalLine::read(file, &line, &mut lines, directives.escape, &mut dockerfile.comments);
        let mut reader = Reader { escape: directives.escape, errors: &mut dockerfile.errors };
        let mut instruction = reader.read(&logical);
        if state.forgive(&instruction) {
            dockerfile.errors.truncate(known_errors);
        }
        let dangling = heredocs(&mut instruction, &logical, text, &mut lines, &mut state);
        let at = instruction.name.span();
        let missing_stage = state.missing_stage(&instruction);
        let messages = dangling
            .into_iter()
            .chain(missing_stage.then(|| ("no FROM before this instruction".to_owned(), at)));
        let found = messages.map(|(message, span)| SyntaxError::fatal(message, span));
        dockerfile.errors.extend(found);
        number(&mut instruction, first_line, lines.number);
        dockerfile.instructions.push(instruction);
    }
    if let Some(range) = lines.overlong {
        let message =
            format!("a line of {} bytes, more than the {MAX_LINE} that BuildKit reads", range.len());
        let span = Span::new(file, range.start, range.end);
        dockerfile.errors.push(SyntaxError::fatal(message, span));
    }
    if dockerfile.instructions.is_empty() {
        let message = "a file with no instructions".to_owned();
        dockerfile.errors.push(SyntaxError::fatal(message, Span::new(file, 0, 0)));
    }
    order::by_key(&mut dockerfile.errors, |error| error.span.start);
    dockerfile.escape = directives.escape;
    dockerfile.directives = directives.found;
    dockerfile
}

/// State that earlier instructions set for later ones.
#[derive(Default)]
struct State {
    has_stage: bool,
    unterminated: usize,
    /// True between an unterminated here-document and the next known instruction: its body would give one error per
    /// line.
    in_lost_body: bool,
}

impl State {
    fn forgive(&mut self, instruction: &Instruction) -> bool {
        self.in_lost_body &= instruction.keyword == Keyword::Unknown;
        self.in_lost_body
    }

    /// True for the first instruction outside of a stage. ARG is allowed before the first FROM.
    fn missing_stage(&mut self, instruction: &Instruction) -> bool {
        let known = !matches!(instruction.keyword, Keyword::From | Keyword::Arg | Keyword::Unknown);
        let missing = known && !self.has_stage;
        self.has_stage |= missing || instruction.keyword == Keyword::From;
        missing
    }
}

/// Reads the here-documents of `instruction` from the lines after it. Returns an error for one without a terminator.
fn heredocs(
    instruction: &mut Instruction,
    line: &LogicalLine<'_>,
    source: &str,
    lines: &mut Lines<'_>,
    state: &mut State,
) -> Vec<(String, Span)> {
    let command = match &instruction.arguments {
        Arguments::Onbuild(trigger) => trigger,
        _ => &*instruction,
    };
    let takes = matches!(command.keyword, Keyword::Run | Keyword::Copy | Keyword::Add)
        && !matches!(command.arguments, Arguments::Exec(_));
    let mut dangling = Vec::new();
    if !takes || state.unterminated >= MAX_UNTERMINATED {
        return dangling;
    }
    for marker in heredoc::markers(&line.text) {
        let heredoc = heredoc::body(instruction.span.file, source, lines, &marker);
        let lost = heredoc.terminator.is_none();
        if let Some(terminator) = heredoc.terminator {
            instruction.span = instruction.span.cover(terminator);
        } else {
            let message = format!(
                "the here-document has no end: there is no line `{}`",
                super::directives::shorten(&heredoc.name)
            );
            dangling.push((message, line.span(marker.range)));
            state.unterminated += 1;
            state.in_lost_body = true;
        }
        instruction.heredocs.push(heredoc);
        if lost {
            break;
        }
    }
    dangling
}

fn number(instruction: &mut Instruction, first: u32, last: u32) {
    instruction.first_line = first;
    instruction.last_line = last;
    if let Arguments::Onbuild(trigger) = &mut instruction.arguments {
        trigger.first_line = first;
        trigger.last_line = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error messages, each with the text at its span.
    fn errors(text: &str) -> Vec<(String, String)> {
        let errors = parse(SourceId(0), text).errors;
        errors.into_iter().map(|e| (e.message, text[e.span.range()].to_owned())).collect()
    }

    fn one(text: &str) -> (String, String) {
        let mut found = errors(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found.remove(0)
    }

    #[test]
    fn errors_say_what_is_wrong_and_where() {
        for (text, message, at) in [
            (
                "FROM a\nHEALTCHECK NONE",
                "unknown instruction `HEALTCHECK`: did you mean `HEALTHCHECK`?",
                "HEALTCHECK",
            ),
            (
                "FROM a\nservices:",
                "unknown instruction `services:`; does the line above miss a `\\`?",
                "services:",
            ),
            ("FROM a\nENV A=b c", "ENV takes `name=value` here: `c` has no `=`", "c"),
            ("FROM a\nENV A", "a name without a value: write `NAME=value`", "A"),
            ("FROM a\nENV", "ENV needs a name", "ENV"),
            ("FROM a # base", "a comment cannot follow FROM on its line", "#"),
            ("FROM a b", "FROM takes an image, or an image and `AS name`", "b"),
            (
                "FROM a AS 1b",
                "`1b` is no name for a stage: letters, digits, `-`, `_` and `.`, a letter first",
                "1b",
            ),
            ("FROM a\nCOPY --form=b c d", "COPY has no flag `--form`: did you mean `from`?", "--form=b"),
            ("FROM a\nCOPY x", "COPY needs a destination after `x`", "x"),
            ("FROM a\nCMD [\"a\", 1]", "a JSON array here takes strings only", "[\"a\", 1]"),
            (
                "FROM a\nHEALTHCHECK --interval=5 CMD x",
                "`--interval`: `5` has no unit: did you mean `5s`?",
                "--interval=5",
            ),
            ("FROM a\nHEALTHCHECK curl x", "HEALTHCHECK takes CMD or NONE, not `curl`", "curl"),
            (
                "FROM a\nRUN <<EOF\nls\nif x\n",
                "the here-document has no end: there is no line `EOF`",
                "<<EOF",
            ),
            ("FROM a\nONBUILD ONBUILD RUN x", "ONBUILD cannot hold another ONBUILD", "ONBUILD RUN x"),
            ("# escape=x\nFROM a", "the escape character is \\ or `, not x", "x"),
            ("# syntax=a\n# SYNTAX=b\nFROM a", "a second `syntax` directive", "SYNTAX"),
            ("ENV A=b\nRUN x", "no FROM before this instruction", "ENV"),
            ("# nothing", "a file with no instructions", ""),
        ] {
            assert_eq!(one(text), (message.to_owned(), at.to_owned()));
        }
    }

    #[test]
    fn an_error_costs_one_instruction() {
        let dockerfile = parse(SourceId(0), "FROM a\nENV A\nRU x\nRUN y\n");
        let names: Vec<_> = dockerfile.instructions.iter().map(|i| i.keyword).collect();
        assert_eq!(names, [Keyword::From, Keyword::Env, Keyword::Unknown, Keyword::Run]);
        assert_eq!(dockerfile.errors.len(), 2);
    }

    #[test]
    fn a_trigger_is_not_refused_here() {
        let dockerfile = parse(SourceId(0), "FROM a\nONBUILD COPY x\n");
        assert_eq!(dockerfile.errors.iter().map(|e| e.fatal).collect::<Vec<_>>(), [false]);
        let deep = format!("FROM a\n{}RUN x", "ONBUILD ".repeat(100_000));
        assert!(parse(SourceId(0), &deep).errors.iter().all(|e| e.fatal));
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read() {
        let text = "#".repeat(MAX_FILE_SIZE as usize + 1);
        assert_eq!(one(&text), ("larger than 16 MiB".to_owned(), String::new()));
    }

    #[test]
    fn byte_order_mark_and_crlf() {
        let text = "\u{feff}# escape=`\r\nFROM a`\r\n  b\r\n";
        let dockerfile = parse(SourceId(0), text);
        assert_eq!(dockerfile.escape, '`');
        assert_eq!(text[dockerfile.instructions[0].span.range()].lines().count(), 2);
        assert_eq!((dockerfile.instructions[0].first_line, dockerfile.instructions[0].last_line), (2, 3));
    }
}
