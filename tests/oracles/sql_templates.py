"""What: every place where this harness, not sqlglot or DuckDB, decides what GoogleSQL means, and what it will not run.
Takes: a sqlglot tree of GoogleSQL, and a DuckDB connection. Gives: the tree with the tables below applied, and macros.
  TEMPLATES    functions that sqlglot/DuckDB lack. An answer that used one names it: it is not independent evidence.
  CORRECTED    constructs that they run, but not as GoogleSQL does. Named too, apart.
  VERIFIED     constructs that selftest.py compared with hand-written answers. Everything else is refused.
  checks       names and types that DuckDB is laxer about than BigQuery: an alias in WHERE, INT64 = STRING, …
Sources: Google's GoogleSQL function pages, and reference/languages.md 3.6 and 5."""
import base64
import re

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

import addresses
from rows import BASE64, ORDER_MACROS, Unsupported, compact_json, failure_sql, refusal_sql, strict_json

used = set()
corrected = set()
assumed = set()


def begin():
    for state in (used, corrected, assumed):
        state.clear()


class BadQuery(Exception):
    """BigQuery would refuse this query, though DuckDB might run it."""


# ---- functions of the connection ---------------------------------------------------------------------------------------

def _address(text, safe):
    if text is None:
        return None
    found = addresses.packed(text)
    if found is None:
        if re.fullmatch(r"[0-9][0-9a-fA-FxX]*(\.[0-9a-fA-FxX]+){0,3}", text):
            assumed.add("an IPv4 address with leading zeros or fewer than four parts is read as no address")
        if not safe:
            raise ValueError(f"BigQuery: NET.IP_FROM_STRING got {text!r}")
    return found


def _ip_trunc(address, prefix):
    if address is None or prefix is None:
        return None
    bits = len(address) * 8
    if bits not in (32, 128) or not 0 <= prefix <= bits:
        raise ValueError(f"BigQuery: NET.IP_TRUNC of {len(address)} bytes to {prefix} bits")
    return (int.from_bytes(address, "big") >> (bits - prefix) << (bits - prefix)).to_bytes(len(address), "big")


def _ip_text(address):
    import ipaddress
    return None if address is None else str(ipaddress.ip_address(bytes(address)))


def _unbase64(text, safe):
    if text is None:
        return None
    if BASE64.fullmatch(text):
        return base64.b64decode(text)
    assumed.add("base64 with bad characters or without its padding does not decode")
    if not safe:
        raise ValueError("BigQuery: FROM_BASE64 of a text that is no base64")
    return None


def _shown(data):
    if data is None:
        return None
    text = bytes(data).decode("utf-8", "replace")
    if "\ufffd" in text:
        assumed.add("bytes that are no UTF-8 become one U+FFFD for each bad sequence")
    return text


def _json(text, safe):
    if text is None:
        return None
    try:
        return compact_json(strict_json(text))
    except ValueError:
        if safe:
            return None
        raise ValueError("BigQuery: PARSE_JSON of a text that is no JSON") from None


FUNCTIONS = (
    ("bq_ip", _address, ["VARCHAR", "BOOLEAN"], "BLOB"),
    ("bq_ip_trunc", _ip_trunc, ["BLOB", "BIGINT"], "BLOB"),
    ("bq_ip_text", _ip_text, ["BLOB"], "VARCHAR"),
    ("bq_unbase64", _unbase64, ["VARCHAR", "BOOLEAN"], "BLOB"),
    ("bq_shown", _shown, ["BLOB"], "VARCHAR"),
    ("bq_parse_json", _json, ["VARCHAR", "BOOLEAN"], "VARCHAR"),
)

_TEXT = "CAST(_x AS VARCHAR)"
_IS_REAL = "(typeof(_x) IN ('DOUBLE', 'FLOAT') OR typeof(_x) LIKE 'DECIMAL%')"
_PADDED = refusal_sql("SAFE_CAST of a text with blanks around it: not documented")
_FLOOR = "((_x - ((_x % {0}) + {0}) % {0}) // {0})"


def _once(name, body):
    """A macro whose argument is bound once. A macro repeats the text of its argument wherever it names it: casts within casts would grow
    into millions of nodes."""
    return f"CREATE OR REPLACE MACRO {name}(_v) AS list_transform([_v], lambda _x: {body})[1]"


def _strict(kind, safe):
    return _once(f"bq_{kind}", f"CASE WHEN _x IS NOT NULL AND {safe}(_x) IS NULL "
                               f"THEN {failure_sql(f'BigQuery: bad {kind} value')} ELSE {safe}(_x) END")


