//! Pastes the snippets of a help as a user would without thinking: as printed, into the service that the finding names, in
//! the file to which it points.

use std::collections::BTreeMap;
use std::ops::Range;

use oomlint::syntax::yaml::NodeId;

use super::keys::{Changes, dash, put};
use super::program::{Edit, Finding, Place};
use super::project::{Project, folder, joined};
use super::snippet::Snippet;
use super::words;
use super::yaml::Doc;

/// Keys of `healthcheck`, into which they go wherever the finding points.
const HEALTHCHECK: [&str; 7] =
    ["test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"];
/// Keys of `deploy.restart_policy`, into which they go.
const RESTART: [&str; 4] = ["condition", "delay", "max_attempts", "window"];
/// Keys that go into the mapping to which the finding points.
const NESTED: [&str; 8] = ["memory", "size", "soft", "hard", "memlock", "nofile", "driver", "options"];

/// Reason why a snippet was not pasted.
#[derive(Debug, PartialEq, Eq)]
pub enum Miss {
    /// No position was found.
    Nowhere,
    /// The snippet has the syntax of another kind of file.
    Form,
}

/// Result of pasting.
#[derive(Clone, Debug, Default)]
pub struct Paste {
    pub edits: Vec<Edit>,
    /// Flags that are lost with a replaced value.
    pub drops: Vec<String>,
}

/// Returns the changed files; `None` if two edits overlap.
pub fn apply(project: &Project, edits: &[Edit]) -> Option<BTreeMap<String, String>> {
    let mut by_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(&edit.file).or_default().push(edit);
    }
    let mut files = BTreeMap::new();
    for (file, mut edits) in by_file {
        edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
        let old = project.text(file).unwrap_or_default();
        let (mut text, mut at) = (String::new(), 0);
        for edit in edits {
            text.push_str(old.get(at..edit.range.start)?);
            text.push_str(&edit.text);
            at = edit.range.end;
        }
        text.push_str(old.get(at..)?);
        files.insert(file.to_owned(), text);
    }
    Some(files)
}

/// Pastes all snippets of one alternative.
pub fn paste(project: &Project, finding: &Finding, parts: &[Snippet]) -> Result<Paste, Miss> {
    let mut pasted = Paste::default();
    for part in parts {
        one(project, finding, part, &mut pasted)?;
    }
    Ok(pasted)
}

/// Returns the finding with the one of its locations as primary whose line contains the flag or variable of the snippet.
fn pointing(project: &Project, finding: &Finding, part: &Snippet) -> Finding {
    let name = match part {
        Snippet::Flags(flags) => words::kind(flags.split_whitespace().next().unwrap_or_default()),
        Snippet::Variables(lines) => lines.first().map(|(name, _)| name.clone()).unwrap_or_default(),
        _ => return finding.clone(),
    };
    let has = |place: &&Place| {
        let text = project.text(&place.file).unwrap_or_default();
        let start =
            text.get(..place.range.start).and_then(|text| text.rfind('\n')).map_or(0, |line| line + 1);
        let end = text
            .get(place.range.end..)
            .and_then(|text| text.find('\n'))
            .map_or(text.len(), |at| place.range.end + at);
        text.get(start..end).is_some_and(|line| line.contains(&name))
    };
    let mut found = finding.clone();
    let place = std::iter::once(&finding.place).chain(&finding.related).find(has);
    place.unwrap_or(&finding.place).clone_into(&mut found.place);
    found
}

