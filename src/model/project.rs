//! Groups Compose files into projects: a default file with its overrides, override files, standalone files.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::allowance::MAX_TAKEN;
use super::compose::{Compose, Element, Request, Service, Settings};
use super::directories_above;
use crate::hash::HashMap;
use crate::source::{SourceId, Sources, Span, compare_paths};
use crate::syntax::size::ByteSize;
use crate::syntax::yaml::Tree;
use crate::syntax::{SyntaxError, dotenv};

/// File names that Compose looks for, in order of preference (compose-go `cli/options.go`, `DefaultFileNames`).
pub const DEFAULT_NAMES: [&str; 4] =
    ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Override files that Compose merges onto a default file by itself (`DefaultOverrideFileNames`).
const OVERRIDE_NAMES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Upper bound (bytes) on the files that the projects of one directory read besides their own, counted once per project: a
/// hundred override files merge their base a hundred times.
const MAX_OF_DIRECTORY: usize = 16 * 1024 * 1024;

/// A set of merged Compose files, with the resulting model.
#[derive(Clone, Debug)]
pub struct Project {
    /// The files and settings that were loaded.
    pub request: Request,
    /// The merged model.
    pub compose: Compose,
    /// For an override file: the only files whose findings are reported. Those of the other files belong to the base's project.
    pub own_files: Option<Vec<SourceId>>,
}

impl Project {
    fn load(request: Request, own_files: Option<Vec<SourceId>>, sources: &Sources) -> Self {
        let compose = Compose::load(&request, sources);
        Self { request, compose, own_files }
    }

    /// Creates an empty project for files that are skipped, with `why` as its error.
    fn refused(request: Request, why: String, sources: &Sources) -> Self {
        let nothing = Request { files: Vec::new(), ..request.clone() };
        let mut project = Self { request, compose: Compose::load(&nothing, sources), own_files: None };
        project.compose.files = project.roots(sources);
        if let Some(file) = project.compose.files.first() {
            let span = Span::new(*file, 0, 0);
            project.compose.errors.push(SyntaxError::warning(why, span));
        }
        project
    }

    /// Creates a project of containers that no Compose file describes: it has no Compose files, and no `.env` is read for it.
    /// Relative paths start at `directory`.
    #[must_use]
    pub fn described(services: Vec<Service>, directory: PathBuf) -> Self {
        let request = Request { directory, shared_byte_limit: MAX_TAKEN, ..Request::default() };
        Self { request, compose: Compose::described(services), own_files: None }
    }

    /// True if no Compose file describes its services.
    #[must_use]
    pub fn is_described(&self) -> bool {
        self.request.files.is_empty()
    }

    /// Returns the bytes of all its Compose files but the last requested one, which is its own.
    fn taken(&self, sources: &Sources) -> usize {
        let own = self.request.files.last().and_then(|path| sources.load(path).ok());
        let others = self.compose.files.iter().filter(|file| Some(**file) != own);
        others.map(|file| sources.get(*file).text().len()).sum()
    }

    /// Returns the requested files that can be read.
    #[must_use]
    pub fn roots(&self, sources: &Sources) -> Vec<SourceId> {
        self.request.files.iter().filter_map(|path| sources.load(path).ok()).collect()
    }

    /// Returns its Compose files, requested and read.
    #[must_use]
    pub fn project_files(&self, sources: &Sources) -> ProjectFiles {
        ProjectFiles {
            roots: self.roots(sources),
            files: self.compose.files.clone(),
            own_files: self.own_files.clone(),
        }
    }
}

/// The Compose files of a project.
#[derive(Clone, Debug, Default)]
pub struct ProjectFiles {
    /// The requested files.
    pub roots: Vec<SourceId>,
    /// All Compose files that were read.
    pub files: Vec<SourceId>,
    /// See [`Project::own_files`].
    pub own_files: Option<Vec<SourceId>>,
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
        self_contained: !settings.platform.may_add_anything(files),
    };
    Project::load(request, None, sources)
}

