"""Runs of the kit on servers: what holds, what is not tried, who is at fault, what a run costs, what is caught."""

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from altered_server import Asked, Told, refused, rewriting
from broken_servers import BROKEN_SERVERS, GENERATED
from conformance_runs import KIT, URL, names, result, run_on_app, verdicts
from served_app import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from ideogram_ai.client import ConfigurationError
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import CONTRACT_SHA256
from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.conformance import Verdict, apply_expected, by_cause, write_report
from ideogram_ai.testing.conformance.server import (
    PRICES,
    ServerOptions,
    check_options,
    describe_cost,
    run_server,
    server_requirements,
)
from ideogram_ai.testing.conformance.server_plan import draw, generated_cases
from ideogram_ai.testing.conformance.server_requests import (
    CannotConnectError,
    CaseSender,
    RequestCase,
    ServerResponse,
)
from ideogram_ai.testing.faults import FaultServer
from ideogram_ai.testing.strategies import broken_requests

pytestmark = pytest.mark.slow

KEY = "the-key-that-no-report-may-show"
HEADER = API_KEY_HEADER.lower()


def test_the_mock_server_keeps_the_whole_contract() -> None:
    with MockServer() as server:
        report = run_server(ServerOptions(server.url))
    assert list(verdicts(report)) == list(server_requirements())
    others = {name: verdict for name, verdict in verdicts(report).items() if verdict is not Verdict.HELD}
    assert others == {"auth.key-wrong": Verdict.NOT_TRIED}  # it takes any key, which is its purpose
    assert "--key-env" in result(report, "auth.key-wrong").detail
    assert apply_expected(report).exit_code == 0
    assert (report.subject, report.kind, report.contract_sha256) == (server.url, "server", CONTRACT_SHA256)
    with_key = run_on_app(rewriting(), ServerOptions(URL, KEY))
    assert names(with_key, Verdict.FAILED) == {"auth.key-wrong"}


def test_a_broken_server_is_caught_by_the_requirement_that_describes_its_fault() -> None:
    for fault, broken in BROKEN_SERVERS.items():
        report = run_on_app(broken.make(), generated=fault in {"any speed is taken", "a JSON prompt needs nothing"})
        caught = names(report, Verdict.FAILED, Verdict.ADVICE)
        assert caught - GENERATED - broken.also <= {broken.caught_by} <= caught, fault
        assert not report.of(Verdict.HARNESS_FAULT), fault
        advisory = server_requirements()[broken.caught_by].advisory
        assert apply_expected(report).exit_code == (0 if advisory else 1), fault
        assert result(report, broken.caught_by).exchanges, fault


def test_failures_of_one_cause_share_it_and_the_plainest_comes_first() -> None:
    whole = {"high_level_description": "a", "compositional_deconstruction": {"background": "b", "elements": []}}

    def look_away(asked: Asked) -> Asked:
        """Read no JSON prompt."""
        if not asked.has_part("json_prompt") or asked.has_part("text_prompt"):
            return asked
        head, _, _ = asked.body.partition(b"\r\n\r\n")
        end = b"\r\n--" + asked.boundary + b"--\r\n"
        return Asked(asked.headers, asked.query, head + b"\r\n\r\n" + json.dumps(whole).encode() + end)

    alike, *_ = by_cause(run_on_app(rewriting(ask=look_away)).of(Verdict.FAILED))
    assert len(alike) > 25
    assert {each.cause for each in alike} == {"Invalid values of json_prompt are accepted."}
    assert alike[0].requirement.id == "request.json_prompt.malformed-refused"
    assert "json_prompt is b'{': it was accepted" in alike[0].detail
    alike, *_ = by_cause(run_on_app(rewriting(ask=lambda _: refused())).of(Verdict.FAILED))
    assert {each.cause for each in alike} == {"No valid request at all is accepted."}

    one = "enable_copyright_detection"
    failed = run_on_app(rewriting(ask=lambda asked: refused() if asked.has_part(one) else asked)).of(Verdict.FAILED)
    assert {each.cause for each in failed} == {"", f"No valid request with {one} is accepted."}
    apart = by_cause(run_on_app(BROKEN_SERVERS["bad JSON is a crash"].make()).of(Verdict.FAILED))
    assert [len(group) for group in apart] == [1, 1]


