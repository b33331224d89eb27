//! Contradictions within a service.

use std::borrow::Cow;

use super::super::field::text_of;
use super::super::refusal::{Refusal, Refusals, Undefined};
use super::super::short::{is_without_target, refused_host, refused_port, volume};
use super::super::value::{Entry, Kind, Value};
use super::{Project, Subject, integer, items, named, refusal, text};
use crate::hash::{HashMap, HashSet};
use crate::source::Span;
use crate::syntax::yaml;

pub(super) fn check(service: &Subject<'_>, project: &Project<'_>, refusals: &mut Refusals) {
    image(service, project, refusals);
    build(service, project, refusals);
    network_mode(service, refusals);
    replicas(service, refusals);
    mounts(service, refusals);
    ports(service, refusals);
    devices(service, refusals);
    watches(service, refusals);
    targets(service, refusals);
    env_files(service, refusals);
    hosts(service, refusals);
    for step in service.get(&["pre_start"]).map(items).unwrap_or_default() {
        let entry = Entry::new(step.span, step.clone());
        let step = Subject { name: service.name, entry: &entry };
        short_forms(&step, refusals);
        hosts(&step, refusals);
    }
}

/// Adds env files in a format that Compose does not know. One that is optional may be absent, and is not read then.
fn env_files(service: &Subject<'_>, refusals: &mut Refusals) {
    for item in service.get(&["env_file"]).map(items).unwrap_or_default() {
        let optional = item.get("required").is_some_and(|entry| text(&entry.value) != Some("true"));
        let Some(value) = item.get("format").map(|entry| &entry.value).filter(|_| !optional) else {
            continue;
        };
        if let Some(format) = text(value).filter(|format| !matches!(*format, "" | "raw")) {
            let message = format!("an env file of `{}` has the format `{format}`", service.name);
            let upstream = format!("unsupported env_file format {format:?}");
            refusals.add(service.refusal(value, message, "Compose knows `raw` alone", upstream));
        }
    }
}

/// Adds long forms without a target in the container.
fn targets(service: &Subject<'_>, refusals: &mut Refusals) {
    for (key, kind, target) in [
        ("ports", "ports", "target port"),
        ("volumes", "volume", "mount target"),
        ("devices", "device", "mount target"),
    ] {
        for (at, item) in service.get(&[key]).map(items).unwrap_or_default().iter().enumerate() {
            let name = service.name;
            let upstream = format!("service {kind} services.{name}.{key}.[{at}] is missing a {target}");
            if key == "ports" && port(item).as_deref().is_some_and(is_without_target) {
                let message = format!("a port of `{name}` is 0 in the container");
                refusals.add(service.refusal(item, message, "no port to publish", upstream));
                continue;
            }
            let Some(map) = item.as_map().filter(|map| !map.contains_key("target")) else { continue };
            let message = format!("an item of `{key}` of `{name}` has no `target`");
            let mut refusal = service.refusal(item, message, "no `target` next to it", upstream);
            refusal.span = map.values().next().map_or(item.span, |first| first.key);
            refusals.add(refusal);
        }
    }
}

/// Adds a service with nothing to run.
fn image(service: &Subject<'_>, project: &Project<'_>, refusals: &mut Refusals) {
    let value = &service.entry.value;
    let image = service.get(&["image"]).is_some_and(|image| text(image).is_none_or(|text| !text.is_empty()));
    let runs = image || service.get(&["build"]).is_some() || service.get(&["provider"]).is_some();
    if runs || value.missing.is_some() || !project.self_contained {
        return;
    }
    let name = service.name;
    let upstream = format!(
        "service \"{name}\" has neither an image nor a build context specified: invalid compose project"
    );
    let message = format!("`{name}` has no `image` and no `build`");
    let refusal = service.refusal_at_key(message, "nothing to run", upstream);
    let undefined = Some(Undefined { section: "services", name: name.to_owned() });
    refusals.add(Refusal { may_be_added: true, undefined, ..refusal });
}

