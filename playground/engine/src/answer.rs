//! Answers to the page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use oomlint::check::Outcome;
use oomlint::diagnostic::Applicability;
use oomlint::discover::RepositoryRoot;
use oomlint::fix::{self, FixResult};
use oomlint::report::budget::{self, TableStyle};
use oomlint::report::{Format, Report, human, inspect, unified};
use oomlint::rules::{self, RULES};
use oomlint::source::{Overlay, path_text};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::fit;
use crate::kind::{self, FileState, Kind};
use crate::request::{Question, Request};
use crate::run::Run;

/// Answers a request. The answer is JSON, whatever was asked: of a request that cannot be answered an object with `error`.
pub(crate) fn answer(request: &[u8]) -> Vec<u8> {
    let request = serde_json::from_slice(request).map_err(|error| error.to_string());
    let answer = request.and_then(|request: Request| match request.ask {
        Question::Check => checked(request),
        Question::Inspect => inspected(request),
        Question::Fix => fixed(request),
        Question::Fit => fit::answer(request),
        Question::Kind => {
            let text = request.files.into_values().next().unwrap_or_default();
            Ok(written(&json!({ "kind": kind::told(&text).map(Kind::of) })))
        }
        Question::Rules => Ok(written(&rule_list())),
        Question::Rule => page(&request.name),
    });
    answer.unwrap_or_else(|error| written(&json!({ "error": error })))
}

/// The answer to `check`.
#[derive(Serialize)]
struct Checked {
    /// The report of `oomlint --format json`.
    report: Box<RawValue>,
    /// The indices of its findings in the order of the human report.
    order: Vec<usize>,
    /// The report of `oomlint budget --format json`.
    budget: Box<RawValue>,
    /// The kind of each file.
    files: BTreeMap<String, FileState>,
    /// Errors in configurations and image lock files, which cannot be used because of them.
    failures: Vec<Failure>,
    /// Options that cannot be used, and why.
    problems: BTreeMap<&'static str, String>,
}

/// A mistake in a file that oomlint itself reads, or another reason not to use it.
#[derive(Serialize)]
struct Failure {
    message: String,
    help: Option<String>,
    /// The file and the line, from 1, if they are known.
    file: Option<String>,
    line: Option<usize>,
}

fn checked(request: Request) -> Result<Vec<u8>, String> {
    let run = Run::new(request.files, &request.kinds, request.options)?;
    let outcome = run.check();
    let root = RepositoryRoot::new(Path::new(""), Path::new(""));
    let report = Report::new(&outcome.findings, &outcome.summary, &run.sources, &root);
    let json = raw(|out| report.write(out, Format::Json, human::Options::default()))?;
    let scale = BTreeMap::new();
    let stacks = run.options.stacks(
        &outcome.projects,
        &run.sources,
        run.host(),
        (&run.options.policy.profiles, &scale),
    );
    let budget = budget::Report::new(&stacks, &run.sources);
    let parts = kind::parts(&outcome.projects, &run.sources);
    let answer = Checked {
        report: json,
        order: report.most_harmful_first(),
        budget: raw(|out| budget::write(out, &budget, budget::Format::Json, TableStyle::plain()))?,
        files: run.paths.iter().map(|path| (path_text(path), kind::state(path, &run, &parts))).collect(),
        failures: failures(&run),
        problems: run.problems.into_iter().collect(),
    };
    Ok(written(&answer))
}

fn failures(run: &Run) -> Vec<Failure> {
    let configs = run.options.configs.iter().flat_map(|configs| configs.failures());
    let locks = run.options.locks.iter().flat_map(|locks| locks.failures());
    let all = configs.chain(locks).chain(run.discovered.unreadable.iter().cloned());
    all.flat_map(|failure| failures_of(&failure)).collect()
}

