//! Reads the runtime's own options from the command line.

use super::reader::{SettingSource, SettingsReader};
use super::setting::COMMAND_LINE;
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::template::HOLE;
use crate::syntax::words::split_options;
use crate::workload::opened::Assignment;
use crate::workload::{Fact, Program, Why};

impl SettingsReader<'_> {
    /// Returns the runtime's options up to the main program, with variables expanded if a shell does that.
    pub(super) fn command_line(&self, program: &Program) -> SettingSource {
        let mut source = SettingSource { name: COMMAND_LINE.to_owned(), ..SettingSource::default() };
        let reading = &self.runtime.command_line;
        let mut arguments = program.arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            let text = argument.as_str();
            if program.expanded && text.contains('$') {
                let expanded = self.expand(argument, &mut source);
                source.words.extend(expanded);
                continue;
            }
            if let Some(file) = reading.named_file(text) {
                source.unknown = Some((argument.span(), Why::File(file.to_owned())));
                continue;
            }
            if !text.starts_with('-') && text.contains(HOLE) {
                // The variable may hold an option, or nothing.
                source.unknown = Some((argument.span(), Why::Other("a variable without a value")));
                continue;
            }
            if !text.starts_with('-') {
                match reading.joins_values {
                    true => continue,
                    false => break,
                }
            }
            if text == "-jar" {
                break;
            }
            let takes_value = reading.with_value.iter().any(|option| option == text)
                || reading.joins_values && !text.contains('=');
            let value = arguments
                .next_if(|next| takes_value && (!next.as_str().starts_with('-') || !reading.joins_values));
            source.words.push(match value {
                Some(value) => joined(argument, value),
                None => argument.clone(),
            });
        }
        source
    }

    /// Joins options with the values that follow them, if the program takes values so.
    pub(super) fn with_values(&self, words: Vec<TracedText>) -> Vec<TracedText> {
        if !self.runtime.command_line.joins_values {
            return words;
        }
        let mut out: Vec<TracedText> = Vec::new();
        for word in words {
            match out.last_mut() {
                Some(option) if takes_next(option.as_str()) && !word.as_str().starts_with('-') => {
                    *option = joined(option, &word);
                }
                _ => out.push(word),
            }
        }
        out
    }

    /// Expands `$NAME` and `${NAME:-default}` in a word and splits the result like a shell.
    fn expand(&self, word: &TracedText, source: &mut SettingSource) -> Vec<TracedText> {
        let mut out = TracedText::empty(word.span());
        self.expand_into(&mut out, word, source, (None, 0));
        split_options(&out).into_iter().map(|option| option.within(word.span())).collect()
    }

    /// Appends the expansion of `word`, with a [`HOLE`] where it is not known. Within the value that a script assigns to
    /// `assigned`, that variable has its old value.
    fn expand_into(
        &self,
        out: &mut TracedText,
        word: &TracedText,
        source: &mut SettingSource,
        (assigned, depth): (Option<&str>, usize),
    ) {
        let text = word.as_str();
        let mut at = 0;
        while let Some(dollar) = text.get(at..).and_then(|rest| rest.find('$')).map(|i| at + i) {
            out.push_text(&word.slice(at..dollar));
            let (name, default, end) = reference(text, dollar);
            at = end;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                hide(out, source, word.span(), Why::Variable(name.to_owned()));
                continue;
            }
            let set = if assigned == Some(name) { Assignment::None } else { self.assigned(name) };
            match set {
                Assignment::Value(value) if depth < MAX_ASSIGNED && out.as_str().len() < MAX_EXPANDED => {
                    let before = out.as_str().len();
                    self.expand_into(out, value, source, (Some(name), depth + 1));
                    if out.as_str().len() == before {
                        push_default(out, source, word, (name, default));
                    }
                    continue;
                }
                Assignment::Value(_) | Assignment::Unknown => {
                    hide(out, source, word.span(), Why::Other("its start script sets a variable"));
                    continue;
                }
                Assignment::None => {}
            }
            match self.workload.variable(name) {
                Fact::Known(value) if default.is_none() || !value.value.as_str().is_empty() => {
                    out.push_text(&value.value);
                    if self.runtime.variable(name).is_some() && !value.value.as_str().trim().is_empty() {
                        let span = value.value.span();
                        source.carrier = Some(Spanned::with_provenance(name.to_owned(), span, value.via));
                    }
                }
                Fact::Unknown { at, why } => hide(out, source, at, why),
                // After `set -u` the shell ends here unless whoever starts the container sets the variable.
                Fact::Absent { .. } if default.is_none() && self.refuses_unset() => {
                    hide(out, source, word.span(), Why::Variable(name.to_owned()));
                }
                Fact::Known(_) | Fact::Absent { .. } => push_default(out, source, word, (name, default)),
            }
        }
        out.push_text(&word.slice(at..text.len()));
    }
}

/// True for an option without a value: `--maxmemory`.
fn takes_next(option: &str) -> bool {
    option.starts_with('-') && !option.contains(['=', ' '])
}

/// Maximum nesting of variables that scripts assign to each other.
const MAX_ASSIGNED: usize = 4;

/// Maximum length of a text in which such variables are expanded, in bytes.
const MAX_EXPANDED: usize = 64 * 1024;

/// Returns the name of the variable after the `$` at `dollar`, the range of its default if it has one, and its end. The name is
/// empty if it is none.
fn reference(text: &str, dollar: usize) -> (&str, Option<std::ops::Range<usize>>, usize) {
    let start = dollar + 1;
    let rest = text.get(start..).unwrap_or_default();
    let Some(inner) = rest.strip_prefix('{') else {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        return (rest.get(..end).unwrap_or_default(), None, start + end);
    };
    let Some(close) = closing(inner) else { return ("", None, start) };
    let inside = inner.get(..close).unwrap_or_default();
    let end = start + 1 + close + 1;
    match inside.split_once(":-") {
        Some((name, default)) => (name, Some(end - 1 - default.len()..end - 1), end),
        None => (inside, None, end),
    }
}

/// Returns the offset of the `}` that closes a reference, behind those within its default: `A:-${B}m}`.
fn closing(inner: &str) -> Option<usize> {
    let mut open = 0_usize;
    inner.bytes().position(|byte| {
        let closes = byte == b'}' && open == 0;
        open = match byte {
            b'{' => open + 1,
            b'}' => open.saturating_sub(1),
            _ => open,
        };
        closes
    })
}

/// Appends the default of a variable that is empty or not set: a shell expands one without a default to nothing.
fn push_default(
    out: &mut TracedText,
    source: &mut SettingSource,
    word: &TracedText,
    (name, default): (&str, Option<std::ops::Range<usize>>),
) {
    let Some(default) = default.map(|range| word.slice(range)) else { return };
    if default.as_str().contains('$') {
        hide(out, source, word.span(), Why::Variable(name.to_owned()));
    } else {
        out.push_text(&default);
    }
}

/// Appends a [`HOLE`] for a variable without a known value.
fn hide(out: &mut TracedText, source: &mut SettingSource, at: Span, why: Why) {
    source.unknown = Some((at, why));
    out.push_text(&TracedText::derived(HOLE.to_string(), at));
}

/// Joins an option and its value with one space.
pub(super) fn joined(option: &TracedText, value: &TracedText) -> TracedText {
    let span = match option.span().file == value.span().file {
        true => option.span().cover(value.span()),
        false => value.span(),
    };
    let mut text = TracedText::empty(span);
    text.push_text(option);
    text.push_derived(" ", option.span());
    text.push_text(value);
    text.with_span(span)
}
