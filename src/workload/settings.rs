//! Settings in a server's files, flags and variables that move or close the port of its probe.

use super::Fact;
use super::brought::is_edited;
use super::probe::{LOOPBACK, ProbeContext};
use super::server::is_flag;
use crate::catalog::{PortBy, SettingFiles};
use crate::model::image::tidy;
use crate::syntax::template::HOLE;

/// Endings of settings files.
const ENDINGS: [&str; 9] =
    [".conf", ".cnf", ".yml", ".yaml", ".toml", ".json", ".ini", ".properties", "Caddyfile"];

/// A server's settings from its files or variables.
pub(super) enum Settings {
    /// No files or variables are given.
    None,
    /// The texts of the files or variables.
    Read(Vec<String>),
    /// A part is not available, or is written during the build.
    Unread,
}

impl Settings {
    /// Returns the values of a setting, in order.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        match self {
            Self::Read(texts) => texts.iter().flat_map(|text| values(text, name)).collect(),
            Self::None | Self::Unread => Vec::new(),
        }
    }

    /// True if a setting is present.
    pub(super) fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }
}

/// An address that a server listens on, to probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    /// The container variable that holds the port, if whoever starts the container may change it.
    pub(super) variable: Option<String>,
}

impl ProbeContext<'_> {
    /// Reads the settings from the files that a catalogue row lists, and from those that the start line names.
    pub(super) fn settings(&self, files: Option<&SettingFiles>) -> Settings {
        let Some(files) = files else { return Settings::None };
        let named: Vec<String> = self.named_files();
        let mut found = Vec::new();
        for place in files.files.iter().chain(&named) {
            let brought = self.scripts.files_at(place);
            if brought.is_empty() && named.contains(place) && !files.files.contains(place) {
                return Settings::Unread;
            }
            found.extend(brought);
        }
        let places: Vec<&str> = files.files.iter().chain(&named).map(String::as_str).collect();
        if !places.is_empty() && self.target.is_some_and(|target| is_edited(target, &places)) {
            return Settings::Unread;
        }
        if !found.is_empty() {
            let texts: Option<Vec<String>> =
                found.into_iter().map(|file| Some(file.text?.as_str().to_owned())).collect();
            return texts.map_or(Settings::Unread, Settings::Read);
        }
        let mut texts = Vec::new();
        for name in &files.variables {
            match self.workload.variable(name) {
                Fact::Known(value) => {
                    texts.push(value.value.as_str().split_whitespace().collect::<Vec<_>>().join("\n"));
                }
                Fact::Unknown { .. } => return Settings::Unread,
                Fact::Absent { .. } => {}
            }
        }
        if texts.is_empty() { Settings::None } else { Settings::Read(texts) }
    }

    /// Returns the settings files that the start line names.
    fn named_files(&self) -> Vec<String> {
        // Options that name data rather than settings: `--certificatesresolvers.x.acme.storage=acme.json`.
        const DATA: [&str; 11] = [
            "storage", "log", "logfile", "cert", "key", "pid", "pidfile", "data", "output", "cache", "state",
        ];
        let words = self.words().unwrap_or_default();
        let is_data = |word: &&String| {
            let name = word.split_once('=').map_or("", |(name, _)| name).to_ascii_lowercase();
            name.rsplit(['.', '-', '_']).next().is_some_and(|last| DATA.contains(&last))
        };
        let paths =
            words.iter().filter(|word| !is_data(word)).map(|word| word.rsplit('=').next().unwrap_or(word));
        let paths = paths.filter(|path| ENDINGS.iter().any(|ending| path.ends_with(ending)));
        paths.map(|path| if path.starts_with('/') { tidy(path) } else { self.scripts.place(path) }).collect()
    }

    /// True if no setting has a value that the row excludes.
    pub(super) fn settings_fit(&self, files: Option<&SettingFiles>, settings: &Settings) -> bool {
        files.is_none_or(|files| {
            files.unless.iter().all(|(name, allowed)| {
                let fits = |value: &&str| allowed.iter().any(|other| other.eq_ignore_ascii_case(value));
                settings.values(name).iter().all(fits)
            })
        })
    }

    /// Returns the address that a server listens on, and whether something moved it from `default`. `None` if it is unknown, or
    /// not reachable by a probe.
    pub(super) fn listens_at(
        &self,
        (default, host): (u16, &str),
        by: &PortBy,
        settings: &Settings,
    ) -> Option<(Address, bool)> {
        let own = |port: u16| Address { host: host.to_owned(), port, variable: None };
        let words = self.words()?;
        for flag in &by.flags {
            if words.iter().any(|word| is_flag(word, flag)) {
                return Some((own(port(&flag_value(&words, flag)?)?), true));
            }
        }
        if !by.flags.is_empty() && self.may_have(&words, &by.flags) {
            return None;
        }
        for name in &by.variables {
            match self.workload.variable(name) {
                Fact::Known(value) => {
                    let varies = self.workload.kind == super::Kind::Image || value.default_for.is_some();
                    let value = value.value.as_str();
                    let open = varies && value.parse::<u16>().is_ok();
                    let variable = open.then(|| name.clone());
                    return Some((Address { variable, ..own(port(value)?) }, true));
                }
                Fact::Unknown { .. } => return None,
                Fact::Absent { .. } => {}
            }
        }
        for name in &by.listeners {
            match self.workload.variable(name) {
                Fact::Known(value) => {
                    let here = !name.contains("ADVERTISED");
                    return Some((listener(value.value.as_str(), (default, here))?, true));
                }
                Fact::Unknown { .. } => return None,
                Fact::Absent { .. } => {}
            }
        }
        let mut found: Vec<u16> = Vec::new();
        for value in by.settings.iter().flat_map(|name| settings.values(name)) {
            found.push(port(value)?);
        }
        if let Some(member) = &by.member
            && let Some(spec) = self.member(member, settings)
        {
            match spec {
                Some(port) => found.push(port),
                None if found.is_empty() => return None,
                None => {}
            }
        }
        found.sort_unstable();
        found.dedup();
        match found.as_slice() {
            [] => Some((own(default), false)),
            [port] => Some((own(*port), *port != default)),
            several => several.contains(&default).then(|| (own(default), false)),
        }
    }

    /// Returns the client port of this server's own line of ZooKeeper's `server.1=host:2888:3888;2181`. `None` without such
    /// lines, `Some(None)` if its line has no port or is not known.
    fn member(&self, variable: &str, settings: &Settings) -> Option<Option<u16>> {
        let Settings::Read(texts) = settings else { return None };
        let lines = texts.iter().flat_map(|text| text.lines());
        let members: Vec<(&str, &str)> =
            lines.filter_map(|line| line.trim().strip_prefix("server.")?.split_once('=')).collect();
        if members.is_empty() {
            return None;
        }
        let client = |line: &str| line.split_once(';').and_then(|(_, address)| port(address));
        let id = match self.workload.variable(variable) {
            Fact::Known(id) => Some(id.value.as_str().trim().to_owned()),
            Fact::Absent { .. } if members.len() == 1 => None,
            Fact::Absent { .. } => Some("1".to_owned()),
            Fact::Unknown { .. } => None,
        };
        let own = members.iter().filter(|(number, _)| id.as_ref().is_none_or(|id| number.trim() == id));
        let ports: Vec<Option<u16>> = own.map(|(_, line)| client(line)).collect();
        let (first, others) = ports.split_first()?;
        Some(first.filter(|first| others.iter().all(|other| *other == Some(*first))))
    }
}

