//! The size keys of a service, and what Compose rejects about them: values, conflicts, misspelled keys.

use super::field::{Fields, size};
use super::service::items;
use super::value::{Kind, Value};
use crate::error::only_slip;
use crate::model::fact::Fact;
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::size::ByteSize;
use crate::syntax::yaml;

/// A size key as written.
#[derive(Clone, Debug)]
pub struct SizeKey {
    /// The path below the service: `mem_limit`, `deploy.resources.limits.memory`.
    pub name: &'static str,
    /// Span of the key.
    pub key: Span,
    /// The value. Unknown if it is invalid.
    pub size: Fact<ByteSize>,
    /// The text of the value after interpolation. Empty if it is not a scalar.
    pub text: TracedText,
    /// The value before its variables were replaced, as in `${MEMORY:-512m}`.
    pub template: String,
    /// Spans of the aliases, variables, extends and includes that it came through.
    pub via: Vec<Span>,
    /// Why Compose does not accept it, if it does not.
    pub problem: Option<SizeProblem>,
    /// It is not a string in YAML: a number without quotes.
    pub bare: bool,
}

/// The reason Compose does not accept a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SizeProblem {
    /// Compose rejects the file, with this message.
    Refused(String),
    /// Compose accepts the file and drops the value: a float, or an integer beyond 64 bits.
    Dropped,
}

/// Two keys with different values for one setting: Compose rejects the project (compose-go `loader/validate.go`,
/// `checkConsistency`).
#[derive(Clone, Debug)]
pub struct Conflict {
    /// The service-level key.
    pub short: &'static str,
    /// Its value.
    pub short_value: Spanned<String>,
    /// Its value as written, with its variables.
    pub template: String,
    /// The key below `deploy`.
    pub long: &'static str,
    /// Its value, or the span of the block that lacks it.
    pub long_value: Result<Spanned<String>, Span>,
}

/// A key that Compose does not know and that looks like a resource key.
#[derive(Clone, Debug)]
pub struct UnknownKey {
    /// Its parent below the service: `deploy.resources`. Empty for the service itself.
    pub place: &'static str,
    /// The key as written.
    pub key: Spanned<String>,
    /// The key that was meant.
    pub meant: &'static str,
    /// The sizes that it would set if it were spelled right, by key. `None` if a value in it is not known, or not read here.
    pub sizes: Option<Vec<(&'static str, ByteSize)>>,
}

/// The types that the schema accepts (compose-go `schema/compose-spec.json`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Type {
    NumberOrString,
    IntegerOrString,
    /// As [`Type::IntegerOrString`], and not negative.
    Size,
    String,
}

const SIZE_KEYS: [(&str, &[&str], Type); 8] = [
    ("mem_limit", &["mem_limit"], Type::NumberOrString),
    ("memswap_limit", &["memswap_limit"], Type::NumberOrString),
    ("mem_reservation", &["mem_reservation"], Type::IntegerOrString),
    ("shm_size", &["shm_size"], Type::NumberOrString),
    ("build.shm_size", &["build", "shm_size"], Type::IntegerOrString),
    ("mem_swappiness", &["mem_swappiness"], Type::IntegerOrString),
    ("deploy.resources.limits.memory", &["deploy", "resources", "limits", "memory"], Type::String),
    (
        "deploy.resources.reservations.memory",
        &["deploy", "resources", "reservations", "memory"],
        Type::String,
    ),
];

/// Returns the size keys that a service sets.
pub(super) fn size_keys(fields: Fields<'_>) -> Vec<SizeKey> {
    let written =
        SIZE_KEYS.iter().filter_map(|(name, path, expected)| size_key(fields, name, path, *expected));
    let mounts = fields.get(&["volumes"]).map(items).unwrap_or_default();
    let mounted = mounts.into_iter().filter_map(|item| {
        let mount = Fields { value: item, anchor: item.span };
        size_key(mount, "volumes.tmpfs.size", &["tmpfs", "size"], Type::Size)
    });
    written.chain(mounted).collect()
}

fn size_key(fields: Fields<'_>, name: &'static str, path: &[&str], expected: Type) -> Option<SizeKey> {
    let entry = fields.entry(path)?;
    let value = &entry.value;
    let (text, bare) = match &value.kind {
        Kind::Scalar(scalar) => (scalar.text.clone(), !matches!(scalar.typed, yaml::Value::Str)),
        _ => (TracedText::empty(value.span), false),
    };
    let template = value.as_scalar().and_then(|scalar| scalar.template.as_deref());
    Some(SizeKey {
        name,
        key: entry.key,
        size: fields.size(path),
        template: template.unwrap_or(text.as_str()).to_owned(),
        text,
        via: value.via.clone(),
        problem: problem(value, expected),
        bare,
    })
}

