//! Parts of the raw record as columns: takes a raw path and the type it is read as, gives the expression that reads it there.
//!
//! What a value reads as is the language's rule ("Reading values"), so a JSON text `"5.0"` is no int and JSON `true` is no text. Tests
//! that can't tell the difference ask for less: see [`Reading`].

use super::errors;
use super::lower::Lower;
use super::tree::{Node, Operator, QueryForm, Select, Sql, Type, Unnest};
use crate::ir::{self, ColumnKind, Expr, ExprKind, Function, Step};
use crate::source::Span;
use crate::target::said::{Said, gather};

/// A part of the raw record.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    /// A typed column with nothing below it.
    Column(Sql, ColumnKind),
    /// Something in JSON: what it is in, and the path below that.
    Json(Sql, Vec<Step>),
    /// Elements of lists: `ARRAY<JSON>`.
    List(Sql),
}

/// What a reader of text needs to be kept from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// Empty text must read as `NULL`.
    pub empty: bool,
    /// JSON `true` and `false` must read as `NULL`, not as words.
    pub bools: bool,
}

impl Reading {
    /// As the language reads.
    pub(super) const STRICT: Reading = Reading { empty: true, bools: true };
}

impl Lower<'_> {
    /// The place of a raw expression.
    pub(super) fn raw(&mut self, expr: &Expr) -> Said<Raw> {
        match &expr.kind {
            ExprKind::Path(inner, steps) if inner.kind == ExprKind::Record => self.column(steps, expr.span),
            ExprKind::Path(inner, steps) => {
                let raw = self.raw(inner)?;
                self.below(raw, steps, expr.span)
            }
            ExprKind::Record => self.column(&[], expr.span),
            ExprKind::Element(number) => self.raw_element(*number, expr.span),
            ExprKind::Json(inner) => self.parsed(inner),
            ExprKind::Entries(inner, Some(keys)) => self.entries(inner, keys, expr.span),
            ExprKind::Entries(_, None) => Err(vec![errors::cannot(
                expr.span,
                "the members of a JSON object can't be listed without naming its keys",
                "name them in the source: `entries(.x, \"key\")`",
            )]),
            ExprKind::Call(Function::Last, args) => match args.as_slice() {
                [list] => self.last_raw(list),
                _ => Err(vec![no_path(expr.span)]),
            },
            ExprKind::Call(Function::Coalesce, parts) => {
                let parts = parts.iter().map(|part| self.raw(part).and_then(|raw| as_json(raw, part.span)));
                let arms = gather(parts)?.into_iter().map(|json| (is_there(&json, &[]), json)).collect();
                let first = Sql::new(Node::Case(arms, None), Type::Json, true);
                Ok(Raw::Json(first, Vec::new()))
            }
            _ => Err(vec![no_path(expr.span)]),
        }
    }

    /// The last element of a list that is there, as JSON.
    fn last_raw(&mut self, list: &Expr) -> Said<Raw> {
        let list = match self.raw(list)? {
            Raw::List(list) => list,
            Raw::Json(base, path) => elements(&base, &path),
            Raw::Column(..) => return Ok(Raw::Json(Sql::null(Type::Json), Vec::new())),
        };
        let (element, place) = (self.alias("element"), self.alias("place"));
        let value = Sql::name(element.clone(), Type::Json);
        let filter = vec![is_there(&value, &[])];
        let select = Select {
            items: vec![(value, None)],
            unnest: vec![Unnest { list, name: element, offset: Some(place.clone()) }],
            filter,
            order_by: vec![super::tree::Order { by: Sql::name(place, Type::Int64), descending: true }],
            limit: Some(1),
            ..Select::default()
        };
        Ok(Raw::Json(Sql::value_of(select, Type::Json), Vec::new()))
    }

    /// The column with the longest path that begins `steps`.
    fn column(&mut self, steps: &[Step], span: Span) -> Said<Raw> {
        let found = self
            .place
            .columns
            .iter()
            .filter(|column| steps.starts_with(&column.path))
            .max_by_key(|column| column.path.len());
        let Some(column) = found else {
            return Err(vec![errors::no_column(self.source, self.place, steps, span)]);
        };
        let rest = steps.get(column.path.len()..).unwrap_or_default();
        let name: Vec<String> = column.name.split('.').map(str::to_owned).collect();
        let of = |ty| Sql::column(name.clone(), ty);
        let raw = match column.kind {
            ColumnKind::Text => Raw::Column(of(Type::String), column.kind),
            ColumnKind::Int => Raw::Column(of(Type::Int64), column.kind),
            ColumnKind::Float => Raw::Column(of(Type::Float64), column.kind),
            ColumnKind::Bool => Raw::Column(of(Type::Bool), column.kind),
            ColumnKind::Time => Raw::Column(of(Type::Timestamp), column.kind),
            ColumnKind::Dynamic => Raw::Json(of(Type::Json), Vec::new()),
            ColumnKind::Json => Raw::Json(parse_json(of(Type::String)), Vec::new()),
        };
        if matches!(raw, Raw::Column(..)) && !rest.is_empty() {
            return Err(vec![errors::no_column(self.source, self.place, steps, span)]);
        }
        self.below(raw, rest, span)
    }

    /// A part of a raw value.
    fn below(&mut self, raw: Raw, steps: &[Step], span: Span) -> Said<Raw> {
        let Some((step, rest)) = steps.split_first() else { return Ok(raw) };
        match (raw, step) {
            (Raw::Json(base, mut path), Step::Key(key)) => {
                if key.contains(['"', '\\']) {
                    return Err(vec![errors::cannot(
                        span,
                        "a key with a quote or a backslash has no documented form in a JSON path",
                        "map the path to a column of its own",
                    )]);
                }
                path.push(step.clone());
                self.below(Raw::Json(base, path), rest, span)
            }
            (Raw::Json(base, mut path), Step::Index(index)) if *index >= 0 => {
                path.push(step.clone());
                self.below(Raw::Json(base, path), rest, span)
            }
            (Raw::Json(base, path), Step::Index(index)) => {
                let list = elements(&base, &path);
                let length = Sql::call("ARRAY_LENGTH", vec![list.clone()], Type::Int64);
                let place = Sql::binary(Operator::Add, length, Sql::int(index.saturating_add(1)));
                let element = Sql::new(Node::Element(Box::new(list), Box::new(place)), Type::Json, true);
                self.below(Raw::Json(element, Vec::new()), rest, span)
            }
            (Raw::Json(base, path), Step::Elements) => {
                let list = elements(&base, &path);
                if rest.is_empty() { Ok(Raw::List(list)) } else { self.of_each(list, rest, span) }
            }
            (Raw::List(list), _) => self.of_each(list, steps, span),
            (Raw::Json(..), Step::Values) => Err(vec![errors::cannot(
                span,
                "the values of a JSON object can't be listed without naming its keys",
                "name the keys in the source",
            )]),
            (Raw::Column(..), _) => Err(vec![errors::no_column(self.source, self.place, steps, span)]),
        }
    }

    /// The parts of every element of a list, in order; elements without the part give none.
    fn of_each(&mut self, list: Sql, steps: &[Step], span: Span) -> Said<Raw> {
        let (element, offset) = (self.alias("element"), self.alias("place"));
        let mut unnest = vec![Unnest { list, name: element.clone(), offset: Some(offset.clone()) }];
        let mut order_by = vec![super::tree::Order { by: Sql::name(offset, Type::Int64), descending: false }];
        let part = self.below(Raw::Json(Sql::name(element, Type::Json), Vec::new()), steps, span)?;
        let item = match part {
            Raw::Json(base, path) => query(&base, &path),
            Raw::List(list) => {
                let (inner, place) = (self.alias("element"), self.alias("place"));
                unnest.push(Unnest { list, name: inner.clone(), offset: Some(place.clone()) });
                order_by.push(super::tree::Order { by: Sql::name(place, Type::Int64), descending: false });
                Sql::name(inner, Type::Json)
            }
            Raw::Column(..) => return Err(vec![errors::no_column(self.source, self.place, steps, span)]),
        };
        // Absent parts give none; a null that is there stays.
        let filter = if item.nullable && matches!(item.node, Node::Call(..)) {
            vec![item.clone().is_present()]
        } else {
            Vec::new()
        };
        let select = Select { items: vec![(item, None)], unnest, filter, order_by, ..Select::default() };
        let ty = Type::Array(Box::new(Type::Json));
        Ok(Raw::List(Sql::new(Node::Query(QueryForm::Array, Box::new(select)), ty, false)))
    }

    /// Text read as JSON; what is an object or list already stays as it is.
    fn parsed(&mut self, inner: &Expr) -> Said<Raw> {
        if inner.ty != ir::Type::Raw {
            let text = self.expr(inner)?;
            return Ok(Raw::Json(parse_json(text), Vec::new()));
        }
        match self.raw(inner)? {
            Raw::Column(text, ColumnKind::Text) => Ok(Raw::Json(parse_json(text), Vec::new())),
            Raw::Column(..) => Ok(Raw::Json(Sql::null(Type::Json), Vec::new())),
            // Files may write a JSON column's value as text; the column has it parsed.
            Raw::Json(column, path) if path.is_empty() && matches!(column.node, Node::Column(_)) => {
                Ok(Raw::Json(column, path))
            }
            Raw::Json(base, path) => {
                let is_text = Sql::binary(Operator::Equal, json_type(&base, &path), Sql::text("string"));
                let parsed = parse_json(value(&base, &path));
                Ok(Raw::Json(Sql::if_else(is_text, parsed, query(&base, &path)), Vec::new()))
            }
            list @ Raw::List(_) => Ok(list),
        }
    }

    /// The members of an object that have one of these keys and are not null, as `{key, value}`.
    fn entries(&mut self, inner: &Expr, keys: &[String], span: Span) -> Said<Raw> {
        let of = self.raw(inner)?;
        let mut made = Vec::new();
        for key in keys {
            let Raw::Json(base, path) = self.below(of.clone(), &[Step::Key(key.clone())], span)? else { continue };
            let members = vec![Sql::text("key"), Sql::text(key.clone()), Sql::text("value"), query(&base, &path)];
            made.push(Sql::call("JSON_OBJECT", members, Type::Json));
        }
        let array = Type::Array(Box::new(Type::Json));
        let (entry, place) = (self.alias("entry"), self.alias("place"));
        let item = Sql::name(entry.clone(), Type::Json);
        let value = [Step::Key("value".to_owned())];
        let filter = vec![Sql::binary(Operator::NotEqual, json_type(&item, &value), Sql::text("null"))];
        let list = Sql::new(Node::Array(made), array.clone(), false);
        let select = Select {
            items: vec![(item, None)],
            unnest: vec![Unnest { list, name: entry, offset: Some(place.clone()) }],
            filter,
            order_by: vec![super::tree::Order { by: Sql::name(place, Type::Int64), descending: false }],
            ..Select::default()
        };
        Ok(Raw::List(Sql::new(Node::Query(QueryForm::Array, Box::new(select)), array, false)))
    }

    /// A raw value read as a scalar type.
    pub(super) fn read(&mut self, raw: &Raw, ty: &ir::Type, reading: Reading, span: Span) -> Said<Sql> {
        let missing = |ty: &ir::Type| Ok(Sql::null(sql_type(ty)));
        match (raw, ty) {
            (Raw::List(_), _) => missing(ty),
            (Raw::Column(column, ColumnKind::Text), _) => Ok(read_text(column.clone(), ty, reading)),
            (Raw::Column(column, ColumnKind::Int), ir::Type::Int) => Ok(column.clone()),
            (Raw::Column(column, ColumnKind::Int), ir::Type::Text) => Ok(column.clone().cast(Type::String)),
            (Raw::Column(column, ColumnKind::Int), ir::Type::Float) => Ok(column.clone().cast(Type::Float64)),
            (Raw::Column(column, ColumnKind::Float), ir::Type::Float) => Ok(column.clone()),
            (Raw::Column(column, ColumnKind::Float), ir::Type::Int) => Ok(whole(column.clone())),
            (Raw::Column(column, ColumnKind::Float | ColumnKind::Time), ir::Type::Text) => {
                Err(vec![errors::not_as_written(span, &column_text(column))])
            }
            (Raw::Column(column, ColumnKind::Bool), ir::Type::Bool)
            | (Raw::Column(column, ColumnKind::Time), ir::Type::Time) => Ok(column.clone()),
            (Raw::Column(..), _) => missing(ty),
            (Raw::Json(base, path), _) => Ok(read_json(base, path, ty, reading)),
        }
    }

    /// Whether a raw value is there: not null, not empty text, not an empty list.
    pub(super) fn raw_present(&mut self, expr: &Expr) -> Said<Sql> {
        Ok(match self.raw(expr)? {
            Raw::Column(column, ColumnKind::Text) => column.unless_empty().is_present(),
            Raw::Column(column, _) => column.is_present(),
            Raw::List(list) => super::lower_list::is_filled(list),
            Raw::Json(base, path) => is_there(&base, &path),
        })
    }
}

