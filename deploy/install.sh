#!/bin/sh
# Install both runtimes from the pinned, hashed requirement files.
#   deploy/install.sh           desk (.venv) and engine (.venv-engine)
#   deploy/install.sh --test    and what the tests need
# Safe to run again: what is up to date is left alone.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\033[36m==>\033[0m %s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

# The checksum of the files that decide what an environment holds.
wanted() { cat "$@" pyproject.toml .python-version | cksum; }

UV_VERSION=0.13.8
find_uv() {
    if command -v uv >/dev/null 2>&1; then UV=uv; return; fi
    UV=.venv-uv/bin/uv
    [ -x "$UV" ] && return
    say "uv ($UV_VERSION) into .venv-uv"
    if ! python3 -m venv .venv-uv 2>/dev/null; then
        # Debian ships venv apart from python3.
        rm -rf .venv-uv
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            say "python3-venv (Debian package)"
            apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
            python3 -m venv .venv-uv
        else
            fail "python3 has no venv module. Install it (Debian, Ubuntu: apt-get install python3-venv), then run this again."
        fi
    fi
    .venv-uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
}

# environment NAME PYTHON LABEL REQUIREMENTS…: make it, or bring it up to date.
environment() {
    folder=$1 python=$2 label=$3; shift 3
    stamp="$folder/.installed-$label"
    want=$(wanted "$@")
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ] && return
    say "$label: Python $python into $folder"
    [ -x "$folder/bin/python" ] || "$UV" venv --quiet --python "$python" "$folder"
    for file in "$@"; do
        "$UV" pip install --require-hashes --python "$folder/bin/python" -r "$file"
    done
    printf '%s' "$want" > "$stamp"
}

find_uv
environment .venv 3.12 desk requirements/desk.txt
[ "${1:-}" = --test ] && environment .venv 3.12 test requirements/test.txt
environment .venv-engine 3.10 engine requirements/engine.txt
if [ ! -x .venv/bin/rightsdesk ]; then
    say "rightsdesk command"
    "$UV" pip install --quiet --no-deps --python .venv/bin/python --editable .
fi
say "installed"
