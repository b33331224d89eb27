//! Arguments that select the files to lint: paths, `-f`, standard input.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, CommandFactory, ValueEnum};

use super::output::Console;
use crate::check;
use crate::check::baseline::FILE_NAME as BASELINE;
use crate::config::{Configs, FILE_NAMES as CONFIGS};
use crate::discover::{self, Discovered, FileKind, NamedFiles, RepositoryRoot};
use crate::error::{Error, nearest};
use crate::hash::IndexMap;
use crate::model::compose::Settings;
use crate::model::{container, launch};
use crate::source::{FileSystem, LoadError, MAX_FILE_SIZE, Overlay, Sources, normalize, path_text};
use crate::syntax::command_line::Notation;

/// The arguments that name files. `M` are those for other input.
#[derive(Args)]
#[command(next_help_heading = "Files")]
pub(super) struct Input<M: More = Everything> {
    /// Files and directories; `-` is standard input [default: the current directory]
    #[arg(value_name = "PATH", help_heading = None)]
    paths: Vec<PathBuf>,

    /// Compose file; several are merged in order, as `docker compose -f` does
    #[arg(short, long = "file", help_heading = None, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Read variables from this file instead of the project's .env
    #[arg(long = "env-file", hide_short_help = true, value_name = "FILE")]
    env_files: Vec<PathBuf>,

    /// Use variables of this process for Compose files, as `docker compose` does
    #[arg(long, hide_short_help = true)]
    use_environment: bool,

    #[command(flatten)]
    more: M,

    /// Also search files that .gitignore and .ignore exclude, except in `vendor` and `node_modules`
    #[arg(long, hide_short_help = true)]
    no_ignore: bool,

    #[command(flatten)]
    restriction: RestrictTo,
}

/// The arguments for input other than files: standard input and command lines. A command takes only those that it supports.
pub(super) trait More: Args {
    /// Returns the arguments that describe standard input.
    fn stdin(&self) -> Option<&Stdin> {
        None
    }

    /// Returns the command lines.
    fn runs(&self) -> &[String] {
        &[]
    }
}

/// No further arguments.
#[derive(Args)]
pub(super) struct Nothing {}

impl More for Nothing {}

/// The arguments that describe standard input.
#[derive(Args)]
#[command(next_help_heading = "Files")]
pub(super) struct Stdin {
    /// Path of standard input: shown in reports, and other files are resolved from it
    #[arg(long = "stdin-filename", hide_short_help = true, value_name = "PATH")]
    filename: Option<PathBuf>,

    /// The kind of standard input: compose, dockerfile, inspect, run (command lines), markdown, shell [default: by its name or content]
    #[arg(
        long = "stdin-kind",
        hide_short_help = true,
        value_name = "KIND",
        value_enum,
        hide_possible_values = true
    )]
    kind: Option<StdinKind>,
}

impl More for Stdin {
    fn stdin(&self) -> Option<&Stdin> {
        Some(self)
    }
}

/// The argument with a command line.
#[derive(Args)]
pub(super) struct Runs {
    /// Check what a command line starts, as in 'docker run -m 512m redis'
    #[arg(long = "run", help_heading = None, value_name = "COMMAND")]
    runs: Vec<String>,
}

impl More for Runs {
    fn runs(&self) -> &[String] {
        &self.runs
    }
}

/// The arguments of both.
#[derive(Args)]
pub(super) struct Everything {
    #[command(flatten)]
    runs: Runs,

    #[command(flatten)]
    stdin: Stdin,
}

impl More for Everything {
    fn stdin(&self) -> Option<&Stdin> {
        Some(&self.stdin)
    }

    fn runs(&self) -> &[String] {
        self.runs.runs()
    }
}

/// The kind of standard input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum StdinKind {
    /// A Compose file.
    Compose,
    /// A Dockerfile.
    Dockerfile,
    /// Output of `docker inspect` for containers.
    Inspect,
    /// Command lines, such as `docker run`.
    Run,
    /// A Markdown document with command lines.
    Markdown,
    /// A shell script.
    Shell,
}

impl StdinKind {
    fn file_kind(self) -> FileKind {
        match self {
            Self::Compose => FileKind::Compose,
            Self::Dockerfile => FileKind::Dockerfile,
            Self::Inspect => FileKind::Inspected,
            Self::Run => FileKind::Commands(Notation::Lines),
            Self::Markdown => FileKind::Commands(Notation::Markdown),
            Self::Shell => FileKind::Commands(Notation::Shell),
        }
    }
}

