//! Plans limits for the stacks of a run, and writes them as fixes are written: each change is verified, and nothing of a service
//! is written for which a rule would then find more than before.

mod overlay;
mod services;
mod state;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::overlay::{LimitsFile, is_own, limits_file};

use self::services::Services;
use self::state::State;
use super::fix_some;
use crate::capacity::{Demand, Plan, Target, Targets};
use crate::check::{Options, paths, projects, run_rules};
use crate::diagnostic::{Applicability, Finding, Severity};
use crate::discover::{Discovered, FileKind};
use crate::hash::{HashMap, HashSet, IndexMap};
use crate::rules::{self, Group, planned};
use crate::source::{Overlay, SourceId, Sources, Span};
use crate::syntax::size::ByteSize;
use crate::workload::{Fact, Project, Workload};

/// Rules by which a limit does not hold what its service is known to need.
const REFUTING: [&str; 10] = [
    "heap-exceeds-limit",
    "tight-heap",
    "cache-exceeds-limit",
    "tight-cache",
    "default-heap-exceeds-limit",
    "memory-variable-exceeds-limit",
    "limit-below-image-minimum",
    "memory-limit-below-minimum",
    "zero-memory-limit",
    "shm-exceeds-limit",
];

/// The most times that a plan is written anew, without the services that it would harm.
const MAX_ROUNDS: usize = 6;

/// The most times that a plan is made anew from what was written.
const MAX_PASSES: usize = 4;

/// The services of one stack, with a plan for each host.
#[derive(Clone, Debug)]
pub struct StackPlan {
    /// Its Compose files, in order.
    pub files: Vec<SourceId>,
    /// Their paths, as they were found.
    pub paths: Vec<PathBuf>,
    /// The option or file that has the memory of the hosts.
    pub from: String,
    /// The demand of each service that starts.
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
    /// Their memory, in bytes. Empty for that which each project's configuration or development container names.
    pub sizes: Vec<ByteSize>,
    /// The option that has the sizes.
    pub from: String,
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
    /// The changes other than the limit, by the first path of the stack and the name of the service: lower case, an imperative.
    pub settings: BTreeMap<Key, Vec<String>>,
    /// The services whose plan is not written, with the reason.
    pub refused: BTreeMap<Key, String>,
    /// The warnings and errors about limits and heaps that are left.
    pub remaining: BTreeMap<Key, Vec<String>>,
    /// The settings of each service afterwards.
    pub after: BTreeMap<Key, Settings>,
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
            // A Windows container has no swap on top of its limit.
            swap: match workload.windows {
                true => known(&workload.memory.limit),
                false => known(&workload.service.memswap_limit),
            },
        }
    }
}

