//! Reads the words of a command as pflag does (spf13/pflag `flag.go`): flags end at the first word that is none.

use super::{Argument, Command, Flag, Mistake, OneDash, Program, Refusal, Takes, Verb, flags, refusal};
use crate::source::{Span, TracedText};
use crate::syntax::shell::{Word, base_name};

/// Maximum number of flags that are read of one command.
const MAX_FLAGS: usize = 2_000;

/// Maximum number of words before the client's name, as in `sudo -u me timeout 5 docker run`.
const MAX_BEFORE: usize = 40;

/// Programs that do not run the words behind them.
const INERT: [&str; 21] = [
    "echo", "printf", "cat", "grep", "egrep", "rg", "sed", "awk", "alias", "type", "which", "whereis", "man",
    "info", "read", "git", "history", "apt", "apt-get", "yum", "dnf",
];

/// Reads the command among the words of a simple command, if it starts or creates a container.
pub(super) fn command(words: &[Word]) -> Option<Command> {
    let first = words.first()?;
    if INERT.contains(&base_name(first.text.as_str())) {
        return None;
    }
    let starts = words.iter().enumerate().take(MAX_BEFORE);
    starts.into_iter().find_map(|(at, word)| {
        let program = program(word)?;
        let (verb, next) = verb(program, words, at + 1)?;
        Some(Reader::of(program, verb, words, (at, next)).read())
    })
}

/// Reads words between `docker run` and the image, as in `runArgs` of a `devcontainer.json`.
#[must_use]
pub fn flags_of_run(words: &[TracedText], head: Span) -> Command {
    let unknown = |text: &TracedText| text.as_str().contains("${");
    let words: Vec<Word> = words.iter().map(|text| plain(text.clone(), unknown(text), false)).collect();
    let mut reader = Reader::of(Program::Docker, Verb::Run, &words, (0, 0));
    reader.command.head = head;
    while reader.flag_word().is_some() {}
    let mut command = reader.command;
    refusal::of_flags(&mut command);
    command
}

fn program(word: &Word) -> Option<Program> {
    match base_name(word.literal()?) {
        "docker" => Some(Program::Docker),
        "podman" => Some(Program::Podman),
        "nerdctl" => Some(Program::Nerdctl),
        _ => None,
    }
}

/// Returns the subcommand and the index of the word behind it, if it starts or creates a container.
fn verb(program: Program, words: &[Word], from: usize) -> Option<(Verb, usize)> {
    let (name, at) = subcommand(program, words, from)?;
    match name {
        "run" => Some((Verb::Run, at)),
        "create" => Some((Verb::Create, at)),
        "container" => match subcommand(program, words, at)? {
            ("run", at) => Some((Verb::Run, at)),
            ("create", at) => Some((Verb::Create, at)),
            _ => None,
        },
        "service" if program == Program::Docker => match subcommand(program, words, at)? {
            ("create", at) => Some((Verb::ServiceCreate, at)),
            _ => None,
        },
        _ => None,
    }
}

/// Returns the first word that is no option, and the index of the one behind it.
fn subcommand(program: Program, words: &[Word], mut at: usize) -> Option<(&str, usize)> {
    loop {
        let word = words.get(at)?;
        let text = word.text.as_str();
        at += 1;
        if !text.starts_with('-') {
            // `docker $OPTIONS run`
            if word.expands {
                continue;
            }
            return Some((text, at));
        }
        if !text.contains('=') && flags::is_global_with_value(program, text) {
            at += 1;
        }
    }
}

/// Reads the flags, the image and the command.
struct Reader<'w> {
    words: &'w [Word],
    at: usize,
    command: Command,
}

