//! What Microsoft's documentation of KQL leaves open.

use crate::emulator::Reading;

/// One name a question, in the order of [`READINGS`].
pub(super) const ROW_ORDER: usize = 0;
pub(super) const SET_ORDER: usize = 1;
pub(super) const BAG_ORDER: usize = 2;
pub(super) const NULL_LOGIC: usize = 3;
pub(super) const NULL_KEYS: usize = 4;
pub(super) const DATES_IN_JSON: usize = 5;
pub(super) const REAL_AS_TEXT: usize = 6;
pub(super) const DIVISION_BY_ZERO: usize = 7;
pub(super) const OVERFLOW: usize = 8;
pub(super) const AVERAGE_OF_NONE: usize = 9;
pub(super) const DYNAMIC_EQUALITY: usize = 10;
pub(super) const OPERATION_CASE: usize = 11;
pub(super) const CASE_FOLDING: usize = 12;
pub(super) const TERM_LETTERS: usize = 13;
pub(super) const PERCENTILE: usize = 14;
pub(super) const PROPERTIES: usize = 15;
pub(super) const NAN_ORDER: usize = 16;
pub(super) const PARSE_ENDS: usize = 17;
pub(super) const BOOL_AS_TEXT: usize = 18;
pub(super) const EMPTY_DIGEST: usize = 19;
pub(super) const ELEMENT_TYPES: usize = 20;
pub(super) const JSON_NUMBERS: usize = 21;
pub(super) const AVERAGE_OF_SPANS: usize = 22;
pub(super) const SPREAD_OF_ONE: usize = 23;
pub(super) const LONG_AND_REAL: usize = 24;
pub(super) const ADDRESS_FORMS: usize = 25;

const fn reading(name: &'static str, question: &'static str, first: &'static str, other: &'static str) -> Reading {
    Reading { name, question, first, other }
}

pub(super) const READINGS: &[Reading] = &[
    reading("row-order", "which of rows without an order comes first", "the one stored first", "the one stored last"),
    reading("set-order", "in which order a set of values is", "that of the rows", "the reverse"),
    reading("bag-order", "in which order the keys of a bag are", "that of their names", "the reverse"),
    reading("null-logic", "what null == null, null != null and null with `and` are", "null", "false"),
    reading("null-join-keys", "whether a null key joins a null key", "no", "yes"),
    reading("dates-in-json", "whether a date in JSON stays the text it was", "yes", "it becomes a datetime"),
    reading("real-as-text", "how a whole real is written", "with a point", "without"),
    reading("integer-division-by-zero", "what a whole number over 0 is", "null", "the query stops"),
    reading("integer-overflow", "what arithmetic beyond 64 bits gives", "it wraps", "null"),
    reading("average-of-none", "what avg of no values is", "null", "NaN"),
    reading("dynamic-equality", "whether a dynamic value equals one of another type with the same text", "no", "yes"),
    reading("operation-case", "in which case OperationNameValue is stored", "as exported", "in the other case"),
    reading("case-folding", "whether letters beyond ASCII are compared without their case", "yes", "no"),
    reading("term-letters", "whether letters beyond ASCII are part of a term", "no", "yes"),
    reading(
        "percentile-error",
        "which value an estimate of a percentile gives",
        "that of the nearest rank",
        "that of the next",
    ),
    reading(
        "properties-of-diagnostics",
        "where properties that are an object stand",
        "in properties_s",
        "in a column a key",
    ),
    reading("nan-order", "whether a comparison with NaN holds", "no", "as if it were the lowest number"),
    reading("parse-ends", "whether a pattern of `parse` fits a part of a text without `*` around it", "no", "yes"),
    reading("bool-as-text", "how a bool is written", "true", "True"),
    reading("empty-digest", "what the digest of an empty text is", "the digest of no bytes", "an empty text"),
    reading("element-types", "what an element of another type becomes in `to typeof`", "null", "a value converted"),
    reading("json-numbers", "what type a whole number of JSON has", "long", "int, as in the page of gettype"),
    reading("average-of-spans", "what becomes of a part of a tick in an average", "it is cut off", "it is rounded"),
    reading("spread-of-one", "what the spread of a sample of one value is", "0", "NaN"),
    reading(
        "long-and-real",
        "how a long of more digits than a real can hold is compared with a real",
        "as a real",
        "exactly",
    ),
    reading(
        "address-forms",
        "whether addresses with leading zeros, too few parts or a zone are addresses",
        "no",
        "yes",
    ),
];
