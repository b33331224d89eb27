use super::*;

/// Returns the kinds of the mistakes of a command line, each with the bytes at fault and what makes it so.
fn mistaken(line: &str) -> Vec<(String, String, String)> {
    let slice = |span: Span| line[span.range()].to_owned();
    let found = launch(line, Notation::Lines).mistakes;
    found
        .into_iter()
        .map(|mistake| (format!("{:?}", mistake.kind), slice(mistake.span), slice(mistake.because)))
        .collect()
}

#[test]
fn a_limit_behind_the_image_is_none() {
    let image = "nginx";
    for (words, place, flag, certain, is_limit) in [
        ("-m 512m", "-m 512m", "-m 512m", false, true),
        ("-m512m", "-m512m", "-m512m", false, true),
        ("-m=512m", "-m=512m", "-m=512m", false, true),
        ("--memory 512m", "--memory 512m", "--memory 512m", false, true),
        ("--memory=512m", "--memory=512m", "--memory=512m", false, true),
        ("-d -m 512m", "-m 512m", "-m 512m", false, true),
        ("--name x -m 512m", "-m 512m", "-m 512m", false, true),
        ("-t=false -m 512m", "-m 512m", "-m 512m", false, true),
        ("-p80:80 -m 512m", "-m 512m", "-m 512m", false, true),
        ("--memory-swap 1g", "--memory-swap 1g", "--memory-swap 1g", true, false),
        ("--memory-swap -1", "--memory-swap -1", "--memory-swap -1", true, false),
        ("--memory-swap=1024", "--memory-swap=1024", "--memory-swap=1024", true, false),
        ("--memory-reservation 1g", "--memory-reservation 1g", "--memory-reservation 1g", true, false),
        ("--shm-size 64m", "--shm-size 64m", "--shm-size 64m", true, false),
        ("--pids-limit -1", "--pids-limit -1", "--pids-limit -1", true, false),
        ("--oom-kill-disable", "--oom-kill-disable", "--oom-kill-disable", true, false),
        ("-e JAVA_OPTS=-Xmx1g", "-e JAVA_OPTS=-Xmx1g", "-e JAVA_OPTS=-Xmx1g", false, false),
        ("-eMAX_HEAP1=5", "-eMAX_HEAP1=5", "-eMAX_HEAP1=5", false, false),
        ("--env NODE_OPTIONS=x", "--env NODE_OPTIONS=x", "--env NODE_OPTIONS=x", false, false),
    ] {
        let line = format!("docker run {image} {words}");
        let kind = format!("BehindImage {{ flag: {flag:?}, image: \"nginx\", certain: {certain} }}");
        assert_eq!(mistaken(&line), [(kind, place.to_owned(), image.to_owned())], "{line}");
        assert_eq!(launch(&line, Notation::Lines).mistakes[0].is_limit_behind_image(), is_limit, "{line}");
    }
    for line in [
        "docker run nginx -m 512",
        "docker run nginx -m x",
        "docker run nginx -m 0m",
        "docker run nginx -m",
        "docker run nginx sh -m 512m",
        "docker run nginx - -m 512m",
        "docker run nginx --memory $X",
        "docker run nginx --foo -m 512m",
        "docker run $X -m 512m",
        "docker run memcached -m 64m",
        "docker run a/docker:dind -m 5m",
        "docker run --entrypoint x nginx -m 512m",
        "docker run nginx --shm-size x",
        "docker run nginx -e A=1",
        "docker run nginx -e java_opts=1",
        "docker run nginx -e OPTS",
        "docker run nginx --memory-swap x",
        "docker run nginx -d",
        "docker run nginx -t 512m",
        "docker run nginx --memory-swap 0",
    ] {
        assert_eq!(mistaken(line), [], "{line}");
    }
    let swarm = "docker service create nginx --limit-memory 1g";
    assert!(launch(swarm, Notation::Lines).mistakes[0].is_limit_behind_image());
    assert_eq!(mistaken("docker service create nginx -m 1g"), []);
}

