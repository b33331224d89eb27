//! Markdown: fenced code blocks, code spans that are a whole command, and indented lines with a prompt (`CommonMark`, "Fenced code
//! blocks", "Code spans", "Indented code blocks").

use std::ops::Range;

use super::Command;
use super::find::mentions;
use super::lines;
use crate::source::TracedText;

/// Languages of code blocks that are not for a shell and have commands of their own kind, or none.
const OTHERS: [&str; 14] = [
    "dockerfile",
    "docker",
    "go",
    "python",
    "py",
    "js",
    "javascript",
    "ts",
    "java",
    "json",
    "diff",
    "rust",
    "ruby",
    "html",
];

/// Finds the commands of a document.
pub(super) fn find(text: &TracedText, found: &mut Vec<Command>) {
    let whole = text.as_str();
    let mut at = 0;
    while at < whole.len() {
        let line = lines::line_at(whole, at, whole.len());
        at = line.end + 1;
        let written = whole.get(line.clone()).unwrap_or_default();
        if let Some(fence) = Fence::of(written) {
            let (block, next) = fence.block(whole, at);
            let inside = whole.get(block.clone()).unwrap_or_default();
            if !OTHERS.contains(&fence.language.to_ascii_lowercase().as_str()) && mentions(inside) {
                lines::find_in(text, block, found);
            }
            at = next;
        } else if mentions(written) {
            let is_code = written.starts_with("    ") || written.starts_with('\t');
            let inner = written.trim_start();
            let end = match is_code || inner.starts_with("$ ") {
                // The lines that it goes on in have to be of the same block.
                true if starts_command(inner) => code_block(whole, line.start),
                _ => {
                    spans(text, line, found);
                    continue;
                }
            };
            lines::find_in(text, line.start..end, found);
            at = end;
        }
    }
}

/// True if a line is a command, with or without a prompt.
fn starts_command(line: &str) -> bool {
    let line = line.strip_prefix("$ ").or_else(|| line.strip_prefix("# ")).unwrap_or(line);
    let line = line.strip_prefix("sudo ").unwrap_or(line).trim_start();
    ["docker ", "podman ", "nerdctl "].iter().any(|name| line.starts_with(name))
}

/// Returns the end of the command that begins in a line: behind the first line that does not go on.
fn code_block(whole: &str, from: usize) -> usize {
    let mut end = from;
    for line in whole.get(from..).unwrap_or_default().split_inclusive('\n') {
        end += line.len();
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    end
}

/// The line that opens a fenced code block.
struct Fence<'t> {
    sign: char,
    length: usize,
    language: &'t str,
}

impl<'t> Fence<'t> {
    /// Reads a line that opens a block, in a list or a quotation too.
    fn of(line: &'t str) -> Option<Self> {
        let inner = line.trim_start_matches([' ', '\t', '>']);
        let inner =
            inner.strip_prefix("- ").or_else(|| inner.strip_prefix("* ")).unwrap_or(inner).trim_start();
        let sign = inner.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = inner.trim_start_matches(sign);
        let length = inner.len() - info.len();
        if length < 3 || sign == '`' && info.contains('`') {
            return None;
        }
        let language = info.trim().split([' ', ',', '{', ':']).next().unwrap_or_default();
        Some(Self { sign, length, language })
    }

    /// Returns the block from an offset on, and where the text goes on behind it. An open block goes to the end.
    fn block(&self, whole: &str, from: usize) -> (Range<usize>, usize) {
        let mut at = from;
        while at < whole.len() {
            let line = lines::line_at(whole, at, whole.len());
            let written = whole.get(line.clone()).unwrap_or_default();
            let inner = written.trim_matches([' ', '\t', '>', '\r']);
            if inner.len() >= self.length && inner.trim_start_matches(self.sign).is_empty() {
                return (from..at, line.end + 1);
            }
            at = line.end + 1;
        }
        (from.min(whole.len())..whole.len(), whole.len())
    }
}

/// Finds the commands that are a whole code span of a line.
fn spans(text: &TracedText, line: Range<usize>, found: &mut Vec<Command>) {
    let whole = text.as_str();
    let mut at = line.start;
    while let Some(rest) = whole.get(at..line.end)
        && let Some(open) = rest.find('`')
    {
        let behind = rest.get(open..).unwrap_or_default();
        let ticks = behind.len() - behind.trim_start_matches('`').len();
        let inside = behind.get(ticks..).unwrap_or_default();
        let fence = "`".repeat(ticks.min(8));
        let Some(length) = inside.find(&fence) else { return };
        let begin = at + open + ticks;
        let content = inside.get(..length).unwrap_or_default();
        if starts_command(content.trim_start()) {
            // A span is shown as it is: its end is the end of the command.
            let before = found.len();
            lines::find_in(text, begin..begin + length, found);
            // Without an image it is a part of a command that the text mentions.
            let is_whole = |command: &Command| command.image.is_some() || command.uncertain.is_some();
            if !found.get(before..).unwrap_or_default().iter().all(is_whole) {
                found.truncate(before);
            }
        }
        at = begin + length + ticks;
    }
}

#[cfg(test)]
mod tests;
