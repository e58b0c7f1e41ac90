"""What: every place where this harness, not duckdb-kql, decides what KQL means. Nothing else in the folder does.
Takes: the duckdb_kql package (patched in place by `install`) and a DuckDB connection (macros and functions are added).
Gives: marked tables.
  TEMPLATES    functions that duckdb-kql lacks. An answer that used one names it: it is not independent evidence.
  CORRECTED    functions that it has and gets wrong at an edge, so that ours stands in its place. Named too, apart.
  MACROS       engine behaviour that no function name carries: nulls of text columns and in JSON, the order of NaN, patterns,
               escapes in text literals.
  VARIANTS     questions on which Microsoft's sources disagree or are silent. A query that one of them decides is refused.
The citations are file names of MicrosoftDocs/dataexplorer-docs, query/, and sections of reference/languages.md."""
import base64
import dataclasses
import json
import re

import duckdb_kql.lower as lower
import duckdb_kql.translate as translate
from duckdb_kql import KqlUnsupportedError, ir
from duckdb_kql.timespans import ticks
from duckdb_kql.translate import functions

import addresses
from rows import BASE64, ORDER_MACROS, REFUSAL, Unsupported, compact_json, refusal_sql, strict_json

# ---- state of the case at hand ---------------------------------------------------------------------------------------

used = set()          # templates that the query used
corrected = set()     # functions of duckdb-kql whose rendering was replaced
assumed = set()       # readings of the data that no document settles
touched = set()       # variants that could matter to the query
dynamic_columns = set()   # names that some table of the case declares dynamic
_columns = [None]     # the columns that the operator being rendered can see


def begin(schema):
    for state in (used, corrected, assumed, touched, dynamic_columns):
        state.clear()
    for columns in schema.values():
        dynamic_columns.update(name for name, kind in columns.items() if kind == "dynamic")


def sql_of(node):
    return translate.render_expr(node)


def refuse(name, why):
    raise KqlUnsupportedError(f"function:{name}", hint=why)


def _literal(node, *kinds):
    return isinstance(node, ir.Literal) and node.kind in kinds


# ---- addresses: functions of the connection --------------------------------------------------------------------------

_DOUBTFUL_V4 = re.compile(r"[0-9][0-9a-fA-FxX]*(\.[0-9a-fA-FxX]+){0,3}(/[0-9]+)?")


def _note_doubtful(text, read):
    if read is None and text and _DOUBTFUL_V4.fullmatch(text):
        assumed.add("an IPv4 address with leading zeros or fewer than four parts is read as no address")
    if read is not None and "/" in text:
        assumed.add("an address with a prefix is compared under the shorter of the two prefixes")


def _in_networks(reader, bits):
    def test(text, networks):
        address = reader(text)
        _note_doubtful(text, address)
        if address is None:
            return None
        for network in networks:
            read = reader(network)
            if read is None:
                raise Unsupported(f"{REFUSAL}{network!r} is no network, and what Kusto then answers is not documented")
            if addresses.equal_under(address[0], read[0], min(address[1], read[1]), bits):
                return True
        return False
    return test


def _match(reader, bits):
    def test(one, other, prefix):
        a, b = reader(one), reader(other)
        _note_doubtful(one, a)
        _note_doubtful(other, b)
        if a is None or b is None:
            return None
        return addresses.equal_under(a[0], b[0], min(a[1], b[1], bits if prefix is None else prefix), bits)
    return test


def _networks(node):
    """The networks argument: several texts, or one dynamic array, decided by DuckDB at run time."""
    if len(node.args) > 2:
        return "[" + ", ".join(f"CAST({sql_of(a)} AS VARCHAR)" for a in node.args[1:]) + "]"
    sql = sql_of(node.args[1])
    if translate._is_dynamic_expr(node.args[1]):
        return f"CAST({sql} AS VARCHAR[])"
    return f"[CAST({sql} AS VARCHAR)]" if _literal(node.args[1], "string") else (
        f"CASE WHEN typeof({sql}) = 'JSON' THEN CAST(to_json({sql}) AS VARCHAR[]) ELSE [CAST({sql} AS VARCHAR)] END")


