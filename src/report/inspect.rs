//! What the rules see: workloads and their facts, each with its value and place.
//!
//! The JSON is version 1: `{"version", "projects": [{"files", "workloads": [{"name", "kind", "file", "image", "build",
//! "profiles", "facts"}]}]}`. A fact is `{"state": "known", "value", "from": {"file", "line", "column"}, "via": […]}`,
//! `{"state": "unknown", "why", "from"}` or `{"state": "absent"}`. Sizes are in bytes (-1: unlimited), durations in
//! nanoseconds, lines and columns count from 1, columns in bytes of UTF-8.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Place, path_text};
use crate::model::size::ByteSize;
use crate::source::{Sources, Span, Text};
use crate::workload::{Bound, Build, Fact, Healthcheck, Heap, Kind, Project, Start, Workload};

/// Writes the projects for programs, on one line.
///
/// # Errors
/// When `out` cannot be written to.
pub fn json(out: &mut dyn Write, projects: &[Project], sources: &Sources) -> io::Result<()> {
    let view = View { sources };
    let projects: Vec<Value> = projects.iter().map(|project| view.project(project)).collect();
    serde_json::to_writer(&mut *out, &json!({ "version": 1, "projects": projects }))?;
    writeln!(out)
}

/// Writes the projects for people: a line a fact. What is absent is named in one line at the end of its workload.
///
/// # Errors
/// When `out` cannot be written to.
pub fn human(out: &mut dyn Write, projects: &[Project], sources: &Sources) -> io::Result<()> {
    let view = View { sources };
    for (index, workload) in projects.iter().flat_map(|project| &project.workloads).enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        let kind = match workload.kind {
            Kind::Service => "service",
            Kind::Image => "image",
        };
        writeln!(out, "{kind} {}", super::snippet::visible(&workload.name))?;
        let mut absent = Vec::new();
        for (name, fact) in view.facts(workload) {
            let several = match fact {
                Value::Array(heaps) => heaps.into_iter().map(|heap| (name.to_owned(), heap)).collect(),
                Value::Object(members) if !members.contains_key("state") => {
                    members.into_iter().map(|(member, fact)| (format!("{name} {member}"), fact)).collect()
                }
                fact => vec![(name.to_owned(), fact)],
            };
            for (name, fact) in several {
                match line(&fact) {
                    Some(line) => writeln!(out, "  {name:18} {}", super::snippet::visible(&line))?,
                    None => absent.push(name),
                }
            }
        }
        if !absent.is_empty() {
            writeln!(out, "  {:18} {}", "not set", absent.join(", "))?;
        }
    }
    Ok(())
}

/// A fact's value and place; none when it is absent.
fn line(fact: &Value) -> Option<String> {
    let from = &fact["from"];
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let value = match fact["state"].as_str() {
        Some("known") => text(&fact["value"]),
        Some("unknown") => format!("unknown: {}", text(&fact["why"])),
        _ => return None,
    };
    Some(format!("{value}  {}:{}:{}", text(&from["file"]), from["line"], from["column"]))
}

struct View<'s> {
    sources: &'s Sources,
}

