//! `oomlint size`: the executable on a fixture, and properties of the limits for generated measurements.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use oomlint::check::{self, Options};
use oomlint::diagnostic::Applicability;
use oomlint::discover::{Discovered, FileKind};
use oomlint::fix;
use oomlint::source::Sources;
use oomlint::stats::Stats;
use proptest::prelude::*;

fn oomlint(arguments: &[&str]) -> (i32, String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .args(arguments)
        .env_remove("COLUMNS")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
}

const STATS: &str = "fixtures/projects/budget/stats.jsonl";
const PROJECT: &str = "fixtures/projects/budget";

#[test]
fn advice_is_printed_with_every_term() {
    for format in ["human", "json", "markdown"] {
        let (code, out, err) = oomlint(&["size", STATS, PROJECT, "--format", format]);
        assert_eq!((code, err.as_str()), (0, ""));
        insta::assert_snapshot!(format!("size_{format}"), out);
    }
}

#[test]
fn what_does_not_fit_is_written_and_fits_then() {
    let scratch = tempfile::tempdir().unwrap();
    for name in ["compose.yaml", "compose.prod.yaml", "stats.jsonl"] {
        std::fs::copy(Path::new(PROJECT).join(name), scratch.path().join(name)).unwrap();
    }
    let here = scratch.path().to_str().unwrap();
    let stats = scratch.path().join("stats.jsonl");
    let stats = stats.to_str().unwrap();
    let (code, diff, _) = oomlint(&["size", stats, here, "--diff"]);
    assert_eq!(code, 1);
    assert!(diff.contains("-    mem_limit: 640m\n+    mem_limit: 704m\n"), "{diff}");
    let (code, out, err) = oomlint(&["size", stats, here, "--write"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "", "4 fixes in 1 file\n"));
    let (code, diff, _) = oomlint(&["size", stats, here, "--diff"]);
    assert_eq!((code, diff.as_str()), (0, ""));
    let (_, report, _) = oomlint(&["size", stats, here]);
    assert!(report.contains("6 services measured, 6 with a limit that is right"), "{report}");
}

#[test]
fn findings_of_measurements_are_findings_like_others() {
    let (code, out, _) = oomlint(&[
        "check",
        "--stats",
        STATS,
        PROJECT,
        "--select",
        "limit-without-headroom",
        "--format",
        "concise",
    ]);
    assert_eq!(code, 1);
    assert!(out.starts_with(
        "fixtures/projects/budget/compose.yaml:19:16: warning[limit-without-headroom] the limit of `orders` leaves 28 MiB"
    ), "{out}");
}

#[test]
fn what_cannot_be_used_is_exit_code_2() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("stats.json");
    let shown = path.to_str().unwrap();
    for (text, says) in [
        (
            "{\"Name\":\"a\",\"MemUsage\":\"0B / 0B\",\"PIDs\":\"3\"}\n",
            "every container shows `0B / 0B`: the host does not account memory",
        ),
        ("{\"Name\":\"a\",\"Mem", "line 1: it ends in the middle of an object"),
        ("NAME CPU\n", "it is neither JSON nor a table"),
        ("", "it is empty"),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, out, err) = oomlint(&["size", shown, PROJECT]);
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        assert!(err.contains("cannot use") && err.contains(says), "{text}: {err}");
    }
    let (code, _, err) = oomlint(&["size", PROJECT]);
    assert!(code == 2 && err.contains("nothing was measured"), "{err}");
    let (code, _, err) = oomlint(&["size", "none.jsonl"]);
    assert!(code == 2 && err.contains("there is no `none.jsonl`"), "{err}");
}

/// Returns a Compose file with two services that share limits through an anchor, one with its own limit and a heap, and one
/// without a limit.
fn compose(limit: u32, heap: u32) -> String {
    format!(
        "x-limits: &limits\n  mem_limit: {limit}m\n  memswap_limit: {limit}m\nservices:\n  a:\n    <<: *limits\n    image: example/a\n  \
         b:\n    image: eclipse-temurin:21-jre\n    entrypoint: [java, -Xmx{heap}m, -jar, b.jar]\n    deploy:\n      resources:\n        \
         limits:\n          memory: {limit}M\n  c:\n    <<: *limits\n    image: example/c\n  d:\n    image: example/d\n"
    )
}

