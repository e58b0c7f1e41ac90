//! The text of a state: takes what is remembered, gives JSON, and back. Values keep their types.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Counted, Memory};
use crate::eval::alert::Interval;
use crate::eval::correlate::Held;
use crate::eval::{Alert, Value};
use crate::ir::Level;

/// The version of this text.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved {
    format: u32,
    /// Bytes of the log that count.
    log: u64,
    packs: BTreeMap<String, Pack>,
}

#[derive(Serialize, Deserialize)]
struct Pack {
    archive: Option<String>,
    judged: BTreeMap<String, BTreeMap<String, i64>>,
    #[serde(default)]
    counted: BTreeMap<String, Counted>,
    open: BTreeMap<String, Vec<Open>>,
    delivered: Vec<Told>,
}

/// An alert of which only that is kept which correlations ask.
#[derive(Serialize, Deserialize)]
struct Open {
    id: String,
    rule: String,
    source: String,
    first: i64,
    last: i64,
    keys: Vec<(String, Tagged)>,
    carried: Vec<Tagged>,
    partial: bool,
    spent: bool,
}

#[derive(Serialize, Deserialize)]
struct Told {
    rule: String,
    source: Option<String>,
    keys: Vec<Tagged>,
    last: i64,
}

/// The name of a value's type, and the value as text.
type Tagged = (String, String);

pub(super) fn to_text(packs: &BTreeMap<String, Memory>, log: u64) -> String {
    let packs = packs.iter().map(|(id, memory)| (id.clone(), pack(memory))).collect();
    serde_json::to_string(&Saved { format: FORMAT, log, packs }).unwrap_or_default()
}

pub(super) fn from_text(text: &str) -> Result<(BTreeMap<String, Memory>, u64), String> {
    let saved: Saved = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if saved.format != FORMAT {
        return Err(format!("its format is {}, and this version knows {FORMAT}", saved.format));
    }
    let packs = saved.packs.into_iter().map(|(id, pack)| memory(pack).map(|memory| (id, memory)));
    Ok((packs.collect::<Result<_, _>>()?, saved.log))
}

fn pack(memory: &Memory) -> Pack {
    let open = |held: &Held| {
        let Held { alert, spent } = held;
        Open {
            id: alert.id.clone(),
            rule: alert.rule.clone(),
            source: alert.source.clone(),
            first: alert.first,
            last: alert.last,
            keys: alert.keys.iter().map(|(name, value)| (name.clone(), tagged(value))).collect(),
            carried: alert.carried.iter().map(tagged).collect(),
            partial: alert.partial,
            spent: *spent,
        }
    };
    let told = |((rule, source, keys), last): (&crate::eval::mute::Apart, &i64)| Told {
        rule: rule.clone(),
        source: source.clone(),
        keys: keys.iter().map(tagged).collect(),
        last: *last,
    };
    Pack {
        archive: memory.archive.clone(),
        judged: memory.judged.clone(),
        counted: memory.counted.clone(),
        open: memory.open.iter().map(|(name, held)| (name.clone(), held.iter().map(open).collect())).collect(),
        delivered: memory.delivered.iter().map(told).collect(),
    }
}

fn memory(pack: Pack) -> Result<Memory, String> {
    let mut open = BTreeMap::new();
    for (name, held) in pack.open {
        open.insert(name, held.into_iter().map(held_alert).collect::<Result<Vec<_>, _>>()?);
    }
    let told = |Told { rule, source, keys, last }: Told| Ok(((rule, source, values(keys)?), last));
    let delivered = pack.delivered.into_iter().map(told).collect::<Result<_, String>>()?;
    Ok(Memory { archive: pack.archive, judged: pack.judged, counted: pack.counted, open, delivered })
}

fn held_alert(open: Open) -> Result<Held, String> {
    let (names, keys): (Vec<String>, Vec<Tagged>) = open.keys.into_iter().unzip();
    let alert = Alert {
        id: open.id,
        rule: open.rule,
        title: String::new(),
        severity: Level::Informational,
        tags: Vec::new(),
        source: open.source,
        window: Interval { start: open.first, end: open.last },
        until: open.last,
        first: open.first,
        last: open.last,
        keys: names.into_iter().zip(values(keys)?).collect(),
        measures: Vec::new(),
        show: Vec::new(),
        partial: open.partial,
        event: None,
        carried: values(open.carried)?,
        muted: false,
        members: Vec::new(),
    };
    Ok(Held { alert, spent: open.spent })
}

/// Keys are single values, and no floats.
fn tagged(value: &Value) -> Tagged {
    let (ty, text) = match value {
        Value::Text(text) => ("text", text.to_string()),
        Value::Int(value) => ("int", value.to_string()),
        Value::Decimal(value) => ("decimal", value.to_string()),
        Value::Bool(value) => ("bool", value.to_string()),
        Value::Time(value) => ("time", value.to_string()),
        Value::Duration(value) => ("duration", value.to_string()),
        Value::Ip(value) => ("ip", value.to_string()),
        _ => ("missing", String::new()),
    };
    (ty.to_owned(), text)
}

fn values(tagged: Vec<Tagged>) -> Result<Vec<Value>, String> {
    tagged.into_iter().map(|(ty, text)| value(&ty, &text).ok_or_else(|| format!("`{text}` is no {ty}"))).collect()
}

fn value(ty: &str, text: &str) -> Option<Value> {
    Some(match ty {
        "text" => Value::text(text),
        "int" => Value::Int(text.parse().ok()?),
        "decimal" => Value::Decimal(text.parse().ok()?),
        "bool" => Value::Bool(text.parse().ok()?),
        "time" => Value::Time(text.parse().ok()?),
        "duration" => Value::Duration(text.parse().ok()?),
        "ip" => Value::ip(text.parse::<IpAddr>().ok()?),
        "missing" => Value::Missing,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_types() {
        let all = [
            Value::text("a\"b\u{0}"),
            Value::Int(i64::MIN),
            Value::Decimal(i128::MAX),
            Value::Bool(true),
            Value::Time(-1),
            Value::Duration(5),
            Value::ip(IpAddr::from([10, 0, 0, 1])),
            Value::Missing,
        ];
        assert_eq!(values(all.iter().map(tagged).collect()), Ok(all.to_vec()));
        assert!(values(vec![("int".to_owned(), "x".to_owned())]).is_err());
        assert!(values(vec![("float".to_owned(), "1".to_owned())]).is_err());
    }

    #[test]
    fn a_text_of_another_version_is_said() {
        let text = to_text(&BTreeMap::new(), 5);
        assert_eq!(from_text(&text), Ok((BTreeMap::new(), 5)));
        assert!(from_text(&text.replace("\"format\":1", "\"format\":2")).is_err());
        assert!(from_text("{").is_err());
    }
}
