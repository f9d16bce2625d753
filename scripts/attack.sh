#!/usr/bin/env bash
# Attacks the API with requests that are made up from its own description: schemathesis (from PyPI, in target/attack-venv) over
# /api/openapi.json of a platform that is started for it, with the key of each of two tenants in turn and with none.
#
#   scripts/attack.sh [CASES] [SEED]      CASES: about so many requests of each key (2000); the same SEED (1) repeats a run
#
# No answer may be a server error or break what the description says of it. What was found is in target/attack/*.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cases=${1:-2000}
seed=${2:-1}
work=$PWD/target/attack
binary=${TRUNKLINE:-target/debug/trunkline}

say() { printf 'attack: %s\n' "$*"; }

[ -x "$binary" ] || { say "no $binary: cargo build --bin trunkline" && exit 1; }
# shellcheck source=scripts/venv.sh
. scripts/venv.sh
venv attack-venv schemathesis==4.32.5 || exit 1

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

rm -rf "$work"
mkdir -p "$work"
port=$(free_port)
admin=tk_attack_$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
# Requests come as fast as they can, all from here. Addresses that tenants give are never asked: they are made up.
env -u DATABASE_URL -u AMQP_URL -u S3_BUCKET TRUNKLINE_ADMIN_API_KEY="$admin" TRUNKLINE_LIMIT_KEY=60000 TRUNKLINE_LIMIT_ADDRESS=60000 \
    TRUNKLINE_PRIVATE_ADDRESSES=off TRUNKLINE_EMULATOR_PORT="$(free_port)" RUST_LOG=warn LOG_FORMAT=text \
    "$binary" up --port "$port" --data-dir "$work/data" --config /dev/null >"$work/platform.log" 2>&1 </dev/null &
platform=$!
trap 'kill $platform 2>/dev/null; wait $platform 2>/dev/null' EXIT
url=http://127.0.0.1:$port
for _ in $(seq 300); do
    ! grep -qs 'trunkline call' "$work/platform.log" || break
    kill -0 $platform 2>/dev/null || { tail -n 5 "$work/platform.log" >&2 && exit 1; }
    sleep 0.2
done

# A key of each of two of the demo businesses, with every scope.
key_of() {
    curl --silent --fail --header "X-API-Key: $admin" "$url/api/keys/" \
        --json '{"name": "attack-'"$1"'", "tenant_id": "'"$1"'", "scopes": ["read", "write"]}' |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])'
}
first=$(key_of smith-plumbing)
second=$(key_of harbor-talent)

operations=$(curl --silent "$url/api/openapi.json" | python3 -c '
import json, sys
paths = json.load(sys.stdin)["paths"].values()
print(sum(len(set(path) & {"get", "post", "put", "delete", "patch"}) for path in paths))')
examples=$((cases / operations + 1))
say "$operations operations, $examples examples of each, seed $seed, on $url"

# /events never ends; a sign-in link would end sessions that others have.
status=0
attack() {
    local name=$1 key=$2 from=$SECONDS
    "$venv/bin/python" "$venv/bin/st" run "$url/api/openapi.json" --url "$url" ${key:+--header "X-API-Key: $key"} \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --phases examples,coverage,fuzzing,stateful --max-examples "$examples" --seed "$seed" --generation-database none --continue-on-failure \
        --exclude-path /events --exclude-path-regex '^/(ws|streams|console/(events|stream))' \
        --request-timeout 20 --suppress-health-check all --no-color \
        >"$work/$name.txt" 2>&1 || status=1
    say "$name: $(grep 'generated' "$work/$name.txt" | tail -n 1 | xargs) in $((SECONDS - from)) s"
}
attack smith-plumbing "$first"
attack harbor-talent "$second"
attack nobody ''

if ! curl --silent --fail "$url/health/live" >/dev/null; then
    say "the platform does not answer any more:"
    tail -n 20 "$work/platform.log"
    status=1
fi
if grep -q 'panicked' "$work/platform.log"; then
    say "something panicked:"
    grep -A 3 'panicked' "$work/platform.log" | head -n 20
    status=1
fi
[ $status = 0 ] || {
    grep -hE '^(_+ .* _+$|- |    curl|  ❌)' "$work"/*.txt | head -n 80
    say "found something: $work"
}
exit $status
