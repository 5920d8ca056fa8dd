"""Ctrl-C and SIGTERM are answers to "was it paid?" too: once waits for what may be paid for and saves it.

Real processes, signals and sockets: what is on its way is saved, what has not left is not sent, and only a second
signal breaks off what may be billed.
"""

import json
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from cli_runs import IDEOGRAM, entry, environment, files
from terminals import Terminal

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer
from ideogram_ai.testing.faults.wire import png

PATIENCE = 20
WAITING = "Waiting for the image, which may be paid for already. Ctrl-C again breaks it off."
IMAGE = png()


@contextmanager
def generating(folder: Path, *arguments: str, before: Sequence[str] = ()) -> Generator[subprocess.Popen[str]]:
    """Run `ideogram generate` in the background, with another command before it."""
    command = [*before, *IDEOGRAM, "generate", "a", "-o", "cat.png", *arguments]
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


class SlowService(ThreadingHTTPServer):
    """A service whose answers stop half-way until they are let go on.

    Args:
        status: The status of its answer.
    """

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.posts = 0
        self.posted, self.downloading = Event(), Event()
        self.answer, self.image = Event(), Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        Thread(target=self.serve_forever, daemon=True).start()

    def server_close(self) -> None:
        """Let everybody go on, and end."""
        for event in (self.answer, self.image):
            event.set()
        self.shutdown()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    @property
    def service(self) -> SlowService:
        assert isinstance(self.server, SlowService)
        return self.server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.service.posts += 1
        self.service.posted.set()
        self.service.answer.wait(PATIENCE)
        body = json.dumps({"created": "2026-10-07T12:00:00Z", "data": [entry(url=f"{self.service.url}/image.png")]})
        self.send_response(self.service.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Content-Length", str(len(IMAGE)))
        self.end_headers()
        self.wfile.write(IMAGE[:50])
        self.wfile.flush()
        self.service.downloading.set()
        self.service.image.wait(PATIENCE)
        self.wfile.write(IMAGE[50:])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        pass


SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


@SIGNALS
def test_once_while_it_waits_saves_the_image(folder: Path, number: signal.Signals) -> None:
    with SlowService() as server, generating(folder, "--base-url", server.url) as process:
        assert server.posted.wait(PATIENCE)
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.readline() == f"note: {WAITING}\n"
        server.answer.set()
        server.image.set()
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("saved cat.png\n")
    assert (folder / "cat.png").read_bytes() == IMAGE
    assert server.posts == 1


@SIGNALS
def test_once_during_the_download_lets_it_finish(folder: Path, number: signal.Signals) -> None:
    with SlowService() as server, generating(folder, "--json", "--base-url", server.url) as process:
        server.answer.set()
        assert server.downloading.wait(PATIENCE)
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("note: Saving the image first. Ctrl-C again ")
        server.image.set()
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["outcome"] == "done"
    assert (folder / "cat.png").read_bytes() == IMAGE


def test_twice_during_the_download_shows_the_link(folder: Path) -> None:
    with SlowService() as server, generating(folder, "--base-url", server.url) as process:
        server.answer.set()
        assert server.downloading.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("note: Saving the image first.")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (6, "")
    assert f"{server.url}/image.png\n" in err
    assert "cat.png" not in files(folder)


@SIGNALS
def test_twice_while_it_waits_breaks_off(folder: Path, number: signal.Signals) -> None:
    with MockServer(latency=600) as server, generating(folder, "--json", "--base-url", server.url) as process:
        wait_for_request(server)
        process.send_signal(number)
        assert process.stderr is not None
        assert process.stderr.readline() == f"note: {WAITING}\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (4, "")
    answer = json.loads(out)
    assert answer["outcome"] == "outcome_unknown"
    assert answer["error"]["may_have_been_billed"] is True
    assert "after it had left" in answer["error"]["message"]
    assert not files(folder)


def test_after_a_signal_nothing_is_sent_again(folder: Path) -> None:
    """The request that was waited for is refused at no cost, and would be repeated otherwise."""
    with SlowService(status=429) as server, generating(folder, "--base-url", server.url) as process:
        assert server.posted.wait(PATIENCE)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert process.stderr.readline() == f"note: {WAITING}\n"
        server.answer.set()
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (143, "", "error: Interrupted. Nothing was billed.\n")
    assert server.posts == 1


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_before_the_request_has_left(folder: Path, number: signal.Signals, code: int) -> None:
    """The server takes the connection and never answers the handshake of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with generating(folder, "--base-url", url) as process:
            connection, _ = listener.accept()
            assert connection.recv(1)
            process.send_signal(number)
            out, err = process.communicate(timeout=PATIENCE)
            connection.close()
    assert (process.returncode, out, err) == (code, "", "error: Interrupted. Nothing was billed.\n")
    assert not files(folder)


def test_on_a_terminal(folder: Path) -> None:
    with SlowService() as server:
        variables = environment(TERM="xterm-256color", PYTHONUTF8="1", IDEOGRAM_BASE_URL=server.url)
        terminal = Terminal(["generate", "a", "-o", "cat.png"], folder, variables)
        try:
            assert server.posted.wait(PATIENCE)
            terminal.read_until("Making the image")
            terminal.process.send_signal(signal.SIGINT)
            terminal.read_until("Ctrl-C again breaks it off")
            server.answer.set()
            server.image.set()
            assert terminal.finish() == 0
        finally:
            terminal.process.kill()
    assert "saved cat.png" in terminal.plain
    assert terminal.shown.count("\x1b[?25l") == terminal.shown.count("\x1b[?25h"), "the cursor is back"
    assert (folder / "cat.png").read_bytes() == IMAGE


def test_whoever_ignores_hangups_still_does(folder: Path) -> None:
    """As nohup starts it."""
    with SlowService() as server, generating(folder, "--base-url", server.url, before=["nohup"]) as process:
        assert server.posted.wait(PATIENCE)
        process.send_signal(signal.SIGHUP)
        server.answer.set()
        server.image.set()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert WAITING not in err
    assert (folder / "cat.png").read_bytes() == IMAGE


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
