//! Incidents from public reports, as small projects: what is wanted is found before, and nothing of it after.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::common::shared;

/// A finding that is wanted: a rule or one of several, a service, and texts of which one is in it.
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
    /// What oomlint would have to know to find all that is wanted, if it does not.
    #[serde(default)]
    open: Option<String>,
}

/// Returns the findings in a directory.
fn findings(directory: &Path, args: &[String]) -> Vec<serde_json::Value> {
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

/// True if one of the alternatives of a pattern such as `90 ?%|heap` is in the text. ` ?` is a blank or none, `\.` a dot.
fn is_in(pattern: &str, text: &str) -> bool {
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
            && self.text.as_deref().is_none_or(|wanted| is_in(wanted, &text))
            && !self.not_text.as_deref().is_some_and(|unwanted| is_in(unwanted, &text))
    }
}

/// Returns what is wrong with the findings of the cases below a directory.
fn wrong(directory: &Path) -> (usize, Vec<String>) {
    let text = std::fs::read_to_string(directory.join("cases.json")).expect("the cases");
    let cases: Vec<Case> = serde_json::from_str(&text).expect("the cases");
    let mut wrong = Vec::new();
    for case in &cases {
        let project = directory.join(&case.case);
        let before = findings(&project.join("before"), &case.args);
        let missed = case.want.iter().filter(|wanted| !before.iter().any(|finding| wanted.fits(finding)));
        let missed: Vec<String> = missed.map(|wanted| format!("{}: misses {wanted:?}", case.case)).collect();
        match &case.open {
            Some(_) if missed.is_empty() => {
                wrong.push(format!("{}: is found, and no longer open", case.case));
            }
            Some(_) => {}
            None => wrong.extend(missed),
        }
        if project.join("after").is_dir() {
            let after: BTreeSet<String> = findings(&project.join("after"), &case.args)
                .iter()
                .filter_map(|finding| Some(finding["rule"].as_str()?.to_owned()))
                .collect();
            for rule in case.never_after.iter().filter(|rule| after.contains(*rule)) {
                wrong.push(format!("{}: {rule} on what mended it", case.case));
            }
        }
    }
    (cases.len(), wrong)
}

#[test]
#[cfg_attr(not(shared), ignore = "needs the incidents in ../shared/field")]
fn incidents_are_found_and_their_remedies_are_accepted() {
    let (count, wrong) = wrong(&shared().join("field"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 20);
}

#[test]
fn incidents_of_our_own_finding_are_found_or_open() {
    let (count, wrong) = wrong(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/incidents"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, 30);
}
