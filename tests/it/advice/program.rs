//! Runs oomlint, Docker Compose and git on the files of a project, in a clean environment.

use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Timeout of Docker Compose, which may load remote files.
const PATIENCE: Duration = Duration::from_secs(20);

/// Deployment target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    Compose,
    Swarm,
}

impl Target {
    pub fn name(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::Swarm => "swarm",
        }
    }
}

/// Location in a file.
#[derive(Clone, Debug)]
pub struct Place {
    pub file: String,
    pub range: Range<usize>,
    pub line: u64,
    pub label: String,
}

/// Replacement of a byte range.
#[derive(Clone, Debug)]
pub struct Edit {
    pub file: String,
    pub range: Range<usize>,
    pub text: String,
}

#[derive(Clone, Debug)]
pub struct Fix {
    pub title: String,
    pub safe: bool,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: String,
    pub severity: String,
    pub message: String,
    pub service: Option<String>,
    pub place: Place,
    pub related: Vec<Place>,
    pub help: Option<String>,
    pub fixes: Vec<Fix>,
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or_default()).unwrap()
}

fn place(value: &Value) -> Place {
    let range = &value["range"];
    Place {
        file: text(value, "file"),
        range: number(&range["start"]["byte"])..number(&range["end"]["byte"]),
        line: range["start"]["line"].as_u64().unwrap_or_default(),
        label: text(value, "label"),
    }
}

fn fix(value: &Value) -> Option<Fix> {
    let edit = |edit: &Value| {
        let place = place(edit);
        Edit { file: place.file, range: place.range, text: text(edit, "replacement") }
    };
    let edits = value["edits"].as_array()?.iter().map(edit).collect();
    Some(Fix { title: text(value, "title"), safe: value["applicability"] == "safe", edits })
}

fn finding(value: &Value) -> Finding {
    let list = |key: &str| value[key].as_array().cloned().unwrap_or_default();
    // The first fix, and its alternatives.
    let mut fixes: Vec<Fix> = fix(&value["fix"]).into_iter().collect();
    for other in list("fixes").iter().chain(&list("alternatives")).filter_map(fix) {
        if !fixes.iter().any(|known| format!("{:?}", known.edits) == format!("{:?}", other.edits)) {
            fixes.push(other);
        }
    }
    Finding {
        rule: text(value, "rule"),
        severity: text(value, "severity"),
        message: text(value, "message"),
        service: value["service"].as_str().map(str::to_owned),
        place: place(value),
        related: list("related").iter().map(place).collect(),
        help: value["help"].as_str().map(str::to_owned),
        fixes,
    }
}

/// Temporary directory with the files of a project, in which the programs run.
pub struct Desk {
    directory: tempfile::TempDir,
    target: Target,
    options: Vec<String>,
}

/// Returns the executable to test: `OOMLINT_BIN`, or the one built with the test.
pub fn oomlint() -> PathBuf {
    std::env::var_os("OOMLINT_BIN").map_or_else(|| env!("CARGO_BIN_EXE_oomlint").into(), PathBuf::from)
}

/// Returns `OOMLINT_COMPOSE`, or the program that `tests/compose-oracle.sh` installs; `None` if it does not exist.
pub fn compose() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/compose-oracle/bin/docker-compose");
    let program = std::env::var_os("OOMLINT_COMPOSE").map_or(installed, PathBuf::from);
    program.is_file().then_some(program)
}

impl Desk {
    pub fn new(target: Target, options: &[String]) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), target, options: options.to_vec() }
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.directory.path().join(path)).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        let bytes = std::fs::read(self.directory.path().join(path)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub fn write_all<'t>(&self, files: impl IntoIterator<Item = (&'t String, &'t String)>) {
        files.into_iter().for_each(|(path, text)| self.write(path, text));
    }

    fn command(&self, program: &Path, environment: &[(String, String)]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.directory.path()).env_clear().stdin(Stdio::null());
        for name in ["PATH", "HOME", "SYSTEMROOT"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("GIT_CEILING_DIRECTORIES", std::env::temp_dir());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs oomlint with the arguments `more`.
    pub fn oomlint(&self, more: &[&str], environment: &[(String, String)]) -> Output {
        let mut command = self.command(&oomlint(), environment);
        command.args(["--no-config", "--no-baseline", "--no-ignore", "--preset", "strict"]);
        command.args(["--target", self.target.name()]).args(&self.options);
        if !environment.is_empty() {
            command.arg("--use-environment");
        }
        command.args(more).output().unwrap()
    }

    /// Runs `oomlint fit` with the arguments `more`.
    pub fn fit(&self, more: &[&str]) -> Output {
        let mut command = self.command(&oomlint(), &[]);
        command.args(["fit", "--no-config", "--no-ignore", "--target", self.target.name()]);
        command.args(more).output().unwrap()
    }

    /// Returns the findings of the whole tree if `files` is empty, else of these files merged. Empty if there is no report.
    pub fn lint(&self, files: &[String], environment: &[(String, String)]) -> Vec<Finding> {
        let mut more = vec!["--format", "json"];
        files.iter().for_each(|file| more.extend(["-f", file]));
        if files.is_empty() {
            more.push(".");
        }
        let output = self.oomlint(&more, environment);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        report["findings"].as_array().into_iter().flatten().map(finding).collect()
    }

    /// Returns the stack as Docker Compose resolves it (null unless `facts`), or its error.
    pub fn resolve(
        &self,
        files: &[String],
        environment: &[(String, String)],
        facts: bool,
    ) -> Result<Value, String> {
        let Some(program) = compose() else { return Ok(Value::Null) };
        let output = tempfile::tempfile().unwrap();
        let errors = tempfile::tempfile().unwrap();
        let mut command = self.command(&program, environment);
        command.env("COMPOSE_PROJECT_NAME", "project").env("GIT_TERMINAL_PROMPT", "0");
        command.args(["--profile", "*"]);
        for file in files {
            command.args(["-f", file]);
        }
        command.arg("config").args(if facts { ["--format", "json"].as_slice() } else { &["--quiet"] });
        command.stdout(output.try_clone().unwrap()).stderr(errors.try_clone().unwrap());
        let mut child = command.spawn().unwrap();
        let begin = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status.success(),
                None if begin.elapsed() > PATIENCE => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err("no answer".to_owned());
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        if status {
            return Ok(serde_json::from_str(&contents(output)).unwrap_or_default());
        }
        let errors = contents(errors);
        Err(errors.lines().filter(|line| !line.contains("level=warning")).collect::<Vec<_>>().join(" "))
    }

    /// Applies a patch with `git apply`.
    pub fn patch(&self, patch: &[u8]) -> Result<(), String> {
        let file = self.directory.path().join(".patch-of-the-test");
        std::fs::write(&file, patch).unwrap();
        let output =
            self.command(Path::new("git"), &[]).args(["apply", ".patch-of-the-test"]).output().unwrap();
        std::fs::remove_file(&file).unwrap();
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }
}

fn contents(mut file: File) -> String {
    use std::io::{Read, Seek};
    let mut text = Vec::new();
    file.rewind().unwrap();
    file.read_to_end(&mut text).unwrap();
    String::from_utf8_lossy(&text).into_owned()
}
