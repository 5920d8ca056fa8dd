"""Ctrl-C in a batch: the first finishes what is in flight, the second cancels it; the printed command resumes."""

import shlex
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_inputs import SMALL, prompts, states, write_csv
from cli_runs import Command, running
from terminals import PATIENCE, Terminal

from ideogram_ai.testing import MockServer

Begin = Callable[..., Terminal]


def wait_for_requests(server: MockServer, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(server.ledger) < number:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def begin(folder: Path, start: Callable[..., Terminal]) -> Begin:
    """Begin a batch of 7 rows on a terminal."""
    write_csv(folder / "rows.csv", [row | {"resolution": SMALL} for row in prompts(7)])
    return lambda *arguments: start("batch", "rows.csv", "--out", "images", *arguments, COLUMNS="100")


def test_the_first_one_finishes_what_is_in_flight_and_prints_how_to_resume(
    begin: Begin, ideogram: Command, folder: Path
) -> None:
    with MockServer(latency=1.0) as server:
        terminal = begin("--in-flight", "3", "--base-url", server.url)
        wait_for_requests(server, 3)
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_until("Press Ctrl-C again to cancel it")
        assert terminal.finish() == 130
        sent = len(server.ledger)
    assert sent < 7
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h"), "the cursor is back"
    assert f"7 rows: {sent} saved, {7 - sent} not sent" in terminal.plain
    assert Counter(states(folder / "images").values()) == {"saved": sent, "planned": 7 - sent}
    (command,) = [line for line in terminal.plain.splitlines() if "Resume with: " in line]
    arguments = shlex.split(command.partition("Resume with: ")[2])
    assert arguments[:2] == ["ideogram", "batch"]
    with MockServer() as server:
        run = ideogram(*arguments[1:-1], server.url)  # another server, because that one is gone
        assert len(server.ledger) == 7 - sent
    assert run.code == 0
    assert set(states(folder / "images").values()) == {"saved"}


def test_the_second_one_cancels_what_is_in_flight(begin: Begin, folder: Path) -> None:
    with MockServer(latency=600) as server:
        terminal = begin("--in-flight", "3", "--base-url", server.url)
        wait_for_requests(server, 3)
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_until("Press Ctrl-C again to cancel it")
        time.sleep(0.6)  # or it would be an echo of the first
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 4
        assert len(server.ledger) == 3
    assert "3 rows with an unknown outcome:" in terminal.plain
    assert "  lines 2 to 4: " in terminal.plain
    assert "--retry-unknown" in terminal.plain
    assert Counter(states(folder / "images").values()) == {"unknown": 3, "planned": 4}


def test_sigterm_where_there_is_no_terminal(folder: Path) -> None:
    write_csv(folder / "rows.csv", prompts(7))
    with MockServer(latency=600) as server:
        options = ("--out", "images", "--in-flight", "2", "--base-url", server.url)
        with running(folder, "batch", "rows.csv", *options) as process:
            wait_for_requests(server, 2)
            process.send_signal(signal.SIGTERM)
            assert process.stderr is not None
            assert process.stderr.readline().startswith("note: 7 rows: 7 images to make for free")
            assert process.stderr.readline().startswith("note: Nothing new is sent")
            time.sleep(0.6)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 4
    assert out.startswith("7 rows: 2 unknown, 5 not sent\n")
    assert "\x1b" not in out + err


def test_a_bar_with_figures_is_shown_and_is_gone_at_the_end(begin: Begin) -> None:
    with MockServer(latency=0.8) as server:
        terminal = begin("--in-flight", "4", "--base-url", server.url)
        terminal.read_until(r"[1-6] of 7[^\n]*\n[^\n]*\n *[0-9]+ in flight[^\n]* 0\.[0-9]+ USD")
        assert terminal.finish() == 0
    end = terminal.plain[terminal.plain.rindex("7 rows: 7 saved") :]
    assert "in flight" not in end
    assert "of 7" not in end
