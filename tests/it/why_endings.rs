//! What `oomlint why` answers to events, `docker inspect` and logs, on each side of every condition: tables as in `why_verdicts`.

use crate::why_parts::{Changed as _, EXITED, ID, RUNS, list};
use crate::why_verdicts::{Table, at_limit, inspected, memory};

/// Events of one container, a second apart: a word with its attributes, as `kill 9`, `die 137`.
fn events(words: &[&str]) -> String {
    let line = |(at, word): (usize, &&str)| {
        let (word, value) = word.split_once(' ').unwrap_or((word, ""));
        let attribute = match (word, value) {
            (_, "") => String::new(),
            ("kill", signal) => format!("signal={signal}, "),
            (_, code) => format!("exitCode={code}, "),
        };
        let word = match word {
            "unhealthy" => "health_status: unhealthy",
            "healthy" => "health_status: healthy",
            _ => word,
        };
        format!("2026-08-01T21:18:{at:02}Z container {word} {ID} ({attribute}name=web)\n")
    };
    words.iter().enumerate().map(line).collect()
}

/// An event of Podman in JSON.
fn died(killed: &str) -> String {
    format!(
        "{{\"Name\":\"web\",\"ID\":\"{ID}\",\"Status\":\"died\",\"Type\":\"container\",\"Time\":\"2026-08-01T21:18:42Z\"{killed}}}\n"
    )
}

#[test]
fn the_event_oom() {
    let mut table = Table::default();
    for words in [
        &["start", "oom", "die 137"][..],
        &["oom"],
        &["oom", "start"],
        &["oom", "start", "die 1"],
        &["oom", "die 137", "start"],
        &["oom", "die 137", "start", "die 137"],
        &["oom", "die 137", "start", "die 143"],
        &["die 137", "oom"],
        &["die 137", "start", "oom", "die 137"],
        &["oom", "oom", "die 137"],
        &["oom", "die 137", "oom", "die 137"],
        &["oom", "kill 9", "die 137"],
        &["kill 9", "oom", "die 137"],
        &["kill 15", "oom", "die 137"],
        &["kill 9", "die 137", "start", "oom", "die 137"],
        &["kill 9", "die 137", "oom", "die 137"],
        &["oom", "stop", "die 137"],
        &["oom", "die 137", "kill 9"],
        &["oom", "kill 1", "die 137"],
    ] {
        table.case(&words.join(", "), &[("events.txt", &events(words))]);
    }
    for (name, killed) in
        [("true", ",\"OOMKilled\":true"), ("false", ",\"OOMKilled\":false"), ("not there", "")]
    {
        table.case(&format!("OOMKilled of Podman is {name}"), &[("events.json", &died(killed))]);
    }
    // With what the limit decides.
    for (name, limit) in
        [("a limit", memory(6 << 10)), ("no limit", memory(0)), ("a limit that is not known", String::new())]
    {
        for state in ["", "\"ExitCode\":1", "\"ExitCode\":0"] {
            let inspect = inspected(state, &limit, "\"RestartCount\":0,");
            let files = [("events.txt", events(&["oom"])), ("inspect.json", inspect)];
            table.case(
                &format!("{name}, {state}"),
                &files.each_ref().map(|(name, text)| (*name, text.as_str())),
            );
        }
    }
    insta::assert_snapshot!("why_the_event_oom", table.0);
}

