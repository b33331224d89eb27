//! The port of a suggested health check is the one that the server's configuration says, as far as it can be read.

use crate::common::Checked;

/// Returns what the suggested probe asks: `http 8081`, `tcp 1514`; `unread` if the configuration is not available, `none` without
/// a finding.
fn asked(files: &[(&str, &str)]) -> String {
    let checked = Checked::tree(files, "");
    let found = checked.of_rule("missing-healthcheck");
    let Some(help) = found.first().and_then(|finding| finding.help.as_deref()) else {
        return "none".to_owned();
    };
    if help.contains("a configuration file that oomlint does not read") {
        return "unread".to_owned();
    }
    if !help.contains("127.0.0.1") {
        return "nothing".to_owned();
    }
    let behind = help.split("127.0.0.1").nth(1).unwrap_or_default();
    let behind = behind.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '\n' && c != '/');
    let behind = behind.strip_prefix('/').unwrap_or(behind);
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    let port = if digits.is_empty() { "80" } else { &digits };
    format!("{} {port}", if help.contains("http://") { "http" } else { "tcp" })
}

/// A service of nginx without ports, and its files.
#[track_caller]
fn assert_nginx(keys: &str, files: &[(&str, &str)], expected: &str) {
    let compose = format!("services:\n  it: {{image: 'nginx:stable', {keys}}}\n");
    let all: Vec<(&str, &str)> =
        std::iter::once(("compose.yaml", compose.as_str())).chain(files.to_vec()).collect();
    assert_eq!(asked(&all), expected, "{keys} {files:?}");
}

const MAIN: &str = "http { server { listen 8081; } }";

#[test]
fn the_main_file_is_that_of_the_command() {
    for (keys, expected) in [
        ("volumes: ['./n.conf:/etc/nginx/nginx.conf']", "http 8081"),
        ("volumes: ['./n.conf:/etc/nginx/x.conf']", "http 80"),
        ("volumes: ['./n.conf:/etc/nginx/x.conf'], command: nginx -c /etc/nginx/x.conf", "http 8081"),
        ("volumes: ['./n.conf:/etc/nginx/x.conf'], command: nginx -c x.conf", "http 8081"),
        ("volumes: ['./n.conf:/srv/x.conf'], command: nginx -c /srv/x.conf", "http 8081"),
        ("volumes: ['./n.conf:/etc/nginx/x.conf'], command: nginx -c /etc/nginx/gone.conf", "unread"),
        ("command: nginx -c /srv/gone.conf", "unread"),
        ("volumes: ['./gone.conf:/etc/nginx/nginx.conf']", "unread"),
    ] {
        assert_nginx(keys, &[("n.conf", MAIN)], expected);
    }
}

/// What runs before the server may write its configuration.
#[test]
fn a_configuration_that_the_start_writes_is_not_read() {
    for (command, expected) in [
        ("sh -c 'nginx'", "http 8081"),
        ("sh -c 'cat /etc/nginx/nginx.conf && nginx'", "http 8081"),
        ("sh -c 'envsubst < /a > /etc/nginx/nginx.conf && exec nginx'", "unread"),
        ("sh -c 'sed -i s/8081/80/ /etc/nginx/nginx.conf && exec nginx'", "unread"),
        ("sh -c 'sed -i s/a/b/ /srv/index.html && exec nginx'", "http 8081"),
    ] {
        let keys = format!("volumes: ['./n.conf:/etc/nginx/nginx.conf'], command: {command}");
        assert_nginx(&keys, &[("n.conf", MAIN)], expected);
    }
}

#[test]
fn a_configuration_that_a_build_step_writes_is_not_read() {
    for (step, expected) in [
        ("RUN sed -i s/80/81/ /etc/nginx/conf.d/default.conf", "unread"),
        ("RUN sed -i s/80/81/ /srv/index.html", "http 8080"),
        ("RUN echo 'daemon off;' >> /etc/nginx/nginx.conf", "http 8080"),
        ("RUN echo 'Listen 5;' >> /etc/nginx/conf.d/default.conf", "unread"),
        ("RUN echo 'include x;' >> /etc/nginx/nginx.conf", "unread"),
        ("RUN echo $X >> /etc/nginx/nginx.conf", "unread"),
        ("RUN printf x >> /etc/nginx/nginx.conf", "unread"),
        ("RUN cat x >> /etc/nginx/nginx.conf", "unread"),
        ("RUN mv /a /etc/nginx/conf.d/x.conf", "unread"),
        ("RUN chown -R nginx /etc/nginx/conf.d", "http 8080"),
        ("RUN echo hello > /srv/x", "http 8080"),
        ("RUN echo listen > /srv/x && test -f /etc/nginx/nginx.conf", "http 8080"),
        ("RUN echo listen < /etc/nginx/nginx.conf", "http 8080"),
    ] {
        let head = "FROM nginx:1.30-alpine\nCOPY site.conf /etc/nginx/conf.d/default.conf\n";
        let dockerfile = format!("{head}{step}\nEXPOSE 80 8080\n");
        let found = asked(&[("Dockerfile", &dockerfile), ("site.conf", "server { listen 8080; }")]);
        assert_eq!(found, expected, "{step}");
    }
}

