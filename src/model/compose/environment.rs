//! The variables that Compose interpolates with: `.env` and what is passed down by `include`.

use std::path::Path;
use std::sync::Arc;

use super::dotenv;
use super::interpolate::Variable;
use crate::hash::{HashMap, IndexMap};
use crate::source::{LoadError, SourceId, Sources, Span};
use crate::syntax::SyntaxError;

/// Names and values. The process environment is part of it only where that is asked for, so that the verdict does not
/// depend on the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// What each file adds, the first one that has a name winning. Shared by all that is included below it.
    layers: Vec<Arc<HashMap<String, Variable>>>,
    /// A file that is there cannot be read: what is not known may be set in it.
    open: bool,
}

impl Environment {
    /// The variables that nothing in a file overrides.
    pub(crate) fn of(outer: &IndexMap<String, String>) -> Self {
        let variables =
            outer.iter().map(|(name, value)| (name.clone(), Variable { value: value.clone(), span: None }));
        Self { layers: vec![Arc::new(variables.collect())], open: false }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<Variable> {
        self.known(name).cloned().or_else(|| self.open.then(Variable::unknown))
    }

    fn known(&self, name: &str) -> Option<&Variable> {
        self.layers.iter().find_map(|layer| layer.get(name))
    }

    /// Its value and, when a file sets it, where.
    pub(crate) fn defined(&self, name: &str) -> Option<(&str, Option<Span>)> {
        self.known(name).map(|variable| (variable.value.as_str(), variable.span))
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.variable(name).map(|variable| variable.value)
    }

    /// Adds the variables of a `.env` file; those that are there already win, as an outer environment does in Compose.
    ///
    /// Where it is there and cannot be read, all that is not known yet stays so. Gives the file, and the bytes that its variables made.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        sources: &Sources,
        errors: &mut Vec<SyntaxError>,
    ) -> Result<(SourceId, usize), LoadError> {
        let id = sources.load(path).inspect_err(|error| {
            // Compose passes over a directory of that name.
            if !matches!(error, LoadError::NotFound | LoadError::IsDirectory) {
                self.leave_open();
            }
        })?;
        let source = sources.get(id);
        let parsed = dotenv::parse(id, source.text(), &|name| self.value(name));
        errors.extend(parsed.errors);
        let known = parsed.entries.into_iter().filter_map(|(name, entry)| {
            let value = entry.value?;
            let variable = Variable { value: value.as_str().to_owned(), span: Some(value.span()) };
            Some((name, variable))
        });
        self.layers.push(Arc::new(known.collect()));
        Ok((id, parsed.expanded_bytes))
    }

    /// Says that a file is not read in which anything may be set.
    pub(crate) fn leave_open(&mut self) {
        self.open = true;
    }
}