#[test]
fn the_flag_that_docker_keeps() {
    let mut table = Table::default();
    for state in [
        "\"OOMKilled\":true".to_owned(),
        "\"OOMKilled\":false".to_owned(),
        format!("{EXITED},\"OOMKilled\":true,\"ExitCode\":0"),
        format!("{EXITED},\"OOMKilled\":true,\"ExitCode\":137"),
        "\"Status\":\"running\",\"Running\":true,\"OOMKilled\":true,\"ExitCode\":0".to_owned(),
        "\"OOMKilled\":true,\"ExitCode\":0".to_owned(),
        "\"Running\":false,\"OOMKilled\":true".to_owned(),
    ] {
        for limit in [memory(1 << 20), memory(0)] {
            table.case(&format!("{state}, {limit}"), &[("inspect.json", &inspected(&state, &limit, ""))]);
        }
    }
    // A stop on request after an earlier kill: the flag is older than the end.
    let flagged = inspected(&format!("{EXITED},\"OOMKilled\":true,\"ExitCode\":137"), &memory(1 << 20), "");
    let unflagged = flagged.changed("\"OOMKilled\":true", "\"OOMKilled\":false");
    for words in [
        &["kill 15", "kill 9", "die 137"][..],
        &["kill 15", "kill 9", "die 143"],
        &["kill 15", "kill 9", "die"],
        &["kill 9", "kill 15", "die 137"],
        &["kill 9", "kill 15", "kill 9", "die 137"],
        &["kill 15", "oom", "kill 9", "die 137"],
        &["oom", "die 137", "start", "kill 15", "kill 9", "die 137"],
        &["kill 15", "die 137"],
        &["kill 9", "die 137"],
        &["kill 15", "start", "kill 9", "die 137"],
        &["kill 15", "die 1", "kill 9", "die 137"],
        &["kill 15", "kill 9"],
        &["kill 15", "kill 9", "die 137", "stop"],
        &["stop", "die 137"],
        &["restart", "die 137"],
        &["die 137", "stop"],
        &["die 137"],
        &["kill 15", "die 1", "start", "die 137"],
        &["die 137", "kill 15"],
        &["kill 1", "die 137"],
        &["start", "restart", "die 137"],
    ] {
        table.case(&words.join(", "), &[("inspect.json", &flagged), ("events.txt", &events(words))]);
    }
    table.case(
        "kill 15, kill 9, die 137 without the flag",
        &[("inspect.json", &unflagged), ("events.txt", &events(&["kill 15", "kill 9", "die 137"]))],
    );
    insta::assert_snapshot!("why_the_flag", table.0);
}

