//! One instruction: keyword, flags, arguments.

use super::exec::{self, NotExec};
use super::words::{is_blank, pairs, split_blanks, split_words};
use super::{Arguments, Flag, Instruction, Keyword};
use crate::source::{Span, Text};
use crate::syntax::SyntaxError;

/// `ONBUILD ONBUILD …` is refused by BuildKit anyway; this is how far it is followed.
const MAX_ONBUILD: usize = 4;

const KEYWORDS: [(&str, Keyword); 18] = [
    ("ADD", Keyword::Add),
    ("ARG", Keyword::Arg),
    ("CMD", Keyword::Cmd),
    ("COPY", Keyword::Copy),
    ("ENTRYPOINT", Keyword::Entrypoint),
    ("ENV", Keyword::Env),
    ("EXPOSE", Keyword::Expose),
    ("FROM", Keyword::From),
    ("HEALTHCHECK", Keyword::Healthcheck),
    ("LABEL", Keyword::Label),
    ("MAINTAINER", Keyword::Maintainer),
    ("ONBUILD", Keyword::Onbuild),
    ("RUN", Keyword::Run),
    ("SHELL", Keyword::Shell),
    ("STOPSIGNAL", Keyword::Stopsignal),
    ("USER", Keyword::User),
    ("VOLUME", Keyword::Volume),
    ("WORKDIR", Keyword::Workdir),
];

impl Keyword {
    /// The instruction of that name, in whatever case; `Unknown` when there is none.
    #[must_use]
    pub fn of(word: &str) -> Self {
        let known = KEYWORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        known.map_or(Self::Unknown, |(_, keyword)| *keyword)
    }
}

/// Reads an instruction from its text, blanks around it removed.
pub(super) fn read(text: &Text, escape: char, errors: &mut Vec<SyntaxError>) -> Instruction {
    Reader { escape, errors }.instruction(text, 0)
}

struct Reader<'e> {
    escape: char,
    errors: &'e mut Vec<SyntaxError>,
}

