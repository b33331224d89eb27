//! Finds files that change a project's services without being read by it: override files, and files whose services extend its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{Edit, Finding};
use crate::discover::Untracked;
use crate::hash::{HashMap, HashSet};
use crate::model::elsewhere::{Change, ChangeTarget, Changes, changes, may_change, service_at};
use crate::model::project;
use crate::parallel;
use crate::source::{Sources, normalize};
use crate::syntax::yaml::Tree;
use crate::workload::{ChangedElsewhere, Element, FactName, Project};

/// The largest number, per directory with a Compose file, of subdirectories and of YAML files in it and them that are searched
/// for override files with other names.
const MAX_LISTED: usize = 200;

/// The size, in bytes, from which a file is not read as such an override file.
const MAX_SNIFFED: u64 = 64 * 1024;

/// The length in bytes of the files whose trees are kept until their projects are checked. A tree takes some ten times as much.
const BYTES_KEPT: usize = 1024 * 1024;

/// The changes that the Compose files of a run make to services of other files.
#[derive(Debug, Default)]
pub(super) struct ExternalChanges {
    overrides: Vec<(PathBuf, Vec<Change>)>,
    /// The override files, as indices into `overrides`, by each directory whose base they may be for: their own, and those above it
    /// if their own has no base.
    overrides_of: HashMap<PathBuf, Vec<usize>>,
    /// Files that may be override files of the base that they are named after, as `compose.gpu.yaml` of `compose.yaml`, by directory.
    possible: HashMap<PathBuf, Vec<(PathBuf, Changes)>>,
    /// For each extended service, by file and name: the files that extend it, and their changes.
    extended: HashMap<(PathBuf, String), Vec<(PathBuf, Change)>>,
    /// Trees that were parsed for this, by directory, until its projects are checked, which would parse them again.
    trees: Mutex<HashMap<PathBuf, Vec<Arc<Tree>>>>,
}

impl ExternalChanges {
    /// Reads the changes that `files` make to services of other files, and override files next to them that are not excluded.
    pub(super) fn of(
        files: &[PathBuf],
        sources: &Sources,
        is_excluded: &(dyn Fn(&Path) -> bool + Sync),
    ) -> Self {
        let kept = AtomicUsize::new(0);
        let trees: Mutex<HashMap<PathBuf, Vec<Arc<Tree>>>> = Mutex::default();
        let read = parallel::map_light(files.iter().collect(), |path| {
            let source = sources.get(sources.load(path).ok()?);
            // An override file may be in a directory below that of its base.
            if project::is_base(path) && !may_change(source.text()) {
                return None;
            }
            let tree: Arc<Tree> = Tree::of(&source);
            let found = changes(&tree, path);
            let size = source.text().len();
            if kept.fetch_add(size, Ordering::Relaxed) + size <= BYTES_KEPT {
                let mut trees = trees.lock().unwrap_or_else(PoisonError::into_inner);
                trees.entry(folder(path)).or_default().push(tree);
            }
            (!found.known.is_empty() || !found.possible.is_empty()).then(|| (path.clone(), found))
        });
        let overrides = unnamed_overrides(files, sources, is_excluded);
        let mut all = Self { overrides, trees, ..Self::default() };
        for (path, mut found) in read.into_iter().flatten() {
            let known = std::mem::take(&mut found.known);
            if !found.possible.is_empty() && !project::is_default(&path) {
                all.possible.entry(folder(&path)).or_default().push((path.clone(), found));
            }
            let (overridden, extended): (Vec<_>, Vec<_>) =
                known.into_iter().partition(|change| matches!(change.of, ChangeTarget::BaseService(_)));
            for change in extended {
                if let ChangeTarget::ExtendedService(file, service) = change.of.clone() {
                    all.extended.entry((file, service)).or_default().push((path.clone(), change));
                }
            }
            if !overridden.is_empty() {
                all.overrides.push((path, overridden));
            }
        }
        let overrides: HashSet<&PathBuf> = all.overrides.iter().map(|(path, _)| path).collect();
        // Directories with a file that is no override file.
        let bases: HashSet<PathBuf> =
            files.iter().filter(|file| !overrides.contains(file)).map(|file| folder(file)).collect();
        for (index, (path, _)) in all.overrides.iter().enumerate() {
            let own = folder(path);
            let directories = if bases.contains(&own) { 1 } else { usize::MAX };
            for directory in own.ancestors().take(directories) {
                all.overrides_of.entry(directory.to_path_buf()).or_default().push(index);
            }
        }
        all
    }

