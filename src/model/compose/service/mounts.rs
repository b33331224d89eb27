//! `tmpfs`, `volumes`, `configs` and `secrets`.

use super::super::field::Fields;
use super::super::short::{Volume, volume};
use super::super::value::{Scalar, Value};
use super::items;
use crate::model::fact::{Fact, Why};
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::size::ByteSize;
use crate::syntax::template::HOLE;

/// A tmpfs mount.
#[derive(Clone, Debug)]
pub struct Tmpfs {
    /// The path at which it is mounted.
    pub target: TracedText,
    /// Its size. Absent means half of the host's RAM.
    pub size: Fact<ByteSize>,
    /// Its mount options as written: `mode=1777`.
    pub options: Vec<String>,
    /// The size is a mount option, which the kernel parses, not Compose.
    pub option: bool,
    /// It is an entry of `volumes`, not of `tmpfs`.
    pub long: bool,
}

/// A file, directory or volume that is mounted into the container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Span of the entry.
    pub span: Span,
    /// The source: a path, or the name of a volume.
    pub source: String,
    /// The target in the container.
    pub target: String,
    /// True for an entry of `configs`.
    pub is_config: bool,
    /// The text of a config that the Compose file has itself.
    pub content: Option<TracedText>,
}

impl Mount {
    /// Fills in what the project's `configs` say about an entry of the service's: its file, or its text.
    pub(in crate::model::compose) fn resolve(&mut self, configs: Option<&Value>) {
        let Some(config) = configs.and_then(|configs| configs.at(&[&self.source])).filter(|_| self.is_config)
        else {
            return;
        };
        let known =
            |key: &str| config.at(&[key]).and_then(Value::as_scalar).filter(|own| own.unset.is_none());
        self.content = known("content").map(|scalar| scalar.text.clone());
        if let Some(file) = known("file").map(|scalar| scalar.text.as_str()) {
            let relative = !file.starts_with(['.', '/']);
            self.source = if relative { format!("./{file}") } else { file.to_owned() };
        }
    }
}

/// Reads `tmpfs: /run:size=64m` (moby reads the options as mount(8) does) and `volumes` of type tmpfs.
pub(super) fn tmpfs(fields: Fields<'_>) -> Vec<Tmpfs> {
    let mut mounts = Vec::new();
    for item in fields.get(&["tmpfs"]).map(items).unwrap_or_default() {
        let Some(scalar) = item.as_scalar() else { continue };
        let text = scalar.text.as_str();
        let end = text.find(':').unwrap_or(text.len());
        let mut size = match &scalar.unset {
            Some(unset) => Fact::Unknown { at: unset.at, why: unset.why.clone() },
            None => Fact::Absent { anchor: item.span },
        };
        let mut at = end + 1;
        for option in text.get(at..).unwrap_or_default().split(',') {
            if let Some(value) = option.strip_prefix("size=") {
                let start = at + "size=".len();
                let span = scalar.text.span_of(start..start + value.len());
                // `size=50%` is a share of the host's memory.
                let share = value.strip_suffix('%').is_some_and(|share| share.parse::<u32>().is_ok());
                size = match ByteSize::parse_mount(value) {
                    Some(bytes) => {
                        bounded(Fact::Known(Spanned::with_provenance(bytes, span, item.via.clone())))
                    }
                    None if share => {
                        Fact::Unknown { at: span, why: Why::Other("a percentage of the host's memory") }
                    }
                    None => Fact::Unknown { at: span, why: Why::Malformed(value.to_owned()) },
                };
            }
            at += option.len() + 1;
        }
        let options = text.get(end + 1..).into_iter().flat_map(|options| options.split(','));
        let options = options.filter(|option| !option.is_empty()).map(str::to_owned).collect();
        mounts.push(Tmpfs { target: scalar.text.slice(0..end), size, options, option: true, long: false });
    }
    for item in fields.get(&["volumes"]).map(items).unwrap_or_default() {
        let long = Fields { value: item, anchor: item.span };
        if long.string(&["type"]).value().is_some_and(|kind| kind == "tmpfs")
            && let Fact::Known(target) = long.text(&["target"])
        {
            let size = bounded(long.size(&["tmpfs", "size"]));
            mounts.push(Tmpfs { target: target.value, size, options: Vec::new(), option: false, long: true });
        }
    }
    mounts
}

/// True if a volume or a tmpfs has a target with a variable without a value in it.
pub(super) fn has_unknown_target(fields: Fields<'_>) -> bool {
    let in_text = |scalar: &Scalar, key: &str| {
        let Some(unset) = &scalar.unset else { return false };
        let Some(partial) = &unset.partial else { return true };
        let mut parts = partial.as_str().split(':');
        let first = parts.next();
        let target = if key == "tmpfs" { first } else { parts.next().or(first) };
        target.is_none_or(|target| target.contains(HOLE))
    };
    ["volumes", "tmpfs"].into_iter().any(|key| {
        let items = fields.get(&[key]).map(items).unwrap_or_default();
        items.into_iter().any(|item| match item.as_scalar() {
            Some(scalar) => in_text(scalar, key),
            None => {
                let target = item.get("target").and_then(|entry| entry.value.as_scalar());
                target.is_some_and(|target| target.unset.is_some())
            }
        })
    })
}

/// Takes a size of 0 as none: Docker and the kernel set no bound for it.
fn bounded(size: Fact<ByteSize>) -> Fact<ByteSize> {
    match size {
        Fact::Known(size) if size.value.0 == 0 => Fact::Absent { anchor: size.span },
        other => other,
    }
}

/// Reads `./conf:/etc/conf:ro` and the long forms, `configs` and `secrets` too. A variable without a value counts as empty.
/// Without a target a config lies at the root, by its name (the Compose specification, "configs").
pub(super) fn mounts(fields: Fields<'_>) -> Vec<Mount> {
    let mut mounts = Vec::new();
    for key in ["volumes", "configs", "secrets"] {
        for item in fields.get(&[key]).map(items).unwrap_or_default() {
            let part = |name: &str| match item.get(name).and_then(|entry| entry.value.as_scalar()) {
                Some(scalar) => scalar.text.as_str().to_owned(),
                None => String::new(),
            };
            let (source, target) = match item.as_scalar() {
                Some(scalar) => match volume(scalar.text.as_str()) {
                    Ok(Volume { source: "", target }) => (target.to_owned(), target.to_owned()),
                    Ok(Volume { source, target }) => (source.to_owned(), target.to_owned()),
                    // A variable without a value leaves an empty part.
                    Err(_) => {
                        let (source, rest) = scalar.text.as_str().split_once(':').unwrap_or_default();
                        (source.to_owned(), rest.split(':').next().unwrap_or_default().to_owned())
                    }
                },
                None => (part("source"), part("target")),
            };
            let is_config = key == "configs";
            let target = match is_config {
                true if target.is_empty() || target == source => format!("/{source}"),
                _ => target,
            };
            mounts.push(Mount { span: item.span, source, target, is_config, content: None });
        }
    }
    mounts
}
