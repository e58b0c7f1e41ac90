//! Lists of constants: in brackets, or read from a file beside the pack.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::errors;
use super::scope::Names;
use crate::diag::Diagnostic;
use crate::ir::{Literal, Pattern, Type};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, ListBody};

/// Most elements of a list: over that, queries pass every target's limit.
const MAX_ITEMS: usize = 10_000;

/// A named list.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamedList {
    /// Its elements, each with its place; never none.
    pub(super) items: Vec<Spanned<Item>>,
}

/// An element of a list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// A constant.
    Value(Literal),
    /// `10.0.0.0/8`
    Network(IpNet),
    /// The text of a pattern.
    Pattern(String),
}

impl Item {
    /// The type of what it is compared with.
    pub(super) fn ty(&self) -> Option<Type> {
        match self {
            Item::Value(literal) => Some(literal.ty()),
            Item::Network(_) => Some(Type::Ip),
            Item::Pattern(_) => Some(Type::Text),
        }
    }

    /// What messages and `list NAME of …` call it.
    pub(super) fn kind(&self) -> String {
        match self {
            Item::Value(Literal::Ip(_)) | Item::Network(_) => "network".to_owned(),
            Item::Pattern(_) => "pattern".to_owned(),
            Item::Value(literal) => literal.ty().to_string(),
        }
    }
}

/// Reads the text of a list's or table's file, by the path that the pack gives.
pub type ReadFile<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// The elements of a list in brackets; those that are no constants are said.
pub(super) fn items(elements: &[ast::Expr], diagnostics: &mut Vec<Diagnostic>) -> Vec<Spanned<Item>> {
    let mut out = Vec::new();
    for element in elements {
        let item = match &*element.node {
            ast::ExprKind::Literal(literal) => match literal {
                ast::Literal::Text(text, _) if text.is_empty() => {
                    diagnostics.push(errors::empty_text(element.span));
                    continue;
                }
                ast::Literal::Text(text, _) => Item::Value(Literal::Text(text.clone())),
                ast::Literal::Int(value, _) => Item::Value(Literal::Int(*value)),
                ast::Literal::Float(value, _) => Item::Value(Literal::Float(*value)),
                ast::Literal::Bool(value) => Item::Value(Literal::Bool(*value)),
                ast::Literal::Time(value, _) => Item::Value(Literal::Time(*value)),
                ast::Literal::Duration(value, _) => Item::Value(Literal::Duration(*value)),
                ast::Literal::Address(value, _) => Item::Value(Literal::Ip(*value)),
                ast::Literal::Network(network, _) => Item::Network(*network),
                ast::Literal::Pattern(text) => Item::Pattern(text.clone()),
            },
            ast::ExprKind::Reference(name, suffixes) => {
                let written = super::expr::dotted(&name.node, suffixes);
                diagnostics.push(errors::unquoted_item(element.span, &written));
                continue;
            }
            _ => {
                diagnostics.push(errors::list(
                    element.span,
                    "a list holds constants only",
                    "texts, numbers, networks, times or patterns",
                ));
                continue;
            }
        };
        out.push(Spanned::new(item, element.span));
    }
    // Among floats an int is a float.
    if out.iter().any(|item| matches!(item.node, Item::Value(Literal::Float(_)))) {
        for item in &mut out {
            #[expect(clippy::cast_precision_loss, reason = "an int among floats is that float")]
            if let Item::Value(Literal::Int(n)) = item.node {
                item.node = Item::Value(Literal::Float(n as f64));
            }
        }
    }
    let first = out.first().map(|item| item.node.kind());
    if let Some(odd) = out.iter().find(|item| Some(item.node.kind()) != first) {
        let (found, first) = (odd.node.kind(), first.unwrap_or_default());
        diagnostics.push(errors::list(
            odd.span,
            format!("{found} in a list of {first}"),
            "all elements of a list have one type",
        ));
    }
    out
}

/// Adds all lists of a pack to its names; those with errors are broken.
pub(super) fn lists(declared: &[&ast::List], read: ReadFile<'_>, names: &mut Names, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for list in declared {
        let name = &list.name;
        if let Some(first) = seen.insert(&name.node, name.span) {
            diagnostics.push(errors::duplicate(name.span, "list", &name.node, Some(first)));
            continue;
        }
        let before = diagnostics.len();
        let items = match &list.body {
            ListBody::Elements(elements) => items(elements, diagnostics),
            ListBody::File(path) => from_file(path, list.of.as_ref(), read, diagnostics),
        };
        for item in &items {
            if let Item::Pattern(text) = &item.node
                && let Err(error) = Pattern::new(text, false)
            {
                diagnostics.push(errors::pattern(item.span, text, error));
            }
        }
        if items.is_empty() && diagnostics.len() == before {
            diagnostics.push(errors::list(
                name.span,
                format!("list `{}` is empty", name.node),
                "nothing is in it, so no test with it could hold: give it an element, or take it out",
            ));
        }
        if let (Some(of), Some(item)) = (&list.of, items.first())
            && item.node.kind() != of.node
        {
            diagnostics.push(errors::list(
                of.span,
                format!("list of {}, not of {}", item.node.kind(), of.node),
                "say the type that the elements have, or leave it out",
            ));
        }
        if items.len() > MAX_ITEMS {
            diagnostics.push(errors::list(
                name.span,
                format!("list of {} elements, at most {MAX_ITEMS} are taken", items.len()),
                "split it, or join with a table at ingest",
            ));
        }
        if diagnostics.len() == before {
            names.lists.insert(name.node.clone(), NamedList { items });
        } else {
            names.broken.insert(("list", name.node.clone()));
        }
    }
}

/// One text a line, trimmed; blank lines and `#` lines are skipped.
fn from_file(
    path: &Spanned<String>,
    of: Option<&ast::Name>,
    read: ReadFile<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Spanned<Item>> {
    let text = match read(&path.node) {
        Ok(text) => text,
        Err(why) => {
            diagnostics.push(errors::unreadable_file(path.span, "list", &path.node, &why));
            return Vec::new();
        }
    };
    let networks = match of.map(|of| of.node.as_str()) {
        None | Some("text") => false,
        Some("network") => true,
        Some(other) => {
            let span = of.map_or(path.span, |of| of.span);
            diagnostics.push(errors::list(
                span,
                format!("a file holds no list of {other}"),
                "`list NAME from \"…\"` reads texts, `list NAME of network from \"…\"` networks",
            ));
            return Vec::new();
        }
    };
    let mut out = Vec::new();
    let wrong = |number: usize, what: String, help: String| {
        errors::list(path.span, format!("line {} of `{}`: {what}", number + 1, path.node), help)
    };
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if !networks {
            out.push(Spanned::new(Item::Value(Literal::Text(line.to_owned())), path.span));
            continue;
        }
        let network = line
            .parse::<IpNet>()
            .ok()
            .or_else(|| line.parse::<std::net::IpAddr>().ok().map(|a| a.to_canonical().into()));
        match network {
            Some(network) if network.addr() == network.network() => {
                out.push(Spanned::new(Item::Network(network), path.span))
            }
            Some(network) => diagnostics.push(wrong(
                number,
                format!("`{line}` has bits set behind its prefix"),
                format!("write `{}`", network.trunc()),
            )),
            None => diagnostics.push(wrong(
                number,
                format!("`{line}` is no network"),
                "write one network or address a line: `10.0.0.0/8`".to_owned(),
            )),
        }
    }
    out
}
