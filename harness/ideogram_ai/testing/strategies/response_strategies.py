"""Responses that the contract documents, and responses that it does not document or that break it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve
from hypothesis import strategies as st

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.view import link_example, read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from ..mock_responses import WITHOUT_BODY, Answer
from .schema_values import (
    JsonObject,
    SchemaValues,
    choice_of,
    composed,
    json_values,
    keywords_of,
    known_branches,
    merge,
    named,
    objects,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

    from .mutations import Path

_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html; charset=UTF-8"}
_FAR_AHEAD: Final = (4_102_444_800, 2**33)  # unix seconds from 2100 on: links that have not expired
_LONGEST_WAIT: Final = 3600
_STATUSES: Final = (200, 599)
_COMMON_STATUSES: Final = (201, 302, 307, 408, 500, 502, 504, 520, 529)
_DEEP: Final = 100_000
_CHANGES: Final = ("is another value", "is missing", "unknown member", "unknown value")


def answers(status: int | None = None, *, operation: Operation = POST_GENERATE_IMAGE_V4) -> SearchStrategy[Answer]:
    """Responses that the contract documents, with known fields and known values only.

    A 200 of an operation that makes images has one or more, each with a link that has not expired, or withheld in one
    of the known ways. A job is pending, completed, or failed; its id is that of the contract's example.

    Args:
        status: A status of the contract; None for any of them.
        operation: The operation that they respond to.

    Raises:
        ValueError: The contract has no such status.
    """
    view = read_view(operation.operation_id)
    if status is None:
        return named("answers", st.one_of([_answers(view, each) for each in view.responses]))
    if status not in view.responses:
        documented = ", ".join(str(each) for each in view.responses)
        raise ValueError(f"{status} is not documented; the contract has {documented}.")
    return named("answers", _answers(view, status))


def _answers(view: ContractView, status: int) -> SearchStrategy[Answer]:
    rule = view.responses[status]
    if rule.text is not None:
        return _text_answers(status, *rule.text)
    # Examples are not enough of a success: their links have expired, and what words alone say is not in a schema.
    makes: Mapping[str, Callable[[ContractView, int], SearchStrategy[Any]]] = {"images": _successes, "job": _jobs}
    succeeds = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    bodies = makes.get(view.operation.result if succeeds else "", _bodies)(view, status)

    def write(body: Any, escape: bool, headers: dict[str, str]) -> Answer:
        if status in WITHOUT_BODY:
            return Answer(status, b"", "documented", headers)
        return Answer(status, json.dumps(body, ensure_ascii=escape).encode(), "documented", _JSON | headers)

    return st.builds(write, bodies, st.booleans(), _headers(rule.headers))


def _text_answers(status: int, media_type: str, example: str) -> SearchStrategy[Answer]:
    head = {"Content-Type": f"{media_type}; charset=utf-8"}
    return (texts() | st.just(example)).map(lambda text: Answer(status, text.encode(), "documented", head))


def _bodies(view: ContractView, status: int) -> SearchStrategy[Any]:
    """The contract's examples, and bodies of the shapes that it describes; any JSON if it describes nothing."""
    rule = view.responses[status]
    schema = view.resolve(rule.schema)
    shapes = [view.resolve(branch) for branch in schema.get("anyOf", [schema])]
    values = SchemaValues(view)
    described = [values.of(shape) for shape in shapes if keywords_of(shape)]
    shown = [st.sampled_from(rule.examples)] if rule.examples else []
    return st.one_of([*shown, *described] or [json_values()])


def _headers(examples: Mapping[str, str]) -> SearchStrategy[dict[str, str]]:
    dates = _dates().map(lambda date: format_datetime(date.replace(tzinfo=UTC), usegmt=True))
    waits = st.integers(0, _LONGEST_WAIT).map(str) | dates  # both forms of RFC 9110
    made = {name: waits if name == "Retry-After" else st.just(example) for name, example in examples.items()}
    return st.fixed_dictionaries({}, optional=made)


def _dates() -> SearchStrategy[datetime]:
    return st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - hypothesis wants them naive


def _successes(view: ContractView, status: int) -> SearchStrategy[JsonObject]:
    """Bodies with images, also with what the contract says only in words: real dates, and no link without an image."""
    schema = view.resolve(view.responses[status].schema)
    values = SchemaValues(view)
    members = {name: values.of(part) for name, part in schema["properties"].items()}
    members |= {"created": _moments(), "data": _images(view, schema)}
    return objects(members, required=[*schema["required"], "data"]).filter(view.response_validator(status).is_valid)


