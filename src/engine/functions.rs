//! Functions of columns. Those that text-heavy rules call for every row work on whole columns; the others are the evaluator's, row by row.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, StringViewArray, StringViewBuilder,
};
use datafusion::arrow::compute::is_not_null;
use datafusion::arrow::compute::kernels::zip::zip;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, internal_datafusion_err, plan_datafusion_err};
use datafusion::logical_expr::Expr;
use regex::Regex;

use super::kernel::{argument, array, kernel};
use super::lower::plan_type;
use super::rowwise::rowwise;
use super::texts::machine;
use crate::eval::expr::{Scope, Subject};
use crate::eval::pattern::Patterns;
use crate::eval::{Json, clock};
use crate::ir::pattern::RUST;
use crate::ir::{self, ExprKind, Function, Pattern, Type};
use crate::source::Span;

/// A function's value over columns of these types.
pub(super) fn call(function: &Function, args: Vec<Expr>, types: Vec<Type>, ty: &Type) -> Result<Expr> {
    match (function, args.len()) {
        (Function::Lower, 1) => Ok(text_to_text("lower", args, |text| Some(text.to_ascii_lowercase()))),
        (Function::Upper, 1) => Ok(text_to_text("upper", args, |text| Some(text.to_ascii_uppercase()))),
        (Function::Length, 1) => Ok(length(args)),
        (Function::Substring, 3) => Ok(substring(args)),
        (Function::Concat, 1..) => Ok(concat(args)),
        (Function::Coalesce, 1..) => Ok(coalesce(args, ty)),
        (Function::Extract(pattern), 1) => extract(pattern, args),
        (Function::Hour, 1) => Ok(int_to_int("hour", args, clock::hour)),
        (Function::Weekday, 1) => Ok(int_to_int("weekday", args, clock::weekday)),
        (Function::ToFloat, 1) => Ok(kernel("float", String::new(), DataType::Float64, args, |args| {
            let floats = argument::<Int64Array>(args, 0)?.iter().map(|int| int.map(|int| int as f64));
            Ok(Arc::new(floats.collect::<Float64Array>()) as ArrayRef)
        })),
        (Function::Size, 1) => Ok(size(args)),
        (_, 0) => Err(plan_datafusion_err!("`{}` without arguments", function.name())),
        _ => Ok(by_evaluator(function, args.into_iter().zip(types).collect(), ty)),
    }
}

/// The evaluator's own function: it sees the arguments as the keys of a group.
fn by_evaluator(function: &Function, args: Vec<(Expr, Type)>, ty: &Type) -> Expr {
    let span = Span::default();
    let keys = args.iter().enumerate().map(|(n, (_, ty))| ir::Expr::new(ExprKind::Key(n), ty.clone(), span));
    let call = ir::Expr::new(ExprKind::Call(function.clone(), keys.collect()), ty.clone(), span);
    rowwise(function.name(), format!("{function:?}"), args, ty, move |values| {
        // No function that comes here has a pattern.
        let patterns = Patterns::default();
        let subject = Subject { source: "", fields: &[], record: &Json::Null };
        let mut scope = Scope::new(subject, &patterns);
        scope.of_group(values.to_vec());
        scope.value(&call)
    })
}

fn text_to_text(label: &str, args: Vec<Expr>, act: fn(&str) -> Option<String>) -> Expr {
    kernel(label, String::new(), DataType::Utf8View, args, move |args| {
        let texts = argument::<StringViewArray>(args, 0)?.iter().map(|text| text.and_then(act));
        Ok(Arc::new(texts.collect::<StringViewArray>()) as ArrayRef)
    })
}

fn int_to_int(label: &str, args: Vec<Expr>, act: fn(i64) -> i64) -> Expr {
    kernel(label, String::new(), DataType::Int64, args, move |args| {
        let ints = argument::<Int64Array>(args, 0)?.iter().map(|int| int.map(act));
        Ok(Arc::new(ints.collect::<Int64Array>()) as ArrayRef)
    })
}

