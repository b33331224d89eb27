//! Which container, service and finding an answer of `oomlint why` is of, on each side of every condition: tables as in `why_verdicts`.

use crate::why::read;
use crate::why_parts::{Changed as _, ID, OTHER, UNFLAGGED, labels, list};
use crate::why_verdicts::{OF_CGROUP, OF_HOST, Table, at_limit, counted, inspected, memory, paths, sizes};

/// A kill of a process by its name alone.
fn alone(process: &str, anon: i64) -> String {
    sizes(OF_HOST, anon, 0).changed("(java)", &format!("({process})"))
}

/// A limit in kB, 1000 MiB: Docker takes none below 6 MiB.
const LIMIT: i64 = 1_024_000;
/// A MiB in kB.
const MIB: i64 = 1024;

const DIED: &str = "Exited (137) 5 days ago";
const FAILED: &str = "Exited (1) 5 days ago";

/// A container that nothing happened to is not answered next to one that died.
#[test]
fn containers_that_need_an_answer() {
    let mut table = Table::default();
    let died = list(&[("d", "a:1", DIED, "died")]);
    for (state, host, more) in [
        ("\"ExitCode\":1", "", ""),
        ("\"ExitCode\":0", "", ""),
        ("\"OOMKilled\":true", "", ""),
        ("\"OOMKilled\":false", "", ""),
        ("\"Health\":{\"Status\":\"unhealthy\",\"FailingStreak\":3}", "", ""),
        ("\"Health\":{\"Status\":\"unhealthy\",\"FailingStreak\":2}", "", ""),
        ("\"Running\":true,\"Health\":{\"Status\":\"unhealthy\",\"FailingStreak\":2}", "", ""),
        ("\"Running\":true,\"Health\":{\"Status\":\"healthy\",\"FailingStreak\":2}", "", ""),
        ("\"Health\":{\"Status\":\"healthy\",\"FailingStreak\":0}", "", ""),
        ("", "\"Memory\":0,\"MemorySwap\":-1", ""),
        ("", "\"Memory\":0,\"MemorySwap\":0", ""),
        ("", "\"Memory\":1,\"MemorySwap\":-1", ""),
        ("\"ExitCode\":0", "", "\"RestartCount\":1,"),
        ("\"ExitCode\":0", "", "\"RestartCount\":0,"),
        ("\"ExitCode\":0", "\"OomKillDisable\":true", ""),
        ("\"ExitCode\":0", "\"OomKillDisable\":false", ""),
    ] {
        let inspect = inspected(state, host, more);
        table.case(&format!("{state} {host} {more}"), &[("ps.txt", &died), ("inspect.json", &inspect)]);
    }
    let quiet = inspected("\"ExitCode\":0", "", "");
    for status in ["Exited (0) 5 days ago", FAILED, "Up 5 days (unhealthy)", "Up 5 days"] {
        let rows = list(&[("d", "a:1", DIED, "died"), ("4", "a:1", status, "web")]);
        table.case(&format!("listed as {status}, alone"), &[("ps.txt", &rows)]);
        table.case(&format!("listed as {status}"), &[("ps.txt", &rows), ("inspect.json", &quiet)]);
    }
    for word in [
        "start",
        "oom",
        "die",
        "kill",
        "stop",
        "restart",
        "health_status: unhealthy",
        "health_status: healthy",
        "exec_die",
    ] {
        let event = format!("2026-08-01T21:18:00Z container {word} {ID} (name=web)\n");
        table.case(word, &[("ps.txt", &died), ("events.txt", &event)]);
    }
    table.case("the kernel", &[("ps.txt", &died), ("kernel.txt", &at_limit("", 5, 0))]);
    let oomd = format!("systemd-oomd[1]: Killed /system.slice/docker-{ID}.scope due to memory pressure\n");
    table.case("systemd-oomd", &[("ps.txt", &died), ("oomd.txt", &oomd)]);
    table.case(
        "a log",
        &[
            ("ps.txt", &died),
            ("inspect.json", &quiet),
            ("web.log", "java.lang.OutOfMemoryError: Java heap space\n"),
        ],
    );
    insta::assert_snapshot!("why_who_needs_an_answer", table.0);
}

