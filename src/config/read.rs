//! Reads a configuration from a file's text, and reports every mistake with its place.

use std::path::Path;
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::file::File;
use super::glob::{Base, NamePattern, Patterns};
use super::place::{Located, OneOrMany};
use super::tree::{self, Problem};
use super::values::Date;
use super::{Config, OverrideFor};
use crate::catalog::Catalog;
use crate::error::{ConfigProblem, Error};
use crate::model::ImageReference;
use crate::order;
use crate::rules::Policy;
use crate::source::Source;
use crate::syntax::yaml::Tree;

/// The largest text, in bytes. A compiled glob takes hundreds of times its length.
const MAX_TEXT: usize = 256 * 1024;

/// Reads a configuration.
pub(super) fn read(source: Arc<Source>, today: Date) -> Result<Config, Error> {
    let mut problems = Vec::new();
    let file = file(&source, &mut problems);
    repositories(&file, &mut problems);
    if problems.is_empty() {
        return Ok(compile(source, file, today));
    }
    order::by_key(&mut problems, |problem| problem.at.start);
    let (path, text) = (source.path(), source.text());
    let problem = |problem: Problem| {
        let within = problem.at.start.min(text.len())..problem.at.end.min(text.len());
        ConfigProblem::new(path, text, problem.message, within, problem.help)
    };
    Err(Error::Config { path: path.to_path_buf(), problems: problems.into_iter().map(problem).collect() })
}

/// Deserializes the text. Returns the default if it is too large or has syntax errors.
fn file(source: &Source, problems: &mut Vec<Problem>) -> File {
    if source.text().len() > MAX_TEXT {
        let message = format!("larger than {} KiB", MAX_TEXT / 1024);
        problems.push(Problem { message, help: None, at: 0..0 });
        return File::default();
    }
    let tree = Tree::parse(source.id(), source.text());
    syntax(&tree, source, problems);
    // Recovering from syntax errors may have changed what the text means.
    let unread = tree.errors().iter().any(|error| error.duplicate_of.is_none());
    if unread { File::default() } else { tree::read(&tree, problems) }
}

/// Reports what is wrong with the text itself: encoding, syntax, a second document.
fn syntax(tree: &Tree, source: &Source, problems: &mut Vec<Problem>) {
    if let Some(span) = source.invalid_utf8() {
        problems.push(Problem { message: "not UTF-8".to_owned(), help: None, at: span.range() });
    }
    for error in tree.errors() {
        let first = error.duplicate_of.map(|first| source.position(first.start).line);
        let help = first.map(|line| format!("it is already on line {line}"));
        problems.push(Problem { message: error.message.clone(), help, at: error.span.range() });
    }
    if let Some(second) = tree.documents().get(1) {
        let at = tree.node(*second).span.range();
        let at = at.start..at.end.min(source.line_at(at.start as u32).text.len() + at.start);
        let message = "a second document: a configuration has only one".to_owned();
        problems.push(Problem { message, help: None, at });
    }
}

/// Compiles globs for names.
fn names(list: &OneOrMany<Located<NamePattern>>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for name in list.0.iter().filter_map(|name| Glob::new(&name.value.text).ok()) {
        set.add(name);
    }
    set.build().unwrap_or_default()
}

/// Reports image rows that can match no image.
fn repositories(file: &File, problems: &mut Vec<Problem>) {
    for row in &file.images {
        for name in &row.value.repositories {
            let bare = name.strip_suffix('*').unwrap_or(name);
            let tagged = ImageReference::parse(name)
                .is_some_and(|reference| reference.tag.is_some() || reference.digest.is_some());
            let message = match () {
                () if tagged => format!("`{name}` has a tag: a row applies to all tags of a repository"),
                () if bare.is_empty() || bare.contains(char::is_whitespace) => {
                    format!("`{name}` is not the name of a repository")
                }
                () => continue,
            };
            problems.push(Problem { message, help: None, at: row.at.clone() });
        }
        if row.value.repositories.is_empty() {
            let message = "a row without repositories applies to no image".to_owned();
            problems.push(Problem { message, help: None, at: row.at.clone() });
        }
    }
}

fn compile(source: Arc<Source>, mut file: File, today: Date) -> Config {
    let path = source.path().to_path_buf();
    let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let base = Base::at(&directory);
    let default = Policy::default();
    let mut thresholds = default.thresholds.clone();
    file.rules.set(&mut thresholds);
    let policy = Policy {
        // The command line selects profiles.
        profiles: Vec::new(),
        host_memory: file.host_memory.as_ref().map(|size| size.value.0),
        reserve: file.reserve.as_ref().map(|size| size.value.0),
        overcommit: file.overcommit.as_ref().map_or(default.overcommit, |factor| factor.value.0),
        target: file.target.as_ref().map_or(default.target, |target| target.value),
        thresholds,
    };
    let overrides = file.overrides.0.iter().map(|other| OverrideFor {
        files: Patterns::of(&base, &other.files),
        rules: other.rules.0.iter().map(|(name, level)| (name.value, level.clone())).collect(),
        preset: other.preset.clone(),
    });
    let overrides = overrides.collect();
    let rows: Vec<_> = std::mem::take(&mut file.images);
    let images = rows.iter().map(|row| (row.value.repositories.join(", "), row.at.clone())).collect();
    let rows: Vec<_> = rows.into_iter().map(|row| row.value).collect();
    Config {
        exclude: Patterns::of(&base, &file.exclude),
        compose_files: Patterns::of(&base, &file.compose_files),
        platform_variables: Arc::new(names(&file.platform_variables)),
        baseline: file.baseline.as_ref().map(|name| directory.join(&name.value)),
        catalog: (!rows.is_empty()).then(|| Arc::new(Catalog::with_rows(rows))),
        images,
        policy,
        overrides,
        today,
        path,
        source,
        file,
    }
}