/// Returns the value of a flag: `--port 1`, `--port=1`, `-p1`.
fn flag_value(words: &[String], flag: &str) -> Option<String> {
    let at = words.iter().rposition(|word| is_flag(word, flag))?;
    let word = words.get(at)?;
    if let Some((_, value)) = word.split_once('=') {
        return Some(value.to_owned());
    }
    match word.get(flag.len()..) {
        Some(rest) if !rest.is_empty() => Some(rest.to_owned()),
        _ => words.get(at + 1).cloned(),
    }
}

/// Returns the port of an address that loopback reaches without TLS: `8080`, `:8080`, `0.0.0.0:8080`, `http://*:8080/`.
pub(super) fn port(address: &str) -> Option<u16> {
    let address = address.trim();
    let address = match address.split_once("://") {
        Some(("http" | "tcp" | "ws", rest)) => rest,
        Some(_) => return None,
        None => address,
    };
    let address = address.trim_end_matches('/');
    let (host, port) = address.rsplit_once(':').unwrap_or(("", address));
    let here = ["", "*", "0.0.0.0", "[::]", "::", "localhost", LOOPBACK];
    port.parse().ok().filter(|port| *port > 0 && here.contains(&host))
}

/// Returns the listener to probe: the one on the default port, else the first that is not the controller's. One bound to a name
/// or to all addresses is reached at the container's hostname.
fn listener(text: &str, (default, here): (u16, bool)) -> Option<Address> {
    if text.contains(['$', HOLE]) {
        return None;
    }
    let all = text.split(',').filter_map(|part| {
        let (name, address) = part.trim().split_once("://")?;
        let (host, port) = address.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port: &u16| *port > 0)?;
        let loopback = here && ["localhost", LOOPBACK].contains(&host);
        let host = if loopback { LOOPBACK } else { "$HOSTNAME" };
        let controller = name.eq_ignore_ascii_case("CONTROLLER");
        (!controller).then(|| Address { host: host.to_owned(), port, variable: None })
    });
    let all: Vec<Address> = all.collect();
    all.iter().find(|address| address.port == default).or(all.first()).cloned()
}