/// Returns the mistakes in a file, or the failure itself if it names none.
fn failures_of(failure: &dyn Diagnostic) -> Vec<Failure> {
    let mut related = failure.related().into_iter().flatten().peekable();
    if related.peek().is_some() {
        return related.flat_map(failures_of).collect();
    }
    let label = failure.labels().into_iter().flatten().next();
    let place = label.and_then(|label| {
        let contents = failure.source_code()?.read_span(label.inner(), 0, 0).ok()?;
        Some((contents.name().map(str::to_owned), contents.line() + 1))
    });
    let (file, line) = place.map_or((None, None), |(file, line)| (file, Some(line)));
    vec![Failure {
        message: failure.to_string(),
        help: failure.help().map(|help| help.to_string()),
        file,
        line,
    }]
}

fn inspected(request: Request) -> Result<Vec<u8>, String> {
    let run = Run::new(request.files, &request.kinds, request.options)?;
    let projects = run.check().projects;
    let json = raw(|out| inspect::json(out, &projects, &run.sources))?;
    let text = text(|out| inspect::human(out, &projects, &run.sources))?;
    Ok(written(&json!({ "inspect": json, "text": text })))
}

fn fixed(request: Request) -> Result<Vec<u8>, String> {
    let level = if request.options.r#unsafe { Applicability::Unsafe } else { Applicability::Safe };
    let run = Run::new(request.files, &request.kinds, request.options)?;
    let result = match &request.finding {
        Some(finding) => {
            let files = chosen(&run, &run.check(), finding, request.choice)?;
            FixResult { files, ..FixResult::default() }
        }
        None => fix::fix(&run.options, &run.discovered, &Overlay::new(), level),
    };
    let diff: String = result.files.iter().map(|(path, old, new)| unified::diff(path, old, new)).collect();
    let files: BTreeMap<String, &String> =
        result.files.iter().map(|(path, _, new)| (path_text(path), new)).collect();
    let applied =
        result.applied.iter().map(|applied| json!({ "rule": applied.rule, "title": applied.title }));
    let refused = result
        .refused
        .iter()
        .map(|refused| json!({ "rule": refused.rule, "title": refused.title, "why": refused.why }));
    Ok(written(&json!({
        "files": files,
        "diff": diff,
        "applied": applied.collect::<Vec<_>>(),
        "refused": refused.collect::<Vec<_>>(),
        "unsafe_left": result.unsafe_left,
    })))
}

/// Returns the files that one fix of one finding changes.
fn chosen(
    run: &Run,
    outcome: &Outcome,
    fingerprint: &str,
    choice: usize,
) -> Result<Vec<(PathBuf, String, String)>, String> {
    let root = RepositoryRoot::new(Path::new(""), Path::new(""));
    let prints = oomlint::check::fingerprints(&outcome.findings, &run.sources, &root);
    let mut findings = outcome.findings.iter().zip(prints);
    let finding = findings.find(|(_, print)| print.to_string() == fingerprint).map(|(finding, _)| finding);
    let fix = finding.and_then(|finding| finding.fixes.get(choice));
    fix.and_then(|fix| fix::apply_one(fix, &run.sources))
        .ok_or_else(|| "the files have changed since: there is no such fix any more".to_owned())
}

fn rule_list() -> Value {
    let rule = |rule: &&rules::Rule| {
        let meta = rule.meta();
        json!({
            "name": meta.name,
            "summary": meta.summary,
            "severity": meta.severity,
            "group": meta.group,
            "preset": meta.preset,
        })
    };
    json!({ "rules": RULES.iter().map(rule).collect::<Vec<_>>() })
}

fn page(name: &str) -> Result<Vec<u8>, String> {
    let rule = rules::find(name).ok_or_else(|| format!("there is no rule `{name}`"))?;
    Ok(written(&json!({ "name": name, "page": rule.meta().page })))
}

pub(crate) fn text(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<String, String> {
    let mut out = Vec::new();
    write(&mut out).map_err(|error| error.to_string())?;
    String::from_utf8(out).map_err(|error| error.to_string())
}

/// Takes JSON over as it is written.
pub(crate) fn raw(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<Box<RawValue>, String> {
    RawValue::from_string(text(write)?).map_err(|error| error.to_string())
}

pub(crate) fn written(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).unwrap_or_default()
}