MACROS = (
    # Floors: DuckDB's epoch() is a double that the cast rounds, so half of all fractional times land in the next second.
    f"CREATE OR REPLACE MACRO bq_floor_second(_x) AS {_FLOOR.format(1000000)}",
    f"CREATE OR REPLACE MACRO bq_floor_milli(_x) AS {_FLOOR.format(1000)}",
    "CREATE OR REPLACE MACRO bq_unix_seconds(_t) AS bq_floor_second(epoch_us(_t))",
    "CREATE OR REPLACE MACRO bq_unix_millis(_t) AS bq_floor_milli(epoch_us(_t))",
    "CREATE OR REPLACE MACRO bq_timestamp_from(_n, _us) AS CAST(make_timestamp(CAST(_n AS BIGINT) * CAST(_us AS BIGINT)) AS TIMESTAMPTZ)",
    "CREATE OR REPLACE MACRO bq_timestamp_diff(_a, _b, _us) AS (epoch_us(_a) - epoch_us(_b)) // _us",
    # An operator of DuckDB inside an expression loses its parentheses in sqlglot's output, a macro can't.
    "CREATE OR REPLACE MACRO bq_div(_a, _b) AS (_a // _b)",
    "CREATE OR REPLACE MACRO bq_mod(_a, _b) AS (_a % _b)",
    f"CREATE OR REPLACE MACRO bq_divide(_a, _b) AS CASE WHEN _b = 0 THEN {failure_sql('BigQuery: division by zero')} ELSE _a / _b END",
    "CREATE OR REPLACE MACRO bq_safe_divide(_a, _b) AS CASE WHEN _b = 0 THEN NULL ELSE _a / _b END",
    "CREATE OR REPLACE MACRO bq_safe_add(_a, _b) AS TRY(_a + _b)",
    "CREATE OR REPLACE MACRO bq_safe_subtract(_a, _b) AS TRY(_a - _b)",
    "CREATE OR REPLACE MACRO bq_safe_multiply(_a, _b) AS TRY(_a * _b)",
    "CREATE OR REPLACE MACRO bq_safe_negate(_a) AS TRY(-_a)",
    "CREATE OR REPLACE MACRO bq_substr(_x, _p) AS substring(_x, CASE WHEN _p > 0 THEN _p WHEN _p = 0 OR -_p > length(_x) THEN 1 "
    "ELSE length(_x) + _p + 1 END), "
    f"(_x, _p, _l) AS CASE WHEN _l < 0 THEN {failure_sql('BigQuery: SUBSTR with a negative length')} ELSE substring(_x, "
    "CASE WHEN _p > 0 THEN _p WHEN _p = 0 OR -_p > length(_x) THEN 1 ELSE length(_x) + _p + 1 END, _l) END",
    "CREATE OR REPLACE MACRO bq_byte_length(_x) AS CASE WHEN typeof(_x) = 'BLOB' THEN octet_length(CAST(CAST(_x AS VARCHAR) AS BLOB)) "
    "ELSE strlen(CAST(_x AS VARCHAR)) END",
    "CREATE OR REPLACE MACRO bq_array_concat(_l) AS CASE WHEN len(list_filter(_l, lambda _e: _e IS NULL)) = 0 THEN flatten(_l) END",
    # Casts, by what the operand is at run time.
    _once("bq_safe_int64", "CASE "
    f"WHEN typeof(_x) = 'VARCHAR' THEN CASE WHEN regexp_full_match({_TEXT}, '[+-]?[0-9]+') THEN TRY_CAST({_TEXT} AS BIGINT) "
    f"WHEN regexp_full_match({_TEXT}, '[+-]?0[xX][0-9a-fA-F]+') THEN {refusal_sql('SAFE_CAST of a hexadecimal text')} "
    f"WHEN regexp_full_match({_TEXT}, '\\s*[+-]?[0-9]+\\s*') THEN {_PADDED} END "
    f"WHEN typeof(_x) = 'BOOLEAN' THEN CASE {_TEXT} WHEN 'true' THEN 1 ELSE 0 END "
    f"WHEN typeof(_x) LIKE 'DECIMAL%' THEN TRY_CAST(round(TRY_CAST({_TEXT} AS DECIMAL(38,9))) AS BIGINT) "
    f"WHEN {_IS_REAL} THEN TRY_CAST(round(TRY_CAST({_TEXT} AS DOUBLE)) AS BIGINT) "
    f"WHEN typeof(_x) LIKE '%INT%' THEN TRY_CAST({_TEXT} AS BIGINT) "
    f"WHEN _x IS NULL THEN NULL ELSE {refusal_sql('this CAST to INT64')} END"),
    _once("bq_safe_float64", "CASE WHEN typeof(_x) = 'VARCHAR' THEN CASE "
    f"WHEN regexp_full_match({_TEXT}, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') THEN TRY_CAST({_TEXT} AS DOUBLE) "
    f"WHEN regexp_full_match({_TEXT}, '(?i)[+-]?(nan|inf|infinity)') THEN TRY_CAST(lower({_TEXT}) AS DOUBLE) "
    f"WHEN TRY_CAST({_TEXT} AS DOUBLE) IS NOT NULL THEN {refusal_sql('SAFE_CAST of this text to FLOAT64: not documented')} END "
    f"WHEN typeof(_x) LIKE '%INT%' OR {_IS_REAL} THEN TRY_CAST({_TEXT} AS DOUBLE) "
    f"WHEN _x IS NULL THEN NULL ELSE {refusal_sql('this CAST to FLOAT64')} END"),
    _once("bq_safe_numeric", "CASE WHEN typeof(_x) = 'VARCHAR' THEN CASE "
    f"WHEN regexp_full_match({_TEXT}, '[+-]?([0-9]+[.]?[0-9]{{0,9}}|[.][0-9]{{1,9}})') THEN TRY_CAST({_TEXT} AS DECIMAL(38,9)) "
    f"WHEN TRY_CAST({_TEXT} AS DOUBLE) IS NOT NULL THEN {refusal_sql('SAFE_CAST of this text to NUMERIC')} END "
    f"WHEN typeof(_x) LIKE '%INT%' OR typeof(_x) LIKE 'DECIMAL%' THEN TRY_CAST({_TEXT} AS DECIMAL(38,9)) "
    f"WHEN _x IS NULL THEN NULL ELSE {refusal_sql('this CAST to NUMERIC')} END"),
    _once("bq_safe_bool", "CASE "
    f"WHEN typeof(_x) = 'VARCHAR' THEN CASE lower({_TEXT}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END "
    f"WHEN typeof(_x) = 'BOOLEAN' THEN TRY_CAST({_TEXT} AS BOOLEAN) "
    f"WHEN typeof(_x) LIKE '%INT%' THEN TRY_CAST({_TEXT} AS BIGINT) <> 0 "
    f"WHEN _x IS NULL THEN NULL ELSE {refusal_sql('this CAST to BOOL')} END"),
    # BYTES that are no UTF-8 have no STRING. A BLOB goes through its text form and back unchanged.
    _once("bq_safe_string", "CASE "
    f"WHEN typeof(_x) = 'BLOB' THEN TRY(decode(CAST({_TEXT} AS BLOB))) "
    # A whole NUMERIC is its digits; one with places has a form of its own.
    f"WHEN typeof(_x) IN ('VARCHAR', 'BOOLEAN') OR typeof(_x) LIKE '%INT%' OR typeof(_x) LIKE 'DECIMAL(%,0)' THEN {_TEXT} "
    f"WHEN _x IS NULL THEN NULL ELSE {refusal_sql('this CAST to STRING: its form is not documented in full')} END"),
    _once("bq_safe_timestamp", "CASE "
    f"WHEN typeof(_x) LIKE 'TIMESTAMP%' THEN TRY_CAST({_TEXT} AS TIMESTAMPTZ) "
    f"WHEN regexp_full_match({_TEXT}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}([.][0-9]{{1,6}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})') "
    f"THEN TRY_CAST({_TEXT} AS TIMESTAMPTZ) WHEN _x IS NULL THEN NULL "
    f"WHEN regexp_matches({_TEXT}, '^\\s*[0-9]{{4}}-') THEN {refusal_sql('this text as a TIMESTAMP: not compared')} END"),
    _strict("int64", "bq_safe_int64"), _strict("float64", "bq_safe_float64"), _strict("numeric", "bq_safe_numeric"),
    _strict("bool", "bq_safe_bool"), _strict("string", "bq_safe_string"), _strict("timestamp", "bq_safe_timestamp"),
    # JSON
    "CREATE OR REPLACE MACRO bq_json_value(_j, _p) AS CASE WHEN json_type(json_extract(_j, _p)) IN ('ARRAY', 'OBJECT') THEN NULL "
    "ELSE json_extract(_j, _p) ->> '$' END",
    "CREATE OR REPLACE MACRO bq_json_query(_j, _p) AS json_extract(_j, _p)",
    "CREATE OR REPLACE MACRO bq_json_elements(_j, _p) AS CASE WHEN json_type(json_extract(_j, _p)) = 'ARRAY' "
    "THEN CAST(json_extract(_j, _p) AS JSON[]) END",
    "CREATE OR REPLACE MACRO bq_json_values(_j, _p) AS list_transform([bq_json_elements(_j, _p)], lambda _l: CASE WHEN "
    "len(list_filter(_l, lambda _e: json_type(_e) IN ('ARRAY', 'OBJECT'))) = 0 THEN list_transform(_l, lambda _e: _e ->> '$') END)[1]",
    "CREATE OR REPLACE MACRO bq_json_type(_j) AS CASE json_type(_j) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' "
    "WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN 'BIGINT' THEN 'number' "
    "WHEN 'UBIGINT' THEN 'number' WHEN 'DOUBLE' THEN 'number' END",
    "CREATE OR REPLACE MACRO bq_no_nulls(_l) AS CASE WHEN len(list_filter(_l, lambda _e: _e IS NULL)) > 0 "
    f"THEN {failure_sql('BigQuery: an array with a NULL element is no result')} ELSE _l END",
    f"CREATE OR REPLACE MACRO bq_sqrt(_x) AS CASE WHEN _x < 0 THEN {failure_sql('BigQuery: SQRT of a negative number')} ELSE sqrt(_x) END",
    # An INT64 sum overflows in BigQuery; DuckDB's is 128 bits wide.
    _once("bq_sum", "CASE WHEN typeof(_x) = 'HUGEINT' AND _x NOT BETWEEN -9223372036854775808 "
          f"AND 9223372036854775807 THEN {failure_sql('BigQuery: int64 overflow in SUM')} ELSE _x END"),
    *ORDER_MACROS,
)


