//! Which rules run, and what they are told.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use globset::{Glob, GlobSetBuilder};

use crate::config::{Config, Configs};
use crate::discover::Discovered;
use crate::engine;
use crate::error::{Error, nearest};
use crate::model::size::ByteSize;
use crate::rules::{Group, Policy, Preset, RULES, Target};

/// The arguments that choose rules.
#[derive(Args)]
pub(super) struct Choices {
    /// Which rules run: minimal, recommended, strict [default: recommended]
    #[arg(long, value_name = "PRESET", value_enum, hide_possible_values = true)]
    preset: Option<Preset>,

    /// Only these rules and groups, whatever the preset; may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    select: Vec<String>,

    /// None of these rules and groups; may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    ignore: Vec<String>,

    /// Memory of the machine that runs it all, as in 16g: limits and reservations are held against it
    #[arg(long, value_name = "SIZE", value_parser = size)]
    host_memory: Option<ByteSize>,

    /// Who runs the files: compose, swarm [default: compose]
    #[arg(long, value_name = "TARGET", value_enum, hide_possible_values = true)]
    target: Option<Target>,

    /// Take this configuration, wherever the files are [default: the nearest .oomlint.yaml or oomlint.yaml above them]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Take no configuration
    #[arg(long, conflicts_with = "config")]
    no_config: bool,

    /// Leave out files that fit this glob; may be repeated
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    exclude: Vec<Glob>,

    /// Leave out excluded files even when they are named
    #[arg(long)]
    force_exclude: bool,
}

impl Choices {
    /// The options with the choices in them; excluded files are taken out of `discovered`.
    ///
    /// # Errors
    /// When a configuration of any file cannot be used.
    pub(super) fn apply(
        &self,
        options: engine::Options,
        discovered: &mut Discovered,
    ) -> Result<engine::Options, Error> {
        let configs = self.configs()?;
        let mut exclude = GlobSetBuilder::new();
        for glob in &self.exclude {
            exclude.add(glob.clone());
        }
        let exclude = exclude.build().unwrap_or_default();
        let mut kept = Vec::new();
        for found in std::mem::take(&mut discovered.files) {
            let config = configs.of(&found.path)?;
            let out = exclude.is_match(&found.path)
                || config.as_ref().is_some_and(|config| config.excludes(&found.path));
            if !out || (found.named && !self.force_exclude) {
                kept.push(found);
            }
        }
        discovered.files = kept;
        Ok(engine::Options {
            preset: self.preset,
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            policy: Policy { host_memory: self.host_memory, ..options.policy },
            target: self.target,
            configs: Some(Arc::new(configs)),
            ..options
        })
    }

    /// Where configurations come from.
    pub(super) fn configs(&self) -> Result<Configs, Error> {
        Ok(match &self.config {
            _ if self.no_config => Configs::off(),
            Some(path) => Configs::named(Config::read(path)?),
            None => Configs::default(),
        })
    }

    /// The configuration for the current directory: it has the last word on the whole run.
    pub(super) fn config_here(&self) -> Result<Option<Arc<Config>>, Error> {
        self.configs()?.of(Path::new("."))
    }

    /// What is given on the command line, by the configuration's keys.
    pub(super) fn given(&self) -> [(&'static str, Option<String>); 3] {
        let target = self.target.and_then(|target| target.to_possible_value());
        [
            ("preset", self.preset.map(|preset| preset.name().to_owned())),
            ("host-memory", self.host_memory.map(|size| size.to_compose())),
            ("target", target.map(|value| value.get_name().to_owned())),
        ]
    }
}

fn glob(text: &str) -> Result<Glob, String> {
    Glob::new(text).map_err(|error| format!("not a glob: {}", error.kind()))
}

/// The name of a rule or a group.
fn rule(text: &str) -> Result<String, String> {
    let names =
        || RULES.iter().map(|rule| rule.meta().name).chain(Group::ALL.iter().map(|group| group.name()));
    if names().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    let near = nearest(text, names());
    Err(match near.first() {
        Some(name) => format!("there is no rule `{text}`: did you mean `{name}`?"),
        None => format!("there is no rule `{text}`: `oomlint rules` lists them"),
    })
}

/// A size as Compose takes it.
fn size(text: &str) -> Result<ByteSize, String> {
    let size =
        ByteSize::parse_compose(text).map_err(|_| format!("`{text}` is no size: write it as in 16g"))?;
    if size.0 > 0 { Ok(size) } else { Err("it is more than 0".to_owned()) }
}
