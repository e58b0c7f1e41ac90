//! Unit tests of rules: pest's pairs → [`crate::syntax::ast::Test`].

use serde_json::{Map, Number, Value};

use super::{P, Reader, Rule};
use crate::source::Spanned;
use crate::syntax::ast::{Expect, Given, GivenBody, Record, Test};
use crate::syntax::errors;

impl Reader {
    pub(super) fn test(&mut self, pair: P<'_>) -> Option<Test> {
        let span = Spanned::new((), self.span(&pair));
        let (mut rule, mut title, mut given, mut expect) = (None, None, Vec::new(), Vec::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word => rule = Some(self.name(&part)),
                Rule::string => title = Some(Spanned::new(self.text(&part), self.span(&part))),
                Rule::given => given.extend(self.given(part)),
                Rule::expect => {
                    let at = self.span(&part);
                    let expected = self.expect(part);
                    expect.push(Spanned::new(expected, at));
                }
                _ => {}
            }
        }
        Some(Test { rule: rule?, title: title?, given, expect, span })
    }

    fn given(&mut self, pair: P<'_>) -> Option<Given> {
        let span = Spanned::new((), self.span(&pair));
        let (mut name, mut body) = (None, None);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::string => body = Some(GivenBody::File(Spanned::new(self.text(&part), self.span(&part)))),
                Rule::records => {
                    let mut records = Vec::new();
                    for record in part.into_inner() {
                        let at = self.span(&record);
                        records.push(Spanned::new(self.record(record), at));
                    }
                    body = Some(GivenBody::Records(records));
                }
                _ => {}
            }
        }
        Some(Given { name: name?, body: body?, span })
    }

    fn record(&mut self, pair: P<'_>) -> Record {
        let mut bindings = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::json_members => return Record::Json(self.members(part)),
                _ => bindings.extend(self.binding(part)),
            }
        }
        Record::Fields(bindings)
    }

    fn expect(&mut self, pair: P<'_>) -> Expect {
        let (mut none, mut other) = (false, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_no => none = true,
                Rule::kw_other => other = true,
                Rule::alert_values => {
                    return Expect::Alert(part.into_inner().filter_map(|value| self.binding(value)).collect());
                }
                _ => {}
            }
        }
        match (none, other) {
            (true, true) => Expect::NoOther,
            (true, false) => Expect::None,
            _ => Expect::Alert(Vec::new()),
        }
    }

    fn members(&mut self, pair: P<'_>) -> Map<String, Value> {
        let mut map = Map::new();
        for member in pair.into_inner() {
            let mut parts = member.into_inner();
            if let (Some(key), Some(value)) = (parts.next(), parts.next()) {
                let key = self.json_text(&key);
                let value = self.json(value);
                map.insert(key, value);
            }
        }
        map
    }

    fn json(&mut self, pair: P<'_>) -> Value {
        let list = pair.as_str().starts_with('[');
        let mut elements = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::json_members => return Value::Object(self.members(part)),
                Rule::json => elements.push(self.json(part)),
                Rule::string => return Value::String(self.json_text(&part)),
                Rule::json_number => {
                    let number: Option<Number> = serde_json::from_str(part.as_str()).ok();
                    return number.map_or_else(
                        || {
                            let span = self.span(&part);
                            self.say(errors::literal(
                                span,
                                format!("`{}` is no JSON number", part.as_str()),
                                "no leading zeros, and a size that 64 bits hold",
                            ));
                            Value::Null
                        },
                        Value::Number,
                    );
                }
                _ => {
                    return match part.as_str() {
                        "true" => Value::Bool(true),
                        "false" => Value::Bool(false),
                        _ => Value::Null,
                    };
                }
            }
        }
        if list { Value::Array(elements) } else { Value::Object(Map::new()) }
    }

    /// A JSON text: JSON's own escapes, which are not those of the language.
    fn json_text(&mut self, pair: &P<'_>) -> String {
        serde_json::from_str(pair.as_str()).unwrap_or_else(|_| {
            let span = self.span(pair);
            self.say(errors::literal(
                span,
                "unreadable JSON text",
                r#"inside a raw record JSON's escapes hold: `\"`, `\\`, `\/`, `\n`, `\u00e9`"#,
            ));
            String::new()
        })
    }
}
