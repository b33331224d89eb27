//! The ports that a web server's own configuration tells it to listen on.

use super::probe::{LOOPBACK, Probe, Site, by_http};
use super::request;
use super::runs::has_word;
use crate::catalog::ConfigurationFiles;
use crate::source::Text;

/// Directives that are read of one container.
const MAX_DIRECTIVES: usize = 10_000;

/// A port that a configuration names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listen {
    port: u16,
    /// It answers to plain HTTP/1.1.
    http: bool,
}

impl Site<'_> {
    /// The probe for a server whose configuration is not that of its image; none where it is, or only adds to it.
    pub(super) fn by_configuration(&self, files: &ConfigurationFiles) -> Option<Result<Probe, String>> {
        let names = |text: &str| files.names.iter().any(|name| text.contains(name.as_str()));
        let mounted = self
            .workload
            .mounts
            .iter()
            .filter(|mount| mount.target.starts_with(files.directory.as_str()) || names(&mount.target));
        let words: Vec<&str> = files.names.iter().map(String::as_str).collect();
        let copied = self.target.is_some_and(|target| {
            target.copies.iter().flat_map(|copied| &copied.words).any(|word| names(word.as_str()))
                || target.runs.iter().any(|run| has_word(run, &words))
        });
        if mounted.count() == 0 && !copied {
            return None;
        }
        let texts = self.scripts.below(&files.directory);
        let listens = match &texts {
            Some(texts) => listens(texts),
            None => Vec::new(),
        };
        let named = self.ports();
        let wanted =
            |listen: &&Listen| named.web.contains(&listen.port) || named.named.contains(&listen.port);
        let one = match listens.as_slice() {
            [] => None,
            [one] => Some(*one),
            several => several
                .iter()
                .find(wanted)
                .or_else(|| several.iter().find(|listen| listen.http && listen.port == 80))
                .or_else(|| several.iter().find(|listen| listen.http))
                .copied(),
        };
        let tools = self.tools();
        let open = |port: u16| {
            let probe = request::tcp(&tools, LOOPBACK, port).map(Probe::new);
            probe.ok_or_else(|| format!("no tool that its image is known to have asks port {port}"))
        };
        let http = |port: u16| match by_http(&tools, port, "/") {
            Some(test) => {
                let mut probe = Probe::new(test);
                probe.adjust = probe.test.iter().any(|word| word.contains("http://"));
                Ok(probe)
            }
            None => open(port),
        };
        // What the Dockerfile shows itself, not what its base does.
        let own = self.target.is_some_and(|target| !target.exposes.is_empty());
        Some(match (one, named.named.as_slice(), self.workload.exposed.as_slice()) {
            (Some(listen), ..) if listen.http => http(listen.port),
            (Some(listen), ..) => open(listen.port),
            (None, [80], _) if !named.hidden => http(80),
            (None, [port], _) if !named.hidden => open(*port),
            (None, [], [80]) if !named.hidden && own => http(80),
            (None, [], [port]) if !named.hidden && own => open(*port),
            _ => Err("its port is in a configuration that is not read here".to_owned()),
        })
    }
}

