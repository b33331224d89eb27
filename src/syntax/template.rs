//! Interpolates variables in Compose values: `${MEMORY:-512m}`, after compose-go's grammar (`template/template.go`).

use crate::source::{Span, TracedText};

/// Upper bound on the nesting of defaults in defaults.
const MAX_DEPTH: usize = 16;
/// Upper bound (bytes) on an expanded text. Variables that hold variables can double with every line of a `.env`.
pub(crate) const MAX_LENGTH: usize = 256 * 1024;

/// Placeholder in a text for a variable without a known value. No program's options contain it.
pub const HOLE: char = '\u{FFFC}';

/// A variable's value and, when a file sets it, where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its value; not interpolated again.
    pub value: String,
    /// Span of the value in the `.env` file.
    pub span: Option<Span>,
}

impl Variable {
    /// Returns a variable that may or may not be set, in a file that cannot be read.
    #[must_use]
    pub fn unknown() -> Self {
        Self { value: HOLE.to_string(), span: None }
    }

    /// True for [`Variable::unknown`].
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.value.chars().eq([HOLE])
    }
}

/// The result of an interpolation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interpolated {
    /// The text has no `$`.
    Plain,
    /// Every variable has a value.
    Known {
        /// The result. A default has the span of its own bytes inside `${…}`, a variable's value that of the `${…}`.
        text: TracedText,
        /// Spans of the variables' values in files.
        via: Vec<Span>,
        /// The variables whose default was used.
        defaulted: Vec<String>,
    },
    /// Some variables have no value: Compose warns and uses the empty string.
    Unset {
        /// The result with empty strings for them.
        text: TracedText,
        /// The result with a [`HOLE`] for each of them.
        partial: TracedText,
        /// Their names in order, with spans.
        names: Vec<(String, Span)>,
    },
    /// `${NAME:?message}` without a value: Compose stops with an error.
    Required {
        /// The variable.
        name: String,
        /// The message in the file.
        message: String,
        /// The `${…}`.
        span: Span,
    },
    /// An invalid template, for which Compose rejects the file, or one beyond the bounds of this module.
    Invalid {
        /// The reason: lower case, no full stop.
        message: String,
        /// The template or, if the result is too long, the whole text.
        span: Span,
    },
}

/// Replaces the variables in `text`.
#[must_use]
pub fn interpolate(text: &TracedText, lookup: &dyn Fn(&str) -> Option<Variable>) -> Interpolated {
    if !text.as_str().contains('$') {
        return Interpolated::Plain;
    }
    let mut run = Interpolator {
        text,
        lookup,
        out: TracedText::empty(text.span()),
        partial: None,
        via: Vec::new(),
        defaulted: Vec::new(),
        unset: Vec::new(),
    };
    match run.expand(0, text.as_str().len(), 0) {
        Err(InterpolateError::Invalid(from, to)) => {
            let span = text.span_of(from..to.max(from + 1));
            Interpolated::Invalid {
                message: "invalid interpolation format: write `$${` for a dollar sign and a brace".to_owned(),
                span,
            }
        }
        Err(InterpolateError::TooDeep(from, to)) => {
            let message = format!("defaults nested more than {MAX_DEPTH} deep");
            Interpolated::Invalid { message, span: text.span_of(from..to) }
        }
        Err(InterpolateError::TooLong) => {
            let message = format!("its variables expand to more than {} KiB", MAX_LENGTH / 1024);
            Interpolated::Invalid { message, span: text.span() }
        }
        Err(InterpolateError::Required { name, message, from, to }) => {
            Interpolated::Required { name, message, span: text.span_of(from..to) }
        }
        Ok(()) if run.unset.is_empty() => {
            Interpolated::Known { text: run.out, via: run.via, defaulted: run.defaulted }
        }
        Ok(()) => {
            let partial = run.partial.unwrap_or_else(|| run.out.clone());
            Interpolated::Unset { text: run.out, partial, names: run.unset }
        }
    }
}

struct Interpolator<'a> {
    text: &'a TracedText,
    lookup: &'a dyn Fn(&str) -> Option<Variable>,
    out: TracedText,
    /// `out` with holes. None before the first hole.
    partial: Option<TracedText>,
    via: Vec<Span>,
    defaulted: Vec<String>,
    unset: Vec<(String, Span)>,
}

