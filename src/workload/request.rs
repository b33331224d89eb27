//! HTTP requests of healthchecks: parses those of `curl` and `wget`, and writes them for other tools.

use crate::source::TracedText;
use crate::syntax::shell::{self, Join, Redirection, base_name};

/// An HTTP request of a healthcheck.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HttpRequest {
    /// The URL as written.
    pub url: String,
    /// True if certificates are not verified.
    pub insecure: bool,
    /// The timeout in seconds, as written.
    pub timeout: Option<String>,
    /// Headers, as written.
    pub headers: Vec<String>,
    /// True if any status counts as success, because no path with a good status is known.
    pub any_answer: bool,
}

/// True if output goes to `/dev/null` or another stream, which does not change what a probe tests.
fn is_thrown_away(redirection: &Redirection) -> bool {
    let target = redirection.target.text.as_str();
    redirection.operator.as_str().contains('>') && matches!(target, "/dev/null" | "1" | "2")
}

impl HttpRequest {
    /// Returns a request of this URL without other options.
    pub(super) fn plain(url: String) -> Self {
        Self { url, ..Self::default() }
    }

    /// Makes any status count as success.
    pub(super) fn any_answer(self) -> Self {
        Self { any_answer: true, ..self }
    }

    /// Parses a healthcheck test. `None` if it is more than one request, or has unknown flags.
    #[must_use]
    pub fn of_test(test: &[TracedText]) -> Option<Self> {
        let (kind, words) = test.split_first()?;
        if kind.as_str() == "CMD" {
            return Self::of_words(&words.iter().map(TracedText::as_str).collect::<Vec<_>>());
        }
        let [script] = words else { return None };
        let script = shell::read(script);
        let (first, others) = script.commands.split_first()?;
        // `… || exit 1` changes nothing. A pipe or another command does.
        let ends = others.iter().all(|command| command.program() == Some("exit"));
        let alone = script.commands.iter().all(|command| {
            command.frame.is_none()
                && command.assignments.is_empty()
                && !matches!(command.end, Join::Pipe | Join::Background)
                && command.redirections.iter().all(is_thrown_away)
        });
        if !ends || !alone || !script.complete {
            return None;
        }
        Self::of_words(&first.words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>())
    }

    fn of_words(words: &[&str]) -> Option<Self> {
        let (program, arguments) = words.split_first()?;
        let curl = match base_name(program) {
            "curl" => true,
            "wget" => false,
            _ => return None,
        };
        let mut place = Self::default();
        let mut arguments = arguments.iter();
        while let Some(word) = arguments.next() {
            let (name, value) = match word.split_once('=').filter(|_| word.starts_with("--")) {
                Some((name, value)) => (name, Some(value)),
                None => (*word, None),
            };
            let mut take = || value.or_else(|| arguments.next().copied()).map(str::to_owned);
            match name {
                "-k" | "--insecure" if curl => place.insecure = true,
                "--no-check-certificate" if !curl => place.insecure = true,
                "-m" | "--max-time" | "--connect-timeout" if curl => place.timeout = Some(take()?),
                "-T" | "--timeout" if !curl => place.timeout = Some(take()?),
                "-H" | "--header" if curl || name == "--header" => place.headers.push(take()?),
                "-o" | "--output" if curl => _ = take()?,
                "-O" | "--output-document" if !curl => _ = take()?,
                "-t" | "--tries" if !curl => _ = take()?,
                "--noproxy" | "--retry" | "--retry-delay" | "--retry-max-time" if curl => _ = take()?,
                "--fail"
                | "--silent"
                | "--show-error"
                | "--location"
                | "--head"
                | "--retry-connrefused"
                | "--fail-with-body"
                | "--verbose"
                    if curl => {}
                "--quiet" | "--spider" | "--no-verbose" | "-nv" | "--server-response" if !curl => {}
                // Combined short options, none of which takes a value.
                _ if name.starts_with('-') && !name.starts_with("--") => {
                    let known = if curl { "fsSLIkiv" } else { "qSO-" };
                    let letters = name.trim_start_matches('-');
                    if letters.is_empty() || !letters.chars().all(|letter| known.contains(letter)) {
                        return None;
                    }
                    place.insecure |= curl && letters.contains('k');
                    // `-qO /dev/null` takes a value, `-qO-` does not.
                    if !curl && letters.ends_with('O') {
                        take()?;
                    }
                }
                _ if name.starts_with('-') || !place.url.is_empty() => return None,
                _ => place.url = (*word).to_owned(),
            }
        }
        (!place.url.is_empty()).then_some(place)
    }

