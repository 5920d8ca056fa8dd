"""What a person sees: a spinner with seconds while it waits, colours unless they are not wanted, a hidden key."""

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_runs import KEY, answering, entry, environment
from terminals import PATIENCE, Terminal

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

SPINNER = "[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] Making the image  [0-9]+ s"


Start = Callable[..., Terminal]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start `ideogram` on a terminal."""
    started: list[Terminal] = []

    def run(*arguments: str, stdout: int | None = None, without: str = "", **variables: str) -> Terminal:
        settings = {**environment(COLUMNS="60", TERM="xterm-256color", PYTHONUTF8="1"), **variables}
        settings.pop(without, None)
        started.append(Terminal(list(arguments), folder, settings, stdout))
        return started[-1]

    yield run
    for terminal in started:
        terminal.process.kill()
        terminal.process.wait(PATIENCE)


def test_a_spinner_counts_seconds_and_is_gone_at_the_end(start: Start, folder: Path) -> None:
    prompt = "A cat, " + "fluffy and " * 20 + "orange"
    with FaultServer(["status_429", answering(entry(prompt=prompt))]) as server:
        terminal = start("generate", "a cat", "-o", "cat.png", "--base-url", server.url)
        assert terminal.finish() == 0
    assert re.search(SPINNER.replace("[0-9]+", "[12]"), terminal.plain), "the contract's Retry-After is two seconds"
    assert "note: attempt 1: RateLimitError" in terminal.plain
    lines = [line.rstrip() for line in terminal.plain[terminal.plain.rindex("saved") :].splitlines()]
    assert "Making" not in "".join(lines)
    assert lines[0] == "saved cat.png"
    assert lines[4].startswith("  prompt      A cat, fluffy")
    assert lines[5].startswith("              "), "a long prompt is folded beside its label"
    assert all(len(line) <= 60 for line in lines)
    assert "\x1b[1;32msaved" in terminal.shown
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h"), "the cursor is back"


def test_ctrl_c_puts_the_terminal_back(start: Start) -> None:
    with MockServer(latency=600) as server:
        terminal = start("generate", "a", "--base-url", server.url)
        terminal.read_until(SPINNER)
        while not server.ledger:
            time.sleep(0.01)
        terminal.process.send_signal(2)
        terminal.read_until("Ctrl-C again breaks it off")
        terminal.process.send_signal(2)
        assert terminal.finish() == 4
    assert "error: A request was interrupted" in terminal.plain
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h")


@pytest.mark.parametrize("arguments", [["--json"], ["--quiet"]])
def test_machines_get_no_spinner(start: Start, arguments: list[str]) -> None:
    with FaultServer(answering(entry())) as server:
        terminal = start("generate", "a", "-o", "a.png", "--base-url", server.url, *arguments)
        assert terminal.finish() == 0
    assert "\x1b" not in terminal.shown
    assert "Making" not in terminal.shown


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_are_left_out_when_they_are_not_wanted(start: Start, variable: str, value: str) -> None:
    with FaultServer(answering(entry(url=None, is_image_safe=False))) as server:
        terminal = start("generate", "a", "--base-url", server.url, **{variable: value})
        assert terminal.finish() == 5
    assert "error: The image was withheld" in terminal.plain
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", terminal.shown)


def test_the_spinner_stays_out_of_a_pipe(start: Start) -> None:
    read, write = os.pipe()
    with FaultServer(answering(entry())) as server:
        terminal = start("generate", "a", "-o", "a.png", "--base-url", server.url, stdout=write)
        os.close(write)
        assert terminal.finish() == 0
    with open(read, encoding="utf-8") as pipe:
        out = pipe.read()
    assert out.startswith("saved a.png\n")
    assert "\x1b" not in out
    assert "saved" not in terminal.shown


def test_the_key_is_asked_for_and_not_shown(start: Start) -> None:
    with FaultServer(answering(entry())) as server:
        terminal = start("generate", "a", "-o", "a.png", "--base-url", server.url, without="IDEOGRAM_API_KEY")
        terminal.read_until("API key")
        terminal.type(f"{KEY}\n")
        assert terminal.finish() == 0
        (post,) = server.wait_idle().posts
    assert post.header("Api-Key") == KEY
    assert KEY not in terminal.shown


def test_a_key_that_is_not_given_ends_it(start: Start) -> None:
    terminal = start("generate", "a", without="IDEOGRAM_API_KEY")
    terminal.read_until("API key")
    terminal.type("\x04")
    assert terminal.finish() == 130
    assert "Nothing was billed" in terminal.shown
