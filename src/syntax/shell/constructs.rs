//! Shell keywords, and the compound commands that they open and close.

use super::reader::Reader;
use super::{Command, Frame, FrameKind, Join, Word};
use crate::source::TracedText;

impl Reader<'_> {
    /// Handles a keyword in command position; false if `word` is not one.
    pub(super) fn keyword(&mut self, word: &Word) -> bool {
        if word.quoted || word.expands {
            return false;
        }
        match word.as_ref() {
            "!" => {}
            "if" | "while" | "until" => _ = self.enter(FrameKind::Condition),
            "then" | "elif" | "else" => self.instead(FrameKind::Branch),
            "do" => self.instead(FrameKind::Loop),
            "fi" => self.close(|frame| matches!(frame.kind, FrameKind::Condition | FrameKind::Branch)),
            "done" => self.close(|frame| matches!(frame.kind, FrameKind::Condition | FrameKind::Loop)),
            "for" | "select" => self.loop_head(),
            "case" => self.case_head(),
            "esac" => self.close(|frame| frame.kind == FrameKind::Case),
            "{" => self.body_or(FrameKind::Group),
            "}" => self.close(|frame| matches!(frame.kind, FrameKind::Group | FrameKind::Function)),
            "function" => {
                self.blank();
                let name = self.word();
                self.function = Some(name.text);
                self.blank();
                if self.rest().starts_with("()") {
                    self.at += 2;
                }
            }
            "[[" => self.test(word),
            _ => return false,
        }
        true
    }

    /// Opens a group or subshell, or the body of the function whose name was just read.
    fn body_or(&mut self, kind: FrameKind) {
        let name = self.function.take();
        let frame = self.enter(if name.is_some() { FrameKind::Function } else { kind });
        if let Some(frame) = self.script.frames.get_mut(frame) {
            frame.name = name;
        }
    }

    /// Replaces the innermost construct: `then` follows `if`, `do` follows `while` or the head of a loop.
    fn instead(&mut self, kind: FrameKind) {
        let fits = |frame: &Frame| matches!(frame.kind, FrameKind::Condition | FrameKind::Branch);
        let Some(place) = self.innermost(fits) else {
            self.script.complete = false;
            return;
        };
        self.open.truncate(place);
        self.enter(kind);
    }

    fn blank(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r') => self.at += 1,
                Some(b'\\') if self.byte(1) == Some(b'\n') => self.at += 2,
                _ => return,
            }
        }
    }

    /// Skips blanks, newlines and comments.
    fn blank_lines(&mut self) {
        loop {
            self.blank();
            match self.peek() {
                Some(b'\n') => self.at += 1,
                Some(b'#') => {
                    let rest = self.rest();
                    self.at += memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Reads `for NAME in WORDS` up to its `do`, including the commands in substitutions.
    fn loop_head(&mut self) {
        self.enter(FrameKind::Condition);
        loop {
            self.blank();
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')' | b'<' | b'>') => return,
                Some(b'(') => {
                    let mut skipped = TracedText::empty(self.text.span_of(self.at..self.at));
                    self.parentheses(&mut skipped);
                }
                Some(_) => _ = self.word(),
            }
        }
    }

    /// Reads `case WORD in` up to the first arm.
    fn case_head(&mut self) {
        self.enter(FrameKind::Case);
        self.blank_lines();
        if self.peek().is_some_and(|byte| !b";&|<>()\n".contains(&byte)) {
            self.word();
        }
        self.blank_lines();
        let rest = self.rest();
        if rest.starts_with("in") && !self.byte(2).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            self.at += 2;
            self.arm();
        } else {
            self.script.complete = false;
        }
    }

    /// Reads `PATTERN | PATTERN )`, unless `esac` follows.
    fn arm(&mut self) {
        self.blank_lines();
        if self.rest().starts_with("esac") && !self.byte(4).is_some_and(|byte| byte.is_ascii_alphanumeric()) {
            return;
        }
        self.enter(FrameKind::Branch);
        self.at += usize::from(self.peek() == Some(b'('));
        loop {
            self.blank();
            match self.peek() {
                None => return,
                Some(b')') => {
                    self.at += 1;
                    return;
                }
                Some(b'|' | b'&' | b';' | b'<' | b'>' | b'(' | b'\n') => self.at += 1,
                Some(_) => _ = self.word(),
            }
        }
    }

    /// Handles `;;`, `;&` and `;;&`.
    pub(super) fn end_of_arm(&mut self) {
        let length = if self.rest().starts_with(";;&") { 3 } else { 2 };
        let span = self.text.span_of(self.at..self.at + length);
        self.end_command(Join::Sequence, span);
        self.at += length;
        let Some(case) = self.innermost(|frame| frame.kind == FrameKind::Case) else {
            self.script.complete = false;
            return;
        };
        self.open.truncate(case + 1);
        self.arm();
    }

    /// Handles `(`: a subshell, arithmetic, or the parentheses after a function's name.
    pub(super) fn parenthesis(&mut self) {
        let Some(command) = self.command.take() else {
            if self.byte(1) == Some(b'(') && self.rest().contains("))") && self.function.is_none() {
                let mut skipped = TracedText::empty(self.text.span_of(self.at..self.at));
                return self.parentheses(&mut skipped);
            }
            self.at += 1;
            return self.body_or(FrameKind::Subshell);
        };
        let alone = command.words.len() == 1 && command.assignments.is_empty();
        match command.words.first() {
            Some(name) if alone => {
                self.function = Some(name.text.clone());
                self.at += 1;
                self.blank();
                self.at += usize::from(self.peek() == Some(b')'));
                self.blank_lines();
            }
            _ => {
                self.command = Some(command);
                self.script.complete = false;
                self.at += 1;
            }
        }
    }

    /// Reads `[[ … ]]`, in which `&&`, `(` and `<` are not operators.
    fn test(&mut self, word: &Word) {
        let start = self.at;
        let mut words = vec![word.clone()];
        loop {
            self.blank_lines();
            match self.peek() {
                None => {
                    self.script.complete = false;
                    break;
                }
                Some(b';') => break,
                Some(b'&' | b'|' | b'<' | b'>' | b'(' | b')') => self.at += 1,
                Some(_) => {
                    let next = self.word();
                    let ends = next.as_ref() == "]]";
                    words.push(next);
                    if ends {
                        break;
                    }
                }
            }
        }
        let span = word.text.span().cover(self.text.span_of(start..self.at));
        let command = self.building(span);
        *command = Command { words, span, ..command.clone() };
    }
}
