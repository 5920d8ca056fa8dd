"""manifest.jsonl: what became of each row, a line of JSON for each, in the order of the input."""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from decimal import Decimal

    from .outcome import ImageOutcome, Outcome
    from .store import Store

MANIFEST_NAME: Final = "manifest.jsonl"

_IMAGE_MEMBERS = ("file", "sha256", "size", "seed", "prompt", "resolution", "withheld")
# Half surrogates, which UTF-8 cannot hold, and whatever some program takes for a line's end or a change of direction.
_ESCAPED = re.compile("[\ud800-\udfff\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def write_manifest(store: Store, outcomes: Iterable[Outcome]) -> None:
    """Write the manifest, in place of an earlier one, whole or not at all.

    Args:
        store: Where it goes.
        outcomes: What became of each row; it is read once, and never held as a whole.

    Raises:
        StoreError: It cannot be written; the earlier one is still there.
    """
    with store.write(MANIFEST_NAME) as file:
        for outcome in outcomes:
            file.write(manifest_line(outcome))


def manifest_line(outcome: Outcome) -> str:
    """One line, with its end. Every line has the same members in the same order; what is not known is null.

    Money is text, because a decimal fraction is no binary one; times are ISO 8601 in UTC.
    """
    request = outcome.request
    first, *further = map(_image, outcome.images or (None,))
    text = json.dumps(
        {
            "id": request.key,
            "line": request.line,
            "state": outcome.state.value,
            "request": dict(request.fields),
            **first,
            "further_images": further,
            "cost_usd": _money(outcome.cost),
            "earlier_cost_usd": _money(outcome.earlier_cost),
            "may_have_been_billed": outcome.may_have_been_billed,
            "attempts": outcome.attempts,
            "sent_at": _time(outcome.sent_at),
            "answered_at": _time(outcome.answered_at),
            "saved_at": _time(outcome.saved_at),
            "status_code": outcome.status_code,
            "error_type": outcome.error_type,
            "error": outcome.error,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def _image(image: ImageOutcome | None) -> dict[str, Any]:
    members: dict[str, Any] = {name: getattr(image, name, None) for name in _IMAGE_MEMBERS}
    return {**members, "image_error": image.error if image else None, "url": _link(image)}


def _link(image: ImageOutcome | None) -> str | None:
    """The link, as long as somebody may need it to fetch the image."""
    return None if image is None or image.file else image.url


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _time(moment: datetime | None) -> str | None:
    return (
        None if moment is None else f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    )
