//! A healthcheck that a container can run: with what its image has, on a port that is known.

use super::opened::Opened;
use super::request::{self, Place};
use super::scripts::Scripts;
use super::server::{Starts, is_flag};
use super::workers::{is_worker, may_be_worker};
use super::{Start, Workload};
use crate::catalog::{Catalog, ProbeEntry};
use crate::model::ImageReference;
use crate::model::compose::{Ports, Service};
use crate::model::image::TargetImage;

/// A healthcheck to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The words as Docker keeps them: `CMD` or `CMD-SHELL`, then the command. `$NAME` is a variable of the container.
    pub test: Vec<String>,
    /// How long the program may take to come up.
    pub start_period: String,
    /// The port that is asked by HTTP, where nobody knows that it speaks it.
    pub assumed_http: Option<u16>,
    /// The path is a guess.
    pub adjust: bool,
}

/// What is known of a container before it is asked.
pub(super) struct Site<'a> {
    pub(super) workload: &'a Workload,
    pub(super) service: Option<&'a Service>,
    pub(super) target: Option<&'a TargetImage>,
    /// Its start with holes, where variables have no value.
    pub(super) partial: Option<&'a Start>,
    /// The programs that it comes down to.
    pub(super) opened: &'a Opened,
    /// It comes down to what the image starts by itself.
    pub(super) as_shipped: bool,
    /// The names of its image's server.
    pub(super) servers: &'a [String],
    /// Another service runs the same image with another command.
    pub(super) shared: bool,
    /// The probe that people name for the image themselves.
    pub(super) own: &'a [String],
    pub(super) catalog: &'a Catalog,
    /// The scripts and other files that it gets.
    pub(super) scripts: &'a Scripts<'a>,
}

