//! The main loop of the shell parser: commands, operators, nested scripts.

use super::redirections::Pending;
use super::{
    Assignment, Command, Frame, FrameKind, Join, Script, Word, Wrapped, count_wrapped, unwrap_once, wrapper,
};
use crate::source::{Span, TracedText};

/// Maximum nesting of substitutions, `${…}` and nested scripts.
const MAX_DEPTH: usize = 40;

/// Maximum number of commands in one script, and of constructs.
const MAX_COMMANDS: usize = 5_000;

/// Maximum nesting of constructs.
const MAX_OPEN: usize = 100;

pub(super) struct Reader<'s> {
    pub(super) script: &'s mut Script,
    pub(super) text: &'s TracedText,
    pub(super) at: usize,
    pub(super) depth: usize,
    /// The open constructs, outermost first.
    pub(super) open: Vec<usize>,
    /// Number of constructs that were open at the start of this list.
    pub(super) base: usize,
    /// Operator before the next command or construct.
    joint: Join,
    /// The last closed construct, as long as nothing follows it.
    pub(super) closed: Option<usize>,
    pub(super) command: Option<Command>,
    /// Name of a function whose body comes next.
    pub(super) function: Option<TracedText>,
    /// Here-documents whose contents begin on the next line.
    pub(super) pending: Vec<Pending>,
    /// Contents of here-documents that are not in `text`, in order.
    pub(super) elsewhere: &'s [TracedText],
}

pub(super) fn script(text: &TracedText, elsewhere: &[TracedText]) -> Script {
    let mut script = Script { complete: true, ..Script::default() };
    let mut reader = Reader::new(&mut script, text, elsewhere, 0, Vec::new());
    reader.list(false);
    script
}

pub(super) fn words(words: &[TracedText]) -> Script {
    let mut script = Script { complete: true, ..Script::default() };
    let Some(span) = words.iter().map(TracedText::span).reduce(Span::cover) else { return script };
    let nothing = TracedText::empty(span);
    let mut reader = Reader::new(&mut script, &nothing, &[], 0, Vec::new());
    let plain = |text: &TracedText| Word { text: text.clone(), expands: false, quoted: true, splits: false };
    reader.building(span).words = words.iter().map(plain).collect();
    reader.end_command(Join::Nothing, span);
    script
}

impl<'s> Reader<'s> {
    fn new(
        script: &'s mut Script,
        text: &'s TracedText,
        elsewhere: &'s [TracedText],
        depth: usize,
        open: Vec<usize>,
    ) -> Self {
        Self {
            script,
            text,
            at: 0,
            depth,
            base: open.len(),
            open,
            joint: Join::Nothing,
            closed: None,
            command: None,
            function: None,
            pending: Vec::new(),
            elsewhere,
        }
    }

