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
    let (key, map) = entry_at(tree, owner)?;
    set_in(tree, text, (Some(key), map), path, value, after)
}

/// The same in a mapping with the key that leads to it, which the outermost has not.
fn set_in(
    tree: &Tree,
    text: &str,
    (mut above, mut map): (Option<NodeId>, NodeId),
    path: &[&str],
    value: &str,
    after: &str,
) -> Option<Splice> {
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
        (above, map, rest) = (Some(*key), *child, deeper);
    }
}

/// Sets `path` near the key at `leaf`: below the mapping that is as many levels above that key's own as `below` has names. These
/// are the keys that lead from that mapping to the key; none where others do, as through an anchor of another shape.
#[must_use]
pub fn set_near(
    tree: &Tree,
    text: &str,
    (leaf, below): (Span, &[&str]),
    path: &[&str],
    value: &str,
) -> Option<Splice> {
    let mut maps: Vec<(Option<NodeId>, NodeId)> = Vec::new();
    let mut above = None;
    for id in path_to(tree, leaf.start) {
        if let Kind::Map(pairs) = &tree.node(id).kind {
            maps.push((above, id));
            let at = last_starting_before(pairs, |(key, _)| tree.node(*key).span.start <= leaf.start)?;
            above = Some(pairs[at].0);
        }
    }
    let found = above.filter(|key| tree.node(*key).span == leaf)?;
    let names = maps.iter().rev().map_while(|(key, _)| scalar(tree, (*key)?)).take(below.len());
    if !names.eq(below.iter().rev().copied()) {
        return None;
    }
    let (key, map) = *maps.get(maps.len().checked_sub(below.len() + 1)?)?;
    let after = match below.first() {
        None => scalar(tree, found)?,
        Some(first) => first,
    };
    set_in(tree, text, (key, map), path, value, after)
}

/// Sets a variable in the `environment` of the service at `owner`, as a line of its mapping or an item of its list, whichever it
/// is. None where it is set already, or where an alias or a value of another kind stands in the way.
#[must_use]
pub fn set_variable(tree: &Tree, text: &str, owner: Span, name: &str, value: &str) -> Option<Splice> {
    let (_, service) = entry_at(tree, owner)?;
    let Kind::Map(pairs) = &tree.node(service).kind else { return None };
    let environment = pairs.iter().find(|(key, _)| scalar(tree, *key) == Some("environment"));
    let Some((_, environment)) = environment else {
        return set(tree, text, owner, &["environment", name], &quoted(value, false), "image");
    };
    match &tree.node(*environment).kind {
        Kind::Map(pairs) if pairs.iter().any(|(key, _)| scalar(tree, *key) == Some(name)) => None,
        Kind::Map(_) => set(tree, text, owner, &["environment", name], &quoted(value, false), ""),
        Kind::Seq(items) => {
            let item = format!("{name}={value}");
            let own = |text: &str| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
            if items.iter().any(|item| scalar(tree, *item).is_some_and(|text| text == name || own(text))) {
                return None;
            }
            append_item(tree, text, *environment, &item)
        }
        Kind::Scalar(_) | Kind::Alias(_) => None,
    }
}

/// Puts an item behind the last one of a list.
fn append_item(tree: &Tree, text: &str, list: NodeId, item: &str) -> Option<Splice> {
    let node = tree.node(list);
    let Kind::Seq(items) = &node.kind else { return None };
    let last = tree.node(*items.last()?);
    let end = last.span.end as usize;
    if text.as_bytes().get(node.span.start as usize) == Some(&b'[') {
        let is_json = text.as_bytes().get(last.span.start as usize) == Some(&b'"');
        let added = format!(", {}", if is_json { in_quotes(item) } else { quoted(item, true) });
        return Some(Splice { span: Span::new(tree.file(), end, end), text: added });
    }
    let start = line_start(text, last.span.start as usize);
    let lead = text.get(start..last.span.start as usize)?;
    if lead.trim() != "-" {
        return None;
    }
    let at = content_end(text, end);
    let added = format!("{}{lead}{}", newline(tree, text, at), quoted(item, false));
    Some(Splice { span: Span::new(tree.file(), at, at), text: added })
}

/// Puts words at the end of the scalar that is the value of the key at `name`, or that begins there as an item `NAME=value` of a
/// list. None for block scalars, aliases and what is no scalar.
#[must_use]
pub fn extend(tree: &Tree, text: &str, name: Span, words: &str) -> Option<Splice> {
    let holds = |id: &NodeId| {
        let node = tree.node(*id);
        matches!(node.kind, Kind::Scalar(_)) && node.span.contains(name)
    };
    let found = match entry_at(tree, name) {
        Some((_, value)) => value,
        None => path_to(tree, name.start).find(holds)?,
    };
    let node = tree.node(found);
    let Kind::Scalar(_) = &node.kind else { return None };
    let written = text.get(node.span.range())?;
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''));
    if written.starts_with(['|', '>'])
        || (quote.is_none() && quoted(words, false) != words && !written.is_empty())
    {
        return None;
    }
    let at = node.span.end as usize - usize::from(quote.is_some());
    Some(Splice { span: Span::new(tree.file(), at, at), text: format!(" {words}") })
}

