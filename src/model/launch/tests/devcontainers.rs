use super::*;

/// Returns what a `devcontainer.json` starts.
fn devcontainer(text: &str) -> Option<DevcontainerProject> {
    let sources = Sources::new();
    devcontainer_project(sources.add(Path::new("r/.devcontainer/devcontainer.json"), text), &sources)
}

#[test]
fn a_devcontainer_starts_its_services_or_a_container() {
    let files = |text: &str| match devcontainer(text) {
        Some(DevcontainerProject::Compose(files)) => {
            files.iter().map(|file| file.to_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
        _ => panic!("{text}"),
    };
    assert_eq!(files("{\"dockerComposeFile\": \"dev.yml\"}"), ["r/.devcontainer/dev.yml"]);
    assert_eq!(
        files(
            "{\"dockerComposeFile\": [\"../a.yml\", \"${localEnv:X}/b.yml\", \"dev.yml\"], \"image\": \"x\"}"
        ),
        ["r/a.yml", "r/.devcontainer/dev.yml"]
    );
    for text in ["{}", "[]", "{", "{\"name\": \"x\"}", "{\"features\": {}}"] {
        assert!(devcontainer(text).is_none(), "{text}");
    }
    let service = |text: &str| match devcontainer(text) {
        Some(DevcontainerProject::Container(project)) => project.compose.services.into_iter().next().unwrap(),
        _ => panic!("{text}"),
    };
    let found = service("{\"image\": \"x:1\"}");
    assert_eq!((found.name.as_str(), found.image.value().unwrap().as_str()), ("devcontainer", "x:1"));
    assert!(found.build.is_none() && found.mem_limit.is_absent() && found.command.is_unknown());
    let found = service(
        "{\"name\": \"n\", \"runArgs\": [\"--memory=1g\", \"--init\"], \"containerEnv\": {\"A\": \"1\", \"B\": \"${localEnv:B}\"}}",
    );
    assert_eq!(found.name, "n");
    assert_eq!(
        (shown_fact(&found.mem_limit).as_str(), shown_fact(&found.init).as_str()),
        ("ByteSize(1073741824)", "true")
    );
    assert_eq!(
        (found.environment["A"].value().unwrap().as_str(), found.environment["B"].is_unknown()),
        ("1", true)
    );
    // Features may add variables.
    assert_eq!(found.env_files.len(), 1);
    assert!(service("{\"image\": \"${localEnv:I}\"}").image.is_unknown());
    // The Dockerfile is relative to the file, in Compose to the context: together they lead to the same place.
    let here = std::env::current_dir().unwrap().join("r/.devcontainer");
    for (build, context, dockerfile, target) in [
        ("{\"dockerfile\": \"D\"}", ".", Some("D"), None),
        ("{\"dockerfile\": \"D\", \"context\": \"..\"}", "..", Some("D"), None),
        (
            "{\"dockerfile\": \"../D\", \"context\": \"..\", \"target\": \"dev\"}",
            "..",
            Some("../D"),
            Some("dev"),
        ),
        ("{\"dockerfile\": \"D\", \"context\": \"sub\"}", "sub", Some("D"), None),
        ("{\"context\": \"..\"}", "..", None, None),
    ] {
        let found = service(&format!("{{\"build\": {build}}}")).build.unwrap();
        let text = |fact: &Fact<TracedText>| fact.value().map(|text| text.as_str().to_owned());
        assert_eq!(text(&found.context).as_deref(), Some(context), "{build}");
        let found_at =
            text(&found.dockerfile).map(|file| crate::source::normalize(&here.join(context).join(file)));
        assert_eq!(found_at, dockerfile.map(|file| crate::source::normalize(&here.join(file))), "{build}");
        assert_eq!(text(&found.target).as_deref(), target, "{build}");
    }
    // Arguments that cannot be read leave the rest as it is.
    let found = service("{\"image\": \"x\", \"runArgs\": [\"--memory\", \"1x\", \"--foo\", \"1\"]}");
    assert!(found.mem_limit.value().is_none() && found.image.value().is_some());
    let found = service("{\"image\": \"x\", \"runArgs\": [\"--mem\", \"1g\"]}");
    assert_eq!(found.unknown_keys.len(), 1);
}
