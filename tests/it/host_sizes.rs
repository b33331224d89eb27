//! The sizes that `oomlint size` and `oomlint fit` advise for one service, at and next to each bound.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oomlint::capacity::{Advice, Basis, Demand, Verdict, advise};
use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::hash::HashMap;
use oomlint::source::Sources;
use oomlint::stats::Stats;
use oomlint::syntax::size::MIB;
use oomlint::workload::Project;

/// Builds the project of a Compose file, and of `a` as it was measured, in MiB.
fn project(text: &str, measured: &[u32]) -> Project {
    let mut stats = Stats::default();
    let line = |mib: &u32| format!("{{\"Name\":\"x-a-1\",\"MemUsage\":\"{mib}MiB / 8GiB\"}}\n");
    let lines: String = measured.iter().map(line).collect();
    if !measured.is_empty() {
        stats.read(&lines).unwrap();
    }
    let options = Options { stats: Some(Arc::new(stats)), ..Options::default() };
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
    let sources = Sources::new();
    sources.add(Path::new("compose.yaml"), text);
    check::projects(&options, &sources, &discovered).remove(0)
}

/// Returns the advice for a service with these keys.
fn advice(keys: &str, measured: &[u32]) -> Advice {
    let project = project(&format!("services:\n  a: {{{keys}}}\n"), measured);
    advise(&project.workloads[0]).unwrap()
}

/// The limit is too small below the largest term, and oversized above twice the advised one if that is 128 MiB or more.
#[test]
fn a_limit_is_judged_at_and_next_to_each_bound() {
    use Verdict::*;
    for (measured, limit, verdict) in [
        // 400 MiB x 1.25 = 500 MiB, rounded up to 512 MiB.
        (&[400][..], "", Missing),
        (&[400], ", mem_limit: '${L}'", Unknown),
        (&[400], ", mem_limit: 399m", BelowPeak),
        (&[400], ", mem_limit: 400m", WithoutHeadroom),
        (&[400], ", mem_limit: 499m", WithoutHeadroom),
        (&[400], ", mem_limit: 500m", Right),
        (&[400], ", mem_limit: 1024m", Right),
        (&[400], ", mem_limit: 1025m", Oversized),
        // 20 MiB x 1.25 = 25 MiB, rounded up to 32 MiB: twice of it saves too little.
        (&[20], ", mem_limit: 65m", Right),
        (&[20], ", mem_limit: 159m", Right),
        (&[20], ", mem_limit: 160m", Oversized),
    ] {
        let advice = advice(&format!("image: x{limit}"), measured);
        assert_eq!(advice.verdict, verdict, "{limit} {measured:?}");
        assert_eq!(advice.keeps_limit(), matches!(verdict, Right | Unknown), "{limit}");
        assert!(advice.reservation <= advice.limit);
    }
}

