//! What `oomlint why` reads of single lines and records, on each side of every condition: a row of a table is text, and the snapshot of
//! the table has all that was read of it.

#![allow(clippy::use_debug)] // values as the developer reads them

use std::fmt::Write as _;

use oomlint::evidence::{
    ContainerId, Evidence, Name, container_of, is_below, is_of_service, outer_container,
};
use oomlint::source::{Sources, Span};

use crate::why::read;
use crate::why_grounds::wrapped;
use crate::why_parts::{Changed as _, ID, LIST};

fn shown(name: &Name) -> String {
    let id = name.id.as_ref().map(ContainerId::text);
    let parts = [
        ("id", &id),
        ("name", &name.name),
        ("output", &name.output),
        ("image", &name.image),
        ("project", &name.project),
        ("service", &name.service),
    ];
    parts.iter().filter_map(|(key, value)| Some(format!(" {key}={}", value.as_ref()?))).collect()
}

/// Everything that was read, a line for each piece, with the line of the text where it begins and ends.
fn pieces(sources: &Sources, evidence: &Evidence) -> String {
    let mut out = String::new();
    let at = |span: Span| {
        let source = sources.get(span.file);
        let text: String = source.slice(span).chars().take(40).collect();
        let (from, to) = (source.position(span.start).line, source.position(span.end).line);
        if from == to { format!("@{from} {}", text.trim_end()) } else { format!("@{from}-{to}") }
    };
    for kill in &evidence.kernel {
        let lines: Vec<String> = kill
            .lines
            .iter()
            .map(|span| sources.get(span.file).position(span.start).line.to_string())
            .collect();
        let _ = write!(out, "    kernel {:?} lines {}", kill.full, lines.join(" "));
        for (key, value) in [
            ("limit", &kill.limit_path),
            ("task", &kill.task_path),
            ("invoked-by", &kill.invoked_by),
            ("cpuset", &kill.invoker_cpuset),
            ("victim", &kill.victim),
        ] {
            let _ = value.as_ref().map(|value| write!(out, " {key}={value}"));
        }
        let sizes = [
            ("total", kill.total_vm),
            ("anon", kill.anon),
            ("shmem", kill.shmem),
            ("used", kill.used()),
            ("usage", kill.usage.map(|own| own.0)),
            ("of", kill.usage.map(|own| own.1)),
            ("swap", kill.swap_usage.map(|own| own.0)),
            ("of", kill.swap_usage.map(|own| own.1)),
            ("all-anon", kill.stats.anon),
            ("all-shmem", kill.stats.shmem),
            ("all-swap", kill.stats.swap),
            ("host", kill.host),
        ];
        for (key, value) in sizes {
            let _ = value.map(|value| write!(out, " {key}={}", value.0));
        }
        let _ = kill.pid.map(|pid| write!(out, " pid={pid}"));
        let _ = kill.score_adj.map(|score| write!(out, " score={score}"));
        let _ = kill
            .largest
            .as_ref()
            .map(|(name, size)| write!(out, " largest={name} {:?}", size.map(|size| size.0)));
        out.push('\n');
    }
    for other in &evidence.others {
        let id = other.container().map(|id| id.text());
        let _ = writeln!(
            out,
            "    {} path={:?} container={id:?} unit={:?} victim={:?} used={:?} {}",
            other.by.name(),
            other.path,
            other.unit(),
            other.victim,
            other.used.map(|used| used.0),
            at(other.span)
        );
    }
    for event in &evidence.events {
        let _ = writeln!(
            out,
            "    event {:?}{} code={:?} at={:?} oom={:?} {}",
            event.action,
            shown(&event.name),
            event.exit_code,
            event.at,
            event.oom_killed,
            at(event.span)
        );
    }
    for row in &evidence.listed {
        let _ = writeln!(
            out,
            "    listed{} code={:?} running={} restarting={} unhealthy={}",
            shown(&row.name),
            row.exit_code,
            row.running,
            row.restarting,
            row.unhealthy
        );
    }
    for usage in &evidence.usages {
        let _ = writeln!(
            out,
            "    usage{} {} of {:?}",
            shown(&usage.name),
            usage.used.0,
            usage.limit.map(|limit| limit.0)
        );
    }
    for log in &evidence.logs {
        let _ = writeln!(
            out,
            "    log {:?} {}: {}{} size={:?} reported={} task={} said={:?} {}",
            log.sign,
            log.who,
            log.what,
            shown(&log.name),
            log.size.map(|size| size.0),
            log.reported,
            log.is_task,
            log.said,
            at(log.span)
        );
    }
    for own in &evidence.inspected {
        let _ = writeln!(
            out,
            "    inspected{} oom={:?} code={:?} memory={:?} swap={:?} restarts={:?}",
            shown(&own.name),
            own.oom_killed.as_ref().map(|own| own.value),
            own.exit_code.as_ref().map(|own| own.value),
            own.memory.as_ref().map(|own| own.value),
            own.memory_swap.as_ref().map(|own| own.value),
            own.restarts.as_ref().map(|own| own.value)
        );
    }
    if evidence.missing_kills > 0 {
        let _ = writeln!(out, "    missing kills {}", evidence.missing_kills);
    }
    out
}

fn table(rows: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut out = String::new();
    for row in rows {
        let (sources, evidence) = read(row.as_ref().as_bytes());
        let _ = writeln!(out, "{}\n{}", row.as_ref().trim_end(), pieces(&sources, &evidence));
    }
    out
}

