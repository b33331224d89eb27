//! `oomlint why`: the cases of fixtures/why, those of the shared knowledge, and evidence in every form.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oomlint::evidence::{Evidence, Full, KernelKill, Killer};
use oomlint::postmortem::{self, Files, Verdict};
use oomlint::source::Sources;
use serde_json::Value;

use crate::common;
use crate::why_parts::ID;

/// What the command answered.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    err: String,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

/// Runs `oomlint why` in a directory.
pub(crate) fn why(directory: &Path, arguments: &[&str], stdin: Option<&[u8]>) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.arg("why").args(arguments).current_dir(directory).env_remove("COLUMNS");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // A program that stops early does not read all.
    let _ = input.write_all(stdin.unwrap_or_default());
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A case: files of evidence, files of the project, and what is true of it.
struct Case {
    name: String,
    evidence: Vec<(String, String)>,
    project: Vec<(String, String)>,
    verdict: String,
    rules: Vec<String>,
    says: Vec<String>,
}

impl Case {
    fn said(&self, arguments: &[&str]) -> Said {
        let mut files: Vec<(&str, &str)> = Vec::new();
        for (name, text) in self.evidence.iter().chain(&self.project) {
            files.push((name, text));
        }
        let directory = common::tree(&files);
        let evidence: Vec<&str> = self.evidence.iter().map(|(name, _)| name.as_str()).collect();
        let said = why(directory.path(), &[arguments, &evidence].concat(), None);
        assert!(matches!(said.code, Some(0 | 1)), "{}: {}{}", self.name, said.out, said.err);
        said
    }

    fn answer(&self) -> Value {
        self.said(&["--format", "json"]).json()["containers"][0].clone()
    }

    /// Returns what is wrong with the answer.
    fn faults(&self, answer: &Value) -> Vec<String> {
        let mut faults = Vec::new();
        if answer["verdict"] != self.verdict.as_str() {
            faults.push(format!(
                "{}: {} and not {}: {}",
                self.name, answer["verdict"], self.verdict, answer["answer"]
            ));
        }
        for word in &self.says {
            if !answer["answer"].as_str().unwrap().contains(word) {
                faults.push(format!("{}: does not say `{word}`: {}", self.name, answer["answer"]));
            }
        }
        faults
    }

    /// Returns the rules that are not among those that explain the answer.
    fn unexplained(&self, answer: &Value) -> Vec<String> {
        let found: Vec<&str> = answer["explained_by"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["rule"].as_str().unwrap())
            .collect();
        self.rules.iter().filter(|rule| !found.contains(&rule.as_str())).cloned().collect()
    }
}

fn strings(value: &serde_yaml::Value) -> Vec<String> {
    let items = value.as_sequence().into_iter().flatten();
    items.map(|item| item.as_str().unwrap().to_owned()).collect()
}

fn pairs(value: &serde_yaml::Value) -> Vec<(String, String)> {
    let pairs = value.as_mapping().into_iter().flatten();
    pairs.map(|(name, text)| (name.as_str().unwrap().to_owned(), text.as_str().unwrap().to_owned())).collect()
}

fn own_cases() -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/why");
    let files = walkdir::WalkDir::new(directory).sort_by_file_name().into_iter().map(Result::unwrap);
    let files = files.filter(|file| file.path().extension().is_some_and(|ending| ending == "yaml"));
    files
        .map(|file| {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let case: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
            Case {
                name: file.path().file_stem().unwrap().to_string_lossy().into_owned(),
                evidence: pairs(&case["evidence"]),
                project: pairs(&case["project"]),
                verdict: case["verdict"].as_str().unwrap().to_owned(),
                rules: strings(&case["explained-by"]),
                says: strings(&case["says"]),
            }
        })
        .collect()
}

