"""Field names: the ones of earlier versions, misspelt ones, and those that go through extra_fields."""

from typing import Any

import pytest
from canned import SHELLS, Service, Shell, generate
from hypothesis import given
from hypothesis import strategies as st
from multipart_reader import read_parts
from unknown_fields import ALSO_UNKNOWN, UNKNOWN

from ideogram_ai.client import IdeogramError, RequestError, UnknownFieldError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

SCHEMA = read_contract()["components"]["schemas"][POST_GENERATE_IMAGE_V4.request_model]
HINTS: dict[str, dict[str, str]] = SCHEMA["x-field-hints"]
FIELDS = list(SCHEMA["properties"])
V3_NAMES = {"prompt", "aspect_ratio", "num_images", "negative_prompt", "magic_prompt", "style_type", "seed"}


def refusal(fields: dict[str, Any], shell: Shell = "sync") -> UnknownFieldError:
    service = Service()
    with pytest.raises(UnknownFieldError) as caught:
        generate(shell, service, **fields)
    assert service.requests == []
    assert "Nothing was sent, nothing billed" in str(caught.value)
    return caught.value


def test_the_contract_has_a_hint_for_every_name_of_version_3_that_is_gone() -> None:
    assert set(HINTS) >= V3_NAMES - set(FIELDS)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", HINTS)
def test_a_name_of_an_earlier_version_is_told_what_takes_its_place(shell: Shell, name: str) -> None:
    error = refusal({"text_prompt": "a cat", name: "x"}, shell)
    hint = HINTS[name]
    assert (error.field, error.suggestion) == (name, hint.get("use"))
    assert repr(name) in error.message
    assert hint.get("because", "") in error.message
    assert (f"Did you mean {hint['use']}?" if "use" in hint else "This version of the API has none") in error.message


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("text_promt", "text_prompt"),
        ("textprompt", "text_prompt"),
        ("jsonprompt", "json_prompt"),
        ("resolutoin", "resolution"),
        ("Resolution", "resolution"),
        ("render_speed", "rendering_speed"),
        ("enable_copyright", "enable_copyright_detection"),
    ],
)
def test_a_misspelt_name_is_told_the_right_one(typo: str, meant: str) -> None:
    error = refusal({"text_prompt": "a cat", typo: "x"})
    assert (error.field, error.suggestion) == (typo, meant)
    assert error.message == (f"{typo!r} is no request field. Did you mean {meant}? Nothing was sent, nothing billed.")


def test_a_name_like_no_other_is_told_every_field_and_the_escape_hatch() -> None:
    error = refusal({"text_prompt": "a cat", UNKNOWN: 1})
    assert error.suggestion is None
    assert error.message == (
        f"{UNKNOWN!r} is no request field. The fields are {', '.join(FIELDS)}; extra_fields sends an undocumented one. "
        "Nothing was sent, nothing billed."
    )


def test_an_unknown_name_comes_before_the_prompt_rule() -> None:
    """Somebody who writes prompt= is told of text_prompt, and not that no prompt was given."""
    name, hint = next((name, hint) for name, hint in HINTS.items() if hint.get("use") == "text_prompt")
    assert refusal({name: "a cat"}).suggestion == hint["use"]


def test_an_unknown_name_is_a_type_error_too_as_python_has_it() -> None:
    error = refusal({"text_prompt": "a", UNKNOWN: 1})
    assert isinstance(error, TypeError)
    assert isinstance(error, RequestError)
    assert error.may_have_been_billed is False


def test_a_value_of_none_does_not_hide_an_unknown_name() -> None:
    assert refusal({"text_prompt": "a cat", UNKNOWN: None}).field == UNKNOWN


