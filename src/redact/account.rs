//! Accounts that mix letters and digits: takes a text and the place of a digit, gives IBANs, national insurance numbers, VINs, coin addresses.

use iban::Iban;

use super::checksum;
use super::context::Context;
use super::entity::Entity;
use super::scan::Hits;

/// The longest of them, Bech32 addresses, with room.
const MOST: usize = 100;

/// The letters and digits around a place: where they begin and end; none if they are too many.
fn token(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let head = bytes.get(..at)?.iter().rev().take(MOST + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let tail = bytes.get(at..)?.iter().take(MOST + 1).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    (head + tail <= MOST).then_some((at - head, at + tail))
}

/// Adds what the token around a digit is, or begins; gives where looking goes on.
pub(super) fn find<'t>(text: &'t str, at: usize, context: &Context, hits: &mut Hits<'t>) -> usize {
    let bytes = text.as_bytes();
    let Some((start, end)) = token(bytes, at) else {
        return at + bytes.iter().skip(at).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    };
    let Some(whole) = text.get(start..end) else { return end };
    match whole.len() {
        17 => vin(text, (start, end), context, hits),
        42 if whole.starts_with("0x") && whole.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit()) => {
            hits.add(Entity::EthAddress, start, end);
        }
        14..=90 if whole.starts_with(['1', '3']) || whole.starts_with("bc1") || whole.starts_with("BC1") => {
            let length = if whole.starts_with(['1', '3']) { 26..=35 } else { 14..=90 };
            if length.contains(&whole.len()) && checksum::bitcoin(whole) {
                hits.add(Entity::BtcAddress, start, end);
            }
        }
        _ => {}
    }
    // `AB 12 34 56 C`: the letters are a word of their own.
    let parted = start.checked_sub(3).filter(|_| whole.starts_with(|c: char| c.is_ascii_digit())).filter(|at| {
        let letter = |byte: &u8| byte.is_ascii_alphabetic();
        let apart = at.checked_sub(1).and_then(|at| bytes.get(at)).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        matches!(bytes.get(*at..start), Some([a, b, b' ' | b'-']) if letter(a) && letter(b)) && apart
    });
    insurance(text, parted.unwrap_or(start), hits);
    iban(text, start, hits);
    end
}

/// With a check digit that adds up, or after a word: vehicles outside of North America have none.
fn vin<'t>(text: &'t str, (start, end): (usize, usize), context: &Context, hits: &mut Hits<'t>) {
    let Some(whole) = text.get(start..end) else { return };
    let upper = whole.to_ascii_uppercase();
    let letters = upper
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'A'..=b'H' | b'J'..=b'N' | b'P' | b'R'..=b'Z'));
    let mixed = upper.bytes().any(|byte| byte.is_ascii_digit()) && upper.bytes().any(|byte| byte.is_ascii_uppercase());
    let sure = whole == upper && checksum::vin(upper.as_bytes());
    if letters && mixed && (sure || context.vin(text, (start, end))) {
        hits.add(Entity::Vin, start, end);
    }
}

/// HMRC's NIM39110: two letters but D F I Q U V (and O as the second), none of seven pairs, six digits, A to D;
/// and `ZZ…T`, which nobody has and which forms and test data show in place of one.
fn insurance<'t>(text: &'t str, start: usize, hits: &mut Hits<'t>) {
    let bytes = text.as_bytes();
    let (mut at, mut found) = (start, Vec::with_capacity(9));
    while let Some(byte) = bytes.get(at).filter(|_| found.len() < 9) {
        let separator = matches!(byte, b' ' | b'-') && matches!(found.len(), 2 | 4 | 6 | 8);
        let separated = at > start && bytes.get(at - 1).is_some_and(|before| matches!(before, b' ' | b'-'));
        match byte {
            _ if separator && !separated => {}
            b'0'..=b'9' if (2..8).contains(&found.len()) => found.push(*byte),
            b'A'..=b'Z' | b'a'..=b'z' if found.len() < 2 || found.len() == 8 => found.push(byte.to_ascii_uppercase()),
            _ => return,
        }
        at += 1;
    }
    let &[first, second, .., last] = found.as_slice() else { return };
    let pair = [first, second];
    let given = !b"DFIQUV".contains(&first)
        && !b"DFIOQUV".contains(&second)
        && ![b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"].contains(&&pair);
    let closed = bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    let shown = &pair == b"ZZ" && last == b'T';
    if found.len() == 9 && closed && (given && (b'A'..=b'D').contains(&last) || shown) {
        hits.add(Entity::UkNino, start, at);
    }
}

/// Country, its own length and form, and modulo 97; in one piece or in groups, in either case.
fn iban<'t>(text: &'t str, start: usize, hits: &mut Hits<'t>) {
    let bytes = text.as_bytes();
    let head = bytes.get(start..start + 4).unwrap_or_default();
    if !matches!(head, [a, b, c, d] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() && c.is_ascii_digit() && d.is_ascii_digit())
    {
        return;
    }
    let (mut at, mut electronic, mut best) = (start, String::with_capacity(34), None);
    while let Some(byte) = bytes.get(at).filter(|_| electronic.len() < 34) {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => electronic.push(char::from(byte.to_ascii_uppercase())),
            b' ' | b'-' if bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) => {}
            _ => break,
        }
        at += 1;
        let closed = bytes.get(at).is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if closed && electronic.len() >= 15 && electronic.parse::<Iban>().is_ok() {
            best = Some(at);
        }
    }
    if let Some(end) = best {
        hits.add(Entity::Iban, start, end);
    }
}
