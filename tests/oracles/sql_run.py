#!/usr/bin/env python3
"""What: executes GoogleSQL over rows, many cases in one process: sqlglot reads BigQuery and writes DuckDB, sql_templates.py
mends and refuses, DuckDB runs.
Takes: JSON lines {"id", "query", "tables": {"_AllLogs": [row, …]}}, and perhaps "raw": {"_AllLogs": [LogEntry, …]} (made
  into rows by tables.py), "schema": {table: shape} for other tables, "now": RFC 3339, "sql": true.
Gives: one line each, {"id", "columns", "rows", "templates", "corrected"}, {"id", "error"} or {"id", "unsupported"}; README.md."""
import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

import rows
import sql_templates
import tables


def shapes_of(given):
    return {**tables.SQL_TABLES, **(given.get("schema") or {})}


def local_name(table):
    """The name in DuckDB and in sqlglot's schema: the optimizer folds the case of an unquoted name."""
    return table.lower()


def last_part(node):
    """`project.location.bucket._AllLogs` may stand in one pair of backticks, in several, or in none."""
    return node.parts[-1].name.split(".")[-1]


def place_tables(tree, shapes):
    ctes = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
    for node in list(tree.find_all(exp.Table)):
        name = last_part(node)
        if len(node.parts) == 1 and "." not in node.name and name.lower() in ctes:
            continue
        if name not in shapes:
            raise sql_templates.BadQuery(f"no table {name!r} in this case")
        # BigQuery's implicit alias is the last part of the path.
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name))
        joins = node.args.get("joins")
        node.replace(exp.Table(this=exp.to_identifier(local_name(name)), alias=alias, joins=joins))


def pin_now(tree, now):
    moment = exp.Cast(this=exp.Literal.string(rows.instant(now) + "+00"), to=exp.DataType.build("TIMESTAMPTZ"))
    for node in list(tree.find_all(exp.CurrentTimestamp)):
        node.replace(moment.copy())


def translated(given, shapes):
    statements = [s for s in sqlglot.parse(given["query"], read="bigquery", error_level=sqlglot.ErrorLevel.IMMEDIATE) if s]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise sql_templates.BadQuery("one SELECT is wanted")
    tree = statements[0]
    place_tables(tree, shapes)
    sql_templates.refuse_unverified(tree)
    schema = {local_name(table): {c: sql_templates.google_type(s) for c, s in shape.items()} for table, shape in shapes.items()}
    sql_templates.check_names(tree, schema)
    sql_templates.check_types(tree, schema)
    if given.get("now") is not None:
        pin_now(tree, given["now"])
    return sql_templates.rewritten(tree).sql(dialect="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)


def load(con, given, shapes):
    stored = {table: list(found) for table, found in (given.get("tables") or {}).items()}
    for table, records in (given.get("raw") or {}).items():
        stored.setdefault(table, []).extend(tables.sql_rows(table, records, given))
    strange = sorted(set(stored) - set(shapes))
    if strange:
        raise rows.BadRow(f"no schema for table {', '.join(strange)}")
    for table, shape in shapes.items():
        if table in stored or table in given["query"]:
            rows.create_table(con, local_name(table), shape, stored.get(table, []))


def run(con, given):
    if not isinstance(given.get("query"), str):
        raise rows.BadRow("no query in this case")
    sql_templates.begin()
    shapes = shapes_of(given)
    try:
        sql = translated(given, shapes)
    except sqlglot.UnsupportedError as problem:
        return {"unsupported": str(problem)}
    except SqlglotError as problem:
        return {"error": f"{type(problem).__name__}: {problem}"}
    load(con, given, shapes)
    try:
        columns, found = rows.fetch(con, sql)
    except duckdb.Error as problem:
        return {**rows.failure(problem), "sql": sql}
    answer = {"columns": columns, "rows": found, "templates": sorted(sql_templates.used), "corrected": sorted(sql_templates.corrected)}
    if sql_templates.assumed:
        answer["assumed"] = sorted(sql_templates.assumed)
    if given.get("sql"):
        answer["sql"] = sql
    return answer


def open_connection():
    con = rows.open_connection()
    sql_templates.connect(con)
    return con


if __name__ == "__main__":
    rows.serve(open_connection(), run)
    rows.leave()
