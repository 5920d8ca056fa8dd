"""One request, one outcome: how an attempt is judged, and a plain callable for other processes and machines."""

from __future__ import annotations

import atexit
import os
import secrets
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    Generation,
    Ideogram,
    JobFailedError,
    NotFoundError,
    PaymentRequiredError,
    RateLimitError,
    RequestError,
    RetryPolicy,
)
from ideogram_ai.client import Job as ImageJob
from ideogram_ai.client.errors import NOTHING_SENT

from .claims import Claims
from .model import BatchError, ImageOutcome, Outcome, State, log_outcomes, server_of
from .operations import image_operations, submit_operation, with_contents
from .planning import check_text, shared_key, with_files
from .prices import cost_of, images_asked, price_of, shipped_prices
from .saving import save_images
from .store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from ideogram_ai.client import AsyncIdeogram

    from .model import BatchRequest


def prepare_call(client: Ideogram | AsyncIdeogram, request: BatchRequest, *, submit: bool) -> Callable[[], Any]:
    """The call that makes the images of a request, or that submits it. It reads the files of the request.

    A file that is not the same any more is a RequestError, and so is a request that no job can make.
    """
    operation = submit_operation(request.operation) if submit else image_operations()[request.operation]
    if operation is None:
        raise RequestError(f"The contract has no operation that submits {request.operation}. {NOTHING_SENT}")
    if "timeout" in request.fields:
        raise RequestError(f"'timeout' is not a request field; give it to the client. {NOTHING_SENT}")
    return partial(attrgetter(operation.method_name)(client), **with_contents(request.fields, request.files))