#[test]
fn events() {
    let json = |fields: &str| format!("{{{fields}}}\n");
    let mut rows: Vec<String> = Vec::new();
    for word in [
        "start",
        "oom",
        "die",
        "died",
        "stop",
        "restart",
        "exec_die",
        "exec_died",
        "health_status: healthy",
        "create",
        "dance",
    ] {
        rows.push(format!("2026-08-01T21:18:00Z container {word} {ID} (image=a:1, name=web)\n"));
        rows.push(json(&format!(
            "\"Type\":\"container\",\"Action\":\"{word}\",\"Actor\":{{\"ID\":\"{ID}\"}}"
        )));
    }
    for signal in [
        "9",
        "15",
        "SIGKILL",
        "KILL",
        "SIGTERM",
        "TERM",
        "SIGHUP",
        "sigusr1",
        "SIGSYS",
        "SIGRTMIN",
        "SIGRTMIN+3",
        "RTMIN-1",
        "SIGX",
        "",
    ] {
        rows.push(format!("2026-08-01T21:18:00Z container kill {ID} (signal={signal})\n"));
    }
    for fields in [
        "\"status\":\"die\",\"time\":1",
        "\"status\":\"die\"",
        "\"status\":\"\",\"time\":1",
        "\"status\":\"die\",\"timeNano\":1500000000",
        "\"Status\":\"died\",\"Time\":\"2026-08-01T21:18:42Z\",\"Name\":\"web\",\"Image\":\"a:1\",\"ContainerExitCode\":137",
        "\"Action\":\"die\",\"Type\":\"\",\"time\":1",
        "\"Action\":\"die\",\"type\":\"container\",\"time\":1,\"id\":\"43e21b8b51a9\",\"from\":\"a:1\"",
        "\"action\":\"die\",\"type\":\"network\",\"time\":1",
        "\"Action\":\"die\",\"actor\":{\"id\":\"43e21b8b51a9\",\"attributes\":{\"exitCode\":137,\"name\":\"web\"}}",
        "\"Action\":\"die\",\"time\":1,\"Attributes\":{\"exitCode\":\"1\",\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"web\"}",
        "\"Action\":\"die\",\"Actor\":{\"Attributes\":{\"exitCode\":[1],\"name\":null}}",
        "\"Action\":\"health_status\",\"Actor\":{\"Attributes\":{\"health_status\":\"unhealthy\"}}",
        "\"Action\":\"health_status\",\"Actor\":{\"Attributes\":{\"health_status\":\"healthy\"}}",
        "\"Action\":\"health_status: unhealthy\",\"Actor\":{}",
        "\"Action\":\"exec_create: sh -c x\",\"Actor\":{}",
        "\"Action\":\"kill\",\"Actor\":{\"Attributes\":{\"signal\":9}}",
    ] {
        rows.push(json(fields));
    }
    let id = "43e21b8b51a9";
    for line in [
        format!("2026-08-01T21:18:00Z container health_status: unhealthy {id} (name=web)"),
        format!("2026-08-01T21:18:00Z container health_status {id} (name=web)"),
        format!("2026-08-01T21:18:00Z container die {id}"),
        format!("container die {id} (exitCode=1)"),
        format!("2026-08-01T21:18:00Z network die {id} (exitCode=1)"),
        "2026-08-01T21:18:00Z container die web (exitCode=1)".to_owned(),
        "2026-08-01T21:18:00Z container".to_owned(),
        format!("2026-08-01T21:18:00Z container die {id} (xname=a, name=b, exitCode=7)"),
        format!("2026-08-01T21:18:00Z container die {id} (a=name=x,name=b)"),
        format!("2026-08-01T21:18:00Z container die {id} (namex=a, name=b)"),
        format!("2026-08-01T21:18:00Z container die {id} (name= b )"),
        format!("2026-08-01T21:18:00Z container die {id} (namename=a, a=1)"),
        format!("2015-09-03T16:20:42-07:00 {id}: (from a:1) die"),
        format!("2015-09-03T16:20:42-07:00 {id}: (from a:1) dance"),
        format!("2015-09-03T16:20:42-07:00 {id}: die"),
        format!("2015-09-03T16:20:42-07:00 {id} (from a:1) die"),
        "1785619122 die web exitCode=137".to_owned(),
        "1785619122 die web more exitCode=137".to_owned(),
        "1785619122 die exitCode=137".to_owned(),
        "1785619122 die".to_owned(),
        format!("1785619122 die {id}"),
        "1785619122 die 43e21b8b51a".to_owned(),
        "1785619122 dance web".to_owned(),
        "178561912 die web".to_owned(),
        "1785619122.5 die web".to_owned(),
        "17856191x2 die web".to_owned(),
        "1234567890T die web".to_owned(),
        format!("msg=\"event &TaskOOM{{ContainerID:{id},}}\""),
        format!("topic=/tasks/oom container={id} x"),
        format!("topic=/tasks/oom contained={id}"),
        format!("topic=/tasks/exit container={id}"),
    ] {
        rows.push(line + "\n");
    }
    insta::assert_snapshot!("why_lines_events", table(rows));
}

