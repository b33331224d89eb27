//! **The law**: paste every help, apply every fix, lint again: there is no warning or error that was not there before, and
//! Docker Compose still takes what it took. The most important test of this project: advice is followed blind.
//!
//! Each project goes through `judge` in `law.rs`, for Docker Compose and for Swarm, through the program as people run it:
//!
//! * Each help is pasted as printed (`snippet.rs` reads it, `paste.rs` and `words.rs` paste it); each fix is applied alone;
//!   then all of them by `--fix`, with and without `--unsafe-fixes`. `--diff` and `git apply` give the same files, and a
//!   second run changes nothing.
//! * After each the whole tree is linted again, each overlay merged with its base, and all of it once more with other values
//!   for all variables. A violation is a warning or an error of a rule, for a service and a file, that was not there; flags
//!   that are lost with the value that a line replaces; and lines in the form of another kind of file.
//! * Docker Compose is asked for each stack that it took, with and without other values. A safe fix changes nothing in what it
//!   resolves but the key that the finding is about. `tests/compose-oracle.sh` installs it; without it the test of the
//!   oracle is ignored aloud, and everything else holds all the same.
//!
//! The projects are the fixtures, the examples of all rule pages, the files of `../shared` where it is there, and generated
//! ones (`shapes.rs`): overlays, `extends`, anchors, tags, flow style, JSON, and whatever else a file may look like.
//!
//! `cargo test` takes a sample that is always the same. For everything, with figures and examples in a file:
//!
//! ```sh
//! OOMLINT_ADVICE=all OOMLINT_SHAPES=1000 OOMLINT_ADVICE_REPORT=target/advice.txt cargo test --release --test it advice -- --nocapture
//! ```
//!
//! `OOMLINT_SHAPES_IN=folder` writes the generated projects there. `OOMLINT_ADVICE=8` follows everything in one of eight projects of `../shared`. `OOMLINT_BIN` measures another program than the one built here; `OOMLINT_ADVICE_PARTS=pages,limits` takes parts.
#![allow(unreachable_pub)]

use crate::common;
mod keys;
mod law;
mod oracle;
mod parts;
mod paste;
mod program;
mod project;
mod shapes;
mod snippet;
mod tally;
mod words;
mod yaml;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use law::Depth;
use program::Target;
use project::Project;
use tally::Tally;

/// Of how many projects one is taken, each with all of its advice: 1 for `all`, a number, or nothing for the usual sample.
fn wanted() -> Option<u64> {
    let value = std::env::var("OOMLINT_ADVICE").ok()?;
    if value == "all" { Some(1) } else { value.parse().ok() }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// How much is followed for a target; nothing where the other target tells the same.
fn depth(part: &str, project: &Project, target: Target) -> Option<Depth> {
    if project.stacks.is_empty() && target == Target::Swarm {
        return None;
    }
    if wanted().is_some() {
        return Some(Depth::ALL);
    }
    let hash = hash(&project.name);
    // A generated project is tried with one of the two, since the next one is as good.
    let other = if hash.is_multiple_of(2) { Target::Swarm } else { Target::Compose };
    if part == "shapes" && target == other {
        return None;
    }
    let most = if part == "shapes" { 6 } else { 16 };
    Some(Depth { most, of_a_kind: 2, once: true, oracle: (hash / 2).is_multiple_of(4) })
}

/// Holds the projects against the law, on all cores.
fn judge_all(parts: &[(String, Vec<Project>)]) -> Vec<Tally> {
    let mut tasks: Vec<(&str, &Project, Target, Depth)> = Vec::new();
    for (part, projects) in parts {
        for target in [Target::Compose, Target::Swarm] {
            let task = |project| Some((part.as_str(), project, target, depth(part, project, target)?));
            tasks.extend(projects.iter().filter_map(task));
        }
    }
    // The long ones first, so that no core ends alone.
    let mut order: Vec<usize> = (0..tasks.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(tasks[*at].1.size() * tasks[*at].1.stacks.len().max(1)));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let seen = Mutex::default();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(task) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (part, project, target, depth) = tasks[*task];
                    let tally = law::judge(part, project, target, depth, &seen);
                    done.lock().unwrap().push((*task, tally));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(task, _)| *task);
    tally::sums(done.into_iter().map(|(_, tally)| tally))
}

