//! What a conformance case uses of the language, and what all cases together must use: words and symbols of the grammar, functions by the
//! resolver's own tables, and every kind of node that a rule's or a source's meaning is made of.

use std::collections::BTreeSet;

use skywatch::bind::{Bound, bind};
use skywatch::ir::{
    Aggregate, AggregateFunction, Arithmetic, Comparison, Constant, Expr, ExprKind, Function, Given, Literal, Pred,
    PredKind, Rewrite, Rule, Source, Step, TextTest, Type,
};
use skywatch::pack::Pack;
use skywatch::resolve::{AGGREGATES, FUNCTIONS, LOOKS, READERS};
use skywatch::ruletest::Case;

/// Names of constructs.
pub(crate) type Used = BTreeSet<String>;

const GRAMMAR: &str = include_str!("../../grammar/skywatch.pest");

/// Words that no rule's meaning has: of correlations, whose cases are run apart, of delivery, of sources, and of later versions.
const APART: [&str; 12] =
    ["assemble", "correlate", "for", "least", "mute", "on", "signal", "strings", "then", "to", "widen", "within"];

/// The variants of an enum by name: the match is over all of them, so none can be added and not be wanted here.
macro_rules! kinds {
    ($name:ident, $all:ident, $ty:ty { $($pattern:pat => $text:literal,)* }) => {
        const $all: &[&str] = &[$($text),*];
        fn $name(kind: &$ty) -> &'static str {
            match kind { $($pattern => $text,)* }
        }
    };
}

kinds!(pred_kind, PREDS, PredKind {
    PredKind::Const(true) => "true",
    PredKind::Const(false) => "false",
    PredKind::All(_) => "all of several conditions",
    PredKind::Any(_) => "one of several conditions",
    PredKind::Not(_) => "negation",
    PredKind::Present(_) => "presence",
    PredKind::Holds(_) => "a bool as condition",
    PredKind::Compare(Comparison::Equal, ..) => "equal",
    PredKind::Compare(Comparison::Less, ..) => "less",
    PredKind::Compare(Comparison::LessEqual, ..) => "less or equal",
    PredKind::Compare(Comparison::Greater, ..) => "greater",
    PredKind::Compare(Comparison::GreaterEqual, ..) => "greater or equal",
    PredKind::EqualNoCase(..) => "equal nocase",
    PredKind::OneOf { nocase: false, .. } => "one of constants",
    PredKind::OneOf { nocase: true, .. } => "one of constants nocase",
    PredKind::InNetwork(..) => "in a network",
    PredKind::Text { test: TextTest::Equals, .. } => "text equals",
    PredKind::Text { test: TextTest::Contains, every: false, nocase: false, .. } => "contains",
    PredKind::Text { test: TextTest::Contains, every: false, nocase: true, .. } => "contains nocase",
    PredKind::Text { test: TextTest::Contains, every: true, nocase: false, .. } => "contains all",
    PredKind::Text { test: TextTest::Contains, every: true, nocase: true, .. } => "contains all nocase",
    PredKind::Text { test: TextTest::StartsWith, every: false, .. } => "starts with",
    PredKind::Text { test: TextTest::StartsWith, every: true, .. } => "starts with all",
    PredKind::Text { test: TextTest::EndsWith, every: false, .. } => "ends with",
    PredKind::Text { test: TextTest::EndsWith, every: true, .. } => "ends with all",
    PredKind::Found { .. } => "found",
    PredKind::Matches { every: false, .. } => "matches",
    PredKind::Matches { every: true, .. } => "matches all",
    PredKind::Has { every: false, nocase: false, .. } => "has",
    PredKind::Has { every: false, nocase: true, .. } => "has nocase",
    PredKind::Has { every: true, nocase: false, .. } => "has all",
    PredKind::Has { every: true, nocase: true, .. } => "has all nocase",
    PredKind::Some { every: false, .. } => "any element",
    PredKind::Some { every: true, .. } => "all elements",
    PredKind::Operation { .. } => "operation is",
    PredKind::Fits { nocase: false, .. } => "fits a glob",
    PredKind::Fits { nocase: true, .. } => "fits a glob nocase",
});