/// Groups files by directory, sorted by path. Only files of one directory form a project without naming each other.
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

/// Loads the projects of one directory's Compose files and passes each to `each`. The default file with its overrides is one
/// project. Every other file is an override file of it or a project of its own. Each project reads at most `others` bytes of files
/// besides its own.
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
        self_contained: false,
    };
    let named = files_of_compose_file_variable(directory, sources);
    let is_named = named.is_some();
    let default = named.unwrap_or_else(|| default_files(directory, sources));
    // Every override file reads the base files: holding their trees here keeps them parsed.
    let below = default.iter().filter_map(|path| sources.load(path).ok()).map(|file| sources.get(file));
    let _parsed: Vec<Arc<Tree>> = below.filter(|_| files.len() > 1).map(|source| Tree::of(&source)).collect();
    // A default file that is not in `files` only serves as the base of override files. Files that `COMPOSE_FILE` names are always
    // loaded: since they may have any name, discovery does not find them.
    if is_named || default.iter().any(|file| files.contains(file)) {
        // `devcontainer.json` names its files, which may be elsewhere, too.
        let in_devcontainer = directory.file_name().is_some_and(|name| name == ".devcontainer");
        let self_contained = !in_devcontainer
            && !is_below_another(directory, sources)
            && !awaits_override(directory, &default, sources)
            && !settings.platform.may_add_anything(&default);
        let asked = Request { self_contained, ..request(default.clone()) };
        each(Project::load(asked, None, sources));
    }
    let mut taken = 0;
    for file in files.iter().filter(|file| !default.contains(file)) {
        if taken > MAX_OF_DIRECTORY {
            let size = ByteSize(MAX_OF_DIRECTORY as i64);
            let why =
                format!("not looked at: the Compose files next to it take more than {size} of other files");
            each(Project::refused(request(vec![file.clone()]), why, sources));
            continue;
        }
        let alone = Project::load(request(vec![file.clone()]), None, sources);
        let override_file = match default.first() {
            None => false,
            Some(_) if !alone.compose.services.iter().all(Service::runs_without_base) => true,
            Some(base) => {
                is_named_after(file, base) && {
                    let base = Project::load(request(vec![base.clone()]), None, sources);
                    is_partial_override(complete_services(&alone.compose.services), &base.compose.services)
                }
            }
        };
        if !override_file {
            taken += alone.taken(sources);
            each(alone);
            continue;
        }
        let own_files = alone.roots(sources);
        // With `-f`, Compose does not merge its automatic override.
        let base = default.iter().filter(|base| !is_override(base));
        let stack = base.chain([file]).cloned().collect();
        let merged = Project::load(request(stack), Some(own_files), sources);
        taken += merged.taken(sources);
        each(merged);
    }
}

/// True for `compose.gpu.yaml` and `compose-gpu.yaml` if `base` is `compose.yaml`.
#[must_use]
pub fn is_named_after(file: &Path, base: &Path) -> bool {
    let stem = |path: &Path| path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
    let (Some(name), Some(base)) = (stem(file), stem(base)) else { return false };
    name.strip_prefix(&base).is_some_and(|rest| rest.starts_with(['-', '.', '_']))
}

/// True if services that could run alone only override some services of `base`: none has a key of `makes_complete`, each has a
/// namesake in `base` with one, and `base` has other services too. Each comes with whether it has such a key.
#[must_use]
pub fn is_partial_override<'s>(services: impl Iterator<Item = (&'s str, bool)>, base: &[Service]) -> bool {
    let mut count = 0;
    let all_bare = services.inspect(|_| count += 1).all(|(name, is_whole)| {
        !is_whole && complete_services(base).any(|(other, is_whole)| other == name && is_whole)
    });
    all_bare && (1..complete_services(base).count()).contains(&count)
}

/// True for a key that a complete service usually has. No fix adds or removes one.
pub(super) fn makes_complete(key: &str) -> bool {
    matches!(key, "command" | "depends_on" | "entrypoint" | "env_file" | "expose" | "ports" | "volumes")
}

