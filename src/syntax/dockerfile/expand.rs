//! Resolves quotes, escapes and variables in ENV, ARG, FROM, USER and others, as BuildKit's shell lexer does
//! (`shell/lex.go`).

use crate::source::{Span, TracedText};

use super::heredoc::name_length;

/// Maximum nesting of `${A:-${B:-…}}`.
const MAX_DEPTH: usize = 32;

/// Maximum bytes of variable values in one word: the longest argument or environment string on Linux
/// (`MAX_ARG_STRLEN`). `ENV A=$A$A` doubles the value each time.
const MAX_PUT_IN: usize = 128 * 1024;

/// A variable's value, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<'v> {
    /// The variable has this value.
    Known(&'v str),
    /// The variable does not exist and expands to nothing.
    Unset,
    /// Declared without a value (`ARG X`): unset unless a build argument sets it, so `${X:-d}` is taken as `d` and
    /// `$X` is unknown.
    Declared,
    /// The variable may be set to an unknown value.
    Unknown,
}

/// The result of expanding a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expansion {
    /// The text. Copied pieces are traced to their bytes, a variable's value to the place where it is used.
    Known(TracedText),
    /// The text depends on a variable with an unknown value.
    Unknown {
        /// The variable's name.
        variable: String,
        /// Where it is used.
        at: Span,
    },
    /// BuildKit fails here: an open quote, a bad substitution, `${X:?message}`.
    Invalid {
        /// The message: lower case, no full stop.
        message: String,
        /// The bytes at fault.
        span: Span,
    },
}

/// Removes quotes and escapes from `text` and expands variables.
pub fn expand<'v>(text: &TracedText, escape: char, lookup: &mut dyn FnMut(&str) -> Lookup<'v>) -> Expansion {
    let mut expander =
        Expander { text, value: text.as_str(), escape, at: 0, keep_escapes: false, put_in: 0, lookup };
    match expander.until(None, 0) {
        Ok(Part { text: out, unknown: None }) => Expansion::Known(out.with_span(text.span())),
        Ok(Part { unknown: Some((variable, at)), .. }) => Expansion::Unknown { variable, at },
        Err((message, span)) => Expansion::Invalid { message, span },
    }
}

type Step<T> = Result<T, (String, Span)>;

/// A part of the result, and the first unknown variable in it.
struct Part {
    text: TracedText,
    unknown: Option<(String, Span)>,
}

impl Part {
    fn append(&mut self, other: Self) {
        self.text.push_text(&other.text);
        self.unknown = self.unknown.take().or(other.unknown);
    }
}

struct Expander<'a, 'v> {
    text: &'a TracedText,
    value: &'a str,
    escape: char,
    at: usize,
    /// True in a pattern, where escapes are kept for the matcher.
    keep_escapes: bool,
    lookup: &'a mut dyn FnMut(&str) -> Lookup<'v>,
    /// Bytes of variable values so far.
    put_in: usize,
}

