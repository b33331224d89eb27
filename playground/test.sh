#!/usr/bin/env bash
# Tests the playground: the engine against the program in node, then the page in headless Chromium.
# Usage: playground/test.sh [engine|page|measure]
#
# Builds first what is not there. Needs what build.sh needs, cargo, and Chromium (CHROMIUM names another one); says so where
# something is missing, and ends well.
set -euo pipefail
cd "$(dirname "$0")/.."
part=${1:-all}
export PLAYGROUND_OUT=${PLAYGROUND_OUT:-$PWD/target/playground}

skip() {
    echo "playground: not tested: $1"
    exit 0
}

command -v node >/dev/null || skip "node is not here"
command -v npm >/dev/null || skip "npm is not here"
if [ ! -f "$PLAYGROUND_OUT/engine.wasm" ]; then
    code=0
    playground/build.sh engine || code=$?
    [ "$code" != 3 ] || skip "no compiler for WebAssembly"
    [ "$code" = 0 ] || exit "$code"
fi
playground/build.sh page

if [ "$part" = all ] || [ "$part" = engine ]; then
    # The program of the machine's own compiler, whatever builds the engine.
    if [ -z "${OOMLINT:-}" ]; then
        env -u RUSTC -u RUSTDOC -u CARGO -u CARGO_TARGET_DIR cargo build --locked
        export OOMLINT=$PWD/target/debug/oomlint
    fi
    node --test playground/test/equality.test.mjs
fi
[ "$part" != engine ] || exit 0

if [ -z "${CHROMIUM:-}" ]; then
    CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
fi
[ -n "$CHROMIUM" ] || skip "Chromium is not here"
export CHROMIUM
case $part in
measure) node playground/test/measure.mjs ;;
*) node --test --test-concurrency=1 --test-timeout=900000 playground/test/{page,pasted}.test.mjs ;;
esac
