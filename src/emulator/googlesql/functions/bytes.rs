//! Hashes, encodings and BYTES.

use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use base64::{Engine as _, alphabet};
use sha2::{Digest as _, Sha256, Sha512};

use super::{Function, Moment, Trouble, on, strict};
use crate::emulator::googlesql::readings::BASE64;
use crate::emulator::googlesql::value::Val;

pub(super) const BYTES: &[Function] = &[
    strict("SHA256", &["STRING"], "BYTES", on!(Val::Text(a) => Ok(bytes(&Sha256::digest(a.as_bytes()))))),
    strict("SHA256", &["BYTES"], "BYTES", on!(Val::Bytes(a) => Ok(bytes(&Sha256::digest(a))))),
    strict("SHA512", &["STRING"], "BYTES", on!(Val::Text(a) => Ok(bytes(&Sha512::digest(a.as_bytes()))))),
    strict("SHA512", &["BYTES"], "BYTES", on!(Val::Bytes(a) => Ok(bytes(&Sha512::digest(a))))),
    strict(
        "TO_HEX",
        &["BYTES"],
        "STRING",
        on!(Val::Bytes(a) => {
            Ok(a.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
        }),
    ),
    strict(
        "FROM_HEX",
        &["STRING"],
        "BYTES",
        on!(Val::Text(a) => {
            let digits = if a.len() % 2 == 1 { format!("0{a}") } else { a.to_string() };
            let pairs = digits.as_bytes().chunks(2);
            let read = pairs.map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
            match read.collect::<Option<Vec<u8>>>().filter(|_| a.bytes().all(|b| b.is_ascii_hexdigit())) {
                Some(read) => Ok(bytes(&read)),
                None => Trouble::stops("FROM_HEX: not a hexadecimal text"),
            }
        }),
    ),
    strict("TO_BASE64", &["BYTES"], "STRING", on!(Val::Bytes(a) => Ok(STANDARD.encode(a).into()))),
    strict("FROM_BASE64", &["STRING"], "BYTES", |moment, args| match args {
        [Val::Text(a)] => from_base64(a, moment),
        _ => Trouble::unknown("arguments of these types"),
    }),
    strict(
        "SAFE_CONVERT_BYTES_TO_STRING",
        &["BYTES"],
        "STRING",
        on!(Val::Bytes(a) => {
            Ok(String::from_utf8_lossy(a).into_owned().into())
        }),
    ),
];

/// Decodes without padding, and with bits behind the end that are not 0.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether white space and missing padding are let pass is open.
fn from_base64(text: &str, moment: &Moment<'_>) -> Result<Val, Trouble> {
    if let Ok(decoded) = STANDARD.decode(text) {
        return Ok(bytes(&decoded));
    }
    let plain: String = text.split_whitespace().collect();
    match LENIENT.decode(plain) {
        Ok(decoded) if moment.readings.other(BASE64) => Ok(bytes(&decoded)),
        _ => Trouble::stops("FROM_BASE64: not a text of base64"),
    }
}

fn bytes(bytes: &[u8]) -> Val {
    Val::Bytes(bytes.into())
}
