"""Why: people rely on "held", so the kit reports it only for what was shown.

A refusal shows that a server keeps a rule only where it accepts the same request without the fault. Each server here
knows no rule of the contract, responds the same to every request, or refuses for a reason of its own.
"""

from collections.abc import Callable
from typing import Any

import pytest
from altered_server import Asked, Told, refused, rewriting
from conformance_runs import names, result, run_on_app
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from ideogram_ai.contract.view import read_view
from ideogram_ai.testing.conformance import Report, Verdict, apply_expected

VIEW = read_view()
TEXT, *OTHERS = VIEW.operation.exactly_one_of[0]
NAMES = " ".join(VIEW.fields)
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
    "501 of a file server": lambda: HTMLResponse("<title>Error response</title>", 501),
    "a login page": lambda: HTMLResponse(LOGIN),
    "a redirect to a login page": lambda: RedirectResponse("/login"),
    "nothing": Response,
    "null": lambda: JSONResponse(None),
    "an empty object": lambda: JSONResponse({}),
    "an error with a 200": lambda: JSONResponse({"error": "no"}),
}
ABOUT_RESPONSES = ("answer.statuses", "answer.undocumented-members", "generated.answers")


def constant(make: Callable[[], Response]) -> Starlette:
    async def generate(_: Request) -> Response:
        return make()

    return Starlette(routes=[Route("/{path:path}", generate, methods=["GET", "POST"])])


def held(report: Report) -> set[str]:
    return names(report, Verdict.HELD)


def refusals(ids: set[str]) -> set[str]:
    """The ids that are about refusals."""
    endings = ("-refused", "key-missing", "key-blank", "key-wrong", "key-in-query", "key-as-bearer")
    others = {"request.body-required", "request.media-type", "request.malformed-form", "answer.refusal-status"}
    return {name for name in ids if name.startswith("request.refused.") or name.endswith(endings) or name in others}


def test_a_server_that_responds_the_same_to_everything_holds_nothing_about_requests() -> None:
    for word, make in CONSTANT.items():
        report = run_on_app(constant(make))
        # What its responses look like was seen all the same.
        own = {name for name in held(report) if name.startswith(f"answer.{word[:3]}.") or name in ABOUT_RESPONSES}
        assert held(report) - {"answer.200.content-type"} == own, word
        assert apply_expected(report).exit_code == 1, word
        assert not report.of(Verdict.HARNESS_FAULT), word


def test_a_server_that_makes_an_image_of_anything_holds_no_refusal() -> None:
    report = run_on_app(constant(lambda: JSONResponse(ANSWER)))
    assert refusals(held(report)) == set()
    assert {"request.text_prompt.accepted", "answer.200.data.seed"} <= held(report)
    withheld = ANSWER | {"data": [IMAGE | {"is_image_safe": False}]}
    report = run_on_app(constant(lambda: JSONResponse(withheld)))
    assert not {"answer.200.link-present", "answer.200.link-opens"} & held(report)
    # The same object inside a list is no acceptance.
    report = run_on_app(constant(lambda: JSONResponse([ANSWER])))
    assert not {name for name in held(report) if name.startswith(("request.", "auth."))}


@pytest.mark.parametrize("name", VIEW.fields)
def test_a_server_that_refuses_a_field_holds_no_rule_about_it(name: str) -> None:
    app = rewriting(ask=lambda asked: refused() if asked.has_part(name) else asked)
    report = run_on_app(app)
    rules = {
        each.requirement.id
        for each in report.of(Verdict.HELD)
        if each.exchanges and f'name="{name}"' in each.exchanges[0].request
    }
    assert refusals(rules) - {"request.prompt-rule.neither-refused"} == set()
    assert f"request.{name}.accepted" in names(report, Verdict.FAILED)
    reason = "No valid request at all was accepted" if name == TEXT else "The same request without the fault"
    assert any(each.detail.startswith(reason) for each in report.of(Verdict.NOT_TRIED))
    if name in OTHERS:
        untried = result(report, "request.refused.V4PromptBbox.minItems")
        assert untried.verdict is Verdict.NOT_TRIED
        assert untried.detail == f"{reason} (a valid {name}) was not accepted: the server answered 400."
        assert "request.refused.ResolutionV4.enum" in held(report)


