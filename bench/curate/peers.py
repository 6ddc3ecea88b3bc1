"""Extractors of Python over the pages of a folder: each in a process of its own, one core, with
nothing timed but decoding and extraction.

Usage: peers.py NAME PAGES OUT.jsonl. PAGES holds `list.tsv` (a page's name and URL a line; the URL
may be unknown) and the files that it names. What was found is written a page a line; the last line of stdout says how many
pages gave nothing because the extractor failed, and what the loop took.
"""

import json
import sys
import time
from pathlib import Path


def trafilatura_default():
    import trafilatura

    return lambda html, url: {"text": trafilatura.extract(html, url=url)}


def trafilatura_fast():
    import trafilatura

    return lambda html, url: {"text": trafilatura.extract(html, url=url, fast=True)}


def trafilatura_metadata():
    import trafilatura

    def extract(html, url):
        found = trafilatura.bare_extraction(html, url=url, with_metadata=True)
        if found is None:
            return {}
        fields = {name: getattr(found, name) for name in ("text", "title", "author", "date")}
        # Where a page has comments they are part of what `extract` gives.
        if found.comments:
            fields["text"] = f"{found.text}\n{found.comments}"
        return fields

    return extract


def resiliparse():
    from resiliparse.extract.html2text import extract_plain_text

    # Texts in place of pictures are on by default and cost it F1.
    return lambda html, url: {"text": extract_plain_text(html, main_content=True, alt_texts=False)}


def readability():
    import lxml.html
    from readability import Document

    def extract(html, url):
        document = Document(html, url=url)
        summary = lxml.html.fromstring(document.summary(html_partial=True))
        # Words of neighbouring elements must not run together.
        return {"text": "\n".join(summary.itertext()), "title": document.title()}

    return extract


PEERS = {
    "trafilatura": trafilatura_default,
    "trafilatura-fast": trafilatura_fast,
    "trafilatura-metadata": trafilatura_metadata,
    "resiliparse": resiliparse,
    "readability-lxml": readability,
}


def main():
    name, folder, out = sys.argv[1:]
    extract = PEERS[name]()
    pages = []
    for line in (Path(folder) / "list.tsv").read_text().splitlines():
        page, url = line.split("\t")
        pages.append((page, url or None, (Path(folder) / page).read_bytes()))
    found, failed = [], 0
    wall, cpu = time.perf_counter(), time.process_time()
    for page, url, body in pages:
        try:
            fields = extract(body.decode("utf-8", "replace"), url)
        except Exception:  # whatever it is, this page gave nothing
            fields, failed = {}, failed + 1
        found.append((page, fields))
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    with open(out, "w", encoding="utf-8") as lines:
        for page, fields in found:
            print(json.dumps({"page": page, **fields}), file=lines)
    print(f"bench pages={len(pages)} failed={failed} cpu_s={cpu:.3f} wall_s={wall:.3f}")


main()
