//! `include`: other Compose projects, each with its own directory and variables.

use std::path::Path;

use super::extends::rebase;
use super::job::SECTIONS;
use super::load::{Context, Loader, MAX_FILE_DEPTH, Named, is_remote, section};
use super::merge::{drop_resets, merge};
use super::mismatch::{self, Below};
use super::refusal::Refusals;
use super::value::{Entry, Kind, Map, Scalar, Value};
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
    /// Adds the services that `document` includes, and the volumes and the like that they use. Its own are merged over included ones of
    /// the same name, those of an include over those of later ones (`importResource` in compose-go's `loader/include.go`).
    pub(super) fn include(&mut self, document: &mut Value, context: &Context, including: &[SourceId]) {
        let Kind::Map(map) = &mut document.kind else { return };
        // The key stays until it is held against the format.
        let Some(mut include) = map.get("include").cloned() else { return };
        drop_resets(&mut include.value);
        let Kind::Seq(items) = include.value.kind else { return };
        for item in &items {
            let Some(item) = read_item(item) else { continue };
            let Some(mut included) = self.load_included(&item, context, including) else { continue };
            for name in IMPORTED {
                if let Some(found) = section(&mut included, name) {
                    import(document, name, std::mem::take(found), item.site, &mut self.refusals);
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
            Some(env_files) if !env_files.is_empty() => {
                let files = there.environment.files();
                for path in env_files {
                    if self.unset(path, "env_file", None).is_some() {
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
                            what: "env_file",
                            name: path.as_str().to_owned(),
                            reason: error.to_string(),
                            unset: None,
                            variables: missing,
                            service: None,
                        });
                    }
                }
                there.environment.let_last_win(files);
            }
            _ => {
                let file = there.directory.join(".env");
                self.optional_environment(&mut there.environment, &file, item.site);
            }
        }
        self.included_overrides.extend(files.iter().skip(1));
        let mut included = self.load(&files, &there, including)?;
        for name in SECTIONS {
            for entry in section(&mut included, name).into_iter().flat_map(|entries| entries.values_mut()) {
                rebase(&mut entry.value, &folder);
                entry.value.add_provenance(item.site);
            }
        }
        Some(included)
    }
}

/// The sections of an included project that become part of the including one.
const IMPORTED: [&str; 7] = ["services", "volumes", "networks", "secrets", "configs", "models", "jobs"];

fn import(document: &mut Value, name: &str, found: Map, site: Span, refusals: &mut Refusals) {
    if let Kind::Map(map) = &mut document.kind {
        map.entry(name.to_owned()).or_insert_with(|| Entry::new(site, Value::map(Map::default(), site)));
    }
    if let Some(own) = section(document, name) {
        for (element, included) in found {
            match own.get_mut(&element) {
                Some(entry) => {
                    let over = std::mem::replace(&mut entry.value, included.value);
                    let missing = over.missing.clone();
                    let mut path = vec![name.to_owned(), element];
                    mismatch::check(&entry.value, &over, Below::Files, &mut path, refusals);
                    merge(&mut entry.value, over, &mut path);
                    entry.value.missing = entry.value.missing.take().or(missing);
                    entry.overrides = true;
                }
                None => _ = own.insert(element, included),
            }
        }
    }
}

/// Reads an item of the list. Compose accepts no numbers for paths.
fn read_item(item: &Value) -> Option<Include> {
    let text = |value: &Value| Named::of(value).filter(|_| value.as_scalar().is_some_and(Scalar::is_text));
    let texts = |value: &Value| -> Vec<Named> {
        match &value.kind {
            Kind::Seq(items) => items.iter().filter_map(text).collect(),
            _ => text(value).into_iter().collect(),
        }
    };
    // The decoder of this mapping finds its keys whatever their case.
    let find = |key: &str| {
        let (_, entry) = item.as_map()?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key))?;
        Some(&entry.value)
    };
    let paths = match &item.kind {
        Kind::Map(_) => texts(find("path")?),
        _ => texts(item),
    };
    let project_directory = find("project_directory").and_then(Named::of);
    let env_files = find("env_file").map(texts);
    Some(Include { site: item.span, paths, project_directory, env_files })
}
