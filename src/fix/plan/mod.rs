//! Plans limits for the stacks of a run, and writes them as fixes are written: each change is verified, and nothing of a service
//! is written for which a rule would then find more than before.

mod overlay;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

pub use self::overlay::{LimitsFile, is_own, limits_file};

use super::fix_some;
use crate::capacity::{Demand, Plan, Target, Targets};
use crate::check::{Options, paths, projects, run, run_rules};
use crate::diagnostic::{Applicability, Finding, Severity};
use crate::discover::Discovered;
use crate::hash::{HashMap, HashSet, IndexMap};
use crate::rules::{self, Group, planned};
use crate::source::{Overlay, SourceId, Sources, Span};
use crate::syntax::size::ByteSize;
use crate::workload::{Fact, Project, Workload};

/// Rules by which a limit does not hold what its service is known to need.
const REFUTING: [&str; 9] = [
    "heap-exceeds-limit",
    "tight-heap",
    "cache-exceeds-limit",
    "tight-cache",
    "default-heap-exceeds-limit",
    "memory-variable-exceeds-limit",
    "limit-below-image-minimum",
    "memory-limit-below-minimum",
    "zero-memory-limit",
];

/// The most times that a plan is written anew, without the services that it would harm.
const MAX_ROUNDS: usize = 6;

/// The services of one stack, with a plan for each host.
#[derive(Clone, Debug)]
pub struct StackPlan {
    /// Its Compose files, in order.
    pub files: Vec<SourceId>,
    /// Their paths, as they were found.
    pub paths: Vec<PathBuf>,
    /// What each service that starts asks for.
    pub demands: Vec<Demand>,
    /// A plan for each host, in the order of the request.
    pub plans: Vec<Plan>,
    /// The profiles that are not active, with the number of services that each would add.
    pub inactive: Vec<(String, usize)>,
    /// The places of includes and other parts that could not be read, and why.
    pub gaps: Vec<(Span, String)>,
}

/// The hosts to plan for.
#[derive(Clone, Debug, Default)]
pub struct Hosts {
    /// Their memory, in bytes.
    pub sizes: Vec<ByteSize>,
    /// The memory that each keeps for itself, if it is not the usual part.
    pub reserve: Option<ByteSize>,
    /// The profiles to start; empty for those of the project.
    pub profiles: Vec<String>,
}

/// The result of writing plans. Nothing is on the disk yet.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The changed files: path, text as read, text afterwards.
    pub files: Vec<(PathBuf, String, String)>,
    /// What is set for each service beside its limit, by the first path of its stack and its name: lower case, an imperative.
    pub settings: BTreeMap<(PathBuf, String), Vec<String>>,
    /// The services whose plan is not written, with the reason.
    pub refused: BTreeMap<(PathBuf, String), String>,
    /// The settings of each service afterwards.
    pub after: BTreeMap<(PathBuf, String), Settings>,
}

/// The memory settings of a service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The limit.
    pub limit: Option<ByteSize>,
    /// The reservation.
    pub reservation: Option<ByteSize>,
    /// Memory and swap together; -1 for unlimited swap, None for as much as memory.
    pub swap: Option<ByteSize>,
}

impl Settings {
    fn of(workload: &Workload) -> Self {
        let known = |fact: &Fact<ByteSize>| fact.value().copied().filter(|size| size.0 != 0);
        Self {
            limit: known(&workload.memory.limit),
            reservation: known(&workload.memory.reservation),
            swap: known(&workload.service.memswap_limit),
        }
    }
}

/// Plans every stack of the run. Override files on their own are no stacks.
#[must_use]
pub fn plan(options: &Options, sources: &Sources, discovered: &Discovered, hosts: &Hosts) -> Vec<StackPlan> {
    let all = projects(options, sources, discovered);
    let stacks =
        all.iter().filter(|project| !project.compose_files.is_empty() && project.report_only.is_empty());
    let stacks = stacks.map(|project| {
        let demands = Demand::of_project(project, &hosts.profiles, &refuted(project, options, sources));
        let plans = hosts.sizes.iter().map(|host| Plan::of(&demands, *host, hosts.reserve)).collect();
        let gaps = project.unresolved.iter().filter(|gap| matches!(gap.what, "include" | "extends"));
        StackPlan {
            files: project.compose_files.clone(),
            paths: paths(project, sources),
            inactive: inactive(project, &demands),
            gaps: gaps.map(|gap| (gap.span, gap.to_string())).collect(),
            demands,
            plans,
        }
    });
    stacks.filter(|stack| !stack.demands.is_empty() || !stack.gaps.is_empty()).collect()
}