def ip_in_range(function):
    def render(node):
        if len(node.args) < 2 or (len(node.args) > 2 and "any" not in node.name):
            refuse(node.name, "takes an address and a network")
        return f"{function}({sql_of(node.args[0])}, {_networks(node)})"
    return render


def ip_match(function):
    def render(node):
        if len(node.args) not in (2, 3):
            refuse(node.name, "takes two addresses and perhaps a prefix")
        prefix = sql_of(node.args[2]) if len(node.args) == 3 else "NULL"
        return f"{function}({sql_of(node.args[0])}, {sql_of(node.args[1])}, CAST({prefix} AS INTEGER))"
    return render


def ipv4_is_private(node):
    if len(node.args) != 1:
        refuse(node.name, "takes one address")
    return f"oracle_ipv4_in({sql_of(node.args[0])}, ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])"


# ---- texts and dynamics ----------------------------------------------------------------------------------------------

def _parsed(text):
    """JSON text in the compact form Kusto prints, or the text itself as a JSON string: parse-json-function.md."""
    if text is None or text == "":
        return None
    try:
        value = strict_json(text)
    except ValueError:
        value = text
    return None if value is None else compact_json(value)


def parse_json(node):
    if len(node.args) != 1:
        refuse(node.name, "takes one text")
    sql = sql_of(node.args[0])
    if translate._is_dynamic_expr(node.args[0]):
        return sql
    return (f"(CASE WHEN typeof({sql}) = 'JSON' THEN CAST({sql} AS JSON) "
            f"ELSE CAST(oracle_json(CAST({sql} AS VARCHAR)) AS JSON) END)")


def _base64_text(text):
    if text is None:
        return None
    if not BASE64.fullmatch(text):
        assumed.add("base64 with bad characters or without its padding decodes to an empty text")
        return ""
    try:
        return base64.b64decode(text).decode("utf-8")
    except UnicodeDecodeError:
        return ""


def base64_decode(node):
    if len(node.args) != 1:
        refuse(node.name, "takes one text")
    return f"oracle_base64_text({sql_of(node.args[0])})"


def _sorted_json(text, descending):
    if text is None:
        return None
    values = json.loads(text)
    if not isinstance(values, list):
        return None
    present = [v for v in values if v is not None]
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in present)
    if not numbers and not all(isinstance(v, str) for v in present):
        raise Unsupported(f"{REFUSAL}array_sort of an array that mixes types, or holds bools or records")
    ordered = sorted(present, reverse=descending) + [None] * (len(values) - len(present))
    return compact_json(ordered)


def array_sort(descending):
    def render(node):
        if len(node.args) != 1:
            refuse(node.name, "only one array, with nulls last, is executed here")
        return f"CAST(oracle_array_sort(CAST(to_json({sql_of(node.args[0])}) AS VARCHAR), {str(descending).upper()}) AS JSON)"
    return render


def number_range(node):
    if len(node.args) not in (2, 3):
        refuse(node.name, "takes a start, a stop and a step")
    bounds = [f"CAST({sql_of(a)} AS BIGINT)" for a in node.args]
    return f"to_json(generate_series({', '.join(bounds)}))"


def translated_letters(node):
    """translate-function.md; lists of different lengths repeat a letter there and drop it in DuckDB."""
    lists = [translate.constant_string(a) for a in node.args[:2]]
    if len(node.args) != 3 or None in lists or len(lists[0]) != len(lists[1]):
        refuse(node.name, "takes two constant lists of one length, and a text")
    return f"translate({sql_of(node.args[2])}, {sql_of(node.args[0])}, {sql_of(node.args[1])})"


def bag_keys(node):
    if len(node.args) != 1:
        refuse(node.name, "takes one bag")
    return f"to_json(json_keys({sql_of(node.args[0])}))"


def bag_has_key(node):
    if len(node.args) != 2:
        refuse(node.name, "takes a bag and a key")
    return f"coalesce(list_contains(json_keys({sql_of(node.args[0])}), {sql_of(node.args[1])}), FALSE)"


def column_ifexists(node):
    """column-ifexists-function.md; the note there that a dynamic column gives the default is why those are refused."""
    if len(node.args) != 2 or not _literal(node.args[0], "string"):
        refuse(node.name, "takes a column's name as a literal, and a default")
    if _columns[-1] is None:
        refuse(node.name, "the columns at this point are not known")
    name = node.args[0].value
    if name in dynamic_columns:
        refuse(node.name, "Microsoft's page says that a dynamic column gives the default, and no one measured it")
    return sql_of(ir.ColumnRef(name)) if name in _columns[-1] else sql_of(node.args[1])


