//! Pastes into command lines, variables, Dockerfile instructions, and environment files.

use std::ops::Range;

use oomlint::source::Sources;
use oomlint::syntax::dockerfile::{self, Instruction, Keyword};
use regex::Regex;

use super::snippet::Snippet;

type Change = (Range<usize>, String);

/// Returns the name of a flag without its value: `-Xmx` of `-Xmx1g`, `-XX:MaxRAMPercentage` of `-XX:MaxRAMPercentage=70`.
pub fn kind(flag: &str) -> String {
    for name in ["-Xmx", "-Xms", "-Xss", "-Xmn"] {
        if flag.starts_with(name) {
            return name.to_owned();
        }
    }
    let name = flag.split('=').next().unwrap_or_default();
    name.replacen("-XX:+", "-XX:", 1).replacen("-XX:-", "-XX:", 1)
}

/// Splits a text into flags, each with the words that follow it.
pub fn split(flags: &str) -> Vec<Vec<&str>> {
    let mut found: Vec<Vec<&str>> = Vec::new();
    for word in flags.split_whitespace() {
        match found.last_mut() {
            Some(last) if !word.starts_with('-') => last.push(word),
            _ => found.push(vec![word]),
        }
    }
    found
}

/// Returns the flags of the old text that are not in the new one, except heap sizes.
pub fn dropped(old: &str, new: &str) -> Vec<String> {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| c.is_whitespace() || "\"',".contains(c));
        let bare = words.map(|word| {
            word.rsplit_once("OPTS=").or(word.rsplit_once("OPTIONS=")).map_or(word, |(_, flag)| flag)
        });
        bare.filter(|word| word.len() > 1 && word.starts_with('-')).map(kind).collect()
    };
    let kept = words(new);
    let bound = |kind: &String| kind.starts_with("-Xm") || kind.contains("RAM") || kind.contains("old-space");
    words(old).into_iter().filter(|kind| !kept.contains(kind) && !bound(kind)).collect()
}

/// True for programs whose options come directly after their name.
pub fn wants_flags_first(program: &str) -> bool {
    ["java", "node", "dotnet", "php"].contains(&program.rsplit('/').next().unwrap_or_default())
}