impl<'w> Reader<'w> {
    fn of(program: Program, verb: Verb, words: &'w [Word], (start, next): (usize, usize)) -> Self {
        let span = |at: usize| words.get(at).map(|word| word.text.span());
        let begin = span(start).unwrap_or(Span::new(crate::source::SourceId(0), 0, 0));
        let head = span(next.saturating_sub(1)).map_or(begin, |last| begin.cover(last));
        let whole = words.last().map_or(head, |last| head.cover(last.text.span()));
        let command = Command {
            program,
            verb,
            span: whole,
            head,
            flags: Vec::new(),
            image: None,
            arguments: Vec::new(),
            uncertain: None,
            one_dash: None,
            refusals: Vec::new(),
        };
        Self { words, at: next, command }
    }

    fn read(mut self) -> Command {
        while self.flag_word().is_some() {}
        let rest = self.words.get(self.at..).unwrap_or_default();
        if self.command.uncertain.is_none() && !self.failed() {
            self.operands(rest);
        }
        if self.command.uncertain.is_none() {
            refusal::of_flags(&mut self.command);
        }
        self.command
    }

    /// True if the client stopped reading: what follows is not known to be what it seems.
    fn failed(&self) -> bool {
        self.command
            .refusals
            .iter()
            .any(|refusal| matches!(refusal.kind, Mistake::UnknownFlag(_) | Mistake::NoValue(_)))
    }

    /// Reads one word with flags. None at the first word that is none, or where reading ends.
    fn flag_word(&mut self) -> Option<()> {
        let word = self.words.get(self.at)?;
        // What `#optional` in backticks expands to is no word at all.
        if is_comment(word) {
            self.at += 1;
            return Some(());
        }
        let text = word.text.as_str();
        if text.len() < 2 || !text.starts_with('-') {
            return None;
        }
        if self.command.flags.len() >= MAX_FLAGS {
            self.command.uncertain = Some(word.text.span());
            return None;
        }
        self.at += 1;
        match text.strip_prefix("--") {
            Some("") => None,
            Some(_) => self.long(word),
            None => self.letters(word),
        }
    }

    fn long(&mut self, word: &Word) -> Option<()> {
        let text = word.text.as_str();
        let equals = text.find('=');
        let end = equals.unwrap_or(text.len());
        let name = text.get(2..end).unwrap_or_default();
        if name.is_empty() || name.starts_with('-') {
            return self.refuse(
                Mistake::UnknownFlag(text.to_owned()),
                format!("bad flag syntax: {text}"),
                word,
            );
        }
        // The name itself may be of a variable: `--${MODE}`.
        if name.contains(['$', '`']) && word.expands {
            return self.give_up(word);
        }
        let Some(row) = flags::by_name(self.command.program, self.command.verb, name) else {
            return self.unknown(format!("--{name}"), format!("unknown flag: --{name}"), word);
        };
        let value = match equals {
            Some(equals) => Some(part(word, equals + 1)),
            None if row.takes == Takes::Nothing => None,
            None => Some(self.next(row, format!("flag needs an argument: --{name}"), word)?),
        };
        self.push(Flag { row, name: word.text.slice(0..end).with_span(span_of(word, 0..end)), value })
    }

    /// Reads the letters behind one dash. The first that takes a value takes the rest, or the next word.
    fn letters(&mut self, word: &Word) -> Option<()> {
        let text = word.text.as_str();
        let letters = text.get(1..).unwrap_or_default();
        let long = flags::by_name(
            self.command.program,
            self.command.verb,
            letters.split('=').next().unwrap_or_default(),
        );
        for (at, letter) in letters.char_indices() {
            if word.expands && matches!(letter, '$' | '`') {
                return self.give_up(word);
            }
            let Some(row) = flags::by_letter(self.command.program, self.command.verb, letter) else {
                let message = format!("unknown shorthand flag: '{letter}' in {text}");
                self.one_dash(long, word, None);
                return self.unknown(format!("-{letter}"), message, word);
            };
            let begin = at + 1;
            let end = begin + letter.len_utf8();
            let name = match begin {
                1 => word.text.slice(0..end).with_span(span_of(word, 0..end)),
                _ => word.text.slice(begin..end),
            };
            let rest = text.get(end..).unwrap_or_default();
            let joined = if rest.len() > 1 { rest.strip_prefix('=') } else { None };
            let value = match (joined, row.takes) {
                (Some(_), _) => Some(part(word, end + 1)),
                (None, Takes::Nothing) => {
                    self.push(Flag { row, name, value: None })?;
                    continue;
                }
                (None, _) if !rest.is_empty() => {
                    // `-ip 80:80` is two flags.
                    let long = long.filter(|long| long.name.len() > 2);
                    self.one_dash(long, word, Some(format!("-{letter} {rest}")));
                    Some(part(word, end))
                }
                (None, _) => {
                    Some(self.next(row, format!("flag needs an argument: '{letter}' in {text}"), word)?)
                }
            };
            return self.push(Flag { row, name, value });
        }
        Some(())
    }

