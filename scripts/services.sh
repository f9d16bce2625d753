#!/usr/bin/env bash
# Runs a command with PostgreSQL and RabbitMQ at hand, and stops afterwards what it started.
#
#   scripts/services.sh run [--private] COMMAND...   sets DATABASE_URL, AMQP_URL, S3_TEST_URL, S3_SECOND_TEST_URL for COMMAND
#   scripts/services.sh stop                         stops what an interrupted run left behind
#
# Taken, in this order: DATABASE_URL and AMQP_URL when they are set; servers that answer on the
# standard ports of 127.0.0.1; containers, where a Docker engine answers; servers from the
# distribution's packages, installed by apt-get where that is allowed, on free ports with their data
# under target/services, which is not synced to the disk: it lives as long as the run. CI=true in the environment skips the
# standard ports, and the containers where it can; so does --private, which syncs as in production: for figures. S3_TEST_URL and
# S3_SECOND_TEST_URL are S3s of other makes for the tests (scripts/moto.sh, scripts/seaweed.sh), which --private does without.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
all=${CARGO_TARGET_DIR:-$root/target}/services
dir=
# CI brings its own: a shared broker may be full of what others left there.
private=
fsync=off
[ "${CI:-}" != true ] || private=yes
s3=yes

say() { printf 'services: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
limited() { if have timeout; then timeout 5 "$@"; else "$@"; fi; }

# The first bytes of a server's answer, in hexadecimal: ask PORT COUNT BYTES
ask() {
    (
        exec 3<>"/dev/tcp/127.0.0.1/$1" || exit
        printf '%b' "$3" >&3
        limited head -c "$2" <&3 | od -An -tx1 | tr -d ' \n'
    ) 2>/dev/null || true
}

# Whether the user postgres gets in without a password.
postgres_answers() { [ "$(ask "$1" 9 '\0\0\0\027\0\003\0\0user\0postgres\0\0')" = 520000000800000000 ]; }
# Whether a broker offers to begin.
rabbitmq_answers() { [ "$(ask "$1" 1 'AMQP\0\0\011\001')" = 01 ]; }

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    echo "$port"
}

# wait_for SECONDS COMMAND...
wait_for() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.2
    done
}

# --- containers

docker_works() { have docker && limited docker info >/dev/null 2>&1; }

# in_docker NAME IMAGE INNER-PORT OPTIONS...: prints the outer port
in_docker() {
    local name=trunkline-$1-$$ image=$2 inner=$3 port
    shift 3
    port=$(free_port)
    docker run --detach --rm --name "$name" --publish "127.0.0.1:$port:$inner" "$@" "$image" \
        >/dev/null || return 1
    echo "$name" >>"$dir/containers"
    echo "$port"
}

# --- packages

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && [ -t 0 ]; then
        sudo "$@"
    elif have sudo; then
        sudo -n "$@"
    else
        return 1
    fi
}

install_package() {
    have apt-get || return 1
    say "installing $1 by apt-get"
    as_root env DEBIAN_FRONTEND=noninteractive sh -c \
        "apt-get install -y --no-install-recommends $1 || { apt-get update && apt-get install -y --no-install-recommends $1; }" \
        >"$dir/apt-$1.log" 2>&1 || {
        tail -n 3 "$dir/apt-$1.log" >&2
        return 1
    }
}

