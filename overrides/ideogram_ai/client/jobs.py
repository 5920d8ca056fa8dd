"""A job, and the reader of the service's reports on it: the response to a submit or a poll, or a webhook.

All three are read by hand. A generated decoder is strict, and would lose images that were paid for: the kinds of
entries in a poll cannot be distinguished for certain, and the service may add statuses and kinds.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast

import httpx
from attrs import evolve, field, frozen

from ideogram_ai.generated.operations import Price

from .errors import ASK_AGAIN, OutcomeUnknownError, ResponseValidationError
from .images import (
    BROKEN,
    IMAGE_MEMBERS,
    Generation,
    ImageReader,
    entries_of,
    kind_of,
    list_problems,
    load_body,
    read_created,
    read_images,
    salvage_entries,
)
from .redaction import printable
from .request import is_array, is_object

T = TypeVar("T")

PENDING: Final = "pending"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
_ID_NAMES = ("generation_id", "request_id")
"""Where the id is: the contract's name first, then the one that a description of webhooks has."""
_READ = {*_ID_NAMES, "status", "created", "data", "failure_reason", "usage_cost_usd_micros"}


@frozen
class Job:
    """A submitted job, as the service last reported it. Asking for it again costs nothing.

    Attributes:
        id: Its id, for client.job and client.wait.
        status: "pending", "completed", "failed", or another word of the service.
        created: When it was submitted, if the service reports that.
        generation: Its images, once it is completed.
        failure_reason: The service's reason why it failed, for example "content_policy_violation".
        usage_cost_usd_micros: The cost that the service reports, in millionths of a US dollar.
        raw: The bytes of the response.
        request: The fields of the submitted body, as plain JSON types by wire name; empty if only the id of the job is
            known.
        problems: Where the response broke the contract; empty for a valid one.
        price: The price in the contract of the operation that it was submitted to.
    """

    id: str
    status: str
    created: datetime | None = None
    generation: Generation | None = None
    failure_reason: str | None = None
    usage_cost_usd_micros: int | None = None
    raw: bytes = field(default=b"", repr=False)
    request: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    problems: tuple[str, ...] = ()
    price: Price | None = field(default=None, repr=False)


def with_request(job: Job, request: Mapping[str, Any], price: Price | None) -> Job:
    """Return the job with the fields that were submitted and their price, which no response to a poll repeats."""
    generation = job.generation and evolve(job.generation, request=request, price=price)
    return evolve(job, request=request, price=price, generation=generation)


def with_reader(value: T, reader: ImageReader | None) -> T:
    """A Generation or a Job whose images are fetched by the reader when they are read; any other value as it is."""
    if isinstance(value, Generation):
        return cast(T, evolve(value, images=tuple(evolve(image, reader=reader) for image in value.images)))
    if isinstance(value, Job) and value.generation:
        return cast(T, evolve(value, generation=with_reader(value.generation, reader)))
    return value


def read_job(
    body: bytes,
    *,
    job_id: str | None = None,
    status: int = 200,
    headers: httpx.Headers | None = None,
    complete: bool = True,
    salvage: bool = True,
    image_members: Collection[str] = IMAGE_MEMBERS,
) -> Job | ResponseValidationError | OutcomeUnknownError:
    """Read a report on a job, or return the error to raise. Oddities are among the problems of the job.

    If the id is already known (`job_id`), the body needs none, and another one is an error: its images are somebody
    else's. If not, only the id matters. With `salvage`, what is left of a body that is no JSON object is read too; not
    for a poll, which can be repeated.
    """
    problems: list[str] = [] if complete else ["the body broke off"]
    document = load_body(body, problems)
    members: Mapping[str, Any] = document if is_object(document) else {}
    data: object = document if is_array(document) else members.get("data")
    if document is BROKEN and salvage:
        text = body.decode(errors="replace")
        members, data = _salvage_members(text), salvage_entries(text) or None
    elif document is not BROKEN and not is_object(document):
        problems.append(f"the body is {kind_of(document)}, not an object")
    named = _read_ids(members, problems)
    known = job_id or next(filter(_can_be_asked_for, named), None)
    if named and known is None:
        problems.append(f"{_ID_NAMES[0]} has half of a character in it, as in {named[0]!r:.80}")
    # Base64 may be padded or not: that is no other id.
    if known is not None and named and known.rstrip("=") not in (name.rstrip("=") for name in named):
        problems.insert(0, f"it is about job {printable(named[0])!r:.80}")
    elif known is not None and (is_object(document) or salvage) and (named or "status" in members or data is not None):
        if not named:
            problems.append(f"{_ID_NAMES[0]} is missing")
        return _read(known, members, data, body, problems, image_members=image_members)
    if not problems:
        problems.append(f"{_ID_NAMES[0]} is missing or empty")
    return _unusable(list_problems(problems), job_id, status, headers, body, complete=complete)


