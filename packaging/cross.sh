#!/usr/bin/env bash
# Builds for systems that are not this one and runs what comes out, as far as that goes on a Linux machine without theirs.
# Usage: packaging/cross.sh tools | check | aarch64 | musl | windows | windows-tests [NAME...] | macos | wine
#
#   tools          fetches the compiler for all targets, the linkers and the emulators (Debian; as root)
#   check          type-checks program and tests for each target
#   aarch64        a static program for arm64 Linux, run under qemu
#   musl           a static program with musl's C library, run in an empty root
#   windows        a program for Windows, run under Wine
#   windows-tests  the test suite for Windows, under Wine
#   macos          programs for macOS: linked, and looked at; nothing here can run them
#   wine           prints the words that go before a program for Windows
#
# Everything goes to target/cross. CROSS_RUST names an unpacked compiler that is there already. The programs that can be run are
# compared with this system's, byte for byte, over fixtures/projects. CROSS_PROFILE is `debug`, which compiles fastest and checks
# most, or `release`. On real systems all of this is what CI does.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/target/cross
tools=$PWD/target/packaging/tools/bin
rust=${CROSS_RUST:-$out/rust}
mkdir -p "$out"
profile=${CROSS_PROFILE:-debug}

tools() {
    if [ ! -x "$rust/usr/bin/rustc" ]; then
        # Debian's compiler for browsers knows every target. It is unpacked, never installed: this system's stays what it is.
        mkdir -p "$out/debs"
        (cd "$out/debs" && apt-get download rustc-web libstd-rust-web-dev libstd-rust-web-1.96 rust-web-src libllvm22 lld-22)
        for package in "$out"/debs/*.deb; do dpkg-deb --extract "$package" "$rust"; done
        rm -r "$out/debs"
    fi
    local wanted=(gcc-mingw-w64-x86-64 wine64 gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user) missing=()
    for package in "${wanted[@]}"; do
        if ! dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep --quiet --line-regexp installed; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} != 0 ]; then apt-get install --quiet=2 --no-install-recommends "${missing[@]}" >/dev/null; fi
    packaging/tools.sh ziglang==0.17.1 cargo-zigbuild==0.24.1
}

# The compiler that tools unpacked, with the standard library built along: there is none of it for other targets.
use_rust() {
    if [ ! -x "$rust/usr/bin/rustc" ]; then echo "packaging/cross.sh tools comes first" >&2; exit 2; fi
    export LD_LIBRARY_PATH=$rust/usr/lib/x86_64-linux-gnu:$rust/usr/lib/llvm-22/lib
    export RUSTC=$rust/usr/bin/rustc RUSTDOC=$rust/usr/bin/rustdoc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$out/build
    CARGO=$(rustup which cargo 2>/dev/null || command -v cargo)
    export CARGO
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
    export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
    export PATH=$tools:$PATH CARGO_ZIGBUILD_ZIG_PATH=$tools/python-zig
    export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0 CARGO_INCREMENTAL=0
    # A check wants an answer, not the last microsecond.
    export CARGO_PROFILE_RELEASE_LTO=${CARGO_PROFILE_RELEASE_LTO:-off}
    export CARGO_PROFILE_RELEASE_CODEGEN_UNITS=${CARGO_PROFILE_RELEASE_CODEGEN_UNITS:-16}
}

# build TARGET COMMAND... [-- RUSTC-FLAG...]: the program, by cargo or by what replaces it.
build() {
    local target=$1 options=() flags=()
    shift
    while [ $# != 0 ] && [ "$1" != -- ]; do options+=("$1"); shift; done
    if [ $# != 0 ]; then flags=("$@"); fi
    use_rust
    case $profile in
    release) options+=(rustc --release "-Zbuild-std=std,panic_abort") ;;
    *) options+=(rustc "-Zbuild-std=std,test,panic_unwind") ;;
    esac
    "${options[@]}" --quiet --locked --bin oomlint --target "$target" "${flags[@]}"
}

native() {
    env -u RUSTC -u RUSTDOC -u RUSTC_BOOTSTRAP -u LD_LIBRARY_PATH -u CARGO_TARGET_DIR cargo build --quiet --locked
    here=$PWD/target/debug/oomlint
}

# same NAME COMMAND...: all reports of the projects of fixtures/ are those of this system's program.
same() {
    local name=$1 from=$out/same/$1 count=0
    shift
    rm -rf "$from"
    mkdir -p "$from"
    cp -r fixtures/projects "$from/projects"
    # A tree as it is checked out on Windows: every line of it ends with CR LF.
    cp -r fixtures/projects "$from/crlf"
    find "$from/crlf" -type f ! -name '*.json' -exec sed -i 's/$/\r/' {} +
    for tree in projects crlf; do
        for format in human concise json jsonl sarif github gitlab junit checkstyle rdjson azure markdown; do
            compare "$tree, $format" --color never --format "$format" "$from/$tree" -- "$@"
        done
        for project in "$from/$tree"/*/; do
            compare "$tree/$(basename "$project"), json" --format json "$project" -- "$@"
        done
        for command in "budget $from/$tree/budget" "budget --format json $from/$tree/budget" "inspect $from/$tree/shop" \
            "check --diff --unsafe-fixes $from/$tree/shop" "check --preset strict --color always $from/$tree/shop" \
            "config show $from/$tree/shop/compose.yaml" "rules" "explain heap-exceeds-limit" "check $from/$tree/missing"; do
            read -r -a words <<<"$command"
            compare "$tree, $command" "${words[@]}" -- "$@"
        done
    done
    echo "$name: $count reports are the same, byte for byte"
}