/// Replaces flags of the same name in `within`, else the flag at `pointed`, else inserts after the program or at the end.
pub fn flags(text: &str, within: &Range<usize>, pointed: &Range<usize>, flags: &str) -> Change {
    let mut new = text[within.clone()].to_owned();
    let pointed_at = text.get(pointed.clone()).unwrap_or_default();
    let mut rest = Vec::new();
    for flag in split(flags) {
        let name = regex::escape(&kind(flag[0]));
        let value = if name.starts_with("-X") { r#"[^\s"',]*"# } else { r#"(=|\s+)[^\s"',]+"# };
        let pattern = Regex::new(&format!(r#"(^|[\s"'=\[,]){name}{value}"#)).unwrap();
        let joined = flag.join(" ");
        if pattern.is_match(&new) {
            new = pattern
                .replace(&new, |found: &regex::Captures<'_>| format!("{}{joined}", &found[1]))
                .into_owned();
        } else {
            rest.push(joined);
        }
    }
    if !rest.is_empty() {
        let rest = rest.join(" ");
        if pointed_at.starts_with('-')
            && !pointed_at.contains(char::is_whitespace)
            && new.contains(pointed_at)
        {
            new = new.replacen(pointed_at, &rest, 1);
        } else {
            let first =
                new.trim_start_matches(['"', '\'']).split_whitespace().next().unwrap_or_default().to_owned();
            let at = if wants_flags_first(&first) {
                new.find(&first).unwrap_or_default() + first.len()
            } else {
                new.trim_end().trim_end_matches(['"', '\'']).len()
            };
            new.insert_str(at, &format!(" {rest}"));
        }
    }
    (within.clone(), new)
}

fn instructions_of(text: &str) -> Vec<Instruction> {
    let file = Sources::new().add(std::path::Path::new("Dockerfile"), text);
    dockerfile::parse(file, text).instructions
}

fn at(found: &[Instruction], place: usize) -> Option<&Instruction> {
    found.iter().rev().find(|one| one.span.range().start <= place)
}

/// Returns the keyword of the instruction at an offset.
pub fn keyword_at(text: &str, place: usize) -> Option<&'static str> {
    Some(at(&instructions_of(text), place)?.keyword.as_str())
}

/// Inserts flags into the instruction at `pointed`. In the exec form each is a separate word.
pub fn flags_of_instruction(text: &str, pointed: &Range<usize>, new: &str) -> Option<Vec<Change>> {
    let found = instructions_of(text);
    let instruction = at(&found, pointed.start)?;
    let range = instruction.span.range();
    let written = &text[range.clone()];
    if matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint) && written.contains('[') {
        let words = split(new).concat();
        let known = words.iter().all(|word| !written.contains(&kind(word)));
        if known {
            let list = range.start + written.find('[')? + 1;
            let first = Regex::new(r#""((?:[^"\\]|\\.)*)""#).unwrap();
            let first = first.captures_at(text, list)?;
            let added: String = words.iter().map(|word| format!(", \"{word}\"")).collect();
            let end = if wants_flags_first(&first[1]) {
                first.get(0)?.end()
            } else {
                range.start + written.rfind(']')?
            };
            return Some(vec![(end..end, added)]);
        }
    }
    if !matches!(instruction.keyword, Keyword::Cmd | Keyword::Entrypoint | Keyword::Env | Keyword::Run) {
        return None;
    }
    let quoted = written.ends_with(['"', '\'']) || written.contains(char::is_whitespace);
    let begin = range.start + instruction.keyword.as_str().len() + 1;
    (quoted && begin <= range.end).then(|| vec![flags(text, &(begin..range.end), pointed, new)])
}

/// Replaces the instruction at `place` if it has the same keyword, else appends to the last stage.
pub fn instructions(text: &str, place: usize, lines: &[String]) -> Option<Vec<Change>> {
    let found = instructions_of(text);
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let keyword = lines.first()?.split_whitespace().next()?;
    let pointed = at(&found, place).filter(|one| one.keyword.as_str() == keyword && keyword != "RUN");
    if keyword == "FROM" {
        let written = &text[pointed?.span.range()];
        let image =
            Regex::new(r"(?is)^FROM\s+(?:--\S+\s+|\\\s*\n\s*)*(\S+)").unwrap().captures(written)?.get(1)?;
        let start = pointed?.span.range().start;
        let new = lines.first()?.split_whitespace().nth(1)?;
        return Some(vec![(start + image.start()..start + image.end(), new.to_owned())]);
    }
    if let Some(one) = pointed {
        return Some(vec![(one.span.range(), lines.join(end))]);
    }
    let before = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    Some(vec![(text.len()..text.len(), format!("{before}{}{end}", lines.join(end)))])
}

/// Changes the command at `pointed`.
pub fn command(text: &str, pointed: &Range<usize>, part: &Snippet) -> Option<Vec<Change>> {
    let found = instructions_of(text);
    match part {
        Snippet::Tail(tail) => {
            let run = at(&found, pointed.start)
                .filter(|one| one.keyword == Keyword::Run && one.heredocs.is_empty())?;
            let end = run.span.range().end;
            Some(vec![(end..end, format!(" {tail}"))])
        }
        Snippet::Command(command) => {
            let run = at(&found, pointed.start)?.span.range();
            let mut words = command.splitn(3, ' ');
            let (program, verb, flag) = (words.next()?, words.next()?, words.next()?);
            let program = regex::escape(program);
            let same = Regex::new(&format!(r"\b{program}[0-9.]*\s+{}\b", regex::escape(verb))).unwrap();
            let ends = same.find_iter(&text[run.clone()]).map(|one| run.start + one.end());
            let changes: Vec<Change> = ends.map(|end| (end..end, format!(" {flag}"))).collect();
            (!changes.is_empty()).then_some(changes)
        }
        Snippet::Exec => {
            let written = text.get(pointed.clone())?;
            let last = ["&& ", "; "].iter().filter_map(|word| Some(written.rfind(word)? + word.len())).max();
            let keyword = Regex::new(r"^(CMD|ENTRYPOINT)\s+").unwrap().find(written).map(|found| found.end());
            let list =
                written.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == ' ').starts_with('[');
            let quote = if list {
                written.trim_end_matches(['"', ']', ' ']).rfind('"').map(|at| at + 1)
            } else {
                None
            };
            let first = usize::from(written.starts_with(['"', '\'']));
            let at = pointed.start + last.or(quote).or(keyword).unwrap_or(first);
            Some(vec![(at..at, "exec ".to_owned())])
        }
        _ => None,
    }
}

/// Replaces the lines of an environment file with the same names, else appends.
pub fn lines(text: &str, new: &[(String, String)]) -> Vec<Change> {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let one = |(name, line): &(String, String)| {
        let old = Regex::new(&format!(r"(?m)^(export )?{}=[^\r\n]*", regex::escape(name))).unwrap();
        match old.find(text) {
            Some(found) => (found.range(), line.clone()),
            None => {
                let before = if text.is_empty() || text.ends_with('\n') { "" } else { end };
                (text.len()..text.len(), format!("{before}{line}{end}"))
            }
        }
    };
    new.iter().map(one).collect()
}
