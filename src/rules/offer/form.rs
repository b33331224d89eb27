//! Advice for containers that `docker inspect` describes: a command to run, flags to add, and the keys of the Compose service that a
//! container was made from.

use super::Offer;
use crate::diagnostic::{Edit, FixOp};
use crate::rules::form::Form;
use crate::source::Span;
use crate::syntax::size::ByteSize;
use crate::workload::{Described, Description, SettingName, Workload, shell_quoted};

impl Offer<'_> {
    /// Returns the name of a setting in the form of what describes the workload.
    pub(in crate::rules) fn name_of(&self, setting: SettingName) -> &'static str {
        match self.workload.described() {
            Some(described) if described.launch.is_none() => setting.run,
            None if self.in_deploy() => setting.deploy.unwrap_or(setting.key),
            _ => Form::of(self.workload).name(setting),
        }
    }

    /// Returns how a setting is added, in that form: ``add `mem_limit: <size>` ``, ``run `docker update --memory <size> web` ``.
    pub(in crate::rules) fn add(&self, setting: SettingName, value: &str) -> String {
        match self.workload.described() {
            Some(described) if described.launch.is_none() => {
                let mut flags = vec![Form::Run.setting(setting, value)];
                if setting == SettingName::LIMIT {
                    let both = SwapState::of(self.workload).for_limit(value);
                    flags.push(Form::Run.setting(SettingName::SWAP_LIMIT, &both));
                }
                format!("run `{}`", update(described, &flags))
            }
            Some(_) => format!("add `{}`", Form::of(self.workload).setting(setting, value)),
            None => format!("add `{}: {value}`", self.name_of(setting)),
        }
    }
}

/// Returns the command that changes a container.
fn update(described: &Described, flags: &[String]) -> String {
    let tool = match described.by {
        Description::Inspect { podman: true, .. } => "podman",
        _ => "docker",
    };
    let name = described.container.as_deref().unwrap_or("CONTAINER");
    format!("{tool} update {} {name}", flags.join(" "))
}

/// The advice in place of a fix where there is no file to fix.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Instead {
    described: Described,
    /// The spans of the values of its size keys, and the names of these.
    sizes: Vec<(Span, &'static str)>,
    /// The facts from which the swap limit is computed when the memory limit changes.
    swap: SwapState,
}

/// The memory and swap limits that a container has, from which the swap limit for a new memory limit follows.
#[derive(Clone, Copy, Debug)]
struct SwapState {
    /// Memory and swap, as the engine has it.
    both: Option<i64>,
    limit: Option<ByteSize>,
    /// It has no memory limit, so that what it has of swap says nothing.
    is_unlimited: bool,
    /// Someone asked for it: it is not the engine's default.
    is_set: bool,
}

impl Instead {
    /// Returns what is needed of a workload that no Compose file describes.
    pub(in crate::rules) fn of(workload: &Workload) -> Option<Self> {
        let described = workload.described().filter(|described| described.launch.is_none())?.clone();
        let keys = workload.service.size_keys.iter();
        let sizes = keys.filter_map(|key| Some((key.size.known()?.span, key.name))).collect();
        Some(Self { described, sizes, swap: SwapState::of(workload) })
    }

