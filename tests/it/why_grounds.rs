//! What `oomlint why` rests an answer on: which container a kill belongs to, and which piece of evidence counts before another.

use serde_json::Value;

use crate::common;
use crate::why::why;
use crate::why_parts::{Changed as _, ENDED, FLAGGED, ID, OTHER, RUNS, answers, container, labels, list};

fn text(value: &Value) -> String {
    value.to_string()
}

/// The kernel's lines for a process of a container that reached its limit.
pub(crate) fn kill(id: &str, process: &str, anon: u64) -> String {
    let path = format!("/system.slice/docker-{id}.scope");
    format!(
        "[1.5] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg={path},task_memcg={path},task={process},pid=42,uid=0\n\
         [1.5] Memory cgroup out of memory: Killed process 42 ({process}) total-vm:99kB, anon-rss:{anon}kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n"
    )
}

fn nginx(limit: &str) -> String {
    format!("name: shop\nservices:\n  web:\n    image: nginx:1.27\n    mem_limit: {limit}\n")
}

/// A container of the service `worker` with 512 MiB.
fn inspect(state: &str) -> String {
    let config = format!("\"Image\":\"acme/worker:1\",{}", labels("shop", "worker"));
    let host = "\"Memory\":536870912,\"MemorySwap\":1073741824";
    let program = "\"Path\":\"java\",\"Args\":[\"-jar\",\"a.jar\"],";
    format!("[{}]\n", container(ID, "shop-worker-1", [program, state, host, &config]))
}

const WORKER: &str = "name: shop\nservices:\n  worker:\n    image: acme/worker:1\n    mem_limit: 512m\n";

#[test]
fn a_container_that_nothing_names_is_of_no_service() {
    let foreign = kill(OTHER, "mysqld", 518_000);
    for files in [
        vec![("kernel.txt", foreign.as_str()), ("compose.yaml", &nginx("64m"))],
        vec![("kernel.txt", &kill(OTHER, "mysqld", 51_800)), ("compose.yaml", &nginx("512m"))],
        vec![("kernel.txt", &kill(OTHER, "nginx", 518_000)), ("compose.yaml", &nginx("64m"))],
        vec![("inspect.json", &inspect(ENDED)), ("kernel.txt", &foreign), ("compose.yaml", WORKER)],
    ] {
        let all = answers(&files);
        let found = all.iter().find(|own| own["id"].as_str().is_some_and(|id| id == OTHER)).unwrap();
        assert!(found["service"].is_null() && found["explained_by"] == serde_json::json!([]), "{found:#}");
        let answer = found["answer"].as_str().unwrap();
        assert!(
            !answer.contains("`web`") && !answer.contains("`worker`") && !answer.contains(" MiB of"),
            "{answer}"
        );
        assert!(!answer.contains("limit of"), "{answer}");
        assert!(text(&found["missing"]).contains("docker inspect 7ab2c9d0e1f2"), "{found:#}");
    }
    // Its program and its size are those of the service: maybe.
    let all = answers(&[("kernel.txt", &kill(OTHER, "nginx", 60_000)), ("compose.yaml", &nginx("64m"))]);
    assert_eq!((all[0]["service"].as_str(), all[0]["confidence"].as_str()), (Some("web"), Some("medium")));
    assert!(text(&all[0]["against"]).contains("maybe"), "{:#}", all[0]);
}

#[test]
fn a_process_larger_than_the_limit_ran_elsewhere() {
    let inspect = inspect(ENDED);
    for kernel in [
        "[1.5] Memory cgroup out of memory: Killed process 42 (java) total-vm:9kB, anon-rss:9010000kB, file-rss:0kB\n",
        "[1.5] Out of memory: Killed process 42 (java) total-vm:9kB, anon-rss:5518000kB, file-rss:0kB\n",
        "earlyoom[1]: sending SIGKILL to process 42 uid 0 \"java\": badness 900, VmRSS 5000 MiB\n",
    ] {
        let all = answers(&[("inspect.json", &inspect), ("kernel.txt", kernel), ("compose.yaml", WORKER)]);
        let own = all.iter().find(|own| own["name"] == "shop-worker-1").unwrap();
        assert_eq!(own["verdict"], "undecided", "{own:#}");
        assert!(text(&own["against"]).contains("more than the limit of 512 MiB"), "{own:#}");
        let other = all.iter().find(|own| own["name"] == "java").unwrap();
        assert!(other["service"].is_null(), "{other:#}");
    }
    let all = answers(&[("inspect.json", &inspect), ("kernel.txt", &kill(ID, "java", 9_010_000))]);
    assert_ne!(all[0]["confidence"], "high");
    assert!(!all[0]["answer"].as_str().unwrap().contains("of 512 MiB"), "{:#}", all[0]);
}