#[test]
fn lists_and_statistics() {
    let docker = LIST;
    let compose = "NAME   IMAGE   COMMAND   SERVICE   CREATED   STATUS   PORTS\n";
    let mut rows: Vec<String> = Vec::new();
    for status in [
        "Up 5 days",
        "Up 5 days (healthy)",
        "Up 5 days (unhealthy)",
        "Exited (137) 5 days ago",
        "Exited (x) 5 days ago",
        "Restarting (1) 4 seconds ago",
        "Created",
        "Dead",
        "Paused",
        "Removal In Progress",
        "Exited(1)",
    ] {
        rows.push(format!("{docker}43e21b8b51a9   a:1   \"x\"   2 weeks ago   {status}   80/tcp   web\n"));
        rows.push(format!("{compose}web-1   a:1   \"x\"   web   2 weeks ago   {status}\n"));
        rows.push(format!("{{\"Names\":\"web\",\"Status\":\"{status}\",\"ID\":\"43e21b8b51a9\"}}\n"));
    }
    for text in [
        format!("{docker}web   a:1   \"x\"   2 weeks ago   Exited (1) 5 days ago   web\n"),
        format!("{docker}43e21b8b51a9   a:1   \"x\"   2 weeks ago   Exited (1) 5 days ago\n"),
        format!(
            "{docker}43e21b8b51a9   a:1   \"x\"   2 weeks ago   Exited (1) 5 days ago   0.0.0.0:80->80/tcp\n"
        ),
        "CONTAINER ID\tSTATUS\n43e21b8b51a9\tExited (1) 5 days ago\n".to_owned(),
        "CONTAINER ID   IMAGE   NAMES\n43e21b8b51a9   Exited (1) 5 days ago   web\n".to_owned(),
        "CONTAINER ID   IMAGE\n43e21b8b51a9   Exited (1) 5 days ago   web\n".to_owned(),
        "NAME   STATUS\nweb   Exited (1) 5 days ago\n".to_owned(),
        "NAME   COMMAND   SERVICE   STATUS   PORTS\nshop-web-1   \"app --token=hunter2\"   web   running (healthy)\nshop-db-1   \"postgres\"   db   Exited (1) 5 days ago\n".to_owned(),
        "CONTAINER ID   NAMES   STATUS\n43e21b8b51a9   web   Exited (1) 5 days ago\n".to_owned(),
        "CONTAINER ID   STATUS   IMAGE\n43e21b8b51a9   Exited (1) 5 days ago   a:1\n".to_owned(),
        "CONTAINER ID   STATUS   NAMES   IMAGE\n43e21b8b51a9   Exited (1) 5 days ago   web   a:1\n".to_owned(),
        "NAME   STATES\nweb   Exited (1) 5 days ago\n".to_owned(),
        "NAMES   STATUS\nweb   Exited (1) 5 days ago\n".to_owned(),
    ] {
        rows.push(text);
    }
    for fields in [
        "\"Service\":\"web\",\"ExitCode\":137,\"Name\":\"shop-web-1\",\"Project\":\"shop\",\"State\":\"exited\"",
        "\"Service\":\"web\",\"ExitCode\":0,\"State\":\"running\",\"Health\":\"unhealthy\"",
        "\"Service\":\"web\",\"ExitCode\":0,\"State\":\"running\",\"Health\":\"healthy\"",
        "\"Service\":\"web\",\"ExitCode\":1,\"State\":\"restarting\"",
        "\"Service\":\"web\"",
        "\"Service\":\"\",\"ExitCode\":1",
        "\"Names\":\"web\",\"Status\":\"Exited (1) 5 days ago\",\"Image\":\"a:1\",\"Labels\":\"x=1,com.docker.compose.project=shop,com.docker.compose.service=web\"",
        "\"Names\":\"web\",\"Status\":\"Exited (1) 5 days ago\",\"Labels\":\"com.docker.compose.projects=shop\"",
        "\"Names\":\"web\",\"Status\":\"Running\"",
        "\"Status\":\"Up 5 days\"",
    ] {
        rows.push(format!("{{{fields}}}\n"));
    }
    for line in [
        "worker-1 exited with code 137",
        "worker-1 exited with code 137 (restarting)",
        "worker-1 exited with code x",
        "the worker exited with code 1",
        "43e21b8b51a9   web   0.00%   95MiB / 100MiB   95.00%   1kB / 2kB   0B / 0B   1",
        "web   0.00%   95MiB / 100MiB   95.00%",
        "43e21b8b51a9   0.00%   95MiB / 100MiB   95.00%",
        "43e21b8b51a   0.00%   95MiB / 100MiB   95.00%",
        "0.00%   95MiB / 100MiB   95.00%",
        "web   95MiB / 100MiB   95.00%",
        "web   95% /",
        "web   0.00%   x / 100MiB",
        "web   0.00%   95MiB / x",
        "web   0.00%   95MiB of 100MiB",
        "web   0.00   95MiB / 100MiB",
        "{\"Name\":\"web\",\"ID\":\"43e21b8b51a9\",\"MemUsage\":\"95MiB / 100MiB\"}",
        "{\"Name\":\"web\",\"MemUsage\":\"0B / 100MiB\"}",
        "{\"Name\":\"web\",\"MemUsage\":\"95MiB\"}",
        "{\"Container\":\"43e21b8b51a9\",\"MemUsage\":\"1B / x\"}",
    ] {
        rows.push(format!("{line}\n"));
    }
    insta::assert_snapshot!("why_lines_lists", table(rows));
}

