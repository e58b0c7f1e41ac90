//! Parts of nested columns: a record's member, and the list inside what `values` and `top` give.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StructArray, make_array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, internal_datafusion_err};
use datafusion::logical_expr::Expr;

use super::kernel::{argument, kernel};
use crate::archive::{arrow_type, decode};
use crate::eval::Value;
use crate::ir::Type;

/// The n-th member of a record, as the archive holds it; missing where the record is.
pub(super) fn member(record: Expr, n: usize, ty: &Type) -> Expr {
    part("member", record, n, arrow_type(ty))
}

/// The list inside what [`listing_type`] describes.
pub(super) fn listed(listing: Expr, ty: &Type) -> Expr {
    part("listed", listing, 0, arrow_type(ty))
}

/// What `values` and `top` give: the elements, and whether there were more.
pub(super) fn listing_type(ty: &Type) -> DataType {
    DataType::Struct(Fields::from(vec![
        Field::new("values", arrow_type(ty), true),
        Field::new("more", DataType::Boolean, true),
    ]))
}

/// The n-th member of a record, of the type it has there.
pub(super) fn part(label: &str, record: Expr, n: usize, returns: DataType) -> Expr {
    kernel(label, format!("{n} {returns}"), returns, vec![record], move |args| child(argument(args, 0)?, n))
}

/// A struct's column, null where the struct is.
fn child(record: &StructArray, n: usize) -> Result<ArrayRef> {
    let column = record.columns().get(n).ok_or_else(|| internal_datafusion_err!("a record has no member {n}"))?;
    if record.null_count() == 0 {
        return Ok(Arc::clone(column));
    }
    let nulls = NullBuffer::union(record.nulls(), column.nulls());
    let data = column.to_data().into_builder().nulls(nulls).build()?;
    Ok(make_array(data))
}

/// The value in one row of a column of [`listing_type`].
pub(super) fn listing(ty: &Type, column: &ArrayRef, row: usize) -> Value {
    let Some(listings) = column.as_struct_opt().filter(|listings| listings.is_valid(row)) else {
        return Value::Missing;
    };
    let [values, more] = listings.columns() else { return Value::Missing };
    let more = decode(&Type::Bool, more, row) == Value::Bool(true);
    Value::Listing { values: decode(ty, values, row).elements().into(), more }
}
