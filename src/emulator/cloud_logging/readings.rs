//! What Google's documentation of the filter language leaves open: the questions, by number.

use crate::emulator::Reading;

pub(super) const HAS_OBJECT: usize = 0;
pub(super) const SEARCH_KEYS: usize = 1;
pub(super) const HAS_SCALAR: usize = 2;
pub(super) const NULL_EXISTS: usize = 3;
pub(super) const EMPTY_EXISTS: usize = 4;
pub(super) const NULL_UNEQUAL: usize = 5;
pub(super) const BAD_LITERAL: usize = 6;
pub(super) const DEFAULT_DURATION: usize = 7;
pub(super) const MAPPED_ADDRESS: usize = 8;
pub(super) const DUPLICATE: usize = 9;
pub(super) const OPEN_TYPE: usize = 10;
pub(super) const LOOSE_NETWORK: usize = 11;

/// By the numbers above.
pub(super) const READINGS: &[Reading] = &[
    Reading {
        name: "has-on-objects",
        question: "what `:` with a text means on a field that holds an object",
        first: "some value inside the object contains the text",
        other: "an object is no scalar, so the comparison fails",
    },
    Reading {
        name: "search-of-keys",
        question: "whether a search through an object or an entry looks at the names of its keys too",
        first: "at values alone",
        other: "at keys as well",
    },
    Reading {
        name: "has-on-other-scalars",
        question: "what `:` means on a number, a truth value, an enum, a time or a duration",
        first: "the same as `=`",
        other: "it is for texts, so the comparison fails",
    },
    Reading {
        name: "null-exists",
        question: "whether `:*` holds of a field that is there with a JSON null",
        first: "it does",
        other: "it does not",
    },
    Reading {
        name: "empty-exists",
        question: "whether `:*` holds of an empty list, an empty object, or a typed field written with its default value",
        first: "it does not",
        other: "it does",
    },
    Reading {
        name: "null-unequal",
        question: "whether `!=` holds between a JSON null and what is none",
        first: "the conversion fails, so the comparison fails",
        other: "they are unequal, so it holds",
    },
    Reading {
        name: "bad-literal",
        question: "what a value does that the type of a LogEntry field can't hold",
        // The page says that the comparison fails; users show an error of the API for a time: "is of incorrect type".
        first: "the query is rejected",
        other: "the comparison fails",
    },
    Reading {
        name: "default-duration",
        question: "what an absent duration of a LogEntry compares as",
        first: "0 s",
        other: "nothing, so the comparison fails",
    },
    Reading {
        name: "mapped-addresses",
        question: "whether an address of IPv4 and the same written as one of IPv6 (::ffff:a.b.c.d) are in each other's networks",
        first: "they are not",
        other: "they are",
    },
    Reading {
        name: "duplicates",
        question: "which of several entries with one insertId and timestamp but different content remains in a result",
        first: "the first that was written",
        other: "the last that was written",
    },
    Reading {
        name: "open-types",
        question: "what a field is that JSON writes as a text, in a message whose type is not described here",
        first: "a text",
        other: "what its text has the form of: an integer, a duration or a time; else no text, so comparisons fail",
    },
    Reading {
        name: "loose-networks",
        question: "whether a network whose address has bits past its prefix, as 10.1.2.3/24, is legal",
        first: "it is not: no field has it, and a query with it is rejected",
        other: "it is, without those bits",
    },
];
