//! Chooses a healthcheck that the container can run with its tools, on a known port.

use super::opened::StartedPrograms;
use super::request::{self, HttpRequest};
use super::scripts::Scripts;
use super::server::{Starts, is_flag};
use super::settings::{Address, Settings};
use super::workers::{is_worker, may_be_worker};
use super::{Start, Workload};
use crate::catalog::{Catalog, ProbeEntry, RuntimeName};
use crate::model::ImageReference;
use crate::model::compose::Ports;
use crate::model::image::TargetImage;
use crate::syntax::duration;
use crate::syntax::shell::base_name;

/// A healthcheck to suggest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The test as Docker stores it: `CMD` or `CMD-SHELL`, then the command. `$NAME` is a variable of the container.
    pub test: Vec<String>,
    /// The `start_period` to suggest, as Compose writes it.
    pub start_period: String,
    /// The port that is probed by HTTP on the assumption that it speaks it.
    pub assumed_http: Option<u16>,
    /// True if the path is a guess and any status counts.
    pub any_answer: bool,
}

/// The reason why no healthcheck is suggested, and what makes one possible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoProbe {
    /// Lower case, no full stop.
    pub why: String,
    /// The test that works once `set` or `flag` is applied; empty if none is known.
    pub test: Vec<String>,
    /// The variable to set, with its value.
    pub set: Option<(String, String)>,
    /// The flag to add to the command.
    pub flag: Option<String>,
}

impl From<String> for NoProbe {
    fn from(why: String) -> Self {
        Self { why, ..Self::default() }
    }
}

impl From<&str> for NoProbe {
    fn from(why: &str) -> Self {
        why.to_owned().into()
    }
}

/// Facts about a container from which its healthcheck is chosen.
pub(super) struct ProbeContext<'a> {
    pub(super) workload: &'a Workload,
    pub(super) target: Option<&'a TargetImage>,
    /// Its start line with holes for variables without a value.
    pub(super) partial: Option<&'a Start>,
    /// The programs that the start line leads to.
    pub(super) opened: &'a StartedPrograms,
    /// True if it starts the same as the image by default.
    pub(super) as_shipped: bool,
    /// True if another service runs the same image with another command.
    pub(super) shared: bool,
    pub(super) catalog: &'a Catalog,
    /// Its scripts and other files.
    pub(super) scripts: &'a Scripts<'a>,
}

