//! Check digits and checksums: takes digits or letters without separators, says whether they add up.

use sha2::{Digest as _, Sha256};

fn value(digit: u8) -> u32 {
    u32::from(digit.wrapping_sub(b'0'))
}

/// ISO/IEC 7812: cards, and Canada's social insurance numbers.
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, value(*digit)) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The schemes' first digits and the lengths of their numbers, by blocks of two digits in which a scheme issues: the exact ranges move.
/// Private-label and fuel cards are not in it.
pub(super) fn issued(digits: &[u8]) -> bool {
    let head = |length: usize| digits.iter().take(length).fold(0, |head, digit| head * 10 + value(*digit));
    let length = digits.len();
    match (head(2), head(4)) {
        // Visa.
        (40..=49, _) => matches!(length, 13 | 16 | 18 | 19),
        // Mastercard, and Mir.
        (51..=55, _) => length == 16,
        (22..=27, _) => (16..=19).contains(&length),
        // American Express.
        (34 | 37, _) => length == 15,
        // Diners Club.
        (30 | 36 | 38 | 39, _) => (14..=19).contains(&length),
        // JCB; its older numbers have 15 digits. Troy.
        (35, _) => (16..=19).contains(&length),
        (_, 2131 | 1800) => length == 15,
        (_, 9792) => length == 16,
        // Maestro, and what else is written on 50 and 56 to 67: Discover, UnionPay, RuPay, Elo, Hipercard, Verve.
        (50 | 56..=58, _) | (_, 5893) => (12..=19).contains(&length),
        (60 | 62..=65 | 67, _) => (12..=19).contains(&length),
        // UnionPay, RuPay.
        (81 | 82, _) => (16..=19).contains(&length),
        _ => false,
    }
}

/// The NHS's modulus 11 over ten digits.
pub(super) fn nhs(digits: &[u8]) -> bool {
    let Some((check, rest)) = digits.split_last() else { return false };
    let sum: u32 = rest.iter().zip((2..=10).rev()).map(|(digit, weight)| value(*digit) * weight).sum();
    rest.len() == 9 && (11 - sum % 11) % 11 == value(*check) && sum > 0
}

/// The ABA's check digit over nine digits, and the first two that Federal Reserve districts and thrifts have.
pub(super) fn routing(digits: &[u8]) -> bool {
    let weights = [3, 7, 1, 3, 7, 1, 3, 7, 1];
    let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| value(*digit) * weight).sum();
    let district = digits.iter().take(2).fold(0, |head, digit| head * 10 + value(*digit));
    digits.len() == 9 && sum > 0 && sum.is_multiple_of(10) && matches!(district, 0..=12 | 21..=32 | 61..=72 | 80)
}

/// 49 CFR 565's check digit, in upper case. Vehicles of other countries need not have one.
pub(super) fn vin(text: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let number = |letter: u8| match letter {
        b'0'..=b'9' => Some(value(letter)),
        b'A'..=b'H' => Some(u32::from(letter - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(letter - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(letter - b'S') + 2),
        _ => None,
    };
    let numbers: Option<Vec<u32>> = text.iter().map(|letter| number(*letter)).collect();
    let sum = numbers.map(|numbers| numbers.iter().zip(WEIGHTS).map(|(number, weight)| number * weight).sum::<u32>());
    let check = match text.get(8) {
        Some(b'X') => Some(10),
        Some(digit @ b'0'..=b'9') => Some(value(*digit)),
        _ => None,
    };
    text.len() == 17 && check.is_some() && sum.map(|sum| sum % 11) == check
}

/// Bitcoin's addresses: Base58Check of versions 0 and 5, or Bech32 and Bech32m of `bc`.
pub(super) fn bitcoin(text: &str) -> bool {
    match text.get(..3) {
        Some("bc1" | "BC1") => bech32(&text.to_ascii_lowercase()),
        _ => base58(text),
    }
}

fn base58(text: &str) -> bool {
    const LETTERS: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0_u8; 25];
    for letter in text.chars() {
        let Some(mut carry) = LETTERS.find(letter) else { return false };
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).unwrap_or_default();
            carry >>= 8;
        }
        if carry > 0 {
            return false;
        }
    }
    let (body, check) = bytes.split_at(21);
    matches!(body.first(), Some(0 | 5)) && Sha256::digest(Sha256::digest(body)).starts_with(check)
}

/// BIP 173 and BIP 350.
fn bech32(text: &str) -> bool {
    const LETTERS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const STEPS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let Some(data) = text.strip_prefix("bc1") else { return false };
    let letters: Option<Vec<u32>> =
        data.chars().map(|letter| LETTERS.find(letter).and_then(|at| u32::try_from(at).ok())).collect();
    let Some(letters) = letters else { return false };
    // The human part `bc`, spread as the standard says.
    let sum = [3, 3, 0, 2, 3].into_iter().chain(letters).fold(1_u32, |sum, letter| {
        let top = sum >> 25;
        let next = (sum & 0x1ff_ffff) << 5 ^ letter;
        STEPS.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1).fold(next, |sum, (_, step)| sum ^ step)
    });
    matches!(sum, 1 | 0x2bc8_30a3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_add_up_and_slips_do_not() {
        for card in ["4111111111111111", "378282246310005", "5555555555554444", "6011111111111117", "3530111333300000"]
        {
            assert!(luhn(card.as_bytes()) && issued(card.as_bytes()), "{card}");
        }
        assert!(!luhn(b"4111111111111112"));
        assert!(!issued(b"1732790000000000"), "microseconds since 1970 are no card");
        assert!(nhs(b"9434765919") && !nhs(b"9434765918") && !nhs(b"0000000000"));
        assert!(routing(b"021000021") && !routing(b"021000022") && !routing(b"000000000"));
        assert!(vin(b"1M8GDM9AXKP042788") && vin(b"11111111111111111") && !vin(b"1M8GDM9A1KP042788"));
    }

    #[test]
    fn addresses_of_the_standards() {
        for address in [
            "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
            "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ] {
            assert!(bitcoin(address), "{address}");
        }
        for address in
            ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "", "bc1", "1é"]
        {
            assert!(!bitcoin(address), "{address}");
        }
    }
}
