//! Loads files into one merged document, in compose-go's order: interpolate, include, extends, merge.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::Environment;
use super::job::SECTIONS;
use super::merge::{drop_reset_items, drop_resets, merge};
use super::mismatch::{self, Below};
use super::refusal::Refusals;
use super::schema;
use super::unicity::enforce_unicity;
use super::value::{Entry, Kind, MAX_NODES, Map, MergeMode, Missing, Value, lower, too_many};
use crate::hash::{HashMap, IndexSet};
use crate::model::Unresolved;
use crate::model::allowance::ByteBudget;
use crate::model::fact::Why;
use crate::source::{LoadError, Source, SourceId, Sources, Span, TracedText, path_text};
use crate::syntax::SyntaxError;
use crate::syntax::template::{Interpolated, Variable, interpolate};
use crate::syntax::yaml::Tree;

/// Upper bound on nested includes and extends: deeper chains are in effect cycles.
pub(super) const MAX_FILE_DEPTH: usize = 32;

/// The base directory of a file's relative paths, and the variables for its interpolation.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// The directory, as shown to users.
    pub(super) directory: PathBuf,
    pub(super) environment: Environment,
}

impl Context {
    /// Returns the context of a directory that is named in this one, with the same variables.
    pub(super) fn below(&self, folder: &Path) -> Self {
        Self { directory: self.directory.join(folder), environment: self.environment.clone() }
    }
}

/// The state of loading one project: files that were read, problems in order.
pub(super) struct Loader<'s> {
    pub(super) sources: &'s Sources,
    pub(super) files: IndexSet<SourceId>,
    pub(super) environments: IndexSet<SourceId>,
    pub(super) errors: Vec<SyntaxError>,
    pub(super) unresolved: IndexSet<Unresolved>,
    pub(super) trees: HashMap<SourceId, Arc<Tree>>,
    /// The files that an `include` of several merges over the first.
    pub(super) included_overrides: IndexSet<SourceId>,
    /// True unless a document was repaired or converted: what is missing from the project may be missing for that.
    pub(super) reads_all: bool,
    /// The errors for which Compose rejects the files.
    pub(super) refusals: Refusals,
    budget: usize,
    /// The exhausted budget has been reported.
    exhausted: bool,
    allowance: ByteBudget,
}

impl<'s> Loader<'s> {
    /// `others` is the byte budget for files that were not requested.
    pub(super) fn new(sources: &'s Sources, others: usize) -> Self {
        Self {
            sources,
            files: IndexSet::default(),
            environments: IndexSet::default(),
            errors: Vec::new(),
            unresolved: IndexSet::default(),
            trees: HashMap::default(),
            included_overrides: IndexSet::default(),
            reads_all: true,
            refusals: Refusals::default(),
            budget: MAX_NODES,
            exhausted: false,
            allowance: ByteBudget::of_project(others),
        }
    }

    /// Adds the variables of a file to an environment, and charges its bytes.
    pub(super) fn environment(
        &mut self,
        environment: &mut Environment,
        path: &Path,
    ) -> Result<(), LoadError> {
        let bytes = self.sources.load(path).map_or(0, |file| self.sources.get(file).text().len());
        self.allowance.try_charge(bytes).map_err(LoadError::Io).inspect_err(|_| environment.leave_open())?;
        self.read_environment(environment, path)
    }

    fn read_environment(&mut self, environment: &mut Environment, path: &Path) -> Result<(), LoadError> {
        let (read, made) = environment.read(path, self.sources, &mut self.errors)?;
        self.allowance.charge(made);
        self.environments.insert(read);
        Ok(())
    }

    /// Like [`Loader::environment`], for a file that may be missing: `.env`. `site` is where an unreadable one is reported.
    pub(super) fn optional_environment(&mut self, environment: &mut Environment, path: &Path, site: Span) {
        let read = self.environment(environment, path);
        self.report_unread(read, path, site);
    }

    /// Adds the variables of the project's own `.env`, whose size is not charged.
    pub(super) fn own_environment(&mut self, environment: &mut Environment, path: &Path, site: Span) {
        let read = self.read_environment(environment, path);
        self.report_unread(read, path, site);
    }

