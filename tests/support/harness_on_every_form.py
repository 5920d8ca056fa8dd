"""Uses the strategies, the respx mock and the fault server with the package of a contract with every form of operation.

That package has to come first on the path. Prints what became of each operation, as JSON.
"""

import json
import sys
import warnings
from operator import attrgetter
from typing import Any

from samples import sample

import ideogram_ai.generated
from ideogram_ai.client import Ideogram, IdeogramError, ResponseWarning, RetryPolicy
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.testing import answers, broken_requests, ideogram_mock, request_rules, requests, unusual_answers
from ideogram_ai.testing.faults import FaultServer

KEY = "the-key-of-this-test"
ONCE = RetryPolicy(max_attempts=1)


def send(client: Any, operation: Operation, request: dict[str, Any]) -> str:
    """What a call ends in."""
    try:
        attrgetter(operation.method_name)(client)(**request)
    except IdeogramError as error:
        return type(error).__name__
    return "value"


def use(operation: Operation) -> dict[str, Any]:
    """Draw requests and responses of an operation, and send them through the client."""
    drawn = sample(requests(operation=operation), 30)
    rules = request_rules(operation=operation)
    broken = [each for rule in rules for each in sample(broken_requests(rule, operation=operation), 3)]
    told = [*sample(unusual_answers(operation=operation), 20)]
    if any(rule.schema for rule in read_view(operation.operation_id).responses.values()):
        told += sample(answers(operation=operation), 20)
    with ideogram_mock(strict=False) as mock, Ideogram(KEY, retry=ONCE) as client:
        sent = [send(client, operation, request) for request in drawn]
        mock.judge(times=None)
        refused = {f"{each.rule} {each.request!r:.200}": send(client, operation, each.request) for each in broken}
    with ideogram_mock(strict=False) as mock, Ideogram(KEY, retry=ONCE) as client:
        for answer in told:
            mock.reply(answer)
            send(client, operation, drawn[0])
        answered = len(mock.ledger)
    with FaultServer(["ok", "status_429"], poll=["ok", "status_429"]) as server:
        with Ideogram(KEY, base_url=server.url, retry=ONCE) as client:
            faults = [send(client, operation, drawn[0]) for _ in range(2)]
        ledger = server.wait_idle()
    return {
        "fields": sorted({name for request in drawn for name in request}),
        "sent": sorted(set(sent)),
        "passed": [name for name, end in refused.items() if end == "value"],
        "rules": len(rules),
        "answered": answered == len(told),
        "faults": faults,
        "met": [request.operation for request in ledger.requests],
        "may_have_run": ledger.may_have_run,
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore", ResponseWarning)
    added = [operation for operation in OPERATIONS.values() if operation.path.startswith("/shelf/")]
    used = {operation.method_name: use(operation) for operation in added}
    json.dump({"package": ideogram_ai.generated.__file__, "used": used}, sys.stdout)
