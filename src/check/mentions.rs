//! Finds the Compose files that may read a file named on the command line, by their text alone: most of a repository's Compose files
//! have nothing to do with it, and need not be parsed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use memchr::memmem::{self, Finder};

use crate::discover::{Discovered, FileKind};
use crate::hash::HashSet;
use crate::model::project;
use crate::parallel;
use crate::source::{Source, SourceId, Sources};

/// The largest number of named files that are searched for. With more of them each Compose file counts.
const MAX_SEARCHED: usize = 50;

/// The related Compose files of a run that names files, by what they matter for.
#[derive(Debug, Default)]
pub(super) struct Related {
    /// Files of directories in which a project may read a named file: these are loaded.
    pub(super) readers: Vec<PathBuf>,
    /// Other files below such directories, which may override their services.
    pub(super) below: Vec<PathBuf>,
}

/// The named files that Compose files may refer to. `None` if there are too many to search for, or a name is not Unicode: then any
/// file may read one.
pub(super) struct Mentions {
    named: Option<Vec<Named>>,
    /// The absolute directories of named files of locked images, which hold for the projects in them and below.
    locked: Vec<PathBuf>,
}

impl Mentions {
    pub(super) fn new(discovered: &Discovered, sources: &Sources) -> Self {
        let files =
            discovered.files.iter().filter(|found| found.explicit && found.kind == FileKind::Dockerfile);
        let files: Vec<&PathBuf> = files.map(|found| &found.path).chain(&discovered.env_files).collect();
        let locked = discovered.image_locks.iter().map(|path| directory_of(path, sources)).collect();
        if files.len() > MAX_SEARCHED {
            return Self { named: None, locked };
        }
        let named = files.into_iter().map(|path| Named::of(&sources.absolute(path))).collect();
        Self { named, locked }
    }

    /// True if a named file of locked images may hold for the project in a directory.
    pub(super) fn is_locked(&self, directory: &Path) -> bool {
        self.locked.iter().any(|above| directory.starts_with(above))
    }

    /// Reads the text of the related Compose files.
    pub(super) fn related(&self, discovered: &Discovered, sources: &Sources) -> Related {
        let compose = discovered.files.iter().filter(|found| found.kind == FileKind::Compose);
        let own: HashSet<PathBuf> = compose.map(|found| directory_of(&found.path, sources)).collect();
        let directories = project::by_directory(&discovered.related_compose_files);
        let may_read = parallel::map_light(directories, |(directory, files)| {
            let directory = sources.absolute(&directory);
            // The base of override files is merged, too, where discovery leaves it out.
            let has_base = files.iter().any(|path| project::is_default(path));
            let base = if has_base { Vec::new() } else { project::default_files(&directory, sources) };
            let all: Vec<&PathBuf> = files.iter().chain(&base).collect();
            let loaded: Vec<SourceId> = all.iter().filter_map(|path| sources.load(path).ok()).collect();
            let reads = own.contains(&directory)
                // A file that cannot be read is reported when it is loaded.
                || loaded.len() < all.len()
                || names_files_in_env(&directory, sources)
                || loaded.iter().any(|file| leads_on(sources.get(*file).text()))
                || self.may_be_in(&loaded, &directory, sources);
            (directory, reads, files)
        });
        let readers =
            may_read.iter().filter(|(_, reads, _)| *reads).map(|(directory, ..)| directory.as_path());
        let readers: HashSet<&Path> = readers.chain(own.iter().map(PathBuf::as_path)).collect();
        let mut related = Related::default();
        for (directory, reads, files) in &may_read {
            if *reads {
                related.readers.extend_from_slice(files);
            } else if directory.ancestors().any(|above| readers.contains(above)) {
                related.below.extend_from_slice(files);
            }
        }
        related
    }

    /// True if Compose files that are merged, for a project in `directory`, may name one of the files between them: one the context of
    /// a build, another the Dockerfile in it.
    pub(super) fn may_be_in(&self, files: &[SourceId], directory: &Path, sources: &Sources) -> bool {
        if self.is_locked(directory) {
            return true;
        }
        let Some(named) = &self.named else { return true };
        let files: Vec<Arc<Source>> = files.iter().map(|file| sources.get(*file)).collect();
        let reads = |named: &Named| {
            let leads_there = |file: &Arc<Source>| {
                let own = directory_of(file.path(), sources);
                named.may_lead_there(directory, file.text()) || named.may_lead_there(&own, file.text())
            };
            files.iter().any(|file| named.may_name(file.text())) && files.iter().any(leads_there)
        };
        let may_vary = |file: &Arc<Source>| {
            let text = file.text();
            escapes(text) || varies(text) || has_key(text, "project_directory")
        };
        files.iter().any(may_vary) || named.iter().any(reads)
    }
}

