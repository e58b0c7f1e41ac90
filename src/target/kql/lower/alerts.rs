//! Alerts that a correlation reads: takes windows or events in which `when` holds, gives a row for each alert, with whose it is, its first
//! and its last moment and the keys of the correlation.

use super::super::errors;
use super::super::tree::{Infix, Name, Rows, Scalar, Stage};
use super::window::Clock;
use super::{Lower, refuse};
use crate::ir::{MemberKey, Window};
use crate::target::names::{Outputs, WINDOW_START};
use crate::target::said::Said;

/// The columns of alerts, the same for all members.
pub(super) struct Columns {
    /// The value that stands before all tables: where the run ends.
    pub(super) until: Name,
    /// The member's name.
    pub(super) rule: Name,
    /// When the alert's first event happened.
    pub(super) first: Name,
    /// When its last event happened.
    pub(super) last: Name,
    /// The correlation's keys, in their order; never missing.
    pub(super) keys: Vec<Name>,
}

impl Lower<'_> {
    /// From windows in which `when` holds to alerts. Windows that follow one another are one, that of the first.
    pub(super) fn window_alerts(
        &mut self,
        columns: &Columns,
        keys: &[MemberKey],
        window: &Window,
        (outputs, clock): (&Outputs, &Clock),
    ) -> Said<()> {
        let measures = self.groups.as_ref().map(|groups| groups.measures.clone()).unwrap_or_default();
        let [.., first, last] = measures.as_slice() else { return refuse(errors::unbound(window.span)) };
        let mut times = [first.clone()?.scalar, last.clone()?.scalar];
        let start = Scalar::Column(Name::new(WINDOW_START));
        if self.rule.asks_for_silence() {
            // What has no rows happened at its end.
            let end = Scalar::infix(start.clone(), Infix::Add, Scalar::Timespan(window.length));
            times = times.map(|time| Scalar::call("coalesce", [time, end.clone()]));
        }
        let mut own: Vec<Scalar> = outputs.keys.iter().map(|name| Scalar::Column(Name::new(name))).collect();
        if window.merges {
            let [first, last] = times;
            let [first_name, last_name] = [&columns.first, &columns.last];
            let names: Vec<Name> = outputs.keys.iter().map(|name| self.names.fresh(&format!("own_{name}"))).collect();
            let mut held =
                vec![(Name::new(WINDOW_START), start.clone()), (first_name.clone(), first), (last_name.clone(), last)];
            held.extend(names.iter().cloned().zip(own));
            self.stages.push(Stage::Project(held));
            let windows = self.cut("true_windows");
            let next = self.names.fresh("next_start");
            let later = Scalar::infix(start.clone(), Infix::Add, Scalar::Timespan(window.step));
            let (mut before, mut on) = (vec![(next.clone(), later)], vec![(Name::new(WINDOW_START), next.clone())]);
            for name in &names {
                let there = self.names.fresh(&format!("before_{}", name.0));
                before.push((there.clone(), Scalar::column(name)));
                on.push((name.clone(), there));
            }
            let table = self.names.fresh("windows_before");
            self.tables.push((table.clone(), Rows { table: windows, stages: vec![Stage::Project(before)] }));
            self.stages.push(Stage::Join { inner: false, table, on });
            let opens = Scalar::call("isnull", [Scalar::Column(next)]);
            let judged = Scalar::infix(start, Infix::Greater, clock.judged.clone());
            self.stages.push(Stage::Where(Scalar::all(vec![opens, judged])));
            times = [Scalar::column(first_name), Scalar::column(last_name)];
            own = names.into_iter().map(Scalar::Column).collect();
        }
        let key = |key: &MemberKey| match key {
            MemberKey::Key(n) => own.get(*n).cloned().ok_or_else(|| vec![errors::unbound(window.span)]),
            MemberKey::Carried(_) => refuse(errors::unbound(window.span)),
        };
        let keys = keys.iter().map(key).collect::<Said<Vec<_>>>()?;
        self.alerts(columns, times, keys);
        Ok(())
    }

    /// From events in which `when` holds to alerts; what lacks a key is none of the correlation's.
    pub(super) fn event_alerts(&mut self, columns: &Columns, keys: &[MemberKey], time: Scalar) -> Said<()> {
        let rule = self.rule;
        let mut values = Vec::new();
        for (key, name) in keys.iter().zip(&columns.keys) {
            let carried = match key {
                MemberKey::Carried(n) => rule.carried.get(*n),
                MemberKey::Key(_) => None,
            };
            let Some(carried) = carried else { return refuse(errors::unbound(rule.span)) };
            let mut value = self.value(&carried.value)?;
            value.scalar = self.once(value.scalar, &format!("own_{}", name.0));
            values.push(value);
        }
        let present = Scalar::all(values.iter().map(|value| value.clone().present()).collect());
        if present != Scalar::Bool(true) {
            self.stages.push(Stage::Where(present));
        }
        let time = self.once(time, "row_time");
        self.alerts(columns, [time.clone(), time], values.into_iter().map(|value| value.scalar).collect());
        Ok(())
    }

    fn alerts(&mut self, columns: &Columns, [first, last]: [Scalar; 2], keys: Vec<Scalar>) {
        let rule = Scalar::text(&self.rule.name);
        let mut row = vec![(columns.rule.clone(), rule), (columns.first.clone(), first), (columns.last.clone(), last)];
        row.extend(columns.keys.iter().cloned().zip(keys));
        self.stages.push(Stage::Project(row));
    }
}
