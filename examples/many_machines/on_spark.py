"""Spark: `python on_spark.py ROWS.jsonl OUT [--async]`, or with spark-submit.

Spark makes a whole partition again when its Python worker has died, finished rows too, and everything again for each
further action on the frame. Each row finds its claim.
"""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession

from ideogram_ai.batch import BatchRequest, Step

rows, out, *options = sys.argv[1:]
step = Step(location=out, submit="--async" in options)


def generate(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    with ThreadPoolExecutor(5) as pool:  # with two partitions at a time, ten requests in flight
        for frame in frames:
            requests = [BatchRequest.of(json.loads(row), number) for number, row in frame.itertuples(index=False)]
            outcomes = [(each.request.key, each.state.value, each.file) for each in pool.map(step, requests)]
            yield pd.DataFrame(outcomes, columns=["id", "state", "file"])


# Two partitions at a time on this machine, and up to four attempts at each. A cluster has its own numbers.
spark = SparkSession.builder.appName("images").master("local[2,4]").config("spark.ui.enabled", "false").getOrCreate()
lines = list(enumerate(Path(rows).read_text("utf-8").splitlines(), start=1))
frame = spark.createDataFrame(lines, "number long, row string").repartition(len(lines) // 20 + 1)
for outcome in frame.mapInPandas(generate, "id string, state string, file string").collect():
    print(outcome.id, outcome.state, outcome.file)
