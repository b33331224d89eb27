//! Fixes over real files: each parses, makes its finding go away, changes nothing else, and leaves nothing for a second run.
//!
//! The engine takes back what does more than it says, so what is held here is that it has nothing to take back, and that it
//! comes to an end.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod common;

use oomlint::discover::{self, discover};
use oomlint::engine::fix::{Overlay, fix};
use oomlint::engine::{self, Options};
use oomlint::finding::Applicability;
use oomlint::rules::Preset;
use oomlint::source::Sources;

#[test]
fn fixes_do_what_they_say_and_come_to_an_end() {
    let Some(shared) = common::shared() else { return };
    for (part, at_least) in [("files", 150), ("limits", 1000), ("layouts", 60)] {
        let found = discover(&[shared.join("corpus").join(part)], discover::Options::default()).unwrap();
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        let fixed = fix(&options, &found, &Overlay::new(), Applicability::Unsafe);
        println!(
            "{part}: {} fixes in {} files, {} taken back",
            fixed.applied.len(),
            fixed.files.len(),
            fixed.refused.len()
        );
        assert!(fixed.applied.len() >= at_least, "{part}: {} fixes", fixed.applied.len());
        assert!(fixed.refused.is_empty(), "{:#?}", fixed.refused);
        let overlay: Overlay = fixed.files.iter().map(|(path, _, new)| (path.clone(), new.clone())).collect();
        let again = fix(&options, &found, &overlay, Applicability::Unsafe);
        assert!(again.files.is_empty(), "{part}: a second run changes {:?}", again.applied);
    }
}

#[test]
fn safe_fixes_change_nothing_that_runs() {
    let Some(shared) = common::shared() else { return };
    let found = discover(&[shared.join("corpus/limits")], discover::Options::default()).unwrap();
    let fixed = fix(&Options::default(), &found, &Overlay::new(), Applicability::Safe);
    for applied in &fixed.applied {
        let rule = oomlint::rules::find(applied.rule).unwrap().meta();
        println!("{}: {}", rule.name, applied.title);
    }
    assert!(fixed.refused.is_empty(), "{:#?}", fixed.refused);
}

/// A value that two services share is not changed for one of them.
#[test]
fn shared_anchors_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let text = "services:\n  a: &a\n    image: example/a\n    mem_limit: 1g\n    memswap_limit: 1g\n    mem_swappiness: 0\n  b:\n    <<: *a\n    mem_limit: 512m\n    memswap_limit: 2g\n  c: {<<: *a, restart: always:3}\n";
    std::fs::write(dir.path().join("compose.yaml"), text).unwrap();
    let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
    let before = engine::run(&Options::default(), &Sources::new(), &found);
    let fixed = fix(&Options::default(), &found, &Overlay::new(), Applicability::Unsafe);
    let new = fixed.files.first().map_or(text, |(_, _, new)| new);
    assert!(new.contains("mem_limit: 1g\n    memswap_limit: 1g\n"), "{new}");
    assert!(fixed.outcome.findings.len() <= before.findings.len());
}