#[test]
fn killers() {
    let at = "Mar 29 01:08:45 fedora";
    let oomd = format!("{at} systemd-oomd[1]: ");
    let pressure = |path: &str| format!("{oomd}Memory pressure for {path} is 60.00%, greater than 50.00%\n");
    let ended = format!("{at} systemd[1]: docker-{ID}.scope: Deactivated successfully.\n");
    let other = format!("{at} systemd[1]: nothing\n");
    let mut rows: Vec<String> = Vec::new();
    for text in [
        format!("{oomd}Killed /user.slice/a.scope due to pressure"),
        format!("{oomd}Killed /system.slice/docker-{ID}.scope due to pressure"),
        format!("{oomd}Killed a.scope due to pressure"),
        format!("{at} sh[1]: systemd-oomd Killed /user.slice/a.scope"),
        format!("{at} sh[1]: Killed /user.slice/a.scope"),
        format!("{oomd}Killed /"),
        pressure("/user.slice"),
        pressure("/user.slice").changed("greater", "less"),
        pressure("/user.slice").changed("systemd-oomd", "sh"),
        format!("{oomd}Pressure is greater than 5"),
        pressure("/system.slice") + &ended,
        pressure("/system.slice") + &ended + &ended,
        pressure("/system.slice") + &other.repeat(11) + &ended,
        pressure("/system.slice") + &other.repeat(12) + &ended,
        pressure("/a.slice") + &pressure("/b.slice") + &ended,
        pressure("/system.slice") + &ended.changed(".scope", ".service"),
        pressure("/system.slice") + &format!("{at} systemd[1]: session-1.scope: Deactivated successfully.\n"),
        ended.clone(),
        format!("{at} systemd[1]: web.service: A process of this unit has been killed by the OOM killer."),
        format!("{at} systemd[1]: web.service: Failed with result 'oom-kill'."),
        format!("{at} systemd[1]: web.service: Failed with result 'exit-code'."),
        format!("{at} systemd[1]: web.mount: Failed with result 'oom-kill'."),
        format!("{at} systemd[1]: my web.service: Failed with result 'oom-kill'."),
        format!("{at} systemd[1]: a.slice: Failed with result 'oom-kill'."),
        format!("{at} systemd[1]: docker-{ID}.scope: Failed with result 'oom-kill'."),
        "killed by the OOM killer".to_owned(),
    ] {
        rows.push(text);
    }
    for by in ["earlyoom[1]", "nohang[1]"] {
        for rest in [
            "process 42 uid 0 \"java\": badness 900, VmRSS 500 MiB",
            "process 42 uid 0: badness 900, VmRSS 500 MiB",
            "process 42 uid 0 \"java\": badness 900",
            "process 42 uid 0 \"java\": badness 900, VmRSS x MiB",
            "process 42 uid 0 \"java\": badness 900, VmRSS 9223372036854775807 MiB",
        ] {
            rows.push(format!("{at} {by}: sending SIGTERM to {rest}"));
        }
        rows.push(format!("{at} {by}: sending SIGKILL to nobody"));
        rows.push(format!("{at} {by}: sending SIGKILL to process 42 uid 0 \"java\""));
        rows.push(format!("{at} {by}: sending SIGINT to process 42 uid 0 \"java\""));
    }
    insta::assert_snapshot!("why_lines_killers", table(rows));
}

/// Of a line of the kernel only the message counts, after everything that loggers write before it.
#[test]
fn prefixes() {
    let message = "memory: usage 5kB, limit 9kB, failcnt 1";
    let rows = [
        "",
        "  ",
        "> ",
        ">",
        "> > ",
        "<6>",
        "<>",
        "<1234>",
        "<123>",
        "<6a>",
        "kern  :info  : ",
        "kern:info:",
        "user:err: ",
        "mail:info: ",
        "kern:INFO: ",
        "kern:abcdefgh: ",
        "kern:abcdefg: ",
        "kern: ",
        "[1.5] ",
        "[  1.5]: ",
        "[15] ",
        "[a] ",
        "[1:5] ",
        "[a:b] ",
        "[T15] ",
        "[C1] ",
        "[T] ",
        "[X15] ",
        "[1.5][ T15] ",
        "[1.5",
        "[Fri Nov 20 03:12:44 2026] ",
        "[Fri Nov 20 03:12:44 2026 aaaaaaaaaaaaaaaaaaaaaa] ",
        "[Fri Nov 20 03:12:44 2026 aaaaaaaaaaaaaaaaaaaaaaa] ",
        "[Fri Nov 20 03:12:44 2026 aaaaaaaaaaaaaaaaaaaaaaaa] ",
        "May 15 23:09:27 host kernel: ",
        "May  5 23:09:27 host kernel: ",
        "May 15 23:09:27 kernel: ",
        "May 15 23:09:27 a b kernel: ",
        "Mai 15 23:09:27 host kernel: ",
        "May 1x 23:09:27 host kernel: ",
        "May 15 23:09 host kernel: ",
        "May 15 23-09-27 host kernel: ",
        "May 15 23:09-27 host kernel: ",
        "2026-07-25T14:23:17 host kernel: ",
        "2026-07-25 14:23:17 host kernel: ",
        "2026-7-25T14:23:17 host kernel: ",
        "2026/07/25T14:23:17 host kernel: ",
        "2026-07-25T14:23 host kernel: ",
        "May 15 23:09:27 host kernel[1]: ",
        "May 15 23:09:27 host ker{nel: ",
        "May 15 23:09:27 host [1]: ",
        "> <6>[1.5] ",
        "> > > > > > > > ",
        "> > > > > > > > > ",
        "May 15 23:09:27 host kernel: [1.5] ",
        "x ",
    ];
    let long = |length: usize| format!("May 15 23:09:27 {} kernel: ", "h".repeat(length));
    let rows = rows.iter().map(|row| (*row).to_owned()).chain([long(90), long(91), long(92), long(93)]);
    let mut out = String::new();
    for row in rows {
        let (_, evidence) = read(format!("{row}{message}\n").as_bytes());
        let usage = evidence.kernel.first().and_then(|kill| kill.usage);
        let _ = writeln!(out, "{} `{row}`", if usage.is_some() { "read" } else { "-   " });
    }
    insta::assert_snapshot!("why_lines_prefixes", out);
}

