//! Made-up values in made-up texts: takes a seed, gives samples of every entity and of identifiers that logs are full of.
//!
//! It shares no code with the redactor: check digits are counted here anew. The samples of a seed are always the same.

/// A value in a text, and what it is: an entity's word, or `log NAME` for an identifier that is nobody's.
pub(crate) struct Sample {
    pub(crate) kind: String,
    pub(crate) value: String,
    pub(crate) text: String,
}

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn one<'a>(&mut self, things: &[&'a str]) -> &'a str {
        things[self.below(things.len() as u64) as usize]
    }

    pub(crate) fn letters(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| alphabet[self.below(alphabet.len() as u64) as usize]).collect()
    }

    fn digits(&mut self, length: usize) -> String {
        self.letters("0123456789", length)
    }
}

const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const HEX: &str = "0123456789abcdef";
const ALNUM: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE64: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/";
const URL64: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// Texts around a value that say nothing of what it is.
const NEUTRAL: &[&str] = &[
    "{}",
    "Please look at {} and tell me what you think.",
    "We got this from the customer yesterday: {}.",
    "Summarise the ticket below.\n\nHe wrote {}, then left.",
    "Is {} right?",
    "(see {})",
    "name;{};city",
    "a,b,{},d\n",
    "\"{}\"",
    "{\"role\":\"user\",\"content\":\"it is {} as far as I know\"}",
    "{\"record\":{\"value\":\"{}\",\"n\":3}}",
    "[{\"v\": \"{}\"}, {\"v\": \"\"}]",
    "value={}&next=1",
    "<td>{}</td>",
    "| a | {} | b |",
    "line one\n{}\nline three",
];

/// Texts that announce a value, by entity.
fn announcing(kind: &str) -> &'static [&'static str] {
    match kind {
        "us_ssn bare" => &[
            "My social security number is {}.",
            "SSN: {}",
            "{\"ssn\":\"{}\"}",
            "ssn={}",
            "{} is my SSN",
            "tax id {} on file",
        ],
        "us_routing" => &[
            "The routing number is {}.",
            "{\"routing_number\": \"{}\"}",
            "ABA {}",
            "wire it to routing no. {}, thanks",
            "{} (routing number of the bank)",
            "RTN: {}",
        ],
        "phone local" => &[
            "Call me at {} please.",
            "tel: {}",
            "{\"phone\":\"{}\"}",
            "My mobile number is {}.",
            "Phone {}, ask for Jo",
            "{\"homePhone\": \"{}\"}",
            "fax={}",
        ],
        "aws_secret_key" => &[
            "aws_secret_access_key = {}",
            "AWS_SECRET_ACCESS_KEY={}",
            "{\"SecretAccessKey\": \"{}\"}",
            "the secret access key is {}",
            "secretKey: \"{}\"",
        ],
        "azure_storage_key" => &[
            "DefaultEndpointsProtocol=https;AccountName=acct;AccountKey={};EndpointSuffix=core.windows.net",
            "storage key: {}",
            "{\"azure_storage_account_key\":\"{}\"}",
        ],
        "bearer" => {
            &["Authorization: Bearer {}", "{\"authorization\":\"Bearer {}\"}", "curl -H 'Authorization: Bearer {}'"]
        }
        "passport" => &[
            "My passport number is {}.",
            "passport: {}",
            "{\"passport_number\":\"{}\"}",
            "Passport No. {}, valid until next year",
        ],
        "driver_id" => &[
            "My driver's license number is {}.",
            "{\"driver_license\":\"{}\"}",
            "driving licence: {}",
            "Driver License No: {}",
        ],
        "dob" => &[
            "Date of birth: {}",
            "{\"date_of_birth\":\"{}\"}",
            "She was born on {}.",
            "DOB {}",
            "{\"birthDate\": \"{}\"}",
            "my birthday is {}, by the way",
        ],
        "password" => &[
            "password: {}",
            "PASSWORD={}",
            "{\"password\":\"{}\"}",
            "the password is {} and works",
            "export DB_PASSWORD='{}'",
            "client_secret={}&grant_type=x",
            "api_key = \"{}\"",
        ],
        _ => NEUTRAL,
    }
}

