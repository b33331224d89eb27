//! Where the commands write: standard output, standard error, files.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::discover::Discovered;
use crate::error::Error;
use crate::report;

/// `--color`: `auto` is on a terminal unless NO_COLOR is set, and everywhere when CLICOLOR_FORCE is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// How the commands that print what is known write it; reports have formats of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FactFormat {
    #[default]
    Human,
    Json,
}

/// How advice that is a table is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TableFormat {
    #[default]
    Human,
    Json,
    Markdown,
}

/// The process's streams and whether each takes colours.
pub(super) struct Console {
    /// Standard output takes colours.
    pub(super) color: bool,
    /// Standard output is a terminal.
    pub(super) is_terminal: bool,
    error_color: bool,
}

impl Console {
    pub(super) fn new(choice: ColorChoice) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        // https://no-color.org: any value that is not empty counts. https://bixense.com/clicolors: CLICOLOR_FORCE beats a pipe.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let on = |terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !no_color && (set("CLICOLOR_FORCE") || (terminal && !dumb)),
        };
        let is_terminal = io::stdout().is_terminal();
        Self { color: on(is_terminal), is_terminal, error_color: on(io::stderr().is_terminal()) }
    }

    /// Writes to standard output. A reader that went away (`| head`) is no failure.
    pub(super) fn write(&self, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        let mut out = BufWriter::new(io::stdout().lock());
        match body(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::Unwritable { target: "the report".to_owned(), reason: error.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Says on standard error what was done.
    pub(super) fn report(&self, line: &str) {
        // There is nowhere left to report that standard error is closed.
        let _ = writeln!(io::stderr().lock(), "{}", report::escape::line(line));
    }

    /// Says which directories could not be read: a command that prints what is known did half of its work then.
    pub(super) fn end(&self, discovered: &Discovered) -> ExitCode {
        for error in &discovered.unreadable {
            self.fail(error);
        }
        if discovered.unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
    }

    /// Says on standard error what went wrong.
    pub(super) fn fail(&self, error: &Error) {
        let drawn = report::draw_failure(error, self.error_color);
        // There is nowhere left to report that standard error is closed.
        let _ = io::stderr().lock().write_all(drawn.as_bytes());
    }
}

/// What clap has to say: help to standard output, mistakes to standard error. A reader that went away is no failure.
pub(super) fn refuse(error: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    if error.use_stderr() {
        // They repeat what was given, which may be the name of a file. There is nowhere left to report that nobody hears it.
        let _ = writeln!(io::stderr().lock(), "{}", report::escape::lines(&error.render().to_string()));
        return code;
    }
    match error.print().and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(2),
        _ => code,
    }
}

/// Writes a file whole: what stood there stays until everything else is written. What is no file (a pipe, a device) is
/// written to as it is.
pub(super) fn write_file(
    path: &Path,
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    replace(path, body).map_err(|error| Error::Unwritable {
        target: format!("`{}`", path.display()),
        reason: error.to_string(),
    })
}

fn replace(path: &Path, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Behind a link its target is replaced, not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let old = std::fs::metadata(&target).ok();
    // `/dev/stdout` may lead to a file that someone else holds open.
    let is_file = old.as_ref().is_none_or(std::fs::Metadata::is_file) && !path.starts_with("/dev");
    // A directory that takes no new file may still hold one that can be written.
    let Some(fresh) = is_file.then(|| fresh_beside(&target).ok()).flatten() else {
        return buffered(std::fs::File::create(&target)?, body).map(drop);
    };
    let (file, fresh_path) = fresh.into_parts();
    let file = buffered(file, body)?;
    if let Some(old) = old {
        file.set_permissions(old.permissions())?;
    }
    drop(file);
    fresh_path.persist(&target)?;
    Ok(())
}

/// A file to be written and then moved into the place of `target`.
pub(super) fn fresh_beside(target: &Path) -> io::Result<tempfile::NamedTempFile> {
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".oomlint-");
    // For everyone as far as the umask lets: a temporary file is for its owner alone.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

fn buffered(
    file: std::fs::File,
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<std::fs::File> {
    let mut out = BufWriter::new(file);
    body(&mut out)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)
}
