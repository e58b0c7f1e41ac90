//! What a rule borrows from another log, for a query: takes a rule, a source and a target, gives the source as the target sees it, and of each
//! log that lends its records as a rule over them; or why the target can't join them.

use super::Info;
use crate::bind::{Bound, BoundRule, bind, blind, field_expr, told_rule};
use crate::diag::{Code, Diagnostic};
use crate::ir::{
    BORROWED, Binding, Column, ColumnKind, Expr, ExprKind, FieldId, Join, Place, Pred, Rule, Source, Step, Stream,
    Type, borrowed_path,
};
use crate::schema::Schema;
use crate::source::Span;

/// A log that lends, beside the log that borrows.
#[derive(Debug, Clone)]
pub struct Lending<'a> {
    /// What is borrowed.
    pub join: &'a Join,
    /// The source that lends.
    pub lender: &'a Source,
    /// Its place on the target.
    pub place: &'a Place,
    /// What events are joined on, over the borrowing log's raw record.
    pub on: Expr,
    /// The lender's events over its raw record: `show` has what they are joined on, then the lent values in the order of the join.
    pub bound: BoundRule,
    /// The borrowed fields' names, in the order of the join.
    pub names: Vec<String>,
}

impl Lending<'_> {
    /// The place of the borrowing log with what is borrowed in columns of these names, in the order of the join.
    #[must_use]
    pub fn beside(&self, place: &Place, columns: &[String]) -> Place {
        let mut place = place.clone();
        for ((name, column), value) in self.names.iter().zip(columns).zip(self.bound.rule.show.iter().skip(1)) {
            let kind = if value.value.ty == Type::Int { ColumnKind::Int } else { ColumnKind::Text };
            place.columns.push(Column { path: borrowed_path(name), name: column.clone(), kind });
        }
        // The longest path first.
        place.columns.sort_by(|a, b| b.path.len().cmp(&a.path.len()).then_with(|| a.path.cmp(&b.path)));
        place
    }
}

/// What a rule borrows on a target.
pub(super) struct Borrowing<'a> {
    /// The source, with those joins only that the target can make.
    pub(super) source: Source,
    /// What is joined.
    pub(super) lendings: Vec<Lending<'a>>,
    /// The joins that can't be made, and why.
    unmade: Vec<(&'a Join, String)>,
}

impl<'a> Borrowing<'a> {
    pub(super) fn of(
        rule: &Rule,
        source: &'a Source,
        schema: &'a Schema,
        stream: &Stream,
        info: &Info,
    ) -> Borrowing<'a> {
        let mut borrowing = Borrowing { source: source.alone(), lendings: Vec::new(), unmade: Vec::new() };
        for join in source.joins_read(rule, stream) {
            match lending(join, (source, stream), schema, info) {
                Ok(lending) => {
                    borrowing.source.joins.push(join.clone());
                    borrowing.lendings.push(lending);
                }
                Err(why) => borrowing.unmade.push((join, why)),
            }
        }
        borrowing
    }

    /// Nothing borrowed, whatever could be.
    pub(super) fn alone(&self) -> Borrowing<'a> {
        Borrowing { source: self.source.alone(), lendings: Vec::new(), unmade: self.unmade.clone() }
    }

    /// The findings of a rule that was refused on [`Borrowing::source`]: what the log does not carry because nobody lends it is said so.
    pub(super) fn refusals(&self, rule: &Rule, stream: &Stream, reasons: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let absent = blind(rule, &self.source, stream);
        let explain = |(n, reason): (usize, Diagnostic)| {
            let field = absent.get(n).and_then(|name| stream.field(name));
            let unmade = field.and_then(|field| {
                let (join, why) =
                    self.unmade.iter().find(|(join, _)| join.fields.iter().any(|lent| lent.field == field))?;
                Some(unmade(&self.source.name, join, (absent.get(n)?, why), read_at(rule, field)))
            });
            unmade.unwrap_or(reason)
        };
        reasons.into_iter().enumerate().map(explain).collect()
    }
}

/// Where a field is read first.
fn read_at(rule: &Rule, field: FieldId) -> Span {
    let mut at = None;
    rule.walk(&mut |expr| {
        if expr.kind == ExprKind::Field(field) {
            at.get_or_insert(expr.span);
        }
    });
    at.unwrap_or(rule.span)
}

fn unmade(source: &str, join: &Join, (field, why): (&str, &str), read: Span) -> Diagnostic {
    let message = format!("`{source}` borrows `{field}` from `{}`: {why}", join.lender);
    Diagnostic::error(Code::NotExpressible, message)
        .at(read, "read here")
        .help(format!("run the rule over an archive that holds both logs, or leave `{source}` out with `only`"))
}

/// The log that lends, or why the target can't join it.
fn lending<'a>(
    join: &'a Join,
    (source, stream): (&Source, &Stream),
    schema: &'a Schema,
    info: &Info,
) -> Result<Lending<'a>, String> {
    if let Some(why) = info.joins_not {
        return Err(why.to_owned());
    }
    let found = schema.source(&join.lender).zip(schema.stream_of(join.stream));
    let Some((lender, lending)) = found else { return Err(format!("there is no source `{}`", join.lender)) };
    let Some(place) = lender.place(info.place) else {
        return Err(format!("that log has no place on {}", info.name));
    };
    if lender.assemble.is_some() {
        return Err("its events are made of several records, which no query joins".to_owned());
    }
    let on = field_expr(source, stream, join.on).ok_or_else(|| format!("`{}` gives no key", source.name))?;
    let item = |field: FieldId| {
        let field_of = lending.get(field);
        let ty = field_of.map_or(Type::Text, |field| field.ty.clone());
        let name = field_of.map(|field| field.name.clone()).unwrap_or_default();
        Binding { name, value: Expr::new(ExprKind::Field(field), ty, join.span) }
    };
    let show: Vec<Binding> =
        std::iter::once(join.lender_on).chain(join.fields.iter().map(|lent| lent.lender)).map(item).collect();
    let names = show.iter().skip(1).map(|item| item.name.clone()).collect();
    match bind(&events(join, show), &lender.alone(), lending) {
        Bound::Rule(bound) => Ok(Lending { join, lender, place, on, bound: told_rule(*bound, place), names }),
        Bound::Refused(_) | Bound::Never => Err("that log gives nothing of it".to_owned()),
    }
}

/// The rule that has all events of the lender, and shows what is lent.
fn events(join: &Join, show: Vec<Binding>) -> Rule {
    Rule { name: join.lender.clone(), show, ..Rule::of_all(join.stream, join.span) }
}

/// Whether a predicate of a bound rule reads anything that was borrowed, also by a row value of the rule.
pub(super) fn reads_borrowed(rule: &Rule, pred: &Pred) -> bool {
    let mut found = false;
    pred.walk(&mut |expr| found |= is_borrowed(rule, expr));
    found
}

fn is_borrowed(rule: &Rule, expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Path(_, steps) => matches!(steps.first(), Some(Step::Key(key)) if key == BORROWED),
        ExprKind::With(n) => rule.with.get(*n).is_some_and(|binding| {
            let mut found = false;
            binding.value.walk(&mut |expr| found |= is_borrowed(rule, expr));
            found
        }),
        _ => false,
    }
}
