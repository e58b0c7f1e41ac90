//! Keys in whatever case: takes a raw record, gives it with the keys that a source reads spelled as the source spells them.
//!
//! For logs whose writers don't agree on `promptTokens` and `PromptTokens`. A–Z are folded, from the record down to the first list, and to what
//! a target keeps as JSON in one column, for a query finds there what was written; where an object has the source's own spelling too, that
//! member stands and the other is left as it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::Json;
use crate::ir::{Assemble, Column, ColumnKind, Expr, ExprKind, FileFormat, Part, Pred, Source, Step};

/// The keys that a source reads, by what they fold to: the source's spelling, and the keys below.
#[derive(Debug, Default)]
pub(super) struct Keys(BTreeMap<String, (Arc<str>, Keys)>);

impl Keys {
    /// Those of a source whose files are read so; none of any other.
    pub(super) fn of(source: &Source) -> Option<Keys> {
        if source.files != Some(FileFormat::JsonLines { nocase: true }) {
            return None;
        }
        let parts = source.assemble.as_ref().map_or(&[][..], |assemble| &assemble.parts);
        let of_parts = parts.iter().flat_map(|part| &part.places);
        // What a target keeps as JSON it keeps as it was written: below that, keys are what they are.
        let json = |column: &&Column| matches!(column.kind, ColumnKind::Dynamic | ColumnKind::Json);
        let whole: Vec<&Vec<Step>> = source
            .places
            .iter()
            .chain(of_parts)
            .flat_map(|place| &place.columns)
            .filter(json)
            .map(|c| &c.path)
            .collect();
        let mut keys = Keys::default();
        let mut visit = |expr: &Expr| match &expr.kind {
            ExprKind::Path(base, steps) if base.kind == ExprKind::Record => match steps.as_slice() {
                [Step::Key(first), below @ ..] if parts.iter().any(|part| part.name == *first) => {
                    keys.add(below, &whole)
                }
                steps => keys.add(steps, &whole),
            },
            _ => {}
        };
        let of_source = source.with.iter().map(|binding| &binding.value).chain(source.fields.iter().flatten());
        of_source.chain(&source.unique).for_each(|expr| expr.walk(&mut visit));
        let mut preds: Vec<&Pred> = source.filter.iter().collect();
        if let Some(Assemble { key, time, .. }) = &source.assemble {
            [key, time].into_iter().for_each(|expr| expr.walk(&mut visit));
            for Part { filter, lists, order, .. } in parts {
                preds.extend(filter);
                lists.iter().chain(order).for_each(|expr| expr.walk(&mut visit));
            }
        }
        preds.into_iter().for_each(|pred| pred.walk(&mut visit));
        Some(keys)
    }

    fn add(&mut self, steps: &[Step], whole: &[&Vec<Step>]) {
        let mut keys = self;
        for (at, step) in steps.iter().enumerate() {
            let above = steps.get(..at).unwrap_or_default();
            let Step::Key(key) = step else { return };
            if whole.iter().any(|column| *column == above) {
                return;
            }
            let entry = keys.0.entry(key.to_ascii_lowercase());
            keys = &mut entry.or_insert_with(|| (Arc::from(key.as_str()), Keys::default())).1;
        }
    }

    /// The record with those keys in the source's spelling.
    pub(super) fn spelled(&self, record: &Json) -> Json {
        let Json::Object(members) = record else { return record.clone() };
        let mut out = BTreeMap::new();
        for (key, value) in members.iter() {
            let found = self.0.get(&key.to_ascii_lowercase());
            let found = found.filter(|(own, _)| own == key || !members.contains_key(own));
            match found {
                Some((own, below)) => out.insert(Arc::clone(own), below.spelled(value)),
                None => out.insert(Arc::clone(key), value.clone()),
            };
        }
        Json::Object(Arc::new(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_spelling_wins() {
        let mut keys = Keys::default();
        let path = |names: &[&str]| names.iter().map(|name| Step::Key((*name).to_owned())).collect::<Vec<_>>();
        let headers = path(&["a", "headers"]);
        keys.add(&path(&["a", "promptTokens"]), &[&headers]);
        keys.add(&path(&["a", "headers", "Agent"]), &[&headers]);
        let read = |text: &str| Json::parse(text).unwrap_or_default();
        let spelled = keys.spelled(&read(r#"{"A":{"PromptTokens":1,"Headers":{"AGENT":2}},"Other":[{"A":3}]}"#));
        assert_eq!(spelled, read(r#"{"a":{"promptTokens":1,"headers":{"AGENT":2}},"Other":[{"A":3}]}"#));
        let both = r#"{"a":{"promptTokens":1,"PROMPTTOKENS":2},"A":3}"#;
        assert_eq!(keys.spelled(&read(both)), read(both));
    }
}
