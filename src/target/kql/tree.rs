//! KQL as a tree: definitions, a table, and the operators that its rows pass through. Made by `lower`, read by `print`.
//!
//! INVARIANT (literal): what a user wrote (texts, patterns, names) stands in [`Scalar::Text`], [`Scalar::Member`] and [`Name`] only; the
//! printer quotes those. Function names are `'static`: they come from this crate.

use super::library::Own;

/// A whole query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// `let NAME = VALUE`, before the table; functions of [`Own`] that the rest calls are printed before these.
    pub values: Vec<(Name, Scalar)>,
    /// `let NAME = TABLE | …`, behind the values: rows that are joined.
    pub tables: Vec<(Name, Rows)>,
    /// The one of them that is read more than once and so kept: `materialize(…)`.
    pub kept: Option<Name>,
    /// The rows.
    pub rows: Rows,
}

/// A table and what happens to its rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// Where they come from.
    pub table: Name,
    /// What happens to them, in order.
    pub stages: Vec<Stage>,
}

/// The name of a table, a column, a parameter or a `let`, unquoted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub String);

impl Name {
    /// A name of this crate or of a source.
    pub fn new(text: impl Into<String>) -> Self {
        Name(text.into())
    }
}

/// A tabular operator.
#[derive(Debug, Clone, PartialEq)]
pub enum Stage {
    /// Keeps the rows for which it is true; null is not true.
    Where(Scalar),
    /// Adds columns, none of which reads another of the same stage.
    Extend(Vec<(Name, Scalar)>),
    /// One row for each element of a list.
    MvExpand {
        /// The column of the element's place in the list, from 0.
        index: Option<Name>,
        /// The element's column.
        element: Name,
        /// A dynamic list.
        list: Scalar,
        /// The element's type.
        ty: Type,
        /// Whether the members of an object come as `[key, value]`.
        pairs: bool,
    },
    /// For each row, what a subquery makes of the elements of a list.
    MvApply {
        /// The element's column, inside.
        element: Name,
        /// The column of its place in the list, from 0, inside.
        index: Option<Name>,
        /// A dynamic list, never empty.
        list: Scalar,
        /// The subquery; it ends in a `Summarize` without keys, whose columns are added to the row.
        stages: Vec<Stage>,
    },
    /// One row for each combination of keys; without keys, one.
    Summarize {
        /// The new columns. Without a name, an `arg_min` or `arg_max` names its own.
        columns: Vec<(Option<Name>, Scalar)>,
        /// The keys.
        by: Vec<(Name, Scalar)>,
    },
    /// Beside each row those of another table with the same keys; without one, as `inner` says, it goes or lacks the columns.
    Join {
        /// Whether rows without a counterpart go.
        inner: bool,
        /// A table of [`Query::tables`]; where it has several rows of the same keys, each comes beside.
        table: Name,
        /// The keys' columns here and there; one at least.
        on: Vec<(Name, Name)>,
    },
    /// The rows of other tables with the same columns, behind these.
    Union(Vec<Name>),
    /// The columns that are left.
    Project(Vec<(Name, Scalar)>),
    /// Rising, in this order of columns.
    Sort(Vec<Name>),
}

/// The types of KQL that are made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text; never null, empty where there is none.
    String,
    /// 64-bit int.
    Long,
    /// 64-bit float.
    Real,
    /// True, false or null.
    Bool,
    /// In ticks of 100 ns, years 1 to 9999.
    Datetime,
    /// In ticks of 100 ns.
    Timespan,
    /// JSON and more.
    Dynamic,
}

impl Type {
    /// As KQL writes it.
    pub fn word(self) -> &'static str {
        match self {
            Type::String => "string",
            Type::Long => "long",
            Type::Real => "real",
            Type::Bool => "bool",
            Type::Datetime => "datetime",
            Type::Timespan => "timespan",
            Type::Dynamic => "dynamic",
        }
    }
}

