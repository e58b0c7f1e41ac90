//! Parts of the raw record: takes a path, gives the discovered field or the way into the parsed record.
//!
//! CloudWatch discovers 200 fields of a JSON event, in the record's order. A path below a column of the place is a discovered field,
//! because nothing unbounded can stand before it; every other path goes through `jsonParse(@message)`.

use super::plan::{Element, Plan, Said, message};
use crate::bind::WHOLE_RECORD;
use crate::ir::pattern::{self, Node, repeat};
use crate::ir::{self, ExprKind, Step, Type};
use crate::source::Span;
use crate::target::cloudwatch::errors;
use crate::target::cloudwatch::tree::{Access, Field, Function, Term};
use crate::target::{Needs, Verdict};

/// A raw value's path, split where it takes a list apart.
pub(super) struct RawPath {
    /// Where it begins.
    pub(super) base: Base,
    /// The steps from there; elements and values among them.
    pub(super) steps: Vec<Step>,
}

/// Where a path begins.
pub(super) enum Base {
    /// The raw record.
    Record,
    /// A column of the query.
    Made(Field),
}

impl Plan<'_> {
    /// The field of a raw value, or of one read from it; none for anything else, and for paths into lists.
    pub(super) fn field_of(&mut self, expr: &ir::Expr) -> Said<Option<Field>> {
        let raw = match &expr.kind {
            ExprKind::Read(inner) => inner,
            _ => expr,
        };
        let Some(path) = self.raw_path(raw)? else { return Ok(None) };
        if path.steps.iter().any(|step| matches!(step, Step::Elements | Step::Values)) {
            return Ok(None);
        }
        if let Some(field) = self.by_key(&path, &expr.ty, expr.span)? {
            return Ok(Some(field));
        }
        self.field(&path.base, &path.steps, expr.span).map(Some)
    }

    /// What stands behind the path's last key in the text of the record, where newer commands, which would parse it, may not be used.
    fn by_key(&mut self, path: &RawPath, ty: &Type, at: Span) -> Said<Option<Field>> {
        let Some(Step::Key(key)) = path.steps.last() else { return Ok(None) };
        let plain = path.steps.iter().all(|step| matches!(step, Step::Key(_)));
        let known = key == WHOLE_RECORD || self.discovered_field(&path.steps).is_some();
        if self.newest == Needs::Y2026 || !matches!(path.base, Base::Record) || !plain || known {
            return Ok(None);
        }
        let value = match ty {
            Type::Int => number_behind(key, Vec::new()),
            Type::Float => number_behind(key, vec![repeat(Node::Concat(vec![Node::Char('.'), digits()]), 0, Some(1))]),
            Type::Text | Type::Time | Type::Ip => text_behind(key),
            _ => return Ok(None),
        };
        let reason = errors::by_key(at, key);
        // What is only shown is right, or left out.
        if !self.decides {
            return Err(reason);
        }
        // Once for each key, wherever it is read.
        if !self.notes.iter().any(|(_, known)| known.message == reason.message) {
            self.weaken(Verdict::Differs, true, reason);
        }
        Ok(Some(self.parse(message(), value, "value")))
    }

    /// The path of a raw expression; none where it is something else.
    pub(super) fn raw_path(&mut self, expr: &ir::Expr) -> Said<Option<RawPath>> {
        let below = |mut path: RawPath, steps: &[Step]| {
            path.steps.extend_from_slice(steps);
            path
        };
        Ok(match &expr.kind {
            ExprKind::Record => Some(RawPath { base: Base::Record, steps: Vec::new() }),
            ExprKind::Path(base, steps) => self.raw_path(base)?.map(|path| below(path, steps)),
            ExprKind::Element(number) => match self.elements.get(number) {
                Some(Element::Raw(field)) => Some(RawPath { base: Base::Made(field.clone()), steps: Vec::new() }),
                _ => None,
            },
            ExprKind::With(number) => match self.bound.rule.with.get(*number) {
                Some(binding) => self.raw_path(&binding.value)?,
                None => None,
            },
            ExprKind::Json(inner) => {
                let text = match self.field_of(inner)? {
                    Some(field) => Term::Field(field),
                    None => self.text(inner)?.term,
                };
                // A map or list has no text to parse: it stays as it is.
                let parsed = Term::call(Function::JsonParse, [text.clone()]);
                let parsed = if inner.ty == Type::Raw { parsed.or(text) } else { parsed };
                Some(RawPath { base: Base::Made(self.column(parsed, "json")), steps: Vec::new() })
            }
            _ => None,
        })
    }

    /// The field at the end of keys and indices.
    pub(super) fn field(&mut self, base: &Base, steps: &[Step], at: Span) -> Said<Field> {
        if let Some(Step::Key(key)) = steps.iter().find(|step| matches!(step, Step::Key(key) if !is_nameable(key))) {
            return Err(errors::odd_key(at, key));
        }
        let (column, mut access) = match base {
            Base::Record => match self.discovered_field(steps) {
                Some(name) => return Ok(Field::Log(name)),
                None if steps.is_empty() => return Err(errors::expression(at, "the whole record")),
                None => (self.record(), Vec::new()),
            },
            Base::Made(Field::Made(column, access)) => (column.clone(), access.clone()),
            Base::Made(Field::Log(_)) => return Err(errors::expression(at, "this part of the record")),
        };
        for step in steps {
            access.push(match step {
                Step::Key(key) => Access::Key(key.clone()),
                Step::Index(n) => match u32::try_from(*n) {
                    Ok(n) => Access::Index(n),
                    Err(_) => return Err(errors::expression(at, "an element counted from the end of a list")),
                },
                Step::Elements | Step::Values => return Err(errors::list_shape(at)),
            });
        }
        Ok(Field::Made(column, access))
    }

    /// The discovered field's dotted name, where a column of the place bounds its position and the name has one reading.
    fn discovered_field(&self, steps: &[Step]) -> Option<String> {
        if let [Step::Key(key)] = steps
            && key == WHOLE_RECORD
        {
            return Some(key.clone());
        }
        let column = self.place.columns.iter().find(|column| steps.starts_with(&column.path))?;
        let mut name = column.name.clone();
        for step in steps.iter().skip(column.path.len()) {
            match step {
                Step::Key(key) if !key.contains('.') && !key.starts_with('@') => name = format!("{name}.{key}"),
                Step::Index(n) if *n >= 0 => name = format!("{name}.{n}"),
                _ => return None,
            }
        }
        Some(name)
    }

    /// Whether the source reads the path as a single value somewhere: then it holds no map and no list.
    pub(super) fn is_scalar(&self, expr: &ir::Expr) -> bool {
        let ExprKind::Path(base, wanted) = &expr.kind else { return false };
        if base.kind != ExprKind::Record {
            return false;
        }
        let mut found = false;
        let mut visit = |expr: &ir::Expr| {
            if let ExprKind::Read(inner) = &expr.kind
                && let ExprKind::Path(base, steps) = &inner.kind
            {
                found |= expr.ty.is_scalar() && base.kind == ExprKind::Record && steps == wanted;
            }
        };
        self.source.with.iter().for_each(|binding| binding.value.walk(&mut visit));
        self.source.filter.iter().for_each(|pred| pred.walk(&mut visit));
        self.source.fields.iter().flatten().chain(&self.source.unique).for_each(|expr| expr.walk(&mut visit));
        found
    }
}

