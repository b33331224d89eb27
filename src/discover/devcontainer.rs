//! Memory requirement of a development container: `hostRequirements.memory` of a `devcontainer.json` (containers.dev,
//! "Minimum host requirements").

use std::path::{Path, PathBuf};

use jsonc_parser::ast::Value;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};

use crate::source::Sources;

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
