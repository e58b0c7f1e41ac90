//! Redaction: what is found, what is not, and what holds of every text.

use std::sync::LazyLock;

use crate::support::resolved;
use base64::Engine as _;
use proptest::prelude::*;
use regex::{Regex, RegexBuilder};
use skywatch::redact::{Entity, MOST, Proof, Redactor};
use skywatch::target::kql::Kql;
use skywatch::target::{Request, Verdict, emit};

#[path = "../../benches/redact/corpus.rs"]
mod corpus;

fn redactor() -> Redactor {
    Redactor::new(Some([7; 32]))
}

/// `entity value`, of each finding.
fn found(text: &str) -> Vec<String> {
    let show = |finding: skywatch::redact::Finding| {
        let held: String = finding.held.iter().map(|entity| format!(" {}", entity.word())).collect();
        format!("{}{held} {}", finding.entity.word(), &text[finding.start..finding.end])
    };
    redactor().scan(text).into_iter().map(show).collect()
}

#[test]
fn samples_are_found_as_what_they_are() {
    let mut wrong = Vec::new();
    for entity in Entity::ALL {
        assert!(!entity.samples().is_empty(), "{}", entity.word());
        for sample in entity.samples() {
            if !redactor().scan(sample).iter().any(|finding| finding.entity == entity) {
                wrong.push(format!("{}: {sample} is {:?}", entity.word(), found(sample)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Patterns of rules and of entities are printed by the same means.
#[test]
fn every_target_can_print_the_patterns() {
    for entity in Entity::ALL {
        let pattern = entity.pattern().expect("it can be asked for");
        let read = skywatch::ir::pattern::Pattern::new(pattern, entity.nocase());
        assert!(read.is_ok(), "{}: {:?}", entity.word(), read.err().map(|error| error.message));
    }
}

#[test]
fn values_and_near_misses() {
    let cases: Vec<(&str, &[&str])> = vec![
        ("card 4111-1111-1111-1111 exp 12/27", &["card 4111-1111-1111-1111"]),
        ("4111 1111 1111 1111 12/27", &["card 4111 1111 1111 1111"]),
        ("4111111111111112", &[]),
        ("id 14111111111111111", &[]),
        ("0.4111111111111111", &[]),
        ("a4111111111111111", &[]),
        ("550e8400-e29b-41d4-a716-446655440000", &[]),
        ("219-09-9999", &["us_ssn 219-09-9999"]),
        ("000-12-3456, 666-12-3456, 123-00-4567, 123-45-0000", &[]),
        ("219099999", &[]),
        ("my social security number: 219099999", &["us_ssn 219099999"]),
        ("219-09 9999", &[]),
        ("912-93-1234", &[]),
        ("GB82 WEST 1234 5698 7654 32 is the account", &["iban GB82 WEST 1234 5698 7654 32"]),
        ("GB82 WEST 1234 5698 7654 33", &[]),
        ("AB 12 34 56 C", &["uk_nino AB 12 34 56 C"]),
        ("GB 12 34 56 C; AB 12 34 56 E; AB123456CD", &[]),
        ("943 476 5919", &["uk_nhs 943 476 5919"]),
        ("NHS number 9434765919", &["uk_nhs 9434765919"]),
        ("9434765919", &["phone 9434765919"]),
        ("ZZ 12 34 56 T; ZZ123456A; AB123456T", &["uk_nino ZZ 12 34 56 T"]),
        ("021000021", &[]),
        ("<jane@example.com>,", &["email jane@example.com"]),
        ("mailto:O'Brien.x@mail.example.co.uk.", &["email O'Brien.x@mail.example.co.uk"]),
        ("pkg@1.2.3 @types/node user@host a @ b.com", &[]),
        ("call +1 (212) 555-0123 x5", &["phone +1 (212) 555-0123 x5"]),
        ("2026-11-29 10:00, 123-456-7890", &[]),
        ("phone: 2026-11-29", &[]),
        ("hotel 1234567", &[]),
        ("reach me on 2125550123 x12 or (3125550123)", &["phone 2125550123 x12", "phone 3125550123"]),
        ("seconds 1764400000, 2121550123, 0125550123, a2125550123, 2125550123.5, 21255501234", &[]),
        ("order no. 2125550123 requestId: 2125550123 (ID 2125550123) id=2125550123 #2125550123", &[]),
        ("projects/2125550123/locations, {\"bytes\": 2125550123, \"n\":2125550123}, 2125550123 bytes", &[]),
        ("he paid 2125550123, {\"n\":\"2125550123\"}", &["phone 2125550123", "phone 2125550123"]),
        ("001-212-555-0123 ext. 99", &["phone 001-212-555-0123 ext. 99"]),
        ("Tel. (0118) 4960888", &["phone (0118) 4960888"]),
        ("from 10.1.2.3:443 to 10.1.2.3/24", &["ipv4 10.1.2.3", "ipv4 10.1.2.3"]),
        ("v1.2.3.4 version 1.2.3.4 Chrome/120.0.0.0 1.2.3.4-rc1 1.3.6.1.4.1 300.1.1.1", &[]),
        ("the driver 1.2.3.4, host/10.0.0.1", &["ipv4 1.2.3.4", "ipv4 10.0.0.1"]),
        ("[2001:db8::1]:443 addr:fe80::1:2", &["ipv6 2001:db8::1", "ipv6 fe80::1:2"]),
        ("std::fs a::b ::1 12:34:56 key:value dead::beef", &[]),
        ("00:1B:44:11:3A:B7 001b.4411.3ab7", &["mac 00:1B:44:11:3A:B7", "mac 001b.4411.3ab7"]),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", &[]),
        ("1M8GDM9AXKP042789", &[]),
        ("vin: WVWZZZ1JZ3W386752", &["vin WVWZZZ1JZ3W386752"]),
        ("AKIAIOSFODNN7EXAMPLE", &["aws_access_key AKIAIOSFODNN7EXAMPLE"]),
        ("AKIAIOSFODNN7EXAMPLEX XAKIAIOSFODNN7EXAMPLE", &[]),
        ("the task-force ask-ant- sk-ant", &[]),
        ("the bearer authentication scheme", &[]),
        ("\"password\": \"my pass word\"", &["password my pass word"]),
        ("a?pwd=x(y)&z=1, (password: hunter22).", &["password x(y)", "password hunter22"]),
        ("?pwd=hunter22&api_key=swordfish&y=1", &["password hunter22", "password swordfish"]),
        ("api_key=${KEY} password=hunter22", &["password hunter22"]),
        ("<password>hunter22</password> <a href=\"/reset-password\">Reset</a>", &["password hunter22"]),
        ("the password is incorrect, the password is swordfish", &["password swordfish"]),
        ("password: null, password=${DB}, PWD=/home/x, max_tokens=512, token: 12345", &[]),
        ("https://example.com:443/a@b", &[]),
        ("passport control at gate 12, born in 1980", &[]),
        (
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            &["slack_token hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"],
        ),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let given = found(text);
        if given != expected {
            wrong.push(format!("{text}\n  gives    {given:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn hidden_text_is_found_where_it_was_written() {
    for (text, expected) in [
        ("to=jane%40example.com&x=1", "email jane%40example.com"),
        (r#"{\"to\":\"jane\u0040example.com\"}"#, r"email jane\u0040example.com"),
        (r"first line\nAKIAIOSFODNN7EXAMPLE\n", "aws_access_key AKIAIOSFODNN7EXAMPLE"),
        ("twice%252520 jane%252540example.com", "email jane%252540example.com"),
        ("４１１１ １１１１ １１１１ １１１１", "card ４１１１ １１１１ １１１１ １１１１"),
        ("4111\u{200b}1111\u{200b}11111111", "card 4111\u{200b}1111\u{200b}11111111"),
        ("219‑09‑9999", "us_ssn 219‑09‑9999"),
        ("say amFuZUBleGFtcGxlLmNvbQ== now", "encoded email amFuZUBleGFtcGxlLmNvbQ=="),
        // Base64 of base64.
        ("YW1GdVpVQmxlR0Z0Y0d4bExtTnZiUT09", "encoded email encoded YW1GdVpVQmxlR0Z0Y0d4bExtTnZiUT09"),
        (r"amFuZUBleGFtcGxlLmNvbT8\/Pw==", r"encoded email amFuZUBleGFtcGxlLmNvbT8\/Pw=="),
    ] {
        assert_eq!(found(text), [expected]);
    }
    // What is encoded has the token of what it stands for.
    let token = |text: &str| redactor().redact(text).text;
    assert_eq!(token("jane%40example.com"), token("jane@example.com"));
    assert_eq!(token("４１１１１１１１１１１１１１１１"), token("4111 1111 1111 1111"));
}

/// No pattern counts check digits: what it finds is wider, what it does not find narrower, what is chosen by it differs.
#[test]
fn a_query_says_on_which_side_of_a_checksum_it_errs() {
    let verdict = |condition: &str| {
        let text = format!("rule r {{ severity low from invocation where {condition} }}");
        let resolved = resolved(&[&text]);
        let emissions = emit(&resolved.rules[0], &resolved.schema, &Kql, Request::default());
        let emission = emissions.iter().find(|emission| emission.source == "azure.apim").expect("it is emitted");
        emission.query.verdict
    };
    assert_eq!(verdict("found(prompt, \"card\")"), Verdict::Wider);
    assert_eq!(verdict("not found(prompt, \"card\")"), Verdict::Narrower);
    assert_eq!(verdict("not (not found(prompt, \"card\") or tokens.input > 5)"), Verdict::Wider);
    assert_eq!(verdict("if(found(prompt, \"card\"), tokens.input, tokens.output) > 5"), Verdict::Differs);
}

#[test]
fn what_cannot_be_scanned_goes_whole() {
    let long = "a ".repeat(MOST / 2 + 1);
    let redacted = redactor().redact(&long);
    assert!(redacted.text.starts_with("[UNSCANNED:") && redacted.text.len() < 60);
    assert_eq!(redacted.counts.get("unscanned"), Some(&1));
    // Bombs: what unfolds to more than sixteen times itself is not followed.
    let mut packed = "100%25252541 ".repeat(300);
    for _ in 0..3 {
        packed = format!("%252541 {}", base64::engine::general_purpose::STANDARD.encode(&packed)).repeat(2);
    }
    assert!(redactor().redact(&packed).counts.contains_key("unscanned"));
    let image = format!("data:image/png;base64,{}", "iVBORw0KGgoAAAANSUhEUgAA".repeat(20));
    let redacted = redactor().redact(&image);
    assert!(redacted.text.starts_with("data:image/png;base64,[UNSCANNED:"), "{}", redacted.text);
}

#[test]
fn counts_and_tokens() {
    let text = "jane@example.com, JANE@example.com, 219-09-9999, am9lQGV4YW1wbGUuY29tLCAyMTktMDktOTk5OQ==";
    let redacted = redactor().redact(text);
    let counts: Vec<_> = redacted.counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
    assert_eq!(counts, ["email 3", "encoded 1", "us_ssn 2"]);
    let tokens: Vec<&str> = redacted.text.split(", ").collect();
    assert_eq!(tokens[0], tokens[1]);
    assert_eq!(Redactor::new(None).redact(text).text, "[EMAIL], [EMAIL], [US_SSN], [BASE64]");
    // A token that somebody else wrote hides nothing.
    assert_eq!(found("[CARD:4111111111111111]"), ["card 4111111111111111"]);
}

#[test]
fn made_up_values_are_found_and_identifiers_are_not() {
    let mut tally: std::collections::BTreeMap<String, (u32, u32)> = Default::default();
    for sample in corpus::samples(1, 100) {
        let start = sample.text.find(&sample.value).expect("the value is in the text");
        let findings = redactor().scan(&sample.text);
        let hit = if sample.kind.starts_with("log ") {
            findings.iter().any(|found| found.start < start + sample.value.len() && start < found.end)
        } else {
            findings.iter().any(|found| found.start <= start && start + sample.value.len() <= found.end)
        };
        let (hits, all) = tally.entry(sample.kind).or_default();
        (*hits, *all) = (*hits + u32::from(hit), *all + 1);
    }
    let (mut touched, mut identifiers) = (0, 0);
    for (kind, (hits, all)) in &tally {
        match kind.strip_prefix("log ") {
            Some(_) => (touched, identifiers) = (touched + hits, identifiers + all),
            None => assert!(hits * 100 >= all * 99, "{kind}: {hits} of {all}"),
        }
    }
    assert!(touched * 100 <= identifiers, "{touched} of {identifiers} identifiers: {tally:?}");
}

/// Pieces from which texts are made that come near to everything.
fn pieces() -> impl Strategy<Value = String> {
    let samples: Vec<&'static str> =
        Entity::ALL.into_iter().flat_map(|entity| entity.samples().iter().copied()).collect();
    let joints = [
        "",
        " ",
        "\n",
        "-",
        ".",
        ":",
        "=",
        "\"",
        "\\n",
        "%20",
        "@",
        "/",
        "[",
        "]",
        "0",
        "a",
        "é",
        "１",
        "\u{200b}",
        "password: ",
        "tel ",
        "eyJ",
        "sk-",
        "bearer ",
        "-----BEGIN ",
        "aGVsbG8gd29ybGQh",
        "%",
        "\\u0040",
        "[EMAIL:aaaaaaaaaaaaaaaa]",
    ];
    let piece = prop_oneof![
        proptest::sample::select(samples).prop_map(str::to_owned),
        proptest::sample::select(joints.to_vec()).prop_map(str::to_owned),
        "[0-9 .-]{0,12}",
        "[a-zA-Z0-9+/=_-]{0,40}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// The patterns of entities that are found by their form alone.
static FORMS: LazyLock<Vec<(Entity, Regex)>> = LazyLock::new(|| {
    let regex = |entity: Entity| {
        let pattern = entity.pattern().expect("it can be asked for");
        RegexBuilder::new(pattern).case_insensitive(entity.nocase()).build().expect("it is a pattern")
    };
    Entity::ALL
        .into_iter()
        .filter(|entity| entity.proof() == Proof::Form)
        .map(|entity| (entity, regex(entity)))
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: super::support::cases(1_000), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn redacted_text_holds_nothing_and_stays(text in pieces()) {
        for redactor in [redactor(), Redactor::new(None)] {
            let once = redactor.redact(&text);
            prop_assert_eq!(redactor.scan(&once.text), []);
            prop_assert_eq!(&redactor.redact(&once.text).text, &once.text);
            prop_assert!(once.text.len() <= text.len() * 4, "{} becomes {}", text, once.text);
        }
    }

    #[test]
    fn findings_stand_in_order_on_boundaries(text in pieces()) {
        let findings = redactor().scan(&text);
        prop_assert!(findings.iter().all(|found| found.start < found.end && text.get(found.start..found.end).is_some()));
        prop_assert!(findings.windows(2).all(|pair| pair[0].end <= pair[1].start));
        // What was found is gone, where it stood once only: glued to another word it may be something else.
        let redacted = redactor().redact(&text).text;
        for found in findings {
            let value = &text[found.start..found.end];
            let once = text.matches(value).count() == 1;
            prop_assert!(!once || value.len() < 9 || !redacted.contains(value), "{} is left of {}", value, text);
        }
    }

    #[test]
    fn the_pattern_finds_what_the_scanner_finds(text in pieces()) {
        for found in redactor().scan(&text) {
            let value = &text[found.start..found.end];
            // Decoded values are found in what the text stands for, which a query does not see.
            let plain = !text.contains(['%', '\\', '&']) && text.is_ascii() && found.held.is_empty();
            let Some(pattern) = found.entity.pattern().filter(|_| plain) else { continue };
            let regex = RegexBuilder::new(pattern).case_insensitive(found.entity.nocase()).build().expect("it is a pattern");
            prop_assert!(regex.is_match(&text), "{} of {}: {}", found.entity.word(), text, value);
        }
    }

    /// On this rests that a query is exact where the form decides and what is found stands by itself.
    #[test]
    fn the_scanner_finds_what_the_pattern_of_a_form_finds(text in pieces()) {
        let findings = redactor().scan(&text);
        let touches = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b":-.".contains(byte));
        for (entity, regex) in FORMS.iter().filter(|_| !text.contains("[EMAIL:")) {
            for captures in regex.captures_iter(&text) {
                let value = captures.iter().skip(1).flatten().next().expect("the value is a group");
                let bytes = text.as_bytes();
                let alone = !touches(value.start().checked_sub(1).and_then(|at| bytes.get(at))) && !touches(bytes.get(value.end()));
                let seen = findings.iter().any(|found| found.start < value.end() && value.start() < found.end);
                prop_assert!(seen || !alone, "{} of {:?}: {}", entity.word(), text, value.as_str());
            }
        }
    }

    #[test]
    fn any_text_is_redacted(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let redacted = redactor().redact(&String::from_utf8_lossy(&bytes));
        prop_assert_eq!(redactor().redact(&redacted.text).text, redacted.text);
    }
}
