//! Settings of heaps and caches: where scripts set them, how they are read, and what is offered instead.

use crate::common::Checked;
use oomlint::catalog::{Catalog, RuntimeName};
use oomlint::diagnostic::Finding;
use oomlint::workload::{Bound, Fact};

fn service(limit: &str, text: &str) -> Checked {
    Checked::texts(&[("compose.yaml", &format!("services:\n  it: {{mem_limit: {limit}, {text}}}\n"))])
}

/// Returns the notes of the findings about heaps and caches.
fn notes(limit: &str, text: &str) -> String {
    let checked = service(limit, text);
    let rules = ["heap-exceeds-limit", "cache-exceeds-limit", "tight-heap", "tight-cache"];
    let found = checked.outcome.findings.iter().filter(|finding| rules.contains(&finding.rule));
    found.flat_map(|finding| finding.notes.clone()).collect::<Vec<_>>().join("; ")
}

/// Returns the message of a rule's first finding, and what its first fix writes.
fn fix(text: &str, rule: &str) -> Option<(String, Vec<String>)> {
    let checked = service("1g", text);
    let finding: &Finding = checked.of_rule(rule).first().copied()?;
    let edits = finding.fixes.first().map(|fix| &fix.edits).into_iter().flatten();
    let mut edits: Vec<_> = edits.collect();
    edits.sort_by_key(|edit| edit.span.start);
    Some((finding.message.clone(), edits.into_iter().map(|edit| edit.replacement.clone()).collect()))
}

/// Returns the bound of the heap of a start script: a size in MiB, `none` or `unknown`.
fn of_script(image: &str, script: &str) -> String {
    let dockerfile = format!("FROM eclipse-temurin:21-jre\n{image}COPY run.sh /run.sh\nCMD [\"/run.sh\"]\n");
    let script = format!("#!/bin/sh\n{script}\n");
    let files =
        [("compose.yaml", "services: {it: {build: .}}\n"), ("Dockerfile", &dockerfile), ("run.sh", &script)];
    let checked = Checked::tree(&files, "");
    let workload = &checked.outcome.projects[0].workloads[0];
    match workload.pools.heaps.first().map(|heap| &heap.bound) {
        Some(Fact::Known(setting)) => match setting.value.bound {
            Bound::Bytes(size) => (size.0 >> 20).to_string(),
            Bound::Percent(percent) => format!("{percent} %"),
        },
        Some(Fact::Unknown { .. }) => "unknown".to_owned(),
        Some(Fact::Absent { .. }) => "none".to_owned(),
        None => "no heap".to_owned(),
    }
}

#[test]
fn scripts_hand_on_their_variables() {
    for (image, script, expected) in [
        ("", "A=-Xmx1g\nexec java $A -jar a.jar", "1024"),
        ("", "A=-Xmx1g\nB=\"$A -Dx\"\nC=$B\nD=$C\nexec java $D -jar a.jar", "1024"),
        // Deeper than is followed.
        ("", "A=-Xmx1g\nB=$A\nC=$B\nD=$C\nE=$D\nexec java $E -jar a.jar", "unknown"),
        ("", "A=$B\nB=$A\nexec java $A -jar a.jar", "unknown"),
        ("", "A=$A\nexec java $A -jar a.jar", "none"),
        ("", "M=512\nexec java -Xmx${M}m -jar a.jar", "512"),
        ("", "JAVA_OPTS=\"$JAVA_OPTS -Xmx1g\"\nexec java $JAVA_OPTS -jar a.jar", "1024"),
        ("ENV A=-Xmx2g\n", "A=\"$A -Dx\"\nexec java $A -jar a.jar", "2048"),
        ("", "exec java $(cat flags) -jar a.jar", "unknown"),
        // Exported, declared, and set for one command alone.
        ("", "export A=-Xmx1g\nexec java $A -jar a.jar", "1024"),
        ("", "export A='-Dx -Xmx1g'\nexec java $A -jar a.jar", "1024"),
        ("", "declare -x A=-Xmx1g\nexec java $A -jar a.jar", "1024"),
        ("", "readonly A=-Xmx1g\nexec java $A -jar a.jar", "1024"),
        ("", "export A=-Xmx1g B=-Xms5m\nexec java $A $B -jar a.jar", "1024"),
        ("", "export A\nexec java $A -jar a.jar", "none"),
        ("", "echo A=-Xmx1g\nexec java $A -jar a.jar", "none"),
        ("", "A=-Xmx1g echo\nexec java $A -jar a.jar", "unknown"),
        ("", "A=-Xmx1g\nA=-Xmx2g\nexec java $A -jar a.jar", "unknown"),
        ("", "if x; then A=-Xmx1g; fi\nexec java $A -jar a.jar", "unknown"),
        ("", "x && A=-Xmx1g\nexec java $A -jar a.jar", "unknown"),
        ("", "x || A=-Xmx1g\nexec java $A -jar a.jar", "unknown"),
        ("", "{ A=-Xmx1g; }\nexec java $A -jar a.jar", "1024"),
        ("", "f() { A=-Xmx1g; }\nf\nexec java $A -jar a.jar", "unknown"),
        ("", ": ${A:=-Xmx1g}\nexec java $A -jar a.jar", "unknown"),
        ("", ": ${A=-Xmx1g}\nexec java $A -jar a.jar", "unknown"),
        ("", ": ${A:-x=y}\nexec java $A -jar a.jar", "none"),
        // The variable of the runtime itself.
        ("", "export JAVA_TOOL_OPTIONS=-Xmx1g\nexec java -jar a.jar", "1024"),
        ("ENV JAVA_TOOL_OPTIONS=-Xmx2g\n", "export JAVA_TOOL_OPTIONS=-Xmx1g\nexec java -jar a.jar", "1024"),
        (
            "ENV JAVA_TOOL_OPTIONS=-Xmx2g\n",
            "export JAVA_TOOL_OPTIONS=\"$X -Xmx1g\"\nexec java -jar a.jar",
            "unknown",
        ),
        ("ENV JAVA_TOOL_OPTIONS=-Xmx2g\n", "export JAVA_TOOL_OPTIONS=`x`\nexec java -jar a.jar", "unknown"),
        (
            "ENV JAVA_TOOL_OPTIONS=-Xmx2g\n",
            "if x; then export JAVA_TOOL_OPTIONS=-Xmx1g; fi\nexec java -jar a.jar",
            "unknown",
        ),
        ("ENV JAVA_TOOL_OPTIONS=-Xmx2g\n", "exec java -jar a.jar", "2048"),
        // What is read may set anything.
        ("", ". /settings\nexec java $A -jar a.jar", "unknown"),
        ("", "source /settings\nexec java $A -jar a.jar", "unknown"),
        ("", "eval x\nexec java $A -jar a.jar", "unknown"),
        ("", "read A\nexec java $A -jar a.jar", "unknown"),
        ("", "exec java $1 -jar a.jar", "none"),
    ] {
        assert_eq!(of_script(image, script), expected, "{image}{script}");
    }
}

