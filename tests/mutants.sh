#!/usr/bin/env bash
# Changes the source in one place at a time and runs the tests: a mutant that no test notices is a law that no test holds.
#
#     tests/mutants.sh                          all rooms, going on where the last run stopped
#     tests/mutants.sh model/compose check      some of them
#     SHARD=0/20 tests/mutants.sh check         every twentieth mutant
#
# The tests are those of the library, and those in tests/it that need neither a corpus nor minutes. Results gather in target/mutants,
# a folder for each room. All rooms have some 12,500 mutants, each of which takes a build and the tests: a part of a room is a night's work.
# It needs `cargo install cargo-mutants --locked`.
set -euo pipefail
cd "$(dirname "$0")/.."

declare -A rooms=(
    [model/compose]='src/model/compose/**/*.rs'
    [workload]='src/workload/**/*.rs'
    [check]='src/check/**/*.rs'
    [fix]='src/fix/**/*.rs'
    [diagnostic]='src/diagnostic/**/*.rs'
    [rules]='src/rules/**/*.rs'
    [syntax/yaml]='src/syntax/yaml/**/*.rs'
    [syntax/command_line]='src/syntax/command_line/**/*.rs'
    [model/launch]='src/model/launch/**/*.rs'
    [evidence]='src/evidence/**/*.rs'
    [postmortem]='src/postmortem/**/*.rs'
    [capacity]='src/capacity/**/*.rs'
)
wanted=("$@")
if [ ${#wanted[@]} -eq 0 ]; then readarray -t wanted < <(printf '%s\n' "${!rooms[@]}" | sort); fi
# Information for debuggers takes a third of each build.
export CARGO_PROFILE_TEST_DEBUG=0 CARGO_PROFILE_DEV_DEBUG=0 INSTA_UPDATE=no
slow=(advice corpus conformance differential hostile packaging size_of why_changes alerts sarif::readers)
skipped=()
for name in "${slow[@]}"; do skipped+=(--skip "$name"); done

for room in "${wanted[@]}"; do
    files=${rooms[$room]:?no room of this name}
    out=target/mutants/$room
    mkdir -p "$out"
    args=(--file "$files" --output "$out" --no-shuffle --timeout 300 --minimum-test-timeout 120 --baseline skip)
    # What was tried before is not tried again.
    if [ -d "$out/mutants.out" ]; then args+=(--iterate); fi
    if [ -n "${SHARD:-}" ]; then args+=(--shard "$SHARD"); fi
    # It exits with 2 where mutants lived, which the count tells.
    cargo mutants "${args[@]}" -- --locked --lib --test it -- "${skipped[@]}" || [ $? -le 3 ]
    count() { if [ -f "$out/mutants.out/$1.txt" ]; then wc -l <"$out/mutants.out/$1.txt"; else echo 0; fi; }
    echo "$room: $(count caught) caught, $(count timeout) timed out, $(count missed) lived, $(count unviable) did not compile"
done
