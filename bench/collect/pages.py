"""What a run of Jarvix fetched, read from its files by DuckDB and not by Jarvix.

Usage: pages.py FOLDER, the run's folder of pages. Prints one line of numbers.
"""

import sys

import duckdb

QUERY = """
SELECT count(DISTINCT url),
       count(*) FILTER (outcome = 'fetched' AND status = 200 AND NOT truncated),
       quantile_cont(elapsed_ms, 0.5), quantile_cont(elapsed_ms, 0.95),
       quantile_cont(elapsed_ms, 0.99)
FROM read_parquet($files)
"""

rows, fetched, p50, p95, p99 = duckdb.execute(
    QUERY, {"files": sys.argv[1] + "/part-*.parquet"}
).fetchone()
print(
    f"bench requests={rows} failed={rows - fetched} "
    f"p50_ms={p50:.3f} p95_ms={p95:.3f} p99_ms={p99:.3f}"
)