/// A process that no line ties to a container is one of a container of its name whose end it explains.
#[test]
fn kills_without_a_path() {
    let mut table = Table::default();
    for (image, process) in [
        ("java:8", "java"),
        ("acme/java:8", "java"),
        ("java@sha256:5", "java"),
        ("javaw:8", "java"),
        ("mysql:8", "mysqld"),
        ("mysql:8", "mysqlds"),
        ("mysql:8", "mysqldst"),
        ("mysql:8", "mysqlD"),
        ("mysql:8", "mysql8"),
        ("postgresql:8", "postgres"),
        ("postgresqls:8", "postgres"),
        ("node:8", "noded"),
        ("python:8", "python3"),
        ("go:8", "go1"),
        ("php:8", "php8.2-fpm"),
        ("a-program-of-a-long-name:8", "a-program-of-a-"),
        ("a-program-of-another-name:8", "a-program-of-a-"),
        ("a-program-of:8", "a-program"),
        ("acme:8", "runc:[2:INIT]"),
        ("acme:8", "crun"),
        ("acme:8", "web"),
    ] {
        let rows = list(&[("4", image, DIED, "web")]);
        table.case(
            &format!("{process} in {image}"),
            &[("ps.txt", &rows), ("kernel.txt", &alone(process, 500_000))],
        );
    }
    let rows =
        list(&[("4", "java:8", DIED, "one"), ("5", "java:8", DIED, "two"), ("6", "node:8", DIED, "three")]);
    table.case(
        "two containers of this program",
        &[("ps.txt", &rows), ("kernel.txt", &alone("java", 500_000))],
    );
    table
        .case("one container of this program", &[("ps.txt", &rows), ("kernel.txt", &alone("node", 500_000))]);
    let rows = list(&[("4", "java:8", DIED, "one"), ("5", "java:8", FAILED, "two")]);
    table.case(
        "two containers, of which one was killed",
        &[("ps.txt", &rows), ("kernel.txt", &alone("java", 500_000))],
    );
    // Whose end a kill explains.
    for state in
        ["\"OOMKilled\":true,\"ExitCode\":1", "\"ExitCode\":137", "\"ExitCode\":128", "\"ExitCode\":1"]
    {
        let inspect = inspected(state, &memory(0), "\"Path\":\"java\",\"Args\":[],");
        table.case(state, &[("inspect.json", &inspect), ("kernel.txt", &alone("java", 500_000))]);
    }
    // A process that had more than the limit ran elsewhere.
    let limited = inspected(
        &format!("{UNFLAGGED},\"ExitCode\":137"),
        &memory(LIMIT),
        "\"Path\":\"java\",\"Args\":[\"node\",\"ruby\",\"perl\",\"bash\"],",
    );
    let free =
        inspected(&format!("{UNFLAGGED},\"ExitCode\":137"), &memory(0), "\"Path\":\"java\",\"Args\":[],");
    for (name, inspect, all) in [
        ("as large as the limit", &limited, &[("java", LIMIT)][..]),
        ("larger than the limit", &limited, &[("java", LIMIT + 1)]),
        ("larger than no limit", &free, &[("java", LIMIT + 1)]),
        ("two that are larger", &limited, &[("java", LIMIT + MIB), ("java", LIMIT + 2 * MIB)]),
        (
            "two that are larger, the first most",
            &limited,
            &[("java", LIMIT + 2 * MIB), ("java", LIMIT + MIB)],
        ),
        ("one that is larger, and one that fits", &limited, &[("java", LIMIT + MIB), ("java", 9)]),
        ("one that fits, and one that is larger", &limited, &[("java", 9), ("java", LIMIT + MIB)]),
        (
            "five names that are larger",
            &limited,
            &[
                ("java", LIMIT + MIB),
                ("node", LIMIT + 2 * MIB),
                ("ruby", LIMIT + 3 * MIB),
                ("perl", LIMIT + 4 * MIB),
                ("bash", LIMIT + 5 * MIB),
                ("java", LIMIT + 6 * MIB),
            ],
        ),
    ] {
        let kernel: String = all.iter().map(|(process, anon)| alone(process, *anon)).collect();
        table.case(name, &[("inspect.json", inspect), ("kernel.txt", &kernel)]);
    }
    for line in ["1785619122 die java exitCode=137", "1785619122 die java exitCode=1", "1785619122 oom java"]
    {
        table.case(line, &[("events.txt", line), ("kernel.txt", &alone("java", 500_000))]);
    }
    // A kill in the root has no path; one elsewhere is of no container.
    for path in ["/", "/user.slice"] {
        let kernel = format!("{}{}", paths("NONE", "", path), sizes(OF_HOST, 500_000, 0));
        table.case(path, &[("inspect.json", &free), ("kernel.txt", &kernel)]);
    }
    // The process that asked need not be the one that was killed, and neither is its container.
    let cpuset = format!(
        "java invoked oom-killer: order=0\njava cpuset={ID} mems_allowed=0\n{}",
        sizes(OF_HOST, 500_000, 0)
    );
    table.case(
        "the cpuset of the process that asked, on a full host",
        &[("kernel.txt", &cpuset.changed("(java)", "(node)"))],
    );
    let asked = "java invoked oom-killer: order=0\n__alloc_pages_slowpath+0x1/0x2\n";
    table.case("the process that asked", &[("inspect.json", &free), ("kernel.txt", asked)]);
    insta::assert_snapshot!("why_kills_without_a_path", table.0);
}

#[test]
fn kills_of_programs() {
    let mut table = Table::default();
    let oomd = |path: &str| format!("systemd-oomd[1]: Killed {path} due to memory pressure for /a.slice\n");
    let systemd = |unit: &str| {
        format!("systemd[1]: {unit}: A process of this unit has been killed by the OOM killer.\n")
    };
    let earlyoom = |process: &str, size: &str| {
        format!(
            "earlyoom[1]: sending SIGTERM to process 42 uid 0 \"{process}\": badness 900, VmRSS {size} MiB\n"
        )
    };
    let scope = format!("docker-{ID}.scope");
    let limited = inspected(
        &format!("{UNFLAGGED},\"ExitCode\":137"),
        &memory(1 << 20),
        "\"Path\":\"java\",\"Args\":[],",
    );
    let free =
        inspected(&format!("{UNFLAGGED},\"ExitCode\":137"), &memory(0), "\"Path\":\"java\",\"Args\":[],");
    for (name, line) in [
        ("systemd-oomd, a container", oomd(&format!("/system.slice/{scope}"))),
        ("systemd-oomd, a unit", oomd("/user.slice/firefox.scope")),
        ("earlyoom, a process", earlyoom("java", "500")),
        ("earlyoom, a larger process", earlyoom("java", "1025")),
        ("earlyoom, a process as large as the limit", earlyoom("java", "1024")),
        ("earlyoom, another process", earlyoom("firefox", "500")),
        ("systemd, a container", systemd(&scope)),
        ("systemd, a service", systemd("web.service")),
        ("systemd, a slice", systemd("web.slice")),
        ("systemd, a user", systemd("user@1000.service")),
        ("systemd, a name that a shell reads", systemd("a$b.service")),
        ("systemd, the same twice", systemd("web.service").repeat(2)),
        ("systemd, two", systemd("web.service") + &systemd("db.service")),
        (
            "systemd, and the kernel",
            paths("MEMCG", "/a.slice/web.service", "/a.slice/web.service") + &systemd("web.service"),
        ),
        (
            "systemd, and the kernel elsewhere",
            paths("MEMCG", "/a.slice/db.service", "/a.slice/db.service") + &systemd("web.service"),
        ),
        (
            "systemd-oomd, and the kernel",
            paths("MEMCG", "/a.slice/web.service", "/a.slice/web.service") + &oomd("/a.slice/web.service"),
        ),
        ("four of systemd-oomd", oomd(&format!("/system.slice/{scope}")).repeat(4)),
    ] {
        table.case(name, &[("log.txt", &line)]);
        for (limit, inspect) in [("1 GiB", &limited), ("none", &free)] {
            table.case(&format!("{name}, limit {limit}"), &[("log.txt", &line), ("inspect.json", inspect)]);
        }
    }
    let missing = format!("{}oom_kill_process: 3 callbacks suppressed\n", at_limit("", 5, 0));
    table.case("kills that are not logged", &[("kernel.txt", &missing)]);
    let one = missing.changed(" 3 ", " 1 ");
    table.case("one kill that is not logged", &[("kernel.txt", &one)]);
    let only_count = "oom_kill_process: 3 callbacks suppressed\n";
    table.case("none that is logged", &[("kernel.txt", only_count), ("inspect.json", &limited)]);
    insta::assert_snapshot!("why_kills_of_programs", table.0);
}

