"""Scenarios of a client run beyond generate: files, jobs, other answers and webhooks, and what shows in such a run.

They follow from the contract: an operation that it gains has scenarios too.
"""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.client.webhooks import GENERATION_ID, KEY_ID
from ideogram_ai.contract.view import example_of, find_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

from ..jobs import SigningKey
from .client_requests import JOB_ID, full_requests, full_values
from .client_scenarios import (
    IMAGE_LINK,
    JSON,
    REFUSED,
    UNKNOWN,
    ExpectedOutcome,
    ReportedOutcome,
    Scenario,
    ScriptedResponse,
    client_scenarios,
    example_body,
)
from .kit import Requirement, by_id, join_pointer, key_view, makes_job, pointers, poll_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ideogram_ai.contract.view import ContractView


VERIFY_WEBHOOK: Final = "verify_webhook"
"""Names what a program does with a delivery, in the place of an operation."""

_OTHER_ID: Final = "c29tZWJvZHktZWxzZQ"
_STALE: Final = 24 * 3600

_IMAGE_MADE: Final = ExpectedOutcome(ReportedOutcome.IMAGE)
_WITHHELD: Final = ExpectedOutcome(ReportedOutcome.WITHHELD)
_ANSWER: Final = ExpectedOutcome(ReportedOutcome.ANSWER)


@cache
def every_scenario() -> Mapping[str, Scenario]:
    """Every scenario by its id: those of generate, and then those of one operation together."""
    others = [find_view(each.method_name) for each in OPERATIONS.values() if each is not POST_GENERATE_IMAGE_V4]
    every = [*(scenario for view in others for scenario in _scenarios(view)), *_webhooks()]
    return {**client_scenarios(), **dict(zip(by_id(each.requirement for each in every), every, strict=True))}


def _scenarios(view: ContractView) -> Iterator[Scenario]:
    operation = view.operation
    yield from _arrivals(view)
    yield from _conflicts(view)
    yield from _refusals(view)
    if not operation.is_free:
        title = (
            "A request is not sent again after the connection was reset: it may have run. It is reported as unknown."
        )
        cut = ScriptedResponse(cut="reset_after_request")
        yield _scenario(view, "never-after-reset", title, cut, UNKNOWN, most_posts=1)
    if operation.result == "images":
        yield from _images(view)
    elif makes_job(operation):
        yield from _jobs(view)


def _scenario(
    view: ContractView,
    name: str,
    title: str,
    response: ScriptedResponse,
    *endings: ExpectedOutcome,
    request: Mapping[str, Any] | None = None,
    at: str = "",
    arrives: bool = False,
    **options: Any,
) -> Scenario:
    """A scenario of an operation, with a full request unless another one is given."""
    operation = view.operation
    every = full_requests(view)[0] if request is None else request
    files = {name: value for name, value in every.items() if view.fields[name].takes_files}
    fields = {name: value for name, value in every.items() if name not in files}
    if operation.method == "GET":
        options = {"polls": (response,), **options}
    return Scenario(
        Requirement(f"{operation.method_name}.{name}", title, at or pointers(operation.operation_id).responses),
        fields,
        (response,),
        endings,
        sends=fields if arrives else None,
        operation=operation.method_name,
        files=files,
        **options,
    )


def _success(view: ContractView) -> ScriptedResponse:
    """The contract's example of a 200, with links to the image."""
    rule, operation = view.responses[200], view.operation
    if operation.result == "job":
        return ScriptedResponse(200, {"generation_id": JOB_ID}, JSON) if operation.media_type else _polled("completed")
    made = example_body(view, rule)
    return ScriptedResponse(200, _with_links(made) if operation.result == "images" else made, JSON)


def _with_links(value: Any) -> Any:
    if is_object(value):
        return {name: IMAGE_LINK if name == "url" and item else _with_links(item) for name, item in value.items()}
    return [_with_links(item) for item in value] if is_array(value) else value


def _polled(status: str, **members: Any) -> ScriptedResponse:
    """An answer to a poll: an example of the contract with this status, and these members."""
    examples = poll_view().responses[200].examples
    shown = next((each for each in examples if each["status"] == status), {"created": "2026-10-07T12:00:00Z"})
    return ScriptedResponse(200, _with_links({**shown, "generation_id": JOB_ID, "status": status, **members}), JSON)