def _read(
    job_id: str,
    members: Mapping[str, Any],
    data: object,
    body: bytes,
    problems: list[str],
    *,
    image_members: Collection[str],
) -> Job:
    created = read_created(members, problems) if "created" in members else None
    reason = members.get("failure_reason")
    if reason is not None and not isinstance(reason, str):
        problems.append(f"failure_reason is {kind_of(reason)}, not a string")
        reason = repr(reason)
    cost = _read_cost(members, problems)
    state = _read_status(members, data, reason, problems)
    generation = None
    if state not in {PENDING, FAILED}:
        entries = [] if data is None else entries_of(data, problems)
        images = read_images(entries, problems, image_members, of_job=True)
        if not images and state == COMPLETED:
            problems.append("the job is completed, and no image is named")
        rest = {name: value for name, value in members.items() if name not in _READ}
        generation = Generation(
            created,
            images,
            raw=body,
            problems=list_problems(problems),
            additional_properties=rest,
            job_id=job_id,
            usage_cost_usd_micros=cost,
        )
    return Job(
        job_id,
        state,
        created=created,
        generation=generation if generation and generation.images else None,
        failure_reason=reason,
        usage_cost_usd_micros=cost,
        raw=body,
        problems=list_problems(problems),
    )


def find_job_id(body: bytes) -> str | None:
    """Return the id in the response to a submit, however broken the rest of it is."""
    job = read_job(body)
    return job.id if isinstance(job, Job) else None


def _read_ids(members: Mapping[str, Any], problems: list[str]) -> list[str]:
    """The ids that a body names: one, or as many times the same, as a rule."""
    named: list[str] = []
    for name in _ID_NAMES:
        value = members.get(name)
        if type(value) is int:
            problems.append(f"{name} is an integer, not a string")
            value = str(value)
        if isinstance(value, str) and value:
            named.append(value)
    return named


def _can_be_asked_for(name: str) -> bool:
    """Whether an id can be sent. Half of a surrogate pair cannot, and nobody could record it either."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _read_status(members: Mapping[str, Any], data: object, reason: str | None, problems: list[str]) -> str:
    value = members.get("status")
    if isinstance(value, str) and value.strip():
        plain = value.strip().lower()
        return plain if plain in {PENDING, COMPLETED, FAILED} else value
    if "status" in members:
        problems.append("status is empty" if isinstance(value, str) else f"status is {kind_of(value)}, not a string")
    # A webhook has no status, but the images. The response to a submit has only the id.
    if data is not None:
        return COMPLETED
    return PENDING if reason is None else FAILED


def _read_cost(members: Mapping[str, Any], problems: list[str]) -> int | None:
    value = members.get("usage_cost_usd_micros")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is None or (type(value) is int and value >= 0):
        return value
    problems.append("usage_cost_usd_micros is not a count of millionths of a dollar")
    return None


_MEMBER = re.compile(r'"(' + "|".join((*_ID_NAMES, "status", "failure_reason")) + r')"\s*:\s*"([^"\\\x00-\x1f]+)"')


def _salvage_members(text: str) -> dict[str, str]:
    """The members with a plain text that are whole in a text which is not JSON, the first of each name."""
    return dict(reversed(_MEMBER.findall(text)))


def _unusable(
    problems: tuple[str, ...],
    job_id: str | None,
    status: int,
    headers: httpx.Headers | None,
    body: bytes,
    *,
    complete: bool,
) -> ResponseValidationError | OutcomeUnknownError:
    details: dict[str, Any] = {"status_code": status, "headers": headers or httpx.Headers(), "body": body}
    what = f"The response ({status}) " + ("names no job" if job_id is None else f"says nothing of job {job_id!r}")
    money = ASK_AGAIN
    if job_id is None:
        money = (
            "The job was most likely accepted, and is billed when it is completed: do not submit it again before you "
            "have looked at the account's usage."
        )
    message = f"{what}{': ' if problems else ''}{'; '.join(problems)}. {money} .body holds what arrived."
    error: ResponseValidationError | OutcomeUnknownError
    if complete:
        error = ResponseValidationError(message, problems=problems, **details)
    else:
        error = OutcomeUnknownError(message, **details)
    error.job_id = job_id
    error.may_have_been_billed = job_id is None
    return error
