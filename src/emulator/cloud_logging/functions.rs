//! The functions of the language: what their calls say, read and checked.
//!
//! "Logging query language" (Functions) lists them all: what it does not list is rejected. Some are conditions; `cast` and `regexp_extract`
//! give a value to compare.

use std::net::IpAddr;

use ipnet::IpNet;
use regex::Regex;

use super::fields::{Field, Type, field};
use super::fold::folded;
use super::re2;
use super::readings::LOOSE_NETWORK;
use super::search::Terms;
use super::tree::{Argument, Call, Form, Literal, Place};
use crate::emulator::{Failure, Readings};

const CONDITIONS: &[&str] = &["log_id", "source", "sample", "ip_in_net", "search"];
const SOURCES: &[&str] = &["cast", "regexp_extract"];

/// A function that is a condition.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    /// The log's name, folded and escaped as in `logName`.
    LogId(String),
    /// The resource that the log belongs to, folded.
    Source(String),
    /// A sample of all entries that have the field.
    HasValue(Field),
    InNet(Field, IpNet),
    /// In one field, or in all of an entry.
    Search(Option<Field>, Terms),
}

/// What a comparison takes its left side from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Field(Field),
    Cast(Box<Source>, Type, Place),
    /// The one group of a pattern.
    Extract(Box<Source>, Regex),
}

impl Source {
    /// The type of its values, as far as it is known without an entry.
    pub(super) fn kind(&self) -> Type {
        match self {
            Source::Field(field) => field.kind,
            Source::Cast(_, kind, _) => *kind,
            Source::Extract(..) => Type::Text,
        }
    }
}

/// Whether a word is the name of a function, in any letter case.
pub(super) fn is_known(name: &str) -> bool {
    CONDITIONS.iter().chain(SOURCES).any(|known| known.eq_ignore_ascii_case(name))
}

/// A call that stands as a condition.
pub(super) fn condition(call: &Call, readings: &Readings) -> Result<Condition, Failure> {
    let name = call.name.to_ascii_lowercase();
    Ok(match (name.as_str(), call.arguments.as_slice()) {
        ("log_id", [id]) => {
            let (id, at) = constant(id)?;
            if id.contains('%') {
                return Err(Failure::unknown("an escaped log id is not known; write `/` for `%2F`", at));
            }
            Condition::LogId(folded(&id.replace('/', "%2F")))
        }
        ("source", [resource]) => {
            let (resource, at) = constant(resource)?;
            let kind =
                resource.split_once('/').filter(|(_, id)| !id.is_empty() && !id.contains('/')).map(|(kind, _)| kind);
            if !kind.is_some_and(|kind| ["organizations", "folders", "projects"].contains(&kind)) {
                let message = "source takes organizations/ID, folders/ID or projects/ID";
                return Err(Failure::rejected(message, at));
            }
            Condition::Source(folded(&resource))
        }
        ("sample", [of, fraction]) => {
            let field = field_of(of)?;
            let place = fraction.at();
            if matches!(field.kind, Type::Bool | Type::Time | Type::Span | Type::Enum(_)) || field.object {
                return Err(Failure::rejected("sample takes a field of texts or numbers", of.at()));
            }
            let Argument::Literal(Literal { text, form: Form::Number, .. }) = fraction else {
                return Err(Failure::rejected("sample takes a fraction: a number", place));
            };
            match text.parse::<f64>() {
                Ok(1.0) => Condition::HasValue(field),
                Ok(fraction) if fraction > 0.0 && fraction < 1.0 => {
                    return Err(Failure::unknown("which entries a fraction below 1 chooses is not documented", place));
                }
                _ => {
                    let message = "the fraction of sample is greater than 0 and at most 1";
                    return Err(Failure::rejected(message, place));
                }
            }
        }
        ("ip_in_net", [of, net]) => {
            let field = field_of(of)?;
            if !may_be_text(field.kind) || field.object {
                return Err(Failure::rejected("ip_in_net takes a field of texts", of.at()));
            }
            let Argument::Literal(Literal { text, form: Form::Quoted, at }) = net else {
                return Err(Failure::rejected("ip_in_net takes a network in double quotes", net.at()));
            };
            match network(text, readings) {
                Some(net) => Condition::InNet(field, net),
                None => return Err(Failure::rejected(format!("`{text}` is no address or network"), at.clone())),
            }
        }
        ("search", [query]) => Condition::Search(None, terms(query)?),
        ("search", [of, query]) => {
            let field = field_of(of)?;
            if matches!(field.kind, Type::Bool | Type::Int32 | Type::Int64 | Type::Time | Type::Span | Type::Enum(_)) {
                return Err(Failure::rejected("SEARCH can't match a field that is no text", of.at()));
            }
            Condition::Search(Some(field), terms(query)?)
        }
        (name, _) if SOURCES.contains(&name) => {
            return Err(Failure::rejected(
                format!("{} gives a value: it needs a comparison", call.name),
                call.at.clone(),
            ));
        }
        _ => return Err(no_such_call(call)),
    })
}

