"""The scenarios of a client run: a request, what the servers respond, and what a good client then does. Plain data."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, frozen

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.view import ContractView, ResponseRule, example_of, read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from ..strategies import request_rules
from .client_requests import full_values, least_request, required_fields
from .kit import KEY_SCHEME, Requirement, by_id, example_requests, join_pointer, pointers, prompt_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_LINK: Final = "{{image_host}}/image.png?exp=4102444800&sig=conformance"
"""A link to the image in responses. The host is filled in when the server runs; it expires in the year 2100."""

OTHER_HOST: Final = "{{other_host}}/"
"""A host that is neither the service nor the image host."""

JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html; charset=UTF-8"}
_PAGE: Final = "<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"
_DEPRECATED: Final = {"Deprecation": "@1767225600", "Link": f'<{OTHER_HOST}>; rel="successor-version"'}
"""Headers of the provider's older operations."""

_UNDOCUMENTED: Final = (500, 520)
"""Statuses that the contract does not mention, so that nobody knows whether the request ran."""

_PAUSE: Final = 1
_TIME_LIMIT: Final = 1.0

_INJECTION: Final = '\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY'
"""Starts a field of its own in a form whose boundary is `+++`."""

_TEXTS: Final = {
    "injection": ("A prompt that looks like the next part of a form stays a prompt.", f"A cat{_INJECTION}"),
    "unicode": (
        "A prompt arrives in UTF-8: beyond the basic plane, right to left, combining.",
        (
            "\N{CAT FACE}\N{MATHEMATICAL BOLD CAPITAL A} \N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET} "
            "\N{ARABIC LETTER SEEN}\N{ARABIC FATHA} e\N{COMBINING ACUTE ACCENT} \N{LATIN SMALL LETTER E WITH ACUTE} "
            "\N{MAN}\N{ZERO WIDTH JOINER}\N{WOMAN} \N{CJK UNIFIED IDEOGRAPH-732B}"
        ),
    ),
    "line-ends": (
        "Line ends in a prompt are kept, or written as HTML forms write them.",
        "A cat\nand a dog\r\n\r\nand a tab\there",
    ),
    "quotes": (
        "Quotes, backslashes and percent signs in a prompt are kept.",
        r"""a "cat" \n \ 'dog' %22 %41 & $HOME""",
    ),
    "leading-at": ("A prompt that begins with @ is not a file name.", "@cat; type=text/html"),
    "leading-less-than": ("A prompt that begins with < is not a file name.", "<cat>"),
}


class ReportedOutcome(StrEnum):
    """What a program reports about a request."""

    IMAGE = "image"
    WITHHELD = "withheld"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    UNSUPPORTED = "unsupported"
    FAILED = "failed"
    ANSWER = "answer"


