//! Which services of a project read the same keys: through an anchor, `extends` or `include`, or as a step that has its service's.

use super::{Project, Workload};
use crate::hash::{HashMap, HashSet};
use crate::model::compose::SizeKey;
use crate::source::{SourceId, Span};

/// The workloads that read each size key, by their positions in [`Project::workloads`].
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyReaders {
    by_value: HashMap<Span, Vec<usize>>,
    /// Keys that several services have.
    shared: HashSet<Span>,
    /// Keys of services whose memory settings a file outside the project changes.
    changed_elsewhere: HashSet<Span>,
    /// By the key of a limit: the services for which it is in effect, while a file outside the project changes their memory settings,
    /// and those that read it while another limit is in effect.
    without_limit: HashMap<Span, Vec<usize>>,
    /// Services that override all or part of the limit that such a key sets.
    overriding: HashMap<&'static str, Vec<usize>>,
}

impl KeyReaders {
    fn of(project: &Project) -> Self {
        let mut out = Self::default();
        let mut seen = HashSet::default();
        for (position, workload) in project.workloads.iter().enumerate() {
            let service = &workload.service;
            let changed = project.changed_elsewhere(&workload.name).any(|change| change.memory);
            let in_effect = workload.limit_key().map(|key| key.key);
            for key in &service.size_keys {
                if let Some(size) = key.size.known() {
                    let readers = out.by_value.entry(size.span).or_default();
                    if readers.last() != Some(&position) {
                        readers.push(position);
                    }
                }
                if changed || in_effect != Some(key.key) {
                    out.without_limit.entry(key.key).or_default().push(position);
                }
            }
            // A step takes what its service has: that is no other reader.
            if workload.step().is_none() {
                let spans = service.keys.iter().map(|key| key.span);
                out.shared.extend(spans.filter(|span| !seen.insert(*span)));
            }
            if changed {
                out.changed_elsewhere.extend(service.keys.iter().map(|key| key.span));
            }
            for limit in ["mem_limit", "deploy.resources.limits.memory"] {
                if service.keys.iter().any(|key| key.overrides && is_part_of(&key.name, limit)) {
                    out.overriding.entry(limit).or_default().push(position);
                }
            }
        }
        out
    }
}

impl Project {
    fn key_readers(&self) -> &KeyReaders {
        self.key_readers.get_or_init(|| KeyReaders::of(self))
    }

    /// Returns the workloads that read the size at this place.
    pub fn readers_of(&self, value: Span) -> impl Iterator<Item = &Workload> {
        let readers = self.key_readers().by_value.get(&value);
        readers.into_iter().flatten().filter_map(|position| self.workloads.get(*position))
    }

    /// True if several services have this key, through an anchor or `extends`.
    #[must_use]
    pub fn is_shared_key(&self, key: Span) -> bool {
        self.key_readers().shared.contains(&key)
    }

    /// True if a file outside the project changes the memory settings of a service that reads this key.
    #[must_use]
    pub fn is_changed_elsewhere_for_reader(&self, key: Span) -> bool {
        self.key_readers().changed_elsewhere.contains(&key)
    }

    /// True if a key next to this limit would be read by another service for which the limit is not in effect, here or together with
    /// files outside the project.
    #[must_use]
    pub fn has_reader_without_limit(&self, limit: &SizeKey, workload: &Workload) -> bool {
        let readers = self.key_readers();
        let without = readers.without_limit.get(&limit.key).into_iter().flatten();
        let overriding = readers.overriding.get(limit.name).into_iter().flatten();
        let mut others = without.chain(overriding).filter_map(|position| self.workloads.get(*position));
        others.any(|other| other.name != workload.name)
    }
}

impl Workload {
    /// True if `!reset` or `!override` takes away what a file sets for a key, given by its dotted name.
    #[must_use]
    pub fn is_taken_away(&self, key: &str, file: SourceId) -> bool {
        self.service.taken_away.iter().any(|taken| is_part_of(&taken.key, key) && taken.by != Some(file))
    }

    /// True if `!reset` takes away what any file sets for a key.
    #[must_use]
    pub fn is_reset(&self, key: &str) -> bool {
        self.service.taken_away.iter().any(|taken| is_part_of(&taken.key, key) && taken.by.is_none())
    }
}

/// True if the key is, or contains, the one that is given by its dotted name. "" contains all.
fn is_part_of(part: &str, key: &str) -> bool {
    part.is_empty() || key.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
