//! Compose files that a platform completes: what it adds is no finding, and other mistakes still are.

use oomlint::diagnostic::Severity;

use crate::common::Checked;

const WEB: &str = "services:\n  web:\n    image: nginx\n";

/// Returns the messages of errors and of rules about variables.
fn errors(files: &[(&str, &str)]) -> Vec<String> {
    let checked = Checked::tree(files, "");
    let told = |rule: &str| rule == "compose-expands-variable" || rule == "unresolved-reference";
    let findings = checked.outcome.findings.iter();
    let findings = findings.filter(|finding| finding.severity == Severity::Error || told(finding.rule));
    findings.map(|finding| finding.message.clone()).collect()
}

/// A service whose command has a variable that Compose would empty.
const EMPTIED: &str = "services:\n  a:\n    image: app\n    environment: {WORKERS: \"2\"}\n    command: run --workers ${WORKERS}\n";

#[test]
fn what_sets_variables_next_to_a_file_makes_them_unknown() {
    assert_eq!(errors(&[("docker-compose.yml", EMPTIED)]).len(), 1);
    let casaos = format!("{EMPTIED}x-casaos:\n  main: a\n");
    let coolify = format!("# documentation: https://example.com\n# slogan: An app\n{EMPTIED}");
    for other in [
        &[("template.toml", "[config]\nenv = [\n  \"OTHER=1\",\n  \"WORKERS=${workers}\",\n]\n")][..],
        &[("template.toml", "[variables]\na = \"${domain}\"\n\n[config.env]\nWORKERS = \"2\"")],
        &[("umbrel-app.yml", "id: a\n"), ("exports.sh", "export WORKERS=2\n")],
        &[("config.json", "{\"tipi_version\": 1, \"form_fields\": [{\"env_variable\": \"WORKERS\"}]}")],
        &[("elestio.yml", "config:\n  runTime: dockerCompose\n")],
        &[("dappnode_package.json", "{\"name\": \"a\"}")],
        &[("templates.json", "[{\"repository\": {\"stackfile\": \"docker-compose.yml\"}}]")],
        &[("docker-compose.yml", casaos.as_str())],
        &[("docker-compose.yml", coolify.as_str())],
    ] {
        let found = errors(&[&[("docker-compose.yml", EMPTIED)], other].concat());
        assert!(found.is_empty(), "{other:?}: {found:?}");
    }
    for other in [
        // It sets another variable.
        ("template.toml", "[config.env]\nOTHER = \"2\"\n"),
        // Something else has these names.
        ("template.toml", "title = \"WORKERS\"\n"),
        ("config.json", "{\"workers\": 2}"),
        ("templates.json", "[{\"repository\": {\"stackfile\": \"other/docker-compose.yml\"}}]"),
        ("other/umbrel-app.yml", "id: a\n"),
    ] {
        assert_eq!(errors(&[("docker-compose.yml", EMPTIED), other]).len(), 1, "{other:?}");
    }
}

#[test]
fn what_a_platform_adds_is_no_finding_and_other_mistakes_are() {
    let proxy = format!("{WEB}  app_proxy:\n    environment: {{APP_HOST: a_web_1, APP_PORT: 80}}\n");
    let network = format!("{WEB}    networks: [tipi_main_network]\n");
    let keys = format!(
        "# documentation: https://example.com\n# slogan: An app\n# logo: svgs/a.png\n{WEB}    \
         exclude_from_hc: true\n    volumes:\n      - {{type: bind, source: ./a, target: /a, content: x, is_directory: false}}\n      - \
         data:/data\n"
    );
    let umbrel = ("umbrel-app.yml", "id: a\n");
    let tipi = ("config.json", "{\"tipi_version\": 1}");
    for (text, other, add, mistakes) in [
        (&proxy, umbrel, "    mem_limt: 1g\n", 1),
        (&proxy, umbrel, "  other:\n    restart: always\n", 1),
        (&network, tipi, "    depends_on: [db]\n", 1),
        (&network, tipi, "  b:\n    image: b\n    networks: [tipi_main]\n", 1),
        (&keys, ("README.md", ""), "  b:\n    image: b\n    exclude_from: true\n", 1),
    ] {
        let found = errors(&[("docker-compose.yml", text), other]);
        assert!(found.is_empty(), "{text}: {found:?}");
        let found = errors(&[("docker-compose.yml", &format!("{text}{add}")), other]);
        assert_eq!(found.len(), mistakes, "{text}{add}: {found:?}");
    }
    // Nothing tells that these are templates.
    let bare = keys.split_once("services:").map(|(_, rest)| format!("services:{rest}")).unwrap();
    for (text, wanted) in [(&proxy, 1), (&network, 1), (&bare, 4)] {
        let found = errors(&[("docker-compose.yml", text)]);
        assert_eq!(found.len(), wanted, "{text}: {found:?}");
    }
}