/// The terms of measurements and of settings: of equal ones the first is named.
#[test]
fn the_largest_term_decides() {
    for (keys, measured, mib, largest, caveats) in [
        ("image: x", &[400][..], 512, "400 MiB x 1.25", 1),
        ("image: x", &[310, 520], 640, "520 MiB x 1.15", 0),
        ("image: x", &[300, 300], 384, "300 MiB x 1.15", 0),
        ("image: x", &[100, 1000], 1216, "100 MiB + (1000 MiB - 100 MiB) x 1.2", 0),
        // A cache needs a quarter more, a small heap what is around it.
        ("image: redis, command: redis-server --maxmemory 384mb", &[100], 512, "cache of 384 MiB / 0.75", 1),
        (
            "image: redis, command: redis-server --maxmemory 384mb",
            &[100, 100],
            512,
            "cache of 384 MiB / 0.75",
            0,
        ),
        ("image: redis, command: redis-server --maxmemory 75mb", &[80], 112, "80 MiB x 1.25", 1),
        (
            "image: 'eclipse-temurin:21', command: java -Xmx384m -jar x.jar",
            &[100],
            576,
            "heap of 384 MiB + 130 MiB of overhead",
            1,
        ),
        (
            "image: 'eclipse-temurin:21', command: java -Xmx390m -jar x.jar",
            &[100],
            576,
            "heap of 390 MiB / 0.75",
            1,
        ),
        (
            "image: 'eclipse-temurin:21', command: java -Xmx391m -jar x.jar",
            &[100],
            576,
            "heap of 391 MiB / 0.75",
            1,
        ),
        (
            "image: 'eclipse-temurin:21', command: java -Xmx389m -jar x.jar",
            &[100],
            576,
            "heap of 389 MiB + 130 MiB of overhead",
            1,
        ),
        (
            "image: 'eclipse-temurin:21', command: java -Xmx3g -jar x.jar",
            &[100],
            4096,
            "heap of 3 GiB / 0.75",
            1,
        ),
        // A heap that follows the limit is a caveat of its own.
        ("image: 'eclipse-temurin:21', command: java -jar x.jar", &[100], 128, "100 MiB x 1.25", 2),
        ("image: 'eclipse-temurin:21', command: java -jar x.jar", &[100, 100], 128, "100 MiB x 1.15", 1),
    ] {
        let advice = advice(keys, measured);
        assert_eq!(advice.limit.0, mib * MIB, "{keys} {measured:?}: {}", advice.arithmetic());
        assert_eq!(advice.largest().unwrap().text, largest, "{keys} {measured:?}");
        assert_eq!(advice.caveats.len(), caveats, "{keys} {measured:?}: {:?}", advice.caveats);
        assert_eq!(advice.arithmetic().starts_with("the largest of "), advice.terms.len() > 1, "{keys}");
    }
    for (limit, of) in [("", "host"), (", mem_limit: 1g", "limit")] {
        let advice =
            advice(&format!("image: 'eclipse-temurin:21', command: java -jar x.jar{limit}"), &[9, 9]);
        assert!(
            advice.caveats[0].contains(&format!("the Java heap follows the {of}:")),
            "{:?}",
            advice.caveats
        );
    }
}

/// A heap or cache is too large where its term exceeds the limit, and what fits is told from 64 MiB on.
#[test]
fn what_does_not_fit_into_the_limit_is_told_with_what_does() {
    let redis = |mib: i64, limit: i64| {
        let keys = format!("image: redis, command: redis-server --maxmemory {mib}mb, mem_limit: {limit}m");
        let advice = advice(&keys, &[10]);
        let told: Vec<_> = advice.too_large.iter().map(|one| one.fits.map(|fits| fits.0 / MIB)).collect();
        told
    };
    for (cache, limit, told) in [
        (384, 513, &[][..]),
        (384, 512, &[]),
        (384, 511, &[Some(368)]),
        (385, 512, &[Some(384)]),
        // Three quarters of it, rounded down to a multiple of 16 MiB.
        (500, 300, &[Some(224)]),
        (500, 299, &[Some(224)]),
        (500, 298, &[Some(208)]),
        (500, 86, &[Some(64)]),
        (500, 85, &[None]),
    ] {
        assert_eq!(redis(cache, limit), told, "{cache} {limit}");
    }
    // What is outside of a heap leaves less than three quarters of a small limit.
    let java = |limit: &str| {
        let keys =
            format!("image: 'eclipse-temurin:21', command: java -Xmx900m -jar x.jar, mem_limit: {limit}");
        advice(&keys, &[10]).too_large[0].fits.map(|fits| fits.0 / MIB)
    };
    assert_eq!(
        [java("512m"), java("1g"), java("194m"), java("193m")],
        [Some(368), Some(768), Some(64), None]
    );
}

/// Returns the demands of a stack with this service `a`, where the limits of the `refuted` services do not hold.
fn demands(keys: &str, refuted: bool) -> Vec<Demand> {
    let project = project(&format!("services:\n  a: {{{keys}}}\n"), &[]);
    let refuted = refuted.then(|| ("a".to_owned(), "it is killed".to_owned()));
    Demand::of_project(&project, &[], &refuted.into_iter().collect::<HashMap<_, _>>())
}

fn demand(keys: &str) -> Demand {
    demands(keys, false).remove(0)
}

