"""What the contract requires of a client, and what one run of a program shows about it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.decoding import UploadedFile, json_text
from ideogram_ai.contract.problems import RequestRefusedError, shown
from ideogram_ai.contract.view import find_view, read_view
from ideogram_ai.generated.operations import API_KEY_HEADER

from ..faults.connection_faults import ANOTHER_CALLER
from ..multipart import parse_multipart
from ..routes import path_parameters
from ..service import ReadRequest, read_request
from .client_operations import VERIFY_WEBHOOK, every_scenario
from .client_requests import JOB_ID, file_names, is_same
from .client_scenarios import ReportedOutcome, client_scenarios
from .kit import (
    KEY_SCHEME,
    Requirement,
    by_id,
    follow,
    join_pointer,
    key_view,
    makes_job,
    members_of,
    pointers,
    poll_view,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from ideogram_ai.contract.view import ContractView

    from ..faults import ReceivedRequest
    from .client_program import ClientReport, Observed, ProgramRun
    from .client_scenarios import ExpectedOutcome, Scenario

OPERATION: Final = "wire.operation"
KEY: Final = "wire.key"
NO_AUTHORIZATION: Final = "wire.no-authorization"
KEY_ELSEWHERE: Final = "wire.key-nowhere-else"
FORM: Final = "wire.form"
BOUNDARY: Final = "wire.boundary"
PAID_ONCE: Final = "billing.once"
IMAGE_BYTES: Final = "image.bytes"
IMAGE_KEY: Final = "image.no-key"
OUTPUT: Final = "program.output"
KEY_SHOWN: Final = "program.no-key"

Finding = tuple[str, str]
"""The id of a requirement, and what is wrong; empty when it held."""

_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
_EARLY: Final = 0.01
"""Seconds by which a pause may be too short: timers of some languages round down."""


@cache
def client_requirements() -> Mapping[str, Requirement]:
    """Every requirement on a client that generates: first those that every run tests, then one for each scenario."""
    return requirements_of(client_scenarios())


def requirements_of(scenarios: Iterable[str]) -> Mapping[str, Requirement]:
    """The requirements that some scenarios test, by their ids: first those that every run tests.

    What a request looks like on the wire is a part of the scenario where it is not one for generate.
    """
    chosen = [every_scenario()[name] for name in scenarios]
    generates = any(scenario.operation == read_view().operation.method_name for scenario in chosen)
    general = (each for each in _general() if generates or not each.id.startswith("wire."))
    return by_id([*general, *(scenario.requirement for scenario in chosen)])


def _general() -> Iterator[Requirement]:
    where, view = pointers(), read_view()
    operation, header = view.operation, view.api_key_header
    title = f"Requests go to {operation.method} {operation.path}."
    yield Requirement(OPERATION, title, where.operation)
    yield Requirement(KEY, f"The key is in the header {header}, as it is.", f"{KEY_SCHEME}/name")
    yield Requirement(NO_AUTHORIZATION, "There is no Authorization header.", f"{KEY_SCHEME}/description")
    yield Requirement(KEY_ELSEWHERE, "The key is neither in the query nor in the body.", f"{KEY_SCHEME}/in")
    content = join_pointer(where.operation, "requestBody", "content")
    title = f"The body is {operation.media_type} that can be read, with each field once."
    yield Requirement(FORM, title, content)
    title = "The boundary of the form is a different one each time, so that no prompt can hold it."
    yield Requirement(BOUNDARY, title, where.form)
    for name, rule in view.fields.items():
        if rule.content_type:
            title = f"The part {name} is marked as {rule.content_type}."
            yield Requirement(f"wire.{name}.part-type", title, where.part_type(name))
    description = join_pointer(where.operation, "description")
    yield Requirement(PAID_ONCE, "One image is never paid for twice.", description)
    image = follow(join_pointer(follow(where.response_schema(200)), "properties", "data", "items"))
    url = join_pointer(image, "properties", "url")
    yield Requirement(IMAGE_BYTES, "The image is saved byte for byte.", url)
    yield Requirement(IMAGE_KEY, "The key is sent to no host but the service's.", join_pointer(url, "description"))
    yield Requirement(OUTPUT, "The program ends in time, and reports the outcome in its last line on stdout.", "#")
    title = (
        "The key is neither printed nor written into a file, even where a response sends it back in another spelling."
    )
    yield Requirement(KEY_SHOWN, title, f"{KEY_SCHEME}/in")


def body_of(request: ReceivedRequest) -> bytes:
    """The body without its transfer coding. The fault server read it whole, so its chunks are sound."""
    if "chunked" not in (request.header("Transfer-Encoding") or "").lower():
        return request.body
    body, rest = b"", request.body
    while True:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if not size:
            return body
        body, rest = body + rest[:size], rest[size + 2 :]


def boundary_of(request: ReceivedRequest) -> str | None:
    """The boundary of the form; None without one."""
    _, found, rest = (request.header("Content-Type") or "").partition("boundary=")
    return rest.split(";")[0].strip('" ') if found else None


def judge_run(scenario: Scenario, observed: Observed, run: ProgramRun, key: str, folder: Path) -> Iterator[Finding]:
    """What a run shows about the requirements. The program was given this key, and ran in this folder."""
    service = observed.service
    yield OUTPUT, run.problem
    yield KEY_SHOWN, f"the key is in {run.key_shown}" if run.key_shown else ""
    generates = scenario.operation == read_view().operation.method_name
    whole = [each for each in (service.posts if generates else service.requests) if each.whole_request_read]
    arrives = scenario.sends is not None
    wire = [finding for request in whole for finding in _judge_request(request, view_of(scenario), key)]
    for request in whole if generates else whole[:arrives]:
        wire += _judge_form(request, view_of(scenario))
    yield from wire if generates else ()
    if service.posts:
        twice = f"{service.may_have_run} requests that may have run, and been billed, were sent for one image"
        yield PAID_ONCE, twice if service.may_have_run > 1 else ""
    hosts = {"image host": observed.image_host, "host of a redirect": observed.other_host}
    if any(ledger.requests for ledger in hosts.values()):
        leaks = [name for name, ledger in hosts.items() if key.encode() in ledger.raw]
        yield IMAGE_KEY, f"the key was sent to the {' and the '.join(leaks)}" if leaks else ""
    if run.report is not None and run.report.outcome is ReportedOutcome.IMAGE:
        yield IMAGE_BYTES, _image_problem(run.report, observed.image, folder)
    problems = list(_problems(scenario, observed, run))
    if whole and arrives:
        problems += _arrival_problems(whole[0], scenario)
    problems += [problem for _, problem in wire if problem and not generates]
    yield scenario.id, "; ".join(problems)


def view_of(scenario: Scenario) -> ContractView:
    """The operation of a scenario; for a webhook, the one that gives the keys."""
    return key_view() if scenario.operation == VERIFY_WEBHOOK else find_view(scenario.operation)


def _judge_request(request: ReceivedRequest, view: ContractView, key: str) -> Iterator[Finding]:
    """What a request to the service shows: where it went, where the key is, and what its form is like."""
    path, _, query = request.target.partition("?")
    known = [view.operation, *([poll_view().operation] if makes_job(view.operation) else [])]
    places = {(each.method, re.sub(r"\{\w+\}", JOB_ID, each.path)): each for each in known}
    operation = places.get((request.method, path))
    wanted = " or ".join(map(" ".join, places))
    yield OPERATION, "" if operation else f"the request was {request.method} {path}, not {wanted}"
    value, expected = request.header(API_KEY_HEADER), key if (operation or view.operation).authenticated else None
    wrong = "missing" if value is None else "not the key" if expected else "where no key belongs"
    yield KEY, "" if value == expected else f"the header {API_KEY_HEADER} is {wrong} in {request.method} {path}"
    has_authorization = request.header("Authorization") is not None
    yield NO_AUTHORIZATION, "there is an Authorization header" if has_authorization else ""
    leaks = [place for place, text in (("query", query.encode()), ("body", request.body)) if key.encode() in text]
    yield KEY_ELSEWHERE, f"the key is in the {' and the '.join(leaks)}" if leaks else ""


def _judge_form(request: ReceivedRequest, view: ContractView) -> Iterator[Finding]:
    """What a form shows as a whole. A value that cannot be read is a finding of the scenario."""
    if not view.operation.media_type.startswith("multipart/"):
        return
    try:
        parts = parse_multipart(request.header("Content-Type"), body_of(request), view.operation.media_type)
    except RequestRefusedError as error:
        yield FORM, error.detail
        return
    names = [part.name for part in parts]
    rules = {name: view.fields.get(name) for name in names}
    twice = sorted(name for name, rule in rules.items() if names.count(name) > 1 and not (rule and rule.item))
    yield FORM, f"{', '.join(twice)} came more than once" if twice else ""
    for part in parts:
        rule = rules[part.name]
        if rule is None or rule.takes_files:
            continue
        if rule.content_type and not rule.content_type.startswith("text/"):  # text need not say so
            wrong = f"the part {part.name} is {part.content_type or 'not marked'}, not {rule.content_type}"
            yield f"wire.{part.name}.part-type", "" if part.content_type == rule.content_type else wrong


def _image_problem(report: ClientReport, image: bytes, folder: Path) -> str:
    if report.image is None:
        return "the outcome is image, and no path was printed"
    try:
        saved = (folder / report.image).read_bytes()
    except (OSError, ValueError) as error:
        return f"the image cannot be read at {report.image!r}: {getattr(error, 'strerror', None) or error}"
    return "" if saved == image else f"the saved image has {len(saved)} bytes, not the {len(image)} that were sent"


def _problems(scenario: Scenario, observed: Observed, run: ProgramRun) -> Iterator[str]:
    """What is wrong with what the scenario itself tests."""
    posts, limit = observed.service.posts, scenario.most_posts
    if not posts and not observed.service.polls and limit != 0:
        yield "no request arrived"
    if limit is not None and len(posts) > limit:
        count = f"{len(posts)} request{'s were' if len(posts) > 1 else ' was'}"
        yield f"{count} sent, and {f'at most {limit}' if limit else 'none'} may be"
    if any(ANOTHER_CALLER in request.target for request in observed.image_host.gets):
        yield "the image of another caller was fetched"
    if any("&other" in request.target for request in observed.image_host.gets):
        yield "the image of another job was fetched"
    if observed.other_host.posts:
        yield "the request was sent to the host of a redirect"
    if scenario.pause is not None and len(observed.arrived) > 1:
        pause = observed.arrived[1] - observed.arrived[0]
        if pause < scenario.pause - _EARLY:
            yield f"the request was sent again after {pause:.2f} s, not after {scenario.pause:g} s"
    yield from _report_problems(scenario, run)


def _report_problems(scenario: Scenario, run: ProgramRun) -> Iterator[str]:
    if run.report is None:
        yield run.problem
    elif not any(_matches(run.report, ending) for ending in scenario.endings):
        expected = " or ".join(_describe(ending) for ending in scenario.endings)
        yield f"the program reported {_describe(run.report)}, not {expected}"
    elif scenario.answer is not None and run.report.outcome is ReportedOutcome.ANSWER:
        for name, value in scenario.answer.items():
            given = run.report.answer.get(name) if is_object(run.report.answer) else None
            # The order of keys is the client's: its own order is right for what is sent.
            if json.dumps(given, sort_keys=True) != json.dumps(value, sort_keys=True):
                yield f"{name} of the answer was reported as {str(given)[:80]}, not {str(value)[:80]}"


def _matches(report: ClientReport, ending: ExpectedOutcome) -> bool:
    return report.outcome is ending.outcome and ending.status in {None, report.status}


def _describe(report: ClientReport | ExpectedOutcome) -> str:
    return report.outcome.value if report.status is None else f"{report.outcome.value} with status {report.status}"


def _arrival_problems(request: ReceivedRequest, scenario: Scenario) -> Iterator[str]:
    """What is wrong with the fields of a request, which have to arrive as the program was given them."""
    read = _read(request, view_of(scenario))
    sent, refusal = dict(read.fields), read.refused.why if read.refused else ""
    if refusal and not sent:
        yield refusal
        return
    wrong = [*_differences(sent, scenario.sends or {}), *_file_problems(sent, scenario)]
    if more := sent.keys() - (scenario.sends or {}).keys() - scenario.files.keys():
        wrong.append(f"{', '.join(sorted(more))} arrived unexpectedly")
    # What a server cannot read is wrong even if it looks right: an unknown charset. A duplicate is the form's problem.
    if refusal and not wrong and len(sent) == len(read.fields):
        wrong = [refusal]
    yield from wrong


def _read(request: ReceivedRequest, view: ContractView) -> ReadRequest:
    """Read a request as the mock server does."""
    path, _, query = request.target.partition("?")
    values, pairs = path_parameters(view.operation, path), parse_qsl(query, keep_blank_values=True)
    return read_request(view, request.header("Content-Type"), body_of(request), path=values, query=pairs)


def _differences(sent: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    for name, value in expected.items():
        if name not in sent:
            if value is not None:
                yield f"{name} did not arrive"
        elif _sorted(sent[name]) == _sorted(value) and not is_same(sent[name], value):
            yield f"{name}: its keys came in another order"
        elif not is_same(sent[name], value) and not is_same(sent[name], _as_form(value)):
            yield f"{name} is {shown(sent[name])}, not {shown(value)}"


def _file_problems(sent: Mapping[str, Any], scenario: Scenario) -> Iterator[str]:
    view = view_of(scenario)
    # Where the answer names the files that were sent, their names have to arrive too.
    named = any(name == "file_name" for name, _ in members_of(view, view.responses[200].schema))
    for name, data in scenario.files.items():
        found = sent.get(name)
        files = [file for file in (found if is_array(found) else [found]) if isinstance(file, UploadedFile)]
        if [file.content for file in files] != (data if is_array(data) else [data]):
            yield f"the file {name} did not arrive byte for byte"
        elif named and [file.name for file in files] != file_names(name, data):
            yield f"the files of {name} arrived as {', '.join(file.name for file in files)}"


def _as_form(value: Any) -> Any:
    """A text with CRLF for each line end, as HTML forms write it, FormData in browsers and elsewhere too."""
    return _LINE_ENDS.sub("\r\n", value) if isinstance(value, str) else value


def advice_about(scenario: Scenario, observed: Observed) -> str:
    """What is worth a look in a run without a failure; empty when nothing is."""
    posts = [request for request in observed.service.posts if request.whole_request_read]
    sent = dict(_read(posts[0], view_of(scenario)).fields) if posts else {}
    changed = [
        name
        for name, value in (scenario.sends or {}).items()
        if name in sent and sent[name] == _as_form(value) != value
    ]
    if not changed:
        return ""
    return (
        f"the line ends in {', '.join(changed)} arrived as CRLF: HTML forms write them so, for example FormData in a "
        "browser, and the prompt is not quite the one that was given"
    )


def _sorted(value: Any) -> str:
    if is_object(value):
        return json_text([[key, _sorted(value[key])] for key in sorted(value)])
    return json_text([_sorted(inner) for inner in value]) if is_array(value) else json_text(value)
