//! `extends`: merges a service onto one that it extends, of the same or another file.

use std::path::Path;

use super::convert::to_build;
use super::job::form;
use super::load::{Context, Document, Loader, MAX_FILE_DEPTH, Named, add_document, is_remote, section};
use super::merge::{merge, remove_marked};
use super::mismatch::{self, Below};
use super::refusal::Refusal;
use super::schema;
use super::unicity::enforce_unicity;
use super::value::{Kind, Map, MergeMode, Missing, Value};
use crate::hash::HashSet;
use crate::model::NOT_LOCAL;
use crate::model::fact::Why;
use crate::source::{SourceId, Span, TracedText, normalize, path_text};
use crate::syntax::SyntaxError;

/// A parsed `extends`.
struct Extends {
    /// Span of the mapping or of the short form.
    site: Span,
    service: Named,
    file: Option<Named>,
}

/// The scope in which a base of the same file is looked up.
#[derive(Clone, Copy)]
struct Here<'a> {
    map: &'a Map,
    /// The services of the files that were merged before this one.
    earlier: Option<&'a Map>,
    file: SourceId,
    context: &'a Context,
}

/// The services on the path to a base, to detect cycles.
type Trail = Vec<(SourceId, String)>;

impl Loader<'_> {
    /// Replaces every entry of a section of `document` that extends another by the merged one. `merged` holds the files before
    /// this one.
    pub(super) fn extend_services(
        &mut self,
        document: &mut Value,
        of: &str,
        file: SourceId,
        context: &Context,
        merged: Option<&mut Value>,
    ) {
        let Some(map) = section(document, of) else { return };
        let extending: Vec<String> = map
            .iter()
            .filter(|(_, entry)| {
                entry.value.get("extends").is_some() && entry.value.merge_mode != MergeMode::Remove
            })
            .map(|(name, _)| name.clone())
            .collect();
        if extending.is_empty() {
            return;
        }
        let originals = map.clone();
        let mut earlier = merged.and_then(|value| section(value, of));
        // Merging onto the extended service clears the marks of `!reset` and `!override`, which also hold for the files before.
        for name in &extending {
            let below = earlier.as_mut().and_then(|map| map.get_mut(name));
            if let Some((below, own)) = below.zip(originals.get(name)) {
                remove_marked(&mut below.value, &own.value);
            }
        }
        let earlier = earlier.as_deref();
        for name in extending {
            let mut trail = Trail::new();
            let here = Here { map: &originals, earlier, file, context };
            if let Some(service) = self.extended(&name, here, &mut trail)
                && let Some(entry) = section(document, of).and_then(|map| map.get_mut(&name))
            {
                entry.value = service;
            }
        }
    }

    /// Returns the service `name` merged onto its bases. None if there is no such service.
    fn extended(&mut self, name: &str, here: Here<'_>, trail: &mut Trail) -> Option<Value> {
        let written = here.map.get(name).or_else(|| here.earlier?.get(name))?;
        if !self.charge_nodes(&written.value, written.key) {
            let mut unknown = Value::map(Map::default(), written.value.span);
            let why = Why::Other("it is more than is followed");
            unknown.missing = Some(Box::new(Missing { at: written.key, why }));
            return Some(unknown);
        }
        let mut service = written.value.clone();
        let Some(key) = service.get("extends").map(|entry| entry.key) else { return Some(service) };
        let Some(extends) = take_extends(&mut service) else {
            let is_short = written.value.at(&["extends"]).is_none_or(|value| value.as_map().is_none());
            self.refusals.add(Refusal::of_extends(name, key, is_short));
            return Some(service);
        };
        let step = (here.file, name.to_owned());
        if trail.contains(&step) || trail.len() > MAX_FILE_DEPTH {
            let message = if trail.contains(&step) {
                let way: Vec<&str> = trail.iter().map(|(_, name)| name.as_str()).chain([name]).collect();
                format!("extends goes in a circle: {}", way.join(" → "))
            } else {
                format!("extends leads through more than {MAX_FILE_DEPTH} services")
            };
            self.errors.push(SyntaxError::fatal(message, extends.site));
            return Some(service);
        }
        trail.push(step);
        let base = match &extends.file {
            None => self.base_here(&extends, name, here, trail),
            Some(path) => self.base_elsewhere(&extends, name, path, here.context, trail),
        };
        trail.pop();
        let mut base = match base {
            Ok(base) => base,
            Err(why) => {
                service.missing = Some(Box::new(Missing { at: extends.site, why }));
                return Some(service);
            }
        };
        base.add_provenance(extends.site);
        let missing = base.missing.take();
        // `!override` is about the files before, not about what is extended.
        let mode = std::mem::replace(&mut service.merge_mode, MergeMode::Merge);
        if extends.file.is_none() {
            drop_known_env_files(&base, &mut service);
        }
        let mut path = vec!["services".to_owned(), name.to_owned()];
        mismatch::check(&base, &service, Below::Written, &mut path, &mut self.refusals);
        merge(&mut base, service, &mut path);
        base.missing = base.missing.or(missing);
        base.merge_mode = mode;
        Some(base)
    }

    fn base_here(
        &mut self,
        extends: &Extends,
        name: &str,
        here: Here<'_>,
        trail: &mut Trail,
    ) -> Result<Value, Why> {
        if let Some(variable) = self.unset(&extends.service, "extends", Some(name)) {
            return Err(Why::Variable(variable));
        }
        let base = extends.service.text.as_str();
        match self.extended(base, here, trail) {
            Some(value) => Ok(value),
            None => {
                self.unresolved(
                    extends.service.text.span(),
                    "extends",
                    base,
                    "no such service in this file",
                    Some(name),
                );
                Err(Why::File(base.to_owned()))
            }
        }
    }

    fn base_elsewhere(
        &mut self,
        extends: &Extends,
        name: &str,
        path: &Named,
        context: &Context,
        trail: &mut Trail,
    ) -> Result<Value, Why> {
        for named in [path, &extends.service] {
            if let Some(variable) = self.unset(named, "extends", Some(name)) {
                return Err(Why::Variable(variable));
            }
        }
        let path = &path.text;
        let written = path.as_str();
        let failed = |reason: String| (written.to_owned(), reason);
        let found = if is_remote(written) {
            Err(failed(NOT_LOCAL.to_owned()))
        } else {
            let found =
                self.sources.load(&context.directory.join(written)).map_err(|error| error.to_string());
            found.and_then(|file| self.charge_file(file).map(|()| file)).map_err(failed)
        };
        let file = match found {
            Ok(file) => file,
            Err((missing, reason)) => {
                self.unresolved(path.span(), "extends", written, reason, Some(name));
                return Err(Why::File(missing));
            }
        };
        let folder = Path::new(written).parent().unwrap_or(Path::new(""));
        let there = context.below(folder);
        let mut merged = None;
        for Document { value, as_written } in self.documents(file, &there) {
            if as_written {
                schema::check_casts(&value, &mut self.refusals);
            }
            if let Some(merged) = &merged {
                mismatch::check(merged, &value, Below::Files, &mut Vec::new(), &mut self.refusals);
            }
            add_document(&mut merged, value);
        }
        if let Some(merged) = &mut merged {
            enforce_unicity(merged);
        }
        // Compose resolves the paths of all services in the file.
        for entry in merged.as_mut().and_then(|document| section(document, "services")).into_iter().flatten()
        {
            rebase(&mut entry.1.value, Path::new(""));
        }
        let base = extends.service.text.as_str();
        let map = merged.as_mut().and_then(|document| section(document, "services"));
        let map = map.filter(|map| map.contains_key(base));
        let value = match map {
            Some(map) => {
                let map = map.clone();
                self.extended(base, Here { map: &map, earlier: None, file, context: &there }, trail)
            }
            None => None,
        };
        match value {
            Some(mut value) => {
                rebase(&mut value, folder);
                Ok(value)
            }
            None => {
                let reason = format!("no such service in `{written}`");
                self.unresolved(extends.service.text.span(), "extends", base, reason, Some(name));
                Err(Why::File(base.to_owned()))
            }
        }
    }
}

