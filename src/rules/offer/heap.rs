//! Fixes that bound a heap or cache where its runtime reads it.

use super::Offer;
use crate::diagnostic::{Applicability, Edit, FixOp};
use crate::rules::FindingBuilder;
use crate::secret;
use crate::syntax::size::{ByteSize, MIB};
use crate::workload::{
    Bound, FactName, HeapSetting, Kind, MemoryPool, Origin, Pool, RuntimeName, SettingName,
};

/// The facts that a bound of a heap may change.
const CHANGES: &[FactName] = &[FactName::Env, FactName::Start, FactName::Heaps, FactName::Caches];

/// The smallest heap that is offered, in bytes: hardly a program starts with less.
const SMALLEST: i64 = 64 * MIB;

/// True if a heap of 70 % of the limit leaves a JVM what it takes on top of its heap.
fn share_fits(heap: &MemoryPool, limit: ByteSize) -> bool {
    let size = limit.percent_in_mebibytes(70);
    let overhead = heap.off_heap(ByteSize(size.saturating_mul(MIB))).map_or(0, |off_heap| off_heap.most);
    size.saturating_add(overhead) <= limit.mebibytes()
}

/// Adds a fix that bounds a heap without a bound, if the limit gives the size; else help with the reason.
pub(in crate::rules) fn bound_default(
    offer: &Offer<'_>,
    heap: &MemoryPool,
    limit: Option<ByteSize>,
    finding: &mut FindingBuilder<'_>,
) {
    let Some(limit) = limit else {
        let add = offer.add(SettingName::LIMIT, "<size>");
        let runtime = heap.runtime.display_name();
        finding.help(match &heap.limit_unseen {
            Some(unseen) => format!("{add} and set the heap below it: {}", unseen.why),
            None if heap.env_unseen || !heap.takes_shares => {
                format!("{add} and set the heap below it in `{}`", usual(heap.runtime))
            }
            None if heap.runtime == RuntimeName::Java => format!(
                "{add} first: the heap is then a quarter of it, or as much as `-XX:MaxRAMPercentage` in `JAVA_TOOL_OPTIONS` says"
            ),
            None => format!("{add} first: the {runtime} heap then follows it"),
        });
        return;
    };
    let by_override = || offer.is_limited_by_override().then(|| "an override file sets the limit".to_owned());
    if let Some(why) = offer.changed_elsewhere().or_else(by_override) {
        finding.help(format!("set the heap below the limit: {why}"));
        return;
    }
    let varies = offer.workload.limit_key().is_none_or(|key| key.text.varies());
    // The other parts of a product's memory take theirs.
    let pools = offer.workload.pools.heaps.iter().chain(&offer.workload.pools.caches);
    let others = pools.filter(|pool| pool.part.is_some() && pool.part != heap.part);
    let others = others.filter_map(|pool| pool.size_under(Some(limit), None));
    let rest = ByteSize(others.fold(limit.0, |rest, other| rest.saturating_sub(other.size.0)));
    let is_product = heap.part.as_ref().is_some_and(|part| !part.set_by.is_empty());
    let own = heap.advised_under(rest).filter(|_| rest.0 > 0).and_then(|size| heap.own_variable(size));
    if is_product && own.is_none() && !varies {
        finding.help(too_small(heap, limit));
        return;
    }
    if let Some((name, value)) = own.filter(|_| !varies) {
        match set_variables(offer, &[(name.clone(), value.clone())]) {
            Some(ops) => {
                let title = format!("limit the heap: set `{name}` to `{value}`");
                finding.fix_ops(title, Applicability::Unsafe, CHANGES, ops);
            }
            None => {
                finding.help(format!("limit the heap with `{name}: {value}`"));
            }
        }
        return;
    }
    let words = match heap.runtime {
        RuntimeName::Java if heap.takes_shares && share_fits(heap, limit) => {
            Some("-XX:MaxRAMPercentage=70.0".to_owned())
        }
        _ if varies => None,
        RuntimeName::Java => heap.advised_under(limit).map(|size| format!("-Xmx{}m", size.mebibytes())),
        _ => heap.advised_under(limit).map(|size| format!("--max-old-space-size={}", size.mebibytes())),
    };
    let Some(words) = words else {
        finding.help(match varies {
            true => "a variable sets the limit: use it for the heap too, at about three quarters".to_owned(),
            false => too_small(heap, limit),
        });
        return;
    };
    let carrier = heap.origin.as_ref().map(|carrier| carrier.value.as_str());
    let name = carrier.unwrap_or(usual(heap.runtime)).to_owned();
    match set_words(offer, &name, &words) {
        Some((ops, edits)) => {
            let title = format!("limit the heap: `{words}` in `{name}`");
            finding.fix_with_ops(title, Applicability::Unsafe, CHANGES, edits, ops);
        }
        None => {
            finding.help(format!("limit the heap with `{words}` in `{name}`"));
        }
    }
}

