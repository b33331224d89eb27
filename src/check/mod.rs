//! Runs the rules over all projects and decides which findings are reported.

mod base_findings;
pub mod baseline;
mod checked;
mod checker;
mod config;
mod defined;
mod disposition;
mod edits;
mod elsewhere;
mod filled_in;
mod fingerprint;
mod generated;
mod images;
mod mentions;
mod merge;
mod node_path;
mod refused;
mod removal;
mod running;
mod scope;
mod started;
mod suppress;
mod truncate;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use self::baseline::Baseline;
use self::checked::{CheckedProject, FindingKey};
use self::checker::Checker;
use self::config::ConfigResolver;
use self::disposition::Decider;
pub(crate) use self::edits::resolve_fix_ops;
pub use self::fingerprint::{FindingIdentity, Fingerprint, fingerprints, identities};
pub use self::images::{UsedImage, used_images};
use self::merge::SharedFindings;
pub use self::refused::{refusals, unparsed};
use self::suppress::Suppressions;
pub use self::truncate::MAX_FINDINGS;
use crate::capacity::Targets;
use crate::config::{Config, Configs, FailOn, Patterns};
use crate::diagnostic::{Finding, Summary, Suppressed, SuppressionKind};
use crate::discover::{Discovered, RepositoryRoot};
use crate::hash::{HashMap, HashSet};
use crate::lock::Locks;
use crate::model::compose::Settings;
use crate::rules::{Meta, Policy, Preset, RULES, RuleContext, Target, planned};
use crate::source::{FileSystem, Source, SourceId, Sources, Span, compare_paths};
use crate::stats::Stats;
use crate::workload::{Kind, Measurements, Project};

/// Options of one run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Compose files to merge in this order, as `docker compose -f`; empty groups the discovered ones into projects.
    pub compose_files: Vec<PathBuf>,
    /// Variables for interpolation, and where they are read from.
    pub settings: Settings,
    /// The preset; `None` takes the configuration's.
    pub preset: Option<Preset>,
    /// Rules and groups to run exclusively, whatever the preset; empty runs those of the preset.
    pub select: Vec<String>,
    /// Rules and groups not to run.
    pub ignore: Vec<String>,
    /// Settings for the rules where no configuration has others; `host_memory` and `profiles` win over the configuration.
    pub policy: Policy,
    /// The deployment target; `None` takes the configuration's.
    pub target: Option<Target>,
    /// The configuration lookup; `None` reads no configuration.
    pub configs: Option<Arc<Configs>>,
    /// The lookup of locked images; `None` reads none.
    pub locks: Option<Arc<Locks>>,
    /// The severity from which a run fails; `None` takes the configuration's.
    pub fail_on: Option<FailOn>,
    /// Globs of files whose findings are dropped, in addition to the configuration's `exclude`.
    pub exclude: Patterns,
    /// Excludes files even when the command line names them.
    pub force_exclude: bool,
    /// Measured memory use of the containers.
    pub stats: Option<Arc<Stats>>,
    /// The baseline, and the root of the repository that its paths are relative to.
    pub baseline: Option<(Baseline, RepositoryRoot)>,
    /// File-system access for the [`Sources`] that a run creates itself.
    pub disk: FileSystem,
    /// Limits and reservations to compare with those of the services. `None` but while a plan is written.
    pub targets: Option<Arc<Targets>>,
    /// Counts the states of the files that fixing has tried so far.
    pub trials: Arc<AtomicUsize>,
}

impl Options {
    /// True if the rule runs under this preset. [`Preset::Minimal`] runs the recommended rules, of which only errors are
    /// reported.
    #[must_use]
    pub fn runs(&self, meta: &Meta, preset: Preset) -> bool {
        let preset = preset.max(Preset::Recommended);
        let named =
            |names: &[String]| names.iter().any(|name| name == meta.name || name == meta.group.name());
        // A rule selected by its name or group runs under any preset.
        let chosen = if self.select.is_empty() { meta.preset <= preset } else { named(&self.select) };
        chosen && !named(&self.ignore)
    }