#[test]
fn evidence_without_a_name() {
    let mut table = Table::default();
    let part = "\"OOMKilled\": true,\n\"ExitCode\": 137,\n";
    let heap = "java.lang.OutOfMemoryError: Java heap space\n";
    let one = list(&[("4", "a:1", DIED, "web")]);
    let two = list(&[("4", "a:1", DIED, "web"), ("5", "a:1", DIED, "db")]);
    let own = inspected(&format!("{UNFLAGGED},\"ExitCode\":1"), &memory(0), "");
    let compose_list = "NAME   IMAGE   COMMAND   SERVICE   CREATED   STATUS   PORTS\nshop-api-1  a:1  \"a\"  api  2 weeks ago  Exited (1) 5 days ago\nshop-db-1  a:1  \"a\"  db  2 weeks ago  Exited (1) 5 days ago\n";
    let output = "api-1 exited with code 137\ndb-1 exited with code 1\n";
    for (name, files) in [
        ("a part of inspect alone", &[("part.txt", part)][..]),
        ("a part of inspect, one container", &[("part.txt", part), ("ps.txt", &one)]),
        ("a part of inspect, two containers", &[("part.txt", part), ("ps.txt", &two)]),
        ("a part of inspect, an inspected container", &[("part.txt", part), ("inspect.json", &own)]),
        ("a log alone", &[("app.log", heap)]),
        ("a log, one container", &[("app.log", heap), ("ps.txt", &one)]),
        ("a log, two containers", &[("app.log", heap), ("ps.txt", &two)]),
        (
            "two logs, two containers",
            &[("app.log", heap), ("b.log", "pthread_create failed (EPERM) for x\n"), ("ps.txt", &two)],
        ),
        ("two logs", &[("app.log", heap), ("b.log", "pthread_create failed (EPERM) for x\n")]),
        (
            "two lines of a log",
            &[("app.log", &format!("{heap}java.lang.OutOfMemoryError: Metaspace\n")), ("ps.txt", &two)],
        ),
        ("the log of a container's name", &[("db.log", heap), ("ps.txt", &two)]),
        ("the log of a service", &[("db.log", heap), ("ps.txt", compose_list)]),
        ("the log of an output", &[("db-1.log", heap), ("up.txt", output)]),
        ("the log of another output", &[("dc-1.log", heap), ("up.txt", output)]),
        ("a log with names", &[("app.log", &format!("db-1  | {heap}")), ("up.txt", output)]),
        (
            "a log and a kill of no container",
            &[("app.log", heap), ("kernel.txt", &alone("mysqld", 5)), ("ps.txt", &two)],
        ),
        ("a log with a kill", &[("app.log", &format!("{}{heap}", alone("mysqld", 5))), ("ps.txt", &two)]),
    ] {
        table.case(name, files);
    }
    // Kills of processes without a container.
    let of = |path: &str, process: &str, full: &str| {
        paths(full, if full == "MEMCG" { path } else { "" }, path)
            .changed("task=java", &format!("task={process}"))
    };
    for (name, text) in [
        ("the same process twice", of("/a.slice", "a", "NONE") + &of("/a.slice", "a", "NONE")),
        ("two processes", of("/a.slice", "a", "NONE") + &of("/a.slice", "b", "NONE")),
        ("two paths", of("/a.slice", "a", "NONE") + &of("/b.slice", "a", "NONE")),
        ("two reasons", of("/a.slice", "a", "NONE") + &of("/a.slice", "a", "MEMCG")),
        (
            "a container, and a process",
            of(&format!("/docker/{ID}"), "a", "NONE") + &of("/a.slice", "a", "NONE"),
        ),
        (
            "two containers",
            of(&format!("/docker/{ID}"), "a", "NONE") + &of(&format!("/docker/{OTHER}"), "a", "NONE"),
        ),
    ] {
        table.kernel(name, &text);
    }
    insta::assert_snapshot!("why_evidence_without_a_name", table.0);
}

/// A Compose file of services with an image, a limit and more.
fn compose(project: &str, services: &[(&str, &str, &str)]) -> String {
    let own = |(name, image, more): &(&str, &str, &str)| {
        let more: String = more
            .split(';')
            .filter(|own| !own.is_empty())
            .map(|own| format!("    {}\n", own.trim()))
            .collect();
        format!("  {name}:\n    image: {image}\n{more}")
    };
    let name = if project.is_empty() { String::new() } else { format!("name: {project}\n") };
    format!("{name}services:\n{}", services.iter().map(own).collect::<String>())
}