/// A value as YAML writes it: in quotes where it would be read as something else.
fn quoted(value: &str, flow: bool) -> String {
    let special = value.is_empty()
        || value.starts_with([
            '"', '\'', '&', '*', '!', '|', '>', '%', '@', '`', '#', '[', ']', '{', '}', ',', '?',
        ])
        || value.starts_with("- ")
        || value.ends_with([':', ' '])
        || value.contains(": ")
        || value.contains(" #")
        || (flow && value.contains(['[', ']', '{', '}', ',']))
        || value.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if !special {
        return value.to_owned();
    }
    in_quotes(value)
}

fn in_quotes(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Removes the key at `key` with its value. None where nothing would be left of its mapping.
#[must_use]
pub fn remove(tree: &Tree, text: &str, key: Span) -> Option<Splice> {
    let (map, at) = key_at(tree, key)?;
    let Kind::Map(pairs) = &tree.node(map).kind else { return None };
    // Without its own value the mapping would get one that it merges.
    let name = scalar(tree, pairs.get(at)?.0)?;
    let merges = pairs.iter().filter(|(key, _)| scalar(tree, *key) == Some("<<"));
    if pairs.len() < 2 || merges.into_iter().any(|(_, merged)| may_merge(tree, *merged, name)) {
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

/// True where a merged node has a key of this name, or what it has is not in sight.
fn may_merge(tree: &Tree, merged: NodeId, name: &str) -> bool {
    let has = |id: NodeId| match &tree.node(id).kind {
        Kind::Map(pairs) => {
            pairs.iter().any(|(key, _)| matches!(scalar(tree, *key), Some(own) if own == name || own == "<<"))
        }
        _ => true,
    };
    match &tree.node(merged).kind {
        Kind::Alias(Some(target)) => has(*target),
        Kind::Map(_) => has(merged),
        _ => true,
    }
}

/// The key of this name in the mapping whose own key stands at `owner`.
#[must_use]
pub fn key_below(tree: &Tree, owner: Span, name: &str) -> Option<Span> {
    let (_, map) = entry_at(tree, owner)?;
    let Kind::Map(pairs) = &tree.node(map).kind else { return None };
    pairs.iter().find(|(key, _)| scalar(tree, *key) == Some(name)).map(|(key, _)| tree.node(*key).span)
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
pub fn prepend(tree: &Tree, text: &str, item: Span, word: &str) -> Option<Splice> {
    let is_first = |id: NodeId| match &tree.node(id).kind {
        Kind::Seq(items) => items.first().is_some_and(|first| tree.node(*first).span == item),
        _ => false,
    };
    let list = tree.node(path_to(tree, item.start).find(|id| is_first(*id))?);
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
    path_to(tree, key.start).find_map(|id| {
        let Kind::Map(pairs) = &tree.node(id).kind else { return None };
        let at = last_starting_before(pairs, |(name, _)| tree.node(*name).span.start <= key.start)?;
        (tree.node(pairs[at].0).span == key).then_some((id, at))
    })
}

/// The nodes around a byte, from the root of its document inwards.
fn path_to(tree: &Tree, at: u32) -> impl Iterator<Item = NodeId> {
    let begun = move |id: NodeId| tree.node(id).span.start <= at;
    let roots = tree.documents();
    let root = last_starting_before(roots, |root| begun(*root)).map(|index| roots[index]);
    std::iter::successors(root, move |id| match &tree.node(*id).kind {
        Kind::Map(pairs) => {
            let (key, value) = pairs[last_starting_before(pairs, |(key, _)| begun(*key))?];
            Some(if begun(value) && at >= tree.node(key).span.end { value } else { key })
        }
        Kind::Seq(items) => Some(items[last_starting_before(items, |item| begun(*item))?]),
        Kind::Scalar(_) | Kind::Alias(_) => None,
    })
}

/// Which one is the last of those that have begun.
fn last_starting_before<T>(items: &[T], begun: impl Fn(&T) -> bool) -> Option<usize> {
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
    above: Option<NodeId>,
    map: NodeId,
    path: &[&str],
    value: &str,
    after: &str,
) -> Option<Splice> {
    let node = tree.node(map);
    let Kind::Map(pairs) = &node.kind else { return None };
    let file = tree.file();
    if is_flow(text, node.span) {
        // What is written as JSON stays JSON.
        let is_json = pairs
            .first()
            .is_some_and(|(key, _)| text.as_bytes().get(tree.node(*key).span.start as usize) == Some(&b'"'));
        let literal = value.parse::<f64>().is_ok() || matches!(value, "true" | "false");
        let plain = value.starts_with(['"', '\'', '{', '[']) || (is_json && literal);
        let mut entry = match plain || !(is_json || value.contains(['[', ']', '{', '}', ','])) {
            true => value.to_owned(),
            false => in_quotes(value),
        };
        for (depth, key) in path.iter().rev().enumerate() {
            let key = if is_json { format!("\"{key}\"") } else { (*key).to_owned() };
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
    let outer = above.map_or(0, |above| column_of_line(text, tree.node(above).span.start as usize));
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
mod tests;
