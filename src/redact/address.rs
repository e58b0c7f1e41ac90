//! Addresses of networks that are written with colons or dashes: takes a text and a place, gives IPv6 and MAC addresses.

use std::net::Ipv6Addr;

use super::entity::Entity;
use super::scan::Hits;

/// The longest, an IPv6 address that ends as IPv4.
const MOST: usize = 45;

fn part(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.')
}

/// Adds the address around a colon; gives where looking goes on.
pub(super) fn ipv6<'t>(text: &'t str, at: usize, hits: &mut Hits<'t>) -> usize {
    let bytes = text.as_bytes();
    let head = bytes.iter().take(at).rev().take(MOST + 1).take_while(|byte| part(**byte)).count();
    let tail = bytes.iter().skip(at).take_while(|byte| part(**byte)).count();
    let (start, end) = (at - head, at + tail);
    let Some(whole) = text.get(start..end).filter(|whole| whole.len() <= MOST) else { return end };
    // `key:2001:db8::1` and `2001:db8::1.` carry what is not theirs.
    let mut candidate = whole.trim_end_matches(['.', ':']);
    if whole.ends_with("::") && !whole.ends_with(":::") {
        candidate = whole;
    }
    let touched = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let before = touched(start.checked_sub(1).and_then(|at| bytes.get(at)));
    if touched(bytes.get(start + candidate.len())) {
        return end;
    }
    let starts = std::iter::once(0).filter(|_| !before).chain(candidate.match_indices(':').map(|(at, _)| at + 1));
    for skipped in starts {
        let rest = candidate.get(skipped..).unwrap_or_default();
        // `a::b` is a path in a program, `::1` is everybody's: an address that tells something is longer and has a digit.
        let telling = rest.len() >= 6 && rest.bytes().any(|byte| byte.is_ascii_digit());
        if telling && rest.parse::<Ipv6Addr>().is_ok() {
            hits.add(Entity::Ipv6, start + skipped, start + candidate.len());
            break;
        }
    }
    end
}

/// Adds the MAC address that begins at a place: six pairs with colons or dashes, or three fours with dots.
pub(super) fn mac<'t>(text: &'t str, start: usize, hits: &mut Hits<'t>) {
    let bytes = text.as_bytes();
    let touched = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    // Longer rows of pairs are fingerprints of keys.
    let longer = |at: Option<&u8>, separator: u8| at == Some(&separator);
    for (group, separator, length) in [(2, b':', 17), (2, b'-', 17), (4, b'.', 14)] {
        let Some(value) = bytes.get(start..start + length) else { continue };
        let formed = value
            .iter()
            .enumerate()
            .all(|(at, byte)| if at % (group + 1) == group { *byte == separator } else { byte.is_ascii_hexdigit() });
        let before = start.checked_sub(1).and_then(|at| bytes.get(at));
        let behind = bytes.get(start + length);
        let next = bytes.get(start + length + 1);
        let goes_on = longer(behind, separator) && touched(next) || longer(before, separator) && separator != b':';
        if formed && !touched(before) && !touched(behind) && !goes_on {
            hits.add(Entity::Mac, start, start + length);
        }
    }
}
