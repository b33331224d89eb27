#!/usr/bin/env bash
# Packs a program with its manual page, completions and licences. Usage: packaging/archive.sh TARGET PROGRAM
# The archive's name is what cargo-binstall looks for: see Cargo.toml. What cannot run here has its pages made by the
# program that $OOMLINT names.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$1 program=$2
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
name=oomlint-$version-$target
out=target/packaging/archives
rm -rf "${out:?}/$name"
mkdir -p "$out/$name"
ending=
case $target in *windows*) ending=.exe ;; esac
cp "$program" "$out/$name/oomlint$ending"
cp README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE "$out/$name"
packaging/pages.sh "${OOMLINT:-$program}" "$out/$name"
cd "$out"
case $target in
*windows*) 7z a -bd "$name.zip" "$name" >/dev/null ;;
*) tar --create --gzip --file "$name.tar.gz" "$name" ;;
esac
rm -r "$name"
ls "$name".*
