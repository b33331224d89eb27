use oomlint::source::{Sources, Span, TracedText};
use oomlint::syntax::command_line::{Argument, Command, Mistake, Notation, find};
use oomlint::syntax::size::ByteSize;
use serde_json::Value;

fn text(text: &str) -> TracedText {
    {
        let sources = Sources::new();
        let id = sources.add(std::path::Path::new("x"), text);
        TracedText::verbatim(text, Span::new(id, 0, text.len()))
    }
}

fn sub(re: &regex::Regex, text: &str) -> String {
    re.replace_all(text, "8765").into_owned()
}

fn main_word(re: &regex::Regex, a: &Argument) -> String {
    sub(re, a.text.as_str())
}

#[test]
fn recorded() {
    let re = regex::Regex::new(r"\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\$\{[^}]*\}|\$\$?[A-Za-z_]\w*|\$[0-9@*#?]|\{\{[^}]*\}\}|<[A-Za-z][\w .:/-]*>").unwrap();
    let dir = std::path::Path::new("../shared/knowledge/postmortem");
    let rows = std::fs::read_to_string(dir.join("run.jsonl")).unwrap();
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let file = row["file"].as_str().unwrap();
        let context = row["context"].as_str().unwrap();
        let raw = std::fs::read_to_string(dir.join(file)).unwrap();
        let notation = if context == "Makefile" {
            Notation::Makefile
        } else if raw.starts_with("ExecStart") {
            Notation::Unit
        } else if context == "shell" {
            Notation::Shell
        } else {
            Notation::Lines
        };
        let traced = text(&raw);
        let found = find(&traced, notation);
        let answer = &row["docker_cli_28_2_2"];
        let Some(c) = found.first() else {
            *counts.entry("not found").or_default() += 1;
            println!("NOTFOUND {file} {context} {} => {}", raw.lines().next().unwrap(), answer);
            continue;
        };
        let class = compare(c, answer, &re);
        *counts
            .entry(if class.starts_with("WRONG") {
                "wrong"
            } else {
                &*Box::leak(class.clone().into_boxed_str())
            })
            .or_default() += 1;
        if class != "agree" {
            println!(
                "{class} {file} {context}\n   answer {answer}\n   image {:?} cmd {:?} unc {:?} ref {:?}",
                c.image.as_ref().map(|i| i.text.as_str().to_owned()),
                c.arguments.iter().map(|a| a.text.as_str()).collect::<Vec<_>>(),
                c.uncertain.map(|s| &raw[s.range()]),
                c.refusals
            );
        }
    }
    println!("{counts:?}");
    let rows = std::fs::read_to_string(dir.join("run-grammar.jsonl")).unwrap();
    let (mut good, mut bad) = (0, 0);
    for line in rows.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let raw = row["line"].as_str().unwrap().replace("IMG", "img").replace("<64 hex>", &"a".repeat(64));
        let traced = text(&raw);
        let found = find(&traced, Notation::Lines);
        let Some(c) = found.first() else {
            println!("NONE {raw}");
            bad += 1;
            continue;
        };
        let answer = if row["gives"].is_null() { row.clone() } else { row["gives"].clone() };
        let class = compare(c, &answer, &re);
        if class == "agree" || class == "error agrees" {
            good += 1
        } else {
            bad += 1;
            println!("{class} {raw} => {answer} {:?}", c.refusals)
        }
        if class == "error agrees" {
            let e = row["error"].as_str().unwrap();
            let ours = &c.refusals[0].message;
            if !e.ends_with(ours.as_str()) {
                println!("MSG {e} | {ours}")
            }
        }
    }
    println!("grammar {good} good {bad} bad");
}

fn compare(c: &Command, answer: &Value, re: &regex::Regex) -> String {
    if !answer["error"].is_null() {
        return if !c.refusals.is_empty() {
            "error agrees".into()
        } else if c.uncertain.is_some() {
            "error, we are uncertain".into()
        } else {
            format!("WRONG: we accept {}", answer["error"])
        };
    }
    if !c.refusals.is_empty() {
        return format!("WRONG: we refuse {:?}", c.refusals);
    }
    if c.uncertain.is_some() {
        return "uncertain".into();
    }
    let image = c.image.as_ref().map(|i| main_word(re, i)).unwrap_or_default();
    let tail = if answer["kind"] == "service" && !image.contains(':') {
        format!("{image}:latest")
    } else {
        image.clone()
    };
    if Some(tail.as_str()) != answer["image"].as_str() {
        return format!("WRONG image {image} {}", answer["image"]);
    }
    let key = if answer["kind"] == "service" { "args" } else { "cmd" };
    let cmd: Vec<String> =
        answer[key].as_array().into_iter().flatten().map(|v| v.as_str().unwrap().to_owned()).collect();
    let ours: Vec<String> = c.arguments.iter().map(|a| main_word(re, a)).collect();
    if cmd != ours {
        return format!("WRONG cmd {ours:?} {cmd:?}");
    }
    for (name, key) in [
        ("memory", "Memory"),
        ("memory-swap", "MemorySwap"),
        ("memory-reservation", "MemoryReservation"),
        ("shm-size", "ShmSize"),
        ("oom-score-adj", "OomScoreAdj"),
        ("pids-limit", "PidsLimit"),
        ("memory-swappiness", "MemorySwappiness"),
        ("cpu-quota", "CpuQuota"),
    ] {
        let ours = c
            .flag(name)
            .and_then(|f| f.value.as_ref())
            .map(|v| ByteSize::parse_compose(&main_word(re, v)).unwrap().0)
            .filter(|v| *v != 0 || key == "MemorySwappiness");
        if ours != answer[key].as_i64() {
            return format!("WRONG {name} {ours:?} {}", answer[key]);
        }
    }
    for (name, key) in [
        ("oom-kill-disable", "OomKillDisable"),
        ("rm", "AutoRemove"),
        ("init", "Init"),
        ("privileged", "Privileged"),
    ] {
        if c.is_set(name) != answer[key].as_bool().unwrap_or(false)
            && !(answer["kind"] == "service")
            && answer.get(key).is_some()
        {
            return format!("WRONG {name}");
        }
    }
    if let Some(entry) = answer["entrypoint"].as_array() {
        if entry[0].as_str()
            != c.flag("entrypoint").map(|f| main_word(re, f.value.as_ref().unwrap())).as_deref()
        {
            return "WRONG entrypoint".into();
        }
    }
    if let Some(env) = answer["env"].as_array() {
        let mut theirs: Vec<String> = env.iter().map(|v| v.as_str().unwrap().to_owned()).collect();
        let mut ours: Vec<String> = c.all("env").map(|f| main_word(re, f.value.as_ref().unwrap())).collect();
        theirs.sort();
        ours.sort();
        if theirs != ours {
            return format!("WRONG env {ours:?} {theirs:?}");
        }
    }
    if let Some(limits) = answer["limits"].as_object()
        && let Some(m) = limits.get("MemoryBytes")
    {
        let ours =
            c.flag("limit-memory").and_then(|f| f.literal()).map(|v| ByteSize::parse_compose(v).unwrap().0);
        if ours != m.as_i64() {
            return "WRONG limit-memory".into();
        }
    }
    let _ = Mistake::NoImage;
    "agree".into()
}