#[test]
fn names_and_ids() {
    let mut out = String::new();
    let half = &ID[..32];
    let ids = [
        ID,
        "43e21b8b51a9",
        "43E21B8B51A9",
        "43e2",
        "43e",
        "43e2...e95e",
        "43e2…e95e",
        "43e21b8b51a9...",
        "43e2...e95f",
        "43e2...5e",
        "53e2...e95e",
        "43e21b8b51a0",
        "43e2x",
        "...e95e",
        "",
        &format!("{half}...{half}"),
    ];
    for id in ids {
        let own = ContainerId::parse(id);
        let _ = writeln!(out, "{id}: {:?}", own.as_ref().map(|own| (own.text(), own.short(), own.digits())));
        for other in ids {
            if let (Some(own), Some(their)) = (&own, ContainerId::parse(other)) {
                let _ = writeln!(out, "    {} {other}", if own.matches(&their) { "is" } else { "is not" });
            }
        }
    }
    for path in [
        format!("/docker/{ID}"),
        format!("/docker/{ID}/init"),
        "/docker/43e2".to_owned(),
        "/system.slice/docker-43e2.scope".to_owned(),
        "/a/43e21b8b51a".to_owned(),
        "/a/43e21b8b51a9".to_owned(),
        "/a/43e2...".to_owned(),
        "/system.slice/docker-43e21b8b51a9...scope".to_owned(),
        "/system.slice/docker-43e21b8b51a9scope".to_owned(),
        "/libpod-43e2/x".to_owned(),
        format!("/a/{ID}/b/7ab2c9d0e1f2"),
        format!("/{ID}"),
        "/docker- 43e2".to_owned(),
        String::new(),
    ] {
        let text = |id: Option<ContainerId>| id.map(|id| id.short());
        let _ =
            writeln!(out, "{path}: {:?} in {:?}", text(container_of(&path)), text(outer_container(&path)));
    }
    for (path, above) in [
        ("/a/b", "/a"),
        ("/a", "/a"),
        ("/ab", "/a"),
        ("/a", "/a/b"),
        ("/a/b", "/a/"),
        ("/a", "/"),
        ("b/a", "/a"),
    ] {
        let _ = writeln!(out, "{path} below {above}: {}", is_below(path, above));
    }
    for (name, service) in [
        ("web", "web"),
        ("web-1", "web"),
        ("web_1", "web"),
        ("web-x", "web"),
        ("shop-web-1", "web"),
        ("shopweb-1", "web"),
        ("web-1", "web-1"),
        ("/web-1", "web"),
        ("shop-web", "web"),
    ] {
        let _ = writeln!(out, "{name} of {service}: {}", is_of_service(name, service));
    }
    let name = |id: &str, name: &str, output: &str, project: &str, service: &str| {
        let own = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Name {
            id: ContainerId::parse(id),
            name: own(name),
            output: own(output),
            image: None,
            project: own(project),
            service: own(service),
        }
    };
    let names = [
        name("43e21b8b51a9", "", "", "", ""),
        name("53e21b8b51a9", "", "", "", ""),
        name("43e21b8b51a9", "shop-web-1", "", "", ""),
        name("", "shop-web-1", "", "", ""),
        name("", "shop-web-2", "", "", ""),
        name("", "shop_web_1", "", "shop", "web"),
        name("", "shop-web-1", "", "shop", "web"),
        name("", "shop-web-1", "", "blog", "web"),
        name("", "web-1", "", "", ""),
        name("", "cobweb-1", "", "", ""),
        name("", "", "web-1", "", ""),
        name("", "", "web-2", "", ""),
        name("", "", "", "shop", "web"),
        name("", "", "", "blog", "web"),
        name("", "", "", "", "web"),
        name("", "", "", "", "db"),
        name("", "", "", "shop", ""),
        name("", "", "", "", ""),
    ];
    for own in &names {
        let _ = writeln!(out, "{{{}}} shown {:?}, empty {}", shown(own).trim(), own.shown(), own.is_empty());
        for their in &names {
            let mut both = own.clone();
            both.merge(their);
            let _ = writeln!(
                out,
                "    {} {{{}}}, both {{{}}}",
                if own.matches(their) { "is" } else { "is not" },
                shown(their).trim(),
                shown(&both).trim()
            );
        }
    }
    insta::assert_snapshot!("why_lines_names", out);
}

