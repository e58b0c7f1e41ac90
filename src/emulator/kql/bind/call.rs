//! Calls: of functions that the query declares, of those whose arguments are no plain values, and of all others by their signatures.

use std::ops::Range;
use std::rc::Rc;

use super::Binding;
use super::operators::{common, is_ordered};
use crate::emulator::Failure;
use crate::emulator::kql::aggregates;
use crate::emulator::kql::bound::{Bound, Node, Window};
use crate::emulator::kql::engine::Engine;
use crate::emulator::kql::functions::{self, Gives, Needs};
use crate::emulator::kql::scope::{Meaning, Names, Scope};
use crate::emulator::kql::tree::{Expr, ExprKind, Function, Name, Named, ParameterKind};
use crate::emulator::kql::value::{Cell, Type};

impl Engine<'_> {
    pub(super) fn bind_call(&self, name: &Name, arguments: &[Named], at: &Range<usize>, scope: Scope<'_>) -> Binding {
        if let Some(Meaning::Function(function, seen)) = scope.names.get(&name.text) {
            return self.bind_declared(name, function, seen, arguments, scope);
        }
        if let Some(named) = arguments.iter().find_map(|argument| argument.names.first()) {
            return Err(Failure::unknown(
                format!("a named argument `{}` is not known here", named.text),
                named.at.clone(),
            ));
        }
        if aggregates::exists(&name.text) {
            let message = format!("`{}` is an aggregate, which only `summarize` takes", name.text);
            return Err(Failure::rejected(message, name.at.clone()));
        }
        match (name.text.as_str(), arguments) {
            ("ingestion_time", []) => {
                return Ok(Bound { kind: Type::Time, at: at.clone(), node: Node::Arrival });
            }
            ("toscalar", [table]) => return self.bind_toscalar(&table.value, at, scope),
            ("column_ifexists" | "columnifexists", [column, default]) => {
                return self.bind_column_if_exists(&column.value, &default.value, at, scope);
            }
            ("extract", [pattern, group, text, Named { value: Expr { kind: ExprKind::TypeOf(kind), .. }, .. }]) => {
                let text = self.bind_function("extract", name, &[pattern, group, text], at, scope)?;
                let text = if *kind == Type::Text { return Ok(text) } else { text };
                let convert = functions::conversion(*kind).ok_or_else(|| {
                    Failure::unknown(format!("extract of a {} is not known here", kind.name()), at.clone())
                })?;
                return Ok(Bound { kind: *kind, at: at.clone(), node: Node::Call(convert, vec![text]) });
            }
            _ => {}
        }
        let given: Vec<&Named> = arguments.iter().collect();
        self.bind_function(&name.text, name, &given, at, scope)
    }

    fn bind_function(
        &self,
        text: &str,
        name: &Name,
        arguments: &[&Named],
        at: &Range<usize>,
        scope: Scope<'_>,
    ) -> Binding {
        let bound: Result<Vec<Bound>, Failure> = arguments.iter().map(|one| self.bind(&one.value, scope)).collect();
        let bound = bound?;
        match text {
            "iff" | "iif" | "case" => return self.bind_choice(text, bound, at),
            "coalesce" => return self.bind_coalesce(bound, at),
            "prev" | "next" | "row_number" | "row_cumsum" => return self.bind_window(text, bound, at),
            _ => {}
        }
        let Some(function) = functions::named(text) else {
            let message = format!("the function `{text}`");
            return Err(if functions::ELSE_KNOWN.contains(&text) {
                Failure::unknown(format!("{message} is not known here"), name.at.clone())
            } else {
                Failure::rejected(format!("{message} does not exist"), name.at.clone())
            });
        };
        let Some(needs) = function.needs(bound.len()) else {
            return Err(if functions::takes_more(text, bound.len()) {
                Failure::unknown(format!("`{text}` with {} arguments is not known here", bound.len()), at.clone())
            } else {
                arity(text, bound.len(), at)
            });
        };
        for (need, argument) in needs.iter().zip(&bound) {
            self.check_argument(text, *need, argument)?;
        }
        let kinds = bound.iter().map(|one| one.kind);
        let first = bound.first().map(|one| one.kind);
        let kind = match function.gives {
            Gives::Type(kind) => Some(kind),
            Gives::Common => common(kinds).filter(|kind| is_ordered(*kind)),
            Gives::Rounded => rounded(first, bound.get(1).map(|one| one.kind)),
            Gives::First => first.map(|kind| if kind.is_whole() { Type::Long } else { kind }),
        };
        let Some(kind) = kind else {
            let kinds: Vec<&str> = bound.iter().map(|one| one.kind.name()).collect();
            return Err(Failure::rejected(format!("`{text}` is not defined for {}", kinds.join(", ")), at.clone()));
        };
        let bound = match function.gives {
            Gives::Common => bound.into_iter().map(|one| one.widened(kind)).collect(),
            _ => bound,
        };
        Ok(Bound { kind, at: at.clone(), node: Node::Call(function, bound) })
    }

    fn check_argument(&self, function: &str, need: Needs, argument: &Bound) -> Result<(), Failure> {
        if need == Needs::Pattern {
            self.check_pattern(argument)?;
        }
        if let Needs::OneOf(words) = need {
            let Some(word) = argument.constant_text() else {
                return Err(Failure::rejected(format!("`{function}` takes a literal here"), argument.at.clone()));
            };
            if !words.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                let message = format!("`{word}` is none of {}", words.join(", "));
                return Err(Failure::rejected(message, argument.at.clone()));
            }
        }
        if !need.takes(argument.kind) {
            let message = format!("`{function}` takes {} here, not a {}", need.name(), argument.kind.name());
            return Err(Failure::rejected(message, argument.at.clone()));
        }
        Ok(())
    }

    /// A function that the query declares: its body, with what was given in place of its parameters.
    fn bind_declared(
        &self,
        name: &Name,
        function: &Rc<Function>,
        seen: &Names,
        arguments: &[Named],
        scope: Scope<'_>,
    ) -> Binding {
        let names = self.with_arguments(name, function, seen, arguments, scope)?;
        let names = self.declare(&function.lets, &names)?;
        let body = self.bind(&function.body, Scope::bare(&names))?;
        Ok(Bound { at: name.at.clone(), ..body })
    }

    /// The names that a function's body sees.
    pub(in crate::emulator::kql) fn with_arguments(
        &self,
        name: &Name,
        function: &Function,
        seen: &Names,
        arguments: &[Named],
        scope: Scope<'_>,
    ) -> Result<Names, Failure> {
        if arguments.len() > function.parameters.len() {
            return Err(arity(&name.text, arguments.len(), &name.at));
        }
        let mut names = seen.clone();
        for (number, parameter) in function.parameters.iter().enumerate() {
            let by_name = arguments.iter().find(|one| one.names.iter().any(|given| given.text == parameter.name.text));
            let by_place = arguments.get(number).filter(|one| one.names.is_empty());
            let given = by_name.or(by_place).map(|one| &one.value);
            let meaning = match &parameter.kind {
                ParameterKind::Scalar(kind, default) => {
                    let value = match (given, default) {
                        (Some(given), _) => self.bind(given, scope)?,
                        (None, Some(default)) => self.bind(default, Scope::bare(seen))?,
                        (None, None) => return Err(arity(&name.text, arguments.len(), &name.at)),
                    };
                    Meaning::Scalar(Rc::new(fitted(value, *kind, &parameter.name.text)?))
                }
                ParameterKind::Tabular(columns) => {
                    let given = given.ok_or_else(|| arity(&name.text, arguments.len(), &name.at))?;
                    let table = self.table(given, scope.names)?;
                    for column in columns {
                        let there = table.columns.iter().find(|field| field.name == column.name.text);
                        if there.is_none_or(|field| field.kind != column.kind) {
                            let message = format!("the table given has no column `{}` of that type", column.name.text);
                            return Err(Failure::rejected(message, given.at.clone()));
                        }
                    }
                    Meaning::Table(Rc::new(table))
                }
            };
            names = names.with(&parameter.name.text, meaning);
        }
        Ok(names)
    }

    fn bind_toscalar(&self, table: &Expr, at: &Range<usize>, scope: Scope<'_>) -> Binding {
        if !self.is_tabular(table, scope.names) {
            return self.bind(table, scope);
        }
        let mut table = self.table(table, scope.names)?;
        if table.rows.len() > 1 {
            self.settle_order(&mut table);
        }
        let Some(first) = table.columns.first() else {
            return Err(Failure::rejected("a table without columns", at.clone()));
        };
        let value = table.rows.first().map_or_else(|| first.kind.nothing(), |row| row.cell(0));
        Ok(Bound::constant(value, first.kind, at.clone()))
    }

    fn bind_column_if_exists(&self, column: &Expr, default: &Expr, at: &Range<usize>, scope: Scope<'_>) -> Binding {
        let name = self.bind(column, scope)?;
        let Some(name) = name.constant_text() else {
            return Err(Failure::rejected("the column's name must be a constant", name.at));
        };
        let default = self.bind(default, scope)?;
        Ok(match scope.column(name) {
            Some((number, field)) => Bound { kind: field.kind, at: at.clone(), node: Node::Column(number) },
            None => default,
        })
    }

    fn bind_choice(&self, name: &str, mut bound: Vec<Bound>, at: &Range<usize>) -> Binding {
        let count = bound.len();
        let fits = if name == "case" { count >= 3 && count % 2 == 1 } else { count == 3 };
        let Some(last) = bound.pop().filter(|_| fits) else { return Err(arity(name, count, at)) };
        let mut arms = Vec::new();
        let mut rest = bound.into_iter();
        while let (Some(test), Some(value)) = (rest.next(), rest.next()) {
            if test.kind != Type::Bool {
                return Err(Failure::rejected(format!("a bool is expected, not a {}", test.kind.name()), test.at));
            }
            arms.push((test, value));
        }
        let kinds = arms.iter().map(|(_, value)| value.kind).chain([last.kind]);
        let Some(kind) = common(kinds) else {
            return Err(Failure::unknown(format!("`{name}` of values of several types is not known here"), at.clone()));
        };
        let arms = arms.into_iter().map(|(test, value)| (test, value.widened(kind))).collect();
        Ok(Bound { kind, at: at.clone(), node: Node::Choose(arms, Box::new(last.widened(kind))) })
    }

    fn bind_coalesce(&self, bound: Vec<Bound>, at: &Range<usize>) -> Binding {
        if !(2..=64).contains(&bound.len()) {
            return Err(arity("coalesce", bound.len(), at));
        }
        let Some(kind) = common(bound.iter().map(|one| one.kind)) else {
            return Err(Failure::rejected("`coalesce` takes values of one type", at.clone()));
        };
        let bound = bound.into_iter().map(|one| one.widened(kind)).collect();
        Ok(Bound { kind, at: at.clone(), node: Node::Coalesce(bound) })
    }

    fn bind_window(&self, name: &str, bound: Vec<Bound>, at: &Range<usize>) -> Binding {
        let count = bound.len();
        let mut given = bound.into_iter();
        let (first, second, third) = (given.next(), given.next(), given.next());
        let constant = |bound: Option<Bound>| bound.map(|bound| Ok((self.value_alone(&bound)?, bound))).transpose();
        let restart = |bound: Option<Bound>| match bound {
            Some(bound) if bound.kind != Type::Bool => {
                Err(Failure::rejected(format!("a bool is expected, not a {}", bound.kind.name()), bound.at))
            }
            bound => Ok(bound.map(Box::new)),
        };
        let (kind, window) = match (name, first) {
            ("prev" | "next", Some(value)) if count <= 3 => {
                let distance = match constant(second)? {
                    None => 1,
                    Some((Cell::Long(distance), _)) => distance,
                    Some((_, bound)) => {
                        return Err(Failure::unknown("a distance that is no constant is not known here", bound.at));
                    }
                };
                let default = match constant(third)? {
                    None => value.kind.nothing(),
                    Some((default, bound)) if bound.kind == value.kind => default,
                    Some((_, bound)) => {
                        return Err(Failure::unknown("a default of another type is not known here", bound.at));
                    }
                };
                let distance = if name == "prev" { distance.checked_neg().unwrap_or_default() } else { distance };
                (value.kind, Window::Neighbour { value: Box::new(value), distance, default })
            }
            ("row_number", first) if count <= 2 => {
                let first = match constant(first)? {
                    None => 1,
                    Some((Cell::Long(first), _)) => first,
                    Some((_, bound)) => {
                        return Err(Failure::unknown("a first number that is no constant is not known here", bound.at));
                    }
                };
                (Type::Long, Window::Number { first, restart: restart(second)? })
            }
            ("row_cumsum", Some(value)) if count <= 2 && value.kind.is_number() => {
                (value.kind, Window::Sum { value: Box::new(value), restart: restart(second)? })
            }
            ("row_cumsum", Some(value)) if count <= 2 => {
                return Err(Failure::rejected(format!("a number is expected, not a {}", value.kind.name()), value.at));
            }
            _ => return Err(arity(name, count, at)),
        };
        Ok(Bound { kind, at: at.clone(), node: Node::Window(window) })
    }
}

/// What `bin` and its like give.
fn rounded(value: Option<Type>, size: Option<Type>) -> Option<Type> {
    match (value?, size?) {
        (one, other) if one.is_whole() && other.is_whole() => Some(Type::Long),
        (one, other) if one.is_number() && other.is_number() => Some(Type::Real),
        (kind @ (Type::Time | Type::Span), Type::Span) => Some(kind),
        _ => None,
    }
}

/// What was given for a parameter, as its type.
fn fitted(value: Bound, kind: Type, name: &str) -> Binding {
    let widens = kind.is_number() && value.kind.is_number() && !(kind == Type::Int && value.kind == Type::Real);
    match value.kind {
        given if given == kind => Ok(value),
        _ if widens && kind != Type::Int => Ok(value.widened(kind)),
        Type::Dynamic => Ok(value.widened(kind)),
        given => {
            let message = format!("a {} for the parameter `{name}` of {} is not known here", given.name(), kind.name());
            Err(Failure::unknown(message, value.at))
        }
    }
}

fn arity(name: &str, count: usize, at: &Range<usize>) -> Failure {
    Failure::rejected(format!("`{name}` does not take {count} arguments"), at.clone())
}
