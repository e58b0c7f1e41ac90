//! `any` and `all` over lists: the elements of a batch become rows of a batch of their own, over which the predicate is one more expression.

use std::any::type_name;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array};
use datafusion::arrow::compute::take;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::{DFSchema, Result, internal_datafusion_err};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::physical_expr::{PhysicalExpr, create_physical_expr};

use super::kernel::kernel;
use super::lower::{Scope, column, element_column};
use crate::ir::{self, Pred};

/// Whether the predicate holds for one element (or for every one, of at least one).
pub(super) fn some(scope: &Scope<'_>, element: usize, list: &ir::Expr, holds: &Pred, every: bool) -> Result<Expr> {
    let list = scope.expr(list)?;
    let element_type = match list_type(scope, &list)? {
        DataType::List(field) => field.data_type().clone(),
        other => return Err(internal_datafusion_err!("expected a list, found {other}")),
    };
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
    let test = create_physical_expr(&holds, &DFSchema::try_from(Arc::clone(&schema))?, &ExecutionProps::new())?;
    let args = [vec![list], read.into_iter().map(column).collect()].concat();
    Ok(kernel(if every { "all" } else { "any" }, identity, DataType::Boolean, args, move |args| {
        judge(args, &schema, test.as_ref(), every)
    }))
}

fn list_type(scope: &Scope<'_>, list: &Expr) -> Result<DataType> {
    use datafusion::logical_expr::ExprSchemable;
    list.get_type(scope.columns)
}

/// The first argument is the list; the others are the columns that the predicate reads besides the element.
fn judge(args: &[ArrayRef], schema: &Arc<Schema>, test: &dyn PhysicalExpr, every: bool) -> Result<ArrayRef> {
    let lists = args.first().and_then(|array| array.as_list_opt::<i32>());
    let lists = lists.ok_or_else(|| internal_datafusion_err!("expected {}", type_name::<dyn Array>()))?;
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
    let held = held.as_boolean_opt().ok_or_else(|| internal_datafusion_err!("a predicate gave no yes or no"))?;
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
