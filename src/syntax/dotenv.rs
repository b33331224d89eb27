//! Parses `.env` and `env_file` files as compose-go does (`dotenv/parser.go`, `dotenv/godotenv.go`).

use std::ops::Range;

use super::SyntaxError;
use super::template::{Interpolated, Variable, interpolate};
use crate::hash::IndexMap;
use crate::source::{SourceId, Span, TracedText};

/// Upper bound (bytes) on all expanded values of one file, against exponential expansion: each line may insert the line before
/// it twice.
const MAX_EXPANDED: usize = 16 * 1024 * 1024;

/// A variable of an env file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub key: TracedText,
    /// Its value. None if it is not known.
    pub value: Option<TracedText>,
    /// The line is only a name: the value comes from outside.
    pub is_passed_on: bool,
}

/// The variables of an env file.
#[derive(Clone, Debug, Default)]
pub struct Dotenv {
    /// Variables by name. The last of several with one name wins.
    pub entries: IndexMap<String, Entry>,
    /// Errors in lines. Compose rejects the whole file for a fatal one. Here the other lines still count.
    pub errors: Vec<SyntaxError>,
    /// Comments, without the blank before them.
    pub comments: Vec<Span>,
    /// Bytes of all values in which variables were expanded.
    pub expanded_bytes: usize,
}

/// Parses a file. Variables in values are looked up by `lookup` first, then among earlier lines.
#[must_use]
pub fn parse(file: SourceId, text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Dotenv {
    parse_after(file, text, Lookup { first: lookup, last: &|_| None })
}

/// Parses a file whose variables are also looked up elsewhere after its own earlier lines: in the files before it.
#[must_use]
pub fn parse_after(file: SourceId, text: &str, lookup: Lookup<'_>) -> Dotenv {
    let mut reader = Reader { file, text, out: Dotenv::default(), line: 0..0 };
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        at = reader.statement(at, lookup);
    }
    reader.out
}

/// Returns the names in `COMPOSE_FILE` of a `.env`, which `COMPOSE_PATH_SEPARATOR` separates.
#[must_use]
pub fn compose_files(text: &str) -> Vec<String> {
    let parsed = parse(SourceId(0), text, &|_| None);
    let value = |name: &str| {
        let text = parsed.entries.get(name)?.value.as_ref()?.as_str().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let separator = value("COMPOSE_PATH_SEPARATOR").unwrap_or_else(|| ":".to_owned());
    let names = value("COMPOSE_FILE").unwrap_or_default();
    names.split(separator.as_str()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// Parses a file of `format: raw`: everything after the `=` is the value (docker/cli `pkg/kvfile`).
#[must_use]
pub fn parse_raw(file: SourceId, text: &str) -> Dotenv {
    let mut reader = Reader { file, text, out: Dotenv::default(), line: 0..0 };
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        let content = content.strip_suffix('\r').unwrap_or(content);
        let bom = if at == 0 { '\u{feff}' } else { '\n' };
        let trimmed = content.trim_start_matches(bom).trim_start();
        let start = at + (content.len() - trimmed.len());
        at += line.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let equals = trimmed.find('=');
        let key = reader.verbatim(start, start + equals.unwrap_or(trimmed.len()));
        let value = equals.map(|equals| reader.verbatim(start + equals + 1, start + trimmed.len()));
        let message = match key.as_str() {
            "" => "a value without a name",
            name if name.contains([' ', '\t']) => "a variable's name cannot contain a space",
            name => {
                let is_passed_on = value.is_none();
                reader.out.entries.insert(name.to_owned(), Entry { key, value, is_passed_on });
                continue;
            }
        };
        reader.error(message.to_owned(), start, start + trimmed.len(), true);
    }
    reader.out
}

/// The variables that values may refer to, besides those of earlier lines. An unknown value is
/// [`Variable::unknown`]'s.
#[derive(Clone, Copy)]
pub struct Lookup<'l> {
    /// Asked first.
    pub first: &'l dyn Fn(&str) -> Option<String>,
    /// Asked last.
    pub last: &'l dyn Fn(&str) -> Option<String>,
}

struct Reader<'t> {
    file: SourceId,
    text: &'t str,
    out: Dotenv,
    /// The line that was scanned last, kept since many statements may be on one line.
    line: Range<usize>,
}

