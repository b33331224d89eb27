//! Runs the rules over the projects.

mod concern;
mod configured;
mod cover;
mod excess;
pub mod fix;
mod suppression;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use self::concern::Concern;
pub use self::excess::MAX_FINDINGS;
use crate::catalog::Catalog;
use crate::config::{Configs, FailOn, Patterns};
use crate::discover::{Discovered, FileKind, Root};
use crate::finding::baseline::Baseline;
use crate::finding::{Finding, Suppressed, SuppressionKind, evidence};
use crate::model::build::Dockerfiles;
use crate::model::compose::Settings;
use crate::model::project;
use crate::report::Summary;
use crate::rules::{Meta, Policy, Preset, RULES, Sink, Target};
use crate::source::{Disk, SourceId, Sources, Span};
use crate::stats::Stats;
use crate::syntax::SyntaxError;
use crate::workload::{Assembler, Kind, Project, Workload, attach};

/// What shapes a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Compose files to merge in this order, as `docker compose -f`; none to group what was discovered.
    pub compose_files: Vec<PathBuf>,
    /// Variables, and where they are read.
    pub settings: Settings,
    /// Which rules run; none for what the configuration says.
    pub preset: Option<Preset>,
    /// Only these rules and groups, where there are any.
    pub select: Vec<String>,
    /// None of these rules and groups.
    pub ignore: Vec<String>,
    /// What the rules are told, where no configuration says otherwise; a size of the host wins over the configuration's.
    pub policy: Policy,
    /// Who runs the files; none for what the configuration says.
    pub target: Option<Target>,
    /// Where configurations come from; none for no configuration at all.
    pub configs: Option<Arc<Configs>>,
    /// From which severity on a run fails; none for what the configuration says.
    pub fail_on: Option<FailOn>,
    /// Files of which nothing is said, beside those that a configuration excludes.
    pub exclude: Patterns,
    /// Say nothing of them even when they are named.
    pub force_exclude: bool,
    /// What the containers were seen to use.
    pub stats: Option<Arc<Stats>>,
    /// Findings that were there before, and the place that their paths start from.
    pub baseline: Option<(Baseline, Root)>,
    /// What may be read, for the stores that a run makes itself.
    pub disk: Disk,
}

impl Options {
    /// True when the rule is looked at with this preset. The smallest one has no rules of its own: it keeps what the
    /// recommended ones are certain of.
    #[must_use]
    pub fn runs(&self, meta: &Meta, preset: Preset) -> bool {
        let preset = preset.max(Preset::Recommended);
        let named =
            |names: &[String]| names.iter().any(|name| name == meta.name || name == meta.group.name());
        // Who names a rule wants it, whatever the preset.
        let chosen = if self.select.is_empty() { meta.preset <= preset } else { named(&self.select) };
        chosen && !named(&self.ignore)
    }
}

/// What a run gives.
#[derive(Debug, Default)]
pub struct Outcome {
    /// By path and position, errors first where two share a place; each once.
    pub findings: Vec<Finding>,
    /// What is known and meant, in the same order.
    pub suppressed: Vec<Suppressed>,
    /// True when a finding is severe enough to fail the run.
    pub fails: bool,
    /// Counts; the time is for the caller to fill in, who knows when it began.
    pub summary: Summary,
    /// What the rules saw.
    pub projects: Vec<Project>,
}

