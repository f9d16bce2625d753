#!/usr/bin/env bash
# An S3 of another make for the tests of crates/objects: moto's server, from PyPI.
#
#   scripts/moto.sh start DIR   prints its address; DIR/moto.pid and DIR/moto.log are its process and log
#   scripts/moto.sh stop DIR    stops it
#
# It is installed once, in a virtual environment under target/. Needed: Python 3.10 or newer with venv,
# and the network the first time. scripts/services.sh run starts and stops it.
set -euo pipefail

# The version is pinned: another one may answer differently.
wanted='moto[s3,server]==5.2.5'
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf 'moto: %s\n' "$*" >&2; }

# shellcheck source=scripts/venv.sh
. "$root/scripts/venv.sh"

install() {
    venv moto "$wanted" && return
    say "so the tests of the object store on an S3 of another make cannot run. Or name your own:"
    say "  S3_TEST_URL=http://.. make test (a bucket trunkline-test is made in it;"
    say "                     AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where it checks them)"
    return 1
}

case ${1:-} in
start)
    dir=$2
    install || exit 1
    # moto looks whether an object is there and stores it in two steps. Its threads change only where one waits, or two who write
    # an object "if it is not there" at once would both be told that they did.
    start='import sys; sys.setswitchinterval(10); from moto.server import main; main(sys.argv[1:])'
    # Port 0: the system picks a free one, and moto tells which.
    "$venv/bin/python" -c "$start" -H 127.0.0.1 -p 0 >"$dir/moto.log" 2>&1 </dev/null &
    echo $! >"$dir/moto.pid"
    until=$((SECONDS + 60))
    until address=$(grep -om1 'http://127.0.0.1:[0-9]*' "$dir/moto.log"); do
        if [ $SECONDS -ge $until ] || ! kill -0 "$(cat "$dir/moto.pid")" 2>/dev/null; then
            tail -n 5 "$dir/moto.log" >&2
            say "does not start"
            exit 1
        fi
        sleep 0.1
    done
    say "on $address, stopped at the end"
    echo "$address"
    ;;
stop)
    if [ -f "$2/moto.pid" ]; then kill "$(cat "$2/moto.pid")" 2>/dev/null || true; fi
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
