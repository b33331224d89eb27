//! Parser of helps: snippets to paste are lines with two spaces of indentation, below a line of prose.

use regex::Regex;

/// Text to paste.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snippet {
    /// Keys of a Compose file.
    Yaml(String),
    /// Names of variables with their lines as printed: `NAME: value`, `- NAME=value` or `NAME=value`.
    Variables(Vec<(String, String)>),
    /// Lines of a Dockerfile.
    Instructions(Vec<String>),
    /// Words of a command line, or of a variable with flags.
    Flags(String),
    /// Text to append to a `RUN`: `&& …`.
    Tail(String),
    /// Command with the flag to add: `apk add --no-cache`.
    Command(String),
    /// `exec`, to prepend to a command.
    Exec,
    /// Size on its own, which is a limit.
    Size(String),
    /// Name and text of a new file.
    File(String, String),
    /// Comment that replaces another one.
    Comment(String),
}

/// Snippets of a help.
#[derive(Debug, Default)]
pub struct Offer {
    /// Alternatives, each of one or more snippets to paste together.
    pub ways: Vec<Vec<Snippet>>,
    /// True if a snippet has a blank that only the user can fill in.
    pub blank: bool,
}

/// Parses a help.
pub fn read(help: &str) -> Offer {
    let mut blocks: Vec<(String, Vec<&str>)> = Vec::new();
    let mut prose = String::new();
    let mut open = false;
    for line in help.lines() {
        match line.strip_prefix("  ") {
            Some(code) => {
                if !open {
                    blocks.push((prose.clone(), Vec::new()));
                }
                blocks.last_mut().unwrap().1.push(code);
                open = true;
            }
            None => {
                line.clone_into(&mut prose);
                open = false;
            }
        }
    }
    let mut offer = Offer::default();
    let mut parts = Vec::new();
    for (prose, lines) in &blocks {
        let Some(lines) = filled(lines) else {
            offer.blank = true;
            continue;
        };
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        for lines in choices(&lines) {
            parts.extend(snippet(prose, lines));
        }
    }
    let choice = Regex::new(r"\b(either|or)\b").unwrap();
    let prose = blocks.iter().map(|(prose, _)| prose.as_str()).collect::<Vec<_>>().join("\n");
    if blocks.len() < 2 || choice.is_match(&prose) {
        offer.ways = parts.into_iter().map(|part| vec![part]).collect();
    } else if !offer.blank {
        offer.ways = vec![parts];
    }
    offer
}

/// Fills in blanks for sizes; `None` if another blank is left.
fn filled(lines: &[&str]) -> Option<Vec<String>> {
    let size = Regex::new(r"^(\s*(mem_limit|memory|mem_reservation|memswap_limit|shm_size): *)(…|<[^>]*>)$")
        .unwrap();
    let blank = Regex::new(r"…|\.\.\.|<[a-z][a-z ]*>").unwrap();
    let mut found = Vec::new();
    let mut reservation = false;
    for line in lines {
        reservation |= line.contains("reservation");
        let line = match size.captures(line) {
            Some(parts) => format!("{}{}", &parts[1], if reservation { "64m" } else { "8g" }),
            None => (*line).to_owned(),
        };
        if blank.is_match(&line) {
            return None;
        }
        found.push(line);
    }
    Some(found)
}

/// Splits lines that repeat one key, which are alternatives.
fn choices<'l>(lines: &'l [&'l str]) -> Vec<&'l [&'l str]> {
    let key = |line: &&str| line.split_once(": ").map(|(key, _)| (*key).to_owned());
    match lines.first().and_then(key) {
        Some(first) if lines.len() > 1 && lines.iter().all(|line| key(line).as_ref() == Some(&first)) => {
            lines.chunks(1).collect()
        }
        _ => vec![lines],
    }
}

fn snippet(prose: &str, lines: &[&str]) -> Option<Snippet> {
    let is = |pattern: &str, line: &str| Regex::new(pattern).unwrap().is_match(line);
    let all = |pattern: &str| lines.iter().all(|line| is(pattern, line));
    let first = *lines.first()?;
    if let Some(name) = Regex::new(r"a file (\S+)").unwrap().captures(prose) {
        let text = lines.join("\n") + "\n";
        return Some(Snippet::File(name[1].trim_matches('`').to_owned(), text));
    }
    let keyword = r"^(FROM|RUN|CMD|ENV|HEALTHCHECK|USER|COPY|ENTRYPOINT|ARG|STOPSIGNAL|SHELL|WORKDIR) ";
    if is(keyword, first) {
        return Some(Snippet::Instructions(lines.iter().map(|line| (*line).to_owned()).collect()));
    }
    // `NAME=value exec program` is a command, not a variable of the container.
    if is(r"^[A-Za-z_][A-Za-z0-9_]*=.* exec ", first) {
        return None;
    }
    let variable = Regex::new(r"^(?:- )?([A-Z_][A-Za-z0-9_.]*)(?:=|: )").unwrap();
    if lines.iter().all(|line| variable.is_match(line)) {
        let pair = |line: &&str| (variable.captures(line).unwrap()[1].to_owned(), (*line).to_owned());
        return Some(Snippet::Variables(lines.iter().map(pair).collect()));
    }
    if is(r"^[a-z_][a-z0-9_.]*:( |$)", first) {
        return Some(Snippet::Yaml(lines.join("\n")));
    }
    if lines.len() > 1 {
        return None;
    }
    if first == "exec" {
        Some(Snippet::Exec)
    } else if all(r"^#") {
        Some(Snippet::Comment(first.to_owned()))
    } else if all(r"^&& ") {
        Some(Snippet::Tail(first.to_owned()))
    } else if all(r"^\d+(\.\d+)?[kmgKMG]i?[bB]?$") {
        Some(Snippet::Size(first.to_owned()))
    } else if all(r"^-") {
        Some(Snippet::Flags(first.to_owned()))
    } else if all(r"^[a-z0-9]+ [a-z-]+ -") {
        Some(Snippet::Command(first.to_owned()))
    } else {
        None
    }
}