/// Those that no text gives: `==` with `any of` is one of constants.
const NO_TEXT_GIVES: [&str; 1] = ["text equals"];

kinds!(expr_kind, EXPRS, ExprKind {
    ExprKind::Literal(_) => "a constant",
    ExprKind::Field(_) => "a field",
    ExprKind::With(_) => "a row value",
    ExprKind::Element(_) => "an element",
    ExprKind::Member(..) => "a part of an element",
    ExprKind::Record => "the raw record",
    ExprKind::Path(..) => "a raw path",
    ExprKind::Read(_) => "a raw value read",
    ExprKind::Json(_) => "text read as JSON",
    ExprKind::Entries(_, None) => "entries of an object",
    ExprKind::Entries(_, Some(_)) => "entries of named keys",
    ExprKind::Rows(_) => "records made of elements",
    ExprKind::Arithmetic(Arithmetic::Add, ..) => "addition",
    ExprKind::Arithmetic(Arithmetic::Subtract, ..) => "subtraction",
    ExprKind::Arithmetic(Arithmetic::Multiply, ..) => "multiplication",
    ExprKind::Arithmetic(Arithmetic::Divide, ..) => "division",
    ExprKind::Call(..) => "a call",
    ExprKind::Case(_, Some(_)) => "case with else",
    ExprKind::Case(_, None) => "case without else",
    ExprKind::Aggregate(_) => "an aggregate",
    ExprKind::Key(_) => "a key",
    ExprKind::Measure(_) => "a measure",
    ExprKind::Look(_) => "a look-back",
});

kinds!(function_kind, CALLS, Function {
    Function::Lower => "lower",
    Function::Upper => "upper",
    Function::Length => "length",
    Function::Substring => "substring",
    Function::Concat => "concat",
    Function::Coalesce => "coalesce",
    Function::SumOf => "sum_of",
    Function::Greatest => "greatest",
    Function::Least => "least",
    Function::Extract(_) => "extract",
    Function::Base64Decode => "base64_decode",
    Function::Hash => "hash",
    Function::Hour => "hour",
    Function::Weekday => "weekday",
    Function::Size => "size",
    Function::Join => "join",
    Function::Last => "last",
    Function::MaskedNet => "masked_net",
    Function::Ticks => "ticks",
    Function::UnixNanos => "unix_nanos",
    Function::SqlTime => "sql_time",
    Function::Distance => "distance_km",
    Function::ToFloat => "int to float",
    Function::ToDecimal => "int to decimal",
});

kinds!(aggregate_kind, TOTALS, Aggregate {
    Aggregate { filter: Some(_), .. } => "aggregate with where inside",
    Aggregate { function: AggregateFunction::Count, .. } => "count",
    Aggregate { function: AggregateFunction::Sum, .. } => "sum",
    Aggregate { function: AggregateFunction::Avg, .. } => "avg",
    Aggregate { function: AggregateFunction::Min, .. } => "min",
    Aggregate { function: AggregateFunction::Max, .. } => "max",
    Aggregate { function: AggregateFunction::Stddev, .. } => "stddev",
    Aggregate { function: AggregateFunction::Percentile(_), .. } => "percentile",
    Aggregate { function: AggregateFunction::Distinct, .. } => "distinct",
    Aggregate { function: AggregateFunction::Values(_), .. } => "values",
    Aggregate { function: AggregateFunction::Top(_), .. } => "top",
    Aggregate { function: AggregateFunction::First, .. } => "first",
    Aggregate { function: AggregateFunction::Last, .. } => "last",
});

kinds!(literal_kind, LITERALS, Literal {
    Literal::Text(_) => "text",
    Literal::Int(_) => "int",
    Literal::Float(_) => "float",
    Literal::Decimal(_) => "decimal",
    Literal::Bool(_) => "bool",
    Literal::Time(_) => "time",
    Literal::Duration(_) => "duration",
    Literal::Ip(_) => "ip",
});

