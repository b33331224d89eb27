//! Writes a plan as an override file, which has limits and what goes with them, and nothing else.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{Services, Settings, StackPlan, State, Written, only};
use crate::check::Options;
use crate::discover::Discovered;
use crate::hash::HashSet;
use crate::source::{Overlay, normalize};
use crate::syntax::size::ByteSize;
use crate::workload::{Fact, Project, Workload};

/// Marks a file that `oomlint fit` wrote, and may overwrite.
const MARK: &str = "written by `oomlint fit`";

/// An override file with the limits of a plan.
#[derive(Clone, Debug, Default)]
pub struct LimitsFile {
    /// Its text.
    pub text: String,
    /// Services that are not in it, with the reason: lower case, no full stop.
    pub left_out: Vec<(String, String)>,
    /// The files to start the stack with, in order: its own, and this one last.
    pub merged: Vec<PathBuf>,
    /// Settings of services that an override file cannot make, such as an option in a command.
    pub by_hand: Vec<(String, String)>,
}

/// Returns the override file of one stack's written plan, at `path`. Services for which a rule would find more are left out. None if
/// the files no longer have the stack.
#[must_use]
pub fn limits_file(
    options: &Options,
    stack: &StackPlan,
    written: &Written,
    discovered: &Discovered,
    path: &Path,
) -> Option<LimitsFile> {
    let texts: Overlay = written.files.iter().map(|(path, _, new)| (path.clone(), new.clone())).collect();
    let before = State::of(options, discovered, &Overlay::new());
    let after = State::of(options, discovered, &texts);
    let one = std::slice::from_ref(stack);
    let (first, old) = before.of_stacks(one).next()?;
    let (_, new) = after.of_stacks(one).next()?;
    let both = |name: &str| Some((named(old, name)?, named(new, name)?));
    // Alone, so that its findings are those of the stack with and without the file.
    let base = Options { compose_files: stack.paths.clone(), targets: None, ..options.clone() };
    let alone = State::of(&base, &only(&stack.paths), &Overlay::new());
    // An earlier one may be among the files of the stack.
    let is_this = |own: &&PathBuf| normalize(own) == normalize(path);
    let merged: Vec<PathBuf> =
        stack.paths.iter().filter(|own| !is_this(own)).cloned().chain([path.to_path_buf()]).collect();
    let services = Services::alone(stack);
    let mut left_out: Vec<(String, String)> = Vec::new();
    loop {
        let out: HashSet<&str> = left_out.iter().map(|(name, _)| name.as_str()).collect();
        let own = stack.demands.iter().filter(|demand| !out.contains(demand.name.as_str()));
        let text = text(own.filter_map(|demand| both(&demand.name)), stack, &merged);
        let options = Options { compose_files: merged.clone(), ..base.clone() };
        let with = State::of(&options, &only(&merged), &Overlay::from([(path.to_path_buf(), text.clone())]));
        let harmed: Vec<(String, String)> = with
            .harmed(&alone, &services)
            .into_iter()
            .map(|((_, name), why)| (name, why))
            .filter(|(name, _)| !out.contains(name.as_str()))
            .collect();
        if harmed.is_empty() {
            let settings = written.settings.iter().filter(|((path, _), _)| path == first);
            let by_hand = settings.filter_map(|((_, name), titles)| {
                let (old, new) = both(name)?;
                variables(old, new).is_empty().then(|| (name.clone(), titles.join("; ")))
            });
            return Some(LimitsFile { text, merged, by_hand: by_hand.collect(), left_out });
        }
        left_out.extend(harmed);
    }
}

/// Returns the service of a name.
fn named<'p>(project: &'p Project, name: &str) -> Option<&'p Workload> {
    project.workloads.iter().find(|workload| workload.name == name)
}

