"""Servers that break the contract in one way each, and the requirement that has to notice."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from altered_contract import schemas
from altered_server import FIELDS, Asked, Told, by_contract, refused, rewriting
from starlette.types import ASGIApp

from ideogram_ai.contract.view import read_view

KEY = "api-key"
PLAIN = ("text_prompt", "A photo of a cat")


@dataclass(frozen=True)
class BrokenServer:
    """A server with a fault.

    Attributes:
        make: Makes its application.
        caught_by: The requirement that the fault breaks.
        also: Requirements that it cannot but break too.
    """

    make: Callable[[], ASGIApp]
    caught_by: str
    also: frozenset[str] = frozenset()


# What schemathesis makes meets many faults, too, and then so does what it says of their answers.
GENERATED = frozenset({"generated.valid-accepted", "generated.invalid-refused", "generated.answers"})
REFUSED = "request.refused."


def _asking(caught_by: str, change: Callable[[Asked], Asked | Told], *also: str) -> BrokenServer:
    return BrokenServer(lambda: rewriting(ask=change), caught_by, frozenset(also))


def _refusing(caught_by: str, text: str | Callable[[Asked], bool], *also: str) -> BrokenServer:
    """Refuses what has a text in its body, or what a condition tells."""

    def is_refused(asked: Asked) -> bool:
        return text.encode() in asked.body if isinstance(text, str) else text(asked)

    return _asking(caught_by, lambda asked: refused() if is_refused(asked) else asked, *also)


def _telling(caught_by: str, change: Callable[[Asked, Told], Told], *also: str) -> BrokenServer:
    return BrokenServer(lambda: rewriting(tell=change), caught_by, frozenset(also))


def _going_by(caught_by: str, change: Callable[[dict[str, Any]], object], *also: str) -> BrokenServer:
    return BrokenServer(lambda: by_contract(change), caught_by, frozenset(also))


def _without(schema: str, keyword: str) -> Callable[[dict[str, Any]], object]:
    return lambda document: schemas(document)[schema].pop(keyword)


def _open_items(schema: str, keyword: str) -> Callable[[dict[str, Any]], object]:
    return lambda document: schemas(document)[schema]["items"].pop(keyword)


def _any_prompt(document: dict[str, Any]) -> None:
    rule = schemas(document)["GenerateImageRequestV4"]
    rule["anyOf"] = rule.pop("oneOf")


def _own_prompt(asked: Asked) -> Asked:
    has_prompt = asked.has_part("text_prompt") or asked.has_part("json_prompt")
    return asked if has_prompt or not asked.boundary else asked.with_part(*PLAIN)


def _takes_key_of(name: str) -> Callable[[Asked], Asked]:
    """Takes the key from where it must not stand."""

    def change(asked: Asked) -> Asked:
        place = asked.query if name == "query" else asked.headers.get(name, "")
        return asked.with_header(KEY, "a-key") if KEY not in asked.headers and place else asked

    return change


def _when_blank(asked: Asked) -> Asked:
    return asked.with_header(KEY, "a-key") if KEY in asked.headers and not asked.headers[KEY] else asked


def _other_header(asked: Asked) -> Asked:
    headers = {name: value for name, value in asked.headers.items() if name != KEY}
    return replace(asked, headers=headers | ({KEY: headers["x-api-key"]} if "x-api-key" in headers else {}))


def _plain_form(asked: Asked) -> Asked:
    bare = replace(asked.with_header("content-type", "multipart/form-data; boundary=b"), body=b"--b--\r\n")
    return bare.with_part(*PLAIN)


def _is_late(asked: Asked) -> bool:
    """Whether the prompt is not the first field."""
    first = asked.body.split(b"\r\n\r\n")[0]
    return asked.has_part("text_prompt") and asked.has_part("resolution") and b'"text_prompt"' not in first


def _end_not_needed(asked: Asked) -> Asked:
    end = b"--" + asked.boundary + b"--"
    if not asked.boundary or asked.body.rstrip().endswith(end):
        return asked
    whole, _, _ = asked.body.rpartition(b"\r\n--" + asked.boundary[:5])
    return replace(asked, body=(whole or asked.body) + b"\r\n" + end + b"\r\n")


def _with_image(**members: Any) -> Callable[[Asked, Told], Told]:
    """Changes the first image of each 200; None takes a member away."""

    def change(_: Asked, told: Told) -> Told:
        if told.status != 200:
            return told
        body = told.json
        image = body["data"][0] | members
        body["data"][0] = {name: value for name, value in image.items() if members.get(name, "") is not None}
        return told.with_json(body)

    return change


def _when(status: int, change: Callable[[Told], Told]) -> Callable[[Asked, Told], Told]:
    return lambda _, told: change(told) if told.status == status else told


def _body(value: Any) -> Callable[[Told], Told]:
    return lambda told: told.with_json(value)


def _status(status: int) -> Callable[[Told], Told]:
    return lambda told: replace(told, status=status)


def _headers(**headers: str) -> Callable[[Told], Told]:
    return lambda told: replace(told, headers=told.headers | {n.replace("_", "-"): v for n, v in headers.items()})


def _also_told(**members: Any) -> Callable[[Told], Told]:
    return lambda told: told.with_json(told.json | members)


def _fails_on_bad_json(asked: Asked, told: Told) -> Told:
    part = re.search(rb'name="json_prompt"[^\0]*?\r\n\r\n(.*?)\r\n--', asked.body, re.DOTALL)
    try:
        json.loads(part[1] if part else b"{}")
    except ValueError:
        return replace(told, status=500)
    return told


def _too_many_of_bad_sizes(_: Asked, told: Told) -> Told:
    if told.status != 400 or not told.json["detail"].startswith("resolution: "):
        return told
    return replace(told, status=429).with_json({"error": "Too many requests", "reject_reason": "inflight_limit"})


def _names_nothing(told: Told) -> Told:
    return told.with_json({"type": "about:blank", "title": "Bad Request", "detail": "Invalid.", "status": 400})


def _every_400_is_422(told: Told) -> Told:
    return replace(told, status=422, body=json.dumps({"error": FIELDS}).encode())


BBOX = "V4PromptBbox"
TEXT_FIELDS = [name for name, rule in read_view().fields.items() if not rule.content_type]

BROKEN_SERVERS = {
    "a missing key is forbidden": _telling(
        "auth.key-missing", _when(401, _status(403)), "auth.key-blank", "auth.key-in-query", "auth.key-as-bearer"
    ),
    "a key in the query is taken": _asking("auth.key-in-query", _takes_key_of("query")),
    "a bearer token is taken": _asking("auth.key-as-bearer", _takes_key_of("authorization")),
    "a blank key is taken": _asking("auth.key-blank", _when_blank),
    "the key is read from another header": _asking("auth.key-accepted", _other_header),
    "no prompt is needed": _asking("request.prompt-rule.neither-refused", _own_prompt),
    "both prompts are taken": _going_by("request.prompt-rule.both-refused", _any_prompt),
    "any speed is taken": _going_by(f"{REFUSED}RenderingSpeedV4.enum", _without("RenderingSpeedV4", "enum")),
    "FLASH is taken": _going_by(
        f"{REFUSED}RenderingSpeedV4.x-unavailable-values.0", _without("RenderingSpeedV4", "x-unavailable-values")
    ),
    "a size is not known": _going_by(
        "request.resolution.accepted", lambda document: schemas(document)["ResolutionV4"]["enum"].pop()
    ),
    "any text is a boolean": _going_by(
        f"{REFUSED}GenerateImageRequestV4.enable_copyright_detection.type",
        lambda document: schemas(document)["GenerateImageRequestV4"]["properties"]["enable_copyright_detection"].update(
            type="string"
        ),
    ),
    "a boolean has a capital": _refusing(
        "request.enable_copyright_detection.accepted", '"enable_copyright_detection"\r\n\r\ntrue'
    ),
    "a box may have less than four numbers": _going_by(f"{REFUSED}{BBOX}.minItems", _without(BBOX, "minItems")),
    "a box may have more than four numbers": _going_by(f"{REFUSED}{BBOX}.maxItems", _without(BBOX, "maxItems")),
    "a box is in pixels": _going_by(f"{REFUSED}{BBOX}.items.maximum", _open_items(BBOX, "maximum")),
    "colours may have names": _going_by(
        f"{REFUSED}V4ColorPalette.items.pattern", _open_items("V4ColorPalette", "pattern")
    ),
    "a JSON prompt needs nothing": _going_by(f"{REFUSED}V4JsonPrompt.required", _without("V4JsonPrompt", "required")),
    "a bad size is one request too many": _telling(f"{REFUSED}ResolutionV4.enum", _too_many_of_bad_sizes),
    "bad JSON is a crash": _telling("request.json_prompt.malformed-refused", _fails_on_bad_json, "answer.statuses"),
    "JSON parts are refused": _refusing(
        "request.json_prompt.accepted",
        'name="json_prompt"\r\nContent-Type: application/json',
        "request.json_prompt.part-type",
        "request.examples",
    ),
    "typed text parts are refused": _refusing(
        "request.text_prompt.part-type",
        "Content-Type: text/plain",
        *(f"request.{name}.part-type" for name in TEXT_FIELDS),
    ),
    "urlencoded forms are taken": _asking(
        "request.media-type",
        lambda asked: _plain_form(asked) if "urlencoded" in asked.headers.get("content-type", "") else asked,
    ),
    "no body is needed": _asking("request.body-required", lambda asked: asked if asked.body else _plain_form(asked)),
    "a form needs no end": _asking("request.malformed-form", _end_not_needed),
    "boundaries may not be quoted": _refusing(
        "request.boundary", lambda asked: '"' in asked.headers.get("content-type", "")
    ),
    "the prompt has to come first": _refusing("request.field-order", _is_late),
    "a text may not look like a boundary": _refusing("request.any-text", "--+++"),
    "refusals are 422": _telling("answer.refusal-status", _when(400, _every_400_is_422)),
    "a status is made up": _telling("answer.statuses", _when(415, _status(418)), "answer.refusal-status"),
    "an answer is text": _telling("answer.200.content-type", _when(200, _headers(content_type="text/plain"))),
    "the seed is missing": _telling("answer.200.data.seed", _with_image(seed=None)),
    "the size is no size": _telling("answer.200.data.resolution", _with_image(resolution="2048 x 2048")),
    "the time is a number": _telling("answer.200.created", _when(200, _also_told(created=1743867804))),
    "there is no image": _telling("answer.200.link-present", _when(200, _also_told(data=[]))),
    "the link is missing": _telling("answer.200.link-present", _with_image(url="")),
    "the link needs the key": BrokenServer(lambda: rewriting(images=False), "answer.200.link-opens"),
    "422 has another type": _telling("answer.422.error", _when(422, _body({"error": 5}))),
    "422 is a list": _telling("answer.422.body", _when(422, _body(["unsafe"]))),
    "400 has another form": _telling("answer.400.body", _when(400, _body({"message": FIELDS}))),
    "401 is a page": _telling("answer.401.content-type", _when(401, _headers(content_type="text/html"))),
    "400 names no field": _telling("answer.refusal-names-field", _when(400, _names_nothing)),
    "waiting is a word": _telling("answer.429.retry-after", _when(429, _headers(retry_after="soon"))),
    "an answer has more members": _telling("answer.undocumented-members", _when(200, _also_told(request_id="x"))),
}
"""By what is wrong with them."""
