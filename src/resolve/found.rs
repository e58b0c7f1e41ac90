//! `found(TEXT, "entity")`, and patterns that seek what archives have no longer: takes the call or the pattern, gives the predicate or a
//! finding.

use std::sync::LazyLock;

use regex::Regex;

use super::errors;
use super::scope::Resolver;
use crate::ir::pattern::RUST;
use crate::ir::{Expr, ExprKind, Pattern, Pred, PredKind, Tier, Type};
use crate::redact::{Entity, Redactor};
use crate::source::Span;
use crate::syntax::ast::{self, Argument};

/// How it is written.
pub(super) const FOUND: (&str, &str) = ("found", "found(prompt, \"email\")");

/// Harmless texts of many forms: a pattern that finds one of them seeks more than any entity.
const NEUTRAL: [&str; 10] = [
    "The quick brown fox jumps over the lazy dog, twice a day; please summarise it.",
    "ORDER 66 SHIPPED ON TIME, INVOICE 1234567 PAID IN FULL AT 12:30",
    "Release 2026-01-15 of version 10.4.2-rc.1 (build 1700000000) is out!",
    "request 3f2504e0-4f89-41d3-9a0c-0305e82c3301 took 1,234.5 ms",
    "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "aW4gdGhlIGJlZ2lubmluZyB0aGVyZSB3YXMgYSBsb25nIGFuZCBoYXJtbGVzcyB0ZXh0IHRvIGVuY29kZQ==",
    "https://www.example.org/a/path?q=words&page=2#part",
    "{\"name\": \"value\", \"list\": [1, 2, 3], \"flag\": true}",
    "snake_case_name kebab-case-name camelCaseName UPPER_CASE_NAME",
    "<p>markup</p> 50% off, #1 & more * 2 = 4 ~ (about) $9.99",
];

/// A sample of an entity: all of it, the bytes that redaction takes out, and what is left.
struct Sample {
    entity: Entity,
    text: &'static str,
    taken: (usize, usize),
    left: String,
}

static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(|| {
    let redactor = Redactor::new(None);
    let sample = |entity: Entity, text: &'static str| {
        let taken = redactor.scan(text).into_iter().find(|finding| finding.entity == entity)?;
        Some(Sample { entity, text, taken: (taken.start, taken.end), left: redactor.redact(text).text })
    };
    Entity::ALL
        .into_iter()
        .flat_map(|entity| entity.samples().iter().filter_map(move |text| sample(entity, text)))
        .collect()
});

impl Resolver<'_> {
    /// `found(TEXT, "entity")` as a condition.
    pub(super) fn found(&mut self, arguments: &[Argument], span: Span) -> Option<Pred> {
        let (word, usage) = FOUND;
        if let Some(key) = arguments.iter().find_map(|argument| argument.by.first()) {
            return self.wrong(errors::by_here(key.value.span, word));
        }
        if let Some(filter) = arguments.iter().find_map(|argument| argument.filter.as_ref()) {
            return self.wrong(errors::filter_here(filter.span, word));
        }
        let values: Vec<&ast::Expr> = arguments.iter().filter_map(|argument| argument.value.as_ref()).collect();
        let [text, entity] = values.as_slice() else {
            return self.wrong(errors::arguments(span, word, usage, values.len()));
        };
        let subject = self.looked_into(text);
        let entity = self.entity(entity);
        Some(Pred::new(PredKind::Found { subject: subject?, entity: entity? }, span))
    }

    /// A field of the stream: what is made of a text was not looked through when it was archived.
    fn looked_into(&mut self, text: &ast::Expr) -> Option<Expr> {
        if self.scope.raw {
            return self.wrong(errors::found_in_source(text.span));
        }
        let subject = self.expr(text, Some(&Type::Text))?;
        match (&subject.kind, &subject.ty) {
            (ExprKind::Field(_), Type::Text) => Some(subject),
            (_, Type::Text) => self.wrong(errors::found_of_what(subject.span)),
            (_, ty) => {
                self.wrong(errors::type_mismatch(subject.span, "text", ty).help("name a field that is one text"))
            }
        }
    }

    fn entity(&mut self, entity: &ast::Expr) -> Option<Entity> {
        let ast::ExprKind::Literal(ast::Literal::Text(word, _)) = &*entity.node else {
            return self.wrong(errors::bad_argument(entity.span, FOUND.0, "the name of an entity in quotes", FOUND.1));
        };
        match Entity::find(word) {
            Some(entity) => Some(entity),
            None => self.wrong(errors::unknown(entity.span, "entity", word, Entity::ALL.into_iter().map(Entity::word))),
        }
    }

    /// Says where a pattern over a text of users seeks an entity: archives hold none.
    pub(super) fn seeks_what_is_redacted(&mut self, subject: &Expr, patterns: &[Pattern], span: Span) -> bool {
        let ExprKind::Field(field) = subject.kind else { return false };
        let field = self.scope.stream.and_then(|stream| stream.get(field)).filter(|field| field.tier == Tier::Content);
        let Some((field, entity)) = field.zip(patterns.iter().find_map(sought)) else { return false };
        let name = field.name.clone();
        self.diagnostics.push(errors::seeks_entity(span, &name, entity.word()));
        true
    }
}

