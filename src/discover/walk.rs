//! Walks a directory tree.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::ignored::{self, IgnoreRules};
use super::{Discovered, DiscoveredFile, FileKind, Options, kind_in_walk, may_be_linted, shown};
use crate::error::Error;
use crate::order;
use crate::parallel;
use crate::source::{EntryKind, FileSystem, LoadError, normalize};
use crate::syntax::dotenv;

/// The bytes of a `.env` that are searched for `COMPOSE_FILE`.
const BYTES_OF_ENV_FILE: u64 = 64 * 1024;

const COMPOSE_FILE: &str = "COMPOSE_FILE";

/// Directories that are skipped below the given one: git's own, and third-party code.
const LEFT_OUT: [&str; 3] = [".git", "node_modules", "vendor"];

/// Adds the files below `root`, unordered.
pub(super) fn walk(root: &Path, options: &Options, discovered: &mut Discovered) {
    let disk = &options.disk;
    let absolute = normalize(&disk.current_dir().join(root));
    let above: Vec<&Path> = absolute.ancestors().skip(1).collect();
    // Those of an overlay are there to be checked, whatever git does with files of their names.
    let no_ignore = options.no_ignore || disk.is_in_memory();
    // Without its ignore rules, files that git ignores would be reported: the ignore file is reported as unreadable
    // instead.
    let unusable = if no_ignore { None } else { ignored::unusable_ignore_file(root, &above, disk) };
    if let Some(error) = unusable {
        discovered.unreadable.push(error);
        return;
    }
    let rules = (!no_ignore).then(|| IgnoreRules::new(root, disk));
    // All directories of one depth are read before those below them.
    let mut directories = vec![Directory { path: root.to_path_buf(), rules }];
    while !directories.is_empty() {
        let read = parallel::map_light(directories, |directory| directory.read(root, options));
        directories = Vec::new();
        for found in read {
            discovered.files.extend(found.files);
            discovered.unreadable.extend(found.unreadable);
            directories.extend(found.directories);
        }
    }
    order::by_key(&mut discovered.unreadable, ToString::to_string);
    add_overlaid(root, options, discovered);
}

/// A directory of the walk.
struct Directory {
    path: PathBuf,
    /// The ignore rules from above it; `None` if none apply.
    rules: Option<IgnoreRules>,
}

/// The entries of a directory.
#[derive(Default)]
struct Found {
    files: Vec<DiscoveredFile>,
    directories: Vec<Directory>,
    unreadable: Option<Error>,
}

impl Directory {
    fn read(self, root: &Path, options: &Options) -> Found {
        let disk = &options.disk;
        let mut found = Found::default();
        let mut entries = Vec::new();
        let mut brings_rules = false;
        let listed = disk.list(&self.path, |name, kind| {
            brings_rules |= ignored::brings_rules(name);
            if may_matter(name, kind, options) {
                entries.push((self.path.join(name), kind));
            }
        });
        match listed {
            Ok(()) => {}
            // It has disappeared since.
            Err(LoadError::NotFound) => return found,
            Err(reason) => {
                let (path, reason) = (shown(&self.path), reason.to_string());
                found.unreadable = Some(Error::Unreadable { path, reason });
                return found;
            }
        }
        let mut rules = self.rules;
        if let Some(outer) = rules.as_ref().filter(|_| brings_rules) {
            found.unreadable = ignored::unusable_ignore_file(&self.path, &[], disk);
            if found.unreadable.is_some() {
                return found;
            }
            rules = Some(outer.within(&self.path, disk));
        }
        for (path, kind) in entries {
            let is_directory = kind == Some(EntryKind::Directory);
            if rules.as_ref().is_some_and(|rules| rules.leave_out(&path, is_directory)) {
                continue;
            }
            if is_directory {
                found.directories.push(Directory { path, rules: rules.clone() });
                continue;
            }
            found.files.extend(named_in_env_file(&path, disk));
            found.files.extend(discovered_file(&path, kind, root, options));
        }
        found
    }
}

