//! Wraps prose to the width of a terminal.

use super::digest;
use textwrap::{Options, WordSeparator, WordSplitter, WrapAlgorithm};

/// Stands for a blank within backticks while a text is wrapped, so that what is to be pasted stays on one line.
const KEPT: char = '\u{e000}';

/// Wraps each line of a text and shortens its digests, except in lines that begin with a blank: those are code.
pub(super) fn prose(text: &str, width: Option<usize>) -> String {
    let line = |line: &str| match line {
        code if code.starts_with(' ') => code.to_owned(),
        line => hanging(&digest::shorten(line), width.map(|width| (width, 0)), ""),
    };
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\n")
}

/// Wraps one line that starts after some columns of other text; `indent` goes before each further line.
pub(super) fn hanging(line: &str, width: Option<(usize, usize)>, indent: &str) -> String {
    // Narrower columns make prose longer and no easier to read.
    const NARROWEST: usize = 40;
    let Some((width, behind)) = width else { return line.to_owned() };
    let mut code = false;
    let kept: String = line
        .chars()
        .map(|c| {
            code ^= c == '`';
            if code && c == ' ' { KEPT } else { c }
        })
        .collect();
    let first = "\u{2007}".repeat(behind);
    let options = Options::new(width.max(NARROWEST))
        .initial_indent(&first)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation)
        .wrap_algorithm(WrapAlgorithm::FirstFit);
    let wrapped = textwrap::fill(&kept, options).replace(KEPT, " ");
    wrapped.strip_prefix(&first).map(str::to_owned).unwrap_or(wrapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_is_wrapped_and_code_is_not() {
        let text = "a limit of 512 MiB leaves nothing outside the heap of `api`\n  mem_limit: 640m  # with a comment that is longer than the width";
        let wrapped = prose(text, Some(40));
        assert_eq!(
            wrapped,
            "a limit of 512 MiB leaves nothing\noutside the heap of `api`\n  mem_limit: 640m  # with a comment that is longer than the width"
        );
        assert_eq!(prose(text, None), text);
    }

    #[test]
    fn what_is_to_be_pasted_stays_on_one_line() {
        let wrapped = prose("add this to the service: `mem_limit: 512m` and again", Some(40));
        assert_eq!(wrapped, "add this to the service:\n`mem_limit: 512m` and again");
    }

    #[test]
    fn the_first_line_leaves_room_for_what_comes_before_it() {
        let wrapped = hanging("one two three four five six seven", Some((40, 20)), "  ");
        assert_eq!(wrapped, "one two three four\n  five six seven");
    }
}
