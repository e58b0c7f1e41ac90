#!/bin/sh
# Runs all tests: without and with the engine, and those of the external engines themselves. Prints what failed, and counts at the end.
# `tests/run.sh --no-engine` leaves out what needs DataFusion, which takes most of the time to build.
# External engines are installed first where node and Python are there; tests that lack theirs say SKIPPED and are counted. Tests of data
# that lies beside the repository, and is no part of it, say NO DATA where there is none, and are counted apart.
set -u
cd "$(dirname "$0")/.." || exit 2
log=$(mktemp) && status=$(mktemp) || exit 2
trap 'rm -f "$log" "$status"' EXIT
failed=0

tests/oracles/install.sh || echo "external engines are not installed: their tests will be SKIPPED"
if [ -x tests/oracles/venv/bin/python ]; then
    echo "== external engines' own cases"
    tests/oracles/venv/bin/python tests/oracles/selftest.py >"$log" || { failed=1; cat "$log"; }
    tail -n 1 "$log"
fi

# Everything goes into the log; people see one line a test binary, and all of it where something failed.
cases() {
    echo "== cargo test $*"
    part=$(mktemp)
    { cargo test --locked --no-fail-fast "$@" -- --show-output 2>&1; echo $? >"$status"; } | tee "$part" |
        grep -E '^ +(Running|Doc-tests) |^test result|^SKIPPED: |^NO DATA: |^error|panicked at '
    if [ "$(cat "$status")" != 0 ]; then
        failed=1
        cat "$part"
    fi
    cat "$part" >>"$log"
    rm -f "$part"
}

: >"$log"
cases --no-default-features
# What holds emitted texts against emulators and other engines (promise, emulator) knows nothing of DataFusion, and takes longest: once is enough.
[ "${1:-}" = --no-engine ] || cases --lib --bins --test '[!pe]*' --test engine

sum() { sed -n "s/^test result: .* \([0-9]*\) $1;.*/\1/p" "$log" | awk '{ n += $1 } END { print n + 0 }'; }
skipped=$(grep -c '^SKIPPED: ' "$log")
bare=$(grep -c '^NO DATA: ' "$log")
[ $failed = 0 ] || printf "FAILED: "
echo "$(sum passed) passed, $(sum failed) failed, $bare without data, $skipped SKIPPED"
exit $failed
