"""Ctrl-C and SIGTERM are answers to "was it paid?" too: 4 when the request had left, 130 and 143 when it had not."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli_runs import IDEOGRAM, environment, files

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

PATIENCE = 20


@contextmanager
def generating(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run `ideogram generate` in the background."""
    command = [*IDEOGRAM, "generate", "a", "-o", "cat.png", *arguments]
    with subprocess.Popen(
        command, cwd=folder, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for_request(server: MockServer) -> None:
    """Wait until the request has arrived."""
    deadline = time.monotonic() + PATIENCE
    while not server.ledger:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_after_the_request_had_left(folder: Path, number: signal.Signals) -> None:
    with MockServer(latency=600) as server, generating(folder, "--json", "--base-url", server.url) as process:
        wait_for_request(server)
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (4, "")
    answer = json.loads(out)
    assert answer["outcome"] == "outcome_unknown"
    assert answer["error"]["may_have_been_billed"] is True
    assert "after it had left" in answer["error"]["message"]
    assert not files(folder)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_between_two_attempts_that_cost_nothing(folder: Path, number: signal.Signals, code: int) -> None:
    # A Retry-After of ten seconds leaves the time.
    with FaultServer("status_429") as server, generating(folder, "--base-url", server.url) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("note: attempt 1: RateLimitError; next in ")
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        ledger = server.wait_idle()
    assert (process.returncode, out) == (code, "")
    assert err == "error: Interrupted. Nothing was billed.\n"
    assert len(ledger.posts) == 1
    assert not files(folder)
