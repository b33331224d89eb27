#!/usr/bin/env bash
# Runs the tests against mutants of the library: tests/mutants/mutants.py says how. Needs cargo-mutants, for its list, and Python.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=target/mutants/python
if [ ! -x "$folder/bin/python" ]; then
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --requirement tests/mutants/requirements.txt
fi
exec "$folder/bin/python" tests/mutants/mutants.py "$@"