kinds!(step_kind, STEPS, Step {
    Step::Key(_) => "key",
    Step::Index(0..) => "index",
    Step::Index(_) => "index from the end",
    Step::Elements => "elements",
    Step::Values => "values",
});

kinds!(type_kind, TYPES, Type {
    Type::Text => "text",
    Type::Int => "int",
    Type::Float => "float",
    Type::Decimal => "decimal",
    Type::Bool => "bool",
    Type::Time => "time",
    Type::Duration => "duration",
    Type::Ip => "ip",
    Type::List(_) => "list",
    Type::Record(_) => "record",
    Type::Raw => "raw",
});

kinds!(given_kind, GIVEN, Given {
    Given::Events { .. } => "events",
    Given::Records { .. } => "records",
    Given::File { .. } => "a file",
});

kinds!(constant_kind, CONSTANTS, Constant {
    Constant::One(_) => "a value",
    Constant::List(_) => "a list",
    Constant::Record(_) => "a record",
});

/// What all cases together must use, in an alerting and in a non-alerting case.
pub(crate) fn wanted() -> Used {
    let words = grammar_words().map(|word| format!("word `{word}`"));
    let symbols = grammar_symbols().map(|symbol| format!("symbol `{symbol}`"));
    let functions = FUNCTIONS.iter().chain(&AGGREGATES).chain(&READERS).chain(&LOOKS);
    let functions = functions.map(|(name, _)| format!("call `{name}(…)`"));
    let kinds = [
        ("condition", PREDS),
        ("expression", EXPRS),
        ("function", CALLS),
        ("aggregate", TOTALS),
        ("constant of", LITERALS),
        ("step", STEPS),
        ("field of", TYPES),
        ("given", GIVEN),
        ("event with", CONSTANTS),
    ];
    let kinds = kinds.into_iter().flat_map(|(of, names)| names.iter().map(move |name| format!("{of} {name}")));
    let networks = ["network of IPv4".to_owned(), "network of IPv6".to_owned()];
    let mut out: Used = words.chain(symbols).chain(functions).chain(kinds).chain(networks).collect();
    for name in NO_TEXT_GIVES {
        out.remove(&format!("condition {name}"));
    }
    // Beside `expect no alert` there is nothing else to expect.
    out.remove("word `other`");
    // No field is of raw JSON; records stand in lists only.
    out.remove("field of raw");
    out.remove("field of record");
    out
}

/// The words of the grammar: what stands in its `kw_` rules.
fn grammar_words() -> impl Iterator<Item = &'static str> {
    let rules = GRAMMAR.lines().filter(|line| line.starts_with("kw_"));
    let quoted = rules.filter_map(|line| line.split('"').nth(1));
    quoted.filter(|word| word.starts_with(char::is_alphabetic) && !APART.contains(word))
}

/// The comparisons and the operations of arithmetic that the grammar has.
fn grammar_symbols() -> impl Iterator<Item = &'static str> {
    let rules =
        GRAMMAR.lines().filter(|line| ["order ", "sum_op ", "product_op "].iter().any(|rule| line.starts_with(rule)));
    // What stands behind `!` must not follow.
    rules.flat_map(|line| line.split('|')).filter_map(|choice| choice.split('"').nth(1))
}

/// Adds what a case uses: its test, its rule, and the stream, sources, lists and operations that these name.
pub(crate) fn collect(pack: &Pack, case: &Case<'_>, used: &mut Used) {
    used.extend(case.test.given.iter().map(|given| format!("given {}", given_kind(given))));
    words_of_case(pack, case, used);
    let mut visitor = Visitor { used };
    visitor.rule(case.rule);
    for given in &case.test.given {
        match given {
            Given::Events { events, .. } => {
                let constants = events.iter().flatten().map(|(_, constant)| constant);
                constants.for_each(|constant| visitor.constant(constant));
            }
            Given::Records { source, .. } | Given::File { source, .. } => {
                let source = pack.resolved.schema.source(source).unwrap();
                visitor.source(source);
                if let Bound::Rule(bound) = bind(case.rule, source, case.stream) {
                    visitor.rule(&bound.rule);
                }
            }
        }
    }
    // A field counts where the rule reads it.
    let mut types = Used::new();
    case.rule.walk(&mut |expr| {
        if let ExprKind::Field(field) = expr.kind {
            types.extend(case.stream.get(field).map(|field| format!("field of {}", type_kind(&field.ty))));
        }
    });
    used.append(&mut types);
}

