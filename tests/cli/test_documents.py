"""docs/command-line.md and docs/batch.md: their examples run and look as printed, their tables are complete."""

import json
import re
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import click
import pytest
from attrs import asdict
from batch_inputs import prompts, read_lines, write_jsonl
from cli_runs import Command, answering, entry, environment, shell_path
from markdown_it import MarkdownIt
from markdown_it.token import Token
from PIL import Image

from ideogram_ai.batch.reading import OWN_COLUMNS, SUFFIXES, Format, format_of
from ideogram_ai.cli.app import app
from ideogram_ai.cli.exit_codes import ExitCode
from ideogram_ai.cli.report import JobState
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

DOCUMENTS = Path(__file__).parents[2] / "docs"


class Page:
    """A page of the documentation."""

    def __init__(self, name: str) -> None:
        self.text = (DOCUMENTS / name).read_text("utf-8")
        self.tokens = MarkdownIt().enable("table").parse(self.text)

    def fences(self, language: str) -> list[Token]:
        """The blocks of code in a language."""
        return [token for token in self.tokens if token.type == "fence" and token.info == language]

    def table(self, head: str, number: int = 1) -> list[list[Token]]:
        """The rows of the n-th table that begins with this head."""
        tables: list[list[list[Token]]] = []
        for before, token in pairwise(self.tokens):
            if before.type == "table_open":
                tables.append([])
            elif before.type == "tr_open":
                tables[-1].append([])
            if before.type in {"th_open", "td_open"}:
                tables[-1][-1].append(token)
        return [rows for rows in tables if rows[0][0].content == head][number - 1][1:]

    def options(self, number: int = 1, head: str = "Option") -> set[str]:
        """The options in the n-th table of options."""
        return {word.split()[0] for row in self.table(head, number) for word in words(row[0])}


COMMAND_LINE = Page("command-line.md")
PICTURES = Page("from-a-picture-to-a-picture.md")
BATCH = Page("batch.md")


def words(cell: Token) -> list[str]:
    """What stands in a cell as code."""
    return [child.content for child in cell.children or () if child.type == "code_inline"]


def options_of(name: str, command: click.Command | None = None) -> set[str]:
    """The options and arguments of a command, and of those in a group."""
    command = command or app.commands[name]
    context = click.Context(command, info_name=name)
    options = {"-h"}
    if isinstance(command, click.Group):
        inner = [command.get_command(context, each) for each in command.list_commands(context)]
        options |= {"OPERATION"}.union(*(options_of(name, each) for each in inner))
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option):
            options |= {*parameter.opts, *parameter.secondary_opts}
        else:
            options.add(parameter.human_readable_name.strip("[]"))
    return options


