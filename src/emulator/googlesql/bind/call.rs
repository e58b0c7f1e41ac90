//! Calls of scalar and aggregate functions.

use std::ops::Range;

use sqlparser::ast::{
    self, DuplicateTreatment, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments, NullTreatment,
};

use super::scope::Scope;
use super::{Binder, Calls, at, over};
use crate::emulator::Failure;
use crate::emulator::googlesql::aggregates::{self, AggregateFunction};
use crate::emulator::googlesql::functions::json_path::{self, Quoting};
use crate::emulator::googlesql::functions::{self, Trouble};
use crate::emulator::googlesql::tree::{Aggregate, Expr, Node};
use crate::emulator::googlesql::types::Type;
use crate::emulator::googlesql::value::Val;

/// Other names of functions, and SAFE forms of operators.
const ALIASES: &[(&str, &str, bool)] = &[
    ("SUBSTRING", "SUBSTR", false),
    ("CEILING", "CEIL", false),
    ("SAFE_ADD", "+", true),
    ("SAFE_SUBTRACT", "-", true),
    ("SAFE_MULTIPLY", "*", true),
    ("SAFE_DIVIDE", "/", true),
    ("SAFE_NEGATE", "-", true),
];

/// Which argument of a function is a part such as DAY.
const PARTS: &[(&str, usize)] = &[("TIMESTAMP_TRUNC", 1), ("DATE_TRUNC", 1), ("TIMESTAMP_DIFF", 2), ("DATE_DIFF", 2)];

const CLOCK: &[&str] = &["MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR"];
const CALENDAR: &[&str] = &[
    "DAY",
    "WEEK",
    "WEEK(SUNDAY)",
    "WEEK(MONDAY)",
    "WEEK(TUESDAY)",
    "WEEK(WEDNESDAY)",
    "WEEK(THURSDAY)",
    "WEEK(FRIDAY)",
    "WEEK(SATURDAY)",
    "ISOWEEK",
    "MONTH",
    "QUARTER",
    "YEAR",
    "ISOYEAR",
];

/// Whether a function takes a part.
pub(super) fn check_part(part: &str, name: &str, span: &Range<usize>) -> Result<(), Failure> {
    let takes = match name {
        "TIMESTAMP_DIFF" | "TIMESTAMP_ADD" | "TIMESTAMP_SUB" => CLOCK.contains(&part) || part == "DAY",
        "DATE_TRUNC" | "DATE_DIFF" => CALENDAR.contains(&part),
        "EXTRACT" => CLOCK.contains(&part) || CALENDAR.contains(&part) || matches!(part, "DAYOFWEEK" | "DAYOFYEAR"),
        _ => CLOCK.contains(&part) || CALENDAR.contains(&part),
    };
    if takes { Ok(()) } else { Err(Failure::rejected(format!("{name} does not take the part {part}"), span.clone())) }
}

/// A function's name, in capitals.
fn name_of(function: &ast::Function) -> (String, Range<usize>) {
    let parts: Vec<&ast::Ident> = function.name.0.iter().filter_map(|part| part.as_ident()).collect();
    let name = parts.iter().map(|part| part.value.to_ascii_uppercase()).collect::<Vec<_>>().join(".");
    let span = parts.iter().map(|part| at(part.span)).reduce(|one, other| over(&one, &other));
    (name, span.unwrap_or_default())
}

