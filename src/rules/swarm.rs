//! Compose keys that `docker stack deploy` does not treat as `docker compose up` does.

use super::offer::as_string;
use super::{FindingBuilder, RuleContext, Target};
use crate::diagnostic::{Applicability, FixOp, Step};
use crate::syntax::size::SMALLEST_LIMIT;
use crate::workload::{Fact, FactName, Kind, ServiceKey, Workload};

/// A key and its replacement.
pub(super) type Row = (&'static str, Replacement);

/// The replacement of a key under Swarm.
pub(super) enum Replacement {
    /// There is none.
    Nothing,
    /// Advice, in words.
    Say(&'static str),
    /// `none` as the condition of `deploy.restart_policy`, for the policy `no`: Swarm acts on the others, though it says that it ignores
    /// them (docker/cli `cli/compose/convert/service.go`, `convertRestartPolicy`).
    Restart,
    /// The same value at this path, which Compose reads too.
    Below(&'static [&'static str]),
}

/// Reports the service's keys that are in a table, if the target is Swarm: `verb` is what Swarm does with them, `label` what follows.
pub(super) fn report(workload: &Workload, cx: &mut RuleContext<'_>, rows: &[Row], verb: &str, label: &str) {
    // Swarm knows neither jobs nor steps.
    if cx.policy().target != Target::Swarm || workload.kind != Kind::Service {
        return;
    }
    // Override files and extending services merge a `deploy` block differently from a plain key.
    let project = cx.project();
    let shared = project.changed_elsewhere(&workload.name).next().is_some()
        || project.is_deployed_elsewhere(&workload.name);
    // Once its own key is removed, it may inherit that of a base file or of the service that it extends.
    let own = |key: &ServiceKey| key.span.file == workload.anchor.file && key.via.is_empty();
    // Steps have the keys of their service, and nothing of its `deploy`.
    let has_steps = workload.key("pre_start").is_some();
    let alone =
        !shared && !has_steps && workload.service.via.is_empty() && workload.service.keys.iter().all(own);
    for key in &workload.service.keys {
        let Some((_, instead)) = rows.iter().find(|(name, _)| *name == key.name) else { continue };
        let is_restart = matches!(instead, Replacement::Restart);
        if is_restart && !restarts_all_the_same(workload) {
            continue;
        }
        let label = if is_restart { "Swarm restarts it all the same" } else { label };
        let message = format!("`docker stack deploy` {verb} `{}` of `{}`", key.name, workload.name);
        let mut finding = cx.report(key.span, message);
        finding.label(label).via(&key.via);
        match instead {
            Replacement::Nothing => {}
            Replacement::Say(text) => {
                finding.help(*text);
            }
            Replacement::Restart => restart(workload, alone, &mut finding),
            Replacement::Below(path) if workload.key(&path.join(".")).is_some() => {
                finding.help(format!("remove it: Swarm reads `{}`", path.join(".")));
            }
            Replacement::Below(path) => match moves(workload, rows, path).filter(|_| alone) {
                // The fix shows the new key with its value, so no help is needed.
                Some(steps) if steps.iter().any(|step| step.from == Some(key.name.as_str())) => {
                    let title = format!("move it to `{}`", path.join("."));
                    let op = FixOp::Steps { owner: workload.owner(), steps };
                    finding.fix_ops(title, Applicability::Safe, &[], vec![op]);
                }
                _ => {
                    finding.help(format!("write it as `{}`", path.join(".")));
                }
            },
        }
    }
}

/// Returns steps that move all keys of a table that belong in the block of `path`: with one of them there, Compose wants the
/// others there, too. `None` if the value of one is not known, or there is one in the block already.
fn moves(workload: &Workload, rows: &[Row], path: &[&str]) -> Option<Vec<Step>> {
    let block = path.split_last()?.1;
    let in_block = rows.iter().filter_map(|(name, instead)| match instead {
        Replacement::Below(path) if path.split_last().is_some_and(|(_, above)| above == block) => {
            workload.key(name).map(|_| (*name, *path))
        }
        _ => None,
    });
    in_block
        .map(|(name, path)| {
            let is_free = workload.key(&path.join(".")).is_none();
            let value = value(workload, name).filter(|_| is_free)?;
            Some(Step { from: Some(name), path, value })
        })
        .collect()
}

/// True for the policy `no` where no block of `deploy` overrides it: Swarm's own condition is `any`.
fn restarts_all_the_same(workload: &Workload) -> bool {
    workload.process.policy() == Some(("no", None)) && workload.key("deploy.restart_policy").is_none()
}

/// Offers the policy `no` in the form that Swarm reads.
fn restart(workload: &Workload, alone: bool, finding: &mut FindingBuilder<'_>) {
    let path = &["deploy", "restart_policy", "condition"];
    if !alone || written(&workload.process.restart).is_none() {
        finding.help(format!("write it as `{}: none`", path.join(".")));
        return;
    }
    let step = Step { from: Some("restart"), path, value: "none".to_owned() };
    let request = FixOp::Steps { owner: workload.owner(), steps: vec![step] };
    finding.fix_ops(
        format!("move it to `{}`", path.join(".")),
        Applicability::Unsafe,
        &[FactName::Restart],
        vec![request],
    );
}

/// Returns a key's value as written below `deploy`, if it is known.
fn value(workload: &Workload, key: &str) -> Option<String> {
    match key {
        "pids_limit" => written(&workload.resources.pids_limit).map(i64::to_string),
        "cpus" => written(&workload.resources.cpus).map(|cpus| format!("\"{cpus}\"")),
        "scale" => written(&workload.resources.replicas).map(i64::to_string),
        _ => size(workload, key),
    }
}

/// Returns a size as written, with its variables.
fn size(workload: &Workload, key: &str) -> Option<String> {
    let size = workload.service.size_keys.iter().find(|size| size.name == key && size.problem.is_none())?;
    // The engine refuses less, and takes 0 for no limit.
    let is_enough = size.size.value().is_none_or(|size| *size >= SMALLEST_LIMIT);
    (size.via.is_empty() && is_enough).then(|| as_string(&size.template))
}

/// Returns a value if it is written here itself. Moving the value of a variable or of another file would lose that source.
fn written<T>(fact: &Fact<T>) -> Option<&T> {
    let known = fact.known()?;
    (known.via.is_empty() && known.default_for.is_none()).then_some(&known.value)
}
