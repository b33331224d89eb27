#!/usr/bin/env bash
# Writes the manual page and the completions that a program prints. Usage: packaging/pages.sh PROGRAM DIRECTORY
set -euo pipefail
program=$1 out=$2
mkdir -p "$out/completions"
"$program" man >"$out/oomlint.1"
for shell in bash zsh fish powershell elvish; do "$program" completions "$shell" >"$out/completions/oomlint.$shell"; done
