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
if [ -n "$compose" ] && $compose version --short 2>/dev/null | grep -q '^v\?[2-9]'; then
    for file in docker-compose.yml docker-compose.split.yml; do
        $compose --env-file deploy/.env.example -f "$file" config --quiet
        echo "$file: in order"
    done
else
    # Version 1 does not know what these files are written in; scripts/check-deploy.sh lints them all the same.
    echo "docker-compose.yml: NOT LOADED: no docker compose 2 here"
fi
