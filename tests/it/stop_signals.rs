//! A shell as PID 1 does not pass on the stop signal: where `exec` is missing, in scripts and around them.

use crate::common::Checked;

/// Returns where `exec` has to be put: `run.sh`, `both` for a script and the line that starts it, `line`, or nothing.
fn exec_is_missing_in(dockerfile: &str, script: &str) -> String {
    let script = format!("#!/bin/sh\n{script}\n");
    let files = [("Dockerfile", dockerfile), ("run.sh", &script), ("other.sh", "#!/bin/sh\nnode b.js\n")];
    let checked = Checked::tree(&files, "");
    let found = checked.of_rule("shell-form-start");
    let Some(finding) = found.first() else { return String::new() };
    let help = finding.help.as_deref().unwrap_or_default();
    if help.starts_with("`exec` in both places") {
        return "both".to_owned();
    }
    let file = help.strip_prefix("in `").and_then(|rest| rest.split_once('`'));
    file.map_or_else(|| "line".to_owned(), |(file, _)| file.to_owned())
}

#[test]
fn the_last_command_of_a_script_needs_exec() {
    let dockerfile = "FROM debian:13-slim\nCOPY run.sh other.sh /\nCMD [\"/run.sh\"]\n";
    for (script, expected) in [
        ("node a.js", "run.sh"),
        ("exec node a.js", ""),
        ("exec /other.sh", "other.sh"),
        ("node a.js > log", "run.sh"),
        ("{ node a.js; }", "run.sh"),
        ("( node a.js )", ""),
        ("if true; then node a.js; fi", ""),
        ("node a.js || exit 1", ""),
        ("node a.js &\nwait", ""),
        ("trap x TERM\nnode a.js", ""),
        // Functions, as deep as they are followed.
        ("main() { node a.js; }\nmain", "run.sh"),
        ("main() { exec node a.js; }\nmain", ""),
        ("a() { node a.js; }\nb() { a; }\nb", "run.sh"),
        ("a() { node a.js; }\nb() { a; }\nc() { b; }\nd() { c; }\nd", "run.sh"),
        ("a() { node a.js; }\nb() { a; }\nc() { b; }\nd() { c; }\ne() { d; }\ne", ""),
        ("a() { a; }\na", ""),
        ("main() { node a.js; }\nmain || exit 1", ""),
        // Daemons would lose their parent.
        ("service cron start\nnode a.js", ""),
        ("/etc/init.d/cron restart\nnode a.js", ""),
        ("/usr/sbin/service cron start\nnode a.js", ""),
        ("service cron status\nnode a.js", "run.sh"),
        ("/etc/init.d/cron status\nnode a.js", "run.sh"),
        ("tool start\nnode a.js", "run.sh"),
        // What a variable holds may begin with `exec`.
        ("$COMMAND", ""),
        ("\"$COMMAND\" x", "run.sh"),
        ("$JAVA_HOME/bin/java -jar a.jar", "run.sh"),
        ("cp a b", ""),
    ] {
        assert_eq!(exec_is_missing_in(dockerfile, script), expected, "{script}");
    }
}

