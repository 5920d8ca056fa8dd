"""Every outcome that was paid for is handed on or named, however the loop over a batch ends.

A program's own code fails in the middle of its loop, and what is in flight at that moment is paid for all the same. So
to leave the loop waits for it, and whatever nobody took is named with the links of its images. Processes of their own
leave in every way there is; the judge is the server's ledger.
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

    def __init__(self, server: MockServer, how: str, closed: str, backend: str) -> None:
        self._server = server
        self._before = len(server.ledger)
        command = [sys.executable, batch_left_early.__file__, server.url, how, closed, backend]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self) -> None:
        """Wait until it has ended, and compare: each request is taken or named, with its link if it was waited for."""
        try:
            out, self.err = self.process.communicate(timeout=PATIENCE)
        finally:
            self.process.kill()
        self.taken = [line.removeprefix("taken ") for line in out.splitlines()]

    def asked(self) -> list[str]:
        """The ids of all requests that were paid for."""
        return paid(self._server, self._before)

    def linked(self) -> list[str]:
        """The ids that are named with a link."""
        return [key for key in self.asked() if f"{key!r} {self._server.url}/" in self.err]


@pytest.mark.parametrize(
    ("closed", "how", "backend"),
    [
        ("with", "error", "asyncio"),
        ("with", "error", "trio"),
        ("with", "keyboard", "asyncio"),
        ("aclosing", "exit", "asyncio"),
        ("aclosing", "break", "trio"),
    ],
)
def test_to_leave_waits_for_what_is_paid_for_and_names_it(
    server: MockServer, how: str, closed: str, backend: str
) -> None:
    program = Program(server, how, closed, backend)
    program.end()
    assert len(program.taken) == batch_left_early.TAKEN
    assert len(program.asked()) <= batch_left_early.TAKEN + 6, "nothing new is sent"
    assert sorted(program.taken + program.linked()) == sorted(program.asked())
    if how == "error":
        assert program.err.count("ValueError: The loop's body fails.") == 1
        assert program.err.count("These are made and paid for") == 2, "in the log and in the exception's note"


@pytest.mark.parametrize(
    ("closed", "how", "backend"),
    [
        ("bare", "error", "asyncio"),
        ("bare", "break", "trio"),
        ("kept", "exit", "asyncio"),
        ("kept", "error", "trio"),
    ],
)
def test_what_nobody_closes_is_named_all_the_same(server: MockServer, how: str, closed: str, backend: str) -> None:
    program = Program(server, how, closed, backend)
    program.end()
    # The event loop ends before what is in flight does: that may have been billed, and has no link.
    assert all(key in program.err for key in program.asked() if key not in program.taken)
    assert len(program.asked()) <= batch_left_early.TAKEN + 6


@pytest.mark.parametrize("closed", ["with", "bare"])
def test_a_real_signal_names_what_is_in_flight(server: MockServer, closed: str) -> None:
    program = Program(server, "signal", closed, "asyncio")
    deadline = time.monotonic() + PATIENCE
    while len(program.asked()) < batch_left_early.TAKEN:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    program.process.send_signal(signal.SIGINT)
    program.end()
    assert program.process.returncode == -signal.SIGINT
    assert all(key in program.err for key in program.asked() if key not in program.taken)


def test_a_program_that_ends_while_its_loop_stands_still_names_what_it_has(server: MockServer) -> None:
    """Nobody cancels or closes anything: the event loop just does not run any more."""
    program = (
        "import asyncio, sys\n"
        "from ideogram_ai.batch import run_batch\n"
        "from ideogram_ai.client import AsyncIdeogram\n"
        "async def main():\n"
        "    client = AsyncIdeogram('the-key-of-this-test', base_url=sys.argv[1])\n"
        "    rows = [{'id': f'<{n}>', 'text_prompt': f'<{n}>'} for n in range(9)]\n"
        "    run = run_batch(rows, client=client, in_flight=3)\n"
        "    async for outcome in run:\n"
        "        await asyncio.sleep(0.5)\n"
        "        return run, outcome.request.key\n"
        "run, taken = asyncio.new_event_loop().run_until_complete(main())\n"
        "print(taken)\n"
    )
    before = len(server.ledger)
    command = [sys.executable, "-W", "ignore", "-c", program, server.url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    asked = paid(server, before)
    assert len(asked) >= 3
    assert [key for key in asked if key not in done.stderr] == [done.stdout.strip()]
    assert f"{server.url}/" in done.stderr