#[test]
fn cases_from_public_issues_are_answered() {
    let cases = own_cases();
    assert!(cases.len() >= 15);
    let mut faults = Vec::new();
    for case in &cases {
        let answer = case.answer();
        faults.extend(case.faults(&answer));
        faults.extend(
            case.unexplained(&answer).iter().map(|rule| format!("{}: {rule} does not explain it", case.name)),
        );
    }
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

/// Returns the name of each case, and what is printed for it.
pub(crate) fn answers() -> Vec<(String, String)> {
    own_cases().iter().map(|case| (case.name.clone(), case.said(&[]).out)).collect()
}

fn knowledge() -> PathBuf {
    common::shared().join("knowledge/postmortem")
}

fn shared_cases() -> Vec<Case> {
    let text = std::fs::read_to_string(knowledge().join("cases.jsonl")).unwrap();
    let file = |name: &Value| {
        name.as_str()
            .map(|name| (name.replace('/', "-"), std::fs::read_to_string(knowledge().join(name)).unwrap()))
    };
    text.lines()
        .map(|line| {
            let case: Value = serde_json::from_str(line).unwrap();
            let inline =
                |key: &str, name: &str| case[key].as_str().map(|text| (name.to_owned(), text.to_owned()));
            let evidence = [
                file(&case["inspect"]),
                inline("kernel", "kernel.txt"),
                file(&case["kernel_file"]),
                file(&case["events"]),
                inline("logs", "app.log"),
            ];
            let project = [inline("compose", "compose.yaml"), inline("env_file", ".env")];
            Case {
                name: case["id"].as_str().unwrap().to_owned(),
                evidence: evidence.into_iter().flatten().collect(),
                project: project.into_iter().flatten().collect(),
                verdict: case["verdict"].as_str().unwrap().to_owned(),
                rules: case["rules"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|rule| rule.as_str().unwrap().to_owned())
                    .collect(),
                says: Vec::new(),
            }
        })
        .collect()
}

/// How many rules of the shared cases are at least among those that explain the answer.
const EXPLAINED: usize = 11;

#[test]
#[cfg_attr(not(shared), ignore = "the cases are in ../shared")]
fn shared_cases_are_answered_with_their_true_cause() {
    let cases = shared_cases();
    let (mut faults, mut explained, mut rules) = (Vec::new(), 0, 0);
    for case in &cases {
        let answer = case.answer();
        faults.extend(case.faults(&answer));
        let unexplained = case.unexplained(&answer);
        rules += case.rules.len();
        explained += case.rules.len() - unexplained.len();
        if !unexplained.is_empty() {
            println!(
                "{}: not explained by {}, but {}",
                case.name,
                unexplained.join(", "),
                answer["explained_by"]
            );
        }
    }
    assert!(explained >= EXPLAINED, "{explained} of {rules} rules explain their case");
    assert!(faults.is_empty(), "{} of {} cases:\n{}", faults.len(), cases.len(), faults.join("\n"));
}

/// Returns what the kernel's files say, read by the library.
pub(crate) fn read(text: &[u8]) -> (Sources, Evidence) {
    let sources = Sources::new();
    let id = sources.add(Path::new("evidence"), text);
    let mut evidence = Evidence::default();
    evidence.read(&sources.get(id));
    (sources, evidence)
}

pub(crate) fn answered(sources: &Sources, evidence: &Evidence) -> Vec<postmortem::Answer> {
    let outcome = oomlint::check::Outcome::default();
    postmortem::answers(evidence, Files { outcome: &outcome, sources })
}

fn scope_of(kill: &KernelKill) -> &'static str {
    match kill.full {
        Some(Full::Cgroup) => "memcg",
        Some(Full::Host) => "global",
        Some(Full::Node) => "NUMA",
        None => "?",
    }
}

/// What the index says about each kernel log. One has only rows of the table of processes, one a call trace that ends too early, and one
/// has no call trace at all.
const UNKNOWN_SCOPES: [&str; 3] = ["kernel/03.txt", "kernel/38.txt", "kernel/39.txt"];

#[test]
#[cfg_attr(not(shared), ignore = "the logs are in ../shared")]
fn kernel_logs_are_read_as_their_index_says() {
    let index = std::fs::read_to_string(knowledge().join("kernel/index.jsonl")).unwrap();
    let (mut faults, mut count) = (Vec::new(), 0);
    for line in index.lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        let (file, scope) = (entry["file"].as_str().unwrap(), entry["scope"].as_str().unwrap());
        let victim = entry["victim"].as_str().unwrap();
        let (_, evidence) = read(&std::fs::read(knowledge().join(file)).unwrap());
        count += 1;
        let by_oomd = evidence.others.iter().any(|other| other.by == Killer::SystemdOomd);
        let agrees = evidence.kernel.iter().any(|kill| scope.starts_with(scope_of(kill)))
            || (scope.starts_with("systemd-oomd") && by_oomd);
        if !agrees && !UNKNOWN_SCOPES.contains(&file) {
            faults.push(format!("{file}: {scope}"));
        }
        let named =
            evidence.kernel.iter().filter_map(|kill| kill.victim.as_deref().or(kill.invoked_by.as_deref()));
        let table =
            evidence.kernel.iter().filter_map(|kill| kill.largest.as_ref()).map(|(name, _)| name.as_str());
        let mut names = named.chain(table);
        let wanted = victim.split([',', ' ', '?']).next().unwrap();
        if !wanted.is_empty() && wanted != "whole" && !names.any(|name| name.starts_with(wanted)) {
            // The log of one ends before the process is named.
            if file != "kernel/12.txt" {
                faults.push(format!("{file}: {victim}"));
            }
        }
    }
    assert!(count >= 40);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
