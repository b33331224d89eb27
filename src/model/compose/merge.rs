//! Merges one Compose value over another, after compose-go's table (`override/merge.go`).

use super::job::append_steps;
use super::value::{Entry, Kind, Map, MergeMode, Value};
use crate::hash::HashSet;
use crate::source::TracedText;

/// Merges `over` onto `base`. `path` is the location of both, as in `services.web.build`.
pub(crate) fn merge(base: &mut Value, over: Value, path: &mut Vec<String>) {
    match over.merge_mode {
        MergeMode::Replace => {
            *base = over;
            base.merge_mode = MergeMode::Merge;
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
            if let (Kind::Seq(_), Kind::Map(over)) = (&base.kind, &mut over.kind) {
                over.retain(|_, entry| entry.value.merge_mode != MergeMode::Remove);
            }
            to_key_values(base);
            to_key_values(&mut over);
            merge_maps(base, over, path);
        }
        Special::Sequence => {
            to_sequence(base);
            let mut over = over;
            to_sequence(&mut over);
            append(base, over);
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
            let driver = |value: &Value| {
                let scalar = value.get("driver").and_then(|entry| entry.value.as_scalar().cloned());
                scalar.map(|scalar| scalar.text.as_str().to_owned())
            };
            let (old, new) = (driver(base), driver(&over));
            if old == new || old.is_none() || new.is_none() {
                merge_maps(base, over, path);
            } else {
                *base = over;
            }
        }
        Special::None => match (&base.kind, &over.kind) {
            (Kind::Map(_), Kind::Map(_)) => merge_maps(base, over, path),
            (Kind::Seq(_), Kind::Seq(_)) => append(base, over),
            _ => *base = over,
        },
    }
}

/// Removes everything that is marked with `!reset`, and clears the marks of `!reset` and `!override`.
pub(crate) fn drop_resets(value: &mut Value) {
    if value.merge_mode == MergeMode::Remove {
        value.kind = Kind::Null;
    }
    value.merge_mode = MergeMode::Merge;
    match &mut value.kind {
        Kind::Map(map) => {
            map.retain(|_, entry| entry.value.merge_mode != MergeMode::Remove);
            map.values_mut().for_each(|entry| drop_resets(&mut entry.value));
        }
        Kind::Seq(items) => items.iter_mut().for_each(drop_resets),
        _ => {}
    }
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
    let (Kind::Map(base), Kind::Map(over)) = (&mut base.kind, &over.kind) else { return };
    for (name, entry) in over {
        if entry.value.merge_mode != MergeMode::Merge {
            base.shift_remove(name);
        } else if let Some(below) = base.get_mut(name) {
            remove_marked(&mut below.value, &entry.value);
        }
    }
}