/// Returns the services whose limit a rule refutes, with its message.
fn refuted(project: &Project, options: &Options, sources: &Sources) -> HashMap<String, String> {
    let options = Options { select: REFUTING.map(str::to_owned).to_vec(), ..options.clone() };
    let findings = run_rules(project, &options, sources).into_iter();
    let findings = findings.filter(|finding| finding.severity >= Severity::Warning);
    findings.filter_map(|finding| Some((finding.service?, finding.message))).collect()
}

/// Counts the services that only a profile starts that is not active.
fn inactive(project: &Project, demands: &[Demand]) -> Vec<(String, usize)> {
    let started: HashSet<&str> = demands.iter().map(|demand| demand.name.as_str()).collect();
    let mut counts: IndexMap<String, usize> = IndexMap::default();
    let others = project.workloads.iter().filter(|workload| {
        workload.role.runs() && workload.step().is_none() && !started.contains(workload.name.as_str())
    });
    for profile in others.flat_map(|workload| &workload.service.profiles) {
        *counts.entry(profile.value.clone()).or_default() += 1;
    }
    counts.into_iter().collect()
}

/// Writes the first plan of each stack that fits into copies of the files.
#[must_use]
pub fn write(options: &Options, discovered: &Discovered, stacks: &[StackPlan]) -> Written {
    let options = &Options { targets: None, ..options.clone() };
    let before = State::of(options, discovered, &Overlay::new());
    let mut written = Written::default();
    for round in 0..MAX_ROUNDS {
        let targets = targets(stacks, &written.refused);
        let (texts, refused) = texts(options, discovered, targets, &mut written);
        let after = State::of(options, discovered, &texts);
        let mut harmed = after.harmed(&before, stacks);
        // What the fixes refused is left out of the next round, so that its neighbours get theirs.
        harmed.retain(|key, _| !written.refused.contains_key(key));
        if harmed.is_empty() || round + 1 == MAX_ROUNDS {
            let is_clean = harmed.is_empty();
            written.refused.extend(refused.into_iter().chain(harmed));
            if is_clean {
                written.files = before.changed(texts);
                written.after = after.settings(stacks);
            }
            break;
        }
        written.refused.extend(harmed);
    }
    written
}

/// Returns what to write: the grants of the first plan of each stack, where it fits.
fn targets(stacks: &[StackPlan], refused: &BTreeMap<(PathBuf, String), String>) -> Targets {
    let mut all = Targets { limits_only: true, ..Targets::default() };
    for stack in stacks {
        let Some(plan) = stack.plans.first().filter(|plan| plan.missing.is_none()) else { continue };
        let Some(first) = stack.paths.first() else { continue };
        let mut own = IndexMap::default();
        for (demand, grant) in stack.demands.iter().zip(&plan.grants) {
            if demand.variable.is_none() && !refused.contains_key(&(first.clone(), demand.name.clone())) {
                let target = Target { limit: grant.limit, reservation: grant.reservation };
                own.insert(demand.name.clone(), target);
            }
            for (step, limit) in
                demand.steps.iter().zip(&grant.steps).filter(|(step, _)| step.needs.is_some())
            {
                let refused = refused.contains_key(&(first.clone(), step.name.clone()));
                if !step.has_own && !refused {
                    own.insert(step.name.clone(), Target { limit: *limit, reservation: None });
                }
            }
        }
        all.projects.insert(stack.paths.clone(), own);
    }
    all
}

