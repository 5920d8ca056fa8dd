"""Exactly one of the two prompts is required, and checked before anything is sent."""

from itertools import product
from typing import Any

import pytest
from canned import Service
from driver import Kind, case, each_kind, generate
from hypothesis import given
from hypothesis import strategies as st
from unknown_fields import ALSO_UNKNOWN, UNKNOWN

from ideogram_ai.client import PromptError, RequestError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

PROMPT = {"high_level_description": "a cat", "compositional_deconstruction": {"background": "b", "elements": []}}
ABSENT = object()
TEXTS: list[object] = [ABSENT, None, "", "a cat"]
OBJECTS: list[object] = [ABSENT, None, {}, PROMPT]

other_fields = st.fixed_dictionaries(
    {},
    optional={
        "resolution": st.none() | st.text(),
        "rendering_speed": st.none() | st.text(),
        "enable_copyright_detection": st.none() | st.booleans(),
        "extra_fields": st.none() | st.dictionaries(st.sampled_from([UNKNOWN, ALSO_UNKNOWN]), st.integers()),
        "timeout": st.none() | st.floats(0.1, 1000),
    },
)
prompts = st.dictionaries(st.text(max_size=5), st.text(max_size=5)) | st.just(PROMPT)


def given_prompts(text: object, structured: object) -> dict[str, Any]:
    every = {"text_prompt": text, "json_prompt": structured}
    return {name: value for name, value in every.items() if value is not ABSENT}


def refused(kind: Kind, **fields: Any) -> PromptError:
    """The error of a call that sends nothing."""
    service = Service()
    with pytest.raises(PromptError) as caught:
        generate(kind, service, **fields)
    assert service.requests == []
    return caught.value


@each_kind
def test_none_counts_as_absent_and_any_other_value_as_given(kind: Kind) -> None:
    for pair in product(TEXTS, OBJECTS):
        present = [value not in (ABSENT, None) for value in pair]
        with case(pair):
            if sum(present) == 1:
                service = Service()
                generate(kind, service, **given_prompts(*pair))
                assert len(service.requests) == 1
            else:
                assert refused(kind, **given_prompts(*pair)).case == ("both" if any(present) else "neither")


@each_kind
@given(text=st.text(), structured=prompts, others=other_fields)
def test_other_fields_change_nothing(kind: Kind, text: str, structured: dict[str, str], others: dict[str, Any]) -> None:
    assert refused(kind, text_prompt=text, json_prompt=structured, **others).case == "both"
    for pair in product(TEXTS[:2], OBJECTS[:2]):
        assert refused(kind, **given_prompts(*pair), **others).case == "neither"


def test_the_message_names_both_fields_and_says_that_nothing_was_billed() -> None:
    messages: list[tuple[dict[str, Any], str]] = [
        ({}, "Neither text_prompt nor json_prompt was given: give exactly one."),
        (
            {"text_prompt": "a", "json_prompt": {}},
            "text_prompt and json_prompt were both given: they exclude each other, so leave one out.",
        ),
    ]
    for fields, message in messages:
        error = refused("sync", **fields)
        assert error.message == f"{message} Nothing was sent, nothing billed."
        assert isinstance(error, (ValueError, RequestError))
        assert error.may_have_been_billed is False


@each_kind
def test_a_prompt_among_the_extra_fields_is_refused(kind: Kind) -> None:
    refused(kind, extra_fields={"text_prompt": "a"})
    service = Service()
    with pytest.raises(RequestError, match="json_prompt"):
        generate(kind, service, text_prompt="a", extra_fields={"json_prompt": PROMPT})
    assert service.requests == []


def test_the_rule_is_the_one_of_the_contract() -> None:
    schema = read_contract()["components"]["schemas"][POST_GENERATE_IMAGE_V4.request_model]
    group = tuple(branch["required"][0] for branch in schema["oneOf"])
    assert POST_GENERATE_IMAGE_V4.exactly_one_of == (group,)