#[test]
fn ends_on_request() {
    let mut table = Table::default();
    for words in [
        &["kill 15", "kill 9", "die 137", "stop"][..],
        &["kill 15", "kill 9", "die 137"],
        &["kill 9", "kill 15", "die 137"],
        &["kill 15", "die 143", "stop"],
        &["kill 15", "die 0"],
        &["kill 9", "die 137"],
        &["kill 9", "die"],
        &["kill 2", "die 130"],
        &["kill", "die 1"],
        &["kill 15", "start", "die 1"],
        &["start", "kill 15", "die 143"],
        &["kill 15"],
        &["die 143", "stop"],
        &["die 143", "restart"],
        &["stop", "die 143"],
        &["restart", "die 143"],
        &["restart", "die 143", "stop"],
        &["die 1"],
        &["exec_die 137", "die 1"],
        &["unhealthy", "kill 15", "die 143"],
        &["unhealthy", "kill 9", "die 137", "stop"],
        &["unhealthy", "kill 15", "kill 9", "die 137", "restart"],
        &["unhealthy", "die 1"],
        &["unhealthy", "stop", "die 143"],
        &["unhealthy", "start", "kill 15", "die 143"],
        &["kill 15", "unhealthy", "die 143"],
        &["unhealthy"],
        // SIGHUP, SIGUSR1 and SIGWINCH do not stop a container; what it ended with did.
        &["kill 1", "die 137"],
        &["kill 10", "die 0"],
        &["kill 28", "die 0"],
        &["kill 1", "die 129"],
        &["kill 9223372036854775807", "die"],
        &["kill 3", "die 0"],
        &["kill 1", "kill 9", "die 137"],
        &["kill 1", "kill 15", "die 143"],
        &["unhealthy", "kill 1", "die 1"],
        &["kill 2", "kill 9", "die 137"],
        // SIGTERM alone does not end with 137.
        &["kill 15", "die 137"],
        &["kill", "die 137"],
        // A request of an earlier life, or after the end, is no cause of it.
        &["kill 15", "die 143", "stop", "start", "die 137"],
        &["kill 15", "die 143", "stop", "start", "restart", "die 137"],
        &["kill 15", "die 143", "stop", "die 137"],
        &["die 137", "kill 9"],
        &["die 137", "start", "stop"],
        &["die 137", "start", "kill 15", "stop"],
        &["die 137", "start", "restart"],
        &["start", "stop", "die 0"],
        &["unhealthy", "healthy", "kill 15", "die 143"],
        &["kill 15", "unhealthy", "kill 9", "die 137"],
    ] {
        table.case(&words.join(", "), &[("events.txt", &events(words))]);
    }
    for signal in ["\"SIGWINCH\"", "\"winch\"", "\"28\"", "28", "\"SIGTERM\"", "\"\""] {
        let inspect = inspected(&format!("{EXITED},\"OOMKilled\":false,\"ExitCode\":137"), &memory(0), "");
        let inspect =
            inspect.changed("\"Config\":{}", &format!("\"Config\":{{\"Env\":[],\"StopSignal\":{signal}}}"));
        table.case(
            &format!("kill 28, kill 9, die 137 of a container with the signal {signal}"),
            &[("events.txt", &events(&["kill 28", "kill 9", "die 137"])), ("inspect.json", &inspect)],
        );
    }
    // How long it was waited for the end.
    for (kill, name) in [("00.899", "less than 0.9 s"), ("00.9", "0.9 s"), ("10", "10 s")] {
        // Of small numbers the difference is exact.
        let all = events(&["kill 15", "kill 9", "die 137"]).changed("2026-08-01T21:18", "1970-01-01T00:00");
        let text = all.replacen(":01Z", &format!(":{kill}Z"), 1).replacen(":02Z", ":11Z", 1);
        table.case(name, &[("events.txt", &text)]);
    }
    // What the engine says itself.
    let engine =
        "msg=\"Container failed to exit within 10s of signal 15 - using the force\" container=43e21b8b51a9\n";
    let state =
        |code: i64| inspected(&format!("{EXITED},\"OOMKilled\":false,\"ExitCode\":{code}"), &memory(0), "");
    table.case("the engine waited", &[("engine.txt", engine)]);
    table.case("the engine waited, and its code", &[("engine.txt", engine), ("inspect.json", &state(137))]);
    table
        .case("the engine waited, and its code is 0", &[("engine.txt", engine), ("inspect.json", &state(0))]);
    insta::assert_snapshot!("why_ends_on_request", table.0);
}