@frozen
class ScriptedResponse:
    """What a server does with one request.

    Attributes:
        status: Status of the response.
        body: A JSON value, or text, as the headers say; hosts in braces are filled in.
        headers: Headers beside Content-Length.
        image: Whether the body is the image, whatever `body` is.
        cut: Name of the fault of the fault server that ends the connection instead.
        fault: Name of the fault that the fault server shows instead: a response that is wrong in more than its content.
    """

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = Factory(dict[str, str])
    image: bool = False
    cut: str | None = None
    fault: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The response as a vector has it."""
        if self.cut is not None:
            return {"cut": self.cut}
        if self.fault is not None:
            return {"fault": self.fault}
        content: dict[str, Any] = {"image": True} if self.image else {"body": self.body}
        return {"status": self.status, "headers": dict(self.headers), **content}


IMAGE: Final = ScriptedResponse(image=True, headers={"Content-Type": "image/png"})


@frozen
class ExpectedOutcome:
    """An outcome that a program may report, and the status that it has to name; None where it need not name one."""

    outcome: ReportedOutcome
    status: int | None = None


_IMAGE_MADE: Final = ExpectedOutcome(ReportedOutcome.IMAGE, 200)
UNKNOWN: Final = ExpectedOutcome(ReportedOutcome.UNKNOWN)
REFUSED: Final = ExpectedOutcome(ReportedOutcome.REFUSED)
_REFUSED_429: Final = ExpectedOutcome(ReportedOutcome.REFUSED, 429)


@frozen
class Scenario:
    """One run of a program.

    Attributes:
        requirement: What it tests.
        request: The fields to send, null for one that is given and has no value.
        answers: What the service does with the requests in turn; the last repeats.
        endings: The outcomes that the program may report.
        sends: The fields that have to arrive, as JSON values; None where that is not tested.
        most_posts: The most requests that may be sent; 0 where the program itself has to refuse.
        pause: Seconds that have to lie between a response and the next request.
        time_limit: Seconds of the time limit that the program is given; None for the kit's own limit.
        image_host: What the image host does with the requests in turn; the last repeats.
        operation: What the program is to do: a method of the client, or verify_webhook.
        polls: What the service does with the GETs of jobs and keys in turn; the last repeats.
        files: The bytes of each field that is a file, or a list of files.
        answer: Members of the answer that the program has to report; None where it reports none.
    """

    requirement: Requirement
    request: Mapping[str, Any]
    answers: tuple[ScriptedResponse, ...]
    endings: tuple[ExpectedOutcome, ...]
    sends: Mapping[str, Any] | None = None
    most_posts: int | None = None
    pause: float | None = None
    time_limit: float | None = None
    image_host: tuple[ScriptedResponse, ...] = (IMAGE,)
    operation: str = POST_GENERATE_IMAGE_V4.method_name
    polls: tuple[ScriptedResponse, ...] = ()
    files: Mapping[str, Any] = Factory(dict[str, Any])
    answer: Mapping[str, Any] | None = None

    @property
    def id(self) -> str:
        """The scenario's name, which is its requirement's."""
        return self.requirement.id

    def as_vector(self) -> dict[str, Any]:
        """The scenario as a language-neutral JSON object."""
        endings = [
            {"outcome": ending.outcome.value} | ({} if ending.status is None else {"status": ending.status})
            for ending in self.endings
        ]
        optional = {
            "fields": self.sends,
            "most_posts": self.most_posts,
            "pause_seconds": self.pause,
            "answer": self.answer,
        }
        files = {
            name: [b64encode(each).decode() for each in data] if is_array(data) else b64encode(data).decode()
            for name, data in self.files.items()
        }
        return {
            "id": self.id,
            "title": self.requirement.title,
            "contract_pointer": self.requirement.pointer,
            **({"operation": self.operation} if self.operation != POST_GENERATE_IMAGE_V4.method_name else {}),
            "request": dict(self.request),
            **({"files_base64": files} if files else {}),
            **({} if self.time_limit is None else {"time_limit_seconds": self.time_limit}),
            "service": [response.as_json() for response in self.answers],
            **({"polls": [response.as_json() for response in self.polls]} if self.polls else {}),
            "image_host": [response.as_json() for response in self.image_host],
            "expect": {"endings": endings} | {name: value for name, value in optional.items() if value is not None},
        }


@cache
def client_scenarios() -> Mapping[str, Scenario]:
    """Every scenario by its id, in the order in which they are run."""
    every = [
        *_field_scenarios(),
        *_value_scenarios(),
        *_prompt_rule(),
        *_refusals(),
        *_successes(),
        *_retries(),
        *_redirects(),
        *_glued_responses(),
        *_drips(),
        *_echoes(),
    ]
    return dict(zip(by_id(scenario.requirement for scenario in every), every, strict=True))


def _scenario(
    name: str,
    title: str,
    pointer: str,
    answers: ScriptedResponse | tuple[ScriptedResponse, ...],
    *endings: ExpectedOutcome,
    **options: Any,
) -> Scenario:
    """A scenario with the least request."""
    every = answers if isinstance(answers, tuple) else (answers,)
    return Scenario(Requirement(name, title, pointer), least_request(), every, endings, **options)


def _arrives(name: str, title: str, pointer: str, request: Mapping[str, Any]) -> Scenario:
    """A scenario in which a valid request has to arrive as it was given."""
    return Scenario(
        Requirement(name, title, pointer), request, (_success(),), (_IMAGE_MADE,), sends=request, most_posts=1
    )


def example_body(view: ContractView, rule: ResponseRule) -> Any:
    """The contract's example of a response, or one that is made of its schema; None without either."""
    return rule.examples[0] if rule.examples else example_of(view, rule.schema) if rule.schema else None


