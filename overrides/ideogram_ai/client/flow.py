"""The flow of one API call: send the request, judge what came back, and decide whether to send it again.

A flow is a generator that does no I/O, so that it is written once for both clients. It yields a step (SendRequest,
Sleep or RunBlocking); the client performs the step and sends the result back, or throws the exception into the flow.

"The request never left" is what the transport reported through httpx's `trace` extension (TransportTrace), and nothing
else: the class of an exception is no evidence.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import random
import re
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import httpx
from attrs import evolve, frozen

from .bodies import ResponseBuffer
from .config import certificate_hint
from .costs import applicable_price, images_asked
from .errors import (
    ASK_AGAIN,
    APIConnectionError,
    IdeogramError,
    OutcomeUnknownError,
    ResponseValidationError,
    ResponseWarning,
    find_request_id,
)
from .images import Generation
from .jobs import COMPLETED, FAILED, Job, find_job_id, read_job, with_reader, with_request
from .redaction import printable, shorten_link
from .response import cost_note, parse_response
from .retry import Stop
from .transport import PreparedRequest, SentTwiceError, SpokenTooSoonError, TransportTrace

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Operation

    from .events import EventReporter
    from .images import ImageReader
    from .redaction import ApiKey
    from .retry import RetryPolicy

T = TypeVar("T")

# The package's own name and not a constant: a vendored copy has another name, and logs under that.
logger = logging.getLogger(__name__.rpartition(".")[0])

_SUCCESSFUL = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
_BEFORE_SENDING = (httpx.InvalidURL, httpx.UnsupportedProtocol)
"""Failures that come before anything is sent, whatever the transport. No other class of exception is evidence: a
connect timeout can be that of a second attempt, after a first one that left."""


@frozen
class Timing:
    """The sources of time and randomness, which tests replace.

    Attributes:
        monotonic: Seconds that never go back, for deadlines.
        wall: Unix seconds, for dates and the expiry of links.
        random: A number from 0 to 1, for the jitter of delays.
        sleep: Waits for seconds; None for time.sleep in Ideogram and anyio.sleep in AsyncIdeogram, which awaits the
            result.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    sleep: Callable[[float], Any] | None = None


class Sink(Protocol):
    """Receives a response as it arrives."""

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head; return whether the body is wanted. `decoded` means that the chunks need no decoding."""
        ...

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; return whether more is wanted."""
        ...


@frozen
class SendRequest:
    """Send a request and feed the response to a sink."""

    request: PreparedRequest
    sink: Sink
    trace: TransportTrace


@frozen
class Sleep:
    """Wait for some seconds."""

    seconds: float


@frozen
class RunBlocking:
    """Call a function that blocks, for example on the disk, in a thread in AsyncIdeogram. Its result is sent back."""

    call: Callable[[], object]


Flow = Generator[SendRequest | Sleep | RunBlocking, Any, T]


def call_flow(
    operation: Operation,
    request: PreparedRequest,
    *,
    check_peer: Callable[[str, str], None] | None = None,
    key: ApiKey,
    policy: RetryPolicy,
    timing: Timing,
    reporter: EventReporter,
    reader: ImageReader | None = None,
) -> Flow[Any]:
    """Send a request until it has an outcome that the policy does not repeat, and return it as parse_response does.

    `check_peer` is TransportTrace's; `key` is removed from what a server echoes; `reader` fetches the images.

    Raises:
        IdeogramError: The last attempt's error, with the transport's exception as its cause.
    """
    began = timing.monotonic()
    unclear: IdeogramError | None = None
    attempt = 0
    try:
        while True:
            attempt += 1
            reporter.attempt = attempt
            outcome = yield from attempt_flow(
                operation, request, check_peer=check_peer, key=key, timing=timing, reporter=reporter, reader=reader
            )
            if not isinstance(outcome, IdeogramError):
                return outcome
            elapsed = timing.monotonic() - began
            decision = policy.decide(outcome, attempt=attempt, elapsed=elapsed, random=timing.random())
            if isinstance(decision, Stop):
                if (job := salvage_job(outcome)) is not None:
                    warn(f"The response is broken, and the images in it are still returned: {'; '.join(job.problems)}")
                    reporter.answered(operation, job, ends=True)
                    return with_reader(job, reader)
                outcome.explain(decision.why)
                raise outcome  # noqa: TRY301 - what is known of earlier attempts is added to it below
            unclear = outcome if outcome.may_have_been_billed else unclear
            logger.info("attempt %d failed (%s); repeated in %.2f s", attempt, type(outcome).__name__, decision.seconds)
            reporter.report("retried", outcome=outcome, wait=decision.seconds)
            yield Sleep(decision.seconds)
    except BaseException as error:
        if unclear:
            _report_earlier(error, unclear)
        reporter.report("failed", outcome=error, final=True)
        raise


