use super::*;
use crate::hash::HashSet;

fn tables() -> Catalog {
    Catalog::with_rows(Vec::new())
}

#[test]
fn the_tables_fit_their_schema() {
    serde_json::from_str::<ImageTable>(IMAGES).expect("mirrors");
    serde_json::from_str::<ProbeTable>(PROBES).expect("roles");
    serde_json::from_str::<TagTable>(TAGS).expect("tags");
    serde_json::from_str::<RuntimeTable>(RUNTIMES).expect("runtimes");
    for row in IMAGE_ROWS.rows {
        serde_json::from_str::<ImageEntry>(row).expect(row);
    }
    for row in PROBE_ROWS.rows {
        serde_json::from_str::<ProbeRow>(row).expect(row);
    }
    assert!(IMAGE_ROWS.rows.len() > 80 && PROBE_ROWS.rows.len() > 60);
}

#[test]
fn rows_are_found_by_name_and_by_the_longest_prefix() {
    let catalog = tables();
    let find = |catalog: &Catalog, name: &str| {
        let row = catalog.image(&ImageReference::parse(name).expect("a reference"))?;
        row.repositories.first().cloned()
    };
    for (name, at) in IMAGE_ROWS.names {
        let row: ImageEntry = serde_json::from_str(IMAGE_ROWS.rows[*at]).expect("a row");
        assert_eq!(find(&catalog, name).as_ref(), row.repositories.first(), "{name}");
    }
    assert!(IMAGE_ROWS.prefixes.is_sorted_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len())));
    let (prefix, at) = IMAGE_ROWS.prefixes.first().expect("a row with a prefix");
    let row: ImageEntry = serde_json::from_str(IMAGE_ROWS.rows[*at]).expect("a row");
    assert_eq!(find(&catalog, &format!("{prefix}of-nobody")).as_ref(), row.repositories.first());
    let own = |names: &[&str]| {
        let row = serde_json::json!({ "repositories": names, "shell": true });
        Catalog::with_rows(vec![serde_json::from_value(row).expect("a row")])
    };
    assert_eq!(find(&own(&["docker.io/library/redis"]), "redis").as_deref(), Some("docker.io/library/redis"));
    let same = format!("{prefix}*");
    assert_eq!(find(&own(&["x", &same]), &format!("{prefix}of-nobody")).as_deref(), Some("x"));
    assert_eq!(find(&own(&["x", "r*"]), "redis"), find(&catalog, "redis"));
}

#[test]
fn unknown_keys_are_refused() {
    let with = |row: &str| {
        let row = format!("{{repositories: [x], source: s, {row}}}");
        serde_yaml::from_str::<ImageEntry>(&row).is_ok()
    };
    assert!(with("shell: true"));
    for row in [
        "shel: true",
        "tools: {hass: [sh]}",
        "start: {entry: []}",
        "variants: [{wen: [a]}]",
        "runtime: {name: cobol}",
    ] {
        assert!(!with(row), "{row}");
    }
}

#[test]
fn no_repository_is_in_two_rows() {
    let catalog = tables();
    let mut seen = HashSet::default();
    for name in catalog.images.containing("").flat_map(|entry| &entry.repositories) {
        assert!(seen.insert(name), "{name} has two rows");
        let plain = name.trim_end_matches('*').trim_end_matches('/');
        let parsed = ImageReference::parse(plain).map(|reference| reference.name());
        assert_eq!(parsed.as_deref(), Some(plain), "{name} is not the shortest form");
    }
}

#[test]
fn what_is_given_up_as_a_family_is_given_up_by_name() {
    // A row by name hides the family's.
    let catalog = tables();
    for entry in catalog.images.containing("") {
        for name in entry.repositories.iter().filter(|name| !name.ends_with('*')) {
            let family =
                catalog.images.with_prefix_of(name).and_then(|(_, family)| family.deprecated.as_ref());
            let own = entry.deprecated.as_ref().map(|deprecated| &deprecated.why);
            assert!(family.is_none_or(|family| own == Some(&family.why)), "{name}");
        }
    }
}

