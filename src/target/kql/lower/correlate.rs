//! A correlation as KQL: takes the tables of its members' alerts, gives the stages that ask which of them came together.
//!
//! Alerts are put beside those from which an alert of the correlation may begin, by their keys; what is asked of times is asked behind that.

use super::super::names::Names;
use super::super::tree::{Infix, Name, Query, Rows, Scalar, Stage, Type};
use super::alerts::Columns;
use super::window::bin;
use super::{lowered, reserve, set_aside};
use crate::ir::Occurs;
use crate::target::Correlating;
use crate::target::names::{WINDOW_END, WINDOW_START, key_names};

/// The tables and stages of a correlation, as they grow.
struct Joined<'a> {
    cx: &'a Correlating<'a>,
    names: Names,
    columns: Columns,
    /// The keys' names in the rows that are told.
    outputs: &'a [String],
    /// The table of all alerts.
    alerts: Name,
    tables: Vec<(Name, Rows)>,
    table: Name,
    stages: Vec<Stage>,
}

/// Where the rows have what a next alert is asked for: columns.
struct At {
    /// The moment of the first alert.
    start: Name,
    /// That of the last one so far.
    now: Name,
    keys: Vec<Name>,
}

/// The correlation as a query; none where a member is refused.
pub(in crate::target::kql) fn correlate(cx: &mut Correlating<'_>) -> Option<Query> {
    let mut names = Names::default();
    cx.lowerings().for_each(|part| reserve(&mut names, &part));
    names.reserve(WINDOW_END);
    let outputs = key_names(cx.correlation);
    outputs.iter().for_each(|name| names.reserve(name));
    let [until, rule, first, last] = ["until", "alert_rule", "alert_first", "alert_last"].map(|name| names.fresh(name));
    let keys = outputs.iter().map(|name| names.fresh(&format!("alert_{name}"))).collect();
    let columns = Columns { until, rule, first, last, keys };
    let parts = cx.lower(|part| lowered(part, &mut names, Some(&columns)))?;

    let (mut values, mut tables, mut legs) = (Vec::new(), Vec::new(), Vec::new());
    if cx.request.range.is_none() {
        let arrived = match cx.delay {
            0 => Scalar::call("now", []),
            delay => Scalar::infix(Scalar::call("now", []), Infix::Subtract, Scalar::Timespan(delay)),
        };
        values.push((columns.until.clone(), bin(arrived, cx.every)));
    }
    for part in parts {
        values.extend(part.values);
        tables.extend(part.tables);
        let leg = names.fresh("member_alerts");
        tables.push((leg.clone(), part.rows));
        legs.push(leg);
    }
    let mut legs = legs.into_iter();
    let table = legs.next()?;
    let others: Vec<Name> = legs.collect();
    let alerts = if others.is_empty() {
        table
    } else {
        let alerts = names.fresh("all_alerts");
        tables.push((alerts.clone(), Rows { table, stages: vec![Stage::Union(others)] }));
        alerts
    };
    let (stages, kept) = (Vec::new(), alerts.clone());
    let mut joined = Joined { cx, names, columns, outputs: &outputs, table: alerts.clone(), alerts, tables, stages };
    let at = match &cx.correlation.occurs {
        Occurs::AtLeast(least) => joined.at_least(*least),
        Occurs::Chain { steps, without } => joined.chain(steps, *without)?,
    };
    joined.told(&at);
    let Joined { tables, table, stages, .. } = joined;
    let kept = (cx.correlation.occurs != Occurs::AtLeast(1)).then_some(kept);
    Some(Query { values, tables, kept, rows: Rows { table, stages } })
}