def _arrivals(view: ContractView) -> Iterator[Scenario]:
    """Requests that together have every field, each with those that may stand beside it."""
    operation, success = view.operation, _success(view)
    options: dict[str, Any] = {"most_posts": 1}
    if makes_job(operation):
        options["polls"] = (_polled("pending"), _polled("completed"))
    options["answer"] = success.body if operation.result == "model" else None
    ending = _ANSWER if operation.result == "model" else _IMAGE_MADE
    known: set[str] = set()
    for request in full_requests(view):
        added = next((name for name in request if name not in known), "") if known else ""
        title = f"Every field of {operation.method} {operation.path} arrives as it was given, a file byte for byte"
        title += f": {added}, and those that may stand beside it." if added else "."
        name = f"arrives.{added}" if added else "arrives"
        yield _scenario(view, name, title, success, ending, request=request, arrives=True, **options)
        known |= request.keys()


def _conflicts(view: ContractView) -> Iterator[Scenario]:
    """Requests that break a rule over several fields, which a client refuses before it sends anything."""
    for keyword, name, what, request in _broken(view):
        title, at = (
            f"A request with {what} is refused before it is sent.",
            pointers(view.operation.operation_id).request,
        )
        at = join_pointer(at, keyword)
        yield _scenario(view, f"refused.{name}", title, _success(view), REFUSED, request=request, at=at, most_posts=0)


def _broken(view: ContractView) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """A broken request for each rule over several fields: the rule's keyword, an id, what is wrong, the request."""
    operation, values, full = view.operation, full_values(view.operation.operation_id), full_requests(view)
    for keyword, groups in (("oneOf", operation.exactly_one_of), ("allOf", operation.exclusive)):
        for group in groups:
            beside = next(each for each in full if group[0] in each)
            yield keyword, "-and-".join(group), f"both {' and '.join(group)}", beside | {n: values[n] for n in group}
    for keyword, groups in (("oneOf", operation.exactly_one_of), ("anyOf", operation.at_least_one_of)):
        for group in groups:
            yield keyword, f"no-{'-or-'.join(group)}", f"none of {', '.join(group)}", _without(full[0], *group)
    for first, second in operation.same_length:
        yield "x-same-length", f"{second}-alone", f"{second} and no {first}", _without(full[0], first)
    for name, members in ((each.wire_name, each.exactly_one_of) for each in operation.fields):
        if members:
            branches = view.resolve(view.schemas[name])["oneOf"]
            both = {key: value for branch in branches for key, value in example_of(view, branch).items()}
            what = f"both {' and '.join(members)} in {name}"
            yield "properties", f"{name}.{'-and-'.join(members)}", what, full[0] | {name: both}


def _refusals(view: ContractView) -> Iterator[Scenario]:
    for status, rule in view.responses.items():
        billed = view.operation.billed.get(status)
        if billed is True or status in {HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS}:
            continue
        outcome = ReportedOutcome.REFUSED if billed is False else ReportedOutcome.UNKNOWN
        title = f"A {status} is reported as {outcome.value}, with its status, and nothing is sent again."
        response = ScriptedResponse(status, example_body(view, rule) or {}, JSON)
        yield _scenario(view, f"answer.{status}", title, response, ExpectedOutcome(outcome, status), most_posts=1)


def _images(view: ContractView) -> Iterator[Scenario]:
    """Images with the members that the contract requires alone, and images that were withheld."""
    success = _success(view)
    entry = {name: success.body["data"][0][name] for name in (*view.operation.image_members, "url")}
    answers = {
        "least": ("An image that has no more members than it must have is saved.", entry, _IMAGE_MADE),
        "withheld": (
            "An image that was withheld, its url absent, is reported as withheld.",
            _withheld(entry),
            _WITHHELD,
        ),
    }
    for word, (title, image, ending) in answers.items():
        response = evolve(success, body={**success.body, "data": [image]})
        yield _scenario(view, f"answer.200.{word}", title, response, ending, most_posts=1)


