//! String functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Function, Trouble, on, open, strict};
use crate::emulator::googlesql::value::Val;

/// Most bytes of a text that a function builds.
const MAX_TEXT: usize = 1 << 20;

pub(super) const TEXT: &[Function] = &[
    strict("LOWER", &["STRING"], "STRING", on!(Val::Text(a) => cased(a, false))),
    strict("UPPER", &["STRING"], "STRING", on!(Val::Text(a) => cased(a, true))),
    strict("CHAR_LENGTH", &["STRING"], "INT64", on!(Val::Text(a) => count(a.chars().count()))),
    strict("CHARACTER_LENGTH", &["STRING"], "INT64", on!(Val::Text(a) => count(a.chars().count()))),
    strict("LENGTH", &["STRING"], "INT64", on!(Val::Text(a) => count(a.chars().count()))),
    strict("LENGTH", &["BYTES"], "INT64", on!(Val::Bytes(a) => count(a.len()))),
    strict("BYTE_LENGTH", &["STRING"], "INT64", on!(Val::Text(a) => count(a.len()))),
    strict("BYTE_LENGTH", &["BYTES"], "INT64", on!(Val::Bytes(a) => count(a.len()))),
    strict("OCTET_LENGTH", &["STRING"], "INT64", on!(Val::Text(a) => count(a.len()))),
    strict("OCTET_LENGTH", &["BYTES"], "INT64", on!(Val::Bytes(a) => count(a.len()))),
    strict(
        "STARTS_WITH",
        &["STRING", "STRING"],
        "BOOL",
        on!(Val::Text(a), Val::Text(b) => Ok(Val::Bool(a.starts_with(&**b)))),
    ),
    strict(
        "STARTS_WITH",
        &["BYTES", "BYTES"],
        "BOOL",
        on!(Val::Bytes(a), Val::Bytes(b) => Ok(Val::Bool(a.starts_with(b)))),
    ),
    strict(
        "ENDS_WITH",
        &["STRING", "STRING"],
        "BOOL",
        on!(Val::Text(a), Val::Text(b) => Ok(Val::Bool(a.ends_with(&**b)))),
    ),
    strict(
        "ENDS_WITH",
        &["BYTES", "BYTES"],
        "BOOL",
        on!(Val::Bytes(a), Val::Bytes(b) => Ok(Val::Bool(a.ends_with(b)))),
    ),
    strict("STRPOS", &["STRING", "STRING"], "INT64", on!(Val::Text(a), Val::Text(b) => position(a, b, 1, 1))),
    strict("INSTR", &["STRING", "STRING", "[INT64]", "[INT64]"], "INT64", |_, args| match args {
        [Val::Text(a), Val::Text(b), rest @ ..] => {
            let number = |at: usize| if let Some(Val::Int(n)) = rest.get(at) { *n } else { 1 };
            position(a, b, number(0), number(1))
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict("SUBSTR", &["STRING", "INT64", "[INT64]"], "STRING", |_, args| match args {
        [Val::Text(a), Val::Int(from), rest @ ..] => part(a.chars().count(), *from, rest.first(), |start, end| {
            a.chars().skip(start).take(end - start).collect::<String>().into()
        }),
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict("SUBSTR", &["BYTES", "INT64", "[INT64]"], "BYTES", |_, args| match args {
        [Val::Bytes(a), Val::Int(from), rest @ ..] => {
            part(a.len(), *from, rest.first(), |start, end| Val::Bytes(a.get(start..end).unwrap_or_default().into()))
        }
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "LEFT",
        &["STRING", "INT64"],
        "STRING",
        on!(Val::Text(a), Val::Int(n) => {
            Ok(a.chars().take(length(*n)?).collect::<String>().into())
        }),
    ),
    strict(
        "RIGHT",
        &["STRING", "INT64"],
        "STRING",
        on!(Val::Text(a), Val::Int(n) => {
            let skipped = a.chars().count().saturating_sub(length(*n)?);
            Ok(a.chars().skip(skipped).collect::<String>().into())
        }),
    ),
    strict(
        "REPLACE",
        &["STRING", "STRING", "STRING"],
        "STRING",
        on!(Val::Text(a), Val::Text(from), Val::Text(to) => {
            if from.is_empty() { Ok(Val::Text(a.clone())) } else { built(a.replace(&**from, to)) }
        }),
    ),
    strict(
        "TRANSLATE",
        &["STRING", "STRING", "STRING"],
        "STRING",
        on!(Val::Text(a), Val::Text(from), Val::Text(to) => translated(a, from, to)),
    ),
    strict("REVERSE", &["STRING"], "STRING", on!(Val::Text(a) => Ok(a.chars().rev().collect::<String>().into()))),
    strict(
        "REPEAT",
        &["STRING", "INT64"],
        "STRING",
        on!(Val::Text(a), Val::Int(n) => {
            let times = length(*n)?;
            if a.len().saturating_mul(times) > MAX_TEXT { Trouble::unknown("a text over 1 MB") } else { Ok(a.repeat(times).into()) }
        }),
    ),
    strict("CONCAT", &["STRING..."], "STRING", |_, args| {
        built(args.iter().filter_map(|arg| if let Val::Text(text) = arg { Some(&**text) } else { None }).collect())
    }),
    strict("CONCAT", &["BYTES..."], "BYTES", |_, args| {
        let bytes =
            args.iter().filter_map(|arg| if let Val::Bytes(bytes) = arg { Some(bytes.iter().copied()) } else { None });
        Ok(Val::Bytes(bytes.flatten().collect()))
    }),
    strict("SPLIT", &["STRING", "[STRING]"], "ARRAY<STRING>", |_, args| match args {
        [Val::Text(a)] => Ok(split(a, ",")),
        [Val::Text(a), Val::Text(by)] => Ok(split(a, by)),
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict("TRIM", &["STRING", "[STRING]"], "STRING", |_, args| trimmed(args, true, true)),
    strict("LTRIM", &["STRING", "[STRING]"], "STRING", |_, args| trimmed(args, true, false)),
    strict("RTRIM", &["STRING", "[STRING]"], "STRING", |_, args| trimmed(args, false, true)),
    strict("LPAD", &["STRING", "INT64", "[STRING]"], "STRING", |_, args| padded(args, true)),
    strict("RPAD", &["STRING", "INT64", "[STRING]"], "STRING", |_, args| padded(args, false)),
    strict(
        "ASCII",
        &["STRING"],
        "INT64",
        on!(Val::Text(a) => match a.chars().next() {
            None => Ok(Val::Int(0)),
            Some(first) if first.is_ascii() => Ok(Val::Int(i64::from(u32::from(first)))),
            Some(_) => Trouble::stops("ASCII of a character that is not ASCII"),
        }),
    ),
    strict(
        "CHR",
        &["INT64"],
        "STRING",
        on!(Val::Int(code) => {
            match u32::try_from(*code).ok().and_then(char::from_u32) {
                Some('\0') => Ok("".into()),
                Some(char) => Ok(char.to_string().into()),
                None => Trouble::stops(format!("{code} is no code point")),
            }
        }),
    ),
    strict(
        "UNICODE",
        &["STRING"],
        "INT64",
        on!(Val::Text(a) => {
            Ok(Val::Int(a.chars().next().map_or(0, |first| i64::from(u32::from(first)))))
        }),
    ),
    strict(
        "TO_CODE_POINTS",
        &["STRING"],
        "ARRAY<INT64>",
        on!(Val::Text(a) => {
            Ok(a.chars().map(|c| Val::Int(i64::from(u32::from(c)))).collect::<Vec<_>>().into())
        }),
    ),
    strict("CONTAINS_SUBSTR", &["STRING", "STRING"], "BOOL", on!(Val::Text(a), Val::Text(b) => contains_folded(a, b))),
    open("NULLIF", &["T", "T"], "T", |_, args| match args {
        [a, b] => Ok(if super::super::run::expr::is_equal(a, b) == Some(true) { Val::Null } else { a.clone() }),
        _ => Trouble::unknown("arguments of these types"),
    }),
];

/// In capitals or without. Where a letter becomes several, or depends on its neighbours, the page does not say what happens.
fn cased(text: &str, upper: bool) -> Result<Val, Trouble> {
    let several = |c: char| if upper { c.to_uppercase().count() > 1 } else { c.to_lowercase().count() > 1 };
    if let Some(letter) = text.chars().find(|c| several(*c) || (!upper && *c == 'Σ')) {
        return Trouble::unknown(format!("LOWER or UPPER of `{letter}`"));
    }
    Ok(if upper { text.to_uppercase() } else { text.to_lowercase() }.into())
}

fn count(number: usize) -> Result<Val, Trouble> {
    Ok(Val::Int(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn built(text: String) -> Result<Val, Trouble> {
    if text.len() > MAX_TEXT { Trouble::unknown("a text over 1 MB") } else { Ok(text.into()) }
}

/// A number of characters, which can't be negative.
fn length(number: i64) -> Result<usize, Trouble> {
    usize::try_from(number).or_else(|_| Trouble::stops(format!("a length can't be negative: {number}")))
}

/// The place of an occurrence, from 1; 0 where there is none. A negative start searches backwards from the end.
fn position(text: &str, part: &str, from: i64, occurrence: i64) -> Result<Val, Trouble> {
    if from == 0 || occurrence < 1 {
        return Trouble::stops("INSTR: a place of 0, or an occurrence under 1");
    }
    let text: Vec<char> = text.chars().collect();
    let part: Vec<char> = part.chars().collect();
    if part.is_empty() {
        return Trouble::unknown("the place of an empty text");
    }
    let last = text.len().saturating_sub(part.len());
    let there = |at: &usize| text.get(*at..*at + part.len()) == Some(&part[..]);
    let wanted = usize::try_from(occurrence - 1).unwrap_or(usize::MAX);
    let found = if from > 0 {
        (usize::try_from(from - 1).unwrap_or(usize::MAX)..=last).filter(there).nth(wanted)
    } else {
        let back = usize::try_from(from.unsigned_abs()).unwrap_or(usize::MAX);
        let start = text.len().checked_sub(back).map(|start| start.min(last));
        start.and_then(|start| (0..=start).rev().filter(there).nth(wanted))
    };
    count(found.map_or(0, |at| at + 1))
}

/// Each character of a set as the one at its place in another set; without one it is left out.
fn translated(text: &str, from: &str, to: &str) -> Result<Val, Trouble> {
    let mut pairs = BTreeMap::new();
    let others = to.chars().map(Some).chain(std::iter::repeat(None));
    for (char, other) in from.chars().zip(others) {
        if pairs.insert(char, other).is_some() {
            return Trouble::stops(format!("TRANSLATE: `{char}` comes twice in the characters to replace"));
        }
    }
    let changed = text.chars().filter_map(|char| pairs.get(&char).copied().unwrap_or(Some(char)));
    Ok(changed.collect::<String>().into())
}

/// From a place that counts from 1, or from the end where negative, so many places or to the end.
fn part(total: usize, from: i64, wanted: Option<&Val>, take: impl Fn(usize, usize) -> Val) -> Result<Val, Trouble> {
    let total_i = i64::try_from(total).unwrap_or(i64::MAX);
    let start = match from {
        1.. => from - 1,
        0 => 0,
        _ => (total_i.saturating_add(from)).max(0),
    };
    let wanted = match wanted {
        Some(Val::Int(n)) if *n < 0 => return Trouble::stops("SUBSTR: the length can't be negative"),
        Some(Val::Int(n)) => *n,
        _ => i64::MAX,
    };
    let start = start.min(total_i);
    let end = start.saturating_add(wanted).min(total_i);
    Ok(take(usize::try_from(start).unwrap_or_default(), usize::try_from(end).unwrap_or_default()))
}

fn split(text: &str, by: &str) -> Val {
    let parts: Vec<Val> = if text.is_empty() {
        vec!["".into()]
    } else if by.is_empty() {
        text.chars().map(|c| c.to_string().into()).collect()
    } else {
        text.split(by).map(Val::from).collect()
    };
    parts.into()
}

/// Without white space, or the characters of a set, at the ends.
fn trimmed(args: &[Val], start: bool, end: bool) -> Result<Val, Trouble> {
    let (text, set): (&Arc<str>, Option<&Arc<str>>) = match args {
        [Val::Text(text)] => (text, None),
        [Val::Text(text), Val::Text(set)] => (text, Some(set)),
        _ => return Trouble::unknown("arguments of these types"),
    };
    let goes = |c: char| set.map_or_else(|| c.is_whitespace(), |set| set.contains(c));
    let mut rest: &str = text;
    if start {
        rest = rest.trim_start_matches(goes);
    }
    if end {
        rest = rest.trim_end_matches(goes);
    }
    Ok(rest.into())
}

/// Filled up to a length, or cut to it.
fn padded(args: &[Val], before: bool) -> Result<Val, Trouble> {
    let (text, wanted, fill): (&str, i64, &str) = match args {
        [Val::Text(text), Val::Int(wanted)] => (text, *wanted, " "),
        [Val::Text(text), Val::Int(wanted), Val::Text(fill)] => (text, *wanted, fill),
        _ => return Trouble::unknown("arguments of these types"),
    };
    let wanted = length(wanted)?;
    if fill.is_empty() {
        return Trouble::stops("padding with an empty text");
    }
    if wanted > MAX_TEXT {
        return Trouble::unknown("a text over 1 MB");
    }
    let present = text.chars().count();
    if present >= wanted {
        return Ok(text.chars().take(wanted).collect::<String>().into());
    }
    let filling: String = fill.chars().cycle().take(wanted - present).collect();
    Ok(if before { format!("{filling}{text}") } else { format!("{text}{filling}") }.into())
}

/// Both sides are normalized (NFKC) and their case is folded, which this emulator does of ASCII only.
fn contains_folded(text: &str, part: &str) -> Result<Val, Trouble> {
    if part.is_empty() {
        return Trouble::stops("CONTAINS_SUBSTR: the text to find can't be empty");
    }
    if !text.is_ascii() || !part.is_ascii() {
        return Trouble::unknown("CONTAINS_SUBSTR of texts that are not ASCII: their normalization");
    }
    Ok(Val::Bool(text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())))
}