/// `${NAME:-default}` is the default where the variable is empty or not set, wherever it is set.
#[test]
fn scripts_have_defaults_for_their_variables() {
    for (image, script, expected) in [
        ("", "exec java ${X:--Xmx1g} -jar a.jar", "1024"),
        ("", "exec java -Da=${Q:-b} ${X:--Xmx1g} ${Y:--Xms5m} -jar a.jar", "1024"),
        ("", "exec java -Xmx${M:-256}m -jar a.jar", "256"),
        ("ENV M=128\n", "exec java -Xmx${M:-256}m -jar a.jar", "128"),
        ("ENV M=\n", "exec java -Xmx${M:-256}m -jar a.jar", "256"),
        ("", "M=512\nexec java -Xmx${M:-256}m -jar a.jar", "512"),
        ("", "M=\nexec java -Xmx${M:-256}m -jar a.jar", "256"),
        ("", "M=$N\nexec java -Xmx${M:-256}m -jar a.jar", "256"),
        ("ENV N=64\n", "M=$N\nexec java -Xmx${M:-256}m -jar a.jar", "64"),
        ("", "exec java ${X:--Xmx${M}m} -jar a.jar", "unknown"),
        ("", "X=-Xmx1g\nexec java ${X:--Xmx${M}m} -jar a.jar", "1024"),
    ] {
        assert_eq!(of_script(image, script), expected, "{image}{script}");
    }
}

/// .NET reads hexadecimal: decimal numbers that are certainly meant as such are named, others are not.
#[test]
fn decimal_numbers_of_dotnet_are_misread() {
    for (setting, read, instead) in [
        ("DOTNET_GCHeapHardLimit: 536870912", "20.9 GiB", Some("0x20000000")),
        ("DOTNET_GCHeapHardLimit: 1048576", "16.3 MiB", Some("0x100000")),
        ("DOTNET_GCHeapHardLimitPercent: 75", "117 %", Some("0x4B")),
        ("DOTNET_GCHeapHardLimitPercent: 20", "32 %", Some("0x14")),
        ("DOTNET_GCHeapHardLimitPercent: 99", "153 %", Some("0x63")),
        ("DOTNET_GCHeapHardLimitPercent: 100", "256 %", None),
        ("DOTNET_GCHeapHardLimitPercent: 101", "257 %", None),
        ("DOTNET_GCHeapHardLimitPercent: '0x64'", "100 %", None),
    ] {
        let text = format!("image: acme/net, environment: {{{setting}}}");
        let (message, edits) =
            fix(&text, "malformed-heap-setting").unwrap_or_else(|| panic!("{setting}: nothing"));
        assert!(message.ends_with(&format!("as {read}")), "{setting}: {message}");
        assert_eq!(edits, Vec::from_iter(instead), "{setting}");
    }
    for setting in [
        "DOTNET_GCHeapHardLimit: 536870913",
        "DOTNET_GCHeapHardLimit: 0",
        "DOTNET_GCHeapHardLimit: '0x20000000'",
        "DOTNET_GCHeapHardLimitPercent: 19",
        "DOTNET_GCHeapHardLimitPercent: 10",
        "DOTNET_GCHeapHardLimitPercent: '0x63'",
    ] {
        let text = format!("image: acme/net, environment: {{{setting}}}");
        assert_eq!(fix(&text, "malformed-heap-setting"), None, "{setting}");
    }
}

