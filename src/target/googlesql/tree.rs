//! GoogleSQL as a tree: what `lower` makes and `print` turns into text. No node holds query text: a user's text is a literal.

/// A type of GoogleSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `STRING`
    String,
    /// `INT64`
    Int64,
    /// `FLOAT64`
    Float64,
    /// `BOOL`
    Bool,
    /// `TIMESTAMP`
    Timestamp,
    /// `JSON`
    Json,
    /// `BYTES`
    Bytes,
    /// `NUMERIC`: 38 digits, nine of them behind the point.
    Numeric,
    /// `ARRAY<…>`
    Array(Box<Type>),
}

/// A typed expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Sql {
    /// What it is.
    pub node: Node,
    /// The type of its value.
    pub ty: Type,
    /// Whether it can be `NULL`.
    pub nullable: bool,
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// `CAST(NULL AS type)`
    Null,
    /// `'text'`
    Text(String),
    /// `r'pattern'`; made by [`crate::ir::pattern::print`] in this target's dialect, which leaves no quote in it.
    Pattern(String),
    /// `17`
    Int(i64),
    /// `0.5`
    Float(f64),
    /// `TRUE`
    Bool(bool),
    /// `TIMESTAMP '…'`, microseconds since 1970.
    Time(i64),
    /// `proto_payload.audit_log.method_name`: the parts of a path, each printed as an identifier.
    Column(Vec<String>),
    /// `NAME(…)`
    Call(&'static str, Vec<Sql>),
    /// `NAME(x, option => y)`, after the positional arguments.
    CallWith(&'static str, Vec<Sql>, &'static str, Box<Sql>),
    /// `EXTRACT(PART FROM x)`
    Extract(&'static str, Box<Sql>),
    /// `SAFE_CAST(x AS type)`: what does not convert is `NULL`.
    Convert(Box<Sql>),
    /// `CAST(x AS type)`: of values that always convert.
    Cast(Box<Sql>),
    /// Two operands and an operator between them.
    Binary(Operator, Box<Sql>, Box<Sql>),
    /// `x IN (…)`
    In(Box<Sql>, Vec<Sql>),
    /// `… AND …`; at least two.
    All(Vec<Sql>),
    /// `… OR …`; at least two.
    Any(Vec<Sql>),
    /// `NOT …`
    Not(Box<Sql>),
    /// `x IS …`
    Is(Box<Sql>, Is),
    /// `CASE WHEN … THEN … ELSE … END`
    Case(Vec<(Sql, Sql)>, Option<Box<Sql>>),
    /// `COUNT(*)`
    CountRows,
    /// An aggregate over rows.
    Aggregate(Box<Aggregate>),
    /// `array[SAFE_ORDINAL(n)]`: from 1, `NULL` past the end.
    Element(Box<Sql>, Box<Sql>),
    /// `[…]`
    Array(Vec<Sql>),
    /// `x IN (SELECT …)`
    InQuery(Box<Sql>, Box<Select>),
    /// A query in parentheses.
    Query(QueryForm, Box<Select>),
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
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
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `||`
    Concat,
}

/// What `IS` asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Is {
    /// `IS NULL`
    Null,
    /// `IS NOT NULL`
    NotNull,
    /// `IS NOT TRUE`
    NotTrue,
}

/// What a query in parentheses stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryForm {
    /// Its only value; `NULL` where it has no row.
    Value,
    /// `ARRAY(…)`
    Array,
    /// `EXISTS (…)`
    Exists,
}

/// `NAME(DISTINCT value IGNORE NULLS ORDER BY … LIMIT n)`
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// `SUM`
    pub name: &'static str,
    /// Of different values only.
    pub distinct: bool,
    /// Of what.
    pub value: Sql,
    /// A second argument, as of `STRING_AGG`.
    pub separator: Option<Sql>,
    /// `IGNORE NULLS`, for aggregates that would keep them.
    pub ignore_nulls: bool,
    /// In which order the rows are taken.
    pub order_by: Vec<Order>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// An item of `ORDER BY`.
#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    /// By what.
    pub by: Sql,
    /// `DESC`
    pub descending: bool,
}

/// A whole query: named steps, and the last one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// `WITH name AS (…)`
    pub steps: Vec<(String, Select)>,
    /// What gives the rows.
    pub last: Select,
}

