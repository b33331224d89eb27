//! Redirections, and the contents of here-documents.

use super::reader::Reader;
use super::{FrameKind, Redirection, Word};
use crate::source::TracedText;

/// A here-document whose content begins on the next line.
pub(super) struct Pending {
    pub(super) heredoc: usize,
    name: String,
    strip: bool,
    /// True if the command is a shell that runs the content.
    pub(super) runs: bool,
}

impl Reader<'_> {
    pub(super) fn is_descriptor(&self) -> bool {
        let rest = self.rest().as_bytes();
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        digits < 4 && matches!(rest.get(digits), Some(b'<' | b'>'))
    }

    pub(super) fn redirection(&mut self) {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        let rest = self.rest();
        let operators = ["&>>", "&>", "<<<", "<<-", "<<", "<&", "<>", "<", ">>", ">&", ">|", ">"];
        let operator = operators.into_iter().find(|operator| rest.starts_with(operator)).unwrap_or("<");
        let from = self.at;
        self.at += operator.len().min(rest.len());
        let operator = self.text.slice(from..self.at);
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let target = match self.peek() {
            None | Some(b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')') => {
                let nothing = TracedText::empty(self.text.span_of(self.at..self.at));
                Word { text: nothing, expands: false, quoted: false, splits: false }
            }
            _ => self.word(),
        };
        let mut heredoc = None;
        if matches!(operator.as_str(), "<<" | "<<-") && !target.as_ref().is_empty() {
            let index = self.script.heredocs.len();
            self.script.heredocs.push(TracedText::empty(target.text.span()));
            let strip = operator.as_str() == "<<-";
            let name = target.as_ref().to_owned();
            self.pending.push(Pending { heredoc: index, name, strip, runs: false });
            heredoc = Some(index);
        }
        // A redirection after a compound command belongs to that, and is not recorded.
        if self.closed.is_some() && self.command.is_none() && heredoc.is_none() {
            return;
        }
        let span = self.text.span_of(start..self.at);
        let command = self.building(span);
        command.span = command.span.cover(span);
        command.redirections.push(Redirection { operator, target, heredoc });
    }

    /// Reads the contents of the here-documents of the line that has just ended.
    pub(super) fn contents(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        for pending in std::mem::take(&mut self.pending) {
            let text = match self.elsewhere.split_first() {
                Some((first, more)) => {
                    self.elsewhere = more;
                    first.clone()
                }
                None => self.body(&pending),
            };
            if pending.runs {
                self.inside(&text, FrameKind::Script);
            }
            if let Some(place) = self.script.heredocs.get_mut(pending.heredoc) {
                *place = text;
            }
        }
    }

    /// Reads the lines up to the terminator.
    fn body(&mut self, pending: &Pending) -> TracedText {
        let mut text = TracedText::empty(self.text.span_of(self.at..self.at));
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                self.script.complete = false;
                return text;
            }
            let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
            let line = rest.get(..length).unwrap_or_default();
            let tabs = if pending.strip { line.len() - line.trim_start_matches('\t').len() } else { 0 };
            let (from, to) = (self.at + tabs, self.at + length);
            self.at = to;
            if line.get(tabs..).unwrap_or_default().trim_end_matches(['\n', '\r']) == pending.name {
                return text;
            }
            text.push_slice(self.text, from..to);
        }
    }
}