/// Returns the texts with the targets written: the limits first, then swap, heaps and caches. Also what was refused.
fn texts(
    options: &Options,
    discovered: &Discovered,
    targets: Targets,
    written: &mut Written,
) -> (Overlay, BTreeMap<(PathBuf, String), String>) {
    let names: HashSet<String> = targets.projects.values().flat_map(|own| own.keys().cloned()).collect();
    let own = |service: Option<&str>| {
        let service = service?;
        let of = targets.projects.iter().find(|(_, own)| own.contains_key(service));
        Some((of?.0.first()?.clone(), service.to_owned()))
    };
    let limits = Options { targets: Some(Arc::new(targets.clone())), ..options.clone() };
    let is_planned = |finding: &Finding| finding.rule == planned::META.name;
    let first = fix_some(&limits, discovered, &Overlay::new(), Applicability::Unsafe, &is_planned);
    let mut texts: Overlay = first.files.into_iter().map(|(path, _, new)| (path, new)).collect();
    let refused =
        first.refused.into_iter().filter_map(|refused| Some((own(refused.service.as_deref())?, refused.why)));
    let refused = refused.collect();

    let rest = Targets { limits_only: false, ..targets.clone() };
    let rest = Options { targets: Some(Arc::new(rest)), ..options.clone() };
    let goes_with = |finding: &Finding| {
        finding.service.as_ref().is_some_and(|service| names.contains(service)) && goes_with_a_limit(finding)
    };
    let second = fix_some(&rest, discovered, &texts, Applicability::Unsafe, &goes_with);
    texts.extend(second.files.into_iter().map(|(path, _, new)| (path, new)));
    written.settings.clear();
    for applied in second.applied.iter().filter(|applied| applied.rule != "missing-swap-limit") {
        if let Some(key) = own(applied.service.as_deref()) {
            written.settings.entry(key).or_default().push(applied.title.clone());
        }
    }
    (texts, refused)
}

/// True for a finding whose fix belongs to a plan: swap, and what is wrong with limits, heaps and caches.
fn goes_with_a_limit(finding: &Finding) -> bool {
    let group = rules::find(finding.rule).map(|rule| rule.meta().group);
    let is_memory =
        matches!(group, Some(Group::Limits | Group::Heap)) && finding.severity >= Severity::Warning;
    is_memory || matches!(finding.rule, "missing-swap-limit" | "unbounded-heap")
}

/// One state of the files.
struct State {
    sources: Sources,
    projects: Vec<Project>,
    findings: Vec<Finding>,
}

impl State {
    fn of(options: &Options, discovered: &Discovered, texts: &Overlay) -> Self {
        let sources = Sources::with_file_system(options.disk.with_overlay(texts));
        let outcome = run(options, &sources, discovered);
        Self { sources, projects: outcome.projects, findings: outcome.findings }
    }

    /// Counts the warnings and errors by rule, service and file.
    fn counts(&self) -> HashMap<(&'static str, Option<&str>, PathBuf), usize> {
        let mut counts = HashMap::default();
        for finding in self.findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
            *counts.entry((finding.rule, finding.service.as_deref(), self.path(finding))).or_default() += 1;
        }
        counts
    }

    fn path(&self, finding: &Finding) -> PathBuf {
        let file = self.sources.to_outer_span(finding.primary.span).file;
        self.sources.get(file).path().to_path_buf()
    }

    /// Returns the services for which more is found than before, with the finding.
    fn harmed(&self, before: &Self, stacks: &[StackPlan]) -> BTreeMap<(PathBuf, String), String> {
        let (were, are) = (before.counts(), self.counts());
        let mut harmed = BTreeMap::new();
        for finding in self.findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
            let Some(service) = finding.service.as_deref() else { continue };
            let about = (finding.rule, Some(service), self.path(finding));
            if are.get(&about) <= were.get(&about) {
                continue;
            }
            for stack in
                stacks.iter().filter(|stack| stack.demands.iter().any(|demand| demand.name == service))
            {
                let why = format!("it would cause {}: {}", finding.rule, finding.message);
                harmed.extend(stack.paths.first().map(|first| ((first.clone(), service.to_owned()), why)));
            }
        }
        harmed
    }

    /// Returns the files of `texts` whose text differs from that of this state.
    fn changed(&self, texts: Overlay) -> Vec<(PathBuf, String, String)> {
        let files = texts.into_iter().filter_map(|(path, new)| {
            let id = self.sources.load(&path).ok()?;
            let old = self.sources.get(id).text().to_owned();
            (old != new).then_some((path, old, new))
        });
        files.collect()
    }

    /// Returns the projects of the stacks, each with the first path of its stack.
    fn of_stacks<'s>(&'s self, stacks: &'s [StackPlan]) -> impl Iterator<Item = (&'s PathBuf, &'s Project)> {
        stacks.iter().filter_map(|stack| {
            let is_own = |project: &&Project| paths(project, &self.sources) == stack.paths;
            Some((stack.paths.first()?, self.projects.iter().find(is_own)?))
        })
    }

    fn settings(&self, stacks: &[StackPlan]) -> BTreeMap<(PathBuf, String), Settings> {
        let all = self.of_stacks(stacks).flat_map(|(first, project)| {
            project
                .workloads
                .iter()
                .map(|workload| ((first.clone(), workload.name.clone()), Settings::of(workload)))
        });
        all.collect()
    }
}