impl View<'_> {
    fn project(&self, project: &Project) -> Value {
        let files: Vec<String> =
            project.files.iter().map(|id| path_text(self.sources.get(*id).path())).collect();
        let workloads: Vec<Value> =
            project.workloads.iter().map(|workload| self.workload(workload)).collect();
        json!({ "files": files, "workloads": workloads })
    }

    fn workload(&self, workload: &Workload) -> Value {
        let facts: Map<String, Value> =
            self.facts(workload).into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
        let profiles: Vec<&str> = workload.profiles.iter().map(|profile| profile.value.as_str()).collect();
        json!({
            "name": workload.name,
            "kind": workload.kind,
            "file": Place::new(self.sources, workload.anchor).path(),
            "image": workload.image.value().map(Text::as_str),
            "build": workload.build.as_ref().map(build),
            "profiles": profiles,
            "facts": facts,
        })
    }

    fn facts(&self, workload: &Workload) -> Vec<(&'static str, Value)> {
        let size = |size: &ByteSize| json!(size.0);
        let memory = &workload.memory;
        let env = workload.env.iter();
        let env: Map<String, Value> =
            env.map(|(name, variable)| (name.clone(), self.fact(&variable.value, text))).collect();
        let heaps: Vec<Value> = workload.heaps.iter().map(|heap| self.heap(heap)).collect();
        vec![
            ("memory_limit", self.fact(&memory.limit, size)),
            ("memory_reservation", self.fact(&memory.reservation, size)),
            ("swap_limit", self.fact(&memory.swap, size)),
            ("shm_size", self.fact(&memory.shm, size)),
            ("pids_limit", self.fact(&workload.pids_limit, |limit| json!(limit))),
            ("cpus", self.fact(&workload.cpus, |cpus| json!(cpus))),
            ("replicas", self.fact(&workload.replicas, |replicas| json!(replicas))),
            ("restart", self.fact(&workload.restart, |restart| json!(restart))),
            ("init", self.fact(&workload.init, |init| json!(init))),
            ("healthcheck", self.fact(&workload.healthcheck, healthcheck)),
            ("start", self.fact(&workload.start, start)),
            ("env", Value::Object(env)),
            ("heaps", Value::Array(heaps)),
        ]
    }

    fn fact<T>(&self, fact: &Fact<T>, value: impl Fn(&T) -> Value) -> Value {
        match fact {
            Fact::Known(known) => json!({
                "state": "known",
                "value": value(&known.value),
                "from": self.place(known.span),
                "via": known.via.iter().map(|span| self.place(*span)).collect::<Vec<_>>(),
            }),
            Fact::Unknown { at, why } => {
                json!({ "state": "unknown", "why": why.to_string(), "from": self.place(*at) })
            }
            Fact::Absent { .. } => json!({ "state": "absent" }),
        }
    }

    /// A carrier with a bound is known; one that could hold a bound and does not is absent.
    fn heap(&self, heap: &Heap) -> Value {
        let mut fact = Map::new();
        let mut put = |name: &str, value: Value| fact.insert(name.to_owned(), value);
        put("runtime", json!(heap.runtime));
        put("carrier", json!(heap.carrier));
        put("setting", json!(heap.setting.as_ref().map(Text::as_str)));
        match heap.bound {
            Some(Bound::Bytes(bytes)) => put("bytes", json!(bytes.0)),
            Some(Bound::Percent(percent)) => put("percent", json!(percent)),
            None => None,
        };
        put("state", json!(if heap.bound.is_some() { "known" } else { "absent" }));
        if let Some(setting) = &heap.setting {
            put("value", text(setting));
        }
        put("from", self.place(heap.span));
        Value::Object(fact)
    }

    fn place(&self, span: Span) -> Value {
        let place = Place::new(self.sources, span);
        let line = place.source.line_at(place.start as u32);
        json!({ "file": place.path(), "line": line.number, "column": place.start - line.start as usize + 1 })
    }
}

fn text(text: &Text) -> Value {
    json!(text.as_str())
}

fn build(build: &Build) -> Value {
    json!({ "context": build.context, "dockerfile": build.dockerfile, "target": build.target })
}

fn healthcheck(healthcheck: &Healthcheck) -> Value {
    match healthcheck {
        Healthcheck::Disabled => json!("disabled"),
        Healthcheck::Probe { test, interval, timeout, start_period, start_interval, retries } => json!({
            "test": test,
            "interval": interval,
            "timeout": timeout,
            "start_period": start_period,
            "start_interval": start_interval,
            "retries": retries,
        }),
    }
}

fn start(start: &Start) -> Value {
    let words = |words: &[Text]| words.iter().map(text).collect::<Vec<_>>();
    json!({ "entrypoint": words(&start.entrypoint), "command": words(&start.command), "shell": start.shell })
}
