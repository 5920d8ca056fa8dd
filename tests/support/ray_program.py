"""A program that makes images of the rows of a Ray Dataset, and prints the outcomes as they come.

Its arguments: the cluster, and what generate gets, as JSON.
"""

import json
import logging
import sys

import ray
import ray.data

from ideogram_ai.batch.ray import generate

if __name__ == "__main__":
    address, rows, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    for row in generate(ray.data.from_items(rows), **options).iter_rows():
        print(json.dumps(row), flush=True)
