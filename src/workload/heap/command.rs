//! Reads the runtime's own options from the command line.

use super::reader::{SettingSource, SettingsReader};
use crate::source::{Spanned, TracedText};
use crate::syntax::template::HOLE;
use crate::syntax::words::split_options;
use crate::workload::{Fact, Program, Why};

impl SettingsReader<'_> {
    /// Returns the runtime's options up to the main program, with variables expanded if a shell does that.
    pub(super) fn command_line(&self, program: &Program) -> SettingSource {
        let mut source = SettingSource { name: "command line".to_owned(), ..SettingSource::default() };
        let reading = &self.runtime.command_line;
        let mut arguments = program.arguments.iter().peekable();
        while let Some(argument) = arguments.next() {
            let text = argument.as_str();
            if program.expanded && text.contains('$') {
                let expanded = self.expand(argument, &mut source);
                source.words.extend(expanded);
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

    /// Expands `$NAME` in a word and splits the result like a shell.
    fn expand(&self, word: &TracedText, source: &mut SettingSource) -> Vec<TracedText> {
        let text = word.as_str();
        let mut out = TracedText::empty(word.span());
        let mut at = 0;
        while let Some(dollar) = text.get(at..).and_then(|rest| rest.find('$')).map(|i| at + i) {
            out.push_text(&word.slice(at..dollar));
            let rest = text.get(dollar + 1..).unwrap_or_default();
            let (name, length) = match rest.strip_prefix('{') {
                Some(inner) => match inner.find('}') {
                    Some(close) => (inner.get(..close).unwrap_or_default(), close + 2),
                    None => ("", 0),
                },
                None => {
                    let end =
                        rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                    (rest.get(..end).unwrap_or_default(), end)
                }
            };
            at = dollar + 1 + length;
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
                source.unknown = Some((word.span(), Why::Variable(name.to_owned())));
                continue;
            }
            match self.workload.variable(name) {
                Fact::Known(value) => {
                    out.push_text(&value.value);
                    if self.runtime.variable(name).is_some() && !value.value.as_str().trim().is_empty() {
                        let span = value.value.span();
                        source.carrier = Some(Spanned::with_provenance(name.to_owned(), span, value.via));
                    }
                }
                Fact::Unknown { at, why } => source.unknown = Some((at, why)),
                // A shell expands an unset variable to nothing.
                Fact::Absent { .. } => {}
            }
        }
        out.push_text(&word.slice(at..text.len()));
        split_options(&out)
    }
}

/// Joins an option and its value with one space.
fn joined(option: &TracedText, value: &TracedText) -> TracedText {
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
