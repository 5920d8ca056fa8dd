"""Reads the body of a 200. What was paid for is kept: a broken answer still yields every image that it names."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from .errors import OutcomeUnknownError, ResponseValidationError
from .generation import GeneratedImage, Generation
from .json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

T = TypeVar("T")

_MAX_PROBLEMS = 20
_MAX_ENTRIES = 1000
"""An answer has one entry for each image, and eight at most; a million of them would take minutes."""
_MAX_DIGITS = 4000
"""Longer integers are kept as text: Python refuses to convert them, because that takes quadratic time."""
_DATA = re.compile(r'"data"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def parse_generation(
    *, status: int, headers: httpx.Headers, body: bytes, complete: bool
) -> Generation | ResponseValidationError | OutcomeUnknownError:
    """Read the images out of a successful answer.

    Args:
        status: The HTTP status, 2xx.
        headers: The answer's headers.
        body: The body, decoded from its content encoding.
        complete: False when the body broke off.

    Returns:
        A Generation if the answer names at least one image that can be had or was withheld. Unknown fields and values
        are kept. Otherwise OutcomeUnknownError when the body broke off, else ResponseValidationError, with the body.
    """
    problems = _Problems()
    if not complete:
        problems.add("the body broke off")
    document, entries = _read_entries(body, problems)
    created = _read_created(document, problems)
    if len(entries) > _MAX_ENTRIES:
        problems.add(f"data has more than {_MAX_ENTRIES} entries, and only the first {_MAX_ENTRIES} are read")
    images = [
        image for index, entry in enumerate(entries[:_MAX_ENTRIES]) if (image := _read_image(entry, index, problems))
    ]
    if images:
        rest = {name: value for name, value in document.items() if name not in {"created", "data"}}
        return Generation(
            created=created,
            images=tuple(images),
            raw=body,
            problems=problems.listed(),
            additional_properties=rest,
        )
    if not complete:
        return OutcomeUnknownError(
            f"The answer ({status}) broke off after {len(body)} bytes, before any image was named. The image was most "
            "likely made and billed: look at the account's usage before sending it again.",
            status_code=status,
            headers=headers,
            body=body,
        )
    return ResponseValidationError(
        f"The answer ({status}) names no image: {'; '.join(problems.listed())}. The image was most likely made and "
        "billed; .body holds what arrived. Do not send the request again before you looked at it.",
        status_code=status,
        headers=headers,
        body=body,
        problems=problems.listed(),
    )


class _Problems:
    """What is wrong with an answer, listed up to a bound."""

    def __init__(self) -> None:
        self._first: list[str] = []
        self._count = 0

    def add(self, problem: str) -> None:
        self._count += 1
        if self._count <= _MAX_PROBLEMS:
            self._first.append(problem)

    def listed(self) -> tuple[str, ...]:
        left_out = self._count - len(self._first)
        return (*self._first, *([f"and {left_out} more"] if left_out else []))


def _read_entries(body: bytes, problems: _Problems) -> tuple[Mapping[str, Any], list[Any]]:
    """The document and the entries of its `data`, as far as they can be read."""
    try:
        document: object = json.loads(body, parse_int=_parse_int)
    except (ValueError, RecursionError) as error:
        nested = isinstance(error, RecursionError)
        problems.add("the body nests too deep" if nested else "the body is not JSON" if body else "the body is empty")
        return {}, _salvage_entries(body.decode(errors="replace"))
    if not is_object(document):
        problems.add(f"the body is {_kind(document)}, not an object")
        return {}, document if is_array(document) else []
    data: object = document.get("data")
    if not is_array(data):
        problems.add(f"data is {_kind(data)}, not an array" if "data" in document else "data is missing")
        return document, [data] if is_object(data) else []
    if not data:
        problems.add("data is empty")
    return document, data


def _salvage_entries(text: str) -> list[Any]:
    """The whole objects at the start of `data` in a text that is no JSON document, one that was cut, say."""
    match = _DATA.search(text)
    if match is None:
        return []
    decoder = json.JSONDecoder(parse_int=_parse_int)
    entries: list[Any] = []
    position = match.end()
    while len(entries) <= _MAX_ENTRIES and (between := _BETWEEN.match(text, position)):
        try:
            entry, position = decoder.raw_decode(text, between.end())
        except (ValueError, RecursionError):
            break
        entries.append(entry)
    return entries


def _parse_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _read_created(document: Mapping[str, Any], problems: _Problems) -> datetime | None:
    value = document.get("created")
    if not isinstance(value, str):
        problems.add("created is missing" if "created" not in document else f"created is {_kind(value)}, not a string")
        return None
    try:
        created = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        problems.add(f"created is no date-time: {value[:40]!r}")
        return None
    return created if created.tzinfo else created.replace(tzinfo=UTC)


def _read_image(entry: object, index: int, problems: _Problems) -> GeneratedImage | None:
    """An image of an entry that has a link or says that the image was withheld; None for any other."""
    place = f"data[{index}]"
    if not is_object(entry):
        problems.add(f"{place} is {_kind(entry)}, not an object")
        return None
    rest = dict(entry)
    url = rest.pop("url", None)
    if url is not None and not isinstance(url, str):
        problems.add(f"{place}.url is {_kind(url)}, not a string")
        url = None
    if isinstance(seed := rest.get("seed"), float) and seed.is_integer():
        rest["seed"] = int(seed)
    image = GeneratedImage(
        url=url or None,
        prompt=_take(rest, "prompt", str, place, problems),
        resolution=_take(rest, "resolution", str, place, problems),
        seed=_take(rest, "seed", int, place, problems),
        is_image_safe=_take(rest, "is_image_safe", bool, place, problems),
        additional_properties=rest,
    )
    if image.url is None and image.is_image_safe is not False:
        problems.add(f"{place} has no url and was not withheld")
        return None
    return image


def _take(rest: dict[str, Any], name: str, kind: type[T], place: str, problems: _Problems) -> T | None:
    """Move a required field out of the entry if it has its type; otherwise leave it, and say so."""
    if name not in rest:
        problems.add(f"{place}.{name} is missing")
        return None
    if type(rest[name]) is not kind:
        problems.add(f"{place}.{name} is {_kind(rest[name])}, not {_NAMES[kind]}")
        return None
    value: T = rest.pop(name)
    return value


_NAMES: Mapping[type, str] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "a boolean",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def _kind(value: object) -> str:
    return _NAMES[type(value)]
