//! The pattern of each entity: what RE2 and Rust's `regex` read alike, ASCII classes only, no look-around, no flags.
//!
//! The value stands in a group. Where letters and digits before a value would make it another one, the pattern takes the character before it
//! (`(?:^|[^0-9A-Za-z])`), since `\b` is Unicode's in one engine and ASCII's in the other. What stands behind it, the scanner looks at itself.
//! Formats follow the issuers' documentation where there is one; where a length is not documented, the pattern asks for a least length only.

/// No letter and no digit before.
macro_rules! apart {
    () => {
        "(?:^|[^0-9A-Za-z])"
    };
}

/// What may stand between a word and the value that it announces: `number: `, `" : "`, ` no. is `.
macro_rules! link {
    () => {
        r#"[^0-9A-Za-z]{0,6}(?:(?:no|num|number|nr|id|is|was|my|the|of|card|code|value|holder|issued|on|as)[^0-9A-Za-z]{1,6}){0,4}"#
    };
}

/// A word, then at most 40 characters that are no digits, then the value.
macro_rules! before {
    ($words:expr) => {
        concat!("(?:", $words, ")[^0-9]{0,40}")
    };
}

/// Behind the value at most 25 characters that are no digits, then a word.
macro_rules! behind {
    ($words:expr) => {
        concat!("[^0-9]{0,25}(?:", $words, ")")
    };
}

macro_rules! ssn_words {
    () => {
        "social[ _-]?security|soc[ _-]?sec|tax[ _-]?payer|tax[ _-]?id|(?:^|[^A-Za-z])(?:ssn|itin|tin)(?:[^A-Za-z]|$)|ssn[ _-]?(?:no|num)|_ssn"
    };
}

macro_rules! nhs_words {
    () => {
        "(?:^|[^A-Za-z])nhs|health[ _-]?service|nhs[ _-]?(?:no|num)"
    };
}

macro_rules! sin_words {
    () => {
        "social[ _-]?insurance|(?:^|[^A-Za-z])sin(?:[^A-Za-z]|$)|sin[ _-]?(?:no|num)"
    };
}

macro_rules! routing_words {
    () => {
        "routing|(?:^|[^A-Za-z])(?:aba|rtn)(?:[^A-Za-z]|$)|transit[ _-]?number"
    };
}

macro_rules! phone_words {
    () => {
        "phone|mobile|whatsapp|telefon|(?:^|[^A-Za-z])(?:tel|cell|fax|sms|dial)(?:[^A-Za-z]|$)|call (?:me|us|him|her|them) "
    };
}

macro_rules! vin_words {
    () => {
        "(?:^|[^A-Za-z])vin(?:[^A-Za-z]|$)|chassis|vehicle[ _-]?id"
    };
}

/// Words around a value, as one pattern for what stands before it and one for what stands behind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    pub(super) before: &'static str,
    pub(super) behind: &'static str,
}

macro_rules! words {
    ($words:expr) => {
        Words { before: concat!(before!($words), "$"), behind: concat!("^", behind!($words)) }
    };
}

pub(super) const SSN_WORDS: Words = words!(ssn_words!());
pub(super) const NHS_WORDS: Words = words!(nhs_words!());
pub(super) const SIN_WORDS: Words = words!(sin_words!());
pub(super) const ROUTING_WORDS: Words = words!(routing_words!());
pub(super) const PHONE_WORDS: Words = words!(phone_words!());
pub(super) const VIN_WORDS: Words = words!(vin_words!());

// RFC 7468 and OpenSSL's older forms. Without its last line it is what a log has cut off.
macro_rules! pem {
    () => {
        r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:(?:[^-]|-[^-])*-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|(?:[nr\\\s]{1,8}[A-Za-z0-9+/=]{16,})*)"
    };
}