#[test]
fn ends_for_a_healthcheck() {
    let mut table = Table::default();
    let timeout = "{\"ExitCode\":-1,\"Output\":\"\"}";
    for (state, status, streak, log) in [
        ("\"Status\":\"exited\",\"ExitCode\":137", "unhealthy", "3", ""),
        ("\"Status\":\"exited\",\"ExitCode\":143", "unhealthy", "3", timeout),
        ("\"Status\":\"exited\",\"ExitCode\":137", "unhealthy", "1", ""),
        ("\"Status\":\"exited\",\"ExitCode\":137", "unhealthy", "1", timeout),
        (
            "\"Status\":\"exited\",\"ExitCode\":137",
            "unhealthy",
            "2",
            "{\"ExitCode\":1,\"Output\":\"refused\"}",
        ),
        ("\"Status\":\"exited\",\"ExitCode\":137", "unhealthy", "0", ""),
        ("\"Status\":\"exited\",\"ExitCode\":137", "healthy", "3", ""),
        ("\"Status\":\"exited\",\"ExitCode\":1", "unhealthy", "3", ""),
        ("\"Status\":\"running\",\"Running\":true", "unhealthy", "3", ""),
        ("\"Status\":\"running\"", "unhealthy", "3", ""),
        ("\"ExitCode\":0", "unhealthy", "3", ""),
    ] {
        let state = format!(
            "{state},\"Health\":{{\"Status\":\"{status}\",\"FailingStreak\":{streak},\"Log\":[{log}]}}"
        );
        table.case(&state, &[("inspect.json", &inspected(&state, &memory(0), ""))]);
    }
    // The engine sets `unhealthy` for every container that ends: it is so only after as many probes as are asked for.
    for (retries, streak) in [(1, 1), (2, 1), (2, 2), (0, 2), (0, 3), (5, 4), (5, 5)] {
        let state = format!(
            "{EXITED},\"ExitCode\":137,\"Health\":{{\"Status\":\"unhealthy\",\"FailingStreak\":{streak},\"Log\":[]}}"
        );
        let check = format!("\"Healthcheck\":{{\"Test\":[\"CMD\",\"true\"],\"Retries\":{retries}}}");
        let inspect = inspected(&state, &memory(0), "")
            .changed("\"Config\":{}", &format!("\"Config\":{{\"Env\":[],{check}}}"));
        table.case(&format!("{streak} of {retries} probes"), &[("inspect.json", &inspect)]);
    }
    let autoheal = "19-12-2021 Container /web (43e21b8b51a9) found to be unhealthy - Restarting container now with 10s timeout\n";
    table.case("autoheal", &[("autoheal.log", autoheal)]);
    let stats = "43e21b8b51a9   web   0.00%   9MiB / 100MiB   9.00%   0B / 0B   0B / 0B   1\n";
    table.case("autoheal, and its memory", &[("autoheal.log", autoheal), ("stats.txt", stats)]);
    // Of a list of tasks the first is the newest.
    let unhealthy = "abc   web.1   a:1   n1   Shutdown   Failed 2 minutes ago   \"task: non-zero exit (143): dockerexec: unhealthy container\"\n";
    let killed = "abd   web.1   a:1   n1   Shutdown   Failed 1 minute ago   \"task: non-zero exit (137)\"\n";
    let worker = "[7] [CRITICAL] Worker (pid:8) was sent SIGKILL! Perhaps out of memory?\n";
    let logged = killed.changed(" ago", "");
    for (name, files) in [
        ("unhealthy", vec![("tasks.txt", unhealthy.to_owned())]),
        ("killed", vec![("tasks.txt", killed.to_owned())]),
        ("killed, after it was unhealthy", vec![("tasks.txt", format!("{killed}{unhealthy}"))]),
        ("unhealthy, after it was killed", vec![("tasks.txt", format!("{unhealthy}{killed}"))]),
        ("killed in another file", vec![("a.txt", killed.to_owned()), ("b.txt", unhealthy.to_owned())]),
        ("killed in no list", vec![("tasks.txt", format!("{logged}{unhealthy}"))]),
        ("a worker was killed", vec![("tasks.txt", format!("{worker}{unhealthy}"))]),
    ] {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        table.case(name, &files);
    }
    insta::assert_snapshot!("why_ends_for_a_healthcheck", table.0);
}