    /// Drops the trees of a directory whose projects are checked.
    pub(super) fn release(&self, directory: &Path) {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner).remove(&normalize(directory));
    }

    /// Returns the changes to a project's services in files that it does not read.
    pub(super) fn of_project(&self, model: &project::Project, sources: &Sources) -> Vec<ChangedElsewhere> {
        if self.overrides.is_empty() && self.possible.is_empty() && self.extended.is_empty() {
            return Vec::new();
        }
        let path = |id| normalize(sources.get(id).path());
        let own: HashSet<PathBuf> = model.compose.files.iter().copied().map(path).collect();
        // An included file is the base of a stack of its own, in which others override it.
        let mut directories = vec![normalize(&model.request.directory)];
        for base in own.iter().filter(|base| project::is_default(base)).map(|base| folder(base)) {
            if !directories.contains(&base) {
                directories.push(base);
            }
        }
        directories.sort();
        let mut found = Vec::new();
        let to_changed_elsewhere = |file: &Path, service: &str, change: &Change| ChangedElsewhere {
            service: service.to_owned(),
            file: file.to_path_buf(),
            by: matches!(change.of, ChangeTarget::ExtendedService(..)).then(|| change.by.clone()),
            merges: change.merges,
            in_deploy: change.in_deploy,
            memory: change.memory,
            limit: change.limit,
            deployed: change.deployed,
            healthcheck: change.healthcheck,
            plain: change.plain,
        };
        let possible = directories.iter().filter_map(|directory| self.possible.get(directory)).flatten();
        let possible = possible.filter(|(file, changes)| {
            let is_base = |base: &&PathBuf| project::is_default(base) && folder(base) == folder(file);
            let is_override_of = |base: &PathBuf| {
                let own = changes.completeness.iter().map(|(name, is_whole)| (name.as_str(), *is_whole));
                project::is_named_after(file, base)
                    && project::is_partial_override(own, &model.compose.services)
            };
            own.iter().filter(is_base).any(is_override_of)
        });
        let possible = possible.map(|(file, changes)| (file, &changes.possible));
        let overrides = directories.iter().filter_map(|directory| self.overrides_of.get(directory)).flatten();
        let overrides = overrides.filter_map(|index| self.overrides.get(*index));
        let overrides = overrides.map(|(file, changes)| (file, changes));
        for (file, changes) in overrides.chain(possible) {
            if own.contains(&normalize(file)) {
                continue;
            }
            for change in changes {
                let ChangeTarget::BaseService(name) = &change.of else { continue };
                let Some(service) = model.compose.services.iter().find(|service| service.name == *name)
                else {
                    continue;
                };
                // Two override files that both give the service an image or a build are alternatives.
                let base = project::is_default(sources.get(service.key.file).path());
                if base || !change.runs {
                    found.push(to_changed_elsewhere(file, name, change));
                }
            }
        }
        for service in &model.compose.services {
            // Only services that extend this one count, not those that extend the same base as it.
            let users = self.extended.get(&(path(service.key.file), service.name.clone()));
            let others = users.into_iter().flatten().filter(|(file, change)| {
                // A service of this project that extends its namesake is that service itself.
                let same = change.by == service.name && own.contains(&normalize(file));
                !same && !change.plain
            });
            found.extend(others.map(|(file, change)| to_changed_elsewhere(file, &service.name, change)));
        }
        found
    }

    /// Removes fixes that change a file for others: those that edit a Compose file other than an override file's own, those that
    /// write a size into a service that another one extends with limits of its own, and those with which a heap counts that was
    /// compared with this project's limit alone, where an override file sets another.
    pub(super) fn remove_unsafe_fixes(&self, findings: &mut [Finding], project: &Project, sources: &Sources) {
        const SIZE_FACTS: [FactName; 7] = [
            FactName::MemoryLimit,
            FactName::MemoryReservation,
            FactName::SwapLimit,
            FactName::ShmSize,
            FactName::Env,
            FactName::Heaps,
            FactName::Caches,
        ];
        let own = project.report_only.first();
        let reads: HashSet<PathBuf> =
            project.files.iter().map(|file| normalize(sources.get(*file).path())).collect();
        for finding in findings.iter_mut().filter(|finding| !finding.fixes.is_empty()) {
            let service = finding.service.clone().unwrap_or_default();
            let workload = project.workloads.iter().find(|workload| workload.name == service);
            let limited_in = workload.and_then(|workload| workload.limit_key()).map(|key| key.key.file);
            let title = finding.fix().map(|fix| fix.title.clone());
            let limited_elsewhere =
                project.changed_elsewhere(&service).any(|change| change.limit && change.by.is_none());
            let repeated = workload.is_some_and(|workload| {
                matches!(&workload.service.element, Element::PreStart(step) if step.repeated_at.is_some())
            });
            finding.fixes.retain(|fix| {
                let outside = |edit: &Edit| {
                    is_yaml(edit, sources) && own.is_some_and(|own| !own.contains(&edit.span.file))
                };
                // Heaps and caches are sized for one limit: a service with another limit must not inherit them.
                let sized = fix.changes.iter().any(|fact| SIZE_FACTS.contains(fact));
                // If the edited file is not the one with the limit, the services that inherit the size may have other limits.
                let shared = |edit: &Edit| {
                    let inherited = limited_in.is_some_and(|file| file != edit.span.file);
                    self.dependents(edit, sources).any(|(file, change)| {
                        let same = change.by == service && reads.contains(&normalize(file));
                        (change.memory || inherited) && !same
                    })
                };
                let heap = fix.changes.iter().any(|fact| matches!(fact, FactName::Heaps | FactName::Caches));
                let compared = limited_elsewhere && heap && !fix.changes.contains(&FactName::MemoryLimit);
                !repeated
                    && !compared
                    && !fix.edits.iter().any(|edit| outside(edit) || (sized && shared(edit)))
            });
            if finding.fixes.is_empty() && finding.help.is_none() {
                finding.help = title.map(|title| format!("{title}, in every file that sets it"));
            }
        }
    }

    /// Returns the services that extend or merge the service that an edit is in.
    fn dependents<'e>(
        &'e self,
        edit: &Edit,
        sources: &Sources,
    ) -> impl Iterator<Item = &'e (PathBuf, Change)> {
        let source = sources.get(edit.span.file);
        let path = normalize(source.path());
        let has = self.extended.keys().any(|(file, _)| *file == path);
        let name = has.then(|| service_at(&Tree::of(&source), source.text(), edit.span.start)).flatten();
        name.and_then(|name| self.extended.get(&(path, name))).into_iter().flatten()
    }
}

