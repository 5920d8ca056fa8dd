"""The flow of one API call: send, judge, decide, and perhaps send again. No I/O of its own."""

from __future__ import annotations

import contextlib
import inspect
import logging
import re
import warnings
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import httpx
from attrs import evolve

from .collector import BodyCollector
from .environment import certificate_hint
from .errors import APIConnectionError, IdeogramError, OutcomeUnknownError, ResponseWarning
from .exchange import Exchange, Flow, Outgoing, SentTwiceError, Sleep, SpokenTooSoonError, Timing, Watch
from .generation import Generation
from .redaction import printable, shorten_link
from .retry import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ideogram_ai.generated.operations import Operation

    from .redaction import ApiKey
    from .retry import RetryPolicy

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

# The package's own name and not a constant: a vendored copy lives under another one, and logs there.
logger = logging.getLogger(__name__.rpartition(".")[0])

UNKNOWN_OUTCOME = (
    "What was asked for may have been made and billed: look at the account's usage before sending it again."
)
_BEFORE_SENDING = (httpx.InvalidURL, httpx.UnsupportedProtocol)
"""What comes before anything is sent, whatever the transport. The class of any other exception is no evidence: a
time-out of connecting can be that of a second attempt, after a first one that left."""
_MAY_PASS = (httpx.NetworkError, httpx.RemoteProtocolError, httpx.TimeoutException, SpokenTooSoonError)
_FAILURES = (
    httpx.HTTPError,
    httpx.StreamError,
    httpx.InvalidURL,
    UnicodeError,
    OSError,
    SpokenTooSoonError,
    SentTwiceError,
)


class Judge(Protocol[T_co]):
    """Turns an answer into a value or one typed error, as `judge.judge` does."""

    def __call__(
        self, operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, now: float, complete: bool
    ) -> T_co | IdeogramError:
        """Judge the answer; `now` is in unix seconds, and `complete` is False when the body broke off."""
        ...


def call_flow(
    operation: Operation,
    outgoing: Outgoing,
    *,
    judge: Judge[T],
    check_peer: Callable[[str, str], None] | None = None,
    key: ApiKey,
    policy: RetryPolicy,
    timing: Timing,
) -> Flow[T]:
    """Send a request until it has an outcome that the policy does not repeat.

    Args:
        operation: What the contract says of the operation.
        outgoing: The request.
        judge: What the answer means.
        check_peer: Is asked before anything is sent whether the address that was connected to will do.
        key: The API key, to take it out of what a server echoes.
        policy: When to send again.
        timing: Where time and chance come from.

    Returns:
        What the judge makes of the answer.

    Raises:
        IdeogramError: The last attempt's error, with the transport's exception as its cause.
    """
    began = timing.monotonic()
    doubtful: IdeogramError | None = None
    attempt = 0
    try:
        while True:
            attempt += 1
            watch = Watch(check_peer=check_peer)
            outcome = yield from _attempt(operation, outgoing, watch, judge=judge, key=key, timing=timing)
            if not isinstance(outcome, IdeogramError):
                return outcome
            elapsed = timing.monotonic() - began
            decision = policy.decide(outcome, attempt=attempt, elapsed=elapsed, random=timing.random())
            if isinstance(decision, Stop):
                outcome.explain(decision.why)
                raise outcome  # noqa: TRY301 - what is known of earlier attempts is added to it below
            doubtful = outcome if outcome.may_have_been_billed else doubtful
            logger.info("attempt %d: %s; next in %.2f s", attempt, type(outcome).__name__, decision.seconds)
            yield Sleep(decision.seconds)
    except BaseException as error:
        if doubtful:
            _report_earlier(error, doubtful)
        raise


def _report_earlier(error: BaseException, doubtful: IdeogramError) -> None:
    """Tell, of an exception that ends a call, that an earlier attempt may have been billed."""
    if getattr(error, "may_have_been_billed", False):
        return
    message = f"An earlier attempt may have been billed all the same: {doubtful.message}"
    error.may_have_been_billed = True  # type: ignore[attr-defined]
    if isinstance(error, IdeogramError):
        error.explain(message)
    else:
        error.add_note(message)
        logger.warning(message)


