//! What a pack says well enough to be read and badly enough to be looked at: takes packs without errors, gives findings.
//!
//! A lint is one file and one line in [`LINTS`]. What it says of itself ([`About`]) is its page in docs/lints/ and its test.

// What lints share.
mod alike;
mod allowed;
mod content;
mod context;
mod implies;
mod measure;
mod pairs;
mod pattern_places;
mod pattern_tree;
mod told;
mod unused;
mod words;
mod written;

use std::collections::BTreeMap;

pub use context::{Context, Seen};

use crate::diag::{About, Code, Diagnostic, Kind, Level, Severity, has_errors};
use crate::pack::Pack;

/// A lint: what it says of itself, and what it does.
pub struct Lint {
    /// Its code, its name, its page.
    pub about: About,
    /// Adds what it finds in a pack.
    check: fn(&Context<'_>, &mut Vec<Diagnostic>),
}

impl Lint {
    /// One of its findings, without a place.
    fn finding(&'static self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::warning(Code::Lint(&self.about), message)
    }
}

macro_rules! lints {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// All lints, in the order of their codes.
        pub static LINTS: &[&Lint] = &[$(&$module::LINT),*];
    };
}

lints! {
    // Of allow comments themselves.
    unfounded_allow, unused_allow,
    // Meaning.
    constant_condition,
    contradiction,
    redundant_condition,
    covered_branch,
    covered_needle,
    repeated_element,
    always_reached,
    one_armed_case,
    double_negation,
    chain_of_tests,
    list_of_one,
    pattern_without_pattern,
    idle_anchor,
    matches_everything,
    matches_nothing,
    unescaped_dot,
    literal_backslash,
    folded_case,
    lower_in_test,
    float_equality,
    number_in_text,
    case_sensitive_text,
    prefix_on_address,
    unguarded_negation,
    absent_field,
    split_element,
    unbounded_key,
    masked_key,
    constant_key,
    unused_row_value,
    window_without_measure,
    baseline_without_floor,
    deviation_of_small_sample,
    own_percentile,
    unreachable_threshold,
    look_inside_window,
    unseen_without_guard,
    missing_spoils_sum,
    divides_by_nothing,
    mute_inside_window,
    parted_members,
    weak_count,
    unused_signal,
    incomplete_family,
    counts_twins,
    number_in_text_differs,
    duration_in_text_differs,
    short_baseline,
    // Cost.
    query_too_long,
    many_keys,
    needless_content,
    pattern_without_literal,
    every_event,
    fine_step,
    long_look_back,
    large_list,
    wide_values,
    shown_content,
    unfiltered_content,
    heavy_repeat,
    dominant_rule,
    // Care.
    untested_rule,
    no_alerting_test,
    no_near_miss,
    missing_title,
    missing_description,
    missing_tags,
    missing_response,
    missing_benign,
    missing_owner,
    unused_list,
    unused_table,
    unused_operations,
    unused_calendar,
    unused_prices,
    twin_rules,
    near_twins,
    drifted_lists,
    repeated_tag,
    broad_tag,
    long_title,
    title_repeats_name,
    left_over_note,
    placeholder,
    secret_in_rule,
    real_address_in_test,
    reference_without_link,
    test_title_twice,
    name_style,
    hidden_price,
    unknown_technique,
}

/// The lint with this code or name.
#[must_use]
pub fn find(wanted: &str) -> Option<&'static Lint> {
    let is = |lint: &&&Lint| lint.about.code.eq_ignore_ascii_case(wanted) || lint.about.name == wanted;
    LINTS.iter().find(is).copied()
}

/// What the lints find in a pack, at the levels that it sets, in the order of files and places. Nothing in a pack with errors: what is broken
/// would be found again in other words.
#[must_use]
pub fn lint(pack: &Pack) -> Vec<Diagnostic> {
    if has_errors(&pack.diagnostics) {
        return Vec::new();
    }
    let mut out = unknown_levels(pack);
    let level = |about: &About| {
        let set = pack.levels.get(about.name).or_else(|| pack.levels.get(about.kind.word()));
        set.map_or(about.level, |level| level.node)
    };
    let context = Context::new(pack);
    let mut found = Vec::new();
    for lint in LINTS.iter().filter(|lint| level(&lint.about) > Level::Allow) {
        (lint.check)(&context, &mut found);
    }
    found = allowed::left(&context, found, &|about| level(about) > Level::Allow);
    for mut diagnostic in found {
        let Code::Lint(about) = diagnostic.code else { continue };
        if level(about) == Level::Deny {
            diagnostic.severity = Severity::Error;
        }
        out.push(diagnostic);
    }
    out.sort_by_key(|d| (d.labels.first().map(|label| (label.span.source, label.span.start)), d.code));
    out
}

/// What `[levels]` names and is neither a lint nor a kind of them.
fn unknown_levels(pack: &Pack) -> Vec<Diagnostic> {
    let names = || LINTS.iter().map(|lint| lint.about.name).chain(Kind::ALL.iter().map(|kind| kind.word()));
    let unknown = pack.levels.iter().filter(|(name, _)| !names().any(|known| known == name.as_str()));
    unknown
        .map(|(name, level)| {
            Diagnostic::error(Code::BadManifest, format!("unknown lint `{name}` in `[levels]`"))
                .at(level.span, "")
                .suggest(name, names())
        })
        .collect()
}

/// The texts of files with the fixes of some findings made: of those that want the same place the first. Only files that change.
#[must_use]
pub fn fixed(pack: &Pack, found: &[Diagnostic]) -> BTreeMap<std::path::PathBuf, String> {
    let mut out = BTreeMap::new();
    for file in &pack.files {
        let Some(source) = pack.sources.get(file.id) else { continue };
        let mut taken: Vec<(std::ops::Range<usize>, &str)> = Vec::new();
        for diagnostic in found.iter().filter(|d| !d.fix.is_empty()) {
            let of_file = |edit: &&crate::diag::Edit| edit.span.source == file.id;
            let edits: Vec<_> =
                diagnostic.fix.iter().filter(of_file).map(|e| (e.span.range(), e.text.as_str())).collect();
            let clash = |(range, _): &(std::ops::Range<usize>, &str)| {
                taken.iter().any(|(other, _)| range.start <= other.end && other.start <= range.end)
            };
            // A fix is made whole or not at all, and all of it is in one file.
            if edits.len() == diagnostic.fix.len() && !edits.iter().any(clash) {
                taken.extend(edits);
            }
        }
        if taken.is_empty() {
            continue;
        }
        taken.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        let mut text = source.text.clone();
        for (range, with) in taken {
            text.replace_range(range, with);
        }
        out.insert(file.path.clone(), text);
    }
    out
}