/// Whether JSON is there: not null, not empty text, not an empty list.
fn is_there(base: &Sql, path: &[Step]) -> Sql {
    Sql::any(vec![scalar_or_object(base, path), super::lower_list::is_filled(elements(base, path))])
}

fn scalar_or_object(base: &Sql, path: &[Step]) -> Sql {
    Sql::any(vec![
        Sql::binary(Operator::Equal, json_type(base, path), Sql::text("object")),
        Sql::binary(Operator::NotEqual, value(base, path), Sql::text("")),
    ])
}

/// JSON as a list: what is no list is a list of one.
pub(super) fn listed(base: &Sql, path: &[Step]) -> Sql {
    let ty = Type::Array(Box::new(Type::Json));
    let alone = Sql::new(Node::Array(vec![query(base, path)]), ty, false);
    elements(base, path).or(alone.only_if(scalar_or_object(base, path)))
}

/// A raw value as one JSON expression.
fn as_json(raw: Raw, span: Span) -> Said<Sql> {
    match raw {
        Raw::Json(base, path) => Ok(query(&base, &path)),
        Raw::Column(..) | Raw::List(_) => Err(vec![no_path(span)]),
    }
}

fn no_path(span: Span) -> crate::diag::Diagnostic {
    errors::cannot(span, "this raw value is made in a way that has no path", "read a path of the record as a type")
}

