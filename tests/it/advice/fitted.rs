//! The law for `oomlint fit --write`: no new warning or error in the whole tree, Docker Compose takes what it took, and a second
//! plan changes nothing. What the report says is what Docker Compose then resolves, from the files and from an override file.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::program::{Desk, Finding, Target, compose};
use super::project::{Project, Stack};

/// Hosts so small that limits are squeezed, and so large that every stack fits.
const HOSTS: [&str; 2] = ["8g", "1024g"];

/// What `fit` says where there is nothing that it can plan.
const REFUSALS: [&str; 3] = ["nothing is planned", "fit plans", "starts a container"];

/// Checks the law for all projects, on all cores.
pub fn hold(name: &str, projects: Vec<Project>) {
    let projects: Vec<Project> = projects.into_iter().filter(|project| !project.stacks.is_empty()).collect();
    let next = AtomicUsize::new(0);
    let violations = Mutex::new(Vec::new());
    let (planned, written, compared) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(project) = projects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for (target, host) in [(Target::Compose, HOSTS[0]), (Target::Swarm, HOSTS[1])] {
                        planned.fetch_add(1, Ordering::Relaxed);
                        let (changed, found) = judge(project, target, host, &compared);
                        written.fetch_add(usize::from(changed), Ordering::Relaxed);
                        violations.lock().unwrap().extend(found);
                    }
                }
            });
        }
    });
    let violations = violations.into_inner().unwrap();
    let (planned, written, compared) = (planned.into_inner(), written.into_inner(), compared.into_inner());
    println!("{name}: {planned} plans, {written} of them changed files; {compared} services were compared");
    assert!(written > 10, "hardly anything was written");
    assert!(compared > 10 || compose().is_none(), "hardly anything was compared");
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
fn judge(project: &Project, target: Target, host: &str, compared: &AtomicUsize) -> (bool, Vec<String>) {
    let desk = Desk::new(target, &project.options);
    desk.write_all(project.files.iter().chain(&project.neighbours));
    let name = format!("{} for {} on {host}", project.name, target.name());
    let mut violations = Vec::new();
    let before = counts(&desk.lint(&[], &[]));
    let taken: Vec<bool> =
        project.stacks.iter().map(|stack| desk.resolve(&stack.files, &[], false).is_ok()).collect();
    let report = report(&desk, &["--host-memory", host, "."]);
    let resolved = |desk: &Desk, stack: &Stack| desk.resolve(&stack.files, &[], true).unwrap_or_default();
    let states: Vec<Value> = project.stacks.iter().map(|stack| resolved(&desk, stack)).collect();
    if target == Target::Compose {
        for stack in &project.stacks {
            violations.extend(overlaid(&desk, stack, host).into_iter().map(|why| format!("{name}: {why}")));
        }
    }
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
        for (stack, before) in project.stacks.iter().zip(&states) {
            let after = resolved(&desk, stack);
            for service in planned(&report, stack) {
                let of = |state: &Value| state["services"][service["name"].as_str().unwrap()].clone();
                let states = (of(before), of(&after));
                compared.fetch_add(usize::from(!states.1.is_null()), Ordering::Relaxed);
                if let Err(why) = compare(service, &states.0, &states.1) {
                    violations
                        .push(format!("{name}: {:?}: {}: {why}: {service}", stack.files, service["name"]));
                }
            }
        }
    }
    let again = desk.fit(&["--host-memory", host, "--diff", "."]);
    if !again.stdout.is_empty() {
        violations.push(format!("{name}: again: {}", String::from_utf8_lossy(&again.stdout)));
    }
    (changed, violations)
}

/// Returns the report as JSON, or null if there is none.
fn report(desk: &Desk, arguments: &[&str]) -> Value {
    let out = desk.fit(&[&["--format", "json"], arguments].concat());
    serde_json::from_slice(&out.stdout).unwrap_or_default()
}

/// Returns what the report says about a stack's services, if its plan fits.
fn planned<'r>(report: &'r Value, stack: &Stack) -> impl Iterator<Item = &'r Value> {
    let stacks = report["stacks"].as_array().into_iter().flatten();
    let files = Value::from(stack.files.clone());
    let plans = stacks.filter(move |own| own["files"] == files).map(|own| &own["plans"][0]);
    plans.filter(|plan| plan["fits"] == true).flat_map(|plan| plan["services"].as_array().unwrap())
}

