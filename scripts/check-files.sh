#!/usr/bin/env bash
# The files that cargo does not know: shell scripts and the compose file, with the tools that are here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if command -v shellcheck >/dev/null; then
    shellcheck .ci/run scripts/*.sh
    echo "scripts: in order"
else
    echo "scripts: NOT CHECKED: shellcheck is not installed"
fi

compose=
if docker compose version >/dev/null 2>&1; then
    compose="docker compose"
elif command -v docker-compose >/dev/null; then
    compose=docker-compose
fi
if [ -n "$compose" ]; then
    $compose --env-file deploy/.env.example config --quiet
    echo "docker-compose.yml: in order"
else
    echo "docker-compose.yml: NOT CHECKED: no docker compose here"
fi
