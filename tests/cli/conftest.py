"""Runs of the command in this process, in an empty folder, that never show the key; and runs on a terminal."""

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import anyio
import pytest
from cli_runs import KEY, Run, environment
from mock_pictures import small_pictures
from terminals import PATIENCE, Terminal

from ideogram_ai.cli.main import main
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import Fault, FaultServer
from ideogram_ai.testing.faults.wire import png

Faults = str | Fault | Sequence[str | Fault]


@pytest.fixture(autouse=True, scope="module")
def _small_pictures() -> Iterator[None]:
    """What the command does with an image is the same for all, and to draw one takes a twentieth of a second."""
    with small_pictures():
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder that the command runs in."""
    path = tmp_path / "here"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


@pytest.fixture
def ideogram(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run `ideogram` with some arguments. The key is in the environment; nobody waits between attempts.

    `at` is how a server answers that runs for this command alone, and `images` how its images are answered.
    """
    monkeypatch.setenv("IDEOGRAM_API_KEY", KEY)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr("anyio.sleep", lambda _seconds, sleep=anyio.sleep: sleep(0))

    def run(*arguments: object, at: Faults | None = None, images: Faults = "ok") -> Run:
        if at is not None:
            with FaultServer(at, image=images) as server:
                return run(*arguments, "--base-url", server.url)
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert KEY not in out + err
        assert "Traceback" not in err
        return Run(code, out, err)

    return run


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put something on stdin."""
    return lambda data: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.fixture
def cat(folder: Path) -> Path:
    """A picture. It is square: a weight and a resolution of another shape are refused."""
    (folder / "cat.png").write_bytes(png())
    return folder / "cat.png"


@pytest.fixture(scope="module")
def shared_service() -> Iterator[MockServer]:
    """A mock server: to close one takes a fifth of a second."""
    with MockServer() as server:
        yield server


@pytest.fixture
def service(shared_service: MockServer, monkeypatch: pytest.MonkeyPatch) -> MockServer:
    """A mock server that the command finds by itself, with an empty ledger."""
    shared_service.clear_ledger()
    monkeypatch.setenv("IDEOGRAM_BASE_URL", shared_service.url)
    return shared_service


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., Terminal]]:
    """Start `ideogram` on a terminal of its own."""
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
