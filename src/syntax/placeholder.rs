//! Recognizes texts that a template engine or a script fills in before Docker reads them: `{{ image }}`, `@VERSION@`, `<% if %>`.

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

/// True for a Dockerfile that is filled in as a whole: its errors say nothing about the result.
#[must_use]
pub fn fills_dockerfile(text: &str) -> bool {
    text.lines().map(str::trim).filter(|line| !line.starts_with('#')).any(|line| {
        let is_from = line.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("from "));
        begins_with_place(line)
            || is_block(line)
            || is_from && (is_in(line) || has_name(line, "${", "}", |name| name.contains('.')))
    }) || fills_in_pages(text)
}

/// True for a line that is nothing but a place to fill in, or begins with one.
fn begins_with_place(line: &str) -> bool {
    ["{{", "{%", "<%"].iter().any(|mark| line.starts_with(mark))
        || ["%%", "@"].iter().any(|mark| {
            let rest = line.strip_prefix(mark).and_then(|rest| rest.split_once(mark));
            rest.is_some_and(|(name, _)| is_name(name))
        })
}

/// True for a line with a statement of Jinja: `{% if x %}`.
#[must_use]
pub fn is_block(line: &str) -> bool {
    let begun = line.find("{%").and_then(|at| line.get(at..));
    begun.is_some_and(|rest| rest.contains("%}"))
}

/// True for a text with statements in `<%` and `%>`, as of ERB, EJS and Groovy.
#[must_use]
pub fn fills_in_pages(text: &str) -> bool {
    text.find("<%").and_then(|at| text.get(at..)).is_some_and(|rest| rest.contains("%>"))
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
    use super::*;

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
    fn a_dockerfile_is_filled_in_where_no_instruction_can_be() {
        for text in [
            "FROM {{ base }}\nRUN a\n",
            "FROM tomcat:${tag.version}\n",
            "FROM debian:@SUITE@\n",
            "%%FROM%%\nRUN a\n",
            "FROM a\n{% if x %}\nRUN b\n{% endif %}\n",
            "FROM a\n<% if (x) { %>\nRUN b\n<% } %>\n",
        ] {
            assert!(fills_dockerfile(text), "{text}");
        }
        for text in [
            "FROM a\nRUN go list -f '{{.Dir}}' && date +%s\n",
            "# {{ x }}\nFROM a\n",
            "FROM a@sha256:01\nRUN b\n",
            "ARG A=1\nFROM a:${A}\nRUN echo a@b.c\n",
        ] {
            assert!(!fills_dockerfile(text), "{text}");
        }
    }
}
