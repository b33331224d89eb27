//! Incidents from public reports, as small projects: what is wanted is found before, and nothing of it after.

use std::collections::BTreeSet;
use std::process::Command;

use crate::common::shared;

/// A finding that is wanted: a rule or one of several, a service, and texts of which one stands in it.
#[derive(Debug, serde::Deserialize)]
struct Wanted {
    rule: String,
    service: Option<String>,
    text: Option<String>,
    not_text: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
struct Case {
    case: String,
    args: Vec<String>,
    want: Vec<Wanted>,
    never_after: Vec<String>,
}

/// Returns the findings in a directory.
fn findings(directory: &std::path::Path, args: &[String]) -> Vec<serde_json::Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .current_dir(directory)
        .args(["check", "--format", "json", "--no-config"])
        .args(args)
        .arg(".")
        .output()
        .expect("oomlint runs");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    report["findings"].as_array().cloned().unwrap_or_default()
}

/// True if one of the alternatives of a pattern such as `90 ?%|heap` stands in the text. ` ?` is a blank or none, `\.` a dot.
fn stands_in(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|part| {
        let part = part.replace("\\.", ".");
        text.contains(&part.replace(" ?", " ")) || text.contains(&part.replace(" ?", ""))
    })
}

impl Wanted {
    fn fits(&self, finding: &serde_json::Value) -> bool {
        let text = finding.to_string();
        let rule = finding["rule"].as_str().unwrap_or_default();
        self.rule.split('|').any(|name| name == rule)
            && self.service.as_deref().is_none_or(|name| finding["service"] == name)
            && self.text.as_deref().is_none_or(|wanted| stands_in(wanted, &text))
            && !self.not_text.as_deref().is_some_and(|unwanted| stands_in(unwanted, &text))
    }
}

#[test]
#[cfg_attr(not(shared), ignore = "needs the incidents in ../shared/field")]
fn incidents_are_found_and_their_remedies_are_accepted() {
    let field = shared().join("field");
    let text = std::fs::read_to_string(field.join("cases.json")).expect("the cases");
    let cases: Vec<Case> = serde_json::from_str(&text).expect("the cases");
    let mut wrong = Vec::new();
    for case in &cases {
        let directory = field.join(&case.case);
        let before = findings(&directory.join("before"), &case.args);
        for wanted in case.want.iter().filter(|wanted| !before.iter().any(|finding| wanted.fits(finding))) {
            wrong.push(format!("{}: misses {wanted:?}", case.case));
        }
        if directory.join("after").is_dir() {
            let after: BTreeSet<String> = findings(&directory.join("after"), &case.args)
                .iter()
                .filter_map(|finding| Some(finding["rule"].as_str()?.to_owned()))
                .collect();
            for rule in case.never_after.iter().filter(|rule| after.contains(*rule)) {
                wrong.push(format!("{}: {rule} on what mended it", case.case));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() > 20);
}
