//! Edits of a YAML text that preserve everything else: comments, order, indentation, line terminators.

use super::{Kind, Node, NodeId, Style, Tree};
use crate::source::Span;
use crate::syntax::last_begun;

/// A replacement of bytes by other text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// The bytes to replace; empty for an insertion.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// Sets `path` in the mapping that is the value of the key at `owner`, or the item of a list at `owner`; `value` is written verbatim. A new key is
/// inserted after the key `after` if the mapping has it, else at the end.
///
/// `None` if more would have to change: there is no such mapping, or an alias or a scalar is in the path.
#[must_use]
pub fn set(tree: &Tree, text: &str, owner: Span, path: &[&str], value: &str, after: &str) -> Option<Splice> {
    set_in(tree, text, mapping_at(tree, owner)?, path, value, after)
}

/// Sets `path` in a mapping, given with its own key; the root has none.
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
            let Node { kind: Kind::Scalar(_), span, tag: None, .. } = *tree.node(*child) else { return None };
            let text = if span.is_empty() { format!(" {value}") } else { value.to_owned() };
            return Some(Splice { span, text });
        }
        (above, map, rest) = (Some(*key), *child, deeper);
    }
}

/// Sets `path` near the key at `leaf`: in the mapping from which the keys `below` lead to the leaf's own mapping.
/// `None` if the keys above the leaf differ, as in an anchor of another structure.
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
            let (key, _) = last_begun(pairs, |(key, _)| tree.node(*key).span.start <= leaf.start)?;
            above = Some(*key);
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

/// Sets a variable in the `environment` of the service at `owner`, as a key of the mapping or an item of the list.
/// `None` if it is already set, or if `environment` is an alias or a scalar.
#[must_use]
pub fn set_variable(tree: &Tree, text: &str, owner: Span, name: &str, value: &str) -> Option<Splice> {
    let (_, service) = mapping_at(tree, owner)?;
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

/// Appends an item to a list.
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

/// Appends words to the scalar value of the key at `name`, or to the list item `NAME=value` that begins there. `None`
/// for block scalars, aliases and collections.
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

/// Returns a value as YAML, quoted if it would be read as something else.
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

/// Removes the key at `key` with its value. `None` if its mapping would be empty or could inherit the key through
/// `<<`, if the key is on the line of a list item's dash, or if an alias elsewhere needs an anchor in it.
#[must_use]
pub fn remove(tree: &Tree, text: &str, key: Span) -> Option<Splice> {
    let (map, at) = key_at(tree, key)?;
    let Kind::Map(pairs) = &tree.node(map).kind else { return None };
    // Without the key, the mapping would take its value from a merged mapping.
    let name = scalar(tree, pairs.get(at)?.0)?;
    let merges = pairs.iter().filter(|(key, _)| scalar(tree, *key) == Some("<<"));
    if pairs.len() < 2 || merges.into_iter().any(|(_, merged)| may_merge(tree, *merged, name)) {
        return None;
    }
    let &(name, value) = pairs.get(at)?;
    let removed = Span { start: start(tree, name), end: end(tree, name, value), ..key };
    if (has_anchor(tree, name) || has_anchor(tree, value)) && tree.has_alias_into(removed) {
        return None;
    }
    let end_of = |at: usize| pairs.get(at).map(|(name, value)| end(tree, *name, *value));
    if is_flow(text, tree.node(map).span) {
        // With the comma after it, or, for the last key, the one before it.
        let span = match pairs.get(at + 1) {
            Some((next, _)) => (start(tree, pairs.get(at)?.0), start(tree, *next)),
            None => (end_of(at.checked_sub(1)?)?, end_of(at)?),
        };
        return Some(Splice { span: Span { start: span.0, end: span.1, ..key }, text: String::new() });
    }
    let begin = line_start(text, key.start as usize);
    // A key after `- ` shares its line with the list item.
    if !text.get(begin..key.start as usize)?.trim().is_empty() {
        return None;
    }
    let end = line_end(text, end_of(at)? as usize);
    Some(Splice { span: Span::new(key.file, begin, end), text: String::new() })
}

/// True if a node or one in it has an anchor.
fn has_anchor(tree: &Tree, id: NodeId) -> bool {
    let node = tree.node(id);
    node.anchor.is_some()
        || match &node.kind {
            Kind::Map(pairs) => {
                pairs.iter().any(|(key, value)| has_anchor(tree, *key) || has_anchor(tree, *value))
            }
            Kind::Seq(items) => items.iter().any(|item| has_anchor(tree, *item)),
            _ => false,
        }
}

/// True if a merged node has a key of this name, or may have one.
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

/// Returns the key `name` in the mapping that is the value of the key at `owner`.
#[must_use]
pub fn key_below(tree: &Tree, owner: Span, name: &str) -> Option<Span> {
    let (_, map) = mapping_at(tree, owner)?;
    let Kind::Map(pairs) = &tree.node(map).kind else { return None };
    pairs.iter().find(|(key, _)| scalar(tree, *key) == Some(name)).map(|(key, _)| tree.node(*key).span)
}

/// Returns the comment after the value of the key at `key`, on the same line.
#[must_use]
pub fn comment(tree: &Tree, text: &str, key: Span) -> Option<Span> {
    let (name, value) = entry_at(tree, key)?;
    let at = end(tree, name, value) as usize;
    let rest = text.get(at..content_end(text, at))?;
    let start = at + (rest.len() - rest.trim_start().len());
    let span = Span::new(key.file, start, at + rest.trim_end().len());
    rest.trim_start().starts_with('#').then_some(span)
}

/// Inserts a word before the first item of a list, the one at `item`, and in the same quotes.
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
        // Anything other than blanks and a dash is a tag, an anchor or an outer item.
        if line.trim() != "-" {
            return None;
        }
        format!("{word}{}{line}", newline(tree, text, at))
    };
    Some(Splice { span: Span { end: item.start, ..item }, text })
}