#[test]
fn services_of_containers() {
    let mut table = Table::default();
    let state = format!("{UNFLAGGED},\"ExitCode\":137");
    let inspect = |name: &str, image: &str, labels: &str| {
        inspected(&state, &memory(0), "").changed("/web", name).changed(
            "\"Config\":{}",
            &format!("\"Config\":{{\"Image\":\"{image}\",\"Labels\":{{{labels}}}}}"),
        )
    };
    let label = |project: &str, service: &str| {
        labels(project, service).trim_start_matches("\"Labels\":{").trim_end_matches('}').to_owned()
    };
    let services = compose(
        "shop",
        &[
            ("web", "acme/web:1", ""),
            ("db", "acme/db:1", "container_name: base"),
            ("two", "acme/two:1", ""),
            ("web-2", "acme/two:1", ""),
        ],
    );
    for (name, image, labels) in [
        ("/x", "b:1", label("shop", "web")),
        ("/x", "b:1", label("other", "web")),
        ("/x", "b:1", label("shop", "none")),
        ("/x", "b:1", "\"com.docker.compose.service\":\"web\"".to_owned()),
        ("/base", "b:1", String::new()),
        ("/web", "b:1", String::new()),
        ("/shop-web-1", "b:1", String::new()),
        ("/shop_web_1", "b:1", String::new()),
        ("/shop-web-2", "b:1", String::new()),
        ("/shop-web-2-1", "b:1", String::new()),
        ("/web-2", "b:1", String::new()),
        ("/web-1", "b:1", String::new()),
        ("/my-web-1", "b:1", String::new()),
        ("/shop-web-x", "b:1", String::new()),
        ("/shopweb-1", "b:1", String::new()),
        ("/x", "acme/web:1", String::new()),
        ("/x", "acme/two:1", String::new()),
        ("/x", "acme/web", String::new()),
    ] {
        table.case(
            &format!("{name} {image} {labels}"),
            &[("inspect.json", &inspect(name, image, &labels)), ("compose.yaml", &services)],
        );
    }
    // Two projects have a service of this name.
    let (first, second) = (
        compose("shop", &[("web", "a:1", "mem_limit: 1g")]),
        compose("blog", &[("web", "a:2", "mem_limit: 2g")]),
    );
    for (name, labels) in [
        ("/x", label("shop", "web")),
        ("/x", label("blog", "web")),
        ("/x", label("none", "web")),
        ("/shop-web-1", String::new()),
        ("/blog-web-1", String::new()),
        ("/web", String::new()),
        ("/web", label("blog", "web")),
        ("/web-1", String::new()),
        ("/my-web-1", String::new()),
        ("/x", "\"com.docker.compose.service\":\"web\"".to_owned()),
    ] {
        for image in ["b:1", "a:2"] {
            table.case(
                &format!("two projects, {name} {image} {labels}"),
                &[
                    ("inspect.json", &inspect(name, image, &labels)),
                    ("a/compose.yaml", &first),
                    ("b/compose.yaml", &second),
                ],
            );
        }
    }
    let unnamed = compose("", &[("web", "a:1", "mem_limit: 1g")]);
    for project in ["shop", "a"] {
        table.case(
            &format!("a project without a name, {project}"),
            &[("inspect.json", &inspect("/x", "b:1", &label(project, "web"))), ("a/compose.yaml", &unnamed)],
        );
    }
    for (name, labels) in [
        ("/x", label("a", "web")),
        ("/x", label("b", "web")),
        ("/x", label("c", "web")),
        ("/web", String::new()),
        ("/a-web-1", String::new()),
        ("/b-web-1", String::new()),
        ("/c-web-1", String::new()),
    ] {
        table.case(
            &format!("two projects without a name, {name} {labels}"),
            &[
                ("inspect.json", &inspect(name, "b:1", &labels)),
                ("a/compose.yaml", &unnamed),
                ("b/compose.yaml", &unnamed.changed("1g", "2g")),
            ],
        );
    }
    table.case(
        "two projects, a list",
        &[
            ("ps.txt", &list(&[("4", "b:1", DIED, "web")])),
            ("a/compose.yaml", &first),
            ("b/compose.yaml", &second),
        ],
    );
    // An override file makes no other service of it.
    table.case(
        "a base and an override file",
        &[
            ("inspect.json", &inspect("/web", "b:1", "")),
            ("a/compose.yaml", &unnamed),
            ("a/compose.override.yaml", "services:\n  web:\n    init: true\n"),
            ("a/compose.prod.yaml", "services:\n  web:\n    read_only: true\n"),
        ],
    );
    let suffix = compose("", &[("web", "a:1", "mem_limit: 1g"), ("api-web", "a:1", "mem_limit: 2g")]);
    for name in ["/shop-api-web-1", "/api-web-1", "/shop-web-1"] {
        table.case(name, &[("inspect.json", &inspect(name, "b:1", "")), ("a/compose.yaml", &suffix)]);
    }
    insta::assert_snapshot!("why_services_of_containers", table.0);
}