#[test]
fn what_the_client_takes_for_something_else_is_told() {
    for (line, kind, place, because) in [
        ("docker run --rm true x", "ValueIsImage { flag: \"--rm\", value: \"true\" }", "true", "--rm"),
        ("docker run -d false x", "ValueIsImage { flag: \"--detach\", value: \"false\" }", "false", "-d"),
        (
            "docker run --kernel-memory 1g x",
            "Ignored { flag: \"--kernel-memory\" }",
            "--kernel-memory 1g",
            "docker run",
        ),
        (
            "docker run --entrypoint 'java -jar' x",
            "EntrypointWithBlanks { value: \"java -jar\" }",
            "--entrypoint 'java -jar'",
            "docker run",
        ),
        (
            "docker run -memory 1g x",
            "OneDash { word: \"-memory\", read: Some(\"-m emory\"), meant: \"--memory\" }",
            "-memory",
            "docker run",
        ),
        (
            "docker run —memory 1g x",
            "OtherDash { word: \"—memory\", meant: \"--memory\" }",
            "—memory",
            "docker run",
        ),
        ("docker run –rm x", "OtherDash { word: \"–rm\", meant: \"--rm\" }", "–rm", "docker run"),
        ("docker run −m 1g x", "OtherDash { word: \"−m\", meant: \"-m\" }", "−m", "docker run"),
        (
            "docker run ‐‐memory=1g x",
            "OtherDash { word: \"‐‐memory=1g\", meant: \"--memory\" }",
            "‐‐memory=1g",
            "docker run",
        ),
    ] {
        assert_eq!(mistaken(line), [(kind.to_owned(), place.to_owned(), because.to_owned())], "{line}");
    }
    for line in [
        "docker run --rm=true true",
        "docker run --rm truex",
        "docker run --name true x",
        "docker run true",
        "docker run --rm $X true",
        "docker run --entrypoint java x",
        "docker run --entrypoint '[\"a\", \"b\"]' x",
        "docker service create --entrypoint 'a b' x",
        "docker run --entrypoint \"a $X\" x",
    ] {
        let found = mistaken(line);
        assert!(
            found.iter().all(|(kind, ..)| !kind.starts_with("ValueIs") && !kind.starts_with("Entrypoint")),
            "{line}: {found:?}"
        );
    }
}

#[test]
fn what_the_client_rejects_is_told_with_a_sample() {
    for (line, what, sample) in [
        ("docker run --foo x", "--foo", "None"),
        ("docker run --rm=maybe x", "--rm=maybe", "Some(\"true\")"),
        ("docker run --pids-limit a1 x", "--pids-limit a1", "Some(\"10\")"),
        ("docker run --blkio-weight a1 x", "--blkio-weight a1", "Some(\"10\")"),
        ("docker run --cpus abc x", "--cpus abc", "Some(\"1.5\")"),
        ("docker run --health-interval abc x", "--health-interval abc", "Some(\"30s\")"),
        ("docker run --ulimit abc x", "--ulimit abc", "Some(\"nofile=1024:2048\")"),
        ("docker run --sysctl a=b x", "--sysctl a=b", "Some(\"net.core.somaxconn=1024\")"),
        ("docker run --restart always:x x", "--restart always:x", "Some(\"on-failure:3\")"),
        ("docker run -m abc x", "--memory abc", "Some(\"512m\")"),
        ("docker run --memory-swap abc x", "--memory-swap abc", "Some(\"512m\")"),
        ("docker run --restart always --rm x", "--restart always", "None"),
        ("docker run Nginx", "Nginx", "None"),
        ("docker run x:y:z", "x:y:z", "None"),
    ] {
        let found = mistaken(line);
        let start = format!("Refused {{ what: {what:?}, ");
        assert!(
            found.len() == 1
                && found[0].0.starts_with(&start)
                && found[0].0.ends_with(&format!("sample: {sample} }}")),
            "{line}: {found:?}"
        );
    }
    for line in [
        "podman run --foo x",
        "docker run --mem 1g x",
        "docker run -M 1g x",
        "docker run --Foo x",
        "docker run --foo_bar x",
        "docker run IMAGE",
        "docker run MY_IMAGE:1",
        "docker run MyApp",
        "docker run Image",
        "docker run <Image>",
        "docker run YourName/x",
        "docker run Example",
    ] {
        assert_eq!(mistaken(line), [], "{line}");
    }
    let swarm = run("docker service create --memory 1g x");
    assert_eq!(swarm.unknown_keys.iter().map(|key| key.meant).collect::<Vec<_>>(), ["limit-memory"]);
    for (flag, meant) in [
        ("--mem", "memory"),
        ("-M", "memory"),
        ("--memory_limit", "memory"),
        ("--memory_swap", "memory-swap"),
        ("--mem-reservation", "memory-reservation"),
    ] {
        let found: Vec<&str> =
            run(&format!("docker run {flag} 1g x")).unknown_keys.iter().map(|key| key.meant).collect();
        assert_eq!(found, [meant], "{flag}");
    }
}
