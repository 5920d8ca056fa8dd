"""Scenarios of a client run beyond generate: files, jobs, other answers and webhooks, and what shows in such a run.

They follow from the contract: an operation that it gains has scenarios too.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from attrs import evolve
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.client.webhooks import GENERATION_ID, KEY_ID, SIGNATURE, TIMESTAMP, USER_ID, signed_message
from ideogram_ai.contract.decoding import UploadedFile
from ideogram_ai.contract.view import example_of, read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4

from ..faults.wire import png
from ..routes import path_parameters
from ..service import read_request
from .client_scenarios import (
    IMAGE_LINK,
    ExpectedOutcome,
    ReportedOutcome,
    Scenario,
    ScriptedResponse,
    client_scenarios,
    is_same,
)
from .kit import Requirement, by_id, join_pointer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

    from ..faults import ReceivedRequest
    from .client_program import ClientReport, Observed

VERIFY_WEBHOOK: Final = "verify_webhook"
"""Names what a program does with a delivery, in the place of an operation."""

_JSON: Final = {"Content-Type": "application/json"}
_WEBHOOK_URL: Final = "webhook_url"
_ID: Final = "Y29uZm9ybWFuY2Uta2l0"
_OTHER_ID: Final = "c29tZWJvZHktZWxzZQ"
_SEED: Final = bytes(range(32))
_STALE: Final = 24 * 3600

_IMAGE_MADE: Final = ExpectedOutcome(ReportedOutcome.IMAGE)
_UNKNOWN: Final = ExpectedOutcome(ReportedOutcome.UNKNOWN)
_REFUSED: Final = ExpectedOutcome(ReportedOutcome.REFUSED)
_ANSWER: Final = ExpectedOutcome(ReportedOutcome.ANSWER)


@cache
def operation_scenarios() -> Mapping[str, Scenario]:
    """Every scenario of the operations but generate by its id, those of one operation together."""
    every = [scenario for view in _views() for scenario in _scenarios(view)] + list(_webhooks())
    return dict(zip(by_id(scenario.requirement for scenario in every), every, strict=True))


@cache
def every_scenario() -> Mapping[str, Scenario]:
    """Every scenario by its id, those of generate first."""
    return {**client_scenarios(), **operation_scenarios()}


def scenarios_of(operations: Iterable[str]) -> dict[str, Scenario]:
    """The scenarios of some operations: methods of the client, or verify_webhook."""
    chosen = set(operations)
    return {name: each for name, each in every_scenario().items() if each.operation in chosen}


def _views() -> Iterator[ContractView]:
    """The operations that a program uses: those that take a body."""
    for operation in OPERATIONS.values():
        if operation is not POST_GENERATE_IMAGE_V4 and operation.media_type:
            yield read_view(operation.operation_id)


def _poll_view() -> ContractView:
    polls = (each for each in OPERATIONS.values() if each.result == "job" and not each.media_type)
    return read_view(next(polls).operation_id)


def _scenarios(view: ContractView) -> Iterator[Scenario]:
    yield _arrives(view)
    yield from _refusals(view)
    yield _cut(view)
    if view.operation.result == "job":
        yield from _jobs(view)


def _at(view: ContractView, *steps: str | int) -> str:
    return join_pointer("#/paths", view.operation.path, view.operation.method.lower(), *steps)


def _scenario(
    view: ContractView, name: str, title: str, response: ScriptedResponse, *endings: ExpectedOutcome, **options: Any
) -> Scenario:
    """A scenario of an operation, with a full request."""
    method = view.operation.method_name
    fields, files = _full_request(view)
    requirement = Requirement(f"{method}.{name}", title, _at(view, "responses"))
    return Scenario(requirement, fields, (response,), endings, operation=method, files=files, **options)


def _full_request(view: ContractView) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A request with every field that can stand beside the others, and the files of it."""
    grouped = {name for group in view.operation.exactly_one_of for name in group[1:]}
    fields: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for name, rule in view.fields.items():
        if name in grouped or name == _WEBHOOK_URL or (name == "resolution" and "image_weight" in view.fields):
            continue  # a weight beside a size of another shape is refused, says the contract in words
        if rule.takes_files:
            files[name] = png(16, 16, seed=len(files))
        else:
            fields[name] = _value(view, name)
    return fields, files


def _value(view: ContractView, name: str) -> Any:
    rule = view.fields[name]
    shunned = [each.value for each in rule.unavailable] + [rule.default]
    return next((choice for choice in reversed(rule.choices) if choice not in shunned), None) or (
        True if rule.types[:1] == ("boolean",) else example_of(view, view.schemas[name])
    )