/// A scalar expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A column, a parameter or a `let`.
    Column(Name),
    /// A text.
    Text(String),
    /// An int.
    Long(i64),
    /// A float, finite.
    Real(f64),
    /// True or false.
    Bool(bool),
    /// Microseconds since 1970.
    Datetime(i64),
    /// Microseconds.
    Timespan(i64),
    /// The missing value of a type other than string.
    Null(Type),
    /// `dynamic([…])` of literals.
    Array(Vec<Scalar>),
    /// `value.key`
    Member(Box<Scalar>, String),
    /// `value[index]`
    Element(Box<Scalar>, Box<Scalar>),
    /// A function of KQL.
    Call(&'static str, Vec<Scalar>),
    /// A function that the query itself defines.
    Own(Own, Vec<Scalar>),
    /// An infix operator.
    Infix(Box<Scalar>, Infix, Box<Scalar>),
    /// `subject in (…)`
    In {
        /// What is looked for.
        subject: Box<Scalar>,
        /// With the case of letters folded, beyond A–Z.
        nocase: bool,
        /// `!in`
        negated: bool,
        /// Literals; never none.
        options: Vec<Scalar>,
    },
    /// `subject between (first .. last)`, both ends in.
    Between(Box<Scalar>, Box<Scalar>, Box<Scalar>),
    /// `and`; at least two.
    All(Vec<Scalar>),
    /// `or`; at least two.
    Any(Vec<Scalar>),
}

