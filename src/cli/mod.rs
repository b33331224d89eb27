//! Command line, one file per subcommand.
//!
//! Exit codes: 0 when nothing at or above `--fail-on` was found, 1 when something was, 2 when the tool could not do its work.

mod alerts;
mod baseline;
mod budget;
mod check;
mod config;
mod explain;
mod fit;
mod fix;
mod format;
mod generate;
mod images;
mod input;
mod inspect;
#[cfg(feature = "lsp")]
mod lsp;
mod machine;
mod output;
mod policy;
mod progress;
mod rules;
mod size;
mod stacks;
mod stats;
mod verbose;
mod watch;
mod why;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::error::Error;
use output::{ColorChoice, Console};

const AFTER_HELP: &str = "\
Exit codes:
  0  no finding at or above --fail-on
  1  findings
  2  oomlint failed

Write ./check for a path that has the name of a command.";

/// Finds memory problems of containers in Dockerfiles and Compose files
///
/// Without a command it checks: `oomlint PATH` is `oomlint check PATH`.
#[derive(Parser)]
#[command(name = "oomlint", version, after_long_help = AFTER_HELP)]
#[command(override_usage = "oomlint [OPTIONS] [PATH]...\n       oomlint <COMMAND>")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    check: check::Arguments,

    /// When to colour the output: auto, always, never
    #[arg(
        long,
        hide_short_help = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        global = true,
        help_heading = None,
        hide_possible_values = true
    )]
    color: ColorChoice,

    /// Show every finding in full, and which files form a project; -vv also files read and times
    #[arg(short, long, action = clap::ArgAction::Count, global = true, help_heading = None)]
    verbose: u8,
}

#[derive(Subcommand)]
enum Command {
    /// Check files and directories (the default)
    #[command(after_long_help = AFTER_HELP)]
    Check(check::Arguments),
    /// Print Prometheus alerts for the memory limits of a stack
    ///
    /// Near the limit, about to be killed, killed, restarting, another limit than in the files, host overcommitted. The metrics
    /// are those of cAdvisor, with its labels for containers of Docker Compose.
    #[command(after_help = "\
Exit codes:
  0  they are written
  2  oomlint failed, or no stack is here")]
    Alerts(alerts::Arguments),
    /// Record all current findings, so that only new ones are reported
    Baseline(baseline::Arguments),
    /// Show how much of its host's memory a stack may use, and whether it fits
    ///
    /// Limits, reservations, swap and heaps of each service, with replicas and profiles.
    #[command(after_help = "\
Exit codes:
  0  it fits, or that is not known
  1  it does not fit
  2  oomlint failed")]
    Budget(budget::Arguments),
    /// Print completions for a shell
    Completions(generate::Completions),
    /// Write, show or describe the configuration
    Config(config::Arguments),
    /// Explain a rule: what it finds, why it matters, what to do
    Explain(explain::Arguments),
    /// Plan limits for a stack, so that it fits its host
    ///
    /// A limit, a reservation and swap for every service that starts, each with its reason and how sure it is. What was measured
    /// (--stats) comes before the heaps and caches that the files set, these before what is known of the image, this before
    /// what programs of its kind usually need.
    #[command(after_help = "\
Exit codes:
  0  it fits every host that is named
  1  it does not, or --write, --diff or --overlay leaves out a service
  2  oomlint failed, or no stack is here")]
    Fit(fit::Arguments),
    /// List the images of a stack, and what oomlint knows about each
    ///
    /// Unknown images are not checked: `docker image inspect … | oomlint images lock` adds facts about those on this machine.
    Images(Box<images::Arguments>),
    /// Show the resolved containers: every setting with its value and place
    Inspect(inspect::Arguments),
    /// Start the language server, for editors
    #[cfg(feature = "lsp")]
    Lsp(lsp::Arguments),
    /// Print the manual page, for packages
    #[command(hide = true)]
    Man,
    /// List the rules
    Rules(rules::Arguments),
    /// Suggest limits from measurements
    ///
    /// Reads `docker stats --no-stream --format json` (one or many rounds), the answer of Prometheus to a query of
    /// `container_memory_working_set_bytes`, `kubectl top pod --containers`, or CSV with the columns name and memory.
    #[command(
        override_usage = "oomlint size [OPTIONS] STATS... [PATH]...",
        mut_arg("paths", |arg| arg.value_name("STATS").required(true).help(
            "Measurements, `-` for standard input, and Compose files or directories with the services"
        )),
    )]
    Size(size::Arguments),
    /// Explain why a container was killed
    ///
    /// Reads what `docker inspect`, `docker events`, `docker ps -a`, `docker stats`, `docker logs`, `dmesg` and `journalctl` print,
    /// in any mix and in parts, and names the finding in the project's files that explains it.
    #[command(
        override_usage = "oomlint why [OPTIONS] EVIDENCE... [PATH]...",
        after_help = "\
Exit codes:
  0  everything is explained
  1  something is undecided
  2  oomlint failed, or found no evidence",
        mut_arg("paths", |arg| arg.value_name("EVIDENCE").required(true).help(
            "Files with evidence, `-` for standard input, and Compose files, Dockerfiles or directories [default: the current directory]"
        )),
    )]
    Why(why::Arguments),
}

