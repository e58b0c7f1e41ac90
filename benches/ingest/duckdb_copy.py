"""DuckDB writes a file of JSON lines as Parquet, on two threads: takes both paths, prints the rows and the seconds."""
import json
import sys
import time

import duckdb

log, parquet = sys.argv[1:]
db = duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
start = time.perf_counter()
db.execute(f"COPY (SELECT * FROM read_json('{log}', format = 'newline_delimited')) TO '{parquet}' (FORMAT parquet, COMPRESSION zstd)")
seconds = time.perf_counter() - start
rows = db.execute(f"SELECT count(*) FROM read_parquet('{parquet}')").fetchone()[0]
print(json.dumps({"rows": rows, "seconds": seconds}))