def _success(view: ContractView) -> ScriptedResponse:
    """The contract's example of a 200, with links to the image."""
    return ScriptedResponse(200, _with_links(_example(view)), _JSON)


def _example(view: ContractView) -> Any:
    rule = view.responses[200]
    if view.operation.result == "job" and view.operation.media_type:
        return {"generation_id": _ID}
    return rule.examples[0] if rule.examples else example_of(view, rule.schema)


def _with_links(value: Any) -> Any:
    if is_object(value):
        return {name: IMAGE_LINK if name == "url" and item else _with_links(item) for name, item in value.items()}
    return [_with_links(item) for item in value] if is_array(value) else value


def _polled(status: str, **members: Any) -> ScriptedResponse:
    """An answer to a poll: an example of the contract with this status, and these members."""
    examples = _poll_view().responses[200].examples
    shown = next((each for each in examples if each["status"] == status), {"created": "2026-10-07T12:00:00Z"})
    return ScriptedResponse(200, _with_links({**shown, "generation_id": _ID, "status": status, **members}), _JSON)


def _arrives(view: ContractView) -> Scenario:
    operation = view.operation
    fields, _ = _full_request(view)
    ending = {"images": _IMAGE_MADE, "job": _IMAGE_MADE, "model": _ANSWER}[operation.result]
    title = f"Every field of {operation.method} {operation.path} arrives as it was given, a file byte for byte."
    options: dict[str, Any] = {"sends": {**fields}, "most_posts": 1}
    if operation.result == "job":
        options["polls"] = (_polled("pending"), _polled("completed"))
    success = _success(view)
    options["answer"] = success.body if operation.result == "model" else None
    return _scenario(view, "arrives", title, success, ending, **options)


def _refusals(view: ContractView) -> Iterator[Scenario]:
    for status, rule in view.responses.items():
        billed = view.operation.billed.get(status)
        if billed is True or status in {HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS}:
            continue
        outcome = ReportedOutcome.REFUSED if billed is False else ReportedOutcome.UNKNOWN
        made: Any = example_of(view, rule.schema) if rule.schema and not rule.examples else {}
        body: Any = rule.examples[0] if rule.examples else made
        title = f"A {status} is reported as {outcome.value}, with its status, and nothing is sent again."
        response, ending = ScriptedResponse(status, body, _JSON), ExpectedOutcome(outcome, status)
        yield _scenario(view, f"answer.{status}", title, response, ending, most_posts=1)


def _cut(view: ContractView) -> Scenario:
    title = "A request is not sent again after the connection was reset: it may have run. It is reported as unknown."
    cut = ScriptedResponse(cut="reset_after_request")
    return _scenario(view, "never-after-reset", title, cut, _UNKNOWN, most_posts=1)


def _jobs(view: ContractView) -> Iterator[Scenario]:
    """Jobs: one submit, and polls until the job is finished, whatever happens to a poll."""
    pending, done = _polled("pending"), _polled("completed")
    page = ScriptedResponse(500, "<html></html>", {"Content-Type": "text/html"})
    other = _polled("completed", generation_id=_OTHER_ID)
    elsewhere = other.body["data"]
    other = evolve(other, body={**other.body, "data": [{**each, "url": f"{IMAGE_LINK}&other"} for each in elsewhere]})
    withheld = _polled("completed", data=[_withheld(each) for each in done.body["data"]])
    bare = _polled("completed", data=[_without(each, "object_type", "asset_id") for each in done.body["data"]])
    busy = ScriptedResponse(429, {}, {**_JSON, "Retry-After": "1"})
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
            ExpectedOutcome(ReportedOutcome.WITHHELD),
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
    view = next(read_view(each.operation_id) for each in OPERATIONS.values() if not each.authenticated)
    keys = ScriptedResponse(200, {"keys": [_public_key()]}, _JSON)
    deliveries = {
        "genuine": ("A delivery that a key of the service signed is accepted.", _ANSWER),
        "changed-body": ("A delivery whose body was changed is refused.", _REFUSED),
        "changed-id": ("A delivery whose id was changed is refused.", _REFUSED),
        "unknown-key": ("A delivery that no key of the service signed is refused.", _REFUSED),
        "stale": ("A delivery of the day before is refused, because somebody may have kept it.", _REFUSED),
    }
    for name, (title, ending) in deliveries.items():
        yield Scenario(
            Requirement(f"webhook.{name}", title, _at(view, "responses", 200)),
            {},
            (keys,),
            (ending,),
            operation=VERIFY_WEBHOOK,
            polls=(keys,),
            most_posts=0,
            answer={"generation_id": _ID} if ending is _ANSWER else None,
        )


