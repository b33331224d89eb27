//! The rule `malformed-heap-setting`.

use crate::catalog::RuntimeName;
use crate::diagnostic::{Applicability, Edit, Severity};
use crate::rules::RuleContext;
use crate::rules::estimate::is_tight;
use crate::rules::offer::Offer;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{FactName, HeapProblem, HeapProblemKind, MemoryPool, Workload};

rule! {
    name: "malformed-heap-setting",
    summary: "a heap setting that the runtime rejects: it does not start",
    severity: Error,
    group: Heap,
    preset: Recommended,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    let offer = Offer::of(workload, cx);
    for heap in workload.pools.heaps.iter().chain(&workload.pools.caches) {
        let runtime = heap.runtime.display_name();
        for problem in &heap.problems {
            if !matches!(problem.kind, HeapProblemKind::Malformed | HeapProblemKind::Misread) {
                continue;
            }
            let (written, name) = (&problem.written, &workload.name);
            let message = match &problem.read_as {
                Some(read_as) => format!("{runtime} reads `{written}` of `{name}` as {read_as}"),
                None if heap.runtime == RuntimeName::Other => {
                    format!("`{name}` does not start with `{written}`")
                }
                None => format!("{runtime} rejects `{written}` of `{name}`"),
            };
            let mut finding = cx.report(problem.flag.span(), message);
            finding.label(problem.effect.as_str());
            if problem.kind == HeapProblemKind::Misread {
                finding.severity(Severity::Warning);
            }
            if !heap.assumed && heap.runtime != RuntimeName::Other {
                finding.related(heap.program.span, format!("starts {runtime}"));
            }
            if let Some(help) = &problem.help {
                finding.help(help.as_str());
            }
            let Some(instead) = &problem.instead else { continue };
            let repair = match repaired(&offer, heap, problem, instead) {
                Ok(repair) => repair,
                Err(why) => {
                    finding.help(format!("write `{instead}`; {why}"));
                    continue;
                }
            };
            // The edit leaves quotes around the setting, and a word before its value, as they are.
            if let Some((span, replacement)) = problem.flag.change_to(&repair.setting) {
                let edit = Edit { span, replacement };
                finding.fix(
                    format!("write `{}`{}", repair.setting, repair.why),
                    Applicability::Unsafe,
                    &[FactName::Env, FactName::Start, FactName::Heaps, FactName::Caches],
                    vec![edit],
                );
            }
        }
    }
}

/// The corrected setting.
struct Repair {
    setting: String,
    /// The reason if it is another size than was meant: that would not fit the limit.
    why: String,
}

/// Returns the corrected setting, or what else is to be changed with it.
fn repaired(
    offer: &Offer<'_>,
    pool: &MemoryPool,
    problem: &HeapProblem,
    instead: &str,
) -> Result<Repair, String> {
    let as_meant = Repair { setting: instead.to_owned(), why: String::new() };
    let readers = readers(offer, problem);
    if let Some(percent) = problem.percent {
        share(offer, pool, percent)?;
        let others = readers.iter().map(|(reader, pool)| share(reader, pool, percent));
        return others.collect::<Result<(), _>>().map(|()| as_meant);
    }
    let Some(meant) = &problem.meant else { return Ok(as_meant) };
    if let Some(share) = pool.percentage() {
        return Err(format!("it overrides `{}`, so remove one of them", share.written()));
    }
    if let Some(why) = offer.limited_elsewhere() {
        return Err(why);
    }
    // The size has to fit the smallest limit of all that read it.
    let limits =
        readers.iter().filter_map(|(reader, _)| Some((reader.workload.known_limit()?.value, reader)));
    let Some((limit, reader)) = limits.min_by_key(|(limit, _)| *limit) else { return Ok(as_meant) };
    let size = meant.size;
    let of = match offer.workload.known_limit().is_some_and(|own| own.value == limit) {
        true => String::new(),
        false => format!(" of `{}`", reader.workload.name),
    };
    if size < limit && !is_tight(pool, size, limit, &offer.policy.thresholds) {
        return Ok(as_meant);
    }
    // With a small part of what was meant, the program would start and hardly work.
    let most = pool.advised_under(limit).filter(|most| most.0 >= size.0 / 4);
    let fits = most.and_then(|most| meant.written(most));
    let why = format!(": {size} leaves too little room in the limit of {limit}{of}");
    let raise = match of.is_empty() {
        true => format!("its limit of {limit} has too little room for that: raise it"),
        false => format!("the limit of {limit}{of} has too little room for that: raise it"),
    };
    fits.map(|setting| Repair { setting, why }).ok_or(raise)
}

/// Returns the services that read a setting, itself among them, each with its heap or cache.
fn readers<'w>(offer: &Offer<'w>, problem: &HeapProblem) -> Vec<(Offer<'w>, &'w MemoryPool)> {
    let is_same =
        |pool: &&MemoryPool| pool.problems.iter().any(|other| other.flag.span() == problem.flag.span());
    let readers = offer.project.workloads.iter().filter_map(|workload| {
        let pool = workload.pools.heaps.iter().chain(&workload.pools.caches).find(is_same)?;
        Some((Offer { workload, ..*offer }, pool))
    });
    readers.collect()
}

/// Returns what else is to be changed with a heap that is this percentage of the limit.
fn share(offer: &Offer<'_>, pool: &MemoryPool, percent: f64) -> Result<(), String> {
    if let Some(size) = pool.bound.value().filter(|bound| !bound.is_relative()) {
        return Err(format!("`{}` overrides it, so remove one of them", size.written()));
    }
    if let Some(why) = offer.limited_elsewhere() {
        return Err(why);
    }
    let Some(limit) = offer.workload.known_limit().map(|limit| limit.value) else {
        return match offer.workload.memory.limit.is_absent() {
            true => Err("add a limit, too: without one it is a share of the host's memory".to_owned()),
            false => Ok(()),
        };
    };
    let size = limit.percent_in_mebibytes(percent.round() as i64);
    match is_tight(pool, ByteSize(size.saturating_mul(MIB)), limit, &offer.policy.thresholds) {
        true => Err(format!("{percent} % of the limit of {limit} leaves too little room for the rest")),
        false => Ok(()),
    }
}
