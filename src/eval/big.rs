//! Natural numbers of any size, and the two roundings that the language needs of a ratio of them: to the nearest float, and half to even.
//!
//! Takes and gives [`Natural`]s. Both roundings search for the answer and compare exactly, so there is no rounding on the way to get wrong.

use std::cmp::Ordering;

/// A natural number: 64-bit limbs, the lowest first, the last one not zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Natural {
    limbs: Vec<u64>,
}

/// Floats are whole multiples of two to the minus this.
pub(super) const FLOAT_SCALE: usize = 1_074;

impl Natural {
    /// `value` times two to the `shift`.
    pub(super) fn new(value: u128, shift: usize) -> Natural {
        let mut out = Natural::default();
        out.add_scaled(value, shift);
        out
    }

    pub(super) fn is_zero(&self) -> bool {
        self.limbs.is_empty()
    }

    /// Itself, if it has at most 128 bits.
    fn small(&self) -> Option<u128> {
        match self.limbs.as_slice() {
            [] => Some(0),
            [low] => Some(u128::from(*low)),
            [low, high] => Some(u128::from(*high) << 64 | u128::from(*low)),
            _ => None,
        }
    }

    /// Adds `value` times two to the `shift`.
    pub(super) fn add_scaled(&mut self, value: u128, shift: usize) {
        let bits = shift % 64;
        let low = value << bits;
        // What the shift pushed out of 128 bits.
        let high = if bits == 0 { 0 } else { value >> (128 - bits) };
        self.add_limbs(&[low as u64, (low >> 64) as u64, high as u64], shift / 64);
    }

    /// Adds another number.
    pub(super) fn add(&mut self, other: &Natural) {
        self.add_limbs(&other.limbs, 0);
    }

    fn add_limbs(&mut self, limbs: &[u64], skip: usize) {
        let used = limbs.iter().rposition(|limb| *limb != 0).map_or(0, |at| at + 1);
        if used == 0 {
            return;
        }
        if self.limbs.len() < skip + used {
            self.limbs.resize(skip + used, 0);
        }
        let mut carry = false;
        let added = limbs.iter().take(used).copied().chain(std::iter::repeat(0));
        for (at, (limb, more)) in self.limbs.iter_mut().skip(skip).zip(added).enumerate() {
            if at >= used && !carry {
                return;
            }
            let (sum, over) = limb.overflowing_add(more);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, over || over_again);
        }
        if carry {
            self.limbs.push(1);
        }
    }

    /// The distance to another number.
    pub(super) fn distance(&self, other: &Natural) -> Natural {
        let (larger, smaller) = if self >= other { (self, other) } else { (other, self) };
        let mut borrow = false;
        let taken = smaller.limbs.iter().copied().chain(std::iter::repeat(0));
        let limbs = larger.limbs.iter().zip(taken).map(|(limb, less)| {
            let (rest, under) = limb.overflowing_sub(less);
            let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
            borrow = under || under_again;
            rest
        });
        Natural::of(limbs.collect())
    }

    pub(super) fn times(&self, other: &Natural) -> Natural {
        let mut out = Natural::default();
        for (at, limb) in self.limbs.iter().enumerate().filter(|(_, limb)| **limb != 0) {
            let mut row = Vec::with_capacity(other.limbs.len() + 1);
            let mut carry = 0_u128;
            for factor in &other.limbs {
                let product = u128::from(*limb) * u128::from(*factor) + carry;
                row.push(product as u64);
                carry = product >> 64;
            }
            row.push(carry as u64);
            out.add_limbs(&row, at);
        }
        out
    }

    /// Times two to the `shift`.
    pub(super) fn shifted(&self, shift: usize) -> Natural {
        let mut out = Natural::default();
        for (at, limb) in self.limbs.iter().enumerate() {
            out.add_scaled(u128::from(*limb), shift + 64 * at);
        }
        out
    }

    /// Its limbs, the lowest first.
    pub(super) fn limbs(&self) -> &[u64] {
        &self.limbs
    }

    /// The number of these limbs, the lowest first.
    pub(super) fn of(mut limbs: Vec<u64>) -> Natural {
        while limbs.last() == Some(&0) {
            limbs.pop();
        }
        Natural { limbs }
    }
}

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        self.limbs.len().cmp(&other.limbs.len()).then_with(|| self.limbs.iter().rev().cmp(other.limbs.iter().rev()))
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A float that is not negative, as `mantissa · 2^shift` in units of two to the minus [`FLOAT_SCALE`].
pub(super) fn float_parts(float: f64) -> (u128, usize) {
    parts_of_bits(float.abs().to_bits())
}