/// `SELECT … FROM … WHERE … GROUP BY … ORDER BY … LIMIT …`
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Select {
    /// Whether `*` stands before the items.
    pub star: bool,
    /// Values and their names; without a name only inside an expression.
    pub items: Vec<(Sql, Option<String>)>,
    /// Where rows come from.
    pub from: Option<From>,
    /// Lists taken apart, each seeing those before it.
    pub unnest: Vec<Unnest>,
    /// Rows of other steps beside these.
    pub joins: Vec<Join>,
    /// All of these hold.
    pub filter: Vec<Sql>,
    /// By the first so many items.
    pub group_by: usize,
    /// The order of the rows.
    pub order_by: Vec<Order>,
    /// At most so many rows.
    pub limit: Option<u32>,
}

/// What a `SELECT` reads.
#[derive(Debug, Clone, PartialEq)]
pub enum From {
    /// A table, by its whole path.
    Table(String),
    /// A step of the query.
    Step(String),
    /// All rows of some steps, whose columns are the same in the same order; one at least.
    Steps(Vec<String>),
    /// A query with steps of its own.
    Query(Box<Query>),
}

/// `LEFT JOIN step ON …`
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// Whether rows without a counterpart go.
    pub inner: bool,
    /// The step, whose columns have names that no other has.
    pub step: String,
    /// All of these hold; one at least.
    pub on: Vec<Sql>,
}

/// `UNNEST(list) AS name WITH OFFSET AS offset`
#[derive(Debug, Clone, PartialEq)]
pub struct Unnest {
    /// What is taken apart.
    pub list: Sql,
    /// The element.
    pub name: String,
    /// Its place, from 0.
    pub offset: Option<String>,
}

impl Sql {
    /// Puts the three together.
    #[must_use]
    pub fn new(node: Node, ty: Type, nullable: bool) -> Sql {
        Sql { node, ty, nullable }
    }

    /// No value.
    #[must_use]
    pub fn null(ty: Type) -> Sql {
        Sql::new(Node::Null, ty, true)
    }

