//! Functions of texts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use sha2::{Digest, Sha256};

use super::{Call, Function, Gives, Needs, list_cell};
use crate::emulator::Failure;
use crate::emulator::kql::eval::Evaluated;
use crate::emulator::kql::readings::EMPTY_DIGEST;
use crate::emulator::kql::value::{Cell, Type};
use crate::json::Json;

const TEXT: Type = Type::Text;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("tolower", &[Needs::Any], TEXT, |call| Ok(Cell::text(&call.text(0)?.to_lowercase()))).takes_null(),
    Function::new("toupper", &[Needs::Any], TEXT, |call| Ok(Cell::text(&call.text(0)?.to_uppercase()))).takes_null(),
    Function::new("strlen", &[Needs::Text], Type::Long, |call| Ok(count(call.text(0)?.chars().count()))),
    Function::new("string_size", &[Needs::Text], Type::Long, |call| Ok(count(call.text(0)?.len()))),
    Function::new("substring", &[Needs::Any, Needs::Whole, Needs::Whole], TEXT, substring).optional(1),
    Function::new("strcat", &[Needs::Any], TEXT, |call| joined(call, "", 0)).repeats().takes_null(),
    Function::new("strcat_delim", &[Needs::Text, Needs::Any, Needs::Any], TEXT, |call| joined(call, &call.text(0)?, 1))
        .repeats()
        .takes_null(),
    Function::new("split", &[Needs::Any, Needs::Text, Needs::Whole], Type::Dynamic, split).optional(1),
    Function::new("trim", &[Needs::Pattern, Needs::Text], TEXT, |call| trim(call, true, true)),
    Function::new("trim_start", &[Needs::Pattern, Needs::Text], TEXT, |call| trim(call, true, false)),
    Function::new("trim_end", &[Needs::Pattern, Needs::Text], TEXT, |call| trim(call, false, true)),
    Function::new("replace_string", &[Needs::Text, Needs::Text, Needs::Text], TEXT, replace_string),
    Function::new("replace_regex", &[Needs::Text, Needs::Pattern, Needs::Text], TEXT, replace_regex),
    Function::new("extract", &[Needs::Pattern, Needs::Whole, Needs::Text], TEXT, extract),
    Function::new("extract_all", &[Needs::Pattern, Needs::Text], Type::Dynamic, extract_all),
    Function::new("indexof", &[Needs::Any, Needs::Any, Needs::Whole], Type::Long, index_of).optional(1),
    Function::new("countof", &[Needs::Text, Needs::Text, Needs::OneOf(&["normal", "regex"])], Type::Long, count_of)
        .optional(1),
    Function::new("reverse", &[Needs::Any], TEXT, |call| {
        Ok(Cell::text(&call.text(0)?.chars().rev().collect::<String>()))
    }),
    Function::new("strrep", &[Needs::Any, Needs::Whole, Needs::Text], TEXT, repeated).optional(1),
    Function::new("strcmp", &[Needs::Text, Needs::Text], Type::Long, |call| {
        Ok(Cell::Long(call.text(0)?.cmp(&call.text(1)?) as i64))
    }),
    Function::new("isascii", &[Needs::Text], Type::Bool, |call| Ok(Cell::Bool(call.text(0)?.is_ascii()))),
    Function::new("hash_sha256", &[Needs::Scalar], TEXT, sha256),
    Function::new("base64_encode_tostring", &[Needs::Text], TEXT, |call| {
        Ok(Cell::text(&STANDARD.encode(&*call.text(0)?)))
    }),
    Function::new("base64_decode_tostring", &[Needs::Text], TEXT, base64_decode),
    Function::new("url_decode", &[Needs::Text], TEXT, url_decode),
    Function::new("translate", &[Needs::Text, Needs::Text, Needs::Text], TEXT, translate),
    Function::new("min_of", &[Needs::Any, Needs::Any], TEXT, |call| extreme(call, false))
        .repeats()
        .takes_null()
        .gives(Gives::Common),
    Function::new("max_of", &[Needs::Any, Needs::Any], TEXT, |call| extreme(call, true))
        .repeats()
        .takes_null()
        .gives(Gives::Common),
];

fn count(number: usize) -> Cell {
    Cell::Long(i64::try_from(number).unwrap_or(i64::MAX))
}

