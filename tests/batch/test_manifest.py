"""manifest.jsonl: every row in its place, every member in its order, and readable by any program."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from batch_outcomes import BEGAN, StoredImage, failed, planned, put_image, request, saved, unknown, withheld
from hypothesis import example, given
from hypothesis import strategies as st

from ideogram_ai.batch.manifest import MANIFEST_NAME, manifest_line, write_manifest
from ideogram_ai.batch.model import Outcome
from ideogram_ai.batch.store import open_store

IMAGE = StoredImage("000001-cat.png", "ab" * 32, 123)


def parsed(outcome: Outcome) -> dict[str, Any]:
    line = manifest_line(outcome)
    assert line.endswith("}\n")
    assert line.splitlines() == [line[:-1]]
    value: dict[str, Any] = json.loads(line.encode())
    return value


def test_a_saved_row() -> None:
    row = request(1, resolution="1024x1024", rendering_speed="TURBO")
    assert parsed(saved(row, IMAGE, seed=42, prompt="A photo of a black cat")) == {
        "id": "000001",
        "line": 1,
        "state": "saved",
        "request": {"text_prompt": "A photo of a cat", "resolution": "1024x1024", "rendering_speed": "TURBO"},
        "file": "000001-cat.png",
        "sha256": "ab" * 32,
        "size": 123,
        "seed": 42,
        "prompt": "A photo of a black cat",
        "resolution": "1024x1024",
        "withheld": False,
        "image_error": None,
        "url": "https://image.test/a.png",
        "further_images": [],
        "cost_usd": "0.06",
        "earlier_cost_usd": "0",
        "may_have_been_billed": True,
        "attempts": 1,
        "sent_at": "2026-11-22T09:30:01.000Z",
        "answered_at": "2026-11-22T09:30:09.000Z",
        "saved_at": "2026-11-22T09:30:10.000Z",
        "status_code": None,
        "error_type": None,
        "error": None,
        "server": None,
        "rehearsal": None,
        "in_input": True,
        "replaced_by": None,
        "file_name": None,
    }


def test_every_line_has_the_same_members_in_the_same_order() -> None:
    row = request(1)
    outcomes = [saved(row, IMAGE), withheld(row), failed(row), unknown(row), planned(row)]
    lines = [parsed(outcome) for outcome in outcomes]
    assert {tuple(line) for line in lines} == {tuple(lines[0])}
    assert [line["state"] for line in lines] == ["saved", "withheld", "failed", "unknown", "planned"]
    assert [line["cost_usd"] for line in lines] == ["0.06", "0.06", "0", "0.06", None]
    assert [line["may_have_been_billed"] for line in lines] == [True, True, False, True, False]
    assert lines[2]["error"] == "The prompt failed the safety check. Nothing was billed."


def test_the_link_has_its_signature_until_the_image_is_saved() -> None:
    outcome = saved(request(1), IMAGE)
    waiting = attrs.evolve(outcome.images[0], file=None)
    withheld_image = attrs.evolve(outcome.images[0], file=None, withheld=True)
    line = parsed(attrs.evolve(outcome, images=(waiting, *outcome.images, withheld_image)))
    assert line["url"] == "https://image.test/a.png?sig=1"
    assert [each["url"] for each in line["further_images"]] == ["https://image.test/a.png"] * 2


def test_an_answer_of_several_images_has_them_all() -> None:
    outcome = saved(request(1), IMAGE)
    second = attrs.evolve(outcome.images[0], seed=2, file="000001-cat-2.png")
    line = parsed(attrs.evolve(outcome, images=(outcome.images[0], second)))
    assert line["file"] == "000001-cat.png"
    assert [(each["file"], each["seed"]) for each in line["further_images"]] == [("000001-cat-2.png", 2)]


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (BEGAN, "2026-11-22T09:30:00.000Z"),
        (datetime(2026, 11, 22, 12, 0, 0, 999_999, timezone(timedelta(hours=2))), "2026-11-22T10:00:00.999Z"),
    ],
)
def test_times_are_in_utc(moment: datetime, text: str) -> None:
    assert parsed(attrs.evolve(failed(request(1)), sent_at=moment))["sent_at"] == text


@given(st.text(st.characters()))
@example("\ud800 half a surrogate, \u2028 line ends \u0085 \x0b \x0c \x1c, \u202e turned round, \0 and \ufeff")
def test_any_text_stays_on_its_line_and_comes_back(text: str) -> None:
    line = parsed(failed(request(1, text), reason=text))
    assert (line["request"]["text_prompt"], line["error"]) == (text, text)


def test_readable_text_stays_readable() -> None:
    assert "猫が本の上で眠る" in manifest_line(failed(request(1, "猫が本の上で眠る")))


def test_the_order_of_an_authors_members_is_kept() -> None:
    prompt = {"compositional_deconstruction": {}, "a": 1, "high_level_description": "x"}
    assert list(parsed(failed(request(1, prompt)))["request"]["json_prompt"]) == list(prompt)


def test_rows_come_as_a_stream_and_the_file_is_whole_or_the_earlier_one(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        image = put_image(store, 1, "cat")
        write_manifest(store, [saved(request(1), image)])
        before = (tmp_path / MANIFEST_NAME).read_bytes()

        def rows() -> Iterator[Outcome]:
            for number in range(1, 10_000):
                assert (tmp_path / MANIFEST_NAME).read_bytes() == before
                yield failed(request(number))
                if number == 300:
                    raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_manifest(store, rows())
        assert (tmp_path / MANIFEST_NAME).read_bytes() == before

        write_manifest(store, (failed(request(number)) for number in range(1, 301)))
        lines = (tmp_path / MANIFEST_NAME).read_text("utf-8").splitlines()
        assert [json.loads(line)["line"] for line in lines] == list(range(1, 301))
