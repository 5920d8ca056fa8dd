"""Many images, resumable: a batch of requests at the pace that the service allows.

    async with run_batch(requests, client=client, in_flight=10) as outcomes:
        async for outcome in outcomes:
            ...

`Job` adds a folder for the images and a ledger, from which a batch resumes after the program was ended.

Needs the extra `batch`. Nothing of it is loaded before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .job import Job
    from .model import (
        BatchError,
        BatchRequest,
        BatchRowError,
        BatchStoppedError,
        ImageOutcome,
        LedgerError,
        LedgerLockedError,
        Outcome,
        PlanError,
        State,
    )
    from .outcomes import run_batch
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

_MODULES = {"Job": "job", "Step": "step", "run_batch": "outcomes"}
"""Where a name is defined that is not in `model`."""


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES.get(name, "model")
    try:
        return getattr(import_module(f".{module}", __name__), name)
    except (AttributeError, ImportError) as error:
        from ideogram_ai.client.errors import raise_cause  # noqa: PLC0415 - where all is well, it is not needed

        raise_cause(error, f"{__name__}.{module}")
