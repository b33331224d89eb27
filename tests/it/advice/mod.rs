//! **The law** of advice: after pasting any help or applying any fix, there is no new warning or error, and Docker Compose
//! still accepts what it accepted. This is the most important test of the project, since users follow advice blindly.
//!
//! `judge` in `law.rs` runs the executable on each project, for Docker Compose and for Swarm:
//!
//! * Each help is pasted as printed (`snippet.rs` parses it, `paste.rs` and `words.rs` paste it), and each fix is applied on
//!   its own. Then `--fix` applies all of them, with and without `--unsafe-fixes`. `--diff` and `git apply` must give the same
//!   files, and a second run must change nothing.
//! * After each change the whole tree is linted again, also with each overlay merged with its base, and with other values for
//!   all variables. A violation is a new warning or error of a rule for a service and a file, a flag that is lost with a
//!   replaced value, or lines in the syntax of another kind of file.
//! * Docker Compose resolves each stack that it accepted, with and without other values. A safe fix may change only the key
//!   of its finding in the result. `tests/compose-oracle.sh` installs Docker Compose. Without it, the test of this oracle
//!   prints that it is skipped, and all other checks run.
//!
//! The projects are the fixtures, the examples of all rule pages, the files of `../shared` if it exists, generated ones
//! (`shapes.rs`) with overlays, `extends`, anchors, tags, flow style and JSON, and changed ones (`mutated.rs`): fixtures, pages and
//! files of `../shared` with faults, other line ends and styles, and other projects that read theirs. Of changed ones only the
//! fixes are applied.
//!
//! `cargo test` takes a fixed sample. To run everything, with statistics and examples in a file:
//!
//! ```sh
//! OOMLINT_ADVICE=all OOMLINT_SHAPES=1000 OOMLINT_MUTATIONS=4000 OOMLINT_ADVICE_REPORT=target/advice.txt cargo test --release --test it advice -- --nocapture
//! ```
//!
//! `OOMLINT_SHAPES_IN=folder` writes the generated and changed projects there. `OOMLINT_ADVICE=8` follows all advice in one of eight
//! projects of `../shared`. `OOMLINT_BIN` is another executable to test. `OOMLINT_ADVICE_PARTS=pages,limits` selects parts.
#![allow(unreachable_pub)]

use crate::common;
mod fitted;
mod keys;
mod law;
mod mutated;
mod oracle;
mod parts;
mod paste;
pub mod program;
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

/// Returns n of "one in n projects with all advice", from `OOMLINT_ADVICE`: 1 for `all`; `None` for the default sample.
fn wanted() -> Option<u64> {
    let value = std::env::var("OOMLINT_ADVICE").ok()?;
    if value == "all" { Some(1) } else { value.parse().ok() }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}

/// Returns how much advice is followed for a target; `None` if the other target is enough for this project.
fn depth(part: &str, project: &Project, target: Target) -> Option<Depth> {
    if project.stacks.is_empty() && target == Target::Swarm {
        return None;
    }
    let hash = hash(&project.name);
    let other = if hash.is_multiple_of(2) { Target::Swarm } else { Target::Compose };
    if part == "mutated" {
        return (target != other).then_some(Depth { most: 0, ..Depth::ALL });
    }
    if wanted().is_some() {
        return Some(Depth::ALL);
    }
    // A project is tested for one target, since other projects of its part cover the other one.
    if part != "fixtures" && target == other {
        return None;
    }
    let most = if part == "shapes" { 6 } else { 8 };
    Some(Depth { most, of_a_kind: 2, once: true, oracle: (hash / 2).is_multiple_of(4) })
}

/// Checks the law for all projects, on all cores.
fn judge_all(parts: &[(String, Vec<Project>)]) -> Vec<Tally> {
    let mut tasks: Vec<(&str, &Project, Target, Depth)> = Vec::new();
    for (part, projects) in parts {
        for target in [Target::Compose, Target::Swarm] {
            let task = |project| Some((part.as_str(), project, target, depth(part, project, target)?));
            tasks.extend(projects.iter().filter_map(task));
        }
    }
    // Long tasks first, so that the cores finish at about the same time.
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

/// Selects one in `one_in` projects by the hash of their names, or as `OOMLINT_ADVICE` requests.
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
        let pasted = sum.pasted > 0 || sum.part == "mutated";
        assert!(pasted && sum.fixes > 0, "{}: nothing was followed", sum.part);
    }
    let violations: usize = sums.iter().map(|sum| sum.violations.len()).sum();
    assert!(violations == 0, "{violations} violations\n{}", tally::report(&sums, 2));
}

/// Writes projects to the folder of `OOMLINT_SHAPES_IN`, to look at one of them.
fn write_where_wanted(projects: &[Project]) {
    let Some(folder) = std::env::var_os("OOMLINT_SHAPES_IN") else { return };
    for project in projects {
        for (name, text) in &project.files {
            let path = Path::new(&folder).join(project.name.replace('/', "_")).join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
}

#[test]
fn advice_for_fixtures_and_pages_holds() {
    holds("own", vec![("fixtures".to_owned(), parts::fixtures()), ("pages".to_owned(), parts::pages())]);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn advice_for_strangers_files_holds() {
    let shared = common::shared();
    let parts = [("files", 80), ("limits", 32), ("layouts", 12), ("stories", 12), ("field", 4)];
    let part = |(part, one_in): (&str, u64)| (part.to_owned(), sample(parts::shared(&shared, part), one_in));
    holds("shared", parts.into_iter().map(part).collect());
}

#[test]
fn advice_for_every_shape_of_a_project_holds() {
    let count = std::env::var("OOMLINT_SHAPES").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    let projects = shapes::projects(count);
    write_where_wanted(&projects);
    holds("shapes", vec![("shapes".to_owned(), projects)]);
}

/// The law for fixes of changed projects. `OOMLINT_MUTATIONS` is their number.
#[test]
fn fixes_of_changed_projects_hold() {
    let count = std::env::var("OOMLINT_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(60);
    let mut real = parts::fixtures();
    real.extend(parts::pages().into_iter().filter(|project| project.options.is_empty()));
    if cfg!(shared) {
        let shared = common::shared();
        for part in ["files", "limits", "layouts", "stories"] {
            real.extend(parts::shared(&shared, part));
        }
    }
    // A step that has no factor in common with their number, so that any count takes of all parts.
    let step = (0..real.len()).map(|at| real[(at * 7_919) % real.len()].clone());
    let real: Vec<Project> = step.collect();
    let projects = mutated::projects(&real, count);
    write_where_wanted(&projects);
    holds("mutated", vec![("mutated".to_owned(), projects)]);
}

/// The law for what `oomlint fit` writes. `OOMLINT_ADVICE` chooses how many projects of `../shared` are planned.
#[test]
fn plans_for_own_files_hold() {
    let mut projects = parts::fixtures();
    projects.extend(shapes::projects(if wanted().is_some() { 400 } else { 16 }));
    fitted::hold("own", projects);
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn plans_for_strangers_files_hold() {
    let shared = common::shared();
    let parts = [("files", 200), ("limits", 60), ("layouts", 16), ("stories", 16)];
    let projects = parts.iter().flat_map(|(part, one_in)| sample(parts::shared(&shared, part), *one_in));
    fitted::hold("shared", projects.collect());
}

/// The oracle works. Prints that it is skipped if Docker Compose is not installed.
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
