//! Keys that `docker stack deploy` does not take as `docker compose up` does.

use super::{Sink, Target};
use crate::workload::Workload;

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
        let finding = sink.report(key.span, label, message).of(workload).via(&key.via);
        if !instead.is_empty() {
            finding.help(format!("Swarm's own:\n  {}", instead.replace('\n', "\n  ")));
        }
    }
}
