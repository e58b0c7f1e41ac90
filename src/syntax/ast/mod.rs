//! What was written: the tree that the parser gives, the printer takes, and `resolve` reads. Nothing here is looked up or typed.

mod correlate;
mod declared;
mod expr;
mod walk;

pub use correlate::*;
pub use declared::*;
pub use expr::*;
pub use walk::walk_expr;

use crate::source::Spanned;

/// One `.sky` file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct File {
    /// In the order of the text.
    pub items: Vec<Item>,
    /// What could not be read, but for its first words: whoever uses such a name is not wrong too.
    pub broken: Vec<Broken>,
}

/// An item that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// `rule`, `list` …
    pub word: String,
    /// What it would have declared.
    pub name: String,
}

/// A thing that a file declares.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The `///` lines above it, without the slashes and one leading space.
    pub doc: Doc,
    /// What it is.
    pub kind: ItemKind,
}

/// Doc lines.
pub type Doc = Vec<Spanned<String>>;
/// A name as written, dots included, backticks not.
pub type Name = Spanned<String>;

/// The kinds of items.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemKind {
    /// `stream NAME { … }`
    Stream(Stream),
    /// `source NAME : STREAM { … }`
    Source(Box<Source>),
    /// `list NAME = […]`
    List(List),
    /// `table NAME from "…"`
    Table(Table),
    /// `operations NAME { … }`
    Operations(Operations),
    /// `calendar NAME { … }`
    Calendar(Calendar),
    /// `prices NAME { … }`
    Prices(Prices),
    /// `exception NAME for RULES { … }`
    Exception(Exception),
    /// `rule NAME { … }`, `signal NAME { … }`
    Rule(Box<Rule>),
    /// `correlate NAME { … }`
    Correlate(Correlate),
    /// `test NAME "…" { … }`
    Test(Test),
}

/// A normalized event.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// Its name.
    pub name: Name,
    /// In the order of the text.
    pub fields: Vec<Field>,
    /// The whole declaration.
    pub span: Extent,
}

/// A place that equality ignores.
pub type Extent = Spanned<()>;

/// A field of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// What it means.
    pub doc: Doc,
    /// Dotted name.
    pub name: Name,
    /// As written.
    pub ty: Spanned<FieldType>,
    /// `content`; else metadata.
    pub content: bool,
    /// `unit "bytes"`.
    pub unit: Option<Spanned<String>>,
    /// `otel "gen_ai.…"`.
    pub otel: Option<Spanned<String>>,
    /// `ocsf "…"`.
    pub ocsf: Option<Spanned<String>>,
    /// `= EXPR`: used where a source gives none.
    pub default: Option<Expr>,
}

/// A type as written.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldType {
    /// `text`
    One(String),
    /// `list of text`
    List(String),
    /// `list of { type : text, … }`
    Records(Vec<(Name, Spanned<String>)>),
}

/// A log, and how its raw record becomes a stream's event.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// `aws.bedrock`
    pub name: Name,
    /// The stream it feeds.
    pub stream: Name,
    /// In the order of the text.
    pub clauses: Vec<Spanned<SourceClause>>,
    /// The whole declaration.
    pub span: Extent,
}

/// A line of a source.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceClause {
    /// `at TARGET PLACE { .raw = Column }`
    At(At),
    /// `delay 5m`
    Delay(Spanned<Literal>),
    /// `unique .requestId`
    Unique(Expr),
    /// `provided not_sampled`
    Provided(Vec<Name>),
    /// `where PREDICATE`
    Where(Expr),
    /// `with NAME = EXPR, …`
    With(Vec<Binding>),
    /// `absent a, b because "…"`
    Absent(Vec<Name>, Spanned<String>),
    /// `enable "…"`: what must be switched on.
    Enable(Vec<Spanned<String>>),
    /// `trap "…"`: what misleads whoever reads the log.
    Trap(Vec<Spanned<String>>),
    /// `assemble by EXPR within 10m of EXPR { part … }`
    Assemble(Assemble),
    /// `widen FIELD on TARGET portable to strings "…" because "…"`
    Widen(Widen),
    /// `join SOURCE on FIELD within 15m for FIELD, …`
    Join(Join),
    /// `field = EXPR`
    Field(Binding),
}

