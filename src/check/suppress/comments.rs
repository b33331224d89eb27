//! Comments that suppress findings: `# oomlint: ignore[rule, rule] reason`.
//!
//! A comment covers what begins on its own line or, when it has a line of its own, directly below: the whole of a service, of a key's
//! value, of an instruction, and below `FROM` the whole stage. `# oomlint: ignore-file[rule]` covers the file.

use crate::diagnostic::Suppression;
use crate::hash::HashMap;
use crate::order;
use crate::source::{Source, SourceId, Span, Spanned};
use crate::syntax::dockerfile::{Dockerfile, Keyword};
use crate::syntax::dotenv;
use crate::syntax::yaml::{Kind, Tree};

/// The word that every such comment begins with.
const MARK: &str = "oomlint:";

/// The suppressions of one file, indexed by name and place.
#[derive(Clone, Debug, Default)]
pub(super) struct Comments {
    /// In the order of the file.
    all: Vec<Suppression>,
    by_name: HashMap<String, Named>,
}

/// The suppressions of one name. Of two with the same extent only the first counts, so that a thousand comments above each
/// other are not searched for each finding.
#[derive(Clone, Debug, Default)]
struct Named {
    /// The first one for the whole file.
    whole_file: Option<NameIndex>,
    /// Those for a part of the file, by start. `enclosing` links each to the nearest one before it that encloses its start, so a
    /// lookup follows as many links as the file is nested deep.
    parts: Vec<Part>,
}

/// The index of a suppression, and that of one of its names.
type NameIndex = (usize, usize);

#[derive(Clone, Copy, Debug)]
struct Part {
    start: u32,
    end: u32,
    name_index: NameIndex,
    enclosing: Option<usize>,
}

impl Comments {
    /// Indexes the suppressions of one file, given in its order.
    pub(super) fn new(all: Vec<Suppression>) -> Self {
        let mut by_name: HashMap<String, Named> = HashMap::default();
        for (index, suppression) in all.iter().enumerate() {
            for (at, name) in suppression.names.iter().enumerate() {
                let name_index = (index, at);
                let named = by_name.entry(name.value.clone()).or_default();
                match suppression.extent {
                    None => _ = named.whole_file.get_or_insert(name_index),
                    Some(Span { start, end, .. }) => {
                        named.parts.push(Part { start, end, name_index, enclosing: None });
                    }
                }
            }
        }
        for named in by_name.values_mut() {
            order::by_key(&mut named.parts, |part| (part.start, std::cmp::Reverse(part.end)));
            named.parts.dedup_by_key(|part| (part.start, part.end));
            let mut open: Vec<(usize, u32)> = Vec::new();
            for (at, part) in named.parts.iter_mut().enumerate() {
                while open.last().is_some_and(|(_, end)| *end <= part.start) {
                    open.pop();
                }
                part.enclosing = open.last().map(|(at, _)| *at);
                open.push((at, part.end));
            }
        }
        Self { all, by_name }
    }

    /// Returns all suppressions in the order of the file.
    pub(super) fn all(&self) -> impl Iterator<Item = &Suppression> {
        self.all.iter()
    }

    /// Returns the first suppression that covers a place under one of the names, and the span of that name.
    pub(super) fn suppression_for(&self, place: Span, names: &[&str]) -> Option<(&Suppression, Span)> {
        let named = names.iter().filter_map(|name| self.by_name.get(*name));
        let (index, at) = named.filter_map(|named| named.first(place)).min()?;
        let suppression = self.all.get(index)?;
        Some((suppression, suppression.names.get(at)?.span))
    }

    /// Returns the suppression whose comment contains a place.
    pub(super) fn enclosing(&self, place: Span) -> Option<&Suppression> {
        let begun = self.all.partition_point(|suppression| suppression.comment.start <= place.start);
        self.all.get(begun.checked_sub(1)?).filter(|suppression| suppression.comment.contains(place))
    }
}

impl Named {
    /// Returns the first suppression that covers a place.
    fn first(&self, place: Span) -> Option<NameIndex> {
        let begun = self.parts.partition_point(|part| part.start <= place.start);
        let before = |at: usize| self.parts.get(at);
        let nearest = begun.checked_sub(1).and_then(before);
        let covering = std::iter::successors(nearest, |part| part.enclosing.and_then(before))
            .filter(|part| place.start < part.end);
        covering.map(|part| part.name_index).chain(self.whole_file).min()
    }
}

/// True if a file may have such comments. For most files this saves parsing them.
pub(super) fn may_have_any(text: &str) -> bool {
    text.contains(MARK)
}

/// Returns the suppressions of a Compose file.
pub(super) fn of_yaml(source: &Source, tree: &Tree) -> Vec<Suppression> {
    let entries = EntrySpans::of(tree);
    read(source, tree.comments(), &|line| entries.largest_on(line))
}

