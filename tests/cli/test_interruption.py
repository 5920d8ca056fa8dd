"""Ctrl-C, SIGTERM and SIGHUP in `ideogram generate`: the first one waits for what may be paid for and saves it.

Real processes, signals and sockets: what is on its way is saved, what has not left is not sent, and only a second
signal gives up what may be billed.
"""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from threading import Event
from typing import Self

import pytest
from cli_runs import acting, entry, files, running
from terminals import Terminal

from ideogram_ai.testing.faults import Fault, FaultServer
from ideogram_ai.testing.faults.exchange import Exchange
from ideogram_ai.testing.faults.wire import Response, png

PATIENCE = 20
NO_ECHO = 0.6
"""Seconds after which another signal is one of its own."""
WAITING = "note: Waiting for the image, which may already be paid for. Press Ctrl-C again to stop waiting.\n"
SAVING = "note: Saving the image first. Press Ctrl-C again to stop and show its link.\n"
INTERRUPTED = "error: Interrupted. Nothing was billed.\n"
IMAGE = png()


def generating(
    folder: Path, *arguments: str, before: Sequence[str] = ()
) -> AbstractContextManager[subprocess.Popen[str]]:
    return running(folder, "generate", "a", "-o", "cat.png", *arguments, before=before)


def signal_and_read(process: subprocess.Popen[str], number: int) -> str:
    """Send a signal, and read the next line of stderr."""
    process.send_signal(number)
    assert process.stderr is not None
    return process.stderr.readline()


class SlowService:
    """A service whose responses wait until they are let go on."""

    def __init__(self, status: int = 200) -> None:
        self.posted, self.downloading = Event(), Event()
        self.answer, self.image = Event(), Event()
        body = json.dumps({"created": "2026-10-07T12:00:00Z", "data": [entry()]})
        json_type = (("Content-Type", "application/json"), ("Retry-After", "0"))
        self.server = FaultServer(
            waiting(self.posted, self.answer, status, body.encode(), json_type),
            image=waiting(self.downloading, self.image, 200, IMAGE, (("Content-Type", "image/png"),)),
        )

    @property
    def posts(self) -> int:
        return len(self.server.wait_idle().posts)

    def let_go(self) -> None:
        """Let everybody go on."""
        self.answer.set()
        self.image.set()

    def __enter__(self) -> Self:
        self.url = self.server.__enter__().url
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go()
        self.server.__exit__(None, None, None)


def waiting(arrived: Event, go_on: Event, status: int, body: bytes, headers: tuple[tuple[str, str], ...]) -> Fault:
    """A response that waits."""

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        arrived.set()
        go_on.wait(PATIENCE)
        exchange.answer(Response(status, body.replace(b"URL", exchange.settings.url.encode()), headers))

    return acting(act, may_have_run=status == 200)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_it_waits_saves_the_image(folder: Path, number: signal.Signals) -> None:
    with SlowService() as server, generating(folder, "--base-url", server.url) as process:
        assert server.posted.wait(PATIENCE)
        assert signal_and_read(process, number) == WAITING
        process.send_signal(number)  # as timeout of coreutils does, and one Ctrl-C through some programs
        server.let_go()
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, err, server.posts) == (0, "", 1)
    assert out.startswith("saved cat.png\n")
    assert (folder / "cat.png").read_bytes() == IMAGE


def test_a_signal_during_the_download_lets_it_finish(folder: Path) -> None:
    with SlowService() as server, generating(folder, "--json", "--base-url", server.url) as process:
        server.answer.set()
        assert server.downloading.wait(PATIENCE)
        assert signal_and_read(process, signal.SIGTERM) == SAVING
        server.image.set()
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["outcome"] == "done"
    assert (folder / "cat.png").read_bytes() == IMAGE


def test_a_second_signal_during_the_download_shows_the_link(folder: Path) -> None:
    with SlowService() as server, generating(folder, "--base-url", server.url) as process:
        server.answer.set()
        assert server.downloading.wait(PATIENCE)
        assert signal_and_read(process, signal.SIGINT) == SAVING
        time.sleep(NO_ECHO)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (6, "")
    assert f"{server.url}/image.png\n" in err
    assert "cat.png" not in files(folder)


def test_a_second_signal_while_it_waits_gives_up(folder: Path) -> None:
    with SlowService() as server, generating(folder, "--json", "--base-url", server.url) as process:
        assert server.posted.wait(PATIENCE)
        assert signal_and_read(process, signal.SIGINT) == WAITING
        time.sleep(NO_ECHO)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    answer = json.loads(out)
    assert (process.returncode, err, answer["outcome"]) == (4, "", "outcome_unknown")
    assert answer["error"]["may_have_been_billed"] is True
    assert "interrupted" in answer["error"]["message"]
    assert not files(folder)


def test_after_a_signal_nothing_is_sent_again(folder: Path) -> None:
    """The request that it waited for is refused at no cost, and would be repeated otherwise."""
    with SlowService(status=429) as server, generating(folder, "--base-url", server.url) as process:
        assert server.posted.wait(PATIENCE)
        assert signal_and_read(process, signal.SIGTERM) == WAITING
        server.answer.set()
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out, err, server.posts) == (143, "", INTERRUPTED, 1)


def test_a_signal_before_the_request_has_left(folder: Path) -> None:
    """The server takes the connection and never answers the handshake of TLS."""
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"https://127.0.0.1:{listener.getsockname()[1]}"
            with generating(folder, "--base-url", url) as process:
                connection, _ = listener.accept()
                assert connection.recv(1)
                process.send_signal(number)
                out, err = process.communicate(timeout=PATIENCE)
                connection.close()
        assert (process.returncode, out, err, files(folder)) == (code, "", INTERRUPTED, [])


def test_a_signal_between_two_attempts_that_cost_nothing(folder: Path) -> None:
    # The Retry-After leaves the time.
    with FaultServer("status_429") as server, generating(folder, "--base-url", server.url) as process:
        assert process.stderr is not None
        assert "RateLimitError" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
        posts = server.wait_idle().posts
    assert (process.returncode, out, err, len(posts), files(folder)) == (130, "", INTERRUPTED, 1, [])


def test_on_a_terminal(folder: Path, start: Callable[..., Terminal]) -> None:
    with SlowService() as server:
        terminal = start("generate", "a", "-o", "cat.png", IDEOGRAM_BASE_URL=server.url)
        assert server.posted.wait(PATIENCE)
        terminal.read_until("Making the image")
        terminal.process.send_signal(signal.SIGINT)
        terminal.read_until("again to stop waiting")
        server.let_go()
        assert terminal.finish() == 0
    assert "saved cat.png" in terminal.plain
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h"), "the cursor is back"
    assert (folder / "cat.png").read_bytes() == IMAGE


def test_nohup_is_respected(folder: Path) -> None:
    with SlowService() as server, generating(folder, "--base-url", server.url, before=["nohup"]) as process:
        assert server.posted.wait(PATIENCE)
        process.send_signal(signal.SIGHUP)
        server.let_go()
        _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, WAITING in err) == (0, False)
    assert (folder / "cat.png").read_bytes() == IMAGE