#[test]
fn the_only_service() {
    let mut table = Table::default();
    let one = compose("shop", &[("web", "acme/java:1", "mem_limit: 1000m")]);
    let two = compose("shop", &[("web", "acme/java:1", "mem_limit: 1000m"), ("db", "acme/db:1", "")]);
    let state = format!("{UNFLAGGED},\"ExitCode\":137");
    let part = "\"OOMKilled\": true,\n\"ExitCode\": 137,\n";
    let id_alone = |limit: &str| inspected(&state, limit, "").changed("\"Name\":\"/web\",", "");
    let of_project = |project: &str| {
        let labels = format!("\"Config\":{{\"Labels\":{{\"com.docker.compose.project\":\"{project}\"}}}}");
        id_alone(&memory(LIMIT)).changed("\"Config\":{}", &labels)
    };
    let killed = at_limit("", LIMIT / 2, 0);
    let large = at_limit("", LIMIT + 1, 0);
    let full = at_limit("", LIMIT, 0);
    let node = killed.changed("java", "node");
    let heap = "java.lang.OutOfMemoryError: Java heap space\n";
    for (name, files) in [
        ("a part of inspect", &[("part.txt", part)][..]),
        ("a part of inspect, and a kill", &[("part.txt", part), ("kernel.txt", &alone("mysqld", 5))]),
        ("a log", &[("app.log", heap)]),
        ("an ID without a name", &[("inspect.json", &id_alone(""))]),
        ("an ID with the limit", &[("inspect.json", &id_alone(&memory(LIMIT)))]),
        ("an ID with another limit", &[("inspect.json", &id_alone(&memory(LIMIT + 1)))]),
        ("an ID without a limit", &[("inspect.json", &id_alone(&memory(0)))]),
        ("a kill of the program", &[("kernel.txt", &killed)]),
        ("a kill of another program", &[("kernel.txt", &node)]),
        (
            "a kill of another program at the limit",
            &[("kernel.txt", &at_limit(&counted(LIMIT, LIMIT), LIMIT / 2, 0).changed("java", "node"))],
        ),
        (
            "a kill of the program at another limit",
            &[("kernel.txt", &at_limit(&counted(LIMIT - 1, LIMIT - 1), LIMIT / 2, 0))],
        ),
        ("a kill of the program as large as the limit", &[("kernel.txt", &full)]),
        ("a kill of the program, larger than the limit", &[("kernel.txt", &large)]),
        (
            "a kill of the program outside",
            &[("kernel.txt", &format!("{}{}", paths("NONE", "", "/a.slice"), sizes(OF_HOST, 5, 0)))],
        ),
        (
            "a kill of the program in the root",
            &[("kernel.txt", &format!("{}{}", paths("NONE", "", "/"), sizes(OF_HOST, 5, 0)))],
        ),
        ("a kill of the program without a path", &[("kernel.txt", &sizes(OF_CGROUP, 5, 0))]),
        (
            "a kill of the name of the service",
            &[("kernel.txt", &sizes(OF_CGROUP, 5, 0).changed("java", "web"))],
        ),
        (
            "earlyoom, the program",
            &[(
                "log.txt",
                "earlyoom[1]: sending SIGTERM to process 42 uid 0 \"java\": badness 900, VmRSS 1000 MiB\n",
            )],
        ),
        (
            "earlyoom, larger",
            &[(
                "log.txt",
                "earlyoom[1]: sending SIGTERM to process 42 uid 0 \"java\": badness 900, VmRSS 1001 MiB\n",
            )],
        ),
        (
            "earlyoom, another program",
            &[(
                "log.txt",
                "earlyoom[1]: sending SIGTERM to process 42 uid 0 \"node\": badness 900, VmRSS 1000 MiB\n",
            )],
        ),
        ("a container of another name", &[("ps.txt", &list(&[("4", "a:1", DIED, "x")]))]),
        ("an event of another name", &[("events.txt", "1785619122 die x exitCode=137\n")]),
        (
            "an event of another service",
            &[(
                "events.json",
                "{\"Action\":\"die\",\"Actor\":{\"Attributes\":{\"exitCode\":\"137\",\"com.docker.compose.service\":\"x\"}}}\n",
            )],
        ),
        ("an ID with the limit, of the project", &[("inspect.json", &of_project("shop"))]),
        ("an ID with the limit, of another project", &[("inspect.json", &of_project("blog"))]),
        (
            "a container of the service, and a kill",
            &[("ps.txt", &list(&[("5", "a:1", DIED, "web")])), ("kernel.txt", &killed)],
        ),
    ] {
        for (which, compose) in [("one", &one), ("two", &two)] {
            let files: Vec<(&str, &str)> =
                files.iter().copied().chain([("compose.yaml", compose.as_str())]).collect();
            table.case(&format!("{name}, {which}"), &files);
        }
    }
    // Its program by the words of its command, and a limit that is not known.
    let command = compose("shop", &[("app", "acme/x:1", "command: java -jar a.jar")]);
    table.case("a kill of the command", &[("kernel.txt", &killed), ("compose.yaml", &command)]);
    let entrypoint = compose("shop", &[("app", "acme/x:1", "entrypoint: java -jar a.jar")]);
    table.case("a kill of the entrypoint", &[("kernel.txt", &killed), ("compose.yaml", &entrypoint)]);
    let open = compose("shop", &[("app", "java:1", "mem_limit: ${LIMIT}")]);
    table.case("a limit that is not known", &[("kernel.txt", &large), ("compose.yaml", &open)]);
    table.case("a limit that is not known, and its state", &[("part.txt", part), ("compose.yaml", &open)]);
    let none = compose("shop", &[("app", "java:1", "")]);
    table.case("no limit, and its state", &[("part.txt", part), ("compose.yaml", &none)]);
    insta::assert_snapshot!("why_the_only_service", table.0);
}

