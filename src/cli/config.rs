//! `oomlint config`: what may stand in a configuration, and what holds for a path.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::Outcome;
use super::output::Console;
use super::policy::Choices;
use crate::config::{Config, schema};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the JSON Schema of the file
    Schema,
    /// Print what holds for a path, and where each value comes from
    Show(Box<Show>),
}

#[derive(Args)]
struct Show {
    /// A file or directory [default: the current directory]
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,

    #[command(flatten)]
    choices: Choices,

    /// How to write it: human, json
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, hide_possible_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

/// One value, and who says so.
struct Row {
    key: &'static str,
    value: String,
    from: String,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    match &arguments.command {
        Command::Schema => console.write(|out| {
            serde_json::to_writer_pretty(&mut *out, &schema())?;
            writeln!(out)
        })?,
        Command::Show(show) => {
            let config = show.choices.configs()?.of(&show.path)?;
            let rows = rows(show, config.as_deref());
            console.write(|out| match show.format {
                Format::Human => {
                    match &config {
                        Some(config) => writeln!(out, "{}", config.path.display())?,
                        None => writeln!(out, "no configuration for {}", show.path.display())?,
                    }
                    let wide =
                        |pick: fn(&Row) -> &str| rows.iter().map(|row| pick(row).chars().count()).max();
                    let key = wide(|row| row.key).unwrap_or_default();
                    let value = wide(|row| &row.value).unwrap_or_default().min(48);
                    for row in &rows {
                        writeln!(out, "  {:key$}  {:value$}  {}", row.key, row.value, row.from)?;
                    }
                    Ok(())
                }
                Format::Json => {
                    let values: serde_json::Map<String, Value> = rows
                        .iter()
                        .map(|row| (row.key.to_owned(), json!({ "value": row.value, "from": row.from })))
                        .collect();
                    let file = config.as_ref().map(|config| config.path.display().to_string());
                    writeln!(out, "{}", json!({ "version": 1, "file": file, "values": values }))
                }
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Every key, in the order of the file's documentation.
fn rows(show: &Show, config: Option<&Config>) -> Vec<Row> {
    let given = show.choices.given();
    let keys = |key: &str| config.and_then(|config| Some((config, config.line_of(key)?)));
    let row = |key: &'static str, own: Option<String>, default: &str| {
        let on_command_line =
            given.iter().find(|(name, _)| *name == key).and_then(|(_, value)| value.clone());
        match (on_command_line, own, keys(key)) {
            (Some(value), ..) => Row { key, value, from: "command line".to_owned() },
            (None, Some(value), Some((config, line))) => {
                Row { key, value, from: format!("{}:{line}", config.path.display()) }
            }
            _ => Row { key, value: default.to_owned(), from: "default".to_owned() },
        }
    };
    let path: &Path = &show.path;
    let file = config.map(|config| &config.file);
    let name = |value: &dyn std::fmt::Display| value.to_string();
    let list = |count: usize, what: &str| {
        (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
    };
    let possible =
        |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().to_owned());
    vec![
        row(
            "preset",
            config.and_then(|config| config.preset_of(path)).map(|preset| preset.name().to_owned()),
            "recommended",
        ),
        row("fail-on", file.and_then(|file| possible(file.fail_on?.to_possible_value())), "warning"),
        row(
            "host-memory",
            config.and_then(|config| config.host_memory).map(|size| size.to_string()),
            "not known",
        ),
        row("overcommit", file.and_then(|file| file.overcommit).map(|factor| name(&factor)), "1"),
        row("target", file.and_then(|file| possible(file.target?.to_possible_value())), "compose"),
        row("exclude", file.map(|file| file.exclude.join(", ")).filter(|globs| !globs.is_empty()), "nothing"),
        row("rules", file.and_then(|file| list(file.rules.len(), "rule")), "as the preset has them"),
        row("services", file.and_then(|file| list(file.services.len(), "name")), "nothing"),
        row("overrides", file.and_then(|file| list(file.overrides.len(), "override")), "nothing"),
        row("images", file.and_then(|file| list(file.images.len(), "row")), "the catalogue alone"),
        row(
            "baseline",
            config.and_then(|config| config.baseline.as_ref()).map(|path| path.display().to_string()),
            ".oomlint-baseline.json",
        ),
    ]
}
