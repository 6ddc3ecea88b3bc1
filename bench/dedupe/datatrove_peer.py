"""datatrove's MinHash deduplication, all four steps, over JSON lines: FOLDER INPUT TASKS.

Word 5-grams, 14 bands of 8; words are what stands between blanks. Prints as JSON
what it kept and how long it took, without the time to start Python.
"""

import json
import sys
import time
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.word_tokenizers import WordTokenizer

BUCKETS = 14


class Words(WordTokenizer):
    """What stands between blanks: the quickest there can be."""

    def word_tokenize(self, text):
        return text.split()

    def sent_tokenize(self, text):
        return [text]

    def span_tokenize(self, text):
        return [(0, len(text))]


def main():
    folder, source, tasks = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    config = MinhashConfig(n_grams=5, num_buckets=BUCKETS, hashes_per_bucket=8)
    # One file a task.
    lines = source.read_text().splitlines(keepends=True)
    parts = folder / "texts"
    parts.mkdir(parents=True)
    for task in range(tasks):
        (parts / f"{task}.jsonl").write_text("".join(lines[task::tasks]))

    def run(steps, count):
        logs = place("logs")
        LocalPipelineExecutor(steps, tasks=count, workers=tasks, skip_completed=False, logging_dir=logs).run()

    def place(name):
        return str(folder / name)

    began = time.monotonic()
    words = Words()
    run([JsonlReader(str(parts)), MinhashDedupSignature(place("signatures"), config=config, language=words)], tasks)
    run([MinhashDedupBuckets(place("signatures"), place("buckets"), config=config)], BUCKETS)
    run([MinhashDedupCluster(place("buckets"), place("remove"), config=config)], 1)
    keep = JsonlWriter(place("kept"), compression=None)
    run([JsonlReader(str(parts)), MinhashDedupFilter(place("remove")), keep], tasks)
    took = time.monotonic() - began
    kept = sum(len(file.read_text().splitlines()) for file in (folder / "kept").glob("*.jsonl"))
    print(json.dumps({"documents": len(lines), "kept": kept, "wall_s": took}))


if __name__ == "__main__":
    main()
