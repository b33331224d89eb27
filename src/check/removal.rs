//! Removes a word, or the lines of an instruction, from a file. `None` where more would have to change.

use crate::diagnostic::Edit;
use crate::source::Span;

/// Removes a word from a list or from a text of several words, with the comma or the blank next to it.
pub(super) fn without_word(text: &str, word: Span) -> Option<Edit> {
    let (mut start, mut end) = (word.start as usize, word.end as usize);
    let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let line_end = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at);
    let quote = text.get(line..start)?.chars().next_back().filter(|c| matches!(c, '"' | '\''));
    let is_item =
        quote.is_some_and(|quote| text.get(end..line_end).is_some_and(|rest| rest.starts_with(quote)));
    if is_item {
        (start, end) = (start - 1, end + 1);
    }
    let (before, after) = (text.get(line..start)?, text.get(end..line_end)?);
    let cut = |from: usize, to: usize| {
        Some(Edit { span: Span::new(word.file, from, to), replacement: String::new() })
    };
    let (lead, rest) = (before.trim_end(), after.trim_start());
    // An item of a list in brackets, with the comma after it or the one before it.
    if let Some(rest) = rest.strip_prefix(',').filter(|_| lead.ends_with(['[', ','])) {
        return cut(start, line_end - rest.trim_start().len());
    }
    if rest.starts_with(']') && lead.ends_with(',') {
        return cut(line + lead.len() - 1, end);
    }
    // An item on a line of its own, if the list has another one.
    if lead.trim_start() == "-" && rest.trim_end().is_empty() {
        let above = text.get(..line)?.lines().next_back().unwrap_or_default();
        let below = text.get(line_end..)?.trim_start_matches('\n').lines().next().unwrap_or_default();
        let indent = before.len() - before.trim_start().len();
        let is_sibling = |other: &str| {
            other.len() - other.trim_start().len() == indent && other.trim_start().starts_with("- ")
        };
        let end = (line_end + 1).min(text.len());
        return (is_sibling(above) || is_sibling(below)).then(|| cut(line, end))?;
    }
    if is_item {
        return None;
    }
    // A word of a text, with the blank after it or before it.
    let follows = after.starts_with([' ', '\t']) && !rest.is_empty() && !rest.starts_with(['#', '"', '\'']);
    if follows {
        return cut(start, line_end - rest.len());
    }
    let leads = before.ends_with([' ', '\t']) && !lead.ends_with([':', '=', '-', '"', '\'', '\\']);
    (leads && !lead.is_empty()).then(|| cut(line + lead.len(), end))?
}

/// Removes the lines of an instruction. `None` if it shares them.
pub(super) fn without_lines(text: &str, lines: Span) -> Option<Edit> {
    let (start, end) = (lines.start as usize, lines.end as usize);
    let line = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(end..)?;
    let line_end = rest.find('\n').map_or(text.len(), |at| end + at + 1);
    let alone = text.get(line..start)?.trim().is_empty() && text.get(end..line_end)?.trim().is_empty();
    alone.then(|| Edit { span: Span::new(lines.file, line, line_end), replacement: String::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn without(text: &str) -> Option<String> {
        let start = text.find("-XX:A").expect("the word");
        let edit = without_word(text, Span::new(SourceId(0), start, start + 5))?;
        let mut text = text.to_owned();
        text.replace_range(edit.span.range(), &edit.replacement);
        Some(text)
    }

    #[test]
    fn a_word_goes_with_what_separates_it() {
        for (text, left) in [
            ("X: -XX:A -XX:B", Some("X: -XX:B")),
            ("X: -XX:B -XX:A\n", Some("X: -XX:B\n")),
            ("X: -XX:B  -XX:A # why\n", Some("X: -XX:B # why\n")),
            ("X: \"-XX:A -XX:B\"", Some("X: \"-XX:B\"")),
            ("X: \"-XX:B -XX:A\"", Some("X: \"-XX:B\"")),
            ("- X=-XX:A -XX:B", Some("- X=-XX:B")),
            ("[\"java\", \"-XX:A\", \"-jar\"]", Some("[\"java\", \"-jar\"]")),
            ("[java, -XX:A,-jar]", Some("[java, -jar]")),
            ("[java, -XX:A]", Some("[java]")),
            ("[\"-XX:A\", \"-jar\"]", Some("[\"-jar\"]")),
            ("c:\n  - java\n  - -XX:A\n  - x\n", Some("c:\n  - java\n  - x\n")),
            ("c:\n  - java\n  - '-XX:A'\n", Some("c:\n  - java\n")),
            ("c:\r\n  - java\r\n  - -XX:A\r\n", Some("c:\r\n  - java\r\n")),
            ("ENV X=\"-XX:A \\\n  -XX:B\"", Some("ENV X=\"\\\n  -XX:B\"")),
            ("CMD java -XX:A -jar x", Some("CMD java -jar x")),
            ("X: -XX:A\n", None),
            ("X: -XX:A # why\n", None),
            ("X: \"-XX:A\"", None),
            ("X: \" -XX:A\"", None),
            ("- X=-XX:A\n", None),
            ("c:\n  - -XX:A\nd: 1\n", None),
            ("X=-XX:A", None),
            ("CMD java -XX:A; x", Some("CMD java; x")),
            ("X: -XX:A;y", None),
            // Of a list only what is an item at the same depth is another one.
            ("c:\n  - -XX:A\n  # x\nd: 1\n", None),
            ("- x\n- c:\n    - -XX:A\n", None),
            ("- c:\n    - -XX:A\n- x\n", None),
        ] {
            assert_eq!(without(text).as_deref(), left, "{text}");
        }
    }
}