# The directory with initdb, of the newest version that is installed.
postgres_bin() {
    local candidate found=
    for candidate in "$(dirname "$(command -v initdb || echo /none/none)")" \
        /opt/homebrew/opt/postgresql*/bin /usr/pgsql-*/bin /usr/lib/postgresql/*/bin; do
        [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ] && found=$candidate
    done
    [ -n "$found" ] && echo "$found"
}

# The script behind Debian's wrapper, which insists on its own user and its own folders.
rabbitmq_bin() {
    local candidate
    for candidate in /usr/lib/rabbitmq/bin/rabbitmq-server /opt/homebrew/sbin/rabbitmq-server \
        "$(command -v rabbitmq-server || true)"; do
        [ -x "$candidate" ] && echo "$candidate" && return
    done
    return 1
}

# PostgreSQL refuses to run as root: as the package's own user then.
unprivileged() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# A folder that its user can reach, which a clone below /root is not.
postgres_home() {
    local home=$dir/postgres
    mkdir -p "$home"
    if [ "$(id -u)" = 0 ]; then
        chown postgres "$home"
        if ! unprivileged test -w "$home"; then
            home=$(mktemp -d "${TMPDIR:-/tmp}/trunkline-postgres.XXXXXX")
            chown postgres "$home"
        fi
    fi
    echo "$home" | tee "$dir/postgres.home"
}

postgres_from_packages() {
    local bin home port
    bin=$(postgres_bin) || { install_package postgresql && bin=$(postgres_bin); } || return 1
    home=$(postgres_home)
    port=$(free_port)
    (
        cd "$home"
        unprivileged "$bin/initdb" -D "$home/data" -U postgres -A trust -E UTF8 --no-locale --no-sync
        unprivileged "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w -o "-p $port -h 127.0.0.1 \
            -c unix_socket_directories='' -c max_connections=300 -c fsync=$fsync" start
    ) >"$dir/postgres.log" 2>&1 </dev/null || {
        tail -n 5 "$dir/postgres.log" >&2
        return 1
    }
    echo "$bin" >"$dir/postgres.bin"
    echo "$port"
}

rabbitmq_from_packages() {
    local bin
    bin=$(rabbitmq_bin) || { install_package rabbitmq-server && bin=$(rabbitmq_bin); } || return 1
    # Another process may take a port between our look at it and the start.
    rabbitmq_start "$bin" || rabbitmq_start "$bin"
}

rabbitmq_start() {
    local bin=$1 home=$dir/rabbitmq detach='' port server until
    mkdir -p "$home"
    port=$(free_port)
    echo '[].' >"$home/plugins"
    printf 'log.file.level = warning\ndisk_free_limit.absolute = 100MB\n' >"$home/rabbitmq.conf"
    : >"$home/env.conf"
    ! have setsid || detach=setsid
    (
        cd "$home"
        export HOME=$home ERL_EPMD_ADDRESS=127.0.0.1
        ERL_EPMD_PORT=$(free_port) RABBITMQ_DIST_PORT=$(free_port)
        export ERL_EPMD_PORT RABBITMQ_DIST_PORT
        export RABBITMQ_CONF_ENV_FILE=$home/env.conf RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf
        export RABBITMQ_NODENAME=trunkline-$port@localhost RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
        export RABBITMQ_NODE_PORT=$port
        export RABBITMQ_MNESIA_BASE=$home/data RABBITMQ_LOG_BASE=$home/log
        export RABBITMQ_ENABLED_PLUGINS_FILE=$home/plugins RABBITMQ_PID_FILE=$home/pid
        export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"
        echo "$ERL_EPMD_PORT" >"$home/epmd"
        # A quorum queue holds files open; the usual 1024 is soon used up.
        ulimit -n "$(ulimit -Hn)" || true
        exec $detach "$bin" >"$dir/rabbitmq.log" 2>&1 </dev/null
    ) &
    server=$! until=$((SECONDS + 90))
    until rabbitmq_answers "$port"; do
        if [ $SECONDS -ge $until ] || ! kill -0 $server 2>/dev/null; then
            tail -n 5 "$dir/rabbitmq.log" >&2
            return 1
        fi
        sleep 0.2
    done
    echo "$port"
}

# --- one service: its name, the variable, the standard port, the check, the two ways to start it

postgres_in_docker() {
    in_docker postgres postgres:16-alpine 5432 --env POSTGRES_HOST_AUTH_METHOD=trust \
        --env 'POSTGRES_INITDB_ARGS=--set max_connections=300'
}
rabbitmq_in_docker() { in_docker rabbitmq rabbitmq:4-alpine 5672; }

# provide SERVICE STANDARD-PORT: prints the port of a running server
provide() {
    local service=$1 standard=$2 port
    if [ -z "$private" ] && "${service}_answers" "$standard"; then
        say "$service: running on 127.0.0.1:$standard"
        echo "$standard"
        return
    fi
    local ways="docker packages"
    if [ -n "$private" ]; then ways="packages docker"; fi
    local way
    for way in $ways; do
        case $way in
        docker)
            docker_works || continue
            say "$service: starting a container"
            port=$("${service}_in_docker") || continue
            wait_for 90 "${service}_answers" "$port" || continue
            ;;
        packages)
            say "$service: starting one from the distribution's package"
            port=$("${service}_from_packages") || continue
            ;;
        esac
        say "$service: on 127.0.0.1:$port ($way), stopped at the end"
        echo "$port"
        return
    done
    say "$service: none found and none could be started. Do one of these:"
    say "  install it:       apt-get install postgresql rabbitmq-server   (as root)"
    say "  start Docker:     an engine that 'docker info' reaches"
    say "  name your own:    DATABASE_URL=postgres://.. AMQP_URL=amqp://.. make test"
    return 1
}

# --- stopping

stop_one() {
    local run=$1 name pid home
    "$root/scripts/moto.sh" stop "$run"
    "$root/scripts/seaweed.sh" stop "$run"
    if [ -f "$run/containers" ]; then
        while read -r name; do docker stop --time 2 "$name"; done <"$run/containers"
    fi
    if [ -f "$run/postgres.home" ]; then
        home=$(cat "$run/postgres.home")
        if [ -f "$run/postgres.bin" ]; then
            (cd / && unprivileged "$(cat "$run/postgres.bin")/pg_ctl" -D "$home/data" -m immediate -w stop)
        fi
        rm -rf "$home"
    fi
    if [ -f "$run/rabbitmq/pid" ]; then
        pid=$(cat "$run/rabbitmq/pid")
        kill -TERM "$pid"
        wait_for 20 gone "$pid" || kill -KILL "$pid"
    fi
    if [ -f "$run/rabbitmq/epmd" ]; then
        name=$(cat "$run/rabbitmq/epmd")
        ERL_EPMD_ADDRESS=127.0.0.1 epmd -port "$name" -kill
    fi
    rm -rf "$run"
}

gone() { ! kill -0 "$1" 2>/dev/null; }

stop_run() {
    [ ! -d "$1" ] || stop_one "$1" >"$all/stop.log" 2>&1 || true
}

case ${1:-} in
run)
    shift
    if [ "${1:-}" = --private ]; then
        private=yes fsync=on s3=
        shift
    fi
    [ $# -gt 0 ] || { say "run what?" && exit 2; }
    dir=$all/run-$$
    mkdir -p "$dir"
    trap 'stop_run "$dir"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    if [ -z "${DATABASE_URL:-}" ]; then
        port=$(provide postgres 5432) || exit 1
        export DATABASE_URL=postgres://postgres@127.0.0.1:$port/postgres
    fi
    if [ -z "${AMQP_URL:-}" ]; then
        port=$(provide rabbitmq 5672) || exit 1
        export AMQP_URL=amqp://guest:guest@127.0.0.1:$port/%2f
    fi
    if [ -z "${S3_TEST_URL:-}" ] && [ -n "$s3" ]; then
        S3_TEST_URL=$("$root/scripts/moto.sh" start "$dir") || exit 1
        export S3_TEST_URL
    fi
    if [ -z "${S3_SECOND_TEST_URL:-}" ] && [ -n "$s3" ]; then
        S3_SECOND_TEST_URL=$("$root/scripts/seaweed.sh" start "$dir") || exit 1
        export S3_SECOND_TEST_URL
    fi
    rabbitmq_bin >/dev/null ||
        say "rabbitmq-server is not installed here: two tests of the bus start a broker of their own and fail without it"
    "$@"
    ;;
stop)
    mkdir -p "$all"
    for run in "$all"/run-*; do stop_run "$run"; done
    say "nothing of ours is left running"
    ;;
*)
    sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
