//! `.env` and `env_file`, after compose-go's reader (`dotenv/parser.go`, `dotenv/godotenv.go`).

use indexmap::IndexMap;

use super::interpolate::{Interpolated, Variable, interpolate};
use crate::source::{SourceId, Span, Text};
use crate::syntax::SyntaxError;

/// One variable.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub key: Text,
    /// Its value; none when the line is only a name, whose value comes from outside.
    pub value: Option<Text>,
}

/// The variables of a file.
#[derive(Clone, Debug, Default)]
pub struct Dotenv {
    /// By name; of several with one name the last.
    pub entries: IndexMap<String, Entry>,
    /// Lines that are no variable. Compose refuses the file for one; here the others still count.
    pub errors: Vec<SyntaxError>,
}

/// Reads a file. Variables in values are looked up with `lookup` first and among earlier lines then.
#[must_use]
pub fn parse(file: SourceId, text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Dotenv {
    let mut reader = Reader { file, text, out: Dotenv::default() };
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while at < text.len() {
        at = reader.statement(at, lookup);
    }
    reader.out
}

/// Reads a file of `format: raw`: everything after the `=` is the value.
#[must_use]
pub fn parse_raw(file: SourceId, text: &str) -> Dotenv {
    let reader = Reader { file, text, out: Dotenv::default() };
    let mut entries = IndexMap::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        let trimmed = content.trim_start();
        let start = at + (content.len() - trimmed.len());
        at += line.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let (key, value) = match trimmed.find('=') {
            Some(equals) => (equals, Some(reader.verbatim(start + equals + 1, start + trimmed.len()))),
            None => (trimmed.len(), None),
        };
        let key = reader.verbatim(start, start + key);
        entries.insert(key.as_str().to_owned(), Entry { key, value });
    }
    Dotenv { entries, errors: Vec::new() }
}

struct Reader<'t> {
    file: SourceId,
    text: &'t str,
    out: Dotenv,
}

