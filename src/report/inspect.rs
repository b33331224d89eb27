//! Reports of `oomlint inspect`: the workloads as the rules see them. Values that look like secrets are masked.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::escape::{self, json_pretty, printable};
use super::{FileLocation, path_text};
use crate::secret;
use crate::source::{Sources, Span, TracedText};
use crate::syntax::duration;
use crate::syntax::size::ByteSize;
use crate::workload::{
    Description, Fact, FactName, FactTable, FactValue, Healthcheck, Kind, Pool, Project, Start, Variable,
    Workload,
};

/// Version of the JSON format.
const VERSION: u32 = 1;

/// Writes all projects as one JSON document.
///
/// # Errors
/// When `out` cannot be written.
pub fn json(out: &mut dyn Write, projects: &[Project], sources: &Sources) -> io::Result<()> {
    let show = Show { sources };
    let projects: Vec<Value> = projects.iter().map(|project| show.project(project)).collect();
    let document = json!({ "version": VERSION, "projects": projects });
    json_pretty(out, &document)?;
    writeln!(out)
}

/// Writes one paragraph per workload, with one line per fact and its location.
///
/// # Errors
/// When `out` cannot be written.
pub fn human(out: &mut dyn Write, projects: &[Project], sources: &Sources) -> io::Result<()> {
    let show = Show { sources };
    let mut first = true;
    for project in projects {
        for workload in &project.workloads {
            if !std::mem::take(&mut first) {
                writeln!(out)?;
            }
            let mut paragraph = Vec::new();
            show.paragraph(workload, &mut paragraph)?;
            // A paragraph begins with a name from a file, which must not be read as a command by a CI runner.
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

struct Show<'s> {
    sources: &'s Sources,
}

impl Show<'_> {
    /// Returns file, line, and column in bytes of UTF-8.
    fn place(&self, span: Span) -> (String, u32, u32) {
        let place = FileLocation::new(self.sources, span);
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
        let build = workload.build.as_ref().filter(|_| workload.kind != Kind::Image).map(|build| {
            json!({ "context": build.context, "dockerfile": build.dockerfile, "target": build.target })
        });
        json!({
            "name": workload.name,
            "kind": workload.kind,
            "file": self.place(workload.anchor).0,
            "image": workload.service.image.value().map(TracedText::as_str),
            "build": build,
            "profiles": workload.service.profiles.iter().map(|profile| profile.value.as_str()).collect::<Vec<_>>(),
            "facts": self.facts(workload),
        })
    }

    fn facts(&self, workload: &Workload) -> Value {
        let table = FactTable::of(workload);
        let facts = table.iter().map(|(name, value)| (name.name().to_owned(), self.fact(name, "", value)));
        Value::Object(facts.collect())
    }

    /// Converts a fact, or the entry of a map of facts that has this key.
    fn fact(&self, name: FactName, key: &str, value: &FactValue) -> Value {
        match value {
            FactValue::Value(value) => value.clone(),
            FactValue::List(items) => items.iter().map(|item| self.fact(name, key, item)).collect(),
            FactValue::Map(items) => {
                let items = items.iter().map(|(key, item)| (key.clone(), self.fact(name, key, item)));
                Value::Object(items.collect())
            }
            FactValue::Fact { fact, details } => {
                let mut object = Map::new();
                let mut set = |key: &str, value: Value| _ = object.insert(key.to_owned(), value);
                match fact {
                    Fact::Known(known) => {
                        set("state", json!("known"));
                        set("value", masked(name, key, &known.value));
                        set("from", self.place_json(known.span));
                        if !known.via.is_empty() {
                            set("via", known.via.iter().map(|span| self.place_json(*span)).collect());
                        }
                        if let Some(variable) = &known.default_for {
                            set("default_of", json!(variable));
                        }
                    }
                    Fact::Unknown { at, why } => {
                        set("state", json!("unknown"));
                        set("why", json!(why.to_string()));
                        set("from", self.place_json(*at));
                    }
                    Fact::Absent { .. } => set("state", json!("absent")),
                }
                for (key, value) in details {
                    set(key, value.clone());
                }
                Value::Object(object)
            }
        }
    }

    fn paragraph(&self, workload: &Workload, out: &mut dyn Write) -> io::Result<()> {
        let what = match (workload.kind, workload.service.image.value(), &workload.build) {
            (Kind::Image, ..) => "image".to_owned(),
            (kind, _, Some(build)) => format!("{}, built from {}", kind.name(), build.context),
            (kind, Some(image), None) => format!("{} of {image}", kind.name()),
            (kind, None, None) => kind.name().to_owned(),
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
        self.line("swap limit", &workload.service.memswap_limit, size, out)?;
        if !workload.service.shm_size.is_absent() {
            self.line("shm size", &workload.service.shm_size, size, out)?;
        }
        for mount in &workload.service.tmpfs {
            self.line(&format!("tmpfs {}", mount.target), &mount.size, size, out)?;
        }
        self.line("base image", &workload.image.base, TracedText::to_string, out)?;
        self.line("starts", &workload.process.start, command_line, out)?;
        self.line("healthcheck", &workload.health.check, describe_healthcheck, out)?;
        self.line("restart", &workload.process.restart, String::clone, out)?;
        if !workload.resources.replicas.is_absent() {
            self.line("replicas", &workload.resources.replicas, i64::to_string, out)?;
        }
        for heap in workload.pools.heaps.iter().chain(&workload.pools.caches) {
            let pool = if heap.pool == Pool::Heap { "heap" } else { "cache" };
            let what = format!("{} {pool}", heap.runtime.display_name());
            self.line(&what, &heap.bound, |setting| format!("{} in {}", setting.flag, setting.carrier), out)?;
        }
        // Of a container that was inspected, most variables are the image's, and not read.
        let inspected =
            workload.described().is_some_and(|described| described.by != Description::CommandLine);
        let is_shown = |variable: &Variable| match variable.value {
            Fact::Unknown { .. } => !inspected && !variable.origin.is_image(),
            _ => !variable.origin.is_image(),
        };
        for (name, variable) in workload.env.iter().filter(|(_, variable)| is_shown(variable)) {
            self.line(
                &format!("env {name}"),
                &variable.value,
                |text| shorten(&secret::value(name, text.as_str())),
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
                if let Some(variable) = &known.default_for {
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

/// Returns the value of a fact with secrets masked.
fn masked(name: FactName, key: &str, value: &Value) -> Value {
    let mut value = value.clone();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match name {
        FactName::Env => {
            if let Some(text) = text(&value) {
                value = json!(secret::value(key, &text));
            }
        }
        FactName::Start => {
            let [entrypoint, command] = ["entrypoint", "command"].map(|key| words(value.get(key)));
            // The entrypoint may end in a flag whose value is the first word of the command.
            let mut all =
                secret::words(&entrypoint.iter().chain(&command).map(String::as_str).collect::<Vec<_>>());
            let command = all.split_off(entrypoint.len());
            for (key, words) in [("entrypoint", all), ("command", command)] {
                if let Some(own) = value.get_mut(key) {
                    *own = json!(words);
                }
            }
        }
        FactName::Healthcheck => {
            if let Some(own) = value.get_mut("test") {
                let test = words(Some(own));
                *own = json!(secret::words(&test.iter().map(String::as_str).collect::<Vec<_>>()));
            }
        }
        FactName::Logging => {
            for (key, option) in value.get_mut("options").and_then(Value::as_object_mut).into_iter().flatten()
            {
                if let Some(text) = text(option) {
                    *option = json!(secret::value(key, &text));
                }
            }
        }
        _ => {}
    }
    value
}

/// Returns the strings of a JSON array.
fn words(list: Option<&Value>) -> Vec<String> {
    let words = list.and_then(Value::as_array).into_iter().flatten();
    words.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Joins the words of a command line, with secrets masked.
fn masked_words<'t>(words: impl Iterator<Item = &'t TracedText>) -> String {
    secret::words(&words.map(TracedText::as_str).collect::<Vec<_>>()).join(" ")
}

fn command_line(start: &Start) -> String {
    shorten(&masked_words(start.entrypoint.iter().chain(&start.command)))
}

fn describe_healthcheck(check: &Healthcheck) -> String {
    match check {
        Healthcheck::Disabled => "disabled".to_owned(),
        Healthcheck::OfImage => "the image's own".to_owned(),
        Healthcheck::Probe { test, interval, .. } => {
            let words = masked_words(test.iter().flatten());
            let every =
                interval.value().map(|ns| format!(", every {}", duration::display(*ns))).unwrap_or_default();
            format!("{}{every}", shorten(&words))
        }
    }
}
