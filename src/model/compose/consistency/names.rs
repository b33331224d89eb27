//! Names in a service that nothing in the project defines.

use super::super::refusal::{Refusal, Refusals, Undefined};
use super::super::short::{is_path, volume};
use super::super::value::Value;
use super::{Named, Project, Subject, items, named, text};
use crate::error::nearest;

pub(super) fn check(service: &Subject<'_>, project: &Project<'_>, refusals: &mut Refusals) {
    if !project.self_contained {
        return;
    }
    let grants = |path: &[&str]| service.get(path).map(items).unwrap_or_default();
    let reference = Reference { service, project };
    for network in named(service.get(&["networks"])).into_iter().filter(|network| network.name != "default") {
        reference.check(&network, "networks", "network", true, refusals);
    }
    for volume in service.get(&["volumes"]).map(items).unwrap_or_default() {
        if let Some(volume) = volume_source(volume) {
            reference.check(&volume, "volumes", "volume", true, refusals);
        }
    }
    for (path, section, kind) in [
        (&["configs"][..], "configs", "config"),
        (&["secrets"][..], "secrets", "secret"),
        (&["build", "secrets"][..], "secrets", "build secret"),
    ] {
        for grant in grants(path).iter().filter_map(granted) {
            reference.check(&grant, section, kind, path.len() == 1, refusals);
        }
    }
    for model in named(service.get(&["models"])) {
        reference.check(&model, "models", "model", false, refusals);
    }
    for other in dependencies(service) {
        if project.defines("jobs", other.name) {
            let (own, name) = (service.name, other.name);
            let upstream = format!(
                "service \"{own}\" cannot depend on job \"{name}\": services can only depend on other services: invalid compose project"
            );
            let message = format!("`{own}` depends on the job `{name}`");
            let refusal = service.refusal(other.value, message, "a job, and no service", upstream);
            refusals.add(Refusal { span: other.span, ..refusal });
        } else if !project.defines("services", other.name) {
            refusals.add(undefined_service(service, project, &other));
        }
    }
}

/// Adds what a job depends on and nothing defines.
pub(super) fn check_job(job: &Subject<'_>, project: &Project<'_>, refusals: &mut Refusals) {
    for other in dependencies(job).into_iter().filter(|_| project.self_contained) {
        let (own, name) = (job.name, other.name);
        if project.defines("services", name) || project.defines("jobs", name) {
            continue;
        }
        let upstream =
            format!("job \"{own}\" depends on undefined service or job \"{name}\": invalid compose project");
        let message = format!("the job `{own}` depends on `{name}`, which is not defined");
        let refusal = job.refusal(other.value, message, "no such service or job", upstream);
        refusals.add(Refusal { span: other.span, may_be_added: true, ..refusal });
    }
}

/// Returns the volume that an item of `volumes` names.
fn volume_source(item: &Value) -> Option<Named<'_>> {
    if let Some(entry) = item.get("source") {
        let is_volume = item.get("type").is_some_and(|kind| text(&kind.value) == Some("volume"));
        let name = text(&entry.value).filter(|name| is_volume && !name.is_empty())?;
        return Some(Named { name, span: entry.value.span, value: &entry.value });
    }
    let scalar = item.as_scalar()?;
    let source = volume(text(item)?).ok()?.source;
    let span = scalar.text.span_of(0..source.len());
    (!source.is_empty() && !is_path(source)).then_some(Named { name: source, span, value: item })
}

struct Reference<'a, 'v> {
    service: &'a Subject<'v>,
    project: &'a Project<'v>,
}

impl Reference<'_, '_> {
    fn check(
        &self,
        named: &Named<'_>,
        section: &'static str,
        kind: &str,
        in_stack: bool,
        refusals: &mut Refusals,
    ) {
        if self.project.defines(section, named.name) {
            return;
        }
        let (service, name) = (self.service.name, named.name);
        let meant = near(name, self.project, section);
        let label = meant.unwrap_or_else(|| format!("not in the top-level `{section}`"));
        let upstream =
            format!("service \"{service}\" refers to undefined {kind} {name}: invalid compose project");
        let message = format!("`{service}` uses the undefined {kind} `{name}`");
        let refusal = self.service.refusal(named.value, message, &label, upstream);
        let undefined = Some(Undefined { section, name: name.to_owned() });
        refusals.add(Refusal { span: named.span, in_stack, may_be_added: true, undefined, ..refusal });
    }
}

fn undefined_service(service: &Subject<'_>, project: &Project<'_>, other: &Named<'_>) -> Refusal {
    let (own, name) = (service.name, other.name);
    let label = near(name, project, "services").unwrap_or_else(|| "no such service".to_owned());
    let upstream =
        format!("service \"{own}\" depends on undefined service \"{name}\": invalid compose project");
    let message = format!("`{own}` depends on the undefined service `{name}`");
    let refusal = service.refusal(other.value, message, &label, upstream);
    let undefined = Some(Undefined { section: "services", name: name.to_owned() });
    Refusal { span: other.span, may_be_added: true, undefined, ..refusal }
}

fn near(name: &str, project: &Project<'_>, section: &str) -> Option<String> {
    let meant = nearest(name, project.section(section).map(|(name, _)| name));
    meant.first().map(|meant| format!("did you mean `{meant}`?"))
}

/// Returns the name in `secrets: [token]` or `{source: token}`.
fn granted(item: &Value) -> Option<Named<'_>> {
    let value = item.get("source").map_or(item, |entry| &entry.value);
    Some(Named { name: text(value)?, span: value.span, value })
}

/// Returns the services that Compose starts before this one, with the place that says so.
pub(super) fn dependencies<'v>(service: &Subject<'v>) -> Vec<Named<'v>> {
    let mut found = named(service.get(&["depends_on"]));
    for link in named(service.get(&["links"])) {
        let name = match link.name.split(':').collect::<Vec<_>>().as_slice() {
            [name, _] => *name,
            _ => link.name,
        };
        found.push(Named { name, ..link });
    }
    for key in ["network_mode", "ipc", "pid", "uts"] {
        let Some(value) = service.get(&[key]) else { continue };
        if let Some(name) = text(value).and_then(|text| text.strip_prefix("service:")) {
            found.push(Named { name, span: value.span, value });
        }
    }
    for from in named(service.get(&["volumes_from"])) {
        if !from.name.starts_with("container:") {
            found.push(Named { name: from.name.split(':').next().unwrap_or_default(), ..from });
        }
    }
    found
}
