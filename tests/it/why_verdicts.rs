//! What `oomlint why` answers on each side of every condition, as tables: a line of the table is evidence, and the snapshot of the table
//! has all of its answer.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use oomlint::check::{self, Options};
use oomlint::discover::{self, Discovered, FileKind};
use oomlint::evidence::Evidence;
use oomlint::postmortem::{self, Files};
use oomlint::rules::Policy;
use oomlint::source::{Sources, path_text};

use crate::why_parts::{Changed as _, ID, OTHER, container};

/// Answers for files in memory as the command does: those of a project are read as such, all others are evidence.
pub(crate) fn told(files: &[(&str, &str)]) -> String {
    let sources = Sources::new();
    let mut evidence = Evidence::default();
    let mut discovered = Discovered::default();
    for (name, text) in files {
        let path = Path::new(name);
        let id = sources.add(path, *text);
        if let Some(kind) = discover::kind_of(path) {
            discovered.add(path.into(), kind);
            continue;
        }
        let before = evidence.inspected.len();
        evidence.read(&sources.get(id));
        if evidence.inspected.iter().skip(before).any(|own| own.anchor.is_some()) {
            discovered.add(path.into(), FileKind::Inspected);
        }
    }
    let options = Options {
        select: postmortem::RULES.concat().iter().map(|rule| (*rule).to_owned()).collect(),
        policy: Policy { host_memory: evidence.host_memory(), ..Policy::default() },
        stats: postmortem::measurements(&evidence, &sources).map(Arc::new),
        ..Options::default()
    };
    let outcome = check::run(&options, &sources, &discovered);
    let mut out = String::new();
    for answer in postmortem::answers(&evidence, Files { outcome: &outcome, sources: &sources }) {
        let name = answer.name.as_deref().unwrap_or("-");
        let id =
            answer.id.as_deref().map(|id| format!(" {}", id.get(..12).unwrap_or(id))).unwrap_or_default();
        let of = |what: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(", {what} {value}")).unwrap_or_default()
        };
        let (image, service) = (of("image", &answer.image), of("service", &answer.service));
        let confidence = format!("{:?}", answer.confidence).to_lowercase();
        let verdict = answer.verdict.name();
        let _ = writeln!(out, "{name}{id}{image}{service}: {verdict}, {confidence}");
        for part in answer.answer.split("; ") {
            let _ = writeln!(out, "    {part}");
        }
        for quote in &answer.evidence {
            let source = sources.get(quote.span.file);
            let line = source.position(quote.span.start).line;
            let text: String = quote.text.chars().take(60).collect();
            let _ = writeln!(out, "    | {}:{line} {text}", path_text(source.path()));
        }
        for against in &answer.against {
            let _ = writeln!(out, "    - {against}");
        }
        for missing in &answer.missing {
            let _ = writeln!(out, "    ? {}: {}", missing.what, missing.command);
        }
        for finding in &answer.explained_by {
            let _ = writeln!(out, "    ! {}", finding.rule);
        }
        for change in &answer.change {
            let _ = writeln!(out, "    > {}", change.replace('\n', " "));
        }
    }
    out
}

/// A table: what each case is, and its files. The file's name may be left out.
#[derive(Default)]
pub(crate) struct Table(pub(crate) String);

impl Table {
    pub(crate) fn case(&mut self, name: &str, files: &[(&str, &str)]) {
        let _ = writeln!(self.0, "# {name}\n{}", told(files));
    }

    pub(crate) fn kernel(&mut self, name: &str, text: &str) {
        self.case(name, &[("kernel.txt", text)]);
    }
}

/// The line of the kernel with the two paths; without a limit's path the host was full.
pub(crate) fn paths(constraint: &str, limit: &str, task: &str) -> String {
    let limit = if limit.is_empty() { "global_oom".to_owned() } else { format!("oom_memcg={limit}") };
    format!(
        "oom-kill:constraint=CONSTRAINT_{constraint},nodemask=(null),cpuset=/,mems_allowed=0,{limit},task_memcg={task},task=java,pid=42,uid=0\n"
    )
}

/// The line of the kernel with the sizes in kB.
pub(crate) fn sizes(before: &str, anon: i64, shmem: i64) -> String {
    format!(
        "{before}: Killed process 42 (java) total-vm:99kB, anon-rss:{anon}kB, file-rss:0kB, shmem-rss:{shmem}kB, UID:0 pgtables:1kB oom_score_adj:0\n"
    )
}

