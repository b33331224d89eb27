//! The Dockerfile parser, expansion and the resolved image.

#![no_main]

use std::path::Path;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::source::Sources;
use oomlint::syntax::dockerfile::parse;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(|text: &str| {
    oomlint_fuzz::dockerfile::check(text);
    nothing_is_lost(text);
});

/// Whatever is no blank is in an instruction, a comment, a directive or an error.
fn nothing_is_lost(text: &str) {
    let dockerfile = parse(Sources::new().add(Path::new("Dockerfile"), text), text);
    let instructions = dockerfile.instructions.iter().flat_map(|instruction| {
        let ends = instruction.heredocs.iter().filter_map(|heredoc| heredoc.terminator);
        [instruction.span].into_iter().chain(ends)
    });
    let directives =
        dockerfile.directives.iter().map(|directive| directive.name.span().cover(directive.value.span()));
    let errors = dockerfile.errors.iter().map(|error| error.span);
    let mut known: Vec<_> =
        instructions.chain(dockerfile.comments.iter().copied()).chain(directives).chain(errors).collect();
    known.sort_by_key(|span| span.start);
    let escape = dockerfile.escape;
    let blank = |c: char| c.is_whitespace() || c == '\u{feff}' || c == escape || c == '#' || c == '=';
    let mut end = 0;
    for span in known.into_iter().map(|span| span.range()).chain([text.len()..text.len()]) {
        if span.start > end {
            let between = &text[end..span.start];
            assert!(between.chars().all(blank), "{between:?} of {text:?}");
        }
        end = end.max(span.end);
    }
}
