//! A rule's meaning as stable text: takes a rule and its stream, gives a line a clause, for snapshots and for people who want to see
//! what was understood.

use std::fmt::Write as _;

use super::{
    Aggregate, AggregateFunction, Arithmetic, Assemble, Binding, Comparison, Expr, ExprKind, Function, Literal, Look,
    Part, Pred, PredKind, Question, Rule, Source, Step, Stream, TextTest, duration,
};

/// The rule, one clause a line; fields by name, row values, elements, keys, aggregates and measures by number.
#[must_use]
pub fn show_rule(rule: &Rule, stream: &Stream) -> String {
    let shown = Shown { stream };
    let word = if rule.signal { "signal" } else { "rule" };
    let mut out = format!("{word} {} : {}\n", rule.name, stream.name);
    let mut line = |word: &str, text: String| _ = writeln!(out, "  {word:9} {text}");
    for (pred, level) in &rule.severity.arms {
        line("severity", format!("{} if {}", level.text(), shown.pred(pred)));
    }
    line("severity", rule.severity.default.text().to_owned());
    if !rule.only.is_empty() {
        line("only", rule.only.iter().map(|only| only.name.as_str()).collect::<Vec<_>>().join(", "));
    }
    for (n, binding) in rule.with.iter().enumerate() {
        line("with", format!("w{n} {} : {} = {}", binding.name, binding.value.ty, shown.expr(&binding.value)));
    }
    if let Some(each) = &rule.each {
        line("each", format!("e{} {} in {}", each.element, each.name, shown.expr(&each.list)));
    }
    for pred in &rule.filter {
        line("where", shown.pred(pred));
    }
    if let Some(window) = &rule.window {
        let merges = if window.merges { ", merged" } else { "" };
        let across = if window.across { ", across sources" } else { "" };
        line("over", format!("{} every {}{merges}{across}", duration(window.length), duration(window.step)));
        for (n, key) in window.keys.iter().enumerate() {
            let default = key.default.as_ref().map(|d| format!(" default {d:?}")).unwrap_or_default();
            line("by", format!("k{n} {} : {} = {}{default}", key.name, key.value.ty, shown.expr(&key.value)));
        }
    }
    for (n, aggregate) in rule.aggregates.iter().enumerate() {
        line("aggregate", format!("a{n} : {} = {}", aggregate.ty, shown.aggregate(aggregate)));
    }
    let mut bindings = |word: &str, letter: &str, bindings: &[Binding]| {
        for (n, binding) in bindings.iter().enumerate() {
            line(word, format!("{letter}{n} {} : {} = {}", binding.name, binding.value.ty, shown.expr(&binding.value)));
        }
    };
    bindings("let", "m", &rule.measures);
    bindings("show", "s", &rule.show);
    bindings("carry", "c", &rule.carried);
    for (n, look) in rule.looks.iter().enumerate() {
        line("look", format!("l{n} : {} = {}", look.ty(), shown.look(look)));
    }
    line("when", shown.pred(&rule.when));
    out
}

/// How a source's records are read, a line a part; for whoever has to know whether it has changed.
#[must_use]
pub fn show_source(source: &Source, stream: &Stream) -> String {
    let shown = Shown { stream };
    let mut out = format!("source {} : {}\n  files {:?}\n", source.name, stream.name, source.files);
    let mut line = |word: &str, text: String| _ = writeln!(out, "  {word} {text}");
    if let Some(Assemble { key, time, within, parts }) = &source.assemble {
        line("assemble", format!("{} {} {}", shown.expr(key), shown.expr(time), duration(*within)));
        for part in parts {
            let Part { name, optional, filter, lists, order, .. } = part;
            let order = order.iter().map(|order| shown.expr(order)).collect::<String>();
            line(
                "part",
                format!(
                    "{name} {optional} {} {} {order}",
                    shown.preds(filter),
                    lists.iter().map(|lists| shown.expr(lists)).collect::<String>()
                ),
            );
        }
    }
    line("unique", source.unique.iter().map(|unique| shown.expr(unique)).collect());
    for (n, binding) in source.with.iter().enumerate() {
        line("with", format!("w{n} : {} = {}", binding.value.ty, shown.expr(&binding.value)));
    }
    for pred in &source.filter {
        line("where", shown.pred(pred));
    }
    for (field, given) in stream.fields.iter().zip(&source.fields) {
        if let Some(expr) = given.as_ref().or(field.default.as_ref()) {
            line(&field.name, format!(": {} = {}", field.ty, shown.expr(expr)));
        }
    }
    out
}

