use super::*;

fn all(kind: Content, texts: &[&str]) {
    for text in texts {
        assert_eq!(content(text), kind, "{text}");
        // Also with CRLF and CR.
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(content(&windows), kind, "{windows:?}");
        assert_eq!(content(&text.replace('\n', "\r")), kind, "{text:?}");
    }
}

#[test]
fn compose_files_have_services() {
    all(
        Content::Compose,
        &[
            "services:\n  a: {}\n",
            "# why\n%YAML 1.2\n---\nname: x\nservices: # all\n  a:\n    image: x\n",
            "--- # a document\nservices:\n  a: {}\n",
            "name: x\n---\nservices:\n  a: {}\n",
            "\"services\" : {\"a\": {}}\n",
            "'services': {a: {}}",
            "? services\n: a: {}\nservices: {}",
            "x-a: &a\n  image: x\n\nservices: &all\n  a: *a\n",
            "x-a: |\n  {% if %}\nservices: !override\n  a: {}\n",
            "  services:\n    a: {}\n  volumes: {}\n",
            "{\"x-a\": [{\"b\": 1}],\n \"services\": {\"a\": {\"image\": \"x\"}}}",
            "---\n{services: {a: {image: x}}} # flow",
            "services:\n  a: {\n    image: x\n  }\n",
            // Broken, and Compose all the same.
            "services:\n\ta: {\n",
            "services:\n  a:\n   image: 'x\n",
            "services:\n",
            "steps: []\nservices:\n  a: {}\n",
            "services:\n  a:\n    labels: {x: \"{{ y }}\"}\n    command: sh -c 'echo {{.Name}}'\n",
            "configs:\n  a:\n    content: |\n      {% for x in y %}\nservices:\n  a: {}\n",
        ],
    );
}

#[test]
fn compose_files_have_includes_or_jobs() {
    all(
        Content::Compose,
        &[
            "include:\n  - a.yaml\n",
            "include:\n- path: a.yaml\n  env_file: b.env\nname: x\n",
            "include: [a.yaml]\nx-a: 1\n",
            "{\"include\": [\"a.yaml\"]}",
            "jobs:\n  a:\n    image: x\n",
            "jobs: {a: {build: .}}\n",
            "x-a: &a {image: x}\njobs:\n  a:\n    <<: *a\n    triggers: {manual: true}\n",
            "jobs:\n  a: {command: x,\n    image: x}\n",
            "{\"jobs\": {\"a\": {\"image\": \"x\"}}}",
        ],
    );
}

#[test]
fn what_runs_in_ci_is_no_compose_file() {
    all(
        Content::Pipeline,
        &[
            "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: \"echo ${{ github.sha }}\"}]}}\n",
            "name: x\non:\n  push:\njobs:\n  a:\n    runs-on: x\n    services:\n      db:\n        image: x\n",
            "jobs:\n  a:\n    uses: x/y@z\n",
            "jobs:\n  a:\n    image: x\n    steps:\n      - run: |\n          services:\n",
            "jobs:\n- job: x\n  steps: []\n",
            "stages: [a]\nservices:\n  - docker:dind\nimage: x\n",
            "services:\n- docker:dind\nbefore_script:\n- x\n",
            "include:\n  - local: a.yml\n",
            "include: {project: a}\n",
            "include:\n- {remote: 'https://a'}\n",
            "name: x\nruns:\n  using: composite\n  steps: []\n",
        ],
    );
}

#[test]
fn templates_and_lists_are_told() {
    all(
        Content::Template,
        &[
            "services:\n{% for a in b %}\n  a: {}\n{% endfor %}\n",
            "{{- if .Values.x }}\nservices: {}\n{{- end }}\n",
            "services:\n  a:\n    image: {{ image }}\n",
            "services:\n  a:\n    ports:\n      - {{ port }}:80\n",
        ],
    );
    all(Content::List, &["- name: start\n  docker_compose:\n    services: x\n"]);
    all(
        Content::Other,
        &[
            "",
            "a:\n  services:\n",
            "servicesx: 1\n",
            "# services:\n",
            "services: [a]\n",
            "services: true\n",
            "include: a.yml\nscript: x\n",
            "x: |\n  services:\n    a: {}\n",
            "volumes: {}\n",
            "apiVersion: v1\nkind: List\nitems: []\n",
        ],
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_something(text in "[a{}\\[\\]:,'\"#\\-|>&!? \n\r\tsé]{0,60}") {
        content(&text);
        content(&format!("jobs: {text}"));
        content(&format!("services:\n{text}"));
    }
}