# ---- bins ------------------------------------------------------------------------------------------------------------

_ZERO = 62_135_596_800_000_000      # microseconds from 0001-01-01 to 1970-01-01
_ORIGINAL_BIN = None


def _floor_by(value, size, origin="0"):
    rest = f"(((({value}) - ({origin})) % ({size}) + ({size})) % ({size}))"
    return f"(({value}) - {rest})"


def bin_from_year_one(node):
    """bin() counts from 0001-01-01 (languages.md 2.4, trap 13); duckdb-kql counts from 1970-01-01, which is the same only
    for sizes that divide the time between. Ours is used for the others."""
    if len(node.args) != 2:
        refuse(node.name, "takes a value and a size")
    value, size = node.args
    if not translate._is_timespan_expr(size):
        return _ORIGINAL_BIN(node)
    if isinstance(size, ir.Literal):
        step = ticks(str(size.value))
        if step > 0 and (_ZERO * 10) % step == 0:
            return _ORIGINAL_BIN(node)
    corrected.add("bin")
    step = f"epoch_us({sql_of(size)})"
    if translate._is_timespan_expr(value):
        return f"to_microseconds({_floor_by(f'epoch_us({sql_of(value)})', step)})"
    return f"make_timestamp({_floor_by(f'epoch_us({sql_of(value)}) + {_ZERO}', step)} - {_ZERO})"


def bin_at(node):
    if len(node.args) != 3:
        refuse(node.name, "takes a value, a size and a fixed point")
    value, size, origin = node.args
    if not translate._is_timespan_expr(size):
        return _floor_by(sql_of(value), sql_of(size), sql_of(origin))
    step = f"epoch_us({sql_of(size)})"
    floored = _floor_by(f"epoch_us({sql_of(value)})", step, f"epoch_us({sql_of(origin)})")
    return f"to_microseconds({floored})" if translate._is_timespan_expr(origin) else f"make_timestamp({floored})"


# ---- rows in order ---------------------------------------------------------------------------------------------------

def neighbour(function):
    """prev() and next() over the order of the `sort` before: DuckDB runs single-threaded and keeps it."""
    def render(node):
        if not 1 <= len(node.args) <= 3:
            refuse(node.name, "takes a column, perhaps an offset and a default")
        args = ", ".join(sql_of(a) for a in node.args)
        return f"oracle_text({function}({args}) OVER ())"
    return render


def row_number(node):
    start = f" + ({sql_of(node.args[0])}) - 1" if node.args else ""
    return f"(row_number() OVER (){start})"


def row_cumsum(node):
    if len(node.args) != 1:
        refuse(node.name, "the restart argument is not executed here")
    return f"sum({sql_of(node.args[0])}) OVER (ROWS UNBOUNDED PRECEDING)"


# ---- aggregates ------------------------------------------------------------------------------------------------------

def _element(arg):
    """A value as a dynamic array holds it: times and spans in Kusto's spelling."""
    time = translate._kql_datetime_text(f"CAST({arg} AS TIMESTAMP)")
    span = translate._kql_timespan_text(f"CAST({arg} AS INTERVAL)")
    return (f"CASE typeof({arg}) WHEN 'TIMESTAMP' THEN to_json({time}) WHEN 'INTERVAL' THEN to_json({span}) "
            f"ELSE to_json({arg}) END")


def _collected(name, arg, condition, limit, is_set):
    where = f"{arg} IS NOT NULL" + (f" AND ({condition})" if condition else "")
    if is_set:      # make_set takes apart the arrays of a dynamic column; a text that looks like an array stays a text
        element = (f"CASE WHEN typeof({arg}) = 'JSON' AND json_type(to_json({arg})) = 'ARRAY' "
                   f"THEN CAST(to_json({arg}) AS JSON[]) ELSE [{_element(arg)}] END")
        # Kusto's order is undefined: descending is an order that no query may count on.
        values = f"list_reverse_sort(list_distinct(flatten(coalesce(list({element}) FILTER (WHERE {where}), []))))"
    else:
        values = f"coalesce(list({_element(arg)}) FILTER (WHERE {where}), [])"
    if limit is None:
        return f"to_json({values})"
    over = refusal_sql(f"{name} had more values than its limit, and which ones Kusto then keeps is undefined")
    return f"list_transform([{values}], lambda _ms: CASE WHEN len(_ms) > {limit} THEN {over} ELSE to_json(_ms) END)[1]"