pub(crate) const OF_CGROUP: &str = "Memory cgroup out of memory";
pub(crate) const OF_HOST: &str = "Out of memory";

/// A kill at the limit of a container, with what the kernel counts before it.
pub(crate) fn at_limit(before: &str, anon: i64, shmem: i64) -> String {
    let path = format!("/docker/{ID}");
    format!(
        "java invoked oom-killer: order=0\n{before}{}{}",
        paths("MEMCG", &path, &path),
        sizes(OF_CGROUP, anon, shmem)
    )
}

/// The line with the memory of the cgroup and its limit in kB.
pub(crate) fn counted(used: i64, limit: i64) -> String {
    format!("memory: usage {used}kB, limit {limit}kB, failcnt 1\n")
}

/// A kill because the host was full.
pub(crate) fn at_host(before: &str, path: &str, anon: i64) -> String {
    let (paths, sizes) = (paths("NONE", "", path), sizes(OF_HOST, anon, 0));
    format!("java invoked oom-killer: order=0\n{before}{paths}{sizes}")
}

/// A container that `docker inspect` prints. Values that are empty are left out.
pub(crate) fn inspected(state: &str, host: &str, more: &str) -> String {
    format!("[{}]\n", container(ID, "web", [more, state, host, ""]))
}

/// The limit of a container in kB, for `docker inspect`.
pub(crate) fn memory(limit: i64) -> String {
    format!("\"Memory\":{}", limit * 1024)
}

#[test]
fn kills_at_a_limit() {
    let mut table = Table::default();
    let own = format!("/docker/{ID}");
    let other = format!("/docker/{OTHER}");
    // Which cgroup it was.
    for (name, limit, task) in [
        ("its own", own.as_str(), own.as_str()),
        ("below its own", &own, &format!("{own}/init")),
        ("a pod above it", "/kubepods/pod1", &format!("/kubepods/pod1/{ID}")),
        ("a slice that is not above it", "/a.slice", &own),
        ("the container around it", &other, &format!("{other}{own}")),
        ("another container", &other, &own),
        ("a container, of a process that is in none", &own, "/foo"),
        ("no container", "/user.slice/a.service", "/user.slice/a.service"),
        ("no container, with a name that a shell reads", "/user.slice/a$b", "/user.slice/a$b"),
        ("no container, and a path that is none", "user.slice", "/user.slice"),
        ("a path that is cut", "/user.sli...", "/user.slice"),
        ("a task whose path is cut", "/user.slice", "/user.slice/do..."),
        ("a limit that is cut, of a container", "/kubepods/po...", &format!("/kubepods/pod1/{ID}")),
        ("a cut ID is an ID", "/docker/43e21b8b51a9...", "/docker/43e21b8b51a9..."),
        (
            "a name of 48 bytes above it",
            &format!("/{}", "x".repeat(48)),
            &format!("/{}/{ID}", "x".repeat(48)),
        ),
        (
            "a name of 49 bytes above it",
            &format!("/{}", "x".repeat(49)),
            &format!("/{}/{ID}", "x".repeat(49)),
        ),
    ] {
        let text = format!("{}{}", paths("MEMCG", limit, task), sizes(OF_CGROUP, 500, 0));
        table.kernel(&format!("the limit of {name}"), &text);
    }
    let limit_alone = paths("MEMCG", &own, "").changed("task_memcg=,", "");
    table.kernel("the limit alone", &limit_alone);
    // Whether a path is there at all, and where the lines came from.
    let nowhere = sizes(OF_CGROUP, 500, 0);
    for file in ["kernel.txt", "a log.txt", "-"] {
        table.case(&format!("no path, in {file}"), &[(file, &nowhere)]);
    }
    table.kernel(
        "the container of an old cpuset line",
        &format!("java cpuset={ID} mems_allowed=0\n{}", sizes(OF_CGROUP, 500, 0)),
    );
    // The victim.
    for (name, text) in [
        (
            "that no line names",
            format!("java invoked oom-killer: order=0\nMemory cgroup stats for {own}: rss:5kB\n"),
        ),
        ("that nothing names", format!("Memory cgroup stats for {own}: rss:5kB\n")),
        ("with an ID alone", paths("MEMCG", &own, &own)),
        ("without an ID", paths("MEMCG", &own, &own).changed(",pid=42,uid=0", "")),
    ] {
        table.kernel(&format!("a process {name}"), &text);
    }
    insta::assert_snapshot!("why_kills_at_a_limit", table.0);
}

