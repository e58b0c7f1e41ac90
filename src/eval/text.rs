//! Text: takes text, gives text, numbers or answers, by code point; the case of A–Z is the only case that is ever folded.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};

use super::value::Value;

/// Code points.
#[must_use]
pub fn length(text: &str) -> Value {
    i64::try_from(text.chars().count()).map_or(Value::Missing, Value::Int)
}

/// Code points from `start` (0 is the first), at most `count`; missing where a number is negative or nothing is left.
#[must_use]
pub fn substring(text: &str, start: i64, count: i64) -> Value {
    let (Ok(start), Ok(count)) = (usize::try_from(start), usize::try_from(count)) else { return Value::Missing };
    Value::text(&text.chars().skip(start).take(count).collect::<String>())
}

/// RFC 4648's standard alphabet, with or without padding, to UTF-8. White space, other letters and bits left over do not decode.
#[must_use]
pub fn base64_decode(text: &str) -> Value {
    const CONFIG: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&alphabet::STANDARD, CONFIG).decode(text).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).map_or(Value::Missing, |text| Value::text(&text))
}

/// SHA-256 of the UTF-8 bytes, in lower-case hexadecimal.
#[must_use]
pub fn hash(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let mut text = String::with_capacity(2 * digest.len());
    text.extend(digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)));
    text
}

/// An address as a cloud wrote it, the last IPv4 part perhaps starred out; missing where it is no such text.
#[must_use]
pub fn masked_net(text: &str) -> Value {
    let unmasked = match text.rsplit_once('.') {
        Some((net, stars)) if !stars.is_empty() && stars.bytes().all(|b| b == b'*') => format!("{net}.0"),
        _ => text.to_owned(),
    };
    if unmasked.parse::<std::net::IpAddr>().is_ok() { Value::text(text) } else { Value::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_code_points() {
        assert_eq!(length("a😀é"), Value::Int(3));
        assert_eq!(substring("a😀é", 1, 1), Value::text("😀"));
        assert_eq!(substring("abc", 1, 100), Value::text("bc"));
        assert_eq!(substring("abc", 3, 1), Value::Missing);
        assert_eq!(substring("abc", 0, 0), Value::Missing);
        assert_eq!(substring("abc", -1, 2), Value::Missing);
        assert_eq!(substring("abc", 0, -1), Value::Missing);
    }

    #[test]
    fn base64_with_and_without_padding() {
        for text in ["aGk=", "aGk"] {
            assert_eq!(base64_decode(text), Value::text("hi"));
        }
        for text in ["aGl=", "a", "aG k=", "aGk==", "_-8=", "gA==", "===="] {
            assert_eq!(base64_decode(text), Value::Missing, "{text}");
        }
    }

    #[test]
    fn hashes_are_sha_256() {
        assert_eq!(hash("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn masked_addresses_stay_as_they_were_written() {
        for text in ["20.236.11.***", "20.236.11.*", "20.236.11.5", "2001:db8::1"] {
            assert_eq!(masked_net(text), Value::text(text));
        }
        for text in ["20.236.***", "20.236.11.", "20.236.11.**5", "host", "***", "20.236.*.*"] {
            assert_eq!(masked_net(text), Value::Missing, "{text}");
        }
    }
}
