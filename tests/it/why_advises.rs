//! What `oomlint why` says to change for each cause, with the number that fits, and which line it quotes for it.

use serde_json::Value;

use crate::common;
use crate::why_grounds::kill;
use crate::why_parts::{
    Changed as _, ENDED, FAILED, FLAGGED, ID, JVM_FULL, NODE_FULL, RUNS, answers, labels, started,
};

/// A container that `docker inspect` prints, with a limit in MiB.
fn container(name: &str, command: &str, limit: i64, state: &str) -> String {
    let id = if name == "worker" { ID.to_owned() } else { ID.replace("43e", "76a") };
    let [program, config] = started(command, &format!("acme/{name}:1"), "\"Env\":[],");
    let host = format!("\"Memory\":{}", limit << 20);
    crate::why_parts::container(&id, name, [&program, state, &host, &config])
}

/// Answers for what the container `worker` logged, with its inspection unless the limit is 0.
fn answer(command: &str, limit: i64, log: &str) -> Value {
    let inspect = format!("[{}]", container("worker", command, limit, FAILED));
    let both = [("worker.log", log), ("inspect.json", inspect.as_str())];
    answers(if limit == 0 { &both[..1] } else { &both }).remove(0)
}

#[test]
fn a_runtime_that_is_full_gets_what_its_limit_leaves() {
    let (java, node) = ("java -jar a.jar", "node s.js");
    for (command, limit, log, wanted) in [
        (node, 512, NODE_FULL, "--max-old-space-size=384"),
        ("app", 512, NODE_FULL, "--max-old-space-size=384"),
        ("app", 1000, NODE_FULL, "--max-old-space-size=750"),
        (node, 0, NODE_FULL, "--max-old-space-size=…`, and a limit of a third more"),
        ("app", 512, JVM_FULL, "`JAVA_TOOL_OPTIONS: -Xmx256m`"),
        (java, 512, JVM_FULL, "`JAVA_TOOL_OPTIONS: -Xmx256m`"),
        (java, 2048, JVM_FULL, "-XX:MaxRAMPercentage=70.0"),
        (java, 200, JVM_FULL, "raise the limit above 200 MiB: no larger heap fits under it"),
        (java, 0, JVM_FULL, "a larger -Xmx, and a memory limit at least a third above it"),
        (java, 512, "Invalid maximum heap size: -Xmx512mb\n", "correct the size"),
        (
            "app",
            512,
            "# There is insufficient memory for the Java Runtime Environment to continue.\n",
            "less memory",
        ),
        ("python a.py", 512, "MemoryError\n", "less memory for this program, or more"),
        ("app", 512, "fatal error: runtime: out of memory\n", "less memory for this program, or more"),
        (
            "app",
            512,
            "Unhandled exception. System.OutOfMemoryException: a\n",
            "a larger limit of the runtime",
        ),
        (
            "php a.php",
            512,
            "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted\n",
            "`memory_limit`",
        ),
        (java, 512, "java.lang.OutOfMemoryError: unable to create native thread\n", "fewer threads, or"),
    ] {
        let found = answer(command, limit, log);
        assert_eq!(found["verdict"], "runtime", "{log}{found:#}");
        assert!(found["change"].to_string().contains(wanted), "{wanted} {log}{found:#}");
    }
}

/// No rule reports the heap that is advised: what its limit leaves is enough for the rest.
#[test]
fn the_heap_that_is_advised_fits_its_limit() {
    for (command, log) in [
        ("java -jar a.jar", JVM_FULL),
        ("java -Xmx70m -jar a.jar", JVM_FULL),
        ("java -XX:MaxRAMPercentage=10 -jar a.jar", JVM_FULL),
        ("node s.js", NODE_FULL),
        ("node --max-old-space-size=70 s.js", NODE_FULL),
    ] {
        let mut advised = 0;
        for limit in [200, 256, 300, 400, 512, 700, 1000, 1024, 1500, 2048, 4096, 10_000] {
            let found = answer(command, limit, log);
            let change = found["change"][0].as_str().unwrap();
            let setting = change.split('`').nth(1).filter(|_| !change.contains("above"));
            let Some(setting) = setting else { continue };
            advised += 1;
            let (command, variables) = match setting.split_once(": ") {
                Some(_) => (command.to_owned(), format!("    environment: {{{setting}}}\n")),
                None => {
                    let words: Vec<&str> = command.split(' ').collect();
                    (command.replace(words[1], setting), String::new())
                }
            };
            let compose = format!(
                "services:\n  worker:\n    image: acme/worker:1\n    command: {command}\n    mem_limit: {limit}m\n{variables}"
            );
            let checked = common::Checked::tree(&[("compose.yaml", &compose)], "");
            for rule in ["tight-heap", "heap-exceeds-limit"] {
                assert!(checked.of_rule(rule).is_empty(), "{rule} {limit} {change}");
            }
        }
        assert!(advised >= 6, "{command}: {advised}");
    }
}