#[test]
fn includes_are_followed_in_their_directory() {
    let site = "server { listen 8082; }";
    for (keys, main, expected) in [
        (
            "volumes: ['./n:/etc/nginx/nginx.conf', './s:/etc/nginx/sites/a.conf']",
            "http { include sites/*.conf; }",
            "http 8082",
        ),
        (
            "volumes: ['./n:/etc/nginx/nginx.conf', './s:/etc/nginx/sites/a.conf']",
            "http { include sites/*.txt; }",
            "unread",
        ),
        // A volume may hold what is included.
        (
            "volumes: ['./n:/etc/nginx/nginx.conf', 'sites:/etc/nginx/sites']",
            "http { include sites/*.conf; server { listen 8085; } }",
            "unread",
        ),
        (
            "volumes: ['./n:/etc/nginx/nginx.conf', 'sites:/etc/nginx/other']",
            "http { include sites/*.conf; server { listen 8085; } }",
            "http 8085",
        ),
        (
            "volumes: ['./n:/etc/nginx/nginx.conf', 'sites:/etc/nginx/sites/a.conf']",
            "http { include sites/a.conf; server { listen 8085; } }",
            "unread",
        ),
        // The image's own file is one of those that are included.
        ("volumes: ['./n:/etc/nginx/nginx.conf']", "http { include /etc/nginx/conf.d/*.conf; }", "http 80"),
        (
            "volumes: ['./n:/etc/nginx/nginx.conf', './s:/etc/nginx/conf.d/default.conf']",
            "http { include conf.d/*.conf; }",
            "http 8082",
        ),
        ("volumes: ['./n:/etc/nginx/nginx.conf']", "http { }", "unread"),
    ] {
        assert_nginx(keys, &[("n", main), ("s", site)], expected);
    }
    let mounted = "volumes: ['./c:/etc/nginx/conf.d']";
    assert_nginx(mounted, &[("c/a.conf", site), ("c/b.txt", "server { listen 8083; }")], "http 8082");
    assert_nginx(mounted, &[("c/b.txt", site)], "unread");
    // A file that is copied in leaves the image's own one next to it.
    let copied = |to: &str, text: &str| {
        let dockerfile = format!("FROM nginx:stable\nCOPY a /etc/nginx/conf.d/{to}\n");
        asked(&[("compose.yaml", "services: {it: {build: .}}\n"), ("Dockerfile", &dockerfile), ("a", text)])
    };
    assert_eq!(copied("a.conf", "# nothing"), "http 80");
    assert_eq!(copied("a.conf", site), "http 8082");
    assert_eq!(copied("a.conf", "server { listen $PORT; }"), "unread");
    assert_eq!(copied("a.conf", "LISTEN"), "unread");
    assert_eq!(copied("default.conf", "# nothing"), "unread");
}

#[test]
fn templates_are_filled_with_what_is_known() {
    let keys = |value: &str| format!("environment: {{P: '{value}'}}, volumes: ['./t:/etc/nginx/templates']");
    let site = "server { listen ${P}; }";
    assert_nginx(&keys("8088"), &[("t/default.conf.template", site)], "http 8088");
    assert_nginx(&keys("8088"), &[("t/default.conf", site)], "http 8088");
    assert_nginx(&keys("${UNKNOWN}"), &[("t/default.conf.template", site)], "unread");
    assert_nginx(&keys("8088"), &[("t/default.conf.template", "server { listen ${PORT}; }")], "unread");
}

/// Of several ports the one that is named counts, then 80, then the first that speaks HTTP.
#[test]
fn of_several_ports_one_is_asked() {
    for (ports, listens, expected) in [
        ("['1:8082']", "listen 8081; } server { listen 8082;", "http 8082"),
        ("[]", "listen 8081; } server { listen 80;", "http 80"),
        ("[]", "listen 8081; } server { listen 8082;", "http 8081"),
        ("[]", "listen 8443 ssl; } server { listen 8081;", "http 8081"),
        ("[]", "listen 80 ssl; } server { listen 8081;", "http 8081"),
        ("[]", "listen 8443 ssl;", "tcp 8443"),
        ("[]", "listen 8443 ssl; } server { listen 81 http2;", "unread"),
    ] {
        let keys = format!("ports: {ports}, volumes: ['./n.conf:/etc/nginx/nginx.conf']");
        assert_nginx(&keys, &[("n.conf", &format!("http {{ server {{ {listens} }} }}"))], expected);
    }
}

