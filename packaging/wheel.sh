#!/usr/bin/env bash
# Builds the wheel for any Linux with glibc 2.17 or newer, installs it into a clean environment and runs it on a sample.
# Wants Python; maturin and a linker (zig) come from its registry into target/packaging.
set -euo pipefail
cd "$(dirname "$0")/.."
packaging/tools.sh maturin==1.16.0 ziglang==0.17.1
rm -rf target/packaging/wheels
begun=$(date +%s)
PATH="$PWD/target/packaging/tools/bin:$PATH" maturin build --quiet --release --locked --zig --compatibility manylinux2014 --out target/packaging/wheels
wheel=$(ls target/packaging/wheels/*.whl)
echo "$(basename "$wheel"): $(($(stat -c %s "$wheel") / 1024)) KiB in $(($(date +%s) - begun)) s"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --no-index "$wheel"
cp -r fixtures/projects/shop "$scratch/shop"
cd "$scratch"
venv/bin/oomlint --version
status=0
venv/bin/oomlint --format concise shop >report || status=$?
test "$status" = 1
grep --quiet heap-exceeds-limit report
echo "installed, and finds what is wrong with the sample"
