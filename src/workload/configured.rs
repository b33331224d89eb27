//! Finds the ports that a web server's configuration files make it listen on.

use super::brought::{ProvidedFile, is_edited};
use super::probe::{LOOPBACK, Probe, ProbeContext, UNREAD, by_http};
use super::request;
use super::scripts::{below, glob_matches};
use crate::catalog::ConfigurationFiles;
use crate::model::image::tidy;
use crate::source::TracedText;
use crate::syntax::shell::base_name;

/// Maximum number of tokens in one configuration file.
const MAX_TOKENS: usize = 10_000;

/// Maximum number of include patterns that are followed.
const MAX_INCLUDES: usize = 200;

/// Maximum length of a template in which variables are replaced, in bytes.
const MAX_FILLED: usize = 1024 * 1024;

/// A port that a configuration listens on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Listen {
    port: u16,
    /// True if it answers plain HTTP/1.1.
    http: bool,
}

/// The configuration files that a web server reads.
enum ServerConfiguration {
    /// Only the image's own.
    OfImage,
    /// The texts of the files, and whether the image's own default file is read as well.
    Texts(Vec<TracedText>, bool),
    /// A part of them is not available.
    Unread,
}

impl ProbeContext<'_> {
    /// Returns the probe of a server whose configuration is replaced; `None` if it is the image's own.
    pub(super) fn by_configuration(&self, files: &ConfigurationFiles) -> Option<Result<Probe, String>> {
        let listens = match self.configuration(files) {
            ServerConfiguration::OfImage => return None,
            ServerConfiguration::Texts(texts, own) => {
                let mut listens = listens(&texts);
                if own && listens.is_empty() && !texts.iter().any(|text| mentions_listen(text.as_str())) {
                    listens.push(Listen { port: 80, http: true });
                }
                listens
            }
            ServerConfiguration::Unread => Vec::new(),
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
            let probe = request::tcp(&tools, LOOPBACK, &self.port_text(port).1).map(Probe::new);
            probe.ok_or_else(|| format!("its image has no known tool that can reach port {port}"))
        };
        let http = |port: u16| match by_http(&tools, &self.port_text(port).1, "/", true) {
            Some(test) => {
                let mut probe = Probe::new(test);
                probe.any_answer = probe.test.iter().any(|word| word.contains("http://"));
                Ok(probe)
            }
            None => open(port),
        };
        // Only the Dockerfile's own `EXPOSE` counts here, not the base's.
        let own = self.target.is_some_and(|target| !target.exposes.is_empty());
        Some(match (one, named.named.as_slice(), self.workload.health.exposed.as_slice()) {
            (Some(listen), ..) if listen.http => http(listen.port),
            (Some(listen), ..) => open(listen.port),
            (None, [80], _) if !named.hidden => http(80),
            (None, [port], _) if !named.hidden => open(*port),
            (None, [], [80]) if !named.hidden && own => http(80),
            (None, [], [port]) if !named.hidden && own => open(*port),
            _ => Err(UNREAD.to_owned()),
        })
    }

    /// Collects the files that the server reads, from the main file through its includes.
    fn configuration(&self, conf: &ConfigurationFiles) -> ServerConfiguration {
        let absolute = |path: &str| match path.starts_with('/') {
            true => tidy(path),
            false => tidy(&format!("{}/{path}", conf.root)),
        };
        let words = self.words().unwrap_or_default();
        let other = words.iter().position(|word| *word == conf.flag).and_then(|at| words.get(at + 1));
        let own_main = absolute(&conf.main);
        let main = other.map_or_else(|| own_main.clone(), |path| absolute(path));
        let directories = [conf.directory.as_str(), main.as_str()];
        let writes = |word: &String| matches!(base_name(word), "envsubst" | "confd" | "dockerize");
        // What runs before the server may write them, too.
        let all = self.all_words().unwrap_or_default();
        let written = all.iter().any(writes)
            || all.iter().any(|word| base_name(word) == "sed")
                && all.iter().any(|word| directories.iter().any(|directory| word.contains(directory)));
        if written || self.target.is_some_and(|target| is_edited(target, &directories)) {
            return ServerConfiguration::Unread;
        }
        let mut files = self.scripts.files_at(&conf.directory);
        if below(&main, &conf.directory).is_none() {
            files.extend(self.scripts.files_at(&main));
        }
        if let Some((from, to)) = &conf.templates {
            self.fill(&mut files, (from, to));
        }
        if files.is_empty() && main == own_main {
            return ServerConfiguration::OfImage;
        }
        let mut patterns: Vec<String> = Vec::new();
        let mut texts: Vec<TracedText> = Vec::new();
        match files.iter().find(|file| file.path == main) {
            Some(ProvidedFile { text: Some(text), .. }) => {
                patterns.extend(includes(text.as_str()).iter().map(|path| absolute(path)));
                texts.push(text.clone());
            }
            Some(_) => return ServerConfiguration::Unread,
            None if main != own_main => return ServerConfiguration::Unread,
            None if files.iter().any(|file| file.text.is_none() && below(&main, &file.path).is_some()) => {
                return ServerConfiguration::Unread;
            }
            None => patterns.extend(conf.includes.iter().map(|path| absolute(path))),
        }
        let of_image = texts.is_empty();
        let mut read: Vec<&str> = vec![&main];
        let mut at = 0;
        while let Some(pattern) = patterns.get(at).cloned() {
            at += 1;
            if at > MAX_INCLUDES {
                return ServerConfiguration::Unread;
            }
            for file in &files {
                let Some(text) = &file.text else {
                    // The unavailable file or directory may match the include.
                    let fixed = pattern.split(['*', '?', '[']).next().unwrap_or_default();
                    let directory = fixed.rsplit_once('/').map_or("", |(directory, _)| directory);
                    if glob_matches(&pattern, &file.path)
                        || below(directory, &file.path).is_some()
                        || below(&pattern, &file.path).is_some()
                    {
                        return ServerConfiguration::Unread;
                    }
                    continue;
                };
                if glob_matches(&pattern, &file.path) && !read.contains(&file.path.as_str()) {
                    read.push(&file.path);
                    patterns.extend(includes(text.as_str()).iter().map(|path| absolute(path)));
                    texts.push(text.clone());
                }
            }
        }
        let own = conf.own.as_ref().is_some_and(|own| {
            let own = absolute(own);
            // A mounted directory hides it.
            let hidden = files.iter().any(|file| {
                let directory = own.rsplit_once('/').map_or("", |(directory, _)| directory);
                file.path == own || file.mounted && below(&file.path, directory).is_some()
            });
            !hidden
                && patterns.iter().any(|pattern| glob_matches(pattern, &own))
                && !self.target.is_some_and(|target| target.mentions(&own))
        });
        if texts.is_empty() && of_image && (own || conf.own.is_none()) {
            return ServerConfiguration::OfImage;
        }
        if texts.iter().any(|text| tokens(text.as_str()).len() > MAX_TOKENS) {
            return ServerConfiguration::Unread;
        }
        ServerConfiguration::Texts(texts, own)
    }

    /// Moves templates to where the server reads the results, with the known variables replaced.
    fn fill(&self, files: &mut [ProvidedFile], (from, to): (&str, &str)) {
        for file in files {
            let Some(rest) = below(&file.path, from) else { continue };
            let name = rest.strip_suffix(".template").unwrap_or(rest);
            file.path = tidy(&format!("{to}/{name}"));
            let Some(text) = &file.text else { continue };
            let known = self.workload.env.iter().filter_map(|(name, set)| Some((name, set.value.value()?)));
            let filled = known.fold(text.as_str().to_owned(), |filled, (name, value)| {
                match filled.contains(name.as_str()) && filled.len() < MAX_FILLED {
                    true => filled.replace(&format!("${{{name}}}"), value.as_str()),
                    false => filled,
                }
            });
            file.text = Some(TracedText::derived(filled, text.span()));
        }
    }
}

