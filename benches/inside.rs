//! Benchmarks of the parsers, the catalog and whole runs. Parsers are compared with counting the lines of the same text, since
//! only ratios carry over to other machines.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use oomlint::catalog::Catalog;
use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::source::Sources;
use oomlint::syntax::dockerfile;
use oomlint::syntax::yaml::Tree;

fn stack(services: usize) -> String {
    let mut text = "services:\n".to_owned();
    for number in 0..services {
        let _ = write!(
            text,
            "  s{number}:\n    image: eclipse-temurin:21\n    mem_limit: 512m\n    environment:\n      JAVA_TOOL_OPTIONS: -Xmx{}m\n      A: \"${{B:-c}}\"\n",
            number % 700 + 1
        );
    }
    text
}

fn image(instructions: usize) -> String {
    let mut text = "FROM node:20 AS build\n".to_owned();
    for number in 0..instructions {
        let _ = write!(
            text,
            "RUN npm install p{number} && \\\n    npm cache clean --force\nENV A{number}=\"b c\"\n"
        );
    }
    text.push_str("CMD [\"node\", \"a.js\"]\n");
    text
}

fn parsers(criterion: &mut Criterion) {
    let (compose, docker) = (stack(200), image(400));
    let sources = Sources::new();
    let (yaml, lines) = (sources.add(Path::new("compose.yaml"), compose.as_str()), compose.as_str());
    let file = sources.add(Path::new("Dockerfile"), docker.as_str());
    let mut group = criterion.benchmark_group("parsers");
    group.throughput(Throughput::Bytes(compose.len() as u64));
    group.bench_function("lines of compose", |bencher| bencher.iter(|| black_box(lines).lines().count()));
    group.bench_function("compose", |bencher| bencher.iter(|| Tree::parse(yaml, black_box(&compose))));
    group.throughput(Throughput::Bytes(docker.len() as u64));
    group
        .bench_function("lines of dockerfile", |bencher| bencher.iter(|| black_box(&docker).lines().count()));
    group
        .bench_function("dockerfile", |bencher| bencher.iter(|| dockerfile::parse(file, black_box(&docker))));
    group.finish();
}

/// Measures loading the catalog, which every start does.
fn catalogue(criterion: &mut Criterion) {
    criterion.bench_function("catalogue", |bencher| bencher.iter(|| Catalog::with_rows(Vec::new())));
}

/// Lints text in memory. The printed throughput, in services or instructions per second, is constant if the time is linear.
fn growth(criterion: &mut Criterion) {
    let lint = |path: &str, kind: FileKind, text: &str| {
        let sources = Sources::new();
        sources.add(Path::new(path), text);
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from(path), kind);
        check::findings(&Options::default(), &sources, &discovered)
    };
    let mut group = criterion.benchmark_group("growth");
    group.sample_size(10);
    for count in [500, 1000, 2000] {
        group.throughput(Throughput::Elements(count as u64));
        let (compose, docker) = (stack(count), image(count));
        group.bench_with_input(BenchmarkId::new("services", count), &compose, |bencher, text| {
            bencher.iter(|| lint("compose.yaml", FileKind::Compose, text));
        });
        group.bench_with_input(BenchmarkId::new("instructions", count), &docker, |bencher, text| {
            bencher.iter(|| lint("Dockerfile", FileKind::Dockerfile, text));
        });
    }
    group.finish();
}

criterion_group!(benches, parsers, catalogue, growth);
criterion_main!(benches);
