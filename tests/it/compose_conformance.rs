//! Compares the facts that Docker Compose resolves in real files with ours.

use crate::common;
use std::path::{Path, PathBuf};

use oomlint::model::compose::{Compose, HealthcheckSection, Service, Settings};
use oomlint::model::fact::{Fact, Why};
use oomlint::model::project::{self, Project};
use oomlint::source::{Sources, TracedText, path_text};
use oomlint::syntax::duration;
use oomlint::syntax::size::ByteSize;
use serde_json::{Value, json};

/// Results of comparing the facts of reference answers.
#[derive(Default)]
struct Tally {
    equal: usize,
    /// Facts that are rightly unknown, since a variable or a file is missing.
    unknown: usize,
    different: Vec<String>,
    /// Variables that Compose reported as unset in the current answer.
    unset: Vec<String>,
}

impl Tally {
    fn add(&mut self, place: &str, theirs: &Value, ours: Ours) {
        match ours {
            // A name without a value in `environment` or `args` is null to Compose if its own environment lacks it.
            Ours::Unknown(Why::Variable(name)) if self.unset.contains(&name) || theirs.is_null() => {
                self.unknown += 1;
            }
            Ours::Unknown(Why::File(_)) => self.unknown += 1,
            Ours::Unknown(why) => {
                self.different.push(format!("{place}: theirs {theirs} ours unknown: {why}"));
            }
            Ours::Value(value) if same(&value, theirs) => self.equal += 1,
            Ours::Value(value) => self.different.push(format!("{place}: theirs {theirs} ours {value}")),
        }
    }

    fn total(&self) -> usize {
        self.equal + self.unknown + self.different.len()
    }

    fn report(&self, what: &str) {
        for line in self.different.iter().take(60) {
            println!("{}", line.chars().take(400).collect::<String>());
        }
        println!(
            "{what}: {} facts, {} equal, {} unknown for want of a variable or file, {} different",
            self.total(),
            self.equal,
            self.unknown,
            self.different.len()
        );
    }
}

enum Ours {
    Value(Value),
    Unknown(Why),
}

/// True if two values are equal, given that Compose prints 2.0 as 2 and omits `false`.
fn same(ours: &Value, theirs: &Value) -> bool {
    let number = |value: &Value| value.as_f64();
    match (ours, theirs) {
        (Value::Bool(false), Value::Null) => true,
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        _ => ours == theirs || (number(ours).is_some() && number(ours) == number(theirs)),
    }
}

fn fact<T>(fact: &Fact<T>, show: impl Fn(&T) -> Value) -> Ours {
    match fact {
        Fact::Known(value) => Ours::Value(show(&value.value)),
        Fact::Unknown { why, .. } => Ours::Unknown(why.clone()),
        Fact::Absent { .. } => Ours::Value(Value::Null),
    }
}

fn text(value: &Fact<TracedText>) -> Ours {
    fact(value, |text| json!(text.as_str()))
}

fn words(value: &Fact<Vec<TracedText>>) -> Ours {
    fact(value, |words| json!(words.iter().map(TracedText::as_str).collect::<Vec<_>>()))
}

fn size(value: &Fact<ByteSize>) -> Ours {
    fact(value, |size| json!(size.0.to_string()))
}

fn nanoseconds(value: &Fact<i64>) -> Ours {
    fact(value, |value| json!(duration::display(*value)))
}

fn compare(answer: &Value, project: &Project, sources: &Sources, tally: &mut Tally, name: &str) {
    let empty = serde_json::Map::new();
    let unset = answer["unset"].as_array().into_iter().flatten();
    tally.unset = unset.map(|name| name.as_str().unwrap().to_owned()).collect();
    let theirs = answer["services"].as_object().unwrap_or(&empty);
    for (service, theirs) in theirs {
        let theirs = &unescaped(theirs);
        let place = format!("{name} {service}");
        let Some(ours) = project.compose.services.iter().find(|ours| ours.name == *service) else {
            tally.different.push(format!("{place}: no such service here"));
            continue;
        };
        compare_service(theirs, ours, project, sources, tally, &place);
    }
    for ours in &project.compose.services {
        if !theirs.contains_key(&ours.name) {
            tally.different.push(format!("{name}: service {} is ours alone", ours.name));
        }
    }
}

