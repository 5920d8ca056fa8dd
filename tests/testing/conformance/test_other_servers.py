"""Prism and Steady, which serve any OpenAPI contract: what the kit finds in them, and our client against them."""

from collections.abc import Iterator

import httpx
import pytest
from mock_requests import json_prompt
from node_servers import COMMANDS, serving

from ideogram_ai.client import (
    APIStatusError,
    AsyncIdeogram,
    AuthenticationError,
    BadRequestError,
    Ideogram,
    PromptError,
    RateLimitError,
    RetryPolicy,
    UnprocessableEntityError,
)
from ideogram_ai.contract.view import read_view
from ideogram_ai.testing.conformance import Report, Verdict
from ideogram_ai.testing.conformance.server import ServerOptions, run_server

ONCE = RetryPolicy(max_attempts=1)
IMAGES = read_view().responses[200].examples[0]["data"]


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    with serving("prism") as url:
        yield url


@pytest.fixture(scope="module")
def steady() -> Iterator[str]:
    with serving("steady") as url:
        yield url


@pytest.fixture(scope="module", params=COMMANDS)
def server(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue(request.param)
    return url


def names(report: Report, *verdicts: Verdict) -> set[str]:
    return {result.requirement.id for result in report.of(*verdicts)}


def test_the_kit_says_that_prism_refuses_a_json_prompt(prism: str) -> None:
    report = run_server(ServerOptions(prism))
    failed = names(report, Verdict.FAILED)
    assert {"request.json_prompt.accepted", "request.json_prompt.part-type", "request.examples"} <= failed
    assert "answer.refusal-status" in failed  # a 422 for what is no question of safety
    assert not any(name.startswith(("auth.", "answer.200", "answer.422", "request.prompt-rule")) for name in failed)
    assert "request.refused.V4PromptBbox.minItems" in names(report, Verdict.NOT_TRIED)
    assert {"request.text_prompt.accepted", "answer.429.body", "answer.422.error"} <= names(report, Verdict.HELD)
    assert not report.of(Verdict.HARNESS_FAULT)


def test_the_kit_says_that_steady_needs_no_prompt_and_no_key(steady: str) -> None:
    report = run_server(ServerOptions(steady))
    failed = names(report, Verdict.FAILED)
    assert {"request.prompt-rule.neither-refused", "request.prompt-rule.both-refused", "auth.key-missing"} <= failed
    assert {"request.refused.V4PromptBbox.minItems", "request.refused.V4ColorPalette.items.pattern"} <= failed
    held = names(report, Verdict.HELD)
    assert {"request.json_prompt.accepted", "request.text_prompt.accepted", "answer.200.body"} <= held
    assert "answer.422.error" in names(report, Verdict.NOT_TRIED)
    assert not report.of(Verdict.HARNESS_FAULT)


def test_our_client_gets_an_image_of_a_plain_prompt(server: str) -> None:
    with Ideogram("any-key", base_url=server, retry=ONCE) as client:
        generation = client.generate(text_prompt="A photo of a cat", resolution="2048x2048")
    assert [image.url for image in generation.images] == [image["url"] for image in IMAGES]
    assert [image.seed for image in generation.images] == [image["seed"] for image in IMAGES]


@pytest.mark.anyio
async def test_our_asynchronous_client_gets_one_too(server: str) -> None:
    async with AsyncIdeogram("any-key", base_url=server, retry=ONCE) as client:
        generation = await client.generate(text_prompt="A photo of a cat", enable_copyright_detection=True)
    assert len(generation.images) == len(IMAGES)


def test_our_client_gets_an_image_of_a_json_prompt_where_it_is_understood(steady: str) -> None:
    with Ideogram("any-key", base_url=steady, retry=ONCE) as client:
        assert client.generate(json_prompt=json_prompt()).images


def test_our_client_tells_a_refused_json_prompt(prism: str) -> None:
    with Ideogram("any-key", base_url=prism, retry=ONCE) as client, pytest.raises(UnprocessableEntityError):
        client.generate(json_prompt=json_prompt())


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, BadRequestError),
        (401, AuthenticationError),
        (422, UnprocessableEntityError),
        (429, RateLimitError),
    ],
)
def test_our_client_understands_every_documented_refusal(prism: str, status: int, error: type[APIStatusError]) -> None:
    with (
        httpx.Client(headers={"Prefer": f"code={status}"}) as http_client,
        Ideogram("any-key", base_url=prism, retry=ONCE, http_client=http_client) as client,
        pytest.raises(error) as raised,
    ):
        client.generate(text_prompt="A photo of a cat")
    assert raised.value.status_code == status
    assert not raised.value.may_have_been_billed
    assert set(read_view().responses) == {200, 400, 401, 422, 429}


def test_our_client_refuses_what_steady_would_take(steady: str) -> None:
    with Ideogram("any-key", base_url=steady, retry=ONCE) as client, pytest.raises(PromptError):
        client.generate(resolution="2048x2048")  # type: ignore[call-overload]
