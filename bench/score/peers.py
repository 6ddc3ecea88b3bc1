"""What DuckDB and Polars take for what `cargo xtask bench score` and `bench query` have Jarvix do.

    peers.py merge FILES OUT                  all rows of the files as one file
    peers.py score duckdb|polars IN OUT N     the profile formula.toml, Parquet to Parquet
    peers.py actions FILE                     rows and sum of scores by action, of what was written
    peers.py query duckdb|polars FILES N      a filter and a group-by

Prints one line of JSON: the rows and the seconds inside the engine, imports not counted.
"""

import json
import sys
import time

NUMBERS = "url, word_count, alpha_word_ratio, link_density, mean_word_length, stop_word_count"

SCORE = """
WITH contributions AS (
    SELECT url,
        CAST(round(30 * least(greatest(word_count / 1000.0, 0.0), 1.0), 3) AS DECIMAL(9,3)) AS length,
        CAST(round(25 * least(greatest(alpha_word_ratio, 0.0), 1.0), 3) AS DECIMAL(9,3)) AS letters,
        CAST(round(20 * least(greatest(1.0 - link_density, 0.0), 1.0), 3) AS DECIMAL(9,3)) AS links,
        CAST(round(15 * least(greatest((mean_word_length - 3.0) / 3.0, 0.0), 1.0), 3) AS DECIMAL(9,3)) AS words,
        CAST(round(10 * least(greatest(stop_word_count / 50.0, 0.0), 1.0), 3) AS DECIMAL(9,3)) AS sentences
    FROM read_parquet(?)
), scored AS (
    SELECT *, CAST(length + letters + links + words + sentences AS DECIMAL(9,3)) AS score
    FROM contributions
)
SELECT url, score,
    CASE WHEN score >= 70 THEN 'BUY' WHEN score >= 45 THEN 'MONITOR' ELSE 'SKIP' END AS action,
    length, letters, links, words, sentences,
    CASE WHEN length >= 15 THEN 'long text' WHEN letters >= 12.5 THEN 'words are words'
         WHEN links >= 10 THEN 'few links' WHEN words >= 7.5 THEN 'long words'
         WHEN sentences >= 5 THEN 'reads like sentences' ELSE 'short text' END AS reason
FROM scored
"""

# The same as QUERY in xtask/src/bench/query.rs.
QUERY = """
SELECT CAST(floor(mean_word_length) AS INTEGER) AS letters, count(*) AS n,
       avg(word_count) AS words, max(alpha_word_ratio) AS most
FROM read_parquet(?) WHERE link_density < 0.5 GROUP BY 1 ORDER BY 1
"""


def duck(threads):
    import duckdb

    db = duckdb.connect()
    db.execute(f"SET threads = {threads}")
    db.execute("SET preserve_insertion_order = false")
    return db


def merge(files, out):
    duck(2).execute(
        f"COPY (SELECT {NUMBERS} FROM read_parquet(?)) TO '{out}' (FORMAT parquet, COMPRESSION zstd)",
        [files],
    )
    return 0, 0.0


def actions(file):
    """Sums in thousandths, which are exact whatever the type."""
    query = """
        SELECT action, count(*), CAST(sum(CAST(round(score * 1000) AS BIGINT)) AS BIGINT)
        FROM read_parquet(?) GROUP BY 1 ORDER BY 1
    """
    return duck(2).execute(query, [file]).fetchall(), 0.0


def score_duckdb(source, out, threads):
    db = duck(threads)
    began = time.perf_counter()
    query = f"COPY ({SCORE}) TO '{out}' (FORMAT parquet, COMPRESSION zstd)"
    rows = db.execute(query, [source]).fetchone()[0]
    return rows, time.perf_counter() - began


def score_polars(source, out):
    import polars as pl

    def part(weight, share):
        return (weight * share.clip(0.0, 1.0)).round(3)

    began = time.perf_counter()
    col = pl.col
    frame = pl.scan_parquet(source).select(
        "url",
        length=part(30, col("word_count") / 1000.0),
        letters=part(25, col("alpha_word_ratio")),
        links=part(20, 1.0 - col("link_density")),
        words=part(15, (col("mean_word_length") - 3.0) / 3.0),
        sentences=part(10, col("stop_word_count") / 50.0),
    )
    names = ["length", "letters", "links", "words", "sentences"]
    # A sum of doubles may lie a hair below the threshold that the sum of thousandths reaches.
    frame = frame.with_columns(score=pl.sum_horizontal(names).round(3))
    score = col("score")
    frame = frame.with_columns(
        action=pl.when(score >= 70).then(pl.lit("BUY")).when(score >= 45)
        .then(pl.lit("MONITOR")).otherwise(pl.lit("SKIP")),
        reason=pl.when(col("length") >= 15).then(pl.lit("long text"))
        .when(col("letters") >= 12.5).then(pl.lit("words are words"))
        .when(col("links") >= 10).then(pl.lit("few links"))
        .when(col("words") >= 7.5).then(pl.lit("long words"))
        .when(col("sentences") >= 5).then(pl.lit("reads like sentences"))
        .otherwise(pl.lit("short text")),
    )
    decimal = pl.Decimal(9, 3)
    frame = frame.with_columns([col(name).cast(decimal) for name in [*names, "score"]])
    frame.sink_parquet(out, compression="zstd", maintain_order=False)
    seconds = time.perf_counter() - began
    return pl.scan_parquet(out).select(pl.len()).collect().item(), seconds


def query_duckdb(files, threads):
    db = duck(threads)
    began = time.perf_counter()
    rows = db.execute(QUERY, [files]).fetchall()
    return rows, time.perf_counter() - began


def query_polars(files):
    import polars as pl

    began = time.perf_counter()
    col = pl.col
    frame = (
        pl.scan_parquet(files)
        .filter(col("link_density") < 0.5)
        .group_by(letters=col("mean_word_length").floor().cast(pl.Int32))
        .agg(
            n=pl.len(),
            words=col("word_count").mean(),
            most=col("alpha_word_ratio").max(),
        )
        .sort("letters")
    )
    rows = frame.collect(engine="streaming").rows()
    return rows, time.perf_counter() - began


def main(words):
    match words:
        case ["merge", files, out]:
            rows, seconds = merge(files, out)
        case ["score", "duckdb", source, out, threads]:
            rows, seconds = score_duckdb(source, out, int(threads))
        case ["score", "polars", source, out, _]:
            rows, seconds = score_polars(source, out)
        case ["actions", file]:
            rows, seconds = actions(file)
        case ["query", "duckdb", files, threads]:
            rows, seconds = query_duckdb(files, int(threads))
        case ["query", "polars", files, _]:
            rows, seconds = query_polars(files)
        case _:
            sys.exit(__doc__)
    print(json.dumps({"rows": rows, "seconds": seconds}))


main(sys.argv[1:])