impl Reader<'_> {
    fn span(&self, from: usize, to: usize) -> Span {
        Span::new(self.file, from, to)
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn verbatim(&self, from: usize, to: usize) -> TracedText {
        TracedText::verbatim(self.slice(from, to), self.span(from, to))
    }

    fn line_end(&mut self, at: usize) -> usize {
        if !self.line.contains(&at) {
            let end = self.slice(at, self.text.len()).find('\n').map_or(self.text.len(), |i| at + i);
            self.line = at..end;
        }
        self.line.end
    }

    fn error(&mut self, message: String, from: usize, to: usize, fatal: bool) {
        let span = self.span(from, to);
        self.out.errors.push(SyntaxError { message, span, fatal, duplicate_of: None, truncates_file: false });
    }

    /// Reads the statement at `at` and returns the offset of the next one.
    fn statement(&mut self, at: usize, lookup: Lookup<'_>) -> usize {
        let rest = self.slice(at, self.text.len());
        let trimmed = rest.trim_start();
        if trimmed.starts_with('#') {
            let comment = self.text.len() - trimmed.len();
            return self.comment(comment) + 1;
        }
        let exported = trimmed.strip_prefix("export").filter(|rest| rest.starts_with(EXPORT_BLANKS));
        let trimmed = exported.map_or(trimmed, |rest| rest.trim_start_matches(EXPORT_BLANKS));
        let start = self.text.len() - trimmed.trim_start_matches(is_blank).len();
        if start == self.text.len() {
            return start;
        }
        let end = self.line_end(start);
        let line = self.slice(start, end);
        // `KEY = value` and `KEY: value` are valid too.
        let stop = line.find(|c: char| !is_name(c) && !is_blank(c));
        let name_end = start + line.get(..stop.unwrap_or(line.len())).unwrap_or_default().trim_end().len();
        let key = self.verbatim(start, name_end);
        let stranger = stop.and_then(|at| line.get(at..)?.chars().next()).filter(|c| !matches!(c, '=' | ':'));
        if let Some(stranger) = stranger {
            let length = line.trim_end().len();
            self.error(format!("unexpected `{stranger}` in a variable's name"), start, start + length, true);
            return end + 1;
        }
        if key.as_str().contains(' ') {
            let length = line.trim_end().len();
            self.error("a variable's name cannot contain a space".to_owned(), start, start + length, true);
            return end + 1;
        }
        let Some(stop) = stop else {
            // Compose ignores a bare name on a last line without a line end. Its author means to pass it on, so it is kept
            // here.
            self.out.entries.insert(key.as_str().to_owned(), Entry { key, value: None, is_passed_on: true });
            return end + 1;
        };
        let (value, next) = self.value(start + stop + 1, lookup);
        if key.as_str().is_empty() {
            // Compose accepts it as a variable with an empty name.
            self.error("a value without a name".to_owned(), start, start + stop + 1, false);
        } else {
            self.out.entries.insert(key.as_str().to_owned(), Entry { key, value, is_passed_on: false });
        }
        next
    }

    /// Reads the value at or after `at` and returns it with the offset of the next statement.
    fn value(&mut self, at: usize, lookup: Lookup<'_>) -> (Option<TracedText>, usize) {
        let end = self.line_end(at);
        let line = self.slice(at, end);
        let start = at + (line.len() - line.trim_start_matches(is_blank).len());
        match self.slice(start, end).chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let Some(close) = self.closing_quote(start, quote) else {
                    let last = start + self.slice(start, end).trim_end().len();
                    self.error("the quote is not closed".to_owned(), start, last, true);
                    return (Some(self.verbatim(start, last)), end + 1);
                };
                let value = if quote == '"' {
                    let unescaped = self.unescape(start + 1, close);
                    self.expand(unescaped, lookup)
                } else {
                    Some(self.single_quoted(start + 1, close))
                };
                // The next statement begins right after the quote, even on the same line.
                (value.map(|value| value.with_span(self.span(start, close + 1))), close + 1)
            }
            _ => {
                let line = self.slice(start, end);
                let comment = line.find(" #").unwrap_or(line.len());
                if comment < line.len() {
                    self.comment(start + comment + 1);
                }
                let line = self.slice(start, end);
                let value = line.get(..comment).unwrap_or_default().trim_end();
                let value = self.verbatim(start, start + value.len());
                (self.expand(value, lookup), end + 1)
            }
        }
    }

    /// Remembers the comment at `at`, and returns the end of its line.
    fn comment(&mut self, at: usize) -> usize {
        let end = self.line_end(at);
        let length = self.slice(at, end).trim_end().len();
        self.out.comments.push(self.span(at, at + length));
        end
    }

    fn closing_quote(&self, open: usize, quote: char) -> Option<usize> {
        let mut escaped = false;
        for (at, c) in self.slice(open + 1, self.text.len()).char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return Some(open + 1 + at),
                _ => {}
            }
        }
        None
    }

    /// Unescapes a single-quoted value, in which only the quote itself can be escaped.
    fn single_quoted(&self, from: usize, to: usize) -> TracedText {
        let mut out = TracedText::empty(self.span(from, to));
        let mut at = from;
        while let Some(slash) = self.slice(at, to).find("\\'").map(|i| at + i) {
            out.push_verbatim(self.slice(at, slash), self.span(at, slash));
            at = slash + 1;
        }
        out.push_verbatim(self.slice(at, to), self.span(at, to));
        out
    }

    /// Unescapes `\n`, `\"`, `\0101`, … of a double-quoted value. `\$` becomes `$$` for the expansion.
    fn unescape(&self, from: usize, to: usize) -> TracedText {
        let mut out = TracedText::empty(self.span(from, to));
        let mut at = from;
        while let Some(slash) = self.slice(at, to).find('\\').map(|i| at + i) {
            out.push_verbatim(self.slice(at, slash), self.span(at, slash));
            let Some(c) = self.slice(slash + 1, to).chars().next() else {
                at = slash;
                break;
            };
            let mut next = slash + 1 + c.len_utf8();
            let span = self.span(slash, next);
            match c {
                'a' => out.push_derived("\x07", span),
                'b' => out.push_derived("\x08", span),
                'f' => out.push_derived("\x0c", span),
                'n' => out.push_derived("\n", span),
                'r' => out.push_derived("\r", span),
                't' => out.push_derived("\t", span),
                'v' => out.push_derived("\x0b", span),
                '$' => out.push_derived("$$", span),
                '0' => {
                    let digits = self.slice(next, to).bytes().take(3).take_while(u8::is_ascii_digit).count();
                    let octal = self.slice(next, next + digits);
                    next += digits;
                    let code = u8::from_str_radix(octal, 8).ok().filter(|_| digits == 3).map(char::from);
                    // Unless three octal digits of one byte follow, only the zero is dropped.
                    let value = code.map_or_else(|| format!("\\{octal}"), String::from);
                    out.push_derived(&value, self.span(slash, next));
                }
                '"' | '\\' => out.push_verbatim(self.slice(slash + 1, next), self.span(slash + 1, next)),
                _ => out.push_verbatim(self.slice(slash, next), span),
            }
            at = next;
        }
        out.push_verbatim(self.slice(at, to), self.span(at, to));
        out
    }

    /// Expands the variables of a value. None if one is unknown or required but not set, if the value is invalid, or beyond
    /// [`MAX_EXPANDED`].
    fn expand(&mut self, value: TracedText, lookup: Lookup<'_>) -> Option<TracedText> {
        if self.out.expanded_bytes > MAX_EXPANDED && value.as_str().contains('$') {
            return None;
        }
        let find = |name: &str| {
            let known = |value: String| Variable { value, span: None };
            // The value of a name on an earlier line without one comes from outside and is unknown.
            let earlier = || {
                let value = self.out.entries.get(name)?.value.as_ref();
                Some(value.map_or_else(Variable::unknown, |value| known(value.as_str().to_owned())))
            };
            (lookup.first)(name).map(known).or_else(earlier).or_else(|| (lookup.last)(name).map(known))
        };
        match interpolate(&value, &find) {
            Interpolated::Unset { names, .. }
                if names.iter().any(|(name, _)| find(name).is_some_and(|found| found.is_unknown())) =>
            {
                None
            }
            Interpolated::Known { text, .. } | Interpolated::Unset { text, .. } => self.charge_expanded(text),
            Interpolated::Plain => Some(value),
            Interpolated::Required { .. } => None,
            Interpolated::Invalid { message, span } => {
                self.out.errors.push(SyntaxError::fatal(message, span));
                None
            }
        }
    }

    /// Returns an expanded value and counts its bytes. None once all of them exceed [`MAX_EXPANDED`].
    fn charge_expanded(&mut self, text: TracedText) -> Option<TracedText> {
        let before = self.out.expanded_bytes;
        self.out.expanded_bytes = before.saturating_add(text.as_str().len());
        if self.out.expanded_bytes > MAX_EXPANDED {
            if before <= MAX_EXPANDED {
                let most = MAX_EXPANDED / 1024 / 1024;
                let message = format!(
                    "the variables of this file expand to more than {most} MiB; the rest is not known"
                );
                self.out.errors.push(SyntaxError::warning(message, text.span()));
            }
            return None;
        }
        Some(text)
    }
}