/// `NULL` of the type that values of a type have here.
pub(super) fn sql_type(ty: &ir::Type) -> Type {
    match ty {
        ir::Type::Text | ir::Type::Ip => Type::String,
        ir::Type::Int | ir::Type::Duration => Type::Int64,
        ir::Type::Float => Type::Float64,
        ir::Type::Decimal => Type::Numeric,
        ir::Type::Bool => Type::Bool,
        ir::Type::Time => Type::Timestamp,
        ir::Type::List(element) => Type::Array(Box::new(sql_type(element))),
        ir::Type::Record(_) | ir::Type::Raw => Type::Json,
    }
}

fn column_text(column: &Sql) -> String {
    match &column.node {
        Node::Column(path) => path.join("."),
        _ => String::new(),
    }
}

/// Text that is known to be text, read as a type.
fn read_text(text: Sql, ty: &ir::Type, reading: Reading) -> Sql {
    match ty {
        ir::Type::Text if reading.empty => text.unless_empty(),
        ir::Type::Text => text,
        ir::Type::Int => text.clone().convert(Type::Int64).only_if(fits(text, "^[+-]?[0-9]+$")),
        ir::Type::Float => {
            finite(text.clone().convert(Type::Float64)).only_if(fits(text, r"^[+-]?[0-9]+(?:\.[0-9]+)?$"))
        }
        ir::Type::Time => {
            // Finer times are cut; the cast takes six places only.
            let cut = Sql::call(
                "REGEXP_REPLACE",
                vec![text.clone(), pattern(r"(\.[0-9]{6})[0-9]+"), pattern(r"\1")],
                Type::String,
            );
            cut.convert(Type::Timestamp).only_if(fits(
                text,
                "^[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\
                 (?:\\.[0-9]+)?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$",
            ))
        }
        ir::Type::Ip => super::lower_address::canonical(text),
        _ => Sql::null(sql_type(ty)),
    }
}