def collector(is_set, conditional):
    def render(name, args):
        condition = args[1] if conditional else None
        rest = args[2:] if conditional else args[1:]
        return _collected(name, args[0], condition, rest[0] if rest else None, is_set)
    return render


def filtered(template):
    return lambda name, args: template.format(*args)


# What Kusto answers for no value at all: "others null" in summarize-operator.md, NaN measured on the emulator by
# duckdb-kql's author. stdev of one value: no source.
NOTHING = "avg of nothing (null by the documentation, NaN when measured)"
FEW = "stdev of one value (0 or NaN: nobody says)"
NULL_KEYS = "join of null keys (the emulator matches them, the documentation is silent)"


def avg_of_nothing(values):
    def render(name, args):
        touched.add(NOTHING)
        return f"oracle_mean({values.format(*args)})"
    return render


def stdev_of_few(function, condition):
    def render(name, args):
        touched.add(FEW)
        where = condition.format(*args)
        return f"oracle_few({function}({args[0]}){where}, count({args[0]}){where})"
    return render


def checked_sum(condition):
    return lambda name, args: f"oracle_sum(coalesce(sum({args[0]}){condition.format(*args)}, 0))"


@dataclasses.dataclass(frozen=True)
class OurAggregate(functions.AggregateSpec):
    ours: object = None
    mark: object = None

    def render(self, args):
        if self.arities and len(args) not in self.arities:
            raise ValueError(f"{self.name}() takes {self.arities} argument(s), got {len(args)}")
        if self.mark is not None:
            self.mark.add(self.name)
        return self.ours(self.name, args)


# ======================================================================================================================
# TEMPLATES. Name -> renderer, and what says so. Each is compared with hand-written answers in selftest.py.
# ======================================================================================================================

TEMPLATES = {
    "ipv4_is_in_range": (ip_in_range("oracle_ipv4_in"), "ipv4-is-in-range-function.md: null if an address is none"),
    "ipv4_is_in_any_range": (ip_in_range("oracle_ipv4_in"), "ipv4-is-in-any-range-function.md"),
    "ipv4_is_match": (ip_match("oracle_ipv4_match"), "ipv4-is-match-function.md: the shortest prefix counts"),
    "ipv4_is_private": (ipv4_is_private, "ipv4-is-private-function.md"),
    "ipv6_is_in_range": (ip_in_range("oracle_ipv6_in"), "ipv6-is-in-range-function.md"),
    "ipv6_is_in_any_range": (ip_in_range("oracle_ipv6_in"), "ipv6-is-in-any-range-function.md"),
    "ipv6_is_match": (ip_match("oracle_ipv6_match"), "ipv6-is-match-function.md: IPv4 is read as ::ffff:a.b.c.d"),
    "range": (number_range, "range-function.md; whole numbers only"),
    "translate": (translated_letters, "translate-function.md"),
    "bag_keys": (bag_keys, "bag-keys-function.md"),
    "bag_has_key": (bag_has_key, "bag-has-key-function.md"),
    "column_ifexists": (column_ifexists, "column-ifexists-function.md"),
    "bin_at": (bin_at, "bin-at-function.md"),
    "prev": (neighbour("lag"), "prev-function.md"),
    "next": (neighbour("lead"), "next-function.md"),
    "row_number": (row_number, "row-number-function.md"),
    "row_cumsum": (row_cumsum, "row-cumsum-function.md"),
}

CORRECTED = {
    "parse_json": (parse_json, "parse-json-function.md: what is no JSON stays a string; duckdb-kql answers null"),
    "todynamic": (parse_json, "the same function"),
    "base64_decode_tostring": (base64_decode, "base64-decode-tostring-function.md; duckdb-kql escapes what is not ASCII"),
    "array_sort_asc": (array_sort(False), "array-sort-asc-function.md; duckdb-kql sorts the JSON text, so 10 before 9"),
    "array_sort_desc": (array_sort(True), "array-sort-desc-function.md"),
    # and bin, make_set, make_list, percentile
}

