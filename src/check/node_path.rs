//! The keys that lead to a finding's place: an address without line numbers, which outlives edits elsewhere in the file.

use std::sync::Arc;

use crate::diagnostic::{Finding, NodePath};
use crate::hash::HashMap;
use crate::source::{Language, Source, SourceId, Sources, Span};
use crate::syntax::dockerfile::{Arguments, Dockerfile, Instruction, Keyword};
use crate::syntax::json::{self, Member, Node};
use crate::syntax::last_begun;
use crate::syntax::yaml::{Kind, NodeId, Tree};

/// Sets [`Finding::keys`] of each finding. Cheap while the parsed trees of the files are cached.
pub(super) fn attach_node_paths(findings: &mut [Finding], sources: &Sources) {
    let mut files: HashMap<SourceId, (Arc<Source>, FileOutline)> = HashMap::default();
    for finding in findings {
        let span = sources.to_outer_span(finding.primary.span);
        let (source, outline) = files.entry(span.file).or_insert_with(|| {
            let source = sources.get(span.file);
            let outline = FileOutline::of(&source);
            (source, outline)
        });
        finding.keys = Some(outline.keys(source, span));
    }
}

/// The outline of a file, which maps a span to its keys.
pub(super) enum FileOutline {
    Yaml(Arc<Tree>),
    /// The instructions, and the indices of those that begin a stage.
    Dockerfile(Arc<Dockerfile>, Vec<usize>),
    /// Output of `docker inspect`.
    Json(Vec<Node>),
    /// An env file, or a file of unknown kind.
    Lines,
}

impl FileOutline {
    pub(super) fn of(source: &Source) -> Self {
        match source.language() {
            Some(Language::Yaml) => Self::Yaml(Tree::of(source)),
            Some(Language::Dockerfile) => {
                let dockerfile = Dockerfile::of(source);
                let instructions = dockerfile.instructions.iter().enumerate();
                let stages = instructions.filter(|(_, instruction)| instruction.keyword == Keyword::From);
                let stages = stages.map(|(at, _)| at).collect();
                Self::Dockerfile(dockerfile, stages)
            }
            Some(Language::Json) => Self::Json(json::read(source.id(), source.text(), &|_| true).nodes),
            Some(Language::Commands) | None => Self::Lines,
        }
    }

    /// Returns the keys that lead to the span.
    pub(super) fn keys(&self, source: &Source, span: Span) -> NodePath {
        let keys = match self {
            Self::Yaml(tree) => keys_in_yaml(tree, span.start),
            Self::Dockerfile(dockerfile, stages) => keys_in_dockerfile(dockerfile, stages, span.start),
            Self::Json(nodes) => keys_in_json(nodes, span.start),
            Self::Lines => {
                let line = source.line_at(span.start);
                let before = (span.start - line.start) as usize;
                vec![line.text.get(..before).unwrap_or_default().trim().to_owned()]
            }
        };
        NodePath { keys, in_stage: matches!(self, Self::Dockerfile(..)) }
    }
}

/// Returns the keys as written. An item of a sequence is `[]` whatever its index, so that items may be inserted before it.
fn keys_in_yaml(tree: &Tree, at: u32) -> Vec<String> {
    let mut keys = Vec::new();
    let begins = |id: NodeId| tree.node(id).span.start <= at;
    let mut next = last_begun(tree.documents(), |root| begins(*root)).copied();
    while let Some(id) = next {
        next = match &tree.node(id).kind {
            Kind::Map(entries) => {
                let entry = last_begun(entries, |(key, _)| begins(*key));
                entry.and_then(|(key, value)| {
                    let text = match &tree.node(*key).kind {
                        Kind::Scalar(scalar) => scalar.text.as_str(),
                        _ => "?",
                    };
                    keys.push(text.to_owned());
                    (at >= tree.node(*key).span.end && begins(*value)).then_some(*value)
                })
            }
            Kind::Seq(items) => last_begun(items, |item| begins(*item)).map(|item| {
                keys.push("[]".to_owned());
                *item
            }),
            Kind::Scalar(_) | Kind::Alias(_) => None,
        };
    }
    keys
}

/// Returns the keys as written. An item of a list is the name that it has, since the order is that of the command line.
fn keys_in_json(nodes: &[Node], at: u32) -> Vec<String> {
    let mut keys = Vec::new();
    let mut next = last_begun(nodes, |node| node.span.start <= at);
    while let Some(node) = next {
        let item = last_begun(node.items(), |item| item.span.start <= at);
        let member = last_begun(node.members(), |member| member.key.span().start <= at);
        let name = |item: &Node| {
            item.get("Name")
                .and_then(|name| Some(name.value.text()?.as_str().trim_start_matches('/').to_owned()))
        };
        keys.extend(item.map(|item| name(item).unwrap_or_else(|| "[]".to_owned())));
        keys.extend(member.map(|member| member.key.as_str().to_owned()));
        let begun = |member: &&Member| member.value.span.start <= at;
        next = item.or_else(|| member.filter(begun).map(|member| &member.value));
    }
    keys
}

