//! Literals.

use std::ops::Range;

use sqlparser::ast::Value;

use crate::emulator::Failure;
use crate::emulator::googlesql::cast;
use crate::emulator::googlesql::functions::{Trouble, json_literal};
use crate::emulator::googlesql::tree::{Expr, Node};
use crate::emulator::googlesql::types::Type;
use crate::emulator::googlesql::value::Val;

pub(super) fn literal(value: &Value, span: Range<usize>) -> Result<Expr, Failure> {
    let (value, ty) = match value {
        Value::Null => (Val::Null, Type::Untyped),
        Value::Boolean(value) => (Val::Bool(*value), Type::Bool),
        Value::SingleQuotedString(text) => (text.as_str().into(), Type::String),
        Value::SingleQuotedByteStringLiteral(text) => {
            // One character a byte.
            let bytes = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or_default());
            (Val::Bytes(bytes.collect()), Type::Bytes)
        }
        Value::Number(text, _) => return number(text, span),
        other => return Err(Failure::unknown(format!("the literal {other}"), span)),
    };
    Ok(Expr::new(Node::Literal(value), ty, span))
}

fn number(text: &str, span: Range<usize>) -> Result<Expr, Failure> {
    let wrong = || Failure::rejected(format!("{text} is no number of 64 bits"), span.clone());
    let hexadecimal = text.trim_start_matches('-').to_ascii_lowercase().starts_with("0x");
    let (value, ty) = if !hexadecimal && text.contains(['.', 'e', 'E']) {
        let float: f64 = text.parse().map_err(|_| wrong())?;
        if !float.is_finite() {
            return Err(wrong());
        }
        (Val::Float(float), Type::Float64)
    } else {
        let value = Val::from(text);
        (cast::cast(&value, &Type::String, &Type::Int64).map_err(|_| wrong())?, Type::Int64)
    };
    Ok(Expr::new(Node::Literal(value), ty, span))
}

/// `TIMESTAMP '…'` and its sisters.
pub(super) fn typed_literal(text: &str, ty: &Type, span: Range<usize>) -> Result<Expr, Failure> {
    let value = match ty {
        Type::Json => json_literal(text),
        Type::Timestamp | Type::Date | Type::Numeric | Type::BigNumeric => {
            cast::cast(&Val::from(text), &Type::String, ty)
        }
        _ => return Err(Failure::rejected(format!("{ty} has no literals of this form"), span)),
    };
    let value = value.map_err(|trouble| match trouble {
        Trouble::Stops(why) => Failure::rejected(why, span.clone()),
        Trouble::Unknown(why) => Failure::unknown(why, span.clone()),
    })?;
    Ok(Expr::new(Node::Literal(value), ty.clone(), span))
}
