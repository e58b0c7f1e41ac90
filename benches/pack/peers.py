"""Other engines over the same calls as plain Parquet: python peers.py hits FOLDER PATTERNS gives how many prompts hold each pattern.

PATTERNS is a list as JSON. DuckDB finds the prompts that hold any of them, and in those counts each; of a hundred patterns and more it is also
asked for ten by themselves, over all prompts. Prints {"hits": of all patterns together, "cpu_a_query": seconds of processor for one of the ten}.
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
    if len(patterns) < 100:
        return {"hits": total}
    asked = patterns[:10]
    begun = cpu()
    for pattern in asked:
        con.execute("select count(*) from calls where regexp_matches(prompt, ?, 'i')", [pattern]).fetchone()
    return {"hits": total, "cpu_a_query": (cpu() - begun) / len(asked)}


print(json.dumps({"hits": hits}[sys.argv[1]](sys.argv[2], json.loads(sys.argv[3]))))