/// Returns a service that starts a Java program.
fn java(flags: &str, arguments: &str) -> String {
    format!("image: 'eclipse-temurin:21-jre', command: java {flags} -jar a.jar {arguments}")
}

#[test]
fn the_sum_is_shown_term_by_term() {
    for (text, expected) in [
        (java("-Xmx1g", ""), "1 GiB of heap + about 130 to 250 MiB outside it (metaspace, code cache, threads) = 1154 to 1274 MiB, in a limit of 1 GiB: 130 to 250 MiB too much"),
        (java("-Xmx850m", ""), "850 MiB of heap + about 130 to 250 MiB outside it (metaspace, code cache, threads) = 980 to 1100 MiB, in a limit of 1 GiB: up to 76 MiB too much"),
        (java("-XX:MaxRAMPercentage=100.0", ""), "100 % of 1 GiB = 1 GiB of heap + about 130 to 250 MiB"),
        (
            "image: 'redis:7', command: redis-server --maxmemory 820mb".to_owned(),
            "about 1025 MiB in a limit of 1024 MiB, about 1 MiB too much:\n     820 MiB of cache\n     205 MiB for pages that change while it saves (25 % of it)",
        ),
        (
            "image: 'memcached:1.6', command: memcached -m 1000".to_owned(),
            "1000 MiB of a limit of 1 GiB leave 24 MiB for connections and the hash table",
        ),
        (
            "image: 'memcached:1.6', command: memcached -m 2000".to_owned(),
            "2000 MiB of a limit of 1 GiB leave 0 bytes for connections and the hash table",
        ),
        (
            "image: acme/go, environment: {GOMEMLIMIT: 1000MiB}".to_owned(),
            "1000 MiB of a limit of 1 GiB leave 24 MiB for cgo, mapped files and kernel buffers, which GOMEMLIMIT does not count",
        ),
        (
            "image: 'nextcloud:31', environment: {PHP_MEMORY_LIMIT: 2G}".to_owned(),
            "2 GiB of a limit of 1 GiB leave 0 bytes for other requests: memory_limit applies to each one",
        ),
        (
            "image: acme/net, environment: {DOTNET_GCHeapHardLimitPercent: '0x5F'}".to_owned(),
            "95 % of 1 GiB = 972.8 MiB of a limit of 1 GiB leave 51.2 MiB for native memory, stacks and buffers",
        ),
        (
            "image: 'neo4j:5', environment: {NEO4J_server_memory_heap_max__size: 512m}".to_owned(),
            "heap of 512 MiB + page cache of 512 MiB (default) = 1 GiB",
        ),
        (
            "image: 'neo4j:5', environment: {NEO4J_server_memory_heap_max__size: 700m, NEO4J_server_memory_pagecache_size: 400m}".to_owned(),
            "heap of 700 MiB + page cache of 400 MiB = 1100 MiB",
        ),
    ] {
        let notes = notes("1g", &text);
        assert!(notes.contains(expected), "{text}: {notes}");
    }
    for text in [
        java("-Xmx700m", ""),
        "image: 'redis:7', command: redis-server --maxmemory 800mb".to_owned(),
        "image: 'neo4j:5', environment: {NEO4J_server_memory_heap_max__size: 511m}".to_owned(),
    ] {
        assert_eq!(notes("1g", &text), "", "{text}");
    }
    let notes = notes("4g", &java("-Xmx3500m", ""));
    assert!(notes.ends_with("= 3630 to 3750 MiB, in a limit of 4 GiB: 346 MiB to spare"), "{notes}");
}

/// Go's limit and PHP's are no heaps, and a product has its own name for its memory.
#[test]
fn each_bound_has_its_name() {
    for (text, expected) in [
        (java("-Xmx1g", ""), "the Java heap of `it` may grow to 1 GiB; its limit is 1 GiB"),
        (
            "image: acme/go, environment: {GOMEMLIMIT: 1GiB}".to_owned(),
            "`GOMEMLIMIT` of `it` is 1 GiB; its limit is 1 GiB",
        ),
        (
            "image: 'nextcloud:31', environment: {PHP_MEMORY_LIMIT: 2G}".to_owned(),
            "PHP's `memory_limit` of `it` may grow to 2 GiB; its limit is 1 GiB",
        ),
        (
            "image: 'neo4j:5', environment: {NEO4J_server_memory_heap_max__size: 1g}".to_owned(),
            "the heap of `it` may grow to 1 GiB; its limit is 1 GiB",
        ),
    ] {
        let checked = service("1g", &text);
        let found = checked.of_rule("heap-exceeds-limit");
        let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages, [expected], "{text}");
    }
}

