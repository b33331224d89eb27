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
use super::{Outcome, baseline, fix};
use crate::check;
use crate::check::baseline::Baseline;
use crate::config::{Config, FailOn};
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
}

/// The arguments that choose reports.
#[derive(Args)]
#[command(next_help_heading = "Report")]
struct Reports {
    /// How to write the report to standard output [default: human]
    #[arg(long, value_name = "FORMAT", value_enum)]
    format: Option<Format>,

    /// Write a report into a file; may be repeated
    ///
    /// FILE `-` is standard output, in place of the report that --format writes there.
    #[arg(long, value_name = "FORMAT=FILE")]
    output: Vec<Output>,

    /// Print how often each rule found something, and no finding
    #[arg(long, conflicts_with_all = ["format", "quiet"])]
    statistics: bool,

    /// Print no report: the exit code tells, and files are written all the same
    #[arg(short, long, conflicts_with = "format")]
    quiet: bool,

    /// Findings that are known [default: .oomlint-baseline.json in the repository's root, where there is one]
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// Report what the baseline knows, too
    #[arg(long, conflicts_with = "baseline")]
    no_baseline: bool,

    /// Put what is suppressed or in the baseline into json and sarif reports, marked so
    #[arg(long)]
    show_suppressed: bool,

    /// Exit with 1 from this severity on: error, warning, note, never [default: warning]
    #[arg(long, value_name = "SEVERITY", value_enum, hide_possible_values = true)]
    fail_on: Option<FailOn>,
}

/// The arguments that choose fixes.
#[derive(Args)]
#[command(next_help_heading = "Fixes")]
struct Fixes {
    /// Apply the safe fixes, then report what is left
    #[arg(long)]
    fix: bool,

    /// With --fix or --diff: also the fixes that change how a container behaves
    #[arg(long)]
    unsafe_fixes: bool,

    /// Print what --fix would change as a unified diff, and change nothing; exit with 1 when there is something
    #[arg(long, conflicts_with = "fix")]
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
            text.split_once('=').ok_or_else(|| "it is FORMAT=FILE, as in json=report.json".to_owned())?;
        let format = Format::from_str(format, false).map_err(|_| unknown_format(format))?;
        if path.is_empty() {
            return Err("the file's name is missing after `=`".to_owned());
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
                problem: "several reports are to go to standard output".to_owned(),
                help: Some("give all but one of them a file: `--output FORMAT=FILE`".to_owned()),
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

pub(super) fn run(arguments: Arguments, console: &Console) -> Outcome {
    let begun = Instant::now();
    let Arguments { input, choices, measured, reports, fixes } = arguments;
    let on_stdout = reports.on_stdout()?;
    let mut sources = input.sources();
    let mut discovered = input.discover(&choices.configs(sources.disk())?, &sources, console)?;
    let root = RepositoryRoot::current();
    let here = choices.config_here(sources.disk())?;
    let options = choices.apply(input.options(), &mut discovered)?;
    let baseline =
        reports.baseline(&root, here.as_deref(), sources.disk())?.map(|baseline| (baseline, root.clone()));
    let stats = measured.read()?;
    let options = check::Options { baseline, stats, fail_on: reports.fail_on, ..options };
    let level = if fixes.unsafe_fixes { Applicability::Unsafe } else { Applicability::Safe };
    if fixes.unsafe_fixes && !fixes.fix && !fixes.diff {
        return Err(Error::Usage {
            problem: "`--unsafe-fixes` says which fixes, and nothing says what to do with them".to_owned(),
            help: Some("add `--fix` to apply them or `--diff` to see them".to_owned()),
        });
    }
    let mended = fix::Fixes { level, wanted: &|_| true };
    if fixes.diff {
        return fix::diff(&options, &discovered, &input.overlay(&sources), &mended, console);
    }
    let mut outcome = if fixes.fix {
        input.refuse_stdin("--fix")?;
        fix::apply(&options, &discovered, &mended, console)?;
        // The files have changed.
        sources = input.sources();
        check::findings(&options, &sources, &discovered)
    } else {
        check::findings(&options, &sources, &discovered)
    };
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
        let options = human::Options { color: false, time: true };
        write_file(&output.path, |out| report.write(out, output.format, options))?;
    }
    let drawing = human::Options { color: console.color, time: true };
    match reports {
        Reports { quiet: true, .. } | Reports { statistics: true, .. } => {}
        _ => console.write(|out| report.write(out, on_stdout, drawing))?,
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
    // The process ends here, and leaving the memory to the system is faster than freeing it piece by piece.
    std::mem::forget((outcome, sources));
    Ok(match () {
        () if !discovered.unreadable.is_empty() || !failures.is_empty() => ExitCode::from(2),
        () if fails => ExitCode::from(1),
        () => ExitCode::SUCCESS,
    })
}
