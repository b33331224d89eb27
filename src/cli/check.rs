//! `oomlint check`: lints, applies fixes, writes reports and determines the exit code.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Instant;

use clap::{Args, ValueEnum};

use super::input::Input;
use super::output::{Console, write_file};
use super::policy::Choices;
use super::stats::Measured;
use super::watch::{self, Watched};
use super::{Outcome, baseline, fix, progress};
use crate::check;
use crate::check::baseline::Baseline;
use crate::config::{Config, FILE_NAMES, FailOn};
use crate::diagnostic::Applicability;
use crate::discover::RepositoryRoot;
use crate::error::{Error, nearest};
use crate::report::{Format, Report, human};
use crate::source::FileSystem;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    choices: Choices,

    #[command(flatten)]
    measured: Measured,

    #[command(flatten)]
    reports: Reports,

    #[command(flatten)]
    fixes: Fixes,

    /// Check again whenever a file that was read changes, until Ctrl-C
    #[arg(long, help_heading = None, conflicts_with_all = ["fix", "diff", "output"])]
    watch: bool,
}

impl Arguments {
    /// True if the check is to be repeated.
    pub(super) fn watches(&self) -> bool {
        self.watch
    }
}

/// The arguments that choose reports.
#[derive(Args)]
#[command(next_help_heading = "Report")]
struct Reports {
    /// Format of the report on standard output [default: human]
    #[arg(long, help_heading = None, value_name = "FORMAT", value_enum)]
    format: Option<Format>,

    /// Also write a report to a file, as in sarif=oomlint.sarif
    ///
    /// FILE `-` is standard output, instead of the report of --format.
    #[arg(long, hide_short_help = true, value_name = "FORMAT=FILE")]
    output: Vec<Output>,

    /// Print only the number of findings by rule
    #[arg(long, hide_short_help = true, conflicts_with_all = ["format", "quiet"])]
    statistics: bool,

    /// Print no report, only set the exit code
    #[arg(short, long, help_heading = None, conflicts_with = "format")]
    quiet: bool,

    /// Do not report findings recorded in this file [default: .oomlint-baseline.json in the repository's root, if it exists]
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Also report findings recorded in the baseline
    #[arg(long, hide_short_help = true, conflicts_with = "baseline")]
    no_baseline: bool,

    /// Include suppressed findings in json and sarif reports, marked as such
    #[arg(long, hide_short_help = true)]
    show_suppressed: bool,

    /// Exit with 1 from this severity on: error, warning, note, never [default: warning]
    #[arg(long, help_heading = None, value_name = "SEVERITY", value_enum, hide_possible_values = true)]
    fail_on: Option<FailOn>,
}

/// The arguments that choose fixes.
#[derive(Args)]
#[command(next_help_heading = "Fixes")]
struct Fixes {
    /// Apply safe fixes, then report what is left
    #[arg(long, help_heading = None)]
    fix: bool,

    /// With --fix or --diff: also fixes that change how a container behaves
    #[arg(long, help_heading = None)]
    unsafe_fixes: bool,

    /// Print what --fix would change as a diff; exit with 1 if it would change something
    #[arg(long, help_heading = None, conflicts_with = "fix")]
    diff: bool,
}

/// Value of `--output`: `FORMAT=FILE`.
#[derive(Clone, Debug)]
struct Output {
    format: Format,
    path: PathBuf,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (format, path) =
            text.split_once('=').ok_or_else(|| "write FORMAT=FILE, as in json=report.json".to_owned())?;
        let format = Format::from_str(format, false).map_err(|_| unknown_format(format))?;
        if path.is_empty() {
            return Err("no file name after `=`".to_owned());
        }
        Ok(Self { format, path: PathBuf::from(path) })
    }
}

/// Returns the error message for an unknown format.
fn unknown_format(name: &str) -> String {
    let values = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    let names: Vec<String> = values.map(|value| value.get_name().to_owned()).collect();
    match nearest(name, names.iter().map(String::as_str)).first() {
        Some(meant) => format!("there is no format `{name}`: did you mean `{meant}`?"),
        None => format!("there is no format `{name}`: the formats are {}", names.join(", ")),
    }
}

impl Output {
    fn is_stdout(&self) -> bool {
        self.path == Path::new("-")
    }
}

impl Reports {
    /// Returns the format of standard output. Fails if there are several.
    fn on_stdout(&self) -> Result<Format, Error> {
        let outputs = self.output.iter().filter(|output| output.is_stdout()).map(|output| output.format);
        let formats: Vec<Format> = self.format.into_iter().chain(outputs).collect();
        match formats.as_slice() {
            [] => Ok(Format::default()),
            [format] => Ok(*format),
            _ => Err(Error::Usage {
                problem: "only one report can go to standard output".to_owned(),
                help: Some("write the others to files: `--output FORMAT=FILE`".to_owned()),
            }),
        }
    }

