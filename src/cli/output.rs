//! Output of the commands: standard output, standard error, files.

use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::discover::Discovered;
use crate::error::Error;
use crate::report;
use crate::source::path_text;

/// Value of `--color`. `Auto` colours terminals, and with `CLICOLOR_FORCE` every output; `NO_COLOR` turns both off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// Standard output and standard error, with their colour settings.
pub(super) struct Console {
    /// True if standard output is coloured.
    pub(super) color: bool,
    /// True if standard output is a terminal.
    pub(super) is_terminal: bool,
    /// The number of `-v` options.
    pub(super) verbosity: u8,
    error_color: bool,
}

impl Console {
    pub(super) fn new(choice: ColorChoice, verbosity: u8) -> Self {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        // https://no-color.org: any non-empty value counts. https://bixense.com/clicolors: CLICOLOR_FORCE colours pipes, too.
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let on = |terminal: bool| match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => !no_color && (set("CLICOLOR_FORCE") || (terminal && !dumb)),
        };
        let is_terminal = io::stdout().is_terminal();
        // The console of Windows shows escape sequences as they are until it is asked to follow them.
        #[cfg(windows)]
        let _ = anstyle_query::windows::enable_ansi_colors();
        Self { color: on(is_terminal), is_terminal, verbosity, error_color: on(io::stderr().is_terminal()) }
    }

    /// Returns the width of the output in columns: `COLUMNS`, else the terminal's. `None` for a pipe.
    pub(super) fn columns(&self) -> Option<usize> {
        let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
        let own = || {
            let terminal = self.is_terminal.then(terminal_size::terminal_size).flatten();
            terminal.map(|(width, _)| usize::from(width.0))
        };
        given.filter(|columns| *columns > 0).or_else(own)
    }

    /// Returns how to draw a report on standard output.
    pub(super) fn drawing(&self) -> report::human::Options {
        report::human::Options {
            color: self.color,
            time: true,
            whole: self.verbosity > 0,
            links: self.color
                && self.is_terminal
                && supports_hyperlinks::on(supports_hyperlinks::Stream::Stdout),
            width: self.columns(),
        }
    }

    /// Writes to standard output. A closed pipe (`| head`) is no error.
    pub(super) fn write(&self, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
        let mut out = BufWriter::new(io::stdout().lock());
        match body(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Error::Unwritable { target: "the report".to_owned(), reason: error.to_string() })
            }
            _ => Ok(()),
        }
    }

    /// Prints one line to standard error.
    pub(super) fn report(&self, line: &str) {
        // There is nowhere left to report that standard error is closed.
        let _ = writeln!(io::stderr().lock(), "{}", report::escape::line(line));
    }

    /// Prints the errors of directories that could not be read. Returns 2 if there are any, since the output is incomplete.
    pub(super) fn end(&self, discovered: &Discovered) -> ExitCode {
        for error in &discovered.unreadable {
            self.fail(error);
        }
        if discovered.unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) }
    }

    /// Prints an error to standard error.
    pub(super) fn fail(&self, error: &Error) {
        let drawn = report::draw_failure(error, self.error_color);
        // There is nowhere left to report that standard error is closed.
        let _ = io::stderr().lock().write_all(drawn.as_bytes());
    }
}

/// Prints clap's help to standard output, or its error to standard error. A closed pipe is no error.
pub(super) fn print_clap_error(error: &clap::Error) -> ExitCode {
    let code = ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    if error.use_stderr() {
        // Errors repeat arguments, which may be untrusted file names. There is nowhere left to report a closed standard error.
        let _ = writeln!(io::stderr().lock(), "{}", report::escape::lines(&error.render().to_string()));
        return code;
    }
    match error.print().and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(2),
        _ => code,
    }
}

/// True if there is something at a path that is to be written.
pub(super) fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Fails if there is something at a path that `command` has not written, which its first line tells.
pub(super) fn refuse_foreign(path: &Path, command: &str, is_own: fn(&str) -> bool) -> Result<(), Error> {
    if !is_there(path) || holds_nothing(path) || first_line(path).is_ok_and(|line| is_own(&line)) {
        return Ok(());
    }
    Err(Error::Unwritable {
        target: format!("`{}`", path_text(path)),
        reason: format!("it is there, and `oomlint {command}` has not written it"),
    })
}

/// True for a pipe, a device such as `/dev/null`, and the outputs of this process: nothing is lost that was there before.
fn holds_nothing(path: &Path) -> bool {
    if ["/dev/stdout", "/dev/stderr"].iter().any(|output| path == Path::new(output))
        || path.starts_with("/dev/fd")
    {
        return true;
    }
    let Ok(kind) = path.metadata().map(|metadata| metadata.file_type()) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_block_device() {
            return false;
        }
    }
    !kind.is_file() && !kind.is_dir()
}

/// Returns the first line of a file, or as much of it as fits a buffer.
fn first_line(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(1 << 12).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// Writes a file through a temporary one, so that its old content stays until the new one is complete. Pipes, devices, and
/// files in directories that take no new file are written directly.
pub(super) fn write_file(
    path: &Path,
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    replace(path, body).map_err(|error| Error::Unwritable {
        target: format!("`{}`", path_text(path)),
        reason: error.to_string(),
    })
}

fn replace(path: &Path, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Of a symbolic link the target is replaced, not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let old = std::fs::metadata(&target).ok();
    // `/dev/stdout` may be a regular file that another process has open.
    let is_file = old.as_ref().is_none_or(std::fs::Metadata::is_file) && !path.starts_with("/dev");
    // A file may be writable although its directory is not.
    let Some(fresh) = is_file.then(|| temp_file_next_to(&target).ok()).flatten() else {
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

/// Creates a temporary file in the directory of `target`, to be renamed to it.
pub(super) fn temp_file_next_to(target: &Path) -> io::Result<tempfile::NamedTempFile> {
    let directory = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".oomlint-");
    // Mode as for any new file, subject to the umask. The default of tempfile is 0600.
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