/// The argument that restricts which files are read.
#[derive(Args)]
#[command(next_help_heading = "Files")]
pub(super) struct RestrictTo {
    /// Read nothing outside of this directory, also through symbolic links: for untrusted files
    #[arg(long, hide_short_help = true, value_name = "DIR", value_parser = PathBufValueParser::new().try_map(|path| FileSystem::restricted_to(&path)))]
    restrict_to: Option<FileSystem>,
    /// The file system of this run, which lists each directory once.
    #[arg(skip)]
    disk: OnceLock<FileSystem>,
}

impl RestrictTo {
    /// Returns the file system with the restriction.
    pub(super) fn disk(&self) -> FileSystem {
        self.disk.get_or_init(|| self.unlisted_disk().with_listings()).clone()
    }

    /// Returns the file system with the restriction, for a process during which files come and go.
    pub(super) fn unlisted_disk(&self) -> FileSystem {
        self.restrict_to.clone().unwrap_or_default()
    }
}

impl<M: More> Input<M> {
    /// Returns an empty store, which reads only files that may be read.
    pub(super) fn sources(&self) -> Sources {
        Sources::with_file_system(self.restriction.disk())
    }

    /// Finds the files to lint. Standard input, `-f` and `--env-file` are read here, other files where they are needed.
    /// `configs` name files of other platforms as Compose files.
    pub(super) fn discover(
        &self,
        configs: &Arc<Configs>,
        sources: &Sources,
        console: &Console,
    ) -> Result<Discovered, Error> {
        let stdin = self.reads_stdin();
        let paths: Vec<PathBuf> = self.paths.iter().filter(|path| *path != Path::new("-")).cloned().collect();
        let about_stdin = match self.more.stdin() {
            Some(Stdin { filename: Some(_), .. }) => Some("--stdin-filename"),
            Some(Stdin { kind: Some(_), .. }) => Some("--stdin-kind"),
            _ => None,
        };
        if let Some(option) = about_stdin.filter(|_| !stdin) {
            return Err(Error::Usage {
                problem: format!("`{option}` is given, but nothing is read from standard input"),
                help: Some("name `-` among the paths".to_owned()),
            });
        }
        let given = stdin || !self.files.is_empty() || !self.more.runs().is_empty();
        let mut discovered = if paths.is_empty() && given {
            Discovered::default()
        } else {
            let configs = Arc::clone(configs);
            let options = discover::Options {
                no_ignore: self.no_ignore,
                disk: self.restriction.disk(),
                named: NamedFiles::new(move |path| configs.names_compose_file(path)),
            };
            discover::discover(&paths, options).map_err(suggest_command)?
        };
        let named = discovered.env_files.iter().chain(&discovered.image_locks);
        for path in self.files.iter().chain(&self.env_files).chain(named) {
            load(sources, path)?;
        }
        for path in &self.files {
            discovered.add(path.clone(), FileKind::Compose);
        }
        self.add_runs(sources, &mut discovered)?;
        if stdin {
            self.read_stdin(configs, sources, &mut discovered)?;
        }
        refuse_without_containers(&discovered, sources)?;
        for path in &discovered.pipelines {
            console
                .report(&format!("not checked: `{}` is a CI pipeline, not a Compose file", path_text(path)));
        }
        for path in self.files_checked_alone(&discovered) {
            let (path, merged) =
                (path_text(path), self.files.iter().map(|file| format!(" -f {}", path_text(file))));
            let merged: String = merged.collect();
            console.report(&format!("`{path}` is checked on its own; to merge it: `-f {path}{merged}`"));
        }
        Ok(discovered)
    }

