#!/usr/bin/env bash
# Says what keeps a tag from being a release. Usage: packaging/tag.sh vVERSION
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
if [ "$1" != "v$version" ]; then
    echo "the tag is $1, Cargo.toml says $version"
    exit 1
fi
extension=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' editors/vscode/package.json)
if [ "$extension" != "$version" ]; then
    echo "the extension is $extension, Cargo.toml says $version"
    exit 1
fi
if ! grep --quiet --fixed-strings --regexp "## $version" CHANGELOG.md; then
    echo "CHANGELOG.md has no \`## $version\`"
    exit 1
fi
# The text of the release: the section of the changelog, without its head.
awk -v head="## $version" '/^## / { on = index($0, head) == 1; next } on' CHANGELOG.md
