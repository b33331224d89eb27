//! What is read of evidence for `oomlint why`: every value, with the line that it is in.

use oomlint::evidence::Killer;
use oomlint::syntax::size::ByteSize;

use crate::why::{answered, read};
use crate::why_grounds::{kill, wrapped};
use crate::why_parts::ID;

#[test]
fn one_value_of_an_inspected_container_is_enough_to_tell_of_it() {
    for (state, tells) in [
        ("\"State\":{\"OOMKilled\":false}", 1),
        ("\"State\":{\"ExitCode\":137}", 1),
        ("\"State\":{\"Status\":\"exited\"},\"HostConfig\":{}", 1),
        ("\"State\":{\"Health\":{\"Status\":\"unhealthy\",\"FailingStreak\":2}}", 1),
        ("\"HostConfig\":{\"Memory\":536870912}", 1),
        ("\"RestartCount\":2", 1),
        ("\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"always\"}}", 0),
    ] {
        let (_, evidence) = read(format!("[{{\"Id\":\"{ID}\",{state}}}]").as_bytes());
        assert_eq!(evidence.inspected.len(), tells, "{state}");
    }
}

#[test]
fn probes_that_ran_into_their_timeout_are_counted() {
    let timeout = "{\"ExitCode\":-1,\"Output\":\"\"}";
    let exceeded = "{\"ExitCode\":1,\"Output\":\"Health check exceeded timeout (3s)\"}";
    let refused = "{\"ExitCode\":1,\"Output\":\"connection refused\"}";
    for (log, said) in [
        ([timeout, exceeded, refused], "3 probes failed in a row, 2 of the last ones for their timeout"),
        ([timeout, refused, refused], "3 probes failed in a row, 1 of the last ones for their timeout"),
        ([refused; 3], "3 probes failed in a row;"),
    ] {
        let text = format!(
            "[{{\"Id\":\"{ID}\",\"Name\":\"/web\",\"State\":{{\"Status\":\"exited\",\"ExitCode\":137,\"OOMKilled\":false,\
             \"Health\":{{\"Status\":\"unhealthy\",\"FailingStreak\":3,\"Log\":[{}]}}}}}}]",
            log.join(",")
        );
        let (sources, evidence) = read(text.as_bytes());
        let answer = &answered(&sources, &evidence)[0].answer;
        assert!(answer.contains(said), "{answer}");
    }
}

#[test]
fn the_place_in_an_object_over_several_lines_is_that_of_the_line() {
    let line = "  \"error\": \"java.lang.OutOfMemoryError: Java heap space\"";
    for before in ["", "\n", "  \"a\": 1,\n", "  \"a\": 1,\n\n  \"größe\": \"2\",\n"] {
        let text = format!("{{\n{before}{line}\n}}\n");
        let (sources, evidence) = read(text.as_bytes());
        let span = evidence.logs[0].span;
        assert_eq!((evidence.logs.len(), sources.get(span.file).slice(span)), (1, line), "{text}");
    }
}

/// An entry that a terminal wrapped may be the last of a text, or before an object, and its last line may be full.
#[test]
fn the_last_entry_that_a_terminal_wrapped_is_read() {
    for width in 60..140 {
        for name in 1..=15 {
            let text = kill(ID, &"n".repeat(name), 518_000);
            for after in ["", "{\"level\": \"info\"}\n"] {
                let (_, evidence) = read(format!("{}{after}", wrapped(&text, width)).as_bytes());
                let [kill] = evidence.kernel.as_slice() else { panic!("{width} {name}: {evidence:?}") };
                assert_eq!(kill.anon, Some(ByteSize(518_000 << 10)), "{width} {name}");
                assert_eq!(kill.victim.as_deref(), Some("n".repeat(name).as_str()), "{width}");
            }
        }
    }
}

#[test]
fn what_kills_before_the_kernel_does_is_told_from_what_mentions_it() {
    let sent = |signal: &str| {
        format!("earlyoom[1]: sending {signal} to process 42 uid 0 \"java\": badness 900, VmRSS 500 MiB\n")
    };
    let by =
        |text: &str| -> Vec<Killer> { read(text.as_bytes()).1.others.iter().map(|kill| kill.by).collect() };
    for signal in ["SIGKILL", "SIGTERM"] {
        assert_eq!(by(&sent(signal)), [Killer::Earlyoom], "{signal}");
    }
    // The first ten thousand of a log are kept.
    assert_eq!(by(&sent("SIGKILL").repeat(9_999)).len(), 9_999);
    assert_eq!(by(&sent("SIGKILL").repeat(10_001)).len(), 10_000);
    let at = "Mar 29 01:08:45 fedora";
    assert_eq!(
        by(&format!("{at} systemd-oomd[1003]: Killed /user.slice/a.scope due to pressure\n")),
        [Killer::SystemdOomd]
    );
    for text in [
        sent("SIGHUP"),
        format!("{at} systemd-oomd[1003]: Loaded configuration\n"),
        format!("{at} bash[7]: Killed /usr/bin/make all\n"),
    ] {
        assert_eq!(by(&text), [], "{text}");
    }
}
