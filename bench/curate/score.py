"""Scores what extractors found against the labels of WCXB: the one judge of all of them.

Usage: score.py LABELS FOUND.jsonl... Prints one JSON object, by file: of all pages and of each
kind of page how many there are, and the means of F1, precision and recall of words and of how
often title, author and day are right.

Words are counted as the benchmark's README does: `\\w+` in lower case, bags of words, the mean over
pages. A page that gave nothing counts as an empty text. A title or an author is right if its bag of
words is the label's, a day if it is the label's; where the label has none, finding none is right. Authors
and days are also counted over the pages that have a label alone: half have none, and labels may lack
what a page does say.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path


def words(text):
    return Counter(re.findall(r"\w+", (text or "").lower()))


def word_f1(found, label):
    """F1, precision and recall of two bags of words."""
    if not found or not label:
        return (1.0, 1.0, 1.0) if found == label else (0.0, 0.0, 0.0)
    overlap = sum((found & label).values())
    p, r = overlap / found.total(), overlap / label.total()
    return (2 * p * r / (p + r) if overlap else 0.0, p, r)


def labels(folder):
    out = {}
    for path in sorted(Path(folder).glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        truth, kind = data["ground_truth"], data["_internal"]["page_type"]["primary"]
        text = words(truth.get("main_content"))
        names = {name: words(truth.get(name)) for name in ("title", "author")}
        out[path.stem] = (kind, text, names, truth.get("publish_date") or "")
    return out


def judge(label, found):
    _, text, names, day = label
    f1, p, r = word_f1(words(found.get("text")), text)
    score = {"pages": 1, "f1": f1, "precision": p, "recall": r}
    for name, bag in names.items():
        score[name] = float(words(found.get(name)) == bag)
    score["day"] = float((found.get("date") or "")[:10] == day)
    score["author_labelled"] = score["author"] if names["author"] else None
    score["day_labelled"] = score["day"] if day else None
    return score


def score(truth, path):
    with open(path, encoding="utf-8") as lines:
        found = {Path(row["page"]).stem: row for row in map(json.loads, lines)}
    missing = truth.keys() - found.keys()
    if missing or len(found) != len(truth):
        sys.exit(f"{path}: {len(found)} pages, {len(missing)} of the labelled ones missing")
    kinds = {}
    for page, label in truth.items():
        scores = judge(label, found[page])
        for kind in ("all", label[0]):
            kinds.setdefault(kind, []).append(scores)
    return {kind: means(rows) for kind, rows in sorted(kinds.items())}


def means(rows):
    out = {"pages": len(rows)}
    for name in rows[0].keys() - out.keys():
        values = [row[name] for row in rows if row[name] is not None]
        out[name] = sum(values) / len(values) if values else None
    return out


truth = labels(sys.argv[1])
print(json.dumps({Path(path).stem: score(truth, path) for path in sys.argv[2:]}))