/// Where the configuration is not read, the port that the service or the Dockerfile names is the best guess.
#[test]
fn a_named_port_takes_the_place_of_what_is_not_read() {
    for (ports, expected) in [
        ("['80:80']", "http 80"),
        ("['80:8080']", "tcp 8080"),
        ("['${PUBLIC}:80']", "http 80"),
        ("['80:80', '81:8080']", "unread"),
        ("['${PORT}']", "unread"),
        ("['80:80', '${PORT}']", "unread"),
        ("[]", "unread"),
    ] {
        let keys = format!("ports: {ports}, volumes: ['./gone:/etc/nginx/nginx.conf']");
        assert_nginx(&keys, &[], expected);
    }
    for (expose, expected) in [
        ("", "none"),
        ("EXPOSE 80\n", "http 80"),
        ("EXPOSE 8080\n", "tcp 8080"),
        ("EXPOSE 80 8080\n", "unread"),
    ] {
        let head = "FROM nginx:1.30-alpine\nCOPY site.conf /etc/nginx/conf.d/default.conf\n";
        let dockerfile = format!("{head}{expose}");
        let found = asked(&[("Dockerfile", &dockerfile), ("site.conf", "server { listen $PORT; }")]);
        assert_eq!(found, expected, "{expose}");
    }
}

/// More files than are read may hold anything.
#[test]
fn a_directory_of_many_files_is_not_read() {
    let names: Vec<String> = (0..60).map(|number| format!("c/{number}.conf")).collect();
    let with = |count: usize| -> Vec<(&str, &str)> {
        let all = names.iter().take(count).enumerate();
        all.map(|(at, name)| (name.as_str(), if at == 0 { "server { listen 8082; }" } else { "" })).collect()
    };
    let mounted = "volumes: ['./c:/etc/nginx/conf.d']";
    assert_nginx(mounted, &with(40), "http 8082");
    assert_nginx(mounted, &with(60), "unread");
}

/// Apache's own main file does not read what is put next to it.
#[test]
fn a_file_that_is_not_included_changes_nothing() {
    let compose = "services: {it: {image: 'httpd:2.4-alpine', volumes: ['./x:/usr/local/apache2/conf/extra/x.conf']}}\n";
    assert_eq!(asked(&[("compose.yaml", compose), ("x", "# nothing")]), "http 80");
}

#[test]
fn what_the_service_hides_the_dockerfile_may_say() {
    for (ports, expose, expected) in [
        ("['${PORT}']", "EXPOSE 3000\n", "http 3000"),
        ("['${PORT}']", "EXPOSE 3000 4000\n", "nothing"),
        ("['${PORT}']", "", "nothing"),
        ("['80:3000', '${PORT}']", "EXPOSE 3000\n", "http 3000"),
        ("['80:3000']", "EXPOSE 3000 4000\n", "http 3000"),
        ("[]", "EXPOSE 3000\n", "http 3000"),
    ] {
        let compose = format!("services: {{it: {{build: ., ports: {ports}}}}}\n");
        let dockerfile = format!("FROM node:22\n{expose}CMD [\"node\", \"a.js\"]\n");
        assert_eq!(
            asked(&[("compose.yaml", &compose), ("Dockerfile", &dockerfile)]),
            expected,
            "{ports} {expose}"
        );
    }
}

/// Returns the address of the suggested request.
fn address(files: &[(&str, &str)]) -> String {
    let checked = Checked::tree(files, "");
    let found = checked.of_rule("missing-healthcheck");
    let help = found.first().and_then(|finding| finding.help.as_deref()).unwrap_or_default();
    let behind = help.split("http://").nth(1).unwrap_or_default();
    behind.split('/').next().unwrap_or_default().to_owned()
}

