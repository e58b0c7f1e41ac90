#!/usr/bin/env python3
"""What: executes KQL over rows, many cases in one process, with duckdb-kql and the marked additions of kql_templates.py.
Takes: JSON lines {"id", "query", "schema": {Table: {column: type}}, "tables": {Table: [row, …]}}, and perhaps
  "raw": {Table: [record as exported, …]} (made into rows by tables.py), "now": "2026-01-01T00:00:00Z", "sql": true.
Gives: one line each, {"id", "columns", "rows", "templates", "corrected"} or {"id", "error"} or {"id", "unsupported"}; see README.md."""
import datetime
import json
import os
import re

import duckdb
import duckdb_kql
from duckdb_kql import KqlSchemaError, KqlUnsupportedError

import kql_templates
import mv_apply
import rows
import tables

VENDOR = json.load(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "kql_schema.json"), encoding="utf-8"))


def schema_of(given):
    schema = given.get("schema") or VENDOR
    for table, columns in schema.items():
        for column, kind in columns.items():
            if kind not in rows.KQL_TO_DUCKDB:
                raise rows.BadRow(f"{table}.{column}: {kind} is no KQL type")
        folded = {c.lower() for c in columns}
        if len(folded) != len(columns):
            raise rows.Unsupported(f"{table} has columns that differ in case only; DuckDB can't keep them apart")
    return schema


def stored_rows(given):
    """The case's rows by table, raw records made into rows."""
    stored = {table: list(given_rows) for table, given_rows in (given.get("tables") or {}).items()}
    for table, records in (given.get("raw") or {}).items():
        stored.setdefault(table, []).extend(tables.kql_rows(table, records, given))
    return stored


def load(con, given, schema):
    stored = stored_rows(given)
    strange = sorted(set(stored) - set(schema))
    if strange:
        raise rows.BadRow(f"no schema for table {', '.join(strange)}")
    for table, columns in schema.items():
        # A table that the query does not name is not made: most cases need one of many.
        if table not in stored and not re.search(rf"(?<!\w){re.escape(table)}(?!\w)", given["query"]) and "*" not in given["query"]:
            continue
        shape = {column: rows.KQL_TO_DUCKDB[kind] for column, kind in columns.items()}
        texts = [column for column, kind in columns.items() if kind == "string"]
        filled = [{**dict.fromkeys(texts, ""), **{k: v for k, v in row.items() if v is not None}}
                  for row in stored.get(table, [])]
        if "mv-apply" in given["query"]:
            shape[mv_apply.ROW] = rows.KQL_TO_DUCKDB["long"]
            filled = [{**row, mv_apply.ROW: number} for number, row in enumerate(filled)]
        rows.create_table(con, table, shape, filled)


def translated(given, schema):
    query = mv_apply.without(given["query"], schema)
    rewritten = query != given["query"]
    if rewritten:
        kql_templates.used.add("mv-apply")
    names = {table: list(columns) + [mv_apply.ROW] * rewritten for table, columns in schema.items()}
    now = given.get("now")
    moment = datetime.datetime.fromisoformat(rows.instant(now)) if now is not None else None
    return duckdb_kql.to_sql(query, schema=names, query_now=moment, allow_write=False)


def executed(con, sql):
    return rows.fetch(con, str(sql), sql.parameters or None, empty_text=True)


def in_any_order(found):
    return sorted(json.dumps(row, sort_keys=True) for row in found)


def run(con, given):
    if not isinstance(given.get("query"), str):
        raise rows.BadRow("no query in this case")
    schema = schema_of(given)
    kql_templates.begin(schema)
    try:
        load(con, given, schema)
        sql = translated(given, schema)
        columns, found = executed(con, sql)
        for variant in sorted(kql_templates.touched):
            kql_templates.read(con, variant, otherwise=True)
            if in_any_order(executed(con, sql)[1]) != in_any_order(found):
                raise rows.Unsupported(f"the answer hangs on {variant}")
            kql_templates.read(con, variant, otherwise=False)       # a refusal's rollback does the same
    except KqlUnsupportedError as problem:
        return {"unsupported": str(problem)}
    except KqlSchemaError as problem:
        if "differ only in case" in str(problem):
            return {"unsupported": str(problem)}
        raise
    except duckdb.Error as problem:
        answer = rows.failure(problem)
        if "duckdb-kql:" in str(problem):
            answer = {"unsupported": str(problem)}
        return answer
    answer = {"columns": columns, "rows": found, "templates": sorted(kql_templates.used), "corrected": sorted(kql_templates.corrected)}
    if kql_templates.assumed:
        answer["assumed"] = sorted(kql_templates.assumed)
    if given.get("sql"):
        answer["sql"] = str(sql)
    return answer


def open_connection():
    con = rows.open_connection()
    kql_templates.connect(con)
    return con


kql_templates.install()

if __name__ == "__main__":
    rows.serve(open_connection(), run)
    rows.leave()
