#!/usr/bin/env bash
# Makes the npm packages around the static program, installs them into a clean folder and runs them on a sample.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
program=target/packaging/static/$target/release/oomlint
if [ ! -x "$program" ]; then packaging/static.sh; fi
out=target/packaging/npm
rm -rf "$out"
node packaging/npm/generate.js "$out" "$target=$program"
for package in "$out"/*/; do (cd "$package" && npm pack --silent --pack-destination ..); done
for archive in "$out"/*.tgz; do echo "$(basename "$archive"): $(($(stat -c %s "$archive") / 1024)) KiB"; done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
archives=("$PWD/$out"/*.tgz)
top=$PWD
cd "$scratch"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund --offline "${archives[@]}"
"$top/packaging/sample.sh" "$scratch/node_modules/.bin/oomlint"
# Where npm left the system's package out, the wrapper says what to do.
rm -r node_modules/@oomlint
status=0
npx --offline oomlint --version 2>missing || status=$?
test "$status" = 2
grep --quiet 'npm install --include=optional' missing
