//! `oomlint lsp --restrict-to`: nothing outside is read, and diagnostics report it.

#![cfg(unix)]

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

use crate::common;

/// Text that occurs only in files outside.
const SECRET: &str = "9999m";

struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Message>,
    next: i32,
}

impl Server {
    fn start(directory: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
        command.arg("lsp").args(arguments).current_dir(directory);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Ok(Some(message)) = Message::read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { child, input, messages, next: 0 };
        let pulls =
            json!({"textDocument": {"diagnostic": {}, "publishDiagnostics": {"relatedInformation": true}}});
        let root = common::uri_of(directory);
        server.ask("initialize", json!({"processId": null, "rootUri": root, "capabilities": pulls}));
        server.tell("initialized", json!({}));
        server
    }

    fn tell(&mut self, method: &str, params: Value) {
        let notification = Notification::new(method.to_owned(), params);
        Message::Notification(notification).write(&mut self.input).unwrap();
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let request = Request::new(RequestId::from(self.next), method.to_owned(), params);
        Message::Request(request).write(&mut self.input).unwrap();
        loop {
            let message = self.messages.recv_timeout(Duration::from_secs(60)).unwrap();
            if let Message::Response(response) = message {
                return response.response_result.unwrap();
            }
        }
    }

    /// Returns the diagnostics, hovers of each line, and code actions of a document, as one text.
    fn messages_about(&mut self, path: &Path, text: &str) -> String {
        let document = json!({"uri": common::uri_of(path)});
        let language = if path.ends_with("Dockerfile") { "dockerfile" } else { "dockercompose" };
        let mut opened = document.clone();
        opened["languageId"] = language.into();
        opened["version"] = 1.into();
        opened["text"] = text.into();
        self.tell("textDocument/didOpen", json!({"textDocument": opened}));
        let mut said = self.ask("textDocument/diagnostic", json!({"textDocument": document})).to_string();
        let lines = text.lines().count();
        for line in 0..lines {
            let position = json!({"line": line, "character": 4});
            let at = json!({"textDocument": document, "position": position});
            said.push_str(&self.ask("textDocument/hover", at).to_string());
        }
        let all = json!({"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}});
        let actions = json!({"textDocument": document, "range": all, "context": {"diagnostics": []}});
        said.push_str(&self.ask("textDocument/codeAction", actions).to_string());
        self.tell("textDocument/didClose", json!({"textDocument": document}));
        said
    }

    fn stop(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        assert!(self.child.wait().unwrap().success());
    }
}

/// Creates `tree`, which may be read, and `outside` next to it, whose files contain [`SECRET`].
fn directories() -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let top = common::real(scratch.path());
    for (path, text) in [
        ("tree/keep", String::new()),
        ("outside/vars", format!("JAVA_TOOL_OPTIONS=-Xmx{SECRET}m\n")),
        (
            "outside/compose.yaml",
            format!(
                "services: {{api: {{image: 'openjdk:21', mem_limit: {SECRET}m, healthcheck: {{disable: true}}}}}}\n"
            ),
        ),
        (
            "outside/Dockerfile",
            format!(
                "FROM eclipse-temurin:21\nENV JAVA_TOOL_OPTIONS=-Xmx{SECRET}m\nCMD [\"java\", \"-jar\", \"a.jar\"]\n"
            ),
        ),
        ("outside/.oomlint.yaml", format!("preset: {SECRET}\n")),
    ] {
        std::fs::create_dir_all(top.join(path).parent().unwrap()).unwrap();
        std::fs::write(top.join(path), text).unwrap();
    }
    (scratch, top)
}

#[test]
fn what_a_document_names_outside_is_not_read() {
    let service = |keys: &str| {
        format!(
            "services:\n  api:\n    image: eclipse-temurin:21\n    command: java -jar a.jar\n    mem_limit: 512m\n{keys}"
        )
    };
    let extends = |file: &str| format!("services:\n  api:\n    extends: {{file: {file}, service: api}}\n");
    let include = |file: &str| {
        let own = service("    depends_on: {other: {condition: service_healthy}}\n");
        format!("include: [{file}]\n{}", own.replacen("api", "own", 1).replace("other", "api"))
    };
    let build = |context: &str| format!("services:\n  api:\n    build: {context}\n    mem_limit: 512m\n");
    let (scratch, top) = directories();
    let tree = top.join("tree");
    // True if the output has a value from outside, or a finding that depends on one.
    let read = |said: &str| said.contains(SECRET) || said.contains("unhealthy-dependency");
    let cases = [
        ("env_file", service("    env_file: [../outside/vars]\n"), None),
        ("env_file", service("    env_file: [link]\n"), Some("../outside/vars")),
        ("extends", extends("../outside/compose.yaml"), None),
        ("extends", extends("link"), Some("../outside/compose.yaml")),
        ("include", include("../outside/compose.yaml"), None),
        ("include", include("link"), Some("../outside/compose.yaml")),
        ("build context", build("../outside"), None),
        ("build context", build("link"), Some("../outside")),
        ("dockerfile", build("{context: ., dockerfile: ../outside/Dockerfile}"), None),
        ("dockerfile", build("{context: ., dockerfile: link}"), Some("../outside/Dockerfile")),
    ];
    for (what, text, target) in cases {
        let link = tree.join("link");
        if let Some(target) = target {
            std::os::unix::fs::symlink(target, &link).unwrap();
        }
        let document = tree.join("compose.yaml");
        let mut free = Server::start(&tree, &[]);
        let said = free.messages_about(&document, &text);
        assert!(read(&said), "{what}: nothing is read without it: {said}");
        free.stop();
        let mut kept = Server::start(&tree, &["--restrict-to", "."]);
        let said = kept.messages_about(&document, &text);
        assert!(!read(&said), "{what}: {said}");
        let message = format!("{what} `");
        let why = "leads out of `.`, which is all that may be read";
        assert!(said.contains(&message) && said.contains(why), "{what}: {said}");
        kept.stop();
        if target.is_some() {
            std::fs::remove_file(link).unwrap();
        }
    }
    drop(scratch);
}

/// The text of a document outside comes from the editor. The files around it are not read.
#[test]
fn a_document_outside_is_looked_at_alone() {
    let (scratch, top) = directories();
    let text = "FROM eclipse-temurin:21\nCMD java -jar a.jar\n";
    let other = "services: {other: {extends: {file: compose.yaml, service: api}}}\n";
    let mut server = Server::start(&top.join("tree"), &["--restrict-to", "."]);
    let said = server.messages_about(&top.join("outside/Dockerfile"), text);
    assert!(said.contains("shell-form-start") && !said.contains(SECRET), "{said}");
    let said = server.messages_about(&top.join("outside/compose.other.yaml"), other);
    assert!(said.contains("leads out of `.`") && !said.contains(SECRET), "{said}");
    server.stop();
    drop(scratch);
}

/// A document that no search finds has the name of one that it finds: what it includes is the same file.
#[test]
fn an_included_file_is_checked_once() {
    let (scratch, top) = directories();
    let tree = top.join("tree");
    std::fs::write(tree.join("compose.yaml"), "services: {db: {image: postgres:17}}\n").unwrap();
    let mut server = Server::start(&tree, &[]);
    let other = common::uri_of(&tree.join("compose.prod.yaml"));
    let text = "x:\n  a: 1\ninclude: [compose.yaml]\n";
    let document = json!({"uri": other, "languageId": "yaml", "version": 1, "text": text});
    server.tell("textDocument/didOpen", json!({"textDocument": document}));
    let said = server.messages_about(&tree.join("compose.yaml"), "services: {db: {image: postgres:17}}\n");
    assert_eq!(said.matches("`db` has no memory limit").count(), 1, "{said}");
    server.stop();
    drop(scratch);
}
