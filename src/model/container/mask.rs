//! Masks what an inspected container says about secrets: values of variables and labels, words of command lines, the output of probes.

use super::lower::{Keep, is_shown_label};
use super::read::values;
use crate::secret;
use crate::source::{SourceId, Span, TracedText};
use crate::syntax::json::{Kind, Member, Node};

/// Returns the text with secrets replaced, or `None` if there are none. Every character is replaced by one of the same length, so that
/// spans stay valid.
#[must_use]
pub fn masked(file: SourceId, text: &str, keep: Keep<'_>) -> Option<String> {
    let mut mask = Mask { keep, hidden: Vec::new() };
    let document = values(file, text);
    let nodes = &document.nodes;
    let mut at = 0;
    for node in nodes {
        mask.plain(file, text, at..node.span.range().start);
        at = at.max(node.span.range().end);
        mask.node("", node);
    }
    match document.is_truncated {
        // What is not read is not known to be harmless.
        true => mask.hidden.push(Span::new(file, at, text.len())),
        false => mask.plain(file, text, at..text.len()),
    }
    (!mask.hidden.is_empty()).then(|| replaced(text, &mask.hidden)).filter(|masked| masked != text)
}

/// Options of a logging driver that are no secrets.
const SHOWN_OPTIONS: [&str; 5] = ["max-size", "max-file", "mode", "max-buffer-size", "compress"];

struct Mask<'m> {
    keep: Keep<'m>,
    hidden: Vec<Span>,
}

impl Mask<'_> {
    /// Masks what is below a key. A value that is cut off is masked all the same.
    fn node(&mut self, key: &str, node: &Node) {
        match &node.kind {
            Kind::Text(text) if key == "Env" => self.assignment(text, 0),
            // `docker ps` prints labels as one text.
            Kind::Text(text) if matches!(key, "Labels" | "Annotations") => self.whole(text),
            Kind::Text(text) => self.line(&[text]),
            Kind::List(items) if key == "Env" => items.iter().for_each(|item| self.node(key, item)),
            Kind::List(items) => {
                let texts: Vec<&TracedText> = items.iter().filter_map(Node::text).collect();
                self.line(&texts);
                if key == "CreateCommand" {
                    self.flags(&texts);
                }
                items.iter().filter(|item| item.text().is_none()).for_each(|item| self.node("", item));
            }
            Kind::Map(members) => {
                for Member { key: name, value } in members {
                    let name = name.as_str();
                    match (key, value.text()) {
                        ("Labels" | "Annotations", Some(text)) if !is_shown_label(name) => self.whole(text),
                        ("Env", Some(text)) => self.value(name, text, 0),
                        ("Config", Some(text)) if is_option(name) => self.whole(text),
                        // The options of a logging driver are below `Config`, too.
                        _ => self.node(name, value),
                    }
                }
            }
            _ => {}
        }
    }

    fn hide(&mut self, text: &TracedText, range: std::ops::Range<usize>) {
        if range.start < range.end {
            self.hidden.push(text.span_of(range));
        }
    }

    fn whole(&mut self, text: &TracedText) {
        self.hide(text, 0..text.as_str().len());
    }

    /// Masks the value of `NAME=value`, which begins at `start`: the words that are not kept.
    fn assignment(&mut self, text: &TracedText, start: usize) {
        let pair = text.as_str().get(start..).unwrap_or_default();
        let Some((name, _)) = pair.split_once('=') else { return };
        self.value(name, text, start + name.len() + 1);
    }

    /// Masks the value of a variable, from `start` on.
    fn value(&mut self, name: &str, text: &TracedText, start: usize) {
        let value = text.as_str().get(start..).unwrap_or_default();
        let kept = (self.keep)(name, value).flatten().unwrap_or_default();
        let mut at = start;
        for word in value.split_whitespace() {
            let rest = text.as_str().get(at..).unwrap_or_default();
            let begin = at + rest.find(word).unwrap_or_default();
            at = begin + word.len();
            if !kept.split_whitespace().any(|known| known == word) {
                self.hide(text, begin..at);
            }
        }
    }

    /// Masks the values of `--env NAME=value` and `-l NAME=value` in a command line.
    fn flags(&mut self, line: &[&TracedText]) {
        let mut is_value = false;
        for word in line {
            let text = word.as_str();
            let is_flag = matches!(text, "-e" | "--env" | "-l" | "--label");
            if std::mem::replace(&mut is_value, is_flag) {
                self.assignment(word, 0);
            } else if let Some(flag) =
                ["--env=", "--label=", "-e", "-l"].iter().find(|flag| text.starts_with(**flag))
            {
                self.assignment(word, flag.len());
            }
        }
    }

    /// Masks the parts of a command line that are secrets.
    fn line(&mut self, line: &[&TracedText]) {
        let texts: Vec<&str> = line.iter().map(|word| word.as_str()).collect();
        for (word, masked) in line.iter().zip(secret::words(&texts)) {
            let text = word.as_str();
            if text == masked {
                continue;
            }
            let same = |(a, b): &(char, char)| a == b;
            let begin: usize =
                text.chars().zip(masked.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
            let rest = text.get(begin..).unwrap_or_default();
            let behind = masked.get(begin..).unwrap_or_default();
            let end: usize = rest
                .chars()
                .rev()
                .zip(behind.chars().rev())
                .take_while(same)
                .map(|(c, _)| c.len_utf8())
                .sum();
            self.hide(word, begin..text.len() - end);
        }
    }

    /// Masks the lines between values: a prompt, a command.
    fn plain(&mut self, file: SourceId, text: &str, range: std::ops::Range<usize>) {
        let mut at = range.start;
        for line in text.get(range).unwrap_or_default().split_inclusive('\n') {
            let span = Span::new(file, at, at + line.len());
            at += line.len();
            self.line(&[&TracedText::verbatim(line, span)]);
        }
    }
}

/// True for an option of a logging driver that may be a secret. The other names below `Config` have capitals.
fn is_option(name: &str) -> bool {
    name.starts_with(|c: char| c.is_lowercase()) && !SHOWN_OPTIONS.contains(&name)
}

/// Replaces the characters of these spans. A backslash stays, and what it escapes becomes a character that may follow it.
fn replaced(text: &str, hidden: &[Span]) -> String {
    let mut is_hidden = vec![false; text.len()];
    for span in hidden {
        is_hidden.get_mut(span.range()).into_iter().flatten().for_each(|hidden| *hidden = true);
    }
    let mut out = String::with_capacity(text.len());
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        if !is_hidden.get(at).copied().unwrap_or_default() || matches!(c, '\r' | '\n') {
            out.push(c);
            is_escaped = false;
            continue;
        }
        let escaped = std::mem::take(&mut is_escaped);
        is_escaped = c == '\\' && !escaped;
        out.push(match c {
            '\\' if is_escaped => '\\',
            _ if escaped => '/',
            ' ' => ' ',
            _ => match c.len_utf8() {
                1 => '*',
                2 => '·',
                3 => '•',
                _ => '𐄁',
            },
        });
    }
    out
}
