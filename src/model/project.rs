//! Which Compose files make one project.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::allowance::MAX_TAKEN;
use super::compose::{Compose, Request, Service, Settings, dotenv};
use crate::hash::HashMap;
use crate::model::size::ByteSize;
use crate::source::{SourceId, Sources, Span, compare_paths};
use crate::syntax::SyntaxError;
use crate::syntax::yaml::Tree;

/// The names that Compose looks for, best first (compose-go `cli/options.go`, `DefaultFileNames`).
const DEFAULT_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// What Compose merges onto a default file unasked (`DefaultOverrideFileNames`).
const OVERRIDE_NAMES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Bytes that the projects of one directory take of other files than their own, counted for each: a hundred overlays merge
/// their base a hundred times.
const MAX_OF_DIRECTORY: usize = 16 * 1024 * 1024;

/// Compose files that are merged, and what they came to.
#[derive(Clone, Debug)]
pub struct Project {
    /// What was loaded.
    pub request: Request,
    /// The merged model.
    pub compose: Compose,
    /// For an overlay: the only files whose findings are reported, the rest being said for the base.
    pub only: Option<Vec<SourceId>>,
}

impl Project {
    fn load(request: Request, only: Option<Vec<SourceId>>, sources: &Sources) -> Self {
        let compose = Compose::load(&request, sources);
        Self { request, compose, only }
    }

    /// One that is not looked at, and says so.
    fn refused(request: Request, why: String, sources: &Sources) -> Self {
        let nothing = Request { files: Vec::new(), ..request.clone() };
        let mut project = Self { request, compose: Compose::load(&nothing, sources), only: None };
        project.compose.files = project.roots(sources);
        if let Some(file) = project.compose.files.first() {
            let span = Span::new(*file, 0, 0);
            project.compose.errors.push(SyntaxError {
                message: why,
                span,
                fatal: false,
                duplicate_of: None,
                truncates_file: false,
            });
        }
        project
    }

    /// Bytes of the files that it was not asked for, or that it merges its own ones onto.
    fn taken(&self, sources: &Sources) -> usize {
        let own = self.request.files.last().and_then(|path| sources.load(path).ok());
        let others = self.compose.files.iter().filter(|file| Some(**file) != own);
        others.map(|file| sources.get(*file).text().len()).sum()
    }

    /// The files that it was asked for.
    #[must_use]
    pub fn roots(&self, sources: &Sources) -> Vec<SourceId> {
        self.request.files.iter().filter_map(|path| sources.load(path).ok()).collect()
    }

    /// Its files.
    #[must_use]
    pub fn project_files(&self, sources: &Sources) -> ProjectFiles {
        ProjectFiles {
            roots: self.roots(sources),
            files: self.compose.files.clone(),
            only: self.only.clone(),
        }
    }
}

/// The Compose files that a project has to do with.
#[derive(Clone, Debug)]
pub struct ProjectFiles {
    /// Those that it was asked for.
    pub roots: Vec<SourceId>,
    /// All that were read.
    pub files: Vec<SourceId>,
    /// As [`Project::only`].
    pub only: Option<Vec<SourceId>>,
}

/// Loads `files` as Compose's `-f` does: merged in order, paths relative to the first one's directory.
#[must_use]
pub fn load_merged(files: &[PathBuf], settings: &Settings, sources: &Sources) -> Project {
    let directory = files.first().map(|file| folder(file)).unwrap_or_default();
    let request = Request {
        files: files.to_vec(),
        directory,
        settings: settings.clone(),
        shared_byte_limit: MAX_TAKEN,
    };
    Project::load(request, None, sources)
}

/// The files that may have to do with each other without naming each other, in the order of the directories.
#[must_use]
pub fn by_directory(files: &[PathBuf]) -> Vec<(PathBuf, Vec<PathBuf>)> {
    let mut directories: Vec<(PathBuf, Vec<PathBuf>)> = Vec::new();
    let mut known: HashMap<OsString, usize> = HashMap::default();
    for file in files {
        let folder = folder(file);
        let index = *known.entry(folder.as_os_str().to_owned()).or_insert(directories.len());
        match directories.get_mut(index) {
            Some((_, files)) => files.push(file.clone()),
            None => directories.push((folder, vec![file.clone()])),
        }
    }
    directories.sort_by(|(a, _), (b, _)| compare_paths(a, b));
    directories
}

