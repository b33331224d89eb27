//! Parses a logical line into an instruction: keyword, flags, arguments.

use std::ops::Range;

use crate::source::Span;
use crate::syntax::SyntaxError;

use super::ast::{Arguments, Instruction, Keyword, Pair};
use super::directives::shorten;
use super::lines::LogicalLine;
use super::words::{fields, is_blank, quoted_words, skip_space, split_first};
use super::{check, flags, json};

/// Parser of the instructions of one file.
pub(super) struct Reader<'a> {
    pub(super) escape: char,
    pub(super) errors: &'a mut Vec<SyntaxError>,
}

impl Reader<'_> {
    /// Parses the instruction on `line`. The caller fills in line numbers and here-documents.
    pub(super) fn read(&mut self, line: &LogicalLine<'_>) -> Instruction {
        self.read_part(line, 0..line.text.len(), false)
    }

    fn read_part(&mut self, line: &LogicalLine<'_>, range: Range<usize>, trigger: bool) -> Instruction {
        let known_errors = self.errors.len();
        let range = skip_space(&line.text, range);
        let (word, rest) = split_first(&line.text, range.clone());
        let name = line.copy(word);
        let keyword = Keyword::of(name.as_str());
        let (flags, rest) = flags::take(line, rest);
        let arguments = self.arguments(keyword, line, rest, trigger);
        let instruction = Instruction {
            keyword,
            name,
            span: line.span(range),
            first_line: 0,
            last_line: 0,
            flags,
            arguments,
            heredocs: Vec::new(),
        };
        if self.errors.len() == known_errors
            && let Some((message, span)) = check::problem(&instruction)
        {
            // A wrong trigger fails only the builds that use the image.
            self.errors.push(SyntaxError {
                message,
                span,
                fatal: !trigger,
                duplicate_of: None,
                truncates_file: false,
            });
        }
        instruction
    }

    fn refuse(&mut self, message: String, span: Span) {
        self.errors.push(SyntaxError::fatal(message, span));
    }

    fn arguments(
        &mut self,
        keyword: Keyword,
        line: &LogicalLine<'_>,
        range: Range<usize>,
        trigger: bool,
    ) -> Arguments {
        use Keyword as K;
        if range.is_empty() {
            return Arguments::None;
        }
        let words = |ranges: Vec<Range<usize>>| {
            Arguments::Words(ranges.into_iter().map(|word| line.copy(word)).collect())
        };
        match keyword {
            K::From | K::Expose => words(fields(&line.text, range)),
            K::Add | K::Copy | K::Volume => match self.exec(line, range.clone()) {
                Some(exec) => exec,
                None => words(fields(&line.text, range)),
            },
            K::Run | K::Cmd | K::Entrypoint | K::Shell => self.exec_or_shell(line, range),
            K::Maintainer | K::Stopsignal | K::User | K::Workdir => Arguments::Shell(line.copy(range)),
            K::Arg => words(quoted_words(&line.text, range, self.escape)),
            K::Env | K::Label => self.pairs(keyword, line, range),
            K::Healthcheck => {
                let part = &line.text[range.clone()];
                let length = part.find(char::is_whitespace).unwrap_or(part.len());
                let kind = line.copy(range.start..range.start + length);
                let command = skip_space(&line.text, range.start + length..range.end);
                let command =
                    if command.is_empty() { Arguments::None } else { self.exec_or_shell(line, command) };
                Arguments::Healthcheck { kind, command: Box::new(command) }
            }
            // BuildKit rejects ONBUILD in ONBUILD. It is not parsed further, so that nothing nests.
            K::Onbuild if trigger => Arguments::Malformed(line.copy(range)),
            K::Onbuild => Arguments::Onbuild(Box::new(self.read_part(line, range, true))),
            K::Unknown => Arguments::Malformed(line.copy(range)),
        }
    }

    fn exec(&mut self, line: &LogicalLine<'_>, range: Range<usize>) -> Option<Arguments> {
        match json::read(line, range.clone()) {
            json::Exec::Words(words) => Some(Arguments::Exec(words)),
            json::Exec::NotJson => None,
            json::Exec::NotStrings => {
                self.refuse("a JSON array here takes strings only".to_owned(), line.span(range.clone()));
                Some(Arguments::Malformed(line.copy(range)))
            }
        }
    }

    fn exec_or_shell(&mut self, line: &LogicalLine<'_>, range: Range<usize>) -> Arguments {
        self.exec(line, range.clone()).unwrap_or_else(|| Arguments::Shell(line.copy(range)))
    }

    /// Parses `KEY=value …`, or the legacy `KEY the rest` if the first word has no `=`.
    fn pairs(&mut self, keyword: Keyword, line: &LogicalLine<'_>, range: Range<usize>) -> Arguments {
        let words = quoted_words(&line.text, range.clone(), self.escape);
        let Some(first) = words.first() else {
            return Arguments::None;
        };
        let name = keyword.as_str();
        if !line.text[first.clone()].contains('=') {
            if !line.text[range.clone()].contains(is_blank) {
                let word = line.copy(range);
                let message = "a name without a value: write `NAME=value`".to_owned();
                self.refuse(message, word.span());
                return Arguments::Malformed(word);
            }
            let (key, value) = split_first(&line.text, range);
            return Arguments::Pairs(vec![Pair {
                key: line.copy(key),
                value: line.copy(value),
                legacy: true,
            }]);
        }
        let mut pairs = Vec::with_capacity(words.len());
        for word in words {
            match line.text[word.clone()].find('=') {
                Some(at) => pairs.push(Pair {
                    key: line.copy(word.start..word.start + at),
                    value: line.copy(word.start + at + 1..word.end),
                    legacy: false,
                }),
                None => {
                    let text = shorten(&line.text[word.clone()]);
                    let message = format!("{name} takes `name=value` here: `{text}` has no `=`");
                    self.refuse(message, line.span(word));
                }
            }
        }
        Arguments::Pairs(pairs)
    }
}
