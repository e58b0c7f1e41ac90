//! One SELECT, from FROM to ORDER BY.

use std::sync::Arc;

use sqlparser::ast::{
    self, GroupByExpr, SelectItem, SelectItemQualifiedWildcardKind, ValueTableMode, WildcardAdditionalOptions,
};

use super::coerce::null;
use super::scope::{Scope, field, not_reserved};
use super::{Binder, Calls, Rows, at, same_name};
use crate::emulator::Failure;
use crate::emulator::googlesql::readings::NAME;
use crate::emulator::googlesql::tree::{Expr, Node, Plan, SortKey, Window};
use crate::emulator::googlesql::types::{Field, Type};

/// An item of the SELECT list.
struct Item {
    name: Option<String>,
    expr: Expr,
}

/// The parts of a SELECT that are expressions over its rows.
struct Parts {
    items: Vec<Item>,
    having: Option<Expr>,
    qualify: Option<Expr>,
    order: Vec<SortKey>,
    windows: Vec<Window>,
}

/// Rows, and the columns to keep after sorting where there are more.
type Selected = (Rows, Option<Vec<Expr>>);

impl Binder<'_> {
    pub(super) fn select(
        &mut self,
        select: &ast::Select,
        order: &[ast::OrderByExpr],
        outer: Option<&Scope<'_>>,
    ) -> Result<Selected, Failure> {
        check_clauses(select)?;
        let (mut plan, mut scope) = self.from(&select.from, outer)?;
        if let Some(condition) = &select.selection {
            let condition = self.condition(condition, &scope, &mut Calls::none("WHERE"), "WHERE")?;
            plan = Plan::Filter(Box::new(plan), condition);
        }
        let around = self.named_windows(&select.named_window)?;
        let mut calls = Calls { aggregates: Some(Vec::new()), windows: Some(Vec::new()), place: "SELECT" };
        let items = self.items(select, &scope, &mut calls)?;
        let aliases = items.iter().filter_map(|item| Some((item.name.clone()?, item.expr.clone())));
        scope.aliases = aliases.filter(|(alias, _)| !alias.is_empty()).collect();
        let keys = self.keys(&select.group_by, &items, &mut scope)?;
        let distinct = match &select.distinct {
            None | Some(ast::Distinct::All) => false,
            Some(ast::Distinct::Distinct) => true,
            Some(ast::Distinct::On(_)) => return Err(Failure::rejected("DISTINCT ON is not of GoogleSQL", 0..0)),
        };
        let having = match &select.having {
            Some(having) => {
                // Windows come after groups are chosen.
                let mut inside = Calls { aggregates: calls.aggregates.take(), windows: None, place: "HAVING" };
                let bound = self.condition(having, &scope, &mut inside, "HAVING")?;
                calls.aggregates = inside.aggregates;
                Some(bound)
            }
            None => None,
        };
        let qualify = select
            .qualify
            .as_ref()
            .map(|qualify| self.condition(qualify, &scope, &mut calls, "QUALIFY"))
            .transpose()?;
        let mut sort = Vec::new();
        for key in order {
            let by = match self.ordinal(&key.expr, items.len())? {
                Some(index) => items.get(index).map_or_else(null, |item| item.expr.clone()),
                None => self.expr(&key.expr, &scope, &mut calls)?,
            };
            sort.push(self.sort_key(by, &key.options)?);
        }
        self.named = around;
        let windows = calls.windows.unwrap_or_default();
        if select.qualify.is_some() && windows.is_empty() {
            return Err(Failure::rejected("QUALIFY wants a window function in it or in the SELECT list", 0..0));
        }
        let aggregates = calls.aggregates.unwrap_or_default();
        if let Some(aggregate) = aggregates.first().filter(|_| select.from.is_empty()) {
            return Err(Failure::rejected("an aggregate function wants a FROM", aggregate.at.clone()));
        }
        let mut parts = Parts { items, having, qualify, order: sort, windows };
        let mut width = scope.width;
        if keys.is_some() || !aggregates.is_empty() || select.having.is_some() {
            let whole = keys.is_none();
            let keys = keys.unwrap_or_default();
            width = keys.len() + aggregates.len();
            parts.over_groups(&keys)?;
            plan = Plan::Group { input: Box::new(plan), keys, aggregates, whole };
        }
        self.assembled(plan, parts, width, distinct, select.value_table_mode)
    }

    /// From the rows, or groups, to the columns.
    fn assembled(
        &self,
        mut plan: Plan,
        mut parts: Parts,
        width: usize,
        distinct: bool,
        mode: Option<ValueTableMode>,
    ) -> Result<Selected, Failure> {
        if let Some(having) = parts.having.take() {
            plan = Plan::Filter(Box::new(plan), having);
        }
        if !parts.windows.is_empty() {
            parts.over_windows(width);
            plan = Plan::Windows { input: Box::new(plan), windows: std::mem::take(&mut parts.windows) };
        }
        if let Some(qualify) = parts.qualify.take() {
            plan = Plan::Filter(Box::new(plan), qualify);
        }
        let as_struct = matches!(mode, Some(ValueTableMode::AsStruct | ValueTableMode::DistinctAsStruct));
        let Parts { items, mut order, .. } = parts;
        let (mut columns, mut fields): (Vec<Expr>, Vec<Field>) = (Vec::new(), Vec::new());
        for item in items {
            // A set operation may still give NULL its type.
            let expr = if as_struct { self.typed(item.expr)? } else { item.expr };
            fields.push(Field { name: item.name.filter(|name| !name.is_empty()), ty: expr.ty.clone() });
            columns.push(expr);
        }
        let as_value = matches!(mode, Some(ValueTableMode::AsValue | ValueTableMode::DistinctAsValue));
        let distinct =
            distinct || matches!(mode, Some(ValueTableMode::DistinctAsStruct | ValueTableMode::DistinctAsValue));
        if as_value && columns.len() != 1 {
            return Err(Failure::rejected("SELECT AS VALUE takes one column", 0..0));
        }
        if as_struct {
            let ty = Type::Struct(fields.into());
            columns = vec![Expr::new(Node::Struct(columns), ty.clone(), 0..0)];
            fields = vec![Field { name: None, ty }];
        }
        if distinct && let Some(column) = columns.iter().find(|column| !column.ty.is_comparable()) {
            return Err(Failure::rejected(format!("SELECT DISTINCT of {}", column.ty), column.at.clone()));
        }
        let count = columns.len();
        for key in &mut order {
            let index = columns.iter().position(|column| *column == key.by);
            let index = match index {
                Some(index) => index,
                None if distinct => {
                    return Err(Failure::rejected(
                        "ORDER BY of a SELECT DISTINCT takes what is selected",
                        key.by.at.clone(),
                    ));
                }
                None => {
                    columns.push(key.by.clone());
                    columns.len() - 1
                }
            };
            key.by.node = Node::Column { up: 0, index };
        }
        let kept = columns.iter().take(count).enumerate();
        let kept =
            kept.map(|(index, column)| Expr::new(Node::Column { up: 0, index }, column.ty.clone(), 0..0)).collect();
        let trimmed = (columns.len() > count).then_some(kept);
        plan = Plan::Project(Box::new(plan), columns);
        if distinct {
            plan = Plan::Distinct(Box::new(plan));
        }
        if !order.is_empty() {
            plan = Plan::Sort(Box::new(plan), order);
        }
        Ok((Rows { plan, columns: Arc::from(fields), is_value: as_struct || as_value }, trimmed))
    }

    /// The SELECT list, with its stars spelled out.
    fn items(&mut self, select: &ast::Select, scope: &Scope<'_>, calls: &mut Calls) -> Result<Vec<Item>, Failure> {
        let mut items = Vec::new();
        for item in &select.projection {
            match item {
                SelectItem::UnnamedExpr(expr) => {
                    items.push(Item { name: implicit_name(expr), expr: self.expr(expr, scope, calls)? })
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    if matches!(alias.quote_style, Some('\'' | '"')) {
                        return Err(Failure::rejected(
                            format!("a literal is no alias: '{}'", alias.value),
                            at(alias.span),
                        ));
                    }
                    not_reserved(alias)?;
                    items.push(Item { name: Some(alias.value.clone()), expr: self.expr(expr, scope, calls)? });
                }
                SelectItem::ExprWithAliases { .. } => {
                    return Err(Failure::rejected("an expression has one alias", 0..0));
                }
                SelectItem::Wildcard(options) => {
                    let span = at(options.wildcard_token.0.span);
                    if scope.columns.is_empty() {
                        return Err(Failure::rejected("SELECT * without a table", span));
                    }
                    let seen = scope.columns.iter().filter(|column| !column.hidden);
                    let all = seen
                        .map(|column| Item { name: column.name.clone(), expr: column.expr(0, span.clone()) })
                        .collect();
                    items.extend(self.star(all, options, scope, calls)?);
                }
                SelectItem::QualifiedWildcard(of, options) => {
                    let of = match of {
                        SelectItemQualifiedWildcardKind::ObjectName(name) => {
                            let path: Vec<ast::Ident> =
                                name.0.iter().filter_map(|part| part.as_ident().cloned()).collect();
                            scope.path(&path)?
                        }
                        SelectItemQualifiedWildcardKind::Expr(expr) => self.expr(expr, scope, calls)?,
                    };
                    let Type::Struct(fields) = of.ty.clone() else {
                        return Err(Failure::rejected(format!("a star of {}", of.ty), of.at));
                    };
                    let mut all = Vec::new();
                    for (index, inner) in fields.iter().enumerate() {
                        let expr = match &of.node {
                            Node::Struct(values) => values.get(index).cloned().unwrap_or_else(null),
                            _ => Expr::new(Node::Field(Box::new(of.clone()), index), inner.ty.clone(), of.at.clone()),
                        };
                        all.push(Item { name: inner.name.clone(), expr });
                    }
                    items.extend(self.star(all, options, scope, calls)?);
                }
            }
        }
        Ok(items)
    }

    /// A star's columns after EXCEPT and REPLACE.
    fn star(
        &mut self,
        mut all: Vec<Item>,
        options: &WildcardAdditionalOptions,
        scope: &Scope<'_>,
        calls: &mut Calls,
    ) -> Result<Vec<Item>, Failure> {
        if options.opt_ilike.is_some()
            || options.opt_exclude.is_some()
            || options.opt_rename.is_some()
            || options.opt_alias.is_some()
        {
            return Err(Failure::rejected("a star takes EXCEPT and REPLACE only", at(options.wildcard_token.0.span)));
        }
        let is =
            |item: &Item, name: &ast::Ident| item.name.as_deref().is_some_and(|other| same_name(other, &name.value));
        if let Some(except) = &options.opt_except {
            for name in std::iter::once(&except.first_element).chain(&except.additional_elements) {
                let before = all.len();
                all.retain(|item| !is(item, name));
                if all.len() == before {
                    return Err(Failure::rejected(
                        format!("EXCEPT names {}, which is no column here", name.value),
                        at(name.span),
                    ));
                }
            }
            if all.is_empty() {
                return Err(Failure::rejected("EXCEPT leaves no column", at(except.first_element.span)));
            }
        }
        for replaced in options.opt_replace.iter().flat_map(|replace| &replace.items) {
            let name = &replaced.column_name;
            let expr = self.expr(&replaced.expr, scope, calls)?;
            let item = all.iter_mut().find(|item| is(item, name));
            let item = item.ok_or_else(|| {
                Failure::rejected(format!("REPLACE names {}, which is no column here", name.value), at(name.span))
            })?;
            item.expr = expr;
        }
        Ok(all)
    }

    /// What GROUP BY groups by; nothing where there is none.
    fn keys(
        &mut self,
        group_by: &GroupByExpr,
        items: &[Item],
        scope: &mut Scope<'_>,
    ) -> Result<Option<Vec<Expr>>, Failure> {
        let exprs = match group_by {
            GroupByExpr::Expressions(exprs, modifiers) if modifiers.is_empty() => exprs,
            GroupByExpr::All(modifiers) if modifiers.is_empty() => {
                let keys = items.iter().filter(|item| !has_calls(&item.expr) && !item.expr.is_literal());
                return Ok(Some(keys.map(|item| item.expr.clone()).collect()));
            }
            _ => return Err(Failure::rejected("GROUP BY takes no such modifiers", 0..0)),
        };
        if exprs.is_empty() {
            return Ok(None);
        }
        let mut keys: Vec<Expr> = Vec::new();
        for expr in exprs {
            let key = match self.ordinal(expr, items.len())? {
                Some(index) => items.get(index).map_or_else(null, |item| item.expr.clone()),
                // An alias stands for its item only where it is all of a key.
                None => match expr {
                    ast::Expr::Identifier(name) => match self.alias(name, scope)? {
                        Some(item) => item,
                        None => scope.path(std::slice::from_ref(name))?,
                    },
                    _ => {
                        let aliases = std::mem::take(&mut scope.aliases);
                        let key = self.expr(expr, scope, &mut Calls::none("GROUP BY"))?;
                        scope.aliases = aliases;
                        key
                    }
                },
            };
            if has_calls(&key) {
                return Err(Failure::rejected("GROUP BY of an aggregate or window function", key.at));
            }
            let key = self.typed(key)?;
            match &key.ty {
                Type::Json => return Err(Failure::rejected("GROUP BY of JSON", key.at)),
                Type::Array(_) | Type::Struct(_) => {
                    return Err(Failure::unknown(format!("GROUP BY of {}", key.ty), key.at));
                }
                _ => keys.push(key),
            }
        }
        Ok(Some(keys))
    }
}

