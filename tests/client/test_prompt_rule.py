"""Exactly one of the two prompts: judged by presence, before anything is sent."""

from itertools import product
from typing import Any

import pytest
from canned import Service
from driver import KINDS, Kind, generate
from hypothesis import given
from hypothesis import strategies as st
from unknown_fields import ALSO_UNKNOWN, UNKNOWN

from ideogram_ai.client import IdeogramError, PromptError, RequestError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

PROMPT = {"high_level_description": "a cat", "compositional_deconstruction": {"background": "b", "elements": []}}
ABSENT = object()
TEXTS = [ABSENT, None, "", "a cat"]
OBJECTS = [ABSENT, None, {}, PROMPT]

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


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize(("text", "structured"), list(product(TEXTS, OBJECTS)))
def test_presence_counts_and_none_is_absence(client_kind: Kind, text: object, structured: object) -> None:
    present = [value not in (ABSENT, None) for value in (text, structured)]
    service = Service()
    if sum(present) == 1:
        generate(client_kind, service, **given_prompts(text, structured))
        assert len(service.requests) == 1
        return
    with pytest.raises(PromptError) as caught:
        generate(client_kind, service, **given_prompts(text, structured))
    assert caught.value.case == ("both" if any(present) else "neither")
    assert service.requests == []


@pytest.mark.parametrize("client_kind", KINDS)
@given(text=st.text(), structured=prompts, others=other_fields)
def test_both_prompts_never_send(
    client_kind: Kind, text: str, structured: dict[str, str], others: dict[str, Any]
) -> None:
    service = Service()
    with pytest.raises(PromptError) as caught:
        generate(client_kind, service, text_prompt=text, json_prompt=structured, **others)
    assert (caught.value.case, service.requests) == ("both", [])


@pytest.mark.parametrize("client_kind", KINDS)
@given(nothing=st.sampled_from([given_prompts(*pair) for pair in product(TEXTS[:2], OBJECTS[:2])]), others=other_fields)
def test_neither_prompt_never_sends(client_kind: Kind, nothing: dict[str, None], others: dict[str, Any]) -> None:
    service = Service()
    with pytest.raises(PromptError) as caught:
        generate(client_kind, service, **nothing, **others)
    assert (caught.value.case, service.requests) == ("neither", [])


@pytest.mark.parametrize("fields", [{}, {"text_prompt": "a", "json_prompt": {}}])
def test_the_message_names_both_fields_and_says_that_nothing_was_billed(fields: dict[str, Any]) -> None:
    with pytest.raises(PromptError) as caught:
        generate("sync", Service(), **fields)
    assert (
        caught.value.message
        == (
            "text_prompt and json_prompt were both given: they exclude each other, so leave one out. "
            if fields
            else "Neither text_prompt nor json_prompt was given: give exactly one. "
        )
        + "Nothing was sent, nothing billed."
    )
    assert isinstance(caught.value, (ValueError, RequestError))
    assert isinstance(caught.value, IdeogramError)
    assert caught.value.may_have_been_billed is False


@pytest.mark.parametrize("client_kind", KINDS)
def test_a_prompt_among_the_extra_fields_is_no_way_around_the_rule(client_kind: Kind) -> None:
    service = Service()
    with pytest.raises(RequestError, match="json_prompt"):
        generate(client_kind, service, text_prompt="a", extra_fields={"json_prompt": PROMPT})
    with pytest.raises(PromptError):
        generate(client_kind, service, extra_fields={"text_prompt": "a"})
    assert service.requests == []


def test_the_rule_is_the_contracts() -> None:
    schema = read_contract()["components"]["schemas"][POST_GENERATE_IMAGE_V4.request_model]
    group = tuple(branch["required"][0] for branch in schema["oneOf"])
    assert POST_GENERATE_IMAGE_V4.exactly_one_of == (group,)
