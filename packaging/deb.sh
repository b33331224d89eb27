#!/usr/bin/env bash
# Makes the Debian package around the static program, unpacks it into a clean folder and runs it on a sample. Cargo.toml says
# what goes where.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$PWD/target/packaging/tools
if [ ! -x "$tools/bin/cargo-deb" ]; then
    # It runs for seconds: compiling it fast is worth more than a fast program.
    cargo install --quiet --debug cargo-deb --version 3.8.0 --locked --root "$tools"
fi
target=$(rustc -vV | sed -n 's/^host: //p')
program=target/packaging/static/$target/release/oomlint
if [ ! -x "$program" ]; then packaging/static.sh; fi
stage=target/packaging/deb
rm -rf "$stage"
mkdir -p "$stage/out"
cp "$program" "$stage/oomlint"
packaging/pages.sh "$stage/oomlint" "$stage"
"$tools/bin/cargo-deb" deb --quiet --no-build --no-strip --locked --output "$stage/out"
package=$(ls "$stage"/out/*.deb)
echo "$(basename "$package"): $(($(stat -c %s "$package") / 1024)) KiB"
dpkg-deb --field "$package" Package Version Architecture Depends

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
dpkg-deb --extract "$package" "$scratch"
for file in man/man1/oomlint.1.gz bash-completion/completions/oomlint zsh/vendor-completions/_oomlint \
    fish/vendor_completions.d/oomlint.fish doc/oomlint/copyright; do
    test -s "$scratch/usr/share/$file" || { echo "$file is missing"; exit 1; }
done
packaging/sample.sh env -i "$scratch/usr/bin/oomlint"
