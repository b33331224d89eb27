//! Heaps and caches: how large they grow under a limit, what a server needs outside its cache, and how another size is written.

use oomlint::source::Span;
use oomlint::syntax::size::{ByteSize, MIB};
use oomlint::workload::{Fact, MemoryPool};

use crate::common::Checked;

fn service(text: &str) -> Checked {
    Checked::texts(&[("compose.yaml", &format!("services:\n  it: {{mem_limit: 8g, {text}}}\n"))])
}

/// Returns the first heap, or the first cache without one.
fn pool(checked: &Checked) -> &MemoryPool {
    let pools = &checked.outcome.projects[0].workloads[0].pools;
    pools.heaps.iter().chain(&pools.caches).next().unwrap()
}

fn mib(size: i64) -> ByteSize {
    ByteSize(size * MIB)
}

#[test]
fn a_pool_has_a_size_under_each_limit() {
    // The sizes under a limit of 2 GiB, without one on a host of 4 GiB, and with neither.
    for (text, limited, on_host, with_neither, follows) in [
        (
            "image: 'amazoncorretto:21', command: java -Xmx1g -jar a",
            "1 GiB Bytes",
            "1 GiB Bytes",
            "1 GiB Bytes",
            false,
        ),
        (
            "image: 'amazoncorretto:21', command: java -XX:MaxRAMPercentage=50 -jar a",
            "1 GiB Share",
            "2 GiB Share",
            "",
            true,
        ),
        (
            "image: 'amazoncorretto:8', command: java -XX:MaxRAMFraction=2 -jar a",
            "1 GiB Share",
            "2 GiB Share",
            "",
            true,
        ),
        ("image: 'amazoncorretto:21', command: java -jar a", "512 MiB Default", "1 GiB Default", "", true),
        ("image: 'node:22', command: node a", "1048 MiB Default", "2096 MiB Default", "", true),
        (
            "image: 'node:22', command: node --max-old-space-size-percentage=50 a",
            "1 GiB Share",
            "2 GiB Share",
            "",
            true,
        ),
        (
            "image: acme/x, environment: {DOTNET_GCHeapHardLimitPercent: '0x32'}",
            "1 GiB Share",
            "2 GiB Share",
            "",
            true,
        ),
        ("image: 'neo4j:5'", "512 MiB Default", "1 GiB Default", "", true),
        // Nobody has measured a share of OpenJ9, and PHP's limit is that of one request.
        (
            "image: 'ibm-semeru-runtimes:open-21-jre', command: java -XX:MaxRAMPercentage=50.0 -jar a",
            "",
            "",
            "",
            false,
        ),
        ("image: 'nextcloud:31', environment: {PHP_MEMORY_LIMIT: 1G}", "", "", "", false),
        ("image: 'amazoncorretto:21', command: 'java -XX:MaxRAMPercentage=${X} -jar a'", "", "", "", false),
        (
            "image: 'mongo:8.0', command: --wiredTigerCacheSizeGB 1",
            "1 GiB Bytes",
            "1 GiB Bytes",
            "1 GiB Bytes",
            false,
        ),
        // Java 8u121 sees the host's memory, whatever the limit.
        ("image: 'openjdk:8u121-jre', command: java -jar a", "", "1 GiB Default", "", true),
        ("image: 'clickhouse:25'", "1.8 GiB Default", "3.6 GiB Default", "", true),
    ] {
        let checked = service(text);
        let pool = pool(&checked);
        let under = |limit: Option<i64>, host: Option<i64>| {
            let size = pool.size_under(limit.map(mib), host.map(mib));
            size.map(|size| format!("{} {:?}", size.size, size.by)).unwrap_or_default()
        };
        let found = [under(Some(2048), None), under(None, Some(4096)), under(None, None)];
        assert_eq!(found, [limited, on_host, with_neither], "{text}");
        let seen = if pool.limit_unseen.is_some() { on_host } else { limited };
        assert_eq!(under(Some(2048), Some(4096)), seen, "{text}");
        assert_eq!(pool.follows(), follows, "{text}");
    }
}