fn directory_of(path: &Path, sources: &Sources) -> PathBuf {
    sources.absolute(path.parent().unwrap_or(Path::new("")))
}

/// True if the directory's `.env` may name further Compose files.
fn names_files_in_env(directory: &Path, sources: &Sources) -> bool {
    let env = sources.load(&directory.join(".env"));
    env.is_ok_and(|file| has(sources.get(file).text(), "COMPOSE_FILE"))
}

/// True if the file may take in others. Which ones is known when it is loaded.
fn leads_on(text: &str) -> bool {
    has_key(text, "include") || (has_key(text, "extends") && has_key(text, "file"))
}

/// True if the text may have this key: the word is alone, and a colon follows.
fn has_key(text: &str, key: &str) -> bool {
    words(text, &Finder::new(key)).any(|(_, after)| {
        after.trim_start_matches(['"', '\'']).trim_start_matches([' ', '\t']).starts_with(':')
    })
}

fn mentions(text: &str, name: &Finder<'_>) -> bool {
    words(text, name).next().is_some()
}

/// Returns the places where a word is alone, and is no part of a longer name: the text before and after it.
fn words<'t>(text: &'t str, word: &Finder<'_>) -> impl Iterator<Item = (&'t str, &'t str)> {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let length = word.needle().len();
    word.find_iter(text.as_bytes()).filter_map(move |at| {
        let (before, after) = (text.get(..at)?, text.get(at + length..)?);
        (!before.ends_with(is_of_name) && !after.starts_with(is_of_name)).then_some((before, after))
    })
}

fn has(text: &str, part: &str) -> bool {
    memmem::find(text.as_bytes(), part.as_bytes()).is_some()
}

