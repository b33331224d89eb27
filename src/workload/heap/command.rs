//! The words of a start command that the runtime reads itself.

use super::engine::{SettingSource, SettingsReader};
use super::flags::words;
use crate::model::compose::interpolate::HOLE;
use crate::source::{Spanned, TracedText};
use crate::workload::{Fact, Program, Why};

impl SettingsReader<'_> {
    /// The runtime's own words, variables expanded where a shell does that, up to the program that it runs.
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
                // It may be any option, or none.
                source.unknown = Some((argument.span(), Why::Other("a variable without a value")));
                continue;
            }
            if !text.starts_with('-') {
                match &reading.settings_files {
                    // Nobody looks into it; what follows on the command line is stronger.
                    Some(_) if source.words.is_empty() => {
                        source.unknown = Some((argument.span(), Why::Other("a file holds its settings")));
                        continue;
                    }
                    _ if reading.joins_values => continue,
                    _ => break,
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

    /// A word with `$NAME` in it, split as a shell splits it.
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
                // Not set in what runs: the shell makes nothing of it.
                Fact::Absent { .. } => {}
            }
        }
        out.push_text(&word.slice(at..text.len()));
        words(&out)
    }
}

/// An option and its value, one blank between them.
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
