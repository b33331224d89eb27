//! A healthcheck that a container can run: with what its image has, on a port that is known.

use super::request::{self, Place};
use super::{Fact, Start, Workload};
use crate::catalog::{Catalog, ProbeEntry, ProbeRow};
use crate::model::ImageReference;
use crate::model::compose::{Ports, Service};
use crate::model::image::{Form, TargetImage};
use crate::source::Text;
use crate::syntax::shell::base_name;

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

/// Ports of protocols that are not HTTP.
const OTHER_PROTOCOLS: [u16; 44] = [
    21, 22, 25, 53, 110, 111, 143, 389, 465, 514, 587, 636, 853, 993, 995, 1433, 1521, 1883, 2181, 3306,
    3389, 4222, 5044, 5060, 5222, 5432, 5671, 5672, 5900, 6379, 6380, 7687, 8883, 9042, 9092, 9094, 11211,
    24224, 25565, 27017, 33060, 50051, 61613, 61616,
];

/// Ports that are beside the one to ask: TLS, debuggers.
const ASIDE: [u16; 6] = [443, 8443, 2345, 5005, 9229, 9230];

/// What is known of a container before it is asked.
pub(super) struct Site<'a> {
    pub(super) workload: &'a Workload,
    pub(super) service: Option<&'a Service>,
    pub(super) target: Option<&'a TargetImage>,
    /// Its start with holes, where variables have no value.
    pub(super) partial: Option<&'a Start>,
    /// The probe that people name for the image themselves.
    pub(super) own: &'a [String],
    pub(super) catalog: &'a Catalog,
}