@pytest.mark.slow
def test_what_schemathesis_makes_proves_no_more() -> None:
    for make in (CONSTANT["400"], CONSTANT["an empty object"], lambda: JSONResponse(ANSWER)):
        found = result(run_on_app(constant(make), generated=True), "generated.invalid-refused")
        assert found.verdict is not Verdict.HELD, make()
    app = rewriting(ask=lambda asked: refused() if asked.has_part(TEXT) else asked)
    found = result(run_on_app(app, generated=True), "generated.invalid-refused")
    assert found.verdict is not Verdict.HELD or f'name="{TEXT}"' not in found.exchanges[0].request


def test_a_server_that_takes_no_json_prompt_and_knows_no_rule_holds_neither_the_prompt_rule_nor_flash() -> None:
    async def generate(request: Request) -> Response:
        if not request.headers.get("api-key", "").strip():
            return JSONResponse({"title": "no key"}, 401)
        try:
            form = await request.form()
        except Exception:  # noqa: BLE001 - whatever is wrong with the form
            return JSONResponse(PROBLEM, 400)
        return JSONResponse(PROBLEM, 400) if "json_prompt" in form else JSONResponse(ANSWER)

    report = run_on_app(Starlette(routes=[Route(VIEW.operation.path, generate, methods=["POST"])]))
    both = result(report, "request.prompt-rule.both-refused")
    assert "(a valid json_prompt) was not accepted: the server answered 400" in both.detail
    untried = {both.requirement.id, "request.refused.V4PromptBbox.minItems", "request.json_prompt.malformed-refused"}
    assert untried <= names(report, Verdict.NOT_TRIED)
    assert "request.refused.RenderingSpeedV4.x-unavailable-values.0" in names(report, Verdict.FAILED)
    assert "auth.key-missing" in held(report)


def test_a_member_that_is_not_known_proves_nothing_about_its_rules_and_leaves_the_others() -> None:
    report = run_on_app(rewriting(ask=lambda asked: refused() if b'"tags"' in asked.body else asked))
    assert not {name for name in held(report) if ".tags." in name}
    assert {"request.refused.V4PromptBbox.minItems", "request.refused.V4StyleDescription.photo.type"} <= held(report)


def test_a_server_that_stops_halfway_holds_nothing_that_it_seemed_to_hold() -> None:
    asked = 0

    def close(arrived: Asked) -> Asked | Told:
        nonlocal asked
        asked += 1
        return arrived if asked <= 20 else refused()

    report = run_on_app(rewriting(ask=close))
    assert not {name for name in held(report) if name.startswith("request.refused.")}
    assert "at first, but no longer at the end" in result(report, "request.refused.ResolutionV4.enum").detail
    assert apply_expected(report).exit_code == 1


def test_a_server_that_announces_a_newer_version_holds_all_that_it_held() -> None:
    def old(_: Asked, told: Told) -> Told:
        news = {"deprecation": "@1767225600", "link": '<https://example.test/v2>; rel="successor-version"'}
        told = Told(told.status, told.body, told.headers | news)
        return told.with_json(told.json | {"notice": "There is a newer version."}) if told.status == 200 else told

    report = run_on_app(rewriting(tell=old))
    # The member is in the contract; a header that it does not have is nobody's fault.
    known = "notice" in VIEW.resolve(VIEW.responses[200].schema)["properties"]
    failed = names(report, Verdict.FAILED, Verdict.ADVICE)
    assert failed == (set() if known else {"answer.undocumented-members"})
