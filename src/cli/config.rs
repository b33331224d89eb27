//! `oomlint config`: prints the schema of the configuration, and the values in effect for a path.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::Outcome;
use super::format::{FactFormat, FactReport};
use super::input::RestrictTo;
use super::output::{Console, is_there, write_file};
use super::policy::Choices;
use crate::check::baseline::FILE_NAME;
use crate::config::{Config, FailOn, Located, Rules, schema};
use crate::error::Error;
use crate::report::escape;
use crate::rules::{Policy, Preset, RULES};
use crate::source::{LoadError, path_text};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a configuration file with every key explained
    Init(Init),
    /// Print the JSON Schema of the file
    Schema,
    /// Show the values in effect for a path, and where each comes from
    Show(Box<Show>),
}

#[derive(Args)]
struct Show {
    /// A file or directory [default: the current directory]
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    path: PathBuf,

    #[command(flatten)]
    choices: Choices,

    #[command(flatten)]
    restriction: RestrictTo,

    /// As for `check`
    #[arg(help_heading = "Report", long, value_name = "SEVERITY", value_enum, hide_possible_values = true)]
    fail_on: Option<FailOn>,

    #[command(flatten)]
    report: FactReport,
}

#[derive(Args)]
struct Init {
    /// File to write
    #[arg(value_name = "FILE", default_value = ".oomlint.yaml")]
    path: PathBuf,

    /// Overwrite an existing file
    #[arg(long)]
    force: bool,
}

