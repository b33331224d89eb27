//! systemd units: `ExecStart=` runs a command without a shell (systemd.service(5), "Command lines").

use super::parse::{command, plain};
use super::{Command, find::mentions};
use crate::source::TracedText;
use crate::syntax::shell::Word;

/// Finds the commands of the lines `Exec…=`.
pub(super) fn find(text: &TracedText, found: &mut Vec<Command>) {
    let whole = text.as_str();
    let mut at = 0;
    while at < whole.len() {
        let (line, next) = setting(text, at);
        at = next.max(at + 1);
        let written = line.as_str();
        let Some(equals) = written.find('=').filter(|_| written.trim_start().starts_with("Exec")) else {
            continue;
        };
        if !mentions(written) {
            continue;
        }
        let words = words(&line.slice(equals + 1..written.len()));
        for words in words.split(|word| word.text.as_str() == ";" && !word.quoted) {
            found.extend(command(words));
        }
    }
}

/// Returns the setting that begins at an offset, its continued lines joined by blanks, and where the next one begins. Comments
/// between continued lines belong to none.
fn setting(text: &TracedText, from: usize) -> (TracedText, usize) {
    let whole = text.as_str();
    let mut joined = TracedText::empty(text.span_of(from..from + 1));
    let mut at = from;
    loop {
        let rest = whole.get(at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        let next = (at + length + 1).min(whole.len());
        let content = line.trim_end_matches('\r');
        if at > from && content.trim_start().starts_with(['#', ';']) {
            at = next;
            if at >= whole.len() {
                return (joined, at);
            }
            continue;
        }
        match content.strip_suffix('\\') {
            Some(content) => {
                joined.push_slice(text, at..at + content.len());
                joined.push_derived(" ", text.span_of(at + content.len()..at + content.len() + 1));
                at = next;
            }
            _ => {
                joined.push_slice(text, at..at + content.len());
                return (joined, next);
            }
        }
    }
}

/// Splits the value of a setting into words: quotes, escapes, variables, and `%` specifiers, which are not known here.
fn words(text: &TracedText) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word: Option<TracedText> = None;
    let (mut quote, mut quoted, mut expands) = (None, false, false);
    let mut characters = text.as_str().char_indices().peekable();
    let mut end =
        |word: &mut Option<TracedText>, quoted: &mut bool, expands: &mut bool, at: usize, from: usize| {
            let Some(done) = word.take() else { return };
            let splits = *expands && !*quoted && is_variable(done.as_str());
            let mut new = plain(done.with_span(text.span_of(from..at)), *expands, splits);
            new.quoted = *quoted;
            words.push(new);
            (*quoted, *expands) = (false, false);
        };
    let mut from = 0;
    while let Some((at, c)) = characters.next() {
        if word.is_none() && !c.is_whitespace() {
            from = at;
        }
        let start = || TracedText::empty(text.span_of(at..at + c.len_utf8()));
        match (c, quote) {
            (c, None) if c.is_whitespace() => end(&mut word, &mut quoted, &mut expands, at, from),
            ('"' | '\'', None) if word.is_none() || quoted => {
                quote = Some(c);
                quoted = true;
                word.get_or_insert_with(start);
            }
            ('"' | '\'', None) => {
                // `--name="a b"`: systemd takes a quote inside of a word as one, too.
                quote = Some(c);
                quoted = true;
            }
            (c, Some(open)) if c == open => quote = None,
            ('\\', _) => {
                let Some((next, escaped)) = characters.next() else { continue };
                word.get_or_insert_with(start).push_slice(text, next..next + escaped.len_utf8());
            }
            (c, _) => {
                let doubled = characters.peek().is_some_and(|(_, next)| *next == c);
                if matches!(c, '$' | '%') && doubled {
                    characters.next();
                } else {
                    expands |= matches!(c, '$' | '%');
                }
                // A specifier is shown as what it is: unknown, as a variable.
                let word = word.get_or_insert_with(start);
                if c == '%' && !doubled {
                    let letter = characters.next().map_or(1, |(_, letter)| 1 + letter.len_utf8());
                    let piece = at..at + letter;
                    let written = text.as_str().get(piece.clone()).unwrap_or_default().to_owned();
                    word.push_derived(&format!("${{{written}}}"), text.span_of(piece));
                } else {
                    word.push_slice(text, at..at + c.len_utf8());
                }
            }
        }
    }
    end(&mut word, &mut quoted, &mut expands, text.as_str().len(), from);
    // A prefix of the program changes how it is run.
    if let Some(first) = words.first_mut() {
        let written = first.text.as_str();
        let prefix = written.len() - written.trim_start_matches(['-', '@', ':', '+', '!', '|']).len();
        first.text = first.text.slice(prefix..written.len());
    }
    words
}

/// True for `$NAME` as a whole word, which systemd splits into words; `${NAME}` is one.
fn is_variable(text: &str) -> bool {
    text.strip_prefix('$').is_some_and(|rest| !rest.starts_with('{'))
}

#[cfg(test)]
mod tests;