#[test]
fn a_process_outside_of_any_container_is_never_a_service() {
    let (sizes, paths) = (
        "Out of memory: Killed process 77 (firefox) total-vm:1kB, anon-rss:9010000kB, file-rss:0kB, shmem-rss:0kB, UID:1000 pgtables:1kB oom_score_adj:0\n",
        "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/user.slice/user-1000.slice/session-2.scope,task=firefox,pid=77,uid=1000\n",
    );
    for kernel in [format!("{sizes}{paths}"), format!("{paths}{sizes}"), sizes.to_owned(), paths.to_owned()] {
        let all = answers(&[("kernel.txt", &kernel), ("compose.yaml", WORKER)]);
        assert_eq!(all.len(), 1, "{all:#?}");
        assert_eq!(
            (&all[0]["name"], &all[0]["service"]),
            (&Value::from("firefox"), &Value::Null),
            "{:#}",
            all[0]
        );
        assert!(!text(&all[0]["answer"]).contains("512 MiB"));
    }
}

/// Breaks every line at a width, as a terminal does.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    let lines = text.lines().flat_map(|line| {
        let all: Vec<char> = line.chars().collect();
        all.chunks(width).map(|part| part.iter().collect::<String>() + "\n").collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn lines_that_a_terminal_wrapped_are_read_as_they_were() {
    let v1 = format!(
        "Nov 20 03:12:44 db01 kernel: [4.5] java invoked oom-killer: gfp_mask=0x24000c0, order=0, oom_score_adj=0\n\
         Nov 20 03:12:44 db01 kernel: [4.5] java cpuset={ID} mems_allowed=0\n\
         Nov 20 03:12:44 db01 kernel: [4.5] Task in /docker/{ID} killed as a result of limit of /docker/{ID}\n\
         Nov 20 03:12:44 db01 kernel: [4.5] memory: usage 524288kB, limit 524288kB, failcnt 98213\n\
         Nov 20 03:12:44 db01 kernel: [4.5] Memory cgroup out of memory: Kill process 42 (java) score 988 or sacrifice child\n\
         Nov 20 03:12:44 db01 kernel: [4.5] Killed process 42 (java) total-vm:8530280kB, anon-rss:518000kB, file-rss:4096kB\n"
    );
    for kernel in [v1, kill(ID, "java", 518_000)] {
        for width in [72, 80, 81, 90, 100, 120] {
            let all = answers(&[("inspect.json", &inspect(ENDED)), ("kernel.txt", &wrapped(&kernel, width))]);
            assert_eq!(all.len(), 1, "{width}: {all:#?}");
            assert_eq!(
                (&all[0]["verdict"], &all[0]["confidence"]),
                (&"memory-limit".into(), &"high".into()),
                "{width}"
            );
        }
    }
    // Cut within the path, with nothing to join.
    for line in [
        "Task in /docker/3f9c1d7b killed as a result of limit of /d\n",
        "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=/system.sl\n",
        "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=x,mems_allowed=0,global_oom,task_memcg=/system.sli\n",
    ] {
        for answer in answers(&[("kernel.txt", line)]) {
            assert!(answer["verdict"] != "not-a-container" && answer["confidence"] != "high", "{answer:#}");
        }
    }
}

