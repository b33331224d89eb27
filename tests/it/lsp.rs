//! Language server, tested through a client.

use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, RequestId};
use oomlint::lsp::serve;
use serde_json::{Value, json};

use crate::common;

struct Client {
    connection: Connection,
    server: Option<JoinHandle<()>>,
    next: i32,
    /// Last published diagnostics by URI.
    pushed: std::collections::BTreeMap<String, Vec<Value>>,
    directory: tempfile::TempDir,
}

/// Returns the capabilities of a client with related information, UTF-16 columns and pushed diagnostics.
fn plain() -> Value {
    json!({"textDocument": {"publishDiagnostics": {"relatedInformation": true}}})
}

impl Client {
    fn start(capabilities: Value) -> (Self, Value) {
        Self::start_with(capabilities, Value::Null)
    }

    fn start_with(capabilities: Value, settings: Value) -> (Self, Value) {
        let directory = tempfile::tempdir().unwrap();
        let (client, server) = Connection::memory();
        let server = std::thread::spawn(move || serve(&server).unwrap());
        let mut client =
            Self { connection: client, server: Some(server), next: 0, pushed: Default::default(), directory };
        let root = client.uri("");
        let result = client.ask(
            "initialize",
            json!({
                "processId": null,
                "rootUri": root.trim_end_matches('/'),
                "capabilities": capabilities,
                "initializationOptions": settings,
            }),
        );
        client.tell("initialized", json!({}));
        (client, result)
    }

    fn path(&self, name: &str) -> PathBuf {
        common::real(self.directory.path()).join(name)
    }

    fn uri(&self, name: &str) -> String {
        common::uri_of(&self.path(name))
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.connection
            .sender
            .send(Message::Notification(Notification::new(method.to_owned(), params)))
            .unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.ask_any(method, params);
        response.response_result.unwrap_or_else(|error| panic!("{method}: {error:?}"))
    }

    fn ask_any(&mut self, method: &str, params: Value) -> lsp_server::Response {
        self.next += 1;
        let id = RequestId::from(self.next);
        let request = Request::new(id.clone(), method.to_owned(), params);
        self.connection.sender.send(Message::Request(request)).unwrap();
        loop {
            if let Message::Response(response) = self.take() {
                assert_eq!(response.id, id);
                return response;
            }
        }
    }

    /// Returns the next message. Published diagnostics are recorded.
    fn take(&mut self) -> Message {
        let message = self.connection.receiver.recv_timeout(Duration::from_secs(60)).unwrap();
        if let Message::Notification(notification) = &message
            && notification.method == "textDocument/publishDiagnostics"
        {
            let uri = notification.params["uri"].as_str().unwrap().to_owned();
            let diagnostics = notification.params["diagnostics"].as_array().unwrap().clone();
            self.pushed.insert(uri, diagnostics);
        }
        message
    }

    /// Waits until the server has published diagnostics for all notifications.
    fn settle(&mut self) {
        // The server lints once no message is waiting, so a response does not show that it has, but a notification does.
        while !matches!(self.take(), Message::Notification(_)) {}
        while let Ok(message) = self.connection.receiver.recv_timeout(Duration::from_millis(300)) {
            if let Message::Notification(notification) = &message {
                let uri = notification.params["uri"].as_str().unwrap().to_owned();
                self.pushed.insert(uri, notification.params["diagnostics"].as_array().unwrap().clone());
            }
        }
    }