#[test]
fn templates_are_told_by_keys_of_their_platform() {
    for (head, own) in [
        (
            "captainVersion: 4\ncaproverOneClickApp: {displayName: A}\n",
            "    caproverExtra: {containerHttpPort: 80}\n",
        ),
        ("cosmos-installer: {form: []}\nminVersion: 0.1\n", "    routes: [{name: a}]\n"),
    ] {
        let template = format!("{head}{WEB}{own}");
        assert_eq!(errors(&[("docker-compose.yml", &template)]), Vec::<String>::new(), "{template}");
        assert_eq!(errors(&[("docker-compose.yml", &format!("{template}    mem_limt: 1g\n"))]).len(), 1);
        assert_eq!(errors(&[("docker-compose.yml", &format!("{head}{EMPTIED}"))]), Vec::<String>::new());
        assert!(!errors(&[("docker-compose.yml", &format!("{WEB}{own}"))]).is_empty(), "{own}");
    }
}

#[test]
fn each_kind_of_variable_that_coolify_makes_up_tells_its_templates() {
    let found = |name: &str| {
        let text = format!("{EMPTIED}  b:\n    image: b\n    environment: [\"K=${{{name}}}\"]\n");
        errors(&[("docker-compose.yml", &text)])
    };
    for name in [
        "SERVICE_FQDN_A_80",
        "SERVICE_URL_A",
        "SERVICE_NAME_A",
        "SERVICE_PASSWORD_64_A",
        "SERVICE_PASSWORDWITHSYMBOLS_A",
        "SERVICE_BASE64_128_A",
        "SERVICE_REALBASE64_A",
        "SERVICE_HEX_32_A",
        "SERVICE_USER_A",
        "SERVICE_LOWERCASEUSER_A",
        "SERVICE_SUPABASEANON_KEY",
        "SERVICE_SUPABASESERVICE_KEY",
    ] {
        assert!(found(name).is_empty(), "{name}: {:?}", found(name));
    }
    for name in ["SERVICE_PORT_A", "SERVICE_HEXAGON", "MY_SERVICE_USER_A"] {
        assert_eq!(found(name).len(), 1, "{name}");
    }
}

#[test]
fn a_default_counts_although_a_platform_may_set_the_variable() {
    let text = "# slogan: An app\nservices:\n  a:\n    image: postgres:17\n    mem_limit: ${LIMIT:-1m}\n";
    let checked = Checked::tree(&[("docker-compose.yml", text)], "");
    assert_eq!(checked.of_rule("memory-limit-below-minimum").len(), 1);
}

#[test]
fn a_name_that_a_file_below_defines_is_a_note() {
    let main = format!(
        "{WEB}    depends_on: [db]\n    networks: [back]\n    volumes: [\"data:/data\"]\n    configs: [c]\n    secrets: [s]\n  \
         cache:\n    restart: always\n"
    );
    let other = "services:\n  db:\n    image: postgres:17\n  cache:\n    image: redis:8\nnetworks: {back: {}}\nvolumes: \
                 {data: {}}\nconfigs: {c: {file: c}}\nsecrets: {s: {file: s}}\n";
    let found = |other: &[(&str, &str)]| {
        let checked = Checked::tree(&[&[("compose.yaml", main.as_str())], other].concat(), "");
        let found = checked.of_rule("invalid-compose-file");
        let errors = found.iter().filter(|finding| finding.severity == Severity::Error).count();
        (found.len(), errors)
    };
    assert_eq!(found(&[]), (6, 6));
    assert_eq!(found(&[("modules/db/compose.yaml", other)]), (6, 0));
    assert_eq!(found(&[("docker-compose.db.yml", other)]).1, 0);
    assert_eq!(found(&[("modules/db/compose.yaml", "services:\n  cache:\n    mem_limit: 1g\n")]), (5, 5));
    // Next to it only if a script gives both.
    let below = |more: &[(&str, &str)]| {
        let files = [&[("app/compose.yaml", main.as_str()), ("db/compose.yaml", other)], more].concat();
        let checked = Checked::tree(&files, "");
        let found = checked.of_rule("invalid-compose-file");
        found.iter().filter(|finding| finding.severity == Severity::Error).count()
    };
    assert_eq!(below(&[]), 6);
    assert_eq!(
        below(&[("Makefile", "up:\n\tdocker compose -f app/compose.yaml -f db/compose.yaml up\n")]),
        0
    );
    assert_eq!(below(&[("Makefile", "up:\n\tdocker compose -f app/compose.yaml up\n")]), 6);
}

#[test]
fn swarm_counts_attempts_with_each_condition() {
    let text = format!("{WEB}    deploy: {{restart_policy: {{condition: any, max_attempts: 3}}}}\n");
    let found =
        |name: &str| Checked::tree(&[(name, text.as_str())], "").of_rule("invalid-restart-policy").len();
    assert_eq!(found("docker-compose.yml"), 1);
    assert_eq!(found("docker-compose-restart-swarm-mode.yml"), 0);
    assert_eq!(found("docker-stack.yml"), 0);
}