# compare WHAT ARGUMENT... -- COMMAND...: standard output, standard error and exit code of both.
compare() {
    local what=$1 arguments=() one=0 two=0
    shift
    while [ "$1" != -- ]; do arguments+=("$1"); shift; done
    shift
    # How long it took is nobody's contract, and each system says in its own words why a file is not there.
    local plain=(sed -E -e 's/ (in|·) [0-9.]+ m?s$//' -e 's/ \(os error [0-9]+\)//')
    (cd "$from/$tree" && "$here" "${arguments[@]/#$from\/$tree/.}" >"$from/1" 2>"$from/1e") || one=$?
    (cd "$from/$tree" && "$@" "${arguments[@]/#$from\/$tree/.}" >"$from/2" 2>"$from/2e") || two=$?
    for stream in "" e; do
        if [ "$one" != "$two" ] || ! cmp --quiet <("${plain[@]}" "$from/1$stream") <("${plain[@]}" "$from/2$stream"); then
            echo "$name differs from this system's program: $what (exit $one, $two)" >&2
            diff <("${plain[@]}" "$from/1$stream") <("${plain[@]}" "$from/2$stream") | head -20 >&2
            exit 1
        fi
    done
    count=$((count + 1))
}

about() { echo "$1: $(($(stat -c %s "$2") / 1024)) KiB, $(file --brief "$2" | cut -d, -f1-3)"; }

check() {
    use_rust
    for target in x86_64-pc-windows-gnu aarch64-unknown-linux-gnu; do
        "$CARGO" check --quiet --locked --all-targets --target "$target" -Zbuild-std=std,test,panic_unwind
        echo "check: $target"
    done
    # The allocator is C and wants macOS' headers, which zig has.
    cargo-zigbuild check --quiet --locked --all-targets --target aarch64-apple-darwin -Zbuild-std=std,test,panic_unwind
    echo "check: aarch64-apple-darwin"
}

aarch64() {
    native
    local target=aarch64-unknown-linux-gnu
    (build "$target" "$(rustup which cargo)" -- -C target-feature=+crt-static)
    local program=$out/build/$target/$profile/oomlint
    about aarch64 "$program"
    same aarch64 qemu-aarch64 "$program"
}

musl() {
    native
    local target=x86_64-unknown-linux-musl
    (build "$target" cargo-zigbuild -- -C link-self-contained=no)
    local program=$out/build/$target/$profile/oomlint
    about musl "$program"
    same musl "$program"
    local root=$out/root
    rm -rf "$root"
    mkdir -p "$root"
    cp "$program" "$root/oomlint"
    cp -r fixtures/projects/shop "$root/shop"
    local status=0
    chroot "$root" /oomlint --format concise shop >"$out/report" || status=$?
    test "$status" = 1
    grep --quiet heap-exceeds-limit "$out/report"
    echo "musl: runs where there is nothing else"
}

macos() {
    local target program
    for target in aarch64-apple-darwin x86_64-apple-darwin; do
        # Debian has no rust-objcopy to strip with. The oldest macOS is the one that Rust's own builds want.
        (MACOSX_DEPLOYMENT_TARGET=11.0 build "$target" cargo-zigbuild -- -C strip=none)
        program=$out/build/$target/$profile/oomlint
        about macos "$program"
        file --brief "$program" | grep --quiet '^Mach-O 64-bit .*executable'
        echo "macos: $target links; it cannot be run here"
    done
}

