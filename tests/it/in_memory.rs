//! Files in memory are checked as the same files on the disk are: what a page in a browser says is what the program says.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oomlint::check::{self, Options};
use oomlint::config::{Configs, Date};
use oomlint::diagnostic::Applicability;
use oomlint::discover::{self, NamedFiles, RepositoryRoot};
use oomlint::fix;
use oomlint::lock::Locks;
use oomlint::report::budget::{self, TableStyle};
use oomlint::report::{Format, Report, human, inspect};
use oomlint::source::{FileSystem, Overlay, Sources};

use crate::common::tree;

/// Returns every report of the files below a directory, and what fixes make of them.
fn reports(directory: &Path, disk: &FileSystem) -> Vec<String> {
    let configs = Configs::on_disk(disk.clone()).as_of(Date::parse("2026-06-01").unwrap());
    let configs = Arc::new(configs);
    let naming = Arc::clone(&configs);
    let looking = discover::Options {
        named: NamedFiles::new(move |path| naming.names_compose_file(path)),
        no_ignore: true,
        disk: disk.clone(),
    };
    let mut discovered = discover::discover(&[directory.to_path_buf()], looking).unwrap();
    let options = Options {
        configs: Some(configs),
        locks: Some(Arc::new(Locks::on_disk(disk.clone()))),
        disk: disk.clone(),
        ..Options::default()
    };
    options.remove_excluded(&mut discovered);
    let sources = Sources::with_file_system(disk.clone());
    let outcome = check::run(&options, &sources, &discovered);
    let here = disk.current_dir();
    let root = RepositoryRoot::new(&here, &here);
    let report = Report::new(&outcome.findings, &outcome.summary, &sources, &root);
    let stacks = options.stacks(&outcome.projects, &sources, None, (&[], &Default::default()));
    let mut out = vec![Vec::new(); 4];
    report.write(&mut out[0], Format::Json, human::Options::default()).unwrap();
    report.write(&mut out[1], Format::Human, human::Options::default()).unwrap();
    inspect::json(&mut out[2], &outcome.projects, &sources).unwrap();
    budget::write(
        &mut out[3],
        &budget::Report::new(&stacks, &sources),
        budget::Format::Json,
        TableStyle::plain(),
    )
    .unwrap();
    let fixed = fix::fix(&options, &discovered, &Overlay::new(), Applicability::Unsafe);
    let mut texts: Vec<String> = out.into_iter().map(|text| String::from_utf8(text).unwrap()).collect();
    texts.push(format!("{:?} {:?}", fixed.files, fixed.refused));
    texts
}

/// Returns the files below a directory. `None` if one is not UTF-8, as a text in memory is.
fn below(directory: &Path) -> Option<Overlay> {
    let files = walkdir::WalkDir::new(directory).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| Some((entry.path().to_path_buf(), std::fs::read_to_string(entry.path()).ok()?)))
        .collect()
}

fn assert_same(directory: &Path) -> bool {
    let Some(files) = below(directory) else { return false };
    let disk = FileSystem::default().with_listings();
    let memory = FileSystem::in_memory(&files).with_listings();
    let (on_disk, in_memory) = (reports(directory, &disk), reports(directory, &memory));
    for (on_disk, in_memory) in on_disk.iter().zip(&in_memory) {
        assert_eq!(on_disk, in_memory, "{}", directory.display());
    }
    true
}

#[test]
fn projects_have_the_same_reports_in_memory() {
    let projects = ["budget", "jobs", "overlays", "provenance", "shop", "umlaut", "broken"];
    let same = projects.iter().filter(|name| assert_same(&PathBuf::from("fixtures/projects").join(name)));
    assert!(same.count() >= 6, "all but one are text");
}

#[test]
fn settings_next_to_the_files_count_in_memory() {
    let service = |limit: &str| {
        format!("services:\n  db:\n    image: mysql:8\n    mem_limit: {limit}\n    memswap_limit: 64m\n")
    };
    let scratch = tree(&[
        ("named/.env", "COMPOSE_FILE=base.yml:extra.yml\n"),
        ("named/base.yml", &service("512m")),
        ("named/extra.yml", "services:\n  db:\n    memswap_limit: 512m\n"),
        ("templates/one.tpl.yml", &service("256m")),
        ("vendor/compose.yaml", &service("128m")),
        ("old/compose.yaml", &service("128m")),
        (".env", "LIMIT=1g\n"),
        ("compose.yaml", &service("${LIMIT}")),
        (
            ".oomlint.yaml",
            "compose-files: ['*.tpl.yml']\nexclude: [old]\nhost-memory: 1g\n\
             services:\n  db: {ignore: missing-healthcheck, until: 2026-05-01}\n",
        ),
    ]);
    assert!(assert_same(scratch.path()));
    let json = reports(scratch.path(), &FileSystem::in_memory(&below(scratch.path()).unwrap())).remove(0);
    let reported = |path: &str| json.contains(&format!("{path}\""));
    assert!(reported("templates/one.tpl.yml") && reported("/compose.yaml"), "{json}");
    assert!(!reported("old/compose.yaml") && !reported("vendor/compose.yaml"), "{json}");
}

#[test]
fn nothing_on_the_disk_is_seen_from_memory() {
    // On the disk these have a Dockerfile to build and an `.env` to read.
    let text = std::fs::read_to_string("fixtures/projects/shop/compose.yaml").unwrap();
    let path = PathBuf::from("fixtures/projects/shop/compose.yaml");
    let disk = FileSystem::in_memory(&Overlay::from([(path, text)]));
    let json = reports(Path::new("fixtures"), &disk).remove(0);
    assert!(json.contains("\"files\":1,"), "{json}");
}