#[test]
fn the_memory_of_kills_at_a_limit() {
    let mut table = Table::default();
    // A limit of 1000 KiB, a quarter of which is 250 KiB.
    for (name, before, anon, shmem) in [
        ("no limit is known", String::new(), 600, 0),
        ("a limit of nothing", counted(0, 0), 600, 0),
        ("the process has all of it", counted(1000, 1000), 1000, 0),
        ("the process has more", counted(1000, 1000), 1001, 0),
        ("the process has a quarter", counted(1000, 1000), 250, 0),
        ("the process has less than a quarter", counted(1000, 1000), 249, 0),
        ("shared memory is a quarter", counted(1000, 1000), 500, 250),
        ("shared memory is more than a quarter", counted(1000, 1000), 500, 251),
        ("little, and shared memory is more than a quarter", counted(1000, 1000), 2, 251),
        ("shared memory, and no limit", String::new(), 5, 999),
        (
            "shared memory of the cgroup is a quarter",
            format!("{}shmem 256000\n", counted(1000, 1000)),
            500,
            999,
        ),
        ("shared memory of the cgroup is more", format!("{}shmem 256001\n", counted(1000, 1000)), 500, 0),
        (
            "swap is full",
            format!("{}memory+swap: usage 2000kB, limit 2000kB, failcnt 1\n", counted(1000, 1000)),
            600,
            0,
        ),
        (
            "swap is not full",
            format!("{}memory+swap: usage 1999kB, limit 2000kB, failcnt 1\n", counted(1000, 1000)),
            600,
            0,
        ),
        (
            "swap of nothing",
            format!("{}memory+swap: usage 0kB, limit 0kB, failcnt 1\n", counted(1000, 1000)),
            600,
            0,
        ),
    ] {
        table.kernel(name, &at_limit(&before, anon, shmem));
    }
    // Three processes with less than a tenth are many small ones.
    for (name, all) in [
        ("two small ones", &[99, 99][..]),
        ("three small ones", &[99, 99, 99]),
        ("three of which one has a tenth", &[99, 100, 99]),
        ("four, of which three are shown", &[99, 99, 99, 99]),
    ] {
        let text: String = all.iter().map(|anon| at_limit(&counted(1000, 1000), *anon, 0)).collect();
        table.kernel(name, &text);
    }
    // The limit of the kernel's line counts before that of `docker inspect`.
    for (name, limit, before) in [
        ("the limit is that of inspect", memory(1000), String::new()),
        ("the limit is that of the kernel", memory(2000), counted(1000, 1000)),
        ("inspect has none", memory(0), String::new()),
        ("inspect does not tell", String::new(), String::new()),
    ] {
        let inspect = inspected("\"OOMKilled\":true,\"ExitCode\":137", &limit, "");
        table.case(name, &[("kernel.txt", &at_limit(&before, 600, 0)), ("inspect.json", &inspect)]);
    }
    table.kernel(
        "inside another container",
        &format!(
            "{}{}",
            paths("MEMCG", &format!("/docker/{OTHER}/docker/{ID}"), &format!("/docker/{OTHER}/docker/{ID}")),
            sizes(OF_CGROUP, 500, 0)
        ),
    );
    insta::assert_snapshot!("why_memory_at_a_limit", table.0);
}