fn build(service: &Subject<'_>, project: &Project<'_>, refusals: &mut Refusals) {
    let name = service.name;
    if let (Some(file), Some(inline)) =
        (entry(service, &["build", "dockerfile"]), entry(service, &["build", "dockerfile_inline"]))
        && [file, inline].iter().all(|entry| text(&entry.value).is_none_or(|text| !text.is_empty()))
    {
        let upstream = format!(
            "service \"{name}\" declares mutualy exclusive dockerfile and dockerfile_inline: invalid compose project"
        );
        let message = format!("`{name}` names a Dockerfile and has one inline");
        let mut refusal = service.refusal(&inline.value, message, "the inline one", upstream);
        refusal.span = inline.key;
        refusal.related.push((file.key, "the named one".to_owned()));
        refusals.add(refusal);
    }
    if let (Some(platform), Some(platforms)) =
        (service.text(&["platform"]), service.get(&["build", "platforms"]))
    {
        let built: Option<Vec<&str>> = items(platforms).iter().map(text).collect();
        if built.is_some_and(|built| !built.is_empty() && !built.contains(&platform))
            && let Some(value) = service.get(&["platform"])
        {
            let upstream = format!(
                "service.build.platforms MUST include service.platform \"{platform}\": invalid compose project"
            );
            let message = format!("`{name}` runs on `{platform}`, and is not built for it");
            let mut refusal = service.refusal(value, message, "not in `build.platforms`", upstream);
            refusal.related.push((platforms.span, "built for these".to_owned()));
            refusals.add(refusal);
        }
    }
    contexts(service, project, refusals);
    build_pairs(service, refusals);
}

/// Adds items of `ssh` and of `additional_contexts` without a value, of services and jobs alike.
pub(super) fn build_pairs(service: &Subject<'_>, refusals: &mut Refusals) {
    let name = service.name;
    if let Some(contexts) = service.get(&["build", "additional_contexts"]) {
        let nameless = |item: &Value| text(item).filter(|text| !text.contains('=')).map(str::to_owned);
        let found: Vec<(String, Span, &Value)> = match &contexts.kind {
            Kind::Map(map) => {
                let empty = map.iter().filter(|(_, entry)| entry.value.is_null());
                empty.map(|(key, entry)| (key.clone(), entry.key, &entry.value)).collect()
            }
            _ => {
                let all = items(contexts).iter();
                all.filter_map(|item| Some((nameless(item)?, item.span, item))).collect()
            }
        };
        for (key, span, value) in found {
            let upstream = format!("build.additional_contexts: invalid value {key}, expected key=value");
            let message = format!("an item of `additional_contexts` of `{name}` has no context: `{key}`");
            let refusal = service.refusal(value, message, "Compose accepts `name=context`", upstream);
            refusals.add(Refusal { span, ..refusal });
        }
    }
    for item in service.get(&["build", "ssh"]).map(items).unwrap_or_default() {
        let Some(key) = text(item).filter(|text| !text.contains('=') && *text != "default") else { continue };
        let upstream = format!("invalid ssh key \"{key}\"");
        let message = format!("an item of `ssh` of `{name}` has no path: `{key}`");
        refusals.add(service.refusal(item, message, "Compose accepts `default` and `id=path`", upstream));
    }
}

/// Adds names in `extra_hosts` without an address, of services, jobs and steps of `pre_start` alike.
pub(super) fn hosts(service: &Subject<'_>, refusals: &mut Refusals) {
    for path in [&["extra_hosts"][..], &["build", "extra_hosts"]] {
        // In a mapping the format requires the address. A file that is merged over another one makes a list of it, without.
        for item in service.get(path).map(items).unwrap_or_default() {
            let Some(scalar) = item.as_scalar().filter(|scalar| scalar.unset.is_none()) else { continue };
            // Of a date, the time after it has the colon.
            let written = text_of(scalar);
            let host = written.as_str();
            let Some(upstream) = refused_host(host) else { continue };
            let (key, name) = (path.join("."), service.name);
            let upstream = format!("services.{name}.{key}: {upstream}");
            let message =
                format!("an item of `{key}` of `{name}` is `{host}`: Compose accepts `host=address`");
            let label = if host.contains(['=', ':']) { "no name of a host" } else { "no address" };
            refusals.add(service.refusal(item, message, label, upstream));
        }
    }
}

