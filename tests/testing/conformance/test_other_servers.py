"""Prism and Steady, which serve any OpenAPI contract: what the kit finds in them, and our client against them."""

from collections.abc import Iterator

import anyio
import httpx
import pytest
from conformance_runs import names
from mock_requests import json_prompt
from node_servers import serving

from ideogram_ai.client import (
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
from ideogram_ai.testing.conformance import Verdict
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


def test_the_kit_finds_that_prism_refuses_a_json_prompt(prism: str) -> None:
    report = run_server(ServerOptions(prism))
    failed = names(report, Verdict.FAILED)
    assert {"request.json_prompt.accepted", "request.json_prompt.part-type", "request.examples"} <= failed
    assert "answer.refusal-status" in failed  # a 422 that is not about safety
    assert not any(name.startswith(("auth.", "answer.200", "answer.422", "request.prompt-rule")) for name in failed)
    assert "request.refused.V4PromptBbox.minItems" in names(report, Verdict.NOT_TRIED)
    assert {"request.text_prompt.accepted", "answer.429.body", "answer.422.error"} <= names(report, Verdict.HELD)
    assert not report.of(Verdict.HARNESS_FAULT)


def test_the_kit_finds_that_steady_needs_no_prompt_and_no_key(steady: str) -> None:
    report = run_server(ServerOptions(steady))
    failed = names(report, Verdict.FAILED)
    assert {"request.prompt-rule.neither-refused", "request.prompt-rule.both-refused", "auth.key-missing"} <= failed
    assert {"request.refused.V4PromptBbox.minItems", "request.refused.V4ColorPalette.items.pattern"} <= failed
    held = names(report, Verdict.HELD)
    assert {"request.json_prompt.accepted", "request.text_prompt.accepted", "answer.200.body"} <= held
    assert "answer.422.error" in names(report, Verdict.NOT_TRIED)
    assert not report.of(Verdict.HARNESS_FAULT)


def test_our_clients_get_an_image_of_a_plain_prompt(prism: str, steady: str) -> None:
    async def generate(url: str) -> int:
        async with AsyncIdeogram("any-key", base_url=url, retry=ONCE) as client:
            return len((await client.generate(text_prompt="A cat", enable_copyright_detection=True)).images)

    for url in (prism, steady):
        with Ideogram("any-key", base_url=url, retry=ONCE) as client:
            images = client.generate(text_prompt="A photo of a cat", resolution="2048x2048").images
        assert [(each.url, each.seed) for each in images] == [(each["url"], each["seed"]) for each in IMAGES]
        for backend in ("asyncio", "trio"):
            assert anyio.run(generate, url, backend=backend) == len(IMAGES)


def test_our_client_reports_what_prism_refuses_and_refuses_what_steady_would_take(prism: str, steady: str) -> None:
    with Ideogram("any-key", base_url=steady, retry=ONCE) as client:
        assert client.generate(json_prompt=json_prompt()).images
        with pytest.raises(PromptError):
            client.generate(resolution="2048x2048")  # type: ignore[call-overload]
    with Ideogram("any-key", base_url=prism, retry=ONCE) as client, pytest.raises(UnprocessableEntityError):
        client.generate(json_prompt=json_prompt())


def test_our_client_understands_every_documented_refusal(prism: str) -> None:
    errors = {400: BadRequestError, 401: AuthenticationError, 422: UnprocessableEntityError, 429: RateLimitError}
    assert set(read_view().responses) == {200, *errors}
    for status, error in errors.items():
        with (
            httpx.Client(headers={"Prefer": f"code={status}"}) as http_client,
            Ideogram("any-key", base_url=prism, retry=ONCE, http_client=http_client) as client,
            pytest.raises(error) as raised,
        ):
            client.generate(text_prompt="A photo of a cat")
        assert raised.value.status_code == status
        assert not raised.value.may_have_been_billed
