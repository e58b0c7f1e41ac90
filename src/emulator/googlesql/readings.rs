//! What Google's documentation leaves open, by number.

use crate::emulator::Reading;

/// Numbers of [`ALL`].
pub(super) const ROW_ORDER: usize = 0;
pub(super) const UNSET: usize = 1;
pub(super) const NAME: usize = 2;
pub(super) const EVALUATION: usize = 3;
pub(super) const APPROXIMATE: usize = 4;
pub(super) const BASE64: usize = 5;

/// The open questions.
pub(super) const ALL: &[Reading] = &[
    Reading {
        name: "row-order",
        question: "the order of rows that no ORDER BY decides, where LIMIT, ANY_VALUE, an aggregate, an array or a window depends on it",
        first: "as they were stored",
        other: "the other way round",
    },
    Reading {
        name: "unset-field",
        question: "what a text, number or bool of proto_payload or operation holds that the entry leaves out",
        first: "NULL",
        other: "the type's default",
    },
    Reading {
        name: "alias-or-column",
        question: "what a name in GROUP BY, HAVING or ORDER BY means that is a column and the alias of something else",
        first: "the alias",
        other: "nothing: it is ambiguous, an error",
    },
    Reading {
        name: "evaluation-order",
        question: "whether an operand of AND or OR that fails stops the query where another operand decides",
        first: "it does not",
        other: "it does",
    },
    Reading {
        name: "approximate",
        question: "what an approximate aggregate gives where it is not exact",
        first: "the exact count; the element below",
        other: "one more; the element above",
    },
    Reading {
        name: "lenient-base64",
        question: "whether FROM_BASE64 takes white space, missing padding and bits behind the end",
        first: "it fails",
        other: "it does",
    },
];
