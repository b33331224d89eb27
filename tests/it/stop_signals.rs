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
