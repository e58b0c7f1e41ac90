//! Prices: takes money per million tokens by model and date, gives what an event cost as an expression over its tokens.
//!
//! Of the prices whose pattern a model's id fits the first one in the text counts, with the latest date that is not after the event.

use super::errors;
use super::scope::Resolver;
use crate::diag::Diagnostic;
use crate::ir::{Arithmetic, Comparison, Expr, ExprKind, Function, Glob, Literal, Pred, PredKind, Type};
use crate::source::Span;
use crate::syntax::ast;

/// How it is written.
pub(super) const COST: (&str, &str) = ("cost", "cost(list)");

/// The field that stands for the cost by the pack's only price list.
pub(super) const FIELD: &str = "cost";

/// Billionths in one.
const ONE: i128 = 1_000_000_000;
/// A million tokens, as a decimal.
const MILLION: i128 = 1_000_000 * ONE;

/// A price list.
#[derive(Debug, Clone)]
pub(super) struct Prices(Vec<Price>);

/// Prices of one pattern from a date on, in billionths a million tokens.
#[derive(Debug, Clone)]
struct Price {
    model: String,
    from: i64,
    input: Option<i128>,
    output: Option<i128>,
    cached: Option<i128>,
}

/// A price list; what is wrong is said, and gives none.
pub(super) fn prices(written: &ast::Prices, diagnostics: &mut Vec<Diagnostic>) -> Option<Prices> {
    let before = diagnostics.len();
    if written.prices.is_empty() {
        diagnostics.push(errors::no_prices(written.name.span, &written.name.node));
    }
    let mut all: Vec<Price> = Vec::new();
    for price in &written.prices {
        let ast::Literal::Time(from, _) = price.node.from.node else { continue };
        let mut rates = [None; 3];
        for (name, number) in &price.node.rates {
            let Some(slot) = ["input", "output", "cached"].iter().position(|known| *known == name.node) else {
                diagnostics.push(errors::unknown(name.span, "price", &name.node, ["input", "output", "cached"]));
                continue;
            };
            let amount = amount(&number.node);
            if amount.is_none() {
                diagnostics.push(errors::price(number.span));
            }
            match rates.get_mut(slot) {
                Some(there @ None) => *there = amount,
                _ => diagnostics.push(errors::duplicate(name.span, "price", &name.node, None)),
            }
        }
        let [input, output, cached] = rates;
        for model in &price.node.models {
            if all.iter().any(|other| other.model == model.node && other.from == from) {
                diagnostics.push(errors::duplicate(model.span, "price of", &model.node, None));
            }
            all.push(Price { model: model.node.clone(), from, input, output, cached });
        }
    }
    // Each pattern where it stands first, its latest date before the others.
    let place = |model: &str| all.iter().position(|other| other.model == model);
    let mut sorted = all.clone();
    sorted.sort_by_key(|price| (place(&price.model), std::cmp::Reverse(price.from)));
    (diagnostics.len() == before).then_some(Prices(sorted))
}

/// A number as billionths; at most nine places.
fn amount(literal: &ast::Literal) -> Option<i128> {
    let (ast::Literal::Int(_, written) | ast::Literal::Float(_, written)) = literal else { return None };
    let text = written.0.replace('_', "");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let part = format!("{part:0<9}");
    let places: i128 = part.get(..9)?.parse().ok()?;
    let rest = part.get(9..)?.bytes().all(|digit| digit == b'0');
    whole.parse::<i128>().ok().filter(|whole| rest && *whole < 1_000_000_000).map(|whole| whole * ONE + places)
}

impl Resolver<'_> {
    /// `cost(NAME)`, or `cost` alone where there is one list.
    pub(super) fn cost(&mut self, name: Option<&ast::Name>, span: Span) -> Option<Expr> {
        let lists = &self.names.prices;
        let list = match name {
            Some(name) => match lists.get(&name.node) {
                Some(list) => list,
                None if self.names.is_broken("prices", &name.node) => return self.silent(),
                None => {
                    let known = lists.keys().map(String::as_str);
                    return self.wrong(errors::unknown(name.span, "price list", &name.node, known));
                }
            },
            None if lists.len() > 1 => {
                let known: Vec<&str> = lists.keys().map(String::as_str).collect();
                let diagnostic = errors::which_prices(span, &known);
                return self.wrong(diagnostic);
            }
            None => lists.values().next()?,
        };
        let list = list.clone();
        let stream = self.scope.stream?;
        let mut field = |name: &str| {
            let id = stream.field(name);
            if id.is_none() {
                let known = stream.fields.iter().map(|field| field.name.as_str());
                self.diagnostics.push(errors::unknown_field(span, name, &stream.name, known));
            }
            Some(Expr::new(ExprKind::Field(id?), stream.get(id?)?.ty.clone(), span))
        };
        let (model, time) = (field("model.id")?, field("time")?);
        let (input, output) = (field("tokens.input")?, field("tokens.output")?);
        // Only who prices them must know them: not all logs do.
        let cached =
            if list.0.iter().any(|price| price.cached.is_some()) { Some(field("tokens.cached")?) } else { None };
        let arms = list.0.iter().map(|price| {
            let fits = PredKind::Fits { subject: model.clone(), globs: vec![Glob::new(&price.model)], nocase: false };
            let from = Expr::literal(Literal::Time(price.from), span);
            let since = PredKind::Compare(Comparison::GreaterEqual, time.clone(), from);
            let pred = Pred::all(vec![Pred::new(fits, span), Pred::new(since, span)], span);
            // Cached tokens are among those of the input, and cost more or less than those.
            let more = price.cached.map(|cached| cached - price.input.unwrap_or_default());
            let parts = [(Some(&input), price.input), (Some(&output), price.output), (cached.as_ref(), more)];
            let parts = parts.into_iter().filter_map(|(tokens, price)| Some(part(tokens?, price?, span)));
            let sum = decimal(ExprKind::Call(Function::SumOf, parts.collect()), span);
            (pred, arithmetic(Arithmetic::Divide, sum, MILLION, span))
        });
        Some(decimal(ExprKind::Case(arms.collect(), None), span))
    }
}

fn decimal(kind: ExprKind, span: Span) -> Expr {
    Expr::new(kind, Type::Decimal, span)
}

fn arithmetic(operation: Arithmetic, left: Expr, right: i128, span: Span) -> Expr {
    let right = Expr::literal(Literal::Decimal(right), span);
    decimal(ExprKind::Arithmetic(operation, Box::new(left), Box::new(right)), span)
}

fn part(tokens: &Expr, price: i128, span: Span) -> Expr {
    let tokens = decimal(ExprKind::Call(Function::ToDecimal, vec![tokens.clone()]), span);
    arithmetic(Arithmetic::Multiply, tokens, price, span)
}
