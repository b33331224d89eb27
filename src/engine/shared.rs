//! What several projects say of a file that they share: one finding, with the places of all of them.
//!
//! A file that a hundred stacks include is looked at a hundred times, in the light of each. Mostly the same comes of it.

use std::hash::BuildHasher;
use std::mem::take;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::examine::{Examined, Ignores};
use crate::finding::{Finding, Label};
use crate::hash::HashMap;
use crate::rules::MAX_RELATED;
use crate::source::{Source, Sources, in_order};
use crate::workload::Project;

/// Findings of files that are no project's own.
#[derive(Debug)]
pub(super) struct Pool<'r> {
    sources: &'r Sources,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    said: Vec<Option<Said>>,
    /// By a hash of what tells most of them apart.
    known: HashMap<u64, Vec<usize>>,
}

/// A finding, and who holds it back.
#[derive(Debug)]
struct Said {
    /// Without its other places and its image.
    finding: Finding,
    /// That of all projects; none where they differ.
    image: Option<String>,
    /// As the first one gave them, as long as the others give the same.
    related: Vec<Label>,
    /// Those of all, in the order of the files.
    merged: Vec<(Arc<Source>, Label)>,
    held: Option<Held>,
}

/// The reason for which a service of the project holds a finding back, where it gives one.
type Held = Option<String>;

impl<'r> Pool<'r> {
    pub(super) fn new(sources: &'r Sources) -> Self {
        Self { sources, kept: Mutex::default() }
    }

    /// Takes what was found in files that are not the project's own; the rest stays with it.
    pub(super) fn share(&self, examined: &mut Examined, project: &Project) {
        let own = |finding: &Finding| {
            let file = self.sources.locate(finding.primary.span).file;
            project.asked.contains(&file) || project.files.first() == Some(&file)
        };
        let (kept, others): (Vec<_>, Vec<_>) = take(&mut examined.findings).into_iter().partition(own);
        examined.findings = kept;
        if others.is_empty() {
            return;
        }
        let ignores: HashMap<&str, &Ignores> =
            examined.ignores.iter().map(|ignores| (ignores.service.as_str(), ignores)).collect();
        let mut pool = self.lock();
        for mut finding in others {
            let service = finding.service.as_deref().and_then(|service| ignores.get(service));
            let by = service.and_then(|ignores| Some((ignores.reason.clone(), ignores.holds(&finding)?)));
            let held = by.map(|(reason, name)| {
                examined.used.push(name.span);
                reason
            });
            for label in std::iter::once(&mut finding.primary).chain(&mut finding.related) {
                label.span = self.sources.locate(label.span);
            }
            examined.shared.push(pool.add(finding, held, self.sources));
        }
    }

    /// A finding and who holds it back, for the first one who asks.
    pub(super) fn take(&self, index: usize) -> Option<(Finding, Option<Held>)> {
        let said = self.lock().said.get_mut(index)?.take()?;
        let merged = said.merged.into_iter().map(|(_, label)| label);
        let related = if merged.len() == 0 { said.related } else { merged.collect() };
        Some((Finding { related, image: said.image, ..said.finding }, said.held))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn add(&mut self, mut finding: Finding, held: Option<Held>, sources: &Sources) -> usize {
        let (related, image) = (take(&mut finding.related), take(&mut finding.image));
        let key = (finding.rule, finding.primary.span, &finding.message, &finding.service);
        let known = self.known.hasher().hash_one(key);
        let known = self.known.entry(known).or_default();
        for index in known.iter() {
            if let Some(Some(said)) = self.said.get_mut(*index)
                && said.held == held
                && said.finding == finding
            {
                // Stacks that share a service may each give it another image.
                said.image = said.image.take().filter(|known| image.as_ref() == Some(known));
                said.merge(related, sources);
                return *index;
            }
        }
        known.push(self.said.len());
        self.said.push(Some(Said { finding, image, related, merged: Vec::new(), held }));
        self.said.len() - 1
    }
}

impl Said {
    /// Adds the places of another project: the first ones in the order of the files stay, whoever comes first.
    fn merge(&mut self, related: Vec<Label>, sources: &Sources) {
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
                let place = in_order(known.path(), source.path());
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