fn one(project: &Project, finding: &Finding, part: &Snippet, out: &mut Paste) -> Result<(), Miss> {
    let finding = &pointing(project, finding, part);
    let file = finding.place.file.as_str();
    let text = project.text(file).ok_or(Miss::Nowhere)?;
    let mut add = |file: &str, changes: Changes| {
        let edit = |(range, text)| Edit { file: file.to_owned(), range, text };
        out.edits.extend(changes.into_iter().map(edit));
    };
    match part {
        Snippet::Yaml(lines) => {
            let lines = nested(lines);
            let (file, doc) = compose_file(project, finding, &lines)?;
            add(&file, keys(&doc, finding, &file, &lines).ok_or(Miss::Nowhere)?);
        }
        Snippet::Variables(lines) => {
            let is_file_of_variables = !project.is_compose(file) && !project.is_dockerfile(file);
            if is_file_of_variables {
                add(file, words::lines(text, lines));
                return Ok(());
            }
            let (file, doc) = compose_file(project, finding, "")?;
            let mut drops = Vec::new();
            let changes = variables(&doc, finding, &file, lines, &mut drops).ok_or(Miss::Nowhere)?;
            add(&file, changes);
            out.drops = drops;
        }
        Snippet::Instructions(lines) => {
            let dockerfiles = std::iter::once(&finding.place).chain(&finding.related);
            let place = dockerfiles
                .into_iter()
                .find(|place| project.is_dockerfile(&place.file))
                .ok_or(Miss::Nowhere)?;
            let text = project.text(&place.file).ok_or(Miss::Nowhere)?;
            add(&place.file, words::instructions(text, place.range.start, lines).ok_or(Miss::Nowhere)?);
        }
        Snippet::Flags(flags) if project.is_dockerfile(file) => {
            add(file, words::flags_of_instruction(text, &finding.place.range, flags).ok_or(Miss::Nowhere)?);
        }
        Snippet::Flags(flags) if project.is_compose(file) => {
            let doc = Doc::new(text);
            add(file, flags_of_service(&doc, finding, file, flags).ok_or(Miss::Nowhere)?);
        }
        Snippet::Flags(flags) => {
            add(file, vec![words::flags(text, &finding.place.range, &finding.place.range, flags)]);
        }
        Snippet::Size(size) => {
            let (file, range) = limit(project, finding).ok_or(Miss::Nowhere)?;
            add(&file, vec![(range, size.clone())]);
        }
        Snippet::Tail(_) | Snippet::Command(_) | Snippet::Exec => {
            add(file, words::command(text, &finding.place.range, part).ok_or(Miss::Nowhere)?);
        }
        Snippet::File(name, text) => {
            let path = joined(folder(file), name).ok_or(Miss::Nowhere)?;
            if project.text(&path).is_some() {
                return Err(Miss::Nowhere);
            }
            add(&path, vec![(0..0, text.clone())]);
        }
        Snippet::Comment(comment) => {
            let line = text[..finding.place.range.start].rfind('\n').map_or(0, |at| at + 1);
            let start = line + text[line..].find('#').ok_or(Miss::Nowhere)?;
            add(file, vec![(start..Doc::new(text).end_of_line(start), comment.clone())]);
        }
    }
    Ok(())
}

/// Converts `a.b: c` to nested mappings.
fn nested(lines: &str) -> String {
    let Some((path, value)) =
        lines.split_once(": ").filter(|(path, _)| path.contains('.') && !path.contains('\n'))
    else {
        return lines.to_owned();
    };
    let keys: Vec<&str> = path.split('.').collect();
    let line = |(depth, key): (usize, &&str)| format!("{}{key}:", "  ".repeat(depth));
    keys.iter().enumerate().map(line).collect::<Vec<_>>().join("\n") + " " + value
}

/// Returns the Compose file with the service of the finding: the one to which it points, else any with that service.
fn compose_file(project: &Project, finding: &Finding, keys: &str) -> Result<(String, Doc), Miss> {
    let file = &finding.place.file;
    if project.is_compose(file) {
        return Ok((file.clone(), Doc::new(&project.files[file])));
    }
    let name = finding.service.as_deref().ok_or(Miss::Form)?;
    let text = project.text(file).unwrap_or_default();
    let of_probe = HEALTHCHECK.iter().any(|key| keys.starts_with(&format!("{key}:")));
    if project.is_dockerfile(file)
        && of_probe
        && words::keyword_at(text, finding.place.range.start) == Some("HEALTHCHECK")
    {
        return Err(Miss::Form);
    }
    let named = finding.related.iter().map(|place| &place.file).chain(project.files.keys());
    for file in named.filter(|file| project.is_compose(file)) {
        let doc = Doc::new(&project.files[file]);
        if doc.service(name).is_some() {
            return Ok((file.clone(), doc));
        }
    }
    Err(Miss::Nowhere)
}

/// Returns the service to paste into: the one in which the finding is, else the one that it names.
fn service(doc: &Doc, finding: &Finding, file: &str) -> Option<(NodeId, NodeId)> {
    if file == finding.place.file {
        let path = doc.path(finding.place.range.start);
        if let [(first, _), service, ..] = path[..]
            && doc.scalar(first) == Some("services")
        {
            return Some(service);
        }
    }
    doc.service(finding.service.as_deref()?)
}

