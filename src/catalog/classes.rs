//! Classes of programs, with the memory to begin with: `rules/catalog/classes.yaml`.

use std::sync::OnceLock;

use serde::Deserialize;

use super::RuntimeName;

/// The table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classes {
    /// The classes; the first that fits a program decides.
    classes: Vec<Class>,
    /// The class of a job that ends.
    pub job: Class,
    /// The class of what no other class fits.
    pub unknown: Class,
}

/// A kind of program, and the limits to begin with, in MiB.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name in messages, with an article: `a database`.
    pub class: String,
    /// The limit on a small host.
    pub least: i64,
    /// The limit on a host with room.
    pub usual: i64,
    /// The limit that no larger host exceeds.
    pub most: i64,
    /// Names of images, with a `*` at one end or none.
    #[serde(default)]
    images: Vec<String>,
    /// Runtimes.
    #[serde(default)]
    runtimes: Vec<RuntimeName>,
    /// Words of services' names.
    #[serde(default)]
    services: Vec<String>,
    /// The origin of the numbers.
    #[serde(default)]
    pub source: String,
}

impl Classes {
    /// Returns the compiled-in table.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: OnceLock<Classes> = OnceLock::new();
        // A test parses it, so this does not fail.
        BUILTIN.get_or_init(|| serde_json::from_str(super::CLASSES).unwrap_or_default())
    }

    /// Returns the class of a program: by the name of its image, else by its runtimes, else by a word of its service's name.
    #[must_use]
    pub fn of(&self, image: Option<&str>, runtimes: &[RuntimeName], service: &str) -> Option<&Class> {
        let image = image.map(str::to_ascii_lowercase);
        let service = service.to_ascii_lowercase();
        let by_image =
            || self.classes.iter().find(|class| image.as_ref().is_some_and(|name| class.has_image(name)));
        let by_runtime = || {
            let has = |class: &&Class| class.runtimes.iter().any(|name| runtimes.contains(name));
            self.classes.iter().find(has)
        };
        let by_service = || {
            let is_word = |word: &String| {
                let mut parts = service.split(['-', '_', '.']);
                parts.any(|part| part.trim_end_matches(|c: char| c.is_ascii_digit()) == word)
            };
            self.classes.iter().find(|class| class.services.iter().any(is_word))
        };
        by_image().or_else(by_runtime).or_else(by_service)
    }
}

impl Class {
    /// True if one of its patterns is the name of an image, or the last part of it.
    fn has_image(&self, name: &str) -> bool {
        let last = name.rsplit('/').next().unwrap_or(name);
        self.images.iter().any(|pattern| {
            [name, last].into_iter().any(|name| {
                match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
                    (Some(end), _) => name.ends_with(end),
                    (None, Some(begin)) => name.starts_with(begin),
                    (None, None) => name == pattern,
                }
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_parses_and_its_numbers_are_in_order() {
        let table: Classes = serde_json::from_str(crate::catalog::CLASSES).expect("the table");
        for class in table.classes.iter().chain([&table.job, &table.unknown]) {
            assert!(class.least >= 6 && class.least <= class.usual && class.usual <= class.most, "{class:?}");
            assert!(!class.source.is_empty() && class.class.starts_with('a'), "{class:?}");
        }
    }

    #[test]
    fn a_program_has_the_first_class_that_fits() {
        let class = |image: Option<&str>, runtimes: &[RuntimeName], service: &str| {
            Classes::builtin().of(image, runtimes, service).map(|class| class.class.as_str())
        };
        for (image, expected) in [
            ("postgres", "a database"),
            ("pgvector/pgvector", "a database"),
            ("bitnami/postgresql", "a database"),
            ("ghcr.io/acme/shop-nginx", "a web server or proxy"),
            ("prom/node-exporter", "an exporter or agent"),
            ("oliver006/redis_exporter", "an exporter or agent"),
            ("redis", "a cache"),
            ("confluentinc/cp-kafka", "a Kafka server"),
            ("clickhouse/clickhouse-server", "a column store"),
        ] {
            assert_eq!(class(Some(image), &[], "x"), Some(expected), "{image}");
        }
        assert_eq!(class(Some("acme/api"), &[RuntimeName::Java], "db"), Some("a Java program"));
        assert_eq!(class(Some("acme/api"), &[], "celery-worker"), Some("a queue worker"));
        assert_eq!(class(None, &[], "kafka2"), Some("a Kafka server"));
        assert_eq!(class(Some("acme/api"), &[], "dbx"), None);
    }
}