/// Returns the paths of `include`, and of Apache's `Include` and `IncludeOptional`.
fn includes(text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let names = ["include", "Include", "IncludeOptional"];
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    let found = pairs.filter(|(name, _)| names.contains(&name.as_str()));
    found.map(|(_, path)| path.trim_matches(['"', '\'']).to_owned()).collect()
}

/// True if a text has a `listen` at all, even one that cannot be parsed.
fn mentions_listen(text: &str) -> bool {
    tokens(text).iter().any(|token| token.eq_ignore_ascii_case("listen"))
}

/// Returns the ports of `listen` and `Listen`, each once, without those in variables. A `server` without one has port 80.
fn listens(texts: &[TracedText]) -> Vec<Listen> {
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
        for token in tokens(text.as_str()) {
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

/// Parses `8080`, `0.0.0.0:8080 default_server`, `[::]:80`; `None` for sockets, UDP, other addresses and variables.
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

/// Splits nginx configuration into words, `{`, `}` and `;`. Apache's `Listen` and `Include` lines become statements.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for line in text.lines() {
        let line = uncommented(line);
        let first = line.split_whitespace().next().unwrap_or_default();
        let apache = ["Listen", "Include", "IncludeOptional"].contains(&first);
        tokens.extend(apache.then(|| ";".to_owned()));
        let (mut word, mut variable) = (String::new(), false);
        for c in line.chars().chain([if apache { ';' } else { ' ' }]) {
            // `${PORT}` is part of a word.
            let closes = variable && c == '}';
            variable = (variable && !closes || c == '{' && word.ends_with('$')) && !c.is_whitespace();
            match c {
                '{' | '}' | ';' if !closes && !variable => {
                    tokens.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                    tokens.push(c.to_string());
                }
                c if c.is_whitespace() => {
                    tokens.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                }
                c => word.push(c),
            }
        }
    }
    tokens
}

/// Strips the comment of a line: `#` starts one at the start of a word, outside quotes.
fn uncommented(line: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') if before.is_whitespace() || matches!(before, ';' | '{' | '}') => {
                return line.get(..at).unwrap_or(line);
            }
            (None, '"' | '\'') if before.is_whitespace() => quote = Some(c),
            (Some(open), c) if open == c && before != '\\' => quote = None,
            _ => {}
        }
        before = c;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn ports(text: &str) -> Vec<(u16, bool)> {
        let text = TracedText::verbatim(text, Span::new(SourceId(0), 0, text.len()));
        listens(&[text]).into_iter().map(|listen| (listen.port, listen.http)).collect()
    }

    #[test]
    fn ports_are_read() {
        assert_eq!(ports("server { listen 8080; # listen 1;\n listen [::]:8080; }"), [(8080, true)]);
        assert_eq!(ports("http { server { root /x; } }"), [(80, true)]);
        assert_eq!(ports("server { rewrite ^ /a#b; listen 81; }"), [(81, true)]);
        assert_eq!(ports("server { return 200 \"a # b\"; listen 82;# listen 83;\n }"), [(82, true)]);
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
