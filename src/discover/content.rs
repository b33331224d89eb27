//! Classifies a YAML text by its keys, line by line and without a parser: Compose file, CI pipeline, template or
//! something else.

use crate::syntax::placeholder;

/// The class of a YAML text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A Compose file: it has `services` that is no list or scalar; or it has `include`, or a job with `image`,
    /// `build` or `triggers`, but no key of a pipeline and no top-level key that Compose does not define.
    Compose,
    /// A CI pipeline: a workflow of GitHub, Gitea or Forgejo, a GitHub action, or a pipeline of GitLab or Azure.
    Pipeline,
    /// A Jinja, Go or other template: YAML only after rendering.
    Template,
    /// A list at the top level, for example the tasks of an Ansible role.
    List,
    /// Anything else, empty and broken texts included.
    Other,
}

/// Top-level keys that Compose defines, apart from `x-…`.
const TOP_LEVEL: [&str; 10] =
    ["name", "version", "services", "include", "jobs", "volumes", "networks", "configs", "secrets", "models"];
/// Keys of a CI job that no Compose service has.
const OF_PIPELINE_JOBS: [&str; 5] = ["runs-on", "steps", "uses", "script", "stage"];
/// Top-level keys that only pipelines have: those of GitLab, and `runs` of a GitHub action.
const OF_PIPELINES: [&str; 4] = ["stages", "before_script", "after_script", "runs"];
/// Keys of an item of GitLab's `include`.
const OF_GITLAB_INCLUDES: [&str; 5] = ["local", "remote", "template", "project", "component"];

/// Classifies a text.
pub(super) fn content(text: &str) -> Content {
    let text = text.trim_start_matches('\u{feff}');
    let mut seen = Seen::default();
    if text.trim_start().starts_with('{') && !is_template_line(text.trim_start()) {
        flow(text.trim_start(), &mut Vec::new(), &mut |path, next| seen.key_before(path, next));
    } else {
        block(text, &mut seen);
    }
    seen.verdict()
}

/// True for a YAML text that is filled in before Compose reads it.
#[must_use]
pub fn is_template(text: &str) -> bool {
    content(text) == Content::Template
}

/// The keys and marks seen so far.
#[derive(Default)]
struct Seen {
    services: bool,
    include: bool,
    jobs: bool,
    pipeline: bool,
    /// A top-level key that Compose does not define, or whose value has the wrong type.
    foreign: bool,
    template: bool,
    list: bool,
}

impl Seen {
    /// Records a key, given with its parents, outermost first.
    fn key(&mut self, path: &[String]) {
        match path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["services"] => self.services = true,
            ["include"] => self.include = true,
            ["include", key] if OF_GITLAB_INCLUDES.contains(&key) => self.pipeline = true,
            ["jobs", _, "image" | "build" | "triggers"] => self.jobs = true,
            ["jobs", _, key] if OF_PIPELINE_JOBS.contains(&key) => self.pipeline = true,
            [key] => {
                self.foreign |= !TOP_LEVEL.contains(&key) && !key.starts_with("x-");
                self.pipeline |= OF_PIPELINES.contains(&key);
            }
            _ => {}
        }
    }

    /// Records a key whose value begins with the character `next`.
    fn key_before(&mut self, path: &[String], next: char) {
        self.key(path);
        if let [key] = path
            && next != '{'
        {
            self.no_mapping(key, next == '[');
        }
    }

    /// Corrects what was recorded for a top-level key whose value is not a mapping.
    fn no_mapping(&mut self, key: &str, is_list: bool) {
        match key {
            "services" => {
                self.services = false;
                self.foreign = true;
            }
            "include" if !is_list => {
                self.include = false;
                self.foreign = true;
            }
            // Azure Pipelines has a list of jobs.
            "jobs" if is_list => self.pipeline = true,
            _ => {}
        }
    }

    fn verdict(&self) -> Content {
        let own = self.services || !self.pipeline && !self.foreign && (self.include || self.jobs);
        match () {
            () if self.template => Content::Template,
            () if own => Content::Compose,
            () if self.pipeline => Content::Pipeline,
            () if self.list => Content::List,
            () => Content::Other,
        }
    }
}