/// The blanks of `\s` in Go's patterns: `export` and its name may even be on two lines.
const EXPORT_BLANKS: [char; 5] = [' ', '\t', '\n', '\x0c', '\r'];

/// True for blanks that may surround a name.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\x0b' | '\x0c' | '\r' | '\u{85}' | '\u{a0}')
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        let parsed = parse(SourceId(0), text, &|name| (name == "OUTER").then(|| "outer".to_owned()));
        parsed.entries.get(name)?.value.as_ref().map(|value| value.as_str().to_owned())
    }

    #[test]
    fn what_is_made_of_what_nobody_knows_is_not_known() {
        for line in ["A=${X:?why}", "A=${X", "A"] {
            let text = format!("{line}\nB=$A\nC=x$B\nD=${{A:-1}}\nE=1\n");
            for name in ["A", "B", "C", "D"] {
                assert_eq!(value(&text, name), None, "{line}: {name}");
            }
            assert_eq!(value(&text, "E").as_deref(), Some("1"), "{line}");
        }
    }

    #[test]
    fn values_are_read_as_compose_reads_them() {
        for (text, expected) in [
            ("A=1", "1"),
            ("export A=1 # why", "1"),
            ("A: yaml", "yaml"),
            ("A = spaced \n", "spaced"),
            ("A=a#b", "a#b"),
            ("A='$OUTER # no'", "$OUTER # no"),
            ("A=\"x\\ny $OUTER\" # c", "x\ny outer"),
            ("A=\"two\nlines\"\nB=1", "two\nlines"),
            ("B=2\nA=${B}-${C:-3}", "2-3"),
            ("A=1\r\nB=2\r\n", "1"),
            ("\u{feff}A=bom", "bom"),
            ("A=\"\\$B\"", "$B"),
            ("A=", ""),
            ("A=1\nA=2", "2"),
            ("A=#c", "#c"),
            ("A= #c", "#c"),
            ("A=x\t#c", "x\t#c"),
            ("A=\"x\" y\nB=2", "x"),
            ("A='a\\'b'", "a'b"),
            ("A=$(date)", "$(date)"),
            ("A=a\\nb", "a\\nb"),
            ("A=\"x\ny\" #z\nB=3", "x\ny"),
            ("B='x' A=2", "2"),
            ("A=\"\\a\\x\\0101\\0400\\0\"", "\x07\\xA\\400\\"),
            ("A=\u{a0}\x0ba", "a"),
            ("A\u{a0}: 1", "1"),
            ("export\n\nA=1", "1"),
            ("A=K=", "K="),
        ] {
            assert_eq!(value(text, "A").as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn a_name_alone_has_no_value_and_other_lines_are_errors() {
        let parsed = parse(SourceId(0), "# c\nA\nB C=1\n=x\nE='y'\"z\"\nD=1", &|_| None);
        assert!(parsed.entries["A"].value.is_none());
        let errors: Vec<_> = parsed.errors.iter().map(|error| (error.span.range(), error.fatal)).collect();
        assert_eq!(errors, [(6..11, true), (12..13, false), (20..23, true)]);
        assert_eq!(parsed.entries.keys().collect::<Vec<_>>(), ["A", "E", "D"]);
        let parsed = parse(SourceId(0), "A=\"x \r\nB=1\r\n", &|_| None);
        assert_eq!(parsed.errors[0].span.range(), 2..4, "without the end of its line");
    }

    #[test]
    fn what_is_required_and_not_there_is_not_known() {
        let parsed = parse(SourceId(0), "A=${X:?say so}\nB=\"${X?}\"", &|_| None);
        assert!(parsed.entries.values().all(|entry| entry.value.is_none()));
        assert_eq!((parsed.entries.len(), parsed.errors.len()), (2, 0));
    }

    #[test]
    fn values_keep_their_places() {
        let parsed = parse(SourceId(0), "A=\"x ${B:-512m}\" # c\n", &|_| None);
        let Some(value) = &parsed.entries["A"].value else { panic!("has a value") };
        assert_eq!((value.as_str(), value.span().range()), ("x 512m", 2..16));
        assert_eq!(value.span_of(2..6).range(), 10..14);
    }

    #[test]
    fn raw_files_keep_everything() {
        let parsed = parse_raw(SourceId(0), "A=\"$x\" # y\n#c\nB\n");
        assert_eq!(parsed.entries["A"].value.as_ref().map(TracedText::as_str), Some("\"$x\" # y"));
        assert!(parsed.entries["B"].value.is_none());
        let parsed = parse_raw(SourceId(0), "\u{feff}A=1\r\nB =2\nC D\n=3\n");
        assert_eq!(parsed.entries.keys().collect::<Vec<_>>(), ["A"]);
        assert_eq!(parsed.entries["A"].value.as_ref().map(|value| value.span().range()), Some(5..6));
        assert_eq!(parsed.errors.len(), 3);
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[A-C=:#'\"\\\\$ {}\né]{0,40}") {
            let _ = parse(SourceId(0), &text, &|_| None);
            let _ = parse_raw(SourceId(0), &text);
        }
    }
}