    fn open(&mut self, name: &str, language: &str, text: &str) {
        let uri = self.uri(name);
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn change(&mut self, name: &str, version: i32, text: &str) {
        let document = json!({"uri": self.uri(name), "version": version});
        self.tell(
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": [{"text": text}]}),
        );
    }

    fn rules(&self, name: &str) -> Vec<String> {
        let diagnostics = self.pushed.get(&self.uri(name)).cloned().unwrap_or_default();
        diagnostics.iter().map(|diagnostic| diagnostic["code"].as_str().unwrap().to_owned()).collect()
    }

    fn stop(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.server.take().unwrap().join().unwrap();
    }
}

/// Returns the text of a range with UTF-16 columns.
fn covered(text: &str, range: &Value) -> String {
    let line = text.lines().nth(range["start"]["line"].as_u64().unwrap() as usize).unwrap();
    let units: Vec<u16> = line.encode_utf16().collect();
    let at = |end: &str| range[end]["character"].as_u64().unwrap() as usize;
    String::from_utf16(&units[at("start")..at("end")]).unwrap()
}

#[test]
fn diagnostics_follow_the_buffers_and_go_with_them() {
    let (mut client, _) = Client::start(plain());
    let dockerfile = "FROM eclipse-temurin:21-jre\nENV NOTE=\"é😀\" JAVA_TOOL_OPTIONS=\"-Xmx512m\"\nENTRYPOINT [\"java\", \"-jar\", \"a.jar\"]\n";
    client.write("api/Dockerfile", dockerfile);
    client.write("compose.yaml", "services:\n  api:\n    build: api\n    mem_limit: 4g\n");
    // The open document takes precedence over the file.
    let compose = "services:\n  api:\n    build: api\n    mem_limit: 512m\n";
    client.open("compose.yaml", "yaml", compose);
    client.settle();
    assert!(client.rules("compose.yaml").contains(&"heap-exceeds-limit".to_owned()), "{:?}", client.pushed);
    let diagnostic = client.pushed[&client.uri("compose.yaml")]
        .iter()
        .find(|diagnostic| diagnostic["code"] == "heap-exceeds-limit")
        .unwrap()
        .clone();
    assert_eq!(covered(compose, &diagnostic["range"]), "512m");
    let related = &diagnostic["relatedInformation"][0];
    assert_eq!(related["location"]["uri"], client.uri("api/Dockerfile"));
    assert_eq!(covered(dockerfile, &related["location"]["range"]), "-Xmx512m");
    // An unsaved change in the other document.
    client.open("api/Dockerfile", "dockerfile", &dockerfile.replace("512m", "256m"));
    client.settle();
    assert!(!client.rules("compose.yaml").contains(&"heap-exceeds-limit".to_owned()));
    client.change("compose.yaml", 2, &compose.replace("512m", "512Mi"));
    client.settle();
    assert!(client.rules("compose.yaml").contains(&"invalid-memory-value".to_owned()));
    // Once closed, the files count again, and diagnostics without an open document are cleared.
    for name in ["compose.yaml", "api/Dockerfile"] {
        let uri = client.uri(name);
        client.tell("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    }
    client.settle();
    assert!(client.pushed.values().all(Vec::is_empty), "{:?}", client.pushed);
    client.stop();
}

/// An edit reaches the stacks that depend on the document, also one that it was missing from, and no other is told again.
#[test]
fn diagnostics_go_out_for_what_an_edit_concerns() {
    let (mut client, _) = Client::start(plain());
    client.write("base/common.yaml", "services: {web: {image: nginx, mem_limit: 64m}}\n");
    let user = "services: {web: {extends: {file: ../base/common.yaml, service: web}}}\n";
    let apart = "services: {a: {image: nginx, env_file: ../other/vars.env, mem_limit: 64m}}\n";
    for (name, text) in [("user/compose.yaml", user), ("apart/compose.yaml", apart)] {
        client.write(name, text);
        client.open(name, "yaml", text);
    }
    client.open("base/common.yaml", "yaml", "services: {web: {image: nginx, mem_limit: 64m}}\n");
    client.settle();
    let has = |client: &Client, name: &str, rule: &str| client.rules(name).iter().any(|other| other == rule);
    assert!(has(&client, "apart/compose.yaml", "unresolved-reference"));
    client.pushed.clear();
    // A file that another stack extends.
    client.change("base/common.yaml", 2, "services: {web: {image: nginx, mem_limit: 64Mi}}\n");
    client.settle();
    assert!(has(&client, "base/common.yaml", "invalid-memory-value"), "{:?}", client.pushed);
    assert!(!client.pushed.contains_key(&client.uri("apart/compose.yaml")), "{:?}", client.pushed);
    // A document without a file, which a stack has looked for.
    client.open("other/vars.env", "dotenv", "A=1\n");
    client.settle();
    assert!(!has(&client, "apart/compose.yaml", "unresolved-reference"), "{:?}", client.pushed);
    assert!(client.pushed.contains_key(&client.uri("apart/compose.yaml")));
    client.stop();
}

#[test]
fn fixes_and_suppressions_are_offered_where_the_finding_is() {
    let (mut client, result) = Client::start(plain());
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-16");
    let text = "services:\r\n  api:\r\n    image: \"é😀\"\r\n    mem_limit: 512Mi\r\n";
    client.open("compose.yaml", "yaml", text);
    let uri = client.uri("compose.yaml");
    let ask = |only: Value| {
        json!({
            "textDocument": {"uri": uri},
            "range": {"start": {"line": 3, "character": 15}, "end": {"line": 3, "character": 16}},
            "context": {"diagnostics": [], "only": only},
        })
    };
    let actions = client.ask("textDocument/codeAction", ask(Value::Null));
    let action = |kind: &str| {
        let all = actions.as_array().unwrap();
        all.iter().find(|action| action["kind"] == kind).unwrap_or_else(|| panic!("{actions:#}")).clone()
    };
    let fix = action("quickfix");
    assert_eq!(fix["isPreferred"], true);
    let edit = &fix["edit"]["changes"][&uri][0];
    assert_eq!(
        (covered(text, &edit["range"]), edit["newText"].as_str().unwrap()),
        ("512Mi".to_owned(), "512MiB")
    );
    let ignore = action("quickfix.suppress.oomlint");
    assert_eq!(
        ignore["edit"]["changes"][&uri][0]["newText"],
        "    # oomlint: ignore[invalid-memory-value]\r\n"
    );
    let all = client.ask("textDocument/codeAction", ask(json!(["source.fixAll.oomlint"])));
    let new = all[0]["edit"]["changes"][&uri][0]["newText"].as_str().unwrap();
    assert_eq!(new, text.replace("512Mi", "512MiB"));
    assert_eq!(client.ask("textDocument/codeAction", ask(json!(["refactor"]))), json!([]));
    client.stop();
}

#[test]
fn hovers_show_the_page_and_the_container() {
    let (mut client, _) = Client::start(json!({"general": {"positionEncodings": ["utf-8", "utf-16"]}}));
    client.open("compose.yaml", "dockercompose", "services:\n  api:\n    image: x/y\n    mem_limit: 512m\n");
    let hover = |line: u32, character: u32, uri: String| json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
    let uri = client.uri("compose.yaml");
    let found = client.ask("textDocument/hover", hover(3, 6, uri.clone()));
    let text = found["contents"]["value"].as_str().unwrap();
    assert!(
        text.contains("| memory limit | 512 MiB |") && text.contains("512 MiB on top of the limit"),
        "{text}"
    );
    let found = client.ask("textDocument/hover", hover(3, 16, uri.clone()));
    assert!(found["contents"]["value"].as_str().unwrap().contains("# missing-swap-limit"), "{found}");
    assert_eq!(client.ask("textDocument/hover", hover(0, 2, uri)), Value::Null);
    client.stop();
}

/// Some editors run in terminals, and Markdown can load images.
#[test]
fn no_text_of_a_file_steers_what_shows_it() {
    let (mut client, _) = Client::start(plain());
    let name = "a\\n::error::b\\e[31m\\u202ec![i](http://e.example/i.png)<b>";
    let text = format!(
        "services:\n  \"{name}\":\n    image: x/y\n    mem_limit: 512Mi\n    environment: [\"A='{name}'\"]\n"
    );
    client.open("compose.yaml", "dockercompose", &text);
    client.settle();
    let uri = client.uri("compose.yaml");
    let diagnostics = client.pushed[&uri].clone();
    let said = |value: &Value| value.as_str().unwrap().to_owned();
    let mut texts: Vec<String> = diagnostics.iter().map(|diagnostic| said(&diagnostic["message"])).collect();
    assert!(texts.iter().any(|text| text.contains("a␊::error::b␛[31m�c")), "{texts:#?}");
    let related =
        diagnostics.iter().flat_map(|diagnostic| diagnostic["relatedInformation"].as_array().unwrap());
    texts.extend(related.map(|related| said(&related["message"])));
    let all = json!({"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}});
    let context = json!({"diagnostics": []});
    let document = json!({"uri": uri});
    let asked = json!({"textDocument": document, "range": all, "context": context});
    let actions = client.ask("textDocument/codeAction", asked);
    texts.extend(actions.as_array().unwrap().iter().map(|action| said(&action["title"])));
    let position = json!({"line": 1, "character": 5});
    let hover = client.ask("textDocument/hover", json!({"textDocument": document, "position": position}));
    let hover = said(&hover["contents"]["value"]);
    assert!(hover.starts_with("**a␊"), "{hover}");
    assert!(hover.lines().next().unwrap().ends_with(r"\!\[i\](http://e.example/i.png)\<b\>**"), "{hover}");
    for text in texts.iter().chain([&hover]) {
        let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(steers) && !text.lines().any(|line| line.starts_with("::")), "{text:?}");
    }
    client.stop();
}

/// `--fix` leaves no suppression unused, and the editor offers what `--fix` does.
#[test]
fn a_fix_that_leads_to_another_finding_is_not_offered() {
    for (comment, expected) in [
        ("# as it was", vec!["set `mem_limit` to the same value: all memory, no swap"]),
        ("# oomlint: ignore[missing-memory-limit] later", Vec::new()),
    ] {
        let (mut client, _) = Client::start(plain());
        let text = format!("services:\n  {comment}\n  a:\n    image: x\n    memswap_limit: 1g\n");
        client.open("compose.yaml", "yaml", &text);
        client.settle();
        let range = json!({"start": {"line": 4, "character": 20}, "end": {"line": 4, "character": 20}});
        let document = json!({"uri": client.uri("compose.yaml")});
        let context = json!({"diagnostics": [], "only": ["quickfix"]});
        let asked = json!({"textDocument": document, "range": range, "context": context});
        for _ in 0..2 {
            let actions = client.ask("textDocument/codeAction", asked.clone());
            let titles = actions.as_array().unwrap().iter().map(|action| action["title"].as_str().unwrap());
            assert_eq!(titles.filter(|title| title.starts_with("set")).collect::<Vec<_>>(), expected);
        }
        client.stop();
    }
}

/// Each fix is tried, which takes about as long as a run: with all of a large file selected, only some are, and the next time more.
#[test]
fn a_request_for_many_fixes_is_answered_with_some() {
    let (mut client, _) = Client::start(plain());
    let services: String = (0..20).map(|at| format!("  s{at}: {{image: x, mem_limit: 64Mi}}\n")).collect();
    client.open("compose.yaml", "yaml", &format!("services:\n{services}"));
    client.settle();
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 30, "character": 0}});
    let document = json!({"uri": client.uri("compose.yaml")});
    let context = json!({"diagnostics": [], "only": ["quickfix"]});
    let asked = json!({"textDocument": document, "range": range, "context": context});
    for expected in [16, 20, 20] {
        let actions = client.ask("textDocument/codeAction", asked.clone());
        let titles = actions.as_array().unwrap().iter().map(|action| action["title"].as_str().unwrap());
        assert_eq!(titles.filter(|title| title.starts_with("write")).count(), expected);
    }
    client.stop();
}

#[test]
fn a_rule_s_page_is_shown_to_those_who_can_show_it() {
    let (mut client, result) = Client::start(json!({"window": {"showDocument": {"support": true}}}));
    assert_eq!(result["capabilities"]["executeCommandProvider"]["commands"], json!(["oomlint.explainRule"]));
    client.open("compose.yaml", "yaml", "services:\n  api:\n    image: x/y\n");
    let uri = client.uri("compose.yaml");
    let range = json!({"start": {"line": 1, "character": 3}, "end": {"line": 1, "character": 3}});
    let actions = client.ask(
        "textDocument/codeAction",
        json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": []}}),
    );
    let explain =
        actions.as_array().unwrap().iter().find(|action| action["title"] == "explain missing-memory-limit");
    let command = &explain.unwrap()["command"];
    client.ask(
        "workspace/executeCommand",
        json!({"command": command["command"], "arguments": command["arguments"]}),
    );
    client.stop();
}

#[test]
fn diagnostics_are_given_to_those_who_ask() {
    let (mut client, result) = Client::start(json!({
        "general": {"positionEncodings": ["utf-8"]},
        "textDocument": {"diagnostic": {"dynamicRegistration": false}},
    }));
    assert_eq!(result["capabilities"]["positionEncoding"], "utf-8");
    assert_eq!(result["capabilities"]["diagnosticProvider"]["interFileDependencies"], true);
    client.open("Dockerfile", "dockerfile", "FROM node:24-slim\nCMD node x.js\n");
    let uri = client.uri("Dockerfile");
    let report = client.ask("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
    assert_eq!(report["kind"], "full");
    let codes: Vec<&str> =
        report["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"shell-form-start"), "{codes:?}");
    client.stop();
}

/// A client that pulls asks again for the only open document when a setting changes what it would be told.
#[test]
fn who_asks_for_diagnostics_is_told_when_to_ask_again() {
    let (mut client, _) = Client::start(json!({
        "textDocument": {"diagnostic": {"dynamicRegistration": false}},
        "workspace": {"diagnostic": {"refreshSupport": true}},
    }));
    let text = "FROM node:24-slim\nCMD node x.js\n";
    client.write("compose.yaml", "services:\n  a: {build: ., mem_limit: 512Mi}\n");
    client.open("Dockerfile", "dockerfile", text);
    client.settle();
    client.change("Dockerfile", 2, text);
    let refreshes = |client: &mut Client| {
        let (connection, mut count) = (&client.connection, 0);
        while let Ok(message) = connection.receiver.recv_timeout(Duration::from_millis(500)) {
            count += usize::from(
                matches!(&message, Message::Request(request) if request.method == "workspace/diagnostic/refresh"),
            );
        }
        count
    };
    assert_eq!(refreshes(&mut client), 0);
    client.tell("workspace/didChangeConfiguration", json!({"settings": {"preset": "strict"}}));
    assert_eq!(refreshes(&mut client), 1);
    // What was pushed of a file that is then opened is cleared: its diagnostics are asked for.
    assert!(client.pushed.values().any(|pushed| !pushed.is_empty()), "{:?}", client.pushed);
    let compose = std::fs::read_to_string(client.path("compose.yaml")).unwrap();
    client.open("compose.yaml", "yaml", &compose);
    client.settle();
    assert!(client.pushed.values().all(Vec::is_empty), "{:?}", client.pushed);
    client.stop();
}

#[test]
fn what_is_none_of_ours_is_left_alone_and_nonsense_ends_nothing() {
    let (mut client, _) = Client::start(json!({"textDocument": 5, "general": []}));
    client.open("values.yaml", "yaml", "memory: 512Mi\n");
    client.tell("textDocument/didChange", json!({"nonsense": true}));
    client.tell("$/cancelRequest", json!({"id": 99}));
    let unknown = client.ask_any("textDocument/rename", json!({}));
    assert!(unknown.response_result.is_err());
    let wrong = client.ask_any("textDocument/hover", json!({"position": "here"}));
    assert!(wrong.response_result.is_err());
    let uri = client.uri("values.yaml");
    let none = client.ask(
        "textDocument/codeAction",
        json!({
            "textDocument": {"uri": uri},
            "range": {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}},
            "context": {"diagnostics": []},
        }),
    );
    assert_eq!(none, json!([]));
    let untitled = client.ask(
        "textDocument/hover",
        json!({"textDocument": {"uri": "untitled:Untitled-1"}, "position": {"line": 0, "character": 0}}),
    );
    assert_eq!(untitled, Value::Null);
    client.stop();
}

/// Editors send every YAML file, and a CI pipeline may be named like a Compose file.
#[test]
fn a_ci_pipeline_is_left_alone_whatever_its_name() {
    let (mut client, _) = Client::start(plain());
    let workflow = "on: push\njobs: {a: {runs-on: x, steps: [{run: \"echo ${{ github.sha }}\"}]}}\n";
    let name = ".github/workflows/docker-compose-ci.yaml";
    client.write(name, workflow);
    client.write("compose.yaml", "services:\n  a: {image: alpine, mem_limit: 512Mi}\n");
    client.open(name, "yaml", workflow);
    client.open("compose.yaml", "yaml", "services:\n  a: {image: alpine, mem_limit: 512Mi}\n");
    client.settle();
    let found = |client: &Client, name: &str| client.pushed.get(&client.uri(name)).map_or(0, Vec::len);
    assert_eq!(found(&client, name), 0);
    assert!(found(&client, "compose.yaml") > 0);
    // The usual name for Swarm, which also needs the content of a Compose file.
    client.open("docker-stack.yml", "yaml", "services:\n  a: {image: alpine, mem_limit: 512Mi}\n");
    client.open("stack.yml", "yaml", "functions: {}\n");
    client.settle();
    assert!(found(&client, "docker-stack.yml") > 0 && found(&client, "stack.yml") == 0);
    client.stop();
}

/// The server ends when standard input is closed, as after a crash of the client.
#[test]
fn the_server_ends_with_its_client() {
    use std::process::{Command, Stdio};
    for input in ["", "Content-Length: 5\r\n\r\n{", "nonsense\r\n\r\n"] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_oomlint"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        assert!(child.wait().unwrap().code().is_some(), "{input}");
    }
}

/// The configuration names templates of other platforms as Compose files, for the editor as for the command line.
#[test]
fn a_template_that_the_configuration_names_is_linted() {
    let (mut client, _) = Client::start(plain());
    client.write(".oomlint.yaml", "compose-files: [templates/*.yaml]\n");
    let text = "services:\n  db: {image: 'postgres:18', exclude_from_hc: true, mem_limit: 64Mi}\n";
    client.write("templates/db.yaml", text);
    client.open("templates/db.yaml", "yaml", text);
    client.settle();
    let rules = client.rules("templates/db.yaml");
    assert!(rules.contains(&"invalid-memory-value".to_owned()), "{rules:?}");
    assert!(!rules.contains(&"invalid-compose-file".to_owned()), "{rules:?}");
    client.stop();
}

/// A finding that joins a Dockerfile and a Compose file shows in both, and its fixes are offered at both places.
#[test]
fn both_ends_of_a_finding_are_marked() {
    let (mut client, _) = Client::start(plain());
    let dockerfile =
        "FROM eclipse-temurin:21-jre\nENTRYPOINT [\"java\", \"-Xmx512m\", \"-jar\", \"a.jar\"]\n";
    let compose = "services:\n  api:\n    build: api\n    mem_limit: 512m\n";
    client.write("api/Dockerfile", dockerfile);
    client.open("compose.yaml", "yaml", compose);
    client.settle();
    let uri = client.uri("api/Dockerfile");
    let end = client.pushed[&uri].iter().find(|one| one["code"] == "heap-exceeds-limit").unwrap().clone();
    assert_eq!((&end["severity"], covered(dockerfile, &end["range"]).as_str()), (&json!(3), "\"-Xmx512m\""));
    let back = &end["relatedInformation"][0]["location"];
    assert_eq!(back["uri"], client.uri("compose.yaml"));
    assert_eq!(covered(compose, &back["range"]), "512m");
    client.open("api/Dockerfile", "dockerfile", dockerfile);
    let context = json!({"diagnostics": [end]});
    let asked = json!({"textDocument": {"uri": uri}, "range": end["range"], "context": context});
    let actions = client.ask("textDocument/codeAction", asked);
    let kinds: Vec<&str> =
        actions.as_array().unwrap().iter().map(|action| action["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["quickfix", "quickfix", "quickfix.suppress.oomlint"], "{actions:#}");
    assert_eq!(actions[0]["diagnostics"][0]["code"], "heap-exceeds-limit");
    let texts =
        |action: &Value| action["edit"]["changes"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(texts(&actions[0]), [client.uri("compose.yaml")]);
    assert_eq!(texts(&actions[1]), [uri]);
    // The comment goes where the finding is.
    assert_eq!(texts(&actions[2]), [client.uri("compose.yaml")]);
    client.stop();
}

/// Settings are those of the command line; what is wrong with them is shown.
#[test]
fn settings_of_the_client_hold_for_all_files() {
    let (mut client, _) = Client::start_with(plain(), json!({"preset": "minimal"}));
    let text = "services:\n  api: {image: x/y, mem_limit: 16g}\n";
    client.open("compose.yaml", "yaml", text);
    client.settle();
    assert!(client.rules("compose.yaml").is_empty(), "{:?}", client.pushed);
    let change = |settings: Value| json!({"settings": {"oomlint": settings}});
    client.tell("workspace/didChangeConfiguration", change(json!({"hostMemory": "8g"})));
    client.settle();
    assert!(client.rules("compose.yaml").contains(&"limit-exceeds-host".to_owned()), "{:?}", client.pushed);
    client.write("other.yaml", "rules: {limit-exceeds-host: off}\n");
    let other = client.path("other.yaml");
    client.tell(
        "workspace/didChangeConfiguration",
        change(json!({"hostMemory": "8g", "configuration": other})),
    );
    client.settle();
    assert!(!client.rules("compose.yaml").contains(&"limit-exceeds-host".to_owned()), "{:?}", client.pushed);
    for (settings, says) in [
        (json!({"preset": "lax"}), "`oomlint.preset`"),
        (json!({"target": "k8s"}), "`oomlint.target`"),
        (json!({"hostMemory": "much"}), "`oomlint.hostMemory`"),
        (json!({"configuration": "/nowhere/oomlint.yaml"}), "`oomlint.configuration`"),
    ] {
        client.tell("workspace/didChangeConfiguration", change(settings));
        let shown = loop {
            match client.take() {
                Message::Notification(told) if told.method == "window/showMessage" => break told.params,
                _ => {}
            }
        };
        assert!(shown["message"].as_str().unwrap().contains(says), "{shown}");
    }
    client.stop();
}

/// Folders bound the search for the Compose file of a Dockerfile, and may come and go.
#[test]
fn folders_come_and_go() {
    let (mut client, result) = Client::start(plain());
    assert_eq!(result["capabilities"]["workspace"]["workspaceFolders"]["changeNotifications"], true);
    client.write("compose.yaml", "services:\n  api:\n    build: api\n    mem_limit: 256m\n");
    let text = "FROM eclipse-temurin:21-jre\nENTRYPOINT [\"java\", \"-Xmx512m\", \"-jar\", \"a.jar\"]\n";
    client.open("api/Dockerfile", "dockerfile", text);
    client.settle();
    let is_joined = |client: &Client| client.rules("compose.yaml").contains(&"heap-exceeds-limit".to_owned());
    assert!(is_joined(&client), "{:?}", client.pushed);
    let root = client.uri("").trim_end_matches('/').to_owned();
    let folder = json!([{"uri": root, "name": "a"}]);
    let gone = json!({"event": {"added": [], "removed": folder}});
    client.tell("workspace/didChangeWorkspaceFolders", gone);
    client.settle();
    assert!(!is_joined(&client), "{:?}", client.pushed);
    let back = json!({"event": {"added": folder, "removed": []}});
    client.tell("workspace/didChangeWorkspaceFolders", back);
    client.settle();
    assert!(is_joined(&client), "{:?}", client.pushed);
    client.stop();
}

/// Files with names of their own, such as a script that an image starts, are watched once they have been read.
#[test]
fn files_that_were_read_are_watched() {
    let capabilities = json!({"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": true}}});
    let (mut client, _) = Client::start(capabilities);
    client.write("vars/production", "JAVA_TOOL_OPTIONS=-Xmx512m\n");
    client.open("compose.yaml", "yaml", "services:\n  api: {image: x/y, env_file: vars/production}\n");
    let globs = loop {
        if let Message::Request(request) = client.take()
            && request.method == "client/registerCapability"
        {
            let registration = &request.params["registrations"][0];
            if registration["id"] == "oomlint-read" {
                break registration["registerOptions"]["watchers"].clone();
            }
        }
    };
    let own = client.path("vars/production");
    assert_eq!(globs, json!([{"globPattern": oomlint::source::path_text(&own)}]));
    client.stop();
}
