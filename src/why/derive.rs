//! The rules that answer for another one: takes a rule and what its keys hold, gives one without conditions that counts what passes each, and
//! one without `when` that shows each part of it.

use super::{Case, Demand};
use crate::diag::{Code, Diagnostic};
use crate::eval::clock::parse_time;
use crate::eval::{Alert, Value};
use crate::ir::{
    Aggregate, AggregateFunction, Binding, Comparison, Expr, ExprKind, Level, Literal, Pred, PredKind, Rule,
    SeverityOf, Stream, Type,
};
use crate::pack::Pack;
use crate::source::Span;
use crate::syntax::ast::ItemKind;
use crate::syntax::micros;

/// The names of the derived rules: of all events, and of those that pass.
pub(super) const NAMES: [&str; 2] = ["all", "passed"];

/// The names of the rules that say whether a part of `when` holds of an event, and whether it does not.
fn answer_names(n: usize) -> [String; 2] {
    [format!("yes {n}"), format!("no {n}")]
}

/// What a key or field is asked to hold.
#[derive(Debug, Clone)]
pub struct Given {
    /// The key's or field's value.
    value: Expr,
    /// The key's default is asked for, which stands for missing values.
    default: bool,
    /// What it is to be.
    literal: Literal,
    /// Which key it is, of a rule with windows.
    key: Option<usize>,
}

/// Reads `caller.id=alice`: a key of the rule, or, of a rule without `over`, a field of its stream. A field that is no key would ask of other
/// windows than those that the rule has.
///
/// # Errors
/// A name that is neither, a value that is not of its type.
pub fn given(text: &str, rule: &Rule, stream: &Stream) -> Result<Given, Diagnostic> {
    let wrong = |message: String| Diagnostic::error(Code::BadArgument, message);
    let Some((name, value)) = text.split_once('=') else {
        return Err(wrong(format!("`{text}` is no KEY=VALUE")).help("`caller.id=alice`, a key of the rule or a field"));
    };
    let keys = || rule.window.iter().flat_map(|window| &window.keys);
    let field = |name: &str| {
        let id = stream.field(name).filter(|_| rule.window.is_none())?;
        Some(Expr { kind: ExprKind::Field(id), ty: stream.get(id)?.ty.clone(), span: rule.span })
    };
    let at = keys().position(|key| key.name == name);
    let key = at.and_then(|at| keys().nth(at));
    let Some(expr) = key.map(|key| key.value.clone()).or_else(|| field(name)) else {
        let fields = stream.fields.iter().filter(|_| rule.window.is_none()).map(|field| field.name.as_str());
        let known = keys().map(|key| key.name.as_str()).chain(fields);
        let what = if rule.window.is_some() { "no key" } else { "no field" };
        return Err(wrong(format!("`{}` has {what} `{name}`", rule.name)).suggest(name, known));
    };
    let default = key.is_some_and(|key| key.default.as_deref() == Some(value));
    let literal = if default { Some(Literal::Text(value.to_owned())) } else { literal(value, &expr.ty) };
    let literal = literal
        .ok_or_else(|| wrong(format!("`{value}` can't be a value of `{name}`, which is of type {}", expr.ty)))?;
    Ok(Given { value: expr, default, literal, key: at })
}

fn literal(text: &str, ty: &Type) -> Option<Literal> {
    match ty {
        Type::Text => (!text.is_empty()).then(|| Literal::Text(text.to_owned())),
        Type::Int => text.replace('_', "").parse().ok().map(Literal::Int),
        Type::Bool => text.parse().ok().map(Literal::Bool),
        Type::Ip => text.parse().ok().map(Literal::Ip),
        Type::Time => parse_time(text).map(Literal::Time),
        Type::Duration => micros(text).map(Literal::Duration),
        Type::Float | Type::Decimal | Type::List(_) | Type::Record(_) | Type::Raw => None,
    }
}

impl Given {
    /// Those of an alert: its keys, or its event.
    #[must_use]
    pub fn of_alert(alert: &Alert, rule: &Rule, stream: &Stream) -> Vec<Given> {
        let of = |value: Expr, held: &Value| {
            let literal = match held {
                Value::Text(text) => Literal::Text(text.to_string()),
                Value::Int(n) => Literal::Int(*n),
                Value::Decimal(billionths) => Literal::Decimal(*billionths),
                Value::Bool(one) => Literal::Bool(*one),
                Value::Time(us) => Literal::Time(*us),
                Value::Duration(us) => Literal::Duration(*us),
                Value::Ip(address) => Literal::Ip(*address),
                _ => return None,
            };
            Some(Given { value, default: false, literal, key: None })
        };
        let keys = rule.window.iter().flat_map(|window| &window.keys);
        let mut out: Vec<Given> = keys
            .zip(&alert.keys)
            .enumerate()
            .filter_map(|(at, (key, (_, held)))| {
                let default = held.as_text().is_some() && held.as_text() == key.default.as_deref();
                of(key.value.clone(), held).map(|given| Given { default, key: Some(at), ..given })
            })
            .collect();
        let id = Expr { kind: ExprKind::Field(stream.event_id()), ty: Type::Text, span: rule.span };
        out.extend(alert.event.as_ref().and_then(|event| of(id, &event.id)));
        out
    }