    /// A constant text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Sql {
        Sql::new(Node::Text(text.into()), Type::String, false)
    }

    /// A constant int.
    #[must_use]
    pub fn int(value: i64) -> Sql {
        Sql::new(Node::Int(value), Type::Int64, false)
    }

    /// A constant bool.
    #[must_use]
    pub fn bool(value: bool) -> Sql {
        Sql::new(Node::Bool(value), Type::Bool, false)
    }

    /// A constant time.
    #[must_use]
    pub fn time(micros: i64) -> Sql {
        Sql::new(Node::Time(micros), Type::Timestamp, false)
    }

    /// A column, which may be `NULL`.
    #[must_use]
    pub fn column(path: Vec<String>, ty: Type) -> Sql {
        Sql::new(Node::Column(path), ty, true)
    }

    /// A name given in this query.
    #[must_use]
    pub fn name(name: impl Into<String>, ty: Type) -> Sql {
        Sql::column(vec![name.into()], ty)
    }

    /// A function that is `NULL` where an argument is.
    #[must_use]
    pub fn call(name: &'static str, args: Vec<Sql>, ty: Type) -> Sql {
        let nullable = args.iter().any(|arg| arg.nullable);
        Sql::new(Node::Call(name, args), ty, nullable)
    }

    /// A function that can be `NULL` whatever its arguments are.
    #[must_use]
    pub fn call_or_null(name: &'static str, args: Vec<Sql>, ty: Type) -> Sql {
        Sql::new(Node::Call(name, args), ty, true)
    }

    /// A comparison or arithmetic.
    #[must_use]
    pub fn binary(operator: Operator, left: Sql, right: Sql) -> Sql {
        let ty = match operator {
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessEqual
            | Operator::Greater
            | Operator::GreaterEqual => Type::Bool,
            Operator::Add | Operator::Subtract | Operator::Multiply | Operator::Concat => left.ty.clone(),
        };
        let nullable = left.nullable || right.nullable;
        Sql::new(Node::Binary(operator, Box::new(left), Box::new(right)), ty, nullable)
    }

    /// `SAFE_CAST(self AS ty)`
    #[must_use]
    pub fn convert(self, ty: Type) -> Sql {
        Sql::new(Node::Convert(Box::new(self)), ty, true)
    }

    /// `CAST(self AS ty)`, of what always converts.
    #[must_use]
    pub fn cast(self, ty: Type) -> Sql {
        let nullable = self.nullable;
        Sql::new(Node::Cast(Box::new(self)), ty, nullable)
    }

    /// `IF(condition, self, NULL)`
    #[must_use]
    pub fn only_if(self, condition: Sql) -> Sql {
        let ty = self.ty.clone();
        if condition.node == Node::Bool(true) {
            return self;
        }
        let null = Sql::new(Node::Null, ty.clone(), true);
        Sql::new(Node::Call("IF", vec![condition, self, null]), ty, true)
    }

    /// `IF(condition, yes, no)`
    #[must_use]
    pub fn if_else(condition: Sql, yes: Sql, no: Sql) -> Sql {
        let (ty, nullable) = (yes.ty.clone(), yes.nullable || no.nullable);
        Sql::new(Node::Call("IF", vec![condition, yes, no]), ty, nullable)
    }

    /// `COALESCE(self, other)`
    #[must_use]
    pub fn or(self, other: Sql) -> Sql {
        let (ty, nullable) = (self.ty.clone(), self.nullable && other.nullable);
        let mut values = match self.node {
            Node::Call("COALESCE", values) => values,
            node => vec![Sql { node, ..self }],
        };
        values.push(other);
        Sql::new(Node::Call("COALESCE", values), ty, nullable)
    }

    /// Text that is `NULL` where empty.
    #[must_use]
    pub fn unless_empty(self) -> Sql {
        Sql::new(Node::Call("NULLIF", vec![self, Sql::text("")]), Type::String, true)
    }

    /// `self IS …`, never `NULL`.
    #[must_use]
    pub fn is(self, what: Is) -> Sql {
        Sql::new(Node::Is(Box::new(self), what), Type::Bool, false)
    }

    /// Whether it is there.
    #[must_use]
    pub fn is_present(self) -> Sql {
        if self.nullable { self.is(Is::NotNull) } else { Sql::bool(true) }
    }

    /// Whether it equals one of some values.
    #[must_use]
    pub fn one_of(self, mut values: Vec<Sql>) -> Sql {
        match (values.pop(), values.is_empty()) {
            (None, _) => Sql::bool(false),
            (Some(only), true) => Sql::binary(Operator::Equal, self, only),
            (Some(last), false) => {
                values.push(last);
                let nullable = self.nullable || values.iter().any(|value| value.nullable);
                Sql::new(Node::In(Box::new(self), values), Type::Bool, nullable)
            }
        }
    }

    /// All of them; true where there are none. A `NULL` counts as false in a condition.
    #[must_use]
    pub fn all(conditions: Vec<Sql>) -> Sql {
        Sql::chain(conditions, true)
    }

    /// One of them; false where there are none.
    #[must_use]
    pub fn any(conditions: Vec<Sql>) -> Sql {
        Sql::chain(conditions, false)
    }

    fn chain(conditions: Vec<Sql>, all: bool) -> Sql {
        let mut flat: Vec<Sql> = Vec::new();
        for condition in conditions {
            match condition.node {
                Node::All(inner) if all => flat.extend(inner),
                Node::Any(inner) if !all => flat.extend(inner),
                Node::Bool(value) if value == all => {}
                Node::Bool(_) => return Sql::bool(!all),
                node => flat.push(Sql { node, ..condition }),
            }
        }
        let nullable = flat.iter().any(|condition| condition.nullable);
        match (flat.pop(), flat.is_empty()) {
            (None, _) => Sql::bool(all),
            (Some(only), true) => only,
            (Some(last), false) => {
                flat.push(last);
                Sql::new(if all { Node::All(flat) } else { Node::Any(flat) }, Type::Bool, nullable)
            }
        }
    }

    /// The exact complement of a condition: true where it is false or `NULL`.
    #[must_use]
    pub fn complement(self) -> Sql {
        match self.node {
            Node::Bool(value) => Sql::bool(!value),
            Node::Is(inner, Is::Null) => inner.is(Is::NotNull),
            Node::Is(inner, Is::NotNull) => inner.is(Is::Null),
            Node::Not(inner) if !inner.nullable => *inner,
            _ if self.nullable => self.is(Is::NotTrue),
            _ => Sql::new(Node::Not(Box::new(self)), Type::Bool, false),
        }
    }

    /// Whether the query gives a row.
    #[must_use]
    pub fn exists(select: Select) -> Sql {
        Sql::new(Node::Query(QueryForm::Exists, Box::new(select)), Type::Bool, false)
    }

    /// The value that the query gives.
    #[must_use]
    pub fn value_of(select: Select, ty: Type) -> Sql {
        Sql::new(Node::Query(QueryForm::Value, Box::new(select)), ty, true)
    }
}

impl Aggregate {
    /// `NAME(value)`
    #[must_use]
    pub fn new(name: &'static str, value: Sql) -> Aggregate {
        Aggregate {
            name,
            distinct: false,
            value,
            separator: None,
            ignore_nulls: false,
            order_by: Vec::new(),
            limit: None,
        }
    }

    /// As an expression.
    #[must_use]
    pub fn into_sql(self, ty: Type, nullable: bool) -> Sql {
        Sql::new(Node::Aggregate(Box::new(self)), ty, nullable)
    }
}