impl Site<'_> {
    /// The healthcheck to offer, or why there is none.
    pub(super) fn probe(&self) -> Result<Probe, String> {
        if is_worker(self.opened) {
            return Err("no port to ask: it works off a queue or a timetable; watch that, or let the program touch a file and test the file's age".to_owned());
        }
        if may_be_worker(self.opened) && !self.ports().is_shown() {
            return Err(
                "no port of its own is named, and a part of what it starts works off a queue or a timetable"
                    .to_owned(),
            );
        }
        if !self.own.is_empty() {
            return Ok(Probe::new(self.own.to_vec()));
        }
        let reference = self.reference();
        let tag = reference.as_ref().and_then(ImageReference::effective_tag);
        let row = reference.as_ref().and_then(|reference| self.catalog.probes(reference));
        let Some(row) = row else { return self.by_port() };
        let entries = row.probes(tag);
        if entries.is_empty() && row.otherwise.is_none() {
            return self.by_port();
        }
        match self.starts() {
            Starts::Server => {}
            // PHP and its like run what they are given.
            Starts::Other if row.program.is_empty() && row.exposes.is_empty() => return self.by_port(),
            Starts::Other => return Err("what it starts is not the server of its image".to_owned()),
            Starts::Unknown => return Err("what it starts is not known here".to_owned()),
        }
        if let Some(asked) = row.configuration.as_ref().and_then(|files| self.by_configuration(files)) {
            return asked;
        }
        if let Some(probe) = entries.iter().find_map(|entry| self.asked(entry)) {
            return Ok(probe);
        }
        match &row.otherwise {
            Some(otherwise) => Err(otherwise.clone()),
            None if entries.iter().all(|entry| entry.http.is_some()) => self.by_port(),
            None => Err("how to ask it depends on its settings".to_owned()),
        }
    }

    pub(super) fn reference(&self) -> Option<ImageReference> {
        ImageReference::parse(self.workload.base.value()?.as_str())
    }

    /// A row's probe, when all of its conditions hold.
    fn asked(&self, entry: &ProbeEntry) -> Option<Probe> {
        if entry.as_shipped && !self.is_as_shipped() || !self.variables_fit(entry) {
            return None;
        }
        if !entry.only_flags.is_empty() || !entry.unless_flags.is_empty() {
            let words = self.words()?;
            let has = |flag: &String| words.iter().any(|word| is_flag(word, flag));
            if self.may_have(&words, &entry.unless_flags)
                || !entry.only_flags.is_empty() && !entry.only_flags.iter().any(has)
            {
                return None;
            }
        }
        let brought = |file: &String| {
            let mounted = |mount: &super::Mount| {
                mount.source.contains(file.as_str()) || mount.target.contains(file.as_str())
            };
            self.workload.mounts.iter().any(mounted)
                || self.target.is_some_and(|target| target.mentions(file))
        };
        if entry.unless_files.iter().any(brought) {
            return None;
        }
        let test = match (&entry.http, entry.tcp) {
            (Some(http), _) => {
                if !http.own && self.is_moved(http.port) {
                    return None;
                }
                let tools = match &entry.tool {
                    Some(tool) => vec![tool.clone()],
                    None => self.tools(),
                };
                by_http(&tools, http.port, &http.path)?
            }
            (None, Some(port)) => {
                let host = entry.host.as_deref().unwrap_or(LOOPBACK);
                if self.is_moved(port) {
                    return None;
                }
                request::tcp(&self.tools(), host, port)?
            }
            (None, None) => entry.test.iter().map(|word| self.filled(word)).collect(),
        };
        let shell = test.first().is_some_and(|kind| kind == "CMD-SHELL");
        if shell && self.workload.lacks.contains(&"sh") {
            return None;
        }
        let mut probe = Probe::new(test);
        probe.adjust = entry.adjust && probe.test.iter().any(|word| word.contains("http://"));
        if let Some(period) = &entry.start_period {
            probe.start_period.clone_from(period);
        }
        Some(probe)
    }

    /// A word with the paths of `*_FILE` variables in their places, where they are known.
    fn filled(&self, word: &str) -> String {
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

    fn variables_fit(&self, entry: &ProbeEntry) -> bool {
        let value = |name: &str| self.workload.variable(name);
        let known = |name: &str, fits: &dyn Fn(&str) -> bool| {
            value(name).value().is_some_and(|value| fits(value.as_str()))
        };
        entry.set.iter().all(|(name, wanted)| known(name, &|value| value.eq_ignore_ascii_case(wanted)))
            && entry.contains.iter().all(|(name, part)| known(name, &|value| value.contains(part.as_str())))
            && entry
                .only_set
                .iter()
                .all(|name| self.workload.env.contains_key(name) && !known(name, &str::is_empty))
            && entry.unless_set.iter().all(|name| value(name).is_absent())
    }

    /// Other ports than this one are published.
    fn is_moved(&self, port: u16) -> bool {
        let ports = self.ports();
        let others = if ports.web.is_empty() { &ports.named } else { &ports.web };
        !others.is_empty() && !others.contains(&port)
    }

    pub(super) fn ports(&self) -> Ports {
        self.service.map(|service| service.ports.clone()).unwrap_or_default()
    }

    /// What the image has to ask with.
    pub(super) fn tools(&self) -> Vec<String> {
        self.workload.tools.clone()
    }
}

/// A request by whatever tool there is, else that the port opens.
pub(super) fn by_http(tools: &[String], port: u16, path: &str) -> Option<Vec<String>> {
    let suffix = if port == 80 { String::new() } else { format!(":{port}") };
    let place = Place::plain(format!("http://{LOOPBACK}{suffix}{path}"));
    request::http(tools, &place).or_else(|| request::tcp(tools, LOOPBACK, port))
}

/// The address to ask: `localhost` is `::1` first in some images.
pub(super) const LOOPBACK: &str = "127.0.0.1";

impl Probe {
    pub(super) fn new(test: Vec<String>) -> Self {
        Self { test, start_period: "30s".to_owned(), assumed_http: None, adjust: false }
    }
}
