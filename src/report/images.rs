//! Reports of `oomlint images`: the images of a stack, and what is known of each.

use std::io::{self, Write};

#[cfg(feature = "schema")]
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::escape::{self, json_pretty};
use super::path_text;
use crate::check::UsedImage;
use crate::diagnostic::plural;
use crate::model::ImageReference;
use crate::secret;
use crate::source::TracedText;
use crate::workload::{Fact, Healthcheck, Knowledge};

const VERSION: u32 = 1;

/// The list of `oomlint images --format json`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Document {
    /// The version of this format: it changes when a field goes or changes its meaning, not when one comes.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    version: u32,
    /// The images, in order of their references.
    images: Vec<Image>,
    /// References of images that services run and nobody knows.
    unknown: Vec<String>,
}

/// One image.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Image {
    /// Its name as short as Docker takes it; as written if it has variables; the Dockerfile's path if it has no name.
    reference: String,
    /// The services that run it, and lone Dockerfiles that build it.
    services: Vec<String>,
    /// The services whose Dockerfile builds on it.
    base_of: Vec<String>,
    known_from: Knowledge,
    /// The Dockerfile here that builds it.
    dockerfile: Option<String>,
    /// The day on which it was locked.
    locked: Option<String>,
    /// The words of its ENTRYPOINT, secrets masked; `null` if they are not known.
    entrypoint: Option<Vec<String>>,
    /// The words of its CMD, secrets masked; `null` if they are not known.
    command: Option<Vec<String>>,
    healthcheck: HealthcheckState,
    /// The runtime that it runs: `java`.
    runtime: Option<&'static str>,
    /// The major version of the runtime.
    runtime_version: Option<u32>,
    /// The memory that its program takes by default.
    memory: Vec<String>,
    /// The least memory that it needs, in bytes.
    minimum: Option<i64>,
    /// Why it is no longer maintained, if it is not.
    unsupported: Option<String>,
}

/// Whether an image has a healthcheck.
#[derive(Clone, Copy, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
enum HealthcheckState {
    /// It has one.
    Present,
    /// It has none.
    None,
    /// It switches that of its base off.
    Disabled,
    /// Not known.
    Unknown,
}

impl HealthcheckState {
    fn of(check: &Fact<Healthcheck>) -> Self {
        match check {
            Fact::Known(known) if known.value == Healthcheck::Disabled => Self::Disabled,
            Fact::Known(_) => Self::Present,
            Fact::Absent { .. } => Self::None,
            Fact::Unknown { .. } => Self::Unknown,
        }
    }
}

/// Returns the JSON Schema of the list, draft 2020-12.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    titled::<Document>("oomlint images, version 1")
}

/// Returns the JSON Schema of `.oomlint-images.json`, draft 2020-12.
#[cfg(feature = "schema")]
#[must_use]
pub fn lock_schema() -> serde_json::Value {
    titled::<crate::lock::LockFile>("locked images of oomlint, version 1")
}

#[cfg(feature = "schema")]
fn titled<T: schemars::JsonSchema>(title: &str) -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

/// Writes the list as one JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(out: &mut dyn Write, images: &[UsedImage]) -> io::Result<()> {
    let unknown = images.iter().filter(|image| image.unknown).map(|image| image.reference.clone());
    let document = Document {
        version: VERSION,
        images: images.iter().map(Image::of).collect(),
        unknown: unknown.collect(),
    };
    json_pretty(out, &document)?;
    writeln!(out)
}

impl Image {
    fn of(image: &UsedImage) -> Self {
        let known = &image.known;
        let (entrypoint, command) = masked(image);
        Self {
            reference: image.reference.clone(),
            services: image.services.clone(),
            base_of: image.base_of.clone(),
            known_from: known.knowledge,
            dockerfile: image.dockerfile.as_deref().map(path_text),
            locked: image.locked.clone(),
            entrypoint,
            command,
            healthcheck: HealthcheckState::of(&known.healthcheck),
            runtime: known.runtime.map(|(runtime, _)| runtime.name()),
            runtime_version: known.runtime.and_then(|(_, major)| major),
            memory: known.memory.clone(),
            minimum: known.minimum.map(|least| least.0),
            unsupported: known.unsupported.clone(),
        }
    }
}