    fn report_unread(&mut self, read: Result<(), LoadError>, path: &Path, site: Span) {
        match read {
            Ok(()) | Err(LoadError::NotFound | LoadError::IsDirectory) => {}
            Err(error) => {
                let name = path_text(path);
                self.unresolved(site, "variables file", &name, error.to_string(), None);
            }
        }
    }

    /// Charges the nodes of a copied value. False if too few are left, which is reported once, at `site`.
    pub(super) fn charge_nodes(&mut self, value: &Value, site: Span) -> bool {
        let nodes = value.nodes();
        if let Some(left) = self.budget.checked_sub(nodes) {
            self.budget = left;
            return true;
        }
        if !std::mem::replace(&mut self.exhausted, true) {
            self.errors.push(SyntaxError::fatal(too_many(), site));
        }
        false
    }

    /// Charges the bytes of a file that another one names, unless it has been read.
    pub(super) fn charge_file(&mut self, file: SourceId) -> Result<(), String> {
        if self.files.contains(&file) {
            return Ok(());
        }
        self.allowance.try_charge(self.sources.get(file).text().len())
    }

    /// Returns the files merged in order. `including` is the chain of files that include them.
    pub(super) fn load(
        &mut self,
        files: &[SourceId],
        context: &Context,
        including: &[SourceId],
    ) -> Option<Value> {
        let mut merged: Option<Value> = None;
        let mut several = false;
        for file in files {
            let mut on_the_way = including.to_vec();
            on_the_way.push(*file);
            for Document { mut value, as_written } in self.documents(*file, context) {
                drop_reset_elements(&mut value, merged.as_mut());
                // An extended service may come from an included file.
                self.include(&mut value, context, &on_the_way);
                for name in SECTIONS {
                    self.extend_services(&mut value, name, *file, context, merged.as_mut());
                }
                if as_written && self.reads_all {
                    schema::check(&value, merged.as_ref(), &mut self.refusals);
                }
                if let Kind::Map(map) = &mut value.kind {
                    map.shift_remove("include");
                }
                if let Some(merged) = &merged {
                    several = true;
                    mismatch::check(merged, &value, Below::Files, &mut Vec::new(), &mut self.refusals);
                }
                add_document(&mut merged, value);
            }
        }
        if let Some(value) = &mut merged {
            enforce_unicity(value);
            if several {
                schema::check_required(value, &mut self.refusals);
            }
        }
        merged
    }

    /// Returns the expanded documents of one file. Documents that are not mappings are errors.
    pub(super) fn documents(&mut self, file: SourceId, context: &Context) -> Vec<Document> {
        let tree = self.tree(file);
        let parses = tree.errors().iter().all(|error| !error.fatal || error.duplicate_of.is_some());
        self.reads_all &= parses;
        let mut documents = Vec::new();
        for root in tree.documents() {
            let found = (&mut self.errors, &mut self.refusals);
            let mut value = lower(&tree, *root, &context.environment, &mut self.budget, found);
            drop_reset_items(&mut value);
            match value.kind {
                Kind::Map(_) => {
                    let first_format = wrap_first_format(&mut value);
                    if let Some(span) = first_format {
                        let message = "services are at the left edge, without `services:` above them: the format of \
                                       Compose v1, which Compose rejects";
                        self.errors.push(SyntaxError::fatal(message.to_owned(), span));
                        self.reads_all = false;
                    }
                    damaged(&mut value, tree.skipped_lines());
                    documents.push(Document { value, as_written: parses && first_format.is_none() });
                }
                Kind::Null if tree.documents().len() > 1 && value.span.is_empty() => {
                    let message = "an empty document, before or after `---`: Compose rejects it".to_owned();
                    self.errors
                        .push(SyntaxError::fatal(message, separator(&self.sources.get(file), value.span)));
                }
                Kind::Null if value.span.is_empty() => {}
                _ => self.errors.push(SyntaxError::fatal(
                    "a Compose file is a mapping".to_owned(),
                    first_line(self.sources, value.span),
                )),
            }
        }
        documents
    }

