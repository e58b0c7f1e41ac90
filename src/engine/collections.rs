//! Distinct counts, lists of values, and first and last values, of many groups at once.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Int64Array, LargeBinaryArray, LargeListArray, StructArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::{HashSet, Result, internal_datafusion_err};

use super::fold::Fold;
use super::kernel::{argument, array};
use super::records::listing_type;
use super::rowwise::in_plan;
use crate::archive::{arrow_type, decode, encode};
use crate::eval::Value;
use crate::ir::Type;

/// How many different combinations of present arguments there are.
#[derive(Clone)]
pub(super) struct Distinct {
    rows: Arc<RowConverter>,
}

impl Distinct {
    /// Of arguments as plans hold them.
    pub(super) fn new(types: Vec<DataType>) -> Result<Distinct> {
        let rows = RowConverter::new(types.into_iter().map(SortField::new).collect())?;
        Ok(Distinct { rows: Arc::new(rows) })
    }
}

/// The bytes of combinations, and which rows have every argument.
pub(super) struct Combinations {
    rows: Rows,
    whole: Option<NullBuffer>,
}

/// About what a set keeps for an entry besides its bytes.
const ENTRY: usize = 48;

impl Fold for Distinct {
    type Kept = HashSet<Box<[u8]>>;
    type Batch = Combinations;

    fn nothing(&self) -> Self::Kept {
        HashSet::new()
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<Combinations> {
        let whole = args.iter().fold(None, |nulls, arg| NullBuffer::union(nulls.as_ref(), arg.nulls()));
        Ok(Combinations { rows: self.rows.convert_columns(args)?, whole })
    }

    fn add(&self, kept: &mut Self::Kept, batch: &Combinations, row: usize) -> usize {
        if batch.whole.as_ref().is_some_and(|whole| whole.is_null(row)) {
            return 0;
        }
        let row = batch.rows.row(row);
        let bytes: &[u8] = row.as_ref();
        if kept.contains(bytes) {
            return 0;
        }
        kept.insert(bytes.into());
        bytes.len() + ENTRY
    }

    fn merge(&self, kept: &mut Self::Kept, other: Self::Kept) -> usize {
        other.into_iter().map(|bytes| bytes.len() + if kept.insert(bytes) { ENTRY } else { 0 }).sum()
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::LargeList(Arc::new(Field::new_list_field(DataType::LargeBinary, true)))]
    }

    fn save(&self, kept: Vec<Self::Kept>) -> Result<Vec<ArrayRef>> {
        let field = Arc::new(Field::new_list_field(DataType::LargeBinary, true));
        let offsets = OffsetBuffer::from_lengths(kept.iter().map(HashSet::len));
        // Arrow wants to know the number beforehand.
        let values = LargeBinaryArray::from_iter_values(kept.iter().flatten().collect::<Vec<_>>());
        Ok(vec![Arc::new(LargeListArray::try_new(field, offsets, Arc::new(values), None)?)])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<Self::Kept>> {
        let lists = argument::<LargeListArray>(saved, 0)?;
        let set = |row: usize| {
            let values = lists.value(row);
            Ok(array::<LargeBinaryArray>(&values)?.iter().flatten().map(Box::from).collect())
        };
        (0..lists.len()).map(set).collect()
    }

    fn results(&self, kept: Vec<Self::Kept>) -> Result<ArrayRef> {
        Ok(Arc::new(kept.iter().map(|set| i64::try_from(set.len()).ok()).collect::<Int64Array>()))
    }
}

/// The only argument's values, row by row.
pub(super) struct Single(ArrayRef);

impl Single {
    fn of(args: &[ArrayRef]) -> Result<Single> {
        args.first().cloned().map(Single).ok_or_else(|| internal_datafusion_err!("an aggregate without argument"))
    }

    fn value(&self, ty: &Type, row: usize) -> Option<Value> {
        Some(decode(ty, &self.0, row)).filter(Value::is_present)
    }
}

/// About how many bytes a value takes.
fn size(value: &Value) -> usize {
    size_of::<Value>() + value.as_text().map_or(0, str::len) + ENTRY
}

/// Lists and whether there were more, as one column; nothing where the list is empty.
fn listings(of: &Type, lists: Vec<Vec<Value>>, most: u32) -> Result<ArrayRef> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let list = Type::List(Box::new(of.clone()));
    let more: BooleanArray = lists.iter().map(|values| Some(values.len() > most)).collect();
    let lists = lists.into_iter().map(|values| Value::list(values.into_iter().take(most).collect()));
    let lists: Vec<Value> = lists.collect();
    let present = lists.iter().map(Value::is_present).collect::<NullBuffer>();
    let values = encode(&list, &lists.iter().collect::<Vec<_>>())?;
    let DataType::Struct(fields) = listing_type(&list) else {
        return Err(internal_datafusion_err!("a listing is a record"));
    };
    Ok(Arc::new(StructArray::try_new(fields, vec![values, Arc::new(more)], Some(present))?))
}

