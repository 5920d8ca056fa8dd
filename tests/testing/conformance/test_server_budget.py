"""A run never costs more images than it may, whatever the server does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from served_app import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.conformance import Report, Verdict
from ideogram_ai.testing.conformance.server import PRICES, ServerOptions, describe_cost, run_server

KEY = "a-key-that-can-be-charged"
EXAMPLE = json.loads(json.dumps(read_view().responses[200].examples[0]))
for image in EXAMPLE["data"]:
    image.update(url=None, is_image_safe=False)  # nothing to fetch


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the servers of these tests for servers of somebody else."""
    monkeypatch.setattr("ideogram_ai.testing.conformance.server.is_loopback", lambda _: False)


def held(report: Report) -> set[str]:
    return {result.requirement.id for result in report.of(Verdict.HELD)}


@contextmanager
def counting(status: int, body: Any) -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """A server that answers everything alike, and what it was sent: key and body."""
    arrived: list[tuple[str, bytes]] = []

    async def generate(request: Request) -> JSONResponse:
        keys = [request.headers.get(name, "") for name in (API_KEY_HEADER, "authorization")]
        arrived.append((" ".join(keys), await request.body()))
        return JSONResponse(body, status)

    with serve(Starlette(routes=[Route(OPERATION.path, generate, methods=["POST"])])) as url:
        yield url, arrived


def test_by_default_nothing_is_sent_that_anybody_could_be_billed_for() -> None:
    with MockServer() as server:
        report = run_server(ServerOptions(server.url, KEY))
        arrived = server.ledger
    assert len(arrived) == 3
    assert [exchange.fields for exchange in arrived] == [()] * 3
    assert not any(exchange.billed for exchange in arrived)
    assert {name.partition(".")[0] for name in held(report)} == {"answer"}
    assert {"answer.statuses", "answer.401.body"} <= held(report)
    missing = next(result for result in report.results if result.requirement.id == "auth.key-missing")
    assert missing.verdict is Verdict.NOT_TRIED  # a server that lets in nobody answers alike
    assert "the key was not sent (--max-images is 0)" in missing.detail
    assert missing.exchanges
    assert not report.of(Verdict.FAILED, Verdict.HARNESS_FAULT)
    assert "Nothing was sent that could be billed" in report.notes[1]


def test_by_default_the_key_stays_at_home() -> None:
    with counting(401, {"status": 401}) as (url, arrived):
        run_server(ServerOptions(url, KEY))
    assert arrived
    assert KEY not in json.dumps([key for key, _ in arrived])
    assert not any(b"prompt" in body for _, body in arrived)


@pytest.mark.parametrize("limit", [1, 2, 3, 6])
def test_a_server_that_keeps_the_contract_bills_what_was_allowed(limit: int) -> None:
    with MockServer() as server:
        report = run_server(ServerOptions(server.url, KEY, max_images=limit))
        arrived = server.ledger
    billed = [exchange for exchange in arrived if exchange.billed]
    assert len(billed) == limit
    assert f"{limit} of at most {limit} images were billed" in report.notes[1]
    assert {dict(exchange.fields)["rendering_speed"] for exchange in billed} == {PRICES.cheapest}
    assert ("request.refused.ResolutionV4.enum" in held(report)) == (limit >= 2)
    assert ("request.refused.V4PromptBbox.minItems" in held(report)) == (limit >= 3)
    assert {"answer.200.created", "answer.200.data.seed", "answer.200.link-opens"} <= held(report)


@pytest.mark.parametrize("limit", [1, 3])
@pytest.mark.parametrize("status", [200, 500, 503])
def test_a_server_that_runs_everything_gets_no_more_than_was_allowed(limit: int, status: int) -> None:
    one = EXAMPLE | {"data": EXAMPLE["data"][:1]}
    with counting(status, one) as (url, arrived):
        report = run_server(ServerOptions(url, KEY, max_images=limit))
    assert len([key for key, _ in arrived if KEY in key]) == limit
    assert report.of(Verdict.FAILED)


def test_every_image_of_an_answer_counts() -> None:
    assert len(EXAMPLE["data"]) == 2
    with counting(200, EXAMPLE) as (url, arrived):
        run_server(ServerOptions(url, KEY, max_images=4))
    assert len([key for key, _ in arrived if KEY in key]) == 2


def test_refusals_that_the_contract_does_not_bill_are_free() -> None:
    with counting(400, {"detail": "text_prompt"}) as (url, arrived):
        run_server(ServerOptions(url, KEY, max_images=1))
    assert len([key for key, _ in arrived if KEY in key]) > 30


def test_the_key_never_stands_in_a_url_that_goes_elsewhere() -> None:
    with MockServer() as server:
        report = run_server(ServerOptions(server.url, KEY, max_images=2))
    (result,) = (result for result in report.results if result.requirement.id == "auth.key-in-query")
    assert result.verdict is Verdict.NOT_TRIED
    assert "logs" in result.detail


def test_the_limit_holds_on_loopback_too_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with MockServer() as server:
        run_server(ServerOptions(server.url, max_images=0))
        assert len(server.ledger) == 3


def test_the_price_is_that_of_the_cheapest_and_of_the_dearest_speed() -> None:
    words = describe_cost(3)
    assert (PRICES.cheapest, PRICES.dearest) == ("TURBO", "QUALITY")
    assert "0.09 USD at TURBO" in words
    assert "0.30 USD at most" in words
    assert PRICES.seen in words
    assert set(PRICES.usd) <= set(read_view().fields["rendering_speed"].choices)
