"""What became of a request: its exit code, its images or its other response, and what it cost. `--json` prints it."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from attrs import asdict, frozen

from ideogram_ai.client import GeneratedImage, Generation
from ideogram_ai.contract.check import RequestProblem

from .exit_codes import ExitCode
from .terminal import printable, usd

IMAGES: Final = "images"
RESPONSE: Final = "response"
_NUMBERS: Final = re.compile(r"\[\s+[-+.0-9eE]+(?:,\s+[-+.0-9eE]+)*\s+\]")
"""A list of numbers on several lines, for example a box. There is no line end inside of a JSON string."""
PRICE_LIST: Final = "price list"
"""The source of a cost that the contract has, and the service did not say."""


@frozen
class Failure:
    """What went wrong: the `error` of --json. `may_have_been_billed` is false if nothing was billed for certain."""

    type: str
    message: str
    may_have_been_billed: bool
    status_code: int | None = None
    problems: tuple[RequestProblem, ...] = ()

    @classmethod
    def of(
        cls,
        error: BaseException,
        message: str | None = None,
        *,
        billed: bool = False,
        problems: tuple[RequestProblem, ...] = (),
    ) -> Failure:
        """Describe an exception."""
        return cls(
            type=type(error).__name__,
            message=message or str(error) or type(error).__name__,
            may_have_been_billed=billed or getattr(error, "may_have_been_billed", False),
            status_code=getattr(error, "status_code", None),
            problems=problems,
        )


@frozen
class Cost:
    """What a request costs. `source` is "service", or "price list" with the day on which that was valid."""

    usd: Decimal
    source: str
    as_of: str | None = None

    def __str__(self) -> str:
        """Return it for people."""
        return f"{usd(self.usd)} ({f'price list of {self.as_of}' if self.as_of else 'says the service'})"


@frozen
class JobState:
    """A job, as far as the command knows it: the `job` of --json."""

    id: str
    status: str = "pending"
    failure_reason: str | None = None


@frozen
class ImageResult:
    """An image of the response: where it and its sidecar are, or why one of them is not saved."""

    image: GeneratedImage
    path: Path | None = None
    sidecar: Path | None = None
    failure: Failure | None = None

    @property
    def lost(self) -> bool:
        """Whether something that was paid for is not saved."""
        return self.failure is not None and not self.image.withheld

    def as_json(self) -> dict[str, Any]:
        """Return the image's members of --json."""
        image = self.image
        return {
            "path": self.path and os.fspath(self.path),
            "sidecar": self.sidecar and os.fspath(self.sidecar),
            "seed": image.seed,
            "resolution": image.resolution,
            "is_image_safe": image.is_image_safe,
            "withheld": image.withheld,
            "prompt": image.prompt,
            # An image that is not saved can be had by its link only.
            "url": image.url if self.path is None else None,
            "expires_at": image.expires_at.isoformat() if image.expires_at else None,
            "error": self.failure and asdict(self.failure),
        }


@frozen
class Result:
    """How a request ended.

    Attributes:
        code: The exit code.
        images: What became of each image.
        failure: Why it did not end well.
        answer_file: Where a response is that could not be read completely.
        generation: The response, if it has images.
        response: The response as plain JSON types, if it has none.
        path: Where the response is saved, if it has no images.
        job: The job, if it was submitted as one.
        cost: What was paid; None for a rehearsal, and where nobody knows.
        would_send: With --dry-run, the request that was not sent, as plain JSON types; the cost is what it would be.
        rehearsal: Whether nobody would be billed for it.
    """

    code: ExitCode
    images: tuple[ImageResult, ...] = ()
    failure: Failure | None = None
    answer_file: Path | None = None
    generation: Generation | None = None
    response: Any = None
    path: Path | None = None
    job: JobState | None = None
    cost: Cost | None = None
    would_send: dict[str, Any] | None = None
    rehearsal: bool = False

    def as_json(self, shape: str = IMAGES) -> str:
        """Return the object of --json as one line of ASCII. `shape` says whether a response has images."""
        members = {
            "outcome": self.code.name.lower(),
            **(
                {IMAGES: [image.as_json() for image in self.images], "job": self.job and asdict(self.job)}
                if shape == IMAGES
                else {RESPONSE: self.response, "path": self.path and os.fspath(self.path)}
            ),
            # Those that a response has links to.
            **({IMAGES: [image.as_json() for image in self.images]} if shape == RESPONSE and self.images else {}),
            "error": self.failure and asdict(self.failure),
            "answer_file": self.answer_file and os.fspath(self.answer_file),
            "cost_usd": self.cost and f"{self.cost.usd:f}",
            "cost_source": self.cost and self.cost.source,
            "would_send": self.would_send,
        }
        return json.dumps(members)


def as_json_text(response: Any, member: str | None, *, is_unicode: bool = True) -> str:
    """Return a response, or a member of it, as a JSON document for people and programs.

    Args:
        response: Plain JSON types.
        member: The member; None for the whole response.
        is_unicode: Whether the text may have letters beyond ASCII. What could control a terminal is always escaped.
    """
    text = json.dumps(response if member is None else response[member], indent=2, ensure_ascii=not is_unicode)
    text = _NUMBERS.sub(lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text)
    return "".join(
        letter if letter == "\n" or printable(letter) == letter else json.dumps(letter)[1:-1] for letter in f"{text}\n"
    )
