#!/usr/bin/env bash
# Makes the wheel around a program. The one of this system is installed into a clean environment and run on a sample.
# Usage: packaging/wheel.sh [TARGET PROGRAM]
# Without arguments: this system, with the static program. The list of packaging/sbom.sh, if it is there, is put inside.
set -euo pipefail
cd "$(dirname "$0")/.."
host=$(rustc -vV | sed -n 's/^host: //p')
target=${1:-$host}
program=${2:-target/packaging/static/$target/release/oomlint}
if [ ! -x "$program" ] && [ $# -lt 2 ]; then packaging/static.sh; fi
python=$(command -v python3 || command -v python)
sboms=(target/packaging/sbom/*.json)
if [ ! -e "${sboms[0]}" ]; then sboms=(); fi
wheel=$("$python" packaging/wheel.py "$target" "$program" target/packaging/wheels ${sboms[@]+"${sboms[@]}"})
echo "$(basename "$wheel"): $(($(wc -c <"$wheel") / 1024)) KiB"
if [ "$target" != "$host" ]; then exit 0; fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$python" -m venv "$scratch/venv"
bin=$scratch/venv/bin
if [ ! -d "$bin" ]; then bin=$scratch/venv/Scripts; fi
"$bin/python" -m pip install --quiet --no-index "$wheel"
packaging/sample.sh "$bin/oomlint"
