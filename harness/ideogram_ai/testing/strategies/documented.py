"""Answers that the contract documents."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from ..mock_responses import Answer
from ..service import link_origin
from .json_values import json_values
from .schema_values import JsonObject, SchemaValues, follow, keywords_of, objects
from .shown import shown_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

JSON: Final = {"Content-Type": "application/json"}

_FAR_AHEAD: Final = (4_102_444_800, 2**33)  # unix seconds from 2100 on: links that have not expired
_LONGEST_WAIT: Final = 3600
_TIED: Final = frozenset({"is_image_safe", "url"})


def answers(status: int | None = None, *, operation: Operation = POST_GENERATE_IMAGE_V4) -> SearchStrategy[Answer]:
    """Answers that the contract documents, with known fields and known values only.

    A 200 has one image or more, each with a link that has not expired, or withheld in one of the ways that are known.
    The body that an observed answer may have instead, any other, is among the unusual answers.

    Args:
        status: A status of the contract; None for any of them.
        operation: The operation that they answer.

    Raises:
        ValueError: The contract has no such status.
    """
    view = read_view(operation.operation_id)
    if status is None:
        return shown_as("answers", st.one_of([_answers(view, each) for each in view.responses]))
    if status not in view.responses:
        documented = ", ".join(str(each) for each in view.responses)
        raise ValueError(f"{status} is not documented; the contract has {documented}.")
    return shown_as("answers", _answers(view, status))


def _answers(view: ContractView, status: int) -> SearchStrategy[Answer]:
    rule = view.responses[status]
    # The links of the contract's example of a 200 have expired long ago.
    of_images = status == 200 and view.operation.operation_id == POST_GENERATE_IMAGE_V4.operation_id
    bodies = _successes(view) if of_images else _bodies(view, status)

    def write(body: Any, escape: bool, headers: dict[str, str]) -> Answer:
        return Answer(status, json.dumps(body, ensure_ascii=escape).encode(), "documented", JSON | headers)

    return st.builds(write, bodies, st.booleans(), _headers(rule.headers))


def _bodies(view: ContractView, status: int) -> SearchStrategy[Any]:
    """The contract's examples, and bodies of the shapes that it describes; anything where it describes nothing."""
    rule = view.responses[status]
    schema, _ = follow(view, rule.schema)
    shapes = [follow(view, branch)[0] for branch in schema.get("anyOf", [schema])]
    values = SchemaValues(view)
    described = [values.of(shape) for shape in shapes if keywords_of(shape)]
    shown = [st.sampled_from(rule.examples)] if rule.examples else []
    return st.one_of([*shown, *described] or [json_values()])


def _headers(examples: Mapping[str, str]) -> SearchStrategy[dict[str, str]]:
    makers = {"Retry-After": _waits()}
    return st.fixed_dictionaries({}, optional={name: makers.get(name, st.just(examples[name])) for name in examples})


def _waits() -> SearchStrategy[str]:
    """Retry-After in both of its forms (RFC 9110)."""
    seconds = st.integers(0, _LONGEST_WAIT).map(str)
    dates = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - made aware in the next line
    return seconds | dates.map(lambda date: format_datetime(date.replace(tzinfo=UTC), usegmt=True))


def _successes(view: ContractView) -> SearchStrategy[JsonObject]:
    """Bodies of a 200, with what the contract says in words alone: real dates, and no link without an image."""
    schema, _ = follow(view, view.responses[200].schema)
    image, _ = follow(view, schema["properties"]["data"]["items"])
    values = SchemaValues(view)
    rest = {name: values.of(part) for name, part in image["properties"].items() if name not in _TIED}
    images = st.builds(_merge, objects(rest, image["required"]), _links(view) | _withheld())
    members = {name: values.of(part) for name, part in schema["properties"].items()}
    members |= {"created": _moments(), "data": st.lists(images, min_size=1, max_size=3)}
    return objects(members, schema["required"]).filter(view.response_validator(200).is_valid)


def _merge(image: JsonObject, more: JsonObject) -> JsonObject:
    return image | more


def _withheld() -> SearchStrategy[JsonObject]:
    return st.sampled_from([{"is_image_safe": False} | url for url in ({}, {"url": None}, {"url": ""})])


def _links(view: ContractView) -> SearchStrategy[JsonObject]:
    """Links like the one in the contract's example."""
    base = f"{link_origin(view)}{view.link_folder}"
    names = st.binary(min_size=11, max_size=11).map(bytes.hex)
    signatures = st.binary(min_size=32, max_size=32).map(bytes.hex)

    def build(name: str, expires: int, signature: str) -> JsonObject:
        return {"is_image_safe": True, "url": f"{base}{name}{view.link_suffix}?exp={expires}&sig={signature}"}

    return st.builds(build, names, st.integers(*_FAR_AHEAD), signatures)


def _moments() -> SearchStrategy[str]:
    """Dates with a time, in every form that the contract allows."""
    forms = [f"%Y-%m-%d{separator}%H:%M:%S" for separator in "Tt "]
    dates = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - the zone is written behind it
    fractions = st.just("") | st.integers(0, 999_999).map(".{:06}".format) | st.integers(0, 9).map(".{}".format)
    offsets = st.builds(_offset, st.integers(-14 * 60, 14 * 60), st.sampled_from(["", ":"]))
    zones = st.sampled_from(["", "Z", "z"]) | offsets
    text = st.builds(datetime.strftime, dates, st.sampled_from(forms))
    return st.tuples(text, fractions, zones).map("".join)


def _offset(minutes: int, colon: str) -> str:
    hours, rest = divmod(abs(minutes), timedelta(hours=1) // timedelta(minutes=1))
    return f"{'-' if minutes < 0 else '+'}{hours:02}{colon}{rest:02}"
