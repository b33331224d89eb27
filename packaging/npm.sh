#!/usr/bin/env bash
# Makes the npm packages around the static program, installs them into a clean folder and runs them on a sample.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
program=target/packaging/static/$target/release/oomlint
if [ ! -x "$program" ]; then packaging/static.sh; fi
out=target/packaging/npm
rm -rf "$out"
begun=$(date +%s)
node packaging/npm/generate.js "$out" "$target=$program"
for package in "$out"/*/; do (cd "$package" && npm pack --silent --pack-destination ..); done
for archive in "$out"/*.tgz; do echo "$(basename "$archive"): $(($(stat -c %s "$archive") / 1024)) KiB"; done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
archives=("$PWD/$out"/*.tgz)
cp -r fixtures/projects/shop "$scratch/shop"
cd "$scratch"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund --offline "${archives[@]}"
npx --offline oomlint --version
status=0
npx --offline oomlint --format concise shop >report || status=$?
test "$status" = 1
grep --quiet heap-exceeds-limit report
echo "installed, and finds what is wrong with the sample, in $(($(date +%s) - begun)) s"
# Where npm left the system's package out, the wrapper says what to do.
rm -r node_modules/@oomlint
status=0
npx --offline oomlint --version 2>missing || status=$?
test "$status" = 2
grep --quiet 'npm install --include=optional' missing