/// Loads the projects that the Compose files of one directory make, one after the other: its default file with its overrides is
/// one, files beside it are overlays of it or projects of their own. Each takes so many bytes of `others` at most.
pub fn load_directory(
    directory: &Path,
    mut files: Vec<PathBuf>,
    (settings, others): (&Settings, usize),
    sources: &Sources,
    each: &mut dyn FnMut(Project),
) {
    files.sort();
    files.dedup();
    let request = |files: Vec<PathBuf>| Request {
        files,
        directory: directory.to_path_buf(),
        settings: settings.clone(),
        shared_byte_limit: others,
    };
    let named = files_of_compose_file_variable(directory, sources);
    let is_named = named.is_some();
    let default = named.unwrap_or_else(|| default_files(directory, sources));
    // Every overlay reads the files below it: parsed once, as long as somebody has them.
    let below = default.iter().filter_map(|path| sources.load(path).ok()).map(|file| sources.get(file));
    let _parsed: Vec<Arc<Tree>> = below.filter(|_| files.len() > 1).map(|source| Tree::of(&source)).collect();
    // A default file that nobody asked for serves as the base of overlays only. Files that `.env` names are found nowhere
    // else, since they may be called anything.
    if is_named || default.iter().any(|file| files.contains(file)) {
        let asked = request(default.clone());
        each(Project::load(asked, None, sources));
    }
    let mut taken = 0;
    for file in files.iter().filter(|file| !default.contains(file)) {
        if taken > MAX_OF_DIRECTORY {
            let size = ByteSize(MAX_OF_DIRECTORY as i64);
            let why =
                format!("not looked at: the Compose files beside it take more than {size} of other files");
            each(Project::refused(request(vec![file.clone()]), why, sources));
            continue;
        }
        let alone = Project::load(request(vec![file.clone()]), None, sources);
        let overlay = match default.first() {
            None => false,
            Some(_) if !alone.compose.services.iter().all(Service::stands_alone) => true,
            Some(base) => {
                is_named_after(file, base) && {
                    let base = Project::load(request(vec![base.clone()]), None, sources);
                    is_part(complete_services(&alone.compose.services), &base.compose.services)
                }
            }
        };
        if !overlay {
            taken += alone.taken(sources);
            each(alone);
            continue;
        }
        let only = alone.roots(sources);
        // Compose merges its automatic override only when it is told no files.
        let base = default.iter().filter(|base| !is_override(base));
        let stack = base.chain([file]).cloned().collect();
        let merged = Project::load(request(stack), Some(only), sources);
        taken += merged.taken(sources);
        each(merged);
    }
}

/// True for `compose.gpu.yaml` and `compose-gpu.yaml` beside `compose.yaml`.
#[must_use]
pub fn is_named_after(file: &Path, base: &Path) -> bool {
    let stem = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let (Some(name), Some(base)) = (stem(file), stem(base)) else { return false };
    name.strip_prefix(&base).is_some_and(|rest| rest.starts_with(['-', '.', '_']))
}

/// True where services could run without those of a base file and yet are changes of some of them: they have no command, ports,
/// volumes or files of variables, those of the base have, and the base has other services. Each comes with whether it has such
/// keys.
#[must_use]
pub fn is_part<'s>(services: impl Iterator<Item = (&'s str, bool)>, base: &[Service]) -> bool {
    let mut count = 0;
    let all_bare = services.inspect(|_| count += 1).all(|(name, is_whole)| {
        !is_whole && complete_services(base).any(|(other, is_whole)| other == name && is_whole)
    });
    all_bare && (1..base.len()).contains(&count)
}

/// True for a key without which a service is rarely whole. No fix adds or removes one.
pub(super) fn makes_complete(key: &str) -> bool {
    matches!(key, "command" | "depends_on" | "entrypoint" | "env_file" | "expose" | "ports" | "volumes")
}

/// The names of services, and whether each has such keys.
fn complete_services(services: &[Service]) -> impl Iterator<Item = (&str, bool)> {
    services.iter().map(|service| {
        let mut keys = service.keys.iter();
        (service.name.as_str(), keys.any(|key| makes_complete(&key.name)))
    })
}

/// The files that `docker compose` takes in `directory` when it is told none; empty when there are none.
fn default_files(directory: &Path, sources: &Sources) -> Vec<PathBuf> {
    let first =
        |names: &[&str]| names.iter().map(|name| directory.join(name)).find(|path| sources.exists(path));
    let Some(base) = first(&DEFAULT_NAMES) else { return Vec::new() };
    std::iter::once(base).chain(first(&OVERRIDE_NAMES)).collect()
}

/// `COMPOSE_FILE` of the directory's `.env`.
fn files_of_compose_file_variable(directory: &Path, sources: &Sources) -> Option<Vec<PathBuf>> {
    let id = sources.load(&directory.join(".env")).ok()?;
    let source = sources.get(id);
    let parsed = dotenv::parse(id, source.text(), &|_| None);
    let value = |name: &str| {
        let text = parsed.entries.get(name)?.value.as_ref()?.as_str().to_owned();
        (!text.is_empty()).then_some(text)
    };
    let separator = value("COMPOSE_PATH_SEPARATOR").unwrap_or_else(|| ":".to_owned());
    let files: Vec<PathBuf> = value("COMPOSE_FILE")?
        .split(separator.as_str())
        .filter(|name| !name.is_empty())
        .map(|name| directory.join(name))
        .filter(|path| sources.exists(path))
        .collect();
    (!files.is_empty()).then_some(files)
}

/// True for a name that Compose takes by itself, an override's included.
#[must_use]
pub fn is_default(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    DEFAULT_NAMES.contains(&name) || OVERRIDE_NAMES.contains(&name)
}

fn is_override(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    OVERRIDE_NAMES.contains(&name)
}

/// Which of the projects are not part of another one: all of their files are not read by it without having been asked for.
#[must_use]
pub fn top_level_files(projects: &[&ProjectFiles]) -> Vec<bool> {
    let mut readers: HashMap<SourceId, Vec<usize>> = HashMap::default();
    for (index, project) in projects.iter().enumerate() {
        for file in project.files.iter().filter(|file| !project.roots.contains(file)) {
            readers.entry(*file).or_default().push(index);
        }
    }
    let of = |file: &SourceId| readers.get(file).map(Vec::as_slice).unwrap_or_default();
    let mut kept = vec![true; projects.len()];
    for (index, project) in projects.iter().enumerate() {
        let Some((first, rest)) = project.roots.split_first().filter(|_| project.only.is_none()) else {
            continue;
        };
        kept[index] = !of(first).iter().any(|other| {
            *other != index && kept[*other] && rest.iter().all(|file| of(file).binary_search(other).is_ok())
        });
    }
    kept
}

fn folder(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}