#[test]
fn ends_that_a_program_explains() {
    let mut table = Table::default();
    let state = |code: i64, running: bool| {
        let status = if running { "running" } else { "exited" };
        format!("\"Status\":\"{status}\",\"Running\":{running},\"OOMKilled\":false,\"ExitCode\":{code}")
    };
    let heap = "java.lang.OutOfMemoryError: Java heap space\n";
    let mention = "a handler for java.lang.OutOfMemoryError\n";
    let metaspace = "java.lang.OutOfMemoryError: Metaspace\n";
    let direct = "java.lang.OutOfMemoryError: Direct buffer memory, 5 bytes\n";
    let thread = "java.lang.OutOfMemoryError: unable to create native thread\n";
    let refused = "runtime: out of memory: cannot allocate 4194304 bytes\n";
    let setting = "Invalid maximum heap size: -Xmx512mb\n";
    let php = "PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted\n";
    let eperm = "pthread_create failed (EPERM) for attributes\n";
    for (name, log) in [
        ("a full heap", heap.to_owned()),
        ("a heap that is mentioned", mention.to_owned()),
        ("a heap that is mentioned, then a full metaspace", format!("{mention}{metaspace}")),
        ("a full metaspace, then a heap that is mentioned", format!("{metaspace}{mention}")),
        ("a full metaspace", metaspace.to_owned()),
        ("direct memory", direct.to_owned()),
        ("no thread", thread.to_owned()),
        ("no memory", refused.to_owned()),
        ("a bad setting", setting.to_owned()),
        ("a script with a size", php.to_owned()),
        ("no memory, then a full heap", format!("{refused}{heap}")),
        ("no memory that is excused", format!("{eperm}{refused}")),
        ("a full heap that is not excused", format!("{eperm}{heap}")),
        ("an excuse", eperm.to_owned()),
        ("four full heaps", heap.repeat(4)),
        ("a full heap and a worker of another size", format!("{heap}{php}")),
    ] {
        table.case(name, &[("web.log", &log)]);
    }
    for (code, running) in
        [(1, false), (3, false), (134, false), (137, false), (139, false), (0, true), (0, false)]
    {
        let inspect = inspected(&state(code, running), &memory(1 << 19), "");
        table.case(
            &format!("a full heap, code {code}, running {running}"),
            &[("web.log", heap), ("inspect.json", &inspect)],
        );
    }
    let no_limit = inspected(&state(1, false), &memory(0), "");
    table.case("a full heap without a limit", &[("web.log", heap), ("inspect.json", &no_limit)]);
    let limited = inspected(&state(1, false), &memory(1 << 19), "");
    table.case("a full metaspace with a limit", &[("web.log", metaspace), ("inspect.json", &limited)]);
    let restarting = limited.changed("\"exited\",\"Running\":false", "\"restarting\",\"Running\":true");
    table.case("a full heap between two starts", &[("web.log", heap), ("inspect.json", &restarting)]);
    let no_status = limited.changed("\"Status\":\"exited\",\"Running\":false", "\"Running\":true");
    table.case("a full heap of a running container", &[("web.log", heap), ("inspect.json", &no_status)]);
    // A JVM that ends itself says nothing.
    for code in [3, 1] {
        for flag in ["-XX:+ExitOnOutOfMemoryError", "-jar"] {
            let inspect = inspected(
                &state(code, false),
                &memory(0),
                &format!("\"Path\":\"java\",\"Args\":[\"{flag}\"],"),
            );
            table.case(&format!("{flag} and code {code}"), &[("inspect.json", &inspect)]);
        }
    }
    let segment = "ERROR:  could not resize shared memory segment \"/PostgreSQL.1\" to 8388608 bytes: No space left on device\n";
    let bus = "worker (pid 7) is killed by signal: Bus error. It is possible that dataloader's workers are out of shared memory.\n";
    for (name, log, shm) in [
        ("a segment", segment, ""),
        ("a segment, and its size", segment, ",\"ShmSize\":67108864"),
        ("a segment, and a size of 0", segment, ",\"ShmSize\":0"),
        ("a segment, and a size of 128 MiB", segment, ",\"ShmSize\":134217728"),
        ("a segment, and a size of 192 MiB", segment, ",\"ShmSize\":201326592"),
        ("no segment", bus, ",\"ShmSize\":67108864"),
    ] {
        let inspect = inspected(&state(1, false), &format!("{}{shm}", memory(0)), "");
        table.case(name, &[("web.log", log), ("inspect.json", &inspect)]);
    }
    insta::assert_snapshot!("why_ends_of_a_program", table.0);
}

