#!/usr/bin/env bash
# Sets up what tests/differential needs: Python 3.9 or newer, of which it takes the standard library alone, and Docker Compose,
# which tests/compose-oracle.sh installs. Says what is missing, and fails then.
set -uo pipefail
cd "$(dirname "$0")/../.."

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    echo "differential: there is no Python 3.9 or newer" >&2
    exit 1
fi
exec bash tests/compose-oracle.sh
