//! Alerts that a correlation reads: takes windows or events in which `when` holds, gives a row for each alert, with whose it is, its first
//! and its last moment in microseconds since 1970 and the keys of the correlation.

use super::errors;
use super::lower::Lower;
use super::lower_look::micros;
use super::lower_raw::sql_type;
use super::tree::{From, Is, Join, Operator, Query, Select, Sql, Type};
use crate::ir::{MemberKey, Window};
use crate::source::Span;
use crate::target::names::{Outputs, WINDOW_START};
use crate::target::said::Said;

/// Column of the member's name.
pub(super) const ALERT_RULE: &str = "alert_rule";
/// Column of the moment of an alert's first event.
pub(super) const ALERT_FIRST: &str = "alert_first";
/// Column of that of its last event.
pub(super) const ALERT_LAST: &str = "alert_last";

/// The column of the n-th key of the correlation.
pub(super) fn alert_key(n: usize) -> String {
    format!("alert_key_{}", n + 1)
}

impl Lower<'_> {
    /// From windows in which `when` holds to alerts. Windows that follow one another are one, that of the first; `first` is the start of the
    /// first window that is judged.
    pub(super) fn window_alerts(
        &mut self,
        keys: &[MemberKey],
        (window, first, mut windows): (&Window, &Sql, Select),
        outputs: &Outputs,
        query: &mut Query,
    ) -> Said<Select> {
        let measures = self.groups.as_ref().map(|groups| groups.measures.clone()).unwrap_or_default();
        let [.., first_event, last_event] = measures.as_slice() else { return unbound(window.span) };
        let start = Sql { nullable: false, ..Sql::name(WINDOW_START, Type::Timestamp) };
        let moment = |event: Said<Sql>| -> Said<Sql> {
            let event = micros(event?);
            if !self.rule.asks_for_silence() {
                return Ok(event);
            }
            // What has no rows happened at its end.
            Ok(event.or(Sql::binary(Operator::Add, micros(start.clone()), Sql::int(window.length))))
        };
        let mut times = [moment(first_event.clone())?, moment(last_event.clone())?];
        let of = window.keys.iter().zip(&outputs.keys);
        let mut own: Vec<Sql> = of.map(|(key, name)| Sql::name(name.clone(), sql_type(&key.value.ty))).collect();
        if window.merges {
            let [step, next, before] = ["true_windows", "next_start", "windows_before"].map(|name| self.alias(name));
            let [first_event, last_event] = times;
            windows.items = vec![
                (start.clone(), None),
                (first_event, Some(ALERT_FIRST.to_owned())),
                (last_event, Some(ALERT_LAST.to_owned())),
            ];
            windows.items.extend(own.iter().cloned().map(|key| (key, None)));
            let later = Sql::binary(Operator::Add, micros(start.clone()), Sql::int(window.step));
            let next_start = Sql::name(next.clone(), Type::Int64);
            let mut items = vec![(later, Some(next))];
            let mut on = vec![Sql::binary(Operator::Equal, next_start.clone(), micros(start.clone()))];
            for key in &own {
                let there = self.alias("before_key");
                items.push((key.clone(), Some(there.clone())));
                on.push(Sql::binary(Operator::Equal, Sql::name(there, key.ty.clone()), key.clone()));
            }
            query.steps.push((step.clone(), windows));
            let from = Some(From::Step(step));
            query.steps.push((before.clone(), Select { items, from: from.clone(), ..Select::default() }));
            windows = Select {
                from,
                joins: vec![Join { inner: false, step: before, on }],
                filter: vec![next_start.is(Is::Null), Sql::binary(Operator::Greater, start, first.clone())],
                ..Select::default()
            };
            times = [ALERT_FIRST, ALERT_LAST].map(|name| Sql::name(name, Type::Int64));
            own = own.into_iter().map(|key| Sql { nullable: false, ..key }).collect();
        }
        let key = |key: &MemberKey| match key {
            MemberKey::Key(n) => own.get(*n).cloned().map_or_else(|| unbound(window.span), Ok),
            MemberKey::Carried(_) => unbound(window.span),
        };
        let keys = keys.iter().map(key).collect::<Said<Vec<_>>>()?;
        Ok(self.alerts(windows, times, keys))
    }

    /// From events in which `when` holds to alerts; what lacks a key is none of the correlation's.
    pub(super) fn event_alerts(&mut self, keys: &[MemberKey], mut rows: Select, time: &Sql) -> Said<Select> {
        let rule = self.rule;
        let mut values = Vec::new();
        for key in keys {
            let carried = match key {
                MemberKey::Carried(n) => rule.carried.get(*n),
                MemberKey::Key(_) => None,
            };
            let Some(carried) = carried else { return unbound(rule.span) };
            let value = self.expr(&carried.value)?;
            if value.nullable {
                rows.filter.push(value.clone().is_present());
            }
            values.push(value);
        }
        let time = micros(time.clone());
        Ok(self.alerts(rows, [time.clone(), time], values))
    }

    fn alerts(&self, rows: Select, [first, last]: [Sql; 2], keys: Vec<Sql>) -> Select {
        let mut items = vec![
            (Sql::text(&self.rule.name), Some(ALERT_RULE.to_owned())),
            (first, Some(ALERT_FIRST.to_owned())),
            (last, Some(ALERT_LAST.to_owned())),
        ];
        items.extend(keys.into_iter().enumerate().map(|(n, key)| (key, Some(alert_key(n)))));
        Select { items, ..rows }
    }
}

fn unbound<T>(span: Span) -> Said<T> {
    Err(vec![errors::cannot(span, "a key that its alerts lack", "run the pack over an archive")])
}
