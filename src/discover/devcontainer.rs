//! Development containers: what a `devcontainer.json` starts, and `hostRequirements.memory`, what its host needs (containers.dev,
//! "Dev Container metadata reference").

use std::path::{Path, PathBuf};

use jsonc_parser::ast::{Object, StringLit, Value};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::source::{Source, Sources, Span, TracedText};

/// The container of a `devcontainer.json`, as far as it matters here. Texts have variables such as `${localEnv:HOME}` as written.
#[derive(Clone, Debug, Default)]
pub struct Devcontainer {
    /// `name`.
    pub name: Option<TracedText>,
    /// `image`.
    pub image: Option<TracedText>,
    /// `build`, or `dockerFile` and `context` of older files.
    pub build: Option<DevcontainerBuild>,
    /// `runArgs`, each one word of a `docker run`.
    pub run_arguments: Vec<TracedText>,
    /// `dockerComposeFile`, relative to the file.
    pub compose_files: Vec<TracedText>,
    /// `containerEnv`.
    pub environment: Vec<(TracedText, TracedText)>,
    /// Span of `runArgs`, else of the object.
    pub span: Option<Span>,
}

/// `build` of a `devcontainer.json`. Paths are relative to the file.
#[derive(Clone, Debug, Default)]
pub struct DevcontainerBuild {
    /// `dockerfile`.
    pub dockerfile: Option<TracedText>,
    /// `context`.
    pub context: Option<TracedText>,
    /// `target`.
    pub target: Option<TracedText>,
}

/// True for the names of a file with a development container.
#[must_use]
pub fn is_devcontainer(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "devcontainer.json" || name == ".devcontainer.json")
}

/// Reads a `devcontainer.json`. None if it cannot be parsed, which is left to the tools that use it.
#[must_use]
pub fn read_devcontainer(source: &Source) -> Option<Devcontainer> {
    let parsed = parse_to_ast(source.text(), &CollectOptions::default(), &ParseOptions::default()).ok()?;
    let Some(Value::Object(root)) = parsed.value else { return None };
    let text = |literal: &StringLit<'_>| {
        let (start, end) = (literal.range.start + 1, literal.range.end.saturating_sub(1));
        TracedText::verbatim(literal.value.as_ref(), Span::new(source.id(), start, end.max(start)))
    };
    let string = |object: &Object<'_>, name: &str| object.get_string(name).map(&text);
    let strings = |name: &str| match root.get(name).map(|property| &property.value) {
        Some(Value::StringLit(one)) => vec![text(one)],
        Some(Value::Array(items)) => items
            .elements
            .iter()
            .filter_map(|item| if let Value::StringLit(item) = item { Some(text(item)) } else { None })
            .collect(),
        _ => Vec::new(),
    };
    let build = match (root.get_object("build"), string(&root, "dockerFile")) {
        (Some(build), _) => Some(DevcontainerBuild {
            dockerfile: string(build, "dockerfile"),
            context: string(build, "context"),
            target: string(build, "target"),
        }),
        (None, Some(dockerfile)) => Some(DevcontainerBuild {
            dockerfile: Some(dockerfile),
            context: string(&root, "context"),
            target: None,
        }),
        (None, None) => None,
    };
    let environment = root.get_object("containerEnv").map(|variables| {
        let pair = |property: &jsonc_parser::ast::ObjectProp<'_>| {
            let Value::StringLit(value) = &property.value else { return None };
            let key = match &property.name {
                jsonc_parser::ast::ObjectPropName::String(name) => text(name),
                jsonc_parser::ast::ObjectPropName::Word(_) => return None,
            };
            Some((key, text(value)))
        };
        variables.properties.iter().filter_map(pair).collect()
    });
    let arguments = root.get("runArgs").map(|property| property.range.start..property.range.end);
    let whole = arguments.unwrap_or(root.range.start..(root.range.start + 1).min(root.range.end));
    Some(Devcontainer {
        name: string(&root, "name"),
        image: string(&root, "image"),
        build,
        run_arguments: strings("runArgs"),
        compose_files: strings("dockerComposeFile"),
        environment: environment.unwrap_or_default(),
        span: Some(Span::new(source.id(), whole.start, whole.end)),
    })
}

