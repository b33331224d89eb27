//! Chooses the port to probe, and whether it speaks HTTP.

use super::probe::{LOOPBACK, NoProbe, Probe, ProbeContext, by_http};
use super::{Fact, request, tools};
use crate::catalog::Programs;
use crate::hash::HashSet;
use crate::source::{Spanned, TracedText};
use crate::syntax::shell::base_name;

/// Ports of protocols that are not HTTP.
const OTHER_PROTOCOLS: [u16; 44] = [
    21, 22, 25, 53, 110, 111, 143, 389, 465, 514, 587, 636, 853, 993, 995, 1433, 1521, 1883, 2181, 3306,
    3389, 4222, 5044, 5060, 5222, 5432, 5671, 5672, 5900, 6379, 6380, 7687, 8883, 9042, 9092, 9094, 11211,
    24224, 25565, 27017, 33060, 50051, 61613, 61616,
];

/// Ports not to probe if there is another: TLS and debuggers.
const ASIDE: [u16; 6] = [443, 8443, 2345, 5005, 9229, 9230];

/// Common ports of web applications.
const WEB: [u16; 14] = [80, 3000, 3001, 4000, 4200, 5000, 5001, 5173, 8000, 8001, 8080, 8081, 8088, 8888];

/// The reason why there is no port to probe.
enum NoPort {
    /// It listens on no TCP port.
    NotTcp(String),
    /// The port is not known, or one of several.
    Unclear(String),
}

