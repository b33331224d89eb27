//! Settings of servers in files: which count, which of several wins, and when one is not known.

use std::fmt::Write;

use oomlint::workload::{Bound, Fact};

use crate::common::Checked;

/// Returns the bound of the first cache of a Compose file beside other files: the size and the text at its place.
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

/// Returns the rules that speak of the cache of a service.
fn rules(image: &str, command: &str, limit: &str) -> Vec<&'static str> {
    let compose = service(image, &format!("    command: {command}\n    mem_limit: {limit}\n"));
    let checked = Checked::tree(&[("compose.yaml", &compose)], "");
    let of = |rule: &str| rule.ends_with("-cache") && rule != "unbounded-cache" || rule.starts_with("cache-");
    checked.outcome.findings.iter().map(|finding| finding.rule).filter(|rule| of(rule)).collect()
}

#[test]
fn one_finding_speaks_of_a_cache_and_none_of_usual_sizes() {
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