/// ClickHouse lowers a larger size to its share of the memory that it sees.
#[test]
fn a_capped_size_is_lowered_to_the_share() {
    let compose = "services: {it: {image: 'clickhouse:25', mem_limit: 2g, volumes: ['./c.xml:/etc/clickhouse-server/config.d/c.xml']}}\n";
    let xml = "<clickhouse><max_server_memory_usage>1073741824</max_server_memory_usage></clickhouse>\n";
    let checked = Checked::tree(&[("compose.yaml", compose), ("c.xml", xml)], "");
    let pool = pool(&checked);
    for (limit, expected) in [
        (Some(mib(2048)), "1 GiB Bytes"),
        (Some(mib(1000)), "900 MiB Default"),
        // Just as much, and one byte less.
        (Some(ByteSize(1_193_046_472)), "1 GiB Bytes"),
        (Some(ByteSize(1_193_046_470)), "1024 MiB Default"),
        (None, "1 GiB Bytes"),
    ] {
        let size = pool.size_under(limit, None).unwrap();
        assert_eq!(format!("{} {:?}", size.size, size.by), expected, "{limit:?}");
    }
    assert_eq!(pool.lowered_to(mib(1000)), Some(mib(900)));
}

#[test]
fn a_server_needs_more_than_its_cache() {
    for (image, command, expected) in [
        (
            "postgres:17",
            "-c shared_buffers=1GB",
            "48 MiB for the server itself; 90 MiB for 10 connections (9 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c max_connections=400",
            "48 MiB for the server itself; 900 MiB for 100 of 400 connections (9 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c max_connections=8",
            "48 MiB for the server itself; 72 MiB for 8 of 8 connections (9 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c max_connections=0",
            "48 MiB for the server itself; 90 MiB for 10 connections (9 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c max_connections=200 -c work_mem=64MB",
            "48 MiB for the server itself; 3450 MiB for 50 of 200 connections (64 MiB of work_mem + 5 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c work_mem=1MB",
            "48 MiB for the server itself; 60 MiB for 10 connections (1 MiB of work_mem + 5 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c work_mem=65536",
            "48 MiB for the server itself; 690 MiB for 10 connections (64 MiB of work_mem + 5 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c maintenance_work_mem=256MB",
            "48 MiB for the server itself; 90 MiB for 10 connections (9 MiB each); 256 MiB of maintenance_work_mem for one worker",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c maintenance_work_mem=256MB -c autovacuum_max_workers=4",
            "48 MiB for the server itself; 90 MiB for 10 connections (9 MiB each); 1 GiB of maintenance_work_mem for 4 workers (256 MiB each)",
        ),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c maintenance_work_mem=256MB -c autovacuum_work_mem=128MB",
            "48 MiB for the server itself; 90 MiB for 10 connections (9 MiB each); 128 MiB of autovacuum_work_mem for one worker",
        ),
        // -1 stands for the other setting.
        (
            "postgres:17",
            "-c shared_buffers=1GB -c maintenance_work_mem=256MB -c autovacuum_work_mem=-1",
            "48 MiB for the server itself; 90 MiB for 10 connections (9 MiB each); 256 MiB of maintenance_work_mem for one worker",
        ),
        (
            "mysql:8.4",
            "--innodb-buffer-pool-size=1G",
            "102.4 MiB for control structures of the pool (10 % of it); 100 MiB for the server itself; 150 MiB for its Performance Schema; 16 MiB of innodb_log_buffer_size (default); 30 MiB for 10 connections (3 MiB each)",
        ),
        (
            "mysql:8.4",
            "--innodb-buffer-pool-size=1G --performance-schema=OFF",
            "102.4 MiB for control structures of the pool (10 % of it); 100 MiB for the server itself; 16 MiB of innodb_log_buffer_size (default); 30 MiB for 10 connections (3 MiB each)",
        ),
        (
            "mysql:8.4",
            "--innodb-buffer-pool-size=1G --skip-performance-schema",
            "102.4 MiB for control structures of the pool (10 % of it); 100 MiB for the server itself; 16 MiB of innodb_log_buffer_size (default); 30 MiB for 10 connections (3 MiB each)",
        ),
        (
            "mariadb:11",
            "--innodb-buffer-pool-size=1G",
            "102.4 MiB for control structures of the pool (10 % of it); 100 MiB for the server itself; 16 MiB of innodb_log_buffer_size (default); 30 MiB for 10 connections (3 MiB each)",
        ),
        (
            "mariadb:11",
            "--innodb-buffer-pool-size=1G --performance-schema=1 --innodb-log-buffer-size=64M --key-buffer-size=32M --query-cache-size=8M",
            "102.4 MiB for control structures of the pool (10 % of it); 100 MiB for the server itself; 150 MiB for its Performance Schema; 64 MiB of innodb_log_buffer_size; 32 MiB of key_buffer_size; 8 MiB of query_cache_size; 30 MiB for 10 connections (3 MiB each)",
        ),
        (
            "mariadb:11",
            "--innodb-buffer-pool-size=1G --performance-schema=1 --skip-performance-schema --max-connections=400 --sort-buffer-size=8M",
            "102.4 MiB for control structures of the pool (10 % of it); 100 MiB for the server itself; 16 MiB of innodb_log_buffer_size (default); 1075 MiB for 100 of 400 connections (8 MiB of sort_buffer_size + 2.8 MiB each)",
        ),
        // What is not larger than the default changes nothing.
        (
            "mariadb:11",
            "--innodb-buffer-pool-size=1G --key-buffer-size=0 --sort-buffer-size=262144 --join-buffer-size=64K",
            "102.4 MiB for control structures of the pool (10 % of it); 100 MiB for the server itself; 16 MiB of innodb_log_buffer_size (default); 30 MiB for 10 connections (3 MiB each)",
        ),
        (
            "redis:8",
            "redis-server --maxmemory 1gb",
            "256 MiB for pages that change while it saves (25 % of it)",
        ),
        ("redis:8", "redis-server --maxmemory 1gb --save ''", "102.4 MiB for fragmentation (10 % of it)"),
        (
            "redis:8",
            "redis-server --maxmemory 1gb --save '' --appendonly yes",
            "256 MiB for pages that change while it saves (25 % of it)",
        ),
        (
            "redis:8",
            "redis-server --maxmemory 1gb --save '' --appendonly no",
            "102.4 MiB for fragmentation (10 % of it)",
        ),
        ("redis:8", "redis-server --maxmemory 1gb ${X}", "102.4 MiB for fragmentation (10 % of it)"),
        (
            "redis:8",
            "redis-server --maxmemory 1gb --repl-backlog-size 64mb",
            "256 MiB for pages that change while it saves (25 % of it); 64 MiB of repl-backlog-size",
        ),
        (
            "mongo:8.0",
            "--wiredTigerCacheSizeGB 1",
            "150 MiB for the server itself; 200 MiB for an index build (default); 10 MiB for 10 connections (1 MiB each)",
        ),
        (
            "mongo:8.0",
            "--wiredTigerCacheSizeGB 1 --maxConns 400",
            "150 MiB for the server itself; 200 MiB for an index build (default); 100 MiB for 100 of 400 connections (1 MiB each)",
        ),
    ] {
        let checked = service(&format!("image: '{image}', command: \"{command}\""));
        let needs = pool(&checked).server_needs().unwrap();
        let parts = needs.parts(mib(1024));
        let shown: Vec<String> = parts.iter().map(|(size, text)| format!("{size} {text}")).collect();
        assert_eq!(shown.join("; "), expected, "{image} {command}");
        let sum: i64 = parts.iter().map(|(size, _)| size.0).sum();
        assert_eq!(needs.sum(mib(1024)).0, mib(1024).0 + sum, "{image} {command}");
    }
}