#[test]
fn ends_that_nothing_explains() {
    let mut table = Table::default();
    let limits = [memory(1 << 20), memory(0), String::new()];
    for code in [0, 1, 2, 3, 4, 128, 134, 137, 139, 143, 255] {
        let state = format!("{EXITED},\"OOMKilled\":false,\"ExitCode\":{code}");
        table.case(&format!("code {code}"), &[("inspect.json", &inspected(&state, &limits[0], ""))]);
    }
    for limit in &limits {
        let state = format!("{EXITED},\"ExitCode\":137");
        table.case(
            &format!("code 137 without the flag, {limit}"),
            &[("inspect.json", &inspected(&state, limit, ""))],
        );
    }
    table.case("a code of events", &[("events.txt", &events(&["die 137"]))]);
    table.case("a code of the last event", &[("events.txt", &events(&["die 1", "start", "die 137"]))]);
    table.case("a start after it", &[("events.txt", &events(&["die 137", "start"]))]);
    let list = |status: &str| list(&[("43e21b8b51a9", "a:1", status, "web")]);
    for status in
        ["Exited (137) 5 days ago", "Restarting (1) 4 seconds ago", "Up 5 days (unhealthy)", "Up 5 days"]
    {
        table.case(status, &[("ps.txt", &list(status))]);
    }
    // The code of inspect counts before that of an event, and that before a list; a 0 is not the last word.
    let of =
        |code: i64| inspected(&format!("{EXITED},\"OOMKilled\":false,\"ExitCode\":{code}"), &limits[0], "");
    for (code, died, listed) in [
        (1, "die 137", "Exited (2) 5 days ago"),
        (0, "die 137", "Exited (2) 5 days ago"),
        (0, "die", "Exited (2) 5 days ago"),
        (0, "start", "Up 5 days"),
    ] {
        table.case(
            &format!("code {code}, {died}, {listed}"),
            &[("inspect.json", &of(code)), ("events.txt", &events(&[died])), ("ps.txt", &list(listed))],
        );
    }
    // How long it lived.
    for (finished, code) in [("01:00.099", 137), ("01:00.1", 137), ("01:00.099", 1), ("00:59", 137)] {
        let state = format!(
            "{EXITED},\"OOMKilled\":false,\"ExitCode\":{code},\"StartedAt\":\"1970-01-01T00:01:00Z\",\"FinishedAt\":\"1970-01-01T00:{finished}Z\""
        );
        table.case(
            &format!("started at 01:00, ended at {finished} with {code}"),
            &[("inspect.json", &inspected(&state, &limits[0], ""))],
        );
    }
    // Under Docker Desktop times have microseconds.
    for (started, finished) in [
        ("123456", "123456"),
        ("1234567", "1234567"),
        ("12345", "123456"),
        ("123456", "12345"),
        ("12345678", "123456"),
        ("123456", "123456789"),
    ] {
        for limit in [&limits[0], &limits[1]] {
            let state = format!(
                "{EXITED},\"OOMKilled\":false,\"ExitCode\":137,\"StartedAt\":\"2026-08-01T21:18:00.{started}Z\",\"FinishedAt\":\"2026-08-01T21:19:00.{finished}Z\""
            );
            table.case(
                &format!("{started} to {finished}, {limit}"),
                &[("inspect.json", &inspected(&state, limit, ""))],
            );
        }
    }
    let desktop = format!(
        "{EXITED},\"OOMKilled\":false,\"ExitCode\":137,\"StartedAt\":\"2026-08-01T21:18:00.123456Z\",\"FinishedAt\":\"2026-08-01T21:19:00.123456Z\""
    );
    let desktop = inspected(&desktop, &limits[1], "");
    let code = desktop.changed(":137", ":1");
    let flag = desktop.changed("\"OOMKilled\":false,", "");
    table.case("Docker Desktop, code 1", &[("inspect.json", &code)]);
    table.case("Docker Desktop, no flag", &[("inspect.json", &flag)]);
    table
        .case("Docker Desktop, events", &[("inspect.json", &desktop), ("events.txt", &events(&["die 137"]))]);
    table.case(
        "Docker Desktop, a log",
        &[("inspect.json", &desktop), ("web.log", "pthread_create failed (EPERM) for x\n")],
    );
    // How often it was restarted.
    for (restarts, state) in [
        (0, "\"ExitCode\":0"),
        (1, "\"ExitCode\":0"),
        (2, "\"ExitCode\":0"),
        (2, ""),
        (2, "\"ExitCode\":137"),
        (2, "\"ExitCode\":1"),
    ] {
        let inspect = inspected(state, &limits[0], &format!("\"RestartCount\":{restarts},"));
        table.case(&format!("restarted {restarts} times, {state}"), &[("inspect.json", &inspect)]);
    }
    for (name, log) in [
        ("a worker was killed", "Worker (pid:8) was sent SIGKILL! Perhaps out of memory?\n"),
        ("a build was killed", "did not complete successfully: exit code: 137\n"),
        ("a call is refused", "pthread_create failed (EPERM) for x\n"),
        ("a build in a container", "web | did not complete successfully: exit code: 137\n"),
        (
            "a build, then a full heap",
            "did not complete successfully: exit code: 137\njava.lang.OutOfMemoryError: Java heap space\n",
        ),
    ] {
        table.case(name, &[("web.log", log)]);
        table.case(&format!("{name}, and its state"), &[("web.log", log), ("inspect.json", &of(137))]);
    }
    insta::assert_snapshot!("why_ends_that_nothing_explains", table.0);
}