#[test]
fn logs() {
    let heap = "java.lang.OutOfMemoryError: Java heap space";
    let bar = |length: usize| format!("{} | {heap}", "n".repeat(length));
    let mut rows: Vec<String> = Vec::new();
    for before in [
        "",
        "web-1  | ",
        "web-1\t| ",
        "web 1 | ",
        "Exception in thread \"main\" ",
        "Caused by: ",
        "INFO ",
        "ERROR ",
        "[main] ",
        "[INFO] ",
        "(main) ",
        "[main ",
        "12:00:01 ",
        "- ",
        "see ",
        "a.b.",
        "a.b:",
        "x",
        "{\"level\":\"ERROR\",\"m\":\"",
        "{\"level\":\"info\",\"m\":\"",
        "{\"m\":\"",
        "{\"m\": \"",
        "{\"m\":[\"",
        "{ \"m\":\"see ",
        "\"m\":\"",
        "a {\"m\": 1} ",
        "web-1  | {\"m\":\"",
    ] {
        rows.push(format!("{before}{heap}"));
    }
    rows.extend([bar(77), bar(78), bar(79)]);
    rows.push("Picked up JAVA_TOOL_OPTIONS: -XX:+ExitOnOutOfMemoryError".to_owned());
    // The first 8192 bytes of a line are looked at: all of the error's name, or all but its last letter.
    let name = "java.lang.OutOfMemoryError".len();
    for before in [8192 - name, 8192 - name + 1] {
        let text = format!("{} {heap}", "1".repeat(before - 1));
        let (_, evidence) = read(text.as_bytes());
        rows.push(format!("error behind {before} bytes: {}", evidence.logs.len()));
    }
    for line in [
        "memory allocation of 1048576 bytes failed",
        "memory allocation of 0 bytes failed",
        "memory allocation of x bytes failed",
        "memory allocation of (5 bytes failed",
        "memory allocation failed",
        "bytes failed, memory allocation of",
        "Container /shop-web-1 (19934500d80e) found to be unhealthy - Restarting container now",
        "Container /shop-web-1 found to be unhealthy - Restarting container now",
        "(19934500d80e) found to be unhealthy - Restarting container now",
        "msg=\"Container failed to exit within 10s of signal 15 - using the force\" container=43e21b8b51a9",
        "Container 43e21b8b51a9 failed to exit within 10 seconds of signal 15 - using the force",
        "Container failed to exit within 10 seconds of signal 15 - using the force",
        "StopSignal SIGTERM failed to stop container web in 10 seconds, resorting to SIGKILL",
        "web-1  | StopSignal SIGTERM failed to stop container  db in 10 seconds, resorting to SIGKILL",
        "a   web.1   a:1   n1   Shutdown   Failed 2 minutes ago   \"task: non-zero exit (137)\"",
        "a   web.1   a:1   n1   Shutdown   Failed   \"task: non-zero exit (137)\"",
        "Worker (pid:8) was sent SIGKILL! 2 minutes ago",
        "{\"MESSAGE\":\"java.lang.OutOfMemoryError: x\",\"SYSLOG_IDENTIFIER\":\"web\"}",
        "{\"MESSAGE\":[106,97,118,97,46,108,97,110,103,46,79,117,116,79,102,77,101,109,111,114,121,69,114,114,111,114,256],\"_COMM\":\"java\"}",
        "{\"MESSAGE\":5,\"m\":\"java.lang.OutOfMemoryError\"}",
        "{\"log\":\"java.lang.OutOfMemoryError: x\\n\",\"stream\":\"stderr\"}",
        "{\"log\":\"java.lang.OutOfMemoryError: x\\n\"}",
        "{\"HostConfig\":{},\"m\":\"java.lang.OutOfMemoryError\"}",
        "{\"a\":1,\n\"m\":\"java.lang.OutOfMemoryError\",\n\"n\":\"JavaScript heap out of memory\"}",
        "{\"MESSAGE\":\"sending SIGTERM to process 42\",\"SYSLOG_IDENTIFIER\":\"earlyoom\"}",
        "{\"MESSAGE\":\"sending SIGTERM to process 42\",\"_COMM\":\"earlyoom\"}",
        "{\"MESSAGE\":\"sending SIGTERM to process 42\",\"_TRANSPORT\":\"earlyoom\"}",
        "{\"MESSAGE\":\"sending SIGTERM to process 42\"}",
    ] {
        rows.push(line.to_owned());
    }
    insta::assert_snapshot!("why_lines_logs", table(rows));
}

#[test]
fn templates() {
    let rows = [
        "/web OOMKilled=true ExitCode=137",
        "web: OOMKilled=true",
        "web OOMKilled=TRUE",
        "web OOMKilled=yes",
        "web ExitCode=x",
        "web ExitCode=-1",
        "ExitCode=1",
        "Name=web ExitCode=1",
        "Name=web",
        "web Memory=5",
        "web Memory=5 ExitCode=1 MemorySwap=-1 RestartCount=2",
        "web MemLimit=7,ExitCode=1",
        "43e21b8b51a9 ExitCode=1",
        "43e21b8b51a ExitCode=1",
        "the web ExitCode=1",
        "the /web ExitCode=1",
        "- /web - ExitCode=1",
        "we$b ExitCode=1",
        ".State.ExitCode=1 .Name=/web",
        "web XExitCode=1",
        "web\tExitCode=1",
        "web ExitCode=1 ExitCode=2",
        "web OOMKilled=true\nExitCode=1",
        "web OOMKilled=true\ndb ExitCode=1",
        "web ExitCode=1\nweb ExitCode=2",
        "web OOMKilled=true\nweb ExitCode=2",
        "Names=web OOMKilled=true\nNames=db OOMKilled=false",
    ];
    insta::assert_snapshot!("why_lines_templates", table(rows));
}

