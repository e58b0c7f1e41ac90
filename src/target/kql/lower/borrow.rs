//! Fields of another log: takes what lends, gives the stages that put what is borrowed beside each row, and the tables that these join.
//!
//! The rows so far have a name, under which they are read twice: for the keys and times that something is borrowed for, and for the rows
//! themselves. Between them the lender's rows of these keys, near these times, are sorted, and the first of each is taken.

use super::window::{Clock, DATETIMES, between, cut, uncut};
use super::{Lower, refuse};
use crate::bind::simplify::{Carry, simplify_rule};
use crate::ir::Place;
use crate::target::Verdict;
use crate::target::borrow::Lending;
use crate::target::kql::errors;
use crate::target::kql::tree::{Infix, Name, Rows, Scalar, Stage, Type};
use crate::target::said::Said;

/// A log that lends, and the columns of what is borrowed.
pub(super) struct Lent<'a> {
    lending: &'a Lending<'a>,
    columns: Vec<String>,
}

/// What lends, and the place of the borrowing log with the columns of what is borrowed.
pub(super) fn lent<'a>(lendings: &'a [Lending<'a>], place: &Place, names: &mut super::Names) -> (Vec<Lent<'a>>, Place) {
    let (mut lent, mut beside) = (Vec::new(), place.clone());
    for lending in lendings {
        let named = lending.names.iter().map(|name| names.fresh(&format!("borrowed_{}", name.replace('.', "_"))).0);
        let columns: Vec<String> = named.collect();
        beside = lending.beside(&beside, &columns);
        lent.push(Lent { lending, columns });
    }
    (lent, beside)
}

/// What a row of the lender is sorted by, and what is taken of it.
struct Lender {
    key: Name,
    time: Name,
    order: Vec<Name>,
    taken: Name,
    types: Vec<Type>,
}

