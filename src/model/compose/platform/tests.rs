use super::*;

#[test]
fn names_before_an_equals_sign_are_variables() {
    let text =
        "[config]\nenv = [\"A=1\", 'B_2=x=y', { \"C\" = 3 }]\n[config.env]\nD = \"${x}\"\n\"E\"= \"\"\n";
    let found = assigned(text);
    for name in ["A", "B_2", "C", "D", "E"] {
        assert!(found.iter().any(|other| other == name), "{name}: {found:?}");
    }
    assert!(!found.iter().any(|name| name == "config"), "{found:?}");
}

#[test]
fn a_template_of_coolify_has_its_comments_or_its_variables() {
    for text in [
        "# documentation: https://a\n# slogan: x\nservices: {}\n",
        "---\n# documentation: https://a\n\n# logo: svgs/a.png\nservices: {}\n",
        "services:\n  a:\n    environment:\n      - SERVICE_FQDN_A_3000\n",
        "services:\n  a:\n    environment:\n      P: ${SERVICE_PASSWORD_A}\n",
    ] {
        assert!(is_of_coolify(text), "{text}");
    }
    for text in [
        "# documentation: https://a\nservices: {}\n",
        "services: {}\n# slogan: x\n",
        "services:\n  a:\n    environment:\n      MY_SERVICE_PASSWORD_A: x\n",
        "",
    ] {
        assert!(!is_of_coolify(text), "{text}");
    }
}

#[test]
fn a_key_at_the_top_level_tells() {
    assert!(is_key("x-casaos:", "x-casaos"));
    assert!(is_key("  \"cosmos-installer\": {", "cosmos-installer"));
    assert!(!is_key("    x-casaos:", "x-casaos"));
    assert!(!is_key("x-casaos-like: 1", "x-casaos"));
}

fn template(name: &str, variables: Option<&[&str]>) -> Platform {
    let platform = KNOWN.iter().find(|known| known.name == name).unwrap();
    let variables = variables.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let recognized = Some(Recognized { platform, variables });
    let template = Template { file: PathBuf::from("t/compose.yaml"), is_named: false, recognized };
    Platform { templates: vec![template], ..Platform::default() }
}