#[test]
fn what_an_image_takes_is_known_together_with_its_server() {
    // Without its server, any `command` of a service would disable the facts.
    let catalog = tables();
    for entry in catalog.images.containing("") {
        let name = entry.repositories.first().map(String::as_str).unwrap_or_default();
        let plain = name.trim_end_matches('*').trim_end_matches('/');
        let reference = ImageReference::parse(plain).expect("a reference");
        let by_probe = catalog.probes(&reference).is_some_and(|row| !row.program.is_empty());
        let takes = entry.heap_when_unset.is_some() || entry.sizes_itself.is_some();
        assert!(!takes || by_probe || !entry.servers("").is_empty(), "{name}");
    }
}

/// Returns the rows of a table as they are written.
fn written(table: &str) -> Vec<serde_yaml::Value> {
    let directory = format!("rules/catalog/{table}");
    let others = std::fs::read_dir(&directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = std::iter::once(format!("{directory}.yaml").into()).chain(others);
    let rows = files.flat_map(|path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a table");
        let table_of: serde_yaml::Value = serde_yaml::from_str(&text).expect("YAML");
        table_of.get(table).and_then(|rows| rows.as_sequence().cloned()).expect("rows")
    });
    rows.collect()
}

#[test]
fn every_claim_has_a_source() {
    let claims = [
        "deprecated",
        "ignores-limit",
        "heap-when-unset",
        "sizes-itself",
        "minimum",
        "shared-memory",
        "shutdown",
        "no-heap-in",
        "upgrade",
        "memory",
        "off-heap",
    ];
    for row in written("images").iter().chain(&written("probes")) {
        let text =
            |row: &serde_yaml::Value, key: &str| row.get(key).is_some_and(|value| value.as_str() != Some(""));
        assert!(text(row, "source") || text(row, "sources"), "{row:?}");
        for key in claims {
            let Some(claim) = row.get(key) else { continue };
            let parts = claim.as_sequence().cloned().unwrap_or_else(|| vec![claim.clone()]);
            let cited = row.get("sources").is_some_and(|sources| sources.get(key).is_some());
            assert!(cited || parts.iter().all(|part| text(part, "source")), "{key} of {row:?}");
        }
    }
    let catalog = tables();
    for runtime in &catalog.runtimes {
        let sources = runtime
            .variables
            .iter()
            .map(|row| &row.source)
            .chain(runtime.flags.iter().map(|row| &row.source))
            .chain(runtime.starters.iter().map(|row| &row.source));
        assert!(
            sources.chain([&runtime.source]).all(|source| !source.trim().is_empty()),
            "{:?}",
            runtime.name
        );
    }
}

#[test]
fn words_for_people_are_of_one_form() {
    let catalog = tables();
    let texts = catalog.images.containing("").flat_map(|entry| {
        let lighter = entry.lighter.iter().flat_map(|rule| [&rule.cost, &rule.why]);
        let deprecated = entry.deprecated.iter().map(|claim| &claim.why);
        lighter.chain(deprecated).chain(entry.ignores_limit.iter().map(|claim| &claim.why))
    });
    for text in texts {
        assert!(!text.is_empty() && !text.ends_with('.') && !text.contains("should"), "{text}");
        assert!(!text.starts_with(|c: char| c.is_uppercase()), "{text}");
    }
}

#[test]
fn somebody_expands_what_only_scripts_read() {
    let catalog = tables();
    for runtime in &catalog.runtimes {
        let expanded: HashSet<&String> = runtime
            .starters
            .iter()
            .flat_map(|starter| &starter.expands)
            .chain(catalog.images.containing("").flat_map(|entry| {
                let settings = entry.memory.iter().flat_map(|part| &part.set_by);
                let settings = settings.filter_map(|by| by.variable.as_ref());
                entry.expands.iter().chain(&entry.unsets).chain(settings)
            }))
            .collect();
        for variable in runtime.variables.iter().filter(|variable| variable.read_by == ReadBy::Script) {
            assert!(expanded.contains(&variable.name), "nobody expands {}", variable.name);
        }
        for name in runtime.precedence.iter().filter(|name| *name != "command-line") {
            assert!(runtime.variable(name).is_some(), "{name} has an order but no row");
        }
        let names: HashSet<&String> = runtime.variables.iter().map(|variable| &variable.name).collect();
        assert_eq!(names.len(), runtime.variables.len(), "{:?} has a variable twice", runtime.name);
    }
}

