//! Property tests of the Dockerfile parser on generated text.

use crate::dockerfile;
use std::path::Path;

use dockerfile::check;
use oomlint::source::Sources;
use oomlint::syntax::dockerfile::parse;
use proptest::prelude::*;

/// Fragments that are combined in random order.
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
