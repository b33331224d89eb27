//! Fixes: the result still parses, a second run has nothing to do, and no finding of `syntax-error` is new.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::fix::{fix};
use oomlint::source::Overlay;
use oomlint::check::{self, Outcome};
use oomlint::diagnostic::Applicability;
use oomlint::source::Sources;
use oomlint_fuzz::{FileSet, prepare};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(
    init: prepare(),
    |data: &[u8]| {
        let Some(set) = FileSet::of(data) else { return };
        let Some(before) = set.overlay() else { return };
        let level = if set.safe { Applicability::Safe } else { Applicability::Unsafe };
        let (options, discovered) = (set.options(), set.discovered());
        let fixed = fix(&options, &discovered, &before, level);
        let mut after = before.clone();
        for (path, old, new) in &fixed.files {
            assert_eq!(before.get(path), Some(old), "{} was not given", path.display());
            after.insert(path.clone(), new.clone());
        }
        let look = |overlay: &Overlay| {
            let sources = Sources::new();
            for (path, text) in overlay {
                sources.add(path, text.as_str());
            }
            check::run(&options, &sources, &discovered)
        };
        let (was, is) = (look(&before), look(&after));
        assert!(errors(&is) <= errors(&was), "{before:#?} does not parse any more: {after:#?}");
        let again = fix(&options, &discovered, &after, level);
        let rest: Vec<_> = again.applied.iter().map(|applied| (applied.rule, &applied.title)).collect();
        assert!(again.files.is_empty(), "{rest:#?} is left to fix in {after:#?}");
    }
);

fn errors(outcome: &Outcome) -> usize {
    outcome.findings.iter().filter(|finding| finding.rule == "syntax-error").count()
}
