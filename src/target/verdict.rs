//! How an emitted query relates to its rule, and on what that rests.

use crate::ir::duration;

/// Whether the query gives the same alerts: about firing, keys and measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// The same.
    Exact,
    /// It may alert more.
    Wider,
    /// It may alert less.
    Narrower,
    /// Both.
    Differs,
    /// There is no query.
    Refused,
}

impl Verdict {
    /// All of them, from the strongest.
    pub const ALL: [Verdict; 5] =
        [Verdict::Exact, Verdict::Wider, Verdict::Narrower, Verdict::Differs, Verdict::Refused];

    /// As it is written.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Verdict::Exact => "exact",
            Verdict::Wider => "wider",
            Verdict::Narrower => "narrower",
            Verdict::Differs => "differs",
            Verdict::Refused => "refused",
        }
    }

    /// The verdict of two parts that must both hold.
    #[must_use]
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Refused, _) | (_, Verdict::Refused) => Verdict::Refused,
            (Verdict::Exact, one) | (one, Verdict::Exact) => one,
            (a, b) if a == b => a,
            _ => Verdict::Differs,
        }
    }

    /// The verdict of the complement.
    #[must_use]
    pub fn flip(self) -> Verdict {
        match self {
            Verdict::Wider => Verdict::Narrower,
            Verdict::Narrower => Verdict::Wider,
            same => same,
        }
    }
}

/// The closed list of conditions that a verdict may rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Events arrive within so many microseconds.
    EventsArriveWithin(i64),
    /// The result has at most so many groups.
    AtMostGroups(u64),
    /// No record is delivered twice.
    NoDuplicates,
    /// Whoever takes the alerts makes one of consecutive windows.
    RepeatsAreMerged,
    /// The caller's range holds whole windows.
    RangeHoldsWholeWindows,
    /// Redaction changed nothing that the rule reads.
    RedactionChangedNothing,
    /// What `found` asks for stands in the text as it is written, and touches nothing that would make it another value.
    StandsPlain,
    /// No measure is within 1e-9 of the number it is compared with.
    RoundingDoesNotDecide,
    /// No sum leaves 64 bits; a deviation sums squares.
    SumsFit,
    /// No group holds more than so many values of what is collected to be sorted.
    AtMostValues(u64),
    /// The log is not sampled.
    NotSampled,
    /// `properties` are one column, of JSON text.
    PropertiesAsText,
    /// The records of an event lie within so many microseconds of the first.
    PartsLieWithin(i64),
    /// Where the target can't tell types apart, parts of payloads have the types that the source reads them as.
    TypesAsRead,
    /// The log that lends and the one that borrows lie where one query reads both.
    LogsLieTogether,
    /// The log goes back so many microseconds before what is judged.
    LogHolds(i64),
    /// What runs the query reads so many microseconds back, once in so many, which the target's scheduler does not.
    RunReads(i64, i64, &'static str),
    /// Where the target can't bring addresses into one form, logs have them in their shortest, and no IPv4 address as IPv6.
    AddressesInShortForm,
}

impl Condition {
    /// As it is printed after `provided:`.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Condition::EventsArriveWithin(us) => format!("events arrive within {}", duration(us)),
            Condition::AtMostGroups(n) => format!("at most {n} groups"),
            Condition::NoDuplicates => "no duplicates".to_owned(),
            Condition::RepeatsAreMerged => "repeats are merged".to_owned(),
            Condition::RangeHoldsWholeWindows => "the range holds whole windows".to_owned(),
            Condition::RedactionChangedNothing => "redaction changed nothing it reads".to_owned(),
            Condition::StandsPlain => "what is found stands by itself in plain text".to_owned(),
            Condition::RoundingDoesNotDecide => "rounding does not decide".to_owned(),
            Condition::SumsFit => "no sum leaves 64 bits".to_owned(),
            Condition::AtMostValues(n) => format!("at most {n} values a group"),
            Condition::NotSampled => "the log is not sampled".to_owned(),
            Condition::PartsLieWithin(us) => format!("the records of an event lie within {}", duration(us)),
            Condition::PropertiesAsText => "properties are kept as JSON text".to_owned(),
            Condition::AddressesInShortForm => "addresses are in their shortest form, IPv4 as IPv4".to_owned(),
            Condition::LogsLieTogether => "one query reads both logs".to_owned(),
            Condition::LogHolds(us) => format!("the log holds {}", duration(us)),
            Condition::RunReads(back, every, scheduler) => {
                format!("what runs it reads {} back every {}: not {scheduler}", duration(back), duration(every))
            }
            Condition::TypesAsRead => "payloads hold the types they are read as".to_owned(),
        }
    }
}

/// Which generation of a target's commands a query needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Needs {
    /// CloudWatch's commands of 2018–22.
    Portable,
    /// jsonParse, unnest, parseDate, if, joins and hashes too.
    #[default]
    Y2026,
}

impl Needs {
    /// Both.
    pub const ALL: [Needs; 2] = [Needs::Portable, Needs::Y2026];

    /// As JSON says it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Needs::Portable => "portable",
            Needs::Y2026 => "2026",
        }
    }
}
