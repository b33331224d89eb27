#!/usr/bin/env bash
# What action.yml runs. Inputs come through the environment: none of them is ever part of a script.
set -euo pipefail

arguments=(check --format github)
if [ -n "${OOMLINT_FAIL_ON:-}" ]; then arguments+=(--fail-on "$OOMLINT_FAIL_ON"); fi
if [ -n "${OOMLINT_PRESET:-}" ]; then arguments+=(--preset "$OOMLINT_PRESET"); fi
if [ -n "${OOMLINT_SARIF:-}" ]; then arguments+=(--output "sarif=$OOMLINT_SARIF"); fi
summary=
if [ "${OOMLINT_SUMMARY:-}" = true ] && [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    # The summary may have parts of other steps: ours goes behind them.
    summary=$(mktemp)
    arguments+=(--output "markdown=$summary")
fi
arguments+=(--)
while IFS= read -r path; do
    if [ -n "$path" ]; then arguments+=("$path"); fi
done <<<"${OOMLINT_PATHS:-.}"

status=0
"$OOMLINT" "${arguments[@]}" || status=$?
if [ -n "$summary" ]; then
    cat "$summary" >>"$GITHUB_STEP_SUMMARY"
    rm -f "$summary"
fi
exit "$status"
