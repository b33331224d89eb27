//! Reads `.oomlint-images.json`, with the bytes of each value.

use std::ops::Range;
use std::sync::Arc;

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use super::entry::{Entry, LockFile, VERSION, is_day};
use super::inspect::said;
use crate::error::{ConfigProblem, Error};
use crate::hash::HashMap;
use crate::model::ImageReference;
use crate::source::{Source, SourceId, Span, TracedText};
use crate::syntax::duration;

/// The largest lock file, in bytes. An image takes about 1 KiB.
pub const MAX_TEXT: usize = 4 * 1024 * 1024;

/// The images of a lock file, by name and digest.
#[derive(Debug, Default)]
pub struct ImageLock {
    images: Vec<LockedImage>,
    /// Indexes into `images`, by name with tag.
    by_name: HashMap<String, usize>,
    /// Indexes into `images`, by digest alone: the same digest is the same content, whatever the repository.
    by_digest: HashMap<String, usize>,
}

#[derive(Debug)]
struct LockedImage {
    entry: Entry,
    at: Range<usize>,
    /// The bytes of each value in it, by its way: `entrypoint/0`, `environment/JAVA_OPTS`. Of text without the quotes.
    places: HashMap<String, Range<usize>>,
}

/// The lock file of a project.
#[derive(Clone, Debug)]
pub struct Lock {
    /// The file.
    pub file: SourceId,
    /// Its content.
    pub images: Arc<ImageLock>,
}

/// An image that the lock file has.
#[derive(Clone, Copy, Debug)]
pub struct Locked<'l> {
    file: SourceId,
    image: &'l LockedImage,
}

impl ImageLock {
    /// Reads a lock file.
    ///
    /// # Errors
    /// If it is not valid: the mistake with its place.
    pub fn parse(source: &Source) -> Result<Self, Error> {
        let text = source.text();
        let fail = |message: String, at: Range<usize>, help: Option<&str>| {
            let problem = ConfigProblem::new(source.path(), text, message, at, help.map(str::to_owned));
            Error::Images { path: source.path().to_path_buf(), problems: vec![problem] }
        };
        if text.len() > MAX_TEXT {
            return Err(fail(format!("larger than {} MiB", MAX_TEXT >> 20), 0..0, None));
        }
        let lock: LockFile = serde_json::from_str(text).map_err(|error| {
            let at = offset(text, error.line(), error.column());
            let help = "`oomlint images lock` writes this file";
            fail(said(&error), at..at, Some(help))
        })?;
        let images = Self::located(lock.images, text);
        if lock.version != VERSION {
            let message = format!("unknown format version {}", lock.version);
            let at = text.find("\"version\"").unwrap_or(0);
            return Err(fail(message, at..at + 9, Some("it was written by a newer oomlint")));
        }
        for image in &images {
            if let Some((at, message)) = mistake(image) {
                return Err(fail(message, at, None));
            }
        }
        Ok(Self::indexed(images))
    }

    /// Joins the entries with the places of their values.
    fn located(entries: Vec<Entry>, text: &str) -> Vec<LockedImage> {
        let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default()).ok();
        let root = parsed.and_then(|parsed| parsed.value);
        let nodes = match &root {
            Some(Value::Object(root)) => root.get_array("images").map(|images| images.elements.as_slice()),
            _ => None,
        };
        let images = entries.into_iter().enumerate().map(|(at, entry)| {
            let mut places = HashMap::default();
            let node = nodes.and_then(|nodes| nodes.get(at));
            if let Some(node) = node {
                collect(node, String::new(), &mut places);
            }
            LockedImage { entry, at: node.map_or(0..0, range), places }
        });
        images.collect()
    }

    fn indexed(images: Vec<LockedImage>) -> Self {
        let mut lock = Self::default();
        for (at, image) in images.iter().enumerate() {
            let names = image.entry.names.iter().filter_map(|name| ImageReference::parse(name));
            lock.by_name.extend(names.filter_map(|name| Some((key(&name)?, at))));
            let digests = image.entry.digests.iter().filter_map(|name| ImageReference::parse(name)?.digest);
            lock.by_digest.extend(digests.map(|digest| (digest, at)));
        }
        lock.images = images;
        lock
    }

    /// Returns the images in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.images.iter().map(|image| &image.entry)
    }

    /// Returns the index of an image: by digest if the reference has one, else by name and tag.
    #[must_use]
    pub fn index_of(&self, reference: &ImageReference) -> Option<usize> {
        if let Some(digest) = &reference.digest {
            return self.by_digest.get(digest).copied();
        }
        // Podman puts images that it builds below `localhost/`.
        let own = ImageReference { registry: "localhost".to_owned(), ..reference.clone() };
        let short = own.repository.strip_prefix("library/").map(str::to_owned);
        let own = ImageReference { repository: short.unwrap_or_else(|| own.repository.clone()), ..own };
        let of = |reference: &ImageReference| self.by_name.get(&key(reference)?).copied();
        of(reference).or_else(|| of(&own).filter(|_| reference.registry == "docker.io"))
    }
}