impl Binder<'_> {
    pub(super) fn function(
        &mut self,
        function: &ast::Function,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Expr, Failure> {
        let (name, span) = name_of(function);
        if function.filter.is_some() || !function.within_group.is_empty() || function.uses_odbc_syntax {
            return Err(Failure::rejected(format!("{name} with FILTER or WITHIN GROUP is not of GoogleSQL"), span));
        }
        self.check_null_treatment(function, &name, &span)?;
        if let FunctionArguments::Subquery(query) = &function.args {
            if name != "ARRAY" {
                return Err(Failure::rejected(format!("{name} takes no query"), span));
            }
            let rows = self.query(query, Some(scope))?;
            let [field] = &*rows.columns else {
                return Err(Failure::rejected("an ARRAY subquery has one column", span));
            };
            if matches!(field.ty, Type::Array(_)) {
                return Err(Failure::rejected("an array of arrays", span));
            }
            let ty = Type::Array(Box::new(field.ty.clone()));
            return Ok(Expr::new(Node::ArrayOf(Box::new(rows.plan)), ty, span));
        }
        if let Some(over) = &function.over {
            return self.window(function, &name, over, scope, calls, span);
        }
        if let Some(aggregate) = aggregates::find(&name) {
            if aggregate.only_over {
                return Err(Failure::rejected(format!("{name} wants OVER"), span));
            }
            let bound =
                self.aggregate(aggregate, function, scope, &mut Calls::none("the arguments of an aggregate function"))?;
            let ty = bound.ty.clone();
            let place = calls.place;
            let Some(all) = &mut calls.aggregates else {
                return Err(Failure::rejected(format!("the aggregate function {name} may not stand in {place}"), span));
            };
            all.push(bound);
            return Ok(Expr::new(Node::Aggregate(all.len() - 1), ty, span));
        }
        let (name, safe) = match name.strip_prefix("SAFE.") {
            Some(name) => (name, true),
            None => (&*name, false),
        };
        let args = arguments(function, name, &span)?;
        self.scalar(name, safe, &args, scope, calls, span)
    }

    fn scalar(
        &mut self,
        name: &str,
        safe: bool,
        args: &[&ast::Expr],
        scope: &Scope<'_>,
        calls: &mut Calls,
        span: Range<usize>,
    ) -> Result<Expr, Failure> {
        let (name, safe) = match ALIASES.iter().find(|(alias, ..)| *alias == name) {
            Some((_, name, always)) => (*name, safe || *always),
            None => (name, safe),
        };
        let part = PARTS.iter().find(|(of, _)| *of == name).map(|(_, index)| *index);
        let mut bound = Vec::new();
        for (index, arg) in args.iter().enumerate() {
            if part == Some(index) {
                let part = part_of(arg, name, &span)?;
                bound.push(Expr::new(Node::Literal(part.into()), Type::String, span.clone()));
                continue;
            }
            if matches!(name, "TIMESTAMP_ADD" | "TIMESTAMP_SUB") && index == 1 {
                match arg {
                    ast::Expr::Interval(ast::Interval { leading_field: Some(part), .. }) => {
                        check_part(&part.to_string().to_ascii_uppercase(), name, &span)?;
                    }
                    _ => return Err(Failure::rejected(format!("{name} wants INTERVAL, a number and a part"), span)),
                }
            }
            bound.push(self.expr(arg, scope, calls)?);
        }
        match (name, bound.len()) {
            ("IF", 3) => {
                let then = bound.split_off(1);
                let when =
                    bound.pop().map(|when| self.coerced(when, &Type::Bool, "the condition of IF")).transpose()?;
                self.choice(when.into_iter().collect(), then)
            }
            ("COALESCE", 1..) | ("IFNULL", 2) => {
                let (all, ty) = self.unified(bound, &format!("the arguments of {name}"))?;
                Ok(Expr::new(Node::Coalesce(all), ty, span))
            }
            ("JSON_OBJECT" | "JSON_ARRAY", 1..) => {
                if name == "JSON_OBJECT" && bound.iter().step_by(2).any(|key| key.ty != Type::String) {
                    return Err(Failure::unknown("JSON_OBJECT of other than texts and values in turn", span));
                }
                let args = bound.into_iter().map(|arg| self.call("TO_JSON", vec![arg], false, span.clone()));
                let args = args.collect::<Result<_, _>>()?;
                self.call(name, args, safe, span)
            }
            _ => {
                check_path(name, bound.get(1), &span)?;
                self.call(name, bound, safe, span)
            }
        }
    }

    /// IGNORE NULLS behind the last argument's own call is read as that call's: it is the one's around it, or wrong.
    fn check_null_treatment(
        &mut self,
        function: &ast::Function,
        name: &str,
        span: &Range<usize>,
    ) -> Result<(), Failure> {
        if let Some(treatment) = function.null_treatment {
            let expected = self.trailing.checked_sub(1);
            self.trailing = expected.ok_or_else(|| {
                Failure::rejected(format!("{treatment} stands inside of the parentheses of {name}"), span.clone())
            })?;
        }
        self.trailing += usize::from(trailing_treatment(function).is_some());
        Ok(())
    }

    /// A call of a function of the tables.
    pub(super) fn call(
        &mut self,
        name: &str,
        args: Vec<Expr>,
        safe: bool,
        span: Range<usize>,
    ) -> Result<Expr, Failure> {
        if !functions::is_known(name) && !matches!(name, "IF" | "COALESCE" | "IFNULL") {
            return Err(Failure::unknown(format!("the function {name}"), span));
        }
        let types: Vec<(Type, bool)> = args.iter().map(|arg| (arg.ty.clone(), arg.is_literal())).collect();
        let Some(matched) = functions::matching(name, &types) else {
            let shown: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
            let message = format!("{name} does not take ({})", shown.join(", "));
            // Of these types the tables do not have every form.
            let rare =
                |ty: &Type| matches!(ty, Type::Bytes | Type::Date | Type::Interval | Type::Numeric | Type::BigNumeric);
            let partly = args.iter().any(|arg| rare(&arg.ty)) || name == "CONTAINS_SUBSTR";
            return Err(if partly { Failure::unknown(message, span) } else { Failure::rejected(message, span) });
        };
        if args.iter().any(|arg| matches!(arg.ty, Type::Struct(_))) && name.starts_with("TO_JSON") {
            return Err(Failure::unknown(format!("{name} of a STRUCT"), span));
        }
        let args = args.into_iter().zip(&matched.takes).map(|(arg, wanted)| self.coerced(arg, wanted, "an argument"));
        let node = Node::Call { function: matched.function, args: args.collect::<Result<_, _>>()?, safe };
        Ok(Expr::new(node, matched.gives, span))
    }

    /// A call of an aggregate function, whose arguments see the rows of a group; `inside` says what may stand in them.
    pub(super) fn aggregate(
        &mut self,
        function: &'static AggregateFunction,
        call: &ast::Function,
        scope: &Scope<'_>,
        inside: &mut Calls,
    ) -> Result<Aggregate, Failure> {
        let (name, span) = name_of(call);
        let FunctionArguments::List(list) = &call.args else {
            return Err(Failure::rejected(format!("{name} wants arguments"), span));
        };
        let mut args = Vec::new();
        let star = matches!(list.args.as_slice(), [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]);
        if star && name != "COUNT" {
            return Err(Failure::rejected(format!("{name} takes no star"), span));
        }
        if !star {
            for arg in arguments(call, &name, &span)? {
                args.push(self.expr(arg, scope, inside)?);
            }
            if args.is_empty() || !(function.arity.0..=function.arity.1).contains(&args.len()) {
                return Err(Failure::rejected(format!("{name} does not take {} arguments", args.len()), span));
            }
        }
        let shown: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
        let types: Vec<Type> = args.iter().map(|arg| arg.ty.clone()).collect();
        let Some((wanted, ty)) = function.types(&types) else {
            let message = format!("{name} does not take ({})", shown.join(", "));
            let partly =
                types.iter().any(|ty| matches!(ty, Type::Bytes | Type::Interval | Type::Numeric | Type::BigNumeric));
            return Err(if partly { Failure::unknown(message, span) } else { Failure::rejected(message, span) });
        };
        if args.get(1).is_some_and(|second| !second.is_literal()) {
            return Err(Failure::rejected(format!("the second argument of {name} is a literal"), span));
        }
        let args = args.into_iter().zip(&wanted).map(|(arg, wanted)| self.coerced(arg, wanted, "an argument"));
        let args: Vec<Expr> = args.collect::<Result<_, _>>()?;
        let distinct = list.duplicate_treatment == Some(DuplicateTreatment::Distinct);
        if distinct && (star || args.iter().any(|arg| !arg.ty.is_comparable())) {
            return Err(Failure::rejected(format!("{name} of DISTINCT {}", shown.join(", ")), span));
        }
        let ignore_nulls = function.skips_nulls;
        let mut bound = Aggregate {
            function,
            args,
            distinct,
            ignore_nulls,
            order: Vec::new(),
            limit: None,
            having: None,
            ty,
            at: span,
        };
        self.clauses(&mut bound, call, &list.clauses, scope, inside)?;
        Ok(bound)
    }

    /// What stands behind the arguments of an aggregate function.
    fn clauses(
        &mut self,
        bound: &mut Aggregate,
        call: &ast::Function,
        clauses: &[FunctionArgumentClause],
        scope: &Scope<'_>,
        inside: &mut Calls,
    ) -> Result<(), Failure> {
        let name = bound.function.name;
        let ordered = matches!(name, "ARRAY_AGG" | "STRING_AGG");
        for clause in clauses {
            match clause {
                FunctionArgumentClause::OrderBy(keys) if ordered => {
                    for key in keys {
                        let by = self.expr(&key.expr, scope, inside)?;
                        bound.order.push(self.sort_key(by, &key.options)?);
                    }
                }
                FunctionArgumentClause::Limit(ast::Expr::Value(ast::ValueWithSpan {
                    value: ast::Value::Number(limit, _),
                    ..
                })) if ordered => {
                    bound.limit = limit.parse().ok();
                }
                FunctionArgumentClause::IgnoreOrRespectNulls(treatment)
                    if name == "ARRAY_AGG" || bound.function.only_over =>
                {
                    bound.ignore_nulls = *treatment == NullTreatment::IgnoreNulls;
                }
                FunctionArgumentClause::Having(ast::HavingBound(kind, by)) if name == "ANY_VALUE" => {
                    let by = self.expr(by, scope, inside)?;
                    if !by.ty.is_orderable() {
                        return Err(Failure::rejected(format!("HAVING MAX or MIN of {}", by.ty), by.at));
                    }
                    bound.having = Some((*kind == ast::HavingBoundKind::Max, Box::new(by)));
                }
                FunctionArgumentClause::Having(_) => {
                    return Err(Failure::unknown(format!("{name} with HAVING"), bound.at.clone()));
                }
                other => return Err(Failure::rejected(format!("{name} does not take {other}"), bound.at.clone())),
            }
        }
        if let Some(treatment) = trailing_treatment(call) {
            if name != "ARRAY_AGG" && !bound.function.only_over {
                return Err(Failure::rejected(format!("{name} does not take {treatment}"), bound.at.clone()));
            }
            bound.ignore_nulls = treatment == NullTreatment::IgnoreNulls;
        }
        if bound.distinct && bound.order.iter().any(|key| Some(&key.by) != bound.args.first()) {
            return Err(Failure::rejected(format!("{name} of DISTINCT values sorts by them only"), bound.at.clone()));
        }
        Ok(())
    }
}