/// A call that stands on the left of a comparison, or within another one there.
pub(super) fn source(call: &Call) -> Result<Source, Failure> {
    let name = call.name.to_ascii_lowercase();
    Ok(match (name.as_str(), call.arguments.as_slice()) {
        ("cast", [of, kind]) => Source::Cast(Box::new(source_of(of)?), type_named(kind)?, call.at.clone()),
        ("cast", [of, kind, option]) => {
            source_of(of)?;
            type_named(kind)?;
            return Err(Failure::unknown("the options of cast are not known", option.at()));
        }
        ("regexp_extract", [of, pattern]) => {
            let inner = source_of(of)?;
            if !may_be_text(inner.kind()) {
                return Err(Failure::rejected("only fields of texts can be matched with a pattern", of.at()));
            }
            let Argument::Literal(Literal { text, form: Form::Quoted, at }) = pattern else {
                return Err(Failure::rejected("a pattern must be in double quotes", pattern.at()));
            };
            let regex = re2::compile(text, at)?;
            if regex.captures_len() != 2 {
                return Err(Failure::rejected(
                    "the pattern of regexp_extract has exactly one capture group",
                    at.clone(),
                ));
            }
            Source::Extract(Box::new(inner), regex)
        }
        (name, _) if CONDITIONS.contains(&name) => {
            let message = format!("a comparison of the function {} is not known", call.name);
            return Err(Failure::unknown(message, call.at.clone()));
        }
        _ => return Err(no_such_call(call)),
    })
}

fn no_such_call(call: &Call) -> Failure {
    let message = if is_known(&call.name) {
        format!("{} does not take {} arguments", call.name, call.arguments.len())
    } else {
        format!("there is no function `{}`", call.name)
    };
    Failure::rejected(message, call.at.clone())
}

fn source_of(argument: &Argument) -> Result<Source, Failure> {
    match argument {
        Argument::Call(call) => source(call),
        other => Ok(Source::Field(field_of(other)?)),
    }
}

fn field_of(argument: &Argument) -> Result<Field, Failure> {
    match argument {
        Argument::Path(path) => field(path),
        other => Err(Failure::rejected("expected the name of a field", other.at())),
    }
}

/// A text in quotes or without.
fn constant(argument: &Argument) -> Result<(String, Place), Failure> {
    match argument {
        Argument::Literal(literal) if literal.form == Form::Quoted => Ok((literal.text.clone(), literal.at.clone())),
        Argument::Path(path) => match path.word() {
            Some(word) => Ok((word.text, word.at)),
            None => Err(Failure::rejected("a text with `.` in it must be in double quotes", path.at.clone())),
        },
        other => Err(Failure::rejected("expected a text", other.at())),
    }
}

fn terms(query: &Argument) -> Result<Terms, Failure> {
    match query {
        Argument::Literal(Literal { text, form: Form::Quoted, at }) => Terms::read(text, at),
        other => Err(Failure::rejected("the query of SEARCH is a text in double quotes", other.at())),
    }
}

fn type_named(argument: &Argument) -> Result<Type, Failure> {
    let (name, at) = constant(argument)?;
    Ok(match name.to_ascii_uppercase().as_str() {
        "STRING" => Type::Text,
        "INT64" => Type::Int64,
        "FLOAT64" => Type::Double,
        "BOOL" => Type::Bool,
        "TIMESTAMP" => Type::Time,
        "DURATION" => Type::Span,
        _ => return Err(Failure::rejected(format!("cast knows no type `{name}`"), at)),
    })
}

/// Whether a field of a type can hold texts.
pub(super) fn may_be_text(kind: Type) -> bool {
    matches!(kind, Type::Text | Type::Label | Type::Struct | Type::Open)
}

/// An address or a network.
pub(super) fn network(text: &str, readings: &Readings) -> Option<IpNet> {
    let net = text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    (net == net.trunc() || readings.other(LOOSE_NETWORK)).then(|| net.trunc())
}
