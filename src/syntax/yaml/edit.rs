//! Changes to a YAML text that leave everything else as it stands: comments, order, indentation, line ends.

use super::{Kind, NodeId, Tree};
use crate::source::Span;

/// Bytes to put in place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// Sets `path` below the mapping that stands behind the key at `owner`; `value` is written as it is. A new key goes behind
/// `after` where the mapping has that one, else to its end.
///
/// None where that cannot be done without touching more: there is no such mapping, an alias or a scalar stands in the way.
#[must_use]
pub fn set(tree: &Tree, text: &str, owner: Span, path: &[&str], value: &str, after: &str) -> Option<Splice> {
    let (key, mut map) = entry_at(tree, owner)?;
    let mut above = key;
    let mut rest = path;
    loop {
        let (first, deeper) = rest.split_first()?;
        let Kind::Map(pairs) = &tree.node(map).kind else { return None };
        let found = pairs.iter().find(|(key, _)| scalar(tree, *key) == Some(first));
        let Some((key, child)) = found else {
            return insert(tree, text, above, map, rest, value, after);
        };
        if deeper.is_empty() {
            let span = tree.node(*child).span;
            let Kind::Scalar(_) = &tree.node(*child).kind else { return None };
            let text = if span.is_empty() { format!(" {value}") } else { value.to_owned() };
            return Some(Splice { span, text });
        }
        (above, map, rest) = (*key, *child, deeper);
    }
}

/// Removes the key at `key` with its value. None where nothing would be left of its mapping.
#[must_use]
pub fn remove(tree: &Tree, text: &str, key: Span) -> Option<Splice> {
    let (map, at) = key_at(tree, key)?;
    let Kind::Map(pairs) = &tree.node(map).kind else { return None };
    if pairs.len() < 2 {
        return None;
    }
    let end_of = |at: usize| pairs.get(at).map(|(name, value)| end(tree, *name, *value));
    if is_flow(text, tree.node(map).span) {
        // With the comma behind it, or for the last one the comma before.
        let span = match pairs.get(at + 1) {
            Some((next, _)) => (key.start, tree.node(*next).span.start),
            None => (end_of(at.checked_sub(1)?)?, end_of(at)?),
        };
        return Some(Splice { span: Span { start: span.0, end: span.1, ..key }, text: String::new() });
    }
    let begin = line_start(text, key.start as usize);
    // A key behind `- ` shares its line with the item.
    if !text.get(begin..key.start as usize)?.trim().is_empty() {
        return None;
    }
    let end = line_end(text, end_of(at)? as usize);
    Some(Splice { span: Span::new(key.file, begin, end), text: String::new() })
}

/// The comment behind the value of the key at `key`, on the same line.
#[must_use]
pub fn comment(tree: &Tree, text: &str, key: Span) -> Option<Span> {
    let (name, value) = entry_at(tree, key)?;
    let at = end(tree, name, value) as usize;
    let rest = text.get(at..content_end(text, at))?;
    let start = at + (rest.len() - rest.trim_start().len());
    let span = Span::new(key.file, start, at + rest.trim_end().len());
    rest.trim_start().starts_with('#').then_some(span)
}

/// Puts a word before the first item of the list that begins with the one at `item`, quoted as that one is.
#[must_use]
pub fn lead(tree: &Tree, text: &str, item: Span, word: &str) -> Option<Splice> {
    let is_first = |id: NodeId| match &tree.node(id).kind {
        Kind::Seq(items) => items.first().is_some_and(|first| tree.node(*first).span == item),
        _ => false,
    };
    let list = tree.node(way_to(tree, item.start).find(|id| is_first(*id))?);
    let at = item.start as usize;
    let quote = text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| matches!(c, '"' | '\''));
    let quote = quote.map(String::from).unwrap_or_default();
    let word = format!("{quote}{word}{quote}");
    let text = if text.as_bytes().get(list.span.start as usize) == Some(&b'[') {
        format!("{word}, ")
    } else {
        let line = text.get(line_start(text, at)..at)?;
        // Anything but blanks and a dash before it is a tag or an anchor of its own.
        if line.trim() != "-" {
            return None;
        }
        format!("{word}{}{line}", newline(tree, text, at))
    };
    Some(Splice { span: Span { end: item.start, ..item }, text })
}

/// The key's node at a span, and its value.
fn entry_at(tree: &Tree, key: Span) -> Option<(NodeId, NodeId)> {
    let (map, at) = key_at(tree, key)?;
    match &tree.node(map).kind {
        Kind::Map(pairs) => pairs.get(at).copied(),
        _ => None,
    }
}

