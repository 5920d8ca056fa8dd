"""Why: "held" is what people build on, so the kit says it of nothing that was not shown.

A refusal shows that a rule is kept only where the same request without its fault is accepted. Each server here knows no
rule of the contract, answers alike whatever it is asked, or refuses for a reason of its own.
"""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from altered_server import Asked, Told, refused, rewriting
from served_app import serve
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ideogram_ai.contract.view import read_view
from ideogram_ai.testing.conformance import Report, Verdict, apply_expected
from ideogram_ai.testing.conformance.server import ServerOptions, run_server

NAMES = " ".join(read_view().fields)
PROBLEM = {"type": "about:blank", "title": "Bad Request", "detail": NAMES, "status": 400}
IMAGE: dict[str, Any] = {"prompt": "p", "resolution": "2048x2048", "is_image_safe": True, "seed": 1}
ANSWER = {"created": "2026-10-07T12:00:00Z", "response_type": "url", "data": [IMAGE | {"url": "http://127.0.0.1:1/i"}]}
LOGIN = "<!DOCTYPE html><title>Sign in</title><form method=post><input name=password></form>"

CONSTANT: dict[str, Callable[[], Response]] = {
    "400": lambda: JSONResponse(PROBLEM, 400),
    "401": lambda: JSONResponse({"title": "Unauthorized"}, 401),
    "403 of a network in front": lambda: HTMLResponse(LOGIN, 403),
    "404": lambda: JSONResponse({"detail": "Not Found"}, 404),
    "415": lambda: JSONResponse(PROBLEM | {"status": 415}, 415),
    "422": lambda: JSONResponse({"error": f"unsafe {NAMES}"}, 422),
    "429": lambda: JSONResponse({"error": "Too many requests", "reject_reason": "inflight_limit"}, 429),
    "500": lambda: JSONResponse({"detail": "no"}, 500),
    "a login page": lambda: HTMLResponse(LOGIN),
    "a redirect to a login page": lambda: RedirectResponse("/login"),
    "nothing": Response,
    "null": lambda: JSONResponse(None),
    "an empty object": lambda: JSONResponse({}),
    "an error with a 200": lambda: JSONResponse({"error": "no"}),
}
ABOUT_ANSWERS = ("answer.statuses", "answer.undocumented-members", "generated.answers")


def constant(make: Callable[[], Response]) -> Starlette:
    async def generate(_: Request) -> Response:
        return make()

    return Starlette(routes=[Route("/{path:path}", generate, methods=["GET", "POST"])])


def held(report: Report) -> set[str]:
    return {result.requirement.id for result in report.of(Verdict.HELD)}


def detail(report: Report, name: str) -> str:
    (found,) = (result.detail for result in report.results if result.requirement.id == name)
    return found


def refusals(names: set[str]) -> set[str]:
    """Those of some requirements that speak of what is refused."""
    endings = ("-refused", "key-missing", "key-blank", "key-wrong", "key-in-query", "key-as-bearer")
    others = {"request.body-required", "request.media-type", "request.malformed-form", "answer.refusal-status"}
    return {name for name in names if name.startswith("request.refused.") or name.endswith(endings) or name in others}


@pytest.mark.parametrize("word", CONSTANT)
def test_a_server_that_answers_alike_whatever_it_is_asked_holds_nothing_about_requests(word: str) -> None:
    with serve(constant(CONSTANT[word])) as url:
        report = run_server(ServerOptions(url))
    # What its answers look like was seen all the same.
    own = {name for name in held(report) if name.startswith(f"answer.{word[:3]}.") or name in ABOUT_ANSWERS}
    assert held(report) - {"answer.200.content-type"} == own
    assert apply_expected(report).exit_code == 1
    assert not report.of(Verdict.HARNESS_FAULT)


def test_a_server_that_makes_an_image_of_anything_holds_no_refusal() -> None:
    with serve(constant(lambda: JSONResponse(ANSWER))) as url:
        report = run_server(ServerOptions(url))
    assert refusals(held(report)) == set()
    assert {"request.text_prompt.accepted", "answer.200.data.seed"} <= held(report)


def test_an_answer_without_an_image_holds_nothing_about_links() -> None:
    with serve(constant(lambda: JSONResponse(ANSWER | {"data": [IMAGE | {"is_image_safe": False}]}))) as url:
        report = run_server(ServerOptions(url))
    assert not {"answer.200.link-present", "answer.200.link-opens"} & held(report)


def refuses(name: str) -> Callable[[Asked], Asked | Told]:
    return lambda asked: refused() if asked.has_part(name) else asked