/// From a 0-based character; a negative one counts from the end.
fn substring(call: &Call<'_>) -> Evaluated {
    let text: Vec<char> = call.text(0)?.chars().collect();
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let start = call.whole(1);
    let start = if start < 0 { start.saturating_add(length).max(0) } else { start };
    let most = if call.has(2) { call.whole(2).max(0) } else { length };
    let (start, most) = (usize::try_from(start).unwrap_or(usize::MAX), usize::try_from(most).unwrap_or(usize::MAX));
    Ok(Cell::text(&text.into_iter().skip(start).take(most).collect::<String>()))
}

fn joined(call: &Call<'_>, between: &str, first: usize) -> Evaluated {
    let parts: Result<Vec<_>, Failure> = (first..call.given.len()).map(|number| call.text(number)).collect();
    Ok(Cell::text(&parts?.join(between)))
}

fn split(call: &Call<'_>) -> Evaluated {
    let (text, by) = (call.text(0)?, call.text(1)?);
    if by.is_empty() {
        return Err(call.unknown("a split by nothing"));
    }
    let parts: Vec<Json> = text.split(&*by).map(|part| Json::Text(part.into())).collect();
    if !call.has(2) {
        return Ok(list_cell(parts));
    }
    let part = usize::try_from(call.whole(2)).ok().and_then(|at| parts.get(at).cloned());
    Ok(list_cell(part.into_iter().collect()))
}

/// Takes a match off the start, the end or both.
fn trim(call: &Call<'_>, start: bool, end: bool) -> Evaluated {
    let (pattern, mut text) = (call.text(0)?, call.text(1)?.to_string());
    for (wanted, anchored) in [(start, format!("^(?:{pattern})")), (end, format!("(?:{pattern})$"))] {
        if wanted {
            text = call.engine.pattern(&anchored, call.at)?.replace(&text, "").into_owned();
        }
    }
    Ok(Cell::text(&text))
}

fn replace_string(call: &Call<'_>) -> Evaluated {
    let (text, from, to) = (call.text(0)?, call.text(1)?, call.text(2)?);
    if from.is_empty() {
        return Err(call.unknown("a replacement of nothing"));
    }
    Ok(Cell::text(&text.replace(&*from, &to)))
}

/// In the replacement `\1` is a group.
fn replace_regex(call: &Call<'_>) -> Evaluated {
    let (text, pattern, rewrite) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let pattern = call.engine.pattern(&pattern, call.at)?;
    let mut replacement = String::new();
    let mut letters = rewrite.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '$' => replacement.push_str("$$"),
            '\\' => match letters.next() {
                Some(digit) if digit.is_ascii_digit() => replacement.push_str(&format!("${{{digit}}}")),
                _ => return Err(call.unknown("a backslash without a digit in a replacement")),
            },
            letter => replacement.push(letter),
        }
    }
    Ok(Cell::text(&pattern.replace_all(&text, replacement.as_str())))
}

fn extract(call: &Call<'_>) -> Evaluated {
    let (pattern, text) = (call.text(0)?, call.text(2)?);
    let pattern: Regex = call.engine.pattern(&pattern, call.at)?;
    let Some(group) = usize::try_from(call.whole(1)).ok().filter(|group| *group < pattern.captures_len()) else {
        return Err(call.unknown("a group that the pattern has not"));
    };
    let found = pattern.captures(&text).and_then(|found| found.get(group));
    Ok(Cell::text(found.map_or("", |found| found.as_str())))
}

/// One group: a list of its matches; several: a list of lists.
fn extract_all(call: &Call<'_>) -> Evaluated {
    let (pattern, text) = (call.text(0)?, call.text(1)?);
    let pattern = call.engine.pattern(&pattern, call.at)?;
    let groups = pattern.captures_len() - 1;
    if groups == 0 {
        return Err(Failure::rejected("extract_all needs a group", call.at.clone()));
    }
    let mut out = Vec::new();
    for found in pattern.captures_iter(&text) {
        let mut parts: Vec<Json> =
            found.iter().skip(1).map(|part| Json::Text(part.map_or("", |part| part.as_str()).into())).collect();
        out.push(if groups == 1 { parts.pop().unwrap_or_default() } else { Json::List(parts.into()) });
    }
    Ok(if out.is_empty() { Cell::Null } else { list_cell(out) })
}