/// The mapping that has a key at a span, and which of its keys that is.
fn key_at(tree: &Tree, key: Span) -> Option<(NodeId, usize)> {
    way_to(tree, key.start).find_map(|id| {
        let Kind::Map(pairs) = &tree.node(id).kind else { return None };
        let at = last_begun(pairs, |(name, _)| tree.node(*name).span.start <= key.start)?;
        (tree.node(pairs[at].0).span == key).then_some((id, at))
    })
}

/// The nodes around a byte, from the root of its document inwards.
fn way_to(tree: &Tree, at: u32) -> impl Iterator<Item = NodeId> {
    let begun = move |id: NodeId| tree.node(id).span.start <= at;
    let roots = tree.documents();
    let root = last_begun(roots, |root| begun(*root)).map(|index| roots[index]);
    std::iter::successors(root, move |id| match &tree.node(*id).kind {
        Kind::Map(pairs) => {
            let (key, value) = pairs[last_begun(pairs, |(key, _)| begun(*key))?];
            Some(if begun(value) && at >= tree.node(key).span.end { value } else { key })
        }
        Kind::Seq(items) => Some(items[last_begun(items, |item| begun(*item))?]),
        Kind::Scalar(_) | Kind::Alias(_) => None,
    })
}

/// Which one is the last of those that have begun.
fn last_begun<T>(items: &[T], begun: impl Fn(&T) -> bool) -> Option<usize> {
    items.partition_point(begun).checked_sub(1)
}

fn scalar(tree: &Tree, id: NodeId) -> Option<&str> {
    match &tree.node(id).kind {
        Kind::Scalar(scalar) => Some(scalar.text.as_str()),
        _ => None,
    }
}

fn is_flow(text: &str, map: Span) -> bool {
    text.as_bytes().get(map.start as usize) == Some(&b'{')
}

/// The last byte of an entry: of an empty value that of its key, and the colon.
fn end(tree: &Tree, key: NodeId, value: NodeId) -> u32 {
    tree.node(value).span.end.max(tree.node(key).span.end)
}

fn insert(
    tree: &Tree,
    text: &str,
    above: NodeId,
    map: NodeId,
    path: &[&str],
    value: &str,
    after: &str,
) -> Option<Splice> {
    let node = tree.node(map);
    let Kind::Map(pairs) = &node.kind else { return None };
    let file = tree.file();
    if is_flow(text, node.span) {
        let mut entry = value.to_owned();
        for (depth, key) in path.iter().rev().enumerate() {
            entry = if depth == 0 { format!("{key}: {entry}") } else { format!("{key}: {{{entry}}}") };
        }
        let (at, entry) = match pairs.last() {
            Some((key, last)) => (end(tree, *key, *last) as usize, format!(", {entry}")),
            None => (node.span.start as usize + 1, entry),
        };
        return Some(Splice { span: Span::new(file, at, at), text: entry });
    }
    let (first, _) = pairs.first()?;
    let column = column(text, tree.node(*first).span.start as usize);
    let behind = pairs.iter().find(|(key, _)| scalar(tree, *key) == Some(after)).or(pairs.last())?;
    let at = content_end(text, end(tree, behind.0, behind.1) as usize);
    let newline = newline(tree, text, at);
    // The step that the file's author takes from one level to the next.
    let outer = column_of_line(text, tree.node(above).span.start as usize);
    let step = column.saturating_sub(outer).clamp(1, 8);
    let mut added = String::new();
    for (depth, key) in path.iter().enumerate() {
        added.push_str(newline);
        added.push_str(&" ".repeat(column + depth * step));
        added.push_str(key);
        added.push(':');
    }
    added.push(' ');
    added.push_str(value);
    Some(Splice { span: Span::new(file, at, at), text: added })
}

/// How the lines before a place end.
fn newline(tree: &Tree, text: &str, at: usize) -> &'static str {
    let first = *tree.first_crlf.get_or_init(|| memchr::memmem::find(text.as_bytes(), b"\r\n"));
    if first.is_some_and(|first| first + 2 <= at) { "\r\n" } else { "\n" }
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

/// Behind the line's end.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |offset| at + offset + 1)
}

/// Before the line's end, comments included.
fn content_end(text: &str, at: usize) -> usize {
    let end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |offset| at + offset);
    if text.get(..end).is_some_and(|before| before.ends_with('\r') && end > at) { end - 1 } else { end }
}

/// Bytes from the line's start, as many blanks as a sibling needs: `- key` counts its dash.
fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