#[test]
fn kernel_reports() {
    let kill = |pid: i64| {
        format!(
            "Out of memory: Killed process {pid} (a b) total-vm:9kB, anon-rss:8kB, file-rss:0kB, shmem-rss:1kB, UID:0 oom_score_adj:-5\n"
        )
    };
    let paths = |pid: i64| {
        format!(
            "oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/a.slice,task=a b,pid={pid},uid=0\n"
        )
    };
    let asked = "b invoked oom-killer: order=0\n";
    let row = "[   42]     0    42   600000   400000   100       0             0 python3\n";
    let mut rows: Vec<String> = vec![
        paths(1) + &kill(1),
        kill(1) + &paths(1),
        kill(1) + &paths(2),
        kill(1) + &kill(2),
        paths(1) + &paths(2),
        paths(1) + &kill(2),
        asked.to_owned() + &paths(1) + &kill(1) + asked,
        kill(1) + &paths(1) + asked + &kill(2),
        kill(1) + asked + &paths(1),
        asked.to_owned(),
        asked.to_owned() + asked,
        asked.to_owned() + row,
        row.to_owned(),
        asked.to_owned() + row + &kill(42),
        asked.to_owned() + row + &kill(43),
    ];
    // The other line of a kill is looked for eight kills back.
    for back in [7, 8, 9] {
        let others: String = (0..back).map(|at| kill(100 + at)).collect();
        rows.push(kill(1) + &others + &paths(1));
    }
    for line in [
        "oom-kill:x",
        "oom-kill:constraint=CONSTRAINT_CPUSET,task=a,pid=1,uid=0",
        "oom-kill:constraint=CONSTRAINT_MEMORY_POLICY,task=a,pid=1",
        "oom-kill:constraint=X,task=a,pid=1",
        "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a/b,task=a, b,pid=1,uid=0",
        "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a",
        "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/docker/43e21b8b51a9",
        "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=,task_memcg=/a,task=,pid=x",
        "oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a b,task_memcg=/c d,task=xtask=e...,pid= 7 ,uid=0",
        "oom-kill:constraint=CONSTRAINT_NONE,task=a,pid=1,uid=0[1.5] Out of memory: Killed process 1 (a) total-vm:9kB, anon-rss:8kB",
        "oom-kill:constraint=CONSTRAINT_NONE,task=a,pid=1,uid=0 and more",
        "Killed process 1 (a) total-vm:9kB, anon-rss:8kB",
        "Killed process x (a) total-vm:9kB, anon-rss:8kB",
        "Killed process 1 a total-vm:9kB, anon-rss:8kB",
        "Memory cgroup out of memory: Killed process 1 (a), UID 5, total-vm:9kB, anon-rss:8kB",
        "Out of memory: Killed process 1 (a (b)) total-vm:9kB, anon-rss:8kB, shmem-rss:5",
        "Out of memory: Killed process 1 (a) total-vm:9kB, anon-rss:8KB",
        "Out of memory: Killed process 1 (a) score 5",
        "Memory cgroup out of memory: Kill process 1 (a) score 5 or sacrifice child",
        "Out of memory: Kill process 1 (a) score 5\nKilled process 2 (b) total-vm:9kB, anon-rss:8kB",
        "Out of memory: Kill process 1 (a) score 5\nOut of memory: Kill process 2 (b) score 5",
        "Out of memory: Kill process a",
        "Out of memory: Process stopped 2953 (python) total-vm:9kB, anon-rss:8kB",
        "Process stopped 2953 (python) total-vm:9kB, anon-rss:8kB",
        "Task in /docker/43e21b8b51a9 killed as a result of limit of /docker/43e21b8b51a9",
        "Task in /a/b killed as a result of limit of /a",
        "Task in /a/b killed as a result of limit of /c",
        "Task in a killed as a result of limit of b",
        "Task in /a killed as a result of limit of /c...",
        "Task in /a killed as a result of limit of /a\nKilled process 1 (a) total-vm:9kB, anon-rss:8kB\nTask in /a killed as a result of limit of /a",
        "a cpuset=43e21b8b51a9 mems_allowed=0",
        "a mems_allowed=0",
        "memory: usage 5kB, limit 9kB",
        "memory: usage 5kB, limit 9007199254740988kB",
        "memory: usage 5kB, limit 1125899906842624kB",
        "memory: usage 5kB, limit 1125899906842623kB",
        "memory: usage 5, limit 9kB",
        "memory+swap: usage 5kB, limit 9kB",
        "my memory: usage 5kB, limit 9kB",
        "Memory cgroup stats for /docker/43e21b8b51a9: cache:0KB rss:5KB swap:6KB shmem:7KB",
        "Memory cgroup stats for /docker/43e21b8b51a9:",
        "Memory cgroup stats for x: rss:5kB",
        "b invoked oom-killer: order=0\nanon 5\nshmem 6\nfile 7\nshmem x\nshmem",
        "anon 5\nshmem 6",
        "oom_kill_process: 3 callbacks suppressed",
        "oom_kill_process: x callbacks suppressed",
        "oom_kill_process: -3 callbacks suppressed",
        "b invoked oom-killer: order=0\n mem_cgroup_oom+0x1/0x2",
        "b invoked oom-killer: order=0\n mem_cgroup_oom",
        " mem_cgroup_oom+0x1/0x2",
        " __alloc_pages_nodemask+0x1/0x2",
        "b invoked oom-killer: order=0\n __alloc_pages_nodemask+0x1/0x2\n mem_cgroup_oom+0x1/0x2",
        "b invoked oom-killer: order=0\nmemory: usage 5kB, limit 9kB\n __alloc_pages_nodemask+0x1/0x2",
    ] {
        rows.push(format!("{line}\n"));
    }
    // Lines that go on, at most six of them.
    let first = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=x,\n";
    for parts in [
        "oom_memcg=/a,task_memcg=/a/b,task=a,pid=1,uid=0\n",
        "cpuset=x,\noom_memcg=/a,\ntask_memcg=/a/b,\ntask=a,pid=1,uid=0\n",
        "cpuset=1,\ncpuset=2,\ncpuset=3,\ncpuset=4,\ncpuset=5,\ntask=a,pid=1\n",
        "cpuset=1,\ncpuset=2,\ncpuset=3,\ncpuset=4,\ncpuset=5,\ncpuset=6,\ntask=a,pid=1\n",
        "prose\ntask=a,pid=1\n",
        "",
    ] {
        rows.push(format!("{first}{parts}"));
    }
    for row in [
        "[   42]     0    42   600000   400000   100       0             0 CPU 0/KVM",
        "[   42]     0    42   600000",
        "[   4x]     0    42   600000   400000   100       0             0 a",
        "[   42]     0    42   6   4   5",
    ] {
        rows.push(format!("{asked}{row}\nNode 0 Normal: 12*4kB (UM) = 9kB\n7 pages RAM\n"));
    }
    for block in [
        "Node 0 DMA: 1*4kB (U)",
        "Node 0 DMA: 1*5kB (U)",
        "Node 0 DMA: x*4kB (U)",
        "Node 0 DMA: *4kB (U)",
        "Node 0 DMA: 1*64kB (U)",
        "Node 0 DMA: 1*4 (U)",
        "Node 0 aaaaaaaaaaaaaaaaaaaaa: 1*4kB (U)",
        "Node 0 aaaaaaaaaaaaaaaaaaaaaa: 1*4kB (U)",
    ] {
        rows.push(format!("{asked}7 pages RAM\n{block}\n"));
    }
    // The size of a page by the one that was killed: 600000 pages are its address space in kB.
    for (name, total) in [
        ("three quarters", 1_800_000),
        ("more than three quarters", 1_800_600),
        ("one and a half", 3_600_000),
        ("less than that", 3_599_400),
    ] {
        let kill = kill(42).changed("total-vm:9kB", &format!("total-vm:{total}kB"));
        rows.push(format!("{asked}7 pages RAM\n{row}{kill}{name}\n"));
    }
    let zero = row.changed("600000", "0");
    rows.push(format!("{asked}7 pages RAM\n{zero}{}", kill(42)));
    // Eight lines of a kill are kept.
    rows.push(asked.to_owned() + &"memory: usage 5kB, limit 9kB\n".repeat(9));
    insta::assert_snapshot!("why_lines_kernel", table(rows));
}

