//! Paths as text for people and reports.

use std::path::Path;

/// Returns a path as it is shown: with `/` between its parts on every system.
#[must_use]
pub fn path_text(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { from_windows(&text) } else { text.into_owned() }
}

/// Replaces `\`, and removes the prefix that Windows writes before a path whose links are followed: `\\?\C:\a` is `C:/a`,
/// `\\?\UNC\host\share` is `//host/share`.
pub(crate) fn from_windows(text: &str) -> String {
    let plain = match text.strip_prefix(r"\\?\") {
        Some(share) if share.starts_with(r"UNC\") => {
            share.strip_prefix("UNC").map(|rest| format!(r"\{rest}"))
        }
        // What else has that prefix, such as a volume by its number, has no other name.
        Some(drive) if drive.as_bytes().get(1) == Some(&b':') => Some(drive.to_owned()),
        _ => None,
    };
    plain.as_deref().unwrap_or(text).replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_windows_are_shown_with_slashes() {
        for (path, shown) in [
            (r"budget\.devcontainer\devcontainer.json", "budget/.devcontainer/devcontainer.json"),
            (r"..\api/Dockerfile", "../api/Dockerfile"),
            (r"C:\stack\compose.yaml", "C:/stack/compose.yaml"),
            (r"\\host\share\compose.yaml", "//host/share/compose.yaml"),
            (r"\\?\C:\stack\compose.yaml", "C:/stack/compose.yaml"),
            (r"\\?\UNC\host\share\compose.yaml", "//host/share/compose.yaml"),
            (r"\\?\Volume{0}\compose.yaml", "//?/Volume{0}/compose.yaml"),
            ("compose.yaml", "compose.yaml"),
        ] {
            assert_eq!(from_windows(path), shown);
        }
    }

    /// A `\` is a character of names on other systems.
    #[cfg(unix)]
    #[test]
    fn names_elsewhere_stay_as_they_are() {
        assert_eq!(path_text(Path::new(r"a\b/compose.yaml")), r"a\b/compose.yaml");
    }
}