def _attempt(
    operation: Operation, outgoing: Outgoing, watch: Watch, *, judge: Judge[T], key: ApiKey, timing: Timing
) -> Flow[T | IdeogramError]:
    collector = BodyCollector()
    failure: Exception | None = None
    try:
        try:
            yield Exchange(outgoing, collector, watch)
        except _FAILURES as error:
            failure = error
        # Inside too: an interruption of the judgement loses an answer that may have been paid for.
        outcome = _judge_exchange(operation, collector, watch, failure, judge=judge, key=key, now=timing.wall())
        if not isinstance(outcome, IdeogramError):
            _tell_of_the_end(operation, outcome, collector.headers)
        if isinstance(outcome, Generation):
            _warn(outcome.problems)
            return cast("T", evolve(outcome, request=outgoing.body.fields if outgoing.body else {}))
    except BaseException as error:
        report_interruption(error, watch)
        raise
    if isinstance(outcome, IdeogramError):
        outcome.__cause__ = failure
    return outcome


def _warn(problems: tuple[str, ...]) -> None:
    """Warn that an answer with images in it broke the contract."""
    if problems:
        _issue(f"The answer breaks the contract, and the images in it are returned all the same: {'; '.join(problems)}")


_told_of_the_end: set[str] = set()
"""The operations whose end, or successor, this process was warned of."""


def _tell_of_the_end(operation: Operation, outcome: object, headers: httpx.Headers) -> None:
    """Warn once a process that the service announces the end of an operation, or what comes after it."""
    more: Mapping[str, object] = getattr(outcome, "additional_properties", {})
    notice = more.get("notice") or getattr(outcome, "notice", None)
    successor = re.search(r'<([^>]*)>[^,]*;\s*rel="?[^",]*\bsuccessor-version\b', headers.get("link", ""))
    said = [
        f"notice: {notice!s:.500}" if notice else "",
        f"it is deprecated ({headers['deprecation']:.80})" if "deprecation" in headers else "",
        f"its successor is {shorten_link(successor[1])}" if successor else "",
    ]
    if not any(said) or operation.path in _told_of_the_end:
        return
    _told_of_the_end.add(operation.path)
    what = printable("; ".join(filter(None, said)))
    _issue(f"The service says of {operation.method} {operation.path}: {what}. It works as before; this is said once.")


def _issue(message: str) -> None:
    logger.warning(message)
    # A program that turns warnings into errors would lose the images that it paid for; the log has the words.
    with contextlib.suppress(ResponseWarning):
        warnings.warn(message, ResponseWarning, stacklevel=3)


def _judge_exchange(
    operation: Operation,
    collector: BodyCollector,
    watch: Watch,
    failure: Exception | None,
    *,
    judge: Judge[T],
    key: ApiKey,
    now: float,
) -> T | IdeogramError:
    if collector.status is None and watch.head is not None:
        # httpx fails over a redirect whose Location it cannot read, although nobody asked it to follow.
        collector.start(*watch.head, decoded=True)
    if collector.status is None:
        return judge_failure(failure, watch)
    headers, body = key.scrub_headers(collector.headers), key.scrub_bytes(collector.body)
    complete = failure is None and collector.whole
    outcome = judge(operation, status=collector.status, headers=headers, body=body, now=now, complete=complete)
    if isinstance(outcome, IdeogramError):
        outcome.rephrase(key.scrub)  # once more: what is escaped in the body is plain in the message
    elif body != collector.body and key.may_be_a_word:
        told = judge(
            operation, status=collector.status, headers=headers, body=collector.body, now=now, complete=complete
        )
        outcome = _with_links_of(told, outcome)
    if isinstance(outcome, IdeogramError) and collector.status < HTTPStatus.MULTIPLE_CHOICES:
        broken = key.scrub(collector.broken or "")
        outcome.explain(f"({words(failure)})" if failure else f"({broken})" if broken else "")
    return outcome


