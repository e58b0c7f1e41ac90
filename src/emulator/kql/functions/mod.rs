//! Scalar functions: what each takes, what it gives, and how. Functions whose arguments are no plain values are bound apart.

mod address;
mod bags;
mod convert;
mod lists;
mod numbers;
mod text;
mod time;

use std::ops::Range;
use std::sync::Arc;

use super::bound::Bound;
use super::engine::Engine;
use super::eval::Evaluated;
use super::value::{Cell, Type};
use crate::emulator::Failure;
use crate::json::Json;

pub(super) use convert::conversion;

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Any,
    /// Not dynamic.
    Scalar,
    /// A text, or a dynamic value, which is read as text.
    Text,
    /// A regular expression.
    Pattern,
    Whole,
    Number,
    Time,
    Span,
    Bool,
    Dynamic,
    /// A literal, one of these words.
    OneOf(&'static [&'static str]),
}

impl Needs {
    pub(super) fn takes(self, kind: Type) -> bool {
        match self {
            Needs::Any => true,
            Needs::Scalar => kind != Type::Dynamic,
            Needs::Text | Needs::Pattern => matches!(kind, Type::Text | Type::Dynamic),
            Needs::Whole => kind.is_whole(),
            Needs::Number => kind.is_number(),
            Needs::Time => kind == Type::Time,
            Needs::Span => kind == Type::Span,
            Needs::Bool => kind == Type::Bool,
            Needs::Dynamic => kind == Type::Dynamic,
            Needs::OneOf(_) => kind == Type::Text,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Needs::Any => "a value",
            Needs::Scalar => "a value that is not dynamic",
            Needs::Text | Needs::Pattern => "a string",
            Needs::Whole => "a whole number",
            Needs::Number => "a number",
            Needs::Time => "a datetime",
            Needs::Span => "a timespan",
            Needs::Bool => "a bool",
            Needs::Dynamic => "a dynamic value",
            Needs::OneOf(_) => "a literal string",
        }
    }
}

/// The type of what a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    Type(Type),
    /// The one type of all arguments.
    Common,
    /// The first argument's, widened by the second's.
    Rounded,
    /// The first argument's, an int as a long.
    First,
}

/// A function.
#[derive(Debug)]
pub(super) struct Function {
    name: &'static str,
    needs: &'static [Needs],
    /// How many of the last ones may be left out.
    optional: usize,
    /// The last one may be given again and again.
    repeats: bool,
    pub(super) gives: Gives,
    /// Without it a null argument makes the result null.
    pub(super) takes_null: bool,
    pub(super) call: fn(&Call<'_>) -> Evaluated,
}

impl Function {
    const fn new(
        name: &'static str,
        needs: &'static [Needs],
        gives: Type,
        call: fn(&Call<'_>) -> Evaluated,
    ) -> Function {
        Function { name, needs, optional: 0, repeats: false, gives: Gives::Type(gives), takes_null: false, call }
    }

    const fn optional(self, optional: usize) -> Function {
        Function { optional, ..self }
    }

    const fn repeats(self) -> Function {
        Function { repeats: true, ..self }
    }

    const fn takes_null(self) -> Function {
        Function { takes_null: true, ..self }
    }

    const fn gives(self, gives: Gives) -> Function {
        Function { gives, ..self }
    }

    /// What so many arguments must be; none where it does not take so many.
    pub(super) fn needs(&self, count: usize) -> Option<Vec<Needs>> {
        let least = self.needs.len() - self.optional;
        if count < least || (count > self.needs.len() && !self.repeats) {
            return None;
        }
        let last = self.needs.last().copied();
        Some((0..count).filter_map(|number| self.needs.get(number).copied().or(last)).collect())
    }
}

/// A call with its arguments' values.
pub(super) struct Call<'c> {
    pub(super) engine: &'c Engine<'c>,
    pub(super) given: &'c [Cell],
    pub(super) arguments: &'c [Bound],
    pub(super) gives: Type,
    pub(super) at: &'c Range<usize>,
}

impl Call<'_> {
    fn cell(&self, number: usize) -> &Cell {
        self.given.get(number).unwrap_or(&Cell::Null)
    }

    fn has(&self, number: usize) -> bool {
        number < self.given.len()
    }

    fn kind(&self, number: usize) -> Type {
        self.arguments.get(number).map_or(Type::Dynamic, |argument| argument.kind)
    }

    /// A text argument; any other as `tostring` writes it.
    fn text(&self, number: usize) -> Result<Arc<str>, Failure> {
        let unknown = || Failure::unknown("how a real of this size is written is not known here", self.at.clone());
        self.engine.text_of(self.cell(number)).ok_or_else(unknown)
    }

