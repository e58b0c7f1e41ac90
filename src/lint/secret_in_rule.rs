//! W0324 `secret-in-rule`: a credential in a pack's text.

use super::{Context, Lint};
use crate::diag::{About, Diagnostic, Kind, Level};
use crate::redact::{Entity, Redactor};
use crate::source::Span;

pub(super) static LINT: Lint = Lint {
    about: About {
        code: "W0324",
        name: "secret-in-rule",
        kind: Kind::Care,
        level: Level::Warn,
        title: "credential in a pack",
        why: "A key that was found in a log and pasted into a rule or a test can be read by all who read the pack, now and in its history. If it is real,
revoke it. A test takes one that is made up: AWS documents `AKIAIOSFODNN7EXAMPLE`, and what has `EXAMPLE` in it is not found here.",
        bad: "
rule leaked_key_used {
    severity high
    from     activity
    where    access_key.id == \"AKIAQ3EGPTVN5XWRLB7D\"
}",
        good: "
rule leaked_key_used {
    severity high
    from     activity
    where    access_key.id == \"AKIAIOSFODNN7EXAMPLE\"
}",
    },
    check,
};

/// What a credential of those that are looked for has in it: most files have none of it, and are done with.
const SIGNS: [&str; 12] = [
    "AKIA",
    "ASIA",
    "ABSK",
    "PRIVATE KEY",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "sk-",
    "AIza",
    "xox",
    "bedrock-api-key-",
];

fn check(context: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let redactor = Redactor::new(None);
    for file in &context.pack.files {
        let Some(source) = context.pack.sources.get(file.id) else { continue };
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            if SIGNS.iter().any(|sign| line.contains(sign)) {
                for found in redactor.scan(line) {
                    let value = line.get(found.start..found.end).unwrap_or_default();
                    if is_credential(found.entity) && !is_made_up(value) {
                        let place = Span::new(file.id, start + found.start..start + found.end);
                        let finding = LINT.finding(format!("a credential stands here: {}", found.entity.word()));
                        let help = "revoke it if it is real; in a test take one that is made up, with `EXAMPLE` in it";
                        out.push(finding.at(place, "").help(help));
                    }
                }
            }
            start += line.len();
        }
    }
}

fn is_credential(entity: Entity) -> bool {
    use Entity as E;
    matches!(
        entity,
        E::AnthropicKey
            | E::AwsAccessKey
            | E::AwsBedrockApiKey
            | E::GcpServiceAccountKey
            | E::GithubToken
            | E::GoogleApiKey
            | E::OpenAiKey
            | E::PrivateKey
            | E::SlackToken
    )
}

/// Whether nobody can take a value for a real one: it says so, or goes on as the alphabet does.
fn is_made_up(value: &str) -> bool {
    let small = value.to_lowercase();
    let runs = ["abcdef", "123456", "000000", "aaaaaa", "xxxxxx", "fedcba", "654321"];
    small.contains("example") || runs.iter().any(|run| small.contains(run))
}
