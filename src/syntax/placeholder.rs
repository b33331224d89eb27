//! Recognizes texts that a template engine or a script fills in before Docker reads them: `{{ image }}`, `@VERSION@`, `<% if %>`.

use super::dockerfile::{Dockerfile, Keyword};

/// True if a line has a place that is filled in.
#[must_use]
pub fn is_in(text: &str) -> bool {
    ["{{", "{%", "<%"].iter().any(|mark| text.contains(mark))
        || has_name(text, "%%", "%%", is_name)
        || has_name(text, "@", "@", is_name)
        || has_name(text, "__", "__", is_constant)
        || has_name(text, "#{", "}", is_name)
        || has_name(text, "{$", "}", is_name)
}

/// True for a Dockerfile that is filled in as a whole: its errors say nothing about the result. A mark in a comment, in an argument or
/// in a here-document fills in its own place at most.
#[must_use]
pub fn fills_dockerfile(dockerfile: &Dockerfile, text: &str) -> bool {
    dockerfile.instructions.iter().any(|instruction| {
        let written = text.get(instruction.span.range()).unwrap_or_default();
        let is_from = instruction.keyword == Keyword::From;
        let in_from = || is_in(written) || has_name(written, "${", "}", |name| name.contains('.'));
        // An instruction goes on behind a backslash, which a statement lacks.
        let ends_in_statement = || {
            instruction.heredocs.is_empty()
                && written.lines().skip(1).last().is_some_and(|line| is_statement(line.trim()))
        };
        begins_with_place(written) || is_from && in_from() || ends_in_statement()
    })
}

/// True for a text that begins with a place to fill in, where an instruction or a key would be.
fn begins_with_place(text: &str) -> bool {
    begins_with_mark(text)
        || ["%%", "@"].iter().any(|mark| {
            let rest = text.strip_prefix(mark).and_then(|rest| rest.split_once(mark));
            rest.is_some_and(|(name, _)| is_name(name))
        })
}

/// True for a text that begins with a statement or an expression of Jinja, ERB, EJS and their like: `{% if x %}`, `{{ x }}`, `<% x %>`.
#[must_use]
pub fn begins_with_mark(text: &str) -> bool {
    ["{%", "{{", "{#", "<%"].iter().any(|mark| text.starts_with(mark))
}

/// True for a line that is nothing but statements: `{% if x %}`, `<% end %>`.
fn is_statement(line: &str) -> bool {
    [("{%", "%}"), ("<%", "%>")].iter().any(|(open, close)| line.starts_with(open) && line.ends_with(close))
}

/// True if a line has a place that is filled in outside of quotes and comments.
#[must_use]
pub fn is_in_code(line: &str) -> bool {
    let begins = |(at, c): &(usize, char)| {
        let before = line.get(..*at).unwrap_or_default();
        let at_start = before.is_empty() || before.ends_with([' ', '\t', '[', '{', ',']);
        matches!(c, '"' | '\'' | '#') && at_start
    };
    let end = line.char_indices().find(begins).map_or(line.len(), |(at, _)| at);
    line.get(..end).is_some_and(is_in)
}

/// True if a name that `fits` is between `before` and `behind`. A `$` in front makes it a variable of something else.
fn has_name(text: &str, before: &str, behind: &str, fits: impl Fn(&str) -> bool) -> bool {
    text.match_indices(before).any(|(at, _)| {
        let escaped = text.get(..at).is_some_and(|start| start.ends_with(['$', '\\']));
        let rest = text.get(at + before.len()..).and_then(|rest| rest.split_once(behind));
        !escaped && rest.is_some_and(|(name, _)| fits(name))
    })
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.len() > 1
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn is_constant(text: &str) -> bool {
    is_name(text) && !text.contains(|c: char| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::dockerfile::parse;
    use super::*;
    use crate::source::SourceId;

    #[test]
    fn places_to_fill_in_have_marks() {
        for line in [
            "image: {{ image }}",
            "image: {$IMAGE}",
            "image: app:@VERSION@",
            "version: @project.version@",
            "image: app:%%TAG%%",
            "mem_limit: __MEMORY__",
            "mem_limit: #{Memory}",
            "<% if (a) print 'b' %>",
        ] {
            assert!(is_in(line), "{line}");
        }
        for line in [
            "image: app@sha256:0123",
            "image: ${IMAGE}",
            "command: awk '/\\${[a-z]*}/'",
            "command: npm i @a/b@1 c@2",
            "command: python __init__.py",
            "test: curl -w %{http_code} a@b.c",
            "command: echo $${#a} ${__X__:-y}",
            "command: sh -c 'echo ${#list}'",
        ] {
            assert!(!is_in(line), "{line}");
        }
    }

    #[test]
    fn places_in_quotes_and_comments_are_no_code() {
        for line in ["image: {$IMAGE}", "restart: {{ x }} # y", "a: b@VERSION@"] {
            assert!(is_in_code(line), "{line}");
        }
        for line in ["a: b # {{ x }}", "a: \"{{ x }}\"", "# {{ x }}", "a: [b, '{{ x }}']"] {
            assert!(!is_in_code(line), "{line}");
        }
    }

    #[test]
    fn a_dockerfile_is_filled_in_where_no_instruction_can_be() {
        let fills = |text: &str| fills_dockerfile(&parse(SourceId(0), text), text);
        for text in [
            "FROM {{ base }}\nRUN a\n",
            "FROM tomcat:${tag.version}\n",
            "FROM debian:@SUITE@\n",
            "%%FROM%%\nRUN a\n",
            "FROM a\n{% if x %}\nRUN b\n{% endif %}\n",
            "FROM a\n<% if (x) { %>\nRUN b\n<% } %>\n",
            "FROM a\nRUN b \\\n{% if x %}\n  && c \\\n{% endif %}\n  && d\n",
        ] {
            assert!(fills(text), "{text}");
        }
        for text in [
            "FROM a\nRUN go list -f '{{.Dir}}' && date +%s\n",
            "# {{ x }}\nFROM a\n",
            "FROM a\n# was: <% x %>\n# {% if %}\n",
            "FROM a\nRUN echo \"<% x %>\" > /x && echo '{% x %}'\n",
            "FROM a\nRUN docker ps --format \\\n  {{.Names}}\n",
            "FROM a\nRUN cat <<EOF > /x\n{% if x %}\n<% y %>\n{{ z }}\nEOF\n",
            "FROM a\nCOPY <<EOF /x\n{% if x %}\nEOF\n",
            "FROM a@sha256:01\nRUN b\n",
            "ARG A=1\nFROM a:${A}\nRUN echo a@b.c\n",
        ] {
            assert!(!fills(text), "{text}");
        }
    }
}