impl Reader<'_> {
    fn span(&self, from: usize, to: usize) -> Span {
        Span::new(self.file, from, to)
    }

    fn slice(&self, from: usize, to: usize) -> &str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn verbatim(&self, from: usize, to: usize) -> Text {
        Text::verbatim(self.slice(from, to), self.span(from, to))
    }

    fn line_end(&self, at: usize) -> usize {
        self.slice(at, self.text.len()).find('\n').map_or(self.text.len(), |i| at + i)
    }

    /// Reads what begins at `at`; gives where the next statement begins.
    fn statement(&mut self, at: usize, lookup: &dyn Fn(&str) -> Option<String>) -> usize {
        let rest = self.slice(at, self.text.len());
        let start = at + (rest.len() - rest.trim_start().len());
        let end = self.line_end(start);
        let line = self.slice(start, end);
        if line.is_empty() || line.starts_with('#') {
            return end + 1;
        }
        let exported = line.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace));
        let start = exported.map_or(start, |rest| end - rest.trim_start().len());
        let line = self.slice(start, end);
        let separator =
            line.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '[' | ']')));
        let name_end = start + separator.unwrap_or(line.len());
        let key = self.verbatim(start, name_end);
        let after = self.slice(name_end, end);
        let value_at = match after.trim_start_matches([' ', '\t']).chars().next() {
            _ if key.as_str().is_empty() => None,
            None | Some('\r') => {
                self.out.entries.insert(key.as_str().to_owned(), Entry { key, value: None });
                return end + 1;
            }
            // `KEY = value` stands, `KEY: value` too; a blank within a name does not.
            Some('=' | ':') => Some(name_end + after.find(['=', ':']).unwrap_or(0) + 1),
            Some(_) => None,
        };
        let Some(value_at) = value_at else {
            let trimmed = line.trim_end();
            self.out.errors.push(SyntaxError {
                message: "not a variable: write `NAME=value`".to_owned(),
                span: self.span(start, start + trimmed.len()),
                fatal: true,
            });
            return end + 1;
        };
        let (value, next) = self.value(value_at, lookup);
        self.out.entries.insert(key.as_str().to_owned(), Entry { key, value: Some(value) });
        next
    }

    /// The value that begins at or after `at`, and where the next statement begins.
    fn value(&mut self, at: usize, lookup: &dyn Fn(&str) -> Option<String>) -> (Text, usize) {
        let end = self.line_end(at);
        let line = self.slice(at, end);
        let start = at + (line.len() - line.trim_start_matches([' ', '\t']).len());
        match self.slice(start, end).chars().next() {
            Some(quote @ ('"' | '\'')) => {
                if let Some(close) = self.closing_quote(start, quote) {
                    let value = if quote == '"' {
                        let unescaped = self.unescape(start + 1, close);
                        self.expand(unescaped, lookup)
                    } else {
                        self.single_quoted(start + 1, close)
                    };
                    // What follows the quote on its line is nothing to Compose.
                    return (value.at(self.span(start, close + 1)), self.line_end(close) + 1);
                }
                self.out.errors.push(SyntaxError {
                    message: "the quote is not closed".to_owned(),
                    span: self.span(start, end),
                    fatal: true,
                });
                (self.verbatim(start, end), end + 1)
            }
            _ => {
                let line = self.slice(start, end);
                let comment = line.find(" #").unwrap_or(line.len());
                let value = line.get(..comment).unwrap_or_default().trim_end();
                let value = self.verbatim(start, start + value.len());
                (self.expand(value, lookup), end + 1)
            }
        }
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

    /// Between single quotes only the quote itself can be escaped.
    fn single_quoted(&self, from: usize, to: usize) -> Text {
        let mut out = Text::empty(self.span(from, to));
        let mut at = from;
        while let Some(slash) = self.slice(at, to).find("\\'").map(|i| at + i) {
            out.push_verbatim(self.slice(at, slash), self.span(at, slash));
            at = slash + 1;
        }
        out.push_verbatim(self.slice(at, to), self.span(at, to));
        out
    }

    /// `\n`, `\"`, … of a double-quoted value; `\$` is left for the expansion.
    fn unescape(&self, from: usize, to: usize) -> Text {
        let mut out = Text::empty(self.span(from, to));
        let mut at = from;
        while let Some(slash) = self.slice(at, to).find('\\').map(|i| at + i) {
            out.push_verbatim(self.slice(at, slash), self.span(at, slash));
            let Some(c) = self.slice(slash + 1, to).chars().next() else {
                at = slash;
                break;
            };
            let next = slash + 1 + c.len_utf8();
            let span = self.span(slash, next);
            match c {
                'n' => out.push_derived("\n", span),
                'r' => out.push_derived("\r", span),
                't' => out.push_derived("\t", span),
                '$' => out.push_derived("$$", span),
                '"' | '\\' => out.push_verbatim(self.slice(slash + 1, next), self.span(slash + 1, next)),
                _ => out.push_verbatim(self.slice(slash, next), span),
            }
            at = next;
        }
        out.push_verbatim(self.slice(at, to), self.span(at, to));
        out
    }

    fn expand(&mut self, value: Text, lookup: &dyn Fn(&str) -> Option<String>) -> Text {
        let find = |name: &str| {
            let earlier =
                || self.out.entries.get(name)?.value.as_ref().map(|value| value.as_str().to_owned());
            lookup(name).or_else(earlier).map(|value| Variable { value, span: None })
        };
        match interpolate(&value, &find) {
            Interpolated::Known { text, .. } | Interpolated::Unset { text, .. } => text,
            Interpolated::Plain | Interpolated::Required { .. } => value,
            Interpolated::Invalid { message, span } => {
                self.out.errors.push(SyntaxError { message, span, fatal: true });
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, name: &str) -> Option<String> {
        let parsed = parse(SourceId(0), text, &|name| (name == "OUTER").then(|| "outer".to_owned()));
        parsed.entries.get(name)?.value.as_ref().map(|value| value.as_str().to_owned())
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
        ] {
            assert_eq!(value(text, "A").as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn a_name_alone_has_no_value_and_other_lines_are_errors() {
        let parsed = parse(SourceId(0), "# c\nA\nB C=1\n=x\nD=1", &|_| None);
        assert!(parsed.entries["A"].value.is_none());
        assert_eq!(parsed.errors.len(), 2);
        assert_eq!(parsed.errors[0].span.range(), 6..11);
        assert!(parsed.entries.contains_key("D"));
    }

    #[test]
    fn raw_files_keep_everything() {
        let parsed = parse_raw(SourceId(0), "A=\"$x\" # y\n#c\nB\n");
        assert_eq!(parsed.entries["A"].value.as_ref().map(Text::as_str), Some("\"$x\" # y"));
        assert!(parsed.entries["B"].value.is_none());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[A-C=:#'\"\\\\$ {}\né]{0,40}") {
            let _ = parse(SourceId(0), &text, &|_| None);
            let _ = parse_raw(SourceId(0), &text);
        }
    }
}