    /// True if the rule runs on files with this configuration: a rule that has a severity there runs under any preset.
    fn enables(&self, meta: &Meta, config: Option<&Config>, preset: Preset) -> bool {
        let set = self.select.is_empty() && config.is_some_and(|config| config.sets_severity(meta.name));
        self.runs(meta, if set { Preset::Strict } else { preset })
    }

    /// Removes excluded files from those that were discovered.
    pub fn remove_excluded(&self, discovered: &mut Discovered) {
        discovered.files.retain(|found| !self.is_excluded(&found.path, found.explicit));
        discovered.related_compose_files.retain(|path| !self.is_excluded(path, false));
    }
}

/// The result of a run.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Findings in order of path and position, the most severe first in one place, without duplicates.
    pub findings: Vec<Finding>,
    /// Suppressed findings, in the same order.
    pub suppressed: Vec<Suppressed>,
    /// True if a finding is severe enough to fail the run.
    pub fails: bool,
    /// Counts of the run. The caller sets `elapsed`.
    pub summary: Summary,
    /// The projects that the rules ran over; empty from [`findings`].
    pub projects: Vec<Project>,
    /// The files that each project depends on.
    pub(crate) inputs: Vec<ProjectInputs>,
}

/// The files that a project depends on: its findings and facts are the same as long as none of these changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProjectInputs {
    /// Files read for it.
    pub(crate) files: Vec<SourceId>,
    /// Files that it does not read, but that change its services.
    pub(crate) changed_by: Vec<PathBuf>,
}

/// Builds the projects and runs every enabled rule over each.
#[must_use]
pub fn run(options: &Options, sources: &Sources, discovered: &Discovered) -> Outcome {
    run_inner(options, sources, discovered, true)
}

/// Like [`run`], but drops each project as soon as it is checked: on large trees they take most of the memory.
#[must_use]
pub fn findings(options: &Options, sources: &Sources, discovered: &Discovered) -> Outcome {
    run_inner(options, sources, discovered, false)
}

fn run_inner(options: &Options, sources: &Sources, discovered: &Discovered, keep: bool) -> Outcome {
    // `-vv` alone asks the clock, which not every target has.
    let begun = tracing::enabled!(tracing::Level::DEBUG).then(std::time::Instant::now);
    let check_project = |project: &Project| {
        let mut findings = run_rules(project, options, sources);
        // The parsed trees of the project's files are still cached here; later they would be parsed again.
        node_path::attach_node_paths(&mut findings, sources);
        resolve_fix_ops(&mut findings, sources);
        images::remove_fixes(&mut findings, project);
        findings
    };
    let shared = SharedFindings::new(sources);
    let mut projects = with_measurements(options, sources, discovered, |measured| {
        // Fixes keep projects, and try them many times.
        let explain = !keep;
        Checker { options, sources, check_project: &check_project, shared: &shared, keep, measured, explain }
            .check_all(discovered)
    });
    if let Some(begun) = begun {
        tracing::debug!("checked {} projects: {} ms", projects.len(), begun.elapsed().as_millis());
    }
    let configs = ConfigResolver::new(options, sources, &projects);
    let mut suppressions = Suppressions::read(&projects, sources);
    let mut decider = Decider::new((options, sources, discovered), &configs, &mut suppressions);
    for project in &mut projects {
        for finding in std::mem::take(&mut project.findings) {
            decider.decide(finding, project);
        }
        for (finding, ignored) in project.shared.iter().filter_map(|index| shared.remove(*index)) {
            decider.decide_shared(finding, ignored);
        }
        decider.mark_used(&project.out_of_scope);
    }
    decider.check_suppressions(&projects);
    let (findings, mut suppressed) = decider.into_parts();
    let mut findings = sorted(findings, sources, |finding| finding);
    let in_source_count = suppressed.len();
    // Findings are large, and most runs have no baseline: those that stay are not moved.
    if let Some((baseline, root)) = &options.baseline {
        let mut known = baseline.matches_each(&identities(&findings, sources, root)).into_iter();
        let known = findings.extract_if(.., |_| known.next().unwrap_or_default());
        suppressed.extend(known.map(|finding| Suppressed {
            finding,
            kind: SuppressionKind::External,
            justification: Some("in the baseline".to_owned()),
        }));
    }
    let baseline_count = suppressed.len() - in_source_count;
    let suppressed = sorted(suppressed, sources, |suppressed| &suppressed.finding);
    let mut summary = count(&projects, sources, discovered);
    summary.count(&findings);
    summary.suppressed = in_source_count;
    summary.baseline = baseline_count;
    let fails = configs.exceeds_fail_on(&findings);
    if let Some(begun) = begun {
        tracing::debug!("decided on {} findings: {} ms", findings.len(), begun.elapsed().as_millis());
    }
    let inputs = projects.iter_mut().map(|project| std::mem::take(&mut project.inputs)).collect();
    Outcome { findings, suppressed, fails, summary, projects: into_projects(projects), inputs }
}