/// Replaces `$$` by `$`: `docker compose config` escapes dollar signs, so that its output is a Compose file.
fn unescaped(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.replace("$$", "$")),
        Value::Array(items) => items.iter().map(unescaped).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), unescaped(value))).collect(),
        other => other.clone(),
    }
}

fn compare_service(
    theirs: &Value,
    ours: &Service,
    project: &Project,
    sources: &Sources,
    tally: &mut Tally,
    place: &str,
) {
    let mut add = |key: &str, theirs: &Value, ours: Ours| tally.add(&format!("{place} {key}"), theirs, ours);
    add("image", &theirs["image"], text(&ours.image));
    add("command", &theirs["command"], words(&ours.command));
    add("entrypoint", &theirs["entrypoint"], words(&ours.entrypoint));
    add("restart", &theirs["restart"], fact(&ours.restart, |restart| json!(restart)));
    add("init", &theirs["init"], fact(&ours.init, |init| json!(init)));
    add("mem_limit", &theirs["mem_limit"], size(&ours.mem_limit));
    add("mem_reservation", &theirs["mem_reservation"], size(&ours.mem_reservation));
    add("memswap_limit", &theirs["memswap_limit"], size(&ours.memswap_limit));
    add("shm_size", &theirs["shm_size"], size(&ours.shm_size));
    add("pids_limit", &theirs["pids_limit"], fact(&ours.pids_limit, |pids| json!(pids)));
    add("cpus", &theirs["cpus"], fact(&ours.cpus, |cpus| json!(cpus)));
    add("scale", &theirs["scale"], fact(&ours.scale, |scale| json!(scale)));
    let deploy = &theirs["deploy"];
    let resources = &deploy["resources"];
    add("limit", &resources["limits"]["memory"], size(&ours.deploy.limit));
    add("limits.cpus", &resources["limits"]["cpus"], fact(&ours.deploy.cpus, |cpus| json!(cpus)));
    add("limits.pids", &resources["limits"]["pids"], fact(&ours.deploy.pids, |pids| json!(pids)));
    add("reservation", &resources["reservations"]["memory"], size(&ours.deploy.reservation));
    add("replicas", &deploy["replicas"], fact(&ours.deploy.replicas, |replicas| json!(replicas)));
    let condition = match &ours.deploy.restart_policy {
        Some(_) => fact(&ours.deploy.condition, |condition| json!(condition)),
        None => Ours::Value(Value::Null),
    };
    add("restart_policy", &deploy["restart_policy"]["condition"], condition);
    compare_healthcheck(&theirs["healthcheck"], ours.healthcheck.as_ref(), &mut add);
    compare_build(&theirs["build"], ours, project, &mut add);
    compare_lists(theirs, ours, &mut add);
    compare_environment(&theirs["environment"], ours, project, sources, &mut add);
}

type Add<'a> = dyn FnMut(&str, &Value, Ours) + 'a;

fn compare_healthcheck(theirs: &Value, ours: Option<&HealthcheckSection>, add: &mut Add<'_>) {
    let Some(ours) = ours else {
        add("healthcheck", theirs, Ours::Value(Value::Null));
        return;
    };
    add("healthcheck.test", &theirs["test"], words(&ours.test));
    add("healthcheck.disable", &theirs["disable"], fact(&ours.disable, |disable| json!(disable)));
    add("healthcheck.interval", &theirs["interval"], nanoseconds(&ours.interval));
    add("healthcheck.timeout", &theirs["timeout"], nanoseconds(&ours.timeout));
    add("healthcheck.start_period", &theirs["start_period"], nanoseconds(&ours.start_period));
    add("healthcheck.start_interval", &theirs["start_interval"], nanoseconds(&ours.start_interval));
    add("healthcheck.retries", &theirs["retries"], fact(&ours.retries, |retries| json!(retries)));
}