def _report_earlier(error: BaseException, unclear: IdeogramError) -> None:
    """Add to an exception that ends a call that an earlier attempt may have been billed."""
    if getattr(error, "may_have_been_billed", False):
        return
    message = f"An earlier attempt may still have been billed: {unclear.message}"
    error.may_have_been_billed = True  # type: ignore[attr-defined]
    if isinstance(error, IdeogramError):
        error.explain(message)
    else:
        error.add_note(message)
        logger.warning(message)


def salvage_job(error: IdeogramError) -> Job | None:
    """Return the job with the complete images of a broken response to a poll; None without any."""
    if error.job_id is None or not isinstance(error, (OutcomeUnknownError, ResponseValidationError)):
        return None
    if error.status_code not in _SUCCESSFUL:
        return None
    job = read_job(error.body, job_id=error.job_id, complete=isinstance(error, ResponseValidationError))
    return job if isinstance(job, Job) and job.generation else None


def attempt_flow(
    operation: Operation,
    request: PreparedRequest,
    *,
    check_peer: Callable[[str, str], None] | None,
    key: ApiKey,
    timing: Timing,
    reporter: EventReporter,
    reader: ImageReader | None = None,
    ends: bool = True,
) -> Flow[Any]:
    """Send a request once, and return its outcome: a value, which ends the call or not, or the error to raise."""
    leave = partial(reporter.report, "sent", may_have_been_billed=not operation.is_free)
    trace = TransportTrace(check_peer=check_peer, on_leave=leave)
    buffer = ResponseBuffer()
    failure: Exception | None = None
    try:
        try:
            yield SendRequest(request, buffer, trace)
        except (
            httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, UnicodeError, OSError, SpokenTooSoonError,
            SentTwiceError,
        ) as error:  # fmt: skip
            failure = error
        if trace.started and not trace.reports:
            leave()  # as far as anybody knows
        # Inside too: an interruption of the judgement loses a response that may have been paid for.
        problems: list[str] = []
        outcome = _judge_attempt(
            operation, buffer, trace, failure, request=request, problems=problems, key=key, now=timing.wall()
        )
        named = find_request_id(key.scrub_headers(buffer.headers))
        if isinstance(outcome, IdeogramError):
            outcome.__cause__ = failure
            outcome.job_id = request.job_id
        else:
            _warn_of_deprecation(operation, outcome, buffer.headers)
            outcome = with_reader(_complete(operation, outcome, request, problems, named), reader)
        if buffer.status is not None:
            reporter.answered(operation, outcome, ends=ends, status_code=buffer.status, request_id=named)
    except BaseException as error:
        report_interruption(error, trace, operation, buffer.body)
        raise
    return outcome


def _complete(
    operation: Operation, outcome: Any, request: PreparedRequest, problems: Sequence[str], named: str | None
) -> Any:
    """The value with what was sent for it, after a warning of what is wrong with it."""
    what = "what it holds is"
    fields: Mapping[str, Any] = request.body.fields if request.body else {}
    if isinstance(outcome, Generation):
        what, problems = "the images in it are", outcome.problems
        price, asked = applicable_price(operation, fields), images_asked(operation, fields)
        outcome = evolve(outcome, request=fields, price=price, images_asked=asked, request_id=named)
    elif isinstance(outcome, Job):
        what, problems = "what it says of the job is", outcome.problems if outcome.status in {COMPLETED, FAILED} else ()
        if request.job_id is None:
            outcome = with_request(outcome, fields, applicable_price(operation, fields))
    if problems:
        warn(f"The response breaks the contract, and {what} still returned: {'; '.join(problems)}")
    return outcome


_warned_of: set[str] = set()
"""The paths of the operations that this process was warned about."""


