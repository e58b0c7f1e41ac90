//! A function of columns for one place of one plan: takes what it does as a closure, gives a DataFusion expression.
//!
//! Constants (patterns, needles, networks) are compiled into the closure once a plan. Two kernels are the same where their identities are:
//! the identity must therefore name everything that the closure does and holds.

use std::any::type_name;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, internal_datafusion_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

/// What a kernel does: arrays of its arguments, all of one length, in; an array of that length out.
type Run = Arc<dyn Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync>;

/// A scalar function that exists for one use in one plan.
struct Kernel {
    name: String,
    identity: String,
    signature: Signature,
    returns: DataType,
    run: Run,
}

/// The expression that runs a kernel over at least one argument. `identity` tells it from others of the same label.
pub(super) fn kernel(
    label: &str,
    identity: String,
    returns: DataType,
    args: Vec<Expr>,
    run: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    made(label, identity, Volatility::Immutable, returns, args, Arc::new(run))
}

/// A kernel that gives something else each time: no plan moves it, or runs it twice for a row.
pub(super) fn volatile(
    label: &str,
    returns: DataType,
    args: Vec<Expr>,
    run: impl Fn(&[ArrayRef]) -> Result<ArrayRef> + Send + Sync + 'static,
) -> Expr {
    made(label, String::new(), Volatility::Volatile, returns, args, Arc::new(run))
}

fn made(label: &str, identity: String, volatility: Volatility, returns: DataType, args: Vec<Expr>, run: Run) -> Expr {
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    // Names of intermediate columns are made from it, so two that differ must not share one.
    let name = if identity.is_empty() { label.to_owned() } else { format!("{label}#{:016x}", hasher.finish()) };
    let signature = Signature::any(args.len(), volatility);
    ScalarUDF::from(Kernel { name, identity, signature, returns, run }).call(args)
}

impl fmt::Debug for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for Kernel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.identity == other.identity && self.returns == other.returns
    }
}

impl Eq for Kernel {}

impl Hash for Kernel {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Kernel {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.clone())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let arrays = args.args.into_iter().map(|arg| arg.into_array(rows)).collect::<Result<Vec<_>>>()?;
        let result = (self.run)(&arrays)?;
        if constant { Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?)) } else { Ok(result.into()) }
    }
}

/// An argument as the array type that its place in the plan says.
pub(super) fn array<T: Array + 'static>(array: &ArrayRef) -> Result<&T> {
    array
        .as_any()
        .downcast_ref::<T>()
        .ok_or_else(|| internal_datafusion_err!("expected {}, found {}", type_name::<T>(), array.data_type()))
}

/// The n-th argument, as [`array`].
pub(super) fn argument<T: Array + 'static>(args: &[ArrayRef], n: usize) -> Result<&T> {
    array(args.get(n).ok_or_else(|| internal_datafusion_err!("argument {n} is missing"))?)
}