impl ProbeContext<'_> {
    /// Returns a probe of the container's port with an available tool. `inherited`: the base image's ports count.
    pub(super) fn by_port(&self, inherited: bool) -> Result<Probe, NoProbe> {
        let tools = self.tools();
        let lacks_shell = self.workload.image.missing_tools.contains(&"sh");
        let port = match self.port(inherited) {
            Err(NoPort::NotTcp(why)) => return Err(why.into()),
            port => port,
        };
        if tools.is_empty() && lacks_shell {
            return Err("its image has no shell, curl or wget, so the probe has to be a command of the program itself".into());
        }
        if tools.is_empty() {
            return Err("it is not known whether its image has curl, wget or nc".into());
        }
        let port = match port {
            Ok(port) => port,
            Err(NoPort::NotTcp(why) | NoPort::Unclear(why)) => return Err(why.into()),
        };
        let speaks_http = self.speaks_http(port);
        let (port, word) = self.port_text(port);
        let usable = |test: &Vec<String>| !lacks_shell || test.first().is_some_and(|kind| kind == "CMD");
        let reaches = || format!("its image has no known tool that can reach port {port}");
        if !speaks_http {
            let probe = request::tcp(&tools, LOOPBACK, &word).filter(usable);
            return probe.map(Probe::new).ok_or_else(|| {
                match tools.iter().find(|tool| ["curl", "wget"].contains(&base_name(tool))) {
                    Some(tool) => {
                        format!("it is not known whether port {port} speaks HTTP; if it does, probe it with `{tool}`")
                    }
                    None => reaches(),
                }
                .into()
            });
        }
        let test = by_http(&tools, &word, "/", true).filter(usable);
        let mut probe = Probe::new(test.ok_or_else(reaches)?);
        // An open port proves less, but holds for every protocol.
        let asks = probe.test.iter().any(|word| word.contains("http://"));
        probe.assumed_http = asks.then_some(port);
        probe.any_answer = asks;
        Ok(probe)
    }

    /// Returns a port and its text in a probe: the variable that sets it, if whoever starts the container may change that, else
    /// the number.
    pub(super) fn port_text(&self, port: u16) -> (u16, String) {
        let literal = (port, port.to_string());
        let named = self.ports();
        if let Some(name) = self.varying_variable(port) {
            return (port, format!("${name}"));
        }
        let Some(name) = self.port_variable(port) else { return literal };
        match self.workload.variable(name) {
            _ if self.workload.kind == super::Kind::Image => (port, format!("${name}")),
            Fact::Unknown { .. } => (port, format!("${name}")),
            Fact::Known(value) if named.named.is_empty() && named.web.is_empty() => {
                value.value.as_str().trim().parse().map_or(literal, |port: u16| (port, port.to_string()))
            }
            _ => literal,
        }
    }

    /// Returns the service's variable that has this port and depends on a Compose variable: `PORT: ${PORT:-3000}`.
    fn varying_variable(&self, port: u16) -> Option<&str> {
        let service = &self.workload.service;
        // `"${PUBLIC:-80}:8080"`: the container stays on its port.
        if service.ports.literal.contains(&port) {
            return None;
        }
        let mut names = self.workload.env.iter().filter(|(name, variable)| {
            let varies = |value: &Spanned<TracedText>| {
                value.default_for.is_some() && value.value.as_str().trim().parse() == Ok(port)
            };
            (*name == "PORT" || name.ends_with("_PORT"))
                && service.environment.contains_key(*name)
                && variable.value.known().is_some_and(varies)
        });
        names.next().map(|(name, _)| name.as_str())
    }

    /// Returns the Dockerfile's variable with this port: `PORT`, `NGINX_PORT`, or one that `EXPOSE` or the start line uses.
    fn port_variable(&self, port: u16) -> Option<&str> {
        let target = self.target?;
        let reads = |text: &str, name: &str| {
            [format!("${{{name}"), format!("${name}")].iter().any(|start| {
                text.match_indices(start.as_str()).any(|(at, found)| {
                    let next = text.get(at + found.len()..).and_then(|rest| rest.chars().next());
                    next.is_none_or(|c| c != '_' && !c.is_ascii_alphanumeric())
                })
            })
        };
        let words = self.words().unwrap_or_default();
        let names = target.env.iter().filter(|(_, entry)| {
            entry.value.as_ref().is_ok_and(|value| value.as_str().trim().parse() == Ok(port))
        });
        let mut names = names.map(|(name, _)| name.as_str()).filter(|name| {
            matches!(*name, "PORT" | "NGINX_PORT")
                || target.expose_words.iter().any(|word| reads(word.as_str(), name))
                || words.iter().any(|word| reads(word, name))
        });
        names.next()
    }

    /// True if a port speaks HTTP, judging by its number, labels, the program and the image.
    fn speaks_http(&self, port: u16) -> bool {
        if OTHER_PROTOCOLS.contains(&port) || [443, 8443].contains(&port) {
            return false;
        }
        if self.ports().web.contains(&port) {
            return true;
        }
        let virtual_port = self.workload.variable("VIRTUAL_PORT");
        if virtual_port.value().is_some_and(|value| value.as_str().trim().parse() == Ok(port)) {
            return true;
        }
        let words = self.words().unwrap_or_default();
        let names = |list: &HashSet<String>| words.iter().any(|word| list.contains(base_name(word)));
        // These tools cannot make FastCGI requests.
        if words.iter().any(|word| base_name(word).starts_with("php-fpm")) {
            return false;
        }
        let reference = self.reference();
        let row = reference.as_ref().and_then(|reference| self.catalog.probes(reference));
        let tag = reference.as_ref().and_then(|reference| reference.effective_tag());
        if row.is_some_and(|row| {
            row.configuration.is_none() && row.probes(tag).iter().any(|entry| entry.http.is_some())
        }) {
            return true;
        }
        let name = reference.as_ref().map(|reference| reference.name()).unwrap_or_default();
        // A program started by its path is not one of the known runtimes.
        let own = self.workload.programs();
        let own = own.last().is_some_and(|program| {
            let name = program.name.as_str();
            name.starts_with(['/', '.'])
                && !name.ends_with(".sh")
                && !Programs::builtin().web_runtimes.contains(base_name(name))
        });
        names(&Programs::builtin().http_servers)
            || WEB.contains(&port)
                && (names(&Programs::builtin().web_runtimes)
                    || !own && Programs::builtin().web_images.contains(base_name(&name)))
    }

    /// Returns the one port that is clearly the one to probe.
    fn port(&self, inherited: bool) -> Result<u16, NoPort> {
        let mut ports = self.ports();
        let words = self.words().unwrap_or_default();
        let serves = words.iter().any(|word| Programs::builtin().http_servers.contains(base_name(word)));
        let own = self.target.is_some_and(|target| !target.exposes.is_empty());
        // An exposed port may belong to the other service that runs the same image.
        let counts = (inherited || own) && (!self.shared || serves);
        let shown = if counts { self.workload.health.exposed.clone() } else { Vec::new() };
        let (others, range) = tools::other_protocols(self.target);
        ports.other.extend(others);
        ports.hidden |= range && shown.is_empty();
        let hidden =
            || NoPort::Unclear("its port is a range, or depends on a variable without a value".to_owned());
        let several = |ports: &[u16]| {
            let list = listed(ports.iter().map(u16::to_string).collect());
            NoPort::Unclear(format!("it is not known which of its ports to probe: {list}"))
        };
        let one = match (ports.web.as_slice(), main(&ports.named).as_slice(), main(&shown).as_slice()) {
            ([port], ..) => *port,
            ([], [port], _) if !ports.hidden => *port,
            ([], [], [port]) if !ports.hidden && self.port_variable(*port).is_some() => return Ok(*port),
            ([], [], [port]) if !ports.hidden => *port,
            ([], [], []) if !ports.hidden => {
                let tls: Vec<u16> = ports.named.iter().chain(&shown).copied().collect();
                if let Some(port) = tls.iter().find(|port| [443, 8443].contains(port)) {
                    return Ok(*port);
                }
                if let Some(port) = tls.first() {
                    return Err(NoPort::Unclear(format!("its only port is {port}, a debugger's")));
                }
                if !ports.other.is_empty() {
                    let mut list: Vec<String> = Vec::new();
                    for port in ports.other {
                        if !list.contains(&port) {
                            list.push(port);
                        }
                    }
                    let list = listed(list);
                    return Err(NoPort::NotTcp(format!(
                        "it listens on {list}, and only TCP ports can be probed"
                    )));
                }
                return Err(NoPort::Unclear("no port is declared for it".to_owned()));
            }
            ([], _, [port]) if ports.hidden => *port,
            ([], ..) if ports.hidden => return Err(hidden()),
            ([], [], shown) => return Err(several(shown)),
            ([], named, shown) => {
                match named.iter().filter(|port| shown.contains(port)).collect::<Vec<_>>()[..] {
                    [port] => *port,
                    _ => return Err(several(named)),
                }
            }
            (web, ..) => return Err(several(web)),
        };
        let set = self.workload.variable("PORT");
        let set = set.value().filter(|_| ports.web.is_empty()).map(|set| set.as_str().trim().parse::<u16>());
        match set {
            Some(Ok(other)) if other != one => {
                Err(NoPort::Unclear(format!("port {one} is named, and `PORT` is {other}")))
            }
            Some(Err(_)) => Err(NoPort::Unclear(format!("port {one} is named, and `PORT` is no port"))),
            _ => Ok(one),
        }
    }
}

/// Joins words: `a`, `a and b`, `a, b and c`.
fn listed(mut words: Vec<String>) -> String {
    let last = words.pop().unwrap_or_default();
    if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) }
}

fn main(ports: &[u16]) -> Vec<u16> {
    ports.iter().copied().filter(|port| !ASIDE.contains(port)).collect()
}
