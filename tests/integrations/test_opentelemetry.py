"""Spans for calls, collected by OpenTelemetry's own SDK."""

import asyncio
from pathlib import Path

import pytest
from driver import KEY, ONCE, PROMPT, outcome
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import SpanKind, StatusCode

from ideogram_ai.client import AsyncIdeogram, Ideogram
from ideogram_ai.integrations.opentelemetry import trace_calls
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer


class Collected:
    """The spans that were written."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.hook = trace_calls(self.provider)

    def take(self) -> list[ReadableSpan]:
        spans = list(self._exporter.get_finished_spans())
        self._exporter.clear()
        return spans


def test_a_call_is_a_span_with_its_cost_and_its_parent(tmp_path: Path) -> None:
    collected = Collected()
    tracer = collected.provider.get_tracer("program")
    with (
        FaultServer(["status_429", "ok"], image="status_404") as server,
        Ideogram(KEY, base_url=server.url, on_event=collected.hook) as client,
        tracer.start_as_current_span("work"),
    ):
        made = client.generate(text_prompt=PROMPT)
        outcome(client.with_retry(ONCE).download, made.images[0], tmp_path / "cat.png")
    span, download, work = collected.take()
    assert (span.name, span.kind, span.status.status_code) == (
        "generate_content generate",
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert span.parent
    assert work.context
    assert span.parent.span_id == work.context.span_id
    assert dict(span.attributes or {}) == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "ideogram",
        "gen_ai.output.type": "image",
        "http.response.status_code": 200,
        "ideogram.attempts": 2,
        "ideogram.cost_usd": 0.12,
        "ideogram.cost_source": "price list",
        "ideogram.may_have_been_billed": True,
        "ideogram.images": 2,
        "ideogram.images_withheld": 0,
    }
    assert work.start_time
    assert work.end_time
    assert span.start_time
    assert span.end_time
    assert work.start_time <= span.start_time < span.end_time
    assert span.end_time - span.start_time > 5e8  # the pause between its attempts
    assert (download.name, download.status.status_code) == ("ideogram download", StatusCode.ERROR)
    assert (download.attributes or {})["error.type"] == "DownloadError"
    names = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    assert {name for name in span.attributes or {} if name.startswith("gen_ai.")} <= names


def test_a_wait_and_a_failure_are_spans_too() -> None:
    collected = Collected()

    async def use(url: str) -> str:
        async with AsyncIdeogram(KEY, base_url=url, on_event=collected.hook) as client:
            job = await client.submit(text_prompt=PROMPT)
            await client.wait(job)
            return job.id

    with MockServer() as server:
        job_id = asyncio.run(use(server.url))
    submit, wait = collected.take()
    assert [span.name for span in (submit, wait)] == ["generate_content submit", "generate_content wait"]
    for span in (submit, wait):
        assert (span.attributes or {})["gen_ai.response.id"] == job_id
    assert "ideogram.cost_usd" not in (submit.attributes or {})
    assert (wait.attributes or {})["ideogram.cost_usd"] == pytest.approx(0.06)
    with (
        FaultServer("close_after_request") as broken,
        Ideogram(KEY, base_url=broken.url, on_event=collected.hook) as client,
    ):
        outcome(client.v3.generate, prompt=PROMPT, seed=7)
    (failed,) = collected.take()
    assert (failed.status.status_code, failed.status.description) == (StatusCode.ERROR, "OutcomeUnknownError")
    assert (failed.attributes or {})["ideogram.may_have_been_billed"] is True
    assert (failed.attributes or {})["gen_ai.request.seed"] == 7