fn text<'w>(
    pairs: impl Iterator<Item = (&'w Workload, &'w Workload)>,
    stack: &StackPlan,
    merged: &[PathBuf],
) -> String {
    let host = stack.plans.first().map(|plan| plan.room.host).unwrap_or_default();
    let mut out = format!("# Memory limits for a host with {host}, {MARK}, which overwrites this file.\n");
    let names: Vec<String> = merged
        .iter()
        .take(merged.len().saturating_sub(1))
        .map(|path| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned())
        .collect();
    if names.iter().all(|name| name.bytes().all(|b| b.is_ascii_graphic())) {
        let _ = writeln!(out, "# docker compose -f {} -f <this file> up -d", names.join(" -f "));
    }
    out.push_str("services:\n");
    let mut any = false;
    for (old, new) in pairs {
        let settings = Settings::of(new);
        let Some(limit) = settings.limit.filter(|_| new.step().is_none()) else { continue };
        // A limit that a variable sets stays with its variable.
        if new.limit_key().is_some_and(|key| key.text.varies()) {
            continue;
        }
        any = true;
        let _ = writeln!(out, "  {}:", quoted(&new.name));
        in_form(&mut out, old, new, (limit, settings.reservation));
        if let Some(swap) = settings.swap {
            let _ = writeln!(out, "    memswap_limit: {}", swap.to_compose());
        }
        let variables = variables(old, new);
        if !variables.is_empty() {
            out.push_str("    environment:\n");
        }
        for (name, value) in variables {
            let _ = writeln!(out, "      {}: {}", quoted(&name), quoted(&value.replace('$', "$$")));
        }
    }
    if !any {
        out.truncate(out.len() - "services:\n".len());
        out.push_str("services: {}\n");
    }
    out
}

/// Writes a limit and a reservation, each in the form that it has in the written service: below `deploy`, or with a short key.
fn in_form(
    out: &mut String,
    old: &Workload,
    new: &Workload,
    (limit, reservation): (ByteSize, Option<ByteSize>),
) {
    let in_deploy = new.limit_key().is_some_and(|key| key.name != "mem_limit");
    let short = new.key("mem_reservation").is_some();
    let reserves = |in_deploy: bool| reservation.filter(|_| short != in_deploy);
    if !in_deploy {
        let _ = writeln!(out, "    mem_limit: {}", limit.to_compose());
    }
    if let Some(size) = reserves(false) {
        let _ = writeln!(out, "    mem_reservation: {}", size.to_compose());
    }
    if !in_deploy && reserves(true).is_none() {
        return;
    }
    let text = |size: ByteSize| match size.to_compose() {
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => format!("\"{digits}\""),
        text => text,
    };
    out.push_str("    deploy:\n      resources:\n");
    if in_deploy {
        let _ = writeln!(out, "        limits:\n          memory: {}", text(limit));
        // Compose refuses a `limits` block that has another value than the short key, or none.
        if let Some(cpus) = old.resources.cpus.value().filter(|_| old.key("cpus").is_some()) {
            let _ = writeln!(out, "          cpus: \"{cpus}\"");
        }
        if let Some(pids) = old.resources.pids_limit.value().filter(|_| old.key("pids_limit").is_some()) {
            let _ = writeln!(out, "          pids: {pids}");
        }
    }
    if let Some(size) = reserves(true) {
        let _ = writeln!(out, "        reservations:\n          memory: {}", text(size));
    }
}

/// Returns the variables that differ between two states of a service, with the new values.
fn variables(old: &Workload, new: &Workload) -> Vec<(String, String)> {
    let value = |workload: &Workload, name: &str| match &workload.env.get(name)?.value {
        Fact::Known(text) => Some(text.value.as_str().to_owned()),
        _ => None,
    };
    let changed = new.env.keys().filter_map(|name| {
        let now = value(new, name)?;
        (value(old, name).as_ref() != Some(&now)).then(|| (name.clone(), now))
    });
    changed.collect()
}

/// Quotes a text for YAML, unless it is a plain word.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_word = !matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
    );
    if begins && is_word && text.chars().all(plain) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

/// Returns whether a file may be overwritten: it has the words of [`MARK`] in its first line.
#[must_use]
pub fn is_own(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.starts_with('#') && line.contains(MARK))
}
