"""Runs of the kit on servers: what holds, what is not tried, and whose fault it is when something fails."""

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from altered_server import Asked, Told, rewriting
from served_app import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from ideogram_ai.client import ConfigurationError
from ideogram_ai.generated.contract import CONTRACT_SHA256
from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing.conformance import Report, Verdict, apply_expected, write_report
from ideogram_ai.testing.conformance.server import ServerOptions, check_options, run_server, server_requirements
from ideogram_ai.testing.conformance.server_plan import draw, generated_cases, plan_cases
from ideogram_ai.testing.conformance.server_requests import CannotConnectError, CaseSender, RequestCase, ServerResponse
from ideogram_ai.testing.strategies import broken_requests

RUN = "ideogram_ai.testing.conformance.server"
KEY = "the-key-that-no-report-may-show"


def verdicts(report: Report) -> dict[str, Verdict]:
    return {result.requirement.id: result.verdict for result in report.results}


def detail(report: Report, name: str) -> str:
    (found,) = (result.detail for result in report.results if result.requirement.id == name)
    return found


def test_the_mock_server_keeps_the_whole_contract(mock_url: str) -> None:
    report = run_server(ServerOptions(mock_url))
    assert list(verdicts(report)) == list(server_requirements())
    others = {name: verdict for name, verdict in verdicts(report).items() if verdict is not Verdict.HELD}
    assert others == {"auth.key-wrong": Verdict.NOT_TRIED}  # it takes any key, which is what it is for
    assert "--key-env" in detail(report, "auth.key-wrong")
    assert apply_expected(report).exit_code == 0
    assert (report.subject, report.kind, report.contract_sha256) == (mock_url, "server", CONTRACT_SHA256)


def _knows_one_key(asked: Asked) -> Asked:
    if asked.headers.get(API_KEY_HEADER.lower()) == KEY:
        return asked
    return Asked({name: value for name, value in asked.headers.items() if name != API_KEY_HEADER.lower()}, "", b"")


def test_a_server_that_knows_its_keys_is_held_to_it() -> None:
    with serve(rewriting(ask=_knows_one_key)) as url:
        with_key = run_server(ServerOptions(url, KEY))
        without = run_server(ServerOptions(url))
    assert set(verdicts(with_key).values()) == {Verdict.HELD}
    assert verdicts(without)["auth.key-accepted"] is Verdict.FAILED
    assert "--key-env" in detail(without, "auth.key-accepted")
    refusal = verdicts(without)["request.refused.ResolutionV4.enum"]
    assert refusal is Verdict.NOT_TRIED  # a 401 would say nothing of the size


def test_a_wrong_key_that_is_taken_is_a_fault_of_a_server_with_keys(mock_url: str) -> None:
    assert verdicts(run_server(ServerOptions(mock_url, KEY)))["auth.key-wrong"] is Verdict.FAILED


def test_a_refusal_says_nothing_where_valid_values_are_refused_too() -> None:
    def no_json_part(asked: Asked) -> Asked | Told:
        return Told(400, b"{}") if asked.has_part("json_prompt") else asked

    with serve(rewriting(ask=no_json_part)) as url:
        report = run_server(ServerOptions(url))
    found = verdicts(report)
    assert found["request.json_prompt.accepted"] is Verdict.FAILED
    assert found["request.refused.V4PromptBbox.minItems"] is Verdict.NOT_TRIED
    words = "The same request without the fault (a valid json_prompt) was not accepted: the server answered 400."
    assert detail(report, "request.refused.V4PromptBbox.minItems") == words
    assert found["request.refused.ResolutionV4.enum"] is Verdict.HELD


def test_a_status_that_cannot_be_provoked_is_not_tried() -> None:
    def forget_preferences(asked: Asked) -> Asked:
        headers = {name: value for name, value in asked.headers.items() if name != "prefer"}
        return Asked(headers, asked.query, asked.body)

    with serve(rewriting(ask=forget_preferences)) as url:
        report = run_server(ServerOptions(url))
    untried = {name for name, verdict in verdicts(report).items() if verdict is Verdict.NOT_TRIED}
    assert {name.partition(".")[0] + name.partition(".")[2][:4] for name in untried} == {
        "auth" + "key-",
        "answer" + "422.",
        "answer" + "429.",
    }
    assert detail(report, "answer.422.error").startswith("No 422 could be provoked: Prefer: code=422")


