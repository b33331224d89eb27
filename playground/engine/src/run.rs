//! Runs the library over the files of a request.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oomlint::check::{self, Outcome};
use oomlint::config::{Configs, Date, RuleOrGroup, Size};
use oomlint::discover::{self, Discovered, NamedFiles};
use oomlint::lock::Locks;
use oomlint::rules::Policy;
use oomlint::source::{FileSystem, Overlay, Sources, path_text};
use oomlint::syntax::size::ByteSize;

use crate::kind;
use crate::request::{MOST_BYTES, Named, Options};

/// The files that are named, and what each is.
type Kinds = BTreeMap<PathBuf, Named>;

/// The day of a request without one: before every `until`.
const NO_DAY: &str = "0001-01-01";

/// The files of a request, and the options to check them with.
pub(crate) struct Run {
    pub(crate) options: check::Options,
    pub(crate) discovered: Discovered,
    pub(crate) sources: Sources,
    /// Options that cannot be used, by name, and why.
    pub(crate) problems: Vec<(&'static str, String)>,
    /// The paths of the files.
    pub(crate) paths: Vec<PathBuf>,
}

impl Run {
    /// Finds the files to check.
    ///
    /// # Errors
    /// If the files are too large together, or a path leads out of their directory.
    pub(crate) fn new(files: Overlay, kinds: &Kinds, wanted: Options) -> Result<Self, String> {
        if files.values().map(String::len).sum::<usize>() > MOST_BYTES {
            return Err(format!("the files are larger than {} MiB together", MOST_BYTES / 1024 / 1024));
        }
        if let Some(path) = files.keys().find(|path| !is_inside(path)) {
            return Err(format!(
                "`{}` is no name of a file here: write it as in api/Dockerfile",
                path_text(path)
            ));
        }
        let mut problems = Vec::new();
        let mut usable =
            |option: &'static str, problem: String| problems.push((option, problem.replace('\n', ": ")));
        let today = Date::parse(wanted.today.as_deref().unwrap_or(NO_DAY))?;
        let mut host_memory = None;
        if !wanted.host_memory.trim().is_empty() {
            match Size::parse(wanted.host_memory.trim()) {
                Ok(size) => host_memory = Some(size.0),
                Err(problem) => usable("host_memory", problem),
            }
        }
        for (option, names) in [("select", &wanted.select), ("ignore", &wanted.ignore)] {
            for name in names {
                if let Err(problem) = RuleOrGroup::parse(name) {
                    usable(option, problem);
                }
            }
        }
        let disk = FileSystem::in_memory(&files);
        let configs = Arc::new(Configs::on_disk(disk.clone()).as_of(today));
        let naming = Arc::clone(&configs);
        let named = NamedFiles::new(move |path| naming.names_compose_file(path));
        let looking = discover::Options { named, no_ignore: true, disk: disk.clone() };
        let mut discovered = discover::discover(&[], looking).map_err(|error| error.to_string())?;
        let options = check::Options {
            preset: wanted.preset,
            target: wanted.target,
            select: wanted.select,
            ignore: wanted.ignore,
            policy: Policy { host_memory, profiles: wanted.profiles, ..Policy::default() },
            configs: Some(configs),
            locks: Some(Arc::new(Locks::on_disk(disk.clone()))),
            disk: disk.clone(),
            ..check::Options::default()
        };
        kind::name(&mut discovered, &files, kinds);
        options.remove_excluded(&mut discovered);
        let paths = files.into_keys().collect();
        Ok(Self { options, discovered, sources: Sources::with_file_system(disk), problems, paths })
    }

    /// Checks the files. The outcome has the projects.
    pub(crate) fn check(&self) -> Outcome {
        let mut outcome = check::run(&self.options, &self.sources, &self.discovered);
        outcome.truncate(&self.sources);
        outcome
    }

    /// Returns the host's memory, if the request has it, and what that is called in reports.
    pub(crate) fn host(&self) -> Option<(ByteSize, &'static str)> {
        Some((self.options.policy.host_memory?, "--host-memory"))
    }
}

/// True for a path that stays below the top.
fn is_inside(path: &Path) -> bool {
    let mut parts = path.components();
    path.file_name().is_some() && parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}
