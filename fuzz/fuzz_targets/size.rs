//! Any text as measurements: it is refused with a reason, or what is advised holds what was measured.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use oomlint::discover::RepositoryRoot;
use oomlint::check::{self, Options};
use oomlint::fix;
use oomlint::diagnostic::Applicability;
use oomlint::report::size;
use oomlint::capacity::advise;
use oomlint::source::Sources;
use oomlint::stats::Stats;
use oomlint_fuzz::{FileSet, prepare};

/// Services with and without limits, heaps and names of their own.
const STACK: &[u8] = b"name: shop
services:
  web: {image: \"node:24\", mem_limit: 64m, container_name: web}
  api:
    image: eclipse-temurin:21
    entrypoint: [java, -Xmx480m, -jar, a.jar]
    deploy: {replicas: 2, resources: {limits: {memory: 512M}}}
  a-web: {image: \"redis:7\", command: redis-server --maxmemory 1gb, mem_limit: 2g, memswap_limit: 2g}
  db: {image: \"postgres:17\"}
";

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    oomlint_fuzz::mutate(data, size, max_size, seed)
});

fuzz_target!(
    init: prepare(),
    |data: &[u8]| {
        let Ok(text) = std::str::from_utf8(data) else { return };
        let mut stats = Stats::default();
        if let Err(problem) = stats.read(text) {
            assert!(!problem.message.is_empty());
            assert!(problem.line.is_none_or(|line| line <= text.lines().count() + 1));
            return;
        }
        let Some(set) = FileSet::of(STACK) else { return };
        let stats = Arc::new(stats);
        let options = Options { stats: Some(Arc::clone(&stats)), ..Options::default() };
        let sources = set.sources();
        let projects = check::projects(&options, &sources, &set.discovered());
        for workload in projects.iter().flat_map(|project| &project.workloads) {
            let (Some(measured), Some(advice)) = (&workload.measured, advise(workload)) else { continue };
            assert!(measured.base <= measured.typical && measured.typical <= measured.peak);
            assert!(advice.limit >= measured.peak && advice.limit >= advice.reservation);
            assert!(measured.together >= measured.peak);
        }
        let report = size::Report::new(&projects, &stats, &sources);
        let (mut human, mut json, mut markdown) = (Vec::new(), Vec::new(), Vec::new());
        let wrote = size::human(&mut human, &report, false)
            .and(size::json(&mut json, &report, &RepositoryRoot::current()))
            .and(size::markdown(&mut markdown, &report));
        assert!(wrote.is_ok());
        assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
        let steers = |c: char| c.is_control() && c != '\n';
        assert!(!String::from_utf8_lossy(&human).contains(steers));
        let Some(overlay) = set.overlay() else { return };
        let fixed = fix::fix(&options, &set.discovered(), &overlay, Applicability::Unsafe);
        let mut texts = overlay.clone();
        texts.extend(fixed.files.into_iter().map(|(path, _, new)| (path, new)));
        let sources = Sources::with_file_system(options.disk.with_overlay(&texts));
        let projects = check::projects(&options, &sources, &set.discovered());
        for error in projects.iter().flat_map(|project| &project.syntax_errors) {
            assert!(!error.fatal, "{}", error.message);
        }
    }
);