def test_the_same_seed_draws_the_same_requests_and_another_one_others() -> None:
    def drawn(seed: int) -> list[str]:
        return [str(broken) for broken in draw(broken_requests(), 12, seed)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert len(drawn(1)) == 12


def test_what_a_seed_draws_does_not_depend_on_the_program_around(tmp_path: Path) -> None:
    constants = [[number * 7919, f"constant {number}"] for number in range(10, 90)]
    (tmp_path / "full_of_constants.py").write_text(f"VALUES = {constants}\n")
    program = """
from hypothesis import strategies as st
from ideogram_ai.testing.conformance.server_plan import draw
print(ascii(draw(st.lists(st.text() | st.integers(), min_size=20), 30, 1)))
"""
    drawn = {
        subprocess.run(
            [sys.executable, "-c", first + program], cwd=tmp_path, capture_output=True, check=True, text=True
        ).stdout
        for first in ("", "import full_of_constants")
    }
    assert len(drawn) == 1


def test_a_server_that_cannot_be_reached_is_no_fault_of_the_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    report = run_server(ServerOptions(f"http://127.0.0.1:{port}"))
    assert set(verdicts(report).values()) == {Verdict.HARNESS_FAULT}
    assert apply_expected(report).exit_code == 3
    assert "cannot be reached" in detail(report, "answer.statuses")


def test_a_server_that_goes_away_leaves_what_was_found(mock_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    send, sent = CaseSender.send, list[RequestCase]()

    def send_some(self: CaseSender, case: RequestCase) -> ServerResponse:
        sent.append(case)
        if len(sent) > 8:
            raise CannotConnectError("127.0.0.1: Connection refused")
        return send(self, case)

    monkeypatch.setattr(CaseSender, "send", send_some)
    report = run_server(ServerOptions(mock_url))
    found = verdicts(report)
    assert found["auth.key-missing"] is Verdict.HELD
    assert found["request.json_prompt.accepted"] is Verdict.HARNESS_FAULT
    assert sent[7].note in detail(report, "request.json_prompt.accepted")
    assert apply_expected(report).exit_code == 3


def test_a_fault_of_the_kit_is_told_as_one_and_the_run_goes_on(mock_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a mistake")

    monkeypatch.setattr(f"{RUN}.judge_response", break_down)
    report = run_server(ServerOptions(mock_url))
    assert set(verdicts(report).values()) <= {Verdict.HARNESS_FAULT, Verdict.NOT_TRIED, Verdict.HELD}
    assert "The kit itself failed (ZeroDivisionError: a mistake" in detail(report, "auth.key-accepted")
    assert verdicts(report)["answer.200.link-opens"] is Verdict.NOT_TRIED
    assert apply_expected(report).exit_code == 3


@contextmanager
def hanging_up() -> Iterator[str]:
    """A server that reads a little and closes the connection without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve_nobody() -> None:
            while True:
                connection, _ = listener.accept()
                with connection:
                    if not connection.recv(16):
                        return

        thread = threading.Thread(target=serve_nobody, daemon=True)
        thread.start()
        address = listener.getsockname()
        yield f"http://127.0.0.1:{address[1]}"
        socket.create_connection(address).close()
        thread.join()


def test_a_server_that_hangs_up_is_at_fault() -> None:
    with hanging_up() as url:
        report = run_server(ServerOptions(url))
    assert verdicts(report)["request.json_prompt.accepted"] is Verdict.FAILED
    assert verdicts(report)["auth.key-missing"] is Verdict.FAILED
    assert "broke off without a whole response" in detail(report, "auth.key-missing")
    assert not report.of(Verdict.HARNESS_FAULT, Verdict.HELD)
    assert apply_expected(report).exit_code == 1


def test_an_answer_without_an_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65536
            await asyncio.sleep(0)  # lets the server notice that nobody listens any more

    async def generate(_: Request) -> StreamingResponse:
        return StreamingResponse(endless())

    monkeypatch.setattr("ideogram_ai.testing.conformance.server_requests.LARGEST_RESPONSE", 100_000)
    with serve(Starlette(routes=[Route(OPERATION.path, generate, methods=["POST"])])) as url:
        report = run_server(ServerOptions(url, max_images=1))
    assert verdicts(report)["request.text_prompt.accepted"] is Verdict.FAILED
    assert "more than 100000 bytes" in detail(report, "request.text_prompt.accepted")


def test_no_report_shows_the_key_even_when_the_server_does(tmp_path: Path) -> None:
    def echo(asked: Asked, told: Told) -> Told:
        if told.status != 200:
            return told
        return Told(200, json.dumps(told.json | {"key": KEY}).encode(), told.headers | {"x-key": KEY})

    with serve(rewriting(tell=echo)) as url:
        report = run_server(ServerOptions(url, KEY))
    write_report(report, tmp_path)
    texts = [path.read_text("utf-8") for path in tmp_path.iterdir()]
    assert len(texts) == 3
    assert not any(KEY in text for text in texts)
    assert all("[redacted]" in text for text in texts if text.startswith("{"))


def test_without_schemathesis_its_part_is_not_tried(mock_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ideogram_ai.testing.conformance.server_plan.find_spec", lambda _: None)
    assert generated_cases.__wrapped__(0) == ()
    cases = tuple(case for case in plan_cases(0, metered=True) if not case.generated)
    monkeypatch.setattr(f"{RUN}.plan_cases", lambda seed, metered: cases)
    report = run_server(ServerOptions(mock_url))
    for name in ("generated.valid-accepted", "generated.invalid-refused", "generated.answers"):
        assert verdicts(report)[name] is Verdict.NOT_TRIED
        assert "pip install 'ideogram-ai[conformance]'" in detail(report, name)
    assert verdicts(report)["request.text_prompt.accepted"] is Verdict.HELD


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (ServerOptions("127.0.0.1:8000"), "base_url"),
        (ServerOptions("http://example.com"), "https"),
        (ServerOptions("http://127.0.0.1:1", max_images=-1), "max_images is -1"),
        (ServerOptions("http://127.0.0.1:1", seed=-1), "seed is -1"),
        (ServerOptions("http://127.0.0.1:1", timeout=0), "timeout is 0"),
        (ServerOptions("http://127.0.0.1:1", timeout=float("nan")), "timeout is nan"),
        (ServerOptions("http://127.0.0.1:1", "two words"), "white space"),
        (ServerOptions("https://example.com", max_images=1), "--key-env"),
    ],
)
def test_options_that_cannot_be_used_are_named(options: ServerOptions, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        check_options(options)