impl Parts {
    fn exprs(&mut self) -> impl Iterator<Item = &mut Expr> {
        let items = self.items.iter_mut().map(|item| &mut item.expr);
        items.chain(&mut self.having).chain(&mut self.qualify).chain(self.order.iter_mut().map(|key| &mut key.by))
    }

    /// Turns them into expressions over groups: keys, then aggregates.
    fn over_groups(&mut self, keys: &[Expr]) -> Result<(), Failure> {
        let mut wrong = None;
        let mut change = |expr: &mut Expr, inside: usize| {
            let is_key = |key: &Expr| {
                let mut key = key.clone();
                further_in(&mut key, inside);
                key == *expr
            };
            if let Some(index) = keys.iter().position(is_key) {
                expr.node = Node::Column { up: inside, index };
                return true;
            }
            match expr.node {
                Node::Aggregate(number) => {
                    expr.node = Node::Column { up: inside, index: keys.len() + number };
                    true
                }
                Node::Column { up, .. } if up == inside => {
                    wrong.get_or_insert(expr.at.clone());
                    true
                }
                _ => false,
            }
        };
        self.exprs().for_each(|expr| expr.rewrite(0, &mut change));
        self.windows.iter_mut().for_each(|window| window.rewrite(0, &mut change));
        match wrong {
            Some(at) => Err(Failure::rejected("a column that is neither grouped nor aggregated", at)),
            None => Ok(()),
        }
    }

