//! The columns of the result: keys before grouping, measures, severity and shown items after it.

use super::plan::{Column, Empty, Plan, Said, placed};
use super::stats::Fold;
use super::values::{Lack, Value};
use crate::bind::deciding;
use crate::ir::{AggregateFunction, Binding, Expr, ExprKind, Key, Rule, Type, Window};
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Command, Field, Function, Operator, Term};
use crate::target::names::{self, Outputs};

impl Plan<'_> {
    /// Makes the column of each key and drops rows that lack one; gives the columns' names.
    pub(super) fn keys(&mut self, window: &Window, outputs: &Outputs) -> Vec<String> {
        let mut columns = Vec::new();
        let mut present = Vec::new();
        let mut made = Vec::new();
        for (key, output) in window.keys.iter().zip(&outputs.keys) {
            match placed(self.key(key), key.value.span) {
                Ok(value) => {
                    let name = match &value.term {
                        // The discovered field is the key itself.
                        Term::Field(Field::Log(field)) if field == output => field.clone(),
                        _ => {
                            let name = if self.is_discovered(output) { self.fresh("key") } else { output.clone() };
                            columns.push((value.term.clone(), name.clone()));
                            name
                        }
                    };
                    present.push(match value.lack {
                        Lack::Blank | Lack::Empty => {
                            Value { term: key_term(&name, &value.term), lack: value.lack }.present()
                        }
                        _ => value.present(),
                    });
                    made.push(name);
                }
                Err(diagnostic) => self.refusals.push(diagnostic),
            }
        }
        if !columns.is_empty() {
            self.commands.push(Command::Fields(columns));
        }
        self.filter(Term::all(present));
        made
    }

    /// A key's value, with its default.
    fn key(&mut self, key: &Key) -> Said<Value> {
        if key.value.ty == Type::Duration || (key.value.ty == Type::Time && !self.is_whole(&key.value)?) {
            return Err(errors::expression(
                key.value.span,
                "a duration or a time that may have fractions as a group key",
            ));
        }
        let value = self.column_value(&key.value)?;
        let Some(default) = &key.default else { return Ok(value) };
        let Some(default_term) = super::values::text_literal(default) else {
            return Err(errors::odd_text(key.value.span, default));
        };
        let term = match value.lack {
            Lack::Never => return Ok(value),
            Lack::Blank | Lack::Empty => self.non_empty(value.term),
            Lack::Null | Lack::When { .. } => value.or_null(),
        };
        Ok(Value::always(term.or(default_term)))
    }

    /// A value as a column holds it.
    fn column_value(&mut self, expr: &Expr) -> Said<Value> {
        match &expr.ty {
            Type::Text => self.text(expr),
            Type::Time => self.time_text(expr),
            Type::Ip => self.address(expr),
            Type::Int | Type::Float | Type::Decimal | Type::Duration => Ok(as_number(self.number(expr)?)),
            Type::Bool => {
                let (yes, no) = (self.truth(expr, true, true)?, self.truth(expr, false, true)?);
                let case = [yes, Term::word("true"), no, Term::word("false")];
                Ok(Value::blank(Term::call(Function::Case, case)))
            }
            Type::List(_) => Ok(Value::blank(self.list_text(expr)?)),
            Type::Record(_) | Type::Raw => Err(errors::expression(expr.span, "a column of this type")),
        }
    }

    /// Every aggregate that something delivered reads.
    pub(super) fn folds(&mut self, rule: &Rule, outputs: &Outputs) -> Vec<Fold> {
        let (decides, _) = deciding(rule);
        let mut folds = Vec::new();
        for (number, aggregate) in rule.aggregates.iter().enumerate() {
            let is_it = |binding: &Binding| binding.value.kind == ExprKind::Aggregate(number);
            let measure = rule.measures.iter().position(is_it).and_then(|n| outputs.measures.get(n));
            let shown = rule.show.iter().position(is_it).and_then(|n| outputs.show.get(n));
            if !decides.contains(&number) && !is_read(rule, number, &self.left_out) {
                continue;
            }
            let scaled = self.attempt(|plan| plan.scale(aggregate)) != Ok(1);
            let own = measure.or(shown).filter(|_| !scaled).cloned();
            let name = own.unwrap_or_else(|| self.fresh("measure"));
            let deciding = decides.contains(&number);
            let said = self.aside(deciding, |plan| plan.fold(number, aggregate, name));
            match placed(said, aggregate.span) {
                Ok(fold) => folds.push(fold),
                Err(diagnostic) if deciding => self.refusals.push(diagnostic),
                Err(_) => {}
            }
        }
        self.weigh(folds, &rule.aggregates, &|number| decides.contains(&number))
    }

    /// Takes over the columns that grouping has left. A key whose name the log has too gets it now: earlier fields are gone.
    pub(super) fn grouped(&mut self, rule: &Rule, outputs: &Outputs, columns: Vec<(usize, Column)>, by: &[String]) {
        self.known.clear();
        let mut renamed = Vec::new();
        let mut keys = Vec::new();
        for (name, output) in by.iter().skip(1).zip(&outputs.keys) {
            if name != output {
                renamed.push((Term::made(name), output.clone()));
            }
            keys.push(Column { name: output.clone(), empty: Empty::Never, scale: 1 });
        }
        if !renamed.is_empty() {
            self.commands.push(Command::Fields(renamed));
        }
        let mut aggregates = vec![None; rule.aggregates.len()];
        for (number, column) in columns {
            if let Some(place) = aggregates.get_mut(number) {
                *place = Some(column);
            }
        }
        for (aggregate, column) in rule.aggregates.iter().zip(&mut aggregates) {
            if let (Some(column), AggregateFunction::Avg, Type::Duration) = (column, &aggregate.function, &aggregate.ty)
            {
                let rounded = half_to_even(Term::made(&column.name));
                column.name = self.fresh("measure");
                self.commands.push(Command::Fields(vec![(rounded, column.name.clone())]));
            }
        }
        self.grouped.keys = keys;
        self.grouped.aggregates = aggregates;
    }

    /// The measures, each over those before it.
    pub(super) fn measures(&mut self, rule: &Rule, outputs: &Outputs) {
        let (_, decides) = deciding(rule);
        for (n, (measure, name)) in rule.measures.iter().zip(&outputs.measures).enumerate() {
            let deciding = decides.contains(&n);
            let column = match is_always_missing(&measure.value) {
                true => None,
                false => match placed(self.aside(deciding, |plan| plan.measure(measure, name)), measure.value.span) {
                    Ok(column) => Some(column),
                    Err(diagnostic) if deciding => {
                        // A reason for the aggregate below it has been given already.
                        if self.refusals.is_empty() {
                            self.refusals.push(diagnostic);
                        }
                        None
                    }
                    Err(_) => {
                        self.left_out.push(measure.name.clone());
                        None
                    }
                },
            };
            self.grouped.measures.push(column);
        }
    }

    fn measure(&mut self, measure: &Binding, name: &str) -> Said<Column> {
        if let Some(column) = self.own_column(&measure.value, name) {
            return Ok(column);
        }
        let scale = self.grouped_scale(&measure.value);
        let value = if scale == 1 { self.column_value(&measure.value)? } else { self.number(&measure.value)? };
        let column = match (&value.term, scale) {
            (_, 1) => name.to_owned(),
            // Compared in its own unit, shown in another.
            (Term::Field(Field::Made(column, _)), _) => column.clone(),
            _ => self.fresh("measure"),
        };
        if value.term != Term::made(&column) {
            self.commands.push(Command::Fields(vec![(value.or_null(), column.clone())]));
        }
        if scale != 1 {
            self.later.push((scaled(Term::made(&column), scale), name.to_owned()));
        }
        let empty = match value.lack {
            Lack::Never if self.counts_rows(&value.term) => Empty::Rows,
            Lack::Never => Empty::Never,
            _ => Empty::Missing,
        };
        Ok(Column { name: column, empty, scale })
    }

    /// The column of an aggregate that has got the name already.
    fn own_column(&self, expr: &Expr, name: &str) -> Option<Column> {
        let ExprKind::Aggregate(n) = expr.kind else { return None };
        self.grouped.aggregates.get(n)?.clone().filter(|column| column.name == name)
    }

    /// The column of a severity that depends on the alert.
    pub(super) fn severity(&mut self, rule: &Rule, shown: &mut Vec<String>) {
        if rule.severity.arms.is_empty() {
            return;
        }
        let name = names::SEVERITY.to_owned();
        let said = self.aside(false, |plan| {
            let mut args = Vec::new();
            for (condition, level) in &rule.severity.arms {
                args.push(plan.row_condition(condition)?);
                args.push(Term::word(level.text()));
            }
            args.push(Term::word(rule.severity.default.text()));
            if rule.severity.arms.len() > super::values::MAX_BRANCHES || plan.is_discovered(&name) {
                return Err(errors::too_many_arms(rule.span, rule.severity.arms.len()));
            }
            plan.commands.push(Command::Fields(vec![(Term::call(Function::Case, args), name.clone())]));
            Ok(())
        });
        match said {
            Ok(()) => shown.push(name),
            Err(_) => self.left_out.push(name),
        }
    }

    /// The columns of `show`.
    pub(super) fn shown(&mut self, rule: &Rule, outputs: &Outputs, shown: &mut Vec<String>) {
        // What is only shown rests on nothing.
        let rests = (self.untyped, self.addresses);
        let grouped = rule.window.is_some();
        for (item, name) in rule.show.iter().zip(&outputs.show) {
            if self.own_column(&item.value, name).is_some() {
                shown.push(name.clone());
                continue;
            }
            let said = self.aside(false, |plan| {
                let term = match plan.grouped_scale(&item.value) {
                    1 => plan.column_value(&item.value)?.or_null(),
                    scale => scaled(plan.number(&item.value)?.or_null(), scale),
                };
                if term == Term::Field(Field::Log(name.clone())) || term == Term::made(name) {
                    return Ok(());
                }
                if !grouped && plan.is_discovered(name) {
                    return Err(errors::expression(item.value.span, "a column named like a field of the log"));
                }
                plan.commands.push(Command::Fields(vec![(term, name.clone())]));
                Ok(())
            });
            match said {
                Ok(()) => shown.push(name.clone()),
                Err(_) => self.left_out.push(item.name.clone()),
            }
        }
        (self.untyped, self.addresses) = rests;
    }
}