def test_a_server_that_knows_its_keys_has_to_check_them() -> None:
    def check(asked: Asked) -> Asked:
        known = asked.headers.get(HEADER) == KEY
        return asked if known else Asked({k: v for k, v in asked.headers.items() if k != HEADER}, "", b"")

    app = rewriting(ask=check)
    assert set(verdicts(run_on_app(app, ServerOptions(URL, KEY), generated=True)).values()) == {Verdict.HELD}
    without = run_on_app(app)
    assert result(without, "auth.key-accepted").verdict is Verdict.FAILED
    assert "--key-env" in result(without, "auth.key-accepted").detail
    # A 401 says nothing about the size.
    assert result(without, "request.refused.ResolutionV4.enum").verdict is Verdict.NOT_TRIED


def test_a_status_that_cannot_be_provoked_is_not_tried() -> None:
    def forget_preferences(asked: Asked) -> Asked:
        return Asked({name: value for name, value in asked.headers.items() if name != "prefer"}, "", asked.body)

    report = run_on_app(rewriting(ask=forget_preferences), generated=True)
    unprovoked = {name for name in server_requirements() if name.startswith(("answer.422.", "answer.429."))}
    assert names(report, Verdict.NOT_TRIED) == unprovoked | {"auth.key-wrong"}
    detail = result(report, "answer.422.error").detail
    assert detail.startswith("No 422 could be provoked: Prefer: code=422")


def test_the_same_seed_draws_the_same_requests_in_any_program(tmp_path: Path) -> None:
    drawn = [draw(broken_requests(), 12, seed) for seed in (1, 1, 2)]
    assert str(drawn[0]) == str(drawn[1]) != str(drawn[2])
    assert len(drawn[0]) == 12
    constants = [[number * 7919, f"constant {number}"] for number in range(10, 90)]
    (tmp_path / "full_of_constants.py").write_text(f"VALUES = {constants}\n")
    program = """
from hypothesis import strategies as st
from ideogram_ai.testing.conformance.server_plan import draw
print(ascii(draw(st.lists(st.text() | st.integers(), min_size=20), 30, 1)))
"""
    found = {
        subprocess.run([sys.executable, "-c", first + program], cwd=tmp_path, capture_output=True, check=True).stdout
        for first in ("", "import full_of_constants")
    }
    assert len(found) == 1


def test_an_unreachable_server_is_not_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    report = run_server(ServerOptions(f"http://127.0.0.1:{port}"))
    assert set(verdicts(report).values()) == {Verdict.HARNESS_FAULT}
    assert apply_expected(report).exit_code == 3
    assert "cannot be reached" in result(report, "answer.statuses").detail

    send, sent = CaseSender.send, list[RequestCase]()

    def send_some(self: CaseSender, case: RequestCase) -> ServerResponse:
        sent.append(case)
        if len(sent) > 8:
            raise CannotConnectError("127.0.0.1: Connection refused")
        return send(self, case)

    monkeypatch.setattr(CaseSender, "send", send_some)
    report = run_on_app(rewriting())
    assert result(report, "auth.key-missing").verdict is Verdict.HELD
    lost = result(report, "request.json_prompt.accepted")
    assert lost.verdict is Verdict.HARNESS_FAULT
    assert sent[7].note in lost.detail
    assert apply_expected(report).exit_code == 3


def test_a_bug_of_the_kit_is_a_harness_fault_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(f"{KIT}.server.judge_response", break_down)
    report = run_on_app(rewriting())
    assert not report.of(Verdict.FAILED, Verdict.ADVICE)
    assert "The kit itself failed (ZeroDivisionError: a mistake" in result(report, "auth.key-accepted").detail
    assert result(report, "answer.200.link-opens").verdict is Verdict.NOT_TRIED
    assert apply_expected(report).exit_code == 3


