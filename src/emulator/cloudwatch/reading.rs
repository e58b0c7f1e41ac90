//! What the documentation of CloudWatch Logs Insights leaves open: gives each question a number, and says how it is read.

use crate::emulator::Reading;

/// The questions, in the order of [`READINGS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    MissingNegated,
    JsonNull,
    JsonBoolean,
    FieldCap,
    ParseCap,
    StructureName,
    AliasOfField,
    AliasAfterStats,
    NumberOfStats,
    Backslash,
    NoNumber,
    WholeNumbers,
    NumberLikeText,
    TextsOfDigits,
    OrderOfTexts,
    TextAgainstNumber,
    NumberAsText,
    KeyTypes,
    MissingKey,
    NoRows,
    CountOfNone,
    Percentile,
    Deviation,
    LeastOfTexts,
    TimeAsNumber,
    LatestMissing,
    Modulus,
    Halves,
    BinOrigin,
    ConcatMissing,
    HashCase,
    StructureCoalesced,
    ListIndex,
    StringifyScalar,
    JsonText,
    UnnestMissing,
    SortDirection,
    SortMissing,
    Ties,
    Stamp,
    RangeEnd,
    PatternAlphabet,
    PatternEnd,
    GlobLines,
}

const fn reading(name: &'static str, question: &'static str, first: &'static str, other: &'static str) -> Reading {
    Reading { name, question, first, other }
}

/// What is read both ways.
pub(super) static READINGS: &[Reading] = &[
    reading(
        "missing-negated",
        "what a comparison with a missing field is under `not`, and what `not in` and `not like` are",
        "the comparison is false, so its negation holds",
        "neither holds",
    ),
    reading(
        "json-null",
        "whether a field that is null in JSON is present",
        "it is missing",
        "it is present, without a value",
    ),
    reading("json-boolean", "how true and false of JSON are read", "as 1 and 0", "as texts"),
    reading(
        "field-cap",
        "which 200 fields of an event with more are discovered",
        "the first ones of the record",
        "the first ones by name",
    ),
    reading("parse-cap", "whether `parse` reads an event of more than 200 fields", "it does", "it does not"),
    reading(
        "structure-name",
        "what the name of an object or list of a discovered field gives",
        "nothing, only its leaves are fields",
        "its JSON text",
    ),
    reading(
        "alias-of-a-field",
        "what an alias does that is called like a discovered field",
        "it hides the field",
        "the query is rejected",
    ),
    reading(
        "alias-after-stats",
        "whether an alias may have the name of one that a `stats` dropped",
        "it may not",
        "it may",
    ),
    reading("number-of-stats", "how many `stats` a query may have", "ten", "two"),
    reading(
        "backslash-in-text",
        "what a backslash in a quoted text is",
        "an escape before a quotation mark or a backslash, else itself",
        "always itself",
    ),
    reading(
        "no-number",
        "what arithmetic gives where there is no number: by zero, of a text",
        "no value",
        "an infinity or a NaN",
    ),
    reading(
        "whole-numbers",
        "how whole numbers above 2^53 are reckoned with",
        "as floats of 64 bits",
        "exactly, in 64 bits",
    ),
    reading("number-like-text", "whether texts such as ` 1`, `+1`, `.5` and `1.` are numbers", "no", "yes"),
    reading("texts-of-digits", "how two texts compare that both look like numbers", "as texts", "as numbers"),
    reading("order-of-texts", "what `<` between texts is", "the order of code points", "the order of `sort`"),
    reading(
        "text-against-number",
        "what `<` between a number and a text that is none gives",
        "false",
        "what their texts give",
    ),
    reading(
        "number-as-text",
        "how a number that is not whole, or very large, is written as text",
        "shortest, without an exponent",
        "as Java writes a double",
    ),
    reading("key-types", "whether the number 1 and the text `1` are one key", "they are", "they are two"),
    reading("missing-key", "where `stats` puts rows without the key", "in a group of their own", "nowhere"),
    reading("stats-of-nothing", "what `stats` without `by` gives of no rows", "no row", "one row"),
    reading("count-of-none", "what `count(f)` gives where no row has f", "0", "no value"),
    reading("percentile", "how `pct` is reckoned", "the nearest rank", "interpolated"),
    reading("deviation", "what `stddev` divides by", "one less than the number of values", "their number"),
    reading(
        "least-of-texts",
        "what `min` and `max` make of texts",
        "they follow the order of `sort`",
        "they leave them out",
    ),
    reading(
        "time-as-number",
        "whether moments and milliseconds stand for one another in date functions, `min` and `max`",
        "they do, and `min` of moments is a moment",
        "a number is no moment, and `min` of moments is a number",
    ),
    reading(
        "latest-without-value",
        "what `latest(f)` is where the latest event has no f",
        "that of the latest event that has one",
        "no value",
    ),
    reading("modulus", "the sign of `%`", "that of the dividend", "that of the divisor"),
    reading("halves", "how `round` rounds a half", "away from zero", "to the even number"),
    reading(
        "bin-origin",
        "where periods start that do not divide the next longer unit",
        "at multiples since 1970",
        "anew with each longer unit",
    ),
    reading("concat-missing", "what `concat` makes of a missing value", "nothing is added", "the whole is missing"),
    reading("hash-case", "in which letters a hash is written", "small ones", "capitals"),
    reading("structure-coalesced", "whether `coalesce` takes maps and lists", "it does", "it passes over them"),
    reading("list-index", "what the first index of a list is", "0", "1"),
    reading("stringify-scalar", "what `jsonStringify` makes of texts and numbers", "nothing", "their JSON text"),
    reading(
        "json-text",
        "how `jsonStringify` writes a structure",
        "without spaces, members by name",
        "with spaces, members in another order",
    ),
    reading("unnest-missing", "what `unnest` makes of a row without the field", "the row goes", "the row stays"),
    reading("sort-direction", "the direction of `sort` without a word", "ascending", "descending"),
    reading(
        "sort-missing",
        "where `sort` puts missing values",
        "last",
        "first where it ascends, last where it descends",
    ),
    reading("ties", "which of rows equal in order come first", "those that came first", "those that came last"),
    reading(
        "stamp",
        "which time an AWS service stamps on the events that it delivers",
        "that of its record",
        "that of the arrival",
    ),
    reading("range-end", "how much of the last second of the range is asked for", "its first moment", "all of it"),
    reading(
        "pattern-alphabet",
        "whether patterns work on characters, and `\\w`, `\\d`, `\\s`, `\\b` and `(?i)` know more than ASCII",
        "they do",
        "they work on bytes and know ASCII alone",
    ),
    reading(
        "pattern-end",
        "where `$` of a pattern stands in a text that ends with a line break",
        "after the line break",
        "before it, too",
    ),
    reading("glob-lines", "whether `*` of a glob crosses lines", "it does", "it does not"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_question_has_its_reading() {
        assert_eq!(READINGS.len(), Question::GlobLines as usize + 1);
        assert_eq!(READINGS[Question::Ties as usize].name, "ties");
        assert_eq!(READINGS[Question::Modulus as usize].name, "modulus");
        assert_eq!(READINGS[Question::NoRows as usize].name, "stats-of-nothing");
    }
}