/// Every kind of value, and how to make one.
type Maker = (&'static str, fn(&mut Random) -> String);

const ENTITIES: &[Maker] = &[
    ("card", card),
    ("iban", iban),
    ("us_ssn", |r| ssn(r, &["-", "-", " "])),
    ("us_ssn bare", |r| ssn(r, &[""])),
    ("us_itin", |r| {
        format!("9{}-{}-{}", r.digits(2), r.one(&["50", "65", "70", "88", "90", "94", "99"]), r.between(1000, 9999))
    }),
    ("uk_nino", |r| {
        let separator = r.one(&["", " "]);
        let pair = |r: &mut Random| r.digits(2);
        let prefix = format!("{}{}", r.letters("ABCEHJLMPRSTWXY", 1), r.letters("ABCEHJLMPRSWXYZ", 1));
        let prefix = if ["TN", "BG"].contains(&prefix.as_str()) { "AB".to_owned() } else { prefix };
        [prefix, pair(r), pair(r), pair(r), r.letters("ABCD", 1)].join(separator)
    }),
    ("uk_nhs", nhs),
    ("ca_sin", |r| {
        let separator = r.one(&["-", " "]);
        let body = format!("{}{}", r.letters("1234567", 1), r.digits(7));
        let whole = with_luhn(&body);
        [&whole[..3], &whole[3..6], &whole[6..]].join(separator)
    }),
    ("email", |r| {
        let user = match r.below(4) {
            0 => r.letters(LOWER, 6),
            1 => format!("{}.{}", r.letters(LOWER, 5), r.letters(LOWER, 7)),
            2 => format!("{}+{}", r.letters(LOWER, 4), r.letters(LOWER, 4)),
            _ => format!("{}_{}", r.letters(UPPER, 3), r.digits(3)),
        };
        format!("{user}@{}.{}", r.letters(LOWER, 8), r.one(&["com", "co.uk", "example", "io", "de", "internal"]))
    }),
    ("phone", |r| match r.below(4) {
        0 => format!("+{}{}", r.one(&["1212", "44207", "4930", "33142", "81312", "91987"]), r.digits(7)),
        1 => format!("+44 20 {} {}", r.between(1000, 9999), r.between(1000, 9999)),
        2 => format!("({}) {}-{}", r.between(200, 989), r.between(200, 999), r.between(1000, 9999)),
        _ => format!("{}-{}-{}", r.between(200, 989), r.between(200, 999), r.between(1000, 9999)),
    }),
    ("phone local", |r| match r.below(3) {
        0 => format!("0{} {} {}", r.between(20, 29), r.between(1000, 9999), r.between(1000, 9999)),
        1 => format!("0{}/{}", r.between(30, 89), r.digits(7)),
        _ => format!("{}{}", r.between(2, 9), r.digits(9)),
    }),
    ("ipv4", |r| format!("{}.{}.{}.{}", r.between(1, 255), r.below(256), r.below(256), r.below(256))),
    ("ipv6", |r| match r.below(3) {
        0 => format!("2001:db8::{:x}:{:x}", r.between(1, 0xffff), r.between(16, 0xffff)),
        1 => (0..8).map(|_| format!("{:04x}", r.below(0x1_0000))).collect::<Vec<_>>().join(":"),
        _ => format!(
            "fe80::{:x}:{:x}:{:x}:{:x}",
            r.between(256, 0xffff),
            r.below(0xffff),
            r.below(0xffff),
            r.below(0xffff)
        ),
    }),
    ("mac", |r| {
        let separator = r.one(&[":", "-"]);
        (0..6).map(|_| r.letters(HEX, 2)).collect::<Vec<_>>().join(separator)
    }),
    ("eth_address", |r| format!("0x{}", r.letters("0123456789abcdefABCDEF", 40))),
    ("vin", vin),
    ("us_routing", |r| {
        let body = format!("{:02}{}", r.between(1, 12), r.digits(6));
        let sum: u32 = body.bytes().zip([3, 7, 1, 3, 7, 1, 3, 7]).map(|(d, w)| u32::from(d - b'0') * w).sum();
        format!("{body}{}", (10 - sum % 10) % 10)
    }),
    ("aws_access_key", |r| {
        format!("{}{}", r.one(&["AKIA", "ASIA"]), r.letters("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))
    }),
    ("aws_secret_key", |r| r.letters(BASE64, 40)),
    ("aws_bedrock_api_key", |r| format!("ABSK{}", r.letters(BASE64, 128))),
    ("github_token", |r| match r.below(2) {
        0 => format!("{}_{}", r.one(&["ghp", "gho", "ghs"]), r.letters(ALNUM, 36)),
        _ => format!("github_pat_{}_{}", r.letters(ALNUM, 22), r.letters(ALNUM, 59)),
    }),
    ("slack_token", |r| {
        format!("{}-{}-{}-{}", r.one(&["xoxb", "xoxp"]), r.digits(12), r.digits(12), r.letters(ALNUM, 24))
    }),
    ("google_api_key", |r| format!("AIza{}", r.letters(URL64, 34)) + &r.letters(ALNUM, 1)),
    ("openai_key", |r| format!("sk-proj-{}T3BlbkFJ{}", r.letters(URL64, 74), r.letters(ALNUM, 74))),
    ("anthropic_key", |r| format!("sk-ant-api03-{}AA", r.letters(URL64, 93))),
    ("azure_storage_key", |r| r.letters(BASE64, 85) + &r.letters("AQgw", 1) + "=="),
    ("jwt", |r| format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}", r.letters(URL64, 60), r.letters(ALNUM, 43))),
    ("bearer", |r| r.letters(ALNUM, 40)),
    ("private_key", |r| {
        let lines: Vec<String> = (0..6).map(|_| r.letters(BASE64, 64)).collect();
        let name = r.one(&["", "RSA ", "EC ", "OPENSSH "]);
        format!("-----BEGIN {name}PRIVATE KEY-----\n{}\n-----END {name}PRIVATE KEY-----", lines.join("\n"))
    }),
    ("conn_string", |r| {
        let scheme = r.one(&["postgres", "mysql", "mongodb+srv", "redis", "amqp"]);
        format!(
            "{scheme}://{}:{}@{}.example.net:{}/db",
            r.letters(LOWER, 5),
            r.letters(ALNUM, 12),
            r.letters(LOWER, 4),
            r.between(1000, 9999)
        )
    }),
    ("passport", |r| match r.below(2) {
        0 => r.digits(9),
        _ => format!("{}{}", r.letters(UPPER, 1), r.digits(8)),
    }),
    ("driver_id", |r| format!("{}{}", r.letters(UPPER, 1), r.digits(7))),
    ("dob", |r| {
        let (year, month, day) = (r.between(1930, 2015), r.between(1, 12), r.between(1, 28));
        match r.below(4) {
            0 => format!("{year}-{month:02}-{day:02}"),
            1 => format!("{month:02}/{day:02}/{year}"),
            2 => format!("{day}.{month}.{year}"),
            _ => format!("{} {day}, {year}", r.one(&["January", "March", "May", "September"])),
        }
    }),
    ("password", |r| {
        r.letters("0123456789abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ!#%*-_.", 8) + &r.letters(ALNUM, 4)
    }),
];

/// What every log is full of and is nobody's.
const IDENTIFIERS: &[Maker] = &[
    ("uuid", uuid),
    ("request id", |r| match r.below(3) {
        0 => format!("req_{}", r.letters(ALNUM, 24)),
        1 => format!("chatcmpl-{}", r.letters(ALNUM, 29)),
        _ => r.letters("0123456789ABCDEF", 16),
    }),
    ("aws arn", |r| {
        format!(
            "arn:aws:bedrock:us-east-1:{}:inference-profile/us.anthropic.claude-{}",
            r.digits(12),
            r.letters(ALNUM, 10)
        )
    }),
    ("rfc 3339 time", |r| {
        format!(
            "2026-{:02}-{:02}T{:02}:{:02}:{:02}.{}Z",
            r.between(1, 12),
            r.between(1, 28),
            r.below(24),
            r.below(60),
            r.below(60),
            r.digits(6)
        )
    }),
    ("epoch milliseconds", |r| r.between(1_600_000_000_000, 1_900_000_000_000).to_string()),
    ("epoch seconds", |r| r.between(1_600_000_000, 1_900_000_000).to_string()),
    ("epoch microseconds", |r| r.between(1_600_000_000_000_000, 1_900_000_000_000_000).to_string()),
    ("epoch nanoseconds", |r| r.between(1_600_000_000_000_000_000, 1_900_000_000_000_000_000).to_string()),
    ("version", |r| {
        let (name, tail) = match r.below(5) {
            0 => ("version ", ""),
            1 => ("v", ""),
            2 => ("\"sdk_version\": \"", ""),
            3 => ("Chrome/", ""),
            _ => ("release=", "-rc1"),
        };
        format!("{name}{}.{}.{}.{}{tail}", r.below(200), r.below(20), r.below(20), r.below(200))
    }),
    ("sha-1 or sha-256", |r| {
        let length = if r.below(2) == 0 { 40 } else { 64 };
        r.letters(HEX, length)
    }),
    ("16-digit id", |r| format!("{}{}", r.between(1, 9), r.digits(15))),
    ("12-digit account", |r| r.digits(12)),
    ("token counts", |r| {
        let name = r.one(&["inputTokenCount", "output_tokens", "total_tokens", "max_tokens", "tokens"]);
        format!("\"{name}\": {}", r.below(200_000))
    }),
    ("trace id", |r| format!("{}/{};o=1", r.letters(HEX, 32), r.below(u64::MAX))),
    ("traceparent", |r| format!("00-{}-{}-01", r.letters(HEX, 32), r.letters(HEX, 16))),
    ("azure correlation id", |r| format!("|{}.{}.", uuid(r), r.letters(HEX, 8))),
    ("gcp insertId", |r| r.letters("0123456789abcdefghijklmnopqrstuvwxyz", 14)),
    ("x-amzn-trace-id", |r| format!("Root=1-{}-{}", r.letters(HEX, 8), r.letters(HEX, 24))),
    ("fraction", |r| format!("0.{}", r.digits(16))),
    ("model", |r| format!("anthropic.claude-3-5-sonnet-{}-v{}:0", 20_240_000 + r.between(101, 1228), r.between(1, 3))),
];

/// Texts around an identifier, as logs and prompts have them.
const LOG_TEXTS: &[&str] = &[
    "{}",
    "{\"id\":\"{}\",\"ok\":true}",
    "id={} status=200",
    "failed for {} after 3 attempts",
    "what does {} mean?",
    "[INFO] {}",
    "a,{},b",
];

/// So many samples of each entity and identifier.
pub(crate) fn samples(seed: u64, of_each: usize) -> Vec<Sample> {
    let mut random = Random(seed);
    let mut out = Vec::new();
    for (kind, make) in ENTITIES {
        for _ in 0..of_each {
            let value = make(&mut random);
            let text = random.one(announcing(kind)).replacen("{}", &value, 1);
            let kind = kind.split(' ').next().unwrap_or_default().to_owned();
            out.push(Sample { kind, value, text });
        }
    }
    for (kind, make) in IDENTIFIERS {
        for _ in 0..of_each {
            let value = make(&mut random);
            let text = random.one(LOG_TEXTS).replacen("{}", &value, 1);
            out.push(Sample { kind: format!("log {kind}"), value, text });
        }
    }
    out
}

fn uuid(r: &mut Random) -> String {
    let part = |r: &mut Random, length| r.letters(HEX, length);
    [part(r, 8), part(r, 4), format!("4{}", part(r, 3)), format!("a{}", part(r, 3)), part(r, 12)].join("-")
}

fn with_luhn(body: &str) -> String {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| {
            let doubled = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
            doubled / 10 + doubled % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn card(r: &mut Random) -> String {
    let (prefix, length) = match r.below(6) {
        0 => ("4".to_owned(), 16),
        1 => (r.between(51, 55).to_string(), 16),
        2 => (r.between(2221, 2720).to_string(), 16),
        3 => (r.one(&["34", "37"]).to_owned(), 15),
        4 => (r.one(&["6011", "65", "3528", "3589", "36"]).to_owned(), 16),
        _ => (r.one(&["5018", "6304", "6762"]).to_owned(), 16),
    };
    let digits = r.digits(length - prefix.len() - 1);
    let whole = with_luhn(&format!("{prefix}{digits}"));
    let groups: &[usize] = if length == 15 { &[4, 6, 5] } else { &[4, 4, 4, 4] };
    let separator = r.one(&["", "", " ", "-"]);
    let mut at = 0;
    let parts = groups.iter().map(|length| {
        at += length;
        whole[at - length..at].to_owned()
    });
    parts.collect::<Vec<_>>().join(separator)
}

fn iban(r: &mut Random) -> String {
    let (country, body) = match r.below(4) {
        0 => ("DE", r.digits(18)),
        1 => ("GB", r.letters(UPPER, 4) + &r.digits(14)),
        2 => ("NL", r.letters(UPPER, 4) + &r.digits(10)),
        _ => ("ES", r.digits(20)),
    };
    let number = format!("{body}{country}00").bytes().fold(0_u64, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u64::from(byte - b'0')) % 97,
        _ => (rest * 100 + u64::from(byte - b'A') + 10) % 97,
    });
    let whole = format!("{country}{:02}{body}", 98 - number);
    if r.below(2) == 0 {
        return whole;
    }
    whole.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

fn ssn(r: &mut Random, separators: &[&str]) -> String {
    let area = r.between(1, 899);
    let area = if area == 666 { 665 } else { area };
    let separator = r.one(separators);
    [format!("{area:03}"), format!("{:02}", r.between(1, 99)), format!("{:04}", r.between(1, 9999))].join(separator)
}

fn nhs(r: &mut Random) -> String {
    loop {
        let body = format!("{}{}", r.letters("4679", 1), r.digits(8));
        let sum: u32 = body.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = (11 - sum % 11) % 11;
        if check < 10 {
            let whole = format!("{body}{check}");
            return [&whole[..3], &whole[3..6], &whole[6..]].join(" ");
        }
    }
}

fn vin(r: &mut Random) -> String {
    const VALUES: &str = "0123456789.ABCDEFGH..JKLMN.P.R..STUVWXYZ";
    let letters = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    let (head, tail) = (r.letters("12345J", 1) + &r.letters(letters, 7), r.letters(letters, 2) + &r.digits(6));
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: usize = head
        .chars()
        .chain(tail.chars())
        .zip(weights)
        .map(|(letter, weight)| VALUES.find(letter).unwrap_or(0) % 10 * weight)
        .sum();
    let check = if sum % 11 == 10 { "X".to_owned() } else { (sum % 11).to_string() };
    head + &check + &tail
}
