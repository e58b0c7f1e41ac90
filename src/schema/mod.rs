//! What rules can read: the built-in `.sky` files and tag lists, and what they and a pack's own files resolve to.

pub mod tags;

use std::collections::BTreeMap;

use crate::ir::{Glob, Source, Stream};

/// The built-in files: streams first. They are read by the same parser as a pack's.
pub const BUILTIN: &[(&str, &str)] = &[
    ("<built-in streams.sky>", include_str!("builtin/streams.sky")),
    ("<built-in sources/aws.sky>", include_str!("builtin/sources/aws.sky")),
    ("<built-in sources/azure.sky>", include_str!("builtin/sources/azure.sky")),
    ("<built-in sources/azure_apim.sky>", include_str!("builtin/sources/azure_apim.sky")),
    ("<built-in sources/gcp.sky>", include_str!("builtin/sources/gcp.sky")),
    ("<built-in sources/otel.sky>", include_str!("builtin/sources/otel.sky")),
];

/// The stream whose fields every stream has.
pub const COMMON: &str = "event";

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
