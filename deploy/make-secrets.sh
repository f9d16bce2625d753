#!/usr/bin/env bash
# Makes up what docker-compose.split.yml needs and nobody has chosen, once, into the volumes that are mounted here:
#   /secrets/roles      trunkline.toml, the settings file of every role (environment variables win over it)
#   /secrets/postgres   the password of the database
#   /secrets/rabbitmq   the broker's configuration
# What is there already is kept: accounts in the database are encrypted with the secret key. Without TWILIO_ACCOUNT_SID the
# settings file names the emulator's container as the Twilio, with a made-up account.
set -euo pipefail
umask 077
dir=${1:-/secrets}

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

secrets() {
    local postgres rabbitmq
    postgres=$(random)
    rabbitmq=$(random)
    # Database and broker read theirs as users of their own; nobody else mounts these two volumes.
    (
        umask 022
        printf '%s' "$postgres" >"$dir"/postgres/password
        printf 'loopback_users.guest = false\nlog.console = true\ndefault_user = trunkline\ndefault_pass = %s\n' "$rabbitmq" \
            >"$dir"/rabbitmq/10-trunkline.conf
    )
    cat <<EOF
database_url = "postgres://trunkline:$postgres@postgres:5432/trunkline"
amqp_url = "amqp://trunkline:$rabbitmq@rabbitmq:5672/%2f"
internal_service_key = "$(random)"
trunkline_secret_key = "$(random)"
trunkline_admin_api_key = "tk_$(random)"
EOF
}

# The emulator's account, and where it and the platform find each other among the containers.
emulator() {
    cat <<EOF
twilio_account_sid = "AC$(random | head -c 32)"
twilio_auth_token = "$(random | head -c 32)"
twilio_api_base_url = "http://emulator:8081"
webhook_base_url = "http://proxy:8080"
EOF
}

# once FILE COMMAND: written in one piece, so that what an interruption left half done is made up anew.
once() {
    if [ -s "$1" ]; then return; fi
    "$2" >"$1.draft"
    mv "$1.draft" "$1"
}

settings=$dir/roles/trunkline.toml
# A file of the version before holds the secrets alone.
if [ -s "$settings" ] && [ ! -e "$dir"/roles/secrets.toml ]; then cp "$settings" "$dir"/roles/secrets.toml; fi
once "$dir"/roles/secrets.toml secrets
once "$dir"/roles/emulator.toml emulator
parts=("$dir"/roles/secrets.toml)
if [ -z "${TWILIO_ACCOUNT_SID:-}" ]; then parts+=("$dir"/roles/emulator.toml); fi
cat "${parts[@]}" >"$settings.draft"
mv "$settings.draft" "$settings"
echo "the first API key: docker compose -f docker-compose.split.yml exec tenants grep admin /secrets/trunkline.toml"