/// A script that replaces itself with the next is followed, four deep.
#[test]
fn scripts_that_exec_each_other_are_followed() {
    for (count, expected) in [(1, "s1.sh"), (3, "s3.sh"), (4, "s4.sh"), (5, "")] {
        let mut files = vec![(
            "Dockerfile".to_owned(),
            "FROM debian:13-slim\nCOPY *.sh /\nCMD [\"/s1.sh\"]\n".to_owned(),
        )];
        for number in 1..=count {
            let next =
                if number == count { "gunicorn a".to_owned() } else { format!("exec /s{}.sh", number + 1) };
            files.push((format!("s{number}.sh"), format!("#!/bin/sh\n{next}\n")));
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let checked = Checked::tree(&files, "");
        let found = checked.of_rule("shell-form-start");
        let help = found.first().and_then(|finding| finding.help.as_deref()).unwrap_or_default();
        let file =
            help.strip_prefix("in `").and_then(|rest| rest.split_once('`')).map_or("", |(file, _)| file);
        assert_eq!(file, expected, "{count}: {help}");
        // The file that has to change is one of the project's, once.
        let names: Vec<String> = checked.outcome.projects[0]
            .files
            .iter()
            .map(|file| checked.sources.get(*file).path().file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        let times = names.iter().filter(|name| **name == expected).count();
        assert_eq!(times, usize::from(!expected.is_empty()), "{names:?}");
    }
}

/// A command is only repeated where the file has it as the shell reads it, on one line, and short.
#[test]
fn a_command_is_repeated_as_it_is_written() {
    let (longest, longer) = ("x".repeat(195), "x".repeat(196));
    for (command, repeated) in [
        ("command: sh -c 'node a.js'", Some("exec node a.js")),
        ("command: [sh, -c, node a.js]", Some("exec node a.js")),
        ("command: [sh, -c, 'A=b node a.js']", Some("A=b exec node a.js")),
        ("command: [sh, -c, 'cd /x && node a.js']", Some("exec node a.js")),
        ("command: [sh, -c, 'node a.js > /dev/null']", Some("exec node a.js > /dev/null")),
        ("command: [sh, -c, 'node \"a b.js\"']", Some("exec node \"a b.js\"")),
        ("command: [sh, -c, 'node $$X']", Some("exec node $$X")),
        // YAML's escapes, Compose's variables and folded lines are not what the shell reads.
        ("command: [sh, -c, \"node \\\"a b.js\\\"\"]", None),
        ("command: [sh, -c, \"node a\\x2Ejs\"]", None),
        ("command: [sh, -c, 'node ''a b.js''']", None),
        ("command: [sh, -c, 'node ${X:-a.js}']", None),
        ("command: [sh, -c, 'node\n      a.js']", None),
        (&format!("command: [sh, -c, 'node {longest}']"), Some(&*format!("exec node {longest}"))),
        (&format!("command: [sh, -c, 'node {longer}']"), None),
    ] {
        let compose = format!("services:\n  it:\n    image: debian:13-slim\n    {command}\n");
        let checked = Checked::texts(&[("compose.yaml", &compose)]);
        let found = checked.of_rule("shell-form-start");
        let help = found.first().and_then(|finding| finding.help.as_deref()).unwrap_or("nothing is found");
        match repeated {
            Some(line) => assert!(help.contains(line), "{command}: {help}"),
            None => assert!(help.contains("right before `node`"), "{command}: {help}"),
        }
    }
}

#[test]
fn arguments_are_what_the_command_says() {
    for (command, script, expected) in [
        ("CMD [\"node\", \"a.js\"]", "\"$@\"", "run.sh"),
        ("CMD [\"node\", \"a.js\"]", "exec \"$@\"", ""),
        ("CMD [\"node\", \"a.js\"]", "$@", "run.sh"),
        ("CMD [\"bash\"]", "\"$@\"", ""),
        ("", "\"$@\"", ""),
    ] {
        let dockerfile = format!("FROM debian:13-slim\nCOPY run.sh /\nENTRYPOINT [\"/run.sh\"]\n{command}\n");
        assert_eq!(exec_is_missing_in(&dockerfile, script), expected, "{command} {script}");
    }
}

/// dash stays around the script that it starts, BusyBox and bash replace themselves with a single command.
#[test]
fn the_shell_around_a_script_may_stay_too() {
    for (image, line, expected) in [
        ("debian:13-slim", "CMD /run.sh", "both"),
        ("debian:13-slim", "CMD exec /run.sh", "run.sh"),
        ("debian:13-slim", "CMD [\"sh\", \"/run.sh\"]", "run.sh"),
        ("debian:13-slim", "CMD [\"bash\", \"-c\", \"/run.sh\"]", "run.sh"),
        ("debian:13-slim", "CMD [\"bash\", \"-c\", \"cd / && /run.sh\"]", "both"),
        ("debian:13-slim", "CMD [\"bash\", \"-c\", \"/run.sh > log\"]", "both"),
        ("debian:13-slim", "CMD /run.sh && true", ""),
        ("alpine:3.22", "CMD /run.sh", "run.sh"),
        ("alpine:3.22", "CMD cd / && /run.sh", "both"),
        ("alpine:3.22", "CMD /run.sh > log", "both"),
        ("acme/x", "CMD /run.sh", "both"),
    ] {
        let dockerfile = format!("FROM {image}\nCOPY run.sh /\n{line}\n");
        assert_eq!(exec_is_missing_in(&dockerfile, "node a.js"), expected, "{image} {line}");
        assert_eq!(exec_is_missing_in(&dockerfile, "cp a b"), "", "{image} {line}");
    }
}