/// The arguments of a call, which are expressions.
pub(super) fn arguments<'f>(
    function: &'f ast::Function,
    name: &str,
    span: &Range<usize>,
) -> Result<Vec<&'f ast::Expr>, Failure> {
    let list = match &function.args {
        FunctionArguments::List(list) => list,
        _ if matches!(name, "CURRENT_TIMESTAMP" | "CURRENT_DATE") => return Ok(Vec::new()),
        _ => return Err(Failure::rejected(format!("{name} wants parentheses"), span.clone())),
    };
    if aggregates::find(name).is_none()
        && (list.duplicate_treatment.is_some() || !list.clauses.is_empty())
        && function.over.is_none()
    {
        return Err(Failure::rejected(format!("{name} is no aggregate function"), span.clone()));
    }
    let arg = |arg: &'f FunctionArg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr),
        FunctionArg::Unnamed(_) => Err(Failure::rejected(format!("{name} takes no star"), span.clone())),
        FunctionArg::Named { name: argument, .. } => {
            Err(Failure::unknown(format!("{name} with {argument} =>"), span.clone()))
        }
        FunctionArg::ExprNamed { .. } => Err(Failure::rejected(format!("an argument of {name}"), span.clone())),
    };
    list.args.iter().map(arg).collect()
}

/// IGNORE NULLS or RESPECT NULLS of a call that takes it, where sqlparser gave it to the call at the end of the last argument.
pub(super) fn trailing_treatment(function: &ast::Function) -> Option<NullTreatment> {
    let name = function.name.to_string().to_ascii_uppercase();
    let takes = aggregates::find(&name).is_some() || function.over.is_some();
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.last() {
        Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(last))) if takes => treatment_at_end(last),
        _ => None,
    }
}