def run_shell(example: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run an example."""
    settings = environment(PATH=shell_path(folder), **variables)
    return subprocess.run(
        ["sh", "-eu", "-c", example], cwd=folder, env=settings, text=True, capture_output=True, check=False, timeout=60
    )


@pytest.mark.slow
def test_the_examples_of_the_command_line_run(folder: Path) -> None:
    with MockServer() as server:
        for number, example in enumerate(COMMAND_LINE.fences("sh")):
            place = folder / str(number)
            place.mkdir()
            run = run_shell(example.content, place, IDEOGRAM_BASE_URL=server.url)
            assert run.returncode == 0, (example.content, run.stderr)
            assert not [line for line in run.stderr.splitlines() if not line.startswith("note: ")]
            pictures = list(place.glob("*.png"))
            assert pictures, example.content
            assert all(picture.read_bytes().startswith(b"\x89PNG") for picture in pictures)


@pytest.mark.slow
def test_the_way_from_a_picture_to_a_picture(folder: Path) -> None:
    """Its commands are one session in one terminal."""
    run = run_shell("".join(fence.content for fence in PICTURES.fences("sh")), folder)
    assert run.returncode == 0, run.stderr
    assert not [line for line in run.stderr.splitlines() if not line.startswith("note: ")]
    sizes: dict[str, tuple[int, int]] = {}
    for path in folder.glob("*.png"):
        with Image.open(path) as image:
            sizes[path.stem] = image.size
            has_alpha = image.mode == "RGBA" and image.getchannel("A").getextrema()[0] == 0
        assert has_alpha == (path.stem == "cut-out")
    names = {"fox", "preview", "night", "fetched", "watercolour", "cut-out"}
    assert sizes.keys() == names
    assert {size for name, size in sizes.items() if name != "cut-out"} == {(1248, 832)}
    made = [path.read_bytes() for path in folder.glob("*.png") if path.stem != "fetched"]
    assert len(set(made)) == len(made) - 1, "the preview is the layout of the image, and nothing else is alike"


@pytest.mark.slow
def test_the_examples_of_a_batch_run_and_look_as_printed(folder: Path) -> None:
    printed = ""
    for example in BATCH.fences("sh"):
        run = run_shell(f"unset IDEOGRAM_API_KEY\n{example.content}", folder)
        assert run.returncode == 0, run.stderr
        printed += run.stdout
    assert printed == "".join(fence.content for fence in BATCH.fences("text")) + "end\n"
    assert len(list((folder / "images").glob("*.png"))) == 3


def test_the_report_looks_as_printed(ideogram: Command) -> None:
    saved, refused = [token.content for token in COMMAND_LINE.fences("text")]
    assert ideogram("generate", "A photo of a cat", "--mock", "-o", "cat.png").out == saved
    every = [word for token in COMMAND_LINE.tokens for word in words(token)]
    (command,) = [word for word in every if word.startswith('ideogram generate "')]
    run = ideogram(*shlex.split(command)[1:])
    assert (run.code, run.err) == (2, refused)
    assert {f"ideogram {name}" for name in app.commands} <= set(every)


def test_the_options_and_exit_codes_are_those_of_the_commands() -> None:
    assert COMMAND_LINE.options(1) == options_of("generate")
    assert COMMAND_LINE.options(2) == options_of("mock")
    for name in ("remix", "describe", "magic-prompt", "fetch", "call"):
        documented = COMMAND_LINE.options(head=f"Option of `{name}`")
        assert documented <= options_of(name)
        shared = options_of(name) - documented
        assert shared <= options_of("generate"), "the others are explained there"
    assert BATCH.options() == options_of("batch")
    assert {int(row[0].content): words(row[1]) for row in COMMAND_LINE.table("Code")} == {
        int(code): [code.name.lower()] for code in ExitCode
    }
    codes = [int(number) for row in BATCH.table("Code") for number in re.findall("[0-9]+", row[0].content)]
    assert sorted(codes) == sorted(ExitCode)


def test_the_members_are_those_of_the_json(ideogram: Command) -> None:
    answer = ideogram("generate", "a", "--json", at=answering(entry(url=None, is_image_safe=False))).json
    for head, members in (
        ("Member", answer),
        ("Member of an image", answer["images"][0]),
        ("Member of an error", answer["error"]),
        ("Member of a job", asdict(JobState("id"))),
    ):
        assert [words(row[0]) for row in COMMAND_LINE.table(head)] == [[member] for member in members]


def test_the_formats_of_a_batch_are_those_that_are_read() -> None:
    documented = [words(row[1]) for row in BATCH.table("Format")]
    assert {suffix for row in documented for suffix in row} == {*SUFFIXES, "-"}
    kinds = [{format_of(name if name == "-" else f"a{name}") for name in row} for row in documented]
    assert kinds == [{kind} for kind in Format]
    assert [words(row[0])[0] for row in BATCH.table("Column")] == list(OWN_COLUMNS)


@pytest.mark.parametrize("ending", ["done", "dry", "wrong", "429"])
def test_the_events_have_the_members_that_are_documented(ideogram: Command, folder: Path, ending: str) -> None:
    documented = {words(row[0])[0]: set(words(row[2])) for row in BATCH.table("Event")}
    rows = [*prompts(2), {"resolution": "9x9"}]
    write_jsonl(folder / "rows.jsonl", [row | {"resolution": "512x1536"} for row in rows])
    skip = [] if ending == "wrong" else ["--skip-invalid"]
    dry = ["--dry-run"] if ending == "dry" else []
    with MockServer(scenario=[429] if ending == "429" else []) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--json", "--base-url", server.url, *skip, *dry)
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
        text = BATCH.text.partition("`end` has more after a run")[2].partition("\n\n")[0]
        assert set(events[-1]) - {"event", "outcome", "code", "error"} <= set(re.findall("`([a-z_]+)`", text))


def test_the_reason_of_stopping_is_reported(ideogram: Command, folder: Path) -> None:
    documented = {words(row[0])[0]: words(row[2]) for row in BATCH.table("Event")}
    write_jsonl(folder / "rows.jsonl", prompts(3))
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--json", "--max-cost", "0.07", "--base-url", server.url)
        events = [json.loads(line) for line in ideogram(*command).out.splitlines()]
    (event,) = [event for event in events if event["event"] == "stopping"]
    assert event["reason"] == "max_cost"
    assert set(documented["stopping"]) == {"reason", "message", "asked", "now", "max_cost", "error"}
    end = events[-1]
    assert (end["code"], end["reason"], end["message"]) == (3, "max_cost", event["message"])
    assert end["resume"].startswith("ideogram batch rows.jsonl --out images")
