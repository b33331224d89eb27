//! Invariants of parsing any text as a Dockerfile, for the property tests and the fuzzer.
#![allow(unreachable_pub)]

use std::path::Path;

use oomlint::model::image::{BuildOptions, resolve};
use oomlint::source::{Sources, Span, TracedText};
use oomlint::syntax::dockerfile::{Arguments, Expansion, Lookup, expand, parse, to_json};

/// Parses a text and asserts that spans are within it, instructions do not overlap, and characters map to their bytes.
pub fn check(text: &str) {
    let sources = Sources::new();
    let id = sources.add(Path::new("Dockerfile"), text);
    let dockerfile = parse(id, text);
    let fits = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
    let mut end = 0;
    for instruction in &dockerfile.instructions {
        fits(instruction.span);
        assert!(instruction.span.start >= end, "instructions overlap in {text:?}");
        end = instruction.span.end;
        assert!(instruction.first_line <= instruction.last_line);
        fits(instruction.name.span());
        for flag in &instruction.flags {
            check_text(text, &flag.text);
        }
        check_arguments(text, &instruction.arguments, dockerfile.escape);
        for heredoc in &instruction.heredocs {
            fits(heredoc.body);
            heredoc.terminator.into_iter().for_each(fits);
        }
    }
    dockerfile.comments.iter().copied().for_each(fits);
    dockerfile.errors.iter().for_each(|error| fits(error.span));
    assert_eq!(
        dockerfile.instructions.is_empty(),
        dockerfile.errors.iter().any(|e| e.message == "a file with no instructions")
    );
    let _ = resolve(&dockerfile, &BuildOptions::default());
    let _ = to_json(&dockerfile, &sources.get(id));
}

fn check_text(source: &str, text: &TracedText) {
    assert!(source.get(text.span().range()).is_some(), "{text:?} in {source:?}");
    for (at, c) in text.as_str().char_indices() {
        let span = text.span_of(at..at + c.len_utf8());
        let slice = source.get(span.range()).unwrap_or_else(|| panic!("{text:?} in {source:?}"));
        assert!(slice.starts_with(c) || slice.starts_with(['\\', '`', '$']), "{text:?} in {source:?}");
    }
}

fn check_arguments(source: &str, arguments: &Arguments, escape: char) {
    let check = |text: &TracedText| {
        check_text(source, text);
        for lookup in [Lookup::Known("é v"), Lookup::Unset, Lookup::Declared, Lookup::Unknown] {
            if let Expansion::Known(text) = expand(text, escape, &mut |_| lookup) {
                assert!(source.get(text.span().range()).is_some());
                if lookup == Lookup::Unset {
                    check_text(source, &text);
                }
            }
        }
    };
    match arguments {
        Arguments::None => {}
        Arguments::Words(words) | Arguments::Exec(words) => words.iter().for_each(check),
        Arguments::Shell(text) | Arguments::Malformed(text) => check(text),
        Arguments::Pairs(pairs) => pairs.iter().for_each(|pair| {
            check(&pair.key);
            check(&pair.value);
        }),
        Arguments::Healthcheck { kind, command } => {
            check(kind);
            check_arguments(source, command, escape);
        }
        Arguments::Onbuild(trigger) => check_arguments(source, &trigger.arguments, escape),
    }
}
