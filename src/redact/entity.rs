//! What the redactor knows: each entity's word, token, pattern and samples; takes words, gives entities.

use super::patterns as p;
use super::samples as s;

/// Something that a text may hold and an archive should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    /// A private key in PEM.
    PrivateKey,
    /// A service account's key of Google Cloud, or its id.
    GcpServiceAccountKey,
    /// A key of Amazon Bedrock, of short or long term.
    AwsBedrockApiKey,
    /// A key of Anthropic.
    AnthropicKey,
    /// A key of OpenAI.
    OpenAiKey,
    /// A token of GitHub.
    GithubToken,
    /// A token of Slack, or the address of a webhook.
    SlackToken,
    /// An API key of Google.
    GoogleApiKey,
    /// The id of an access key of AWS.
    AwsAccessKey,
    /// A secret access key of AWS, behind words that say so.
    AwsSecretKey,
    /// A key of an Azure account behind words that say so, or the signature of a shared access.
    AzureStorageKey,
    /// A JSON web token.
    Jwt,
    /// An address with user and password, or the key of a connection string of Azure.
    ConnString,
    /// What follows `Bearer` or `Authorization: Basic`.
    Bearer,
    /// An international bank account number.
    Iban,
    /// The number of a payment card.
    Card,
    /// An address of Bitcoin.
    BtcAddress,
    /// An address of Ethereum.
    EthAddress,
    /// The United Kingdom's national insurance number.
    UkNino,
    /// The United States' social security number.
    UsSsn,
    /// The United States' number for taxpayers without one.
    UsItin,
    /// The number of the National Health Service.
    UkNhs,
    /// Canada's social insurance number.
    CaSin,
    /// The number of a vehicle.
    Vin,
    /// An e-mail address.
    Email,
    /// An address of IPv4.
    Ipv4,
    /// An address of IPv6.
    Ipv6,
    /// The address of a network card.
    Mac,
    /// The routing number of a bank, behind or before words that say so.
    UsRouting,
    /// A telephone number.
    Phone,
    /// What follows `passport`.
    Passport,
    /// What follows `driver's licence`.
    DriverId,
    /// The date that follows `date of birth`, `born`.
    Dob,
    /// What follows a name such as `password` and a sign of assignment.
    Password,
    /// A run of base64 that holds, decoded, one of the others. Nobody asks for it: what it holds is counted too.
    Encoded,
    /// What could not be looked through, and is replaced whole.
    Unscanned,
}

/// What makes a candidate a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its form alone: a fixed prefix, or a word before it that belongs to the pattern.
    Form,
    /// A checksum, ranges, or a reading of the whole value, which no pattern says.
    Check,
}

struct Known {
    entity: Entity,
    word: &'static str,
    token: &'static str,
    proof: Proof,
    pattern: &'static str,
    nocase: bool,
    samples: &'static [&'static str],
}

