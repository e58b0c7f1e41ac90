//! Calls: functions of values become the few that the meaning knows.

use super::calendar::DURING;
use super::errors;
use super::found::FOUND;
use super::look::LOOKS;
use super::prices::COST;
use super::scope::Resolver;
use super::table::LOOKUP;
use crate::ir::{Expr, ExprKind, Function, Literal, Pattern, Type, pattern, position};
use crate::source::Span;
use crate::syntax::ast::{self, Argument};

/// The aggregates, and how each is written.
pub const AGGREGATES: [(&str, &str); 12] = [
    ("count", "count()` or `count(where x is present)"),
    ("sum", "sum(x)"),
    ("avg", "avg(x)"),
    ("min", "min(x)"),
    ("max", "max(x)"),
    ("stddev", "stddev(x)"),
    ("percentile", "percentile(x, 95)"),
    ("distinct", "distinct(x)"),
    ("values", "values(x, 10)"),
    ("top", "top(x, 10)"),
    ("first", "first(x)"),
    ("last", "last(x)"),
];

/// Functions of values, and how each is written.
pub const FUNCTIONS: [(&str, &str); 23] = [
    ("lower", "lower(x)"),
    ("upper", "upper(x)"),
    ("length", "length(x)"),
    ("substring", "substring(x, 0, 100)"),
    ("concat", "concat(a, b)"),
    ("coalesce", "coalesce(a, b)"),
    ("sum_of", "sum_of(a, b)"),
    ("greatest", "greatest(a, b)"),
    ("least", "least(a, b)"),
    ("if", "if(condition, a, b)"),
    ("extract", "extract(x, /…/)"),
    ("segment", SEGMENT),
    ("base64_decode", "base64_decode(x)"),
    ("hash", "hash(x)"),
    ("hour", "hour(time)"),
    ("weekday", "weekday(time)"),
    ("size", "size(xs)"),
    ("host", "host(url)"),
    ("distance_km", DISTANCE),
    LOOKUP,
    FOUND,
    DURING,
    COST,
];

/// Functions that read raw JSON, and how each is written: they exist in sources only.
pub const READERS: [(&str, &str); 12] = [
    ("int", "int(.x)"),
    ("float", "float(.x)"),
    ("ip", "ip(.x)"),
    ("masked_net", "masked_net(.x)"),
    ("ticks", "ticks(.x)"),
    ("unix_nanos", "unix_nanos(.x)"),
    ("sql_time", "sql_time(.x)"),
    ("entries", "entries(.x)` or `entries(.x, \"key\")"),
    ("json", "json(.x)"),
    ("first_of", "first_of(.a, .b)"),
    ("join", "join(.a[].text)"),
    ("last", "last(…)"),
];

/// Functions of later versions.
const LATER: [(&str, &str); 1] = [("unmask", "test the text with `matches`, with the disguises spelled out")];

/// What other languages call things, and what to write here.
const ELSEWHERE: [(&str, &str); 35] = [
    ("contains", "x contains \"…\""),
    ("has", "xs has \"…\""),
    ("startswith", "x starts with \"…\""),
    ("starts_with", "x starts with \"…\""),
    ("endswith", "x ends with \"…\""),
    ("ends_with", "x ends with \"…\""),
    ("matches", "x matches /…/"),
    ("regex", "x matches /…/"),
    ("regex_match", "x matches /…/"),
    ("like", "x contains \"…\", or x matches /…/"),
    ("isnull", "x is missing"),
    ("isempty", "x is missing"),
    ("isnotnull", "x is present"),
    ("isnotempty", "x is present"),
    ("exists", "x is present"),
    ("ispresent", "x is present"),
    ("cidrmatch", "source.ip in 10.0.0.0/8"),
    ("ipv4_is_in_range", "source.ip in 10.0.0.0/8"),
    ("len", "length(x) for a text, size(xs) for a list"),
    ("strlen", "length(x)"),
    ("substr", "substring(x, 0, 100)"),
    ("tolower", "lower(x)"),
    ("toupper", "upper(x)"),
    ("strcat", "concat(a, b)"),
    ("ifnull", "coalesce(a, b)"),
    ("iff", "if(condition, a, b)"),
    ("iif", "if(condition, a, b)"),
    ("dcount", "distinct(x)"),
    ("count_distinct", "distinct(x)"),
    ("countif", "count(where condition)"),
    ("sumif", "sum(x where condition)"),
    ("average", "avg(x)"),
    ("mean", "avg(x)"),
    ("median", "percentile(x, 50)"),
    ("make_set", "values(x, 10)"),
];