/// Reads the first three levels of a text in block style.
fn block(text: &str, seen: &mut Seen) {
    // Indentation and current key of each open level.
    let mut levels: Vec<(usize, String)> = Vec::new();
    // Indentation of a block scalar's parent: deeper lines are its text.
    let mut scalar: Option<usize> = None;
    // True while the value of the top-level key is still to come, on one of the next lines.
    let mut open = false;
    let mut at = 0;
    // End of the last flow mapping, which was read as a whole.
    let mut read = 0;
    // A lone carriage return is a line break in YAML, too.
    for line in text.split_inclusive(['\n', '\r']) {
        let start = at;
        at += line.len();
        if start < read {
            continue;
        }
        let line = line.trim_end();
        let content = line.trim_start_matches(' ');
        let indentation = line.len() - content.len();
        if content.is_empty() || scalar.is_some_and(|scalar| indentation > scalar) {
            continue;
        }
        scalar = None;
        if is_template_line(content) {
            seen.template = true;
            return;
        }
        if content.starts_with(['#', '%']) {
            continue;
        }
        let content = match content.strip_prefix("---") {
            Some(rest) if indentation == 0 && (rest.is_empty() || rest.starts_with([' ', '\t'])) => {
                levels.clear();
                open = false;
                rest.trim_start()
            }
            _ => content,
        };
        if content.starts_with('{') && levels.is_empty() {
            let rest = text.get(start..).and_then(|rest| rest.get(rest.find('{')?..)).unwrap_or_default();
            flow(rest, &mut Vec::new(), &mut |path, next| seen.key_before(path, next));
            return;
        }
        let item = content.strip_prefix("- ").or_else(|| (content == "-").then_some(""));
        let is_root = levels.first().is_none_or(|(first, _)| indentation <= *first);
        if let Some(item) = item {
            match levels.first() {
                None => seen.list = true,
                // A list may have the same indentation as its key.
                Some((_, key)) if open => seen.no_mapping(&key.clone(), true),
                Some(_) => {}
            }
            open = false;
            let below = levels.first().filter(|(_, key)| key == "include");
            if let (Some((_, key)), Some((inner, _))) = (below, key_of(item.trim_start_matches(['{', ' ']))) {
                seen.key(&[key.clone(), inner.to_owned()]);
            }
            scalar = begins_scalar(item).then_some(indentation);
            continue;
        }
        let Some((key, value)) = key_of(content) else {
            scalar = begins_scalar(content).then_some(indentation);
            continue;
        };
        scalar = begins_scalar(value).then_some(indentation);
        if is_root {
            levels.clear();
        } else {
            open = false;
            while levels.last().is_some_and(|(last, _)| *last >= indentation) {
                levels.pop();
            }
        }
        if levels.len() >= 3 {
            continue;
        }
        levels.push((indentation, key.to_owned()));
        let mut path: Vec<String> = levels.iter().map(|(_, key)| key.clone()).collect();
        seen.key(&path);
        let bare = without_properties(value);
        if levels.len() == 1 {
            open = bare.is_empty();
            if !open && !bare.starts_with(['{', '*']) {
                seen.no_mapping(key, bare.starts_with('['));
            }
        }
        let looks_below = path.first().is_some_and(|first| matches!(first.as_str(), "jobs" | "include"));
        if bare.starts_with('{') && looks_below {
            // `bare` is the end of the line, so its length gives its position.
            let from = start + line.len() - bare.len();
            let length = flow(text.get(from..).unwrap_or_default(), &mut path, &mut |path, _| seen.key(path));
            read = from + length;
        }
    }
}

/// Returns the key of a line and the value after its colon, without a comment.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let line = without_properties(line.strip_prefix("? ").map_or(line, str::trim_start));
    let (key, rest) = match line.chars().next()? {
        quote @ ('"' | '\'') => {
            let (key, rest) = line.get(1..)?.split_once(quote)?;
            (key, rest.trim_start().strip_prefix(':')?)
        }
        _ => {
            let colon = line.match_indices(':').map(|(at, _)| at);
            let end = colon.clone().find(|at| {
                let rest = line.get(at + 1..).unwrap_or_default();
                rest.is_empty() || rest.starts_with([' ', '\t'])
            })?;
            (line.get(..end)?.trim_end(), line.get(end + 1..)?)
        }
    };
    let rest = rest.trim();
    Some((key, if rest.starts_with('#') { "" } else { rest }))
}

