//! Texts that hold each entity: published examples of the formats, or made up with the right checksum. None of them is anybody's.

type Samples = &'static [&'static str];

pub(super) const PRIVATE_KEY: Samples = &[
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----",
    "-----BEGIN OPENSSH PRIVATE KEY-----",
    "-----BEGIN RSA PRIVATE KEY-----\\nMIIEpAIBAAKCAQEA1c7+9z5Pad7OejecsQ0bu\\n",
];
pub(super) const GCP_SERVICE_ACCOUNT_KEY: Samples = &[
    r#""private_key_id": "0123456789abcdef0123456789abcdef01234567""#,
    r#""private_key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n""#,
];
pub(super) const AWS_BEDROCK_API_KEY: Samples = &[
    "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxlLWF0LTEyMzQ1Njc4OTAxMjpleGFtcGxlZXhhbXBsZWV4YW1wbGU=",
    "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29tLz9BY3Rpb249Q2FsbFdpdGhCZWFyZXJUb2tlbg==",
];
pub(super) const ANTHROPIC_KEY: Samples = &["sk-ant-api03-R2D2C3P0_BEEP_BOOP_BUZZ_WHIRR_CLICK-SPIN0AA"];
pub(super) const OPENAI_KEY: Samples =
    &["sk-proj-0aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV1wX2yZ3", "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"];
pub(super) const GITHUB_TOKEN: Samples = &["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"];
pub(super) const SLACK_TOKEN: Samples = &["xoxb-17653672481-19874698323-pdFZKVeTuE8sk7oOHBrzbqgy"];
pub(super) const GOOGLE_API_KEY: Samples =
    &["AIzaSyA0123456789abcdefghijklmnopqrstuv", "AQ.Ab8RN6Jexampleexampleexample0123456789"];
pub(super) const AWS_ACCESS_KEY: Samples = &["AKIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"];
pub(super) const AWS_SECRET_KEY: Samples = &["aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"];
pub(super) const AZURE_STORAGE_KEY: Samples = &[
    // The well-known key of the storage emulator.
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
];
pub(super) const JWT: Samples =
    &["eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"];
pub(super) const CONN_STRING: Samples = &["postgres://app:s3cr3t@db.example.internal:5432/orders"];
pub(super) const BEARER: Samples = &["Authorization: Bearer 0123456789abcdef0123456789abcdef"];
pub(super) const IBAN: Samples = &["GB82 WEST 1234 5698 7654 32", "DE89370400440532013000"];
pub(super) const CARD: Samples = &["4111 1111 1111 1111", "378282246310005"];
pub(super) const BTC_ADDRESS: Samples =
    &["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"];
pub(super) const ETH_ADDRESS: Samples = &["0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"];
pub(super) const UK_NINO: Samples = &["AB 12 34 56 C"];
pub(super) const US_SSN: Samples = &["219-09-9999", "SSN: 219099999"];
pub(super) const US_ITIN: Samples = &["912-70-1234"];
pub(super) const UK_NHS: Samples = &["943 476 5919"];
pub(super) const CA_SIN: Samples = &["130 692 544"];
pub(super) const VIN: Samples = &["1M8GDM9AXKP042788"];
pub(super) const EMAIL: Samples = &["jane.doe@example.com"];
pub(super) const IPV4: Samples = &["203.0.113.7"];
pub(super) const IPV6: Samples = &["2001:db8::8a2e:370:7334"];
pub(super) const MAC: Samples = &["00:1B:44:11:3A:B7"];
pub(super) const US_ROUTING: Samples = &["routing number 021000021"];
pub(super) const PHONE: Samples = &["+44 20 7946 0958", "(212) 555-0123", "phone: 020 7946 0958"];
pub(super) const PASSPORT: Samples = &["passport number: C01234567"];
pub(super) const DRIVER_ID: Samples = &["driver's license: D1234567"];
pub(super) const DOB: Samples = &["date of birth: 1980-03-12", "born on March 12, 1980"];
pub(super) const PASSWORD: Samples = &["password=correct-horse", "api_key: 0123456789abcdef"];
