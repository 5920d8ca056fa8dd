"""Values that can be written, and the one error for those that cannot: nothing is sent, and the place is named."""

import json
import math
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from canned import SHELLS, Service, Shell, generate
from hypothesis import given
from hypothesis import strategies as st
from multipart_reader import read_parts
from unknown_fields import UNKNOWN

from ideogram_ai.client import FieldValueError, RequestError
from ideogram_ai.client.request import to_plain
from ideogram_ai.generated import models, operations


class Speed(str, Enum):  # noqa: UP042 - not StrEnum, whose members print as their values
    """As many programs write enums: str() of a member is 'Speed.QUALITY'."""

    QUALITY = "QUALITY"


class Size(StrEnum):
    SQUARE = "1024x1024"


class Number(IntEnum):
    SEVEN = 7


class Shade(Enum):
    DARK = "#000000"


class Word(str):
    """Text of another class."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not the value"


def sent(value: object) -> Any:
    """What arrives of a value inside json_prompt."""
    service = Service()
    generate("sync", service, json_prompt={"value": value})
    (part,) = read_parts(service.requests[0])
    return json.loads(part.data)["value"]


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        (Speed.QUALITY, "QUALITY"),
        (Size.SQUARE, "1024x1024"),
        (Number.SEVEN, 7),
        (Shade.DARK, "#000000"),
        ({Speed.QUALITY: 1}, {"QUALITY": 1}),
        (Word("word"), "word"),
        ((1, (2, "3")), [1, [2, "3"]]),
        (range(3), [0, 1, 2]),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (MappingProxyType({"b": 1}), {"b": 1}),
        (datetime(2026, 10, 7, 12, tzinfo=UTC), "2026-10-07T12:00:00+00:00"),
        (date(2026, 10, 7), "2026-10-07"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (2**63, 2**63),
        (-(10**300), -(10**300)),
        (0.1, 0.1),
        (-0.0, 0.0),
        ([None, True, False], [None, True, False]),
        (models.V4StyleDescription(medium="m"), {"medium": "m"}),
    ],
    ids=lambda value: repr(value).split(" object at ")[0],
)
def test_what_json_can_hold_arrives(value: object, arrives: object) -> None:
    assert sent(value) == arrives


@pytest.mark.parametrize("shell", SHELLS)
def test_enums_of_plain_fields_go_by_their_value(shell: Shell) -> None:
    service = Service()
    fields: dict[str, Any] = {
        "resolution": Size.SQUARE,
        "rendering_speed": Speed.QUALITY,
        "extra_fields": {UNKNOWN: Number.SEVEN},
    }
    generate(shell, service, text_prompt=Word("word"), **fields)
    parts = {part.name: part.data.decode() for part in read_parts(service.requests[0])}
    assert parts == {
        "text_prompt": "word",
        "resolution": "1024x1024",
        "rendering_speed": "QUALITY",
        UNKNOWN: "7",
    }


@pytest.mark.parametrize(
    ("value", "written"), [(12, "12"), (1.5, "1.5"), (True, "true"), (date(2026, 1, 2), "2026-01-02")]
)
def test_a_plain_field_of_another_type_is_written_and_left_to_the_service(value: object, written: str) -> None:
    service = Service()
    generate("sync", service, text_prompt=value)
    assert [part.data.decode() for part in read_parts(service.requests[0])] == [written]


def cycle() -> list[object]:
    values: list[object] = []
    values.append({"again": values})
    return values


def nested(depth: int) -> object:
    value: object = None
    for _ in range(depth):
        value = [value]
    return value


UNWRITABLE: dict[str, tuple[Callable[[], object], str]] = {
    "lone high surrogate": (lambda: "a cat \ud83d", "character 6 is half of a surrogate pair"),
    "lone low surrogate": (lambda: "\udc08", "character 0 is half of a surrogate pair"),
    "surrogate in a key": (lambda: {"\ud800": 1}, "half of a surrogate pair"),
    "not a number": (lambda: math.nan, "JSON has no nan"),
    "infinity": (lambda: -math.inf, "JSON has no -inf"),
    "bytes": (lambda: b"a cat", "bytes is no JSON type"),
    "bytearray": (lambda: bytearray(b"a"), "bytearray is no JSON type"),
    "memoryview": (lambda: memoryview(b"a"), "memoryview is no JSON type"),
    "set": (lambda: {"a"}, "set is no JSON type"),
    "generator": (lambda: (x for x in "a"), "generator is no JSON type"),
    "decimal": (lambda: Decimal(1), "Decimal is no JSON type"),
    "object": (object, "object is no JSON type"),
    "class": (lambda: dict, "type is no JSON type"),
    "key that is no text": (lambda: {1: "a"}, "the key 1 is no string"),
    "key of None": (lambda: {None: "a"}, "the key None is no string"),
    "cycle": (cycle, "nests too deep, or contains itself"),
    "depth": (lambda: nested(10_000), "nests too deep"),
    "integer too large to convert": (lambda: 10**5000, "digits"),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", UNWRITABLE)
@pytest.mark.parametrize("field", ["json_prompt", "text_prompt", "resolution", "extra"])
def test_what_cannot_be_written_is_refused_before_anything_is_sent(shell: Shell, name: str, field: str) -> None:
    make, reason = UNWRITABLE[name]
    prompt: dict[str, Any] = {} if field.endswith("prompt") else {"text_prompt": "a cat"}
    given: dict[str, Any] = {"extra_fields": {"extra": make()}} if field == "extra" else {field: make()}
    service = Service()
    with pytest.raises(FieldValueError, match="Nothing was sent, nothing billed") as caught:
        generate(shell, service, **prompt, **given)
    assert service.requests == []
    assert reason in caught.value.message
    assert caught.value.field == field
    assert caught.value.message.startswith(f"{caught.value.pointer}: this value cannot be sent")


@pytest.mark.parametrize(
    ("prompt", "pointer"),
    [
        ({"tags": ["a", b"b"]}, "/json_prompt/tags/1"),
        ({"a/b": {"c~d": {1, 2}}}, "/json_prompt/a~1b/c~0d"),
        ({"elements": ({"bbox": [1, 2, 3, math.nan]},)}, "/json_prompt/elements/0/bbox/3"),
        ({"a": {"\udc00": 1}}, "/json_prompt/a"),
        ([[{"a": (1, math.nan)}]], "/json_prompt/0/0/a/1"),
        (models.V4StyleDescription(photo="\ud800"), "/json_prompt/photo"),
        ({"style": [models.V4StyleDescription(photo="\ud800")]}, "/json_prompt/style/0/photo"),
    ],
)
def test_the_pointer_leads_to_the_value(prompt: object, pointer: str) -> None:
    with pytest.raises(FieldValueError) as caught:
        generate("sync", Service(), json_prompt=prompt)
    assert (caught.value.field, caught.value.pointer) == ("json_prompt", pointer)


def test_a_value_that_never_ends_is_told_in_plain_words() -> None:
    with pytest.raises(FieldValueError) as caught:
        to_plain("tags", cycle())
    assert caught.value.message == (
        "/tags: this value cannot be sent: it nests too deep, or contains itself. Nothing was sent, nothing billed."
    )


def test_a_name_that_cannot_be_printed_does_no_harm_to_the_message() -> None:
    with pytest.raises(FieldValueError, match=r"^/a\\ud800: this value cannot be sent: JSON has no nan") as caught:
        to_plain("a\ud800", math.nan)
    assert caught.value.pointer == "/a\\ud800"


class Closed:
    """A generated model whose schema allows no further properties has no place for them."""

    photo = "a cat"


def test_a_model_without_further_properties_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Closed, "__module__", models.V4StyleDescription.__module__)
    monkeypatch.setitem(operations.MODEL_FIELDS, "Closed", (("photo", "photo"),))
    assert to_plain("style", Closed()) == {"photo": "a cat"}


leaves = st.none() | st.binary() | st.floats() | st.text(st.characters())
keys = st.text(st.characters(categories=["Cs", "L"])) | st.integers()


@given(prompt=st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner)))
def test_anything_is_sent_whole_or_refused_with_a_message_that_can_be_printed(prompt: object) -> None:
    service = Service()
    try:
        generate("sync", service, text_prompt=None, json_prompt={"value": prompt})
    except RequestError as error:
        error.message.encode()
        assert service.requests == []
    else:
        (part,) = read_parts(service.requests[0])
        assert json.loads(part.data) == {"value": prompt}
