"""Spans of OpenTelemetry for the calls of a client, with what they cost. Needs the extra `otel`.

with Ideogram(on_event=trace_calls()) as client: ...

Attributes follow the semantic conventions for generative AI if these have one; those about money are named
`ideogram.*`. None of them holds a prompt, a link or a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider, get_tracer

from ideogram_ai.client import Generation, Job, __version__
from ideogram_ai.generated.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ideogram_ai.client import Event

_MAKING: Final = {
    "wait",
    *(each.method_name for each in OPERATIONS.values() if not each.is_free and each.result in {"images", "job"}),
}
"""The methods that make images."""


def trace_calls(provider: TracerProvider | None = None) -> Callable[[Event], None]:
    """Make a hook for `on_event` that writes a span for each call when it ends, with the times of the call.

    Its parent is the span that is current in the code that called. A call that was retried is one span.

    Args:
        provider: Where the spans go; None means the global provider.
    """
    tracer = get_tracer("ideogram-ai", __version__, provider)

    def on_event(event: Event) -> None:
        if not event.final:
            return
        start = int(event.began * 1e9)
        making = event.method in _MAKING
        name = f"generate_content {event.method}" if making else f"ideogram {event.method}"
        found = {name: value for name, value in _attributes(event, making=making).items() if value is not None}
        span = tracer.start_span(name, kind=SpanKind.CLIENT, start_time=start, attributes=found)
        if isinstance(event.outcome, BaseException):
            span.set_status(Status(StatusCode.ERROR, type(event.outcome).__name__))
        span.end(start + int(event.seconds * 1e9))

    return on_event


def _attributes(event: Event, *, making: bool) -> dict[str, Any]:
    outcome = event.outcome.generation if isinstance(event.outcome, Job) else event.outcome
    made = outcome if isinstance(outcome, Generation) else None
    seed = event.request.get("seed")
    status = getattr(outcome, "status_code", None) if event.status_code is None else event.status_code
    return {
        "gen_ai.operation.name": "generate_content" if making else None,
        "gen_ai.provider.name": "ideogram",
        "gen_ai.output.type": "image" if making else None,
        "gen_ai.request.seed": seed if isinstance(seed, int) else None,
        "gen_ai.request.choice.count": made.images_asked if made and made.images_asked != 1 else None,
        "gen_ai.response.id": event.job_id or event.request_id,
        "error.type": type(outcome).__name__ if isinstance(outcome, BaseException) else None,
        "http.response.status_code": status,
        "ideogram.attempts": event.attempt,
        "ideogram.cost_usd": None if event.cost_usd is None else float(event.cost_usd),
        "ideogram.cost_source": made.cost_source if made else None,
        "ideogram.may_have_been_billed": event.may_have_been_billed,
        "ideogram.images": len(made.images) if made else None,
        "ideogram.images_withheld": sum(image.withheld for image in made.images) if made else None,
    }
