//! `--fix` writes fixed files, `--diff` prints the changes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use super::output::{Console, temp_file_next_to};
use super::{Outcome, progress};
use crate::check::Options;
use crate::diagnostic::Applicability;
use crate::discover::Discovered;
use crate::error::Error;
use crate::fix::{FixResult, Wanted, fix_some};
use crate::report::{escape, unified};
use crate::source::{Overlay, path_text};

/// Selection of fixes.
pub(super) struct Fixes<'f> {
    /// Minimum applicability of a fix.
    pub(super) level: Applicability,
    /// True for the findings to fix.
    pub(super) wanted: &'f Wanted<'f>,
}

/// Applies fixes and writes the fixed files.
pub(super) fn apply(
    options: &Options,
    discovered: &Discovered,
    fixes: &Fixes<'_>,
    console: &Console,
) -> Result<(), Error> {
    let fixed = tried(options, discovered, &Overlay::new(), fixes);
    replace(&fixed.files)?;
    report_result(&fixed, fixes.level, console);
    Ok(())
}

/// Prints what fixes would change, as a unified diff. The exit code is 1 if that is anything.
pub(super) fn diff(
    options: &Options,
    discovered: &Discovered,
    overlay: &Overlay,
    fixes: &Fixes<'_>,
    console: &Console,
) -> Outcome {
    let fixed = tried(options, discovered, overlay, fixes);
    print_diff(&fixed.files, "use --fix", console)?;
    report_result(&fixed, fixes.level, console);
    Ok(if fixed.files.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Prints changed files as unified diffs. `instead` is the advice for a diff that cannot be shown.
pub(super) fn print_diff(
    files: &[(PathBuf, String, String)],
    instead: &str,
    console: &Console,
) -> Result<(), Error> {
    let mut refused = Vec::new();
    console.write(|out| {
        for (path, old, new) in files {
            let diff = unified::diff(path, old, new);
            if console.is_terminal {
                // A terminal shows the diff to a reader, so it is sanitized, even if it then no longer applies.
                diff.split_inclusive('\n').try_for_each(|line| write!(out, "{}", shown(line)))?;
            } else if unified::is_harmless(&diff) {
                write!(out, "{diff}")?;
            } else {
                refused.push(path);
            }
        }
        Ok(())
    })?;
    for path in refused {
        let why = "has control characters or commands to a CI runner around what changes";
        console.report(&format!("not shown: `{}` {why}; {instead}", path_text(path)));
    }
    Ok(())
}

/// Tries the fixes, and tells on a terminal how many states of the files it has tried.
fn tried(options: &Options, discovered: &Discovered, overlay: &Overlay, fixes: &Fixes<'_>) -> FixResult {
    let state = || match options.trials.load(Ordering::Relaxed) {
        0 => format!("checking: {} files read", options.disk.reads()),
        trials => format!("fixing: {trials} changes tried"),
    };
    progress::shown(state, || fix_some(options, discovered, overlay, fixes.level, fixes.wanted))
}

/// Makes a line of a diff safe for a terminal, where a carriage return within it would hide the text before.
fn shown(line: &str) -> String {
    let end = line.trim_end_matches(['\r', '\n']).len();
    let (text, end) = line.split_at(end);
    format!("{}{end}", escape::patch_line(text).replace('\r', "␍"))
}

/// Reports what was fixed and what was not.
fn report_result(fixed: &FixResult, level: Applicability, console: &Console) {
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    if !fixed.applied.is_empty() {
        let files = count(fixed.files.len(), "file");
        console.report(&format!("{} in {files}", count(fixed.applied.len(), "fix").replace("fixs", "fixes")));
    }
    for refused in &fixed.refused {
        let (path, rule, title, why) = (path_text(&refused.path), refused.rule, &refused.title, &refused.why);
        console.report(&format!("not fixed: {path}: {rule}: {title}: {why}"));
    }
    let more = fixed.unsafe_left;
    if level == Applicability::Safe && more > 0 {
        console.report(&format!("{more} more with --unsafe-fixes"));
    }
    if fixed.unfinished {
        console.report("there are more fixes than one run tries: the next run goes on");
    }
}

fn unwritable(path: &Path, reason: &str) -> Error {
    Error::Unwritable { target: format!("`{}`", path_text(path)), reason: reason.to_owned() }
}

/// Replaces the texts of files. All new texts are written to temporary files before the first file is replaced.
pub(super) fn replace(files: &[(PathBuf, String, String)]) -> Result<(), Error> {
    let mut fresh = Vec::new();
    for (path, _, new) in files {
        writable(path)?;
        fresh.push(write_next_to(path, new).map_err(|error| unwritable(path, &error.to_string()))?);
    }
    // An editor may have saved a file since it was read. That change would be lost.
    for (path, old, _) in files {
        if std::fs::read(path).ok().is_none_or(|now| now != old.as_bytes()) {
            return Err(unwritable(path, "it is another than it was when it was read"));
        }
    }
    for ((path, ..), fresh) in files.iter().zip(fresh) {
        fresh.persist(path).map_err(|error| unwritable(path, &error.error.to_string()))?;
    }
    Ok(())
}

/// Checks that a file can be replaced, before anything is written.
fn writable(path: &Path) -> Result<(), Error> {
    let metadata = std::fs::symlink_metadata(path).map_err(|error| unwritable(path, &error.to_string()))?;
    if metadata.is_symlink() {
        return Err(unwritable(path, "it is a symbolic link: fix the file that it leads to"));
    }
    if metadata.permissions().readonly() {
        return Err(unwritable(path, "it is read-only"));
    }
    Ok(())
}

/// Writes a temporary file in the directory of `path`, with the mode of that file.
fn write_next_to(path: &Path, text: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut fresh = temp_file_next_to(path)?;
    fresh.as_file_mut().write_all(text.as_bytes())?;
    fresh.as_file().set_permissions(std::fs::metadata(path)?.permissions())?;
    fresh.as_file().sync_all()?;
    Ok(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_meanwhile_is_not_lost() {
        let scratch = tempfile::tempdir().unwrap();
        let files = ["a", "b"].map(|name| (scratch.path().join(name), "old".to_owned(), "new".to_owned()));
        let now =
            || ["a", "b"].map(|name| std::fs::read_to_string(scratch.path().join(name)).unwrap_or_default());
        for path in files.iter().map(|(path, ..)| path) {
            std::fs::write(path, "old").unwrap();
        }
        std::fs::write(&files[1].0, "saved").unwrap();
        let error = replace(&files).unwrap_err().to_string();
        assert!(error.contains("it is another than it was when it was read"), "{error}");
        assert_eq!(now(), ["old", "saved"]);
        std::fs::remove_file(&files[1].0).unwrap();
        assert!(replace(&files).is_err());
        assert_eq!(now(), ["old", ""]);
        std::fs::write(&files[1].0, "old").unwrap();
        replace(&files).unwrap();
        assert_eq!(now(), ["new", "new"]);
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 2);
    }
}