/// A flag behind the program is moved before it if it is valid there, and the heap fits the limit and what it begins with.
#[test]
fn only_a_flag_that_would_work_is_moved() {
    for (text, moves) in [
        (java("", "-Xmx512m"), true),
        (java("", "-Xmx1023m"), true),
        (java("", "-Xmx1g"), false),
        (java("", "-Xmx2m"), true),
        (java("", "-Xmx2047k"), false),
        (java("", "-Xmx512mb"), false),
        (java("-Xms600m", "-Xmx600m"), true),
        (java("-Xms600m", "-Xmx599m"), false),
        (java("", "-XX:MaxRAMPercentage=50"), true),
        (java("", "-XX:MaxRAMPercentage=99.9"), true),
        (java("", "-XX:MaxRAMPercentage=100"), false),
        (java("", "-XX:MaxRAMPercentage=x"), false),
        (java("", "-XX:MaxRAMPercentage=50").replace(":21", ":8"), false),
        (java("", "-XX:MaxRAMPercentage=50.0").replace(":21", ":8"), true),
        (java("", "a b -Xmx512m"), true),
        ("image: 'node:22', command: node a.js --max-old-space-size-percentage=50".to_owned(), true),
        ("image: 'node:20', command: node a.js --max-old-space-size-percentage=50".to_owned(), false),
    ] {
        let (_, edits) = fix(&text, "misplaced-heap-flag").unwrap_or_else(|| panic!("{text}: nothing"));
        assert_eq!(!edits.is_empty(), moves, "{text}: {edits:?}");
    }
}

/// The new value is in the grammar of its reader, and small enough for the limit.
#[test]
fn a_setting_that_is_written_anew_fits() {
    let unread = |value: &str| {
        fix(
            &format!("image: 'eclipse-temurin:21-jre', command: java -jar a.jar, environment: {{JAVA_OPTS: {value}}}"),
            "unread-heap-variable",
        )
        .map(|(_, edits)| edits.join(" "))
    };
    for (value, expected) in [
        ("-XX:MaxRAMPercentage=60.0", "JAVA_TOOL_OPTIONS"),
        ("-XX:MaxRAMPercentage=75.0", "JAVA_TOOL_OPTIONS"),
        ("-XX:MaxRAMPercentage=75.1", "JAVA_TOOL_OPTIONS -XX:MaxRAMPercentage=70.0"),
        ("-XX:MaxRAMFraction=1", "JAVA_TOOL_OPTIONS -XX:MaxRAMPercentage=70.0"),
        ("-Xmx512m", "JAVA_TOOL_OPTIONS"),
        ("-Xmx1g", "JAVA_TOOL_OPTIONS -Xmx768m"),
    ] {
        assert_eq!(unread(value).as_deref(), Some(expected), "{value}");
    }
    for (text, expected) in [
        (
            "image: 'node:22', command: node a.js, environment: {NODE_OPTIONS: --max-old-space-size-percentage=95}",
            "70",
        ),
        ("image: 'jenkins/jenkins:lts', environment: {JAVA_OPTS: -XX:MaxRAMPercentage=95.0}", "70.0"),
        ("image: acme/net, environment: {DOTNET_GCHeapHardLimitPercent: '0x5F'}", "0x46"),
    ] {
        let found = fix(text, "tight-heap").map(|(_, edits)| edits.join(" "));
        assert_eq!(found.as_deref(), Some(expected), "{text}");
    }
}

