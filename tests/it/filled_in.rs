//! Heap settings that an `ENV` makes: filled in by the build, torn apart at blanks, or in a `.env` that nothing uses.

use crate::common::Checked;

/// Returns the messages of `unread-heap-variable` in a project with a Dockerfile.
fn unread(environment: &str, dockerfile: &str, others: &[(&str, &str)]) -> Vec<String> {
    let compose =
        format!("services:\n  a:\n    build: .\n    mem_limit: 3g\n    environment: {environment}\n");
    let files = [("compose.yaml", compose.as_str()), ("Dockerfile", dockerfile)];
    let checked = Checked::tree(&[&files[..], others].concat(), "");
    checked.of_rule("unread-heap-variable").into_iter().map(|finding| finding.message.clone()).collect()
}

#[test]
fn a_value_that_the_build_has_filled_in_does_not_change_any_more() {
    let node = "FROM node:24-slim\nENV HEAP=1024\nENV NODE_OPTIONS=--max-old-space-size=${HEAP}\nCMD [\"node\", \"a.js\"]\n";
    let arg = node.replace("ENV HEAP=1024", "ARG HEAP=1024");
    let java = "FROM eclipse-temurin:21-jre\nENV HEAP=1g\nENV JAVA_OPTS=\"-Xmx$HEAP -Xss1m\"\nCMD exec java $JAVA_OPTS -jar a.jar\n";
    let share = "FROM eclipse-temurin:21-jre\nENV SHARE=50.0\nENV JAVA_TOOL_OPTIONS=-XX:MaxRAMPercentage=$SHARE\nCMD [\"java\", \"-jar\", \"a.jar\"]\n";
    for (environment, dockerfile) in [
        ("{HEAP: 2048}", node),
        ("[HEAP=2048]", arg.as_str()),
        ("{HEAP: 2g}", java),
        ("{SHARE: 75.0}", share),
    ] {
        let found = unread(environment, dockerfile, &[]);
        assert_eq!(found.len(), 1, "{dockerfile}: {found:?}");
        assert!(found[0].contains("does not reach its heap"), "{found:?}");
    }
    let by_shell = node.replace("ENV NODE_OPTIONS=--max-old-space-size=${HEAP}\n", "");
    let by_shell =
        by_shell.replace("CMD [\"node\", \"a.js\"]", "CMD exec node --max-old-space-size=$HEAP a.js");
    let by_script = node.replace("CMD [\"node\", \"a.js\"]", "COPY start.sh /\nCMD [\"/start.sh\"]");
    let script = (
        "start.sh",
        "#!/bin/sh\nNODE_OPTIONS=--max-old-space-size=$HEAP\nexport NODE_OPTIONS\nexec node a.js\n",
    );
    let other = node.replace("--max-old-space-size=${HEAP}", "\"--max-old-space-size=512 --title=$HEAP\"");
    for (environment, dockerfile) in [
        // The same value, none, and the variable itself.
        ("{HEAP: 1024}", node),
        ("{OTHER: 2048}", node),
        ("{HEAP: 2048, NODE_OPTIONS: --max-old-space-size=2048}", node),
        // Something else puts the flag together.
        ("{HEAP: 2048}", by_shell.as_str()),
        ("{HEAP: 2048}", by_script.as_str()),
        // Another flag has it.
        ("{HEAP: 2048}", other.as_str()),
        ("{HEAP: \"${HEAP:?}\"}", node),
    ] {
        let found = unread(environment, dockerfile, &[script]);
        assert!(found.is_empty(), "{environment} {dockerfile}: {found:?}");
    }
}

#[test]
fn flags_behind_a_blank_are_variables_of_their_own() {
    let image = "FROM eclipse-temurin:21-jre\n";
    let start = "CMD [\"java\", \"-jar\", \"a.jar\"]\n";
    for env in [
        "ENV JAVA_TOOL_OPTIONS=-Xss1m -XX:MaxRAMPercentage=80.0\n",
        "ENV A=1 B=-XX:InitialRAMPercentage=5.0 \\\n  -XX:MaxRAMPercentage=80.0\n",
        "ENV A=$B -XX:MaxRAMPercentage=80.0\n",
        "ENV NODE_OPTIONS=--inspect=1 --max-old-space-size=512\n",
    ] {
        let found = unread("{}", &format!("{image}{env}{start}"), &[]);
        assert_eq!(found.len(), 1, "{env}: {found:?}");
    }
    for env in [
        "ENV JAVA_TOOL_OPTIONS=\"-Xss1m -XX:MaxRAMPercentage=80.0\"\n",
        "ENV JAVA_TOOL_OPTIONS -Xss1m -XX:MaxRAMPercentage=80.0\n",
        "ENV JAVA_TOOL_OPTIONS=-Xss1m\\ -XX:MaxRAMPercentage=80.0\n",
        "ENV A=1 B=2 -Dx=3\n",
    ] {
        let found = unread("{}", &format!("{image}{env}{start}"), &[]);
        assert!(found.is_empty(), "{env}: {found:?}");
    }
}

#[test]
fn sizes_in_a_dotenv_reach_a_container_only_by_a_file() {
    let compose = |keys: &str| format!("services:\n  index:\n    image: example/solr:9\n{keys}");
    let found = |compose: &str, dotenv: &str, others: &[(&str, &str)]| {
        let files = [("compose.yaml", compose), (".env", dotenv)];
        let checked = Checked::tree(&[&files[..], others].concat(), "");
        checked.of_rule("unread-heap-variable").len()
    };
    let plain = compose("");
    for dotenv in
        ["SOLR_MEMORY=1024\n", "INDEX_HEAP_SIZE=1g\n", "SOLR_JAVA_OPTS=-Xmx1g\n", "SOLR_MEMORY_LIMIT=2g\n"]
    {
        assert_eq!(found(&plain, dotenv, &[]), 1, "{dotenv}");
    }
    for dotenv in
        ["OTHER_MEMORY=1024\n", "SOLR_VERSION=9\n", "SOLR_MEMORY=\n", "SOLR_MEMORY=auto\n", "SOLRMEMORY=1g\n"]
    {
        assert_eq!(found(&plain, dotenv, &[]), 0, "{dotenv}");
    }
    let dotenv = "SOLR_MEMORY=1024\n";
    for keys in
        ["    env_file: .env\n", "    mem_limit: ${SOLR_MEMORY}m\n", "    environment: [SOLR_MEMORY]\n"]
    {
        assert_eq!(found(&compose(keys), dotenv, &[]), 0, "{keys}");
    }
    // Deeper files are not searched, and neither is what git keeps.
    for (other, unread) in [
        ("a/b/start.sh", 0),
        ("a/b/c/start.sh", 1),
        (".git/start.sh", 1),
        (".github/start.sh", 0),
        (".env.example", 1),
        ("a/.env", 1),
        ("README.md", 1),
        ("sample.env.txt", 1),
    ] {
        assert_eq!(found(&plain, dotenv, &[(other, "x: ${SOLR_MEMORY}\n")]), unread, "{other}");
    }
    for other in ["Makefile", "scripts/start.sh", "deploy/compose.prod.yaml"] {
        assert_eq!(found(&plain, dotenv, &[(other, "x: ${SOLR_MEMORY}\n")]), 0, "{other}");
    }
    for other in ["README.md", ".env.example"] {
        assert_eq!(found(&plain, dotenv, &[(other, "SOLR_MEMORY\n")]), 1, "{other}");
    }
}