    /// Returns the URL with its scheme, which curl and wget default to `http`.
    fn address(&self) -> String {
        match self.url.contains("://") {
            true => self.url.clone(),
            false => format!("http://{}", self.url),
        }
    }
}

/// Returns the `test` that makes the request with the first suitable tool. A URL with a variable needs a shell.
#[must_use]
pub fn http(tools: &[String], place: &HttpRequest) -> Option<Vec<String>> {
    let has = |name: &str| tools.iter().find(|tool| base_name(tool) == name);
    let url = place.address();
    let plain = !place.insecure && place.headers.is_empty() && !url.contains(['\'', '"', '\\']);
    let text = |language: Language| literal(&url, language);
    let seconds = place.timeout.as_deref();
    let mut words: Vec<String>;
    if let Some(tool) = has("curl") {
        let options = if place.any_answer { "-sS" } else { "-fsS" };
        words = vec![tool.clone(), options.to_owned()];
        words.extend(place.insecure.then(|| "-k".to_owned()));
        words.extend(seconds.into_iter().flat_map(|seconds| ["-m".to_owned(), seconds.to_owned()]));
        words.extend(place.headers.iter().flat_map(|header| ["-H".to_owned(), header.clone()]));
        words.extend(["-o".to_owned(), "/dev/null".to_owned(), url]);
    } else if let Some(tool) = has("wget") {
        words = vec![tool.clone(), "-q".to_owned()];
        words.extend(place.insecure.then(|| "--no-check-certificate".to_owned()));
        words.extend(seconds.into_iter().flat_map(|seconds| ["-T".to_owned(), seconds.to_owned()]));
        words.extend(place.headers.iter().flat_map(|header| ["--header".to_owned(), header.clone()]));
        words.extend(["-O".to_owned(), "/dev/null".to_owned(), url]);
        if place.any_answer {
            // `wget` fails on 404, and on a redirect to where nobody listens. `-S` prints the status of each response; BusyBox
            // and GNU Wget have it.
            let line =
                |words: &[String]| words.iter().map(|word| shell_quoted(word)).collect::<Vec<_>>().join(" ");
            let first = line(&words);
            if let Some(quiet) = words.get_mut(1) {
                "-S".clone_into(quiet);
            }
            let script = format!("{first} || {} 2>&1 | grep -q HTTP/", line(&words));
            return Some(vec!["CMD-SHELL".to_owned(), script]);
        }
    } else if !plain {
        return None;
    } else if let Some(tool) = has("node") {
        let module = if url.starts_with("https:") { "https" } else { "http" };
        let answer = if place.any_answer {
            "() => process.exit(0)"
        } else {
            "r => process.exit(r.statusCode < 400 ? 0 : 1)"
        };
        words = vec![
            tool.clone(),
            "-e".to_owned(),
            format!(
                "require('{module}').get({}, {answer}).on('error', () => process.exit(1))",
                text(Language::Node)?
            ),
        ];
    } else if let Some(tool) = has("python").or_else(|| has("python3")) {
        let (url, seconds) = (text(Language::Python)?, seconds.unwrap_or("5"));
        let os = if url.contains("os.environ") { "os, " } else { "" };
        let script = match place.any_answer {
            false => format!("import {os}urllib.request as u; u.urlopen({url}, timeout={seconds})"),
            // The plain handler raises no exception for a status.
            true => format!(
                "import {os}urllib.request as u; o = u.OpenerDirector(); o.add_handler(u.HTTPHandler()); o.open({url}, timeout={seconds}).status"
            ),
        };
        words = vec![tool.clone(), "-c".to_owned(), script];
    } else if let Some(tool) = has("ruby") {
        let answer = format!("Net::HTTP.get_response(URI({})).code.to_i", text(Language::Ruby)?);
        let script =
            if place.any_answer { format!("exit {answer} > 0") } else { format!("exit {answer} < 400") };
        words = vec![tool.clone(), "-rnet/http".to_owned(), "-e".to_owned(), script];
    } else if let Some(tool) = has("php") {
        let url = text(Language::Php)?;
        let arguments = match place.any_answer {
            true => format!(
                "{url}, false, stream_context_create(['http' => ['ignore_errors' => true, 'follow_location' => 0]])"
            ),
            false => url,
        };
        let script = format!("exit(@file_get_contents({arguments}) === false ? 1 : 0);");
        words = vec![tool.clone(), "-r".to_owned(), script];
    } else {
        return None;
    }
    if words.iter().any(|word| word.contains('$')) {
        let quoted: Vec<String> = words.iter().map(|word| shell_quoted(word)).collect();
        return Some(vec!["CMD-SHELL".to_owned(), quoted.join(" ")]);
    }
    words.insert(0, "CMD".to_owned());
    Some(words)
}