#[test]
fn words_of_an_error_are_no_death_unless_the_runtime_reports_it() {
    for line in [
        "INFO configured handler for java.lang.OutOfMemoryError\n",
        "INFO docs: see \"JavaScript heap out of memory\" FAQ\n",
        "2026-11-20 03:12:44 INFO retrying after MemoryError is off\n",
    ] {
        let all = answers(&[("app.log", line)]);
        assert_eq!(all[0]["confidence"], "low", "{line}{:#}", all[0]);
    }
    let oom = "Exception in thread \"pool-1\" java.lang.OutOfMemoryError: Java heap space\n";
    let all = answers(&[("inspect.json", &inspect(RUNS)), ("app.log", oom)]);
    assert_eq!((&all[0]["verdict"], &all[0]["confidence"]), (&"runtime".into(), &"high".into()));
    assert!(text(&all[0]["answer"]).contains("goes on"), "{:#}", all[0]);
}

fn event(second: u32, action: &str, more: &str) -> String {
    format!(
        "2026-11-20T03:12:{second:02}.000000000Z container {action} {ID} ({more}image=acme/worker:1, name=shop-worker-1)\n"
    )
}

#[test]
fn a_complete_stop_counts_before_a_flag_that_stays() {
    let stop = [
        event(1, "kill", "signal=15, "),
        event(11, "kill", "signal=9, "),
        event(11, "die", "exitCode=137, "),
        event(11, "stop", ""),
    ]
    .concat();
    let all = answers(&[("inspect.json", &inspect(FLAGGED)), ("ev.txt", &stop)]);
    assert_eq!(all[0]["verdict"], "stop-timeout", "{:#}", all[0]);
    let quoted = |answer: &Value, line: u64| {
        let all = answer["evidence"].as_array().unwrap();
        all.iter().any(|own| own["source"] == "ev.txt" && own["line"] == line)
    };
    assert!((1..=4).all(|line| quoted(&all[0], line)), "{:#}", all[0]);
    assert!(text(&all[0]["answer"]).contains("earlier"), "{:#}", all[0]);
    // Not complete: the flag counts, and the events are listed.
    let part = [event(11, "kill", "signal=9, "), event(11, "die", "exitCode=137, ")].concat();
    let all = answers(&[("inspect.json", &inspect(FLAGGED)), ("ev.txt", &part)]);
    assert!(quoted(&all[0], 1) && quoted(&all[0], 2), "{:#}", all[0]);
    // It ended well: only a process in it was killed.
    let well = FLAGGED.changed("137", "0");
    let all = answers(&[("inspect.json", &inspect(&well))]);
    assert!(text(&all[0]["answer"]).contains("killed a process in"), "{:#}", all[0]);
}