/// One event from several records.
#[derive(Debug, Clone, PartialEq)]
pub struct Assemble {
    /// What records of one event share.
    pub key: Expr,
    /// How far behind the first one they may lie.
    pub within: Spanned<Literal>,
    /// A record's own time.
    pub time: Expr,
    /// What the records are to the event.
    pub parts: Vec<Spanned<Part>>,
}

/// `part NAME optional where P lists EXPR order EXPR at TARGET PLACE { … }`
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name in the source's expressions.
    pub name: Name,
    /// Whether there is an event without it.
    pub optional: bool,
    /// Which records play it.
    pub condition: Expr,
    /// The elements that each of its records gives; none where the part is one record.
    pub lists: Option<Expr>,
    /// In which order.
    pub order: Option<Expr>,
    /// Where targets find its records, where that is not where they find the others.
    pub places: Vec<Spanned<At>>,
}

/// A field that an older generation of a target's commands finds only by a wider search.
#[derive(Debug, Clone, PartialEq)]
pub struct Widen {
    /// The field.
    pub field: Name,
    /// The target.
    pub target: Name,
    /// Keys of the record's JSON, in whose texts it searches.
    pub keys: Vec<Spanned<String>>,
    /// What that finds too.
    pub reason: Spanned<String>,
}

/// Fields that another log lends.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// The source that lends.
    pub lender: Name,
    /// The field whose value events of both share.
    pub on: Name,
    /// How far apart the two events may lie.
    pub within: Spanned<Literal>,
    /// The fields that are borrowed.
    pub fields: Vec<Name>,
}

/// Where a target finds the log.
#[derive(Debug, Clone, PartialEq)]
pub struct At {
    /// `files cloudwatch kql cloud_logging googlesql`
    pub target: Name,
    /// Log group, table, or for `files` the format.
    pub place: Option<Spanned<String>>,
    /// Whether the place was written in quotes.
    pub quoted: bool,
    /// Whether the files' keys are found in any case.
    pub nocase: bool,
    /// How the target spells parts of the raw record.
    pub columns: Vec<Column>,
}

/// `.raw = kind(Column)`, or `.raw = "text"`
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The part of the raw record.
    pub path: Spanned<Vec<Suffix>>,
    /// `json`, `time`, `int` …
    pub kind: Option<Name>,
    /// The target's own name; or, in quotes, what every record has there.
    pub name: Name,
    /// Whether it was in quotes.
    pub quoted: bool,
}

/// Shared constants.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Its name.
    pub name: Name,
    /// `of network`
    pub of: Option<Name>,
    /// Where the elements are.
    pub body: ListBody,
    /// The whole declaration.
    pub span: Extent,
}

/// The elements of a list.
#[derive(Debug, Clone, PartialEq)]
pub enum ListBody {
    /// `= […]`
    Elements(Vec<Expr>),
    /// `from "file.txt"`
    File(Spanned<String>),
}

/// One meaning, several clouds.
#[derive(Debug, Clone, PartialEq)]
pub struct Operations {
    /// Its name.
    pub name: Name,
    /// A cloud and its patterns.
    pub clouds: Vec<(Name, Vec<Spanned<String>>)>,
    /// The whole declaration.
    pub span: Extent,
}

/// A detection.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub name: Name,
    /// `signal`: it reaches nobody by itself.
    pub signal: bool,
    /// In the order of the text, which is the order of the language.
    pub clauses: Vec<Spanned<Clause>>,
    /// The whole declaration.
    pub span: Extent,
}

