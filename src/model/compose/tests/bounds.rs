use super::*;

#[test]
fn chains_of_extends_and_include_end() {
    let limit = load::MAX_FILE_DEPTH;
    // The last service extends none.
    let chain = |count: usize| {
        let services: String = (0..count).map(|at| format!("  s{at}: {{extends: s{}}}\n", at + 1)).collect();
        format!("services:\n{services}  s{count}: {{image: i, mem_limit: 1g}}\n")
    };
    for (count, fits) in [(1, true), (limit + 1, true), (limit + 2, false)] {
        let loaded = load(&[("compose.yaml", &chain(count))]);
        assert_eq!(loaded.service("s0").mem_limit.value().is_some(), fits, "{count}");
        let message = format!("extends leads through more than {limit} services");
        let errors = loaded.errors();
        assert_eq!(errors.iter().any(|(error, _)| *error == message), !fits, "{count}: {errors:?}");
    }
    let included = |count: usize| -> Vec<(String, String)> {
        let name = |at: usize| if at == 0 { "compose.yaml".to_owned() } else { format!("i{at}.yaml") };
        let text = |at: usize| match at < count {
            true => format!("include: [i{}.yaml]\nservices: {{s{at}: {{image: i}}}}\n", at + 1),
            false => format!("services: {{s{at}: {{image: i}}}}\n"),
        };
        (0..=count).map(|at| (name(at), text(at))).collect()
    };
    for (count, fits) in [(1, true), (limit, true), (limit + 1, false)] {
        let files = included(count);
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let loaded = load(&files);
        assert_eq!(loaded.compose.services.len(), if fits { count + 1 } else { count }, "{count}");
        let message = format!("include leads through more than {limit} files");
        assert_eq!(loaded.errors().iter().any(|(error, _)| *error == message), !fits, "{count}");
    }
    let circle = load(&[
        ("compose.yaml", "include: [b.yaml]\n"),
        ("b.yaml", "include: [c.yaml]\n"),
        ("c.yaml", "include: [b.yaml]\n"),
    ]);
    assert_eq!(
        circle.errors(),
        [("include goes in a circle: `b.yaml` is on the way here", "b.yaml".to_owned())]
    );
    let circle = load(&[(
        "compose.yaml",
        "services: {a: {extends: b}, b: {extends: c}, c: {extends: b}, d: {extends: d}}\n",
    )]);
    let messages: Vec<&str> = circle.errors().into_iter().map(|(message, _)| message).collect();
    for way in ["b → c → b", "c → b → c", "d → d"] {
        assert!(
            messages.contains(&format!("extends goes in a circle: {way}").as_str()),
            "{way}: {messages:?}"
        );
    }
}

/// Copies of long texts are bounded, too: what is beyond the bound is unknown, and said once.
#[test]
fn copies_of_services_are_counted() {
    let services: String = (0..40).map(|at| format!("  s{at:02}: {{extends: a}}\n")).collect();
    let text =
        format!("services:\n  a: {{image: i, environment: {{LONG: {}}}}}\n{services}", "x".repeat(1 << 20));
    let loaded = load(&[("compose.yaml", &text)]);
    let message = format!("aliases, extends and includes expand to more than {} nodes", value::MAX_NODES);
    let errors = loaded.errors();
    assert_eq!(errors.iter().map(|(message, _)| *message).collect::<Vec<_>>(), [message.as_str()]);
    let extending: Vec<&Service> =
        loaded.compose.services.iter().filter(|service| service.name != "a").collect();
    let copied = extending.iter().take_while(|service| service.environment.contains_key("LONG")).count();
    // 1 MiB is 16 Ki nodes.
    assert!((15..25).contains(&copied), "{copied}");
    for (at, service) in extending.iter().enumerate() {
        assert_eq!(service.environment.contains_key("LONG"), at < copied);
        assert_eq!(service.incomplete.is_some(), at >= copied, "{}", service.name);
    }
    // What is at fault is the service at which the bound is reached.
    assert!(["a".to_owned(), format!("s{copied:02}")].contains(&errors[0].1), "{:?}", errors[0].1);
    // A few copies are none too many.
    assert_eq!(load(&[("compose.yaml", &text.replace("  s10", "x-s:\n  s10"))]).errors(), []);
}

/// Steps of `pre_start` are copies as well.
#[test]
fn copies_of_steps_are_counted() {
    let steps = vec!["{command: x}"; 40].join(", ");
    let text = format!(
        "services:\n  a: {{image: i, environment: {{LONG: {}}}, pre_start: [{steps}]}}\n",
        "x".repeat(1 << 20)
    );
    let loaded = load(&[("compose.yaml", &text)]);
    assert_eq!(loaded.errors().iter().map(|(message, _)| *message).collect::<Vec<_>>(), [value::too_many()]);
    let read = loaded.compose.services.len() - 1;
    assert!((15..25).contains(&read), "{read} steps");
}

#[test]
fn nesting_has_a_bound() {
    let nested = |open: &str, close: &str, depth: usize| {
        let text =
            format!("x-a: {}1{}\nservices: {{a: {{image: i}}}}\n", open.repeat(depth), close.repeat(depth));
        load(&[("compose.yaml", &text)])
            .errors()
            .iter()
            .map(|(message, _)| (*message).to_owned())
            .collect::<Vec<_>>()
    };
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("[{a: ", "}]")] {
        let levels = open.matches(['[', '{']).count();
        assert_eq!(nested(open, close, 120 / levels), [""; 0], "{open}");
        assert_eq!(nested(open, close, 140 / levels), ["nested deeper than 128 levels"], "{open}");
    }
    // Aliases and merge keys go on where they lead.
    for step in ["[*a{}]", "{b: *a{}}", "{<<: *a{}}"] {
        let chain: String = (0..140)
            .map(|at| format!("x-{0}: &a{0} {1}\n", at + 1, step.replace("{}", &at.to_string())))
            .collect();
        let text = format!("x-0: &a0 {{b: 1}}\n{chain}services: {{a: {{image: i}}}}\n");
        let errors = load(&[("compose.yaml", &text)]);
        assert_eq!(
            errors.errors().iter().filter(|(message, _)| message.starts_with("nested deeper")).count(),
            1,
            "{step}"
        );
    }
}