fn read_json(base: &Sql, path: &[Step], ty: &ir::Type, reading: Reading) -> Sql {
    let text = || value(base, path);
    let is = |kind: &str| Sql::binary(Operator::Equal, json_type(base, path), Sql::text(kind));
    match ty {
        ir::Type::Text => {
            let text = if reading.empty { text().unless_empty() } else { text() };
            if reading.bools {
                text.only_if(json_type(base, path).one_of(["string", "number"].map(Sql::text).to_vec()))
            } else {
                text
            }
        }
        ir::Type::Bool => Sql::binary(Operator::Equal, text(), Sql::text("true")).only_if(is("boolean")),
        ir::Type::Int => Sql::if_else(
            is("number"),
            text().convert(Type::Int64).or(whole(text().convert(Type::Float64))),
            read_text(text(), ty, reading),
        ),
        ir::Type::Float => {
            Sql::if_else(is("number"), finite(text().convert(Type::Float64)), read_text(text(), ty, reading))
        }
        // `true` is neither a time nor an address, and a number neither.
        ir::Type::Time | ir::Type::Ip => read_text(text(), ty, reading),
        _ => Sql::null(sql_type(ty)),
    }
}

/// A float as an int where it is whole and fits.
fn whole(float: Sql) -> Sql {
    let floor = Sql::call("FLOOR", vec![float.clone()], Type::Float64);
    float.clone().convert(Type::Int64).only_if(Sql::binary(Operator::Equal, float, floor))
}

