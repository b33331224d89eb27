//! Files that change the services of others without being read by them: overlays, and services that extend one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::hash::{HashMap, HashSet};
use crate::model::elsewhere::{Change, Changed, changes, may_change};
use crate::model::project;
use crate::parallel;
use crate::source::{Sources, normalize};
use crate::syntax::yaml::Tree;
use crate::workload::ChangedElsewhere;

/// The changes of all Compose files of a run.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    overlays: Vec<(PathBuf, Vec<Change>)>,
    /// For each service that others extend, who does: the file, and its change.
    extended: HashMap<(PathBuf, String), Vec<(PathBuf, Change)>>,
    /// Directories with a file that Compose takes by itself.
    bases: HashSet<PathBuf>,
}

impl Elsewhere {
    pub(super) fn of(files: &[PathBuf], sources: &Sources) -> Self {
        let mut counts: HashMap<PathBuf, usize> = HashMap::default();
        for file in files {
            *counts.entry(folder(file)).or_default() += 1;
        }
        let read = parallel::map(files.iter().collect(), |path| {
            let source = sources.get(sources.load(path).ok()?);
            let may_overlay =
                !project::is_default(path) && counts.get(&folder(path)).is_some_and(|count| *count > 1);
            if !may_overlay && !may_change(source.text()) {
                return None;
            }
            let tree: Arc<Tree> = Tree::of(&source);
            let found = changes(&tree, path);
            (!found.is_empty()).then(|| (path.clone(), found))
        });
        let bases = files.iter().filter(|file| project::is_default(file)).map(|file| folder(file)).collect();
        let mut all = Self { bases, ..Self::default() };
        for (path, found) in read.into_iter().flatten() {
            let (overlaid, extended): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|change| matches!(change.of, Changed::Overlaid(_)));
            for change in extended {
                if let Changed::Extended(file, service) = &change.of {
                    let entry = all.extended.entry((file.clone(), service.clone())).or_default();
                    entry.push((path.clone(), change));
                }
            }
            if !overlaid.is_empty() {
                all.overlays.push((path, overlaid));
            }
        }
        all
    }

    /// The changes of the services of one project in files that it does not read.
    pub(super) fn of_project(&self, model: &project::Project, sources: &Sources) -> Vec<ChangedElsewhere> {
        if self.overlays.is_empty() && self.extended.is_empty() {
            return Vec::new();
        }
        let path = |id| normalize(sources.get(id).path());
        let own: HashSet<PathBuf> = model.compose.files.iter().copied().map(path).collect();
        let directory = normalize(&model.request.directory);
        let mut found = Vec::new();
        for (file, changes) in &self.overlays {
            if own.contains(&normalize(file)) || !self.lies_over(&directory, file) {
                continue;
            }
            found.extend(changes.iter().filter_map(|change| match &change.of {
                Changed::Overlaid(service) => Some(ChangedElsewhere {
                    service: service.clone(),
                    file: file.clone(),
                    by: None,
                    in_deploy: change.in_deploy,
                }),
                Changed::Extended(..) => None,
            }));
        }
        for service in &model.compose.services {
            for file in &own {
                let users = self.extended.get(&(file.clone(), service.name.clone()));
                found.extend(users.into_iter().flatten().map(|(file, change)| ChangedElsewhere {
                    service: service.name.clone(),
                    file: file.clone(),
                    by: Some(change.by.clone()),
                    in_deploy: change.in_deploy,
                }));
            }
        }
        found
    }

    /// An overlay is for the base beside it, or above it where there is none.
    fn lies_over(&self, directory: &Path, overlay: &Path) -> bool {
        let own = folder(overlay);
        own == directory || (own.starts_with(directory) && !self.bases.contains(&own))
    }
}

fn folder(file: &Path) -> PathBuf {
    normalize(file.parent().unwrap_or(Path::new("")))
}
