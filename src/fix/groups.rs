//! Parts the files of a run into groups that have no project in common, so that a fix is verified within its group alone.

use std::path::{Path, PathBuf};

use crate::check::Outcome;
use crate::discover::{Discovered, FileKind};
use crate::hash::{HashMap, HashSet, IndexMap};
use crate::source::Sources;

/// Returns the groups of `discovered` that have a file in `files`, which are absolute paths.
///
/// Files are in one group if a project depends on both. Compose files of one directory stay together, since each may be merged
/// with the others.
pub(super) fn with_files(
    files: impl Iterator<Item = PathBuf>,
    discovered: &Discovered,
    outcome: &Outcome,
    sources: &Sources,
) -> Vec<Discovered> {
    let mut groups = Groups::default();
    for inputs in &outcome.inputs {
        let read = inputs.files.iter().map(|file| sources.absolute(sources.get(*file).path()));
        groups.join(read.chain(inputs.changed_by.iter().map(|path| sources.absolute(path))));
    }
    let compose = discovered.files.iter().filter(|found| found.kind == FileKind::Compose);
    let compose: Vec<&PathBuf> =
        compose.map(|found| &found.path).chain(&discovered.related_compose_files).collect();
    for path in &compose {
        let path = sources.absolute(path);
        let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
        groups.join([directory, path].into_iter());
    }
    let wanted: HashSet<usize> = files.map(|path| groups.of(path)).collect();
    let mut parts: IndexMap<usize, Discovered> = IndexMap::default();
    let mut of = |path: &Path| Some(groups.of(sources.absolute(path))).filter(|group| wanted.contains(group));
    for found in &discovered.files {
        let Some(group) = of(&found.path) else { continue };
        parts.entry(group).or_default().files.push(found.clone());
    }
    for path in &discovered.env_files {
        let Some(group) = of(path) else { continue };
        parts.entry(group).or_default().env_files.push(path.clone());
    }
    for path in &discovered.related_compose_files {
        let Some(group) = of(path) else { continue };
        parts.entry(group).or_default().related_compose_files.push(path.clone());
    }
    // Files below a directory may override the services of its projects, or have a base of their own: either is known by them.
    for path in compose {
        let absolute = sources.absolute(path);
        let own = groups.of(absolute.clone());
        let above: HashSet<usize> =
            absolute.ancestors().skip(1).filter_map(|directory| groups.known(directory)).collect();
        for group in above.into_iter().filter(|group| *group != own) {
            if let Some(part) = parts.get_mut(&group) {
                part.unchecked_compose_files.push(path.clone());
            }
        }
    }
    parts.into_values().collect()
}

/// Disjoint sets of paths (union-find).
#[derive(Default)]
struct Groups {
    numbers: HashMap<PathBuf, usize>,
    /// For each number a smaller one of its group, or itself.
    parents: Vec<usize>,
}

impl Groups {
    fn join(&mut self, mut paths: impl Iterator<Item = PathBuf>) {
        let Some(first) = paths.next() else { return };
        let mut first = self.of(first);
        for path in paths {
            let other = self.of(path);
            let (low, high) = (first.min(other), first.max(other));
            if let Some(parent) = self.parents.get_mut(high) {
                *parent = low;
            }
            first = low;
        }
    }

    /// Returns the number of a path's group, which is new if the path is.
    fn of(&mut self, path: PathBuf) -> usize {
        let next = self.parents.len();
        let number = *self.numbers.entry(path).or_insert(next);
        if number == next {
            self.parents.push(next);
        }
        self.root(number)
    }

    /// Returns the number of a path's group, if the path is in one.
    fn known(&mut self, path: &Path) -> Option<usize> {
        let number = *self.numbers.get(path)?;
        Some(self.root(number))
    }

    fn root(&mut self, mut number: usize) -> usize {
        while let Some(parent) = self.parents.get(number).copied().filter(|parent| *parent != number) {
            // Each number that is passed is linked to the one after the next.
            let beyond = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(link) = self.parents.get_mut(number) {
                *link = beyond;
            }
            number = beyond;
        }
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_joined_by_way_of_others_are_one_group() {
        let path = |number: usize| PathBuf::from(number.to_string());
        let mut groups = Groups::default();
        for number in (0..100).rev() {
            groups.join([path(number), path(number + 2)].into_iter());
        }
        let (even, odd) = (groups.of(path(0)), groups.of(path(1)));
        assert_ne!(even, odd);
        for number in 0..102 {
            assert_eq!(groups.of(path(number)), if number % 2 == 0 { even } else { odd });
        }
        let alone = groups.of(path(500));
        assert!(alone != even && alone != odd);
    }
}
