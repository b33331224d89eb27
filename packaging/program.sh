#!/usr/bin/env bash
# Puts oomlint into DIRECTORY/bin. Usage: packaging/program.sh DIRECTORY
# It is the released program where packaging/programs.txt has an archive of this version for this system: nothing runs whose
# checksum is not the one told there. Otherwise, and where the archive cannot be had, Cargo builds it from this commit.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
out=$1
releases=${OOMLINT_RELEASES:-https://github.com/oomlint/oomlint/releases/download}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$top/Cargo.toml" | head -1)

case $(uname -s)-$(uname -m) in
Linux-x86_64) target=x86_64-unknown-linux-gnu ending=tar.gz ;;
Linux-aarch64 | Linux-arm64) target=aarch64-unknown-linux-gnu ending=tar.gz ;;
Darwin-x86_64) target=x86_64-apple-darwin ending=tar.gz ;;
Darwin-arm64) target=aarch64-apple-darwin ending=tar.gz ;;
MINGW*-x86_64 | MSYS*-x86_64) target=x86_64-pc-windows-msvc ending=zip ;;
*) target=none ending=none ;;
esac

build() {
    echo "$1: building oomlint $version"
    cargo install --quiet --locked --path "$top" --root "$out"
    exit
}

name=oomlint-$version-$target
row=$(grep "^[0-9a-f]\{64\}  $name\.$ending\$" "$top/packaging/programs.txt" || true)
if [ -z "$row" ]; then build "no released program of this version for $(uname -s) $(uname -m)"; fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
curl --silent --show-error --fail --location --retry 3 --max-time 300 \
    --output "$scratch/$name.$ending" "$releases/v$version/$name.$ending" || build "$name.$ending cannot be had"
sum=$(command -v sha256sum || echo "shasum --algorithm 256")
if ! (cd "$scratch" && echo "$row" | $sum --check >/dev/null 2>&1); then
    echo "error: $name.$ending is not the file that was released: its checksum is another" >&2
    exit 2
fi
mkdir -p "$out/bin"
case $ending in
zip)
    unzip -q "$scratch/$name.zip" -d "$scratch"
    mv "$scratch/$name/oomlint.exe" "$out/bin/"
    ;;
*)
    tar -xzf "$scratch/$name.tar.gz" -C "$scratch"
    mv "$scratch/$name/oomlint" "$out/bin/"
    ;;
esac
echo "oomlint $version, as it was released"
