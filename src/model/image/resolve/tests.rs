//! One test per rule of image building.

use super::*;
use crate::model::image::{Form, HealthTest};
use crate::source::SourceId;
use crate::syntax::dockerfile::parse;

fn text(value: &str) -> TracedText {
    TracedText::derived(value, Span::new(SourceId(9), 3, 4))
}

fn build(
    source: &str,
    target: Option<&str>,
    args: &[(&str, Option<&str>)],
) -> Result<TargetImage, ImageError> {
    let args = args.iter().map(|(name, value)| {
        ((*name).to_owned(), value.map_or(BuildArg::Unknown, |value| BuildArg::Known(text(value))))
    });
    let options = BuildOptions { target: target.map(text), args: args.collect() };
    resolve(&parse(SourceId(0), source), &options)
}

fn image(source: &str) -> TargetImage {
    build(source, None, &[]).expect("an image")
}

fn reference(image: &TargetImage) -> &str {
    match &image.base {
        Base::Reference(text) => text.as_str(),
        Base::Scratch => "scratch",
        Base::Unknown { variable, .. } => variable,
    }
}

/// Formats as `NAME=value`, or `NAME?VARIABLE` if the value is unknown.
fn env(image: &TargetImage) -> Vec<String> {
    let entries = image.env.iter().map(|(name, entry)| match &entry.value {
        Ok(value) => format!("{name}={value}"),
        Err(variable) => format!("{name}?{variable}"),
    });
    entries.collect()
}

fn words(command: Option<&super::super::Command>) -> Vec<&str> {
    match command.map(|command| &command.form) {
        Some(Form::Exec(words)) => words.iter().map(TracedText::as_str).collect(),
        Some(Form::Shell(text)) => vec!["sh", text.as_str()],
        None => Vec::new(),
    }
}

#[test]
fn an_argument_gives_the_base_its_default_and_the_build_another() {
    let source = "ARG V=21\nARG I=java:$V\nFROM ${I}-jre\n";
    assert_eq!(reference(&image(source)), "java:21-jre");
    assert_eq!(reference(&build(source, None, &[("V", Some("17"))]).expect("an image")), "java:17-jre");
    let unknown = build(source, None, &[("V", None)]).expect("an image");
    assert!(matches!(unknown.base, Base::Unknown { ref variable, .. } if variable == "I"));
    assert_eq!(&source[unknown.reference.range()], "${I}-jre");
}

#[test]
fn an_argument_without_a_value_leaves_the_base_unknown() {
    for source in ["ARG X\nFROM ${X}", "FROM ${X}", "FROM a:${TARGETARCH}", "FROM a:${X?no}", "FROM ${X"] {
        assert!(matches!(image(source).base, Base::Unknown { .. }), "{source}");
    }
    assert_eq!(reference(&image("ARG X\nFROM a:${X:-1}")), "a:1");
}

#[test]
fn stages_are_found_by_name_whatever_their_case_and_by_number() {
    let source = "FROM a AS One\nENV A=1\nFROM ONE AS two\nENV B=2\nFROM b\nENV C=3\n";
    let two = build(source, Some("TWO"), &[]).expect("a stage");
    assert_eq!(
        (two.chain.as_slice(), reference(&two), two.stage_name.as_deref()),
        (&[0, 1][..], "a", Some("two"))
    );
    assert_eq!(env(&two), ["A=1", "B=2"]);
    assert_eq!(&source[two.from.range()], "FROM ONE AS two");
    assert_eq!(&source[two.base_from.range()], "FROM a AS One");
    assert_eq!(env(&build(source, Some("0"), &[]).expect("a stage")), ["A=1"]);
    assert_eq!((env(&image(source)), image(source).multi_stage), (vec!["C=3".to_owned()], true));
    assert!(!image("FROM a\n").multi_stage);
}

#[test]
fn a_target_that_does_not_exist_is_an_error_with_its_place() {
    let error = build("FROM a AS builder\n", Some("biulder"), &[]).expect_err("no stage");
    assert_eq!(error.to_string(), "no stage `biulder` in the Dockerfile: did you mean `builder`?");
    assert!(matches!(error, ImageError::NoSuchStage { span, .. } if span == Span::new(SourceId(9), 3, 4)));
    assert_eq!(
        build("FROM a\n", Some("1"), &[]).expect_err("no stage").to_string(),
        "no stage `1` in the Dockerfile"
    );
    assert_eq!(build("RUN x\n", None, &[]).expect_err("no stage"), ImageError::NoStage);
}