/// A port that varies with a variable is asked through it, if the container has the variable.
#[test]
fn a_port_that_varies_is_asked_through_its_variable() {
    for (ports, variable, expected) in [
        ("['80:${P:-3000}']", "PORT: '${P:-3000}'", "127.0.0.1:$$PORT"),
        ("['80:${P:-3000}']", "A_PORT: '${P:-3000}'", "127.0.0.1:$$A_PORT"),
        ("['80:${P:-3000}']", "A_PORT: '${Q:-4000}'", "127.0.0.1:3000"),
        ("['80:${P:-3000}']", "APORT: '${P:-3000}'", "127.0.0.1:3000"),
        ("['80:3000']", "A_PORT: '${Q:-3000}'", "127.0.0.1:3000"),
        ("['80:3000']", "PORT: '3000'", "127.0.0.1:3000"),
        ("['80:3000']", "PORT: '4000'", ""),
        ("['80:3000']", "PORT: x", ""),
    ] {
        let keys = format!("ports: {ports}, environment: {{{variable}}}");
        let compose = format!("services: {{it: {{image: 'node:22', command: node a.js, {keys}}}}}\n");
        assert_eq!(address(&[("compose.yaml", &compose)]), expected, "{keys}");
    }
    for (head, command, expected) in [
        ("ENV PORT=3000\nEXPOSE 3000", "a.js", "127.0.0.1:$PORT"),
        ("ENV NGINX_PORT=3000\nEXPOSE 3000", "a.js", "127.0.0.1:$NGINX_PORT"),
        ("ENV A=3000\nEXPOSE 3000", "a.js", "127.0.0.1:3000"),
        ("ENV A=3000\nEXPOSE $A", "a.js", "127.0.0.1:$A"),
        ("ENV A=3000\nEXPOSE ${A}", "a.js", "127.0.0.1:$A"),
        ("ENV A=3000 AB=3000\nEXPOSE $AB", "a.js", "127.0.0.1:$AB"),
        ("ENV A=4000\nEXPOSE 3000", "a.js", "127.0.0.1:3000"),
        ("ENV A=3000\nEXPOSE 3000", "a.js --port $A", "127.0.0.1:$A"),
        ("ENV A=3000\nEXPOSE 3000", "a.js --port ${A:-1}", "127.0.0.1:$A"),
        ("ENV A=3000\nEXPOSE 3000", "a.js --port $AB", "127.0.0.1:3000"),
        ("ENV A=3000\nEXPOSE 3000", "a.js --port ${A_B}", "127.0.0.1:3000"),
    ] {
        let installed = "RUN apt-get update && apt-get install -y curl";
        let dockerfile = format!("FROM node:22\n{installed}\n{head}\nCMD node {command}\n");
        assert_eq!(address(&[("Dockerfile", &dockerfile)]), expected, "{head} {command}");
    }
}

/// Only bash opens `/dev/tcp`: without it a probe can never pass, if it fails where the port cannot be opened.
#[test]
fn a_probe_that_opens_dev_tcp_needs_bash() {
    let lacks = |image: &str, test: &[&str]| {
        let test = serde_json::to_string(test).unwrap();
        let compose = format!("services:\n  it: {{image: '{image}', healthcheck: {{test: {test}}}}}\n");
        !Checked::texts(&[("compose.yaml", &compose)]).of_rule("healthcheck-missing-tool").is_empty()
    };
    for (script, expected) in [
        ("</dev/tcp/localhost/80", true),
        ("echo > /dev/tcp/localhost/80", true),
        ("</dev/tcp/localhost/80 && echo", true),
        ("</dev/tcp/localhost/80 || exit 1", true),
        ("</dev/tcp/localhost/80 || false", true),
        ("</dev/tcp/localhost/80 && exit 0 || exit 1", true),
        ("true && </dev/tcp/localhost/80", true),
        ("(</dev/tcp/localhost/80)", true),
        ("{ </dev/tcp/localhost/80 && true; } || exit 1", true),
        // It may pass, or ask something else.
        ("</dev/tcp/localhost/80 || exit 0", false),
        ("</dev/tcp/localhost/80 || exit", false),
        ("</dev/tcp/localhost/80 || echo", false),
        ("</dev/tcp/localhost/80; echo", false),
        ("true || </dev/tcp/localhost/80", false),
        ("if </dev/tcp/localhost/80; then true; fi", false),
        ("</dev/tcp/localhost/80 | cat", false),
        ("</dev/tcp/localhost/80 &", false),
        ("(</dev/tcp/localhost/80) &", false),
        ("</dev/tcp/localhost", false),
        ("</dev/tcp/localhost/80 && (", false),
    ] {
        assert_eq!(lacks("alpine:3.22", &["CMD-SHELL", script]), expected, "{script}");
    }
    let script = "</dev/tcp/localhost/80";
    for (test, expected) in [
        (&["CMD-SHELL", script][..], true),
        (&["CMD", "sh", "-c", script], true),
        (&["CMD", "/bin/sh", "-c", script], true),
        (&["CMD", "bash", "-c", script], false),
    ] {
        assert_eq!(lacks("debian:13-slim", test), expected, "{test:?}");
    }
}

/// Returns the help of `missing-healthcheck`; empty without a finding.
fn help(files: &[(&str, &str)]) -> String {
    let checked = Checked::tree(files, "");
    let found = checked.of_rule("missing-healthcheck");
    found.first().and_then(|finding| finding.help.clone()).unwrap_or_default()
}

