//! Parser directives: `# escape=`, `# syntax=`, `# check=` at the top of the file.

use crate::source::{SourceId, Span, TracedText};
use crate::syntax::SyntaxError;

use super::ast::Directive;

/// The directives that BuildKit knows (`parser/directives.go`); any other comment ends them.
const NAMES: [&str; 3] = ["syntax", "escape", "check"];

/// Collects the directives from the first lines of a file.
#[derive(Debug)]
pub(super) struct Directives {
    file: SourceId,
    pub(super) found: Vec<Directive>,
    pub(super) escape: char,
    done: bool,
}

impl Directives {
    pub(super) fn new(file: SourceId) -> Self {
        Self { file, found: Vec::new(), escape: '\\', done: false }
    }

    /// Records `line`, which begins at byte `start`, if it is a directive, and returns whether it is. The first line
    /// that is not ends the directives.
    pub(super) fn take(&mut self, start: usize, line: &str, errors: &mut Vec<SyntaxError>) -> bool {
        let parts = if self.done { None } else { split(line) };
        let Some((name, value)) = parts else {
            self.done = true;
            return false;
        };
        let text = |part: &str| {
            let at = start + (part.as_ptr() as usize - line.as_ptr() as usize);
            TracedText::verbatim(part, Span::new(self.file, at, at + part.len()))
        };
        let directive = Directive { name: text(name), value: text(value) };
        let mut refuse = |message, span| errors.push(SyntaxError::fatal(message, span));
        if self.found.iter().any(|d| d.name.as_str().eq_ignore_ascii_case(name)) {
            refuse(format!("a second `{}` directive", name.to_ascii_lowercase()), directive.name.span());
        } else if name.eq_ignore_ascii_case("escape") {
            match value {
                "\\" => self.escape = '\\',
                "`" => self.escape = '`',
                _ => refuse(
                    format!("the escape character is \\ or `, not {}", shorten(value)),
                    directive.value.span(),
                ),
            }
        }
        self.found.push(directive);
        true
    }
}

/// Splits `#name=value`; white space is allowed between all parts.
fn split(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix('#')?.trim_start();
    let (name, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_alphanumeric())?);
    let value = rest.trim_start().strip_prefix('=')?.trim();
    let known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
    (known && !value.is_empty()).then_some((name, value))
}

/// Truncates a word to 40 characters for a message.
pub(super) fn shorten(word: &str) -> String {
    match word.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}
