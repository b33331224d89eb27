//! The variables that Compose interpolates with: `.env` and what is passed down by `include`.

use std::path::Path;

use indexmap::IndexMap;

use super::dotenv;
use super::interpolate::Variable;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::SyntaxError;

/// Names and values. The process environment is part of it only where that is asked for, so that the verdict does not
/// depend on the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    variables: IndexMap<String, Variable>,
}

impl Environment {
    /// The variables that nothing in a file overrides.
    pub(crate) fn of(outer: &IndexMap<String, String>) -> Self {
        let variables =
            outer.iter().map(|(name, value)| (name.clone(), Variable { value: value.clone(), span: None }));
        Self { variables: variables.collect() }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<Variable> {
        self.variables.get(name).cloned()
    }

    /// Its value and, when a file sets it, where.
    pub(crate) fn defined(&self, name: &str) -> Option<(&str, Option<Span>)> {
        self.variables.get(name).map(|variable| (variable.value.as_str(), variable.span))
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|variable| variable.value.as_str())
    }

    /// Adds the variables of a `.env` file; those that are there already win, as an outer environment does in Compose.
    ///
    /// Gives the file, or none when it is not there.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        sources: &Sources,
        errors: &mut Vec<SyntaxError>,
    ) -> Option<SourceId> {
        let id = sources.load(path).ok()?;
        let source = sources.get(id);
        let outer = self.clone();
        let parsed = dotenv::parse(id, source.text(), &|name| outer.value(name).map(str::to_owned));
        errors.extend(parsed.errors);
        for (name, entry) in parsed.entries {
            if let Some(value) = entry.value {
                let variable = Variable { value: value.as_str().to_owned(), span: Some(value.span()) };
                self.variables.entry(name).or_insert(variable);
            }
        }
        Some(id)
    }
}
