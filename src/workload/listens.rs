//! The port that a container can be asked on, and whether that port speaks HTTP.

use super::probe::{LOOPBACK, Probe, Site, by_http};
use super::{Fact, request, tools};
use crate::syntax::shell::base_name;

/// Ports of protocols that are not HTTP.
const OTHER_PROTOCOLS: [u16; 44] = [
    21, 22, 25, 53, 110, 111, 143, 389, 465, 514, 587, 636, 853, 993, 995, 1433, 1521, 1883, 2181, 3306,
    3389, 4222, 5044, 5060, 5222, 5432, 5671, 5672, 5900, 6379, 6380, 7687, 8883, 9042, 9092, 9094, 11211,
    24224, 25565, 27017, 33060, 50051, 61613, 61616,
];

/// Ports that are beside the one to ask: TLS, debuggers.
const ASIDE: [u16; 6] = [443, 8443, 2345, 5005, 9229, 9230];

/// Ports that web applications take.
const WEB: [u16; 14] = [80, 3000, 3001, 4000, 4200, 5000, 5001, 5173, 8000, 8001, 8080, 8081, 8088, 8888];

/// Programs that run web applications on such a port, and other things on others.
const RUNTIMES: [&str; 22] = [
    "apache2",
    "apachectl",
    "bun",
    "bundle",
    "deno",
    "dotnet",
    "httpd",
    "java",
    "nginx",
    "node",
    "nodemon",
    "npm",
    "npx",
    "php",
    "pm2-runtime",
    "pnpm",
    "python",
    "python3",
    "ruby",
    "tsx",
    "yarn",
    "ts-node",
];

/// Programs that speak HTTP on whatever port they have.
const HTTP_SERVERS: [&str; 26] = [
    "apache2-foreground",
    "catalina.sh",
    "daphne",
    "fastapi",
    "flask",
    "granian",
    "gunicorn",
    "http-server",
    "httpd-foreground",
    "hypercorn",
    "jupyter",
    "jupyter-lab",
    "live-server",
    "mkdocs",
    "next",
    "nuxt",
    "puma",
    "rackup",
    "runserver",
    "serve",
    "streamlit",
    "unicorn",
    "uvicorn",
    "vite",
    "waitress-serve",
    "thin",
];

/// Images whose programs are web applications on such a port.
const BASES: [&str; 8] = ["node", "php", "python", "ruby", "nginx", "httpd", "aspnet", "tomcat"];

impl Site<'_> {
    /// The tool that the image has, on the port that it shows.
    pub(super) fn by_port(&self) -> Result<Probe, String> {
        let tools = self.tools();
        let lacks_shell = self.workload.lacks.contains(&"sh");
        let port = self.port();
        if let Err(why) = &port
            && why.starts_with("it listens on")
        {
            return Err(why.clone());
        }
        if tools.is_empty() && lacks_shell {
            return Err("its image has no shell, no curl and no wget, so a probe has to be a command of the program itself".to_owned());
        }
        if tools.is_empty() {
            return Err("no curl, wget or nc is known in its image".to_owned());
        }
        let port = port?;
        if !self.speaks_http(port) {
            let probe = request::tcp(&tools, LOOPBACK, port).map(Probe::new);
            return probe.ok_or_else(|| {
                match tools.iter().find(|tool| ["curl", "wget"].contains(&base_name(tool))) {
                    Some(tool) => {
                        format!("`{tool}` asks by HTTP, and whether port {port} speaks it is not known")
                    }
                    None => format!("no tool that its image is known to have asks port {port}"),
                }
            });
        }
        let no_tool = || format!("no tool that its image is known to have asks port {port}");
        let mut probe = Probe::new(by_http(&tools, port, "/").ok_or_else(no_tool)?);
        // Whether a port is open says little, and is true of every protocol.
        let asks = probe.test.iter().any(|word| word.contains("http://"));
        probe.assumed_http = asks.then_some(port);
        probe.adjust = asks;
        Ok(probe)
    }

    /// True when a port is one of HTTP, as far as its number, a label, the program and the image tell.
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
        let names = |list: &[&str]| words.iter().any(|word| list.contains(&base_name(word)));
        // FastCGI has no requests that these tools make.
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
        // A program with a path of its own is nobody's runtime.
        let own = self.workload.programs();
        let own = own.last().is_some_and(|program| {
            let name = program.name.as_str();
            name.starts_with(['/', '.']) && !name.ends_with(".sh") && !RUNTIMES.contains(&base_name(name))
        });
        names(&HTTP_SERVERS)
            || WEB.contains(&port) && (names(&RUNTIMES) || !own && BASES.contains(&base_name(&name)))
    }

    /// The one port that it is plain to ask.
    fn port(&self) -> Result<u16, String> {
        let mut ports = self.ports();
        let words = self.words().unwrap_or_default();
        let serves = words.iter().any(|word| HTTP_SERVERS.contains(&base_name(word)));
        // What the image shows may be the port of the other service that runs it.
        let shown = if self.shared && !serves { Vec::new() } else { self.workload.exposed.clone() };
        let (others, range) = tools::beside_tcp(self.target);
        ports.other.extend(others);
        ports.hidden |= range && shown.is_empty();
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
                let tls: Vec<u16> = ports.named.iter().chain(&shown).copied().collect();
                if let Some(port) = tls.iter().find(|port| [443, 8443].contains(port)) {
                    return Ok(*port);
                }
                if let Some(port) = tls.first() {
                    return Err(format!("port {port} is a debugger's, and no other one is named here"));
                }
                if !ports.other.is_empty() {
                    let list = ports.other.iter().fold(Vec::new(), |mut list, port| {
                        if !list.contains(port) {
                            list.push(port.clone());
                        }
                        list
                    });
                    return Err(format!("it listens on {}, which no such probe reaches", list.join(", ")));
                }
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

fn main(ports: &[u16]) -> Vec<u16> {
    ports.iter().copied().filter(|port| !ASIDE.contains(port)).collect()
}
