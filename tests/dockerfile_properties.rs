//! The Dockerfile parser on text that nobody would write.

use std::path::Path;

use oomlint::model::image::{BuildOptions, resolve};
use oomlint::source::{Sources, Span, Text};
use oomlint::syntax::dockerfile::{Arguments, Lookup, expand, parse, to_json};
use proptest::prelude::*;

/// Pieces that meet each other in every order.
const PIECES: [&str; 48] = [
    "FROM a AS b\n",
    "FROM ",
    "RUN ",
    "COPY --from=x ",
    "ENV A=b ",
    "ENV ",
    "ARG X",
    "HEALTHCHECK ",
    "CMD ",
    "ONBUILD ",
    "SHELL ",
    "# escape=`\n",
    "# syntax=x\n",
    "#",
    "\\\n",
    "`\n",
    "\\",
    "`",
    "\r\n",
    "\n",
    "\t",
    " ",
    "\"",
    "'",
    "$X",
    "${X:-",
    "${",
    "}",
    "[\"a\", ",
    "\"]",
    "\\u00e9",
    "\\ud83d",
    "<<EOF",
    "<<-'E F'",
    "EOF\n",
    "3<<",
    "--interval=",
    "--",
    "=",
    "é",
    "日本",
    "\u{feff}",
    "\u{a0}",
    "\u{85}",
    "\0",
    "/bin/sh",
    "NONE",
    "{{ x }}",
];

fn fragments() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

fn check(text: &str) {
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

fn check_text(source: &str, text: &Text) {
    assert!(source.get(text.span().range()).is_some(), "{text:?} in {source:?}");
    for (at, c) in text.as_str().char_indices() {
        let span = text.span_of(at..at + c.len_utf8());
        let slice = source.get(span.range()).unwrap_or_else(|| panic!("{text:?} in {source:?}"));
        assert!(slice.starts_with(c) || slice.starts_with(['\\', '`', '$']), "{text:?} in {source:?}");
    }
}

fn check_arguments(source: &str, arguments: &Arguments, escape: char) {
    let check = |text: &Text| {
        check_text(source, text);
        for lookup in [Lookup::Known("é v"), Lookup::Unset, Lookup::Declared, Lookup::Unknown] {
            if let oomlint::syntax::dockerfile::Expansion::Known(text) = expand(text, escape, &mut |_| lookup)
            {
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spliced_fragments_never_panic(text in fragments()) {
        check(&text);
    }

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn a_valid_first_instruction_survives_what_follows(text in fragments()) {
        let text = format!("FROM a\n{text}");
        let sources = Sources::new();
        let dockerfile = parse(sources.add(Path::new("Dockerfile"), text.as_str()), &text);
        prop_assert_eq!(dockerfile.instructions[0].name.as_str(), "FROM");
    }
}