    /// Returns the top-level `name` of the last file that has one, if it is valid and its variables have values.
    pub(super) fn project_name(trees: &[Arc<Tree>], environment: &Environment) -> Option<Variable> {
        let is_valid = |name: &str| {
            let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
            name.chars().all(valid) && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        let known = trees.iter().rev().find_map(|tree| {
            let name = tree.documents().iter().rev().find_map(|root| tree.scalar_at(*root, "name"))?;
            Some(match interpolate(&name.text, &|name| environment.variable(name)) {
                Interpolated::Plain => Some(name.text.clone()),
                Interpolated::Known { text, .. } => Some(text),
                _ => None,
            })
        });
        let name = known.flatten().filter(|name| is_valid(name.as_str()))?;
        Some(Variable { value: name.as_str().to_owned(), span: Some(name.span()) })
    }

    fn tree(&mut self, file: SourceId) -> Arc<Tree> {
        if let Some(tree) = self.trees.get(&file) {
            return Arc::clone(tree);
        }
        let source = self.sources.get(file);
        let tree = Tree::of(&source);
        self.files.insert(file);
        self.errors.extend(tree.errors().iter().cloned());
        if tree.errors().is_empty() {
            self.errors.extend(tree.refused_by_go_yaml(source.text()));
        }
        self.errors
            .extend(source.invalid_utf8().map(|span| SyntaxError::fatal("not UTF-8".to_owned(), span)));
        self.trees.insert(file, Arc::clone(&tree));
        tree
    }

    pub(super) fn unresolved(
        &mut self,
        span: Span,
        what: &'static str,
        name: &str,
        reason: impl Into<String>,
        service: Option<&str>,
    ) {
        self.unresolved.insert(Unresolved {
            span,
            what,
            name: name.to_owned(),
            reason: reason.into(),
            unset: None,
            variables: None,
            service: service.map(str::to_owned),
        });
    }

    /// Records a path as unresolved if a variable in it has no value. Returns that variable.
    pub(super) fn unset(
        &mut self,
        path: &Named,
        what: &'static str,
        service: Option<&str>,
    ) -> Option<String> {
        let name = path.unset.clone()?;
        let span = path.text.span();
        let source = self.sources.get(span.file);
        let written = source.text().get(span.start as usize..span.end as usize).unwrap_or_default();
        let written = written.lines().next().unwrap_or_default().trim_matches(['"', '\'']);
        self.unresolved.insert(Unresolved {
            span,
            what,
            name: written.to_owned(),
            reason: Why::Variable(name.clone()).to_string(),
            unset: Some(name.clone()),
            variables: None,
            service: service.map(str::to_owned),
        });
        Some(name)
    }
}

/// Removes the sections, and the services and the like, that a document marks with `!reset`, from it and from those before it: what it
/// includes stays.
fn drop_reset_elements(document: &mut Value, mut merged: Option<&mut Value>) {
    let Kind::Map(sections) = &mut document.kind else { return };
    let is_kept = |entry: &Entry| entry.value.merge_mode != MergeMode::Remove;
    sections.retain(|name, section| {
        let mut below = merged.as_mut().and_then(|merged| merged.as_map_mut());
        if !is_kept(section) {
            below.and_then(|below| below.shift_remove(name));
            return false;
        }
        let mut below = below.as_mut().and_then(|below| below.get_mut(name)?.value.as_map_mut());
        if let Kind::Map(elements) = &mut section.value.kind {
            elements.retain(|name, element| {
                if !is_kept(element) {
                    below.as_mut().and_then(|below| below.shift_remove(name));
                }
                is_kept(element)
            });
        }
        true
    });
}

/// Merges a document onto those before it.
pub(super) fn add_document(merged: &mut Option<Value>, document: Value) {
    let value = match merged {
        None => merged.insert(document),
        Some(base) => {
            merge(base, document, &mut Vec::new());
            base
        }
    };
    // `!reset` removes what comes before it, and nothing that comes after.
    drop_resets(value);
}

/// A document of a file, expanded.
pub(super) struct Document {
    pub(super) value: Value,
    /// False if it was repaired, or converted from the format of Compose v1.
    pub(super) as_written: bool,
}

/// A name of a file or service, as a file refers to it.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) text: TracedText,
    /// A variable in it that has no value.
    pub(super) unset: Option<String>,
}