fn keys(doc: &Doc, finding: &Finding, file: &str, lines: &str) -> Option<Changes> {
    let (service, place) = (service(doc, finding, file), finding.place.range.start);
    let mut changes = Vec::new();
    let given = Doc::new(lines);
    let first = given.scalar(given.pairs(given.root()?).first()?.0)?.to_owned();
    let wrapped = |above: &[&str]| {
        let mut text = String::new();
        above.iter().enumerate().for_each(|(depth, key)| text += &format!("{}{key}:\n", "  ".repeat(depth)));
        text + &lines.lines().map(|line| format!("{}{line}\n", "  ".repeat(above.len()))).collect::<String>()
    };
    let (target, snippet) = if HEALTHCHECK.contains(&first.as_str()) {
        (service?, Doc::new(&wrapped(&["healthcheck"])))
    } else if RESTART.contains(&first.as_str()) {
        (service?, Doc::new(&wrapped(&["deploy", "restart_policy"])))
    } else if NESTED.contains(&first.as_str()) {
        let path = doc.path(place);
        (*path.iter().rev().find(|(_, value)| doc.is_map(*value))?, given)
    } else {
        (service?, given)
    };
    for (key, value) in snippet.pairs(snippet.root()?) {
        put(doc, target, (&snippet, *key, *value), place, &mut changes)?;
    }
    Some(changes)
}

/// Returns `environment` of a service: the one in which the finding is, else its own, else that of a merge key.
fn environment(doc: &Doc, finding: &Finding, file: &str) -> Option<NodeId> {
    let is_environment = |(key, value): &(NodeId, NodeId)| {
        let map = doc.is_map(doc.real(*value)) || doc.is_seq(doc.real(*value));
        (doc.scalar(*key) == Some("environment") && map).then_some(doc.real(*value))
    };
    if file == finding.place.file
        && let Some(found) = doc.path(finding.place.range.start).iter().find_map(is_environment)
    {
        return Some(found);
    }
    let map = doc.real(service(doc, finding, file)?.1);
    let merged = doc.pairs(map).iter().filter(|(key, _)| doc.scalar(*key) == Some("<<"));
    let mut sets = vec![map];
    sets.extend(merged.flat_map(
        |(_, value)| {
            if doc.is_seq(*value) { doc.items(*value).to_vec() } else { vec![*value] }
        },
    ));
    sets.iter().find_map(|set| is_environment(&doc.get(doc.real(*set), "environment")?))
}

fn variables(
    doc: &Doc,
    finding: &Finding,
    file: &str,
    lines: &[(String, String)],
    drops: &mut Vec<String>,
) -> Option<Changes> {
    let mut changes = Changes::new();
    let Some(set) = environment(doc, finding, file) else {
        let printed: String = lines.iter().map(|(_, line)| format!("\n  {line}")).collect();
        let snippet = Doc::new(&format!("environment:{printed}"));
        let (key, value) = *snippet.pairs(snippet.root()?).first()?;
        put(
            doc,
            service(doc, finding, file)?,
            (&snippet, key, value),
            finding.place.range.start,
            &mut changes,
        )?;
        return Some(changes);
    };
    for (name, line) in lines {
        let listed = line.strip_prefix("- ");
        let old = doc
            .pairs(set)
            .iter()
            .map(|(key, value)| (*key, *value))
            .chain(doc.items(set).iter().map(|item| (*item, *item)));
        let old = old.into_iter().find(|(key, _)| {
            let key = doc.scalar(*key).unwrap_or_default();
            key == name || key.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('='))
        });
        if let Some((key, value)) = old {
            let (start, end) = (doc.range(key).start, doc.range(value).end.max(doc.range(key).end));
            drops.extend(words::dropped(&doc.text[start..end], line));
            let start = match listed {
                // A line with a dash replaces the old one with its dash.
                _ if !doc.is_flow(set) && doc.is_seq(set) && !line.starts_with(&format!("{name}=")) => {
                    dash(doc, key)?
                }
                _ => start,
            };
            let new = if doc.is_flow(set) { listed.unwrap_or(line) } else { line };
            changes.push((start..end, new.to_owned()));
        } else if doc.is_flow(set) {
            let at = doc.range(set).start + 1;
            let comma = if doc.pairs(set).len() + doc.items(set).len() == 0 { "" } else { ", " };
            changes.push((at..at, format!("{}{comma}", listed.unwrap_or(line))));
        } else {
            let at = match doc.items(set).first() {
                Some(item) => dash(doc, *item)?,
                None => doc.start(doc.pairs(set).first()?.0),
            };
            // A user adds the dash when pasting `NAME=value` into a list.
            let lacks_dash = doc.is_seq(set) && line.starts_with(&format!("{name}="));
            let line = if lacks_dash { format!("- {line}") } else { line.clone() };
            changes.push((at..at, format!("{line}{}{}", doc.line_end(), " ".repeat(doc.column(at)))));
        }
    }
    Some(changes)
}