fn compare_build(theirs: &Value, ours: &Service, project: &Project, add: &mut Add<'_>) {
    let Some(build) = &ours.build else {
        add("build", theirs, Ours::Value(Value::Null));
        return;
    };
    let directory = &project.request.directory;
    let context = match &build.context {
        Fact::Absent { .. } => Ours::Value(json!(".")),
        context => fact(context, |text| json!(clean(text.as_str()))),
    };
    let their_context = match theirs["context"].as_str() {
        Some(path) => json!(clean(&place_outside(path, directory))),
        None => Value::Null,
    };
    add("build.context", &their_context, context);
    let dockerfile = match (&build.dockerfile, &build.inline) {
        (Fact::Absent { .. }, Fact::Absent { .. }) => Ours::Value(json!("Dockerfile")),
        (dockerfile, _) => text(dockerfile),
    };
    add("build.dockerfile", &theirs["dockerfile"], dockerfile);
    add("build.target", &theirs["target"], text(&build.target));
    let empty = serde_json::Map::new();
    let args = theirs["args"].as_object().unwrap_or(&empty);
    for (name, theirs) in args {
        let ours = build.args.get(name).map_or(Ours::Value(json!("absent")), text);
        add(&format!("build.args.{name}"), theirs, ours);
    }
    let more = build.args.keys().filter(|name| !args.contains_key(*name)).count();
    if more > 0 && !build.args.iter().any(|(_, fact)| fact.is_unknown()) {
        add("build.args", &json!(args.len()), Ours::Value(json!(build.args.len())));
    }
}

fn compare_lists(theirs: &Value, ours: &Service, add: &mut Add<'_>) {
    let profiles: Vec<_> = ours.profiles.iter().map(|profile| profile.value.as_str()).collect();
    add("profiles", &or_empty(&theirs["profiles"]), Ours::Value(json!(profiles)));
    let mut waits: Vec<_> =
        ours.depends_on.iter().map(|d| (d.service.value.clone(), d.condition.clone())).collect();
    waits.sort();
    let mut their_waits: Vec<_> = theirs["depends_on"]
        .as_object()
        .map(|map| {
            map.iter().map(|(k, v)| (k.clone(), v["condition"].as_str().unwrap().to_owned())).collect()
        })
        .unwrap_or_default();
    their_waits.sort();
    add("depends_on", &json!(their_waits), Ours::Value(json!(waits)));
    let logging = fact(&ours.logging, |logging| {
        let mut value = serde_json::Map::new();
        if let Some(driver) = &logging.driver {
            value.insert("driver".to_owned(), json!(driver));
        }
        if !logging.options.is_empty() {
            value.insert("options".to_owned(), json!(logging.options));
        }
        Value::Object(value)
    });
    add("logging", &theirs["logging"], logging);
    let empty = serde_json::Map::new();
    for (name, limit) in theirs["ulimits"].as_object().unwrap_or(&empty) {
        // Compose omits a limit of 0.
        let or_zero = |value: &Value| if value.is_null() { json!(0) } else { value.clone() };
        let (soft, hard) = if limit.is_object() { (&limit["soft"], &limit["hard"]) } else { (limit, limit) };
        let limit = json!([or_zero(soft), or_zero(hard)]);
        let ours = ours.ulimits.get(name).map(|ours| json!([ours.value.0, ours.value.1]));
        add(&format!("ulimits.{name}"), &limit, Ours::Value(ours.unwrap_or_default()));
    }
    if let Some(mounts) = theirs["tmpfs"].as_array() {
        let targets: Vec<_> =
            mounts.iter().map(|mount| mount.as_str().unwrap().split(':').next().unwrap()).collect();
        let ours: Vec<_> = ours.tmpfs.iter().map(|mount| mount.target.as_str()).take(targets.len()).collect();
        add("tmpfs", &json!(targets), Ours::Value(json!(ours)));
    }
}

fn compare_environment(
    theirs: &Value,
    ours: &Service,
    project: &Project,
    sources: &Sources,
    add: &mut Add<'_>,
) {
    let resolved = project.compose.service_environment(
        ours,
        &project.request.directory,
        sources,
        &mut oomlint::model::allowance::ByteBudget::of_services(usize::MAX),
    );
    let empty = serde_json::Map::new();
    let theirs = theirs.as_object().unwrap_or(&empty);
    for (name, value) in theirs {
        let ours = match resolved.variables.get(name) {
            Some((fact, _)) => text(fact),
            None if resolved.open_ended.is_some() => Ours::Unknown(Why::File(name.clone())),
            None => Ours::Value(json!("absent")),
        };
        add(&format!("environment.{name}"), value, ours);
    }
    for (name, (fact, _)) in &resolved.variables {
        if !theirs.contains_key(name) && !fact.is_unknown() {
            add(&format!("environment.{name}"), &json!("absent"), text(fact));
        }
    }
}

