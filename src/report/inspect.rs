//! The workloads as the rules see them: `oomlint inspect`. What looks like a password or a key is masked.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::escape::{self, json_pretty, printable};
use super::{Place, path_text, secret};
use crate::hash::IndexMap;
use crate::model::size::ByteSize;
use crate::source::{Sources, Span, Text};
use crate::syntax::duration;
use crate::workload::{
    Bound, Fact, Healthcheck, Heap, Kind, Origin, Pool, Project, Start, Variable, Workload,
};

/// Version of the JSON format.
const VERSION: u32 = 1;

/// Every project as one JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(out: &mut dyn Write, projects: &[Project], sources: &Sources) -> io::Result<()> {
    let show = Show { sources, masks: true };
    let projects: Vec<Value> = projects.iter().map(|project| show.project(project)).collect();
    let document = json!({ "version": VERSION, "projects": projects });
    json_pretty(out, &document)?;
    writeln!(out)
}

/// Every project for people: a workload a paragraph, a fact a line, with its place.
///
/// # Errors
/// When `out` cannot be written.
pub fn human(out: &mut dyn Write, projects: &[Project], sources: &Sources) -> io::Result<()> {
    let show = Show { sources, masks: true };
    let mut first = true;
    for project in projects {
        for workload in &project.workloads {
            if !std::mem::take(&mut first) {
                writeln!(out)?;
            }
            let mut paragraph = Vec::new();
            show.paragraph(workload, &mut paragraph)?;
            // Names begin a line: not one of them is a command to a runner.
            for line in String::from_utf8_lossy(&paragraph).lines() {
                writeln!(out, "{}", escape::line(line))?;
            }
        }
    }
    if first {
        writeln!(out, "no service and no Dockerfile here")?;
    }
    Ok(())
}

