"""Nobody pays for a prompt that nobody wrote: what stands inside of a bad row is never sent, whatever is skipped.

A spreadsheet's cell may hold line ends, and each of its lines looks like a row as soon as its quotes are lost. The
inputs are files as other programs leave them, and what was sent is what the server took down.
"""

import csv
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from batch_inputs import SMALL
from cli_runs import Command, Run

from ideogram_ai.testing import MockServer

STORY = "A cat\nA dog that nobody asked for\nA fox that nobody asked for\n"
LONG = STORY * 3000


def sent(service: MockServer) -> list[str]:
    """The prompts that the server was sent."""
    return sorted(dict(exchange.fields)["text_prompt"] for exchange in service.ledger)


@pytest.fixture
def batch(ideogram: Command, service: MockServer) -> Callable[[Path], Run]:
    """Run a batch that skips bad rows."""
    small = ("--resolution", SMALL)
    return lambda path: ideogram("batch", path, "--out", "images", "--yes", "--skip-invalid", "--no-gallery", *small)


def test_a_cell_longer_than_most_readers_allow_is_read_whole(
    batch: Callable[[Path], Run], service: MockServer, folder: Path
) -> None:
    assert len(LONG) > csv.field_size_limit()
    with (folder / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["id", "text_prompt"], ["1", LONG], ["2", "An owl"]])
    run = batch(folder / "a.csv")
    assert run.code == 0, run.err
    assert sent(service) == [LONG, "An owl"]


def test_lines_inside_of_a_broken_cell(batch: Callable[[Path], Run], service: MockServer, folder: Path) -> None:
    for cell in (
        f'"{STORY}',  # not closed
        f'"he said "well" and {STORY}"',  # a quote that is not doubled
        f'"{STORY}" and more',
        f' "{STORY}"',
        f'"{STORY}\0"',
        STORY.replace("\n", "\r"),
    ):
        for head, before in (("text_prompt\nAn owl\n", ""), ("id,text_prompt\n1,An owl\n", "2,")):
            service.clear_ledger()
            shutil.rmtree(folder / "images", ignore_errors=True)
            (folder / "a.csv").write_bytes(f"{head}{before}{cell}\n".encode())
            run = batch(folder / "a.csv")
            assert (run.code, sent(service)) == (0, ["An owl"]), (cell, head, run.err)
            assert "1 of 2 rows cannot be sent and are skipped:" in run.err


def test_lines_inside_of_broken_json(batch: Callable[[Path], Run], service: MockServer, folder: Path) -> None:
    for lines in (
        '{"rows": [\n{"text_prompt": "A dog that nobody asked for"},\n{"text_prompt": "A fox nobody asked for"}\n]}',
        '{"text_prompt": "A dog that nobody asked for"',
        '{"note":\n{"text_prompt": "A dog that nobody asked for"}\n}',
    ):
        service.clear_ledger()
        shutil.rmtree(folder / "images", ignore_errors=True)
        (folder / "a.jsonl").write_text(f'{{"text_prompt": "An owl"}}\n{lines}\n{{"text_prompt": "A yak"}}\n')
        run = batch(folder / "a.jsonl")
        assert (run.code, sent(service)) == (0, ["A yak", "An owl"]), (lines, run.err)


def test_a_record_of_parquet_is_a_row_however_long_it_is(
    batch: Callable[[Path], Run], service: MockServer, folder: Path
) -> None:
    arrow: Any = import_module("pyarrow")
    table = arrow.Table.from_pylist([{"text_prompt": LONG}, {"text_prompt": " \n "}, {"text_prompt": "An owl"}])
    import_module("pyarrow.parquet").write_table(table, folder / "a.parquet")
    assert batch(folder / "a.parquet").code == 0
    assert sent(service) == [LONG, "An owl"]
