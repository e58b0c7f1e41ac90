//! The different texts of a batch: takes a column of text, gives each of its values once and which row has which, so that what is asked of a text
//! alone is asked once a value.
//!
//! Values are told apart by their views, which costs a look at 16 bytes a row: a short text is its view, and a longer one that a file's dictionary
//! holds has one view wherever it stands. Equal texts of different places count as two, which is asked twice and answered the same.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanBufferBuilder, StringViewArray, UInt64Array,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::compute::take;
use datafusion::common::{HashMap, Result};

/// With more values than one in so many rows, each row is asked.
const WORTH: usize = 8;

/// The different values of a column, what is missing among them.
#[derive(Debug)]
pub(super) struct Distinct {
    values: ArrayRef,
    /// By row, the place of its value.
    of_row: Vec<u32>,
}

impl Distinct {
    /// The values of a column; none where there are so many that nothing is won.
    pub(super) fn of(column: &StringViewArray) -> Result<Option<Distinct>> {
        let most = column.len() / WORTH;
        let mut places: HashMap<Option<u128>, u32> = HashMap::new();
        let (mut first_rows, mut of_row) = (Vec::new(), Vec::with_capacity(column.len()));
        for (row, view) in (0_u64..).zip(column.views().iter()) {
            let view = Some(*view).filter(|_| column.is_valid(of_row.len()));
            let next = places.len() as u32;
            let place = *places.entry(view).or_insert(next);
            if place == next {
                first_rows.push(row);
                if first_rows.len() > most {
                    return Ok(None);
                }
            }
            of_row.push(place);
        }
        let values = take(column, &UInt64Array::from(first_rows), None)?;
        Ok(Some(Distinct { values, of_row }))
    }

    /// Each value once.
    pub(super) fn values(&self) -> &ArrayRef {
        &self.values
    }

    /// The values that some of these rows have.
    pub(super) fn of_rows(&self, rows: &BooleanBuffer) -> BooleanBuffer {
        let mut values = BooleanBufferBuilder::new(self.values.len());
        values.append_n(self.values.len(), false);
        for place in rows.set_indices().filter_map(|row| self.of_row.get(row)) {
            values.set_bit(*place as usize, true);
        }
        values.finish()
    }

    /// The rows that have one of these values.
    pub(super) fn rows_of(&self, values: &BooleanBuffer) -> BooleanBuffer {
        let has = |row: usize| self.of_row.get(row).is_some_and(|place| values.value(*place as usize));
        BooleanBuffer::collect_bool(self.of_row.len(), has)
    }
}

/// A column of a batch whose values are asked for once.
#[derive(Debug, Default)]
pub(super) enum Looked {
    /// Not yet.
    #[default]
    No,
    /// It is no text, or has too many.
    Useless,
    /// They are these.
    Values(Arc<Distinct>),
}

impl Looked {
    /// The values of a column, looked for once.
    pub(super) fn values(&mut self, column: Option<&ArrayRef>) -> Result<Option<Arc<Distinct>>> {
        if let Looked::No = self {
            let texts = column.and_then(|column| column.as_string_view_opt());
            let found = texts.map(Distinct::of).transpose()?.flatten();
            *self = found.map_or(Looked::Useless, |found| Looked::Values(Arc::new(found)));
        }
        Ok(match self {
            Looked::Values(values) => Some(Arc::clone(values)),
            Looked::No | Looked::Useless => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_once_and_back() {
        let texts = [Some("a"), None, Some("bc"), Some("a"), None];
        let column: StringViewArray = texts.into_iter().cycle().take(50).collect();
        let distinct = Distinct::of(&column).expect("values").expect("few of them");
        assert!(distinct.values().len() == 3 && distinct.values().is_null(1));
        let rows = BooleanBuffer::collect_bool(50, |row| row == 7 || row == 13);
        let back = distinct.rows_of(&distinct.of_rows(&rows));
        for row in 0..50 {
            assert_eq!(back.value(row), [0, 2, 3].contains(&(row % 5)), "{row}");
        }
        let different: StringViewArray = (0..50).map(|n| Some(n.to_string())).collect();
        assert!(Distinct::of(&different).expect("values").is_none());
    }
}
