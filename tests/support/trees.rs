//! Random syntax trees: every kind of node, names that are words of the language, odd keys, all literals. They mean nothing: only
//! printing and parsing are asked of them. What the grammar can't say is never made (a list of no arms, a key without a name that is
//! no reference).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use skywatch::source::{Span, Spanned};
use skywatch::syntax::ast::*;

use super::choices::Choices;

/// Names that are free, words of the language, and words that open clauses and items.
const WORDS: [&str; 26] = [
    "a", "caller", "model_2", "_x", "from", "where", "not", "missing", "present", "content", "at", "delay", "unique",
    "rule", "list", "else", "true", "nocase", "default", "sources", "absent", "enable", "trap", "d", "by", "within",
];
const TEXTS: [&str; 12] = [
    "a",
    "ignore previous",
    "",
    "\"quoted\"",
    "back\\slash",
    "tab\tline\nend\r",
    "é, 你好, 🦀",
    "// no comment",
    "/* none */ ; # --",
    "{ [ ( \u{7f}\u{0}\u{feff}",
    "`x` and 'y'",
    "\\u{e9}",
];

pub(crate) struct Trees<'a> {
    pub(crate) choices: &'a mut Choices,
}

fn at<T>(node: T) -> Spanned<T> {
    Spanned::new(node, Span::default())
}

fn expr(kind: ExprKind) -> Expr {
    at(Box::new(kind))
}

