//! Merges one Compose value over another, after compose-go's table (`override/merge.go`).

use super::convert::{merged_pairs, to_build, to_depends_on, to_names, to_sequence};
use super::job::{append_steps, form};
use super::value::{Kind, Map, MergeMode, TakenAway, Value};
use crate::hash::HashSet;

/// Merges `over` onto `base`. `path` is the location of both, as in `services.web.build`.
pub(crate) fn merge(base: &mut Value, over: Value, path: &mut Vec<String>) {
    match over.merge_mode {
        MergeMode::Replace => {
            *base = over;
            base.merge_mode = MergeMode::Merge;
            base.taken_away.push(TakenAway { key: String::new(), by: Some(base.span.file) });
            return;
        }
        MergeMode::Remove => {
            base.kind = Kind::Null;
            return;
        }
        MergeMode::Merge => {}
    }
    let special = special(path);
    // These are replaced by null, too. A name without a value, as in `environment: {A: }`, takes its value from outside.
    if matches!(special, Special::Replace | Special::Variable) {
        *base = over;
        return;
    }
    if over.is_null() {
        return;
    }
    if base.is_null() {
        *base = over;
        return;
    }
    match special {
        Special::Replace | Special::Variable => {}
        Special::KeyValues => {
            let mut over = over;
            // `!reset` does not find a name in a list.
            let is_list = base.is_listed || matches!(base.kind, Kind::Seq(_));
            if let Kind::Map(over) = &mut over.kind
                && is_list
            {
                over.retain(|_, entry| entry.value.merge_mode != MergeMode::Remove);
            }
            merged_pairs(base);
            merged_pairs(&mut over);
            merge_maps(base, over, path);
            base.is_listed = true;
        }
        Special::Sequence => {
            to_sequence(base);
            let mut over = over;
            to_sequence(&mut over);
            // Paths of env files are unique later on, where the last one of a path holds.
            if path.last().is_some_and(|key| key == "env_file") {
                extend(base, over);
            } else {
                append(base, over);
            }
        }
        Special::Build => {
            to_build(base);
            let mut over = over;
            to_build(&mut over);
            merge_maps(base, over, path);
        }
        Special::DependsOn => {
            to_depends_on(base);
            let mut over = over;
            to_depends_on(&mut over);
            merge_maps(base, over, path);
        }
        Special::Names => {
            to_names(base);
            let mut over = over;
            to_names(&mut over);
            merge_maps(base, over, path);
        }
        Special::Steps => append_steps(base, over),
        Special::Logging => {
            if replaces_logging(base, &over) {
                *base = over;
            } else {
                merge_maps(base, over, path);
            }
        }
        Special::None => match (&base.kind, &over.kind) {
            (Kind::Map(_), Kind::Map(_)) => merge_maps(base, over, path),
            (Kind::Seq(_), Kind::Seq(_)) => append(base, over),
            _ => *base = over,
        },
    }
}

/// True if `logging` names another driver than what it is merged over, or none, and so takes its place.
pub(super) fn replaces_logging(below: &Value, above: &Value) -> bool {
    let driver = |value: &Value| {
        let driver = &value.get("driver").filter(|entry| entry.value.merge_mode != MergeMode::Remove)?.value;
        Some(driver.as_scalar().map(|scalar| scalar.text.as_str().to_owned()))
    };
    driver(below).zip(driver(above)).is_some_and(|(below, above)| below != above)
}

/// Removes everything that is marked with `!reset`, and clears the marks of `!reset` and `!override`.
pub(crate) fn drop_resets(value: &mut Value) {
    if value.merge_mode == MergeMode::Remove {
        value.kind = Kind::Null;
    }
    value.merge_mode = MergeMode::Merge;
    match &mut value.kind {
        Kind::Map(map) => {
            // In a single file, `!override` takes nothing away.
            value.taken_away.extend(marked(map).filter(|taken| taken.by.is_none()));
            map.retain(|_, entry| entry.value.merge_mode != MergeMode::Remove);
            map.values_mut().for_each(|entry| drop_resets(&mut entry.value));
        }
        Kind::Seq(items) => items.iter_mut().for_each(drop_resets),
        _ => {}
    }
}

/// Returns the keys with `!reset` or `!override`.
fn marked(map: &Map) -> impl Iterator<Item = TakenAway> + '_ {
    map.iter().filter_map(|(name, entry)| {
        let by = match entry.value.merge_mode {
            MergeMode::Merge => return None,
            MergeMode::Replace => Some(entry.value.span.file),
            MergeMode::Remove => None,
        };
        Some(TakenAway { key: name.clone(), by })
    })
}

