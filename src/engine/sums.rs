//! Sums, averages, deviations and percentiles of many groups at once, as exact as the evaluator's.

use std::marker::PhantomData;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, Decimal128Array, Int64Array, LargeBinaryArray,
    LargeListArray, PrimitiveArray, UInt64Array,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field};
use datafusion::common::{Result, internal_datafusion_err};

use super::fold::Fold;
use super::kernel::{argument, array};
use super::rowwise::in_plan;
use crate::archive::decode;
use crate::eval::Value;
use crate::eval::total::Total;
use crate::ir::{AggregateFunction, Type};

/// The sum of ints or durations: in 128 bit, missing past 64 at the end.
#[derive(Clone)]
pub(super) struct WholeSum;

/// Holds every sum of 64-bit ints that a machine can count up.
const WIDE: DataType = DataType::Decimal128(38, 0);

impl Fold for WholeSum {
    type Kept = i128;
    type Batch = Int64Array;

    fn nothing(&self) -> i128 {
        0
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<Int64Array> {
        argument::<Int64Array>(args, 0).cloned()
    }

    fn add(&self, kept: &mut i128, batch: &Int64Array, row: usize) -> usize {
        if batch.is_valid(row) {
            *kept += i128::from(batch.value(row));
        }
        0
    }

    fn merge(&self, kept: &mut i128, other: i128) -> usize {
        *kept += other;
        0
    }

    fn saved(&self) -> Vec<DataType> {
        vec![WIDE]
    }

    fn save(&self, kept: Vec<i128>) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(Decimal128Array::from(kept).with_data_type(WIDE))])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<i128>> {
        Ok(argument::<Decimal128Array>(saved, 0)?.values().to_vec())
    }

    fn results(&self, kept: Vec<i128>) -> Result<ArrayRef> {
        Ok(Arc::new(kept.into_iter().map(|sum| i64::try_from(sum).ok()).collect::<Int64Array>()))
    }
}

/// The average of ints or durations: their sum in 128 bit and their number, divided as the evaluator does.
#[derive(Clone)]
pub(super) struct WholeAverage {
    /// Of the values.
    pub of: Type,
    /// Of the results.
    pub result: Type,
}

impl Fold for WholeAverage {
    type Kept = (i128, u64);
    type Batch = Int64Array;

    fn nothing(&self) -> (i128, u64) {
        (0, 0)
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<Int64Array> {
        argument::<Int64Array>(args, 0).cloned()
    }

    fn add(&self, (sum, count): &mut (i128, u64), batch: &Int64Array, row: usize) -> usize {
        if batch.is_valid(row) {
            *sum += i128::from(batch.value(row));
            *count += 1;
        }
        0
    }

    fn merge(&self, (sum, count): &mut (i128, u64), other: (i128, u64)) -> usize {
        *sum += other.0;
        *count += other.1;
        0
    }

    fn saved(&self) -> Vec<DataType> {
        vec![WIDE, DataType::UInt64]
    }

    fn save(&self, kept: Vec<(i128, u64)>) -> Result<Vec<ArrayRef>> {
        let (sums, counts): (Vec<i128>, Vec<u64>) = kept.into_iter().unzip();
        Ok(vec![Arc::new(Decimal128Array::from(sums).with_data_type(WIDE)), Arc::new(UInt64Array::from(counts))])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<(i128, u64)>> {
        let (sums, counts) = (argument::<Decimal128Array>(saved, 0)?, argument::<UInt64Array>(saved, 1)?);
        Ok(sums.values().iter().copied().zip(counts.values().iter().copied()).collect())
    }

    fn results(&self, kept: Vec<(i128, u64)>) -> Result<ArrayRef> {
        let average = |(sum, count)| Total::of_wholes(&self.of, sum, count).average();
        let averages: Vec<Value> = kept.into_iter().map(average).collect();
        in_plan(&self.result, &averages.iter().collect::<Vec<_>>())
    }
}

/// What the evaluator's exact totals give: sums and averages of floats and decimals, deviations.
#[derive(Clone)]
pub(super) struct Totals {
    /// Which: sum, average or deviation.
    pub function: AggregateFunction,
    /// Of the values.
    pub of: Type,
    /// Of the results.
    pub result: Type,
}

impl Totals {
    fn deviation(&self) -> bool {
        self.function == AggregateFunction::Stddev
    }
}

impl Fold for Totals {
    type Kept = Total;
    type Batch = ArrayRef;

    fn nothing(&self) -> Total {
        Total::new(&self.of, self.deviation())
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<ArrayRef> {
        args.first().cloned().ok_or_else(|| internal_datafusion_err!("nothing to add up"))
    }

    fn add(&self, kept: &mut Total, batch: &ArrayRef, row: usize) -> usize {
        let before = kept.size();
        kept.add(&decode(&self.of, batch, row));
        kept.size().saturating_sub(before)
    }

    fn merge(&self, kept: &mut Total, other: Total) -> usize {
        let before = kept.size();
        kept.merge(&other);
        kept.size().saturating_sub(before)
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::LargeBinary]
    }

    fn save(&self, kept: Vec<Total>) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(LargeBinaryArray::from_iter_values(kept.iter().map(Total::to_bytes)))])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<Total>> {
        let total = |bytes: Option<&[u8]>| {
            let total = bytes.and_then(|bytes| Total::from_bytes(&self.of, self.deviation(), bytes));
            total.ok_or_else(|| internal_datafusion_err!("a total that was set aside is damaged"))
        };
        argument::<LargeBinaryArray>(saved, 0)?.iter().map(total).collect()
    }