enum Special {
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

fn special(path: &[String]) -> Special {
    let keys: Vec<&str> = path.iter().map(String::as_str).collect();
    let ["services" | "jobs", _, below @ ..] = keys.as_slice() else { return Special::None };
    match below {
        ["command" | "entrypoint"] | ["healthcheck", "test"] => Special::Replace,
        ["environment" | "labels" | "annotations" | "sysctls"]
        | ["build", "args" | "labels" | "additional_contexts"]
        | ["deploy", "labels"] => Special::KeyValues,
        ["environment" | "labels" | "annotations" | "sysctls", _]
        | ["build", "args" | "labels" | "additional_contexts", _]
        | ["deploy", "labels", _] => Special::Variable,
        ["env_file" | "tmpfs" | "dns" | "dns_opt" | "dns_search"] => Special::Sequence,
        ["build"] => Special::Build,
        ["depends_on"] => Special::DependsOn,
        ["networks" | "models"] => Special::Names,
        ["logging"] => Special::Logging,
        ["pre_start"] => Special::Steps,
        _ => Special::None,
    }
}

fn merge_maps(base: &mut Value, over: Value, path: &mut Vec<String>) {
    let (Kind::Map(base), Kind::Map(over)) = (&mut base.kind, over.kind) else { return };
    let (gone, over): (Vec<_>, Vec<_>) =
        over.into_iter().partition(|(_, entry)| entry.value.merge_mode == MergeMode::Remove);
    if !gone.is_empty() {
        let gone: HashSet<String> = gone.into_iter().map(|(name, _)| name).collect();
        base.retain(|name, _| !gone.contains(name));
    }
    for (name, entry) in over {
        match base.get_mut(&name) {
            Some(below) => {
                path.push(name);
                // A scalar is written at the overriding key.
                let replaces = matches!(entry.value.kind, Kind::Scalar(_) | Kind::Null);
                merge(&mut below.value, entry.value, path);
                if replaces {
                    below.key = entry.key;
                }
                below.overrides = true;
                path.pop();
            }
            None => {
                base.insert(name, entry);
            }
        }
    }
}

fn append(base: &mut Value, over: Value) {
    if let (Kind::Seq(base), Kind::Seq(over)) = (&mut base.kind, over.kind) {
        base.extend(over);
    }
}

/// Converts `- KEY=value` lists to mappings. An item without `=` has no value. Later items win.
pub(crate) fn to_key_values(value: &mut Value) {
    let Kind::Seq(items) = &mut value.kind else { return };
    let mut map = Map::default();
    // The last item of a name wins and keeps its place, so items are read from the end.
    for mut item in std::mem::take(items).into_iter().rev() {
        let Kind::Scalar(scalar) = &mut item.kind else { continue };
        let text = scalar.text.as_str();
        let (name, entry) = match memchr::memchr(b'=', text.as_bytes()) {
            Some(at) => {
                let name = text[..at].to_owned();
                let key = scalar.text.span_of(0..at);
                scalar.text = scalar.text.slice(at + 1..text.len());
                if !scalar.text.as_str().is_empty() {
                    item.span = scalar.text.span();
                }
                (name, Entry::new(key, item))
            }
            None => {
                let (name, key) = (text.to_owned(), item.span);
                item.kind = Kind::Null;
                (name, Entry::new(key, item))
            }
        };
        map.entry(name).or_insert(entry);
    }
    map.reverse();
    value.kind = Kind::Map(map);
}

fn to_sequence(value: &mut Value) {
    if !matches!(value.kind, Kind::Seq(_)) {
        let item = value.clone();
        value.kind = Kind::Seq(vec![item]);
    }
}

/// Converts `build: ./dir` to `build: {context: ./dir}`.
pub(crate) fn to_build(value: &mut Value) {
    if value.as_scalar().is_some() {
        let entry = Entry::new(value.span, value.clone());
        value.kind = Kind::Map(Map::from_iter([("context".to_owned(), entry)]));
    }
}

/// Converts `networks: [front]` to `networks: {front: }`.
fn to_names(value: &mut Value) {
    let Kind::Seq(items) = &mut value.kind else { return };
    let mut map = Map::default();
    for mut item in std::mem::take(items) {
        let Some(scalar) = item.as_scalar() else { continue };
        let name = scalar.text.as_str().to_owned();
        item.kind = Kind::Null;
        map.insert(name, Entry::new(item.span, item));
    }
    value.kind = Kind::Map(map);
}

/// Converts `depends_on: [db]` to `depends_on: {db: {condition: service_started}}`.
pub(crate) fn to_depends_on(value: &mut Value) {
    let Kind::Seq(items) = &mut value.kind else { return };
    let mut map = Map::default();
    for item in std::mem::take(items) {
        let Some(scalar) = item.as_scalar() else { continue };
        let condition = Value::string(TracedText::derived("service_started", item.span));
        let condition = Entry::new(item.span, condition);
        let name = scalar.text.as_str().to_owned();
        let body = Value::map(Map::from_iter([("condition".to_owned(), condition)]), item.span);
        map.insert(name, Entry::new(item.span, body));
    }
    value.kind = Kind::Map(map);
}