fn problem(value: &Value, expected: Type) -> Option<SizeProblem> {
    let refused = |message: &str| Some(SizeProblem::Refused(message.to_owned()));
    let wrong_type = || match expected {
        Type::NumberOrString => refused("must be a number or string"),
        Type::IntegerOrString => refused("must be a integer or string"),
        Type::Size => refused("must be a integer"),
        Type::String => refused("must be a string"),
    };
    let Kind::Scalar(scalar) = &value.kind else { return wrong_type() };
    if scalar.unset.is_some() {
        return None;
    }
    match scalar.typed {
        yaml::Value::Str => match ByteSize::parse_compose(scalar.text.as_str()) {
            Ok(_) => None,
            Err(message) => Some(SizeProblem::Refused(message)),
        },
        yaml::Value::Int(..0) if expected == Type::Size => refused("must be greater than or equal to 0"),
        yaml::Value::Int(_) if expected != Type::String => None,
        yaml::Value::Float(_) | yaml::Value::BigInt(_) if expected == Type::NumberOrString => {
            Some(SizeProblem::Dropped)
        }
        // For a JSON schema `1e9` is an integer.
        yaml::Value::Float(value) if expected != Type::String && value.fract() == 0.0 => {
            Some(SizeProblem::Dropped)
        }
        // compose-go decodes a time into any of them, and drops it.
        yaml::Value::Timestamp => Some(SizeProblem::Dropped),
        yaml::Value::BigInt(_) if expected != Type::String => Some(SizeProblem::Dropped),
        _ => wrong_type(),
    }
}

/// Returns the settings for which a service has two different values.
pub(super) fn conflicts(fields: Fields<'_>) -> Vec<Conflict> {
    let pairs: [(&str, &[&str], &str, &[&str]); 4] = [
        (
            "mem_limit",
            &["mem_limit"],
            "deploy.resources.limits.memory",
            &["deploy", "resources", "limits", "memory"],
        ),
        (
            "mem_reservation",
            &["mem_reservation"],
            "deploy.resources.reservations.memory",
            &["deploy", "resources", "reservations", "memory"],
        ),
        ("cpus", &["cpus"], "deploy.resources.limits.cpus", &["deploy", "resources", "limits", "cpus"]),
        (
            "pids_limit",
            &["pids_limit"],
            "deploy.resources.limits.pids",
            &["deploy", "resources", "limits", "pids"],
        ),
    ];
    let mut found: Vec<Conflict> = pairs
        .into_iter()
        .filter_map(|(short, path, long, below)| conflict(fields, short, path, long, below))
        .collect();
    found.extend(scales(fields));
    found
}

/// Returns the conflict of a short key with a member of an existing block, if any. A missing member counts as 0.
fn conflict(
    fields: Fields<'_>,
    short: &'static str,
    path: &[&str],
    long: &'static str,
    below: &[&str],
) -> Option<Conflict> {
    let (_, block) = below.split_last()?;
    let block = fields.entry(block).filter(|block| block.value.as_map().is_some())?;
    // A block without the member conflicts with every size, even with one whose unit Compose does not know.
    let missing = fields.get(below).is_none();
    let short_value = number(fields, path).or_else(|| refused_size(fields, path).filter(|_| missing))?;
    if short_value.value == 0.0 || block.value.missing.is_some() {
        return None;
    }
    let long_value = match fields.get(below) {
        None => Err(block.key),
        Some(_) => Ok(number(fields, below)?),
    };
    let same = long_value.as_ref().is_ok_and(|long| long.value == short_value.value);
    let shown = |value: Spanned<f64>, path: &[&str]| {
        let text = fields.get(path).and_then(Value::as_scalar).map(|scalar| scalar.text.as_str().to_owned());
        value.map(|_| text.unwrap_or_default())
    };
    let scalar = fields.get(path).and_then(Value::as_scalar);
    let template = scalar.map(|scalar| scalar.template.as_deref().unwrap_or(scalar.text.as_str()).to_owned());
    (!same).then(|| Conflict {
        short,
        template: template.unwrap_or_default(),
        short_value: shown(short_value, path),
        long,
        long_value: long_value.map(|value| shown(value, below)),
    })
}