    fn whole(&self, number: usize) -> i64 {
        match self.cell(number) {
            Cell::Long(value) | Cell::Time(value) | Cell::Span(value) => *value,
            _ => 0,
        }
    }

    fn number(&self, number: usize) -> f64 {
        self.cell(number).number().unwrap_or(f64::NAN)
    }

    fn is_true(&self, number: usize) -> bool {
        *self.cell(number) == Cell::Bool(true)
    }

    fn json(&self, number: usize) -> Json {
        self.cell(number).json()
    }

    /// The elements of a list; none where it is no list.
    fn list(&self, number: usize) -> Option<Arc<[Json]>> {
        match self.cell(number) {
            Cell::Dynamic(Json::List(elements)) => Some(elements.clone()),
            _ => None,
        }
    }

    fn unknown(&self, what: &str) -> Failure {
        Failure::unknown(format!("{what} is not known here"), self.at.clone())
    }
}

/// A list as a value.
fn list_cell(elements: Vec<Json>) -> Cell {
    Cell::Dynamic(Json::List(elements.into()))
}

/// By name.
pub(super) fn named(name: &str) -> Option<&'static Function> {
    let all = [
        address::FUNCTIONS,
        bags::FUNCTIONS,
        convert::FUNCTIONS,
        lists::FUNCTIONS,
        numbers::FUNCTIONS,
        text::FUNCTIONS,
        time::FUNCTIONS,
    ];
    all.into_iter().flatten().find(|function| function.name == name)
}

/// Functions with more arguments in KQL than here, and how many they take there.
const MORE: &[(&str, usize)] = &[("extract_all", 3), ("indexof", 5), ("array_index_of", 5)];

/// Whether KQL has a function with so many arguments which is not known here.
pub(super) fn takes_more(name: &str, count: usize) -> bool {
    MORE.iter().any(|(more, most)| *more == name && count <= *most && count > 2)
}

/// Functions that KQL has and this emulator has not.
pub(super) const ELSE_KNOWN: &[&str] = &[
    "acos",
    "array_iff",
    "array_iif",
    "array_reverse",
    "array_rotate_left",
    "array_rotate_right",
    "array_shift_left",
    "array_shift_right",
    "array_split",
    "asin",
    "assert",
    "atan",
    "atan2",
    "bag_remove_keys",
    "bag_set_key",
    "bag_zip",
    "base64_decode_toarray",
    "base64_decode_toguid",
    "base64_encode_fromarray",
    "base64_encode_fromguid",
    "beta_cdf",
    "bin_auto",
    "binary_and",
    "binary_not",
    "binary_or",
    "binary_shift_left",
    "binary_shift_right",
    "binary_xor",
    "bitset_count_ones",
    "cluster",
    "convert_angle",
    "cos",
    "cot",
    "current_cluster_endpoint",
    "current_principal",
    "cursor_after",
    "database",
    "datetime_list_timezones",
    "datetime_local_to_utc",
    "datetime_utc_to_local",
    "degrees",
    "dynamic_to_json",
    "estimate_data_size",
    "extract_json",
    "extractjson",
    "format_bytes",
    "format_timespan",
    "format_ipv4",
    "format_ipv4_mask",
    "gamma",
    "geo_distance_2points",
    "geo_info_from_ip_address",
    "gzip_compress_to_base64_string",
    "has_any_index",
    "has_any_ipv4",
    "has_any_ipv4_prefix",
    "has_ipv4",
    "has_ipv4_prefix",
    "hash",
    "hash_combine",
    "hash_many",
    "hash_xxhash64",
    "indexof_regex",
    "ipv4_netmask_suffix",
    "ipv4_range_to_cidr_list",
    "isutf8",
    "jaccard_index",
    "loggamma",
    "make_string",
    "make_timespan",
    "materialized_view",
    "new_guid",
    "pack_all",
    "parse_command_line",
    "parse_csv",
    "parse_path",
    "parse_url",
    "parse_urlquery",
    "parse_user_agent",
    "parse_version",
    "parse_xml",
    "pi",
    "punycode_to_string",
    "radians",
    "rand",
    "regex_quote",
    "repeat",
    "replace_strings",
    "row_rank_dense",
    "row_rank_min",
    "row_window_session",
    "series_decompose_anomalies",
    "series_stats",
    "series_sum",
    "sin",
    "strcat_array_delim",
    "tan",
    "tdigest_merge",
    "todecimal",
    "treepath",
    "unicode_codepoints_from_string",
    "unicode_codepoints_to_string",
    "url_encode",
    "url_encode_component",
    "welch_test",
    "zip",
    "zlib_compress_to_base64_string",
    "to_utf8",
    "table",
    "workspace",
    "app",
    "adx",
    "arg",
    "_GetWatchlist",
];