/// False for an entry that is left out by its name, or adds no file.
fn may_matter(name: &OsStr, kind: Option<EntryKind>, options: &Options) -> bool {
    match kind {
        Some(EntryKind::Directory) => !LEFT_OUT.iter().any(|other| name == *other),
        Some(EntryKind::Other) => false,
        Some(EntryKind::File) | None => {
            name == ".env" || may_be_linted(Path::new(name)) || options.named.is_some()
        }
    }
}

/// Returns the Compose files of any name that `COMPOSE_FILE` of a `.env` names in its own directory.
fn named_in_env_file(path: &Path, disk: &FileSystem) -> impl Iterator<Item = DiscoveredFile> {
    let names = path.file_name().filter(|name| *name == ".env").and_then(|_| {
        let text = disk.read_prefix(path, BYTES_OF_ENV_FILE).ok()?;
        let text = String::from_utf8_lossy(&text);
        text.contains(COMPOSE_FILE).then(|| dotenv::compose_files(&text))
    });
    let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
    let files =
        names.into_iter().flatten().filter(|name| !name.contains('/')).map(move |name| directory.join(name));
    let existing: Vec<PathBuf> = files.filter(|path| disk.is_file(path)).collect();
    existing.into_iter().map(|path| DiscoveredFile {
        path: shown(&path),
        kind: FileKind::Compose,
        explicit: false,
    })
}

/// Adds files that only an overlay has. Ignore files do not apply to them.
fn add_overlaid(root: &Path, options: &Options, discovered: &mut Discovered) {
    for below in options.disk.added_below(root) {
        let path = root.join(&below);
        let is_left_out = |part: &OsStr| LEFT_OUT.iter().any(|name| part == *name);
        if !below.iter().any(is_left_out) {
            discovered.files.extend(named_in_env_file(&path, &options.disk));
            discovered.files.extend(discovered_file(&path, Some(EntryKind::File), root, options));
        }
    }
}