/// Inserts flags into the command or variable to which the finding points, else into the command of the service.
fn flags_of_service(doc: &Doc, finding: &Finding, file: &str, flags: &str) -> Option<Changes> {
    let range = &finding.place.range;
    let path = doc.path(range.start);
    let within = |key: &str| {
        path.iter().position(|(name, value)| {
            doc.scalar(*name) == Some(key) && doc.range(*value).start <= range.start
        })
    };
    let position = ["command", "entrypoint", "environment", "test"].iter().find_map(|key| within(key));
    let value = match position {
        Some(at) => {
            let (_, last) = *path.last()?;
            let in_list = doc.is_seq(path[at].1) && doc.scalar(path[at].0) != Some("environment");
            if in_list { path[at].1 } else { last }
        }
        None => {
            let service = service(doc, finding, file)?;
            let Some(command) = doc.get(doc.real(service.1), "command") else {
                // Without a command, options that begin with `--` become the command, as servers accept it. JVM flags do not.
                let snippet = Doc::new(&format!("command: {flags}"));
                let (key, value) = *snippet.pairs(snippet.root()?).first()?;
                let mut changes = Changes::new();
                flags.starts_with("--").then_some(())?;
                put(doc, service, (&snippet, key, value), range.start, &mut changes)?;
                return Some(changes);
            };
            command.1
        }
    };
    let value = doc.real(value);
    if doc.is_seq(value) {
        return list_flags(doc, value, flags);
    }
    doc.scalar(value)?;
    Some(vec![words::flags(&doc.text, &doc.range(value), range, flags)])
}

/// Inserts flags as items of a list.
fn list_flags(doc: &Doc, list: NodeId, flags: &str) -> Option<Changes> {
    let mut changes = Changes::new();
    let items = doc.items(list);
    let mut new = Vec::new();
    for flag in words::split(flags) {
        let kind = words::kind(flag[0]);
        let same =
            items.iter().position(|item| doc.scalar(*item).is_some_and(|text| words::kind(text) == kind));
        match same {
            Some(at) if flag.len() == 2 && doc.scalar(items[at]) == Some(kind.as_str()) => {
                changes.push((doc.range(*items.get(at + 1)?), format!("\"{}\"", flag[1])));
            }
            Some(at) => changes.push((doc.range(items[at]), format!("\"{}\"", flag.join("=")))),
            None => new.extend(flag),
        }
    }
    let after =
        if words::wants_flags_first(doc.scalar(*items.first()?)?) { items.first()? } else { items.last()? };
    let end = doc.range(*after).end;
    for word in new {
        let item = if doc.is_flow(list) {
            format!(", \"{word}\"")
        } else {
            format!("{}{}- \"{word}\"", doc.line_end(), " ".repeat(doc.column(dash(doc, *after)?)))
        };
        changes.push((end..end, item));
    }
    Some(changes)
}

/// Returns file and byte range of the limit of the service.
fn limit(project: &Project, finding: &Finding) -> Option<(String, Range<usize>)> {
    let is_size =
        |place: &str| place.trim_matches(['"', '\'']).starts_with(|c: char| c.is_ascii_digit() || c == '$');
    for place in
        std::iter::once(&finding.place).chain(&finding.related).filter(|place| place.label.contains("limit"))
    {
        if project.text(&place.file)?.get(place.range.clone()).is_some_and(is_size) {
            return Some((place.file.clone(), place.range.clone()));
        }
    }
    let files = std::iter::once(&finding.place.file).chain(project.files.keys());
    for file in files.filter(|file| project.is_compose(file)) {
        let doc = Doc::new(&project.files[file]);
        let Some((_, map)) = doc.service(finding.service.as_deref()?) else { continue };
        let deploy = ["deploy", "resources", "limits", "memory"];
        for path in [&["mem_limit"][..], &deploy] {
            let value = path.iter().try_fold(map, |at, key| Some(doc.get(doc.real(at), key)?.1));
            if let Some(value) = value {
                return Some((file.clone(), doc.range(doc.real(value))));
            }
        }
    }
    None
}