/// Sorted different values, the first few.
#[derive(Clone)]
pub(super) struct FirstValues {
    /// Of the values.
    pub of: Type,
    /// How many.
    pub most: u32,
}

impl FirstValues {
    /// One more than wanted is kept, to know whether there were more.
    fn cut(&self, kept: &mut BTreeSet<Value>) -> usize {
        let over = kept.len() > usize::try_from(self.most).unwrap_or(usize::MAX).saturating_add(1);
        if over { kept.pop_last().as_ref().map_or(0, size) } else { 0 }
    }

    fn insert(&self, kept: &mut BTreeSet<Value>, value: Value) -> usize {
        let bytes = size(&value);
        if kept.insert(value) { bytes.saturating_sub(self.cut(kept)) } else { 0 }
    }

    fn list(&self) -> Type {
        Type::List(Box::new(self.of.clone()))
    }
}

impl Fold for FirstValues {
    type Kept = BTreeSet<Value>;
    type Batch = Single;

    fn nothing(&self) -> Self::Kept {
        BTreeSet::new()
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<Single> {
        Single::of(args)
    }

    fn add(&self, kept: &mut Self::Kept, batch: &Single, row: usize) -> usize {
        batch.value(&self.of, row).map_or(0, |value| self.insert(kept, value))
    }

    fn merge(&self, kept: &mut Self::Kept, other: Self::Kept) -> usize {
        other.into_iter().map(|value| self.insert(kept, value)).sum()
    }

    fn saved(&self) -> Vec<DataType> {
        vec![arrow_type(&self.list())]
    }

    fn save(&self, kept: Vec<Self::Kept>) -> Result<Vec<ArrayRef>> {
        let lists: Vec<Value> = kept.into_iter().map(|set| Value::list(set.into_iter().collect())).collect();
        Ok(vec![encode(&self.list(), &lists.iter().collect::<Vec<_>>())?])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<Self::Kept>> {
        let lists = Single::of(saved)?.0;
        Ok((0..lists.len()).map(|row| decode(&self.list(), &lists, row).elements().iter().cloned().collect()).collect())
    }

    fn results(&self, kept: Vec<Self::Kept>) -> Result<ArrayRef> {
        listings(&self.of, kept.into_iter().map(|set| set.into_iter().collect()).collect(), self.most)
    }
}

/// The most frequent values.
#[derive(Clone)]
pub(super) struct Frequent {
    /// Of the values.
    pub of: Type,
    /// How many.
    pub most: u32,
}

impl Frequent {
    fn list(&self) -> Type {
        Type::List(Box::new(self.of.clone()))
    }

    fn count(kept: &mut BTreeMap<Value, i64>, value: Value, count: i64) -> usize {
        let bytes = size(&value);
        let before = kept.len();
        let counted = kept.entry(value).or_default();
        *counted = counted.saturating_add(count);
        if kept.len() > before { bytes } else { 0 }
    }
}

impl Fold for Frequent {
    type Kept = BTreeMap<Value, i64>;
    type Batch = Single;

    fn nothing(&self) -> Self::Kept {
        BTreeMap::new()
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<Single> {
        Single::of(args)
    }

    fn add(&self, kept: &mut Self::Kept, batch: &Single, row: usize) -> usize {
        batch.value(&self.of, row).map_or(0, |value| Frequent::count(kept, value, 1))
    }

    fn merge(&self, kept: &mut Self::Kept, other: Self::Kept) -> usize {
        other.into_iter().map(|(value, count)| Frequent::count(kept, value, count)).sum()
    }

    fn saved(&self) -> Vec<DataType> {
        vec![arrow_type(&self.list()), arrow_type(&Type::List(Box::new(Type::Int)))]
    }

    fn save(&self, kept: Vec<Self::Kept>) -> Result<Vec<ArrayRef>> {
        let counts: Vec<Value> =
            kept.iter().map(|map| Value::list(map.values().map(|count| Value::Int(*count)).collect())).collect();
        let values: Vec<Value> = kept.into_iter().map(|map| Value::list(map.into_keys().collect())).collect();
        let ints = Type::List(Box::new(Type::Int));
        Ok(vec![
            encode(&self.list(), &values.iter().collect::<Vec<_>>())?,
            encode(&ints, &counts.iter().collect::<Vec<_>>())?,
        ])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<Self::Kept>> {
        let [values, counts] = saved else { return Err(internal_datafusion_err!("counts without values")) };
        let ints = Type::List(Box::new(Type::Int));
        let map = |row: usize| {
            let (values, counts) = (decode(&self.list(), values, row), decode(&ints, counts, row));
            let counts = counts.elements().iter().filter_map(Value::as_int).collect::<Vec<_>>();
            values.elements().iter().cloned().zip(counts).collect()
        };
        Ok((0..values.len()).map(map).collect())
    }

    fn results(&self, kept: Vec<Self::Kept>) -> Result<ArrayRef> {
        let ranked = |map: BTreeMap<Value, i64>| {
            let mut ranked: Vec<_> = map.into_iter().map(|(value, count)| (Reverse(count), value)).collect();
            ranked.sort();
            ranked.into_iter().map(|(_, value)| value).collect()
        };
        listings(&self.of, kept.into_iter().map(ranked).collect(), self.most)
    }
}

/// The present value of the row with the smallest (or largest) time, id and value.
#[derive(Clone)]
pub(super) struct Outermost {
    /// Of the values.
    pub of: Type,
    /// The largest.
    pub last: bool,
}

/// Time, id and value of a row.
type Moment = (Value, Value, Value);

impl Outermost {
    fn columns(&self) -> [Type; 3] {
        [Type::Time, Type::Text, self.of.clone()]
    }

    fn take(&self, kept: &mut Option<Moment>, moment: Moment) -> usize {
        let better = match kept {
            None => true,
            Some(best) if self.last => moment > *best,
            Some(best) => moment < *best,
        };
        if !better {
            return 0;
        }
        let bytes = |moment: &Moment| size(&moment.1) + size(&moment.2);
        let before = kept.as_ref().map_or(0, bytes);
        bytes(kept.insert(moment)).saturating_sub(before)
    }

    fn moment(&self, columns: &[ArrayRef; 3], row: usize) -> Option<Moment> {
        let [times, ids, values] = columns;
        let value = decode(&self.of, values, row);
        value.is_present().then(|| (decode(&Type::Time, times, row), decode(&Type::Text, ids, row), value))
    }
}

fn three(columns: &[ArrayRef]) -> Result<[ArrayRef; 3]> {
    <[ArrayRef; 3]>::try_from(columns.to_vec()).map_err(|_| internal_datafusion_err!("expected time, id and value"))
}

impl Fold for Outermost {
    type Kept = Option<Moment>;
    type Batch = [ArrayRef; 3];

    fn nothing(&self) -> Self::Kept {
        None
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<[ArrayRef; 3]> {
        three(args)
    }

    fn add(&self, kept: &mut Self::Kept, batch: &[ArrayRef; 3], row: usize) -> usize {
        self.moment(batch, row).map_or(0, |moment| self.take(kept, moment))
    }

    fn merge(&self, kept: &mut Self::Kept, other: Self::Kept) -> usize {
        other.map_or(0, |moment| self.take(kept, moment))
    }

    fn saved(&self) -> Vec<DataType> {
        self.columns().iter().map(arrow_type).collect()
    }

    fn save(&self, kept: Vec<Self::Kept>) -> Result<Vec<ArrayRef>> {
        let moments: Vec<Moment> = kept.into_iter().map(Option::unwrap_or_default).collect();
        let [time, id, value] = self.columns();
        let times: Vec<&Value> = moments.iter().map(|moment| &moment.0).collect();
        let ids: Vec<&Value> = moments.iter().map(|moment| &moment.1).collect();
        let values: Vec<&Value> = moments.iter().map(|moment| &moment.2).collect();
        Ok(vec![encode(&time, &times)?, encode(&id, &ids)?, encode(&value, &values)?])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<Self::Kept>> {
        let columns = three(saved)?;
        let rows = saved.first().map_or(0, |column| column.len());
        Ok((0..rows).map(|row| self.moment(&columns, row)).collect())
    }

    fn results(&self, kept: Vec<Self::Kept>) -> Result<ArrayRef> {
        let values: Vec<Value> = kept.into_iter().map(|moment| moment.unwrap_or_default().2).collect();
        in_plan(&self.of, &values.iter().collect::<Vec<_>>())
    }
}