def _jobs(view: ContractView, status: int) -> SearchStrategy[JsonObject]:
    """What is said of a job: its id alone when it was submitted; later the images, or why there are none."""
    schema = view.resolve(view.responses[status].schema)
    properties: JsonObject = schema["properties"]
    if "status" not in properties:
        return _bodies(view, status)
    values = SchemaValues(view)
    always: dict[str, SearchStrategy[Any]] = {
        "generation_id": values.of(properties["generation_id"]),
        "created": _moments(),
        "notice": values.of(properties.get("notice", {})),
    }
    ends: dict[str, dict[str, SearchStrategy[Any]]] = {
        "pending": {},
        "completed": {
            "data": _images(view, schema),
            **{name: values.of(properties[name]) for name in ("response_type", "usage_cost_usd_micros")},
        },
        "failed": {"failure_reason": values.of(properties["failure_reason"])},
    }
    made = [
        objects(
            always | {"status": st.just(state)} | members,
            required=[*schema["required"], *(["data"] if members else [])],
        )
        for state, members in ends.items()
    ]
    return st.one_of(made).filter(view.response_validator(status).is_valid)


def _images(view: ContractView, schema: JsonObject) -> SearchStrategy[list[JsonObject]]:
    """The entries of `data`, all of them images."""
    entry = view.resolve(schema["properties"]["data"]["items"])
    image = composed(view, known_branches(view, entry)[0] if choice_of(entry) else entry)
    values = SchemaValues(view)
    safety = st.sampled_from([{"is_image_safe": False} | url for url in ({}, {"url": None}, {"url": ""})])
    rest = {name: values.of(part) for name, part in image["properties"].items() if name not in {"is_image_safe", "url"}}
    images = st.builds(merge, objects(rest, required=image["required"]), _links(view) | safety)
    return st.lists(images, min_size=1, max_size=3)


def _links(view: ContractView) -> SearchStrategy[JsonObject]:
    """Links like the one in the contract's example."""
    base = link_example(view).rpartition("/")[0] + "/"
    names = st.binary(min_size=11, max_size=11).map(bytes.hex)
    signatures = st.binary(min_size=32, max_size=32).map(bytes.hex)

    def build(name: str, expires: int, signature: str) -> JsonObject:
        return {"is_image_safe": True, "url": f"{base}{name}{view.link_suffix}?exp={expires}&sig={signature}"}

    return st.builds(build, names, st.integers(*_FAR_AHEAD), signatures)


def _moments() -> SearchStrategy[str]:
    """Dates with a time, in every form that the contract allows."""

    def offset(minutes: int, colon: str) -> str:
        hours, rest = divmod(abs(minutes), 60)
        return f"{'-' if minutes < 0 else '+'}{hours:02}{colon}{rest:02}"

    forms = [f"%Y-%m-%d{separator}%H:%M:%S" for separator in "Tt "]
    fractions = st.just("") | st.integers(0, 999_999).map(".{:06}".format) | st.integers(0, 9).map(".{}".format)
    offsets = st.builds(offset, st.integers(-14 * 60, 14 * 60), st.sampled_from(["", ":"]))
    zones = st.sampled_from(["", "Z", "z"]) | offsets
    text = st.builds(datetime.strftime, _dates(), st.sampled_from(forms))
    return st.tuples(text, fractions, zones).map("".join)


def unusual_answers(*, operation: Operation = POST_GENERATE_IMAGE_V4) -> SearchStrategy[Answer]:
    """Responses that a client has to survive: `why` says what is unusual about each.

    An undocumented status, a page of HTML, no body, a body cut off, a member of another type or missing, unknown
    members and values, JSON of another shape, and bytes that are not text. Of a job also an unknown status, results of
    an unknown kind, and another job's id.

    Args:
        operation: The operation that they respond to.
    """
    view = read_view(operation.operation_id)
    documented = answers(operation=operation)
    in_json = [_answers(view, status) for status, rule in view.responses.items() if rule.text is None]
    statuses = st.sampled_from(list(view.responses))
    common = st.sampled_from([*view.observed, *_COMMON_STATUSES])
    others = (common | st.integers(*_STATUSES)).filter(lambda status: status not in view.responses)

    made = st.one_of(
        st.builds(_with_status, documented, others),
        st.integers(*_STATUSES).map(_page),
        statuses.map(lambda status: Answer(status, b"", "no body", {})),
        st.builds(_cut, documented, st.floats(0, 1, exclude_max=True)),
        *(_changed(st.one_of(in_json), change) for change in _CHANGES if in_json),
        st.builds(Answer, statuses, json_values().map(_dump), st.just("JSON of another shape"), st.just(_JSON)),
        st.builds(Answer, statuses, _not_text(), st.just("not text"), st.just(_JSON)),
        *_unusual_jobs(view),
    )
    return named("unusual_answers", made)