/// Returns the name with tag by which an image is found.
fn key(reference: &ImageReference) -> Option<String> {
    Some(format!("{}:{}", reference.name(), reference.effective_tag()?))
}

impl Lock {
    /// Returns an image by its tag or digest.
    #[must_use]
    pub fn find(&self, reference: &ImageReference) -> Option<Locked<'_>> {
        let image = self.images.images.get(self.images.index_of(reference)?)?;
        Some(Locked { file: self.file, image })
    }
}

impl<'l> Locked<'l> {
    /// Returns what the file says about the image.
    #[must_use]
    pub fn entry(&self) -> &'l Entry {
        &self.image.entry
    }

    /// Returns the bytes of a value: `entrypoint`, `healthcheck/test`; the whole entry if it is not written.
    #[must_use]
    pub fn span(&self, way: &str) -> Span {
        let range = self.image.places.get(way).unwrap_or(&self.image.at);
        Span::new(self.file, range.start, range.end)
    }

    /// Returns a text of the file with its place.
    #[must_use]
    pub fn text(&self, way: &str, value: &str) -> TracedText {
        let span = self.span(way);
        match self.image.places.contains_key(way) && span.len() == value.len() {
            true => TracedText::verbatim(value, span),
            false => TracedText::derived(value, span),
        }
    }

    /// Returns the words of a list with their places.
    #[must_use]
    pub fn words(&self, way: &str, words: &[String]) -> Vec<TracedText> {
        let texts = words.iter().enumerate();
        texts.map(|(at, word)| self.text(&format!("{way}/{at}"), word)).collect()
    }
}

/// Returns the first value that is no day or no time, with what is wrong.
fn mistake(image: &LockedImage) -> Option<(Range<usize>, String)> {
    let entry = &image.entry;
    let at = |way: &str| image.places.get(way).unwrap_or(&image.at).clone();
    let days = [("locked", Some(&entry.locked)), ("created", entry.created.as_ref())];
    for (way, day) in days {
        if let Some(day) = day.filter(|day| !is_day(day)) {
            return Some((at(way), format!("`{day}` is not a date")));
        }
    }
    let health = entry.healthcheck.as_ref()?;
    let times = [
        ("interval", &health.interval),
        ("timeout", &health.timeout),
        ("start_period", &health.start_period),
        ("start_interval", &health.start_interval),
    ];
    times.into_iter().find_map(|(way, time)| {
        let time = time.as_ref().filter(|time| duration::parse(time).is_err())?;
        Some((at(&format!("healthcheck/{way}")), format!("`{time}` is not a time")))
    })
}

fn range(value: &Value<'_>) -> Range<usize> {
    use jsonc_parser::common::Ranged;
    value.start()..value.end()
}

/// Collects the places of all values below a node. The nesting is bounded: another parser has read the text before.
fn collect(node: &Value<'_>, way: String, places: &mut HashMap<String, Range<usize>>) {
    let below = |name: &str| if way.is_empty() { name.to_owned() } else { format!("{way}/{name}") };
    match node {
        Value::Object(object) => {
            for property in &object.properties {
                collect(&property.value, below(property.name.as_str()), places);
            }
        }
        Value::Array(array) => {
            for (at, element) in array.elements.iter().enumerate() {
                collect(element, below(&at.to_string()), places);
            }
        }
        _ => {}
    }
    let whole = range(node);
    let inside = match node {
        Value::StringLit(_) if whole.len() >= 2 => whole.start + 1..whole.end - 1,
        _ => whole,
    };
    places.insert(way, inside);
}

/// Returns the offset of a line and column, which count from 1 and in bytes, within the text.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let mut at = (before + column.saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