#[test]
fn findings_that_explain() {
    let mut table = Table::default();
    let inspect = inspected(&format!("{UNFLAGGED},\"ExitCode\":137"), &memory(400 << 10), "");
    let service = |more: &str| compose("shop", &[("web", "acme/web:1", &format!("mem_limit: 400m; {more}"))]);
    // A limit of 400 MiB, a quarter of which is 100 MiB.
    let swap = |used: i64, limit: i64| {
        format!("{}memory+swap: usage {used}kB, limit {limit}kB, failcnt 1\n", counted(409_600, 409_600))
    };
    let tmpfs = "tmpfs: /tmp";
    for (name, more, before, anon, shmem) in [
        ("shared memory of a quarter", tmpfs, counted(409_600, 409_600), 200_000, 102_400),
        ("shared memory of more", tmpfs, counted(409_600, 409_600), 200_000, 102_401),
        ("no shared memory", tmpfs, counted(409_600, 409_600), 200_000, 0),
        ("swap is full", "", swap(500_000, 500_000), 200_000, 0),
        ("swap is not full", "", swap(499_999, 500_000), 200_000, 0),
        (
            "a heap that is too large",
            "command: java -Xmx600m -jar a.jar",
            counted(409_600, 409_600),
            200_000,
            0,
        ),
        ("a heap of default size", "command: java -jar a.jar", counted(409_600, 409_600), 200_000, 0),
        (
            "a heap of default size that the process exceeds",
            "command: java -jar a.jar",
            counted(409_600, 409_600),
            409_000,
            0,
        ),
        ("a server with many processes", "", counted(409_600, 409_600), 20_000, 0),
    ] {
        let kernel = at_limit(&before, anon, shmem);
        let files =
            [("kernel.txt", kernel.as_str()), ("inspect.json", &inspect), ("compose.yaml", &service(more))];
        table.case(name, &files);
        table.case(&format!("{name}, without inspect"), &[files[0], files[2]]);
        let no_shmem = kernel.replace(", shmem-rss:0kB", "");
        if no_shmem != kernel {
            table.case(
                &format!("{name}, nothing of shared memory"),
                &[("kernel.txt", &no_shmem), files[1], files[2]],
            );
        }
    }
    for (name, kib) in [("a quarter", 102_400), ("more than a quarter", 102_401)] {
        let before = format!("Memory cgroup stats for /docker/{ID}: cache:5kB rss:5kB swap:{kib}kB\n");
        let kernel = at_limit(&(counted(409_600, 409_600) + &before), 200_000, 0);
        table.case(
            &format!("{name} in swap"),
            &[("kernel.txt", &kernel), ("inspect.json", &inspect), ("compose.yaml", &service(""))],
        );
    }
    let small: String = (0..3).map(|_| at_limit(&counted(409_600, 409_600), 900, 0)).collect();
    table.case(
        "many small processes",
        &[("kernel.txt", &small), ("inspect.json", &inspect), ("compose.yaml", &service(""))],
    );
    let host = crate::why_verdicts::at_host("", &format!("/docker/{ID}"), 200_000);
    for more in ["", "command: java -jar a.jar", "command: java -Xmx600m -jar a.jar"] {
        table.case(
            &format!("a full host, {more}"),
            &[("kernel.txt", &host), ("inspect.json", &inspect), ("compose.yaml", &service(more))],
        );
    }
    // What differs from the files is only named for the limit.
    for limit in ["400m", "500m"] {
        let other = compose("shop", &[("web", "acme/web:1", &format!("mem_limit: {limit}; shm_size: 256m"))]);
        let labelled = inspect.changed("\"Config\":{}", "\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"web\"}}");
        let files = [
            ("kernel.txt", at_limit(&counted(409_600, 409_600), 200_000, 0)),
            ("inspect.json", labelled),
            ("compose.yaml", other),
        ];
        table.case(
            &format!("a container of 400 MiB, files of {limit}"),
            &files.each_ref().map(|(name, text)| (*name, text.as_str())),
        );
    }
    // Of the default heap of 126 MiB and 250 MiB outside it.
    for (limit, anon) in [(400, 385_024), (400, 385_025), (377, 300_000), (376, 300_000), (375, 300_000)] {
        let kernel = at_limit("", anon, 0);
        let java = compose(
            "shop",
            &[("web", "acme/web:1", &format!("mem_limit: {limit}m; command: java -jar a.jar"))],
        );
        let own = inspected(&format!("{UNFLAGGED},\"ExitCode\":137"), &memory(limit << 10), "");
        table.case(
            &format!("a limit of {limit} MiB, {anon} kB in use"),
            &[("kernel.txt", &kernel), ("inspect.json", &own), ("compose.yaml", &java)],
        );
    }
    // Other settings may differ, too.
    let shm = inspect.changed("\"Memory\"", "\"ShmSize\":67108864,\"Memory\"").changed(
        "\"Config\":{}",
        "\"Config\":{\"Labels\":{\"com.docker.compose.project\":\"shop\",\"com.docker.compose.service\":\"web\"}}",
    );
    for limit in ["400m", "500m"] {
        let other = compose("shop", &[("web", "acme/web:1", &format!("mem_limit: {limit}; shm_size: 256m"))]);
        table.case(
            &format!("another shm_size, files of {limit}"),
            &[
                ("kernel.txt", &at_limit(&counted(409_600, 409_600), 200_000, 0)),
                ("inspect.json", &shm),
                ("compose.yaml", &other),
            ],
        );
    }
    // Of two containers in one file each has its own.
    let java = |id: &str, name: &str, heap: &str| {
        let config = format!(
            "\"Config\":{{\"Env\":[],\"Entrypoint\":null,\"Cmd\":[\"java\",\"{heap}\",\"-jar\",\"a.jar\"]}}"
        );
        let own = inspect.changed(ID, id).changed("/web", name).changed("\"Config\":{}", &config);
        own.trim().trim_start_matches('[').trim_end_matches(']').to_owned()
    };
    let two = format!("[{},{}]\n", java(ID, "/web", "-Xmx600m"), java(OTHER, "/api", "-Xmx100m"));
    let both_killed = at_limit("", 200_000, 0) + &at_limit("", 200_000, 0).changed(ID, OTHER);
    table.case("two containers", &[("kernel.txt", &both_killed), ("inspect.json", &two)]);
    let two = format!("[{},{}]\n", java(OTHER, "/api", "-Xmx100m"), java(ID, "/web", "-Xmx600m"));
    table.case("two containers in the other order", &[("kernel.txt", &both_killed), ("inspect.json", &two)]);
    // A setting that is not valid is explained by no other one.
    for command in ["java -Xmx512mb -jar a.jar", "java -jar a.jar"] {
        let files = [
            ("web.log", "Invalid maximum heap size: -Xmx512mb\n".to_owned()),
            ("inspect.json", inspect.changed("137", "1")),
            ("compose.yaml", compose("shop", &[("web", "acme/web:1", &format!("command: {command}"))])),
        ];
        table.case(
            &format!("a setting that is not valid, {command}"),
            &files.each_ref().map(|(name, text)| (*name, text.as_str())),
        );
    }
    // Only the service's own findings explain it, and not those of another service.
    let both = compose(
        "shop",
        &[
            ("web", "acme/web:1", "mem_limit: 400m"),
            ("db", "acme/db:1", "mem_limit: 400m; command: java -Xmx600m -jar a.jar"),
        ],
    );
    let kernel = at_limit(&counted(409_600, 409_600), 200_000, 0);
    table.case(
        "a heap of another service",
        &[("kernel.txt", &kernel), ("inspect.json", &inspect), ("compose.yaml", &both)],
    );
    let own = format!("[{}]\n", java(ID, "/web", "-Xmx600m"));
    table.case("a heap of the container", &[("kernel.txt", &kernel), ("inspect.json", &own)]);
    insta::assert_snapshot!("why_findings_that_explain", table.0);
}