/// Adds a fix that bounds a heap in bytes, in place of a share, for a heap that follows the host's memory. Adds nothing if the
/// limit does not give the size.
pub(in crate::rules) fn bound_in_bytes(
    offer: &Offer<'_>,
    heap: &MemoryPool,
    limit: ByteSize,
    finding: &mut FindingBuilder<'_>,
) {
    let Some(size) = offer.settled_limit().and_then(|_| heap.advised_under(limit)) else { return };
    let (usual, words) = match heap.runtime {
        RuntimeName::Java => ("JAVA_TOOL_OPTIONS", format!("-Xmx{}m", size.mebibytes())),
        RuntimeName::Node => ("NODE_OPTIONS", format!("--max-old-space-size={}", size.mebibytes())),
        _ => return,
    };
    let title = format!("limit the heap: `{words}`");
    // A share has no effect together with a number, so it is replaced.
    if let Some(share) = heap.bound.value() {
        let Some(span) = share.flag.verbatim_span() else { return };
        let edit = Edit { span, replacement: words };
        finding.fix_with_ops(title, Applicability::Unsafe, CHANGES, vec![edit], Vec::new());
        return;
    }
    let carrier = heap.origin.as_ref().map_or(usual, |carrier| carrier.value.as_str());
    if let Some((ops, edits)) = set_words(offer, carrier, &words) {
        finding.fix_with_ops(title, Applicability::Unsafe, CHANGES, edits, ops);
    }
}

/// Returns operations that set new variables of a service. `None` if one is set already, or if the limit that they follow from
/// is not the same everywhere.
pub(in crate::rules) fn set_variables(
    offer: &Offer<'_>,
    variables: &[(String, String)],
) -> Option<Vec<FixOp>> {
    offer.settled_limit()?;
    let workload = offer.workload;
    let known = workload.kind != Kind::Image && workload.env_missing.is_none();
    let set = variables.iter().any(|(name, _)| {
        workload.env.contains_key(name)
            || workload.is_taken_away(&format!("environment.{name}"), workload.owner().file)
    });
    if variables.is_empty() || !known || set {
        return None;
    }
    Some(vec![FixOp::SetVariables { owner: workload.owner(), variables: variables.to_vec() }])
}

/// Adds a fix that lowers a heap or cache that does not fit its limit. If no size fits, adds help instead, where that is the
/// only advice (`alone`).
pub(super) fn lower(
    heap: &MemoryPool,
    setting: &HeapSetting,
    (limit, alone): (ByteSize, bool),
    finding: &mut FindingBuilder<'_>,
) {
    let Some(size) = heap.advised_under(limit) else {
        if alone {
            finding.help(too_small(heap, limit));
        }
        return;
    };

    if let Bound::Percent(percent) = setting.bound {
        return lower_share(setting, percent, (size, limit), finding);
    }
    let what = if heap.pool == Pool::Cache { "cache" } else { "heap" };
    // It is the sum with other parts that does not fit.
    if matches!(setting.bound, Bound::Bytes(now) if now <= size) {
        if alone {
            finding.help(format!("lower the {what} or another part, or raise the limit of {limit}"));
        }
        return;
    }
    let Some((span, text)) = setting.resized(size) else { return };
    let mut edits = vec![Edit { span, replacement: text.clone() }];
    if let Some(initial) = heap.initial.as_ref().filter(|initial| initial.flag.span() != setting.flag.span())
        && let Bound::Bytes(begin) = initial.bound
        && begin > size
    {
        match initial.resized(size) {
            Some((span, replacement)) => edits.push(Edit { span, replacement }),
            None => return,
        }
    }
    let title = format!("lower the {what} to {size}: `{}`", setting.with_size(size).unwrap_or(text));
    finding.fix_with_ops(title, Applicability::Unsafe, CHANGES, edits, Vec::new());
}