    /// Returns the Compose files among the paths that may have been meant to be merged with those of `-f`.
    fn files_checked_alone<'d>(&self, discovered: &'d Discovered) -> impl Iterator<Item = &'d Path> {
        let own: Vec<PathBuf> = self.files.iter().map(|file| normalize(file)).collect();
        let named = discovered.files.iter().filter(|found| found.explicit && found.kind == FileKind::Compose);
        let named = named.map(|found| found.path.as_path());
        named.filter(move |path| !own.is_empty() && !own.contains(&normalize(path)))
    }

    /// Returns the paths, for a command that reads other files than those to lint.
    pub(super) fn paths(&self) -> &[PathBuf] {
        &self.paths
    }

    /// Returns the root that reports and baselines name files from.
    pub(super) fn root(&self) -> RepositoryRoot {
        let stdin = self.more.stdin().and_then(|stdin| stdin.filename.as_deref());
        let paths = self.paths.iter().filter(|path| *path != Path::new("-")).map(PathBuf::as_path);
        let marks = [BASELINE, CONFIGS[0], CONFIGS[1]];
        RepositoryRoot::of_paths(paths.chain(self.files.iter().map(PathBuf::as_path)).chain(stdin), &marks)
    }

    /// Returns the file system with the restriction.
    pub(super) fn disk(&self) -> FileSystem {
        self.restriction.disk()
    }

    /// Removes the measurement files from the paths and returns them: what is neither a directory nor a file to lint.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn take_measurements(&mut self) -> Result<Vec<PathBuf>, Error> {
        let measurements = self.take_others(&[FileKind::Compose, FileKind::Dockerfile, FileKind::Inspected]);
        if Vec::is_empty(&measurements) {
            return Err(Error::Usage {
                problem: "nothing was measured: no file of measurements is named".to_owned(),
                help: Some("docker stats --no-stream --format json | oomlint size -".to_owned()),
            });
        }
        Ok(measurements)
    }

    /// Removes from the paths and returns what is neither a directory nor a file of one of these kinds.
    fn take_others(&mut self, kinds: &[FileKind]) -> Vec<PathBuf> {
        let disk = self.restriction.disk();
        let is_input = |path: &Path| {
            disk.is_dir(path) || discover::kind_of_file(path, &disk).is_some_and(|kind| kinds.contains(&kind))
        };
        let (inputs, others) = std::mem::take(&mut self.paths).into_iter().partition(|path| is_input(path));
        self.paths = inputs;
        others
    }

    /// Removes the files of evidence from the paths and returns them: what is neither a directory, nor a Compose file or Dockerfile.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn take_evidence(&mut self) -> Result<Vec<PathBuf>, Error> {
        let evidence = self.take_others(&[FileKind::Compose, FileKind::Dockerfile]);
        if evidence.is_empty() {
            return Err(Error::Usage {
                problem: "no evidence: no file with evidence of a kill is named".to_owned(),
                help: Some("(docker inspect CONTAINER; dmesg -T) | oomlint why -".to_owned()),
            });
        }
        Ok(evidence)
    }

    /// Returns the options of the run.
    pub(super) fn options(&self) -> check::Options {
        let environment = if self.use_environment {
            // Names and values that are not Unicode cannot occur in a Compose file.
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect()
        } else {
            IndexMap::default()
        };
        let settings = Settings { env_files: self.env_files.clone(), environment, ..Settings::default() };
        check::Options {
            compose_files: self.files.clone(),
            settings,
            disk: self.restriction.disk(),
            ..check::Options::default()
        }
    }

    /// Returns the text of standard input, which replaces that of its file.
    pub(super) fn overlay(&self, sources: &Sources) -> Overlay {
        let path = self.stdin_path();
        let source = self.reads_stdin().then(|| sources.load(&path).ok()).flatten().map(|id| sources.get(id));
        let stdin = source.map(|source| (path.clone(), source.text().to_owned()));
        let runs = self.more.runs().iter().enumerate().map(|(at, line)| (run_name(at), line.clone()));
        stdin.into_iter().chain(runs).collect()
    }

    /// True if standard input is linted.
    pub(super) fn reads_stdin(&self) -> bool {
        self.paths.iter().any(|path| path == Path::new("-"))
    }

    /// Returns the path under which standard input is reported.
    fn stdin_path(&self) -> PathBuf {
        let given = self.more.stdin().and_then(|stdin| stdin.filename.clone());
        given.unwrap_or_else(|| PathBuf::from("<stdin>"))
    }

    /// Fails if standard input or a command line is linted, since it cannot be written back.
    pub(super) fn refuse_stdin(&self, option: &str) -> Result<(), Error> {
        if !self.more.runs().is_empty() {
            return Err(Error::Usage { problem: format!("`{option}` cannot change `--run`"), help: None });
        }
        if self.reads_stdin() {
            return Err(Error::Usage {
                problem: format!("`{option}` cannot change standard input"),
                help: Some("`--diff` prints the change instead".to_owned()),
            });
        }
        Ok(())
    }

    /// Adds the command lines of `--run` as files.
    fn add_runs(&self, sources: &Sources, discovered: &mut Discovered) -> Result<(), Error> {
        for (at, line) in self.more.runs().iter().enumerate() {
            let path = run_name(at);
            let file = sources.add(&path, line.as_str());
            if launch::projects(file, Notation::Lines, sources).is_empty() {
                return Err(Error::Usage {
                    problem: format!("`--run` has no command that starts a container: `{line}`"),
                    help: Some("as in `--run 'docker run -m 512m redis'`".to_owned()),
                });
            }
            discovered.add(path, FileKind::Commands(Notation::Lines));
        }
        Ok(())
    }

    fn read_stdin(
        &self,
        configs: &Configs,
        sources: &Sources,
        discovered: &mut Discovered,
    ) -> Result<(), Error> {
        let path = self.stdin_path();
        let unreadable = |reason: String| Error::Unreadable { path: PathBuf::from("-"), reason };
        let mut bytes = Vec::new();
        let limited = std::io::stdin().lock().take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes);
        limited.map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 > MAX_FILE_SIZE {
            return Err(unreadable(LoadError::TooLarge.to_string()));
        }
        let said = self.more.stdin();
        let by_name = said.and_then(|stdin| stdin.filename.as_deref()).and_then(|path| {
            let named = || configs.names_compose_file(path).then_some(FileKind::Compose);
            discover::kind_of(path).or_else(named).or_else(|| discover::kind_of_named(path))
        });
        let given = said.and_then(|stdin| stdin.kind).map(StdinKind::file_kind);
        let kind = given.or(by_name).or_else(|| {
            let text = String::from_utf8_lossy(&bytes);
            discover::kind_of_text(&text).or_else(|| Notation::of_text(&text).map(FileKind::Commands))
        });
        let kind = kind.ok_or_else(|| Error::UnknownKind { path: path.clone() })?;
        if given.is_none() && discover::is_pipeline(&path, &String::from_utf8_lossy(&bytes)) {
            discovered.pipelines.push(path);
            return Ok(());
        }
        sources.add(&path, bytes);
        discovered.add(path, kind);
        Ok(())
    }
}

