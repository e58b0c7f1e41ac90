//! Calls with OVER.

use std::ops::Range;

use sqlparser::ast::{
    self, FunctionArgumentClause, FunctionArguments, NullTreatment, WindowFrameBound, WindowFrameUnits, WindowType,
};

use super::call::{arguments, trailing_treatment};
use super::scope::Scope;
use super::{Binder, Calls, NamedWindows, at, same_name};
use crate::emulator::Failure;
use crate::emulator::googlesql::aggregates;
use crate::emulator::googlesql::tree::{Bound, Expr, Frame, Node, SortKey, Window, WindowCall};
use crate::emulator::googlesql::types::Type;
use crate::emulator::googlesql::value::Val;

impl Binder<'_> {
    /// Takes the WINDOW clause of a SELECT; gives the one around it, for after.
    pub(super) fn named_windows(&mut self, windows: &[ast::NamedWindowDefinition]) -> Result<NamedWindows, Failure> {
        let mut named = NamedWindows::new();
        for ast::NamedWindowDefinition(name, window) in windows {
            let ast::NamedWindowExpr::WindowSpec(spec) = window else {
                return Err(Failure::unknown("a named window of another's name", at(name.span)));
            };
            if named.iter().any(|(other, _)| same_name(other, &name.value)) {
                return Err(Failure::rejected(format!("two windows are called {}", name.value), at(name.span)));
            }
            named.push((name.value.clone(), spec.clone()));
        }
        Ok(std::mem::replace(&mut self.named, named))
    }

    pub(super) fn window(
        &mut self,
        function: &ast::Function,
        name: &str,
        over: &WindowType,
        scope: &Scope<'_>,
        calls: &mut Calls,
        span: Range<usize>,
    ) -> Result<Expr, Failure> {
        let place = calls.place;
        if calls.windows.is_none() {
            return Err(Failure::rejected(format!("the window function {name} may not stand in {place}"), span));
        }
        let spec = match over {
            WindowType::WindowSpec(spec) => spec.clone(),
            WindowType::NamedWindow(name) => {
                let named = self.named.iter().find(|(other, _)| same_name(other, &name.value));
                let unknown = || Failure::rejected(format!("no window is called {}", name.value), at(name.span));
                named.map(|(_, spec)| spec.clone()).ok_or_else(unknown)?
            }
        };
        if let Some(name) = &spec.window_name {
            return Err(Failure::unknown(format!("a window made of {}", name.value), at(name.span)));
        }
        // Aggregate functions may stand in a window function: it sees their groups.
        let mut inside = Calls { aggregates: calls.aggregates.take(), windows: None, place: "a window function" };
        let bound = self.window_inside(function, name, &spec, scope, &mut inside, span.clone());
        calls.aggregates = inside.aggregates;
        let bound = bound?;
        let ty = bound.ty.clone();
        let windows = calls.windows.get_or_insert_default();
        windows.push(bound);
        Ok(Expr::new(Node::Window(windows.len() - 1), ty, span))
    }

    fn window_inside(
        &mut self,
        function: &ast::Function,
        name: &str,
        spec: &ast::WindowSpec,
        scope: &Scope<'_>,
        calls: &mut Calls,
        span: Range<usize>,
    ) -> Result<Window, Failure> {
        let mut partition = Vec::new();
        for by in &spec.partition_by {
            let by = self.expr(by, scope, calls)?;
            let by = self.typed(by)?;
            if matches!(by.ty, Type::Float64 | Type::Json | Type::Array(_) | Type::Struct(_)) {
                return Err(Failure::rejected(format!("PARTITION BY of {}", by.ty), by.at));
            }
            partition.push(by);
        }
        let mut order = Vec::new();
        for key in &spec.order_by {
            let by = self.expr(&key.expr, scope, calls)?;
            order.push(self.sort_key(by, &key.options)?);
        }
        let (call, ty) = match aggregates::find(name) {
            Some(aggregate) => {
                let bound = self.aggregate(aggregate, function, scope, calls)?;
                if (bound.distinct || bound.function.only_over) && (!order.is_empty() || spec.window_frame.is_some()) {
                    return Err(Failure::rejected(format!("{name}: no ORDER BY and no frame here"), span));
                }
                let ty = bound.ty.clone();
                (WindowCall::Aggregate(bound), ty)
            }
            None => self.ranking(function, name, scope, calls, &span)?,
        };
        let framed = matches!(call, WindowCall::Aggregate(_) | WindowCall::Nth { .. });
        if !framed && spec.window_frame.is_some() {
            return Err(Failure::rejected(format!("{name} takes no frame"), span));
        }
        if order.is_empty() && !matches!(call, WindowCall::Aggregate(_) | WindowCall::RowNumber) {
            return Err(Failure::rejected(format!("{name} wants ORDER BY in OVER"), span));
        }
        let frame = self.frame(spec.window_frame.as_ref(), &order, &span)?;
        Ok(Window { call, partition, order, frame, ty, at: span })
    }

    /// Numbering and navigation functions.
    fn ranking(
        &mut self,
        function: &ast::Function,
        name: &str,
        scope: &Scope<'_>,
        calls: &mut Calls,
        span: &Range<usize>,
    ) -> Result<(WindowCall, Type), Failure> {
        let mut args = Vec::new();
        for arg in arguments(function, name, span)? {
            args.push(self.expr(arg, scope, calls)?);
        }
        let count = args.len();
        let mut args = args.into_iter();
        let wrong = || Failure::rejected(format!("{name} does not take {count} arguments"), span.clone());
        let ignore_nulls = ignores_nulls(function);
        let plain = |call: WindowCall, ty: Type| if count == 0 { Ok((call, ty)) } else { Err(wrong()) };
        match name {
            "ROW_NUMBER" => plain(WindowCall::RowNumber, Type::Int64),
            "RANK" => plain(WindowCall::Rank, Type::Int64),
            "DENSE_RANK" => plain(WindowCall::DenseRank, Type::Int64),
            "PERCENT_RANK" => plain(WindowCall::PercentRank, Type::Float64),
            "CUME_DIST" => plain(WindowCall::CumeDist, Type::Float64),
            "NTILE" if count == 1 => {
                let number = self.coerced(args.next().ok_or_else(wrong)?, &Type::Int64, "the number of NTILE")?;
                Ok((WindowCall::Ntile(number), Type::Int64))
            }
            "LAG" | "LEAD" if (1..=3).contains(&count) => {
                let value = self.typed(args.next().ok_or_else(wrong)?)?;
                let one = Expr::new(Node::Literal(Val::Int(1)), Type::Int64, span.clone());
                let by = self.coerced(args.next().unwrap_or(one), &Type::Int64, "the step")?;
                let otherwise =
                    args.next().map(|otherwise| self.coerced(otherwise, &value.ty, "the default")).transpose()?;
                let ty = value.ty.clone();
                Ok((WindowCall::Shifted { value, by, back: name == "LAG", otherwise }, ty))
            }
            "FIRST_VALUE" | "LAST_VALUE" if count == 1 => {
                let value = self.typed(args.next().ok_or_else(wrong)?)?;
                let one = Expr::new(Node::Literal(Val::Int(1)), Type::Int64, span.clone());
                let ty = value.ty.clone();
                Ok((WindowCall::Nth { value, number: (name == "FIRST_VALUE").then_some(one), ignore_nulls }, ty))
            }
            "NTH_VALUE" if count == 2 => {
                let value = self.typed(args.next().ok_or_else(wrong)?)?;
                let number = self.coerced(args.next().ok_or_else(wrong)?, &Type::Int64, "the number of NTH_VALUE")?;
                let ty = value.ty.clone();
                Ok((WindowCall::Nth { value, number: Some(number), ignore_nulls }, ty))
            }
            "NTILE" | "LAG" | "LEAD" | "FIRST_VALUE" | "LAST_VALUE" | "NTH_VALUE" => Err(wrong()),
            _ => Err(Failure::unknown(format!("{name} with OVER"), span.clone())),
        }
    }

    fn frame(
        &mut self,
        frame: Option<&ast::WindowFrame>,
        order: &[SortKey],
        span: &Range<usize>,
    ) -> Result<Frame, Failure> {
        let Some(frame) = frame else {
            let end = if order.is_empty() { Bound::Last } else { Bound::Current };
            return Ok(Frame { rows: false, start: Bound::First, end });
        };
        let rows = match frame.units {
            WindowFrameUnits::Rows => true,
            WindowFrameUnits::Range => false,
            WindowFrameUnits::Groups => return Err(Failure::rejected("GROUPS is no frame of GoogleSQL", span.clone())),
        };
        let start = self.bound(&frame.start_bound, rows, order, span)?;
        let end = frame.end_bound.as_ref().map_or(Ok(Bound::Current), |end| self.bound(end, rows, order, span))?;
        let backwards = matches!(
            (&start, &end),
            (Bound::Last, _)
                | (_, Bound::First)
                | (Bound::Current, Bound::Preceding(_))
                | (Bound::Following(_), Bound::Preceding(_) | Bound::Current)
        );
        if backwards {
            return Err(Failure::rejected("a frame ends before it starts", span.clone()));
        }
        if rows && order.is_empty() {
            return Err(Failure::rejected("a frame of ROWS wants ORDER BY", span.clone()));
        }
        Ok(Frame { rows, start, end })
    }

    fn bound(
        &mut self,
        bound: &WindowFrameBound,
        rows: bool,
        order: &[SortKey],
        span: &Range<usize>,
    ) -> Result<Bound, Failure> {
        let (by, preceding) = match bound {
            WindowFrameBound::CurrentRow => return Ok(Bound::Current),
            WindowFrameBound::Preceding(None) => return Ok(Bound::First),
            WindowFrameBound::Following(None) => return Ok(Bound::Last),
            WindowFrameBound::Preceding(Some(by)) => (by, true),
            WindowFrameBound::Following(Some(by)) => (by, false),
        };
        let by = self.expr(by, &Scope::default(), &mut Calls::none("a frame"))?;
        let wanted = match (rows, order) {
            (true, _) => Type::Int64,
            (false, [key]) if matches!(key.by.ty, Type::Int64 | Type::Float64 | Type::Numeric | Type::BigNumeric) => {
                key.by.ty.clone()
            }
            (false, _) => {
                return Err(Failure::rejected(
                    "a frame of RANGE with a number wants one key of a number",
                    span.clone(),
                ));
            }
        };
        let by = self.coerced(by, &wanted, "the number of a frame")?;
        Ok(if preceding { Bound::Preceding(by) } else { Bound::Following(by) })
    }
}

/// Whether IGNORE NULLS stands in a call.
fn ignores_nulls(function: &ast::Function) -> bool {
    let inside = match &function.args {
        FunctionArguments::List(list) => {
            list.clauses.contains(&FunctionArgumentClause::IgnoreOrRespectNulls(NullTreatment::IgnoreNulls))
        }
        _ => false,
    };
    inside || trailing_treatment(function) == Some(NullTreatment::IgnoreNulls)
}