/// The shell that expands a variable gets its script as one word, and hands on what follows.
#[test]
fn a_shell_that_expands_takes_what_follows() {
    for (keys, expected) in [
        ("command: java $X -jar a.jar", "command: [\"sh\", \"-c\", \"exec java $$X -jar a.jar\"]"),
        ("entrypoint: java $X -jar a.jar", "entrypoint: [\"sh\", \"-c\", \"exec java $$X -jar a.jar\"]"),
        (
            "entrypoint: java $X -jar a.jar, command: run",
            "entrypoint: [\"sh\", \"-c\", \"exec java $$X -jar a.jar \\\"$$@\\\"\", \"--\"]",
        ),
        ("entrypoint: [sh, -c], command: ['java $X -jar a.jar']", "command: [\"java $$X -jar a.jar\"]"),
        ("entrypoint: [sh, -c], command: [java, $X]", "command: [\"exec java $$X\"]"),
        ("command: [sh, -c, java $X -jar a.jar]", "command: [\"sh\", \"-c\", \"java $$X -jar a.jar\"]"),
        ("healthcheck: {test: [CMD, pg_isready, -U, $X]}", "test: [\"CMD-SHELL\", \"pg_isready -U $$X\"]"),
        (
            "healthcheck: {test: [CMD-SHELL, pg_isready -U $X]}",
            "test: [\"CMD-SHELL\", \"pg_isready -U $$X\"]",
        ),
        ("healthcheck: {test: pg_isready -U $X}", "test: [\"CMD-SHELL\", \"pg_isready -U $$X\"]"),
        (
            "healthcheck: {test: [CMD, pg_isready -U $X]}",
            "test: [\"CMD-SHELL\", \"\\\"pg_isready -U $$X\\\"\"]",
        ),
        ("command: 'java ${X} -jar a.jar'", "command: [\"sh\", \"-c\", \"exec java $$X -jar a.jar\"]"),
        (
            "command: 'java ${X}m -jar a.jar'",
            "command: [\"sh\", \"-c\", \"exec java \\\"$${X}m\\\" -jar a.jar\"]",
        ),
        (
            "command: 'java ${X}_y -jar a.jar'",
            "command: [\"sh\", \"-c\", \"exec java \\\"$${X}_y\\\" -jar a.jar\"]",
        ),
        ("command: 'java ${X}-y -jar a.jar'", "command: [\"sh\", \"-c\", \"exec java $$X-y -jar a.jar\"]"),
    ] {
        let text = format!("image: 'eclipse-temurin:21-jre', environment: {{X: -Xmx512m}}, {keys}");
        let checked = service("1g", &text);
        let found = checked.of_rule("compose-expands-variable");
        let help = found.first().and_then(|finding| finding.help.clone()).unwrap_or_default();
        assert!(help.ends_with(expected), "{keys}: {help}");
    }
}

/// What a server needs outside its cache is summed up wherever the size is set; of memcached it is only named.
#[test]
fn servers_with_settings_have_a_sum() {
    for text in [
        "image: 'redis:8', command: redis-server --maxmemory 250mb",
        "image: 'redis:8', command: [sh, -c, 'exec redis-server --maxmemory 250mb']",
        "image: 'valkey/valkey:9', command: valkey-server --maxmemory 250mb",
        "image: 'postgres:18', command: postgres -c shared_buffers=250MB",
        "image: 'mysql:8.4', command: mysqld --innodb-buffer-pool-size=250M",
        "image: 'mariadb:12', command: --innodb-buffer-pool-size=250M",
        "image: 'mongo:8', command: mongod --wiredTigerCacheSizeGB 0.25",
    ] {
        let notes = notes("256m", text);
        assert!(
            notes.contains("MiB in a limit of 256 MiB, about ") && notes.contains(":\n"),
            "{text}: {notes}"
        );
    }
    let notes = notes("256m", "image: 'memcached:1.6', command: memcached -m 250");
    assert!(notes.ends_with("for connections and the hash table"), "{notes}");
}