/// The entity that a pattern seeks: it finds all that redaction takes out of a sample, nothing in what is left of it, and nothing in harmless
/// texts. The smallest such sample decides: a pattern for keys finds whole connection strings too.
fn sought(pattern: &Pattern) -> Option<Entity> {
    let regex = Regex::new(&pattern.print(&RUST)).ok()?;
    if NEUTRAL.iter().any(|text| regex.is_match(text)) {
        return None;
    }
    let covers = |sample: &&Sample| {
        let (start, end) = sample.taken;
        regex.find_iter(sample.text).any(|found| found.start() <= start && end <= found.end())
    };
    let seeks = SAMPLES.iter().filter(covers).filter(|sample| !regex.is_match(&sample.left));
    seeks.min_by_key(|sample| sample.taken.1 - sample.taken.0).map(|sample| sample.entity)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str, nocase: bool) -> Option<&'static str> {
        Pattern::new(pattern, nocase).ok().and_then(|pattern| sought(&pattern)).map(Entity::word)
    }

    #[test]
    fn patterns_of_entities_are_told() {
        for (pattern, entity) in [
            ("AKIA[0-9A-Z]{16}", "aws_access_key"),
            (r"\b(AKIA|ASIA)[0-9A-Z]{16}\b", "aws_access_key"),
            (r"[\w.+-]+@[\w-]+\.[\w.]+", "email"),
            (r"\b\d{3}-\d{2}-\d{4}\b", "us_ssn"),
            (r"(\d[ -]?){13,19}", "card"),
            ("-----BEGIN [A-Z ]*PRIVATE KEY-----", "private_key"),
            (r"gh[pousr]_\w{36}", "github_token"),
            (r"sk-ant-[\w-]+", "anthropic_key"),
            (r"\d+\.\d+\.\d+\.\d+", "ipv4"),
        ] {
            assert_eq!(of(pattern, false), Some(entity), "{pattern}");
        }
    }

    #[test]
    fn patterns_of_many_things_and_of_words_are_not() {
        for pattern in [
            ".",
            r"\w+",
            "[a-z]+",
            r"\d+",
            r".*",
            r"[A-Za-z0-9+/]{40,}={0,2}",
            "[0-9a-f]{32,}",
            r"\d{4}-\d{2}-\d{2}",
            "password",
            r"password\s*[:=]",
            "secret.*key",
            "ignore (all )?previous instructions",
            "BEGIN",
            r"https?://\S+",
        ] {
            assert_eq!(of(pattern, true), None, "{pattern}");
        }
    }

    #[test]
    fn the_samples_of_every_entity_are_known_here() {
        for entity in Entity::ALL.into_iter() {
            let known = SAMPLES.iter().filter(|sample| sample.entity == entity).count();
            assert_eq!(known, entity.samples().len(), "{}", entity.word());
        }
    }
}
