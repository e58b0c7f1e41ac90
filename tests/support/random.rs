//! Random rules as text, type-directed: what is written always resolves. The fields of each type are given, so that the same generator
//! serves a made-up stream with every type and the real sources' streams.

use super::choices::Choices;

/// Fields by type, by their names in rules.
#[derive(Clone, Default)]
pub(crate) struct Fields {
    pub(crate) stream: String,
    /// The only source that is asked; empty: all.
    pub(crate) only: String,
    pub(crate) text: Vec<String>,
    pub(crate) int: Vec<String>,
    pub(crate) float: Vec<String>,
    pub(crate) decimal: Vec<String>,
    pub(crate) bool: Vec<String>,
    pub(crate) time: Vec<String>,
    pub(crate) duration: Vec<String>,
    pub(crate) ip: Vec<String>,
    pub(crate) texts: Vec<String>,
    pub(crate) ints: Vec<String>,
    /// Lists of `{ name : text, n : int, ok : bool }`.
    pub(crate) records: Vec<String>,
    /// Constants that texts are compared with.
    pub(crate) words: Vec<String>,
    /// Whether functions and aggregates that only some targets have may occur.
    pub(crate) everything: bool,
    /// Whether rules may look back, and unite sources where several are asked.
    pub(crate) over_time: bool,
}

/// Names as [`Fields`] has them.
pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) const NUMBERS: [&str; 12] = [
    "1",
    "0",
    "2",
    "3",
    "-1",
    "10",
    "100",
    "9_007_199_254_740_993",
    "-9_007_199_254_740_992",
    "9_223_372_036_854_775_807",
    "5",
    "7",
];
pub(crate) const REALS: [&str; 8] = ["1.0", "0.5", "0.1", "0.3", "-2.5", "9007199254740992.0", "1000000.25", "3.0"];
const PATTERNS: [&str; 10] =
    ["/a/", "/^a/", "/b$/", "/[a-c]+/", "/\\d+/", "/a.b/", "/(a|b)c?/", "/\\ba\\b/", "/[^a-z]/", "/^\\s*\\S/"];
const ENTITIES: [&str; 3] = ["email", "card", "ipv4"];
const DURATIONS: [&str; 6] = ["1s", "0s", "1500ms", "1m", "1h", "30d"];
/// How far back rules look.
const PASTS: [&str; 6] = ["30m", "1h", "90m", "1d", "7d", "1s"];
const NETWORKS: [&str; 7] =
    ["10.0.0.0/8", "192.168.0.0/16", "203.0.113.7", "fc00::/7", "2001:db8::/32", "0.0.0.0/0", "::/0"];
const TIMES: [&str; 4] =
    ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", "1969-12-31T23:59:59Z", "2026-01-01T00:30:00.5Z"];

#[derive(Clone, Copy, PartialEq)]
enum Ty {
    Text,
    Int,
    Float,
    Decimal,
    Bool,
    Time,
    Duration,
    Ip,
}

/// One random rule named `r`.
pub(crate) fn rule(c: &mut Choices, fields: &Fields) -> String {
    let mut g = Generator { c, fields, with: Vec::new(), element: false };
    g.rule()
}

/// One random predicate over a stream's fields.
pub(crate) fn predicate(c: &mut Choices, fields: &Fields) -> String {
    Generator { c, fields, with: Vec::new(), element: false }.pred(3)
}

struct Generator<'a> {
    c: &'a mut Choices,
    fields: &'a Fields,
    with: Vec<(String, Ty)>,
    /// Whether `e`, an element of records, is in scope.
    element: bool,
}