/// Adds build contexts that are services which nothing defines, or that are not built.
fn contexts(service: &Subject<'_>, project: &Project<'_>, refusals: &mut Refusals) {
    let Some(contexts) = service.get(&["build", "additional_contexts"]).filter(|_| project.self_contained)
    else {
        return;
    };
    let pairs: Vec<(&str, &str, &Value)> = match &contexts.kind {
        Kind::Map(map) => {
            let pairs = map.iter();
            pairs.filter_map(|(key, entry)| Some((key.as_str(), text(&entry.value)?, &entry.value))).collect()
        }
        _ => {
            let pairs = items(contexts).iter();
            pairs
                .filter_map(|item| Some((text(item)?.split_once('=')?, item)))
                .map(|((a, b), c)| (a, b, c))
                .collect()
        }
    };
    for (key, context, value) in pairs {
        let Some(target) = context.strip_prefix("service:") else { continue };
        if !project.defines("services", target) {
            let name = service.name;
            let upstream = format!(
                "service \"{name}\" declares unknown service \"{target}\" as additional contexts {key}"
            );
            let message = format!("`{name}` builds from the undefined service `{target}`");
            refusals.add(service.refusal(value, message, "no such service", upstream));
        } else if let Some(other) = unbuilt(project, target) {
            let name = service.name;
            let upstream = format!(
                "service \"{name}\" declares non-buildable service \"{target}\" as additional contexts {key}"
            );
            let message = format!("`{name}` builds from `{target}`, which has no `build`");
            let mut refusal = service.refusal(value, message, "nothing to build from", upstream);
            refusal.related.push((other.key, "it has no `build`".to_owned()));
            refusals.add(Refusal { may_be_added: true, ..refusal });
        }
    }
}

/// Returns a service that has no `build`, for certain.
fn unbuilt<'v>(project: &Project<'v>, name: &str) -> Option<&'v Entry> {
    let entry = project.map("services")?.get(name)?;
    let is_known = entry.value.as_map().is_some() && entry.value.missing.is_none();
    (is_known && entry.value.get("build").is_none()).then_some(entry)
}

fn network_mode(service: &Subject<'_>, refusals: &mut Refusals) {
    let Some(mode) = service.get(&["network_mode"]).filter(|_| service.text(&["network_mode"]).is_some())
    else {
        return;
    };
    let Some(networks) = entry(service, &["networks"]).filter(|entry| !named(Some(&entry.value)).is_empty())
    else {
        return;
    };
    let name = service.name;
    let upstream = format!(
        "service {name} declares mutually exclusive `network_mode` and `networks`: invalid compose project"
    );
    let message = format!("`{name}` has a `network_mode` and `networks`");
    let mut refusal = service.refusal(mode, message, "`network_mode` here", upstream);
    refusal.related.push((networks.key, "`networks` here".to_owned()));
    refusals.add(refusal);
}

/// Adds a name for several containers.
fn replicas(service: &Subject<'_>, refusals: &mut Refusals) {
    let Some(container) =
        service.get(&["container_name"]).filter(|_| service.text(&["container_name"]).is_some())
    else {
        return;
    };
    let scale = [("scale", &["scale"][..]), ("deploy.replicas", &["deploy", "replicas"][..])];
    let scale = scale.into_iter().find_map(|(key, path)| Some((key, service.get(path)?)));
    let Some((key, value)) = scale.filter(|(_, value)| integer(value).is_some_and(|count| count > 1)) else {
        return;
    };
    let name = service.name;
    let upstream = format!(
        "services.{key}: can't set container_name and {name} as container name must be unique: invalid compose project"
    );
    let message = format!("`{name}` has several containers and one name for them");
    let mut refusal = service.refusal(container, message, "one name", upstream);
    refusal.related.push((value.span, "several containers".to_owned()));
    refusals.add(refusal);
}

