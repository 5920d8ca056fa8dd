"""A submit costs money, and so do the requests for prompts and descriptions: none is sent twice if it may have run.

With a job, what is unknown is as short as the answer: from the last byte of the request to the last one of the id. On
real sockets, for every operation; the server counts what may have run.
"""

import json
from typing import Any

import pytest
from contract_judges import is_billed, least
from driver import KINDS, ONCE, Driver, Kind, case, outcome

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    Generation,
    IdeogramError,
    Job,
    OutcomeUnknownError,
    ResponseValidationError,
)
from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.testing.faults import FAULTS, Fault, FaultServer, Phase, answer_raw

PAID = [each for each in OPERATIONS.values() if not each.is_free]
SUBMITS = [each for each in PAID if each.result == "job"]
CUTS = [
    *(name for name in FAULTS if name.startswith(("close_", "reset_"))),
    *(name for name in FAULTS if name.startswith("status_")),
    "redirect_303",
    "redirect_307",
    "html_503",
]
ATTEMPTS = 4
each_paid = pytest.mark.parametrize("operation", PAID, ids=lambda each: each.method_name)
pytestmark = [
    pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning"),
    # httpx and httpcore leave generators of their own unfinished when an exchange breaks off, and trio warns of it.
    pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning"),
]


def send(operation: Operation, kind: Kind, server: FaultServer, **settings: Any) -> Any:
    with Driver(kind, base_url=server.url, **settings) as client:
        return outcome(client.call, operation.method_name, **least(operation))


def check_cut(operation: Operation, fault: Fault, ended: object, posts: int, may_have_run: int) -> None:
    assert may_have_run <= 1
    if isinstance(ended, IdeogramError):
        assert ended.may_have_been_billed or not may_have_run, "a client that thinks it was free asks again"
        assert ended.job_id is None
    else:
        assert fault.status == 200
        return
    if fault.phase is Phase.CONNECT:
        assert isinstance(ended, APIConnectionError | OutcomeUnknownError)
    elif fault.name.startswith(("status_", "redirect_", "html_")):
        assert isinstance(ended, APIStatusError | OutcomeUnknownError)
        assert ended.status_code == fault.status
        assert ended.may_have_been_billed is is_billed(operation, fault.status or 0)
        assert posts == (ATTEMPTS if fault.status == 429 and not is_billed(operation, 429) else 1)
    else:
        # Without a length, what was cut off looks complete.
        unclear = ResponseValidationError if fault.name == "close_delimited_cut" else OutcomeUnknownError
        assert isinstance(ended, unclear)
        assert posts == 1


@each_paid
def test_nothing_that_may_have_run_is_sent_again(operation: Operation) -> None:
    """Each end of a connection, in each part of the exchange, and each status that is known."""
    first = PAID.index(operation)
    # Operations and kinds of clients take turns: what they have in common is tested by the operations together.
    for number, name in enumerate(CUTS if operation in SUBMITS else CUTS[first % 3 :: 3], first):
        kind = KINDS[number % len(KINDS)]
        with case((name, kind)), FaultServer(name) as server:
            ended = send(operation, kind, server)
            ledger = server.wait_idle()
            check_cut(operation, FAULTS[name], ended, len(ledger.posts), ledger.may_have_run)


@each_paid
def test_what_never_left_is_sent_again_and_paid_once(operation: Operation) -> None:
    kind = KINDS[PAID.index(operation) % len(KINDS)]
    known = not is_billed(operation, 429)  # where the contract has none, nobody knows what it costs
    with FaultServer(["status_429", "ok"]) as server:
        ended = send(operation, kind, server)
        ledger = server.wait_idle()
    assert isinstance(ended, IdeogramError) is not known
    assert (len(ledger.posts), ledger.may_have_run) == (2 if known else 1, 1)
    assert ledger.posts[0].operation == operation.operation_id
    with FaultServer("refuse") as server:
        ended = send(operation, kind, server)
    assert isinstance(ended, APIConnectionError)
    assert not ended.may_have_been_billed
    assert f"after {ATTEMPTS} attempts" in ended.message


@pytest.mark.parametrize("operation", SUBMITS, ids=lambda each: each.method_name)
def test_the_answer_to_a_submit_may_break_at_any_byte(operation: Operation) -> None:
    """Before the id is whole, nobody knows; after it, there is a job, and its images are waited for."""
    body = json.dumps({"generation_id": "Wg7zS0mJQ5Ch", "notice": None}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    known = len(head) + body.index(b'",') + 1
    step = 1 if operation is SUBMITS[0] else 11
    for size in range(0, len(head + body) + 1, step):
        kind = KINDS[size % len(KINDS)]
        raw = answer_raw((head + body)[:size], then="reset" if size % 2 else "close")
        with case((size, kind)), FaultServer(raw) as server, Driver(kind, base_url=server.url, retry=ONCE) as client:
            ended = outcome(client.call, operation.method_name, **least(operation))
            if isinstance(ended, Job):
                assert size >= known
                assert ended.id == "Wg7zS0mJQ5Ch"
                made = client.call("wait", ended)
                assert isinstance(made, Generation)
                assert made.images[0].url
            else:
                assert isinstance(ended, OutcomeUnknownError)
                assert (ended.job_id, ended.may_have_been_billed) == (None, True)
                # A reset may destroy what the client has not read yet.
                assert size < known or size % 2
            ledger = server.wait_idle()
            assert (len(ledger.posts), ledger.may_have_run) == (1, 1)
