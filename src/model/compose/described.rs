//! Containers that no Compose file describes, but `docker inspect` or a command line does: their settings become a [`Service`], read
//! as one of a Compose file is.

use super::job::Element;
use super::service::Service;
use super::value::{Entry, Kind, Map, Missing, Scalar, Unset, Value};
use crate::model::fact::Why;
use crate::model::launch::Launch;
use crate::source::{Span, TracedText};
use crate::syntax::yaml;

/// The description of a container that no Compose file defines, with its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The form of the description.
    pub by: Description,
    /// Its name in the engine. `None` if that is not known, or is none that an engine takes.
    pub container: Option<String>,
    /// The Compose service that it was made from, by its labels.
    pub compose: Option<ComposeLabels>,
    /// The command line that starts it, if one describes it.
    pub launch: Option<Box<Launch>>,
}

impl Described {
    /// True if Podman runs the container.
    #[must_use]
    pub fn is_podman(&self) -> bool {
        self.launch.as_ref().is_some_and(|launch| launch.podman)
            || matches!(self.by, Description::Inspect { podman: true, .. })
    }
}

/// The form in which a container is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Description {
    /// The output of `docker inspect`, or `podman inspect`. What comes with its image is part of it.
    Inspect {
        /// It is Podman's.
        podman: bool,
        /// Its `MemorySwap`, as the engine has it: memory and swap in bytes, -1 for no limit, 0 for none that was set. `None` if the
        /// output does not have it.
        swap: Option<i64>,
    },
    /// A command line, such as `docker run`.
    CommandLine,
}

/// The labels by which Compose finds its containers again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComposeLabels {
    /// `com.docker.compose.project`.
    pub project: Option<String>,
    /// `com.docker.compose.service`.
    pub service: Option<String>,
    /// `com.docker.compose.project.config_files`: paths on the machine where Compose ran.
    pub files: Vec<String>,
    /// `com.docker.compose.version`.
    pub version: Option<String>,
    /// `com.docker.compose.oneoff`: made by `docker compose run`.
    pub is_one_off: bool,
}

/// A value for a setting of a container, with its span.
#[derive(Clone, Debug)]
pub struct Setting(Value);

impl Setting {
    /// A text, as in a Compose file's quotes: sizes and durations are parsed from it.
    #[must_use]
    pub fn text(text: TracedText) -> Self {
        Self(Value::string(text))
    }

    /// A whole number; as a size, in bytes.
    #[must_use]
    pub fn integer(number: i64, span: Span) -> Self {
        Self::scalar(number.to_string(), yaml::Value::Int(number), span)
    }

    /// A number with a fraction.
    #[must_use]
    pub fn number(number: f64, span: Span) -> Self {
        Self::scalar(number.to_string(), yaml::Value::Float(number), span)
    }

    /// A boolean.
    #[must_use]
    pub fn boolean(value: bool, span: Span) -> Self {
        Self::scalar(value.to_string(), yaml::Value::Bool(value), span)
    }

    /// A list.
    #[must_use]
    pub fn list(items: Vec<Self>, span: Span) -> Self {
        let kind = Kind::Seq(items.into_iter().map(|item| item.0).collect());
        Self(Value { kind, ..Value::map(Map::default(), span) })
    }

    /// A mapping: keys with their spans, and values.
    #[must_use]
    pub fn map(entries: Vec<(String, Span, Self)>, span: Span) -> Self {
        let entries = entries.into_iter().map(|(name, key, value)| (name, Entry::new(key, value.0)));
        Self(Value::map(entries.collect(), span))
    }

    /// A value that is set and not known.
    #[must_use]
    pub fn unknown(why: Why, at: Span) -> Self {
        Self::with_hole(TracedText::empty(at), None, why, at)
    }

    /// A text with a part that is not known, a [`crate::syntax::template::HOLE`] in its place. `at` is the span of that part.
    #[must_use]
    pub fn partial(text: TracedText, why: Why, at: Span) -> Self {
        Self::with_hole(text.clone(), Some(text), why, at)
    }

    fn with_hole(text: TracedText, partial: Option<TracedText>, why: Why, at: Span) -> Self {
        let mut value = Value::string(text);
        value.missing = Some(Box::new(Missing { at, why: why.clone() }));
        if let Kind::Scalar(scalar) = &mut value.kind {
            scalar.unset = Some(Box::new(Unset { why, at, partial }));
        }
        Self(value)
    }

    fn scalar(text: String, typed: yaml::Value, span: Span) -> Self {
        let text = TracedText::verbatim(text, span);
        let kind = Kind::Scalar(Scalar { text, typed, unset: None, default_of: None, template: None });
        Self(Value { kind, ..Value::map(Map::default(), span) })
    }
}

/// Builds the [`Service`] of a container that no Compose file describes, from settings named as Compose names them.
///
/// A setting that is not given is absent. One that may be set where nobody sees it is given as [`Setting::unknown`]; a healthcheck
/// too, and an environment by [`ServiceBuilder::open_environment`].
#[derive(Clone, Debug)]
pub struct ServiceBuilder {
    name: String,
    described: Described,
    entry: Entry,
}

