"""What a call does, as it does it, for logs, metrics and traces: events with what they mean for money.

A hook of the caller cannot break the promise: whatever it raises is logged, and the call goes on.
"""

from __future__ import annotations

import inspect
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from attrs import field, frozen

from .costs import cost_of
from .errors import NOTHING_SENT, ConfigurationError, IdeogramError
from .images import Generation
from .jobs import COMPLETED, Job

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Operation

    from .flow import Timing

logger = logging.getLogger(__name__.rpartition(".")[0])

Kind: TypeAlias = Literal["sent", "answered", "retried", "billed", "saved", "failed"]


@frozen
class Event:
    """A step of a call.

    - sent: a request leaves this machine; what happens now may be billed.
    - answered: a response arrived; `outcome` is the result or the error.
    - retried: another attempt follows after `wait` seconds; `outcome` is the error of this one.
    - billed: the service made what was asked for; `cost_usd` is the cost, if it is known. A job is billed when a
      response says that it is completed: count a `job_id` once.
    - saved: an image is complete, in the file `path` or in memory.
    - failed: the call raises `outcome`.

    Attributes:
        kind: Which step.
        method: The client's method, for example "generate", "v3.remix", "wait" or "download".
        call: An id of the call, the same in all its events, and in no other's.
        attempt: The number of the attempt, from 1; in a wait that of the poll.
        began: When the call began, in Unix seconds.
        seconds: How long ago that was.
        request: The fields that were sent, as plain JSON types by wire name: prompts too.
        outcome: A Generation, a Job, another result, a saved image, or an exception; None without one.
        status_code: The HTTP status of a response.
        request_id: The id of the request in the response headers; None without one.
        job_id: The id of the job.
        cost_usd: What was billed, in US dollars; None if nobody knows.
        may_have_been_billed: Whether this call may have been billed, as far as is known by now.
        wait: Seconds until the next attempt.
        path: The file of an image that was saved.
        final: Whether this is the last event of the call.
    """

    kind: Kind
    method: str
    call: str
    attempt: int
    began: float
    seconds: float
    request: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    outcome: Any = field(default=None, repr=False)
    status_code: int | None = None
    request_id: str | None = None
    job_id: str | None = None
    cost_usd: Decimal | None = None
    may_have_been_billed: bool = False
    wait: float | None = None
    path: Path | None = None
    final: bool = False


def check_hook(hook: object) -> Any:
    """Return the hook for events, or None. Raise ConfigurationError if it cannot be called, or has to be awaited."""
    if hook is None:
        return None
    if inspect.iscoroutinefunction(hook) or inspect.iscoroutinefunction(getattr(hook, "__call__", None)):  # noqa: B004
        raise ConfigurationError(
            f"on_event: {hook!r:.80} is async, and is not awaited: give a function. {NOTHING_SENT}"
        )
    if not callable(hook):
        raise ConfigurationError(f"on_event is {hook!r:.80}: give a function that takes an Event. {NOTHING_SENT}")
    return hook


class EventReporter:
    """Reports the events of one call, to the log and to a function of the caller, if there is one."""

    def __init__(
        self,
        hook: Callable[[Event], object] | None,
        method: str,
        timing: Timing,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        self.attempt = 1
        self._hook = hook
        self._method = method
        self._timing = timing
        self._request = request or {}
        self._call = uuid.uuid4().hex
        self._began = time.time(), timing.monotonic()
        self._billed = False

    def report(self, kind: Kind, *, outcome: Any = None, **facts: Any) -> None:
        """Report an event. If the hook raises, that is logged; only Ctrl-C and the like are raised again."""
        began, start = self._began
        self._billed |= kind == "billed" or getattr(outcome, "may_have_been_billed", False) is True
        facts = {"job_id": getattr(outcome, "job_id", None), "may_have_been_billed": self._billed} | facts
        seconds = self._timing.monotonic() - start
        event = Event(kind, self._method, self._call, self.attempt, began, seconds, self._request, outcome, **facts)
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug(_line(event))
        if self._hook is None:
            return
        try:
            self._hook(event)
        except Exception as error:  # noqa: BLE001 - a function of anybody's
            logger.warning("on_event failed at %r, and the call goes on: %s: %s", kind, type(error).__name__, error)

    def answered(self, operation: Operation, outcome: Any, *, ends: bool, **facts: Any) -> None:
        """Report a response, and what it shows as billed; `ends` means that the call ends with it, unless it failed."""
        failed = isinstance(outcome, IdeogramError)
        if isinstance(outcome, Job):
            facts["job_id"] = outcome.id
            bills = outcome.status == COMPLETED and outcome.generation is not None
        else:
            bills = not failed and not operation.is_free
        self._billed |= bills
        self.report("answered", outcome=outcome, final=ends and not failed and not bills, **facts)
        if bills and ends:
            self.billed(operation, outcome, **facts)

    def billed(self, operation: Operation, outcome: Any, **facts: Any) -> None:
        """Report what was billed, as the last event of the call."""
        made = outcome.generation if isinstance(outcome, Job) else outcome
        cost = made.cost_usd if isinstance(made, Generation) else cost_of(operation, self._request)
        self.report("billed", outcome=outcome, cost_usd=cost, final=True, **facts)


def _line(event: Event) -> str:
    """An event as a line of a log. Prompts and links are not in it."""
    facts = {
        "status": event.status_code,
        "job": event.job_id,
        "cost": None if event.cost_usd is None else f"${event.cost_usd}",
        "error": type(event.outcome).__name__ if isinstance(event.outcome, BaseException) else None,
        "may have been": "billed" if event.may_have_been_billed else None,
        "next in": None if event.wait is None else f"{event.wait:.2f} s",
        "path": event.path,
    }
    more = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
    return f"{event.method} {event.call[:8]} attempt {event.attempt}: {event.kind}{f' ({more})' if more else ''}"
