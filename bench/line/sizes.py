"""What a run left on disk, read from outside with DuckDB: bytes, as JSON on stdout."""

import json
import os
import pathlib
import sys
import tempfile

import duckdb

run = pathlib.Path(sys.argv[1])


def on_disk(dataset):
    return sum(part.stat().st_size for part in (run / dataset).glob("part-*.parquet"))


def single(sql):
    return duckdb.sql(sql).fetchall()[0][0]


pages, documents = f"'{run}/pages/part-*.parquet'", f"'{run}/documents/part-*.parquet'"
with tempfile.TemporaryDirectory() as folder:
    jsonl = os.path.join(folder, "documents.jsonl")
    # As one would write it: the fingerprint as hex.
    duckdb.sql(
        f"COPY (SELECT * REPLACE (hex(minhash) AS minhash) FROM {documents}) TO '{jsonl}' (FORMAT JSON)"
    )
    print(
        json.dumps(
            {
                "wire": int(single(f"SELECT sum(bytes_wire) FROM {pages}")),
                "pages": on_disk("pages"),
                "html": int(single(f"SELECT sum(bytes_decoded) FROM {documents}")),
                "documents": on_disk("documents"),
                "jsonl": os.path.getsize(jsonl),
            }
        )
    )