/// True if a part of a name may be written as an escape of a double-quoted string, such as `\x2f`.
fn escapes(text: &str) -> bool {
    memchr::memchr_iter(b'\\', text.as_bytes()).any(|at| {
        let escape = text.as_bytes().get(at + 1..).unwrap_or_default();
        let digits = match escape.first() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => return false,
        };
        escape.get(1..=digits).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// True if the path of a build or an env file may have a variable in it.
fn varies(text: &str) -> bool {
    if memchr::memchr(b'$', text.as_bytes()).is_none() {
        return false;
    }
    let keys = ["build", "context", "dockerfile", "env_file"];
    let mut values = keys.iter().flat_map(|key| {
        memmem::find_iter(text.as_bytes(), key.as_bytes()).filter_map(move |at| text.get(at + key.len()..))
    });
    // An alias may stand for a text with a variable.
    values.any(|rest| value_lines(rest).any(|line| line.contains(['$', '*'])))
}

/// Returns the lines of a value: the rest of its key's line, and those after it while the value goes on.
fn value_lines(rest: &str) -> impl Iterator<Item = &str> {
    let mut goes_on = true;
    rest.lines().take_while(move |line| {
        let text = line.trim();
        let taken = goes_on || text.starts_with(['-', '#']);
        let block = text.trim_end_matches(['-', '+']).ends_with(['|', '>']);
        goes_on = block || text.is_empty() || text.starts_with('#') || text.ends_with([':', '[', '{', ',']);
        taken
    })
}

/// A file that was named, as Compose files may refer to it.
struct Named {
    /// Its absolute directory.
    directory: PathBuf,
    /// Its name.
    name: Finder<'static>,
    /// The name of its directory.
    parent: Option<Finder<'static>>,
    /// A word that a file in the same directory has to have that reads it without naming it.
    without_name: Option<&'static str>,
}

impl Named {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let directory = path.parent()?;
        let parent = directory.file_name().map(|parent| parent.to_str().ok_or(())).transpose().ok()?;
        Some(Self {
            directory: directory.to_path_buf(),
            name: Finder::new(name).into_owned(),
            parent: parent.map(|parent| Finder::new(parent).into_owned()),
            without_name: match name {
                "Dockerfile" => Some("build"),
                ".env" => Some(""),
                _ => None,
            },
        })
    }

    /// True if a Compose file with this text may name the file, or read it without naming it.
    fn may_name(&self, text: &str) -> bool {
        self.without_name.is_some_and(|word| has(text, word)) || mentions(text, &self.name)
    }

    /// True if a path in this text may lead to the file's directory from `directory`: it ends in its name, or climbs up to it.
    fn may_lead_there(&self, directory: &Path, text: &str) -> bool {
        directory == self.directory
            || self.parent.as_ref().is_none_or(|parent| mentions(text, parent))
            || (directory.starts_with(&self.directory) && has(text, ".."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(named: &str, compose: &str, text: &str) -> bool {
        let sources = Sources::new();
        let (named, compose) = (Path::new(named), Path::new(compose));
        let file = sources.add(compose, text);
        let mentions = Mentions { named: Some(vec![Named::of(named).unwrap()]), locked: Vec::new() };
        leads_on(text) || mentions.may_be_in(&[file], compose.parent().unwrap(), &sources)
    }

    #[test]
    fn what_may_lead_to_the_file_is_loaded() {
        for (named, text) in [
            ("/r/app/Dockerfile", "services: {a: {build: .}}"),
            ("/r/app/Dockerfile", "services: {a: {build: {}}}"),
            ("/r/app/.env", "services: {a: {image: x}}"),
            ("/r/Dockerfile", "services: {a: {build: ..}}"),
            ("/r/app/sub/Dockerfile", "services: {a: {build: ./sub}}"),
            ("/r/lib/Dockerfile", "services: {a: {build: ../lib}}"),
            ("/r/app/x.Dockerfile", "services: {a: {build: {context: ., dockerfile: x.Dockerfile}}}"),
            ("/r/app/vars.env", "services: {a: {image: x, env_file: vars.env}}"),
            ("/r/lib/Dockerfile", "services: {a: {build: '${DIR}'}}"),
            ("/r/lib/Dockerfile", "x: &b ${DIR}\nservices: {a: {build: *b}}"),
            (
                "/r/lib/vars.env",
                "services:\n  a:\n    env_file:\n      # of all\n      - a.env\n      - ${FILE}\n",
            ),
            ("/r/lib/vars.env", "services:\n  a:\n    env_file: [a.env,\n      $FILE]\n"),
            ("/r/lib/Dockerfile", "services:\n  a:\n    build:\n      context: >-\n        ${DIR}\n"),
            ("/r/lib/Dockerfile", "services: {a: {build: \"../l\\x69b\"}}"),
            ("/r/lib/Dockerfile", "services: {a: {build: \"../l\\u0069b\"}}"),
            ("/r/lib/Dockerfile", "services: {a: {build: \"../l\\U00000069b\"}}"),
            ("/r/lib/Dockerfile", "include: [x.yaml]"),
            ("/r/lib/Dockerfile", "x-include: [{path: x, project_directory: y}]"),
            ("/r/lib/Dockerfile", "{\"include\" : [x.yaml]}"),
            ("/r/lib/Dockerfile", "services: {a: {extends: {file: x.yaml, service: a}}}"),
        ] {
            assert!(reads(named, "/r/app/compose.yaml", text), "{named}: {text}");
        }
    }

    #[test]
    fn files_that_are_merged_may_name_a_part_of_the_path_each() {
        let sources = Sources::new();
        let files = [
            sources.add(Path::new("/r/compose.yaml"), "services: {a: {build: ./lib}}"),
            sources.add(
                Path::new("/r/compose.dev.yaml"),
                "services: {a: {build: {dockerfile: dev.Dockerfile}}}",
            ),
        ];
        let mentions = Mentions {
            named: Some(vec![Named::of(Path::new("/r/lib/dev.Dockerfile")).unwrap()]),
            locked: Vec::new(),
        };
        assert!(mentions.may_be_in(&files, Path::new("/r"), &sources));
        assert!(!mentions.may_be_in(&files[..1], Path::new("/r"), &sources));
        assert!(!mentions.may_be_in(&files[1..], Path::new("/r"), &sources));
    }

    #[test]
    fn what_leads_elsewhere_is_not() {
        for (named, text) in [
            ("/r/app/Dockerfile", "services: {a: {image: x}}"),
            ("/r/Dockerfile", "services: {a: {build: .}}"),
            ("/r/.env", "services: {a: {image: '${X}'}}"),
            ("/r/lib/Dockerfile", "services:\n  a:\n    build: ../other\n    environment: {A: $A}\n"),
            ("/r/app/x.Dockerfile", "services: {a: {build: .}}"),
            ("/r/lib/Dockerfile", "services: {a: {image: \"\\x6\\U0000006\\n\"}}"),
            (
                "/r/lib/Dockerfile",
                "# to include files\nservices: {a: {extends: b, env_file: x}, b: {image: x}}",
            ),
            ("/r/lib/vars.env", "services:\n  a:\n    env_file:\n      - a.env\n    image: ${IMAGE}\n"),
        ] {
            assert!(!reads(named, "/r/app/compose.yaml", text), "{named}: {text}");
        }
    }
}
