//! Globs for files, with the semantics of `.gitignore`, and globs for services.
//!
//! Without a slash a glob matches a name at any depth. With one it is relative to the directory of its file, and `*` stays
//! within a directory. A glob that matches a directory matches all that is below it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};
#[cfg(feature = "schema")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error};

use super::place::{Located, OneOrMany};
use crate::source::normalize;

/// A glob for paths.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The glob as written.
    pub text: String,
    glob: globset::Glob,
}

/// A glob for the names of services.
#[derive(Clone, Debug)]
pub struct NamePattern {
    /// The glob as written.
    pub text: String,
    matcher: GlobMatcher,
}

/// Several globs for paths; one match is enough.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    base: Base,
    set: GlobSet,
}

/// The directory that paths are relative to.
#[derive(Clone, Debug, Default)]
pub struct Base {
    here: PathBuf,
    directory: PathBuf,
}

impl Base {
    /// Creates the base for the directory at `path`, absolute or relative to the current one.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        let here = std::env::current_dir().unwrap_or_default();
        Self { directory: normalize(&here.join(path)), here }
    }

    /// Returns the path from the directory to `path`, with `..` where it leads out.
    #[must_use]
    pub fn relative(&self, path: &Path) -> PathBuf {
        let absolute = normalize(&self.here.join(path));
        let mut out = PathBuf::new();
        for directory in self.directory.ancestors() {
            if let Ok(rest) = absolute.strip_prefix(directory) {
                return out.join(rest);
            }
            out.push("..");
        }
        absolute
    }
}

impl Pattern {
    /// Parses a glob.
    ///
    /// # Errors
    /// The error, and on a second line the text to write instead, if that is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('!') {
            return Err(format!("`{text}` negates a glob, which does not work here\nname the files instead"));
        }
        let bare = text.strip_prefix("./").unwrap_or(text);
        let bare = bare.strip_suffix('/').filter(|bare| !bare.is_empty()).unwrap_or(bare);
        let anchored = match bare.strip_prefix('/') {
            Some(rest) => Cow::Borrowed(rest),
            None if bare.contains('/') => Cow::Borrowed(bare),
            None => Cow::Owned(format!("**/{bare}")),
        };
        if bare.is_empty() || anchored.is_empty() {
            return Err("an empty glob matches nothing".to_owned());
        }
        let glob = GlobBuilder::new(&anchored).literal_separator(true).build();
        glob.map(|glob| Self { text: text.to_owned(), glob }).map_err(|error| malformed(text, &error))
    }
}

impl NamePattern {
    /// True if the glob matches the name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.text == name || self.matcher.is_match(name)
    }

    fn parse(text: &str) -> Result<Self, String> {
        let glob = globset::Glob::new(text).map_err(|error| malformed(text, &error))?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }
}

fn malformed(text: &str, error: &globset::Error) -> String {
    format!("`{text}` is not a glob: {}", error.kind().to_string().replace("; missing", ", missing"))
}

impl Patterns {
    /// Compiles several globs into one set.
    #[must_use]
    pub fn new<'p>(base: &Base, patterns: impl IntoIterator<Item = &'p Pattern>) -> Self {
        let mut set = GlobSetBuilder::new();
        for pattern in patterns {
            set.add(pattern.glob.clone());
        }
        Self { base: base.clone(), set: set.build().unwrap_or_default() }
    }

    /// Compiles the globs of a list.
    pub(super) fn of(base: &Base, list: &OneOrMany<Located<Pattern>>) -> Self {
        Self::new(base, list.0.iter().map(|pattern| &pattern.value))
    }

    /// Returns the directory that the globs are relative to.
    #[must_use]
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// True if a glob matches the path or a directory that it is in.
    #[must_use]
    pub fn any_match(&self, path: &Path) -> bool {
        !self.set.is_empty() && self.base.relative(path).ancestors().any(|path| self.set.is_match(path))
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for NamePattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for Pattern {
    fn schema_name() -> Cow<'static, str> {
        "Glob".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A glob as in .gitignore: without a slash it matches at any depth, else from the directory of this file",
            "type": "string",
        })
    }
}

#[cfg(feature = "schema")]
impl JsonSchema for NamePattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ServiceGlob".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_fit_as_in_gitignore() {
        let base = Base::at(Path::new("here"));
        let fits = |glob: &str, path: &str| {
            Patterns::new(&base, &[Pattern::parse(glob).unwrap()]).any_match(&Path::new("here").join(path))
        };
        for (glob, path) in [
            ("vendor", "vendor/a/Dockerfile"),
            ("vendor/", "vendor/a/Dockerfile"),
            ("vendor", "deep/vendor/Dockerfile"),
            ("vendor/**", "vendor/Dockerfile"),
            ("*.prod.yaml", "a/b/compose.prod.yaml"),
            ("deploy/*.yaml", "deploy/compose.yaml"),
            ("/compose.yaml", "compose.yaml"),
            ("./a/b", "a/b/c"),
            ("**/test/**", "a/test/b"),
            ("../deploy/**", "../deploy/compose.yaml"),
            ("{a,b}/x", "b/x"),
        ] {
            assert!(fits(glob, path), "{glob} {path}");
        }
        for (glob, path) in [
            ("deploy/*.yaml", "deploy/a/compose.yaml"),
            ("/compose.yaml", "a/compose.yaml"),
            ("vendor/**", "a/vendor/Dockerfile"),
            ("vendor", "vendored/Dockerfile"),
            ("a/b", "c/a/b"),
        ] {
            assert!(!fits(glob, path), "{glob} {path}");
        }
        for glob in ["", "/", "[a", "!a", "{a"] {
            assert!(Pattern::parse(glob).is_err(), "{glob}");
        }
    }
}