impl Trees<'_> {
    pub(crate) fn file(&mut self) -> File {
        let items = self.some(1, 4, Trees::item);
        File { items, broken: Vec::new() }
    }

    fn below(&mut self, n: usize) -> usize {
        self.choices.below(n)
    }

    fn some<T>(&mut self, least: usize, most: usize, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        let n = least + self.below(most - least + 1);
        (0..n).map(|_| one(self)).collect()
    }

    fn maybe<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Option<T> {
        (self.below(2) == 1).then(|| one(self))
    }

    fn word(&mut self) -> Name {
        at((*self.choices.one(&WORDS)).to_owned())
    }

    fn name(&mut self) -> Name {
        let mut name = self.word().node;
        for _ in 0..self.below(3) {
            name.push('.');
            name.push_str(&self.word().node);
        }
        at(name)
    }

    fn text(&mut self) -> Spanned<String> {
        at((*self.choices.one(&TEXTS)).to_owned())
    }

    fn doc(&mut self) -> Doc {
        const LINES: [&str; 5] = ["A title.", "", "  indented", "/ a slash", "\"quotes\" // and { [ ("];
        self.some(0, 2, |this| at((*this.choices.one(&LINES)).to_owned()))
    }

    fn item(&mut self) -> Item {
        let kind = match self.below(11) {
            0 => ItemKind::Rule(Box::new(self.rule())),
            6 => ItemKind::Correlate(self.correlate()),
            7 => ItemKind::Calendar(self.calendar()),
            8 => ItemKind::Prices(self.prices()),
            9 => ItemKind::Exception(self.exception()),
            10 => ItemKind::Table(Table { name: self.word(), file: self.text(), span: at(()) }),
            1 => ItemKind::List(self.list()),
            2 => ItemKind::Source(Box::new(self.source())),
            3 => ItemKind::Stream(self.stream()),
            4 => ItemKind::Test(self.test()),
            _ => ItemKind::Operations(Operations {
                name: self.word(),
                clouds: self.some(0, 3, |this| (this.word(), this.some(1, 3, Trees::text))),
                span: at(()),
            }),
        };
        Item { doc: self.doc(), kind }
    }

    fn rule(&mut self) -> Rule {
        let mut clauses: Vec<Spanned<Clause>> = Vec::new();
        let kinds: [fn(&mut Self) -> Clause; 16] = [
            |this| match this.below(2) {
                0 => Clause::Severity(at("high".to_owned())),
                _ => Clause::SeverityCase(this.case(2)),
            },
            |this| Clause::Tags(this.some(1, 3, |_| at("atlas:AML.T0051.000".to_owned()))),
            |this| Clause::From(this.name(), this.some(0, 3, Trees::name)),
            |this| Clause::With(this.bindings(1)),
            |this| Clause::Each(this.word(), this.named(2)),
            |this| Clause::Where(this.expr(4)),
            |this| Clause::Where(this.expr(3)),
            |this| {
                Clause::Over(Over {
                    length: at(this.duration()),
                    step: this.maybe(|this| at(this.duration())),
                    keys: this.some(0, 3, Trees::key),
                    across: this.maybe(|_| at(())),
                })
            },
            |this| Clause::Let(this.bindings(1)),
            |this| Clause::When(this.expr(3)),
            |this| Clause::Show(this.some(1, 3, Trees::key)),
            |this| Clause::Mute(this.mute()),
            |this| Clause::Texts(TextClause::Respond, this.some(1, 3, Trees::text)),
            |this| Clause::Texts(TextClause::Benign, this.some(1, 3, Trees::text)),
            |this| Clause::Texts(TextClause::Owner, vec![this.text()]),
            |this| Clause::Texts(TextClause::References, this.some(1, 3, Trees::text)),
        ];
        for kind in kinds {
            if self.below(3) > 0 {
                clauses.push(at(kind(self)));
            }
        }
        Rule { name: self.word(), signal: self.below(3) == 0, clauses, span: at(()) }
    }

    fn mute(&mut self) -> Mute {
        Mute { length: at(self.duration()), keys: self.some(0, 3, Trees::name) }
    }

    fn correlate(&mut self) -> Correlate {
        let mut clauses: Vec<Spanned<CorrelateClause>> = Vec::new();
        let kinds: [fn(&mut Self) -> CorrelateClause; 7] = [
            |this| match this.below(2) {
                0 => CorrelateClause::Severity(at("high".to_owned())),
                _ => CorrelateClause::SeverityCase(this.case(2)),
            },
            |this| CorrelateClause::Tags(this.some(1, 3, |_| at("atlas:AML.T0051.000".to_owned()))),
            |this| CorrelateClause::By(this.some(1, 3, |this| (this.name(), this.maybe(Trees::name)))),
            |this| CorrelateClause::Within(at(this.duration())),
            |this| {
                CorrelateClause::When(match this.below(2) {
                    0 => Occurs::AtLeast(at(1 + this.below(3) as u64), this.some(1, 4, Trees::word)),
                    _ => {
                        let later = this.some(1, 3, |this| (this.below(3) == 0, this.word()));
                        Occurs::Chain(std::iter::once((false, this.word())).chain(later).collect())
                    }
                })
            },
            |this| CorrelateClause::Mute(this.mute()),
            |this| CorrelateClause::Texts(TextClause::Respond, this.some(1, 3, Trees::text)),
        ];
        for kind in kinds {
            if self.below(3) > 0 {
                clauses.push(at(kind(self)));
            }
        }
        Correlate { name: self.word(), clauses, span: at(()) }
    }

    fn calendar(&mut self) -> Calendar {
        let day = |this: &mut Self| at((*this.choices.one(&["mon", "fri", "sun"])).to_owned());
        let clock = |this: &mut Self| at((*this.choices.one(&["00:00", "7:30", "24:00"])).to_owned());
        let hours = self.some(0, 3, |this| {
            let days = this.some(1, 3, |this| (day(this), this.maybe(day)));
            at(Hours { days, from: clock(this), to: clock(this) })
        });
        Calendar { name: self.word(), zone: self.maybe(Trees::text), hours, span: at(()) }
    }

    fn prices(&mut self) -> Prices {
        let date = || at(Literal::Time(1_767_225_600_000_000, Verbatim("2026-01-01".to_owned())));
        let rate = || at(Literal::Float(0.25, Verbatim("0.25".to_owned())));
        let prices = self.some(0, 3, |this| {
            let rates = this.some(1, 3, |_| (at("input".to_owned()), rate()));
            at(Price { models: this.some(1, 3, Trees::text), from: date(), rates })
        });
        Prices { name: self.word(), currency: self.maybe(|_| at("USD".to_owned())), prices, span: at(()) }
    }

    fn exception(&mut self) -> Exception {
        let date = || at(Literal::Time(1_767_225_600_000_000, Verbatim("2026-01-01".to_owned())));
        let mut clauses = Vec::new();
        if self.below(3) > 0 {
            clauses.push(at(ExceptionClause::Where(self.expr(3))));
        }
        if self.below(3) > 0 {
            clauses.push(at(ExceptionClause::Until(date())));
        }
        if self.below(3) > 0 {
            clauses.push(at(ExceptionClause::Reason(self.text())));
        }
        Exception { name: self.word(), rules: self.some(1, 3, Trees::excepted), clauses, span: at(()) }
    }

    fn excepted(&mut self) -> Excepted {
        let pack = self.maybe(|this| at((*this.choices.one(&["other", "ai-security", "from", "0", "-_"])).to_owned()));
        Excepted { pack, rule: self.word() }
    }

    fn list(&mut self) -> List {
        let body = match self.below(3) {
            0 => ListBody::File(self.text()),
            _ => ListBody::Elements(self.some(0, 8, |this| this.expr(2))),
        };
        List { name: self.word(), of: self.maybe(Trees::word), body, span: at(()) }
    }

    fn source(&mut self) -> Source {
        let clauses = self.some(0, 6, |this| {
            at(match this.below(12) {
                0 => SourceClause::At(this.at()),
                1 => SourceClause::Delay(at(this.duration())),
                2 => SourceClause::Unique(this.expr(2)),
                3 => SourceClause::Where(this.expr(3)),
                4 => SourceClause::With(this.bindings(1)),
                5 => SourceClause::Absent(this.some(1, 3, Trees::name), this.text()),
                6 => SourceClause::Enable(this.some(1, 3, Trees::text)),
                7 => SourceClause::Trap(this.some(1, 3, Trees::text)),
                8 => SourceClause::Assemble(this.assemble()),
                9 => SourceClause::Widen(Widen {
                    field: this.name(),
                    target: at("cloudwatch".to_owned()),
                    keys: this.some(1, 3, Trees::text),
                    reason: this.text(),
                }),
                10 => SourceClause::Provided(this.some(1, 2, Trees::name)),
                _ => SourceClause::Field(this.binding(3)),
            })
        });
        Source { name: self.name(), stream: self.name(), clauses, span: at(()) }
    }

    fn at(&mut self) -> At {
        let quoted = self.below(2) == 1;
        let place = match quoted {
            true => Some(self.text()),
            // A format is a name that opens no clause of a source.
            false => self.maybe(|_| at("json_lines".to_owned())),
        };
        let columns = self.some(0, 3, |this| Column {
            path: at(this.raw_path()),
            kind: this.maybe(|_| at("json".to_owned())),
            name: at((*this.choices.one(&["A", "a.b", "from"])).to_owned()),
            quoted: false,
        });
        At { target: at("kql".to_owned()), place, quoted, nocase: self.below(4) == 0, columns }
    }

    fn assemble(&mut self) -> Assemble {
        let parts = self.some(1, 3, |this| {
            at(Part {
                name: this.word(),
                optional: this.below(2) == 0,
                condition: this.expr(2),
                lists: this.maybe(|this| at(Box::new(ExprKind::RawPath(this.raw_path())))),
                order: this.maybe(|this| at(Box::new(ExprKind::RawPath(this.raw_path())))),
                places: this.some(0, 2, |this| at(this.at())),
            })
        });
        let path = |this: &mut Self| at(Box::new(ExprKind::RawPath(this.raw_path())));
        Assemble { key: path(self), within: at(self.duration()), time: path(self), parts }
    }

    fn stream(&mut self) -> Stream {
        let fields = self.some(0, 5, |this| Field {
            doc: this.doc(),
            name: this.name(),
            ty: at(match this.below(3) {
                0 => FieldType::One("text".to_owned()),
                1 => FieldType::List("int".to_owned()),
                _ => FieldType::Records(this.some(1, 3, |this| (this.name(), at("bool".to_owned())))),
            }),
            content: this.below(2) == 1,
            unit: this.maybe(Trees::text),
            otel: this.maybe(Trees::text),
            ocsf: this.maybe(Trees::text),
            default: this.maybe(|this| this.expr(3)),
        });
        Stream { name: self.word(), fields, span: at(()) }
    }

    fn test(&mut self) -> Test {
        let given = self.some(0, 2, |this| Given {
            name: this.name(),
            body: match this.below(3) {
                0 => GivenBody::File(this.text()),
                _ => GivenBody::Records(this.some(0, 3, |this| {
                    at(match this.below(2) {
                        0 => Record::Fields(this.bindings(0)),
                        _ => Record::Json(this.json_object(2)),
                    })
                })),
            },
            span: at(()),
        });
        let expect = self.some(0, 3, |this| {
            at(match this.below(3) {
                0 => Expect::None,
                1 => Expect::NoOther,
                _ => Expect::Alert(this.bindings(0)),
            })
        });
        Test { rule: self.word(), title: self.text(), given, expect, span: at(()) }
    }

    fn json_object(&mut self, depth: usize) -> serde_json::Map<String, serde_json::Value> {
        let mut map = serde_json::Map::new();
        // An empty object is read as an event without fields.
        for _ in 0..1 + self.below(3) {
            map.insert(self.text().node, self.json(depth));
        }
        map
    }

    fn json(&mut self, depth: usize) -> serde_json::Value {
        match self.below(if depth == 0 { 6 } else { 8 }) {
            0 => serde_json::Value::Null,
            1 => true.into(),
            2 => self.text().node.into(),
            3 => (*self.choices.one(&[0, -1, i64::MAX, i64::MIN])).into(),
            4 => u64::MAX.into(),
            5 => (*self.choices.one(&[0.5, -1e300, 1e-7])).into(),
            6 => self.some(0, 3, |this| this.json(depth - 1)).into(),
            _ => self.json_object(depth - 1).into(),
        }
    }

    fn bindings(&mut self, least: usize) -> Vec<Binding> {
        self.some(least, 3, |this| this.binding(3))
    }

    fn binding(&mut self, depth: usize) -> Binding {
        Binding { name: self.name(), value: self.expr(depth) }
    }

    fn key(&mut self) -> Key {
        let name = self.maybe(Trees::word);
        let value = if name.is_some() { self.expr(2) } else { self.named(1) };
        Key { name, value, default: self.maybe(Trees::text) }
    }

    fn raw_path(&mut self) -> Vec<Suffix> {
        let first = Suffix::Member(self.word().node);
        let rest = self.some(0, 3, Trees::suffix);
        std::iter::once(first).chain(rest).collect()
    }

    fn suffix(&mut self) -> Suffix {
        match self.below(5) {
            0 => Suffix::Member(self.word().node),
            1 => Suffix::OddMember(self.text().node),
            2 => Suffix::Values,
            3 => Suffix::Elements,
            _ => Suffix::Index(*self.choices.one(&[0, -1, 12, i64::MIN])),
        }
    }

    /// A name, a call or a raw path.
    fn reference(&mut self, depth: usize) -> Expr {
        match self.below(3) {
            0 => expr(ExprKind::RawPath(self.raw_path())),
            _ => self.named(depth),
        }
    }

    /// A name or a call.
    fn named(&mut self, depth: usize) -> Expr {
        expr(match self.below(if depth == 0 { 1 } else { 2 }) {
            0 => ExprKind::Reference(self.word(), self.some(0, 2, Trees::suffix)),
            _ => self.call(depth),
        })
    }

    fn call(&mut self, depth: usize) -> ExprKind {
        let mut arguments = self.some(0, 3, |this| match this.below(3) {
            0 => Argument { value: None, filter: Some(this.expr(depth - 1)), by: Vec::new() },
            1 => Argument { value: Some(this.expr(depth - 1)), filter: Some(this.expr(depth - 1)), by: Vec::new() },
            _ => Argument { value: Some(this.expr(depth - 1)), filter: None, by: Vec::new() },
        });
        // Only behind the last argument: a comma would go on with the keys.
        if let Some(last) = arguments.last_mut().filter(|a| a.value.is_some())
            && self.below(4) == 3
        {
            last.by = self.some(1, 2, |this| Key { name: None, value: this.named(0), default: None });
        }
        let callee = *self.choices.one(&["count", "if", "within", "unseen"]);
        ExprKind::Call(at(callee.to_owned()), arguments, self.some(0, 2, Trees::suffix))
    }

    fn case(&mut self, depth: usize) -> Expr {
        let arms = self.some(1, 3, |this| (this.maybe(|this| this.expr(depth - 1)), this.expr(depth - 1)));
        expr(ExprKind::Case(arms))
    }

    fn quantifier(&mut self) -> Quantifier {
        *self.choices.one(&[Quantifier::Any, Quantifier::All])
    }

    pub(crate) fn expr(&mut self, depth: usize) -> Expr {
        if depth == 0 {
            return match self.below(3) {
                0 => self.reference(0),
                1 => expr(ExprKind::TargetField("a.b".to_owned())),
                _ => expr(ExprKind::Literal(self.literal())),
            };
        }
        let below = depth - 1;
        match self.below(14) {
            0 => self.reference(depth),
            1 | 2 => expr(ExprKind::Literal(self.literal())),
            3 => expr(ExprKind::List(self.some(0, 4, |this| this.expr(below)))),
            4 => expr(ExprKind::Record(self.some(0, 3, |this| this.binding(below)))),
            5 => self.case(depth),
            6 => {
                let (word, list) = (self.word(), self.reference(below));
                expr(ExprKind::Quantified(self.quantifier(), word, list, self.expr(below)))
            }
            7 => expr(ExprKind::Rows(
                self.word(),
                self.some(1, 2, |this| this.reference(below)),
                self.maybe(|this| this.expr(below)),
                self.some(1, 2, |this| this.binding(below)),
            )),
            8 => {
                use ArithmeticOp::{Add, Divide, Multiply, Subtract};
                let op = *self.choices.one(&[Add, Subtract, Multiply, Divide]);
                expr(ExprKind::Arithmetic(self.expr(below), op, self.expr(below)))
            }
            9 => expr(ExprKind::And(self.some(2, 4, |this| this.expr(below)))),
            10 => expr(ExprKind::Or(self.some(2, 4, |this| this.expr(below)))),
            11 => expr(ExprKind::Not(self.expr(below))),
            12 => {
                let left = self.expr(below);
                let negated = self.below(2) == 1;
                let what = match self.below(3) {
                    0 => IsWhat::Missing,
                    1 => IsWhat::Present,
                    _ => IsWhat::Operations(self.name()),
                };
                expr(ExprKind::Is(left, negated, what))
            }
            _ => self.comparison(below),
        }
    }

    fn comparison(&mut self, below: usize) -> Expr {
        use TestOp::{
            Contains, EndsWith, Equal, Greater, GreaterEqual, Has, In, Less, LessEqual, Matches, NotEqual, StartsWith,
        };
        const ALL: [TestOp; 12] =
            [Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, In, Contains, StartsWith, EndsWith, Matches, Has];
        let op = *self.choices.one(&ALL);
        let order = matches!(op, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual);
        let sized = matches!(op, Less | LessEqual | Greater | GreaterEqual);
        expr(ExprKind::Test(Comparison {
            left: self.expr(below),
            negated: !order && self.below(2) == 1,
            op: at(op),
            quantifier: if op == In { None } else { self.maybe(Trees::quantifier) },
            right: self.expr(below),
            nocase: !sized && self.below(2) == 1,
        }))
    }

    fn duration(&mut self) -> Literal {
        let us = *self.choices.one(&[0, 1_000, 1_500_000, 60_000_000, 3_600_000_000, 86_400_000_000 * 366]);
        Literal::Duration(us, Verbatim::default())
    }

    fn literal(&mut self) -> Literal {
        let v = Verbatim::default;
        match self.below(9) {
            0 => Literal::Text(self.text().node, v()),
            1 => Literal::Int(*self.choices.one(&[0, 5, -5, i64::MAX, i64::MIN]), v()),
            2 => Literal::Float(*self.choices.one(&[0.5, -0.5, 1e300, 5e-324, 1.0, 123_456.789]), v()),
            3 => Literal::Bool(self.below(2) == 1),
            4 => {
                // From the year 0 to the end of 9999, which is what can be written.
                let us = *self.choices.one(&[0, 1, -1, -62_167_219_200_000_000, 253_402_300_799_999_999]);
                Literal::Time(us, v())
            }
            5 => self.duration(),
            6 => Literal::Address(self.address(), v()),
            7 => {
                let address = self.address();
                let bits = if address.is_ipv4() { 32 } else { 128 };
                let prefix = u8::try_from(self.below(bits + 1)).expect("a small number");
                Literal::Network(IpNet::new(address, prefix).expect("a prefix that fits").trunc(), v())
            }
            _ => Literal::Pattern(self.pattern()),
        }
    }

    fn address(&mut self) -> IpAddr {
        match self.below(6) {
            0 => IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
            1 => IpAddr::V4(Ipv4Addr::BROADCAST),
            2 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
            3 => IpAddr::V6(Ipv6Addr::new(0x1d, 0, 0, 0, 0, 0, 0, 5)),
            4 => IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 1, 0, 0, 1)),
            _ => IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0x0102, 0x0304)),
        }
    }

    /// Characters, and pairs of a backslash with another one: what stands between slashes, but for slashes themselves.
    fn pattern(&mut self) -> String {
        const FIRST: [&str; 8] = ["a", "\\d", "[^/\"]", "(x|y)", "/", "\\\\", "é", "{2,}"];
        const REST: [&str; 10] = ["b", " ", "/", "\"", "//", "\\\\", "\\s+", "'", "#", "\\."];
        let first = *self.choices.one(&FIRST);
        let rest = self.some(0, 4, |this| *this.choices.one(&REST));
        std::iter::once(first).chain(rest).collect()
    }
}