fn or_empty(value: &Value) -> Value {
    if value.is_null() { json!([]) } else { value.clone() }
}

/// Converts `{corpus}/x` to a path relative to `directory`.
fn place_outside(path: &str, directory: &Path) -> String {
    match path.strip_prefix("{corpus}/") {
        Some(path) => common::corpus()
            .join(path)
            .strip_prefix(directory)
            .map_or_else(|_| outside(&common::corpus().join(path), directory), path_text),
        None => path.to_owned(),
    }
}

fn outside(path: &Path, directory: &Path) -> String {
    let mut up = PathBuf::new();
    let mut from = directory;
    while !path.starts_with(from) {
        up.push("..");
        from = from.parent().unwrap();
    }
    path_text(&up.join(path.strip_prefix(from).unwrap()))
}

fn clean(path: &str) -> String {
    if path.contains("://") || path.starts_with("git@") {
        return path.to_owned();
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            "" if !parts.is_empty() => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if joined.is_empty() { ".".to_owned() } else { joined }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn single_files_resolve_as_docker_compose_resolves_them() {
    let corpus = common::corpus();
    let mut tally = Tally::default();
    let mut files = 0;
    for answer in common::answers("compose.jsonl.gz") {
        if answer["ok"] != json!(true) {
            continue;
        }
        let name = answer["file"].as_str().unwrap();
        let sources = Sources::new();
        // If Compose failed because of missing variables, it was run again with this value for each.
        let assumed = answer["assumed_env"].as_array().into_iter().flatten();
        let environment =
            assumed.map(|name| (name.as_str().unwrap().to_owned(), "8080".to_owned())).collect();
        let settings = Settings { environment, ..Settings::default() };
        let project = project::load_merged(&[corpus.join(name)], &settings, &sources);
        compare(&answer, &project, &sources, &mut tally, name);
        files += 1;
    }
    tally.report(&format!("{files} files"));
    assert!(files > 1300, "only {files} answers");
    let right = tally.equal + tally.unknown;
    assert!(
        right * 1000 >= tally.total() * 995,
        "{} of {} facts differ",
        tally.different.len(),
        tally.total()
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn directories_resolve_as_docker_compose_resolves_them() {
    let corpus = common::corpus();
    let mut tally = Tally::default();
    let mut directories = 0;
    for answer in common::answers("layouts.jsonl.gz") {
        if answer["ok"] != json!(true) {
            continue;
        }
        let name = answer["dir"].as_str().unwrap();
        let directory = corpus.join(name);
        let sources = Sources::new();
        let files: Vec<PathBuf> = std::fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                let name = path.file_name().unwrap().to_str().unwrap();
                ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"].contains(&name)
            })
            .collect();
        let mut projects = Vec::new();
        project::load_directory(
            &directory,
            files,
            (&Settings::default(), usize::MAX),
            &sources,
            &mut |project| projects.push(project),
        );
        let Some(project) = projects.iter().find(|project| project.own_files.is_none()) else {
            tally.different.push(format!("{name}: no project"));
            continue;
        };
        compare(&answer, project, &sources, &mut tally, name);
        directories += 1;
    }
    tally.report(&format!("{directories} directories"));
    assert!(directories >= 40, "only {directories} answers");
    let right = tally.equal + tally.unknown;
    assert!(
        right * 1000 >= tally.total() * 995,
        "{} of {} facts differ",
        tally.different.len(),
        tally.total()
    );
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn what_docker_compose_cannot_parse_has_an_error_here() {
    let corpus = common::corpus();
    let mut missed = Vec::new();
    for answer in common::answers("compose.jsonl.gz") {
        let error = answer["error"].as_str().unwrap_or_default();
        if answer["ok"] == json!(true)
            || !(error.contains("construct errors") || error.contains("go-yaml load"))
        {
            continue;
        }
        let name = answer["file"].as_str().unwrap();
        let sources = Sources::new();
        let files = [corpus.join(name)];
        let compose: Compose = project::load_merged(&files, &Settings::default(), &sources).compose;
        if !compose.errors.iter().any(|error| error.fatal) {
            missed.push(format!("{name}: {error}"));
        }
    }
    assert!(missed.is_empty(), "accepted here: {missed:#?}");
}