/// No advice has a flag that the JVM of the image is known to refuse: it would not start.
#[test]
fn advice_has_only_flags_that_the_jvm_knows() {
    let java = Catalog::builtin().runtime(RuntimeName::Java).unwrap();
    let settings = [
        "command: java -jar a.jar",
        "command: java -jar a.jar -XX:MaxRAMPercentage=70.0",
        "command: java -jar a.jar -XX:MaxRAMFraction=2",
        "command: java -XX:MaxRAMPercentage=70 -jar a.jar",
        "command: java -XX:MaxRAMPercentage=0.7 -jar a.jar",
        "command: java -XX:MinRAMPercentage=50.0 -XX:MaxRAMPercentage=75.0 -jar a.jar",
        "command: java -XX:MaxRAMFraction=1 -jar a.jar",
        "command: java -XX:+UseCGroupMemoryLimitForHeap -jar a.jar",
        "command: java -XX:+UseConcMarkSweepGC -XX:MaxPermSize=64m -jar a.jar",
        "command: java -jar a.jar, environment: {JAVA_TOOL_OPTIONS: -Dx=y}",
        "command: java -jar a.jar, environment: {JAVA_OPTS: '-XX:MaxRAMFraction=2'}",
        "command: java -jar a.jar, environment: {JAVA_OPTS: '-XX:MaxRAMPercentage=90.0'}",
        "command: java -jar a.jar, environment: {_JAVA_OPTIONS: '-Xmx4g'}",
    ];
    let limits = ["", "mem_limit: 1g, ", "mem_limit: 64m, ", "mem_limit: '${LIMIT:-2g}', "];
    let mut wrong = Vec::new();
    for (tag, major, update) in [
        ("7u181-jre", 7, None),
        ("8u100-jre", 8, Some(100)),
        ("8u181-jre", 8, Some(181)),
        ("8u191-jre", 8, Some(191)),
        ("8-jre", 8, None),
        ("9-jre", 9, None),
        ("11-jre", 11, None),
        ("25-jdk", 25, None),
    ] {
        for (setting, limit) in settings.iter().flat_map(|setting| limits.map(|limit| (setting, limit))) {
            let text = format!("services:\n  it: {{{limit}image: 'openjdk:{tag}', {setting}}}\n");
            let checked = Checked::texts(&[("compose.yaml", &text)]);
            for finding in &checked.outcome.findings {
                let fixes = finding.fixes.iter();
                let written = fixes.flat_map(|fix| {
                    fix.edits.iter().map(|edit| edit.replacement.clone()).chain([fix.title.clone()])
                });
                let advice = finding.help.iter().cloned().chain(written).collect::<Vec<_>>().join(" ");
                let separate = |c: char| c.is_whitespace() || matches!(c, '`' | '\'' | '"' | ',');
                for flag in advice.split(separate).filter(|word| word.starts_with('-')) {
                    let moved = finding.rule == "misplaced-heap-flag" || !text.contains(flag);
                    let is_refused = java.refused(flag).is_some_and(|row| row.is_refused_by(major, update));
                    if moved && is_refused {
                        wrong.push(format!("{} for {tag}, {limit}{setting}: {advice}", finding.rule));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A script is found where the shell or the engine finds it, whatever it is called.
#[test]
fn scripts_are_found_by_their_names() {
    let heap = |copy: &str, start: &str, text: &str| {
        let dockerfile = format!("FROM amazoncorretto:21\nWORKDIR /app\nCOPY {copy}\nCMD [{start}]\n");
        let compose = "services: {it: {build: .}}\n";
        let files = [
            ("compose.yaml", compose),
            ("Dockerfile", dockerfile.as_str()),
            ("run", text),
            ("run.sh", text),
            ("run.x", text),
        ];
        let checked = Checked::tree(&files, "");
        let heap =
            checked.outcome.projects[0].workloads[0].pools.heaps.first().map(|heap| heap.bound.clone());
        heap.is_some_and(|bound| bound.known().is_some())
    };
    let with = "#!/bin/sh\nexec java -Xmx1g -jar a.jar\n";
    let without = "exec java -Xmx1g -jar a.jar\n";
    for (copy, start, text, found) in [
        ("run.sh /app/", "\"/app/run.sh\"", with, true),
        ("run.sh /app/", "\"./run.sh\"", with, true),
        ("run.sh .", "\"/app/run.sh\"", with, true),
        ("run.sh /", "\"/app/run.sh\"", with, false),
        ("run /app/", "\"./run\"", with, true),
        ("run /usr/local/bin/", "\"run\"", with, true),
        ("run /bin/", "\"run\"", without, true),
        ("run /opt/", "\"run\"", with, false),
        ("run.sh /usr/local/bin/start", "\"start\"", with, true),
        // Another ending needs to say that it is for a shell.
        ("run.x /app/", "\"./run.x\"", with, true),
        ("run.x /app/", "\"./run.x\"", without, false),
        ("run.x /app/", "\"sh\", \"run.x\"", with, true),
        ("run.sh /app/", "\"sh\", \"run.sh\"", without, true),
        ("run.sh /app/", "\"bash\", \"-e\", \"+x\", \"/app/run.sh\"", without, true),
        ("run.sh /app/", "\"node\", \"run.sh\"", without, false),
        ("run /app/", "\"./run\"", "#!/usr/bin/env bash\nexec java -Xmx1g -jar a.jar\n", true),
        ("run /app/", "\"./run\"", "#!/usr/bin/with-contenv sh\nexec java -Xmx1g -jar a.jar\n", true),
        ("run /app/", "\"./run\"", "#!/usr/bin/env -S bash\nexec java -Xmx1g -jar a.jar\n", true),
        ("run /app/", "\"./run\"", "#!/usr/bin/python3\nexec java -Xmx1g -jar a.jar\n", false),
        ("run /app/", "\"./run\"", "exec java -Xmx1g -jar a.jar\n\0", false),
    ] {
        assert_eq!(heap(copy, start, text), found, "{copy} {start} {text}");
    }
}

/// Without a limit any share below 100 % is one.
#[test]
fn without_a_limit_a_share_may_be_moved() {
    for (flag, moves) in [
        ("-XX:MaxRAMPercentage=50.0", true),
        ("-XX:MaxRAMPercentage=99.0", true),
        ("-XX:MaxRAMPercentage=100.0", false),
        ("-Xmx99g", true),
    ] {
        let checked = service("0", &java("", flag));
        let found = checked.of_rule("misplaced-heap-flag");
        assert_eq!(!found[0].fixes.is_empty(), moves, "{flag}");
    }
}

/// Quotes in a list item are part of the value. Who expands the variable in a shell gets them; without a reader nothing is said.
#[test]
fn quotes_are_kept_by_shells_that_expand_the_variable() {
    let quoted = |item: &str, keys: &str| {
        let compose = format!(
            "services:\n  it:\n    image: eclipse-temurin:21-jre\n    environment: [{item}]\n    {keys}\n"
        );
        !Checked::texts(&[("compose.yaml", &compose)]).of_rule("quoted-env-value").is_empty()
    };
    for (word, expands) in [
        ("$$OPTS", true),
        ("$${OPTS}", true),
        ("$${OPTS:-x}", true),
        ("-Dx=$$OPTS", true),
        ("$$OPTS-x", true),
        ("$$OPTS_MORE", false),
        ("$${OPTS_MORE}", false),
        ("$$OPTSX", false),
        ("$$OPTS2", false),
        ("$$MY_OPTS", false),
        ("OPTS", false),
    ] {
        let keys = format!("command: sh -c 'exec java {word} -jar a.jar'");
        let item = "'OPTS=\"-Xmx1g -Dx\"'";
        assert_eq!(quoted(item, &keys), expands, "{word}");
    }
}

/// A setting of a build stage is written again for the container: in its grammar, and with a share that leaves room.
#[test]
fn a_setting_of_a_build_stage_is_written_anew() {
    for (image, variable, setting, limit, written) in [
        ("node:22", "NODE_OPTIONS", "--max-old-space-size=2048", "1g", Some("--max-old-space-size=768")),
        ("node:22", "NODE_OPTIONS", "--max-old-space-size=300", "1g", Some("--max-old-space-size=300")),
        (
            "node:22",
            "NODE_OPTIONS",
            "--max-old-space-size-percentage=90",
            "1g",
            Some("--max-old-space-size-percentage=70"),
        ),
        (
            "node:22",
            "NODE_OPTIONS",
            "--max-old-space-size-percentage=50",
            "1g",
            Some("--max-old-space-size-percentage=50"),
        ),
        (
            "amazoncorretto:21",
            "JAVA_TOOL_OPTIONS",
            "-XX:MaxRAMPercentage=90.0",
            "1g",
            Some("-XX:MaxRAMPercentage=70.0"),
        ),
        (
            "amazoncorretto:21",
            "JAVA_TOOL_OPTIONS",
            "-XX:MaxRAMPercentage=50.0",
            "1g",
            Some("-XX:MaxRAMPercentage=50.0"),
        ),
        (
            "amazoncorretto:8",
            "JAVA_TOOL_OPTIONS",
            "-XX:MaxRAMFraction=1",
            "1g",
            Some("-XX:MaxRAMPercentage=70.0"),
        ),
        ("amazoncorretto:21", "JAVA_TOOL_OPTIONS", "-Xmx4g", "1g", Some("-Xmx768m")),
        ("amazoncorretto:21", "JAVA_TOOL_OPTIONS", "-Xmx4g", "64m", None),
        ("amazoncorretto:21", "JAVA_TOOL_OPTIONS", "-Xmx4g", "'0'", Some("set the heap in the final stage")),
    ] {
        let program = if image.starts_with("node") { "node" } else { "java" };
        let dockerfile = format!(
            "FROM {image} AS files\nENV {variable}={setting}\nCOPY . .\n\nFROM {image}\nCOPY --from=files /a /a\nCMD [\"{program}\", \"a\"]\n"
        );
        let compose = format!("services: {{it: {{build: ., mem_limit: {limit}}}}}\n");
        let checked = Checked::texts(&[("compose.yaml", &compose), ("Dockerfile", &dockerfile)]);
        let found = checked.of_rule("heap-set-in-build-stage");
        let help = found.first().unwrap_or_else(|| panic!("{setting}: nothing")).help.clone();
        let expected = written.map(|text| match text.starts_with('-') {
            true => format!("if the container needs it, add it to the last stage:\n  ENV {variable}={text}"),
            false => format!("{text}, below the memory limit"),
        });
        assert_eq!(help, expected, "{image} {setting} {limit}");
    }
}

/// Nothing limits the memory where the limit is 0, so no heap follows from it.
#[test]
fn no_heap_follows_from_no_limit() {
    use oomlint::syntax::size::ByteSize;
    for text in [
        java("", ""),
        java("-XX:MaxRAMPercentage=50.0", ""),
        "image: 'node:22', command: node a.js".to_owned(),
        "image: 'mongo:8'".to_owned(),
        "image: 'neo4j:5'".to_owned(),
        "image: acme/net, environment: {DOTNET_GCHeapHardLimitPercent: '0x5F'}".to_owned(),
    ] {
        let checked = service("1g", &text);
        let pools = &checked.outcome.projects[0].workloads[0].pools;
        let mut pools = pools.heaps.iter().chain(&pools.caches).peekable();
        assert!(pools.peek().is_some(), "{text}");
        for pool in pools {
            for nothing in [ByteSize(0), ByteSize(-1)] {
                let name = format!("{text}: {}", pool.display_name());
                assert_eq!(pool.share_of(50.0, nothing), None, "{name}");
                assert_eq!(pool.with_small_share(50.0, nothing), None, "{name}");
                assert_eq!(pool.with_and_without_small_share(nothing), None, "{name}");
                if pool.part.is_none() {
                    assert_eq!(pool.default_for(nothing), None, "{name}");
                    assert_eq!(pool.size_under(Some(nothing), None), None, "{name}");
                }
            }
        }
    }
}

/// The setting of a product is stronger than what its runtime reads by itself, and its server is known to start.
#[test]
fn a_product_s_own_setting_wins() {
    let heap = |environment: &str| {
        let checked = service("1g", &format!("image: 'neo4j:5', environment: {{{environment}}}"));
        let heap = &checked.outcome.projects[0].workloads[0].pools.heaps[0];
        let size = heap.bound.value().map(|setting| setting.written());
        let found = checked.of_rule("heap-exceeds-limit");
        let severity = found.first().map(|finding| finding.severity);
        let guesses = found.iter().any(|finding| finding.notes.iter().any(|note| note.contains("not known")));
        (size.unwrap_or_default(), severity, guesses, heap.assumed)
    };
    use oomlint::diagnostic::Severity::Error;
    let own = "NEO4J_server_memory_heap_max__size";
    for (environment, size, exceeds) in [
        (format!("{own}: 2g"), format!("{own}=2g"), true),
        (format!("JAVA_TOOL_OPTIONS: -Xmx256m, {own}: 2g"), format!("{own}=2g"), true),
        (format!("JAVA_TOOL_OPTIONS: -Xmx2g, {own}: 256m"), format!("{own}=256m"), false),
        ("JAVA_TOOL_OPTIONS: -Xmx2g".to_owned(), "-Xmx2g".to_owned(), true),
        (format!("JAVA_TOOL_OPTIONS: -Xmx2g, {own}: ''"), "-Xmx2g".to_owned(), true),
        ("JAVA_TOOL_OPTIONS: -Dx=y".to_owned(), String::new(), false),
    ] {
        assert_eq!(heap(&environment), (size, exceeds.then_some(Error), false, false), "{environment}");
    }
    // Of another image with this runtime the start is not known.
    for (image, note) in [
        (
            "'eclipse-temurin:21-jre', command: /run.sh",
            "what starts Java in `it` is not known: it may set another heap than `JAVA_TOOL_OPTIONS`",
        ),
        (
            "1dev/server",
            "what starts Java in `it` is not known: it may set another heap than `JAVA_TOOL_OPTIONS`",
        ),
        ("acme/x", "what `it` starts is not known; `JAVA_TOOL_OPTIONS` suggests that it runs Java"),
        (
            "'alpine:3.22', command: /run.sh",
            "what `it` starts is not known; `JAVA_TOOL_OPTIONS` suggests that it runs Java",
        ),
    ] {
        let notes = notes("1g", &format!("image: {image}, environment: {{JAVA_TOOL_OPTIONS: -Xmx2g}}"));
        assert!(notes.contains(note), "{image}: {notes}");
    }
}

/// A variable that only scripts read counts where a script of the image reads it.
#[test]
fn a_variable_of_scripts_is_read_by_its_script() {
    for (text, unread) in [
        (
            "image: 'eclipse-temurin:21-jre', command: java -jar a.jar, environment: {JAVA_OPTS: -Xmx512m}",
            true,
        ),
        (
            "image: 'eclipse-temurin:21-jre', command: 'sh -c \"java $$JAVA_OPTS -jar a.jar\"', environment: {JAVA_OPTS: -Xmx512m}",
            false,
        ),
        (
            // It does not start, which another rule reports.
            "image: 'eclipse-temurin:21-jre', command: 'java $$JAVA_OPTS -jar a.jar', environment: {JAVA_OPTS: -Xmx512m}",
            false,
        ),
        ("image: 'eclipse-temurin:21-jre', command: java -jar a.jar, environment: {JAVA_OPTS: -Dx=y}", false),
        ("image: 'jetty:12', command: java -jar a.jar, environment: {JAVA_OPTIONS: -Xmx512m}", false),
        ("image: 'jetty:12', command: java -jar a.jar, environment: {JAVA_OPTS: -Xmx512m}", true),
        (
            "image: 'apachepinot/pinot:1.2', entrypoint: java -jar a.jar, environment: {JAVA_OPTS: -Xmx512m}",
            false,
        ),
    ] {
        let checked = service("1g", text);
        assert_eq!(!checked.of_rule("unread-heap-variable").is_empty(), unread, "{text}");
    }
}

/// A flag that an older version does not know stops it, wherever it is.
#[test]
fn a_flag_of_a_later_version_is_refused() {
    for (text, refused) in [
        (
            "image: 'node:20', command: node a, environment: {NODE_OPTIONS: --max-old-space-size-percentage=50}",
            true,
        ),
        (
            "image: 'node:22', command: node a, environment: {NODE_OPTIONS: --max-old-space-size-percentage=50}",
            false,
        ),
        ("image: 'node:20', command: node a, environment: {NODE_OPTIONS: --max-old-space-size=50}", false),
        (
            "image: 'node:lts', command: node a, environment: {NODE_OPTIONS: --max-old-space-size-percentage=50}",
            false,
        ),
    ] {
        let checked = service("1g", text);
        assert_eq!(!checked.of_rule("malformed-heap-setting").is_empty(), refused, "{text}");
    }
}
