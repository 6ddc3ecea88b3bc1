"""Scrapy, tuned for many pages of one origin: a hundred at a time, no AutoThrottle, no log, and
what it does for every request but need not for a list of distinct URLs switched off.

Usage: scrapy_peer.py LIST OUT.jsonl
"""

import sys

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess

LIST, OUT = sys.argv[1:]


class Pages(Spider):
    name = "pages"

    async def start(self):
        with open(LIST) as lines:
            for line in lines:
                yield Request(line.strip(), dont_filter=True)

    def parse(self, response):
        yield {
            "url": response.url,
            "status": response.status,
            "elapsed_ms": response.meta["download_latency"] * 1000,
            "body": response.text,
        }


process = CrawlerProcess(
    {
        "CONCURRENT_REQUESTS": 100,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 100,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "COOKIES_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
        "ASYNCIO_EVENT_LOOP": "uvloop.Loop",
        "FEEDS": {OUT: {"format": "jsonlines", "encoding": "utf8"}},
    }
)
process.crawl(Pages)
process.start()