/// Both the lighter image of one finding and the health check of another can be followed: the smaller image can run the probe.
#[test]
fn a_probe_also_runs_in_the_lighter_image() {
    for base in ["node:22", "python:3.13", "ruby:3.4"] {
        let dockerfile = format!("FROM {base}\nEXPOSE 3000\nCMD [\"./start\"]\n");
        let files = [("Dockerfile", dockerfile.as_str())];
        let help = help(&files);
        let Some(instruction) = help.lines().map(str::trim).find(|line| line.starts_with("HEALTHCHECK "))
        else {
            panic!("{base}: {help}")
        };
        let lighter = format!("{base}-slim");
        let checked = Checked::tree(&files, "");
        assert!(checked.of_rule("heavy-base-image")[0].message.contains(&lighter));
        let followed = format!("FROM {lighter}\nEXPOSE 3000\n{instruction}\nCMD [\"./start\"]\n");
        let checked = Checked::tree(&[("Dockerfile", &followed)], "");
        for rule in ["missing-healthcheck", "healthcheck-missing-tool", "heavy-base-image"] {
            assert!(checked.of_rule(rule).is_empty(), "{rule} {followed}");
        }
    }
}

/// Comments of a configuration are no part of it. `#` begins one at the beginning of a word, outside of quotes.
#[test]
fn comments_of_a_configuration_say_nothing() {
    for (text, expected) in [
        ("server {\n listen 8081; # was: x; listen 8082;\n}", "http 8081"),
        ("server {\n# it; listen 8082;\n listen 8081;\n}", "http 8081"),
        ("server {# it; listen 8082;\n listen 8081;\n}", "http 8081"),
        ("server {\n listen 8081;# } server { listen 8082;\n}", "http 8081"),
        ("server {\n listen 8081;\n}# server { listen 80; }\n", "http 8081"),
        ("server {\n rewrite ^/a#b /c; listen 8081;\n}", "http 8081"),
        ("server {\n return 200 \"a # b\"; listen 8081;\n}", "http 8081"),
        ("server {\n return 200 'a # b'; listen 8081;\n}", "http 8081"),
        ("server {\n return 200 'a \" # b'; listen 8081;\n}", "http 8081"),
        ("server {\n return 200 \"a \\\" # b\"; listen 8081;\n}", "http 8081"),
        ("server {\n return 200 \"a\"; # x; listen 8082;\n listen 8081;\n}", "http 8081"),
        // A quote within a word opens nothing.
        ("server {\n return 200 it's; # x; listen 8082;\n listen 8081;\n}", "http 8081"),
    ] {
        assert_nginx("volumes: ['./n.conf:/etc/nginx/conf.d/default.conf']", &[("n.conf", text)], expected);
    }
}

/// A web image speaks HTTP on the usual ports, unless a program of its own is started.
#[test]
fn an_own_program_may_speak_anything() {
    for (image, port, start, expected) in [
        ("node:22-alpine", 3000, "[\"node\", \"a.js\"]", "http 3000"),
        ("node:22-alpine", 3000, "[\"/usr/local/bin/node\", \"a.js\"]", "http 3000"),
        ("node:22-alpine", 3000, "[\"/srv/run.sh\"]", "http 3000"),
        ("node:22-alpine", 3000, "[\"server\"]", "http 3000"),
        ("node:22-alpine", 3000, "[\"/srv/server\"]", "tcp 3000"),
        ("node:22-alpine", 3000, "[\"./server\"]", "tcp 3000"),
        ("node:22-alpine", 3001, "[\"npm\", \"start\"]", "http 3001"),
        ("node:22-alpine", 9999, "[\"node\", \"a.js\"]", "tcp 9999"),
        ("node:22-alpine", 5432, "[\"node\", \"a.js\"]", "tcp 5432"),
        ("alpine:3.22", 3000, "[\"server\"]", "tcp 3000"),
        ("alpine:3.22", 9999, "[\"gunicorn\", \"a\"]", "http 9999"),
        ("alpine:3.22", 443, "[\"gunicorn\", \"a\"]", "tcp 443"),
        ("alpine:3.22", 8443, "[\"gunicorn\", \"a\"]", "tcp 8443"),
        ("php:8.4-cli-alpine", 80, "[\"php-fpm84\", \"-F\"]", "tcp 80"),
        ("php:8.4-cli-alpine", 80, "[\"php\", \"-S\", \"0.0.0.0:80\"]", "http 80"),
    ] {
        let dockerfile = format!("FROM {image}\nEXPOSE {port}\nCMD {start}\n");
        assert_eq!(asked(&[("Dockerfile", &dockerfile)]), expected, "{dockerfile}");
    }
    let labelled = "services: {it: {image: 'alpine:3.22', command: /app, ports: ['7070:7070'], environment: {VIRTUAL_PORT: '7070'}}}\n";
    assert_eq!(asked(&[("compose.yaml", labelled)]), "http 7070");
    let other = labelled.replace("'7070'}", "'7071'}");
    assert_eq!(asked(&[("compose.yaml", &other)]), "tcp 7070");
}

