"""What: DuckDB as both runners need it: rows in, rows out, failures, and the loop. Nothing here knows KQL or GoogleSQL.
Takes: JSON values and the types that a table declares. Gives: typed tables; result rows as JSON values.
A row that does not fit its table is an error: a harness that repairs its input proves nothing."""
import base64
import datetime
import decimal
import json
import math
import os
import re
import sys
import uuid

import duckdb

KQL_TO_DUCKDB = {
    "string": "VARCHAR", "long": "BIGINT", "int": "INTEGER", "real": "DOUBLE", "bool": "BOOLEAN", "dynamic": "JSON",
    "datetime": "TIMESTAMP", "timespan": "INTERVAL", "guid": "UUID", "decimal": "DECIMAL(38,9)",
}
REFUSAL = "ORACLE REFUSES: "
# What our templates need of DuckDB and it can't bind: the query may be right all the same.
LIMITS = ("TRY can not be used in combination with a scalar subquery",)

# Base64 as RFC 4648 writes it, padding and all; decoders differ on everything else.
BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")

# DuckDB puts NaN above every number; in both query languages, as in IEEE 754, no order holds.
ORDER_MACROS = tuple(
    f"CREATE OR REPLACE MACRO oracle_{name}(_a, _b) AS CASE WHEN _a IS NULL OR _b IS NULL THEN NULL "
    f"WHEN lower(CAST(_a AS VARCHAR)) IN ('nan', '-nan') AND typeof(_a) = 'DOUBLE' THEN FALSE "
    f"WHEN lower(CAST(_b AS VARCHAR)) IN ('nan', '-nan') AND typeof(_b) = 'DOUBLE' THEN FALSE ELSE _a {sign} _b END"
    for name, sign in (("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">=")))


class Unsupported(Exception):
    """The engine could run this, but its answer would not be evidence."""


class BadRow(Exception):
    """A row of the case does not fit its table."""


def strict_json(text):
    """The value of a JSON text; ValueError for what RFC 8259 does not allow (DuckDB takes NaN and trailing commas)."""
    def no(constant):
        raise ValueError(constant)
    try:
        return json.loads(text, parse_constant=no)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def compact_json(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def failure_sql(reason):
    """A DuckDB expression of any type that stops the query where it is reached. DuckDB's own error() counts as a side
    effect, which HAVING does not allow in an alias."""
    return "oracle_fail('" + reason.replace("'", "''") + "')"


def refusal_sql(reason):
    """The same, read as `unsupported`."""
    return failure_sql(REFUSAL + reason)


def _fail(reason):
    raise ValueError(reason)


def open_connection():
    # One thread keeps the order of rows; nothing outside the process is read, whatever a query says.
    con = duckdb.connect(config={"threads": 1, "memory_limit": "1GB", "enable_external_access": "false",
                                 "autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    con.execute("SET TimeZone = 'UTC'")
    con.create_function("oracle_fail", _fail, ["VARCHAR"], "NULL", null_handling="special")
    return con


def name_sql(name):
    return '"' + name.replace('"', '""') + '"'


# ---- in ------------------------------------------------------------------------------------------------------------

_INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?")


def instant(text):
    """An RFC 3339 time as DuckDB reads it, in UTC, cut (not rounded) to microseconds; without a zone it is UTC."""
    found = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise BadRow(f"{text!r} is no RFC 3339 time")
    fraction = (found[7] or "").ljust(6, "0")[:6]
    moment = datetime.datetime(*(int(found[i]) for i in range(1, 7)), int(fraction))
    if found[8] not in (None, "Z"):
        sign = 1 if found[8][0] == "+" else -1
        moment -= sign * datetime.timedelta(hours=int(found[8][1:3]), minutes=int(found[8][4:6]))
    return moment.isoformat(" ", "microseconds")


def _text(value):
    if not isinstance(value, str):
        raise BadRow(f"{value!r} is no text")
    return value


def _whole(bits):
    def read(value):
        if isinstance(value, bool) or not isinstance(value, int) or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise BadRow(f"{value!r} is no {bits}-bit integer")
        return value
    return read


def _real(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRow(f"{value!r} is no number")
    return float(value)


def _truth(value):
    if not isinstance(value, bool):
        raise BadRow(f"{value!r} is no bool")
    return value


def _seconds(value):
    return round(_real(value) * 1_000_000)


READERS = {
    "VARCHAR": _text, "BIGINT": _whole(64), "INTEGER": _whole(32), "DOUBLE": _real, "BOOLEAN": _truth, "JSON": lambda v: v,
    "TIMESTAMP": instant, "TIMESTAMPTZ": lambda v: instant(v) + "+00", "INTERVAL": _seconds, "UUID": _text,
    "DECIMAL(38,9)": lambda v: str(v), "DECIMAL(38,0)": lambda v: str(v),
}


def shaped(value, shape, where):
    """`value` with every declared field present, in the form that from_json reads."""
    if value is None:
        return None
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise BadRow(f"{where}: {value!r} is no record")
        strange = sorted(set(value) - set(shape))
        if strange:
            raise BadRow(f"{where} has no field {', '.join(strange)}")
        return {name: shaped(value.get(name), inner, f"{where}.{name}") for name, inner in shape.items()}
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise BadRow(f"{where}: {value!r} is no list")
        return [shaped(element, shape[0], f"{where}[{i}]") for i, element in enumerate(value)]
    try:
        return READERS[shape](value)
    except BadRow as problem:
        raise BadRow(f"{where}: {problem}") from None


def ddl(shape):
    if isinstance(shape, dict):
        return "STRUCT(" + ", ".join(f"{name_sql(n)} {ddl(s)}" for n, s in shape.items()) + ")"
    return ddl(shape[0]) + "[]" if isinstance(shape, list) else shape


def create_table(con, table, shape, rows):
    """A table of the shape {column: type | {field: …} | [element]} with these rows."""
    con.execute(f"CREATE TABLE {name_sql(table)} ({', '.join(f'{name_sql(c)} {ddl(s)}' for c, s in shape.items())})")
    if not rows:
        return
    ready = [shaped(row, shape, f"{table}[{i}]") for i, row in enumerate(rows)]
    # An interval has no JSON form, so it travels as microseconds.
    travelling = {c: "BIGINT" if s == "INTERVAL" else s for c, s in shape.items()}
    columns = ", ".join(
        f"to_microseconds(r.{name_sql(c)})" if s == "INTERVAL" else f"r.{name_sql(c)}" for c, s in shape.items())
    spec = json.dumps([travelling]).replace("'", "''")
    con.execute(
        f"INSERT INTO {name_sql(table)} SELECT {columns} FROM (SELECT unnest(from_json_strict($1, '{spec}')) AS r)",
        [json.dumps(ready)])


# ---- out -----------------------------------------------------------------------------------------------------------

def _number(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def encoded(value, kind):
    """A fetched value as JSON: times RFC 3339 UTC with microseconds, spans in seconds, JSON as values, no NaN."""
    if value is None:
        return None
    if str(kind) == "JSON":
        return json.loads(value)
    if kind.id in ("list", "array"):
        inner = dict(kind.children)["child"]
        return [encoded(element, inner) for element in value]
    if kind.id == "struct":
        return {name: encoded(value[name], inner) for name, inner in kind.children}
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
        return value.isoformat("T", "microseconds") + "Z"
    if isinstance(value, datetime.timedelta):
        return value / datetime.timedelta(seconds=1)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, decimal.Decimal):
        plain = format(value, "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (datetime.date, uuid.UUID)):
        return str(value)
    return value


def fetch(con, sql, parameters=None, empty_text=False):
    """The result as ([column, …], [{column: value}, …]). `empty_text`: a null of a text column reads as ""."""
    cursor = con.execute(sql, parameters) if parameters else con.execute(sql)
    names = [d[0] for d in cursor.description]
    kinds = [d[1] for d in cursor.description]
    if len(set(names)) != len(names):
        raise Unsupported(f"two result columns have one name: {names}")
    rows = []
    for values in cursor.fetchall():
        row = {}
        for name, kind, value in zip(names, kinds, values):
            row[name] = "" if value is None and empty_text and str(kind) == "VARCHAR" else encoded(value, kind)
        rows.append(row)
    return names, rows


# ---- the loop ------------------------------------------------------------------------------------------------------

def failure(problem):
    """An exception as the two keys of an answer: refused by the oracle, or wrong."""
    text = str(problem).strip()
    if isinstance(problem, Unsupported):
        return {"unsupported": text}
    if REFUSAL in text:
        return {"unsupported": text.split(REFUSAL, 1)[1].split("\n")[0]}
    for limit in LIMITS:
        if limit in text:
            return {"unsupported": f"DuckDB: {limit}"}
    return {"error": f"{type(problem).__name__}: {text}"}


def serve(con, run):
    """JSON lines in, JSON lines out. Every case runs in a transaction of its own that is always rolled back."""
    for line in sys.stdin:
        if not line.strip():
            continue
        given = {}
        try:
            given = json.loads(line)
            con.execute("BEGIN")
            try:
                answer = run(con, given)
            finally:
                con.execute("ROLLBACK")
        except Exception as problem:  # one bad case must not end the others
            answer = failure(problem)
        case = given.get("id") if isinstance(given, dict) else None
        sys.stdout.write(json.dumps({"id": case, **answer}, ensure_ascii=False, allow_nan=False) + "\n")
        sys.stdout.flush()


def leave(status=0):
    """Ends the process at once: DuckDB's Python binding otherwise reports its own reference leaks on stderr."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
