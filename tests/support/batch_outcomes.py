"""Outcomes of rows that never ran, and images for them, for tests of what a batch leaves behind."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from ideogram_ai.batch.model import BatchRequest, ImageOutcome, Outcome, State
from ideogram_ai.batch.saving import image_facts, store_image
from ideogram_ai.batch.store import Store

BEGAN = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class StoredImage(NamedTuple):
    """An image in a store."""

    file: str
    sha256: str
    size: int


def put(store: Store, path: Path, stem: str) -> StoredImage:
    """Put an image into a store."""
    facts = image_facts(path)
    return StoredImage(store_image(store, path, stem, facts), facts.sha256, facts.size)


def request(number: int, prompt: str | dict[str, Any] = "A photo of a cat", **fields: Any) -> BatchRequest:
    kind = "text_prompt" if isinstance(prompt, str) else "json_prompt"
    return BatchRequest(f"{number:06d}", {kind: prompt, **fields}, line=number)


def colour(number: int) -> tuple[int, int, int]:
    red, green, blue = hashlib.sha256(str(number).encode()).digest()[:3]
    return red, green, blue


def put_image(store: Store, number: int, stem: str, size: tuple[int, int] = (64, 48)) -> StoredImage:
    """Put an image of one colour, which depends on its number, into a store."""
    with store.part() as path:
        Image.new("RGB", size, colour(number)).save(path, "PNG")
        return put(store, path, stem)


def saved(row: BatchRequest, image: StoredImage, *, seed: int = 1, prompt: str | None = None) -> Outcome:
    sent = BEGAN + timedelta(seconds=row.line or 0)
    text = row.fields.get("text_prompt")
    made = ImageOutcome(seed, prompt or text, "1024x1024", "https://image.test/a.png?sig=1", False)
    return Outcome(
        row,
        State.SAVED,
        (kept(made, image),),
        cost=Decimal("0.06"),
        may_have_been_billed=True,
        sent_at=sent,
        answered_at=sent + timedelta(seconds=8),
        saved_at=sent + timedelta(seconds=9),
        attempts=1,
    )


def kept(made: ImageOutcome, image: StoredImage) -> ImageOutcome:
    return ImageOutcome(made.seed, made.prompt, made.resolution, made.url, False, image.file, image.sha256, image.size)


def withheld(row: BatchRequest) -> Outcome:
    image = ImageOutcome(7, row.fields.get("text_prompt"), "1024x1024", None, True)
    return Outcome(
        row, State.WITHHELD, (image,), cost=Decimal("0.06"), may_have_been_billed=True, sent_at=BEGAN, attempts=1
    )


def failed(row: BatchRequest, reason: str = "The prompt failed the safety check. Nothing was billed.") -> Outcome:
    return Outcome(
        row,
        State.FAILED,
        error_type="UnprocessableEntityError",
        error=reason,
        status_code=422,
        cost=Decimal(0),
        sent_at=BEGAN,
        attempts=1,
    )


def unknown(row: BatchRequest) -> Outcome:
    return Outcome(
        row,
        State.UNKNOWN,
        error_type="OutcomeUnknownError",
        error="No answer came within 300 s. The image may have been made, and billed.",
        cost=Decimal("0.06"),
        may_have_been_billed=True,
        sent_at=BEGAN,
        attempts=1,
    )


def planned(row: BatchRequest) -> Outcome:
    return Outcome(row, State.PLANNED)
