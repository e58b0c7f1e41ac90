//! Sums, averages and deviations that no order, batch or partition can change: takes numbers one by one, gives what mathematics gives, rounded once.
//!
//! Every number is a whole multiple of a unit (floats: two to the −1074; decimals: a billionth; durations: a microsecond), and totals of
//! these multiples are kept exactly. So a sum of floats is the float nearest to the true sum, an average of ints the float nearest to the
//! true average, and a deviation the float nearest to the true √((Σx² − (Σx)²/n) / (n − 1)).

use super::big::{FLOAT_SCALE, Natural, float_parts, half_even, nearest_ratio, nearest_root};
use super::number::BILLION;
use super::value::Value;
use crate::ir::Type;

/// What whole multiples are counted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Ints.
    One,
    /// Durations.
    Microsecond,
    /// Decimals.
    Billionth,
    /// Floats.
    Smallest,
}

/// An exact total of the present values of one type.
#[derive(Debug, Clone)]
pub struct Total {
    unit: Unit,
    positive: Natural,
    negative: Natural,
    /// Of squares, in units squared; only where a deviation is wanted.
    squares: Option<Natural>,
    count: u64,
}

impl Total {
    /// Nothing yet, of values of a type (of other types than numbers and durations it stays nothing). `deviation`: whether that will be asked.
    #[must_use]
    pub fn new(of: &Type, deviation: bool) -> Total {
        let unit = match of {
            Type::Duration => Unit::Microsecond,
            Type::Decimal => Unit::Billionth,
            Type::Float => Unit::Smallest,
            _ => Unit::One,
        };
        let squares = deviation.then(Natural::default);
        Total { unit, positive: Natural::default(), negative: Natural::default(), squares, count: 0 }
    }

    /// A total of so many ints or durations, of which the sum is known.
    #[must_use]
    pub fn of_wholes(of: &Type, sum: i128, count: u64) -> Total {
        let mut total = Total::new(of, false);
        total.count = count;
        if sum < 0 { &mut total.negative } else { &mut total.positive }.add_scaled(sum.unsigned_abs(), 0);
        total
    }

    /// Adds a value; what is missing or of another type is passed over.
    pub fn add(&mut self, value: &Value) {
        let (size, shift, negative) = match (self.unit, value) {
            (Unit::One, Value::Int(value)) | (Unit::Microsecond, Value::Duration(value)) => {
                (u128::from(value.unsigned_abs()), 0, *value < 0)
            }
            (Unit::Billionth, Value::Decimal(value)) => (value.unsigned_abs(), 0, *value < 0),
            (Unit::Smallest, Value::Float(value)) => {
                let (mantissa, shift) = float_parts(*value);
                (mantissa, shift, *value < 0.0)
            }
            _ => return,
        };
        self.count += 1;
        if negative { &mut self.negative } else { &mut self.positive }.add_scaled(size, shift);
        if let Some(squares) = &mut self.squares {
            let size = Natural::new(size, 0);
            squares.add(&size.times(&size).shifted(2 * shift));
        }
    }

    /// Adds another total of the same type.
    pub fn merge(&mut self, other: &Total) {
        self.count += other.count;
        self.positive.add(&other.positive);
        self.negative.add(&other.negative);
        if let (Some(squares), Some(others)) = (&mut self.squares, &other.squares) {
            squares.add(others);
        }
    }

