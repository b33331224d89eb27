//! Services that wait for each other in a circle.

use super::super::refusal::{Refusal, Refusals};
use super::names::dependencies;
use super::{Named, Project, Subject};
use crate::hash::HashMap;

/// The state of a service in the depth-first search.
#[derive(Clone, Copy, PartialEq)]
enum State {
    InProgress,
    Done,
}

/// A service on the current path, with the dependencies that are still to be followed.
struct Step<'v> {
    service: Subject<'v>,
    rest: std::vec::IntoIter<Named<'v>>,
}

impl<'v> Step<'v> {
    fn of(service: Subject<'v>) -> Self {
        Self { rest: dependencies(&service).into_iter(), service }
    }
}

/// Adds each circle once, at the dependency that closes it.
pub(super) fn check(project: &Project<'_>, refusals: &mut Refusals) {
    let mut states: HashMap<&str, State> = HashMap::default();
    for (name, entry) in project.section("services") {
        if states.contains_key(name) {
            continue;
        }
        states.insert(name, State::InProgress);
        let mut way = vec![Step::of(Subject { name, entry })];
        while let Some(last) = way.last_mut() {
            let Some(next) = last.rest.next() else {
                states.insert(last.service.name, State::Done);
                way.pop();
                continue;
            };
            match states.get(next.name) {
                Some(State::Done) => {}
                Some(State::InProgress) => {
                    let names: Vec<&str> = way.iter().map(|step| step.service.name).collect();
                    let start = names.iter().position(|name| *name == next.name).unwrap_or_default();
                    let service = way.last().map(|step| step.service);
                    if let Some(service) = service {
                        refusals.add(circle(service, &next, names.get(start..).unwrap_or_default()));
                    }
                }
                None => {
                    let found = project.map("services").and_then(|map| map.get_key_value(next.name));
                    if let Some((name, entry)) = found {
                        states.insert(name, State::InProgress);
                        way.push(Step::of(Subject { name, entry }));
                    }
                }
            }
        }
    }
}

fn circle(service: Subject<'_>, next: &Named<'_>, names: &[&str]) -> Refusal {
    // Compose begins with the first in the alphabet.
    let first = names.iter().enumerate().min_by_key(|(_, name)| **name).map_or(0, |(at, _)| at);
    let (tail, head) = names.split_at(first);
    let mut way: Vec<&str> = head.iter().chain(tail).copied().collect();
    way.extend(head.first());
    let (own, way) = (service.name, way.join(" -> "));
    let message = match names {
        [_] => format!("`{own}` depends on itself"),
        _ => format!("`{own}` depends on `{}`, and that on `{own}`", next.name),
    };
    let upstream = format!("dependency cycle detected: {way}");
    Refusal { span: next.span, ..service.refusal(next.value, message, "the circle closes here", upstream) }
}
