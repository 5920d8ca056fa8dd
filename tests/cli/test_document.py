"""docs/command-line.md: its examples run, and its tables have the options, codes and members that there are."""

import shlex
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import click
import pytest
from cli_runs import answering, entry, environment
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ideogram_ai.cli.app import COMMANDS, app
from ideogram_ai.cli.exit_codes import ExitCode
from ideogram_ai.cli.main import main
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

DOCUMENT = Path(__file__).parents[2] / "docs/command-line.md"
TOKENS = MarkdownIt().enable("table").parse(DOCUMENT.read_text("utf-8"))


def examples() -> list[Token]:
    return [token for token in TOKENS if token.type == "fence" and token.info == "sh"]


def table(head: str, number: int = 1) -> list[list[Token]]:
    """The rows of the table, the n-th one, that begins with this head."""
    rows: list[list[Token]] = []
    for before, token in pairwise(TOKENS):
        if before.type == "tr_open":
            rows.append([])
        if before.type in {"th_open", "td_open"}:
            rows[-1].append(token)
    starts = [index for index, row in enumerate(rows) if row[0].content == head]
    start = starts[number - 1]
    width = len(rows[start])
    end = next((index for index in range(start + 1, len(rows)) if is_head(rows[index])), len(rows))
    assert all(len(row) == width for row in rows[start:end])
    return rows[start + 1 : end]


def is_head(row: list[Token]) -> bool:
    return row[0].content in {"Option", "Code", "Member", "Member of an image", "Member of an error"}


def words(cell: Token) -> list[str]:
    """What stands in a cell as code."""
    return [child.content for child in cell.children or () if child.type == "code_inline"]


@pytest.mark.parametrize("example", examples(), ids=lambda token: f"line-{token.map[0] + 1}")
def test_an_example_runs(example: Token, folder: Path) -> None:
    bin_folder = Path(sys.executable).parent
    with MockServer() as server:
        variables = environment(IDEOGRAM_BASE_URL=server.url, PATH=f"{bin_folder}:{environment()['PATH']}")
        run = subprocess.run(
            ["sh", "-eu", "-c", example.content],
            cwd=folder, env=variables, text=True, capture_output=True, check=False, timeout=60,
        )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert not [line for line in run.stderr.splitlines() if not line.startswith("note: ")]
    pictures = list(folder.glob("*.png"))
    assert pictures
    assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


def test_the_report_looks_as_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved, refused = [token.content for token in TOKENS if token.type == "fence" and token.info == "text"]
    assert main(["generate", "A photo of a cat", "--mock", "-o", "cat.png"]) == 0
    assert capsys.readouterr().out == saved
    (command,) = [word for token in TOKENS for word in words(token) if word.startswith('ideogram generate "')]
    assert main(shlex.split(command)[1:]) == 2
    assert capsys.readouterr().err == refused


def test_every_command_is_named() -> None:
    named = {word for token in TOKENS for word in words(token)}
    assert {f"ideogram {name}" for name in COMMANDS} <= named


@pytest.mark.parametrize(("number", "name"), [(1, "generate"), (2, "mock")])
def test_the_options_are_those_of_the_command(number: int, name: str) -> None:
    documented = {word.split()[0] for row in table("Option", number) for word in words(row[0])}
    context = click.Context(app)
    command = app.get_command(context, name)
    assert command is not None
    options: set[str] = set()
    for parameter in command.get_params(click.Context(command, info_name=name)):
        if isinstance(parameter, click.Option):
            options |= {*parameter.opts, *parameter.secondary_opts}
        else:
            options.add(parameter.human_readable_name.strip("[]"))
    assert documented == options | {"-h"}


def test_the_exit_codes_are_those_of_the_command() -> None:
    rows = {int(row[0].content): words(row[1]) for row in table("Code")}
    assert rows == {int(code): [code.name.lower()] for code in ExitCode}


def test_the_members_are_those_of_the_json(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import json

    monkeypatch.setenv("IDEOGRAM_API_KEY", "any")
    with FaultServer(answering(entry(url=None, is_image_safe=False))) as server:
        main(["generate", "a", "--json", "--base-url", server.url])
    answer = json.loads(capsys.readouterr().out)
    for head, members in (
        ("Member", answer),
        ("Member of an image", answer["images"][0]),
        ("Member of an error", answer["error"]),
    ):
        assert [words(row[0]) for row in table(head)] == [[member] for member in members]
