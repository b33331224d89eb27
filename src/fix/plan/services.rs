//! The services of the stacks that are planned, to find the ones that a finding is about.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Key, StackPlan, State};
use crate::hash::{HashMap, HashSet};
use crate::source::normalize;

/// The services of stacks, with the steps of their `pre_start`.
pub(super) struct Services {
    /// The stacks that have a service of this name.
    by_name: HashMap<String, Vec<Arc<Stack>>>,
}

/// One stack.
struct Stack {
    /// The first of its Compose files.
    first: PathBuf,
    /// All files that are read for it, normalized. None for a stack that is checked alone.
    reads: Option<HashSet<PathBuf>>,
}

impl Services {
    /// Returns the services of stacks that are checked together. Services of different stacks may have one name: a finding is about
    /// those of the stacks that read its file.
    pub(super) fn of<'s>(stacks: impl Iterator<Item = &'s StackPlan>, state: &State) -> Self {
        Self::new(stacks.map(|stack| (stack, Some(state.reads(stack)))))
    }

    /// Returns the services of a stack that is checked alone: every finding is about them.
    pub(super) fn alone(stack: &StackPlan) -> Self {
        Self::new(std::iter::once((stack, None)))
    }

    fn new<'s>(stacks: impl Iterator<Item = (&'s StackPlan, Option<HashSet<PathBuf>>)>) -> Self {
        let mut by_name: HashMap<String, Vec<Arc<Stack>>> = HashMap::default();
        for (plan, reads) in stacks {
            let Some(first) = plan.paths.first().cloned() else { continue };
            let stack = Arc::new(Stack { first, reads });
            for demand in &plan.demands {
                for name in std::iter::once(&demand.name).chain(demand.steps.iter().map(|step| &step.name)) {
                    by_name.entry(name.clone()).or_default().push(Arc::clone(&stack));
                }
            }
        }
        Self { by_name }
    }

    /// Returns the services that a finding is about, by its file and the name of its service.
    pub(super) fn keys(&self, path: &Path, service: Option<&str>) -> impl Iterator<Item = Key> {
        let stacks = service.and_then(|name| Some((name, self.by_name.get(name)?)));
        let path = normalize(path);
        stacks
            .into_iter()
            .flat_map(|(name, stacks)| stacks.iter().map(move |stack| (name, stack)))
            .filter_map(move |(name, stack)| {
                let is_about = stack.reads.as_ref().is_none_or(|reads| reads.contains(&path));
                is_about.then(|| (stack.first.clone(), name.to_owned()))
            })
    }
}
