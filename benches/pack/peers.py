"""Other engines over the same calls as plain Parquet: python peers.py hits FOLDER PATTERNS gives how many prompts hold each pattern.

PATTERNS is a list as JSON. DuckDB is asked pattern by pattern for ten of them, and for all of them in one query that counts each; prints
{"hits": of all patterns together, "cpu_a_query": seconds of processor for one query of one pattern}.
"""

import json
import resource
import sys

import duckdb


def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def hits(folder, patterns):
    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute(f"create view calls as select prompt from read_parquet('{folder}/*.parquet')")
    # What any of them finds is little: only that is asked which.
    any_of = "|".join(f"(?:{pattern})" for pattern in patterns)
    con.execute("create table found as select prompt from calls where regexp_matches(prompt, ?, 'i')", [any_of])
    total = sum(con.execute("select count(*) from found where regexp_matches(prompt, ?, 'i')", [p]).fetchone()[0] for p in patterns)
    asked = patterns[:10]
    begun = cpu()
    for pattern in asked:
        con.execute("select count(*) from calls where regexp_matches(prompt, ?, 'i')", [pattern]).fetchone()
    return {"hits": total, "cpu_a_query": (cpu() - begun) / len(asked)}


print(json.dumps({"hits": hits}[sys.argv[1]](sys.argv[2], json.loads(sys.argv[3]))))
