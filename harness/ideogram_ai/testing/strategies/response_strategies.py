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
from ideogram_ai.contract.view import find_view, link_example
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
    put_at,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hypothesis.strategies import DrawFn, SearchStrategy

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

    from .schema_values import Path

_JSON: Final = {"Content-Type": "application/json"}
_HTML: Final = {"Content-Type": "text/html; charset=UTF-8"}
_FAR_AHEAD: Final = (4_102_444_800, 2**33)  # unix seconds from 2100 on: links that have not expired
_LONGEST_WAIT: Final = 3600
_STATUSES: Final = (200, 599)
_COMMON_STATUSES: Final = (201, 302, 307, 408, 500, 502, 504, 520, 529)
_DEEP: Final = 100_000
_ZONES: Final = ("", "Z", "z", "+00:00", "-0530", "+1400", "-12:45")


def answers(
    status: int | None = None, *, operation: str | Operation = POST_GENERATE_IMAGE_V4
) -> SearchStrategy[Answer]:
    """Responses that the contract documents, with known fields and known values only.

    A 200 of an operation that makes images has one or more, each with a link that has not expired, or withheld in one
    of the known ways. A job is pending, completed, or failed; its id is that of the contract's example.

    Args:
        status: A status of the contract; None for any of them.
        operation: The operation that they respond to.

    Raises:
        ValueError: The contract has no such status.
    """
    view = find_view(operation)
    if status is None:
        return named("answers", st.one_of([_answers(view, each) for each in view.responses]))
    if status not in view.responses:
        documented = ", ".join(str(each) for each in view.responses)
        raise ValueError(f"{status} is not documented; the contract has {documented}.")
    return named("answers", _answers(view, status))


def _answers(view: ContractView, status: int) -> SearchStrategy[Answer]:
    rule = view.responses[status]
    if rule.text is not None:
        media_type, example = rule.text
        head = {"Content-Type": f"{media_type}; charset=utf-8"}
        return (texts() | st.just(example)).map(lambda text: Answer(status, text.encode(), "documented", head))
    # Examples are not enough of a success: their links have expired, and what words alone say is not in a schema.
    makes: Mapping[str, Callable[[ContractView, int], SearchStrategy[Any]]] = {"images": _successes, "job": _jobs}
    succeeds = HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES
    bodies = makes.get(view.operation.result if succeeds else "", _bodies)(view, status)

    def write(body: Any, escape: bool, headers: dict[str, str]) -> Answer:
        if status in WITHOUT_BODY:
            return Answer(status, b"", "documented", headers)
        return Answer(status, json.dumps(body, ensure_ascii=escape).encode(), "documented", _JSON | headers)

    return st.builds(write, bodies, st.booleans(), _headers(rule.headers))


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
    """Headers of the contract, all of which may be missing; Retry-After in both forms of RFC 9110."""
    dates = _dates().map(lambda date: format_datetime(date.replace(tzinfo=UTC), usegmt=True))
    waits = st.integers(0, _LONGEST_WAIT).map(str) | dates
    made = {name: waits if name == "Retry-After" else st.just(example) for name, example in examples.items()}
    return st.fixed_dictionaries({}, optional=made)


def _successes(view: ContractView, status: int) -> SearchStrategy[JsonObject]:
    """Bodies with images, also with what the contract says only in words: real dates, and no link without an image."""
    schema = view.resolve(view.responses[status].schema)
    members = SchemaValues(view).members(schema) | {"created": _moments(), "data": _images(view, schema)}
    return objects(members, required=[*schema["required"], "data"]).filter(view.response_validator(status).is_valid)


def _jobs(view: ContractView, status: int) -> SearchStrategy[JsonObject]:
    """What is said of a job: its id alone when it was submitted; later the images, or why there are none."""
    schema = view.resolve(view.responses[status].schema)
    properties: JsonObject = schema["properties"]
    if "status" not in properties:
        return _bodies(view, status)
    members = SchemaValues(view).members({"properties": {"notice": {}} | properties})
    members |= {"created": _moments(), "data": _images(view, schema)}
    ends = {
        "pending": (),
        "completed": ("data", "response_type", "usage_cost_usd_micros"),
        "failed": ("failure_reason",),
    }
    made = [
        objects(
            {name: members[name] for name in ("generation_id", "created", "notice", *own)} | {"status": st.just(state)},
            required=[*schema["required"], *(["data"] if "data" in own else [])],
        )
        for state, own in ends.items()
    ]
    return st.one_of(made).filter(view.response_validator(status).is_valid)