AGGREGATES = {
    # name: (renderer, numbers of arguments, prefix of the automatic column name, what says so)
    "make_set": (collector(True, False), (1, 2), "set", "make-set-aggregation-function.md; duckdb-kql ignores the limit"),
    "make_set_if": (collector(True, True), (2, 3), "set", "make-set-if-aggregation-function.md"),
    "make_list": (collector(False, False), (1, 2), "list", "make-list-aggregation-function.md"),
    # 55 / 100.0 * 100 is a little more than 55, and so the next rank: the fraction is a decimal here.
    "percentile": (filtered("quantile_disc({0}, CAST({1} AS DECIMAL(9,4)) * CAST(0.01 AS DECIMAL(3,2)))"), (2,), None,
                   "percentiles-aggregation-function.md: nearest rank; Kusto itself estimates"),
    "make_list_if": (collector(False, True), (2, 3), "list", "make-list-if-aggregation-function.md"),
    "minif": (filtered("min({0}) FILTER (WHERE {1})"), (2,), None, "minif-aggregation-function.md"),
    "maxif": (filtered("max({0}) FILTER (WHERE {1})"), (2,), None, "maxif-aggregation-function.md"),
    "count_distinct": (filtered("count(DISTINCT {0})"), (1,), None, "count-distinct-aggregation-function.md: exact"),
    "count_distinctif": (filtered("count(DISTINCT {0}) FILTER (WHERE {1})"), (2,), None, "count-distinctif-…: exact"),
    "take_anyif": (filtered("any_value({0}) FILTER (WHERE {1})"), (2,), None, "take-anyif-aggregation-function.md"),
}

# Aggregates of the package that are rendered through a macro, so that an edge can be checked or read both ways. Not marked.
THROUGH_MACROS = {
    "avg": (avg_of_nothing("{0}"), (1,)),
    "avgif": (avg_of_nothing("CASE WHEN {1} THEN {0} END"), (2,)),
    "sum": (checked_sum(""), (1,)),
    "sumif": (checked_sum(" FILTER (WHERE {1})"), (2,)),
    "stdev": (stdev_of_few("stddev_samp", ""), (1,)),
    "stdevif": (stdev_of_few("stddev_samp", " FILTER (WHERE {1})"), (2,)),
    "variance": (stdev_of_few("var_samp", ""), (1,)),
    "varianceif": (stdev_of_few("var_samp", " FILTER (WHERE {1})"), (2,)),
}

# Question -> the macro as duckdb-kql reads it, and as the other source would have it. Where the two give different rows,
# the query is refused.
VARIANTS = {
    NOTHING: ("oracle_nothing() AS CAST('NaN' AS DOUBLE)", "oracle_nothing() AS CAST(NULL AS DOUBLE)"),
    FEW: ("oracle_few(_v, _n) AS coalesce(_v, 0.0)",
          "oracle_few(_v, _n) AS CASE WHEN _n = 1 THEN CAST('NaN' AS DOUBLE) ELSE coalesce(_v, 0.0) END"),
    NULL_KEYS: ("oracle_same_key(_l, _r) AS (_l IS NOT DISTINCT FROM _r)", "oracle_same_key(_l, _r) AS (_l = _r)"),
}

# ======================================================================================================================
# MACROS, and what goes with them
# ======================================================================================================================

MACROS = (
    # A text is never null in Kusto, but an outer join, a union or lag() make one here.
    "CREATE OR REPLACE MACRO oracle_text(_a) AS CASE WHEN typeof(_a) = 'VARCHAR' AND _a IS NULL THEN '' ELSE _a END",
    f"CREATE OR REPLACE MACRO oracle_sum(_s) AS CASE WHEN typeof(_s) = 'HUGEINT' AND _s NOT BETWEEN -9223372036854775808 "
    f"AND 9223372036854775807 THEN {refusal_sql('a sum outside 64 bits')} ELSE _s END",
    # A timespan has no NaN. DuckDB's own average of intervals rounds each part of them apart; Kusto's is in ticks.
    "CREATE OR REPLACE MACRO oracle_mean(_m INTERVAL) AS to_microseconds(CAST(round_even(avg(epoch_us(_m)), 0) AS BIGINT)), "
    "(_m BIGINT) AS coalesce(avg(_m), oracle_nothing()), (_m DOUBLE) AS coalesce(avg(_m), oracle_nothing())",
    *ORDER_MACROS,
)