/// Removes items of lists that are marked with `!reset`. Compose never compares them with items of another file (`loader/reset.go`).
pub(crate) fn drop_reset_items(value: &mut Value) {
    match &mut value.kind {
        Kind::Map(map) => map.values_mut().for_each(|entry| drop_reset_items(&mut entry.value)),
        Kind::Seq(items) => {
            items.retain(|item| item.merge_mode != MergeMode::Remove);
            items.iter_mut().for_each(drop_reset_items);
        }
        _ => {}
    }
}

/// Removes from `base` what `over` marks with `!reset` or `!override`.
pub(crate) fn remove_marked(base: &mut Value, over: &Value) {
    if base.is_listed {
        return;
    }
    let (Kind::Map(base), Kind::Map(over)) = (&mut base.kind, &over.kind) else { return };
    for (name, entry) in over {
        if entry.value.merge_mode != MergeMode::Merge {
            base.shift_remove(name);
        } else if let Some(below) = base.get_mut(name) {
            remove_marked(&mut below.value, &entry.value);
        }
    }
}

/// How Compose merges a key.
pub(super) enum Special {
    None,
    Replace,
    /// `NAME=value` items.
    KeyValues,
    /// The value of such an item.
    Variable,
    Sequence,
    Build,
    DependsOn,
    /// Names as a list, or with settings each.
    Names,
    Logging,
    Steps,
}

/// Returns how Compose merges the key at a path.
pub(super) fn special(path: &[String]) -> Special {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["services" | "jobs", _, below @ ..] = keys.as_slice() else {
        return match keys.as_slice() {
            ["networks" | "volumes" | "secrets" | "configs", _, "labels"] => Special::KeyValues,
            _ => Special::None,
        };
    };
    match below {
        ["command" | "entrypoint"] | ["healthcheck", "test"] => Special::Replace,
        ["environment" | "labels" | "annotations" | "sysctls"]
        | ["build", "args" | "labels" | "additional_contexts"]
        | ["deploy", "labels"] => Special::KeyValues,
        ["environment" | "labels" | "annotations" | "sysctls", _]
        | ["build", "args" | "labels" | "additional_contexts", _]
        | ["deploy", "labels", _] => Special::Variable,
        ["env_file" | "label_file" | "tmpfs" | "dns" | "dns_opt" | "dns_search" | "extra_hosts"]
        | ["build", "extra_hosts"] => Special::Sequence,
        ["build"] => Special::Build,
        ["depends_on"] => Special::DependsOn,
        ["networks" | "models"] => Special::Names,
        ["logging"] => Special::Logging,
        ["pre_start"] => Special::Steps,
        _ => Special::None,
    }
}

fn merge_maps(base: &mut Value, over: Value, path: &mut Vec<String>) {
    let (Kind::Map(map), Kind::Map(over)) = (&mut base.kind, over.kind) else { return };
    base.taken_away.extend(marked(&over));
    let (gone, over): (Vec<_>, Vec<_>) =
        over.into_iter().partition(|(_, entry)| entry.value.merge_mode == MergeMode::Remove);
    if !gone.is_empty() {
        let gone: HashSet<String> = gone.into_iter().map(|(name, _)| name).collect();
        map.retain(|name, _| !gone.contains(name));
    }
    for (name, entry) in over {
        match map.get_mut(&name) {
            Some(below) => {
                path.push(name);
                // A scalar, or what replaces all that is below, is written at the overriding key.
                let replaces = matches!(entry.value.kind, Kind::Scalar(_) | Kind::Null)
                    || entry.value.merge_mode == MergeMode::Replace;
                merge(&mut below.value, entry.value, path);
                if replaces {
                    below.key = entry.key;
                }
                below.overrides = true;
                path.pop();
            }
            None => {
                map.insert(name, entry);
            }
        }
    }
}

fn extend(base: &mut Value, over: Value) {
    if let (Kind::Seq(base), Kind::Seq(over)) = (&mut base.kind, over.kind) {
        base.extend(over);
    }
}

/// Appends the items that are not in the list yet.
fn append(base: &mut Value, over: Value) {
    if let (Kind::Seq(base), Kind::Seq(over)) = (&mut base.kind, over.kind) {
        let known: HashSet<String> = base.iter().map(form).collect();
        base.extend(over.into_iter().filter(|item| !known.contains(&form(item))));
    }
}
