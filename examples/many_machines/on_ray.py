"""Ray Data: `python on_ray.py ROWS.jsonl OUT [ADDRESS] [--async]`, on the cluster at ADDRESS or on this machine.

Ray makes a whole block of rows again when its worker or its node has died, finished rows too. Each row finds its claim.
"""

import sys

import ray

from ideogram_ai.batch.ray import generate

rows, out, *options = sys.argv[1:]
submit = "--async" in options
address = next((option for option in options if option != "--async"), None)

ray.init(address=address, include_dashboard=False, log_to_driver=False)
for outcome in generate(ray.data.read_json(rows), out=out, in_flight=10, submit=submit).iter_rows():
    print(outcome["id"], outcome["state"], outcome["file"], flush=True)