fn measured(samples: &[(usize, u32)]) -> String {
    let line = |(service, mib): &(usize, u32)| {
        format!(
            "{{\"Name\":\"x-{}-1\",\"MemUsage\":\"{mib}MiB / 8GiB\"}}\n",
            ["a", "b", "c", "d"][service % 4]
        )
    };
    samples.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Written limits cover every peak, satisfy the rules about heaps and swap, and do not change in a second run.
    #[test]
    fn written_limits_hold_what_was_measured(
        limit in 64_u32..4096,
        heap in 16_u32..2048,
        samples in proptest::collection::vec((0_usize..4, 1_u32..6000), 1..20),
    ) {
        let mut stats = Stats::default();
        stats.read(&measured(&samples)).unwrap();
        let select = ["limit-below-peak", "limit-without-headroom", "limit-oversized", "missing-memory-limit"];
        let options = Options {
            stats: Some(Arc::new(stats)),
            select: select.map(str::to_owned).to_vec(),
            ..Options::default()
        };
        let text = compose(limit, heap);
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        let overlay = oomlint::source::Overlay::from([(PathBuf::from("compose.yaml"), text.clone())]);
        let fixed = fix::fix(&options, &discovered, &overlay, Applicability::Unsafe);
        prop_assert!(fixed.refused.is_empty(), "{:?}", fixed.refused);
        let after = fixed.files.first().map_or(text, |(_, _, after)| after.clone());
        let sources = Sources::new();
        sources.add(Path::new("compose.yaml"), after.as_str());
        let projects = check::projects(&options, &sources, &discovered);
        for workload in &projects[0].workloads {
            let Some(measured) = &workload.measured else { continue };
            let limit = workload.memory.limit.value().copied();
            prop_assert!(limit >= Some(measured.peak), "{}: {:?}\n{after}", workload.name, limit);
        }
        let all = Options { stats: options.stats.clone(), ..Options::default() };
        let sources = Sources::new();
        sources.add(Path::new("compose.yaml"), after.as_str());
        let touched = |service: &Option<String>| {
            samples.iter().any(|(index, _)| service.as_deref() == Some(["a", "b", "c", "d"][index % 4]))
        };
        for finding in check::run(&all, &sources, &discovered).findings {
            let about = ["heap-exceeds-limit", "tight-heap", "swap-below-limit", "conflicting-limits", "reservation-exceeds-limit"];
            prop_assert!(!(about.contains(&finding.rule) && touched(&finding.service)), "{}\n{after}", finding.message);
        }
        let again = fix::fix(&options, &discovered, &oomlint::source::Overlay::from([(PathBuf::from("compose.yaml"), after)]), Applicability::Unsafe);
        prop_assert!(again.applied.is_empty());
    }
}

/// A cache or heap that is set too large for the limit is named, with the size that fits.
#[test]
fn a_setting_that_is_too_large_is_named_and_not_only_the_limit() {
    let advice = |service: &str, used: &str| {
        let scratch = tempfile::tempdir().unwrap();
        std::fs::write(scratch.path().join("compose.yaml"), format!("services:\n  a: {{{service}}}\n"))
            .unwrap();
        let stats = scratch.path().join("stats.json");
        std::fs::write(&stats, format!("{{\"Name\":\"x-a-1\",\"MemUsage\":\"{used} / 1GiB\"}}\n")).unwrap();
        oomlint(&["size", stats.to_str().unwrap(), scratch.path().to_str().unwrap()]).1
    };
    let redis =
        advice("image: 'redis:8', command: redis-server --maxmemory 500mb, mem_limit: 300m", "280MiB");
    let says = "a: its Redis cache of 500 MiB is too large for its 300 MiB limit: lower it to 224 MiB, or raise the limit to";
    assert!(redis.contains(says), "{redis}");
    let java =
        advice("image: 'eclipse-temurin:21-jre', command: java -Xmx1g -jar a.jar, mem_limit: 1g", "500MiB");
    assert!(
        java.contains("its Java heap of 1 GiB is too large for its 1 GiB limit: lower it to 768 MiB"),
        "{java}"
    );
    let fits = advice("image: 'redis:8', command: redis-server --maxmemory 100mb, mem_limit: 300m", "200MiB");
    assert!(!fits.contains("too large"), "{fits}");
}