/// Infix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Infix {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `=~`
    EqualNoCase,
    /// `contains_cs`
    Contains,
    /// `!contains_cs`
    NotContains,
    /// `startswith`, with the case of letters folded, beyond A–Z
    StartsWithNoCase,
    /// `startswith_cs`
    StartsWith,
    /// `!startswith_cs`
    NotStartsWith,
    /// `endswith_cs`
    EndsWith,
    /// `!endswith_cs`
    NotEndsWith,
    /// `matches regex`; has no negative form.
    Matches,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`, which cuts where both sides are ints.
    Divide,
    /// `%`
    Modulo,
}

impl Infix {
    /// As KQL writes it.
    pub fn text(self) -> &'static str {
        match self {
            Infix::Equal => "==",
            Infix::NotEqual => "!=",
            Infix::Less => "<",
            Infix::LessEqual => "<=",
            Infix::Greater => ">",
            Infix::GreaterEqual => ">=",
            Infix::EqualNoCase => "=~",
            Infix::Contains => "contains_cs",
            Infix::NotContains => "!contains_cs",
            Infix::StartsWithNoCase => "startswith",
            Infix::StartsWith => "startswith_cs",
            Infix::NotStartsWith => "!startswith_cs",
            Infix::EndsWith => "endswith_cs",
            Infix::NotEndsWith => "!endswith_cs",
            Infix::Matches => "matches regex",
            Infix::Add => "+",
            Infix::Subtract => "-",
            Infix::Multiply => "*",
            Infix::Divide => "/",
            Infix::Modulo => "%",
        }
    }

    /// The operator that is true exactly where this one is false, of operands that are not null.
    pub fn complement(self) -> Option<Infix> {
        let pairs = [
            (Infix::Equal, Infix::NotEqual),
            (Infix::Less, Infix::GreaterEqual),
            (Infix::Greater, Infix::LessEqual),
            (Infix::Contains, Infix::NotContains),
            (Infix::StartsWith, Infix::NotStartsWith),
            (Infix::EndsWith, Infix::NotEndsWith),
        ];
        pairs.into_iter().find_map(|(one, other)| match self {
            this if this == one => Some(other),
            this if this == other => Some(one),
            _ => None,
        })
    }
}

impl Scalar {
    /// A column by its name.
    pub fn column(name: &Name) -> Scalar {
        Scalar::Column(name.clone())
    }

    /// A text.
    pub fn text(text: impl Into<String>) -> Scalar {
        Scalar::Text(text.into())
    }

    /// A call of a function of KQL.
    pub fn call(function: &'static str, args: impl Into<Vec<Scalar>>) -> Scalar {
        Scalar::Call(function, args.into())
    }

    /// `left operator right`
    pub fn infix(left: Scalar, operator: Infix, right: Scalar) -> Scalar {
        Scalar::Infix(Box::new(left), operator, Box::new(right))
    }

    /// `iff(condition, then, otherwise)`
    pub fn iff(condition: Scalar, then: Scalar, otherwise: Scalar) -> Scalar {
        Scalar::call("iff", [condition, then, otherwise])
    }

    /// The text matches a pattern.
    pub fn matches(subject: Scalar, pattern: impl Into<String>) -> Scalar {
        Scalar::infix(subject, Infix::Matches, Scalar::text(pattern))
    }

    /// All of them; flat, true where there are none.
    pub fn all(parts: Vec<Scalar>) -> Scalar {
        Scalar::chain(parts, true)
    }

    /// One of them; flat, false where there are none.
    pub fn any(parts: Vec<Scalar>) -> Scalar {
        Scalar::chain(parts, false)
    }

    fn chain(parts: Vec<Scalar>, all: bool) -> Scalar {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Scalar::All(inner) if all => flat.extend(inner),
                Scalar::Any(inner) if !all => flat.extend(inner),
                Scalar::Bool(value) if value == all => {}
                Scalar::Bool(_) => return Scalar::Bool(!all),
                part => flat.push(part),
            }
        }
        match flat.len() {
            0 | 1 => flat.pop().unwrap_or(Scalar::Bool(all)),
            _ if all => Scalar::All(flat),
            _ => Scalar::Any(flat),
        }
    }

    /// What stands for no value of a type.
    pub fn missing(ty: Type) -> Scalar {
        if ty == Type::String { Scalar::text("") } else { Scalar::Null(ty) }
    }

    /// Calls `visit` on this expression and all below it.
    pub fn walk(&self, visit: &mut dyn FnMut(&Scalar)) {
        visit(self);
        match self {
            Scalar::Column(_)
            | Scalar::Text(_)
            | Scalar::Long(_)
            | Scalar::Real(_)
            | Scalar::Bool(_)
            | Scalar::Datetime(_)
            | Scalar::Timespan(_)
            | Scalar::Null(_) => {}
            Scalar::Member(inner, _) => inner.walk(visit),
            Scalar::Element(one, other) | Scalar::Infix(one, _, other) => {
                one.walk(visit);
                other.walk(visit);
            }
            Scalar::Between(one, two, three) => {
                one.walk(visit);
                two.walk(visit);
                three.walk(visit);
            }
            Scalar::In { subject, options, .. } => {
                subject.walk(visit);
                options.iter().for_each(|option| option.walk(visit));
            }
            Scalar::Array(parts)
            | Scalar::Call(_, parts)
            | Scalar::Own(_, parts)
            | Scalar::All(parts)
            | Scalar::Any(parts) => parts.iter().for_each(|part| part.walk(visit)),
        }
    }

    /// Whether it costs nothing to write it twice.
    pub fn is_simple(&self) -> bool {
        matches!(
            self,
            Scalar::Column(_)
                | Scalar::Text(_)
                | Scalar::Long(_)
                | Scalar::Real(_)
                | Scalar::Bool(_)
                | Scalar::Datetime(_)
                | Scalar::Timespan(_)
                | Scalar::Null(_)
        )
    }

    /// Whether it reads this column.
    pub fn reads(&self, name: &Name) -> bool {
        let mut found = false;
        self.walk(&mut |scalar| found |= matches!(scalar, Scalar::Column(column) if column == name));
        found
    }
}

impl Query {
    /// Calls `visit` on every expression.
    pub fn walk(&self, visit: &mut dyn FnMut(&Scalar)) {
        self.values.iter().for_each(|(_, value)| value.walk(visit));
        let rows = self.tables.iter().map(|(_, rows)| rows).chain([&self.rows]);
        rows.flat_map(|rows| &rows.stages).for_each(|stage| stage.walk(visit));
    }
}

impl Stage {
    fn walk(&self, visit: &mut dyn FnMut(&Scalar)) {
        match self {
            Stage::Where(condition) => condition.walk(visit),
            Stage::Extend(columns) | Stage::Project(columns) => {
                columns.iter().for_each(|(_, value)| value.walk(visit));
            }
            Stage::MvExpand { list, .. } => list.walk(visit),
            Stage::MvApply { list, stages, .. } => {
                list.walk(visit);
                stages.iter().for_each(|stage| stage.walk(visit));
            }
            Stage::Summarize { columns, by } => {
                columns.iter().for_each(|(_, value)| value.walk(visit));
                by.iter().for_each(|(_, value)| value.walk(visit));
            }
            Stage::Join { .. } | Stage::Union(_) | Stage::Sort(_) => {}
        }
    }
}
