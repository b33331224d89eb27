#!/usr/bin/env bash
# Writes the repository that pre-commit and prek take released hooks from: it installs the wheels of one release, and nothing
# else, by their checksums. Usage: packaging/mirror.sh WHEELS DIRECTORY
# WHEELS is a folder with the wheels of all systems; DIRECTORY is a checkout of the mirror, whose files are replaced.
set -euo pipefail
cd "$(dirname "$0")/.."
wheels=$1 out=$2
releases=${OOMLINT_RELEASES:-https://github.com/oomlint/oomlint/releases/download}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
mkdir -p "$out"
cp LICENSE-MIT LICENSE-APACHE "$out"

# The hook of this repository that runs a wheel: the same names of files.
awk '/^- id:/ { on = $3 == "oomlint" } on' .pre-commit-hooks.yaml |
    sed -e 's/^  description: .*/  description: Finds how containers will misbehave over memory/' -e 's/: &[a-z]* /: /' >"$out/.pre-commit-hooks.yaml"

{
    cat <<TOML
# Written by packaging/mirror.sh of oomlint for each of its releases.
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"

[project]
name = "oomlint-pre-commit"
version = "$version"
requires-python = ">=3.8"
dependencies = [
TOML
    for wheel in "$wheels"/oomlint-"$version"-py3-none-*.whl; do
        name=$(basename "$wheel")
        case $name in
        *manylinux*_x86_64.whl) system="sys_platform == 'linux' and platform_machine == 'x86_64'" ;;
        *manylinux*_aarch64.whl) system="sys_platform == 'linux' and platform_machine == 'aarch64'" ;;
        *macosx_*_x86_64.whl) system="sys_platform == 'darwin' and platform_machine == 'x86_64'" ;;
        *macosx_*_arm64.whl) system="sys_platform == 'darwin' and platform_machine == 'arm64'" ;;
        *win_amd64.whl) system="sys_platform == 'win32' and platform_machine == 'AMD64'" ;;
        *) echo "which system is $name for?" >&2; exit 1 ;;
        esac
        echo "    \"oomlint @ $releases/v$version/$name#sha256=$(sha256sum "$wheel" | cut -d ' ' -f 1) ; $system\","
    done
    cat <<TOML
]

[tool.setuptools]
py-modules = []
TOML
} >"$out/pyproject.toml"

cat >"$out/README.md" <<TEXT
# oomlint for pre-commit and prek

\`\`\`yaml
repos:
  - repo: https://github.com/oomlint/oomlint-pre-commit
    rev: v$version
    hooks:
      - id: oomlint
\`\`\`

Installs the released program, by its checksum, in seconds: no Rust is needed. Each release of
[oomlint](https://github.com/oomlint/oomlint) writes this repository; changes belong there.
TEXT
echo "v$version: $(grep --count '#sha256=' "$out/pyproject.toml") wheels"
