//! Finds command lines in a text, by its notation.

use std::path::Path;

use super::{Command, lines, makefile, markdown, parse, unit};
use crate::source::TracedText;
use crate::syntax::shell;

/// Maximum number of commands that are read of one text.
pub(super) const MAX_COMMANDS: usize = 500;

/// How a text has its command lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Notation {
    /// Command lines as they are typed or pasted: with prompts, comment signs, prose between them.
    Lines,
    /// A Markdown document: code blocks, code spans, indented lines with a prompt.
    Markdown,
    /// A shell script.
    Shell,
    /// A Makefile: its recipes.
    Makefile,
    /// A systemd unit: `ExecStart=` and the like.
    Unit,
}

impl Notation {
    /// Returns the notation that a file's name implies.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        if matches!(name, "Makefile" | "makefile" | "GNUmakefile") {
            return Some(Self::Makefile);
        }
        let (stem, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            _ if stem == "Makefile" => Some(Self::Makefile),
            "md" | "markdown" | "mdx" | "mkd" => Some(Self::Markdown),
            "rst" | "adoc" | "asciidoc" => Some(Self::Lines),
            "sh" | "bash" | "zsh" | "ksh" | "bats" => Some(Self::Shell),
            "mk" | "mak" | "make" => Some(Self::Makefile),
            "service" => Some(Self::Unit),
            _ => None,
        }
    }

    /// Returns the notation of a text whose name says nothing: a shell script by its first line, a systemd unit by its sections.
    #[must_use]
    pub fn of_text(text: &str) -> Option<Self> {
        let text = text.trim_start_matches('\u{feff}');
        if let Some(interpreter) = text.lines().next().and_then(|line| line.strip_prefix("#!")) {
            let mut words =
                interpreter.split_whitespace().map(shell::base_name).skip_while(|word| *word == "env");
            return words.next().filter(|name| shell::is_shell(name)).map(|_| Self::Shell);
        }
        let has = |start: &str| text.lines().any(|line| line.trim_start().starts_with(start));
        (has("[Service]") && has("ExecStart=")).then_some(Self::Unit)
    }
}

/// Returns the commands of a text that start or create containers, in order.
#[must_use]
pub fn find(text: &TracedText, notation: Notation) -> Vec<Command> {
    let mut found = Vec::new();
    match notation {
        Notation::Lines => lines::find(text, &mut found),
        Notation::Markdown => markdown::find(text, &mut found),
        Notation::Shell => script(text, &mut found),
        Notation::Makefile => makefile::find(text, &mut found),
        Notation::Unit => unit::find(text, &mut found),
    }
    found.sort_by_key(|command: &Command| command.span.start);
    found.dedup_by_key(|command| command.span.start);
    found.truncate(MAX_COMMANDS);
    found
}

/// Finds the commands of a shell script. One that cannot be parsed to its end is read line by line.
fn script(text: &TracedText, found: &mut Vec<Command>) {
    if !mentions(text.as_str()) {
        return;
    }
    let script = shell::read(text);
    if !script.complete {
        lines::find(text, found);
        return;
    }
    found.extend(script.commands.iter().filter_map(|command| parse::command(&command.words)));
    for heredoc in &script.heredocs {
        lines::find(heredoc, found);
    }
    lines::find_in_comments(text, found);
}

/// True if a text may have a command line.
pub(super) fn mentions(text: &str) -> bool {
    ["docker", "podman", "nerdctl"].iter().any(|name| text.contains(name))
}
