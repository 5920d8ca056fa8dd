"""Waits for jobs: when to poll one, and when a wait ends. Polls are free, so a wait outlives whatever fails.

A flow, like those of calls and downloads: it does no I/O, and both clients share it.
"""

from __future__ import annotations

import os
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httpx
from attrs import define

from .errors import (
    ASK_AGAIN,
    NOTHING_SENT,
    APIConnectionError,
    APIStatusError,
    IdeogramError,
    JobFailedError,
    JobTimeoutError,
    RateLimitError,
    RequestError,
    ResponseValidationError,
)
from .events import EventReporter
from .flow import Flow, Sleep, Timing, job_note, logger, salvage_job, warn
from .images import Generation
from .jobs import COMPLETED, FAILED, Job, with_reader, with_request
from .redaction import printable
from .retry import MAX_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ideogram_ai.generated.operations import Operation

    from .images import ImageReader

FIRST_PAUSE: Final = 2.0
"""Upper bound of the first pause between two polls of a job, in seconds. A pause is half of its bound at least."""
_GROWTH: Final = 1.5
_LONGEST_PAUSE: Final = 15.0
_MAX_RETRY_AFTER: Final = 60.0
"""A longer Retry-After of a poll is cut: polls are free, and one response must not silence a client for hours."""
_MAX_REFUSALS: Final = 5
"""This many refusals in a row end a wait. A single one may come from a gateway, or from a replica that lags behind."""
_LAST_POLL_GRACE: Final = 1.0
"""Seconds after the deadline in which the last poll may still take its turn."""
_RATE_SHARE: Final = 0.5
"""The part of the documented limit that the polls of a client may use."""
_UNLIMITED: Final = (1000, 10)
"""Requests in seconds, where the contract has no limit."""


class PollSchedule:
    """Gives each poll of a client its turn: all waits together stay within the documented limit.

    It is shared by all threads, event loops and waits of a client. Times are those of the client's monotonic clock.
    """

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._next = self._paused_until = float("-inf")

    def take(self, operation: Operation, now: float) -> float:
        """Take the next turn, and return in how many seconds it comes."""
        if self._process != os.getpid():
            self._reset()  # a forked child may have copied a lock that is held
        count, seconds = operation.rate_limit or _UNLIMITED
        with self._lock:
            turn = max(now, self._next, self._paused_until)
            self._next = turn + seconds / count / _RATE_SHARE
        return turn - now

    def pause(self, seconds: float, now: float) -> None:
        """Let no poll be sent for some seconds, because the service asks for that."""
        with self._lock:
            self._paused_until = max(self._paused_until, now + seconds)

    def pause_left(self, now: float) -> float:
        """How long no poll may be sent."""
        return max(0.0, self._paused_until - now)


@define
class _WaitState:
    """What a wait knows.

    Attributes:
        job_id: The id of the job.
        deadline: The deadline of the wait, in seconds.
        reporter: Reports the events of the wait.
        known: The job as last reported.
        kept: Images in a broken response, or under an unknown status: better than nothing at the end.
        failure: The last poll's error; None if it got a response.
        polls: How many polls were sent.
        refusals: How many in a row were refused, or got a useless response.
    """

    job_id: str
    deadline: float
    reporter: EventReporter
    known: Job | None = None
    kept: Generation | None = None
    failure: IdeogramError | None = None
    polls: int = 0
    refusals: int = 0


def wait_flow(
    job: Job | str,
    *,
    operation: Operation,
    poll: Callable[[float], Flow[Any]],
    schedule: PollSchedule,
    timing: Timing,
    deadline: float,
    reporter: EventReporter,
    reader: ImageReader | None = None,
) -> Flow[Generation]:
    """Poll a job until it ends. After `deadline` seconds no further poll starts.

    `poll` is the flow that asks for the job once, given the seconds that are left; it returns a Job or an
    IdeogramError.

    Raises:
        JobFailedError: The job failed.
        JobTimeoutError: The deadline passed.
        IdeogramError: The service refused five polls in a row, or no poll can be sent.
    """
    known = job if isinstance(job, Job) else None
    wait = _WaitState(job.id if isinstance(job, Job) else str(job), _check_deadline(deadline), reporter, known)
    if known and (generation := _outcome(known)):
        return with_reader(generation, reader)
    try:
        made: Generation = with_reader((yield from _poll_to_the_end(wait, operation, poll, schedule, timing)), reader)
        reporter.billed(operation, made)
    except JobFailedError as error:
        reporter.report("failed", outcome=error, job_id=wait.job_id, final=True)
        raise
    except IdeogramError as error:
        if not isinstance(error, JobTimeoutError):
            error.explain(f"After {_count(wait)}, job {printable(wait.job_id)!r} may go on. {ASK_AGAIN}")
        error.job_id = wait.job_id
        error.may_have_been_billed = True  # by the job, if not by the poll
        reporter.report("failed", outcome=error, final=True)
        raise
    except BaseException as error:
        note = job_note(wait.job_id)
        error.add_note(note)
        error.job_id = wait.job_id  # type: ignore[attr-defined]
        error.may_have_been_billed = True  # type: ignore[attr-defined]
        logger.warning(f"The wait for a job was interrupted ({type(error).__name__}). {note}")
        reporter.report("failed", outcome=error, final=True)
        raise
    return made


def _check_deadline(deadline: object) -> float:
    if isinstance(deadline, bool) or not isinstance(deadline, (int, float)) or not 0 <= deadline <= MAX_SECONDS:
        raise RequestError(f"deadline={deadline!r:.80}: give seconds, 0 to {MAX_SECONDS:.0f}. {NOTHING_SENT}")
    return deadline


