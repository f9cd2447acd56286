#!/bin/sh
# Write requirements.lock: every dependency and extra of pyproject.toml with its hashes, for
# Python 3.11 to 3.14 on every system, and no address of any package index.
# Needs uv. Arguments go to uv: --upgrade, or --upgrade-package NAME.
set -eu
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .venv/bin/uv)
"$uv" pip compile --universal --python-version 3.11 --all-extras --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet \
    --output-file requirements.lock "$@" pyproject.toml
if grep -nE '://|^--' requirements.lock; then
    echo "requirements.lock holds an address or an option: see above" >&2
    exit 1
fi
