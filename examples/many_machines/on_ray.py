"""Ray Data: `python on_ray.py ROWS.jsonl OUT [ADDRESS] [--async]`, on the cluster at ADDRESS or on this machine.

All machines have to see the file of the rows.

Ray makes a whole block of rows again when its worker or its node has died, finished rows too. Each row finds its claim.
"""

import sys
from pathlib import Path

import ray

from ideogram_ai.batch.ray import generate

rows, out, *options = sys.argv[1:]
submit = "--async" in options
address = next((option for option in options if option != "--async"), None)

ray.init(address=address, include_dashboard=False, log_to_driver=False)
dataset = ray.data.read_json(str(Path(rows).resolve()))
for outcome in generate(dataset, out=out, in_flight=10, submit=submit).iter_rows():
    print(outcome["id"], outcome["state"], outcome["file"], flush=True)