    /// Returns the help for a fix: its title, with what to run or to write.
    pub(in crate::rules) fn help(&self, title: &str, ops: &[FixOp], edits: &[Edit]) -> String {
        if let [edit] = edits
            && ops.is_empty()
            && !edit.replacement.trim().is_empty()
            && !edit.replacement.contains('\n')
            && !title.contains(edit.replacement.trim())
        {
            return format!("{title}: `{}`", edit.replacement.trim());
        }
        let Some(settings) = self.settings(ops).filter(|_| edits.is_empty()) else {
            return title.to_owned();
        };
        let mut flags: Vec<String> = Vec::new();
        let mut keys = String::new();
        let mut can_update = true;
        for (setting, value) in &settings {
            can_update &= setting.updates;
            flags.push(Form::Run.setting(*setting, value));
            keys.push_str(&format!("\n  {}: {value}", setting.key));
        }
        let variables = ops.iter().filter_map(|op| match op {
            FixOp::SetVariables { variables, .. } => Some(variables),
            _ => None,
        });
        let variables: Vec<&(String, String)> = variables.flatten().collect();
        if !variables.is_empty() {
            can_update = false;
            let set = variables
                .iter()
                .map(|(name, value)| format!("--env {}", shell_quoted(&format!("{name}={value}"))));
            flags.extend(set);
            let lines = variables.iter().map(|(name, value)| format!("\n    {name}: \"{value}\""));
            keys.push_str(&format!("\n  environment:{}", lines.collect::<String>()));
        }
        if flags.is_empty() {
            return title.to_owned();
        }
        let value_of = |asked| settings.iter().find(|(setting, _)| *setting == asked).map(|(_, value)| value);
        let limit = value_of(SettingName::LIMIT);
        if let Some(limit) = limit.filter(|_| value_of(SettingName::SWAP_LIMIT).is_none()) {
            let both = self.swap.for_limit(limit);
            // Compose takes the same default as the engine.
            if self.swap.is_set {
                keys.push_str(&format!("\n  {}", Form::Compose.setting(SettingName::SWAP_LIMIT, &both)));
            }
            flags.push(Form::Run.setting(SettingName::SWAP_LIMIT, &both));
        }
        let service = self.described.compose.as_ref().and_then(|labels| labels.service.as_deref());
        match (can_update, service) {
            (true, None) => format!("{title}:\n  {}", update(&self.described, &flags)),
            (true, Some(service)) => format!(
                "{title}:\n  {}\nand in its service `{service}`, or the next `up` takes it back:{keys}",
                update(&self.described, &flags)
            ),
            (false, None) => format!("{title}, in a new container: `{}`", flags.join(" ")),
            (false, Some(service)) => format!("{title}, in its service `{service}`:{keys}"),
        }
    }

    /// Returns what operations set, with values as people write them. `None` if one does something else.
    fn settings(&self, ops: &[FixOp]) -> Option<Vec<(SettingName, String)>> {
        let mut settings = Vec::new();
        for op in ops {
            match op {
                FixOp::Set { path: [key], value, .. }
                | FixOp::SetNear { path: [key], below: [], value, .. } => {
                    settings.push((SettingName::of_key(key)?, readable(value)));
                }
                FixOp::Replace { value, text } => {
                    let (_, key) = self.sizes.iter().find(|(span, _)| span == value)?;
                    settings.push((SettingName::of_key(key)?, readable(text)));
                }
                FixOp::SetVariables { .. } => {}
                _ => return None,
            }
        }
        Some(settings)
    }
}

impl SwapState {
    fn of(workload: &Workload) -> Self {
        let service = &workload.service;
        let both = workload.described().and_then(|described| match described.by {
            Description::Inspect { swap, .. } => swap,
            Description::CommandLine => Some(0),
        });
        let limit = service.mem_limit.value().copied();
        let is_unlimited = service.mem_limit.is_absent();
        Self { both, limit, is_unlimited, is_set: service.memswap_limit.value().is_some() }
    }

    /// Returns the swap limit for a new memory limit. The engine refuses a limit above that of swap, and a container without
    /// one has 0 there (moby 04f52762 `daemon/container/container_unix.go`, `UpdateContainer`).
    fn for_limit(self, limit: &str) -> String {
        // What is not known may be more swap than any number here.
        let Some(both) = self.both else { return "<size>".to_owned() };
        let new = ByteSize::parse_compose(limit).ok();
        let size = match both {
            -1 if !self.is_unlimited => return "-1".to_owned(),
            // Nothing was said: what the engine takes then, as much swap as memory.
            both if both <= 0
                || self.is_unlimited
                || self.limit.is_some_and(|old| both == old.0.saturating_mul(2)) =>
            {
                new.map(|new| ByteSize(new.0.saturating_mul(2)))
            }
            // More than the old limit is swap that someone asked for.
            both if self.limit.is_none_or(|old| both > old.0) => new.map(|new| new.max(ByteSize(both))),
            // No swap was asked for.
            _ => new,
        };
        size.map_or_else(|| limit.to_owned(), ByteSize::to_compose)
    }
}

/// Writes a number of bytes with a unit.
fn readable(value: &str) -> String {
    match value.parse() {
        Ok(bytes) if bytes > 0 => ByteSize(bytes).to_compose(),
        _ => value.to_owned(),
    }
}