struct Shown<'a> {
    stream: &'a Stream,
}

impl Shown<'_> {
    fn exprs(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>().join(", ")
    }

    fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Literal(literal) => self::literal(literal),
            ExprKind::Field(field) => self.stream.get(*field).map_or_else(|| "?".to_owned(), |f| f.name.clone()),
            ExprKind::With(n) => format!("w{n}"),
            ExprKind::Element(n) => format!("e{n}"),
            ExprKind::Member(inner, n) => format!("{}.#{n}", self.expr(inner)),
            ExprKind::Record => "$".to_owned(),
            ExprKind::Path(inner, steps) => self.expr(inner) + &path_text(steps),
            ExprKind::Read(inner) => format!("read[{}]({})", expr.ty, self.expr(inner)),
            ExprKind::Json(inner) => format!("json({})", self.expr(inner)),
            ExprKind::Entries(inner, keys) => {
                let keys: String = keys.iter().flatten().map(|key| format!(", {key:?}")).collect();
                format!("entries({}{keys})", self.expr(inner))
            }
            ExprKind::Rows(rows) => {
                let filter = rows.filter.as_ref().map(|f| format!(" where {}", self.pred(f))).unwrap_or_default();
                format!(
                    "rows(e{} in {}{filter} => {})",
                    rows.element,
                    self.exprs(&rows.lists),
                    self.exprs(&rows.fields)
                )
            }
            ExprKind::Arithmetic(op, left, right) => {
                let op = match op {
                    Arithmetic::Add => "+",
                    Arithmetic::Subtract => "-",
                    Arithmetic::Multiply => "*",
                    Arithmetic::Divide => "/",
                };
                format!("({} {op} {})", self.expr(left), self.expr(right))
            }
            ExprKind::Call(function, args) => {
                let pattern = match function {
                    Function::Extract(pattern) => format!(", /{}/", pattern.text),
                    _ => String::new(),
                };
                format!("{}({}{pattern})", function.name(), self.exprs(args))
            }
            ExprKind::Case(arms, default) => {
                let mut parts: Vec<String> =
                    arms.iter().map(|(pred, value)| format!("{} => {}", self.pred(pred), self.expr(value))).collect();
                parts.extend(default.iter().map(|value| format!("else => {}", self.expr(value))));
                format!("case({})", parts.join("; "))
            }
            ExprKind::Aggregate(n) => format!("a{n}"),
            ExprKind::Key(n) => format!("k{n}"),
            ExprKind::Measure(n) => format!("m{n}"),
            ExprKind::Look(n) => format!("l{n}"),
        }
    }

    fn preds(&self, preds: &[Pred]) -> String {
        preds.iter().map(|pred| self.pred(pred)).collect::<Vec<_>>().join(", ")
    }

    fn pred(&self, pred: &Pred) -> String {
        let fold = |nocase: bool| if nocase { " nocase" } else { "" };
        let of = |every: bool| if every { "all of" } else { "any of" };
        match &pred.kind {
            PredKind::Const(value) => value.to_string(),
            PredKind::All(preds) => format!("all({})", self.preds(preds)),
            PredKind::Any(preds) => format!("any({})", self.preds(preds)),
            PredKind::Not(inner) => format!("not({})", self.pred(inner)),
            PredKind::Present(expr) => format!("present({})", self.expr(expr)),
            PredKind::Holds(expr) => format!("holds({})", self.expr(expr)),
            PredKind::Compare(op, left, right) => {
                let op = match op {
                    Comparison::Equal => "==",
                    Comparison::Less => "<",
                    Comparison::LessEqual => "<=",
                    Comparison::Greater => ">",
                    Comparison::GreaterEqual => ">=",
                };
                format!("{} {op} {}", self.expr(left), self.expr(right))
            }
            PredKind::EqualNoCase(left, right) => format!("{} == {} nocase", self.expr(left), self.expr(right)),
            PredKind::OneOf { subject, options, nocase } => {
                format!("{} in [{}]{}", self.expr(subject), literals(options), fold(*nocase))
            }
            PredKind::InNetwork(expr, networks) => {
                let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
                format!("{} in [{}]", self.expr(expr), networks.join(", "))
            }
            PredKind::Text { test, subject, needles, every, nocase } => {
                let test = match test {
                    TextTest::Equals => "equals",
                    TextTest::Contains => "contains",
                    TextTest::StartsWith => "starts with",
                    TextTest::EndsWith => "ends with",
                };
                format!("{} {test} {} [{}]{}", self.expr(subject), of(*every), self.exprs(needles), fold(*nocase))
            }
            PredKind::Matches { subject, patterns, every } => {
                let patterns: Vec<String> =
                    patterns.iter().map(|p| format!("/{}/{}", p.text, fold(p.nocase))).collect();
                format!("{} matches {} [{}]", self.expr(subject), of(*every), patterns.join(", "))
            }
            PredKind::Found { subject, entity } => format!("found({}, {:?})", self.expr(subject), entity.word()),
            PredKind::Has { list, options, every, nocase } => {
                format!("{} has {} [{}]{}", self.expr(list), of(*every), literals(options), fold(*nocase))
            }
            PredKind::Some { element, list, holds, every } => {
                let word = if *every { "every" } else { "some" };
                format!("{word}(e{element} in {}: {})", self.expr(list), self.pred(holds))
            }
            PredKind::Operation { subject, name, .. } => format!("{} is {name}", self.expr(subject)),
            PredKind::Fits { subject, globs, nocase } => {
                let globs: Vec<String> = globs.iter().map(super::Glob::text).collect();
                format!("{} fits [{}]{}", self.expr(subject), globs.join(", "), fold(*nocase))
            }
        }
    }

    fn look(&self, look: &Look) -> String {
        let keys = |keys: &[usize]| keys.iter().map(|n| format!(" k{n}")).collect::<String>();
        let length = duration(look.length);
        match &look.question {
            Question::Seen(by) => format!("seen({length} by{})", keys(by)),
            Question::Unseen(by) => format!("unseen({length} by{})", keys(by)),
            Question::Silent => format!("silent({length})"),
            Question::Baseline(value, statistic) => {
                format!("baseline({}, {length}, {})", self.expr(value), statistic.word())
            }
        }
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
        let number = match aggregate.function {
            AggregateFunction::Percentile(billionths) => format!(", {}e-9", billionths),
            AggregateFunction::Values(n) | AggregateFunction::Top(n) => format!(", {n}"),
            _ => String::new(),
        };
        let filter = aggregate.filter.as_ref().map(|f| format!(" where {}", self.pred(f))).unwrap_or_default();
        format!("{}({}{number}{filter})", aggregate.function.name(), self.exprs(&aggregate.args))
    }
}

fn literals(literals: &[Literal]) -> String {
    literals.iter().map(literal).collect::<Vec<_>>().join(", ")
}

fn literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => format!("{text:?}"),
        Literal::Int(value) => value.to_string(),
        Literal::Float(value) => format!("{value:?}"),
        Literal::Decimal(value) => format!("{value}e-9"),
        Literal::Bool(value) => value.to_string(),
        Literal::Time(value) => format!("time({value}us)"),
        Literal::Duration(value) => duration(*value),
        Literal::Ip(value) => value.to_string(),
    }
}

/// A raw path as a source writes it; `.` for the whole record.
#[must_use]
pub fn path_text(steps: &[Step]) -> String {
    if steps.is_empty() {
        return ".".to_owned();
    }
    let step = |step: &Step| match step {
        Step::Key(key) if !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => {
            format!(".{key}")
        }
        Step::Key(key) => format!(".{key:?}"),
        Step::Index(index) => format!("[{index}]"),
        Step::Elements => "[]".to_owned(),
        Step::Values => ".*".to_owned(),
    };
    steps.iter().map(step).collect()
}