_ESCAPES = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _careful_text(original):
    """Text literals as Kusto.Language's KustoFacts.GetStringLiteralValue reads them: duckdb-kql makes u0041 of `\\u0041`."""
    def value(text):
        if text[:1] not in ("'", '"', "@"):
            raise KqlUnsupportedError("literal", hint="an obfuscated or multi-line text")
        if text.startswith("@"):
            return original(text)
        body, out, i = text[1:-1], [], 0
        while i < len(body):
            if body[i] != "\\":
                out.append(body[i])
                i += 1
            elif body[i + 1:i + 2] == "u" and re.fullmatch(r"[0-9a-fA-F]{4}", body[i + 2:i + 6]):
                out.append(chr(int(body[i + 2:i + 6], 16)))
                i += 6
            elif body[i + 1:i + 2] in _ESCAPES:
                out.append(_ESCAPES[body[i + 1]])
                i += 2
            else:
                raise KqlUnsupportedError("literal", hint=f"the escape {body[i:i + 2]}")
        try:
            return "".join(out).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise KqlUnsupportedError("literal", hint="half of a surrogate pair") from None
    return value


# Texts that DuckDB reads as a number or a time and that nobody compared with Kusto; what neither reads is null in both.
_PLAIN_REAL = r"\s*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\s*"
_PLAIN_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,7})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"


def _text_form(sql):
    """The text that a conversion reads: a text, or the text inside a dynamic."""
    return f"CASE typeof({sql}) WHEN 'VARCHAR' THEN CAST({sql} AS VARCHAR) WHEN 'JSON' THEN to_json({sql}) ->> '$' END"


def _careful_conversion(original, plain, what):
    def render(node):
        if len(node.args) != 1:
            return original(node)
        converted = original(node)
        if converted is None:
            converted = functions.lookup(node.name).render([translate._render_arg(node.name, 0, node.args[0])])
        if isinstance(node.args[0], ir.Literal) and node.args[0].kind != "string":
            return converted
        text = _text_form(sql_of(node.args[0]))
        return (f"(CASE WHEN NOT regexp_full_match({text}, '{plain}') AND ({converted}) IS NOT NULL "
                f"THEN {refusal_sql(f'this text as a {what}: not compared with Kusto')} ELSE {converted} END)")
    return render


def _careful_tostring(original):
    """tostring() of a real: 1.0 and 1e21 are spelled in ways that nobody compared."""
    def render(node):
        sql = original(node)
        if translate._is_dynamic_expr(node) or translate._is_datetime_expr(node) or translate._is_string_expr(node) or (
                isinstance(node, ir.Literal) and node.kind not in ("real", "decimal")):
            return sql
        value = sql_of(node)
        return (f"(CASE WHEN typeof({value}) = 'DOUBLE' AND regexp_matches(CAST({value} AS VARCHAR), '([.]0$|e|inf)') "
                f"THEN {refusal_sql('the text of a real that is whole, very large or very small')} ELSE {sql} END)")
    return render


def pattern_risk(pattern):
    """Why DuckDB's RE2 and Kusto's engine (Rust's regex syntax, Unicode) may read this pattern differently, or None."""
    i, in_class, groups = 0, False, 0
    while i < len(pattern):
        c = pattern[i]
        if c == "\\":
            escaped = pattern[i + 1:i + 2]
            if escaped and escaped in "dDsSwWbB":
                return f"\\{escaped} is Unicode in Kusto and ASCII in RE2"
            if escaped and escaped in "QEC":
                return f"\\{escaped} exists in RE2 only"
            i += 2
            continue
        if in_class:
            if c == "[" and pattern[i + 1:i + 2] != ":":
                return "a bracket inside a class nests in Kusto and is itself in RE2"
            if pattern[i:i + 2] in ("&&", "--", "~~"):
                return f"{pattern[i:i + 2]} inside a class is a set operation in Kusto"
            if pattern.startswith("[:", i):
                i = pattern.find(":]", i) + 2 if ":]" in pattern[i:] else len(pattern)
                continue
            in_class = c != "]"
        elif c == "[":
            in_class = True
            i += 2 if pattern[i + 1:i + 2] == "^" else 1
            if pattern[i:i + 1] == "]":
                i += 1
            continue
        elif c == "(" and (pattern[i + 1:i + 2] != "?" or re.match(r"\(\?P?<(?![=!])", pattern[i:])):
            groups += 1
        i += 1
    return "more than 16 capture groups, which Kusto refuses" if groups > 16 else None