/// Removes the env files of a service that are written the same way in the one that it extends.
fn drop_known_env_files(base: &Value, service: &mut Value) {
    let Some(Kind::Seq(known)) = base.at(&["env_file"]).map(|files| &files.kind) else { return };
    let known: HashSet<String> = known.iter().map(form).collect();
    let own = service.as_map_mut().and_then(|map| map.get_mut("env_file")).map(|files| &mut files.value.kind);
    if let Some(Kind::Seq(own)) = own {
        own.retain(|file| !known.contains(&form(file)));
    }
}

fn take_extends(service: &mut Value) -> Option<Extends> {
    let Kind::Map(map) = &mut service.kind else { return None };
    let mut value = map.shift_remove("extends")?.value;
    // `!reset` takes a key away before the service is extended.
    if let Kind::Map(map) = &mut value.kind {
        map.retain(|_, entry| entry.value.merge_mode != MergeMode::Remove);
    }
    // Compose accepts no numbers and no empty text for a name.
    let named = |value: &Value| {
        let scalar = value.as_scalar()?;
        let is_name = scalar.is_text() && (scalar.unset.is_some() || !scalar.text.as_str().is_empty());
        Named::of(value).filter(|_| is_name)
    };
    match &value.kind {
        Kind::Scalar(_) => Some(Extends { site: value.span, service: named(&value)?, file: None }),
        Kind::Map(map) => Some(Extends {
            site: value.span,
            service: named(&map.get("service")?.value)?,
            file: map.get("file").and_then(|entry| Named::of(&entry.value)),
        }),
        _ => None,
    }
}