/// Adds container names that two services have which may run together.
pub(super) fn check_container_names(project: &Project<'_>, refusals: &mut Refusals) {
    let mut known: HashMap<&str, (Subject<'_>, Span)> = HashMap::default();
    for (name, entry) in project.section("services") {
        let service = Subject { name, entry };
        let (Some(container), Some(value)) =
            (service.text(&["container_name"]), service.get(&["container_name"]))
        else {
            continue;
        };
        let Some((other, first)) = known.get(container) else {
            known.insert(container, (service, value.span));
            continue;
        };
        if !run_together(&service, other) {
            continue;
        }
        let upstream =
            format!("services.{name}: container name \"{container}\" is already in use by service");
        let message =
            format!("the container name `{container}` of `{name}` is that of `{}`, too", other.name);
        // Services that share a mapping have their name in one place.
        let mut refusal = match *first == value.span {
            true => service.refusal_at_key(message, "takes the name of another container", upstream),
            false => service.refusal(value, message, "another container has it", upstream),
        };
        refusal.related.push((*first, "taken here".to_owned()));
        refusals.add(refusal);
    }
}

/// True unless both services have profiles, and none in common.
fn run_together(one: &Subject<'_>, other: &Subject<'_>) -> bool {
    let profiles = |service: &Subject<'_>| -> HashSet<String> {
        named(service.get(&["profiles"])).into_iter().map(|profile| profile.name.to_owned()).collect()
    };
    let (one, other) = (profiles(one), profiles(other));
    one.is_empty() || other.is_empty() || !one.is_disjoint(&other)
}

/// Adds the short forms of volumes and ports that Compose cannot read, in a job or a step of `pre_start`.
pub(super) fn short_forms(job: &Subject<'_>, refusals: &mut Refusals) {
    let texts = |key: &str| job.get(&[key]).map(items).unwrap_or_default().iter();
    for item in texts("volumes") {
        if let Some(Err(upstream)) = text(item).map(volume) {
            let message = format!("Compose cannot read a volume of `{}`", job.name);
            refusals.add(job.refusal(item, message, "an empty part", upstream));
        }
    }
    for item in texts("ports") {
        if let Some(upstream) = port(item).as_deref().and_then(refused_port) {
            let message = format!("Compose cannot read a port of `{}`", job.name);
            refusals.add(job.refusal(item, message, &upstream.clone(), upstream));
        }
    }
}

/// Adds volumes in a form that Compose cannot read, and paths at which two things are mounted.
fn mounts(service: &Subject<'_>, refusals: &mut Refusals) {
    let mut known: HashMap<String, (String, Span)> = HashMap::default();
    let mut found: Vec<(String, String, &Value)> = Vec::new();
    for (at, item) in service.get(&["tmpfs"]).map(items).unwrap_or_default().iter().enumerate() {
        let Some(text) = text(item) else { continue };
        let target = text.split(':').next().unwrap_or_default();
        found.push((target.to_owned(), format!("tmpfs[{at}]"), item));
    }
    for (at, item) in service.get(&["volumes"]).map(items).unwrap_or_default().iter().enumerate() {
        let target = match item.get("target") {
            Some(entry) => text(&entry.value),
            None => match text(item).map(volume) {
                Some(Ok(volume)) => Some(volume.target),
                Some(Err(upstream)) => {
                    let message = format!("Compose cannot read a volume of `{}`", service.name);
                    refusals.add(service.refusal(item, message, "an empty part", upstream));
                    None
                }
                None => None,
            },
        };
        let Some(target) = target else { continue };
        found.push((clean(target), format!("volumes[{at}]"), item));
    }
    for (target, place, item) in found {
        let name = service.name;
        match known.get(&target) {
            None => {
                known.insert(target, (place, item.span));
            }
            Some((first, span)) => {
                let upstream = format!(
                    "services.{name}.{place}: target {target} already mounted as services.{name}.{first}"
                );
                let message = format!("`{name}` mounts two things at `{target}`");
                let mut refusal = service.refusal(item, message, "mounted again here", upstream);
                refusal.related.push((*span, "mounted here".to_owned()));
                refusals.add(refusal);
            }
        }
    }
}