fn treatment_at_end(expr: &ast::Expr) -> Option<NullTreatment> {
    match expr {
        ast::Expr::Function(function) if function.over.is_none() => function.null_treatment,
        ast::Expr::BinaryOp { right: end, .. }
        | ast::Expr::UnaryOp { expr: end, .. }
        | ast::Expr::Between { high: end, .. }
        | ast::Expr::Like { pattern: end, .. } => treatment_at_end(end),
        _ => None,
    }
}

/// A part such as DAY or WEEK(MONDAY).
fn part_of(arg: &ast::Expr, name: &str, span: &Range<usize>) -> Result<String, Failure> {
    let part = match arg {
        ast::Expr::Identifier(part) if part.quote_style.is_none() => part.value.to_ascii_uppercase(),
        ast::Expr::Function(part) => part.to_string().to_ascii_uppercase(),
        _ => return Err(Failure::rejected(format!("{name} wants a part such as DAY"), span.clone())),
    };
    check_part(&part, name, span)?;
    Ok(part)
}

/// A JSONPath is a literal, and one.
fn check_path(name: &str, path: Option<&Expr>, span: &Range<usize>) -> Result<(), Failure> {
    let quoting = match name {
        "JSON_VALUE" | "JSON_QUERY" | "JSON_VALUE_ARRAY" | "JSON_QUERY_ARRAY" => Quoting::Double,
        "JSON_EXTRACT" | "JSON_EXTRACT_SCALAR" | "JSON_EXTRACT_ARRAY" => Quoting::Bracket,
        _ => return Ok(()),
    };
    match path.map(|path| &path.node) {
        None => Ok(()),
        Some(Node::Literal(Val::Text(path))) => json_path::check(path, quoting).map_err(|trouble| match trouble {
            Trouble::Stops(why) => Failure::rejected(why, span.clone()),
            Trouble::Unknown(why) => Failure::unknown(why, span.clone()),
        }),
        Some(_) => Err(Failure::rejected(format!("the JSONPath of {name} is a literal"), span.clone())),
    }
}
