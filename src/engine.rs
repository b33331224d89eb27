//! Runs the rules over the projects.

use std::collections::HashSet;
use std::path::PathBuf;

use rayon::prelude::*;

use crate::discover::Discovered;
use crate::finding::Finding;
use crate::report::Summary;
use crate::rules::{RULES, Sink};
use crate::source::Sources;
use crate::workload::{Kind, Project};

/// What shapes a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Compose files to merge in this order, as `docker compose -f`; none to group what was discovered.
    pub compose_files: Vec<PathBuf>,
    /// Read in place of the project's `.env`.
    pub env_files: Vec<PathBuf>,
}

/// What a run gives.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By path and position, errors first where two share a place; each once.
    pub findings: Vec<Finding>,
    /// Counts; the time is for the caller to fill in, who knows when it began.
    pub summary: Summary,
    /// What the rules saw.
    pub projects: Vec<Project>,
}

/// Builds the projects and runs every rule over each.
#[must_use]
pub fn run(options: &Options, sources: &Sources, discovered: &Discovered) -> Outcome {
    let projects = projects(options, sources, discovered);
    let found: Vec<Vec<Finding>> = projects.par_iter().map(check).collect();
    let findings = in_order(found.into_iter().flatten().collect(), sources);
    let mut summary = count(&projects, sources, discovered);
    summary.count(&findings);
    Outcome { findings, summary, projects }
}

/// The stacks and lone images that the files make.
#[must_use]
pub fn projects(_options: &Options, _sources: &Sources, _discovered: &Discovered) -> Vec<Project> {
    Vec::new()
}

/// Every rule over one project, in the order of the rules.
fn check(project: &Project) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        let mut sink = Sink::new(rule.meta(), &mut findings);
        for workload in &project.workloads {
            rule.check(workload, &mut sink);
        }
        rule.project(project, &mut sink);
    }
    findings
}

/// Sorts by what a reader sees, never by the order of reading, and drops what two projects say of a file that they share.
fn in_order(findings: Vec<Finding>, sources: &Sources) -> Vec<Finding> {
    let mut placed: Vec<(PathBuf, u32, Finding)> = findings
        .into_iter()
        .map(|finding| {
            let span = sources.locate(finding.primary.span);
            (sources.get(span.file).path().to_path_buf(), span.start, finding)
        })
        .collect();
    placed.sort_by(|(a_path, a_start, a), (b_path, b_start, b)| {
        (a_path, a_start, b.severity, a.rule, &a.message)
            .cmp(&(b_path, b_start, a.severity, b.rule, &b.message))
    });
    placed.dedup_by(|later, earlier| later.2 == earlier.2);
    placed.into_iter().map(|(_, _, finding)| finding).collect()
}

fn count(projects: &[Project], sources: &Sources, discovered: &Discovered) -> Summary {
    let workloads = || projects.iter().flat_map(|project| &project.workloads);
    let of = |kind| workloads().filter(|workload| workload.kind == kind).count();
    let mut files: HashSet<PathBuf> = discovered.files.iter().map(|found| found.path.clone()).collect();
    for id in projects.iter().flat_map(|project| &project.files) {
        files.insert(sources.get(*id).path().to_path_buf());
    }
    Summary { services: of(Kind::Service), images: of(Kind::Image), files: files.len(), ..Summary::default() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::finding::Severity;
    use crate::rules::{Group, Meta, Preset};
    use crate::source::Span;

    static META: Meta = Meta {
        name: "rule",
        summary: "",
        severity: Severity::Warning,
        group: Group::Lint,
        preset: Preset::Recommended,
        page: "",
    };

    #[test]
    fn findings_are_ordered_by_path_and_each_is_said_once() {
        let sources = Sources::new();
        let b = sources.add(Path::new("b.yaml"), "x: 1\n");
        let a = sources.add(Path::new("a.yaml"), "x: 1\n");
        let mut findings = Vec::new();
        let mut sink = Sink::new(&META, &mut findings);
        for (file, start, message, severity) in [
            (b, 0, "one", Severity::Note),
            (a, 3, "two", Severity::Note),
            (a, 0, "three", Severity::Note),
            (b, 0, "one", Severity::Note),
            (b, 0, "four", Severity::Error),
        ] {
            let _ = sink.report(Span::new(file, start, start + 1), "", message).severity(severity);
        }
        let ordered = in_order(findings, &sources);
        let messages: Vec<&str> = ordered.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["three", "two", "four", "one"]);
    }
}
