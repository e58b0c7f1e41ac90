//! Secrets and what words announce: takes a text and the place of a word that an entity's values have, gives the values around it.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};

use super::context::floor;
use super::entity::{Entity, Proof};
use super::matcher::Matcher;
use super::scan::Hits;

/// An entity, the texts of which its values have one, and how far around it the pattern can reach: half of what is looked at behind it holds
/// all that a value needs to be recognised.
struct Rule {
    entity: Entity,
    /// In any case.
    words: &'static [&'static str],
    before: usize,
    behind: usize,
    /// Whether a letter or digit behind it makes it another value.
    closed: bool,
}

const fn rule(entity: Entity, words: &'static [&'static str], before: usize, behind: usize, closed: bool) -> Rule {
    Rule { entity, words, before, behind, closed }
}

const RULES: &[Rule] = &[
    rule(Entity::PrivateKey, &["-----begin "], 0, 16_384, false),
    rule(Entity::GcpServiceAccountKey, &["private_key"], 0, 16_384, false),
    rule(Entity::AwsBedrockApiKey, &["absk", "bedrock-api-key-"], 4, 4_096, false),
    rule(Entity::AnthropicKey, &["sk-ant-"], 4, 1_024, false),
    rule(Entity::OpenAiKey, &["sk-"], 4, 1_024, false),
    rule(Entity::GithubToken, &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"], 4, 1_024, false),
    rule(Entity::SlackToken, &["xox", "xapp-", "hooks.slack.com/"], 4, 1_024, false),
    rule(Entity::GoogleApiKey, &["aiza", "aq.ab"], 4, 1_024, true),
    rule(Entity::AwsAccessKey, &["akia", "asia", "abia", "acca"], 4, 64, true),
    rule(Entity::AwsSecretKey, &["secret"], 0, 384, true),
    rule(Entity::AzureStorageKey, &["key", "sig="], 32, 512, false),
    rule(Entity::Jwt, &["eyj"], 4, 16_384, false),
    rule(Entity::ConnString, &["://", "sharedaccesskey="], 28, 1_024, false),
    rule(Entity::Bearer, &["bearer", "authorization"], 0, 256, false),
    rule(Entity::Email, &["@"], 68, 512, false),
    rule(Entity::Passport, &["passport"], 0, 256, true),
    rule(Entity::DriverId, &["driver", "driving", "licen"], 0, 384, true),
    rule(Entity::Dob, &["dob", "d.o.b", "birth", "born"], 8, 384, true),
    rule(Entity::Password, &["passw", "pwd", "passphrase", "passcode", "secret", "key", "token"], 16, 128, false),
];

/// The words of all rules, and their patterns.
pub(super) struct Literals {
    words: Option<AhoCorasick>,
    /// For each word, its rule.
    rules: Vec<usize>,
    matchers: Vec<Matcher>,
}

/// From here on a value is not matched any more.
const LONGEST: usize = 1 << 16;

/// Up to where each rule has looked.
pub(super) type Looked = [usize; RULES.len()];

impl Literals {
    pub(super) fn new() -> Literals {
        let words = RULES.iter().flat_map(|rule| rule.words);
        let built = AhoCorasickBuilder::new().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(words);
        let of = |(at, rule): (usize, &Rule)| std::iter::repeat_n(at, rule.words.len());
        Literals {
            words: built.ok(),
            rules: RULES.iter().enumerate().flat_map(of).collect(),
            matchers: RULES
                .iter()
                .map(|rule| Matcher::new(rule.entity.pattern().unwrap_or_default(), rule.entity.nocase()))
                .collect(),
        }
    }

    /// Adds every value in a text; none if the words could not be built, which is as if the text could not be read.
    pub(super) fn find<'t>(&self, text: &'t str, hits: &mut Hits<'t>) -> Option<()> {
        let mut looked: Looked = [0; RULES.len()];
        for word in self.words.as_ref()?.find_overlapping_iter(text) {
            let rule = *self.rules.get(word.pattern().as_usize())?;
            let (Some(how), Some(matcher), Some(looked)) =
                (RULES.get(rule), self.matchers.get(rule), looked.get_mut(rule))
            else {
                continue;
            };
            if word.start() >= *looked {
                *looked = around(how, matcher, text, word.start(), *looked, hits);
            }
        }
        Some(())
    }

    #[cfg(test)]
    pub(super) fn all_built(&self) -> bool {
        self.words.is_some() && self.matchers.iter().all(|matcher| matcher.built().is_some())
    }
}