/// The facts of a workload without their places: what two runs are compared by.
#[must_use]
pub fn facts(workload: &Workload, sources: &Sources) -> Map<String, Value> {
    fn without_places(value: Value) -> Value {
        match value {
            Value::Object(map) => map
                .into_iter()
                .filter(|(key, _)| !matches!(key.as_str(), "from" | "via"))
                .map(|(key, value)| (key, without_places(value)))
                .collect(),
            Value::Array(items) => items.into_iter().map(without_places).collect(),
            other => other,
        }
    }
    match without_places(Show { sources, masks: false }.facts(workload)) {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

struct Show<'s> {
    sources: &'s Sources,
    /// What looks like a secret is not shown.
    masks: bool,
}

impl Show<'_> {
    /// File, line, and column in bytes of UTF-8.
    fn place(&self, span: Span) -> (String, u32, u32) {
        let place = Place::new(self.sources, span);
        let at = u32::try_from(place.start).unwrap_or(u32::MAX);
        let line = place.source.line_at(at);
        (place.path(), line.number, at - line.start + 1)
    }

    fn place_json(&self, span: Span) -> Value {
        let (file, line, column) = self.place(span);
        json!({ "file": file, "line": line, "column": column })
    }

    fn place_text(&self, span: Span) -> String {
        let (file, line, _) = self.place(span);
        format!("{}:{line}", printable(&file))
    }

    fn project(&self, project: &Project) -> Value {
        let files: Vec<String> =
            project.files.iter().map(|id| path_text(self.sources.get(*id).path())).collect();
        let workloads: Vec<Value> =
            project.workloads.iter().map(|workload| self.workload(workload)).collect();
        json!({ "files": files, "workloads": workloads })
    }

    fn workload(&self, workload: &Workload) -> Value {
        let build = workload.build.as_ref().filter(|_| workload.kind == Kind::Service).map(|build| {
            json!({ "context": build.context, "dockerfile": build.dockerfile, "target": build.target })
        });
        json!({
            "name": workload.name,
            "kind": workload.kind,
            "file": self.place(workload.anchor).0,
            "image": workload.image.value().map(Text::as_str),
            "build": build,
            "profiles": workload.profiles.iter().map(|profile| profile.value.as_str()).collect::<Vec<_>>(),
            "facts": self.facts(workload),
        })
    }

    fn facts(&self, workload: &Workload) -> Value {
        let memory = &workload.memory;
        let bytes = |size: &ByteSize| json!(size.0);
        let tmpfs = memory
            .tmpfs
            .iter()
            .map(|mount| json!({ "target": mount.target.as_str(), "size": self.fact(&mount.size, bytes) }));
        let depends_on = workload
            .depends_on
            .iter()
            .map(|dependency| (dependency.service.value.clone(), json!(dependency.condition)));
        let ulimits = workload
            .ulimits
            .iter()
            .map(|(name, limit)| (name.clone(), json!({ "soft": limit.value.0, "hard": limit.value.1 })));
        json!({
            "memory_limit": self.fact(&memory.limit, bytes),
            "memory_reservation": self.fact(&memory.reservation, bytes),
            "swap_limit": self.fact(&memory.swap, bytes),
            "mem_swappiness": self.fact(&memory.swappiness, |swappiness| json!(swappiness)),
            "oom_kill_disable": self.fact(&memory.oom_kill_disable, |disabled| json!(disabled)),
            "shm_size": self.fact(&memory.shm, bytes),
            "tmpfs": tmpfs.collect::<Vec<_>>(),
            "pids_limit": self.fact(&workload.pids_limit, |pids| json!(pids)),
            "cpus": self.fact(&workload.cpus, |cpus| json!(cpus)),
            "replicas": self.fact(&workload.replicas, |replicas| json!(replicas)),
            "restart": self.fact(&workload.restart, |restart| json!(restart)),
            "init": self.fact(&workload.init, |init| json!(init)),
            "base_image": self.fact(&workload.base, |base| json!(base.as_str())),
            "healthcheck": self.fact(&workload.healthcheck, |check| self.healthcheck(check)),
            "start": self.fact(&workload.start, |start| self.start(start)),
            "env": self.environment(&workload.env),
            "heaps": workload.heaps.iter().map(|heap| self.heap(heap)).collect::<Vec<_>>(),
            "caches": workload.caches.iter().map(|cache| self.heap(cache)).collect::<Vec<_>>(),
            "logging": self.fact(&workload.logging, |logging| {
                let options = logging.options.iter();
                let options = options.map(|(name, value)| (name.clone(), json!(self.value(name, value))));
                json!({ "driver": logging.driver, "options": options.collect::<Map<_, _>>() })
            }),
            "depends_on": depends_on.collect::<Map<_, _>>(),
            "ulimits": ulimits.collect::<Map<_, _>>(),
        })
    }

    fn fact<T>(&self, fact: &Fact<T>, value: impl Fn(&T) -> Value) -> Value {
        match fact {
            Fact::Known(known) => {
                let mut object = json!({
                    "state": "known",
                    "value": value(&known.value),
                    "from": self.place_json(known.span),
                });
                if !known.via.is_empty() {
                    let via = known.via.iter().map(|span| self.place_json(*span));
                    object["via"] = via.collect();
                }
                if let Some(variable) = &known.default_of {
                    object["default_of"] = json!(variable);
                }
                object
            }
            Fact::Unknown { at, why } => {
                json!({ "state": "unknown", "why": why.to_string(), "from": self.place_json(*at) })
            }
            Fact::Absent { .. } => json!({ "state": "absent" }),
        }
    }

    fn environment(&self, env: &IndexMap<String, Variable>) -> Value {
        let variables = env.iter().map(|(name, variable)| {
            let mut fact = self.fact(&variable.value, |text| json!(self.value(name, text.as_str())));
            fact["origin"] = json!(variable.origin);
            (name.clone(), fact)
        });
        Value::Object(variables.collect())
    }

    fn heap(&self, heap: &Heap) -> Value {
        let mut object = self.fact(&heap.bound, |setting| json!(setting.flag.as_str()));
        object["runtime"] = json!(heap.runtime.name());
        if let Some(setting) = heap.bound.value() {
            object["setting"] = json!(setting.carrier);
            match setting.bound {
                Bound::Bytes(size) => object["bytes"] = json!(size.0),
                Bound::Percent(percent) => object["percent"] = json!(percent),
            }
        }
        object
    }

    fn paragraph(&self, workload: &Workload, out: &mut dyn Write) -> io::Result<()> {
        let what = match (workload.kind, workload.image.value(), &workload.build) {
            (Kind::Image, ..) => "image".to_owned(),
            (Kind::Service, _, Some(build)) => format!("service, built from {}", build.context),
            (Kind::Service, Some(image), None) => format!("service of {image}"),
            (Kind::Service, None, None) => "service".to_owned(),
        };
        writeln!(
            out,
            "{} ({}, {})",
            printable(&workload.name),
            printable(&what),
            self.place_text(workload.anchor)
        )?;
        let memory = &workload.memory;
        let size = |size: &ByteSize| if size.0 == -1 { "unlimited".to_owned() } else { size.to_string() };
        self.line("memory limit", &memory.limit, size, out)?;
        self.line("reservation", &memory.reservation, size, out)?;
        self.line("swap limit", &memory.swap, size, out)?;
        if !memory.shm.is_absent() {
            self.line("shm size", &memory.shm, size, out)?;
        }
        for mount in &memory.tmpfs {
            self.line(&format!("tmpfs {}", mount.target), &mount.size, size, out)?;
        }
        self.line("base image", &workload.base, Text::to_string, out)?;
        self.line("starts", &workload.start, |start| self.command_line(start), out)?;
        self.line("healthcheck", &workload.healthcheck, |check| self.describe_healthcheck(check), out)?;
        self.line("restart", &workload.restart, String::clone, out)?;
        if !workload.replicas.is_absent() {
            self.line("replicas", &workload.replicas, i64::to_string, out)?;
        }
        for heap in workload.heaps.iter().chain(&workload.caches) {
            let pool = if heap.pool == Pool::Heap { "heap" } else { "cache" };
            let what = format!("{} {pool}", heap.runtime.display_name());
            self.line(&what, &heap.bound, |setting| format!("{} in {}", setting.flag, setting.carrier), out)?;
        }
        for (name, variable) in workload.env.iter().filter(|(_, variable)| variable.origin != Origin::Image) {
            self.line(
                &format!("env {name}"),
                &variable.value,
                |text| shorten(&self.value(name, text.as_str())),
                out,
            )?;
        }
        Ok(())
    }

    fn line<T>(
        &self,
        what: &str,
        fact: &Fact<T>,
        value: impl Fn(&T) -> String,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let what = printable(what);
        match fact {
            Fact::Known(known) => {
                let mut place = self.place_text(known.span);
                for via in &known.via {
                    place.push_str(&format!(" via {}", self.place_text(*via)));
                }
                if let Some(variable) = &known.default_of {
                    place.push_str(&format!(", unless {variable} is set"));
                }
                writeln!(out, "  {what:<16} {}  ({place})", printable(&value(&known.value)))
            }
            Fact::Unknown { at, why } => {
                writeln!(
                    out,
                    "  {what:<16} unknown: {}  ({})",
                    printable(&why.to_string()),
                    self.place_text(*at)
                )
            }
            Fact::Absent { .. } => writeln!(out, "  {what:<16} not set"),
        }
    }
}

fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let short: String = line.chars().take(72).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

impl Show<'_> {
    /// The value of a variable or an option.
    fn value<'t>(&self, name: &str, text: &'t str) -> Cow<'t, str> {
        if self.masks { secret::value(name, text) } else { Cow::Borrowed(text) }
    }

    /// The words of a command line.
    fn words<'t>(&self, words: impl Iterator<Item = &'t Text>) -> Vec<String> {
        let words: Vec<&str> = words.map(Text::as_str).collect();
        if self.masks { secret::words(&words) } else { words.into_iter().map(str::to_owned).collect() }
    }

    fn command_line(&self, start: &Start) -> String {
        shorten(&self.words(start.entrypoint.iter().chain(&start.command)).join(" "))
    }

    fn start(&self, start: &Start) -> Value {
        let mut entrypoint = self.words(start.entrypoint.iter().chain(&start.command));
        let command = entrypoint.split_off(start.entrypoint.len());
        json!({ "entrypoint": entrypoint, "command": command, "shell": start.shell })
    }

    fn describe_healthcheck(&self, check: &Healthcheck) -> String {
        match check {
            Healthcheck::Disabled => "disabled".to_owned(),
            Healthcheck::OfImage => "the image's own".to_owned(),
            Healthcheck::Probe { test, interval, .. } => {
                let words = self.words(test.iter().flatten()).join(" ");
                let every =
                    interval.map(|ns| format!(", every {}", duration::display(ns))).unwrap_or_default();
                format!("{}{every}", shorten(&words))
            }
        }
    }

    fn healthcheck(&self, check: &Healthcheck) -> Value {
        match check {
            Healthcheck::Disabled => json!("disabled"),
            Healthcheck::OfImage => json!("of the image"),
            Healthcheck::Probe { test, interval, timeout, start_period, start_interval, retries } => {
                let mut object = Map::new();
                if let Some(test) = test {
                    object.insert("test".to_owned(), json!(self.words(test.iter())));
                }
                let durations = [
                    ("interval", interval),
                    ("timeout", timeout),
                    ("start_period", start_period),
                    ("start_interval", start_interval),
                ];
                for (name, value) in durations {
                    if let Some(nanoseconds) = value {
                        object.insert(name.to_owned(), json!(duration::display(*nanoseconds)));
                    }
                }
                if let Some(retries) = retries {
                    object.insert("retries".to_owned(), json!(retries));
                }
                Value::Object(object)
            }
        }
    }
}
