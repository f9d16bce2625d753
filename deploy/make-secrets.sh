#!/usr/bin/env bash
# Makes up what docker-compose.split.yml needs and nobody has chosen, once, into the volumes that are mounted here:
#   /secrets/roles      trunkline.toml, the settings file of every role (environment variables win over it)
#   /secrets/postgres   the password of the database
#   /secrets/rabbitmq   the broker's configuration
# What is there already is kept: accounts in the database are encrypted with the secret key.
set -euo pipefail
umask 077
dir=${1:-/secrets}

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

if [ -s "$dir"/roles/trunkline.toml ]; then
    echo "the secrets of an earlier start are kept"
    exit 0
fi

postgres=$(random)
rabbitmq=$(random)
# Database and broker read theirs as users of their own; nobody else mounts these two volumes.
(
    umask 022
    printf '%s' "$postgres" >"$dir"/postgres/password
    printf 'loopback_users.guest = false\nlog.console = true\ndefault_user = trunkline\ndefault_pass = %s\n' "$rabbitmq" \
        >"$dir"/rabbitmq/10-trunkline.conf
)
# Last, and in one piece: as long as it is missing, everything is made up anew.
cat >"$dir"/roles/draft <<EOF
database_url = "postgres://trunkline:$postgres@postgres:5432/trunkline"
amqp_url = "amqp://trunkline:$rabbitmq@rabbitmq:5672/%2f"
internal_service_key = "$(random)"
trunkline_secret_key = "$(random)"
trunkline_admin_api_key = "tk_$(random)"
EOF
mv "$dir"/roles/draft "$dir"/roles/trunkline.toml
echo "made up; the first API key: docker compose -f docker-compose.split.yml exec tenants grep admin /secrets/trunkline.toml"
