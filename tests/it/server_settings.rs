//! Settings of servers in files: which count, which of several wins, and when one is not known.

use std::fmt::Write;

use oomlint::workload::{Bound, Fact};

use crate::common::Checked;

/// Returns the bound of the first cache of a Compose file next to other files: the size and the text at its place.
fn cache(files: &[(&str, &str)]) -> String {
    let checked = Checked::tree(files, "");
    let workloads = checked.outcome.projects.iter().flat_map(|project| &project.workloads);
    let caches: Vec<_> = workloads.flat_map(|workload| &workload.pools.caches).collect();
    let Some(cache) = caches.first() else { return "no cache".to_owned() };
    match &cache.bound {
        Fact::Known(setting) => {
            let Bound::Bytes(size) = setting.value.bound else { return "a share".to_owned() };
            let place = checked.sources.get(setting.span.file);
            let name = place.path().file_name().unwrap().to_string_lossy().into_owned();
            format!("{size}: {} in {name}", place.slice(setting.span))
        }
        Fact::Unknown { .. } => "unknown".to_owned(),
        Fact::Absent { .. } => "none".to_owned(),
    }
}

/// Returns the bounds of the heaps and caches of the services: the name, the size and the text at its place.
fn bounds(files: &[(&str, &str)]) -> Vec<String> {
    let checked = Checked::tree(files, "");
    let workloads = checked.outcome.projects.iter().flat_map(|project| &project.workloads);
    let pools = workloads.flat_map(|workload| workload.pools.heaps.iter().chain(&workload.pools.caches));
    let shown = pools.map(|pool| match &pool.bound {
        Fact::Known(setting) => {
            let size = match setting.value.bound {
                Bound::Bytes(size) => size.to_string(),
                Bound::Percent(percent) => format!("{percent} %"),
            };
            let place = checked.sources.get(setting.span.file);
            let name = place.path().file_name().unwrap().to_string_lossy().into_owned();
            format!("{}: {size}: {} in {name}", pool.display_name(), place.slice(setting.span))
        }
        Fact::Unknown { .. } => format!("{}: unknown", pool.display_name()),
        Fact::Absent { .. } => format!("{}: none", pool.display_name()),
    });
    shown.collect()
}

fn service(image: &str, keys: &str) -> String {
    format!("services:\n  db:\n    image: {image}\n{keys}")
}

