#!/usr/bin/env bash
# Installs tools from Python's registry into target/packaging/tools. Usage: packaging/tools.sh NAME==VERSION...
set -euo pipefail
cd "$(dirname "$0")/.."
tools=target/packaging/tools
if [ ! -x "$tools/bin/pip" ]; then python3 -m venv "$tools"; fi
for wanted in "$@"; do
    if ! "$tools/bin/pip" freeze | grep --line-regexp --ignore-case --fixed-strings "$wanted" >/dev/null; then
        "$tools/bin/pip" install --quiet "$wanted"
    fi
done
