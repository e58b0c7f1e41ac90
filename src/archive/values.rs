//! Values of the language into Arrow arrays, and back: for the archive's files and for the engine's plans.

use std::net::IpAddr;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListArray, StringArray,
    StructArray, new_null_array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{
    DataType, Decimal128Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use datafusion::arrow::error::ArrowError;

use super::columns::{DECIMAL, arrow_type};
use crate::eval::Value;
use crate::ir::{RecordType, Type};

/// Stands for what a shorter record lacks.
const MISSING: &Value = &Value::Missing;

/// Values of one type as the array that [`arrow_type`] names; missing ones, and those of another type, are null.
///
/// # Errors
/// More text or elements than one array holds.
pub fn encode(ty: &Type, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    Ok(match ty {
        Type::Text | Type::Raw => {
            let size: usize = values.iter().filter_map(|value| value.as_text()).map(str::len).sum();
            if i32::try_from(size).is_err() {
                return Err(ArrowError::OffsetOverflowError(size));
            }
            Arc::new(values.iter().map(|value| value.as_text()).collect::<StringArray>())
        }
        Type::Ip => Arc::new(values.iter().map(|value| ip_text(value)).collect::<StringArray>()),
        Type::Int | Type::Duration => Arc::new(values.iter().map(|value| whole(value)).collect::<Int64Array>()),
        Type::Time => {
            let times = values.iter().map(|value| whole(value)).collect::<Int64Array>();
            Arc::new(times.reinterpret_cast::<TimestampMicrosecondType>().with_timezone("UTC"))
        }
        Type::Float => Arc::new(values.iter().map(|value| float(value)).collect::<Float64Array>()),
        Type::Decimal => {
            let decimals = values.iter().map(|value| decimal(value)).collect::<Decimal128Array>();
            Arc::new(decimals.with_precision_and_scale(DECIMAL.0, DECIMAL.1)?)
        }
        Type::Bool => Arc::new(values.iter().map(|value| boolean(value)).collect::<BooleanArray>()),
        Type::List(element) => encode_list(ty, element, values)?,
        Type::Record(record) => encode_record(ty, record, values)?,
    })
}

fn encode_list(ty: &Type, element: &Type, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let DataType::List(field) = arrow_type(ty) else { return Ok(new_null_array(&arrow_type(ty), values.len())) };
    let lists: Vec<&[Value]> = values.iter().map(|value| value.elements()).collect();
    let size = lists.iter().map(|list| list.len()).sum();
    if i32::try_from(size).is_err() {
        return Err(ArrowError::OffsetOverflowError(size));
    }
    let offsets = OffsetBuffer::from_lengths(lists.iter().map(|list| list.len()));
    let elements: Vec<&Value> = lists.iter().flat_map(|list| list.iter()).collect();
    let present = NullBuffer::from_iter(lists.iter().map(|list| !list.is_empty()));
    Ok(Arc::new(ListArray::try_new(field, offsets, encode(element, &elements)?, Some(present))?))
}

fn encode_record(ty: &Type, record: &RecordType, values: &[&Value]) -> Result<ArrayRef, ArrowError> {
    let DataType::Struct(fields) = arrow_type(ty) else { return Ok(new_null_array(&arrow_type(ty), values.len())) };
    let columns = record.fields.iter().enumerate().map(|(at, (_, ty))| {
        let column: Vec<&Value> = values
            .iter()
            .map(|value| match value {
                Value::Record(_, members) => members.get(at).unwrap_or(MISSING),
                _ => MISSING,
            })
            .collect();
        encode(ty, &column)
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let present = NullBuffer::from_iter(values.iter().map(|value| matches!(value, Value::Record(..))));
    Ok(Arc::new(StructArray::try_new_with_length(fields, columns, Some(present), values.len())?))
}

fn ip_text(value: &Value) -> Option<String> {
    match value {
        Value::Ip(ip) => Some(ip.to_string()),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) | Value::Time(value) | Value::Duration(value) => Some(*value),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn decimal(value: &Value) -> Option<i128> {
    match value {
        Value::Decimal(value) => Some(*value),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        _ => None,
    }
}

/// The value in one row of an array. Text may be of any of Arrow's forms, a time an int: plans choose those that are quick to work with.
/// What does not fit the type (a file that was tampered with) is missing.
#[must_use]
pub fn decode(ty: &Type, array: &ArrayRef, row: usize) -> Value {
    if row >= array.len() || array.is_null(row) {
        return Value::Missing;
    }
    match ty {
        Type::Text => text(array, row).map_or(Value::Missing, Value::text),
        Type::Ip => text(array, row).and_then(|text| text.parse::<IpAddr>().ok()).map_or(Value::Missing, Value::ip),
        Type::Int => int(array, row).map_or(Value::Missing, Value::Int),
        Type::Duration => int(array, row).map_or(Value::Missing, Value::Duration),
        Type::Time => int(array, row).map_or(Value::Missing, Value::Time),
        Type::Float => {
            array.as_primitive_opt::<Float64Type>().map_or(Value::Missing, |floats| Value::float(floats.value(row)))
        }
        Type::Decimal => array
            .as_primitive_opt::<Decimal128Type>()
            .map_or(Value::Missing, |decimals| Value::decimal(decimals.value(row))),
        Type::Bool => array.as_boolean_opt().map_or(Value::Missing, |bools| Value::Bool(bools.value(row))),
        Type::List(element) => array.as_list_opt::<i32>().map_or(Value::Missing, |lists| {
            let elements = lists.value(row);
            Value::list((0..elements.len()).map(|at| decode(element, &elements, at)).collect())
        }),
        Type::Record(record) => array.as_struct_opt().map_or(Value::Missing, |structs| {
            let members = record.fields.iter().zip(structs.columns()).map(|((_, ty), column)| decode(ty, column, row));
            Value::Record(Arc::clone(record), members.collect())
        }),
        Type::Raw => Value::Missing,
    }
}

/// The text in one row of an array of text.
pub(super) fn text(array: &ArrayRef, row: usize) -> Option<&str> {
    match array.data_type() {
        DataType::Utf8View => array.as_string_view_opt().map(|texts| texts.value(row)),
        _ => array.as_string_opt::<i32>().map(|texts| texts.value(row)),
    }
}

fn int(array: &ArrayRef, row: usize) -> Option<i64> {
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            array.as_primitive_opt::<TimestampMicrosecondType>().map(|times| times.value(row))
        }
        _ => array.as_primitive_opt::<Int64Type>().map(|ints| ints.value(row)),
    }
}