/// Builds the projects and runs every rule over each.
#[must_use]
pub fn run(options: &Options, sources: &Sources, discovered: &Discovered) -> Outcome {
    let projects = projects(options, sources, discovered);
    let checked = |project| suppression::by_service(project, check(project, options, sources), sources);
    let found: Vec<_> = projects.par_iter().map(checked).collect();
    let (mut findings, mut suppressed, mut ledger) = (Vec::new(), Vec::new(), suppression::Ledger::default());
    let mut unsaid = Vec::new();
    for (sifted, names) in found {
        findings.extend(sifted.findings);
        unsaid.extend(sifted.unsaid);
        suppressed.extend(sifted.suppressed);
        ledger.merge(names);
    }
    let voices = configured::Voices::new(options, sources, &projects);
    let sifted = suppression::by_comments(&voices, options, sources, &projects, (findings, unsaid), ledger);
    suppressed.extend(sifted.suppressed);
    let sifted = configured::apply(&voices, discovered, sifted.findings);
    suppressed.extend(sifted.suppressed);
    let mut findings = in_order(sifted.findings, sources, |finding| finding);
    crate::finding::fix::realize(&mut findings, sources);
    let before = suppressed.len();
    if let Some((baseline, root)) = &options.baseline {
        let known = baseline.knows(&evidence(&findings, sources, root));
        let (old, new): (Vec<_>, Vec<_>) = findings.into_iter().zip(known).partition(|(_, known)| *known);
        findings = new.into_iter().map(|(finding, _)| finding).collect();
        suppressed.extend(old.into_iter().map(|(finding, _)| Suppressed {
            finding,
            kind: SuppressionKind::External,
            justification: Some("in the baseline".to_owned()),
        }));
    }
    let known = suppressed.len() - before;
    let suppressed = in_order(suppressed, sources, |suppressed| &suppressed.finding);
    let mut summary = count(&projects, sources, discovered);
    summary.count(&findings);
    summary.suppressed = suppressed.len() - known;
    summary.baseline = known;
    let fails = voices.fail(&findings);
    Outcome { findings, suppressed, fails, summary, projects }
}

/// The stacks and lone images that the files make.
#[must_use]
pub fn projects(options: &Options, sources: &Sources, discovered: &Discovered) -> Vec<Project> {
    let dockerfiles = Dockerfiles::default();
    // Rows of a configuration hold for the files below it.
    let with_catalog = |path: &Path, assemble: &dyn Fn(&Assembler<'_>) -> Project| -> Project {
        let own = options.config_of(path).and_then(|config| config.catalog.clone());
        let catalog = own.as_deref().unwrap_or_else(|| Catalog::builtin());
        assemble(&Assembler { sources, dockerfiles: &dockerfiles, catalog })
    };
    let found =
        |kind| discovered.files.iter().filter(move |found| found.kind == kind).map(|found| &found.path);
    let mut compose: Vec<PathBuf> =
        found(FileKind::Compose).filter(|path| !options.compose_files.contains(path)).cloned().collect();
    // Who says which files make the stack means these alone.
    let concern = (options.compose_files.is_empty() && !discovered.context.is_empty()).then(|| {
        compose.extend(discovered.context.iter().cloned());
        Concern::new(discovered, sources)
    });
    let mut models = project::group(&compose, &options.settings, sources);
    if !options.compose_files.is_empty() {
        models.insert(0, project::merged(&options.compose_files, &options.settings, sources));
    }
    let mut assembled: Vec<Project> = models
        .par_iter()
        .map(|model| {
            let first = model.request.files.first().map_or(Path::new("."), PathBuf::as_path);
            with_catalog(first, &|assembler| assembler.project(model))
        })
        .collect();
    give_overlays_their_dockerfiles(&mut assembled);
    let mut projects: Vec<Project> = models
        .iter()
        .zip(assembled)
        .filter_map(|(model, mut project)| {
            let concerned =
                concern.as_ref().is_none_or(|concern| concern.narrow(model, &mut project, sources));
            concerned.then_some(project)
        })
        .collect();
    let built: HashSet<SourceId> =
        projects.iter().flat_map(|project| &project.workloads).filter_map(Workload::dockerfile).collect();
    let alone: Vec<Project> = found(FileKind::Dockerfile)
        .collect::<Vec<_>>()
        .into_par_iter()
        .filter_map(|path| {
            let file = sources.load(path).ok()?;
            (!built.contains(&file)).then(|| with_catalog(path, &|assembler| assembler.image(file)))
        })
        .collect();
    if let Some(stats) = &options.stats {
        attach(&mut projects, stats);
    }
    projects.extend(alone);
    projects.extend(unreadable(sources, discovered));
    projects
}

