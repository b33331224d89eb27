//! Which Compose files make one project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::compose::{Compose, Request, Service, Settings, dotenv};
use crate::source::{SourceId, Sources};

/// The names that Compose looks for, best first (compose-go `cli/options.go`, `DefaultFileNames`).
const DEFAULT_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// What Compose merges onto a default file unasked (`DefaultOverrideFileNames`).
const OVERRIDE_NAMES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

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

    /// The files that it was asked for.
    #[must_use]
    pub fn roots(&self, sources: &Sources) -> Vec<SourceId> {
        self.request.files.iter().filter_map(|path| sources.load(path).ok()).collect()
    }
}

/// Loads `files` as Compose's `-f` does: merged in order, paths relative to the first one's directory.
#[must_use]
pub fn merged(files: &[PathBuf], settings: &Settings, sources: &Sources) -> Project {
    let directory = files.first().map(|file| folder(file)).unwrap_or_default();
    let request = Request { files: files.to_vec(), directory, settings: settings.clone() };
    Project::load(request, None, sources)
}

/// Sorts Compose files into projects and loads them: each directory's default file with its overrides is one, files beside
/// it are overlays of it or projects of their own. A file that another project includes or extends is part of that one.
#[must_use]
pub fn group(files: &[PathBuf], settings: &Settings, sources: &Sources) -> Vec<Project> {
    let mut directories: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for file in files {
        directories.entry(folder(file)).or_default().push(file.clone());
    }
    let directories: Vec<(PathBuf, Vec<PathBuf>)> = directories.into_iter().collect();
    let projects = directories
        .into_par_iter()
        .flat_map_iter(|(directory, mut files)| {
            files.sort();
            files.dedup();
            let mut projects = Vec::new();
            group_directory(&directory, &files, settings, sources, &mut projects);
            projects
        })
        .collect();
    drop_reached(projects, sources)
}

fn group_directory(
    directory: &Path,
    files: &[PathBuf],
    settings: &Settings,
    sources: &Sources,
    projects: &mut Vec<Project>,
) {
    let request = |files: Vec<PathBuf>| Request {
        files,
        directory: directory.to_path_buf(),
        settings: settings.clone(),
    };
    let named = files_of_environment(directory, sources);
    let is_named = named.is_some();
    let default = named.unwrap_or_else(|| default_files(directory, sources));
    // A default file that nobody asked for serves as the base of overlays only. Files that `.env` names are found nowhere
    // else, since they may be called anything.
    if is_named || default.iter().any(|file| files.contains(file)) {
        let asked = request(default.clone());
        projects.push(Project::load(asked, None, sources));
    }
    for file in files.iter().filter(|file| !default.contains(file)) {
        let alone = Project::load(request(vec![file.clone()]), None, sources);
        let overlay = !default.is_empty() && !alone.compose.services.iter().all(Service::stands_alone);
        if !overlay {
            projects.push(alone);
            continue;
        }
        let only = alone.roots(sources);
        // Compose merges its automatic override only when it is told no files.
        let base = default.iter().filter(|base| !is_override(base));
        let stack = base.chain([file]).cloned().collect();
        projects.push(Project::load(request(stack), Some(only), sources));
    }
}

/// The files that `docker compose` takes in `directory` when it is told none; empty when there are none.
fn default_files(directory: &Path, sources: &Sources) -> Vec<PathBuf> {
    let first =
        |names: &[&str]| names.iter().map(|name| directory.join(name)).find(|path| sources.exists(path));
    let Some(base) = first(&DEFAULT_NAMES) else { return Vec::new() };
    std::iter::once(base).chain(first(&OVERRIDE_NAMES)).collect()
}

/// `COMPOSE_FILE` of the directory's `.env`.
fn files_of_environment(directory: &Path, sources: &Sources) -> Option<Vec<PathBuf>> {
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

fn is_override(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    OVERRIDE_NAMES.contains(&name)
}

/// Leaves out the projects whose files are all part of another one.
fn drop_reached(projects: Vec<Project>, sources: &Sources) -> Vec<Project> {
    let roots: Vec<Vec<SourceId>> = projects.iter().map(|project| project.roots(sources)).collect();
    let mut kept = vec![true; projects.len()];
    for index in 0..projects.len() {
        if projects[index].only.is_some() || roots[index].is_empty() {
            continue;
        }
        kept[index] = !projects.iter().enumerate().any(|(other, project)| {
            let reached =
                |file: &SourceId| project.compose.files.contains(file) && !roots[other].contains(file);
            other != index && kept[other] && roots[index].iter().all(reached)
        });
    }
    projects.into_iter().zip(kept).filter_map(|(project, kept)| kept.then_some(project)).collect()
}

fn folder(file: &Path) -> PathBuf {
    file.parent().map(Path::to_path_buf).unwrap_or_default()
}