/// Returns a value without anchor and tags; empty if only a comment follows them.
fn without_properties(value: &str) -> &str {
    let mut rest = value.trim_start();
    while rest.starts_with(['&', '!']) {
        rest = rest.split_once([' ', '\t']).map_or("", |(_, rest)| rest.trim_start());
    }
    if rest.starts_with('#') { "" } else { rest }
}

/// True for the header of a block scalar, `|`, `>-`, `|2+`, and for a quoted text that goes on in the next line.
fn begins_scalar(value: &str) -> bool {
    let value = key_of(value).map_or(value, |(_, value)| value);
    let value = without_properties(value);
    if value.starts_with(['"', '\'']) {
        return !closes(value);
    }
    let value = value.split_once(" #").map_or(value, |(value, _)| value).trim_end();
    value.strip_prefix(['|', '>']).is_some_and(|rest| {
        rest.len() <= 2 && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-'))
    })
}

/// True if a quoted text ends in the line that it begins in.
fn closes(text: &str) -> bool {
    let mut chars = text.chars();
    let Some(quote) = chars.next() else { return true };
    while let Some(c) = chars.next() {
        match c {
            '\\' if quote == '"' => _ = chars.next(),
            c if c == quote => return true,
            _ => {}
        }
    }
    false
}

/// True for a line of template syntax, which YAML allows only in quotes, comments and block scalars: a key or a value begins with it.
fn is_template_line(line: &str) -> bool {
    let mut value = line;
    while let Some(item) = value.strip_prefix("- ") {
        value = item.trim_start();
    }
    if value.starts_with('#') {
        return false;
    }
    if placeholder::begins_with_mark(value) && (value.len() == line.len() || !value.starts_with("<%")) {
        return true;
    }
    // `<% x %>` in the place of a value is text to YAML.
    let value = key_of(value).map_or(value, |(_, value)| without_properties(value));
    if ["{{", "{%", "{#"].iter().any(|mark| value.starts_with(mark)) {
        return true;
    }
    let quoted = value.find(['"', '\'', '#']).unwrap_or(value.len());
    value.starts_with(['{', '[']) && value.find(": {{").is_some_and(|at| at < quoted)
}

/// Reads a mapping in flow style (or JSON) and returns its length in bytes. `path` is the keys above it; `each` gets
/// the path of each key and the first character of its value.
fn flow(text: &str, path: &mut Vec<String>, each: &mut impl FnMut(&[String], char)) -> usize {
    // The open brackets.
    let mut brackets: Vec<char> = Vec::new();
    let mut word = String::new();
    let base = path.len();
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let last = std::mem::replace(&mut before, c);
        match c {
            '{' | '[' => {
                brackets.push(c);
                word.clear();
            }
            '}' | ']' => {
                if brackets.pop() == Some('{') {
                    path.truncate(base + brackets.len());
                }
                word.clear();
                if brackets.is_empty() {
                    return at + 1;
                }
            }
            ',' => word.clear(),
            '#' if last.is_whitespace() => {
                while chars.next_if(|(_, c)| !matches!(c, '\n' | '\r')).is_some() {}
            }
            '"' | '\'' if word.trim().is_empty() => {
                word.clear();
                while let Some((_, inner)) = chars.next() {
                    match inner {
                        '\\' if c == '"' => word.extend(chars.next().map(|(_, c)| c)),
                        inner if inner == c => break,
                        inner => word.push(inner),
                    }
                }
                before = c;
            }
            ':' if brackets.last() == Some(&'{') => {
                let ends =
                    chars.peek().is_none_or(|(_, next)| next.is_whitespace() || "{[\"'".contains(*next));
                // A key inside a list has no path that consists of keys only.
                if (ends || matches!(last, '"' | '\''))
                    && !brackets.contains(&'[')
                    && base + brackets.len() <= 3
                {
                    path.truncate(base + brackets.len() - 1);
                    path.push(word.trim().to_owned());
                    let next = chars.clone().map(|(_, c)| c).find(|c| !c.is_whitespace()).unwrap_or(' ');
                    each(path, next);
                    word.clear();
                } else {
                    word.push(c);
                }
            }
            c => word.push(c),
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;
