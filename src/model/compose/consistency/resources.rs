//! Top-level volumes, secrets and configs that contradict themselves.

use super::super::refusal::Refusals;
use super::super::value::{Entry, Kind, Map};
use super::{Project, refusal, text};
use crate::syntax::yaml;

pub(super) fn check(project: &Project<'_>, refusals: &mut Refusals) {
    for (name, entry) in project.section("volumes") {
        external_volume(name, entry, refusals);
    }
    for (section, sources) in
        [("secrets", &["file", "environment"][..]), ("configs", &["file", "environment", "content"][..])]
    {
        for (name, entry) in project.section(section) {
            content(section, name, entry, (sources, project.self_contained), refusals);
        }
    }
}

/// True for `external: true`, and for the older `external: {name: data}`.
fn is_external(map: &Map) -> bool {
    map.get("external").is_some_and(|entry| match &entry.value.kind {
        Kind::Scalar(scalar) => match scalar.typed {
            yaml::Value::Bool(external) => external,
            _ => {
                ["true", "y", "yes", "on"].iter().any(|word| scalar.text.as_str().eq_ignore_ascii_case(word))
            }
        },
        kind => matches!(kind, Kind::Map(_)),
    })
}

/// Adds the keys of an external volume that only one of the project may have.
fn external_volume(name: &str, entry: &Entry, refusals: &mut Refusals) {
    let Kind::Map(map) = &entry.value.kind else { return };
    if !is_external(map) {
        return;
    }
    for (key, other) in map {
        if matches!(key.as_str(), "name" | "external") || key.starts_with("x-") {
            continue;
        }
        let message = format!("the volume `{name}` is external and has a `{key}`");
        let upstream = format!("volumes.{name}: conflicting parameters \"external\" and \"{key}\" specified");
        refusals.add(refusal(other.key, &other.value, message, "not for an external volume", upstream));
    }
}

/// Adds a secret or config with no content, or with several.
fn content(
    section: &str,
    name: &str,
    entry: &Entry,
    (sources, self_contained): (&[&str], bool),
    refusals: &mut Refusals,
) {
    let Kind::Map(map) = &entry.value.kind else { return };
    let kind = section.trim_end_matches('s');
    let given: Vec<&Entry> = sources.iter().filter_map(|source| map.get(*source)).collect();
    let listed = sources.join("|");
    if let [first, second, ..] = given.as_slice() {
        let message = format!("the {kind} `{name}` has several sources");
        let upstream = format!("{section}.{name}: {listed} attributes are mutually exclusive");
        let mut refusal = refusal(second.key, &second.value, message, "the second source", upstream);
        refusal.related.push((first.key, "the first source".to_owned()));
        refusals.add(refusal);
        return;
    }
    let external = if section == "secrets" { is_external(map) } else { map.contains_key("external") };
    let by_driver = section == "configs" && map.contains_key("driver");
    let unnamed = map.get("environment").is_some_and(|given| text(&given.value).is_some_and(str::is_empty));
    let nothing = given.is_empty() || (unnamed && section == "secrets");
    if nothing && !external && !by_driver && self_contained {
        let message = format!("the {kind} `{name}` has no source");
        let upstream = format!("{section}.{name}: one of {listed} must be set");
        let mut refusal = refusal(
            entry.key,
            &entry.value,
            message,
            &format!("give it one of {}", sources.join(", ")),
            upstream,
        );
        refusal.in_stack = false;
        refusals.add(refusal);
    }
}
