"""Whatever the contract allows is accepted, and whatever is answered is allowed by the contract."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mock_requests import HEADERS, encode, json_prompt, part

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.service import UNSAFE_WORD, read_request

NO_DELAY = settings(suppress_health_check=list(HealthCheck))
BODIES = (
    schemathesis.openapi.from_dict(read_contract())[OPERATION.path][OPERATION.method]
    .as_strategy()
    .map(lambda case: _offered(cast("dict[str, Any]", case.body)))
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def _offered(body: dict[str, Any]) -> dict[str, Any]:
    """A body without fields that the contract does not name, and without values that are not offered yet."""
    rules = read_view().fields
    return {
        name: value
        for name, value in body.items()
        if name in rules and value not in [entry.value for entry in rules[name].unavailable]
    }


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """A client of a mock server, with one connection for all requests."""
    with MockServer() as server, httpx.Client(base_url=server.url, headers=HEADERS, trust_env=False) as client:
        yield client


@NO_DELAY
@given(body=BODIES)
def test_what_the_contract_allows_gets_an_answer_that_the_contract_allows(
    client: httpx.Client, body: dict[str, Any]
) -> None:
    answer = client.post(OPERATION.path, files=[part(name, value) for name, value in body.items()])
    assert answer.status_code == (422 if UNSAFE_WORD in str(body).lower() else 200)
    errors = list(read_view().response_validator(answer.status_code).iter_errors(answer.json()))
    assert not errors
    image = answer.json()["data"][0]
    assert image["resolution"] == body.get("resolution", image["resolution"])
    prompt = body.get("text_prompt")
    assert image["prompt"] == prompt if prompt is not None else json.loads(image["prompt"]) == body["json_prompt"]


@NO_DELAY
@given(
    body=st.dictionaries(st.sampled_from([*read_view().fields, "other"]), ANYTHING, min_size=1, max_size=4),
    element=ANYTHING,
)
def test_whatever_is_sent_is_judged_as_the_schema_judges_it(body: dict[str, Any], element: Any) -> None:
    body = {**body, "json_prompt": json_prompt(element)} if "json_prompt" in body else body
    parts = [
        part(name, value if isinstance(value, str) else json.dumps(value).encode()) for name, value in body.items()
    ]
    content_type, data = encode(parts)
    got = read_request(read_view(), content_type, data)
    if got.refused is None:
        assert read_view().request_validator.is_valid(dict(got.fields))
    else:
        assert got.refused.status == 400
        refused = json.loads(got.refused.body)
        assert refused["errors"]
        assert read_view().response_validator(400).is_valid(refused)


@given(data=st.binary(max_size=200), boundary=st.text("abc'()+_,-./:=?", min_size=1, max_size=8))
def test_any_bytes_get_a_judgement(data: bytes, boundary: str) -> None:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="text_prompt"\r\n'.encode()
    for body in (data, head + data, head + b"\r\n" + data, head + b"\r\n" + data + f"\r\n--{boundary}--".encode()):
        got = read_request(read_view(), f'multipart/form-data; boundary="{boundary}"', body)
        assert got.refused is None or got.refused.status == 400


def test_every_example_of_the_contract_is_accepted() -> None:
    media = read_contract()["paths"][OPERATION.path][OPERATION.method.lower()]["requestBody"]["content"]
    examples = media[OPERATION.media_type]["examples"]
    assert len(examples) >= 2
    for example in examples.values():
        content_type, body = encode([part(name, value) for name, value in example["value"].items()])
        got = read_request(read_view(), content_type, body)
        assert got.refused is None
        assert dict(got.fields) == example["value"]


@pytest.mark.parametrize("status", sorted(read_view().responses))
def test_every_example_answer_is_allowed_by_its_schema(status: int) -> None:
    rule = read_view().responses[status]
    assert rule.examples
    assert all(read_view().response_validator(status).is_valid(example) for example in rule.examples)


def test_imports_in_any_order_load_only_what_is_used() -> None:
    code = """
import sys
import ideogram_ai.testing
assert [name for name in sys.modules if name.startswith("ideogram_ai.")] == ["ideogram_ai.testing"]
from ideogram_ai.testing import MockServer
with MockServer():
    pass
assert not {"PIL", "hypothesis", "schemathesis", "respx"} & set(sys.modules)
import ideogram_ai.testing.strategies
from ideogram_ai.testing import *
assert callable(answers), "a name that is a module too"
assert all(type(getattr(ideogram_ai.testing, name)) is not type(sys) for name in ideogram_ai.testing.__all__)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_a_name_that_is_not_there() -> None:
    import ideogram_ai.testing

    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = ideogram_ai.testing.nothing
