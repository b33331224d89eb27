//! From a file's text to a configuration, every mistake with its place.

use std::path::Path;
use std::sync::Arc;

use globset::{Glob, GlobMatcher, GlobSet, GlobSetBuilder};

use super::file::{File, Level, OneOrMany, RuleOptions, RuleSetting};
use super::{Config, OverrideFor, ServiceFor, thresholds};
use crate::catalog::Catalog;
use crate::error::{ConfigProblem, Error, nearest};
use crate::model::size::ByteSize;
use crate::rules::{Group, RULES};
use crate::source::{SourceId, Span};
use crate::syntax::yaml::{Kind, NodeId, Tree};

/// One key of the way to a place in the file.
enum Step {
    Key(String),
    Item(usize),
}

/// Reads `text`, which stands at `path`.
pub(super) fn read(path: &Path, text: &str) -> Result<Config, Error> {
    let mut reader = Reader { tree: Tree::parse(SourceId(0), text), problems: Vec::new() };
    let deserializer = serde_yaml::Deserializer::from_str(text);
    let file: File = match serde_path_to_error::deserialize(deserializer) {
        Ok(file) => file,
        // A file of comments alone is an empty mapping.
        Err(error) if reader.tree.documents().is_empty() && error.path().iter().next().is_none() => {
            File::default()
        }
        Err(error) => {
            let steps: Vec<Step> = error.path().iter().filter_map(step).collect();
            let message = error.inner().to_string();
            reader.refused(&steps, &message, error.inner().location());
            File::default()
        }
    };
    let config = reader.compile(path, file);
    if reader.problems.is_empty() {
        return Ok(config);
    }
    Err(Error::Config {
        path: path.to_path_buf(),
        problems: reader
            .problems
            .into_iter()
            .map(|(message, span, help)| ConfigProblem::new(path, text, message, span.range(), help))
            .collect(),
    })
}

fn step(segment: &serde_path_to_error::Segment) -> Option<Step> {
    match segment {
        serde_path_to_error::Segment::Map { key } => Some(Step::Key(key.clone())),
        serde_path_to_error::Segment::Seq { index } => Some(Step::Item(*index)),
        _ => None,
    }
}

struct Reader {
    tree: Tree,
    problems: Vec<(String, Span, Option<String>)>,
}

impl Reader {
    /// What serde refused: the message without its place, which is drawn.
    fn refused(&mut self, steps: &[Step], message: &str, location: Option<serde_yaml::Location>) {
        // `overrides[0]: unknown field …, expected … at line 3 column 5`
        let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
        let message = match message.find("unknown ").or_else(|| message.find("invalid ")) {
            Some(at) if message.get(..at).is_some_and(|before| before.ends_with(": ")) => {
                message.get(at..).unwrap_or(message)
            }
            _ => message,
        };
        let mut quoted = message.split('`').skip(1).step_by(2);
        let wrong = quoted.next().unwrap_or_default().to_owned();
        let expected: Vec<&str> = quoted.collect();
        let help = match nearest(&wrong, expected.iter().copied()).first() {
            Some(name) => Some(format!("did you mean `{name}`?")),
            None if expected.is_empty() => None,
            None => Some(format!("what is known here: {}", expected.join(", "))),
        };
        let at = location.map_or(0, |location| location.index());
        let span = match message.starts_with("unknown field") {
            true => self.key_of(steps, &wrong),
            false => None,
        };
        let span = span.or_else(|| self.place(steps)).unwrap_or_else(|| Span::new(SourceId(0), at, at + 1));
        let message = match message.split_once(", expected ") {
            Some((short, _)) if help.is_some() => short.to_owned(),
            _ => message.to_owned(),
        };
        self.problems.push((
            message.replace("unknown field", "unknown key").replace("unknown variant", "unknown value"),
            span,
            help,
        ));
    }

    fn problem(&mut self, steps: &[Step], message: String, help: Option<String>) {
        let span = self.place(steps).unwrap_or_else(|| Span::new(SourceId(0), 0, 1));
        self.problems.push((message, span, help));
    }

