//! The variables that Compose interpolates with: from `.env` and from including projects.

use std::path::Path;
use std::sync::Arc;

use globset::GlobSet;

use crate::hash::{HashMap, IndexMap};
use crate::model::fact::Fact;
use crate::source::{LoadError, SourceId, Sources, Span, Spanned, TracedText};
use crate::syntax::template::Variable;
use crate::syntax::{SyntaxError, dotenv};

/// Variables by name. The process environment is part of it only on request, so that results do not depend on the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// The variables of each file. The first file with a name wins. Shared with all that is included below it.
    layers: Vec<Arc<HashMap<String, Variable>>>,
    /// An existing file could not be read: names that are not known may be set in it.
    open: bool,
    /// Globs for the names of variables that a platform fills in.
    platform: Arc<GlobSet>,
}

impl Environment {
    /// Creates an environment of variables that no file overrides. A platform fills in those that `platform` matches.
    pub(crate) fn of(outer: &IndexMap<String, String>, platform: &Arc<GlobSet>) -> Self {
        let variables =
            outer.iter().map(|(name, value)| (name.clone(), Variable { value: value.clone(), span: None }));
        let platform = Arc::clone(platform);
        Self { layers: vec![Arc::new(variables.collect())], open: false, platform }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<Variable> {
        let is_open = || self.open || !self.platform.is_empty() && self.platform.is_match(name);
        self.known(name).cloned().or_else(|| is_open().then(Variable::unknown))
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

    /// Returns the value of a variable that is passed on by its name, which is at `at`. `None` if it is not known.
    pub(crate) fn passed_on(&self, name: &str, at: Span) -> Option<Fact<TracedText>> {
        let variable = self.variable(name).filter(|found| !found.is_unknown())?;
        let text = TracedText::derived(variable.value, at);
        let via = variable.span.into_iter().collect();
        Some(Fact::Known(Spanned::with_provenance(text, at, via)))
    }

    /// Sets `COMPOSE_PROJECT_NAME`, which always has a value, unless a file or the process sets it. `None` if its value is not
    /// known: without `name` it is made of the directory's name, which may be another one where the project runs.
    pub(crate) fn set_project_name(&mut self, name: Option<Variable>) {
        let name = name.unwrap_or_else(Variable::unknown);
        let known = HashMap::from_iter([("COMPOSE_PROJECT_NAME".to_owned(), name)]);
        self.layers.push(Arc::new(known));
    }

    /// Adds variables that something else sets to values that are not known. Existing ones win.
    pub(crate) fn add_unknown(&mut self, names: Vec<&str>) {
        let unknown = names.into_iter().map(|name| (name.to_owned(), Variable::unknown()));
        self.layers.push(Arc::new(unknown.collect()));
    }

    /// Returns the number of files that were read.
    pub(crate) fn files(&self) -> usize {
        self.layers.len()
    }

    /// Lets the last of the files that were read after the first `count` win, as in the list of `env_file`.
    pub(crate) fn let_last_win(&mut self, count: usize) {
        self.layers.get_mut(count..).unwrap_or_default().reverse();
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
