//! Limits of the analysis of programs, which no finding mentions: what is at one still counts, what is beyond it is unknown.

use oomlint::workload::{Fact, Starts, Workload};

use crate::common::Checked;

/// Checks files on the disk, and returns the first workload.
fn workload(files: &[(&str, &str)]) -> Workload {
    let mut checked = Checked::tree(files, "");
    checked.outcome.projects.swap_remove(0).workloads.swap_remove(0)
}

/// Returns whether the configuration of a web server says which port is asked.
fn asks(files: &[(&str, &str)], port: u16) -> bool {
    let checked = Checked::tree(files, "");
    let found = checked.of_rule("missing-healthcheck");
    let help = found.first().and_then(|finding| finding.help.as_deref()).unwrap_or_default();
    help.contains(&format!("127.0.0.1:{port}/"))
}

fn nginx(volumes: &str) -> String {
    format!("services: {{it: {{image: 'nginx:stable', volumes: [{volumes}]}}}}\n")
}

#[test]
fn a_path_of_a_program() {
    for (length, known) in [(4096, true), (4097, false)] {
        let file = format!("{}.jar", "x".repeat(length - "/app/".len() - ".jar".len()));
        let dockerfile = format!(
            "FROM eclipse-temurin:21-jdk\nRUN curl -o /x https://a/b\nCOPY lib /app\nCMD [\"java\", \"-jar\", \"/app/{file}\"]\n"
        );
        let found = workload(&[("Dockerfile", &dockerfile)]);
        assert_eq!(found.image.lighter_base.is_some(), known, "{length}");
    }
}

#[test]
fn files_that_a_dockerfile_copies() {
    for (count, read) in [(1000, true), (1001, false)] {
        // The main file is one of them.
        let names: Vec<String> = (1..count).map(|number| format!("f{number}")).collect();
        let begins: String = names.iter().map(|name| format!(" <<{name}")).collect();
        let texts: String = names
            .iter()
            .map(|name| {
                if name == "f7" {
                    format!("server {{ listen 8081; }}\n{name}\n")
                } else {
                    format!("{name}\n")
                }
            })
            .collect();
        let dockerfile =
            format!("FROM nginx:1.30-alpine\nCOPY{begins} /etc/nginx/sites/\n{texts}EXPOSE 1 2\n");
        let main = "COPY <<nginx.conf /etc/nginx/\nhttp { include sites/*; }\nnginx.conf\n";
        assert_eq!(asks(&[("Dockerfile", &format!("{dockerfile}{main}"))], 8081), read, "{count}");
    }
}

#[test]
fn levels_of_directories_that_are_copied() {
    for (levels, read) in [(4, true), (5, false)] {
        let inside: String = (0..levels).map(|_| "d/").collect();
        let main = format!("http {{ include {inside}*.conf; }}");
        let site = format!("c/{inside}x.conf");
        let files = [
            ("compose.yaml", &*nginx("'./c:/etc/nginx'")),
            ("c/nginx.conf", &main),
            (&site, "server { listen 8081; }"),
        ];
        assert_eq!(asks(&files, 8081), read, "{levels}");
    }
}

#[test]
fn entries_of_a_directory_of_a_server() {
    let compose = nginx("'./c:/etc/nginx/conf.d'");
    for (count, read) in [(400, true), (401, false)] {
        let names: Vec<String> = (1..count).map(|number| format!("c/f{number}.txt")).collect();
        let mut files = vec![("compose.yaml", compose.as_str()), ("c/a.conf", "server { listen 8081; }")];
        files.extend(names.iter().map(|name| (name.as_str(), "")));
        assert_eq!(asks(&files, 8081), read, "{count}");
    }
}

#[test]
fn words_and_includes_of_a_configuration() {
    let compose = nginx("'./n:/etc/nginx/nginx.conf'");
    for (more, read) in [(10_000 - 6, true), (10_000 - 5, false)] {
        let main = format!("server {{ listen 8081; }}{}", " x".repeat(more));
        assert_eq!(asks(&[("compose.yaml", &compose), ("n", &main)], 8081), read, "{more}");
    }
    for (count, read) in [(200, true), (201, false)] {
        let includes: String = (0..count).map(|number| format!("include {number}.conf;\n")).collect();
        let main = format!("{includes}server {{ listen 8081; }}");
        assert_eq!(asks(&[("compose.yaml", &compose), ("n", &main)], 8081), read, "{count}");
    }
}