    /// The value at the end of the way, or the key when it is a mapping, or the last one that is there.
    fn place(&self, steps: &[Step]) -> Option<Span> {
        let mut node = *self.tree.documents().first()?;
        let mut key = None;
        for step in steps {
            let next = match (step, &self.tree.node(node).kind) {
                (Step::Key(name), Kind::Map(pairs)) => pairs.iter().find_map(|(key, value)| {
                    let named = matches!(&self.tree.node(*key).kind, Kind::Scalar(text) if text.text.as_str() == name);
                    named.then_some((Some(*key), *value))
                }),
                (Step::Item(index), Kind::Seq(items)) => items.get(*index).map(|item| (None, *item)),
                _ => None,
            };
            let Some((name, value)) = next else { break };
            (key, node) = (name.or(key), value);
        }
        let scalar = |id: NodeId| matches!(self.tree.node(id).kind, Kind::Scalar(_));
        let shown =
            if scalar(node) && !self.tree.node(node).span.is_empty() { node } else { key.unwrap_or(node) };
        Some(self.tree.node(shown).span)
    }

    /// The line of a value, from 1; none when the file does not have it.
    fn line(&self, text: &str, key: &str) -> Option<usize> {
        let root = *self.tree.documents().first()?;
        let Kind::Map(pairs) = &self.tree.node(root).kind else { return None };
        let found = pairs.iter().find(|(name, _)| {
            matches!(&self.tree.node(*name).kind, Kind::Scalar(text) if text.text.as_str() == key)
        })?;
        let at = self.tree.node(found.0).span.start as usize;
        Some(text.get(..at)?.matches('\n').count() + 1)
    }

    fn compile(&mut self, path: &Path, file: File) -> Config {
        let key = |name: &str| Step::Key(name.to_owned());
        for (name, setting) in &file.rules {
            self.rule_name(&[key("rules"), key(name)], name, false);
            if let RuleSetting::Options(options) = setting {
                self.options(name, options);
            }
        }
        let host_memory = file.host_memory.as_ref().and_then(|text| self.size(&[key("host-memory")], text));
        if file.overcommit.is_some_and(|factor| !(0.1..=100.0).contains(&factor)) {
            self.problem(&[key("overcommit")], "a factor from 0.1 to 100, as in 1.5".to_owned(), None);
        }
        let exclude = self.globs(&[key("exclude")], &file.exclude);
        let mut services = Vec::new();
        for (name, setting) in &file.services {
            let steps = |last: &str| [key("services"), key(name), key(last)];
            for rule in &setting.ignore {
                self.rule_name(&steps("ignore"), rule, true);
            }
            let until = setting.until.as_ref().and_then(|text| self.date(&steps("until"), text));
            let Some(name) = self.glob(&[key("services"), key(name)], name) else { continue };
            let (ignore, reason) = (setting.ignore.clone(), setting.reason.clone());
            services.push(ServiceFor { name, ignore, reason, until });
        }
        let mut overrides = Vec::new();
        for (index, other) in file.overrides.iter().enumerate() {
            let steps = |last: &str| vec![key("overrides"), Step::Item(index), key(last)];
            let OneOrMany(globs) = &other.files;
            let files = self.globs(&steps("files"), globs);
            for name in other.rules.keys() {
                let mut steps = steps("rules");
                steps.push(key(name));
                self.rule_name(&steps, name, false);
            }
            overrides.push(OverrideFor { files, rules: other.rules.clone(), preset: other.preset });
        }
        let catalog = match file.images.is_empty() {
            true => None,
            false => match Catalog::with_rows(&file.images) {
                Ok(catalog) => Some(Arc::new(catalog)),
                Err((index, message)) => {
                    self.problem(
                        &[key("images"), Step::Item(index)],
                        format!("not a row of the catalogue: {message}"),
                        None,
                    );
                    None
                }
            },
        };
        let levels: Vec<(String, Level)> =
            file.rules.iter().filter_map(|(name, setting)| Some((name.clone(), setting.level()?))).collect();
        let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Config {
            thresholds: thresholds(&file),
            host_memory,
            exclude,
            services,
            overrides,
            catalog,
            levels,
            baseline: file.baseline.as_ref().map(|name| directory.join(name)),
            path: path.to_path_buf(),
            directory,
            file,
        }
    }

    fn rule_name(&mut self, steps: &[Step], name: &str, groups: bool) {
        let groups = Group::ALL.iter().map(|group| group.name()).filter(|_| groups);
        let known: Vec<&str> = RULES.iter().map(|rule| rule.meta().name).chain(groups).collect();
        if known.contains(&name) {
            return;
        }
        let help = match nearest(name, known).first() {
            Some(name) => format!("did you mean `{name}`?"),
            None => "`oomlint rules` lists them".to_owned(),
        };
        let mut span = self.place(steps).unwrap_or_else(|| Span::new(SourceId(0), 0, 1));
        // A rule's own key is the mistake, not what stands behind it.
        if let Some(key) = self.key_of(steps, name) {
            span = key;
        }
        self.problems.push((format!("there is no rule `{name}`"), span, Some(help)));
    }