#[test]
fn flags_are_found_by_their_spelling() {
    let catalog = tables();
    let find = |name, word: &'static str| {
        let (flag, value) = catalog.runtime(name)?.flag(word)?;
        Some((flag.sets, value))
    };
    assert_eq!(find(RuntimeName::Java, "-Xmx512m"), Some((Sets::HeapMax, "512m")));
    assert_eq!(find(RuntimeName::Java, "-XX:MaxRAMPercentage=75.0"), Some((Sets::HeapMaxPercent, "75.0")));
    assert_eq!(find(RuntimeName::Java, "-XX:-UseContainerSupport"), Some((Sets::LimitUnseen, "")));
    assert_eq!(find(RuntimeName::Java, "-XX:-UseContainerSupports"), None);
    assert_eq!(find(RuntimeName::Java, "-Xmixed"), None);
    assert_eq!(find(RuntimeName::Node, "--max_old_space_size=300"), Some((Sets::HeapMax, "300")));
    assert_eq!(
        find(RuntimeName::Node, "--max-old-space-size-percentage=50"),
        Some((Sets::HeapMaxPercent, "50"))
    );
    assert_eq!(find(RuntimeName::Node, "--inspect"), None);
    let java = catalog.runtime(RuntimeName::Java).expect("java");
    assert!(java.is_program("/usr/bin/java") && !java.is_program("javac"));
    assert_eq!(java.starter("bin/catalina.sh").map(|s| s.expands.len()), Some(2));
}

#[test]
fn probes_are_told_apart_and_have_sources() {
    let catalog = tables();
    let mut seen = HashSet::default();
    for row in catalog.probes.containing("") {
        for name in &row.repositories {
            assert!(seen.insert(name), "{name} has two rows");
            let parsed = ImageReference::parse(name).map(|reference| reference.name());
            assert_eq!(parsed.as_ref(), Some(name), "{name} is not the shortest form");
        }
        let otherwise = row.otherwise.as_deref().unwrap_or("x");
        assert!(
            !otherwise.ends_with('.') && !otherwise.starts_with(|c: char| c.is_uppercase()),
            "{otherwise}"
        );
        for entry in row.probes(Some("latest")) {
            let ways = [!entry.test.is_empty(), entry.http.is_some(), entry.tcp.is_some()];
            assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{:?}", row.repositories);
            let kind = entry.test.first().map_or("CMD", String::as_str);
            assert!(["CMD", "CMD-SHELL"].contains(&kind), "{kind}");
            assert!(kind != "CMD-SHELL" || entry.test.len() == 2, "{:?}", entry.test);
        }
    }
}

#[test]
fn the_table_of_probes_is_used() {
    let catalog = tables();
    let healthcheck = |name: &str| catalog.healthcheck(&ImageReference::parse(name).expect("a reference"));
    assert_eq!(healthcheck("grafana/grafana:12.1.0"), Healthcheck::None);
    assert_eq!(healthcheck("postgres:17"), Healthcheck::None);
    assert_eq!(healthcheck("ghcr.io/example/app:1"), Healthcheck::Unknown);
    let mirrored = ImageReference::parse("public.ecr.aws/docker/library/redis:8").expect("a reference");
    assert_eq!(catalog.probes(&mirrored).map(|row| row.exposes.clone()), Some(vec![6379]));
}