/// Returns the nodes of the key at a span and of its value.
fn entry_at(tree: &Tree, key: Span) -> Option<(NodeId, NodeId)> {
    let (map, at) = key_at(tree, key)?;
    match &tree.node(map).kind {
        Kind::Map(pairs) => pairs.get(at).copied(),
        _ => None,
    }
}

/// Returns the mapping that is the value of the key at `owner`, or that is at `owner` itself, with the nearest key above it.
fn mapping_at(tree: &Tree, owner: Span) -> Option<(Option<NodeId>, NodeId)> {
    if let Some((key, map)) = entry_at(tree, owner) {
        return Some((Some(key), map));
    }
    let mut above = None;
    for id in path_to(tree, owner.start) {
        let node = tree.node(id);
        let Kind::Map(pairs) = &node.kind else { continue };
        if node.span == owner {
            return Some((above, id));
        }
        above = last_begun(pairs, |(key, _)| tree.node(*key).span.start <= owner.start).map(|(key, _)| *key);
    }
    None
}

/// Returns the mapping with a key at a span, and the index of that key.
fn key_at(tree: &Tree, key: Span) -> Option<(NodeId, usize)> {
    path_to(tree, key.start).find_map(|id| {
        let Kind::Map(pairs) = &tree.node(id).kind else { return None };
        let begun = pairs.partition_point(|(name, _)| tree.node(*name).span.start <= key.start);
        let at = begun.checked_sub(1)?;
        (tree.node(pairs.get(at)?.0).span == key).then_some((id, at))
    })
}

/// Returns the text to write in place of a key or value: in the quotes of the one that is there, which JSON needs, and in quotes where
/// an item of a list would become a number, since the words of a command are text. Numbers elsewhere may have to be without.
#[must_use]
pub fn in_style(tree: &Tree, at: Span, text: String) -> String {
    let mut parent = None;
    let found = path_to(tree, at.start).find_map(|id| match &tree.node(id).kind {
        Kind::Scalar(scalar) if tree.node(id).span == at => Some(scalar),
        _ => {
            parent = Some(id);
            None
        }
    });
    let in_list = parent.is_some_and(|id| matches!(tree.node(id).kind, Kind::Seq(_)));
    let is_plain = text.starts_with(char::is_alphanumeric) && !text.contains(['"', '\'', '\\', '\n']);
    let is_number = text.parse::<f64>().is_ok();
    match found.map(|scalar| scalar.style) {
        Some(Style::DoubleQuoted) if is_plain && !is_number => format!("\"{text}\""),
        Some(Style::SingleQuoted) if is_plain && !is_number => format!("'{text}'"),
        Some(_) if is_plain && is_number && in_list => format!("\"{text}\""),
        _ => text,
    }
}

/// Returns the nodes around a byte, from the document's root inwards.
fn path_to(tree: &Tree, at: u32) -> impl Iterator<Item = NodeId> {
    let begun = move |id: NodeId| tree.node(id).span.start <= at;
    let root = last_begun(tree.documents(), |root| begun(*root)).copied();
    std::iter::successors(root, move |id| match &tree.node(*id).kind {
        Kind::Map(pairs) => {
            let (key, value) = *last_begun(pairs, |(key, _)| begun(*key))?;
            Some(if begun(value) && at >= tree.node(key).span.end { value } else { key })
        }
        Kind::Seq(items) => last_begun(items, |item| begun(*item)).copied(),
        Kind::Scalar(_) | Kind::Alias(_) => None,
    })
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

/// Returns the start of a node with its tag and anchor.
fn start(tree: &Tree, id: NodeId) -> u32 {
    let Node { span, tag, anchor, .. } = tree.node(id);
    let properties = [tag.as_ref().map(|tag| tag.span), anchor.as_ref().map(|anchor| anchor.span)];
    properties.into_iter().flatten().map(|property| property.start).fold(span.start, u32::min)
}

/// Returns the end of an entry: of its value, which is after the colon if it is empty.
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
        // JSON is edited as JSON.
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
    let column = column(text, start(tree, *first) as usize);
    let behind = pairs.iter().find(|(key, _)| scalar(tree, *key) == Some(after)).or(pairs.last())?;
    let at = content_end(text, end(tree, behind.0, behind.1) as usize);
    let newline = newline(tree, text, at);
    // Indentation per level, as in the file.
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

/// Returns the line terminator in use before an offset.
fn newline(tree: &Tree, text: &str, at: usize) -> &'static str {
    let first = *tree.first_crlf.get_or_init(|| memchr::memmem::find(text.as_bytes(), b"\r\n"));
    if first.is_some_and(|first| first + 2 <= at) { "\r\n" } else { "\n" }
}

fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1)
}

/// Returns the offset after the line terminator.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |offset| at + offset + 1)
}

/// Returns the offset of the line terminator, after any comment.
fn content_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find(['\n', '\r'])).map_or(text.len(), |offset| at + offset)
}

/// Returns the number of bytes since the start of the line, which is the indentation of a sibling key: a leading `- `
/// counts.
fn column(text: &str, at: usize) -> usize {
    at - line_start(text, at)
}

fn column_of_line(text: &str, at: usize) -> usize {
    let start = line_start(text, at);
    text.get(start..at).map_or(0, |before| before.len() - before.trim_start().len())
}

#[cfg(test)]
mod tests;