def _with_links_of(told: T | IdeogramError, scrubbed: T) -> T:
    """The answer without the key, but with the links as they came: a key can be a word that stands in one."""
    if not (isinstance(told, Generation) and isinstance(scrubbed, Generation)):
        return scrubbed
    kept = tuple(evolve(image, url=other.url) for image, other in zip(scrubbed.images, told.images, strict=False))
    if kept == scrubbed.images and len(kept) == len(told.images):
        return scrubbed
    # The bytes are what a link is read from again, when a batch goes on.
    return cast("T", evolve(scrubbed, images=kept, raw=told.raw))


def judge_failure(failure: Exception | None, watch: Watch) -> APIConnectionError | OutcomeUnknownError:
    """Say what an exchange without an answer means: the request never left, or nobody knows.

    Args:
        failure: What the transport raised.
        watch: How far the request got.
    """
    if watch.certainly_here or isinstance(failure, _BEFORE_SENDING):
        transient = isinstance(failure, _MAY_PASS) and not is_certificate_error(failure)
        cure = "Check the network and the base URL." if transient else "Trying again will not help; mend the cause."
        hints = _hints(failure, watch)
        return APIConnectionError(
            f"The request never left: {words(failure)}. Nothing was billed. {cure}{hints}", transient=transient
        )
    if isinstance(failure, SentTwiceError):
        return OutcomeUnknownError(f"The request was stopped on its way: {failure}. {UNKNOWN_OUTCOME}")
    if not watch.watching:
        return OutcomeUnknownError(
            f"The HTTP client failed, and does not report whether the request left: {words(failure)}. {UNKNOWN_OUTCOME}"
        )
    return OutcomeUnknownError(f"The request left, and no answer came: {words(failure)}. {UNKNOWN_OUTCOME}")


def report_interruption(error: BaseException, watch: Watch) -> None:
    """Tell that an exchange was broken off by something else than the network: Ctrl-C, a cancelled task.

    The exception goes on; it gets a note, and `may_have_been_billed = True`, and the log has a warning, because
    frameworks swallow cancellations.
    """
    if watch.certainly_here:
        return
    message = f"A request was interrupted ({type(error).__name__}) after it had left. {UNKNOWN_OUTCOME}"
    error.add_note(message)
    error.may_have_been_billed = True  # type: ignore[attr-defined]
    logger.warning(message)


def _hints(failure: BaseException | None, watch: Watch) -> str:
    """What of this machine may be the cause: its certificates, its clock, or a proxy in between."""
    hints: list[str] = []
    if is_certificate_error(failure):
        hints.append(certificate_hint())
        if re.search("expired|not yet valid", words(failure)):
            hints.append(f"This machine's clock says {datetime.now().astimezone():%Y-%m-%d %H:%M %Z}: is that right?")
    if watch.proxy:
        hints.append(f"It went through the proxy {watch.proxy}, which the environment or the HTTP client names.")
    return "".join(f" {hint}" for hint in hints if hint)


def interruption_in(error: BaseException, outer: BaseException | None) -> BaseException:
    """The Ctrl-C in whose place a library that was cleaning up raised something else; or the error itself.

    Args:
        error: What a library raised.
        outer: What was being handled before, which is none of our business; None for nothing.
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
    """Let a flow know of Ctrl-C between two of its steps. It raises that again, with what it may have cost."""
    if inspect.getgeneratorstate(flow) == inspect.GEN_SUSPENDED:
        flow.throw(error)


def is_certificate_error(failure: BaseException | None) -> bool:
    """Whether a peer's certificate was refused: another try would end alike."""
    return any("CERTIFICATE_VERIFY_FAILED" in str(error) for error in _causes(failure))


def words(failure: BaseException | None) -> str:
    """An exception's type and the first message among its causes, in one line; trio's own have none."""
    name = type(failure).__name__
    text = next((str(error) for error in _causes(failure) if isinstance(error, Exception) and str(error)), "")
    return f"{name}: {' '.join(text.split())}" if text else name


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that led to it. The one that the caller was handling already was taken off."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        yield failure
        failure = failure.__cause__ or failure.__context__
