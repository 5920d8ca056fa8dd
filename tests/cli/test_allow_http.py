"""A mock server in another container: what allows http to it, and what is said about that."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cli_runs import Run
from small_internet import Internet

from ideogram_ai.testing import MockServer

PROMPTS = '{"text_prompt": "a cat"}\n'


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a mock server that has a name, as in a composition of containers."""
    with Internet(monkeypatch, tmp_path_factory.mktemp("authority")) as internet, MockServer("0.0.0.0") as server:
        internet.name("mock", "127.0.0.1")
        yield f"http://mock:{server.url.rpartition(':')[2]}"


def commands(base_url: str, folder: Path) -> list[tuple[str, ...]]:
    (folder / "rows.jsonl").write_text(PROMPTS)
    return [
        ("generate", "a cat", "-o", "cat.png", "--overwrite", "--base-url", base_url),
        ("batch", "rows.jsonl", "--out", "images", "--yes", "--base-url", base_url),
        ("conform", "server", base_url),
    ]


def test_the_option_allows_it_and_says_what_it_risks(
    ideogram: Callable[..., Run], container: str, folder: Path
) -> None:
    for command in commands(container, folder):
        run = ideogram(*command, "--allow-http")
        assert run.code == 0, run
        (warning,) = [line for line in run.err.splitlines() if "is reached over http" in line]
        assert "mock:" in warning
        assert "can read the API key" in warning
    assert (folder / "cat.png").read_bytes().startswith(b"\x89PNG")
    assert len(list((folder / "images").rglob("*.png"))) == 1


def test_the_variable_allows_it_too(
    ideogram: Callable[..., Run], container: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", "1")
    for command in commands(container, folder):
        assert ideogram(*command).code == 0
    monkeypatch.setenv("IDEOGRAM_BASE_URL", container)
    run = ideogram("generate", "a dog", "-o", "dog.png", "--quiet")
    assert (run.code, run.err) == (0, "")


def test_it_is_refused_otherwise_with_the_option_that_allows_it(
    ideogram: Callable[..., Run], container: str, folder: Path
) -> None:
    for command in commands(container, folder):
        run = ideogram(*command)
        assert run.code == 2
        assert "--allow-http" in run.err
    assert not (folder / "cat.png").exists()


def test_nothing_is_said_where_nothing_is_risked(ideogram: Callable[..., Run], service: MockServer) -> None:
    run = ideogram("generate", "a cat", "-o", "cat.png", "--allow-http")
    assert (run.code, "over http" in run.err) == (0, False)
