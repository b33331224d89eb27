#!/usr/bin/env bash
# Lists what is compiled into the program, as CycloneDX: every package with its version, licence and checksum.
# Usage: packaging/sbom.sh. Prints the file's path, below target/packaging/sbom.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/target/packaging/tools
if [ ! -x "$tools/bin/cargo-cyclonedx" ]; then
    # It runs for a second: compiling it fast is worth more than a fast program.
    cargo install --quiet --debug cargo-cyclonedx --version 0.5.9 --locked --root "$tools"
fi
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
out=target/packaging/sbom
mkdir -p "$out"
# It writes next to Cargo.toml, and nowhere else. One list for all systems: what only one of them has is among it.
"$tools/bin/cargo-cyclonedx" cyclonedx --quiet --format json --spec-version 1.5 --target all \
    --no-build-deps --override-filename "oomlint-$version.cdx"
mv "oomlint-$version.cdx.json" "$out"
echo "$out/oomlint-$version.cdx.json"