/// Ports of TLS and of debuggers stand aside.
#[test]
fn of_many_ports_the_plain_one_is_asked() {
    for (ports, expected) in [
        ("['80:3000', '443:443']", "http 3000"),
        ("['80:3000', '9229:9229']", "http 3000"),
        ("['443:443']", "tcp 443"),
        ("['443:8443']", "tcp 8443"),
        ("['9229:9229']", "nothing"),
        ("['9229:9229', '443:443']", "tcp 443"),
        ("['80:3000', '81:4000']", "nothing"),
        ("['53:53/udp', '80:3000']", "http 3000"),
    ] {
        let compose = format!("services: {{it: {{image: 'node:22', command: node a.js, ports: {ports}}}}}\n");
        assert_eq!(asked(&[("compose.yaml", &compose)]), expected, "{ports}");
    }
    for (ports, part) in [
        ("['9229:9229']", "its only port is 9229, a debugger's"),
        ("['80:3000', '81:4000']", "which of its ports to probe: 3000 and 4000"),
        ("['80:3000', '81:4000', '82:5000']", "which of its ports to probe: 3000, 4000 and 5000"),
        ("['3000-3005:3000-3005']", "its port is a range"),
        ("['53:53/udp', '54:54/sctp', '53:53/udp']", "it listens on UDP 53 and SCTP 54, and only TCP ports"),
    ] {
        let compose = format!("services: {{it: {{image: 'node:22', command: node a.js, ports: {ports}}}}}\n");
        let help = help(&[("compose.yaml", &compose)]);
        assert!(help.contains(part), "{ports}: {help}");
    }
}

/// What an image starts by default may be written out. Another start has other probes.
#[test]
fn a_probe_of_what_is_shipped_needs_that_start() {
    for (keys, asks) in [
        ("mem_limit: 1g", true),
        ("command: [server, -dev]", true),
        ("command: server -dev", true),
        ("command: [server]", false),
        ("command: [server, -dev, -config=/x]", false),
        ("entrypoint: [vault, server, -dev]", false),
    ] {
        let compose = format!("services: {{it: {{image: 'hashicorp/vault:1.20', {keys}}}}}\n");
        let help = help(&[("compose.yaml", &compose)]);
        assert_eq!(help.contains("/v1/sys/health"), asks, "{keys}: {help}");
    }
}

/// What has to be switched on is only offered where it is certainly off, and nothing else decides.
#[test]
fn only_what_is_off_is_switched_on() {
    for (image, keys, offered) in [
        ("keycloak/keycloak:26.0", "command: start", true),
        ("keycloak/keycloak:26.0", "command: start, environment: {KC_HEALTH_ENABLED: 'false'}", true),
        ("keycloak/keycloak:26.0", "command: start, environment: {KC_HEALTH_ENABLED: '${X}'}", false),
        ("keycloak/keycloak:26.0", "command: start, env_file: gone.env", false),
        (
            "keycloak/keycloak:26.0",
            "command: start, volumes: ['./keycloak.conf:/opt/keycloak/conf/keycloak.conf']",
            false,
        ),
        ("traefik:v3.5", "command: ['--api']", true),
        ("traefik:v3.5", "command: ['--api', '--ping']", false),
        ("traefik:v3.5", "command: ['--api', '${X}']", false),
        ("traefik:v3.5", "volumes: ['./traefik.yml:/etc/traefik/traefik.yml']", false),
    ] {
        let compose = format!("services: {{it: {{image: '{image}', {keys}}}}}\n");
        let help = help(&[("compose.yaml", &compose)]);
        assert_eq!(help.contains("add `"), offered, "{image} {keys}: {help}");
    }
}

/// A Java program is told by its image, its heap, or the program or start script that is started.
#[test]
fn a_virtual_machine_gets_more_time() {
    for (image, keys, slow) in [
        ("node:22", "command: node a.js", false),
        ("node:22", "command: java -jar a.jar", true),
        ("node:22", "command: catalina.sh run", true),
        ("node:22", "command: /opt/bin/catalina.sh run", true),
        ("node:22", "command: start.sh, environment: {JAVA_TOOL_OPTIONS: -Xmx1g}", false),
        ("node:22", "command: echo java", false),
        ("tomcat:11", "command: catalina.sh run", true),
    ] {
        let compose = format!("services: {{it: {{image: '{image}', {keys}, ports: ['80:8080']}}}}\n");
        let help = help(&[("compose.yaml", &compose)]);
        assert_eq!(help.contains("start_period: 60s"), slow, "{image} {keys}: {help}");
    }
}

