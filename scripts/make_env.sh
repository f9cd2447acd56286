#!/bin/sh
# Make .venv from requirements.lock: with uv where it is there, else with venv and pip.
# A second run with the same lock does nothing. VENV names another folder, PYTHON an interpreter.
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

new_enough='import sys; raise SystemExit(not (3, 11) <= sys.version_info < (3, 15))'
stamp=$venv/made-from
want=$(cksum < requirements.lock)

if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c "$new_enough" 2>/dev/null; then
    [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || exit 0
else
    python=
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        # Run it: a name on the path may be a shim of a version that is not there.
        if "$name" -c "$new_enough" >/dev/null 2>&1; then python=$name; break; fi
    done
    if [ -z "$python" ]; then
        echo "Tallystick needs Python 3.11 to 3.14. Install one, or name it: make env PYTHON=…" >&2
        exit 1
    fi
    echo "Making $venv with $("$python" --version) …" >&2
    "$python" -m venv --clear "$venv"
fi

echo "Installing what requirements.lock names …" >&2
if command -v uv >/dev/null 2>&1; then
    uv pip install --quiet --python "$venv/bin/python" --require-hashes -r requirements.lock
else
    # The lock names every dependency; pip alone would ask for a pin of each extra as well.
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-deps \
        --require-hashes -r requirements.lock
fi
echo "$want" > "$stamp"