#[test]
fn what_to_change() {
    let mut table = Table::default();
    let state = format!("{UNFLAGGED},\"ExitCode\":1");
    let heap = "java.lang.OutOfMemoryError: Java heap space\n";
    let node = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n";
    let service = |more: &str| compose("shop", &[("web", "acme/web:1", more)]);
    for (log, limit, command, more) in [
        (heap, 400, "java -jar a.jar", ""),
        (heap, 0, "java -jar a.jar", ""),
        (heap, 400, "java -Xmx100m -jar a.jar", ""),
        (heap, 400, "java -Xmx299m -jar a.jar", ""),
        (heap, 400, "java -Xmx300m -jar a.jar", ""),
        (heap, 400, "java -XX:MaxRAMPercentage=69.0 -jar a.jar", ""),
        (heap, 400, "java -XX:MaxRAMPercentage=70.0 -jar a.jar", ""),
        (heap, 400, "java -jar a.jar", "environment: [JAVA_TOOL_OPTIONS=-Xmx100m]"),
        (node, 400, "node s.js", ""),
        (node, 0, "node s.js", ""),
        (node, 400, "node --max-old-space-size=100 s.js", ""),
        ("java.lang.OutOfMemoryError: unable to create native thread\n", 400, "java -jar a.jar", ""),
        (
            "java.lang.OutOfMemoryError: unable to create native thread\n",
            400,
            "java -jar a.jar",
            "pids_limit: 100",
        ),
        (
            "java.lang.OutOfMemoryError: unable to create native thread\n",
            400,
            "java -jar a.jar",
            "pids_limit: -1",
        ),
        (
            "java.lang.OutOfMemoryError: unable to create native thread\n",
            400,
            "java -jar a.jar",
            "pids_limit: 0",
        ),
        ("java.lang.OutOfMemoryError: Metaspace\n", 400, "java -jar a.jar", ""),
        ("java.lang.OutOfMemoryError: Direct buffer memory\n", 400, "java -jar a.jar", ""),
        ("Invalid maximum heap size: -Xmx9x\n", 400, "java -jar a.jar", ""),
        ("System.OutOfMemoryException: x\n", 400, "dotnet a.dll", ""),
        ("PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted\n", 400, "php a.php", ""),
        ("memory allocation of 1048576 bytes failed\n", 400, "app", ""),
        ("There is insufficient memory for the Java Runtime\n", 400, "java -jar a.jar", ""),
        ("There is insufficient memory for the Java Runtime\n", 400, "java -Xmx600m -jar a.jar", ""),
        ("There is insufficient memory for the Java Runtime\n", 400, "java -Xmx300m -jar a.jar", ""),
        (
            "could not resize shared memory segment \"x\" to 8388608 bytes: No space left on device\n",
            400,
            "postgres",
            "",
        ),
        (
            "could not resize shared memory segment \"x\" to 67108864 bytes: No space left on device\n",
            400,
            "postgres",
            "",
        ),
        (
            "could not resize shared memory segment \"x\" to 83886080 bytes: No space left on device\n",
            400,
            "postgres",
            "",
        ),
        (
            "could not resize shared memory segment \"x\" to 83886080 bytes: No space left on device\n",
            400,
            "postgres",
            "shm_size: 256m",
        ),
    ] {
        let words: Vec<String> = command.split(' ').map(|word| format!("\"{word}\"")).collect();
        let path = format!("\"Path\":{},\"Args\":[{}],", words[0], words[1..].join(","));
        // What the service says the container has, too.
        let variable = more.split_once('[').map(|(_, rest)| format!("\"{}\"", rest.trim_end_matches(']')));
        let host = match more.split_once(": ") {
            Some(("pids_limit", pids)) => format!(",\"PidsLimit\":{pids}"),
            Some(("shm_size", "256m")) => ",\"ShmSize\":268435456".to_owned(),
            _ => String::new(),
        };
        let config = format!(
            "\"Config\":{{\"Env\":[{}],\"Entrypoint\":null,\"Cmd\":[{}]}}",
            variable.unwrap_or_default(),
            words.join(",")
        );
        let inspect = inspected(&state, &format!("{}{host}", memory(limit << 10)), &path);
        let inspect = inspect.changed("\"Config\":{}", &config);
        let name = format!("{} / {limit} MiB / {command} / {more}", log.trim());
        table.case(&format!("{name} / no files"), &[("web.log", log), ("inspect.json", &inspect)]);
        let compose = service(&format!(
            "{}command: {command}; {more}",
            if limit > 0 { format!("mem_limit: {limit}m; ") } else { String::new() }
        ));
        table.case(&name, &[("web.log", log), ("inspect.json", &inspect), ("compose.yaml", &compose)]);
    }
    insta::assert_snapshot!("why_what_to_change", table.0);
}

