"""Other engines over the same calls as plain Parquet.

python peers.py hits FOLDER PATTERNS gives how many prompts hold each pattern. PATTERNS is a list as JSON. DuckDB finds the prompts that hold
any of them, and in those counts each; of a hundred patterns and more it is also asked for ten by themselves, over all prompts. Prints {"hits": of
all patterns together, "cpu_a_query": seconds of processor for one of the ten}.

python peers.py ENGINE FOLDER RUNS FORM asks duckdb, polars or chdb what the nine rules of `nine.sky` ask, one query after the other, each with two
threads and RUNS times. FORM is `numbers`, for how many rows there are and the sum of one number of each, or `alerts`, for the rows themselves as
Arrow, with what an alert has: its keys, window, first and last event, and an id that is a SHA-256. Prints {query: {"rows", "sum", "wall": the
least, "cpu": the least}}. All take the same percentile (nearest rank) and SHA-256, but Polars, which has none and takes a hash of 64 bits.
"""

import json
import resource
import sys
import time

INJECTION = (
    r"(?:ignore|disregard|forget|bypass|override)\s+(?:all\s+|the\s+|your\s+)?(?:previous|prior|earlier|above|hidden|secret|internal|original)"
    r"\s+(?:instructions|rules|guidelines|prompt|policy)"
)
DAY = 86_400
START = 1_793_491_200


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def hits(folder, patterns):
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"create view calls as select prompt from read_parquet('{folder}/*.parquet')")
    # What any of them finds is little: only that is asked which.
    any_of = "|".join(f"(?:{pattern})" for pattern in patterns)
    con.execute("create table found as select prompt from calls where regexp_matches(prompt, ?, 'i')", [any_of])
    total = sum(con.execute("select count(*) from found where regexp_matches(prompt, ?, 'i')", [p]).fetchone()[0] for p in patterns)
    if len(patterns) < 100:
        return {"hits": total}
    asked = patterns[:10]
    begun = cpu()
    for pattern in asked:
        con.execute("select count(*) from calls where regexp_matches(prompt, ?, 'i')", [pattern]).fetchone()
    return {"hits": total, "cpu_a_query": (cpu() - begun) / len(asked)}


# By question: its keys, its window in seconds, its number, and what else is asked of rows and of groups. `n` is the number, `{…}` is the dialect's.
QUESTIONS = {
    "injection": ([], 3600, "count(*)", "{regex}", None),
    "tokens": (["caller.id", "model.id"], DAY, 'sum("tokens.total")', None, "n > 20000"),
    "blocked": (["caller.id"], 3600, "count(*)", "\"guardrail.action\" = 'blocked'", "n >= 2"),
    "first_seen": (["caller.id", "model.id"], DAY, None, None, None),
    "outputs": (["caller.id"], 3600, 'sum("tokens.output")', '"tokens.output" > 850', "count(*) >= 2"),
    "latency": (["source.ip"], DAY, "{percentile}", None, "n > 8900000"),
    "callers": ([], 3600, 'count(distinct "caller.id")', None, None),
    "errors": (["model.id"], 3600, "{failed}", None, "{failed} * 20 > count(*)"),
    "prompts": (["caller.id"], 300, "count(distinct {sha})", None, "n > 3"),
}


def sql(name, says, alerts):
    """A question in a dialect. `says` has the dialect's words: `second`, the second since 1970 of a call, `regex`, `percentile`, `failed`, `sha`,
    `lag`, `text` of a number and `id` of a text. `alerts`: with what an alert has besides its number."""
    keys, length, number, rows, groups = QUESTIONS[name]
    window = f"{says['second']} - {says['second']} % {length}"
    named = [f'"{key}"' for key in keys]
    by, columns = ", ".join([*named, "w"]), ", ".join([*named, f"{window} as w"])
    told = ", min(time) as first_at, max(time) as last_at" if alerts else ""
    if name == "latency" and alerts:
        told += ", avg(latency) as a"
    if number is None:
        asked = f"""
            with days as (select {columns}{told} from calls group by {by}),
            before as (select *, {says['lag']} as p from days)
            select {by}, w as n{told and ', first_at, last_at'} from before where (p is null or p < w - 7 * {DAY}) and w >= {START + 7 * DAY}"""
    else:
        where = f" where {rows.format(**says)}" if rows else ""
        having = f" having {groups.format(**says)}" if groups else ""
        asked = f"select {columns}, {number.format(**says)} as n{told} from calls{where} group by {by}{having}"
    if not alerts:
        return f"select count(*), sum(n) from ({asked})"
    identity = " || ',' || ".join(f"""'"' || "{key}" || '"'""" for key in keys) or "''"
    identity = f"""'["p","{name}","bench.gateway",' || {says['text'].format('w * 1000000')} || ',[' || {identity} || ']]'"""
    return f"select *, substring({says['id'].format(identity)}, 1, 32) as id from ({asked})"


def counted(table):
    """Of rows as Arrow: how many, and the sum of their numbers."""
    import pyarrow.compute

    return table.num_rows, pyarrow.compute.sum(table["n"]).as_py()


def duckdb_queries(folder, alerts):
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"create view calls as select * from read_parquet('{folder}/*.parquet')")
    says = {
        "second": "(epoch_us(time) // 1000000)",
        "regex": f"regexp_matches(prompt, '{INJECTION}', 'i')",
        "percentile": "quantile_disc(latency, 0.95)",
        "failed": "count(*) filter (where status >= 400)",
        "sha": "sha256(prompt)",
        "lag": 'lag(w) over (partition by "caller.id", "model.id" order by w)',
        "text": "({})::varchar",
        "id": "sha256({})",
    }

    def ask(query):
        return counted(con.sql(query).to_arrow_table()) if alerts else con.execute(query).fetchone()

    return {name: lambda query=sql(name, says, alerts): ask(query) for name in QUESTIONS}