impl Expander<'_, '_> {
    fn peek(&self) -> Option<char> {
        self.value[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn span(&self, from: usize) -> Span {
        self.text.span_of(from..self.at)
    }

    fn fail<T>(&self, from: usize, message: &str) -> Step<T> {
        Err((message.to_owned(), self.span(from)))
    }

    fn empty(&self) -> Part {
        Part { text: TracedText::empty(self.text.span()), unknown: None }
    }

    fn unknown(&self, name: &str, from: usize) -> Part {
        Part { unknown: Some((name.to_owned(), self.span(from))), ..self.empty() }
    }

    fn derived(&mut self, value: &str, from: usize) -> Step<Part> {
        self.put_in += value.len();
        if self.put_in > MAX_PUT_IN {
            return self.fail(from, &format!("variables put in more than {} KiB", MAX_PUT_IN / 1024));
        }
        let mut part = self.empty();
        part.text.push_derived(value, self.span(from));
        Ok(part)
    }

    /// Appends the bytes `from..to` verbatim.
    fn copy(&self, part: &mut Part, from: usize, to: usize) {
        if from < to {
            part.text.push_text(&self.text.slice(from..to));
        }
    }

    /// Expands up to `stop` and consumes it; without `stop`, up to the end.
    fn until(&mut self, stop: Option<char>, depth: usize) -> Step<Part> {
        let opened = self.at;
        let mut out = self.empty();
        let mut copied = self.at;
        loop {
            let start = self.at;
            let Some(c) = self.next() else { break };
            if Some(c) == stop {
                self.copy(&mut out, copied, start);
                return Ok(out);
            }
            match c {
                '\'' => {
                    self.copy(&mut out, copied, start);
                    while self
                        .next()
                        .ok_or_else(|| ("single quote without its end".to_owned(), self.span(start)))?
                        != '\''
                    {}
                    self.copy(&mut out, start + 1, self.at - 1);
                }
                '"' => {
                    self.copy(&mut out, copied, start);
                    let inner = self.double_quotes(start, depth)?;
                    out.append(inner);
                }
                '$' => {
                    self.copy(&mut out, copied, start);
                    let inner = self.variable(start, depth)?;
                    out.append(inner);
                }
                c if c == self.escape => {
                    self.copy(&mut out, copied, start);
                    self.escaped(&mut out, start);
                }
                _ => continue,
            }
            copied = self.at;
        }
        self.copy(&mut out, copied, self.at);
        match stop {
            None => Ok(out),
            Some(stop) => self.fail(opened, &format!("substitution without its {stop}")),
        }
    }

    /// Appends the character after an escape character, whatever it is; nothing at the end of the word.
    fn escaped(&mut self, out: &mut Part, start: usize) {
        let end_of_escape = self.at;
        let Some(c) = self.next() else {
            if self.keep_escapes {
                self.copy(out, start, end_of_escape);
            }
            return;
        };
        if self.keep_escapes {
            self.copy(out, start, self.at);
        } else {
            out.text.push_derived(c.encode_utf8(&mut [0; 4]), self.span(start));
        }
    }

    /// Expands after an opening `"`: only `"`, `$` and the escape character can be escaped.
    fn double_quotes(&mut self, opened: usize, depth: usize) -> Step<Part> {
        let mut out = self.empty();
        let mut copied = self.at;
        loop {
            let start = self.at;
            let Some(c) = self.next() else {
                return self.fail(opened, "double quote without its end");
            };
            match c {
                '"' => {
                    self.copy(&mut out, copied, start);
                    return Ok(out);
                }
                '$' => {
                    self.copy(&mut out, copied, start);
                    let inner = self.variable(start, depth)?;
                    out.append(inner);
                }
                c if c == self.escape => match self.peek() {
                    Some(next) if next == '"' || next == '$' || next == self.escape => {
                        self.copy(&mut out, copied, start);
                        self.escaped(&mut out, start);
                    }
                    _ => continue,
                },
                _ => continue,
            }
            copied = self.at;
        }
    }

    fn name(&mut self) -> String {
        let from = self.at;
        self.at += name_length(&self.value[from..]);
        self.value[from..self.at].to_owned()
    }

    /// Expands a variable; its `$` is at `start` and consumed.
    fn variable(&mut self, start: usize, depth: usize) -> Step<Part> {
        if depth >= MAX_DEPTH {
            return self.fail(start, &format!("variables nested more than {MAX_DEPTH} deep"));
        }
        if self.peek() != Some('{') {
            let name = self.name();
            if name.is_empty() {
                let mut part = self.empty();
                self.copy(&mut part, start, self.at);
                return Ok(part);
            }
            return self.plain(&name, start);
        }
        self.next();
        if matches!(self.peek(), None | Some('{' | '}' | ':')) {
            return self.fail(start, "bad substitution");
        }
        let name = self.name();
        match self.next() {
            Some('}') => self.plain(&name, start),
            Some(':') => match self.next() {
                Some(c @ ('-' | '+' | '?' | '#' | '%')) => self.modified(&name, c, true, start, depth),
                _ => self.fail(start, "unsupported modifier in substitution"),
            },
            Some(c @ ('-' | '+' | '?' | '#' | '%')) => self.modified(&name, c, false, start, depth),
            Some('/') => self.replaced(&name, start, depth),
            None => self.fail(start, "substitution without its }"),
            Some(_) => self.fail(start, "unsupported modifier in substitution"),
        }
    }

    fn plain(&mut self, name: &str, start: usize) -> Step<Part> {
        match (self.lookup)(name) {
            Lookup::Known(value) => self.derived(value, start),
            Lookup::Unset => Ok(self.empty()),
            Lookup::Declared | Lookup::Unknown => Ok(self.unknown(name, start)),
        }
    }

    fn operand(&mut self, stop: char, keep_escapes: bool, depth: usize) -> Step<Part> {
        let before = std::mem::replace(&mut self.keep_escapes, keep_escapes);
        let operand = self.until(Some(stop), depth + 1);
        self.keep_escapes = before;
        operand
    }

    /// Expands `${X-word}` and the operators `+`, `?`, `#` and `%`; after a colon an empty value counts as unset.
    fn modified(
        &mut self,
        name: &str,
        modifier: char,
        colon: bool,
        start: usize,
        depth: usize,
    ) -> Step<Part> {
        let is_pattern = matches!(modifier, '#' | '%');
        let word = self.operand('}', is_pattern, depth)?;
        let found = (self.lookup)(name);
        if is_pattern {
            return match (found, word.unknown.is_none()) {
                (Lookup::Known(value), true) => match trim(value, word.text.as_str(), modifier) {
                    Some(rest) => self.derived(rest, start),
                    None => Ok(self.unknown(name, start)),
                },
                (Lookup::Unset, true) => Ok(self.empty()),
                _ => Ok(self.unknown(name, start)),
            };
        }
        let is_none = match found {
            Lookup::Known(value) => colon && value.is_empty(),
            Lookup::Unset => true,
            Lookup::Declared => modifier != '?',
            Lookup::Unknown => return Ok(self.unknown(name, start)),
        };
        match (modifier, found, is_none) {
            ('-', _, true) | ('+', _, false) => Ok(word),
            ('+', _, true) => Ok(self.empty()),
            ('?', Lookup::Known(_) | Lookup::Unset, true) => {
                let reason = word.text.as_str();
                let reason = if reason.is_empty() { "has no value" } else { reason };
                self.fail(start, &format!("{name}: {reason}"))
            }
            (_, Lookup::Known(value), _) => self.derived(value, start),
            _ => Ok(self.unknown(name, start)),
        }
    }

    /// Expands `${X/pattern/text}`, or `//` for all matches.
    fn replaced(&mut self, name: &str, start: usize, depth: usize) -> Step<Part> {
        let all = self.peek() == Some('/');
        if all {
            self.next();
        }
        let pattern = self.operand('/', true, depth)?;
        let by = self.operand('}', true, depth)?;
        let known =
            pattern.unknown.is_none() && by.unknown.is_none() && !by.text.as_str().contains(['\\', '$']);
        match (self.lookup)(name) {
            Lookup::Known(value) if known && !is_glob(pattern.text.as_str()) => {
                let count = if all { usize::MAX } else { 1 };
                let value = value.replacen(pattern.text.as_str(), by.text.as_str(), count);
                self.derived(&value, start)
            }
            _ => Ok(self.unknown(name, start)),
        }
    }
}

/// True for a glob pattern. Globs are not matched here, so that a value that depends on one is unknown.
fn is_glob(pattern: &str) -> bool {
    pattern.is_empty() || pattern.contains(['*', '?', '\\'])
}

/// Removes a literal prefix (`#`) or suffix (`%`); `None` for a glob pattern.
fn trim<'v>(value: &'v str, pattern: &str, modifier: char) -> Option<&'v str> {
    let pattern = pattern.strip_prefix(modifier).unwrap_or(pattern);
    if is_glob(pattern) {
        return None;
    }
    let rest = if modifier == '#' { value.strip_prefix(pattern) } else { value.strip_suffix(pattern) };
    Some(rest.unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn run(word: &str, escape: char) -> Expansion {
        let text = TracedText::verbatim(word, Span::new(SourceId(0), 100, 100 + word.len()));
        expand(&text, escape, &mut |name| match name {
            "A" => Lookup::Known("one"),
            "EMPTY" => Lookup::Known(""),
            "ARG" => Lookup::Declared,
            "BASE" => Lookup::Unknown,
            _ => Lookup::Unset,
        })
    }

    fn known(word: &str) -> String {
        match run(word, '\\') {
            Expansion::Known(text) => text.as_str().to_owned(),
            other => panic!("{word}: {other:?}"),
        }
    }

    #[test]
    fn quotes_and_escapes_go() {
        assert_eq!(known(r#""a 'b' $A""#), "a 'b' one");
        assert_eq!(known("'$A \\'x"), "$A \\x");
        assert_eq!(known(r#"a\ b\$A "\$A \x \\""#), r"a b$A $A \x \");
        assert_eq!(known("a$"), "a$");
        assert_eq!(known("a\\"), "a");
        assert_eq!(known("$$A$1"), "A");
        assert_eq!(
            run(r"C:\x`$A", '`'),
            Expansion::Known(TracedText::derived(r"C:\x$A", Span::new(SourceId(0), 0, 0)))
        );
    }

    #[test]
    fn modifiers() {
        assert_eq!(known("${A}${NONE}-${NONE:-d}-${EMPTY:-e}-${EMPTY-f}"), "one-d-e-");
        assert_eq!(known("${A:+x}${EMPTY:+y}${EMPTY+z}${NONE+w}"), "xz");
        assert_eq!(known("${A:-$BASE}${NONE:-${A}}${ARG:-q}"), "oneoneq");
        assert_eq!(known("${A#o}${A%ne}${A##x}${A/n/N}${A//e/}"), "neoone".to_owned() + "oNe" + "on");
        assert_eq!(known("${A:?no}"), "one");
    }

    #[test]
    fn unknown_names_the_variable() {
        let variable = |word: &str| match run(word, '\\') {
            Expansion::Unknown { variable, at } => (variable, at.start - 100, at.end - 100),
            other => panic!("{word}: {other:?}"),
        };
        assert_eq!(variable("a $BASE b"), ("BASE".to_owned(), 2, 7));
        assert_eq!(variable("${ARG}"), ("ARG".to_owned(), 0, 6));
        assert_eq!(variable("${BASE:-x}"), ("BASE".to_owned(), 0, 10));
        assert_eq!(variable("${A%o*}"), ("A".to_owned(), 0, 7));
        assert_eq!(variable("${NONE:-$BASE}"), ("BASE".to_owned(), 8, 13));
    }

    #[test]
    fn what_buildkit_stops_at() {
        for word in
            ["'a", "\"a", "${", "${}", "${:-a}", "${A", "${A:-b", "${A^}", "${A:x}", "${NONE:?no}", "${A/b}"]
        {
            assert!(matches!(run(word, '\\'), Expansion::Invalid { .. }), "{word}");
        }
        assert!(matches!(run(&"${A:-".repeat(100_000), '\\'), Expansion::Invalid { .. }));
    }

    #[test]
    fn values_do_not_grow_without_end() {
        let mut value = "x".to_owned();
        let doubled = TracedText::verbatim("$A$A", Span::new(SourceId(0), 0, 4));
        let steps = (0..100).find(|_| match expand(&doubled, '\\', &mut |_| Lookup::Known(&value)) {
            Expansion::Known(text) => {
                value = text.as_str().to_owned();
                false
            }
            other => matches!(other, Expansion::Invalid { .. }),
        });
        assert_eq!((steps, value.len()), (Some(17), MAX_PUT_IN));
    }

    #[test]
    fn copied_parts_keep_their_bytes() {
        let Expansion::Known(text) = run("\"-X $A -Xmx1g\"", '\\') else { panic!("known") };
        let at = text.as_str().find("-Xmx1g").expect("there");
        assert_eq!(text.span_of(at..at + 6), Span::new(SourceId(0), 107, 113));
        assert_eq!(text.span_of(3..6), Span::new(SourceId(0), 104, 106));
        assert_eq!(text.span(), Span::new(SourceId(0), 100, 114));
    }
}