/// Returns the conflict of `scale` and `deploy.replicas`, which have to agree if both are set.
fn scales(fields: Fields<'_>) -> Option<Conflict> {
    let (short, long) = (fields.integer(&["scale"]), fields.integer(&["deploy", "replicas"]));
    let (short, long) = (short.known()?.clone(), long.known()?.clone());
    (short.value != long.value).then(|| Conflict {
        short: "scale",
        template: short.value.to_string(),
        short_value: short.map(|count| count.to_string()),
        long: "deploy.replicas",
        long_value: Ok(long.map(|count| count.to_string())),
    })
}

/// Returns a size in bytes, or a plain number.
fn number(fields: Fields<'_>, path: &[&str]) -> Option<Spanned<f64>> {
    let value = fields.get(path)?;
    let scalar = value.as_scalar().filter(|scalar| scalar.unset.is_none())?;
    let is_size = path.last().is_some_and(|key| key.starts_with("mem"));
    let number = if is_size { size(scalar)?.0 as f64 } else { scalar.text.as_str().trim().parse().ok()? };
    Some(Spanned::with_provenance(number, value.span, value.via.clone()))
}

/// Returns the number of a size that Compose rejects for its suffix, as `512Mi`.
fn refused_size(fields: Fields<'_>, path: &[&str]) -> Option<Spanned<f64>> {
    let value = fields.get(path).filter(|_| path.last().is_some_and(|key| key.starts_with("mem")))?;
    let scalar = value.as_scalar().filter(|scalar| scalar.unset.is_none())?;
    let text = scalar.text.as_str().trim();
    ByteSize::parse_compose(text).err()?;
    let digits = text.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    let number: f64 = digits.parse().ok()?;
    Some(Spanned::with_provenance(number, value.span, value.via.clone()))
}

/// A path of keys below the service.
type Place = &'static [&'static str];
/// A name in lower case with underscores, and the path of the key that it means.
type Meaning = (&'static str, &'static str);

/// A mapping with resource keys.
struct Section {
    path: Place,
    /// Its path in one text.
    name: &'static str,
    /// Its keys.
    keys: &'static [Meaning],
    /// Other names that people give them, limited to unambiguous ones.
    others: &'static [Meaning],
}

const SECTIONS: [Section; 5] = [
    Section {
        path: &[],
        name: "",
        keys: &[
            ("mem_limit", "mem_limit"),
            ("mem_reservation", "mem_reservation"),
            ("memswap_limit", "memswap_limit"),
            ("mem_swappiness", "mem_swappiness"),
            ("shm_size", "shm_size"),
            ("oom_kill_disable", "oom_kill_disable"),
            ("oom_score_adj", "oom_score_adj"),
            ("pids_limit", "pids_limit"),
        ],
        others: &[
            ("mem", "mem_limit"),
            ("mem_max", "mem_limit"),
            ("memory", "mem_limit"),
            ("memory_limit", "mem_limit"),
            ("memory_max", "mem_limit"),
            ("memlimit", "mem_limit"),
            ("mem_limits", "mem_limit"),
            ("limit_mem", "mem_limit"),
            ("limit_memory", "mem_limit"),
            ("max_memory", "mem_limit"),
            ("memory_reservation", "mem_reservation"),
            ("reserve_memory", "mem_reservation"),
            ("memory_swap", "memswap_limit"),
            ("memory_swap_limit", "memswap_limit"),
            ("memswap", "memswap_limit"),
            ("mem_swap", "memswap_limit"),
            ("mem_swap_limit", "memswap_limit"),
            ("memory_swappiness", "mem_swappiness"),
            ("resources", "deploy.resources"),
            ("limits", "deploy.resources.limits"),
        ],
    },
    Section {
        path: &["deploy"],
        name: "deploy",
        keys: &[("resources", "deploy.resources")],
        others: &[("limits", "deploy.resources.limits"), ("memory", "deploy.resources.limits.memory")],
    },
    Section {
        path: &["deploy", "resources"],
        name: "deploy.resources",
        keys: &[("limits", "deploy.resources.limits"), ("reservations", "deploy.resources.reservations")],
        others: &[
            ("memory", "deploy.resources.limits.memory"),
            ("mem_limit", "deploy.resources.limits.memory"),
            ("limit", "deploy.resources.limits"),
            ("reservation", "deploy.resources.reservations"),
            ("requests", "deploy.resources.reservations"),
        ],
    },
    Section {
        path: &["deploy", "resources", "limits"],
        name: "deploy.resources.limits",
        keys: &[
            ("memory", "deploy.resources.limits.memory"),
            ("cpus", "deploy.resources.limits.cpus"),
            ("pids", "deploy.resources.limits.pids"),
        ],
        others: &[
            ("mem_limit", "deploy.resources.limits.memory"),
            ("memory_limit", "deploy.resources.limits.memory"),
            ("mem", "deploy.resources.limits.memory"),
            ("cpu", "deploy.resources.limits.cpus"),
            ("pids_limit", "deploy.resources.limits.pids"),
        ],
    },
    Section {
        path: &["deploy", "resources", "reservations"],
        name: "deploy.resources.reservations",
        keys: &[
            ("memory", "deploy.resources.reservations.memory"),
            ("cpus", "deploy.resources.reservations.cpus"),
        ],
        others: &[
            ("mem_reservation", "deploy.resources.reservations.memory"),
            ("memory_reservation", "deploy.resources.reservations.memory"),
            ("mem", "deploy.resources.reservations.memory"),
            ("cpu", "deploy.resources.reservations.cpus"),
        ],
    },
];

