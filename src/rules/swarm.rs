//! Keys that `docker stack deploy` does not take as `docker compose up` does.

use super::{Sink, Target};
use crate::finding::Applicability;
use crate::finding::fix::Request;
use crate::workload::{Fact, Workload};

/// A key, and what takes its place; nothing where nothing does.
pub(super) type Row = (&'static str, &'static str);

/// Reports the keys of a table, when the files are for Swarm: `verb` says what Swarm does with them, `label` what comes of it.
pub(super) fn report(workload: &Workload, sink: &mut Sink<'_>, rows: &[Row], verb: &str, label: &str) {
    if sink.policy().target != Target::Swarm {
        return;
    }
    for key in &workload.keys {
        let Some((_, instead)) = rows.iter().find(|(name, _)| *name == key.value) else { continue };
        let message = format!("`docker stack deploy` {verb} `{}` of `{}`", key.value, workload.name);
        let mut finding = sink.report(key.span, label, message).of(workload).via(&key.via);
        if !instead.is_empty() {
            finding = finding.help(format!("Swarm's own:\n  {}", instead.replace('\n', "\n  ")));
        }
        if let Some((path, value)) = elsewhere(workload, &key.value) {
            let set = Request::Set { owner: workload.anchor, path, value, after: "" };
            finding.ask(
                format!("move it to `{}`", path.join(".")),
                Applicability::Safe,
                &[],
                vec![set, Request::Remove { key: key.span }],
            );
        }
    }
}

/// Where the same value is taken by both, and how it is written there: Compose reads these keys below `deploy` too.
fn elsewhere(workload: &Workload, key: &str) -> Option<(&'static [&'static str], String)> {
    Some(match key {
        "mem_limit" => (&["deploy", "resources", "limits", "memory"], size(workload, key)?),
        "mem_reservation" => (&["deploy", "resources", "reservations", "memory"], size(workload, key)?),
        "pids_limit" => {
            (&["deploy", "resources", "limits", "pids"], written(&workload.pids_limit)?.to_string())
        }
        "cpus" => (&["deploy", "resources", "limits", "cpus"], format!("\"{}\"", written(&workload.cpus)?)),
        "scale" => (&["deploy", "replicas"], written(&workload.replicas)?.to_string()),
        _ => return None,
    })
}

/// A size as it is written; below `deploy` a number alone needs quotes.
fn size(workload: &Workload, key: &str) -> Option<String> {
    let size = workload.memory.keys.iter().find(|size| size.name == key && size.problem.is_none())?;
    written(&size.size)?;
    let text = size.text.as_str();
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    Some(if digits { format!("\"{text}\"") } else { text.to_owned() })
}

/// A value that stands in this place itself: a variable, or another file, would be lost by moving what it comes to.
fn written<T>(fact: &Fact<T>) -> Option<&T> {
    let known = fact.known()?;
    (known.via.is_empty() && known.default_of.is_none()).then_some(&known.value)
}
