//! `jobs` and `pre_start`: containers besides those of the services, which Compose has from version 5.6 on.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry as MapEntry;

use super::described::Described;
use super::load::Loader;
use super::merge::merge;
use super::value::{Entry, Kind, Map, Value};
use crate::hash::HashMap;
use crate::source::Span;
use crate::syntax::yaml;

/// The sections of a Compose file whose entries run containers.
pub(super) const SECTIONS: [&str; 2] = ["services", "jobs"];

/// The origin of a container: an entry of a Compose file, or another description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Element {
    /// A service.
    #[default]
    Service,
    /// An entry of `jobs`: it runs when it is triggered, and ends.
    Job,
    /// An item of a service's `pre_start`: it runs before the service's own containers, and ends.
    PreStart(PreStart),
    /// A container that no Compose file describes.
    Described(Described),
}

/// An item of a service's `pre_start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreStart {
    /// The name of the service.
    pub service: String,
    /// Its place in the list, from 0.
    pub index: usize,
    /// Span of its mapping.
    pub mapping: Span,
    /// The span of the service's `deploy.resources.limits.memory`, which does not reach it.
    pub deploy_limit: Option<Span>,
    /// Where an overriding or extending service repeats it. If only one of the two is changed, both run.
    pub repeated_at: Option<Span>,
}

/// Separates a service's name from the index of a step in the step's name. No name of a service has a blank.
const STEP: &str = " pre_start[";

/// Returns the service of a container by the container's name: `web` for the step `web pre_start[0]`, else the name itself.
#[must_use]
pub fn service_of(name: &str) -> &str {
    name.split_once(STEP).map_or(name, |(service, _)| service)
}

/// The keys of a service that its steps inherit, and that are facts of a container: all that a step may have itself
/// (compose-spec `schema/compose-spec.json`, `container_spec`), but `volumes`. Two are none of those. A step without an image of
/// its own runs that of the service, built or not, so `build` comes along. And what a service suppresses in `x-oomlint` is
/// suppressed in its steps.
const INHERITED: [&str; 34] = [
    "build",
    "command",
    "configs",
    "cpu_period",
    "cpu_quota",
    "cpu_shares",
    "cpus",
    "cpuset",
    "devices",
    "entrypoint",
    "env_file",
    "environment",
    "gpus",
    "image",
    "init",
    "ipc",
    "labels",
    "logging",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "network_mode",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "privileged",
    "secrets",
    "shm_size",
    "tmpfs",
    "ulimits",
    "user",
    "x-oomlint",
];

/// A step of a service, ready to be read.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) element: PreStart,
    pub(super) entry: Entry,
}

/// Returns the steps of a service, each merged over what it inherits.
pub(super) fn steps(name: &str, service: &Entry, loader: &mut Loader<'_>) -> Vec<Step> {
    let Some(Kind::Seq(items)) = service.value.at(&["pre_start"]).map(|value| &value.kind) else {
        return Vec::new();
    };
    let base = inherited(&service.value);
    let deploy_limit = service.value.at(&["deploy", "resources", "limits", "memory"]);
    let deploy_limit = deploy_limit.filter(|value| !value.is_null()).map(|value| value.span);
    let mut steps = Vec::new();
    for item in items.iter().filter(|item| item.as_map().is_some()) {
        // Each step is a copy of what it inherits.
        if !loader.charge_nodes(&base, item.span) {
            break;
        }
        let mut value = base.clone();
        merge(&mut value, item.clone(), &mut vec!["services".to_owned(), name.to_owned()]);
        (value.span, value.via) = (item.span, item.via.clone());
        if let (Kind::Map(map), true) = (&mut value.kind, item.get("image").is_some()) {
            map.shift_remove("build");
        }
        let element = PreStart {
            service: name.to_owned(),
            index: steps.len(),
            mapping: item.span,
            deploy_limit,
            repeated_at: item.repeated_at.as_deref().copied(),
        };
        let step = format!("{name}{STEP}{}]", steps.len());
        steps.push(Step { name: step, element, entry: Entry::new(place(item), value) });
    }
    steps
}

/// Returns the part of a service that its steps inherit.
fn inherited(service: &Value) -> Value {
    let entries = service.as_map().into_iter().flatten();
    let kept = entries.filter(|(name, _)| INHERITED.contains(&name.as_str()));
    let map: Map = kept.map(|(name, entry)| (name.clone(), entry.clone())).collect();
    let mut value = Value::map(map, service.span);
    value.missing.clone_from(&service.missing);
    value
}

/// Returns the span at which settings that a step lacks are reported: its first key.
fn place(item: &Value) -> Span {
    let keys = item.as_map().into_iter().flatten().map(|(_, entry)| entry.key);
    keys.filter(|key| item.span.contains(*key)).min_by_key(|key| key.start).unwrap_or(item.span)
}

/// Appends the steps of an override file or an extending service. One that is written as one that is there is not repeated.
pub(super) fn append_steps(base: &mut Value, over: Value) {
    if let (Kind::Seq(known), Kind::Seq(more)) = (&mut base.kind, over.kind) {
        let mut forms: HashMap<String, usize> =
            known.iter().enumerate().map(|(at, item)| (form(item), at)).collect();
        for item in more {
            match forms.entry(form(&item)) {
                MapEntry::Occupied(first) => {
                    if let Some(first) = known.get_mut(*first.get()) {
                        first.repeated_at = Some(Box::new(item.span));
                    }
                }
                MapEntry::Vacant(free) => {
                    free.insert(known.len());
                    known.push(item);
                }
            }
        }
    }
}

/// Returns a text that is the same for equal values, wherever and in which order of keys they are written.
pub(super) fn form(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Scalar(scalar) => match scalar.typed {
            yaml::Value::Str | yaml::Value::Timestamp => format!("{:?}", scalar.text.as_str()),
            typed => format!("{typed:?}"),
        },
        Kind::Seq(items) => format!("{:?}", items.iter().map(form).collect::<Vec<_>>()),
        Kind::Map(map) => {
            let forms: BTreeMap<&str, String> =
                map.iter().map(|(name, entry)| (name.as_str(), form(&entry.value))).collect();
            format!("{forms:?}")
        }
    }
}

#[cfg(test)]
mod tests;