def outcome_of_response(attempt: Outcome, generation: Generation) -> Outcome:
    """The outcome of an attempt that made images. Its cost so far is that of all images that it asks for."""
    images = tuple(map(ImageOutcome.of, generation.images))
    return evolve(
        attempt,
        # An image with a link is paid for and can be downloaded, even if it is marked as withheld.
        state=State.ANSWERED if any(image.url for image in images) else State.WITHHELD,
        images=images,
        cost=_cost_of(attempt, generation),
        may_have_been_billed=True,
        answered_at=datetime.now(UTC),
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


def outcome_of_error(attempt: Outcome, error: BaseException) -> Outcome:
    """The outcome of an attempt that made no image, or may have made one."""
    billed: bool = getattr(error, "may_have_been_billed", False)
    message = getattr(error, "message", None) or " ".join(getattr(error, "__notes__", ())) or str(error)
    status: int | None = getattr(error, "status_code", None)
    return evolve(
        attempt,
        state=State.UNKNOWN if billed else State.FAILED,
        error_type=type(error).__name__,
        error=message or type(error).__name__,
        status_code=status,
        body=getattr(error, "body", None) or None if billed else None,
        cost=attempt.cost if billed or attempt.cost is None else attempt.cost * 0,
        may_have_been_billed=billed,
        answered_at=datetime.now(UTC) if status else None,
    )


def outcome_of_job(job: Outcome, result: Generation | Exception) -> Outcome:
    """The outcome of a job that was waited for. After other errors than its own it is still there to be asked for."""
    if isinstance(result, Generation):
        return outcome_of_response(job, result)
    outcome = outcome_of_error(job, result)
    if isinstance(result, JobFailedError):
        return outcome
    is_unknown = isinstance(result, NotFoundError | BadRequestError)  # to the service
    state = State.UNKNOWN if is_unknown else State.SUBMITTED
    return evolve(outcome, state=state, cost=job.cost, may_have_been_billed=True, answered_at=None)


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
    """Turns a request into its outcome. An error is an outcome, not an exception. For any engine that maps rows.

    It holds settings only and can be pickled: the key is read from IDEOGRAM_API_KEY where it is called, and each
    process makes a client of its own. A 429 is repeated as the policy says, because no process knows the pace of all of
    them.

    With a location it claims each row there before it sends it, and records there what became of it. So an engine may
    call it again for the same row, in any process on any machine: what is saved is returned, a job is asked for by its
    id, what was answered is downloaded, and nothing is paid for twice. `Job.open(location, shared=True)` and
    `ideogram batch --shared` see the same rows. Without a location it keeps nothing, and each call is billed.

    Attributes:
        base_url: As in Ideogram.
        timeout: Seconds, as in Ideogram.
        retry: As in Ideogram.
        location: A folder that all processes see, or a URL of fsspec, where rows are claimed and images are saved. None
            leaves the outcomes ANSWERED.
        submit: Submit each request as a job. Once its id is recorded, no death of a process makes the row unknown.
        job_seconds: Seconds to wait for a job, more than 0. A later call asks again for what takes longer.
        retry_unknown: Send rows of unknown outcome again: they may be billed twice. Not those that became unknown in
            this run: an engine may repeat a row as often as it likes.
        retry_failed: Send rows again that failed and were not billed, and download failed images again.
        run: Identifies the run: made with each Step, and the same in all processes that it is pickled to.
    """

    base_url: str | None = None
    timeout: float | None = None
    retry: RetryPolicy = field(factory=RetryPolicy)
    location: str | None = None
    submit: bool = False
    job_seconds: float = 600.0
    retry_unknown: bool = False
    retry_failed: bool = False
    run: str = field(factory=lambda: secrets.token_hex(8), init=False, repr=False, eq=False)

    def __call__(self, request: BatchRequest) -> Outcome:
        """Send a request, unless it was sent before, and save its images. Each image is billed, withheld ones too.

        Args:
            request: The request. With a location its key identifies it for ever: two requests of one key that ask for
                different things are an error of the second one. A row without an id is claimed by its number and its
                content, as by `ideogram batch --shared`.

        Returns:
            Its outcome. SENT is a row that another process is working on; UNKNOWN one whose process died while it was
            on its way.

        Raises:
            ConfigurationError: There is no key, or a setting is invalid.
            LedgerError: The location holds another batch, or an outcome could not be recorded; a note has its links.
            PlanError: A file of the request cannot be read, or its id has half of a character.
            StoreError: Nothing can be written at the location. Nothing was sent; a later failure is an outcome.
        """
        process = os.getpid()
        client = _client(process, self.base_url, self.timeout, self.retry)
        server = server_of(client.base_url)
        attempt = Outcome(
            request, State.SENT, may_have_been_billed=True, sent_at=datetime.now(UTC), attempts=1, server=server
        )
        if self.location is None:
            return self._send(client, attempt, None)
        claimed = with_files(request)
        check_text(claimed)  # or no index of the place could hold the row
        claimed = evolve(claimed, key=shared_key(claimed))
        attempt = evolve(attempt, request=claimed, cost=cost_of(claimed, shipped_prices()))
        claims = _claims(process, self.location, server, self.run, self.retry_unknown, self.retry_failed)
        return evolve(self._send_once(client, attempt, claims), request=request)

    def _send_once(self, client: Ideogram, attempt: Outcome, claims: Claims) -> Outcome:
        """Send a row unless it was claimed before, go on with it as far as that is free, and save its images."""
        found = claims.claim(attempt)
        if found is None:
            outcome = self._send(client, attempt, claims)
        else:
            outcome = claims.resume(found)
            if outcome.state is State.SUBMITTED:
                outcome = self._collect(client, outcome, claims)
        if outcome.state is not State.ANSWERED or outcome.generation is None:
            return outcome
        try:
            saved = save_images(client, claims.store, outcome, outcome.generation.images)
            claims.record(saved)
        except BaseException as error:
            log_outcomes("An image was being saved when the process was interrupted.", [outcome], error)
            raise
        return saved

    def _send(self, client: Ideogram, attempt: Outcome, claims: Claims | None) -> Outcome:
        """Send a request that nobody sent before."""
        try:
            result: Generation | ImageJob = prepare_call(client, attempt.request, submit=self.submit)()
        except BaseException as error:
            outcome = outcome_of_error(attempt, error)
            if claims is not None and not outcome.may_have_been_billed and not _is_refusal(error):
                claims.release(attempt.request)  # it never ran, and may run later
            else:
                _recorded(claims, outcome)
            if isinstance(error, Exception):  # every error of a request is an outcome
                return outcome
            raise
        if isinstance(result, ImageJob):
            return self._collect(client, evolve(attempt, state=State.SUBMITTED, job_id=result.id), claims)
        return _recorded(claims, outcome_of_response(attempt, result))

    def _collect(self, client: Ideogram, job: Outcome, claims: Claims | None) -> Outcome:
        """Wait for a job, whose id is recorded before it is asked for."""
        _recorded(claims, evolve(job, state=State.SUBMITTED))
        result: Generation | Exception
        try:
            result = client.wait(job.job_id or "", deadline=self.job_seconds)
        except Exception as error:  # noqa: BLE001 - every error of a job is an outcome
            result = error
        return _recorded(claims, outcome_of_job(job, result))


def _is_refusal(error: BaseException) -> bool:
    """Whether the service refused this request, and not any request at this moment."""
    return isinstance(error, APIStatusError) and not isinstance(error, RateLimitError) and not is_fatal(error)


def _recorded(claims: Claims | None, outcome: Outcome) -> Outcome:
    """Record an outcome where its row was claimed."""
    if claims is not None:
        try:
            claims.record(outcome)
        except BatchError as error:
            log_outcomes("What became of a row could not be written down.", [outcome], error)
            raise
    return outcome


# By process: a forked process must not use the connections of its parent.
@lru_cache
def _client(_process: int, base_url: str | None, timeout: float | None, retry: RetryPolicy) -> Ideogram:
    return Ideogram(base_url=base_url, timeout=timeout, retry=retry)


@lru_cache
def _claims(_process: int, location: str, server: str, run: str, retry_unknown: bool, retry_failed: bool) -> Claims:
    return join(location, server, run=run, retry_unknown=retry_unknown, retry_failed=retry_failed)


def join(location: str, server: str, **options: Any) -> Claims:
    """Join the batch of a place for the rest of this process. The options are those of Claims."""
    claims = Claims(open_store(location), **options)
    claims.begin(server)
    atexit.register(claims.close)
    return claims
