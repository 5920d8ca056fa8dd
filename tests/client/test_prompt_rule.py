"""Exactly one of the two prompts is required, and checked before anything is sent."""

from itertools import product
from typing import Any

from canned import Service, refused
from contract_document import ALSO_UNKNOWN, UNKNOWN
from driver import KINDS, Kind, case, generate
from hypothesis import given
from hypothesis import strategies as st

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


def case_of(kind: Kind, **fields: Any) -> str:
    return refused(PromptError, fields, kind).case


def test_none_counts_as_absent_and_any_other_value_as_given(kind: Kind) -> None:
    for pair in product(TEXTS, OBJECTS):
        present = [value not in (ABSENT, None) for value in pair]
        with case(pair):
            if sum(present) == 1:
                service = Service()
                generate(kind, service, **given_prompts(*pair))
                assert len(service.requests) == 1
            else:
                assert case_of(kind, **given_prompts(*pair)) == ("both" if any(present) else "neither")


@given(kind=st.sampled_from(KINDS), text=st.text(), structured=prompts, others=other_fields)
def test_other_fields_change_nothing(kind: Kind, text: str, structured: dict[str, str], others: dict[str, Any]) -> None:
    assert case_of(kind, text_prompt=text, json_prompt=structured, **others) == "both"
    for pair in product(TEXTS[:2], OBJECTS[:2]):
        assert case_of(kind, **given_prompts(*pair), **others) == "neither"


def test_the_message_names_both_fields_and_says_that_nothing_was_billed() -> None:
    messages: list[tuple[dict[str, Any], str]] = [
        ({}, "Neither text_prompt nor json_prompt was given: give exactly one."),
        (
            {"text_prompt": "a", "json_prompt": {}},
            "text_prompt and json_prompt were both given: they exclude each other, so leave one out.",
        ),
    ]
    for fields, message in messages:
        error = refused(PromptError, fields)
        assert error.message == f"{message} Nothing was sent, nothing billed."
        assert isinstance(error, (ValueError, RequestError))


def test_a_prompt_among_the_extra_fields_is_refused(kind: Kind) -> None:
    assert case_of(kind, extra_fields={"text_prompt": "a"}) == "neither"
    both = {"text_prompt": "a", "extra_fields": {"json_prompt": PROMPT}}
    assert "json_prompt" in refused(RequestError, both, kind).message


def test_the_rule_is_the_one_of_the_contract() -> None:
    schema = read_contract()["components"]["schemas"][POST_GENERATE_IMAGE_V4.request_model]
    group = tuple(branch["required"][0] for branch in schema["oneOf"])
    assert POST_GENERATE_IMAGE_V4.exactly_one_of == (group,)