    /// Turns window functions into the columns behind the others.
    fn over_windows(&mut self, width: usize) {
        let mut change = |expr: &mut Expr, inside: usize| {
            if let Node::Window(number) = expr.node {
                expr.node = Node::Column { up: inside, index: width + number };
            }
            false
        };
        self.exprs().for_each(|expr| expr.rewrite(0, &mut change));
    }
}

/// Makes an expression one that stands in a subquery of its own place.
fn further_in(expr: &mut Expr, by: usize) {
    expr.rewrite(0, &mut |part, inside| {
        if let Node::Column { up, .. } = &mut part.node
            && *up >= inside
        {
            *up += by;
        }
        false
    });
}

/// Whether an expression calls aggregate or window functions of its SELECT.
fn has_calls(expr: &Expr) -> bool {
    let mut found = false;
    expr.clone().rewrite(0, &mut |part, _| {
        found |= matches!(part.node, Node::Aggregate(_) | Node::Window(_));
        found
    });
    found
}

/// The name that a column has without an alias: the last one of a path.
fn implicit_name(expr: &ast::Expr) -> Option<String> {
    match expr {
        ast::Expr::Identifier(name) => Some(name.value.clone()),
        ast::Expr::CompoundIdentifier(path) => path.last().map(|name| name.value.clone()),
        ast::Expr::CompoundFieldAccess { access_chain, .. } => match access_chain.last() {
            Some(ast::AccessExpr::Dot(ast::Expr::Identifier(name))) => Some(name.value.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// What other languages have in a SELECT.
fn check_clauses(select: &ast::Select) -> Result<(), Failure> {
    let foreign = select.top.is_some()
        || select.exclude.is_some()
        || select.into.is_some()
        || !select.lateral_views.is_empty()
        || select.prewhere.is_some()
        || !select.connect_by.is_empty()
        || !select.cluster_by.is_empty()
        || !select.distribute_by.is_empty()
        || !select.sort_by.is_empty()
        || select.flavor != ast::SelectFlavor::Standard
        || select.select_modifiers.is_some();
    if foreign {
        return Err(Failure::rejected("a clause that is not of GoogleSQL", at(select.select_token.0.span)));
    }
    let grouped = !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    let filtered = select.selection.is_some() || select.having.is_some() || select.qualify.is_some();
    if select.from.is_empty() && (grouped || filtered) {
        let span = at(select.select_token.0.span);
        return Err(Failure::rejected("WHERE, GROUP BY, HAVING and QUALIFY want a FROM", span));
    }
    if select.projection.is_empty() {
        return Err(Failure::rejected("SELECT without columns", at(select.select_token.0.span)));
    }
    Ok(())
}

impl Binder<'_> {
    /// The item of an alias. Where a column of something else has that name too, it is open whether that is an error.
    pub(super) fn alias(&self, name: &ast::Ident, scope: &Scope<'_>) -> Result<Option<Expr>, Failure> {
        let mut named = scope.aliases.iter().filter(|(alias, _)| same_name(alias, &name.value)).map(|(_, item)| item);
        let Some(item) = named.next() else { return Ok(None) };
        let ambiguous = || Failure::rejected(format!("the name {} is ambiguous", name.value), at(name.span));
        if named.any(|other| other != item) {
            return Err(ambiguous());
        }
        if scope.own_column(&name.value).is_some_and(|column| column != *item) && self.readings.other(NAME) {
            return Err(ambiguous());
        }
        Ok(Some(Expr { at: at(name.span), ..item.clone() }))
    }

    /// A field of what an expression gives.
    pub(super) fn member(&self, of: Expr, name: &ast::Ident) -> Result<Expr, Failure> {
        field(of, name, None)
    }

    /// The place that a whole number in GROUP BY or ORDER BY names, counting from 0.
    pub(super) fn ordinal(&self, expr: &ast::Expr, columns: usize) -> Result<Option<usize>, Failure> {
        let ast::Expr::Value(ast::ValueWithSpan { value: ast::Value::Number(text, _), span }) = expr else {
            return Ok(None);
        };
        let place = text.parse::<usize>().ok().filter(|place| (1..=columns).contains(place));
        let wrong = || Failure::rejected(format!("{text} is no column of the SELECT list"), at(*span));
        place.map(|place| Some(place - 1)).ok_or_else(wrong)
    }

    /// A key to sort by: ascending with NULLs first, descending with NULLs last, unless it is said.
    pub(super) fn sort_key(&self, by: Expr, options: &ast::OrderByOptions) -> Result<SortKey, Failure> {
        let by = self.typed(by)?;
        if !by.ty.is_orderable() {
            return Err(Failure::rejected(format!("ORDER BY of {}", by.ty), by.at));
        }
        let descending = options.asc == Some(false);
        Ok(SortKey { by, descending, nulls_first: options.nulls_first.unwrap_or(!descending) })
    }

    /// A condition, which is a BOOL.
    pub(super) fn condition(
        &mut self,
        expr: &ast::Expr,
        scope: &Scope<'_>,
        calls: &mut Calls,
        of: &str,
    ) -> Result<Expr, Failure> {
        let condition = self.expr(expr, scope, calls)?;
        self.coerced(condition, &Type::Bool, of)
    }
}