#[test]
fn limits_that_do_not_hold() {
    let mut table = Table::default();
    let ended = |code: i64| format!("{EXITED},\"OOMKilled\":false,\"ExitCode\":{code}");
    // The smallest limit that Docker takes is 6 MiB.
    for (limit, code) in
        [(6 << 10, 137), ((6 << 10) - 1, 137), ((6 << 10) - 1, 128), ((6 << 10) - 1, 1), (0, 137)]
    {
        table.case(
            &format!("{limit} KiB, code {code}"),
            &[("inspect.json", &inspected(&ended(code), &memory(limit), ""))],
        );
    }
    for (name, host) in [
        ("no limit, swap without one", "\"Memory\":0,\"MemorySwap\":-1"),
        ("no limit, no swap", "\"Memory\":0,\"MemorySwap\":0"),
        ("a limit, swap without one", "\"Memory\":536870912,\"MemorySwap\":-1"),
        ("swap without a limit alone", "\"MemorySwap\":-1"),
    ] {
        table.case(name, &[("inspect.json", &inspected(&ended(1), host, ""))]);
    }
    let compose = "services:\n  web: {image: 'a:1', mem_limit: 64m}\n";
    for host in ["\"Memory\":0,\"MemorySwap\":-1", "\"Memory\":0", "\"Memory\":67108864", ""] {
        table.case(
            &format!("the files set 64 MiB, {host}"),
            &[("inspect.json", &inspected(&ended(1), host, "")), ("compose.yaml", compose)],
        );
    }
    // Off is the OOM killer only where it is said, and it hangs only at a limit.
    let stats = |used: &str| {
        format!("43e21b8b51a9   web   0.00%   {used} / 100MiB   95.00%   0B / 0B   0B / 0B   1\n")
    };
    for (off, limit, used) in [
        (true, 100 << 10, "95MiB"),
        (true, 100 << 10, "94.9MiB"),
        (true, 0, "95MiB"),
        (false, 100 << 10, "95MiB"),
    ] {
        let host = format!("{},\"OomKillDisable\":{off}", memory(limit));
        table.case(
            &format!("off {off}, limit {limit}, {used}"),
            &[("inspect.json", &inspected(RUNS, &host, "")), ("stats.txt", &stats(used))],
        );
    }
    let off = format!("{},\"OomKillDisable\":true", memory(100 << 10));
    table.case(
        "off, and the event",
        &[("inspect.json", &inspected(RUNS, &off, "")), ("events.txt", &events(&["oom"]))],
    );
    let unlimited = format!("{},\"OomKillDisable\":true", memory(0));
    table.case(
        "off without a limit, and the event",
        &[("inspect.json", &inspected(RUNS, &unlimited, "")), ("events.txt", &events(&["oom"]))],
    );
    table.case(
        "off, and another event",
        &[("inspect.json", &inspected(RUNS, &off, "")), ("events.txt", &events(&["start"]))],
    );
    for key in ["", "oom_kill_disable: true, ", "oom_kill_disable: false, "] {
        let compose = format!("services:\n  web: {{image: 'a:1', {key}mem_limit: 100m}}\n");
        table.case(
            &format!("off, and the files say `{key}`"),
            &[
                ("inspect.json", &inspected(RUNS, &off, "")),
                ("stats.txt", &stats("95MiB")),
                ("compose.yaml", &compose),
            ],
        );
    }
    let pids = inspected(&ended(1), &format!("{},\"PidsLimit\":100", memory(1 << 20)), "");
    table.case(
        "no thread, and a limit of processes of the container",
        &[
            ("inspect.json", &pids),
            ("web.log", "java.lang.OutOfMemoryError: unable to create native thread\n"),
        ],
    );
    // Near its limit.
    for (code, limit, used) in
        [(137, 100 << 10, "95MiB"), (137, 100 << 10, "94.9MiB"), (1, 100 << 10, "95MiB"), (137, 0, "95MiB")]
    {
        table.case(
            &format!("code {code}, limit {limit}, {used}"),
            &[("inspect.json", &inspected(&ended(code), &memory(limit), "")), ("stats.txt", &stats(used))],
        );
    }
    for (error, code) in [("transport is closing", 137), ("transport is closing", 1), ("no such file", 137)] {
        let state = format!("{},\"Error\":\"{error}: unavailable\"", ended(code));
        table
            .case(&format!("{error}, {code}"), &[("inspect.json", &inspected(&state, &memory(1 << 20), ""))]);
    }
    insta::assert_snapshot!("why_limits_that_do_not_hold", table.0);
}