/// Returns the suppressions of a Dockerfile.
pub(super) fn of_dockerfile(source: &Source, dockerfile: &Dockerfile) -> Vec<Suppression> {
    let instructions = &dockerfile.instructions;
    read(source, &dockerfile.comments, &|line| {
        let before = |span: Span| span.end.max(span.start + 1) <= line.start;
        let at = instructions.partition_point(|instruction| before(instruction.span));
        let instruction = instructions.get(at).filter(|instruction| instruction.span.start < line.end)?;
        if instruction.keyword != Keyword::From {
            return Some(instruction.span);
        }
        let rest = instructions.get(at + 1..).unwrap_or_default();
        let last = rest.iter().take_while(|other| other.keyword != Keyword::From).last();
        Some(last.map_or(instruction.span, |last| instruction.span.cover(last.span)))
    })
}

/// Returns the suppressions of an env file. A comment covers a line.
pub(super) fn of_env_file(source: &Source) -> Vec<Suppression> {
    let file = dotenv::parse(source.id(), source.text(), &|_| None);
    read(source, &file.comments, &Some)
}

/// Returns the suppressions of a text with command lines: comments with `#`, and those of HTML in a Markdown document. One covers the
/// command on its line or below, with its continued lines, and above a code block the block.
pub(super) fn of_commands(source: &Source) -> Vec<Suppression> {
    let text = source.text();
    let mut comments = Vec::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(MARK)) {
        let at = from + found;
        from = at + MARK.len();
        let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
        let end = text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end);
        let before = text.get(line..at).unwrap_or_default();
        if let Some(start) = before.rfind("<!--").or_else(|| before.rfind('#')) {
            comments.push(Span::new(source.id(), line + start, end));
        }
    }
    read(source, &comments, &|line| Some(command_or_block(source, line)))
}

/// Extends a line to the command that begins on it, or to the code block that it opens.
fn command_or_block(source: &Source, line: Span) -> Span {
    let text = source.text();
    let first = text.get(line.range()).unwrap_or_default();
    let fence = first.starts_with("```") || first.starts_with("~~~");
    let rest = text.get(line.end as usize..).unwrap_or_default();
    let line_end = line.end as usize + rest.find('\n').unwrap_or(rest.len());
    let mut end = line_end;
    loop {
        let last = text.get(..end).unwrap_or_default().lines().next_back().unwrap_or_default().trim();
        let is_more = match fence {
            true => end == line_end || !(last.starts_with("```") || last.starts_with("~~~")),
            false => last.ends_with('\\'),
        };
        let Some(rest) = text.get(end + 1..).filter(|rest| is_more && !rest.is_empty()) else { break };
        end += 1 + rest.find('\n').unwrap_or(rest.len());
    }
    Span::new(source.id(), line.start as usize, end)
}

/// Parses comments. `extent` returns the span of what begins on a line, which it gets without its indentation.
fn read(source: &Source, comments: &[Span], extent: &dyn Fn(Span) -> Option<Span>) -> Vec<Suppression> {
    // Comments below each other cover the same line, which is searched once.
    let mut last: Option<(Span, Option<Span>)> = None;
    let found = comments.iter().filter_map(|comment| {
        let (whole_file, names, reason) = parse(source.id(), source.text(), *comment)?;
        let line = match last {
            Some((above, line))
                if above.start < comment.start && line.is_none_or(|line| comment.start < line.start) =>
            {
                line
            }
            _ => target(source, *comment),
        };
        last = Some((*comment, line));
        // With nothing below, it covers only itself.
        let extent = if whole_file { None } else { Some(line.and_then(extent).unwrap_or(*comment)) };
        Some(Suppression { comment: *comment, names, reason, extent })
    });
    found.collect()
}

/// Parses `# oomlint: ignore[a, b] why`: true for `ignore-file`, the names, and the reason.
fn parse(file: SourceId, text: &str, comment: Span) -> Option<(bool, Vec<Spanned<String>>, Option<String>)> {
    let comment_text = text.get(comment.range())?;
    let comment_text = comment_text.trim_end().strip_suffix("-->").unwrap_or(comment_text);
    let inner = comment_text.strip_prefix("<!--").unwrap_or(comment_text);
    let body = inner.trim_start_matches('#').trim_start().strip_prefix(MARK)?.trim_start();
    let rest = body.strip_prefix("ignore")?;
    let (whole_file, rest) = match rest.strip_prefix("-file") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let Some((inner, reason)) = rest.trim_start().strip_prefix('[').and_then(|rest| rest.split_once(']'))
    else {
        // Other words, such as `ignored` and `ignore-next`, are not ours. Without brackets, or an open one, there are no names.
        let ours = rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '[');
        let reason = Some(rest.trim().to_owned()).filter(|reason| !reason.is_empty());
        return ours.then(|| (whole_file, Vec::new(), reason));
    };
    let begin = comment.start as usize + (inner.as_ptr() as usize - comment_text.as_ptr() as usize);
    let mut names = Vec::new();
    let mut at = begin;
    for part in inner.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let start = at + (part.len() - part.trim_start().len());
            names.push(Spanned::new(name.to_owned(), Span::new(file, start, start + name.len())));
        }
        at += part.len() + 1;
    }
    let reason = reason.trim().trim_start_matches(['-', ':']).trim();
    Some((whole_file, names, (!reason.is_empty()).then(|| reason.to_owned())))
}