/// The most certain first: of two findings of one length, the earlier one wins.
#[rustfmt::skip]
const KNOWN: &[Known] = &[
    known(Entity::GcpServiceAccountKey, "gcp_service_account_key", "GCP_SERVICE_ACCOUNT_KEY", Proof::Form, p::GCP_SERVICE_ACCOUNT_KEY, false, s::GCP_SERVICE_ACCOUNT_KEY),
    known(Entity::PrivateKey, "private_key", "PRIVATE_KEY", Proof::Form, p::PRIVATE_KEY, false, s::PRIVATE_KEY),
    known(Entity::AwsBedrockApiKey, "aws_bedrock_api_key", "AWS_BEDROCK_API_KEY", Proof::Form, p::AWS_BEDROCK_API_KEY, false, s::AWS_BEDROCK_API_KEY),
    known(Entity::AnthropicKey, "anthropic_key", "ANTHROPIC_KEY", Proof::Form, p::ANTHROPIC_KEY, false, s::ANTHROPIC_KEY),
    known(Entity::OpenAiKey, "openai_key", "OPENAI_KEY", Proof::Form, p::OPENAI_KEY, false, s::OPENAI_KEY),
    known(Entity::GithubToken, "github_token", "GITHUB_TOKEN", Proof::Form, p::GITHUB_TOKEN, false, s::GITHUB_TOKEN),
    known(Entity::SlackToken, "slack_token", "SLACK_TOKEN", Proof::Form, p::SLACK_TOKEN, false, s::SLACK_TOKEN),
    known(Entity::GoogleApiKey, "google_api_key", "GOOGLE_API_KEY", Proof::Form, p::GOOGLE_API_KEY, false, s::GOOGLE_API_KEY),
    known(Entity::AwsAccessKey, "aws_access_key", "AWS_ACCESS_KEY", Proof::Form, p::AWS_ACCESS_KEY, false, s::AWS_ACCESS_KEY),
    known(Entity::AwsSecretKey, "aws_secret_key", "AWS_SECRET_KEY", Proof::Form, p::AWS_SECRET_KEY, true, s::AWS_SECRET_KEY),
    known(Entity::AzureStorageKey, "azure_storage_key", "AZURE_STORAGE_KEY", Proof::Form, p::AZURE_STORAGE_KEY, true, s::AZURE_STORAGE_KEY),
    known(Entity::Jwt, "jwt", "JWT", Proof::Form, p::JWT, false, s::JWT),
    known(Entity::ConnString, "conn_string", "CONN_STRING", Proof::Form, p::CONN_STRING, true, s::CONN_STRING),
    known(Entity::Bearer, "bearer", "BEARER", Proof::Check, p::BEARER, true, s::BEARER),
    known(Entity::Iban, "iban", "IBAN", Proof::Check, p::IBAN, true, s::IBAN),
    known(Entity::Card, "card", "CARD", Proof::Check, p::CARD, false, s::CARD),
    known(Entity::BtcAddress, "btc_address", "BTC_ADDRESS", Proof::Check, p::BTC_ADDRESS, false, s::BTC_ADDRESS),
    known(Entity::EthAddress, "eth_address", "ETH_ADDRESS", Proof::Form, p::ETH_ADDRESS, false, s::ETH_ADDRESS),
    known(Entity::UkNino, "uk_nino", "UK_NINO", Proof::Check, p::UK_NINO, true, s::UK_NINO),
    known(Entity::UsSsn, "us_ssn", "US_SSN", Proof::Check, p::US_SSN, true, s::US_SSN),
    known(Entity::UsItin, "us_itin", "US_ITIN", Proof::Check, p::US_ITIN, true, s::US_ITIN),
    known(Entity::UkNhs, "uk_nhs", "UK_NHS", Proof::Check, p::UK_NHS, true, s::UK_NHS),
    known(Entity::CaSin, "ca_sin", "CA_SIN", Proof::Check, p::CA_SIN, true, s::CA_SIN),
    known(Entity::Vin, "vin", "VIN", Proof::Check, p::VIN, true, s::VIN),
    known(Entity::Email, "email", "EMAIL", Proof::Form, p::EMAIL, false, s::EMAIL),
    known(Entity::Ipv4, "ipv4", "IPV4", Proof::Check, p::IPV4, false, s::IPV4),
    known(Entity::Ipv6, "ipv6", "IPV6", Proof::Check, p::IPV6, false, s::IPV6),
    known(Entity::Mac, "mac", "MAC", Proof::Form, p::MAC, false, s::MAC),
    known(Entity::UsRouting, "us_routing", "US_ROUTING", Proof::Check, p::US_ROUTING, true, s::US_ROUTING),
    known(Entity::Phone, "phone", "PHONE", Proof::Check, p::PHONE, true, s::PHONE),
    known(Entity::Passport, "passport", "PASSPORT", Proof::Check, p::PASSPORT, true, s::PASSPORT),
    known(Entity::DriverId, "driver_id", "DRIVER_ID", Proof::Check, p::DRIVER_ID, true, s::DRIVER_ID),
    known(Entity::Dob, "dob", "DOB", Proof::Form, p::DOB, true, s::DOB),
    known(Entity::Password, "password", "PASSWORD", Proof::Check, p::PASSWORD, true, s::PASSWORD),
];

const fn known(
    entity: Entity,
    word: &'static str,
    token: &'static str,
    proof: Proof,
    pattern: &'static str,
    nocase: bool,
    samples: &'static [&'static str],
) -> Known {
    Known { entity, word, token, proof, pattern, nocase, samples }
}

impl Entity {
    /// What a rule can ask for, the most certain first.
    pub const ALL: [Entity; KNOWN.len()] = {
        let mut all = [Entity::Unscanned; KNOWN.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = KNOWN[at].entity;
            at += 1;
        }
        all
    };

    /// The entity of a word of the language.
    #[must_use]
    pub fn find(word: &str) -> Option<Entity> {
        KNOWN.iter().find(|known| known.word == word).map(|known| known.entity)
    }

    fn known(self) -> Option<&'static Known> {
        KNOWN.iter().find(|known| known.entity == self)
    }

    /// Its word in rules and in counts.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.known().map_or(if self == Entity::Encoded { "encoded" } else { "unscanned" }, |known| known.word)
    }

    /// Its name in the text that replaces it.
    #[must_use]
    pub fn token(self) -> &'static str {
        self.known().map_or(if self == Entity::Encoded { "BASE64" } else { "UNSCANNED" }, |known| known.token)
    }

    /// What finds it in a cloud, in the syntax that RE2 and Rust share: it finds all that the scanner finds in a text as it stands, and more
    /// where [`Entity::proof`] says so. None where nobody can ask for it.
    #[must_use]
    pub fn pattern(self) -> Option<&'static str> {
        self.known().map(|known| known.pattern)
    }

    /// Whether the pattern takes letters of either case.
    #[must_use]
    pub fn nocase(self) -> bool {
        self.known().is_some_and(|known| known.nocase)
    }

    /// What it needs beyond its pattern.
    #[must_use]
    pub fn proof(self) -> Proof {
        self.known().map_or(Proof::Check, |known| known.proof)
    }

    /// Texts that hold it and nothing else. None of them is anybody's.
    #[must_use]
    pub fn samples(self) -> &'static [&'static str] {
        self.known().map_or(&[], |known| known.samples)
    }

    /// Where it stands among the entities: the most certain one is 0.
    pub(super) fn rank(self) -> usize {
        KNOWN.iter().position(|known| known.entity == self).unwrap_or(KNOWN.len())
    }
}