/// Returns the file that an entry adds, if any. `kind` is `None` for a link.
fn discovered_file(
    path: &Path,
    kind: Option<EntryKind>,
    root: &Path,
    options: &Options,
) -> Option<DiscoveredFile> {
    let disk = &options.disk;
    // A link to a file is read under its own name, as by Docker and Compose. One that leads out of the allowed
    // directory counts as a file, so that the run reports it.
    let leads_to_file = || matches!(disk.entry_kind(path), Ok(EntryKind::File) | Err(LoadError::Outside(_)));
    let is_file = || kind == Some(EntryKind::File) || (kind.is_none() && leads_to_file());
    let below = path.strip_prefix(root).unwrap_or(path);
    let kind = kind_in_walk(path, below, disk).or_else(|| options.named.kind_of(&shown(path)))?;
    is_file().then(|| DiscoveredFile { path: shown(path), kind, explicit: false })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::{FileKind, Options, discover};
    use crate::error::Error;
    use crate::source::path_text;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    fn below(dir: &tempfile::TempDir, options: Options) -> Vec<String> {
        let found = discover(&[dir.path().to_path_buf()], options).unwrap();
        let relative = |path: PathBuf| path_text(path.strip_prefix(dir.path()).unwrap());
        found.files.into_iter().map(|file| relative(file.path)).collect()
    }

    #[test]
    fn ignored_files_are_left_out_at_every_level_without_a_repository() {
        let dir = tree(&[
            (".gitignore", "build/\n"),
            ("build/Dockerfile", "FROM a"),
            ("sub/.gitignore", "Dockerfile.dev"),
            ("sub/Dockerfile.dev", "FROM a"),
            ("sub/Dockerfile", "FROM a"),
            (".devcontainer/docker-compose.yml", "services: {}"),
            (".git/Dockerfile", "FROM a"),
            ("z/compose.yaml", "services: {}"),
            ("notes.yaml", "services: {}"),
        ]);
        assert_eq!(
            below(&dir, Options::default()),
            [".devcontainer/docker-compose.yml", "sub/Dockerfile", "z/compose.yaml"]
        );
        let all = below(&dir, Options { no_ignore: true, ..Options::default() });
        assert_eq!(
            all,
            [
                ".devcontainer/docker-compose.yml",
                "build/Dockerfile",
                "sub/Dockerfile",
                "sub/Dockerfile.dev",
                "z/compose.yaml"
            ]
        );
    }

    const WORKFLOW: &str = "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: 'echo ${{ x }}'}]\n";

    #[test]
    fn a_file_is_compose_by_a_name_of_its_own_or_by_what_is_in_it() {
        let services = "services: {}\n";
        let dir = tree(&[
            ("compose.yaml", "servces: {"),
            ("sub/docker-compose.override.yml", "volumes: {}\n"),
            ("docker-compose.prod.yml", services),
            ("docker-compose.utf16.yml", "replaced below"),
            ("docker-compose-ci.yaml", WORKFLOW),
            ("docker-compose.empty.yml", ""),
            ("docker-compose.gitlab-ci.yml", "stages: [a]\nservices:\n  - docker:dind\n"),
            ("docker-stack.yml", services),
            ("stack.yml", "functions: {}\n"),
            (".github/docker-compose.test.yml", services),
            (".github/compose.yaml", services),
            (".github/actions/a/Dockerfile", "FROM a"),
            (".gitea/workflows/compose.yml", services),
            ("sub/.forgejo/compose.yml", services),
            ("roles/a/templates/docker-compose.yml", "services:\n  a:\n    image: {{ image }}\n"),
            ("roles/a/tasks/docker-compose.yml", "- name: x\n"),
            ("templates/docker-compose.yml", services),
            ("{{cookiecutter.name}}/compose.yml", "services:\n{% if x %}\n  a: {}\n{% endif %}\n"),
            ("{{cookiecutter.name}}/compose.dev.yml", services),
        ]);
        let wide: Vec<u8> = "\u{feff}services: {}\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
        std::fs::write(dir.path().join("docker-compose.utf16.yml"), wide).unwrap();
        let mut found = below(&dir, Options::default());
        found.sort();
        let mut wanted = [
            ".github/actions/a/Dockerfile",
            "compose.yaml",
            "docker-compose.prod.yml",
            "docker-compose.utf16.yml",
            "docker-stack.yml",
            "sub/docker-compose.override.yml",
            "templates/docker-compose.yml",
            "{{cookiecutter.name}}/compose.dev.yml",
        ];
        wanted.sort_unstable();
        assert_eq!(found, wanted);
    }

    #[test]
    fn files_of_any_name_that_a_env_file_names_are_found() {
        let dir = tree(&[
            (
                "a/.env",
                "COMPOSE_PATH_SEPARATOR=;\nCOMPOSE_FILE=base.yaml;prod.txt;gone.yaml;../b/other.yaml\n",
            ),
            ("a/base.yaml", "services: {}"),
            ("a/prod.txt", "services: {}"),
            ("a/not.yaml", "services: {}"),
            ("b/other.yaml", "services: {}"),
            ("b/.env", "# COMPOSE_FILE=other.yaml\n"),
        ]);
        assert_eq!(below(&dir, Options::default()), ["a/base.yaml", "a/prod.txt"]);
    }

    #[test]
    fn files_of_an_overlay_are_found() {
        let dir = tree(&[("compose.yaml", "services: {}")]);
        let names = ["compose.yaml", "new/Dockerfile", "new/notes.txt", "node_modules/a/Dockerfile"];
        let overlay = names.map(|name| (dir.path().join(name), "FROM a".to_owned())).into();
        let disk = crate::source::FileSystem::default().with_overlay(&overlay);
        assert_eq!(below(&dir, Options { disk, ..Options::default() }), ["compose.yaml", "new/Dockerfile"]);
    }

    #[test]
    fn what_others_wrote_is_left_out_unless_it_is_named() {
        let dir = tree(&[
            ("compose.yaml", "services: {}"),
            ("vendor/a/compose.yaml", "services: {}"),
            ("vendor/a/node_modules/b/Dockerfile", "FROM a"),
            ("web/node_modules/b/Dockerfile", "FROM a"),
            ("web/vendor.Dockerfile", "FROM a"),
        ]);
        let found = ["compose.yaml", "web/vendor.Dockerfile"];
        assert_eq!(below(&dir, Options::default()), found);
        assert_eq!(below(&dir, Options { no_ignore: true, ..Options::default() }), found);
        let named = ["vendor", "vendor/a/node_modules/b/Dockerfile"].map(|name| dir.path().join(name));
        let found = discover(&named, Options::default()).unwrap().files;
        let named: Vec<(PathBuf, bool)> = found.into_iter().map(|file| (file.path, file.explicit)).collect();
        let path = |name: &str| dir.path().join(name);
        assert_eq!(
            named,
            [(path("vendor/a/compose.yaml"), false), (path("vendor/a/node_modules/b/Dockerfile"), true)]
        );
    }

    #[test]
    fn a_pipeline_that_is_called_like_a_compose_file_is_none_when_it_is_named_either() {
        let dir = tree(&[
            (".github/workflows/docker-compose-ci.yaml", WORKFLOW),
            (".github/docker-compose.test.yml", "services: {}"),
            ("docker-compose.volumes.yml", "volumes: {}\n"),
            ("compose.yaml", WORKFLOW),
        ]);
        let path = |name: &str| dir.path().join(name);
        let named = [
            path(".github/workflows/docker-compose-ci.yaml"),
            path(".github/docker-compose.test.yml"),
            path("docker-compose.volumes.yml"),
            path("compose.yaml"),
        ];
        let found = discover(&named, Options::default()).unwrap();
        assert_eq!(found.pipelines, named[..1]);
        assert_eq!(found.files.len(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_count_and_loops_do_not() {
        let dir = tree(&[("compose.prod.yaml", "services: {}"), ("a/Dockerfile", "FROM a")]);
        std::os::unix::fs::symlink("compose.prod.yaml", dir.path().join("compose.yaml")).unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("a/Dockerfile.dead")).unwrap();
        assert_eq!(below(&dir, Options::default()), ["a/Dockerfile", "compose.prod.yaml", "compose.yaml"]);
    }

    #[test]
    fn a_named_file_is_taken_once_and_its_kind_is_looked_up() {
        let dir = tree(&[
            (".gitignore", "*"),
            ("Dockerfile", "FROM a"),
            ("stack.yml", "# a stack\nservices:\n  a: {}\n"),
            ("build.j2", "FROM {{ base }}\n"),
            ("values.yml", "image: a\n"),
        ]);
        let path = |name: &str| dir.path().join(name);
        let paths = [
            path("stack.yml"),
            path("Dockerfile"),
            path("build.j2"),
            dir.path().to_path_buf(),
            path("Dockerfile"),
        ];
        let found = discover(&paths, Options::default()).unwrap();
        let kinds: Vec<FileKind> = found.files.iter().map(|file| file.kind).collect();
        assert_eq!(kinds, [FileKind::Dockerfile, FileKind::Dockerfile, FileKind::Compose]);
        assert!(found.files.iter().all(|file| file.explicit));

        let kind = discover(&[path("values.yml")], Options::default()).unwrap_err();
        assert_eq!(kind, Error::UnknownKind { path: path("values.yml") });
        let gone = discover(&[path("gone")], Options::default()).unwrap_err();
        assert_eq!(gone, Error::NotFound { path: path("gone"), help: None });
    }
}