impl ProbeContext<'_> {
    /// Returns the healthcheck to suggest, or why there is none.
    pub(super) fn probe(&self) -> Result<Probe, NoProbe> {
        let mut probe = self.choose()?;
        let period = |text: &str| duration::parse(text).unwrap_or_default();
        if self.runs_jvm() && period(&probe.start_period) < period(JVM_START) {
            JVM_START.clone_into(&mut probe.start_period);
        }
        Ok(probe)
    }

    /// True if a JVM serves, judging by the heaps, the programs and the image.
    fn runs_jvm(&self) -> bool {
        let java = RuntimeName::Java;
        let by_image = || {
            self.reference().is_some_and(|image| {
                self.catalog.image(&image).and_then(|entry| entry.runtime()) == Some(java)
            })
        };
        let starts = |program: &super::Program| {
            self.catalog.runtime(java).is_some_and(|row| {
                let name = program.base_name();
                row.is_program(name) || row.starter(name).is_some()
            })
        };
        self.workload.pools.heaps.iter().any(|heap| heap.runtime == java)
            || self.workload.programs().iter().any(starts)
            || by_image()
    }

    fn choose(&self) -> Result<Probe, NoProbe> {
        if is_worker(self.opened) {
            return Err("it works on a queue or a schedule and has no port: let it touch a file, and test the file's age".into());
        }
        if may_be_worker(self.opened) && !self.ports().is_shown() {
            return Err(
                "no port is declared for it, and part of what it starts works on a queue or a schedule"
                    .into(),
            );
        }
        if !self.workload.image.probe.is_empty() {
            return Ok(Probe::new(self.workload.image.probe.clone()));
        }
        let role = self.catalog.closed_roles().iter().find(|role| {
            self.workload
                .variable(&role.variable)
                .value()
                .is_some_and(|value| value.as_str().trim() == role.value)
        });
        if let Some(role) = role {
            return Err(role.why.as_str().into());
        }
        let reference = self.reference();
        let tag = reference.as_ref().and_then(ImageReference::effective_tag);
        let row = reference.as_ref().and_then(|reference| self.catalog.probes(reference));
        let Some(row) = row else { return self.by_port(true) };
        if let Some(why) = row.closed(tag) {
            return Err(why.into());
        }
        let entries = row.probes(tag);
        if entries.is_empty() && row.otherwise.is_none() {
            return self.by_port(true);
        }
        match self.starts() {
            Starts::Server => {}
            // Images such as PHP's run any program and have no server of their own.
            Starts::Other if row.program.is_empty() && row.exposes.is_empty() => return self.by_port(true),
            Starts::Other => return Err("it starts another program than the server of its image".into()),
            Starts::Unknown => return Err("what it starts is not known here".into()),
        }
        if let Some(asked) = row.configuration.as_ref().and_then(|files| self.by_configuration(files)) {
            return asked.map_err(NoProbe::from);
        }
        let settings = self.settings(row.settings.as_ref());
        if matches!(settings, Settings::Unread) {
            return Err(UNREAD.into());
        }
        let fit = self.settings_fit(row.settings.as_ref(), &settings);
        if !fit {
            return Err("its settings change the port or address of its usual probe".into());
        }
        if let Some(probe) = entries.iter().find_map(|entry| self.by_entry(entry, &settings, true)) {
            return Ok(probe);
        }
        if let Some(no) = entries.iter().find_map(|entry| self.switched_off(entry, &settings)) {
            return Err(no);
        }
        match &row.otherwise {
            Some(otherwise) => Err(otherwise.as_str().into()),
            None => self.by_port(false),
        }
    }

    /// Returns what has to be switched on for an entry's probe, if its other conditions are met.
    fn switched_off(&self, entry: &ProbeEntry, settings: &Settings) -> Option<NoProbe> {
        let why = entry.off.clone()?;
        let open = |name: &String| matches!(self.workload.variable(name), super::Fact::Unknown { .. });
        if !matches!(settings, Settings::None) || entry.set.keys().any(open) {
            return None;
        }
        let test = self.by_entry(entry, settings, false)?.test;
        let set = entry.set.iter().next().map(|(name, value)| (name.clone(), value.clone()));
        let flag = entry.only_flags.first().cloned().filter(|_| set.is_none());
        Some(NoProbe { why, test, set, flag })
    }

    pub(super) fn reference(&self) -> Option<ImageReference> {
        ImageReference::parse(self.workload.image.base.value()?.as_str())
    }

    /// Returns an entry's probe if its conditions are met. `switched_on`: these include that the probed feature is on.
    fn by_entry(&self, entry: &ProbeEntry, settings: &Settings, switched_on: bool) -> Option<Probe> {
        if !entry.only_settings.iter().all(|name| settings.has(name))
            || entry.unless_settings.iter().any(|name| settings.has(name))
        {
            return None;
        }
        if entry.as_shipped && !self.is_as_shipped() || !self.variables_fit(entry, switched_on) {
            return None;
        }
        if !entry.only_flags.is_empty() || !entry.unless_flags.is_empty() {
            let words = self.words()?;
            let has = |flag: &String| words.iter().any(|word| is_flag(word, flag));
            if self.may_have(&words, &entry.unless_flags)
                || switched_on && !entry.only_flags.is_empty() && !entry.only_flags.iter().any(has)
            {
                return None;
            }
        }
        // An absolute path is a place in the container, anything else a part of a path.
        let brought = |file: &String| {
            let names = |path: &str| path.contains(file.as_str());
            let mounts = &self.workload.service.mounts;
            match file.starts_with('/') {
                true => {
                    !self.scripts.files_at(file).is_empty()
                        || self.target.is_some_and(|target| target.mentions(file))
                }
                false => {
                    mounts.iter().any(|mount| names(&mount.source) || names(&mount.target))
                        || self.target.is_some_and(|target| target.mentions(file))
                }
            }
        };
        if entry.unless_files.iter().any(brought) {
            return None;
        }
        let default = entry.http.as_ref().map(|http| http.port).or(entry.tcp).or(entry.port);
        let host = entry.host.as_deref().unwrap_or(LOOPBACK);
        let (address, moved) = match (default, &entry.port_by) {
            (Some(port), Some(by)) => self.listens_at((port, host), by, settings)?,
            (port, _) => {
                let port = port.unwrap_or_default();
                (Address { host: host.to_owned(), port, variable: None }, false)
            }
        };
        let published = entry.http.as_ref().is_some_and(|http| !http.own) || entry.tcp.is_some();
        if !moved && published && self.is_moved(address.port) {
            return None;
        }
        let host = address.host.as_str();
        let literal = || address.port.to_string();
        let port = address.variable.as_ref().map_or_else(literal, |name| format!("${name}"));
        let test = match (&entry.http, entry.tcp) {
            (Some(http), _) => {
                let tools = match &entry.tool {
                    Some(tool) => vec![tool.clone()],
                    None => self.tools(),
                };
                by_http(&tools, &port, &http.path, entry.adjust)?
            }
            (None, Some(_)) => request::tcp(&self.tools(), host, &port)?,
            (None, None) => {
                let other = default != Some(address.port);
                let words = entry.test.iter().map(|word| with_port(word, &port, other));
                words.filter(|word| !word.is_empty()).map(|word| self.with_secret_paths(&word)).collect()
            }
        };
        let shell = test.first().is_some_and(|kind| kind == "CMD-SHELL");
        if shell && self.workload.image.missing_tools.contains(&"sh") {
            return None;
        }
        let mut probe = Probe::new(test);
        probe.any_answer = entry.adjust && probe.test.iter().any(|word| word.contains("http://"));
        if let Some(period) = &entry.start_period {
            probe.start_period.clone_from(period);
        }
        Some(probe)
    }

    /// Replaces `*_FILE` variables in a word by their paths, where they are known.
    fn with_secret_paths(&self, word: &str) -> String {
        let files = self.workload.env.iter().filter(|(name, _)| name.ends_with("_FILE"));
        files.fold(word.to_owned(), |word, (name, variable)| {
            let path = variable.value.value().map(|value| value.as_str().trim());
            let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.".contains(c);
            match path.filter(|path| path.starts_with('/') && path.chars().all(plain)) {
                Some(path) => word.replace(&format!("\"${name}\""), path),
                None => word,
            }
        })
    }

    fn variables_fit(&self, entry: &ProbeEntry, switched_on: bool) -> bool {
        let value = |name: &str| self.workload.variable(name);
        let known = |name: &str, fits: &dyn Fn(&str) -> bool| {
            value(name).value().is_some_and(|value| fits(value.as_str()))
        };
        let set =
            |(name, wanted): (&String, &String)| known(name, &|value| value.eq_ignore_ascii_case(wanted));
        (!switched_on || entry.set.iter().all(set))
            && entry
                .only_set
                .iter()
                .all(|name| self.workload.env.contains_key(name) && !known(name, &str::is_empty))
            && entry.unless_set.iter().all(|name| value(name).is_absent())
    }

    /// True if the service names ports, but not this one.
    fn is_moved(&self, port: u16) -> bool {
        let ports = self.ports();
        let others = if ports.web.is_empty() { &ports.named } else { &ports.web };
        !others.is_empty() && !others.contains(&port)
    }

    pub(super) fn ports(&self) -> Ports {
        self.workload.service.ports.clone()
    }

    /// Returns the tools for probes in the image.
    pub(super) fn tools(&self) -> Vec<String> {
        let all = &self.workload.health.tools;
        // The advice to take a lighter image holds for the probe as well.
        let lacks = self.workload.image.lighter_base.as_ref().map_or(&[][..], |lighter| &lighter.lacks);
        let kept: Vec<String> =
            all.iter().filter(|tool| !lacks.contains(&base_name(tool))).cloned().collect();
        if kept.is_empty() { all.clone() } else { kept }
    }
}