def connect(con):
    for name, body, takes, gives in FUNCTIONS:
        con.create_function(name, body, takes, gives, null_handling="special")
    for macro in MACROS:
        con.execute(macro)


# ---- rewriting --------------------------------------------------------------------------------------------------------

def call(name, *arguments):
    return exp.Anonymous(this=name, expressions=[a if isinstance(a, exp.Expression) else exp.convert(a) for a in arguments])


def _unit(node):
    unit = node.args.get("unit")
    return unit.name.upper() if isinstance(unit, exp.Var) else str(unit)


MICROSECONDS = {"MICROSECOND": 1, "MILLISECOND": 1000, "SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6,
                "DAY": 86400 * 10**6}


def timestamp_diff(node):
    if _unit(node) not in MICROSECONDS:
        raise Unsupported(f"TIMESTAMP_DIFF by {_unit(node)}")
    return call("bq_timestamp_diff", node.this, node.expression, MICROSECONDS[_unit(node)])


def unix_to_time(node):
    scale = node.args.get("scale")
    factor = {None: 10**6, "3": 1000, "6": 1}.get(scale.name if scale is not None else None)
    if factor is None:
        raise Unsupported("TIMESTAMP from this unit")
    # The product is checked: an overflow must be an error, as it is in BigQuery.
    return call("bq_timestamp_from", node.this, factor)


