#!/usr/bin/env bash
# Makes the VS Code extension of one system with the program inside. Usage: packaging/vsix.sh [TARGET PROGRAM]
# TARGET is Rust's name of the system. Without arguments: this system, with the static program.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
host=$(rustc -vV | sed -n 's/^host: //p')
target=${1:-$host}
program=${2:-target/packaging/static/$target/release/oomlint}
case $target in
    x86_64-unknown-linux-*) system=linux-x64 ;;
    aarch64-unknown-linux-*) system=linux-arm64 ;;
    x86_64-apple-darwin) system=darwin-x64 ;;
    aarch64-apple-darwin) system=darwin-arm64 ;;
    x86_64-pc-windows-*) system=win32-x64 ;;
    *) echo "VS Code has no name for $target" >&2; exit 2 ;;
esac
if [ ! -x "$program" ] && [ $# -lt 2 ]; then packaging/static.sh; fi
out=$PWD/target/packaging/vsix
rm -rf "${out:?}/$system"
mkdir -p "$out"
cp -r editors/vscode "$out/$system"
rm -rf "$out/$system/node_modules" "$out/$system"/*.vsix
mkdir -p "$out/$system/bin"
name=oomlint
case $system in win32-*) name=oomlint.exe ;; esac
install -m 755 "$program" "$out/$system/bin/$name"
cp LICENSE-MIT LICENSE-APACHE "$out/$system"
cd "$out/$system"
npm ci --silent --no-audit --no-fund
npm run --silent check
npm run --silent bundle
npx --no-install vsce package --skip-license --target "$system" --out "$out/oomlint-$system.vsix" >"$out/log" || { cat "$out/log"; exit 1; }
# What it holds is what it needs: the program, the bundle, and the texts.
unzip -Z1 "$out/oomlint-$system.vsix" | sort >"$out/files"
for file in "bin/$name" dist/extension.js readme.md changelog.md icon.png package.json; do
    grep --quiet --line-regexp "extension/$file" "$out/files" || { echo "$file is not in the package"; exit 1; }
done
if grep --extended-regexp 'node_modules|/src/|/test/' "$out/files"; then exit 1; fi
if [ "$target" = "$host" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    unzip -q "$out/oomlint-$system.vsix" -d "$scratch"
    "$top/packaging/sample.sh" "$scratch/extension/bin/$name"
fi
echo "oomlint-$system.vsix: $(($(stat -c %s "$out/oomlint-$system.vsix") / 1024)) KiB"
