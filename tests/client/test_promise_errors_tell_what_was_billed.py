"""After an error people ask whether they may send the request again, and a wrong answer costs an image.

So what an error says of money is true of the whole call, and not of its last attempt alone, and it stays true when the
error is pickled on its way to another process.
"""

import copy
import logging
import pickle

import pytest
from driver import Driver, Kind, against, raised
from small_internet import Internet, answer

from ideogram_ai.client import APIConnectionError, IdeogramError, RetryPolicy
from ideogram_ai.testing.faults import FaultServer

WILLING = RetryPolicy(max_attempts=3, retry_possibly_billed=True)


def error_after(kind: Kind, *faults: str) -> tuple[IdeogramError, int]:
    """The error that these faults end in, and how many requests may have run."""
    with against(kind, faults, retry=WILLING) as (client, server):
        return raised(IdeogramError, client.ask), server.ledger.may_have_run


def test_an_earlier_attempt_is_not_forgotten(kind: Kind) -> None:
    """The last response says that nothing ran. The one before may have."""
    for first in ("status_500", "close_after_request", "close_in_body"):
        for last in ("status_400", "status_401", "status_402", "status_422", "redirect_307"):
            error, may_have_run = error_after(kind, first, last)
            assert may_have_run == 1
            for known in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
                assert known.may_have_been_billed, (first, last)
            assert "earlier attempt may still have been billed" in error.message


def test_attempts_that_did_not_run_are_no_doubt(kind: Kind) -> None:
    error, may_have_run = error_after(kind, "status_429", "status_429", "status_400")
    assert (may_have_run, error.may_have_been_billed) == (0, False)
    assert "earlier" not in error.message


def test_a_connection_that_is_refused_after_a_doubtful_attempt(kind: Kind) -> None:
    """The server dies with the image half made: the second attempt never left, and the first one did."""
    server = FaultServer("close_after_request").start()
    timing = {"sleep": lambda _: server.close()}
    with Driver(kind, base_url=server.url, retry=WILLING, timing=timing) as client:
        error = raised(APIConnectionError, client.ask)
    assert server.ledger.may_have_run == 1
    assert error.may_have_been_billed


def test_a_proxy_that_does_not_reach_the_service(
    kind: Kind, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response of a proxy is none of the service: the request never got there."""
    for reply in (answer(502), answer(503), answer(407), answer(200), b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0\r\n"):
        proxy = internet.host("proxy.example", reply, tls=False)
        monkeypatch.setenv("HTTPS_PROXY", f"http://proxy.example:{proxy.port}")
        with Driver(kind, base_url="https://api.example", retry=WILLING) as client:
            error = raised(APIConnectionError, client.ask)
            assert error.may_have_been_billed is False, reply
            # Asking again with a wrong password may lock an account.
            assert error.transient is not reply.startswith(b"HTTP/1.1 407"), reply


@pytest.mark.parametrize(("first", "billed"), [("status_500", True), ("status_429", False)])
def test_ctrl_c_between_attempts(kind: Kind, first: str, billed: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is in flight while the client waits for its next attempt, but the first one may be billed."""

    def strike(_seconds: float) -> None:
        raise KeyboardInterrupt

    with against(kind, first, retry=WILLING, timing={"sleep": strike}) as (client, server):
        error = raised(KeyboardInterrupt, client.ask)
        assert server.ledger.may_have_run == billed
    assert getattr(error, "may_have_been_billed", False) is billed
    notes = getattr(error, "__notes__", [])
    assert ["An earlier attempt may still have been billed" in note for note in notes] == [True] * billed
    assert any(record.levelno >= logging.WARNING for record in caplog.records) is billed