/// Finds override files without a default name next to a base or one directory below, which only `-f` names. Files that the command
/// line, the configuration or `.gitignore` leaves out are skipped.
fn unnamed_overrides(
    files: &[PathBuf],
    sources: &Sources,
    is_excluded: &(dyn Fn(&Path) -> bool + Sync),
) -> Vec<(PathBuf, Vec<Change>)> {
    let known: HashSet<PathBuf> = files.iter().map(|file| normalize(file)).collect();
    let directories: HashSet<PathBuf> =
        files.iter().filter(|file| project::is_default(file)).map(|file| folder(file)).collect();
    let found = parallel::map_light(directories.into_iter().collect(), |directory| {
        let disk = sources.disk();
        let is_skipped = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.starts_with('.') || matches!(name, "node_modules" | "vendor")
        };
        let may_be = |path: &PathBuf| is_yaml_name(path) && !known.contains(&normalize(path));
        let is_directory =
            |path: &PathBuf| path.extension().is_none() && !is_skipped(path) && disk.is_dir(path);
        let mut candidates = disk.first_entries(&directory, MAX_LISTED, may_be);
        for path in disk.first_entries(&directory, MAX_LISTED, is_directory) {
            candidates.extend(disk.first_entries(&path, MAX_LISTED.saturating_sub(candidates.len()), may_be));
        }
        let mut untracked = Untracked::default();
        let override_file = |path: PathBuf| {
            let bytes = disk.read_prefix(&path, MAX_SNIFFED).ok()?;
            let text = std::str::from_utf8(&bytes).ok()?;
            let has_services = text.starts_with("services:") || text.contains("\nservices:");
            if bytes.len() as u64 == MAX_SNIFFED || !has_services {
                return None;
            }
            if is_excluded(&path) || untracked.ignores(&path, disk) {
                return None;
            }
            let source = sources.get(sources.load(&path).ok()?);
            let mut changes = changes(&Tree::of(&source), &path).known;
            changes.retain(|change| matches!(change.of, ChangeTarget::BaseService(_)));
            (!changes.is_empty()).then_some((path, changes))
        };
        candidates.into_iter().filter_map(override_file).collect::<Vec<_>>()
    });
    found.into_iter().flatten().collect()
}

fn is_yaml_name(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

/// True if the edit is in a YAML file, by its extension.
fn is_yaml(edit: &Edit, sources: &Sources) -> bool {
    let source = sources.get(edit.span.file);
    is_yaml_name(source.path())
}

fn folder(file: &Path) -> PathBuf {
    normalize(file.parent().unwrap_or(Path::new("")))
}
