"""One request, one outcome: how an attempt is judged, and a plain callable for other processes and machines."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

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
    RetryPolicy,
)

from .model import ImageOutcome, Outcome, State, log_outcomes
from .names import stem_of
from .operations import arguments_of, images_asked, method_for, price_of
from .saving import image_facts, outcome_of_downloads, replace_image, store_image
from .store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ideogram_ai.client import GeneratedImage, Generation

    from .model import BatchRequest
    from .store import Store


def outcome_of_response(attempt: Outcome, generation: Generation, *, at: datetime) -> Outcome:
    """The outcome of an attempt that made images.

    Args:
        attempt: The attempt: its state is SENT or SUBMITTED, its cost that of all images that it asks for.
        generation: The images.
        at: When the response arrived.
    """
    images = tuple(map(ImageOutcome.of, generation.images))
    return evolve(
        attempt,
        # An image with a link is paid for and can be downloaded, even if it is marked as withheld.
        state=State.ANSWERED if any(image.url for image in images) else State.WITHHELD,
        images=images,
        cost=_cost_of(attempt, generation),
        may_have_been_billed=True,
        answered_at=at,
        generation=generation,
        error_type=None,
        error=None,
        status_code=None,
    )


def _cost_of(attempt: Outcome, generation: Generation) -> Decimal | None:
    """US dollars for a response: what the service says, or the price of each image, or of the request."""
    if generation.usage_cost_usd_micros is not None:
        return Decimal(generation.usage_cost_usd_micros).scaleb(-6)
    price = price_of(attempt.request)
    if attempt.cost is None or price is None or price.per != "image":
        return attempt.cost
    asked, made = images_asked(attempt.request), len(generation.images)
    # What a broken response does not name was made as well.
    return attempt.cost * (max(asked, made) if generation.problems else made) / asked


def outcome_of_error(attempt: Outcome, error: BaseException, *, at: datetime | None = None) -> Outcome:
    """The outcome of an attempt that made no image, or may have made one.

    Args:
        attempt: The attempt: its state is SENT or SUBMITTED, its cost that of all images that it asks for.
        error: The error it ended in.
        at: When the response arrived, if there was one.
    """
    billed: bool = getattr(error, "may_have_been_billed", False)
    message = getattr(error, "message", None) or " ".join(getattr(error, "__notes__", ())) or str(error)
    return evolve(
        attempt,
        state=State.UNKNOWN if billed else State.FAILED,
        error_type=type(error).__name__,
        error=message or type(error).__name__,
        status_code=getattr(error, "status_code", None),
        body=getattr(error, "body", None) or None if billed else None,
        cost=attempt.cost if billed or attempt.cost is None else attempt.cost * 0,
        may_have_been_billed=billed,
        answered_at=at if getattr(error, "status_code", None) else None,
    )


def is_fatal(error: Exception) -> bool:
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


@frozen
class Step:
    """Turns a request into its outcome. An error is an outcome, not an exception.

    It holds settings only and can be pickled: the key is read from IDEOGRAM_API_KEY where it is called, and each
    process makes a client of its own. It keeps no ledger: the caller has to record what is sent. A 429 is repeated as
    the policy says, because no process knows the pace of all of them.

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

        Args:
            request: The request.

        Returns:
            Its outcome.

        Raises:
            ConfigurationError: There is no key, or a setting is invalid.
            StoreError: Nothing can be written at the location. Nothing was sent; a later failure is an outcome.
        """
        process = os.getpid()
        client = _client(process, self.base_url, self.timeout, self.retry)
        store = None if self.location is None else _store(process, self.location)
        attempt = Outcome(request, State.SENT, may_have_been_billed=True, sent_at=datetime.now(UTC), attempts=1)
        try:
            method = method_for(client, request, submit=False)
            generation: Generation = method(**arguments_of(request))
        except Exception as error:  # noqa: BLE001 - every error of a request is an outcome
            return outcome_of_error(attempt, error, at=datetime.now(UTC))
        outcome = outcome_of_response(attempt, generation, at=datetime.now(UTC))
        if store is None or outcome.state is not State.ANSWERED:
            return outcome
        try:
            return _save(client, store, outcome, generation.images)
        except BaseException as error:
            log_outcomes("An image was being saved when the process was interrupted.", [outcome], error)
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
                facts = image_facts(part)
                file = store_image(store, part, stem, facts)
            made = evolve(made, file=file, sha256=facts.sha256, size=facts.size)
        except Exception as error:  # noqa: BLE001 - the image is paid for, and its outcome has the link
            made = evolve(made, error=str(error))
            if isinstance(error, DownloadError) and error.reason is DownloadReason.WITHHELD:
                made = evolve(made, withheld=True)
            elif isinstance(error, DownloadError):
                failures.append(error)
            else:
                failures.append(DownloadError(str(error), reason=DownloadReason.UNWRITABLE))
        outcome = replace_image(outcome, index, made)
    return outcome_of_downloads(outcome, failures, at=datetime.now(UTC))


# By process: a forked process must not use the connections of its parent.
@lru_cache
def _client(_process: int, base_url: str | None, timeout: float | None, retry: RetryPolicy) -> Ideogram:
    return Ideogram(base_url=base_url, timeout=timeout, retry=retry)


@lru_cache
def _store(_process: int, location: str) -> Store:
    return open_store(location)