    pub(super) fn rest(&self) -> &'s str {
        self.text.as_str().get(self.at..).unwrap_or_default()
    }

    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_str().as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.byte(0)
    }

    pub(super) fn character(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Moves `length` bytes of the script to a word.
    pub(super) fn take(&mut self, text: &mut TracedText, length: usize) {
        text.push_slice(self.text, self.at..self.at + length);
        self.at += length;
    }

    /// Enters a level of nesting; at a limit returns false and skips the rest of the script.
    pub(super) fn descend(&mut self) -> bool {
        if self.depth < MAX_DEPTH && self.script.commands.len() < MAX_COMMANDS {
            self.depth += 1;
            return true;
        }
        self.stop();
        false
    }

    fn stop(&mut self) {
        self.script.complete = false;
        self.at = self.text.as_str().len();
    }

    /// Reads commands up to the end, or up to the parenthesis that closes the list.
    fn list(&mut self, parenthesis: bool) {
        while let Some(byte) = self.peek() {
            let made = self.script.commands.len().max(self.script.frames.len());
            if made >= MAX_COMMANDS || self.open.len() > MAX_OPEN {
                return self.stop();
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\x0c' => self.at += 1,
                b'\\' if self.byte(1) == Some(b'\n') => self.at += 2,
                b'\\' if self.rest().starts_with("\\\r\n") => self.at += 3,
                b'#' => {
                    let rest = self.rest();
                    self.at += memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
                }
                b'\n' => {
                    self.operator(Join::Sequence, 1);
                    self.contents();
                }
                b';' if matches!(self.byte(1), Some(b';' | b'&')) => self.end_of_arm(),
                b';' => self.operator(Join::Sequence, 1),
                b'&' => match self.byte(1) {
                    Some(b'&') => self.operator(Join::And, 2),
                    Some(b'>') => self.redirection(),
                    _ => self.operator(Join::Background, 1),
                },
                b'|' => match self.byte(1) {
                    Some(b'|') => self.operator(Join::Or, 2),
                    Some(b'&') => self.operator(Join::Pipe, 2),
                    _ => self.operator(Join::Pipe, 1),
                },
                b'(' => self.parenthesis(),
                b')' => {
                    let inside =
                        self.innermost(|frame| frame.kind == FrameKind::Subshell || frame.name.is_some());
                    self.end_command(Join::Nothing, self.text.span_of(self.at..self.at + 1));
                    self.at += 1;
                    match inside {
                        Some(_) => {
                            self.close(|frame| frame.kind == FrameKind::Subshell || frame.name.is_some());
                        }
                        None if parenthesis => return,
                        None => self.script.complete = false,
                    }
                }
                b'<' | b'>' if self.byte(1) != Some(b'(') => self.redirection(),
                b'0'..=b'9' if self.is_descriptor() => self.redirection(),
                _ => self.next_word(),
            }
        }
        self.end_command(Join::Nothing, self.text.span_of(self.at..self.at));
        self.contents();
        self.script.complete &= self.open.len() == self.base && !parenthesis;
    }

    /// Reads a substitution up to its closing parenthesis. The command around it is then continued.
    pub(super) fn nested(&mut self) {
        if !self.descend() {
            return;
        }
        let frame = self.frame(FrameKind::Substitution);
        let around = (
            self.command.take(),
            std::mem::take(&mut self.joint),
            self.closed.take(),
            self.function.take(),
            std::mem::replace(&mut self.base, self.open.len() + 1),
            std::mem::take(&mut self.elsewhere),
        );
        self.open.push(frame);
        self.list(true);
        self.open.truncate(self.base.saturating_sub(1));
        (self.command, self.joint, self.closed, self.function, self.base, self.elsewhere) = around;
        self.depth -= 1;
    }

    /// Reads a nested script; its commands are appended in a construct of their own.
    pub(super) fn inside(&mut self, text: &TracedText, kind: FrameKind) {
        let made = self.script.commands.len().max(self.script.frames.len());
        if self.depth >= MAX_DEPTH || made >= MAX_COMMANDS {
            self.script.complete = false;
            return;
        }
        let frame = self.frame(kind);
        let mut open = self.open.clone();
        open.push(frame);
        Reader::new(self.script, text, &[], self.depth + 1, open).list(false);
    }

    /// Adds a construct inside the open ones.
    pub(super) fn frame(&mut self, kind: FrameKind) -> usize {
        self.script.frames.push(Frame {
            kind,
            parent: self.open.last().copied(),
            joined: self.joint,
            end: Join::Nothing,
            end_span: None,
            name: None,
        });
        self.script.frames.len() - 1
    }

    /// Adds and opens a construct.
    pub(super) fn enter(&mut self, kind: FrameKind) -> usize {
        let frame = self.frame(kind);
        self.joint = Join::Nothing;
        self.closed = None;
        self.open.push(frame);
        frame
    }

    /// Returns the position in `open` of the innermost matching construct of this list.
    pub(super) fn innermost(&self, fits: impl Fn(&Frame) -> bool) -> Option<usize> {
        let own = self.open.get(self.base..).unwrap_or_default();
        own.iter().rposition(|at| self.script.frames.get(*at).is_some_and(&fits)).map(|at| at + self.base)
    }

    /// Closes the innermost matching construct, and all that are still open inside it.
    pub(super) fn close(&mut self, fits: impl Fn(&Frame) -> bool) {
        let Some(place) = self.innermost(fits) else {
            self.script.complete = false;
            return;
        };
        self.closed = self.open.get(place).copied();
        self.open.truncate(place);
        self.joint = Join::Nothing;
    }

    fn operator(&mut self, join: Join, length: usize) {
        let span = self.text.span_of(self.at..self.at + length);
        self.at += length;
        if self.command.is_some() {
            self.end_command(join, span);
        } else if let Some(frame) = self.closed.take().and_then(|at| self.script.frames.get_mut(at)) {
            (frame.end, frame.end_span) = (join, Some(span));
        } else {
            // An empty line after `&&` changes nothing.
            return;
        }
        self.joint = join;
    }

    /// Returns the current command, or starts one.
    pub(super) fn building(&mut self, span: Span) -> &mut Command {
        let (joined, frame) = (&mut self.joint, self.open.last().copied());
        self.command.get_or_insert_with(|| Command {
            assignments: Vec::new(),
            words: Vec::new(),
            redirections: Vec::new(),
            joined: std::mem::take(joined),
            end: Join::Nothing,
            end_span: span,
            wrapped: 0,
            frame,
            span,
        })
    }

    pub(super) fn end_command(&mut self, join: Join, span: Span) {
        let Some(mut command) = self.command.take() else { return };
        (command.end, command.end_span) = (join, span);
        command.wrapped = count_wrapped(&command.words);
        self.closed = None;
        let scripts = self.scripts_of(&command);
        let joined = command.joined;
        self.script.commands.push(command);
        self.joint = joined;
        for text in scripts {
            self.inside(&text, FrameKind::Script);
        }
        self.joint = Join::Nothing;
    }

    /// Returns the scripts that a command passes to a shell (`sh -c '…'`, `eval '…'`, `<<<`) and marks its
    /// here-documents as scripts.
    fn scripts_of(&mut self, command: &Command) -> Vec<TracedText> {
        let words = command.runs();
        match unwrap_once(words) {
            Wrapped::Script(at) => words.get(at).map(|word| word.text.clone()).into_iter().collect(),
            Wrapped::Input => {
                for redirection in &command.redirections {
                    for pending in &mut self.pending {
                        pending.runs |= redirection.heredoc == Some(pending.heredoc);
                    }
                }
                let strings = command.redirections.iter().filter(|to| to.operator.as_str() == "<<<");
                strings.map(|to| to.target.text.clone()).take(1).collect()
            }
            // A `RUN` with nothing but a here-document runs it as a script.
            Wrapped::Itself | Wrapped::From(_) => {
                if words.is_empty() && !self.elsewhere.is_empty() {
                    self.pending.iter_mut().for_each(|pending| pending.runs = true);
                }
                Vec::new()
            }
        }
    }

    /// Reads a word of the current command, a keyword, or an assignment.
    fn next_word(&mut self) {
        let start = self.at;
        let is_first = self.command.as_ref().is_none_or(|command| command.words.is_empty());
        let clean = self.command.is_none();
        let word = self.word();
        if clean && self.keyword(&word) {
            return;
        }
        let span = self.text.span_of(start..self.at);
        let assignment = is_first.then(|| assignment(&word)).flatten();
        let command = self.building(span);
        command.span = command.span.cover(span);
        match assignment {
            Some(assignment) => command.assignments.push(assignment),
            None => command.words.push(word),
        }
    }
}

fn assignment(word: &Word) -> Option<Assignment> {
    let text = &word.text;
    if !wrapper::is_assignment(text.as_str()) {
        return None;
    }
    let equals = text.as_str().find('=')?;
    let length = text.as_str().len();
    let name = text.slice(0..equals - usize::from(text.as_str().get(..equals)?.ends_with('+')));
    let value = Word { text: text.slice(equals + 1..length), ..word.clone() };
    Some(Assignment { name, value })
}
