//! Events as logs have them in, events as an archive may keep them out: prompts digested with a key, or not at all.

use super::keys::DigestKey;
use crate::eval::{Event, Value};
use crate::ir::Stream;

/// The text of a user, and its digest in the metadata tier.
const DIGESTED: (&str, &str) = ("prompt", "prompt_digest");

/// What is done to the events of one stream.
#[derive(Debug)]
pub(super) struct Protect<'a> {
    /// By place in the stream.
    digested: Option<(usize, usize)>,
    key: Option<&'a DigestKey>,
}

impl<'a> Protect<'a> {
    pub(super) fn new(stream: &Stream, key: Option<&'a DigestKey>) -> Protect<'a> {
        let at = |name| Some(stream.field(name)?.index());
        Protect { digested: at(DIGESTED.0).zip(at(DIGESTED.1)), key }
    }

    /// Fields that are not kept at all.
    pub(super) fn without(&self) -> Vec<String> {
        if self.digested.is_some() && self.key.is_none() { vec![DIGESTED.1.to_owned()] } else { Vec::new() }
    }

    /// The digest is of the exact bytes, so it comes before anything is taken out of them.
    pub(super) fn event(&self, event: &mut Event) {
        let Some((text, digest)) = self.digested else { return };
        let digested =
            event.fields.get(text).and_then(Value::as_text).zip(self.key).map(|(text, key)| key.prompt(text));
        if let Some(field) = event.fields.get_mut(digest) {
            *field = digested.map_or(Value::Missing, |digest| Value::text(&digest));
        }
    }
}
