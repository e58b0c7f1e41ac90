//! Keys in whatever case: takes a raw record, gives it with the keys that a source reads spelled as the source spells them.
//!
//! For logs whose writers don't agree on `promptTokens` and `PromptTokens`. A–Z are folded; where an object has the source's own spelling
//! too, that member stands and the other is left as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::Json;
use crate::ir::{Assemble, Expr, ExprKind, FileFormat, Part, Pred, Source, Step};

/// The spellings of a source's keys, by what they fold to.
#[derive(Debug)]
pub(super) struct Keys(BTreeMap<String, Arc<str>>);

impl Keys {
    /// Those of a source whose files are read so; none of any other.
    pub(super) fn of(source: &Source) -> Option<Keys> {
        if source.files != Some(FileFormat::JsonLines { nocase: true }) {
            return None;
        }
        let mut keys = BTreeMap::new();
        let mut visit = |expr: &Expr| {
            let ExprKind::Path(_, steps) = &expr.kind else { return };
            for step in steps {
                if let Step::Key(key) = step {
                    keys.insert(key.to_ascii_lowercase(), Arc::from(key.as_str()));
                }
            }
        };
        let of_source = source.with.iter().map(|binding| &binding.value).chain(source.fields.iter().flatten());
        of_source.chain(&source.unique).for_each(|expr| expr.walk(&mut visit));
        let mut preds: Vec<&Pred> = source.filter.iter().collect();
        if let Some(Assemble { key, time, parts, .. }) = &source.assemble {
            [key, time].into_iter().for_each(|expr| expr.walk(&mut visit));
            for Part { filter, lists, order, .. } in parts {
                preds.extend(filter);
                lists.iter().chain(order).for_each(|expr| expr.walk(&mut visit));
            }
        }
        preds.into_iter().for_each(|pred| pred.walk(&mut visit));
        Some(Keys(keys))
    }

    /// The record with those keys in the source's spelling.
    pub(super) fn spelled(&self, record: &Json) -> Json {
        match record {
            Json::List(elements) => Json::List(elements.iter().map(|element| self.spelled(element)).collect()),
            Json::Object(members) => {
                let mut out = BTreeMap::new();
                for (key, value) in members.iter() {
                    let own = self.0.get(&key.to_ascii_lowercase()).filter(|own| !members.contains_key(*own));
                    out.insert(Arc::clone(own.unwrap_or(key)), self.spelled(value));
                }
                Json::Object(Arc::new(out))
            }
            scalar => scalar.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_spelling_wins() {
        let keys = Keys([("prompttokens".to_owned(), Arc::from("promptTokens"))].into());
        let spelled = |text: &str| keys.spelled(&Json::parse(text).unwrap_or_default());
        let expected = Json::parse(r#"{"a":[{"promptTokens":1}],"Other":2}"#).unwrap_or_default();
        assert_eq!(spelled(r#"{"a":[{"PromptTokens":1}],"Other":2}"#), expected);
        let both = r#"{"promptTokens":1,"PROMPTTOKENS":2}"#;
        assert_eq!(spelled(both), Json::parse(both).unwrap_or_default());
    }
}