/// One in so many projects, always the same ones; more of them on request.
fn sample(projects: Vec<Project>, one_in: u64) -> Vec<Project> {
    let one_in = wanted().unwrap_or(one_in);
    if one_in < 2 {
        return projects;
    }
    let chosen = |project: &Project| {
        let mut hasher = DefaultHasher::new();
        project.name.hash(&mut hasher);
        hasher.finish().is_multiple_of(one_in)
    };
    projects.into_iter().filter(chosen).collect()
}

fn holds(name: &str, parts: Vec<(String, Vec<Project>)>) {
    let wanted = std::env::var("OOMLINT_ADVICE_PARTS").ok();
    let wanted = |part: &str| wanted.as_ref().is_none_or(|list| list.split(',').any(|one| one == part));
    let parts: Vec<_> = parts.into_iter().filter(|(part, _)| wanted(part)).collect();
    if parts.is_empty() {
        return;
    }
    let begin = std::time::Instant::now();
    let sums = judge_all(&parts);
    println!("{name}: {:.0} s", begin.elapsed().as_secs_f32());
    println!("{}", tally::report(&sums, 0));
    if let Some(path) = std::env::var_os("OOMLINT_ADVICE_REPORT") {
        let path = Path::new(&path).with_extension(format!("{name}.txt"));
        std::fs::write(path, tally::report(&sums, 5)).unwrap();
    }
    for sum in sums.iter().filter(|sum| sum.findings > 100) {
        assert!(sum.pasted > 0 && sum.fixes > 0, "{}: nothing was followed", sum.part);
    }
    let violations: usize = sums.iter().map(|sum| sum.violations.len()).sum();
    assert!(violations == 0, "{violations} violations\n{}", tally::report(&sums, 2));
}

#[test]
fn advice_for_fixtures_and_pages_holds() {
    holds("own", vec![("fixtures".to_owned(), parts::fixtures()), ("pages".to_owned(), parts::pages())]);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn advice_for_strangers_files_holds() {
    let shared = common::shared();
    let parts = [("files", 40), ("limits", 16), ("layouts", 6), ("stories", 6), ("field", 3)];
    let part = |(part, one_in): (&str, u64)| (part.to_owned(), sample(parts::shared(&shared, part), one_in));
    holds("shared", parts.into_iter().map(part).collect());
}

#[test]
fn advice_for_every_shape_of_a_project_holds() {
    let count = std::env::var("OOMLINT_SHAPES").ok().and_then(|count| count.parse().ok()).unwrap_or(200);
    let projects = shapes::projects(count);
    if let Some(folder) = std::env::var_os("OOMLINT_SHAPES_IN") {
        for project in &projects {
            for (name, text) in &project.files {
                let path = Path::new(&folder).join(&project.name).join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
        }
    }
    holds("shapes", vec![("shapes".to_owned(), projects)]);
}

/// Ignored aloud where Docker Compose cannot be installed.
#[test]
fn docker_compose_is_asked() {
    if program::compose().is_none() {
        println!("skipped: tests/compose-oracle.sh has not installed Docker Compose");
        return;
    }
    let desk = program::Desk::new(Target::Compose, &[]);
    desk.write("compose.yaml", "services:\n  a:\n    image: x\n    mem_limit: 512m\n");
    desk.write("other.yaml", "services:\n  a:\n    deploy: {resources: {limits: {memory: 1g}}}\n");
    let files = ["compose.yaml".to_owned(), "other.yaml".to_owned()];
    let facts = desk.resolve(&files[..1], &[], true).unwrap();
    assert_eq!(facts["services"]["a"]["mem_limit"], "536870912");
    assert!(desk.resolve(&files, &[], false).unwrap_err().contains("distinct values"));
}