    fn key_of(&self, steps: &[Step], name: &str) -> Option<Span> {
        let mut node = *self.tree.documents().first()?;
        for step in steps {
            let pairs = match &self.tree.node(node).kind {
                Kind::Map(pairs) => pairs,
                Kind::Seq(items) => {
                    let Step::Item(index) = step else { return None };
                    node = *items.get(*index)?;
                    continue;
                }
                _ => return None,
            };
            let Step::Key(key) = step else { return None };
            let found = pairs.iter().find(|(id, _)| {
                matches!(&self.tree.node(*id).kind, Kind::Scalar(text) if text.text.as_str() == key)
            })?;
            if key == name {
                return Some(self.tree.node(found.0).span);
            }
            node = found.1;
        }
        let Kind::Seq(items) = &self.tree.node(node).kind else { return None };
        items.iter().map(|item| self.tree.node(*item)).find_map(|item| match &item.kind {
            Kind::Scalar(text) if text.text.as_str() == name => Some(item.span),
            _ => None,
        })
    }

    /// Only the options that the rule has.
    fn options(&mut self, rule: &str, options: &RuleOptions) {
        let steps = |option: &str| {
            [Step::Key("rules".to_owned()), Step::Key(rule.to_owned()), Step::Key(option.to_owned())]
        };
        let percents = [
            ("tight-heap", "java-heap-percent", options.java_heap_percent),
            ("tight-heap", "node-heap-percent", options.node_heap_percent),
            ("tight-heap", "go-limit-percent", options.go_limit_percent),
            ("tight-heap", "heap-percent", options.heap_percent),
            ("cache-exceeds-limit", "cache-percent", options.cache_percent),
        ];
        let rest = options.java_rest.as_ref().map(|_| ("tight-heap", "java-rest"));
        let set = percents.iter().filter(|(.., value)| value.is_some()).map(|(of, option, _)| (*of, *option));
        for (of, option) in set.chain(rest) {
            if of != rule {
                let help = Some(format!("it is one of `{of}`"));
                self.problem(&steps(option), format!("`{rule}` has no option `{option}`"), help);
            }
        }
        for (_, option, value) in percents {
            if value.is_some_and(|percent| !(1.0..=100.0).contains(&percent)) {
                self.problem(&steps(option), "percent, from 1 to 100".to_owned(), None);
            }
        }
        if let Some(text) = &options.java_rest {
            self.size(&steps("java-rest"), text);
        }
    }

    fn size(&mut self, steps: &[Step], text: &str) -> Option<ByteSize> {
        match ByteSize::parse_compose(text) {
            Ok(size) if size.0 > 0 => Some(size),
            _ => {
                self.problem(
                    steps,
                    format!("`{text}` is no size"),
                    Some("as Compose writes them: 512m, 16g".to_owned()),
                );
                None
            }
        }
    }

    fn date(&mut self, steps: &[Step], text: &str) -> Option<time::Date> {
        let format = time::macros::format_description!("[year]-[month]-[day]");
        match time::Date::parse(text, &format) {
            Ok(date) => Some(date),
            Err(_) => {
                self.problem(
                    steps,
                    format!("`{text}` is no date"),
                    Some("year-month-day, as in 2026-12-31".to_owned()),
                );
                None
            }
        }
    }

    fn glob(&mut self, steps: &[Step], text: &str) -> Option<GlobMatcher> {
        match Glob::new(text) {
            Ok(glob) => Some(glob.compile_matcher()),
            Err(error) => {
                self.problem(steps, format!("not a glob: {}", error.kind()), None);
                None
            }
        }
    }

    fn globs(&mut self, steps: &[Step], texts: &[String]) -> GlobSet {
        let mut set = GlobSetBuilder::new();
        for text in texts {
            match Glob::new(text) {
                Ok(glob) => _ = set.add(glob),
                Err(error) => self.problem(steps, format!("`{text}` is not a glob: {}", error.kind()), None),
            }
        }
        set.build().unwrap_or_default()
    }
}

/// The line of a top-level key, from 1.
pub(super) fn line_of(text: &str, key: &str) -> Option<usize> {
    Reader { tree: Tree::parse(SourceId(0), text), problems: Vec::new() }.line(text, key)
}
