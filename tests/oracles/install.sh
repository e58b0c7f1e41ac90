#!/bin/sh
# Installs the oracles beside this file: node_modules/ from package-lock.json, venv/ from requirements.txt.
# Does nothing where both are as pinned. After it, everything here works offline. Any failure ends it with a message.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "oracles: $*" >&2
    exit 1
}

node_major=$(node -p 'process.versions.node.split(".")[0]') || fail "node is missing (18 or later is needed)"
[ "$node_major" -ge 18 ] || fail "node $node_major is too old (18 or later is needed)"

if cmp -s package-lock.json node_modules/.installed; then
    echo "oracles: node_modules is as pinned"
else
    echo "oracles: installing node_modules"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || fail "npm ci failed"
    [ -f node_modules/@kusto/language-service-next/Kusto.Language.Bridge.min.js ] || fail "the Kusto package has no Kusto.Language.Bridge.min.js"
    cp package-lock.json node_modules/.installed
fi

if cmp -s requirements.txt venv/.installed; then
    echo "oracles: venv is as pinned"
else
    echo "oracles: installing venv"
    python=
    for candidate in python3.11 python3; do
        if [ "$($candidate -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = 3.11 ]; then
            python=$candidate
            break
        fi
    done
    [ -n "$python" ] || fail "Python 3.11 is missing"
    rm -rf venv
    "$python" -m venv venv || fail "python -m venv failed"
    venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: -r requirements.txt || fail "pip install failed"
    venv/bin/python -m pip check --quiet >/dev/null || fail "the pinned packages do not fit together"
    cp requirements.txt venv/.installed
fi

echo "oracles: ready"