/// The memory settings of a service as Docker Compose resolves them, in bytes.
#[derive(Debug, PartialEq, Eq)]
struct Settings {
    limit: Option<i64>,
    reservation: Option<i64>,
    swap: Option<i64>,
}

impl Settings {
    fn of(service: &Value) -> Self {
        let bytes = |value: &Value| {
            let number = value.as_str().map_or(value.as_i64(), |text| text.parse().ok());
            number.filter(|bytes| *bytes != 0)
        };
        let resources = &service["deploy"]["resources"];
        let either =
            |short: &str, long: &str| bytes(&service[short]).or_else(|| bytes(&resources[long]["memory"]));
        Self {
            limit: either("mem_limit", "limits"),
            reservation: either("mem_reservation", "reservations"),
            swap: bytes(&service["memswap_limit"]),
        }
    }

    /// Returns the swap on top of the limit: -1 without a bound.
    fn on_top(&self) -> Option<i64> {
        Some(match self.swap {
            None => self.limit?,
            Some(..0) => -1,
            Some(both) => (both - self.limit?).max(0),
        })
    }
}

/// Compares what the report says about a service with what Docker Compose resolves before and after.
fn compare(said: &Value, before: &Value, after: &Value) -> Result<(), String> {
    // Without Docker Compose, nothing is known.
    if after.is_null() || before.is_null() {
        return Ok(());
    }
    let (was, is) = (Settings::of(before), Settings::of(after));
    let reason = said["reason"].as_str().unwrap();
    if !said["refused"].is_null() {
        return if was == is { Ok(()) } else { Err(format!("refused, and changed from {was:?} to {is:?}")) };
    }
    for key in before.as_object().unwrap().keys().filter(|key| after.get(key.as_str()).is_none()) {
        if !said["settings"].to_string().contains(&format!("`{key}`")) {
            return Err(format!("`{key}` is removed, and the report does not say so"));
        }
    }
    // A variable stays: the limit is what is to be set, and the report says that.
    if reason.starts_with("set `") {
        return if was.limit == is.limit { Ok(()) } else { Err(format!("{was:?} to {is:?}")) };
    }
    if (is.limit, is.reservation) != (said["limit"].as_i64(), said["reservation"].as_i64()) {
        return Err(format!("{is:?}"));
    }
    if is.on_top() != said["swap"].as_i64() {
        return Err(format!("swap of {is:?}"));
    }
    if said["sure"] == "kept" && was.limit != is.limit {
        return Err(format!("kept, and changed from {was:?}"));
    }
    Ok(())
}

/// Writes an override file, and compares what Docker Compose resolves with it with the report.
fn overlaid(desk: &Desk, stack: &Stack, host: &str) -> Vec<String> {
    const OVERLAY: &str = "written-by-the-test.yaml";
    let files: Vec<&str> = stack.files.iter().flat_map(|file| ["-f", file]).collect();
    let Ok(before) = desk.resolve(&stack.files, &[], true) else { return Vec::new() };
    let report = report(desk, &[&["--host-memory", host], files.as_slice()].concat());
    let out = desk.fit(&[&["--host-memory", host, "--overlay", OVERLAY], files.as_slice()].concat());
    if desk.read(OVERLAY).is_empty() {
        return Vec::new();
    }
    let left_out = String::from_utf8_lossy(&out.stderr).into_owned();
    let merged: Vec<String> = stack.files.iter().cloned().chain([OVERLAY.to_owned()]).collect();
    let text = desk.read(OVERLAY);
    let after = desk.resolve(&merged, &[], true);
    desk.remove(OVERLAY);
    let after = match after {
        Ok(after) => after,
        Err(why) => return vec![format!("refused with the override file: {why}\n{text}")],
    };
    let mut violations = Vec::new();
    for service in planned(&report, stack) {
        let name = service["name"].as_str().unwrap();
        let set = service["reason"].as_str().unwrap().starts_with("set `");
        if before["services"][name].is_null() || left_out.contains(&format!("left out: `{name}`")) || set {
            continue;
        }
        let is = Settings::of(&after["services"][name]);
        if service["refused"].is_null() && is.limit != service["limit"].as_i64() {
            violations.push(format!("with the override file: {is:?}: {service}\n{text}"));
        }
    }
    violations
}