def _success(changes: Mapping[str, Any] | None = None, **members: Any) -> ScriptedResponse:
    """The contract's example of a 200 with links to the image, these changes in each image, and these members."""
    examples = read_view().responses[200].examples
    example = next(example for example in examples if all(image.get("url") for image in example["data"]))
    data = [{**image, "url": IMAGE_LINK, **(changes or {})} for image in example["data"]]
    return ScriptedResponse(200, {**example, "data": data, **members}, JSON)


def _field_scenarios() -> Iterator[Scenario]:
    where, values, prompts = pointers(), full_values(), prompt_fields()
    for name, value in values.items():
        request = ({} if name in prompts else least_request()) | {name: value} | required_fields()
        yield _arrives(f"request.{name}", f"{name} arrives as it was given.", where.field(name), request)
    for prompt in prompts:
        others = {name: value for name, value in values.items() if name not in prompts}
        title = f"{prompt} and all other fields arrive together."
        at = join_pointer(where.request, "properties")
        yield _arrives(f"request.together.{prompt}", title, at, {prompt: values[prompt]} | others)
    for name, example in example_requests().items():
        at = join_pointer(where.form, "examples", name)
        title = f"The contract's example request {name} arrives."
        yield _arrives(f"request.example.{name}", title, at, example | required_fields() | example)
    for kind in ("boolean", "null"):
        for name in (name for name, rule in read_view().fields.items() if kind in rule.types):
            for value in (True, False) if kind == "boolean" else (None,):
                word = "null" if value is None else str(value).lower()
                title = f"{name} {'without a value is left out, or' if value is None else 'is'} written {word}."
                at = where.field_type(name)
                yield _arrives(f"request.{name}.{word}", title, at, {**least_request(), name: value})


def _value_scenarios() -> Iterator[Scenario]:
    field = next(iter(least_request()))
    for name, (title, text) in _TEXTS.items():
        at = pointers().field_type(field)
        yield _arrives(f"request.text.{name}", title, at, {**least_request(), field: text})
    for name in prompt_fields():
        value = full_values()[name]
        if not is_object(value):
            continue
        at = pointers().field(name)
        title = f"The key order of {name} is kept, at every depth."
        yield _arrives(f"request.{name}.key-order", title, at, {name: _reversed(value)} | required_fields())
        at = pointers().part_type(name).removesuffix("/contentType")
        title = f"{name} arrives in UTF-8 or escaped, and what looks like a form in it does no harm."
        first = next(key for key, inner in value.items() if isinstance(inner, str))
        special = {**value, first: f"{_TEXTS['unicode'][1]} {_INJECTION}"}
        yield _arrives(f"request.{name}.unicode", title, at, {name: special} | required_fields())