/// A clause of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// `severity high`
    Severity(Name),
    /// `severity case { … }`
    SeverityCase(Expr),
    /// `tags atlas:…, owasp:…`
    Tags(Vec<Spanned<String>>),
    /// `from STREAM only …`
    From(Name, Vec<Name>),
    /// `with NAME = EXPR, …`
    With(Vec<Binding>),
    /// `each x in LIST`
    Each(Name, Expr),
    /// `where PREDICATE`
    Where(Expr),
    /// `over …`
    Over(Over),
    /// `let NAME = AGGREGATE, …`
    Let(Vec<Binding>),
    /// `when PREDICATE`
    When(Expr),
    /// `show …`
    Show(Vec<Key>),
    /// `mute LENGTH by …`
    Mute(Mute),
    /// `respond "…"` and the other clauses of texts.
    Texts(TextClause, Vec<Spanned<String>>),
}

/// The clauses that carry texts into alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextClause {
    /// What to do.
    Respond,
    /// What looks the same and is not an attack.
    Benign,
    /// Who keeps the rule.
    Owner,
    /// Where to read more.
    References,
}

impl TextClause {
    /// The word that opens it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TextClause::Respond => "respond",
            TextClause::Benign => "benign",
            TextClause::Owner => "owner",
            TextClause::References => "references",
        }
    }
}

/// The words that begin a clause of a rule, in the order in which clauses stand.
pub(super) const CLAUSE_WORDS: [&str; 15] = [
    "severity",
    "tags",
    "from",
    "with",
    "each",
    "where",
    "over",
    "let",
    "when",
    "show",
    "mute",
    "respond",
    "benign",
    "owner",
    "references",
];

impl Clause {
    /// The place of `where` in the order of the language.
    pub const WHERE: usize = 5;

    /// The word that opens it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Clause::Severity(_) | Clause::SeverityCase(_) => "severity",
            Clause::Tags(_) => "tags",
            Clause::From(..) => "from",
            Clause::With(_) => "with",
            Clause::Each(..) => "each",
            Clause::Where(_) => "where",
            Clause::Over(_) => "over",
            Clause::Let(_) => "let",
            Clause::When(_) => "when",
            Clause::Show(_) => "show",
            Clause::Mute(_) => "mute",
            Clause::Texts(text, _) => text.word(),
        }
    }

    /// Its place in the order of the language.
    #[must_use]
    pub fn rank(&self) -> usize {
        CLAUSE_WORDS.iter().position(|word| *word == self.word()).unwrap_or(CLAUSE_WORDS.len())
    }
}

/// `over LENGTH every STEP by KEYS across sources`
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// Microseconds, with its text.
    pub length: Spanned<Literal>,
    /// `every STEP`
    pub step: Option<Spanned<Literal>>,
    /// `by …`
    pub keys: Vec<Key>,
    /// `across sources`, and where.
    pub across: Option<Extent>,
}

/// A group key, or an item of `show`.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// `name = EXPR`
    pub name: Option<Name>,
    /// What it is.
    pub value: Expr,
    /// `default "text"`
    pub default: Option<Spanned<String>>,
}

/// `NAME = EXPR`
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The left side.
    pub name: Name,
    /// The right side.
    pub value: Expr,
}

/// A unit test.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The rule it tests.
    pub rule: Name,
    /// What it shows.
    pub title: Spanned<String>,
    /// The events.
    pub given: Vec<Given>,
    /// What must come out.
    pub expect: Vec<Spanned<Expect>>,
    /// The whole test.
    pub span: Extent,
}

/// `given NAME …`
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// A stream or a source.
    pub name: Name,
    /// The events or records.
    pub body: GivenBody,
    /// The whole clause.
    pub span: Extent,
}

/// Where a test's events are.
#[derive(Debug, Clone, PartialEq)]
pub enum GivenBody {
    /// `[ { time = … } … ]`
    Records(Vec<Spanned<Record>>),
    /// `from "fixtures/x.jsonl"`
    File(Spanned<String>),
}

/// One event or raw record of a test.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// `{ caller.id = "a" }`
    Fields(Vec<Binding>),
    /// `{ "schemaType": … }`: JSON as it is written.
    Json(serde_json::Map<String, serde_json::Value>),
}

/// `expect …`
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// `expect alert { … }`
    Alert(Vec<Binding>),
    /// `expect no other alert`
    NoOther,
    /// `expect no alert`
    None,
}

/// An expression with its place.
pub type Expr = Spanned<Box<ExprKind>>;
