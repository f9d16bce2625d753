#!/usr/bin/env bash
# The roles of docker-compose.split.yml as processes of this machine, without Docker, and the emulator where no account is set.
#
#   DATABASE_URL=.. AMQP_URL=.. scripts/split.sh start     waits until all are ready
#   scripts/split.sh status | stop
#
# ingress listens on PORT (8080), the other roles on the ports after it, as `start` prints them. ingress, recordings and
# scoring share a folder of objects, where no S3_BUCKET is named.
# The emulator listens on the port after the last role's. Logs, data and process ids: target/split. Keys that are not set are made
# up and kept there, and the first API key is in target/split/env. TRUNKLINE names another binary.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=${CARGO_TARGET_DIR:-$root/target}/split
# roles: written by `xtask deploy --write`
roles=(ingress tenants calls dispatch scoring recordings interviews streams egress console)
# end of roles
port=${PORT:-8080}

say() { printf 'split: %s\n' "$*" >&2; }

binary() {
    local candidate
    for candidate in "${TRUNKLINE:-}" "$root/target/release/trunkline" "$root/target/debug/trunkline"; do
        [ -x "$candidate" ] && echo "$candidate" && return
    done
    say "no binary: cargo build --bin trunkline"
    return 1
}

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

# Where a role listens.
port_of() {
    local i
    for i in "${!roles[@]}"; do
        [ "${roles[$i]}" != "$1" ] || echo $((port + i))
    done
}

# The settings that must be the same for all roles, and at the next start.
settings() {
    if [ ! -f "$home/env" ]; then
        (
            umask 077
            for name in TRUNKLINE_SECRET_KEY TRUNKLINE_ADMIN_API_KEY INTERNAL_SERVICE_KEY; do
                printf '%s=%s\n' "$name" "${!name:-$(random)}"
            done
            printf 'TWILIO_ACCOUNT_SID=%s\n' "${TWILIO_ACCOUNT_SID:-AC$(random | head -c 32)}"
            printf 'TWILIO_AUTH_TOKEN=%s\n' "${TWILIO_AUTH_TOKEN:-$(random | head -c 32)}"
            # A made-up account is the emulator's.
            [ -n "${TWILIO_ACCOUNT_SID:-}${TWILIO_API_BASE_URL:-}" ] || printf 'TWILIO_API_BASE_URL=%s\n' "http://127.0.0.1:$((port + ${#roles[@]}))"
        ) >"$home/env"
    fi
    set -a
    # shellcheck disable=SC1091 # written above
    . "$home/env"
    WEBHOOK_BASE_URL=${WEBHOOK_BASE_URL:-http://127.0.0.1:$port}
    TRUNKLINE_EMULATOR=${TRUNKLINE_EMULATOR:-off}
    set +a
}

running() { [ -f "$home/$1.pid" ] && kill -0 "$(cat "$home/$1.pid")" 2>/dev/null; }

ready() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
        printf 'GET /health/ready HTTP/1.0\r\n\r\n' >&3
        head -n 1 <&3 | grep -q ' 200'
    ) 2>/dev/null
}

start() {
    : "${DATABASE_URL:?name a PostgreSQL}" "${AMQP_URL:?name a RabbitMQ}"
    local trunkline i role
    trunkline=$(binary)
    mkdir -p "$home"
    settings
    for i in "${!roles[@]}"; do
        role=${roles[$i]}
        if running "$role"; then
            say "$role is running already"
            continue
        fi
        mkdir -p "$home/$role/data"
        # What scoring keeps, ingress serves; and what recordings keeps, scoring reads.
        case $role in
        ingress | scoring | recordings)
            mkdir -p "$home/objects"
            ln -sfn ../../objects "$home/$role/data/objects"
            ;;
        esac
        (
            cd "$home/$role"
            exec "$trunkline" up --role "$role" --port $((port + i)) --data-dir data \
                >"$home/$role.log" 2>&1 </dev/null
        ) &
        echo $! >"$home/$role.pid"
    done
    for i in "${!roles[@]}"; do
        role=${roles[$i]}
        for _ in $(seq 150); do
            ! ready $((port + i)) || break
            running "$role" || break
            sleep 0.2
        done
        if ! ready $((port + i)); then
            say "$role is not ready, see $home/$role.log:"
            tail -n 5 "$home/$role.log" >&2
            stop
            return 1
        fi
        say "$role is ready on 127.0.0.1:$((port + i))"
    done
    emulator "$trunkline"
}

# The emulator, where the roles are told that it is the Twilio: takes over the platform's numbers, gives it demo businesses.
emulator() {
    local at=$((port + ${#roles[@]}))
    [ "${TWILIO_API_BASE_URL:-}" = "http://127.0.0.1:$at" ] || return 0
    running emulator || {
        "$1" emulator --port $at --platform "http://127.0.0.1:$(port_of tenants)" --config /dev/null \
            >"$home/emulator.log" 2>&1 </dev/null &
        echo $! >"$home/emulator.pid"
    }
    say "the emulator is on 127.0.0.1:$at"
}

stop() {
    local role
    for role in "${roles[@]}" emulator; do
        ! running "$role" || kill -TERM "$(cat "$home/$role.pid")"
    done
    for role in "${roles[@]}" emulator; do
        for _ in $(seq 150); do
            running "$role" || break
            sleep 0.2
        done
        ! running "$role" || kill -KILL "$(cat "$home/$role.pid")"
        rm -f "$home/$role.pid"
    done
    say "stopped"
}

case ${1:-} in
start) start ;;
stop) stop ;;
status)
    for role in "${roles[@]}"; do
        if running "$role"; then echo "$role runs"; else echo "$role does not run"; fi
    done
    ;;
*)
    sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