def _warn_of_deprecation(operation: Operation, outcome: object, headers: httpx.Headers) -> None:
    """Warn once per process that the service announces the end of an operation, or its successor."""
    more: Mapping[str, object] = getattr(outcome, "additional_properties", {})
    notice = more.get("notice") or getattr(outcome, "notice", None)
    link = headers.get("link", "")
    successor = re.search(r'<([^>]*)>[^,]*;\s*rel="?[^",]*\bsuccessor-version\b', link) if link else None
    said = [
        f"notice: {notice!s:.500}" if notice else "",
        f"it is deprecated ({headers['deprecation']:.80})" if "deprecation" in headers else "",
        f"its successor is {shorten_link(successor[1])}" if successor else "",
    ]
    if not any(said) or operation.path in _warned_of:
        return
    _warned_of.add(operation.path)
    what = printable("; ".join(filter(None, said)))
    warn(f"The service announces for {operation.method} {operation.path}: {what}. It works as before.")


def warn(message: str) -> None:
    """Warn, in the log too, of a response that is still returned."""
    logger.warning(message)
    # In a program that turns warnings into errors, raising would lose images that it paid for.
    with contextlib.suppress(ResponseWarning):
        warnings.warn(message, ResponseWarning, stacklevel=2)


def _judge_attempt(
    operation: Operation,
    buffer: ResponseBuffer,
    trace: TransportTrace,
    failure: Exception | None,
    *,
    request: PreparedRequest,
    problems: list[str],
    key: ApiKey,
    now: float,
) -> Any:
    """The outcome of an attempt: a value, or the error to raise. The key is removed from both.

    What is wrong with a model is added to the problems.
    """
    if buffer.status is None and trace.head is not None:
        # httpx fails on a redirect whose Location it cannot parse, although it is not to follow it.
        buffer.start(*trace.head, decoded=True)
    if buffer.status is None:
        return judge_failure(failure, trace, operation)
    received = buffer.body
    headers, body = key.scrub_headers(buffer.headers), key.scrub_bytes(received)
    complete = failure is None and buffer.complete

    def parse(body: bytes, job_id: str | None) -> Any:
        return parse_response(
            operation,
            status=buffer.status or 0,
            headers=headers,
            body=body,
            now=now,
            complete=complete,
            job_id=job_id,
            problems=problems,
        )

    asked = request.job_id
    outcome = parse(body, asked and key.scrub(asked))  # or an id with the key in it would be that of another job
    if isinstance(outcome, IdeogramError):
        outcome.rephrase(key.scrub)  # again: what is escaped in the body is plain in the message
        if buffer.status < HTTPStatus.MULTIPLE_CHOICES:
            broken = key.scrub(buffer.broken or "")
            outcome.explain(f"({describe_exception(failure)})" if failure else f"({broken})" if broken else "")
    elif body != received and key.may_be_a_word and isinstance(outcome, (Generation, Job)):
        whole = parse(received, asked)
        if isinstance(whole, Job) and isinstance(outcome, Job):
            return _restore_job(whole, outcome)
        return _restore_links(whole, outcome) if isinstance(outcome, Generation) else outcome
    return outcome


def _restore_job(received: Job, scrubbed: Job) -> Job:
    """The scrubbed job with its id and its links as they arrived."""
    generation = scrubbed.generation and _restore_links(received.generation, scrubbed.generation)
    generation = generation and evolve(generation, job_id=received.id)
    return evolve(scrubbed, id=received.id, raw=received.raw, generation=generation)


def _restore_links(received: Any, scrubbed: Generation) -> Generation:
    """The scrubbed response with its links as they arrived: a key can be a word that occurs in a link by chance."""
    if not isinstance(received, Generation):
        return scrubbed
    images = tuple(evolve(image, url=other.url) for image, other in zip(scrubbed.images, received.images, strict=False))
    if images == scrubbed.images and len(images) == len(received.images):
        return scrubbed
    # A batch that is resumed reads the links from the bytes.
    return evolve(scrubbed, images=images, raw=received.raw)


