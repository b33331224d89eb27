//! Checks that Docker Compose makes of a merged project beyond its schema: contradictions, and names that nothing defines
//! (compose-go `loader/validate.go`, `validation/`, `loader/normalize.go`, `graph/cycle.go`).

mod circle;
mod names;
mod resources;
mod service;

use super::refusal::{Refusal, Refusals};
use super::value::{Entry, Kind, Map, Value};
use crate::source::Span;
use crate::syntax::yaml;

/// Adds contradictions and undefined names of a merged project. `self_contained` if no other file can add to it.
pub(super) fn check(merged: &Value, self_contained: bool, refusals: &mut Refusals) {
    let project = Project { value: merged, self_contained };
    resources::check(&project, refusals);
    for (name, entry) in project.section("services") {
        let Kind::Map(_) = entry.value.kind else { continue };
        let service = Subject { name, entry };
        service::check(&service, &project, refusals);
        names::check(&service, &project, refusals);
    }
    jobs(&project, refusals);
    service::check_container_names(&project, refusals);
    circle::check(&project, refusals);
}

/// Adds jobs with the name of a service, and what Compose checks of a job itself: far less than of a service.
fn jobs(project: &Project<'_>, refusals: &mut Refusals) {
    for (name, entry) in project.section("jobs").filter(|(name, _)| project.defines("services", name)) {
        let upstream = format!(
            "\"{name}\" is declared both as a service and a job: service and job names must be unique"
        );
        let message = format!("`{name}` is a service and a job");
        let other = project.map("services").and_then(|services| Some(services.get(name)?.key));
        let related = other.map(|key| (key, "the service".to_owned())).into_iter().collect();
        let refusal = refusal(entry.key, &entry.value, message, "the job: give it another name", upstream);
        refusals.add(Refusal { related, ..refusal });
    }
    for (name, entry) in project.section("jobs").filter(|(_, entry)| entry.value.as_map().is_some()) {
        let job = Subject { name, entry };
        service::short_forms(&job, refusals);
        service::hosts(&job, refusals);
        service::build_pairs(&job, refusals);
        triggers(&job, refusals);
        names::check_job(&job, project, refusals);
    }
}

/// Adds a job that nothing can start.
fn triggers(job: &Subject<'_>, refusals: &mut Refusals) {
    let Some(entry) = job.entry.value.get("triggers") else { return };
    let Some(map) = entry.value.as_map() else { return };
    if map.contains_key("manual") || map.contains_key("schedule") {
        return;
    }
    let upstream = format!("jobs.{}.triggers missing property 'manual'", job.name);
    let message = format!("`triggers` of the job `{}` has neither `manual` nor `schedule`", job.name);
    refusals.add(refusal(entry.key, &entry.value, message, "nothing starts it", upstream));
}

/// A merged project.
struct Project<'v> {
    value: &'v Value,
    /// A name that nothing defines here is defined nowhere.
    self_contained: bool,
}

impl<'v> Project<'v> {
    /// Returns the entries of `services`, `volumes` and the like.
    fn section(&self, name: &str) -> impl Iterator<Item = (&'v str, &'v Entry)> + use<'v> {
        let map = self.map(name);
        map.into_iter().flatten().map(|(name, entry)| (name.as_str(), entry))
    }

    fn map(&self, name: &str) -> Option<&'v Map> {
        self.value.at(&[name]).and_then(Value::as_map)
    }

    fn defines(&self, section: &str, name: &str) -> bool {
        self.map(section).is_some_and(|map| map.contains_key(name))
    }
}

/// A service.
#[derive(Clone, Copy)]
struct Subject<'v> {
    name: &'v str,
    entry: &'v Entry,
}

impl<'v> Subject<'v> {
    fn get(&self, path: &[&str]) -> Option<&'v Value> {
        self.entry.value.at(path).filter(|value| !value.is_null())
    }

    /// Returns text that is known and not empty.
    fn text(&self, path: &[&str]) -> Option<&'v str> {
        self.get(path).and_then(text).filter(|text| !text.is_empty())
    }

    /// Returns a refusal of a value in it.
    fn refusal(&self, value: &Value, message: String, label: &str, upstream: String) -> Refusal {
        Refusal {
            service: Some(self.name.to_owned()),
            ..refusal(value.span, value, message, label, upstream)
        }
    }

    /// Returns a refusal of the whole service, at its key.
    fn refusal_at_key(&self, message: String, label: &str, upstream: String) -> Refusal {
        let value = &self.entry.value;
        Refusal {
            service: Some(self.name.to_owned()),
            ..refusal(self.entry.key, value, message, label, upstream)
        }
    }
}

/// Returns a refusal at `span`, which belongs to `value`.
fn refusal(span: Span, value: &Value, message: String, label: &str, upstream: String) -> Refusal {
    Refusal { via: value.via.clone(), ..Refusal::new(span, message, label, upstream) }
}

/// Returns the text of a scalar, unless a variable in it has no value.
fn text(value: &Value) -> Option<&str> {
    value.as_scalar().filter(|scalar| scalar.unset.is_none()).map(|scalar| scalar.text.as_str())
}

/// Returns an integer, also one that is written as text.
fn integer(value: &Value) -> Option<i64> {
    let scalar = value.as_scalar().filter(|scalar| scalar.unset.is_none())?;
    match scalar.typed {
        yaml::Value::Int(number) => Some(number),
        // Compose cuts off what is behind the point.
        yaml::Value::Float(number) => Some(number as i64),
        _ => scalar.text.as_str().parse().ok(),
    }
}

/// Returns the items of a list. A scalar counts as a list of itself.
fn items(value: &Value) -> &[Value] {
    match &value.kind {
        Kind::Seq(items) => items,
        Kind::Scalar(_) => std::slice::from_ref(value),
        _ => &[],
    }
}

/// A name that a value refers to, with the span to report it at.
struct Named<'v> {
    name: &'v str,
    span: Span,
    value: &'v Value,
}

/// Returns the names in a list of texts, or the keys of a mapping.
fn named(value: Option<&Value>) -> Vec<Named<'_>> {
    let Some(value) = value else { return Vec::new() };
    match &value.kind {
        Kind::Map(map) => {
            map.iter().map(|(name, entry)| Named { name, span: entry.key, value: &entry.value }).collect()
        }
        _ => {
            let names = items(value).iter();
            names.filter_map(|item| Some(Named { name: text(item)?, span: item.span, value: item })).collect()
        }
    }
}
