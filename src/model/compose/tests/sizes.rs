use super::*;

/// A size that Compose refuses is an error, one that it drops is not; a variable without a value is neither.
#[test]
fn sizes_are_refused_or_dropped() {
    let all =
        ["mem_limit", "memswap_limit", "shm_size", "mem_reservation", "mem_swappiness", "build.shm_size"];
    for (value, refused, dropped) in [
        ("512m", &[][..], &[][..]),
        ("512", &[], &[]),
        ("'x'", &all[..], &[]),
        ("1e9", &[], &all[..]),
        (
            "1.5",
            &["mem_reservation", "mem_swappiness", "build.shm_size"],
            &["mem_limit", "memswap_limit", "shm_size"],
        ),
        ("9223372036854775808", &[], &all[..]),
        ("2001-01-01", &[], &all[..]),
        ("true", &all[..], &[]),
        ("[1]", &all[..], &[]),
        ("$X", &[], &[]),
    ] {
        let keys = all.map(|key| match key.strip_prefix("build.") {
            Some(key) => format!("build: {{context: ., {key}: {value}}}"),
            None => format!("{key}: {value}"),
        });
        let loaded =
            load(&[("compose.yaml", &format!("services: {{a: {{image: i, {}}}}}\n", keys.join(", ")))]);
        let of = |is: fn(&SizeProblem) -> bool| -> Vec<&str> {
            let keys = loaded.service("a").size_keys.iter();
            let mut names: Vec<&str> =
                keys.filter(|key| key.problem.as_ref().is_some_and(is)).map(|key| key.name).collect();
            names.sort_unstable();
            names
        };
        let sorted = |names: &[&'static str]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names
        };
        assert_eq!(of(|problem| matches!(problem, SizeProblem::Refused(_))), sorted(refused), "{value}");
        assert_eq!(of(|problem| matches!(problem, SizeProblem::Dropped)), sorted(dropped), "{value}");
    }
    for (value, below, mounted) in [
        ("512m", None, None),
        ("5", Some("must be a string"), None),
        ("-5", Some("must be a string"), Some("must be greater than or equal to 0")),
        ("1.5", Some("must be a string"), Some("must be a integer")),
        ("9223372036854775808", Some("must be a string"), None),
        ("[1]", Some("must be a string"), Some("must be a integer")),
    ] {
        let text = format!(
            "deploy: {{resources: {{limits: {{memory: {value}}}}}}}, volumes: [{{type: tmpfs, target: /x, tmpfs: {{size: {value}}}}}]"
        );
        let loaded = load(&[("compose.yaml", &format!("services: {{a: {{image: i, {text}}}}}\n"))]);
        let problem = |name: &str| {
            let key = loaded.service("a").size_keys.iter().find(|key| key.name == name).unwrap();
            match &key.problem {
                Some(SizeProblem::Refused(message)) => Some(message.clone()),
                _ => None,
            }
        };
        assert_eq!(problem("deploy.resources.limits.memory").as_deref(), below, "{value}");
        assert_eq!(problem("volumes.tmpfs.size").as_deref(), mounted, "{value}");
    }
}

/// Whatever a variable without a value is, it may be right wherever a single value can be.
#[test]
fn variables_without_a_value_are_not_refused() {
    for keys in [
        "cpus: $X",
        "init: $X",
        "oom_score_adj: $X",
        "hostname: $X",
        "pull_policy: $X",
        "container_name: $X",
        "stop_grace_period: $X",
        "command: $X",
        "ulimits: {nofile: $X}",
        "volumes: [{type: tmpfs, target: /x, tmpfs: {size: $X}}]",
        "ports: [{target: $X}]",
        "depends_on: {b: {condition: $X}}",
        "healthcheck: {test: x, retries: $X}",
        "deploy: {replicas: $X, resources: {limits: {pids: $X}}}",
        "blkio_config: {weight: $X}",
        "build: {context: ., pull: $X}",
    ] {
        let loaded =
            load(&[("compose.yaml", &format!("services: {{a: {{image: i, {keys}}}, b: {{image: i}}}}\n"))]);
        assert_eq!(loaded.refusals(), [], "{keys}");
    }
    for keys in ["ports: $X", "healthcheck: $X", "ulimits: $X"] {
        let loaded = load(&[("compose.yaml", &format!("services: {{a: {{image: i, {keys}}}}}\n"))]);
        assert_eq!(loaded.refusals().len(), 1, "{keys}");
    }
}
