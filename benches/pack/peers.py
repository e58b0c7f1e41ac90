"""Other engines over the same calls as plain Parquet.

python peers.py hits FOLDER PATTERNS gives how many prompts hold each pattern. PATTERNS is a list as JSON. DuckDB finds the prompts that hold
any of them, and in those counts each; of a hundred patterns and more it is also asked for ten by themselves, over all prompts. Prints {"hits": of
all patterns together, "cpu_a_query": seconds of processor for one of the ten}.

python peers.py ENGINE FOLDER RUNS asks duckdb, polars or chdb what the nine rules of `nine.sky` ask, one query after the other, each with two
threads and RUNS times. Prints {query: {"rows", "sum": of one number of each row, "wall": the least, "cpu": the least}}. All take the same
percentile (nearest rank) and SHA-256 of prompts, but Polars, which has none and takes a hash of 64 bits of its own.
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


def sql(second, regex, percentile, sha):
    """The nine queries in a dialect; `second` gives the second since 1970 of a call."""
    window = lambda length: f"{second} - {second} % {length}"
    unseen = f"""
        with days as (select distinct "caller.id" as c, "model.id" as m, {window(DAY)} as d from calls),
        before as (select d, lagInFrame(d) over (partition by c, m order by d rows between unbounded preceding and unbounded following) as p from days)
        select d as n from before where (p is null or p < d - 7 * {DAY}) and d >= {START + 7 * DAY}"""
    return {
        "injection": f"select count(*) as n from calls where {regex} group by {window(3600)}",
        "tokens": f'select sum("tokens.total") as n from calls group by "caller.id", "model.id", {window(DAY)} having n > 20000',
        "blocked": f"""select count(*) as n from calls where "guardrail.action" = 'blocked' group by "caller.id", {window(3600)} having n >= 2""",
        "first_seen": unseen,
        "outputs": f'select sum("tokens.output") as n from calls where "tokens.output" > 850 group by "caller.id", {window(3600)} having count(*) >= 2',
        "latency": f'select {percentile} as n, avg(latency) as a from calls group by "source.ip", {window(DAY)} having n > 8900000',
        "callers": f'select count(distinct "caller.id") as n from calls group by {window(3600)}',
        "errors": f'select count(*) filter (where status >= 400) as n from calls group by "model.id", {window(3600)} having n * 20 > count(*)',
        "prompts": f'select count(distinct {sha}) as n from calls group by "caller.id", {window(300)} having n > 3',
    }


def duckdb_queries(folder):
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"create view calls as select * from read_parquet('{folder}/*.parquet')")
    asked = sql("epoch_us(time) // 1000000", f"regexp_matches(prompt, '{INJECTION}', 'i')", "quantile_disc(latency, 0.95)", "sha256(prompt)")
    asked["first_seen"] = asked["first_seen"].replace("lagInFrame(d)", "lag(d)").replace("rows between unbounded preceding and unbounded following", "")
    asked = {name: query.replace("having n * 20", "having count(*) filter (where status >= 400) * 20") for name, query in asked.items()}
    outer = "select count(*), coalesce(sum(n), 0)::hugeint from ({})"
    return {name: lambda query=query: con.execute(outer.format(query)).fetchone() for name, query in asked.items()}


def chdb_queries(folder):
    import chdb

    calls = f"file('{folder}/*.parquet', Parquet)"
    regex = "match(prompt, '(?i)" + INJECTION.replace("\\", "\\\\") + "')"
    asked = sql("toUnixTimestamp(time)", regex, "arraySort(groupArray(latency))[intDiv(count() * 95 + 99, 100)]", "SHA256(prompt)")
    asked["first_seen"] = asked["first_seen"].replace("lagInFrame(d)", "lagInFrame(toNullable(d))")
    asked["errors"] = asked["errors"].replace("count(*) filter (where status >= 400)", "countIf(status >= 400)")
    outer = "select count(), sum(n) from ({}) settings max_threads = 2"

    def ask(query):
        rows, total = str(chdb.query(outer.format(query.replace("from calls", f"from {calls}")), "CSV")).strip().split(",")
        return int(rows), int(total)

    return {name: lambda query=query: ask(query) for name, query in asked.items()}


def polars_queries(folder):
    import os

    os.environ["POLARS_MAX_THREADS"] = "2"
    import polars as pl

    calls = pl.scan_parquet(f"{folder}/*.parquet")
    at = lambda length: (pl.col("time").dt.truncate(length)).alias("w")
    n, caller, model = pl.col("n"), pl.col("caller.id"), pl.col("model.id")
    day = pl.duration(days=1)
    first = pl.lit(START + 7 * DAY).cast(pl.Int64) * 1_000_000
    # The nearest rank; `quantile` has another.
    percentile = pl.col("latency").sort().get((pl.len() * 95 + 99) // 100 - 1)
    asked = {
        "injection": calls.filter(pl.col("prompt").str.contains(f"(?i){INJECTION}")).group_by(at("1h")).agg(n=pl.len()),
        "tokens": calls.group_by(caller, model, at("1d")).agg(n=pl.col("tokens.total").sum()).filter(n > 20000),
        "blocked": calls.filter(pl.col("guardrail.action") == "blocked").group_by(caller, at("1h")).agg(n=pl.len()).filter(n >= 2),
        "first_seen": calls.select(caller, model, at("1d")).unique().sort("w").with_columns(p=pl.col("w").shift(1).over("caller.id", "model.id", order_by="w"))
        .filter((pl.col("p").is_null() | (pl.col("p") < pl.col("w") - 7 * day)) & (pl.col("w").dt.epoch("us") >= first)).select(n=pl.col("w").dt.epoch("s")),
        "outputs": calls.filter(pl.col("tokens.output") > 850).group_by(caller, at("1h")).agg(n=pl.col("tokens.output").sum(), c=pl.len()).filter(pl.col("c") >= 2),
        "latency": calls.group_by("source.ip", at("1d")).agg(n=percentile, a=pl.col("latency").mean()).filter(n > 8900000),
        "callers": calls.group_by(at("1h")).agg(n=caller.n_unique()),
        "errors": calls.group_by(model, at("1h")).agg(n=(pl.col("status") >= 400).sum(), c=pl.len()).filter(n.cast(pl.Int64) * 20 > pl.col("c")),
        "prompts": calls.group_by(caller, at("5m")).agg(n=pl.col("prompt").hash().n_unique()).filter(n > 3),
    }

    def ask(frame):
        row = frame.select(rows=pl.len(), total=n.cast(pl.Int64).sum()).collect(engine="streaming")
        return row["rows"][0], row["total"][0]

    return {name: lambda frame=frame: ask(frame) for name, frame in asked.items()}


def queries(engine, folder, runs):
    asked = {"duckdb": duckdb_queries, "chdb": chdb_queries, "polars": polars_queries}[engine](folder)
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
    print(json.dumps(queries(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