fn parts_of_bits(bits: u64) -> (u128, usize) {
    let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
    match exponent {
        0 => (u128::from(fraction), 0),
        _ => (u128::from(fraction | 1 << 52), exponent as usize - 1),
    }
}

/// The float nearest to `over / under`, ties to even; none where that is not finite. `under` is not zero.
pub(super) fn nearest_ratio(over: &Natural, under: &Natural) -> Option<f64> {
    /// Up to here every number is a float, and a machine rounds their ratio as it is wanted.
    const FLOATS: u128 = 1 << 53;
    if let (Some(over), Some(under)) = (over.small(), under.small())
        && over.max(under) <= FLOATS
    {
        return Some(over as f64 / under as f64).filter(|float| float.is_finite());
    }
    let target = over.shifted(FLOAT_SCALE + 1);
    nearest(|candidate| candidate.times(under).cmp(&target))
}

/// The float nearest to the square root of `over / under`, ties to even; none where that is not finite. `under` is not zero.
pub(super) fn nearest_root(over: &Natural, under: &Natural) -> Option<f64> {
    let target = over.shifted(2 * (FLOAT_SCALE + 1));
    nearest(|candidate| candidate.times(candidate).times(under).cmp(&target))
}

/// The float nearest to a number of which `compare` says how a candidate, in half units, stands to it.
fn nearest(compare: impl Fn(&Natural) -> Ordering) -> Option<f64> {
    /// The bits of infinity: one past those of the largest float, and for the rounding the next number after it.
    const PAST_ALL: u64 = 0x7FF0_0000_0000_0000;
    let in_half_units = |bits: u64| {
        let (mantissa, shift) = parts_of_bits(bits);
        Natural::new(mantissa, shift + 1)
    };
    // The bits of floats that are not negative are in the order of the floats.
    let (mut low, mut high) = (0, PAST_ALL);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if compare(&in_half_units(middle)) == Ordering::Greater {
            high = middle;
        } else {
            low = middle;
        }
    }
    let (mantissa, shift) = parts_of_bits(low);
    let (next, next_shift) = parts_of_bits(low + 1);
    let mut between = Natural::new(mantissa, shift);
    between.add_scaled(next, next_shift);
    let up = match compare(&between) {
        Ordering::Less => true,
        Ordering::Equal => low % 2 == 1,
        Ordering::Greater => false,
    };
    Some(f64::from_bits(if up { low + 1 } else { low })).filter(|float| float.is_finite())
}