def _careful_regex(original):
    def render(node):
        pattern = translate.constant_string(node)
        if pattern is None:
            raise KqlUnsupportedError("regex", hint="a pattern that is no constant")
        # regex.md: without Unicode a boundary is that of ASCII words, which is the only one that RE2 has.
        bare = re.sub(r"\(\?-u:\\([bB])\)", "", pattern)
        risk = pattern_risk(bare)
        if risk is not None:
            raise KqlUnsupportedError("regex", hint=risk)
        if bare == pattern:
            return original(node)
        return original(ir.Literal(re.sub(r"\(\?-u:\\([bB])\)", r"\\\1", pattern), "string"))
    return render


def _texts_kept(original, columns_of):
    """Outer joins and unions with the nulls of their text columns as Kusto has them."""
    def render(*args):
        columns = columns_of(*args)
        if len({c.lower() for c in columns}) != len(columns):
            raise KqlUnsupportedError("join", hint=f"columns that differ only in case: {columns}")
        sql = original(*args)
        listed = ", ".join(f"oracle_text({translate.quote_ident(c)}) AS {translate.quote_ident(c)}" for c in columns)
        return f"SELECT {listed} FROM ({sql})"
    return render


def _join_columns(op, prev, left, right_sql, right):
    from duckdb_kql.schema import join_output_columns
    return join_output_columns(left, right, op.kind)


def _lookup_columns(op, prev, left, right_sql, right):
    from duckdb_kql.schema import lookup_output_columns
    return lookup_output_columns(left, right, [k.right for k in op.keys])


def _union_columns(op, prev, left, query, schema, leading):
    from duckdb_kql.schema import union_output_columns
    return union_output_columns(op, left, schema)


def _keys_by_macro(keys):
    touched.add(NULL_KEYS)
    return " AND ".join(f"oracle_same_key(_l.{translate.quote_ident(k.left)}, _r.{translate.quote_ident(k.right)})" for k in keys)


def _null_in_json(original):
    """A JSON null inside a dynamic is a null for Kusto (null-values.md); DuckDB keeps it apart from SQL's."""
    return lambda *args: f"nullif({original(*args)}, CAST('null' AS JSON))"


def _seeing_columns(original):
    def render(op, prev, cols=None):
        _columns.append(cols)
        try:
            return original(op, prev, cols)
        finally:
            _columns.pop()
    return render


def _asks_a_table(query, names):
    """Whether `x in (T)` stands anywhere in a query, T one of its own tables."""
    seen, open_nodes = set(), [query]
    while open_nodes:
        node = open_nodes.pop()
        if isinstance(node, (list, tuple)):
            open_nodes.extend(node)
        elif dataclasses.is_dataclass(node) and id(node) not in seen:
            seen.add(id(node))
            items = node.items if isinstance(node, (ir.InList, ir.HasList)) else ()
            if any(isinstance(item, ir.ColumnRef) and item.name in names for item in items):
                return True
            open_nodes.extend(getattr(node, field.name) for field in dataclasses.fields(node))
    return False


def _left_shared(original):
    """duckdb-kql copies the expressions of a query that has tables of its own, to find `x in (T)` there. What the copies no longer share,
    a function's argument that stands in several places, is written out each time: 2^n texts for n calls inside one another."""
    return lambda query, names: original(query, names) if _asks_a_table(query, names) else query


def _marked(name, render, mark):
    def special(node):
        mark.add(name)
        return render(node)
    return special


