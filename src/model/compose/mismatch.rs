//! Values that Docker Compose cannot merge: a text over a list, a list over a mapping.

use super::merge::{Special, special};
use super::refusal::{Refusal, Refusals};
use super::value::{Entry, Kind, Map, MergeMode, Value};
use crate::source::Span;
use crate::syntax::yaml;

/// The value that another one is merged over.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Below {
    /// A service as it is written, which is extended.
    Written,
    /// The files before, in the form that Compose brings each file into after merging it (compose-go `transform/canonical.go`).
    Files,
}

/// Adds the values of `over` that Compose cannot merge over those of `base`. `path` is the location of both.
pub(super) fn check(
    base: &Value,
    over: &Value,
    below: Below,
    path: &mut Vec<String>,
    refusals: &mut Refusals,
) {
    let (Kind::Map(base), Kind::Map(over)) = (&base.kind, &over.kind) else { return };
    for (name, entry) in over {
        let Some(other) = base.get(name).filter(|_| entry.value.merge_mode == MergeMode::Merge) else {
            continue;
        };
        path.push(name.clone());
        match special(path) {
            Special::Replace | Special::Variable | Special::Sequence => {}
            Special::KeyValues => {
                // The items of files are held against the format; what is extended is merged before.
                if below == Below::Written {
                    check_items(&other.value, &entry.value, path, refusals);
                }
            }
            kind => match refused(kind, other, entry, below, path) {
                Some(refused) => refusals.add(refused),
                None => check(&other.value, &entry.value, below, path, refusals),
            },
        }
        path.pop();
    }
}

/// Adds the items of both lists that are no text.
fn check_items(base: &Value, over: &Value, path: &[String], refusals: &mut Refusals) {
    let items = |value: &'_ Value| match &value.kind {
        Kind::Seq(items) => items.clone(),
        _ => Vec::new(),
    };
    let (below, above) = (items(base), items(over));
    // Compose makes a list of a mapping before it looks at the items.
    let first = base.as_map().map_or(0, Map::len);
    for (at, item) in (first..).zip(below.iter().chain(&above)) {
        if item.as_scalar().is_some_and(|scalar| scalar.unset.is_some() || scalar.is_text()) {
            continue;
        }
        let found = go_type(item);
        refusals.add(Refusal {
            message: format!("an item of {} is not a string", name(path)),
            label: "Compose accepts text here".to_owned(),
            upstream: format!("{}.[{at}]: unexpected type {found}", place(path, Below::Written)),
            ..refusal(item.span, item, path)
        });
    }
}

/// Returns the type that Go has for a value, as in messages of Compose.
fn go_type(value: &Value) -> &'static str {
    match &value.kind {
        Kind::Null => "<nil>",
        Kind::Seq(_) => "[]interface {}",
        Kind::Map(_) => "map[string]interface {}",
        Kind::Scalar(scalar) => match scalar.typed {
            yaml::Value::Str => "string",
            yaml::Value::Bool(_) => "bool",
            yaml::Value::Float(_) => "float64",
            yaml::Value::Timestamp => "time.Time",
            yaml::Value::BigInt(_) => "uint64",
            yaml::Value::Null | yaml::Value::Int(_) => "int",
        },
    }
}

fn refused(special: Special, base: &Entry, over: &Entry, below: Below, path: &[String]) -> Option<Refusal> {
    let wanted = match special {
        Special::Build | Special::DependsOn | Special::Names => return None,
        Special::Logging => "a mapping",
        _ => kind_below(&base.value.kind, below, path)?,
    };
    let found = match (&over.value.kind, wanted) {
        (Kind::Null, _) if matches!(special, Special::Logging) => "nothing",
        (Kind::Null, _) | (Kind::Map(_), "a mapping") | (Kind::Seq(_), "a list") => return None,
        (Kind::Map(_), _) => "a mapping",
        (Kind::Seq(_), _) => "a list",
        (Kind::Scalar(_), _) => "a single value",
    };
    let is_scalar = over.value.as_scalar().is_some() && !over.value.span.is_empty();
    let place = place(path, below);
    Some(Refusal {
        message: format!("{} is {found} over {wanted}, which Compose cannot merge", name(path)),
        label: format!("{found} here"),
        upstream: match special {
            Special::Logging => {
                let found = go_type(&over.value);
                format!("{place}: cannot merge logging: expected a mapping, got {found}")
            }
            _ => format!("cannot override {place}"),
        },
        related: vec![(base.key, format!("{wanted} here"))],
        ..refusal(if is_scalar { over.value.span } else { over.key }, &over.value, path)
    })
}

/// Returns a refusal whose texts are still to be set.
fn refusal(span: Span, value: &Value, path: &[String]) -> Refusal {
    Refusal {
        via: value.via.clone(),
        service: path.get(1).filter(|_| path.first().is_some_and(|first| first == "services")).cloned(),
        ..Refusal::new(span, String::new(), "", String::new())
    }
}

/// Returns the name of a value in messages.
fn name(path: &[String]) -> String {
    match path {
        [section, service, below @ ..] if section == "services" && !below.is_empty() => {
            format!("`{}` of `{service}`", below.join("."))
        }
        _ => format!("`{}`", path.join(".")),
    }
}

/// Returns a path in the words of Compose, which mentions every service that extends another as of `x`.
fn place(path: &[String], below: Below) -> String {
    match path {
        [section, _, keys @ ..] if below == Below::Written => format!("{section}.x.{}", keys.join(".")),
        _ => path.join("."),
    }
}

/// Returns the kind that a value has to have over this one; `None` if it may be any.
fn kind_below(kind: &Kind, below: Below, path: &[String]) -> Option<&'static str> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (kind, path.as_slice()) {
        // These may be replaced by another kind.
        (_, [.., "external"] | [_, _, "ulimits", _]) => None,
        // `all` becomes a list of one device, the list of keys a mapping.
        (Kind::Scalar(_), [_, _, "gpus"]) if below == Below::Files => Some("a list"),
        (Kind::Seq(_), [_, _, "build", "ssh"]) if below == Below::Files => Some("a mapping"),
        (Kind::Map(_), _) => Some("a mapping"),
        (Kind::Seq(_), _) => Some("a list"),
        (Kind::Scalar(_) | Kind::Null, _) => None,
    }
}
