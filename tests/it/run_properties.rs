//! Property tests of whole runs on mixtures of valid fragments: no panic, spans within their files, and the same output with
//! any number of threads.

use crate::common;
use common::Checked;
use oomlint::diagnostic::Finding;
use oomlint::report::Format;
use proptest::prelude::*;

/// Lines of a service.
const KEYS: &[&str] = &[
    "image: node:22",
    "image: \"größe/日本:${TAG:-1}\"",
    "image: redis:7",
    "build: .",
    "build: {context: api, target: run, args: {HEAP: 1g}}",
    "build: {dockerfile_inline: \"FROM node:22\\nENV NODE_OPTIONS=--max-old-space-size=9999\\nCMD node x\\n\"}",
    "mem_limit: 512m",
    "mem_limit: 512Mi # é",
    "mem_limit: ${LIMIT}",
    "memswap_limit: 1g",
    "mem_reservation: 1g",
    "deploy: {resources: {limits: {memory: 1G}, reservations: {memory: 2G}}}",
    "environment: [\"JAVA_TOOL_OPTIONS=-Xmx${HEAP:-2g}\", \"É=ü\"]",
    "environment: {NODE_OPTIONS: \"--max-old-space-size=4096 --日本\"}",
    "env_file: [vars]",
    "extends: {service: base}",
    "extends: {file: part.yml, service: shared}",
    "<<: *shared",
    "healthcheck: {test: [CMD, curl, x], interval: 1s}",
    "restart: always",
    "command: java -jar x.jar -Xmx1g",
    "tmpfs: /tmp",
    "x-oomlint: {ignore: [limits, größe], reason: \"ü\"}",
    "depends_on: {base: {condition: service_healthy}}",
    "oom_kill_disable: true",
    "command: [",
];

/// Lines of a Dockerfile.
const INSTRUCTIONS: &[&str] = &[
    "FROM node:22 AS run",
    "FROM eclipse-temurin:21-jre",
    "FROM run",
    "ARG HEAP=2g",
    "ENV JAVA_TOOL_OPTIONS=\"-Xmx${HEAP} -Dé=ü\"",
    "ENV NODE_OPTIONS=--max-old-space-size=9999",
    "# oomlint: ignore[heap] größe",
    "RUN apt-get update && apt-get install -y curl",
    "RUN <<END\necho é\nEND",
    "RUN <<OPEN",
    "COPY . /app \\",
    "HEALTHCHECK --interval=1s CMD curl x",
    "ENTRYPOINT [\"java\", \"-jar\", \"日本.jar\"]",
    "CMD java -Xmx1g -jar x.jar",
    "ONBUILD ENV A=1",
    "STOPSIGNAL",
    "",
];

fn compose() -> impl Strategy<Value = String> {
    let service = prop::collection::vec(prop::sample::select(KEYS), 0..6);
    (prop::collection::vec(service, 1..5), prop::bool::ANY, prop::bool::ANY).prop_map(|(services, crlf, include)| {
        let mut text = "x-shared: &shared {mem_limit: 1g, restart: \"no\"}\nservices:\n  base: {image: postgres:17}\n".to_owned();
        for (index, keys) in services.iter().enumerate() {
            text.push_str(&format!("  s{index}é: # oomlint: ignore[process] ü\n"));
            for key in keys {
                text.push_str(&format!("    {key}\n"));
            }
        }
        if include {
            text.push_str("include: [part.yml, none.yml]\n");
        }
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn dockerfile() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(INSTRUCTIONS), 0..12).prop_map(|lines| lines.join("\n"))
}

fn check(compose: &str, dockerfile: &str, env: &str) -> Checked {
    Checked::texts(&[
        ("compose.yaml", compose),
        ("compose.override.yaml", "services: {base: {mem_limit: 6m}}\n"),
        ("Dockerfile", dockerfile),
        ("api/Dockerfile", dockerfile),
        ("part.yml", "services: {shared: {image: \"mysql:8\", mem_limit: 1g}}\n"),
        ("vars", "JAVA_OPTS=-Xmx3g # é\nÜ=1\n"),
        (".env", env),
    ])
}

/// Returns the reports in several formats, concatenated.
fn reports(checked: &Checked) -> String {
    [Format::Human, Format::Json, Format::Sarif, Format::Github, Format::Junit, Format::Markdown]
        .into_iter()
        .map(|format| checked.report(format))
        .collect()
}

fn within(finding: &Finding, checked: &Checked) -> Result<(), TestCaseError> {
    let labels = std::iter::once(&finding.primary).chain(&finding.related).map(|label| label.span);
    let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
    for span in labels.chain(edits) {
        for span in [span, checked.sources.to_outer_span(span)] {
            let source = checked.sources.get(span.file);
            prop_assert!(
                span.start <= span.end && source.text().get(span.range()).is_some(),
                "{span:?} of {} bytes: {finding:?}",
                source.text().len()
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn places_lie_within_their_files_and_threads_change_nothing(
        compose in compose(),
        dockerfile in dockerfile(),
        env in prop::sample::select(&["", "TAG=é\nLIMIT=1g\n", "LIMIT=${TAG:-größe}\n", "A='\n"][..]),
    ) {
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let run = || {
            let checked = check(&compose, &dockerfile, env);
            let text = reports(&checked);
            (checked, text)
        };
        let (checked, alone) = pool(1).install(run);
        for finding in &checked.outcome.findings {
            within(finding, &checked)?;
        }
        let (_, together) = pool(4).install(run);
        prop_assert_eq!(alone, together);
    }
}