/// Only what somebody wrote raises the needs, and each such term names it.
#[test]
fn needs_are_raised_by_what_is_written() {
    for (image, command, raised, written) in [
        ("postgres:17", "-c shared_buffers=1GB", "0 bytes", ""),
        ("postgres:17", "-c shared_buffers=1GB -c max_connections=8", "0 bytes", ""),
        ("postgres:17", "-c shared_buffers=1GB -c max_connections=400", "810 MiB", "-c max_connections=400"),
        ("postgres:17", "-c shared_buffers=1GB -c work_mem=14MB", "100 MiB", "-c work_mem=14MB"),
        (
            "postgres:17",
            "-c shared_buffers=1GB -c maintenance_work_mem=256MB",
            "256 MiB",
            "-c maintenance_work_mem=256MB",
        ),
        (
            "mysql:8.4",
            "--innodb-buffer-pool-size=1G --key-buffer-size=32M",
            "32 MiB",
            "--key-buffer-size=32M",
        ),
        (
            "mysql:8.4",
            "--innodb-buffer-pool-size=1G --innodb-log-buffer-size=64M",
            "64 MiB",
            "--innodb-log-buffer-size=64M",
        ),
        (
            "redis:8",
            "redis-server --maxmemory 1gb --repl-backlog-size 64mb",
            "64 MiB",
            "--repl-backlog-size 64mb",
        ),
        ("mongo:8.0", "--wiredTigerCacheSizeGB 1 --maxConns 400", "90 MiB", "--maxConns 400"),
    ] {
        let checked = service(&format!("image: '{image}', command: \"{command}\""));
        let needs = pool(&checked).server_needs().unwrap();
        let texts = needs.raised_terms().flat_map(|term| term.written.iter().map(|(_, text)| text.as_str()));
        assert_eq!(
            (needs.raised().to_string().as_str(), texts.collect::<Vec<_>>().join(" ")),
            (raised, written.to_owned()),
            "{command}"
        );
    }
}

