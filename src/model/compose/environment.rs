//! The variables that Compose interpolates with: from `.env` and from including projects.

use std::path::Path;
use std::sync::Arc;

use crate::hash::{HashMap, IndexMap};
use crate::source::{LoadError, SourceId, Sources, Span};
use crate::syntax::template::Variable;
use crate::syntax::{SyntaxError, dotenv};

/// Variables by name. The process environment is part of it only on request, so that results do not depend on the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// The variables of each file. The first file with a name wins. Shared with all that is included below it.
    layers: Vec<Arc<HashMap<String, Variable>>>,
    /// An existing file could not be read: names that are not known may be set in it.
    open: bool,
}

impl Environment {
    /// Creates an environment of variables that no file overrides.
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

    /// Returns the value of a variable and, if a file sets it, the span.
    pub(crate) fn defined(&self, name: &str) -> Option<(&str, Option<Span>)> {
        self.known(name).map(|variable| (variable.value.as_str(), variable.span))
    }

    pub(crate) fn value(&self, name: &str) -> Option<String> {
        self.variable(name).map(|variable| variable.value)
    }

    /// Adds the variables of a `.env` file. Existing ones win, as an outer environment does in Compose.
    ///
    /// If the file exists but cannot be read, all further names are unknown. Returns the file, and the bytes of its expanded
    /// values.
    pub(crate) fn read(
        &mut self,
        path: &Path,
        sources: &Sources,
        errors: &mut Vec<SyntaxError>,
    ) -> Result<(SourceId, usize), LoadError> {
        let id = sources.load(path).inspect_err(|error| {
            // Compose ignores a directory of that name.
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

    /// Marks the environment as incomplete: a file that may set any name was not read.
    pub(crate) fn leave_open(&mut self) {
        self.open = true;
    }
}
