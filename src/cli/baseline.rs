//! `oomlint baseline`: records present findings, so that `check` reports only new ones.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use super::input::Input;
use super::output::{Console, write_file};
use super::policy::Choices;
use super::stats::Measured;
use crate::check;
use crate::check::baseline::{Baseline, FILE_NAME};
use crate::check::{FindingIdentity, identities};
use crate::discover::RepositoryRoot;
use crate::error::Error;
use crate::report::escape;
use crate::source::{FileSystem, LoadError, path_text};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    choices: Choices,

    #[command(flatten)]
    measured: Measured,

    /// The file [default: .oomlint-baseline.json in the repository's root]
    #[arg(help_heading = "Baseline", long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Remove findings that no longer occur, and add none
    #[arg(help_heading = "Baseline", long, conflicts_with = "check")]
    update: bool,

    /// Write nothing; exit with 1 if a recorded finding no longer occurs
    #[arg(help_heading = "Baseline", long)]
    check: bool,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let root = arguments.input.root();
    let sources = arguments.input.sources();
    let disk = sources.disk().clone();
    let here = arguments.choices.config_at(&root, &disk)?;
    let named = arguments.baseline.clone().or_else(|| here?.baseline.clone());
    let path = named.unwrap_or_else(|| default_path(&root, &disk));
    // Outside of `--restrict-to`, only the command line may choose the file to overwrite, not a link or a configuration.
    if let (false, None, Err(error @ LoadError::Outside(_))) =
        (arguments.check, &arguments.baseline, disk.entry_kind(&path))
    {
        return Err(unwritable(&path, &error));
    }
    let configs = arguments.choices.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.choices.apply(arguments.input.options(), &mut discovered)?;
    let options = check::Options { stats: arguments.measured.read()?, ..options };
    let named = discovered.env_files.len() + discovered.image_locks.len();
    let nothing = discovered.files.is_empty() && named == 0;
    if nothing && !arguments.check && !arguments.update {
        return Err(Error::Usage {
            problem: "nothing to check: no Dockerfile and no Compose file here".to_owned(),
            help: Some("no baseline is written; name the directory that has the files".to_owned()),
        });
    }
    let outcome = check::findings(&options, &sources, &discovered);
    let found = identities(&outcome.findings, &sources, &root);
    if arguments.check {
        return verify(&read(&path, &disk)?, &found, console);
    }
    let baseline = if arguments.update {
        read(&path, &disk)?.pruned(&found)
    } else {
        Baseline::of(found.iter().cloned())
    };
    let text = baseline.to_text().map_err(|error| unwritable(&path, &error))?;
    write_file(&path, |out| out.write_all(text.as_bytes()))?;
    let new = baseline.matches_each(&found).iter().filter(|known| !**known).count();
    console.write(|out| {
        let plural = if baseline.len() == 1 { "" } else { "s" };
        write!(out, "{} finding{plural} in {}", baseline.len(), escape::line(&path_text(&path)))?;
        if new > 0 { writeln!(out, ", {new} are not") } else { writeln!(out) }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn unwritable(path: &Path, reason: &dyn std::fmt::Display) -> Error {
    Error::Unwritable { target: format!("`{}`", path_text(path)), reason: reason.to_string() }
}

fn verify(baseline: &Baseline, found: &[FindingIdentity], console: &Console) -> Outcome {
    let stale = baseline.stale(found);
    console.write(|out| {
        for identity in &stale {
            let place = identity.keys.join(".");
            let (file, rule, text) = (&identity.file, &identity.rule, identity.text.escape_debug());
            let line = format!("{file}: {rule}: {place} {text} is no longer found");
            writeln!(out, "{}", escape::line(&line))?;
        }
        match stale.len() {
            0 => writeln!(out, "all {} findings of the baseline are still there", baseline.len()),
            _ => writeln!(out, "run `oomlint baseline --update` to forget them"),
        }
    })?;
    Ok(if stale.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Returns the default path: in the repository's root, or in the root that may be read if that excludes it.
pub(super) fn default_path(root: &RepositoryRoot, disk: &FileSystem) -> PathBuf {
    let path = match disk.allowed_root() {
        Some(top) if !disk.may_read(root.path()) => return top.join(FILE_NAME),
        _ => root.path().join(FILE_NAME),
    };
    // Relative if it is in the current directory, as a user would write it.
    if root.path() == std::env::current_dir().unwrap_or_default() { PathBuf::from(FILE_NAME) } else { path }
}

/// Reads a baseline.
pub(super) fn read(path: &Path, disk: &FileSystem) -> Result<Baseline, Error> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_path_buf(), reason };
    let bytes = match disk.read(path) {
        Ok(bytes) => bytes,
        Err(LoadError::NotFound) => {
            let help = Some("`oomlint baseline` writes it".to_owned());
            return Err(Error::NotFound { path: path.to_path_buf(), help });
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let text = String::from_utf8(bytes).map_err(|_| unreadable("is not UTF-8".to_owned()))?;
    Baseline::parse(&text).map_err(unreadable)
}
