#!/usr/bin/env bash
# The server as a process, before clients with the capabilities of real editors. The client comes from Python's registry, into
# target/lsp-clients; without Python or the registry nothing is tested, and that is said.
set -uo pipefail
cd "$(dirname "$0")/../.."
folder=target/lsp-clients
mkdir -p target

if [ ! -x "$folder/bin/pytest" ]; then
    if ! command -v python3 >/dev/null || ! python3 -m venv "$folder" \
        || ! timeout 200 "$folder/bin/pip" install --quiet --requirement tests/lsp_clients/requirements.txt; then
        echo "lsp-clients: skipped, the client is not installed"
        rm -rf "$folder"
        exit 0
    fi
fi
cargo build --locked --quiet || exit 1
OOMLINT="${CARGO_TARGET_DIR:-$PWD/target}/debug/oomlint" timeout 200 "$folder/bin/pytest" -q -p no:cacheprovider tests/lsp_clients
