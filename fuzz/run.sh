#!/usr/bin/env bash
# Runs every target for so many seconds (60), or those that are named: fuzz/run.sh [SECONDS] [TARGET]...
# A folder of real files in CORPUS gives more to begin with. What is found stays in fuzz/corpus and fuzz/artifacts, which git ignores.
# JOBS targets run at once (1). MINIMISE=1 first leaves in fuzz/corpus the fewest inputs that lead to the same places.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in fuzz_targets/*.rs; do targets+=("$(basename "$file" .rs)"); done
fi
# There is no unsafe code to watch, and a sanitizer halves the speed.
sanitizer=${SANITIZER:-none}
# libFuzzer's hooks are flags that only a nightly compiler takes, or a stable one that is told to.
export RUSTC_BOOTSTRAP=1
cargo fuzz build --sanitizer "$sanitizer"

corpus=${CORPUS:-../../shared/corpus}
real=target/seeds
if [ -d "$corpus" ] && [ ! -d "$real" ]; then python3 seeds.py "$corpus" "$real"; fi

run() {
    local target=$1 kind=$1 length=2048
    # Those that take file sets share what they begin with.
    case $target in
        compose | lint | fix) kind=set ;;
        dockerfile) length=4096 ;;
    esac
    mkdir -p "corpus/$target" "artifacts/$target"
    if [ -n "${MINIMISE:-}" ]; then
        cargo fuzz cmin --sanitizer "$sanitizer" "$target" -- -max_len="$length" >"target/$target.cmin.log" 2>&1 || {
            echo "$target: cmin FAILED, see fuzz/target/$target.cmin.log"
            return 1
        }
    fi
    local inputs=("$PWD/corpus/$target") more
    for more in "seeds/$kind" "$real/$kind"; do
        if [ -d "$more" ]; then inputs+=("$PWD/$more"); fi
    done
    local flags=(-max_total_time="$seconds" -max_len="$length" -timeout=10 -rss_limit_mb=2048 -report_slow_units=2 -print_final_stats=1)
    if [ -f "dictionaries/$kind.dict" ]; then flags+=(-dict="$PWD/dictionaries/$kind.dict"); fi
    local log="target/$target.log" status=fine
    cargo fuzz run --sanitizer "$sanitizer" "$target" "${inputs[@]}" -- "${flags[@]}" >"$log" 2>&1 || status="FAILED, see fuzz/$log"
    local executions coverage
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
    coverage=$(grep -ao 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1 || true)
    if [ "$status" != fine ]; then tail -n 40 "$log"; fi
    echo "$target: $status, ${executions:-?} executions, ${coverage:-no coverage}"
    [ "$status" = fine ]
}

failed=0
for target in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-1}" ]; do wait -n || failed=1; done
    run "$target" &
done
while [ -n "$(jobs -p)" ]; do wait -n || failed=1; done
exit "$failed"
