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
        let dockerfile = format!("FROM node:22\n{head}\nCMD node {command}\n");
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
