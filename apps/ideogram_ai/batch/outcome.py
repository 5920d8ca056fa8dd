"""What became of a request."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import field, frozen

from ideogram_ai.client import Generation

from .request import BatchRequest
from .servers import Rank, rank_of

if TYPE_CHECKING:
    from ideogram_ai.client import GeneratedImage


class State(StrEnum):
    """How far a request got."""

    PLANNED = "planned"
    """Not sent, or surely not run."""
    SENT = "sent"
    """On its way; in the ledger before the first byte leaves."""
    ANSWERED = "answered"
    """Its images are made and paid for, and not all saved yet."""
    SAVED = "saved"
    """Every image that can be had is saved."""
    WITHHELD = "withheld"
    """The safety check withheld its images. Billed all the same."""
    FAILED = "failed"
    """Refused, or an image can never be had. `may_have_been_billed` says whether it cost anything."""
    UNKNOWN = "unknown"
    """It left, and nobody knows what came of it: it may have been made, and billed."""


@frozen
class ImageOutcome:
    """One image of an answer.

    Attributes:
        seed: The seed that it was made with.
        prompt: The prompt that was really used.
        resolution: Width and height in pixels, as in "2048x2048".
        url: Its link, which expires; None when it was withheld.
        withheld: Whether the safety check withheld it.
        file: Name of its file in the batch's folder, with slashes; None while it is not saved.
        sha256: SHA-256 of the file in hexadecimal.
        size: Bytes of the file.
        error: Why it could not be saved.
    """

    seed: int | None
    prompt: str | None
    resolution: str | None
    url: str | None = field(repr=False)
    withheld: bool
    file: str | None = None
    sha256: str | None = None
    size: int | None = None
    error: str | None = None

    @classmethod
    def of(cls, image: GeneratedImage) -> ImageOutcome:
        """An image that was answered."""
        return cls(
            seed=image.seed,
            prompt=image.prompt,
            resolution=image.resolution,
            url=image.url,
            withheld=image.withheld,
        )


@frozen
class Outcome:
    """What became of a request. The properties without `images` tell of the first image, nearly always the only one.

    Attributes:
        request: The request.
        state: How far it got.
        images: The images of its answer, in their order.
        error_type: Name of the error's class, as in ideogram_ai.client; None without an error.
        error: What the error says.
        status_code: Status of the answer that refused it, if there was one.
        cost: US dollars that it cost, or may have cost when the state is SENT or UNKNOWN. Zero when it was surely not
            billed, None when no prices are known.
        earlier_cost: US dollars that earlier attempts, whose outcome nobody knows, may have cost.
        may_have_been_billed: False only when it is certain that nothing was billed.
        sent_at: When its last attempt left, in UTC.
        answered_at: When its answer was here.
        saved_at: When its last image was saved.
        attempts: How often it was sent.
        body: What arrived of an answer in which no image was found; None otherwise, and in what a ledger lists.
        generation: The answer. None where there is none, and in what a ledger lists.
        server: The server that it was last sent to: its origin, or `mock`. None where it was not sent, or no ledger
            wrote it down.
        absent: Whether the last whole input of the batch does not have the row any more.
        replaced_by: Key of the row that was made in its place on purpose.
    """

    request: BatchRequest
    state: State
    images: tuple[ImageOutcome, ...] = ()
    error_type: str | None = None
    error: str | None = None
    status_code: int | None = None
    cost: Decimal | None = None
    earlier_cost: Decimal = Decimal(0)
    may_have_been_billed: bool = False
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    saved_at: datetime | None = None
    attempts: int = 0
    body: bytes | None = field(default=None, repr=False)
    generation: Generation | None = field(default=None, repr=False)
    server: str | None = None
    absent: bool = False
    replaced_by: str | None = None

    @property
    def rehearsed(self) -> bool | None:
        """Whether a server that only plays the service had it, and nobody billed it; None where no server is known."""
        return None if self.server is None else rank_of(self.server) < Rank.REMOTE

    @property
    def seed(self) -> int | None:
        """Seed of the image."""
        return self.images[0].seed if self.images else None

    @property
    def prompt(self) -> str | None:
        """The prompt that was really used."""
        return self.images[0].prompt if self.images else None

    @property
    def resolution(self) -> str | None:
        """Width and height of the image in pixels."""
        return self.images[0].resolution if self.images else None

    @property
    def url(self) -> str | None:
        """Link of the image."""
        return self.images[0].url if self.images else None

    @property
    def file(self) -> str | None:
        """Name of the saved image in the batch's folder."""
        return self.images[0].file if self.images else None

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the saved image."""
        return self.images[0].sha256 if self.images else None

    @property
    def size(self) -> int | None:
        """Bytes of the saved image."""
        return self.images[0].size if self.images else None
