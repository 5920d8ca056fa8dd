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


def test_every_line_has_the_same_members_in_the_same_order() -> None:
    row = request(1, resolution="1024x1024")
    line = parsed(saved(row, IMAGE, seed=42, prompt="A photo of a black cat"))
    assert line == {
        "id": "000001", "line": 1, "state": "saved",
        "request": {"text_prompt": "A photo of a cat", "resolution": "1024x1024"},
        "file": "000001-cat.png", "sha256": "ab" * 32, "size": 123, "seed": 42, "prompt": "A photo of a black cat",
        "resolution": "1024x1024", "upscaled_resolution": None, "withheld": False, "image_error": None, "url": "https://image.test/a.png",
        "further_images": [], "cost_usd": "0.06", "earlier_cost_usd": "0", "may_have_been_billed": True, "attempts": 1,
        "sent_at": "2026-11-22T09:30:01.000Z", "answered_at": "2026-11-22T09:30:09.000Z",
        "saved_at": "2026-11-22T09:30:10.000Z", "status_code": None, "error_type": None, "error": None, "server": None,
        "rehearsal": None, "in_input": True, "replaced_by": None, "file_name": None,
        "operation": "generate", "files": {}, "job_id": None,
    }  # fmt: skip
    others = [parsed(outcome) for outcome in (withheld(row), failed(row), unknown(row), planned(row))]
    assert {tuple(other) for other in others} == {tuple(line)}
    assert [(each["state"], each["cost_usd"], each["may_have_been_billed"]) for each in others] == [
        ("withheld", "0.06", True), ("failed", "0", False), ("unknown", "0.06", True), ("planned", None, False),
    ]  # fmt: skip
    assert others[1]["error"] == "The prompt failed the safety check. Nothing was billed."
    prompt = {"compositional_deconstruction": {}, "a": 1, "high_level_description": "x"}
    assert list(parsed(failed(request(1, prompt)))["request"]["json_prompt"]) == list(prompt), "the author's order"


def test_a_response_with_several_images_has_them_all() -> None:
    outcome = saved(request(1), IMAGE)
    second = attrs.evolve(outcome.images[0], seed=2, file="000001-cat-2.png")
    line = parsed(attrs.evolve(outcome, images=(outcome.images[0], second)))
    assert line["file"] == "000001-cat.png"
    assert [(each["file"], each["seed"]) for each in line["further_images"]] == [("000001-cat-2.png", 2)]
    waiting = attrs.evolve(second, file=None)
    line = parsed(attrs.evolve(outcome, images=(waiting, second, attrs.evolve(waiting, withheld=True))))
    assert line["url"] == "https://image.test/a.png?sig=1", "with its signature until the image is saved"
    assert [each["url"] for each in line["further_images"]] == ["https://image.test/a.png"] * 2


def test_times_are_in_utc() -> None:
    east = datetime(2026, 11, 22, 12, 0, 0, 999_999, timezone(timedelta(hours=2)))
    for moment, text in ((BEGAN, "2026-11-22T09:30:00.000Z"), (east, "2026-11-22T10:00:00.999Z")):
        assert parsed(attrs.evolve(failed(request(1)), sent_at=moment))["sent_at"] == text


@given(st.text(st.characters()))
@example("\ud800 half a surrogate, \u2028 line ends \u0085 \x0b \x0c \x1c, \u202e turned round, \0 and \ufeff")
def test_any_text_stays_on_its_line_and_comes_back(text: str) -> None:
    line = parsed(failed(request(1, text), reason=text))
    assert (line["request"]["text_prompt"], line["error"]) == (text, text)
    assert "猫が本の上で眠る" in manifest_line(failed(request(1, "猫が本の上で眠る")))


def test_the_manifest_is_written_as_a_stream_completely_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / MANIFEST_NAME
    with open_store(tmp_path) as store:
        write_manifest(store, [saved(request(1), put_image(store, 1, "cat"))])
        before = path.read_bytes()

        def rows() -> Iterator[Outcome]:
            for number in range(1, 301):
                assert path.read_bytes() == before
                yield failed(request(number))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_manifest(store, rows())
        assert path.read_bytes() == before
        write_manifest(store, (failed(request(number)) for number in range(1, 301)))
        assert [json.loads(line)["line"] for line in path.read_text("utf-8").splitlines()] == list(range(1, 301))