#[test]
fn package_managers_are_told_by_their_words() {
    use crate::source::{SourceId, Span, TracedText};
    let packages =
        serde_json::from_str::<packages::PackageTable>(PACKAGES).expect("the table fits its schema");
    let packages = Packages::from(packages);
    let effect = |line: &str| {
        let script =
            crate::syntax::shell::read(&TracedText::verbatim(line, Span::new(SourceId(0), 0, line.len())));
        let command = &script.commands[0];
        let manager = packages.manager(command.program().unwrap()).unwrap();
        manager.effect(command.arguments())
    };
    for line in [
        "apt-get -qq -o Acquire::Retries=3 update",
        "apt install --update curl",
        "apk add --no-cacher x",
        "/usr/bin/pip3.12 install -r requirements.txt",
        "dnf5 --releasever 41 -y upgrade",
        "zypper -n in x",
        "yarn --frozen-lockfile",
        "uv pip install x",
        "npm --prefix /app ci",
        "micromamba env create -f x.yml",
        "apk add $PACKAGES",
    ] {
        assert_eq!(effect(line), Effect::Fills, "{line}");
    }
    for line in [
        "apk add --no-cache x",
        "pip install --no-cache x",
        "uv --no-cache sync",
        "apt-get install x",
        "npm run build",
        "yarn build",
    ] {
        assert_eq!(effect(line), Effect::Nothing, "{line}");
    }
    for line in [
        "apt-get dist-clean",
        "dnf -y clean all",
        "npm cache clean --force",
        "conda clean -afy",
        "zypper cc -a",
    ] {
        assert_eq!(effect(line), Effect::Empties, "{line}");
    }
    for line in [
        "pip install --cache-dir /x y",
        "apt-get $COMMAND",
        "pip install $PIP_OPTIONS x",
        "npm ci --cache=/x",
    ] {
        assert_eq!(effect(line), Effect::Unknown, "{line}");
    }
    assert!(packages.provides("curl=7.88.1-10", "curl") && packages.provides("debootstrap", "wget"));
    assert!(!packages.provides("libcurl4", "curl") && !packages.provides("curl-devel", "curl"));
    assert!(
        packages.is_harmless("mkdir") && !packages.is_harmless("make") && !packages.is_harmless("apt-get")
    );
}

#[test]
fn variants_and_runtimes_follow_the_versions_of_the_image() {
    let row: ImageEntry = serde_json::from_value(serde_json::json!({
        "repositories": ["a"],
        "runtime": { "name": "java", "major": ["*-jdk{n}"], "inside": [{ "major": 8, "before": "2.303" }] },
        "variants": [
            { "before": "3.6", "shell": true, "tools": { "has": ["wget"] } },
            { "from": "3.6", "shell": false, "tools": { "lacks": ["wget"] } },
        ],
        "unsets": ["OLD"],
        "memory": [
            { "part": "heap", "kind": "heap", "set-by": [
                { "variable": "SHARE", "grammar": "percent", "before": "5.3" },
                { "variable": "PERCENT", "grammar": "percent", "since": "5.3" },
            ] },
        ],
    }))
    .expect("a row");
    for (tag, shell) in
        [("3.5.9", true), ("v3.5", true), ("3.6.0", false), ("3.10", false), ("latest", false)]
    {
        assert_eq!((row.shell(tag), row.has_tool(tag, "wget")), (Some(shell), Some(shell)), "{tag}");
    }
    assert_eq!(row.shell("3.5.9-distroless"), Some(true), "a variant knows better than the tag's name");
    let major = |tag: &str| row.runtime_major(tag).map(|(_, major)| major);
    assert_eq!(["2.46.1", "2.289.3-jdk11", "2.303.1", "lts"].map(major), [Some(8), Some(11), None, None]);
    assert_eq!(row.unset_variables("5.2.0"), ["OLD", "PERCENT"]);
    assert_eq!(row.unset_variables("latest"), ["OLD", "SHARE"]);
}

#[test]
fn distroless_tags_have_no_shell_and_no_tools() {
    let row: ImageEntry = serde_json::from_value(serde_json::json!({
        "repositories": ["a"], "shell": true, "tools": { "has": ["curl"] },
    }))
    .expect("a row");
    assert_eq!((row.shell("1"), row.has_tool("1", "curl")), (Some(true), Some(true)));
    assert_eq!((row.shell("1-distroless"), row.has_tool("1-distroless", "curl")), (Some(false), Some(false)));
    assert_eq!(row.shell("1-distroless-debug"), Some(true));
}