def judge_failure(
    failure: Exception | None, trace: TransportTrace, operation: Operation
) -> APIConnectionError | OutcomeUnknownError:
    """The error for an exchange without a response: the request never left, or nobody knows."""
    why = describe_exception(failure)
    if trace.never_left or isinstance(failure, _BEFORE_SENDING):
        may_pass = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.TimeoutException, SpokenTooSoonError)
        # What a proxy responds to CONNECT is in the message alone, for example "503 Service Unavailable".
        is_down = isinstance(failure, httpx.ProxyError) and str(failure).startswith("5")
        transient = is_down or (isinstance(failure, may_pass) and not is_certificate_error(failure))
        cure = "Check the network and the base URL." if transient else "Trying again will not help; correct the cause."
        return APIConnectionError(
            f"The request never left: {why}. Nothing was billed. {cure}{_hints(failure, trace)}", transient=transient
        )
    if isinstance(failure, SentTwiceError):
        what = f"The request was stopped on its way: {failure}"
    elif not trace.reports:
        what = f"The HTTP client failed, and does not report whether the request left: {why}"
    else:
        what = f"The request left, and no response came: {why}"
    unknown = OutcomeUnknownError(f"{what}. {cost_note(operation)}")
    unknown.may_have_been_billed = not operation.is_free
    return unknown


def _hints(failure: BaseException | None, trace: TransportTrace) -> str:
    """What in this machine's settings may be the cause: its certificates, its clock, or a proxy."""
    hints: list[str] = []
    if is_certificate_error(failure):
        hints.append(certificate_hint())
        if re.search("expired|not yet valid", describe_exception(failure)):
            hints.append(f"This machine's clock says {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}: is that right?")
    if trace.proxy:
        hints.append(f"It went through the proxy {trace.proxy}, which the environment or the HTTP client names.")
    return "".join(f" {hint}" for hint in hints if hint)


def report_interruption(error: BaseException, trace: TransportTrace, operation: Operation, body: bytes) -> None:
    """Report that Ctrl-C, a cancelled task or another exception of the caller's ended an exchange.

    The exception goes on; it gets a note and `may_have_been_billed = True`, and the log a warning, because frameworks
    swallow cancellations. An id of a job that had arrived goes with it.
    """
    if trace.never_left or operation.is_free:
        return
    job_id = find_job_id(body) if operation.result == "job" else None
    money = cost_note(operation) if job_id is None else job_note(job_id)
    message = f"A request was interrupted ({type(error).__name__}) after it had left. {money}"
    error.add_note(message)
    error.may_have_been_billed = True  # type: ignore[attr-defined]
    if job_id is not None:
        error.job_id = job_id  # type: ignore[attr-defined]
    logger.warning(message)


def job_note(job_id: str) -> str:
    """Say how to go on with a job that nobody waits for any more."""
    shown = repr(printable(job_id))
    return (
        f"Job {shown} goes on, and is billed when it is completed. client.wait({shown}) waits for it again. {ASK_AGAIN}"
    )


def interruption_in(error: BaseException, outer: BaseException | None) -> BaseException:
    """The Ctrl-C that a library replaced by an exception of its own while it cleaned up; or the error itself.

    The exception that was being handled before the call (`outer`) is left alone.
    """
    inner: BaseException | None = error
    seen: set[int] = set()
    while inner is not None and inner is not outer and id(inner) not in seen:
        if isinstance(inner, (KeyboardInterrupt, SystemExit)):
            return inner
        seen.add(id(inner))
        inner = inner.__context__
    return error


def interrupt(flow: Flow[object], error: BaseException) -> None:
    """Throw a Ctrl-C between two steps into the flow, which raises it again with what it may have cost."""
    if inspect.getgeneratorstate(flow) == inspect.GEN_SUSPENDED:
        flow.throw(error)


def is_certificate_error(failure: BaseException | None) -> bool:
    """Whether the server's certificate was rejected: another attempt would fail in the same way."""
    return any("CERTIFICATE_VERIFY_FAILED" in str(error) for error in _causes(failure))


def describe_exception(failure: BaseException | None) -> str:
    """An exception's type and the first message among its causes, on one line; trio's exceptions have no message."""
    name = type(failure).__name__
    text = next((str(error) for error in _causes(failure) if isinstance(error, Exception) and str(error)), "")
    return f"{name}: {' '.join(text.split()).rstrip('.')}" if text else name


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that led to it, without the one that the caller was already handling."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        yield failure
        failure = failure.__cause__ or failure.__context__
