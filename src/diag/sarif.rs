//! Findings as SARIF 2.1.0, which code hosts and editors read: takes findings, gives one log with one run.

use serde_json::{Value, json};

use super::{Code, Finding, Place, Severity};

/// The log. Rules are the codes that were found, each with its page.
#[must_use]
pub fn to_sarif(findings: &[Finding]) -> Value {
    let mut codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rule = |code: &Code| {
        json!({
            "id": code.as_str(),
            "shortDescription": { "text": code.title() },
            "help": { "text": code.page(), "markdown": code.page() },
        })
    };
    let result = |finding: &Finding| {
        let mut places = finding.places.iter();
        let related = |(n, place): (usize, &Place)| {
            let mut location = location(place);
            location["id"] = json!(n);
            location["message"] = json!({ "text": if place.text.is_empty() { "here" } else { &place.text } });
            location
        };
        json!({
            "ruleId": finding.code.as_str(),
            "ruleIndex": codes.iter().position(|code| *code == finding.code),
            "level": match finding.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "message": { "text": finding.sentence() },
            "locations": places.next().map(location).into_iter().collect::<Vec<_>>(),
            "relatedLocations": (0..).zip(places).map(related).collect::<Vec<_>>(),
            "partialFingerprints": { "skywatch/v1": finding.fingerprint },
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "skywatch",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(rule).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": findings.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn location(place: &Place) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": {
                "startLine": place.start.0,
                "startColumn": place.start.1,
                "endLine": place.end.0,
                "endColumn": place.end.1,
            },
        },
    })
}

/// A file's name as a reference: what a name may have and a reference may not is written as its bytes.
fn uri(file: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    file.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
