//! Keys that `docker stack deploy` does not take as `docker compose up` does.

use super::{Sink, Target};
use crate::finding::Applicability;
use crate::finding::fix::{Request, as_string};
use crate::workload::{Fact, Workload};

/// A key, and what takes its place.
pub(super) type Row = (&'static str, Instead);

/// What takes a key's place.
pub(super) enum Instead {
    /// Nothing does.
    Nothing,
    /// Something else, to be pasted.
    Paste(&'static str),
    /// The same value below these keys, which Compose reads too; and such a value.
    Below(&'static [&'static str], &'static str),
}

/// Reports the keys of a table, when the files are for Swarm: `verb` says what Swarm does with them, `label` what comes of it.
pub(super) fn report(workload: &Workload, sink: &mut Sink<'_>, rows: &[Row], verb: &str, label: &str) {
    if sink.policy().target != Target::Swarm {
        return;
    }
    for key in &workload.keys {
        let Some((_, instead)) = rows.iter().find(|(name, _)| *name == key.value) else { continue };
        let message = format!("`docker stack deploy` {verb} `{}` of `{}`", key.value, workload.name);
        let finding = sink.report(key.span, label, message).of(workload).via(&key.via);
        let help = |text: &str| format!("Swarm's own:\n  {}", text.replace('\n', "\n  "));
        match instead {
            Instead::Nothing => {}
            Instead::Paste(text) => _ = finding.help(help(text)),
            Instead::Below(path, example) => match value(workload, &key.value) {
                // The patch says it with the value itself.
                Some(value) => {
                    let moved = Request::Move { key: key.span, owner: workload.anchor, path, value };
                    let title = format!("move it to `{}`", path.join("."));
                    finding.ask(title, Applicability::Safe, &[], vec![moved]);
                }
                None => _ = finding.help(help(&below(path, example))),
            },
        }
    }
}

/// Keys below each other, a line each.
fn below(path: &[&str], value: &str) -> String {
    let keys: Vec<String> =
        path.iter().enumerate().map(|(depth, key)| format!("{}{key}:", "  ".repeat(depth))).collect();
    format!("{} {value}", keys.join("\n"))
}

/// A key's value as it is written below `deploy`, where that is known.
fn value(workload: &Workload, key: &str) -> Option<String> {
    match key {
        "pids_limit" => written(&workload.pids_limit).map(i64::to_string),
        "cpus" => written(&workload.cpus).map(|cpus| format!("\"{cpus}\"")),
        "scale" => written(&workload.replicas).map(i64::to_string),
        _ => size(workload, key),
    }
}

/// A size as it is written.
fn size(workload: &Workload, key: &str) -> Option<String> {
    let size = workload.memory.keys.iter().find(|size| size.name == key && size.problem.is_none())?;
    written(&size.size)?;
    Some(as_string(size.text.as_str()))
}

/// A value that stands in this place itself: a variable, or another file, would be lost by moving what it comes to.
fn written<T>(fact: &Fact<T>) -> Option<&T> {
    let known = fact.known()?;
    (known.via.is_empty() && known.default_of.is_none()).then_some(&known.value)
}
