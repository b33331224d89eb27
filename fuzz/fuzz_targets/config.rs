//! Any text as the configuration: it is refused with a place, or a run with it ends.

#![no_main]

use std::path::Path;
use std::sync::Arc;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::config::{Config, Configs};
use oomlint::check::{self, Options};
use oomlint::error::Error;
use oomlint::report::draw_failure;
use oomlint::source::Sources;
use oomlint_fuzz::{FileSet, prepare};

/// Enough for every part of a configuration to apply to something.
const STACK: &[u8] = b"services:
  web: {image: \"nginx:1.27\", mem_limit: 64m}
  api:
    build: api
    mem_limit: 512m
    environment: {JAVA_TOOL_OPTIONS: -Xmx480m}
  db: {image: \"redis:7\", command: redis-server --maxmemory 1gb, mem_limit: 1g}
=== api/Dockerfile
FROM eclipse-temurin:21
CMD [\"java\", \"-jar\", \"a.jar\"]
";

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(
    init: prepare(),
    |data: &[u8]| {
        let sources = Sources::new();
        let source = sources.get(sources.add(Path::new("oomlint.yaml"), data));
        match Config::of(source) {
            Ok(config) => run(config),
            Err(error) => {
                let Error::Config { problems, .. } = &error else { panic!("{error}") };
                assert!(!problems.is_empty());
                let drawn = draw_failure(&error, false);
                assert!(drawn.contains("oomlint.yaml:"), "{drawn}");
            }
        }
    }
);

fn run(config: Config) {
    let Some(set) = FileSet::of(STACK) else { return };
    let options = Options { configs: Some(Arc::new(Configs::named(config))), ..Options::default() };
    let sources = set.sources();
    let _ = check::run(&options, &sources, &set.discovered());
}