/// Runs the command line on the streams of the process, and returns the exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let cli = match parse(arguments.iter().cloned()) {
        Ok(cli) => cli,
        Err(error) => return output::print_clap_error(&error),
    };
    verbose::start(cli.verbose);
    let console = Console::new(cli.color, cli.verbose);
    let result = match cli.command {
        None => check(cli.check, &arguments, &console),
        Some(Command::Check(own)) => check(own, &arguments, &console),
        Some(Command::Alerts(arguments)) => alerts::run(&arguments, &console),
        Some(Command::Baseline(arguments)) => baseline::run(&arguments, &console),
        Some(Command::Budget(arguments)) => budget::run(&arguments, &console),
        Some(Command::Completions(arguments)) => generate::completions(&arguments, &console),
        Some(Command::Config(arguments)) => config::run(&arguments, &console),
        Some(Command::Explain(arguments)) => explain::run(&arguments, &console),
        Some(Command::Fit(arguments)) => fit::run(&arguments, &console),
        Some(Command::Images(arguments)) => images::run(&arguments, &console),
        Some(Command::Inspect(arguments)) => inspect::run(&arguments, &console),
        #[cfg(feature = "lsp")]
        Some(Command::Lsp(arguments)) => lsp::run(&arguments, &console),
        Some(Command::Man) => generate::manual(&console),
        Some(Command::Rules(arguments)) => rules::run(&arguments, &console),
        Some(Command::Size(arguments)) => size::run(arguments, &console),
        Some(Command::Why(arguments)) => why::run(arguments, &console),
    };
    result.unwrap_or_else(|error| {
        console.fail(&error);
        ExitCode::from(2)
    })
}

/// Runs `oomlint check`, once or whenever a file changes.
fn check(own: check::Arguments, arguments: &[OsString], console: &Console) -> Outcome {
    if !own.watches() {
        return check::run(own, console);
    }
    let again = || {
        let cli = parse(arguments.iter().cloned()).ok()?;
        match cli.command {
            Some(Command::Check(own)) => Some(own),
            _ => Some(cli.check),
        }
    };
    check::watch(own, again, console)
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(arguments)?;
    if let (Some((name, _)), Some(argument)) = (matches.subcommand(), misplaced(&command, &matches)) {
        let message = format!("{argument} belongs behind `{name}`");
        return Err(command.error(ErrorKind::ArgumentConflict, message));
    }
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Returns an argument of the default command that is given before a subcommand, where it would be ignored.
fn misplaced(command: &clap::Command, matches: &ArgMatches) -> Option<String> {
    let given = |argument: &&clap::Arg| {
        let id = argument.get_id().as_str();
        !argument.is_global_set() && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    let argument = command.get_arguments().find(given)?;
    Some(argument.get_long().map_or_else(|| "the path".to_owned(), |long| format!("`--{long}`")))
}

/// Result of a subcommand.
type Outcome = Result<ExitCode, Error>;