impl Section {
    /// Returns the path of the key that a name means which is none itself: another name of it, with other signs between its words or in
    /// capitals, or a slip of the pen.
    fn meant(&self, name: &str) -> Option<&'static str> {
        let of = |table: &[Meaning], name: &str| {
            table.iter().find(|(known, _)| *known == name).map(|(_, meant)| *meant)
        };
        if of(self.keys, name).is_some() {
            return None;
        }
        let plain = name.to_ascii_lowercase().replace('-', "_");
        let slip = || of(self.keys, only_slip(name, self.keys.iter().map(|(key, _)| *key))?);
        of(self.keys, &plain).or_else(|| of(self.others, &plain)).or_else(slip)
    }
}

/// Returns the key of a service that a name outside of Compose files means: `mem-limit`, `memory_swap`.
pub(in crate::model) fn meant_key(name: &str) -> Option<&'static str> {
    let [services, ..] = &SECTIONS;
    let plain = name.to_ascii_lowercase().replace('-', "_");
    let own = services.keys.iter().find(|(key, _)| *key == plain).map(|(_, key)| *key);
    own.or_else(|| services.meant(&plain))
}

/// Returns the place of a misspelled key that was meant to set the memory limit.
pub(super) fn misspelled_limit(unknown: &[UnknownKey]) -> Option<&UnknownKey> {
    const LIMITS: [&str; 4] =
        ["mem_limit", "deploy.resources", "deploy.resources.limits", "deploy.resources.limits.memory"];
    unknown.iter().find(|unknown| LIMITS.contains(&unknown.meant))
}

/// Returns the sizes that a key would set with this value: those of its block, or its own. `None` if Compose would not take a value, if
/// a variable sets one, or if one is neither a size nor a number of CPUs or processes.
fn sizes(key: &str, value: &Value) -> Option<Vec<(&'static str, ByteSize)>> {
    if key.ends_with(".devices") {
        return Some(Vec::new());
    }
    if let Some(block) = value.as_map() {
        let each = block.iter().map(|(name, entry)| sizes(&format!("{key}.{name}"), &entry.value));
        return Some(each.collect::<Option<Vec<_>>>()?.concat());
    }
    let text = &value.as_scalar()?.text;
    if text.varies() {
        return None;
    }
    match key.rsplit('.').next() {
        Some("cpus") => text.as_str().parse::<f64>().ok().map(|_| Vec::new()),
        Some("pids" | "pids_limit") => text.as_str().parse::<i64>().ok().map(|_| Vec::new()),
        Some("mem_swappiness") => None,
        _ => {
            let (name, _, expected) = SIZE_KEYS.iter().find(|(name, ..)| *name == key)?;
            let size = ByteSize::parse_compose(text.as_str()).ok();
            Some(vec![(*name, size.filter(|_| problem(value, *expected).is_none())?)])
        }
    }
}

/// Returns the misspelled keys of a service, with what was meant.
pub(super) fn unknown_keys(fields: Fields<'_>) -> Vec<UnknownKey> {
    let mut found = Vec::new();
    for section in &SECTIONS {
        let Some(map) = fields.value.at(section.path).and_then(Value::as_map) else { continue };
        for (name, entry) in map {
            if let Some(meant) = section.meant(name) {
                let key = Spanned::with_provenance(name.clone(), entry.key, entry.value.via.clone());
                found.push(UnknownKey { place: section.name, key, meant, sizes: sizes(meant, &entry.value) });
            }
        }
    }
    found
}