impl Joined<'_> {
    /// New names for a row's keys.
    fn keys(&mut self, part: &str) -> Vec<Name> {
        self.outputs.iter().map(|name| self.names.fresh(&format!("{part}_{name}"))).collect()
    }

    /// The rows so far as a table of their own.
    fn cut(&mut self, wanted: &str) -> Name {
        set_aside(self.names.fresh(wanted), &mut self.table, &mut self.stages, &mut self.tables)
    }

    fn name_of(&self, member: usize) -> Scalar {
        Scalar::text(self.cx.correlation.members.get(member).map(|member| member.name.as_str()).unwrap_or_default())
    }

    fn within(&self, start: &Name) -> Scalar {
        Scalar::infix(Scalar::column(start), Infix::Add, Scalar::Timespan(self.cx.correlation.within))
    }

    /// The moments at which alerts end, each once, of one member or of all.
    fn moments(&mut self, member: Option<usize>) -> (Name, Vec<Name>) {
        if let Some(member) = member {
            let is = Scalar::infix(Scalar::column(&self.columns.rule), Infix::Equal, self.name_of(member));
            self.stages.push(Stage::Where(is));
        }
        let (start, keys) = (self.names.fresh("start_at"), self.keys("start"));
        let mut by = vec![(start.clone(), Scalar::column(&self.columns.last))];
        by.extend(keys.iter().cloned().zip(self.columns.keys.iter().map(Scalar::column)));
        self.stages.push(Stage::Summarize { columns: Vec::new(), by });
        (start, keys)
    }

    /// From each moment: when alerts of so many members were there.
    fn at_least(&mut self, least: usize) -> At {
        let (start, keys) = self.moments(None);
        if least == 1 {
            return At { now: start.clone(), start, keys };
        }
        let Columns { rule, last, .. } = &self.columns;
        let (rule, last) = (rule.clone(), last.clone());
        let on = keys.iter().cloned().zip(self.columns.keys.clone()).collect();
        self.stages.push(Stage::Join { inner: true, table: self.alerts.clone(), on });
        let behind = Scalar::infix(Scalar::column(&last), Infix::GreaterEqual, Scalar::column(&start));
        let in_time = Scalar::infix(Scalar::column(&last), Infix::LessEqual, self.within(&start));
        self.stages.push(Stage::Where(Scalar::all(vec![behind, in_time])));
        let mut by: Vec<(Name, Scalar)> =
            [&start].into_iter().chain(&keys).map(|name| (name.clone(), Scalar::column(name))).collect();
        let [member_at, members, all_at] =
            ["member_at", "members_there", "members_at"].map(|name| self.names.fresh(name));
        let mut of_member = by.clone();
        of_member.push((rule.clone(), Scalar::Column(rule)));
        let earliest = vec![(Some(member_at.clone()), Scalar::call("min", [Scalar::Column(last)]))];
        self.stages.push(Stage::Summarize { columns: earliest, by: of_member });
        let all = least == self.cx.correlation.members.len();
        let times = match all {
            true => Scalar::call("max", [Scalar::Column(member_at)]),
            false => Scalar::call("make_list", [since(&member_at, &start)]),
        };
        let columns = vec![(Some(members.clone()), Scalar::call("count", [])), (Some(all_at.clone()), times)];
        self.stages.push(Stage::Summarize { columns, by: std::mem::take(&mut by) });
        let enough = i64::try_from(least).unwrap_or(i64::MAX);
        self.stages.push(Stage::Where(Scalar::infix(
            Scalar::Column(members),
            Infix::GreaterEqual,
            Scalar::Long(enough),
        )));
        if all {
            return At { start, now: all_at, keys };
        }
        let now = self.names.fresh("enough_at");
        let sorted = Scalar::call("array_sort_asc", [Scalar::Column(all_at)]);
        let nth = Scalar::Element(Box::new(sorted), Box::new(Scalar::Long(enough - 1)));
        self.stages.push(Stage::Extend(vec![(now.clone(), after(&start, Scalar::call("tolong", [nth])))]));
        At { start, now, keys }
    }

    /// From each moment of the first step: when the last step was there, or was not.
    fn chain(&mut self, steps: &[usize], without: Option<usize>) -> Option<At> {
        let (first, later) = steps.split_first()?;
        let (start, keys) = self.moments(Some(*first));
        let mut at = At { now: start.clone(), start, keys };
        if !later.is_empty() {
            let before = self.before(&at);
            for (n, step) in later.iter().enumerate() {
                let spends = later.iter().filter(|other| *other == step).count();
                self.step(*step, &mut at, &before, (n, spends));
            }
        }
        if let Some(step) = without {
            self.without(step, &at);
            let end = self.names.fresh("waited_until");
            self.stages.push(Stage::Extend(vec![(end.clone(), self.within(&at.start))]));
            at.now = end;
        }
        Some(at)
    }

    /// How many moments of the first step there are that an alert may have begun at, before each and with it.
    fn before(&mut self, at: &At) -> Name {
        let starts = self.cut("start_moments");
        let (other, keys) = (self.names.fresh("other_at"), self.keys("other"));
        let mut columns = vec![(other.clone(), Scalar::column(&at.start))];
        columns.extend(keys.iter().cloned().zip(at.keys.iter().map(Scalar::column)));
        let table = self.names.fresh("other_starts");
        self.tables.push((table.clone(), Rows { table: starts, stages: vec![Stage::Project(columns)] }));
        self.stages.push(Stage::Join { inner: true, table, on: at.keys.iter().cloned().zip(keys).collect() });
        let not_after = Scalar::infix(Scalar::column(&other), Infix::LessEqual, Scalar::column(&at.start));
        let near = Scalar::infix(self.within(&other), Infix::Greater, Scalar::column(&at.start));
        self.stages.push(Stage::Where(Scalar::all(vec![not_after, near])));
        let begun = self.names.fresh("begun_near");
        let columns = vec![(Some(begun.clone()), Scalar::call("count", []))];
        self.stages.push(Stage::Summarize { columns, by: of([&at.start].into_iter().chain(&at.keys)) });
        begun
    }

    /// The alerts of a step that may follow: the next one, and as many more as those that begun before may have spent.
    fn step(&mut self, step: usize, at: &mut At, begun: &Name, (number, spends): (usize, usize)) {
        let last = self.follow(step, at, true);
        let list = self.names.fresh("following_at");
        let lasts = Scalar::call("array_sort_asc", [Scalar::call("make_list", [since(&last, &at.start)])]);
        let mut by = of([&at.start, begun].into_iter().chain(&at.keys));
        if number > 0 {
            by.push((at.now.clone(), Scalar::column(&at.now)));
        }
        self.stages.push(Stage::Summarize { columns: vec![(Some(list.clone()), lasts)], by });
        let [place, next] = ["place_of", "next_at"].map(|name| self.names.fresh(name));
        let list_of = Scalar::column(&list);
        let (index, element) = (Some(place.clone()), list.clone());
        self.stages.push(Stage::MvExpand { index, element, list: list_of, ty: Type::Long, pairs: false });
        // An alert that began before may have spent one for each time that the step comes.
        let spent = Scalar::infix(Scalar::column(begun), Infix::Subtract, Scalar::Long(1));
        let spent = match spends {
            1 => spent,
            spends => Scalar::infix(spent, Infix::Multiply, Scalar::Long(i64::try_from(spends).unwrap_or(i64::MAX))),
        };
        self.stages.push(Stage::Where(Scalar::infix(Scalar::Column(place), Infix::LessEqual, spent)));
        self.stages.push(Stage::Extend(vec![(next.clone(), after(&at.start, Scalar::Column(list)))]));
        let by = of([&at.start, begun, &next].into_iter().chain(&at.keys));
        self.stages.push(Stage::Summarize { columns: Vec::new(), by });
        at.now = next;
    }

    /// Nothing of this step follows.
    fn without(&mut self, step: usize, at: &At) {
        let last = self.follow(step, at, false);
        let followed = self.names.fresh("followed_by");
        let count = Scalar::call("countif", [Scalar::call("isnotnull", [Scalar::Column(last)])]);
        let mut by = of([&at.start].into_iter().chain(&at.keys));
        if at.now != at.start {
            by.push((at.now.clone(), Scalar::column(&at.now)));
        }
        self.stages.push(Stage::Summarize { columns: vec![(Some(followed.clone()), count)], by });
        self.stages.push(Stage::Where(Scalar::infix(Scalar::Column(followed), Infix::Equal, Scalar::Long(0))));
        if at.now != at.start {
            // Of several ways from one start, one.
            let by = of([&at.start].into_iter().chain(&at.keys));
            self.stages.push(Stage::Summarize { columns: Vec::new(), by });
        }
    }

    /// Puts the alerts of a step beside that begin behind the last alert and in time; gives the column of their end, which is null where there
    /// is none, if rows without one stay.
    fn follow(&mut self, step: usize, at: &At, inner: bool) -> Name {
        let Columns { rule, first, last, keys, .. } = &self.columns;
        let (rule, first, last, of_alerts) = (rule.clone(), first.clone(), last.clone(), keys.clone());
        let [first_at, last_at] = ["step_first", "step_last"].map(|name| self.names.fresh(name));
        let keys = self.keys("step");
        let mut columns = vec![(first_at.clone(), Scalar::Column(first)), (last_at.clone(), Scalar::Column(last))];
        columns.extend(keys.iter().cloned().zip(of_alerts.iter().map(Scalar::column)));
        let is = Scalar::infix(Scalar::Column(rule), Infix::Equal, self.name_of(step));
        let table = self.names.fresh("step_alerts");
        let stages = vec![Stage::Where(is), Stage::Project(columns)];
        self.tables.push((table.clone(), Rows { table: self.alerts.clone(), stages }));
        self.stages.push(Stage::Join { inner, table, on: at.keys.iter().cloned().zip(keys).collect() });
        let behind = Scalar::infix(Scalar::column(&first_at), Infix::Greater, Scalar::column(&at.now));
        let in_time = Scalar::infix(Scalar::column(&first_at), Infix::LessEqual, self.within(&at.start));
        let follows = Scalar::all(vec![behind, in_time]);
        if inner {
            self.stages.push(Stage::Where(follows));
            return last_at;
        }
        let found = self.names.fresh("found_last");
        let found_at = Scalar::iff(follows, Scalar::Column(last_at), Scalar::Null(Type::Datetime));
        self.stages.push(Stage::Extend(vec![(found.clone(), found_at)]));
        found
    }

    /// Keeps what the run tells, in the columns that are told.
    fn told(&mut self, at: &At) {
        let outputs = self.outputs;
        let now = || Scalar::column(&at.now);
        let (from, to) = self.cx.told();
        let before = |back: i64| match back {
            0 => Scalar::column(&self.columns.until),
            back => Scalar::infix(Scalar::column(&self.columns.until), Infix::Subtract, Scalar::Timespan(back)),
        };
        match self.cx.request.range {
            None => {
                let after = Scalar::infix(now(), Infix::GreaterEqual, before(from));
                let ended = Scalar::infix(now(), Infix::Less, before(to));
                self.stages.push(Stage::Where(Scalar::all(vec![after, ended])));
            }
            Some((_, end)) if self.cx.waits() => {
                let end = Scalar::Datetime(end.saturating_sub(to));
                self.stages.push(Stage::Where(Scalar::infix(now(), Infix::Less, end)));
            }
            Some(_) => {}
        }
        let mut columns = vec![(Name::new(WINDOW_START), Scalar::column(&at.start)), (Name::new(WINDOW_END), now())];
        columns.extend(outputs.iter().map(Name::new).zip(at.keys.iter().map(Scalar::column)));
        self.stages.push(Stage::Project(columns));
        let order = [WINDOW_START, WINDOW_END].into_iter().chain(outputs.iter().map(String::as_str));
        self.stages.push(Stage::Sort(order.map(Name::new).collect()));
    }
}

/// How many microseconds a moment is behind another: what a list can hold.
fn since(moment: &Name, start: &Name) -> Scalar {
    Scalar::call("datetime_diff", [Scalar::text("microsecond"), Scalar::column(moment), Scalar::column(start)])
}

/// The moment so many microseconds behind another.
fn after(start: &Name, micros: Scalar) -> Scalar {
    Scalar::call("datetime_add", [Scalar::text("microsecond"), micros, Scalar::column(start)])
}

/// Columns that stay what they are.
fn of<'n>(names: impl Iterator<Item = &'n Name>) -> Vec<(Name, Scalar)> {
    names.map(|name| (name.clone(), Scalar::column(name))).collect()
}
