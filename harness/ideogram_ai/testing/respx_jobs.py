"""The jobs of an `IdeogramMock`: how each that is submitted goes on, and its webhook."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from attrs import define, evolve

from ideogram_ai.generated.operations import OPERATIONS

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Operation

    from .mock_responses import Answer
    from .service import MockService

SUBMITS: Final = frozenset(
    name for name, operation in OPERATIONS.items() if operation.result == "job" and operation.method != "GET"
)
"""The operations that submit a job, by their operationId."""
MAKE_IMAGES: Final = SUBMITS | {name for name, operation in OPERATIONS.items() if operation.result == "images"}
"""The operations that make images, at once or as a job."""

_STATE: Final = ("generation_id", "created")


@define
class JobCourse:
    """How a job goes on.

    Attributes:
        pending: The number of polls that find it pending; None for all.
        failure_reason: Why it fails then; None if it is completed.
        withheld: Whether its images are withheld.
        cost: What it costs in millionths of a US dollar, if the service says so.
    """

    pending: int | None = 0
    failure_reason: str | None = None
    withheld: bool = False
    cost: int | None = None


class MockJobs:
    """Lets jobs go on as planned.

    Args:
        service: Starts the jobs.
    """

    def __init__(self, service: MockService) -> None:
        self._service = service
        self._courses: dict[str, JobCourse] = {}

    def submitted(self, answer: Answer, course: JobCourse) -> Answer:
        """Plan the course of the job in an answer, which is not billed if the job will fail."""
        if answer.status != 200:
            return answer
        self._courses[json.loads(answer.body)["generation_id"]] = course
        return answer if course.failure_reason is None else evolve(answer, billed=False)

    def polled(self, answer: Answer) -> Answer:
        """Change what is said of a job to what its course has; other answers stay as they are."""
        body: dict[str, Any] = json.loads(answer.body) if answer.status == 200 else {}
        course = self._courses.get(body.get("generation_id", ""))
        if course is None:
            return answer
        state = {name: body[name] for name in _STATE}
        if course.pending is None or course.pending > 0:
            course.pending = None if course.pending is None else course.pending - 1
            return _with_body(answer, state | {"status": "pending"}, "pending")
        if course.failure_reason is not None:
            failed = state | {"status": "failed", "failure_reason": course.failure_reason}
            return _with_body(answer, failed, "failed")
        if course.withheld:
            body["data"] = [withheld(entry) for entry in body["data"]]
        if course.cost is not None:
            body["usage_cost_usd_micros"] = course.cost
        return _with_body(answer, body, answer.why)

    def webhook(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the webhook of a job, signed with a key of the key set.

        Raises:
            ValueError: There is no such job, or it fails, which is not announced.
        """
        job = self._service.jobs.find(job_id)
        course = self._courses.get(job_id, JobCourse())
        if job is None:
            raise ValueError(f"There is no job {job_id!r}: submit it first.")
        if job.fails or course.failure_reason is not None:
            raise ValueError(f"The job {job_id!r} fails: the service does not say that it announces failures.")
        announced = job.announcement(self._service.images.link)
        if course.withheld:
            announced["data"] = [withheld(entry) for entry in announced["data"]]
        body = json.dumps(announced, ensure_ascii=False).encode()
        headers = self._service.signing_key.sign(job_id, body, int(time.time()))
        return {"Content-Type": "application/json", **headers}, body


def withheld(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the entry of an image that was withheld, in an answer about a job: nulls are left out there."""
    return {name: value for name, value in entry.items() if name != "url"} | {"is_image_safe": False}


def operations_of(name: str | Operation) -> frozenset[str]:
    """Return the operation of a name: that of the client's method, or the operationId.

    Raises:
        ValueError: There is no such operation.
    """
    wanted = name if isinstance(name, str) else name.operation_id
    for operation in OPERATIONS.values():
        if wanted in {operation.operation_id, operation.method_name}:
            return frozenset({operation.operation_id})
    methods = ", ".join(operation.method_name for operation in OPERATIONS.values())
    raise ValueError(f"operation: there is no {wanted!r}; the client's methods are {methods}.")


def _with_body(answer: Answer, body: dict[str, Any], why: str) -> Answer:
    return evolve(answer, body=json.dumps(body, ensure_ascii=False).encode(), why=why)