/// Returns the line that a comment covers, without its indentation: its own, or the next one with content. `---` and the
/// directives before it have none.
fn target(source: &Source, comment: Span) -> Option<Span> {
    let text = source.text();
    let begin = text.get(..comment.start as usize)?.rfind('\n').map_or(0, |at| at + 1);
    let own = text.get(begin..comment.start as usize)?;
    if !own.trim().is_empty() {
        let indent = own.len() - own.trim_start().len();
        return Some(Span::new(source.id(), begin + indent, comment.start as usize));
    }
    let mut at = comment.end as usize;
    at += text.get(at..)?.find('\n')? + 1;
    for line in text.get(at..)?.split_inclusive('\n') {
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        let after_dashes = content.strip_prefix("---").map(str::trim_start);
        let separates = content.starts_with('%')
            || after_dashes.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
        let is_comment = content.trim_start().starts_with('#') || content.trim_start().starts_with("<!--");
        if !content.is_empty() && !is_comment && !separates {
            return Some(Span::new(source.id(), at + indent, at + content.len()));
        }
        at += line.len();
    }
    None
}

/// The spans of the keys and items of a file.
struct EntrySpans {
    /// By start: a key with its value, or an item if true.
    spans: Vec<(Span, bool)>,
}

impl EntrySpans {
    fn of(tree: &Tree) -> Self {
        let mut spans = Vec::new();
        let mut open = tree.documents().to_vec();
        while let Some(id) = open.pop() {
            match &tree.node(id).kind {
                Kind::Map(pairs) => {
                    for (key, value) in pairs {
                        spans.push((tree.node(*key).span.cover(tree.node(*value).span), false));
                        open.push(*value);
                    }
                }
                Kind::Seq(items) => {
                    spans.extend(items.iter().map(|item| (tree.node(*item).span, true)));
                    open.extend(items);
                }
                Kind::Scalar(_) | Kind::Alias(_) => {}
            }
        }
        spans.sort_unstable_by_key(|(span, _)| span.start);
        Self { spans }
    }

