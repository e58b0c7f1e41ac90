//! The table of codes: each finding's number for ever, its title, and the page that `skywatch explain` prints.
//!
//! Ranges: E01 syntax, E02 names and types, E03 packs, E04 targets, E05 run and archive, E06 emulated queries, W lints. A number that was
//! released is never used for something else.

use std::borrow::Cow;

use super::About;

macro_rules! codes {
    ($($variant:ident = $code:literal, $title:literal;)*) => {
        /// A kind of finding.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
            /// What a lint found.
            Lint(&'static About),
        }

        impl Code {
            /// All but those of lints, in the order of their numbers.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// `E0201`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $code,)* Code::Lint(about) => about.code }
            }

            /// A few words that name it.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$variant => $title,)* Code::Lint(about) => about.title }
            }

            /// The page of docs/codes or docs/lints: what it means, an example, the way out.
            #[must_use]
            pub fn page(self) -> Cow<'static, str> {
                match self {
                    $(Code::$variant => Cow::Borrowed(include_str!(concat!("../../docs/codes/", $code, ".md"))),)*
                    Code::Lint(about) => Cow::Owned(about.page()),
                }
            }
        }
    };
}

codes! {
    Syntax            = "E0101", "syntax error";
    ClauseOrder       = "E0102", "clause out of order";
    NotYet            = "E0103", "not in this version yet";
    BadLiteral        = "E0104", "unreadable literal";
    TooDeep           = "E0105", "nested too deep or too long";
    MixedAndOr        = "E0106", "`and` and `or` mixed without parentheses";
    ChainedComparison = "E0107", "chained comparison";
    SingleEquals      = "E0108", "`=` where `==` is meant";
    StrayDoc          = "E0109", "doc comment that documents nothing";
    DuplicateClause   = "E0110", "clause given twice";
    UnknownField      = "E0201", "unknown field";
    UnknownName       = "E0202", "unknown name";
    TypeMismatch      = "E0203", "types do not fit";
    DuplicateName     = "E0204", "name given twice";
    UnknownFunction   = "E0205", "unknown function";
    BadArguments      = "E0206", "wrong arguments";
    BadPattern        = "E0207", "pattern that is not portable";
    BadNetwork        = "E0208", "unreadable network or address";
    EmptyText         = "E0209", "empty text is no value";
    WrongPlace        = "E0210", "not allowed here";
    BadWindow         = "E0211", "window that can't be cut";
    UnknownTag        = "E0212", "unknown tag";
    BadKey            = "E0213", "unfit group key";
    BadList           = "E0214", "unreadable list";
    BadSource         = "E0215", "source declaration that can't work";
    BadTest           = "E0216", "unit test that can't work";
    MissingClause     = "E0217", "missing clause";
    DigestShown       = "E0218", "prompt_digest used as text";
    SeeksRedacted     = "E0219", "pattern for what redaction takes out";
    BadCorrelation    = "E0220", "correlation that can't happen";
    BadTable          = "E0221", "table that can't be used";
    BadManifest       = "E0301", "unreadable pack.toml";
    UnreadableFile    = "E0302", "file can't be read";
    NoRules           = "E0303", "pack without rules";
    AbsentField       = "E0401", "this log does not carry the field";
    NotExpressible    = "E0402", "the target can't say this";
    SelectsOnly       = "E0403", "the target selects events only";
    TooLong           = "E0404", "query longer than the target takes";
    NoColumn          = "E0405", "no column for this part of the record";
    Weaker            = "E0406", "not exact on this target";
    BadRecord         = "E0501", "record that can't be read";
    BadArchive        = "E0502", "archive that can't be used";
    RunFailed         = "E0503", "run that can't be finished";
    BadArgument       = "E0504", "argument that can't be used";
    ArchiveKey        = "E0505", "key that can't be used";
    NotArchived       = "E0506", "rule that reads what the archive does not hold";
    BadState          = "E0507", "state that can't be used";
    BadNetworks       = "E0508", "database of networks that can't be used";
    QueryRejected     = "E0601", "query that its system rejects";
    QueryUnknown      = "E0602", "query that the emulator does not know";
    QueryStopped      = "E0603", "query that stops while it runs";
    QueryAmbiguous    = "E0604", "answer that the documentation leaves open";
}

impl Code {
    /// The code with this number, in any case.
    #[must_use]
    pub fn find(number: &str) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(number.trim()))
    }
}