def chdb_queries(folder, alerts):
    import chdb

    calls = f"file('{folder}/*.parquet', Parquet)"
    says = {
        "second": "toUnixTimestamp(time)",
        "regex": "match(prompt, '(?i)" + INJECTION.replace("\\", "\\\\") + "')",
        "percentile": "arraySort(groupArray(latency))[intDiv(count() * 95 + 99, 100)]",
        "failed": "countIf(status >= 400)",
        "sha": "SHA256(prompt)",
        "lag": 'lagInFrame(toNullable(w)) over (partition by "caller.id", "model.id" order by w rows between unbounded preceding and unbounded following)',
        "text": "toString({})",
        "id": "lower(hex(SHA256({})))",
    }

    def ask(query):
        query = query.replace("from calls", f"from {calls}") + " settings max_threads = 2"
        if alerts:
            return counted(chdb.query(query, "ArrowTable"))
        rows, total = str(chdb.query(query, "CSV")).strip().split(",")
        return int(rows), int(total)

    return {name: lambda query=sql(name, says, alerts): ask(query) for name in QUESTIONS}


def polars_queries(folder, alerts):
    import os

    os.environ["POLARS_MAX_THREADS"] = "2"
    import polars as pl

    calls = pl.scan_parquet(f"{folder}/*.parquet")
    at = lambda length: (pl.col("time").dt.truncate(length)).alias("w")
    n, caller, model = pl.col("n"), pl.col("caller.id"), pl.col("model.id")
    day = pl.duration(days=1)
    first = pl.lit(START + 7 * DAY).cast(pl.Int64) * 1_000_000
    told = {"first_at": pl.col("time").min(), "last_at": pl.col("time").max()} if alerts else {}
    average = {"a": pl.col("latency").mean()} if alerts else {}
    # The nearest rank; `quantile` has another.
    percentile = pl.col("latency").sort().get((pl.len() * 95 + 99) // 100 - 1)
    before = pl.col("w").shift(1).over("caller.id", "model.id", order_by="w")
    days = calls.group_by(caller, model, at("1d")).agg(**told) if alerts else calls.select(caller, model, at("1d")).unique()
    new = (pl.col("p").is_null() | (pl.col("p") < pl.col("w") - 7 * day)) & (pl.col("w").dt.epoch("us") >= first)
    asked = {
        "injection": calls.filter(pl.col("prompt").str.contains(f"(?i){INJECTION}")).group_by(at("1h")).agg(n=pl.len(), **told),
        "tokens": calls.group_by(caller, model, at("1d")).agg(n=pl.col("tokens.total").sum(), **told).filter(n > 20000),
        "blocked": calls.filter(pl.col("guardrail.action") == "blocked").group_by(caller, at("1h")).agg(n=pl.len(), **told).filter(n >= 2),
        "first_seen": days.sort("w").with_columns(p=before).filter(new).with_columns(n=pl.col("w").dt.epoch("s")),
        "outputs": calls.filter(pl.col("tokens.output") > 850).group_by(caller, at("1h")).agg(n=pl.col("tokens.output").sum(), c=pl.len(), **told).filter(pl.col("c") >= 2),
        "latency": calls.group_by("source.ip", at("1d")).agg(n=percentile, **average, **told).filter(n > 8900000),
        "callers": calls.group_by(at("1h")).agg(n=caller.n_unique(), **told),
        "errors": calls.group_by(model, at("1h")).agg(n=(pl.col("status") >= 400).sum(), c=pl.len(), **told).filter(n.cast(pl.Int64) * 20 > pl.col("c")),
        "prompts": calls.group_by(caller, at("5m")).agg(n=pl.col("prompt").hash().n_unique(), **told).filter(n > 3),
    }

    def ask(name, frame):
        if not alerts:
            row = frame.select(rows=pl.len(), total=n.cast(pl.Int64).sum()).collect(engine="streaming")
            return row["rows"][0], row["total"][0]
        text = [pl.lit(f'["p","{name}","bench.gateway",'), pl.col("w").dt.epoch("us").cast(pl.String), *map(pl.col, QUESTIONS[name][0])]
        rows = frame.with_columns(id=pl.concat_str(text, separator=",").hash()).collect(engine="streaming")
        return rows.height, rows["n"].cast(pl.Int64).sum()

    return {name: lambda name=name, frame=frame: ask(name, frame) for name, frame in asked.items()}


def queries(engine, folder, runs, alerts):
    asked = {"duckdb": duckdb_queries, "chdb": chdb_queries, "polars": polars_queries}[engine](folder, alerts)
    answers = {}
    for name, ask in asked.items():
        wall, used = float("inf"), float("inf")
        for _ in range(runs):
            begun, before = time.monotonic(), cpu()
            rows, total = ask()
            wall, used = min(wall, time.monotonic() - begun), min(used, cpu() - before)
        answers[name] = {"rows": rows, "sum": int(total), "wall": wall, "cpu": used}
    return answers


if sys.argv[1] == "hits":
    print(json.dumps(hits(sys.argv[2], json.loads(sys.argv[3]))))
else:
    print(json.dumps(queries(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "alerts")))