/// Memory that the host needs at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRequirement {
    /// The size in bytes.
    pub bytes: i64,
    /// Path of the `devcontainer.json`, for display.
    pub path: PathBuf,
    /// Line of the value, from 1.
    pub line: u32,
}

/// Returns the requirement of the development container for `directory`: from the nearest
/// `.devcontainer/devcontainer.json` or `.devcontainer.json` that states one, in it or an ancestor, up to the current
/// directory. Inside of `.devcontainer`, the directory's own `devcontainer.json` comes first.
#[must_use]
pub fn host_requirement(directory: &Path, sources: &Sources) -> Option<HostRequirement> {
    let here = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let inside = here.components().any(|part| part.as_os_str() == ".devcontainer");
    let own = inside.then(|| directory.join("devcontainer.json"));
    let around = directory
        .ancestors()
        .flat_map(|above| [above.join(".devcontainer/devcontainer.json"), above.join(".devcontainer.json")]);
    own.into_iter().chain(around).find_map(|path| read(&path, sources))
}

fn read(path: &Path, sources: &Sources) -> Option<HostRequirement> {
    let id = sources.load(path).ok()?;
    let source = sources.get(id);
    // A syntax error is left to the tools that use the file.
    let parsed = parse_to_ast(source.text(), &CollectOptions::default(), &ParseOptions::default()).ok()?;
    let Some(Value::Object(root)) = parsed.value else { return None };
    let memory = root.get_object("hostRequirements")?.get_string("memory")?;
    let bytes = size(&memory.value)?;
    let at = u32::try_from(memory.range.start).ok()?;
    Some(HostRequirement { bytes, path: source.path().to_path_buf(), line: source.line_at(at).number })
}

/// Parses a number with the optional unit `tb`, `gb`, `mb` or `kb` into bytes. Units are powers of 1024, as in the
/// reference implementation (devcontainers/cli `src/spec-node/utils.ts`).
fn size(text: &str) -> Option<i64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" => 0,
        "kb" => 10,
        "mb" => 20,
        "gb" => 30,
        "tb" => 40,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(1 << shift).filter(|bytes| *bytes > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_that_says_something_counts() {
        let sources = Sources::new();
        let text =
            "// for all\n{\n  /* why */ \"hostRequirements\": {\"cpus\": 4, \"memory\": \"8gb\",},\n}\n";
        sources.add(Path::new("app/.devcontainer/devcontainer.json"), text);
        sources.add(Path::new("app/deploy/.devcontainer.json"), "{}");
        let found = host_requirement(Path::new("app/deploy"), &sources).unwrap();
        assert_eq!((found.bytes, found.line), (8 << 30, 3));
        assert_eq!(host_requirement(Path::new("app/.devcontainer"), &sources).unwrap().bytes, 8 << 30);
        assert_eq!(host_requirement(Path::new("other"), &sources), None);
    }

    #[test]
    fn sizes_are_those_of_the_specification() {
        assert_eq!(size("16gb"), Some(16 << 30));
        assert_eq!(size("512MB"), Some(512 << 20));
        assert_eq!(size("1024"), Some(1024));
        for text in ["", "gb", "8gib", "-1gb", "0gb", "1.5gb", "99999999999tb"] {
            assert_eq!(size(text), None, "{text}");
        }
    }

    #[test]
    fn broken_files_say_nothing() {
        let sources = Sources::new();
        sources.add(Path::new("a/.devcontainer.json"), "{\"hostRequirements\": ");
        sources.add(Path::new("b/.devcontainer.json"), "[".repeat(100_000));
        sources.add(Path::new("c/.devcontainer.json"), "{\"hostRequirements\": {\"memory\": 8}}");
        for directory in ["a", "b", "c"] {
            assert_eq!(host_requirement(Path::new(directory), &sources), None);
        }
    }
}