impl Generator<'_> {
    fn rule(&mut self) -> String {
        let windowed = !self.c.once_in(4);
        let mut clauses = Vec::new();
        let only = if self.fields.only.is_empty() { String::new() } else { format!(" only {}", self.fields.only) };
        clauses.push(format!("from {}{only}", self.fields.stream));
        let mut with = Vec::new();
        while self.c.once_in(3) && with.len() < 2 {
            let ty = self.ty();
            let value = self.expr(ty, 2);
            let name = format!("w{}", with.len());
            with.push(format!("{name} = {value}"));
            self.with.push((name, ty));
        }
        if !with.is_empty() {
            clauses.push(format!("with {}", with.join(", ")));
        }
        if !self.fields.records.is_empty() && self.c.once_in(6) {
            let list = self.c.one(&self.fields.records);
            clauses.push(format!("each e in {list}"));
            self.element = true;
        }
        for _ in 0..self.c.below(3) {
            clauses.push(format!("where {}", self.pred(3)));
        }
        if windowed {
            self.windowed(&mut clauses);
        } else {
            if self.fields.over_time && self.c.once_in(2) {
                let far = *self.c.one(&PASTS);
                clauses.push(format!("when {}({far})", self.c.one(&["unseen", "seen", "not seen"])));
            }
        }
        if !windowed && self.c.once_in(2) {
            let shown: Vec<String> = (0..2)
                .map(|n| {
                    let ty = self.ty();
                    format!("s{n} = {}", self.shown(ty))
                })
                .collect();
            clauses.push(format!("show {}", shown.join(", ")));
        }
        let severity = if !windowed && self.c.once_in(5) {
            format!("severity case {{ {} => high, else => low }}", self.pred(2))
        } else {
            "severity low".to_owned()
        };
        format!("rule r {{\n    {severity}\n    {}\n}}\n", clauses.join("\n    "))
    }

    /// `show x = x` of a bare field is fine; the value must be no reserved form.
    fn shown(&mut self, ty: Ty) -> String {
        self.expr(ty, 1)
    }

    fn windowed(&mut self, clauses: &mut Vec<String>) {
        let over =
            *self.c.one(&["1h", "1m", "1d", "1h every 30m", "3m every 1m", "90m", "7d", "1h every 1h", "5h every 1h"]);
        let keys: Vec<String> = (0..self.c.below(3)).map(|n| self.key(n)).collect();
        let by = if keys.is_empty() { String::new() } else { format!(" by {}", keys.join(", ")) };
        let unites = self.fields.over_time && self.fields.only.is_empty();
        let across = if unites && self.c.once_in(4) { " across sources" } else { "" };
        clauses.push(format!("over {over}{by}{across}"));
        let mut measures: Vec<(String, Ty, String)> = Vec::new();
        for n in 0..1 + self.c.below(3) {
            let (ty, text) = self.aggregate();
            measures.push((format!("m{n}"), ty, text));
        }
        if self.c.once_in(4) {
            let ints: Vec<&str> = measures.iter().filter(|m| m.1 == Ty::Int).map(|m| m.0.as_str()).collect();
            if let [a, ..] = ints.as_slice() {
                let op = *self.c.one(&["+", "-", "*", "/"]);
                let b = ints.get(1).copied().unwrap_or("2");
                let ty = if op == "/" { Ty::Float } else { Ty::Int };
                measures.push(("mx".to_owned(), ty, format!("{a} {op} {b}")));
            }
        }
        let lets: Vec<String> = measures.iter().map(|(name, _, text)| format!("{name} = {text}")).collect();
        clauses.push(format!("let {}", lets.join(", ")));
        let looks = if self.fields.over_time && !self.c.once_in(4) { 1 + self.c.below(2) } else { 0 };
        let mut tests: Vec<String> = (0..looks).map(|_| self.look(over, keys.len(), &measures)).collect();
        if self.c.once_in(2) {
            tests.push(self.measure_test(&measures));
        }
        if !tests.is_empty() {
            clauses.push(format!("when {}", tests.join(*self.c.one(&[" and ", " or "]))));
        }
        if self.fields.everything && self.c.once_in(3) {
            let field = self.c.one(&self.fields.text);
            let list = *self.c.one(&["values", "top"]);
            clauses.push(format!("show seen = {list}({field}, 2)"));
        }
    }

    /// A condition on the past of windows of this length.
    fn look(&mut self, over: &str, keys: usize, measures: &[(String, Ty, String)]) -> String {
        let length = over.split(' ').next().unwrap_or_default();
        let (number, unit) = length.split_at(length.len() - 1);
        let whole = number.parse::<usize>().expect("a number") * (1 + self.c.below(4));
        let by = if keys > 0 && self.c.once_in(2) { format!(" by k{}", self.c.below(keys)) } else { String::new() };
        let far = *self.c.one(&PASTS);
        let not = if self.c.once_in(4) { "not " } else { "" };
        let numbers = measures.iter().filter(|m| matches!(m.1, Ty::Int | Ty::Float)).map(|m| m.0.as_str());
        let numbers: Vec<&str> = numbers.collect();
        match (self.c.below(5), numbers.as_slice()) {
            (0, _) => format!("{not}unseen({far}{by})"),
            (1, _) => format!("{not}seen({far}{by})"),
            (2, _) => format!("{not}silent({far})"),
            (_, []) => format!("unseen({far})"),
            (_, numbers) => {
                let measure = *self.c.one(numbers);
                let statistic = *self.c.one(&["", ", mean", ", median", ", p95", ", stddev", ", max"]);
                let op = *self.c.one(&[">", "<=", "=="]);
                format!("{measure} {op} baseline({measure}, {whole}{unit}{statistic})")
            }
        }
    }

    fn key(&mut self, n: usize) -> String {
        let fields = self.fields;
        let plain: Vec<&String> = [&fields.text, &fields.int, &fields.bool, &fields.ip].into_iter().flatten().collect();
        match self.c.below(4) {
            0 | 1 => {
                let field = *self.c.one(&plain);
                // Two keys may not have one name.
                format!("k{n} = {field}")
            }
            2 => {
                let field = self.c.one(&self.fields.text);
                format!("k{n} = {field} default \"(none)\"")
            }
            _ => format!("k{n} = {}", self.text(1)),
        }
    }

    fn aggregate(&mut self) -> (Ty, String) {
        let filter = |g: &mut Self| if g.c.once_in(4) { format!(" where {}", g.pred(1)) } else { String::new() };
        let number = |g: &mut Self| {
            if g.fields.int.is_empty() || (!g.fields.float.is_empty() && g.c.once_in(3)) {
                if g.fields.float.is_empty() { (Ty::Int, g.int(1)) } else { (Ty::Float, g.float(1)) }
            } else {
                (Ty::Int, g.int(1))
            }
        };
        match self.c.below(if self.fields.everything { 12 } else { 8 }) {
            0 => {
                let f = filter(self);
                (Ty::Int, format!("count({})", f.trim()))
            }
            1 => {
                let (ty, x) = number(self);
                let f = filter(self);
                (ty, format!("sum({x}{f})"))
            }
            2 => {
                let field = self.c.one(&self.fields.text);
                let f = filter(self);
                (Ty::Int, format!("distinct({field}{f})"))
            }
            3 => {
                let (ty, x) = number(self);
                let f = filter(self);
                (ty, format!("max({x}{f})"))
            }
            4 => {
                let (ty, x) = number(self);
                (ty, format!("min({x})"))
            }
            5 => {
                let (_, x) = number(self);
                let f = filter(self);
                (Ty::Float, format!("avg({x}{f})"))
            }
            6 => {
                let field = self.c.one(&self.fields.time);
                (Ty::Time, format!("max({field})"))
            }
            7 => {
                let (a, b) = (self.c.one(&self.fields.text), self.c.one(&self.fields.text));
                (Ty::Int, if a == b { format!("distinct({a})") } else { format!("distinct({a}, {b})") })
            }
            8 => {
                let (_, x) = number(self);
                (Ty::Float, format!("stddev({x})"))
            }
            9 => {
                let (ty, x) = number(self);
                let p = *self.c.one(&["50", "95", "100", "1", "99.9"]);
                (ty, format!("percentile({x}, {p})"))
            }
            10 => {
                let ty = self.ty();
                let x = self.expr(ty, 1);
                let f = filter(self);
                (ty, format!("first({x}{f})"))
            }
            _ => {
                let ty = self.ty();
                let x = self.expr(ty, 1);
                (ty, format!("last({x})"))
            }
        }
    }

    fn measure_test(&mut self, measures: &[(String, Ty, String)]) -> String {
        let (name, ty, _) = self.c.one(measures).clone();
        let op = *self.c.one(&[">", ">=", "==", "<", "!="]);
        match ty {
            Ty::Int | Ty::Float => {
                let number = if self.c.once_in(3) { *self.c.one(&REALS) } else { *self.c.one(&NUMBERS[..7]) };
                format!("{name} {op} {number}")
            }
            Ty::Time => format!("{name} {op} {}", self.c.one(&TIMES)),
            Ty::Duration => format!("{name} {op} {}", self.c.one(&DURATIONS)),
            Ty::Decimal => format!("{name} {op} {}", self.c.one(&NUMBERS[..6])),
            _ => format!("{name} is {}", self.c.one(&["present", "missing"])),
        }
    }

    fn ty(&mut self) -> Ty {
        let mut types = vec![Ty::Text];
        let has = |list: &[String]| !list.is_empty();
        let f = self.fields;
        for (there, ty) in [
            (has(&f.int), Ty::Int),
            (has(&f.float), Ty::Float),
            (has(&f.time), Ty::Time),
            (has(&f.duration), Ty::Duration),
            (has(&f.ip), Ty::Ip),
            (has(&f.decimal), Ty::Decimal),
            (has(&f.bool), Ty::Bool),
        ] {
            if there {
                types.push(ty);
            }
        }
        *self.c.one(&types)
    }

    fn expr(&mut self, ty: Ty, depth: usize) -> String {
        match ty {
            Ty::Text => self.text(depth),
            Ty::Int => self.int(depth),
            Ty::Float => self.float(depth),
            Ty::Decimal => self.leaf(Ty::Decimal, &self.fields.decimal, &[]),
            Ty::Bool => self.leaf(Ty::Bool, &self.fields.bool, &[]),
            Ty::Time => self.time(depth),
            Ty::Duration => self.duration(depth),
            Ty::Ip => self.leaf(Ty::Ip, &self.fields.ip, &[]),
        }
    }

    /// A field or row value of a type; sometimes a constant.
    fn leaf(&mut self, ty: Ty, fields: &[String], constants: &[&str]) -> String {
        let with: Vec<String> = self.with.iter().filter(|(_, t)| *t == ty).map(|(n, _)| n.clone()).collect();
        if !with.is_empty() && self.c.once_in(3) {
            return self.c.one(&with).clone();
        }
        if fields.is_empty() || (!constants.is_empty() && self.c.once_in(6)) {
            return (*self.c.one(constants)).to_owned();
        }
        self.c.one(fields).clone()
    }

    fn word(&mut self) -> String {
        let escaped = |c: char| match c {
            '"' | '\\' => format!("\\{c}"),
            c if c.is_control() => format!("\\u{{{:x}}}", u32::from(c)),
            c => c.to_string(),
        };
        let word: String = self.c.one(&self.fields.words).chars().map(escaped).collect();
        format!("\"{word}\"")
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 || !self.c.once_in(3) {
            if self.element && self.c.once_in(2) {
                return "e.name".to_owned();
            }
            return self.leaf(Ty::Text, &self.fields.text, &[]);
        }
        let d = depth - 1;
        match self.c.below(if self.fields.everything { 11 } else { 8 }) {
            0 => format!("lower({})", self.text(d)),
            1 => format!("upper({})", self.text(d)),
            2 => {
                let (a, b, w) = (self.text(d), self.text(d), self.word());
                format!("concat({a}, {w}, {b})")
            }
            3 => format!("coalesce({}, {})", self.text(d), self.text(d)),
            4 => format!("substring({}, {}, {})", self.text(d), self.c.below(4), self.c.below(4)),
            5 => format!("if({}, {}, {})", self.pred(d), self.text(d), self.word()),
            6 => format!(
                "segment({}, \"{}\", {})",
                self.text(d),
                self.c.one(&["/", ".", "a"]),
                self.c.one(&["0", "-1", "1"])
            ),
            7 => format!("extract({}, {})", self.text(d), self.c.one(&["/a+/", "/a(b+)/", "/([^.]*)\\./", "/^(.)/"])),
            8 => format!("hash({})", self.text(d)),
            9 => format!("base64_decode({})", self.text(d)),
            _ => format!("case {{ {} => {}, {} => {} }}", self.pred(d), self.text(d), self.pred(d), self.word()),
        }
    }

    fn int(&mut self, depth: usize) -> String {
        if depth == 0 || !self.c.once_in(3) {
            if self.element && self.c.once_in(2) {
                return "e.n".to_owned();
            }
            return self.leaf(Ty::Int, &self.fields.int, &NUMBERS);
        }
        let d = depth - 1;
        match self.c.below(10) {
            0 => format!("({} + {})", self.int(d), self.int(d)),
            1 => format!("({} - {})", self.int(d), self.int(d)),
            2 => format!("({} * {})", self.int(d), self.int(d)),
            3 => format!("sum_of({}, {})", self.int(d), self.int(d)),
            4 => format!("greatest({}, {})", self.int(d), self.int(d)),
            5 => format!("least({}, {})", self.int(d), self.int(d)),
            6 => format!("length({})", self.text(d)),
            7 => format!("coalesce({}, {})", self.int(d), self.int(d)),
            8 => format!("{}({})", *self.c.one(&["hour", "weekday"]), self.time(0)),
            _ if !self.fields.texts.is_empty() => format!("size({})", self.c.one(&self.fields.texts)),
            _ => format!("if({}, {}, {})", self.pred(d), self.int(d), self.int(d)),
        }
    }

    fn float(&mut self, depth: usize) -> String {
        if depth == 0 || !self.c.once_in(3) {
            return self.leaf(Ty::Float, &self.fields.float, &REALS);
        }
        let d = depth - 1;
        match self.c.below(6) {
            0 => format!("({} + {})", self.float(d), self.float(d)),
            1 => format!("({} * {})", self.float(d), self.int(d)),
            2 => format!("({} / {})", self.int(d), self.int(d)),
            3 => format!("({} - {})", self.float(d), self.float(d)),
            4 if !self.fields.duration.is_empty() => format!("({} / {})", self.duration(d), self.duration(d)),
            _ => format!("coalesce({}, {})", self.float(d), self.float(d)),
        }
    }

    fn time(&mut self, depth: usize) -> String {
        if depth == 0 || !self.c.once_in(4) {
            return self.leaf(Ty::Time, &self.fields.time, &[]);
        }
        let d = depth - 1;
        if self.fields.duration.is_empty() {
            return self.leaf(Ty::Time, &self.fields.time, &[]);
        }
        format!("({} {} {})", self.time(d), self.c.one(&["+", "-"]), self.duration(d))
    }

    fn duration(&mut self, depth: usize) -> String {
        if depth == 0 || !self.c.once_in(3) {
            return self.leaf(Ty::Duration, &self.fields.duration, &DURATIONS);
        }
        let d = depth - 1;
        match self.c.below(4) {
            0 => format!("({} + {})", self.duration(d), self.duration(d)),
            1 => format!("({} - {})", self.time(d), self.time(d)),
            2 => format!("({} * {})", self.duration(d), self.int(d)),
            _ => format!("({} / {})", self.duration(d), self.int(d)),
        }
    }

    fn pred(&mut self, depth: usize) -> String {
        if depth > 0 {
            let d = depth - 1;
            match self.c.below(8) {
                5 => return format!("not ({})", self.pred(d)),
                6 => return format!("({} and {})", self.group(d), self.group(d)),
                7 => return format!("({} or {})", self.group(d), self.group(d)),
                _ => {}
            }
        }
        let d = depth.saturating_sub(1);
        let (of, nocase) = (*self.c.one(&["any of", "all of"]), *self.c.one(&["", " nocase"]));
        match self.c.below(if self.fields.everything { 17 } else { 13 }) {
            0 => format!("{} == {}{nocase}", self.text(d), self.word()),
            1 => format!("{} != {}", self.text(d), self.text(d)),
            2 => format!("{} {} {}{nocase}", self.text(d), self.test(), self.word()),
            3 => format!("{} {} {of} [{}, {}]{nocase}", self.text(d), self.test(), self.word(), self.word()),
            4 => format!("{} {}in [{}, {}]{nocase}", self.text(d), self.c.one(&["", "not "]), self.word(), self.word()),
            5 => format!("{} is {}", self.any(d), self.c.one(&["missing", "present"])),
            6 if self.fields.stream == "sample" && self.c.once_in(4) => {
                format!("found({}, \"{}\")", self.c.one(&self.fields.text), self.c.one(&ENTITIES))
            }
            6 => format!("{} matches {}{nocase}", self.text(d), self.c.one(&PATTERNS)),
            7 if !self.fields.int.is_empty() => format!("{} {} {}", self.int(d), self.order(), self.int(d)),
            8 if !self.fields.float.is_empty() => {
                let other = if self.c.once_in(2) { self.int(d) } else { self.float(d) };
                format!("{} {} {other}", self.float(d), self.order())
            }
            9 if !self.fields.ip.is_empty() => {
                let field = self.expr(Ty::Ip, 0);
                format!(
                    "{field} {}in [{}, {}]",
                    self.c.one(&["", "not "]),
                    self.c.one(&NETWORKS),
                    self.c.one(&NETWORKS)
                )
            }
            10 => format!("{} {} {}", self.time(d), self.order(), self.c.one(&TIMES)),
            11 if !self.fields.duration.is_empty() => {
                format!("{} {} {}", self.duration(d), self.order(), self.duration(d))
            }
            12 if !self.fields.bool.is_empty() => {
                format!("{} == {}", self.c.one(&self.fields.bool), self.c.one(&["true", "false"]))
            }
            13 if !self.fields.texts.is_empty() => {
                format!("{} has {of} [{}, {}]{nocase}", self.c.one(&self.fields.texts), self.word(), self.word())
            }
            14 if !self.fields.texts.is_empty() => {
                let quantifier = *self.c.one(&["any", "all"]);
                format!("{quantifier} x in {} (x {} {})", self.c.one(&self.fields.texts), self.test(), self.word())
            }
            15 if !self.fields.records.is_empty() => {
                let quantifier = *self.c.one(&["any", "all"]);
                let list = self.c.one(&self.fields.records);
                format!(
                    "{quantifier} x in {list} (x.n {} {} or x.name == {})",
                    self.order(),
                    self.c.one(&NUMBERS[..6]),
                    self.word()
                )
            }
            16 if !self.fields.decimal.is_empty() => {
                format!(
                    "{} {} {}",
                    self.expr(Ty::Decimal, 0),
                    self.order(),
                    self.c.one(&["1", "0.5", "0.000000001", "1_000"])
                )
            }
            _ => format!("{} is present", self.text(d)),
        }
    }

    /// A condition that may stand beside `and` or `or`.
    fn group(&mut self, depth: usize) -> String {
        format!("({})", self.pred(depth))
    }

    fn any(&mut self, depth: usize) -> String {
        let ty = self.ty();
        self.expr(ty, depth)
    }

    fn test(&mut self) -> &'static str {
        const TESTS: [&str; 4] = ["contains", "starts with", "ends with", "not contains"];
        TESTS[self.c.below(4)]
    }

    fn order(&mut self) -> &'static str {
        const ORDERS: [&str; 6] = ["==", "<", "<=", ">", ">=", "!="];
        ORDERS[self.c.below(6)]
    }
}
