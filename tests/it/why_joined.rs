//! Which pieces of evidence are of one container or process, and what holds in addition to a verdict.

use crate::why_parts::{FAILED, ID, answers, container, list};

/// The kernel's line for a process that was killed because the host was full.
fn killed(process: &str, pid: usize) -> String {
    format!(
        "[{pid}.5] Out of memory: Killed process {pid} ({process}) total-vm:9kB, anon-rss:901000kB, file-rss:0kB, shmem-rss:0kB\n"
    )
}

/// A container that `docker inspect` prints.
fn inspect(more: &str, state: &str, host: &str) -> String {
    let more = format!("\"Path\":\"app\",\"Args\":[],{more}");
    format!("[{}]\n", container(ID, "worker", [&more, state, host, "\"Image\":\"acme/worker:1\""]))
}

#[test]
fn the_kills_of_one_process_have_one_answer() {
    for (processes, names) in [
        (&["firefox", "firefox"][..], &["firefox"][..]),
        (&["firefox", "chrome"], &["chrome", "firefox"]),
        (&["firefox", "chrome", "firefox"], &["chrome", "firefox"]),
        (&["firefox", "chrome", "chrome", "firefox"], &["chrome", "firefox"]),
    ] {
        let text: String =
            processes.iter().enumerate().map(|(at, process)| killed(process, at + 1)).collect();
        let all = answers(&[("kernel.txt", &text)]);
        let mut found: Vec<&str> = all.iter().map(|own| own["name"].as_str().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, names, "{processes:?}");
    }
}

/// A process without a path is of a container whose end the kill explains, and of no other one of this program.
#[test]
fn a_kill_is_of_a_container_that_it_explains() {
    for (status, tied) in [
        ("Exited (137) 5 days ago", true),
        ("Restarting (137) 4 seconds ago", true),
        ("Restarting (1) 4 seconds ago", true),
        ("Exited (1) 5 days ago", false),
        ("Exited (143) 5 days ago", false),
        ("Up 5 days (unhealthy)", false),
    ] {
        let list = list(&[("abcdef012345", "node:22", status, "web")]);
        let all = answers(&[("ps.txt", &list), ("kernel.txt", &killed("node", 7))]);
        let own = all.iter().find(|own| own["name"] == "web").unwrap();
        assert_eq!(own["verdict"] == "host-memory", tied, "{status}: {own:#}");
    }
    for (event, tied) in
        [("oom", true), ("die exitCode=137", true), ("die exitCode=1", false), ("restart", false)]
    {
        let (word, code) = event.split_once(' ').unwrap_or((event, ""));
        let text = format!("1785619122 {word} node3 {code}\n");
        let all = answers(&[("events.txt", &text), ("kernel.txt", &killed("node", 7))]);
        let own = all.iter().find(|own| own["name"] == "node3").unwrap();
        assert_eq!(own["verdict"] == "host-memory", tied, "{event}: {own:#}");
    }
}

/// An answer has that a container runs on or was restarted only where it is so.
#[test]
fn what_became_of_a_killed_container_is_said() {
    let state = |status: &str, running: bool| {
        format!("\"Status\":\"{status}\",\"Running\":{running},\"OOMKilled\":true,\"ExitCode\":137")
    };
    let said = |state: &str, restarts: i64| {
        let inspect = inspect(&format!("\"RestartCount\":{restarts},"), state, "\"Memory\":536870912");
        answers(&[("inspect.json", &inspect)])[0]["answer"].as_str().unwrap().to_owned()
    };
    for (status, running, restarts, runs, restarted) in [
        ("exited", false, 0, false, None),
        ("exited", false, 1, false, Some("restarted it 1 time")),
        ("exited", false, 3, false, Some("restarted it 3 times")),
        ("running", true, 0, true, None),
        ("restarting", true, 0, false, None),
    ] {
        let text = said(&state(status, running), restarts);
        assert_eq!(text.contains("still runs"), runs, "{status} {restarts}: {text}");
        match restarted {
            Some(words) => assert!(text.contains(words), "{text}"),
            None => assert!(!text.contains("restart policy"), "{status}: {text}"),
        }
    }
}

/// A container without a limit misses one only where the files set it.
#[test]
fn a_limit_that_is_not_written_is_not_missing() {
    let inspect = inspect("", FAILED, "\"Memory\":0");
    for (limit, missing) in [("", false), ("mem_limit: 0", false), ("mem_limit: 64m", true)] {
        let compose = format!("services:\n  worker: {{image: 'acme/worker:1', {limit}}}\n");
        let all = answers(&[("inspect.json", &inspect), ("compose.yaml", &compose)]);
        assert_eq!(all[0]["verdict"] == "limit-not-applied", missing, "{limit}: {:#}", all[0]);
    }
}
