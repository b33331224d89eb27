//! The advice of a finding to paste: its help, else only the changed words of its fix. The rest of a line may hold secrets.

use crate::diagnostic::{Edit, Finding};
use crate::secret;
use crate::source::{SourceId, Sources, Span};

/// A line before and after all its edits, which are applied from the right.
struct Changed {
    file: SourceId,
    /// Where the line begins.
    start: u32,
    old: String,
    new: String,
}

/// Returns what a finding offers to paste: its help, else its fix with the keys and flags that it writes.
pub(super) fn offer(finding: &Finding, sources: &Sources) -> Option<String> {
    if let Some(help) = &finding.help {
        return Some(help.lines().map(secret::command).collect::<Vec<_>>().join("\n"));
    }
    let fix = finding.fix()?;
    let mut edits: Vec<(Span, &Edit)> =
        fix.edits.iter().map(|edit| (sources.to_outer_span(edit.span), edit)).collect();
    crate::order::by_key(&mut edits, |(span, _)| (span.file, span.start));
    let mut lines: Vec<Changed> = Vec::new();
    let mut shown: Vec<String> = Vec::new();
    for (span, edit) in edits.iter().rev() {
        let source = sources.get(span.file);
        let line = source.line_at(span.start);
        if edit.replacement.contains('\n') {
            let end = source.line_at(span.end.saturating_sub(1).max(span.start));
            let last = (end.start as usize).saturating_add(end.text.len());
            let replaced = source.text().get(line.start as usize..last).unwrap_or_default();
            let old: Vec<&str> = replaced.lines().map(str::trim).collect();
            let new = edit.replacement.lines().filter(|line| !old.contains(&line.trim()));
            let new: Vec<String> = new.map(masked).collect();
            shown.splice(0..0, unindented(&new));
            continue;
        }
        let known = lines.iter().position(|own| own.file == span.file && own.start == line.start);
        let known = known.unwrap_or_else(|| {
            let text = line.text.to_owned();
            lines.push(Changed { file: span.file, start: line.start, old: text.clone(), new: text });
            lines.len() - 1
        });
        if let Some(own) = lines.get_mut(known) {
            let from = span.start.saturating_sub(own.start) as usize;
            // What is removed may go on behind the line.
            let behind = (from + span.len()).min(own.new.len());
            if let (Some(before), Some(after)) = (own.new.get(..from), own.new.get(behind..)) {
                own.new = format!("{before}{}{after}", edit.replacement);
            }
        }
    }
    shown.extend(lines.iter().rev().flat_map(|own| new_words(&own.old, &own.new)));
    shown.retain(|line| !line.trim().is_empty());
    match shown.as_slice() {
        [] => Some(fix.title.clone()),
        lines => Some(format!("{}:\n  {}", fix.title, lines.join("\n  "))),
    }
}

/// True for what separates words, in YAML, JSON and commands.
fn separates(c: char) -> bool {
    c.is_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ',' | '"' | '\'')
}

/// Returns the words of a line that it did not have before, each with the key or flag that it belongs to. Neighbours are together.
fn new_words(old: &str, new: &str) -> Vec<String> {
    let mut before: Vec<&str> = old.split(separates).filter(|word| !word.is_empty()).collect();
    let mut out: Vec<String> = Vec::new();
    let (mut last, mut is_new) = ("", false);
    for word in new.split(separates).filter(|word| !word.is_empty()) {
        let known = before.iter().position(|own| *own == word);
        let is_flag = last.starts_with('-') && last.len() > 1 && !word.starts_with('-');
        match (known, out.last_mut().filter(|_| is_new)) {
            (Some(at), _) => _ = before.remove(at),
            (None, Some(line)) => *line = masked(&format!("{line} {word}")),
            // A value says nothing without its key.
            (None, None) if last.ends_with(':') || is_flag => out.push(masked(&format!("{last} {word}"))),
            (None, None) => out.push(masked(word)),
        }
        is_new = known.is_none();
        last = word;
    }
    out
}

/// Masks a line that is written to a file: the value of a key whose name mentions a secret, and secrets of commands.
fn masked(line: &str) -> String {
    let Some((key, value)) = line.split_once(": ") else { return secret::command(line).into_owned() };
    let name = key.trim_start_matches([' ', '-', '"', '\'']).trim_end_matches(['"', '\'']);
    let inner = value.trim().trim_matches(['"', '\'']);
    let masked = secret::value(name, inner);
    if masked == inner { line.to_owned() } else { format!("{key}: {masked}") }
}

/// Removes the blanks that all lines begin with.
fn unindented(lines: &[String]) -> Vec<String> {
    let blank = |line: &String| line.len() - line.trim_start().len();
    let least = lines.iter().filter(|line| !line.trim().is_empty()).map(blank).min().unwrap_or_default();
    lines.iter().map(|line| line.get(least..).unwrap_or_default().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_is_shown() {
        for (old, new, shown) in [
            (
                "    environment: {DB_PASS: hunter2, JAVA_OPTS: -Xmx400m}",
                "    environment: {DB_PASS: hunter2, JAVA_OPTS: -Xmx384m}",
                vec!["JAVA_OPTS: -Xmx384m"],
            ),
            (
                "    command: java -Xms2g -Xmx2g -Dkey=hunter2 -jar a.jar",
                "    command: java -Xms384m -Xmx384m -Dkey=hunter2 -jar a.jar",
                vec!["-Xms384m -Xmx384m"],
            ),
            ("    mem_limit: 512m", "    mem_limit: 1g", vec!["mem_limit: 1g"]),
            (
                "    command: redis-server --requirepass hunter2 --maxmemory 1gb",
                "    command: redis-server --requirepass hunter2 --maxmemory 400mb",
                vec!["--maxmemory 400mb"],
            ),
            ("    - JAVA_OPTS=-Xmx1g", "    - JAVA_TOOL_OPTIONS=-Xmx1g", vec!["JAVA_TOOL_OPTIONS=-Xmx1g"]),
            ("    memlimit: 512m", "    mem_limit: 512m", vec!["mem_limit:"]),
        ] {
            assert_eq!(new_words(old, new), shown, "{new}");
        }
        let lines = ["", "      a:", "        b: 1", "  ", "      c: 2"].map(str::to_owned);
        assert_eq!(unindented(&lines), ["", "a:", "  b: 1", "", "c: 2"]);
        assert_eq!(masked("    DB_PASSWORD: \"hunter2\""), "    DB_PASSWORD: ***");
        assert_eq!(masked("- --requirepass hunter2"), "- --requirepass ***");
        assert_eq!(masked("  mem_limit: 512m"), "  mem_limit: 512m");
    }
}
