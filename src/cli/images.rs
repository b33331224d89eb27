//! `oomlint images`: lists the images of a stack and what is known of each; `oomlint images lock` writes down what the machine
//! knows.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Outcome;
use super::format::{FactFormat, FactReport};
use super::input::{Input, Nothing};
use super::output::{Console, write_file};
use super::policy::Scope;
use super::stats;
use crate::catalog::Catalog;
use crate::check::{UsedImage, projects, used_images};
use crate::config::Date;
use crate::error::Error;
use crate::hash::HashSet;
use crate::lock::{Changes, FILE_NAME, ImageLock, LockFile, Locks, Reading, entries};
use crate::model::ImageReference;
use crate::report::{escape, images};
use crate::secret;
use crate::source::{LoadError, Sources, path_text};
use crate::workload::Knowledge;

/// The command whose output the lock file is written from.
const COMMAND: &str = "docker image inspect $(oomlint images --unknown) | oomlint images lock";

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, disable_help_subcommand = true)]
#[command(
    override_usage = "oomlint images [OPTIONS] [PATH]...\n       oomlint images lock [OPTIONS] [FILE]..."
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Option<Below>,

    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    scope: Scope,

    #[command(flatten)]
    report: FactReport,

    /// Print only the names of unknown images, one per line, for `docker image inspect`
    #[arg(help_heading = "Report", long, conflicts_with = "format")]
    unknown: bool,
}

#[derive(Subcommand)]
enum Below {
    /// Record facts from `docker image inspect` in a lock file
    ///
    /// It keeps the entrypoint, command, healthcheck and ports, and of the environment only heap sizes and runtime versions.
    /// Reads standard input without FILE; `podman image inspect` works, too.
    #[command(
        override_usage = "docker image inspect IMAGE... | oomlint images lock [OPTIONS]\n       oomlint images lock [OPTIONS] [FILE]...\n       oomlint images lock --check [OPTIONS] [PATH]...",
        after_help = "\
Exit codes:
  0  it is written, or nothing is to be said
  1  --check found something
  2  oomlint could not do its work",
        mut_arg("paths", |arg| arg.value_name("FILE").help(
            "What `docker image inspect` printed, `-` for standard input; with --check files and directories of the stack"
        )),
        mut_arg("files", |arg| arg.requires("check")),
        mut_arg("env_files", |arg| arg.requires("check")),
    )]
    Lock(Lock),
}

#[derive(Args)]
struct Lock {
    #[command(flatten)]
    input: Input<Nothing>,

    #[command(flatten)]
    scope: Scope,

    /// The file [default: .oomlint-images.json in the directory of the configuration, or here]
    #[arg(help_heading = "Lock", long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write nothing; exit with 1 if an image is missing, no longer used, or was recorded too long ago
    #[arg(help_heading = "Lock", long)]
    check: bool,

    /// Days after which an entry is too old
    #[arg(help_heading = "Lock", long, value_name = "DAYS", default_value_t = 90, requires = "check")]
    older_than: u32,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    match &arguments.command {
        Some(Below::Lock(lock)) if lock.check => verify(lock, console),
        Some(Below::Lock(lock)) => write(lock, console),
        None => list(arguments, console),
    }
}

fn list(arguments: &Arguments, console: &Console) -> Outcome {
    let sources = arguments.input.sources();
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    let projects = projects(&options, &sources, &discovered);
    let used = used_images(&projects, &options, &sources);
    console.write(|out| {
        if arguments.unknown {
            for name in images::to_inspect(used.iter().filter(|image| image.unknown)) {
                writeln!(out, "{name}")?;
            }
            return Ok(());
        }
        match arguments.report.format {
            FactFormat::Human => images::human(out, &used),
            FactFormat::Json => images::json(out, &used),
        }
    })?;
    Ok(console.end(&discovered))
}

impl Lock {
    /// Returns the file to write: the one that holds here, else one in the directory of the configuration, else one here.
    fn path(&self) -> Result<PathBuf, Error> {
        if let Some(path) = &self.output {
            return Ok(path.clone());
        }
        let disk = self.input.disk();
        if let Some(path) = Locks::on_disk(disk.clone()).path_for(Path::new("")) {
            // Outside of `--restrict-to`, only the command line may choose the file to overwrite, not a link.
            return match disk.entry_kind(&path) {
                Err(error @ LoadError::Outside(_)) => Err(unwritable(&path, &error)),
                _ => Ok(path),
            };
        }
        let config = self.scope.configs(&disk)?.at(Path::new(""))?;
        let next_to = config.and_then(|config| Some(config.path.parent()?.join(FILE_NAME)));
        Ok(next_to.unwrap_or_else(|| PathBuf::from(FILE_NAME)))
    }