impl Site<'_> {
    /// The healthcheck to offer, or why there is none.
    pub(super) fn probe(&self) -> Result<Probe, String> {
        let start = self.workload.start.value().or(self.partial);
        if start.is_some_and(|start| is_worker(start, self.workload)) {
            return Err("no port to ask: it works off a queue or a timetable; watch that, or let the program touch a file and test the file's age".to_owned());
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
        if !self.starts_server(row) {
            return Err(match self.words() {
                Some(_) => "what it starts is not the server of its image".to_owned(),
                None => "what it starts is not known here".to_owned(),
            });
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

    fn reference(&self) -> Option<ImageReference> {
        ImageReference::parse(self.workload.base.value()?.as_str())
    }

    /// Nobody says what the image is to start.
    fn is_as_shipped(&self) -> bool {
        self.keeps_entrypoint()
            && self.service.is_none_or(|service| service.command.is_absent())
            && self.target.is_none_or(|target| target.cmd.is_none())
    }

    fn keeps_entrypoint(&self) -> bool {
        self.service.is_none_or(|service| service.entrypoint.is_absent())
            && self.target.is_none_or(|target| target.entrypoint.is_none())
    }

    /// The command that is given to the image's entrypoint, where one is.
    fn command(&self) -> Option<&[Text]> {
        let service = self.service.and_then(|service| service.command.value());
        let image = || match &self.target?.cmd.as_ref()?.form {
            Form::Exec(words) => Some(words.as_slice()),
            Form::Shell(_) => None,
        };
        service.map(Vec::as_slice).or_else(image)
    }

    /// The words of its start, a script's too; none where they are not known.
    fn words(&self) -> Option<Vec<String>> {
        if self.is_as_shipped() {
            return Some(Vec::new());
        }
        let command = self.command();
        let words: Vec<&Text> = match (self.workload.start.value().or(self.partial), command) {
            (Some(start), _) => start.entrypoint.iter().chain(&start.command).collect(),
            // The image's entrypoint is not known, and gets these.
            (None, Some(command)) => command.iter().collect(),
            (None, None) => return None,
        };
        let split = words.iter().flat_map(|word| word.as_str().split_whitespace());
        Some(split.map(|word| word.trim_matches(['"', '\'']).to_owned()).collect())
    }

    fn starts_server(&self, row: &ProbeRow) -> bool {
        if self.is_as_shipped() {
            return true;
        }
        if row.program.is_empty() {
            return self.keeps_entrypoint();
        }
        let is_server = |word: &str| row.program.iter().any(|name| base_name(name) == base_name(word));
        let options = self.command().and_then(|words| words.first());
        let options = options.is_some_and(|word| word.as_str().starts_with('-')) && self.keeps_entrypoint();
        options || self.words().is_some_and(|words| words.iter().any(|word| is_server(word)))
    }

    /// A row's probe, when all of its conditions hold.
    fn asked(&self, entry: &ProbeEntry) -> Option<Probe> {
        if entry.as_shipped && !self.is_as_shipped() || !self.variables_fit(entry) {
            return None;
        }
        if !entry.only_flags.is_empty() || !entry.unless_flags.is_empty() {
            let words = self.words()?;
            let has = |flag: &String| words.iter().any(|word| is_flag(word, flag));
            if entry.unless_flags.iter().any(has)
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
            (None, None) => entry.test.clone(),
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

    fn variables_fit(&self, entry: &ProbeEntry) -> bool {
        let value = |name: &str| self.workload.variable(name);
        let known = |name: &str, fits: &dyn Fn(&str) -> bool| {
            value(name).value().is_some_and(|value| fits(value.as_str()))
        };
        entry.set.iter().all(|(name, wanted)| known(name, &|value| value.eq_ignore_ascii_case(wanted)))
            && entry.contains.iter().all(|(name, part)| known(name, &|value| value.contains(part.as_str())))
            && entry.only_set.iter().all(|name| self.workload.env.contains_key(name))
            && entry.unless_set.iter().all(|name| value(name).is_absent())
    }

    /// Other ports than this one are published.
    fn is_moved(&self, port: u16) -> bool {
        let ports = self.ports();
        let others = if ports.web.is_empty() { &ports.named } else { &ports.web };
        !others.is_empty() && !others.contains(&port)
    }

    fn ports(&self) -> Ports {
        self.service.map(|service| service.ports.clone()).unwrap_or_default()
    }

    /// What the image has to ask with.
    fn tools(&self) -> Vec<String> {
        self.workload.tools.clone()
    }

    /// The tool that the image has on the port that it shows.
    fn by_port(&self) -> Result<Probe, String> {
        let tools = self.tools();
        let lacks_shell = self.workload.lacks.contains(&"sh");
        if tools.is_empty() && lacks_shell {
            return Err("its image has no shell and no tool to ask with, so a probe has to be a command of the program itself".to_owned());
        }
        if tools.is_empty() {
            return Err("no tool to ask with is known to be in its image".to_owned());
        }
        let port = self.port()?;
        let no_tool = || format!("no tool that its image is known to have asks port {port}");
        // FastCGI has no requests that these tools make.
        let fastcgi = self.workload.words().any(|word| base_name(word.as_str()).starts_with("php-fpm"));
        if OTHER_PROTOCOLS.contains(&port) || fastcgi && port == 9000 {
            return request::tcp(&tools, LOOPBACK, port).map(Probe::new).ok_or_else(no_tool);
        }
        let mut probe = Probe::new(by_http(&tools, port, "/").ok_or_else(no_tool)?);
        // Whether a port is open says little, and is true of every protocol.
        let asks = probe.test.iter().any(|word| word.contains("http://"));
        probe.assumed_http = asks.then_some(port);
        probe.adjust = asks;
        Ok(probe)
    }

    /// The one port that it is plain to ask.
    fn port(&self) -> Result<u16, String> {
        let ports = self.ports();
        let shown = self.workload.exposed.clone();
        let hidden =
            || "which port it listens on is not plain: a range, or a variable without a value".to_owned();
        let several = |ports: &[u16]| {
            let list: Vec<String> = ports.iter().map(u16::to_string).collect();
            format!("it is not plain which of its ports to ask: {}", list.join(", "))
        };
        let one = match (ports.web.as_slice(), main(&ports.named).as_slice(), main(&shown).as_slice()) {
            ([port], ..) => *port,
            ([], [port], _) if !ports.hidden => *port,
            ([], [], [port]) if !ports.hidden => *port,
            ([], [], []) if !ports.hidden => {
                return Err("the port that it listens on is named nowhere here".to_owned());
            }
            ([], named, _) if ports.hidden => match named {
                _ if main(&shown).len() == 1 => main(&shown)[0],
                _ => return Err(hidden()),
            },
            ([], [], shown) => return Err(several(shown)),
            ([], named, shown) => {
                match named.iter().filter(|port| shown.contains(port)).collect::<Vec<_>>()[..] {
                    [port] => *port,
                    _ => return Err(several(named)),
                }
            }
            (web, ..) => return Err(several(web)),
        };
        match self.workload.variable("PORT") {
            Fact::Known(set) if set.value.as_str().trim().parse() == Ok(one) => Ok(one),
            Fact::Known(_) if ports.web.is_empty() => {
                Err(format!("port {one} is named, and `PORT` is another one"))
            }
            _ => Ok(one),
        }
    }
}

/// A request by whatever tool there is, else that the port opens.
fn by_http(tools: &[String], port: u16, path: &str) -> Option<Vec<String>> {
    let suffix = if port == 80 { String::new() } else { format!(":{port}") };
    let place = Place::plain(format!("http://{LOOPBACK}{suffix}{path}"));
    request::http(tools, &place).or_else(|| request::tcp(tools, LOOPBACK, port))
}

const LOOPBACK: &str = "127.0.0.1";

fn main(ports: &[u16]) -> Vec<u16> {
    ports.iter().copied().filter(|port| !ASIDE.contains(port)).collect()
}

/// `--port`, `--port=1`, `-p1`; the case of long flags is not looked at, as Traefik does not.
fn is_flag(word: &str, flag: &str) -> bool {
    let name = word.split('=').next().unwrap_or(word);
    match flag.contains('=') {
        true => word.eq_ignore_ascii_case(flag),
        false if flag.starts_with("--") => name.eq_ignore_ascii_case(flag),
        false => word.starts_with(flag) && !word.starts_with("--"),
    }
}

impl Probe {
    fn new(test: Vec<String>) -> Self {
        Self { test, start_period: "30s".to_owned(), assumed_http: None, adjust: false }
    }
}

/// Programs that take work from a queue or a timetable, and listen nowhere.
const WORKERS: [&str; 21] = [
    "arq",
    "celery",
    "cron",
    "crond",
    "dcron",
    "delayed_job",
    "dramatiq",
    "go-crond",
    "good_job",
    "huey_consumer",
    "huey_consumer.py",
    "ofelia",
    "qcluster",
    "resque",
    "rq",
    "rqscheduler",
    "rqworker",
    "sidekiq",
    "solid_queue",
    "supercronic",
    "yacron",
];

/// Words of programs that do more than one thing, which make workers of them.
const WORKER_WORDS: [&str; 9] = [
    "queue:work",
    "queue:listen",
    "schedule:work",
    "schedule:run",
    "horizon",
    "jobs:work",
    "messenger:consume",
    "celerybeat",
    "solid_queue:start",
];

fn is_worker(start: &Start, workload: &Workload) -> bool {
    let programs = start.programs(workload.handover.as_ref());
    let Some(last) = programs.last() else { return false };
    let words = || std::iter::once(&last.name).chain(&last.arguments).map(|word| word.as_str());
    // Flower shows a queue as a page.
    let shows = words().any(|word| word == "flower");
    !shows && words().any(|word| WORKERS.contains(&base_name(word)) || WORKER_WORDS.contains(&word))
}