def _images(view: ContractView, schema: JsonObject) -> SearchStrategy[list[JsonObject]]:
    """The entries of `data`, all of them images: with links like that of the contract's example, or withheld."""
    entry = view.resolve(schema["properties"]["data"]["items"])
    image = composed(view, known_branches(view, entry)[0] if choice_of(entry) else entry)
    rest = SchemaValues(view).members(image)
    folder = link_example(view).rpartition("/")[0]
    name, signature = (st.binary(min_size=size, max_size=size).map(bytes.hex) for size in (11, 32))
    form = f"{folder}/{{}}{view.link_suffix}?exp={{}}&sig={{}}".format
    links = st.builds(form, name, st.integers(*_FAR_AHEAD), signature)
    withheld = st.sampled_from([{"is_image_safe": False} | url for url in ({}, {"url": None}, {"url": ""})])
    shown = links.map(lambda link: {"is_image_safe": True, "url": link}) | withheld
    own = {name: values for name, values in rest.items() if name not in {"is_image_safe", "url"}}
    return st.lists(st.builds(merge, objects(own, required=image["required"]), shown), min_size=1, max_size=3)


def _moments() -> SearchStrategy[str]:
    """Dates with a time, in every form that the contract allows."""
    fractions = st.just("") | st.integers(0, 999_999).map(".{:06}".format) | st.integers(0, 9).map(".{}".format)
    form = "{0:%Y-%m-%d}{1}{0:%H:%M:%S}{2}{3}".format
    return st.builds(form, _dates(), st.sampled_from("Tt "), fractions, st.sampled_from(_ZONES))


def _dates() -> SearchStrategy[datetime]:
    return st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - hypothesis wants them naive


def unusual_answers(*, operation: str | Operation = POST_GENERATE_IMAGE_V4) -> SearchStrategy[Answer]:
    """Responses that a client has to survive: `why` says what is unusual about each.

    An undocumented status, a page of HTML, no body, a body cut off, a member of another type or missing, unknown
    members and values, JSON of another shape, and bytes that are not text. Of a job also an unknown status, results of
    an unknown kind, and another job's id.

    Args:
        operation: The operation that they respond to.
    """
    view = find_view(operation)
    documented = answers(operation=operation)
    in_json = [_answers(view, status) for status, rule in view.responses.items() if rule.text is None]
    statuses = st.sampled_from(list(view.responses))
    common = st.sampled_from([*view.observed, *_COMMON_STATUSES])
    others = (common | st.integers(*_STATUSES)).filter(lambda status: status not in view.responses)
    shares = st.floats(0, 1, exclude_max=True)

    def with_status(answer: Answer, status: int) -> Answer:
        return evolve(answer, status=status, why="undocumented status")

    def cut(answer: Answer, share: float) -> Answer:
        return evolve(answer, body=answer.body[: int(len(answer.body) * share)], why="a body cut off")

    made = st.one_of(
        st.builds(with_status, documented, others),
        st.integers(*_STATUSES).map(_page),
        statuses.map(lambda status: Answer(status, b"", "no body", {})),
        st.builds(cut, documented, shares),
        *(_changed(st.one_of(in_json), why) for why in _CHANGES if in_json),
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
            job = json.loads(answer.body)
            return evolve(answer, body=_dump(job | amend(job, text)), why=why)

        return st.builds(build, completed, texts(min_size=1))

    return [
        change("unknown status", lambda _, text: {"status": text}),
        change("another id", lambda _, text: {"generation_id": f"another-{text}"}),
        change("unknown kind", lambda job, text: {"data": [entry | {"object_type": text} for entry in job["data"]]}),
    ]


def _page(status: int) -> Answer:
    """A page of a proxy or CDN in front of the service."""
    page = f"<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>Please wait</h1></body></html>\n"
    return Answer(status, page.encode(), "a page of HTML", _HTML)


_CHANGES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "{} is another value": lambda _: True,
    "{} is missing": lambda value: is_object(value) and bool(value),
    "unknown member in {}": is_object,
    "unknown value of {}": lambda value: isinstance(value, str),
}
"""The ways to change a documented response, and the values of its body in which each can be done."""


@st.composite
def _changed(draw: DrawFn, documented: SearchStrategy[Answer], why: str) -> Answer:
    """A documented response that is changed in one place."""

    def places(answer: Answer) -> list[tuple[Path, Any]]:
        return [place for place in _places(json.loads(answer.body or b"null")) if _CHANGES[why](place[1])]

    answer = draw(documented.filter(places))
    path, value = draw(st.sampled_from(places(answer)))
    where = path
    match why:
        case "{} is another value":
            changed = draw(json_values())
        case "{} is missing":
            where = (*path, draw(st.sampled_from(list(value))))
            changed = {name: member for name, member in value.items() if name != where[-1]}
        case "unknown member in {}":
            changed = value | {draw(texts().filter(lambda name: name not in value)): draw(json_values())}
        case _:
            changed = draw(texts())
    body = put_at(json.loads(answer.body or b"null"), path, changed)
    return evolve(answer, body=_dump(body), why=why.format("/".join(map(str, where)) or "the body"))


def _places(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value in a JSON document with its path, the document first."""
    yield path, value
    parts = value.items() if is_object(value) else enumerate(value) if is_array(value) else ()
    for step, part in parts:
        yield from _places(part, (*path, step))


def _not_text() -> SearchStrategy[bytes]:
    marked = ['{"data": []}'.encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-32")]
    nested = st.sampled_from([b"[", b'{"data":']).map(lambda opening: opening * _DEEP)
    return st.binary(min_size=1) | st.sampled_from(marked) | nested


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