    fn pred(&self) -> Pred {
        let Given { value, default, literal, .. } = self;
        let span = value.span;
        if *default && value.ty != Type::Text {
            return Pred::new(PredKind::Present(value.clone()), span).negate();
        }
        let literal = Expr { kind: ExprKind::Literal(literal.clone()), ty: value.ty.clone(), span };
        let equal = Pred::new(PredKind::Compare(Comparison::Equal, value.clone(), literal), span);
        match default {
            // Who has the default's text for a value is of the same group.
            true => Pred::any(vec![equal, Pred::new(PredKind::Present(value.clone()), span).negate()], span),
            false => equal,
        }
    }

    /// Whether an alert has this key.
    pub(super) fn is_of(&self, alert: &Alert) -> bool {
        let held = self.key.and_then(|at| alert.keys.get(at)).map(|(_, value)| value);
        let asked = Value::literal(&self.literal);
        held.is_none_or(|held| *held == asked)
    }
}

/// A condition, where it stands among the shown items, and what it reads.
struct Part {
    text: String,
    /// Each as it was written, and whether it asks the past yes or no.
    reads: Vec<(String, bool)>,
}

/// The rules, and how to read their alerts.
pub(super) struct Derived {
    pub(super) rules: Vec<Rule>,
    windowed: bool,
    measures: usize,
    conditions: Vec<Part>,
    demands: Vec<Part>,
}

impl Derived {
    pub(super) fn of(pack: &Pack, rule: &Rule, given: &[Given]) -> Derived {
        let asked: Vec<Pred> = given.iter().map(Given::pred).collect();
        let conditions: Vec<&Pred> = rule.filter.iter().flat_map(Pred::parts).collect();
        let demands: Vec<&Pred> = rule.when.parts();
        let text = |span: Span| pack.sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ");
        // An exception's condition has the place of its name.
        let said = |span: Span| match is_of(rule, pack, span) {
            true => text(span),
            false => format!("not excepted by {}", text(span)),
        };
        let bare = |name: &str| Rule {
            name: name.to_owned(),
            severity: SeverityOf { arms: Vec::new(), default: Level::Informational },
            when: Pred::new(PredKind::Const(true), rule.span),
            show: Vec::new(),
            carried: Vec::new(),
            mute: None,
            // Each window by itself, whatever the one before it was.
            window: rule.window.clone().map(|window| crate::ir::Window { merges: false, ..window }),
            ..rule.clone()
        };
        let [mut all, mut passed] = NAMES.map(bare);
        let windowed = rule.window.is_some();
        let shown_of = |rule: &mut Rule, preds: &[&Pred]| -> Vec<Part> {
            preds
                .iter()
                .map(|pred| {
                    rule.show.push(Binding { name: format!("{}", rule.show.len()), value: as_bool(pred) });
                    let mut reads: Vec<(String, bool)> = Vec::new();
                    for leaf in leaves(pred) {
                        let name = text(leaf.span);
                        if !reads.iter().any(|(known, _)| *known == name) {
                            rule.show.push(Binding { name: format!("{}", rule.show.len()), value: leaf.clone() });
                            reads.push((name, matches!(leaf.kind, ExprKind::Look(_)) && leaf.ty == Type::Bool));
                        }
                    }
                    Part { text: said(pred.span), reads }
                })
                .collect()
        };
        let conditions = if windowed {
            let count = |filter: Vec<Pred>| Aggregate {
                function: AggregateFunction::Count,
                args: Vec::new(),
                filter: (!filter.is_empty()).then(|| Pred::all(filter, rule.span)),
                ty: Type::Int,
                span: rule.span,
            };
            let upto = |n: usize| conditions.iter().take(n).map(|pred| (*pred).clone()).collect();
            all.aggregates = (0..=conditions.len()).map(|n| count(upto(n))).collect();
            let measure = |n| Binding {
                name: format!("{n}"),
                value: Expr { kind: ExprKind::Aggregate(n), ty: Type::Int, span: rule.span },
            };
            all.measures = (0..=conditions.len()).map(measure).collect();
            conditions.iter().map(|pred| Part { text: said(pred.span), reads: Vec::new() }).collect()
        } else {
            shown_of(&mut all, &conditions)
        };
        all.looks = Vec::new();
        all.filter = asked.clone();
        let mut answers = Vec::new();
        let demands = if windowed {
            shown_of(&mut passed, &demands)
        } else {
            // Events show nothing of the past: each part is asked for by itself, and its contrary, since neither may be known.
            for (n, pred) in demands.iter().enumerate() {
                let [yes, no] = answer_names(n);
                answers.push(Rule { name: yes, when: (*pred).clone(), ..passed.clone() });
                answers.push(Rule { name: no, when: (*pred).clone().negate(), ..passed.clone() });
            }
            passed.looks = Vec::new();
            demands.iter().map(|pred| Part { text: text(pred.span), reads: Vec::new() }).collect()
        };
        let mut rules = vec![all, passed];
        rules.append(&mut answers);
        // What asks the past asks that of other groups too: those must not be left out of it.
        let apart = rules.iter_mut().skip(1).filter(|rule| rule.looks.is_empty());
        apart.for_each(|rule| rule.filter.extend(asked.iter().cloned()));
        Derived { rules, windowed, measures: rule.measures.len(), conditions, demands }
    }

