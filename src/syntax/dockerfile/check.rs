//! Errors that BuildKit reports after splitting the text, in its typed-instruction stage (`instructions/parse.go`,
//! `bflag.go`).

use crate::source::{Span, TracedText};
use crate::syntax::duration::parse_go;

use super::ast::{Arguments, Flag, Instruction, Keyword};
use super::directives::shorten;
use super::heredoc;

/// An error message and the bytes at fault.
type Problem = (String, Span);

/// The shortest health check interval that the engine accepts, in nanoseconds (moby's `container.MinimumDuration`).
const SHORTEST_INTERVAL: i64 = 1_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Switch,
    Value,
    Values,
}

/// Returns the flags of an instruction; `None` if BuildKit does not check them.
fn flags_of(keyword: Keyword) -> Option<&'static [(&'static str, Kind)]> {
    use Kind::{Switch, Value, Values};
    Some(match keyword {
        Keyword::From => &[("platform", Value)],
        Keyword::Run => &[("mount", Values), ("network", Value), ("security", Value), ("device", Values)],
        Keyword::Copy => &[
            ("from", Value),
            ("chown", Value),
            ("chmod", Value),
            ("link", Switch),
            ("parents", Switch),
            ("exclude", Values),
        ],
        Keyword::Add => &[
            ("chown", Value),
            ("chmod", Value),
            ("link", Switch),
            ("keep-git-dir", Switch),
            ("checksum", Value),
            ("unpack", Switch),
            ("exclude", Values),
        ],
        Keyword::Healthcheck => &[
            ("interval", Value),
            ("timeout", Value),
            ("start-period", Value),
            ("start-interval", Value),
            ("retries", Value),
        ],
        Keyword::Arg | Keyword::Stopsignal | Keyword::Unknown => return None,
        _ => &[],
    })
}

/// Returns the first error of an instruction.
pub(super) fn problem(instruction: &Instruction) -> Option<Problem> {
    check(instruction).err()
}

fn check(instruction: &Instruction) -> Result<(), Problem> {
    if instruction.keyword == Keyword::Unknown {
        return Err(unknown(&instruction.name));
    }
    arguments(instruction)?;
    let disabled = matches!(&instruction.arguments,
        Arguments::Healthcheck { kind, .. } if kind.as_str().eq_ignore_ascii_case("none"));
    match flags_of(instruction.keyword) {
        Some(known) if !disabled => flags(instruction, known),
        _ => Ok(()),
    }
}

fn unknown(name: &TracedText) -> Problem {
    let word = name.as_str();
    if word.is_empty() {
        return ("a continued line with no instruction".to_owned(), name.span());
    }
    let names = Keyword::ALL.iter().map(|keyword| keyword.as_str());
    let hint = suggest(&word.to_ascii_uppercase(), names);
    let hint = if hint.is_empty() { "; does the line above miss a `\\`?" } else { &hint };
    (format!("unknown instruction `{}`{hint}", shorten(word)), name.span())
}

/// Returns `: did you mean `NAME`?` for the nearest name within two edits, else an empty string.
fn suggest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> String {
    if word.len() > 20 {
        return String::new();
    }
    let nearest = names.filter(|name| name.len().abs_diff(word.len()) <= 2);
    let nearest = nearest.map(|name| (strsim::damerau_levenshtein(word, name), name)).min();
    match nearest {
        // Of a short word little is left after two edits.
        Some((distance, name)) if distance <= 2 && distance * 3 <= name.len().min(word.len()) => {
            format!(": did you mean `{name}`?")
        }
        _ => String::new(),
    }
}

fn arguments(instruction: &Instruction) -> Result<(), Problem> {
    use Keyword as K;
    let name = instruction.keyword.as_str();
    let at = instruction.name.span();
    let missing = |what: &str| Err((format!("{name} needs {what}"), at));
    match (instruction.keyword, &instruction.arguments) {
        (K::From, arguments) => from(instruction, words(arguments)),
        (K::Add | K::Copy, arguments) => match words(arguments) {
            [] => missing("a source and a destination"),
            [only] => {
                Err((format!("{name} needs a destination after `{}`", shorten(only.as_str())), only.span()))
            }
            [.., destination] if heredoc::is_marker(destination.as_str()) => {
                Err((format!("{name} cannot write to a here-document"), destination.span()))
            }
            _ => Ok(()),
        },
        (K::Env | K::Label | K::Arg, Arguments::None) => missing("a name"),
        (K::Env | K::Label, Arguments::Pairs(pairs)) => {
            match pairs.iter().find(|pair| pair.key.as_str().is_empty()) {
                Some(pair) => Err((format!("{name} has a value without a name"), pair.value.span())),
                None => Ok(()),
            }
        }
        (K::Arg, arguments) => match words(arguments).iter().find(|word| word.as_str().starts_with('=')) {
            Some(word) => Err((format!("{name} has a value without a name"), word.span())),
            None => Ok(()),
        },
        (K::Expose, Arguments::None) => missing("a port"),
        (K::Volume, arguments) => match words(arguments) {
            [] => missing("a path"),
            paths => match paths.iter().find(|path| path.as_str().trim().is_empty()) {
                Some(path) => Err((format!("{name} has an empty path"), path.span())),
                None => Ok(()),
            },
        },
        (K::Maintainer | K::Stopsignal | K::User | K::Workdir, Arguments::None) => missing("a value"),
        (K::Shell, Arguments::None) => missing("a JSON array"),
        (K::Shell, Arguments::Exec(words)) if words.is_empty() => missing("at least one word"),
        (K::Shell, Arguments::Shell(text)) => Err((format!("{name} takes a JSON array only"), text.span())),
        (K::Onbuild, Arguments::None) => missing("an instruction"),
        (K::Onbuild, Arguments::Onbuild(trigger)) => match trigger.keyword {
            K::Onbuild => Err(("ONBUILD cannot hold another ONBUILD".to_owned(), trigger.span)),
            K::From | K::Maintainer => Err((
                format!("{} cannot be an ONBUILD trigger", trigger.keyword.as_str()),
                trigger.name.span(),
            )),
            _ => Ok(()),
        },
        (K::Healthcheck, Arguments::None) => missing("CMD or NONE"),
        (K::Healthcheck, Arguments::Healthcheck { kind, command }) => healthcheck(kind, command),
        _ => Ok(()),
    }
}

