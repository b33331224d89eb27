#!/usr/bin/env bash
# The release, dry: makes every artefact of .github/workflows/release.yml that can be made on one Linux machine, installs each in
# a clean place, runs it there, and publishes nothing. Usage: packaging/dry.sh [STEP...]
# Prints a line for each; what a step said is in target/packaging/dry/STEP.log. Programs of other systems are taken from
# packaging/cross.sh where that built them: they are packed like this system's, and run as far as an emulator can.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
host=$(rustc -vV | sed -n 's/^host: //p')
static=target/packaging/static/$host/release/oomlint
logs=target/packaging/dry
release=target/packaging/release/v$version
mkdir -p "$logs"

# Rust's name of a system, and its program: the name under which it is released, and where packaging/cross.sh left it.
others() {
    local profile=${CROSS_PROFILE:-debug} target program
    for target in aarch64-unknown-linux-gnu x86_64-apple-darwin aarch64-apple-darwin x86_64-pc-windows-msvc; do
        program=target/cross/build/${target/msvc/gnu}/$profile/oomlint
        case $target in *windows*) program=$program.exe ;; esac
        if [ -f "$program" ]; then echo "$target" "$program"; fi
    done
}

# emulator TARGET: the words before a program of that system; fails where nothing here runs it.
emulator() {
    case $1 in
    "$host") ;;
    aarch64-unknown-linux-*) echo qemu-aarch64 ;;
    *windows*) packaging/cross.sh wine ;;
    *) return 1 ;;
    esac
}

# run TARGET PROGRAM: on the sample, if anything here can run it.
run() {
    local words
    if words=$(emulator "$1"); then
        # shellcheck disable=SC2086
        packaging/sample.sh $words "$2"
    else
        echo "$1: not run, nothing here can"
    fi
}