def _poll_to_the_end(
    wait: _WaitState, operation: Operation, poll: Callable[[float], Flow[Any]], schedule: PollSchedule, timing: Timing
) -> Flow[Generation]:
    end = timing.monotonic() + wait.deadline
    bound = FIRST_PAUSE
    # A job that was just submitted is not ready yet; of an id nobody knows how old it is.
    pause = _jitter(bound, timing) if wait.known else 0.0
    while True:
        yield from _sleep(min(pause, end - timing.monotonic()))
        if not (yield from _take_turn(operation, schedule, timing, end)):
            return _give_up(wait)
        wait.reporter.attempt = wait.polls + 1
        outcome = yield from poll(end - timing.monotonic())
        wait.polls += 1
        generation = _judge(wait, outcome)
        if generation is not None:
            return generation
        pause = _jitter(bound, timing)
        bound = min(bound * _GROWTH, _LONGEST_PAUSE)
        if isinstance(wait.failure, RateLimitError):
            asked = wait.failure.retry_after
            schedule.pause(min(pause if asked is None else asked, _MAX_RETRY_AFTER), timing.monotonic())
        if timing.monotonic() >= end:
            return _give_up(wait)


def _take_turn(operation: Operation, schedule: PollSchedule, timing: Timing, end: float) -> Flow[bool]:
    """Wait for the turn of a poll; False if it comes too late."""
    while True:
        now = timing.monotonic()
        seconds = schedule.take(operation, now)
        if now + seconds > end + _LAST_POLL_GRACE:
            yield from _sleep(end - now)
            return False
        yield from _sleep(seconds)
        if not schedule.pause_left(timing.monotonic()):  # another wait may have been told to slow down meanwhile
            return True


def _sleep(seconds: float) -> Flow[None]:
    if seconds > 0:
        yield Sleep(seconds)


def _jitter(bound: float, timing: Timing) -> float:
    return bound * (0.5 + 0.5 * timing.random())


def _judge(wait: _WaitState, outcome: Job | IdeogramError) -> Generation | None:
    """Return the result that a poll ends the wait with, or None to ask again. Raise if it ends with an error."""
    was_odd = isinstance(wait.failure, ResponseValidationError)
    if isinstance(outcome, Job):
        wait.known = _as_submitted(wait, outcome)
        if (generation := _outcome(wait.known)) is not None:
            return generation
        wait.failure = None
        if wait.known.status != COMPLETED:
            wait.kept, wait.refusals = wait.known.generation or wait.kept, 0
            return None
        wait.failure, useless = _without_images(wait.known), True
    else:
        wait.failure, useless = outcome, _is_refusal(outcome)
        if (broken := salvage_job(outcome)) is not None:
            wait.kept, useless = _as_submitted(wait, broken).generation, True
    wait.refusals = wait.refusals + 1 if useless else 0
    logger.info("poll %d of a job: %s: %s", wait.polls, type(wait.failure).__name__, wait.failure)
    if isinstance(wait.failure, ResponseValidationError) and not was_odd:
        warn(f"The wait goes on, although a poll brought nothing: {wait.failure}")
    if wait.refusals < _MAX_REFUSALS:
        return None
    if wait.kept:
        return _settle(wait, wait.kept)
    raise wait.failure


def _as_submitted(wait: _WaitState, job: Job) -> Job:
    return with_request(job, wait.known.request, wait.known.price) if wait.known else job


def _outcome(job: Job) -> Generation | None:
    """The images of a completed job; None if it goes on. Raises if it failed."""
    if job.status == FAILED:
        why = printable(job.failure_reason or "")[:200] or "the service gave no reason"
        raise JobFailedError(f"Job {printable(job.id)!r} failed: {why}. A failed job is not billed.", job=job)
    return job.generation if job.status == COMPLETED else None


def _without_images(job: Job) -> ResponseValidationError:
    return ResponseValidationError(
        f"Job {printable(job.id)!r} is completed, and no image is named: {'; '.join(job.problems)}. .body holds what "
        "arrived.",
        status_code=HTTPStatus.OK,
        headers=httpx.Headers(),
        body=job.raw,
        problems=job.problems,
    )


def _is_refusal(error: IdeogramError) -> bool:
    """Whether a poll failed in a way that another one will usually repeat."""
    if isinstance(error, APIConnectionError):
        return not error.transient
    if not isinstance(error, APIStatusError) or isinstance(error, RateLimitError):
        return False
    return HTTPStatus.BAD_REQUEST <= error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR


def _give_up(wait: _WaitState) -> Generation:
    """End a wait at its deadline: with what is kept, or with the error."""
    if wait.kept:
        return _settle(wait, wait.kept)
    state = f"its status is {printable(wait.known.status)!r:.80}" if wait.known else "its status is unknown"
    if wait.failure:
        state += f", and the last poll failed ({type(wait.failure).__name__}: {wait.failure})"
    raise JobTimeoutError(
        f"The job was not done after {wait.deadline:g} s and {_count(wait)}: {state}. {job_note(wait.job_id)}",
        job_id=wait.job_id,
        job=wait.known,
        deadline=wait.deadline,
    ) from wait.failure


def _count(wait: _WaitState) -> str:
    return f"{wait.polls} poll{'' if wait.polls == 1 else 's'}"


def _settle(wait: _WaitState, kept: Generation) -> Generation:
    warn(f"No response about job {printable(wait.job_id)!r} was clear; the images that one of them names are returned.")
    return kept
