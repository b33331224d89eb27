//! What is in effect in an image.

use std::path::Path;

use super::*;
use crate::source::{Sources, Text};
use crate::syntax::dockerfile::parse;

fn image(text: &str, target: Option<&str>, args: &[(&str, Option<&str>)]) -> Result<TargetImage, ImageError> {
    let sources = Sources::new();
    let file = sources.add(Path::new("Dockerfile"), text);
    let at = |value: &str| Text::derived(value, crate::source::Span::new(file, 0, 0));
    let args = args.iter().map(|(name, value)| {
        let value = value.map_or(BuildArg::Unknown, |value| BuildArg::Known(at(value)));
        ((*name).to_owned(), value)
    });
    let options = BuildOptions { target: target.map(at), args: args.collect() };
    resolve(&parse(file, text), &options)
}

fn base(image: &TargetImage) -> String {
    match &image.base {
        Base::Reference(text) => text.as_str().to_owned(),
        Base::Unknown { variable, .. } => format!("?{variable}"),
        Base::Scratch => "(scratch)".to_owned(),
    }
}

fn env(image: &TargetImage, name: &str) -> String {
    match image.env.get(name).map(|entry| &entry.value) {
        None => "(absent)".to_owned(),
        Some(Ok(text)) => text.as_str().to_owned(),
        Some(Err(variable)) => format!("?{variable}"),
    }
}

fn command(command: Option<&Command>) -> String {
    match command.map(|command| &command.form) {
        None => "(base)".to_owned(),
        Some(Form::Exec(words)) => words.iter().map(Text::as_str).collect::<Vec<_>>().join("|"),
        Some(Form::Shell(text)) => format!("sh: {text}"),
    }
}

#[test]
fn arguments_before_from_choose_the_base() {
    let text = "ARG V=17\nARG R\nARG B=a:${V}\nFROM ${R}x:$V AS one\nFROM $B\n";
    assert_eq!(base(&image(text, None, &[]).unwrap()), "a:17");
    assert_eq!(base(&image(text, None, &[("V", Some("21"))]).unwrap()), "a:21");
    assert_eq!(base(&image(text, None, &[("V", None)]).unwrap()), "?B");
    assert_eq!(base(&image(text, Some("one"), &[]).unwrap()), "?R");
    assert_eq!(base(&image(text, Some("ONE"), &[("R", Some("r/"))]).unwrap()), "r/x:17");
    assert_eq!(base(&image("FROM ${V:-x}\n", None, &[]).unwrap()), "x");
    assert_eq!(base(&image("FROM --platform=$BUILDPLATFORM a\n", None, &[]).unwrap()), "a");
    assert_eq!(base(&image("FROM a-$TARGETARCH\n", None, &[]).unwrap()), "?TARGETARCH");
}

#[test]
fn stages_are_found_by_name_and_number() {
    let text = "FROM a AS build\nENV WHO=build\nFROM scratch\nFROM build AS run\nENV WHO=run\n";
    let last = image(text, None, &[]).unwrap();
    assert_eq!((base(&last), env(&last, "WHO")), ("a".to_owned(), "run".to_owned()));
    assert!(last.multi_stage);
    assert_eq!(last.stage_name.as_deref(), Some("run"));
    assert_eq!(env(&image(text, Some("0"), &[]).unwrap(), "WHO"), "build");
    assert_eq!(base(&image(text, Some("1"), &[]).unwrap()), "(scratch)");
    assert_eq!(image(text, Some("none"), &[]).unwrap_err(), ImageError::NoSuchStage);
    assert_eq!(image("RUN x\n", None, &[]).unwrap_err(), ImageError::NoStage);
    // A stage of its own name below itself, and a number in FROM, are external images.
    assert_eq!(base(&image("FROM a AS a\n", None, &[]).unwrap()), "a");
    assert_eq!(base(&image("FROM x\nFROM 0\n", None, &[]).unwrap()), "0");
}

