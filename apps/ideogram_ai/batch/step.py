"""What an attempt came to, as an outcome. Pure, and the same for one process and for many."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    DownloadError,
    DownloadReason,
    Ideogram,
    NotFoundError,
    PaymentRequiredError,
    RateLimitError,
    RequestError,
    RetryPolicy,
)

from .journal import name_outcomes
from .model import ImageOutcome, Outcome, State
from .names import stem_of
from .saving import saved, store_image, with_image
from .store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from ideogram_ai.client import GeneratedImage, Generation

    from .model import BatchRequest
    from .store import Store


def arguments_of(request: BatchRequest) -> dict[str, Any]:
    """The keyword arguments for `generate`.

    Raises:
        RequestError: There is one among them that is no request field.
    """
    if "timeout" in request.fields:
        raise RequestError("'timeout' is no request field; give it to the client. Nothing was sent, nothing billed.")
    return dict(request.fields)


def answered(attempt: Outcome, generation: Generation, *, at: datetime) -> Outcome:
    """The outcome of an attempt that made images.

    Args:
        attempt: The attempt: its state is SENT, its cost that of one image.
        generation: The images.
        at: When they were answered.
    """
    images = tuple(ImageOutcome.of(image) for image in generation.images)
    return evolve(
        attempt,
        # What has a link is paid for and may be had, whatever was said of it.
        state=State.ANSWERED if any(image.url for image in images) else State.WITHHELD,
        images=images,
        cost=None if attempt.cost is None else attempt.cost * len(images),
        may_have_been_billed=True,
        answered_at=at,
        generation=generation,
    )


def ended(attempt: Outcome, error: BaseException, *, at: datetime | None = None) -> Outcome:
    """The outcome of an attempt that made no image, or of which nobody knows whether it did.

    Args:
        attempt: The attempt: its state is SENT, its cost that of one image.
        error: What it ended in.
        at: When an answer came, if one came.
    """
    billed: bool = getattr(error, "may_have_been_billed", False)
    return evolve(
        attempt,
        state=State.UNKNOWN if billed else State.FAILED,
        error_type=type(error).__name__,
        error=_message(error),
        status_code=getattr(error, "status_code", None),
        body=getattr(error, "body", None) or None if billed else None,
        cost=attempt.cost if billed else _nothing(attempt.cost),
        may_have_been_billed=billed,
        answered_at=at if getattr(error, "status_code", None) else None,
    )


def concerns_all(error: Exception) -> bool:
    """Whether every other request would end in this error too, so that going on is pointless."""
    match error:
        case AuthenticationError() | PaymentRequiredError() | NotFoundError():
            return True
        case RateLimitError():
            return not error.waiting_helps
        case APIConnectionError():
            return not error.transient
        case APIStatusError():
            return error.status_code < 400  # a redirect: the base URL is wrong
        case _:
            return False


def _nothing(cost: Decimal | None) -> Decimal | None:
    return None if cost is None else cost * 0


def _message(error: BaseException) -> str:
    notes = " ".join(getattr(error, "__notes__", ()))
    message: str = getattr(error, "message", None) or notes or str(error)
    return message or type(error).__name__


@frozen
class Step:
    """Turns a request into its outcome. What goes wrong is an outcome and no exception.

    It holds settings only and is pickled freely: the key is read from IDEOGRAM_API_KEY where it is called, and each
    process makes a client of its own. It keeps no ledger: whoever maps it writes down what is sent. A 429 is repeated
    as the policy says, since nobody tells the pace of all processes together.

    Attributes:
        base_url: As in Ideogram.
        timeout: Seconds, as in Ideogram.
        retry: As in Ideogram.
        location: A folder, or a URL of fsspec, where images are saved. None leaves the outcomes ANSWERED.
    """

    base_url: str | None = None
    timeout: float | None = None
    retry: RetryPolicy = field(factory=RetryPolicy)
    location: str | None = None

    def __call__(self, request: BatchRequest) -> Outcome:
        """Send a request and, with a location, save its images. Each image is billed, withheld ones too.

        Raises:
            ConfigurationError: There is no key, or a setting cannot be used.
            StoreError: Nothing can be written at the location. Nothing was sent; what fails later is an outcome.
        """
        process = os.getpid()
        client = _client(process, self.base_url, self.timeout, self.retry)
        store = None if self.location is None else _store(process, self.location)
        attempt = Outcome(request, State.SENT, may_have_been_billed=True, sent_at=datetime.now(UTC), attempts=1)
        try:
            generation = client.generate(**arguments_of(request))
        except Exception as error:  # noqa: BLE001 - an error is an outcome, whatever it is
            return ended(attempt, error, at=datetime.now(UTC))
        outcome = answered(attempt, generation, at=datetime.now(UTC))
        if store is None or outcome.state is not State.ANSWERED:
            return outcome
        try:
            return _save(client, store, outcome, generation.images)
        except BaseException as error:
            name_outcomes("An image was being saved when the process was interrupted.", [outcome], error)
            raise


def _save(client: Ideogram, store: Store, outcome: Outcome, images: Iterable[GeneratedImage]) -> Outcome:
    stem = stem_of(outcome.request)
    failures: list[DownloadError] = []
    for index, image in enumerate(images):
        if not image.url:
            continue
        made = outcome.images[index]
        try:
            with store.part() as part:
                client.download(image, part)
                stored = store_image(store, part, stem)
            made = evolve(made, file=stored.file, sha256=stored.sha256, size=stored.size)
        except DownloadError as error:
            made = evolve(made, error=error.message)
            if error.reason is DownloadReason.WITHHELD:
                made = evolve(made, withheld=True)
            else:
                failures.append(error)
        except Exception as error:  # noqa: BLE001 - it concerns the saving of an image that is paid for, whatever it is
            made = evolve(made, error=str(error))
            failures.append(DownloadError(str(error), reason=DownloadReason.UNWRITABLE))
        outcome = with_image(outcome, index, made)
    return saved(outcome, failures, at=datetime.now(UTC))


# By process: what one has opened is of no use to another that is forked of it.
@lru_cache
def _client(_process: int, base_url: str | None, timeout: float | None, retry: RetryPolicy) -> Ideogram:
    return Ideogram(base_url=base_url, timeout=timeout, retry=retry)


@lru_cache
def _store(_process: int, location: str) -> Store:
    return open_store(location)
