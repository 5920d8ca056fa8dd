"""Events say what a call does and costs. A hook that fails loses no image that was paid for, and repeats no request."""

import logging
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from canned import Service, success
from driver import KEY, ONCE, PROMPT, Driver, Kind, against, case, outcome, raised
from image_downloads import PNG

import ideogram_ai.client as ideogram
from ideogram_ai.client import AsyncIdeogram, Event, Generation, Ideogram, IdeogramError
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

LAST = {"billed", "failed", "saved"}


def watched(kind: Kind, base_url: str, **settings: Any) -> tuple[Driver, list[Event]]:
    events: list[Event] = []
    return Driver(kind, base_url=base_url, on_event=events.append, **settings), events


def kinds(events: list[Event]) -> list[str]:
    assert len({event.call for event in events}) == 1
    assert [event.final for event in events] == [False] * (len(events) - 1) + [True]
    assert events[-1].kind in LAST | {"answered"}
    found = [str(event.kind) for event in events]
    events.clear()
    return found


def test_each_step_is_reported_with_what_it_means_for_money(kind: Kind, tmp_path: Path) -> None:
    with FaultServer(["status_429", "ok", "status_503"], image=["status_503", "ok"]) as server:
        client, events = watched(kind, server.url)
        with client:
            made = client.ask()
            assert [event.may_have_been_billed for event in events] == [True, False, False, True, True, True]
            retried, billed = events[2], events[-1]
            assert (retried.attempt, events[3].attempt, type(retried.outcome)) == (1, 2, ideogram.RateLimitError)
            assert (retried.status_code, events[1].status_code, retried.wait is not None) == (None, 429, True)
            assert (billed.outcome, billed.cost_usd, billed.method) == (made, Decimal("0.12"), "generate")
            assert (billed.request, billed.seconds >= 0, billed.began > 1.7e9) == ({"text_prompt": PROMPT}, True, True)
            assert kinds(events) == ["sent", "answered", "retried", "sent", "answered", "billed"]
            path = client.download(made.images[0], tmp_path / "cat.png")
            assert (events[-1].path, events[-1].outcome) == (path, made.images[0])
            assert kinds(events) == ["retried", "saved"]
            assert isinstance(outcome(client.download, made.images[0], path), ideogram.DownloadError)
            assert kinds(events) == ["failed"]
            failed = outcome(client.ask)
            assert (events[-1].outcome, events[-1].may_have_been_billed) == (failed, True)
            assert kinds(events) == ["sent", "answered", "failed"]
    client, events = watched(kind, server.url, retry=ONCE)  # nobody listens there any longer
    with client:
        assert isinstance(outcome(client.ask), ideogram.APIConnectionError)
        assert not events[-1].may_have_been_billed
        assert kinds(events) == ["failed"]


def test_a_job_is_billed_when_it_is_completed_and_what_is_free_never(kind: Kind) -> None:
    with MockServer() as server:
        client, events = watched(kind, server.url)
        with client:
            job = client.call("submit", text_prompt=PROMPT)
            assert (events[-1].job_id, events[-1].cost_usd) == (job.id, None)
            assert kinds(events) == ["sent", "answered"]
            made = client.call("wait", job)
            assert (events[-1].job_id, events[-1].cost_usd, events[-1].outcome) == (job.id, made.cost_usd, made)
            assert {event.method for event in events} == {"wait"}
            assert kinds(events)[-3:] == ["sent", "answered", "billed"]
            client.call("job", job)
            assert events[-1].job_id == job.id
            assert kinds(events) == ["sent", "answered", "billed"]
            client.call("datasets.list")
            assert not any(event.may_have_been_billed for event in events)
            assert kinds(events) == ["sent", "answered"]
            client.call("magic_prompt", text_prompt=PROMPT, aspect_ratio="1x1")
            assert kinds(events)[-1] in {"answered", "billed"}
    with FaultServer(poll=["failed", "status_404"]) as broken:
        client, events = watched(kind, broken.url)
        with client:
            for error, billed in ((ideogram.JobFailedError, False), (ideogram.NotFoundError, True)):
                assert isinstance(outcome(client.call, "wait", "Z2VuLTE="), error)
                assert (events[-1].job_id, events[-1].may_have_been_billed) == ("Z2VuLTE=", billed)
                assert kinds(events)[-1] == "failed"


class Broken:
    """A hook that fails at every step, in its own way."""

    def __init__(self) -> None:
        self.called = 0

    def __call__(self, event: Event) -> None:
        self.called += 1
        raise (ValueError, IdeogramError, httpx.ReadTimeout, OSError, StopIteration)[self.called % 5](event.kind)