/// The text of a limit is that of the key that sets it, if a variable does, whether it has a value or not.
#[test]
fn a_variable_of_the_limit_is_told_and_no_other() {
    for (keys, text, to_set) in [
        ("mem_limit: 512m", None, None),
        ("mem_limit: '${L}'", Some("${L}"), Some("${L}")),
        ("mem_limit: $L", Some("$L"), Some("$L")),
        ("mem_limit: '${L:-512m}'", Some("${L:-512m}"), None),
        ("mem_limit: '${L:-512}m'", Some("${L:-512}m"), None),
        ("mem_limit: '${L:?}'", Some("${L:?}"), Some("${L:?}")),
        ("deploy: {resources: {limits: {memory: '${L}'}}}", Some("${L}"), Some("${L}")),
        ("deploy: {resources: {limits: {memory: '${L:-1G}'}}}", Some("${L:-1G}"), None),
        ("deploy: {resources: {limits: {memory: 1G}}}", None, None),
        ("mem_limit: '${L}', deploy: {resources: {limits: {memory: 512M}}}", None, None),
        // Other keys, and a limit that is unknown for another reason.
        ("labels: [x]", None, None),
        ("mem_reservation: '${R}'", None, None),
        ("mem_limit: 512m, memswap_limit: '${S}'", None, None),
        ("mem_limit: 512m, mem_reservation: '${R}'", None, None),
        ("mem_limit: '${L}', mem_reservation: '${R}', memswap_limit: '${S}'", Some("${L}"), Some("${L}")),
        ("mem_reservation: '${R}', mem_limit: 5x", None, None),
        ("shm_size: '${S}', mem_limit: 5x", None, None),
        ("mem_limit: 5x", None, None),
    ] {
        let demand = demand(&format!("image: x, {keys}"));
        assert_eq!((demand.variable.as_deref(), demand.to_set()), (text, to_set), "{keys}");
    }
}

