//! Recovery in half-typed files: the keys around the edited line keep their paths and offsets.

use crate::common::yaml_files;
use crate::yaml;
use std::collections::{BTreeMap, HashSet};

use oomlint::syntax::yaml::{Kind, NodeId, Tree};
use yaml::parse;

/// Returns the path and offset of every key. List items are named by their index.
fn keys(tree: &Tree) -> Vec<(String, u32)> {
    let mut out = Vec::new();
    let mut rest: Vec<(String, NodeId)> =
        tree.documents().iter().map(|root| (String::new(), *root)).collect();
    while let Some((path, id)) = rest.pop() {
        match &tree.node(id).kind {
            Kind::Map(entries) => {
                for (key, value) in entries {
                    let key = tree.node(*key);
                    let Kind::Scalar(name) = &key.kind else { continue };
                    let path = format!("{path}/{}", name.text);
                    out.push((path.clone(), key.span.start));
                    rest.push((path, *value));
                }
            }
            Kind::Seq(items) => {
                rest.extend(items.iter().enumerate().map(|(n, item)| (format!("{path}/{n}"), *item)));
            }
            _ => {}
        }
    }
    out
}

/// A file with one changed line.
struct Typed {
    kind: &'static str,
    text: String,
    /// Start of the changed range in the old text, in bytes; `to` is its end.
    from: usize,
    to: usize,
    /// Difference between new and old offsets after the change, in bytes.
    growth: isize,
}

fn replace(kind: &'static str, text: &str, from: usize, to: usize, with: &str) -> Typed {
    let growth = with.len() as isize - (to - from) as isize;
    Typed { kind, text: format!("{}{with}{}", &text[..from], &text[to..]), from, to, growth }
}

/// Returns variants of the text that may occur while the line at `at` is being typed.
fn typed(text: &str, at: usize) -> Vec<Typed> {
    let end = text[at..].find('\n').map_or(text.len(), |n| at + n);
    let line = &text[at..end];
    let indent = line.len() - line.trim_start().len();
    let mut out = Vec::new();
    let insert = |kind, with: &str| replace(kind, text, at, at, &format!("{}{with}\n", &line[..indent]));
    for (kind, with) in [
        ("a word", "mem_limit"),
        ("an indented word", "  foo"),
        ("a dash", "- "),
        ("an open quote", "image: \"foo"),
        ("an open bracket", "test: [\"CMD\", "),
        ("an open brace", "deploy: {resources"),
        ("a second colon", "image: foo: bar"),
        ("a tab", "\tx"),
        ("an alias", "x: *"),
    ] {
        out.push(insert(kind, with));
    }
    if let Some(colon) = line.find(": ") {
        out.push(replace("a value cut off with its colon", text, at + colon, end, ""));
        out.push(replace("a value cut off", text, at + colon + 1, end, ""));
    }
    out
}

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn keys_around_a_half_typed_line_stay() {
    let files = yaml_files();
    let mut kept: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (_, text) in files.iter().step_by(9) {
        let tree = parse(text);
        if text.contains('\r') || text.len() > 20_000 || tree.errors().iter().any(|error| error.fatal) {
            continue;
        }
        let before = keys(&tree);
        // Lines that begin with a key. A few are taken, spread over the file.
        let lines: Vec<usize> = before
            .iter()
            .map(|(_, at)| *at as usize)
            .filter_map(|at| {
                let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
                text[start..at].trim().is_empty().then_some(start)
            })
            .collect();
        for at in lines.iter().step_by(lines.len() / 4 + 1) {
            for typed in typed(text, *at) {
                let tree = parse(&typed.text);
                let after: HashSet<(String, u32)> = keys(&tree).into_iter().collect();
                let (kept, total) = kept.entry(typed.kind).or_default();
                for (key, old) in &before {
                    let old = *old as usize;
                    if typed.from < typed.to && (*at..typed.to).contains(&old) {
                        continue; // a key of the changed line itself
                    }
                    let new = if old >= typed.to { old as isize + typed.growth } else { old as isize };
                    *total += 1;
                    *kept += usize::from(after.contains(&(key.clone(), new as u32)));
                }
            }
        }
    }
    let rate = |kept: usize, total: usize| 100.0 * kept as f64 / total as f64;
    for (kind, (kept, total)) in &kept {
        println!("{kind}: {kept} of {total} keys, {:.2} %", rate(*kept, *total));
    }
    let (all, total) = kept.values().fold((0, 0), |sum, (kept, total)| (sum.0 + kept, sum.1 + total));
    println!("all: {all} of {total}, {:.2} %", rate(all, total));
    assert!(rate(all, total) >= 99.0, "{all} of {total}");
    for (kind, (kept, total)) in &kept {
        assert!(rate(*kept, *total) >= 95.0, "{kind}: {kept} of {total}");
    }
}
