"""The key comes from the environment, a file or a hidden prompt, and from the command line never."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import KEY, Run

from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]


@pytest.fixture(autouse=True)
def _no_key(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")


@pytest.mark.parametrize("content", [KEY, f"{KEY}\n", f"\ufeff {KEY}\r\n"])
def test_a_file_holds_the_key(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setenv("IDEOGRAM_API_KEY", "another")
    (folder / "key").write_text(content)
    with FaultServer() as server:
        run = ideogram("generate", "a", "-o", "a.png", "--api-key-file", "key", "--base-url", server.url)
        (post,) = server.wait_idle().posts
        gets = server.ledger.gets
    assert run.code == 0
    assert post.header("Api-Key") == KEY
    assert gets
    assert not [request for request in gets if KEY.encode() in request.raw]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file"),
        ("", "--api-key-file 'key': the API key is blank."),
        (" \n", "is blank"),
        ("x" * 5000, "too large"),
        (f"{KEY} {KEY}", "holds white space"),
        (f"Bearer {KEY}", "--api-key-file 'key': give the API key alone, without Bearer"),
    ],
)
def test_a_file_that_holds_no_key(ideogram: Command, folder: Path, content: str | None, says: str) -> None:
    if content is not None:
        (folder / "key").write_text(content)
    with FaultServer() as server:
        run = ideogram("generate", "a", "--api-key-file", "key", "--base-url", server.url)
        assert not server.wait_idle().requests
    assert run.code == 2
    assert says in run.err


def test_without_a_key_and_a_terminal_it_says_what_to_do(ideogram: Command) -> None:
    run = ideogram("generate", "a")
    assert run.code == 2
    assert "set IDEOGRAM_API_KEY, or give --api-key-file FILE" in run.err
    assert "--mock" in run.err


def test_a_blank_variable_is_told(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_API_KEY", " ")
    run = ideogram("generate", "a")
    assert run.code == 2
    assert "IDEOGRAM_API_KEY: the API key is blank" in run.err


def test_a_key_that_a_server_echoes_is_not_shown(ideogram: Command, folder: Path) -> None:
    from ideogram_ai.testing.faults import answer_with

    (folder / "key").write_text(KEY)
    for status in (200, 400, 500):
        with FaultServer(answer_with(status, f'{{"detail": "who is {KEY}?"}}')) as server:
            run = ideogram("generate", "a", "-o", "a.png", "--api-key-file", "key", "--base-url", server.url)
        assert run.code in {3, 4}
    assert KEY not in (folder / "a.png.answer.txt").read_text()
    assert "who is" in (folder / "a.png.answer.txt").read_text()
