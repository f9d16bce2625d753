#!/usr/bin/env bash
# The shell scripts, where shellcheck is installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if command -v shellcheck >/dev/null; then
    shellcheck .ci/run scripts/*.sh deploy/*.sh
    echo "scripts: in order"
else
    echo "scripts: NOT CHECKED: shellcheck is not installed"
fi
