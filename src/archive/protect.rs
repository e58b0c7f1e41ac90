//! Events as logs have them in, events as an archive may keep them out: prompts digested with a key or not at all, texts of users redacted,
//! and how many of what was found in them counted by field.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::keys::DigestKey;
use super::write::Arrived;
use crate::eval::{Event, Value};
use crate::ir::{REDACTED, RecordType, Stream, Tier, Type};
use crate::redact::{Counts, Redacted, Redactor};

/// The text of a user, and its digest in the metadata tier.
const DIGESTED: (&str, &str) = ("prompt", "prompt_digest");

/// What is done to the events of one stream.
#[derive(Debug)]
pub(super) struct Protect<'a> {
    /// Text and digest, by place in the stream.
    digested: Option<(usize, usize)>,
    key: Option<&'a DigestKey>,
    redactor: Redactor,
    /// Fields with text of users, by place in the stream.
    texts: Vec<(usize, &'a str)>,
    /// Where the counts go, and their record.
    counts: Option<(usize, Arc<RecordType>)>,
}

impl<'a> Protect<'a> {
    pub(super) fn new(stream: &'a Stream, key: Option<&'a DigestKey>) -> Protect<'a> {
        let at = |name| Some(stream.field(name)?.index());
        let texts = stream.fields.iter().enumerate().filter(|(_, field)| field.tier == Tier::Content);
        let counts = stream.field(REDACTED).and_then(|id| match stream.get(id)?.ty.element()? {
            Type::Record(record) => Some((id.index(), Arc::clone(record))),
            _ => None,
        });
        Protect {
            digested: at(DIGESTED.0).zip(at(DIGESTED.1)),
            key,
            redactor: Redactor::new(key.map(DigestKey::token)),
            texts: texts.map(|(at, field)| (at, field.name.as_str())).collect(),
            counts,
        }
    }

    /// Fields that are not kept at all.
    pub(super) fn without(&self) -> Vec<String> {
        if self.digested.is_some() && self.key.is_none() { vec![DIGESTED.1.to_owned()] } else { Vec::new() }
    }

    /// Fields that no source gives and every event of the stream has here, if it has text of users at all.
    pub(super) fn given(&self) -> Option<&'static str> {
        self.counts.is_some().then_some(REDACTED).filter(|_| !self.texts.is_empty())
    }

    /// Every event, on all processors.
    pub(super) fn events(&self, events: &mut [Arrived]) {
        events.par_iter_mut().for_each(|arrived| self.event(&mut arrived.event));
    }

    fn event(&self, event: &mut Event) {
        // The digest is of the exact bytes, so it comes before anything is taken out of them.
        if let Some((text, digest)) = self.digested {
            let text = event.fields.get(text).and_then(Value::as_text);
            let digested = text.zip(self.key).map(|(text, key)| Value::text(&key.prompt(text)));
            if let Some(field) = event.fields.get_mut(digest) {
                *field = digested.unwrap_or_default();
            }
        }
        let mut found = Vec::new();
        // A prompt is often the last of the messages, too.
        let mut seen = BTreeMap::new();
        for (at, name) in &self.texts {
            let Some(field) = event.fields.get_mut(*at) else { continue };
            let mut counts = Counts::new();
            *field = self.redacted(field, &mut counts, &mut seen);
            found.extend(counts.into_iter().map(|(entity, count)| (*name, entity, count)));
        }
        if let Some((at, record)) = &self.counts
            && let Some(field) = event.fields.get_mut(*at)
        {
            let row = |(name, entity, count): (&str, &str, u64)| {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                let values = [Value::text(name), Value::text(entity), Value::Int(count)];
                Value::Record(Arc::clone(record), values.into())
            };
            *field = if found.is_empty() { Value::Missing } else { Value::List(found.into_iter().map(row).collect()) };
        }
    }

    /// A value with every text in it redacted; `seen` has the texts that were redacted before.
    fn redacted(&self, value: &Value, counts: &mut Counts, seen: &mut BTreeMap<Arc<str>, Redacted>) -> Value {
        match value {
            Value::Text(text) => {
                let redacted = seen.entry(Arc::clone(text)).or_insert_with(|| self.redactor.redact(text));
                redacted.counts.iter().for_each(|(entity, count)| *counts.entry(entity).or_default() += count);
                Value::text(&redacted.text)
            }
            Value::List(values) => Value::List(values.iter().map(|value| self.redacted(value, counts, seen)).collect()),
            Value::Record(record, values) => {
                let values = values.iter().map(|value| self.redacted(value, counts, seen)).collect();
                Value::Record(Arc::clone(record), values)
            }
            other => other.clone(),
        }
    }
}
