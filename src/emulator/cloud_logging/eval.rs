//! A filter and an entry → whether the entry matches.

use ipnet::{IpNet, Ipv6Net};

use super::cast::cast;
use super::compare::{anywhere, compare, value};
use super::fields::{Field, LOG_ENTRY, Type, member, members};
use super::filter::Filter;
use super::fold::folded;
use super::functions::{Condition, Source, may_be_text, network};
use super::readings::{DEFAULT_DURATION, EMPTY_EXISTS, MAPPED_ADDRESS, NULL_EXISTS};
use super::store::Entry;
use super::tree::{Part, Path};
use super::value::{Scalar, default, read};
use crate::emulator::{Failure, Readings};
use crate::json::Json;

/// One entry, as one choice of readings sees it.
pub(super) struct Sight<'a> {
    pub(super) entry: &'a Entry,
    pub(super) readings: &'a Readings,
}

impl<'a> Sight<'a> {
    /// Whether the entry matches. AND and OR look no further than they must ("Boolean operators").
    pub(super) fn matches(&self, filter: &Filter) -> Result<bool, Failure> {
        match filter {
            Filter::And(parts) => self.first_is(parts, false).map(|found| !found),
            Filter::Or(parts) => self.first_is(parts, true),
            Filter::Not(part) => self.matches(part).map(|holds| !holds),
            Filter::Anywhere(wanted) => anywhere(LOG_ENTRY, &self.entry.json, wanted, self.readings),
            Filter::Exists(field) => self.exists(field),
            Filter::Compare { left, op, right } => {
                any(&self.values(left)?, |value| compare(value, *op, right, self.readings))
            }
            Filter::Matches { left, pattern, negated } => any(&self.values(left)?, |value| {
                Ok(matches!(value, Scalar::Text(text) if pattern.is_match(text) != *negated))
            }),
            Filter::Function(condition) => self.condition(condition),
        }
    }

    /// Whether a part gives `wanted`; those after it are not looked at.
    fn first_is(&self, parts: &[Filter], wanted: bool) -> Result<bool, Failure> {
        any(parts, |part| Ok(self.matches(part)? == wanted))
    }

    /// What stands at a field, lists as they are.
    fn found(&self, field: &Field) -> Result<Vec<(Type, &'a Json)>, Failure> {
        let mut found = Vec::new();
        walk(LOG_ENTRY, &self.entry.json, &field.path.parts, &mut found)?;
        Ok(found)
    }

    /// The values of a field, those of a list one by one; the default of one that is defaulted ("Missing fields").
    fn of_field(&self, field: &Field) -> Result<Vec<Scalar>, Failure> {
        let mut values = Vec::new();
        for (kind, json) in self.found(field)? {
            self.elements(kind, json, &field.path, &mut values)?;
        }
        if values.is_empty() && !field.may_miss {
            let absent = field.kind == Type::Span && self.readings.other(DEFAULT_DURATION);
            values.extend(default(field.kind).filter(|_| !absent));
        }
        Ok(values)
    }

    /// The values of what stands at a field: of a list, those of its elements.
    fn elements(&self, kind: Type, json: &Json, path: &Path, values: &mut Vec<Scalar>) -> Result<(), Failure> {
        if let Json::List(list) = json {
            return list.iter().try_for_each(|element| self.elements(kind, element, path, values));
        }
        values.extend(value(kind, json, path, self.readings)?);
        Ok(())
    }

    fn values(&self, source: &Source) -> Result<Vec<Scalar>, Failure> {
        match source {
            Source::Field(field) => self.of_field(field),
            Source::Cast(inner, kind, at) => {
                let cast = |value| cast(value, *kind, at).transpose();
                self.values(inner)?.into_iter().filter_map(cast).collect()
            }
            Source::Extract(inner, pattern) => {
                let group = |value: Scalar| match value {
                    Scalar::Text(text) => {
                        let group = pattern.captures(&text).and_then(|found| found.get(1));
                        group.map(|group| Scalar::Text(group.as_str().into()))
                    }
                    _ => None,
                };
                Ok(self.values(inner)?.into_iter().filter_map(group).collect())
            }
        }
    }