    /// Reads the lock file. `None` if there is none.
    fn read(&self, path: &Path) -> Result<Option<ImageLock>, Error> {
        let sources = self.input.sources();
        match sources.load(path) {
            Ok(file) => ImageLock::parse(&sources.get(file)).map(Some),
            Err(LoadError::NotFound) => Ok(None),
            Err(error) => Err(Error::Unreadable { path: path.to_path_buf(), reason: error.to_string() }),
        }
    }
}

fn unwritable(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Unwritable { target: format!("`{}`", path_text(path)), reason: reason.to_string() }
}

fn write(lock: &Lock, console: &Console) -> Outcome {
    let here = [PathBuf::from("-")];
    let inputs = if lock.input.paths().is_empty() { &here } else { lock.input.paths() };
    if lock.input.paths().is_empty() && std::io::stdin().is_terminal() {
        return Err(Error::Usage {
            problem: "nothing to lock: no file is named, and nothing comes from standard input".to_owned(),
            help: Some(COMMAND.to_owned()),
        });
    }
    let path = lock.path()?;
    let today = Date::today().to_string();
    let reading = Reading { today: &today, catalog: Catalog::builtin(), mask: &|words| secret::words(words) };
    let mut found = Vec::new();
    for input in inputs {
        let unusable = |problem: String| {
            let (problem, help) = match problem.split_once('\n') {
                Some((problem, help)) => (problem.to_owned(), Some(help.to_owned())),
                None => (problem, None),
            };
            Error::Inspected { path: input.clone(), problem, help }
        };
        let (images, nameless) = entries(&stats::text(input)?, &reading).map_err(unusable)?;
        if images.is_empty() && nameless == 0 {
            return Err(unusable(format!("no image in it\n{COMMAND}")));
        }
        if nameless > 0 {
            console.report(&format!("{nameless} without a name, left out"));
        }
        found.extend(images);
    }
    let images = lock.read(&path)?.map(|old| old.entries().cloned().collect()).unwrap_or_default();
    let mut file = LockFile { images, ..LockFile::default() };
    let changes = file.merge(found);
    let text = file.to_text().map_err(|error| unwritable(&path, &error))?;
    write_file(&path, |out| out.write_all(text.as_bytes()))?;
    console.write(|out| writeln!(out, "{}", escape::line(&said(file.images.len(), changes, &path))))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns what was written: `3 images in .oomlint-images.json: 2 new, 1 as before`.
fn said(count: usize, changes: Changes, path: &Path) -> String {
    let parts = [(changes.added, "new"), (changes.changed, "changed"), (changes.same, "as before")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let parts = parts.collect::<Vec<_>>().join(", ");
    let plural = if count == 1 { "" } else { "s" };
    let by = if parts.is_empty() { "" } else { ": " };
    format!("{count} image{plural} in {}{by}{parts}", path_text(path))
}

fn verify(lock: &Lock, console: &Console) -> Outcome {
    let path = lock.path()?;
    let Some(locked) = lock.read(&path)? else {
        return Err(Error::NotFound { path, help: Some(COMMAND.to_owned()) });
    };
    let sources: Sources = lock.input.sources();
    let configs = lock.scope.configs(sources.disk())?;
    let mut discovered = lock.input.discover(&configs, &sources, console)?;
    let options = lock.scope.apply(lock.input.options(), &mut discovered)?;
    let used = used_images(&projects(&options, &sources, &discovered), &options, &sources);
    let index = |image: &UsedImage| locked.index_of(&ImageReference::parse(&image.reference)?);
    let in_use: HashSet<usize> = used.iter().filter_map(index).collect();
    let (mut lines, mut again) = (Vec::new(), Vec::new());
    for (at, entry) in locked.entries().enumerate() {
        let age = Date::parse(&entry.locked).map_or(0, |day| Date::today().days_since(day));
        if !in_use.contains(&at) {
            lines.push(format!("{} is no longer used", entry.name()));
        } else if age > i64::from(lock.older_than) {
            lines.push(format!("{} was locked {age} days ago", entry.name()));
            again.push(entry.name().to_owned());
        }
    }
    let is_missing = |image: &&UsedImage| {
        image.known.knowledge != Knowledge::Dockerfile
            && !image.services.is_empty()
            && ImageReference::parse(&image.reference).is_some_and(|name| locked.index_of(&name).is_none())
    };
    for image in used.iter().filter(is_missing) {
        lines.push(format!("{} is not locked", image.reference));
    }
    again.extend(images::to_inspect(used.iter().filter(is_missing)));
    console.write(|out| {
        for line in &lines {
            writeln!(out, "{}", escape::line(line))?;
        }
        if let Some(command) = images::lock_command(&again) {
            return writeln!(out, "{}", escape::line(&command));
        }
        if lines.is_empty() {
            let count = in_use.len();
            return writeln!(
                out,
                "all {count} locked images are used, and none is older than {} days",
                lock.older_than
            );
        }
        Ok(())
    })?;
    let code = console.end(&discovered);
    Ok(if lines.is_empty() || !discovered.unreadable.is_empty() { code } else { ExitCode::from(1) })
}