/// A raw number as a number: `5`, `"5"` and `"+5"` are one.
pub(super) fn as_number(value: Value) -> Value {
    if !is_raw(&value.term) {
        return value;
    }
    Value { term: value.term.binary(Operator::Add, Term::Int(0)), ..value }
}

/// Whether a term may give a value as the log has it, and not one that was computed.
fn is_raw(term: &Term) -> bool {
    use Function::{Case, Coalesce, Greatest, If, Least};
    match term {
        Term::Field(field) => field.is_of_log(),
        Term::Call(Case | Coalesce | Greatest | If | Least, args) => args.iter().any(is_raw),
        _ => false,
    }
}

/// A column in the unit in which it is shown.
fn scaled(column: Term, scale: i128) -> Term {
    column.binary(Operator::Divide, Term::Int(scale))
}

/// A number rounded to an int, and in the middle to the even one.
fn half_to_even(number: Term) -> Term {
    let up = Term::call(Function::Floor, [number.clone().binary(Operator::Add, Term::Float(0.5))]);
    let middle = up.clone().binary(Operator::Subtract, number).binary(Operator::Equal, Term::Float(0.5));
    let odd = Term::call(Function::Abs, [up.clone().binary(Operator::Remainder, Term::Int(2))]);
    up.binary(Operator::Subtract, Term::call(Function::If, [middle, odd, Term::Int(0)]))
}

/// The key's column; where the discovered field itself is the key, that field.
fn key_term(name: &str, term: &Term) -> Term {
    match term {
        Term::Field(Field::Log(field)) if field == name => term.clone(),
        _ => Term::made(name),
    }
}

/// What an absent field has left behind.
fn is_always_missing(expr: &Expr) -> bool {
    matches!(&expr.kind, ExprKind::Case(arms, None) if arms.is_empty())
}

/// Whether a measure, a shown item or the severity reads the aggregate.
fn is_read(rule: &Rule, number: usize, left_out: &[String]) -> bool {
    let mut found = false;
    let mut visit = |expr: &Expr| found |= expr.kind == ExprKind::Aggregate(number);
    let kept = |binding: &&Binding| !left_out.contains(&binding.name);
    rule.measures.iter().chain(&rule.show).filter(kept).for_each(|binding| binding.value.walk(&mut visit));
    rule.severity.arms.iter().for_each(|(condition, _)| condition.walk(&mut visit));
    found
}