/// `over / under` rounded half to even; none past what an `i128` holds. `under` is not zero.
pub(super) fn half_even(over: &Natural, under: &Natural) -> Option<i128> {
    // What a machine divides by itself is most of what is asked.
    if let (Some(over), Some(under)) = (over.small(), under.small()) {
        let (whole, rest) = (over.checked_div(under)?, over.checked_rem(under)?);
        let up = match rest.cmp(&(under - rest)) {
            Ordering::Less => false,
            Ordering::Equal => whole % 2 == 1,
            Ordering::Greater => true,
        };
        return i128::try_from(whole + u128::from(up)).ok();
    }
    let at_most = |candidate: u128| Natural::new(candidate, 0).times(under) <= *over;
    let (mut low, mut high) = (0_u128, 1_u128 << 127);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if at_most(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let mut between = Natural::new(low, 1);
    between.add_scaled(1, 0);
    let up = match between.times(under).cmp(&over.shifted(1)) {
        Ordering::Less => true,
        Ordering::Equal => low % 2 == 1,
        Ordering::Greater => false,
    };
    i128::try_from(if up { low + 1 } else { low }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn natural(value: u128) -> Natural {
        Natural::new(value, 0)
    }

    proptest::proptest! {
        #[test]
        fn what_a_machine_divides_is_what_is_searched_for(
            over in proptest::prelude::any::<u128>(), under in 1..u128::MAX, less in 0_u32..127, still_less in 64_u32..127
        ) {
            for (over, under) in [(over >> less, under >> less), (over >> still_less, under >> 75), (3 * (under >> 60) + 1, 2)] {
                let (over, under) = (natural(over), natural(under.max(1)));
                let (large, larger) = (over.shifted(200), under.shifted(200));
                proptest::prop_assert_eq!(half_even(&over, &under), half_even(&large, &larger));
                proptest::prop_assert_eq!(nearest_ratio(&over, &under), nearest_ratio(&large, &larger));
            }
        }
    }

    #[test]
    fn carries_run_through_limbs() {
        let mut number = natural(u128::MAX);
        number.add_scaled(1, 0);
        assert_eq!(number, Natural::new(1, 128));
        assert_eq!(number.distance(&natural(1)), natural(u128::MAX));
        assert_eq!(natural(u128::MAX).times(&natural(2)), natural(u128::MAX).shifted(1));
        assert_eq!(natural(7).distance(&natural(7)), Natural::default());
    }

    #[test]
    fn ratios_round_to_the_nearest_float() {
        let ratio = |a: u128, b: u128| nearest_ratio(&natural(a), &natural(b));
        assert_eq!(ratio(1, 3), Some(1.0 / 3.0));
        assert_eq!(ratio(2, 1), Some(2.0));
        assert_eq!(ratio(0, 5), Some(0.0));
        // Halfway between two floats: the even one.
        assert_eq!(ratio((1 << 53) + 1, 1), Some(9_007_199_254_740_992.0));
        assert_eq!(ratio((1 << 53) + 3, 1), Some(9_007_199_254_740_996.0));
        assert_eq!(nearest_ratio(&Natural::new(1, 1_024), &natural(1)), None);
        // Half a unit above the largest float rounds to infinity; less does not.
        let largest = Natural::new((1 << 53) - 1, 971);
        let mut more = largest.clone();
        more.add_scaled(1, 970);
        assert_eq!(nearest_ratio(&more, &natural(1)), None);
        assert_eq!(nearest_ratio(&more.distance(&natural(1)), &natural(1)), Some(f64::MAX));
        assert_eq!(nearest_ratio(&largest, &natural(1)), Some(f64::MAX));
        assert_eq!(nearest_ratio(&natural(1), &Natural::new(1, 1_074)), Some(f64::from_bits(1)));
        assert_eq!(nearest_ratio(&natural(1), &Natural::new(1, 1_075)), Some(0.0));
    }

    #[test]
    fn roots_are_those_of_ieee() {
        for n in [0_u32, 1, 2, 3, 4, 10, 12_345, u32::MAX] {
            assert_eq!(nearest_root(&natural(n.into()), &natural(1)), Some(f64::from(n).sqrt()), "{n}");
        }
        assert_eq!(nearest_root(&natural(1), &natural(4)), Some(0.5));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        let rounded = |a: u128, b: u128| half_even(&natural(a), &natural(b));
        assert_eq!([rounded(1, 2), rounded(3, 2), rounded(5, 2), rounded(7, 2)], [Some(0), Some(2), Some(2), Some(4)]);
        assert_eq!([rounded(26, 10), rounded(24, 10)], [Some(3), Some(2)]);
        assert_eq!(rounded(i128::MAX as u128, 1), Some(i128::MAX));
        assert_eq!(rounded(1 << 127, 1), None);
        assert_eq!(half_even(&Natural::new(1, 500), &natural(1)), None);
    }
}