fn length(args: Vec<Expr>) -> Expr {
    kernel("length", String::new(), DataType::Int64, args, |args| {
        let texts = argument::<StringViewArray>(args, 0)?.iter();
        let lengths = texts.map(|text| text.and_then(|text| i64::try_from(text.chars().count()).ok()));
        Ok(Arc::new(lengths.collect::<Int64Array>()) as ArrayRef)
    })
}

fn substring(args: Vec<Expr>) -> Expr {
    kernel("substring", String::new(), DataType::Utf8View, args, |args| {
        let texts = argument::<StringViewArray>(args, 0)?;
        let (starts, counts) = (argument::<Int64Array>(args, 1)?, argument::<Int64Array>(args, 2)?);
        let parts = texts.iter().zip(starts).zip(counts).map(|((text, start), count)| part(text?, start?, count?));
        Ok(Arc::new(parts.collect::<StringViewArray>()) as ArrayRef)
    })
}

/// Code points from `start`, at most `count`; none where nothing is left.
fn part(text: &str, start: i64, count: i64) -> Option<&str> {
    let (start, count) = (usize::try_from(start).ok()?, usize::try_from(count).ok()?);
    let mut places = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let from = places.nth(start)?;
    let to = match count.checked_sub(1) {
        None => from,
        Some(more) => places.nth(more).unwrap_or(text.len()),
    };
    text.get(from..to).filter(|part| !part.is_empty())
}

fn concat(args: Vec<Expr>) -> Expr {
    kernel("concat", String::new(), DataType::Utf8View, args, |args| {
        let columns = args.iter().map(array::<StringViewArray>).collect::<Result<Vec<_>>>()?;
        let rows = columns.first().map_or(0, |column| column.len());
        let mut out = StringViewBuilder::with_capacity(rows);
        let mut text = String::new();
        for row in 0..rows {
            text.clear();
            columns.iter().filter(|column| column.is_valid(row)).for_each(|column| text.push_str(column.value(row)));
            out.append_option(Some(text.as_str()).filter(|text| !text.is_empty()));
        }
        Ok(Arc::new(out.finish()) as ArrayRef)
    })
}

fn coalesce(args: Vec<Expr>, ty: &Type) -> Expr {
    let returns = plan_type(ty);
    kernel("first_of", returns.to_string(), returns, args, |args| {
        let (first, rest) = args.split_first().ok_or_else(|| internal_datafusion_err!("nothing to choose from"))?;
        let mut found = Arc::clone(first);
        for other in rest {
            found = zip(&is_not_null(&found)?, &found, other)?;
        }
        Ok(found)
    })
}

fn extract(pattern: &Pattern, args: Vec<Expr>) -> Result<Expr> {
    let printed = pattern.print(&RUST);
    let regex = machine(&printed)?;
    let group = usize::from(pattern.groups > 0);
    let identity = format!("{group} {printed}");
    Ok(kernel("extract", identity, DataType::Utf8View, args, move |args| {
        let texts = argument::<StringViewArray>(args, 0)?.iter();
        Ok(Arc::new(texts.map(|text| captured(&regex, group, text?)).collect::<StringViewArray>()) as ArrayRef)
    }))
}

fn captured<'t>(regex: &Regex, group: usize, text: &'t str) -> Option<&'t str> {
    let found = match group {
        0 => regex.find(text),
        group => regex.captures(text)?.get(group),
    };
    found.map(|found| found.as_str()).filter(|found| !found.is_empty())
}

fn size(args: Vec<Expr>) -> Expr {
    kernel("size", String::new(), DataType::Int64, args, |args| {
        let lists = args.first().and_then(|array| array.as_list_opt::<i32>());
        let lists = lists.ok_or_else(|| internal_datafusion_err!("expected a list"))?;
        let sizes = (0..lists.len()).map(|row| if lists.is_null(row) { 0 } else { i64::from(lists.value_length(row)) });
        Ok(Arc::new(Int64Array::from_iter_values(sizes)) as ArrayRef)
    })
}
