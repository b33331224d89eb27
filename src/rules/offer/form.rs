//! Advice for containers that `docker inspect` describes: a command to run, flags to add, and the keys of the Compose service that a
//! container was made from.

use super::Offer;
use crate::diagnostic::{Edit, FixOp};
use crate::rules::form::Form;
use crate::source::Span;
use crate::syntax::size::ByteSize;
use crate::workload::{Described, Description, Workload, shell_quoted};

/// A setting that advice names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::rules) enum Asked {
    Limit,
    Reservation,
    Pids,
    Cpus,
}

impl Asked {
    /// Returns its names: the short key of Compose, the one below `deploy`, the flag of `docker run` and `docker update`.
    fn names(self) -> [&'static str; 3] {
        match self {
            Self::Limit => ["mem_limit", "deploy.resources.limits.memory", "--memory"],
            Self::Reservation => {
                ["mem_reservation", "deploy.resources.reservations.memory", "--memory-reservation"]
            }
            Self::Pids => ["pids_limit", "deploy.resources.limits.pids", "--pids-limit"],
            Self::Cpus => ["cpus", "deploy.resources.limits.cpus", "--cpus"],
        }
    }
}

impl Offer<'_> {
    /// Returns the name of a setting in the form of what describes the workload.
    pub(in crate::rules) fn name_of(&self, what: Asked) -> &'static str {
        let [short, long, flag] = what.names();
        match self.workload.described() {
            Some(_) => Form::of(self.workload).flag(short).unwrap_or(flag),
            None if self.in_deploy() => long,
            None => short,
        }
    }

    /// Returns how a setting is added, in that form: ``add `mem_limit: <size>` ``, ``run `docker update --memory <size> web` ``.
    pub(in crate::rules) fn add(&self, what: Asked, value: &str) -> String {
        let name = self.name_of(what);
        match self.workload.described() {
            None => format!("add `{name}: {value}`"),
            Some(described) => match described.by {
                Description::CommandLine => format!("add `{name} {value}`"),
                Description::Inspect { .. } => {
                    let mut flags = vec![(name, value.to_owned())];
                    if what == Asked::Limit {
                        flags.push((SWAP, SwapBeside::of(self.workload).beside(value)));
                    }
                    format!("run `{}`", update(described, &flags))
                }
            },
        }
    }
}

const SWAP: &str = "--memory-swap";

/// Keys of a service and the flags of the same meaning, with whether `docker update` changes it in a container that runs (docker/cli
/// `docs/reference/commandline/container_update.md`).
const FLAGS: [(&str, &str, bool); 8] = [
    ("mem_limit", "--memory", true),
    ("memswap_limit", SWAP, true),
    ("mem_reservation", "--memory-reservation", true),
    ("pids_limit", "--pids-limit", true),
    ("cpus", "--cpus", true),
    ("restart", "--restart", true),
    ("shm_size", "--shm-size", false),
    ("init", "--init", false),
];

/// Returns the command that changes a container.
fn update(described: &Described, flags: &[(&str, String)]) -> String {
    let tool = match described.by {
        Description::Inspect { podman: true, .. } => "podman",
        _ => "docker",
    };
    let name = described.container.as_deref().unwrap_or("CONTAINER");
    format!("{tool} update {} {name}", joined(flags))
}

fn joined(flags: &[(&str, String)]) -> String {
    flags.iter().map(|(flag, value)| format!("{flag} {value}")).collect::<Vec<_>>().join(" ")
}

/// What takes the place of a fix where there is no file to fix.
#[derive(Clone, Debug)]
pub(in crate::rules) struct Instead {
    described: Described,
    /// The spans of the values of its size keys, and the names of these.
    sizes: Vec<(Span, &'static str)>,
    /// The swap limit beside a new limit, by the size of that.
    swap: SwapBeside,
}

/// What is to know of a container to write a swap limit beside a new memory limit.
#[derive(Clone, Copy, Debug)]
struct SwapBeside {
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
        Some(Self { described, sizes, swap: SwapBeside::of(workload) })
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
        let mut flags: Vec<(&str, String)> = Vec::new();
        let mut keys = String::new();
        let mut can_update = true;
        for (key, value) in &settings {
            let Some((_, flag, updates)) = FLAGS.iter().find(|(known, ..)| known == key) else {
                return title.to_owned();
            };
            can_update &= updates;
            flags.push((*flag, value.clone()));
            keys.push_str(&format!("\n  {key}: {value}"));
        }
        let variables = ops.iter().filter_map(|op| match op {
            FixOp::SetVariables { variables, .. } => Some(variables),
            _ => None,
        });
        let variables: Vec<&(String, String)> = variables.flatten().collect();
        if !variables.is_empty() {
            can_update = false;
            let pairs =
                variables.iter().map(|(name, value)| ("--env", shell_quoted(&format!("{name}={value}"))));
            flags.extend(pairs);
            let lines = variables.iter().map(|(name, value)| format!("\n    {name}: \"{value}\""));
            keys.push_str(&format!("\n  environment:{}", lines.collect::<String>()));
        }
        if flags.is_empty() {
            return title.to_owned();
        }
        let limit = settings.iter().find(|(key, _)| *key == "mem_limit").map(|(_, value)| value.clone());
        if let Some(limit) = limit.filter(|_| !settings.iter().any(|(key, _)| *key == "memswap_limit")) {
            let both = self.swap.beside(&limit);
            // Compose takes the same default as the engine.
            if self.swap.is_set {
                keys.push_str(&format!("\n  memswap_limit: {both}"));
            }
            flags.push((SWAP, both));
        }
        let service = self.described.compose.as_ref().and_then(|labels| labels.service.as_deref());
        match (can_update, service) {
            (true, None) => format!("{title}:\n  {}", update(&self.described, &flags)),
            (true, Some(service)) => format!(
                "{title}:\n  {}\nand in its service `{service}`, or the next `up` takes it back:{keys}",
                update(&self.described, &flags)
            ),
            (false, None) => format!("{title}, in a new container: `{}`", joined(&flags)),
            (false, Some(service)) => format!("{title}, in its service `{service}`:{keys}"),
        }
    }

    /// Returns the keys that operations set, with values as people write them. `None` if one does something else.
    fn settings(&self, ops: &[FixOp]) -> Option<Vec<(&'static str, String)>> {
        let mut settings = Vec::new();
        for op in ops {
            match op {
                FixOp::Set { path: [key], value, .. }
                | FixOp::SetNear { path: [key], below: [], value, .. } => {
                    settings.push((*key, readable(value)));
                }
                FixOp::Replace { value, text } => {
                    let (_, key) = self.sizes.iter().find(|(span, _)| span == value)?;
                    settings.push((*key, readable(text)));
                }
                FixOp::SetVariables { .. } => {}
                _ => return None,
            }
        }
        Some(settings)
    }
}

impl SwapBeside {
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

    /// Returns the swap limit that goes with a new memory limit. The engine refuses a limit above that of swap, and a container without
    /// one has 0 there (moby 04f52762 `daemon/container/container_unix.go`, `UpdateContainer`).
    fn beside(self, limit: &str) -> String {
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
