//! Runs the rules over the projects.

mod concern;
mod configured;
mod elsewhere;
mod examine;
mod excess;
pub mod fix;
mod overlays;
mod shared;
mod suppression;

use std::path::PathBuf;
use std::sync::Arc;

use self::examine::{Examined, Examiner};
pub use self::excess::MAX_FINDINGS;
use self::shared::Pool;
use crate::config::{Configs, FailOn, Patterns};
use crate::discover::{Discovered, Root};
use crate::finding::baseline::Baseline;
use crate::finding::{self, Finding, Suppressed, SuppressionKind, evidence};
use crate::hash::{HashMap, HashSet};
use crate::model::compose::Settings;
use crate::parallel;
use crate::report::Summary;
use crate::rules::{Meta, Policy, Preset, RULES, Sink, Target};
use crate::source::{Disk, Source, SourceId, Sources, in_order};
use crate::stats::Stats;
use crate::workload::{Kind, Measurements, Project};

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
    examined(options, sources, discovered, true)
}

/// The same without [`Outcome::projects`]: of a large tree they are most of what a run holds.
#[must_use]
pub fn findings(options: &Options, sources: &Sources, discovered: &Discovered) -> Outcome {
    examined(options, sources, discovered, false)
}

fn examined(options: &Options, sources: &Sources, discovered: &Discovered, keep: bool) -> Outcome {
    let look = |project: &Project| {
        let mut findings = check(project, options, sources);
        // What the files look like is at hand now, and would have to be read again later.
        finding::place(&mut findings, sources);
        finding::fix::realize(&mut findings, sources);
        findings
    };
    let pool = Pool::new(sources);
    let mut projects = with_measurements(options, sources, discovered, |measured| {
        Examiner { options, sources, look: &look, pool: &pool, keep, measured }.all(discovered)
    });
    let found =
        parallel::map(projects.iter_mut().collect(), |project| suppression::by_service(project, sources));
    let mut findings = Vec::with_capacity(found.iter().map(|(sifted, _)| sifted.findings.len()).sum());
    let (mut suppressed, mut ledger) = (Vec::new(), suppression::Ledger::default());
    let mut unsaid = Vec::new();
    for (project, (sifted, names)) in projects.iter().zip(found) {
        findings.extend(sifted.findings);
        for (finding, held) in project.shared.iter().filter_map(|index| pool.take(*index)) {
            match held {
                None => findings.push(finding),
                Some(reason) => suppressed.push(suppression::in_source(finding, reason)),
            }
        }
        unsaid.extend(sifted.unsaid);
        suppressed.extend(sifted.suppressed);
        ledger.merge(names);
    }
    let voices = configured::Voices::new(options, sources, &projects);
    let sifted = suppression::by_comments(&voices, options, sources, &projects, (findings, unsaid), ledger);
    suppressed.extend(sifted.suppressed);
    let sifted = configured::apply(&voices, discovered, sifted.findings);
    suppressed.extend(sifted.suppressed);
    let mut findings = sorted(sifted.findings, sources, |finding| finding);
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
    let suppressed = sorted(suppressed, sources, |suppressed| &suppressed.finding);
    let mut summary = count(&projects, sources, discovered);
    summary.count(&findings);
    summary.suppressed = suppressed.len() - known;
    summary.baseline = known;
    let fails = voices.fail(&findings);
    let projects = whole(projects);
    Outcome { findings, suppressed, fails, summary, projects }
}

/// The stacks and lone images that the files make.
#[must_use]
pub fn projects(options: &Options, sources: &Sources, discovered: &Discovered) -> Vec<Project> {
    let look = |_: &Project| Vec::new();
    let pool = Pool::new(sources);
    with_measurements(options, sources, discovered, |measured| {
        whole(Examiner { options, sources, look: &look, pool: &pool, keep: true, measured }.all(discovered))
    })
}

/// Which container is which service's hangs on all the projects: where something was measured, they are built once before.
fn with_measurements<T>(
    options: &Options,
    sources: &Sources,
    discovered: &Discovered,
    then: impl FnOnce(Option<&Measurements<'_>>) -> T,
) -> T {
    let Some(stats) = &options.stats else { return then(None) };
    let look = |_: &Project| Vec::new();
    let pool = Pool::new(sources);
    let examiner = Examiner { options, sources, look: &look, pool: &pool, keep: true, measured: None };
    let measured = Measurements::new(stats, &whole(examiner.all(discovered)));
    then(Some(&measured))
}

/// The projects themselves, with what is known by now of what to say of them.
fn whole(examined: Vec<Examined>) -> Vec<Project> {
    let kept = examined.into_iter().filter_map(|examined| Some((examined.project?, examined.within)));
    kept.map(|(project, within)| Project { within, ..project }).collect()
}

/// Every rule over one project, in the order of the rules.
fn check(project: &Project, options: &Options, sources: &Sources) -> Vec<Finding> {
    let mut findings = Vec::new();
    let config = options.config_of_files(&project.files, sources);
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
fn sorted<T: PartialEq>(items: Vec<T>, sources: &Sources, finding: impl Fn(&T) -> &Finding) -> Vec<T> {
    let place = |item: &T| sources.locate(finding(item).primary.span);
    let ranks = ranks(items.iter().map(|item| place(item).file), sources);
    let places: Vec<_> = items.iter().map(place).map(|place| (ranks.get(&place.file), place.start)).collect();
    // Findings are large: they are moved once, when their order is known.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| {
        places[*a].cmp(&places[*b]).then_with(|| {
            let (a, b) = (finding(&items[*a]), finding(&items[*b]));
            (b.severity, a.rule, &a.message).cmp(&(a.severity, b.rule, &b.message))
        })
    });
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    let mut sorted: Vec<T> = Vec::with_capacity(items.len());
    for item in order.into_iter().filter_map(|at| items.get_mut(at)?.take()) {
        if sorted.last() != Some(&item) {
            sorted.push(item);
        }
    }
    sorted
}

/// Where each file stands in the order of the paths; two of one path share a place.
fn ranks(files: impl Iterator<Item = SourceId>, sources: &Sources) -> HashMap<SourceId, usize> {
    let unique: HashSet<SourceId> = files.collect();
    let mut files: Vec<Arc<Source>> = unique.into_iter().map(|file| sources.get(file)).collect();
    files.sort_by(|a, b| in_order(a.path(), b.path()));
    let places = files.chunk_by(|a, b| a.path() == b.path()).enumerate();
    places.flat_map(|(rank, files)| files.iter().map(move |file| (file.id(), rank))).collect()
}

fn count(projects: &[Examined], sources: &Sources, discovered: &Discovered) -> Summary {
    // A service of an overlay is the same as in its base: its key tells.
    let anchors: HashSet<_> = projects.iter().flat_map(|project| &project.anchors).collect();
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
        let ordered = sorted(findings, &sources, |finding| finding);
        let messages: Vec<&str> = ordered.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, ["three", "two", "four", "one"]);
    }
}
