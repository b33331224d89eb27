//! Compiles `rules/catalog/compose.yaml` to Rust: static data, which costs nothing when the program starts.

use std::fmt::Write;

use serde_json::{Map, Value};

type Failure = Box<dyn std::error::Error>;

/// Aliases may name aliases, up to this depth: deeper ones are a circle.
const MAX_DEPTH: usize = 8;

/// Returns the Rust items of the table: `COMPOSE`, a `static` for each mapping, and `PROJECT`.
pub(crate) fn compile(table: &Value) -> Result<String, Failure> {
    let shapes = table.get("shapes").and_then(Value::as_object).ok_or("no shapes")?;
    let since = table.get("since").and_then(Value::as_object).ok_or("no versions")?;
    let shapes = Shapes { shapes, since };
    let version = table.get("compose").and_then(Value::as_str).ok_or("no version")?;
    let version = release(version)?;
    let mut out =
        format!("/// The Docker Compose that the table is of.\npub const COMPOSE: Release = {version};\n");
    let parts: Vec<&str> = shapes.shapes.values().flat_map(|shape| list(shape.get("keys_of"))).collect();
    for (name, shape) in shapes.shapes.iter().filter(|(name, _)| !parts.contains(&name.as_str())) {
        if let Some(mapping) = shape.as_object() {
            let mapping = shapes.mapping(name, mapping).map_err(|error| format!("{name}: {error}"))?;
            writeln!(out, "static {}: Mapping = {mapping};", static_name(name))?;
        }
    }
    writeln!(out, "static ROOT: Shape = {};", shapes.shape("project")?)?;
    Ok(out)
}

struct Shapes<'t> {
    shapes: &'t Map<String, Value>,
    /// The first Docker Compose with a key, by shape and key.
    since: &'t Map<String, Value>,
}

