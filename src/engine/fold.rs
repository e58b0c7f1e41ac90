//! Aggregates that DataFusion lacks, over many groups at once: takes what one group keeps and how it grows, gives a DataFusion aggregate.
//!
//! INVARIANT (no order): a fold's result does not depend on the order of rows or of merges, so partitions and batches change nothing.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, EmitTo, Expr, GroupsAccumulator, Signature, Volatility,
};

/// What an aggregate keeps of a group, and how rows and other parts of the group go into it.
pub(super) trait Fold: Clone + Send + Sync + 'static {
    /// What is kept of one group.
    type Kept: Send;
    /// A batch's arguments, made ready once.
    type Batch;

    /// Of no rows.
    fn nothing(&self) -> Self::Kept;
    /// A batch's arguments.
    fn batch(&self, args: &[ArrayRef]) -> Result<Self::Batch>;
    /// Adds a row; gives how many bytes more are kept.
    fn add(&self, kept: &mut Self::Kept, batch: &Self::Batch, row: usize) -> usize;
    /// Adds another part of the group; gives how many bytes more are kept.
    fn merge(&self, kept: &mut Self::Kept, other: Self::Kept) -> usize;
    /// The types of the columns that [`Fold::save`] gives.
    fn saved(&self) -> Vec<DataType>;
    /// What is kept, as columns: between partitions, and where memory ends on disk.
    fn save(&self, kept: Vec<Self::Kept>) -> Result<Vec<ArrayRef>>;
    /// The opposite of [`Fold::save`].
    fn load(&self, saved: &[ArrayRef]) -> Result<Vec<Self::Kept>>;
    /// The results, of the type that the aggregate was made with.
    fn results(&self, kept: Vec<Self::Kept>) -> Result<ArrayRef>;
}

/// The expression that folds its arguments. `identity` tells it from others of the same label.
pub(super) fn fold_expr<F: Fold>(label: &str, identity: &str, returns: DataType, args: Vec<Expr>, fold: F) -> Expr {
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    let name = format!("{label}#{:016x}", hasher.finish());
    let signature = Signature::any(args.len(), Volatility::Immutable);
    let saved = fold.saved();
    let make: Make = Arc::new(move || Box::new(Groups { fold: fold.clone(), kept: Vec::new(), bytes: 0 }));
    AggregateUDF::from(Folding { name, identity: identity.to_owned(), signature, returns, saved, make }).call(args)
}

type Make = Arc<dyn Fn() -> Box<dyn GroupsAccumulator> + Send + Sync>;

struct Folding {
    name: String,
    identity: String,
    signature: Signature,
    returns: DataType,
    saved: Vec<DataType>,
    make: Make,
}

impl fmt::Debug for Folding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Folding {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.identity == other.identity && self.returns == other.returns
    }
}

impl Eq for Folding {}

impl Hash for Folding {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl AggregateUDFImpl for Folding {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        // Every rule that aggregates groups by its window.
        not_impl_err!("{} works on groups only", self.name)
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let field = |(n, ty): (usize, &DataType)| Arc::new(Field::new(format!("{}[{n}]", args.name), ty.clone(), true));
        Ok(self.saved.iter().enumerate().map(field).collect())
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn GroupsAccumulator>> {
        Ok((self.make)())
    }
}

struct Groups<F: Fold> {
    fold: F,
    /// By group.
    kept: Vec<F::Kept>,
    /// Kept beyond the size of `kept` itself.
    bytes: usize,
}

impl<F: Fold> Groups<F> {
    fn grow(&mut self, groups: usize) {
        let fold = &self.fold;
        self.kept.resize_with(groups, || fold.nothing());
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<F::Kept> {
        let before = self.kept.len();
        let taken = emit_to.take_needed(&mut self.kept);
        // What each group holds is not known apart: the average stands for it.
        self.bytes = self.bytes.saturating_mul(self.kept.len()).checked_div(before).unwrap_or_default();
        taken
    }
}

impl<F: Fold> GroupsAccumulator for Groups<F> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let batch = self.fold.batch(values)?;
        for (row, group) in group_indices.iter().enumerate() {
            if let (true, Some(kept)) = (counted(opt_filter, row), self.kept.get_mut(*group)) {
                self.bytes += self.fold.add(kept, &batch, row);
            }
        }
        Ok(())
    }

    fn merge_batch(&mut self, values: &[ArrayRef], group_indices: &[usize], total_num_groups: usize) -> Result<()> {
        self.grow(total_num_groups);
        for (other, group) in self.fold.load(values)?.into_iter().zip(group_indices) {
            if let Some(kept) = self.kept.get_mut(*group) {
                self.bytes += self.fold.merge(kept, other);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let taken = self.take(emit_to);
        self.fold.results(taken)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let taken = self.take(emit_to);
        self.fold.save(taken)
    }

    fn convert_to_state(&self, values: &[ArrayRef], opt_filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let batch = self.fold.batch(values)?;
        let rows = values.first().map_or(0, |column| column.len());
        let one = |row: usize| {
            let mut kept = self.fold.nothing();
            if counted(opt_filter, row) {
                self.fold.add(&mut kept, &batch, row);
            }
            kept
        };
        self.fold.save((0..rows).map(one).collect())
    }

    fn size(&self) -> usize {
        self.kept.capacity() * size_of::<F::Kept>() + self.bytes
    }
}

fn counted(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}