#[test]
fn a_stage_is_based_on_the_latest_earlier_one_of_that_name() {
    let source = "FROM a AS x\nENV V=1\nFROM x AS x\nENV W=2\nFROM x\n";
    assert_eq!(image(source).chain, [0, 1, 2]);
    // In its own `FROM`, the name of a stage is an image.
    assert_eq!(reference(&image("FROM node AS node\n")), "node");
    assert_eq!(reference(&image("FROM a\nFROM 0\n")), "0");
    assert_eq!(reference(&image("ARG S=base\nFROM a AS base\nFROM $S\n")), "a");
}

#[test]
fn environment_is_inherited_and_overridden() {
    let source = "FROM a AS x\nENV A=1 B=2\nENV A=\"$A-more\"\nFROM x\nENV B=\n";
    let found = image(source);
    assert_eq!(env(&found), ["A=1-more", "B="]);
    assert_eq!(&source[found.env["A"].span.range()], "A=\"$A-more\"");
}

#[test]
fn pairs_of_one_env_see_the_values_before_it() {
    assert_eq!(env(&image("FROM a\nENV A=old\nENV A=new B=$A\nENV C=$A")), ["A=new", "B=old", "C=new"]);
    assert_eq!(env(&image("FROM a\nENV A b $C \"d\"")), ["A?C"]);
    assert_eq!(env(&image("FROM scratch\nENV A b $C \"d\"\nENV P=$PATH:/x")), ["A=b  d", "P?PATH"]);
}

#[test]
fn what_the_base_may_set_is_unknown_and_env_wins_over_arg() {
    assert_eq!(env(&image("FROM a\nENV P=$PATH:/x")), ["P?PATH"]);
    let source =
        "ARG G=g\nARG N\nFROM a\nARG A=1\nARG G\nARG N\nENV A=2\nARG A=3\nENV B=$A C=$G D=$N E=${N:-e}\n";
    assert_eq!(env(&image(source)), ["A=2", "B=2", "C=g", "D?N", "E=e"]);
    let given = build(source, None, &[("N", Some("n")), ("G", Some("h"))]).expect("an image");
    assert_eq!(env(&given), ["A=2", "B=2", "C=h", "D=n", "E=n"]);
    // Global arguments are not visible in a stage without a declaration, which ends with the stage.
    assert_eq!(env(&image("ARG G=g\nFROM a\nENV A=$G")), ["A?G"]);
    assert_eq!(env(&image("FROM a AS x\nARG G=g\nFROM x\nENV A=$G")), ["A?G"]);
}

#[test]
fn values_are_traced_to_their_bytes() {
    let source = "FROM a\nENV O=\"-Xss1m \\\n  -Xmx512m\"\n";
    let found = image(source);
    let value = found.env["O"].value.as_ref().expect("known");
    let at = value.as_str().find("-Xmx512m").expect("there");
    assert_eq!(&source[value.span_of(at..at + 8).range()], "-Xmx512m");
}

#[test]
fn an_entrypoint_takes_away_an_inherited_command() {
    let source = "FROM a AS x\nENTRYPOINT [\"e\"]\nCMD [\"c\"]\nFROM x\nENTRYPOINT [\"f\"]\n";
    let found = image(source);
    assert_eq!((words(found.entrypoint.as_ref()), found.cmd.is_none()), (vec!["f"], true));
    assert_eq!(found.cmd_reset_by.map(|span| &source[span.range()]), Some("ENTRYPOINT [\"f\"]"));
    // In its own stage a CMD stays, before and after.
    let found = image("FROM a\nCMD [\"c\"]\nENTRYPOINT [\"e\"]\n");
    assert_eq!((words(found.cmd.as_ref()), found.cmd_reset_by), (vec!["c"], None));
    let found = image("FROM a AS x\nENTRYPOINT [\"e\"]\nFROM x\nCMD c\n");
    assert_eq!((words(found.cmd.as_ref()), found.cmd_reset_by), (vec!["sh", "c"], None));
    let found = image("FROM a\nENTRYPOINT []\n");
    assert!(found.entrypoint.is_some_and(|e| e.form == Form::Exec(Vec::new())));
    assert!(image("FROM a\n").cmd_reset_by.is_none());
}