#[test]
fn files_that_are_mounted_count() {
    let my_cnf = "[client]\ninnodb_buffer_pool_size=1G\n[mysqld]\ninnodb-buffer-pool-size = 300M # x\n";
    let mongod = "storage:\n  wiredTiger:\n    engineConfig:\n      cacheSizeGB: 0.5\n";
    let cases = [
        (
            "redis:8",
            "    command: redis-server /r.conf\n    volumes: ['./c:/r.conf']\n",
            "maxmemory 300mb\n",
            "300 MiB: 300mb in c",
        ),
        (
            "redis:8",
            "    command: redis-server /r.conf --maxmemory 1gb\n    volumes: ['./c:/r.conf']\n",
            "maxmemory 300mb\n",
            "1 GiB: --maxmemory 1gb in compose.yaml",
        ),
        ("redis:8", "    volumes: ['./c:/r.conf']\n", "maxmemory 300mb\n", "none"),
        ("redis:8", "    command: redis-server /r.conf\n    volumes: ['./c:/r.conf']\n", "port 1\n", "none"),
        (
            "redis:8",
            "    command: redis-server /r.conf\n    volumes: ['./c:/r.conf']\n",
            "maxmemory 1gb\ninclude /other.conf\n",
            "unknown",
        ),
        ("redis:8", "    command: redis-server /r.conf\n    volumes: ['./gone:/r.conf']\n", "", "unknown"),
        ("redis:8", "    command: redis-server /r.conf\n", "", "unknown"),
        (
            "postgres:17",
            "    command: -c config_file=/p.conf\n    volumes: ['./c:/p.conf']\n",
            "shared_buffers = 1GB\nshared_buffers = '2GB' # x\n",
            "2 GiB: 2GB in c",
        ),
        (
            "postgres:17",
            "    command: -c config_file=/p.conf -c shared_buffers=3GB\n    volumes: ['./c:/p.conf']\n",
            "shared_buffers = 1GB\n",
            "3 GiB: -c shared_buffers=3GB in compose.yaml",
        ),
        (
            "postgres:17",
            "    volumes: ['./c:/var/lib/postgresql/data/postgresql.conf']\n",
            "shared_buffers = 1GB\n",
            "1 GiB: 1GB in c",
        ),
        ("postgres:17", "    volumes: ['./data:/var/lib/postgresql/data']\n", "", "none"),
        ("postgres:17", "    volumes: ['data:/var/lib/postgresql/data']\n", "", "none"),
        ("mysql:8.4", "    volumes: ['./c:/etc/mysql/conf.d/x.cnf']\n", my_cnf, "300 MiB: 300M in c"),
        ("mysql:8.4", "    volumes: ['./c:/etc/mysql/conf.d/x.txt']\n", my_cnf, "none"),
        (
            "mariadb:11",
            "    volumes: ['./c:/etc/my.cnf']\n",
            "[mariadb]\ninnodb_buffer_pool_size=1G\n",
            "1 GiB: 1G in c",
        ),
        (
            "mariadb:11",
            "    command: --defaults-file=/x.cnf\n    volumes: ['./c:/x.cnf']\n",
            "[server]\ninnodb_buffer_pool_size=1G\n",
            "1 GiB: 1G in c",
        ),
        // In the section of another program it is no setting of the server.
        (
            "mysql:8.4",
            "    volumes: ['./c:/etc/mysql/conf.d/x.cnf']\n",
            "[client]\ninnodb_buffer_pool_size=1G\n",
            "none",
        ),
        ("mysql:8.4", "    volumes: ['./gone:/etc/mysql/conf.d']\n", "", "unknown"),
        ("mysql:8.4", "    volumes: ['settings:/etc/mysql/conf.d']\n", "", "unknown"),
        (
            "mongo:8.0",
            "    command: --config /m.conf\n    volumes: ['./c:/m.conf']\n",
            mongod,
            "512 MiB: 0.5 in c",
        ),
        ("mongo:8.0", "    command: -f /m.conf\n    volumes: ['./c:/m.conf']\n", "storage: [\n", "unknown"),
    ];
    let mut wrong = String::new();
    for (image, keys, file, expected) in cases {
        // A named volume needs no entry here: the checks of Compose are not the subject.
        let found = cache(&[("compose.yaml", &service(image, keys)), ("c", file)]);
        if found != expected {
            writeln!(wrong, "{image} {keys}{file}: {found}, not {expected}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn configs_of_the_project_count() {
    let keys = "    command: redis-server /redis\n    configs: [redis]\nconfigs:\n  redis:\n";
    let redis = |source: &str| service("redis:8", &format!("{keys}{source}"));
    let inline = redis("    content: |\n      maxmemory 300mb\n");
    assert_eq!(cache(&[("compose.yaml", &inline)]), "300 MiB: 300mb in compose.yaml");
    let file = redis("    file: r.conf\n");
    assert_eq!(cache(&[("compose.yaml", &file), ("r.conf", "maxmemory 300mb")]), "300 MiB: 300mb in r.conf");
    assert_eq!(cache(&[("compose.yaml", &redis("    external: true\n"))]), "unknown");
    let varies = redis("    content: maxmemory ${SIZE:-300mb}\n");
    assert_eq!(cache(&[("compose.yaml", &varies)]), "300 MiB: 300mb in compose.yaml");
    let unset = redis("    content: maxmemory ${SIZE}\n");
    assert_eq!(cache(&[("compose.yaml", &unset)]), "unknown");
}

#[test]
fn included_files_count_where_they_are_included() {
    let keys = "    command: -c config_file=/etc/pg/main.conf\n    volumes: ['./pg:/etc/pg']\n";
    let compose = service("postgres:17", keys);
    for (main, expected) in [
        ("shared_buffers=1GB\ninclude 'own.conf'\n", "2 GiB: 2GB in own.conf"),
        ("include 'own.conf'\nshared_buffers=1GB\n", "1 GiB: 1GB in main.conf"),
        ("include_dir 'more'\n", "3 GiB: 3GB in b.conf"),
        ("shared_buffers=1GB\ninclude_if_exists 'gone.conf'\n", "1 GiB: 1GB in main.conf"),
        ("shared_buffers=1GB\ninclude 'gone.conf'\n", "unknown"),
        ("include 'main.conf'\n", "unknown"),
    ] {
        let files = [
            ("compose.yaml", compose.as_str()),
            ("pg/main.conf", main),
            ("pg/own.conf", "shared_buffers=2GB\n"),
            ("pg/more/a.conf", "shared_buffers=1GB\n"),
            ("pg/more/b.conf", "shared_buffers=3GB\n"),
        ];
        assert_eq!(cache(&files), expected, "{main}");
    }
}

#[test]
fn files_of_the_image_count_unless_something_writes_them() {
    let compose = "services:\n  db:\n    build: .\n";
    for (dockerfile, expected) in [
        ("FROM mysql:8.4\nCOPY my.cnf /etc/mysql/conf.d/\n", "300 MiB: 300M in my.cnf"),
        (
            "FROM mysql:8.4\nCOPY my.cnf /etc/mysql/conf.d/\nRUN chmod 644 /etc/mysql/conf.d/my.cnf\n",
            "300 MiB: 300M in my.cnf",
        ),
        (
            "FROM mysql:8.4\nCOPY my.cnf /etc/mysql/conf.d/\nRUN sed -i s/3/4/ /etc/mysql/conf.d/my.cnf\n",
            "unknown",
        ),
        ("FROM mysql:8.4\nRUN echo '[mysqld]' > /etc/mysql/conf.d/my.cnf\n", "unknown"),
        ("FROM mysql:8.4\nCOPY --from=x my.cnf /etc/mysql/conf.d/\n", "unknown"),
        ("FROM mysql:8.4\nCOPY my.cnf /tmp/\n", "none"),
    ] {
        let files = [
            ("compose.yaml", compose),
            ("Dockerfile", dockerfile),
            ("my.cnf", "[mysqld]\ninnodb_buffer_pool_size=300M\n"),
        ];
        assert_eq!(cache(&files), expected, "{dockerfile}");
    }
}

#[test]
fn a_script_that_writes_the_file_makes_it_unknown() {
    let keys =
        "    command: redis-server /conf/redis.conf\n    volumes: ['./conf:/conf', './start.sh:/start.sh']\n";
    let compose = service("redis:8", keys);
    for (script, expected) in [
        ("#!/bin/sh\nexec redis-server /conf/redis.conf\n", "300 MiB: 300mb in redis.conf"),
        ("#!/bin/sh\nsed -i s/300/$SIZE/ /conf/redis.conf\n", "unknown"),
        ("#!/bin/sh\necho maxmemory 1gb >> /conf/redis.conf\n", "unknown"),
    ] {
        let files = [
            ("compose.yaml", compose.as_str()),
            ("conf/redis.conf", "maxmemory 300mb\n"),
            ("start.sh", script),
        ];
        assert_eq!(cache(&files), expected, "{script}");
    }
}

/// Returns the rules that mention the cache of a service.
fn rules(image: &str, command: &str, limit: &str) -> Vec<&'static str> {
    let compose = service(image, &format!("    command: {command}\n    mem_limit: {limit}\n"));
    let checked = Checked::tree(&[("compose.yaml", &compose)], "");
    let of = |rule: &str| rule.ends_with("-cache") && rule != "unbounded-cache" || rule.starts_with("cache-");
    checked.outcome.findings.iter().map(|finding| finding.rule).filter(|rule| of(rule)).collect()
}

#[test]
fn one_finding_is_about_a_cache_and_none_about_usual_sizes() {
    let sizes =
        [("128", "256m"), ("256", "512m"), ("512", "1g"), ("1024", "2g"), ("2048", "4g"), ("8192", "16g")];
    for (half, limit) in sizes {
        for (image, command) in [
            ("mysql:8.4", format!("--innodb-buffer-pool-size={half}M")),
            ("mariadb:11", format!("--innodb-buffer-pool-size={half}M")),
            ("postgres:17", format!("-c shared_buffers={half}MB")),
            ("redis:8", format!("redis-server --maxmemory {half}mb --appendonly yes")),
        ] {
            assert!(rules(image, &command, limit).is_empty(), "{image} {command} in {limit}");
        }
    }
    for (image, command, limit, expected) in [
        ("mysql:8.4", "--innodb-buffer-pool-size=768M", "1g", "tight-cache"),
        ("mysql:8.4", "--innodb-buffer-pool-size=900M", "1g", "cache-exceeds-limit"),
        ("mysql:8.4", "--innodb-buffer-pool-size=1g", "1g", "cache-exceeds-limit"),
        (
            "mysql:8.4",
            "--innodb-buffer-pool-size=512M --max-connections=800 --sort-buffer-size=8M",
            "1g",
            "tight-cache",
        ),
        ("postgres:17", "-c shared_buffers=1GB -c max_connections=500 -c work_mem=64MB", "2g", "tight-cache"),
        (
            "postgres:17",
            "-c shared_buffers=256MB -c work_mem=65536 -c max_connections=400",
            "1g",
            "tight-cache",
        ),
        ("postgres:17", "-c shared_buffers=1GB -c maintenance_work_mem=1GB", "2g", "tight-cache"),
        ("redis:8", "redis-server --maxmemory 384mb --repl-backlog-size 64mb", "512m", "tight-cache"),
        ("mongo:8.0", "--wiredTigerCacheSizeGB 0.75", "1g", "tight-cache"),
    ] {
        assert_eq!(rules(image, command, limit), [expected], "{image} {command} in {limit}");
    }
    for (image, command, limit) in [
        ("mysql:8.4", "--innodb-buffer-pool-size=3G", "4g"),
        ("mysql:8.4", "--innodb-buffer-pool-size=64M --performance-schema=OFF", "256m"),
        ("postgres:17", "-c shared_buffers=1GB -c max_connections=200 -c work_mem=8MB", "2g"),
        ("postgres:17", "-c shared_buffers=64MB -c max_connections=20", "128m"),
        ("redis:8", "redis-server --maxmemory 384mb --appendonly yes", "512m"),
        ("redis:8", "redis-server --maxmemory 48mb", "64m"),
        ("memcached:1.6", "-m 96", "128m"),
        ("mongo:8.0", "--wiredTigerCacheSizeGB 0.25", "512m"),
        ("mysql:8.4", "--max-connections=5000", "512m"),
    ] {
        assert!(rules(image, command, limit).is_empty(), "{image} {command} in {limit}");
    }
}

#[test]
fn files_that_a_row_names_count() {
    let neo4j = "# heap\nserver.memory.heap.initial_size=512m\nserver.memory.heap.max_size=2g\n";
    let old = "dbms.memory.heap.max_size=2G\n";
    let clickhouse =
        "<clickhouse>\n <max_server_memory_usage>2147483648</max_server_memory_usage>\n</clickhouse>\n";
    let nats = "port: 4222\njetstream {\n  max_mem: 1GB\n}\n";
    let cases = [
        (
            "neo4j:5",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            neo4j,
            &["heap: 2 GiB: 2g in c", "page cache: none"][..],
        ),
        (
            "neo4j:5",
            "    volumes: ['./c:/var/lib/neo4j/conf/neo4j.conf']\n    environment: {NEO4J_server_memory_heap_max__size: 1g}\n",
            neo4j,
            &["heap: 1 GiB: 1g in compose.yaml", "page cache: none"],
        ),
        (
            "neo4j:5",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            old,
            &["heap: 2 GiB: 2G in c", "page cache: none"],
        ),
        (
            "neo4j:4.4",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            old,
            &["heap: 2 GiB: 2G in c", "page cache: none"],
        ),
        // Neither reads the other's names.
        ("neo4j:4.4", "    volumes: ['./c:/conf/neo4j.conf']\n", neo4j, &["heap: none", "page cache: none"]),
        (
            "neo4j:2026.07",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            old,
            &["heap: none", "page cache: none"],
        ),
        (
            "neo4j:5",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            "server.port=1\n",
            &["heap: none", "page cache: none"],
        ),
        ("neo4j:5", "    volumes: ['./c:/other/neo4j.conf']\n", neo4j, &["heap: none", "page cache: none"]),
        // What the file says is not understood.
        (
            "neo4j:5",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            "server.memory.heap.max_size=2gg\n",
            &["heap: unknown", "page cache: none"],
        ),
        (
            "neo4j:5",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            "server.memory.heap.max_size=\n",
            &["heap: unknown", "page cache: none"],
        ),
        (
            "neo4j:5",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            "server.memory.heap.max_size=$SIZE\n",
            &["heap: unknown", "page cache: none"],
        ),
        (
            "neo4j:5",
            "    volumes: ['./c:/conf/neo4j.conf']\n",
            "x {server.memory.heap.max_size 1g}\n",
            &["heap: unknown", "page cache: none"],
        ),
        // What is there is not here.
        ("neo4j:5", "    volumes: ['./gone:/conf']\n", "", &["heap: unknown", "page cache: unknown"]),
        ("neo4j:5", "    volumes: ['settings:/conf']\n", "", &["heap: unknown", "page cache: unknown"]),
        ("neo4j:5", "    volumes: ['data:/data']\n", "", &["heap: none", "page cache: none"]),
        (
            "clickhouse/clickhouse-server:25.12",
            "    volumes: ['./c:/etc/clickhouse-server/config.d/memory.xml']\n",
            clickhouse,
            &["server: 2 GiB: 2147483648 in c"],
        ),
        (
            "clickhouse/clickhouse-server:25.12",
            "    volumes: ['./c:/etc/clickhouse-server/config.d/memory.yaml']\n",
            "max_server_memory_usage_to_ram_ratio: 0.7\n",
            &["server: 70 %: 0.7 in c"],
        ),
        (
            "nats:2.10",
            "    volumes: ['./c:/etc/nats/nats-server.conf']\n",
            nats,
            &["JetStream's memory store: 1 GiB: 1GB in c"],
        ),
        (
            "nats:2.10",
            "    volumes: ['./c:/etc/nats/nats-server.conf']\n",
            "jetstream { max_mem: 1GB }\n",
            &["JetStream's memory store: unknown"],
        ),
    ];
    for (image, keys, file, expected) in cases {
        let found = bounds(&[("compose.yaml", &service(image, keys)), ("c", file)]);
        assert_eq!(found, expected, "{image} {keys}{file}");
    }
}

#[test]
fn directories_of_settings_count() {
    let compose = service("neo4j:5", "    volumes: ['./conf:/conf']\n");
    let neo4j = "server.memory.pagecache.size=1g\n";
    let found = bounds(&[("compose.yaml", &compose), ("conf/neo4j.conf", neo4j)]);
    assert_eq!(found, ["heap: none", "page cache: 1 GiB: 1g in neo4j.conf"]);
    let dockerfile = "FROM neo4j:5\nCOPY conf/ /conf/\n";
    let files = [
        ("compose.yaml", "services:\n  db:\n    build: .\n"),
        ("Dockerfile", dockerfile),
        ("conf/neo4j.conf", neo4j),
    ];
    assert_eq!(bounds(&files), ["heap: none", "page cache: 1 GiB: 1g in neo4j.conf"]);
    let written = format!("{dockerfile}RUN sed -i s/1g/4g/ /conf/neo4j.conf\n");
    let files = [files[0], ("Dockerfile", written.as_str()), files[2]];
    assert_eq!(bounds(&files), ["heap: unknown", "page cache: unknown"]);
}

#[test]
fn files_of_flags_count() {
    let at = "/usr/share/elasticsearch/config/jvm.options";
    let mount = format!("    volumes: ['./c:{at}']\n");
    let below = format!("    volumes: ['./c:{at}.d/heap.options']\n");
    let other = format!("    volumes: ['./c:{at}.d/heap.txt']\n");
    let variable = format!("{mount}    environment: {{ES_JAVA_OPTS: -Xmx3g}}\n");
    let logstash = "    volumes: ['./c:/usr/share/logstash/config/jvm.options']\n";
    let gone = format!("    volumes: ['./gone:{at}']\n");
    let cases = [
        ("elasticsearch:8.15.0", &mount, "-Xms1g\n-Xmx2g\n", &["Java heap: 2 GiB: -Xmx2g in c"][..]),
        ("elasticsearch:8.15.0", &mount, "-Xmx2g -Xms2g\n", &["Java heap: 2 GiB: -Xmx2g in c"]),
        ("elasticsearch:8.15.0", &below, "# x\r\n-Xmx2g\r\n", &["Java heap: 2 GiB: -Xmx2g in c"]),
        ("elasticsearch:8.15.0", &other, "-Xmx2g\n", &[]),
        ("elasticsearch:8.15.0", &variable, "-Xmx2g\n", &["Java heap: 3 GiB: -Xmx3g in compose.yaml"]),
        // Nobody knows the version of Java.
        ("elasticsearch:8.15.0", &mount, "8-13:-Xmx2g\n", &["Java heap: unknown"]),
        ("elasticsearch:8.15.0", &mount, "8-13:-XX:+UseG1GC\n-Xmx2g\n", &["Java heap: 2 GiB: -Xmx2g in c"]),
        ("elasticsearch:8.15.0", &mount, "-Xmx2gb\n", &["Java heap: unknown"]),
        ("elasticsearch:8.15.0", &gone, "", &["Java heap: unknown"]),
        ("logstash:8.15.0", &logstash.to_owned(), "-Xmx2g\n", &["Java heap: 2 GiB: -Xmx2g in c"]),
    ];
    for (image, keys, file, expected) in cases {
        let found = bounds(&[("compose.yaml", &service(image, keys)), ("c", file)]);
        assert_eq!(found, expected, "{image} {keys}{file}");
    }
}

/// Returns the rules that report a service with a file `c`, and the files in which their findings are.
fn reported(image: &str, keys: &str, file: &str) -> Vec<String> {
    let compose = service(image, keys);
    let checked = Checked::tree(&[("compose.yaml", &compose), ("c", file)], "");
    let of_heap = ["heap-exceeds-limit", "cache-exceeds-limit", "malformed-heap-setting", "tight-heap"];
    let findings = checked.outcome.findings.iter().filter(|finding| of_heap.contains(&finding.rule));
    let places = findings.map(|finding| {
        let related = finding.related.iter().map(|label| label.span);
        let name = |span: oomlint::source::Span| {
            let source = checked.sources.get(span.file);
            source.path().file_name().unwrap().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = std::iter::once(finding.primary.span).chain(related).map(name).collect();
        names.sort();
        names.dedup();
        format!("{} in {}", finding.rule, names.join(" and "))
    });
    places.collect()
}

#[test]
fn findings_are_in_the_file_and_name_the_limit() {
    let neo4j = "    mem_limit: 1g\n    volumes: ['./c:/conf/neo4j.conf']\n";
    let jvm =
        "    mem_limit: 1g\n    volumes: ['./c:/usr/share/elasticsearch/config/jvm.options.d/x.options']\n";
    let clickhouse = "    mem_limit: 1g\n    volumes: ['./c:/etc/clickhouse-server/config.d/x.xml']\n";
    for (image, keys, file, expected) in [
        (
            "neo4j:5",
            neo4j,
            "server.memory.heap.max_size=2g\n",
            &["heap-exceeds-limit in c and compose.yaml"][..],
        ),
        ("neo4j:5", neo4j, "server.memory.heap.max_size=2gg\n", &[]),
        (
            "neo4j:5",
            neo4j,
            "server.memory.pagecache.size=2g\n",
            &["cache-exceeds-limit in c and compose.yaml"],
        ),
        ("elasticsearch:8.15.0", jvm, "-Xmx2g\n", &["heap-exceeds-limit in c and compose.yaml"]),
        ("elasticsearch:8.15.0", jvm, "-Xmx2gb\n", &["malformed-heap-setting in c and compose.yaml"]),
        ("elasticsearch:8.15.0", jvm, "-Xmx400m\n", &[]),
        // It lowers larger sizes to 90 % of what it sees.
        (
            "clickhouse/clickhouse-server:25.12",
            clickhouse,
            "<clickhouse><max_server_memory_usage>2147483648</max_server_memory_usage></clickhouse>",
            &[],
        ),
    ] {
        assert_eq!(reported(image, keys, file), expected, "{image} {keys}{file}");
    }
}

/// A variable that is empty sets nothing; of several the first that says something counts.
#[test]
fn variables_that_are_empty_set_nothing() {
    for (environment, heap) in [
        ("NEO4J_server_memory_heap_max__size: 1g", "heap: 1 GiB: 1g in compose.yaml"),
        ("NEO4J_server_memory_heap_max__size: ''", "heap: none"),
        ("NEO4J_server_memory_heap_max__size: ' '", "heap: none"),
        ("NEO4J_server_memory_heap_max__size: '${X}'", "heap: unknown"),
        ("NEO4J_server_memory_heap_max__size: big", "heap: unknown"),
        ("NEO4J_server_memory_heap_max__size: '0'", "heap: unknown"),
        (
            "NEO4J_server_memory_heap_max__size: '', NEO4J_dbms_memory_heap_max__size: 2g",
            "heap: 2 GiB: 2g in compose.yaml",
        ),
        (
            "NEO4J_server_memory_heap_max__size: 1g, NEO4J_dbms_memory_heap_max__size: 2g",
            "heap: 1 GiB: 1g in compose.yaml",
        ),
        ("NEO4J_server_memory_heap_max__size: big, NEO4J_dbms_memory_heap_max__size: 2g", "heap: unknown"),
    ] {
        let keys = format!("    environment: {{{environment}}}\n");
        let found = bounds(&[("compose.yaml", &service("neo4j:5", &keys))]);
        assert_eq!(found.first().map(String::as_str), Some(heap), "{environment}");
    }
}

/// An option of the server is found with its value in one word or two; the last one counts, unless the command is not known.
#[test]
fn options_are_found_in_one_word_or_two() {
    for (command, expected) in [
        ("[redpanda, start, '--memory=1G']", "1 GiB"),
        ("[redpanda, start, --memory, 1G]", "1 GiB"),
        ("[redpanda, start, --memory 1G]", "1 GiB"),
        ("[redpanda, start, --memory, 1G, --memory, 2G]", "2 GiB"),
        ("[redpanda, start, --memory 2G, '--memory=1G']", "1 GiB"),
        ("[redpanda, start, --memory]", "none"),
        ("[redpanda, start, --memoryx, 1G]", "none"),
        ("[redpanda, start, --memory, x]", "unknown"),
        ("[redpanda, start, --memory, '${X}']", "unknown"),
        ("[redpanda, start]", "none"),
    ] {
        let keys = format!("    command: {command}\n");
        let found = cache(&[("compose.yaml", &service("redpandadata/redpanda:v25.1.9", &keys))]);
        assert_eq!(found.split(':').next(), Some(expected), "{command}");
    }
}