/// Rewrites the relative paths of a service (`build.context`, `env_file`, `label_file`). `folder` is its file's directory, relative to the
/// user of the service. Also in the same directory env files become one by their paths: `./a.env` and `a.env`.
pub(super) fn rebase(service: &mut Value, folder: &Path) {
    let Kind::Map(map) = &mut service.kind else { return };
    if let Some(Kind::Seq(steps)) = map.get_mut("pre_start").map(|steps| &mut steps.value.kind) {
        steps.iter_mut().for_each(|step| rebase(step, folder));
    }
    if let Some(build) = map.get_mut("build").filter(|_| !folder.as_os_str().is_empty()) {
        to_build(&mut build.value);
        if let Kind::Map(build) = &mut build.value.kind
            && let Some(context) = build.get_mut("context")
        {
            rebase_path(&mut context.value, folder);
        }
    }
    if let Some(Kind::Seq(mounts)) = map.get_mut("volumes").map(|mounts| &mut mounts.value.kind) {
        mounts.iter_mut().for_each(|mount| rebase_mount(mount, folder));
    }
    for key in ["env_file", "label_file"] {
        let Some(files) = map.get_mut(key) else { continue };
        let items = match &mut files.value.kind {
            Kind::Seq(items) => items.iter_mut().collect(),
            _ => vec![&mut files.value],
        };
        for item in items {
            match &mut item.kind {
                Kind::Map(long) => {
                    if let Some(path) = long.get_mut("path") {
                        rebase_path(&mut path.value, folder);
                    }
                }
                _ => rebase_path(item, folder),
            }
        }
    }
}

/// Rebases the host path of a mount: `./conf:/etc/conf`, or the `source` of the long form. The name of a volume is no path.
fn rebase_mount(mount: &mut Value, folder: &Path) {
    let value = match &mut mount.kind {
        Kind::Map(long) => long.get_mut("source").map(|source| &mut source.value),
        _ => Some(mount),
    };
    let Some(Kind::Scalar(scalar)) = value.map(|value| &mut value.kind) else { return };
    let text = scalar.text.as_str();
    let (path, rest) = text.split_at(text.find(':').unwrap_or(text.len()));
    if !path.starts_with('.') || folder.as_os_str().is_empty() {
        return;
    }
    let joined = path_text(&normalize(&folder.join(path)));
    let here = if joined.starts_with('.') || Path::new(&joined).has_root() { "" } else { "./" };
    scalar.text = TracedText::derived(format!("{here}{joined}{rest}"), scalar.text.span());
}

fn rebase_path(value: &mut Value, folder: &Path) {
    let Kind::Scalar(scalar) = &mut value.kind else { return };
    let path = scalar.text.as_str();
    if Path::new(path).has_root() || is_remote(path) {
        return;
    }
    let joined = normalize(&folder.join(path));
    let joined = if joined.as_os_str().is_empty() { Path::new(".") } else { joined.as_path() };
    if joined != Path::new(path) {
        scalar.text = TracedText::derived(path_text(joined), scalar.text.span());
    }
}