do_workflows() { packaging/workflows.sh; }
do_tag() {
    # What is still to be done before the tag is told, not held against anybody.
    local wants
    if wants=$(packaging/tag.sh "v$version"); then echo "v$version could be tagged"; else echo "v$version waits: $wants"; fi
}
do_static() { packaging/static.sh; }
do_sbom() {
    local list
    list=$(packaging/sbom.sh)
    packaging/tools.sh 'cyclonedx-python-lib==11.12.0' jsonschema==4.26.0 referencing==0.37.0 rfc3339-validator==0.1.4
    target/packaging/tools/bin/python packaging/sbom_check.py "$list"
}
do_archives() {
    rm -rf target/packaging/archives
    local target program
    while read -r target program; do
        OOMLINT=$static packaging/archive.sh "$target" "$program"
        local scratch
        scratch=$(mktemp -d)
        case $target in
        *windows*) unzip -q target/packaging/archives/oomlint-"$version-$target".zip -d "$scratch" ;;
        *) tar -xzf target/packaging/archives/oomlint-"$version-$target".tar.gz -C "$scratch" ;;
        esac
        for file in oomlint.1 LICENSE-MIT LICENSE-APACHE README.md completions/oomlint.bash; do test -s "$scratch"/*/"$file"; done
        run "$target" "$(find "$scratch" -name oomlint -type f -o -name oomlint.exe)"
        rm -r "$scratch"
    done < <(echo "$host" "$static"; others)
    echo "$(find target/packaging/archives -type f | wc -l) archives"
}
do_wheels() {
    rm -rf target/packaging/wheels
    packaging/wheel.sh
    local target program scratch
    while read -r target program; do
        packaging/wheel.sh "$target" "$program"
        scratch=$(mktemp -d)
        unzip -q target/packaging/wheels/*"$(wheel_of "$target")"*.whl -d "$scratch"
        chmod +x "$scratch"/*.data/scripts/*
        run "$target" "$(find "$scratch" -name oomlint -type f -o -name oomlint.exe)"
        rm -r "$scratch"
    done < <(others)
    packaging/tools.sh twine==7.0.0 check-wheel-contents==0.6.3
    target/packaging/tools/bin/twine check --strict target/packaging/wheels/*.whl
    # There is no library in it, and none is wanted.
    target/packaging/tools/bin/check-wheel-contents --no-config --ignore W007 target/packaging/wheels/*.whl
    echo "$(find target/packaging/wheels -name '*.whl' | wc -l) wheels"
}
wheel_of() { sed -n "s/^    \"$1\": \"\([^.\"]*\).*/\1/p" packaging/wheel.py; }
do_sdist() {
    packaging/tools.sh maturin==1.16.0
    rm -rf target/packaging/sdist
    target/packaging/tools/bin/maturin sdist --out target/packaging/sdist
    tar -tzf target/packaging/sdist/*.tar.gz >"$logs/sdist.files"
    for file in Cargo.toml Cargo.lock pyproject.toml src/main.rs LICENSE-MIT README.md; do
        grep --quiet --line-regexp "oomlint-$version/$file" "$logs/sdist.files" || { echo "$file is missing"; return 1; }
    done
    echo "$(wc -l <"$logs/sdist.files") files; building from it is what the hook oomlint does"
}
do_npm() { packaging/npm.sh; }
do_deb() { packaging/deb.sh; }
do_extension() { packaging/vsix.sh; }
do_image() {
    local programs=("$host=$static") target program
    while read -r target program; do
        case $target in *linux*) programs+=("$target=$program") ;; esac
    done < <(others)
    IMAGE_STORAGE=${IMAGE_STORAGE:-$top/target/packaging/image-storage} packaging/image.sh "${programs[@]}"
}
do_crate() {
    # What was built to verify it is the program from the crate's files alone.
    CARGO_TARGET_DIR=$top/target cargo publish --dry-run --locked --allow-dirty
    packaging/sample.sh "$top/target/debug/oomlint"
}
do_sums() {
    rm -rf target/packaging/release
    mkdir -p "$release"
    cp target/packaging/archives/* target/packaging/wheels/*.whl target/packaging/sbom/*.json target/packaging/deb/out/*.deb "$release"
    cp target/packaging/vsix/*.vsix "$release"
    (cd "$release" && sha256sum -- * >SHA256SUMS && sha256sum --quiet --check SHA256SUMS)
    echo "$(wc -l <"$release/SHA256SUMS") files"
}

# serve: the release folder as GitHub serves it. Sets OOMLINT_RELEASES, and `server` to what has to be ended.
serve() {
    python3 -u -m http.server --bind 127.0.0.1 --directory target/packaging/release 0 >"$logs/server" 2>&1 &
    server=$!
    for _ in $(seq 50); do
        if grep --quiet 'port [0-9]' "$logs/server"; then break; fi
        sleep 0.1
    done
    OOMLINT_RELEASES=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$logs/server" | head -1)
    export OOMLINT_RELEASES
    trap 'kill "$server"' EXIT
}
do_action() {
    serve
    local scratch
    scratch=$(mktemp -d)
    mkdir "$scratch/action"
    cp -r Cargo.toml packaging "$scratch/action"
    # Cargo is away: only a released program can be what runs.
    mkdir "$scratch/bin"
    printf '#!/bin/sh\necho "cargo $*" >>"%s/asked"\n' "$scratch" >"$scratch/bin/cargo"
    chmod +x "$scratch/bin/cargo"
    local get=(env "PATH=$scratch/bin:$PATH" "$scratch/action/packaging/program.sh")
    "${get[@]}" "$scratch/none"
    grep --quiet "cargo install .* --path $scratch/action" "$scratch/asked"
    echo "without a release: builds from its commit"
    "$scratch/action/packaging/pin.sh" "$top/$release/SHA256SUMS"
    rm "$scratch/asked"
    "${get[@]}" "$scratch/released"
    test ! -e "$scratch/asked"
    packaging/sample.sh "$scratch/released/bin/oomlint"
    printf x >>"$release/oomlint-$version-$host.tar.gz"
    local status=0
    "${get[@]}" "$scratch/other" || status=$?
    test "$status" = 2
    test ! -e "$scratch/other"
    echo "another file under the same name: refused"
    mv "$release/oomlint-$version-$host.tar.gz" "$scratch"
    "${get[@]}" "$scratch/gone"
    grep --quiet 'cargo install' "$scratch/asked"
    cp "target/packaging/archives/oomlint-$version-$host.tar.gz" "$release"
    rm -r "$scratch"
    echo "runs the pinned program, refuses another, builds where there is none"
}
do_hooks() {
    serve
    packaging/tools.sh pre-commit==4.7.0 prek==0.5.11
    local scratch
    scratch=$(mktemp -d)
    mkdir "$scratch/mirror"
    packaging/mirror.sh target/packaging/wheels "$scratch/mirror"
    local git=(git -C "$scratch/mirror" -c user.name=example -c user.email=example@example.com)
    "${git[@]}" init --quiet
    "${git[@]}" add --all
    "${git[@]}" commit --quiet --message "oomlint v$version"
    PATH=$top/target/packaging/tools/bin:$PATH HOOKS=$scratch/mirror packaging/precommit.sh oomlint pre-commit prek
    # With another checksum nothing is installed.
    sed -i 's/#sha256=..../#sha256=0000/' "$scratch/mirror/pyproject.toml"
    "${git[@]}" commit --quiet --all --message other
    if PATH=$top/target/packaging/tools/bin:$PATH HOOKS=$scratch/mirror packaging/precommit.sh oomlint pre-commit >"$scratch/out" 2>&1; then
        echo "a wheel with another checksum is installed"
        return 1
    fi
    grep --quiet --ignore-case 'hash' "$scratch/out" || { cat "$scratch/out"; return 1; }
    rm -rf "$scratch"
    echo "installs the pinned wheel, refuses another"
}

steps=(workflows tag static sbom archives wheels sdist npm deb extension image crate sums action hooks)
if [ $# != 0 ]; then steps=("$@"); fi
failed=0
for step in "${steps[@]}"; do
    begun=$(date +%s) verdict=ok
    (set -e; "do_$step") >"$logs/$step.log" 2>&1 </dev/null &
    wait $! || { verdict=FAILED failed=1; }
    printf '%-10s %-6s %4d s  %s\n' "$step" "$verdict" "$(($(date +%s) - begun))" "$(tail -n 1 "$logs/$step.log")"
    if [ "$verdict" != ok ]; then tail -n 20 "$logs/$step.log" | sed 's/^/    /'; fi
done
exit "$failed"
