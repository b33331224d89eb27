//! Arguments that select rules, configurations and the host.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::{Args, ValueEnum};

use super::machine;
use crate::check;
use crate::config::{Base, Config, Configs, Pattern, Patterns, RuleOrGroup, Size};
use crate::discover::{Discovered, RepositoryRoot};
use crate::error::Error;
use crate::lock::Locks;
use crate::rules::{Policy, Preset, Target};
use crate::source::{FileSystem, path_text};
use crate::syntax::size::ByteSize;

/// The arguments that choose rules.
#[derive(Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct Choices {
    /// Set of rules: minimal, recommended, strict [default: recommended]
    #[arg(long, help_heading = None, value_name = "PRESET", value_enum, hide_possible_values = true)]
    preset: Option<Preset>,

    /// Run only these rules or groups
    #[arg(long, help_heading = None, value_name = "RULE", value_delimiter = ',', value_parser = single_line_error(|text| RuleOrGroup::parse(text).map(|name| name.0.to_owned())))]
    select: Vec<String>,

    /// Skip these rules or groups
    #[arg(long, help_heading = None, value_name = "RULE", value_delimiter = ',', value_parser = single_line_error(|text| RuleOrGroup::parse(text).map(|name| name.0.to_owned())))]
    ignore: Vec<String>,

    #[command(flatten)]
    deployment: Deployment,

    #[command(flatten)]
    host: Host,

    #[command(flatten)]
    scope: Scope,
}

/// The arguments that describe the host, and the profiles that run on it.
#[derive(Args)]
#[command(next_help_heading = "Host")]
pub(super) struct Host {
    /// Memory of the host, as in 16g, or `auto` for this machine: checks that the stack fits
    #[arg(long, help_heading = None, value_name = "SIZE", value_parser = single_line_error(host_memory))]
    pub(super) host_memory: Option<ByteSize>,

    /// Memory that the host keeps for itself and other programs [default: by its size, 1843 MiB of 8g]
    #[arg(long, hide_short_help = true, value_name = "SIZE", value_parser = single_line_error(size))]
    pub(super) reserve: Option<ByteSize>,

    #[command(flatten)]
    pub(super) active: Active,
}

/// The argument that names the profiles that are active.
#[derive(Args)]
#[command(next_help_heading = "Host")]
pub(super) struct Active {
    /// Count the services of this profile, `*` for all [default: `COMPOSE_PROFILES` in .env]
    #[arg(long = "profile", hide_short_help = true, value_name = "PROFILE")]
    pub(super) profiles: Vec<String>,
}

/// The argument that tells where the files are deployed.
#[derive(Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct Deployment {
    /// Deployment target: compose, swarm [default: compose]
    #[arg(long, hide_short_help = true, value_name = "TARGET", value_enum, hide_possible_values = true)]
    pub(super) target: Option<Target>,
}

impl Host {
    /// Returns `policy` with the host memory and the profiles of the command line.
    pub(super) fn policy(&self, policy: Policy) -> Policy {
        Policy {
            host_memory: self.host_memory,
            reserve: self.reserve,
            profiles: self.active.profiles.clone(),
            ..policy
        }
    }
}

/// The arguments that choose configurations and exclude files.
#[derive(Args)]
#[command(next_help_heading = "Configuration")]
pub(super) struct Scope {
    /// Use this configuration file for all files [default: the nearest .oomlint.yaml or oomlint.yaml above each]
    #[arg(long, hide_short_help = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Ignore configuration files
    #[arg(long, hide_short_help = true, conflicts_with = "config")]
    no_config: bool,

    /// Exclude files that match this glob, as in .gitignore
    #[arg(long, hide_short_help = true, value_name = "GLOB", value_parser = single_line_error(Pattern::parse))]
    exclude: Vec<Pattern>,

    /// Exclude them even if they are named on the command line
    #[arg(long, hide_short_help = true)]
    force_exclude: bool,

