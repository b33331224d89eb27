//! Which rules run, and what they are told.

use clap::Args;

use crate::engine;
use crate::error::nearest;
use crate::model::size::ByteSize;
use crate::rules::{Group, Policy, Preset, RULES, Target};

/// The arguments that choose rules.
#[derive(Args)]
pub(super) struct Choices {
    /// Which rules run: minimal, recommended, strict
    #[arg(long, value_name = "PRESET", value_enum, default_value_t, hide_possible_values = true)]
    preset: Preset,

    /// Only these rules and groups, whatever the preset; may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    select: Vec<String>,

    /// None of these rules and groups; may be repeated
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    ignore: Vec<String>,

    /// Memory of the machine that runs it all, as in 16g: limits and reservations are held against it
    #[arg(long, value_name = "SIZE", value_parser = size)]
    host_memory: Option<ByteSize>,

    /// Who runs the files: compose, swarm
    #[arg(long, value_name = "TARGET", value_enum, default_value_t, hide_possible_values = true)]
    target: Target,
}

impl Choices {
    /// The options with the choices in them.
    pub(super) fn apply(&self, options: engine::Options) -> engine::Options {
        engine::Options {
            preset: self.preset,
            select: self.select.clone(),
            ignore: self.ignore.clone(),
            policy: Policy { host_memory: self.host_memory, target: self.target, ..options.policy },
            ..options
        }
    }
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