impl Lower<'_> {
    /// Puts what is borrowed beside the rows.
    pub(super) fn borrow(&mut self, lent: &[Lent<'_>], clock: &Clock, to: &Scalar) -> Said<()> {
        for Lent { lending, columns } in lent {
            let key = self.value(&lending.on)?;
            if key.ty != Type::String {
                return refuse(errors::unbound(lending.on.span));
            }
            let [own_key, own_time] = ["borrowing_key", "borrowing_time"].map(|name| self.names.fresh(name));
            self.extend(own_key.clone(), key.scalar);
            let time = self.time;
            let time = cut(uncut(self.value(time)?.scalar));
            self.extend(own_time.clone(), time);
            let rows = self.cut("borrowing_rows");

            let sought = self.names.fresh("sought_rows");
            let some = Scalar::call("isnotempty", [Scalar::column(&own_key)]);
            let by = [&own_key, &own_time].map(|name| (name.clone(), Scalar::column(name))).to_vec();
            let stages = vec![Stage::Where(some), Stage::Summarize { columns: Vec::new(), by: by.clone() }];
            self.tables.push((sought.clone(), Rows { table: rows, stages }));

            let (mut stages, lender) = self.lender(lending, clock, to)?;
            stages.push(Stage::Join { inner: true, table: sought, on: vec![(lender.key, own_key.clone())] });
            let within = lending.join.within;
            let near = [(Infix::GreaterEqual, -within), (Infix::LessEqual, within)].map(|(compare, way)| {
                Scalar::infix(Scalar::column(&lender.time), compare, shifted(&Scalar::column(&own_time), way))
            });
            stages.push(Stage::Where(Scalar::all(near.to_vec())));
            let sorted = [&own_key, &own_time, &lender.time].into_iter().cloned().chain(lender.order);
            stages.push(Stage::Sort(sorted.collect()));
            let all = self.names.fresh("lender_list");
            let list = Scalar::call("make_list", [Scalar::column(&lender.taken)]);
            stages.push(Stage::Summarize { columns: vec![(Some(all.clone()), list)], by });
            let [lent_key, lent_time] = ["lent_key", "lent_time"].map(|name| self.names.fresh(name));
            let mut project =
                vec![(lent_key.clone(), Scalar::column(&own_key)), (lent_time.clone(), Scalar::column(&own_time))];
            for (at, (column, ty)) in columns.iter().zip(&lender.types).enumerate() {
                let first = Scalar::Element(Box::new(Scalar::column(&all)), Box::new(Scalar::Long(0)));
                let at = Scalar::Long(i64::try_from(at).unwrap_or_default());
                let value = Scalar::Element(Box::new(first), Box::new(at));
                let typed = Scalar::call(if *ty == Type::Long { "tolong" } else { "tostring" }, [value]);
                project.push((Name::new(column), typed));
            }
            stages.push(Stage::Project(project));
            let table = self.names.fresh("lent_rows");
            self.tables.push((table.clone(), Rows { table: Name::new(&lending.place.name), stages }));
            self.stages.push(Stage::Join { inner: false, table, on: vec![(own_key, lent_key), (own_time, lent_time)] });
        }
        Ok(())
    }

    /// The lender's rows that lie near those of the run.
    fn lender(&mut self, lending: &Lending<'_>, clock: &Clock, to: &Scalar) -> Said<(Vec<Stage>, Lender)> {
        let bound = simplify_rule(lending.bound.clone(), Carry::Constants);
        let mut rows = Lower::of((&bound.rule, &bound.time), lending.place, &mut self.names);
        let said = rows.lends(lending, &bound, clock, to);
        let Lower { names, stages, effects, .. } = rows;
        self.names = names;
        self.effects.provided.extend(effects.provided);
        // Of more or fewer events another one lends.
        self.effects.weaker.extend(effects.weaker.into_iter().map(|(_, reason)| (Verdict::Differs, reason)));
        said.map(|lender| (stages, lender))
    }

    fn lends(
        &mut self,
        lending: &Lending<'_>,
        bound: &crate::bind::BoundRule,
        clock: &Clock,
        to: &Scalar,
    ) -> Said<Lender> {
        let within = lending.join.within;
        let (from, to) = (shifted(&clock.from, -within), shifted(to, within));
        let time = self.value(&bound.time)?;
        if time.ty != Type::Datetime {
            return refuse(errors::unbound(bound.time.span));
        }
        let exact = self.once(uncut(time.scalar), "lender_time");
        self.stages.push(Stage::Where(between(&exact, from, to)));
        self.wheres(|_| true)?;
        let mut items = bound.rule.show.iter();
        let Some(key) = items.next() else { return refuse(errors::unbound(lending.join.span)) };
        let key = self.value(&key.value)?;
        let [own_key, at, id, taken] =
            ["lender_key", "lender_at", "lender_id", "lender_values"].map(|name| self.names.fresh(name));
        self.stages.push(Stage::Where(key.clone().present()));
        let mut columns = vec![(own_key.clone(), key.scalar), (at.clone(), cut(exact))];
        let mut order = Vec::new();
        if let Some(of_event) = &bound.event_id {
            columns.push((id.clone(), self.value(of_event)?.scalar));
            order.push(id);
        }
        let (mut values, mut types) = (Vec::new(), Vec::new());
        for item in items {
            let value = self.value(&item.value)?;
            let text = self.names.fresh("lender_text");
            let scalar = self.once(value.scalar, "lender_value");
            let as_text =
                if value.ty == Type::Long { Scalar::call("tostring", [scalar.clone()]) } else { scalar.clone() };
            columns.push((text.clone(), as_text));
            order.push(text);
            values.push(scalar);
            types.push(value.ty);
        }
        columns.push((taken.clone(), Scalar::call("pack_array", values)));
        self.stages.push(Stage::Project(columns));
        Ok(Lender { key: own_key, time: at, order, taken, types })
    }
}

/// A moment some microseconds later, or earlier.
fn shifted(time: &Scalar, way: i64) -> Scalar {
    match time {
        Scalar::Datetime(at) => Scalar::Datetime(at.saturating_add(way).clamp(DATETIMES[0], DATETIMES[1])),
        _ => {
            let operator = if way < 0 { Infix::Subtract } else { Infix::Add };
            Scalar::infix(time.clone(), operator, Scalar::Timespan(way.saturating_abs()))
        }
    }
}