impl Named {
    pub(super) fn of(value: &Value) -> Option<Self> {
        let scalar = value.as_scalar()?;
        let unset = scalar.unset.as_ref().map(|unset| unset.name().to_owned());
        Some(Self { text: scalar.text.clone(), unset })
    }
}

/// Returns the mapping of a document below `services` or `jobs`.
pub(super) fn section<'d>(document: &'d mut Value, name: &str) -> Option<&'d mut Map> {
    let Kind::Map(map) = &mut document.kind else { return None };
    match &mut map.get_mut(name)?.value.kind {
        Kind::Map(entries) => Some(entries),
        _ => None,
    }
}

/// Moves the services of a file in the format of Compose v1 below `services`, and returns the first one's key.
fn wrap_first_format(document: &mut Value) -> Option<Span> {
    let Kind::Map(map) = &mut document.kind else { return None };
    let is_service = |value: &Value| value.get("image").is_some() || value.get("build").is_some();
    let old = !map.is_empty() && map.values().all(|entry| is_service(&entry.value));
    if !old || map.contains_key("services") {
        return None;
    }
    let key = map.values().next()?.key;
    let services = Value::map(std::mem::take(map), document.span);
    map.insert("services".to_owned(), Entry::new(key, services));
    Some(key)
}

/// Returns the last `---` before an empty document; its own place if there is none.
fn separator(source: &Source, span: Span) -> Span {
    let before = source.text().get(..span.start as usize).unwrap_or_default();
    before.rfind("---").map_or(span, |at| Span::new(span.file, at, at + 3))
}

/// Returns the part of `span` on its first line.
fn first_line(sources: &Sources, span: Span) -> Span {
    let source = sources.get(span.file);
    let line = source.line_at(span.start);
    let end = line.start as usize + line.text.len();
    Span::new(span.file, span.start as usize, (span.end as usize).min(end))
}

/// True for a path on another host: a URL, a Git or OCI reference.
pub(crate) fn is_remote(path: &str) -> bool {
    let scheme = path.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    });
    scheme
        || path.starts_with("git@")
        || path.starts_with("github.com/")
        || path.starts_with("oci:")
        || path.starts_with("docker-image:")
}

/// Marks services with a line that does not parse as incomplete: the line may have set any of their keys.
fn damaged(document: &mut Value, blanked: &[Span]) {
    if blanked.is_empty() {
        return;
    }
    let Kind::Map(top) = &mut document.kind else { return };
    let mut starts: Vec<u32> = top.values().map(|entry| entry.key.start).collect();
    let mut services: Vec<&mut Entry> = Vec::new();
    for (_, section) in top.iter_mut().filter(|(name, _)| SECTIONS.contains(&name.as_str())) {
        if let Kind::Map(entries) = &mut section.value.kind {
            starts.extend(entries.values().map(|entry| entry.key.start));
            services.extend(entries.values_mut());
        }
    }
    for entry in services {
        let key = entry.key;
        let next = starts.iter().copied().filter(|start| *start > key.start).min().unwrap_or(u32::MAX);
        let inside = |line: &&Span| line.file == key.file && (key.start..next).contains(&line.start);
        if let Some(line) = blanked.iter().find(inside) {
            let why = Why::Other("a line of it does not parse");
            entry.value.missing = Some(Box::new(Missing { at: *line, why }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_on_another_host_is_remote() {
        for path in [
            "https://example.com/x.git",
            "git+ssh://example.com/x",
            "git@example.com:x/y.git",
            "github.com/x/y",
            "oci:example.com/x",
            "oci://example.com/x",
            "docker-image://nginx",
            "docker-image:nginx",
        ] {
            assert!(is_remote(path), "{path}");
        }
        for path in ["./x", "/x/y", "x", "gitx", "://x", "a b://x", "./github.com/x", "C:/x", ""] {
            assert!(!is_remote(path), "{path}");
        }
    }
}
