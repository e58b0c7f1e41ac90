//! Joins, with tables and with arrays.

use super::{Frame, Row, Runner};
use crate::emulator::Failure;
use crate::emulator::googlesql::tree::{Expr, Keep, Plan};
use crate::emulator::googlesql::value::Val;

/// What keeping a row counts for.
const KEPT: usize = 50;

impl Runner<'_> {
    pub(super) fn join(
        &self,
        (left, right): (&Plan, &Plan),
        keep: Keep,
        (left_width, right_width): (usize, usize),
        on: Option<&Expr>,
        outer: Option<&Frame<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        let (left, right) = (self.rows(left, outer)?, self.rows(right, outer)?);
        let mut out = Vec::new();
        let mut partnered = vec![false; right.len()];
        for row in &left {
            self.worked(right.len())?;
            let before = out.len();
            for (other, partnered) in right.iter().zip(&mut partnered) {
                let joined: Row = row.iter().chain(other).cloned().collect();
                if self.holds(on, &joined, outer)? {
                    *partnered = true;
                    self.worked(KEPT)?;
                    out.push(joined);
                }
            }
            if keep.left && out.len() == before {
                out.push(row.iter().cloned().chain(std::iter::repeat_n(Val::Null, right_width)).collect());
            }
        }
        if keep.right {
            for (other, _) in right.iter().zip(&partnered).filter(|(_, partnered)| !**partnered) {
                out.push(std::iter::repeat_n(Val::Null, left_width).chain(other.iter().cloned()).collect());
            }
        }
        Ok(out)
    }

    /// Every row with every element of its array; `(offset, keep)`: with the element's place, and rows without elements too.
    pub(super) fn expand(
        &self,
        input: &Plan,
        array: &Expr,
        (offset, keep): (bool, bool),
        on: Option<&Expr>,
        outer: Option<&Frame<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        let mut out = Vec::new();
        for row in self.rows(input, outer)? {
            let array = self.eval(array, &Frame { row: &row, outer })?;
            let elements: &[Val] = if let Val::Array(elements) = &array { elements } else { &[] };
            self.worked(elements.len())?;
            let before = out.len();
            for (place, element) in (0..).zip(elements) {
                let place = offset.then_some(Val::Int(place));
                let joined: Row = row.iter().cloned().chain([element.clone()]).chain(place).collect();
                if self.holds(on, &joined, outer)? {
                    self.worked(KEPT)?;
                    out.push(joined);
                }
            }
            if keep && out.len() == before {
                let nothing = std::iter::repeat_n(Val::Null, 1 + usize::from(offset));
                out.push(row.into_iter().chain(nothing).collect());
            }
        }
        Ok(out)
    }

    fn holds(&self, on: Option<&Expr>, row: &[Val], outer: Option<&Frame<'_>>) -> Result<bool, Failure> {
        on.map_or(Ok(true), |on| Ok(self.eval(on, &Frame { row, outer })? == Val::Bool(true)))
    }
}
