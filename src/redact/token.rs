//! What stands for a value: takes an entity and its value, gives the same token for the same value, and recognises tokens.

use std::fmt::Write as _;
use std::net::Ipv6Addr;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::entity::Entity;

/// How many hexadecimal digits a token has.
const DIGITS: usize = 16;
/// More bytes than any token has.
const LONGEST: usize = 64;

/// `[EMAIL:c3f9a…]`, or `[EMAIL]` without a key.
pub(super) fn token(key: Option<&[u8; 32]>, entity: Entity, value: &str) -> String {
    let name = entity.token();
    let size = if entity == Entity::Unscanned { format!(":{}b", value.len()) } else { String::new() };
    let Some(mut mac) = key.and_then(|key| Hmac::<Sha256>::new_from_slice(key).ok()) else {
        return format!("[{name}{size}]");
    };
    // The entity is a part of what is signed: a value that is taken for two of them joins neither.
    mac.update(name.as_bytes());
    mac.update(&[0]);
    mac.update(canonical(entity, value).as_bytes());
    let mut all = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        // Writing to a text does not fail.
        let _ = write!(all, "{byte:02x}");
    }
    // From its first letter on, so that no token is a number to whoever reads the text again.
    let letter = all.find(|digit: char| digit.is_ascii_alphabetic()).filter(|at| at + DIGITS <= all.len());
    let digits = letter.and_then(|at| all.get(at..at + DIGITS)).unwrap_or("aaaaaaaaaaaaaaaa");
    format!("[{name}:{digits}{size}]")
}

/// A value as everybody would write it, so that its tokens join.
fn canonical(entity: Entity, value: &str) -> String {
    let digits = || value.chars().filter(char::is_ascii_digit).collect::<String>();
    match entity {
        Entity::Card | Entity::UsSsn | Entity::UsItin | Entity::UkNhs | Entity::CaSin | Entity::UsRouting => digits(),
        Entity::Phone => {
            let digits = digits();
            match digits.strip_prefix("001").or(digits.strip_prefix('1').filter(|rest| rest.len() == 10)) {
                Some(rest) => rest.to_owned(),
                None => digits,
            }
        }
        Entity::Email | Entity::EthAddress => value.to_ascii_lowercase(),
        Entity::Iban | Entity::UkNino | Entity::Vin | Entity::Passport | Entity::DriverId => {
            value.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
        }
        Entity::Mac => value.chars().filter(char::is_ascii_hexdigit).map(|c| c.to_ascii_lowercase()).collect(),
        Entity::Ipv6 => value.parse::<Ipv6Addr>().map_or_else(|_| value.to_owned(), |address| address.to_string()),
        _ => value.to_owned(),
    }
}

/// Whether a range lies in a token that stands in the text.
pub(super) fn holds(text: &str, start: usize, end: usize) -> bool {
    let from = super::context::floor(text, start.saturating_sub(LONGEST));
    let head = text.get(from..(start + 1).min(text.len())).unwrap_or_default();
    let Some(rest) = head.rfind('[').and_then(|at| text.get(from + at + 1..)) else { return false };
    let open = text.len() - rest.len();
    let length = rest.bytes().take(LONGEST).position(|byte| byte == b']');
    length.is_some_and(|length| end <= open + length + 1 && rest.get(..length).is_some_and(is_token))
}

/// `EMAIL`, `EMAIL:c3f9a…`, `UNSCANNED:c3f9a…:1368b`.
fn is_token(inner: &str) -> bool {
    let mut parts = inner.split(':');
    let name = parts.next().unwrap_or_default();
    let known =
        Entity::ALL.into_iter().chain([Entity::Encoded, Entity::Unscanned]).any(|entity| entity.token() == name);
    let signed = |part: &str| {
        part.len() == DIGITS
            && part.starts_with(|c: char| matches!(c, 'a'..='f'))
            && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let sized = |part: &str| {
        part.strip_suffix('b')
            .is_some_and(|size| (1..=10).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_digit()))
    };
    known && parts.all(|part| signed(part) || sized(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_token_however_it_is_written() {
        let key = [7; 32];
        let of = |entity, value| token(Some(&key), entity, value);
        for (entity, one, other) in [
            (Entity::Card, "4111 1111 1111 1111", "4111-1111-1111-1111"),
            (Entity::Email, "Jane@Example.com", "jane@example.com"),
            (Entity::Phone, "+1 (212) 555-0123", "212.555.0123"),
            (Entity::Iban, "gb82 west 1234 5698 7654 32", "GB82WEST12345698765432"),
            (Entity::Ipv6, "2001:DB8:0::1", "2001:db8::1"),
            (Entity::Mac, "00-1B-44-11-3A-B7", "00:1b:44:11:3a:b7"),
        ] {
            assert_eq!(of(entity, one), of(entity, other));
        }
        assert_ne!(of(Entity::Password, "Jane@Example.com"), of(Entity::Password, "jane@example.com"));
        assert_ne!(of(Entity::UsSsn, "219099999"), of(Entity::UsRouting, "219099999").replace("US_ROUTING", "US_SSN"));
        assert_ne!(of(Entity::Email, "a@b.co"), token(Some(&[8; 32]), Entity::Email, "a@b.co"));
        assert_eq!(token(None, Entity::Email, "a@b.co"), "[EMAIL]");
        assert_eq!(token(None, Entity::Unscanned, "abc"), "[UNSCANNED:3b]");
    }

    #[test]
    fn tokens_are_recognised_and_nothing_else() {
        let written = token(Some(&[7; 32]), Entity::Email, "a@b.co");
        let text = format!("to {written} and");
        assert!(holds(&text, 3, 3 + written.len()) && holds(&text, 10, 12));
        assert!(!holds(&text, 0, 5) && !holds(&text, 10, text.len()));
        for other in ["[EMAIL:4111111111111111]", "[NAME:a111111111111111]", "[EMAIL:a]", "[a]", "["] {
            assert!(!holds(other, 1, other.len()), "{other}");
        }
    }
}