    /// The configurations of this run, each read once.
    #[arg(skip)]
    found: OnceLock<Result<Arc<Configs>, Error>>,
}

impl Scope {
    /// Returns the source of configurations.
    pub(super) fn configs(&self, disk: &FileSystem) -> Result<Arc<Configs>, Error> {
        let find = || {
            Ok(Arc::new(match &self.config {
                _ if self.no_config => Configs::off(),
                Some(path) => {
                    tracing::info!("configuration `{}` for all files", path_text(path));
                    Configs::named(Config::read(path, disk)?)
                }
                None => Configs::on_disk(disk.clone()),
            }))
        };
        self.found.get_or_init(find).clone()
    }

    /// Adds the configurations and exclusions to the options, and removes excluded files from `discovered`.
    ///
    /// # Errors
    /// When a configuration of any file cannot be used.
    pub(super) fn apply(
        &self,
        options: check::Options,
        discovered: &mut Discovered,
    ) -> Result<check::Options, Error> {
        let configs = self.configs(&options.disk)?;
        let files: Vec<&Path> = discovered.files.iter().map(|found| found.path.as_path()).collect();
        configs.preload(&files)?;
        let locks = Arc::new(Locks::on_disk(options.disk.clone()));
        let named = discovered.image_locks.iter().map(PathBuf::as_path);
        locks.preload(files.into_iter().chain(named).map(|file| file.parent().unwrap_or(file)))?;
        let options = check::Options {
            locks: Some(locks),
            exclude: Patterns::new(&Base::at(Path::new("")), &self.exclude),
            force_exclude: self.force_exclude,
            configs: Some(configs),
            ..options
        };
        options.remove_excluded(discovered);
        Ok(options)
    }
}

impl Choices {
    /// Adds the choices to the options, and removes excluded files from `discovered`.
    ///
    /// # Errors
    /// When a configuration of any file cannot be used.
    pub(super) fn apply(
        &self,
        options: check::Options,
        discovered: &mut Discovered,
    ) -> Result<check::Options, Error> {
        let options = self.scope.apply(options, discovered)?;
        Ok(check::Options {
            preset: self.preset,
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            policy: self.host.policy(options.policy),
            target: self.deployment.target,
            ..options
        })
    }

    /// Returns the source of configurations.
    pub(super) fn configs(&self, disk: &FileSystem) -> Result<Arc<Configs>, Error> {
        self.scope.configs(disk)
    }

    /// Returns the configuration of the current directory, or of the root if that is elsewhere: it names the baseline of the run.
    pub(super) fn config_at(
        &self,
        root: &RepositoryRoot,
        disk: &FileSystem,
    ) -> Result<Option<Arc<Config>>, Error> {
        self.configs(disk)?.at(root.configured())
    }

    /// Returns the values given on the command line, by key of the configuration.
    pub(super) fn given(&self) -> [(&'static str, Option<String>); 4] {
        let target = self.deployment.target.and_then(|target| target.to_possible_value());
        [
            ("preset", self.preset.map(|preset| preset.name().to_owned())),
            ("host-memory", self.host.host_memory.map(|size| size.to_compose())),
            ("reserve", self.host.reserve.map(|size| size.to_compose())),
            ("target", target.map(|value| value.get_name().to_owned())),
        ]
    }
}

/// Reads a size.
pub(super) fn size(text: &str) -> Result<ByteSize, String> {
    Size::parse(text).map(|size| size.0)
}

/// Reads a size, or `auto` for the memory of this machine.
pub(super) fn host_memory(text: &str) -> Result<ByteSize, String> {
    if text == "auto" {
        return machine::memory()
            .ok_or_else(|| "the memory of this machine is not known: write it, as in 16g".to_owned());
    }
    size(text)
}

/// Adapts a parser to clap: appends the hint on the second line of an error message to its first line.
pub(super) fn single_line_error<T>(
    parse: impl Fn(&str) -> Result<T, String> + Clone,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| parse(text).map_err(|message| message.replace('\n', ": "))
}