def _unusual_jobs(view: ContractView) -> list[SearchStrategy[Answer]]:
    """What a client may not take for granted about a job that can be asked for; nothing for other operations."""
    if view.operation.result != "job" or "status" not in view.resolve(view.responses[200].schema)["properties"]:
        return []

    completed = _answers(view, 200).filter(lambda answer: "data" in json.loads(answer.body))

    def change(why: str, amend: Callable[[JsonObject, str], JsonObject]) -> SearchStrategy[Answer]:
        def build(answer: Answer, text: str) -> Answer:
            return evolve(answer, body=_dump(amend(json.loads(answer.body), text)), why=why)

        return st.builds(build, completed, texts(min_size=1))

    return [
        change("unknown status", lambda job, text: job | {"status": text}),
        change("another id", lambda job, text: job | {"generation_id": f"another-{text}"}),
        change(
            "unknown kind",
            lambda job, text: job | {"data": [entry | {"object_type": text} for entry in job["data"]]},
        ),
    ]


def _with_status(answer: Answer, status: int) -> Answer:
    return evolve(answer, status=status, why="undocumented status")


def _page(status: int) -> Answer:
    """A page of a proxy or CDN in front of the service."""
    page = f"<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>Please wait</h1></body></html>\n"
    return Answer(status, page.encode(), "a page of HTML", _HTML)


def _cut(answer: Answer, share: float) -> Answer:
    return evolve(answer, body=answer.body[: int(len(answer.body) * share)], why="a body cut off")


@st.composite
def _changed(draw: DrawFn, documented: SearchStrategy[Answer], change: str) -> Answer:
    """A documented response that is changed in one place."""
    answer = draw(documented.filter(lambda answer: bool(_places_for(change, answer.body))))
    body, path = json.loads(answer.body), draw(st.sampled_from(_places_for(change, answer.body)))
    match change:
        case "is another value":
            body, why = _put(body, path, draw(json_values())), f"{_words(path)} is another value"
        case "is missing":
            del _at(body, path[:-1])[path[-1]]
            why = f"{_words(path)} is missing"
        case "unknown member":
            members: JsonObject = _at(body, path)
            members[draw(texts().filter(lambda name: name not in members))] = draw(json_values())
            why = f"unknown member in {_words(path)}"
        case _:
            body, why = _put(body, path, draw(texts())), f"unknown value of {_words(path)}"
    return evolve(answer, body=_dump(body), why=why)


def _places_for(change: str, body: bytes) -> list[Path]:
    """The places of a body where a change can be made."""
    places = dict(_places(json.loads(body))) if body else {}
    match change:
        case "is another value":
            return list(places)
        case "is missing":
            return [path for path in places if path]
        case "unknown member":
            return [path for path, value in places.items() if is_object(value)]
        case _:
            known = [path for path, value in places.items() if isinstance(value, str)]
            return known or [("error",) for path, value in places.items() if not path and is_object(value)]


def _not_text() -> SearchStrategy[bytes]:
    marked = ['{"data": []}'.encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-32")]
    nested = st.sampled_from([b"[", b'{"data":']).map(lambda opening: opening * _DEEP)
    return st.binary(min_size=1) | st.sampled_from(marked) | nested


def _places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in a JSON document with its path, the document first."""
    yield path, value
    parts = value.items() if is_object(value) else enumerate(value) if is_array(value) else ()
    for step, part in parts:
        yield from _places(part, (*path, step))


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(document: Any, path: Path, value: Any) -> Any:
    """The document with another value at a path."""
    if not path:
        return value
    _at(document, path[:-1])[path[-1]] = value
    return document


def _words(path: Path) -> str:
    return "/".join(str(step) for step in path) or "the body"


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