    fn push(&mut self, mut flag: Flag) -> Option<()> {
        if let Some(value) = &mut flag.value {
            value.expands |= is_placeholder(value.text.as_str(), flag.row);
        }
        self.command.flags.push(flag);
        Some(())
    }

    /// Notes a long name behind one dash, which the client takes for letters.
    fn one_dash(&mut self, long: Option<&'static super::Row>, word: &Word, read: Option<String>) {
        let Some(row) = long.filter(|row| row.name.len() > 1) else { return };
        let word = word.text.clone();
        self.command.one_dash.get_or_insert(OneDash { word, meant: row.name, read });
    }

    /// Takes the next word as a value.
    fn next(&mut self, row: &'static super::Row, message: String, word: &Word) -> Option<Argument> {
        match self.words.get(self.at) {
            Some(value) => {
                self.at += 1;
                Some(argument(value))
            }
            None => {
                self.refuse(Mistake::NoValue(row.name), message, word);
                None
            }
        }
    }

    /// Ends reading at a flag that is not in the table. Docker rejects it; others may have it in another version.
    fn unknown(&mut self, name: String, message: String, word: &Word) -> Option<()> {
        match self.command.program {
            Program::Docker => self.refuse(Mistake::UnknownFlag(name), message, word),
            Program::Podman | Program::Nerdctl => {
                self.refuse(Mistake::UnknownFlag(name), message, word);
                self.give_up(word)
            }
        }
    }

    fn refuse(&mut self, kind: Mistake, message: String, word: &Word) -> Option<()> {
        self.command.refusals.push(Refusal { kind, message, span: word.text.span() });
        None
    }

    fn give_up(&mut self, word: &Word) -> Option<()> {
        self.command.uncertain = Some(word.text.span());
        None
    }

    /// Reads the image and the words behind it.
    fn operands(&mut self, words: &'w [Word]) {
        let mut words = words.iter().filter(|word| !is_comment(word));
        let Some(image) = words.next() else {
            let refusal = Refusal {
                kind: Mistake::NoImage,
                message: "requires at least 1 argument".to_owned(),
                span: self.command.span,
            };
            self.command.refusals.push(refusal);
            return;
        };
        let rest: Vec<&Word> = words.collect();
        let flags_follow = || rest.iter().any(|word| self.command.row_of(word.text.as_str()).is_some());
        let is_image = match likely(image) {
            Likely::Image => true,
            Likely::Flags => false,
            Likely::Either => !flags_follow(),
        };
        if !is_image || is_schematic(image) {
            self.command.uncertain = Some(image.text.span());
            return;
        }
        self.command.image = Some(argument(image));
        self.command.arguments = rest.into_iter().map(argument).collect();
    }
}

/// True for a substitution with nothing but a comment in it.
fn is_comment(word: &Word) -> bool {
    let text = word.text.as_str();
    let inside = text.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    word.expands && inside.is_some_and(|inside| inside.starts_with('#') && !inside.contains(['`', '\n']))
}

/// The probable kind of a word in the place of the image.
enum Likely {
    /// The image: it has text of one, or its variable is named after it.
    Image,
    /// None, one or several flags.
    Flags,
    /// The image, unless flags follow.
    Either,
}