pub(super) const PRIVATE_KEY: &str = concat!("(", pem!(), ")");
/// The file that Google Cloud makes for a service account: its key, and the id of the key.
pub(super) const GCP_SERVICE_ACCOUNT_KEY: &str =
    concat!(r#"private_key(?:_id)?[\\]{0,3}["']?\s{0,4}[:=]\s{0,4}[\\]{0,3}["']?([0-9a-f]{40}|"#, pem!(), ")");
/// Long-term keys begin with `ABSK`, short-term keys with `bedrock-api-key-`; AWS documents no length.
pub(super) const AWS_BEDROCK_API_KEY: &str =
    concat!(apart!(), r"(ABSK[A-Za-z0-9+/]{40,}={0,2}|bedrock-api-key-[A-Za-z0-9+/_-]{20,}={0,2})");
/// Anthropic documents the prefix; the rest is as long as keys in public scanners' tests.
pub(super) const ANTHROPIC_KEY: &str = concat!(apart!(), r"(sk-ant-[a-z0-9]{2,10}-[A-Za-z0-9_-]{20,})");
/// The format is not documented: prefixes as keys carry them, and the mark `T3BlbkFJ` or 48 letters and digits of older keys.
pub(super) const OPENAI_KEY: &str = concat!(
    apart!(),
    r"(sk-(?:proj|svcacct|service|admin|None)-[A-Za-z0-9_-]{20,}|sk-[A-Za-z0-9_-]{16,}T3BlbkFJ[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9]{48,})"
);
/// GitHub's blog of April 2021: a prefix, then up to 255 characters, the last six a checksum. The checksum is not asked for: the prefix is
/// certain, and a token of a later form must not pass.
pub(super) const GITHUB_TOKEN: &str = concat!(apart!(), r"(gh[pousr]_[A-Za-z0-9_]{30,}|github_pat_[A-Za-z0-9_]{30,})");
pub(super) const SLACK_TOKEN: &str = concat!(
    apart!(),
    r"(xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9%-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_-]{20,})"
);
/// Standard keys (`AIza`) and the keys that AI Studio gives since 2026 (`AQ.Ab`), whose length is not documented.
pub(super) const GOOGLE_API_KEY: &str = concat!(apart!(), r"(AIza[0-9A-Za-z_-]{35}|AQ\.Ab[0-9A-Za-z_-]{20,})");
/// IAM's unique ids: access keys, keys of STS, bearer tokens of STS, context-specific credentials.
pub(super) const AWS_ACCESS_KEY: &str = concat!(apart!(), "((?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})");
pub(super) const AWS_SECRET_KEY: &str =
    concat!(r"secret[ _-]{0,2}(?:access)?[ _-]{0,2}key", link!(), "([A-Za-z0-9/+]{40})");
/// 64 bytes in base64, after a word that says so; and the signature of a shared access signature.
pub(super) const AZURE_STORAGE_KEY: &str = concat!(
    r"(?:account|storage|shared|access|azure)[ _-]{0,2}(?:access)?[ _-]{0,2}(?:account)?[ _-]{0,2}key",
    link!(),
    r"([A-Za-z0-9+/]{86}==)|[?&]sig=([A-Za-z0-9%+/]{40,}={0,2})"
);
/// RFC 7519 in its compact form: header and payload are JSON objects, so both begin with `eyJ`; encrypted ones have five parts.
pub(super) const JWT: &str = concat!(
    "(?:^|[^0-9A-Za-z_-])",
    r"(eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*|[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+))"
);
/// RFC 3986's user information with a password in it, and the keys of Azure's connection strings.
pub(super) const CONN_STRING: &str = concat!(
    apart!(),
    r#"([a-z][a-z0-9+.-]{1,20}://[^\s:/?#@"'<>\[\]]{0,128}:[^\s/?#@"'<>\[\]]{1,256}@[^\s"'<>,;)]{1,256})"#,
    r#"|SharedAccessKey=([A-Za-z0-9+/]{40,}={0,2})"#
);
pub(super) const BEARER: &str =
    r"(?:bearer|authorization[^0-9A-Za-z]{1,6}basic)[\s:=+]{1,4}([A-Za-z0-9._~+/-]{12,}={0,2})";
pub(super) const IBAN: &str = concat!(apart!(), "([A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30})");
pub(super) const CARD: &str = concat!(apart!(), "([0-9](?:[ -]?[0-9]){11,18})");
pub(super) const BTC_ADDRESS: &str =
    concat!(apart!(), "([13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[02-9ac-hj-np-z]{11,87}|BC1[02-9AC-HJ-NP-Z]{11,87})");
pub(super) const ETH_ADDRESS: &str = concat!(apart!(), "(0x[0-9a-fA-F]{40})");
pub(super) const UK_NINO: &str = concat!(
    apart!(),
    "([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[A-D]|ZZ[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?[0-9]{2}[ -]?T)"
);
pub(super) const US_SSN: &str = concat!(
    apart!(),
    "([0-8][0-9]{2}[ .-][0-9]{2}[ .-][0-9]{4})|",
    before!(ssn_words!()),
    "([0-8][0-9]{8})|",
    "([0-8][0-9]{8})",
    behind!(ssn_words!())
);
pub(super) const US_ITIN: &str = concat!(
    apart!(),
    "(9[0-9]{2}[ .-][5-9][0-9][ .-][0-9]{4})|",
    before!(ssn_words!()),
    "(9[0-9]{2}[5-9][0-9]{5})|",
    "(9[0-9]{2}[5-9][0-9]{5})",
    behind!(ssn_words!())
);
pub(super) const UK_NHS: &str = concat!(
    apart!(),
    "([0-9]{3}[ -][0-9]{3}[ -][0-9]{4})|",
    before!(nhs_words!()),
    "([0-9]{10})|",
    "([0-9]{10})",
    behind!(nhs_words!())
);
pub(super) const CA_SIN: &str = concat!(
    apart!(),
    "([1-79][0-9]{2}[ -][0-9]{3}[ -][0-9]{3})|",
    before!(sin_words!()),
    "([1-79][0-9]{8})|",
    "([1-79][0-9]{8})",
    behind!(sin_words!())
);
pub(super) const US_ROUTING: &str =
    concat!(before!(routing_words!()), "([0-9]{9})|([0-9]{9})", behind!(routing_words!()));
pub(super) const VIN: &str = concat!(apart!(), "([0-9A-HJ-NPR-Z]{17})");
/// RFC 5321's usual mailboxes: no quoted local part, no address in brackets, no letters beyond ASCII.
pub(super) const EMAIL: &str = concat!(
    "(?:^|[^0-9A-Za-z._%+-])",
    "([0-9A-Za-z_][0-9A-Za-z._%+'-]{0,63}@(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?[.])+[A-Za-z][0-9A-Za-z-]{0,61}[A-Za-z])"
);
pub(super) const IPV4: &str = concat!("(?:^|[^0-9A-Za-z.])", "([0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3}[.][0-9]{1,3})");
pub(super) const IPV6: &str = "([0-9A-Fa-f:]{2,}:[0-9A-Fa-f:.]+)";
pub(super) const MAC: &str = concat!(
    apart!(),
    "([0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})|[0-9A-Fa-f]{4}[.][0-9A-Fa-f]{4}[.][0-9A-Fa-f]{4})"
);
pub(super) const PHONE: &str = concat!(
    "([+][0-9](?:[ ()./-]{0,3}[0-9]){6,14})|",
    apart!(),
    "([2-9][0-9]{2}[ )./-]{1,3}[0-9]{3}[ ./-]{1,3}[0-9]{4}|[2-9][0-9]{2}[2-9][0-9]{6})|",
    before!(phone_words!()),
    "([0-9](?:[ ()./-]{0,3}[0-9]){6,14})"
);
pub(super) const PASSPORT: &str = concat!("passport", link!(), "([A-Z0-9]{1,3}[ -]?[0-9]{4,9}[A-Z]?)");
pub(super) const DRIVER_ID: &str = concat!(
    r"(?:driver'?s?[ _-]?(?:licen[cs]e|id|permit)|driving[ _-]?(?:licen[cs]e|permit)|licen[cs]e[ _-]?(?:number|no))",
    link!(),
    "([A-Z0-9](?:[ -]?[A-Z0-9]){4,19})"
);
pub(super) const DOB: &str = concat!(
    r"(?:dob|d\.o\.b\.?|date[ _-]?of[ _-]?birth|birth[ _-]?(?:date|day)|born)",
    link!(),
    "([0-9]{4}[./-][0-9]{1,2}[./-][0-9]{1,2}|[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})",
    "|[0-9]{1,2}(?:st|nd|rd|th)?(?: of)?[ -](?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[ ,-]{1,3}[0-9]{4}",
    "|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[ .]{1,2}[0-9]{1,2}(?:st|nd|rd|th)?[ ,]{1,2}[0-9]{4})"
);
/// A name that says what it holds, a sign of assignment or `is`, a value; or an element of XML. `token` alone is not such a name: logs count
/// tokens.
pub(super) const PASSWORD: &str = concat!(
    r"(?:passw(?:or)?d|passwd|pwd|passphrase|passcode|secret|api[ _-]?key|secret[ _-]?key|auth[ _-]?key|access[ _-]?token|auth[ _-]?token|refresh[ _-]?token|session[ _-]?token|bearer[ _-]?token|client[ _-]?secret)",
    r#"(?:>([^<>\s"']{4,256})</|[\\]{0,3}["'`]?(?:\s{0,3}(?::=|=>|[:=])|\s{1,3}is:?\s)\s{0,3}"#,
    r#"(?:[\\]{0,3}"([^"\\\r\n]{4,256})|[\\]{0,3}'([^'\\\r\n]{4,256})|([^\s"'`,;<\\]{4,256})))"#
);
