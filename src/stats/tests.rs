//! Real inputs, valid and invalid.

use super::*;

fn read(text: &str) -> Result<Vec<(String, Vec<i64>)>, Problem> {
    let mut stats = Stats::default();
    stats.read(text)?;
    let containers = stats.containers();
    Ok(containers
        .map(|(who, samples)| (who.name.clone(), samples.iter().map(|s| s.used.0).collect()))
        .collect())
}

fn problem(text: &str) -> String {
    let problem = Stats::default().read(text).unwrap_err();
    let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let help = problem.help.map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{line}{}{help}", problem.message)
}

const ROW: &str = r#"{"BlockIO":"0B / 0B","CPUPerc":"0.15%","Container":"f3b1","ID":"f3b1","MemPerc":"2.44%","MemUsage":"USAGE","Name":"shop-web-1","NetIO":"1.2kB / 0B","PIDs":"11"}"#;

fn row(usage: &str) -> String {
    ROW.replace("USAGE", usage)
}

#[test]
fn docker_prints_an_object_a_line_in_every_unit() {
    let usages = [
        "900B / 1GiB",
        "812KiB / 1GiB",
        "12.5MiB / 1.943GiB",
        "1.25GiB / 2GiB",
        "812kB / 1GB",
        "12.5MB / 2GB",
    ];
    let lines: Vec<String> = usages.iter().map(|usage| row(usage)).collect();
    let used = vec![900, 812 << 10, 25 << 19, 5 << 28, 812_000, 12_500_000];
    assert_eq!(read(&lines.join("\n")).unwrap(), [("shop-web-1".to_owned(), used.clone())]);
    // Without --no-stream each round begins with a terminal escape. Windows shows no limit.
    let rounds = format!("\u{1b}[2J\u{1b}[H{}\n\u{1b}[H{}\r\n", row("1MiB / 2GiB"), row("3MiB"));
    assert_eq!(read(&rounds).unwrap()[0].1, [1 << 20, 3 << 20]);
    // A time in a row is the time of its sample.
    let mut stats = Stats::default();
    let timed =
        |time: &str| row("1MiB / 2GiB").replace("{\"BlockIO", &format!("{{\"time\":{time},\"BlockIO"));
    stats.read(&[timed("1793527200"), timed("\"2026-11-01T10:01:00Z\"")].join("\n")).unwrap();
    let times: Vec<Option<f64>> =
        stats.containers().next().unwrap().1.iter().map(|sample| sample.at).collect();
    assert_eq!(times, [Some(1_793_527_200.0), Some(1_793_527_260.0)]);
    let podman = r#"[{"id": "a", "name": "db", "mem_usage": "12.5MB / 2GB", "pids": "3"}]"#;
    assert_eq!(read(podman).unwrap(), [("db".to_owned(), vec![12_500_000])]);
}

#[test]
fn prometheus_answers_queries_and_ranges() {
    let instant = r#"{"status":"success","data":{"resultType":"vector","result":[
        {"metric":{"__name__":"container_memory_working_set_bytes","name":"shop-web-1","id":"/docker/1",
          "container_label_com_docker_compose_service":"web","container_label_com_docker_compose_project":"shop"},
         "value":[1700000000.123,"12345678"]},
        {"metric":{"__name__":"container_memory_working_set_bytes","id":"/"},"value":[1700000000.123,"99"]}]}}"#;
    let mut stats = Stats::default();
    stats.read(instant).unwrap();
    let (who, samples) = stats.containers().next().unwrap();
    assert_eq!((who.service.as_deref(), who.project.as_deref()), (Some("web"), Some("shop")));
    assert_eq!(samples, [Sample { at: Some(1_700_000_000.123), used: ByteSize(12_345_678) }]);
    assert_eq!(stats.skipped, [("/".to_owned(), "no label has the name of a container")]);
    // Two collectors report the same moment. A pod's sum and its pause container are skipped. A gap is NaN.
    let range = r#"{"resultType":"matrix","result":[
        {"metric":{"pod":"web-1","container":"web"},"values":[[1,"10"],[2,"NaN"],[3,"30"]]},
        {"metric":{"pod":"web-1","container":"web","job":"b"},"values":[[3,"20"]]},
        {"metric":{"pod":"web-1","container":"POD"},"values":[[1,"10"]]},
        {"metric":{"pod":"web-1"},"values":[[1,"20"]]}]}"#;
    assert_eq!(read(range).unwrap(), [("web-1/web".to_owned(), vec![10, 30])]);
}