enum InterpolateError {
    /// Byte offsets of the invalid template.
    Invalid(usize, usize),
    /// Byte offsets of the template that is nested too deep.
    TooDeep(usize, usize),
    TooLong,
    Required {
        name: String,
        message: String,
        from: usize,
        to: usize,
    },
}

impl Interpolator<'_> {
    /// Appends `from..to` of the text with its variables replaced.
    fn expand(&mut self, from: usize, to: usize, depth: usize) -> Result<(), InterpolateError> {
        let text = self.text.as_str();
        let mut at = from;
        while let Some(dollar) = text.get(at..to).and_then(|rest| rest.find('$')).map(|i| at + i) {
            if self.out.as_str().len() > MAX_LENGTH.max(text.len()) {
                return Err(InterpolateError::TooLong);
            }
            self.copy(at, dollar);
            let rest = text.get(dollar + 1..to).unwrap_or_default();
            if rest.starts_with('$') {
                self.push_derived("$", dollar, dollar + 2);
                at = dollar + 2;
            } else if rest.starts_with('{') {
                let close = closing_brace(rest)
                    .map_err(|stop| InterpolateError::Invalid(dollar, dollar + 1 + stop))?;
                let close = dollar + 1 + close;
                let begin = self.out.as_str().len();
                self.braced(dollar, close, depth)?;
                self.out.mark_variable(begin);
                at = close + 1;
            } else {
                let length = name_length(rest);
                at = dollar + 1 + length;
                if length == 0 {
                    // `$(date)`, `$1`, `$?`: Compose leaves them alone.
                    self.copy(dollar, at);
                    continue;
                }
                let name = text.get(dollar + 1..at).unwrap_or_default();
                let begin = self.out.as_str().len();
                self.variable(name, dollar, at);
                self.out.mark_variable(begin);
            }
        }
        self.copy(at, to);
        Ok(())
    }

    fn copy(&mut self, from: usize, to: usize) {
        let piece = self.text.slice(from..to);
        self.out.push_text(&piece);
        if let Some(partial) = &mut self.partial {
            partial.push_text(&piece);
        }
    }

    fn push_derived(&mut self, value: &str, from: usize, to: usize) {
        let span = self.text.span_of(from..to);
        self.out.push_derived(value, span);
        if let Some(partial) = &mut self.partial {
            partial.push_derived(value, span);
        }
    }

    /// Records a variable without a known value and inserts its hole.
    fn unset(&mut self, name: &str, from: usize, to: usize) {
        let span = self.text.span_of(from..to);
        self.unset.push((name.to_owned(), span));
        let partial = self.partial.get_or_insert_with(|| self.out.clone());
        partial.push_derived(HOLE.encode_utf8(&mut [0; 4]), span);
    }

    /// Expands `${…}`, from its `$` to its `}`.
    fn braced(&mut self, dollar: usize, close: usize, depth: usize) -> Result<(), InterpolateError> {
        let text = self.text.as_str();
        let inner = text.get(dollar + 2..close).unwrap_or_default();
        let length = name_length(inner);
        let (name, rest) = inner.split_at(length);
        let (colon, operator) = match rest.strip_prefix(':') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let begin = dollar + 2 + length + usize::from(colon) + 1;
        if length == 0 {
            return Err(InterpolateError::Invalid(dollar, close + 1));
        }
        if depth > MAX_DEPTH {
            return Err(InterpolateError::TooDeep(dollar, close + 1));
        }
        let value = (self.lookup)(name);
        let set = value.as_ref().is_some_and(|variable| !(colon && variable.value.is_empty()));
        match operator.chars().next() {
            Some('-' | '+' | '?') if value.as_ref().is_some_and(Variable::is_unknown) => {
                self.unset(name, dollar, close + 1);
            }
            None if !colon => self.variable(name, dollar, close + 1),
            Some('-') if set => self.variable(name, dollar, close + 1),
            Some('-') => {
                self.defaulted.push(name.to_owned());
                self.expand(begin, close, depth + 1)?;
            }
            Some('+') if set => self.expand(begin, close, depth + 1)?,
            // `${NAME+…}`: whether NAME is set elsewhere is unknown.
            Some('+') if value.is_none() => self.unset(name, dollar, close + 1),
            Some('+') => {}
            Some('?') if set => self.variable(name, dollar, close + 1),
            Some('?') => {
                let message = text.get(begin..close).unwrap_or_default().to_owned();
                return Err(InterpolateError::Required {
                    name: name.to_owned(),
                    message,
                    from: dollar,
                    to: close + 1,
                });
            }
            _ => return Err(InterpolateError::Invalid(dollar, close + 1)),
        }
        Ok(())
    }

    fn variable(&mut self, name: &str, from: usize, to: usize) {
        match (self.lookup)(name) {
            Some(variable) if variable.is_unknown() => self.unset(name, from, to),
            Some(variable) => {
                self.push_derived(&variable.value, from, to);
                self.via.extend(variable.span);
            }
            None => self.unset(name, from, to),
        }
    }
}

