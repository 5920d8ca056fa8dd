"""docs/batch.md: its examples run and look as printed; its tables have the options, codes and events that there are."""

import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import click
import pytest
from batch_inputs import prompts, read_lines, write_jsonl
from cli_runs import Run, answering, entry, environment
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ideogram_ai.batch.reading import OWN_COLUMNS, SUFFIXES, Format, format_of
from ideogram_ai.cli.app import app
from ideogram_ai.cli.exit_codes import ExitCode
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

DOCUMENT = Path(__file__).parents[2] / "docs/batch.md"
TOKENS = MarkdownIt().enable("table").parse(DOCUMENT.read_text("utf-8"))
HEADS = {"Format", "Column", "Code", "Option", "Event"}


def table(head: str) -> list[list[Token]]:
    """The cells of the rows below the head of a table."""
    rows: list[list[Token]] = []
    for before, token in pairwise(TOKENS):
        if before.type == "tr_open":
            rows.append([])
        if before.type in {"th_open", "td_open"}:
            rows[-1].append(token)
    start = next(index for index, row in enumerate(rows) if row[0].content == head)
    end = next((index for index in range(start + 1, len(rows)) if rows[index][0].content in HEADS), len(rows))
    return rows[start + 1 : end]


def words(cell: Token) -> list[str]:
    """What stands in a cell as code."""
    return [child.content for child in cell.children or () if child.type == "code_inline"]


def fences(language: str) -> list[str]:
    return [token.content for token in TOKENS if token.type == "fence" and token.info == language]


def test_the_examples_run_and_look_as_printed(folder: Path) -> None:
    variables = environment(PATH=f"{Path(sys.executable).parent}:{environment()['PATH']}")
    del variables["IDEOGRAM_API_KEY"]
    printed = ""
    for example in fences("sh"):
        run = subprocess.run(
            ["sh", "-eu", "-c", example], cwd=folder, env=variables, text=True, capture_output=True, check=False
        )
        assert run.returncode == 0, run.stderr
        printed += run.stdout
    assert printed == "".join(fences("text")) + "end\n"
    assert len(list((folder / "images").glob("*.png"))) == 3


def test_the_formats_are_those_that_are_read() -> None:
    documented = [words(row[1]) for row in table("Format")]
    assert {suffix for row in documented for suffix in row} == {*SUFFIXES, "-"}
    kinds = [{format_of(name if name == "-" else f"a{name}") for name in row} for row in documented]
    assert kinds == [{kind} for kind in Format]
    assert [words(row[0])[0] for row in table("Column")] == list(OWN_COLUMNS)


def test_the_options_are_those_of_the_command() -> None:
    documented = {word.split()[0] for row in table("Option") for word in words(row[0])}
    command = app.get_command(click.Context(app), "batch")
    assert command is not None
    options: set[str] = set()
    for parameter in command.get_params(click.Context(command, info_name="batch")):
        options |= set(parameter.opts) if isinstance(parameter, click.Option) else {"INPUT"}
    assert documented == options | {"-h"}


def test_the_exit_codes_are_all_there() -> None:
    codes = [int(number) for row in table("Code") for number in re.findall("[0-9]+", row[0].content)]
    assert sorted(codes) == sorted(ExitCode)


@pytest.mark.parametrize("ending", ["done", "dry", "wrong", "429"])
def test_the_events_have_the_members_that_are_documented(ideogram: object, folder: Path, ending: str) -> None:
    documented = {words(row[0])[0]: set(words(row[2])) for row in table("Event")}
    assert callable(ideogram)
    rows = [*prompts(2), {"resolution": "9x9"}]
    write_jsonl(folder / "rows.jsonl", [row | {"resolution": "512x1536"} for row in rows])
    skip = [] if ending == "wrong" else ["--skip-invalid"]
    dry = ["--dry-run"] if ending == "dry" else []
    with MockServer(scenario=[429] if ending == "429" else []) as server:
        run: Run = ideogram("batch", "rows.jsonl", "--out", "images", "--json", "--base-url", server.url, *skip, *dry)
    events = read_lines(run.out)
    assert [event["event"] for event in events].count("end") == 1
    assert events[-1]["event"] == "end"
    manifest = set(events[-2]) if ending == "done" else set()
    for event in events:
        members = set(event) - {"event"}
        expected = documented[event["event"]]
        if event["event"] in {"answered", "done"}:
            assert not manifest or members == manifest - {"event"}
        elif event["event"] == "end":
            assert expected <= members
        else:
            assert members == expected
    if ending == "429":
        assert "pace" in [event["event"] for event in events]
    if ending == "done":
        text = DOCUMENT.read_text("utf-8").partition("`end` has more after a run")[2].partition("\n\n")[0]
        assert set(events[-1]) - {"event", "outcome", "code", "error"} <= set(re.findall("`([a-z_]+)`", text))


def test_stopping_is_told_with_its_reason(ideogram: object, folder: Path) -> None:
    documented = {words(row[0])[0]: words(row[2]) for row in table("Event")}
    assert callable(ideogram)
    write_jsonl(folder / "rows.jsonl", prompts(3))
    with FaultServer(answering(entry())) as server:
        run: Run = ideogram(
            "batch", "rows.jsonl", "--out", "images", "--json", "--max-cost", "0.07", "--base-url", server.url
        )
    (event,) = [event for event in read_lines(run.out) if event["event"] == "stopping"]
    assert event["reason"] == "max_cost"
    assert set(documented["stopping"]) == {"reason", "message", "asked", "now", "max_cost", "error"}
    end = read_lines(run.out)[-1]
    assert (end["code"], end["reason"], end["message"]) == (3, "max_cost", event["message"])
    assert end["resume"].startswith("ideogram batch rows.jsonl --out images")