#[test]
fn the_death_that_follows_the_oom_and_the_newest_one_are_answered() {
    let oom = [event(20, "oom", ""), event(21, "die", "exitCode=137, ")].concat();
    let stop = [event(1, "kill", "signal=15, "), event(2, "die", "exitCode=143, ")].concat();
    let all = answers(&[("ev.txt", &format!("{stop}{}{oom}", event(5, "start", "")))]);
    assert!(text(&all[0]["answer"]).contains("OOM killer ran"), "{:#}", all[0]);
    let lines: Vec<u64> =
        all[0]["evidence"].as_array().unwrap().iter().map(|own| own["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [4, 5]);
    let later =
        [event(30, "start", ""), event(40, "kill", "signal=15, "), event(41, "die", "exitCode=143, ")]
            .concat();
    let all = answers(&[("ev.txt", &format!("{oom}{later}"))]);
    assert_eq!(all[0]["verdict"], "stopped", "{:#}", all[0]);
    let tasks = "mnopqrstuvwx \\_ shop_worker.1 acme/worker:1 n1 Shutdown Failed 3 minutes ago \"task: non-zero exit (137)\"\n\
                 yzabcdefghij \\_ shop_worker.1 acme/worker:1 n1 Shutdown Failed 9 minutes ago \"task: non-zero exit (137): dockerexec: unhealthy container\"\n";
    let all = answers(&[("tasks.txt", tasks)]);
    assert_eq!(all[0]["verdict"], "undecided", "{:#}", all[0]);
    assert!(text(&all[0]["answer"]).contains("older"), "{:#}", all[0]);
}

#[test]
fn the_words_of_the_program_are_given_together_with_the_flag() {
    for line in [
        "[2026-11-20 03:12:44 +0000] [1] [ERROR] Worker (pid:7) was sent SIGKILL! Perhaps out of memory?\n",
        "LOG:  server process (PID 315) was terminated by signal 9: Killed\n",
        "Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space\n",
    ] {
        let all = answers(&[("inspect.json", &inspect(FLAGGED)), ("app.log", line)]);
        assert_eq!(all[0]["verdict"], "memory-limit", "{:#}", all[0]);
        assert!(text(&all[0]["evidence"]).contains("app.log"), "{:#}", all[0]);
    }
}

#[test]
fn events_that_were_given_are_not_asked_for_again() {
    let all = answers(&[("ev.txt", &event(1, "die", "exitCode=137, "))]);
    assert_eq!(all[0]["verdict"], "undecided");
    assert!(text(&all[0]["against"]).contains("no request to stop"), "{:#}", all[0]);
    assert!(!text(&all[0]["missing"]).contains("docker events"), "{:#}", all[0]);
    let all = answers(&[("inspect.json", &inspect(ENDED))]);
    assert!(text(&all[0]["missing"]).contains("docker events"), "{:#}", all[0]);
}

#[test]
fn statistics_alone_are_no_kill() {
    let stats = "CONTAINER ID   NAME            CPU %     MEM USAGE / LIMIT   MEM %     NET I/O     BLOCK I/O   PIDS\n\
                 43e21b8b51a9   shop-worker-1   0.10%     509MiB / 512MiB     99.41%    1kB / 1kB   0B / 0B     12\n";
    let directory = common::tree(&[("stats.txt", stats)]);
    let said = why(directory.path(), &["stats.txt"], None);
    assert_eq!(said.out.trim(), "nothing in the evidence was killed");
}

#[test]
fn a_container_of_another_project_is_of_no_service() {
    let named = inspect(FLAGGED).changed("project\":\"shop", "project\":\"other");
    for (evidence, tied) in [
        (inspect(FLAGGED), true),
        (named.clone(), false),
        (named.changed("\"com.docker.compose.service\":\"worker\"", "\"x\":\"y\""), false),
        (inspect(FLAGGED).changed("\"com.docker.compose.project\":\"shop\",", ""), true),
    ] {
        let all = answers(&[("inspect.json", &evidence), ("compose.yaml", WORKER)]);
        assert_eq!(all[0]["service"].is_string(), tied, "{:#}", all[0]);
        // The name of a directory may be another one where the container runs.
        let all =
            answers(&[("inspect.json", &evidence), ("compose.yaml", &WORKER.changed("name: shop\n", ""))]);
        assert!(all[0]["service"].is_string(), "{:#}", all[0]);
    }
}

#[test]
fn output_of_compose_is_of_the_container_and_the_service_that_it_names() {
    let compose = "name: shop\nservices:\n  web:\n    image: acme/web:1\n  postgres-15:\n    image: postgres:15\n  postgres:\n    image: postgres:16\n";
    for (line, service) in [
        ("web-1 exited with code 137\n", "web"),
        ("shop-web-1 exited with code 137\n", "web"),
        ("shop_web_1 exited with code 137\n", "web"),
        ("postgres-15 exited with code 137\n", "postgres-15"),
        ("shop-postgres-15-1 exited with code 137\n", "postgres-15"),
        ("postgres-1 exited with code 137\n", "postgres"),
        ("postgres-15  | std::bad_alloc\n", "postgres-15"),
        ("shop-web-1  | std::bad_alloc\n", "web"),
    ] {
        let all = answers(&[("up.txt", line), ("compose.yaml", compose)]);
        assert_eq!((all.len(), all[0]["service"].as_str()), (1, Some(service)), "{line}{:#}", all[0]);
    }
    let both = "web-1 exited with code 137\nweb-2  | std::bad_alloc\n";
    assert_eq!(answers(&[("up.txt", both), ("compose.yaml", compose)]).len(), 2);
    let one = "worker-1  | java.lang.OutOfMemoryError: Java heap space\nworker-1 exited with code 1\n";
    let all = answers(&[("inspect.json", &inspect(ENDED)), ("up.txt", one), ("compose.yaml", WORKER)]);
    assert_eq!((all.len(), all[0]["name"].as_str()), (1, Some("shop-worker-1")), "{all:#?}");
}

#[test]
fn every_container_of_a_template_is_answered() {
    let (web, db) = ("/shop-web-1 OOMKilled=true ExitCode=137\n", "/shop-db-1 OOMKilled=false ExitCode=0\n");
    for text in [format!("{web}{db}"), format!("{db}{web}")] {
        let all = answers(&[("state.txt", &text)]);
        assert_eq!((all.len(), all[0]["name"].as_str()), (1, Some("shop-web-1")), "{all:#?}");
        assert!(all[0]["answer"].as_str().unwrap().contains("OOMKilled is true"), "{:#}", all[0]);
    }
}

#[test]
fn a_unit_of_systemd_is_no_container() {
    let said = |unit: &str| {
        format!(
            "May 1 10:00:00 h systemd[1]: {unit}: A process of this unit has been killed by the OOM killer.\n"
        )
    };
    for (unit, verdict) in [
        ("nginx.service", "not-a-container"),
        ("session-2.scope", "not-a-container"),
        ("user@1000.service", "undecided"),
        ("machine.slice", "undecided"),
        (&format!("docker-{ID}.scope"), "undecided"),
    ] {
        let all = answers(&[("journal.txt", &said(unit)), ("compose.yaml", WORKER)]);
        assert_eq!((all.len(), all[0]["verdict"].as_str()), (1, Some(verdict)), "{all:#?}");
        let own = !unit.starts_with("docker");
        assert_eq!(all[0]["name"].as_str() == Some(unit), own, "{:#}", all[0]);
        assert_eq!(
            text(&all[0]["missing"]).contains(&format!("systemctl status {unit}")),
            own,
            "{:#}",
            all[0]
        );
        assert!(all[0]["service"].is_null());
    }
    // The kernel's own lines are of the same kill.
    let kernel = "[1.5] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg=/system.slice/nginx.service,task=nginx,pid=77,uid=0\n";
    for text in [format!("{kernel}{}", said("nginx.service")), format!("{}{kernel}", said("nginx.service"))] {
        let all = answers(&[("journal.txt", &text)]);
        assert_eq!((all.len(), all[0]["name"].as_str()), (1, Some("nginx")), "{all:#?}");
    }
}

#[test]
fn a_kill_without_its_cause_names_what_was_killed() {
    let all =
        answers(&[("kernel.txt", "[1.5] Killed process 5 (a) total-vm:9kB, anon-rss:8kB, file-rss:0kB\n")]);
    let answer = all[0]["answer"].as_str().unwrap();
    assert!(
        answer.contains("the kernel killed `a` (pid 5, 8 KiB)") && answer.contains("whether a cgroup limit"),
        "{answer}"
    );
    let all = answers(&[("kernel.txt", "[1.5] b invoked oom-killer: order=0\n")]);
    assert!(all[0]["answer"].as_str().unwrap().contains("when `b` asked for memory"), "{:#}", all[0]);
}

/// The name of a process is that of a program, and no beginning of another one's.
#[test]
fn a_process_is_of_the_program_of_its_name() {
    let killed = |name: &str| {
        format!(
            "[1.5] Out of memory: Killed process 77 ({name}) total-vm:1kB, anon-rss:901000kB, file-rss:0kB, shmem-rss:0kB\n"
        )
    };
    for (image, process, tied) in [
        ("prom/node-exporter:v1", "node", false),
        ("node:22", "node_exporter", false),
        ("acme/javascript-runner:1", "java", false),
        ("postgres:16", "postgres_export", false),
        ("node:22", "node", true),
        ("python:3.12", "python3", true),
        ("acme/python3.11:1", "python", true),
        ("mysql:8", "mysqld", true),
        ("influxdb:1.8", "influxd", true),
        ("bitnami/postgresql:16", "postgres", true),
        ("acme/nodes:1", "node", false),
        ("acme/a-very-long-program-name:1", "a-very-long-pro", true),
    ] {
        let list = list(&[("abcdef012345", image, "Exited (137) 5 days ago", "monitor")]);
        let all = answers(&[("ps.txt", &list), ("kernel.txt", &killed(process))]);
        let own = all.iter().find(|own| own["name"] == "monitor").unwrap();
        assert_eq!(own["verdict"] == "host-memory", tied, "{image} {process}: {own:#}");
    }
}

/// What is too large for a container is said once, however often it was killed.
#[test]
fn many_kills_are_counted() {
    let kills: String = (0..400)
        .map(|at| {
            format!(
                "[1.5] Out of memory: Killed process {at} (java) total-vm:9kB, anon-rss:{}kB, file-rss:0kB\n",
                5_518_000 + at
            )
        })
        .collect();
    let all = answers(&[("inspect.json", &inspect(ENDED)), ("kernel.txt", &kills)]);
    let own = all.iter().find(|own| own["name"] == "shop-worker-1").unwrap();
    let against = own["against"].as_array().unwrap();
    let about: Vec<&Value> =
        against.iter().filter(|line| text(line).contains("more than the limit")).collect();
    assert_eq!(about.len(), 1, "{own:#}");
    assert!(text(about[0]).contains("400 times"), "{own:#}");
}

/// Tables are counted in pages, whose size is that of the machine.
#[test]
fn the_host_has_the_pages_of_its_machine() {
    let path = format!("/system.slice/docker-{ID}.scope");
    let log = |page: i64, row: &str| {
        format!(
            "[1.5] python3 invoked oom-killer: gfp_mask=0x140cca(GFP_HIGHUSER_MOVABLE|__GFP_COMP), order=0, oom_score_adj=0\n\
             [1.5] 524288 pages RAM\n{row}\
             [1.5] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,task_memcg={path},task=python3,pid=4242,uid=0\n\
             [1.5] Out of memory: Killed process 4242 (python3) total-vm:{}kB, anon-rss:6400000kB, file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1kB oom_score_adj:0\n",
            600_000 * page
        )
    };
    let row = "[1.5] [   4242]     0  4242   600000   400000   100       0             0 python3\n";
    for (page, size) in [(4, "the host (2 GiB)"), (16, "the host (8 GiB)"), (64, "the host (32 GiB)")] {
        for (row, size) in [(row, size), ("", "the host was out of memory")] {
            let text = log(page, row);
            let backwards: Vec<&str> = text.lines().rev().collect();
            for text in [text.clone(), backwards.join("\n")] {
                let all = answers(&[("kernel.txt", &text)]);
                assert!(all[0]["answer"].as_str().unwrap().contains(size), "{page} {:#}", all[0]);
            }
        }
    }
}

#[test]
fn one_is_not_said_as_many() {
    let state =
        |state: &str, more: &str| inspect(state).replacen("\"State\"", &format!("{more}\"State\""), 1);
    let probe = "\"Health\":{\"Status\":\"unhealthy\",\"FailingStreak\":1,\"Log\":[{\"ExitCode\":-1}]}";
    let retries = "\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Retries\":1}";
    for (inspect, kernel) in [
        (state(RUNS, "\"RestartCount\":1,"), String::new()),
        (state(RUNS, "\"RestartCount\":1,"), kill(ID, "java", 518_000)),
        (
            state(&format!("{ENDED},{probe}"), "")
                .changed("\"Config\":{", &format!("\"Config\":{{{retries},")),
            String::new(),
        ),
        (
            state(ENDED, ""),
            format!("{}oom_kill_process: 1 callbacks suppressed\n", kill(ID, "java", 518_000)),
        ),
    ] {
        let said = answers(&[("inspect.json", &inspect), ("kernel.txt", &kernel)])
            .iter()
            .map(text)
            .collect::<String>();
        assert!(
            ![" 1 times", " 1 probes", " 1 more kills", "1 of the last ones"]
                .iter()
                .any(|many| said.contains(many)),
            "{said}"
        );
        assert!(
            said.contains("1 time") || said.contains("last probe") || said.contains("1 more kill"),
            "{said}"
        );
    }
    let directory = common::tree(&[(
        "kernel.txt",
        &kill("x", "java", 518_000).changed("docker-x.scope", "cron.service"),
    )]);
    let said = why(directory.path(), &["kernel.txt", "--color=never"], None);
    assert!(said.out.ends_with("\n1 answer\n"), "{}", said.out);
}
