//! Alerts: takes what rules found, gives each its id and all of them their order; what is reported, compared and delivered.

use std::cmp::Ordering;

use rayon::prelude::*;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use super::clock::time_text;
use super::text::hash;
use super::value::Value;
use crate::ir::Level;

/// One hit of a rule.
///
/// As JSON: `{id, rule, title, severity, tags, source, window: {start, end}, until, first, last, keys, measures, show, partial}`, with times
/// as [`Value`] writes them and `keys`, `measures` and `show` as objects in the order of the rule; of a correlation also
/// `members`, of one that is not delivered `muted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Given by [`finish`].
    pub id: String,
    /// The rule's name.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// How bad it is.
    pub severity: Level,
    /// The rule's tags.
    pub tags: Vec<String>,
    /// The source's name.
    pub source: String,
    /// The window that opened it; both ends are the event's time for rules without `over`.
    pub window: Interval,
    /// The end of the last of consecutive true windows.
    pub until: i64,
    /// The time of the first matching event of the window.
    pub first: i64,
    /// The time of the last one.
    pub last: i64,
    /// By name, in the order of the rule.
    pub keys: Vec<(String, Value)>,
    /// By name, in the order of the rule.
    pub measures: Vec<(String, Value)>,
    /// By name, in the order of the rule.
    pub show: Vec<(String, Value)>,
    /// Whether the window begins before the archive's coverage.
    pub partial: bool,
    /// Which event it is, for rules without `over`.
    pub event: Option<EventRow>,
    /// What correlations ask of an event, by [`crate::ir::Rule::carried`]. Not shown.
    pub carried: Vec<Value>,
    /// Whether it is not delivered, because one before it was: see [`super::mute`].
    pub muted: bool,
    /// The ids of the alerts that a correlation is about, in their order.
    pub members: Vec<String>,
}

/// From a moment up to another, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The first moment.
    pub start: i64,
    /// One past the last.
    pub end: i64,
}

/// A row of an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventRow {
    /// The event's id; missing where it has none.
    pub id: Value,
    /// The element's place in the list of `each`, from 0.
    pub element: Option<u64>,
}

/// Sorts alerts by (window start, source, rule, keys, event id) and gives each its id.
///
/// An id is the first 32 hexadecimal digits of SHA-256 over the JSON text `[pack, rule, source, window start in µs, identity]`, without white
/// space. The identity is the list of the keys' values; without `over` it is `[event.id]`, or `[event.id, element]` where the rule has `each`.
/// An event without an id has `[null, n]`: n counts from 0 the alerts of one source, rule and time whose events have no id, in the order of
/// element, severity, measures and shown items, so that those that change places are equal.
pub fn finish(pack: &str, alerts: &mut Vec<Alert>) {
    sort(alerts);
    let mut before: Option<(i64, String, String)> = None;
    let mut rank = 0_u64;
    for alert in alerts.iter_mut().filter(|alert| alert.has_no_event_id()) {
        let place = (alert.window.start, alert.source.clone(), alert.rule.clone());
        rank = if before.as_ref() == Some(&place) { rank + 1 } else { 0 };
        before = Some(place);
        alert.id = alert.id_of(pack, &(Value::Missing, rank));
    }
    alerts.par_iter_mut().filter(|alert| !alert.has_no_event_id()).for_each(|alert| {
        alert.id = match &alert.event {
            None => alert.id_of(pack, &alert.key_values().collect::<Vec<_>>()),
            Some(EventRow { id, element: None }) => alert.id_of(pack, &[id]),
            Some(EventRow { id, element: Some(element) }) => alert.id_of(pack, &(id, element)),
        };
    });
}

/// Puts alerts into their order, in which those of one rule are found. Of several, most have a moment of their own, so moments are compared first, and alerts, which are large, are moved once.
fn sort(alerts: &mut Vec<Alert>) {
    if alerts.is_sorted_by(|one, next| one.in_order(next).is_le()) {
        return;
    }
    let mut order: Vec<(i64, usize)> = alerts.iter().map(|alert| alert.window.start).zip(0..).collect();
    let in_order = |a: usize, b: usize| match (alerts.get(a), alerts.get(b)) {
        (Some(one), Some(other)) => one.in_order(other),
        _ => Ordering::Equal,
    };
    order.par_sort_by(|(at, a), (other_at, b)| at.cmp(other_at).then_with(|| in_order(*a, *b)));
    let mut unsorted: Vec<Option<Alert>> = std::mem::take(alerts).into_iter().map(Some).collect();
    alerts.extend(order.into_iter().filter_map(|(_, n)| unsorted.get_mut(n)?.take()));
}

/// Stands for text of users that is not to leave the content tier.
const WITHHELD: &str = "[CONTENT]";

impl Alert {
    fn id_of(&self, pack: &str, identity: &impl Serialize) -> String {
        let whole = serde_json::to_string(&(pack, &self.rule, &self.source, self.window.start, identity));
        let mut id = hash(&whole.unwrap_or_default());
        id.truncate(32);
        id
    }

    fn has_no_event_id(&self) -> bool {
        self.event.as_ref().is_some_and(|event| event.id == Value::Missing)
    }

    /// Puts `[CONTENT]` in the place of measures and shown items of these names that are there.
    pub fn withhold(&mut self, names: &[String]) {
        for (name, value) in self.measures.iter_mut().chain(&mut self.show) {
            if names.contains(name) && value.is_present() {
                *value = Value::Text(WITHHELD.into());
            }
        }
    }