#[cfg_attr(not(shared), ignore = "the files are in ../shared")]
fn all_evidence_is_read_and_answered() {
    let mut count = 0;
    for directory in ["kernel", "events", "inspect"] {
        for entry in walkdir::WalkDir::new(knowledge().join(directory)).sort_by_file_name() {
            let path = entry.unwrap().into_path();
            if !path.is_file() || path.ends_with("index.jsonl") {
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            // Also cut at every hundredth byte, as people cut.
            for length in (0..bytes.len()).step_by(bytes.len() / 20 + 1).chain([bytes.len()]) {
                let (sources, evidence) = read(&bytes[..length]);
                for answer in answered(&sources, &evidence) {
                    assert!(!answer.answer.is_empty() && !answer.answer.contains('\n'), "{}", path.display());
                    assert!(
                        answer.verdict == Verdict::Undecided || !answer.evidence.is_empty(),
                        "{}: {}",
                        path.display(),
                        answer.answer
                    );
                }
            }
            count += 1;
        }
    }
    assert!(count > 100, "{count} files");
}

pub(crate) fn killed_line() -> String {
    let path = format!("/system.slice/docker-{ID}.scope");
    format!(
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg={path},task_memcg={path},task=java,pid=1,uid=0\n\
         Memory cgroup out of memory: Killed process 1 (java) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:0kB\n"
    )
}

#[test]
fn a_pasted_issue_is_read_by_all_readers() {
    let text = format!(
        "Since the update our worker dies at night.\n\n```\n$ docker inspect shop-worker-1 | grep -A9 State\n        \"State\": {{\n            \
         \"Status\": \"exited\",\n            \"OOMKilled\": false,\n            \"ExitCode\": 137\n        }},\n```\n\n> [12.5] {}\n",
        killed_line().lines().next().unwrap()
    );
    let (sources, evidence) = read(text.as_bytes());
    assert_eq!((evidence.kernel.len(), evidence.inspected.len()), (1, 1));
    let answers = answered(&sources, &evidence);
    assert_eq!(answers.len(), 1);
    assert_eq!((answers[0].verdict, answers[0].id.as_deref()), (Verdict::MemoryLimit, Some(ID)));
    assert!(answers[0].against.iter().any(|against| against.contains("OOMKilled is false")));
}

#[test]
fn the_exit_code_tells_whether_all_is_explained() {
    let directory =
        common::tree(&[("kill.txt", &killed_line()), ("nothing.txt", "all is well\n"), ("empty/x", "")]);
    let code = |arguments: &[&str], stdin: Option<&[u8]>| why(directory.path(), arguments, stdin).code;
    assert_eq!(code(&["kill.txt"], None), Some(0));
    assert_eq!(code(&["-"], Some(killed_line().as_bytes())), Some(0));
    assert_eq!(code(&["-"], Some(b"\"OOMKilled\": false,\n\"ExitCode\": 137,\n")), Some(1));
    let none = why(directory.path(), &["nothing.txt"], None);
    assert_eq!((none.code, none.out.as_str()), (Some(2), ""));
    assert!(
        none.err.contains("no evidence in `nothing.txt`") && none.err.contains("journalctl"),
        "{}",
        none.err
    );
    let none = why(directory.path(), &["empty"], None);
    assert!(none.code == Some(2) && none.err.contains("oomlint why -"), "{}", none.err);
    assert_eq!(code(&["missing.txt"], None), Some(2));
    assert_eq!(code(&[], None), Some(2));
}

#[test]
fn a_command_to_run_has_no_text_of_the_evidence_that_a_shell_reads() {
    for name in ["x;reboot", "$(reboot)", "`reboot`", "-rf"] {
        let event = format!("2017-01-05T00:42:11+08:00 container oom d9cd...4d70 (image=a, name={name})\n");
        let (sources, evidence) = read(event.as_bytes());
        for answer in answered(&sources, &evidence) {
            assert!(!answer.missing.is_empty());
            let commands = answer.missing.iter().map(|missing| missing.command.as_str()).collect::<String>();
            assert!(!commands.contains("reboot") && !commands.contains("-rf"), "{commands}");
        }
    }
}

const FORMATS: [&str; 3] = ["human", "json", "markdown"];

#[test]
fn values_of_variables_and_labels_are_never_printed() {
    let inspect = format!(
        "[{{\"Id\":\"{ID}\",\"Name\":\"/a\",\"Path\":\"java\",\"Args\":[\"-Dtoken=hunter2\"],\"State\":{{\"Status\":\"exited\",\"OOMKilled\":true,\"ExitCode\":137,\
         \"Error\":\"password=hunter2\"}},\"HostConfig\":{{\"Memory\":536870912,\"MemorySwap\":536870912}},\"Config\":{{\"Env\":[\"DB_PASSWORD=hunter2\",\
         \"NOTE=hunter2 java.lang.OutOfMemoryError\"],\"Labels\":{{\"x\":\"hunter2\"}}}}}}]\n"
    );
    let event = "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"43e21b8b51a9\",\"Attributes\":{\"exitCode\":\"137\",\"secret\":\"hunter2\"}},\"time\":1}\n";
    let journal = "{\"MESSAGE\":\"Memory cgroup out of memory: Killed process 7 (java) total-vm:1kB, anon-rss:1kB\",\"_CMDLINE\":\"x --password hunter2\"}\n";
    let log = "a-1  | java.lang.OutOfMemoryError: Java heap space, with --password hunter2\n\
               {\"level\":\"ERROR\",\"text\":\"java.lang.OutOfMemoryError: Java heap space\",\"apiKey\":\"hunter2\",\"auth\":{\"x\":\"hunter2\"}}\n\
               b-1  | {\"x\":\"hunter2\",\"error\":\"java.lang.OutOfMemoryError: Java heap space\"}\n\
               {\n  \"x\": \"hunter2\", \"error\": \"java.lang.OutOfMemoryError: Java heap space\"\n}\n\
               {\"log\":\"{\\\"x\\\":\\\"hunter2\\\",\\\"e\\\":\\\"java.lang.OutOfMemoryError\\\"}\\n\",\"stream\":\"stderr\"}\n\
               c-1  | {\"text\":\"Memory cgroup out of memory: Killed process 8 (x) total-vm:1kB, anon-rss:1kB\",\"x\":\"hunter2\"}\n";
    let directory = common::tree(&[
        ("i.json", &inspect),
        ("events.json", event),
        ("journal.json", journal),
        ("app.log", log),
    ]);
    for format in FORMATS {
        let said = why(
            directory.path(),
            &["--format", format, "i.json", "events.json", "journal.json", "app.log"],
            None,
        );
        assert!(matches!(said.code, Some(0 | 1)), "{}", said.err);
        assert!(said.out.contains("137") && !said.out.contains("hunter2"), "{format}: {}", said.out);
    }
}

#[test]
fn escapes_and_commands_of_runners_are_disarmed() {
    let line = "Memory cgroup out of memory: Killed process 7 (\u{1b}[31m##[error]x) total-vm:1kB, anon-rss:1kB, file-rss:0kB\n";
    let event = "2017-01-05T00:42:11+08:00 container die d9cd...4d70 (exitCode=137, image=::error::x, name=::error::\u{202e}x)\n";
    let text =
        format!("{line}{event}::error::Out of memory: Killed process 9 (y) total-vm:1kB, anon-rss:1kB\n");
    for format in FORMATS {
        let directory = common::tree(&[]);
        let said = why(directory.path(), &["--format", format, "-"], Some(text.as_bytes()));
        assert!(matches!(said.code, Some(0 | 1)), "{}", said.err);
        assert!(!said.out.contains(['\u{1b}', '\u{202e}']), "{format}: {}", said.out);
        assert!(
            !said.out.contains("##[") && !said.out.lines().any(|line| line.trim_start().starts_with("::")),
            "{format}: {}",
            said.out
        );
    }
}

#[test]
fn json_is_valid_under_its_schema_and_markdown_has_the_same() {
    let validator = jsonschema::validator_for(&oomlint::report::why::schema()).unwrap();
    for case in own_cases() {
        let files: Vec<(&str, &str)> = case
            .evidence
            .iter()
            .chain(&case.project)
            .map(|(name, text)| (name.as_str(), text.as_str()))
            .collect();
        let directory = common::tree(&files);
        let names: Vec<&str> = case.evidence.iter().map(|(name, _)| name.as_str()).collect();
        let json = why(directory.path(), &[&["--format", "json"], &names[..]].concat(), None).json();
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {}", case.name, errors.join("\n"));
        let markdown = why(directory.path(), &[&["--format", "markdown"], &names[..]].concat(), None).out;
        let human = why(directory.path(), &names, None).out;
        for container in json["containers"].as_array().unwrap() {
            let verdict = container["verdict"].as_str().unwrap();
            assert!(
                markdown.contains(&format!("({verdict})")) && human.contains(&format!("[{verdict}")),
                "{}",
                case.name
            );
            assert!(human.contains(container["answer"].as_str().unwrap()), "{}: {human}", case.name);
        }
    }
}
