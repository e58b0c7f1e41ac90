//! How a source is read, as an archive remembers it: takes a source and its stream, gives the fields that it fills and a digest that changes
//! with anything that could change an event.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::commit::hex;
use super::manifest::Mapping;
use crate::bind::field_expr;
use crate::ir::{Source, Stream, show_source};
use crate::redact::VERSION;

/// Hex digits of a mapping's digest.
const DIGITS: usize = 16;

/// The mapping and its digest. `without` are fields that the archive does not keep, `added` those that it fills itself; `networks` is the
/// digest of the databases by which it does.
pub(super) fn mapping(
    source: &Source,
    stream: &Stream,
    without: &[String],
    added: &[&str],
    networks: Option<&str>,
) -> (String, Mapping) {
    let read = stream.ids().filter(|id| field_expr(source, stream, *id).is_some());
    let added = added.iter().filter_map(|name| stream.field(name));
    let fields: BTreeMap<String, String> = read
        .chain(added)
        .filter_map(|id| stream.get(id))
        .filter(|field| !without.contains(&field.name))
        .map(|field| (field.name.clone(), field.ty.to_string()))
        .collect();
    let mut text = format!("{}{fields:?} redactor {VERSION}", show_source(source, stream));
    networks.into_iter().for_each(|digest| text.push_str(&format!(" networks {digest}")));
    let mut digest = hex(&Sha256::digest(text));
    digest.truncate(DIGITS);
    (digest, Mapping { source: source.name.clone(), fields })
}