/// The 0-based character of the first match, or -1.
fn index_of(call: &Call<'_>) -> Evaluated {
    let (text, search) = (call.text(0)?, call.text(1)?);
    if search.is_empty() || (call.has(2) && call.whole(2) < 0) {
        return Err(call.unknown("a search for nothing, or from before the start"));
    }
    let skipped = usize::try_from(call.whole(2)).unwrap_or(0);
    let from = text.char_indices().nth(skipped).map_or(text.len(), |(at, _)| at);
    let found = text.get(from..).and_then(|rest| rest.find(&*search));
    Ok(match found {
        Some(at) => count(text.get(..from + at).map_or(0, |before| before.chars().count())),
        None => Cell::Long(-1),
    })
}

/// Plain matches may overlap, those of a regular expression do not.
fn count_of(call: &Call<'_>) -> Evaluated {
    let (text, search) = (call.text(0)?, call.text(1)?);
    let regex = call.has(2) && call.text(2)?.eq_ignore_ascii_case("regex");
    if search.is_empty() {
        return Err(call.unknown("a search for nothing"));
    }
    if regex {
        return Ok(count(call.engine.pattern(&search, call.at)?.find_iter(&text).count()));
    }
    Ok(count(
        text.char_indices().filter(|(at, _)| text.get(*at..).is_some_and(|rest| rest.starts_with(&*search))).count(),
    ))
}

/// Most characters of a repeated text.
const MOST_REPEATED: usize = 1 << 20;

fn repeated(call: &Call<'_>) -> Evaluated {
    let text = call.text(0)?;
    let between = if call.has(2) { call.text(2)? } else { "".into() };
    let times = usize::try_from(call.whole(1)).unwrap_or(0);
    if times.saturating_mul(text.len() + between.len()) > MOST_REPEATED {
        return Err(call.unknown("so long a text"));
    }
    Ok(Cell::text(&vec![&*text; times].join(&between)))
}

fn sha256(call: &Call<'_>) -> Evaluated {
    if call.kind(0) != Type::Text {
        return Err(call.unknown("a hash of a value that is no text"));
    }
    let text = call.text(0)?;
    if text.is_empty() && call.engine.reads_other(EMPTY_DIGEST) {
        return Ok(Cell::text(""));
    }
    let hash = Sha256::digest(text.as_bytes());
    Ok(Cell::text(&hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

/// What is no base64, or no UTF-8 within, is nothing.
fn base64_decode(call: &Call<'_>) -> Evaluated {
    let bytes = STANDARD.decode(&*call.text(0)?).ok();
    Ok(Cell::text(&bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()))
}

fn url_decode(call: &Call<'_>) -> Evaluated {
    let text = call.text(0)?;
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits: Vec<u8> = bytes.by_ref().take(2).collect();
        let code = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
        out.push(code.ok_or_else(|| call.unknown("a `%` without two digits"))?);
    }
    if text.contains('+') {
        return Err(call.unknown("a `+` in what is decoded"));
    }
    String::from_utf8(out).map(|text| Cell::text(&text)).map_err(|_| call.unknown("a URL that is no UTF-8"))
}

/// Letters of the first text become those of the second in the same places; its last one stands for those that it lacks.
fn translate(call: &Call<'_>) -> Evaluated {
    let (from, to, text) = (call.text(0)?, call.text(1)?, call.text(2)?);
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let changed = text.chars().filter_map(|letter| match from.iter().position(|one| *one == letter) {
        Some(place) => to.get(place).or(to.last()).copied(),
        None => Some(letter),
    });
    Ok(Cell::text(&changed.collect::<String>()))
}

fn extreme(call: &Call<'_>, largest: bool) -> Evaluated {
    let mut values = call.given.iter();
    let first = values.next().cloned().unwrap_or_default();
    Ok(values.fold(first, |best, next| {
        // Nulls count only among themselves.
        let better = match (best.is_null(), next.is_null()) {
            (_, true) => false,
            (true, false) => true,
            _ if largest => next.order(&best).is_gt(),
            _ => next.order(&best).is_lt(),
        };
        if better { next.clone() } else { best }
    }))
}