    /// Everything that it holds, for another process or a disk.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.count.to_le_bytes().to_vec();
        for number in [Some(&self.positive), Some(&self.negative), self.squares.as_ref()].into_iter().flatten() {
            bytes.extend((number.limbs().len() as u64).to_le_bytes());
            number.limbs().iter().for_each(|limb| bytes.extend(limb.to_le_bytes()));
        }
        bytes
    }

    /// What [`Total::to_bytes`] gave of a total made in the same way; none of other bytes.
    #[must_use]
    pub fn from_bytes(of: &Type, deviation: bool, bytes: &[u8]) -> Option<Total> {
        let mut words = bytes.chunks(8).map(|word| word.try_into().ok().map(u64::from_le_bytes));
        let mut total = Total::new(of, deviation);
        total.count = words.next()??;
        for number in
            [Some(&mut total.positive), Some(&mut total.negative), total.squares.as_mut()].into_iter().flatten()
        {
            let limbs = usize::try_from(words.next()??).ok()?;
            *number = Natural::of(words.by_ref().take(limbs).collect::<Option<Vec<u64>>>()?);
        }
        words.next().is_none().then_some(total)
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn size(&self) -> usize {
        let numbers = [Some(&self.positive), Some(&self.negative), self.squares.as_ref()];
        size_of::<Total>() + numbers.into_iter().flatten().map(|number| size_of_val(number.limbs())).sum::<usize>()
    }

    /// How many values were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sum, of the values' own type; 0 of nothing, missing where it does not fit the type.
    #[must_use]
    pub fn sum(&self) -> Value {
        match self.unit {
            Unit::Smallest => self.float(&self.unit_size()),
            Unit::One | Unit::Microsecond | Unit::Billionth => self.whole(&Natural::new(1, 0)),
        }
    }

    /// The average; missing of nothing. Of ints a float, else of the values' own type.
    #[must_use]
    pub fn average(&self) -> Value {
        if self.count == 0 {
            return Value::Missing;
        }
        let count = Natural::new(u128::from(self.count), 0);
        match self.unit {
            Unit::One => self.float(&count),
            Unit::Smallest => self.float(&count.times(&self.unit_size())),
            Unit::Microsecond | Unit::Billionth => self.whole(&count),
        }
    }

    /// The sample standard deviation, a float; missing of fewer than two values.
    #[must_use]
    pub fn deviation(&self) -> Value {
        let Some(squares) = &self.squares else { return Value::Missing };
        if self.count < 2 {
            return Value::Missing;
        }
        let (count, less) = (Natural::new(u128::from(self.count), 0), Natural::new(u128::from(self.count - 1), 0));
        let sum = self.positive.distance(&self.negative);
        // n·Σx² is never below (Σx)², so their distance is their difference.
        let over = count.times(squares).distance(&sum.times(&sum));
        let unit = self.unit_size();
        let under = count.times(&less).times(&unit).times(&unit);
        nearest_root(&over, &under).map_or(Value::Missing, Value::float)
    }

    /// How many units are one.
    fn unit_size(&self) -> Natural {
        match self.unit {
            Unit::One => Natural::new(1, 0),
            Unit::Microsecond => Natural::new(1_000_000, 0),
            Unit::Billionth => Natural::new(BILLION.unsigned_abs(), 0),
            Unit::Smallest => Natural::new(1, FLOAT_SCALE),
        }
    }

    /// The total divided by a number, as the nearest float.
    fn float(&self, under: &Natural) -> Value {
        let size = nearest_ratio(&self.positive.distance(&self.negative), under);
        size.map_or(Value::Missing, |size| Value::float(if self.negative > self.positive { -size } else { size }))
    }

    /// The total divided by a number, half to even, in units.
    fn whole(&self, under: &Natural) -> Value {
        let size = half_even(&self.positive.distance(&self.negative), under);
        // Past i128 is one number of units that would still fit nothing: −2^127.
        let Some(size) = size.map(|size| if self.negative > self.positive { -size } else { size }) else {
            return Value::Missing;
        };
        match self.unit {
            Unit::Billionth => Value::decimal(size),
            Unit::Microsecond => i64::try_from(size).map_or(Value::Missing, Value::Duration),
            Unit::One | Unit::Smallest => i64::try_from(size).map_or(Value::Missing, Value::Int),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(of: &Type, values: impl IntoIterator<Item = Value>) -> Total {
        let mut total = Total::new(of, true);
        values.into_iter().for_each(|value| total.add(&value));
        total
    }

    fn ints(values: &[i64]) -> Total {
        total(&Type::Int, values.iter().map(|v| Value::Int(*v)))
    }

    fn floats(values: &[f64]) -> Total {
        total(&Type::Float, values.iter().map(|v| Value::float(*v)))
    }

    #[test]
    fn bytes_and_back() {
        for of in [Type::Int, Type::Float] {
            for deviation in [false, true] {
                let mut whole = Total::new(&of, deviation);
                [1.5, -1e300, 5e-324, 0.0].iter().for_each(|v| whole.add(&Value::float(*v)));
                [1, i64::MIN, 7].iter().for_each(|v| whole.add(&Value::Int(*v)));
                let read = Total::from_bytes(&of, deviation, &whole.to_bytes());
                let same = read.as_ref().map(|t| (t.count(), t.sum(), t.average(), t.deviation()));
                assert_eq!(same, Some((whole.count(), whole.sum(), whole.average(), whole.deviation())));
                assert!(Total::from_bytes(&of, !deviation, &whole.to_bytes()).is_none());
            }
        }
        assert!(Total::from_bytes(&Type::Int, false, b"x").is_none());
    }

    #[test]
    fn of_nothing() {
        for of in [Type::Int, Type::Float, Type::Decimal, Type::Duration] {
            let nothing = total(&of, [Value::Missing]);
            assert!(nothing.sum().is_present() && nothing.count() == 0);
            assert_eq!((nothing.average(), nothing.deviation()), (Value::Missing, Value::Missing));
        }
        assert_eq!(ints(&[]).sum(), Value::Int(0));
        assert_eq!(floats(&[]).sum(), Value::Float(0.0));
        assert_eq!(total(&Type::Decimal, []).sum(), Value::Decimal(0));
        assert_eq!(total(&Type::Duration, []).sum(), Value::Duration(0));
    }

    #[test]
    fn ints_are_summed_past_their_range_on_the_way() {
        assert_eq!(ints(&[i64::MAX, 1, -1]).sum(), Value::Int(i64::MAX));
        assert_eq!(ints(&[i64::MAX, 1]).sum(), Value::Missing);
        assert_eq!(ints(&[i64::MIN]).sum(), Value::Int(i64::MIN));
        assert_eq!(ints(&[i64::MIN, -1]).sum(), Value::Missing);
        assert_eq!(ints(&[i64::MAX, i64::MAX]).average(), Value::Float(i64::MAX as f64));
        assert_eq!(ints(&[1, 2]).average(), Value::Float(1.5));
        assert_eq!(ints(&[-1, -1, 0]).average(), Value::Float(-2.0 / 3.0));
        // 2^53 + 1 and 2^53 + 2: the average is halfway between two floats once rounded in steps, but not in truth.
        let two53 = 1 << 53;
        assert_eq!(ints(&[two53 + 1, two53 + 2]).average(), Value::Float((two53 + 2) as f64));
    }

    #[test]
    fn floats_are_summed_in_truth() {
        assert_eq!(floats(&[0.1; 10]).sum(), Value::Float(1.0));
        assert_eq!(floats(&[1e308, 1e308, -1e308]).sum(), Value::Float(1e308));
        assert_eq!(floats(&[1e308, 1e308]).sum(), Value::Missing);
        assert_eq!(floats(&[1e308, 1e308]).average(), Value::Float(1e308));
        assert_eq!(floats(&[1e16, 1.0, -1e16]).sum(), Value::Float(1.0));
        assert_eq!(floats(&[-1e16, -1.0, 1e16]).sum(), Value::Float(-1.0));
        assert_eq!(floats(&[5e-324, 5e-324]).average(), Value::Float(5e-324));
        assert_eq!(floats(&[0.1, 0.2]).sum(), Value::Float(0.1 + 0.2));
    }

    #[test]
    fn decimals_and_durations_round_once() {
        let decimals = |values: &[i128]| total(&Type::Decimal, values.iter().map(|v| Value::decimal(*v)));
        assert_eq!(decimals(&[1, 2]).average(), Value::Decimal(2));
        assert_eq!(decimals(&[1, 0]).average(), Value::Decimal(0));
        assert_eq!(decimals(&[-1, -2]).average(), Value::Decimal(-2));
        let large = super::super::value::MAX_DECIMAL;
        assert_eq!(decimals(&[large, large, -large]).sum(), Value::Decimal(large));
        assert_eq!(decimals(&[large, large]).average(), Value::Decimal(large));
        assert_eq!(decimals(&[large, 1]).sum(), Value::Missing);
        let durations = total(&Type::Duration, [Value::Duration(3), Value::Duration(2)]);
        assert_eq!((durations.sum(), durations.average()), (Value::Duration(5), Value::Duration(2)));
    }

    #[test]
    fn deviations() {
        assert_eq!(ints(&[2, 4, 4, 4, 5, 5, 7, 9]).deviation(), Value::Float((32.0_f64 / 7.0).sqrt()));
        assert_eq!(ints(&[5]).deviation(), Value::Missing);
        assert_eq!(ints(&[5, 5]).deviation(), Value::Float(0.0));
        assert_eq!(ints(&[i64::MIN, i64::MAX]).deviation(), Value::Float(1.304_381_782_533_278_3e19));
        assert_eq!(floats(&[0.5, 1.5]).deviation(), Value::Float(0.5_f64.sqrt()));
        // Where a naive formula loses everything.
        assert_eq!(floats(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]).deviation(), Value::Float(30.0_f64.sqrt()));
        let decimals = total(&Type::Decimal, [Value::Decimal(500_000_000), Value::Decimal(1_500_000_000)]);
        assert_eq!(decimals.deviation(), Value::Float(0.5_f64.sqrt()));
    }
}