impl Resolver<'_> {
    pub(super) fn call(
        &mut self,
        name: &ast::Name,
        arguments: &[Argument],
        want: Option<&Type>,
        span: Span,
    ) -> Option<Expr> {
        let word = name.node.as_str();
        if let Some((_, way_out)) = LATER.iter().find(|(later, _)| *later == word) {
            return self.wrong(errors::not_yet(name.span, word, way_out));
        }
        let look = LOOKS.iter().find(|(n, _)| *n == word).filter(|_| !self.scope.raw);
        if let Some((_, usage)) = look {
            return self.look(name, usage, arguments, span);
        }
        if let Some(key) = arguments.iter().find_map(|argument| argument.by.first()) {
            return self.wrong(errors::by_here(key.value.span, word));
        }
        let reader = READERS.iter().find(|(n, _)| *n == word);
        let aggregate = AGGREGATES.iter().find(|(n, _)| *n == word).filter(|_| !self.scope.raw);
        if let Some((_, usage)) = aggregate {
            return self.aggregate(name, usage, arguments, span);
        }
        if let Some(argument) = arguments.iter().find(|a| a.filter.is_some()) {
            let at = argument.filter.as_ref().map_or(span, |f| f.span);
            return self.wrong(errors::filter_here(at, word));
        }
        let values: Vec<&ast::Expr> = arguments.iter().filter_map(|a| a.value.as_ref()).collect();
        if let Some((_, usage)) = FUNCTIONS.iter().find(|(n, _)| *n == word) {
            return self.function(word, usage, &values, want, span);
        }
        match reader {
            Some((_, usage)) if self.scope.raw => self.reader(word, usage, &values, want, span),
            Some(_) => self.wrong(errors::source_only(name.span, word)),
            None => {
                let elsewhere = ELSEWHERE.iter().find(|(n, _)| n.eq_ignore_ascii_case(word));
                if let Some((_, here)) = elsewhere {
                    return self.wrong(errors::foreign_function(name.span, word, here));
                }
                let known = FUNCTIONS
                    .iter()
                    .chain(&AGGREGATES)
                    .chain(&LOOKS)
                    .map(|(n, _)| *n)
                    .chain(READERS.iter().map(|(n, _)| *n).filter(|_| self.scope.raw));
                let diagnostic = errors::unknown_function(name.span, word, known.collect::<Vec<_>>());
                self.wrong(diagnostic)
            }
        }
    }

    fn function(
        &mut self,
        word: &str,
        usage: &str,
        args: &[&ast::Expr],
        want: Option<&Type>,
        span: Span,
    ) -> Option<Expr> {
        let arity = match word {
            "lower" | "upper" | "length" | "base64_decode" | "hash" | "hour" | "weekday" | "size" | "host" | "cost" => {
                1..=1
            }
            "extract" | "found" | "during" | "distance_km" => 2..=2,
            "substring" | "if" | "segment" | "lookup" => 3..=3,
            "concat" | "coalesce" | "sum_of" | "greatest" | "least" => 1..=64,
            _ => 0..=0,
        };
        if !arity.contains(&args.len()) {
            return self.wrong(errors::arguments(span, word, usage, args.len()));
        }
        let call = |function, args, ty| Some(Expr::new(ExprKind::Call(function, args), ty, span));
        match (word, args) {
            ("lower", [x]) => call(Function::Lower, vec![self.value(x, &Type::Text)?], Type::Text),
            ("upper", [x]) => call(Function::Upper, vec![self.value(x, &Type::Text)?], Type::Text),
            ("length", [x]) => call(Function::Length, vec![self.value(x, &Type::Text)?], Type::Int),
            ("base64_decode", [x]) => call(Function::Base64Decode, vec![self.value(x, &Type::Text)?], Type::Text),
            ("hash", [x]) => call(Function::Hash, vec![self.value(x, &Type::Text)?], Type::Text),
            ("hour", [t]) => call(Function::Hour, vec![self.value(t, &Type::Time)?], Type::Int),
            ("weekday", [t]) => call(Function::Weekday, vec![self.value(t, &Type::Time)?], Type::Int),
            ("substring", [x, start, len]) => {
                let args =
                    vec![self.value(x, &Type::Text)?, self.value(start, &Type::Int)?, self.value(len, &Type::Int)?];
                call(Function::Substring, args, Type::Text)
            }
            ("concat", parts) => {
                let parts = parts.iter().map(|p| self.concat_part(p)).collect::<Option<Vec<_>>>()?;
                call(Function::Concat, parts, Type::Text)
            }
            ("coalesce", parts) => self.coalesce(parts, want, span),
            ("sum_of" | "greatest" | "least", parts) => self.numbers(word, parts, want, span),
            ("if", [condition, then, otherwise]) => {
                let pred = self.pred(condition)?;
                let parts = self.same_type(&[then, otherwise], want)?;
                let [then, otherwise] = <[Expr; 2]>::try_from(parts).ok()?;
                let ty = then.ty.clone();
                Some(Expr::new(ExprKind::Case(vec![(pred, then)], Some(Box::new(otherwise))), ty, span))
            }
            ("extract", [x, pattern]) => {
                let subject = self.value(x, &Type::Text)?;
                let ast::ExprKind::Literal(ast::Literal::Pattern(text)) = &*pattern.node else {
                    return self.wrong(errors::bad_argument(pattern.span, word, "a pattern", usage));
                };
                let pattern = self.pattern(text, false, pattern.span)?;
                call(Function::Extract(pattern), vec![subject], Type::Text)
            }
            ("distance_km", [from, to]) => {
                call(Function::Distance, vec![self.place(from)?, self.place(to)?], Type::Float)
            }
            ("segment", [x, separator, number]) => self.segment(x, separator, number, span),
            ("lookup", [table, key, column]) => self.lookup(table, key, column, span),
            ("found" | "during", _) => self.wrong(errors::condition_as_value(span)),
            ("cost", [list]) => match &*list.node {
                ast::ExprKind::Reference(name, suffixes) if suffixes.is_empty() => self.cost(Some(name), span),
                _ => self.wrong(errors::bad_argument(list.span, word, "a price list", usage)),
            },
            ("host", [x]) => {
                let subject = self.value(x, &Type::Text)?;
                let pattern = self.pattern(HOST, false, span)?;
                let host = Expr::new(ExprKind::Call(Function::Extract(pattern), vec![subject]), Type::Text, span);
                call(Function::Lower, vec![host], Type::Text)
            }
            ("size", [x]) => {
                if let ast::ExprKind::Reference(name, suffixes) = &*x.node
                    && let Some(list) = self.names.lists.get(&name.node).filter(|_| suffixes.is_empty())
                {
                    let size = i64::try_from(list.items.len()).unwrap_or(i64::MAX);
                    return Some(Expr::literal(Literal::Int(size), span));
                }
                let list = self.expr(x, None)?;
                if !matches!(list.ty, Type::List(_)) {
                    let diagnostic = errors::type_mismatch(list.span, "a list", &list.ty);
                    return self.wrong(diagnostic);
                }
                call(Function::Size, vec![list], Type::Int)
            }
            _ => self.wrong(errors::arguments(span, word, usage, args.len())),
        }
    }

    /// The text of a place; a constant one has a position, without which there is never a distance.
    fn place(&mut self, place: &ast::Expr) -> Option<Expr> {
        let value = self.value(place, &Type::Text)?;
        match value.as_literal() {
            Some(Literal::Text(text)) if position(text).is_none() => {
                let expected = "a place with its latitude and longitude";
                self.wrong(errors::bad_argument(place.span, "distance_km", expected, DISTANCE))
            }
            _ => Some(value),
        }
    }

    /// A text, or in sources a list of texts, whose elements are parts too.
    fn concat_part(&mut self, part: &ast::Expr) -> Option<Expr> {
        let value = self.expr(part, Some(&Type::Text))?;
        let raw_list = value.ty == Type::List(Box::new(Type::Raw));
        let want = if raw_list { Type::List(Box::new(Type::Text)) } else { Type::Text };
        self.coerce(value, &want)
    }

    fn coalesce(&mut self, parts: &[&ast::Expr], want: Option<&Type>, span: Span) -> Option<Expr> {
        let parts = self.same_type(parts, want)?;
        let mut ty = parts.first()?.ty.clone();
        // Lists of raw beside raw: together they are a list of raw's elements, read as one by whoever takes them.
        if parts.iter().any(|p| p.ty != ty) {
            ty = Type::List(Box::new(Type::Text));
            let parts = parts.into_iter().map(|p| self.coerce(p, &ty)).collect::<Option<Vec<_>>>()?;
            return Some(Expr::new(ExprKind::Call(Function::Coalesce, parts), ty, span));
        }
        Some(Expr::new(ExprKind::Call(Function::Coalesce, parts), ty, span))
    }

    fn numbers(&mut self, word: &str, parts: &[&ast::Expr], want: Option<&Type>, span: Span) -> Option<Expr> {
        let want = want.filter(|ty| ty.is_number() || **ty == Type::Duration).cloned();
        let parts = self.same_type(parts, Some(&want.unwrap_or(Type::Int)))?;
        let ty = parts.first()?.ty.clone();
        let ordered = ty.is_number() || ty == Type::Duration || (ty == Type::Time && word != "sum_of");
        if !ordered {
            return self.wrong(errors::type_mismatch(span, "numbers", &ty));
        }
        let function = match word {
            "sum_of" => Function::SumOf,
            "greatest" => Function::Greatest,
            _ => Function::Least,
        };
        Some(Expr::new(ExprKind::Call(function, parts), ty, span))
    }

    /// `segment(x, "/", n)`: the n-th part between separators, as a pattern, so that targets need not know it.
    fn segment(&mut self, x: &ast::Expr, separator: &ast::Expr, number: &ast::Expr, span: Span) -> Option<Expr> {
        let subject = self.value(x, &Type::Text)?;
        let character = match &*separator.node {
            ast::ExprKind::Literal(ast::Literal::Text(text, _)) if text.chars().count() == 1 => text.clone(),
            _ => {
                return self.wrong(errors::bad_argument(separator.span, "segment", "one character in quotes", SEGMENT));
            }
        };
        let number = match &*number.node {
            ast::ExprKind::Literal(ast::Literal::Int(n, _)) if (-100..=100).contains(n) => *n,
            _ => {
                return self.wrong(errors::bad_argument(
                    number.span,
                    "segment",
                    "a number from -100 to 100",
                    "segment(x, \"/\", 0)` for the first part, `segment(x, \"/\", -1)` for the last, `segment(x, \"/\", 1)",
                ));
            }
        };
        let one = pattern::escape(&character);
        let part = format!("[^{}]*", pattern::escape_in_class(&character));
        let text = match number {
            0 => format!("^({part})"),
            -1 => format!("({part})$"),
            n if n > 0 => format!("^(?:{part}{one}){{{n}}}({part})"),
            n => format!("({part})(?:{one}{part}){{{}}}$", -n - 1),
        };
        let pattern = self.pattern(&text, false, span)?;
        Some(Expr::new(ExprKind::Call(Function::Extract(pattern), vec![subject]), Type::Text, span))
    }

    fn reader(
        &mut self,
        word: &str,
        usage: &str,
        args: &[&ast::Expr],
        want: Option<&Type>,
        span: Span,
    ) -> Option<Expr> {
        let [first, ..] = args else { return self.wrong(errors::arguments(span, word, usage, 0)) };
        if args.len() > 1 && !matches!(word, "first_of" | "join" | "entries") {
            return self.wrong(errors::arguments(span, word, usage, args.len()));
        }
        let call = |function, args, ty| Some(Expr::new(ExprKind::Call(function, args), ty, span));
        match word {
            "int" => self.value(first, &Type::Int),
            "float" => self.value(first, &Type::Float),
            "ip" => self.value(first, &Type::Ip),
            "masked_net" => call(Function::MaskedNet, vec![self.value(first, &Type::Text)?], Type::Text),
            "ticks" => call(Function::Ticks, vec![self.value(first, &Type::Int)?], Type::Time),
            "unix_nanos" => call(Function::UnixNanos, vec![self.value(first, &Type::Int)?], Type::Time),
            "sql_time" => call(Function::SqlTime, vec![self.value(first, &Type::Text)?], Type::Time),
            "json" => {
                let inner = self.expr(first, None)?;
                if !matches!(inner.ty, Type::Raw | Type::Text) {
                    let diagnostic = errors::type_mismatch(inner.span, "text or raw JSON", &inner.ty);
                    return self.wrong(diagnostic);
                }
                Some(Expr::new(ExprKind::Json(Box::new(inner)), Type::Raw, span))
            }
            "entries" => {
                let inner = self.value(first, &Type::Raw)?;
                let keys =
                    if args.len() > 1 { Some(self.entry_keys(args.get(1..).unwrap_or_default())?) } else { None };
                Some(Expr::new(ExprKind::Entries(Box::new(inner), keys), Type::List(Box::new(Type::Raw)), span))
            }
            "first_of" => self.coalesce(args, want, span),
            "join" => {
                let ty = Type::List(Box::new(Type::Text));
                let lists = args.iter().map(|arg| self.value(arg, &ty)).collect::<Option<Vec<_>>>()?;
                call(Function::Join, lists, Type::Text)
            }
            _ => {
                let list = self.expr(first, None)?;
                let Some(element) = list.ty.element().cloned() else {
                    let diagnostic = errors::type_mismatch(list.span, "a list", &list.ty);
                    return self.wrong(diagnostic);
                };
                call(Function::Last, vec![list], element)
            }
        }
    }

    /// The keys that `entries` takes, sorted as entries are.
    fn entry_keys(&mut self, args: &[&ast::Expr]) -> Option<Vec<String>> {
        let mut keys = Vec::new();
        for arg in args {
            match &*arg.node {
                ast::ExprKind::Literal(ast::Literal::Text(key, _)) => keys.push(key.clone()),
                _ => {
                    let usage = "entries(.x, \"key\")";
                    return self.wrong(errors::bad_argument(arg.span, "entries", "keys in quotes", usage));
                }
            }
        }
        keys.sort();
        keys.dedup();
        Some(keys)
    }

    /// A pattern, with what is not portable said under it.
    pub(super) fn pattern(&mut self, text: &str, nocase: bool, span: Span) -> Option<Pattern> {
        match Pattern::new(text, nocase) {
            Ok(pattern) => Some(pattern),
            Err(error) => self.wrong(errors::pattern(span, text, error)),
        }
    }
}

/// How `segment` is written.
const SEGMENT: &str = "segment(x, \"/\", -1)";

/// How `distance_km` is written.
const DISTANCE: &str = "distance_km(source.place, \"Berlin (52.52,13.41)\")";

/// A URL's host: what stands behind `//` and a user's name, without port and path; an IPv6 address in its brackets.
const HOST: &str = r"^[A-Za-z][A-Za-z0-9+.\-]*://(?:[^/?#@]*@)?(\[[0-9A-Fa-f:.]+\]|[^/?#:@]+)";