/// Words, symbols and names of functions in the texts of a case's items.
fn words_of_case(pack: &Pack, case: &Case<'_>, used: &mut Used) {
    let own = pack.files.first().and_then(|file| pack.sources.get(file.id)).map_or("", |source| source.text.as_str());
    let items = items(own);
    let named = |word: &str, name: &str| {
        items.iter().filter(|item| item.names(word, name)).map(|item| item.text.clone()).collect::<String>()
    };
    let mut text = named("rule", &case.rule.name);
    text.push_str(&named("stream", &case.stream.name));
    for given in &case.test.given {
        if let Given::Records { source, .. } | Given::File { source, .. } = given {
            text.push_str(&named("source", source));
        }
    }
    let tokens = tokens(&text);
    for item in &items {
        let named = ["list", "table", "operations", "calendar", "prices"].contains(&item.word.as_str());
        let excepted = item.word == "exception" && self::tokens(&item.text).contains(&case.rule.name);
        if (named && tokens.contains(&item.name)) || excepted {
            text.push_str(&item.text);
        }
    }
    let quoted = format!("\"{}\"", case.test.title);
    text.extend(
        items
            .iter()
            .filter(|item| item.names("test", &case.rule.name) && item.whole.contains(&quoted))
            .map(|item| item.text.clone()),
    );
    let tokens = self::tokens(&text);
    used.extend(grammar_words().filter(|word| tokens.contains(*word)).map(|word| format!("word `{word}`")));
    used.extend(grammar_symbols().filter(|symbol| tokens.contains(*symbol)).map(|symbol| format!("symbol `{symbol}`")));
    for (name, _) in FUNCTIONS.iter().chain(&AGGREGATES).chain(&READERS).chain(&LOOKS) {
        if tokens.contains(&format!("{name}(")) {
            used.insert(format!("call `{name}(…)`"));
        }
    }
}

/// An item of a file, by the word and the name that it begins with.
struct Item {
    word: String,
    name: String,
    whole: String,
    /// Without comments, texts and patterns.
    text: String,
}

impl Item {
    fn names(&self, word: &str, name: &str) -> bool {
        self.word == word && self.name == name
    }
}

/// A file's items: each begins a line.
fn items(text: &str) -> Vec<Item> {
    const WORDS: [&str; 12] = [
        "stream",
        "source",
        "list",
        "table",
        "operations",
        "calendar",
        "prices",
        "rule",
        "signal",
        "correlate",
        "exception",
        "test",
    ];
    let mut out: Vec<Item> = Vec::new();
    for line in text.lines() {
        let mut words = line.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        match (words.next(), words.next()) {
            (Some(word), Some(name)) if WORDS.contains(&word) => {
                out.push(Item {
                    word: word.to_owned(),
                    name: name.to_owned(),
                    whole: String::new(),
                    text: String::new(),
                });
            }
            _ => {}
        }
        if let Some(item) = out.last_mut().filter(|_| !line.starts_with("//")) {
            item.whole.push_str(line);
            item.text.push_str(&bare(line));
            item.text.push('\n');
        }
    }
    out
}

/// A line without comment, texts and patterns.
fn bare(line: &str) -> String {
    let (mut out, mut chars) = (String::new(), line.chars().peekable());
    while let Some(c) = chars.next() {
        let end = match c {
            '"' => '"',
            '/' if chars.peek() == Some(&'/') => break,
            // A pattern has no space behind its first slash; a network and a division have a word or a space before theirs.
            '/' if chars.peek() != Some(&' ') && !out.ends_with(|c: char| c.is_alphanumeric()) => '/',
            _ => {
                out.push(c);
                continue;
            }
        };
        while let Some(inner) = chars.next() {
            match inner {
                '\\' => _ = chars.next(),
                inner if inner == end => break,
                _ => {}
            }
        }
    }
    out
}

