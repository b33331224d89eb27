#!/usr/bin/env bash
# Builds the playground into target/playground: a page with the engine as WebAssembly, for any server of static files.
# Usage: playground/build.sh [all|engine|page|check]
#
# `check` only compiles the engine for this machine, which needs nothing but Rust.
#
# Needs node and npm, and a Rust compiler for wasm32-unknown-unknown: rustup's is used, and its target added. Another one is told by
# cargo's own variables (CARGO, RUSTC, CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER). With RUSTC_BOOTSTRAP=1 and the sources of the
# standard library (rust-src) that is built, too, which makes the page smaller. Ends with 3 where there is no such compiler.
set -euo pipefail
cd "$(dirname "$0")/.."
part=${1:-all}
out=${PLAYGROUND_OUT:-$PWD/target/playground}
target=wasm32-unknown-unknown
mkdir -p "$out"

engine_directory=${CARGO_TARGET_DIR:-$PWD/target/playground-engine}

# Runs cargo on the engine, with the packages of the program in its versions.
cargo_engine() {
    cp Cargo.lock playground/engine/Cargo.lock
    "${CARGO:-cargo}" "$1" --manifest-path playground/engine/Cargo.toml --target-dir "$engine_directory" "${@:2}"
}

engine() {
    local rustc=${RUSTC:-rustc} options=()
    has_library() { compgen -G "$("$rustc" --print target-libdir --target "$target")/libstd-*.rlib" >/dev/null; }
    if [ -n "${RUSTC_BOOTSTRAP:-}" ] && [ -d "$("$rustc" --print sysroot)/lib/rustlib/src/rust/library" ]; then
        # A library of its own can leave out the messages of panics, which nobody sees in a page, and take small code for fast.
        options+=(-Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size)
        export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none"
    elif ! has_library; then
        if [ -z "${RUSTC:-}" ] && command -v rustup >/dev/null; then rustup target add "$target" || true; fi
        if ! has_library; then
            echo "playground: no Rust compiler for $target here: rustup target add $target" >&2
            exit 3
        fi
    fi
    cargo_engine build --release --target "$target" "${options[@]}"
    cp "$engine_directory/$target/release/oomlint_playground.wasm" "$out/engine.wasm"
}

page() {
    (cd playground && npm ci --no-audit --no-fund --silent)
    local esbuild=playground/node_modules/.bin/esbuild options=(--bundle --minify --target=es2022 --outdir="$out" --log-level=warning)
    "$esbuild" playground/src/{start,worker}.js "${options[@]}" --format=iife --external:./app.js
    "$esbuild" playground/src/app.js "${options[@]}" --format=esm
    "$esbuild" playground/src/style.css --minify --outdir="$out" --log-level=warning
    cp playground/src/index.html "$out/"
}

case $part in
all) engine; page ;;
engine | page) "$part" ;;
check) cargo_engine check; exit ;;
*) echo "usage: playground/build.sh [all|engine|page|check]" >&2; exit 2 ;;
esac

if command -v brotli >/dev/null; then
    total=0
    for file in "$out"/*.*; do
        bytes=$(brotli --quality=11 --stdout "$file" | wc -c)
        total=$((total + bytes))
        printf '%10d bytes, %8d with brotli  %s\n' "$(wc -c <"$file")" "$bytes" "${file##*/}"
    done
    printf '%10s        %8d in all\n' '' "$total"
fi