/// The limit of a service by its basis: least, usual and most, in MiB, what it needs, and the reason.
#[test]
fn a_service_asks_for_what_its_basis_says() {
    use Basis::*;
    let redis = "image: redis, command: redis-server --maxmemory 384mb";
    let redis_with = |limit: &str| format!("{redis}, mem_limit: {limit}");
    let (equal, above, below) = (redis_with("512m"), redis_with("600m"), redis_with("400m"));
    for (keys, basis, sizes, reason) in [
        (
            "image: x",
            Unknown,
            [256, 512, 1024, 256],
            "nothing is known of it: a share of what is left, 256 MiB to 1 GiB",
        ),
        ("image: x, mem_limit: 512m", Current, [512, 512, 512, 256], "its limit in the files"),
        ("image: x, mem_limit: 64m", Current, [64, 64, 64, 256], "its limit in the files"),
        ("image: x, mem_limit: '${L:-512m}'", Current, [512, 512, 512, 256], "`${L:-512m}` sets it"),
        (
            "image: x, tmpfs: '/t:size=64m'",
            Unknown,
            [320, 576, 1088, 320],
            "nothing is known of it: a share of what is left, 320 MiB to 1088 MiB, with 64 MiB of files in memory",
        ),
        ("image: x, restart: 'no'", Class, [64, 256, 512, 64], "a job that ends, usually 64 MiB to 512 MiB"),
        (redis, Settings, [512, 512, 512, 512], "cache of 384 MiB + 128 MiB of overhead = 512 MiB"),
        (&equal, Current, [512, 512, 512, 512], "its limit in the files"),
        (
            &above,
            Current,
            [512, 600, 600, 512],
            "its limit in the files; it needs 512 MiB: cache of 384 MiB + 128 MiB of overhead = 512 MiB",
        ),
        (&below, Current, [400, 400, 400, 512], "its limit in the files"),
        ("image: redis", Class, [96, 256, 1024, 96], "a cache, usually 96 MiB to 1 GiB"),
        ("image: redis, mem_limit: 96m", Current, [96, 96, 96, 96], "its limit in the files"),
        (
            "image: redis, mem_limit: 95m",
            Current,
            [95, 95, 95, 96],
            "its limit in the files; measure it, that is little: a cache, usually 96 MiB to 1 GiB",
        ),
        (
            "image: redis, mem_limit: '${L:-95m}'",
            Current,
            [95, 95, 95, 96],
            "`${L:-95m}` sets it; measure it, that is little: a cache, usually 96 MiB to 1 GiB",
        ),
        (
            "image: redis, mem_limit: 5m",
            Current,
            [6, 6, 6, 96],
            "its limit in the files; measure it, that is little: a cache, usually 96 MiB to 1 GiB",
        ),
        (
            "image: x, environment: {MAX_HEAP_SIZE: 1g}",
            Settings,
            [1408, 1408, 1408, 1408],
            "`MAX_HEAP_SIZE` is 1 GiB, and its limit 341.3 MiB more",
        ),
        (
            "image: x, environment: {MAX_HEAP_SIZE: 512m}",
            Settings,
            [768, 768, 768, 768],
            "`MAX_HEAP_SIZE` is 512 MiB, and its limit 250 MiB more",
        ),
        (
            "image: 'confluentinc/cp-kafka:7.6.0'",
            Image,
            [1408, 1408, 1408, 1408],
            "heap of 1024 MiB + 341 MiB of overhead = 1365 MiB",
        ),
        (
            "image: 'mcr.microsoft.com/mssql/server:2022-latest'",
            Image,
            [2048, 2048, 4096, 2048],
            "`mcr.microsoft.com/mssql/server:2022-latest` needs at least 2000 MiB, as its documentation says",
        ),
        (
            "image: node, restart: 'no', command: node x",
            Class,
            [192, 256, 512, 192],
            "a job of a Node program, usually 192 MiB to 512 MiB",
        ),
        // A reservation is no more than the limit.
        (
            "image: x, mem_reservation: 2g",
            Unknown,
            [2048, 2048, 2048, 256],
            "its reservation is 2 GiB, and a limit is no less",
        ),
        (
            "image: postgres, mem_reservation: 64m",
            Class,
            [256, 1024, 4096, 256],
            "a database, usually 256 MiB to 4 GiB",
        ),
        (
            "image: postgres, mem_reservation: 256m",
            Class,
            [256, 1024, 4096, 256],
            "a database, usually 256 MiB to 4 GiB",
        ),
        (
            "image: postgres, mem_reservation: 257m",
            Class,
            [257, 1024, 4096, 256],
            "a database, usually 256 MiB to 4 GiB; at least its reservation of 257 MiB",
        ),
        (
            "image: postgres, mem_reservation: 1g",
            Class,
            [1024, 1024, 4096, 256],
            "a database, usually 256 MiB to 4 GiB; at least its reservation of 1 GiB",
        ),
        (
            "image: postgres, mem_reservation: 1025m",
            Class,
            [1025, 1025, 1025, 256],
            "its reservation is 1025 MiB, and a limit is no less",
        ),
        (
            "image: postgres, mem_limit: 1g, mem_reservation: 1g",
            Current,
            [1024, 1024, 1024, 256],
            "its limit in the files",
        ),
        (
            "image: postgres, mem_limit: 1g, mem_reservation: 2g",
            Settings,
            [2048, 2048, 2048, 256],
            "its reservation is 2 GiB, more than its limit of 1 GiB",
        ),
        (
            "image: redis, command: redis-server --maxmemory 384mb, mem_reservation: 1g",
            Settings,
            [1024, 1024, 1024, 512],
            "its reservation is 1 GiB, more than it needs: 512 MiB for its heaps and caches",
        ),
    ] {
        let demand = demand(keys);
        let found = [demand.least, demand.usual, demand.most, demand.needs].map(|size| size.0 / MIB);
        assert_eq!((demand.basis, found, demand.reason.as_str()), (basis, sizes, reason), "{keys}");
        let known = demand.job || keys.contains("MAX_HEAP");
        assert_eq!(demand.guess, keys.starts_with("image: x") && !known, "{keys}");
    }
}

/// A limit that does not hold is replaced where its basis needs more, or where the engine refuses it.
#[test]
fn a_refuted_limit_is_replaced_where_more_is_needed() {
    for (keys, basis, replaced) in [
        ("image: redis, command: redis-server --maxmemory 384mb, mem_limit: 511m", Basis::Settings, true),
        ("image: redis, command: redis-server --maxmemory 384mb, mem_limit: 512m", Basis::Current, false),
        ("image: redis, command: redis-server --maxmemory 384mb, mem_limit: 513m", Basis::Current, false),
        ("image: redis, mem_limit: 255m", Basis::Class, true),
        ("image: redis, mem_limit: 256m", Basis::Current, false),
        ("image: redis, mem_limit: '${L:-255m}'", Basis::Class, true),
        ("image: redis, mem_limit: 5m", Basis::Class, true),
        ("image: redis", Basis::Class, false),
    ] {
        let demand = demands(keys, true).remove(0);
        assert_eq!(
            (demand.basis, demand.reason.ends_with(", since it is killed")),
            (basis, replaced),
            "{keys}"
        );
    }
}

