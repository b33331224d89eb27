#!/usr/bin/env bash
# Runs an oomlint that was installed, in a clean folder, on a sample: it has to find what is wrong there.
# Usage: packaging/sample.sh COMMAND...
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp -r "$top/fixtures/projects/shop" "$scratch/shop"
cd "$scratch"
version=$("$@" --version | tr -d '\r')
test "$version" = "oomlint $(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -1)" || { echo "it says $version"; exit 1; }
status=0
"$@" --format concise shop >report || status=$?
if [ "$status" != 1 ] || ! grep --quiet heap-exceeds-limit report; then
    echo "$* ends with $status, and says"
    cat report
    exit 1
fi
echo "runs, and finds what is wrong with the sample"
