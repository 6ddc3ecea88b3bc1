"""What a peer kept in one Parquet file (url, status, elapsed_ms, body), counted by DuckDB.

Usage: rows.py FILE. Prints one line of numbers.
"""

import sys

import duckdb

QUERY = """
SELECT count(DISTINCT url), count(*), count(*) FILTER (status = 200 AND octet_length(body) > 0),
       quantile_cont(elapsed_ms, 0.5), quantile_cont(elapsed_ms, 0.95),
       quantile_cont(elapsed_ms, 0.99)
FROM read_parquet($file)
"""

urls, rows, whole, p50, p95, p99 = duckdb.execute(QUERY, {"file": sys.argv[1]}).fetchone()
failed = max(rows - urls, rows - whole)
print(f"bench requests={urls} failed={failed} p50_ms={p50:.3f} p95_ms={p95:.3f} p99_ms={p99:.3f}")
