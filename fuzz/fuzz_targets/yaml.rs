//! The YAML tree, its repair, and edits of it.

#![no_main]

use std::path::Path;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::source::{Sources, Span};
use oomlint::syntax::yaml::edit::{self, Splice};
use oomlint::syntax::yaml::{Kind, Tree, to_json};
use oomlint_fuzz::yaml::{check_spans, nodes};

/// Of a file with many keys the first ones: each edit looks at the whole tree.
const EDITS: usize = 24;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(|text: &str| {
    let sources = Sources::new();
    let source = sources.get(sources.add(Path::new("test.yaml"), text));
    let tree = Tree::parse(source.id(), text);
    check_spans(&tree, text);
    for blanked in tree.skipped_lines() {
        assert!(text.get(blanked.range()).is_some(), "{blanked:?} of {text:?}");
    }
    assert!(tree.errors().is_sorted_by_key(|error| error.span.start));
    assert!(tree.skipped_lines().is_empty() || tree.errors().iter().any(|error| error.fatal));
    assert!(to_json(&tree, &source).is_object());
    edits(&tree, text);
});

fn edits(tree: &Tree, text: &str) {
    let mut keys: Vec<Span> = Vec::new();
    for id in nodes(tree) {
        if let Kind::Map(entries) = &tree.node(id).kind {
            keys.extend(entries.iter().map(|(key, _)| tree.node(*key).span));
        }
    }
    let fits = |splice: Option<Splice>| {
        if let Some(splice) = splice {
            assert!(text.get(splice.span.range()).is_some(), "{splice:?} of {text:?}");
        }
    };
    for key in keys.into_iter().take(EDITS) {
        fits(edit::set(tree, text, key, &["deploy", "resources", "limits", "memory"], "1g", ""));
        fits(edit::set(tree, text, key, &["a"], "1g", "b"));
        fits(edit::remove(tree, text, key));
        fits(edit::prepend(tree, text, key, "exec"));
        if let Some(comment) = edit::comment(tree, text, key) {
            assert!(text.get(comment.range()).is_some_and(|comment| comment.starts_with('#')), "{text:?}");
        }
    }
}
