"""The flow of one API call: send, judge, decide, and perhaps send again. No I/O of its own."""

from __future__ import annotations

import contextlib
import logging
import warnings
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import httpx
from attrs import evolve

from .collector import BodyCollector
from .errors import APIConnectionError, IdeogramError, OutcomeUnknownError, ResponseWarning
from .exchange import Exchange, Flow, Outgoing, Sleep, Timing, Watch
from .generation import Generation
from .retry import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

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
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class Judge(Protocol[T_co]):
    """Turns an answer into a value or one typed error, as `judge.judge` does."""

    def __call__(
        self, operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, now: float, complete: bool
    ) -> T_co | IdeogramError:
        """Judge the answer; `now` is in unix seconds, and `complete` is False when the body broke off."""
        ...


def call_flow(
    operation: Operation, outgoing: Outgoing, *, judge: Judge[T], key: ApiKey, policy: RetryPolicy, timing: Timing
) -> Flow[T]:
    """Send a request until it has an outcome that the policy does not repeat.

    Args:
        operation: What the contract says of the operation.
        outgoing: The request.
        judge: What the answer means.
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
            outcome = yield from _attempt(operation, outgoing, judge=judge, key=key, timing=timing)
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
    operation: Operation, outgoing: Outgoing, *, judge: Judge[T], key: ApiKey, timing: Timing
) -> Flow[T | IdeogramError]:
    collector = BodyCollector(timing.monotonic, outgoing.timeout.read or 0.0)
    watch = Watch()
    failure: Exception | None = None
    try:
        try:
            yield Exchange(outgoing, collector, watch)
        except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, UnicodeError, OSError) as error:
            failure = error
        # Inside too: an interruption of the judgement loses an answer that may have been paid for.
        outcome = _judge_exchange(operation, collector, watch, failure, judge=judge, key=key, now=timing.wall())
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
    """Tell that an answer with images in it broke the contract."""
    if not problems:
        return
    message = f"The answer breaks the contract, and the images in it are returned all the same: {'; '.join(problems)}"
    logger.warning(message)
    # A program that turns warnings into errors would lose the images that it paid for; the log has the words.
    with contextlib.suppress(ResponseWarning):
        warnings.warn(message, ResponseWarning, stacklevel=2)


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
    outcome = judge(
        operation,
        status=collector.status,
        headers=key.scrub_headers(collector.headers),
        body=key.scrub_bytes(collector.body),
        now=now,
        complete=failure is None and collector.whole,
    )
    if isinstance(outcome, IdeogramError) and collector.status < HTTPStatus.MULTIPLE_CHOICES:
        broken = key.scrub(collector.broken or "")
        outcome.explain(f"({words(failure)})" if failure else f"({broken})" if broken else "")
    return outcome


def judge_failure(failure: Exception | None, watch: Watch) -> APIConnectionError | OutcomeUnknownError:
    """Say what an exchange without an answer means: the request never left, or nobody knows.

    Args:
        failure: What the transport raised.
        watch: How far the request got.
    """
    if isinstance(failure, _NEVER_LEFT) or watch.certainly_here:
        transient = not is_certificate_error(failure) and isinstance(failure, _NEVER_LEFT[:3])
        cure = "Check the network and the base URL." if transient else "Trying again will not help; mend the cause."
        return APIConnectionError(
            f"The request never left: {words(failure)}. Nothing was billed. {cure}", transient=transient
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


def is_certificate_error(failure: BaseException | None) -> bool:
    """Whether a peer's certificate was refused: another try would end alike."""
    return any("CERTIFICATE_VERIFY_FAILED" in str(error) for error in _causes(failure))


def words(failure: BaseException | None) -> str:
    """An exception's type and the first message among its causes, in one line; trio's own have none."""
    name = type(failure).__name__
    text = next((str(error) for error in _causes(failure) if str(error)), "")
    return f"{name}: {' '.join(text.split())}" if text else name


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    """An exception and those that led to it, up to one that the caller was handling already.

    The latter is told by its traceback: the others were cut off when the key was taken out of them.
    """
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__
        if failure is not None and failure.__traceback__ is not None:
            return
