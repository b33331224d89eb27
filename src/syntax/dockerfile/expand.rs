//! Variables in ENV, ARG, FROM, USER, WORKDIR and their like (BuildKit `frontend/dockerfile/shell/lex.go`).

use crate::source::Text;
use crate::syntax::closing_brace;

/// Defaults within defaults that are followed.
const MAX_DEPTH: usize = 16;

/// What is known of a variable.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// Its value.
    Value(Text),
    /// It has none.
    Unset,
    /// It has one, or may have one, and nobody here knows it.
    Unknown,
}

/// What became of a text.
#[derive(Clone, Debug)]
pub enum Expansion {
    /// The result; its pieces stand where they were copied from.
    Known(Text),
    /// It hangs on a variable that is not known.
    Unknown {
        /// Its name.
        variable: String,
    },
}

/// Removes quotes and escapes, and replaces variables.
#[must_use]
pub fn expand(text: &Text, escape: char, lookup: &dyn Fn(&str) -> Lookup) -> Expansion {
    let mut run = Run { text, escape, lookup, out: Text::empty(text.span()) };
    match run.range(0, text.as_str().len(), 0) {
        Ok(()) => Expansion::Known(run.out),
        Err(variable) => Expansion::Unknown { variable },
    }
}

struct Run<'a> {
    text: &'a Text,
    escape: char,
    lookup: &'a dyn Fn(&str) -> Lookup,
    out: Text,
}

impl Run<'_> {
    fn copy(&mut self, from: usize, to: usize) {
        self.out.push_text(&self.text.slice(from..to));
    }

    /// Appends `from..to`; the error is the variable that is not known.
    fn range(&mut self, from: usize, to: usize, depth: usize) -> Result<(), String> {
        let source = self.text.as_str();
        let mut at = from;
        let mut in_double = false;
        while let Some(c) = source.get(at..to).and_then(|rest| rest.chars().next()) {
            let next = at + c.len_utf8();
            match c {
                '\'' if !in_double => {
                    // Everything up to the next one is meant as it stands.
                    let close =
                        source.get(next..to).and_then(|rest| rest.find('\'')).map_or(to, |i| next + i);
                    self.copy(next, close);
                    at = (close + 1).min(to);
                    continue;
                }
                '"' => in_double = !in_double,
                c if c == self.escape => {
                    at = self.escaped(at, next, to, in_double);
                    continue;
                }
                '$' => {
                    at = self.dollar(at, to, depth)?;
                    continue;
                }
                _ => self.copy(at, next),
            }
            at = next;
        }
        Ok(())
    }

    /// An escape and what follows it; gives where to go on. Between double quotes it escapes quotes, dollars and itself.
    fn escaped(&mut self, at: usize, next: usize, to: usize, in_double: bool) -> usize {
        let Some(c) = self.text.as_str().get(next..to).and_then(|rest| rest.chars().next()) else {
            // Escapes nothing: dropped outside of quotes, kept within.
            if in_double {
                self.copy(at, next);
            }
            return next;
        };
        let end = next + c.len_utf8();
        let from = if in_double && !(c == '"' || c == '$' || c == self.escape) { at } else { next };
        self.copy(from, end);
        end
    }

    /// A `$` and the variable after it; gives where to go on.
    fn dollar(&mut self, at: usize, to: usize, depth: usize) -> Result<usize, String> {
        let rest = self.text.as_str().get(at + 1..to).unwrap_or_default();
        if rest.starts_with('{') {
            let close = closing_brace(rest).ok_or_else(|| rest.chars().take(40).collect::<String>())?;
            self.braced(at + 2, at + 1 + close, depth)?;
            return Ok(at + 2 + close);
        }
        let length = name_length(rest);
        if length == 0 {
            self.copy(at, at + 1);
            return Ok(at + 1);
        }
        let name = rest.get(..length).unwrap_or_default();
        self.variable(name)?;
        Ok(at + 1 + length)
    }

    fn variable(&mut self, name: &str) -> Result<(), String> {
        match (self.lookup)(name) {
            Lookup::Value(text) => self.out.push_text(&text),
            Lookup::Unset => {}
            Lookup::Unknown => return Err(name.to_owned()),
        }
        Ok(())
    }

    /// What stands between the braces, from `from` to `to`.
    fn braced(&mut self, from: usize, to: usize, depth: usize) -> Result<(), String> {
        let inner = self.text.as_str().get(from..to).unwrap_or_default();
        let length = name_length(inner);
        let (name, rest) = inner.split_at(length);
        if length == 0 || depth > MAX_DEPTH {
            return Err(inner.chars().take(40).collect());
        }
        if rest.is_empty() {
            return self.variable(name);
        }
        let (colon, operator) = match rest.strip_prefix(':') {
            Some(operator) => (true, operator),
            None => (false, rest),
        };
        let word = from + length + usize::from(colon) + 1;
        let found = (self.lookup)(name);
        let set = match &found {
            Lookup::Unknown => return Err(name.to_owned()),
            Lookup::Unset => false,
            Lookup::Value(text) => !(colon && text.as_str().is_empty()),
        };
        match (operator.chars().next(), set) {
            (Some('-' | '?'), true) => self.variable(name),
            (Some('-'), false) | (Some('+'), true) => self.range(word, to, depth + 1),
            (Some('+'), false) => Ok(()),
            // A pattern (`#`, `%`, `/`), or `?` without a value: the result is not followed.
            _ => Err(name.to_owned()),
        }
    }
}

fn name_length(text: &str) -> usize {
    let first = text.bytes().next();
    if first.is_some_and(|b| b.is_ascii_digit()) {
        return 1;
    }
    text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn at(text: &str) -> Text {
        Text::verbatim(text, Span::new(SourceId(0), 0, text.len()))
    }

    fn run(text: &str) -> String {
        let lookup = |name: &str| match name {
            "A" => Lookup::Value(at("one")),
            "EMPTY" => Lookup::Value(at("")),
            "DARK" => Lookup::Unknown,
            _ => Lookup::Unset,
        };
        match expand(&at(text), '\\', &lookup) {
            Expansion::Known(text) => text.as_str().to_owned(),
            Expansion::Unknown { variable } => format!("?{variable}"),
        }
    }

    #[test]
    fn words_are_expanded_as_buildkit_expands_them() {
        for (text, expected) in [
            ("a$A-${A}", "aone-one"),
            ("\"x $A\"", "x one"),
            ("'x $A'", "x $A"),
            ("\\$A", "$A"),
            ("\"a\\\"b\\c\"", "a\"b\\c"),
            ("a\\ b", "a b"),
            ("$X", ""),
            ("${X:-two}", "two"),
            ("${EMPTY:-two}", "two"),
            ("${EMPTY-two}", ""),
            ("${A:+yes}${X:+no}", "yes"),
            ("${X:-${Y:-$A}}", "one"),
            ("$", "$"),
            ("${DARK:-x}", "?DARK"),
            ("b$DARK", "?DARK"),
            ("${A%e}", "?A"),
        ] {
            assert_eq!(run(text), expected, "{text}");
        }
    }

    #[test]
    fn copied_pieces_keep_their_places() {
        let Expansion::Known(text) = expand(&at("\"-Xmx1g -Xss1m\""), '\\', &|_| Lookup::Unset) else {
            panic!("known");
        };
        assert_eq!(text.span_of(0..6).range(), 1..7);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[${}:+?A-D'\"\\\\ é-]{0,24}") {
            let _ = run(&text);
        }
    }
}