@given(name=st.text(min_size=1).filter(lambda name: name not in {*FIELDS, "extra_fields", "timeout", "self"}))
def test_whatever_is_no_field_is_refused(name: str) -> None:
    assert refusal({"text_prompt": "a cat", name: 1}).field == name


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("values", [("2048x2049", "FLASH"), ("", "fast"), ("1x1", "LUDICROUS")])
def test_values_are_the_services_to_judge(shell: Shell, values: tuple[str, str]) -> None:
    service = Service()
    generate(shell, service, text_prompt="a", resolution=values[0], rendering_speed=values[1])
    sent = {part.name: part.data.decode() for part in read_parts(service.requests[0])}
    assert (sent["resolution"], sent["rendering_speed"]) == values


@pytest.mark.parametrize("shell", SHELLS)
def test_extra_fields_are_sent_after_the_documented_ones_in_their_order(shell: Shell) -> None:
    extra = {UNKNOWN: 7, ALSO_UNKNOWN: "model/m/version/1", f"{UNKNOWN}_2": True, "0.5": 0.5, "Ünï cödé": "ü"}
    service = Service()
    generate(shell, service, extra_fields=extra, resolution="1024x1024", text_prompt="a")
    sent = [(part.name, part.data.decode()) for part in read_parts(service.requests[0])]
    assert sent == [
        ("text_prompt", "a"),
        ("resolution", "1024x1024"),
        (UNKNOWN, "7"),
        (ALSO_UNKNOWN, "model/m/version/1"),
        (f"{UNKNOWN}_2", "true"),
        ("0.5", "0.5"),
        ("Ünï cödé", "ü"),
    ]


def test_an_extra_field_of_none_is_absent() -> None:
    service = Service()
    generate("sync", service, text_prompt="a", extra_fields={UNKNOWN: None})
    assert [part.name for part in read_parts(service.requests[0])] == ["text_prompt"]


def test_extra_objects_are_json_parts_and_extra_lists_of_plain_values_repeat_the_field() -> None:
    service = Service()
    options, words, pairs, none = (f"{UNKNOWN}_{index}" for index in range(4))
    extra = {options: {"b": 1, "a": [2]}, words: ["x", "y"], pairs: [[1, 2]], none: []}
    generate("sync", service, text_prompt="a", extra_fields=extra)
    sent = [(part.name, part.content_type, part.data.decode()) for part in read_parts(service.requests[0])[1:]]
    assert sent == [
        (options, "application/json", '{"b":1,"a":[2]}'),
        (words, None, "x"),
        (words, None, "y"),
        (pairs, "application/json", "[[1,2]]"),
    ]


def test_the_callers_mapping_is_left_alone() -> None:
    extra = {UNKNOWN: 7, ALSO_UNKNOWN: None}
    generate("sync", Service(), text_prompt="a", extra_fields=extra)
    assert extra == {UNKNOWN: 7, ALSO_UNKNOWN: None}


@pytest.mark.parametrize("name", FIELDS)
def test_a_documented_field_is_given_as_a_keyword(name: str) -> None:
    service = Service()
    with pytest.raises(RequestError, match=rf"extra_fields: '{name}' is a documented field.*keyword {name}"):
        generate("sync", service, text_prompt="a", extra_fields={name: "x"})
    assert service.requests == []


@pytest.mark.parametrize("name", ["", " ", "a\r\nb", 'a"b', "a\\b", "a\0b", "\ud800", "a\tb", "\u2028"])
def test_a_name_that_would_break_out_of_its_header_is_refused(name: str) -> None:
    error = refusal({"text_prompt": "a", "extra_fields": {name: "x"}})
    assert error.field == name
    error.message.encode()


@pytest.mark.parametrize("extra", [{1: "x"}, {None: "x"}, {b"a": 1}, [("a", 1)], "a"])
def test_extra_fields_of_another_type_are_refused(extra: object) -> None:
    service = Service()
    with pytest.raises(IdeogramError, match="extra_fields") as caught:
        generate("sync", service, text_prompt="a", extra_fields=extra)
    assert "Nothing was sent, nothing billed" in str(caught.value)
    if not isinstance(extra, dict):
        assert str(caught.value).startswith(f"extra_fields is {type(extra).__name__}: give a mapping of field names")
    assert service.requests == []