impl Reader<'_> {
    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(SyntaxError { message: message.into(), span, fatal: true });
    }

    fn instruction(&mut self, text: &Text, depth: usize) -> Instruction {
        let source = text.as_str();
        let end = source.find(is_blank).unwrap_or(source.len());
        let name = text.slice(0..end);
        let keyword = Keyword::of(name.as_str());
        let blanks = source.get(end..).unwrap_or_default();
        let start = end + (blanks.len() - blanks.trim_start_matches(is_blank).len());
        let (flags, rest) = self.flags(text, start);
        let rest = text.slice(rest..source.len());
        let arguments = self.arguments(keyword, &name, &rest, depth);
        let span = text.span_of(0..source.len());
        Instruction {
            keyword,
            name,
            span,
            first_line: 0,
            last_line: 0,
            flags,
            arguments,
            heredocs: Vec::new(),
        }
    }

    /// `--name=value` words (`parser/split_command.go`), and where the arguments begin.
    fn flags(&mut self, text: &Text, start: usize) -> (Vec<Flag>, usize) {
        let source = text.as_str();
        let mut flags = Vec::new();
        let mut at = start;
        loop {
            let rest = source.get(at..).unwrap_or_default();
            at += rest.len() - rest.trim_start().len();
            if !source.get(at..).unwrap_or_default().starts_with("--") {
                return (flags, at);
            }
            let (word, end) = self.flag_word(text, at);
            at = end;
            if word.as_str() == "--" {
                let rest = source.get(at..).unwrap_or_default();
                return (flags, at + (rest.len() - rest.trim_start().len()));
            }
            let length = word.as_str().len();
            let equals = word.as_str().find('=');
            flags.push(Flag {
                name: word.slice(2..equals.unwrap_or(length)),
                value: equals.map(|equals| word.slice(equals + 1..length)),
                text: word,
            });
        }
    }

    /// A word with quotes and escapes resolved, and where it ends.
    fn flag_word(&self, text: &Text, start: usize) -> (Text, usize) {
        let source = text.as_str();
        let mut quote = None;
        let mut word = Text::empty(text.span());
        let mut end = source.len();
        let mut characters = source.get(start..).unwrap_or_default().char_indices();
        while let Some((offset, c)) = characters.next() {
            let at = start + offset;
            match quote {
                None if c.is_ascii_whitespace() || c == '\u{b}' => {
                    end = at;
                    break;
                }
                None if c == '\'' || c == '"' => quote = Some(c),
                Some(open) if c == open => quote = None,
                _ if c == self.escape => {
                    if let Some((offset, escaped)) = characters.next() {
                        let at = start + offset;
                        word.push_text(&text.slice(at..at + escaped.len_utf8()));
                    }
                }
                _ => word.push_text(&text.slice(at..at + c.len_utf8())),
            }
        }
        (word.at(text.span_of(start..end)), end)
    }

    fn arguments(&mut self, keyword: Keyword, name: &Text, rest: &Text, depth: usize) -> Arguments {
        let empty = rest.as_str().is_empty();
        if keyword == Keyword::Unknown {
            self.error(name.span(), unknown(name.as_str()));
            return Arguments::Malformed(rest.clone());
        }
        if empty {
            let message = format!("{} has no arguments", name.as_str().to_ascii_uppercase());
            // BuildKit takes an empty command, and it does nothing.
            let fatal = !matches!(keyword, Keyword::Run | Keyword::Cmd | Keyword::Entrypoint);
            self.errors.push(SyntaxError { message, span: name.span(), fatal });
            return Arguments::None;
        }
        match keyword {
            Keyword::From => self.from(rest),
            Keyword::Expose => Arguments::Words(split_blanks(rest)),
            Keyword::Add | Keyword::Copy => {
                let arguments = self.exec_or(rest, |text| Arguments::Words(split_blanks(text)));
                if let Arguments::Words(words) | Arguments::Exec(words) = &arguments
                    && words.len() < 2
                {
                    let keyword = name.as_str().to_ascii_uppercase();
                    self.error(
                        rest.span_of(0..rest.as_str().len()),
                        format!("{keyword} takes a source and a destination"),
                    );
                }
                arguments
            }
            Keyword::Volume => self.exec_or(rest, |text| Arguments::Words(split_blanks(text))),
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint | Keyword::Shell => {
                let arguments = self.exec_or(rest, |text| Arguments::Shell(text.clone()));
                if keyword == Keyword::Shell
                    && !matches!(&arguments, Arguments::Exec(words) if !words.is_empty())
                {
                    self.error(
                        rest.span_of(0..rest.as_str().len()),
                        "SHELL takes a JSON array: [\"/bin/sh\", \"-c\"]",
                    );
                }
                arguments
            }
            Keyword::Arg => Arguments::Words(split_words(rest, self.escape)),
            Keyword::Env | Keyword::Label => match pairs(rest, self.escape) {
                Ok(pairs) => Arguments::Pairs(pairs),
                Err(wrong) => {
                    self.error(rest.span_of(wrong.at), wrong.message);
                    Arguments::Malformed(rest.clone())
                }
            },
            Keyword::Healthcheck => self.healthcheck(rest),
            Keyword::Onbuild => self.onbuild(rest, depth),
            Keyword::Maintainer
            | Keyword::Stopsignal
            | Keyword::User
            | Keyword::Workdir
            | Keyword::Unknown => Arguments::Shell(rest.clone()),
        }
    }

    fn from(&mut self, rest: &Text) -> Arguments {
        let words = split_blanks(rest);
        let well_formed = match words.as_slice() {
            [_] => true,
            [_, word, _] => word.as_str().eq_ignore_ascii_case("as"),
            _ => false,
        };
        if !well_formed {
            self.error(
                rest.span_of(0..rest.as_str().len()),
                "FROM takes an image, or an image and `AS name`",
            );
        }
        if let [_, _, name] = words.as_slice()
            && !is_stage_name(name.as_str())
        {
            self.error(
                name.span(),
                format!("`{name}` is no name for a stage: letters, digits, `-`, `_` and `.`, a letter first"),
            );
        }
        Arguments::Words(words)
    }

    fn exec_or(&mut self, rest: &Text, otherwise: impl FnOnce(&Text) -> Arguments) -> Arguments {
        match exec::array(rest) {
            Ok(words) => Arguments::Exec(words),
            Err(NotExec::Shell) => otherwise(rest),
            Err(NotExec::NotStrings) => {
                self.error(rest.span_of(0..rest.as_str().len()), "an exec form holds strings only");
                Arguments::Malformed(rest.clone())
            }
        }
    }

    fn healthcheck(&mut self, rest: &Text) -> Arguments {
        let source = rest.as_str();
        let end = source.find(char::is_whitespace).unwrap_or(source.len());
        let blanks = source.get(end..).unwrap_or_default();
        let start = end + (blanks.len() - blanks.trim_start().len());
        let kind = rest.slice(0..end);
        let command = rest.slice(start..source.len());
        let none = kind.as_str().eq_ignore_ascii_case("none");
        if !none && !kind.as_str().eq_ignore_ascii_case("cmd") {
            self.error(kind.span(), format!("HEALTHCHECK takes CMD or NONE, not `{kind}`"));
        } else if none != command.as_str().is_empty() {
            let message =
                if none { "HEALTHCHECK NONE takes no arguments" } else { "HEALTHCHECK CMD has no command" };
            self.error(kind.span(), message);
        }
        let command = if command.as_str().is_empty() {
            Arguments::None
        } else {
            self.exec_or(&command, |text| Arguments::Shell(text.clone()))
        };
        Arguments::Healthcheck { kind, command: Box::new(command) }
    }

    fn onbuild(&mut self, rest: &Text, depth: usize) -> Arguments {
        if depth >= MAX_ONBUILD {
            self.error(rest.span_of(0..rest.as_str().len()), "ONBUILD in ONBUILD is not allowed");
            return Arguments::Malformed(rest.clone());
        }
        let inner = self.instruction(rest, depth + 1);
        if matches!(inner.keyword, Keyword::Onbuild | Keyword::From | Keyword::Maintainer) {
            let name = inner.name.as_str().to_ascii_uppercase();
            self.error(inner.name.span(), format!("{name} is not allowed in ONBUILD"));
        }
        Arguments::Onbuild(Box::new(inner))
    }
}

/// BuildKit `instructions/parse.go`: `^[a-z][a-z0-9-_.]*$`, in either case.
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn unknown(name: &str) -> String {
    let upper = name.to_uppercase();
    let near = KEYWORDS.iter().map(|(known, _)| (strsim::damerau_levenshtein(known, &upper), *known)).min();
    let meant = near.filter(|(distance, known)| *distance <= (known.len() / 3).max(1));
    let meant = meant.map(|(_, known)| format!(": did you mean `{known}`?")).unwrap_or_default();
    let shown: String = name.chars().take(40).collect();
    format!("unknown instruction `{shown}`{meant}")
}
