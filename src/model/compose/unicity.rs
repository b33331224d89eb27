//! Items of lists that replace earlier ones of the same name, after compose-go's table (`override/uncity.go`).

use super::job::SECTIONS;
use super::load::section;
use super::short::volume;
use super::value::{Kind, Value};
use crate::hash::HashMap;

/// Lets later items of a service's lists replace earlier ones of the same name, in their place.
pub(super) fn enforce_unicity(document: &mut Value) {
    for name in SECTIONS {
        for element in section(document, name).into_iter().flat_map(|map| map.values_mut()) {
            if let Kind::Map(keys) = &mut element.value.kind {
                keys.iter_mut().for_each(|(key, entry)| unify(key, &mut entry.value));
            }
        }
    }
}

fn unify(key: &str, value: &mut Value) {
    let name_of: fn(&Value) -> Option<&str> = match key {
        "cap_add" | "cap_drop" | "dns" | "dns_opt" | "dns_search" | "links" | "profiles" | "tmpfs" => name,
        "env_file" => path,
        "volumes" => target,
        _ => return,
    };
    if let Kind::Seq(items) = &mut value.kind {
        replace_repeated(items, name_of);
    }
}

fn replace_repeated(items: &mut Vec<Value>, name_of: fn(&Value) -> Option<&str>) {
    let mut places: HashMap<String, usize> = HashMap::default();
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        let name = name_of(&item).map(str::to_owned);
        let known = name.as_ref().and_then(|name| kept.get_mut(*places.get(name)?));
        if let Some(known) = known {
            *known = item;
        } else {
            if let Some(name) = name {
                places.insert(name, kept.len());
            }
            kept.push(item);
        }
    }
    *items = kept;
}

/// Returns the part of a text before `=`.
fn name(item: &Value) -> Option<&str> {
    let text = text(item)?;
    Some(text.split_once('=').map_or(text, |(name, _)| name))
}

/// Returns the path of an env file, short or long.
fn path(item: &Value) -> Option<&str> {
    item.get("path").map_or_else(|| text(item), |entry| text(&entry.value))
}

/// Returns the target of a mount, short or long.
fn target(item: &Value) -> Option<&str> {
    match item.get("target") {
        Some(entry) => text(&entry.value),
        None => volume(text(item)?).ok().map(|volume| volume.target),
    }
}

/// Returns the text of a scalar; `None` if it hangs on a variable without a value.
fn text(item: &Value) -> Option<&str> {
    item.as_scalar().filter(|scalar| scalar.unset.is_none()).map(|scalar| scalar.text.as_str())
}