def test_a_server_that_hangs_up_or_never_ends_its_response_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer("close_after_request") as server:
        report = run_server(ServerOptions(server.url))
    failed = {"request.json_prompt.accepted", "auth.key-missing"}
    assert failed <= names(report, Verdict.FAILED)
    assert all("broke off without a whole response" in result(report, name).detail for name in failed)
    assert not report.of(Verdict.HARNESS_FAULT, Verdict.HELD)
    assert apply_expected(report).exit_code == 1

    async def endless() -> Any:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)  # lets the server notice that nobody reads any more

    async def generate(_: Request) -> StreamingResponse:
        return StreamingResponse(endless())

    monkeypatch.setattr(f"{KIT}.server_requests.LARGEST_RESPONSE", 100_000)
    with serve(Starlette(routes=[Route(read_view().operation.path, generate, methods=["POST"])])) as url:
        report = run_server(ServerOptions(url, max_images=1))
    assert result(report, "request.text_prompt.accepted").verdict is Verdict.FAILED
    assert "more than 100000 bytes" in result(report, "request.text_prompt.accepted").detail


def test_no_report_shows_the_key_even_when_the_server_does(tmp_path: Path) -> None:
    def echo(asked: Asked, told: Told) -> Told:
        if told.status != 200:
            return told
        return Told(200, json.dumps(told.json | {"key": KEY}).encode(), told.headers | {"x-key": KEY})

    write_report(run_on_app(rewriting(tell=echo), ServerOptions(URL, KEY)), tmp_path)
    texts = [path.read_text("utf-8") for path in tmp_path.iterdir()]
    assert len(texts) == 3
    assert not any(KEY in text for text in texts)
    assert all("[redacted]" in text for text in texts if text.startswith("{"))


def test_without_schemathesis_its_part_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{KIT}.server_plan.find_spec", lambda _: None)
    assert generated_cases.__wrapped__(0) == ()
    report = run_on_app(rewriting())
    for name in GENERATED:
        assert result(report, name).verdict is Verdict.NOT_TRIED
        assert "pip install 'ideogram-ai[conformance]'" in result(report, name).detail
    assert result(report, "request.text_prompt.accepted").verdict is Verdict.HELD


def test_options_that_cannot_be_used_are_named() -> None:
    for options, named in (
        (ServerOptions("127.0.0.1:8000"), "base_url"),
        (ServerOptions("http://example.com"), "https"),
        (ServerOptions(URL, max_images=-1), "max_images is -1"),
        (ServerOptions(URL, seed=-1), "seed is -1"),
        (ServerOptions(URL, timeout=0), "timeout is 0"),
        (ServerOptions(URL, timeout=float("nan")), "timeout is nan"),
        (ServerOptions(URL, "two words"), "white space"),
        (ServerOptions("https://example.com", max_images=1), "--key-env"),
    ):
        with pytest.raises(ConfigurationError, match=named):
            check_options(options)