/// Returns a path without `.`, `..` and double slashes, as Go's `path.Clean`.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if path.starts_with('/') || parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if path.starts_with('/') { format!("/{joined}") } else { joined }
}

fn ports(service: &Subject<'_>, refusals: &mut Refusals) {
    for item in service.get(&["ports"]).map(items).unwrap_or_default() {
        let name = service.name;
        if item.as_map().is_some() {
            let ip = item.get("host_ip").map(|entry| &entry.value);
            if let Some((ip, value)) = ip.and_then(|ip| Some((text(ip)?, ip)))
                && ip.parse::<std::net::IpAddr>().is_err()
            {
                let upstream = format!("services.{name}.ports.[]: invalid ip address: {ip}");
                let message = format!("`{ip}` of `{name}` is not an IP address");
                refusals.add(service.refusal(value, message, "no IP address", upstream));
            }
        } else if let Some(upstream) = port(item).as_deref().and_then(refused_port) {
            let message = format!("Compose cannot read a port of `{name}`");
            refusals.add(service.refusal(item, message, &upstream.clone(), upstream));
        }
    }
}

/// Returns the short form of a port as Compose reads it: of `0x50` the number.
fn port(item: &Value) -> Option<Cow<'_, str>> {
    match item.as_scalar()?.typed {
        yaml::Value::Int(number) => Some(number.to_string().into()),
        _ => text(item).map(Cow::Borrowed),
    }
}

fn devices(service: &Subject<'_>, refusals: &mut Refusals) {
    let lists = [
        ("gpus", &["gpus"][..]),
        ("deploy.resources.reservations.devices", &["deploy", "resources", "reservations", "devices"][..]),
    ];
    for (key, path) in lists {
        for device in service.get(path).map(items).unwrap_or_default() {
            if let (Some(count), Some(ids)) = (device.get("count"), device.get("device_ids")) {
                let name = service.name;
                let upstream = format!(
                    "services.{name}.{key}.[]: \"count\" and \"device_ids\" attributes are exclusive"
                );
                let message = format!("a device of `{name}` has a `count` and `device_ids`");
                let mut refusal = service.refusal(&ids.value, message, "`device_ids` here", upstream);
                refusal.span = ids.key;
                refusal.related.push((count.key, "`count` here".to_owned()));
                refusals.add(refusal);
            }
        }
    }
}

fn watches(service: &Subject<'_>, refusals: &mut Refusals) {
    for watch in service.get(&["develop", "watch"]).map(items).unwrap_or_default() {
        let Some(action) = watch.get("action") else { continue };
        let copies = text(&action.value).is_some_and(|action| action.starts_with("sync"));
        if copies && watch.get("target").is_none_or(|entry| text(&entry.value) == Some("")) {
            let upstream = format!(
                "services.{}.develop.watch: target is required for non-rebuild actions: invalid compose project",
                service.name
            );
            let message = format!("a watch of `{}` has no `target` to copy to", service.name);
            let place = action.value.span;
            let refusal = refusal(place, &action.value, message, "copies to its `target`", upstream);
            refusals.add(Refusal { service: Some(service.name.to_owned()), ..refusal });
        }
    }
}

/// Returns the key and value at `path`, unless it is null.
fn entry<'v>(service: &Subject<'v>, path: &[&str]) -> Option<&'v Entry> {
    let (last, above) = path.split_last()?;
    service.entry.value.at(above)?.get(last).filter(|entry| !entry.value.is_null())
}
