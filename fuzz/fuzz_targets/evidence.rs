//! Any text as evidence of a kill: it is read and answered, every answer is based on lines of it, and no report can control a terminal.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use oomlint::check::Outcome;
use oomlint::evidence::Evidence;
use oomlint::hash::HashMap;
use oomlint::postmortem::{Files, Verdict, answers, measurements};
use oomlint::report::human::Options;
use oomlint::report::why::{Report, human};
use oomlint::source::Sources;
use oomlint_fuzz::prepare;

fuzz_target!(
    init: prepare(),
    |data: &[u8]| {
        let sources = Sources::new();
        let file = sources.add(Path::new("evidence"), data);
        let mut evidence = Evidence::default();
        evidence.read(&sources.get(file));
        let _ = measurements(&evidence, &sources);
        let outcome = Outcome::default();
        let answers = answers(&evidence, Files { outcome: &outcome, sources: &sources });
        let length = sources.get(file).text().len();
        for answer in &answers {
            assert!(!answer.answer.is_empty());
            assert!(answer.verdict == Verdict::Undecided || !answer.evidence.is_empty(), "{answer:?}");
            assert!(answer.evidence.iter().all(|quote| quote.span.range().end <= length));
        }
        let skipped = HashMap::default();
        let report = Report { answers: &answers, sources: &sources, skipped: &skipped };
        let (mut text, mut json, mut markdown) = (Vec::new(), Vec::new(), Vec::new());
        let wrote = human(&mut text, &report, Options::default()).and(report.json(&mut json)).and(report.markdown(&mut markdown));
        assert!(wrote.is_ok());
        assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!String::from_utf8_lossy(&text).contains(steers) && !String::from_utf8_lossy(&markdown).contains(steers));
    }
);
