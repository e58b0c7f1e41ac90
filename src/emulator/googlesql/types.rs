//! The types of GoogleSQL, and which of them become others by themselves.

use std::fmt;
use std::sync::Arc;

use sqlparser::ast::{ArrayElemTypeDef, DataType, ObjectNamePart};

/// A type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    /// Of NULL, and of the elements of `[]`, until another type is wanted.
    Untyped,
    Bool,
    Int64,
    Float64,
    Numeric,
    BigNumeric,
    String,
    Bytes,
    Timestamp,
    Date,
    Interval,
    Json,
    Array(Box<Type>),
    Struct(Arc<[Field]>),
}

/// A field of a struct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// None where it has no name.
    pub(super) name: Option<String>,
    pub(super) ty: Type,
}

impl Field {
    /// With INT64 for a type that nothing gave.
    pub(super) fn settled(&self) -> Field {
        let ty = match &self.ty {
            Type::Untyped => Type::Int64,
            Type::Array(element) if **element == Type::Untyped => Type::Array(Box::new(Type::Int64)),
            ty => ty.clone(),
        };
        Field { name: self.name.clone(), ty }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Type::Untyped => "NULL",
            Type::Bool => "BOOL",
            Type::Int64 => "INT64",
            Type::Float64 => "FLOAT64",
            Type::Numeric => "NUMERIC",
            Type::BigNumeric => "BIGNUMERIC",
            Type::String => "STRING",
            Type::Bytes => "BYTES",
            Type::Timestamp => "TIMESTAMP",
            Type::Date => "DATE",
            Type::Interval => "INTERVAL",
            Type::Json => "JSON",
            Type::Array(element) => return write!(f, "ARRAY<{element}>"),
            Type::Struct(fields) => {
                f.write_str("STRUCT<")?;
                for (at, field) in fields.iter().enumerate() {
                    f.write_str(if at > 0 { ", " } else { "" })?;
                    if let Some(name) = &field.name {
                        write!(f, "{name} ")?;
                    }
                    write!(f, "{}", field.ty)?;
                }
                return f.write_str(">");
            }
        };
        f.write_str(name)
    }
}

impl Type {
    /// The type of a name without parameters.
    pub(super) fn named(name: &str) -> Option<Type> {
        Some(match name.to_ascii_uppercase().as_str() {
            "BOOL" | "BOOLEAN" => Type::Bool,
            "INT64" | "INT" | "SMALLINT" | "INTEGER" | "BIGINT" | "TINYINT" | "BYTEINT" => Type::Int64,
            "FLOAT64" => Type::Float64,
            "NUMERIC" | "DECIMAL" => Type::Numeric,
            "BIGNUMERIC" | "BIGDECIMAL" => Type::BigNumeric,
            "STRING" => Type::String,
            "BYTES" => Type::Bytes,
            "TIMESTAMP" => Type::Timestamp,
            "DATE" => Type::Date,
            "INTERVAL" => Type::Interval,
            "JSON" => Type::Json,
            _ => return None,
        })
    }

    /// The type that sqlparser read; none of one that this emulator does not know, or that is none.
    pub(super) fn read(read: &DataType) -> Option<Type> {
        Some(match read {
            DataType::Array(ArrayElemTypeDef::AngleBracket(element)) => match Type::read(element)? {
                Type::Array(_) => return None,
                element => Type::Array(Box::new(element)),
            },
            DataType::Struct(fields, _) => {
                let field = |field: &sqlparser::ast::StructField| {
                    Some(Field {
                        name: field.field_name.as_ref().map(|name| name.value.clone()),
                        ty: Type::read(&field.field_type)?,
                    })
                };
                Type::Struct(fields.iter().map(field).collect::<Option<_>>()?)
            }
            DataType::Custom(name, modifiers) if modifiers.is_empty() => match name.0.as_slice() {
                [ObjectNamePart::Identifier(name)] => Type::named(&name.value)?,
                _ => return None,
            },
            // A name with its size, as in STRING(10), is read but not known here.
            other => Type::named(&other.to_string())?,
        })
    }

    /// Where among the numeric types it stands: each becomes the next ones by itself.
    fn numeric_rank(&self) -> Option<u8> {
        [Type::Int64, Type::Numeric, Type::BigNumeric, Type::Float64]
            .iter()
            .zip(0..)
            .find(|(ty, _)| *ty == self)
            .map(|(_, rank)| rank)
    }

    /// Whether a value of this type becomes one of another by itself. `literal`: the value is a literal, which may do more.
    pub(super) fn coerces(&self, to: &Type, literal: bool) -> bool {
        match (self, to) {
            _ if self == to => true,
            (Type::Untyped, _) => true,
            (Type::String, Type::Timestamp | Type::Date) | (Type::Float64, Type::Numeric | Type::BigNumeric) => literal,
            (Type::Array(from), Type::Array(to)) => **from == Type::Untyped || (literal && from.coerces(to, true)),
            (Type::Struct(from), Type::Struct(to)) => {
                from.len() == to.len() && from.iter().zip(to.iter()).all(|(from, to)| from.ty.coerces(&to.ty, literal))
            }
            _ => matches!((self.numeric_rank(), to.numeric_rank()), (Some(from), Some(to)) if from < to),
        }
    }

    /// The type that both become by themselves, the nearest one.
    pub(super) fn common(one: &Type, one_literal: bool, other: &Type, other_literal: bool) -> Option<Type> {
        // A literal follows what is not one.
        if one_literal && !other_literal && one.coerces(other, true) {
            return Some(other.clone());
        }
        if other.coerces(one, other_literal) {
            Some(one.clone())
        } else if one.coerces(other, one_literal) {
            Some(other.clone())
        } else {
            None
        }
    }

    /// Whether `<`, ORDER BY, MIN and MAX take it.
    pub(super) fn is_orderable(&self) -> bool {
        !matches!(self, Type::Json | Type::Array(_) | Type::Struct(_))
    }

    /// Whether `=` and IN take it.
    pub(super) fn is_comparable(&self) -> bool {
        match self {
            Type::Json | Type::Array(_) => false,
            Type::Struct(fields) => fields.iter().all(|field| field.ty.is_comparable()),
            _ => true,
        }
    }
}