/// A heap that is set is made larger up to what its limit leaves, and no smaller.
#[test]
fn a_heap_that_is_set_is_made_larger_where_there_is_room() {
    for (flag, larger) in [
        ("-Xmx128m", Some("`-Xmx256m` for `-Xmx128m`")),
        ("-Xmx255m", Some("`-Xmx256m` for `-Xmx255m`")),
        ("-Xmx256m", None),
        ("-Xmx500m", None),
        ("-XX:MaxRAMPercentage=49", Some("-XX:MaxRAMPercentage=50.0` for `-XX:MaxRAMPercentage=49")),
        ("-XX:MaxRAMPercentage=50", None),
        ("-XX:MaxRAMPercentage=80", None),
    ] {
        let found = answer(&format!("java {flag} -jar a.jar"), 512, JVM_FULL);
        let change = found["change"].to_string();
        assert!(change.contains("a larger heap, where it is set") && change.contains(flag), "{found:#}");
        match larger {
            Some(larger) => assert!(change.contains(larger), "{found:#}"),
            None => {
                assert!(
                    change.contains("a limit above 512 MiB, under which no larger one fits"),
                    "{found:#}"
                );
            }
        }
    }
}

#[test]
fn shared_memory_is_made_four_times_what_was_asked_for() {
    let log = |size: i64| {
        format!(
            "ERROR: could not resize shared memory segment \"/P.1\" to {size} bytes: No space left on device\n"
        )
    };
    for (text, size) in [
        (log(16 << 20), "256m"),
        (log(64 << 20), "256m"),
        (log(512 << 20), "2g"),
        (log(513 << 20), "2g"),
        ("OSError: [Errno 28] No space left on device: '/dev/shm/x'\n".to_owned(), "256m"),
    ] {
        let found = answer("app", 512, &text);
        assert_eq!(found["verdict"], "shared-memory", "{text}{found:#}");
        assert!(found["change"].to_string().contains(&format!("--shm-size {size}`")), "{text}{found:#}");
    }
}

/// Of several inspected containers each has its own settings.
#[test]
fn the_heap_is_that_of_the_container_that_is_answered() {
    let (web, worker) = (
        container("web", "java -Xmx100m -jar a.jar", 512, FAILED),
        container("worker", "java -Xmx200m -jar a.jar", 512, FAILED),
    );
    for inspect in [format!("[{web},{worker}]"), format!("[{worker},{web}]")] {
        for (name, heap) in [("web", "-Xmx100m"), ("worker", "-Xmx200m")] {
            let all = answers(&[("inspect.json", &inspect), (&format!("{name}.log"), JVM_FULL)]);
            let own = all.iter().find(|own| own["name"] == name).unwrap();
            assert!(own["change"].to_string().contains(heap), "{own:#}");
        }
    }
}