/// Words (also with the parenthesis that follows), symbols of comparisons and of arithmetic.
fn tokens(text: &str) -> Used {
    let mut out = Used::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut token = String::from(c);
        if c.is_alphanumeric() || c == '_' || c == '.' {
            while let Some(next) = chars.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '.') {
                token.push(next);
            }
            if chars.peek() == Some(&'(') {
                out.insert(format!("{token}("));
            }
            // `value.ends` is a name; the words of the grammar stand alone.
            out.insert(token);
        } else if "=!<>+-*/".contains(c) {
            if matches!(c, '=' | '!' | '<' | '>') {
                token.extend(chars.next_if_eq(&'='));
            }
            out.insert(token);
        }
    }
    out
}

struct Visitor<'a> {
    used: &'a mut Used,
}

impl Visitor<'_> {
    fn say(&mut self, of: &str, name: &str) {
        self.used.insert(format!("{of} {name}"));
    }

    fn visit_expr(&mut self, expr: &Expr) {
        _ = expr.clone().rewrite(self);
    }

    fn visit_pred(&mut self, pred: &Pred) {
        _ = pred.clone().rewrite(self);
    }

    fn rule(&mut self, rule: &Rule) {
        rule.with.iter().chain(&rule.measures).chain(&rule.show).for_each(|binding| self.visit_expr(&binding.value));
        rule.each.iter().for_each(|each| self.visit_expr(&each.list));
        rule.window.iter().flat_map(|window| &window.keys).for_each(|key| self.visit_expr(&key.value));
        rule.filter.iter().chain([&rule.when]).for_each(|pred| self.visit_pred(pred));
        rule.severity.arms.iter().for_each(|(pred, _)| self.visit_pred(pred));
        for aggregate in &rule.aggregates {
            self.say("aggregate", aggregate_kind(aggregate));
            self.say("aggregate", aggregate_kind(&Aggregate { filter: None, ..aggregate.clone() }));
            aggregate.args.iter().for_each(|arg| self.visit_expr(arg));
            aggregate.filter.iter().for_each(|pred| self.visit_pred(pred));
        }
    }

    fn source(&mut self, source: &Source) {
        source.with.iter().for_each(|binding| self.visit_expr(&binding.value));
        source.filter.iter().for_each(|pred| self.visit_pred(pred));
        source.fields.iter().flatten().chain(&source.unique).for_each(|expr| self.visit_expr(expr));
    }

    fn constant(&mut self, constant: &Constant) {
        self.say("event with", constant_kind(constant));
        match constant {
            Constant::One(_) => {}
            Constant::List(constants) => constants.iter().for_each(|constant| self.constant(constant)),
            Constant::Record(constants) => constants.iter().flatten().for_each(|constant| self.constant(constant)),
        }
    }
}

impl Rewrite for Visitor<'_> {
    fn expr(&mut self, expr: Expr) -> Expr {
        self.say("expression", expr_kind(&expr.kind));
        match &expr.kind {
            ExprKind::Literal(literal) => self.say("constant of", literal_kind(literal)),
            ExprKind::Call(function, _) => self.say("function", function_kind(function)),
            ExprKind::Path(_, steps) => steps.iter().for_each(|step| self.say("step", step_kind(step))),
            _ => {}
        }
        expr
    }

    fn pred(&mut self, pred: Pred) -> Pred {
        self.say("condition", pred_kind(&pred.kind));
        match &pred.kind {
            PredKind::OneOf { options, .. } | PredKind::Has { options, .. } => {
                options.iter().for_each(|option| self.say("constant of", literal_kind(option)));
            }
            PredKind::InNetwork(_, networks) => {
                for network in networks {
                    self.say("network", if network.addr().is_ipv4() { "of IPv4" } else { "of IPv6" });
                }
            }
            _ => {}
        }
        pred
    }
}