/// Where the usual probe of an image does not hold, its usual port need not either. What the Dockerfile exposes does.
#[test]
fn a_changed_server_has_the_ports_that_are_declared() {
    for (steps, keys, part) in [
        ("", "mem_limit: 1g", "127.0.0.1:3000/api/v1/ping"),
        ("CMD [\"node\", \"x.js\"]\n", "mem_limit: 1g", "no port is declared for it"),
        ("EXPOSE 4000\nCMD [\"node\", \"x.js\"]\n", "mem_limit: 1g", "127.0.0.1:4000/"),
        ("CMD [\"node\", \"x.js\"]\n", "expose: [5000]", "127.0.0.1:5000/"),
        ("EXPOSE 4000\nCMD [\"node\", \"x.js\"]\n", "expose: [5000]", "127.0.0.1:5000/"),
    ] {
        let dockerfile = format!("FROM flowiseai/flowise:2.2.0\n{steps}");
        let compose = format!("services: {{it: {{build: ., {keys}}}}}\n");
        let help = help(&[("compose.yaml", &compose), ("Dockerfile", &dockerfile)]);
        assert!(help.contains(part), "{steps}{keys}: {help}");
    }
}

/// A service that replaces the server of its image, and names no port, needs no probe of a port.
#[test]
fn a_replaced_server_is_not_asked() {
    for (image, keys, asked) in [
        ("redis:8", "command: redis-server", true),
        ("redis:8", "command: redis-benchmark", false),
        ("redis:8", "command: redis-benchmark, ports: ['1:1']", true),
        ("redis:8", "entrypoint: [redis-server]", true),
        ("redis:8", "entrypoint: [/other]", true),
        ("alpine:3.22", "command: redis-benchmark", true),
    ] {
        let compose = format!("services: {{it: {{image: '{image}', {keys}}}}}\n");
        let checked = Checked::texts(&[("compose.yaml", &compose)]);
        assert_eq!(!checked.of_rule("missing-healthcheck").is_empty(), asked, "{image} {keys}");
    }
    for (steps, asked) in [
        ("ENTRYPOINT [\"/other\"]\n", false),
        ("ENTRYPOINT [\"/other\"]\nEXPOSE 1\n", true),
        ("CMD [\"redis-server\"]\n", true),
    ] {
        let compose = "services: {it: {build: .}}\n";
        let checked =
            Checked::texts(&[("compose.yaml", compose), ("Dockerfile", &format!("FROM redis:8\n{steps}"))]);
        assert_eq!(!checked.of_rule("missing-healthcheck").is_empty(), asked, "{steps}");
    }
}

/// Part of what starts may be a worker: then only a port that is named shows that the other part serves.
#[test]
fn a_worker_next_to_a_server_needs_a_named_port() {
    for (command, ports, expected) in [
        ("sh -c 'rq worker & uvicorn a:b'", "[]", "part of what it starts works on a queue"),
        ("sh -c 'rq worker & uvicorn a:b'", "['80:8000']", "127.0.0.1:8000/"),
        (
            "sh -c 'if x; then rq worker; else uvicorn a:b; fi'",
            "[]",
            "part of what it starts works on a queue",
        ),
        ("sh -c 'if x; then rq worker; else uvicorn a:b; fi'", "['80:8000']", "127.0.0.1:8000/"),
        ("rq worker", "['80:8000']", "it works on a queue or a schedule and has no port"),
        ("uvicorn a:b", "['80:8000']", "127.0.0.1:8000/"),
    ] {
        let compose =
            format!("services: {{it: {{image: 'python:3.13', command: \"{command}\", ports: {ports}}}}}\n");
        let help = help(&[("compose.yaml", &compose)]);
        assert!(help.contains(expected), "{command} {ports}: {help}");
    }
}

/// The client port of a member of a ZooKeeper ensemble is that of its own line.
#[test]
fn a_member_has_the_port_of_its_line() {
    let one = "server.1=it:2888:3888;2182";
    let two = "server.1=a:2888:3888;2182 server.2=it:2888:3888;2183";
    for (environment, expected) in [
        (format!("ZOO_SERVERS: '{one}'"), "127.0.0.1 2182 "),
        (format!("ZOO_SERVERS: '{one}', ZOO_MY_ID: '7'"), "127.0.0.1 2181 "),
        (format!("ZOO_SERVERS: '{one}', ZOO_MY_ID: '${{X}}'"), "127.0.0.1 2182 "),
        // Without a number it is the first.
        (format!("ZOO_SERVERS: '{two}'"), "127.0.0.1 2182 "),
        (format!("ZOO_SERVERS: '{two}', ZOO_MY_ID: '2'"), "127.0.0.1 2183 "),
        (format!("ZOO_SERVERS: '{two}', ZOO_MY_ID: ' 2 '"), "127.0.0.1 2183 "),
        (format!("ZOO_SERVERS: '{two}', ZOO_MY_ID: '${{X}}'"), "no probe to suggest"),
        (
            "ZOO_SERVERS: 'server.1=a:2888:3888;2182 server.2=it:2888:3888;2182', ZOO_MY_ID: '${X}'"
                .to_owned(),
            "127.0.0.1 2182 ",
        ),
        ("ZOO_SERVERS: 'server.1=it:2888:3888'".to_owned(), "no probe to suggest"),
        ("ZOO_CFG_EXTRA: 'clientPort=2185 server.1=it:2888:3888'".to_owned(), "127.0.0.1 2185 "),
        ("ZOO_CFG_EXTRA: 'server.1=it:2888:3888 clientPort=2185'".to_owned(), "127.0.0.1 2185 "),
    ] {
        let compose =
            format!("services: {{it: {{image: 'zookeeper:3.9', environment: {{{environment}}}}}}}\n");
        let help = help(&[("compose.yaml", &compose)]);
        assert!(help.contains(expected), "{environment}: {help}");
    }
}