/// Returns the values of a setting that starts a line, or follows `{`, `[`, `<` or a comma: `port 1`, `port = 1`, `"port": 1`,
/// `<port>1</port>`. Comment lines are skipped.
fn values<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let part = |c: char| c.is_alphanumeric() || "_-./$".contains(c);
    let mut found = Vec::new();
    for line in text.lines() {
        let code = line.trim_start();
        if code.starts_with(['#', ';', '!']) || code.starts_with("//") || code.starts_with("<!--") {
            continue;
        }
        for (at, _) in code.to_ascii_lowercase().match_indices(&name.to_ascii_lowercase()) {
            let (Some(before), Some(rest)) = (code.get(..at), code.get(at + name.len()..)) else { continue };
            let first = before.trim_end_matches([' ', '\t', '"', '\'']);
            let first = first.strip_prefix("- ").unwrap_or(first);
            let begins = first.is_empty() || first == "-" || first.ends_with(['{', '<', ',', '[']);
            if !begins || before.ends_with(part) && before != "-" || rest.starts_with(part) {
                continue;
            }
            let value = rest.trim_start_matches([' ', '\t', '=', ':', '>', '"', '\'']);
            let end =
                value.find([' ', '\t', '\r', '<', '"', '\'', ';', ',', '}', '#']).unwrap_or(value.len());
            found.extend(value.get(..end));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_in_every_language() {
        assert_eq!(values("port 6380\n# port 1\nport=2 # x\ntls-port 3", "port"), ["6380", "2"]);
        assert_eq!(values("<a><http_port>81</http_port></a>", "http_port"), ["81"]);
        assert_eq!(values("{\"admin\": {\"disabled\": true}}", "admin"), ["{"]);
        assert_eq!(values("{\n\tadmin off\n}\nadmin.example.com {\n}\n", "admin"), ["off"]);
        assert_eq!(values("http.port: 9201\nPing: {}", "ping"), ["{"]);
        assert_eq!(values("server.port : \"9\"", "server.port"), ["9"]);
        assert_eq!(values("[ping]\n[ping.x]", "ping"), ["]"]);
        assert_eq!(values("-port 6380\n--port 1\nx-port 2", "port"), ["6380"]);
        assert!(values("a listen 1", "listen").is_empty());
    }

    #[test]
    fn addresses_have_ports() {
        for (address, wanted) in [
            (":2020", Some(2020)),
            ("0.0.0.0:1", Some(1)),
            ("http://*:8/", Some(8)),
            ("[::]:9", Some(9)),
            ("https://x:1", None),
            ("10.0.0.1:1", None),
            ("off", None),
            ("unix//run/x.sock", None),
            ("0", None),
        ] {
            assert_eq!(port(address), wanted, "{address}");
        }
    }

    #[test]
    fn listeners_are_told_apart() {
        let at = |text: &str| listener(text, (9092, true)).map(|address| (address.host, address.port));
        let name = "$HOSTNAME".to_owned();
        assert_eq!(at("CONTROLLER://:9093,PLAINTEXT://:9094"), Some((name.clone(), 9094)));
        assert_eq!(at("A://kafka:29092,B://0.0.0.0:9092"), Some((name, 9092)));
        assert_eq!(at("PLAINTEXT://localhost:9092"), Some((LOOPBACK.to_owned(), 9092)));
        assert_eq!(at("CONTROLLER://:9093"), None);
        assert_eq!(at("A://:$PORT"), None);
    }

    #[test]
    fn flags_have_values() {
        let words: Vec<String> = ["-m", "8222", "--port=1", "-p2"].map(str::to_owned).to_vec();
        let value = |flag: &str| flag_value(&words, flag);
        assert_eq!(value("-m").as_deref(), Some("8222"));
        assert_eq!(value("--port").as_deref(), Some("1"));
        assert_eq!(value("-p").as_deref(), Some("2"));
        assert_eq!(value("--no"), None);
    }
}
