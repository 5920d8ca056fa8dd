"""Many images, resumable: a batch of requests at the speed of the service's limit.

    async with run_batch(requests, client=client, in_flight=10) as outcomes:
        async for outcome in outcomes:
            ...

`Job` is the same with a folder for the images and a ledger, which survives whatever ends the program.

Needs the extra `batch`. Nothing of it is loaded before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import BatchError, BatchRowError, BatchStoppedError, LedgerError, LedgerLockedError, PlanError
    from .job import Job
    from .outcome import ImageOutcome, Outcome, State
    from .request import BatchRequest
    from .run import run_batch
    from .step import Step

__all__ = (
    "BatchError",
    "BatchRequest",
    "BatchRowError",
    "BatchStoppedError",
    "ImageOutcome",
    "Job",
    "LedgerError",
    "LedgerLockedError",
    "Outcome",
    "PlanError",
    "State",
    "Step",
    "run_batch",
)

_MODULES = {
    "BatchError": "errors",
    "BatchRequest": "request",
    "BatchRowError": "errors",
    "BatchStoppedError": "errors",
    "ImageOutcome": "outcome",
    "Job": "job",
    "LedgerError": "errors",
    "LedgerLockedError": "errors",
    "Outcome": "outcome",
    "PlanError": "errors",
    "State": "outcome",
    "Step": "step",
    "run_batch": "run",
}


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f".{module}", __name__), name)
    except (AttributeError, ImportError) as error:
        from ideogram_ai.client.errors import raise_cause  # noqa: PLC0415 - where all is well, it is not needed

        raise_cause(error, f"{__name__}.{module}")
