"""Runs of the conformance kit: on applications without a socket, and on programs that are forks."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from unittest.mock import patch

import httpx
from starlette.types import ASGIApp

from ideogram_ai.testing.conformance import Report, Result, Verdict
from ideogram_ai.testing.conformance.server import ServerOptions, run_server
from ideogram_ai.testing.conformance.server_plan import plan_cases
from ideogram_ai.testing.conformance.server_requests import RequestCase

ROOT = Path(__file__).parents[2]
BROKEN_CLIENT = ROOT / "tests/support/broken_client.py"
LOAD = "import http.client, ideogram_ai.client.webhooks, ideogram_ai.contract.check, jsonschema_rs"
"""What the broken client takes long to import."""
KIT = "ideogram_ai.testing.conformance"
URL = "http://127.0.0.1:9"


def verdicts(report: Report) -> dict[str, Verdict]:
    return {result.requirement.id: result.verdict for result in report.results}


def names(report: Report, *wanted: Verdict) -> set[str]:
    return {result.requirement.id for result in report.of(*wanted)}


def result(report: Report, name: str) -> Result:
    (found,) = (result for result in report.results if result.requirement.id == name)
    return found


@cache
def cases_without_schemathesis(metered: bool) -> tuple[RequestCase, ...]:
    with patch(f"{KIT}.server_plan.generated_cases", lambda _: ()):
        return plan_cases.__wrapped__(0, metered=metered)


def run_on_app(app: ASGIApp, options: ServerOptions | None = None, *, generated: bool = False) -> Report:
    """Run the kit on an application without a socket; without the requests of schemathesis unless they are asked for.

    Args:
        app: The application.
        options: Options, whose URL is not used.
        generated: Whether schemathesis makes requests too, which takes a third of the time.
    """
    loop = asyncio.new_event_loop()

    def handle(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return loop.run_until_complete(answer(request))

    async def answer(request: httpx.Request) -> httpx.Response:
        request.read()
        response = await httpx.ASGITransport(app).handle_async_request(request)
        return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

    def plan(seed: int, *, metered: bool) -> tuple[RequestCase, ...]:
        return cases_without_schemathesis(metered) if seed == 0 and not generated else plan_cases(seed, metered=metered)

    chosen = options or ServerOptions(URL)
    with (
        contextlib.closing(loop),
        patch.object(httpx.HTTPTransport, "handle_request", handle),
        patch(f"{KIT}.server.plan_cases", plan),
        ThreadPoolExecutor(1) as other_thread,  # this one may have a running event loop
    ):
        return other_thread.submit(run_server, chosen).result()