/// Returns the names of services and jobs, and whether each has a key of [`makes_complete`].
fn complete_services(services: &[Service]) -> impl Iterator<Item = (&str, bool)> {
    let is_own = |service: &&Service| !matches!(service.element, Element::PreStart(_));
    services.iter().filter(is_own).map(|service| {
        let mut keys = service.keys.iter();
        (service.name.as_str(), keys.any(|key| makes_complete(&key.name)))
    })
}

/// Returns the files that `docker compose` loads in `directory` without `-f`; empty if there are none.
pub(crate) fn default_files(directory: &Path, sources: &Sources) -> Vec<PathBuf> {
    let first =
        |names: &[&str]| names.iter().map(|name| directory.join(name)).find(|path| sources.exists(path));
    let Some(base) = first(&DEFAULT_NAMES) else { return Vec::new() };
    std::iter::once(base).chain(first(&OVERRIDE_NAMES)).collect()
}

/// True if a directory above has a project of its own, within the repository: its files may be started together with these by `-f`.
fn is_below_another(directory: &Path, sources: &Sources) -> bool {
    directories_above(directory, sources).iter().any(|above| !default_files(above, sources).is_empty())
}

/// True if an example of an override file is next to the files and no override file is: who deploys this copies it first, and
/// it may define what these files name.
fn awaits_override(directory: &Path, files: &[PathBuf], sources: &Sources) -> bool {
    const EXAMPLES: [&str; 5] = ["example", "sample", "dist", "template", "tmpl"];
    let is_example = |path: PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_lowercase();
        let parts = || name.split(['.', '-', '_']);
        name.contains("compose")
            && parts().any(|part| part == "override")
            && parts().any(|part| EXAMPLES.contains(&part))
    };
    !files.iter().any(|file| is_override(file)) && sources.disk().entries(directory).any(is_example)
}

/// Returns the existing files of `COMPOSE_FILE` in the directory's `.env`. None if there are none.
fn files_of_compose_file_variable(directory: &Path, sources: &Sources) -> Option<Vec<PathBuf>> {
    let id = sources.load(&directory.join(".env")).ok()?;
    let names = dotenv::compose_files(sources.get(id).text());
    let files = names.iter().map(|name| directory.join(name));
    let files: Vec<PathBuf> = files.filter(|path| sources.exists(path)).collect();
    (!files.is_empty()).then_some(files)
}

/// True for a file name that Compose looks for by itself, an override's included.
#[must_use]
pub fn is_default(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    DEFAULT_NAMES.contains(&name) || OVERRIDE_NAMES.contains(&name)
}

/// True for a file name that Compose looks for by itself, but for those of overrides.
#[must_use]
pub fn is_base(path: &Path) -> bool {
    is_default(path) && !is_override(path)
}

fn is_override(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    OVERRIDE_NAMES.contains(&name)
}

/// Returns per project whether it is top-level: no other top-level project includes or extends all its requested files.
/// Override files always are.
#[must_use]
pub fn top_level_files(projects: &[&ProjectFiles]) -> Vec<bool> {
    let mut readers: HashMap<SourceId, Vec<usize>> = HashMap::default();
    for (index, project) in projects.iter().enumerate() {
        for file in project.files.iter().filter(|file| !project.roots.contains(file)) {
            readers.entry(*file).or_default().push(index);
        }
    }
    let of = |file: &SourceId| readers.get(file).map(Vec::as_slice).unwrap_or_default();
    let mut kept = Vec::with_capacity(projects.len());
    for (index, project) in projects.iter().enumerate() {
        let requested = project.roots.split_first().filter(|_| project.own_files.is_none());
        let is_read = requested.is_some_and(|(first, rest)| {
            of(first).iter().any(|other| {
                *other != index
                    && kept.get(*other) != Some(&false)
                    && rest.iter().all(|file| of(file).binary_search(other).is_ok())
            })
        });
        kept.push(!is_read);
    }
    kept
}

fn folder(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}
