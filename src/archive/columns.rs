//! A stream in, its Arrow columns out: one column a field, plus the source that an event comes from.
//!
//! Missing is null everywhere: a column never holds empty text or an empty list, so that every reader of the files sees what a rule sees.
//! What Arrow's types can't say (an address, a duration) stands in the field's metadata, under [`TYPE`].

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};

use crate::ir::{Stream, Tier, Type};

/// The column of the source's name, before those of the fields.
pub const SOURCE: &str = "source";
/// Metadata of a column: the language's type.
pub(super) const TYPE: &str = "skywatch.type";
/// Metadata of a file: the stream's name.
pub(super) const STREAM: &str = "skywatch.stream";
/// Digits and places of a decimal column.
pub(super) const DECIMAL: (u8, i8) = (38, 9);

/// The columns of one tier of a stream. The content tier has those of the metadata tier too, so that a rule reads one file.
#[must_use]
pub fn columns(stream: &Stream, tier: Tier) -> SchemaRef {
    let mut fields = vec![Field::new(SOURCE, DataType::Utf8, false)];
    fields.extend(stream.fields.iter().filter(|field| tier == Tier::Content || field.tier == tier).map(|field| {
        let metadata = HashMap::from([(TYPE.to_owned(), field.ty.to_string())]);
        Field::new(&field.name, arrow_type(&field.ty), true).with_metadata(metadata)
    }));
    let metadata = HashMap::from([(STREAM.to_owned(), stream.name.clone())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// Whether a stream has text that is opt-in.
#[must_use]
pub fn has_content(stream: &Stream) -> bool {
    stream.fields.iter().any(|field| field.tier == Tier::Content)
}

/// How the archive holds values of a type.
#[must_use]
pub fn arrow_type(ty: &Type) -> DataType {
    match ty {
        // Raw JSON is read as a type before it reaches a stream; an address is its canonical text.
        Type::Text | Type::Ip | Type::Raw => DataType::Utf8,
        Type::Int | Type::Duration => DataType::Int64,
        Type::Float => DataType::Float64,
        Type::Decimal => DataType::Decimal128(DECIMAL.0, DECIMAL.1),
        Type::Bool => DataType::Boolean,
        Type::Time => DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
        Type::List(element) => DataType::List(Arc::new(Field::new("item", arrow_type(element), true))),
        Type::Record(record) => DataType::Struct(
            record.fields.iter().map(|(name, ty)| Field::new(name, arrow_type(ty), true)).collect::<Fields>(),
        ),
    }
}