/// A container after the kernel killed one of its processes, with other evidence of the kill.
#[test]
fn what_is_told_of_a_kill() {
    let mut table = Table::default();
    let kernel = at_limit("", 600, 0);
    for state in [
        "\"Status\":\"running\",\"Running\":true",
        "\"Status\":\"restarting\",\"Running\":true",
        "\"Status\":\"exited\",\"Running\":false",
        "\"Running\":true",
        "\"Status\":\"running\"",
    ] {
        for flag in [true, false] {
            for restarts in [0, 1, 2] {
                let state = format!("{state},\"OOMKilled\":{flag},\"ExitCode\":0");
                let inspect = inspected(&state, &memory(1 << 20), &format!("\"RestartCount\":{restarts},"));
                table.case(
                    &format!("{state}, restarted {restarts}"),
                    &[("kernel.txt", &kernel), ("inspect.json", &inspect)],
                );
            }
        }
    }
    for words in [
        &["oom", "die 137"][..],
        &["die 137", "oom"],
        &["oom", "die 137", "start", "oom", "die 137"],
        &["oom", "exec_die 1", "die 137"],
        &["oom"],
        &["die 137"],
        &["start"],
    ] {
        table.case(&words.join(", "), &[("kernel.txt", &kernel), ("events.txt", &events(words))]);
    }
    let killed = inspected("\"OOMKilled\":true,\"ExitCode\":137", &memory(1 << 20), "");
    let heap = "java.lang.OutOfMemoryError: Java heap space\n";
    for log in [
        heap.to_owned(),
        format!("a handler for {heap}"),
        "Worker (pid:8) was sent SIGKILL! Perhaps out of memory?\n".to_owned(),
        "could not resize shared memory segment \"x\" to 8388608 bytes: No space left on device\n".to_owned(),
        heap.repeat(3),
    ] {
        table.case(log.trim(), &[("web.log", &log), ("inspect.json", &killed)]);
        table.case(
            &format!("the kernel, {}", log.trim()),
            &[("kernel.txt", &kernel), ("web.log", &log), ("inspect.json", &killed)],
        );
    }
    insta::assert_snapshot!("why_what_is_told_of_a_kill", table.0);
}