@pytest.mark.parametrize("name", read_view().fields)
def test_a_server_that_refuses_a_field_holds_no_rule_about_it(name: str) -> None:
    with serve(rewriting(ask=refuses(name))) as url:
        report = run_server(ServerOptions(url))
    rules = {
        result.requirement.id
        for result in report.results
        if result.exchanges and f'name="{name}"' in result.exchanges[0].request and result.verdict is Verdict.HELD
    }
    assert refusals(rules) - {"request.prompt-rule.neither-refused"} == set()
    assert f"request.{name}.accepted" in {result.requirement.id for result in report.of(Verdict.FAILED)}
    plainest = name == "text_prompt"
    words = "No valid request at all was accepted" if plainest else "The same request without the fault"
    assert any(result.detail.startswith(words) for result in report.of(Verdict.NOT_TRIED))


def test_a_server_that_takes_no_json_prompt_and_knows_no_rule_holds_neither_the_prompt_rule_nor_flash() -> None:
    async def generate(request: Request) -> Response:
        if not request.headers.get("api-key", "").strip():
            return JSONResponse({"title": "no key"}, 401)
        try:
            form = await request.form()
        except Exception:  # noqa: BLE001 - whatever is wrong with the form
            return JSONResponse(PROBLEM, 400)
        return JSONResponse(PROBLEM, 400) if "json_prompt" in form else JSONResponse(ANSWER)

    with serve(Starlette(routes=[Route(read_view().operation.path, generate, methods=["POST"])])) as url:
        report = run_server(ServerOptions(url))
    verdicts = {result.requirement.id: result.verdict for result in report.results}
    assert verdicts["request.prompt-rule.both-refused"] is Verdict.NOT_TRIED
    assert "(a valid json_prompt) was not accepted: the server answered 400" in detail(
        report, "request.prompt-rule.both-refused"
    )
    assert verdicts["request.refused.RenderingSpeedV4.x-unavailable-values.0"] is Verdict.FAILED
    assert verdicts["request.refused.V4PromptBbox.minItems"] is Verdict.NOT_TRIED
    assert verdicts["request.json_prompt.malformed-refused"] is Verdict.NOT_TRIED
    assert verdicts["auth.key-missing"] is Verdict.HELD


def _refuses_tags(asked: Asked) -> Asked | Told:
    return refused() if b'"tags"' in asked.body else asked


def test_a_member_that_is_not_known_proves_nothing_about_its_rules_and_leaves_the_others() -> None:
    with serve(rewriting(ask=_refuses_tags)) as url:
        report = run_server(ServerOptions(url))
    assert not {name for name in held(report) if ".tags." in name}
    assert "request.refused.V4PromptBbox.minItems" in held(report)
    assert "request.refused.V4StyleDescription.photo.type" in held(report)


def test_a_server_that_closes_on_the_way_keeps_nothing_that_it_seemed_to_hold() -> None:
    asked = 0

    def close(arrived: Asked) -> Asked | Told:
        nonlocal asked
        asked += 1
        return arrived if asked <= 20 else refused()

    with serve(rewriting(ask=close)) as url:
        report = run_server(ServerOptions(url))
    assert not {name for name in held(report) if name.startswith("request.refused.")}
    assert "at first, but no longer at the end" in detail(report, "request.refused.ResolutionV4.enum")
    assert apply_expected(report).exit_code == 1


@contextmanager
def bare_http_server() -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_pythons_own_file_server_holds_nothing() -> None:
    with bare_http_server() as url:
        report = run_server(ServerOptions(url))
    assert held(report) == set()
    assert apply_expected(report).exit_code == 1


def test_an_image_that_is_only_one_more_member_of_an_error_is_no_acceptance() -> None:
    with serve(constant(lambda: Response(json.dumps([ANSWER]), media_type="application/json"))) as url:
        report = run_server(ServerOptions(url))
    assert not {name for name in held(report) if name.startswith(("request.", "auth."))}


def test_a_server_that_tells_of_a_newer_version_holds_all_that_it_held() -> None:
    def old(_: Asked, told: Told) -> Told:
        news = {"deprecation": "@1767225600", "link": '<https://example.test/v2>; rel="successor-version"'}
        told = Told(told.status, told.body, told.headers | news)
        return told.with_json(told.json | {"notice": "There is a newer version."}) if told.status == 200 else told

    with serve(rewriting(tell=old)) as url:
        report = run_server(ServerOptions(url))
    # The member stands in the contract; a header that it does not have is nobody's fault.
    known = "notice" in read_view().resolve(read_view().responses[200].schema)["properties"]
    assert [result.requirement.id for result in report.of(Verdict.FAILED, Verdict.ADVICE)] == (
        [] if known else ["answer.undocumented-members"]
    )