    /// Returns the largest span that begins on the line.
    fn largest_on(&self, line: Span) -> Option<Span> {
        let first = self.spans.partition_point(|(span, _)| span.start < line.start);
        let on_line = self.spans.iter().skip(first).take_while(|(span, _)| span.start < line.end);
        // An item begins with its `-`, the first byte of the line, and its span after that.
        let spans = on_line.map(|(span, is_item)| match is_item {
            true => Span { start: line.start, ..*span },
            false => *span,
        });
        spans.min_by_key(|span| (span.start, std::cmp::Reverse(span.end)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Sources;
    use crate::syntax::dockerfile;

    fn yaml(text: &str) -> Vec<(String, String, Option<String>)> {
        let sources = Sources::new();
        let id = sources.add(Path::new("compose.yaml"), text);
        let source = sources.get(id);
        shown(text, of_yaml(&source, &Tree::parse(id, source.text())))
    }

    fn shown(text: &str, found: Vec<Suppression>) -> Vec<(String, String, Option<String>)> {
        let found = found.into_iter().map(|suppression| {
            let names: Vec<String> = suppression.names.iter().map(|name| name.value.clone()).collect();
            for name in &suppression.names {
                assert_eq!(&text[name.span.range()], name.value);
            }
            let extent = suppression.extent.map_or("file", |extent| &text[extent.range()]);
            (names.join(" "), extent.to_owned(), suppression.reason)
        });
        found.collect()
    }

    #[test]
    fn a_comment_covers_what_begins_below_it_or_on_its_line() {
        let text = "services:\n  # oomlint: ignore[a, b] known\n  # more words\n\n  api:\n    image: x # oomlint: ignore[c]\n    command:\n      # oomlint:ignore[d] - why\n      - one\n      - two\n  web:\n    image: y\n";
        assert_eq!(
            yaml(text),
            [
                (
                    "a b".to_owned(),
                    "api:\n    image: x # oomlint: ignore[c]\n    command:\n      # oomlint:ignore[d] - why\n      - one\n      - two"
                        .to_owned(),
                    Some("known".to_owned())
                ),
                ("c".to_owned(), "image: x".to_owned(), None),
                ("d".to_owned(), "- one".to_owned(), Some("why".to_owned())),
            ]
        );
    }

    #[test]
    fn files_and_flow_mappings_have_their_extents() {
        let text = "# oomlint: ignore-file[limits]\nservices:\n  api: {image: x, mem_limit: 1g} # oomlint: ignore[z]\n# oomlint: ignore[end]\n";
        let found = yaml(text);
        assert_eq!(found[0].1, "file");
        assert_eq!(found[1].1, "api: {image: x, mem_limit: 1g}");
        assert_eq!(found[2].1, "# oomlint: ignore[end]");
    }

    #[test]
    fn other_comments_are_none_of_ours() {
        assert!(yaml("# oomlint is a linter\na: 1 # ignore[x]\nb: 2 # oomlint: ignored\n").is_empty());
        let bare =
            yaml("a: 1 # oomlint: ignore\nb: 2 # oomlint: ignore for now\nc: 3 # oomlint: ignore[x why\n");
        assert_eq!(bare.len(), 3);
        assert!(bare.iter().all(|(names, ..)| names.is_empty()));
    }

    #[test]
    fn separators_of_documents_are_passed_over() {
        let found = yaml(
            "# oomlint: ignore[a]\n%YAML 1.2\n---\nservices: {x: 1}\n# oomlint: ignore[b]\n--- # next\nb: 2\n",
        );
        let extents: Vec<&str> = found.iter().map(|(_, extent, _)| extent.as_str()).collect();
        assert_eq!(extents, ["services: {x: 1}", "b: 2"]);
    }

    #[test]
    fn comments_of_env_files_begin_where_compose_has_them_begin() {
        let text = "L=a#b # oomlint: ignore[a] y\nM=\"x # oomlint: ignore[b]\"\n# oomlint: ignore[c]\nN='y' # oomlint: ignore[d]\n";
        let sources = Sources::new();
        let source = sources.get(sources.add(Path::new(".env"), text));
        let found = shown(text, of_env_file(&source));
        let found: Vec<(&str, &str)> =
            found.iter().map(|(names, extent, _)| (names.as_str(), extent.as_str())).collect();
        assert_eq!(found, [("a", "L=a#b "), ("c", "N='y' # oomlint: ignore[d]"), ("d", "N='y' ")]);
    }

    #[test]
    fn a_stage_begins_with_its_from() {
        let text = "FROM a AS one\nRUN x\n# oomlint: ignore[r]\nFROM b\nENV A=1 \\\n  # oomlint: ignore[s]\n  B=2\nCMD x\n";
        let sources = Sources::new();
        let id = sources.add(Path::new("Dockerfile"), text);
        let source = sources.get(id);
        let found = shown(text, of_dockerfile(&source, &dockerfile::parse(id, source.text())));
        assert_eq!(found[0].0, "r");
        assert!(found[0].1.starts_with("FROM b\nENV") && found[0].1.ends_with("CMD x"), "{}", found[0].1);
        assert!(found[1].1.starts_with("ENV A=1") && found[1].1.ends_with("B=2"), "{}", found[1].1);
    }

    proptest::proptest! {
        #[test]
        fn who_names_a_place_is_found_among_many(
            specs in proptest::collection::vec(
                (proptest::option::of((0_u32..40, 0_u32..20)), proptest::collection::vec("[a-c]", 0..4)), 0..30
            )
        ) {
            let file = SourceId(0);
            type Spec = (Option<(u32, u32)>, Vec<String>);
            let of = |(at, (extent, names)): (usize, &Spec)| Suppression {
                comment: Span::new(file, at * 10, at * 10 + 9),
                names: names.iter().enumerate().map(|(nth, name)| {
                    Spanned::new(name.clone(), Span::new(file, at * 10 + nth, at * 10 + nth + 1))
                }).collect(),
                reason: None,
                extent: extent.map(|(start, length)| Span { file, start, end: start + length }),
            };
            let all: Vec<Suppression> = specs.iter().enumerate().map(of).collect();
            let comments = Comments::new(all.clone());
            for place in (0..60).map(|at| Span::new(file, at, at + 1)) {
                let one_by_one = all.iter().filter(|one| one.covers(place)).find_map(|one| {
                    Some((one, one.names.iter().find(|name| ["a", "b"].contains(&name.value.as_str()))?.span))
                });
                proptest::prop_assert_eq!(comments.suppression_for(place, &["a", "b"]), one_by_one);
            }
        }

        #[test]
        fn nothing_panics(text in "[#a-z: \\[\\],\\n\\-é]{0,60}") {
            let text = text.replace("oom", "oomlint: ignore[");
            let _ = yaml(&text);
        }
    }
}