/// Returns the stage, the instruction, and the variable if the instruction has key-value pairs.
fn keys_in_dockerfile(dockerfile: &Dockerfile, stages: &[usize], at: u32) -> Vec<String> {
    let instructions = &dockerfile.instructions;
    let begun = |instruction: &Instruction| instruction.span.start <= at;
    let stage = last_begun(stages, |stage| instructions.get(*stage).is_some_and(begun));
    let stage = stage.and_then(|stage| instructions.get(*stage));
    let mut keys = vec![stage.map(stage_name).unwrap_or_default()];
    if let Some(instruction) = last_begun(instructions, begun) {
        keys.push(instruction.keyword.as_str().to_owned());
        if let Arguments::Pairs(pairs) = &instruction.arguments {
            let pair = pairs.iter().rev().find(|pair| pair.key.span().start <= at);
            keys.extend(pair.map(|pair| pair.key.as_str().to_owned()));
        }
    }
    keys
}

/// Returns the name after `AS`, else the image without its tag: a new tag does not make another stage.
fn stage_name(from: &Instruction) -> String {
    let Arguments::Words(words) = &from.arguments else { return String::new() };
    match words.as_slice() {
        [_, r#as, name, ..] if r#as.as_str().eq_ignore_ascii_case("as") => name.as_str().to_owned(),
        [image, ..] => without_tag(image.as_str()).to_owned(),
        [] => String::new(),
    }
}

/// Removes tag and digest: `ghcr.io:443/a/b:1@sha256:…` becomes `ghcr.io:443/a/b`. A colon in a variable, `${IMAGE:-a/b:1}`,
/// begins no tag.
pub(super) fn without_tag(reference: &str) -> &str {
    let (mut depth, mut tag) = (0_usize, None);
    for (at, c) in reference.char_indices() {
        match (c, depth) {
            ('{', _) => depth += 1,
            ('}', _) => depth = depth.saturating_sub(1),
            ('/', 0) => tag = None,
            (':', 0) => tag = tag.or(Some(at)),
            ('@', 0) => {
                tag = tag.or(Some(at));
                break;
            }
            _ => {}
        }
    }
    tag.and_then(|at| reference.get(..at)).unwrap_or(reference)
}

/// Returns the text without what an editor or a formatter may change: indentation, line ends, empty lines, comment lines.
pub(super) fn normalize_layout(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {

    use std::path::Path;

    use super::*;
    use crate::source::Sources;

    fn keys(path: &str, text: &str, needle: &str) -> String {
        let sources = Sources::new();
        let source = sources.get(sources.add(Path::new(path), text));
        // The reader of a file decides what it is, whatever its name.
        match path {
            path if path.ends_with(".yaml") => source.set_language(Language::Yaml),
            path if path.ends_with(".env") => {}
            _ => source.set_language(Language::Dockerfile),
        }
        let start = text.find(needle).unwrap_or_else(|| panic!("no {needle}"));
        let span = Span::new(source.id(), start, start + needle.len());
        FileOutline::of(&source).keys(&source, span).keys.join("/")
    }

    #[test]
    fn tags_and_digests_are_no_part_of_a_name() {
        for (reference, name) in [
            ("node:22", "node"),
            ("ghcr.io:443/a/b:1@sha256:0", "ghcr.io:443/a/b"),
            ("node@sha256:0", "node"),
            ("${IMAGE:-library/node:22}", "${IMAGE:-library/node:22}"),
            ("${IMAGE}:${TAG:-1}", "${IMAGE}"),
            ("$IMAGE", "$IMAGE"),
        ] {
            assert_eq!(without_tag(reference), name);
        }
    }

    #[test]
    fn keys_lead_to_a_place() {
        let compose = "services:\n  api:\n    mem_limit: 1g\n    environment: [A=1, B=2]\n  db: {image: x, shm_size: 64m}\n";
        let at = |needle| keys("compose.yaml", compose, needle);
        assert_eq!(at("1g"), "services/api/mem_limit");
        assert_eq!(at("api"), "services/api");
        assert_eq!(at("B=2"), "services/api/environment/[]");
        assert_eq!(at("64m"), "services/db/shm_size");
        assert_eq!(keys("compose.yaml", "x: 1\n---\nservices: {a: 2}\n", "2"), "services/a");
        assert_eq!(keys("compose.yaml", "\n\nservices: {a: 2}\n", "\n"), "");

        let dockerfile = "ARG V=1\nFROM a/node:20@sha256:0 \nENV A=1 B=2\nFROM x AS last\nRUN y\n";
        let at = |needle| keys("Dockerfile", dockerfile, needle);
        assert_eq!(at("V=1"), "/ARG");
        assert_eq!(at("node"), "a/node/FROM");
        assert_eq!(at("2\nFROM"), "a/node/ENV/B");
        assert_eq!(at("y"), "last/RUN");
        // A Dockerfile by another name, as `build.dockerfile` may have it, and one that does not begin with FROM.
        assert_eq!(keys("api.build", dockerfile, "node"), "a/node/FROM");
        assert_eq!(keys("api.build", "# x\nRUN y\n", "y"), "/RUN");
        assert_eq!(keys(".env", "# a\nLIMIT=1g\n", "1g"), "LIMIT=");
    }

    #[test]
    fn tags_are_cut_from_images() {
        for (reference, name) in [
            ("node", "node"),
            ("node:22", "node"),
            ("host:5000/a/b", "host:5000/a/b"),
            ("host:5000/a/b:1@sha256:00", "host:5000/a/b"),
            ("${IMAGE:-node:22}", "${IMAGE:-node:22}"),
        ] {
            assert_eq!(without_tag(reference), name);
        }
    }

    #[test]
    fn layout_does_not_change_the_text() {
        assert_eq!(normalize_layout("  a: 1\r\n\r\n    # why\n  b: 2 \n"), "a: 1\nb: 2");
        assert_ne!(normalize_layout("a: 1"), normalize_layout("a: 2"));
    }
}
