"""Every outcome that was paid for is handed out or named, however the loop over a batch ends.

A program's own code fails in the middle of its loop, and what is in flight at that moment is paid for all the same. So
leaving the loop waits for it, and outcomes that were not taken are named with the links of their images. Processes of
their own leave in every way there is; the judge is the server's ledger.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import batch_left_early
import pytest

from ideogram_ai.testing import MockServer

PATIENCE = 60
STANDS_STILL = """
import asyncio, sys
from ideogram_ai.batch import run_batch
from ideogram_ai.client import AsyncIdeogram
async def main():
    client = AsyncIdeogram('the-key-of-this-test', base_url=sys.argv[1])
    rows = [{'id': f'<{n}>', 'text_prompt': f'<{n}>'} for n in range(9)]
    run = run_batch(rows, client=client, in_flight=3)
    async for outcome in run:
        await asyncio.sleep(0.5)
        return run, outcome.request.key
run, taken = asyncio.new_event_loop().run_until_complete(main())
print(taken)
"""


@pytest.fixture(scope="module")
def server(small_images: None) -> Iterator[MockServer]:
    with MockServer(latency=0.2, in_flight=10) as serving:
        yield serving


def paid(server: MockServer, before: int) -> list[str]:
    """The prompts of all images that the server made since its ledger had so many entries."""
    made = [exchange for exchange in server.ledger[before:] if exchange.status == 200]
    return [str(dict(exchange.fields)["text_prompt"]) for exchange in made]


class Program:
    """A process that leaves its loop early, and what the server made for it."""

    def __init__(self, server: MockServer, closed: str, how: str, backend: str) -> None:
        self._server = server
        self._before = len(server.ledger)
        command = [sys.executable, batch_left_early.__file__, server.url, how, closed, backend]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self) -> None:
        """Wait until it has ended."""
        try:
            out, self.err = self.process.communicate(timeout=PATIENCE)
        finally:
            self.process.kill()
        self.taken = [line.removeprefix("taken ") for line in out.splitlines()]

    def asked(self) -> list[str]:
        """The ids of all requests that were paid for."""
        return paid(self._server, self._before)


@pytest.mark.parametrize(
    ("closed", "how", "backend"),
    [("with", "error", "asyncio"), ("with", "keyboard", "asyncio"), ("aclosing", "break", "trio")],
)
def test_leaving_waits_for_what_is_paid_for_and_names_it(
    server: MockServer, closed: str, how: str, backend: str
) -> None:
    program = Program(server, closed, how, backend)
    program.end()
    asked = program.asked()
    assert len(program.taken) == batch_left_early.TAKEN
    assert len(asked) <= batch_left_early.TAKEN + 6, "nothing new is sent"
    linked = [key for key in asked if f"{key!r} {server.url}/" in program.err]
    assert sorted(program.taken + linked) == sorted(asked)
    if how == "error":
        assert program.err.count("ValueError: The loop's body fails.") == 1
        assert program.err.count("These are made and paid for") == 2, "in the log and in the exception's note"


@pytest.mark.parametrize(
    ("closed", "how", "backend"),
    [
        ("bare", "error", "asyncio"),
        ("bare", "break", "trio"),
        ("kept", "exit", "asyncio"),
        ("bare", "signal", "asyncio"),
        ("with", "signal", "asyncio"),
    ],
)
def test_what_nobody_closes_and_what_a_signal_ends_is_named(
    server: MockServer, closed: str, how: str, backend: str
) -> None:
    """The event loop ends before what is in flight does: that may have been billed, and has no link."""
    program = Program(server, closed, how, backend)
    if how == "signal":
        deadline = time.monotonic() + PATIENCE
        while len(program.asked()) < batch_left_early.TAKEN:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        program.process.send_signal(signal.SIGINT)
    program.end()
    assert all(key in program.err for key in program.asked() if key not in program.taken)
    if how == "signal":
        assert program.process.returncode == -signal.SIGINT
    else:
        assert len(program.asked()) <= batch_left_early.TAKEN + 6


def test_a_program_that_ends_while_its_event_loop_stands_still_names_what_it_has(server: MockServer) -> None:
    """Nothing is cancelled or closed: the event loop just does not run any more."""
    before = len(server.ledger)
    command = [sys.executable, "-W", "ignore", "-c", STANDS_STILL, server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    asked = paid(server, before)
    assert len(asked) >= 3
    assert [key for key in asked if key not in done.stderr] == [done.stdout.strip()]
    assert f"{server.url}/" in done.stderr