fn words(arguments: &Arguments) -> &[TracedText] {
    match arguments {
        Arguments::Words(words) | Arguments::Exec(words) => words,
        _ => &[],
    }
}

fn from(instruction: &Instruction, words: &[TracedText]) -> Result<(), Problem> {
    if let Some(comment) = words.iter().skip(1).find(|word| word.as_str().starts_with('#')) {
        return Err(("a comment cannot follow FROM on its line".to_owned(), comment.span()));
    }
    match words {
        [] => Err(("FROM needs an image".to_owned(), instruction.name.span())),
        [_] => Ok(()),
        [_, keyword, stage] if keyword.as_str().eq_ignore_ascii_case("as") => {
            let name = stage.as_str();
            let valid = name.starts_with(|c: char| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if valid {
                return Ok(());
            }
            let name = shorten(name);
            let message =
                format!("`{name}` is no name for a stage: letters, digits, `-`, `_` and `.`, a letter first");
            Err((message, stage.span()))
        }
        [_, keyword, ..] => {
            let message = "FROM takes an image, or an image and `AS name`".to_owned();
            Err((message, words.last().map_or(keyword.span(), |last| keyword.span().cover(last.span()))))
        }
    }
}

fn healthcheck(kind: &TracedText, command: &Arguments) -> Result<(), Problem> {
    let empty = match command {
        Arguments::None => true,
        Arguments::Exec(words) => words.is_empty(),
        _ => false,
    };
    match kind.as_str().to_ascii_uppercase().as_str() {
        "NONE" if !matches!(command, Arguments::None) => {
            Err(("HEALTHCHECK NONE takes nothing more".to_owned(), kind.span()))
        }
        "NONE" => Ok(()),
        "CMD" if empty => Err(("HEALTHCHECK CMD has no command".to_owned(), kind.span())),
        "CMD" => Ok(()),
        _ => Err((format!("HEALTHCHECK takes CMD or NONE, not `{}`", shorten(kind.as_str())), kind.span())),
    }
}

fn flags(instruction: &Instruction, known: &[(&'static str, Kind)]) -> Result<(), Problem> {
    let mut seen: Vec<&str> = Vec::new();
    for flag in &instruction.flags {
        let name = flag.name.as_str();
        let fail = |what: String| Err((what, flag.text.span()));
        let Some((known_name, kind)) = known.iter().find(|(known, _)| *known == name) else {
            let hint = suggest(name, known.iter().map(|(known, _)| *known));
            return fail(format!("{} has no flag `--{}`{hint}", instruction.keyword.as_str(), shorten(name)));
        };
        if *kind != Kind::Values {
            if seen.contains(known_name) {
                return fail(format!("`--{name}` is given twice"));
            }
            seen.push(known_name);
        }
        match (&flag.value, kind) {
            (None, Kind::Value | Kind::Values) => return fail(format!("`--{name}` has no value")),
            (Some(value), Kind::Switch) if !["true", "false"].iter().any(|word| is(value, word)) => {
                return fail(format!("`--{name}` is true or false, not `{}`", shorten(value.as_str())));
            }
            _ => {}
        }
        value(instruction.keyword, flag)?;
    }
    Ok(())
}

fn is(value: &TracedText, word: &str) -> bool {
    value.as_str().eq_ignore_ascii_case(word)
}

fn value(keyword: Keyword, flag: &Flag) -> Result<(), Problem> {
    let Some(value) = &flag.value else {
        return Ok(());
    };
    let (name, text) = (flag.name.as_str(), value.as_str());
    let fail = |what: String| Err((what, flag.text.span()));
    match (keyword, name) {
        (Keyword::Healthcheck, "retries") => match text.parse::<i32>() {
            _ if text.is_empty() => Ok(()),
            Ok(0..) => Ok(()),
            _ => fail(format!("`--retries` takes a whole number, not `{}`", shorten(text))),
        },
        (Keyword::Healthcheck, _) if !text.is_empty() => match parse_go(text) {
            Ok(length) if length != 0 && length < SHORTEST_INTERVAL => {
                fail(format!("`--{name}` is shorter than 1 ms"))
            }
            Ok(_) => Ok(()),
            Err(message) => fail(format!("`--{name}`: {message}")),
        },
        // BuildKit resolves stages before it expands variables.
        (Keyword::Run, "mount")
            if text.split(',').any(|part| part.starts_with("from=") && part.contains('$')) =>
        {
            fail("`from=` of a mount takes no variable".to_owned())
        }
        _ => Ok(()),
    }
}