/// A container that was killed at its limit used all of it.
#[test]
fn what_is_measured() {
    let state = format!("{UNFLAGGED},\"ExitCode\":137");
    let stats = "43e21b8b51a9   web   0.00%   95MiB / 100MiB   95.00%   0B / 0B   0B / 0B   1\n";
    let own = format!("/docker/{ID}");
    for (limit, kernel, measured) in [
        (1000, at_limit("", 500, 0), vec![1000]),
        (0, at_limit("", 500, 0), vec![]),
        (1000, at_limit(&counted(900, 1000), 500, 0), vec![900]),
        (0, at_limit(&counted(900, 1000), 500, 0), vec![900]),
        (1000, at_limit("", 500, 0).repeat(2), vec![1000, 1000]),
        (1000, crate::why_verdicts::at_host("", &own, 500), vec![]),
        (1000, stats.to_owned(), vec![95 << 10]),
        (1000, String::new(), vec![]),
    ] {
        let text = inspected(&state, &memory(limit), "") + &kernel;
        let (sources, evidence) = read(text.as_bytes());
        let found = oomlint::postmortem::measurements(&evidence, &sources);
        let all: Vec<(String, Vec<i64>)> = found
            .iter()
            .flat_map(|stats| stats.containers())
            .map(|(identity, samples)| {
                (identity.name.clone(), samples.iter().map(|sample| sample.used.0 >> 10).collect())
            })
            .collect();
        let wanted =
            if measured.is_empty() { Vec::new() } else { vec![("web".to_owned(), measured.clone())] };
        assert_eq!(all, wanted, "{limit} {kernel}");
        assert_eq!(found.is_some(), !measured.is_empty(), "{limit} {kernel}");
    }
    // Without a name it cannot be compared with a service.
    let (sources, evidence) = read(at_limit(&counted(900, 1000), 500, 0).as_bytes());
    assert!(oomlint::postmortem::measurements(&evidence, &sources).is_none());
}

/// The memory of the host is that of the last kill for it.
#[test]
fn the_memory_of_the_host() {
    let pages = |count: i64| format!("{count} pages RAM\nNode 0 Normal: 12*4kB (UM) = 9kB\n");
    let host = |count: i64| crate::why_verdicts::at_host(&pages(count), "/a.slice", 5);
    for (text, kib) in [
        (host(100), Some(400)),
        (host(100) + &host(200), Some(800)),
        (host(100) + &crate::why_verdicts::at_host("", "/a.slice", 5), Some(400)),
        (host(100) + &at_limit(&pages(200), 5, 0), Some(400)),
        (at_limit(&pages(200), 5, 0), None),
        (String::new(), None),
    ] {
        let (_, evidence) = read(text.as_bytes());
        assert_eq!(evidence.host_memory().map(|size| size.0 >> 10), kib, "{text}");
    }
}

/// Of a record in JSON only the message is quoted.
#[test]
fn quotes_of_records() {
    let mut table = Table::default();
    let killed = "Memory cgroup out of memory: Killed process 8 (x) total-vm:9kB, anon-rss:8kB";
    let heap = "java.lang.OutOfMemoryError: x";
    let inspect = inspected(&format!("{UNFLAGGED},\"ExitCode\":137"), &memory(100 << 10), "");
    let bytes: Vec<String> = heap.bytes().map(|byte| byte.to_string()).collect();
    for record in [
        format!("{{\"MESSAGE\":\"{killed}\",\"_CMDLINE\":\"x\"}}"),
        format!("{{\"MESSAGE\":[{}],\"_COMM\":\"java\"}}", bytes.join(",")),
        format!("{{\"log\":\"{heap}\\n\",\"stream\":\"stderr\"}}"),
        format!("{{\"log\":\"{{\\\"e\\\":\\\"{heap}\\\"}}\\n\",\"stream\":\"stderr\"}}"),
        format!("{{\"msg\":\"{heap}\",\"x\":\"y\"}}"),
        format!("{{\"text\":\"{heap}\",\"x\":\"y\"}}"),
        format!("web-1  | {{\"message\":\"{heap}\",\"x\":\"y\"}}"),
        format!("web-1  | {{\"text\":\"{killed}\",\"x\":\"y\"}}"),
        format!("web-1  | {{\"message\":\"{killed}\",\"x\":\"y\"}}"),
        format!("[ {{\"message\":\"{killed}\"}}"),
        format!("web-1  | {{{killed}}}"),
        format!("\"text\": \"{killed}\","),
        format!("\"text\" \"{killed}\","),
        "{\"Name\":\"web\",\"MemUsage\":\"95MiB / 100MiB\"}".to_owned(),
        "{\"Name\":\"web\",\"MemUsage\":\"95MiB\"}".to_owned(),
        "web   0.00%   95MiB / 100MiB   95.00%".to_owned(),
        format!("{heap}{}", "é".repeat(300)),
    ] {
        let record = record + "\n";
        table.case(record.trim(), &[("records.txt", &record), ("inspect.json", &inspect)]);
    }
    insta::assert_snapshot!("why_quotes_of_records", table.0);
}
