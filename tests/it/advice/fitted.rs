//! The law for `oomlint fit --write`: no new warning or error in the whole tree, Docker Compose takes what it took, and a second
//! plan changes nothing.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::program::{Desk, Finding, Target};
use super::project::Project;

/// Hosts so small that limits are squeezed, and so large that every stack fits.
const HOSTS: [&str; 2] = ["8g", "1024g"];

/// What `fit` says where there is nothing that it can plan.
const REFUSALS: [&str; 3] = ["nothing is planned", "fit plans", "starts a container"];

/// Checks the law for all projects, on all cores.
pub fn hold(name: &str, projects: Vec<Project>) {
    let projects: Vec<Project> = projects.into_iter().filter(|project| !project.stacks.is_empty()).collect();
    let next = AtomicUsize::new(0);
    let violations = Mutex::new(Vec::new());
    let (planned, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(project) = projects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for (target, host) in [(Target::Compose, HOSTS[0]), (Target::Swarm, HOSTS[1])] {
                        planned.fetch_add(1, Ordering::Relaxed);
                        let (changed, found) = judge(project, target, host);
                        written.fetch_add(usize::from(changed), Ordering::Relaxed);
                        violations.lock().unwrap().extend(found);
                    }
                }
            });
        }
    });
    let violations = violations.into_inner().unwrap();
    let (planned, written) = (planned.into_inner(), written.into_inner());
    println!("{name}: {planned} plans, {written} of them changed files");
    assert!(written > 10, "hardly anything was written");
    assert!(violations.is_empty(), "{} violations\n{}", violations.len(), violations.join("\n"));
}

/// Counts the warnings and errors by rule, service and file.
fn counts(findings: &[Finding]) -> BTreeMap<(String, Option<String>, String), usize> {
    let mut counts = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.severity != "note") {
        let about = (finding.rule.clone(), finding.service.clone(), finding.place.file.clone());
        *counts.entry(about).or_default() += 1;
    }
    counts
}

/// Returns whether files were changed, and the violations.
fn judge(project: &Project, target: Target, host: &str) -> (bool, Vec<String>) {
    let desk = Desk::new(target, &project.options);
    desk.write_all(project.files.iter().chain(&project.neighbours));
    let name = format!("{} for {} on {host}", project.name, target.name());
    let mut violations = Vec::new();
    let before = counts(&desk.lint(&[], &[]));
    let taken: Vec<bool> =
        project.stacks.iter().map(|stack| desk.resolve(&stack.files, &[], false).is_ok()).collect();
    let out = desk.fit(&["--host-memory", host, "--write", "."]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let changed = project.files.iter().any(|(path, text)| desk.read(path) != *text);
    // What Compose refuses is not planned, and then nothing is written.
    if out.status.code() == Some(2) && !changed && REFUSALS.iter().any(|words| said.contains(words)) {
        return (false, violations);
    }
    if out.status.code().is_none_or(|code| code > 1) {
        return (false, vec![format!("{name}: {said}")]);
    }
    for (about, count) in counts(&desk.lint(&[], &[])) {
        if count > before.get(&about).copied().unwrap_or(0) {
            violations.push(format!("{name}: new: {about:?}"));
        }
    }
    // Swarm's form is not Compose's.
    if target == Target::Compose {
        for (stack, _) in project.stacks.iter().zip(taken).filter(|(_, taken)| *taken) {
            if let Err(why) = desk.resolve(&stack.files, &[], false) {
                violations.push(format!("{name}: refused: {:?}: {why}", stack.files));
            }
        }
    }
    let again = desk.fit(&["--host-memory", host, "--diff", "."]);
    if !again.stdout.is_empty() {
        violations.push(format!("{name}: again: {}", String::from_utf8_lossy(&again.stdout)));
    }
    (changed, violations)
}
