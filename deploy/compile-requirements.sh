#!/bin/sh
# Compile the pinned and hashed requirement files from pyproject.toml. No index address is written.
set -eu
cd "$(dirname "$0")/.."
UV=${UV:-$(command -v uv || echo .venv-uv/bin/uv)}
compile() { "$UV" pip compile --quiet --generate-hashes --no-emit-index-url --no-header "$@"; }
compile pyproject.toml --python-version 3.12 --universal -o requirements/desk.txt
compile pyproject.toml --group test --python-version 3.12 --universal -c requirements/desk.txt -o requirements/test.txt
compile --group engine --python-version 3.10 -o requirements/engine.txt
