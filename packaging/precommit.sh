#!/usr/bin/env bash
# A repository with the hook: a bad commit is refused, a good one passes. Usage: packaging/precommit.sh HOOK RUNNER...
# HOOK is an id of .pre-commit-hooks.yaml, RUNNER is pre-commit or prek. The state of HEAD is what is tried, of this repository
# or of the one that HOOKS names.
set -euo pipefail
top=$(cd "$(dirname "$0")/.." && pwd)
hook=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PRE_COMMIT_HOME=$scratch/pre-commit PREK_HOME=$scratch/prek
export CARGO_HOME=${CARGO_HOME:-$HOME/.cargo} RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}

git clone --quiet "${HOOKS:-$top}" "$scratch/oomlint"
git -C "$scratch/oomlint" tag v0.0.0

for runner in "$@"; do
    project=$scratch/project-$runner
    mkdir -p "$project/api"
    cd "$project"
    git init --quiet
    git config user.name example
    git config user.email example@example.com
    cat >.pre-commit-config.yaml <<YAML
repos:
  - repo: $scratch/oomlint
    rev: v0.0.0
    hooks: [{id: $hook}]
YAML
    printf 'services:\n  api:\n    build: api\n    mem_limit: 512m\n' >compose.yaml
    printf 'FROM eclipse-temurin:21-jre\nHEALTHCHECK CMD ["true"]\nENTRYPOINT ["java", "-Xmx300m", "-jar", "/a.jar"]\n' >api/Dockerfile
    "$runner" install >/dev/null
    git add .
    begun=$(date +%s)
    git commit --quiet --message good >"$scratch/out" 2>&1 || { cat "$scratch/out"; exit 1; }
    echo "$runner: a good commit passes, the first time in $(($(date +%s) - begun)) s"
    # The Dockerfile alone changes: what it breaks is in the Compose file.
    sed -i s/300m/900m/ api/Dockerfile
    git add .
    if git commit --quiet --message bad >"$scratch/out" 2>&1; then
        echo "$runner: a bad commit passes"
        exit 1
    fi
    grep --quiet 'heap-exceeds-limit' "$scratch/out" || { cat "$scratch/out"; exit 1; }
    echo "$runner: a bad commit is refused"
done