/// Fills in the port of an entry's test. The part in `[…]` around it is dropped if the port is the default.
fn with_port(word: &str, port: &str, other: bool) -> String {
    let Some((before, after)) = word.split_once("{port}") else { return word.to_owned() };
    match (before.rsplit_once('['), after.split_once(']')) {
        (Some((start, flag)), Some((rest, end))) if other => format!("{start}{flag}{port}{rest}{end}"),
        (Some((start, _)), Some((_, end))) => format!("{start}{end}"),
        _ => format!("{before}{port}{after}"),
    }
}

/// Returns a test by HTTP, or else that the port is open. The port may be a variable of the container. `any_answer`: the path
/// is a guess, and any status counts.
pub(super) fn by_http(tools: &[String], port: &str, path: &str, any_answer: bool) -> Option<Vec<String>> {
    let suffix = if port == "80" { String::new() } else { format!(":{port}") };
    let place = HttpRequest::plain(format!("http://{LOOPBACK}{suffix}{path}"));
    let place = if any_answer { place.any_answer() } else { place };
    request::http(tools, &place).or_else(|| request::tcp(tools, LOOPBACK, port))
}

/// The least `start_period` of a JVM.
const JVM_START: &str = "60s";

/// The reason for no suggestion if a configuration file decides the port.
pub(super) const UNREAD: &str = "its port depends on a configuration file that oomlint does not read";

/// The address to probe. `localhost` resolves to `::1` first in some images.
pub(super) const LOOPBACK: &str = "127.0.0.1";

impl Probe {
    pub(super) fn new(test: Vec<String>) -> Self {
        Self { test, start_period: "30s".to_owned(), assumed_http: None, any_answer: false }
    }
}
