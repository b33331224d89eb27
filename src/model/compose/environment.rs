//! The variables that Compose interpolates with: `.env` and what is passed down by `include`.

use std::path::Path;

use super::dotenv;
use super::interpolate::Variable;
use crate::hash::IndexMap;
use crate::source::{LoadError, SourceId, Sources, Span};
use crate::syntax::SyntaxError;

/// Names and values. The process environment is part of it only where that is asked for, so that the verdict does not
/// depend on the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: IndexMap<String, Variable>,
    /// A file that is there cannot be read: what is not known may be set in it.
    open: bool,
}

impl Environment {
    /// The variables that nothing in a file overrides.
    pub(crate) fn of(outer: &IndexMap<String, String>) -> Self {
        let variables =
            outer.iter().map(|(name, value)| (name.clone(), Variable { value: value.clone(), span: None }));
        Self { variables: variables.collect(), open: false }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.get(name).cloned().or_else(|| self.open.then(Variable::unknown))
    }

    /// Its value and, when a file sets it, where.
    pub(crate) fn defined(&self, name: &str) -> Option<(&str, Option<Span>)> {
        self.variables.get(name).map(|variable| (variable.value.as_str(), variable.span))
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.variable(name).map(|variable| variable.value)
    }

    /// Adds the variables of a `.env` file; those that are there already win, as an outer environment does in Compose.
    ///
    /// Where it is there and cannot be read, all that is not known yet stays so.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        sources: &Sources,
        errors: &mut Vec<SyntaxError>,
    ) -> Result<SourceId, LoadError> {
        let id = sources.load(path).inspect_err(|error| {
            // Compose passes over a directory of that name.
            self.open |= !matches!(error, LoadError::NotFound | LoadError::IsDirectory);
        })?;
        let source = sources.get(id);
        let outer = self.clone();
        let parsed = dotenv::parse(id, source.text(), &|name| outer.value(name));
        errors.extend(parsed.errors);
        for (name, entry) in parsed.entries {
            if let Some(value) = entry.value {
                let variable = Variable { value: value.as_str().to_owned(), span: Some(value.span()) };
                self.variables.entry(name).or_insert(variable);
            }
        }
        Ok(id)
    }
}
