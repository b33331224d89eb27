//! What people read has the words of Docker's own documentation, and is short.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::rule_pages;

/// Words and phrases that had to be read twice, with what is said in their place.
const BANNED: [(&str, &str); 27] = [
    ("is sure of", "is reserved"),
    ("without end", "unlimited"),
    ("leads nowhere", "does not exist"),
    ("what runs", "the final image"),
    ("the way out", "the fix"),
    ("holds back", "suppresses"),
    ("takes and forgets", "accepts and ignores"),
    ("forbids swap", "disables swap"),
    ("allow no swap", "disable swap"),
    ("was seen to use", "used"),
    ("were seen", "measured"),
    ("its makers", "its maintainers"),
    ("its maker ", "its documentation"),
    ("nothing bounds", "has no limit"),
    ("without a bound", "without a limit"),
    ("picks what to kill", "chooses what to kill"),
    ("comes in here", "merged in here"),
    ("squeeze", "reclaim"),
    ("scrolls by", "only a log line says so"),
    ("hands over to", "runs"),
    ("switched off", "disabled"),
    ("less than nothing", "negative"),
    ("by nothing", "with an empty string"),
    ("keeps silent", "does not report"),
    ("keep silent", "do not report"),
    ("takes no notice", "ignores"),
    ("best practice", "say why"),
];

/// Phrases that only this project used so, with the usual ones. They are in no text of it: documentation, messages, comments,
/// names.
const PRIVATE: [(&str, &str); 15] = [
    ("beside", "next to, together with, compared with; of memory: off-heap, outside the heap"),
    ("stands", "is, is written, comes before"),
    ("stand in", "are in"),
    ("stand on", "are based on"),
    ("stand at", "are at"),
    ("stand before", "come before"),
    ("stand behind", "come after"),
    ("rests on", "is based on"),
    ("rest on", "are based on"),
    ("goes by", "is called"),
    ("says of", "says about"),
    ("say of", "say about"),
    ("said of", "reported about"),
    ("speaks of", "mentions, is about"),
    ("knows it by", "its name in"),
];

/// Where texts are that people read or work on, and names of directories in them that hold what others wrote.
const PLACES: [&str; 16] = [
    ".github",
    "benches",
    "docs",
    "editors",
    "fuzz",
    "packaging",
    "playground",
    "rules",
    "schemas",
    "src",
    "tests",
    "Cargo.toml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "build",
];
const OF_OTHERS: [&str; 7] =
    ["node_modules", "dist", "target", "corpus", "artifacts", "compose-oracle", "vendor"];

/// The most characters of a text, so that it fits a line or two of a terminal.
const MESSAGE: usize = 160;
const LABEL: usize = 160;
const NOTE: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the texts of string literals that people read: those of more than one word, without the tests of a file.
fn literals(source: &str) -> Vec<(usize, &str)> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut out = Vec::new();
    for (index, line) in source.lines().enumerate() {
        if !line.trim_start().starts_with("//") {
            out.extend(line.split('"').skip(1).step_by(2).map(|text| (index + 1, text)));
        }
    }
    out
}