/// The configuration that `config init` writes: all defaults, as comments.
const INITIAL: &str = include_str!("config_init.yaml");

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    match &arguments.command {
        Command::Init(init) => {
            if !init.force && is_there(&init.path) {
                return Err(Error::Usage {
                    problem: format!("`{}` exists already", path_text(&init.path)),
                    help: Some("overwrite it with --force".to_owned()),
                });
            }
            write_file(&init.path, |out| out.write_all(INITIAL.as_bytes()))?;
            console.report(&format!("wrote `{}`: all defaults, as comments", path_text(&init.path)));
        }
        Command::Schema => console.write(|out| {
            serde_json::to_writer_pretty(&mut *out, &schema())?;
            writeln!(out)
        })?,
        Command::Show(show) => {
            let disk = show.restriction.disk();
            if let Err(error) = disk.entry_kind(&show.path) {
                let path = show.path.clone();
                return Err(match error {
                    LoadError::NotFound => Error::NotFound { path, help: None },
                    error => Error::Unreadable { path, reason: error.to_string() },
                });
            }
            let configs = show.choices.configs(&disk)?;
            let config =
                if disk.is_dir(&show.path) { configs.at(&show.path)? } else { configs.of(&show.path)? };
            let table = Table::of(show, config.as_deref());
            let path = path_text(&show.path);
            let file = config.as_ref().map(|config| path_text(&config.path));
            let excluded = config.as_ref().is_some_and(|config| config.excludes(&show.path));
            console.write(|out| match show.report.format {
                FactFormat::Human => {
                    match &file {
                        Some(file) if excluded => {
                            write_line(out, &format!("{file} holds for {path}, and excludes it"))?;
                        }
                        Some(file) => write_line(out, &format!("{file} holds for {path}"))?,
                        None => write_line(out, &format!("no configuration for {path}"))?,
                    }
                    table.0.iter().try_for_each(|row| write_line(out, &table.line(row)))
                }
                FactFormat::Json => {
                    let (path, values) = (path.clone(), table.json());
                    let shown = json!({
                        "version": 1, "path": path, "file": file, "excluded": excluded, "values": values,
                    });
                    escape::json(out, &shown)?;
                    writeln!(out)
                }
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes an escaped line, since globs and reasons may contain any character.
fn write_line(out: &mut dyn Write, line: &str) -> io::Result<()> {
    writeln!(out, "{}", escape::line(line))
}

/// Value in effect for a key, and where it comes from.
struct Row {
    key: String,
    value: Value,
    from: String,
}

struct Table(Vec<Row>);

impl Table {
    /// Collects all values in effect, in the order of the documentation.
    fn of(show: &Show, config: Option<&Config>) -> Self {
        let (path, default) = (&show.path, Policy::default());
        let file = config.map(|config| &config.file);
        let mut table = Self(Vec::new());
        // Precedence: command line, file, default.
        let mut row = |key: &str, own: Option<(Value, &std::ops::Range<usize>)>, default: Value| {
            let given = show.given(key);
            let own = own.zip(config).map(|((value, at), config)| (value, config.place(at)));
            let (value, from) = given
                .map(|value| (value, "command line".to_owned()))
                .or(own)
                .unwrap_or_else(|| (default, "default".to_owned()));
            table.0.push(Row { key: key.to_owned(), value, from });
        };
        let preset = config.and_then(|config| config.preset_of(path));
        row("preset", preset.map(|set| (set.value.name().into(), &set.at)), Preset::default().name().into());
        let fail_on = file.and_then(|file| file.fail_on.as_ref());
        row("fail-on", fail_on.map(|set| (word(&set.value), &set.at)), word(&FailOn::default()));
        let host = file.and_then(|file| file.host_memory.as_ref());
        row("host-memory", host.map(|set| (set.value.to_string().into(), &set.at)), Value::Null);
        let overcommit = file.and_then(|file| file.overcommit.as_ref());
        row("overcommit", overcommit.map(|set| (set.value.0.into(), &set.at)), default.overcommit.into());
        let reserve = file.and_then(|file| file.reserve.as_ref());
        row("reserve", reserve.map(|set| (set.value.to_string().into(), &set.at)), Value::Null);
        let target = file.and_then(|file| file.target.as_ref());
        row("target", target.map(|set| (word(&set.value), &set.at)), word(&default.target));
        let excluded = file.and_then(|file| {
            let globs = &file.exclude.0;
            Some((globs.iter().map(|glob| glob.value.text.clone()).collect(), &globs.first()?.at))
        });
        row("exclude", excluded, json!([]));
        let named = file.and_then(|file| {
            let globs = &file.compose_files.0;
            Some((globs.iter().map(|glob| glob.value.text.clone()).collect(), &globs.first()?.at))
        });
        row("compose-files", named, json!([]));
        let variables = file.and_then(|file| {
            let names = &file.platform_variables.0;
            Some((names.iter().map(|name| name.value.text.clone()).collect(), &names.first()?.at))
        });
        row("platform-variables", variables, json!([]));
        let baseline = file.and_then(|file| file.baseline.as_ref());
        let named = config.and_then(|config| config.baseline.as_ref()).map(|path| path_text(path));
        row("baseline", named.zip(baseline).map(|(path, set)| (path.into(), &set.at)), FILE_NAME.into());
        let options = file.map_or_else(|| Rules::default().options(), |file| file.rules.options());
        for meta in RULES.iter().map(|rule| rule.meta()) {
            if let Some(Located { value, at }) = config.and_then(|config| config.level_of(meta.name, path)) {
                row(&format!("rules.{}", meta.name), Some((value.name().into(), at)), Value::Null);
            }
            for option in options.iter().filter(|option| option.rule == meta.name) {
                let key = format!("rules.{}.{}", option.rule, option.option);
                let number = option.value.parse::<f64>();
                let value = number.map_or_else(|_| option.value.as_str().into(), Value::from);
                row(&key, option.at.as_ref().map(|at| (value.clone(), at)), value.clone());
            }
        }
        let Some(config) = config else { return table };
        for (name, setting) in &config.file.services.0 {
            let rules: Vec<&str> = setting.ignore.0.iter().map(|rule| rule.value.0).collect();
            let until = setting.until.map(|day| day.to_string());
            let expired = setting.until.is_some_and(|day| config.is_past(day));
            let value =
                json!({ "ignore": rules, "reason": setting.reason, "until": until, "expired": expired });
            row(&format!("services.{}", name.value.text), Some((value, &name.at)), Value::Null);
        }
        for (index, (names, at)) in config.images.iter().enumerate() {
            row(&format!("images.{index}"), Some((names.as_str().into(), at)), Value::Null);
        }
        table
    }

    fn json(&self) -> Value {
        let row = |row: &Row| (row.key.clone(), json!({ "value": row.value, "from": row.from }));
        self.0.iter().map(row).collect::<serde_json::Map<_, _>>().into()
    }

    fn line(&self, row: &Row) -> String {
        let wide = |width: fn(&Row) -> usize, most: usize| {
            self.0.iter().map(width).filter(|width| *width <= most).max().unwrap_or_default()
        };
        let key = wide(|row| row.key.chars().count(), 48);
        let value = wide(|row| text(&row.value).chars().count(), 48);
        format!("  {:key$}  {:value$}  {}", row.key, text(&row.value), row.from)
    }
}

impl Show {
    /// Returns the value of a key on the command line.
    fn given(&self, key: &str) -> Option<Value> {
        match key {
            "fail-on" => self.fail_on.as_ref().map(word),
            _ => self.choices.given().into_iter().find(|(name, _)| *name == key)?.1.map(Value::from),
        }
    }
}

/// Returns the name of a value on the command line and in the file.
fn word<T: ValueEnum>(value: &T) -> Value {
    value.to_possible_value().map_or(Value::Null, |value| value.get_name().into())
}

/// Formats a value for the human-readable table.
fn text(value: &Value) -> String {
    let list = |value: &Value| {
        let items = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        items.collect::<Vec<_>>().join(", ")
    };
    match value {
        Value::Null => "not known".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "nothing".to_owned(),
        Value::Array(_) => list(value),
        Value::Object(service) => {
            let mut said = format!("ignores {}", list(&service["ignore"]));
            if let Some(day) = service["until"].as_str() {
                let over = if service["expired"] == true { ", which is over" } else { "" };
                said.push_str(&format!(" until {day}{over}"));
            }
            if let Some(reason) = service["reason"].as_str() {
                said.push_str(&format!(": {reason}"));
            }
            said
        }
        // Prints `1`, not `1.0`.
        other => other.as_f64().map_or_else(|| other.to_string(), |number| number.to_string()),
    }
}