/// `"key" : "…"` with the text in the group, as JSON writes it.
fn text_behind(key: &str) -> Node {
    let plain = Node::Class { negated: true, ranges: vec![('"', '"'), ('\\', '\\')] };
    let escape = Node::Concat(vec![Node::Char('\\'), Node::Class { negated: true, ranges: vec![('\n', '\n')] }]);
    let text = repeat(Node::Alternate(vec![plain, escape]), 1, None);
    pattern::concat(vec![before(key), Node::Char('"'), Node::Group(Box::new(text)), Node::Char('"')])
}

/// `"key" : 5`, in quotes or not, with the number in the group.
fn number_behind(key: &str, fraction: Vec<Node>) -> Node {
    let whole = vec![repeat(Node::Char('-'), 0, Some(1)), digits()];
    let number = pattern::concat(whole.into_iter().chain(fraction).collect());
    let quote = || repeat(Node::Char('"'), 0, Some(1));
    let end = Node::Class { negated: false, ranges: vec![(',', ','), ('}', '}')] };
    pattern::concat(vec![before(key), quote(), Node::Group(Box::new(number)), quote(), spaces(), end])
}

fn digits() -> Node {
    repeat(Node::Class { negated: false, ranges: vec![('0', '9')] }, 1, None)
}

fn before(key: &str) -> Node {
    let key = pattern::literal_node(&format!("\"{key}\""), false);
    pattern::concat(vec![key, spaces(), Node::Char(':'), spaces()])
}

fn spaces() -> Node {
    repeat(Node::Class { negated: false, ranges: vec![('\t', '\r'), (' ', ' ')] }, 0, None)
}

/// Whether backticks can hold a key in one reading: no escape in them is documented, and some readers take a backslash for one, or `#` for the
/// begin of a comment.
fn is_nameable(key: &str) -> bool {
    !key.is_empty() && !key.contains(['`', '\\', '#']) && !key.chars().any(char::is_control)
}