def _reversed(value: Any) -> Any:
    """The same value, the keys of every object in the opposite order."""
    if is_object(value):
        return {key: _reversed(inner) for key, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if is_array(value) else value


def _prompt_rule() -> Iterator[Scenario]:
    prompts, values = prompt_fields(), full_values()
    both = {name: values[name] for name in prompts} | required_fields()
    neither = {name: value for name, value in values.items() if name not in prompts}
    for word, request in (("both", both), ("neither", neither)):
        title = f"A request with {word} of {' and '.join(prompts)} is refused before it is sent."
        requirement = Requirement(f"request.prompt-rule.{word}", title, request_rules()[0])
        yield Scenario(requirement, request, (_success(),), (REFUSED,), most_posts=0)


def _refusals() -> Iterator[Scenario]:
    """Every status that is not a success: documented, observed, or not mentioned in the contract."""
    view = read_view()
    observed = join_pointer(pointers().operation, "x-observed-statuses")
    for status in sorted({*view.responses, *view.observed}):
        billed = view.operation.billed.get(status)
        if billed is True:
            continue
        rule = view.responses.get(status)
        at = pointers().response_schema(status) if rule else join_pointer(observed, list(view.observed).index(status))
        detail = view.observed.get(status, "")
        body: Any = {"type": "about:blank", "title": "Problem", "detail": detail, "status": status}
        body = (rule and example_body(view, rule)) or body
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            # A reason against which waiting does not help, so that a client reports it at once.
            hopeless = next(reason for reason, helps in view.operation.reject_reasons.items() if not helps)
            body = body | {"reject_reason": hopeless}
        outcome = ReportedOutcome.REFUSED if billed is False else ReportedOutcome.UNKNOWN
        ending = ExpectedOutcome(outcome, status)
        title = f"A {status} is reported as {outcome.value}, with its status."
        yield _scenario(f"answer.{status}", title, at, ScriptedResponse(status, body, JSON), ending)
        if status == HTTPStatus.FORBIDDEN:
            title = f"A {status} whose body is HTML is reported as refused, with its status."
            yield _scenario(f"answer.{status}.html", title, at, ScriptedResponse(status, _PAGE, _HTML), ending)
    for status in _UNDOCUMENTED:
        title = f"A {status}, which the contract does not mention, is reported as unknown, with its status."
        page, ending = ScriptedResponse(status, _PAGE, _HTML), ExpectedOutcome(ReportedOutcome.UNKNOWN, status)
        yield _scenario(f"answer.{status}", title, pointers().responses, page, ending)


def _successes() -> Iterator[Scenario]:
    """Unusual 200s, and images that were withheld."""
    at = pointers().response_schema(200)
    new_type = _success(response_type="link_of_a_kind_to_come")
    title = "Values that the contract does not list yet do not lose an image that was paid for."
    yield _scenario("answer.200.unknown-values", title, at, new_type, _IMAGE_MADE)
    odd = _success({"resolution": "12345x67", "future_member": {"deep": [None, 1.5]}}, future_member=True)
    title = "Members and sizes that the contract does not have do not lose an image that was paid for."
    yield _scenario("answer.200.unknown-members", title, at, odd, _IMAGE_MADE)
    title = "A response that announces a newer version loses no image, and the link to that version is not followed."
    old = ScriptedResponse(200, _success(notice="There is a newer version.").body, {**JSON, **_DEPRECATED})
    yield _scenario("answer.200.deprecated", title, at, old, _IMAGE_MADE)
    title = "A 200 that is not JSON is billed, and reported as unknown, not as refused."
    yield _scenario("answer.200.html", title, at, ScriptedResponse(200, _PAGE, _HTML), UNKNOWN)
    examples = read_view().responses[200].examples
    withheld = next(each for each in examples if not any(image["is_image_safe"] for image in each["data"]))
    urls: dict[str, dict[str, Any]] = {"null": {"url": None}, "empty": {"url": ""}, "absent": {}}
    for word, url in urls.items():
        # The url keeps its place among the members.
        data = [
            {key: url.get(key, value) for key, value in image.items() if key != "url" or url}
            for image in withheld["data"]
        ]
        title = f"An image that was withheld, its url {word}, is reported as withheld."
        response = ScriptedResponse(200, {**withheld, "data": data}, JSON)
        ending = ExpectedOutcome(ReportedOutcome.WITHHELD, 200)
        yield _scenario(f"answer.200.withheld.url-{word}", title, at, response, ending)


def _retries() -> Iterator[Scenario]:
    """A 429, after which a client may send the request again, and what may have run, after which it may not."""
    at = pointers().response(429, "headers", "Retry-After")
    busy = ScriptedResponse(429, read_view().responses[429].examples[0], {**JSON, "Retry-After": str(_PAUSE)})
    title = "A 429 is reported, or the request is sent again no sooner than Retry-After says."
    yield _scenario("retry.429", title, at, (busy, _success()), _IMAGE_MADE, _REFUSED_429, pause=_PAUSE)
    at = join_pointer(pointers().operation, "description")
    cuts = {
        "reset": ("reset_after_request", "the connection was reset"),
        "close": ("close_after_request", "the connection was closed"),
        "half-head": ("reset_in_headers", "the response broke off in its head"),
    }
    for word, (cut, event) in cuts.items():
        title = f"A request is not sent again after {event}: it may have run. It is reported as unknown."
        name = f"retry.never-after-{word}"
        yield _scenario(name, title, at, (ScriptedResponse(cut=cut), _success()), UNKNOWN, most_posts=1)
    failed, ending = ScriptedResponse(503, _PAGE, _HTML), ExpectedOutcome(ReportedOutcome.UNKNOWN, 503)
    title = "A request is not sent again after a 503: it may have run."
    yield _scenario("retry.never-after-503", title, at, (failed, _success()), ending, most_posts=1)


def _redirects() -> Iterator[Scenario]:
    elsewhere = {"Location": OTHER_HOST}
    for status in (302, 307):
        title = f"A {status} of the service carries the key to no other host."
        moved = ScriptedResponse(status, "", elsewhere)
        yield _scenario(f"redirect.{status}", title, f"{KEY_SCHEME}/in", moved, REFUSED, UNKNOWN, most_posts=1)
    title = "A redirect of the image host is followed without the key, or reported."
    image_host = (ScriptedResponse(302, "", {"Location": f"{OTHER_HOST}image.png"}),)
    at = pointers().response_schema(200)
    yield _scenario("redirect.image", title, at, _success(), _IMAGE_MADE, UNKNOWN, most_posts=1, image_host=image_host)
    title = "A 303 follows a request that was processed: it is reported as unknown, and the request is not sent again."
    at = join_pointer(pointers().operation, "description")
    yield _scenario(
        "redirect.303", title, at, (ScriptedResponse(303, "", elsewhere), _success()), UNKNOWN, most_posts=1
    )


def _glued_responses() -> Iterator[Scenario]:
    """Bytes behind a response, and a response that comes early."""
    at = pointers().response_schema(200)
    title = "More bytes behind a 200 lose no image, and nothing is sent again."
    yield _scenario("answer.200.glued", title, at, ScriptedResponse(fault="glued_429"), _IMAGE_MADE, most_posts=1)
    for status, what in ((200, "another caller's image"), (422, "a refusal")):
        title = f"When a request is sent again after a 429, {what} behind that 429 is not taken for its response."
        answers = (ScriptedResponse(fault=f"glued_{status}_behind_429"), _success())
        yield _scenario(
            f"retry.glued-{status}", title, pointers().response_schema(429), answers, _IMAGE_MADE, _REFUSED_429
        )
    title = (
        "A 200 that comes before the body was read loses no image, or is reported as unknown; nothing is sent again."
    )
    answers = (ScriptedResponse(fault="early_200_after_head"), _success())
    yield _scenario("answer.200.early", title, at, answers, _IMAGE_MADE, UNKNOWN, most_posts=1)


def _drips() -> Iterator[Scenario]:
    drips: tuple[tuple[str, str, str, tuple[ExpectedOutcome, ...]], ...] = (
        ("silence", "silence", "nothing at all", (UNKNOWN,)),
        ("header", "drip_header", "a header that never ends", (UNKNOWN,)),
        ("interim", "drip_hints", "interim responses that never end", (UNKNOWN,)),
        ("chunk-extension", "drip_chunk_extension", "the extension of a chunk that never ends", (UNKNOWN,)),
        ("trailer", "drip_trailers", "a trailer that never ends, behind a whole response", (_IMAGE_MADE, UNKNOWN)),
        ("gzip", "drip_gzip_blocks", "gzip that never ends and holds nothing", (UNKNOWN,)),
    )
    at = join_pointer(pointers().operation, "description")
    for word, fault, what, endings in drips:
        title = f"A client with a time limit ends, whatever drips in: here {what}."
        response = ScriptedResponse(fault=fault)
        yield _scenario(f"time.{word}", title, at, response, *endings, most_posts=1, time_limit=_TIME_LIMIT)


def _echoes() -> Iterator[Scenario]:
    """Responses that have the key in their text."""
    echoes = (
        (400, "echo_400_html_hex", "page has the key in entities of HTML is reported"),
        (401, "echo_401_json_one", "text has the key, escaped as JSON may, is reported"),
        (200, "echo_200_json_one", "text has the key, escaped as JSON may, loses no image"),
    )
    for status, fault, what in echoes:
        ending = _IMAGE_MADE if status == HTTPStatus.OK else ExpectedOutcome(ReportedOutcome.REFUSED, status)
        title = f"A {status} whose {what}, and the key is not shown."
        response = ScriptedResponse(fault=fault)
        yield _scenario(f"answer.{status}.key-echoed", title, f"{KEY_SCHEME}/in", response, ending, most_posts=1)