def _public_key() -> dict[str, str]:
    public = Ed25519PrivateKey.from_private_bytes(_SEED).public_key().public_bytes_raw()
    x = urlsafe_b64encode(public).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "conformance", "alg": "EdDSA", "use": "sig"}


def delivery_for(scenario: Scenario) -> dict[str, Any]:
    """The delivery of a webhook's scenario, signed now: headers, and the raw body as text."""
    name = scenario.id.partition(".")[2]
    example = _polled("completed").body
    body = json.dumps(_without(example, "status", "response_type", "usage_cost_usd_micros"))
    timestamp = str(int(time.time()) - (_STALE if name == "stale" else 0))
    key = Ed25519PrivateKey.from_private_bytes(_SEED[::-1] if name == "unknown-key" else _SEED)
    signature = key.sign(signed_message(_ID, _OTHER_ID, timestamp, body.encode())).hex()
    headers = {
        "Content-Type": "application/json",
        GENERATION_ID: _OTHER_ID if name == "changed-id" else _ID,
        USER_ID: _OTHER_ID,
        TIMESTAMP: timestamp,
        KEY_ID: "conformance",
        SIGNATURE: signature,
    }
    return {"headers": headers, "body": body.replace("2026", "2027") if name == "changed-body" else body}


def operation_problems(scenario: Scenario, observed: Observed, report: ClientReport | None, key: str) -> Iterator[str]:
    """What is wrong with the requests of a scenario of another operation, and with the answer that was reported."""
    operation = next((each for each in OPERATIONS.values() if each.method_name == scenario.operation), None)
    posts = [request for request in observed.service.posts if request.whole_request_read]
    for request in posts:
        yield from _wire_problems(request, operation, key)
    if posts and operation is not None and scenario.sends is not None:
        yield from _field_problems(posts[0], operation, scenario)
    for request in observed.service.gets:
        path = request.target.partition("?")[0]
        known = _poll_view().operation
        if request.operation == known.operation_id and path_parameters(known, path) != {"generation_id": _ID}:
            yield f"it asked for {path}, and the job is {_ID}"
        keyless = request.header(read_view().api_key_header) is None
        if keyless == (request.operation == known.operation_id):
            yield f"the key {'is missing from' if keyless else 'was sent with'} GET {path}"
    if any("&other" in request.target for request in observed.image_host.gets):
        yield "the image of another job was fetched"
    if scenario.answer is not None and report is not None and report.outcome is ReportedOutcome.ANSWER:
        for name, value in scenario.answer.items():
            given = report.answer.get(name) if is_object(report.answer) else None
            # The order of keys is the client's: its own order is right for what is sent.
            if json.dumps(given, sort_keys=True) != json.dumps(value, sort_keys=True):
                yield f"{name} of the answer was reported as {str(given)[:80]}, not {str(value)[:80]}"


def _wire_problems(request: ReceivedRequest, operation: Operation | None, key: str) -> Iterator[str]:
    if operation is None:
        yield f"{request.method} {request.target} was sent, and nothing is to be sent but a request for the keys"
        return
    path, _, query = request.target.partition("?")
    if (request.method, path) != (operation.method, operation.path):
        yield f"the request was {request.method} {path}, not {operation.method} {operation.path}"
    if request.header(read_view().api_key_header) != key or request.header("Authorization") is not None:
        yield "the key is not in its header alone"
    if key in query or key.encode() in request.body:
        yield "the key is in the query or in the body"


def _field_problems(request: ReceivedRequest, operation: Operation, scenario: Scenario) -> Iterator[str]:
    from .client_judge import body_of  # noqa: PLC0415 - it imports this module

    view = read_view(operation.operation_id)
    query = parse_qsl(request.target.partition("?")[2], keep_blank_values=True)
    read = read_request(view, request.header("Content-Type"), body_of(request), query=query)
    if read.refused is not None:
        yield f"the contract refuses the request: {read.refused.why}"
    sent = dict(read.fields)
    for name, value in (scenario.sends or {}).items():
        if not is_same(sent.get(name), value):
            yield f"{name} arrived as {str(sent.get(name))[:80]}, not {str(value)[:80]}"
    for name, data in scenario.files.items():
        files = sent.get(name) if is_array(sent.get(name)) else [sent.get(name)]
        content = [file.content for file in files or [] if isinstance(file, UploadedFile)]
        if content != [data]:
            yield f"the file {name} did not arrive byte for byte"
    if more := sent.keys() - (scenario.sends or {}).keys() - scenario.files.keys():
        yield f"{', '.join(sorted(more))} arrived unexpectedly"