    /// Reads the baseline of the command line or the configuration, else the default one if it exists.
    fn baseline(
        &self,
        root: &RepositoryRoot,
        config: Option<&Config>,
        disk: &FileSystem,
    ) -> Result<Option<Baseline>, Error> {
        if self.no_baseline {
            return Ok(None);
        }
        match self.baseline.as_ref().or_else(|| config?.baseline.as_ref()) {
            Some(path) => baseline::read(path, disk).map(Some),
            None => match baseline::read(&baseline::default_path(root, disk), disk) {
                Err(Error::NotFound { .. }) => Ok(None),
                other => other.map(Some),
            },
        }
    }
}

/// Checks again and again. `again` reads the command line anew, for files and listings of a run are those of its beginning.
pub(super) fn watch(first: Arguments, again: impl Fn() -> Option<Arguments>, console: &Console) -> Outcome {
    let mut arguments = Some(first);
    let mut code = Ok(ExitCode::SUCCESS);
    while let Some(now) = arguments {
        now.input.refuse_stdin("--watch")?;
        watch::clear(console);
        // Where the check fails before it has read a file, a configuration may be at fault.
        let mut watched = Watched::new(FILE_NAMES.map(PathBuf::from));
        code = checked(now, console, Some(&mut watched));
        if let Err(error) = &code {
            console.fail(error);
        }
        console.report("watching; Ctrl-C ends it");
        watched.wait();
        arguments = again();
    }
    code
}

pub(super) fn run(arguments: Arguments, console: &Console) -> Outcome {
    checked(arguments, console, None)
}

/// Checks once. `watched` gets the state of the files that were read or looked for.
fn checked(arguments: Arguments, console: &Console, watched: Option<&mut Watched>) -> Outcome {
    let begun = Instant::now();
    let Arguments { input, choices, measured, reports, fixes, watch: _ } = arguments;
    let on_stdout = reports.on_stdout()?;
    let mut sources = input.sources();
    let mut discovered = input.discover(&choices.configs(sources.disk())?, &sources, console)?;
    let root = input.root();
    let here = choices.config_at(&root, sources.disk())?;
    let options = choices.apply(input.options(), &mut discovered)?;
    let baseline =
        reports.baseline(&root, here.as_deref(), sources.disk())?.map(|baseline| (baseline, root.clone()));
    let stats = measured.read()?;
    let options = check::Options { baseline, stats, fail_on: reports.fail_on, ..options };
    let level = if fixes.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
    if fixes.unsafe_fixes && !fixes.fix && !fixes.diff {
        return Err(Error::Usage {
            problem: "`--unsafe-fixes` needs `--fix` or `--diff`".to_owned(),
            help: Some("add `--fix` to apply them or `--diff` to see them".to_owned()),
        });
    }
    let mended = fix::Fixes { level, wanted: &|_, _| true };
    if fixes.diff {
        return fix::diff(&options, &discovered, &input.overlay(&sources), &mended, console);
    }
    if fixes.fix {
        input.refuse_stdin("--fix")?;
        fix::apply(&options, &discovered, &mended, console)?;
        // The files have changed.
        sources = input.sources();
    }
    let state = || format!("checking: {} files read", options.disk.reads());
    let mut outcome = progress::shown(state, || check::findings(&options, &sources, &discovered));
    let repeats = watched.is_some();
    if let Some(watched) = watched {
        let configurations = options.configs.iter().flat_map(|configs| configs.paths());
        *watched = Watched::new(sources.paths().into_iter().chain(configurations));
    }
    outcome.summary.elapsed = begun.elapsed();
    if reports.statistics {
        console.write(|out| {
            Report::new(&outcome.findings, &outcome.summary, &sources, &root).write_statistics(out)
        })?;
    }
    outcome.truncate(&sources);
    let suppressed = if reports.show_suppressed { &outcome.suppressed[..] } else { &[] };
    let report =
        Report::new(&outcome.findings, &outcome.summary, &sources, &root).with_suppressed(suppressed);
    for output in reports.output.iter().filter(|output| !output.is_stdout()) {
        // A file is read with a program that can search it, so nothing is left out.
        let options = human::Options { time: true, whole: true, ..human::Options::default() };
        write_file(&output.path, |out| report.write(out, output.format, options))?;
    }
    match reports {
        Reports { quiet: true, .. } | Reports { statistics: true, .. } => {}
        _ => console.write(|out| report.write(out, on_stdout, console.drawing()))?,
    }
    for error in &discovered.unreadable {
        console.fail(error);
    }
    // Also report errors in configurations of files that were not discovered but referenced by others.
    let mut failures = options.configs.as_ref().map(|configs| configs.failures()).unwrap_or_default();
    failures.extend(options.locks.iter().flat_map(|locks| locks.failures()));
    for error in &failures {
        console.fail(error);
    }
    let fails = outcome.fails;
    if !repeats {
        // The process ends here, and leaving the memory to the system is faster than freeing it piece by piece.
        std::mem::forget((outcome, sources));
    }
    Ok(match () {
        () if !discovered.unreadable.is_empty() || !failures.is_empty() => ExitCode::from(2),
        () if fails => ExitCode::from(1),
        () => ExitCode::SUCCESS,
    })
}
