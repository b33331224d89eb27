#!/usr/bin/env bash
# Builds the program without any shared library, and runs it where there is nothing else.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$(rustc -vV | sed -n 's/^host: //p')
begun=$(date +%s)
RUSTFLAGS="-C target-feature=+crt-static" cargo build --quiet --release --locked --target "$target" --target-dir target/packaging/static
program=$PWD/target/packaging/static/$target/release/oomlint
echo "$(($(stat -c %s "$program") / 1024)) KiB in $(($(date +%s) - begun)) s"
if ldd "$program" 2>/dev/null | grep --quiet '=>'; then
    echo "it wants libraries"
    exit 1
fi
echo "static"
packaging/sample.sh env -i "$program"
