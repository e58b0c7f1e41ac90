//! Streams and sources, resolved: what fields an event has, and how one log's raw record becomes it.

use super::{Binding, Expr, ExprKind, FieldId, Join, Pred, Step, Type};
use crate::source::Span;

/// A normalized event: fields by number.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// `invocation`
    pub name: String,
    /// What it is.
    pub doc: String,
    /// Those of every stream first, then its own.
    pub fields: Vec<Field>,
}

/// A field of a stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Dotted.
    pub name: String,
    /// Its type, never raw.
    pub ty: Type,
    /// Where the archive keeps it.
    pub tier: Tier,
    /// `bytes`, `tokens` …
    pub unit: Option<String>,
    /// What it means.
    pub doc: String,
    /// OpenTelemetry's name.
    pub otel: Option<String>,
    /// OCSF's name.
    pub ocsf: Option<String>,
    /// Over other fields of the stream; used where a source gives none.
    pub default: Option<Expr>,
}

/// Who may read a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Always kept.
    Metadata,
    /// Prompt and response text: opt-in.
    Content,
}

impl Stream {
    /// The field with this name. The only way to a [`FieldId`].
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().position(|field| field.name == name).and_then(|at| u16::try_from(at).ok()).map(FieldId)
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = FieldId> + '_ {
        (0..self.fields.len()).filter_map(|at| u16::try_from(at).ok().map(FieldId))
    }

    /// What an id of this stream stands for.
    #[must_use]
    pub fn get(&self, id: FieldId) -> Option<&Field> {
        self.fields.get(id.index())
    }

    /// The event's time: every stream has it.
    #[must_use]
    pub fn time(&self) -> FieldId {
        self.field("time").unwrap_or(FieldId(0))
    }

    /// The source's unique id: every stream has it.
    #[must_use]
    pub fn event_id(&self) -> FieldId {
        self.field("event.id").unwrap_or(FieldId(0))
    }
}

/// One real log of one cloud.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// `aws.bedrock`
    pub name: String,
    /// What it is.
    pub doc: String,
    /// The stream's place in [`crate::schema::Schema::streams`].
    pub stream: usize,
    /// How its files look.
    pub files: Option<FileFormat>,
    /// Where the targets find it.
    pub places: Vec<Place>,
    /// How late its records may arrive, in microseconds.
    pub delay: i64,
    /// How several records become one event; none where each is one.
    pub assemble: Option<Assemble>,
    /// What an older generation of a target's commands finds only by a wider search.
    pub widened: Vec<Widen>,
    /// Text: two records with the same value within 24 h are one. It is the field `event.id`.
    pub unique: Option<Expr>,
    /// What has to be so of the log for its archive to hold what the cloud has.
    pub provided: Vec<Proviso>,
    /// Values that `filter` and `fields` use by [`super::ExprKind::With`].
    pub with: Vec<Binding>,
    /// Which records are events; every one must hold.
    pub filter: Vec<Pred>,
    /// By field; what is none is absent.
    pub fields: Vec<Option<Expr>>,
    /// What it borrows from other logs; no field twice.
    pub joins: Vec<Join>,
    /// Why a field is absent, by field, where the source says so.
    pub absent: Vec<Option<String>>,
    /// What must be switched on for the log to have records, a sentence each.
    pub enable: Vec<String>,
    /// What misleads whoever reads the log, a sentence each.
    pub traps: Vec<String>,
    /// Its name in its text.
    pub span: Span,
}

impl Source {
    /// `aws`
    #[must_use]
    pub fn cloud(&self) -> &str {
        cloud_of(&self.name)
    }

    /// Whether its own records give a field, or the stream's default does of what they give.
    #[must_use]
    pub fn gives(&self, stream: &Stream, field: FieldId) -> bool {
        if field == stream.event_id() {
            return self.unique.is_some();
        }
        if self.fields.get(field.index()).is_some_and(Option::is_some) {
            return true;
        }
        let declared_absent = self.absent.get(field.index()).is_some_and(Option::is_some);
        let default = stream.get(field).and_then(|field| field.default.as_ref()).filter(|_| !declared_absent);
        let mut whole = default.is_some();
        default.into_iter().for_each(|default| {
            default.walk(&mut |expr| {
                // A stream's defaults don't read fields that have defaults themselves: `resolve` sees to it.
                if let ExprKind::Field(read) = expr.kind {
                    whole &= self.gives(stream, read);
                }
            });
        });
        whole
    }

    /// How long after an event all its records are there, in microseconds.
    #[must_use]
    pub fn settled(&self) -> i64 {
        self.delay + self.assemble.as_ref().map_or(0, |assemble| assemble.within)
    }

    /// The place on a target.
    #[must_use]
    pub fn place(&self, kind: PlaceKind) -> Option<&Place> {
        self.places.iter().find(|place| place.kind == kind)
    }
}