/// What only an overlay builds is said for no base: it is the overlay's own, like its file.
fn give_overlays_their_dockerfiles(projects: &mut [Project]) {
    let built = |project: &Project| -> Vec<SourceId> {
        project.workloads.iter().filter_map(Workload::dockerfile).collect()
    };
    let by_bases: HashSet<SourceId> =
        projects.iter().filter(|project| project.within.is_empty()).flat_map(built).collect();
    for project in projects.iter_mut() {
        let own: Vec<SourceId> = built(project).into_iter().filter(|file| !by_bases.contains(file)).collect();
        if let Some(files) = project.within.first_mut() {
            files.extend(own);
        }
    }
}

/// Files that are there and cannot be read: each a project with nothing but that to say.
fn unreadable(sources: &Sources, discovered: &Discovered) -> Vec<Project> {
    let failed = discovered.files.iter().filter_map(|found| Some((found, sources.load(&found.path).err()?)));
    failed
        .map(|(found, error)| {
            let file = sources.add(&found.path, "");
            let span = Span::new(file, 0, 0);
            let error = SyntaxError { message: error.to_string(), span, fatal: true, first: None };
            Project { files: vec![file], syntax_errors: vec![error], ..Project::default() }
        })
        .collect()
}

/// Every rule over one project, in the order of the rules.
fn check(project: &Project, options: &Options, sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = options.config_of_project(project, sources);
    let policy = options.policy_of(config.as_deref());
    let preset = options.preset_of(config.as_deref());
    // A rule with a severity of its own is wanted, whatever the preset.
    let wanted = |meta: &Meta| {
        let named = options.select.is_empty()
            && config.as_ref().is_some_and(|config| config.names(meta.name))
            && options.runs(meta, Preset::Strict);
        named || options.runs(meta, preset)
    };
    for rule in RULES.iter().filter(|rule| wanted(rule.meta())) {
        let mut sink = Sink::new(rule.meta(), &policy, &mut findings).with_preset(preset);
        for workload in &project.workloads {
            rule.check(workload, &mut sink);
        }
        rule.project(project, &mut sink);
    }
    findings
}

/// Sorts by what a reader sees, never by the order of reading, and drops what two projects say of a file that they share.
fn in_order<T: PartialEq>(items: Vec<T>, sources: &Sources, finding: impl Fn(&T) -> &Finding) -> Vec<T> {
    let mut placed: Vec<(PathBuf, u32, T)> = items
        .into_iter()
        .map(|item| {
            let span = sources.locate(finding(&item).primary.span);
            (sources.get(span.file).path().to_path_buf(), span.start, item)
        })
        .collect();
    placed.sort_by(|(a_path, a_start, a), (b_path, b_start, b)| {
        let (a, b) = (finding(a), finding(b));
        (a_path, a_start, b.severity, a.rule, &a.message)
            .cmp(&(b_path, b_start, a.severity, b.rule, &b.message))
    });
    placed.dedup_by(|later, earlier| later.2 == earlier.2);
    placed.into_iter().map(|(_, _, item)| item).collect()
}

fn count(projects: &[Project], sources: &Sources, discovered: &Discovered) -> Summary {
    // A service of an overlay is the same as in its base: its key tells.
    let workloads = projects.iter().flat_map(|project| &project.workloads);
    let anchors: HashSet<_> = workloads.map(|workload| (workload.kind, workload.anchor)).collect();
    let of = |kind| anchors.iter().filter(|(other, _)| *other == kind).count();
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
        let policy = Policy::default();
        let mut sink = Sink::new(&META, &policy, &mut findings);
        for (file, start, message, severity) in [
            (b, 0, "one", Severity::Note),
            (a, 3, "two", Severity::Note),
            (a, 0, "three", Severity::Note),
            (b, 0, "one", Severity::Note),
            (b, 0, "four", Severity::Error),
        ] {
            let _ = sink.report(Span::new(file, start, start + 1), "", message).severity(severity);
        }
        let ordered = in_order(findings, &sources, |finding| finding);
        let messages: Vec<&str> = ordered.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["three", "two", "four", "one"]);
    }
}
