//! File sets as Compose resolves them: interpolation, include, extends, merge, `.env`, `env_file`, the Dockerfiles behind
//! `build`.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::check;
use oomlint_fuzz::{FileSet, check_projects, prepare};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(
    init: prepare(),
    |data: &[u8]| {
        let Some(set) = FileSet::of(data) else { return };
        let (options, discovered) = (set.options(), set.discovered());
        let look = || {
            let sources = set.sources();
            check_projects(&check::projects(&options, &sources, &discovered), &sources)
        };
        assert!(look() == look(), "the second look sees something else");
    }
);