fn refusal(key: Option<&str>, undefined: Option<(&'static str, &str)>) -> Refusal {
    let span = crate::source::Span::new(crate::source::SourceId(0), 0, 0);
    Refusal {
        unknown_key: key.map(str::to_owned),
        undefined: undefined.map(|(section, name)| crate::model::compose::refusal::Undefined {
            section,
            name: name.to_owned(),
        }),
        ..Refusal::new(span, String::new(), "", String::new())
    }
}

#[test]
fn a_platform_settles_what_it_adds_and_nothing_else() {
    let own = [PathBuf::from("t/compose.yaml")];
    for (platform, key, undefined, settled) in [
        ("Dokploy", None, Some(("networks", "dokploy-network")), true),
        ("Dokploy", None, Some(("networks", "other")), false),
        ("Dokploy", None, Some(("services", "dokploy-network")), false),
        ("Umbrel", None, Some(("services", "app_proxy")), true),
        ("Runtipi", None, Some(("networks", "tipi_main_network")), true),
        ("Coolify", None, Some(("volumes", "any")), true),
        ("Coolify", None, Some(("networks", "any")), false),
        ("Coolify", Some("exclude_from_hc"), None, true),
        ("Coolify", Some("foo"), None, false),
        ("CapRover", Some("captainVersion"), None, true),
        ("Dokploy", Some("captainVersion"), None, false),
        ("Elestio", None, None, false),
    ] {
        let found = template(platform, None);
        assert_eq!(
            found.settles(&own, &refusal(key, undefined)),
            settled,
            "{platform} {key:?} {undefined:?}"
        );
        assert!(!found.settles(&[PathBuf::from("compose.yaml")], &refusal(key, undefined)));
        assert!(!found.may_add_anything(&own));
    }
    // A template that the configuration names may have any key, and any name is defined by what is not checked.
    let mut named = template("Elestio", None);
    named.templates.iter_mut().for_each(|template| (template.is_named, template.recognized) = (true, None));
    assert!(named.settles(&own, &refusal(Some("foo"), None)) && named.may_add_anything(&own));
    assert!(!named.settles(&own, &refusal(None, Some(("volumes", "v")))));
    assert!(!named.settles(&own, &refusal(None, None)));
}

#[test]
fn a_platform_sets_what_it_lists_or_anything() {
    let own = [PathBuf::from("t/compose.yaml")];
    assert_eq!(template("Dokploy", Some(&["A", "B"])).variables_of(&own), Some(vec!["A", "B"]));
    assert_eq!(template("Umbrel", None).variables_of(&own), None);
    assert_eq!(template("Umbrel", None).variables_of(&[PathBuf::from("x")]), Some(vec![]));
    assert_eq!(Platform::default().variables_of(&own), Some(vec![]));
}

#[test]
fn templates_are_explained() {
    let own = [PathBuf::from("t/compose.yaml")];
    for (platform, why) in [
        ("Umbrel", "`umbrel-app.yml` is next to it"),
        ("CasaOS", "it has the key `x-casaos`"),
        ("Coolify", "its comments or variables are Coolify's"),
        ("Portainer", "a list of templates above it names it"),
    ] {
        assert_eq!(
            template(platform, None).explained(&own),
            [format!("`t/compose.yaml` is a template of {platform}: {why}")]
        );
    }
    let mut named = template("Umbrel", None);
    named.templates.iter_mut().for_each(|template| (template.is_named, template.recognized) = (true, None));
    assert_eq!(
        named.explained(&own),
        ["`t/compose.yaml` is a template of a platform: the configuration names it"]
    );
    assert!(named.explained(&[]).is_empty());
}

#[test]
fn platforms_are_recognized_by_what_is_next_to_a_file() {
    let of = |files: &[(&str, &str)]| {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let compose = dir.path().join("a/compose.yaml");
        let found = Platform::of(Arc::default(), std::slice::from_ref(&compose), &|_| false, &Sources::new());
        found.templates.first().map(|template| {
            let recognized = template.recognized.as_ref().unwrap();
            (recognized.platform.name, recognized.variables.clone())
        })
    };
    let plain = ("a/compose.yaml", "services: {a: {image: i}}\n");
    let list = "{\"templates\": [{\"repository\": {\"stackfile\": \"a/compose.yaml\"}}]}";
    for (files, name) in [
        (&[plain][..], None),
        (&[plain, ("a/template.toml", "[variables]\nA = \"1\"\n")], Some("Dokploy")),
        (&[plain, ("a/template.toml", "[other]\n")], None),
        (&[plain, ("template.toml", "[variables]\n")], None),
        (&[plain, ("a/umbrel-app.yml", "")], Some("Umbrel")),
        (&[plain, ("a/config.json", "{\"tipi_version\": 1}")], Some("Runtipi")),
        (&[plain, ("a/config.json", "{}")], None),
        (&[plain, ("a/elestio.yml", "")], Some("Elestio")),
        (&[plain, ("a/dappnode_package.json", "")], Some("DAppNode")),
        (&[("a/compose.yaml", "x-casaos: {}\nservices: {}\n")], Some("CasaOS")),
        (&[("a/compose.yaml", "captainVersion: 4\nservices: {}\n")], Some("CapRover")),
        (&[("a/compose.yaml", "{\"cosmos-installer\": {}, \"services\": {}}\n")], Some("Cosmos")),
        (&[("a/compose.yaml", "# slogan: x\nservices: {}\n")], Some("Coolify")),
        (&[plain, ("templates.json", list)], Some("Portainer")),
        (&[plain, ("templates-2.0.json", list)], Some("Portainer")),
        (&[plain, ("templates.json", "{\"stackfile\": \"b/compose.yaml\"}")], None),
        (&[plain, ("templates.json", "[\"a/compose.yaml\"]")], None),
        (&[plain, ("a/templates.json", "{\"stackfile\": \"compose.yaml\"}")], Some("Portainer")),
    ] {
        assert_eq!(of(files).map(|(name, _)| name), name, "{files:?}");
    }
    let (_, variables) =
        of(&[plain, ("a/template.toml", "[variables]\nA = \"1\"\n[config.env]\nB=\"x\"\n")]).unwrap();
    assert_eq!(variables, Some(vec!["A".to_owned(), "B".to_owned()]));
    assert_eq!(of(&[plain, ("a/umbrel-app.yml", "A=1")]).unwrap().1, None);
}

#[test]
fn names_are_words_before_an_equals_sign() {
    for (text, names) in [
        ("A=1", &["A"][..]),
        ("A = 1\nA=2\nB\t=x", &["A", "B"]),
        ("\"A\" = 1, 'B'=2", &["A", "B"]),
        ("x.A_1=2", &["A_1"]),
        ("= 1", &[]),
        ("é=1", &[]),
        ("a==b", &["a"]),
    ] {
        assert_eq!(assigned(text), names, "{text}");
    }
    for (line, is) in [
        ("k:", true),
        ("k : 1", true),
        ("\"k\": 1", true),
        ("'k': 1", true),
        ("{ \"k\":1}", true),
        ("k", false),
        ("kk: 1", false),
        (" k: 1", false),
        ("\"k: 1", false),
        ("\"k\" 1", false),
    ] {
        assert_eq!(is_key(line, "k"), is, "{line}");
    }
    for (text, is) in [
        ("# logo: x\n# documentation: y\n", true),
        ("# logo: x\n", false),
        ("# documentation: y\n", false),
        ("#slogan:x\n", true),
        ("slogan: x\n", false),
        ("a: $SERVICE_URL_A\n", true),
        ("- SERVICE_HEX_A=1\n", true),
        ("a: $SERVICE_OTHER_A\n", false),
        ("a: SERVICE_HEX_A\n", false),
    ] {
        assert_eq!(is_of_coolify(text), is, "{text}");
    }
}
