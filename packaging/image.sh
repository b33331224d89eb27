#!/usr/bin/env bash
# Builds the image of a release around static programs, and runs this system's on a sample. Wants buildah.
# Usage: packaging/image.sh TARGET=PROGRAM...     builds oomlint:VERSION
#        packaging/image.sh push NAME DIGEST-FILE  sends it to a registry
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
image=localhost/oomlint:$version
storage=()
# Where there is no overlay file system, as in most sandboxes, layers are copied.
if [ -n "${IMAGE_STORAGE:-}" ]; then
    storage=(--storage-driver vfs --root "$IMAGE_STORAGE/root" --runroot "$IMAGE_STORAGE/run")
fi

if [ "$1" = push ]; then
    buildah "${storage[@]}" manifest push --all --digestfile "$3" "$image" "docker://$2:$version"
    buildah "${storage[@]}" manifest push --all "$image" "docker://$2:latest"
    exit
fi

context=target/packaging/image
rm -rf "$context"
mkdir -p "$context"
buildah "${storage[@]}" manifest rm "$image" >/dev/null 2>&1 || true
here=
for argument in "$@"; do
    target=${argument%%=*} program=${argument#*=}
    case $target in
    x86_64-unknown-linux-*) platform=linux/amd64 ;;
    aarch64-unknown-linux-*) platform=linux/arm64 ;;
    *) echo "no image is for $target" >&2; exit 2 ;;
    esac
    cp "$program" "$context/$target"
    # Docker's format: the other has no healthcheck.
    buildah "${storage[@]}" build --quiet --format docker --platform "$platform" --build-arg "PROGRAM=$target" \
        --label "org.opencontainers.image.version=$version" --label org.opencontainers.image.source=https://github.com/oomlint/oomlint \
        --file packaging/release.Dockerfile --manifest "$image" "$context" >"$context/id"
    if [ "$platform" = "linux/$(dpkg --print-architecture)" ]; then here=$(cat "$context/id"); fi
    echo "$platform: $(($(stat -c %s "$program") / 1024)) KiB"
done

container=$(buildah "${storage[@]}" from --pull-never "$here")
trap 'buildah "${storage[@]}" rm "$container" >/dev/null' EXIT
# As `docker run` would: its own user, the stack mounted where the image looks, and the command of the image.
entry=$(buildah "${storage[@]}" inspect --type image --format '{{index .Docker.Config.Entrypoint 0}}' "$here")
status=0
buildah "${storage[@]}" run --isolation chroot --volume "$PWD/fixtures/projects/shop:/src:ro" "$container" -- \
    "$entry" --format concise >"$context/report" || status=$?
test "$status" = 1
grep --quiet heap-exceeds-limit "$context/report"
echo "runs, and finds what is wrong with the sample"