    fn results(&self, kept: Vec<Total>) -> Result<ArrayRef> {
        let result = |total: &Total| match self.function {
            AggregateFunction::Avg => total.average(),
            AggregateFunction::Stddev => total.deviation(),
            _ => total.sum(),
        };
        let results: Vec<Value> = kept.iter().map(result).collect();
        in_plan(&self.result, &results.iter().collect::<Vec<_>>())
    }
}

/// The nearest rank of the present values.
pub(super) struct Ranked<P> {
    /// Which percentile, in billionths of a percent.
    billionths: u64,
    values: PhantomData<P>,
}

impl<P> Clone for Ranked<P> {
    fn clone(&self) -> Self {
        Ranked { billionths: self.billionths, values: PhantomData }
    }
}

impl<P: ArrowPrimitiveType> Ranked<P> {
    /// The percentile, in billionths of a percent.
    pub(super) fn new(billionths: u64) -> Self {
        Ranked { billionths, values: PhantomData }
    }

    /// Element ⌈p/100·n⌉ of the sorted values, from 1.
    fn of(&self, mut values: Vec<P::Native>) -> Option<P::Native> {
        /// One hundred percent.
        const WHOLE: u128 = 100_000_000_000;
        let rank = (u128::from(self.billionths) * values.len() as u128).div_ceil(WHOLE);
        let at = usize::try_from(rank).ok()?.checked_sub(1).filter(|at| *at < values.len())?;
        Some(*values.select_nth_unstable_by(at, |a, b| a.compare(*b)).1)
    }
}

/// A column of numbers of a plan, whose type is that of its own kind of array or a decimal's.
fn numbers<P: ArrowPrimitiveType>(values: PrimitiveArray<P>) -> PrimitiveArray<P> {
    values.with_data_type(number_type::<P>())
}

fn number_type<P: ArrowPrimitiveType>() -> DataType {
    if P::DATA_TYPE == Decimal128Type::DATA_TYPE { crate::archive::arrow_type(&Type::Decimal) } else { P::DATA_TYPE }
}

impl<P: ArrowPrimitiveType + Send + Sync> Fold for Ranked<P> {
    type Kept = Vec<P::Native>;
    type Batch = PrimitiveArray<P>;

    fn nothing(&self) -> Self::Kept {
        Vec::new()
    }

    fn batch(&self, args: &[ArrayRef]) -> Result<PrimitiveArray<P>> {
        argument::<PrimitiveArray<P>>(args, 0).cloned()
    }

    fn add(&self, kept: &mut Self::Kept, batch: &PrimitiveArray<P>, row: usize) -> usize {
        let before = kept.capacity();
        if batch.is_valid(row) {
            kept.push(batch.value(row));
        }
        (kept.capacity() - before) * size_of::<P::Native>()
    }

    fn merge(&self, kept: &mut Self::Kept, other: Self::Kept) -> usize {
        let before = kept.capacity();
        kept.extend(other);
        (kept.capacity() - before) * size_of::<P::Native>()
    }

    fn saved(&self) -> Vec<DataType> {
        vec![DataType::LargeList(Arc::new(Field::new_list_field(number_type::<P>(), true)))]
    }

    fn save(&self, kept: Vec<Self::Kept>) -> Result<Vec<ArrayRef>> {
        let field = Arc::new(Field::new_list_field(number_type::<P>(), true));
        let offsets = OffsetBuffer::from_lengths(kept.iter().map(Vec::len));
        let values = numbers(PrimitiveArray::<P>::from_iter_values(kept.into_iter().flatten()));
        Ok(vec![Arc::new(LargeListArray::try_new(field, offsets, Arc::new(values), None)?)])
    }

    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<Self::Kept>> {
        let lists = argument::<LargeListArray>(saved, 0)?;
        let list = |row: usize| Ok(array::<PrimitiveArray<P>>(&lists.value(row))?.values().to_vec());
        (0..lists.len()).map(list).collect()
    }

    fn results(&self, kept: Vec<Self::Kept>) -> Result<ArrayRef> {
        let results = kept.into_iter().map(|values| self.of(values)).collect::<PrimitiveArray<P>>();
        Ok(Arc::new(numbers(results)))
    }
}
