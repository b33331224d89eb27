//! Merges identical findings of several projects in a shared file, with the related labels of all.
//!
//! A file that a hundred projects include is checked as part of each, mostly with the same findings.

use std::hash::BuildHasher;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::checked::CheckedProject;
use crate::diagnostic::{Finding, Label};
use crate::hash::HashMap;
use crate::rules::MAX_RELATED;
use crate::source::{Source, Sources, compare_paths};
use crate::workload::Project;

/// Findings in files that belong to no single project.
#[derive(Debug)]
pub(super) struct SharedFindings<'r> {
    sources: &'r Sources,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    findings: Vec<Option<MergedFinding>>,
    /// Indices in `findings`, by a hash of rule, place, message and service.
    by_hash: HashMap<u64, Vec<usize>>,
}

/// A finding of one or more projects.
#[derive(Debug)]
struct MergedFinding {
    /// The finding, without its related labels and its image.
    finding: Finding,
    /// The image, if all projects have the same.
    image: Option<String>,
    /// The related labels of the first project, while all others have the same.
    related: Vec<Label>,
    /// The related labels of all projects, by path and position, once they differ.
    merged: Vec<(Arc<Source>, Label)>,
    /// Set if an `x-oomlint` key suppresses it, with the key's reason.
    ignored: Option<Option<String>>,
}

impl<'r> SharedFindings<'r> {
    pub(super) fn new(sources: &'r Sources) -> Self {
        Self { sources, inner: Mutex::default() }
    }

    /// Moves a project's findings in files that are not its own into this collection.
    pub(super) fn add_from(&self, checked: &mut CheckedProject, project: &Project) {
        let own = |finding: &Finding| {
            let file = self.sources.to_outer_span(finding.primary.span).file;
            project.compose_files.contains(&file) || project.files.first() == Some(&file)
        };
        let (kept, others): (Vec<_>, Vec<_>) = take(&mut checked.findings).into_iter().partition(own);
        checked.findings = kept;
        if others.is_empty() {
            return;
        }
        let mut inner = self.lock();
        for mut finding in others {
            let by = checked.ignored_by(&finding).map(|(ignores, name)| (ignores.reason.clone(), name.span));
            let ignored = by.map(|(reason, name)| {
                checked.used.push(name);
                reason
            });
            for label in std::iter::once(&mut finding.primary).chain(&mut finding.related) {
                label.span = self.sources.to_outer_span(label.span);
            }
            checked.shared.push(inner.add(finding, ignored, self.sources));
        }
    }

    /// Removes a finding, with the reason of the `x-oomlint` key that suppresses it. `None` if it was removed before.
    pub(super) fn remove(&self, index: usize) -> Option<(Finding, Option<Option<String>>)> {
        let one = self.lock().findings.get_mut(index)?.take()?;
        let merged = one.merged.into_iter().map(|(_, label)| label);
        let related = if merged.len() == 0 { one.related } else { merged.collect() };
        Some((Finding { related, image: one.image, ..one.finding }, one.ignored))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn add(&mut self, mut finding: Finding, ignored: Option<Option<String>>, sources: &Sources) -> usize {
        let (related, image) = (take(&mut finding.related), take(&mut finding.image));
        let key = (finding.rule, finding.primary.span, &finding.message, &finding.service);
        let hash = self.by_hash.hasher().hash_one(key);
        let same_hash = self.by_hash.entry(hash).or_default();
        for index in same_hash.iter() {
            if let Some(Some(known)) = self.findings.get_mut(*index)
                && known.ignored == ignored
                && known.finding == finding
            {
                // Projects that share a service may give it different images.
                known.image = known.image.take().filter(|known| image.as_ref() == Some(known));
                known.add_related(related, sources);
                return *index;
            }
        }
        same_hash.push(self.findings.len());
        self.findings.push(Some(MergedFinding { finding, image, related, merged: Vec::new(), ignored }));
        self.findings.len() - 1
    }
}

impl MergedFinding {
    /// Adds another project's labels. The first [`MAX_RELATED`] by path and position stay, whichever project comes first.
    fn add_related(&mut self, related: Vec<Label>, sources: &Sources) {
        let first = if self.merged.is_empty() {
            if related == self.related {
                return;
            }
            take(&mut self.related)
        } else {
            Vec::new()
        };
        for label in first.into_iter().chain(related) {
            let source = sources.get(label.span.file);
            let order = |(known, other): &(Arc<Source>, Label)| {
                let place = compare_paths(known.path(), source.path());
                place.then_with(|| {
                    let key = |label: &Label| (label.span.start, label.span.end);
                    (key(other), &other.text).cmp(&(key(&label), &label.text))
                })
            };
            if let Err(at) = self.merged.binary_search_by(order)
                && at < MAX_RELATED
            {
                self.merged.insert(at, (source, label));
                self.merged.truncate(MAX_RELATED);
            }
        }
    }
}