    /// What became of one window or event: of `all` it is among all, and of `passed` among those that pass every `where`.
    /// `said` tells whether the derived rule of a name has it too.
    pub(super) fn case(
        &self,
        one: &Alert,
        all: Option<&Alert>,
        passed: Option<&Alert>,
        said: &dyn Fn(&str) -> bool,
    ) -> Case {
        let mut demands = Vec::new();
        let mut counted = Vec::new();
        let mut values = Vec::new();
        if self.windowed {
            let texts = std::iter::once(String::new()).chain(self.conditions.iter().map(|part| part.text.clone()));
            let count =
                |n: usize| all.and_then(|all| all.measures.get(n)).map_or(Value::Int(0), |(_, count)| count.clone());
            counted = texts.enumerate().map(|(n, text)| (text, count(n))).collect();
            values.extend(passed.into_iter().flat_map(|alert| alert.measures.iter().take(self.measures).cloned()));
        } else {
            demands.extend(all.into_iter().flat_map(|all| read(&self.conditions, &all.show)));
        }
        let answered = |(n, part): (usize, &Part)| {
            let [yes, no] = answer_names(n).map(|name| said(&name));
            let holds = if yes || no { Value::Bool(yes) } else { Value::Missing };
            Demand { text: part.text.clone(), holds, values: Vec::new() }
        };
        demands.extend(passed.into_iter().flat_map(|alert| match self.windowed {
            true => read(&self.demands, &alert.show),
            false => self.demands.iter().enumerate().map(answered).collect(),
        }));
        let alerts = passed.is_some() && demands.iter().all(|demand| demand.holds == Value::Bool(true));
        let (source, window, keys) = (one.source.clone(), one.window, one.keys.clone());
        Case { source, window, keys, event: one.event.clone(), passed: counted, values, demands, alerts }
    }
}

/// The parts of a condition and what they read, from what an alert shows in their order.
fn read(parts: &[Part], shown: &[(String, Value)]) -> Vec<Demand> {
    // What a source does not carry is not shown: items are found by name.
    let at = |n: usize| {
        let name = n.to_string();
        shown.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut next = 0;
    let mut one = |part: &Part| {
        let values: Vec<(String, Value)> =
            part.reads.iter().enumerate().map(|(n, (name, _))| (name.clone(), at(next + 1 + n))).collect();
        // A look-back that can't know is neither yes nor no, and so is what hangs on it.
        let unknown = part.reads.iter().zip(&values).any(|((_, asks), (_, value))| *asks && !value.is_present());
        let holds = if unknown && at(next) == Value::Bool(false) { Value::Missing } else { at(next) };
        next += 1 + part.reads.len();
        Demand { text: part.text.clone(), holds, values }
    };
    parts.iter().map(&mut one).collect()
}

/// Whether words stand in the rule's own declaration.
fn is_of(rule: &Rule, pack: &Pack, span: Span) -> bool {
    let items = pack.files.iter().flat_map(|file| &file.file.items);
    let own = items.filter(|item| matches!(&item.kind, ItemKind::Rule(written) if written.name.node == rule.name));
    own.map(|item| item.span()).any(|own| own.source == span.source && own.start <= span.start && span.end <= own.end)
}

/// True or false, as a value.
fn as_bool(pred: &Pred) -> Expr {
    let constant = |value| Expr { kind: ExprKind::Literal(Literal::Bool(value)), ty: Type::Bool, span: pred.span };
    let arms = vec![(pred.clone(), constant(true))];
    Expr { kind: ExprKind::Case(arms, Some(Box::new(constant(false)))), ty: Type::Bool, span: pred.span }
}

/// What a condition reads: fields, row values, keys, measures, aggregates and look-backs, outside of what has elements of its own.
fn leaves(pred: &Pred) -> Vec<&Expr> {
    let mut out = Vec::new();
    pred.walk(&mut |expr| {
        let leaf = matches!(
            expr.kind,
            ExprKind::Field(_)
                | ExprKind::With(_)
                | ExprKind::Key(_)
                | ExprKind::Measure(_)
                | ExprKind::Aggregate(_)
                | ExprKind::Look(_)
        );
        if leaf && expr.ty.is_scalar() {
            out.push(expr);
        }
    });
    out
}