/// An image without a shell is asked by a program of its own.
#[test]
fn no_shell_is_used_where_there_is_none() {
    for (image, ports, expected) in [
        (
            "gcr.io/distroless/nodejs22-debian12",
            "['9999:9999']",
            "\"/nodejs/bin/node\", \"-e\", \"require('net').connect(9999",
        ),
        (
            "gcr.io/distroless/nodejs22-debian12",
            "['3000:3000']",
            "\"/nodejs/bin/node\", \"-e\", \"require('http').get('http://127.0.0.1:3000/'",
        ),
        ("gcr.io/distroless/java21-debian12", "['8080:8080']", "its image has no shell, curl or wget"),
    ] {
        let compose = format!("services: {{it: {{image: '{image}', command: [a.js], ports: {ports}}}}}\n");
        let help = help(&[("compose.yaml", &compose)]);
        assert!(help.contains(expected) && !help.contains("CMD-SHELL"), "{image} {ports}: {help}");
    }
}

/// What a stage copies in is not here: a name without an ending may be a directory of configuration.
#[test]
fn what_a_stage_copies_may_be_a_directory() {
    for (copy, expected) in [
        ("COPY --from=b /x/a.conf /etc/nginx/conf.d/", "unread"),
        ("COPY --from=b /x/a.txt /etc/nginx/conf.d/", "http 80"),
        ("COPY --from=b /x/conf /etc/nginx/conf.d/", "unread"),
        ("COPY --from=b /x/conf.d/ /etc/nginx/conf.d/", "unread"),
        ("COPY --from=b /x/.hidden /etc/nginx/conf.d/", "unread"),
        ("COPY --from=b /x/conf /etc/nginx/", "unread"),
        ("COPY --from=b /x/conf /srv/", "http 80"),
        ("COPY --from=b /x/a.conf /etc", "http 80"),
        ("COPY --from=b /x/nginx /etc/", "unread"),
        ("COPY --from=b /x/nginx.conf /etc/nginx/", "unread"),
        ("COPY --from=b /x/nginx.conf /etc/nginx/nginx.conf", "unread"),
        ("COPY --from=b /x/site /etc/nginx/conf.d/site.txt", "http 80"),
    ] {
        let dockerfile =
            format!("FROM nginx:1.30-alpine\n{copy}\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n");
        let compose = "services: {it: {build: .}}\n";
        assert_eq!(asked(&[("compose.yaml", compose), ("Dockerfile", &dockerfile)]), expected, "{copy}");
    }
}

/// An address of nginx has a port, or the usual one. Only those that loopback reaches are asked.
#[test]
fn addresses_of_nginx_have_ports() {
    for (listen, expected) in [
        ("8081", "http 8081"),
        ("*:8081", "http 8081"),
        ("0.0.0.0:8081", "http 8081"),
        ("127.0.0.1:8081", "http 8081"),
        ("localhost:8081", "http 8081"),
        ("[::]:8081", "http 8081"),
        ("[::]", "http 80"),
        ("127.0.0.1", "http 80"),
        ("localhost", "http 80"),
        ("[::1]:8081", "unread"),
        ("[::1]", "unread"),
        ("10.0.0.1:8081", "unread"),
        ("example.org", "unread"),
        ("unix:/run/x", "unread"),
        ("8081 udp", "unread"),
        ("8081 quic", "unread"),
        ("8081 ssl", "tcp 8081"),
        ("8081 http2", "tcp 8081"),
        ("8081 proxy_protocol", "tcp 8081"),
        ("8081 default_server", "http 8081"),
    ] {
        let main = format!("http {{ server {{ listen {listen}; }} }}");
        assert_nginx("volumes: ['./n:/etc/nginx/nginx.conf']", &[("n", &main)], expected);
    }
}
