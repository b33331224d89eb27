//! Plans limits for a host, as `oomlint fit` does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use oomlint::check;
use oomlint::fix::plan::{self, Hosts, LimitsFile, StackPlan};
use oomlint::report::fit::{self, Report};
use oomlint::report::unified;
use oomlint::rules::Policy;
use oomlint::source::path_text;
use oomlint::workload::Project;
use serde::Serialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::answer::{raw, written};
use crate::request::Request;
use crate::run::Run;

/// The name of the override file, in the directory of the first file of its stack.
const LIMITS: &str = "compose.limits.yaml";

/// The plan of a request.
#[derive(Serialize)]
struct Planned<'a> {
    /// The report of `oomlint fit --format json`.
    fit: Box<RawValue>,
    /// The text of each plan of each stack.
    words: Vec<Vec<Words>>,
    /// The files as the plan leaves them.
    files: BTreeMap<String, &'a String>,
    diff: String,
    /// The services whose plan is not in the files, and why.
    refused: Vec<Refused<'a>>,
    /// The override file, if it was asked for and there is one stack.
    overlay: Option<LimitsOut>,
}

#[derive(Serialize)]
struct Words {
    rows: Vec<[String; 5]>,
    sum: String,
    kept: String,
    verdict: String,
    ways_to_fit: Option<(String, Vec<String>)>,
}

#[derive(Serialize)]
struct Refused<'a> {
    title: &'a str,
    why: &'a str,
}

/// The override file.
#[derive(Serialize)]
struct LimitsOut {
    path: String,
    text: String,
    diff: String,
    /// The services that are not in it, and why.
    left_out: Vec<(String, String)>,
    /// The changes that services need in their own files.
    by_hand: Vec<(String, String)>,
    /// The files to start the stack with.
    merged: Vec<String>,
}

/// Answers `fit`: with the plan, or with `needs` that says what is missing for one.
pub(crate) fn answer(request: Request) -> Result<Vec<u8>, String> {
    let Request { mut files, kinds, options, overlay, .. } = request;
    // The file that is written anew says nothing about the stack.
    let own = files.iter().filter(|(path, text)| overlay && is_limits(path, text));
    let own: Vec<PathBuf> = own.map(|(path, _)| path.clone()).collect();
    let old: BTreeMap<PathBuf, String> =
        own.into_iter().filter_map(|path| files.remove_entry(&path)).collect();
    let run = Run::new(files, &kinds, options)?;
    let host = run.host();
    let profiles = run.options.policy.profiles.clone();
    // A plan has the rules of its own.
    let options = &check::Options {
        preset: None,
        select: Vec::new(),
        ignore: Vec::new(),
        policy: Policy::default(),
        ..run.options.clone()
    };
    let projects = check::projects(options, &run.sources, &run.discovered);
    if let Some((span, why)) =
        projects.iter().flat_map(|project| check::refusals(project, options, &run.sources)).next()
    {
        let place = run.sources.position_of(span);
        let (file, line) = (path_text(&place.path), place.position.line);
        return Ok(written(&json!({ "needs": why, "file": file, "line": line })));
    }
    let whole: Vec<Project> = projects.into_iter().filter(Project::is_stack).collect();
    let no_host = |project: &Project| options.host_for(project, &run.sources).is_none();
    if host.is_none() && whole.iter().any(no_host) {
        return Ok(written(&json!({ "needs": "host" })));
    }
    let hosts = Hosts {
        sizes: host.iter().map(|(size, _)| *size).collect(),
        from: host.map(|(_, from)| from.to_owned()).unwrap_or_default(),
        reserve: None,
        profiles,
    };
    let stacks = plan::plan(options, &run.sources, &whole, &hosts);
    if stacks.is_empty() {
        return Ok(written(&json!({ "needs": "stack" })));
    }
    let plans = plan::write(options, &run.discovered, &stacks, &hosts);
    let report = Report::new(&stacks, Some(&plans), &run.sources);
    let fits = stacks.iter().flat_map(|stack| &stack.plans).all(|plan| plan.missing.is_none());
    let limits = match stacks.as_slice() {
        [stack] if overlay && fits => {
            let path = limits_path(stack, &run, &old);
            plan::limits_file(options, stack, &plans, &run.discovered, &path)
                .map(|file| limits_out(&path, file, &old))
        }
        _ => None,
    };
    Ok(written(&Planned {
        fit: raw(|out| fit::json(out, &report))?,
        words: report.words().into_iter().map(|stack| stack.into_iter().map(words).collect()).collect(),
        files: plans.files.iter().map(|(path, _, new)| (path_text(path), new)).collect(),
        diff: plans.files.iter().map(|(path, old, new)| unified::diff(path, old, new)).collect(),
        refused: plans.refused.iter().map(|((_, name), why)| Refused { title: name, why }).collect(),
        overlay: limits,
    }))
}

fn words(of: fit::Words) -> Words {
    Words { rows: of.rows, sum: of.sum, kept: of.kept, verdict: of.verdict, ways_to_fit: of.ways_to_fit }
}

/// True for an override file that a plan wrote.
fn is_limits(path: &Path, text: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with("compose.limits") && plan::is_own(text)
}

/// Returns the path of the override file: of an earlier one, or one that is free.
fn limits_path(stack: &StackPlan, run: &Run, old: &BTreeMap<PathBuf, String>) -> PathBuf {
    let directory = stack.paths.first().and_then(|path| path.parent()).unwrap_or(Path::new(""));
    if let Some(path) = old.keys().find(|path| path.parent() == Some(directory)) {
        return path.clone();
    }
    let numbered = (2..).map(|number| format!("compose.limits-{number}.yaml"));
    let names = std::iter::once(LIMITS.to_owned()).chain(numbered).map(|name| directory.join(name));
    names
        .take(run.paths.len() + 1)
        .find(|path| !run.paths.contains(path))
        .unwrap_or_else(|| directory.join(LIMITS))
}

fn limits_out(path: &Path, file: LimitsFile, old: &BTreeMap<PathBuf, String>) -> LimitsOut {
    LimitsOut {
        path: path_text(path),
        diff: unified::diff(path, old.get(path).map_or("", String::as_str), &file.text),
        text: file.text,
        left_out: file.left_out,
        by_hand: file.by_hand,
        merged: file.merged.iter().map(|path| path_text(path)).collect(),
    }
}