def install():
    """Once a process: the tables above into duckdb_kql."""
    global _ORIGINAL_BIN
    _ORIGINAL_BIN = translate._SPECIAL_FORMS["bin"]
    for table, mark in ((TEMPLATES, used), (CORRECTED, corrected)):
        for name, (render, _) in table.items():
            translate._SPECIAL_FORMS[name] = _marked(name, render, mark)
    for name in ("bin", "floor"):
        translate._SPECIAL_FORMS[name] = bin_from_year_one
    # A special form that has no row among the functions is refused inside `summarize`.
    for name in translate._SPECIAL_FORMS:
        functions.SCALAR_FUNCTIONS.setdefault(name, functions.FunctionSpec(name, "template", "", note="oracle"))
    for name, (render, arities, prefix, _) in AGGREGATES.items():
        mark = corrected if name in functions.AGGREGATE_FUNCTIONS else used
        functions.AGGREGATE_FUNCTIONS[name] = OurAggregate(name, "", arities, prefix, ours=render, mark=mark)
    for name, (render, arities) in THROUGH_MACROS.items():
        functions.AGGREGATE_FUNCTIONS[name] = OurAggregate(name, "", arities, ours=render)
    for sign, macro in (("<", "lt"), ("<=", "le"), (">", "gt"), (">=", "ge")):
        spec = functions.BINARY_OPERATORS[sign]
        functions.BINARY_OPERATORS[sign] = dataclasses.replace(spec, template=f"oracle_{macro}({{0}}, {{1}})")
    # Kusto's real division by zero is infinite or NaN; duckdb-kql answers null where it can't see that a column is a real.
    divide = functions.BINARY_OPERATORS["/"]
    by_zero = refusal_sql("a real divided by zero")
    functions.BINARY_OPERATORS["/"] = dataclasses.replace(
        divide, template=f"(CASE WHEN 'DOUBLE' IN (typeof({{0}}), typeof({{1}})) AND CAST({{1}} AS VARCHAR) IN ('0', '0.0', '-0.0') "
                         f"THEN {by_zero} ELSE {divide.template} END)")
    for name in ("todouble", "toreal"):
        translate._SPECIAL_FORMS[name] = _careful_conversion(translate._SPECIAL_FORMS[name], _PLAIN_REAL, "real")
    translate._SPECIAL_FORMS["todatetime"] = _careful_conversion(translate._SPECIAL_FORMS["todatetime"], _PLAIN_TIME, "datetime")
    translate.render_kql_tostring = _careful_tostring(translate.render_kql_tostring)
    lower._string_value = _careful_text(lower._string_value)
    lower._resolve_in_subqueries = _left_shared(lower._resolve_in_subqueries)
    translate.render_regex = _careful_regex(translate.render_regex)
    translate.render_join = _texts_kept(translate.render_join, _join_columns)
    translate.render_lookup = _texts_kept(translate.render_lookup, _lookup_columns)
    translate.render_union = _texts_kept(translate.render_union, _union_columns)
    translate.render_key_equality = _keys_by_macro
    translate.render_path = _null_in_json(translate.render_path)
    translate.render_operator = _seeing_columns(translate.render_operator)


def read(con, variant, otherwise):
    con.execute(f"CREATE OR REPLACE MACRO {VARIANTS[variant][1 if otherwise else 0]}")


def connect(con):
    """Once a connection: the functions that the templates call."""
    for variant in VARIANTS:
        read(con, variant, otherwise=False)
    for macro in MACROS:
        con.execute(macro)

    def function(name, body, takes):
        con.create_function(name, body, takes, "BOOLEAN" if name.startswith("oracle_ip") else "VARCHAR",
                            null_handling="special")
    function("oracle_ipv4_in", _in_networks(addresses.ipv4, 32), ["VARCHAR", "VARCHAR[]"])
    function("oracle_ipv6_in", _in_networks(addresses.ipv6, 128), ["VARCHAR", "VARCHAR[]"])
    function("oracle_ipv4_match", _match(addresses.ipv4, 32), ["VARCHAR", "VARCHAR", "INTEGER"])
    function("oracle_ipv6_match", _match(addresses.ipv6, 128), ["VARCHAR", "VARCHAR", "INTEGER"])
    function("oracle_json", _parsed, ["VARCHAR"])
    function("oracle_base64_text", _base64_text, ["VARCHAR"])
    function("oracle_array_sort", _sorted_json, ["VARCHAR", "BOOLEAN"])