ONE_WITHHELD = {**read_view().responses[200].examples[0]}
ONE_WITHHELD["data"] = [ONE_WITHHELD["data"][0] | {"url": None, "is_image_safe": False}]  # nothing to fetch


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat the servers of a test as servers of somebody else."""
    monkeypatch.setattr(f"{KIT}.server.is_loopback", lambda _: False)


def counting(status: int, body: Any) -> tuple[ASGIApp, list[tuple[str, bytes]]]:
    """A server that responds the same to everything, and what it was sent: key and body."""
    arrived: list[tuple[str, bytes]] = []

    async def generate(request: Request) -> JSONResponse:
        keys = [request.headers.get(name, "") for name in (API_KEY_HEADER, "authorization")]
        arrived.append((" ".join(keys), await request.body()))
        return JSONResponse(body, status)

    return Starlette(routes=[Route(read_view().operation.path, generate, methods=["POST"])]), arrived


def charged(arrived: list[tuple[str, bytes]]) -> int:
    return sum(KEY in key for key, _ in arrived)


@pytest.mark.usefixtures("elsewhere")
def test_by_default_nothing_is_sent_that_anybody_could_be_billed_for() -> None:
    with MockServer() as server:
        report = run_server(ServerOptions(server.url, KEY))
        arrived = server.ledger
    assert [(exchange.fields, exchange.billed) for exchange in arrived] == [((), False)] * 3
    held = names(report, Verdict.HELD)
    assert {name.partition(".")[0] for name in held} == {"answer"}
    assert {"answer.statuses", "answer.401.body"} <= held
    missing = result(report, "auth.key-missing")
    assert missing.verdict is Verdict.NOT_TRIED  # a server that lets nobody in responds the same
    assert "the key was not sent (--max-images is 0)" in missing.detail
    assert missing.exchanges
    assert not report.of(Verdict.FAILED, Verdict.HARNESS_FAULT)
    assert "Nothing was sent that could be billed" in report.notes[1]
    app, sent = counting(401, {"status": 401})
    run_on_app(app, ServerOptions(URL, KEY))
    assert sent
    assert charged(sent) == 0
    assert not any(b"prompt" in body for _, body in sent)


def test_the_limit_holds_on_loopback_too_when_it_is_given() -> None:
    with MockServer() as server:
        run_server(ServerOptions(server.url, max_images=0))
        assert len(server.ledger) == 3


@pytest.mark.usefixtures("elsewhere")
def test_a_server_that_keeps_the_contract_bills_what_was_allowed() -> None:
    for limit in (1, 2, 3, 6):
        with MockServer() as server:
            report = run_server(ServerOptions(server.url, KEY, max_images=limit))
            billed = [exchange for exchange in server.ledger if exchange.billed]
        assert len(billed) == limit
        assert f"{limit} of at most {limit} images were billed" in report.notes[1]
        assert {dict(exchange.fields)["rendering_speed"] for exchange in billed} == {PRICES.cheapest}
        held = names(report, Verdict.HELD)
        assert ("request.refused.ResolutionV4.enum" in held) == (limit >= 2)
        assert ("request.refused.V4PromptBbox.minItems" in held) == (limit >= 3)
        assert {"answer.200.created", "answer.200.data.seed", "answer.200.link-opens"} <= held
        in_query = result(report, "auth.key-in-query")  # a URL is logged on the way
        assert in_query.verdict is Verdict.NOT_TRIED
        assert "logs" in in_query.detail


@pytest.mark.usefixtures("elsewhere")
def test_a_server_that_runs_everything_gets_no_more_than_was_allowed() -> None:
    for status in (200, 500, 503):
        for limit in (1, 3):
            app, arrived = counting(status, ONE_WITHHELD)
            report = run_on_app(app, ServerOptions(URL, KEY, max_images=limit))
            assert charged(arrived) == limit, (status, limit)
            assert report.of(Verdict.FAILED)
    # Every image of a response counts; refusals that the contract does not bill are free.
    app, arrived = counting(200, ONE_WITHHELD | {"data": ONE_WITHHELD["data"] * 2})
    run_on_app(app, ServerOptions(URL, KEY, max_images=4))
    assert charged(arrived) == 2
    app, arrived = counting(400, {"detail": "text_prompt"})
    run_on_app(app, ServerOptions(URL, KEY, max_images=1))
    assert charged(arrived) > 30


def test_the_price_is_that_of_the_cheapest_and_of_the_dearest_speed() -> None:
    cost = describe_cost(3)
    assert (PRICES.cheapest, PRICES.dearest) == ("TURBO", "QUALITY")
    assert "0.09 USD at TURBO" in cost
    assert "0.30 USD at most" in cost
    assert PRICES.seen in cost
    assert set(PRICES.usd) <= set(read_view().fields["rendering_speed"].choices)