/// Another size or share is written as the first one is: in its grammar, in its place.
#[test]
fn a_setting_is_written_in_its_own_form() {
    // The setting, with 384 MiB, the place and text of that, with 70 %, the place and text of that.
    for (text, written, with_size, resized, with_percent, reshared) in [
        ("image: 'amazoncorretto:21', command: java -Xmx1g -jar a", "-Xmx1g", "-Xmx384m", "1g 384m", "", ""),
        (
            "image: 'amazoncorretto:21', command: java -XX:MaxHeapSize=1g -jar a",
            "-XX:MaxHeapSize=1g",
            "-XX:MaxHeapSize=384m",
            "1g 384m",
            "",
            "",
        ),
        (
            "image: 'amazoncorretto:21', command: java -XX:MaxRAMPercentage=50 -jar a",
            "-XX:MaxRAMPercentage=50",
            "",
            "",
            "-XX:MaxRAMPercentage=70.0",
            "50 70.0",
        ),
        (
            "image: 'amazoncorretto:8', command: java -XX:MaxRAMFraction=2 -jar a",
            "-XX:MaxRAMFraction=2",
            "",
            "",
            "-XX:MaxRAMPercentage=70.0",
            "",
        ),
        (
            "image: 'node:22', command: node --max-old-space-size=1024 a",
            "--max-old-space-size=1024",
            "--max-old-space-size=384",
            "1024 384",
            "",
            "",
        ),
        (
            "image: 'node:22', command: node --max-old-space-size-percentage=50 a",
            "--max-old-space-size-percentage=50",
            "",
            "",
            "--max-old-space-size-percentage=70",
            "50 70",
        ),
        (
            "image: acme/x, environment: {DOTNET_GCHeapHardLimitPercent: '0x32'}",
            "DOTNET_GCHeapHardLimitPercent=0x32",
            "",
            "",
            "DOTNET_GCHeapHardLimitPercent: 0x46",
            "0x32 0x46",
        ),
        (
            "image: acme/x, environment: {DOTNET_GCHeapHardLimit: '0x40000000'}",
            "DOTNET_GCHeapHardLimit=0x40000000",
            "DOTNET_GCHeapHardLimit: 0x18000000",
            "0x40000000 0x18000000",
            "",
            "",
        ),
        (
            "image: acme/x, environment: {GOMEMLIMIT: 1GiB}",
            "GOMEMLIMIT=1GiB",
            "GOMEMLIMIT: 384MiB",
            "1GiB 384MiB",
            "",
            "",
        ),
        (
            "image: itzg/minecraft-server, environment: {MEMORY: 1G}",
            "MEMORY=1G",
            "MEMORY: 384m",
            "1G 384m",
            "",
            "1G 70%",
        ),
        (
            "image: itzg/minecraft-server, environment: {MEMORY: 50%}",
            "MEMORY=50%",
            "MEMORY: 384m",
            "50% 384m",
            "MEMORY: 70%",
            "50% 70%",
        ),
        (
            "image: 'redis:8', command: redis-server --maxmemory 1gb",
            "--maxmemory 1gb",
            "--maxmemory 384mb",
            "1gb 384mb",
            "",
            "",
        ),
        ("image: 'memcached:1.6', command: memcached -m 1024", "-m 1024", "-m 384", "1024 384", "", ""),
        ("image: 'memcached:1.6', command: memcached -m1024", "-m1024", "-m384", "1024 384", "", ""),
        (
            "image: 'postgres:17', command: -c shared_buffers=131072",
            "-c shared_buffers=131072",
            "-c shared_buffers=384MB",
            "131072 384MB",
            "",
            "",
        ),
        (
            "image: 'mongo:8.0', command: --wiredTigerCacheSizeGB 1",
            "--wiredTigerCacheSizeGB 1",
            "--wiredTigerCacheSizeGB 0.37",
            "1 0.37",
            "",
            "",
        ),
        // An option of a product, in one word or two.
        (
            "image: 'scylladb/scylla:6.2', command: --memory 1G",
            "--memory 1G",
            "--memory 384m",
            "1G 384m",
            "",
            "",
        ),
        (
            "image: 'scylladb/scylla:6.2', command: --memory=1G",
            "--memory=1G",
            "--memory=384m",
            "1G 384m",
            "",
            "",
        ),
        (
            "image: 'scylladb/scylla:6.2', command: [--memory 1G]",
            "--memory 1G",
            "--memory 384m",
            "1G 384m",
            "",
            "",
        ),
        (
            "image: 'mcr.microsoft.com/mssql/server:2022-latest', environment: {MSSQL_MEMORY_LIMIT_MB: '1024'}",
            "MSSQL_MEMORY_LIMIT_MB=1024",
            "MSSQL_MEMORY_LIMIT_MB: 384",
            "1024 384",
            "",
            "",
        ),
        // In the file the text is another one.
        ("image: 'amazoncorretto:21', command: 'java ${X:--Xmx1g} -jar a'", "-Xmx1g", "-Xmx384m", "", "", ""),
        ("image: 'amazoncorretto:21', command: \"java -Xmx\\x31g -jar a\"", "-Xmx1g", "-Xmx384m", "", "", ""),
    ] {
        let checked = service(text);
        let Fact::Known(bound) = &pool(&checked).bound else { panic!("{text}: no bound") };
        let setting = &bound.value;
        let place = |edit: Option<(Span, String)>| {
            edit.map(|(span, text)| format!("{} {text}", checked.sources.get(span.file).slice(span)))
                .unwrap_or_default()
        };
        let found = [
            setting.written(),
            setting.with_size(mib(384)).unwrap_or_default(),
            place(setting.resized(mib(384))),
            setting.with_percent(70.0).unwrap_or_default(),
            place(setting.reshared(70)),
        ];
        assert_eq!(found, [written, with_size, resized, with_percent, reshared], "{text}");
    }
}

