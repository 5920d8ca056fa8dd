"""What an attempt came to, as an outcome. Pure, and the same for one process and for many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    DownloadError,
    DownloadReason,
    NotFoundError,
    PaymentRequiredError,
    RateLimitError,
    RequestError,
)

from .outcome import ImageOutcome, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal

    from ideogram_ai.client import Generation

    from .request import BatchRequest

_MAY_PASS: Final = frozenset({408, 429})
_GONE: Final = frozenset({DownloadReason.EXPIRED, DownloadReason.FORBIDDEN_ADDRESS})
"""Why no later run should ask for the image by itself: its host says that the link is over, or it is never asked."""


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


def with_image(outcome: Outcome, index: int, image: ImageOutcome) -> Outcome:
    """The outcome with another state of one of its images."""
    return evolve(outcome, images=(*outcome.images[:index], image, *outcome.images[index + 1 :]))


def saved(outcome: Outcome, failures: Sequence[DownloadError], *, at: datetime) -> Outcome:
    """The outcome of an answer whose images were downloaded, or not.

    Args:
        outcome: The answer, with what became of each image.
        failures: What went wrong.
        at: When the last image was saved.

    Returns:
        SAVED, or WITHHELD where none was to be had; ANSWERED when an image may be had later, for free; FAILED when its
        link is over: then only --retry-failed asks for it again.
    """
    if not failures:
        none = all(image.withheld for image in outcome.images)
        state = State.WITHHELD if none else State.SAVED
        saved_at = None if none else at
        return evolve(outcome, state=state, saved_at=saved_at, error_type=None, error=None, status_code=None)
    lost = next((error for error in failures if error.reason in _GONE), None)
    error = lost or failures[0]
    return evolve(
        outcome,
        state=State.ANSWERED if lost is None else State.FAILED,
        error_type=type(error).__name__,
        error=error.message,
        status_code=error.status_code,
    )


def concerns_the_host(error: DownloadError) -> bool:
    """Whether other images of the same host may fail in this way too, whatever their links are."""
    if error.reason is DownloadReason.STATUS:
        return error.status_code is None or error.status_code >= 500 or error.status_code in _MAY_PASS
    return error.reason is DownloadReason.CONNECTION


def _nothing(cost: Decimal | None) -> Decimal | None:
    return None if cost is None else cost * 0


def _message(error: BaseException) -> str:
    notes = " ".join(getattr(error, "__notes__", ()))
    message: str = getattr(error, "message", None) or notes or str(error)
    return message or type(error).__name__
