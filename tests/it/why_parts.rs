//! Evidence that the tests of `oomlint why` are made of, and the answers to it.

use serde_json::Value;

use crate::common;
use crate::why::why;

/// The ID of the container that most evidence is of, and that of another one.
pub(crate) const ID: &str = "43e21b8b51a9cc3139f3ffd4056741ea25cce4ad5f3032962f852addd929e95e";
pub(crate) const OTHER: &str = "7ab2c9d0e1f233447ab2c9d0e1f233447ab2c9d0e1f233447ab2c9d0e1f23344";

/// States of a container that ended: without more, without the mark of the OOM killer, and with exit codes.
pub(crate) const EXITED: &str = "\"Status\":\"exited\",\"Running\":false";
pub(crate) const UNFLAGGED: &str = "\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":false";
pub(crate) const FAILED: &str = "\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":false,\"ExitCode\":1";
pub(crate) const ENDED: &str = "\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":false,\"ExitCode\":137";
pub(crate) const FLAGGED: &str =
    "\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":true,\"ExitCode\":137";
pub(crate) const RUNS: &str = "\"Status\":\"running\",\"Running\":true,\"OOMKilled\":false,\"ExitCode\":0";

/// Lines with which runtimes report a full heap.
pub(crate) const JVM_FULL: &str =
    "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space\n";
pub(crate) const NODE_FULL: &str =
    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";

/// Answers for evidence, which are all files but those that end with `yaml`.
pub(crate) fn answers(files: &[(&str, &str)]) -> Vec<Value> {
    let directory = common::tree(files);
    let names = files.iter().map(|(name, _)| *name).filter(|name| !name.ends_with("yaml"));
    let arguments: Vec<&str> = ["--format", "json"].into_iter().chain(names).collect();
    let said = why(directory.path(), &arguments, None);
    assert!(matches!(said.code, Some(0 | 1)), "{}", said.out);
    said.json()["containers"].as_array().unwrap().clone()
}

/// A container that `docker inspect` prints: its name, its state, its limits, its configuration, and what comes before them.
pub(crate) fn container(id: &str, name: &str, [more, state, host, config]: [&str; 4]) -> String {
    format!(
        "{{\"Id\":\"{id}\",\"Name\":\"/{name}\",{more}\"State\":{{{state}}},\"HostConfig\":{{{host}}},\"Config\":{{{config}}}}}"
    )
}

/// A command for [`container`]: the words as its program, and as its configuration with an image and more, as `"Env":[],`.
pub(crate) fn started(command: &str, image: &str, more: &str) -> [String; 2] {
    let words: Vec<String> = command.split(' ').map(|word| format!("\"{word}\"")).collect();
    let (path, arguments) = words.split_first().unwrap();
    [
        format!("\"Path\":{path},\"Args\":[{}],", arguments.join(",")),
        format!("{more}\"Image\":\"{image}\",\"Entrypoint\":null,\"Cmd\":[{}]", words.join(",")),
    ]
}

/// The labels that Compose gives a container, for its configuration.
pub(crate) fn labels(project: &str, service: &str) -> String {
    format!(
        "\"Labels\":{{\"com.docker.compose.project\":\"{project}\",\"com.docker.compose.service\":\"{service}\"}}"
    )
}

/// The header of `docker ps`.
pub(crate) const LIST: &str = "CONTAINER ID   IMAGE   COMMAND   CREATED   STATUS   PORTS   NAMES\n";

/// A list of `docker ps -a`: the ID, or a digit that is repeated, the image, the status and the name.
pub(crate) fn list(rows: &[(&str, &str, &str, &str)]) -> String {
    let row = |(id, image, status, name): &(&str, &str, &str, &str)| {
        let id = if id.len() == 1 { id.repeat(12) } else { (*id).to_owned() };
        format!("{id}   {image}   \"x\"   2 weeks ago   {status}      {name}\n")
    };
    format!("{LIST}{}", rows.iter().map(row).collect::<String>())
}

/// Puts a text in the place of another one, which has to be there: a row would else say the same as the one before.
pub(crate) trait Changed {
    /// Replaces every `from`.
    fn changed(&self, from: &str, to: &str) -> String;
}

impl Changed for str {
    fn changed(&self, from: &str, to: &str) -> String {
        assert!(self.contains(from), "`{from}` is not there: {self}");
        self.replace(from, to)
    }
}
