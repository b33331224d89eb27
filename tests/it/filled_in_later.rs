//! Files that something fills in before Docker reads them, and files that are none of Docker's: their errors are not reported.

use oomlint::diagnostic::Severity;

use crate::common::Checked;

fn errors(files: &[(&str, &str)]) -> Vec<String> {
    let checked = Checked::tree(files, "");
    let errors = checked.outcome.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.message.clone()).collect()
}

#[test]
fn errors_in_templates_are_left_out() {
    for text in [
        "{% set env='a' %}\nservices:\n  a:\n    image: nginx\n    {% if x %}\n    restart: always\n    {% endif %}\n",
        "services:\n  a:\n    <% if (x) print '''image: \"a\"\n    image: b''' %>\n",
        "services:\n  a:\n    image: {{ image }}\n    restart: {{ restart }}\n",
        "services:\n  a:\n    image: {$IMAGE}\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: \"@MEMORY@\"\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: __MEMORY__\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: '{{ memory }}'\n",
    ] {
        let found = errors(&[("docker-compose.yml", text)]);
        assert!(found.is_empty(), "{text}: {found:?}");
    }
    for text in [
        "FROM tomcat:${tag.version}\nRUN apt-get update; \\\\\n  apt-get install a\n",
        "FROM {{ base }}\n{% if x %}\nRUN a\n{% endif %}\n",
        "%%FROM%%\nRUN a\n",
        "FROM debian:@SUITE@\n@EXTRA@\n",
    ] {
        let found = errors(&[("Dockerfile", text)]);
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

#[test]
fn errors_next_to_such_places_are_reported() {
    for text in [
        "services:\n  a:\n    image: nginx\n    mem_limit: 1x\n    command: echo {{.ID}}\n",
        "services:\n  a:\n    image: {$IMAGE}\n    mem_limt: 1g\n    dependson: [b]\n",
        "services:\n  a:\n    image: app@sha256:0123\n    restart: nevver\n",
        // Marks in comments, in quoted texts, in block scalars, and in a value alone.
        "services:\n  a:\n    image: nginx\n    mem_limit: 512Mi\n    # was: <% x %>\n    # {% if y %}\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: 512Mi # {{ x }}\n",
        "services:\n  a:\n    # image: {{ x }}\n    image: nginx\n    mem_limit: 512Mi\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: 512Mi\n    ports:\n      - \"80\"\n      # - {{ x }}\n      - # {{ y }}\n        \"81\"\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: 4m\n    command: [sh, -c, \"docker ps {{.Names}} {% x %}\"]\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: 512Mi\n    environment: {P: \"<% a %>\"}\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: 512Mi\n    command: |\n      {% if x %}\n      <% y %>\n",
        "services:\n  a:\n    image: nginx\n    mem_limit: 512Mi\n    command: \"x\n      {% if x %}\n      y\"\n",
        "services:\n  a:\n    image: nginx:{{ tag }}\n    mem_limit: 512Mi\n    hostname: <%= x %>\n",
        "services:\n  a:\n    image: nginx\n    mem_limt: 1g # {{ x }}\n",
        "services:\n  a:\n    image: nginx\n    restart: \"nevver\" # @VERSION@\n",
    ] {
        assert!(!errors(&[("docker-compose.yml", text)]).is_empty(), "{text}");
    }
    for text in [
        "FROM a\nRUNN go list -f x\n",
        "FROM a\nRUN echo '{{.Dir}}'\nCOPPY a b\n",
        "FROM nginx\nRUN echo \"<% x %>\" > /x\nFOO bar\n",
        "FROM nginx\n# was: {% if x %}\nFOO bar\n",
        "FROM nginx\nRUN cat <<EOF > /x\n{% if x %}\nEOF\nFOO bar\n",
    ] {
        assert_eq!(errors(&[("Dockerfile", text)]).len(), 1, "{text}");
    }
}

#[test]
fn errors_that_are_left_out_are_counted() {
    let text = "services:\n  a:\n    image: nginx\n    {% if x %}\n    mem_limit: 512Mi\n    {% endif %}\n    restart: nevver\n";
    let checked = Checked::tree(&[("docker-compose.yml", text)], "");
    assert!(checked.outcome.summary.filled_in > 0);
    let plain = "services:\n  a:\n    image: nginx\n    mem_limit: 512Mi\n    # {% if x %}\n";
    assert_eq!(Checked::tree(&[("docker-compose.yml", plain)], "").outcome.summary.filled_in, 0);
}

#[test]
fn a_walk_leaves_out_what_is_only_called_dockerfile() {
    for (name, text) in [
        ("Dockerfile.cs", "namespace A { class Dockerfile {} }\n"),
        ("Dockerfile.ignore", "node_modules\n"),
        ("Dockerfile.md", "# How to build\n"),
        (".dockerfile.txt", "text\n"),
        ("Dockerfile.templ", "FROM {{ x }}\n"),
        ("Dockerfile.java", "package a;\nclass Dockerfile {}\n"),
        ("Dockerfile-notes", "Some notes\n"),
        ("Dockerfile.common", "RUN apt-get update\n"),
        ("dart.dockerfile", "import 'x';\n"),
    ] {
        let found = errors(&[(name, text)]);
        assert!(found.is_empty(), "{name}: {found:?}");
    }
    for name in ["Dockerfile.java", "Dockerfile-dev", "api.Dockerfile", "Dockerfile"] {
        let text = "# comment\n\nARG A=1\nFROM a:$A\nCOPPY a b\n";
        assert_eq!(errors(&[(name, text)]).len(), 1, "{name}");
    }
    assert!(!errors(&[("Dockerfile", "FORM a\nRUN b\n")]).is_empty());
}

#[test]
fn what_a_script_may_set_is_not_empty() {
    let dockerfile = "FROM eclipse-temurin:21-jre\nCOPY entry.sh /entry.sh\nENTRYPOINT [\"/entry.sh\"]\n";
    let found = |lines: &str| {
        let script = format!("{lines}\nexec java -XX:MaxRAMPercentage=\"${{SHARE}}\" -jar a.jar\n");
        let checked = Checked::tree(&[("Dockerfile", dockerfile), ("entry.sh", &script)], "");
        checked.of_rule("malformed-heap-setting").len()
    };
    assert_eq!(found("#!/bin/sh"), 1);
    assert_eq!(found("#!/bin/sh\nset -e\n"), 1);
    for lines in [
        "#!/bin/bash\nfor inc in $(ls $DIR/includes | sort -n); do\n  source $DIR/includes/$inc\ndone",
        "#!/bin/sh\n. \"$file\"",
        "#!/bin/sh\n. ./defaults.sh",
        "#!/bin/sh\nif [ -r a ]; then\n  . a\nfi",
        "#!/bin/sh\neval \"$(settings)\"",
        "#!/bin/sh\nread SHARE < /etc/share",
        "#!/bin/sh\nset -u",
        "#!/bin/bash\nset -eou pipefail",
        "#!/bin/bash\nset -o nounset",
        "#!/bin/sh -eu",
    ] {
        assert_eq!(found(lines), 0, "{lines}");
    }
}

#[test]
fn a_login_that_a_healthcheck_does_not_need_is_a_note() {
    let severity = |test: &str| {
        let text = format!(
            "services:\n  db:\n    image: app\n    environment: {{PASS: a, NAME: b}}\n    healthcheck: {{test: {test}}}\n"
        );
        let checked = Checked::tree(&[("compose.yaml", text.as_str())], "");
        let found = checked.of_rule("compose-expands-variable");
        assert_eq!(found.len(), 1, "{test}");
        found[0].severity
    };
    for test in [
        "'mysqladmin ping -h localhost -u root -p${PASS}'",
        "'mysqladmin ping -p\"$PASS\" || exit 1'",
        "[CMD, mysqladmin, ping, '-u${NAME}', '--password=${PASS}']",
        "[CMD-SHELL, 'mariadb-admin ping -u $NAME -p$PASS']",
        "[CMD, pg_isready, -U, '${NAME}']",
        "'redis-cli -a $PASS ping'",
    ] {
        assert_eq!(severity(test), Severity::Note, "{test}");
    }
    for test in [
        "'mysql -p${PASS} -e \"select 1\"'",
        "'mysqladmin status -p${PASS}'",
        "'mysqladmin ping -h ${NAME}'",
        "'mysqladmin ping -p${PASS} && mysql -p${PASS}'",
        "'pg_isready -U ${NAME}'",
        "'redis-cli -a $PASS ping | grep PONG'",
        "'redis-cli -e -a $PASS ping'",
    ] {
        assert_eq!(severity(test), Severity::Error, "{test}");
    }
}
