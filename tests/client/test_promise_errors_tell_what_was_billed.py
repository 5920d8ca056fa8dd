"""Why this matters: after an error people ask one thing, whether they may send it again. An answer that is wrong once
costs a second image, or an image that was paid for and is given up.

So what an error says of money is true of the whole call, and not of its last attempt alone, and it stays true when the
error is pickled on its way to another process.
"""

import copy
import logging
import pickle
from typing import Any

import pytest
from both_clients import SHELLS, Shell, generate, hurried, run
from small_internet import Internet, answer

from ideogram_ai.client import APIConnectionError, IdeogramError, RetryPolicy
from ideogram_ai.testing.faults import FaultServer

WILLING = RetryPolicy(max_attempts=3, retry_possibly_billed=True)

pytestmark = pytest.mark.parametrize("shell", SHELLS)


def error_after(shell: Shell, faults: list[str], retry: RetryPolicy) -> tuple[IdeogramError, int]:
    """The error that these faults end in, and how many requests may have run."""
    with FaultServer(faults) as server, pytest.raises(IdeogramError) as caught:
        run(shell, generate, base_url=server.url, retry=retry)
    return caught.value, server.ledger.may_have_run


@pytest.mark.parametrize("last", ["status_400", "status_401", "status_402", "status_422", "redirect_307"])
@pytest.mark.parametrize("first", ["status_500", "close_after_request", "close_in_body"])
def test_an_earlier_attempt_is_not_forgotten(shell: Shell, first: str, last: str) -> None:
    """The last answer says that nothing ran. The one before may have."""
    error, may_have_run = error_after(shell, [first, last], WILLING)
    assert may_have_run == 1
    assert error.may_have_been_billed
    assert "earlier attempt may have been billed" in error.message
    assert copy.copy(error).may_have_been_billed
    assert pickle.loads(pickle.dumps(error)).may_have_been_billed


def test_attempts_that_did_not_run_are_no_doubt(shell: Shell) -> None:
    error, may_have_run = error_after(shell, ["status_429", "status_429", "status_400"], WILLING)
    assert (may_have_run, error.may_have_been_billed) == (0, False)
    assert "earlier" not in error.message


def test_a_connection_that_is_refused_after_a_doubtful_attempt(shell: Shell) -> None:
    """The server dies with the image half made: the second attempt never left, and the first one did."""
    server = FaultServer("close_after_request").start()

    def die(_seconds: float) -> Any:
        server.close()
        return hurried(shell).sleep(0)  # type: ignore[misc]

    with pytest.raises(IdeogramError) as caught:
        run(shell, generate, base_url=server.url, retry=WILLING, timing=hurried(shell, sleep=die))
    assert isinstance(caught.value, APIConnectionError)
    assert server.ledger.may_have_run == 1
    assert caught.value.may_have_been_billed


@pytest.mark.parametrize(
    "reply",
    [answer(502), answer(407), answer(200), b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0\r\n"],
    ids=lambda reply: reply[:16],
)
def test_a_proxy_that_does_not_reach_the_service(
    shell: Shell, reply: bytes, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a proxy answers is no answer of the service: the request never got there."""
    proxy = internet.host("proxy.example", reply, tls=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://proxy.example:{proxy.port}")
    with pytest.raises(APIConnectionError) as caught:
        run(shell, generate, base_url="https://api.example", retry=WILLING)
    assert caught.value.may_have_been_billed is False


@pytest.mark.parametrize(("first", "billed"), [("status_500", True), ("status_429", False)])
def test_an_interruption_between_attempts(
    shell: Shell, first: str, billed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Ctrl-C while the client waits for its next attempt: nothing is in flight, but the first attempt may be billed."""

    def interrupt(_seconds: float) -> Any:
        raise KeyboardInterrupt

    with FaultServer(first) as server, pytest.raises(KeyboardInterrupt) as caught:
        run(shell, generate, base_url=server.url, retry=WILLING, timing=hurried(shell, sleep=interrupt))
    assert server.ledger.may_have_run == billed
    assert getattr(caught.value, "may_have_been_billed", False) is billed
    assert bool(getattr(caught.value, "__notes__", [])) is billed
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert bool(warned) is billed
