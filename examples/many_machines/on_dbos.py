"""DBOS: `python on_dbos.py ROWS.jsonl OUT DATABASE NAME [--async]`, on as many machines as you like.

DATABASE is `postgresql://...`, or `sqlite:///FILE` on one machine. NAME is another one on each machine, and the same
when the program is started again: DBOS then makes the rows again that were in flight. It finds their claims.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dbos import DBOS, SetWorkflowID

from ideogram_ai.batch import BatchRequest, Step

rows, out, database, name, *options = sys.argv[1:]
step = Step(location=out, submit="--async" in options)


@DBOS.step()
def send(row: dict[str, Any], number: int) -> str:
    return step(BatchRequest.of(row, number)).state.value


@DBOS.workflow()
def generate(row: dict[str, Any], number: int) -> str:
    state: str = send(row, number)
    return state


DBOS(config={"name": "images", "system_database_url": database, "executor_id": name, "log_level": "ERROR"})
DBOS.launch()
DBOS.register_queue("images", global_concurrency=10)  # requests in flight, of all machines together
handles = []
for number, line in enumerate(Path(rows).read_text("utf-8").splitlines(), start=1):
    with SetWorkflowID(f"{out} {number}"):  # whoever enqueues a row that is there gets the workflow that is there
        handles.append(DBOS.enqueue_workflow("images", generate, json.loads(line), number))
for number, handle in enumerate(handles, start=1):
    print(number, handle.get_result(), flush=True)
DBOS.destroy()