/// Does the same for a share of the limit.
fn lower_share(
    setting: &HeapSetting,
    percent: f64,
    (size, limit): (ByteSize, ByteSize),
    finding: &mut FindingBuilder<'_>,
) {
    let share = (size.0 / (limit.0 / 100).max(1)).min(70);
    let Some((span, replacement)) = setting.reshared(share).filter(|_| (share as f64) < percent) else {
        finding.help(format!("a smaller percentage, or a limit above {limit}"));
        return;
    };
    let title = format!("leave room: use {share} % of the limit");
    finding.fix_with_ops(title, Applicability::Unsafe, CHANGES, vec![Edit { span, replacement }], Vec::new());
}

/// Returns the help for a limit that is too small for the runtime.
pub(in crate::rules) fn too_small(heap: &MemoryPool, limit: ByteSize) -> String {
    let runtime = heap.runtime.display_name();
    let overhead = heap.off_heap(ByteSize(SMALLEST)).map_or(0, |off_heap| off_heap.most);
    let what = if heap.pool == Pool::Cache { "cache" } else { "heap" };
    format!("raise the {limit} limit: {runtime} needs up to {overhead} MiB outside its {what}")
}

/// Returns the variable that the runtime reads however it is started.
pub(in crate::rules) fn usual(runtime: RuntimeName) -> &'static str {
    if runtime == RuntimeName::Node { "NODE_OPTIONS" } else { "JAVA_TOOL_OPTIONS" }
}

/// Returns what appends words to the value of a variable, or sets a new one, in the form of its file.
pub(in crate::rules) fn set_words(
    offer: &Offer<'_>,
    name: &str,
    words: &str,
) -> Option<(Vec<FixOp>, Vec<Edit>)> {
    let workload = offer.workload;
    if workload.kind == Kind::Image
        || workload.env_missing.is_some()
        || workload.is_taken_away(&format!("environment.{name}"), workload.owner().file)
        || offer.changed_elsewhere().is_some()
    {
        return None;
    }
    let owner = workload.owner();
    let Some(variable) = workload.env.get(name) else {
        let set = FixOp::SetVariables { owner, variables: vec![(name.to_owned(), words.to_owned())] };
        return Some((vec![set], Vec::new()));
    };
    let value = variable.value.known()?;
    let others = offer.project.workloads.iter().filter(|other| {
        let shared = other.env.get(name).and_then(|other| other.value.known());
        shared.is_some_and(|other| other.span == value.span)
    });
    match variable.origin {
        Origin::Environment if others.count() == 1 => Some((
            vec![FixOp::AppendToVariable { name: variable.name?, words: words.to_owned() }],
            Vec::new(),
        )),
        // The lock file keeps a part of the value, and setting the variable would lose the rest.
        Origin::Environment | Origin::LockedImage => None,
        Origin::EnvFile | Origin::Image => {
            let there = value.value.as_str().trim();
            // A secret stays where it is.
            if value.value.varies() || secret::value(name, there) != there {
                return None;
            }
            let value = format!("{there} {words}");
            Some((vec![FixOp::SetVariables { owner, variables: vec![(name.to_owned(), value)] }], Vec::new()))
        }
    }
}
