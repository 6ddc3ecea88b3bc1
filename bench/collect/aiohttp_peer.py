"""aiohttp on uvloop, a hundred at a time, all pages in memory, Parquet at the end.

Usage: aiohttp_peer.py LIST OUT.parquet
"""

import asyncio
import sys
import time

import aiohttp
import pyarrow
import pyarrow.parquet
import uvloop

LIST, OUT = sys.argv[1:]
CONCURRENT = 100


async def fetch(session, urls, rows):
    for url in urls:
        began = time.perf_counter()
        async with session.get(url) as response:
            body = await response.read()
        rows.append((url, response.status, (time.perf_counter() - began) * 1000, body))


async def main():
    with open(LIST) as lines:
        urls = iter(lines.read().split())
    rows = []
    connector = aiohttp.TCPConnector(limit=CONCURRENT)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(fetch(session, urls, rows) for _ in range(CONCURRENT)))
    columns = zip(*rows)
    types = pyarrow.string(), pyarrow.uint16(), pyarrow.float64(), pyarrow.large_binary()
    arrays = [pyarrow.array(column, kind) for column, kind in zip(columns, types)]
    table = pyarrow.table(arrays, names=["url", "status", "elapsed_ms", "body"])
    pyarrow.parquet.write_table(table, OUT, row_group_size=4096)


uvloop.run(main())