/// Tells what a word in the place of the image probably is, by what its variable is called.
fn likely(word: &Word) -> Likely {
    let text = word.text.as_str();
    if !word.expands || !text.starts_with(['$', '`']) && !word.splits {
        return Likely::Image;
    }
    let lower = text.to_ascii_lowercase();
    let names = |names: &[&str]| names.iter().any(|name| lower.contains(name));
    if lower.contains('@') || matches!(text, "$*" | "\"$*\"") {
        return Likely::Flags;
    }
    if names(&["opt", "arg", "flag", "param", "extra"]) {
        return Likely::Flags;
    }
    let is_substitution = text.starts_with("$(") || text.starts_with('`');
    match names(&["image", "img", "docker build", "tag}", "_tag", "repo"])
        || !is_substitution && text.contains(['/', ':'])
    {
        true => Likely::Image,
        false if is_substitution => Likely::Flags,
        false => Likely::Either,
    }
}

/// True for a value that stands for another in a description: `...`, and where a number or a certain word is wanted `MEM`, `[size]`,
/// `XXXm`.
fn is_placeholder(text: &str, row: &super::Row) -> bool {
    // These take one of a few words, which are in small letters.
    const WORDS: [&str; 6] = ["restart", "restart-condition", "mode", "ipc", "log-driver", "pull"];
    let is_open =
        ["...", "…"].iter().any(|dots| text.starts_with(dots) || text.ends_with(&format!("={dots}")));
    if is_open || matches!(row.takes, Takes::Text | Takes::Nothing) && !WORDS.contains(&row.name) {
        return is_open;
    }
    let capitals = text.bytes().take_while(|byte| byte.is_ascii_uppercase() || *byte == b'_').count();
    let is_placeholder =
        |letters: &str| text.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(letters));
    text.starts_with(['[', '<', '{', '*'])
        || capitals == text.len() && !text.is_empty()
        || capitals > 1
        || ["xx", "nn", "yy"].into_iter().any(is_placeholder)
        || text.contains("...")
}

/// True for a word that stands for others in a description of the grammar or in a template: `...`, `[OPTIONS]`, `\${IMAGE}`.
fn is_schematic(word: &Word) -> bool {
    let text = word.text.as_str();
    text.starts_with("...")
        || text.starts_with('…')
        || text.starts_with(['[', '<', '{', '*'])
        || !word.expands && text.contains(['$', '{', '(', ','])
        || text.trim().is_empty() && !text.is_empty()
}

fn argument(word: &Word) -> Argument {
    Argument { text: word.text.clone(), expands: expands(word, word.text.as_str()) }
}

/// Returns the rest of a word from an offset on.
fn part(word: &Word, from: usize) -> Argument {
    let end = word.text.as_str().len();
    let text = word.text.slice(from..end);
    let expands = expands(word, text.as_str());
    Argument { text: text.with_span(span_of(word, from..end)), expands }
}

/// Returns the span of a part of a word. At its end, quotes that close there belong to it.
fn span_of(word: &Word, range: std::ops::Range<usize>) -> Span {
    let (whole, length) = (word.text.span(), word.text.as_str().len());
    let span = word.text.span_of(range.clone());
    if range.is_empty() {
        return Span { start: whole.end, ..whole };
    }
    if range.end == length { Span { end: whole.end.max(span.end), ..span } } else { span }
}

/// True if a part of a word has a value that is not known: a variable, a substitution, or a placeholder of a template.
fn expands(word: &Word, part: &str) -> bool {
    let placeholder =
        || part.contains("{{") || part.contains("%%") || part.contains('<') && part.contains('>');
    word.expands && part.contains(['$', '`']) || placeholder()
}

/// Creates a word that is all text, for notations without a shell.
pub(super) fn plain(text: TracedText, expands: bool, splits: bool) -> Word {
    Word { text, expands, quoted: true, splits }
}

#[cfg(test)]
mod tests;