#[test]
fn kills_because_a_host_was_full() {
    let mut table = Table::default();
    let own = format!("/docker/{ID}");
    const LARGE: i64 = 500_000;
    for (name, path) in [
        ("in a container", own.as_str()),
        ("in no container", "/user.slice/a.service"),
        ("in the root", "/"),
        ("where the path is cut", "/user.slice/do..."),
        ("in a container whose ID is cut", "/docker/43e21b8b51a9..."),
        ("in a slice with a long name", &format!("/{}/b", "x".repeat(49))),
    ] {
        table.kernel(name, &at_host("", path, LARGE));
    }
    let node = at_host("", &own, LARGE).changed("CONSTRAINT_NONE", "CONSTRAINT_CPUSET");
    table.kernel("a memory node", &node);
    let node = at_host("", "/a.service", LARGE).changed("CONSTRAINT_NONE", "CONSTRAINT_MEMORY_POLICY");
    table.kernel("a memory node, in no container", &node);
    table.kernel("no path", &sizes(OF_HOST, LARGE, 0));
    table.kernel(
        "a process that is not named",
        "java invoked oom-killer: order=0\n__alloc_pages_slowpath+0x1/0x2\n",
    );
    table.kernel(
        "a host whose size is known",
        &at_host("524288 pages RAM\nNode 0 Normal: 12*4kB (UM) = 9kB\n", &own, LARGE),
    );
    table.kernel(
        "a host whose size is known, in no container",
        &at_host("524288 pages RAM\nNode 0 Normal: 12*4kB (UM) = 9kB\n", "/a.service", LARGE),
    );
    // What its own limit is.
    for (name, limit) in
        [("a limit", memory(1000)), ("no limit", memory(0)), ("one that is not known", String::new())]
    {
        let inspect = inspected("\"OOMKilled\":false,\"ExitCode\":137", &limit, "");
        table.case(
            &format!("of a container with {name}"),
            &[("kernel.txt", &at_host("", &own, LARGE)), ("inspect.json", &inspect)],
        );
    }
    // The table of processes: 125000 pages of 4 KiB are the memory of the one that was killed.
    let row = |name: &str, pages: i64| {
        format!("[   77]     0    77   600000   {pages}   100       0             0 {name}\n")
    };
    let page = "Node 0 Normal: 12*4kB (UM) = 9kB\n";
    for (name, before, anon) in [
        ("a larger one", format!("{page}{}", row("mysqld", 125_001)), LARGE),
        ("one of the same size", format!("{page}{}", row("mysqld", 125_000)), LARGE),
        ("a smaller one", format!("{page}{}", row("mysqld", 124_999)), LARGE),
        ("a larger one of the same name", format!("{page}{}", row("java", 125_001)), LARGE),
        ("one whose size is not known", row("mysqld", 1), LARGE),
        (
            "two, of which the first is larger",
            format!("{page}{}{}", row("mysqld", 125_002), row("redis", 125_001)),
            LARGE,
        ),
        (
            "two, of which the last is larger",
            format!("{page}{}{}", row("mysqld", 125_001), row("redis", 125_002)),
            LARGE,
        ),
        ("two of the same size", format!("{page}{}{}", row("mysqld", 125_001), row("redis", 125_001)), LARGE),
        // Less than 100 MiB does not fill a host.
        ("100 MiB", String::new(), 102_400),
        ("less than 100 MiB", String::new(), 102_399),
    ] {
        table.kernel(name, &at_host(&before, &own, anon));
    }
    for score in [-5, 0, 1, 900] {
        let text = at_host("", &own, 500).changed("oom_score_adj:0", &format!("oom_score_adj:{score}"));
        table.kernel(&format!("little, with a score of {score}"), &text);
    }
    table.kernel("without its memory", &format!("{}{}", paths("NONE", "", &own), row("mysqld", 125_001)));
    insta::assert_snapshot!("why_kills_of_a_host", table.0);
}

#[test]
fn several_kills_of_one_container() {
    let mut table = Table::default();
    let own = format!("/docker/{ID}");
    let (limit, host) = (at_limit("", 600, 0), at_host("", &own, 600));
    let node = host.changed("CONSTRAINT_NONE", "CONSTRAINT_CPUSET");
    // The last line says neither.
    let neither = paths("OTHER", "", &own) + &sizes("", 600, 0);
    for (name, all) in [
        ("limit, host", &[&limit, &host][..]),
        ("host, limit", &[&host, &limit]),
        ("limit, limit, host", &[&limit, &limit, &host]),
        ("host, limit, host", &[&host, &limit, &host]),
        ("host, host, limit", &[&host, &host, &limit]),
        ("node, node, host", &[&node, &node, &host]),
        ("node, host", &[&node, &host]),
        ("limit, neither, neither", &[&limit, &neither, &neither]),
        ("neither, limit", &[&neither, &limit]),
        ("neither", &[&neither]),
        ("four times the limit", &[&limit, &limit, &limit, &limit]),
    ] {
        let text: String = all.iter().map(|text| text.as_str()).collect();
        table.kernel(name, &text);
    }
    insta::assert_snapshot!("why_several_kills", table.0);
}
