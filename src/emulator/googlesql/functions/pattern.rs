//! Regular expressions of RE2, and LIKE.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;

use super::{Function, Trouble, on, strict};
use crate::emulator::googlesql::value::Val;

pub(super) const PATTERN: &[Function] = &[
    strict(
        "REGEXP_CONTAINS",
        &["STRING", "STRING"],
        "BOOL",
        on!(Val::Text(a), Val::Text(p) => {
            Ok(Val::Bool(pattern(p)?.is_match(a)))
        }),
    ),
    strict("REGEXP_EXTRACT", &["STRING", "STRING", "[INT64]", "[INT64]"], "STRING", |_, args| match args {
        [Val::Text(a), Val::Text(p), rest @ ..] => {
            let number = |at: usize| if let Some(Val::Int(n)) = rest.get(at) { *n } else { 1 };
            extract(a, &single_group(p)?, number(0), number(1))
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "REGEXP_SUBSTR",
        &["STRING", "STRING"],
        "STRING",
        on!(Val::Text(a), Val::Text(p) => {
            extract(a, &single_group(p)?, 1, 1)
        }),
    ),
    strict(
        "REGEXP_EXTRACT_ALL",
        &["STRING", "STRING"],
        "ARRAY<STRING>",
        on!(Val::Text(a), Val::Text(p) => {
            let found = single_group(p)?;
            let group = found.captures_len() - 1;
            let matches = found.captures_iter(a).map(|captures| {
                captures.get(group).map_or_else(|| Val::from(""), |found| found.as_str().into())
            });
            Ok(matches.collect::<Vec<_>>().into())
        }),
    ),
    strict(
        "REGEXP_REPLACE",
        &["STRING", "STRING", "STRING"],
        "STRING",
        on!(Val::Text(a), Val::Text(p), Val::Text(by) => {
            let pattern = pattern(p)?;
            let by = replacement(by, pattern.captures_len() - 1)?;
            Ok(pattern.replace_all(a, by.as_str()).into_owned().into())
        }),
    ),
    strict(
        "LIKE",
        &["STRING", "STRING"],
        "BOOL",
        on!(Val::Text(a), Val::Text(p) => Ok(Val::Bool(like(p)?.is_match(a)))),
    ),
];

/// What RE2 and the regex crate do not read alike.
const DIFFERENT: &[&str] = &["\\<", "\\>", "\\b{", "\\C", "\\Q", "\\u", "\\U", "(?u", "(?x", "(?R", "(?-u", "{,"];

/// What the crate says of patterns that RE2 rejects as well.
const REJECTED_BY_BOTH: &[&str] =
    &["look-around", "backreferences", "unclosed group", "unopened group", "unclosed character class", "invalid range"];

/// Most repetitions that RE2 takes.
const MOST_REPETITIONS: u32 = 1000;

/// Patterns that are kept compiled.
const KEPT: usize = 100;

thread_local! {
    static COMPILED: RefCell<BTreeMap<Arc<str>, Regex>> = const { RefCell::new(BTreeMap::new()) };
}

/// A pattern of RE2, compiled once.
fn pattern(text: &Arc<str>) -> Result<Regex, Trouble> {
    if let Some(known) = COMPILED.with_borrow(|compiled| compiled.get(text).cloned()) {
        return Ok(known);
    }
    let made = compiled(text)?;
    COMPILED.with_borrow_mut(|compiled| {
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(text.clone(), made.clone());
    });
    Ok(made)
}

/// A pattern of RE2. Its classes `\d`, `\w`, `\s` and `\b` are ASCII's, so they are read so here.
fn compiled(text: &str) -> Result<Regex, Trouble> {
    if let Some(part) = DIFFERENT.iter().find(|part| text.contains(**part)) {
        return Trouble::unknown(format!("`{part}` in a pattern"));
    }
    let counts = text.split(['{', ',', '}']).filter_map(|part| part.parse::<u32>().ok());
    if text.contains('{') && counts.max().is_some_and(|most| most > MOST_REPETITIONS) {
        return Trouble::unknown(format!("a number over {MOST_REPETITIONS} in a pattern"));
    }
    let made = Regex::new(&ascii_classes(text)?);
    made.or_else(|error| {
        let error = error.to_string();
        if REJECTED_BY_BOTH.iter().any(|why| error.contains(why)) {
            return Trouble::stops(format!("`{text}` is no pattern of RE2"));
        }
        Trouble::unknown(format!("the pattern `{text}`"))
    })
}

/// A pattern whose Perl classes are ASCII's, for an engine that takes Unicode's.
fn ascii_classes(text: &str) -> Result<String, Trouble> {
    let mut out = String::new();
    let (mut chars, mut class) = (text.chars().peekable(), false);
    while let Some(char) = chars.next() {
        match char {
            '\\' => {
                let next = chars.next();
                // The crate takes a class within a class for a part of it.
                match next {
                    Some('d') => out.push_str("[0-9]"),
                    Some('D') => out.push_str("[^0-9]"),
                    Some('w') => out.push_str("[0-9A-Za-z_]"),
                    Some('W') => out.push_str("[^0-9A-Za-z_]"),
                    Some('s') => out.push_str("[\\t\\n\\f\\r ]"),
                    Some('S') => out.push_str("[^\\t\\n\\f\\r ]"),
                    Some('b') if !class => out.push_str("(?-u:\\b)"),
                    Some('B') => return Trouble::unknown("`\\B` in a pattern"),
                    Some(next) => out.extend(['\\', next]),
                    None => out.push('\\'),
                }
            }
            '[' if class && chars.peek() == Some(&':') => {
                out.push('[');
                for inner in chars.by_ref() {
                    out.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            // RE2 takes these inside of a class for themselves.
            '[' | '&' | '~' if class => out.extend(['\\', char]),
            '-' if class && chars.peek() == Some(&'-') => return Trouble::unknown("`--` in a class of a pattern"),
            '[' => {
                class = true;
                out.push('[');
                if chars.peek() == Some(&'^') {
                    out.extend(chars.next());
                }
                if chars.peek() == Some(&']') {
                    chars.next();
                    out.push_str("\\]");
                }
            }
            ']' => {
                class = false;
                out.push(']');
            }
            _ => out.push(char),
        }
    }
    Ok(out)
}

/// A pattern with one group at most.
fn single_group(text: &Arc<str>) -> Result<Regex, Trouble> {
    let pattern = pattern(text)?;
    if pattern.captures_len() > 2 {
        return Trouble::stops(format!("`{text}` has more than one group"));
    }
    Ok(pattern)
}

/// The group of an occurrence, or the whole where there is no group. `from` counts characters from 1.
fn extract(text: &str, pattern: &Regex, from: i64, occurrence: i64) -> Result<Val, Trouble> {
    if from < 1 || occurrence < 1 {
        return Trouble::stops("REGEXP_EXTRACT: a place or an occurrence under 1");
    }
    if from > 1 {
        return Trouble::unknown("REGEXP_EXTRACT from elsewhere than the start");
    }
    let wanted = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    let Some(captures) = pattern.captures_iter(text).nth(wanted) else { return Ok(Val::Null) };
    match captures.get(pattern.captures_len() - 1) {
        Some(found) => Ok(found.as_str().into()),
        // A group that takes no part: RE2 gives no text; whether that is NULL or empty is nowhere said.
        None => Trouble::unknown("REGEXP_EXTRACT of a group that takes no part in the match"),
    }
}

/// `\0` to `\9` become groups; everything else is taken as it stands.
fn replacement(text: &str, groups: usize) -> Result<String, Trouble> {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (char, if char == '\\' { chars.next() } else { None }) {
            ('\\', Some('\\')) => out.push('\\'),
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                if digit.to_digit(10).is_none_or(|digit| digit as usize > groups) {
                    return Trouble::stops(format!("the pattern has no group {digit}"));
                }
                out.push_str(&format!("${{{digit}}}"));
            }
            ('\\', _) => return Trouble::stops("an illegal escape in the text that replaces"),
            ('$', _) => out.push_str("$$"),
            _ => out.push(char),
        }
    }
    Ok(out)
}

/// `%` is any text, `_` one character, a backslash takes the character after it for itself.
fn like(text: &str) -> Result<Regex, Trouble> {
    let mut out = String::from("(?s)^");
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '%' => out.push_str(".*"),
            '_' => out.push('.'),
            '\\' => match chars.next() {
                Some(next) => out.push_str(&regex::escape(next.encode_utf8(&mut [0; 4]))),
                None => return Trouble::stops("LIKE: the pattern ends in a backslash"),
            },
            _ => out.push_str(&regex::escape(char.encode_utf8(&mut [0; 4]))),
        }
    }
    Regex::new(&(out + "$")).or_else(|_| Trouble::unknown("a LIKE pattern this large"))
}