fn column_of_line(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    text.get(start..at).map_or(0, |before| before.len() - before.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn apply(text: &str, splice: &Splice) -> String {
        let mut out = text.to_owned();
        out.replace_range(splice.span.range(), &splice.text);
        out
    }

    fn key(text: &str, key: &str) -> Span {
        let at = text.find(key).unwrap();
        Span::new(SourceId(0), at, at + key.len())
    }

    fn after_set(text: &str, path: &[&str], value: &str, after: &str) -> Option<String> {
        let tree = Tree::parse(SourceId(0), text);
        set(&tree, text, key(text, "api"), path, value, after).map(|splice| apply(text, &splice))
    }

    #[test]
    fn keys_are_added_where_their_neighbours_stand() {
        let text = "services:\n  api:\n    image: x\n    mem_limit: 1g # why\n    command: |\n      run\n\n  web: {image: y}\n";
        assert_eq!(
            after_set(text, &["memswap_limit"], "1g", "mem_limit").unwrap(),
            "services:\n  api:\n    image: x\n    mem_limit: 1g # why\n    memswap_limit: 1g\n    command: |\n      run\n\n  web: {image: y}\n"
        );
        assert!(
            after_set(text, &["init"], "true", "").unwrap().contains("      run\n    init: true\n\n  web")
        );
        let nested = after_set(text, &["deploy", "resources", "limits", "memory"], "1g", "").unwrap();
        assert!(
            nested.contains("    deploy:\n      resources:\n        limits:\n          memory: 1g\n"),
            "{nested}"
        );
    }

    #[test]
    fn flow_mappings_and_foreign_line_ends_are_kept() {
        assert_eq!(
            after_set("api: {image: x}\n", &["a", "b"], "1", "").unwrap(),
            "api: {image: x, a: {b: 1}}\n"
        );
        assert_eq!(after_set("api: {}\n", &["a"], "1", "").unwrap(), "api: {a: 1}\n");
        assert_eq!(
            after_set("api:\r\n    image: x\r\nb: 1\r\n", &["a", "c"], "1", "").unwrap(),
            "api:\r\n    image: x\r\n    a:\r\n        c: 1\r\nb: 1\r\n"
        );
        assert_eq!(after_set("api:\n  image: x", &["a"], "1", "").unwrap(), "api:\n  image: x\n  a: 1");
        assert_eq!(after_set("api:\n  a: 1\n", &["a"], "2", "").unwrap(), "api:\n  a: 2\n");
        assert_eq!(after_set("api:\n  a:\n  b: 1\n", &["a"], "2", "").unwrap(), "api:\n  a: 2\n  b: 1\n");
        assert_eq!(after_set("x: &b {c: 1}\napi: *b\n", &["a"], "1", ""), None);
    }

    #[test]
    fn lists_get_a_first_word_in_their_own_style() {
        let lead = |text: &str, name: &str| {
            let tree = Tree::parse(SourceId(0), text);
            super::lead(&tree, text, key(text, name), "CMD").map(|splice| apply(text, &splice))
        };
        assert_eq!(lead("test: [curl, -f]\n", "curl").unwrap(), "test: [CMD, curl, -f]\n");
        assert_eq!(lead("test: [\"curl\"]\n", "\"curl\"").unwrap(), "test: [\"CMD\", \"curl\"]\n");
        assert_eq!(
            lead("test:\r\n  - curl # why\r\n  - x\r\n", "curl").unwrap(),
            "test:\r\n  - CMD\r\n  - curl # why\r\n  - x\r\n"
        );
        assert_eq!(lead("test: [a, curl]\n", "curl"), None);
    }

    #[test]
    fn removed_keys_take_their_lines_along() {
        let remove = |text: &str, name: &str| {
            let tree = Tree::parse(SourceId(0), text);
            super::remove(&tree, text, key(text, name)).map(|splice| apply(text, &splice))
        };
        assert_eq!(remove("a: 1\nmem: 2 # why\nb: 3\n", "mem").unwrap(), "a: 1\nb: 3\n");
        assert_eq!(remove("a: 1\nmem:\n  x: 1\n  y: |\n    z\n", "mem").unwrap(), "a: 1\n");
        assert_eq!(remove("q: {a: 1, mem: 2, b: 3}\n", "mem").unwrap(), "q: {a: 1, b: 3}\n");
        assert_eq!(remove("q: {a: 1, mem: 2}\n", "mem").unwrap(), "q: {a: 1}\n");
        assert_eq!(remove("mem: 2\n", "mem"), None);
        assert_eq!(remove("- mem: 2\n  b: 1\n", "mem"), None);
    }
}