/// Returns the size of the first cache of a Redis server that reads `/r/0.conf`.
fn redis_cache(files: &[(String, String)]) -> Option<i64> {
    let compose =
        "services: {it: {image: 'redis:8', command: redis-server /r/0.conf, volumes: ['./r:/r']}}\n";
    let mut all = vec![("compose.yaml", compose)];
    all.extend(files.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let found = workload(&all);
    match &found.pools.caches.first()?.bound {
        Fact::Known(setting) => match setting.value.bound {
            oomlint::workload::Bound::Bytes(size) => Some(size.0 >> 20),
            oomlint::workload::Bound::Percent(_) => None,
        },
        _ => None,
    }
}

#[test]
fn settings_files_of_a_server() {
    for (depth, size) in [(4, Some(300)), (5, None)] {
        let files: Vec<(String, String)> = (0..=depth)
            .map(|number| {
                let text = if number == depth {
                    "maxmemory 300mb\n".to_owned()
                } else {
                    format!("include /r/{}.conf\n", number + 1)
                };
                (format!("r/{number}.conf"), text)
            })
            .collect();
        assert_eq!(redis_cache(&files), size, "{depth} files deep");
    }
    for (count, size) in [(64, Some(300)), (65, None)] {
        // One file is read again and again.
        let includes = "include /r/1.conf\n".repeat(count - 1);
        let files = [
            ("r/0.conf".to_owned(), format!("{includes}port 1\n")),
            ("r/1.conf".to_owned(), "maxmemory 300mb\n".to_owned()),
        ];
        assert_eq!(redis_cache(&files), size, "{count} files");
    }
}

/// Returns whether a Dockerfile's step may install `curl`, which its healthcheck needs.
fn may_install_curl(step: &str) -> bool {
    let dockerfile = format!("FROM debian:13-slim\n{step}\nHEALTHCHECK CMD curl -f http://localhost/\n");
    Checked::texts(&[("Dockerfile", &dockerfile)]).of_rule("healthcheck-missing-tool").is_empty()
}

#[test]
fn bytes_of_a_list_of_packages() {
    let half = "vim ".repeat(8192);
    for (more, unknown) in [("", false), ("x", true)] {
        let step = format!("ENV A='{half}' B='{more}'\nRUN P=$A$A$B && apt-get install -y $P");
        assert_eq!(may_install_curl(&step), unknown, "{more}");
    }
}

/// Returns the heap, in MiB, of a container that starts `s0.sh`, one of many scripts.
fn heap_of_scripts(scripts: &[(String, String)]) -> Option<i64> {
    let dockerfile = "FROM amazoncorretto:21\nCOPY s /s\nCMD [\"/s/s0.sh\"]\n";
    let mut files = vec![("compose.yaml", "services: {it: {build: .}}\n"), ("Dockerfile", dockerfile)];
    files.extend(scripts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    let found = workload(&files);
    match &found.pools.heaps.first()?.bound {
        Fact::Known(setting) => match setting.value.bound {
            oomlint::workload::Bound::Bytes(size) => Some(size.0 >> 20),
            oomlint::workload::Bound::Percent(_) => None,
        },
        _ => None,
    }
}

const JAVA: &str = "exec java -Xmx1g -jar a.jar\n";

fn script(number: usize, text: &str) -> (String, String) {
    (format!("s/s{number}.sh"), format!("#!/bin/sh\n{text}"))
}

#[test]
fn scripts_that_start_each_other() {
    for (count, heap) in [(5, Some(1024)), (6, None)] {
        let scripts: Vec<(String, String)> = (0..count)
            .map(|number| match number + 1 == count {
                true => script(number, JAVA),
                false => script(number, &format!("exec /s/s{}.sh\n", number + 1)),
            })
            .collect();
        assert_eq!(heap_of_scripts(&scripts), heap, "{count} scripts");
    }
    // The start line and the first script count.
    for (count, heap) in [(62, Some(1024)), (63, None)] {
        let calls: String = (1..=count).map(|number| format!("/s/s{number}.sh\n")).collect();
        let mut scripts = vec![script(0, &calls)];
        scripts
            .extend((1..=count).map(|number| script(number, if number == count { JAVA } else { "echo\n" })));
        assert_eq!(heap_of_scripts(&scripts), heap, "{count} scripts");
    }
}

/// Scripts that execute their arguments hand on those of the command.
#[test]
fn arguments_that_are_handed_on() {
    let hand_on = "#!/bin/sh\nexec \"$@\"\n";
    for (command, ends) in
        [("[pytest]", true), ("[/s/b.sh, pytest]", true), ("[/s/b.sh, /s/b.sh, pytest]", false)]
    {
        let compose = format!("services: {{it: {{build: ., command: {command}}}}}\n");
        let dockerfile = "FROM python:3.13-slim\nCOPY s /s\nENTRYPOINT [\"/s/a.sh\"]\n";
        let files = [
            ("compose.yaml", &*compose),
            ("Dockerfile", dockerfile),
            ("s/a.sh", hand_on),
            ("s/b.sh", hand_on),
        ];
        assert_eq!(workload(&files).role.ends, ends, "{command}");
    }
}

fn starts_redis(keys: &str) -> Starts {
    let compose = format!("services: {{it: {{image: 'redis:8', {keys}}}}}\n");
    workload(&[("compose.yaml", &compose)]).process.starts
}

#[test]
fn programs_and_words_of_a_start() {
    for (before, starts) in [(511, Starts::Server), (512, Starts::Unknown)] {
        let programs = "p; ".repeat(before);
        assert_eq!(
            starts_redis(&format!("command: sh -c '{programs}exec redis-server'")),
            starts,
            "{before}"
        );
    }
    for (words, starts) in [(512, Starts::Server), (513, Starts::Unknown)] {
        let arguments = " x".repeat(words);
        assert_eq!(starts_redis(&format!("entrypoint: redis-server{arguments}")), starts, "{words}");
    }
}

/// Of more commands than are looked at, one is assumed to follow a program, which so has ended.
#[test]
fn commands_that_may_follow() {
    for (echos, last) in [(64, true), (65, false)] {
        let after = "; echo".repeat(echos);
        let compose = format!("services: {{it: {{image: 'python:3.13', command: sh -c 'pytest{after}'}}}}\n");
        assert_eq!(workload(&[("compose.yaml", &compose)]).role.listens_nowhere, last, "{echos}");
    }
}

#[test]
fn times_that_a_script_runs_itself() {
    for (times, program) in [(4, "java"), (5, "docker-entrypoint.sh")] {
        let again = ", docker-entrypoint.sh".repeat(times - 1);
        let compose = format!(
            "services: {{it: {{image: 'postgres:17', entrypoint: [docker-entrypoint.sh{again}], command: [java]}}}}\n"
        );
        let programs = workload(&[("compose.yaml", &compose)]).programs();
        assert_eq!(programs.last().unwrap().base_name(), program, "{times}");
    }
}

/// Returns whether any script that a Node image gets from the directory `s` is known to use what the lighter image lacks.
fn uses_git(files: &[String]) -> bool {
    let dockerfile = "FROM node:22\nCOPY s /s\nCMD [\"node\", \"a.js\"]\n";
    let mut all = vec![("Dockerfile", dockerfile), ("s/z.sh", "git pull\n")];
    all.extend(files.iter().map(|name| (name.as_str(), "echo\n")));
    workload(&all).image.lighter_base.is_none()
}

#[test]
fn scripts_and_entries_of_directories() {
    for (count, read) in [(47, true), (48, false)] {
        let names: Vec<String> = (0..count).map(|number| format!("s/s{number}.sh")).collect();
        assert_eq!(uses_git(&names), read, "{count} scripts before");
    }
    // The directory itself is an entry.
    for (count, read) in [(398, true), (399, false)] {
        let names: Vec<String> = (0..count).map(|number| format!("s/s{number}.txt")).collect();
        assert_eq!(uses_git(&names), read, "{count} files before");
    }
}

#[test]
fn bytes_of_a_template_that_is_filled_in() {
    for (times, filled) in [(15, true), (17, false)] {
        let template = format!("{}server {{ listen ${{P}}; }}\n", "# ${A}\n".repeat(times));
        let value = "x".repeat(65_536);
        let compose = format!(
            "services: {{it: {{image: 'nginx:stable', environment: {{A: {value}, P: '8081'}}, volumes: ['./t:/etc/nginx/templates']}}}}\n"
        );
        let files = [("compose.yaml", &*compose), ("t/default.conf.template", &template)];
        assert_eq!(asks(&files, 8081), filled, "{times}");
    }
}

#[test]
fn bytes_of_a_word_with_variables() {
    for (length, heap) in [(65_535, Some(1024)), (65_536, None)] {
        // The first variable ends with a blank, so that the second one is a word of its own.
        let first = format!("-D{} ", "x".repeat(length - 3));
        let text = format!("A=\"{first}\"\nB=-Xmx1g\nexec java $A$B -jar a.jar\n");
        assert_eq!(heap_of_scripts(&[script(0, &text)]), heap, "{length}");
    }
}

#[test]
fn alternatives_of_a_word() {
    for (others, left) in [(63, false), (64, true)] {
        let words: String = (0..others).map(|number| format!("x{number},")).collect();
        let step =
            format!("apt-get update && apt-get install -y git && rm -rf /var/{{{words}lib/apt/lists}}");
        let checked = Checked::texts(&[("Dockerfile", &format!("FROM debian:13-slim\nRUN {step}\n"))]);
        assert_eq!(!checked.of_rule("uncleaned-package-cache").is_empty(), left, "{others}");
    }
}