/// Builds the projects of the discovered files without running rules.
#[must_use]
pub fn projects(options: &Options, sources: &Sources, discovered: &Discovered) -> Vec<Project> {
    with_measurements(options, sources, discovered, |measured| {
        build(options, sources, discovered, (measured, true))
    })
}

fn build(
    options: &Options,
    sources: &Sources,
    discovered: &Discovered,
    (measured, explain): (Option<&Measurements<'_>>, bool),
) -> Vec<Project> {
    let check_project = |_: &Project| Vec::new();
    let shared = SharedFindings::new(sources);
    let (check_project, shared) = (&check_project, &shared);
    let checker = Checker { options, sources, check_project, shared, keep: true, measured, explain };
    into_projects(checker.check_all(discovered))
}

/// Calls `then` with the measurements of the run, if any. Containers are matched to services across all projects, which are
/// built once beforehand.
fn with_measurements<T>(
    options: &Options,
    sources: &Sources,
    discovered: &Discovered,
    then: impl FnOnce(Option<&Measurements<'_>>) -> T,
) -> T {
    let Some(stats) = &options.stats else { return then(None) };
    let measured = Measurements::new(stats, &build(options, sources, discovered, (None, false)));
    then(Some(&measured))
}

/// Returns the kept projects, with [`Project::report_only`] set to the files in scope.
fn into_projects(checked: Vec<CheckedProject>) -> Vec<Project> {
    let kept = checked.into_iter().filter_map(|checked| Some((checked.project?, checked.report_only)));
    kept.map(|(project, within)| Project { report_only: within, ..project }).collect()
}

/// Runs every enabled rule over one project, in the order of the rules.
pub(crate) fn run_rules(project: &Project, options: &Options, sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = options.config_of_files(&project.files, sources);
    let policy = options.policy_of(config.as_deref());
    let preset = options.preset_of(config.as_deref());
    for rule in RULES.iter().filter(|rule| options.enables(rule.meta(), config.as_deref(), preset)) {
        rule.check(&mut RuleContext::new(rule.meta(), &policy, project, &mut findings).with_preset(preset));
    }
    if let Some(all) = &options.targets
        && let Some(targets) = all.projects.get(&paths(project, sources))
    {
        let cx = &mut RuleContext::new(&planned::META, &policy, project, &mut findings);
        planned::check((targets, all.in_deploy), cx);
    }
    images::move_out_of_lock(&mut findings, project);
    findings
}

/// Returns the paths of a project's Compose files, by which [`Targets`] know it.
pub(crate) fn paths(project: &Project, sources: &Sources) -> Vec<PathBuf> {
    project.compose_files.iter().map(|file| sources.get(*file).path().to_path_buf()).collect()
}

/// Sorts findings by path and position, whatever the order of reading, and drops duplicates from different projects.
fn sorted<T: PartialEq>(items: Vec<T>, sources: &Sources, finding: impl Fn(&T) -> &Finding) -> Vec<T> {
    let place = |item: &T| sources.to_outer_span(finding(item).primary.span);
    let ranks = ranks(items.iter().map(|item| place(item).file), sources);
    // Findings are large: they are moved once, when their order is known.
    let placed = items.iter().enumerate().map(|(at, item)| {
        let place = place(item);
        ((ranks.get(&place.file), place.start), finding(item), at)
    });
    let mut placed: Vec<_> = placed.collect();
    placed.sort_by(|(a_place, a, _), (b_place, b, _)| {
        a_place
            .cmp(b_place)
            .then_with(|| (b.severity, a.rule, &a.message).cmp(&(a.severity, b.rule, &b.message)))
    });
    let order: Vec<usize> = placed.into_iter().map(|(.., at)| at).collect();
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    let mut sorted: Vec<T> = Vec::with_capacity(items.len());
    for item in order.into_iter().filter_map(|at| items.get_mut(at)?.take()) {
        if sorted.last() != Some(&item) {
            sorted.push(item);
        }
    }
    sorted
}

/// Returns the rank of each file in path order; files with the same path share a rank.
fn ranks(files: impl Iterator<Item = SourceId>, sources: &Sources) -> HashMap<SourceId, usize> {
    let unique: HashSet<SourceId> = files.collect();
    let mut files: Vec<Arc<Source>> = unique.into_iter().map(|file| sources.get(file)).collect();
    files.sort_by(|a, b| compare_paths(a.path(), b.path()));
    let places = files.chunk_by(|a, b| a.path() == b.path()).enumerate();
    places.flat_map(|(rank, files)| files.iter().map(move |file| (file.id(), rank))).collect()
}

fn count(projects: &[CheckedProject], sources: &Sources, discovered: &Discovered) -> Summary {
    // A service of an override file has its anchor in the base, so the set counts it once.
    let anchors: HashSet<_> = projects.iter().flat_map(|project| &project.anchors).collect();
    let of = |kind| anchors.iter().filter(|(other, _)| *other == kind).count();
    let mut files: HashSet<PathBuf> =
        discovered.files.iter().map(|found| sources.absolute(&found.path)).collect();
    let read: HashSet<SourceId> = projects.iter().flat_map(|project| &project.files).copied().collect();
    files.extend(read.into_iter().map(|id| sources.absolute(sources.get(id).path())));
    let unknown: BTreeSet<&String> = projects.iter().flat_map(|project| &project.unknown_images).collect();
    let in_scope = |project: &&CheckedProject, place: Span| {
        project.report_only.iter().all(|files| files.contains(&place.file))
    };
    let filled_in: HashSet<&FindingKey> = projects
        .iter()
        .flat_map(|project| project.filled_in.iter().filter(move |key| in_scope(&project, key.place)))
        .collect();
    Summary {
        filled_in: filled_in.len(),
        unknown_images: unknown.into_iter().cloned().collect(),
        services: of(Kind::Service) + of(Kind::Job),
        containers: of(Kind::Container),
        images: of(Kind::Image),
        files: files.len(),
        ..Summary::default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::diagnostic::Severity;
    use crate::rules::{Group, Meta, Preset};

    static META: Meta = Meta {
        name: "rule",
        summary: "",
        severity: Severity::Warning,
        group: Group::Lint,
        preset: Preset::Recommended,
        page: "",
    };

    #[test]
    fn findings_are_ordered_by_path_and_each_is_reported_once() {
        let sources = Sources::new();
        let b = sources.add(Path::new("b.yaml"), "x: 1\n");
        let a = sources.add(Path::new("a.yaml"), "x: 1\n");
        let mut findings = Vec::new();
        let (policy, project) = (Policy::default(), Project::default());
        let mut cx = RuleContext::new(&META, &policy, &project, &mut findings);
        for (file, start, message, severity) in [
            (b, 0, "one", Severity::Note),
            (a, 3, "two", Severity::Note),
            (a, 0, "three", Severity::Note),
            (b, 0, "one", Severity::Note),
            (b, 0, "four", Severity::Error),
        ] {
            cx.report(Span::new(file, start, start + 1), message).severity(severity);
        }
        let ordered = sorted(findings, &sources, |finding| finding);
        let messages: Vec<&str> = ordered.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["three", "two", "four", "one"]);
    }
}
