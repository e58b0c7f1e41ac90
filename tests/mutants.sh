#!/bin/sh
# Mutants of the compiler and the evaluator: changes the code in one place at a time, and says which changes no test notices.
# `tests/mutants.sh COUNT SEED` takes so many mutants of src/target, src/resolve, src/bind and src/eval, chosen by the seed. The quick tests
# run on all of them, the slow ones on what those leave over. Prints the counts; mutants.out/missed.txt has the survivors, mutants.out/diff
# what each changes. Needs cargo-mutants 27 and cargo-nextest, which stops at the first test that fails
# (`cargo install --locked cargo-mutants cargo-nextest`), and Python; takes hours, of a machine that does nothing else. Where it was cut off, it
# goes on; remove mutants.out to begin anew.
# It changes the sources in place, so that the external engines are there (tests/oracles/install.sh): run it in a clone of its own.
set -eu
cd "$(dirname "$0")/.."
set -- "${1:-300}" "${2:-7}" -f 'src/target/**' -f 'src/resolve/**' -f 'src/bind/**' -f 'src/eval/**'
count=$1 seed=$2
shift 2
# A run that was cut off may have left its last change there; nobody's own change is thrown away.
if [ -e mutants.out ]; then
    git checkout -q src
elif ! git diff --quiet HEAD -- src; then
    echo "src has changes that are not committed" >&2
    exit 1
fi
tests/oracles/install.sh

# Patterns of names do not reach all kinds of mutants: all that are not of the sample are said to be caught already.
if [ ! -e mutants.out ]; then
    mkdir mutants.out
    cargo mutants --list --json "$@" | python3 -c '
import json, random, sys
names = sorted({mutant["name"] for mutant in json.load(sys.stdin)})
sample = set(random.Random(int(sys.argv[2])).sample(names, int(sys.argv[1])))
print(*(name for name in names if name not in sample), sep="\n")
' "$count" "$seed" >mutants.out/caught.txt
fi

# The tests pass where nothing is changed, which is asked first: else every mutant would seem to be caught.
pass() {
    CARGO_PROFILE_DEV_DEBUG=0 INSTA_UPDATE=no SKYWATCH_CASES="${SKYWATCH_CASES:-10}" cargo mutants --no-default-features --in-place \
        --test-tool nextest --timeout 600 --iterate --colors never "$@" || true
    for answer in caught timeout unviable; do
        echo "$answer: $(wc -l <mutants.out/$answer.txt)"
    done
    echo "missed: $(wc -l <mutants.out/missed.txt)"
}
# These take longer than all the others, or want more cases than there are here.
left='test(/^syntax::deep/) | test(/^redaction::/) | test(/^record_inputs::/) | test(/^literals::/) | test(/^metamorphic::/)'
late='test(/^diagnostics::every_mistake/) | test(/^target_googlesql::/) | test(/^target_kql_engines::/) | test(/^conformance::(every_construct|the_files|the_order|there|adjoining)/)'
pass "$@" -C=--test=compiler -- -E "not ($left) & not ($late)"
pass "$@" -C=--lib -C=--test=compiler -C=--test=promise -C=--test=docs -- -E "not ($left) & (not binary(compiler) | $late)"
cat mutants.out/missed.txt
