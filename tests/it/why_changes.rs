//! What `oomlint why` says to change, and what it says explains an answer: nothing that is of another cause.

use serde_json::Value;

use crate::why_parts::{ID, JVM_FULL, NODE_FULL, answers, container, labels, started};

/// Answers for the container of the service `worker` with an exit code and a log.
fn answer(image: &str, service: &str, command: &str, code: i64, log: &str) -> Value {
    let options = service.split("JAVA_TOOL_OPTIONS: ").nth(1).and_then(|rest| rest.lines().next());
    let env = options.map_or("PATH=/usr/bin".to_owned(), |options| format!("JAVA_TOOL_OPTIONS={options}"));
    let more = format!("\"Env\":[\"{env}\"],{},", labels("shop", "worker"));
    let [program, config] = started(command, image, &more);
    let killed = code == 137;
    let state = format!("\"Status\":\"exited\",\"Running\":false,\"OOMKilled\":{killed},\"ExitCode\":{code}");
    let host = "\"Memory\":536870912,\"MemorySwap\":1073741824";
    let inspect = format!("[{}]\n", container(ID, "shop-worker-1", [&program, &state, host, &config]));
    let compose =
        format!("name: shop\nservices:\n  worker:\n    image: {image}\n    mem_limit: 512m\n{service}");
    answers(&[("inspect.json", &inspect), ("app.log", log), ("compose.yaml", &compose)]).remove(0)
}

fn change(answer: &Value) -> String {
    answer["change"].to_string()
}

#[test]
fn a_larger_heap_is_no_limit_of_what_was_killed() {
    for (image, command, name) in [
        ("acme/worker:1", "java -jar a.jar", "NativeMemoryTracking"),
        ("node:22", "node s.js", "arrayBuffers"),
    ] {
        let found = answer(image, "", command, 137, "all is well\n");
        assert_eq!(found["verdict"], "memory-limit", "{found:#}");
        let change = change(&found);
        assert!(change.contains("raise the limit") && change.contains(name), "{found:#}");
        assert!(!change.contains("-Xmx") && !change.contains("max-old-space-size"), "{found:#}");
        assert!(!found["explained_by"].to_string().contains("unbounded-heap"), "{found:#}");
    }
}

#[test]
fn what_is_outside_the_heap_is_not_explained_by_the_heap() {
    for (log, wanted) in [
        ("Exception in thread \"main\" java.lang.OutOfMemoryError: Metaspace\n", "MaxMetaspaceSize"),
        ("Caused by: java.lang.OutOfMemoryError: Compressed class space\n", "MaxMetaspaceSize"),
        (
            "Caused by: java.lang.OutOfMemoryError: Cannot reserve 16777216 bytes of direct buffer memory (allocated: 1, limit: 2)\n",
            "MaxDirectMemorySize",
        ),
        (
            "io.netty.util.internal.OutOfDirectMemoryError: failed to allocate 16777216 bytes\n",
            "MaxDirectMemorySize",
        ),
        (
            "java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory\n",
            "`pids_limit` than 100",
        ),
    ] {
        let found = answer("acme/worker:1", "    pids_limit: 100\n", "java -jar a.jar", 1, log);
        assert_eq!(found["verdict"], "runtime", "{found:#}");
        assert_eq!(found["explained_by"], serde_json::json!([]), "{log}{found:#}");
        let change = change(&found);
        assert!(change.contains(wanted) && !change.contains("-Xmx"), "{log}{change}");
        assert!(!found["answer"].as_str().unwrap().contains("16 MiB"), "{found:#}");
    }
    let found = answer("acme/worker:1", "    build: .\n", "app", 2, "fatal error: runtime: out of memory\n");
    assert!(!change(&found).contains("supported versions"), "{found:#}");
}

#[test]
fn a_full_heap_is_changed_where_it_is_set() {
    for (service, command, log, setting, larger, line) in [
        (
            "    command: java -Xmx128m -jar a.jar\n",
            "java -Xmx128m -jar a.jar",
            JVM_FULL,
            "-Xmx128m",
            "-Xmx256m",
            6,
        ),
        (
            "    environment:\n      JAVA_TOOL_OPTIONS: -Xmx200m -XX:+ExitOnOutOfMemoryError\n",
            "java -jar a.jar",
            "Picked up JAVA_TOOL_OPTIONS: -Xmx200m -XX:+ExitOnOutOfMemoryError\njava.lang.OutOfMemoryError: Java heap space\n",
            "-Xmx200m",
            "-Xmx256m",
            7,
        ),
        (
            "    command: node --max-old-space-size=128 s.js\n",
            "node --max-old-space-size=128 s.js",
            NODE_FULL,
            "--max-old-space-size=128",
            "--max-old-space-size=384",
            6,
        ),
        (
            "    environment:\n      NODE_OPTIONS: --max-old-space-size=128\n    command: node --max-old-space-size=256 s.js\n",
            "node --max-old-space-size=256 s.js",
            NODE_FULL,
            "--max-old-space-size=256",
            "--max-old-space-size=384",
            8,
        ),
    ] {
        let found = answer("acme/worker:1", service, command, 1, log);
        assert_eq!(found["verdict"], "runtime", "{found:#}");
        let change = change(&found);
        assert!(change.contains(setting) && change.contains(larger), "{found:#}");
        let quotes = found["evidence"].as_array().unwrap();
        let quoted = |own: &&Value| own["source"] == "compose.yaml" && own["line"] == line;
        assert!(
            quotes.iter().find(quoted).is_some_and(|own| own["text"].to_string().contains(setting)),
            "{found:#}"
        );
    }
}

/// A change shows the keys and flags that it writes, and not what else is on their lines.
#[test]
fn a_change_shows_no_secret_of_the_line_that_it_changes() {
    for (service, wanted) in [
        (
            "    environment: {DB_PASS: hunter2, JAVA_OPTS: -Xmx400m, NOTE: hunter2}\n    command: java -jar a.jar\n",
            ":\n  JAVA_TOOL_OPTIONS: -Xmx256m",
        ),
        (
            "    environment: [\"NOTE=hunter2\", \"JAVA_OPTS=-Xms600m -Xmx600m -Dx=hunter2\", \"DB_PASS=hunter2\"]\n    command: java -jar a.jar\n",
            ":\n  JAVA_TOOL_OPTIONS=-Xms256m -Xmx256m",
        ),
        (
            "    command: java -XX:MaxRAMPercentage=95 -Dnote=hunter2 -jar a.jar\n",
            ":\n  -XX:MaxRAMPercentage=50.0",
        ),
        (
            "    environment: {NOTE: hunter2, JAVA_TOOL_OPTIONS: '-XX:MaxRAMPercentage=95 -Dx=hunter2'}\n",
            ":\n  JAVA_TOOL_OPTIONS: -XX:MaxRAMPercentage=50.0",
        ),
        ("    environment: {JAVA_TOOL_OPTIONS: -Xmx600m -Dnote=hunter2}\n", ":\n  mem_limit: 896m"),
    ] {
        let found = answer("eclipse-temurin:21", service, "java -jar a.jar", 137, "all is well\n");
        let change = found["change"][0].as_str().unwrap();
        assert!(change.ends_with(wanted), "{found:#}");
        assert!(!found.to_string().contains("hunter2"), "{found:#}");
    }
}
