//! `--fix` and `--diff`: what becomes of fixes outside of memory.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use similar::TextDiff;

use super::Outcome;
use super::output::Console;
use crate::discover::Discovered;
use crate::engine::Options;
use crate::engine::fix::{Fixed, Overlay, fix_some};
use crate::error::Error;
use crate::finding::{Applicability, Finding};
use crate::report::escape;

/// Which fixes are meant.
pub(super) struct Fixes<'f> {
    /// The least that they have to be.
    pub(super) level: Applicability,
    /// True for the findings that are to be mended.
    pub(super) wanted: &'f dyn Fn(&Finding) -> bool,
}

/// Writes the fixed files. Either all of them can be written or none is touched.
pub(super) fn apply(
    options: &Options,
    discovered: &Discovered,
    fixes: &Fixes<'_>,
    console: &Console,
) -> Result<(), Error> {
    let fixed = fix_some(options, discovered, &Overlay::new(), fixes.level, fixes.wanted);
    for (path, ..) in &fixed.files {
        writable(path)?;
    }
    for (path, _, text) in &fixed.files {
        replace(path, text).map_err(|error| unwritable(path, &error.to_string()))?;
    }
    said(&fixed, console);
    Ok(())
}

/// Prints what would change.
pub(super) fn diff(
    options: &Options,
    discovered: &Discovered,
    overlay: &Overlay,
    fixes: &Fixes<'_>,
    console: &Console,
) -> Outcome {
    let fixed = fix_some(options, discovered, overlay, fixes.level, fixes.wanted);
    console.write(|out| {
        for (path, old, new) in &fixed.files {
            let name = path.display().to_string().replace(std::path::MAIN_SEPARATOR, "/");
            let name = escape::printable(&name);
            let diff = TextDiff::from_lines(old, new);
            let mut diff = diff.unified_diff();
            let diff = diff.header(&format!("a/{name}"), &format!("b/{name}")).to_string();
            for line in diff.split_inclusive('\n') {
                write!(out, "{}", escape::patch_line(line))?;
            }
        }
        Ok(())
    })?;
    said(&fixed, console);
    Ok(if fixed.files.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// How much was done, and what was left alone.
fn said(fixed: &Fixed, console: &Console) {
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    if !fixed.applied.is_empty() {
        let files = count(fixed.files.len(), "file");
        console.say(&format!("{} in {files}", count(fixed.applied.len(), "fix").replace("fixs", "fixes")));
    }
    for refused in &fixed.refused {
        let (path, rule, title, why) = (refused.path.display(), refused.rule, &refused.title, &refused.why);
        console.say(&format!("not fixed: {path}: {rule}: {title}: {why}"));
    }
    if fixed.unfinished {
        console.say("there are more fixes than one run tries: the next run goes on");
    }
}

fn unwritable(path: &Path, reason: &str) -> Error {
    Error::Unwritable { target: format!("`{}`", path.display()), reason: reason.to_owned() }
}

/// What would go wrong, before anything is written.
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

/// Writes beside the file and moves the result into its place, with the mode that the file had.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(std::fs::metadata(path)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}
