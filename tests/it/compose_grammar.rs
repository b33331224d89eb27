//! Sizes, variables and durations, compared with recorded answers of Compose.

use std::path::Path;

use crate::common::shared;
use oomlint::source::{Sources, Span, TracedText};
use oomlint::syntax::duration;
use oomlint::syntax::size::ByteSize;
use oomlint::syntax::template::{Interpolated, interpolate};
use serde_json::Value;

/// Returns the scalar after `key` and whether it is quoted, if the key is in the file once, on a line of its own.
fn scalar<'a>(yaml: &'a str, key: &str) -> Option<(&'a str, bool)> {
    let mut found = yaml.lines().filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
    let (text, None) = (found.next()?, found.next()) else { return None };
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => Some((inner, true)),
        None => Some((text, false)),
    }
}

/// True for what YAML does not read as a string or a decimal integer. Other tests cover it.
fn is_typed(text: &str) -> bool {
    let integer = text.parse::<i64>().is_ok();
    let number = text.parse::<f64>().is_ok() || text.starts_with("0x") || text.starts_with("0o");
    (number && !integer)
        || text.contains('_')
        || text.starts_with(['[', '{', '!', '*', '&'])
        || matches!(text, "null" | "~" | "true" | "false" | "")
}

fn text(value: &str) -> TracedText {
    let id = Sources::new().add(Path::new("compose.yaml"), value);
    TracedText::verbatim(value, Span::new(id, 0, value.len()))
}

/// Returns the interpolated value; `None` if a variable is required or invalid.
fn interpolated(value: &str) -> Option<String> {
    match interpolate(&text(value), &|_| None) {
        Interpolated::Plain => Some(value.to_owned()),
        Interpolated::Known { text, .. } | Interpolated::Unset { text, .. } => Some(text.as_str().to_owned()),
        Interpolated::Required { .. } | Interpolated::Invalid { .. } => None,
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn sizes_variables_and_durations_are_compose_s() {
    let cases = std::fs::read_to_string(shared().join("knowledge/compose_cases.json")).unwrap();
    let cases: Value = serde_json::from_str(&cases).unwrap();
    let (mut sizes, mut durations, mut wrong) = (0, 0, Vec::new());
    for case in cases["compose"].as_array().unwrap() {
        let yaml = case["compose_yaml"].as_str().unwrap();
        let answer = &case["compose_go_HEAD_e70e961"];
        let (accepted, message) =
            (answer["accepted"].as_bool().unwrap(), answer["message"].as_str().unwrap());
        let lines = answer["resolved_lines"].as_array().unwrap();
        let resolved =
            |key: &str| lines.iter().find_map(|line| line.as_str()?.strip_prefix(key)?.strip_prefix(": "));

        for key in ["mem_limit", "memswap_limit", "mem_reservation", "shm_size"] {
            let Some((literal, quoted)) = scalar(yaml, key) else { continue };
            let ours = match interpolated(literal) {
                _ if !quoted && is_typed(literal) => continue,
                Some(value) => ByteSize::parse_compose(&value),
                None => Err("required variable".to_owned()),
            };
            // If Compose rejects something else, the size cannot be compared.
            if !accepted && ours.is_ok() {
                let about_size = ["invalid size", "invalid suffix", "ParseFloat"];
                let about_size =
                    message.contains(key) && about_size.iter().any(|part| message.contains(part));
                if about_size {
                    wrong.push(format!("{key}: {literal} is taken, but: {message}"));
                }
                continue;
            }
            sizes += 1;
            let right = match &ours {
                Ok(ByteSize(0)) => resolved(key).is_none(),
                Ok(size) => resolved(key).is_some_and(|line| line.trim_matches('"') == size.0.to_string()),
                Err(error) => !accepted && message.contains(error.as_str()),
            };
            if !right {
                wrong.push(format!("{key}: {literal}: {ours:?}, but {accepted} {lines:?} {message}"));
            }
        }
        let Some((literal, _)) = scalar(yaml, "stop_grace_period") else { continue };
        durations += 1;
        let ours = duration::parse(literal).map(duration::display);
        if ours.as_deref().ok() != resolved("stop_grace_period").filter(|_| accepted) {
            wrong.push(format!("stop_grace_period: {literal}: {ours:?}, but {accepted} {lines:?} {message}"));
        }
    }
    println!("{sizes} sizes, {durations} durations, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(sizes > 60, "{sizes}");
}
