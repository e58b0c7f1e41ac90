//! What rules can read: takes the built-in and a pack's `.sky` files, gives the streams, sources, lists and operations they declare, resolved.

use std::collections::BTreeMap;

use crate::ir::{Glob, Source, Stream};

/// All that names in rules can stand for.
#[derive(Debug, Clone, Default)]
pub struct Schema {
    /// Built-in ones first.
    pub streams: Vec<Stream>,
    /// Built-in ones first.
    pub sources: Vec<Source>,
    /// By name.
    pub operations: BTreeMap<String, Operations>,
}

/// One meaning, several clouds: cloud and pattern, in the order of the declaration.
pub type Operations = Vec<(String, Glob)>;

impl Schema {
    /// The stream with this name, by its place.
    #[must_use]
    pub fn stream(&self, name: &str) -> Option<usize> {
        self.streams.iter().position(|stream| stream.name == name)
    }

    /// The source with this name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.name == name)
    }

    /// The stream of a source or rule, which `resolve` has checked to be there.
    #[must_use]
    pub fn stream_of(&self, index: usize) -> Option<&Stream> {
        self.streams.get(index)
    }
}
