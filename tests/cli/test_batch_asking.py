"""Money is not spent without a word: more than 20 images are asked for, and --dry-run tells what they would cost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from batch_inputs import prompts, read_lines, write_jsonl
from cli_runs import Run, answering, entry, environment, files
from terminals import Terminal

from ideogram_ai.batch.prices import Estimate
from ideogram_ai.cli.batch.asking import UNASKED, ask
from ideogram_ai.cli.batch.forecast import Forecast
from ideogram_ai.cli.batch.options import Options
from ideogram_ai.cli.errors import WrongUseError
from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]


def forecast(images: int, *, free: bool = False) -> Forecast:
    estimate = Estimate()
    for _ in range(images):
        estimate.add({})
    return Forecast(images, 0, 0, estimate, 10, free)


@pytest.mark.parametrize(
    ("images", "free", "options"),
    [
        (UNASKED, False, {}),
        (UNASKED + 1, True, {}),
        (UNASKED + 1, False, {"yes": True}),
        (UNASKED + 1, False, {"max_cost": "9"}),
        (UNASKED + 1, False, {"as_json": True, "yes": True}),
    ],
)
def test_what_is_little_free_or_answered_is_not_asked(images: int, free: bool, options: dict[str, Any]) -> None:
    ask(forecast(images, free=free), Options(**options))


@pytest.mark.parametrize("options", [{}, {"as_json": True}])
def test_where_nobody_can_be_asked_it_has_to_be_said(options: dict[str, Any]) -> None:
    with pytest.raises(WrongUseError, match=r"21 images for about 1\.26 USD, and nobody can be asked here: give --yes"):
        ask(forecast(UNASKED + 1), Options(**options))


def test_what_was_not_confirmed_is_forgotten(ideogram: Command, folder: Path) -> None:
    """The service's own address: nothing may be sent, which the network guard would tell."""
    write_jsonl(folder / "rows.jsonl", prompts(21))
    run = ideogram("batch", "rows.jsonl", "--out", "images")
    assert (run.code, run.out) == (2, "")
    assert "give --yes, or --max-cost USD. Nothing was sent, nothing billed." in run.err
    write_jsonl(folder / "rows.jsonl", [{"id": "r1", "text_prompt": "Another"}])
    with FaultServer(answering(entry())) as server:
        assert ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url).code == 0
        assert len(server.wait_idle().posts) == 1


@pytest.fixture
def asked(folder: Path) -> Iterator[Terminal]:
    """A batch of 21 images on a terminal, with the question on it."""
    write_jsonl(folder / "rows.jsonl", prompts(21))
    terminal = Terminal(["batch", "rows.jsonl", "--out", "images"], folder, environment(COLUMNS="60", TERM="dumb"))
    terminal.read_until("Make 21 images for about 1.26 USD\\? \\[y/N\\]:")
    yield terminal
    terminal.process.kill()
    terminal.process.wait()


def test_on_a_terminal_the_answer_may_be_no(asked: Terminal) -> None:
    asked.type("\n")
    assert asked.finish() == 2
    assert "Not confirmed. Nothing was sent, nothing billed." in asked.plain.replace("\r\n", " ")


def test_on_a_terminal_the_question_may_be_broken_off(asked: Terminal) -> None:
    asked.type("\x04")
    assert asked.finish() == 130
    assert "Interrupted. Nothing was sent, nothing billed." in asked.plain.replace("\r\n", " ")


def test_a_dry_run_tells_images_cost_and_time_and_makes_nothing(ideogram: Command, folder: Path) -> None:
    speeds = ["TURBO"] * 2000 + ["QUALITY"] * 30 + [None] * 10
    write_jsonl(folder / "rows.jsonl", [{"text_prompt": "a", "rendering_speed": speed} for speed in speeds])
    run = ideogram("batch", "rows.jsonl", "--out", "images", "--dry-run", "--in-flight", "20")
    assert (run.code, run.err) == (0, "")
    assert run.out == (
        "2,040 rows: 2,040 images to make\n"
        "  TURBO        2,000  at 0.03 USD       60.00 USD\n"
        "  QUALITY         30  at 0.10 USD        3.00 USD\n"
        "  DEFAULT         10  at 0.06 USD        0.60 USD\n"
        "  cost     63.60 USD\n"
        "  time     8 min to 42 min, with 20 at a time\n"
        "Prices: the provider's pricing page, seen August to October 2026; --prices FILE takes others. Withheld images "
        "cost the same.\n"
        "Time: 5 to 25 s an image, seen by third parties in 2026; the provider states no figure.\n"
    )
    assert files(folder) == ["rows.jsonl"]


def test_a_dry_run_of_a_batch_that_was_begun_tells_what_is_left_and_changes_nothing(
    ideogram: Command, folder: Path
) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(3))
    with FaultServer([answering(entry()), "close_after_request", "status_422"]) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--in-flight", "1", "--base-url", server.url)
        assert ideogram(*command).code == 4
        write_jsonl(folder / "rows.jsonl", prompts(5))
        before = [(row, (folder / "images" / row).read_bytes()) for row in files(folder / "images", "thumbnails")]

        def images_to_make(*more: str) -> tuple[int, int]:
            run = ideogram(*command, "--dry-run", "--json", *more)
            (event,) = [event for event in read_lines(run.out) if event["event"] == "forecast"]
            assert (run.code, event["rows"]) == (0, 5)
            return event["images"], event["finished"]

        assert images_to_make() == (2, 3)
        assert images_to_make("--retry-unknown") == (3, 2)
        assert images_to_make("--retry-unknown", "--retry-failed") == (4, 1)
        after = [(row, (folder / "images" / row).read_bytes()) for row in files(folder / "images", "thumbnails")]
        assert [name for name, _ in after] == [name for name, _ in before]
        assert ideogram("batch", "--out", "images", "--base-url", server.url).code == 4
        assert len(server.wait_idle().posts) == 3, "the rows of the dry run are forgotten"


def test_a_dry_run_finds_bad_rows(ideogram: Command, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", [{"text_prompt": "a", "resolution": "9x9"}])
    run = ideogram("batch", "rows.jsonl", "--out", "images", "--dry-run")
    assert (run.code, run.out) == (2, "")
    assert "line 1" in run.err
