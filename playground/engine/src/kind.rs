//! The kind of each file: by its name and content, or as the page requests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use oomlint::config::FILE_NAMES;
use oomlint::discover::{self, Discovered, FileKind};
use oomlint::model::{container, launch};
use oomlint::source::{Overlay, Sources, TracedText};
use oomlint::syntax::command_line::{self, Notation};
use oomlint::workload::Project;
use serde::Serialize;

use crate::request::Named;
use crate::run::Run;

/// The kind of a file.
#[derive(Serialize)]
pub(crate) struct FileState {
    kind: Kind,
    /// True if it was read for a project.
    read: bool,
    /// For a file that is not checked, and looks as if it were meant to be: what it looks like.
    looks_like: Option<Kind>,
    /// For one that is checked, and starts no container: why.
    nothing: Option<&'static str>,
}

/// The kinds of files, by name and content.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Compose,
    Dockerfile,
    /// Command lines that start containers.
    Run,
    /// Output of `docker inspect`.
    Inspect,
    Devcontainer,
    Env,
    /// A configuration of oomlint.
    Configuration,
    /// The file of locked images.
    Images,
    /// Whatever else: a script, a server's configuration.
    Other,
}

impl Kind {
    pub(crate) fn of(kind: FileKind) -> Self {
        match kind {
            FileKind::Compose => Self::Compose,
            FileKind::Dockerfile => Self::Dockerfile,
            FileKind::Commands(_) => Self::Run,
            FileKind::Inspected => Self::Inspect,
            FileKind::Devcontainer => Self::Devcontainer,
        }
    }

    /// Returns the kind of a file that is not checked, by its name.
    fn of_unchecked(path: &Path) -> Self {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match () {
            () if FILE_NAMES.contains(&name) => Self::Configuration,
            () if discover::is_image_lock(path) => Self::Images,
            () if discover::is_env_file(path) => Self::Env,
            () => Self::Other,
        }
    }
}

/// Adds the files that are named to those that were found.
pub(crate) fn name(discovered: &mut Discovered, files: &Overlay, kinds: &BTreeMap<PathBuf, Named>) {
    for (path, named) in kinds {
        let Some(text) = files.get(path) else { continue };
        let found = discovered.files.iter().any(|found| found.path == *path);
        let kind = match named {
            Named::Auto if found => continue,
            Named::Auto => named_kind(path, text),
            Named::Compose => Some(FileKind::Compose),
            Named::Dockerfile => Some(FileKind::Dockerfile),
            Named::Run => Some(FileKind::Commands(notation(path, text))),
            Named::Inspect => Some(FileKind::Inspected),
            Named::Text => None,
        };
        discovered.files.retain(|found| found.path != *path);
        if let Some(kind) = kind {
            discovered.add(path.clone(), kind);
        }
    }
}

/// Returns the kind of a file that is checked only where it is named. One with the content of a Compose file or Dockerfile has
/// another name than those: the page offers to rename it.
fn named_kind(path: &Path, text: &str) -> Option<FileKind> {
    if !matches!(Kind::of_unchecked(path), Kind::Other) {
        return None;
    }
    let by_content = || told(text).filter(|kind| !matches!(kind, FileKind::Compose | FileKind::Dockerfile));
    // Data may quote a command line.
    let is_data = path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    discover::kind_of_named(path)
        .or_else(|| by_content().filter(|kind| !is_data || *kind == FileKind::Inspected))
}

/// Returns the kind of a text without a name.
pub(crate) fn told(text: &str) -> Option<FileKind> {
    let other = || Notation::of_text(text).or_else(|| is_commands(text).then_some(Notation::Lines));
    discover::kind_of_text(text).or_else(|| other().map(FileKind::Commands))
}

/// Returns how a file has its command lines.
fn notation(path: &Path, text: &str) -> Notation {
    Notation::of(path).or_else(|| Notation::of_text(text)).unwrap_or(Notation::Lines)
}

/// True for a text with a line that starts a container, and is no comment unless all lines are.
fn is_commands(text: &str) -> bool {
    let sources = Sources::new();
    let source = sources.get(sources.add(Path::new("text"), text));
    let commands = command_line::find(&TracedText::verbatim(source.text(), source.span()), Notation::Lines);
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let all = source.text().lines().all(|line| line.trim().is_empty() || is_comment(line));
    commands.iter().any(|command| {
        let before = source.text().get(..command.span.range().start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        all || !is_comment(line)
    })
}

/// Returns the paths of the files that are part of a project.
pub(crate) fn parts(projects: &[Project], sources: &Sources) -> BTreeSet<PathBuf> {
    let files = projects.iter().flat_map(|project| &project.files);
    files.map(|file| sources.get(*file).path().to_path_buf()).collect()
}

/// Returns the kind of a file of a run. `parts` are the files of its projects.
pub(crate) fn state(path: &Path, run: &Run, parts: &BTreeSet<PathBuf>) -> FileState {
    let checked = run.discovered.files.iter().find(|found| found.path == path).map(|found| found.kind);
    let kind = checked.map_or_else(|| Kind::of_unchecked(path), Kind::of);
    let text = || run.options.disk.read(path).ok();
    let told = || text().and_then(|text| told(&String::from_utf8_lossy(&text)));
    // What has services in it is also loaded to see whether it overrides a Compose file.
    let is_loaded = run.sources.has_loaded(path);
    let is_used = is_loaded && (parts.contains(path) || !matches!(told(), Some(FileKind::Compose)));
    let is_read = is_used || matches!(kind, Kind::Configuration);
    let looks_like = (matches!(kind, Kind::Other) && !is_read).then(told).flatten();
    let nothing = checked.and_then(|kind| nothing_in(path, kind, &run.sources));
    FileState { kind, read: is_read, looks_like: looks_like.map(Kind::of), nothing }
}

/// Returns why a file that has containers, by its kind, starts none.
fn nothing_in(path: &Path, kind: FileKind, sources: &Sources) -> Option<&'static str> {
    let source = sources.get(sources.load(path).ok()?);
    match kind {
        FileKind::Commands(notation) if launch::projects(source.id(), notation, sources).is_empty() => {
            Some("no command here starts a container, as `docker run -m 512m redis` does")
        }
        FileKind::Inspected => {
            let reading = container::read(source.id(), source.text());
            let is_image = reading.others.first().is_some_and(|other| other.value == "image");
            let why = if is_image {
                "an image was inspected, not a container: paste `docker inspect CONTAINER`"
            } else {
                "no container is in it: paste what `docker inspect CONTAINER` prints"
            };
            reading.containers.is_empty().then_some(why)
        }
        _ => None,
    }
}
