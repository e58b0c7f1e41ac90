//! Functions of values: takes a function and its arguments, gives its value. Where nothing else is said, a missing argument gives missing.

use super::clock;
use super::expr::Scope;
use super::number::{BILLION, arithmetic, compare};
use super::text;
use super::value::Value;
use crate::ir::{Arithmetic, Expr, Function, distance_km};
use std::cmp::Ordering;

impl Scope<'_> {
    pub(super) fn call(&mut self, function: &Function, args: &[Expr]) -> Value {
        if *function == Function::Coalesce {
            return self.first_present(args);
        }
        let args: Vec<Value> = args.iter().map(|arg| self.value(arg)).collect();
        let present = || args.iter().filter(|value| value.is_present());
        match (function, args.as_slice()) {
            (Function::Concat, parts) => joined(parts.iter().flat_map(parts_of), ""),
            (Function::SumOf, _) => {
                // One after the other: an overflow stays missing, whatever follows.
                present().cloned().reduce(|sum, value| arithmetic(Arithmetic::Add, &sum, &value)).unwrap_or_default()
            }
            (Function::Greatest, _) => extreme(present(), Ordering::Greater),
            (Function::Least, _) => extreme(present(), Ordering::Less),
            (Function::Size, [list]) => i64::try_from(list.elements().len()).map_or(Value::Missing, Value::Int),
            (Function::Join, lists) => joined(lists.iter().flat_map(Value::elements), "\n"),
            (Function::Last, [list]) => {
                list.elements().iter().rfind(|value| value.is_present()).cloned().unwrap_or_default()
            }
            (Function::Lower, [Value::Text(text)]) => Value::text(&text.to_ascii_lowercase()),
            (Function::Upper, [Value::Text(text)]) => Value::text(&text.to_ascii_uppercase()),
            (Function::Length, [Value::Text(text)]) => text::length(text),
            (Function::Substring, [Value::Text(text), Value::Int(start), Value::Int(count)]) => {
                text::substring(text, *start, *count)
            }
            (Function::Extract(pattern), [Value::Text(text)]) => self.patterns().extract(pattern, text),
            (Function::Base64Decode, [Value::Text(text)]) => text::base64_decode(text),
            (Function::Hash, [Value::Text(text)]) => Value::text(&text::hash(text)),
            (Function::Hour, [Value::Time(time)]) => Value::Int(clock::hour(*time)),
            (Function::Weekday, [Value::Time(time)]) => Value::Int(clock::weekday(*time)),
            (Function::MaskedNet, [Value::Text(text)]) => text::masked_net(text),
            (Function::Ticks, [Value::Int(ticks)]) => clock::of_ticks(*ticks).map_or(Value::Missing, Value::Time),
            (Function::UnixNanos, [Value::Int(nanos)]) => Value::Time(clock::of_unix_nanos(*nanos)),
            (Function::SqlTime, [Value::Text(text)]) => clock::parse_sql_time(text).map_or(Value::Missing, Value::Time),
            (Function::Distance, [Value::Text(from), Value::Text(to)]) => {
                distance_km(from, to).map_or(Value::Missing, Value::float)
            }
            (Function::ToFloat, [Value::Int(int)]) => Value::float(*int as f64),
            (Function::ToDecimal, [Value::Int(int)]) => Value::decimal(i128::from(*int) * BILLION),
            _ => Value::Missing,
        }
    }
}

/// A text is one part, a list's elements are parts.
fn parts_of(value: &Value) -> &[Value] {
    match value {
        Value::List(elements) => elements,
        one => std::slice::from_ref(one),
    }
}

/// Those that are texts, one after the other; missing where there is none.
fn joined<'a>(texts: impl Iterator<Item = &'a Value>, between: &str) -> Value {
    Value::text(&texts.filter_map(Value::as_text).collect::<Vec<_>>().join(between))
}

/// The greatest or least of comparable values; the first of equal ones.
fn extreme<'a>(values: impl Iterator<Item = &'a Value>, wanted: Ordering) -> Value {
    let better = |best: &'a Value, value: &'a Value| if compare(value, best) == Some(wanted) { value } else { best };
    values.reduce(better).cloned().unwrap_or_default()
}