/// A variable that promises a size by its name is one of the program, unless the catalogue knows it.
#[test]
fn variables_with_sizes_are_the_program_s_own() {
    let names = |image: &str, environment: &str| {
        let compose = format!("services: {{it: {{build: ., environment: {{{environment}}}}}}}\n");
        let dockerfile = format!("FROM {image}\nCOPY a b\n");
        let checked = Checked::texts(&[("compose.yaml", &compose), ("Dockerfile", &dockerfile)]);
        let pools = &checked.outcome.projects[0].workloads[0].pools;
        pools.size_variables.iter().map(|variable| variable.name.clone()).collect::<Vec<_>>().join(" ")
    };
    for (image, environment, expected) in [
        ("acme/x", "APP_HEAP_SIZE: 1g", "APP_HEAP_SIZE"),
        ("acme/x", "APP_HEAP_SIZE: big", ""),
        ("acme/x", "APP_NAME: 1g", ""),
        ("neo4j:5", "APP_HEAP_SIZE: 1g", "APP_HEAP_SIZE"),
        ("neo4j:5", "NEO4J_server_memory_pagecache_size: 1g", ""),
        ("neo4j:5", "NEO4J_server_memory_pagecache_size: 1g, APP_HEAP_SIZE: 1g", "APP_HEAP_SIZE"),
        ("cassandra:5", "MAX_HEAP_SIZE: 1g", ""),
    ] {
        assert_eq!(names(image, environment), expected, "{image} {environment}");
    }
}