#[test]
fn tables_have_headers() {
    let top = "POD        NAME    CPU(cores)   MEMORY(bytes)\nweb-1      web     1m           23Mi\nweb-1      proxy   1m           9Mi\n";
    assert_eq!(
        read(top).unwrap(),
        [("web-1/web".to_owned(), vec![23 << 20]), ("web-1/proxy".to_owned(), vec![9 << 20])]
    );
    let csv =
        "time,name,memory\n2026-11-01T10:00:00Z,\"db\",120MiB\n1793527260,db,130MiB\ntime,name,memory\n";
    let mut stats = Stats::default();
    stats.read(csv).unwrap();
    let times: Vec<Option<f64>> =
        stats.containers().next().unwrap().1.iter().map(|sample| sample.at).collect();
    assert_eq!(times, [Some(1_793_527_200.0), Some(1_793_527_260.0)]);
    assert_eq!(read("service;memory_bytes\ndb;1024\n").unwrap(), [("db".to_owned(), vec![1024])]);
}

#[test]
fn what_cannot_be_used_is_refused_with_the_reason() {
    let off = [row("0B / 0B"), row("0B / 0B")].join("\n");
    assert!(problem(&off).starts_with("every container shows `0B / 0B`: the host does not account memory"));
    let truncated = format!("{}\n{}", row("1MiB / 2GiB"), &row("1MiB / 2GiB")[..40]);
    assert!(
        problem(&truncated).starts_with("line 2: it ends in the middle of an object"),
        "{}",
        problem(&truncated)
    );
    for (text, says) in [
        ("", "it is empty"),
        ("{}", "line 1: `MemUsage` is missing"),
        ("{\"a\": 1}\n{b", "line 1: `MemUsage` is missing"),
        ("[]", "it has no container"),
        ("{nonsense}", "line 1: it is not JSON: key must be a string"),
        (
            "CONTAINER ID   NAME   CPU %   MEM USAGE / LIMIT   MEM %\n",
            "this is the table of `docker stats`, not its JSON (docker stats --no-stream --format json)",
        ),
        ("NAME   CPU(cores)   CPU%   MEMORY(bytes)   MEMORY%\n", "this is `kubectl top node`"),
        ("hello world\n", "it is neither JSON nor a table"),
        ("name,memory\ndb,lots\n", "line 2: `lots` is not a memory use, of `db`"),
        ("name,memory\ndb\n", "line 2: the row has 1 of 2 columns"),
        ("name,memory,time\ndb,1MiB,yesterday\n", "line 2: `yesterday` is not a time"),
        (
            r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
            "Prometheus answered with an error: parse error",
        ),
        (
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#,
            "a result of type `scalar` has no containers",
        ),
        (r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#, "the result is empty"),
        (
            r#"{"resultType":"vector","result":[{"metric":{"__name__":"a","name":"x"},"value":[1,"1"]},{"metric":{"__name__":"b","name":"x"},"value":[1,"1"]}]}"#,
            "it mixes metrics: `a` and `b`",
        ),
        (
            r#"{"resultType":"vector","result":[{"metric":{"name":"x"},"value":[1,"lots"]}]}"#,
            "`[1,\"lots\"]` is not a sample, of `x`",
        ),
    ] {
        assert!(problem(text).starts_with(says), "{text}: {}", problem(text));
    }
    assert!(
        problem(&row("lots / 2GiB"))
            .starts_with("line 1: `lots / 2GiB` is not a memory use, of `shop-web-1`")
    );
}

#[test]
fn what_was_not_running_is_skipped() {
    let mut stats = Stats::default();
    let stopped = row("0B / 0B").replace("\"PIDs\":\"11\"", "\"PIDs\":\"0\"").replace("web", "old");
    stats.read(&[row("1MiB / 2GiB"), stopped, row("-- / --").replace("web", "gone")].join("\n")).unwrap();
    assert_eq!(stats.containers().count(), 1);
    let skipped: Vec<&str> = stats.skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(skipped, ["shop-old-1", "shop-gone-1"]);
}

proptest::proptest! {
    #[test]
    fn nothing_panics(text in "\\PC{0,80}") {
        let _ = Stats::default().read(&text);
    }

    #[test]
    fn nothing_panics_behind_a_header(text in "name,memory(,time)?\n[a-z0-9.,;\"\n MiB]{0,80}") {
        let _ = Stats::default().read(&text);
    }
}
