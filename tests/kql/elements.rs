//! `mv-apply`, which the engine at hand lacks, as `mv-expand` and `summarize`: the same for rows that have an id of their own.

use skywatch::bind::{Bound, bind};
use skywatch::resolve::Resolved;
use skywatch::target::kql::Kql;
use skywatch::target::kql::tree::{Name, Query, Scalar, Stage, Type};
use skywatch::target::{Backend as _, Lowering, Request};

/// The emitted query of the first rule without `mv-apply`; none where rows share an id.
pub(crate) fn without_mv_apply(resolved: &Resolved, source: &str, range: Option<(i64, i64)>) -> Option<String> {
    let rule = &resolved.rules[0];
    let stream = resolved.schema.stream_of(rule.stream)?;
    let source = resolved.schema.source(source)?;
    let Bound::Rule(bound) = bind(rule, source, stream) else { return None };
    if bound.rule.each.is_some() {
        return None;
    }
    let mut cx = Lowering::new(&bound, source, source.place(Kql::INFO.place)?, Request { range, ..Request::default() });
    let mut query = Kql.lower(&mut cx)?;
    let mut columns: Vec<Name> = cx.place.columns.iter().map(|column| Name(column.name.clone())).collect();
    query.stages = query.stages.into_iter().flat_map(|stage| rewritten(stage, &mut columns)).collect();
    Some(Kql.print(&Query { ..query }))
}

fn rewritten(stage: Stage, columns: &mut Vec<Name>) -> Vec<Stage> {
    match stage {
        Stage::MvApply { element, list, result, value } => {
            let id = Name("Id".to_owned());
            let same = |name: &Name| (Some(name.clone()), Scalar::call("take_any", [Scalar::column(name)]));
            let mut kept: Vec<(Option<Name>, Scalar)> = columns.iter().filter(|name| **name != id).map(same).collect();
            kept.push((Some(result.clone()), value));
            columns.push(result);
            vec![
                Stage::MvExpand { element, list, ty: Type::Dynamic },
                Stage::Summarize { columns: kept, by: vec![(id.clone(), Scalar::Column(id))] },
            ]
        }
        Stage::Extend(added) => {
            columns.extend(added.iter().map(|(name, _)| name.clone()));
            vec![Stage::Extend(added)]
        }
        other => vec![other],
    }
}
