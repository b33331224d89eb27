//! `include`: other Compose projects, each with its own directory and variables.

use std::path::Path;

use super::extends::rebase;
use super::load::{Context, Loader, MAX_FILE_DEPTH, Named, is_remote, services};
use super::value::{Entry, Kind, Map, Value};
use crate::model::{NOT_LOCAL, Unresolved};
use crate::source::{LoadError, SourceId, Span};
use crate::syntax::SyntaxError;

/// One item of `include`.
struct Include {
    site: Span,
    paths: Vec<Named>,
    project_directory: Option<Named>,
    env_files: Option<Vec<Named>>,
}

impl Loader<'_> {
    /// Adds the services that `document` includes, and the volumes and the like that they use. Its own win over included ones of
    /// the same name.
    pub(super) fn include(&mut self, document: &mut Value, context: &Context, including: &[SourceId]) {
        let Kind::Map(map) = &mut document.kind else { return };
        let Some(include) = map.shift_remove("include") else { return };
        let Kind::Seq(items) = include.value.kind else { return };
        for item in &items {
            let Some(item) = read_item(item) else { continue };
            if let Some(mut included) = self.load_included(&item, context, including)
                && let Kind::Map(included) = &mut included.kind
            {
                for section in SECTIONS {
                    if let Some(found) = included.shift_remove(section) {
                        import(document, section, found.value, item.site);
                    }
                }
            }
        }
    }

    fn load_included(&mut self, item: &Include, context: &Context, including: &[SourceId]) -> Option<Value> {
        let mut files = Vec::new();
        if let Some(directory) = &item.project_directory
            && self.unset(directory, "include", None).is_some()
        {
            return None;
        }
        for path in &item.paths {
            if self.unset(path, "include", None).is_some() {
                continue;
            }
            let path = &path.text;
            let written = path.as_str();
            if is_remote(written) {
                self.unresolved(path.span(), "include", written, NOT_LOCAL, None);
                continue;
            }
            match self.sources.load(&context.directory.join(written)) {
                Err(error) => self.unresolved(path.span(), "include", written, error.to_string(), None),
                Ok(file) if including.contains(&file) || including.len() > MAX_FILE_DEPTH => {
                    let message = if including.contains(&file) {
                        format!("include goes in a circle: `{written}` is on the way here")
                    } else {
                        format!("include leads through more than {MAX_FILE_DEPTH} files")
                    };
                    self.errors.push(SyntaxError::fatal(message, path.span()));
                }
                Ok(file) => match self.charge_file(file) {
                    Ok(()) => files.push(file),
                    Err(reason) => self.unresolved(path.span(), "include", written, reason, None),
                },
            }
        }
        let first = item.paths.first()?;
        let folder = match &item.project_directory {
            Some(directory) => Path::new(directory.text.as_str()).to_path_buf(),
            None => Path::new(first.text.as_str()).parent().unwrap_or(Path::new("")).to_path_buf(),
        };
        let mut there = context.below(&folder);
        match &item.env_files {
            // `env_file` paths are relative to the including file's directory, the default `.env` to the included project's.
            Some(env_files) => {
                for path in env_files {
                    if self.unset(path, "include", None).is_some() {
                        there.environment.leave_open();
                        continue;
                    }
                    let path = &path.text;
                    let file = context.directory.join(path.as_str());
                    if path.as_str() == "/dev/null" {
                        continue;
                    }
                    if let Err(error) = self.environment(&mut there.environment, &file) {
                        // Whatever it would set is unknown.
                        there.environment.leave_open();
                        let missing = matches!(error, LoadError::NotFound).then_some(file);
                        self.unresolved.insert(Unresolved {
                            span: path.span(),
                            what: "include",
                            name: path.as_str().to_owned(),
                            reason: error.to_string(),
                            unset: None,
                            variables: missing,
                            service: None,
                        });
                    }
                }
            }
            None => {
                let file = there.directory.join(".env");
                self.optional_environment(&mut there.environment, &file, item.site);
            }
        }
        let mut included = self.load(&files, &there, including)?;
        if let Some(services) = services(&mut included) {
            for entry in services.values_mut() {
                rebase(&mut entry.value, &folder);
                entry.value.add_provenance(item.site);
            }
        }
        Some(included)
    }
}

/// The sections of an included project that become part of the including one.
const SECTIONS: [&str; 7] = ["services", "volumes", "networks", "secrets", "configs", "models", "jobs"];

fn import(document: &mut Value, section: &str, found: Value, site: Span) {
    let (Kind::Map(document), Kind::Map(found)) = (&mut document.kind, found.kind) else { return };
    let own = document.entry(section.to_owned());
    let own = own.or_insert_with(|| Entry::new(site, Value::map(Map::default(), site)));
    if let Kind::Map(own) = &mut own.value.kind {
        for (name, entry) in found {
            own.entry(name).or_insert(entry);
        }
    }
}

fn read_item(item: &Value) -> Option<Include> {
    let texts = |value: &Value| -> Vec<Named> {
        match &value.kind {
            Kind::Seq(items) => items.iter().filter_map(Named::of).collect(),
            _ => Named::of(value).into_iter().collect(),
        }
    };
    let paths = match &item.kind {
        Kind::Map(map) => texts(&map.get("path")?.value),
        _ => texts(item),
    };
    let project_directory =
        item.get("project_directory").and_then(|entry| texts(&entry.value).into_iter().next());
    let env_files = item.get("env_file").map(|entry| texts(&entry.value));
    Some(Include { site: item.span, paths, project_directory, env_files })
}