use_wine() {
    export WINEPREFIX=$out/wine WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml=
    wine=$(command -v wine64 /usr/lib/wine/wine64 | head -1)
    test -n "$wine"
    if [ ! -d "$WINEPREFIX/drive_c/windows/system32" ]; then "$wine" wineboot --init >/dev/null 2>&1 || true; fi
    local library=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
    if [ ! -e "$library" ]; then
        x86_64-w64-mingw32-gcc -Os -shared -o "$library" packaging/cross/prng.c -ladvapi32
    fi
}

# alike WINDOWS-ARGUMENTS UNIX-ARGUMENTS COMMAND...: what a Windows user types gives the report that a Unix user gets.
alike() {
    local theirs ours one=0 two=0
    read -r -a theirs <<<"$1"
    read -r -a ours <<<"$2"
    shift 2
    (cd "$out/same/windows/projects" && "$here" "${ours[@]}" >"$out/1" 2>&1) || one=$?
    (cd "$out/same/windows/projects" && "$@" "${theirs[@]}" >"$out/2" 2>&1) || two=$?
    # Windows has drives, and its names have no case, which moves lines: they are sorted by the names that were given.
    for file in "$out/1" "$out/2"; do
        sed -i -e 's/.*/\L&/' -e 's/z:\//\//g' "$file"
        LC_ALL=C sort --output "$file" "$file"
    done
    if [ "$one" != "$two" ] || ! cmp --quiet "$out/1" "$out/2"; then
        echo "windows: ${theirs[*]} gives another report (exit $one, $two)" >&2
        diff "$out/1" "$out/2" | head -20 >&2
        exit 1
    fi
    echo "windows: ${theirs[*]}"
}

windows_paths() {
    local top=$out/same/windows/projects
    local drive=Z:${top//\//\\}
    alike 'check --format concise .\shop\compose.yaml' 'check --format concise ./shop/compose.yaml' "$@"
    alike 'check --format concise shop\web' 'check --format concise shop/web' "$@"
    alike 'check --format concise -f shop\compose.yaml' 'check --format concise -f shop/compose.yaml' "$@"
    alike 'check --format concise ..\projects\.\shop' 'check --format concise ../projects/./shop' "$@"
    alike "check --format concise $drive\\shop" "check --format concise $top/shop" "$@"
    alike "check --format concise ${drive//\\//}/shop" "check --format concise $top/shop" "$@"
    alike "check --format concise z${drive:1}\\shop" "check --format concise $top/shop" "$@"
    alike "check --format concise --restrict-to $drive shop" "check --format concise --restrict-to $top shop" "$@"
    alike "check --format concise --restrict-to $drive\\shop overlays" "check --format concise --restrict-to $top/shop overlays" "$@"
    alike 'check nothing\here' 'check nothing/here' "$@"
    alike 'config show shop\compose.yaml' 'config show shop/compose.yaml' "$@"
    alike 'budget --host-memory 8g shop' 'budget --host-memory 8g shop' "$@"
    alike 'check --format concise SHOP\COMPOSE.YAML' 'check --format concise shop/compose.yaml' "$@"
}

windows() {
    native
    local target=x86_64-pc-windows-gnu
    (build "$target" "$(rustup which cargo)")
    local program=$out/build/$target/$profile/oomlint.exe
    about windows "$program"
    use_wine
    same windows "$wine" "$program"
    windows_paths "$wine" "$program"
}

windows_tests() {
    local programs
    programs=$(
        use_rust
        "$CARGO" test --quiet --no-run --locked --target x86_64-pc-windows-gnu -Zbuild-std=std,test,panic_unwind \
            --lib --test it --message-format json | sed -n 's/.*"test":true}.*"executable":"\([^"]*\)".*/\1/p'
    )
    use_wine
    export INSTA_UPDATE=no INSTA_WORKSPACE_ROOT=$PWD CARGO_MANIFEST_DIR=$PWD
    # Those of the packaging start programs of this system.
    if [ $# = 0 ]; then set -- --skip packaging::; fi
    local failed=0 program
    for program in $programs; do "$wine" "$program" --test-threads 2 "$@" || failed=1; done
    return $failed
}

case ${1:-} in
tools | check | aarch64 | musl | windows | macos) "$1" ;;
wine) use_wine; echo "env WINEPREFIX=$WINEPREFIX WINEDEBUG=$WINEDEBUG WINEDLLOVERRIDES=$WINEDLLOVERRIDES $wine" ;;
windows-tests) shift; windows_tests "$@" ;;
*) sed -n '3p' "$0" | cut -c3- >&2; exit 2 ;;
esac