/// A float, `NULL` where infinite.
fn finite(float: Sql) -> Sql {
    let infinite = Sql::call("IS_INF", vec![float.clone()], Type::Bool);
    Sql::if_else(infinite, Sql::null(Type::Float64), float)
}

/// Text of a moment as SQL prints it, or in RFC 3339.
pub(super) fn sql_time(text: Sql) -> Sql {
    let with_t = vec![text, pattern("^([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9:.]+) UTC$"), pattern(r"\1T\2Z")];
    read_text(Sql::call("REGEXP_REPLACE", with_t, Type::String), &ir::Type::Time, Reading::STRICT)
}

/// A pattern of this target's own, without a quote in it.
fn pattern(text: &str) -> Sql {
    Sql::new(Node::Pattern(text.to_owned()), Type::String, false)
}

fn fits(text: Sql, whole: &str) -> Sql {
    Sql::call("REGEXP_CONTAINS", vec![text, pattern(whole)], Type::Bool)
}

/// Numbers are rounded, never refused: one number past 64 bits must not lose the whole document.
fn parse_json(text: Sql) -> Sql {
    let rounding = Box::new(Sql::text("round"));
    Sql::new(Node::CallWith("SAFE.PARSE_JSON", vec![text], "wide_number_mode", rounding), Type::Json, true)
}

/// A JSON scalar as text; `NULL` for objects and lists.
fn value(base: &Sql, path: &[Step]) -> Sql {
    Sql::call_or_null("JSON_VALUE", with_path(base, path), Type::String)
}

/// A part of a JSON value.
fn query(base: &Sql, path: &[Step]) -> Sql {
    if path.is_empty() {
        return base.clone();
    }
    Sql::call_or_null("JSON_QUERY", with_path(base, path), Type::Json)
}

/// The elements of a JSON list; `NULL` where it is none.
pub(super) fn elements(base: &Sql, path: &[Step]) -> Sql {
    Sql::call_or_null("JSON_QUERY_ARRAY", with_path(base, path), Type::Array(Box::new(Type::Json)))
}

/// `string`, `number`, `boolean`, `array`, `object` or `null`.
fn json_type(base: &Sql, path: &[Step]) -> Sql {
    Sql::call_or_null("JSON_TYPE", vec![query(base, path)], Type::String)
}

fn with_path(base: &Sql, path: &[Step]) -> Vec<Sql> {
    if path.is_empty() { vec![base.clone()] } else { vec![base.clone(), Sql::text(json_path(path))] }
}

/// `$.key."odd key"[0]`
fn json_path(path: &[Step]) -> String {
    let mut out = "$".to_owned();
    for step in path {
        match step {
            Step::Key(key) => {
                let plain = key
                    .bytes()
                    .enumerate()
                    .all(|(at, b)| b == b'_' || b.is_ascii_alphabetic() || (at > 0 && b.is_ascii_digit()));
                if plain && !key.is_empty() {
                    out.push_str(&format!(".{key}"));
                } else {
                    out.push_str(&format!(".\"{key}\""));
                }
            }
            Step::Index(index) => out.push_str(&format!("[{index}]")),
            Step::Elements | Step::Values => {}
        }
    }
    out
}
