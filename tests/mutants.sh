#!/bin/sh
# Mutants of the compiler and the evaluator: changes the code in one place at a time, and says which changes no test notices.
# `tests/mutants.sh COUNT SEED` takes so many mutants of src/target, src/resolve, src/bind and src/eval, chosen by the seed. The quick tests
# run on all of them, the slow ones on what those leave over. Prints the counts; mutants.out/missed.txt has the survivors, mutants.out/diff
# what each changes. Needs cargo-mutants 27 and cargo-nextest, which stops at the first test that fails
# (`cargo install --locked cargo-mutants cargo-nextest`), and Python; takes hours. Where it was cut off, it goes on; remove mutants.out to begin
# anew.
set -eu
cd "$(dirname "$0")/.."
set -- "${1:-300}" "${2:-7}" -f 'src/target/**' -f 'src/resolve/**' -f 'src/bind/**' -f 'src/eval/**'
count=$1 seed=$2
shift 2

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

pass() {
    CARGO_PROFILE_DEV_DEBUG=0 INSTA_UPDATE=no SKYWATCH_CASES="${SKYWATCH_CASES:-10}" cargo mutants --no-default-features \
        --test-tool nextest --baseline skip --timeout 300 --iterate --colors never "$@" || true
    for answer in caught timeout unviable; do
        echo "$answer: $(wc -l <mutants.out/$answer.txt)"
    done
    echo "missed: $(wc -l <mutants.out/missed.txt)"
}
# These take longer than all the others, and hardly any mutant hangs on them alone: they have their turn with what is left.
slow='test(=diagnostics::every_mistake_has_its_message) | test(=syntax::deep_and_long_texts_end) | test(/^redaction::/) | test(/^record_inputs::/)'
pass "$@" -C=--test=compiler -- -E "not ($slow)"
pass "$@" -C=--lib -C=--test=compiler -C=--test=promise -C=--test=cli -C=--test=docs
cat mutants.out/missed.txt