/// Only services that start count, as often as they do, with their steps.
#[test]
fn services_that_start_are_counted() {
    for (keys, counted) in [
        ("image: x", Some((1, true))),
        ("image: x, deploy: {replicas: 3}", Some((3, true))),
        ("image: x, scale: 2", Some((2, true))),
        ("image: x, deploy: {replicas: '${N}'}", Some((1, false))),
        ("image: x, deploy: {replicas: 1}", Some((1, true))),
        ("image: x, deploy: {replicas: 0}", None),
        ("image: x, scale: -1", None),
        ("image: x, profiles: [p]", None),
    ] {
        let found = demands(keys, false).first().map(|demand| (demand.replicas, demand.replicas_known));
        assert_eq!(found, counted, "{keys}");
    }
    assert_eq!(demand("image: x, mem_reservation: 0").reserved, None);
    // A Dockerfile alone starts nothing.
    let mut discovered = Discovered::default();
    discovered.add(PathBuf::from("Dockerfile"), FileKind::Dockerfile);
    let sources = Sources::new();
    sources.add(Path::new("Dockerfile"), "FROM redis\n");
    let project = check::projects(&Options::default(), &sources, &discovered).remove(0);
    assert_eq!(Demand::of_project(&project, &[], &HashMap::default()), []);
    let java = "image: 'eclipse-temurin:21', command: java -Xmx900m -jar x.jar";
    // Limits of the step by itself, and where its service has 1 GiB or 2 GiB.
    for (service, step, limits) in [
        ("", "image: y, command: z", (None, false, 1024, 2048)),
        (", mem_limit: 512m", "image: y, command: z", (None, false, 1024, 2048)),
        ("", java, (Some(1216), false, 1216, 2048)),
        ("", &format!("{java}, mem_limit: 1g"), (Some(1024), true, 1024, 1024)),
        (", mem_limit: 1g", &format!("{java}, mem_limit: 1g"), (Some(1216), false, 1216, 2048)),
        (", mem_limit: 512m", &format!("{java}, mem_limit: 64m"), (Some(64), true, 64, 64)),
    ] {
        let demand = demand(&format!("image: x{service}, pre_start: [{{{step}}}]"));
        let step = &demand.steps[0];
        let with = |mib: i64| step.limit_with(oomlint::syntax::size::ByteSize(mib * MIB)).0 / MIB;
        let found = (step.needs.map(|size| size.0 / MIB), step.has_own, with(1024), with(2048));
        assert_eq!(found, limits, "{service} {}", step.name);
        assert_eq!(step.name, "a pre_start[0]");
    }
}

/// A measured service keeps a limit that is right, and gets what was measured otherwise, if it reserves no more.
#[test]
fn what_was_measured_counts_before_the_limit_in_the_files() {
    use Basis::*;
    for (keys, basis, mib, end) in [
        ("image: x", Measured, 128, "rounded up to 128 MiB"),
        ("image: x, mem_limit: 124m", Measured, 128, "; instead of 124 MiB"),
        ("image: x, mem_limit: 125m", Current, 125, "its limit in the files"),
        (
            "image: x, mem_limit: 256m",
            Current,
            256,
            "its limit in the files; it needs 128 MiB: 100 MiB, 1 sample of `x-a-1`: 100 MiB x 1.25 = 125 MiB, rounded up to 128 MiB",
        ),
        ("image: x, mem_limit: 1g", Measured, 128, "; instead of 1 GiB"),
        ("image: x, mem_limit: '${L:-110m}'", Measured, 128, "; instead of 110 MiB"),
        ("image: x, mem_limit: '${L:-125m}'", Current, 125, "`${L:-125m}` sets it"),
        ("image: x, mem_reservation: 128m", Measured, 128, "rounded up to 128 MiB"),
        ("image: x, mem_reservation: 129m", Settings, 129, "rounded up to 128 MiB"),
    ] {
        let project = project(&format!("services:\n  a: {{{keys}}}\n"), &[100]);
        let demand = Demand::of_project(&project, &[], &HashMap::default()).remove(0);
        assert_eq!((demand.basis, demand.usual.0 / MIB), (basis, mib), "{keys}: {}", demand.reason);
        assert!(demand.reason.ends_with(end), "{keys}: {}", demand.reason);
    }
}
