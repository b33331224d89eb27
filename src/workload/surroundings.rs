//! Facts from the repository around a project: what its files are for, and what is missing from them on purpose.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use super::Workload;
use crate::hash::HashSet;
use crate::model::compose::Service;
use crate::model::{Unresolved, purpose};
use crate::source::{Sources, TracedText};
use crate::syntax::SyntaxError;
use crate::syntax::dockerfile::{Dockerfile, Keyword};
use crate::syntax::shell::base_name;

/// Bytes of a README that are read for its purpose.
const MAX_README: u64 = 16 * 1024;

/// Bytes of a `.gitmodules` that are read.
const MAX_GITMODULES: u64 = 64 * 1024;

/// Scripts next to a Compose file that test what it starts.
const TEST_SCRIPTS: [&str; 4] = ["test.sh", "tests.sh", "run-tests.sh", "run_tests.sh"];

/// The repository around a project's directory.
pub(super) struct Surroundings<'s> {
    sources: &'s Sources,
    /// Absolute.
    directory: PathBuf,
    /// The names of its services' `env_file`s.
    env_files: HashSet<String>,
    root: OnceCell<Option<PathBuf>>,
    submodules: OnceCell<Vec<PathBuf>>,
    examples: OnceCell<HashSet<String>>,
}

impl<'s> Surroundings<'s> {
    pub(super) fn of(directory: &Path, services: &[Service], sources: &'s Sources) -> Self {
        let files = services.iter().flat_map(|service| &service.env_files);
        let names = files.filter_map(|file| Some(base_name(file.path.value()?.as_str()).to_owned()));
        Self {
            sources,
            env_files: names.collect(),
            directory: sources.absolute(directory),
            root: OnceCell::new(),
            submodules: OnceCell::new(),
            examples: OnceCell::new(),
        }
    }

    /// Returns the root of the repository. It is looked up once, and only if something depends on it.
    fn root(&self) -> Option<&Path> {
        let find = || {
            let inside = self.directory.join("compose.yaml");
            self.sources.disk().repository_root(&inside).map(Path::to_path_buf)
        };
        self.root.get_or_init(find).as_deref()
    }

    /// True if a Compose file, as shown, is for development or tests: by its path, by a script next to it that tests it, or by a
    /// README between it and the repository root.
    pub(super) fn is_for_development(&self, file: &Path) -> bool {
        let absolute = self.sources.absolute(file);
        purpose::is_for_development(file, &absolute, self.root()) || self.is_test_by_neighbours(&absolute)
    }

    fn is_test_by_neighbours(&self, file: &Path) -> bool {
        let Some((folder, root)) = file.parent().zip(self.root()) else { return false };
        let between = || folder.ancestors().take_while(|above| *above != root);
        // A script or README in the root describes the whole repository, and those outside of it another one.
        if folder == root || !folder.starts_with(root) {
            return false;
        }
        let says = |above: &Path| {
            let readme = self.sources.disk().read_prefix(&above.join("README.md"), MAX_README);
            readme.is_ok_and(|bytes| purpose::is_readme_not_for_production(&String::from_utf8_lossy(&bytes)))
        };
        TEST_SCRIPTS.iter().any(|name| self.sources.exists(&folder.join(name))) || between().any(says)
    }

    /// True for a path in a submodule of the repository: a clone without submodules leaves its directory empty.
    pub(super) fn is_in_submodule(&self, reference: &Unresolved, workloads: &[Workload]) -> bool {
        let service = workloads.iter().find(|workload| Some(&workload.name) == reference.service.as_ref());
        // A Dockerfile is relative to its context.
        let build =
            service.filter(|_| reference.what == "dockerfile").and_then(|own| own.service.build.as_ref());
        let context = build.and_then(|build| build.context.value()).map_or("", TracedText::as_str);
        let absolute = self.sources.absolute(&self.directory.join(context).join(&reference.name));
        self.submodules().iter().any(|module| absolute.starts_with(module))
    }

    fn submodules(&self) -> &[PathBuf] {
        let read = || {
            let root = self.root()?;
            let bytes = self.sources.disk().read_prefix(&root.join(".gitmodules"), MAX_GITMODULES).ok()?;
            let text = String::from_utf8_lossy(&bytes);
            let keys = text.lines().filter_map(|line| line.split_once('='));
            let paths = keys.filter(|(key, _)| key.trim() == "path");
            Some(paths.map(|(_, module)| root.join(module.trim())).collect())
        };
        self.submodules.get_or_init(|| read().unwrap_or_default())
    }

    /// Returns the variables that example files in the project directory (`.env.example`) set for Compose.
    pub(super) fn variables_of_examples(&self) -> &HashSet<String> {
        let read = || super::examples::variables(&self.directory, &self.env_files, self.sources.disk());
        self.examples.get_or_init(read)
    }

    /// True for an error about a Maven or Gradle property that the build fills in: Compose reads only the result.
    pub(super) fn is_filled_in(&self, error: &SyntaxError) -> bool {
        let source = self.sources.get(error.span.file);
        let exists = |path: &Path| self.sources.exists(path);
        purpose::is_build_property(source.slice(error.span))
            && purpose::is_build_resource(&self.sources.absolute(source.path()), &exists)
    }
}

/// True for a part of a Dockerfile that a script concatenates with others, such as `Dockerfile.append`, without a stage of its own.
pub(super) fn is_fragment(dockerfile: &Dockerfile, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let plain = ["dockerfile", "containerfile"].contains(&name.to_ascii_lowercase().as_str());
    let instructions = &dockerfile.instructions;
    let has = |wanted: Keyword| instructions.iter().any(|instruction| instruction.keyword == wanted);
    // A misspelt FROM is an error.
    !plain && !instructions.is_empty() && !has(Keyword::From) && !has(Keyword::Unknown)
}