def _jobs(view: ContractView) -> Iterator[Scenario]:
    """Jobs: one submit, and polls until the job is finished, whatever happens to a poll."""
    pending, done = _polled("pending"), _polled("completed")
    page = ScriptedResponse(500, "<html></html>", {"Content-Type": "text/html"})
    other = _polled("completed", generation_id=_OTHER_ID)
    elsewhere = other.body["data"]
    other = evolve(other, body={**other.body, "data": [{**each, "url": f"{IMAGE_LINK}&other"} for each in elsewhere]})
    withheld = _polled("completed", data=[_withheld(each) for each in done.body["data"]])
    bare = _polled("completed", data=[_without(each, "object_type", "asset_id") for each in done.body["data"]])
    busy = ScriptedResponse(429, {}, {**JSON, "Retry-After": "1"})
    polls: dict[str, tuple[str, tuple[ScriptedResponse, ...], ExpectedOutcome]] = {
        "poll.failures": (
            "Polls that fail are sent again, for free, and the job is not submitted again.",
            (ScriptedResponse(cut="reset_after_request"), page, done),
            _IMAGE_MADE,
        ),
        "poll.limit": ("After a 429 a poll waits as long as Retry-After says.", (busy, done), _IMAGE_MADE),
        "poll.unknown-status": (
            "A status that the contract does not have yet does not end the wait.",
            (_polled("in_a_queue_to_come"), done),
            _IMAGE_MADE,
        ),
        "poll.other-job": (
            "An answer about another job is not taken for the answer about this one.",
            (other, done),
            _IMAGE_MADE,
        ),
        "poll.plain-entries": ("An image without object_type is an image.", (pending, bare), _IMAGE_MADE),
        "poll.withheld": (
            "An image that was withheld, its url absent, is reported as withheld.",
            (withheld,),
            _WITHHELD,
        ),
        "poll.failed": (
            "A job that failed is reported as failed, and not submitted again.",
            (_polled("failed", failure_reason="content_policy_violation"),),
            ExpectedOutcome(ReportedOutcome.FAILED),
        ),
    }
    for name, (title, answers, ending) in polls.items():
        yield _scenario(view, name, title, _success(view), ending, most_posts=1, polls=answers)


def _withheld(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**_without(entry, "url"), "is_image_safe": False}


def _without(entry: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in names}


def _webhooks() -> Iterator[Scenario]:
    """Deliveries, of which a program has to accept the genuine one only. They are signed when the run begins."""
    view = key_view()
    keys = ScriptedResponse(200, _signing_key().key_set(), JSON)
    deliveries = {
        "genuine": ("A delivery that a key of the service signed is accepted.", _ANSWER),
        "changed-body": ("A delivery whose body was changed is refused.", REFUSED),
        "changed-id": ("A delivery whose id was changed is refused.", REFUSED),
        "unknown-key": ("A delivery that no key of the service signed is refused.", REFUSED),
        "stale": ("A delivery of the day before is refused, because somebody may have kept it.", REFUSED),
    }
    for name, (title, ending) in deliveries.items():
        yield Scenario(
            Requirement(f"webhook.{name}", title, join_pointer(pointers(view.operation.operation_id).responses, 200)),
            {},
            (keys,),
            (ending,),
            operation=VERIFY_WEBHOOK,
            polls=(keys,),
            most_posts=0,
            answer={"generation_id": JOB_ID} if ending is _ANSWER else None,
        )


@cache
def _signing_key() -> SigningKey:
    """The key of the service."""
    return SigningKey()


def delivery_for(scenario: Scenario) -> dict[str, Any]:
    """The delivery of a webhook's scenario, signed now: headers, and the raw body as text."""
    name = scenario.id.partition(".")[2]
    body = json.dumps(_without(_polled("completed").body, "status", "response_type", "usage_cost_usd_micros"))
    key = SigningKey() if name == "unknown-key" else _signing_key()
    headers = key.sign(JOB_ID, body.encode(), _STALE if name == "stale" else 0) | {KEY_ID: _signing_key().kid}
    headers |= {GENERATION_ID: _OTHER_ID} if name == "changed-id" else {}
    return {"headers": headers, "body": body.replace("2026", "2027") if name == "changed-body" else body}
