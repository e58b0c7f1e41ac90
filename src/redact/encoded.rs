//! Base64 in a text: takes the text, gives the runs that hold something once decoded, and the long ones that decode to no text.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The shortest run that is decoded: a social security number fills it.
const LEAST: usize = 16;
/// From here on a run that decodes to no text is an image, a file or an archive, and goes: nobody can say what it shows.
const OPAQUE: usize = 256;
/// The shortest line of base64 that may go on in the next one.
const LINE: usize = 60;

/// What a run decodes to.
pub(super) enum Meaning {
    Text(String),
    Opaque,
}

fn letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// The runs of a text that mean something, with padding, and over several lines of one length.
pub(super) fn runs(text: &str) -> impl Iterator<Item = (Range<usize>, Meaning)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let range = next(text.as_bytes(), at)?;
            at = range.end;
            if let Some(meaning) = text.get(range.clone()).and_then(meaning) {
                return Some((range, meaning));
            }
        }
    })
}

/// The next run. Looks at one byte in sixteen where there is none.
fn next(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let mut start = from;
    loop {
        let window = bytes.get(start..start + LEAST)?;
        match window.iter().rposition(|byte| !letter(*byte)) {
            Some(gap) => start += gap + 1,
            None => break,
        }
    }
    let line = |from: usize| from + bytes.iter().skip(from).take_while(|byte| letter(**byte)).count();
    let mut end = line(start);
    let (first, mut last) = (end - start, end - start);
    while last == first && first >= LINE {
        let next = match bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([b'\n', ..]) => end + 1,
            _ => break,
        };
        last = line(next) - next;
        if last == 0 || last > first {
            break;
        }
        end = next + last;
    }
    let padding = bytes.iter().skip(end).take(2).take_while(|byte| **byte == b'=').count();
    Some(start..end + padding)
}

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const LETTERS: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);

fn meaning(run: &str) -> Option<Meaning> {
    let standard = |byte: u8| match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'=' | b'\r' | b'\n' => None,
        _ => Some(byte),
    };
    let letters: Vec<u8> = run.bytes().filter_map(standard).collect();
    // `data/SGVsbG8…` begins with letters that are not its own: only where one of these signs can have joined them.
    let joined = letters.iter().any(|letter| !letter.is_ascii_alphanumeric());
    let text = (0..if joined { 4 } else { 1 }).find_map(|skipped| {
        let letters = letters.get(skipped..)?;
        let whole = letters.get(..letters.len() - usize::from(letters.len() % 4 == 1))?;
        readable(&LETTERS.decode(whole).ok()?)
    });
    let has = |kind: fn(&u8) -> bool| letters.iter().any(kind);
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_digit);
    match text {
        Some(text) => Some(Meaning::Text(text)),
        None if run.len() >= OPAQUE && mixed => Some(Meaning::Opaque),
        None => None,
    }
}

/// Bytes as text, if at most an eighth of it makes no sense: in UTF-8, or in UTF-16 as Windows writes it.
fn readable(bytes: &[u8]) -> Option<String> {
    let wide = bytes.chunks_exact(2).filter(|pair| matches!(pair, [_, 0])).count();
    let text = if bytes.len() > 4 && wide * 4 > bytes.len() {
        let units =
            bytes.chunks_exact(2).map(|pair| pair.iter().rev().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    } else {
        String::from_utf8_lossy(bytes).into_owned()
    };
    let senseless = |c: &char| *c == char::REPLACEMENT_CHARACTER || c.is_control() && !c.is_whitespace();
    let (all, bad) = (text.chars().count(), text.chars().filter(senseless).count());
    (bad * 8 <= all).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings(text: &str) -> Vec<(&str, Option<String>)> {
        let of = |(range, meaning): (Range<usize>, Meaning)| match meaning {
            Meaning::Text(meant) => (&text[range], Some(meant)),
            Meaning::Opaque => (&text[range], None),
        };
        runs(text).map(of).collect()
    }

    #[test]
    fn runs_are_found_whatever_stands_around() {
        let meant = || Some("jane@example.com".to_owned());
        assert_eq!(meanings("x amFuZUBleGFtcGxlLmNvbQ== y"), [("amFuZUBleGFtcGxlLmNvbQ==", meant())]);
        assert_eq!(meanings("\"amFuZUBleGFtcGxlLmNvbQ\""), [("amFuZUBleGFtcGxlLmNvbQ", meant())]);
        assert_eq!(meanings("amFuZUBleGFtcGxlLmNvbQ"), [("amFuZUBleGFtcGxlLmNvbQ", meant())]);
        // UTF-16, as PowerShell takes it.
        assert_eq!(meanings("agBhAG4AZQBAAHgALgBjAG8A"), [("agBhAG4AZQBAAHgALgBjAG8A", Some("jane@x.co".to_owned()))]);
        assert_eq!(meanings("550e8400-e29b-41d4-a716-446655440000 internationalization"), []);
    }

    #[test]
    fn lines_of_one_length_are_one_run() {
        let line = "QUJD".repeat(19);
        let text = format!("{line}\r\n{line}\r\nQUJD\r\nword");
        assert_eq!(meanings(&text), [(&text[..text.len() - 6], Some("ABC".repeat(39)))]);
    }

    #[test]
    fn long_runs_that_are_no_text() {
        let bytes: Vec<u8> = (0..300_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let run = base64::engine::general_purpose::STANDARD.encode(&bytes);
        assert_eq!(meanings(&run), [(run.as_str(), None)]);
        assert_eq!(meanings(&run[..64]), []);
        assert_eq!(meanings(&"0123456789abcdef".repeat(40)), [], "hexadecimal is no base64");
    }
}