/// Plans every stack among the projects. Override files on their own are no stacks.
#[must_use]
pub fn plan(options: &Options, sources: &Sources, projects: &[Project], hosts: &Hosts) -> Vec<StackPlan> {
    let stacks = projects.iter().filter(|project| project.is_stack()).map(|project| {
        let demands = Demand::of_project(project, &hosts.profiles, &refuted(project, options, sources));
        let (sizes, from) = if hosts.sizes.is_empty() {
            let (size, from) = options.host_for(project, sources).unzip();
            (size.into_iter().collect(), from.unwrap_or_default())
        } else {
            (hosts.sizes.clone(), hosts.from.clone())
        };
        let plans = sizes
            .iter()
            .map(|host| Plan::of(&demands, options.room(project, sources, *host, hosts.reserve)))
            .collect();
        let gaps = project.unresolved.iter().filter(|gap| matches!(gap.what, "include" | "extends"));
        StackPlan {
            files: project.compose_files.clone(),
            paths: paths(project, sources),
            from,
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
pub fn write(options: &Options, discovered: &Discovered, stacks: &[StackPlan], hosts: &Hosts) -> Written {
    if fitting(stacks).next().is_none() {
        return Written::default();
    }
    let options = &Options { targets: None, ..options.clone() };
    let mut written = in_some_form(options, discovered, stacks, &Overlay::new());
    // What was refused may be possible once the rest is written: a smaller heap fits a limit. The next run would find that.
    for _ in 1..MAX_PASSES {
        let texts: Overlay = written.files.iter().map(|(path, _, new)| (path.clone(), new.clone())).collect();
        let sources = Sources::with_file_system(options.disk.with_overlay(&texts));
        let again = plan(options, &sources, &projects(options, &sources, discovered), hosts);
        let next = in_some_form(options, discovered, &again, &texts);
        if next.files.is_empty() {
            break;
        }
        for (path, old, new) in next.files {
            match written.files.iter_mut().find(|(known, ..)| *known == path) {
                Some((_, _, text)) => *text = new,
                None => written.files.push((path, old, new)),
            }
        }
        for (key, lines) in next.settings {
            written.settings.entry(key).or_default().extend(lines);
        }
        (written.after, written.remaining) = (next.after, next.remaining);
    }
    written
}

/// Writes plans in the first form that all services take, or in that which most of them take. `base` has texts in place of
/// files.
fn in_some_form(options: &Options, discovered: &Discovered, stacks: &[StackPlan], base: &Overlay) -> Written {
    let before = State::of(options, discovered, base);
    let services = Services::of(stacks.iter(), &before);
    let planned = Services::of(fitting(stacks), &before);
    let writer = Writer { options, discovered, stacks, base, before, services, planned };
    let mut best: Option<Written> = None;
    // A service that another one extends, or whose keys are shared, may take its limit in one form only, and no reservation.
    for (in_deploy, bare) in [(false, false), (true, false), (false, true), (true, true)] {
        let without = match &best {
            Some(best) if bare => best.refused.keys().cloned().collect(),
            _ => BTreeSet::new(),
        };
        let written = writer.write(in_deploy, &without);
        let done = written.refused.is_empty();
        if best.as_ref().is_none_or(|best| written.refused.len() < best.refused.len()) {
            best = Some(written);
        }
        if done {
            break;
        }
    }
    best.unwrap_or_default()
}

/// The first path of a stack, and the name of one of its services.
type Key = (PathBuf, String);

/// Writes plans in different forms.
struct Writer<'w> {
    options: &'w Options,
    discovered: &'w Discovered,
    stacks: &'w [StackPlan],
    /// Texts in place of files.
    base: &'w Overlay,
    before: State,
    services: Services,
    /// The services of the stacks that fit: only those are written.
    planned: Services,
}

impl Writer<'_> {
    /// Writes the plans, in the end without those services that they would harm. Services of `bare` get no reservation.
    fn write(&self, in_deploy: bool, bare: &BTreeSet<Key>) -> Written {
        let mut written = Written::default();
        for _ in 0..MAX_ROUNDS {
            let targets = self.targets(in_deploy, bare, &written.refused);
            let (texts, mut refused) = self.texts(&targets, &mut written.settings);
            let after = State::of(self.options, self.discovered, &texts);
            let mut harmed = after.harmed(&self.before, &self.services);
            harmed.extend(self.harmed_base(&texts));
            harmed.retain(|key, _| !written.refused.contains_key(key));
            if !harmed.is_empty() {
                written.refused.extend(harmed);
                continue;
            }
            written.after = after.settings(self.stacks);
            // What a rule finds is what `check` reports about it.
            let open =
                after.remaining(&self.planned, |own| is_warning_of(own, &[Group::Limits, Group::Heap]));
            for (key, target) in keyed(&targets) {
                let now = written.after.get(&key).and_then(|after| after.limit);
                if now == Some(target.limit) {
                    refused.remove(&key);
                    continue;
                }
                let why = open.get(&key).and_then(|own| own.first().cloned()).or(refused.remove(&key));
                let other = || "its limit cannot be written without changing more than that".to_owned();
                refused.insert(key, why.unwrap_or_else(other));
            }
            if refused.is_empty() {
                written.remaining = after.remaining(&self.planned, is_about_memory);
                written.files = self.before.changed(texts);
                return written;
            }
            // Nothing else of a service is written, either.
            written.refused.extend(refused);
        }
        // Nothing is written where each attempt harms another service.
        let why = "its stack could not be written without new findings";
        let all = self.stacks.iter().flat_map(|stack| {
            let names = stack.demands.iter().map(|demand| demand.name.clone());
            names.filter_map(|name| Some((stack.paths.first()?.clone(), name)))
        });
        written.refused.extend(all.map(|key| (key, why.to_owned())));
        Written { after: self.before.settings(self.stacks), settings: BTreeMap::new(), ..written }
    }

    /// Returns the services that the texts harm where the first file of their stack is used without its override files.
    fn harmed_base(&self, texts: &Overlay) -> BTreeMap<Key, String> {
        let mut harmed = BTreeMap::new();
        for stack in self.stacks.iter().filter(|stack| stack.paths.len() > 1) {
            let base: Vec<PathBuf> = stack.paths.iter().take(1).cloned().collect();
            let files = only(&base);
            let options = Options { compose_files: base, ..self.options.clone() };
            let state = |texts: &Overlay| State::of(&options, &files, texts);
            harmed.extend(state(texts).harmed(&state(self.base), &Services::alone(stack)));
        }
        harmed
    }

    /// Returns what to write: the grants of the first plan of each stack, where it fits.
    fn targets(&self, in_deploy: bool, bare: &BTreeSet<Key>, refused: &BTreeMap<Key, String>) -> Targets {
        let mut all = Targets { limits_only: true, in_deploy, ..Targets::default() };
        for stack in fitting(self.stacks) {
            let Some(plan) = stack.plans.first() else { continue };
            let Some(first) = stack.paths.first() else { continue };
            let key = |name: &str| (first.clone(), name.to_owned());
            let mut own = IndexMap::default();
            for (demand, grant) in stack.demands.iter().zip(&plan.grants) {
                let is_bare = bare.contains(&key(&demand.name));
                if demand.variable.is_none() && !refused.contains_key(&key(&demand.name)) {
                    let reservation = grant.reservation.filter(|_| !is_bare);
                    own.insert(demand.name.clone(), Target { limit: grant.limit, reservation });
                }
                let steps = demand.steps.iter().zip(&grant.steps);
                let open = steps.filter(|(step, _)| step.needs.is_some() && !step.has_own);
                for (step, limit) in open.filter(|(step, _)| !refused.contains_key(&key(&step.name))) {
                    own.insert(step.name.clone(), Target { limit: *limit, reservation: None });
                }
            }
            all.projects.insert(stack.paths.clone(), own);
        }
        all
    }

    /// Returns the keys of the services that a plan is written for and that are asked for.
    fn keys_of(&self, asked: impl Fn(&Demand) -> bool) -> HashSet<Key> {
        let mut keys = HashSet::default();
        for stack in fitting(self.stacks) {
            let Some(first) = stack.paths.first() else { continue };
            let own = stack.demands.iter().filter(|demand| asked(demand));
            keys.extend(own.map(|demand| (first.clone(), demand.name.clone())));
        }
        keys
    }

    /// Returns the texts with the targets written: the limits first, then swap, heaps and caches. Also what was refused.
    fn texts(
        &self,
        targets: &Targets,
        settings: &mut BTreeMap<Key, Vec<String>>,
    ) -> (Overlay, BTreeMap<Key, String>) {
        let Self { options, discovered, .. } = *self;
        let targeted: HashSet<Key> = keyed(targets).map(|(key, _)| key).collect();
        let own = |path: &Path, service: Option<&str>| {
            self.planned.keys(path, service).filter(|key| targeted.contains(key)).collect::<Vec<Key>>()
        };
        let limits = Options { targets: Some(Arc::new(targets.clone())), ..options.clone() };
        let is_planned = |finding: &Finding, _: &Path| finding.rule == planned::META.name;
        let first = fix_some(&limits, discovered, self.base, Applicability::Unsafe, &is_planned);
        let mut texts = self.base.clone();
        texts.extend(first.files.into_iter().map(|(path, _, new)| (path, new)));
        let refused = first.refused.into_iter().flat_map(|refused| {
            let keys = own(&refused.path, refused.service.as_deref()).into_iter();
            keys.map(move |key| (key, refused.why.clone()))
        });
        let refused = refused.collect();

        let rest = Targets { limits_only: false, ..targets.clone() };
        let rest = Options { targets: Some(Arc::new(rest)), ..options.clone() };
        // A limit that a variable sets stays, and its swap follows it.
        let kept = self.keys_of(|demand| demand.variable.is_some());
        // A limit that is a guess may be too small: with swap, its service gets slow before it is killed.
        let guesses = self.keys_of(|demand| demand.guess);
        let goes_with = |finding: &Finding, path: &Path| {
            let is_swap = finding.rule == "missing-swap-limit";
            (is_swap || goes_with_a_limit(finding))
                && self
                    .planned
                    .keys(path, finding.service.as_deref())
                    .filter(|key| !(is_swap && guesses.contains(key)))
                    .any(|key| targeted.contains(&key) || is_swap && kept.contains(&key))
        };
        let second = fix_some(&rest, discovered, &texts, Applicability::Unsafe, &goes_with);
        texts.extend(second.files.into_iter().map(|(path, _, new)| (path, new)));
        settings.clear();
        // Swap that nothing allows is a number of its own in the report.
        for applied in second.applied.iter().filter(|applied| applied.rule != "missing-swap-limit") {
            for key in own(&applied.path, applied.service.as_deref()) {
                settings.entry(key).or_default().push(format!("{} ({})", applied.title, applied.rule));
            }
        }
        (texts, refused)
    }
}

/// Returns the stacks whose first plan fits its host: only those are written.
fn fitting(stacks: &[StackPlan]) -> impl Iterator<Item = &StackPlan> {
    stacks.iter().filter(|stack| stack.plans.first().is_some_and(|plan| plan.missing.is_none()))
}

/// Returns every target with its key.
fn keyed(targets: &Targets) -> impl Iterator<Item = (Key, &Target)> {
    targets.projects.iter().flat_map(|(paths, own)| {
        let first = paths.first().cloned().unwrap_or_default();
        own.iter().map(move |(name, target)| ((first.clone(), name.clone()), target))
    })
}

/// Returns a run of these files only.
fn only(paths: &[PathBuf]) -> Discovered {
    let mut discovered = Discovered::default();
    for path in paths {
        discovered.add(path.clone(), FileKind::Compose);
    }
    discovered
}

/// True for a finding whose fix belongs to a plan: swap, and what is wrong with limits, heaps and caches.
fn goes_with_a_limit(finding: &Finding) -> bool {
    is_warning_of(finding, &[Group::Limits, Group::Heap])
        || matches!(finding.rule, "missing-swap-limit" | "unbounded-heap")
}

/// True for a warning or error about limits, heaps, or files in memory.
fn is_about_memory(finding: &Finding) -> bool {
    is_warning_of(finding, &[Group::Limits, Group::Heap, Group::MemoryFs])
}

/// True for a warning or error of a rule of one of these groups.
fn is_warning_of(finding: &Finding, groups: &[Group]) -> bool {
    let is_own = |group: Group| groups.contains(&group);
    finding.severity >= Severity::Warning
        && rules::find(finding.rule).is_some_and(|rule| is_own(rule.meta().group))
}
