//! Elements of lists. For `any` and `all` those of a batch become rows of a batch of their own, over which the predicate is one more
//! expression; for `each` they become rows of the plan, which know their place in the list.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, ListArray, RecordBatch, RecordBatchOptions, StructArray, UInt64Array,
};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use datafusion::common::{DFSchema, Result, internal_datafusion_err};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use super::kernel::{argument, array, kernel, volatile};
use super::lower::{Scope, column, element_column};
use super::records::part;
use crate::ir::{self, Pred};

/// Whether the predicate holds for one element (or for every one, of at least one).
pub(super) fn some(scope: &Scope<'_>, element: usize, list: &ir::Expr, holds: &Pred, every: bool) -> Result<Expr> {
    let list = scope.expr(list)?;
    let element_type = element_field(&scope.type_of(&list)?)?.data_type().clone();
    // Inside, the columns are the element and those of the outside.
    let name = element_column(element);
    let mut fields = vec![Arc::new(Field::new(&name, element_type, true))];
    fields.extend(scope.columns.fields().iter().filter(|field| *field.name() != name).cloned());
    let inside = DFSchema::try_from(Schema::new(fields))?;
    let holds = Scope { columns: &inside, ..*scope }.pred(holds)?;
    let mut read: Vec<String> = holds.column_refs().into_iter().map(|column| column.name.clone()).collect();
    read.retain(|column| *column != name);
    read.sort();
    let element_field = Arc::new(inside.field(0).as_ref().clone());
    let read_fields = read.iter().map(|name| inside.field_with_unqualified_name(name).cloned());
    let read_fields = read_fields.collect::<Result<Vec<_>>>()?;
    let schema = Arc::new(Schema::new([vec![element_field], read_fields].concat()));
    let identity = format!("{every} {holds}");
    let context = PhysicalPlanningContext::default();
    let test =
        create_physical_expr(&holds, &DFSchema::try_from(Arc::clone(&schema))?, &ExecutionProps::new(), &context)?;
    let args = [vec![list], read.into_iter().map(column).collect()].concat();
    Ok(kernel(if every { "all" } else { "any" }, identity, DataType::Boolean, args, move |args| {
        judge(args, &schema, test.as_ref(), every)
    }))
}

fn element_field(list: &DataType) -> Result<FieldRef> {
    match list {
        DataType::List(field) => Ok(Arc::clone(field)),
        other => Err(internal_datafusion_err!("expected a list, found {other}")),
    }
}

/// The first argument is the list; the others are the columns that the predicate reads besides the element.
fn judge(args: &[ArrayRef], schema: &Arc<Schema>, test: &dyn PhysicalExpr, every: bool) -> Result<ArrayRef> {
    let lists = argument::<ListArray>(args, 0)?;
    // Elements of null lists are skipped: offsets may span them.
    let mut rows = Vec::new();
    let mut elements = Vec::new();
    for (row, bounds) in lists.offsets().windows(2).enumerate() {
        if let ([start, end], true) = (bounds, lists.is_valid(row)) {
            for at in *start..*end {
                rows.push(row as u64);
                elements.push(at as u64);
            }
        }
    }
    let (rows, elements) = (UInt64Array::from(rows), UInt64Array::from(elements));
    let mut columns = vec![take(lists.values(), &elements, None)?];
    for outer in args.iter().skip(1) {
        columns.push(take(outer, &rows, None)?);
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)?;
    let held = test.evaluate(&batch)?.into_array(rows.len())?;
    let held = array::<BooleanArray>(&held)?;
    let mut found = vec![false; lists.len()];
    let mut failed = vec![false; lists.len()];
    for (row, held) in rows.values().iter().zip(held) {
        let marks = if held == Some(true) { &mut found } else { &mut failed };
        if let Some(mark) = marks.get_mut(*row as usize) {
            *mark = true;
        }
    }
    let answers = found.into_iter().zip(failed).map(|(found, failed)| Some(found && !(every && failed)));
    Ok(Arc::new(answers.collect::<BooleanArray>()))
}

/// A number for each row that no other row of the plan has.
pub(super) fn row_number(any: Expr) -> Expr {
    let next = AtomicI64::new(0);
    volatile("row_number", DataType::Int64, vec![any], move |args| {
        let rows = args.first().map_or(0, |array| array.len());
        let numbers = (0..rows).map(|_| next.fetch_add(1, Ordering::Relaxed));
        Ok(Arc::new(Int64Array::from_iter_values(numbers)) as ArrayRef)
    })
}

/// A list whose elements are pairs of their place, from 0, and themselves.
pub(super) fn numbered(list: Expr, list_type: &DataType) -> Result<Expr> {
    let element = element_field(list_type)?;
    let pair = Fields::from(vec![Field::new("position", DataType::Int64, false), element.as_ref().clone()]);
    let item = Arc::new(Field::new_list_field(DataType::Struct(pair.clone()), true));
    let returns = DataType::List(Arc::clone(&item));
    Ok(kernel("numbered", returns.to_string(), returns, vec![list], move |args| {
        let lists = argument::<ListArray>(args, 0)?;
        let mut positions = vec![0; lists.values().len()];
        for bounds in lists.offsets().windows(2) {
            if let [start, end] = bounds {
                for (position, at) in (0..).zip(*start..*end) {
                    if let Some(place) = positions.get_mut(at as usize) {
                        *place = position;
                    }
                }
            }
        }
        let positions = Arc::new(Int64Array::from(positions));
        let pairs = StructArray::try_new(pair.clone(), vec![positions, Arc::clone(lists.values())], None)?;
        let numbered =
            ListArray::try_new(Arc::clone(&item), lists.offsets().clone(), Arc::new(pairs), lists.nulls().cloned())?;
        Ok(Arc::new(numbered) as ArrayRef)
    }))
}

/// The place in a pair of [`numbered`].
pub(super) fn position_of(pair: Expr) -> Expr {
    part("position", pair, 0, DataType::Int64)
}

/// The element in a pair of [`numbered`] over a list of this type.
pub(super) fn element_of(pair: Expr, list_type: &DataType) -> Result<Expr> {
    Ok(part("element", pair, 1, element_field(list_type)?.data_type().clone()))
}
