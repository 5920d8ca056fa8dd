"""What the poll of a job can meet beside the faults of every response: complete answers that are not the images."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from . import wire
from .exchange import Exchange, Fault, response_fault
from .wire import JSON, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANOTHER_JOB: Final = "another-job"
"""The id in an answer about another job."""

_FAILURE: Final = "content_policy_violation"


def _polled(name: str, does: str, change: Callable[[dict[str, Any]], Mapping[str, Any]], status: str) -> Fault:
    """A fault that changes the contract's example of a job with a status."""

    def act(exchange: Exchange) -> None:
        operation = exchange.operation or POST_GENERATE_IMAGE_V4
        good = wire.success(operation, exchange.settings.image_url, exchange.job_id, status=status)
        exchange.answer(Response(200, json.dumps(change(json.loads(good.body))).encode(), (JSON,)))

    return response_fault(name, does, act, may_have_run=False)


def _without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def _plain_entries(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"data": [_without(entry, "object_type") for entry in document["data"]]}


def _unheard_of_entries(document: dict[str, Any]) -> dict[str, Any]:
    return document | {"data": [entry | {"object_type": "hologram.generation"} for entry in document["data"]]}


_RESULT: Final = ("data", "response_type", "failure_reason", "usage_cost_usd_micros")

JOB_FAULTS: Final = (
    _polled("pending", "Says that the job is pending.", lambda d: _without(d, *_RESULT), "pending"),
    _polled(
        "failed",
        f"Says that the job failed ({_FAILURE}).",
        lambda d: _without(d, *_RESULT) | {"failure_reason": _FAILURE},
        "failed",
    ),
    _polled("failed_unexplained", "Says that the job failed, and not why.", lambda d: _without(d, *_RESULT), "failed"),
    _polled(
        "unknown_status",
        "Says `queued`, which the contract does not have.",
        lambda d: _without(d, *_RESULT) | {"status": "queued"},
        "pending",
    ),
    _polled("no_kinds", "Sends the images without `object_type`.", _plain_entries, "completed"),
    _polled("unknown_kinds", "Sends entries of a kind that nobody knows.", _unheard_of_entries, "completed"),
    _polled(
        "another_job",
        "Sends the images of another job, as a proxy with a wrong cache does.",
        lambda d: d | {"generation_id": ANOTHER_JOB},
        "completed",
    ),
)
