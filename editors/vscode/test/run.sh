#!/usr/bin/env bash
# Drives the packed extension in a real VS Code: code-server, looked at through headless Chromium.
# Usage: editors/vscode/test/run.sh PROGRAM [SCREENSHOTS]
#
# PROGRAM is the oomlint that is packed. What the test needs is installed below target/vscode-test, once. CHROMIUM names another
# browser. Where npm or a browser is not here, it says so, and ends well.
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/../../.."
tools=$PWD/target/vscode-test
shots=${2:-$tools/screenshots}

skip() {
    echo "the extension was not tested: $1"
    exit 0
}

command -v npm >/dev/null || skip "npm is not here"
CHROMIUM=$(command -v "${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome || true)
[ -n "$CHROMIUM" ] || skip "Chromium is not here"
export CHROMIUM
# code-server runs on the one version of Node that it was built for.
[ "$(node --version | cut -d. -f1)" = v20 ] || skip "code-server 4.100.3 needs Node 20, here is $(node --version)"

# VS Code 1.100.3. Its own steps after the installation are left out: they want a compiler for more than is needed here.
if [ ! -e "$tools/installed" ]; then
    mkdir -p "$tools"
    echo '{"private": true}' >"$tools/package.json"
    quiet=(--silent --no-audit --no-fund --ignore-scripts)
    (cd "$tools" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install "${quiet[@]}" code-server@4.100.3 playwright-core@1.52.0)
    (
        cd "$tools/node_modules/code-server/lib/vscode"
        npm install "${quiet[@]}" --omit=dev
        npm rebuild --silent @vscode/spdlog native-watchdog
        npm rebuild --silent node-pty >/dev/null 2>&1 || true # only the terminal wants it
        ln -sfn node_modules node_modules.asar
    )
    (cd "$tools" && npm rebuild --silent argon2)
    touch "$tools/installed"
fi

host=$(rustc -vV | sed -n 's/^host: //p')
packaging/vsix.sh "$host" "$program"
node editors/vscode/test/drive.mjs "$tools" target/packaging/vsix/oomlint-*.vsix "$shots"