/// Quotes a word for a shell, with variables still expanded.
#[must_use]
pub fn shell_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+$".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"").replace('`', "\\`"))
}

/// A language whose interpreter can run a one-line script.
#[derive(Clone, Copy)]
enum Language {
    Node,
    Python,
    Ruby,
    Php,
}

/// Writes a text as an expression, with the container's variables. `None` if an expansion is more than a name.
fn literal(text: &str, language: Language) -> Option<String> {
    let variable = |name: &str| match language {
        Language::Node => format!("process.env.{name}"),
        Language::Python => format!("os.environ['{name}']"),
        Language::Ruby => format!("ENV['{name}']"),
        Language::Php => format!("getenv('{name}')"),
    };
    let plus = if matches!(language, Language::Php) { " . " } else { " + " };
    let mut parts: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        parts.extend((!before.is_empty()).then(|| format!("'{before}'")));
        let (name, after) = match behind.strip_prefix('{') {
            Some(inside) => inside.split_once('}')?,
            None => {
                let end =
                    behind.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(behind.len());
                behind.split_at(end)
            }
        };
        if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
            return None;
        }
        parts.push(variable(name));
        rest = after;
    }
    parts.extend((!rest.is_empty() || parts.is_empty()).then(|| format!("'{rest}'")));
    Some(parts.join(plus))
}

/// Returns the `test` that a port is open. The port may be a variable of the container.
#[must_use]
pub fn tcp(tools: &[String], host: &str, port: &str) -> Option<Vec<String>> {
    let has = |name: &str| tools.iter().find(|tool| base_name(tool) == name).cloned();
    let words: Vec<String> = if let Some(bash) = has("bash") {
        vec![bash, "-c".to_owned(), format!("</dev/tcp/{host}/{port}")]
    } else if host.contains('$') {
        return None;
    } else if let Some(nc) = has("nc") {
        if port.contains('$') {
            return Some(vec!["CMD-SHELL".to_owned(), format!("{nc} -z {host} {}", shell_quoted(port))]);
        }
        vec![nc, "-z".to_owned(), host.to_owned(), port.to_owned()]
    } else if let Some(php) = has("php") {
        let port = number(port, Language::Php)?;
        vec![php, "-r".to_owned(), format!("exit(@fsockopen('{host}', {port}) ? 0 : 1);")]
    } else if let Some(node) = has("node") {
        let port = number(port, Language::Node)?;
        let script = format!(
            "require('net').connect({port}, '{host}', () => process.exit(0)).on('error', () => process.exit(1))"
        );
        vec![node, "-e".to_owned(), script]
    } else if let Some(python) = has("python").or_else(|| has("python3")) {
        let port = number(port, Language::Python)?;
        let os = if port.contains("os.environ") { "os, " } else { "" };
        let script = format!("import {os}socket; socket.create_connection(('{host}', {port}), 5)");
        vec![python, "-c".to_owned(), script]
    } else {
        return None;
    };
    Some(std::iter::once("CMD".to_owned()).chain(words).collect())
}

/// Writes a port as an expression: its digits, or a variable converted to a number.
fn number(port: &str, language: Language) -> Option<String> {
    if !port.contains('$') {
        return Some(port.to_owned());
    }
    let variable = literal(port, language)?;
    Some(match language {
        Language::Python => format!("int({variable})"),
        Language::Php => format!("(int) {variable}"),
        Language::Node | Language::Ruby => variable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    fn words(words: &[&str]) -> Vec<TracedText> {
        words.iter().map(|word| TracedText::verbatim(*word, Span::new(SourceId(0), 0, word.len()))).collect()
    }

    fn strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn url(test: &[&str]) -> Option<String> {
        HttpRequest::of_test(&words(test)).map(|place| place.url)
    }

    #[test]
    fn requests_are_read() {
        let same = Some("http://localhost:3000/up".to_owned());
        for script in [
            "curl -f http://localhost:3000/up || exit 1",
            "curl -fsS -o /dev/null http://localhost:3000/up",
            "curl --fail --silent --max-time 3 'http://localhost:3000/up' > /dev/null 2>&1 || exit 1",
            "curl --noproxy '*' -f http://localhost:3000/up",
            "wget --no-verbose --tries=1 --spider http://localhost:3000/up || exit 1",
            "wget -qO- http://localhost:3000/up",
            "wget -q -O - http://localhost:3000/up &>/dev/null",
        ] {
            assert_eq!(url(&["CMD-SHELL", script]), same, "{script}");
        }
        assert_eq!(url(&["CMD", "curl", "-f", "http://localhost:3000/up"]), same);
        for script in [
            "curl -f http://localhost:3000/up | grep ok",
            "curl -f http://localhost:3000/up && test -e /run/ready",
            "curl -X POST http://localhost:3000/up",
            "curl -f http://localhost:3000/up http://localhost:3000/down",
            "nc -z localhost 3000",
            "curl -f",
        ] {
            assert_eq!(url(&["CMD-SHELL", script]), None, "{script}");
        }
    }

    #[test]
    fn requests_keep_what_they_ask_for() {
        let place = HttpRequest::of_test(&words(&[
            "CMD",
            "curl",
            "-kf",
            "-m",
            "3",
            "-H",
            "Host: a.example",
            "https://localhost/up",
        ]))
        .unwrap();
        let wget = http(&strings(&["wget"]), &place).unwrap();
        assert_eq!(
            wget.join(" "),
            "CMD wget -q --no-check-certificate -T 3 --header Host: a.example -O /dev/null https://localhost/up"
        );
        assert_eq!(http(&strings(&["node"]), &place), None, "a header is not dropped");
        assert_eq!(http(&[], &place), None);
        let variable = HttpRequest::plain("http://localhost:$PORT/up?a=b".to_owned());
        let curl = http(&strings(&["curl"]), &variable).unwrap();
        assert_eq!(curl, ["CMD-SHELL", "curl -fsS -o /dev/null \"http://localhost:$PORT/up?a=b\""]);
        let bare = HttpRequest::plain("localhost:3000".to_owned());
        assert!(http(&strings(&["python"]), &bare).unwrap()[3].contains("'http://localhost:3000'"));
    }

    /// The options of one tool are not those of the other, and one that is not known may ask for something else.
    #[test]
    fn options_are_those_of_their_tool() {
        let read = |line: &str| {
            let words: Vec<&str> = std::iter::once("CMD").chain(line.split(' ')).collect();
            let place = HttpRequest::of_test(&self::words(&words))?;
            Some((place.url, place.insecure, place.timeout, place.headers))
        };
        for (options, insecure, timeout, header) in [
            ("curl -k", true, None, None),
            ("curl --insecure", true, None, None),
            ("curl -fsSk", true, None, None),
            ("curl -fsS", false, None, None),
            ("curl -m 3", false, Some("3"), None),
            ("curl --max-time 3", false, Some("3"), None),
            ("curl --max-time=3", false, Some("3"), None),
            ("curl --connect-timeout 3", false, Some("3"), None),
            ("curl -H a:b", false, None, Some("a:b")),
            ("curl --header a:b", false, None, Some("a:b")),
            ("curl -o /dev/null --retry 3", false, None, None),
            ("wget --no-check-certificate", true, None, None),
            ("wget -T 3", false, Some("3"), None),
            ("wget --timeout=3", false, Some("3"), None),
            ("wget --header a:b", false, None, Some("a:b")),
            ("wget -O /dev/null -t 1", false, None, None),
            ("wget --output-document=/dev/null --tries=1", false, None, None),
            ("wget -qO /dev/null", false, None, None),
            ("wget -qO-", false, None, None),
        ] {
            let expected = (
                "http://x/up".to_owned(),
                insecure,
                timeout.map(str::to_owned),
                header.map(str::to_owned).into_iter().collect(),
            );
            assert_eq!(read(&format!("{options} http://x/up")), Some(expected), "{options}");
        }
        for options in [
            "curl --no-check-certificate",
            "curl -T 3",
            "curl --timeout=3",
            "curl -O /dev/null",
            "curl -t 1",
            "curl --spider",
            "curl -q",
            "curl -X POST",
            "wget -k",
            "wget --insecure",
            "wget -m 3",
            "wget --max-time 3",
            "wget -H a:b",
            "wget -o /dev/null",
            "wget --retry 3",
            "wget --fail",
            "wget -fs",
        ] {
            assert_eq!(read(&format!("{options} http://x/up")), None, "{options}");
        }
    }

    #[test]
    fn ports_are_opened_by_what_is_there() {
        let tcp = |tool: &str| tcp(&strings(&[tool]), "127.0.0.1", "6379").map(|test| test.join(" "));
        assert_eq!(tcp("bash").unwrap(), "CMD bash -c </dev/tcp/127.0.0.1/6379");
        assert_eq!(tcp("nc").unwrap(), "CMD nc -z 127.0.0.1 6379");
        assert_eq!(tcp("curl"), None);
    }

    #[test]
    fn ports_may_be_variables() {
        let place = HttpRequest::plain("http://127.0.0.1:$PORT/".to_owned());
        let by = |tool: &str| http(&strings(&[tool]), &place).map(|test| test.join(" ")).unwrap();
        assert_eq!(by("wget"), "CMD-SHELL wget -q -O /dev/null http://127.0.0.1:$PORT/");
        assert!(by("node").contains(".get('http://127.0.0.1:' + process.env.PORT + '/', r =>"));
        assert!(by("python").contains("import os, urllib.request as u"));
        assert!(by("php").contains("'http://127.0.0.1:' . getenv('PORT') . '/'"));
        let tcp =
            |tool: &str| tcp(&strings(&[tool]), "127.0.0.1", "$PORT").map(|test| test.join(" ")).unwrap();
        assert_eq!(tcp("bash"), "CMD bash -c </dev/tcp/127.0.0.1/$PORT");
        assert_eq!(tcp("nc"), "CMD-SHELL nc -z 127.0.0.1 $PORT");
        assert!(tcp("python").contains("int(os.environ['PORT'])"));
        assert_eq!(literal("${A:-1}", Language::Node), None);
    }
}