#[test]
fn banned_words_are_not_in_what_people_read() {
    let mut found = Vec::new();
    let mut look = |place: String, text: &str| {
        let lower = text.to_lowercase();
        for (banned, better) in BANNED.iter().filter(|(banned, _)| lower.contains(banned)) {
            found.push(format!("{place}: `{banned}`, better: {better}"));
        }
    };
    let below = |directory: &str, ending: &str| {
        let files = WalkDir::new(root().join(directory)).sort_by_file_name().into_iter().map(Result::unwrap);
        let files: Vec<PathBuf> = files.map(walkdir::DirEntry::into_path).collect();
        files.into_iter().filter(|path| path.to_string_lossy().ends_with(ending)).collect::<Vec<_>>()
    };
    for path in below("src", ".rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        for (line, literal) in literals(&text) {
            look(format!("{}:{line}", shown(&path)), literal);
        }
    }
    let pages = below("rules", ".md").into_iter().chain(below("docs", ".md"));
    for path in pages.chain([root().join("README.md")]) {
        // Docker's own title of a page that is cited.
        let text = std::fs::read_to_string(&path).unwrap().replace("Building best practices", "");
        for (index, line) in text.lines().enumerate() {
            look(format!("{}:{}", shown(&path), index + 1), line);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn private_phrases_are_in_no_text() {
    let mut found = Vec::new();
    for place in PLACES {
        let files = WalkDir::new(root().join(place)).sort_by_file_name().into_iter();
        let ours = files
            .filter_entry(|entry| !OF_OTHERS.iter().any(|name| entry.file_name().to_str() == Some(name)))
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file() && !entry.path().ends_with(file!()));
        for entry in ours {
            // Pictures are no text.
            let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
            for (index, line) in text.lines().enumerate() {
                let phrases = PRIVATE.iter().filter(|(phrase, _)| has_phrase(line, phrase));
                found.extend(phrases.map(|(phrase, better)| {
                    format!("{}:{}: `{phrase}`, better: {better}", shown(entry.path()), index + 1)
                }));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// A doc comment names a thing: `What a file is` leaves open which property of it.
#[test]
fn doc_comments_begin_with_a_noun_or_a_verb() {
    let files = WalkDir::new(root().join("src"))
        .into_iter()
        .chain(WalkDir::new(root().join("playground/engine/src")));
    let files = files
        .map(Result::unwrap)
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "rs"));
    let mut found = Vec::new();
    for entry in files {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let docs = text.lines().enumerate().filter(|(_, line)| {
            let line = line.trim_start();
            line.strip_prefix("/// ")
                .or_else(|| line.strip_prefix("//! "))
                .is_some_and(|doc| doc.starts_with("What "))
        });
        found.extend(docs.map(|(index, line)| format!("{}:{}: {line}", shown(entry.path()), index + 1)));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// True if a line has the words of a phrase, also as a part of a name. `stands for` is usual, and quoted words of upstream and the
/// names of other programs' interfaces are theirs.
fn has_phrase(line: &str, phrase: &str) -> bool {
    if line.contains(" has \"") {
        return false;
    }
    let line = line.replace("ViewColumn.Beside", "").replace('_', " ").replace("tands for", "");
    let lower = line.to_ascii_lowercase();
    let letter = |character: Option<char>| character.is_some_and(|character| character.is_ascii_lowercase());
    lower.match_indices(phrase).any(|(at, _)| {
        let own = line.get(at..).unwrap_or_default();
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let begins = !letter(before) || own.starts_with(|first: char| first.is_ascii_uppercase());
        begins && !letter(own.get(phrase.len()..).and_then(|after| after.chars().next()))
    })
}

#[test]
fn phrases_are_found_in_prose_and_in_names() {
    for line in [
        "what is beside it",
        "files_beside_are_read",
        "struct SwapBeside {",
        "enum Beside",
        "--beside:#fff",
        "BESIDE",
    ] {
        assert!(has_phrase(line, "beside"), "{line}");
    }
    for line in ["besides its own", "viewColumn: vscode.ViewColumn.Beside", "is next to it"] {
        assert!(!has_phrase(line, "beside"), "{line}");
    }
    assert!(has_phrase("it stands in the file", "stands") && has_phrase("what_stands_below", "stands"));
    assert!(!has_phrase("`*` stands for a version", "stands") && !has_phrase("understands it", "stands"));
}

fn shown(path: &Path) -> String {
    oomlint::source::path_text(path.strip_prefix(root()).unwrap())
}

#[test]
fn texts_of_findings_are_short_lower_case_and_without_a_full_stop() {
    let mut found = Vec::new();
    for (page, finding) in rule_pages::every_finding() {
        let mut hold = |what: &str, text: &str, most: usize| {
            let prose: Vec<&str> = text.lines().filter(|line| !line.starts_with(' ')).collect();
            let long = prose.iter().any(|line| line.chars().count() > most);
            let stop = prose.iter().any(|line| line.ends_with('.'));
            let doubled = ["&& &&", "``"].iter().any(|odd| prose.iter().any(|line| line.contains(odd)));
            let should = text.contains("should") && !text.contains("should be larger");
            if long || stop || should || doubled {
                found.push(format!("{page}: {what}: {text}"));
            }
        };
        hold("message", &finding.message, MESSAGE);
        for label in [&finding.primary].into_iter().chain(&finding.related) {
            hold("label", &label.text, LABEL);
        }
        for note in finding.notes.iter().filter(|note| !is_quoted(note)) {
            hold("note", note, NOTE);
        }
        if let Some(help) = &finding.help {
            hold("help", help, NOTE);
        }
        for fix in &finding.fixes {
            hold("title", &fix.title, NOTE);
        }
        let first = finding.message.chars().next().unwrap_or_default();
        let name = first.is_uppercase()
            && finding.message.split(' ').next().is_some_and(|word| NAMES.contains(&word));
        // A title is alone in an editor's menu: only the report for people joins them.
        let joined = finding.fixes.iter().filter(|fix| fix.title.starts_with("or "));
        found.extend(joined.map(|fix| format!("{page}: begins with `or`: {}", fix.title)));
        if first.is_uppercase() && !name {
            found.push(format!("{page}: begins with a capital: {}", finding.message));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Names that a message may begin with.
const NAMES: [&str; 9] = ["Compose", "Docker", "Java", "Node", "SIGTERM", "Swarm", "Go", "PHP", "Redis"];

/// True for a message of Docker that a note repeats.
fn is_quoted(note: &str) -> bool {
    ["Error response from daemon", "service \"", "OOM killer is disabled"]
        .iter()
        .any(|start| note.starts_with(start))
}