    fn exists(&self, field: &Field) -> Result<bool, Failure> {
        let (mut null, mut empty) = (false, false);
        for (kind, json) in self.found(field)? {
            match json {
                Json::Null => null |= kind == Type::Struct,
                Json::List(elements) if elements.is_empty() => empty = true,
                Json::Object(members) if members.is_empty() => empty = true,
                Json::List(_) | Json::Object(_) => return Ok(true),
                // A scalar field of a message that has its default value is as one that is not there.
                _ if read(kind, json, &field.path)? == default(kind) => empty = true,
                _ => return Ok(true),
            }
        }
        Ok((null && !self.readings.other(NULL_EXISTS)) || (empty && self.readings.other(EMPTY_EXISTS)))
    }

    fn condition(&self, condition: &Condition) -> Result<bool, Failure> {
        Ok(match condition {
            Condition::LogId(wanted) => self.entry.log().is_some_and(|(_, id)| folded(id) == *wanted),
            Condition::Source(wanted) => self.entry.log().is_some_and(|(resource, _)| folded(resource) == *wanted),
            Condition::HasValue(field) => self
                .of_field(field)?
                .iter()
                .any(|value| matches!(value, Scalar::Text(_) | Scalar::Int(..) | Scalar::Double(_))),
            Condition::InNet(field, net) => any(&self.of_field(field)?, |value| match value {
                Scalar::Text(text) => Ok(self.in_net(text, net)),
                _ => Ok(false),
            })?,
            Condition::Search(field, terms) => {
                let mut texts = Vec::new();
                match field {
                    None => texts_of(LOG_ENTRY, &self.entry.json, &mut texts),
                    Some(field) => self.found(field)?.iter().for_each(|(kind, json)| texts_of(*kind, json, &mut texts)),
                }
                terms.are_in(&texts)
            }
        })
    }

    fn in_net(&self, text: &str, net: &IpNet) -> bool {
        let Some(found) = network(text, self.readings) else { return false };
        let mapped = mapped(net).contains(&mapped(&found));
        net.contains(&found) || (mapped && self.readings.other(MAPPED_ADDRESS))
    }
}

/// A network of IPv4 as one of IPv6.
fn mapped(net: &IpNet) -> IpNet {
    match net {
        IpNet::V4(v4) => Ipv6Net::new(v4.addr().to_ipv6_mapped(), 96 + v4.prefix_len()).map_or(*net, IpNet::from),
        IpNet::V6(_) => *net,
    }
}

/// Whether something holds of one of several.
fn any<T>(all: &[T], holds: impl Fn(&T) -> Result<bool, Failure>) -> Result<bool, Failure> {
    for one in all {
        if holds(one)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Follows a path; through a list: into each of its elements.
fn walk<'j>(kind: Type, json: &'j Json, parts: &[Part], found: &mut Vec<(Type, &'j Json)>) -> Result<(), Failure> {
    let Some((part, rest)) = parts.split_first() else {
        found.push((kind, json));
        return Ok(());
    };
    if let Json::List(elements) = json {
        return elements.iter().try_for_each(|element| walk(kind, element, parts, found));
    }
    match member(kind, json, part)? {
        Some((kind, json)) => walk(kind, json, rest, found),
        None => Ok(()),
    }
}

/// The texts within a value.
fn texts_of<'j>(kind: Type, json: &'j Json, texts: &mut Vec<&'j str>) {
    match (kind, json) {
        (kind, Json::Text(text)) if may_be_text(kind) => texts.push(text),
        (_, Json::List(elements)) => elements.iter().for_each(|element| texts_of(kind, element, texts)),
        (_, Json::Object(_)) => {
            members(kind, json).into_iter().for_each(|(kind, _, member)| texts_of(kind, member, texts));
        }
        _ => {}
    }
}
