#!/usr/bin/env bash
# Installs the judges of tests/it/sarif.rs into target/sarif-tools, where the test looks for them. Without npm or Python the
# test says that it is skipped.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
folder=target/sarif-tools
mkdir -p target

multitool=$folder/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool
if [ ! -x "$multitool" ] && command -v npm >/dev/null; then
    npm install --silent --no-fund --no-audit --prefix "$folder" @microsoft/sarif-multitool-linux@5.7.0 >/dev/null \
        && chmod u+x "$multitool" || echo "sarif-tools: the Multitool is not installed"
fi
if [ ! -x "$folder/venv/bin/sarif" ] && command -v python3 >/dev/null; then
    { python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet sarif-tools==3.0.5; } \
        || echo "sarif-tools: the reader is not installed"
fi
exit 0