impl ServiceBuilder {
    /// Starts a container by this name. What it lacks is reported at `key`.
    #[must_use]
    pub fn new(name: impl Into<String>, key: Span, described: Described) -> Self {
        Self { name: name.into(), described, entry: Entry::new(key, Value::map(Map::default(), key)) }
    }

    /// Sets a value by the path of its keys: `["mem_limit"]`, `["deploy", "resources", "limits", "memory"]`, `["healthcheck", "test"]`.
    /// The last one wins. `key` is the span of what stands for the key: a JSON key, a flag.
    pub fn set(&mut self, path: &[&str], key: Span, value: Setting) -> &mut Self {
        let Some((last, above)) = path.split_last() else { return self };
        let mut map = &mut self.entry.value;
        for name in above {
            let Kind::Map(entries) = &mut map.kind else { return self };
            let below = || Entry::new(key, Value::map(Map::default(), key));
            map = &mut entries.entry((*name).to_owned()).or_insert_with(below).value;
        }
        if let Kind::Map(entries) = &mut map.kind {
            entries.insert((*last).to_owned(), Entry::new(key, value.0));
        }
        self
    }

    /// Appends an item to a list, as `["volumes"]` and `["tmpfs"]`.
    pub fn push(&mut self, name: &str, key: Span, item: Setting) -> &mut Self {
        let Kind::Map(entries) = &mut self.entry.value.kind else { return self };
        let empty = || Entry::new(key, Setting::list(Vec::new(), key).0);
        if let Kind::Seq(items) = &mut entries.entry(name.to_owned()).or_insert_with(empty).value.kind {
            items.push(item.0);
        }
        self
    }

    /// Says that the environment may have variables besides those that are set here.
    pub fn open_environment(&mut self, at: Span, why: Why) -> &mut Self {
        self.push("env_file", at, Setting::unknown(why, at))
    }

    /// Reads the settings as those of a service.
    #[must_use]
    pub fn build(self) -> Service {
        let element = Element::Described(self.described);
        Service { element, ..Service::read(&self.name, &self.entry) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fact::Fact;
    use crate::source::SourceId;
    use crate::syntax::size::{ByteSize, MIB};
    use crate::syntax::template::HOLE;

    fn at(start: usize) -> Span {
        Span::new(SourceId(0), start, start + 4)
    }

    fn text(text: &str) -> Setting {
        Setting::text(TracedText::verbatim(text, at(90)))
    }

    fn builder() -> ServiceBuilder {
        let described =
            Described { by: Description::CommandLine, container: None, compose: None, launch: None };
        ServiceBuilder::new("web", at(0), described)
    }

    #[test]
    fn settings_are_read_as_those_of_a_service() {
        let mut builder = builder();
        builder
            .set(&["mem_limit"], at(10), text("512m"))
            .set(&["mem_limit"], at(20), text("1g"))
            .set(&["memswap_limit"], at(30), Setting::integer(-1, at(34)))
            .set(&["deploy", "resources", "limits", "pids"], at(40), Setting::integer(64, at(44)))
            .set(&["healthcheck", "test"], at(50), Setting::list(vec![text("CMD"), text("true")], at(54)))
            .push("tmpfs", at(60), text("/run:size=64m"))
            .push("tmpfs", at(60), text("/tmp"))
            .set(&["environment"], at(70), Setting::map(vec![("A".to_owned(), at(71), text("1"))], at(70)));
        let service = builder.build();
        assert_eq!(service.mem_limit.value(), Some(&ByteSize(1024 * MIB)));
        assert_eq!(service.size_keys[0].key, at(20));
        assert_eq!(
            service.memswap_limit.known().map(|swap| (swap.value, swap.span)),
            Some((ByteSize(-1), at(34)))
        );
        assert_eq!(service.deploy.pids.value(), Some(&64));
        assert!(service.mem_reservation.is_absent() && service.logging.is_absent());
        assert_eq!(
            service.healthcheck.and_then(|check| check.test.known().map(|test| test.value.len())),
            Some(2)
        );
        assert_eq!(service.tmpfs.len(), 2);
        assert_eq!(
            service.environment.get("A").and_then(|fact| fact.value()).map(|text| text.as_str()),
            Some("1")
        );
        assert_eq!(service.environment_keys.get("A"), Some(&at(71)));
    }

    #[test]
    fn what_is_not_known_is_not_absent() {
        let why = || Why::Other("cut off");
        let mut builder = builder();
        for key in ["mem_limit", "healthcheck", "logging", "restart", "command", "entrypoint", "image"] {
            builder.set(&[key], at(10), Setting::unknown(why(), at(12)));
        }
        builder.open_environment(at(20), why());
        builder.set(
            &["shm_size"],
            at(30),
            Setting::partial(TracedText::verbatim(HOLE.to_string(), at(30)), why(), at(30)),
        );
        let service = builder.build();
        fn unknown<T>(fact: &Fact<T>) -> bool {
            matches!(fact, Fact::Unknown { why: Why::Other("cut off"), .. })
        }
        assert!(unknown(&service.mem_limit) && unknown(&service.shm_size) && unknown(&service.restart));
        assert!(unknown(&service.logging) && unknown(&service.command) && unknown(&service.entrypoint));
        assert!(service.healthcheck.is_some_and(|check| unknown(&check.test) && unknown(&check.disable)));
        assert!(unknown(&service.env_files[0].path) && unknown(&service.image));
    }
}