impl Shapes<'_> {
    /// Returns the expression of a `Mapping`.
    fn mapping(&self, name: &str, mapping: &Map<String, Value>) -> Result<String, Failure> {
        let mut keys: Vec<(&str, &str, &str)> = Vec::new();
        let parts = list(mapping.get("keys_of"));
        for part in parts.iter().copied().chain([name]) {
            let keys_of =
                self.shapes.get(part).and_then(|shape| shape.get("keys")).and_then(Value::as_object);
            for (key, shape) in keys_of.ok_or_else(|| format!("no keys of {part}"))? {
                keys.push((key, shape.as_str().ok_or_else(|| format!("{key}: not a text"))?, part));
            }
        }
        keys.sort_unstable();
        let mut out = "Mapping { keys: &[".to_owned();
        for (key, shape, part) in keys {
            let shape = self.shape(shape).map_err(|error| format!("{key}: {error}"))?;
            let since = match self.since.get(part).and_then(|keys| keys.get(key)).and_then(Value::as_str) {
                Some(version) => format!("Some({})", release(version)?),
                None => "None".to_owned(),
            };
            write!(out, "Key {{ name: {}, shape: {shape}, since: {since} }}, ", quoted(key))?;
        }
        let required: Vec<String> =
            list(mapping.get("required")).iter().map(|key| format!("{}, ", quoted(key))).collect();
        let extensions = mapping.get("extensions").and_then(Value::as_bool).unwrap_or(true);
        let others = mapping.get("others").and_then(Value::as_bool).unwrap_or(false);
        write!(
            out,
            "], required: &[{}], extensions: {extensions}, others: {others}, unevaluated: {} }}",
            required.concat(),
            !parts.is_empty()
        )?;
        Ok(out)
    }

    /// Returns the expression of a `Shape`.
    fn shape(&self, text: &str) -> Result<String, Failure> {
        let mut shape = Compiled::default();
        self.alternatives(text, &mut shape, 0)?;
        let reading = shape.reading.map_or("None".to_owned(), |reading| format!("Some(Reading::{reading})"));
        let (alternatives, is_late) = (shape.alternatives.join(", "), shape.is_late);
        Ok(format!("Shape {{ alternatives: &[{alternatives}], reading: {reading}, is_late: {is_late} }}"))
    }

    fn alternatives(&self, text: &str, out: &mut Compiled, depth: usize) -> Result<(), Failure> {
        if depth > MAX_DEPTH {
            return Err(format!("`{text}` leads in a circle").into());
        }
        for alternative in split(text, '|') {
            let (kinds, reading) = match alternative.split_once(" as ") {
                Some((kinds, reading)) => (kinds.trim(), Some(reading.trim())),
                None => (alternative, None),
            };
            if let Some(reading) = reading {
                out.is_late = reading.starts_with("late ");
                out.reading = Some(capitalized(reading.trim_start_matches("late ")));
            }
            match self.shapes.get(kinds) {
                Some(Value::String(alias)) => self.alternatives(alias, out, depth + 1)?,
                Some(_) => out.alternatives.push(format!("Alternative::Keys(&{})", static_name(kinds))),
                None => out.alternatives.push(self.alternative(kinds)?),
            }
        }
        Ok(())
    }

    fn alternative(&self, text: &str) -> Result<String, Failure> {
        if let Some((name, inner)) = call(text) {
            match name {
                "words" => {
                    let words: Vec<String> = split(inner, ',').into_iter().map(quoted).collect();
                    return Ok(format!("Alternative::Words(&[{}])", words.join(", ")));
                }
                "list" | "set" => {
                    let item = self.shape(inner)?;
                    return Ok(format!("Alternative::List {{ item: &{item}, unique: {} }}", name == "set"));
                }
                "map" | "keyed" | "names" => {
                    let item = self.shape(inner)?;
                    let keys = match name {
                        "map" => "Any",
                        "keyed" => "NotEmpty",
                        _ => "Simple",
                    };
                    return Ok(format!("Alternative::Map {{ item: &{item}, keys: Names::{keys} }}"));
                }
                _ => {}
            }
        }
        let (kinds, bounds) = call(text).unwrap_or((text, ""));
        let (least, most) = bounds.split_once("..").unwrap_or_default();
        let kinds: Vec<String> = kinds.split('/').map(scalar).collect::<Result<_, _>>()?;
        let (least, most) = (bound(least)?, bound(most)?);
        Ok(format!("Alternative::Scalar {{ kinds: &[{}], least: {least}, most: {most} }}", kinds.join(", ")))
    }
}

#[derive(Default)]
struct Compiled {
    alternatives: Vec<String>,
    reading: Option<String>,
    is_late: bool,
}

fn scalar(kind: &str) -> Result<String, Failure> {
    match kind {
        "text" | "integer" | "number" | "boolean" | "nothing" => {
            Ok(format!("ScalarKind::{}", capitalized(kind)))
        }
        _ => Err(format!("there is no shape `{kind}`").into()),
    }
}

fn bound(text: &str) -> Result<String, Failure> {
    match text {
        "" => Ok("None".to_owned()),
        number => Ok(format!("Some({})", number.parse::<i64>()?)),
    }
}

/// Splits `name(inner)`.
fn call(text: &str) -> Option<(&str, &str)> {
    text.strip_suffix(')')?.split_once('(')
}

/// Splits at `separator` outside of parentheses.
fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            c if c == separator && depth == 0 => {
                parts.push(text.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

fn list(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Returns the expression of a `Release`, of `5.6.1`.
fn release(version: &str) -> Result<String, Failure> {
    let numbers: Vec<u16> = version.split('.').map(str::parse).collect::<Result<_, _>>()?;
    match numbers.as_slice() {
        [major, minor, patch] => Ok(format!("Release {{ major: {major}, minor: {minor}, patch: {patch} }}")),
        _ => Err(format!("`{version}` is no version").into()),
    }
}

fn static_name(shape: &str) -> String {
    shape.to_uppercase()
}

/// Returns a Rust string literal.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
