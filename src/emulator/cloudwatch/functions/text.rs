//! Functions of texts. A map or a list is no text, and counts as missing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::{NoExpand, Regex};

use crate::emulator::Failure;
use crate::emulator::cloudwatch::eval::Context;
use crate::emulator::cloudwatch::reading::Question;
use crate::emulator::cloudwatch::tree::Place;
use crate::emulator::cloudwatch::value::Cell;

/// A function of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::emulator::cloudwatch) enum Function {
    IsEmpty,
    IsBlank,
    Concat,
    TrimLeft,
    TrimRight,
    Trim,
    Length,
    Upper,
    Lower,
    Substring,
    Replace,
    RegexReplace,
    Contains,
    StartsWith,
    EndsWith,
    UrlEncode,
    UrlDecode,
    Base64Encode,
    Base64Decode,
    HexToAscii,
}

pub(super) fn apply(function: Function, values: &[Cell], context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let texts = values.iter().map(|value| value.as_text(context.readings, at)).collect::<Result<Vec<_>, Failure>>()?;
    if function == Function::Concat {
        let missing = texts.iter().any(Option::is_none) && context.other(Question::ConcatMissing);
        let whole: String = texts.iter().flatten().map(|text| &**text).collect();
        return Ok(if missing { Cell::Missing } else { Cell::text(whole) });
    }
    let text = |number: usize| texts.get(number).and_then(Option::as_deref);
    let unknown = |what: &str| Err(Failure::unknown(what, at.clone()));
    let Some(first) = text(0) else {
        return Ok(match function {
            Function::IsEmpty | Function::IsBlank => Cell::truth(true),
            Function::Contains | Function::StartsWith | Function::EndsWith => Cell::truth(false),
            _ => Cell::Missing,
        });
    };
    // What the others are, where they have to be there.
    let (second, third) = (text(1), text(2));
    if values.len() > 1 && second.is_none() && function != Function::Substring {
        return Ok(match function {
            Function::Contains | Function::StartsWith | Function::EndsWith => Cell::truth(false),
            _ => Cell::Missing,
        });
    }
    let second = second.unwrap_or_default();
    Ok(match function {
        Function::IsEmpty => Cell::truth(first.is_empty()),
        Function::IsBlank => Cell::truth(first.trim().is_empty()),
        Function::TrimLeft if values.len() > 1 => Cell::text(first.trim_start_matches(|c| second.contains(c))),
        Function::TrimRight if values.len() > 1 => Cell::text(first.trim_end_matches(|c| second.contains(c))),
        Function::Trim if values.len() > 1 => Cell::text(first.trim_matches(|c| second.contains(c))),
        Function::TrimLeft => Cell::text(first.trim_start()),
        Function::TrimRight => Cell::text(first.trim_end()),
        Function::Trim => Cell::text(first.trim()),
        Function::Length => Cell::whole(i64::try_from(first.chars().count()).unwrap_or(i64::MAX)),
        Function::Upper => Cell::text(first.to_uppercase()),
        Function::Lower => Cell::text(first.to_lowercase()),
        Function::Substring => substring(first, values, context, at)?,
        Function::Replace => match third {
            Some(_) if second.is_empty() => return unknown("`replace` of an empty text"),
            Some(by) => Cell::text(first.replace(second, by)),
            None => Cell::Missing,
        },
        Function::RegexReplace => match third {
            Some(by) if by.contains(['$', '\\']) => {
                return unknown("`$` or a backslash in what `regexReplace` puts in");
            }
            Some(by) => match Regex::new(second) {
                Ok(pattern) => Cell::text(pattern.replace_all(first, NoExpand(by))),
                Err(_) => return unknown("such a pattern"),
            },
            None => Cell::Missing,
        },
        Function::Contains if values.get(2) == Some(&Cell::truth(true)) => {
            Cell::truth(first.to_lowercase().contains(&second.to_lowercase()))
        }
        Function::Contains => Cell::truth(first.contains(second)),
        Function::StartsWith => Cell::truth(first.starts_with(second)),
        Function::EndsWith => Cell::truth(first.ends_with(second)),
        Function::UrlEncode => match url_encoded(first) {
            Some(text) => Cell::text(text),
            None => return unknown("how `urlencode` writes a space, `*` and `~`"),
        },
        Function::UrlDecode => match url_decoded(first) {
            Some(text) => Cell::text(text),
            None => return unknown("what `urldecode` makes of `+` and of what is not encoded"),
        },
        Function::Base64Encode => Cell::text(STANDARD.encode(first)),
        Function::Base64Decode => match STANDARD.decode(first).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => Cell::text(text),
            None => return unknown("what `base64decode` makes of what is no text in Base64"),
        },
        Function::HexToAscii => match hex(first) {
            Some(text) => Cell::text(text),
            None => return unknown("what `hexToAscii` makes of what is no ASCII in hexadecimal"),
        },
        Function::Concat => Cell::Missing,
    })
}

/// From an index on, counted from 0, in characters.
fn substring(text: &str, values: &[Cell], context: &Context<'_>, at: &Place) -> Result<Cell, Failure> {
    let count = |value: &Cell| -> Result<Option<usize>, Failure> {
        let Some(number) = value.as_number(context.readings, at)? else { return Ok(None) };
        let whole = number.whole().and_then(|whole| usize::try_from(whole).ok());
        let message = "`substr` with a number that is negative or not whole";
        whole.map(Some).ok_or_else(|| Failure::unknown(message, at.clone()))
    };
    let counts = values.iter().skip(1).map(count).collect::<Result<Option<Vec<usize>>, Failure>>()?;
    Ok(match counts.as_deref() {
        Some([start]) => Cell::text(text.chars().skip(*start).collect::<String>()),
        Some([start, length]) => Cell::text(text.chars().skip(*start).take(*length).collect::<String>()),
        _ => Cell::Missing,
    })
}

fn url_encoded(text: &str) -> Option<String> {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => out.push(char::from(byte)),
            b' ' | b'*' | b'~' => return None,
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(out)
}

fn url_decoded(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b'+' => return None,
            _ => out.push(byte),
        }
    }
    String::from_utf8(out).ok()
}

fn hex(text: &str) -> Option<String> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => char::from_u32(high * 16 + low).filter(char::is_ascii),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_texts() {
        assert_eq!(url_encoded("a/é"), Some("a%2F%C3%A9".to_owned()));
        assert_eq!(url_decoded("a%2F%C3%A9"), Some("a/é".to_owned()));
        assert_eq!(url_decoded("a%2"), None);
        assert_eq!(hex("4f4B"), Some("OK".to_owned()));
        assert_eq!(hex("4f4"), None);
    }
}