def test_a_hook_that_fails_costs_nothing(kind: Kind, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    hook = Broken()
    with against(kind, ["status_429", "ok"], poll="ok", on_event=hook) as (client, server):
        made = client.ask()
        client.download(made.images[0], tmp_path / "cat.png")
        assert isinstance(client.call("wait", "Z2VuLTE="), Generation)
        assert server.wait_idle().may_have_run == 1
    assert hook.called == 6 + 1 + 3
    assert sum("on_event failed" in record.message for record in caplog.records) == hook.called


def test_ctrl_c_in_a_hook_says_what_it_may_have_cost() -> None:
    def interrupt(event: Event) -> None:
        if event.kind == "answered":
            raise KeyboardInterrupt

    with against("sync", on_event=interrupt) as (client, server):
        error = raised(KeyboardInterrupt, client.ask)
        assert server.wait_idle().may_have_run == 1
    assert error.may_have_been_billed is True  # type: ignore[attr-defined]


def test_a_transport_that_reports_nothing_counts_as_sent(kind: Kind) -> None:
    events: list[Event] = []
    with Driver(kind, service=Service(), on_event=events.append) as client:
        client.ask()
    assert kinds(events) == ["sent", "answered", "billed"]


async def a_coroutine(_: Event) -> None: ...


class Awaited:
    async def __call__(self, _: Event) -> None: ...


@pytest.mark.parametrize("client", [Ideogram, AsyncIdeogram])
def test_what_cannot_be_a_hook_is_refused(client: Any) -> None:
    for hook in (a_coroutine, Awaited(), 3):
        with case(hook), pytest.raises(ideogram.ConfigurationError, match=r"^on_event"):
            client(KEY, on_event=hook)


# What the headers of a request and an answer say.


def test_an_id_in_the_headers_of_an_answer_is_kept(kind: Kind) -> None:
    named = {"X-Request-Id": "7f-1", "CF-Ray": "later"}
    answers = (
        httpx.Response(200, content=success().content, headers=named),
        httpx.Response(400, headers={"CF-Ray": f"8a-{KEY}"}),
        success(),
    )
    events: list[Event] = []
    with Driver(kind, service=Service(*answers), retry=ONCE, on_event=events.append) as client:
        assert client.ask().request_id == "7f-1"
        assert events[1].request_id == "7f-1"
        refused = outcome(client.ask)
        assert isinstance(refused, IdeogramError)
        assert refused.request_id == "8a-[api key]"
        assert client.ask().request_id is None
    assert ideogram.PromptError("", case="both").request_id is None


def test_headers_of_the_caller_go_to_the_api_alone_and_replace_none_that_matter(kind: Kind, tmp_path: Path) -> None:
    service = Service(success(), httpx.Response(200, content=PNG, headers={"Content-Type": "image/png"}))
    with Driver(kind, service=service, extra_headers={"X-Team": "a", "x-both": "client"}) as client:
        made = client.generate(text_prompt=PROMPT, extra_headers={"X-Both": "call", "user-agent": "mine/1"})
        client.download(made.images[0], tmp_path / "cat.png")
        with pytest.raises(ideogram.ConfigurationError, match="give a mapping"):
            client.generate(text_prompt=PROMPT, extra_headers=[("a", "b")])
    sent, fetched = (request.headers for request in service.requests)
    assert [sent.get_list(name) for name in ("x-team", "x-both", "user-agent")] == [["a"], ["call"], ["mine/1"]]
    assert (sent["connection"], sent["api-key"]) == ("close", KEY)
    assert not {"x-team", "x-both", "api-key"} & set(fetched)
    assert fetched["user-agent"] != "mine/1"


@pytest.mark.parametrize(
    "name", ["Api-Key", "CONNECTION", "content-type", "Host", "accept-encoding", "Content-Length", "", "a b", 3]
)
@pytest.mark.parametrize("client", [Ideogram, AsyncIdeogram])
def test_headers_that_the_promise_rests_on_are_refused(client: Any, name: Any) -> None:
    with pytest.raises(ideogram.ConfigurationError, match=r"^extra_headers: .* Nothing was sent"):
        client(KEY, extra_headers={name: "x"})
    for value in ("", " x", "x\r\nApi-Key: y", "\u00e9", 3):
        with case(value), pytest.raises(ideogram.ConfigurationError, match="the value of X-Team is not text"):
            client(KEY, extra_headers={"X-Team": value})


def test_a_call_has_its_own_retry_policy_which_repeats_nothing_that_may_have_been_billed(kind: Kind) -> None:
    patient = ideogram.RetryPolicy(max_attempts=5)
    faults = ["status_429", "ok", "status_429", "status_503", "close_after_request"]
    with against(kind, faults, retry=ONCE) as (client, server):
        assert client.generate(text_prompt=PROMPT, retry=patient).images
        assert isinstance(outcome(client.ask), ideogram.RateLimitError)
        for error in (ideogram.InternalServerError, ideogram.OutcomeUnknownError):
            assert isinstance(outcome(client.generate, text_prompt=PROMPT, retry=patient), error)
        assert len(server.wait_idle().requests) == 5
        for wrong in (3, "no"):
            with pytest.raises(ideogram.ConfigurationError, match="give a RetryPolicy"):
                client.generate(text_prompt=PROMPT, retry=wrong)
        with pytest.raises(ideogram.ConfigurationError, match="give a RetryPolicy"):
            client.client.with_retry(3)
        assert len(server.wait_idle().requests) == 5


def test_a_variable_turns_the_log_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger(ideogram.__name__)
    kept = (logger.level, list(logger.handlers), logger.propagate)
    logger.propagate = False
    try:
        monkeypatch.setenv("IDEOGRAM_LOG", "debug")
        with against("sync", ["status_429", "ok"]) as (client, server):
            made = client.ask()
            client.client.with_retry(ONCE)
            with Driver("sync", base_url=server.url):
                assert [handler.level for handler in logger.handlers] == [logging.DEBUG]
        lines = capsys.readouterr().err.splitlines()
        assert any("attempt 1: retried (error RateLimitError, next in " in line for line in lines)
        assert any("attempt 2: billed (status 200, cost $0.12, may have been billed)" in line for line in lines)
        assert not any(secret in line for line in lines for secret in (KEY, PROMPT, str(made.images[0].url)))
        monkeypatch.setenv("IDEOGRAM_LOG", "loud")
        raised(ideogram.ConfigurationError, Ideogram, KEY, match=r"^IDEOGRAM_LOG is 'loud': give debug")
    finally:
        logger.setLevel(kept[0])
        logger.handlers[:] = kept[1]
        logger.propagate = kept[2]