/// Returns the words of entrypoint and command with secrets masked; `None` for what is not known.
fn masked(image: &UsedImage) -> (Option<Vec<String>>, Option<Vec<String>>) {
    let words = |fact: &Fact<Vec<TracedText>>| match fact {
        Fact::Unknown { .. } => None,
        other => Some(other.value().cloned().unwrap_or_default()),
    };
    let (entrypoint, command) = (words(&image.known.entrypoint), words(&image.known.command));
    let all = entrypoint.iter().chain(&command).flatten().map(TracedText::as_str);
    let mut all = secret::words(&all.collect::<Vec<_>>()).into_iter();
    let mut take = |words: Option<Vec<TracedText>>| -> Option<Vec<String>> {
        words.map(|words| all.by_ref().take(words.len()).collect())
    };
    (take(entrypoint), take(command))
}

/// Writes a paragraph an image, and at the end what to run for those that nobody knows.
///
/// # Errors
/// When `out` cannot be written.
pub fn human(out: &mut dyn Write, images: &[UsedImage]) -> io::Result<()> {
    if images.is_empty() {
        return writeln!(out, "no service and no Dockerfile here");
    }
    for image in images {
        for line in paragraph(image) {
            writeln!(out, "{}", escape::line(&line))?;
        }
    }
    let of = |knowledge| images.iter().filter(|image| image.known.knowledge == knowledge).count();
    let counts = [
        (of(Knowledge::Dockerfile), "built here"),
        (of(Knowledge::Lock), "locked"),
        (of(Knowledge::Configuration), "in the configuration"),
        (of(Knowledge::Catalogue), "in the catalogue"),
        (of(Knowledge::Nothing), "unknown"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    writeln!(out, "\n{}: {}", plural(images.len(), "image"), counts.collect::<Vec<_>>().join(", "))?;
    match lock_command(&to_inspect(images.iter().filter(|image| image.unknown))) {
        Some(command) => writeln!(out, "{}", escape::line(&command)),
        None => Ok(()),
    }
}

fn paragraph(image: &UsedImage) -> Vec<String> {
    let known = &image.known;
    let mut users = image.services.clone();
    if !image.base_of.is_empty() {
        users.push(format!("base of {}", image.base_of.join(", ")));
    }
    let from = match (known.knowledge, &image.dockerfile, &image.locked) {
        (Knowledge::Dockerfile, Some(path), _) => format!("built from {}", path_text(path)),
        (Knowledge::Lock, _, Some(day)) => format!("locked on {day}"),
        (Knowledge::Configuration, ..) => "in the configuration".to_owned(),
        (Knowledge::Catalogue, ..) => "in the catalogue".to_owned(),
        _ => "unknown".to_owned(),
    };
    let mut lines = vec![format!("{} ({}): {from}", image.reference, users.join(", "))];
    if known.knowledge == Knowledge::Nothing {
        return lines;
    }
    let mut line = |what: &str, text: String| lines.push(format!("  {what:<12} {text}"));
    let (entrypoint, command) = masked(image);
    let start: Vec<String> = entrypoint.iter().chain(&command).flatten().cloned().collect();
    match (entrypoint.is_none() || command.is_none(), start.is_empty()) {
        (true, true) => line("starts", "not known".to_owned()),
        (true, false) => line("starts", format!("{} …", start.join(" "))),
        (false, true) => line("starts", "nothing by itself".to_owned()),
        (false, false) => line("starts", start.join(" ")),
    }
    if let Some((runtime, major)) = known.runtime {
        let major = major.map(|major| format!(" {major}")).unwrap_or_default();
        line("runtime", format!("{}{major}", runtime.display_name()));
    }
    line(
        "healthcheck",
        match HealthcheckState::of(&known.healthcheck) {
            HealthcheckState::Present => "its own".to_owned(),
            HealthcheckState::None => "none".to_owned(),
            HealthcheckState::Disabled => "disabled".to_owned(),
            HealthcheckState::Unknown => "not known".to_owned(),
        },
    );
    for text in &known.memory {
        line("memory", text.clone());
    }
    if let Some(least) = known.minimum {
        line("minimum", least.to_string());
    }
    if let Some(why) = &known.unsupported {
        line("unsupported", why.clone());
    }
    lines
}

/// Returns the references that can be pasted into a shell: names that begin with a letter or digit and have no brackets.
pub fn to_inspect<'i>(images: impl Iterator<Item = &'i UsedImage>) -> Vec<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/:@-".contains(c);
    let names = images.map(|image| &image.reference);
    let names = names.filter(|name| {
        ImageReference::parse(name).is_some()
            && name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.chars().all(is_plain)
    });
    names.cloned().collect()
}

/// Returns the command that locks images; `None` without any.
#[must_use]
pub fn lock_command(names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("docker image inspect {} | oomlint images lock", names.join(" ")))
}