fn name_length(text: &str) -> usize {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if !first {
        return 0;
    }
    text.bytes().position(|b| !(b.is_ascii_alphanumeric() || b == b'_')).unwrap_or(text.len())
}

/// Returns the offset of the brace that closes the one at the start of `text`, or the offset at which the search ended.
///
/// Only `${` opens a nested template. A template ends on its line. If its braces do not balance, the last one of the line
/// closes it, as in compose-go's pattern: `${A:-x${B}` is `A` if that is set.
fn closing_brace(text: &str) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let mut depth = 0_usize;
    let mut last = None;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at == 0 || bytes.get(at - 1) == Some(&b'$') => depth += 1,
            b'}' => {
                last = Some(at);
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Ok(at);
                }
            }
            b'\n' => return last.ok_or(at),
            _ => {}
        }
    }
    last.ok_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn run(template: &str) -> Interpolated {
        let text = TracedText::verbatim(template, Span::new(SourceId(0), 0, template.len()));
        interpolate(&text, &|name| {
            let value = match name {
                "A" => "one",
                "EMPTY" => "",
                "DOLLAR" => "$A",
                _ => return None,
            };
            Some(Variable { value: value.to_owned(), span: None })
        })
    }

    fn known(template: &str) -> String {
        match run(template) {
            Interpolated::Known { text, .. } => text.as_str().to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn every_operator_is_compose_s() {
        for (template, result) in [
            ("$A-${A}", "one-one"),
            ("$$A $$", "$A $"),
            ("${X:-two}", "two"),
            ("${EMPTY:-two}", "two"),
            ("${EMPTY-two}", ""),
            ("${X-}", ""),
            ("${A:+yes}${EMPTY:+no}", "yes"),
            ("${EMPTY+yes}", "yes"),
            ("${A:?must}", "one"),
            ("${X:-${Y:-${A}}}", "one"),
            ("${X:-{a}", "{a"),
            ("${DOLLAR}", "$A"),
            ("${X:-a:-b}", "a:-b"),
            ("$", "$"),
            ("a$ b$(date)$1$?", "a$ b$(date)$1$?"),
            ("${X:-$(a)}", "$(a)"),
            ("${X:-a}b}", "ab}"),
            ("${A:-x${B}", "one"),
            ("${A:-a}\n}", "one\n}"),
        ] {
            assert_eq!(known(template), result, "{template}");
        }
    }

    #[test]
    fn what_has_no_value_is_named() {
        assert!(matches!(run("a${X}b$Y$$"), Interpolated::Unset { names, text, partial }
            if names.iter().map(|(name, _)| name.as_str()).eq(["X", "Y"]) && text.as_str() == "ab$" && partial.as_str() == "a\u{FFFC}b\u{FFFC}$"));
        assert!(matches!(run("${X:?say so}"), Interpolated::Required { name, message, .. }
            if name == "X" && message == "say so"));
        assert!(matches!(run("${EMPTY:?x}"), Interpolated::Required { .. }));
        assert_eq!(run("plain"), Interpolated::Plain);
    }

    #[test]
    fn broken_braces_are_invalid() {
        for template in [
            "${",
            "${X:-x${B}",
            "${X:-\n}",
            "${X:-a\nb}",
            "a\n${A",
            "${}",
            "${1x}",
            "${A",
            "${A.b}",
            "${A:}",
            "${A!b}",
        ] {
            assert!(matches!(run(template), Interpolated::Invalid { .. }), "{template}");
        }
    }

    #[test]
    fn a_default_is_at_its_own_bytes() {
        let Interpolated::Known { text, .. } = run("${X:-512m}") else { panic!("has a default") };
        assert_eq!(text.span_of(0..4).range(), 5..9);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(template in "[${}:?+A-Cé -]{0,24}") {
            let _ = run(&template);
        }
    }
}