/// Adds the values around a word; gives up to where none is left to find. Windows overlap by half, so that a text of nothing but words is
/// looked through twice, not once for each word.
fn around<'t>(rule: &Rule, matcher: &Matcher, text: &'t str, word: usize, looked: usize, hits: &mut Hits<'t>) -> usize {
    let mut at = floor(text, word.saturating_sub(rule.before).max(looked));
    let mut end = floor(text, word.saturating_add(rule.behind));
    while let Some((start, stop)) = text.get(..end).and_then(|window| matcher.value_at(window, at)) {
        // What the window cuts is looked at again with more behind it, and goes on to the end of its word at last.
        if stop == end && end < text.len() && end - word < LONGEST {
            end = floor(text, word + (end - word).max(4) * 4);
            continue;
        }
        let stop = if stop == end { stop + rest(text, end) } else { stop };
        let value = text.get(start..stop).unwrap_or_default();
        let value = if rule.entity == Entity::Password { secret(value) } else { value };
        let stop = start + value.len();
        let open = rule.closed && text.as_bytes().get(stop).is_some_and(u8::is_ascii_alphanumeric);
        let kept = !open && (rule.entity.proof() == Proof::Form || proves(rule.entity, value));
        if kept {
            hits.add(rule.entity, start, stop);
        }
        // Behind a value, or into what was none: the next one may begin there.
        let behind = if kept { stop } else { start + value.chars().next().map_or(1, char::len_utf8) };
        if behind >= end {
            return behind;
        }
        at = behind;
    }
    if end == text.len() { end } else { floor(text, end - rule.behind / 2).max(at).max(word + 1) }
}

/// How many bytes of the word go on.
fn rest(text: &str, at: usize) -> usize {
    let part =
        |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~');
    text.as_bytes().iter().skip(at).take_while(part).count()
}

/// What a value must have that its pattern can't say.
fn proves(entity: Entity, value: &str) -> bool {
    let digit = value.bytes().any(|byte| byte.is_ascii_digit());
    match entity {
        // "the bearer authentication" is prose.
        Entity::Bearer => digit || value.bytes().any(|byte| byte.is_ascii_uppercase()) && value.len() >= 16,
        Entity::Passport | Entity::DriverId => value.bytes().filter(u8::is_ascii_digit).count() >= 4,
        Entity::Password => is_secret(value),
        _ => true,
    }
}

/// A secret without what goes on behind it: the next parameter of a query, brackets that were opened before it, the end of a sentence.
fn secret(value: &str) -> &str {
    let next = value.match_indices('&').map(|(at, _)| at).find(|at| {
        let name = value.get(at + 1..).and_then(|rest| rest.split_once('=')).map_or("", |(name, _)| name);
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    });
    let mut kept = next.and_then(|at| value.get(..at)).unwrap_or(value);
    while let Some(last) = kept.chars().next_back() {
        let opening = match last {
            ')' => '(',
            ']' => '[',
            '}' => '{',
            '.' => '\0',
            _ => break,
        };
        if kept.matches(opening).count() >= kept.matches(last).count() {
            break;
        }
        kept = kept.get(..kept.len() - 1).unwrap_or_default();
    }
    if kept.len() < 4 { value } else { kept }
}

/// No place to fill in, no word of a form's own or of a sentence about passwords, no path.
fn is_secret(value: &str) -> bool {
    #[rustfmt::skip]
    const WORDS: [&str; 32] = [
        "true", "false", "null", "none", "undefined", "string", "required", "optional", "redacted", "hidden", "must", "should", "correct",
        "incorrect", "valid", "invalid", "wrong", "weak", "strong", "empty", "missing", "expired", "stored", "hashed", "encrypted", "changed",
        "reset", "safe", "secure", "with", "that", "what",
    ];
    let bare = value.trim_end_matches(['.', '!', '?', ':', ')']);
    let word = WORDS.iter().any(|word| bare.eq_ignore_ascii_case(word));
    let between = |open: char, close: char| value.starts_with(open) && value.ends_with(close);
    let place =
        between('<', '>') || between('{', '}') || between('[', ']') || between('%', '%') || value.starts_with("${");
    let path = value.starts_with('/') && value.matches('/').count() > 1;
    let blank = value.bytes().all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.' | b'-'));
    !word && !place && !path && !blank
}
