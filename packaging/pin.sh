#!/usr/bin/env bash
# Writes the checksums of a release into packaging/programs.txt. Usage: packaging/pin.sh SHA256SUMS
set -euo pipefail
cd "$(dirname "$0")/.."
sums=$1
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
rows=$(grep -E "^[0-9a-f]{64}  oomlint-${version//./\\.}-[a-z0-9_-]+\.(tar\.gz|zip)\$" "$sums")
cat >packaging/programs.txt <<TEXT
# The archives of the last release and their SHA-256, as \`sha256sum\` prints them: what action.yml runs. Every release writes
# them here (packaging/pin.sh).
$rows
TEXT
wc -l <<<"$rows"