/// An entry that a terminal wrapped is joined up to 8192 bytes, and its place is that of its first line.
#[test]
fn wrapped_entries() {
    let mut out = String::new();
    let heap = "java.lang.OutOfMemoryError: Java heap space";
    for length in [640, 8128, 8192, 8193, 8256, 8500] {
        for width in [64, 80] {
            let before = "[1.5] ERROR ";
            let entry = format!("{before}{} {heap}", "1".repeat(length - before.len() - heap.len() - 1));
            let other = format!("[2.5] {}", "a".repeat(width * 2));
            let text = wrapped(&format!("{other}\n{entry}\n{other}\n"), width);
            let (sources, evidence) = read(text.as_bytes());
            let _ = write!(out, "{length} bytes at {width}\n{}", pieces(&sources, &evidence));
        }
    }
    for width in [59, 60, 61, 240, 241] {
        for times in [1, 2] {
            let full = format!("[1.5] ERROR {}", "1".repeat(width - "[1.5] ERROR ".len()));
            let entry = format!("{full}\njava.lang.OutOfMemoryError: x\n");
            let other = if times == 2 { format!("{full}\nmore\n") } else { String::new() };
            let (sources, evidence) = read(format!("{other}{entry}").as_bytes());
            let _ = write!(out, "{width} columns, {times} times\n{}", pieces(&sources, &evidence));
        }
    }
    // What does not go on: text of another kind, a blank line, a line with a prefix.
    for next in [
        "java.lang.OutOfMemoryError: x",
        "{java.lang.OutOfMemoryError: x",
        "}java.lang.OutOfMemoryError",
        "`java.lang.OutOfMemoryError",
        "$ java.lang.OutOfMemoryError",
        "# java.lang.OutOfMemoryError",
        "\njava.lang.OutOfMemoryError",
        "[1.5] java.lang.OutOfMemoryError",
    ] {
        let full = format!("[1.5] ERROR {}", "1".repeat(68));
        let (sources, evidence) = read(format!("{full}\nmore\n{full}\nmore\n{full}\n{next}\n").as_bytes());
        let _ = write!(out, "{next}\n{}", pieces(&sources, &evidence));
    }
    // A full line may have lost its last blank, and only that.
    for short in [0, 1, 2] {
        let full = format!("[1.5] ERROR {}", "1".repeat(68));
        let held = &full[..80 - short];
        let (sources, evidence) =
            read(format!("{full}\nmore\n{full}\nmore\n{held}\njava.lang.OutOfMemoryError: x\n").as_bytes());
        let _ = write!(out, "{short} columns less\n{}", pieces(&sources, &evidence));
    }
    insta::assert_snapshot!("why_lines_wrapped", out);
}

#[test]
fn json_in_text() {
    let die = "{\"Action\":\"die\",\"Actor\":{\"Attributes\":{\"name\":\"web\"}}}";
    let heap = "java.lang.OutOfMemoryError";
    let rows = [
        format!("{die}{die}"),
        format!("{die},{die}"),
        format!("  {die} , {heap}"),
        format!("[{die},{die}]"),
        format!("[[{die}]]"),
        format!("[ {die} ]{heap}"),
        format!("a {die}"),
        format!("{{{die}"),
        format!("{{x {heap}"),
        format!("[1.5] {heap}"),
        format!("{{}} {heap}"),
        format!("{{\n\"a\": [1,2],\n\"b\": \"{heap}\"}}"),
        format!("{{\"a\": \"x\\\"{heap}\\\"\"}}"),
        format!("[{{\"a\":\"],[\"}},{{\"b\":\"{heap}\"}}]"),
        format!("[{{\"a\":[1,[2]]}}, 5, {{\"b\":\"{heap}\"}}]"),
        format!("{{\"a\":\"\\\\\",\"b\":\"{heap}\"}}"),
        format!("{die}\r\n{heap}\r\n"),
        format!("{{broken\n{die}\n"),
        format!("{{\"broken\n{die}\n"),
        format!("\"a\": \"{heap}\", \"b\": 1"),
        format!("\"a\": 1, \"b\": {heap}"),
        format!("x \"{heap}"),
    ];
    insta::assert_snapshot!("why_lines_json", table(rows));
}