/// Returns the path that is shown for the command line of a `--run`, by its index.
fn run_name(at: usize) -> PathBuf {
    PathBuf::from(if at == 0 { "<run>".to_owned() } else { format!("<run {}>", at + 1) })
}

fn load(sources: &Sources, path: &Path) -> Result<(), Error> {
    sources.load(path).map(drop).map_err(|error| Error::of_named_file(path, &error))
}

/// Fails for an output of `docker inspect` that has no container.
fn refuse_without_containers(discovered: &Discovered, sources: &Sources) -> Result<(), Error> {
    for found in discovered.files.iter().filter(|found| found.kind == FileKind::Inspected) {
        let Ok(file) = sources.load(&found.path) else { continue };
        let reading = container::read(file, sources.get(file).text());
        if !reading.containers.is_empty() {
            continue;
        }
        let other = reading.others.first().map(|other| other.value);
        let help = match other {
            Some("image") => "docker image inspect IMAGE | oomlint images lock",
            _ => "docker inspect CONTAINER | oomlint check -",
        };
        return Err(Error::Inspected {
            path: found.path.clone(),
            problem: match other {
                Some("image") => "it is an image that was inspected, not a container".to_owned(),
                Some(kind) => format!("it is a {kind} that was inspected, not a container"),
                None => "no container is in it".to_owned(),
            },
            help: Some(help.to_owned()),
        });
    }
    Ok(())
}

/// Suggests a command for a path that does not exist: `oomlint exlpain`.
fn suggest_command(error: Error) -> Error {
    let Error::NotFound { path, help } = error else { return error };
    let described = super::Cli::command();
    let commands =
        described.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name);
    let name = path.to_str().unwrap_or_default();
    let nearest = if name.contains(['/', '\\']) { Vec::new() } else { nearest(name, commands) };
    let meant = nearest.first().map(|command| format!("did you mean `oomlint {command}`?"));
    Error::NotFound { path, help: help.or(meant) }
}
