#!/bin/sh
# Checks rule packs in CI: their form, what is wrong with them, their tests. Called by the GitHub action and the GitLab job beside this file.
#
#   check.sh github PACK…           findings as annotations, on standard output
#   check.sh gitlab PACK…           gl-code-quality.json, skywatch-check.xml and skywatch-test.xml in the current folder
#   check.sh sarif PACK…            skywatch.sarif in the current folder
#
# SKYWATCH names the program, if it is not `skywatch`. SKYWATCH_BASE names a git revision: what changed in meaning since then goes into GitHub's
# summary of the job, or into skywatch-diff.md. Everything is run whatever fails; status 1 where anything does.
set -u
skywatch=${SKYWATCH:-skywatch}
form=${1:-}
[ $# -ge 2 ] || {
    echo "check.sh: give github, gitlab or sarif, and a pack" >&2
    exit 2
}
shift
status=0
no() {
    echo "skywatch: $1" >&2
    status=1
}

# What rules mean now and did not in the base, for whoever reviews them.
changed() {
    [ -n "${SKYWATCH_BASE:-}" ] || return 0
    for pack; do
        printf '\n# %s\n\n' "$pack"
        "$skywatch" diff "$SKYWATCH_BASE" "$pack" --format markdown || echo "There is nothing to compare it with."
    done
}

"$skywatch" fmt --diff "$@" || no "not in the canonical form: run \`skywatch fmt\`"
case $form in
github)
    "$skywatch" check --format github "$@" || no "a pack has errors"
    "$skywatch" test "$@" || no "a test of a rule fails"
    changed "$@" >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
    ;;
gitlab)
    "$skywatch" check --format gitlab "$@" >gl-code-quality.json || no "a pack has errors"
    "$skywatch" check --format junit "$@" >skywatch-check.xml || status=1
    "$skywatch" test --format junit "$@" >skywatch-test.xml || no "a test of a rule fails"
    changed "$@" >skywatch-diff.md
    ;;
sarif)
    "$skywatch" check --format sarif "$@" >skywatch.sarif || no "a pack has errors"
    "$skywatch" test "$@" || no "a test of a rule fails"
    ;;
*)
    echo "check.sh: \`$form\` is none of github, gitlab, sarif" >&2
    exit 2
    ;;
esac
exit $status