#[test]
fn the_environment_is_expanded_where_it_is_set() {
    let text =
        "FROM a\nARG V=1\nARG W\nENV A=$V B=$A\nENV C=\"$A x\" D=$W E=$PATH\nENV A=2\nENV OLD the rest\n";
    let image = image(text, None, &[]).unwrap();
    assert_eq!(env(&image, "A"), "2");
    // Both pairs of one ENV see what was before it.
    assert_eq!(env(&image, "B"), "?A");
    assert_eq!(env(&image, "C"), "1 x");
    assert_eq!(env(&image, "D"), "?W");
    assert_eq!(env(&image, "E"), "?PATH");
    assert_eq!(env(&image, "OLD"), "the rest");
    assert_eq!(env(&image, "NONE"), "(absent)");
}

#[test]
fn arguments_end_with_their_stage_and_env_wins_over_them() {
    let text =
        "ARG G=global\nFROM a AS one\nARG G\nARG X=arg\nENV X=env\nENV A=$G B=$X\nFROM one\nENV C=$X D=$G\n";
    let image = image(text, None, &[("X", Some("given"))]).unwrap();
    assert_eq!(env(&image, "A"), "global");
    assert_eq!(env(&image, "B"), "env");
    assert_eq!(env(&image, "C"), "env");
    assert_eq!(env(&image, "D"), "?G");
}

#[test]
fn an_entrypoint_resets_the_command_of_stages_below() {
    let text = "FROM a AS one\nENTRYPOINT [\"e\"]\nCMD [\"c\"]\nFROM one AS two\nENTRYPOINT [\"f\"]\nFROM one AS three\nCMD d\n";
    let of = |target| {
        let image = image(text, Some(target), &[]).unwrap();
        (command(image.entrypoint.as_ref()), command(image.cmd.as_ref()))
    };
    assert_eq!(of("one"), ("e".to_owned(), "c".to_owned()));
    assert_eq!(of("two"), ("f".to_owned(), "(base)".to_owned()));
    assert_eq!(of("three"), ("e".to_owned(), "sh: d".to_owned()));
    // In one stage the order does not matter.
    let one = image("FROM a\nCMD [\"c\"]\nENTRYPOINT [\"e\"]\n", None, &[]).unwrap();
    assert_eq!(command(one.cmd.as_ref()), "c");
}

#[test]
fn the_last_healthcheck_shell_user_and_workdir_count() {
    let text = "FROM a\nSHELL [\"/bin/bash\", \"-c\"]\nUSER root\nUSER app\nWORKDIR /x\nHEALTHCHECK CMD one\n\
                HEALTHCHECK --interval=5s --start-period=1m CMD [\"two\"]\n";
    let image = image(text, None, &[]).unwrap();
    assert_eq!(image.shell.as_ref().map(|words| words[0].as_str()), Some("/bin/bash"));
    assert_eq!(image.user.as_ref().map(Text::as_str), Some("app"));
    assert_eq!(image.workdir.as_ref().map(Text::as_str), Some("/x"));
    let health = image.healthcheck.unwrap();
    assert!(matches!(&health.test, HealthTest::Command(test) if command(Some(test)) == "two"));
    assert_eq!(health.interval.as_ref().map(Text::as_str), Some("5s"));
    assert_eq!(health.start_period.as_ref().map(Text::as_str), Some("1m"));
}

#[test]
fn a_healthcheck_can_be_switched_off() {
    let image = image("FROM a AS x\nHEALTHCHECK CMD one\nFROM x\nHEALTHCHECK NONE\n", None, &[]).unwrap();
    assert!(matches!(image.healthcheck.unwrap().test, HealthTest::Disabled));
}

#[test]
fn values_keep_their_places_through_continued_lines() {
    let text = "FROM a\nENV X=1 \\\n  JAVA_TOOL_OPTIONS=\"-Xms1m \\\n  -Xmx768m\"\n";
    let image = image(text, None, &[]).unwrap();
    let Ok(value) = &image.env["JAVA_TOOL_OPTIONS"].value else { panic!("known") };
    let at = value.as_str().find("-Xmx768m").unwrap();
    assert_eq!(&text[value.span_of(at..at + 8).range()], "-Xmx768m");
}
