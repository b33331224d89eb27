//! Reads XML settings: elements with text. Attributes say that the value comes from elsewhere.

use super::{Entry, MAX_DEPTH, MAX_ENTRIES};
use crate::source::TracedText;

/// An element that is not closed yet.
struct Open<'t> {
    name: &'t str,
    /// Where its tag begins, and where its text does.
    tag: usize,
    text: usize,
    /// True if it has attributes.
    attributes: bool,
    /// True if it has elements inside.
    parent: bool,
}

/// Returns the settings in order. `None` if the text is not well-formed, or has marked sections.
pub(super) fn entries(text: &TracedText) -> Option<Vec<Entry>> {
    let whole = text.as_str();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(tag) = whole.get(at..)?.find('<').map(|next| at + next) {
        let rest = whole.get(tag..)?;
        if rest.starts_with("<!--") {
            at = tag + rest.find("-->")? + 3;
            continue;
        }
        if rest.starts_with("<![") {
            return None;
        }
        let end = tag + rest.find('>')?;
        at = end + 1;
        let inside = whole.get(tag + 1..end)?;
        if inside.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = inside.strip_prefix('/') {
            let element = open.pop().filter(|element| element.name == name.trim())?;
            if !element.parent {
                found.push(setting(text, &open, &element, tag)?);
            }
        } else {
            let alone = inside.ends_with('/');
            let body = inside.trim_end_matches('/');
            let name = body.split_whitespace().next()?;
            let attributes = body.trim_end().len() > name.len();
            if let Some(above) = open.last_mut() {
                above.parent = true;
            }
            let element = Open { name, tag, text: at, attributes, parent: false };
            if alone {
                found.push(Entry { value: None, ..setting(text, &open, &element, at)? });
            } else {
                open.push(element);
            }
        }
        if open.len() > MAX_DEPTH || found.len() > MAX_ENTRIES {
            return None;
        }
    }
    open.is_empty().then_some(found)
}

/// Returns the setting of an element whose text ends at `end`. The outermost element is no part of its name.
fn setting(text: &TracedText, above: &[Open<'_>], element: &Open<'_>, end: usize) -> Option<Entry> {
    let names = above.iter().skip(1).map(|above| above.name).chain([element.name]);
    let inside = text.as_str().get(element.text..end)?;
    let from = element.text + (inside.len() - inside.trim_start().len());
    let value = text.slice(from..from + inside.trim().len());
    let hidden = element.attributes || above.iter().any(|above| above.attributes);
    Some(Entry {
        section: String::new(),
        key: names.collect::<Vec<_>>().join("."),
        lead: text.as_str().get(element.tag..from)?.to_owned(),
        value: (!hidden && !inside.contains('<')).then_some(value),
    })
}