    /// The values of its keys, in the order of the rule.
    pub fn key_values(&self) -> impl Iterator<Item = &Value> {
        self.keys.iter().map(|(_, value)| value)
    }

    /// The order in which alerts are reported: the documented one, and more only where that leaves alerts of events without ids equal.
    #[must_use]
    pub fn in_order(&self, other: &Alert) -> Ordering {
        let values = |named: &'_ [(String, Value)]| named.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>();
        let of_row = |one: &Alert| one.event.as_ref().map(|_| (one.severity, values(&one.measures), values(&one.show)));
        (self.window.start, &self.source, &self.rule)
            .cmp(&(other.window.start, &other.source, &other.rule))
            .then_with(|| self.key_values().cmp(other.key_values()))
            .then_with(|| self.event.cmp(&other.event))
            .then_with(|| of_row(self).cmp(&of_row(other)))
    }

    /// The order in which correlations and mutes see alerts: by (last, rule, keys), and by more only where that leaves two equal.
    pub(super) fn by_last(&self, other: &Alert) -> Ordering {
        (self.last, &self.rule)
            .cmp(&(other.last, &other.rule))
            .then_with(|| self.key_values().cmp(other.key_values()))
            .then_with(|| (self.first, &self.source, &self.id).cmp(&(other.first, &other.source, &other.id)))
    }
}

impl Serialize for Alert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("title", &self.title)?;
        map.serialize_entry("severity", self.severity.text())?;
        map.serialize_entry("tags", &self.tags)?;
        map.serialize_entry("source", &self.source)?;
        map.serialize_entry("window", &self.window)?;
        map.serialize_entry("until", &time_text(self.until))?;
        map.serialize_entry("first", &time_text(self.first))?;
        map.serialize_entry("last", &time_text(self.last))?;
        map.serialize_entry("keys", &Named(&self.keys))?;
        map.serialize_entry("measures", &Named(&self.measures))?;
        map.serialize_entry("show", &Named(&self.show))?;
        map.serialize_entry("partial", &self.partial)?;
        if !self.members.is_empty() {
            map.serialize_entry("members", &self.members)?;
        }
        if self.muted {
            map.serialize_entry("muted", &true)?;
        }
        map.end()
    }
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("start", &time_text(self.start))?;
        map.serialize_entry("end", &time_text(self.end))?;
        map.end()
    }
}

/// An object of named values, in their order.
struct Named<'a>(&'a [(String, Value)]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(start: i64, event: Option<EventRow>) -> Alert {
        Alert {
            id: String::new(),
            rule: "r".to_owned(),
            title: "R".to_owned(),
            severity: Level::High,
            tags: vec!["owasp:LLM10".to_owned()],
            source: "aws.bedrock".to_owned(),
            window: Interval { start, end: start + 1 },
            until: start + 1,
            first: start,
            last: start,
            keys: Vec::new(),
            measures: Vec::new(),
            show: Vec::new(),
            partial: false,
            event,
            carried: Vec::new(),
            muted: false,
            members: Vec::new(),
        }
    }

    #[test]
    fn the_id_is_over_a_documented_text() {
        let mut alerts = vec![alert(5, None)];
        alerts[0].keys = vec![("caller.id".to_owned(), Value::text("a\"b")), ("n".to_owned(), Value::Int(7))];
        finish("p", &mut alerts);
        assert_eq!(alerts[0].id, hash(r#"["p","r","aws.bedrock",5,["a\"b",7]]"#)[..32]);
        // Measures, severity and shown items change nothing.
        let id = alerts[0].id.clone();
        alerts[0].severity = Level::Low;
        alerts[0].measures = vec![("m".to_owned(), Value::Int(1))];
        finish("p", &mut alerts);
        assert_eq!(alerts[0].id, id);
    }

    #[test]
    fn events_without_an_id_are_told_apart_by_their_rank() {
        let row = |id: &str, element| Some(EventRow { id: Value::text(id), element });
        let shown = |text: &str| Alert { show: vec![("x".to_owned(), Value::text(text))], ..alert(5, row("", None)) };
        let mut alerts = vec![shown("b"), alert(5, row("e", Some(3))), shown("a"), alert(6, row("", None)), shown("b")];
        finish("p", &mut alerts);
        let of = |identity: &str, time| hash(&format!(r#"["p","r","aws.bedrock",{time},{identity}]"#))[..32].to_owned();
        let ids = [of("[null,0]", 5), of("[null,1]", 5), of("[null,2]", 5), of(r#"["e",3]"#, 5), of("[null,0]", 6)];
        assert_eq!(alerts.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>(), ids);
        assert_eq!(alerts[0].show[0].1, Value::text("a"));
    }

    #[test]
    fn alerts_as_json() {
        let mut one = alert(1_767_225_600_000_000, None);
        one.keys = vec![("z".to_owned(), Value::text("k")), ("a".to_owned(), Value::Int(1))];
        let text = serde_json::to_string(&one).unwrap_or_default();
        assert_eq!(
            text,
            r#"{"id":"","rule":"r","title":"R","severity":"high","tags":["owasp:LLM10"],"source":"aws.bedrock","window":{"start":"2026-01-01T00:00:00.000000Z","end":"2026-01-01T00:00:00.000001Z"},"until":"2026-01-01T00:00:00.000001Z","first":"2026-01-01T00:00:00.000000Z","last":"2026-01-01T00:00:00.000000Z","keys":{"z":"k","a":1},"measures":{},"show":{},"partial":false}"#
        );
    }
}
