//! Any text as a script, a Makefile, a unit, a document or lines with `docker run` in them.

#![no_main]

use std::path::{Path, PathBuf};

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::source::{Sources, Span, TracedText};
use oomlint::syntax::command_line::{Notation, find};
use oomlint_fuzz::{check_projects, check_span, prepare};

const NOTATIONS: [Notation; 5] =
    [Notation::Lines, Notation::Markdown, Notation::Shell, Notation::Makefile, Notation::Unit];

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(
    init: prepare(),
    |text: &str| {
        for notation in NOTATIONS {
            let sources = Sources::new();
            let file = sources.add(Path::new("run"), text);
            let commands = find(&TracedText::verbatim(text, Span::new(file, 0, text.len())), notation);
            for command in &commands {
                check_span(command.span, &sources, "a command");
                check_span(command.head, &sources, "the head of a command");
                for flag in &command.flags {
                    check_span(flag.span(), &sources, "a flag");
                }
                for argument in command.image.iter().chain(&command.arguments) {
                    check_span(argument.text.span(), &sources, "an argument");
                }
                for refusal in &command.refusals {
                    check_span(refusal.span, &sources, "a refusal");
                    assert!(!refusal.message.is_empty());
                }
            }
            let mut discovered = Discovered::default();
            discovered.add(PathBuf::from("run"), FileKind::Commands(notation));
            let projects = check::projects(&Options::default(), &sources, &discovered);
            assert!(projects.len() <= commands.len());
            check_projects(&projects, &sources);
            for finding in check::run(&Options::default(), &sources, &discovered).findings {
                check_span(finding.primary.span, &sources, finding.rule);
            }
        }
    }
);