/// What a log is not by itself, so that every verdict about it rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proviso {
    /// Its owner may have it keep a part of the records only.
    NotSampled,
    /// Azure Monitor may make a column of each key of `properties`, where its exports have an object.
    PropertiesAsText,
}

impl Proviso {
    /// All of them, and the word inside a source.
    pub const WORDS: [(&'static str, Proviso); 2] =
        [("not_sampled", Proviso::NotSampled), ("properties_as_text", Proviso::PropertiesAsText)];
}

/// The first part of a source's name.
#[must_use]
pub fn cloud_of(source: &str) -> &str {
    source.split('.').next().unwrap_or(source)
}

/// One event from several records: those of one key that lie within a time of the first one. The event's record is an object with a member
/// for each part that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Assemble {
    /// Text, over one record: what those of an event share. A record without it belongs to none.
    pub key: Expr,
    /// How far behind the first record the others may lie, in microseconds.
    pub within: i64,
    /// A record's own time.
    pub time: Expr,
    /// What records are to an event; a record may play several parts.
    pub parts: Vec<Part>,
}

/// One part of an assembled event.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The key in the event's record.
    pub name: String,
    /// Whether there is an event without it.
    pub optional: bool,
    /// Which records play it.
    pub filter: Vec<Pred>,
    /// List of raw: the part is the list of these elements of all its records. None: it is the first of its records.
    pub lists: Option<Expr>,
    /// Int: before time and bytes, the order of its records.
    pub order: Option<Expr>,
    /// Where targets find its records, where that is not the source's own place.
    pub places: Vec<Place>,
    /// Its name in its text.
    pub span: Span,
}

/// A field that the older generation of CloudWatch's commands finds by a search through all texts under some keys of the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Widen {
    /// The field.
    pub field: FieldId,
    /// On which target.
    pub target: PlaceKind,
    /// Keys at any depth whose texts are searched.
    pub keys: Vec<String>,
    /// What is found too.
    pub reason: String,
}

/// How files of a log are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// One record a line, or one JSON document: a list of records, or an object with `Records` or `records`.
    JsonLines {
        /// Whether keys that differ from the source's only in the case of A–Z are the same keys.
        nocase: bool,
    },
    /// As `JsonLines`, of OpenTelemetry's export requests for traces: each span is a record, with its attributes, and its resource's and
    /// scope's, as objects.
    Otlp,
}

impl FileFormat {
    /// The words inside a source.
    pub const WORDS: [&str; 2] = ["json_lines", "otlp"];
}

/// Which system's name for a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlaceKind {
    /// A log group of CloudWatch Logs.
    CloudWatch,
    /// A table of Azure Monitor.
    Kql,
    /// Cloud Logging.
    CloudLogging,
    /// A table of Log Analytics or BigQuery.
    GoogleSql,
}

impl PlaceKind {
    /// All of them.
    pub const ALL: [PlaceKind; 4] =
        [PlaceKind::CloudWatch, PlaceKind::Kql, PlaceKind::CloudLogging, PlaceKind::GoogleSql];

    /// The word inside a source; on the command line `-` stands for `_`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            PlaceKind::CloudWatch => "cloudwatch",
            PlaceKind::Kql => "kql",
            PlaceKind::CloudLogging => "cloud_logging",
            PlaceKind::GoogleSql => "googlesql",
        }
    }

    /// The kind written so, with `-` or `_`.
    #[must_use]
    pub fn find(word: &str) -> Option<PlaceKind> {
        let word = word.replace('-', "_");
        PlaceKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Where a target finds the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// On which target.
    pub kind: PlaceKind,
    /// Log group, table or log name.
    pub name: String,
    /// How the target spells parts of the raw record; longest path first.
    pub columns: Vec<Column>,
    /// Parts that the target has no column for, because all its records have this text there.
    pub constants: Vec<(Vec<Step>, String)>,
}

/// How a target spells one part of the raw record and everything below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Keys from the record's root.
    pub path: Vec<Step>,
    /// The target's own name, dots included.
    pub name: String,
    /// What stands in it.
    pub kind: ColumnKind,
}

/// What a target's column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Text; empty or null where the record has none. On CloudWatch and Cloud Logging: whatever the record has.
    Text,
    /// 64-bit int.
    Int,
    /// 64-bit float.
    Float,
    /// True or false.
    Bool,
    /// The target's own time type.
    Time,
    /// The target's own JSON type, with everything below the path in it.
    Dynamic,
    /// Text that is JSON, with everything below the path in it.
    Json,
}

impl ColumnKind {
    /// The word before the parenthesis; text has none.
    pub const WORDS: [(&'static str, ColumnKind); 7] = [
        ("text", ColumnKind::Text),
        ("int", ColumnKind::Int),
        ("float", ColumnKind::Float),
        ("bool", ColumnKind::Bool),
        ("time", ColumnKind::Time),
        ("dynamic", ColumnKind::Dynamic),
        ("json", ColumnKind::Json),
    ];
}
