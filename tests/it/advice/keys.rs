//! Inserts keys of a snippet into a mapping of a Compose file, in the style of that mapping.

use std::ops::Range;

use oomlint::syntax::yaml::NodeId;

use super::yaml::Doc;

/// Lists to which an item is added. Other lists are replaced.
const GROWING: [&str; 3] = ["volumes", "tmpfs", "security_opt"];

/// Byte ranges and their replacements.
pub type Changes = Vec<(Range<usize>, String)>;

/// Inserts a pair of a snippet into the mapping that is the value of `target`.
pub fn put(
    doc: &Doc,
    target: (NodeId, NodeId),
    (snippet, key, value): (&Doc, NodeId, NodeId),
    place: usize,
    out: &mut Changes,
) -> Option<()> {
    let (owner, map) = target;
    let json = doc.is_json(map);
    let flow = || format!("{}: {}", snippet.flow_key(key, json), snippet.flow(value, json));
    if !doc.is_map(map) {
        // The value is empty, or an alias of a mapping, which becomes a merge key.
        let indent = doc.column(doc.start(owner)) + 2;
        let line = |text: String| format!("{}{}{text}", doc.line_end(), " ".repeat(indent));
        let lines = line(block(snippet, key, value, indent, doc.line_end()));
        let range = doc.range(map);
        if doc.is_map(doc.real(map)) {
            let alias = line(format!("<<: {}", doc.written(map)));
            out.push((range, alias + &lines));
        } else if doc.scalar(map).is_some() && range.is_empty() {
            let end = doc.end_of_line(doc.range(owner).end);
            out.push((end..end, lines));
        } else {
            return None;
        }
        return Some(());
    }
    let name = snippet.scalar(key)?;
    let Some((old_key, old)) = doc.get(map, name) else {
        let range = doc.range(map);
        match doc.pairs(map).first() {
            _ if doc.is_flow(map) => {
                let comma = if doc.pairs(map).is_empty() { "" } else { ", " };
                out.push((range.start + 1..range.start + 1, flow() + comma));
            }
            Some((first, _)) => {
                let at = doc.start(*first);
                let indent = doc.column(at);
                let lines = block(snippet, key, value, indent, doc.line_end());
                out.push((at..at, format!("{lines}{}{}", doc.line_end(), " ".repeat(indent))));
            }
            None => return None,
        }
        return Some(());
    };
    if snippet.is_map(value)
        && (doc.is_map(doc.real(old)) || (doc.range(old).is_empty() && !doc.is_flow(map)))
    {
        for (key, value) in snippet.pairs(value) {
            put(doc, (old_key, old), (snippet, *key, *value), place, out)?;
        }
        return Some(());
    }
    let range = doc.range(old);
    if doc.is_seq(old) && GROWING.contains(&name) && !doc.is_flow(old) && !snippet.is_map(value) {
        let items = if snippet.is_seq(value) { snippet.items(value) } else { &[value] };
        // The item to which the finding points is replaced.
        let same = doc.items(old).iter().find(|item| doc.range(**item).contains(&place));
        if let (Some(item), false) = (same, snippet.is_seq(value)) {
            out.push((doc.range(*item), snippet.written(value).to_owned()));
            return Some(());
        }
        let indent = doc.column(dash(doc, *doc.items(old).first()?)?);
        for item in items {
            let lines = reindented(snippet, snippet.range(*item), indent + 2, doc.line_end());
            out.push((range.end..range.end, format!("{}{}- {lines}", doc.line_end(), " ".repeat(indent))));
        }
        return Some(());
    }
    let start = doc.start(old_key);
    if doc.is_flow(map) {
        out.push((start..range.end, flow()));
    } else if doc.scalar(old).is_some() && snippet.scalar(value).is_some() && !range.is_empty() {
        // A `!reset` tag is replaced with the value. Other tags and the anchor stay.
        let tag = doc.node(old).tag.as_ref().filter(|tag| tag.name == "!reset");
        out.push((
            tag.map_or(range.start, |tag| tag.span.range().start)..range.end,
            snippet.written(value).to_owned(),
        ));
    } else {
        let end = range.end.max(doc.range(old_key).end + 1);
        out.push((start..end, block(snippet, key, value, doc.column(start), doc.line_end())));
    }
    Some(())
}

/// Formats a pair in block style, without indentation of the first line.
fn block(snippet: &Doc, key: NodeId, value: NodeId, indent: usize, line_end: &str) -> String {
    let end = snippet.range(value).end.max(snippet.range(key).end + 1);
    reindented(snippet, snippet.range(key).start..end, indent, line_end)
}

fn reindented(snippet: &Doc, range: Range<usize>, indent: usize, line_end: &str) -> String {
    let column = snippet.column(range.start);
    let mut lines = snippet.text[range].lines();
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |text, line| {
        format!("{text}{line_end}{}{}", " ".repeat(indent), line.get(column..).unwrap_or(line.trim_start()))
    })
}

/// Returns the offset of the `-` of a list item.
pub fn dash(doc: &Doc, item: NodeId) -> Option<usize> {
    doc.text[..doc.range(item).start].rfind('-')
}