#[test]
fn the_service_is_that_of_the_project_on_the_label() {
    let compose = |limit: &str| format!("services:\n  web: {{image: 'acme/web:1', mem_limit: {limit}}}\n");
    let inspect = format!("[{}]", container("web", "app", 64, FLAGGED))
        .changed("\"Env\"", &format!("{},\"Env\"", labels("two", "web")));
    let inspect = inspect.changed("\"Memory\":67108864", "");
    for (one, two) in [("one", "two"), ("two", "one"), ("three", "two")] {
        let files = [
            ("inspect.json", inspect.clone()),
            (&format!("{one}/compose.yaml"), compose(if one == "two" { "80m" } else { "70m" })),
            (&format!("{two}/compose.yaml"), compose(if two == "two" { "80m" } else { "70m" })),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let all = answers(&files);
        assert!(all[0]["answer"].to_string().contains("80 MiB"), "{one} {two}: {:#}", all[0]);
    }
}

/// Of what is in JSON only the value that matters is quoted, and other lines are quoted as they are.
#[test]
fn a_line_is_quoted_as_it_is_and_an_object_by_its_values() {
    let inspect = format!("[{}]", container("worker", "app", 512, ENDED));
    let header = "CONTAINER ID   NAME   CPU %   MEM USAGE / LIMIT   MEM %   NET I/O   BLOCK I/O   PIDS\n";
    let row = "43e21b8b51a9   worker   0.10%   509MiB / 512MiB   99.41%   1kB / 1kB   0B / 0B   12";
    for (evidence, quoted) in [
        (format!("{header}{row}\n"), row),
        (
            "{\"ID\":\"43e21b8b51a9\",\"Name\":\"worker\",\"MemUsage\":\"509MiB / 512MiB\",\"Secret\":\"hunter2\"}\n"
                .to_owned(),
            "uses 509 MiB of 512 MiB",
        ),
        ("LOG:  server process (PID 315) was terminated by signal 9: Killed\n".to_owned(), "LOG:  server process (PID 315) was terminated by signal 9: Killed"),
        (
            "{\"msg\":\"server process (PID 315) was terminated by signal 9: Killed\",\"secret\":\"hunter2\"}\n".to_owned(),
            "server process (PID 315) was terminated by signal 9: Killed",
        ),
    ] {
        let found = answers(&[("inspect.json", &inspect), ("worker.txt", &evidence)]).remove(0);
        let quotes = found["evidence"].as_array().unwrap();
        let own: Vec<&Value> = quotes.iter().filter(|quote| quote["source"] == "worker.txt").collect();
        assert!(own.iter().any(|quote| quote["text"] == quoted), "{quoted}: {found:#}");
        assert!(!found.to_string().contains("hunter2"), "{found:#}");
    }
}

/// A container that runs and was never restarted needs no answer next to one that died.
#[test]
fn only_what_is_in_trouble_is_answered() {
    let with = |count: i64| {
        let web = container("web", "app", 512, RUNS);
        let web = web.changed("\"HostConfig\"", &format!("\"RestartCount\":{count},\"HostConfig\""));
        format!("[{},{web}]", container("worker", "app", 512, FLAGGED))
    };
    let names = |count: i64| {
        let all = answers(&[("inspect.json", &with(count))]);
        let mut names: Vec<String> = all.iter().map(|own| own["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    assert_eq!(
        (names(0), names(1)),
        (vec!["worker".to_owned()], vec!["web".to_owned(), "worker".to_owned()])
    );
}

/// No limit with unlimited swap is what an engine makes of a limit on a kernel without the memory cgroup.
#[test]
fn a_limit_that_the_engine_discarded_is_said_to_be_so() {
    for (swap, discarded) in [(-1, true), (0, false), (1, false)] {
        let inspect = format!("[{}]", container("worker", "app", 0, FAILED));
        let inspect = inspect.changed("\"Memory\":0", &format!("\"Memory\":0,\"MemorySwap\":{swap}"));
        let found = answers(&[("inspect.json", &inspect)]).remove(0);
        assert_eq!(found["verdict"] == "limit-not-applied", discarded, "{found:#}");
    }
}

/// A heap that does not fit explains why a program gets no memory; one of default size does not, and a larger one is no remedy.
#[test]
fn a_program_that_gets_no_memory_has_too_large_a_heap_or_another_cause() {
    let log = "Error occurred during initialization of VM\nCould not reserve enough space for 4194304KB object heap\n";
    for (command, explained, wanted) in [
        ("java -Xmx4g -jar a.jar", true, "raise the limit"),
        ("java -jar a.jar", false, "less memory for this program, or more"),
    ] {
        let found = answer(command, 512, log);
        assert_eq!(found["verdict"], "runtime", "{found:#}");
        let by = found["explained_by"].to_string();
        assert_eq!(by.contains("heap-exceeds-limit"), explained, "{found:#}");
        assert!(!by.contains("unbounded-heap"), "{found:#}");
        assert!(found["change"].to_string().contains(wanted), "{found:#}");
    }
}

/// A default heap that fills no container: what was used is compared with what the heap and the memory outside it may need.
#[test]
fn what_is_outside_a_default_heap_is_said_in_numbers() {
    for (limit, used, wanted) in [
        (512, 500, "about 372 MiB of 500 MiB are outside of it"),
        (512, 379, "about 251 MiB of 379 MiB are outside of it"),
        (512, 378, "may need 378 MiB: raise the limit, or find out"),
        (512, 300, "may need 378 MiB: raise the limit, or find out"),
        (300, 290, "MiB: raise the limit above 300 MiB, or find out"),
    ] {
        let inspect = format!("[{}]", container("worker", "java -jar a.jar", limit, FLAGGED));
        let kernel = kill(ID, "java", used << 10);
        let found = answers(&[("inspect.json", &inspect), ("kernel.txt", &kernel)]).remove(0);
        assert_eq!(found["verdict"], "memory-limit", "{found:#}");
        assert!(found["change"].to_string().contains(wanted), "{limit} {used}: {found:#}");
    }
}

/// Files in memory explain a kill unless the kernel says that there were few.
#[test]
fn files_in_memory_explain_a_kill_where_they_may_have_filled_it() {
    let compose = "services:\n  worker: {image: 'acme/worker:1', mem_limit: 512m, tmpfs: [/cache]}\n";
    let inspect = format!("[{}]", container("worker", "app", 512, FLAGGED))
        .changed("\"Env\"", "\"Labels\":{\"com.docker.compose.service\":\"worker\"},\"Env\"");
    let kernel = |shmem: &str| kill(ID, "app", 100_000).changed("shmem-rss:0kB", shmem);
    for (kernel, explained) in [
        (String::new(), true),
        (kernel("shmem-rss:300000kB"), true),
        (kernel("shmem-rss:0kB"), false),
        (kernel("shmem-rss:1000kB"), false),
    ] {
        let files = [("inspect.json", inspect.as_str()), ("compose.yaml", compose), ("kernel.txt", &kernel)];
        let found = answers(if kernel.is_empty() { &files[..2] } else { &files }).remove(0);
        assert_eq!(found["verdict"], "memory-limit", "{found:#}");
        assert_eq!(
            found["explained_by"].to_string().contains("unsized-tmpfs"),
            explained,
            "{kernel}{found:#}"
        );
    }
}