def extract(node):
    unit, source = node.this.name.upper(), node.expression
    if isinstance(source, exp.AtTimeZone):
        if source.args["zone"].name != "UTC":
            raise Unsupported("EXTRACT in a time zone other than UTC")
        source = source.this
    if unit not in ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "DAYOFYEAR", "DAYOFWEEK"):
        raise Unsupported(f"EXTRACT({unit} …)")
    plain = exp.Extract(this=exp.var(unit), expression=source)
    if unit != "DAYOFWEEK":
        return plain
    corrected.add("EXTRACT(DAYOFWEEK)")
    return exp.Paren(this=exp.Add(this=plain, expression=exp.convert(1)))      # Sunday is 1 in BigQuery, 0 in DuckDB


def timestamp_trunc(node):
    if not isinstance(node.args.get("unit"), exp.Var) or _unit(node) not in ("SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "YEAR"):
        raise Unsupported(f"TIMESTAMP_TRUNC to {_unit(node)}")
    if node.args.get("zone") is not None:
        raise Unsupported("TIMESTAMP_TRUNC in a time zone")
    return node


def shift(node):
    if _unit(node) not in MICROSECONDS:
        raise Unsupported(f"TIMESTAMP_ADD or TIMESTAMP_SUB by {_unit(node)}")
    return node


def substring(node):
    return call("bq_substr", *(node.args[k] for k in ("this", "start", "length") if node.args.get(k) is not None))


def byte_length(node):
    return call("bq_byte_length", node.this)


def count_if(node):
    # Of nothing but NULL it is NULL in DuckDB and 0 in BigQuery.
    return exp.CountIf(this=exp.Coalesce(this=node.this, expressions=[exp.false()]))


def array_concat(node):
    # list_concat takes NULL for an empty list, BigQuery gives NULL.
    return call("bq_array_concat", exp.Array(expressions=[node.this, *node.expressions]))


def json_object(node):
    # A missing value becomes a JSON null in both.
    pairs = [side for pair in node.expressions for side in (pair.this, pair.expression)]
    if any(not isinstance(pair.this, exp.Literal) for pair in node.expressions) or not pairs:
        raise Unsupported("JSON_OBJECT but of keys and values")
    return call("json_object", *pairs)


CASTS = {"BIGINT": "int64", "INT": "int64", "DOUBLE": "float64", "DECIMAL": "numeric", "BOOLEAN": "bool", "TEXT": "string",
         "TIMESTAMPTZ": "timestamp"}


def cast(node):
    kind = node.to.this.name if hasattr(node.to.this, "name") else str(node.to.this)
    safe = isinstance(node, exp.TryCast)
    literal = isinstance(node.this, exp.Literal) and node.this.is_string
    if kind in ("ARRAY", "STRUCT", "DATE", "INTERVAL") and not safe:
        return node                     # typed literals and constructors; DATE of a TIMESTAMP in UTC
    if kind == "TIMESTAMPTZ" and literal and not safe:
        return node
    if kind == "BINARY" or kind == "VARBINARY":
        return call("encode", node.this)
    if kind not in CASTS:
        raise Unsupported(f"CAST to {kind}")
    corrected.add(f"{'SAFE_CAST' if safe else 'CAST'} to {CASTS[kind].upper()}")
    return call(f"bq_{'safe_' if safe else ''}{CASTS[kind]}", node.this)


_PLAIN_NUMBERS = (exp.Limit, exp.Offset, exp.Interval, exp.DataTypeParam, exp.Bracket, exp.WindowSpec, exp.Ordered, exp.Group,
                  exp.ApproxQuantiles, exp.UnixToTime, exp.SHA2Digest, exp.RegexpExtract, exp.RegexpExtractAll,
                  exp.JSONPathSubscript, exp.PercentileDisc)


def literal(node):
    """0.1 is a FLOAT64 and 3000000000 * 4 an INT64; DuckDB would take a DECIMAL and a 32-bit integer."""
    if node.is_string or isinstance(node.parent, _PLAIN_NUMBERS) or node.arg_key == "decimals":
        return node
    return exp.Cast(this=node.copy(), to=exp.DataType.build("DOUBLE" if re.search(r"[.eE]", node.name) else "BIGINT"))


def like(node):
    if isinstance(node.parent, exp.Escape):
        return node
    corrected.add("LIKE")
    return exp.Escape(this=node.copy(), expression=exp.Literal.string("\\"))


def ordering(macro):
    return lambda node: call(f"oracle_{macro}", node.this, node.expression)


def between(node):
    low = call("oracle_ge", node.this.copy(), node.args["low"])
    high = call("oracle_le", node.this.copy(), node.args["high"])
    return exp.Paren(this=exp.And(this=low, expression=high))


def quantiles(node):
    count = node.expression
    if not isinstance(count, exp.Literal) or count.is_string or not 1 <= int(count.name) <= 1000:
        raise Unsupported("APPROX_QUANTILES without a literal number")
    if not isinstance(node.this, (exp.Column, exp.Anonymous, exp.Dot, exp.Paren, exp.Func)):
        raise Unsupported("APPROX_QUANTILES with DISTINCT or RESPECT NULLS")
    n = int(count.name)
    # Nearest rank: agrees with every example on Google's page; BigQuery itself promises an approximation only.
    points = exp.Array(expressions=[exp.Cast(this=exp.Literal.number(repr(i / n)), to=exp.DataType.build("DOUBLE")) for i in range(n + 1)])
    return call("quantile_disc", node.this, points)


def array_agg(node):
    ignoring = isinstance(node, exp.IgnoreNulls)
    aggregate = node.this if ignoring else node
    if not isinstance(aggregate, exp.ArrayAgg):
        if ignoring and isinstance(aggregate, (exp.FirstValue, exp.LastValue, exp.Lag, exp.Lead)):
            raise Unsupported("IGNORE NULLS in a window function")
        return node
    if isinstance(node.parent, (exp.IgnoreNulls, exp.RespectNulls)):
        return node                     # its wrapper is rewritten next
    value, count = aggregate.this, None
    if isinstance(value, exp.Limit):
        count, value = value.expression, value.this
    inner = value.this if isinstance(value, exp.Order) else value
    element = inner.expressions[0] if isinstance(inner, exp.Distinct) else inner
    listed = exp.ArrayAgg(this=value.copy())
    corrected.add("ARRAY_AGG")
    if not ignoring:
        return call("bq_no_nulls", listed) if count is None else call("bq_no_nulls", call("list_slice", listed, 1, count.copy()))
    kept = exp.Filter(this=listed, expression=exp.Where(this=exp.Not(this=exp.Is(this=element.copy(), expression=exp.Null()))))
    return kept if count is None else call("list_slice", kept, 1, count.copy())


def total(node):
    if isinstance(node.parent, exp.Window) and node.arg_key == "this":
        return node                     # the window as a whole is checked
    return call("bq_sum", node.copy())


def window(node):
    return call("bq_sum", node.copy()) if isinstance(node.this, exp.Sum) else node


def group_concat(node):
    if any(isinstance(n, (exp.Limit, exp.Distinct)) for n in node.find_all(exp.Limit, exp.Distinct)):
        raise Unsupported("STRING_AGG with DISTINCT or LIMIT")
    return node


def time_to_str(node):
    if re.sub(r"%[YmdHMSf%]", "", node.args["format"].name).find("%") >= 0:
        raise Unsupported(f"FORMAT_TIMESTAMP with {node.args['format'].name!r}")
    return node


# JSON: names and subscripts after a column become one path, so that DuckDB's 1-based list subscripts never meet them.

def _step(text):
    if '"' in text or "\\" in text:
        raise Unsupported(f"a JSON key with a quote or a backslash: {text!r}")
    return f'."{text}"'


def json_base(node):
    """(the column, the path below it) of `col.a[0]["b"]`; a bare column has the path `$`."""
    path = ""
    while isinstance(node, (exp.Dot, exp.Bracket)):
        if isinstance(node, exp.Dot):
            path, node = _step(node.expression.name) + path, node.this
            continue
        (key,) = node.expressions
        if not isinstance(key, exp.Literal) or node.args.get("offset") is not None:
            break
        path = (_step(key.name) if key.is_string else f"[{key.name}]") + path
        node = node.this
    return node, "$" + path


def json_path(node):
    path = "$"
    for part in node.expressions if isinstance(node, exp.JSONPath) else ():
        if isinstance(part, exp.JSONPathKey) and isinstance(part.this, str):
            path += _step(part.this)
        elif isinstance(part, exp.JSONPathSubscript) and isinstance(part.this, int) and part.this >= 0:
            path += f"[{part.this}]"
        elif not isinstance(part, exp.JSONPathRoot):
            raise Unsupported(f"this JSONPath: {part!r}")
    if not isinstance(node, exp.JSONPath):
        raise Unsupported("a JSONPath that is no literal")
    return path


def json_call(macro):
    def rewrite(node):
        base, prefix = json_base(node.this)
        given = node.args.get("expression")
        return call(macro, base, prefix + (json_path(given)[1:] if given is not None else ""))
    return rewrite


def json_type(node):
    base, path = json_base(node.this)
    return call("bq_json_type", base if path == "$" else call("bq_json_query", base, path))


def net(node):
    function = node.this
    name = function.name.upper() if isinstance(function, exp.Anonymous) else type(function).__name__.upper()
    used.add(f"NET.{name}")
    arguments = function.expressions if isinstance(function, exp.Anonymous) else []
    if name == "IP_FROM_STRING":
        return call("bq_ip", *arguments, exp.false())
    if name == "SAFE_IP_FROM_STRING":
        return call("bq_ip", *arguments, exp.true())
    if name == "IP_TRUNC":
        return call("bq_ip_trunc", *arguments)
    if name == "IP_TO_STRING":
        return call("bq_ip_text", *arguments)
    raise Unsupported(f"NET.{name}")


def safe(node):
    inner = node.this
    if isinstance(inner, exp.Anonymous) and inner.name in ("bq_unbase64", "bq_cast_json"):
        used.add("SAFE.FROM_BASE64" if inner.name == "bq_unbase64" else "SAFE.PARSE_JSON")
        inner.expressions[-1].replace(exp.true())
        return parse_json_call(inner) if inner.name == "bq_cast_json" else inner
    raise Unsupported("the SAFE. prefix before this function")


def parse_json(node):
    mode = node.args.get("expression")
    if mode is not None and not (isinstance(mode, exp.Kwarg) and mode.name == "wide_number_mode" and mode.expression.name == "round"):
        raise Unsupported("this mode of PARSE_JSON")
    made = call("bq_cast_json", node.this, exp.false())
    return made if isinstance(node.parent, exp.SafeFunc) else parse_json_call(made)


def parse_json_call(made):
    return exp.Cast(this=call("bq_parse_json", *(e.copy() for e in made.expressions)), to=exp.DataType.build("JSON"))


def two(macro):
    return lambda node: call(macro, node.this, node.expression)


def one(macro):
    return lambda node: call(macro, node.this)


# ======================================================================================================================
# TEMPLATES, CORRECTED, VERIFIED
# ======================================================================================================================

TEMPLATES = {       # class -> (rewriting, name reported)
    exp.SafeAdd: (two("bq_safe_add"), "SAFE_ADD"),
    exp.SafeSubtract: (two("bq_safe_subtract"), "SAFE_SUBTRACT"),
    exp.SafeMultiply: (two("bq_safe_multiply"), "SAFE_MULTIPLY"),
    exp.SafeNegate: (one("bq_safe_negate"), "SAFE_NEGATE"),
    exp.SafeConvertBytesToString: (one("bq_shown"), "SAFE_CONVERT_BYTES_TO_STRING"),
    exp.ApproxQuantiles: (quantiles, "APPROX_QUANTILES (nearest rank)"),
    exp.NetFunc: (net, None),
    exp.SafeFunc: (safe, None),
}

CORRECTED = {
    exp.CountIf: (count_if, "COUNTIF"),
    exp.UnixSeconds: (one("bq_unix_seconds"), "UNIX_SECONDS"),
    exp.UnixMillis: (one("bq_unix_millis"), "UNIX_MILLIS"),
    exp.UnixToTime: (unix_to_time, None),
    exp.TimestampDiff: (timestamp_diff, "TIMESTAMP_DIFF"),
    exp.Extract: (extract, None),
    exp.Substring: (substring, "SUBSTR"),
    exp.ByteLength: (byte_length, "BYTE_LENGTH"),
    exp.IntDiv: (two("bq_div"), None),
    exp.Mod: (two("bq_mod"), None),
    exp.Div: (two("bq_divide"), None),
    exp.SafeDivide: (two("bq_safe_divide"), None),
    exp.Cast: (cast, None),
    exp.TryCast: (cast, None),
    exp.Literal: (literal, None),
    exp.Like: (like, None),
    exp.ArrayAgg: (array_agg, None),
    exp.IgnoreNulls: (array_agg, None),
    exp.FromBase64: (lambda node: call("bq_unbase64", node.this, exp.false()), "FROM_BASE64"),
    exp.ParseJSON: (parse_json, "PARSE_JSON"),
    exp.ArrayConcat: (array_concat, "ARRAY_CONCAT"),
    exp.JSONExtractScalar: (json_call("bq_json_value"), None),
    exp.JSONExtract: (json_call("bq_json_query"), None),
    exp.JSONValueArray: (json_call("bq_json_values"), None),
    exp.JSONExtractArray: (json_call("bq_json_elements"), None),
    exp.JSONType: (json_type, "JSON_TYPE"),
    exp.JSONObject: (json_object, None),
    exp.TimestampTrunc: (timestamp_trunc, None),
    exp.TimestampAdd: (shift, None),
    exp.TimestampSub: (shift, None),
    exp.GroupConcat: (group_concat, None),
    exp.Sum: (total, None),
    exp.Sqrt: (one("bq_sqrt"), None),
    exp.Window: (window, None),
    exp.TimeToStr: (time_to_str, None),
}

# Only where a FLOAT64 is made from a text, or by a function that can give one: elsewhere there is no NaN.
NAN_AWARE = {exp.LT: ordering("lt"), exp.LTE: ordering("le"), exp.GT: ordering("gt"), exp.GTE: ordering("ge"), exp.Between: between}

VERIFIED = {
    # statements and clauses
    exp.Select, exp.From, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit, exp.Offset,
    exp.Distinct, exp.With, exp.CTE, exp.Subquery, exp.Union, exp.Join, exp.Table, exp.TableAlias, exp.Alias,
    exp.Unnest, exp.Star, exp.WindowSpec, exp.Identifier, exp.Column, exp.Dot, exp.Bracket, exp.Paren,
    exp.Tuple, exp.Var, exp.DataType, exp.PropertyEQ, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey,
    exp.JSONPathSubscript, exp.Interval, exp.TsOrDsToTimestamp, exp.AtTimeZone,
    # values
    exp.JSONKeyValue, exp.Literal, exp.Boolean, exp.Null, exp.ByteString, exp.Array, exp.Struct, exp.RawString,
    # operators
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Is, exp.Exists,
    exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.DPipe, exp.Case, exp.If,
    # functions
    exp.UnixMicros, exp.CurrentTimestamp, exp.Length, exp.Lower, exp.Upper, exp.StrPosition, exp.StartsWith, exp.EndsWith,
    exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace, exp.RegexpExtractAll, exp.Concat, exp.Coalesce, exp.Nullif,
    exp.Greatest, exp.Least, exp.Split, exp.Reverse, exp.Replace, exp.Translate, exp.Unhex, exp.Kwarg, exp.ArraySize, exp.ArrayToString, exp.GenerateSeries,
    exp.GenerateTimestampArray, exp.LowerHex, exp.SHA2Digest, exp.ToBase64, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Trunc,
    exp.IsNan, exp.IsInf, exp.Timestamp,
    # aggregates and windows
    exp.Count, exp.CountIf, exp.Avg, exp.Min, exp.Max, exp.Stddev, exp.StddevSamp, exp.LogicalOr, exp.LogicalAnd,
    exp.AnyValue, exp.PercentileDisc, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Lag, exp.Lead,
}

_MAKES_NAN = (exp.Sqrt, exp.IsNan, exp.IsInf)


def refuse_unverified(tree):
    for node in tree.walk():
        if type(node) in VERIFIED or type(node) in TEMPLATES or type(node) in CORRECTED:
            continue
        if isinstance(node, exp.Anonymous) and isinstance(node.parent, exp.NetFunc):
            continue
        label = node.name if isinstance(node, exp.Anonymous) else node.key
        raise Unsupported(f"{label}: not compared with GoogleSQL")
    for node in tree.find_all(exp.Count):
        if isinstance(node.this, exp.Distinct) and len(node.this.expressions) > 1:
            raise BadQuery("COUNT(DISTINCT a, b) is no GoogleSQL")
    for node in tree.find_all(exp.Join):
        if node.args.get("using"):
            raise Unsupported("JOIN … USING")
    for node in tree.find_all(exp.Unnest):
        offset = node.args.get("offset")
        if isinstance(offset, exp.Expression) or offset is True:
            name = offset.name if isinstance(offset, exp.Expression) else "offset"
            for column in tree.find_all(exp.Column):
                if column.name.lower() == name.lower() and column.find_ancestor(exp.Order) is None:
                    raise Unsupported("WITH OFFSET used for more than an order: it counts from 1 here")
    for node in tree.find_all(exp.AnyValue):
        if not isinstance(node.this, (exp.Column, exp.Literal, exp.Func, exp.Dot, exp.Paren)):
            raise Unsupported("ANY_VALUE with HAVING")


def rewritten(tree):
    """The tree with CORRECTED and TEMPLATES applied, from the leaves up: no rewriting is seen by another."""
    makes_nan = any(tree.find_all(*_MAKES_NAN)) or any(
        str(node.to.this).endswith("DOUBLE") for node in tree.find_all(exp.Cast, exp.TryCast))
    for node in reversed(list(tree.walk(bfs=True))):
        kind = type(node)
        if kind in TEMPLATES:
            rewrite, name = TEMPLATES[kind]
            if name:
                used.add(name)
        elif kind in CORRECTED:
            rewrite, name = CORRECTED[kind]
            if name:
                corrected.add(name)
        elif makes_nan and kind in NAN_AWARE:
            rewrite = NAN_AWARE[kind]
        else:
            continue
        made = rewrite(node)
        if made is not node:
            if node is tree:
                tree = made
            else:
                node.replace(made)
    return tree


# ---- checks -----------------------------------------------------------------------------------------------------------

GOOGLE_TYPES = {"VARCHAR": "STRING", "BIGINT": "INT64", "DOUBLE": "FLOAT64", "BOOLEAN": "BOOL", "TIMESTAMPTZ": "TIMESTAMP",
                "JSON": "JSON", "DECIMAL(38,9)": "NUMERIC", "DECIMAL(38,0)": "NUMERIC"}


def google_type(shape):
    if isinstance(shape, dict):
        return "STRUCT<" + ", ".join(f"{name} {google_type(inner)}" for name, inner in shape.items()) + ">"
    if isinstance(shape, list):
        return f"ARRAY<{google_type(shape[0])}>"
    return GOOGLE_TYPES[shape]


def _clause(column):
    """Where a column stands: the clause of its own SELECT, a window's ORDER BY counting as the window."""
    node = column
    while node.parent is not None and not isinstance(node.parent, exp.Select):
        node = node.parent
        if isinstance(node, exp.Window):
            return "window"
    return node.key if node.parent is not None else "select"


def _owner(column):
    return column.find_ancestor(exp.Select)


def check_names(tree, schema):
    """BigQuery lets GROUP BY, HAVING, QUALIFY and ORDER BY see the SELECT list's aliases, and nothing else."""
    resolved = qualify(tree.copy(), schema=schema, dialect="bigquery", quote_identifiers=False, identify=False,
                       validate_qualify_columns=False, expand_alias_refs=False)
    for column in resolved.find_all(exp.Column):
        if column.table or isinstance(column.this, exp.Star):
            continue
        select = _owner(column)
        aliases = {s.alias.lower() for s in select.expressions if isinstance(s, exp.Alias)} if select is not None else set()
        if _clause(column) not in ("group", "having", "qualify", "order") or column.name.lower() not in aliases:
            raise BadQuery(f"Unrecognized name: {column.name}")
    for select in resolved.find_all(exp.Select):
        group = select.args.get("group")
        named = {s.alias.lower(): s.this for s in select.expressions if isinstance(s, exp.Alias)}
        for key in group.expressions if group is not None else ():
            if isinstance(key, exp.Column) and key.table and key.name.lower() in named and named[key.name.lower()] != key:
                raise Unsupported(f"GROUP BY {key.name}: it is both a column and an alias of something else")
        # Whoever reads one of them, as the step after this one does, has an ambiguous name; a result may have none at all.
        seen = set()
        for name in (s.alias_or_name.lower() for s in select.expressions):
            if name and name in seen:
                raise BadQuery(f"Column name {name} is ambiguous")
            seen.add(name)


FAMILIES = {"TEXT": "STRING", "VARCHAR": "STRING", "BIGINT": "number", "INT": "number", "DOUBLE": "number", "DECIMAL": "number",
            "BOOLEAN": "BOOL", "TIMESTAMPTZ": "TIMESTAMP", "TIMESTAMP": "TIMESTAMP", "JSON": "JSON", "BINARY": "BYTES",
            "VARBINARY": "BYTES", "STRUCT": "STRUCT", "ARRAY": "ARRAY"}


def _family(node):
    kind = node.type
    return FAMILIES.get(kind.this.name) if kind is not None and hasattr(kind.this, "name") else None


def _comparable(one, other):
    a, b = _family(one), _family(other)
    if a is None or b is None or isinstance(one, exp.Null) or isinstance(other, exp.Null):
        return True
    if "JSON" in (a, b) or "STRUCT" in (a, b):
        return False
    if {a, b} == {"STRING", "TIMESTAMP"}:       # a literal is coerced, a column isn't
        return isinstance(one if a == "STRING" else other, exp.Literal)
    return a == b


def check_types(tree, schema):
    """Comparisons, arithmetic and conditions whose types BigQuery refuses and DuckDB converts."""
    try:
        typed = annotate_types(
            qualify(tree.copy(), schema=schema, dialect="bigquery", quote_identifiers=False, identify=False,
                    validate_qualify_columns=False), schema=schema, dialect="bigquery")
    except SqlglotError:
        return                          # a query whose names hold but whose types can't be inferred is still executed
    for node in typed.walk():
        if isinstance(node, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)):
            pairs = [(node.this, node.expression)]
        elif isinstance(node, exp.In):
            pairs = [(node.this, other) for other in node.expressions]
        elif isinstance(node, exp.Between):
            pairs = [(node.this, node.args["low"]), (node.this, node.args["high"])]
        elif isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod)):
            for side in (node.this, node.expression):
                if _family(side) in ("STRING", "BOOL", "JSON", "STRUCT"):
                    raise BadQuery(f"No matching signature for {node.key} with {_family(side)}: {side.sql('bigquery')}")
            continue
        elif isinstance(node, (exp.And, exp.Or, exp.Not, exp.Where, exp.Having)):
            for side in (node.this, node.args.get("expression")):
                if side is not None and not isinstance(side, exp.Null) and _family(side) not in (None, "BOOL"):
                    raise BadQuery(f"{node.key} needs BOOL, got {_family(side)}: {side.sql('bigquery')}")
            continue
        elif isinstance(node, (exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.If)):
            alike = [node.args.get("true"), node.args.get("false")] if isinstance(node, exp.If) else [
                node.this, node.args.get("expression"), *(node.args.get("expressions") or ())]
            alike = [side for side in alike if side is not None]
            is_condition = isinstance(node, exp.If) and not (isinstance(node.parent, exp.Case) and node.parent.this is not None)
            if is_condition and not isinstance(node.this, exp.Null) and _family(node.this) not in (None, "BOOL"):
                raise BadQuery(f"if needs BOOL, got {_family(node.this)}: {node.this.sql('bigquery')}")
            pairs = [(alike[0], other) for other in alike[1:]]
        elif isinstance(node, (exp.Concat, exp.DPipe)):
            for side in node.expressions or (node.this, node.expression):
                if _family(side) not in (None, "STRING", "BYTES") and not isinstance(side, exp.Null):
                    raise Unsupported(f"{node.key} of {_family(side)}: not compared with GoogleSQL")
            continue
        elif isinstance(node, exp.Group):
            for key in node.expressions:
                if _family(key) in ("JSON", "STRUCT", "ARRAY"):
                    raise BadQuery(f"Grouping by expressions of type {_family(key)} is not allowed")
            continue
        elif isinstance(node, (exp.StartsWith, exp.EndsWith, exp.StrPosition, exp.RegexpLike, exp.RegexpExtract, exp.Lower, exp.Upper)):
            if _family(node.this) not in (None, "STRING", "BYTES"):
                raise BadQuery(f"No matching signature for {node.key} with {_family(node.this)}: {node.this.sql('bigquery')}")
            continue
        else:
            continue
        for one_side, other in pairs:
            if not _comparable(one_side, other):
                raise BadQuery(f"No matching signature for {node.key}: {_family(one_side)}, {_family(other)}: {node.sql('bigquery')}")