/// The ports of `listen` and `Listen`, each once; `server` without one is port 80. None of what a variable names.
fn listens(texts: &[Text]) -> Vec<Listen> {
    let mut found: Vec<Listen> = Vec::new();
    let all_streams = texts.iter().any(|text| {
        let text = text.as_str();
        text.split_once("stream").is_some_and(|(_, behind)| {
            behind
                .trim_start()
                .strip_prefix('{')
                .is_some_and(|inside| inside.split('}').next().unwrap_or_default().contains("include "))
        })
    });
    for text in texts {
        let mut blocks: Vec<(String, bool)> = Vec::new();
        let mut statement: Vec<String> = Vec::new();
        for token in tokens(text.as_str()).into_iter().take(MAX_DIRECTIVES) {
            let name = statement.first().map(|word| word.to_ascii_lowercase()).unwrap_or_default();
            match token.as_str() {
                "{" => {
                    blocks.push((name, false));
                    statement.clear();
                }
                "}" => {
                    let stream = blocks.iter().any(|(block, _)| block == "stream");
                    if let Some((block, listens)) = blocks.pop()
                        && block == "server"
                        && !listens
                        && !stream
                    {
                        add(&mut found, Listen { port: 80, http: true });
                    }
                    statement.clear();
                }
                ";" => {
                    if name == "listen" {
                        if let Some(block) = blocks.last_mut() {
                            block.1 = true;
                        }
                        let stream = all_streams || blocks.iter().any(|(block, _)| block == "stream");
                        if let Some(listen) = listen(statement.get(1..).unwrap_or_default(), stream) {
                            add(&mut found, listen);
                        }
                    }
                    statement.clear();
                }
                _ => statement.push(token),
            }
        }
    }
    found
}

fn add(found: &mut Vec<Listen>, listen: Listen) {
    if !found.iter().any(|other| other.port == listen.port) {
        found.push(listen);
    }
}

/// `8080`, `0.0.0.0:8080 default_server`, `[::]:80`; none for sockets, UDP, other addresses and variables.
fn listen(words: &[String], stream: bool) -> Option<Listen> {
    let (address, options) = words.split_first()?;
    if address.starts_with("unix:") || options.iter().any(|word| word == "udp" || word == "quic") {
        return None;
    }
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        Some(_) => (address.as_str(), "80"),
        None if address.chars().all(|c| c.is_ascii_digit()) => ("*", address.as_str()),
        None => (address.as_str(), "80"),
    };
    let here = ["*", "0.0.0.0", "[::]", "127.0.0.1", "localhost"].contains(&host);
    let other = ["ssl", "http2", "proxy_protocol", "https"];
    let http = !stream && !options.iter().any(|word| other.contains(&word.as_str()));
    port.parse().ok().filter(|_| here).map(|port| Listen { port, http })
}

/// Words, `{`, `}` and `;` of nginx; the lines of Apache's `Listen` as statements.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let apache = line.trim_start().starts_with("Listen ");
        tokens.extend(apache.then(|| ";".to_owned()));
        let (mut word, mut variable) = (String::new(), false);
        for c in line.chars().chain([if apache { ';' } else { ' ' }]) {
            // `${PORT}` is a part of a word.
            let closes = variable && c == '}';
            variable = (variable && !closes || c == '{' && word.ends_with('$')) && !c.is_whitespace();
            match c {
                '{' | '}' | ';' if !closes && !variable => {
                    tokens.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                    tokens.push(c.to_string());
                }
                c if c.is_whitespace() => {
                    tokens.extend((!word.is_empty()).then(|| std::mem::take(&mut word)))
                }
                c => word.push(c),
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn ports(text: &str) -> Vec<(u16, bool)> {
        let text = Text::verbatim(text, Span::new(SourceId(0), 0, text.len()));
        listens(&[text]).into_iter().map(|listen| (listen.port, listen.http)).collect()
    }

    #[test]
    fn ports_are_read() {
        assert_eq!(ports("server { listen 8080; # listen 1;\n listen [::]:8080; }"), [(8080, true)]);
        assert_eq!(ports("http { server { root /x; } }"), [(80, true)]);
        assert_eq!(ports("events {}\nstream { server { listen 1514; } }"), [(1514, false)]);
        assert_eq!(
            ports("server { listen 443 ssl; }\nserver { listen 80 default_server; }"),
            [(443, false), (80, true)]
        );
        assert_eq!(ports("server { listen unix:/run/x; }\nserver { listen 10.0.0.1:81; }"), []);
        assert_eq!(ports("server { listen ${PORT}; }\nserver { listen 53 udp; }"), []);
        assert_eq!(ports("ServerRoot /x\nListen 8081\n<VirtualHost *:8081>"), [(8081, true)]);
        assert_eq!(ports("} } ; { listen"), []);
    }
}