#[test]
fn healthchecks() {
    let source =
        "FROM a AS x\nHEALTHCHECK --interval=5s --start-period=1m --retries=2 CMD curl -f x\nFROM x\n";
    let health = image(source).healthcheck.expect("a healthcheck");
    assert_eq!(health.interval.as_ref().map(TracedText::as_str), Some("5s"));
    assert_eq!(health.start_period.as_ref().map(TracedText::as_str), Some("1m"));
    assert_eq!((health.retries.is_some(), health.timeout.is_some()), (true, false));
    assert!(matches!(&health.test, HealthTest::Command(c) if c.form == Form::Shell(text("curl -f x"))));
    let health = image(&format!("{source}HEALTHCHECK none\n")).healthcheck.expect("a healthcheck");
    assert!(matches!(health.test, HealthTest::Disabled));
    let health =
        image("FROM a\nHEALTHCHECK CMD [\"x\", \"y\"]\nHEALTHCHECK CMD\n").healthcheck.expect("the first");
    assert!(
        matches!(&health.test, HealthTest::Command(c) if matches!(&c.form, Form::Exec(w) if w.len() == 2))
    );
    assert!(image("FROM a\n").healthcheck.is_none());
}

#[test]
fn a_command_keeps_the_shell_of_its_time() {
    let found =
        image("FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nCMD c\nSHELL [\"/bin/ash\", \"-c\"]\nENTRYPOINT e\n");
    let shell = |command: Option<super::super::Command>| {
        command.and_then(|c| c.shell).map(|shell| shell[0].as_str().to_owned())
    };
    assert_eq!(shell(found.cmd).as_deref(), Some("/bin/bash"));
    assert_eq!(shell(found.entrypoint).as_deref(), Some("/bin/ash"));
    assert_eq!(found.shell.map(|shell| shell.len()), Some(2));
}

#[test]
fn user_workdir_and_stop_signal() {
    let found = image("FROM a\nARG U=app\nUSER $U:$G\nUSER ${U}\nWORKDIR \"/x y\"\nSTOPSIGNAL $S\n");
    assert_eq!(found.user, Some(Ok(text("app"))));
    assert_eq!(found.workdir, Some(Ok(text("/x y"))));
    assert_eq!(found.stop_signal, Some(Err("S".to_owned())));
    assert_eq!(image("FROM a\n").user, None);
}

#[test]
fn the_other_escape_character() {
    let source = "# escape=`\nFROM a\nENV P=C:\\x`\n  Q=`$P R=\"C:\\y\"\n";
    assert_eq!(env(&image(source)), ["P=C:\\x", "Q=$P", "R=C:\\y"]);
}

#[test]
fn what_is_installed_and_brought_in() {
    let source = "FROM a AS b\nRUN x\nFROM b\nRUN <<EOF\napk add curl\nEOF\nRUN [\"y\"]\n\
                  COPY --from=b /x /y\nADD z /\nONBUILD RUN w\n";
    let found = image(source);
    assert_eq!(found.runs.len(), 3);
    let script = &found.runs[1].scripts[0];
    assert_eq!(&source[script.span_of(8..12).range()], "curl");
    let from: Vec<_> = found.copies.iter().map(|c| c.from.as_ref().map(TracedText::as_str)).collect();
    assert_eq!(from, [Some("b"), None]);
    assert_eq!(found.onbuild.len(), 1);
}

#[test]
fn triggers_run_in_the_next_stage_and_only_there() {
    let source = "FROM a AS x\nONBUILD ENV A=1\nENV B=$A\nFROM x AS y\nENV C=$A\nFROM y\n";
    let found = image(source);
    assert_eq!(env(&found), ["B?A", "A=1", "C=1"]);
    assert!(found.onbuild.is_empty());
}

#[test]
fn stages_as_written() {
    let dockerfile = parse(SourceId(0), "ARG A\nFROM a AS b\nRUN x\nFROM\nRUN y\nFROM $A\n");
    let stages = stages(&dockerfile);
    let shape: Vec<_> =
        stages.iter().map(|s| (s.index, s.reference.as_str(), s.instructions.len(), s.is_final)).collect();
    assert_eq!(shape, [(0, "a", 1, false), (1, "$A", 0, true)]);
    assert!(stages[0].is_named("B"));
}

#[test]
fn values_that_double_end() {
    let source = format!("FROM a\nENV A=x\n{}", "ENV A=$A$A\n".repeat(100));
    assert!(image(&source).env["A"].value.is_err());
    let long = "y".repeat(60_000);
    let many: String = (0..1000).map(|i| format!("ENV A{i}=$X\n")).collect();
    let found = image(&format!("FROM a\nENV X={long}\n{many}"));
    let bytes: usize =
        found.env.values().filter_map(|entry| entry.value.as_ref().ok()).map(|v| v.as_str().len()).sum();
    assert!(bytes < 17 * 1024 * 1024, "{bytes} bytes");
}
